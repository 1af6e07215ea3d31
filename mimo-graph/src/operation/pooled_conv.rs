//! A convolution fused with max pooling: `Conv2D` and `MaxPooling2D`, or their 1D forms, as one operation.

use super::{ConvScratch, During, Geometry, Planned, Read, Scratch, View, Weight, Written, operation};
use crate::activation::Activation;
use crate::dim::Dim;

operation! {
    /// `[height, width, channels] → [windows, windows, filters]`. The image between the two is never written.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct PooledConv<L> {
        /// Geometry of the convolution: one group, strides and dilation 1.
        pub geometry: Geometry<L>,
        /// Lines of a pooled window, 1 or 2; it is two positions wide.
        pub height: usize,
        /// The input.
        pub x: Read<L>,
        /// The result. The backward turns its gradient into that of the largest results, in place.
        pub y: Written<L>,
        /// The kernel, `[height, width, channels, filters]`.
        pub kernel: Weight<L>,
        /// The bias, one value per filter.
        pub bias: Option<Weight<L>>,
        /// The activation, linear or ReLU: increasing functions may be applied after the pooling.
        pub activation: Activation,
        /// Whether the incoming gradient has already passed the activation.
        pub activation_grad_applied: bool,
        /// Argmax indices: the position of the largest result in each window.
        pub argmax: Scratch<L>,
        /// The padded input of one sample, if padding is needed: in the forward pass, and in the backward.
        pub padded: [Option<Scratch<L>>; 2],
        /// The padded gradient of one sample's input and the transposed kernel, if the input has a gradient.
        pub spread: Option<[Scratch<L>; 2]>,
        /// The transposed gradient of the kernel.
        pub sums: Option<Scratch<L>>,
    }
}

impl Planned for PooledConv<Dim> {
    fn masks(&self) -> bool {
        true
    }

    fn relu_grad_applied(&mut self, _: usize) -> Option<&mut bool> {
        (self.activation == Activation::Relu).then_some(&mut self.activation_grad_applied)
    }

    fn rows_may_lie_apart(&self) -> bool {
        true
    }

    fn prepare_backward(&mut self, fixed: &mut dyn FnMut(Dim) -> View<Dim>) {
        let (trained, gradient) = (self.kernel.gradient.is_some(), self.x.gradient.is_some());
        let geometry = &self.geometry;
        let mut memory = |len: Dim| Scratch::fixed(fixed(len), During::Backward);
        self.spread =
            gradient.then(|| [memory(geometry.padded(&geometry.channels)), memory(geometry.kernel_len())]);
        self.sums = trained.then(|| memory(geometry.kernel_len()));
        self.padded[1] = ConvScratch::new(geometry, During::Backward, [trained, false], fixed).input;
        self.x.kept = trained;
        self.y.kept = !self.activation_grad_applied && self.activation != Activation::Linear;
    }
}
