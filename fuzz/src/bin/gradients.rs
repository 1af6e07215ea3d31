//! Checks the gradients of random models by finite differences in `f64`:
//! `cargo run --release --bin gradients -- [MODELS [SEED]]`.
//!
//! Any tensor of a model may be an output with any loss that fits it, and some models have a custom loss that reads all
//! outputs. The crate that is compiled stays in `target/random-gradients`; each model prints its seed if it fails.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

fn main() {
    let mut args = std::env::args().skip(1);
    let mut number = |or: u64| args.next().map_or(or, |arg| arg.parse().expect("a number"));
    let (count, first) = (number(20), number(1));
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR"));
    let repository = fuzz.parent().expect("the repository");
    let mut text = format!(
        "//! Random models.\n#![allow(unused, deprecated)]\n#[path = {:?}]\nmod support;\n\
         use mimo::prelude::*;\n",
        repository.join("tests/support/mod.rs")
    );
    let mut calls = String::new();
    let mut models = 0;
    let mut seed = first;
    while models < count {
        let bytes = bytes(seed);
        // Gradients are read as clipped, and constraints change weights even at a learning rate of 0.
        let source = mimo_fuzz::models::source("pub Net", &bytes)
            .replace(", clipnorm = 1.0", "")
            .replace(", global_clipnorm = 1.0", "")
            .replace(", kernel_constraint = NonNeg()", "");
        if source.contains(".compile(") {
            let prepare = custom_loss(&source);
            let noisy = ["Dropout", "Noise", "dropout", "BatchNormalization"]
                .iter()
                .any(|word| source.contains(word));
            // With noise, differences of the loss of training steps are needed, but those would be at the kernel
            // before its division. Without noise the loss is evaluated, at the kernel that the step has used.
            if noisy && source.contains("SpectralNormalization") {
                seed += 1;
                continue;
            }
            let _ = write!(
                text,
                "mod random_{seed} {{\nuse mimo::prelude::*;\nuse mimo::dfdx::{{shapes::Rank0, tensor_ops::MeanTo}};\n\
                 mimo::model! {{ {source} }}\n\
                 pub fn check() {{\n    let check = crate::support::Check {{ rows: 3, seed: {seed}, values: 3, training: \
                 {noisy} }};\n    crate::check(&mut Net::<f64>::build({seed}), check, &|trainer| {{ {prepare} }});\n}}\n}}\n"
            );
            let _ = writeln!(calls, "        ({seed}, random_{seed}::check as fn()),");
            models += 1;
        }
        seed += 1;
    }
    let _ = write!(text, "{CHECK}\nfn main() {{\n    run(&[\n{calls}    ]);\n}}\n");
    let directory = fuzz.join("target/random-gradients");
    let manifest = format!(
        "[workspace]\n[package]\nname = \"random-gradients\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[dependencies]\n\
         mimo = {{ package = \"mimo-nn\", path = {repository:?} }}\nmimo-runtime = {{ path = {:?} }}\nserde_json = \"1\"\n\
         [profile.dev]\ndebug = false\nincremental = false\n[profile.dev.package.\"*\"]\nopt-level = 3\n",
        repository.join("mimo-runtime")
    );
    std::fs::create_dir_all(directory.join("src")).expect("a directory");
    std::fs::write(directory.join("Cargo.toml"), manifest).expect("a file");
    std::fs::write(directory.join("src/main.rs"), text).expect("a file");
    std::fs::copy(fuzz.join("../Cargo.lock"), directory.join("Cargo.lock")).expect("a file");
    println!("models from seed {first} to {}", seed - 1);
    let status =
        Command::new("cargo").args(["run", "--quiet"]).current_dir(&directory).status().expect("cargo");
    std::process::exit(status.code().unwrap_or(1));
}

/// The decisions of a model.
fn bytes(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..200).map(|_| random()).collect()
}

/// Code that passes a trainer a custom loss of all outputs, if the model has an output with one.
fn custom_loss(source: &str) -> String {
    if !source.contains(": custom") {
        return String::new();
    }
    let outputs =
        source.split("outputs = [").nth(1).and_then(|rest| rest.split(']').next()).unwrap_or_default();
    let terms: Vec<String> = outputs
        .split(", ")
        .enumerate()
        .map(|(index, name)| format!("outputs.{name}.sin().mean::<Rank0, _>() * {}.0", index + 1))
        .collect();
    format!("trainer.set_loss(|outputs, _| Ok({}));", terms.join(" + "))
}

/// Rust source that checks the models of the crate.
const CHECK: &str = r#"
fn check<M: Trainable<Float = f64>>(model: &mut M, check: support::Check, prepare: &dyn Fn(&mut Trainer<'_, M>)) {
    support::randomize(model, check.seed);
    let data = support::Data::random::<M>(check.rows, check.seed ^ 0x5EED);
    support::check_gradients_with(model, &data, check, prepare);
}

fn run(models: &[(u64, fn())]) {
    let mut failed = 0;
    for (seed, check) in models {
        if std::panic::catch_unwind(check).is_err() {
            println!("seed {seed} failed");
            failed += 1;
        }
    }
    println!("{} passed, {failed} failed", models.len() - failed);
    std::process::exit(i32::from(failed > 0));
}
"#;
