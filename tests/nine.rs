//! The nine models of the benchmarks: no allocation after the first step, bit-identical results on one and two
//! threads.
//!
//! Every allocation of the process counts, so this file has one test.
#![allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "an allocator that counts has to be an allocator; the models and their data are those of the benchmark"
)]

#[path = "support/counting.rs"]
mod counting;
#[path = "../benches/nine/measure.rs"]
mod measure;
#[path = "../benches/nine/models.rs"]
mod models;

use mimo::TrainerOptions;
use mimo::data::ArrayDataset;
use mimo::prelude::*;

use counting::allocations;
use models::Net;

/// Number of compared steps.
const STEPS: usize = 3;
/// More rows than a batch, so that the rows of a batch are not contiguous.
const ROWS: usize = 40;

/// The losses of some steps and the weights after them.
fn train<N: Net>(data: &ArrayDataset<N>, threads: usize) -> (Vec<f64>, Vec<Vec<f32>>) {
    let mut model = N::fresh(7);
    let mut trainer = Trainer::with_options(&mut model, TrainerOptions::new().threads(threads)).unwrap();
    let rows: Vec<usize> = (0..measure::BATCH).map(|row| row * 7 % ROWS).collect();
    let mut step = || N::total(&trainer.train_on_rows(data, &rows).unwrap());
    let losses: Vec<f64> = (0..STEPS).map(|_| step()).collect();
    let during = allocations(|| {
        step();
    });
    assert_eq!(during, 0, "model {}: steps on {threads} threads", N::NUMBER);
    (losses, trainer.weights())
}

fn check<N: Net>() {
    let (inputs, targets) = (measure::inputs::<N>(ROWS), measure::targets::<N>(ROWS));
    let data = ArrayDataset::<N>::new(&N::inputs(&inputs).unwrap(), &N::targets(&targets).unwrap()).unwrap();
    let (losses, weights) = train(&data, 1);
    let moved = losses.iter().all(|loss| loss.is_finite()) && losses[0] != losses[1];
    assert!(moved, "model {}: {losses:?}", N::NUMBER);
    let (others, shared) = train(&data, 2);
    assert_eq!(losses, others, "model {}: losses on two threads", N::NUMBER);
    for (weight, (one, two)) in N::SPEC.weights.iter().zip(weights.iter().zip(&shared)) {
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert!(bits(one) == bits(two), "model {}: `{}` on two threads", N::NUMBER, weight.name);
    }
    predicts::<N>();
}

fn predicts<N: Net>() {
    let model = N::fresh(7);
    for threads in [1, 2] {
        let mut predictor = Predictor::with_threads(&model, threads).unwrap();
        for rows in [1, measure::BATCH] {
            let inputs = N::inputs(&measure::inputs::<N>(rows)).unwrap();
            let mut outputs = predictor.predict(&inputs).unwrap();
            let during = allocations(|| predictor.predict_into(&inputs, &mut outputs).unwrap());
            assert_eq!(during, 0, "model {}: predictions of {rows} on {threads} threads", N::NUMBER);
        }
    }
}

#[test]
fn the_nine_models_neither_allocate_nor_depend_on_threads() {
    models::each_net!(check());
}
