//! Random models: their gradients are right, `f32` and `f64` agree, results are bit-identical for any number of
//! threads, and saved models are loaded unchanged.

mod support;

#[path = "generated/random_models.rs"]
mod random_models;

use std::path::Path;

use mimo::{Model, Predictor, Trainer, TrainerOptions};
use mimo_runtime::model::{Columns, Reader};
use random_models::{RandomModel, each_random_model};
use support::random_models as generator;
use support::{Check, Data, Random, Real, Tolerance, assert_close, check_gradients, randomize, step, wide};

#[test]
fn the_models_are_what_the_generator_writes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/generated/random_models.rs");
    let wanted = generator::source();
    if std::env::var_os("MIMO_UPDATE").is_some() {
        std::fs::write(&path, &wanted).expect("the file can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "run `MIMO_UPDATE=1 cargo test --test random_graphs`");
}

/// Every output for some samples, one after another.
fn predict<M: RandomModel>(model: &M, data: &Data, threads: usize) -> Vec<Vec<f64>> {
    let mut predictor = Predictor::with_threads(model, threads).expect("a predictor");
    let outputs = predictor.predict(&M::inputs(&data.inputs)).expect("outputs");
    let mut columns = vec![vec![]; M::SPEC.outputs.len()];
    outputs.read(&mut Reader::new(&mut columns)).expect("columns");
    columns.iter().map(|column| wide(column)).collect()
}

/// The same by all operations of the model, without folding.
fn predict_unfolded<M: RandomModel>(model: &M, data: &Data) -> Vec<Vec<f64>> {
    let outputs = mimo_runtime::predictor::predict(model, &M::inputs(&data.inputs)).expect("outputs");
    let mut columns = vec![vec![]; M::SPEC.outputs.len()];
    outputs.read(&mut Reader::new(&mut columns)).expect("columns");
    columns.iter().map(|column| wide(column)).collect()
}

/// A batch of 33 samples, the first of which have other weights.
fn samples<M: Model>(seed: u64) -> Data {
    let mut data = Data::random::<M>(33, seed);
    let mut random = Random(seed ^ 0xFACE);
    for output in M::SPEC.outputs {
        let weights = (0..33).map(|row| if row < 9 { random.pick(&[0.0, 0.5, 2.0]) } else { 1.0 });
        data.weights.push(if output.loss.is_some() { weights.collect() } else { vec![] });
    }
    data
}

/// All measured values and final weights of five steps with batches of several sizes, as bits.
fn trained<M: RandomModel>(threads: usize) -> Vec<u64> {
    let mut model = M::build_random(3);
    randomize(&mut model, 4);
    let data = samples::<M>(5);
    let options = TrainerOptions::new().seed(6).threads(threads);
    let mut trainer = Trainer::with_options(&mut model, options).expect("a trainer");
    let mut bits = vec![];
    for rows in [33, 7, 1, 33, 33] {
        let logs = step(&mut trainer, &data.take(0..rows)).expect("a step");
        bits.extend(logs.iter().map(|(_, value)| value.to_bits()));
    }
    let evaluation = trainer.evaluate(&data.dataset::<M>(), 33).expect("an evaluation");
    bits.extend(evaluation.pairs().iter().map(|(_, value)| value.to_bits()));
    bits.extend(trainer.weights().iter().flatten().map(|value| value.wide().to_bits()));
    drop(trainer);
    bits.extend(predict(&model, &data, threads).iter().flatten().map(|value| value.to_bits()));
    bits
}

fn threads_change_nothing<M: RandomModel>() {
    let one = trained::<M>(1);
    assert!(one.iter().all(|bits| f64::from_bits(*bits).is_finite()), "{}: not finite", M::SPEC.name);
    assert!(one == trained::<M>(2), "{}: two threads give something else", M::SPEC.name);
}

fn precisions_agree<M: RandomModel<Float = f32>, N: RandomModel<Float = f64>>() {
    let (mut single, mut double) = (M::build_random(1), N::build_random(1));
    randomize(&mut single, 2);
    randomize(&mut double, 2);
    let data = Data::random::<M>(33, 3);
    for (output, (found, wanted)) in
        predict(&single, &data, 1).iter().zip(predict(&double, &data, 1)).enumerate()
    {
        let what = format!("{}: output {output}", M::SPEC.name);
        assert_close(&what, found, &wanted, Tolerance { rel: 1e-4, abs: 1e-4 });
    }
}

/// A single sample has the same result as among others.
fn samples_do_not_mix<M: RandomModel<Float = f64>>() {
    let mut model = M::build_random(1);
    randomize(&mut model, 2);
    let data = Data::random::<M>(33, 3);
    let all = predict(&model, &data, 1);
    for row in [0, 17, 32] {
        for (output, found) in predict(&model, &data.take(row..row + 1), 1).iter().enumerate() {
            let len = found.len();
            let what = format!("{}: output {output} of sample {row}", M::SPEC.name);
            let wanted = &all[output][row * len..(row + 1) * len];
            assert_close(&what, found, wanted, Tolerance { rel: 1e-12, abs: 1e-12 });
        }
    }
}

/// A predictor returns the same as the model itself, whatever it folds.
fn folding_changes_nothing<M: RandomModel>(tolerance: f64) {
    let mut model = M::build_random(1);
    randomize(&mut model, 2);
    for rows in [1, 33] {
        let data = Data::random::<M>(rows, 3);
        let outputs = predict_unfolded(&model, &data).into_iter().zip(predict(&model, &data, 1));
        for (output, (wanted, found)) in outputs.enumerate() {
            let what = format!("{}: output {output}", M::SPEC.name);
            let largest = wanted.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
            assert_close(&what, &found, &wanted, Tolerance { rel: 0.0, abs: tolerance * largest });
            assert!(M::FOLDED.is_some() || found == wanted, "{what} is not the same");
        }
    }
}

fn loads_what_it_saved<M: RandomModel>() {
    let (mut model, mut other) = (M::build_random(1), M::build_random(2));
    randomize(&mut model, 3);
    let bytes = mimo::file::to_bytes(&model).expect("bytes");
    mimo::file::from_bytes(&mut other, &bytes).expect("a model");
    let data = Data::random::<M>(7, 4);
    assert_eq!(predict(&model, &data, 1), predict(&other, &data, 1));
    assert_eq!(mimo::file::to_bytes(&other).expect("bytes"), bytes);
}

macro_rules! tests {
    ($($test:ident $model:ident $noisy:literal;)+) => {$(
        mod $test {
            use super::*;

            type Single = random_models::$model<f32>;
            type Double = random_models::$model<f64>;

            #[test]
            fn gradients() {
                let check = Check { rows: 7, seed: 11, values: 4, training: $noisy };
                check_gradients(&mut Double::build_random(1), check);
            }

            #[test]
            fn threads() {
                threads_change_nothing::<Single>();
            }

            #[test]
            fn predictions() {
                precisions_agree::<Single, Double>();
                samples_do_not_mix::<Double>();
                loads_what_it_saved::<Single>();
                folding_changes_nothing::<Single>(1e-5);
                folding_changes_nothing::<Double>(1e-12);
            }
        }
    )+};
}

each_random_model!(tests);

/// With more multiplications and additions a step is shared by threads; if no model had as many, the tests of threads
/// would show nothing.
const SHARED: usize = 4_000_000;

macro_rules! largest {
    ($($test:ident $model:ident $noisy:literal;)+) => {
        [$(<random_models::$model as Model>::PROGRAM.flops),+]
    };
}

#[test]
fn some_steps_are_shared_by_threads() {
    let shared = each_random_model!(largest).iter().filter(|&&flops| 3 * 33 * flops > SHARED).count();
    assert!(shared >= 3, "{shared} models");
}

macro_rules! folds {
    ($($test:ident $model:ident $noisy:literal;)+) => {
        [$(<random_models::$model as Model>::FOLDED.map_or(0, |folded| folded.folds.len())),+]
    };
}

#[test]
fn some_predictions_are_folded() {
    let folds = each_random_model!(folds);
    assert!(folds.iter().filter(|&&count| count > 1).count() >= 5, "{folds:?}");
}
