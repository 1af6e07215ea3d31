//! The callbacks of one `fit` or evaluation.

use std::sync::Arc;
use std::time::Instant;

use crate::callback::{Callback, Clock, FitPlan};
use crate::engine::Totals;
use crate::error::Error;
use crate::model::Trainable;

/// The callbacks of one `fit` or evaluation, in the order in which they run.
pub(super) struct Callbacks<'a, M: Trainable> {
    list: Vec<Box<dyn Callback<M> + 'a>>,
    /// Present if a callback asked where the time goes.
    pub clock: Option<Arc<Clock>>,
    /// The epoch that runs, from 0.
    pub epoch: usize,
    /// Memory for the sums of an epoch.
    pub totals: Totals,
}

impl<'a, M: Trainable> Callbacks<'a, M> {
    pub(super) fn new(list: Vec<Box<dyn Callback<M> + 'a>>) -> Self {
        Callbacks { list, clock: None, epoch: 0, totals: Totals::default() }
    }

    /// Has every callback check its settings.
    pub(super) fn prepare(&mut self, mut plan: FitPlan<'_>) -> Result<(), Error> {
        for callback in &mut self.list {
            callback.prepare(&mut plan)?;
        }
        self.clock = plan.clock;
        Ok(())
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
