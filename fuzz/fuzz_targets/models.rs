//! `targets::models` under libFuzzer: `fuzz/run.sh models`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mimo_fuzz::targets::models(bytes));
