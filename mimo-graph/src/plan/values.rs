//! Maps tensors of the graph to values, and finds which tensors are needed.

use crate::graph::{Graph, LayerId, NodeId, TensorId};
use crate::layers::layer::Effect;
use crate::order::{earlier_calls, live_nodes};

/// A value: a tensor and the tensors that share its memory, since `Flatten` and `Reshape` do not copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ValueId(pub usize);

/// Facts about the graph's tensors before anything is placed.
#[derive(Debug)]
pub(super) struct Values {
    /// By tensor: its value.
    pub of_tensor: Vec<ValueId>,
    /// Calls that lead to an output, in topological order.
    pub live: Vec<NodeId>,
    /// By value: the outputs that contribute to the total loss and depend on it, ascending; followed by one index for
    /// penalties and added losses that lead to none of these outputs.
    pub reachable_outputs: Vec<Vec<usize>>,
    /// By value: whether it depends on a trained weight.
    pub requires_grad: Vec<bool>,
    /// By value of the graph: the live calls that read it, each once, in order.
    pub readers: Vec<Vec<NodeId>>,
    /// By value of the graph: its tensors.
    pub tensors: Vec<Vec<TensorId>>,
    /// By tensor: the outputs of the model that it is.
    pub ports: Vec<Vec<usize>>,
    /// By tensor: whether only the model itself reads it, as an output or as the mask of an output.
    pub read_by_model: Vec<bool>,
    /// By layer: the number of its live calls.
    pub calls: Vec<usize>,
    /// By call: the number of earlier calls of its layer.
    pub earlier: Vec<usize>,
}

impl Values {
    pub(super) fn new(graph: &Graph) -> Self {
        let live = live_nodes(graph);
        let mut of_tensor = vec![ValueId(usize::MAX); graph.tensors.len()];
        let mut count = 0;
        let mut fresh = |of_tensor: &mut Vec<ValueId>, tensor: TensorId| {
            of_tensor[tensor.index()] = ValueId(count);
            count += 1;
        };
        for (index, tensor) in graph.tensors.iter().enumerate() {
            if tensor.producer.is_none() {
                fresh(&mut of_tensor, TensorId(index as u32));
            }
        }
        for &id in &live {
            let node = graph.node(id);
            let alias = graph.kind(node).aliases();
            for &output in &node.outputs {
                match node.inputs.first() {
                    Some(input) if alias => of_tensor[output.index()] = of_tensor[input.index()],
                    _ => fresh(&mut of_tensor, output),
                }
            }
        }
        let mut values = Values {
            reachable_outputs: vec![Vec::new(); count],
            requires_grad: vec![false; count],
            readers: vec![Vec::new(); count],
            tensors: vec![Vec::new(); count],
            ports: vec![Vec::new(); graph.tensors.len()],
            read_by_model: vec![false; graph.tensors.len()],
            calls: vec![0; graph.layers.len()],
            earlier: earlier_calls(graph),
            of_tensor,
            live,
        };
        values.find_uses(graph);
        values.find_depends(graph);
        values.find_reaches(graph);
        values
    }

    pub(super) fn of(&self, tensor: TensorId) -> ValueId {
        self.of_tensor[tensor.index()]
    }

    /// Whether the value has a gradient: it depends on a trained weight, and a trained output depends on it.
    pub(super) fn has_gradient(&self, value: ValueId) -> bool {
        self.requires_grad[value.0] && !self.reachable_outputs[value.0].is_empty()
    }

    /// A value that is not a tensor of the graph, with a gradient if `like` has one.
    pub(super) fn add(&mut self, like: ValueId) -> ValueId {
        self.reachable_outputs.push(self.reachable_outputs[like.0].clone());
        self.requires_grad.push(self.requires_grad[like.0]);
        ValueId(self.reachable_outputs.len() - 1)
    }

    /// Whether the value is an output or the mask of one, so that it is needed without a reader.
    pub(super) fn is_read_by_model(&self, value: ValueId) -> bool {
        self.tensors[value.0].iter().any(|tensor| self.read_by_model[tensor.index()])
    }

    /// Number of values.
    pub(super) fn len(&self) -> usize {
        self.reachable_outputs.len()
    }

    fn find_uses(&mut self, graph: &Graph) {
        for &id in &self.live {
            self.calls[graph.node(id).layer.index()] += 1;
            for &input in &graph.node(id).inputs {
                let readers = &mut self.readers[self.of_tensor[input.index()].0];
                if readers.last() != Some(&id) {
                    readers.push(id);
                }
            }
        }
        for (index, port) in graph.outputs.iter().enumerate() {
            self.ports[port.tensor.index()].push(index);
            for tensor in [Some(port.tensor), graph.output_mask(index)].into_iter().flatten() {
                self.read_by_model[tensor.index()] = true;
            }
        }
        for (index, value) in self.of_tensor.iter().enumerate() {
            // Tensors that no output needs have no value.
            if let Some(tensors) = self.tensors.get_mut(value.0) {
                tensors.push(TensorId(index as u32));
            }
        }
    }

    fn find_depends(&mut self, graph: &Graph) {
        for i in 0..self.live.len() {
            let node = graph.node(self.live[i]);
            let own = trained(graph, node.layer);
            // Random numbers do not depend on the weights.
            let drawn = graph.core(node).0.effect() == Effect::Drawn;
            let before = !drawn && node.inputs.iter().any(|&input| self.requires_grad[self.of(input).0]);
            for &output in &node.outputs {
                let value = self.of(output);
                self.requires_grad[value.0] |= own || before;
            }
        }
    }

    fn find_reaches(&mut self, graph: &Graph) {
        // Models have few outputs, so sorted lists are fast enough.
        let mut sets: Vec<Vec<usize>> = vec![Vec::new(); self.reachable_outputs.len()];
        if let Some(compile) = &graph.compile {
            for (index, port) in graph.outputs.iter().enumerate() {
                if compile.trains(index) {
                    insert(&mut sets[self.of(port.tensor).0], index);
                }
            }
        }
        for &id in self.live.iter().rev() {
            let node = graph.node(id);
            let mut reached: Vec<usize> =
                node.outputs.iter().flat_map(|&output| sets[self.of(output).0].clone()).collect();
            // A penalty on all outputs of a call counts as a loss, even if nothing else reads them; so does an added
            // loss.
            let kind = graph.kind(node);
            if kind.activity_regularizer().is_some() || kind.added_loss().is_some() {
                // If no loss follows, the penalty itself is a term of the total loss: its index is after those of the
                // outputs.
                if reached.is_empty() && graph.compile.is_some() {
                    reached.push(graph.outputs.len());
                }
                for &output in &node.outputs {
                    let set = &mut sets[self.of(output).0];
                    reached.iter().for_each(|&output| insert(set, output));
                }
            }
            // No gradients pass `stop_gradient`, random numbers and step functions.
            if graph.kind(node).stops_gradients() {
                continue;
            }
            // A mask has no gradient.
            let read = node.inputs.iter().zip(&node.roles).filter(|(_, role)| !role.ends_with("mask"));
            for (&input, _) in read {
                let set = &mut sets[self.of(input).0];
                reached.iter().for_each(|&output| insert(set, output));
            }
        }
        self.reachable_outputs = sets;
    }
}

/// Whether a layer has trained weights.
pub(super) fn trained(graph: &Graph, layer: LayerId) -> bool {
    let layer = graph.layer(layer);
    layer.trainable && layer.weights.iter().any(|weight| weight.options.trainable)
}

fn insert(set: &mut Vec<usize>, value: usize) {
    if let Err(at) = set.binary_search(&value) {
        set.insert(at, value);
    }
}
