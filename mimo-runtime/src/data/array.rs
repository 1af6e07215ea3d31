//! Data sets in memory.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use mimo_graph::spec::{ModelSpec, OutputSpec};
use mimo_graph::target::Target;

use super::check::Checked;
use super::{Dataset, PositionValues, Token, check, spec};
use crate::batch::BatchRows;
use crate::engine::Step;
use crate::error::Error;
use crate::float::Float;
use crate::loss::Masked;
use crate::model::{PerOutput, Reader, Trainable};
use crate::warning::Warning;

/// Inputs, targets and sample weights in memory: a copy of the typed structs.
///
/// Cloning and [`select`](Self::select)ing share the memory.
pub struct ArrayDataset<M: Trainable> {
    pub(super) arrays: Arc<Arrays<M::Float>>,
    /// The selected samples in order; `None` for all.
    selection: Option<Arc<[usize]>>,
    /// Warnings of the check, if these samples were found to be valid; see [`Dataset::checked`].
    checked: OnceLock<Vec<(usize, Warning)>>,
}

/// One column per input and per output with targets, samples one after another.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arrays<E> {
    pub(crate) rows: usize,
    pub(crate) inputs: Vec<Vec<E>>,
    /// One per output with targets.
    pub(crate) targets: Vec<Vec<E>>,
    /// One per output, or none at all; an empty column if every sample weighs 1. Missing targets are marked in them.
    pub(crate) weights: Vec<Vec<E>>,
    /// Same as `weights`, for the positions of the samples.
    pub(crate) positions: Vec<Vec<E>>,
    /// Whether a target is marked as missing.
    pub(crate) missing: bool,
}

/// The outputs with targets.
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
    /// Whether other targets are valid may depend on weights that are set later. They are checked before the first
    /// step, or by [`check_finite`](Self::check_finite).
    pub fn new(inputs: &M::Inputs, targets: &M::Targets) -> Result<Self, Error> {
        let data = Self::read(inputs, targets)?;
        data.arrays.check_indices(spec::<M>(), M::MASKS)?;
        Ok(data)
    }

    /// Copies `inputs`, `targets` and sample weights. A target whose sample weight is 0 may hold any value, including
    /// invalid class indices.
    ///
    /// # Errors
    /// [`RowsDiffer`](Error::RowsDiffer), [`NoData`](Error::NoData), and those of
    /// [`sample_weights`](Self::sample_weights). Values are checked before the first step, or by
    /// [`check_finite`](Self::check_finite).
    pub fn with_sample_weights<W: PositionValues<M::Float>>(
        inputs: &M::Inputs,
        targets: &M::Targets,
        weights: &M::PerOutput<Option<W>>,
    ) -> Result<Self, Error> {
        Self::read(inputs, targets)?.sample_weights(weights)
    }

    /// Copies `inputs` and `targets`, some of which are missing. A missing target may hold any value, including
    /// invalid class indices.
    ///
    /// # Errors
    /// [`RowsDiffer`](Error::RowsDiffer), [`NoData`](Error::NoData), and those of [`target_mask`](Self::target_mask). Values are
    /// checked before the first step, or by [`check_finite`](Self::check_finite).
    pub fn with_target_mask<K: PositionValues<bool>>(
        inputs: &M::Inputs,
        targets: &M::Targets,
        mask: &M::PerOutput<Option<K>>,
    ) -> Result<Self, Error> {
        Self::read(inputs, targets)?.target_mask(mask)
    }

    /// Creates a data set from the columns of the inputs and of the outputs with targets, in order: the samples of
    /// each one after another, each sample row-major with channels last. Integers are floats. For readers of
    /// files; see [`new`](Self::new) for typed structs.
    ///
    /// # Errors
    /// [`ColumnLength`](Error::ColumnLength) if a column is not `rows` samples long, or if there are more or fewer columns;
    /// [`NoData`](Error::NoData). Values are checked before the first step, or by [`check_finite`](Self::check_finite).
    pub fn from_columns(
        rows: usize,
        inputs: Vec<Vec<M::Float>>,
        targets: Vec<Vec<M::Float>>,
    ) -> Result<Self, Error> {
        let spec = spec::<M>();
        let len = |shape: &[usize]| shape.iter().copied().fold(rows, usize::saturating_mul);
        let wanted_inputs: Vec<usize> = spec.inputs.iter().map(|input| len(input.shape)).collect();
        let wanted_targets: Vec<usize> = with_targets(spec)
            .map(|(_, output)| match output.target() {
                Some(Target::Classes) => rows.saturating_mul(output.positions()),
                _ => len(output.shape),
            })
            .collect();
        for (columns, wanted) in [(&inputs, wanted_inputs), (&targets, wanted_targets)] {
            for index in 0..columns.len().max(wanted.len()) {
                let len = columns.get(index).map_or(0, Vec::len);
                let wanted = wanted.get(index).copied().unwrap_or(0);
                if len != wanted {
                    return Err(Error::ColumnLength { index, len, wanted });
                }
            }
        }
        if rows == 0 {
            return Err(Error::NoData);
        }
        let arrays = Arrays { rows, inputs, targets, ..Arrays::default() };
        Ok(ArrayDataset { arrays: Arc::new(arrays), selection: None, checked: OnceLock::new() })
    }

    fn read(inputs: &M::Inputs, targets: &M::Targets) -> Result<Self, Error> {
        let mut arrays = Arrays::empty::<M>();
        arrays.read::<M>(inputs, targets)?;
        Ok(ArrayDataset { arrays: Arc::new(arrays), selection: None, checked: OnceLock::new() })
    }

    /// Sets weights of the samples, or of the positions of samples, output by output. Weights of samples, positions
    /// and classes multiply. They may be negative.
    ///
    /// The weights of an output have the shape `[samples]` or, for the steps of a sequence or the pixels of an image,
    /// that of the output without its last axis, `[samples, steps]` or `[samples, height, width]`. See
    /// [`PositionValues`] for their types. As in Keras a loss divides by the number of samples and positions,
    /// including those of weight 0.
    ///
    /// # Errors
    /// [`Weights`](Error::Weights) if an output does not have one weight per sample of the whole set,
    /// [`WeightShape`](Error::WeightShape) if its weights have another shape, [`PositionCount`](Error::PositionCount) if they do not fill
    /// it, [`PositionWeights`](Error::PositionWeights) for
    /// positions of an output whose loss has one value per sample, such as `dice`, [`SampleWeight`](Error::SampleWeight) if
    /// a weight is NaN or infinite, [`WeightsWithoutLoss`](Error::WeightsWithoutLoss) for an output whose loss is `none`.
    #[doc(alias = "sample_weight")]
    pub fn sample_weights<W: PositionValues<M::Float>>(
        mut self,
        weights: &M::PerOutput<Option<W>>,
    ) -> Result<Self, Error> {
        Arc::make_mut(&mut self.arrays).weigh_all(spec::<M>(), &weights.values())?;
        self.checked = OnceLock::new();
        Ok(self)
    }

    /// Sets which targets are present, output by output: `true` for present, `false` for missing. A target that is
    /// missing in one of several masks is missing.
    ///
    /// A missing target is ignored: an output's loss is the mean over the samples, or the positions, of a batch whose
    /// target is present, and its metrics ignore the others. A batch without any target for an output has the loss 0
    /// for it, and its step does not change the weights that lead to no other trained output. (A sample weight of 0
    /// is different: losses still divide by all samples, `metrics` see the sample, and optimizers update.) The mask
    /// of an output has the shape `[samples]`, or that of the output without its last axis; see [`PositionValues`]
    /// for its types.
    ///
    /// ```ignore
    /// let mask = PerOutput { risk: Some(has_risk), stage: None };
    /// let data = ArrayDataset::new(&inputs, &targets)?.target_mask(&mask)?;
    /// ```
    ///
    /// For missing targets with invalid class indices, use [`with_target_mask`](Self::with_target_mask).
    ///
    /// # Errors
    /// [`Weights`](Error::Weights) if an output does not have one entry per sample of the whole set,
    /// [`WeightShape`](Error::WeightShape) if its mask has another shape, [`PositionCount`](Error::PositionCount) if it does not fill it,
    /// [`MissingTargets`](Error::MissingTargets) for an
    /// output without targets.
    #[doc(alias = "mask")]
    pub fn target_mask<K: PositionValues<bool>>(
        mut self,
        mask: &M::PerOutput<Option<K>>,
    ) -> Result<Self, Error> {
        Arc::make_mut(&mut self.arrays).mask_all(spec::<M>(), &mask.values())?;
        self.checked = OnceLock::new();
        Ok(self)
    }

    /// Sets for which outputs NaN targets are missing; see [`target_mask`](Self::target_mask). A position is missing
    /// if all of its values are NaN: one NaN among others is an error, as every NaN is without this.
    ///
    /// # Errors
    /// [`MissingTargets`](Error::MissingTargets) for an output without targets, or whose targets are class indices.
    pub fn nan_is_missing(mut self, outputs: &M::PerOutput<bool>) -> Result<Self, Error> {
        Arc::make_mut(&mut self.arrays).nan_is_missing(spec::<M>(), &outputs.values())?;
        self.checked = OnceLock::new();
        Ok(self)
    }

    /// Sets weights of the samples by their class, output by output: one weight per class, as Keras's `class_weight`,
    /// for any number of outputs. A sample's class is its index, its largest target or, with one value, the target
    /// rounded.
    ///
    /// # Errors
    /// [`NoClasses`](Error::NoClasses) for an output without one class per sample: several positions, several
    /// labels, or a regression. [`Weights`](Error::Weights) if there is not one weight per class (two for an output of one
    /// value), [`ClassWeight`](Error::ClassWeight) if one is NaN or infinite.
    #[doc(alias = "class_weight")]
    pub fn class_weights(mut self, weights: &M::PerOutput<Option<Vec<f64>>>) -> Result<Self, Error> {
        super::class_weights::apply(Arc::make_mut(&mut self.arrays), spec::<M>(), &weights.values())?;
        self.checked = OnceLock::new();
        Ok(self)
    }

    /// Checks all samples now, as [`Dataset`] describes, instead of before the first step.
    ///
    /// # Errors
    /// [`NotFinite`](Error::NotFinite), [`Vocabulary`](Error::Vocabulary), [`ClassIndex`](Error::ClassIndex),
    /// [`Target`](Error::Target) or [`SampleWeight`](Error::SampleWeight) with the first invalid value. A target whose sample weighs 0 may have any value.
    pub fn check_finite(self) -> Result<Self, Error> {
        Dataset::<M>::checked(&self, Token)?;
        Ok(self)
    }

    /// Selects samples by their indices in this set, in this order. An index may occur more than once.
    ///
    /// # Errors
    /// [`NoSuchRow`](Error::NoSuchRow).
    pub fn select(&self, rows: impl IntoIterator<Item = usize>) -> Result<Self, Error> {
        let selection = rows.into_iter().map(|row| self.place(row)).collect::<Result<_, _>>()?;
        let selected = ArrayDataset {
            arrays: Arc::clone(&self.arrays),
            selection: Some(selection),
            checked: OnceLock::new(),
        };
        // Some of the samples are valid if all are. A warning names a sample by its index in the selection.
        if self.checked.get().is_some_and(Vec::is_empty) {
            let _ = selected.checked.set(vec![]);
        }
        Ok(selected)
    }

    /// Selects consecutive samples.
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

    /// Index of sample `row` of this set in the columns.
    pub(super) fn place(&self, row: usize) -> Result<usize, Error> {
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
            checked: self.checked.clone(),
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
        self.arrays.weighting().samples
    }

    fn position_weighted(&self) -> bool {
        self.arrays.weighting().positions
    }

    fn missing_targets(&self) -> bool {
        self.arrays.missing
    }

    fn gather(&self, rows: &[usize], batch: &mut BatchRows<'_, '_, M::Float>) -> Result<(), Error> {
        self.arrays.gather(spec::<M>(), rows, |row| self.place(row), batch)
    }

    fn checked(&self, _: Token) -> Result<bool, Error> {
        // The result is valid for the shared arrays: they do not change while they are shared.
        if self.checked.get().is_none() {
            let Arrays { rows, inputs, targets, weights, positions, missing } = &*self.arrays;
            let mut warnings: Vec<(usize, Warning)> = vec![];
            M::Float::check(
                spec::<M>(),
                M::MASKS,
                *rows,
                self.selection.as_deref(),
                [inputs, targets, weights, positions],
                *missing,
                &mut |output, warning| {
                    if warnings.iter().all(|(other, _)| *other != output) {
                        warnings.push((output, warning));
                    }
                },
            )?;
            let _ = self.checked.set(warnings);
        }
        Ok(true)
    }

    fn warnings(&self, _: Token) -> &[(usize, Warning)] {
        self.checked.get().map_or(&[], Vec::as_slice)
    }
}

impl<E: Float> Arrays<E> {
    /// Creates empty columns.
    pub(crate) fn empty<M: Trainable>() -> Self {
        let spec = spec::<M>();
        Arrays {
            rows: 0,
            inputs: vec![Vec::new(); spec.inputs.len()],
            targets: vec![Vec::new(); with_targets(spec).count()],
            weights: Vec::new(),
            positions: Vec::new(),
            missing: false,
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
        // The first field is the reference for the number of samples, so that a difference between an input and a
        // target is reported with both names.
        let mut reader = Reader { rows, ..Reader::new(&mut self.targets) };
        let rows = reader.read(targets)?;
        self.rows = rows.map_or(0, |(_, rows)| rows);
        self.weights.iter_mut().chain(&mut self.positions).for_each(Vec::clear);
        self.missing = false;
        if self.rows == 0 {
            return Err(Error::NoData);
        }
        Ok(())
    }

    /// Checks integers, which must be valid indices independent of weights.
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
            check::check_target(
                output,
                check::valid(output, index, masks),
                column,
                self.rows,
                Checked::ALL,
                &row,
            )?;
        }
        Ok(())
    }

    /// Fills a batch with the samples `rows`; `place` maps them to the columns.
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
        // Those of other outputs are 1 already.
        for (output, column) in self.positions.iter().enumerate().filter(|(_, column)| !column.is_empty()) {
            self.copy(column, rows, &place, batch.position_weight(output))?;
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
            // `ok_or` would create and drop the error for every row.
            let Some(from) = column.get(start..start + len) else {
                return Err(Error::NoSuchRow { row, rows: self.rows });
            };
            to.copy_from_slice(from);
        }
        Ok(())
    }
}
