//! Measurements of one net in one process.

use std::hint::black_box;
use std::time::{Duration, Instant};

use mimo::TrainerOptions;
use mimo::data::ArrayDataset;
use mimo::prelude::*;

use crate::models::Net;

/// Rows of a batch.
pub const BATCH: usize = 32;
/// Untimed steps and predictions at the start.
pub const WARM_UP: usize = 10;
/// Steps after which training starts over, so that no gradient or moment becomes denormal.
const RESTART: usize = 500;

/// `count` reproducible numbers in -1..1: the top 24 bits of SplitMix64, exact in `f32`.
pub fn uniform(stream: u64, count: usize) -> Vec<f32> {
    let number = |at: u64| {
        let z = (at + (stream << 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (1..=count as u64).map(number).collect()
}

/// The input columns of some rows.
pub fn inputs<N: Net>(rows: usize) -> Vec<Vec<f32>> {
    let len = |shape: &[usize]| shape.iter().product::<usize>();
    (1..).zip(N::SPEC.inputs).map(|(stream, input)| uniform(stream, rows * len(input.shape))).collect()
}

/// The target columns of some rows: one-hot rows for classes, 0 or 1 for labels, numbers otherwise.
pub fn targets<N: Net>(rows: usize) -> Vec<Vec<f32>> {
    use mimo::graph::loss::Loss;
    let column = |(stream, output): (u64, &mimo::graph::spec::OutputSpec)| {
        let len: usize = output.shape.iter().product();
        match output.loss {
            Some(Loss::CategoricalCrossentropy { .. }) => {
                (0..rows * len).map(|at| if at / len % len == at % len { 1.0 } else { 0.0 }).collect()
            }
            Some(Loss::BinaryCrossentropy { .. }) => {
                uniform(stream, rows * len).iter().map(|&x| if x > 0.0 { 1.0 } else { 0.0 }).collect()
            }
            _ => uniform(stream, rows * len),
        }
    };
    (101..).zip(N::SPEC.outputs).map(column).collect()
}

/// Initial weights: Glorot-uniform kernels and no biases, for all programs the same.
pub fn weights<N: Net>() -> Vec<Vec<f32>> {
    let weight = |(stream, weight): (u64, &mimo::graph::spec::WeightSpec)| {
        let len = weight.shape.iter().product();
        match *weight.shape {
            [ref receptive @ .., inputs, units] => {
                let receptive: usize = receptive.iter().product();
                let limit = (6.0 / (receptive * (inputs + units)) as f64).sqrt() as f32;
                uniform(stream, len).iter().map(|x| x * limit).collect()
            }
            _ => vec![0.0; len],
        }
    };
    (201..).zip(N::SPEC.weights).map(weight).collect()
}

/// Median and tenth percentile, in microseconds.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    pub median: f64,
    pub low: f64,
}

fn summary(mut times: Vec<Duration>) -> Times {
    times.sort_unstable();
    let at = |place: usize| times.get(place).map_or(f64::NAN, |time| time.as_secs_f64() * 1e6);
    Times { median: at(times.len() / 2), low: at(times.len() / 10) }
}

/// Measures a training step as in user code: a batch gathered from a data set, losses and metrics read. Also returns
/// the total losses of the first steps.
pub fn step<N: Net>(threads: usize, limit: Duration) -> Result<(Times, Vec<f64>), Error> {
    let data = ArrayDataset::<N>::new(&N::inputs(&inputs::<N>(BATCH))?, &N::targets(&targets::<N>(BATCH))?)?;
    // The whole data set, in another order than in memory.
    let rows: Vec<usize> = (0..BATCH).map(|row| row * 13 % BATCH).collect();
    let weights = weights::<N>();
    let (mut times, mut losses, mut start) = (vec![], vec![], None);
    while start.is_none_or(|start: Instant| start.elapsed() < limit) {
        let mut model = N::fresh(1);
        let mut trainer = Trainer::with_options(&mut model, TrainerOptions::new().threads(threads))?;
        trainer.set_weights(&weights)?;
        for at in 0..RESTART {
            let now = Instant::now();
            let total = black_box(N::total(&trainer.train_on_rows(&data, black_box(&rows))?));
            if at < WARM_UP {
                losses.push(total);
                continue;
            }
            times.push(now.elapsed());
            // The limit counts from the first timed step.
            if start.get_or_insert(now).elapsed() > limit {
                break;
            }
        }
    }
    losses.truncate(WARM_UP);
    Ok((summary(times), losses))
}

/// Measures a prediction into existing outputs.
pub fn prediction<N: Net>(rows: usize, threads: usize, limit: Duration) -> Result<Times, Error> {
    let model = N::fresh(1);
    let inputs = N::inputs(&inputs::<N>(rows))?;
    let mut predictor = Predictor::with_threads(&model, threads)?;
    let mut outputs = predictor.predict(&inputs)?;
    let (mut times, start) = (vec![], Instant::now());
    for at in 0.. {
        let now = Instant::now();
        predictor.predict_into(black_box(&inputs), black_box(&mut outputs))?;
        if at >= WARM_UP {
            times.push(now.elapsed());
        }
        if start.elapsed() > limit && !times.is_empty() {
            break;
        }
    }
    Ok(summary(times))
}

/// Peak memory of the process, in MB of a million bytes, on Linux.
pub fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}
