//! Clipping of gradients by norms, and constraints of weights.

use mimo_graph::initializer::Constraint;
use mimo_graph::optimizer::Clip;

use crate::engine::gradient::params;
use crate::engine::rule::RuleState;
use crate::engine::tasks::{Parameters, Task};
use crate::float::Float;
use crate::kernels::optimizer::sum_of_squares;
use crate::program::{Param, Program};

/// Finds the factor by which each weight's gradient is scaled. As in Keras, the global norm is that of all gradients
/// of one optimizer: its limit does not depend on other optimizers.
pub(super) fn clip_norms<E: Float>(
    program: &Program,
    rules: &[RuleState<E>],
    owners: &[usize],
    gradients: &[E],
    scales: &mut [E],
) {
    scales.fill(E::of(1.0));
    let squares = |index: usize| -> f64 {
        let param = &program.params[index];
        let block = &program.blocks[param.block];
        let rows = (0..block.rows).map(|row| block.offset + row * block.cols + param.column);
        rows.map(|start| sum_of_squares(&gradients[start..start + param.cols])).sum()
    };
    for (place, rule) in rules.iter().enumerate() {
        let is_own = |index: &usize| {
            let block = program.params[*index].block;
            owners[block] == place && program.blocks[block].gradient.is_some()
        };
        let own = || (0..program.params.len()).filter(is_own);
        if !rule.updates() {
            continue;
        }
        match rule.optimizer.clip {
            Clip::None | Clip::Value(_) => {}
            Clip::Norm(limit) => {
                for index in own() {
                    scales[index] = E::of(limit / squares(index).sqrt().max(limit));
                }
            }
            Clip::GlobalNorm(limit) => {
                let norm = own().map(squares).sum::<f64>().sqrt();
                let scale = E::of(limit / norm.max(limit));
                own().for_each(|index| scales[index] = scale);
            }
        }
    }
}

pub(super) fn scale_columns<E: Float>(program: &Program, task: &Task, gradients: &mut [E], scales: &[E]) {
    let cols = program.blocks[task.block].cols.max(1);
    for (index, param) in params(program, task.block) {
        let scale = scales[index];
        if scale == E::of(1.0) {
            continue;
        }
        for row in gradients.chunks_exact_mut(cols) {
            row[param.column..param.column + param.cols].iter_mut().for_each(|g| *g *= scale);
        }
    }
}

/// Applies the constraints of the weights that the step has updated.
pub(super) fn constrain_all<E: Float>(
    program: &Program,
    parameters: &mut Parameters<E>,
    stays: &dyn Fn(usize) -> bool,
) {
    for (index, param) in program.params.iter().enumerate() {
        let is_updated = program.blocks[param.block].gradient.is_some() && !stays(index);
        if let Some(constraint) = param.constraint.filter(|_| is_updated) {
            constrain(parameters, param, constraint);
        }
    }
}

/// Applies its constraint to a weight.
fn constrain<E: Float>(parameters: &mut Parameters<E>, param: &Param, constraint: Constraint) {
    let (norm_axis, target): (usize, &dyn Fn(E) -> E) = match constraint {
        Constraint::NonNeg => {
            for row in parameters.rows_mut(param) {
                // As Keras: `w · (w ≥ 0)`.
                row.iter_mut().filter(|w| **w < E::of(0.0)).for_each(|w| *w = E::of(0.0));
            }
            return;
        }
        Constraint::MaxNorm { max_value, axis } => {
            (axis, &move |norm: E| norm.max(E::of(0.0)).min(E::of(max_value)) / (E::of(1e-7) + norm))
        }
        Constraint::UnitNorm { axis } => (axis, &|norm: E| E::of(1.0) / (E::of(1e-7) + norm)),
        Constraint::MinMaxNorm { min_value, max_value, rate, axis } => (axis, &move |norm: E| {
            let clipped = norm.max(E::of(min_value)).min(E::of(max_value));
            (E::of(rate) * clipped + E::of(1.0 - rate) * norm) / (E::of(1e-7) + norm)
        }),
    };
    let shape = &*param.shape;
    let axis = norm_axis.min(shape.len().saturating_sub(1));
    let outer: usize = shape.iter().take(axis).product();
    let len = shape.get(axis).copied().unwrap_or(1);
    let inner: usize = shape.iter().skip(axis + 1).product();
    let block = parameters.blocks[param.block];
    // The weight's values in Keras's order, by their index in the parameter buffer.
    let place = |i: usize| block.offset + i / param.cols * block.cols + param.column + i % param.cols;
    let values = &mut parameters.values;
    for first in (0..outer).flat_map(|o| (0..inner).map(move |i| o * len * inner + i)) {
        let places = || (0..len).map(|k| place(first + k * inner));
        let squares: f64 = places().map(|at| values[at].f64() * values[at].f64()).sum();
        let factor = target(E::of(squares.sqrt()));
        places().for_each(|at| values[at] *= factor);
    }
}
