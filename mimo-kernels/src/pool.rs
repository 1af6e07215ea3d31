//! A pool of persistent threads for work that is forked and joined many thousand times a second.
//!
//! The caller and the workers claim the *units* of a run one by one from an atomic counter. A thread that the system
//! does not run holds no claim, so it delays nobody: the running threads take the units. The counter contains the
//! number of the run, so a worker that slept through a run cannot claim in the next one with stale data.

use std::any::Any;
use std::boxed::Box;
use std::fmt;
use std::format;
use std::hint::spin_loop;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::vec::Vec;

/// Number of polls before a thread sleeps: some tens of microseconds, longer than the gaps inside a training step and
/// shorter than anything a person or another process would notice.
const SPINS: u32 = 2000;

/// Bits of the counter for the unclaimed units; the others are the number of the run.
const UNIT_BITS: u32 = 16;
const UNITS: u64 = (1 << UNIT_BITS) - 1;

/// The work of one run, on the stack of its caller.
struct Job<'a> {
    task: &'a (dyn Fn(usize) + Sync),
    tasks: usize,
    /// Consecutive tasks in a unit.
    grain: usize,
}

struct Shared {
    /// The number of the run and how many of its units are unclaimed.
    ticket: AtomicU64,
    /// The [`Job`] of the current run. Valid while one of its units is claimed and not finished.
    job: AtomicPtr<()>,
    finished: AtomicU64,
    /// Whether a run is going on.
    busy: AtomicBool,
    quit: AtomicBool,
    /// Workers that sleep, or are about to.
    sleepers: AtomicUsize,
    /// Whether the caller sleeps until its run is finished, or is about to.
    waiting: AtomicBool,
    lock: Mutex<()>,
    wake_workers: Condvar,
    wake_caller: Condvar,
    /// Payload of the first panic of the run.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

/// Locks. Nothing panics while it holds one of these locks; if it did, the data would still be valid.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Claims units of the current run and works on them until none is left.
    fn work(&self) {
        let mut ticket = self.ticket.load(Acquire);
        while ticket & UNITS > 0 {
            // Read before the claim, used after it: if the claim succeeds, the ticket has not changed since it was
            // loaded. So the job is that of the ticket, since it was published before the ticket.
            let job = self.job.load(Acquire);
            if let Err(now) = self.ticket.compare_exchange_weak(ticket, ticket - 1, SeqCst, Acquire) {
                ticket = now;
                continue;
            }
            // SAFETY: `run` keeps the job alive until every unit is finished, and the one just claimed is
            // not.
            let job = unsafe { &*job.cast::<Job<'_>>() };
            // Units are numbered from the last, because the counter runs down.
            let first = ((ticket & UNITS) - 1) as usize * job.grain;
            for index in first..job.tasks.min(first + job.grain) {
                if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (job.task)(index))) {
                    let mut first = lock(&self.panic);
                    if first.is_none() {
                        *first = Some(panic);
                    } else {
                        // Dropping the payload might panic again.
                        std::mem::forget(panic);
                    }
                }
            }
            // The job may be freed from here on.
            self.finished.fetch_add(1, SeqCst);
            if self.waiting.load(SeqCst) {
                drop(lock(&self.lock));
                self.wake_caller.notify_all();
            }
            ticket = self.ticket.load(Acquire);
        }
    }

    /// Main loop of a worker.
    fn serve(&self) {
        let mut spins = 0;
        while !self.quit.load(Acquire) {
            if self.ticket.load(Acquire) & UNITS > 0 {
                self.work();
                spins = 0;
            } else if spins < SPINS {
                spins += 1;
                spin_loop();
            } else {
                // The publisher stores the ticket and then looks for sleepers; here it is the other way
                // round, so one of the two sees the other. The lock is held from the look to the wait.
                self.sleepers.fetch_add(1, SeqCst);
                let mut guard = lock(&self.lock);
                while self.ticket.load(SeqCst) & UNITS == 0 && !self.quit.load(SeqCst) {
                    guard = self.wake_workers.wait(guard).unwrap_or_else(PoisonError::into_inner);
                }
                drop(guard);
                self.sleepers.fetch_sub(1, SeqCst);
                spins = 0;
            }
        }
    }

    /// Waits until `units` units are finished.
    fn wait(&self, units: u64) {
        for _ in 0..SPINS {
            if self.finished.load(Acquire) == units {
                return;
            }
            spin_loop();
        }
        // The remaining units run on another thread, or will once this thread yields.
        self.waiting.store(true, SeqCst);
        let mut guard = lock(&self.lock);
        while self.finished.load(SeqCst) != units {
            guard = self.wake_caller.wait(guard).unwrap_or_else(PoisonError::into_inner);
        }
        drop(guard);
        self.waiting.store(false, SeqCst);
    }
}

/// A pool of threads.
pub struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
}

impl Pool {
    /// Creates a pool in which `threads` threads work. The caller of [`Pool::run`] is one of them.
    ///
    /// If the system cannot start as many, the pool has fewer.
    pub fn new(threads: usize) -> Self {
        let shared = Arc::new(Shared {
            ticket: AtomicU64::new(0),
            job: AtomicPtr::new(ptr::null_mut()),
            finished: AtomicU64::new(0),
            busy: AtomicBool::new(false),
            quit: AtomicBool::new(false),
            sleepers: AtomicUsize::new(0),
            waiting: AtomicBool::new(false),
            lock: Mutex::new(()),
            wake_workers: Condvar::new(),
            wake_caller: Condvar::new(),
            panic: Mutex::new(None),
        });
        let start = |index| {
            let shared = Arc::clone(&shared);
            thread::Builder::new().name(format!("mimo-{index}")).spawn(move || shared.serve()).ok()
        };
        let workers = (1..threads).map_while(start).collect();
        Self { shared, workers }
    }

    /// The number of threads that work in a run.
    pub fn threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// Calls `task` with each of `0..tasks` once, on any thread and in any order, and returns after all calls.
    ///
    /// If a call panics, the others are still made; then one of the panics resumes in the caller. A run that is
    /// started during another one (from inside a task, or from a second thread) is executed by its caller alone.
    pub fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
        let shared = &*self.shared;
        if self.workers.is_empty() || tasks <= 1 || shared.busy.swap(true, Acquire) {
            return (0..tasks).for_each(task);
        }
        let grain = tasks.div_ceil(UNITS as usize);
        let units = tasks.div_ceil(grain) as u64;
        let job = Job { task, tasks, grain };
        shared.job.store(ptr::from_ref(&job).cast_mut().cast(), Relaxed);
        shared.finished.store(0, Relaxed);
        // The last run's units are all claimed, so its ticket is just its number. 2^48 runs are years.
        let number = (shared.ticket.load(Relaxed) >> UNIT_BITS).wrapping_add(1);
        shared.ticket.store(number << UNIT_BITS | units, SeqCst);
        if shared.sleepers.load(SeqCst) > 0 {
            drop(lock(&shared.lock));
            shared.wake_workers.notify_all();
        }
        // Panics in tasks are caught inside, so `job` outlives the run.
        shared.work();
        shared.wait(units);
        let panic = lock(&shared.panic).take();
        shared.busy.store(false, Release);
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.quit.store(true, SeqCst);
        drop(lock(&self.shared.lock));
        self.shared.wake_workers.notify_all();
        for worker in self.workers.drain(..) {
            // A worker catches the panics of tasks and never panics itself.
            drop(worker.join());
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("threads", &self.threads()).finish_non_exhaustive()
    }
}
