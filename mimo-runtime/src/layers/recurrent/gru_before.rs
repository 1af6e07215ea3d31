//! The cell of a GRU that resets before the product: `z = σ(x · W_z + h · U_z + b_z)`, `r` likewise, `c = φ(x · W_c +
//! (r · h) · U_c + b_c)`, `h' = z · h + (1 − z) · c`.
//!
//! Two parts of the recurrent kernel are multiplied with the state, the third with the reset state. Its gradient is
//! the sum of those of two products, each with zeros in the parts of the other.

use super::gru::{mix, unmix};
use super::{Places, Recurrent, Step, StepBack};
use crate::float::Float;
use crate::kernels::{self, Binary, Mat};

pub(super) fn forward<E: Float>(op: &Recurrent, arena: &mut [E], at: &Step<'_, E>) {
    let ([h, state], [reset, _], units, width) = (at.states, at.cells, op.units, op.width());
    let a = at.gates.columns(0, width);
    let [z, r, c] = std::array::from_fn(|part| op.part(a, part));
    let zr = a.columns(0, 2 * units);
    at.x.product(arena, a, units, (at.kernel, width), at.bias);
    at.seen.add_product(arena, zr, units, (at.recurrent_kernel, width));
    kernels::activation_forward(arena, op.recurrent_activation, zr, zr);
    kernels::binary(arena, Binary::Multiply, r, at.seen.of_gate(2), reset);
    kernels::dense_add(arena, reset, c, &at.recurrent_kernel[2 * units..], width);
    kernels::activation_forward(arena, op.activation, c, c);
    mix(arena, z, h, c, state);
}

pub(super) fn backward<E: Float>(op: &Recurrent, arena: &mut [E], at: &StepBack<'_, E>) {
    let ([h, _], units, width) = (at.states, op.units, op.width());
    let [a, of_state, of_reset]: [Mat; 3] = std::array::from_fn(|part| at.gates.columns(part * width, width));
    let [z, r, c] = std::array::from_fn(|part| op.part(a, part));
    let [dh, d, ..] = at.state_gradients;
    unmix(op, arena, [z, c], h, at.state_gradients);
    kernels::fill(arena, of_reset.columns(0, 2 * units), E::of(0.0));
    kernels::copy(arena, c, op.part(of_reset, 2), false);
    // The gradient of the reset state goes to the state and to the reset gate.
    at.through(arena, of_reset, d, false);
    let e = at.state_gradients[2];
    kernels::binary(arena, Binary::Multiply, d, r, e);
    at.unmask(arena, 2, e, dh, true);
    kernels::binary(arena, Binary::Multiply, d, at.seen.of_gate(2), d);
    kernels::activation_backward(arena, op.recurrent_activation, r, d, r, false);
    kernels::copy(arena, a.columns(0, 2 * units), of_state.columns(0, 2 * units), false);
    kernels::fill(arena, op.part(of_state, 2), E::of(0.0));
    if at.needs_previous {
        at.through_state(arena, 2, of_state, dh, true);
    }
}
