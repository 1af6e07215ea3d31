//! A chain of ten operations on single values: as one pass, and one operation after the other.
//!
//! ```text
//! cargo bench --bench expressions -- [--seconds S]
//! ```
//!
//! An `Identity` after each operation keeps the second model from being fused; it has the same buffer as what it is given and
//! costs nothing. The two are measured in turns, on one thread; the table has the medians of predictions of 256 samples of 4,096
//! values and of training steps on 32.
#![allow(missing_docs, missing_debug_implementations, unreachable_pub, reason = "a program of its own")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use mimo::TrainerOptions;
use mimo::data::ArrayDataset;
use mimo::prelude::*;

/// Values of a sample.
const LEN: usize = 4096;
/// Samples of a prediction, and of a step.
const ROWS: [usize; 2] = [256, 32];

model! {
    Fused {
        let x = Input(shape = [4096]);
        let w = EinsumDense("ab,b->ab", 4096, name = "scale")(x);
        let h = (w * 0.5 + 0.25) / 1.5;
        let h = maximum(abs(h) - 0.1, 0.01);
        let h = 1.0 - square(h);
        let y = clip(-h, -0.9, 0.8) * w;
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(1e-3), loss = mse)
    }
}

model! {
    Apart {
        fn apart(x) { Identity()(x) }
        let x = Input(shape = [4096]);
        let w = EinsumDense("ab,b->ab", 4096, name = "scale")(x);
        let h = apart(apart(apart(w * 0.5) + 0.25) / 1.5);
        let h = apart(maximum(apart(apart(abs(h)) - 0.1), 0.01));
        let h = apart(1.0 - apart(square(h)));
        let h = apart(clip(apart(-h), -0.9, 0.8));
        let y = h * w;
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(1e-3), loss = mse)
    }
}

fn numbers(count: usize) -> Vec<f32> {
    (0..count).map(|at| (at * 7919 % 2003) as f32 / 1001.5 - 1.0).collect()
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(f64::NAN, Duration::as_secs_f64) * 1e6
}

macro_rules! measured {
    ($of:ident: $model:ident, $inputs:ident, $targets:ident) => {{
        let inputs = $inputs { x: tensor(numbers(ROWS[0] * LEN))? };
        let mut predictor = Predictor::with_threads(&$of, 1)?;
        let mut outputs = predictor.predict(&inputs)?;
        let data = ArrayDataset::<$model>::new(
            &$inputs { x: tensor(numbers(ROWS[1] * LEN))? },
            &$targets { y: tensor(numbers(ROWS[1] * LEN))? },
        )?;
        let rows: Vec<usize> = (0..ROWS[1]).collect();
        let first = outputs.y.as_vec();
        let predict = move |times: &mut Vec<Duration>| -> Result<(), Error> {
            let now = Instant::now();
            predictor.predict_into(black_box(&inputs), black_box(&mut outputs))?;
            times.push(now.elapsed());
            Ok(())
        };
        (data, rows, first, predict)
    }};
}

fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--seconds").skip(1);
    let seconds = arguments.next().and_then(|seconds| seconds.parse().ok()).unwrap_or(2.0);
    let limit = Duration::from_secs_f64(seconds);
    // Predictors borrow their models, and trainers have their own.
    let (fused, apart) = (Fused::build(1), Apart::build(1));
    let (fused_data, rows, fused_y, mut fused_predict) = measured!(fused: Fused, FusedInputs, FusedTargets);
    let (apart_data, _, apart_y, mut apart_predict) = measured!(apart: Apart, ApartInputs, ApartTargets);
    assert!(fused_y == apart_y, "the two models have the same output");
    let (mut fused, mut apart) = (Fused::build(1), Apart::build(1));
    let options = || TrainerOptions::new().threads(1);
    let mut fused_trainer = Trainer::with_options(&mut fused, options())?;
    let mut apart_trainer = Trainer::with_options(&mut apart, options())?;
    let mut times: [Vec<Duration>; 4] = Default::default();
    let start = Instant::now();
    while start.elapsed() < limit {
        fused_predict(&mut times[0])?;
        apart_predict(&mut times[1])?;
        let now = Instant::now();
        black_box(fused_trainer.train_on_rows(&fused_data, &rows)?);
        times[2].push(now.elapsed());
        let now = Instant::now();
        black_box(apart_trainer.train_on_rows(&apart_data, &rows)?);
        times[3].push(now.elapsed());
    }
    let [fused, apart, fused_step, apart_step] = times.map(median);
    println!("prediction: fused {fused:.0} µs, one after the other {apart:.0} µs, ratio {:.2}", apart / fused);
    println!("step: fused {fused_step:.0} µs, one after the other {apart_step:.0} µs, ratio {:.2}", apart_step / fused_step);
    Ok(())
}
