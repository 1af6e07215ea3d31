//! The kernels of `SpectralNormalization`: every training step begins by dividing them.
//!
//! This is done once for all chunks, before any of them runs. If the step fails afterwards, by an error or by a panic
//! in the user's code, the kernels and their vectors are restored.

use std::ops::{Deref, DerefMut, Range};

use crate::engine::{Engine, buffer};
use crate::error::Error;
use crate::float::Float;
use crate::kernels::{self, AlignedVec};
use crate::program::{Program, SpectralKernel};

/// The normalized kernels of a model, and the memory that a step needs for them.
#[derive(Debug)]
pub(super) struct Spectral<E: Float> {
    pub kernels: &'static [SpectralKernel],
    /// Every kernel and its vector, one after another, as they were before the current step.
    pub before: AlignedVec<E>,
    pub memory: Vec<f64>,
    /// Whether the copies of the kernels are equal to these.
    pub copied: bool,
}

impl<E: Float> Spectral<E> {
    /// For a model without such kernels.
    pub(super) fn none() -> Self {
        Spectral { kernels: &[], before: AlignedVec::default(), memory: vec![], copied: false }
    }
}

/// A training step. Dropped before [`keep`](Self::keep), it restores the normalized kernels.
pub(super) struct TrainingStep<'a, E: Float> {
    engine: &'a mut Engine<E>,
    kept: bool,
}

impl<E: Float> TrainingStep<'_, E> {
    /// Ends a successful step.
    pub(super) fn keep(mut self) {
        self.kept = true;
    }
}

impl<E: Float> Deref for TrainingStep<'_, E> {
    type Target = Engine<E>;

    fn deref(&self) -> &Engine<E> {
        self.engine
    }
}

impl<E: Float> DerefMut for TrainingStep<'_, E> {
    fn deref_mut(&mut self) -> &mut Engine<E> {
        self.engine
    }
}

impl<E: Float> Drop for TrainingStep<'_, E> {
    fn drop(&mut self) {
        if !self.kept {
            self.engine.restore_kernels();
        }
    }
}

/// [`Engine::set_spectral`]
pub(super) fn set<E: Float>(engine: &mut Engine<E>, kernels: &'static [SpectralKernel]) -> Result<(), Error> {
    // An engine that only predicts executes no steps.
    let trained = if engine.rules.is_some() { kernels } else { &[] };
    let (mut values, mut longest) = (0, 0);
    for kernel in trained {
        let [kernel, vector] = places(engine.program, kernel);
        values += kernel.len() + vector.len();
        longest = longest.max(kernels::spectral_memory(kernel.len(), vector.len()));
    }
    let mut memory = Vec::new();
    memory.try_reserve_exact(longest).map_err(|_| Error::Memory { values: longest })?;
    memory.resize(longest, 0.0);
    engine.spectral = Spectral { kernels, before: buffer(values)?, memory, copied: false };
    Ok(())
}

impl<E: Float> Engine<E> {
    /// Sets the kernels that training steps normalize.
    ///
    /// # Errors
    /// [`Error::Memory`] if the memory for it cannot be allocated.
    pub fn set_spectral(&mut self, kernels: &'static [SpectralKernel]) -> Result<(), Error> {
        E::set_spectral(self, kernels)
    }

    /// Begins a training step: divides the kernels, once for every call of their layers.
    pub(super) fn begin_step(&mut self) -> TrainingStep<'_, E> {
        let program = self.program;
        let Spectral { kernels, before, memory, copied } = &mut self.spectral;
        let rules = self.rules.as_ref();
        let values = &mut self.parameters.values[..];
        let mut before = &mut before[..];
        for spectral in *kernels {
            let [kernel, vector] = places(program, spectral);
            for place in [&kernel, &vector] {
                let (saved, rest) = before.split_at_mut(place.len());
                saved.copy_from_slice(&values[place.clone()]);
                before = rest;
            }
            if rules.is_some_and(|rules| rules.is_block_frozen(spectral.kernel)) {
                // All calls read the original kernel.
                for &copy in spectral.copies.iter() {
                    values.copy_within(kernel.clone(), program.blocks[copy].offset);
                }
                continue;
            }
            for copy in spectral.copies.iter().map(Some).chain([None]) {
                // The block of a vector follows that of its kernel.
                let (matrices, vectors) = values.split_at_mut(vector.start);
                let (matrix, u) = (&mut matrices[kernel.clone()], &mut vectors[..vector.len()]);
                kernels::divide_by_spectral_norm(matrix, u, spectral.power_iterations, memory);
                if let Some(&copy) = copy {
                    values.copy_within(kernel.clone(), program.blocks[copy].offset);
                }
            }
            *copied = false;
        }
        self.pack_kernels();
        TrainingStep { engine: self, kept: false }
    }

    /// Restores the kernels and vectors that a step has changed.
    fn restore_kernels(&mut self) {
        let (program, values) = (self.program, &mut self.parameters.values[..]);
        let mut before = &self.spectral.before[..];
        for spectral in self.spectral.kernels {
            for place in places(program, spectral) {
                let (saved, rest) = before.split_at(place.len());
                values[place].copy_from_slice(saved);
                before = rest;
            }
        }
        self.spectral.copied = false;
        self.pack_kernels();
    }

    /// Makes the transposed copies of the kernels and of their copies again.
    fn pack_kernels(&mut self) {
        for spectral in self.spectral.kernels {
            for &block in spectral.copies.iter().chain([&spectral.kernel]) {
                self.parameters.pack(self.program, block);
            }
        }
    }

    /// Makes all calls of a layer read the same kernel, as they do outside of training steps.
    pub(super) fn copy_kernels(&mut self) {
        if std::mem::replace(&mut self.spectral.copied, true) {
            return;
        }
        copy(self.program, self.spectral.kernels, &mut self.parameters.values);
    }
}

/// Makes the copies of kernels in a parameter buffer equal to the kernels.
pub(super) fn copy<E: Float>(program: &Program, kernels: &[SpectralKernel], values: &mut [E]) {
    for spectral in kernels {
        let [kernel, _] = places(program, spectral);
        for &copy in spectral.copies.iter() {
            values.copy_within(kernel.clone(), program.blocks[copy].offset);
        }
    }
}

/// Ranges of a kernel and of its vector in the parameter buffer.
fn places(program: &Program, spectral: &SpectralKernel) -> [Range<usize>; 2] {
    [spectral.kernel, spectral.vector].map(|block| {
        let block = &program.blocks[block];
        block.offset..block.offset + block.rows * block.cols
    })
}
