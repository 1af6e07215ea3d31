//! `Dense`: `y = activation(x · kernel + bias)`.

use super::{BatchWeight, LinearMap, Planned, Read, View, Written, operation};
use crate::activation::Activation;
use crate::describe::List;
use crate::dim::{Dim, Same};

operation! {
    /// The activation of one sibling.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Segment<L> {
        /// Its first column.
        pub column: L,
        /// Number of its columns.
        pub len: L,
        /// The activation, applied in place.
        pub activation: Activation,
        /// Whether the incoming gradient has already passed the activation.
        pub activation_grad_applied: bool,
    }
}

operation! {
    /// One product: a dense layer, or several on the same input with their columns side by side.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Dense<L> {
        /// Number of inputs per position.
        pub inputs: L,
        /// Number of outputs per position, of all siblings together.
        pub units: L,
        /// Positions per sample.
        pub positions: L,
        /// The input. The gradients of the weights read it too, after the backward.
        pub x: Read<L>,
        /// The result. The backward turns its gradient into that of the product, in place.
        pub y: Written<L>,
        /// The kernel, `[inputs, units]`.
        pub kernel: BatchWeight,
        /// The bias, `[units]`.
        pub bias: Option<BatchWeight>,
        /// Activations that are applied in place, by columns of a position; empty if all are linear.
        pub activations: List<Segment<L>>,
    }
}

impl Planned for Dense<Dim> {
    fn positions(&self) -> Dim {
        self.positions.clone()
    }

    fn transposed_blocks(&self) -> Vec<usize> {
        self.x.gradient.iter().map(|_| self.kernel.block).collect()
    }

    fn masks(&self) -> bool {
        true
    }

    fn relu_grad_applied(&mut self, output: usize) -> Option<&mut bool> {
        let segment = self.activations.to_mut().get_mut(output)?;
        (segment.activation == Activation::Relu).then_some(&mut segment.activation_grad_applied)
    }

    fn rows_may_lie_apart(&self) -> bool {
        self.positions.same(&Dim::Known(1)) == Same::Yes
    }

    fn linear_map(&self) -> Option<LinearMap> {
        self.activations.is_empty().then_some(LinearMap {
            kernel: self.kernel.block,
            bias: self.bias.map(|bias| bias.block),
            channels: self.units.clone(),
            inner: Dim::Known(1),
        })
    }

    fn set_bias_and_activation(&mut self, bias: usize, activation: Activation) {
        self.bias = Some(BatchWeight::sum(bias));
        let (column, len) = (Dim::Known(0), self.units.clone());
        let whole = Segment { column, len, activation, activation_grad_applied: false };
        self.activations = List::Owned(match activation {
            Activation::Linear => vec![],
            _ => vec![whole],
        });
    }

    fn prepare_backward(&mut self, _: &mut dyn FnMut(Dim) -> View<Dim>) {
        let unapplied =
            |part: &Segment<Dim>| !part.activation_grad_applied && part.activation != Activation::Linear;
        self.y.kept = self.activations.iter().any(unapplied);
    }
}
