//! ONNX files of PyTorch, which `tests/fixtures/onnx/make.py` makes, become the sources that stand beside them: `UPDATE=1 cargo test -p mimo-convert
//! --test onnx_in` writes them anew, and `tests/compiled.rs` compiles two of them. The models of `tests/onnx/descriptions.json` go out and come in.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mimo_convert::cli::convert::source_of_onnx;
use mimo_convert::keras::Options;
use mimo_convert::onnx::import::{self, Imported};
use mimo_convert::onnx::model::{Attribute, Axis, Data, Element, Graph, Model, Node, Port, Tensor};
use mimo_convert::onnx::{decode, to_model};
use mimo_convert::{Array, Description, Values, Weights};
use serde_json::Value;

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/onnx")
}

fn read(name: &str) -> Model {
    decode(&std::fs::read(directory().join(format!("{name}.onnx"))).unwrap()).unwrap()
}

fn converted(name: &str) -> Imported {
    let options = Options { name: Some("Net".into()), ..Options::default() };
    import::convert(&read(name), &options).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn files_of_pytorch_become_the_sources_that_are_stored() {
    for name in ["two", "words", "residual", "attention"] {
        let path = directory().join(format!("{name}.rs"));
        let source = source_of_onnx(&converted(name), Path::new(&format!("{name}.onnx")));
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &source).unwrap();
        }
        let stored = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(source, stored, "{}: UPDATE=1 writes it anew", path.display());
    }
}

/// What is exported again and converted again is the same source with the same weights.
#[test]
fn a_converted_model_goes_out_and_comes_in_as_it_is() {
    for name in ["two", "words", "residual"] {
        let first = converted(name);
        let model = to_model(&first.description, &first.weights).unwrap();
        let again =
            import::convert(&model, &Options::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let numbers = |weights: &Weights| -> usize { weights.values().map(|array| array.values.len()).sum() };
        assert_eq!(numbers(&first.weights), numbers(&again.weights), "{name}");
        let third = to_model(&again.description, &again.weights).unwrap();
        assert_eq!(model.graph.nodes.len(), third.graph.nodes.len(), "{name}");
    }
}

/// A table of words that is the kernel of the last layer, too, becomes two weights, which is said.
#[test]
fn a_weight_of_two_layers_is_noted() {
    let table =
        Tensor { name: "table".into(), shape: vec![3, 2], data: Data::F32(vec![1., 2., 3., 4., 5., 6.]) };
    let node = |op: &str, inputs: [&str; 2], output: &str| Node {
        op: op.into(),
        name: output.into(),
        inputs: inputs.map(Into::into).into(),
        outputs: vec![output.into()],
        ..Node::default()
    };
    let mut last = node("Gemm", ["mean", "table"], "y");
    last.attributes.insert("transB".into(), Attribute::Int(1));
    let mut mean = node("ReduceMean", ["found", "axes"], "mean");
    mean.attributes.insert("keepdims".into(), Attribute::Int(0));
    let axes = Tensor { name: "axes".into(), shape: vec![1], data: Data::I64(vec![1]) };
    let port = |name: &str, element, len| Port {
        name: name.into(),
        element: Some(element),
        shape: vec![Axis::Free("batch".into()), Axis::Length(len)],
    };
    let model = Model {
        ir_version: 9,
        opsets: [(String::new(), 20)].into(),
        graph: Graph {
            nodes: vec![node("Gather", ["table", "x"], "found"), mean, last],
            initializers: vec![table, axes],
            inputs: vec![port("x", Element::I64, 4)],
            outputs: vec![port("y", Element::F32, 3)],
            ..Graph::default()
        },
        ..Model::default()
    };
    let found = import::convert(&model, &Options::default()).unwrap();
    let [note] = &found.notes[..] else { panic!("{:?}", found.notes) };
    assert!(note.contains("/kernel` has the values of `") && note.contains("/embeddings`"), "{note}");
}

/// Models of mimo that do not come in again, with the operator or the reason.
const WITHOUT: &[(&str, &str)] = &[
    ("example_activations_sparsemax", "`TopK` has no counterpart"),
    ("example_layers_GroupQueryAttention", "`matmul` multiplies the matrices of equal positions"),
    ("example_operations_arctan2", "it reads constants"),
    ("example_operations_in_train_phase", "it reads constants"),
    ("example_operations_logical_and", "it reads constants"),
    ("example_operations_logical_or", "it reads constants"),
    ("example_operations_mod", "`Mod` has no counterpart"),
    ("example_operations_random_normal", "`RandomNormalLike`"),
    ("example_operations_random_uniform", "`RandomUniformLike`"),
    ("example_operations_sparsemax", "`TopK` has no counterpart"),
    ("model_attention", "a constant of several numbers"),
    ("model_distributed", "(`Conv`, "),
    ("model_heads", "a constant of several numbers"),
    ("model_masked_text", "take a part of the batch"),
    ("model_nested", "(`Conv`, "),
    ("model_ports", "no values of the type 7"),
    ("model_recurrent_settings", "take a part of the batch"),
    ("model_reductions", "`TopK` has no counterpart"),
    ("model_values", "`Mod` has no counterpart"),
];

#[test]
fn models_of_mimo_come_in_again() {
    let text = include_str!("onnx/descriptions.json");
    let all: BTreeMap<String, Value> = serde_json::from_str(text).unwrap();
    let mut wrong = vec![];
    for (name, it) in all {
        let graph = it["graph"].as_str().unwrap().to_owned();
        let metadata = BTreeMap::from([("graph".to_owned(), graph), ("model".to_owned(), "Net".to_owned())]);
        let description = Description::of_metadata(&metadata).unwrap();
        let shapes: BTreeMap<String, Vec<usize>> = serde_json::from_value(it["weights"].clone()).unwrap();
        let weights = shapes.into_iter().map(|(path, shape)| {
            let values =
                Values::F32((0..shape.iter().product()).map(|at| 0.01 * (at % 7) as f32 + 0.1).collect());
            (path, Array { shape, values })
        });
        let Ok(model) = to_model(&description, &weights.collect()) else { continue };
        let found = import::convert(&model, &Options::default()).map_err(|error| error.to_string());
        let without = WITHOUT.iter().find(|(without, _)| *without == name);
        match (found, without) {
            (Ok(found), None) => {
                let names =
                    |all: Vec<&str>| all.iter().map(|name| name.replace('/', "_")).collect::<Vec<_>>();
                let wanted = names(description.graph.outputs.iter().map(|port| port.name.as_str()).collect());
                let ports = names(found.block.outputs.iter().map(|port| port.name.as_str()).collect());
                assert_eq!(ports.get(..wanted.len()), Some(&wanted[..]), "{name}");
            }
            (Err(error), Some((_, reason))) if error.contains(reason) => {}
            (found, _) => wrong.push(format!("{name}: {:?}", found.map(|_| ()))),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn port(name: &str, shape: &[usize]) -> Port {
    let axes = shape.iter().map(|&len| if len == 0 { Axis::Free("batch".into()) } else { Axis::Length(len) });
    Port { name: name.into(), element: Some(Element::F32), shape: axes.collect() }
}

fn node(op: &str, inputs: &[&str], attributes: &[(&str, Attribute)]) -> Node {
    Node {
        op: op.into(),
        name: "it".into(),
        inputs: inputs.iter().map(|&name| name.to_owned()).collect(),
        outputs: vec!["y".into()],
        attributes: attributes.iter().map(|(name, it)| ((*name).to_owned(), it.clone())).collect(),
        ..Node::default()
    }
}

/// A graph of one node; lengths of 0 are the batch.
fn graph(node: Node, input: &[usize], weights: &[(&str, &[usize])]) -> Model {
    let weights = weights.iter().map(|(name, shape)| Tensor {
        name: (*name).to_owned(),
        shape: shape.to_vec(),
        data: Data::F32(vec![0.5; shape.iter().product()]),
    });
    Model {
        opsets: [(String::new(), 20)].into(),
        graph: Graph {
            name: "net".into(),
            nodes: vec![node],
            initializers: weights.collect(),
            inputs: vec![port("x", input)],
            outputs: vec![port("y", &[0])],
        },
        ..Model::default()
    }
}

fn error(model: &Model) -> String {
    import::convert(model, &Options::default()).expect_err("an error").to_string()
}

#[test]
fn the_first_node_that_is_no_layer_is_named() {
    let found = error(&read("unknown"));
    let wanted = "the node `second` (`NonZero`, which outputs `places`): `NonZero` has no counterpart in mimo; \
                  `mimo convert --help` lists the operators that have one";
    assert_eq!(found, wanted);
}

#[test]
fn what_does_not_fit_is_an_error_that_says_what() {
    let ints = |all: &[i64]| Attribute::Ints(all.to_vec());
    let rows: [(Model, &str); 9] = [
        (graph(node("Relux", &["x"], &[]), &[0, 4], &[]), "(it has `Relu`)"),
        (
            graph(node("Gemm", &["x", "w"], &[]), &[0, 4], &[("w", &[3, 2])]),
            "the weight has 3 rows, and the last axis of the input 4 values",
        ),
        (
            graph(node("Gemm", &["x", "w"], &[("transA", Attribute::Int(1))]), &[0, 4], &[("w", &[4, 2])]),
            "a layer does not mix samples",
        ),
        (
            graph(node("Conv", &["x", "w"], &[]), &[0, 3, 8, 8, 8], &[("w", &[2, 3, 2, 2, 2])]),
            "one axis or two, and not over 3",
        ),
        (
            graph(node("Conv", &["x", "w"], &[]), &[0, 3, 8, 8], &[("w", &[2, 4, 2, 2])]),
            "does not fit 3 channels",
        ),
        (graph(node("ReduceMean", &["x"], &[("axes", ints(&[0]))]), &[0, 4], &[]), "it goes over samples"),
        (
            graph(node("Pad", &["x"], &[("mode", Attribute::Text("reflect".into()))]), &[0, 4], &[]),
            "not by `reflect`",
        ),
        (graph(node("Relu", &["z"], &[]), &[0, 4], &[]), "there is no value `z`"),
        (
            graph(node("Relu", &["x"], &[]), &[7, 4], &[]),
            "its first axis has the length 7: the batch has to be free or 1",
        ),
    ];
    for (model, wanted) in rows {
        let found = error(&model);
        assert!(found.contains(wanted), "{found}\nand not {wanted}");
    }
    let circle = graph(node("Relu", &["y"], &[]), &[0, 4], &[]);
    assert!(error(&circle).contains("reads its own output"));
    let mut twice = graph(node("Relu", &["x"], &[]), &[0, 4], &[]);
    twice.graph.nodes.push(node("Relu", &["x"], &[]));
    assert_eq!(error(&twice), "two nodes output `y`");
    let mut foreign = graph(node("Relu", &["x"], &[]), &[0, 4], &[]);
    foreign.graph.nodes[0].domain = "com.microsoft".into();
    assert!(error(&foreign).contains("domain `com.microsoft`"));
}

#[test]
fn lengths_that_are_open_have_to_be_given() {
    let mut model = graph(node("Relu", &["x"], &[]), &[0, 5, 4], &[]);
    model.graph.inputs[0].shape[1] = Axis::Free("steps".into());
    assert!(error(&model).contains("`--length x=…`"), "{}", error(&model));
    let given = |input: &str| Options { name: None, lengths: [(input.to_owned(), vec![9])].into() };
    let found = import::convert(&model, &given("x")).unwrap();
    assert_eq!(found.description.graph.tensors[0].shape.len(), 2);
    let wrong = import::convert(&model, &given("z")).unwrap_err().to_string();
    assert_eq!(wrong, "--length: there is no input `z`; the inputs are x");
}

/// Only what outputs need counts.
#[test]
fn nodes_that_no_output_needs_are_left_out() {
    let mut model = graph(node("Relu", &["x"], &[]), &[0, 4], &[]);
    let mut other = node("NonZero", &["x"], &[]);
    other.outputs = vec!["z".into()];
    model.graph.nodes.insert(0, other);
    model.graph.inputs.push(port("unused", &[0, 2]));
    let found = import::convert(&model, &Options::default()).unwrap();
    assert_eq!(found.notes, ["no output needs the input `unused`, so that it is left out"]);
    assert_eq!(found.block.inputs.len(), 1);
}
