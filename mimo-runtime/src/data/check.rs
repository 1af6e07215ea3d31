//! Checks of the numbers in data: every value that a step reads is finite, valid for its reader, and was written.
//!
//! Arrays and the batches of users' data sets are checked by the same functions. Arrays are checked once, before
//! their first step; gathered data are checked chunk by chunk, on the thread that gathered them.

use mimo_graph::loss::{Loss, Region, ValidTargets};
use mimo_graph::spec::{InputSpec, ModelSpec, OutputSpec};
use mimo_graph::target::{Target, TargetRange};

use super::array::with_targets;
use super::range;
use crate::batch::BatchRows;
use crate::error::{Error, Field};
use crate::float::Float;
use crate::loss::{LossOp, Masked};
use crate::warning::{Warning, Warnings};
use crate::weighting::Weighting;

/// Tolerance of a probability outside of 0 to 1: the rounding error of averages and resized images in `f32`.
pub(super) const ROUNDING: f64 = 1e-5;

/// Checks a batch that was filled with the samples `rows`.
pub(crate) fn batch<E: Float>(
    spec: &'static ModelSpec,
    masks: &[&Masked],
    rows: &[usize],
    batch: &BatchRows<'_, '_, E>,
    weighting: Weighting,
    warnings: &Warnings,
) -> Result<(), Error> {
    let row = |at: usize| rows.get(at).copied().unwrap_or(at);
    for (index, input) in spec.inputs.iter().enumerate() {
        check_input(input, batch.input_values(index), &row)?;
    }
    // Outputs without targets have nothing to check.
    for (index, output) in spec.outputs.iter().enumerate() {
        let weights = Checked {
            samples: weighting.any().then(|| batch.sample_weight_values(index)),
            positions: batch.position_weight_values(index),
        };
        check_weights(output, weights, weighting.missing, &row)?;
        let (valid, targets) = (valid(output, index, masks), batch.target_values(index));
        check_target(output, valid, targets, rows.len(), weights, &row)?;
        if valid != Valid::Any && (warnings.waits_for(index) || TargetRange::is_strict(output.loss)) {
            range::check(output, targets, rows.len(), weights, &row, &mut |warning| {
                warnings.add(index, warning);
            })?;
        }
    }
    Ok(())
}

/// Checks arrays: columns of `rows` samples per input and per output with targets, and per output columns of weights
/// of samples and positions that are empty if every weight is 1. With a `selection`, checks only those samples;
/// errors have their indices in the selection.
pub(crate) fn arrays<E: Float>(
    spec: &'static ModelSpec,
    masks: &[&Masked],
    rows: usize,
    selection: Option<&[usize]>,
    [inputs, targets, weights, positions]: [&[Vec<E>]; 4],
    missing: bool,
    warn: &mut dyn FnMut(usize, Warning),
) -> Result<(), Error> {
    // One after another, or all at once, which is many times faster.
    let runs = selection.map_or(1, <[usize]>::len);
    let run = |column: &'_ [E], run: usize| match selection {
        None => 0..column.len(),
        Some(selection) => {
            let len = column.len() / rows.max(1);
            let start = selection.get(run).map_or(0, |place| place * len);
            start..start + len
        }
    };
    let length = selection.map_or(rows, |_| 1);
    for (input, column) in spec.inputs.iter().zip(inputs) {
        for index in 0..runs {
            check_input(input, &column[run(column, index)], &|at| index + at)?;
        }
    }
    for ((place, output), column) in with_targets(spec).zip(targets) {
        let index = place;
        let [weights, positions] =
            [weights, positions].map(|columns| columns.get(index).filter(|it| !it.is_empty()));
        let valid = valid(output, index, masks);
        for index in 0..runs {
            let row = |at| index + at;
            let [samples, positions] = [weights, positions].map(|it| it.map(|it| &it[run(it, index)]));
            let weights = Checked { samples, positions };
            check_weights(output, weights, missing, &row)?;
            let targets = &column[run(column, index)];
            check_target(output, valid, targets, length, weights, &row)?;
            if valid != Valid::Any {
                range::check(output, targets, length, weights, &row, &mut |warning| {
                    warn(place, warning);
                })?;
            }
        }
    }
    Ok(())
}

/// Checks complete samples of an input. `row` returns the index of a sample, for errors.
pub(crate) fn check_input<E: Float>(
    input: &InputSpec,
    values: &[E],
    row: &dyn Fn(usize) -> usize,
) -> Result<(), Error> {
    // Values that are not looked up have a bound of 0.
    let bound = |place: usize| input.below_each[place % input.below_each.len()];
    let place = match input.below {
        None => first(values, |value| value.is_finite()),
        Some(vocabulary) if input.below_each.is_empty() => first(values, |value| is_index(value, vocabulary)),
        Some(_) => values.iter().enumerate().position(|(place, &value)| match bound(place) {
            0 => !value.is_finite(),
            vocabulary => !is_index(value, vocabulary),
        }),
    };
    let Some(place) = place else { return Ok(()) };
    let row = row(place / input.shape.iter().product::<usize>().max(1));
    let (name, value) = (input.name, values[place]);
    Err(match input.below {
        _ if value.is_unfilled() => Error::Unfilled { field: Field::Input, name, row },
        None => Error::NotFinite { name, row },
        Some(_) if !input.below_each.is_empty() => match bound(place) {
            0 => Error::NotFinite { name, row },
            vocabulary => Error::Vocabulary { input: name, row, number: value.f64(), vocabulary },
        },
        Some(vocabulary) => Error::Vocabulary { input: name, row, number: value.f64(), vocabulary },
    })
}

/// Weights that decide which targets are checked: not those that weigh 0 or are missing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checked<'a, E> {
    /// One per sample, if samples have weights.
    pub(crate) samples: Option<&'a [E]>,
    /// One per position of each sample, if positions have weights.
    pub(crate) positions: Option<&'a [E]>,
}

impl<E> Checked<'_, E> {
    /// Checks all targets.
    pub(crate) const ALL: Self = Checked { samples: None, positions: None };
}

impl<E: Float> Checked<'_, E> {
    pub(super) fn weighs_sample(&self, row: usize) -> bool {
        weighs(self.samples.and_then(|samples| samples.get(row)))
    }

    /// Whether one of `positions` positions of a sample is checked.
    pub(super) fn weighs_position(&self, row: usize, position: usize, positions: usize) -> bool {
        weighs(self.positions.and_then(|weights| weights.get(row * positions + position)))
    }
}

/// Whether a target of this weight is checked; always true without a weight.
fn weighs<E: Float>(weight: Option<&E>) -> bool {
    weight.is_none_or(|it| *it != E::zero() && !it.is_missing())
}

/// Checks the weights of some samples for an output. Some may be marked as `missing`.
fn check_weights<E: Float>(
    output: &OutputSpec,
    weights: Checked<'_, E>,
    missing: bool,
    row: &dyn Fn(usize) -> usize,
) -> Result<(), Error> {
    let valid = |weight: E| weight.is_finite() || missing && weight.is_missing();
    let name = output.name;
    let error = |place: usize, weight: E| {
        let row = row(place);
        match weight.is_unfilled() {
            true => Error::Unfilled { field: Field::SampleWeight, name, row },
            false => Error::SampleWeight { output: name, row, weight: weight.f64() },
        }
    };
    if let Some(samples) = weights.samples
        && let Some(place) = first(samples, valid)
    {
        return Err(error(place, samples[place]));
    }
    let Some(positions) = weights.positions else { return Ok(()) };
    let of_sample = output.positions().max(1);
    if let Some(place) = first(positions, valid) {
        return Err(error(place / of_sample, positions[place]));
    }
    if has_no_positions(output.loss)
        && let Some(place) = first(positions, |weight| weight == E::one() || weight.is_missing())
    {
        return Err(Error::PositionWeights { output: name, row: row(place / of_sample) });
    }
    Ok(())
}

/// Whether a loss has one value for all positions of a sample, so that positions cannot have weights.
pub(crate) fn has_no_positions(loss: Option<Loss>) -> bool {
    loss.and_then(Loss::region).is_some_and(|region| region != Region::Position)
}

/// Domain of the targets of an output that are checked before a step. With a mask, the targets of masked steps may
/// have any value, and the mask is only known in the step.
pub(crate) fn valid(output: &OutputSpec, index: usize, masks: &[&Masked]) -> Valid {
    let mut masks = masks.iter().filter(|masked| masked.loss.output == index);
    if masks.any(|masked| masked.ignores_masked_targets()) { Valid::Any } else { Valid::for_output(output) }
}

/// Checks the targets of `rows` samples of an output. A sample that weighs 0 may have any target.
pub(crate) fn check_target<E: Float>(
    output: &OutputSpec,
    valid: Valid,
    values: &[E],
    rows: usize,
    weights: Checked<'_, E>,
    row: &dyn Fn(usize) -> usize,
) -> Result<(), Error> {
    let len = (values.len() / rows.max(1)).max(1);
    let place = match valid {
        // The kind is matched outside of each loop.
        Valid::Any => fault(values, len, weights, |value| Valid::Any.accepts(value)),
        Valid::Finite => fault(values, len, weights, |value| Valid::Finite.accepts(value)),
        Valid::Class { .. } => fault(values, len, weights, |value| valid.accepts(value)),
        Valid::Probability => fault(values, len, weights, |value| Valid::Probability.accepts(value)),
        Valid::Count => fault(values, len, weights, |value| Valid::Count.accepts(value)),
        Valid::Sign => fault(values, len, weights, |value| Valid::Sign.accepts(value)),
    };
    let Some(place) = place else { return Ok(()) };
    let (name, row, value) = (output.name, row(place / len), values[place]);
    Err(match valid {
        _ if value.is_unfilled() => Error::Unfilled { field: Field::Target, name, row },
        Valid::Class { classes, .. } => Error::ClassIndex { output: name, row, index: value.f64(), classes },
        _ if !value.is_finite() => Error::NotFinite { name, row },
        _ => {
            let loss = output.loss.map_or("", Loss::name);
            Error::Target { output: name, row, value: value.f64(), loss, valid: valid.text() }
        }
    })
}

/// Domain of a loss's targets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Valid {
    /// Any targets.
    Any,
    /// All numbers.
    Finite,
    /// Class indices.
    Class { classes: usize, ignored: Option<usize> },
    /// Probabilities, including labels 0 and 1.
    Probability,
    /// Counts and rates.
    Count,
    /// Labels −1 and 1, or 0 and 1.
    Sign,
}

impl Valid {
    /// From Keras's documentation of the loss. Numbers with which a training is meaningful are valid.
    pub(crate) fn for_output(output: &OutputSpec) -> Self {
        let valid = Self::new(output.loss, output.target(), output.shape.last().copied().unwrap_or(1));
        match valid {
            Valid::Probability | Valid::Count | Valid::Sign if output.range == TargetRange::Unchecked => {
                Valid::Finite
            }
            valid => valid,
        }
    }

    /// The domain for the loss of an output.
    pub(crate) fn for_loss(op: &LossOp) -> Self {
        Self::new(op.loss, op.kind, op.classes)
    }

    fn new(loss: Option<Loss>, target: Option<Target>, classes: usize) -> Self {
        let class = |ignored| Valid::Class { classes, ignored };
        match loss.map(|loss| loss.facts().targets) {
            // A user's loss may give NaN a meaning, such as a missing target.
            Some(ValidTargets::Any) => Valid::Any,
            None if target == Some(Target::Classes) => class(None),
            Some(ValidTargets::Indices { ignored }) => class(ignored),
            Some(ValidTargets::Probabilities) => Valid::Probability,
            Some(ValidTargets::Counts) => Valid::Count,
            Some(ValidTargets::Signs) => Valid::Sign,
            Some(ValidTargets::Finite) | None => Valid::Finite,
        }
    }

    /// Whether a target is valid.
    #[inline]
    pub(crate) fn accepts<E: Float>(self, value: E) -> bool {
        match self {
            Valid::Any => !value.is_unfilled(),
            Valid::Finite => value.is_finite(),
            Valid::Class { classes, ignored } => {
                is_index(value, classes) || ignored.is_some_and(|ignored| value == E::of(ignored as f64))
            }
            Valid::Probability => E::of(-ROUNDING) <= value && value <= E::of(1.0 + ROUNDING),
            Valid::Count => E::zero() <= value && value < E::infinity(),
            Valid::Sign => value == E::zero() || value.abs() == E::one(),
        }
    }

    fn text(self) -> &'static str {
        match self {
            Valid::Any => "any numbers",
            Valid::Finite => "finite",
            Valid::Class { .. } => "class indices",
            Valid::Probability => "between 0 and 1",
            Valid::Count => "0 or greater",
            Valid::Sign => "-1 or 1, or 0 or 1",
        }
    }
}

/// Whether a value is an integer below `end`.
#[inline]
fn is_index<E: Float>(value: E, end: usize) -> bool {
    let value = value.f64();
    // NaN becomes 0 here, and is equal to nothing. A value that is too large for `u64` is not an index.
    value < end as f64 && (value as u64) as f64 == value
}

/// The first invalid value. The usual case, in which all are valid, is a pass without branches.
#[inline]
fn first<E: Float>(values: &[E], valid: impl Fn(E) -> bool) -> Option<usize> {
    if values.iter().fold(true, |all, &value| all & valid(value)) {
        return None;
    }
    values.iter().position(|&value| !valid(value))
}

/// The first invalid value, for samples of `len` values. Values that weigh 0 or are missing are skipped.
#[inline]
fn fault<E: Float>(
    values: &[E],
    len: usize,
    weights: Checked<'_, E>,
    valid: impl Fn(E) -> bool,
) -> Option<usize> {
    let Checked { samples, positions } = weights;
    if samples.is_none() && positions.is_none() {
        return first(values, valid);
    }
    let rows = values.len() / len;
    let of_sample = positions.map_or(1, |positions| (positions.len() / rows.max(1)).max(1));
    let per_position = (len / of_sample).max(1);
    values.chunks_exact(len).enumerate().filter(|(row, _)| weights.weighs_sample(*row)).find_map(
        |(row, sample)| {
            if positions.is_none() {
                return Some(row * len + first(sample, &valid)?);
            }
            let places = sample.chunks_exact(per_position).enumerate();
            places
                .filter(|(place, _)| weights.weighs_position(row, *place, of_sample))
                .find_map(|(place, values)| Some(row * len + place * per_position + first(values, &valid)?))
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use mimo_graph::spec::Connection;

    fn output(loss: Option<Loss>) -> OutputSpec {
        let source = Connection { layer: "y", call: 0, tensor: 0 };
        OutputSpec {
            name: "y",
            shape: &[3],
            source,
            loss,
            weight: 1.0,
            metrics: &[],
            unweighted: 0,
            range: TargetRange::Any,
        }
    }

    /// Whether one target is valid for an output of three classes.
    fn valid(loss: Option<Loss>, value: f64) -> bool {
        let found = check_target(
            &output(loss),
            Valid::for_output(&output(loss)),
            &[value],
            1,
            Checked::ALL,
            &|row| row,
        )
        .is_ok();
        // The vector of all other values is valid: the fault is found among them, with its sample.
        let sound = if matches!(loss, Some(Loss::Hinge)) { 1.0 } else { 0.0 };
        let values = [sound, sound, sound, sound, value, sound];
        let weigh = |weight: f64| {
            check_target(
                &output(loss),
                Valid::for_output(&output(loss)),
                &values,
                3,
                Checked { samples: Some(&[1.0, 1.0, weight]), positions: None },
                &|row| 10 + row,
            )
        };
        assert_eq!(weigh(1.0).is_ok(), found, "{loss:?} {value}");
        assert_eq!(weigh(-1.0).is_ok(), found, "{loss:?} {value}");
        assert!(weigh(0.0).is_ok(), "{loss:?} {value}");
        if let Err(error) = weigh(1.0) {
            assert!(error.to_string().contains("sample 12"), "{error}");
        }
        found
    }

    #[test]
    fn targets_are_valid_by_their_loss() {
        let (label_smoothing, from_logits) = (0.0, false);
        let finite = [
            None,
            Some(Loss::MeanSquaredError),
            Some(Loss::MeanAbsoluteError),
            Some(Loss::MeanAbsolutePercentageError),
            Some(Loss::MeanSquaredLogarithmicError),
            Some(Loss::Huber { delta: 1.0 }),
            Some(Loss::LogCosh),
            Some(Loss::CosineSimilarity),
            Some(Loss::CategoricalCrossentropy { from_logits, label_smoothing }),
        ];
        for loss in finite {
            assert!([-2.0, 0.0, 0.5, 7.0].into_iter().all(|value| valid(loss, value)), "{loss:?}");
        }
        let probability =
            [Loss::BinaryCrossentropy { from_logits, label_smoothing }, Loss::KlDivergence].map(Some);
        for loss in probability {
            assert!(
                [0.0, 0.3, 1.0, 1.000_000_1, -1e-7].into_iter().all(|value| valid(loss, value)),
                "{loss:?}"
            );
            assert!([-0.1, 1.1, 5.0].into_iter().all(|value| !valid(loss, value)), "{loss:?}");
        }
        let poisson = Some(Loss::Poisson);
        assert!(valid(poisson, 0.0) && valid(poisson, 7.5) && !valid(poisson, -0.5));
        for loss in [Loss::Hinge, Loss::SquaredHinge, Loss::CategoricalHinge].map(Some) {
            assert!([-1.0, 0.0, 1.0].into_iter().all(|value| valid(loss, value)), "{loss:?}");
            assert!([-2.0, 0.5, 2.0].into_iter().all(|value| !valid(loss, value)), "{loss:?}");
        }
        for ignore_class in [None, Some(255)] {
            let loss = Some(Loss::SparseCategoricalCrossentropy { from_logits, ignore_class });
            assert!([0.0, -0.0, 1.0, 2.0].into_iter().all(|value| valid(loss, value)));
            assert!([-1.0, 0.5, 3.0, 1e300, 256.0].into_iter().all(|value| !valid(loss, value)));
            assert_eq!(valid(loss, 255.0), ignore_class.is_some());
        }
        for loss in finite.into_iter().chain(probability).chain([poisson, Some(Loss::Hinge)]) {
            assert!(
                [f64::NAN, f64::INFINITY, -f64::INFINITY].into_iter().all(|it| !valid(loss, it)),
                "{loss:?}"
            );
        }
        assert!(
            [f64::NAN, f64::INFINITY, -7.0]
                .into_iter()
                .all(|value| valid(Some(Loss::Custom { targets: true }), value))
        );
    }

    #[test]
    fn what_was_not_written_is_told_from_what_is_not_valid() {
        fn unfilled<E: Float>() {
            assert!(E::UNFILLED.is_nan() && E::UNFILLED.is_unfilled());
            assert!(
                ![E::nan(), -E::nan(), E::of(f64::NAN), E::zero() / E::zero(), E::zero()]
                    .iter()
                    .any(|it| it.is_unfilled())
            );
            for loss in
                [None, Some(Loss::Custom { targets: true }), Some(Loss::Poisson), Some(Loss::KlDivergence)]
            {
                let error = check_target(
                    &output(loss),
                    Valid::for_output(&output(loss)),
                    &[E::UNFILLED],
                    1,
                    Checked::ALL,
                    &|row| row,
                );
                assert!(matches!(error, Err(Error::Unfilled { field: Field::Target, name: "y", row: 0 })));
            }
        }
        unfilled::<f32>();
        unfilled::<f64>();
    }

    #[test]
    fn indices_are_whole_and_below_the_end() {
        for value in [0.0, -0.0, 1.0, 2.0] {
            assert!(is_index(value, 3), "{value}");
        }
        for value in [-1.0, 0.5, 2.5, 3.0, 1e300, f64::NAN, f64::INFINITY, -f64::INFINITY] {
            assert!(!is_index(value, 3), "{value}");
            assert!(!is_index(value as f32, 3), "{value}");
        }
        assert!(!is_index(0.0, 0));
    }
}
