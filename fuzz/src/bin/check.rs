//! Compiles random models with rustc: `cargo run --release --bin check -- macro|expansion [MODELS [SEED]]`.
//!
//! `macro` writes a crate that calls `model!`; `expansion` writes the formatted expansion of each, which has to
//! compile without the macro too. Warnings are errors. The crate stays in `target/random-models`.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

fn main() {
    let mut args = std::env::args().skip(1);
    let expanded = match args.next().as_deref() {
        Some("macro") => false,
        Some("expansion") => true,
        _ => panic!("say `macro` or `expansion`"),
    };
    let mut number = |or: u64| args.next().map_or(or, |arg| arg.parse().expect("a number"));
    let (count, mut state) = (number(20), number(0x9E37_79B9_7F4A_7C15));
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    let mut text = String::from("//! Random models.\n#![deny(warnings, missing_docs)]\n");
    for index in 0..count {
        let bytes: Vec<u8> = (0..200).map(|_| random()).collect();
        let source = mimo_fuzz::models::source(&format!("/// A model.\n    pub Random{index}"), &bytes);
        let items = match expanded {
            false => format!("mimo::model! {{ {source} }}"),
            true => {
                let output = mimo_fuzz::expand(source.parse().expect("tokens"));
                prettyplease::unparse(&syn::parse2(output).expect("items"))
            }
        };
        let _ = write!(text, "/// Number {index}.\npub mod random_{index} {{\n{items}\n}}\n");
    }
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR"));
    let directory = fuzz.join("target/random-models");
    let manifest = format!(
        "[workspace]\n[package]\nname = \"random-models\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[dependencies]\n\
         mimo = {{ package = \"mimo-nn\", path = {:?} }}\n",
        fuzz.parent().expect("the repository")
    );
    std::fs::create_dir_all(directory.join("src")).expect("a directory");
    std::fs::write(directory.join("Cargo.toml"), manifest).expect("a file");
    std::fs::write(directory.join("src/lib.rs"), text).expect("a file");
    std::fs::copy(fuzz.join("../Cargo.lock"), directory.join("Cargo.lock")).expect("a file");
    let status = Command::new("cargo").arg("check").current_dir(&directory).status().expect("cargo");
    std::process::exit(status.code().unwrap_or(1));
}
