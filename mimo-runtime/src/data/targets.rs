//! Weights of samples and positions, masks, and NaN for missing targets, as they are stored in arrays.

use std::borrow::Cow;

use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{Cpu, Tensor};
use mimo_graph::spec::{ModelSpec, OutputSpec};
use mimo_graph::target::Target;

use super::array::with_targets;
use super::{Arrays, check, spec};
use crate::error::Error;
use crate::float::Float;
use crate::model::{PerOutput, Trainable};
use crate::weighting::Weighting;

/// Values for the samples of an output, or for the positions of its samples: weights, or a mask of `true` and `false`.
///
/// - A `Vec` has one value per sample.
/// - A tensor of dfdx has the shape `[samples]`, or that of the output without its last axis: `Tensor<(usize, Const<20>), f32, Cpu>` for
///   the 20 steps of a sequence. It holds weights.
/// - [`PerPosition`] has any shape, and holds weights or a mask.
///
/// With fewer axes than the output has, each value applies to all positions along the missing axes.
pub trait PositionValues<T: Clone> {
    /// The values in row-major order, and their shape with the batch axis.
    fn values(&self) -> (Cow<'_, [T]>, Vec<usize>);
}

impl<T: Clone> PositionValues<T> for Vec<T> {
    fn values(&self) -> (Cow<'_, [T]>, Vec<usize>) {
        (Cow::Borrowed(self), vec![self.len()])
    }
}

impl<S: Shape, E: Float> PositionValues<E> for Tensor<S, E, Cpu> {
    fn values(&self) -> (Cow<'_, [E]>, Vec<usize>) {
        let shape = self.shape().concrete().as_ref().to_vec();
        // dfdx's iterators read the first value of an empty tensor.
        let values = if shape.contains(&0) { vec![] } else { self.as_vec() };
        (Cow::Owned(values), shape)
    }
}

/// Values with a shape that is checked at run time; see [`PositionValues`].
#[derive(Clone, Debug, PartialEq)]
pub struct PerPosition<T> {
    values: Vec<T>,
    shape: Vec<usize>,
}

impl<T> PerPosition<T> {
    /// Values in rows, of this shape with the batch axis: `[samples, steps]`, `[samples, height, width]`. The shape
    /// is compared with the output and with the number of values when they are used.
    pub fn new(values: Vec<T>, shape: impl Into<Vec<usize>>) -> Self {
        PerPosition { values, shape: shape.into() }
    }
}

impl<T: Clone> PositionValues<T> for PerPosition<T> {
    fn values(&self) -> (Cow<'_, [T]>, Vec<usize>) {
        (Cow::Borrowed(&self.values), self.shape.clone())
    }
}

/// Targets of a batch for [`Trainer::train_on_batch_with`](crate::trainer::Trainer::train_on_batch_with), with
/// weights and possibly missing ones.
pub struct BatchTargets<'a, M: Trainable> {
    arrays: &'a mut Arrays<M::Float>,
}

impl<M: Trainable> std::fmt::Debug for BatchTargets<'_, M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BatchTargets").field("rows", &self.arrays.rows).finish_non_exhaustive()
    }
}

impl<'a, M: Trainable> BatchTargets<'a, M> {
    pub(crate) fn new(arrays: &'a mut Arrays<M::Float>) -> Self {
        BatchTargets { arrays }
    }

    /// Sets weights of samples or positions; see
    /// [`ArrayDataset::sample_weights`](super::ArrayDataset::sample_weights).
    ///
    /// # Errors
    /// The same.
    pub fn sample_weights<W: PositionValues<M::Float>>(
        &mut self,
        weights: &M::PerOutput<Option<W>>,
    ) -> Result<(), Error> {
        self.arrays.weigh_all(spec::<M>(), &weights.values())
    }

    /// Sets which targets are present; see [`ArrayDataset::target_mask`](super::ArrayDataset::target_mask).
    ///
    /// # Errors
    /// The same.
    pub fn target_mask<K: PositionValues<bool>>(
        &mut self,
        mask: &M::PerOutput<Option<K>>,
    ) -> Result<(), Error> {
        self.arrays.mask_all(spec::<M>(), &mask.values())
    }

    /// Sets for which outputs NaN targets are missing; see
    /// [`ArrayDataset::nan_is_missing`](super::ArrayDataset::nan_is_missing).
    ///
    /// # Errors
    /// The same.
    pub fn nan_is_missing(&mut self, outputs: &M::PerOutput<bool>) -> Result<(), Error> {
        self.arrays.nan_is_missing(spec::<M>(), &outputs.values())
    }

    /// Sets weights of the samples by their class; see
    /// [`ArrayDataset::class_weights`](super::ArrayDataset::class_weights).
    ///
    /// # Errors
    /// The same.
    pub fn class_weights(&mut self, weights: &M::PerOutput<Option<Vec<f64>>>) -> Result<(), Error> {
        super::class_weights::apply(self.arrays, spec::<M>(), &weights.values())
    }
}

const NO_TARGETS: &str = "the output has none";

/// Number of values of each of `rows` samples, and number of positions per value.
fn spread(output: &OutputSpec, rows: usize, len: usize, shape: &[usize]) -> Result<[usize; 2], Error> {
    let axes = output.shape.len().saturating_sub(1);
    let wanted: Vec<usize> = [rows].into_iter().chain(output.shape.iter().copied().take(axes)).collect();
    // The product of a caller's axes may overflow.
    let product = shape.iter().try_fold(1_usize, |product, axis| product.checked_mul(*axis));
    if product != Some(len) {
        return Err(Error::PositionCount { output: output.name, len, shape: shape.to_vec() });
    }
    if let [found] = *shape
        && found != rows
    {
        return Err(Error::Weights { output: output.name, len: found, wanted: rows, per: "sample" });
    }
    if shape.is_empty() || !wanted.starts_with(shape) {
        return Err(Error::WeightShape { output: output.name, found: shape.to_vec(), wanted });
    }
    let of_sample: usize = shape[1..].iter().product();
    Ok([of_sample, wanted[shape.len()..].iter().product()])
}

impl<E: Float> Arrays<E> {
    /// The kinds of weights that are set.
    pub(crate) fn weighting(&self) -> Weighting {
        let any = |columns: &[Vec<E>]| columns.iter().any(|column| !column.is_empty());
        Weighting { samples: any(&self.weights), positions: any(&self.positions), missing: self.missing }
    }

    /// Weights of the samples for an output.
    fn samples_of(&mut self, output: usize, spec: &'static ModelSpec) -> &mut [E] {
        self.weights.resize(spec.outputs.len(), Vec::new());
        self.weights[output].resize(self.rows, E::of(1.0));
        &mut self.weights[output]
    }

    /// Weights of the positions of the samples for an output.
    fn positions_of(&mut self, output: usize, spec: &'static ModelSpec) -> &mut [E] {
        self.positions.resize(spec.outputs.len(), Vec::new());
        self.positions[output].resize(self.rows * spec.outputs[output].positions(), E::of(1.0));
        // If positions have weights, samples have too.
        self.samples_of(output, spec);
        &mut self.positions[output]
    }

    /// Multiplies the sample weights of one output.
    pub(super) fn weigh(
        &mut self,
        output: usize,
        spec: &'static ModelSpec,
        weight: impl Fn(usize) -> E,
    ) -> Result<(), Error> {
        let name = spec.outputs[output].name;
        multiply(name, 1, self.samples_of(output, spec), weight)
    }

    /// Multiplies the weights of samples or positions.
    pub(super) fn weigh_all<W: PositionValues<E>>(
        &mut self,
        spec: &'static ModelSpec,
        weights: &[&Option<W>],
    ) -> Result<(), Error> {
        for (index, output) in spec.outputs.iter().enumerate() {
            let Some(weights) = weights.get(index).copied().and_then(Option::as_ref) else { continue };
            if output.loss.is_none() {
                return Err(Error::WeightsWithoutLoss { output: output.name });
            }
            let (values, shape) = weights.values();
            let [of_sample, repeated] = spread(output, self.rows, values.len(), &shape)?;
            if of_sample == 1 && shape.len() == 1 || output.positions() == 1 {
                self.weigh(index, spec, |row| values[row])?;
                continue;
            }
            if check::has_no_positions(output.loss) {
                return Err(Error::PositionWeights { output: output.name, row: 0 });
            }
            let positions = output.positions();
            let weight = |place: usize| values[place / repeated.max(1)];
            multiply(output.name, positions, self.positions_of(index, spec), weight)?;
        }
        Ok(())
    }

    /// Marks targets as missing by a mask.
    pub(super) fn mask_all<K: PositionValues<bool>>(
        &mut self,
        spec: &'static ModelSpec,
        masks: &[&Option<K>],
    ) -> Result<(), Error> {
        for (index, output) in spec.outputs.iter().enumerate() {
            let Some(mask) = masks.get(index).copied().and_then(Option::as_ref) else { continue };
            if output.target().is_none() {
                return Err(Error::MissingTargets { output: output.name, reason: NO_TARGETS });
            }
            let (values, shape) = mask.values();
            let [of_sample, repeated] = spread(output, self.rows, values.len(), &shape)?;
            self.missing |= values.contains(&false);
            if of_sample == 1 && shape.len() == 1 || output.positions() == 1 {
                mark(self.samples_of(index, spec), |row| !values[row]);
            } else {
                mark(self.positions_of(index, spec), |place| !values[place / repeated.max(1)]);
            }
        }
        Ok(())
    }

    /// Marks targets as missing where they are NaN.
    pub(super) fn nan_is_missing(
        &mut self,
        spec: &'static ModelSpec,
        outputs: &[&bool],
    ) -> Result<(), Error> {
        let chosen = |index: usize| outputs.get(index).is_some_and(|it| **it);
        for (_, output) in spec.outputs.iter().enumerate().filter(|(index, _)| chosen(*index)) {
            let reason = match output.target() {
                None => NO_TARGETS,
                Some(Target::Classes) => "they are class indices, which are never NaN; use a target mask",
                Some(Target::Values) => continue,
            };
            return Err(Error::MissingTargets { output: output.name, reason });
        }
        for (column, (index, output)) in with_targets(spec).enumerate().filter(|(_, (it, _))| chosen(*it)) {
            let targets = std::mem::take(&mut self.targets[column]);
            let len = (targets.len() / self.rows.max(1)).max(1);
            let per_position = (len / output.positions().max(1)).max(1);
            let is_nan = |values: &[E]| values.iter().all(|value| value.is_nan());
            // Whole samples are marked as such: without weights of positions, losses are computed sample by sample.
            let samples: Vec<bool> = targets.chunks_exact(len).map(is_nan).collect();
            let positions: Vec<bool> = targets.chunks_exact(per_position).map(is_nan).collect();
            self.targets[column] = targets;
            self.missing |= positions.contains(&true);
            if samples.contains(&true) {
                mark(self.samples_of(index, spec), |row| samples[row]);
            }
            let of_sample = len / per_position;
            let in_part = |place: &usize| positions[*place] && !samples[place / of_sample];
            if output.positions() > 1 && (0..positions.len()).any(|place| in_part(&place)) {
                mark(self.positions_of(index, spec), |place| positions[place]);
            }
        }
        Ok(())
    }
}

/// Multiplies weights, `of_sample` per sample. A missing target stays missing.
fn multiply<E: Float>(
    output: &'static str,
    of_sample: usize,
    weights: &mut [E],
    weight: impl Fn(usize) -> E,
) -> Result<(), Error> {
    for (place, to) in weights.iter_mut().enumerate() {
        let weight = weight(place);
        let product = *to * weight;
        // A product of finite weights may be infinite. For a missing target, the weight itself is checked.
        let valid = if to.is_missing() { weight.is_finite() } else { product.is_finite() };
        if !valid {
            let weight = if to.is_missing() { weight } else { product };
            return Err(Error::SampleWeight { output, row: place / of_sample.max(1), weight: weight.f64() });
        }
        if !to.is_missing() {
            *to = product;
        }
    }
    Ok(())
}

fn mark<E: Float>(weights: &mut [E], missing: impl Fn(usize) -> bool) {
    for (place, weight) in weights.iter_mut().enumerate() {
        if missing(place) {
            *weight = E::MISSING;
        }
    }
}
