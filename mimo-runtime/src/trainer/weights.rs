//! Access to weights and gradients while a trainer holds them.

use super::{Trainer, numbers};
use crate::batch::BatchRows;
use crate::data::{Dataset, Feed, IntoDataset, PassPlan, spec, trust, weighting};
use crate::engine::Source;
use crate::error::Error;
use crate::model::{Model, Trainable};

impl<M: Model> Trainer<'_, M> {
    /// Copies the weights into the model.
    pub fn sync(&mut self) {
        if self.ahead {
            let engine = &self.engine;
            self.model.write_weights(&mut |index, values| engine.store_weight(index, values));
            self.ahead = false;
        }
    }
}

impl<M: Trainable> Trainer<'_, M> {
    /// Returns the model with its current weights.
    pub fn model(&mut self) -> &M {
        self.sync();
        self.model
    }

    /// Sets the weights to their moving averages, if the optimizer has `use_ema = true`. [`fit`](Self::fit) does so
    /// at its end; custom loops call it after the last step.
    pub fn use_averages(&mut self) {
        self.ahead = true;
        self.engine.overwrite_with_averages();
    }

    /// Sets the moving mean and variance of every `BatchNormalization` to the means of those of the batches of a data
    /// set, with the current weights. Nothing else changes.
    ///
    /// Moving statistics belong to the weights that they were measured with: call this after setting the weights to
    /// an average, or loading them. Dropout and noise are on, as in a training step; the last batch is left out if it
    /// is smaller, because all batches count equally. Frozen layers keep their statistics.
    ///
    /// # Errors
    /// Those of the data set and of its [checks](crate::data::Dataset#what-is-checked), [`NoData`](Error::NoData),
    /// [`BatchSize`](Error::BatchSize), [`Memory`](Error::Memory).
    pub fn measure_statistics<'d>(
        &mut self,
        data: impl IntoDataset<'d, M>,
        batch_size: usize,
    ) -> Result<(), Error> {
        let data = data.into_dataset()?;
        self.measure_statistics_of(&*data, batch_size)
    }

    pub(crate) fn measure_statistics_of(
        &mut self,
        data: &dyn Dataset<M>,
        batch_size: usize,
    ) -> Result<(), Error> {
        let rows = numbers(0..data.rows())?;
        if rows.is_empty() {
            return Err(Error::NoData);
        }
        if batch_size == 0 {
            return Err(Error::BatchSize);
        }
        if !self.engine.has_moving_statistics() {
            return Ok(());
        }
        let (weighting, trust) = (weighting(data), trust(data, &self.engine.warnings)?);
        let mut feed = Feed::new(data, &PassPlan::evaluation(&rows, batch_size))?;
        self.ahead = true;
        let whole = rows.len() >= batch_size;
        for (before, batch) in rows.chunks(batch_size).enumerate() {
            feed.begin_batch(batch)?;
            let gather = |rows: &[usize], into: &mut BatchRows<'_, '_, M::Float>| feed.gather(rows, into);
            let source = Source { gather: &gather, weighting, trust };
            if batch.len() == batch_size || !whole {
                self.engine.measure_statistics(batch, source, before, &self.loss_weights)?;
            }
        }
        Ok(())
    }

    /// Ends training: the weights are then in the model. Dropping the trainer does the same.
    pub fn finish(self) {
        drop(self);
    }

    /// Returns a copy of every weight, in the order of the model's fields and in Keras's layout, for
    /// [`set_weights`](Self::set_weights).
    pub fn weights(&self) -> Vec<Vec<M::Float>> {
        let weights = spec::<M>().weights.iter().enumerate();
        weights
            .map(|(index, weight)| self.read(weight.shape, |to| self.engine.store_weight(index, to)))
            .collect()
    }

    /// Sets every weight. The optimizer's state does not change.
    ///
    /// # Errors
    /// [`WeightCount`](Error::WeightCount) if their number is not that of the model's weights,
    /// [`WeightLength`](Error::WeightLength) if one has another length; then no weight is changed.
    pub fn set_weights(&mut self, weights: &[Vec<M::Float>]) -> Result<(), Error> {
        let specs = spec::<M>().weights;
        if weights.len() != specs.len() {
            return Err(Error::WeightCount { len: weights.len(), wanted: specs.len() });
        }
        for (spec, values) in specs.iter().zip(weights) {
            let wanted = spec.shape.iter().product();
            if values.len() != wanted {
                return Err(Error::WeightLength { name: spec.name, len: values.len(), wanted });
            }
        }
        for (index, values) in weights.iter().enumerate() {
            self.engine.load_weight(index, values);
        }
        self.engine.weights_loaded();
        self.ahead = true;
        Ok(())
    }

    /// Returns the gradient of a weight in the last step, by name (`dense/kernel`), in Keras's layout; `None` if
    /// there is no such weight. Zeros before the first step and for a weight that is not trained.
    pub fn gradient(&self, name: &str) -> Option<Vec<M::Float>> {
        let index = spec::<M>().weights.iter().position(|weight| weight.name == name)?;
        Some(self.read(spec::<M>().weights[index].shape, |to| self.engine.gradient(index, to)))
    }

    /// Copies a weight, by its index in the model's fields, to reused memory.
    pub(crate) fn copy_weight(&self, index: usize, to: &mut Vec<M::Float>) {
        self.copy(index, to, |to| self.engine.store_weight(index, to));
    }

    /// Copies the gradient of a weight in the last step, likewise.
    pub(crate) fn copy_gradient(&self, index: usize, to: &mut Vec<M::Float>) {
        self.copy(index, to, |to| self.engine.gradient(index, to));
    }

    fn copy(&self, index: usize, to: &mut Vec<M::Float>, read: impl FnOnce(&mut [M::Float])) {
        to.clear();
        if let Some(weight) = spec::<M>().weights.get(index) {
            to.resize(weight.shape.iter().product(), M::Float::default());
            read(to);
        }
    }

    fn read(&self, shape: &[usize], read: impl FnOnce(&mut [M::Float])) -> Vec<M::Float> {
        let mut values = vec![M::Float::default(); shape.iter().product()];
        read(&mut values);
        values
    }
}
