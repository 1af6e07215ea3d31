//! `onnx` under libFuzzer: `fuzz/run.sh onnx`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mimo_fuzz_convert::onnx(bytes));
