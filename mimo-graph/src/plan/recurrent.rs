//! Layers that read a sequence step by step.

use super::{Read, View, Weighted};
use crate::activation::Activation;
use crate::dim::Dim;
use crate::layers::recurrent::Cell;

/// A layer that reads a sequence step by step. Its memory lies step by step too: a step's values of all samples of a
/// chunk follow each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Recurrent {
    /// The layer.
    pub layer: crate::layers::recurrent::Recurrent,
    /// Steps of a sequence.
    pub steps: Dim,
    /// Values that a step reads.
    pub features: Dim,
    /// The kernel.
    pub kernel: Weighted,
    /// The recurrent kernel.
    pub recurrent_kernel: Weighted,
    /// The bias.
    pub bias: Option<Weighted>,
    /// The interleaved forms of kernel and recurrent kernel, if its steps are fused.
    pub interleaved: Option<[usize; 2]>,
    /// What is read.
    pub read: Read,
    /// The gates of every step, and their gradients in the backward.
    pub gates: View,
    /// The state before the first step and after every step.
    pub states: View,
    /// The same for the cell state of an LSTM; for a GRU that resets before the product, the state that was reset.
    pub cells: View,
    /// The gradients of state and cell state and what they are made with, in the backward only.
    pub carried: View,
}

impl Recurrent {
    /// Memory that is used from the forward pass on.
    pub(crate) fn kept_mut(&mut self) -> [&mut View; 3] {
        [&mut self.gates, &mut self.states, &mut self.cells]
    }

    /// Its weights.
    pub(crate) fn weights_mut(&mut self) -> Vec<&mut Weighted> {
        [&mut self.kernel, &mut self.recurrent_kernel].into_iter().chain(&mut self.bias).collect()
    }

    /// Whether its steps are fused and keep their gates for the backward only.
    pub(crate) fn forgets_gates(&self) -> bool {
        self.interleaved.is_some()
    }
}

/// Whether there is a kernel for whole steps of the layer: there is one for LSTMs with Keras's activations.
pub(super) fn has_fused_step(layer: &crate::layers::recurrent::Recurrent) -> bool {
    layer.cell == Cell::Lstm
        && layer.activation == Activation::Tanh
        && layer.recurrent_activation == Activation::Sigmoid
}
