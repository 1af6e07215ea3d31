//! `zip` under libFuzzer: `fuzz/run.sh zip`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mimo_fuzz_convert::zip(bytes));
