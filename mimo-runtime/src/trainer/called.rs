//! The callbacks of one `fit` or evaluation.

use std::sync::Arc;
use std::time::Instant;

use super::Trainer;
use crate::callback::{Callback, CallbackState, CallbackStates, Clock, FitPlan, Moment};
use crate::engine::Totals;
use crate::error::Error;
use crate::model::Trainable;

/// The callbacks of one `fit` or evaluation, in the order in which they run.
pub(super) struct Callbacks<'a, M: Trainable> {
    list: Vec<Box<dyn Callback<M> + 'a>>,
    /// Present if a callback asked for the time of the parts of training.
    pub clock: Option<Arc<Clock>>,
    /// The running epoch, from 0.
    pub epoch: usize,
    /// Memory for the sums of an epoch.
    pub totals: Totals,
}

impl<'a, M: Trainable> Callbacks<'a, M> {
    pub(super) fn new(list: Vec<Box<dyn Callback<M> + 'a>>) -> Self {
        Callbacks { list, clock: None, epoch: 0, totals: Totals::default() }
    }

    /// Lets every callback check its settings.
    pub(super) fn prepare(&mut self, mut plan: FitPlan<'_>) -> Result<(), Error> {
        for callback in &mut self.list {
            callback.prepare(&mut plan)?;
        }
        self.clock = plan.clock;
        Ok(())
    }

    /// Restores the states of callbacks from a checkpoint, each by its index.
    pub(super) fn restore(&mut self, states: Vec<(usize, CallbackState)>) -> Result<(), Error> {
        for (index, state) in states {
            let callback = self.list.get_mut(index);
            let found = callback.as_ref().and_then(|callback| callback.state());
            match callback {
                Some(callback) if found.as_ref().is_some_and(|found| found.name() == state.name()) => {
                    callback.restore_state(&state)?;
                }
                _ => {
                    let found = found.map(|found| found.name().to_owned());
                    return Err(Error::ResumedCallback { index, wanted: state.name().to_owned(), found });
                }
            }
        }
        Ok(())
    }

    /// Lets every callback save a checkpoint, with the states of the others.
    pub(super) fn save_points(&mut self, trainer: &mut Trainer<'_, M>, moment: Moment) -> Result<(), Error> {
        let begin = self.clock.as_ref().map(|_| Instant::now());
        let mut saved = Ok(());
        for index in 0..self.list.len() {
            let (before, rest) = self.list.split_at_mut(index);
            if let (Some((callback, after)), Ok(())) = (rest.split_first_mut(), &saved) {
                saved = callback.on_checkpoint(trainer, moment, &CallbackStates { before, after });
            }
        }
        if let (Some(clock), Some(begin)) = (&self.clock, begin) {
            clock.callbacks.add(begin.elapsed());
        }
        saved
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Calls a hook of every callback, until one fails.
    pub(super) fn each(
        &mut self,
        mut hook: impl FnMut(&mut dyn Callback<M>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if self.list.is_empty() {
            return Ok(());
        }
        let begin = self.clock.as_ref().map(|_| Instant::now());
        let done = self.list.iter_mut().try_for_each(|callback| hook(&mut **callback));
        if let (Some(clock), Some(begin)) = (&self.clock, begin) {
            clock.callbacks.add(begin.elapsed());
        }
        done
    }
}
