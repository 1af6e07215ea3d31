//! The cell of a GRU that resets after the product, Keras's default. With `a = x · W + b₀` and `g = h · U + b₁`:
//! `z = σ(a_z + g_z)`, `r = σ(a_r + g_r)`, `c = φ(a_c + r · g_c)`, `h' = z · h + (1 − z) · c`.
//!
//! A step stores `z`, `r`, `c` in the memory of `a`, and `g_c` in its own; the backward pass overwrites them with the
//! gradients of `a` and of `g`, which differ in the last part.

use super::{Places, Recurrent, Step, StepBack};
use crate::float::Float;
use crate::kernels::{self, Binary, Mat};

pub(super) fn forward<E: Float>(op: &Recurrent, arena: &mut [E], at: &Step<'_, E>) {
    let ([h, state], units, width) = (at.states, op.units, op.width());
    let (a, g) = (at.gates.columns(0, width), at.gates.columns(width, width));
    let [input_bias, recurrent_bias] =
        [0, width].map(|first| at.bias.map(|bias| &bias[first..first + width]));
    at.x.product(arena, a, units, (at.kernel, width), input_bias);
    at.seen.product(arena, g, units, (at.recurrent_kernel, width), recurrent_bias);
    let zr = a.columns(0, 2 * units);
    kernels::copy(arena, g.columns(0, 2 * units), zr, true);
    kernels::activation_forward(arena, op.recurrent_activation, zr, zr);
    let [z, r, c, g_c] = [op.part(a, 0), op.part(a, 1), op.part(a, 2), op.part(g, 2)];
    // The state is not known yet: its memory holds the addend of the candidate.
    kernels::binary(arena, Binary::Multiply, r, g_c, state);
    kernels::copy(arena, state, c, true);
    kernels::activation_forward(arena, op.activation, c, c);
    mix(arena, z, h, c, state);
}

/// Computes `h' = z · (h − c) + c`.
pub(super) fn mix<E: Float>(arena: &mut [E], z: Mat, h: Mat, c: Mat, state: Mat) {
    kernels::binary(arena, Binary::Subtract, h, c, state);
    kernels::binary(arena, Binary::Multiply, state, z, state);
    kernels::copy(arena, c, state, true);
}

/// Computes the gradients of [`mix`] through the activations: replaces `z` and `c` by the gradients of their
/// activations' inputs, and the gradient of `h'` by the direct part of the gradient of `h`. The last two buffers of
/// `state_gradients` are scratch memory.
pub(super) fn unmix<E: Float>(
    op: &Recurrent,
    arena: &mut [E],
    [z, c]: [Mat; 2],
    h: Mat,
    [dh, d, e, _]: [Mat; 4],
) {
    kernels::binary(arena, Binary::Subtract, h, c, d);
    kernels::binary(arena, Binary::Multiply, d, dh, d);
    kernels::binary(arena, Binary::Multiply, dh, z, e);
    kernels::binary(arena, Binary::Subtract, dh, e, dh);
    kernels::activation_backward(arena, op.activation, c, dh, c, false);
    kernels::activation_backward(arena, op.recurrent_activation, z, d, z, false);
    kernels::copy(arena, e, dh, false);
}

pub(super) fn backward<E: Float>(op: &Recurrent, arena: &mut [E], at: &StepBack<'_, E>) {
    let ([h, _], units, width) = (at.states, op.units, op.width());
    let (a, g) = (at.gates.columns(0, width), at.gates.columns(width, width));
    let [z, r, c, g_c] = [op.part(a, 0), op.part(a, 1), op.part(a, 2), op.part(g, 2)];
    let [dh, d, ..] = at.state_gradients;
    unmix(op, arena, [z, c], h, at.state_gradients);
    kernels::binary(arena, Binary::Multiply, c, g_c, d);
    kernels::binary(arena, Binary::Multiply, c, r, g_c);
    kernels::activation_backward(arena, op.recurrent_activation, r, d, r, false);
    kernels::copy(arena, a.columns(0, 2 * units), g.columns(0, 2 * units), false);
    if at.needs_previous {
        at.through_state(arena, 3, g, dh, true);
    }
}
