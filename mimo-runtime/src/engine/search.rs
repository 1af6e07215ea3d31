//! Search for the value at which a step became NaN or infinite.

use crate::chunk::Mode;
use crate::engine::{Engine, Source};
use crate::error::Error;
use crate::float::Float;
use crate::stage::StepPart;
use crate::watch::{FirstNotFinite, Watch};

/// The state of a search.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// The values to check; `None` if no search was requested.
    watch: Option<Watch>,
    /// Whether the current pass is checked.
    runs: bool,
    found: Option<FirstNotFinite>,
}

impl Search {
    /// The watch of the current pass.
    pub(super) fn watch(&self) -> Option<&Watch> {
        self.watch.as_ref().filter(|_| self.runs)
    }

    /// Must be called when a batch is divided.
    pub(super) fn begin(&mut self, chunks: usize) {
        if let Some(watch) = self.watch.as_mut().filter(|_| self.runs) {
            watch.begin(chunks);
        }
    }
}

impl<E: Float> Engine<E> {
    /// Makes later steps with a loss that is not finite search for the first value of their forward pass that is not
    /// finite.
    pub(crate) fn search_with(&mut self, watch: Option<Watch>) {
        self.search = Search { watch, runs: false, found: None };
    }

    /// The result of the last step; `None` if its loss was finite or no search was requested.
    pub(crate) fn first_not_finite(&self) -> Option<FirstNotFinite> {
        self.search.found
    }

    /// Searches if the losses of the step are not finite. `other` are losses that the stages do not compute, `last`
    /// is the part up to which the step has run, before the weights change.
    pub(super) fn search(
        &mut self,
        other: f64,
        last: StepPart,
        rows: &[usize],
        source: Source<'_, E>,
        loss_weights: &[f64],
    ) -> Result<(), Error> {
        self.search.found = None;
        if self.search.watch.is_none() {
            return Ok(());
        }
        let outputs = self.program.outputs.len();
        let mut chunks = self.train_chunks.statistics(self.program);
        let are_finite = chunks.all(|chunk| chunk.iter().take(outputs).all(|loss| loss.is_finite()));
        drop(chunks);
        if other.is_finite() && are_finite {
            return Ok(());
        }
        self.search.runs = true;
        let result = self.run_batch(Mode::Train, StepPart::Forward, rows, source, loss_weights);
        self.search.runs = false;
        result?;
        self.search.found = self.search.watch.as_ref().map(Watch::found);
        // The search pass has overwritten values that the rest of the step reads.
        self.run_batch(Mode::Train, last, rows, source, loss_weights)
    }
}
