//! Data sets: sources of the samples of a batch.

mod array;
pub(crate) mod check;
mod class_weights;
mod fault;
mod parts;
mod pass;
mod prefetch;
mod random;
mod range;
pub mod split;
mod staging;
mod stream;
mod targets;
#[cfg(test)]
mod tests;

pub use array::ArrayDataset;
pub(crate) use array::Arrays;
pub use fault::{TableFault, TablePlace};
pub(crate) use pass::Feed;
pub use pass::{Augmented, Pass, PassPlan, SampleRandom, augment};
pub use prefetch::{Prefetch, prefetch};
pub use random::Random;
pub use stream::{Stream, stream};
pub use targets::{BatchTargets, PerPosition, PositionValues};

use std::marker::PhantomData;

use mimo_graph::spec::ModelSpec;

pub use crate::batch::BatchRows;
use crate::engine::Trust;
use crate::error::Error;
use crate::model::{Model, Trainable};
use crate::program::Program;
use crate::warning::{Warning, Warnings};
use crate::weighting::Weighting;

/// Checks the columns of all inputs by the rules of an [`ArrayDataset`], for readers of tables, which know the line
/// of a row.
#[doc(hidden)]
pub fn check_inputs<M: Model>(columns: &[Vec<M::Float>]) -> Result<(), Error> {
    let columns = spec::<M>().inputs.iter().zip(columns);
    columns.into_iter().try_for_each(|(input, column)| check::check_input(input, column, &|row| row))
}

mod sealed {
    /// An argument that only this crate can create, so that no other crate can override a method with it.
    #[derive(Clone, Copy, Debug)]
    pub struct Token;
}
pub(crate) use sealed::Token;

/// Samples of a model's inputs and targets, accessible by index.
///
/// Several threads fill a batch at once, each its part of the rows.
///
/// # What is checked
///
/// A training step on a wrong number corrupts every weight, so `fit`, `evaluate` and `train_on_rows` check what
/// [`gather`](Self::gather) wrote, and `train_on_batch` and [`ArrayDataset`] check tensors by the same rules:
///
/// - every value was written: [`Error::Unfilled`] names the field and the sample if not;
/// - inputs are finite: [`Error::NotFinite`]. Keras accepts NaN, and the loss is NaN from that step on; `predict` accepts it here too, where it only changes the outputs of its own sample;
/// - inputs of an `Embedding` are indices of its vectors: [`Error::Vocabulary`];
/// - targets of a sparse loss are class indices or `ignore_class`: [`Error::ClassIndex`];
/// - other targets are finite, and those of some losses in a range: from 0 to 1 for `binary_crossentropy` and
///   `kl_divergence`, 0 or greater for `poisson`, and −1, 0 or 1 for hinge losses: [`Error::Target`]. Those of a custom loss
///   may be anything;
/// - targets of a categorical cross-entropy are probabilities with the sum 1 over the classes: [`Error::Target`] and [`Error::TargetSum`];
/// - targets of other losses are in the range of the output: from 0 to 1 for a sigmoid, −1 to 1 for `tanh`, 0 or greater for `relu`,
///   probabilities with the sum 1 for a softmax. Others are a [`Warning`], one for each output, before the first step for
///   arrays and at their batch for streams: [`Trainer::warnings`](crate::trainer::Trainer::warnings);
/// - weights of samples and positions are finite: [`Error::SampleWeight`]. They may be negative.
///
/// `check_targets = { reward: false }` in `.compile(…)` accepts any finite numbers as the targets of `reward`. For
/// outputs with a mask, the unmasked steps are checked when the mask is known, except for the range of the output.
///
/// A target that is missing, or whose weight or sample weight is 0, may hold any value, or be omitted.
/// [`ArrayDataset::target_mask`] documents missing targets.
pub trait Dataset<M: Trainable>: Sync {
    /// Number of samples.
    fn rows(&self) -> usize;

    /// Whether [`gather`](Self::gather) writes sample weights; otherwise every sample weighs 1.
    fn weighted(&self) -> bool {
        false
    }

    /// Whether [`gather`](Self::gather) writes weights of positions, [`BatchRows::position_weight`]; otherwise all
    /// positions of a sample weigh the same.
    fn position_weighted(&self) -> bool {
        false
    }

    /// Whether [`gather`](Self::gather) marks targets as missing, with [`BatchRows::mark_missing`] and related
    /// methods.
    fn missing_targets(&self) -> bool {
        false
    }

    /// Fills `batch` with the samples `rows`, each number below [`rows`](Self::rows): every input, the target of
    /// every output that has one and, if the set is [`weighted`](Self::weighted), the sample weights of every output with a
    /// loss or metrics.
    ///
    /// # Errors
    /// If a sample cannot be read; the error ends the calling `fit` or `evaluate`.
    fn gather(&self, rows: &[usize], batch: &mut BatchRows<'_, '_, M::Float>) -> Result<(), Error>;

    /// Whether samples can only be read in order, with [`pass`](Self::pass): `fit` does not shuffle them then.
    fn sequential(&self) -> bool {
        false
    }

    /// Begins an epoch or an evaluation, for data sets that read ahead, read in order or differ from epoch to epoch. With `None`, the
    /// default, batches are filled by [`gather`](Self::gather).
    ///
    /// # Errors
    /// If the data cannot be read.
    fn pass<'a>(&'a self, plan: &PassPlan<'_>) -> Result<Option<Box<dyn Pass<M::Float> + 'a>>, Error> {
        let _ = plan;
        Ok(None)
    }

    /// Checks all samples, if they are in memory, and returns whether they were checked; otherwise each batch is
    /// checked.
    #[doc(hidden)]
    fn checked(&self, _: Token) -> Result<bool, Error> {
        Ok(false)
    }

    /// Warnings of the check, with the indices of their outputs.
    #[doc(hidden)]
    fn warnings(&self, _: Token) -> &[(usize, Warning)] {
        &[]
    }
}

impl<M: Trainable, D: Dataset<M> + ?Sized> Dataset<M> for &D {
    fn rows(&self) -> usize {
        (**self).rows()
    }

    fn weighted(&self) -> bool {
        (**self).weighted()
    }

    fn position_weighted(&self) -> bool {
        (**self).position_weighted()
    }

    fn missing_targets(&self) -> bool {
        (**self).missing_targets()
    }

    fn gather(&self, rows: &[usize], batch: &mut BatchRows<'_, '_, M::Float>) -> Result<(), Error> {
        (**self).gather(rows, batch)
    }

    fn sequential(&self) -> bool {
        (**self).sequential()
    }

    fn pass<'a>(&'a self, plan: &PassPlan<'_>) -> Result<Option<Box<dyn Pass<M::Float> + 'a>>, Error> {
        (**self).pass(plan)
    }

    fn checked(&self, token: Token) -> Result<bool, Error> {
        (**self).checked(token)
    }

    fn warnings(&self, token: Token) -> &[(usize, Warning)] {
        (**self).warnings(token)
    }
}

/// The sample weights of every output: one per sample, or `None` where every sample weighs 1.
///
/// Weights may be negative, but not NaN or infinite. As in Keras a loss divides by the number of samples, not by
/// their weights, and `metrics` do not see them, but `weighted_metrics` do. A missing target is not a sample of
/// weight 0: see [`ArrayDataset::target_mask`]. Weights of positions are set by [`ArrayDataset::sample_weights`].
pub type SampleWeights<M> = <M as Model>::PerOutput<Option<Vec<<M as Model>::Float>>>;

/// Data for `fit` and `evaluate`: `(&inputs, &targets)`, `(&inputs, &targets, &sample_weights)`, or a reference to a
/// [`Dataset`].
///
/// The tensors of a tuple are copied once, at the beginning of the call. To call `fit` often, create an
/// [`ArrayDataset`] and pass a reference to it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not data for `{M}`",
    label = "expected `(&inputs, &targets)`, `(&inputs, &targets, &sample_weights)` or a reference to a data set",
    note = "the inputs and targets are the structs that `model!` generated for `{M}`"
)]
pub trait IntoDataset<'a, M: Trainable> {
    /// Converts it to a data set.
    ///
    /// # Errors
    /// See [`ArrayDataset::new`].
    fn into_dataset(self) -> Result<Box<dyn Dataset<M> + 'a>, Error>;
}

impl<'a, M: Trainable + 'a> IntoDataset<'a, M> for (&M::Inputs, &M::Targets) {
    fn into_dataset(self) -> Result<Box<dyn Dataset<M> + 'a>, Error> {
        Ok(Box::new(ArrayDataset::<M>::new(self.0, self.1)?))
    }
}

impl<'a, M: Trainable + 'a> IntoDataset<'a, M> for (&M::Inputs, &M::Targets, &SampleWeights<M>) {
    fn into_dataset(self) -> Result<Box<dyn Dataset<M> + 'a>, Error> {
        Ok(Box::new(ArrayDataset::<M>::with_sample_weights(self.0, self.1, self.2)?))
    }
}

impl<'a, M: Trainable, D: Dataset<M> + ?Sized> IntoDataset<'a, M> for &'a D {
    fn into_dataset(self) -> Result<Box<dyn Dataset<M> + 'a>, Error> {
        Ok(Box::new(self))
    }
}

/// A data set of samples read by a function: from a file, a data base, a generator. See [`from_fn`].
pub struct FromFn<M, F> {
    rows: usize,
    weighting: Weighting,
    gather: F,
    // Names the model, so that the function's types are known.
    model: PhantomData<fn() -> M>,
}

/// Creates a data set of `rows` samples from a function that fills a batch with the requested samples.
///
/// Several threads may call the function at once. [`Dataset`] documents what it must fill and what is checked
/// afterwards.
pub fn from_fn<M, F>(rows: usize, gather: F) -> FromFn<M, F>
where
    M: Trainable,
    F: Fn(&[usize], &mut BatchRows<'_, '_, M::Float>) -> Result<(), Error> + Sync,
{
    FromFn { rows, weighting: Weighting::NONE, gather, model: PhantomData }
}

/// The methods of a [`Dataset`] that changes how the data in its field `data` are read, but not which.
macro_rules! as_the_data_within {
    ($model:ident) => {
        fn rows(&self) -> usize {
            self.data.rows()
        }

        fn weighted(&self) -> bool {
            self.data.weighted()
        }

        fn position_weighted(&self) -> bool {
            self.data.position_weighted()
        }

        fn missing_targets(&self) -> bool {
            self.data.missing_targets()
        }

        fn sequential(&self) -> bool {
            self.data.sequential()
        }

        fn gather(
            &self,
            rows: &[usize],
            batch: &mut $crate::batch::BatchRows<'_, '_, $model::Float>,
        ) -> Result<(), $crate::error::Error> {
            self.data.gather(rows, batch)
        }
    };
}
use as_the_data_within;

impl<M, F> FromFn<M, F> {
    /// Declares whether the function writes sample weights.
    #[must_use]
    pub fn weighted(mut self, weighted: bool) -> Self {
        self.weighting.samples = weighted;
        self
    }

    /// Declares whether the function writes [weights of positions](BatchRows::position_weight).
    #[must_use]
    pub fn position_weighted(mut self, weighted: bool) -> Self {
        self.weighting.positions = weighted;
        self
    }

    /// Declares whether the function [marks targets as missing](BatchRows::mark_missing).
    #[must_use]
    pub fn missing_targets(mut self, missing: bool) -> Self {
        self.weighting.missing = missing;
        self
    }
}

impl<M, F> std::fmt::Debug for FromFn<M, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FromFn")
            .field("rows", &self.rows)
            .field("weighting", &self.weighting)
            .finish_non_exhaustive()
    }
}

impl<M, F> Dataset<M> for FromFn<M, F>
where
    M: Trainable,
    F: Fn(&[usize], &mut BatchRows<'_, '_, M::Float>) -> Result<(), Error> + Sync,
{
    fn rows(&self) -> usize {
        self.rows
    }

    fn weighted(&self) -> bool {
        self.weighting.samples
    }

    fn position_weighted(&self) -> bool {
        self.weighting.positions
    }

    fn missing_targets(&self) -> bool {
        self.weighting.missing
    }

    fn gather(&self, rows: &[usize], batch: &mut BatchRows<'_, '_, M::Float>) -> Result<(), Error> {
        (self.gather)(rows, batch)
    }
}

/// The kinds of weights that a data set writes.
pub(crate) fn weighting<M: Trainable>(data: &dyn Dataset<M>) -> Weighting {
    Weighting {
        samples: data.weighted(),
        positions: data.position_weighted(),
        missing: data.missing_targets(),
    }
}

/// The checks that the engine must do on gathered data. Data in memory are checked here, once and completely.
pub(crate) fn trust<M: Trainable>(data: &dyn Dataset<M>, warnings: &Warnings) -> Result<Trust, Error> {
    if !data.checked(Token)? {
        return Ok(Trust::Unchecked(spec::<M>()));
    }
    for (output, warning) in data.warnings(Token) {
        warnings.add(*output, warning.clone());
    }
    Ok(Trust::Checked)
}

/// The spec of a model, as a `'static` reference.
///
/// Not inlined: each caller would otherwise contain a copy of all data that the spec refers to.
#[inline(never)]
pub(crate) fn spec<M: Model>() -> &'static ModelSpec {
    const { &M::SPEC }
}

/// The memory layout of a model, as a `'static` reference. See [`spec`].
#[inline(never)]
pub(crate) fn program<M: Model>() -> &'static Program {
    const { &M::PROGRAM }
}
