//! Recurrent layers on 100 steps with the last half padding, compared with 50 steps and with 100 unmasked steps.
//!
//! ```text
//! cargo bench --bench masks -- [--seconds S]
//! ```
//!
//! Alternates these on one thread: predictions and complete training steps of 32 samples. Prints medians.
#![allow(missing_docs, missing_debug_implementations, unreachable_pub, reason = "a program of its own")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use mimo::TrainerOptions;
use mimo::data::ArrayDataset;
use mimo::prelude::*;

/// Samples of a batch, and features of a step.
const ROWS: usize = 32;
const FEATURES: usize = 32;

macro_rules! models {
    ($long:ident, $short:ident, $plain:ident, $layer:ident, $($settings:tt)*) => {
        models!(@ $long, 100, $layer, $($settings)*);
        models!(@ $short, 50, $layer, $($settings)*);
        model! {
            $plain {
                let x = Input(shape = [50, 32]);
                let y = Dense(4)($layer(64 $($settings)*)(Dense(32)(x)));
                Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
            }
        }
    };
    (@ $name:ident, $steps:literal, $layer:ident, $($settings:tt)*) => {
        model! {
            $name {
                let x = Input(shape = [$steps, 32]);
                let m = Input(shape = [$steps]);
                let y = Dense(4)($layer(64 $($settings)*)(Dense(32)(x), mask = m));
                Model(inputs = [x, m], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
            }
        }
    };
}

models!(LongLstm, ShortLstm, PlainLstm, LSTM,);
models!(LongGru, ShortGru, PlainGru, GRU,);

fn numbers(count: usize) -> Vec<f32> {
    (0..count).map(|at| (at * 7919 % 2003) as f32 / 1001.5 - 1.0).collect()
}

/// A mask of `steps` steps, the first `count` of which are unmasked.
fn mask(steps: usize, count: usize) -> Vec<f32> {
    (0..ROWS * steps).map(|at| f32::from(at % steps < count)).collect()
}

fn median(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(f64::NAN, Duration::as_secs_f64) * 1e6
}

macro_rules! compare {
    ($what:literal, $limit:expr, $long:ident: $long_inputs:ident, $long_targets:ident, $short:ident: $short_inputs:ident, $short_targets:ident, $plain:ident: $plain_inputs:ident, $plain_targets:ident) => {{
        let x = |steps: usize| numbers(ROWS * steps * FEATURES);
        let y = || numbers(ROWS * 4);
        let all = $long_inputs { x: tensor(x(100))?, m: tensor(mask(100, 100))? };
        let half = $long_inputs { x: tensor(x(100))?, m: tensor(mask(100, 50))? };
        let short = $short_inputs { x: tensor(x(50))?, m: tensor(mask(50, 50))? };
        let plain = $plain_inputs { x: tensor(x(50))? };
        let (long_targets, short_targets, plain_targets) = (
            $long_targets { y: tensor(y())? },
            $short_targets { y: tensor(y())? },
            $plain_targets { y: tensor(y())? },
        );
        let (mut long_model, mut short_model, mut plain_model) =
            ($long::build(1), $short::build(1), $plain::build(1));
        let names = ["100 steps", "half of 100", "50 steps", "50 without a mask"];
        {
            let mut long = Predictor::with_threads(&long_model, 1)?;
            let mut brief = Predictor::with_threads(&short_model, 1)?;
            let mut without = Predictor::with_threads(&plain_model, 1)?;
            let mut times: [Vec<Duration>; 4] = Default::default();
            let start = Instant::now();
            while start.elapsed() < $limit {
                let now = Instant::now();
                black_box(long.predict(&all)?);
                times[0].push(now.elapsed());
                let now = Instant::now();
                black_box(long.predict(&half)?);
                times[1].push(now.elapsed());
                let now = Instant::now();
                black_box(brief.predict(&short)?);
                times[2].push(now.elapsed());
                let now = Instant::now();
                black_box(without.predict(&plain)?);
                times[3].push(now.elapsed());
            }
            for (name, times) in names.iter().zip(&mut times) {
                println!("{} prediction, {name}: {:.0} µs", $what, median(times));
            }
        }
        let options = || TrainerOptions::new().threads(1);
        let all = ArrayDataset::<$long>::new(&all, &long_targets)?;
        let half = ArrayDataset::<$long>::new(&half, &long_targets)?;
        let short = ArrayDataset::<$short>::new(&short, &short_targets)?;
        let plain = ArrayDataset::<$plain>::new(&plain, &plain_targets)?;
        let mut long = Trainer::with_options(&mut long_model, options())?;
        let mut brief = Trainer::with_options(&mut short_model, options())?;
        let mut without = Trainer::with_options(&mut plain_model, options())?;
        let rows: Vec<usize> = (0..ROWS).collect();
        let mut times: [Vec<Duration>; 4] = Default::default();
        let start = Instant::now();
        while start.elapsed() < $limit {
            let now = Instant::now();
            black_box(long.train_on_rows(&all, &rows)?);
            times[0].push(now.elapsed());
            let now = Instant::now();
            black_box(long.train_on_rows(&half, &rows)?);
            times[1].push(now.elapsed());
            let now = Instant::now();
            black_box(brief.train_on_rows(&short, &rows)?);
            times[2].push(now.elapsed());
            let now = Instant::now();
            black_box(without.train_on_rows(&plain, &rows)?);
            times[3].push(now.elapsed());
        }
        for (name, times) in names.iter().zip(&mut times) {
            println!("{} step, {name}: {:.0} µs", $what, median(times));
        }
    }};
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let seconds = arguments.iter().position(|argument| argument == "--seconds");
    let seconds = seconds.and_then(|at| arguments.get(at + 1)?.parse().ok()).unwrap_or(3.0);
    let limit = Duration::from_secs_f64(seconds);
    compare!("LSTM", limit, LongLstm: LongLstmInputs, LongLstmTargets, ShortLstm: ShortLstmInputs, ShortLstmTargets, PlainLstm: PlainLstmInputs, PlainLstmTargets);
    compare!("GRU", limit, LongGru: LongGruInputs, LongGruTargets, ShortGru: ShortGruInputs, ShortGruTargets, PlainGru: PlainGruInputs, PlainGruTargets);
    Ok(())
}
