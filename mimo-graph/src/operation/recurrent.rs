//! `LSTM`, `GRU`, `SimpleRNN`: layers that read a sequence step by step.

use super::{Planned, Read, Scratch, View, Weight, Written, operation};
use crate::activation::Activation;
use crate::dim::Dim;

crate::describe! {
    /// The computation of a step.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Cell {
        /// Keras's `LSTM`: gates `i`, `f`, `c`, `o`, in this order.
        Lstm,
        /// Keras's `GRU`: gates `z`, `r`, `h`, in this order.
        Gru {
            /// Whether the reset gate is applied after the product with the recurrent kernel.
            reset_after: bool,
        },
        /// Keras's `SimpleRNN`: the state is the activation of the product.
        Simple,
    }
}

impl Cell {
    /// Number of products of `units` values in a step.
    pub const fn gates(self) -> usize {
        match self {
            Cell::Lstm => 4,
            Cell::Gru { .. } => 3,
            Cell::Simple => 1,
        }
    }

    /// Number of values, in multiples of `units`, that a step stores for the backward, which replaces them by their
    /// gradients. First come those of the products with the kernel. Those of the products with the recurrent kernel
    /// are the same, except in a GRU: one that resets after the product stores them after the others, and one that
    /// resets before it stores them in two parts, of the state and of the reset state, each with zeros for the other.
    pub const fn kept(self) -> usize {
        match self {
            Cell::Lstm | Cell::Simple => self.gates(),
            Cell::Gru { reset_after: true } => 2 * self.gates(),
            Cell::Gru { reset_after: false } => 3 * self.gates(),
        }
    }

    /// Names of the states that a step passes to the next.
    pub(crate) const fn states(self) -> &'static [&'static str] {
        match self {
            Cell::Lstm => &["h", "c"],
            Cell::Gru { .. } | Cell::Simple => &["h"],
        }
    }

    /// Keras's name of the layer.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Cell::Lstm => "LSTM",
            Cell::Gru { .. } => "GRU",
            Cell::Simple => "SimpleRNN",
        }
    }
}

operation! {
    /// Dropout of the input or the state of every step where a kernel reads it, while training: a mask for each gate,
    /// the same at all steps of a sequence. The state that is passed to the next step directly has none.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct RecurrentDropout<L> {
        /// Fraction of zeros; the others are scaled.
        pub rate: f64,
        /// Distinguishes its random numbers from those of other layers; the keys of the gates are derived from it.
        pub key: u64,
        /// The masked values of every step, gate by gate, followed by room for one more such value.
        pub dropped: Scratch<L>,
    }
}

operation! {
    /// The steps of a sequence that count. At the others, the states are kept and the result is that of the previous
    /// step.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct StepMask<L> {
        /// The mask, `[steps]`: a step whose value is not 0 counts.
        pub values: Read<L>,
        /// Whether the result of masked steps is zeros instead of the previous result.
        pub zeros: bool,
        /// For each sample, the number of steps before the first that counts.
        pub first: Scratch<L>,
        /// State gradients of the samples for which a step is masked.
        pub saved: Scratch<L>,
    }
}

operation! {
    /// A recurrent layer on a sequence. Its memory is ordered by steps: a step's values of all samples of a chunk are
    /// contiguous.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Recurrent<L> {
        /// The function of a step.
        pub cell: Cell,
        /// Steps of a sequence.
        pub steps: L,
        /// Number of features of a step.
        pub features: L,
        /// Size of the state.
        pub units: L,
        /// Activation of the candidate state.
        pub activation: Activation,
        /// Activation of the gates.
        pub recurrent_activation: Activation,
        /// Whether the result is the state after every step instead of after the last only.
        pub sequences: bool,
        /// Whether the sequence is read from its end.
        pub backwards: bool,
        /// Whether the output sequence is reversed compared to the order of reading.
        pub flipped: bool,
        /// The input, `[steps, features]`.
        pub x: Read<L>,
        /// The mask of the steps, if there is one.
        pub mask: Option<StepMask<L>>,
        /// The states before the first step: the state, and the cell state of an LSTM; zeros if `None`.
        pub initial: [Option<Read<L>>; 2],
        /// The result, `[steps, units]` in the order in which the steps were read or its reverse, or `[units]`.
        pub y: Written<L>,
        /// The states after the last step, if they are needed.
        pub last: [Option<Written<L>>; 2],
        /// The kernel, `[features, gates · units]`.
        pub kernel: Weight<L>,
        /// The recurrent kernel, `[units, gates · units]`.
        pub recurrent_kernel: Weight<L>,
        /// The bias.
        pub bias: Option<Weight<L>>,
        /// The interleaved copies of kernel and recurrent kernel, if steps are fused.
        pub interleaved: Option<[usize; 2]>,
        /// Dropout of the inputs, if each gate has its own mask.
        pub input_dropout: Option<RecurrentDropout<L>>,
        /// Dropout of the states.
        pub dropout: Option<RecurrentDropout<L>>,
        /// The gates of every step, and their gradients in the backward.
        pub gates: Scratch<L>,
        /// The state before the first step and after every step.
        pub states: Scratch<L>,
        /// The cell state of an LSTM before the first step and after every step; for a GRU that resets before the
        /// product, the reset state.
        pub cells: Scratch<L>,
        /// The gradients of state and cell state, and two temporary values per unit.
        pub state_gradients: Scratch<L>,
    }
}

impl Recurrent {
    /// Size of the products of a step.
    pub const fn width(&self) -> usize {
        self.cell.gates() * self.units
    }

    /// Number of values of a step that are stored for the backward.
    pub const fn kept(&self) -> usize {
        self.cell.kept() * self.units
    }
}

impl Planned for Recurrent<Dim> {
    fn transposed_blocks(&self) -> Vec<usize> {
        let kernel = self.x.gradient.iter().map(|_| self.kernel.block);
        kernel.chain([self.recurrent_kernel.block]).collect()
    }

    fn rows_may_lie_apart(&self) -> bool {
        !self.sequences
    }

    fn reads_mask(&self, place: usize) -> bool {
        self.mask.is_some() && place == 1
    }

    fn prepare_backward(&mut self, _: &mut dyn FnMut(Dim) -> View<Dim>) {
        self.x.kept = self.kernel.gradient.is_some();
        self.mask.iter_mut().for_each(|mask| mask.values.kept = true);
        self.initial.iter_mut().flatten().for_each(|initial| initial.kept = self.kernel.gradient.is_some());
    }
}
