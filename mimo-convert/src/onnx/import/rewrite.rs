//! Layers that programs write as several nodes: they become one node again before anything is converted.

use std::collections::BTreeMap;

use super::array::{Array, Numbers};
use super::constants::constant;
use super::net::{Net, int, ints};
use crate::onnx::model::{Attribute, Node};

/// Nodes of a product that are looked at.
const FACTORS: usize = 16;

/// Replaces the last node of each form that is known by one node of the operator that it is.
pub(super) fn rewrite(net: &mut Net) {
    for at in 0..net.nodes.len() {
        let Some(node) = net.nodes.get(at) else { return };
        let found = match node.op.as_str() {
            "Mul" | "Div" => activation(net, node).or_else(|| normalized(net, node)),
            "Clip" => hard_sigmoid(net, node),
            _ => None,
        };
        if let Some(found) = found {
            replace(net, at, found);
        }
    }
    // The scale and the offset of a normalization come after it.
    let mut readers: BTreeMap<String, usize> = BTreeMap::new();
    for name in net.nodes.iter().flat_map(|node| &node.inputs) {
        *readers.entry(name.clone()).or_default() += 1;
    }
    for op in ["Mul", "Add"] {
        for at in 0..net.nodes.len() {
            let Some(node) = net.nodes.get(at).filter(|node| node.op == op) else { continue };
            if let Some(found) = affine(net, node, &readers) {
                replace(net, at, found);
            }
        }
    }
}

fn replace(net: &mut Net, at: usize, found: Node) {
    if let Some(node) = net.nodes.get_mut(at) {
        let (name, outputs) = (node.name.clone(), node.outputs.clone());
        *node = Node { name, outputs, ..found };
    }
}

fn call(op: &str, inputs: &[&str], attributes: Vec<(&str, Attribute)>) -> Node {
    Node {
        op: op.into(),
        inputs: inputs.iter().map(|&it| it.to_owned()).collect(),
        attributes: attributes.into_iter().map(|(name, it)| (name.to_owned(), it)).collect(),
        ..Node::default()
    }
}

/// A constant of the file, or of a `Constant`.
fn array(net: &Net, value: &str) -> Option<Array> {
    if let Some(array) = net.arrays.get(value) {
        return Some((**array).clone());
    }
    constant(net.maker(value).filter(|node| node.op == "Constant")?).ok()
}

fn number(net: &Net, value: &str) -> Option<f64> {
    let is_float = |array: &Array| matches!(array.numbers, Numbers::Float(_));
    array(net, value).filter(is_float)?.number().map(f64::from)
}

fn is_near(x: f64, wanted: f64) -> bool {
    (x - wanted).abs() <= wanted.abs() * 1e-4
}

fn maker<'a>(net: &'a Net, value: &str, op: &str) -> Option<&'a Node> {
    net.maker(value).filter(|node| node.op == op)
}

fn input(node: &Node, at: usize) -> &str {
    node.inputs.get(at).map_or("", String::as_str)
}

/// A product as a number and the values that are multiplied. Squares are two values.
fn factors<'a>(net: &'a Net, value: &'a str) -> (f64, Vec<&'a str>) {
    let (mut scale, mut all, mut open) = (1.0, vec![], vec![value]);
    while let Some(value) = open.pop() {
        if let Some(x) = number(net, value) {
            scale *= x;
            continue;
        }
        match net.maker(value) {
            Some(node) if all.len() + open.len() > FACTORS => {
                all.push(node.outputs.first().map_or(value, String::as_str))
            }
            Some(node) if node.op == "Mul" && node.inputs.len() == 2 => {
                open.extend(node.inputs.iter().map(String::as_str))
            }
            Some(node) if node.op == "Div" && number(net, input(node, 1)).is_some() => {
                scale /= number(net, input(node, 1)).unwrap_or(1.0);
                open.push(input(node, 0));
            }
            Some(node) if node.op == "Pow" => match number(net, input(node, 1)) {
                Some(power @ (2.0 | 3.0)) => {
                    open.extend(std::iter::repeat_n(input(node, 0), if power == 2.0 { 2 } else { 3 }))
                }
                _ => all.push(value),
            },
            _ => all.push(value),
        }
    }
    (scale, all)
}

/// A sum of a number and a value.
fn moved<'a>(net: &'a Net, value: &str) -> Option<(&'a str, f64)> {
    let node = maker(net, value, "Add")?;
    let [a, b] = [input(node, 0), input(node, 1)];
    number(net, b).map(|x| (a, x)).or_else(|| number(net, a).map(|x| (b, x)))
}

/// `x · gate(x)` for the gates of `Gelu`, `Swish`, `HardSwish` and `Mish`.
fn activation(net: &Net, node: &Node) -> Option<Node> {
    let output = node.outputs.first()?;
    let (scale, all) = factors(net, output);
    // A product may be a part of a longer one: then that is the activation.
    let (gate_at, x) = match all[..] {
        [a, b] => [(a, b), (b, a)].into_iter().find(|(gate, x)| is_gate(net, gate, x))?,
        _ => return None,
    };
    let gate = net.maker(gate_at)?;
    match gate.op.as_str() {
        "Sigmoid" if is_near(scale, 1.0) => Some(call("Swish", &[x], vec![])),
        "HardSigmoid" if is_near(scale, 1.0) => Some(call("HardSwish", &[x], vec![])),
        "Clip" if is_near(scale, 1.0 / 6.0) => Some(call("HardSwish", &[x], vec![])),
        "Tanh" if is_near(scale, 1.0) => Some(call("Mish", &[x], vec![])),
        "Add" if is_near(scale, 0.5) => {
            let (inner, _) = moved(net, gate_at)?;
            let approximate = if maker(net, inner, "Erf").is_some() { "none" } else { "tanh" };
            Some(call("Gelu", &[x], vec![("approximate", Attribute::Text(approximate.into()))]))
        }
        _ => None,
    }
}

/// Whether a value is the gate of one of these activations of `x`.
fn is_gate(net: &Net, gate: &str, x: &str) -> bool {
    let Some(node) = net.maker(gate) else { return false };
    match node.op.as_str() {
        "Sigmoid" => input(node, 0) == x,
        "HardSigmoid" => {
            let alpha = super::net::float(node, "alpha").map(f64::from);
            input(node, 0) == x && alpha.is_some_and(|it| is_near(it, 1.0 / 6.0))
        }
        "Tanh" => maker(net, input(node, 0), "Softplus").is_some_and(|it| input(it, 0) == x),
        "Clip" => {
            let is_six = number(net, input(node, 1)) == Some(0.0) && number(net, input(node, 2)) == Some(6.0);
            is_six && moved(net, input(node, 0)).is_some_and(|(inner, by)| inner == x && by == 3.0)
        }
        "Add" => {
            let Some((inner, by)) = moved(net, gate) else { return false };
            let Some(function) = net.maker(inner).filter(|_| by == 1.0) else { return false };
            let (scale, all) = factors(net, input(function, 0));
            match (function.op.as_str(), &all[..]) {
                ("Erf", [inner]) => *inner == x && is_near(scale, std::f64::consts::FRAC_1_SQRT_2),
                ("Tanh", [sum]) => {
                    let root = (2.0 / std::f64::consts::PI).sqrt();
                    let Some(node) = maker(net, sum, "Add").filter(|_| is_near(scale, root)) else {
                        return false;
                    };
                    let cube = |value: &str| {
                        let (scale, all) = factors(net, value);
                        is_near(scale, 0.044715) && all == [x, x, x]
                    };
                    let [a, b] = [input(node, 0), input(node, 1)];
                    a == x && cube(b) || b == x && cube(a)
                }
                _ => false,
            }
        }
        _ => false,
    }
}

/// `clip(x / 6 + 1 / 2, 0, 1)`
fn hard_sigmoid(net: &Net, node: &Node) -> Option<Node> {
    if number(net, input(node, 1)) != Some(0.0) || number(net, input(node, 2)) != Some(1.0) {
        return None;
    }
    let (inner, by) = moved(net, input(node, 0)).filter(|(_, by)| *by == 0.5)?;
    let (scale, all) = factors(net, inner);
    let [x] = all[..] else { return None };
    let settings = vec![("alpha", Attribute::Float(1.0 / 6.0)), ("beta", Attribute::Float(by as f32))];
    is_near(scale, 1.0 / 6.0).then(|| call("HardSigmoid", &[x], settings))
}

/// The axes of a mean that keeps them.
fn mean<'a>(net: &'a Net, value: &str) -> Option<(&'a str, Vec<i64>)> {
    let node = maker(net, value, "ReduceMean")?;
    if int(node, "keepdims").unwrap_or(1) == 0 {
        return None;
    }
    let axes = match node.inputs.get(1) {
        Some(axes) => array(net, axes)?.to_whole()?,
        None => ints(node, "axes")?.to_vec(),
    };
    Some((input(node, 0), axes))
}

/// `(x − mean(x)) / √(mean((x − mean(x))²) + ε)` is `LayerNormalization`, and `x / √(mean(x²) + ε)` is `RMSNormalization`.
fn normalized(net: &Net, node: &Node) -> Option<Node> {
    let (x, root) = match node.op.as_str() {
        "Div" => (input(node, 0), maker(net, input(node, 1), "Sqrt")?),
        _ => {
            let of = |x: usize, other: usize| {
                let inverse = net.maker(input(node, other))?;
                let root = match inverse.op.as_str() {
                    "Reciprocal" => input(inverse, 0),
                    "Div" if number(net, input(inverse, 0)) == Some(1.0) => input(inverse, 1),
                    _ => return None,
                };
                Some((input(node, x), maker(net, root, "Sqrt")?))
            };
            of(0, 1).or_else(|| of(1, 0))?
        }
    };
    let (variance, epsilon) = moved(net, input(root, 0))?;
    let (squares, axes) = mean(net, variance)?;
    let (scale, all) = factors(net, squares);
    let &[a, b] = &all[..] else { return None };
    // One axis, the last: of more axes it is not known here whether they are the last ones.
    let is_last = axes == [-1];
    if a != b || a != x || scale != 1.0 || !is_last {
        return None;
    }
    let settings = vec![("axis", Attribute::Int(-1)), ("epsilon", Attribute::Float(epsilon as f32))];
    let centered = maker(net, x, "Sub").and_then(|sub| {
        let (inner, axes) = mean(net, input(sub, 1))?;
        (inner == input(sub, 0) && axes == [-1]).then_some(inner)
    });
    Some(match centered {
        Some(inner) => call("LayerNormalization", &[inner], settings),
        None => call("RMSNormalization", &[x], settings),
    })
}

/// A normalization together with the product or the sum after it, whose other factor is a weight of the last axis.
fn affine(net: &Net, node: &Node, readers: &BTreeMap<String, usize>) -> Option<Node> {
    let (normalization, weight) = [(0, 1), (1, 0)].into_iter().find_map(|(x, weight)| {
        let maker = net.maker(input(node, x))?;
        let is_one = ["LayerNormalization", "RMSNormalization"].contains(&maker.op.as_str());
        Some((maker, input(node, weight))).filter(|_| is_one)
    })?;
    array(net, weight).filter(|it| it.shape.len() == 1)?;
    let has_weights = normalization.inputs.len();
    let place = match (node.op.as_str(), normalization.op.as_str(), has_weights) {
        ("Mul", _, 1) => 1,
        ("Add", "LayerNormalization", 2) => 2,
        _ => return None,
    };
    // Only if nothing else reads what has no scale.
    let output = normalization.outputs.first()?;
    if readers.get(output) != Some(&1) || net.outputs.contains(output) {
        return None;
    }
    let mut found = normalization.clone();
    found.inputs.truncate(place);
    found.inputs.push(weight.to_owned());
    Some(found)
}
