//! Plans softmax over any axes: they are permuted to the end, and back afterwards.

use super::build::Building;
use super::{OpKind, Read};
use crate::describe::List;
use crate::dim::Dim;
use crate::graph::{Graph, NodeId};
use crate::layers::softmax::Softmax;
use crate::operation::{Activate, Permute};
use crate::shape::Shape;

impl Building {
    /// The operations of a softmax.
    pub(super) fn softmax(&mut self, graph: &Graph, id: NodeId, layer: &Softmax) {
        let (input, output) = (graph.node(id).inputs[0], graph.node(id).outputs[0]);
        let shape = self.shape(graph, input);
        // The shape rule has checked that the axes exist.
        let Some(last) = layer.axis.of_sample(shape.rank()) else { return };
        let (mut order, last): (Vec<usize>, Vec<usize>) =
            (0..shape.rank()).partition(|axis| !last.contains(axis));
        let lengths =
            |axes: &[usize]| Shape(axes.iter().filter_map(|&axis| shape.0.get(axis)).cloned().collect());
        let positions = lengths(&order).elements();
        order.extend(last);
        let (name, value) = (self.call_name(graph, id), self.values.of(output));
        let (mut x, mut from) = (self.read(graph, input), self.values.of(input));
        let moves = order.iter().enumerate().any(|(at, axis)| at != *axis);
        // The stride of the value before a permutation along each axis of the one after it.
        let strides = |from: &[usize], to: &[usize]| {
            let stride = |axis: &usize| {
                let at = from.iter().position(|other| other == axis).map_or(from.len(), |at| at + 1);
                lengths(&from[at..]).elements()
            };
            List::Owned(to.iter().map(stride).collect::<Vec<Dim>>())
        };
        let natural: Vec<usize> = (0..shape.rank()).collect();
        if moves {
            let to = self.value_like(from);
            let y = self.written_value(shape.elements(), to);
            let next = Read::of(y.view.clone());
            let strides = strides(&natural, &order);
            let kind: OpKind = Permute { shape: List::Owned(lengths(&order).0), strides, x, y }.into();
            self.add(format!("{name}_input"), vec![], kind, vec![from], to);
            (x, from) = (next, to);
        }
        let to = if moves { self.value_like(value) } else { value };
        let y = self.written_value(shape.elements(), to);
        let next = Read::of(y.view.clone());
        let kind = Activate { activation: layer.function, positions, x, y };
        self.add(name.clone(), vec![id], kind.into(), vec![from], to);
        if moves {
            let y = self.written_value(shape.elements(), value);
            let strides = strides(&order, &natural);
            let kind: OpKind = Permute { shape: List::Owned(shape.0.clone()), strides, x: next, y }.into();
            self.add(format!("{name}_output"), vec![], kind, vec![to], value);
        }
    }
}
