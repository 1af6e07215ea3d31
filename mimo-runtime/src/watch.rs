//! Search for the first value of a forward pass that is not finite.
//!
//! A chunk with a [`ChunkWatch`] passes it the values that each operation has written, right after the operation,
//! because later ones may overwrite them. This runs only after a step with a loss that is not finite, if the search
//! was requested.

use std::sync::atomic::{AtomicUsize, Ordering};

use mimo_graph::operation::{ExecutionPlan, Field as _, Part};

use crate::chunk::Chunk;
use crate::float::Float;
use crate::program::View;

/// The first operations of a pass that write a value that is not finite, by their index in the [plan](ExecutionPlan).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FirstNotFinite {
    /// The first that writes a NaN.
    pub(crate) nan: Option<usize>,
    /// The first that writes an infinity.
    pub(crate) infinite: Option<usize>,
}

/// The watch of one pass.
#[derive(Debug)]
pub(crate) struct Watch {
    /// Values that each operation writes.
    written: Vec<Vec<View>>,
    /// Number of operations that have run, for each chunk.
    run: Vec<AtomicUsize>,
    /// The first operations with a NaN and with an infinity.
    found: [AtomicUsize; 2],
}

/// The watch of one chunk.
#[derive(Clone, Copy, Debug)]
pub struct ChunkWatch<'a> {
    watch: &'a Watch,
    run: &'a AtomicUsize,
}

/// Index for nothing found.
const NOTHING: usize = usize::MAX;

impl Watch {
    /// Creates a watch of all values of a plan.
    pub(crate) fn new(plan: &'static ExecutionPlan) -> Self {
        let written = plan.operations.iter().map(|step| {
            let mut written = vec![];
            step.operation.parts(&mut |part| {
                if let Part::Written(value) = part {
                    written.push(value.view);
                }
            });
            written
        });
        let found = [NOTHING; 2].map(AtomicUsize::new);
        Watch { written: written.collect(), run: vec![], found }
    }

    /// Clears the results, before a pass over `chunks` chunks.
    pub(crate) fn begin(&mut self, chunks: usize) {
        self.run.clear();
        self.run.resize_with(chunks, AtomicUsize::default);
        self.found = [NOTHING; 2].map(AtomicUsize::new);
    }

    /// Returns the watch of a chunk.
    pub(crate) fn of_chunk(&self, index: usize) -> Option<ChunkWatch<'_>> {
        Some(ChunkWatch { watch: self, run: self.run.get(index)? })
    }

    /// Returns the first operations found.
    pub(crate) fn found(&self) -> FirstNotFinite {
        debug_assert!(
            self.run.iter().all(|run| run.load(Ordering::Relaxed) == self.written.len()),
            "operations are not those of the plan: {:?} of {}",
            self.run,
            self.written.len(),
        );
        let [nan, infinite] = [0, 1].map(|kind: usize| {
            let index = self.found[kind].load(Ordering::Relaxed);
            (index != NOTHING).then_some(index)
        });
        FirstNotFinite { nan, infinite }
    }

    fn look<E: Float>(&self, operation: usize, view: View, chunk: &Chunk<'_, E>) {
        for row in 0..chunk.rows {
            for value in chunk.row(view, row) {
                let value = value.f64();
                if !value.is_finite() {
                    self.found[usize::from(value.is_infinite())].fetch_min(operation, Ordering::Relaxed);
                }
            }
        }
    }
}

/// Called after each operation of a forward pass.
#[inline(always)]
pub(crate) fn after<E: Float>(chunk: &Chunk<'_, E>) {
    if let Some(watch) = chunk.watch {
        watch.operation(chunk);
    }
}

impl ChunkWatch<'_> {
    /// Checks the values written by the next operation.
    #[cold]
    #[inline(never)]
    fn operation<E: Float>(self, chunk: &Chunk<'_, E>) {
        let index = self.run.fetch_add(1, Ordering::Relaxed);
        for view in self.watch.written.get(index).into_iter().flatten() {
            self.watch.look(index, *view, chunk);
        }
    }
}
