//! Files for Keras of the example of every layer, operation and activation of the language, and of larger models, as
//! `tests/parity/to_keras.py` runs them: here they are read again, and become the same models with the same weights.

use std::collections::BTreeMap;

use mimo_convert::keras::export::{Options, VERSION, export};
use mimo_convert::keras::{KerasFile, checkpoint, convert, weights};
use mimo_convert::{Array, Description, State, Values, Weights};
use mimo_graph::dim::Dim;
use mimo_graph::graph_spec::graph_spec;
use mimo_graph::operation::Number;
use mimo_graph::plan::Plan;
use mimo_graph::spec::graph::built::{GraphSpec, ItemSpec, Setting};
use serde_json::Value;

/// Names, descriptions, and weights of small numbers that are all different.
fn models() -> Vec<(String, Description, Weights)> {
    let text = include_str!("onnx/descriptions.json");
    let all: BTreeMap<String, Value> = serde_json::from_str(text).expect("JSON");
    let mut next = 0_u32;
    let mut of = |(name, it): (String, Value)| {
        let graph = it["graph"].as_str().expect("a graph").to_owned();
        let metadata = BTreeMap::from([("graph".to_owned(), graph), ("model".to_owned(), "Net".to_owned())]);
        let description =
            Description::of_metadata(&metadata).unwrap_or_else(|error| panic!("{name}: {error}"));
        let weights = it["weights"].as_object().expect("weights").iter().map(|(path, shape)| {
            let shape: Vec<usize> = serde_json::from_value(shape.clone()).expect("a shape");
            let values = (0..shape.iter().product::<usize>()).map(|_| {
                next += 1;
                next as f32 / 1024.0
            });
            let values = Values::F32(values.collect());
            (path.clone(), Array { shape, values })
        });
        let weights = weights.collect();
        (name, description, weights)
    };
    all.into_iter().map(&mut of).collect()
}

/// The classes that have no form in Keras, with what the error says. All others have one.
const WITHOUT: &[(&str, &str)] = &[
    ("Weight", "no layer for a weight of one's own"),
    ("in_train_phase", "no operation of Keras 3 depends on"),
    ("random_normal", "`keras.random` has no operations"),
    ("random_truncated_normal", "`keras.random` has no operations"),
    ("random_uniform", "`keras.random` has no operations"),
    ("scale_gradient", "no operation of Keras changes gradients"),
    ("sparsemax", "adds up cumulative sums"),
];

/// Settings of models that have none.
const SETTINGS: &[(&str, &str)] = &[("model_images", "the last axes only")];

fn classes(item: &ItemSpec, found: &mut Vec<&'static str>) {
    found.push(item.class);
    for (_, value) in item.arguments() {
        if let Setting::Item(item) = value {
            classes(item, found);
        }
    }
}

/// The files of models that have one.
fn exported() -> Vec<(String, Description, Weights, Vec<u8>)> {
    let mut all = vec![];
    for (name, description, weights) in models() {
        let mut found = vec![];
        for call in &description.graph.calls {
            let layer = description.graph.layers.get(call.layer).expect("a layer");
            classes(&layer.item, &mut found);
        }
        let by_class = WITHOUT.iter().find(|(class, _)| found.contains(class));
        let without = by_class.or_else(|| SETTINGS.iter().find(|(model, _)| *model == name));
        let options = Options { batch_size: Some(5) };
        match (export(&description, &weights, &State::new(), &options), without) {
            (Ok(file), None) => all.push((name, description, weights, file.bytes)),
            (Err(error), Some((_, reason))) => {
                let text = error.to_string();
                assert!(text.contains(reason) && text.contains("layer `"), "{name}: {text}");
            }
            (Ok(_), Some((what, _))) => panic!("{name}: `{what}` has a form"),
            (Err(error), None) => panic!("{name}: {error}"),
        }
    }
    all
}

/// Keras refers to calls by the name of the layer, the place of the call and that of the output: all of them are there.
fn check(name: &str, config: &Value) {
    let layers = config["config"]["layers"].as_array().expect("layers");
    let mut calls: BTreeMap<&str, (usize, bool)> = BTreeMap::new();
    for layer in layers {
        let text = layer["name"].as_str().expect("a name");
        assert!(!text.contains('/') && !text.is_empty(), "{name}: `{text}`");
        let count = layer["inbound_nodes"].as_array().expect("calls").len();
        let is_model = layer["class_name"] == "Functional";
        let earlier = calls.insert(text, (count.max(1), is_model));
        assert_eq!(earlier, None, "{name}: two layers `{text}`");
        assert_eq!(layer["config"]["name"], layer["name"], "{name}");
        assert!(count > 0 || layer["class_name"] == "InputLayer", "{name}: nothing calls `{text}`");
        if is_model {
            check(name, layer);
        }
    }
    let known = |history: &Value, first: usize| {
        let layer = history[0].as_str().expect("a name");
        let (count, is_model) = calls[layer];
        let call = history[1].as_u64().expect("a call") as usize;
        let first = if is_model { first } else { 0 };
        assert!(call >= first && call - first < count, "{name}: {history}");
    };
    fn visit(json: &Value, known: &dyn Fn(&Value, usize)) {
        match json {
            Value::Object(object) if object.get("class_name") == Some(&"__keras_tensor__".into()) => {
                known(&json["config"]["keras_history"], 0);
            }
            Value::Object(object) => object.values().for_each(|json| visit(json, known)),
            Value::Array(items) => items.iter().for_each(|json| visit(json, known)),
            _ => {}
        }
    }
    for layer in layers {
        visit(&layer["inbound_nodes"], &known);
    }
    let ends = |json: &Value| -> Vec<Value> {
        match json {
            Value::Array(items) if items.first().is_some_and(Value::is_string) => vec![json.clone()],
            Value::Array(items) => items.clone(),
            Value::Object(object) => object.values().cloned().collect(),
            other => panic!("{name}: {other}"),
        }
    };
    let outputs = ends(&config["config"]["output_layers"]);
    assert!(!outputs.is_empty(), "{name}");
    outputs.iter().chain(&ends(&config["config"]["input_layers"])).for_each(|end| known(end, 1));
}

#[test]
fn every_model_is_exported_or_refused_by_name() {
    for (name, description, weights, bytes) in exported() {
        let file = KerasFile::parse(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(file.keras_version.as_deref(), Some(VERSION));
        check(&name, file.config.as_ref().expect("a configuration"));
        let options = Options { batch_size: Some(5) };
        let again = export(&description, &weights, &State::new(), &options).expect("a file");
        assert!(again.bytes == bytes, "{name}: other bytes");
    }
}

/// What a graph computes: its calls by the names of their layers, without the order in which they stand.
fn calls_of(graph: &GraphSpec) -> Vec<String> {
    let mut tensors: BTreeMap<usize, String> =
        graph.inputs.iter().map(|port| (port.tensor, format!("input {}", port.name))).collect();
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    let mut all = vec![];
    for call in &graph.calls {
        let layer = &graph.layers[call.layer];
        let count = counts.entry(call.layer).or_default();
        let inputs: Vec<&str> = call.inputs.iter().map(|tensor| tensors[tensor].as_str()).collect();
        all.push(format!("{} {count}: {inputs:?} {:?} {}", layer.name, call.keywords, call.steps));
        for (&tensor, at) in call.outputs.iter().zip(0..) {
            tensors.insert(tensor, format!("{} {count}.{at}", layer.name));
        }
        *count += 1;
    }
    for port in &graph.outputs {
        all.push(format!("output {}: {}", port.name, tensors[&port.tensor]));
    }
    all.sort();
    all
}

/// Layers by name: class, settings, whether they are trained, weights.
fn layers_of(graph: &GraphSpec) -> BTreeMap<String, String> {
    let called: Vec<usize> = graph.calls.iter().map(|call| call.layer).collect();
    let layers = graph.layers.iter().enumerate();
    let parts = |at: usize| graph.layers[at].parts.iter().any(|part| called.contains(part));
    let layers = layers.filter(|(at, _)| called.contains(at) || parts(*at));
    layers
        .map(|(_, layer)| {
            let arguments: Vec<String> =
                layer.item.arguments().map(|(name, value)| format!("{name} = {}", shown(value))).collect();
            let text = format!(
                "{}({}) {} {:?}",
                layer.item.class,
                arguments.join(", "),
                layer.trainable,
                layer.weights
            );
            (layer.name.clone(), text)
        })
        .collect()
}

/// An integer and the same as a float are the same.
fn shown(value: &Setting) -> String {
    match value {
        Setting::List(values) => format!("[{}]", values.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Setting::Item(item) => {
            let arguments: Vec<String> =
                item.arguments().map(|(name, value)| format!("{name} = {}", shown(value))).collect();
            format!("{}({})", item.class, arguments.join(", "))
        }
        Setting::Whole(Dim::Known(value)) => value.to_string(),
        Setting::Float(Number::Known(value)) => value.to_string(),
        other => format!("{other:?}"),
    }
}

/// Models that come back in another form: the difference, and why. All others are the same.
const CHANGED: &[(&str, &str, &str)] = &[
    ("example_operations_all", "layers", BOOL),
    ("example_operations_any", "layers", BOOL),
    ("example_operations_equal", "layers", BOOL),
    ("example_operations_greater", "layers", BOOL),
    ("example_operations_greater_equal", "layers", BOOL),
    ("example_operations_less", "layers", BOOL),
    ("example_operations_less_equal", "layers", BOOL),
    ("example_operations_logical_and", "layers", BOOL),
    ("example_operations_logical_not", "layers", BOOL),
    ("example_operations_logical_or", "layers", BOOL),
    ("example_operations_not_equal", "layers", BOOL),
    ("example_operations_get_item", "layers", RANGE),
    ("example_operations_split", "layers", RANGE),
    ("model_parts", "layers", RANGE),
    ("model_added_loss", "layers", "configurations have no losses of tensors"),
    ("model_masked_attention", "layers", "masks of class indices compare them as they are"),
    ("model_masking", "layers", "operations that compute masks have other names"),
    (
        "model_nested",
        "layer `conv2d`",
        "a model within a `TimeDistributed` and without is one object in Keras; conversions read them as two",
    ),
];

const BOOL: &str = "results of `bool` are cast to numbers where they are an output";
const RANGE: &str = "conversions leave out the ends of ranges that are those of the axis";

#[test]
fn what_is_exported_is_converted_into_the_same_model_with_the_same_bits() {
    let mut changed = vec![];
    for (name, description, wanted, bytes) in exported() {
        let file = KerasFile::parse(&bytes).expect("a file");
        let options = mimo_convert::keras::Options::default();
        let conversion = match convert(file.config.as_ref().expect("a configuration"), None, &options) {
            Ok(conversion) => conversion,
            Err(error) => {
                changed.push(format!("{name}: {error}"));
                continue;
            }
        };
        if !conversion.is_complete() {
            changed.push(format!("{name}: {:?}", conversion.problems));
            continue;
        }
        let graph = &conversion.whole().expect("a model").evaluated.graph;
        let found = graph_spec(graph, &Plan::new(graph));
        let weights = match weights::assign(&weights::layers_of(&conversion), &file) {
            Ok(weights) => weights,
            Err(error) => {
                changed.push(format!("{name}: {error}"));
                continue;
            }
        };
        // What nothing calls is not in the file.
        let called: Vec<&String> = description
            .graph
            .layers
            .iter()
            .enumerate()
            .filter(|(at, _)| description.graph.calls.iter().any(|call| call.layer == *at))
            .flat_map(|(_, layer)| &layer.weights)
            .collect();
        let wanted: Weights = wanted.into_iter().filter(|(path, _)| called.contains(&path)).collect();
        let differ = |what: &str, a: &dyn std::fmt::Debug, b: &dyn std::fmt::Debug| {
            format!("{name}: {what}\n  {a:?}\n  {b:?}")
        };
        if weights != wanted {
            changed.push(differ("weights", &weights.keys(), &wanted.keys()));
        } else if layers_of(&found) != layers_of(&description.graph) {
            let (a, b) = (layers_of(&found), layers_of(&description.graph));
            let a: Vec<_> = a.iter().filter(|(key, value)| b.get(*key) != Some(value)).collect();
            let b: Vec<_> = layers_of(&description.graph)
                .into_iter()
                .filter(|(key, value)| layers_of(&found).get(key) != Some(value))
                .collect();
            changed.push(differ("layers", &a, &b));
        } else if calls_of(&found) != calls_of(&description.graph) {
            let (a, b) = (calls_of(&found), calls_of(&description.graph));
            let only = |these: &[String], others: &[String]| {
                these.iter().filter(|it| !others.contains(it)).cloned().collect::<Vec<_>>()
            };
            changed.push(differ("calls", &only(&a, &b), &only(&b, &a)));
        }
    }
    let is_known =
        |text: &&String| CHANGED.iter().any(|(name, what, _)| text.starts_with(&format!("{name}: {what}")));
    let unknown: Vec<&str> = changed.iter().filter(|text| !is_known(text)).map(String::as_str).collect();
    assert!(unknown.is_empty(), "{} models:\n{}", unknown.len(), unknown.join("\n"));
    for (name, _, reason) in CHANGED {
        let is_there = changed.iter().any(|text| text.starts_with(&format!("{name}: ")));
        assert!(is_there, "{name} is the same, and not this: {reason}");
    }
}

/// Configurations that Keras has loaded: `UPDATE=1 cargo test -p mimo-convert --test to_keras` writes them anew.
#[test]
fn configurations_are_those_that_are_stored() {
    let stored = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keras/exported.json");
    let chosen = ["example_layers_Dense", "example_operations_where", "model_bidirectional", "model_nested"];
    let mut all = BTreeMap::new();
    for (name, _, _, bytes) in exported() {
        if chosen.contains(&name.as_str()) {
            all.insert(name, KerasFile::parse(&bytes).expect("a file").config);
        }
    }
    assert_eq!(all.len(), chosen.len());
    let text = serde_json::to_string_pretty(&all).expect("JSON") + "\n";
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&stored, &text).expect("a file");
    }
    let wanted = std::fs::read_to_string(&stored).unwrap_or_default();
    assert!(text == wanted, "{}: UPDATE=1 writes it anew", stored.display());
}

#[test]
fn an_operator_without_its_number_is_refused() {
    let text = include_str!("onnx/descriptions.json");
    let all: BTreeMap<String, Value> = serde_json::from_str(text).expect("JSON");
    let mut graph: Value =
        serde_json::from_str(all["example_operations_multiply"]["graph"].as_str().expect("a graph"))
            .expect("JSON");
    for layer in graph["layers"].as_array_mut().expect("layers") {
        layer["arguments"]["x2"] = Value::Null;
    }
    let metadata = BTreeMap::from([("graph".to_owned(), graph.to_string())]);
    let error = Description::of_metadata(&metadata).expect_err("a number is missing").to_string();
    assert!(error.contains("(multiply)") && error.contains("earlier version"), "{error}");
}

#[test]
fn several_optimizers_and_losses_of_ones_own_are_told() {
    let find = |wanted: &str| models().into_iter().find(|(name, ..)| name == wanted).expect("a model");
    let (_, mut description, weights) = find("model_added_loss");
    let (_, only) = description.optimizers.first().cloned().expect("an optimizer");
    let missing = |description: &Description| {
        export(description, &weights, &State::new(), &Options::default()).expect("a file").missing
    };
    let told = missing(&description);
    assert!(told.len() == 1 && told[0].contains("`add_loss`"), "{told:?}");
    description.optimizers = vec![("encoder".into(), only.clone()), ("rest".into(), only)];
    let told = missing(&description);
    assert!(told.iter().any(|text| text.contains("`encoder`, `rest`")), "{told:?}");
    description.outputs[0]["loss"] = serde_json::json!({ "class": "crate::pinball", "arguments": {} });
    let told = missing(&description);
    assert!(
        told.iter().any(|text| text.contains("output `y`") && text.contains("`crate::pinball`")),
        "{told:?}"
    );
}

/// Files of Keras that become files of weights, and files of Keras again: the same source, weights and optimizer.
#[test]
fn files_of_keras_come_back() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keras");
    for (name, lengths) in [
        ("churn.keras", &[][..]),
        ("siamese.keras", &[]),
        ("mood.keras", &[("words", 6)]),
        ("review.keras", &[]),
    ] {
        let converted = |file: &KerasFile, lengths: &[(&str, usize)]| {
            let lengths = lengths.iter().map(|&(input, length)| (input.to_owned(), vec![length])).collect();
            let options = mimo_convert::keras::Options { name: Some("Net".into()), lengths };
            let config = file.config.as_ref().expect("a model");
            let conversion = convert(config, file.compile_config.as_ref(), &options).expect("a conversion");
            assert!(conversion.is_complete(), "{name}: {:?}", conversion.problems);
            let found = weights::assign(&weights::layers_of(&conversion), file).expect("weights");
            let state = checkpoint::state(file, &conversion, &found).expect("a state").unwrap_or_default();
            let source = mimo_convert::cli::convert::source_of(&conversion, std::path::Path::new("net"));
            (source, found, state, conversion.metadata())
        };
        let file = KerasFile::read(&directory.join(name)).expect("a file of Keras");
        let (source, found, state, metadata) = converted(&file, lengths);
        let description = Description::of_metadata(&metadata).expect("a description");
        let back = export(&description, &found, &state, &Options::default()).expect("a file for Keras");
        assert_eq!(back.missing, Vec::<String>::new(), "{name}");
        let back = KerasFile::parse(&back.bytes).expect("a file of Keras");
        let (source_again, found_again, state_again, _) = converted(&back, &[]);
        let arrays = |weights: &Weights| {
            let mut all: Vec<_> = weights.values().map(|array| format!("{array:?}")).collect();
            all.sort();
            all
        };
        assert_eq!(arrays(&found_again), arrays(&found), "{name}");
        // A description has the layers of models nested in nested models as layers of the outer ones, and operators as
        // layers.
        if ["siamese.keras", "mood.keras"].contains(&name) {
            continue;
        }
        // Inputs of nested models are named by Keras.
        let of_net = |source: &str| source.split_once("pub Net").map(|(_, source)| source.to_owned());
        assert_eq!(of_net(&source_again), of_net(&source), "{name}");
        assert_eq!(found_again, found, "{name}");
        let of_optimizer = |state: &State| {
            let all = state.iter().filter(|(path, _)| path.starts_with("@optimizer"));
            all.map(|(path, it)| format!("{path}: {it:?}")).collect::<Vec<_>>()
        };
        assert_eq!(of_optimizer(&state_again), of_optimizer(&state), "{name}");
        // What every file has, and the state of a training.
        assert_eq!(name == "review.keras", state.keys().any(|path| path.contains("slot")), "{name}");
    }
}
