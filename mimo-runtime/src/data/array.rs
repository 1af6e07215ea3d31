//! Data sets in memory.

use std::ops::Range;
use std::sync::Arc;

use mimo_graph::loss::Loss;
use mimo_graph::spec::{ModelSpec, OutputSpec};

use super::{Dataset, SampleWeights, spec};
use crate::batch::BatchRows;
use crate::error::Error;
use crate::float::Float;
use crate::model::{Columns, PerOutput, Reader, Trainable};

/// Inputs, targets and sample weights in memory: a copy of the typed structs.
///
/// Cloning and [`select`](Self::select)ing share the memory.
pub struct ArrayDataset<M: Trainable> {
    arrays: Arc<Arrays<M::Float>>,
    /// Which samples, and in which order; `None` for all as they are.
    selection: Option<Arc<[usize]>>,
}

/// One column per input and per trained output, samples one after another.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arrays<E> {
    pub(crate) rows: usize,
    pub(crate) inputs: Vec<Vec<E>>,
    /// One per trained output.
    pub(crate) targets: Vec<Vec<E>>,
    /// One per output or none at all; an empty column where every sample weighs 1.
    pub(crate) weights: Vec<Vec<E>>,
}

/// The outputs that have targets.
pub(super) fn trained(spec: &'static ModelSpec) -> impl Iterator<Item = (usize, &'static OutputSpec)> {
    spec.outputs.iter().enumerate().filter(|(_, output)| output.target().is_some())
}

impl<M: Trainable> ArrayDataset<M> {
    /// Copies `inputs` and `targets`, samples along their first axes.
    ///
    /// # Errors
    /// [`RowsDiffer`](Error::RowsDiffer) if two fields hold different numbers of samples, [`NoData`](Error::NoData)
    /// if they hold none, [`ClassIndex`](Error::ClassIndex) if a target of a sparse loss is no class of
    /// its output, [`Vocabulary`](Error::Vocabulary) if an `Embedding` has no vector for a number.
    pub fn new(inputs: &M::Inputs, targets: &M::Targets) -> Result<Self, Error> {
        let mut arrays = Arrays::empty::<M>();
        arrays.read::<M>(inputs, targets)?;
        Ok(ArrayDataset { arrays: Arc::new(arrays), selection: None })
    }

    /// Weighs the samples, output by output. Weights of samples and of classes multiply.
    ///
    /// # Errors
    /// [`Weights`](Error::Weights) if an output has not one weight per sample of the whole set.
    pub fn sample_weights(mut self, weights: &SampleWeights<M>) -> Result<Self, Error> {
        let spec = spec::<M>();
        let weights = weights.values();
        let arrays = Arc::make_mut(&mut self.arrays);
        for (index, output) in trained(spec) {
            let Some(weights) = weights.get(index).copied().and_then(Option::as_ref) else { continue };
            if weights.len() != arrays.rows {
                return Err(Error::Weights { output: output.name, len: weights.len(), wanted: arrays.rows });
            }
            arrays.weigh(index, spec.outputs.len(), |row| weights[row]);
        }
        Ok(self)
    }

    /// Weighs the samples by their class, output by output: one weight per class, as Keras's `class_weight`, for any number
    /// of outputs. A sample's class is its index, its largest target or, with one value, the target rounded.
    ///
    /// # Errors
    /// [`NoClasses`](Error::NoClasses) for an output with several positions per sample,
    /// [`Weights`](Error::Weights) if there is not one weight per class (two for an output of one value).
    pub fn class_weights(mut self, weights: &M::PerOutput<Option<Vec<f64>>>) -> Result<Self, Error> {
        super::class_weights::apply(Arc::make_mut(&mut self.arrays), spec::<M>(), &weights.values())?;
        Ok(self)
    }

    /// Makes sure that no input and no target that counts is NaN or infinite.
    ///
    /// # Errors
    /// [`NotFinite`](Error::NotFinite) with the first that is. A target whose sample weighs 0 may be
    /// anything.
    pub fn check_finite(self) -> Result<Self, Error> {
        self.arrays.check_finite(spec::<M>())?;
        Ok(self)
    }

    /// Some of the samples, by their places in this set, in this order. A place may come more than once.
    ///
    /// # Errors
    /// [`NoSuchRow`](Error::NoSuchRow).
    pub fn select(&self, rows: impl IntoIterator<Item = usize>) -> Result<Self, Error> {
        let selection = rows.into_iter().map(|row| self.place(row)).collect::<Result<_, _>>()?;
        Ok(ArrayDataset { arrays: Arc::clone(&self.arrays), selection: Some(selection) })
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
        place.ok_or(Error::NoSuchRow { row, rows })
    }
}

impl<M: Trainable> Clone for ArrayDataset<M> {
    fn clone(&self) -> Self {
        ArrayDataset { arrays: Arc::clone(&self.arrays), selection: self.selection.clone() }
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
}

impl<E: Float> Arrays<E> {
    /// Columns that nothing is in yet.
    pub(crate) fn empty<M: Trainable>() -> Self {
        let spec = spec::<M>();
        Arrays {
            rows: 0,
            inputs: vec![Vec::new(); spec.inputs.len()],
            targets: vec![Vec::new(); trained(spec).count()],
            weights: Vec::new(),
        }
    }

    /// Takes the samples of the typed structs; the columns' memory is reused.
    pub(crate) fn read<M: Trainable<Float = E>>(
        &mut self,
        inputs: &M::Inputs,
        targets: &M::Targets,
    ) -> Result<(), Error> {
        let mut reader = Reader::new(&mut self.inputs);
        inputs.read(&mut reader)?;
        let rows = reader.rows;
        // The same reader state goes on, so that a difference between an input and a target is found and named.
        let mut reader = Reader { rows, ..Reader::new(&mut self.targets) };
        targets.read(&mut reader)?;
        self.rows = reader.rows.map_or(0, |(_, rows)| rows);
        if self.rows == 0 {
            return Err(Error::NoData);
        }
        for (index, column) in self.inputs.iter().enumerate() {
            super::vocabulary::check(spec::<M>(), index, column, |row| row)?;
        }
        self.check_classes(spec::<M>())
    }

    /// A wrong class would index outside of the predictions.
    fn check_classes(&self, spec: &'static ModelSpec) -> Result<(), Error> {
        for ((_, output), targets) in trained(spec).zip(&self.targets) {
            let Some(Loss::SparseCategoricalCrossentropy { ignore_class, .. }) = output.loss else {
                continue;
            };
            let classes = output.shape.last().copied().unwrap_or(1);
            let positions = targets.len() / self.rows;
            let wrong = targets.iter().position(|target| {
                let class = target.f64() as usize;
                class >= classes && ignore_class != Some(class)
            });
            if let Some(place) = wrong {
                return Err(Error::ClassIndex {
                    output: output.name,
                    row: place / positions,
                    index: targets[place].f64() as usize,
                    classes,
                });
            }
        }
        Ok(())
    }

    fn check_finite(&self, spec: &'static ModelSpec) -> Result<(), Error> {
        // The first sample with a value that is not, among those that count.
        let check = |name, column: &[E], weights: Option<&Vec<E>>| -> Result<(), Error> {
            let counts =
                |row: usize| weights.and_then(|weights| weights.get(row)).is_none_or(|w| *w != E::of(0.0));
            let len = (column.len() / self.rows).max(1);
            let mut samples = column.chunks_exact(len).enumerate();
            match samples
                .find(|(row, sample)| counts(*row) && !sample.iter().all(|value| value.f64().is_finite()))
            {
                Some((row, _)) => Err(Error::NotFinite { name, row }),
                None => Ok(()),
            }
        };
        for (input, column) in spec.inputs.iter().zip(&self.inputs) {
            check(input.name, column, None)?;
        }
        for ((index, output), column) in trained(spec).zip(&self.targets) {
            check(output.name, column, self.weights.get(index))?;
        }
        Ok(())
    }

    /// Multiplies the sample weights of one output.
    pub(super) fn weigh(&mut self, output: usize, outputs: usize, weight: impl Fn(usize) -> E) {
        self.weights.resize(outputs, Vec::new());
        let weights = &mut self.weights[output];
        weights.resize(self.rows, E::of(1.0));
        for (row, to) in weights.iter_mut().enumerate() {
            *to *= weight(row);
        }
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
        for ((output, _), column) in trained(spec).zip(&self.targets) {
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
            let from = column.get(start..start + len).ok_or(Error::NoSuchRow { row, rows: self.rows })?;
            to.copy_from_slice(from);
        }
        Ok(())
    }
}
