//! Values, values per sample and gradients of Keras 3.15.1.

use mimo_graph::loss::Loss;
use mimo_runtime::float::Float;
use serde_json::Value;

use crate::batch::{Batch, Head, assert_close};

pub(crate) fn cases(file: &str, key: &str) -> Vec<Value> {
    let path = format!("{}/tests/golden/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    file[key].as_array().unwrap().clone()
}

pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().map_or(vec![], |values| values.iter().map(|value| value.as_f64().unwrap()).collect())
}

/// Positions and classes of a shape that begins with the batch.
pub(crate) fn shape(value: &Value) -> (usize, usize) {
    let shape = numbers(value);
    let [_, positions @ .., classes] = &shape[..] else { panic!("{value}") };
    (positions.iter().product::<f64>() as usize, *classes as usize)
}

fn loss(case: &Value) -> Loss {
    let config = &case["config"];
    let from_logits = config["from_logits"].as_bool().unwrap_or(false);
    let label_smoothing = config["label_smoothing"].as_f64().unwrap_or(0.0);
    let ignore_class = config["ignore_class"].as_u64().map(|class| class as usize);
    match case["name"].as_str().unwrap().trim_end_matches(" sw") {
        "MeanSquaredError" | "MSE 3d" | "MSE rank fix" => Loss::MeanSquaredError,
        "MeanAbsoluteError" => Loss::MeanAbsoluteError,
        "MeanAbsolutePercentageError" => Loss::MeanAbsolutePercentageError,
        "MeanSquaredLogarithmicError" => Loss::MeanSquaredLogarithmicError,
        "Huber" => Loss::Huber { delta: 1.0 },
        "Huber d.5" => Loss::Huber { delta: 0.5 },
        "LogCosh" => Loss::LogCosh,
        "CosineSimilarity" => Loss::CosineSimilarity,
        "Poisson" => Loss::Poisson,
        "KLD" => Loss::KlDivergence,
        "Hinge" => Loss::Hinge,
        "SqHinge" => Loss::SquaredHinge,
        "CatHinge" => Loss::CategoricalHinge,
        name if name.starts_with("BCE") => Loss::BinaryCrossentropy { from_logits, label_smoothing },
        name if name.starts_with("CCE") => Loss::CategoricalCrossentropy { from_logits, label_smoothing },
        name if name.starts_with("SCCE") => Loss::SparseCategoricalCrossentropy { from_logits, ignore_class },
        name => panic!("{name}"),
    }
}

fn check<E: Float>() {
    let cases = cases("losses.json", "losses");
    assert_eq!(cases.len(), 34);
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let (positions, classes) = shape(&case["shape"]);
        let (x, target) = (numbers(&case["y_pred"]), numbers(&case["y_true"]));
        // The bound of a clipped probability of 1 differs in f32, in which Keras computed.
        if x.contains(&1.0) && E::epsilon().f64() < 1e-10 {
            continue;
        }
        let mut batch = Batch::new(loss(&case), Head::Predictions, positions, classes, x, target);
        let weights = numbers(&case["sample_weight"]);
        batch.weights = (!weights.is_empty()).then_some(weights);
        let rows = batch.rows();
        let outcome = batch.run::<E>(&[rows]);
        let value = outcome.statistics[0] / rows as f64;
        assert_close(name, value, case["value"].as_f64().unwrap(), 1e-5, 1e-6);
        let gradient = numbers(&case["grad_pred"]);
        assert_eq!(gradient.len(), outcome.gradient.len());
        for (got, wanted) in outcome.gradient.iter().zip(gradient) {
            assert_close(&format!("gradient of {name}"), *got, wanted, 1e-5, 1e-6);
        }
        // Sample by sample, as batches of one.
        batch.weights = None;
        let per_sample = numbers(&case["per_sample"]);
        let targets = batch.target.len() / rows;
        for row in 0..rows {
            let one = Batch {
                x: batch.x[row * positions * classes..][..positions * classes].to_vec(),
                target: batch.target[row * targets..][..targets].to_vec(),
                ..batch.clone()
            };
            let wanted = per_sample[row * positions..][..positions].iter().sum::<f64>() / positions as f64;
            assert_close(&format!("{name} of sample {row}"), one.total::<E>(), wanted, 1e-5, 1e-6);
        }
    }
}

#[test]
fn losses_are_those_of_keras_in_f32() {
    check::<f32>();
}

#[test]
fn losses_are_those_of_keras_in_f64() {
    check::<f64>();
}
