//! Random numbers for splits, shuffle buffers and augmentation.

use std::ops::Range;

/// A generator of random numbers: SplitMix64 (Steele, Lea, Flood: *Fast Splittable Pseudorandom Number Generators*, 2014).
///
/// The same seed returns the same numbers on every machine and in every version of mimo, which no random number crate
/// guarantees.
#[derive(Clone, Debug)]
pub struct Random {
    pub(crate) state: u64,
}

impl Random {
    /// Creates the generator of a seed.
    pub fn new(seed: u64) -> Self {
        Random { state: seed }
    }

    /// The generator of a stream of random numbers of a seed. Similar seeds and streams are uncorrelated.
    pub(crate) fn of_stream(seed: u64, stream: u64) -> Self {
        Random { state: crate::random::key(seed, stream) }
    }

    /// The next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = self.state;
        let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// An integer below `bound`, uniformly distributed; 0 for a bound of 0.
    pub fn below(&mut self, bound: usize) -> usize {
        // Lemire's method: the upper half of a product, with rejection of biased values.
        let bound = bound as u64;
        loop {
            let product = u128::from(self.bits()) * u128::from(bound);
            if bound == 0 || product as u64 >= bound.wrapping_neg() % bound {
                return (product >> 64) as usize;
            }
        }
    }

    /// A uniformly distributed number of the range, excluding its end.
    pub fn uniform(&mut self, range: Range<f64>) -> f64 {
        // The upper 53 bits are the significand of a double.
        let unit = (self.bits() >> 11) as f64 / (1_u64 << 53) as f64;
        range.start + (range.end - range.start) * unit
    }

    /// A number of the normal distribution with mean 0 and variance 1 (Box and Muller, 1958).
    pub fn normal(&mut self) -> f64 {
        // The logarithm of 0 is infinite.
        let radius = (-2.0 * (1.0 - self.uniform(0.0..1.0)).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform(0.0..1.0)).cos()
    }

    /// Returns `true` with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.uniform(0.0..1.0) < probability
    }

    /// Shuffles values; all orders have the same probability (Fisher and Yates).
    pub fn shuffle<T>(&mut self, values: &mut [T]) {
        for last in (1..values.len()).rev() {
            values.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_generator_of_the_paper() {
        // The first numbers of the reference implementation (splitmix64.c by Vigna) from state 1234567.
        let mut random = Random::new(1_234_567);
        let expected = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(expected.map(|_| random.bits()), expected);
    }

    #[test]
    fn orders_are_permutations_and_depend_on_the_seed_alone() {
        let order = |seed| {
            let mut rows: Vec<usize> = (0..1000).collect();
            Random::new(seed).shuffle(&mut rows);
            rows
        };
        assert_eq!(order(7), order(7));
        assert_ne!(order(7), order(8));
        let mut sorted = order(7);
        sorted.sort_unstable();
        assert_eq!(sorted, (0..1000).collect::<Vec<_>>());
    }

    #[test]
    fn a_second_order_is_another() {
        let mut random = Random::new(0);
        let mut rows: Vec<usize> = (0..100).collect();
        random.shuffle(&mut rows);
        let first = rows.clone();
        random.shuffle(&mut rows);
        assert_ne!(first, rows);
    }

    #[test]
    fn every_order_of_three_is_as_likely() {
        let mut random = Random::new(3);
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..6000 {
            let mut rows = [0, 1, 2];
            random.shuffle(&mut rows);
            *counts.entry(rows).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 6);
        // Standard deviation 29.
        assert!(counts.values().all(|count| (850..1150).contains(count)), "{counts:?}");
    }

    #[test]
    fn nothing_and_one_stay() {
        let mut random = Random::new(0);
        random.shuffle::<usize>(&mut []);
        let mut one = [5];
        random.shuffle(&mut one);
        assert_eq!((one, random.below(0), random.below(1)), ([5], 0, 0));
    }

    #[test]
    fn moments_are_those_of_the_distributions() {
        let mut random = Random::new(9);
        let moments = |values: Vec<f64>| {
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            (mean, values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64)
        };
        let uniform: Vec<f64> = (0..40_000).map(|_| random.uniform(-1.0..3.0)).collect();
        assert!(uniform.iter().all(|value| (-1.0..3.0).contains(value)));
        let (mean, variance) = moments(uniform);
        assert!((mean - 1.0).abs() < 0.03 && (variance - 16.0 / 12.0).abs() < 0.04, "{mean} {variance}");
        let (mean, variance) = moments((0..40_000).map(|_| random.normal()).collect());
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.04, "{mean} {variance}");
        let chosen = (0..10_000).filter(|_| random.chance(0.3)).count();
        assert!((2800..3200).contains(&chosen), "{chosen}");
    }
}
