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

    /// Number of times `units` values that a step keeps for the backward, which puts its gradients in their place. First
    /// come those of the products with the kernel. Those of the products with the recurrent kernel are the same, but
    /// for a GRU: one that resets after the product has them beside the others, and one that resets before it has
    /// them in two parts, each with zeros for the other: of the state, and of the state that was reset.
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
    /// Dropout of the input or the state of every step where a kernel reads it, while training: zeros for each gate by itself,
    /// the same at all steps of a sequence. The state that goes from one step to the next directly has none.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct RecurrentDropout<L> {
        /// The share of zeros; the rest is scaled.
        pub rate: f64,
        /// Distinguishes its random numbers from those of other layers; that of a gate is made of it.
        pub key: u64,
        /// The values with zeros of every step, gate by gate, and after them room for one of these values more.
        pub dropped: Scratch<L>,
    }
}

operation! {
    /// The steps of a sequence that count. At the others, the states stay what they were and the result is that of the step before.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct StepMask<L> {
        /// The mask, `[steps]`: a step whose value is not 0 counts.
        pub values: Read<L>,
        /// Whether the result at the other steps is zeros, and not the result before.
        pub zeros: bool,
        /// For each sample, the number of steps that are read before the first that counts.
        pub first: Scratch<L>,
        /// State gradients of the samples for which a step does not count.
        pub saved: Scratch<L>,
    }
}

operation! {
    /// A recurrent layer on a sequence. Its memory lies step by step: a step's values of all samples of a chunk follow each
    /// other.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Recurrent<L> {
        /// The function of a step.
        pub cell: Cell,
        /// Steps of a sequence.
        pub steps: L,
        /// Values that a step reads.
        pub features: L,
        /// Values of the state.
        pub units: L,
        /// The activation of the candidate for a new state.
        pub activation: Activation,
        /// The activation of the gates.
        pub recurrent_activation: Activation,
        /// Whether the result is the state after every step, and not after the last only.
        pub sequences: bool,
        /// Whether the sequence is read from its end.
        pub backwards: bool,
        /// Whether the states of a sequence are written in the reverse of the order in which the steps were read.
        pub flipped: bool,
        /// The input, `[steps, features]`.
        pub x: Read<L>,
        /// The mask of the steps, if there is one.
        pub mask: Option<StepMask<L>>,
        /// The states before the first step: the state, and the cell state of an LSTM; zeros where there is none.
        pub initial: [Option<Read<L>>; 2],
        /// The result, `[steps, units]` in the order in which the steps were read or its reverse, or `[units]`.
        pub y: Written<L>,
        /// The same states after the last step, as far as they are needed.
        pub last: [Option<Written<L>>; 2],
        /// The kernel, `[features, gates · units]`.
        pub kernel: Weight<L>,
        /// The recurrent kernel, `[units, gates · units]`.
        pub recurrent_kernel: Weight<L>,
        /// The bias.
        pub bias: Option<Weight<L>>,
        /// The interleaved copies of kernel and recurrent kernel, if steps are fused.
        pub interleaved: Option<[usize; 2]>,
        /// Dropout of the inputs, if each gate has zeros of its own.
        pub input_dropout: Option<RecurrentDropout<L>>,
        /// Dropout of the states.
        pub dropout: Option<RecurrentDropout<L>>,
        /// The gates of every step, and their gradients in the backward.
        pub gates: Scratch<L>,
        /// The state before the first step and after every step.
        pub states: Scratch<L>,
        /// The same for the cell state of an LSTM; for a GRU that resets before the product, the state that was reset.
        pub cells: Scratch<L>,
        /// The gradients of state and cell state, and two more values per unit to compute with.
        pub state_gradients: Scratch<L>,
    }
}

impl Recurrent {
    /// Products of a step.
    pub const fn width(&self) -> usize {
        self.cell.gates() * self.units
    }

    /// Values of a step that are stored for the backward.
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
