//! The states of `stateful` layers between batches.

use super::Engine;
use super::chunks::Chunks;
use crate::error::Error;
use crate::float::Float;
use crate::program::{Memory, StatePlace, View};

/// The states in which the last batch ended. They belong to the engine and not to the model: they are saved in
/// checkpoints, but not in files of weights.
#[derive(Clone, Debug)]
pub(super) struct States<E> {
    pub places: &'static [StatePlace],
    /// Number of samples of the continued batches; 0 if the next batch begins with zeros.
    pub rows: usize,
    /// By state: the values of every sample. Empty if the next batch begins with zeros.
    pub values: Vec<Vec<E>>,
    /// The states after the current batch.
    pub next: Vec<Vec<E>>,
}

impl<E: Float> States<E> {
    pub(super) fn new(places: &'static [StatePlace]) -> Self {
        States { places, rows: 0, values: vec![], next: vec![] }
    }

    /// Checks that a batch of this number of samples can continue the last one.
    pub(super) fn check(&self, rows: usize) -> Result<(), Error> {
        match self.rows {
            0 => Ok(()),
            wanted if wanted == rows => Ok(()),
            wanted => Err(Error::StatefulRows { rows, wanted }),
        }
    }

    /// Copies the states of the samples from `first` on into the chunks for them.
    pub(super) fn load(&self, chunks: &mut Chunks<E>, memory: Memory, first: usize) {
        for (at, place) in self.places.iter().enumerate() {
            let (view, values) = (place.from, self.values.get(at));
            for row in 0..chunks.batch {
                let to = chunks.range(memory, view, row);
                let from = (first + row) * view.len;
                match values.and_then(|values| values.get(from..from + view.len)) {
                    Some(values) => chunks.arena_mut()[to].copy_from_slice(values),
                    None => chunks.arena_mut()[to].fill(E::of(0.0)),
                }
            }
        }
    }

    /// Copies the states of the samples from `first` on out of the chunks.
    pub(super) fn store(&mut self, chunks: &Chunks<E>, memory: Memory, first: usize) {
        self.next.resize(self.places.len(), vec![]);
        for (place, values) in self.places.iter().zip(&mut self.next) {
            let View { len, .. } = place.to;
            values.truncate(first * len);
            for row in 0..chunks.batch {
                values.extend_from_slice(&chunks.arena()[chunks.range(memory, place.to, row)]);
            }
        }
    }

    /// Makes the next batch begin with the final states of this one, of `rows` samples.
    pub(super) fn advance(&mut self, rows: usize) {
        if !self.places.is_empty() {
            self.rows = rows;
            std::mem::swap(&mut self.values, &mut self.next);
        }
    }
}

impl<E> States<E> {
    /// Makes the next batch begin with zeros, with any number of samples.
    pub(super) fn reset(&mut self) {
        self.rows = 0;
        self.values.iter_mut().for_each(Vec::clear);
    }
}

impl<E: Float> Engine<E> {
    /// Sets the states that are passed from batch to batch; the next batch begins with zeros.
    pub fn set_states(&mut self, places: &'static [StatePlace]) {
        self.states = States::new(places);
    }

    /// Whether states are passed from batch to batch.
    pub fn is_stateful(&self) -> bool {
        !self.states.places.is_empty()
    }

    /// Resets the states: the next batch begins with zeros, and may have another number of samples.
    pub fn reset_state(&mut self) {
        self.states.reset();
    }

    /// Ends a step: the next batch begins with the states of this one.
    pub(super) fn keep_states(&mut self) {
        self.states.store(&self.train_chunks, self.program.train, 0);
        self.states.advance(self.train_chunks.batch);
    }
}
