//! A chain of ten elementwise operations: fused, and as separate operations.
//!
//! ```text
//! cargo bench --bench expressions -- [--seconds S]
//! ```
//!
//! An `Identity` after each operation keeps the second model from being fused; it shares the buffer of its input and
//! costs nothing. Alternates both on one thread: the compiled forward pass alone, on a chunk of 16 samples with
//! 65,536 values each and on one with 1,024, and complete training steps. Prints medians.
#![allow(missing_docs, missing_debug_implementations, unreachable_pub, reason = "a program of its own")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use mimo::TrainerOptions;
use mimo::data::ArrayDataset;
use mimo::prelude::*;
use mimo_runtime::chunk::{Chunk, Mode};

/// Samples of a chunk, and of a step.
const ROWS: usize = 16;

/// The two forms of a model with `$len` values per sample.
macro_rules! models {
    ($fused:ident, $apart:ident, $len:literal) => {
        model! {
            $fused {
                let x = Input(shape = [$len]);
                let w = PReLU(alpha_initializer = "ones", shared_axes = [1])(x);
                let h = (w * 0.5 + 0.25) / 1.5;
                let h = maximum(abs(h) - 0.1, 0.01);
                let h = 1.0 - square(h);
                let y = clip(-h, -0.9, 0.8) * 3.0;
                Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
            }
        }
        model! {
            $apart {
                fn apart(x) { Identity()(x) }
                let x = Input(shape = [$len]);
                let w = PReLU(alpha_initializer = "ones", shared_axes = [1])(x);
                let h = apart(apart(apart(w * 0.5) + 0.25) / 1.5);
                let h = apart(maximum(apart(apart(abs(h)) - 0.1), 0.01));
                let h = apart(1.0 - apart(square(h)));
                let y = apart(clip(apart(-h), -0.9, 0.8)) * 3.0;
                Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
            }
        }
    };
}

models!(LargeFused, LargeApart, 65536);
models!(SmallFused, SmallApart, 1024);

/// The chain alone, from an input.
macro_rules! chains {
    ($fused:ident, $apart:ident, $len:literal) => {
        model! {
            $fused {
                let x = Input(shape = [$len]);
                let h = (x * 0.5 + 0.25) / 1.5;
                let h = maximum(abs(h) - 0.1, 0.01);
                let h = 1.0 - square(h);
                let y = clip(-h, -0.9, 0.8) * 3.0;
                Model(inputs = [x], outputs = [y])
            }
        }
        model! {
            $apart {
                fn apart(x) { Identity()(x) }
                let x = Input(shape = [$len]);
                let h = apart(apart(apart(x * 0.5) + 0.25) / 1.5);
                let h = apart(maximum(apart(apart(abs(h)) - 0.1), 0.01));
                let h = apart(1.0 - apart(square(h)));
                let y = apart(clip(apart(-h), -0.9, 0.8)) * 3.0;
                Model(inputs = [x], outputs = [y])
            }
        }
    };
}

chains!(LargeChain, LargeSteps, 65536);
chains!(SmallChain, SmallSteps, 1024);

fn numbers(count: usize) -> Vec<f32> {
    (0..count).map(|at| (at * 7919 % 2003) as f32 / 1001.5 - 1.0).collect()
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(f64::NAN, Duration::as_secs_f64) * 1e6
}

fn timed(work: impl FnOnce()) -> Duration {
    let now = Instant::now();
    work();
    now.elapsed()
}

/// Runs one forward pass of a filled chunk.
fn forward<M: Model<Float = f32>>(arena: &mut [f32]) {
    let program = const { &M::PROGRAM };
    let memory = program.predict;
    M::forward_pass(&mut Chunk {
        arena,
        offsets: memory.offsets,
        fixed: memory.len * ROWS,
        capacity: ROWS,
        rows: ROWS,
        first_row: 0,
        batch: ROWS,
        params: &[],
        packs: &[],
        starts: program.starts,
        mode: Mode::Predict,
        seed: 0,
        pass: 0,
        loss_weights: &[],
        weighted: false,
        target_weights: Default::default(),
        statistics: &mut [],
        sums: &mut [],
        merged: &[],
        watch: None,
        own: Default::default(),
    });
}

fn arena<M: Model<Float = f32>>() -> Vec<f32> {
    numbers(const { &M::PROGRAM }.predict.chunk(ROWS))
}

/// Returns the value of the output in an arena.
fn output<M: Model<Float = f32>>(arena: &[f32]) -> Vec<f32> {
    let program = const { &M::PROGRAM };
    let view = program.outputs[0];
    let start = program.predict.offsets[view.slot] * ROWS + view.column;
    arena[start..start + ROWS * view.len].to_vec()
}

fn forwards<F: Model<Float = f32>, A: Model<Float = f32>>(what: &str, limit: Duration) {
    let (mut fused, mut apart) = (arena::<F>(), arena::<A>());
    forward::<F>(&mut fused);
    forward::<A>(&mut apart);
    assert!(output::<F>(&fused) == output::<A>(&apart), "the two models have the same output");
    let mut times: [Vec<Duration>; 2] = Default::default();
    let start = Instant::now();
    while start.elapsed() < limit {
        times[0].push(timed(|| forward::<F>(black_box(&mut fused))));
        times[1].push(timed(|| forward::<A>(black_box(&mut apart))));
    }
    report(&format!("forward, {what}"), times);
}

fn report(what: &str, times: [Vec<Duration>; 2]) {
    let [fused, apart] = times.map(median);
    println!("{what}: fused {fused:.1} µs, one after the other {apart:.1} µs, ratio {:.2}", apart / fused);
}

macro_rules! steps {
    ($what:literal, $limit:expr, $fused:ident: $fused_inputs:ident, $fused_targets:ident, $apart:ident: $apart_inputs:ident, $apart_targets:ident, $len:literal) => {{
        let values = || tensor(numbers(ROWS * $len));
        let fused_data =
            ArrayDataset::<$fused>::new(&$fused_inputs { x: values()? }, &$fused_targets { y: values()? })?;
        let apart_data =
            ArrayDataset::<$apart>::new(&$apart_inputs { x: values()? }, &$apart_targets { y: values()? })?;
        let (mut fused, mut apart) = ($fused::build(1), $apart::build(1));
        let options = || TrainerOptions::new().threads(1);
        let mut fused = Trainer::with_options(&mut fused, options())?;
        let mut apart = Trainer::with_options(&mut apart, options())?;
        let rows: Vec<usize> = (0..ROWS).collect();
        let mut times: [Vec<Duration>; 2] = Default::default();
        let start = Instant::now();
        while start.elapsed() < $limit {
            let now = Instant::now();
            black_box(fused.train_on_rows(&fused_data, &rows)?);
            times[0].push(now.elapsed());
            let now = Instant::now();
            black_box(apart.train_on_rows(&apart_data, &rows)?);
            times[1].push(now.elapsed());
        }
        report(concat!("step, ", $what), times);
    }};
}

fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--seconds").skip(1);
    let seconds = arguments.next().and_then(|seconds| seconds.parse().ok()).unwrap_or(2.0);
    let limit = Duration::from_secs_f64(seconds);
    forwards::<LargeChain, LargeSteps>("65536 values", limit);
    forwards::<SmallChain, SmallSteps>("1024 values", limit);
    steps!("65536 values", limit, LargeFused: LargeFusedInputs, LargeFusedTargets, LargeApart: LargeApartInputs, LargeApartTargets, 65536);
    steps!("1024 values", limit, SmallFused: SmallFusedInputs, SmallFusedTargets, SmallApart: SmallApartInputs, SmallApartTargets, 1024);
    Ok(())
}
