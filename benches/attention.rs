//! Attention with several heads: as one layer, and as `einsum`, `softmax` and `einsum` between the same projections.
//!
//! ```text
//! cargo bench --bench attention -- [--seconds S]
//! ```
//!
//! Alternates both on one thread: predictions and complete training steps of a few sequences. Prints medians.
#![allow(missing_docs, missing_debug_implementations, unreachable_pub, reason = "a program of its own")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use mimo::TrainerOptions;
use mimo::data::ArrayDataset;
use mimo::prelude::*;

/// Sequences of a step.
const ROWS: usize = 4;

/// The two forms of a model of `$steps` steps of `$heads` heads of `$dim` values.
macro_rules! models {
    ($layer:ident, $products:ident, $steps:literal, $heads:literal, $dim:literal, $features:literal, $scale:literal) => {
        model! {
            $layer {
                let x = Input(shape = [$steps, $features]);
                let y = MultiHeadAttention($heads, $dim)(x, x);
                Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
            }
        }
        model! {
            $products {
                let x = Input(shape = [$steps, $features]);
                let query = EinsumDense("btf,fhd->bthd", [none, $heads, $dim], bias_axes = "hd")(x);
                let key = EinsumDense("btf,fhd->bthd", [none, $heads, $dim], bias_axes = "hd")(x);
                let value = EinsumDense("btf,fhd->bthd", [none, $heads, $dim], bias_axes = "hd")(x);
                let scores = softmax(einsum("bqhd,bkhd->bhqk", $scale * query, key));
                let attended = einsum("bhqk,bkhd->bqhd", scores, value);
                let y = EinsumDense("bthd,hdf->btf", [none, $features], bias_axes = "f")(attended);
                Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
            }
        }
    };
}

models!(Short, ShortProducts, 32, 4, 16, 64, 0.25);
models!(Middle, MiddleProducts, 128, 4, 16, 64, 0.25);
models!(Long, LongProducts, 512, 4, 16, 64, 0.25);
models!(Wide, WideProducts, 128, 8, 64, 512, 0.125);

fn numbers(count: usize) -> Vec<f32> {
    (0..count).map(|at| (at * 7919 % 2003) as f32 / 1001.5 - 1.0).collect()
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(f64::NAN, Duration::as_secs_f64) * 1e6
}

fn report(what: &str, times: [Vec<Duration>; 2]) {
    let [layer, products] = times.map(median);
    println!("{what}: layer {layer:.0} µs, products {products:.0} µs, ratio {:.2}", products / layer);
}

macro_rules! measure {
    ($what:literal, $limit:expr, $len:expr, $([$model:ident, $inputs:ident, $targets:ident]),+) => {{
        let values = || tensor(numbers(ROWS * $len));
        let rows: Vec<usize> = (0..ROWS).collect();
        let mut times: [[Vec<Duration>; 2]; 2] = Default::default();
        let mut models = ($($model::build(1),)+);
        let mut data = ($(ArrayDataset::<$model>::new(&$inputs { x: values()? }, &$targets { y: values()? })?,)+);
        let (first, second) = &mut models;
        let (first_data, second_data) = &mut data;
        let options = || TrainerOptions::new().threads(1);
        let mut first = Trainer::with_options(first, options())?;
        let mut second = Trainer::with_options(second, options())?;
        let start = Instant::now();
        while start.elapsed() < $limit {
            let now = Instant::now();
            black_box(first.train_on_rows(first_data, &rows)?);
            times[0][0].push(now.elapsed());
            let now = Instant::now();
            black_box(second.train_on_rows(second_data, &rows)?);
            times[0][1].push(now.elapsed());
            let now = Instant::now();
            black_box(first.evaluate(&*first_data, ROWS)?);
            times[1][0].push(now.elapsed());
            let now = Instant::now();
            black_box(second.evaluate(&*second_data, ROWS)?);
            times[1][1].push(now.elapsed());
        }
        let [steps, evaluations] = times;
        report(concat!("step, ", $what), steps);
        report(concat!("evaluation, ", $what), evaluations);
    }};
}

fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--seconds").skip(1);
    let seconds = arguments.next().and_then(|seconds| seconds.parse().ok()).unwrap_or(2.0);
    let limit = Duration::from_secs_f64(seconds);
    measure!(
        "32 steps, 4 x 16",
        limit,
        32 * 64,
        [Short, ShortInputs, ShortTargets],
        [ShortProducts, ShortProductsInputs, ShortProductsTargets]
    );
    measure!(
        "128 steps, 4 x 16",
        limit,
        128 * 64,
        [Middle, MiddleInputs, MiddleTargets],
        [MiddleProducts, MiddleProductsInputs, MiddleProductsTargets]
    );
    measure!(
        "512 steps, 4 x 16",
        limit,
        512 * 64,
        [Long, LongInputs, LongTargets],
        [LongProducts, LongProductsInputs, LongProductsTargets]
    );
    measure!(
        "128 steps, 8 x 64",
        limit,
        128 * 512,
        [Wide, WideInputs, WideTargets],
        [WideProducts, WideProductsInputs, WideProductsTargets]
    );
    Ok(())
}
