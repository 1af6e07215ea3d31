//! Batches that are read ahead of the steps that need them.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::staging::Staging;
use super::{Dataset, Pass, PassPlan, Token, weighting};
use crate::batch::BatchRows;
use crate::error::Error;
use crate::model::Trainable;
use crate::warning::Warning;

/// A data set whose batches are read ahead by threads of its own. See [`prefetch`].
pub struct Prefetch<D> {
    data: Arc<D>,
    workers: usize,
    ahead: usize,
}

/// Reads batches ahead of the steps that need them, on threads of their own: a training step and the reading of the next batches
/// go on at the same time. Results are the same bits as without, for any number of workers.
///
/// ```ignore
/// let data = data::prefetch(data::from_fn(rows, read_images)).workers(4).ahead(8);
/// trainer.fit(&data, FitOptions::new())?;
/// ```
///
/// Worth its threads where reading is slow: files, decoding, augmentation. An [`ArrayDataset`](super::ArrayDataset) is faster without. The
/// threads begin with each pass, that is each epoch and each evaluation, and end with it, also if it ends with an error.
///
/// The threads own the data, so `data` is passed by value and borrows nothing. Data that are used elsewhere too are passed as a clone; what a
/// closure of [`from_fn`](super::from_fn) reads can be shared in an [`Arc`].
pub fn prefetch<D>(data: D) -> Prefetch<D> {
    Prefetch { data: Arc::new(data), workers: 1, ahead: 2 }
}

impl<D> Prefetch<D> {
    /// Number of threads that read; 1 by default, and for 0. A data set that is read in order, such as [`stream`](super::stream()), has one.
    #[must_use]
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers.max(1);
        self
    }

    /// Number of batches that are in memory at most, beside the one that is trained; 2 by default, and 1 for 0. Workers wait when so many are read.
    #[must_use]
    pub fn ahead(mut self, batches: usize) -> Self {
        self.ahead = batches.max(1);
        self
    }
}

impl<D> std::fmt::Debug for Prefetch<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prefetch")
            .field("workers", &self.workers)
            .field("ahead", &self.ahead)
            .finish_non_exhaustive()
    }
}

impl<M, D> Dataset<M> for Prefetch<D>
where
    M: Trainable,
    D: Dataset<M> + Send + 'static,
{
    super::as_the_data_within!(M);

    fn pass<'a>(&'a self, plan: &PassPlan<'_>) -> Result<Option<Box<dyn Pass<M::Float> + 'a>>, Error> {
        let batches = plan.batches().count();
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                next: 0,
                begun: 0,
                batches,
                ended: false,
                ready: (0..self.ahead.saturating_add(1)).map(|_| None).collect(),
                free: Vec::new(),
            }),
            changed: Condvar::new(),
        });
        let rows: Arc<[usize]> = plan.rows.into();
        let workers = if self.data.sequential() { 1 } else { self.workers.min(batches) };
        let mut pass = Prefetched { shared, current: None, workers: Vec::new() };
        for _ in 0..workers {
            let (data, shared, rows) = (Arc::clone(&self.data), Arc::clone(&pass.shared), Arc::clone(&rows));
            let PassPlan { batch_size, first_batch, training, number, .. } = *plan;
            let work = move || {
                let plan = PassPlan { rows: &rows, batch_size, first_batch, training, number };
                work::<M>(&*data, &plan, &shared);
            };
            let name = "mimo-prefetch".to_owned();
            pass.workers.push(std::thread::Builder::new().name(name).spawn(work).map_err(Error::other)?);
        }
        Ok(Some(Box::new(pass)))
    }

    fn checked(&self, token: Token) -> Result<bool, Error> {
        self.data.checked(token)
    }

    fn warnings(&self, token: Token) -> &[(usize, Warning)] {
        self.data.warnings(token)
    }
}

/// The outcome of reading a batch: the batch, an error of the data set, or what it panicked with.
type Read<E> = std::thread::Result<Result<Staging<E>, Error>>;

/// What workers and the pass share.
struct Shared<E> {
    state: Mutex<State<E>>,
    /// A batch was read or begun, or the pass has ended.
    changed: Condvar,
}

struct State<E> {
    /// The next batch that a worker reads. Batches are counted from the first of the pass.
    next: usize,
    /// Batches that have begun.
    begun: usize,
    batches: usize,
    ended: bool,
    /// Batches that were read: batch `i` is at `i` modulo the length.
    ready: Vec<Option<Read<E>>>,
    /// Batches whose memory can be used again.
    free: Vec<Staging<E>>,
}

impl<E> Shared<E> {
    fn lock(&self) -> MutexGuard<'_, State<E>> {
        // No code that can panic runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'s>(&self, state: MutexGuard<'s, State<E>>) -> MutexGuard<'s, State<E>> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads batches until there are no more, or the pass ends.
fn work<M: Trainable>(data: &dyn Dataset<M>, plan: &PassPlan<'_>, shared: &Shared<M::Float>) {
    let weighting = weighting(data);
    // Made at the first batch, so that an error or a panic is that of a batch.
    let mut pass = None;
    loop {
        let mut state = shared.lock();
        while !state.ended
            && state.next < state.batches
            && state.next >= state.begun + state.ready.len().saturating_sub(1)
        {
            state = shared.wait(state);
        }
        if state.ended || state.next >= state.batches {
            return;
        }
        let batch = state.next;
        state.next += 1;
        let free = state.free.pop();
        drop(state);
        let read = catch_unwind(AssertUnwindSafe(|| {
            let rows = plan.rows.chunks(plan.batch_size.max(1)).nth(plan.first_batch + batch);
            let rows = rows.unwrap_or_default();
            if pass.is_none() {
                pass = Some(data.pass(plan)?);
            }
            let mut staging = free.unwrap_or_else(|| Staging::new::<M>(weighting));
            match pass.as_mut().and_then(Option::as_mut) {
                Some(pass) => {
                    pass.begin_batch(rows)?;
                    staging.fill(rows.len(), |batch| pass.gather(rows, batch))?;
                }
                None => staging.fill(rows.len(), |batch| data.gather(rows, batch))?,
            }
            Ok(staging)
        }));
        let failed = !matches!(read, Ok(Ok(_)));
        let mut state = shared.lock();
        let place = batch % state.ready.len().max(1);
        if let Some(ready) = state.ready.get_mut(place) {
            *ready = Some(read);
        }
        if failed {
            // The batches after it are not asked for.
            state.next = state.batches;
        }
        drop(state);
        shared.changed.notify_all();
        if failed {
            return;
        }
    }
}

struct Prefetched<E> {
    shared: Arc<Shared<E>>,
    current: Option<Staging<E>>,
    workers: Vec<JoinHandle<()>>,
}

impl<E: crate::float::Float> Pass<E> for Prefetched<E> {
    fn begin_batch(&mut self, rows: &[usize]) -> Result<(), Error> {
        const BATCHES: Error = Error::Inconsistent { what: "the batches of a pass" };
        let mut state = self.shared.lock();
        state.free.extend(self.current.take());
        if state.begun >= state.batches {
            return Err(BATCHES);
        }
        let place = state.begun % state.ready.len().max(1);
        let read = loop {
            match state.ready.get_mut(place).and_then(Option::take) {
                Some(read) => break read,
                None => state = self.shared.wait(state),
            }
        };
        state.begun += 1;
        drop(state);
        self.shared.changed.notify_all();
        let staging = read.unwrap_or_else(|panic| resume_unwind(panic))?;
        let fits = staging.rows == rows.len();
        self.current = Some(staging);
        if fits { Ok(()) } else { Err(BATCHES) }
    }

    fn gather(&self, _: &[usize], batch: &mut BatchRows<'_, '_, E>) -> Result<(), Error> {
        match &self.current {
            Some(staging) => staging.copy(batch),
            None => Err(Error::Inconsistent { what: "a batch that has not begun" }),
        }
    }
}

impl<E> Drop for Prefetched<E> {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.changed.notify_all();
        for worker in self.workers.drain(..) {
            // Panics of the data set were caught.
            let _ = worker.join();
        }
    }
}
