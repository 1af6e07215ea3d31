//! The items are what the macro accepts: every word, every argument, its order and its default.

use super::*;
use crate::initializer::{Constraint, Initializer, Regularizer};
use crate::sketch::{args, reported, shown};
use crate::value::{Arg, Value, ValueKind};

/// Every module whose items are read as values.
fn modules() -> impl Iterator<Item = Module> {
    Module::ALL.into_iter().filter(|&module| module != Module::Model)
}

/// What the macro accepts for a word: arguments that mimo has, in Keras's order.
fn accepted(signature: &Signature) -> Vec<&'static str> {
    let all = signature.params.iter().chain(signature.keywords).copied();
    all.filter(|name| signature.unsupported.iter().all(|(unsupported, _)| unsupported != name)).collect()
}

fn names(item: &Item) -> Vec<&'static str> {
    item.arguments.iter().map(|argument| argument.name).collect()
}

#[test]
fn every_word_of_the_macro_is_an_item_and_every_item_a_word() {
    for module in modules() {
        let signatures = signatures(module);
        for (spellings, signature) in &signatures {
            let found: Vec<&Item> = spellings
                .iter()
                .map(|name| find(module, name).unwrap_or_else(|| panic!("{module} lacks {name}")))
                .collect();
            assert!(found.windows(2).all(|pair| std::ptr::eq(pair[0], pair[1])), "{module}: {spellings:?}");
            let mut arguments = names(found[0]);
            // A layer in the place of an activation has no name there.
            if module == Module::Activations {
                arguments.retain(|name| !["name", "trainable"].contains(name));
            }
            assert_eq!(arguments, accepted(signature), "{module}: {spellings:?}");
            for argument in found[0].arguments {
                let required = signature.required.contains(&argument.name) || argument.name == "shape";
                assert_eq!(
                    argument.default.is_none(),
                    required,
                    "{module}: {spellings:?}, {}",
                    argument.name
                );
            }
        }
        for item in items(module) {
            for name in item.names {
                let known = signatures.iter().any(|(spellings, _)| spellings.contains(name));
                assert!(known, "the macro has no {name} among {module}");
            }
        }
    }
    let compile = find(Module::Model, "compile").map(names);
    assert_eq!(compile, Some(accepted(&crate::compile::SIGNATURE)));
}

/// `Dense(units, activation = linear)`
fn call(item: &Item) -> String {
    let arguments = item.arguments.iter().map(|argument| match argument.default {
        Some(default) => format!("{} = {default}", argument.name),
        None => argument.name.to_owned(),
    });
    format!("`{}({})`", item.names[0], arguments.collect::<Vec<_>>().join(", "))
}

#[test]
fn calls_list_the_arguments() {
    for item in Module::ALL.into_iter().flat_map(items) {
        assert_eq!(item.call, call(item));
    }
}

/// A value that an argument without a default may have.
fn some(module: Module, item: &Item, argument: &Argument) -> &'static str {
    match (module, item.names[0], argument.name) {
        (_, "Bidirectional", "layer") => "LSTM(4)",
        (_, _, "layer") => "Dense(4)",
        (_, _, "activation") => "relu",
        (_, _, "rate" | "stddev") => "0.5",
        (_, _, "shape" | "target_shape" | "dims") => "[1]",
        _ => "2",
    }
}

/// What `name(arguments)` makes, shown; errors are part of it.
fn made(module: Module, name: &str, arguments: &str) -> String {
    let model = crate::sketch::Model::heads(&[("y", 3, crate::activation::Activation::Softmax)]);
    let value = |text: &str| -> Value {
        let [Arg { value, .. }] = &args(text)[..] else { panic!("{text}") };
        value.clone()
    };
    let value = value(&format!("{name}({arguments})"));
    let ValueKind::Call { name_loc, args, .. } = &value.kind else { panic!("{value:?}") };
    let (made, diags, _) = reported(&model.graph, |cx| match module {
        Module::Activations => format!("{:?}", crate::activation::Activation::read(&value, "it", cx)),
        Module::Constraints => format!("{:?}", Constraint::read(&value, "it", cx)),
        Module::Initializers => format!("{:?}", Initializer::read(&value, "it", cx)),
        Module::Regularizers => format!("{:?}", Regularizer::read(&value, "it", cx)),
        Module::Losses => format!("{:?}", crate::compile::losses::read(&value, None, cx)),
        Module::Metrics => format!("{:?}", crate::compile::metrics::read_all(&value, None, cx)),
        Module::Optimizers => format!("{:?}", crate::compile::optimizers::read(&value, cx)),
        Module::Layers if name == "Input" => {
            format!("{:?}", crate::layers::input::Input::from_args(args, value.loc, cx))
        }
        _ => format!("{:?}", crate::layers::construct(name, *name_loc, args, value.loc, cx)),
    });
    format!("{made} {:?}", shown(&diags))
}

#[test]
fn defaults_are_what_is_taken_without_them() {
    for module in modules() {
        for item in items(module) {
            let needed: Vec<String> = item
                .arguments
                .iter()
                .filter(|argument| argument.default.is_none())
                .map(|argument| format!("{} = {}", argument.name, some(module, item, argument)))
                .collect();
            let plain = made(module, item.names[0], &needed.join(", "));
            // `accuracy` and its like are resolved by their head.
            if !["accuracy", "crossentropy"].contains(&item.names[0]) {
                assert!(plain.ends_with(" []") && !plain.starts_with("None"), "{}: {plain}", item.names[0]);
            }
            for argument in item.arguments {
                let Some(default) = argument.default else { continue };
                let given = match default {
                    // What is left out is not always a value that may be written.
                    "none" if ["name", "backward_layer"].contains(&argument.name) => continue,
                    default if argument.kind == Kind::Plain => default.to_owned(),
                    default => format!("\"{default}\"").replace("\"none\"", "none"),
                };
                let all = [&needed[..], &[format!("{} = {given}", argument.name)]].concat().join(", ");
                let explicit = made(module, item.names[0], &all);
                assert_eq!(explicit, plain, "{}({all})", item.names[0]);
            }
        }
    }
}

#[test]
fn words_are_read() {
    for module in modules() {
        for item in items(module) {
            for argument in item.arguments {
                let Kind::Word(ty) = argument.kind else { continue };
                let (_, words) = values::WORDS.iter().find(|(name, _)| *name == ty).expect(ty);
                let needed = item.arguments.iter().filter(|other| other.default.is_none());
                let needed: Vec<String> =
                    needed.map(|other| format!("{} = {}", other.name, some(module, item, other))).collect();
                for word in *words {
                    let word = word.trim_start_matches("r#");
                    let all = [&needed[..], &[format!("{} = \"{word}\"", argument.name)]].concat().join(", ");
                    let made = made(module, item.names[0], &all);
                    assert!(made.ends_with(" []"), "{}({all}): {made}", item.names[0]);
                }
                let wrong = [&needed[..], &[format!("{} = \"nonsense\"", argument.name)]].concat().join(", ");
                assert!(!made(module, item.names[0], &wrong).ends_with(" []"), "{wrong}");
            }
        }
    }
}
