//! Plans elementwise expressions: consecutive operations become one.

use std::collections::BTreeMap;

use super::build::Building;
use super::values::{ValueId, Values};
use crate::describe::List;
use crate::dim::Dim;
use crate::graph::{Graph, NodeId, TensorId};
use crate::layers::LayerKind;
use crate::layers::elementwise::Single;
use crate::layers::merge::MergeOp;
use crate::operation::{
    Elementwise, ElementwiseStep, Function, MOST_REGISTERS, MergeInput, Number, Source, broadcast_strides,
};

/// By call: whether it is computed inside of the call that reads it. These are elementwise calls whose result has no
/// other reader and is as large as that of the reader. Merge layers are part of an expression if it contains an
/// operation; by themselves they have their own kernels.
pub(super) fn inlined(graph: &Graph, values: &Values) -> Vec<bool> {
    let mut inlined = vec![false; graph.nodes.len()];
    let mut sizes = vec![0; graph.nodes.len()];
    // Whether there is an operation in the expression that ends at a call.
    let mut has_operation = vec![false; graph.nodes.len()];
    for &id in &values.live {
        let Some(own) = registers(graph, id) else { continue };
        let mut size = own;
        has_operation[id.index()] = matches!(graph.core(graph.node(id)).0, LayerKind::Elementwise(_));
        for before in makers(graph, values, id) {
            if size + sizes[before.index()] <= MOST_REGISTERS {
                size += sizes[before.index()];
                inlined[before.index()] = true;
                has_operation[id.index()] |= has_operation[before.index()];
            }
        }
        sizes[id.index()] = size;
    }
    // Expressions of merge layers only are split up again, from their end.
    for &id in values.live.iter().rev() {
        if !inlined[id.index()] && !has_operation[id.index()] {
            for before in makers(graph, values, id) {
                inlined[before.index()] = false;
            }
        } else {
            for before in makers(graph, values, id) {
                has_operation[before.index()] |= inlined[before.index()];
            }
        }
    }
    inlined
}

/// Number of inputs, numbers and steps of a call by itself; `None` if it is not elementwise.
fn registers(graph: &Graph, id: NodeId) -> Option<usize> {
    let node = graph.node(id);
    match graph.core(node).0 {
        LayerKind::Elementwise(layer) => Some(layer.operands.len() + 1),
        // A mean also has a division and its number.
        LayerKind::Merge(_) if node.inputs.len() >= 2 => Some(2 * node.inputs.len() + 2),
        _ => None,
    }
}

/// The calls that may be computed inside of a call, each once.
fn makers(graph: &Graph, values: &Values, id: NodeId) -> Vec<NodeId> {
    let node = graph.node(id);
    let result = &graph.tensor(node.outputs[0]).shape;
    let mut found = Vec::new();
    for &input in &node.inputs {
        let Some(maker) = graph.tensor(input).producer else { continue };
        let value = values.of(input);
        let only_reader = values.readers[value.0] == [id];
        let is_output = values.is_read_by_model(value);
        let same_rows = graph.core(graph.node(maker)).1 == graph.core(node).1;
        if only_reader
            && !is_output
            && same_rows
            && graph.tensor(input).shape == *result
            && values.tensors[value.0].len() == 1
            && registers(graph, maker).is_some()
            && !found.contains(&maker)
        {
            found.push(maker);
        }
    }
    found
}

/// An expression under construction.
#[derive(Default)]
struct Program {
    numbers: Vec<Number>,
    /// The number that is 1 while training.
    training: Option<usize>,
    steps: Vec<ElementwiseStep>,
    inputs: Vec<(ValueId, MergeInput<Dim>)>,
    /// Results of calls that are part of it.
    made: BTreeMap<NodeId, Source>,
}

impl Program {
    fn number(&mut self, number: Number) -> Source {
        let mut known = self.numbers.iter().enumerate();
        let at = known.find(|&(at, known)| *known == number && self.training != Some(at)).map(|(at, _)| at);
        Source::Number(at.unwrap_or_else(|| {
            self.numbers.push(number);
            self.numbers.len() - 1
        }))
    }

    /// The number that is 1 while training.
    fn training(&mut self) -> Source {
        let at = *self.training.get_or_insert(self.numbers.len());
        if at == self.numbers.len() {
            self.numbers.push(Number::Known(0.0));
        }
        Source::Number(at)
    }

    fn step(&mut self, function: Function, operands: Vec<Source>) -> Source {
        self.steps.push(ElementwiseStep { function, operands: List::Owned(operands) });
        Source::Step(self.steps.len() - 1)
    }
}

impl Building {
    /// Adds the operation of an elementwise call, including the calls before it that are computed inside of it.
    /// Returns whether the call is done: an elementwise operation, or a merge layer with such operations in it.
    pub(super) fn elementwise(&mut self, graph: &Graph, id: NodeId, core: &LayerKind) -> bool {
        if self.inlined[id.index()] {
            return true;
        }
        let inside = makers(graph, &self.values, id);
        let is_expression = matches!(core, LayerKind::Elementwise(_))
            || registers(graph, id).is_some() && inside.iter().any(|maker| self.inlined[maker.index()]);
        if !is_expression {
            return false;
        }
        let result = self.shape(graph, graph.node(id).outputs[0]);
        let mut program = Program::default();
        self.compute(graph, id, &mut program);
        let elements = result.elements();
        self.plan.flops = std::mem::take(&mut self.plan.flops) + Dim::Known(program.steps.len()) * elements;
        let (reads, inputs) = program.inputs.into_iter().unzip();
        let kind = Elementwise {
            shape: List::Owned(result.0),
            training: program.training,
            numbers: List::Owned(program.numbers),
            steps: List::Owned(program.steps),
            inputs: List::Owned(inputs),
            y: self.written(graph, id),
        };
        let value = self.values.of(graph.node(id).outputs[0]);
        self.add(self.call_name(graph, id), vec![id], kind.into(), reads, value);
        true
    }

    /// Adds the steps of a call.
    fn compute(&self, graph: &Graph, id: NodeId, program: &mut Program) -> Source {
        if let Some(&made) = program.made.get(&id) {
            return made;
        }
        let node = graph.node(id);
        let mut tensors = Vec::new();
        for &tensor in &node.inputs {
            let maker = graph.tensor(tensor).producer.filter(|maker| self.inlined[maker.index()]);
            tensors.push(match maker {
                Some(maker) => self.compute(graph, maker, program),
                None => self.input(graph, tensor, id, program),
            });
        }
        let made = match graph.core(node).0 {
            LayerKind::Elementwise(layer) => {
                let mut tensors = tensors.into_iter();
                let mut operands = Vec::new();
                for operand in &layer.operands {
                    match operand {
                        Single::Number(number) => operands.push(program.number(*number)),
                        Single::Training => operands.push(program.training()),
                        Single::Tensor => operands.extend(tensors.next()),
                    }
                }
                let function = match (layer.function, layer.operands.last()) {
                    (Function::Power, Some(Single::Number(Number::Known(power)))) => known_power(*power),
                    _ => None,
                };
                operands.truncate(function.map_or(operands.len(), Function::operands));
                program.step(function.unwrap_or(layer.function), operands)
            }
            LayerKind::Merge(layer) => {
                let function = match layer.op {
                    MergeOp::Add | MergeOp::Average => Function::Add,
                    MergeOp::Subtract => Function::Subtract,
                    MergeOp::Multiply => Function::Multiply,
                    MergeOp::Maximum => Function::Maximum,
                    MergeOp::Minimum => Function::Minimum,
                };
                let count = tensors.len();
                let all = tensors.into_iter().reduce(|a, b| program.step(function, vec![a, b]));
                let all = all.unwrap_or(Source::Input(0));
                if layer.op == MergeOp::Average {
                    let count = program.number(Number::Known(count as f64));
                    program.step(Function::Divide, vec![all, count])
                } else {
                    all
                }
            }
            // Only these two have registers.
            _ => Source::Input(0),
        };
        program.made.insert(id, made);
        made
    }

    /// An input tensor, aligned with the result of the call `id`.
    fn input(&self, graph: &Graph, tensor: TensorId, id: NodeId, program: &mut Program) -> Source {
        let result = self.shape(graph, graph.node(id).outputs[0]);
        let strides = broadcast_strides(&self.shape(graph, tensor), &result);
        let value = self.values.of(tensor);
        let same = |(known, input): &(ValueId, MergeInput<Dim>)| *known == value && input.strides == strides;
        let at = program.inputs.iter().position(same).unwrap_or(program.inputs.len());
        if at == program.inputs.len() {
            program.inputs.push((value, MergeInput { x: self.read(graph, tensor), strides }));
        }
        Source::Input(at)
    }
}

/// A power with a function of its own.
fn known_power(power: f64) -> Option<Function> {
    match power {
        2.0 => Some(Function::Square),
        0.5 => Some(Function::Sqrt),
        -0.5 => Some(Function::Rsqrt),
        -1.0 => Some(Function::Reciprocal),
        _ => None,
    }
}
