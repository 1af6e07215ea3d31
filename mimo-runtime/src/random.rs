//! Keys of the random numbers of weights and layers.
//!
//! A random number is a function of a key and an index, computed by [`crate::kernels::random`]. This module derives
//! keys from seeds.

/// Returns the key of stream `stream` under `seed`: output `stream` of SplitMix64, started from the mixed seed.
/// Similar seeds and streams have unrelated keys.
pub(crate) const fn key(seed: u64, stream: u64) -> u64 {
    // 2^64 divided by the golden ratio, odd.
    const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;
    mix(mix(seed).wrapping_add(stream.wrapping_add(1).wrapping_mul(GAMMA)))
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood: *Fast Splittable Pseudorandom Number Generators*, 2014).
const fn mix(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_splitmix() {
        // The first outputs of Vigna's splitmix64.c for the state 0, which mixing does not change.
        assert_eq!(key(0, 0), 0xE220_A839_7B1D_CDAF);
        assert_eq!(key(0, 1), 0x6E78_9E6A_A1B9_65F4);
    }

    #[test]
    fn near_seeds_and_streams_give_different_keys() {
        let mut keys: Vec<u64> =
            (0..64).flat_map(|seed| (0..64).map(move |stream| key(seed, stream))).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), 64 * 64);
    }
}
