//! The elementwise part of one step of a recurrent layer, after its products.
//!
//! The activations are Keras's defaults, tanh and sigmoid. Layers with other activations use the kernels for
//! activations and products.

use super::dispatch::Kernels;
use super::element::Element;
use super::lanewise::{Operands, lanewise, rule};
use super::matrix::Mat;
use super::simd::Simd;

rule! {
    /// Computes the gates and both states from the products and the previous cell state.
    Lstm [i, f, g, o, before] -> 6 {
        let (i, f, g, o) = (S::gate_sigmoid(i), S::gate_sigmoid(f), S::gate_tanh(g), S::gate_sigmoid(o));
        let c = S::fma(f, before, S::mul(i, g));
        [i, f, g, o, c, S::mul(o, S::gate_tanh(c))]
    }
}

rule! {
    /// From the gates, both cell states, and the gradients of state and cell state after the step: computes the
    /// gradients of the products and of the cell state before the step. With `s = sigmoid(x)` the slope is `s - s²`,
    /// with `t = tanh(x)` it is `1 - t²`.
    LstmGradient [i, f, g, o, before, c, dh, dc] -> 5 {
        let one = S::splat(S::Elem::of(1.0));
        let t = S::gate_tanh(c);
        let dc = S::fma(S::mul(dh, o), S::fnma(t, t, one), dc);
        [
            S::mul(S::mul(dc, g), S::fnma(i, i, i)),
            S::mul(S::mul(dc, before), S::fnma(f, f, f)),
            S::mul(S::mul(dc, i), S::fnma(g, g, one)),
            S::mul(S::mul(dh, t), S::fnma(o, o, o)),
            S::mul(dc, f),
        ]
    }
}

/// The kernel behind [`lstm_forward`].
///
/// # Safety
///
/// As for [`lanewise`].
#[inline(always)]
pub(crate) unsafe fn lstm<S: Simd>(operands: &Operands<S::Elem, 5, 6>) {
    // SAFETY: passed on to the caller.
    unsafe { lanewise::<S, _, 5, 6>(operands, Lstm::new()) }
}

/// The kernel behind [`lstm_backward`].
///
/// # Safety
///
/// As for [`lanewise`].
#[inline(always)]
pub(crate) unsafe fn lstm_gradient<S: Simd>(operands: &Operands<S::Elem, 8, 5>) {
    // SAFETY: passed on to the caller.
    unsafe { lanewise::<S, _, 8, 5>(operands, LstmGradient::new()) }
}

/// The four gates of an LSTM, side by side.
fn quarters(gates: Mat) -> [Mat; 4] {
    let units = gates.cols / 4;
    core::array::from_fn(|gate| gates.columns(gate * units, units))
}

/// One step of an LSTM. `gates` holds the products of the gates i, f, c, o, `[rows, 4 units]`, and is overwritten by
/// the gates themselves. `before`, `cell` and `state` are `[rows, units]`; `cell` may be `before`.
pub fn lstm_forward<E: Element>(arena: &mut [E], gates: Mat, before: Mat, cell: Mat, state: Mat) {
    let [i, f, g, o] = quarters(gates);
    gates.check(arena.len());
    for mat in [before, cell, state] {
        mat.check_like(i, arena.len());
    }
    let operands = Operands::new(arena.as_mut_ptr(), [i, f, g, o, before], [i, f, g, o, cell, state], false);
    // SAFETY: the matrices were checked above, and the table is for this processor.
    unsafe { E::kernels().lstm(&operands) }
}

/// Gradients of [`lstm_forward`]: overwrites `gates` with the gradient of the products, and `cell_gradient` (of the
/// cell state after the step) with the gradient of the cell state before the step.
pub fn lstm_backward<E: Element>(
    arena: &mut [E],
    gates: Mat,
    before: Mat,
    cell: Mat,
    state_gradient: Mat,
    cell_gradient: Mat,
) {
    let [i, f, g, o] = quarters(gates);
    gates.check(arena.len());
    for mat in [before, cell, state_gradient, cell_gradient] {
        mat.check_like(i, arena.len());
    }
    let operands = Operands::new(
        arena.as_mut_ptr(),
        [i, f, g, o, before, cell, state_gradient, cell_gradient],
        [i, f, g, o, cell_gradient],
        false,
    );
    // SAFETY: the matrices were checked above, and the table is for this processor.
    unsafe { E::kernels().lstm_gradient(&operands) }
}
