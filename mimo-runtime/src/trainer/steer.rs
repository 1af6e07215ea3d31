//! Parts of a model with other training settings: frozen, or with their own learning rate or weight decay.

use std::ops::Range;

use super::Trainer;
use crate::data::spec;
use crate::engine::Steer;
use crate::error::Error;
use crate::float::Float;
use crate::model::Trainable;
use crate::weights::{OnCpu, named};

/// A closure has to select a part of the model itself, because its weights are found by their addresses.
impl<M: Trainable + OnCpu<M::Float>> Trainer<'_, M> {
    /// Freezes a part of the model, from the next step on: a layer, a nested model, or one weight.
    ///
    /// ```ignore
    /// trainer.freeze(|model| &model.encoder)?;
    /// trainer.fit((&inputs, &targets), FitOptions::new().epochs(3))?;
    /// trainer.thaw(|model| &model.encoder)?;
    /// trainer.set_learning_rate_factor(|model| &model.encoder, 0.1)?;
    /// ```
    ///
    /// Frozen weights are not updated, decayed, constrained or penalized, and their gradients are zero. As in Keras
    /// with `layer.trainable = False`, a frozen `BatchNormalization` computes with its moving averages, which do not
    /// change, if all of its weights are frozen. The kernel of a frozen `SpectralNormalization`, which Keras divides
    /// in any case, does not change either. Dropout remains active. The optimizer keeps its state of the weights
    /// until they are thawed, and continues to count its steps. At the end of `fit`, `use_ema` does not change frozen
    /// weights.
    ///
    /// A weight that `model!` declares with `trainable = false` is always frozen, and costs less.
    ///
    /// # Errors
    /// [`NoSuchPart`](Error::NoSuchPart) for a part without weights.
    pub fn freeze<T: ?Sized>(&mut self, part: impl FnOnce(&M) -> &T) -> Result<(), Error> {
        let part = self.part(part)?;
        self.set_frozen(&part, true)
    }

    /// Trains a part of the model again.
    ///
    /// # Errors
    /// [`NoSuchPart`](Error::NoSuchPart) for a part without weights; [`NotTrained`](Error::NotTrained) if `model!` declares all of them with `trainable = false`.
    pub fn thaw<T: ?Sized>(&mut self, part: impl FnOnce(&M) -> &T) -> Result<(), Error> {
        let part = self.part(part)?;
        self.set_frozen(&part, false)
    }

    /// Multiplies the learning rate for a part of the model, from the next step on. The factor replaces an earlier
    /// one; 1 restores the default. Weight decay, which is in proportion to the learning rate, is multiplied too.
    ///
    /// # Errors
    /// [`NoSuchPart`](Error::NoSuchPart) for a part without weights; [`Steering`](Error::Steering) if the factor is negative, NaN or infinite.
    pub fn set_learning_rate_factor<T: ?Sized>(
        &mut self,
        part: impl FnOnce(&M) -> &T,
        factor: f64,
    ) -> Result<(), Error> {
        let part = self.part(part)?;
        self.set_rate(&part, factor)
    }

    /// Sets the weight decay of a part of the model, which replaces the optimizer's, from the next step on; 0 for
    /// none, like Keras's `exclude_from_weight_decay`.
    ///
    /// # Errors
    /// [`NoSuchPart`](Error::NoSuchPart) for a part without weights; [`Steering`](Error::Steering) if it is negative, NaN or infinite.
    pub fn set_weight_decay<T: ?Sized>(
        &mut self,
        part: impl FnOnce(&M) -> &T,
        decay: f64,
    ) -> Result<(), Error> {
        let part = self.part(part)?;
        self.set_decay(&part, decay)
    }

    /// Returns the weights of a part of the model: those whose tensors lie in its memory.
    fn part<T: ?Sized>(&self, part: impl FnOnce(&M) -> &T) -> Result<Vec<usize>, Error> {
        let model: &M = self.model;
        let chosen = place(part(model));
        let inside = |index: &usize| {
            model.weight(*index).is_some_and(|weight| {
                let weight = place(weight);
                chosen.start <= weight.start && weight.end <= chosen.end
            })
        };
        let found: Vec<usize> = (0..M::COUNT).filter(inside).collect();
        match found.is_empty() {
            true => Err(Error::NoSuchPart { name: None, similar: None }),
            false => Ok(found),
        }
    }
}

/// Returns the address range of a value.
fn place<T: ?Sized>(value: &T) -> Range<usize> {
    let start = std::ptr::from_ref(value).addr();
    start..start + size_of_val(value)
}

impl<M: Trainable> Trainer<'_, M> {
    /// Freezes a part of the model by its name in files and summaries: a layer (`conv2d`), a nested model (`encoder`), a layer of one
    /// (`encoder/conv2d`), or one weight (`conv2d/kernel`). See [`freeze`](Self::freeze).
    ///
    /// # Errors
    /// [`NoSuchPart`](Error::NoSuchPart), with a similar name.
    pub fn freeze_by_name(&mut self, name: &str) -> Result<(), Error> {
        let part = named(spec::<M>(), name)?;
        self.set_frozen(&part, true)
    }

    /// Trains a part of the model again, by its name. See [`thaw`](Self::thaw).
    ///
    /// # Errors
    /// [`NoSuchPart`](Error::NoSuchPart), with a similar name; [`NotTrained`](Error::NotTrained).
    pub fn thaw_by_name(&mut self, name: &str) -> Result<(), Error> {
        let part = named(spec::<M>(), name)?;
        self.set_frozen(&part, false)
    }

    /// Multiplies the learning rate for a part of the model, by its name. See [`set_learning_rate_factor`](Self::set_learning_rate_factor).
    ///
    /// # Errors
    /// [`NoSuchPart`](Error::NoSuchPart), with a similar name; [`Steering`](Error::Steering).
    pub fn set_learning_rate_factor_by_name(&mut self, name: &str, factor: f64) -> Result<(), Error> {
        let part = named(spec::<M>(), name)?;
        self.set_rate(&part, factor)
    }

    /// Sets the weight decay of a part of the model, by its name. See [`set_weight_decay`](Self::set_weight_decay).
    ///
    /// # Errors
    /// [`NoSuchPart`](Error::NoSuchPart), with a similar name; [`Steering`](Error::Steering).
    pub fn set_weight_decay_by_name(&mut self, name: &str, decay: f64) -> Result<(), Error> {
        let part = named(spec::<M>(), name)?;
        self.set_decay(&part, decay)
    }

    /// Returns the names of the frozen weights, without those declared with `trainable = false`.
    pub fn frozen(&self) -> Vec<&'static str> {
        let weights = spec::<M>().weights.iter().enumerate();
        weights.filter(|(index, _)| self.engine.is_frozen(*index)).map(|(_, weight)| weight.name).collect()
    }

    fn set_frozen(&mut self, part: &[usize], frozen: bool) -> Result<(), Error> {
        let trained: Vec<usize> =
            part.iter().copied().filter(|index| self.engine.is_trained(*index)).collect();
        if !frozen && trained.is_empty() {
            let weight = part.first().and_then(|index| spec::<M>().weights.get(*index));
            return Err(Error::NotTrained { weight: weight.map_or("", |weight| weight.name) });
        }
        self.engine.steer(&trained, &|steer| steer.frozen = frozen)
    }

    fn set_rate(&mut self, part: &[usize], factor: f64) -> Result<(), Error> {
        check::<M::Float>("factor of the learning rate", factor)?;
        self.engine.steer(part, &|steer: &mut Steer| steer.rate = factor)
    }

    fn set_decay(&mut self, part: &[usize], decay: f64) -> Result<(), Error> {
        check::<M::Float>("weight decay", decay)?;
        self.engine.steer(part, &|steer: &mut Steer| steer.decay = Some(decay))
    }
}

fn check<E: Float>(what: &'static str, value: f64) -> Result<(), Error> {
    if value >= 0.0 && E::of(value).is_finite() { Ok(()) } else { Err(Error::Steering { what, value }) }
}
