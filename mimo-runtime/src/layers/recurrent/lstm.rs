//! The cell of an LSTM: `c' = f · c + i · a(g)`, `h' = o · a(c')`, with gates in the order i, f, g, o.

use mimo_graph::activation::Activation;

use super::{Places, Recurrent, Step, StepBack};
use crate::float::Float;
use crate::kernels::{self, Binary, LstmPlaces, LstmWeights, Mat};

/// Whether the kernels for Keras's defaults can be used.
fn usual(op: &Recurrent) -> bool {
    op.activation == Activation::Tanh && op.recurrent_activation == Activation::Sigmoid
}

pub(super) fn forward<E: Float>(op: &Recurrent, arena: &mut [E], at: &Step<'_, E>) {
    let (gates, [before, cell], [_, state], width) = (at.gates, at.cells, at.states, op.width());
    if let Some([kernel, recurrent_kernel]) = at.interleaved {
        let weights = LstmWeights { kernel, recurrent_kernel, bias: at.bias };
        let places = LstmPlaces {
            x: at.x.all(),
            before: (!at.begins).then_some([at.seen.all(), before]),
            gates: at.keeps.then_some(gates),
            state,
            cell,
        };
        return kernels::lstm_step(arena, weights, places);
    }
    at.x.product(arena, gates, op.units, (at.kernel, width), at.bias);
    at.seen.add_product(arena, gates, op.units, (at.recurrent_kernel, width));
    if usual(op) {
        return kernels::lstm_forward(arena, gates, before, cell, state);
    }
    let [i, f, g, o] = std::array::from_fn(|gate| op.part(gates, gate));
    for gate in [i, f, o] {
        kernels::activation_forward(arena, op.recurrent_activation, gate, gate);
    }
    kernels::activation_forward(arena, op.activation, g, g);
    kernels::binary(arena, Binary::Multiply, f, before, cell);
    // The state is not known yet: its memory holds the addend of the cell state.
    kernels::binary(arena, Binary::Multiply, i, g, state);
    kernels::copy(arena, state, cell, true);
    kernels::activation_forward(arena, op.activation, cell, state);
    kernels::binary(arena, Binary::Multiply, state, o, state);
}

pub(super) fn backward<E: Float>(op: &Recurrent, arena: &mut [E], at: &StepBack<'_, E>) {
    let (gates, [before, cell], [dh, dc, a, b]) = (at.gates, at.cells, at.state_gradients);
    if usual(op) {
        kernels::lstm_backward(arena, gates, before, cell, dh, dc);
    } else {
        let [i, f, g, o] = std::array::from_fn(|gate| op.part(gates, gate));
        let through = |arena: &mut [E], activation: Activation, gate: Mat, gradient: Mat| {
            kernels::activation_backward(arena, activation, gate, gradient, gate, false);
        };
        kernels::activation_forward(arena, op.activation, cell, a);
        kernels::binary(arena, Binary::Multiply, dh, o, b);
        kernels::activation_backward(arena, op.activation, a, b, dc, true);
        kernels::binary(arena, Binary::Multiply, dh, a, a);
        through(arena, op.recurrent_activation, o, a);
        kernels::binary(arena, Binary::Multiply, dc, g, a);
        kernels::binary(arena, Binary::Multiply, dc, i, b);
        through(arena, op.recurrent_activation, i, a);
        through(arena, op.activation, g, b);
        kernels::binary(arena, Binary::Multiply, dc, before, a);
        kernels::binary(arena, Binary::Multiply, dc, f, dc);
        through(arena, op.recurrent_activation, f, a);
    }
    if at.needs_previous {
        at.through_state(arena, 4, gates, dh, false);
    }
}
