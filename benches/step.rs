//! One training step of two small nets: in mimo, handwritten in dfdx, and in PyTorch.
//!
//! ```text
//! MIMO_PEERS_PYTHON=~/mimo-venv/bin/python cargo bench --bench step -- [--rounds N] [--seconds S] [--frameworks eager,compile]
//! ```
//!
//! `benches/peers/README.md` defines nets, numbers and steps. The measurements alternate over several rounds, so that
//! other load of the machine affects all of them; the table has the median over rounds of the median step. Losses at
//! steps 1 and 100 are compared, to detect programs that are fast because they compute something else; then this
//! program fails.
#![allow(missing_docs, missing_debug_implementations, unreachable_pub, reason = "a program of its own")]

#[path = "peers/mod.rs"]
#[allow(dead_code, reason = "made for all programs that run others")]
mod peers;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use mimo::TrainerOptions;
use mimo::data::ArrayDataset;
use mimo::prelude::*;
use mimo_runtime::batch::BatchRows;
use mimo_runtime::engine::{Engine, Source, Totals, Trust};
use mimo_runtime::weighting::Weighting;

use peers::Program;

const BATCH: usize = 32;
/// Untimed steps at the start.
const WARM_UP: usize = 200;
/// Steps after which training starts over, so that no gradient or moment becomes denormal.
const RESTART: usize = 500;
/// Streams of [`uniform`]: weights are numbered from the last in the order trunk, then heads.
const INPUT: u64 = 1;
const TARGETS: u64 = 2;
const WEIGHTS: u64 = 16;

/// Total loss of a net at steps 1 and 100 with Keras's Adam, and the tolerance for rounding.
const TWO_HEADS_LOSSES: [f64; 2] = [1.080609, 0.018521];
const THREE_HEADS_LOSSES: [f64; 2] = [0.602928, 0.041525];
const TOLERANCES: [f64; 2] = [2e-6, 2e-5];
/// PyTorch and dfdx add epsilon in another place, which changes the third digit.
const OTHER_EPSILON: f64 = 2e-4;

model! {
    TwoHeads {
        let x = Input(shape = [100]);
        let h = Dense(64, activation = relu)(x);
        let h = Dense(32, activation = relu)(h);
        let value = Dense(1)(h);
        let kind = Dense(3, activation = softmax)(h);
        Model(inputs = [x], outputs = [value, kind]).compile(
            optimizer = Adam(learning_rate = 1e-3, epsilon = 1e-7),
            loss = { value: mse, kind: categorical_crossentropy },
            loss_weights = { kind: 0.5 },
            metrics = { value: [mae], kind: [accuracy] },
        )
    }
}

model! {
    ThreeHeads {
        let x = Input(shape = [10]);
        let h = Dense(64, activation = relu)(x);
        let h = Dense(32, activation = relu)(h);
        let a = Dense(1)(h);
        let b = Dense(1)(h);
        let c = Dense(1)(h);
        Model(inputs = [x], outputs = [a, b, c]).compile(
            optimizer = Adam(learning_rate = 1e-3, epsilon = 1e-7),
            loss = mse,
            loss_weights = { b: 0.5, c: 0.25 },
            metrics = { a: [mae], b: [mae], c: [mae] },
        )
    }
}

/// A net with its batch, in the forms of both ways to train it.
struct Net<M: Trainable> {
    name: &'static str,
    fresh: fn(u64) -> M,
    inputs: M::Inputs,
    targets: M::Targets,
    /// The same numbers, a column per input and per target.
    columns: [Vec<Vec<f32>>; 2],
    total: fn(&M::Logs) -> f64,
    losses: [f64; 2],
}

fn two_heads() -> Net<TwoHeads> {
    let x: Vec<f32> = uniform(INPUT, BATCH * 100).collect();
    let value: Vec<f32> = uniform(TARGETS, BATCH).collect();
    let mut kind = vec![0.0; BATCH * 3];
    (0..BATCH).for_each(|row| kind[row * 3 + row % 3] = 1.0);
    Net {
        name: "two_heads",
        fresh: TwoHeads::new,
        inputs: TwoHeadsInputs { x: tensor(x.clone()).expect("a batch") },
        targets: TwoHeadsTargets {
            value: tensor(value.clone()).expect("a batch"),
            kind: tensor(kind.clone()).expect("a batch"),
        },
        columns: [vec![x], vec![value, kind]],
        total: |logs| logs.loss,
        losses: TWO_HEADS_LOSSES,
    }
}

fn three_heads() -> Net<ThreeHeads> {
    let x: Vec<f32> = uniform(INPUT, BATCH * 10).collect();
    let [a, b, c] = [0, 1, 2].map(|head| uniform(TARGETS + head, BATCH).collect::<Vec<f32>>());
    Net {
        name: "three_heads",
        fresh: ThreeHeads::new,
        inputs: ThreeHeadsInputs { x: tensor(x.clone()).expect("a batch") },
        targets: ThreeHeadsTargets {
            a: tensor(a.clone()).expect("a batch"),
            b: tensor(b.clone()).expect("a batch"),
            c: tensor(c.clone()).expect("a batch"),
        },
        columns: [vec![x], vec![a, b, c]],
        total: |logs| logs.loss,
        losses: THREE_HEADS_LOSSES,
    }
}

/// `count` reproducible numbers in -1..1: the top 24 bits of SplitMix64, exact in `f32`.
fn uniform(stream: u64, count: usize) -> impl Iterator<Item = f32> {
    (1..=count as u64).map(move |at| {
        let z = (at + (stream << 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / (1 << 23) as f32 - 1.0
    })
}

/// Glorot-uniform kernels and no biases. The generator's rows are units, Keras's are inputs.
fn weights<M: Trainable<Float = f32>>() -> Vec<Vec<f32>> {
    let mut layer = 0;
    let weights = M::SPEC.weights.iter().map(|weight| match *weight.shape {
        [inputs, units] => {
            let limit = (6.0 / (inputs + units) as f64).sqrt() as f32;
            let rows: Vec<f32> = uniform(WEIGHTS + layer, inputs * units).map(|x| x * limit).collect();
            layer += 1;
            (0..inputs * units).map(|at| rows[at % units * inputs + at / units]).collect()
        }
        _ => vec![0.0; weight.shape.iter().product()],
    });
    weights.collect()
}

/// Result of a measurement: microseconds per step, and the total loss at steps 1 and 100.
#[derive(Clone, Copy)]
struct Measured {
    median: f64,
    losses: [f64; 2],
}

/// Times training runs until the time limit. `train` does a number of steps from the start and reports each step's
/// time and loss.
fn measure(limit: Duration, mut train: impl FnMut(usize, &mut dyn FnMut(Duration, f64))) -> Measured {
    let mut losses = vec![];
    train(WARM_UP, &mut |_, loss| losses.push(loss));
    let mut times = vec![];
    let start = Instant::now();
    while start.elapsed() < limit {
        train(RESTART, &mut |time, _| times.push(time));
    }
    times.sort_unstable();
    let median = times.get(times.len() / 2).map_or(f64::NAN, |time| time.as_secs_f64() * 1e6);
    Measured { median, losses: [losses[0], losses[99]] }
}

/// A step as in user code: a data set in memory, from which a batch is gathered; losses and metrics read.
fn trainer<M: Trainable<Float = f32>>(net: &Net<M>, threads: usize, limit: Duration) -> Measured {
    let data = ArrayDataset::<M>::new(&net.inputs, &net.targets).expect("data");
    let rows: Vec<usize> = (0..BATCH).collect();
    let weights = weights::<M>();
    measure(limit, |steps, report| {
        let mut model = (net.fresh)(0);
        let mut trainer =
            Trainer::with_options(&mut model, TrainerOptions::new().threads(threads)).expect("a trainer");
        trainer.set_weights(&weights).expect("weights");
        for _ in 0..steps {
            let now = Instant::now();
            let logs = black_box(trainer.train_on_rows(&data, black_box(&rows)).expect("a step"));
            report(now.elapsed(), (net.total)(&logs));
        }
    })
}

/// The same with typed tensors, which are copied.
fn batch<M: Trainable<Float = f32>>(net: &Net<M>, threads: usize, limit: Duration) -> Measured {
    let weights = weights::<M>();
    measure(limit, |steps, report| {
        let mut model = (net.fresh)(0);
        let mut trainer =
            Trainer::with_options(&mut model, TrainerOptions::new().threads(threads)).expect("a trainer");
        trainer.set_weights(&weights).expect("weights");
        for _ in 0..steps {
            let now = Instant::now();
            let logs =
                trainer.train_on_batch(black_box(&net.inputs), black_box(&net.targets)).expect("a step");
            report(now.elapsed(), (net.total)(&black_box(logs)));
        }
    })
}

/// The engine without the trainer: the batch is copied, the total loss read.
fn engine<M: Trainable<Float = f32>>(net: &Net<M>, threads: usize, limit: Duration) -> Measured {
    let program = const { &M::PROGRAM };
    let loss_weights: Vec<f64> = M::SPEC.outputs.iter().map(|output| output.weight).collect();
    let rows: Vec<usize> = (0..BATCH).collect();
    let weights = weights::<M>();
    let [inputs, targets] = &net.columns;
    let gather = |_: &[usize], batch: &mut BatchRows<'_, '_, f32>| {
        for (index, column) in inputs.iter().enumerate() {
            batch.input(index).copy_from_slice(column);
        }
        for (index, column) in targets.iter().enumerate() {
            batch.target(index).copy_from_slice(column);
        }
        Ok(())
    };
    measure(limit, |steps, report| {
        let mut engine =
            Engine::new(program, M::forward_pass, M::STAGES, Some((&M::SPEC, M::RULES)), threads)
                .expect("an engine");
        for (index, values) in weights.iter().enumerate() {
            engine.load_weight(index, values);
        }
        engine.weights_loaded();
        let mut totals = Totals::new(program);
        for _ in 0..steps {
            let now = Instant::now();
            totals.clear();
            let source = Source { gather: &gather, weighting: Weighting::NONE, trust: Trust::Checked };
            engine.train(black_box(&rows), source, &loss_weights, &mut totals).expect("a step");
            report(now.elapsed(), black_box(totals.total) / BATCH as f64);
        }
    })
}

/// Runs the measurement of a peer.
fn measure_peer(peer: &Program, net: &str, threads: usize, seconds: f64) -> Result<Measured, String> {
    let arguments = ["--net", net, "--threads", &threads.to_string(), "--seconds", &seconds.to_string()];
    let value = peer.measure(&arguments.map(str::to_owned))?;
    let number = |key: &str| value[key].as_f64().ok_or_else(|| format!("{} printed no {key}", peer.name));
    Ok(Measured { median: number("median_us")?, losses: [number("loss_1")?, number("loss_100")?] })
}

/// Returns the peers that can be run here; prints those that cannot.
fn peers(frameworks: &str) -> Vec<Program> {
    let python = frameworks
        .split(',')
        .filter(|name| !name.is_empty())
        .map(|name| Program::python(&format!("PyTorch {name}"), "small_nets.py", &["--framework", name]));
    let all = [Program::package("dfdx", "dfdx", "small_nets")].into_iter().chain(python);
    let there = all.filter_map(|peer| peer.inspect_err(|error| println!("{error}")).ok());
    there.collect()
}

/// Measurements by net, threads and program, in the order in which they were first taken.
#[derive(Default)]
struct Table {
    rows: BTreeMap<(usize, usize, usize), (String, Vec<Measured>)>,
    failed: bool,
}

impl Table {
    fn add(
        &mut self,
        key: (usize, usize, usize),
        name: &str,
        wanted: [f64; 2],
        ours: bool,
        measured: Measured,
    ) {
        for at in 0..2 {
            let tolerance = TOLERANCES[at] + if ours || at == 0 { 0.0 } else { OTHER_EPSILON };
            let off = (measured.losses[at] - wanted[at]).abs();
            if off.is_nan() || off > tolerance {
                println!("{name}: the loss is {} and should be {}", measured.losses[at], wanted[at]);
                self.failed = true;
            }
        }
        self.rows.entry(key).or_insert_with(|| (name.to_owned(), vec![])).1.push(measured);
    }

    fn print(&self, nets: [&str; 2]) {
        println!("| net | threads | program | µs per step | lowest round | of mimo's | loss at 1 | at 100 |");
        println!("|---|---:|---|---:|---:|---:|---:|---:|");
        let median = |rounds: &[Measured]| {
            let mut medians: Vec<f64> = rounds.iter().map(|round| round.median).collect();
            medians.sort_by(f64::total_cmp);
            (medians[medians.len() / 2], medians[0])
        };
        for (&(net, threads, _), (name, rounds)) in &self.rows {
            let (step, lowest) = median(rounds);
            let mimo = self.rows.get(&(net, threads, 0)).map_or(f64::NAN, |(_, rounds)| median(rounds).0);
            let [first, hundredth] = rounds[0].losses;
            println!(
                "| {} | {threads} | {name} | {step:.2} | {lowest:.2} | {:.2} | {first:.6} | {hundredth:.6} |",
                nets[net],
                step / mimo,
            );
        }
    }
}

/// A way to train a net in mimo, on a number of threads for a time.
type Ours<M> = fn(&Net<M>, usize, Duration) -> Measured;

/// Runs all programs once on one net.
fn round<M: Trainable<Float = f32>>(
    table: &mut Table,
    (index, net): (usize, &Net<M>),
    threads: usize,
    seconds: f64,
    peers: &[Program],
) {
    let limit = Duration::from_secs_f64(seconds);
    let ours: [(&str, Ours<M>); 3] = [
        ("mimo, `train_on_rows`", trainer),
        ("mimo, `train_on_batch`", batch),
        ("mimo, engine only", engine),
    ];
    for (at, (name, measure)) in ours.into_iter().enumerate() {
        table.add((index, threads, at), name, net.losses, true, measure(net, threads, limit));
    }
    for (at, peer) in peers.iter().enumerate() {
        match measure_peer(peer, net.name, threads, seconds) {
            Ok(measured) => {
                table.add((index, threads, ours.len() + at), &peer.name, net.losses, false, measured);
            }
            Err(error) => println!("skipped: {error}"),
        }
    }
}

fn main() -> ExitCode {
    let (mut rounds, mut seconds, mut frameworks) = (5, 1.0, "eager,eager_fused,compile".to_owned());
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        // `cargo bench` passes this to every benchmark.
        if name == "--bench" {
            continue;
        }
        let value = arguments.next().unwrap_or_default();
        let known = match name.as_str() {
            "--rounds" => value.parse().map(|value| rounds = value).is_ok(),
            "--seconds" => value.parse().map(|value| seconds = value).is_ok(),
            "--frameworks" => {
                frameworks = value;
                true
            }
            _ => false,
        };
        if !known {
            eprintln!("usage: step [--rounds N] [--seconds S] [--frameworks eager,compile]");
            return ExitCode::FAILURE;
        }
    }
    let peers = peers(&frameworks);
    let (two, three) = (two_heads(), three_heads());
    let mut table = Table::default();
    for _ in 0..rounds {
        for threads in [1, 2] {
            round(&mut table, (0, &two), threads, seconds, &peers);
            round(&mut table, (1, &three), threads, seconds, &peers);
        }
    }
    table.print([two.name, three.name]);
    if table.failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
