//! Training with losses that are computed outside of the compiled model.
//!
//! A custom loss runs between two stages of a step: the outputs of all chunks are gathered, the loss is computed for
//! the whole batch, and the chunks begin the next stage by copying their rows of its gradients.

use crate::chunk::{Chunk, Mode};
use crate::engine::chunks::{Chunks, StepSettings};
use crate::engine::{Engine, Source, Totals};
use crate::error::Error;
use crate::float::Float;
use crate::program::{Program, View};
use crate::stage::StepPart;
use crate::weighting::Weighting;

/// Outputs, targets and sample weights of a batch, to read, and gradients of the outputs, to write. Each has one
/// column of samples per output.
#[derive(Debug)]
pub struct CustomBatch<'a, E> {
    /// Number of samples in the batch.
    pub rows: usize,
    /// The outputs.
    pub outputs: &'a [Vec<E>],
    /// The targets; an empty column for an output without targets.
    pub targets: &'a [Vec<E>],
    /// The sample weights; an empty column for an output without loss and metrics. Not read if no sample has a
    /// weight. A missing target weighs 0, and the others are scaled up such that the mean over all samples is the
    /// mean over those with a target.
    pub sample_weights: Option<&'a [Vec<E>]>,
    /// Weights of every position of the samples; an empty column for an output whose positions have no weights.
    pub position_weights: &'a [Vec<E>],
    /// The gradient of the weighted sum of the custom losses with respect to each output; initially zeros.
    pub gradients: &'a mut [Vec<E>],
}

/// Computes the custom losses of a batch; returns their weighted sum.
pub type CustomLossFn<'a, E> = dyn FnMut(&mut CustomBatch<'_, E>) -> Result<f64, Error> + 'a;

/// Memory of a custom batch, reused from step to step.
#[derive(Debug, Default)]
pub(super) struct Columns<E> {
    outputs: Vec<Vec<E>>,
    targets: Vec<Vec<E>>,
    sample_weights: Vec<Vec<E>>,
    position_weights: Vec<Vec<E>>,
    gradients: Vec<Vec<E>>,
}

pub(super) fn train<E: Float>(
    engine: &mut Engine<E>,
    rows: &[usize],
    source: Source<'_, E>,
    loss_weights: &[f64],
    loss: &mut CustomLossFn<'_, E>,
    totals: &mut Totals,
) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let program = engine.program;
    let mut engine = engine.begin_step();
    let value = compute(&mut engine, Mode::Train, rows, source, loss_weights, loss)?;
    engine.search(value, StepPart::Loss, rows, source, loss_weights)?;
    let Engine { labels, custom: columns, .. } = &mut *engine;
    for (custom, gradient) in labels.custom.iter_mut().zip(&columns.gradients) {
        *custom = gradient.iter().any(|value| *value != E::of(0.0));
    }
    // While the stages run, the gradients are read and the rest of the engine is borrowed.
    let gradients = std::mem::take(&mut engine.custom.gradients);
    let scatter = |chunk: &mut Chunk<'_, E>| {
        for (gradient_target, gradient) in program.custom_gradients.iter().zip(&gradients) {
            let Some(gradient_target) = *gradient_target else { continue };
            let samples =
                gradient.chunks_exact(gradient_target.view.len.max(1)).skip(chunk.first_row).take(chunk.rows);
            for (row, sample) in samples.enumerate() {
                let to = chunk.row_mut(gradient_target.view, row);
                if gradient_target.accumulate {
                    to.iter_mut().zip(sample).for_each(|(to, value)| *to += *value);
                } else {
                    to.copy_from_slice(sample);
                }
            }
        }
        Ok(())
    };
    let stages = engine.stages;
    let backward = stages.partition_point(|stage| stage.part <= StepPart::Loss);
    let step = StepSettings { mode: Mode::Train, rows: &[], loss_weights: &[], weighting: Weighting::NONE };
    let result = engine.run_stages(&stages[backward..], step, &scatter);
    engine.custom.gradients = gradients;
    result?;
    engine.keep_states();
    let penalty = engine.update(rows.len());
    engine.total_up(rows.len(), loss_weights, penalty + value, totals);
    engine.keep();
    Ok(())
}

pub(super) fn evaluate<E: Float>(
    engine: &mut Engine<E>,
    rows: &[usize],
    source: Source<'_, E>,
    loss_weights: &[f64],
    loss: &mut CustomLossFn<'_, E>,
    totals: &mut Totals,
) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    engine.copy_kernels();
    let value = compute(engine, Mode::Evaluate, rows, source, loss_weights, loss)?;
    engine.keep_states();
    let penalty = engine.penalty();
    engine.total_up(rows.len(), loss_weights, penalty + value, totals);
    Ok(())
}

/// Computes the forward pass, the model's own losses and metrics, and the custom losses; returns the weighted sum of
/// the latter. Their gradients are in the engine's columns, whatever happens in `loss`.
fn compute<E: Float>(
    engine: &mut Engine<E>,
    mode: Mode,
    rows: &[usize],
    source: Source<'_, E>,
    loss_weights: &[f64],
    loss: &mut CustomLossFn<'_, E>,
) -> Result<f64, Error> {
    let program = engine.program;
    engine.run_batch(mode, StepPart::Loss, rows, source, loss_weights)?;
    let (columns, chunks) = (&mut engine.custom, &engine.train_chunks);
    read(program, chunks, &mut columns.outputs, program.outputs.iter().copied().map(Some));
    read(program, chunks, &mut columns.targets, program.targets.iter().copied());
    let weighting = source.weighting;
    if weighting.any() {
        read(program, chunks, &mut columns.sample_weights, program.sample_weights.iter().copied());
        let present = chunks.merged.get(program.sums..).unwrap_or(&[]);
        weigh(chunks, engine.labels.starts(weighting), present, columns);
    }
    columns.gradients.resize(program.outputs.len(), vec![]);
    for (gradient, view) in columns.gradients.iter_mut().zip(program.outputs) {
        gradient.clear();
        gradient.resize(rows.len() * view.len, E::of(0.0));
    }
    loss(&mut CustomBatch {
        rows: rows.len(),
        outputs: &columns.outputs,
        targets: &columns.targets,
        sample_weights: weighting.any().then_some(&columns.sample_weights),
        position_weights: if weighting.positions { &columns.position_weights } else { &[] },
        gradients: &mut columns.gradients,
    })
}

/// Copies values of the current batch to columns, one value per column.
fn read<E: Float>(
    program: &Program,
    chunks: &Chunks<E>,
    columns: &mut Vec<Vec<E>>,
    views: impl ExactSizeIterator<Item = Option<View>>,
) {
    let (batch, capacity, stride) = (chunks.batch, chunks.capacity, chunks.stride);
    columns.resize(views.len(), vec![]);
    let arena = chunks.arena();
    for (column, view) in columns.iter_mut().zip(views) {
        column.clear();
        let Some(view) = view else { continue };
        for row in 0..batch {
            let start = row / capacity * stride
                + program.train.offsets[view.slot] * capacity
                + view.column
                + row % capacity * view.stride;
            column.extend_from_slice(&arena[start..start + view.len]);
        }
    }
}

/// Converts the weights of samples and positions to factors for the mean of a custom loss, and missing targets, which
/// are stored as NaN, to zeros.
fn weigh<E: Float>(chunks: &Chunks<E>, starts: &[usize], present: &[f64], columns: &mut Columns<E>) {
    let Columns { targets, sample_weights, position_weights, .. } = columns;
    position_weights.resize(sample_weights.len(), vec![]);
    position_weights.iter_mut().for_each(Vec::clear);
    for (output, weights) in sample_weights.iter_mut().enumerate() {
        let correction = match present.get(output) {
            Some(present) if *present > 0.0 => chunks.batch as f64 / present,
            Some(_) => 0.0,
            None => 1.0,
        };
        let factor = |weight: E| if weight.is_missing() { E::of(0.0) } else { weight * E::of(correction) };
        let target = &mut targets[output];
        let len = target.len() / chunks.batch.max(1);
        let range = match starts.get(output..output + 2) {
            Some(&[start, end]) if end > start => Some([start, end]),
            _ => None,
        };
        for (row, weight) in weights.iter_mut().enumerate() {
            let target = &mut target[row * len..(row + 1) * len];
            if weight.is_missing() {
                target.fill(E::of(0.0));
            }
            *weight = factor(*weight);
            let Some(range) = range else { continue };
            let positions = chunks.positions(range, row);
            let per_position = (len / positions.len().max(1)).max(1);
            for (target, of_position) in target.chunks_exact_mut(per_position).zip(positions) {
                if of_position.is_missing() {
                    target.fill(E::of(0.0));
                    position_weights[output].push(E::of(0.0));
                } else {
                    position_weights[output].push(*weight * *of_position);
                }
            }
        }
    }
}
