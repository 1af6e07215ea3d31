//! Orders of samples.

/// A source of random orders: SplitMix64 (Steele, Lea, Flood: *Fast Splittable Pseudorandom Number Generators*, 2014).
///
/// Its own, so that the order of samples depends neither on what dropout draws nor on the version of a crate.
#[derive(Clone, Debug)]
pub(super) struct Shuffle {
    pub(super) state: u64,
}

impl Shuffle {
    pub(super) fn new(seed: u64) -> Self {
        Shuffle { state: seed }
    }

    /// Brings the samples in a random order, every one as likely (Fisher–Yates).
    pub(super) fn shuffle(&mut self, rows: &mut [usize]) {
        for last in (1..rows.len()).rev() {
            rows.swap(last, self.below(last + 1));
        }
    }

    /// Uniform below `bound`, which is not 0.
    fn below(&mut self, bound: usize) -> usize {
        // Lemire's method: the upper half of a product, and a new draw where that would favour some numbers.
        let bound = bound as u64;
        loop {
            let product = u128::from(self.next()) * u128::from(bound);
            if product as u64 >= bound.wrapping_neg() % bound {
                return (product >> 64) as usize;
            }
        }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = self.state;
        let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_generator_of_the_paper() {
        // The first numbers of the reference implementation (splitmix64.c by Vigna) from state 1234567.
        let mut shuffle = Shuffle::new(1_234_567);
        let expected = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(expected.map(|_| shuffle.next()), expected);
    }

    #[test]
    fn orders_are_permutations_and_depend_on_the_seed_alone() {
        let order = |seed| {
            let mut rows: Vec<usize> = (0..1000).collect();
            Shuffle::new(seed).shuffle(&mut rows);
            rows
        };
        assert_eq!(order(7), order(7));
        assert_ne!(order(7), order(8));
        let mut sorted = order(7);
        sorted.sort_unstable();
        assert_eq!(sorted, (0..1000).collect::<Vec<_>>());
    }

    #[test]
    fn epochs_have_fresh_orders() {
        let mut shuffle = Shuffle::new(0);
        let mut rows: Vec<usize> = (0..100).collect();
        shuffle.shuffle(&mut rows);
        let first = rows.clone();
        shuffle.shuffle(&mut rows);
        assert_ne!(first, rows);
    }

    #[test]
    fn every_order_of_three_is_as_likely() {
        let mut shuffle = Shuffle::new(3);
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..6000 {
            let mut rows = [0, 1, 2];
            shuffle.shuffle(&mut rows);
            *counts.entry(rows).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 6);
        // Standard deviation 29.
        assert!(counts.values().all(|count| (850..1150).contains(count)), "{counts:?}");
    }

    #[test]
    fn nothing_and_one_stay() {
        let mut shuffle = Shuffle::new(0);
        shuffle.shuffle(&mut []);
        let mut one = [5];
        shuffle.shuffle(&mut one);
        assert_eq!(one, [5]);
    }
}
