//! Predictions with weights that several threads share.
//!
//! Weights are prepared once: copied out of the model, batch normalizations folded, kernels transposed and
//! interleaved. The result is immutable and shared by an [`Arc`]. Mutable data of a prediction (arenas, states, the
//! count of random numbers) belongs to one [`Inference`] only.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::chunks::Chunks;
use super::interleaved::Interleaves;
use super::predict::Prediction;
use super::states::States;
use super::{MAX_THREADS, buffer, copy_in, spectral, tasks};
use crate::error::Error;
use crate::float::Float;
use crate::fold::{self, Folded};
use crate::kernels::{AlignedVec, Pool};
use crate::program::{Memory, Program, SpectralKernel, StatePlace};
use crate::stage::Pass;

/// Passes every weight of a model to its argument, by its index among the model's fields.
pub(crate) type ReadWeights<'a, E> = dyn FnMut(&mut dyn FnMut(usize, Vec<E>)) + 'a;

/// Weights in the form that predictions read.
#[derive(Debug)]
pub struct Prepared<E: Float> {
    /// The pass that reads them, and the memory of a chunk in it.
    forward: Pass<E>,
    memory: Memory,
    values: AlignedVec<E>,
    packs: AlignedVec<E>,
}

impl<E: Float> Prepared<E> {
    /// Prepares weights. With `folded`, batch normalizations are folded into the layers before them, unless weights
    /// would become infinite.
    ///
    /// # Errors
    /// [`Error::Memory`] if the buffers cannot be allocated.
    pub(crate) fn new(
        program: &'static Program,
        forward: Pass<E>,
        folded: Option<&Folded<E>>,
        spectral: &[SpectralKernel],
        read: &mut ReadWeights<'_, E>,
    ) -> Result<Self, Error> {
        E::prepare(program, forward, folded, spectral, read)
    }
}

/// [`Prepared::new`]
pub(super) fn prepare<E: Float>(
    program: &'static Program,
    forward: Pass<E>,
    folded: Option<&Folded<E>>,
    spectral: &[SpectralKernel],
    read: &mut ReadWeights<'_, E>,
) -> Result<Prepared<E>, Error> {
    let (mut values, mut packs) = (buffer(program.parameters)?, buffer(program.packs)?);
    read(&mut |index, weight| copy_in(program, &mut values, index, &weight));
    let (mut forward, mut memory) = (forward, program.predict);
    if let Some(folded) = folded
        && fold::fold(&mut values, program.blocks, folded.folds)
    {
        (forward, memory) = (folded.pass, folded.memory);
    }
    // Copies are made from the folded kernels.
    spectral::copy(program, spectral, &mut values);
    tasks::pack_all(program, &values, &mut packs, &mut Interleaves::new(program));
    Ok(Prepared { forward, memory, values, packs })
}

/// The current weights, shared by all clones of an [`Inference`].
#[derive(Debug)]
struct Current<E: Float> {
    /// Number of replacements, so that a prediction detects with one load that there was none.
    version: AtomicU64,
    weights: Mutex<Arc<Prepared<E>>>,
}

impl<E: Float> Current<E> {
    /// Nothing panics while it holds the lock; if it did, the weights would still be valid.
    fn lock(&self) -> MutexGuard<'_, Arc<Prepared<E>>> {
        self.weights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A predictor: shared weights, and its own memory.
#[derive(Debug)]
pub struct Inference<E: Float> {
    program: &'static Program,
    current: Arc<Current<E>>,
    /// The weights of `version`. A prediction reads no others, however long it takes.
    weights: Arc<Prepared<E>>,
    version: u64,
    /// If the pool is busy, a run is executed by its caller alone.
    pool: Arc<Pool>,
    chunks: Chunks<E>,
    states: States<E>,
    seed: u64,
    passes: u64,
}

impl<E: Float> Inference<E> {
    /// Creates a predictor with `weights` and a number of threads, including the caller's; 0 means as many as the
    /// machine has.
    pub(crate) fn new(
        program: &'static Program,
        weights: Prepared<E>,
        states: &'static [StatePlace],
        threads: usize,
    ) -> Self {
        let weights = Arc::new(weights);
        let current = Current { version: AtomicU64::new(0), weights: Mutex::new(Arc::clone(&weights)) };
        Inference {
            program,
            current: Arc::new(current),
            weights,
            version: 0,
            pool: Arc::new(pool(threads)),
            chunks: Chunks::default(),
            states: States::new(states),
            seed: 0,
            passes: 0,
        }
    }

    /// Replaces the weights: later predictions of this one and of all its clones read these.
    pub(crate) fn replace(&self, weights: Prepared<E>) {
        let weights = Arc::new(weights);
        let mut current = self.current.lock();
        let old = std::mem::replace(&mut *current, weights);
        self.current.version.fetch_add(1, Ordering::Release);
        drop(current);
        // Freed without the lock, if no clone reads them any more.
        drop(old);
    }

    /// Fetches the weights of the last replacement.
    #[cold]
    fn refresh(&mut self) {
        let current = self.current.lock();
        // The version only changes under the lock.
        self.version = self.current.version.load(Ordering::Relaxed);
        let old = std::mem::replace(&mut self.weights, Arc::clone(&current));
        drop(current);
        drop(old);
    }

    /// Computes outputs for `rows` samples: a column of samples per input and per output.
    ///
    /// # Errors
    /// Those of [`Engine::predict`](super::Engine::predict).
    pub(crate) fn predict(
        &mut self,
        rows: usize,
        inputs: &[&[E]],
        outputs: &mut [&mut [E]],
    ) -> Result<(), Error> {
        E::infer(self, rows, inputs, outputs)
    }

    /// See [`Engine::set_seed`](super::Engine::set_seed).
    pub(crate) fn set_seed(&mut self, seed: u64) {
        (self.seed, self.passes) = (seed, 0);
    }

    /// See [`Engine::reset_state`](super::Engine::reset_state).
    pub(crate) fn reset_state(&mut self) {
        self.states.reset();
    }
}

impl<E: Float> Clone for Inference<E> {
    /// Shares the weights and the threads. States and the count of random numbers are copied; arenas are allocated by
    /// the first prediction.
    fn clone(&self) -> Self {
        Inference {
            program: self.program,
            current: Arc::clone(&self.current),
            weights: Arc::clone(&self.weights),
            version: self.version,
            pool: Arc::clone(&self.pool),
            chunks: Chunks::default(),
            states: self.states.clone(),
            seed: self.seed,
            passes: self.passes,
        }
    }
}

/// [`Inference::predict`]
pub(super) fn predict<E: Float>(
    inference: &mut Inference<E>,
    rows: usize,
    inputs: &[&[E]],
    outputs: &mut [&mut [E]],
) -> Result<(), Error> {
    if inference.current.version.load(Ordering::Acquire) != inference.version {
        inference.refresh();
    }
    let weights = &*inference.weights;
    let prediction = Prediction {
        program: inference.program,
        forward: weights.forward,
        memory: weights.memory,
        params: &weights.values,
        packs: &weights.packs,
        pool: &inference.pool,
        chunks: &mut inference.chunks,
        states: &mut inference.states,
        seed: inference.seed,
        passes: &mut inference.passes,
    };
    prediction.run(rows, inputs, outputs)
}

/// Creates a pool of this number of threads, including the caller's; 0 means as many as the machine has. More than
/// [`MAX_THREADS`] are only started if the machine has more.
pub(super) fn pool(threads: usize) -> Pool {
    let available = std::thread::available_parallelism().map_or(1, usize::from);
    Pool::new(if threads == 0 { available } else { threads.min(available.max(MAX_THREADS)) })
}
