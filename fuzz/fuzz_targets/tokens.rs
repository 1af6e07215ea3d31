//! `targets::tokens` under libFuzzer: `fuzz/run.sh tokens`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mimo_fuzz::targets::tokens(bytes));
