//! `config` under libFuzzer: `fuzz/run.sh config`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mimo_fuzz_convert::config(bytes));
