//! Plans tensor products that are summed over axes: decides which axes become rows and columns of matrices.

use super::build::Building;
use super::values::ValueId;
use super::{OpKind, Read, Written, conv};
use crate::describe::List;
use crate::dim::Dim;
use crate::graph::{Graph, NodeId};
use crate::layers::contraction::Axes;
use crate::layers::dot::Dot;
use crate::layers::einsum::Einsum;
use crate::layers::matmul::Matmul;
use crate::operation::{Contract, During, Normalize, Permute, Reduce, Reduction, Scratch};
use crate::shape::Shape;

/// The tensors of a call, in order.
struct Operands {
    shapes: Vec<Shape>,
    x: Vec<Read>,
    values: Vec<ValueId>,
}

impl Building {
    /// Products of matrices.
    pub(super) fn matmul(&mut self, graph: &Graph, id: NodeId, layer: Matmul) {
        let operands = self.operands(graph, id);
        if let [a, b] = &operands.shapes[..] {
            let axes = layer.axes(a, b);
            self.contract(graph, id, &axes, operands);
        }
    }

    /// Products of an equation.
    pub(super) fn product_of_equation(&mut self, graph: &Graph, id: NodeId, layer: &Einsum) {
        let operands = self.operands(graph, id);
        // The shape rule has checked that the equation fits.
        if let Some(axes) = layer.axes(&operands.shapes) {
            self.contract(graph, id, &axes, operands);
        }
    }

    /// A dot product, after normalizing its operands for cosines.
    pub(super) fn dot(&mut self, graph: &Graph, id: NodeId, layer: Dot) {
        let mut operands = self.operands(graph, id);
        let Operands { shapes, x, values } = &mut operands;
        if layer.normalize {
            let name = self.call_name(graph, id);
            for (i, shape) in shapes.iter().enumerate() {
                let axis = layer.sample_axis(i, shape.rank()).unwrap_or(0);
                let len = shape.0.get(axis).cloned().unwrap_or(Dim::Known(1));
                let inner = Shape(shape.0.get(axis + 1..).unwrap_or_default().to_vec()).elements();
                let normal = self.value_like(values[i]);
                let y = self.written_value(shape.elements(), normal);
                let kind = Normalize { len, inner, x: x[i].clone(), y: y.clone() };
                self.add(format!("{name}_normalize_{i}"), vec![], kind.into(), vec![values[i]], normal);
                (x[i], values[i]) = (Read::of(y.view), normal);
            }
        }
        if let [a, b] = &shapes[..] {
            let axes = layer.contracted(a, b);
            self.contract(graph, id, &axes, operands);
        }
    }

    fn operands(&self, graph: &Graph, id: NodeId) -> Operands {
        let inputs = &graph.node(id).inputs;
        Operands {
            shapes: inputs.iter().map(|&input| self.shape(graph, input)).collect(),
            x: inputs.iter().map(|&input| self.read(graph, input)).collect(),
            values: inputs.iter().map(|&input| self.values.of(input)).collect(),
        }
    }

    /// Adds the operation that sums products over axes.
    fn contract(&mut self, graph: &Graph, id: NodeId, axes: &Axes, operands: Operands) {
        let Operands { shapes, x, values } = operands;
        let (name, value) = (self.call_name(graph, id), self.values.of(graph.node(id).outputs[0]));
        let work = axes.lengths(&shapes).into_iter().fold(Dim::Known(1), |work, (_, len)| work * len);
        let y = self.written(graph, id);
        let (kind, flops) = match <[Read; 2]>::try_from(x) {
            Ok(x) => (self.product(axes, &shapes, x, y).into(), Dim::Known(2) * work),
            // An equation has at least one tensor.
            Err(x) => match (x.into_iter().next(), &shapes[..]) {
                (Some(x), [shape, ..]) => (rearranged(axes, shape, x, y), work),
                _ => return,
            },
        };
        self.plan.flops = self.plan.flops.clone() + flops;
        self.add(name, vec![id], kind, values, value);
    }

    fn product(&mut self, axes: &Axes, shapes: &[Shape], x: [Read; 2], y: Written) -> Contract<Dim> {
        let all = axes.lengths(shapes);
        let output: Vec<Option<usize>> = axes.output.iter().copied().map(Some).collect();
        let result = axes.result(shapes);
        let tensors = [&axes.operands[0], &axes.operands[1], &output];
        let shapes = [&shapes[0], &shapes[1], &result];
        // Rows are axes of the first tensor and the result, columns of the second and the result, summed ones of both
        // tensors.
        let groups = [[0, 2, 1], [1, 2, 0], [0, 1, 2]].map(|[one, other, without]| {
            group([(tensors[one], shapes[one]), (tensors[other], shapes[other])], tensors[without])
        });
        let taken = |axis: usize| groups.iter().any(|group| group.contains(&axis));
        let looped: Vec<_> = all.iter().filter(|(axis, _)| !taken(*axis)).collect();
        let steps = [0, 1, 2].map(|tensor: usize| {
            let steps = looped.iter().map(|(axis, _)| stride(tensors[tensor], shapes[tensor], *axis));
            List::Owned(steps.collect())
        });
        let lengths = [0, 1, 2].map(|index: usize| {
            let lengths = all.iter().filter(|(axis, _)| groups[index].contains(axis));
            lengths.fold(Dim::Known(1), |product, (_, len)| product * len.clone())
        });
        // An axis of length 1 has any stride.
        let along = |tensor: usize, group: usize| match groups[group].last() {
            Some(&axis) => stride(tensors[tensor], shapes[tensor], axis),
            None => Dim::Known(1),
        };
        let strides = [[along(0, 0), along(0, 2)], [along(1, 2), along(1, 1)], [along(2, 0), along(2, 1)]];
        let loops = List::Owned(looped.iter().map(|(_, len)| len.clone()).collect());
        let mut kind = Contract { loops, steps, lengths, strides, memory: None, gradient_memory: None, x, y };
        let copies = kind.copies();
        if copies != Dim::Known(0) {
            kind.memory = Some(Scratch::fixed(conv::fixed(&mut self.plan, copies), During::Forward));
        }
        kind
    }
}

/// The operation of one tensor: permutes its axes, and sums over some of them.
fn rearranged(axes: &Axes, shape: &Shape, x: Read, y: Written) -> OpKind {
    let all = axes.lengths(std::slice::from_ref(shape));
    let (kept, summed): (Vec<_>, Vec<_>) = all.iter().partition(|(axis, _)| axes.output.contains(axis));
    let place = |axis: usize| axes.output.iter().position(|other| *other == axis);
    let mut order = kept;
    order.sort_by_key(|(axis, _)| place(*axis));
    let kept = order.len();
    order.extend(summed);
    let lengths = List::Owned(order.iter().map(|(_, len)| len.clone()).collect());
    let strides = order.iter().map(|(axis, _)| stride(&axes.operands[0], shape, *axis));
    let strides = List::Owned(strides.collect());
    // A permutation writes every value of a gradient; a diagonal does not.
    match order.len() == kept && shape.rank() == kept {
        true => Permute { shape: lengths, strides, x, y }.into(),
        false => Reduce { reduction: Reduction::Sum, shape: lengths, strides, kept, x, y }.into(),
    }
}

/// The stride of a tensor along an axis: along the diagonal if it occurs twice, 0 if it does not occur.
fn stride(axes: &[Option<usize>], shape: &Shape, axis: usize) -> Dim {
    let places = axes.iter().enumerate().filter(|(_, other)| **other == Some(axis));
    let strides = places.map(|(at, _)| Shape(shape.0.get(at + 1..).unwrap_or_default().to_vec()).elements());
    strides.fold(Dim::Known(0), |sum, stride| sum + stride)
}

/// The longest run of axes, shared by two tensors and absent from the third, that can be joined to one axis in both:
/// the last axis of one tensor with those before it.
fn group(tensors: [(&Vec<Option<usize>>, &Shape); 2], without: &[Option<usize>]) -> Vec<usize> {
    let [(one, _), (other, _)] = tensors;
    let fits = |axis: &Option<usize>| axis.is_some() && other.contains(axis) && !without.contains(axis);
    let once = |axes: &[Option<usize>], axis: &Option<usize>| axes.iter().filter(|a| *a == axis).count() == 1;
    let shared: Vec<usize> = one.iter().filter(|axis| fits(axis)).filter_map(|axis| *axis).collect();
    let ends = [other.last(), one.last()].into_iter().flatten().flatten().find(|axis| shared.contains(axis));
    let Some(&last) = ends.or(shared.last()) else { return Vec::new() };
    let mut group = vec![last];
    let before = |axes: &[Option<usize>], axis: usize| {
        let at = axes.iter().position(|other| *other == Some(axis))?;
        // Repeated axes of length 1 leave no gap between others.
        axes[..at].iter().rev().find_map(|axis| *axis)
    };
    while let Some(first) = group.first().copied()
        && once(one, &Some(first))
        && once(other, &Some(first))
        && let Some(axis) = before(one, first)
        && before(other, first) == Some(axis)
        && shared.contains(&axis)
        && once(one, &Some(axis))
        && once(other, &Some(axis))
    {
        group.insert(0, axis);
    }
    group
}
