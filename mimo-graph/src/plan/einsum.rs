//! Plans `EinsumDense`: a product, with permutations before and after it.
//!
//! An equation whose kernel has the summed axes first is the product of a dense layer, over positions. Input and
//! output are permuted only if their axes are in another order. For other kernels, [`Einsum`] makes a permuted copy
//! of the kernel.

use super::build::{Building, activation, param};
use super::values::ValueId;
use super::{Block, OpKind, Read, conv, spectral};
use crate::activation::Activation;
use crate::describe::List;
use crate::dim::Dim;
use crate::graph::{Graph, NodeId};
use crate::layers::einsum_dense::EinsumDense;
use crate::layers::einsum_dense::equation::{Axes, Axis};
use crate::operation::{
    Activate, BatchWeight, Bias, Dense, During, Einsum, Permute, Scratch, Segment, Weight,
};
use crate::shape::Shape;

/// The axes of a product, in the order of the computation.
struct Order {
    /// Axes of input, kernel and output.
    shared: Vec<Axis>,
    /// Axes of input and output.
    kept: Vec<Axis>,
    /// Axes of input and kernel.
    summed: Vec<Axis>,
    /// Axes of kernel and output.
    added: Vec<Axis>,
    /// Whether a dense layer computes it: the kernel is `[summed, added]` without a permutation.
    dense: bool,
}

impl Order {
    fn new(axes: &Axes) -> Self {
        let only = |list: &[Axis], keep: &dyn Fn(&Axis) -> bool| -> Vec<Axis> {
            list.iter().filter(|axis| keep(axis)).copied().collect()
        };
        let (read, given) =
            (|axis: &Axis| axes.input.contains(axis), |axis: &Axis| axes.output.contains(axis));
        let weighed = |axis: &Axis| axes.kernel.contains(axis);
        let shared = only(&axes.output, &|axis| weighed(axis) && read(axis));
        let kept = only(&axes.output, &|axis| !weighed(axis));
        let summed = only(&axes.kernel, &|axis| !given(axis));
        let added = only(&axes.kernel, &|axis| !read(axis));
        // The positions of a value with one axis may be separate from those of other samples.
        let apart = axes.input.len() == 1 && !kept.is_empty();
        let dense = shared.is_empty() && !apart && [&summed[..], &added].concat() == axes.kernel;
        if dense {
            return Order { shared, kept, summed, added, dense };
        }
        // The kernel is permuted, so that input and output need not be.
        let summed = only(&axes.input, &|axis| weighed(axis) && !given(axis));
        let added = only(&axes.output, &|axis| weighed(axis) && !read(axis));
        Order { shared, kept, summed, added, dense }
    }
}

impl Building {
    /// Adds a product with a kernel, with the permutations, the bias and the activation that it needs.
    pub(super) fn einsum(&mut self, graph: &Graph, id: NodeId, layer: &EinsumDense) {
        let (input, output) = (graph.node(id).inputs[0], graph.node(id).outputs[0]);
        let shape = self.shape(graph, input);
        // The shape rule has checked that the equation fits.
        let Some(axes) = layer.equation.axes(shape.rank()) else { return };
        let len = |axis: &Axis| layer.length(*axis, &axes, &shape);
        let lengths = |list: &[Axis]| Shape(list.iter().map(len).collect());
        let order = Order::new(&axes);
        let Order { shared, kept, summed, added, dense } = &order;
        let [batches, positions, inputs, units] =
            [shared, kept, summed, added].map(|list| lengths(list).elements());
        let products = batches.clone() * positions.clone() * inputs.clone() * units.clone();
        self.plan.flops = self.plan.flops.clone() + Dim::Known(2) * products;

        let (name, value) = (self.call_name(graph, id), self.values.of(output));
        let (mut x, mut from) = (self.read(graph, input), self.values.of(input));
        let wanted = [&shared[..], kept, summed].concat();
        if wanted != axes.input {
            let to = self.value_like(from);
            let strides = strides(&axes.input, &wanted, &lengths);
            let kind = self.permuted(lengths(&wanted), strides, x, to);
            x = read(&kind);
            self.add(format!("{name}_input"), vec![], kind, vec![from], to);
            from = to;
        }

        let activation = activation(graph, id);
        let given = [&shared[..], kept, added].concat();
        let permutes = given != axes.output;
        let has_bias = !layer.bias_axes.is_empty();
        let biased: Vec<Axis> =
            layer.biased_axes(&axes).filter(|(_, own)| *own).map(|(axis, _)| axis).collect();
        // The bias of a dense layer has one number per unit.
        let own_bias = has_bias && !(*dense && !permutes && biased == *added);
        let in_place =
            *dense && !permutes && !own_bias && activation.elementwise() && activation.from_output();
        let in_place = activation == Activation::Linear || in_place && !self.fused(graph, id);
        let mut left = [permutes, own_bias, !in_place].into_iter().filter(|step| *step).count();
        let mut next = |this: &mut Self, from: Option<ValueId>| {
            if from.is_some() {
                left -= 1;
            }
            if left == 0 { value } else { this.value_like(value) }
        };

        let product = next(self, None);
        let y = self.written_value(lengths(&given).elements(), product);
        let mut place = Read::of(y.view.clone());
        let (kernel, bias) = self.einsum_weights(graph, id, *dense && !own_bias, *dense, [&inputs, &units]);
        let kind: OpKind = if *dense {
            let whole = Segment {
                column: Dim::Known(0),
                len: units.clone(),
                activation,
                activation_grad_applied: false,
            };
            let activations = if in_place && activation != Activation::Linear { vec![whole] } else { vec![] };
            Dense {
                inputs,
                units,
                positions,
                x,
                y,
                kernel: BatchWeight::product(kernel.block),
                bias: bias.as_ref().filter(|_| !own_bias).map(|bias| BatchWeight::sum(bias.block)),
                activations: List::Owned(activations),
            }
            .into()
        } else {
            let walked = [&shared[..], summed, added].concat();
            let values = lengths(&walked).elements();
            let [ordered, sums] = [During::Both, During::Backward]
                .map(|during| Scratch::fixed(conv::fixed(&mut self.plan, values.clone()), during));
            let strides = List::Owned(strides(&axes.kernel, &walked, &lengths));
            let shape = List::Owned(lengths(&walked).0);
            Einsum { batches, positions, inputs, units, shape, strides, kernel, ordered, sums, x, y }.into()
        };
        self.add(name.clone(), vec![id], kind, vec![from], product);
        from = product;

        if permutes {
            let to = next(self, Some(from));
            let strides = strides(&given, &axes.output, &lengths);
            let kind = self.permuted(lengths(&axes.output), strides, place, to);
            place = read(&kind);
            self.add(format!("{name}_output"), vec![], kind, vec![from], to);
            from = to;
        }
        let result = self.shape(graph, output);
        if let (true, Some(bias)) = (own_bias, bias) {
            let to = next(self, Some(from));
            let axes_of_bias: Vec<(Axis, bool)> = layer.biased_axes(&axes).collect();
            let owned: Vec<Axis> =
                axes_of_bias.iter().filter(|(_, own)| *own).map(|(axis, _)| *axis).collect();
            let stride = |axis: &Axis| match owned.iter().position(|other| other == axis) {
                Some(at) => lengths(&owned[at + 1..]).elements(),
                None => Dim::Known(0),
            };
            let strides = List::Owned(axes.output.iter().map(stride).collect());
            let y = self.written_value(result.elements(), to);
            let after = Read::of(y.view.clone());
            let (shape, values) = (List::Owned(result.0.clone()), lengths(&owned).elements());
            let kind = Bias { shape, strides, values, bias, x: place, y };
            self.add(format!("{name}_bias"), vec![id], kind.into(), vec![from], to);
            (place, from) = (after, to);
        }
        if !in_place {
            let (x, y) = (place, self.written_value(result.elements(), value));
            let kind = Activate { activation, positions: result.positions(), x, y };
            self.add(format!("{name}_activation"), vec![id], kind.into(), vec![from], value);
        }
    }

    /// Adds an operation that writes `to`, a value of this shape, from one with these strides.
    fn permuted(&mut self, shape: Shape, strides: Vec<Dim>, x: Read, to: ValueId) -> OpKind {
        let y = self.written_value(shape.elements(), to);
        Permute { shape: List::Owned(shape.0), strides: List::Owned(strides), x, y }.into()
    }

    /// Kernel and bias; created at the first call. For a dense layer the kernel is a matrix of inputs and units, and
    /// the bias a row.
    fn einsum_weights(
        &mut self,
        graph: &Graph,
        id: NodeId,
        dense_bias: bool,
        dense: bool,
        [inputs, units]: [&Dim; 2],
    ) -> (Weight<Dim>, Option<Weight<Dim>>) {
        let layer = graph.node(id).layer;
        if self.blocks[layer.index()].is_none() {
            let mut blocks = vec![];
            self.plan.weighted.push(layer);
            for (index, weight) in spectral::weights_inside(graph, layer).iter().enumerate() {
                let (rows, cols) = match index {
                    0 if dense => (inputs.clone(), units.clone()),
                    1 if dense_bias => (Dim::Known(1), units.clone()),
                    _ => (weight.shape.positions(), weight.shape.last().cloned().unwrap_or(Dim::Known(1))),
                };
                let block = self.plan.blocks.len();
                self.plan.blocks.push(Block { rows, cols: cols.clone(), pack: false, gradient: None });
                self.plan.params.push(param(graph, layer, index, block, [Dim::Known(0), cols]));
                blocks.push(block);
            }
            let kernel = blocks.first().copied();
            self.blocks[layer.index()] = Some(blocks);
            kernel.into_iter().for_each(|kernel| self.spectral(graph, layer, kernel));
        }
        let blocks = self.blocks[layer.index()].iter().flatten();
        let mut blocks = blocks.map(|&block| Weight::of(self.block_of_call(graph, id, block)));
        // The kernel was created above.
        (blocks.next().unwrap_or_else(|| Weight::of(0)), blocks.next())
    }
}

/// The strides of a value with the axes `from` along the axes `to`.
fn strides(from: &[Axis], to: &[Axis], lengths: &dyn Fn(&[Axis]) -> Shape) -> Vec<Dim> {
    let after = |axis: &Axis| from.iter().position(|other| other == axis).map_or(from.len(), |at| at + 1);
    to.iter().map(|axis| lengths(&from[after(axis)..]).elements()).collect()
}

/// The result of an operation, as a read.
fn read(kind: &OpKind) -> Read {
    // Every operation of this file writes one value.
    let written = kind.written().map(|written| written.view.clone());
    Read::of(written.unwrap_or_else(|| super::View::of_buffer(0, Dim::Known(1))))
}
