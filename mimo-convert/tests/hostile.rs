//! Files that are made to cost much or to mislead: each becomes an error, or a model, within a second and little memory.
//!
//! Targets of `fuzz/convert` damage files at random; here are the attacks that have names.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use mimo_convert::keras::{Options, convert};
use mimo_convert::onnx::import;
use mimo_convert::onnx::model::{Attribute, Axis, Data, Element, Graph, Model, Node, Port, Tensor};
use mimo_convert::{Description, Error, Weights, onnx};
use serde_json::{Value, json};

/// The text of an error that has to come soon.
fn refused<T>(run: impl FnOnce() -> Result<T, Error>) -> String {
    let start = Instant::now();
    let text = match run() {
        Ok(_) => panic!("an attack was accepted"),
        Err(error) => error.to_string(),
    };
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}: {text}", start.elapsed());
    text
}

fn layer(class: &str, name: &str, config: Value, inputs: &[(&str, usize)]) -> Value {
    let tensors: Vec<Value> = inputs.iter().map(|(layer, call)| json!([layer, call, 0, {}])).collect();
    let nodes = if tensors.is_empty() { json!([]) } else { json!([tensors]) };
    let mut config = config;
    config["name"] = name.into();
    json!({ "class_name": class, "name": name, "config": config, "inbound_nodes": nodes })
}

fn functional(layers: Vec<Value>, output: &str) -> Value {
    json!({
        "class_name": "Functional",
        "config": {
            "name": "net",
            "layers": layers,
            "input_layers": [["x", 0, 0]],
            "output_layers": [[output, 0, 0]],
        },
    })
}

fn input() -> Value {
    layer("InputLayer", "x", json!({ "batch_input_shape": [null, 4], "dtype": "float32" }), &[])
}

fn of_keras(config: &Value) -> Result<(), Error> {
    let conversion = convert(config, None, &Options::default())?;
    match conversion.problems.iter().find(|problem| problem.is_missing) {
        Some(problem) => Err(Error::new(problem.reason.clone()).within(problem.place.clone())),
        None => Ok(()),
    }
}

#[test]
fn configurations_of_keras() {
    let dense = |name: &str, from: &str| layer("Dense", name, json!({ "units": 4 }), &[(from, 0)]);
    of_keras(&functional(vec![input(), dense("y", "x")], "y")).expect("a model without an attack");

    let circle = functional(vec![input(), dense("a", "b"), dense("b", "a")], "b");
    let itself = functional(vec![input(), dense("a", "a")], "a");
    let missing = functional(vec![input(), dense("a", "nothing")], "a");
    let class =
        functional(vec![input(), layer("os.system", "a", json!({ "module": "os" }), &[("x", 0)])], "a");
    let lambda =
        json!({ "function": ["4wEAAAA=", null, null], "function_type": "lambda", "module": "builtins" });
    let lambda = functional(vec![input(), layer("Lambda", "a", lambda, &[("x", 0)])], "a");
    let units = layer("Dense", "a", json!({ "units": u64::MAX }), &[("x", 0)]);
    let units = functional(vec![input(), units], "a");
    let negative = layer("Dense", "a", json!({ "units": -3 }), &[("x", 0)]);
    let negative = functional(vec![input(), negative], "a");
    let call = layer("Dense", "a", json!({ "units": 3 }), &[("x", usize::MAX)]);
    let call = functional(vec![input(), call], "a");
    let mut deep = functional(vec![input(), dense("y", "x")], "y");
    for _ in 0..60 {
        let mut model = json!({ "class_name": "Functional", "name": "m", "config": deep["config"] });
        model["inbound_nodes"] = json!([[["x", 0, 0, {}]]]);
        deep = functional(vec![input(), model], "m");
    }
    for (attack, config, said) in [
        ("a circle", circle, "reads its own output"),
        ("a layer that reads itself", itself, "reads its own output"),
        ("a layer that is not there", missing, "`nothing`"),
        ("a class of a module", class, "os.system"),
        ("code", lambda, "Lambda"),
        ("too many units", units, "units"),
        ("fewer than no units", negative, "-3"),
        ("a call that is not there", call, "does not exist"),
        ("models in models", deep, "nested"),
    ] {
        let text = refused(|| of_keras(&config));
        assert!(text.contains(said), "{attack}: {text}");
    }
}

fn node(op: &str, name: &str, inputs: &[&str], outputs: &[&str]) -> Node {
    Node {
        op: op.into(),
        name: name.into(),
        inputs: inputs.iter().map(|&it| it.into()).collect(),
        outputs: outputs.iter().map(|&it| it.into()).collect(),
        ..Node::default()
    }
}

fn of_nodes(nodes: Vec<Node>, initializers: Vec<Tensor>, output: &str) -> Model {
    let port = |name: &str, shape: Vec<Axis>| Port { name: name.into(), element: Some(Element::F32), shape };
    let rows = || Axis::Free("batch".into());
    Model {
        ir_version: 9,
        opsets: [(String::new(), 20)].into(),
        graph: Graph {
            nodes,
            initializers,
            inputs: vec![port("x", vec![rows(), Axis::Length(4)])],
            outputs: vec![port(output, vec![rows(), Axis::Length(4)])],
            ..Graph::default()
        },
        ..Model::default()
    }
}

fn imported(model: &Model) -> Result<import::Imported, Error> {
    import::convert(model, &Options::default())
}

fn floats(name: &str, shape: &[usize]) -> Tensor {
    let values = vec![0.5; shape.iter().product()];
    Tensor { name: name.into(), shape: shape.to_vec(), data: Data::F32(values) }
}

fn whole(name: &str, values: &[i64]) -> Tensor {
    Tensor { name: name.into(), shape: vec![values.len()], data: Data::I64(values.to_vec()) }
}

#[test]
fn graphs_of_onnx() {
    let relu = |from: &str, to: &str| node("Relu", to, &[from], &[to]);
    imported(&of_nodes(vec![relu("x", "y")], vec![], "y")).expect("a model without an attack");

    let circle = of_nodes(vec![relu("b", "a"), relu("a", "b")], vec![], "b");
    let itself = of_nodes(vec![relu("y", "y")], vec![], "y");
    let missing = of_nodes(vec![node("MatMul", "y", &["x", "nothing"], &["y"])], vec![], "y");
    let twice = of_nodes(vec![relu("x", "y"), relu("x", "y")], vec![], "y");
    let reshape =
        |to: &[i64]| of_nodes(vec![node("Reshape", "y", &["x", "to"], &["y"])], vec![whole("to", to)], "y");
    let expand =
        of_nodes(vec![node("Expand", "y", &["x", "to"], &["y"])], vec![whole("to", &[1, 1 << 40, 4])], "y");
    let tile =
        of_nodes(vec![node("Tile", "y", &["x", "to"], &["y"])], vec![whole("to", &[1, i64::MAX])], "y");
    // A graph in a node, which some engines run: a function that calls itself has the same form.
    let mut inner = node("If", "y", &["x"], &["y"]);
    inner.attributes.insert("then_branch".into(), Attribute::Graph(Graph::default()));
    let branch = of_nodes(vec![inner], vec![], "y");
    let mut own = node("F", "y", &["x"], &["y"]);
    own.domain = "functions.of.the.file".into();
    let function = of_nodes(vec![own], vec![], "y");
    let kernel = of_nodes(vec![node("MatMul", "y", &["x", "w"], &["y"])], vec![floats("w", &[3, 4])], "y");
    let mut conv = node("Conv", "y", &["x", "w"], &["y"]);
    conv.attributes.insert("pads".into(), Attribute::Ints(vec![i64::MIN, i64::MAX]));
    conv.attributes.insert("strides".into(), Attribute::Ints(vec![0]));
    let conv = of_nodes(vec![conv], vec![floats("w", &[1, 4, 1])], "y");
    for (attack, model) in [
        ("a circle", circle),
        ("a node that reads itself", itself),
        ("a weight that is not there", missing),
        ("two values of one name", twice),
        ("lengths below 0", reshape(&[0, -7])),
        ("two lengths that are open", reshape(&[-1, -1])),
        ("a length of nothing", reshape(&[0, 0, 0, 0, 0])),
        ("a huge value", expand),
        ("a huge copy", tile),
        ("a branch", branch),
        ("a function", function),
        ("a kernel that does not fit", kernel),
        ("paddings that overflow", conv),
    ] {
        let text = refused(|| imported(&model).map(drop));
        assert!(!text.is_empty(), "{attack}");
    }
}

/// Nodes that no output needs are not looked at, and a long chain of nodes is no deep one.
#[test]
fn many_nodes_of_onnx() {
    let count = 100_000;
    let chain = (0..count).map(|at| {
        let from = if at == 0 { "x".to_owned() } else { format!("v{}", at - 1) };
        node("Relu", &format!("n{at}"), &[&from], &[&format!("v{at}")])
    });
    let mut model = of_nodes(chain.collect(), vec![], "v0");
    let found = imported(&model).expect("one node that is needed");
    assert_eq!(found.block.statements.len(), 2, "{:?}", found.block.statements);
    // The whole chain.
    model.graph.nodes.truncate(500);
    model.graph.outputs[0].name = "v499".into();
    let start = Instant::now();
    let made = imported(&model);
    assert!(made.is_ok(), "{:?}", made.err());
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

/// What a file of weights says of its model is no reason for more memory than a file has.
#[test]
fn descriptions() {
    let graph = |shape: Value, class: &str, arguments: Value| {
        json!({
            "layers": [
                { "name": "x", "class": "Input", "arguments": {}, "parts": [], "weights": [] },
                { "name": "y", "class": class, "arguments": arguments, "parts": [], "weights": [] },
            ],
            "calls": [{ "layer": 1, "inputs": [0], "keywords": [], "outputs": [1], "steps": 0 }],
            "tensors": [
                { "binding": "x", "shape": shape, "dtype": "float" },
                { "binding": "y", "shape": shape, "dtype": "float" },
            ],
            "models": [],
            "inputs": [{ "name": "x", "tensor": 0 }],
            "outputs": [{ "name": "y", "tensor": 1, "loss": null, "weight": 1.0, "metrics": [] }],
            "optimizer": null,
        })
    };
    let read = |graph: &Value| {
        let metadata = BTreeMap::from([("graph".to_owned(), graph.to_string())]);
        Description::of_metadata(&metadata)
    };
    let mut own = graph(json!([4]), "Dropout", json!({ "rate": 0.5 }));
    own["layers"].as_array_mut().expect("layers").remove(0);
    own["calls"][0]["layer"] = 0.into();
    read(&own).expect("a description without an attack");
    for (attack, path, value) in [
        ("a layer that is not there", "/calls/0/layer", json!(9)),
        ("a tensor that is not there", "/calls/0/inputs/0", json!(1_u64 << 60)),
        ("a call that reads its output", "/calls/0/inputs/0", json!(1)),
        ("an output that is not there", "/outputs/0/tensor", json!(7)),
        ("a length below 0", "/tensors/0/shape/0", json!(-4)),
        ("a class that is not there", "/layers/0/class", json!("os.system")),
        ("no tensors", "/tensors", json!([])),
        ("a text for a list", "/calls", json!("calls")),
    ] {
        let mut graph = own.clone();
        *graph.pointer_mut(path).expect("a place") = value;
        let text = refused(|| read(&graph).map(drop));
        assert!(text.starts_with("graph: "), "{attack}: {text}");
    }
    // Lengths whose product is too large to compute with.
    let mut huge = own.clone();
    for tensor in 0..2 {
        huge["tensors"][tensor]["shape"] = json!([1_u64 << 33, 1_u64 << 33]);
    }
    let description = read(&huge).expect("lengths are checked where they are used");
    refused(|| onnx::export(&description, &Weights::new()));
}
