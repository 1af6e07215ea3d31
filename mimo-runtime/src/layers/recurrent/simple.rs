//! The cell of a `SimpleRNN`: `h' = a(x · W + h · U + b)`.

use super::{Recurrent, Step, StepBack};
use crate::float::Float;
use crate::kernels;

pub(super) fn forward<E: Float>(op: &Recurrent, arena: &mut [E], at: &Step<'_, E>) {
    let [_, state] = at.states;
    at.x.product(arena, at.gates, op.units, (at.kernel, op.units), at.bias);
    at.seen.add_product(arena, at.gates, op.units, (at.recurrent_kernel, op.units));
    kernels::activation_forward(arena, op.activation, at.gates, state);
}

pub(super) fn backward<E: Float>(op: &Recurrent, arena: &mut [E], at: &StepBack<'_, E>) {
    let (dh, state) = (at.state_gradients[0], at.states[1]);
    kernels::activation_backward(arena, op.activation, state, dh, at.gates, false);
    if at.needs_previous {
        at.through_state(arena, 1, at.gates, dh, false);
    }
}
