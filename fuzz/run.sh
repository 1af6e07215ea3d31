#!/usr/bin/env bash
# A target under libFuzzer, which looks for new paths through the macro, or through readers of files:
#
#   fuzz/run.sh tokens|models|csv|arrays|zip|hdf5|keras_file|config|onnx|description [seconds] [further options of libFuzzer]
#
# Needs a C++ compiler, besides Rust. What is found is written to fuzz/artifacts and becomes a test of
# `mimo-macros/src/tests`, `mimo-data/tests` or `mimo-convert/tests`;
# the corpus stays in fuzz/corpus. Instrumenting code is not stable in rustc, hence the variable.
set -euo pipefail
cd "$(dirname "$0")"
name=$1
seconds=${2:-600}
shift $(($# < 2 ? $# : 2))
host=$(rustc -vV | sed -n 's/^host: //p')
export RUSTC_BOOTSTRAP=1
export RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
 -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 --cfg fuzzing"
# Given a host, cargo leaves build scripts and macros uninstrumented.
cargo build --release --workspace --features libfuzzer --target "$host" --bin "fuzz_$name"
target=${CARGO_TARGET_DIR:-target}
mkdir -p "corpus/$name" artifacts
"$target/$host/release/fuzz_$name" "corpus/$name" -artifact_prefix="artifacts/$name-" -max_total_time="$seconds" \
    -max_len=600 -len_control=0 -timeout=20 -print_final_stats=1 "$@"
