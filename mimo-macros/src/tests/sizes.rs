//! Tests of every length of every layer with the largest numbers: one error at the number, or a model without
//! overflow.

use mimo_graph::code::Code;
use mimo_graph::dim::MOST;
use mimo_graph::language::{self, Module};
use mimo_graph::layers;

use super::*;
use crate::expand::expand;

/// Arguments that are lengths.
const LENGTHS: &[&str] = &[
    "units",
    "filters",
    "kernel_size",
    "pool_size",
    "strides",
    "padding",
    "output_padding",
    "output_shape",
    "cropping",
    "size",
    "n",
    "num_tokens",
    "output_size",
    "target_shape",
    "shape",
    "input_dim",
    "output_dim",
    "dilation_rate",
    "depth_multiplier",
    "groups",
    "num_heads",
    "key_dim",
    "value_dim",
    "sliding_window",
    "head_dim",
    "num_query_heads",
    "num_key_value_heads",
];

const HUGE: [u64; 5] = [1 << 31, 5_000_000_000, MOST as u64, MOST as u64 + 1, i64::MAX as u64];

/// Required arguments, with small values.
fn small(argument: &str) -> &'static str {
    match argument {
        "units" | "filters" | "kernel_size" | "pool_size" | "size" | "padding" | "cropping"
        | "output_dim" | "n" => "2",
        "num_heads" | "key_dim" | "head_dim" | "num_query_heads" | "num_key_value_heads" => "2",
        "input_dim" | "num_tokens" => "9",
        "output_size" => "2",
        "equation" => "\"ab,bc->ac\"",
        "output_shape" => "2",
        "target_shape" => "[-1]",
        "shape" => "[1]",
        "dims" => "(1,)",
        "activation" => "relu",
        "rate" | "stddev" | "scale" => "0.1",
        "axes" => "1",
        "layer" => "LSTM(2)",
        _ => panic!("{argument} has to be given"),
    }
}

/// A model of one layer, and of the layer twice.
fn models(class: &str, args: &str, shape: &str) -> Vec<String> {
    let dtype = if ["Embedding", "CategoryEncoding"].contains(&class) { ", dtype = \"int32\"" } else { "" };
    let several = [
        "Add",
        "Subtract",
        "Multiply",
        "Average",
        "Maximum",
        "Minimum",
        "Concatenate",
        "Dot",
        "Attention",
        "AdditiveAttention",
    ];
    let operands = if several.contains(&class) { "[x, x]" } else { "x" };
    let call = |args: &str, x: &str| match class {
        "MultiHeadAttention" | "GroupQueryAttention" => format!("{class}({args})({x}, {x})"),
        "Weight" => format!("Dense(1)({x}) * Weight({args})"),
        _ => format!("{class}({args})({x})"),
    };
    let first = call(args, operands);
    let start = format!("Net {{ let x = Input(shape = {shape}{dtype}); let h = {first};");
    let end = "let y = Dense(1)(Flatten()(h)); Model(inputs = [x], outputs = [y]) }";
    let again = if dtype.is_empty() && several.iter().all(|other| *other != class) {
        format!("{start} let h = {}; {end}", call(args, "h"))
    } else {
        format!("{start} let h = Dense(5_000_000_000)(h); {end}")
    };
    vec![format!("{start} {end}"), again]
}

fn errors(source: &str) -> Vec<(Code, String)> {
    let (diags, spans) = diagnosed(source.parse().unwrap());
    let errors = diags.iter().filter(|diag| diag.severity == Severity::Error);
    let at = |diag: &Diag| {
        let range = spans.get(diag.loc);
        slice(source, range.start.start(), range.end.end())
    };
    errors.map(|diag| (diag.code, at(diag))).collect()
}

/// Arguments by name.
type Args = Vec<(&'static str, &'static str)>;

/// Each class with its required arguments, and a shape that it accepts.
fn accepted() -> Vec<(&'static str, Args, &'static str)> {
    let mut found = Vec::new();
    for class in layers::classes() {
        let item = language::find(Module::Layers, class).unwrap_or_else(|| panic!("{class}"));
        let needed =
            item.arguments().filter(|argument| argument.default.is_none() && argument.name != "inputs");
        let inner = if class == "Bidirectional" { "LSTM(2)" } else { "Dense(2)" };
        let args: Args = needed
            .map(|argument| {
                (argument.name, if argument.name == "layer" { inner } else { small(argument.name) })
            })
            .collect();
        let shown: Vec<String> = args.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        let shapes = ["[8]", "[6, 4]", "[6, 6, 4]", "[32]"];
        let shape =
            shapes.into_iter().find(|shape| errors(&models(class, &shown.join(", "), shape)[0]).is_empty());
        found.push((class, args, shape.unwrap_or_else(|| panic!("{class}({})", shown.join(", ")))));
    }
    found
}

#[test]
fn every_length_of_every_layer_may_be_any_number() {
    let (mut wrong, mut refused, mut sound) = (Vec::new(), 0, 0);
    for (class, args, shape) in accepted() {
        let item = language::find(Module::Layers, class).unwrap();
        let lengths: Vec<&str> =
            item.arguments().map(|argument| argument.name).filter(|name| LENGTHS.contains(name)).collect();
        let mut sets: Vec<Vec<&str>> = lengths.iter().map(|name| vec![*name]).collect();
        // Products of all of them.
        sets.push(lengths.clone());
        for set in sets.iter().filter(|set| !set.is_empty()) {
            for n in HUGE {
                for form in ["N", "(N, N)", "((N, N), (N, N))", "[N, N, N]"] {
                    let value = form.replace('N', &n.to_string());
                    let mut all: Vec<String> = set.iter().map(|name| format!("{name} = {value}")).collect();
                    let others = args.iter().filter(|(name, _)| !set.contains(name));
                    all.extend(others.map(|(name, value)| format!("{name} = {value}")));
                    // The longest kernels fit with padding.
                    let zeros = item
                        .arguments()
                        .any(|argument| argument.name == "kernel_size" || argument.name == "pool_size");
                    if zeros && !set.contains(&"padding") {
                        all.push("padding = same".into());
                    }
                    for source in models(class, &all.join(", "), shape) {
                        let found = errors(&source);
                        let sizes: Vec<_> =
                            found.iter().filter(|(code, _)| *code == Code::TooManyValues).collect();
                        let at_number = sizes.iter().all(|(_, text)| {
                            text.parse::<u64>().is_ok()
                                || text == "5_000_000_000"
                                || text.contains(&n.to_string())
                        });
                        // One number in two layers is reported in both.
                        if sizes.len() > 2 * form.matches('N').count() * set.len() || !at_number {
                            wrong.push(format!("{source}\n    {found:?}"));
                        }
                        if !found.is_empty() {
                            refused += 1;
                            continue;
                        }
                        sound += 1;
                        // Values that the macro cannot compute would be left to const evaluation, which would
                        // overflow.
                        let output = expand(source.parse().unwrap()).to_string();
                        if ["usize *", "usize +", "usize -", "usize /", "saturating"]
                            .iter()
                            .any(|op| output.contains(op))
                        {
                            wrong.push(format!("{source}\n    is left to const evaluation"));
                        }
                    }
                }
            }
        }
    }
    println!("{refused} refused, {sound} sound");
    assert!(
        wrong.is_empty(),
        "{} of {}\n{}",
        wrong.len(),
        refused + sound,
        wrong[..wrong.len().min(12)].join("\n")
    );
    assert!(refused > 500 && sound > 50, "{refused} refused, {sound} sound");
}

#[test]
fn inputs_are_as_large_as_samples_may_be() {
    for n in HUGE {
        for shape in [format!("[{n}]"), format!("[{n}, {n}]"), format!("[2, {n}, {n}, 2]")] {
            let source = format!(
                "Net {{ let x = Input(shape = {shape}); let y = GaussianNoise(0.1)(x); Model([x], [y]) }}"
            );
            let found = errors(&source);
            let small = !shape.contains(',') && n <= MOST as u64;
            // Two such layers are more than a model may compute.
            let fits = small && n < MOST as u64;
            assert_eq!(found.is_empty(), fits, "{source}: {found:?}");
            assert!(found.iter().all(|(code, _)| *code == Code::TooManyValues), "{found:?}");
        }
    }
}

#[test]
fn the_whole_model_is_counted() {
    // Each of these layers is small enough, but their sum is not.
    let layers = "let h = Dense(1000000)(h);".repeat(3);
    let source = |n: usize| {
        format!(
            "Net {{ let x = Input(shape = [4]); let h = Dense(1000000)(x); {} let y = Dense(1)(h); Model([x], [y]) }}",
            layers.repeat(n)
        )
    };
    assert_eq!(errors(&source(0)), []);
    let found = errors(&source(1));
    assert_eq!(found.iter().map(|(code, _)| *code).collect::<Vec<_>>(), [Code::TooManyValues], "{found:?}");
}

#[test]
fn ids_are_exact_in_f32() {
    let source = |n: &str| {
        format!(
            "Net {{ let x = Input(shape = [2], dtype = \"int32\"); let y = Embedding({n}, 1)(x); Model([x], [y]) }}"
        )
    };
    assert_eq!(errors(&source("16777216")), []);
    assert_eq!(errors(&source("16777217")), [(Code::ValueOutOfRange, "16777217".into())]);
    assert!(expand(source("crate::WORDS").parse().unwrap()).to_string().contains("dim_at_most"));
}
