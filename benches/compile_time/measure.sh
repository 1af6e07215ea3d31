#!/usr/bin/env bash
# What a model costs the compiler:
#
# - a crate without a model, with one of 10 and of 100 dense layers, and with the same models' expansions in place of the
#   macro: `cargo check`, and `cargo build --release`, after a change of the crate;
# - the time in which rustc expands macros, for models of 10, 100 and 1,000 layers, by the macro as cargo builds it for a
#   debug build (not optimised) and for one with `[profile.dev.build-override] opt-level = 3`;
# - the rebuild of an example after a change of its model.
#
# Each is done several times; the least counts, in seconds of wall clock and of processor.
#
#   benches/compile_time/measure.sh [runs]
#
# Wanted: less than 2 s for the expansion of 1,000 layers, less than 5 s for the rebuild.
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

model() { # layers: what stands in the macro
    echo 'Deep { let x = Input(shape = [64]); let h = x;'
    for i in $(seq $(($1 - 1))); do echo "let h = Dense($((32 + i % 32)), activation = relu)(h);"; done
    echo 'let y = Dense(1)(h); Model(inputs = [x], outputs = [y])'
    echo '.compile(optimizer = Adam(), loss = mse, metrics = [mae]) }'
}

expanded() { # layers: the items that the macro makes of it
    model "$1" > "$work/model"
    cargo run --quiet --release --manifest-path "$repository/fuzz/Cargo.toml" --target-dir "$CARGO_TARGET_DIR/fuzz" \
        --bin expanded -- "$work/model"
}

program() { # without, macro or expansion; layers
    echo 'use mimo::prelude::*;'
    case $1 in
        macro) echo "model! { $(model "$2") }" ;;
        expansion) expanded "$2" ;;
    esac
    echo 'fn main() -> Result<()> {'
    if [ "$1" = without ]; then
        echo 'let x: Tensor<(usize, Const<64>), f32, Cpu> = tensor(vec![0.0; 64])?; println!("{x:?}");'
    else
        echo 'let inputs = DeepInputs { x: tensor(vec![0.0; 64])? };'
        echo 'let targets = DeepTargets { y: tensor(vec![0.0])? };'
        echo 'let mut model = Deep::new(1);'
        echo 'Trainer::new(&mut model)?.train_on_batch(&inputs, &targets)?;'
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

# What is compiled anew is compiled whole, as on a first build.
export CARGO_INCREMENTAL=0
manifest=(--offline --manifest-path "$work/Cargo.toml")
change() { echo "// $1" >> "$work/src/main.rs"; }
for kind in "without 0" "macro 10" "expansion 10" "macro 100" "expansion 100"; do
    read -r how layers <<< "$kind"
    program "$how" "$layers" > "$work/src/main.rs"
    # Fails if the program does not compile, and builds what it depends on.
    cargo check --quiet "${manifest[@]}"
    least "check, $how, $layers layers" cargo check --quiet "${manifest[@]}"
    cargo build --quiet --release "${manifest[@]}"
    least "build --release, $how, $layers layers" cargo build --quiet --release "${manifest[@]}"
done

for level in 0 3; do
    export CARGO_PROFILE_DEV_BUILD_OVERRIDE_OPT_LEVEL=$level
    for layers in 10 100 1000; do
        program macro "$layers" > "$work/src/main.rs"
        least=999999
        for run in $(seq "$runs"); do
            change "$run"
            # Passes are timed on nightly only, hence the variable. Printing ends the compilation after the expansion.
            taken=$(RUSTC_BOOTSTRAP=1 cargo rustc --quiet "${manifest[@]}" -- -Ztime-passes -Zunpretty=expanded 2>&1 |
                sed -n 's/^time: *\([0-9.]*\);.*\tmacro_expand_crate$/\1/p' | tail -1) || true
            least=$(awk -v a="$least" -v b="${taken:-999999}" 'BEGIN { print (b < a) ? b : a }')
        done
        printf '%-52s %8.3f s\n' "expansion of $layers layers, macro at opt-level $level" "$least"
    done
    unset CARGO_PROFILE_DEV_BUILD_OVERRIDE_OPT_LEVEL
done

# Another width in the model of the example each time; here cargo may keep what it kept.
unset CARGO_INCREMENTAL
cp -r "$repository/examples" "$work/examples"
example=$work/examples/01_digits.rs
change() { sed -i "s/Dense([0-9]*, activation = relu)(x);$/Dense($((100 + $1)), activation = relu)(x);/" "$example"; }
for profile in dev release; do
    build=(cargo build --quiet --profile "$profile" "${manifest[@]}" --example 01_digits)
    "${build[@]}"
    least "rebuild of examples/01_digits.rs, $profile" "${build[@]}"
done
