//! Weights and gradients while a trainer holds them.

use super::Trainer;
use crate::data::spec;
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
    /// The model, with the weights as they are now.
    pub fn model(&mut self) -> &M {
        self.sync();
        self.model
    }

    /// Sets the weights to their moving averages, where the optimizer has `use_ema = true`. [`fit`](Self::fit) does so at its end; loops
    /// of one's own call it after the last step.
    pub fn use_averages(&mut self) {
        self.ahead = true;
        self.engine.overwrite_with_averages();
    }

    /// Ends the training; the model has the weights. Dropping the trainer does the same.
    pub fn finish(self) {
        drop(self);
    }

    /// A copy of every weight, in the order of the model's fields and in Keras's layout, to be brought back by
    /// [`set_weights`](Self::set_weights).
    pub fn weights(&self) -> Vec<Vec<M::Float>> {
        let weights = spec::<M>().weights.iter().enumerate();
        weights
            .map(|(index, weight)| self.read(weight.shape, |to| self.engine.store_weight(index, to)))
            .collect()
    }

    /// Sets every weight. The optimizer's state stays.
    ///
    /// # Errors
    /// [`WeightCount`](Error::WeightCount) if there are not as many as the model has,
    /// [`WeightLength`](Error::WeightLength) if one has another length; no weight is changed then.
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

    /// The gradient of a weight in the last step, by name (`dense/kernel`), in Keras's layout; `None` if there is no
    /// such weight. Zeros before the first step and for a weight that is not trained.
    pub fn gradient(&self, name: &str) -> Option<Vec<M::Float>> {
        let index = spec::<M>().weights.iter().position(|weight| weight.name == name)?;
        Some(self.read(spec::<M>().weights[index].shape, |to| self.engine.gradient(index, to)))
    }

    fn read(&self, shape: &[usize], read: impl FnOnce(&mut [M::Float])) -> Vec<M::Float> {
        let mut values = vec![M::Float::default(); shape.iter().product()];
        read(&mut values);
        values
    }
}
