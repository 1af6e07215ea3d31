//! The metrics of one output: the samples and positions that a metric sees, and their weights.
//!
//! As in Keras the entries of `metrics` do not see the weights of samples and positions, and those of
//! `weighted_metrics` do. No metric sees a missing target.

use std::ops::Range;

use mimo_graph::metric::Metric;

use super::rows::Rows;
use super::{LossOp, form};
use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels::Mat;
use crate::metric;
use crate::own::Update;
use crate::program::View;
use crate::weighting::{WeightsOf, runs, steps, weight_at};

/// Returns the weights of the samples of a chunk for an output.
pub(super) fn weights_of<'a, E: Float>(op: &LossOp, chunk: &'a Chunk<'_, E>) -> WeightsOf<'a, E> {
    WeightsOf {
        samples: chunk.weighted.then(|| Rows::new(chunk.arena, chunk.mat(op.sample_weight))),
        positions: chunk.target_weights.of(op.output, chunk.rows),
    }
}

/// Adds the samples of the chunk to the state of one metric, without masked steps.
pub(super) fn add<E: Float>(op: &LossOp, mask: Option<View>, index: usize, chunk: &mut Chunk<'_, E>) {
    let Some(&metric) = op.metrics.get(index) else { return };
    let weighted = chunk.weighted && index >= op.unweighted;
    let start = chunk.starts.states[op.first_state + index];
    let len = metric::state_len(metric, op.classes);
    let [y, target, weight] = [op.y, op.target, op.sample_weight].map(|view| chunk.mat(view));
    let mask = mask.map(|view| chunk.mat(view));
    let Some(state) = chunk.statistics.get_mut(start..start + len) else { return };
    let own = match metric {
        Metric::Own { place, .. } => chunk.own.metrics.get(place).map(|own| E::update_own(own)),
        _ => None,
    };
    let arena = &*chunk.arena;
    if mask.is_none() && !weighted && chunk.target_weights.present.is_empty() {
        let [y, target] = [y, target].map(|mat| Rows::new(arena, mat));
        let samples = metric::Samples { y, target, rows: chunk.rows, weight: 1.0 };
        return accumulate(metric, own, op.classes, samples, state);
    }
    let weights = WeightsOf {
        samples: chunk.weighted.then(|| Rows::new(arena, weight)),
        positions: chunk.target_weights.of(op.output, chunk.rows),
    };
    let mask = mask.map(|mask| Rows::new(arena, mask));
    for row in 0..chunk.rows {
        let Some(of_sample) = weights.sample(row) else { continue };
        let of_sample = if weighted { of_sample } else { 1.0 };
        let mask = mask.map(|mask| mask.row(row));
        let positions = weights.positions(row);
        let steps = steps(mask, positions);
        // A run of steps is treated as samples of one step each.
        let [_, classes] = form(op, steps);
        let mut add = |run: Range<usize>, weight: f64| {
            // A target of weight 0 may be anything.
            if weight == 0.0 {
                return;
            }
            let [y, target] = [y, target].map(|mat| {
                let len = mat.cols / steps;
                let offset = mat.offset + row * mat.stride + run.start * len;
                Rows::new(arena, Mat::contiguous(offset, run.len(), len))
            });
            let samples = metric::Samples { y, target, rows: run.len(), weight };
            accumulate(metric, own, classes, samples, state);
        };
        match positions.filter(|_| weighted) {
            None => runs(mask, positions).for_each(|run| add(run, of_sample)),
            Some(weights) => runs(mask, positions)
                .flatten()
                .for_each(|step| add(step..step + 1, of_sample * weight_at(weights, step, steps))),
        }
    }
}

/// Adds samples to a state; a custom metric gets each position by itself.
fn accumulate<E: Float>(
    metric: Metric,
    own: Option<Update<E>>,
    classes: usize,
    samples: metric::Samples<'_, E>,
    state: &mut [f64],
) {
    let Some(update) = own else { return metric::accumulate(metric, classes, samples, state) };
    samples.for_each(classes, |y, target| update(state, y, target, samples.weight));
}
