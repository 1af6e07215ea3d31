//! `Add`, `Subtract`, `Multiply`, `Average`, `Maximum`, `Minimum`, with broadcasting.

use mimo_graph::layers::merge::MergeOp;

pub use mimo_graph::operation::{Merge, MergeInput};

use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels::{self, Binary};
use crate::layers::apply_mask;
use crate::layers::strided::{each_run, run_offset};
use crate::program::GradientTarget;
use crate::run::run;

/// Whether an input has the result's shape, and so its layout.
fn full(op: &Merge, input: &MergeInput) -> bool {
    input.x.view.len == op.y.view.len
}

/// Function that combines the result so far with the next input.
fn binary(op: &Merge) -> Binary {
    match op.op {
        MergeOp::Add | MergeOp::Average => Binary::Add,
        MergeOp::Subtract => Binary::Subtract,
        MergeOp::Multiply => Binary::Multiply,
        MergeOp::Maximum => Binary::Maximum,
        MergeOp::Minimum => Binary::Minimum,
    }
}

fn forward<E: Float>(op: &Merge, chunk: &mut Chunk<'_, E>) {
    let y = chunk.mat(op.y.view);
    let rest = match &*op.inputs {
        [] => return,
        [first, second, rest @ ..] if full(op, first) && full(op, second) => {
            let (a, b) = (chunk.mat(first.x.view), chunk.mat(second.x.view));
            kernels::binary(chunk.arena, binary(op), a, b, y);
            rest
        }
        [first, rest @ ..] => {
            broadcast(op, chunk, first, |_, x| x);
            rest
        }
    };
    for input in rest {
        if full(op, input) {
            let x = chunk.mat(input.x.view);
            kernels::binary(chunk.arena, binary(op), y, x, y);
            continue;
        }
        match op.op {
            MergeOp::Add | MergeOp::Average => broadcast(op, chunk, input, |y, x| y + x),
            MergeOp::Subtract => broadcast(op, chunk, input, |y, x| y - x),
            MergeOp::Multiply => broadcast(op, chunk, input, |y, x| y * x),
            // As in the kernels: the second if one of the two is NaN.
            MergeOp::Maximum => broadcast(op, chunk, input, |y, x| if y > x { y } else { x }),
            MergeOp::Minimum => broadcast(op, chunk, input, |y, x| if y < x { y } else { x }),
        }
    }
    if op.op == MergeOp::Average && op.inputs.len() > 1 {
        let count = E::of(op.inputs.len() as f64);
        for row in 0..chunk.rows {
            chunk.row_mut(op.y.view, row).iter_mut().for_each(|y| *y /= count);
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
        let [y, x] = chunk.rows_mut([op.y.view, input.x.view], row);
        each_run(&op.shape, &input.strides, |at, from, len, step| {
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
    let Some(dy) = op.y.gradient else { return };
    for (place, input) in op.inputs.iter().enumerate() {
        let Some(target) = input.x.gradient else { continue };
        match op.op {
            MergeOp::Add => scaled(op, chunk, input, target, 1.0),
            MergeOp::Subtract => scaled(op, chunk, input, target, if place == 0 { 1.0 } else { -1.0 }),
            MergeOp::Average => scaled(op, chunk, input, target, 1.0 / op.inputs.len() as f64),
            MergeOp::Multiply => match &*op.inputs {
                [a, b] if full(op, a) && full(op, b) && !target.accumulate => {
                    let other = if place == 0 { b } else { a };
                    let [other, dy, dx] = [other.x.view, dy, target.view].map(|view| chunk.mat(view));
                    kernels::binary(chunk.arena, Binary::Multiply, dy, other, dx);
                }
                _ => weighted(op, chunk, place, target),
            },
            MergeOp::Maximum | MergeOp::Minimum => weighted(op, chunk, place, target),
        }
        apply_mask(chunk, target);
    }
}

/// The gradient of an input that enters the result linearly: `factor · dy`, summed over the axes where the input is
/// broadcast.
fn scaled<E: Float>(
    op: &Merge,
    chunk: &mut Chunk<'_, E>,
    input: &MergeInput,
    target: GradientTarget,
    factor: f64,
) {
    let Some(dy_view) = op.y.gradient else { return };
    let (dy, dx) = (chunk.mat(dy_view), chunk.mat(target.view));
    if full(op, input) && factor == 1.0 {
        return kernels::copy(chunk.arena, dy, dx, target.accumulate);
    }
    if !target.accumulate {
        kernels::fill(chunk.arena, dx, E::zero());
    }
    if full(op, input) {
        return kernels::scale_add(chunk.arena, E::of(factor), dy, dx);
    }
    let factor = E::of(factor);
    for row in 0..chunk.rows {
        let [dy, dx] = chunk.rows_mut([dy_view, target.view], row);
        each_run(&op.shape, &input.strides, |at, to, len, step| {
            let dy = &dy[at..at + len];
            if step == 0 {
                dx[to] += factor * dy.iter().copied().sum();
            } else {
                dx[to..].iter_mut().zip(dy).for_each(|(dx, dy)| *dx += factor * *dy);
            }
        });
    }
}

/// Number of values of a block on the stack.
const BLOCK: usize = 64;

/// Gradient of an input whose factor of `dy` depends on all inputs.
fn weighted<E: Float>(op: &Merge, chunk: &mut Chunk<'_, E>, place: usize, target: GradientTarget) {
    let Some(dy) = op.y.gradient else { return };
    if !target.accumulate {
        let dx = chunk.mat(target.view);
        kernels::fill(chunk.arena, dx, E::zero());
    }
    // Without broadcasting a whole sample is one run.
    let even = op.inputs.iter().all(|input| full(op, input));
    let width = if even { op.y.view.len } else { op.shape.last().copied().unwrap_or(1) };
    let starts = |input: &MergeInput, run: usize| match input.strides.last() {
        _ if even => (0, 1),
        Some(step) => (run_offset(run, &op.shape, &input.strides), *step),
        None => (0, 1),
    };
    let own = &op.inputs[place];
    for row in 0..chunk.rows {
        for run in 0..op.y.view.len.checked_div(width).unwrap_or(0) {
            for column in (0..width).step_by(BLOCK) {
                let len = BLOCK.min(width - column);
                let mut gradient = [E::zero(); BLOCK];
                let gradient = &mut gradient[..len];
                gradient.copy_from_slice(&chunk.row(dy, row)[run * width + column..][..len]);
                let others = op.inputs.iter().map(|input| {
                    let (start, step) = starts(input, run);
                    (&chunk.row(input.x.view, row)[start + column * step..], step)
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
                let dx = &mut chunk.row_mut(target.view, row)[start + column * step..];
                if step == 0 {
                    dx[0] += gradient.iter().copied().sum();
                } else {
                    dx.iter_mut().zip(gradient).for_each(|(dx, gradient)| *dx += *gradient);
                }
            }
        }
    }
}

/// Keeps the gradient where the input at `place` was chosen: inputs are compared in order, and `keeps` returns
/// whether the earlier choice stays.
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
