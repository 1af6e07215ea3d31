//! The graph of a file with its values by name: which node makes a value, and which nodes read it.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::array::Array;
use crate::error::Error;
use crate::onnx::model::{Attribute, Graph, Model, Node};

/// A graph whose nodes may be replaced by others.
#[derive(Debug)]
pub(super) struct Net {
    /// The nodes, in the order of the file. Those that nothing needs stay.
    pub(super) nodes: Vec<Node>,
    /// Index of the node that outputs each value.
    makers: BTreeMap<String, usize>,
    /// Numbers of the file by name.
    pub(super) arrays: BTreeMap<String, Rc<Array>>,
    /// Names of outputs.
    pub(super) outputs: BTreeSet<String>,
    /// The version of ONNX's operators.
    pub(super) opset: i64,
}

impl Net {
    /// Indexes a graph.
    pub(super) fn new(model: &Model) -> Result<Net, Error> {
        let Graph { nodes, initializers, outputs, .. } = &model.graph;
        let mut makers = BTreeMap::new();
        for (at, node) in nodes.iter().enumerate() {
            for output in node.outputs.iter().filter(|name| !name.is_empty()) {
                if makers.insert(output.clone(), at).is_some() {
                    return Err(Error::new(format!("two nodes output `{output}`")));
                }
            }
        }
        let arrays = initializers
            .iter()
            .map(|tensor| (tensor.name.clone(), Rc::new(Array::of(tensor, Some(&tensor.name)))));
        Ok(Net {
            nodes: nodes.clone(),
            makers,
            arrays: arrays.collect(),
            outputs: outputs.iter().map(|port| port.name.clone()).collect(),
            opset: model.opsets.get("").or_else(|| model.opsets.get("ai.onnx")).copied().unwrap_or(1),
        })
    }

    /// The node that makes a value.
    pub(super) fn maker(&self, value: &str) -> Option<&Node> {
        self.nodes.get(*self.makers.get(value)?)
    }

    /// The nodes that outputs need, each after those whose values it reads.
    ///
    /// # Errors
    /// A node that reads its own output.
    pub(super) fn order(&self) -> Result<Vec<usize>, Error> {
        let mut order = vec![];
        let mut state: BTreeMap<usize, bool> = BTreeMap::new();
        // The order of the file, as far as it is one: nodes that are needed by the first outputs do not come first.
        let mut needed = BTreeSet::new();
        let mut open: Vec<usize> =
            self.outputs.iter().filter_map(|name| self.makers.get(name).copied()).collect();
        while let Some(at) = open.pop() {
            if needed.insert(at) {
                open.extend(self.before(at));
            }
        }
        for &root in &needed {
            let mut stack = vec![(root, false)];
            while let Some((at, is_done)) = stack.pop() {
                match (is_done, state.get(&at)) {
                    (true, _) => {
                        state.insert(at, true);
                        order.push(at);
                    }
                    (false, Some(true)) => {}
                    (false, Some(false)) => {
                        let node = self.nodes.get(at);
                        return Err(Error::new(format!(
                            "{} reads its own output",
                            node.map_or(String::new(), shown)
                        )));
                    }
                    (false, None) => {
                        state.insert(at, false);
                        stack.push((at, true));
                        stack.extend(
                            self.before(at).filter(|it| state.get(it) != Some(&true)).map(|it| (it, false)),
                        );
                    }
                }
            }
        }
        Ok(order)
    }

    /// The nodes whose values a node reads.
    fn before(&self, at: usize) -> impl Iterator<Item = usize> {
        let inputs = self.nodes.get(at).map_or(&[][..], |node| &node.inputs);
        inputs.iter().filter_map(|name| self.makers.get(name).copied())
    }

    /// By value: the nodes of `order` that read it.
    pub(super) fn readers(&self, order: &[usize]) -> BTreeMap<String, Vec<usize>> {
        let mut readers: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for &at in order {
            for input in self.nodes.get(at).map_or(&[][..], |node| &node.inputs) {
                if !input.is_empty() {
                    readers.entry(input.clone()).or_default().push(at);
                }
            }
        }
        readers
    }
}

/// A node in messages: what it is called, its operator, and its first output.
pub(super) fn shown(node: &Node) -> String {
    let output = node.outputs.first().map_or("", String::as_str);
    match node.name.is_empty() {
        true => format!("the node `{}` that outputs `{output}`", node.op),
        false => format!("the node `{}` (`{}`, which outputs `{output}`)", node.name, node.op),
    }
}

/// An integer of an attribute.
pub(super) fn int(node: &Node, name: &str) -> Option<i64> {
    match node.attributes.get(name) {
        Some(Attribute::Int(n)) => Some(*n),
        _ => None,
    }
}

/// Integers of an attribute.
pub(super) fn ints<'a>(node: &'a Node, name: &str) -> Option<&'a [i64]> {
    match node.attributes.get(name) {
        Some(Attribute::Ints(all)) => Some(all),
        _ => None,
    }
}

/// A number of an attribute.
pub(super) fn float(node: &Node, name: &str) -> Option<f32> {
    match node.attributes.get(name) {
        Some(Attribute::Float(x)) => Some(*x),
        _ => None,
    }
}

/// A text of an attribute; empty without it.
pub(super) fn text<'a>(node: &'a Node, name: &str) -> &'a str {
    match node.attributes.get(name) {
        Some(Attribute::Text(text)) => text,
        _ => "",
    }
}
