//! Exports models with their predictions to ONNX: `cargo run --release --bin onnx -- FOLDER
//! [examples|models[:NAME]|random [MODELS [SEED]]]`.
//!
//! Without a kind, all of them: the example of every layer and operation of the language, the models of `onnx/models.rs`, and random ones. For each, the
//! folder gets `NAME.safetensors`, `NAME.onnx` or `NAME.error`, and `NAME.json` with random inputs and the outputs of a `Predictor`.
//! `mimo-convert/tests/onnx/check.py` runs the files and compares. The crate that is compiled stays in `target/onnx-models`.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use mimo_graph::item::{Item, Module};
use mimo_graph::language::items;

#[path = "onnx/models.rs"]
mod models;

/// A model: the content of `model! { … }` without the head.
struct Source {
    name: String,
    body: String,
}

fn main() {
    let mut args = std::env::args().skip(1);
    let folder = args.next().expect("a folder");
    let kind = args.next().unwrap_or_else(|| "all".into());
    let mut number = |or: u64| args.next().map_or(or, |arg| arg.parse().expect("a number"));
    let (count, first) = (number(60), number(1));
    let is = |name: &str| kind == "all" || kind == name;
    let mut sources = vec![];
    if is("examples") {
        sources.extend(examples());
    }
    // A part of a name: only the models that contain it.
    let only = kind.strip_prefix("models:");
    if is("models") || only.is_some() {
        let chosen = models::MODELS.iter().filter(|(name, _)| name.contains(only.unwrap_or_default()));
        let source =
            |(name, body): &(&str, &str)| Source { name: format!("model_{name}"), body: (*body).to_owned() };
        sources.extend(chosen.map(source));
    }
    if is("random") {
        sources.extend((first..first + count).map(random));
    }
    let mut text = String::from(HEAD);
    let mut calls = String::new();
    // A rejected model would be an error of the whole crate.
    sources.retain(|source| {
        let expanded = mimo_fuzz::expand(net(source).parse().expect("tokens")).to_string();
        let at = expanded.find("compile_error");
        at.inspect(|at| {
            println!("{}: {}", source.name, expanded[*at..].chars().take(300).collect::<String>())
        })
        .is_none()
    });
    for source in &sources {
        let _ = writeln!(text, "{}", module(source));
        let _ = writeln!(calls, "    {}::write(folder);", source.name);
    }
    let _ = write!(
        text,
        "fn main() {{\n    let folder = &std::env::args().nth(1).expect(\"a folder\");\n{calls}}}\n"
    );
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR"));
    let repository = fuzz.parent().expect("the repository");
    let directory = fuzz.join("target/onnx-models");
    let path = |name: &str| repository.join(name);
    let manifest = format!(
        "[workspace]\n[package]\nname = \"onnx-models\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[dependencies]\n\
         mimo = {{ package = \"mimo-nn\", path = {repository:?} }}\nmimo-runtime = {{ path = {:?} }}\n\
         mimo-convert = {{ path = {:?} }}\nserde_json = \"1\"\n\
         [profile.dev]\ndebug = false\nincremental = false\n[profile.dev.package.\"*\"]\nopt-level = 1\n",
        path("mimo-runtime"),
        path("mimo-convert"),
    );
    let text = text.replace("SUPPORT", &path("tests/support/mod.rs").display().to_string());
    std::fs::create_dir_all(directory.join("src")).expect("a directory");
    std::fs::write(directory.join("Cargo.toml"), manifest).expect("a file");
    std::fs::write(directory.join("src/main.rs"), text).expect("a file");
    std::fs::copy(path("Cargo.lock"), directory.join("Cargo.lock")).expect("a file");
    std::fs::create_dir_all(&folder).expect("a folder");
    let folder = std::fs::canonicalize(&folder).expect("a folder");
    println!("{} models", sources.len());
    let mut cargo = Command::new("cargo");
    cargo.args(["run", "--quiet", "--"]).arg(folder).current_dir(&directory);
    std::process::exit(cargo.status().expect("cargo").code().unwrap_or(1));
}

/// The example of every layer, operation and activation.
fn examples() -> Vec<Source> {
    let mut sources = vec![];
    for module in [Module::Layers, Module::Operations] {
        for item in items(module) {
            let example = item.example.unwrap_or_default();
            let inputs = bound(example, |value| value.starts_with("Input("));
            let read = |name: &String| count(example, name) > 1;
            let outputs = bound(example, |value| !value.starts_with("Input(") && called(value));
            let outputs: Vec<_> = outputs.into_iter().filter(|name| !read(name)).collect();
            let name = format!("example_{}_{}", module.name(), item.class);
            if inputs.is_empty() || outputs.is_empty() {
                println!("{name}: the example is no model");
                continue;
            }
            // Models output floats.
            let whole = ["argmax", "argmin"].contains(&item.class);
            let outputs = match whole {
                true => outputs.iter().map(|name| format!("cast({name}, float32)")).collect(),
                false => outputs,
            };
            let lets = outputs.iter().zip(0..).filter(|_| whole);
            let lets: String = lets.map(|(value, at)| format!("let z{at} = {value};\n")).collect();
            let outputs: Vec<_> = match whole {
                true => (0..outputs.len()).map(|at| format!("z{at}")).collect(),
                false => outputs,
            };
            let body = format!(
                "{example}\n{lets}Model(inputs = [{}], outputs = [{}])",
                inputs.join(", "),
                outputs.join(", ")
            );
            sources.push(Source { name, body });
        }
    }
    for item in items(Module::Activations) {
        let written = activation(item);
        let body = format!(
            "let x = Input(shape = [3, 6]);\nlet y = Activation({written})(x);\nModel(inputs = [x], outputs = [y])"
        );
        sources.push(Source { name: format!("example_activations_{}", item.class), body });
    }
    sources
}

/// An activation with numbers for its required arguments.
fn activation(item: &Item) -> String {
    let arguments = item.arguments().filter(|it| it.is_required()).map(|it| format!("{} = 0.25", it.name));
    let arguments: Vec<String> = arguments.collect();
    format!("{}({})", item.names[0], arguments.join(", "))
}

/// The names that `let` binds to values of a kind.
fn bound(text: &str, is: impl Fn(&str) -> bool) -> Vec<String> {
    let mut names = vec![];
    for statement in text.split(';') {
        let Some(statement) = statement.trim().strip_prefix("let ") else { continue };
        let Some((pattern, value)) = statement.split_once(" = ") else { continue };
        if !is(value.trim()) {
            continue;
        }
        let pattern = pattern.split(':').next().unwrap_or_default();
        let of = pattern.split(',').map(|name| name.trim_matches(['(', ')', '[', ']', ' ']).to_owned());
        names.extend(of);
    }
    names
}

/// Whether a value is a tensor and not a layer: a layer that is called, an operation, an operator.
fn called(value: &str) -> bool {
    !value.starts_with(char::is_uppercase) || value.contains(")(") || value.starts_with("Weight(")
}

fn count(text: &str, name: &str) -> usize {
    text.split(|it: char| !it.is_alphanumeric() && it != '_').filter(|word| *word == name).count()
}

fn random(seed: u64) -> Source {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    let bytes: Vec<u8> = (0..200).map(|_| random()).collect();
    let source = mimo_fuzz::models::source("Net", &bytes);
    let (_, body) = source.split_once('{').expect("a body");
    let body = body.trim_end().strip_suffix('}').expect("a body");
    Source { name: format!("random_{seed}"), body: body.to_owned() }
}

/// The content of `model! { … }`.
fn net(Source { body, .. }: &Source) -> String {
    let body = body.split_once("---\n").map_or(&body[..], |(_, body)| body);
    format!("#[allow(warnings)] Net {{\n{body}\n}}")
}

/// The module of a model: the model, and a function that writes its files.
fn module(Source { name, body }: &Source) -> String {
    let net = net(&Source { name: name.clone(), body: body.clone() });
    let (before, body) = body.split_once("---\n").unwrap_or(("", body));
    let tail = &body[body.rfind("Model(").expect("a model")..];
    let list = |key: &str| -> Vec<String> {
        let rest = tail.split(key).nth(1).and_then(|rest| rest.split_once('[')).expect(key).1;
        let names = rest.split(']').next().unwrap_or_default().split(',');
        names.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
    };
    let (inputs, outputs) = (list("inputs"), list("outputs"));
    let is_whole = |name: &str| {
        let statement =
            body.split(';').find(|it| it.contains(&format!("let {name}")) && it.contains("Input("));
        statement.is_some_and(|it| it.contains("int32") || it.contains("int64"))
    };
    let fields = inputs.iter().enumerate().map(|(at, name)| {
        let whole = format!("{name}: mimo::tensor(data.inputs[{at}].iter().map(|it| *it as usize).collect::<Vec<_>>()).expect(\"a tensor\")");
        let float = format!("{name}: mimo::tensor(crate::support::narrow::<f32>(&data.inputs[{at}])).expect(\"a tensor\")");
        if is_whole(name) { whole } else { float }
    });
    let fields: Vec<String> = fields.collect();
    let values = outputs.iter().map(|name| {
        format!("(\"{name}\", outputs.{name}.as_vec().iter().map(|it| *it as f64).collect::<Vec<_>>())")
    });
    let values: Vec<String> = values.collect();
    format!(
        "#[allow(non_snake_case, unused)]\nmod {name} {{\nuse mimo::prelude::*;\n{before}\nmimo::model! {{ {net} }}\n\
         pub fn write(folder: &str) {{\n    let mut model = Net::new(7);\n    crate::support::randomize(&mut model, 11);\n    \
         let data = crate::support::Data::random::<Net>(5, 13);\n    \
         let inputs = NetInputs {{ {} }};\n    \
         let mut predictor = Predictor::with_threads(&model, 1).expect(\"a predictor\");\n    \
         let outputs = predictor.predict(&inputs).expect(\"a prediction\");\n    \
         crate::write::<Net>(folder, \"{name}\", &model, &data, &[{}]);\n}}\n}}\n",
        fields.join(", "),
        values.join(", ")
    )
}

const HEAD: &str = r#"//! Models and what they predict.
#![allow(unused, deprecated)]
#[path = "SUPPORT"]
mod support;

use mimo::prelude::*;

fn write<M: Model<Float = f32>>(folder: &str, name: &str, model: &M, data: &support::Data, outputs: &[(&str, Vec<f64>)]) {
    use serde_json::json;

    let spec = M::SPEC;
    let bytes = mimo::file::to_bytes(model).expect("bytes");
    std::fs::write(format!("{folder}/{name}.safetensors"), &bytes).expect("a file");
    let inputs = spec.inputs.iter().zip(&data.inputs).map(|(input, values)| {
        json!({ "name": input.name, "shape": input.shape, "whole": format!("{:?}", input.dtype) == "Int", "values": values })
    });
    let outputs = spec.outputs.iter().zip(outputs).map(|(output, (name, values))| {
        assert_eq!(output.name, *name);
        json!({ "name": name, "shape": output.shape, "values": values })
    });
    let about = json!({ "rows": data.rows, "inputs": inputs.collect::<Vec<_>>(), "outputs": outputs.collect::<Vec<_>>() });
    std::fs::write(format!("{folder}/{name}.json"), about.to_string()).expect("a file");
    let exported = mimo_convert::weights::read(&bytes).and_then(|(weights, metadata)| {
        let description = mimo_convert::Description::of_metadata(&metadata)?;
        mimo_convert::onnx::export(&description, &weights)
    });
    let (kept, removed) = match &exported {
        Ok(_) => ("onnx", "error"),
        Err(_) => ("error", "onnx"),
    };
    let _ = std::fs::remove_file(format!("{folder}/{name}.{removed}"));
    let bytes = exported.unwrap_or_else(|error| error.to_string().into_bytes());
    std::fs::write(format!("{folder}/{name}.{kept}"), bytes).expect("a file");
}

"#;
