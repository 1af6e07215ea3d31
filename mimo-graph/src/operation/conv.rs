//! `Conv1D`, `Conv2D` and their transposes: `y = activation(x * kernel + bias)`.

use super::{During, LinearMap, Planned, Read, Scratch, View, Weight, Written, operation};
use crate::activation::Activation;
use crate::dim::{Dim, Same};

operation! {
    /// One axis of a convolution. For a transposed convolution, it is an axis of the convolution of which it is the
    /// transpose.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Axis<L> {
        /// Length of the input.
        pub input: L,
        /// Length of the output.
        pub output: L,
        /// Number of taps.
        pub kernel: L,
        /// Distance between consecutive windows.
        pub stride: usize,
        /// Distance between consecutive taps.
        pub dilation: usize,
        /// Zeros before the input.
        pub padding: L,
    }
}

operation! {
    /// Geometry of a convolution. Sequences are images of height 1.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Geometry<L> {
        /// Height and width.
        pub axes: [Axis<L>; 2],
        /// Channels of the input.
        pub channels: L,
        /// Channels of the output.
        pub filters: L,
        /// Number of groups of channels that are convolved separately.
        pub groups: L,
    }
}

operation! {
    /// Memory of a pass of a convolution for one sample.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct ConvScratch<L> {
        /// The padded input of the geometry; `None` if no padding is needed.
        pub input: Option<Scratch<L>>,
        /// The padded output of the geometry and the reversed kernel, if the pass scatters.
        pub spread: Option<[Scratch<L>; 2]>,
    }
}

operation! {
    /// A convolution: `[height, width, channels] → [height, width, filters]`. A transposed one has the geometry of the
    /// convolution whose input gradient it computes: it reads outputs of the geometry and writes inputs.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Conv<L> {
        /// Geometry of the windows.
        pub geometry: Geometry<L>,
        /// Whether it is a transposed convolution.
        pub transposed: bool,
        /// The input.
        pub x: Read<L>,
        /// The result. The backward turns its gradient into that of the product, in place.
        pub y: Written<L>,
        /// The kernel, `[height, width, channels / groups, filters]` of the geometry.
        pub kernel: Weight<L>,
        /// The bias, one value per channel of the result.
        pub bias: Option<Weight<L>>,
        /// The activation, applied in place.
        pub activation: Activation,
        /// Whether the incoming gradient has already passed the activation.
        pub activation_grad_applied: bool,
        /// Memory of the forward pass.
        pub forward: ConvScratch<L>,
        /// Memory of the backward.
        pub backward: ConvScratch<L>,
    }
}

impl Geometry<Dim> {
    /// Number of values of the kernel.
    pub(crate) fn kernel_len(&self) -> Dim {
        let channels = self.channels.clone() / self.groups.clone() * self.filters.clone();
        self.taps(channels)
    }

    /// Number of values of the kernel of a depthwise convolution.
    pub(crate) fn depthwise_kernel_len(&self) -> Dim {
        self.taps(self.filters.clone())
    }

    fn taps(&self, channels: Dim) -> Dim {
        self.axes.iter().fold(channels, |len, axis| len * axis.kernel.clone())
    }

    /// Whether some axis of the input needs padding.
    pub(super) fn is_padded(&self) -> bool {
        self.axes.iter().any(|axis| axis.padded().same(&axis.input) != Same::Yes)
    }

    /// Number of values of the padded input, with this number of channels.
    pub(super) fn padded(&self, channels: &Dim) -> Dim {
        self.axes.iter().fold(channels.clone(), |area, axis| area * axis.padded())
    }

    /// Number of values of the padded output.
    pub(super) fn padded_output(&self) -> Dim {
        self.axes.iter().fold(self.filters.clone(), |area, axis| area * axis.padded_output())
    }
}

impl ConvScratch<Dim> {
    /// Allocates the memory of a pass that reads windows of the geometry's input, or scatters its output.
    pub(crate) fn new(
        geometry: &Geometry<Dim>,
        during: During,
        [gathers, spreads]: [bool; 2],
        fixed: &mut dyn FnMut(Dim) -> View<Dim>,
    ) -> Self {
        let mut memory = |len: Dim| Scratch::fixed(fixed(len), during);
        ConvScratch {
            input: (gathers && geometry.is_padded()).then(|| memory(geometry.padded(&geometry.channels))),
            spread: spreads.then(|| [memory(geometry.padded_output()), memory(geometry.kernel_len())]),
        }
    }
}

impl Planned for Conv<Dim> {
    fn masks(&self) -> bool {
        true
    }

    fn relu_grad_applied(&mut self, _: usize) -> Option<&mut bool> {
        (self.activation == Activation::Relu).then_some(&mut self.activation_grad_applied)
    }

    fn linear_map(&self) -> Option<LinearMap> {
        let Geometry { channels, filters, .. } = &self.geometry;
        // The kernel of a transposed convolution has the memory layout of the other one, with inputs and results
        // exchanged.
        let (channels, inner) = match self.transposed {
            true => (channels.clone(), filters.clone()),
            false => (filters.clone(), Dim::Known(1)),
        };
        let bias = self.bias.as_ref().map(|bias| bias.block);
        (self.activation == Activation::Linear).then_some(LinearMap {
            kernel: self.kernel.block,
            bias,
            channels,
            inner,
        })
    }

    fn set_bias_and_activation(&mut self, bias: usize, activation: Activation) {
        (self.bias, self.activation) = (Some(Weight::of(bias)), activation);
    }

    fn prepare_backward(&mut self, fixed: &mut dyn FnMut(Dim) -> View<Dim>) {
        let (trained, gradient) = (self.kernel.gradient.is_some(), self.x.gradient.is_some());
        let gathers = trained || gradient && self.transposed;
        let spreads = !self.transposed && gradient;
        self.backward = ConvScratch::new(&self.geometry, During::Backward, [gathers, spreads], fixed);
        self.x.kept = trained;
        self.y.kept = !self.activation_grad_applied && self.activation != Activation::Linear;
    }
}
