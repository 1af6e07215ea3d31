//! The nine models: a training step at batch 32, predictions at batch 1 and 32, and peak memory, in mimo and elsewhere.
//!
//! ```text
//! cargo bench --bench nine -- [--net 1,4] [--threads T] [--seconds S]
//! MIMO_PEERS_PYTHON=~/mimo-venv/bin/python cargo bench --bench nine -- --peers [--net 1,4] [--rounds N] [--seconds S] \
//!     [--frameworks eager,compile,…] [--results FILE] [--output FILE]
//! ```
//!
//! The first form prints a line of JSON per net: times in microseconds, memory in MB of a million bytes, which is
//! that of a single net only if one is selected. The second runs mimo and its peers in turns, one process per
//! measurement, with one and with two threads, and prints a table; `benches/peers/README.md` describes the
//! measurements. Every measurement is appended to the file of results, if one is given, and existing ones count as
//! rounds: an interrupted run continues, and with `--rounds 0` only the table is written. The table is also written
//! to the output file.
#![allow(missing_docs, missing_debug_implementations, unreachable_pub, reason = "a program of its own")]

#[path = "nine/measure.rs"]
mod measure;
#[path = "nine/models.rs"]
mod models;
#[path = "nine/peak.rs"]
mod peak;
#[path = "peers/mod.rs"]
#[allow(dead_code, reason = "made for all programs that run others")]
mod peers;
#[path = "nine/table.rs"]
mod table;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use models::Net;

/// Options of the program.
#[derive(Clone, Debug)]
pub struct Request {
    nets: Vec<usize>,
    threads: usize,
    seconds: f64,
    peers: bool,
    rounds: usize,
    frameworks: Option<Vec<String>>,
    results: Option<PathBuf>,
    output: Option<PathBuf>,
}

impl Request {
    fn read(mut arguments: impl Iterator<Item = String>) -> Option<Self> {
        let mut request = Request {
            nets: (1..=9).collect(),
            threads: 2,
            seconds: 1.0,
            peers: false,
            rounds: 3,
            frameworks: None,
            results: None,
            output: None,
        };
        while let Some(name) = arguments.next() {
            match name.as_str() {
                // `cargo bench` passes this to every benchmark.
                "--bench" => continue,
                "--peers" => {
                    request.peers = true;
                    continue;
                }
                _ => {}
            }
            let value = arguments.next()?;
            match name.as_str() {
                "--net" => {
                    request.nets = value.split(',').map(|net| net.parse().ok()).collect::<Option<_>>()?
                }
                "--threads" => request.threads = value.parse().ok()?,
                "--seconds" => request.seconds = value.parse().ok().filter(|&x| (0.0..1e6).contains(&x))?,
                "--rounds" => request.rounds = value.parse().ok()?,
                "--frameworks" => request.frameworks = Some(value.split(',').map(str::to_owned).collect()),
                "--results" => request.results = Some(value.into()),
                "--output" => request.output = Some(value.into()),
                _ => return None,
            }
        }
        Some(request)
    }
}

fn run<N: Net>(request: &Request) -> Result<(), mimo::Error> {
    if !request.nets.contains(&N::NUMBER) {
        return Ok(());
    }
    let (threads, limit) = (request.threads, Duration::from_secs_f64(request.seconds));
    let (step, losses) = measure::step::<N>(threads, limit)?;
    let one = measure::prediction::<N>(1, threads, limit / 2)?;
    let batch = measure::prediction::<N>(measure::BATCH, threads, limit / 2)?;
    let parameters: usize = N::SPEC.layers.iter().map(|layer| layer.parameters).sum();
    println!(
        "{{\"net\": {}, \"framework\": \"mimo\", \"version\": \"{}\", \"threads\": {threads}, \"step\": {:.2}, \
         \"step_low\": {:.2}, \"predict_1\": {:.2}, \"predict_32\": {:.2}, \"memory\": {:.1}, \"parameters\": {parameters}, \
         \"loss_1\": {:.6}, \"loss_10\": {:.6}, \"flops\": {}}}",
        N::NUMBER,
        env!("CARGO_PKG_VERSION"),
        step.median,
        step.low,
        one.median,
        batch.median,
        measure::peak_memory().unwrap_or(f64::NAN),
        losses[0],
        losses[measure::WARM_UP - 1],
        N::PROGRAM.flops,
    );
    Ok(())
}

fn main() -> ExitCode {
    let Some(request) = Request::read(std::env::args().skip(1)) else {
        eprintln!(
            "usage: nine [--net 1,2] [--threads T] [--seconds S]\n       \
             nine --peers [--net 1,2] [--rounds N] [--seconds S] [--frameworks eager,burn] [--results FILE] [--output FILE]"
        );
        return ExitCode::FAILURE;
    };
    if request.peers {
        return table::make(&request);
    }
    let results = models::each_net!(run(&request));
    let errors: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    errors.iter().for_each(|error| eprintln!("{error}"));
    if errors.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
