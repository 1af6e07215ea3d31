//! Each item of the language has a form in Keras, or is among those that have none. `tests/parity/to_keras.py --objects` lets Keras make them.

use mimo_graph::item::{Argument, Item, Kind, Module};
use mimo_graph::language::items;
use mimo_graph::spec::graph::built::{self, ItemSpec, Setting};
use serde_json::{Map, Value as Json, json};

use super::compile::{NOT_IN_KERAS, called};
use super::{config, operations};

/// The value of an argument: its default, or another for those that have to be given.
fn value(argument: &Argument) -> Json {
    match (argument.name, argument.kind, argument.default) {
        ("boundaries", ..) => json!([3, 5]),
        ("values", ..) => json!([0.5, 0.25, 0.125]),
        ("target_class_ids", .., None) => json!([1]),
        ("average", ..) => "macro".into(),
        ("class_aggregation", ..) => "uniform_average".into(),
        (.., Some("none")) => Json::Null,
        (_, Kind::Item(_), Some(default)) => default.into(),
        (.., Some(default)) => serde_json::from_str(default).unwrap_or_else(|_| default.into()),
        (_, Kind::Float, None) => json!(0.25),
        (.., None) => json!(3),
    }
}

fn arguments(item: &Item) -> Map<String, Json> {
    item.arguments().map(|argument| (argument.name.to_owned(), value(argument))).collect()
}

/// Words that stand for another loss or metric, which the head decides: no description has them.
const OF_HEAD: &[&str] = &["accuracy", "crossentropy"];

#[test]
fn losses_metrics_optimizers_and_what_initializes_are_objects_of_keras() {
    let mut objects: Map<String, Json> = Map::new();
    for module in [Module::Losses, Module::Metrics, Module::Optimizers, Module::Schedules] {
        for item in items(module).into_iter().filter(|item| !OF_HEAD.contains(&item.class)) {
            let json = json!({ "class": item.class, "arguments": arguments(item) });
            let name = (module == Module::Metrics).then_some("chosen");
            match called(module, &json, name) {
                Ok(object) => {
                    assert!(!NOT_IN_KERAS.contains(&item.class), "`{}` is written", item.class);
                    objects.insert(format!("{module}/{}", item.class), object);
                }
                Err(reason) => {
                    assert!(NOT_IN_KERAS.contains(&item.class), "{reason}");
                    assert!(reason.contains(item.class), "{reason}");
                }
            }
        }
    }
    for module in [Module::Initializers, Module::Regularizers, Module::Constraints] {
        for item in items(module) {
            let setting = |json: Json| match json {
                Json::Null => Setting::None,
                Json::Bool(value) => Setting::Bool(value),
                Json::Number(number) => match number.as_u64() {
                    Some(whole) => Setting::Whole((whole as usize).into()),
                    None => Setting::Float(mimo_graph::operation::Number::Known(
                        number.as_f64().expect("a number"),
                    )),
                },
                Json::String(text) => Setting::Text(text),
                other => panic!("{other}"),
            };
            let given =
                item.arguments().map(|it| built::Argument { name: it.name, value: setting(value(it)) });
            let spec = ItemSpec { class: item.class, defaults: given.collect(), given: vec![] };
            let object =
                config::serialized(module, &spec).unwrap_or_else(|error| panic!("{}: {error}", item.class));
            objects.insert(format!("{module}/{}", item.class), object);
        }
    }
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keras/objects.json");
    let text = serde_json::to_string_pretty(&objects).expect("JSON") + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &text).expect("a file");
    }
    let stored = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(text == stored, "{}: UPDATE=1 writes it anew", path.display());
}

#[test]
fn operations_are_read_as_what_they_were() {
    for item in items(Module::Operations) {
        let class = operations::class_of(item.class);
        assert_eq!(crate::keras::operations::word_of(&class), item.class, "{class}");
    }
}

#[test]
fn modules_name_operations_and_activations() {
    let known: Vec<String> = [Module::Operations, Module::Activations]
        .into_iter()
        .flat_map(items)
        .map(|item| operations::class_of(item.class))
        .collect();
    for class in operations::classes() {
        assert!(known.iter().any(|known| known == class), "`{class}` is not an operation of the language");
    }
}
