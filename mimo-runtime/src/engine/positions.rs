//! Positions of an output in a batch: predictions with their targets.

use super::Engine;
use crate::error::Error;
use crate::float::Float;
use crate::weighting::{Weighting, at, steps, weight_at};

/// Called for a position: the sample's index in the batch, the prediction, the target and the weight.
pub type SeePosition<'a, E> = dyn FnMut(usize, &[E], &[E], f64) -> Result<(), Error> + 'a;

/// Calls `see` for every position of an output in the current batch, `classes` values each, that is not masked and
/// whose target is not missing.
pub(super) fn each<E: Float>(
    engine: &Engine<E>,
    output: usize,
    classes: usize,
    weighting: Weighting,
    see: &mut SeePosition<'_, E>,
) -> Result<(), Error> {
    let (program, chunks) = (engine.program, &engine.train_chunks);
    let (Some(&y), Some(&Some(target))) = (program.outputs.get(output), program.targets.get(output)) else {
        return Ok(());
    };
    let weight = program.sample_weights.get(output).copied().flatten().filter(|_| weighting.any());
    let mask = engine.masks.list.iter().find(|masked| masked.loss.output == output).map(|masked| masked.mask);
    let starts = engine.labels.starts(weighting);
    for row in 0..chunks.batch {
        let values = |view| &chunks.arena()[chunks.range(program.train, view, row)];
        let (y, target, mask) = (values(y), values(target), mask.map(values));
        let of_sample = match weight.and_then(|weight| values(weight).first().copied()) {
            Some(weight) if weight.is_missing() => continue,
            Some(weight) => weight.f64(),
            None => 1.0,
        };
        let weights = match starts.get(output..output + 2) {
            Some(&[start, end]) if end > start => Some(chunks.positions([start, end], row)),
            _ => None,
        };
        let steps = steps(mask, weights);
        let positions = y.len() / classes.max(1);
        let of_target = target.len() / positions.max(1);
        for position in 0..positions {
            // A step has several positions, or a position has several steps.
            let first = position * steps / positions;
            let last = ((position + 1) * steps / positions).max(first + 1);
            let counts = |step| {
                mask.is_none_or(|mask| at(mask, step, steps) != Some(E::zero()))
                    && weights.is_none_or(|of| at(of, step, steps).is_none_or(|weight| !weight.is_missing()))
            };
            if !(first..last).any(counts) {
                continue;
            }
            let weight = of_sample * weights.map_or(1.0, |weights| weight_at(weights, first, steps));
            let [y, target] = [(y, classes), (target, of_target)]
                .map(|(values, len)| values.get(position * len..(position + 1) * len).unwrap_or(&[]));
            see(row, y, target, weight)?;
        }
    }
    Ok(())
}
