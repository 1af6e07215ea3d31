//! `Add`, `Subtract`, `Multiply`, `Average`, `Maximum`, `Minimum`, with broadcasting.

use mimo_graph::layers::merge::MergeOp;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels::{self, Binary};
use crate::layers::apply_mask;
use crate::layers::strided::{each_run, run_offset};
use crate::program::{Sink, View};
use crate::run::run;

/// Combines values element by element.
#[derive(Clone, Copy, Debug)]
pub struct Merge {
    /// How.
    pub op: MergeOp,
    /// The shape of the result.
    pub shape: &'static [usize],
    /// What is read, in order.
    pub inputs: &'static [MergeInput],
    /// What is given.
    pub y: View,
    /// The gradient of `y`.
    pub dy: View,
}

/// One of the merged values.
#[derive(Clone, Copy, Debug)]
pub struct MergeInput {
    /// What is read.
    pub x: View,
    /// How far the input moves for a step along each axis of the result; 0 where it is broadcast.
    pub strides: &'static [usize],
    /// Where its gradient goes.
    pub dx: Option<Sink>,
}

/// The strides of an input whose axes are aligned with the result's from the right; axes of length 1 are broadcast.
pub const fn broadcast_strides<const RANK: usize>(input: &[usize], result: &[usize; RANK]) -> [usize; RANK] {
    let mut strides = [0; RANK];
    let mut stride = 1;
    let mut i = 0;
    while i < input.len() && i < RANK {
        let (from, to) = (input.len() - 1 - i, RANK - 1 - i);
        if input[from] == result[to] {
            strides[to] = stride;
        }
        stride *= input[from];
        i += 1;
    }
    strides
}

impl Merge {
    /// Whether an input has the result's shape, so that its values lie as the result's do.
    fn full(&self, input: &MergeInput) -> bool {
        input.x.len == self.y.len
    }

    /// What combines the values so far with the next input.
    fn binary(&self) -> Binary {
        match self.op {
            MergeOp::Add | MergeOp::Average => Binary::Add,
            MergeOp::Subtract => Binary::Subtract,
            MergeOp::Multiply => Binary::Multiply,
            MergeOp::Maximum => Binary::Maximum,
            MergeOp::Minimum => Binary::Minimum,
        }
    }
}

fn forward<E: Float>(op: &Merge, chunk: &mut Chunk<'_, E>) {
    let y = chunk.mat(op.y);
    let rest = match op.inputs {
        [] => return,
        [first, second, rest @ ..] if op.full(first) && op.full(second) => {
            let (a, b) = (chunk.mat(first.x), chunk.mat(second.x));
            kernels::binary(chunk.arena, op.binary(), a, b, y);
            rest
        }
        [first, rest @ ..] => {
            broadcast(op, chunk, first, |_, x| x);
            rest
        }
    };
    for input in rest {
        if op.full(input) {
            let x = chunk.mat(input.x);
            kernels::binary(chunk.arena, op.binary(), y, x, y);
            continue;
        }
        match op.op {
            MergeOp::Add | MergeOp::Average => broadcast(op, chunk, input, |y, x| y + x),
            MergeOp::Subtract => broadcast(op, chunk, input, |y, x| y - x),
            MergeOp::Multiply => broadcast(op, chunk, input, |y, x| y * x),
            // As the kernels: the second if one of the two is NaN.
            MergeOp::Maximum => broadcast(op, chunk, input, |y, x| if y > x { y } else { x }),
            MergeOp::Minimum => broadcast(op, chunk, input, |y, x| if y < x { y } else { x }),
        }
    }
    if op.op == MergeOp::Average && op.inputs.len() > 1 {
        let count = E::of(op.inputs.len() as f64);
        for row in 0..chunk.rows {
            chunk.row_mut(op.y, row).iter_mut().for_each(|y| *y /= count);
        }
    }
}

/// `y = combine(y, x)` for an `x` of any shape that broadcasts.
#[inline]
fn broadcast<E: Float>(
    op: &Merge,
    chunk: &mut Chunk<'_, E>,
    input: &MergeInput,
    combine: impl Fn(E, E) -> E,
) {
    for row in 0..chunk.rows {
        let [y, x] = chunk.rows_mut([op.y, input.x], row);
        each_run(op.shape, input.strides, |at, from, len, step| {
            let y = &mut y[at..at + len];
            if step == 0 {
                let x = x[from];
                y.iter_mut().for_each(|y| *y = combine(*y, x));
            } else {
                y.iter_mut().zip(&x[from..]).for_each(|(y, x)| *y = combine(*y, *x));
            }
        });
    }
}

fn backward<E: Float>(op: &Merge, chunk: &mut Chunk<'_, E>) {
    for (place, input) in op.inputs.iter().enumerate() {
        let Some(sink) = input.dx else { continue };
        match op.op {
            MergeOp::Add => scaled(op, chunk, input, sink, 1.0),
            MergeOp::Subtract => scaled(op, chunk, input, sink, if place == 0 { 1.0 } else { -1.0 }),
            MergeOp::Average => scaled(op, chunk, input, sink, 1.0 / op.inputs.len() as f64),
            MergeOp::Multiply => match op.inputs {
                [a, b] if op.full(a) && op.full(b) && !sink.accumulate => {
                    let other = if place == 0 { b } else { a };
                    let [other, dy, dx] = [other.x, op.dy, sink.view].map(|view| chunk.mat(view));
                    kernels::binary(chunk.arena, Binary::Multiply, dy, other, dx);
                }
                _ => weighted(op, chunk, place, sink),
            },
            MergeOp::Maximum | MergeOp::Minimum => weighted(op, chunk, place, sink),
        }
        apply_mask(chunk, sink);
    }
}

/// The gradient of an input that the result is linear in: `factor · dy`, summed over the axes where the input is
/// broadcast.
fn scaled<E: Float>(op: &Merge, chunk: &mut Chunk<'_, E>, input: &MergeInput, sink: Sink, factor: f64) {
    let (dy, dx) = (chunk.mat(op.dy), chunk.mat(sink.view));
    if op.full(input) && factor == 1.0 {
        return kernels::copy(chunk.arena, dy, dx, sink.accumulate);
    }
    if !sink.accumulate {
        kernels::fill(chunk.arena, dx, E::zero());
    }
    if op.full(input) {
        return kernels::scale_add(chunk.arena, E::of(factor), dy, dx);
    }
    let factor = E::of(factor);
    for row in 0..chunk.rows {
        let [dy, dx] = chunk.rows_mut([op.dy, sink.view], row);
        each_run(op.shape, input.strides, |at, to, len, step| {
            let dy = &dy[at..at + len];
            if step == 0 {
                dx[to] += factor * dy.iter().copied().sum();
            } else {
                dx[to..].iter_mut().zip(dy).for_each(|(dx, dy)| *dx += factor * *dy);
            }
        });
    }
}

/// How many values are worked on at once, on the stack.
const BLOCK: usize = 64;

/// The gradient of an input whose share of `dy` depends on all inputs.
fn weighted<E: Float>(op: &Merge, chunk: &mut Chunk<'_, E>, place: usize, sink: Sink) {
    if !sink.accumulate {
        let dx = chunk.mat(sink.view);
        kernels::fill(chunk.arena, dx, E::zero());
    }
    // Without broadcasting a whole sample is one run.
    let even = op.inputs.iter().all(|input| op.full(input));
    let width = if even { op.y.len } else { op.shape.last().copied().unwrap_or(1) };
    let starts = |input: &MergeInput, run: usize| match input.strides.last() {
        _ if even => (0, 1),
        Some(step) => (run_offset(run, op.shape, input.strides), *step),
        None => (0, 1),
    };
    let own = &op.inputs[place];
    for row in 0..chunk.rows {
        for run in 0..op.y.len.checked_div(width).unwrap_or(0) {
            for column in (0..width).step_by(BLOCK) {
                let len = BLOCK.min(width - column);
                let mut gradient = [E::zero(); BLOCK];
                let gradient = &mut gradient[..len];
                gradient.copy_from_slice(&chunk.row(op.dy, row)[run * width + column..][..len]);
                let others = op.inputs.iter().map(|input| {
                    let (start, step) = starts(input, run);
                    (&chunk.row(input.x, row)[start + column * step..], step)
                });
                match op.op {
                    MergeOp::Maximum => chosen(others, place, gradient, |a, b| a >= b),
                    MergeOp::Minimum => chosen(others, place, gradient, |a, b| a <= b),
                    MergeOp::Add | MergeOp::Subtract | MergeOp::Multiply | MergeOp::Average => {
                        for (x, step) in others.enumerate().filter(|(i, _)| *i != place).map(|(_, x)| x) {
                            for (i, gradient) in gradient.iter_mut().enumerate() {
                                *gradient *= x[i * step];
                            }
                        }
                    }
                }
                let (start, step) = starts(own, run);
                let dx = &mut chunk.row_mut(sink.view, row)[start + column * step..];
                if step == 0 {
                    dx[0] += gradient.iter().copied().sum();
                } else {
                    dx.iter_mut().zip(gradient).for_each(|(dx, gradient)| *dx += *gradient);
                }
            }
        }
    }
}

/// Keeps the gradient where the input at `place` is the one that was chosen: inputs are compared one after another,
/// and `keeps` says whether the chosen one of those before stays.
#[inline]
fn chosen<'a, E: Float>(
    inputs: impl Iterator<Item = (&'a [E], usize)>,
    place: usize,
    gradient: &mut [E],
    keeps: impl Fn(E, E) -> bool,
) {
    let (mut best, mut mine) = ([E::zero(); BLOCK], [false; BLOCK]);
    for (number, (x, step)) in inputs.enumerate() {
        for i in 0..gradient.len() {
            let x = x[i * step];
            if number == 0 || !keeps(best[i], x) {
                (best[i], mine[i]) = (x, number == place);
            }
        }
    }
    for (gradient, mine) in gradient.iter_mut().zip(mine) {
        *gradient = if mine { *gradient } else { E::zero() };
    }
}

run!(Merge, forward, backward);

#[cfg(test)]
mod tests;
