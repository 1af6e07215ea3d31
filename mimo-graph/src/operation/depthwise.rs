//! `DepthwiseConv1D`, `DepthwiseConv2D`, and the first half of `SeparableConv1D` and `SeparableConv2D`: `y =
//! activation(x * kernel + bias)`, channel by channel.

use super::{During, Geometry, LinearMap, Planned, Read, Scratch, View, Weight, Written, operation};
use crate::activation::Activation;
use crate::dim::{Dim, Same};

operation! {
    /// Memory of a pass of a depthwise convolution for one sample.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Widened<L> {
        /// The padded input with copies of its channels, and after that the gradients of the copies; `None` if there is
        /// neither padding nor a copy.
        pub input: Option<Scratch<L>>,
        /// The padded gradient of the output, if the input has a gradient.
        pub output: Option<Scratch<L>>,
    }
}

operation! {
    /// A convolution whose groups are its channels: `[height, width, channels] → [height, width, filters]`, with
    /// `filters / channels` filters per channel. Sequences have height 1.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Depthwise<L> {
        /// Geometry of the windows.
        pub geometry: Geometry<L>,
        /// The input.
        pub x: Read<L>,
        /// The result. The backward turns its gradient into that of the product, in place.
        pub y: Written<L>,
        /// The kernel, `[height, width, filters]`: `[height, width, channels, filters / channels]`, seen flat.
        pub kernel: Weight<L>,
        /// The bias, one value per filter.
        pub bias: Option<Weight<L>>,
        /// The activation, applied in place.
        pub activation: Activation,
        /// Whether the incoming gradient has already passed the activation.
        pub activation_grad_applied: bool,
        /// Memory of the forward pass.
        pub forward: Widened<L>,
        /// Memory of the backward.
        pub backward: Widened<L>,
    }
}

impl Widened<Dim> {
    /// Allocates the memory of a pass that reads windows of the input, or scatters its gradient.
    pub(crate) fn new(
        geometry: &Geometry<Dim>,
        during: During,
        [gathers, spreads]: [bool; 2],
        fixed: &mut dyn FnMut(Dim) -> View<Dim>,
    ) -> Self {
        let mut memory = |len: Dim| Scratch::fixed(fixed(len), during);
        let widens = geometry.is_padded() || copies(geometry);
        Widened {
            input: (gathers && widens).then(|| memory(geometry.padded(&geometry.filters))),
            output: spreads.then(|| memory(geometry.padded_output())),
        }
    }
}

/// Whether the passes run along the channels of the result, with a copy of the input's channel for each.
fn copies(geometry: &Geometry<Dim>) -> bool {
    geometry.filters.same(&geometry.channels) != Same::Yes
}

impl Planned for Depthwise<Dim> {
    fn masks(&self) -> bool {
        true
    }

    fn relu_grad_applied(&mut self, _: usize) -> Option<&mut bool> {
        (self.activation == Activation::Relu).then_some(&mut self.activation_grad_applied)
    }

    fn linear_map(&self) -> Option<LinearMap> {
        let bias = self.bias.as_ref().map(|bias| bias.block);
        (self.activation == Activation::Linear).then_some(LinearMap {
            kernel: self.kernel.block,
            bias,
            channels: self.geometry.filters.clone(),
            inner: Dim::Known(1),
        })
    }

    fn set_bias_and_activation(&mut self, bias: usize, activation: Activation) {
        (self.bias, self.activation) = (Some(Weight::of(bias)), activation);
    }

    fn prepare_backward(&mut self, fixed: &mut dyn FnMut(Dim) -> View<Dim>) {
        let (trained, gradient) = (self.kernel.gradient.is_some(), self.x.gradient.is_some());
        // The gradients of a channel's copies are summed in the memory of the copies.
        let gathers = trained || gradient && copies(&self.geometry);
        self.backward = Widened::new(&self.geometry, During::Backward, [gathers, gradient], fixed);
        self.x.kept = trained;
        self.y.kept = !self.activation_grad_applied && self.activation != Activation::Linear;
    }
}
