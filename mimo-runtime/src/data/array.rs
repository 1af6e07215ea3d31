//! Data sets in memory.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mimo_graph::spec::{ModelSpec, OutputSpec};
use mimo_graph::target::Target;

use super::{Dataset, SampleWeights, Token, check, spec};
use crate::batch::BatchRows;
use crate::engine::Step;
use crate::error::Error;
use crate::float::Float;
use crate::loss::Masked;
use crate::model::{PerOutput, Reader, Trainable};

/// Inputs, targets and sample weights in memory: a copy of the typed structs.
///
/// Cloning and [`select`](Self::select)ing share the memory.
pub struct ArrayDataset<M: Trainable> {
    arrays: Arc<Arrays<M::Float>>,
    /// Which samples, and in which order; `None` for all as they are.
    selection: Option<Arc<[usize]>>,
    /// Whether these samples were found to be valid; see [`Dataset::checked`].
    checked: AtomicBool,
}

/// One column per input and per output with targets, samples one after another.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arrays<E> {
    pub(crate) rows: usize,
    pub(crate) inputs: Vec<Vec<E>>,
    /// One per output with targets.
    pub(crate) targets: Vec<Vec<E>>,
    /// One per output or none at all; an empty column where every sample weighs 1.
    pub(crate) weights: Vec<Vec<E>>,
}

/// The outputs that have targets.
pub(super) fn with_targets(spec: &'static ModelSpec) -> impl Iterator<Item = (usize, &'static OutputSpec)> {
    spec.outputs.iter().enumerate().filter(|(_, output)| output.target().is_some())
}

impl<M: Trainable> ArrayDataset<M> {
    /// Copies `inputs` and `targets`, samples along their first axes.
    ///
    /// # Errors
    /// [`RowsDiffer`](Error::RowsDiffer) if two fields hold different numbers of samples, [`NoData`](Error::NoData)
    /// if they hold none, [`ClassIndex`](Error::ClassIndex) if a target of a sparse loss is not a class index of
    /// its output, [`Vocabulary`](Error::Vocabulary) if an `Embedding` has no vector for a number.
    ///
    /// Whether other targets are valid may depend on weights that are still to come. It is
    /// checked before the first step, or by [`check_finite`](Self::check_finite).
    pub fn new(inputs: &M::Inputs, targets: &M::Targets) -> Result<Self, Error> {
        let data = Self::read(inputs, targets)?;
        data.arrays.check_indices(spec::<M>(), M::MASKS)?;
        Ok(data)
    }

    /// Copies `inputs`, `targets` and sample weights. A target whose sample weight is 0 may hold anything, class indices that
    /// do not exist included.
    ///
    /// # Errors
    /// [`RowsDiffer`](Error::RowsDiffer), [`NoData`](Error::NoData), and those of
    /// [`sample_weights`](Self::sample_weights). Values are checked before the first step, or by
    /// [`check_finite`](Self::check_finite).
    pub fn with_sample_weights(
        inputs: &M::Inputs,
        targets: &M::Targets,
        weights: &SampleWeights<M>,
    ) -> Result<Self, Error> {
        Self::read(inputs, targets)?.sample_weights(weights)
    }

    fn read(inputs: &M::Inputs, targets: &M::Targets) -> Result<Self, Error> {
        let mut arrays = Arrays::empty::<M>();
        arrays.read::<M>(inputs, targets)?;
        Ok(ArrayDataset { arrays: Arc::new(arrays), selection: None, checked: AtomicBool::new(false) })
    }

    /// Weighs the samples, output by output. Weights of samples and of classes multiply. They may be negative.
    ///
    /// # Errors
    /// [`Weights`](Error::Weights) if an output does not have one weight per sample of the whole set,
    /// [`SampleWeight`](Error::SampleWeight) if one is NaN or infinite,
    /// [`WeightsWithoutLoss`](Error::WeightsWithoutLoss) for an output whose loss is `none`.
    pub fn sample_weights(mut self, weights: &SampleWeights<M>) -> Result<Self, Error> {
        let spec = spec::<M>();
        let weights = weights.values();
        let arrays = Arc::make_mut(&mut self.arrays);
        for (index, output) in spec.outputs.iter().enumerate() {
            let Some(weights) = weights.get(index).copied().and_then(Option::as_ref) else { continue };
            if output.loss.is_none() {
                return Err(Error::WeightsWithoutLoss { output: output.name });
            }
            if weights.len() != arrays.rows {
                return Err(Error::Weights { output: output.name, len: weights.len(), wanted: arrays.rows });
            }
            arrays.weigh(index, spec, |row| weights[row])?;
        }
        *self.checked.get_mut() = false;
        Ok(self)
    }

    /// Weighs the samples by their class, output by output: one weight per class, as Keras's `class_weight`, for any number
    /// of outputs. A sample's class is its index, its largest target or, with one value, the target rounded.
    ///
    /// # Errors
    /// [`NoClasses`](Error::NoClasses) for an output without one class per sample: several positions, several
    /// labels, or a regression. [`Weights`](Error::Weights) if there is not one weight per class (two for an output of one
    /// value), [`ClassWeight`](Error::ClassWeight) if one is NaN or infinite.
    #[doc(alias = "class_weight")]
    pub fn class_weights(mut self, weights: &M::PerOutput<Option<Vec<f64>>>) -> Result<Self, Error> {
        super::class_weights::apply(Arc::make_mut(&mut self.arrays), spec::<M>(), &weights.values())?;
        *self.checked.get_mut() = false;
        Ok(self)
    }

    /// Checks all samples now, as [`Dataset`] describes, and not before the first step.
    ///
    /// # Errors
    /// [`NotFinite`](Error::NotFinite), [`Vocabulary`](Error::Vocabulary), [`ClassIndex`](Error::ClassIndex),
    /// [`Target`](Error::Target) or [`SampleWeight`](Error::SampleWeight) with the first value that is not valid. A target
    /// whose sample weighs 0 may be anything.
    pub fn check_finite(self) -> Result<Self, Error> {
        Dataset::<M>::checked(&self, Token)?;
        Ok(self)
    }

    /// Some of the samples, by their places in this set, in this order. A place may come more than once.
    ///
    /// # Errors
    /// [`NoSuchRow`](Error::NoSuchRow).
    pub fn select(&self, rows: impl IntoIterator<Item = usize>) -> Result<Self, Error> {
        let selection = rows.into_iter().map(|row| self.place(row)).collect::<Result<_, _>>()?;
        Ok(ArrayDataset {
            arrays: Arc::clone(&self.arrays),
            selection: Some(selection),
            // Some of the samples are valid if all are.
            checked: AtomicBool::new(self.checked.load(Ordering::Relaxed)),
        })
    }

    /// Consecutive samples.
    ///
    /// # Errors
    /// [`NoSuchRow`](Error::NoSuchRow).
    pub fn slice(&self, rows: Range<usize>) -> Result<Self, Error> {
        self.select(rows)
    }

    #[cfg(test)]
    pub(super) fn arrays(&self) -> &Arrays<M::Float> {
        &self.arrays
    }

    /// Where sample `row` of this set lies in the columns.
    fn place(&self, row: usize) -> Result<usize, Error> {
        let rows = Dataset::<M>::rows(self);
        let place = match &self.selection {
            Some(selection) => selection.get(row).copied(),
            None => (row < rows).then_some(row),
        };
        let Some(place) = place else { return Err(Error::NoSuchRow { row, rows }) };
        Ok(place)
    }
}

impl<M: Trainable> Clone for ArrayDataset<M> {
    fn clone(&self) -> Self {
        ArrayDataset {
            arrays: Arc::clone(&self.arrays),
            selection: self.selection.clone(),
            checked: AtomicBool::new(self.checked.load(Ordering::Relaxed)),
        }
    }
}

impl<M: Trainable> std::fmt::Debug for ArrayDataset<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ArrayDataset")
            .field("rows", &Dataset::<M>::rows(self))
            .field("weighted", &Dataset::<M>::weighted(self))
            .finish_non_exhaustive()
    }
}

impl<M: Trainable> Dataset<M> for ArrayDataset<M> {
    fn rows(&self) -> usize {
        self.selection.as_ref().map_or(self.arrays.rows, |selection| selection.len())
    }

    fn weighted(&self) -> bool {
        !self.arrays.weights.is_empty()
    }

    fn gather(&self, rows: &[usize], batch: &mut BatchRows<'_, '_, M::Float>) -> Result<(), Error> {
        self.arrays.gather(spec::<M>(), rows, |row| self.place(row), batch)
    }

    fn checked(&self, _: Token) -> Result<bool, Error> {
        // Whoever reads `true` can rely on the arrays as such: they do not change while they are shared.
        if !self.checked.load(Ordering::Relaxed) {
            let Arrays { rows, inputs, targets, weights } = &*self.arrays;
            M::Float::check(
                spec::<M>(),
                M::MASKS,
                *rows,
                self.selection.as_deref(),
                [inputs, targets, weights],
            )?;
            self.checked.store(true, Ordering::Relaxed);
        }
        Ok(true)
    }
}

impl<E: Float> Arrays<E> {
    /// Columns that nothing is in yet.
    pub(crate) fn empty<M: Trainable>() -> Self {
        let spec = spec::<M>();
        Arrays {
            rows: 0,
            inputs: vec![Vec::new(); spec.inputs.len()],
            targets: vec![Vec::new(); with_targets(spec).count()],
            weights: Vec::new(),
        }
    }

    /// Copies the samples of the typed structs; the columns' memory is reused.
    pub(crate) fn read<M: Trainable<Float = E>>(
        &mut self,
        inputs: &M::Inputs,
        targets: &M::Targets,
    ) -> Result<(), Error> {
        let mut reader = Reader::new(&mut self.inputs);
        let rows = reader.read(inputs)?;
        // The first field goes on to be the measure, so that a difference between an input and a target is named.
        let mut reader = Reader { rows, ..Reader::new(&mut self.targets) };
        let rows = reader.read(targets)?;
        self.rows = rows.map_or(0, |(_, rows)| rows);
        if self.rows == 0 {
            return Err(Error::NoData);
        }
        Ok(())
    }

    /// Checks whole numbers, which mean nothing if they are not indices, whatever weights there will be.
    fn check_indices(&self, spec: &'static ModelSpec, masks: &[&Masked]) -> Result<(), Error> {
        let row = |row| row;
        for (input, column) in spec.inputs.iter().zip(&self.inputs).filter(|(input, _)| input.below.is_some())
        {
            check::check_input(input, column, &row)?;
        }
        let sparse = |output: &OutputSpec| output.target() == Some(Target::Classes);
        for ((index, output), column) in
            with_targets(spec).zip(&self.targets).filter(|((_, output), _)| sparse(output))
        {
            check::check_target(output, check::valid(output, index, masks), column, self.rows, None, &row)?;
        }
        Ok(())
    }

    /// Multiplies the sample weights of one output.
    pub(super) fn weigh(
        &mut self,
        output: usize,
        spec: &'static ModelSpec,
        weight: impl Fn(usize) -> E,
    ) -> Result<(), Error> {
        self.weights.resize(spec.outputs.len(), Vec::new());
        let weights = &mut self.weights[output];
        weights.resize(self.rows, E::of(1.0));
        for (row, to) in weights.iter_mut().enumerate() {
            *to *= weight(row);
            // A product of finite weights may be infinite.
            if !to.is_finite() {
                return Err(Error::SampleWeight { output: spec.outputs[output].name, row, weight: to.f64() });
            }
        }
        Ok(())
    }

    /// Fills a batch with the samples `rows`, which lie at `place` of the columns.
    pub(crate) fn gather(
        &self,
        spec: &'static ModelSpec,
        rows: &[usize],
        place: impl Fn(usize) -> Result<usize, Error>,
        batch: &mut BatchRows<'_, '_, E>,
    ) -> Result<(), Error> {
        for (index, column) in self.inputs.iter().enumerate() {
            self.copy(column, rows, &place, batch.input(index))?;
        }
        for ((output, _), column) in with_targets(spec).zip(&self.targets) {
            self.copy(column, rows, &place, batch.target(output))?;
        }
        for (output, column) in self.weights.iter().enumerate() {
            if column.is_empty() {
                batch.sample_weight(output).fill(E::of(1.0));
            } else {
                self.copy(column, rows, &place, batch.sample_weight(output))?;
            }
        }
        Ok(())
    }

    /// Copies the samples `rows` of one column.
    fn copy(
        &self,
        column: &[E],
        rows: &[usize],
        place: &impl Fn(usize) -> Result<usize, Error>,
        to: &mut [E],
    ) -> Result<(), Error> {
        let len = column.len() / self.rows.max(1);
        if len == 0 {
            return Ok(());
        }
        for (to, &row) in to.chunks_exact_mut(len).zip(rows) {
            let start = place(row)? * len;
            // `ok_or` would make the error for every row, and drop it.
            let Some(from) = column.get(start..start + len) else {
                return Err(Error::NoSuchRow { row, rows: self.rows });
            };
            to.copy_from_slice(from);
        }
        Ok(())
    }
}
