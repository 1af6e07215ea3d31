//! Layers that read a sequence step by step.

use super::{Read, Use, View};
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
    /// The kernel's block.
    pub kernel: usize,
    /// The recurrent kernel's block.
    pub recurrent_kernel: usize,
    /// The bias's block.
    pub bias: Option<usize>,
    /// What is read.
    pub read: Read,
    /// What was read, in the order of the steps; while training only.
    pub inputs: View,
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

    /// What the gradients of the kernel and the bias are made of, and that of the recurrent kernel: what was multiplied
    /// with it, and the gradient of the product.
    pub(crate) fn uses(&self) -> (Use, Use, Vec<Use>) {
        let (units, width) = (&self.layer.units, self.layer.width());
        let of_steps = |dim: &Dim| self.steps.clone() * dim.clone();
        let call = |x: View, first: usize, len: &Dim| {
            let column = Dim::Known(first) * units.clone();
            let dy = View { column, len: of_steps(len), ..self.gates.clone() };
            Use { x, dy, positions: self.steps.clone() }
        };
        // The values before each step: all but the last.
        let before = |memory: &View| View::whole(memory.slot, of_steps(units));
        let inputs = || self.inputs.clone();
        let kernel = call(inputs(), 0, &width);
        let gates = self.layer.cell.gates();
        match self.layer.cell {
            Cell::Lstm | Cell::Simple => {
                let recurrent = call(before(&self.states), 0, &width);
                (kernel.clone(), kernel, vec![recurrent])
            }
            Cell::Gru { reset_after: true } => {
                // Two biases, one behind the other as the gradients are.
                let both = Use { x: inputs(), dy: self.gates.clone(), positions: self.steps.clone() };
                (kernel, both, vec![call(before(&self.states), gates, &width)])
            }
            Cell::Gru { reset_after: false } => {
                let state = call(before(&self.states), gates, &width);
                let reset = call(before(&self.cells), 2 * gates, &width);
                (kernel.clone(), kernel, vec![state, reset])
            }
        }
    }
}
