//! Averages of the weights at the ends of epochs.

use std::fmt;
use std::ops::ControlFlow;

use crate::callback::{Callback, CallbackState, FitPlan};
use crate::data::Dataset;
use crate::error::Error;
use crate::history::EpochLogs;
use crate::kernels::Element;
use crate::model::Trainable;
use crate::trainer::Trainer;

/// Stochastic weight averaging: at the end of the training the weights become the mean of what they were at the ends of its last epochs
/// (Izmailov et al., *Averaging Weights Leads to Wider Optima and Better Generalization*, 2018). PyTorch's `AveragedModel`.
///
/// The epochs from [`start_epoch`](Self::new) on are averaged, best at a learning rate that stays high. An optimizer's
/// `use_ema = true` averages over steps instead, and gives later ones more weight.
///
/// Moving statistics of `BatchNormalization` are averaged as well, but they do not fit averaged weights. [`statistics_of`](Self::statistics_of)
/// measures them anew.
///
/// ```ignore
/// let averaging = StochasticWeightAveraging::new(20).statistics_of(&data, 32);
/// let options = FitOptions::new().epochs(30).callback(averaging);
/// trainer.fit(&data, options)?;
/// ```
pub struct StochasticWeightAveraging<'d, M: Trainable> {
    start_epoch: usize,
    /// Epochs in the means.
    count: f64,
    /// By weight; empty before the first epoch that counts.
    means: Vec<Vec<f64>>,
    data: Option<(&'d dyn Dataset<M>, usize)>,
}

impl<'d, M: Trainable> StochasticWeightAveraging<'d, M> {
    /// Averages from the end of epoch `start_epoch` on, counted from 0.
    pub fn new(start_epoch: usize) -> Self {
        StochasticWeightAveraging { start_epoch, count: 0.0, means: vec![], data: None }
    }

    /// Measures the moving statistics at the end of the training on these data, in batches of this size: see
    /// [`Trainer::measure_statistics`].
    #[must_use]
    pub fn statistics_of(mut self, data: &'d dyn Dataset<M>, batch_size: usize) -> Self {
        self.data = Some((data, batch_size));
        self
    }
}

impl<M: Trainable> fmt::Debug for StochasticWeightAveraging<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StochasticWeightAveraging")
            .field("start_epoch", &self.start_epoch)
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}

impl<M: Trainable> Callback<M> for StochasticWeightAveraging<'_, M> {
    fn prepare(&mut self, _: &mut FitPlan<'_>) -> Result<(), Error> {
        match self.data {
            Some((data, _)) if data.rows() == 0 => Err(Error::NoData),
            Some((_, 0)) => Err(Error::BatchSize),
            _ => Ok(()),
        }
    }

    fn on_train_begin(&mut self, _: &mut Trainer<'_, M>) -> Result<(), Error> {
        (self.count, self.means) = (0.0, vec![]);
        Ok(())
    }

    fn on_epoch_end(
        &mut self,
        trainer: &mut Trainer<'_, M>,
        logs: &EpochLogs<M>,
    ) -> Result<ControlFlow<()>, Error> {
        if logs.epoch >= self.start_epoch {
            let weights = trainer.weights();
            self.means.resize_with(weights.len(), Vec::new);
            self.count += 1.0;
            for (means, weights) in self.means.iter_mut().zip(weights) {
                means.resize(weights.len(), 0.0);
                for (mean, weight) in means.iter_mut().zip(weights) {
                    *mean += (weight.f64() - *mean) / self.count;
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn on_train_end(&mut self, trainer: &mut Trainer<'_, M>) -> Result<(), Error> {
        if self.means.is_empty() {
            return Ok(());
        }
        let means = self.means.iter().map(|means| means.iter().map(|mean| M::Float::of(*mean)).collect());
        trainer.set_weights(&means.collect::<Vec<_>>())?;
        match self.data {
            Some((data, batch_size)) => trainer.measure_statistics_of(data, batch_size),
            None => Ok(()),
        }
    }

    fn state(&self) -> Option<CallbackState> {
        let state = CallbackState::new("StochasticWeightAveraging").with("count", [self.count]);
        let means = self.means.iter().enumerate();
        Some(means.fold(state, |state, (index, means)| state.with(&index.to_string(), means.clone())))
    }

    fn restore_state(&mut self, state: &CallbackState) -> Result<(), Error> {
        self.count = state.number("count").unwrap_or_default();
        self.means =
            (0..).map_while(|index: usize| Some(state.numbers(&index.to_string())?.to_vec())).collect();
        Ok(())
    }
}
