//! Checks targets against the range of their output: from 0 to 1 for a sigmoid, probabilities with the sum 1 for a
//! softmax.

use mimo_graph::loss::Loss;
use mimo_graph::spec::OutputSpec;
use mimo_graph::target::TargetRange;

use super::check::{Checked, ROUNDING};
use crate::error::Error;
use crate::float::Float;
use crate::warning::Warning;

/// Tolerance of a sum of probabilities: the rounding error of many values.
const SUM_ROUNDING: f64 = 1e-3;

/// A target out of range.
enum Fault {
    Value { row: usize, value: f64 },
    Sum { row: usize, sum: f64 },
}

/// Checks the targets of `rows` samples against the range of their output. Values that weigh 0 or are missing are
/// skipped. The first one out of range is an error for a categorical cross-entropy, else a warning.
pub(super) fn check<E: Float>(
    output: &OutputSpec,
    targets: &[E],
    rows: usize,
    weights: Checked<'_, E>,
    row: &dyn Fn(usize) -> usize,
    warn: &mut dyn FnMut(Warning),
) -> Result<(), Error> {
    let [least, most] = match output.range {
        TargetRange::Unchecked | TargetRange::Any => return Ok(()),
        TargetRange::Between { least, most } => [least, most],
        TargetRange::Distribution => [0.0, 1.0],
    };
    let Some(fault) = find(output, targets, rows, weights, [least, most]) else { return Ok(()) };
    let (name, loss) = (output.name, output.loss.map_or("", Loss::name));
    match (TargetRange::is_strict(output.loss), fault) {
        (true, Fault::Value { row: at, value }) => {
            let valid = "probabilities with the sum 1";
            Err(Error::Target { output: name, row: row(at), value, loss, valid })
        }
        (true, Fault::Sum { row: at, sum }) => {
            Err(Error::TargetSum { output: name, row: row(at), sum, loss })
        }
        (false, Fault::Value { row: at, value }) => {
            warn(Warning::TargetOutOfRange { output: name, row: row(at), value, range: [least, most] });
            Ok(())
        }
        (false, Fault::Sum { row: at, sum }) => {
            warn(Warning::TargetSum { output: name, row: row(at), sum });
            Ok(())
        }
    }
}

fn find<E: Float>(
    output: &OutputSpec,
    targets: &[E],
    rows: usize,
    weights: Checked<'_, E>,
    [least, most]: [f64; 2],
) -> Option<Fault> {
    let finite = [least, most].into_iter().filter(|end| end.is_finite());
    let rounding = ROUNDING * finite.map(f64::abs).fold(1.0, f64::max);
    let (least, most) = (E::of(least - rounding), E::of(most + rounding));
    let within = |value: E| least <= value && value <= most;
    let sums = output.range == TargetRange::Distribution;
    // The usual case, in which all are in range, is a pass without branches.
    if !sums && targets.iter().fold(true, |all, &value| all & within(value)) {
        return None;
    }
    let len = (targets.len() / rows.max(1)).max(1);
    let classes = output.shape.last().copied().unwrap_or(1).max(1);
    for (row, sample) in targets.chunks_exact(len).enumerate() {
        if !weights.weighs_sample(row) {
            continue;
        }
        for (position, values) in sample.chunks(classes).enumerate() {
            if !weights.weighs_position(row, position, len / classes) {
                continue;
            }
            if let Some(value) = values.iter().find(|value| !within(**value)) {
                return Some(Fault::Value { row, value: value.f64() });
            }
            let sum: f64 = if sums { values.iter().map(|value| value.f64()).sum() } else { 1.0 };
            if (sum - 1.0).abs() > SUM_ROUNDING {
                return Some(Fault::Sum { row, sum });
            }
        }
    }
    None
}
