//! Tests of the declared items: calls in documentation, defaults and words that can be read, the tables of
//! `docs/layers.md`.

mod names;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::*;
use crate::initializer::{Constraint, Initializer, Regularizer};
use crate::layers::{Operand, split};
use crate::shape::{Dtype, Shape};
use crate::sketch::{args, reported, shown};
use crate::value::{Arg, Value, ValueKind};

/// Every module whose items are read as values.
fn modules() -> impl Iterator<Item = Module> {
    Module::ALL.into_iter().filter(|&module| module != Module::Model)
}

/// Formats a call: `Dense(units, activation = linear)`.
fn call(item: &Item) -> String {
    let arguments = item.arguments().map(|argument| match argument.default {
        Some(default) => format!("{} = {default}", argument.name),
        None => argument.name.to_owned(),
    });
    format!("`{}({})`", item.names[0], arguments.collect::<Vec<_>>().join(", "))
}

/// Every source file of this crate.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] });
    files.filter(|path| path.extension().is_some_and(|ext| ext == "rs")).collect()
}

/// Editors read only literals as documentation, so calls are written out. `UPDATE=1` writes them.
#[test]
fn calls_list_the_arguments() {
    let wrong = |item: &&Item| item.call != call(item);
    let mut wrong: Vec<&Item> = Module::ALL.into_iter().flat_map(items).filter(wrong).collect();
    // A layer that is accepted as an activation is documented among the layers.
    wrong.retain(|item| !item.common.is_empty() || !["ReLU", "LeakyReLU"].contains(&item.class));
    if std::env::var_os("UPDATE").is_some() {
        for path in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
            let mut text = fs::read_to_string(&path).unwrap();
            for item in &wrong {
                let head = |call: &str| format!("    \"{call}\"\n    {}", item.names[0]);
                text = text.replace(&head(item.call), &head(&call(item)));
            }
            if text != fs::read_to_string(&path).unwrap() {
                fs::write(&path, text).unwrap();
            }
        }
        return;
    }
    let wrong: Vec<String> =
        wrong.into_iter().map(|item| format!("{} is {}", item.call, call(item))).collect();
    assert!(wrong.is_empty(), "`UPDATE=1 cargo test -p mimo-graph calls` writes {wrong:#?}");
}

/// A row of the table of layers: classes with the same arguments, the arguments, and the shapes from the
/// documentation.
fn row(items: &[&Item]) -> String {
    let mut arguments: Vec<String> = vec![];
    for argument in items[0].arguments().filter(|argument| !["name", "trainable"].contains(&argument.name)) {
        let kinds = ["initializer", "regularizer", "constraint"];
        let word = match (kinds.iter().find(|kind| argument.name.ends_with(*kind)), argument.kind) {
            (Some(kind), _) => format!("{kind}s"),
            (None, Kind::Word(ty)) if argument.name != "data_format" => {
                let (_, words) = values::WORDS.iter().find(|(name, _)| *name == ty).expect(ty);
                format!("`{}` ({})", argument.name, crate::args::list(words.iter().copied()))
            }
            (None, _) => format!("`{}`", argument.name),
        };
        if !arguments.contains(&word) {
            arguments.push(word);
        }
    }
    let names =
        items.iter().flat_map(|item| item.names).map(|name| match name.starts_with(char::is_uppercase) {
            true => format!("`{name}`"),
            false => format!("`{name}([…])`"),
        });
    let names: Vec<String> = names.collect();
    let mut said: Vec<String> = vec![];
    for shape in items.iter().map(|item| shapes_of(item)) {
        if !said.contains(&shape) {
            said.push(shape);
        }
    }
    format!("| {} | {} | {} |\n", names.join(", "), arguments.join(", "), said.join("; "))
}

/// The first sentence of the second paragraph of an item's documentation, which is about shapes; of the first, if it
/// is the only one.
fn shapes_of(item: &Item) -> String {
    let paragraphs: Vec<String> =
        item.docs.split(|line| line.is_empty()).map(|lines| lines.concat()).collect();
    let second = paragraphs.get(1).filter(|text| !text.starts_with(" Keras:"));
    let text = second.unwrap_or(&paragraphs[0]).trim();
    text.split(". ").next().unwrap_or_default().trim_end_matches('.').to_owned()
}

/// Checks that `docs/layers.md` has `table` after the line `begin`, up to the next empty line. `UPDATE=1` writes it.
fn assert_on_page(begin: &str, table: &str) {
    // Two tests write parts of one file.
    static FILE: Mutex<()> = Mutex::new(());
    let _lock = FILE.lock();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/layers.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(begin).unwrap();
    let after = rest.find("\n\n").unwrap() + 1;
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, format!("{before}{begin}{table}{}", &rest[after..])).unwrap();
        return;
    }
    assert_eq!(&rest[..after], table, "`UPDATE=1 cargo test -p mimo-graph the_page_lists` writes the table");
}

#[test]
fn the_page_lists_the_layers() {
    let layers = items(Module::Layers);
    let same = |a: &&Item, b: &&Item| a.arguments().map(|it| it.name).eq(b.arguments().map(|it| it.name));
    let table: String = layers.chunk_by(same).map(row).collect();
    let begin = "| layer | arguments, as in Keras | `[input] → [output]` of a sample |\n|---|---|---|\n";
    assert_on_page(begin, &table);
}

#[test]
fn the_page_lists_the_layers_of_keras_that_mimo_does_not_have() {
    let groups: Vec<_> = crate::layers::absent_layers().collect();
    let row = |groups: &[(&[&str], &str)]| {
        let names = groups.iter().flat_map(|(names, _)| *names).map(|name| format!("`{name}`"));
        format!("| {} | {} |\n", names.collect::<Vec<_>>().join(", "), groups[0].1)
    };
    let table: String = groups.chunk_by(|a, b| a.1 == b.1).map(row).collect();
    assert_on_page("| Keras's layer | instead |\n|---|---|\n", &table);
}

/// The words of the modules that are lists of words, each in the spelling of suggestions.
#[test]
fn the_page_lists_the_words() {
    let row = |module: Module| {
        let mut words: Vec<&str> = items(module).into_iter().map(Item::word).collect();
        // A layer in the place of an activation is one of the layers.
        words.retain(|word| module != Module::Activations || word.starts_with(char::is_lowercase));
        format!("| {module} | {} |\n", crate::args::list(words))
    };
    let table: String = modules().filter(|&module| module != Module::Layers).map(row).collect();
    assert_on_page("| module | words |\n|---|---|\n", &table);
}

/// A valid value for an argument without a default.
fn some(module: Module, item: &Item, argument: &Argument) -> &'static str {
    match (module, item.names[0], argument.name) {
        (_, "Bidirectional", "layer") => "LSTM(4)",
        (_, _, "layer") => "Dense(4)",
        (_, _, "activation") => "relu",
        (_, _, "equation") => "\"ab,bc->ac\"",
        (_, _, "subscripts") => "\"ab->a\"",
        (_, _, "rate" | "stddev") => "0.5",
        (Module::Metrics, _, "recall" | "precision" | "specificity" | "sensitivity") => "0.5",
        (_, _, "boundaries") => "[2]",
        (_, _, "values") => "[0.5, 0.25]",
        (_, _, "num_classes") => "3",
        (_, _, "shape" | "target_shape" | "dims") => "[1]",
        (_, "cast", "dtype") => "float32",
        (_, _, "newshape") => "[-1, 2]",
        _ => "2",
    }
}

/// Formats the result of `name(arguments)`, including errors.
fn made(module: Module, name: &str, arguments: &str) -> String {
    let model = crate::sketch::Model::heads(&[("y", 3, Activation::Softmax)]);
    let value = |text: &str| -> Value {
        let [Arg { value, .. }] = &args(text)[..] else { panic!("{text}") };
        value.clone()
    };
    let value = value(&format!("{name}({arguments})"));
    let ValueKind::Call { name_loc, args, .. } = &value.kind else { panic!("{value:?}") };
    let (made, diags, _) = reported(&model.graph, |cx| match module {
        Module::Activations => format!("{:?}", Activation::read(&value, "it", cx)),
        Module::Constraints => format!("{:?}", Constraint::read(&value, "it", cx)),
        Module::Initializers => format!("{:?}", Initializer::read(&value, "it", cx)),
        Module::Regularizers => format!("{:?}", Regularizer::read(&value, "it", cx)),
        Module::Losses => format!("{:?}", crate::compile::losses::read(&value, None, cx)),
        Module::Metrics => format!("{:?}", crate::compile::metrics::read_all(&value, None, cx)),
        Module::Schedules => format!("{:?}", crate::compile::schedules::read(&value, "it", cx)),
        Module::Optimizers => format!("{:?}", crate::compile::optimizers::read(&value, cx)),
        Module::Layers if name == "Input" => {
            format!("{:?}", crate::layers::input::Input::from_args(args, value.loc, cx))
        }
        Module::Operations if split::is_list(name) => {
            let x = Shape::known(&[4, 6]);
            let x =
                Operand { name: "x", shape: &x, dtype: Dtype::Float, loc: value.loc, tensor: None, role: "" };
            format!("{:?}", split::parts(name, args, Some(&x), value.loc, cx))
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
                .arguments()
                .filter(|argument| argument.default.is_none())
                .map(|argument| format!("{} = {}", argument.name, some(module, item, argument)))
                .collect();
            let plain = made(module, item.names[0], &needed.join(", "));
            // `accuracy` and similar words are resolved by their head, and so is the number of scores per class.
            if !["accuracy", "crossentropy", "f1_score", "fbeta_score"].contains(&item.names[0]) {
                assert!(plain.ends_with(" []") && !plain.starts_with("None"), "{}: {plain}", item.names[0]);
            }
            for argument in item.arguments() {
                let Some(default) = argument.default else { continue };
                let given = match default {
                    // Omitting an argument is not always the same as writing a value.
                    "none" if ["name", "backward_layer"].contains(&argument.name) => continue,
                    default if [Kind::Plain, Kind::Float, Kind::Rate].contains(&argument.kind) => {
                        default.to_owned()
                    }
                    default => format!("\"{default}\"").replace("\"none\"", "none"),
                };
                let all = [&needed[..], &[format!("{} = {given}", argument.name)]].concat().join(", ");
                let explicit = made(module, item.names[0], &all);
                assert_eq!(explicit, plain, "{}({all})", item.names[0]);
            }
        }
    }
}

/// Arguments of losses and metrics that are lists of at least one number.
const LISTS: [&str; 4] = ["label_weights", "pos_weight", "target_class_ids", "thresholds"];

/// Numbers outside of the declared range, and empty lists, are errors.
#[test]
fn ranges_are_kept() {
    let mut tried = 0;
    for module in modules() {
        for item in items(module) {
            let needed = |argument: &Argument| {
                let others = item.arguments().filter(|it| it.default.is_none() && it.name != argument.name);
                others.map(|it| format!("{} = {}, ", it.name, some(module, item, it))).collect::<String>()
            };
            for argument in item.arguments() {
                let mut outside: Vec<String> = vec![];
                match argument.range.low {
                    std::ops::Bound::Included(low) => outside.push((low - 1.0).to_string()),
                    std::ops::Bound::Excluded(low) => outside.push(low.to_string()),
                    std::ops::Bound::Unbounded => {}
                }
                match argument.range.high {
                    std::ops::Bound::Included(high) => outside.push((high + 1.0).to_string()),
                    std::ops::Bound::Excluded(high) => outside.push(high.to_string()),
                    std::ops::Bound::Unbounded => {}
                }
                let list = LISTS.contains(&argument.name);
                outside.extend(list.then(|| "[]".to_owned()));
                for value in outside {
                    let all = format!("{}{} = {value}", needed(argument), argument.name);
                    let made = made(module, item.names[0], &all);
                    assert!(made.contains("error"), "{}({all}): {made}", item.names[0]);
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 100, "{tried}");
}

#[test]
fn words_are_read() {
    for module in modules() {
        for item in items(module) {
            for argument in item.arguments() {
                let Kind::Word(ty) = argument.kind else { continue };
                let (_, words) = values::WORDS.iter().find(|(name, _)| *name == ty).expect(ty);
                let needed =
                    item.arguments().filter(|other| other.default.is_none() && other.name != argument.name);
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
