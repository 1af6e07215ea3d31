#!/usr/bin/env bash
# What a model costs the compiler: `cargo check` of a crate with and without a model of 30 layers, and the rebuild of an
# example after a change. Each is done several times; the least counts, in seconds of wall clock and of processor.
#
#   benches/compile_time/measure.sh [runs]
#
# Wanted: less than 0.3 s for 30 layers, less than 5 s for the rebuild.
set -euo pipefail
runs=${1:-5}
repository=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$repository/target}

mkdir -p "$work/src"
cat > "$work/Cargo.toml" <<END
[workspace]
[package]
name = "mimo-compile-time"
version = "0.0.0"
edition = "2024"
[dependencies]
mimo = { package = "mimo-nn", path = "$repository" }
[features]
plot = ["mimo/plot"]
END
cp "$repository/Cargo.lock" "$work/"

program() { # with or without the model
    echo 'use mimo::prelude::*;'
    if [ "$1" = with ]; then
        echo 'model! { Deep { let x = Input(shape = [64]); let h = Dense(64, activation = relu)(x);'
        for i in $(seq 28); do echo "let h = Dense($((32 + i)), activation = relu)(h);"; done
        echo 'let y = Dense(1)(h); Model(inputs = [x], outputs = [y])'
        echo '.compile(optimizer = Adam(), loss = mse, metrics = [mae]) } }'
    fi
    echo 'fn main() -> Result<()> {'
    if [ "$1" = with ]; then
        echo 'let inputs = DeepInputs { x: tensor(vec![0.0; 64])? };'
        echo 'let targets = DeepTargets { y: tensor(vec![0.0])? };'
        echo 'let mut model = Deep::new(1);'
        echo 'Trainer::new(&mut model)?.train_on_batch(&inputs, &targets)?;'
    else
        echo 'let x: Tensor<(usize, Const<64>), f32, Cpu> = tensor(vec![0.0; 64])?; println!("{x:?}");'
    fi
    echo 'Ok(()) }'
}

# The least wall-clock and processor seconds of some command after `change`.
least() { # label, command…
    local label=$1 wall=999999 cpu=999999 TIMEFORMAT='%R %U %S'
    shift
    for run in $(seq "$runs"); do
        change "$run"
        local taken real user system
        taken=$({ time "$@" >/dev/null 2>&1; } 2>&1)
        read -r real user system <<< "$taken"
        wall=$(awk -v a="$wall" -v b="$real" 'BEGIN { print (b < a) ? b : a }')
        cpu=$(awk -v a="$cpu" -v b="$user" -v c="$system" 'BEGIN { print (b + c < a) ? b + c : a }')
    done
    printf '%-52s %8.2f s %8.2f s of processor\n' "$label" "$wall" "$cpu"
}

for kind in without with; do
    program "$kind" > "$work/src/main.rs"
    # Fails if the program does not compile, and builds what it depends on.
    cargo check --quiet --offline --manifest-path "$work/Cargo.toml"
    change() { echo "// $1" >> "$work/src/main.rs"; }
    CARGO_INCREMENTAL=0 least "check, $kind a model of 30 layers" \
        cargo check --quiet --offline --manifest-path "$work/Cargo.toml"
done

# Another width in the model of the example each time.
cp -r "$repository/examples" "$work/examples"
example=$work/examples/01_digits.rs
change() { sed -i "s/Dense([0-9]*, activation = relu)(x);$/Dense($((100 + $1)), activation = relu)(x);/" "$example"; }
for profile in dev release; do
    build=(cargo build --quiet --offline --profile "$profile" --manifest-path "$work/Cargo.toml" --example 01_digits)
    "${build[@]}"
    least "rebuild of examples/01_digits.rs, $profile" "${build[@]}"
done
