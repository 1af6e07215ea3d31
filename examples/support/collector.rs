//! Dynamic batching: samples that arrive at nearly the same time are predicted as one batch.
//!
//! A batch reads the weights once for all of its samples, and large batches use several threads. The cost is that the
//! first sample of a batch waits for the others, at most [`Limits::wait`].

// Compiled into examples that include it.
#![allow(unreachable_pub)]

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Limits of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Largest number of samples in a batch.
    pub batch: usize,
    /// Longest time that a sample waits for others.
    pub wait: Duration,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Unanswered {
    /// The sample could not be predicted.
    Failed(String),
    /// The predicting thread has ended.
    Ended,
}

struct Job<S, A> {
    sample: S,
    reply: SyncSender<Result<A, String>>,
}

/// Sends samples to the collector. Each thread has a clone; the predicting thread ends with the last one.
#[derive(Debug)]
pub struct Collector<S, A> {
    jobs: SyncSender<Job<S, A>>,
}

impl<S, A> Clone for Collector<S, A> {
    fn clone(&self) -> Self {
        Collector { jobs: self.jobs.clone() }
    }
}

impl<S: Send + 'static, A: Send + 'static> Collector<S, A> {
    /// Starts a thread that collects samples and calls `predict` with one to [`Limits::batch`] of them; it returns an
    /// answer to each.
    pub fn start(
        limits: Limits,
        predict: impl FnMut(&[S]) -> Result<Vec<A>, String> + Send + 'static,
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        // Callers that are faster than the model wait here, so that the queue is bounded.
        let (jobs, queue) = sync_channel(limits.batch);
        let thread = std::thread::Builder::new().name("collector".into());
        let thread = thread.spawn(move || collect(&queue, limits, predict))?;
        Ok((Collector { jobs }, thread))
    }

    /// Predicts one sample, together with those of other callers. Blocks until the answer is available.
    pub fn ask(&self, sample: S) -> Result<A, Unanswered> {
        let (reply, answer) = sync_channel(1);
        self.jobs.send(Job { sample, reply }).map_err(|_| Unanswered::Ended)?;
        answer.recv().map_err(|_| Unanswered::Ended)?.map_err(Unanswered::Failed)
    }
}

/// Main loop of the predicting thread.
fn collect<S, A>(
    queue: &Receiver<Job<S, A>>,
    limits: Limits,
    mut predict: impl FnMut(&[S]) -> Result<Vec<A>, String>,
) {
    let (mut samples, mut replies) = (vec![], vec![]);
    while let Ok(first) = queue.recv() {
        let deadline = Instant::now() + limits.wait;
        let mut next = Some(first);
        while let Some(Job { sample, reply }) = next {
            samples.push(sample);
            replies.push(reply);
            next = match samples.len() < limits.batch {
                false => None,
                true => queue.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok(),
            };
        }
        // A caller that is gone needs no answer.
        match predict(&samples) {
            Ok(answers) => {
                for (reply, answer) in replies.drain(..).zip(answers) {
                    drop(reply.send(Ok(answer)));
                }
            }
            Err(error) if samples.len() == 1 => {
                for reply in replies.drain(..) {
                    drop(reply.send(Err(error.clone())));
                }
            }
            // A sample that cannot be predicted must not affect the others.
            Err(_) => {
                for (reply, sample) in replies.drain(..).zip(&samples) {
                    let answer = predict(std::slice::from_ref(sample));
                    let answer = answer.and_then(|mut answers| answers.pop().ok_or("no answer".to_owned()));
                    drop(reply.send(answer));
                }
            }
        }
        samples.clear();
        replies.clear();
    }
}
