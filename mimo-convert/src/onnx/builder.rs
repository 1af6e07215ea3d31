//! Writes an ONNX graph node by node.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::model::{Attribute, Axis, Data, Element, Graph, Node, Port, Tensor};

/// A value of the graph, by its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Value(Rc<str>);

impl Value {
    pub(crate) fn name(&self) -> &str {
        &self.0
    }
}

/// Settings of a node.
pub(crate) type Settings = Vec<(&'static str, Attribute)>;

/// The length that `Reshape` finds out.
pub(crate) const REST: i64 = -1;

/// A graph in the making.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    graph: Graph,
    names: BTreeSet<String>,
    /// How many names were asked for by the same text, so that the next one is found at once.
    asked: BTreeMap<String, usize>,
    /// The name of the layer that is written, with which names of its nodes begin.
    scope: String,
    /// Constants and weights that are in the graph, by what they hold.
    constants: BTreeMap<String, Value>,
}

impl Builder {
    /// Names of the nodes that follow begin with this one.
    pub(crate) fn enter(&mut self, scope: &str) {
        self.scope = scope.to_owned();
    }

    /// A name that nothing has so far.
    fn unique(&mut self, wanted: String) -> String {
        let number = self.asked.entry(wanted.clone()).or_insert(0);
        loop {
            *number += 1;
            let name = match *number {
                1 => wanted.clone(),
                number => format!("{wanted}_{number}"),
            };
            if self.names.insert(name.clone()) {
                return name;
            }
        }
    }

    /// An input of the graph. Inputs come before everything else, so that they have their names.
    pub(crate) fn input(&mut self, name: &str, element: Element, shape: Vec<Axis>) -> Value {
        let name = self.unique(name.to_owned());
        self.graph.inputs.push(Port { name: name.clone(), element: Some(element), shape });
        Value(name.into())
    }

    pub(crate) fn is_input(&self, value: &Value) -> bool {
        self.graph.inputs.iter().any(|port| port.name == value.name())
    }

    /// Keeps a name for an output. Returns another one if something has it.
    pub(crate) fn reserve(&mut self, name: &str) -> String {
        match self.names.insert(name.to_owned()) {
            true => name.to_owned(),
            false => self.unique(format!("{name}_output")),
        }
    }

    /// An output of the graph with a reserved name.
    pub(crate) fn output(&mut self, name: String, value: &Value, element: Element, shape: Vec<Axis>) {
        self.graph.nodes.push(Node {
            op: "Identity".into(),
            name: name.clone(),
            inputs: vec![value.name().into()],
            outputs: vec![name.clone()],
            ..Node::default()
        });
        self.graph.outputs.push(Port { name, element: Some(element), shape });
    }

    /// The graph, without nodes that no output needs.
    pub(crate) fn finish(mut self, name: &str) -> Graph {
        let mut needed: BTreeSet<String> = self.graph.outputs.iter().map(|port| port.name.clone()).collect();
        let mut kept = vec![];
        for node in std::mem::take(&mut self.graph.nodes).into_iter().rev() {
            if node.outputs.iter().any(|output| needed.contains(output)) {
                needed.extend(node.inputs.iter().cloned());
                kept.push(node);
            }
        }
        kept.reverse();
        self.graph.nodes = kept;
        self.graph.initializers.retain(|it| needed.contains(&it.name));
        self.graph.name = name.to_owned();
        self.graph
    }

    /// A node with one output.
    pub(crate) fn node(&mut self, op: &str, inputs: &[&Value]) -> Value {
        self.node_with(op, inputs, vec![])
    }

    /// A node with settings and one output.
    pub(crate) fn node_with(&mut self, op: &str, inputs: &[&Value], settings: Settings) -> Value {
        let inputs = inputs.iter().map(|value| Some(*value)).collect::<Vec<_>>();
        let [value] = self.nodes(op, &inputs, settings);
        value
    }

    /// A node with several outputs, and optional inputs.
    pub(crate) fn nodes<const N: usize>(
        &mut self,
        op: &str,
        inputs: &[Option<&Value>],
        settings: Settings,
    ) -> [Value; N] {
        let wanted = match self.scope.is_empty() {
            true => op.to_owned(),
            false => format!("{}/{op}", self.scope),
        };
        let outputs: [Value; N] = std::array::from_fn(|_| Value(self.unique(wanted.clone()).into()));
        let names = inputs.iter().map(|value| value.map_or("", Value::name).to_owned());
        self.graph.nodes.push(Node {
            op: op.to_owned(),
            domain: String::new(),
            name: outputs.first().map_or(wanted, |value| value.name().to_owned()),
            inputs: names.collect(),
            outputs: outputs.iter().map(|value| value.name().to_owned()).collect(),
            attributes: settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        });
        outputs
    }

    /// Values that are in the file; the same ones are there once.
    pub(crate) fn initializer(
        &mut self,
        key: &str,
        name: &str,
        make: impl FnOnce() -> (Vec<usize>, Data),
    ) -> Value {
        if let Some(value) = self.constants.get(key) {
            return value.clone();
        }
        let name = self.unique(name.to_owned());
        let (shape, data) = make();
        self.graph.initializers.push(Tensor { name: name.clone(), shape, data });
        let value = Value(name.into());
        self.constants.insert(key.to_owned(), value.clone());
        value
    }

    /// Constant floats.
    pub(crate) fn floats(&mut self, shape: &[usize], values: &[f64]) -> Value {
        let values: Vec<f32> = values.iter().map(|&value| value as f32).collect();
        let bits: Vec<u32> = values.iter().map(|value| value.to_bits()).collect();
        let name = match values[..] {
            [value] if shape.is_empty() => format!("constant/{value}"),
            _ => "constant/floats".to_owned(),
        };
        self.initializer(&format!("f{shape:?}{bits:?}"), &name, || (shape.to_vec(), Data::F32(values)))
    }

    /// One constant float.
    pub(crate) fn number(&mut self, value: f64) -> Value {
        self.floats(&[], &[value])
    }

    /// Constant integers along one axis.
    pub(crate) fn ints(&mut self, values: &[i64]) -> Value {
        self.initializer(&format!("i{values:?}"), "constant/ints", || {
            (vec![values.len()], Data::I64(values.to_vec()))
        })
    }

    /// One constant integer.
    pub(crate) fn int(&mut self, value: i64) -> Value {
        self.initializer(&format!("i{value}"), &format!("constant/{value}"), || {
            (vec![], Data::I64(vec![value]))
        })
    }

    /// `a + b`, and so on.
    pub(crate) fn add(&mut self, a: &Value, b: &Value) -> Value {
        self.node("Add", &[a, b])
    }

    pub(crate) fn sub(&mut self, a: &Value, b: &Value) -> Value {
        self.node("Sub", &[a, b])
    }

    pub(crate) fn mul(&mut self, a: &Value, b: &Value) -> Value {
        self.node("Mul", &[a, b])
    }

    pub(crate) fn div(&mut self, a: &Value, b: &Value) -> Value {
        self.node("Div", &[a, b])
    }

    pub(crate) fn max(&mut self, a: &Value, b: &Value) -> Value {
        self.node("Max", &[a, b])
    }

    pub(crate) fn min(&mut self, a: &Value, b: &Value) -> Value {
        self.node("Min", &[a, b])
    }

    /// `a + number`, and so on.
    pub(crate) fn add_number(&mut self, a: &Value, number: f64) -> Value {
        let number = self.number(number);
        self.add(a, &number)
    }

    pub(crate) fn mul_number(&mut self, a: &Value, number: f64) -> Value {
        let number = self.number(number);
        self.mul(a, &number)
    }

    pub(crate) fn max_number(&mut self, a: &Value, number: f64) -> Value {
        let number = self.number(number);
        self.max(a, &number)
    }

    /// Limits to `low..=high`.
    pub(crate) fn clip(&mut self, x: &Value, low: f64, high: f64) -> Value {
        let [low, high] = [low, high].map(|bound| self.number(bound));
        self.node("Clip", &[x, &low, &high])
    }

    /// `a` where the condition holds, else `b`.
    pub(crate) fn choose(&mut self, condition: &Value, a: &Value, b: &Value) -> Value {
        self.node("Where", &[condition, a, b])
    }

    /// Values as another type.
    pub(crate) fn cast(&mut self, x: &Value, to: Element) -> Value {
        self.node_with("Cast", &[x], vec![("to", Attribute::Int(to.number()))])
    }

    /// Another shape of the same values.
    pub(crate) fn reshape(&mut self, x: &Value, shape: &[i64]) -> Value {
        let shape = self.ints(shape);
        self.node("Reshape", &[x, &shape])
    }

    /// Another order of the axes: for each new axis the old one.
    pub(crate) fn transpose(&mut self, x: &Value, order: &[usize]) -> Value {
        if order.iter().copied().eq(0..order.len()) {
            return x.clone();
        }
        let order = order.iter().map(|&axis| int(axis)).collect();
        self.node_with("Transpose", &[x], vec![("perm", Attribute::Ints(order))])
    }

    /// A reduction such as `ReduceMean` over some axes.
    pub(crate) fn reduce(&mut self, op: &str, x: &Value, axes: &[usize], keepdims: bool) -> Value {
        let axes: Vec<i64> = axes.iter().map(|&axis| int(axis)).collect();
        let axes = self.ints(&axes);
        self.node_with(op, &[x, &axes], vec![("keepdims", Attribute::Int(i64::from(keepdims)))])
    }

    /// The positions `start..end` of an axis.
    pub(crate) fn slice(&mut self, x: &Value, axis: usize, start: usize, end: usize) -> Value {
        let [start, end, axis] = [start, end, axis].map(|number| self.ints(&[int(number)]));
        self.node("Slice", &[x, &start, &end, &axis])
    }

    /// The positions of some axes in the opposite order. Ends before the first are cut off, and some engines have 32 bits for them.
    pub(crate) fn flip(&mut self, x: &Value, axes: &[usize]) -> Value {
        let count = axes.len();
        let axes: Vec<i64> = axes.iter().map(|&axis| int(axis)).collect();
        let [start, end, axes, step] =
            [vec![-1; count], vec![i64::from(i32::MIN) + 1; count], axes, vec![-1; count]]
                .map(|all| self.ints(&all));
        self.node("Slice", &[x, &start, &end, &axes, &step])
    }

    /// Values one after the other along an axis.
    pub(crate) fn concat(&mut self, values: &[Value], axis: usize) -> Value {
        if let [value] = values {
            return value.clone();
        }
        let values: Vec<&Value> = values.iter().collect();
        self.node_with("Concat", &values, vec![("axis", Attribute::Int(int(axis)))])
    }

    /// Axes of length 1, at these places of the result.
    pub(crate) fn unsqueeze(&mut self, x: &Value, axes: &[usize]) -> Value {
        let axes: Vec<i64> = axes.iter().map(|&axis| int(axis)).collect();
        let axes = self.ints(&axes);
        self.node("Unsqueeze", &[x, &axes])
    }

    /// Without axes of length 1.
    pub(crate) fn squeeze(&mut self, x: &Value, axes: &[usize]) -> Value {
        let axes: Vec<i64> = axes.iter().map(|&axis| int(axis)).collect();
        let axes = self.ints(&axes);
        self.node("Squeeze", &[x, &axes])
    }

    /// A softmax over one axis.
    pub(crate) fn softmax(&mut self, op: &str, x: &Value, axis: usize) -> Value {
        self.node_with(op, &[x], vec![("axis", Attribute::Int(int(axis)))])
    }
}

/// A length or an axis as ONNX has them. None that can be in memory is larger.
pub(crate) fn int(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
