//! The nine models compared with Keras: outputs, gradients, and twenty training steps from the same numbers.
//!
//! ```text
//! MIMO_PEERS_PYTHON=~/mimo-venv/bin/python cargo bench --bench parity
//! cargo bench --bench parity -- [--net N] [--threads T] FOLDER…
//! ```
//!
//! Keras's side comes from `benches/peers/parity.py`: the first form runs it, on both backends, unless its results
//! exist; the second reads folders that it filled. `MIMO_ISA=avx2` in the environment checks other kernels.
//!
//! The deviation of a tensor is its largest difference from Keras's, which computes in `f64`, relative to Keras's
//! largest number in that tensor: a sum of many products is as exact as its largest parts allow, and a number that
//! happens to be near zero says nothing. The table also shows the largest relative deviation of single numbers, of
//! those that are at least a thousandth of the largest. The losses of the steps are one such tensor. Fails if a
//! deviation is above its limit.
#![allow(missing_docs, missing_debug_implementations, unreachable_pub, reason = "a program of its own")]

#[path = "nine/models.rs"]
mod models;
#[path = "peers/mod.rs"]
#[allow(dead_code, reason = "made for all programs that run others")]
mod peers;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use mimo::data::ArrayDataset;
use mimo::graph::spec::WeightSpec;
use mimo::prelude::*;
use mimo::{Error, TrainerOptions, Verbose};
use mimo_runtime::model::{Columns, Reader};
use serde_json::Value;

use models::Net;

const BATCH: usize = 32;
/// Largest allowed deviation.
const OUTPUTS: f64 = 1e-5;
const GRADIENTS: f64 = 1e-4;
const LOSSES: f64 = 1e-4;
/// The two backends that the first form runs.
const BACKENDS: [&str; 2] = ["tensorflow", "jax"];

/// Options of the program.
struct Request {
    net: Option<usize>,
    threads: usize,
    folders: Vec<PathBuf>,
}

/// Keras's results for a net.
struct Reference {
    about: Value,
    numbers: Vec<f32>,
}

impl Reference {
    fn read(folder: &Path, net: usize) -> Result<Self, String> {
        let path = |end: &str| folder.join(format!("net_{net}.{end}"));
        let failed = |error: &dyn std::fmt::Display| format!("{}, net {net}: {error}", folder.display());
        let text = std::fs::read_to_string(path("json")).map_err(|error| failed(&error))?;
        let about = serde_json::from_str(&text).map_err(|error| failed(&error))?;
        let bytes = std::fs::read(path("f32")).map_err(|error| failed(&error))?;
        let numbers = bytes.as_chunks().0.iter().map(|&number| f32::from_le_bytes(number)).collect();
        Ok(Reference { about, numbers })
    }

    fn tensor(&self, name: &str) -> Result<Vec<f32>, String> {
        let place = &self.about["tensors"][name];
        let len = place["shape"]
            .as_array()
            .and_then(|shape| shape.iter().map(Value::as_u64).product::<Option<u64>>());
        let (Some(at), Some(len)) = (place["at"].as_u64(), len) else {
            return Err(format!("there is no `{name}`"));
        };
        let numbers = self.numbers.get(at as usize..(at + len) as usize);
        numbers.map(<[f32]>::to_vec).ok_or_else(|| format!("`{name}` is cut off"))
    }

    fn columns(
        &self,
        kind: &str,
        names: impl Iterator<Item = &'static str>,
    ) -> Result<Vec<Vec<f32>>, String> {
        names.map(|name| self.tensor(&format!("{kind} {name}"))).collect()
    }
}

/// Deviation of one tensor, or the largest of several, from Keras's.
#[derive(Clone, Debug, Default)]
struct Deviation {
    /// Relative to the largest number of the tensor.
    of_largest: f64,
    /// Relative to the number itself.
    of_itself: f64,
    /// Location of `of_largest`.
    place: String,
}

impl Deviation {
    fn between(place: &str, found: &[f32], wanted: &[f32]) -> Self {
        let wide = |&number: &f32| f64::from(number);
        let largest = wanted.iter().map(|number| wide(number).abs()).fold(f64::MIN_POSITIVE, f64::max);
        let (mut of_largest, mut of_itself) = (0.0, 0.0);
        for (found, wanted) in found.iter().map(wide).zip(wanted.iter().map(wide)) {
            let apart = (found - wanted).abs();
            of_largest = larger(of_largest, apart / largest);
            if wanted.abs() >= 1e-3 * largest {
                of_itself = larger(of_itself, apart / wanted.abs());
            }
        }
        if found.len() != wanted.len() {
            of_largest = f64::NAN;
        }
        Deviation { of_largest, of_itself, place: place.into() }
    }

    fn worst(parts: Vec<Self>) -> Self {
        parts.into_iter().fold(Deviation::default(), |worst, part| Deviation {
            of_itself: larger(worst.of_itself, part.of_itself),
            of_largest: larger(worst.of_largest, part.of_largest),
            place: if worst.of_largest >= part.of_largest { worst.place } else { part.place },
        })
    }
}

/// NaN is larger than anything.
fn larger(a: f64, b: f64) -> f64 {
    if a.is_nan() || a > b { a } else { b }
}

/// mimo's results for a net.
struct Found {
    outputs: Vec<Vec<f32>>,
    gradients: Vec<Vec<f32>>,
    /// Losses and metrics of the first step by Keras's keys.
    first: Vec<(String, f64)>,
    /// The total loss of every step.
    losses: Vec<f64>,
}

fn compute<N: Net>(reference: &Reference, threads: usize, steps: usize) -> Result<Found, String> {
    let said = |error: Error| error.to_string();
    let names = N::SPEC.outputs.iter().map(|output| output.name);
    let inputs = N::inputs(&reference.columns("input", N::SPEC.inputs.iter().map(|input| input.name))?)
        .map_err(said)?;
    let targets = N::targets(&reference.columns("target", names)?).map_err(said)?;
    let weights = reference.columns("weight", N::SPEC.weights.iter().map(|weight| weight.name))?;

    let mut model = N::fresh(1);
    let mut trainer =
        Trainer::with_options(&mut model, TrainerOptions::new().threads(threads)).map_err(said)?;
    trainer.set_weights(&weights).map_err(said)?;
    let predicted = Predictor::with_threads(trainer.model(), threads).and_then(|mut it| it.predict(&inputs));
    let mut outputs = vec![vec![]; N::SPEC.outputs.len()];
    predicted.and_then(|outputs_| outputs_.read(&mut Reader::new(&mut outputs))).map_err(said)?;

    let data = ArrayDataset::<N>::new(&inputs, &targets).map_err(said)?;
    let one_step = FitOptions::new().batch_size(BATCH).shuffle(false).verbose(Verbose::Silent);
    let history = trainer.fit(&data, one_step).map_err(said)?;
    let first = history.last().map(|epoch| epoch.pairs()).unwrap_or_default();
    let gradient = |weight: &WeightSpec| trainer.gradient(weight.name).unwrap_or_default();
    let gradients = N::SPEC.weights.iter().map(gradient).collect();

    let rows: Vec<usize> = (0..BATCH).collect();
    let mut losses: Vec<f64> = first.iter().filter(|(key, _)| key == "loss").map(|&(_, loss)| loss).collect();
    while losses.len() < steps {
        losses.push(N::total(&trainer.train_on_rows(&data, &rows).map_err(said)?));
    }
    Ok(Found { outputs, gradients, first, losses })
}

fn relative(found: f64, wanted: f64) -> f64 {
    (found - wanted).abs() / wanted.abs().max(1e-3)
}

/// Prints a row of the table; returns whether all limits hold.
fn compare<N: Net>(request: &Request, folder: &Path) -> Result<bool, String> {
    let reference = Reference::read(folder, N::NUMBER)?;
    let about = &reference.about;
    let wanted: Vec<f64> = about["losses"]
        .as_array()
        .map(|losses| losses.iter().filter_map(Value::as_f64).collect())
        .unwrap_or_default();
    let found = compute::<N>(&reference, request.threads, wanted.len().max(1))?;

    let tensors = |kind: &str, names: Vec<&str>, found: &[Vec<f32>]| {
        let parts = names.iter().zip(found).map(|(name, found)| {
            Ok(Deviation::between(name, found, &reference.tensor(&format!("{kind} {name}"))?))
        });
        Ok::<_, String>(Deviation::worst(parts.collect::<Result<_, String>>()?))
    };
    let outputs = N::SPEC.outputs.iter().map(|output| output.name).collect();
    let outputs = tensors("output", outputs, &found.outputs)?;
    let weights = N::SPEC.weights.iter().map(|weight| weight.name).collect();
    let gradients = tensors("gradient", weights, &found.gradients)?;
    let first = about["first"].as_object().ok_or("there are no logs")?;
    // NaN if Keras logs something else or nothing.
    let mut logs = if first.len() == found.first.len() { 0.0 } else { f64::NAN };
    for (key, value) in &found.first {
        logs = larger(logs, relative(*value, first.get(key).and_then(Value::as_f64).unwrap_or(f64::NAN)));
    }
    let narrow = |losses: &[f64]| losses.iter().map(|&loss| loss as f32).collect::<Vec<_>>();
    let losses = Deviation::between("losses", &narrow(&found.losses), &narrow(&wanted));

    // Written so that NaN fails.
    let holds = outputs.of_largest <= OUTPUTS
        && gradients.of_largest <= GRADIENTS
        && logs <= LOSSES
        && losses.of_largest <= LOSSES;
    println!(
        "| {} | {} | {:.1e} ({:.1e}) | {:.1e} ({:.1e}) | `{}` | {logs:.1e} | {:.1e} ({:.1e}) | {:.4} → {:.4} | {} |",
        N::NUMBER,
        about["backend"].as_str().unwrap_or("?"),
        outputs.of_largest,
        outputs.of_itself,
        gradients.of_largest,
        gradients.of_itself,
        gradients.place,
        losses.of_largest,
        losses.of_itself,
        wanted.first().unwrap_or(&f64::NAN),
        wanted.last().unwrap_or(&f64::NAN),
        if holds { "yes" } else { "**no**" },
    );
    Ok(holds)
}

fn run<N: Net>(request: &Request) -> bool {
    if request.net.is_some_and(|number| number != N::NUMBER) {
        return true;
    }
    let folders = request.folders.iter().map(|folder| {
        compare::<N>(request, folder).unwrap_or_else(|error| {
            eprintln!("net {}: {error}", N::NUMBER);
            false
        })
    });
    // Runs all of them, so that all are printed.
    folders.filter(|holds| !holds).count() == 0
}

/// Returns the folders of both backends, and fills them if necessary.
fn made_folders() -> Result<Vec<PathBuf>, String> {
    let made = BACKENDS.map(|backend| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("parity").join(backend);
        // The last net is written last.
        if !folder.join("net_9.json").exists() {
            let program = peers::Program::python("Keras", "parity.py", &["--backend", backend])?;
            program.show(&[folder.display().to_string()])?;
        }
        Ok(folder)
    });
    made.into_iter().collect()
}

fn main() -> ExitCode {
    let mut request = Request { net: None, threads: 2, folders: vec![] };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let mut number = || arguments.next().and_then(|value| value.parse().ok());
        let known = match name.as_str() {
            // `cargo bench` passes this to every benchmark.
            "--bench" => true,
            "--net" => number().map(|value| request.net = Some(value)).is_some(),
            "--threads" => number().map(|value| request.threads = value).is_some(),
            folder if !folder.starts_with("--") => {
                request.folders.push(folder.into());
                true
            }
            _ => false,
        };
        if !known {
            eprintln!("usage: parity [--net 1..9] [--threads T] [FOLDER…]");
            return ExitCode::FAILURE;
        }
    }
    if request.folders.is_empty() {
        match made_folders() {
            Ok(folders) => request.folders = folders,
            Err(error) => {
                eprintln!("{error}");
                return ExitCode::FAILURE;
            }
        }
    }
    println!(
        "| net | Keras on | outputs (of itself) | gradients (of itself) | worst | first logs | 20 losses (of itself) \
         | loss | holds |"
    );
    println!("|---|---|---:|---:|---|---:|---:|---:|---|");
    let holds = models::each_net!(run(&request));
    if holds.into_iter().all(|holds| holds) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
