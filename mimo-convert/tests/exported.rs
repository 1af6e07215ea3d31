//! ONNX files of the example of every layer, operation and activation of the language, and of larger models. Their descriptions are those of
//! files of weights, in `tests/onnx/descriptions.json`, which `tests/onnx/check.py --descriptions` writes; it also runs the files.

use std::collections::{BTreeMap, BTreeSet};

use mimo_convert::onnx::model::{Attribute, Graph};
use mimo_convert::onnx::{decode, encode, to_model};
use mimo_convert::{Array, Description, Values, Weights};
use mimo_graph::item::Module;
use mimo_graph::language::items;
use mimo_graph::spec::graph::built::{ItemSpec, Setting};
use serde_json::Value;

/// Names, descriptions, and weights of small numbers.
fn models() -> Vec<(String, Description, Weights)> {
    let text = include_str!("onnx/descriptions.json");
    let all: BTreeMap<String, Value> = serde_json::from_str(text).expect("JSON");
    let of = |(name, it): (String, Value)| {
        let graph = it["graph"].as_str().expect("a graph").to_owned();
        let metadata = BTreeMap::from([("graph".to_owned(), graph), ("model".to_owned(), "Net".to_owned())]);
        let description =
            Description::of_metadata(&metadata).unwrap_or_else(|error| panic!("{name}: {error}"));
        let weights = it["weights"].as_object().expect("weights").iter().map(|(path, shape)| {
            let shape: Vec<usize> = shape
                .as_array()
                .expect("a shape")
                .iter()
                .map(|len| len.as_u64().expect("a length") as usize)
                .collect();
            let values =
                (0..shape.iter().product::<usize>()).map(|at| 0.01 * (at % 7) as f32 + 0.1).collect();
            (path.clone(), Array { shape, values: Values::F32(values) })
        });
        (name, description, weights.collect())
    };
    all.into_iter().map(of).collect()
}

/// The layers that have no form in ONNX, with what the error says. All others have one.
const WITHOUT: &[(&str, &str)] = &[("random_truncated_normal", "no operator for a normal distribution")];

#[test]
fn every_model_is_exported_and_read_again() {
    for (name, description, weights) in models() {
        let without = WITHOUT
            .iter()
            .find(|(class, _)| description.graph.layers.iter().any(|it| it.item.class == *class));
        let model = match (to_model(&description, &weights), without) {
            (Ok(model), None) => model,
            (Err(error), Some((class, reason))) => {
                let text = error.to_string();
                assert!(text.contains(class) && text.contains(reason), "{name}: {text}");
                continue;
            }
            (Ok(_), Some((class, _))) => panic!("{name}: `{class}` has a form"),
            (Err(error), None) => panic!("{name}: {error}"),
        };
        check(&name, &model.graph);
        let inputs: Vec<&str> = model.graph.inputs.iter().map(|port| port.name.as_str()).collect();
        let named: Vec<&str> = description.graph.inputs.iter().map(|port| port.name.as_str()).collect();
        assert_eq!(inputs[..named.len()], named[..], "{name}");
        let bytes = encode(&model);
        assert_eq!(decode(&bytes).as_ref(), Ok(&model), "{name}");
    }
}

/// Every value is computed once and before it is read, every value in the file is read, and nothing is computed that no output needs.
fn check(name: &str, graph: &Graph) {
    let mut known: BTreeSet<&str> = BTreeSet::new();
    let mut read: BTreeSet<&str> = BTreeSet::new();
    for tensor in &graph.initializers {
        assert!(known.insert(&tensor.name), "{name}: two values `{}`", tensor.name);
        assert_eq!(tensor.shape.iter().product::<usize>(), tensor.data.len(), "{name}: `{}`", tensor.name);
    }
    for port in &graph.inputs {
        assert!(known.insert(&port.name), "{name}: two values `{}`", port.name);
    }
    for node in &graph.nodes {
        for input in node.inputs.iter().filter(|input| !input.is_empty()) {
            assert!(
                known.contains(input.as_str()),
                "{name}: `{}` reads `{input}` before it is known",
                node.name
            );
            read.insert(input);
        }
        for output in &node.outputs {
            assert!(known.insert(output), "{name}: two values `{output}`");
        }
        // What burn-onnx cannot read.
        for op in ["GlobalMaxPool", "GlobalAveragePool", "LpNormalization", "RMSNormalization", "Shrink"] {
            assert_ne!(node.op, op, "{name}");
        }
        let graphs = node.attributes.values().filter(|it| matches!(it, Attribute::Graph(_)));
        assert_eq!(graphs.count(), 0, "{name}: `{}` has a graph of its own", node.name);
    }
    read.extend(graph.outputs.iter().map(|port| port.name.as_str()));
    for port in &graph.outputs {
        assert!(known.contains(port.name.as_str()), "{name}: nothing computes `{}`", port.name);
    }
    for node in &graph.nodes {
        assert!(
            node.outputs.iter().any(|it| read.contains(it.as_str())),
            "{name}: nothing needs `{}`",
            node.name
        );
    }
    for tensor in &graph.initializers {
        assert!(read.contains(tensor.name.as_str()), "{name}: nothing reads `{}`", tensor.name);
    }
}

/// Classes of an item and of the items among its arguments.
fn classes(item: &ItemSpec, found: &mut BTreeSet<String>) {
    found.insert(item.class.to_owned());
    for (_, value) in item.arguments() {
        if let Setting::Item(item) = value {
            classes(item, found);
        }
    }
}

#[test]
fn every_layer_operation_and_activation_is_tried() {
    // What is no layer of a graph: inputs are its ports, and some operations are made of others.
    const MADE_OF_OTHERS: &[&str] = &["Input", "split", "unstack"];
    let mut found = BTreeSet::new();
    for (_, description, _) in models() {
        description.graph.layers.iter().for_each(|layer| classes(&layer.item, &mut found));
    }
    let all = [Module::Layers, Module::Operations, Module::Activations].into_iter().flat_map(items);
    let missing: Vec<&str> = all
        .map(|item| item.class)
        .filter(|class| !found.contains(*class) && !MADE_OF_OTHERS.contains(class))
        .collect();
    assert!(
        missing.is_empty(),
        "{missing:?}: not in tests/onnx/descriptions.json, which `tests/onnx/check.py --descriptions` writes"
    );
}

#[test]
fn a_weight_that_is_missing_is_named() {
    let (_, description, mut weights) = models()
        .into_iter()
        .find(|(name, ..)| name == "example_layers_Dense")
        .expect("the example of `Dense`");
    let path = weights.keys().find(|path| path.ends_with("kernel")).expect("a kernel").clone();
    weights.remove(&path);
    let error = to_model(&description, &weights).expect_err("a weight is missing").to_string();
    assert!(error.contains("layer `") && error.contains(&format!("`{path}`")), "{error}");
}
