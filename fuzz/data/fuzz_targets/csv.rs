//! `csv` under libFuzzer: `fuzz/run.sh csv`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mimo_fuzz_data::csv(bytes));
