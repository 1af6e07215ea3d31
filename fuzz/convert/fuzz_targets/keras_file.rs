//! `keras_file` under libFuzzer: `fuzz/run.sh keras_file`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mimo_fuzz_convert::keras_file(bytes));
