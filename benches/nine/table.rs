//! Alternating measurements of mimo and its peers, and the table of their times.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

use serde_json::Value;

use crate::peers::Program;
use crate::{Request, measure, peak};

/// The measured peers: name here and in the table.
const PEERS: [(&str, &str); 8] = [
    ("eager", "PyTorch"),
    ("compile", "PyTorch compiled"),
    ("channels_last", "PyTorch channels last"),
    ("compile_channels_last", "both"),
    ("keras_tensorflow", "Keras on TensorFlow"),
    ("keras_tensorflow_xla", "Keras on TensorFlow, XLA"),
    ("keras_jax", "Keras on JAX"),
    ("burn", "burn"),
];
/// The nets with images: PyTorch's order of channels can be chosen only for these.
const IMAGES: [usize; 3] = [1, 5, 8];
/// Required ratio of the best peer's step time to mimo's, by net.
const STEP_BOUNDS: [f64; 9] = [4.0, 2.5, 20.0, 20.0, 2.5, 20.0, 20.0, 2.5, 1.5];
/// Required ratio of PyTorch's memory to mimo's.
const MEMORY_BOUND: f64 = 5.0;
/// Largest relative difference of a peer's first loss to mimo's: both start from the same numbers.
const FIRST_LOSS: f64 = 1e-4;
/// The same after ten steps: PyTorch and burn add Adam's epsilon in another place than Keras and mimo.
const TENTH_LOSS: f64 = 0.05;

/// A quantity of the table: its key in the lines of JSON and its name. Times are in microseconds.
const QUANTITIES: [(&str, &str); 4] =
    [("step", "step"), ("predict_1", "predict 1"), ("predict_32", "predict 32"), ("memory", "memory")];

/// Measurements by net, threads and framework.
#[derive(Default)]
struct Results {
    lines: BTreeMap<(usize, usize, String), Vec<Value>>,
    /// Errors found in the measurements.
    complaints: Vec<String>,
}

impl Results {
    fn add(&mut self, line: Value) {
        let number = |key: &str| line[key].as_u64().unwrap_or(0) as usize;
        let framework = line["framework"].as_str().unwrap_or("?").to_owned();
        self.lines.entry((number("net"), number("threads"), framework)).or_default().push(line);
    }

    /// The median over rounds.
    fn median(&self, net: usize, threads: usize, framework: &str, key: &str) -> Option<f64> {
        let lines = self.lines.get(&(net, threads, framework.to_owned()))?;
        let mut values: Vec<f64> = lines.iter().filter_map(|line| line[key].as_f64()).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    }

    /// The smallest value of all peers, and the peer's name. With two threads peers may use one if that is better for
    /// them.
    fn best_peer(&self, net: usize, threads: usize, key: &str) -> Option<(f64, &'static str)> {
        let all = PEERS.iter().flat_map(|&(framework, name)| {
            let of_threads = move |threads| Some((self.median(net, threads, framework, key)?, name));
            (1..=threads).filter_map(of_threads)
        });
        all.min_by(|a, b| a.0.total_cmp(&b.0))
    }

    /// Checks that the peers do the same work as mimo.
    fn check(&mut self) {
        let mut complaints = vec![];
        for ((net, threads, framework), lines) in &self.lines {
            for key in ["parameters", "loss_1", "loss_10"] {
                let Some(wanted) = self.median(*net, *threads, "mimo", key) else { continue };
                let tolerance = match key {
                    "parameters" => 0.0,
                    "loss_1" => FIRST_LOSS,
                    _ => TENTH_LOSS,
                };
                let found = lines.last().and_then(|line| line[key].as_f64()).unwrap_or(f64::NAN);
                // Written so that NaN is an error.
                let near = (found - wanted).abs() <= tolerance * wanted.abs();
                if !near {
                    complaints.push(format!("net {net}, {framework}: {key} is {found}, in mimo {wanted}"));
                }
            }
        }
        complaints.dedup();
        self.complaints = complaints;
    }
}

/// The programs that can be run here; prints those that cannot.
fn programs(request: &Request) -> Vec<(&'static str, Program)> {
    let asked = |framework: &str| {
        request.frameworks.as_ref().is_none_or(|list| list.iter().any(|name| name == framework))
    };
    let mut programs = vec![];
    let mut add = |framework, program: Result<Program, String>| match program {
        Ok(program) => programs.push((framework, program)),
        Err(error) => eprintln!("{error}"),
    };
    add("mimo", Program::myself("mimo"));
    for (framework, name) in PEERS.into_iter().filter(|(framework, _)| asked(framework)) {
        add(
            framework,
            match framework {
                "burn" => Program::package(name, "burn", "nine"),
                _ => Program::python(name, "nine.py", &["--framework", framework]),
            },
        );
    }
    programs
}

/// Measures, prints, and returns whether all bounds hold.
pub fn make(request: &Request) -> ExitCode {
    let mut results = Results::default();
    if let Some(path) = &request.results {
        let known = std::fs::read_to_string(path).unwrap_or_default();
        known.lines().filter_map(|line| serde_json::from_str(line).ok()).for_each(|line| results.add(line));
    }
    let programs = if request.rounds > 0 { programs(request) } else { vec![] };
    let mut broken: Vec<(usize, &str)> = vec![];
    for round in 1..=request.rounds {
        add_peak(request, &mut results);
        for &net in &request.nets {
            for threads in [1, 2] {
                for &(framework, ref program) in &programs {
                    let known = results.lines.get(&(net, threads, framework.to_owned())).map_or(0, Vec::len);
                    // A failed measurement is not repeated.
                    if known >= round
                        || broken.contains(&(net, framework))
                        || framework.ends_with("channels_last") && !IMAGES.contains(&net)
                    {
                        continue;
                    }
                    let arguments = ["--net", "--threads", "--seconds"].map(str::to_owned);
                    let values = [net.to_string(), threads.to_string(), request.seconds.to_string()];
                    let arguments: Vec<String> =
                        arguments.into_iter().zip(values).flat_map(|(name, value)| [name, value]).collect();
                    match program.measure(&arguments) {
                        Ok(line) => {
                            eprintln!(
                                "round {round}, net {net}, {threads} threads: {framework} {}",
                                line["step"]
                            );
                            keep(request, &line);
                            results.add(line);
                        }
                        Err(error) => {
                            eprintln!("net {net}: skipped, {error}");
                            broken.push((net, framework));
                        }
                    }
                }
            }
        }
    }
    results.check();
    let (text, holds) = text(&results);
    print!("{text}");
    results.complaints.iter().for_each(|complaint| println!("\n{complaint}"));
    if let Some(path) = &request.output
        && let Err(error) = std::fs::write(path, &text)
    {
        eprintln!("{}: {error}", path.display());
        return ExitCode::FAILURE;
    }
    if holds && results.complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The processor's own speed is a result like others, of net 0.
fn add_peak(request: &Request, results: &mut Results) {
    for threads in [1, 2] {
        let gigaflops = peak::gigaflops(threads);
        let line = serde_json::json!({ "net": 0, "framework": "processor", "threads": threads, "gigaflops": gigaflops });
        keep(request, &line);
        results.add(line);
    }
}

/// Appends a line to the file of results.
fn keep(request: &Request, line: &Value) {
    let Some(path) = &request.results else { return };
    let file = std::fs::OpenOptions::new().create(true).append(true).open(path);
    if let Err(error) = file.and_then(|mut file| writeln!(file, "{line}")) {
        eprintln!("{}: {error}", path.display());
    }
}

/// Both tables in Markdown, and whether all bounds hold.
fn text(results: &Results) -> (String, bool) {
    let (rows, holds) = all_rows(results);
    let nets: Vec<usize> = measured_nets(results);
    let mut text = String::new();
    let _ =
        writeln!(text, "| net | mimo | best peer | | memory | PyTorch's |\n|---|---:|---:|---:|---:|---:|");
    for net in nets {
        let get = |framework: &str, key: &str| results.median(net, 2, framework, key).unwrap_or(f64::NAN);
        let step = get("mimo", "step");
        let Some((best, name)) = results.best_peer(net, 2, "step") else { continue };
        let _ = writeln!(
            text,
            "| {net} | {} | {} ({name}) | {:.1}× | {} | {} |",
            shown("step", step),
            shown("step", best),
            best / step,
            shown("memory", get("mimo", "memory")),
            shown("memory", get("eager", "memory")),
        );
    }
    let _ = writeln!(text, "\n{}", rows.join("\n"));
    (text, holds)
}

fn measured_nets(results: &Results) -> Vec<usize> {
    let mut nets: Vec<usize> = results.lines.keys().map(|key| key.0).filter(|&net| net > 0).collect();
    nets.dedup();
    nets
}

/// The lines of the complete table.
fn all_rows(results: &Results) -> (Vec<String>, bool) {
    let names: Vec<&str> = PEERS.iter().map(|peer| peer.1).collect();
    let mut rows = vec![
        format!(
            "| net | threads | | mimo | {} | best peer / mimo | wanted | holds | of the peak |",
            names.join(" | ")
        ),
        format!("|---|---:|---|{}---:|---:|---|---:|", "---:|".repeat(names.len() + 1)),
    ];
    let mut all_hold = true;
    for net in measured_nets(results) {
        for threads in [2, 1] {
            for (key, quantity) in QUANTITIES {
                let Some(mimo) = results.median(net, threads, "mimo", key) else { continue };
                let peers = PEERS.map(|(framework, _)| match results.median(net, threads, framework, key) {
                    Some(value) => shown(key, value),
                    None => "".into(),
                });
                let best = match key {
                    "memory" => results.median(net, threads, "eager", key),
                    _ => results.best_peer(net, threads, key).map(|best| best.0),
                };
                // A step's bound is one for two threads.
                let wanted = match key {
                    "step" => (threads == 2).then(|| STEP_BOUNDS[net - 1]),
                    "memory" => Some(MEMORY_BOUND),
                    _ => Some(1.0),
                };
                let ratio = best.map(|best| best / mimo);
                let holds = ratio.zip(wanted).map(|(ratio, wanted)| ratio >= wanted);
                all_hold &= holds != Some(false);
                let flops = results.median(net, threads, "mimo", "flops").unwrap_or(f64::NAN);
                // The backward pass costs about twice the forward pass.
                let samples = match key {
                    "step" => Some(3 * measure::BATCH),
                    "predict_1" => Some(1),
                    "predict_32" => Some(measure::BATCH),
                    _ => None,
                };
                let peak = results.lines.get(&(0, threads, "processor".into()));
                let peak = peak
                    .into_iter()
                    .flatten()
                    .filter_map(|line| line["gigaflops"].as_f64())
                    .max_by(f64::total_cmp);
                let share =
                    samples.zip(peak).map(|(samples, peak)| flops * samples as f64 / mimo / 1e3 / peak);
                rows.push(format!(
                    "| {net} | {threads} | {quantity} | {} | {} | {} | {} | {} | {} |",
                    shown(key, mimo),
                    peers.join(" | "),
                    ratio.map_or("".into(), |ratio| format!("{ratio:.2}×")),
                    wanted.map_or("".into(), |wanted| format!("{wanted}×")),
                    match holds {
                        Some(true) => "yes",
                        Some(false) => "**no**",
                        None => "",
                    },
                    share.map_or("".into(), |share| format!("{:.0} %", share * 100.0)),
                ));
            }
        }
    }
    (rows, all_hold)
}

/// With three digits and a unit.
fn shown(key: &str, value: f64) -> String {
    let (value, unit) = match key {
        "memory" => (value, "MB"),
        _ if value >= 1e3 => (value / 1e3, "ms"),
        _ => (value, "µs"),
    };
    if value.is_nan() {
        return String::new();
    }
    let digits = if value >= 100.0 { 0 } else { 1 + usize::from(value < 10.0) };
    format!("{value:.digits$} {unit}")
}
