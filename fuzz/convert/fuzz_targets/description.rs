//! `description` under libFuzzer: `fuzz/run.sh description`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mimo_fuzz_convert::description(bytes));
