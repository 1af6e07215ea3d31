//! The nine models: a training step at batch 32, predictions at batch 1 and 32, and peak memory, in mimo.
//!
//! ```text
//! cargo bench --bench nine -- [--net N] [--threads T] [--seconds S] [--steps-only]
//! ```
//!
//! Without `--net` all nets, in one process. One line of JSON per net; times in microseconds, memory in MB.
#![allow(missing_docs, missing_debug_implementations, unreachable_pub, reason = "a program of its own")]

#[path = "nine/measure.rs"]
mod measure;
#[path = "nine/models.rs"]
mod models;

use std::process::ExitCode;
use std::time::Duration;

use models::Net;

/// What is asked for.
#[derive(Clone, Copy)]
struct Request {
    net: Option<usize>,
    threads: usize,
    limit: Duration,
    steps_only: bool,
}

fn run<N: Net>(request: Request) -> Result<(), mimo::Error> {
    let Request { net, threads, limit, .. } = request;
    if net.is_some_and(|number| number != N::NUMBER) {
        return Ok(());
    }
    let step = measure::step::<N>(threads, limit)?;
    if request.steps_only {
        println!(
            "{{\"net\": {}, \"threads\": {threads}, \"step\": {:.2}, \"step_low\": {:.2}}}",
            N::NUMBER,
            step.median,
            step.low
        );
        return Ok(());
    }
    let one = measure::prediction::<N>(1, threads, limit / 2)?;
    let batch = measure::prediction::<N>(measure::BATCH, threads, limit / 2)?;
    println!(
        "{{\"net\": {}, \"threads\": {threads}, \"step\": {:.2}, \"step_low\": {:.2}, \"predict_1\": {:.2}, \
         \"predict_32\": {:.2}, \"memory\": {:.1}}}",
        N::NUMBER,
        step.median,
        step.low,
        one.median,
        batch.median,
        measure::peak_memory().unwrap_or(f64::NAN),
    );
    Ok(())
}

fn main() -> ExitCode {
    let mut request = Request { net: None, threads: 2, limit: Duration::from_secs(1), steps_only: false };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        // `cargo bench` says so to every benchmark.
        if name == "--bench" {
            continue;
        }
        if name == "--steps-only" {
            request.steps_only = true;
            continue;
        }
        let value = arguments.next().unwrap_or_default();
        let known = match name.as_str() {
            "--net" => value.parse().map(|value| request.net = Some(value)).is_ok(),
            "--threads" => value.parse().map(|value| request.threads = value).is_ok(),
            "--seconds" => {
                let seconds = value.parse().ok().and_then(|value| Duration::try_from_secs_f64(value).ok());
                seconds.map(|value| request.limit = value).is_some()
            }
            _ => false,
        };
        if !known {
            eprintln!("usage: nine [--net 1..9] [--threads T] [--seconds S] [--steps-only]");
            return ExitCode::FAILURE;
        }
    }
    let results = models::each_net!(run(request));
    let errors: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    errors.iter().for_each(|error| eprintln!("{error}"));
    if errors.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
