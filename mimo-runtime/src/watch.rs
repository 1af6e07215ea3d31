//! Looking for the first value of a forward pass that is not finite.
//!
//! A chunk that has a [`ChunkWatch`] shows it what each operation has written, right after the operation: later ones may write over it.
//! Nothing of this runs until a step has a loss that is not finite, and somebody has asked where that came from.

use std::sync::atomic::{AtomicUsize, Ordering};

use mimo_graph::operation::{ExecutionPlan, Field as _, Part};

use crate::chunk::Chunk;
use crate::float::Float;
use crate::program::View;

/// A value of a model: an input, or what an operation of its plan writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// An input, by its index.
    Input(usize),
    /// What an operation writes, by its index in the [plan](ExecutionPlan).
    Operation(usize),
}

/// The first values of a pass that are not finite, in the order of the pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FirstNotFinite {
    /// The first that has a NaN.
    pub(crate) nan: Option<Place>,
    /// The first that has an infinity.
    pub(crate) infinite: Option<Place>,
}

/// What is looked at.
#[derive(Debug)]
pub(crate) struct Watch {
    inputs: &'static [View],
    /// By operation: the values that it writes.
    written: Vec<Vec<View>>,
    /// By chunk: operations that have run.
    run: Vec<AtomicUsize>,
    /// The first place of a NaN and of an infinity: inputs count before operations.
    found: [AtomicUsize; 2],
}

/// The watch of one chunk.
#[derive(Clone, Copy, Debug)]
pub struct ChunkWatch<'a> {
    watch: &'a Watch,
    run: &'a AtomicUsize,
}

/// Nothing was found.
const NOTHING: usize = usize::MAX;

impl Watch {
    /// Looks at all values of a plan.
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
        Watch { inputs: plan.inputs, written: written.collect(), run: vec![], found }
    }

    /// Forgets what was found, before a pass over so many chunks.
    pub(crate) fn begin(&mut self, chunks: usize) {
        self.run.clear();
        self.run.resize_with(chunks, AtomicUsize::default);
        self.found = [NOTHING; 2].map(AtomicUsize::new);
    }

    /// The watch of a chunk.
    pub(crate) fn of_chunk(&self, index: usize) -> Option<ChunkWatch<'_>> {
        Some(ChunkWatch { watch: self, run: self.run.get(index)? })
    }

    /// What was found.
    pub(crate) fn found(&self) -> FirstNotFinite {
        debug_assert!(
            self.run.iter().all(|run| run.load(Ordering::Relaxed) == self.written.len()),
            "operations are not those of the plan: {:?} of {}",
            self.run,
            self.written.len(),
        );
        let [nan, infinite] = [0, 1].map(|kind: usize| match self.found[kind].load(Ordering::Relaxed) {
            NOTHING => None,
            place if place < self.inputs.len() => Some(Place::Input(place)),
            place => Some(Place::Operation(place - self.inputs.len())),
        });
        FirstNotFinite { nan, infinite }
    }

    fn look<E: Float>(&self, place: usize, view: View, chunk: &Chunk<'_, E>) {
        for row in 0..chunk.rows {
            for value in chunk.row(view, row) {
                let value = value.f64();
                if !value.is_finite() {
                    self.found[usize::from(value.is_infinite())].fetch_min(place, Ordering::Relaxed);
                }
            }
        }
    }
}

impl ChunkWatch<'_> {
    /// Looks at the inputs, before the first operation.
    pub(crate) fn inputs<E: Float>(self, chunk: &Chunk<'_, E>) {
        for (place, view) in self.watch.inputs.iter().enumerate() {
            self.watch.look(place, *view, chunk);
        }
    }

    /// Looks at what the next operation has written.
    #[cold]
    #[inline(never)]
    pub(crate) fn operation<E: Float>(self, chunk: &Chunk<'_, E>) {
        let index = self.run.fetch_add(1, Ordering::Relaxed);
        for view in self.watch.written.get(index).into_iter().flatten() {
            self.watch.look(self.watch.inputs.len() + index, *view, chunk);
        }
    }
}
