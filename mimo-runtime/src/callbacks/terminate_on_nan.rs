//! The end of a training whose numbers are NaN.

use std::ops::ControlFlow;

use crate::callback::{BatchLogs, Callback};
use crate::callbacks::{CallbackFault, NotFinite};
use crate::data::spec;
use crate::error::Error;
use crate::kernels::Element;
use crate::model::Trainable;
use crate::trainer::Trainer;

/// Ends the `fit` with an error after the first step in which the total loss or a weight becomes NaN or infinite.
///
/// The [error](CallbackFault::NotFinite) names the outputs whose losses are not finite, the layer whose values were the first that are
/// not, and the weight at which the backward pass first met a gradient that is not. Keras's callback stops the training without saying
/// where. Looking at all weights costs a little at each step; the search for the layer runs the failed step again, before the weights
/// change.
///
/// Keras: [`TerminateOnNaN`](https://keras.io/api/callbacks/terminate_on_nan/)
#[derive(Clone, Copy, Debug, Default)]
pub struct TerminateOnNaN;

impl TerminateOnNaN {
    /// Checks the numbers of each step.
    pub fn new() -> Self {
        Self
    }
}

impl<M: Trainable> Callback<M> for TerminateOnNaN {
    fn on_train_begin(&mut self, trainer: &mut Trainer<'_, M>) -> Result<(), Error> {
        trainer.search_not_finite(true);
        Ok(())
    }

    fn on_train_batch_end(
        &mut self,
        trainer: &mut Trainer<'_, M>,
        logs: &BatchLogs<'_, M>,
    ) -> Result<ControlFlow<()>, Error> {
        if logs.loss.is_finite() && trainer.weights_are_finite() {
            return Ok(ControlFlow::Continue(()));
        }
        let specs = spec::<M>();
        let outputs = if logs.loss.is_finite() { vec![] } else { logs.not_finite_outputs() };
        // Weights are in the order of the forward pass, so the backward pass comes to the last one first.
        let not_finite = |values: &[M::Float]| values.iter().any(|value| !value.f64().is_finite());
        let mut backward = specs.weights.iter().rev();
        let gradient =
            backward.find(|weight| trainer.gradient(weight.name).is_some_and(|values| not_finite(&values)));
        let weights = trainer.weights();
        let weight = specs.weights.iter().zip(&weights).find(|(_, values)| not_finite(values));
        let origin = trainer.not_finite_origin();
        trainer.search_not_finite(false);
        let found = NotFinite {
            epoch: logs.epoch,
            step: logs.step,
            loss: logs.loss,
            outputs,
            origin,
            weight: gradient.or(weight.map(|(weight, _)| weight)).map(|weight| weight.name),
            in_gradient: gradient.is_some(),
        };
        Err(CallbackFault::NotFinite(found).of("TerminateOnNaN"))
    }
}
