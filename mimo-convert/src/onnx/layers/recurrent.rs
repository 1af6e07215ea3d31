//! `LSTM`, `GRU` and `SimpleRNN`.
//!
//! ONNX's `LSTM` and `GRU` compute what most layers are. They have no masks with gaps, engines have no other activations than the
//! defaults and not all of them have `RNN`: such a layer is written step by step, so that its graph grows with the number of steps.

use mimo_graph::activation::Activation;
use mimo_graph::layers::Layer;
use mimo_graph::layers::recurrent::{Cell, Recurrent};

use super::{activation, bounded, elementwise, known};
use crate::error::Error;
use crate::onnx::builder::{Value, int};
use crate::onnx::context::{Call, Context, Id};
use crate::onnx::model::Attribute;

/// What a layer gives: the results of all steps, that of the last one, and its states. Results are in the order in which steps are
/// read, or in the opposite one if a `Bidirectional` puts them back.
struct Given {
    sequence: Value,
    last: Value,
    states: Vec<Value>,
}

pub(super) fn recurrent(cx: &mut Context<'_>, layer: &Recurrent, call: &Call<'_>) -> Result<Vec<Id>, Error> {
    let units = bounded(known(&layer.units)?, "units")?;
    let states = layer.states();
    let carried = match layer.stateful {
        true => cx.states(call.name, states, units)?,
        false => vec![],
    };
    let mut initial = vec![];
    for (at, name) in states.iter().enumerate() {
        initial.push(match call.named(name) {
            Some(id) => Some(cx.each(id)?),
            None => carried.get(at).cloned(),
        });
    }
    let mask = call.named("mask");
    let usual = layer.activation == Activation::Tanh && layer.recurrent_activation == Activation::Sigmoid;
    let operator = match layer.cell {
        Cell::Lstm => usual.then_some("LSTM"),
        Cell::Gru { reset_after: true } => usual.then_some("GRU"),
        Cell::Gru { reset_after: false } | Cell::Simple => None,
    };
    let given = match operator.filter(|_| mask.is_none()) {
        Some(op) => by_operator(cx, layer, call, op, units, &initial)?,
        None => by_steps(cx, layer, call, mask, units, &initial)?,
    };
    if layer.stateful {
        cx.set_states(call.name, &given.states);
    }
    let y = match layer.return_sequences {
        false => given.last,
        true => given.sequence,
    };
    let values = std::iter::once(y).chain(given.states);
    let outputs: Vec<_> = call.outputs.iter().map(|(shape, _)| shape.clone()).collect();
    Ok(values.zip(outputs).map(|(value, shape)| cx.float(value, &shape)).collect())
}

/// Gates in the order in which ONNX has them, of those of Keras.
fn order(cell: Cell) -> &'static [usize] {
    match cell {
        // Input, forget, cell, output; ONNX: input, output, forget, cell.
        Cell::Lstm => &[0, 3, 1, 2],
        Cell::Gru { .. } => &[0, 1, 2],
        Cell::Simple => &[0],
    }
}

/// `[rows, gates · units]` as `[1, gates · units, rows]`, with the gates in another order.
fn turned(values: &[f32], gates: &[usize], units: usize) -> Vec<f32> {
    let width = gates.len() * units;
    let rows = values.len().checked_div(width).unwrap_or(0);
    let columns = gates.iter().flat_map(|gate| gate * units..(gate + 1) * units);
    let places = columns.flat_map(|column| (0..rows).map(move |row| row * width + column));
    places.filter_map(|place| values.get(place).copied()).collect()
}

fn by_operator(
    cx: &mut Context<'_>,
    layer: &Recurrent,
    call: &Call<'_>,
    op: &str,
    units: usize,
    initial: &[Option<Value>],
) -> Result<Given, Error> {
    let x = cx.each(call.x()?)?;
    // ONNX has steps before samples. Its `direction` could be `reverse`, of which tract 0.23 computes something else.
    let mut x = cx.out.transpose(&x, &[1, 0, 2]);
    if layer.go_backwards {
        x = cx.out.flip(&x, &[0]);
    }
    let gates = order(layer.cell);
    let width = gates.len() * units;
    let kernel = |values: Vec<f32>, shape: Vec<usize>| {
        (turned(&values, gates, units), vec![1, width, shape.first().copied().unwrap_or(0)])
    };
    let kernels = ["kernel", "recurrent_kernel"].map(|weight| cx.changed_weight(call, weight, op, kernel));
    let [kernel, recurrent_kernel] = kernels;
    let bias = match cx.has(call, "bias") {
        true => Some(cx.changed_weight(call, "bias", op, |values, shape| {
            // One row for the inputs and one for the states.
            let mut rows: Vec<f32> =
                values.chunks(width.max(1)).flat_map(|row| turned(row, gates, units)).collect();
            if shape.len() == 1 {
                rows.resize(2 * width, 0.0);
            }
            (rows, vec![1, 2 * width])
        })?),
        false => None,
    };
    // Without a state it would begin with zeros, but tract then has to know how many samples there are.
    let mut zeros = None;
    let mut states = vec![];
    for state in initial {
        let state = match (state, &zeros) {
            (Some(state), _) | (None, Some(state)) => state.clone(),
            (None, None) => {
                let state = cx.out.floats(&[1, units], &vec![0.0; units]);
                zeros.insert(cx.repeated_like(&state, &x, 1, &[units])).clone()
            }
        };
        states.push(cx.out.unsqueeze(&state, &[0]));
    }
    let initial = states;
    let mut inputs = vec![Some(&x)];
    let (kernel, recurrent_kernel) = (kernel?, recurrent_kernel?);
    // No lengths of sequences.
    inputs.extend([Some(&kernel), Some(&recurrent_kernel), bias.as_ref(), None]);
    inputs.extend(initial.iter().map(Some));
    let mut settings = vec![("hidden_size", Attribute::Int(int(units)))];
    let (all, mut states) = match layer.cell {
        Cell::Lstm => {
            let [all, h, c] = cx.out.nodes(op, &inputs, settings);
            (all, vec![h, c])
        }
        Cell::Gru { .. } | Cell::Simple => {
            settings.push(("linear_before_reset", Attribute::Int(1)));
            let [all, h] = cx.out.nodes(op, &inputs, settings);
            (all, vec![h])
        }
    };
    states.iter_mut().for_each(|state| *state = cx.out.squeeze(state, &[0]));
    // `[steps, directions, samples, units]`.
    let all = cx.out.squeeze(&all, &[1]);
    let mut sequence = cx.out.transpose(&all, &[1, 0, 2]);
    if layer.flipped && layer.return_sequences {
        sequence = cx.out.flip(&sequence, &[1]);
    }
    let last = states.first().cloned().ok_or_else(|| Error::new("the layer has no state"))?;
    Ok(Given { sequence, last, states })
}

/// The weights of a step.
struct Weights {
    recurrent: Value,
    /// The kernel of the states of the candidate, and that of the gates, for a `GRU` that resets before the product.
    parts: Option<[Value; 2]>,
    /// The bias of the states.
    bias: Option<Value>,
}

fn by_steps(
    cx: &mut Context<'_>,
    layer: &Recurrent,
    call: &Call<'_>,
    mask: Option<Id>,
    units: usize,
    initial: &[Option<Value>],
) -> Result<Given, Error> {
    let x = call.x()?;
    let steps = cx.shape(x)?.first().copied().unwrap_or(0);
    // A node is as large as a thousand values.
    bounded(steps.saturating_mul(1024), "nodes of steps")?;
    let (value, kernel) = (cx.each(x)?, cx.weight(call, "kernel")?);
    // The products of all steps with the kernel at once.
    let mut inputs = cx.out.node("MatMul", &[&value, &kernel]);
    let mut bias = None;
    if cx.has(call, "bias") {
        match cx.weight_shape(call, "bias")?[..] {
            // Those of inputs and of states.
            [2, width] => {
                let [of_inputs, of_states] = [("inputs", 0), ("states", 1)].map(|(how, row)| {
                    cx.changed_weight(call, "bias", how, |values, _| {
                        (values.into_iter().skip(row * width).take(width).collect(), vec![width])
                    })
                });
                inputs = cx.out.add(&inputs, &of_inputs?);
                bias = Some(of_states?);
            }
            _ => {
                let of_inputs = cx.weight(call, "bias")?;
                inputs = cx.out.add(&inputs, &of_inputs);
            }
        }
    }
    let parts = match layer.cell {
        Cell::Gru { reset_after: false } => {
            let part = |cx: &mut Context<'_>, how: &str, columns: std::ops::Range<usize>| {
                cx.changed_weight(call, "recurrent_kernel", how, |values, shape| {
                    let width = shape.get(1).copied().unwrap_or(1).max(1);
                    let rows =
                        values.chunks(width).flat_map(|row| row.get(columns.clone()).unwrap_or_default());
                    (rows.copied().collect(), vec![units, columns.len()])
                })
            };
            Some([part(cx, "candidate", 2 * units..3 * units)?, part(cx, "gates", 0..2 * units)?])
        }
        _ => None,
    };
    let weights = Weights { recurrent: cx.weight(call, "recurrent_kernel")?, parts, bias };
    let counts = match mask {
        Some(mask) => {
            let mask = cx.floats(mask)?;
            Some(elementwise::truth(&mut cx.out, &mask))
        }
        None => None,
    };
    let zeros = cx.out.floats(&[1, units], &vec![0.0; units]);
    // One row would do, but tract 0.23 does not multiply it in every case.
    let zeros = cx.repeated_like(&zeros, &value, 0, &[units]);
    let mut states: Vec<Value> = layer.states().iter().map(|_| zeros.clone()).collect();
    for (state, initial) in states.iter_mut().zip(initial) {
        *state = initial.clone().unwrap_or_else(|| zeros.clone());
    }
    let mut results = vec![];
    // Whether any step so far counts.
    let mut seen: Option<Value> = None;
    let times: Vec<usize> =
        if layer.go_backwards { (0..steps).rev().collect() } else { (0..steps).collect() };
    for time in times {
        let here = cx.out.slice(&inputs, 1, time, time + 1);
        let here = cx.out.squeeze(&here, &[1]);
        let mut next = step(cx, layer, &weights, units, &here, &states)?;
        let mut result = next.first().cloned().ok_or_else(|| Error::new("the layer has no state"))?;
        if let Some(counts) = &counts {
            let counts = cx.out.slice(counts, 1, time, time + 1);
            for (next, before) in next.iter_mut().zip(&states) {
                *next = cx.out.choose(&counts, next, before);
            }
            let so_far = match (&seen, layer.zero_output_for_mask) {
                (Some(seen), false) => cx.out.node("Or", &[seen, &counts]),
                _ => counts,
            };
            let kept = next.first().unwrap_or(&result);
            result = cx.out.choose(&so_far, kept, &zeros);
            seen = Some(so_far);
        }
        states = next;
        results.push(result);
    }
    let last = results.last().cloned().ok_or_else(|| Error::new("the sequence has no steps"))?;
    if layer.flipped {
        results.reverse();
    }
    let sequence = match layer.return_sequences {
        true => {
            let each: Vec<Value> = results.iter().map(|result| cx.out.unsqueeze(result, &[1])).collect();
            cx.out.concat(&each, 1)
        }
        false => last.clone(),
    };
    Ok(Given { sequence, last, states })
}

/// The states after a step. `x` is the product of the input with the kernel, with its bias.
fn step(
    cx: &mut Context<'_>,
    layer: &Recurrent,
    weights: &Weights,
    units: usize,
    x: &Value,
    states: &[Value],
) -> Result<Vec<Value>, Error> {
    let out = &mut cx.out;
    let h = states.first().ok_or_else(|| Error::new("the layer has no state"))?;
    let activate = |out: &mut _, x: &Value| activation::single(out, x, layer.activation);
    let gate = |out: &mut _, x: &Value| activation::single(out, x, layer.recurrent_activation);
    Ok(match layer.cell {
        Cell::Simple => {
            let product = out.node("MatMul", &[h, &weights.recurrent]);
            let sum = out.add(x, &product);
            vec![activate(out, &sum)]
        }
        Cell::Lstm => {
            let c = states.get(1).ok_or_else(|| Error::new("the layer has no cell state"))?;
            let product = out.node("MatMul", &[h, &weights.recurrent]);
            let sum = out.add(x, &product);
            let [input, forget, candidate, output] =
                [0, 1, 2, 3].map(|at| out.slice(&sum, 1, at * units, (at + 1) * units));
            let [input, forget, output] = [input, forget, output].map(|it| gate(out, &it));
            let candidate = activate(out, &candidate);
            let kept = out.mul(&forget, c);
            let new = out.mul(&input, &candidate);
            let c = out.add(&kept, &new);
            let shown = activate(out, &c);
            vec![out.mul(&output, &shown), c]
        }
        Cell::Gru { reset_after } => {
            let part = |out: &mut crate::onnx::builder::Builder, of: &Value, gates: [usize; 2]| {
                out.slice(of, 1, gates[0] * units, gates[1] * units)
            };
            let candidate = part(out, x, [2, 3]);
            let (update, candidate) = match &weights.parts {
                Some([of_candidate, of_gates]) if !reset_after => {
                    let product = out.node("MatMul", &[h, of_gates]);
                    let gates = part(out, x, [0, 2]);
                    let gates = out.add(&gates, &product);
                    let [update, reset] = [[0, 1], [1, 2]].map(|gates_of| part(out, &gates, gates_of));
                    let [update, reset] = [update, reset].map(|it| gate(out, &it));
                    let kept = out.mul(&reset, h);
                    let product = out.node("MatMul", &[&kept, of_candidate]);
                    (update, out.add(&candidate, &product))
                }
                _ => {
                    let mut product = out.node("MatMul", &[h, &weights.recurrent]);
                    if let Some(bias) = &weights.bias {
                        product = out.add(&product, bias);
                    }
                    let [update, reset] = [[0, 1], [1, 2]].map(|gates| {
                        let [x, product] = [x, &product].map(|of| part(out, of, gates));
                        let sum = out.add(&x, &product);
                        gate(out, &sum)
                    });
                    let product = part(out, &product, [2, 3]);
                    let kept = out.mul(&reset, &product);
                    (update, out.add(&candidate, &kept))
                }
            };
            let candidate = activate(out, &candidate);
            // `update · h + (1 − update) · candidate`.
            let difference = out.sub(h, &candidate);
            let kept = out.mul(&update, &difference);
            vec![out.add(&candidate, &kept)]
        }
    })
}
