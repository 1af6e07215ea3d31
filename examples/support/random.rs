//! Random numbers for examples with generated data: small, and the same on every machine.

// Compiled once into every example that includes it, and no example uses all of it.
#![allow(dead_code, unreachable_pub)]

/// SplitMix64 (Steele, Lea and Flood, 2014). Not for secrets.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Creates a generator; the same seed always returns the same numbers.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Creates an independent generator for item `index`, so that it can be generated without the previous ones.
    pub fn of(seed: u64, index: usize) -> Self {
        let mut random = Self(seed ^ (index as u64).wrapping_mul(0xd6e8_feb8_6659_fd93));
        random.next();
        random
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a number from 0 to 1, without 1.
    pub fn uniform(&mut self) -> f32 {
        // An `f32` holds 24 bits.
        (self.next() >> 40) as f32 / (1_u64 << 24) as f32
    }

    /// Returns a number below `bound`; 0 if that is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    /// Returns true with this probability.
    pub fn chance(&mut self, probability: f32) -> bool {
        self.uniform() < probability
    }

    /// Returns a number from `low` to `high`.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.uniform()
    }

    /// Returns a standard normal number (Box and Muller, 1958).
    pub fn normal(&mut self) -> f32 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f32::consts::TAU * self.uniform()).cos()
    }

    /// Returns standard normal numbers.
    pub fn normals(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.normal()).collect()
    }

    /// Returns a vector of length 1 in a random direction.
    pub fn direction(&mut self, dimensions: usize) -> Vec<f32> {
        let mut vector = self.normals(dimensions);
        let length = dot(&vector, &vector).sqrt();
        vector.iter_mut().for_each(|x| *x /= length);
        vector
    }

    /// Draws a class by its probability.
    pub fn class(&mut self, probabilities: &[f32]) -> usize {
        let mut left = self.uniform();
        for (class, probability) in probabilities.iter().enumerate() {
            left -= probability;
            if left < 0.0 {
                return class;
            }
        }
        // Rounding may leave a remainder.
        probabilities.len().saturating_sub(1)
    }

    /// Shuffles rows (Fisher and Yates).
    pub fn shuffle(&mut self, rows: &mut [usize]) {
        for last in (1..rows.len()).rev() {
            rows.swap(last, self.below(last + 1));
        }
    }
}

/// Returns `Σ aᵢ·bᵢ`.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Converts scores to probabilities.
pub fn softmax(scores: &[f32]) -> Vec<f32> {
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = scores.iter().map(|score| (score - largest).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.iter().map(|power| power / sum).collect()
}

/// One-hot vector of a class.
pub fn one_hot(class: usize, classes: usize) -> impl Iterator<Item = f32> {
    (0..classes).map(move |column| f32::from(u8::from(column == class)))
}

/// Index of the largest value, the first if several are equal.
pub fn largest(values: &[f32]) -> usize {
    let mut best = 0;
    for (column, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = column;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_the_published_one() {
        // The first numbers of SplitMix64 for the seed 1234567, as in other implementations.
        let mut random = Random::new(1_234_567);
        assert_eq!(
            [random.next(), random.next(), random.next()],
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
        assert_eq!(random.below(0), 0);
        assert!((0..1000).all(|_| random.below(3) < 3));
        assert!((0..1000).all(|_| (0.0..1.0).contains(&random.uniform())));
        assert!((0..1000).all(|_| (-2.0..=3.0).contains(&random.between(-2.0, 3.0))));
    }
}
