//! `arrays` under libFuzzer: `fuzz/run.sh arrays`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mimo_fuzz_data::arrays(bytes));
