//! `hdf5` under libFuzzer: `fuzz/run.sh hdf5`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mimo_fuzz_convert::hdf5(bytes));
