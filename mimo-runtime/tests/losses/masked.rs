//! Losses and metrics of outputs with masks: compared with Keras 3.15.1, with differences, and with the unmasked
//! steps alone.

use mimo_graph::loss::{Loss, Region};
use mimo_graph::metric::{Curve, Metric, Outcome};
use mimo_runtime::float::Float;
use mimo_runtime::metric::{result, state_len};
use serde_json::Value;

use crate::batch::{Batch, Head, Noise, assert_close};
use crate::golden::numbers;
use crate::gradients;

const SHAPE: [usize; 3] = [5, 4, 3];

fn file() -> Value {
    let path = format!("{}/tests/golden/masked.json", env!("CARGO_MANIFEST_DIR"));
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(numbers(&file["shape"]), SHAPE.map(|length| length as f64));
    file
}

/// The loss of a case, and its possible heads.
fn loss(name: &str) -> (Loss, Head) {
    let predictions = Head::Predictions;
    let (from_logits, head) = match name.contains("logits") {
        true if name.starts_with("binary") => (true, Head::Sigmoid),
        true => (true, Head::Softmax),
        false => (false, predictions),
    };
    let loss = match name {
        "mse" => Loss::MeanSquaredError,
        "mae" => Loss::MeanAbsoluteError,
        "mape" => Loss::MeanAbsolutePercentageError,
        "msle" => Loss::MeanSquaredLogarithmicError,
        "huber" => Loss::Huber { delta: 0.5 },
        "log_cosh" => Loss::LogCosh,
        "poisson" => Loss::Poisson,
        "cosine_similarity" => Loss::CosineSimilarity,
        "kl_divergence" => Loss::KlDivergence,
        "hinge" | "hinge of labels" => Loss::Hinge,
        "squared_hinge" => Loss::SquaredHinge,
        "categorical_hinge" => Loss::CategoricalHinge,
        "binary" => Loss::BinaryCrossentropy { from_logits, label_smoothing: 0.1 },
        "binary logits" => Loss::BinaryCrossentropy { from_logits, label_smoothing: 0.0 },
        "binary focal" | "binary focal logits" => Loss::BinaryFocalCrossentropy {
            apply_class_balancing: false,
            alpha: 0.25,
            gamma: 2.0,
            from_logits,
            label_smoothing: 0.0,
        },
        "categorical" => Loss::CategoricalCrossentropy { from_logits, label_smoothing: 0.0 },
        "categorical logits" => Loss::CategoricalCrossentropy { from_logits, label_smoothing: 0.1 },
        "categorical focal" | "categorical focal logits" => Loss::CategoricalFocalCrossentropy {
            alpha: &[0.25],
            gamma: 2.0,
            from_logits,
            label_smoothing: 0.0,
        },
        "sparse" | "sparse logits" => Loss::SparseCategoricalCrossentropy { from_logits, ignore_class: None },
        "sparse logits ignore 1" => {
            Loss::SparseCategoricalCrossentropy { from_logits, ignore_class: Some(1) }
        }
        "generalized" => Loss::CategoricalGeneralizedCrossEntropy { q: 0.5 },
        "dice of positions" => Loss::Dice { region: Region::Position },
        "tversky of positions" => Loss::Tversky { alpha: 0.3, beta: 0.8, region: Region::Position },
        name => panic!("{name}"),
    };
    (loss, head)
}

/// The same loss of probabilities instead of logits.
fn of_probabilities(loss: Loss) -> Loss {
    let mut loss = loss;
    match &mut loss {
        Loss::BinaryCrossentropy { from_logits, .. }
        | Loss::BinaryFocalCrossentropy { from_logits, .. }
        | Loss::CategoricalCrossentropy { from_logits, .. }
        | Loss::CategoricalFocalCrossentropy { from_logits, .. }
        | Loss::SparseCategoricalCrossentropy { from_logits, .. } => *from_logits = false,
        _ => {}
    }
    loss
}

fn compare<E: Float>(what: &str, batch: &Batch, value: f64, gradient: &[f64]) {
    for chunks in [&[5][..], &[2, 2, 1]] {
        let outcome = batch.run::<E>(chunks);
        assert_close(what, outcome.statistics[0] / 5.0, value, 1e-5, 1e-6);
        assert_eq!(outcome.gradient.len(), gradient.len());
        for (got, wanted) in outcome.gradient.iter().zip(gradient) {
            assert_close(&format!("gradient of {what}"), *got, *wanted, 2e-5, 1e-6);
        }
    }
}

fn losses_are_those_of_keras<E: Float>() {
    let file = file();
    let cases = file["losses"].as_array().unwrap();
    assert_eq!(cases.len(), 27);
    let [_, steps, classes] = SHAPE;
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let (loss, fused) = loss(name);
        // The focal loss of a softmax is not fused in Keras, which clips its probabilities.
        for (head, loss) in [(Head::Predictions, loss), (fused, of_probabilities(loss))] {
            let [x, target] = ["y_pred", "y_true"].map(|key| numbers(&case[key]));
            let mut batch = Batch::new(loss, head, steps, classes, x, target);
            batch.mask = Some(numbers(&file["mask"]));
            compare::<E>(name, &batch, case["value"].as_f64().unwrap(), &numbers(&case["grad_pred"]));
            batch.weights = Some(numbers(&file["sample_weight"]));
            let (value, gradient) = (case["weighted_value"].as_f64().unwrap(), &case["weighted_grad_pred"]);
            compare::<E>(&format!("{name}, weighted"), &batch, value, &numbers(gradient));
            // Masked steps are not read.
            let per_step = batch.target.len() / (5 * steps);
            let mask = batch.mask.clone().unwrap();
            for (step, _) in mask.iter().enumerate().filter(|(_, counts)| **counts == 0.0) {
                batch.target[step * per_step..(step + 1) * per_step].fill(f64::NAN);
                batch.x[step * classes..(step + 1) * classes].fill(f64::NAN);
            }
            compare::<E>(&format!("{name}, NaN"), &batch, value, &numbers(gradient));
            // A batch without an unmasked step.
            batch.mask = Some(vec![0.0; 5 * steps]);
            compare::<E>(&format!("{name}, nothing"), &batch, 0.0, &[0.0; 60]);
        }
    }
}

#[test]
fn losses_are_those_of_keras_in_f32() {
    losses_are_those_of_keras::<f32>();
}

#[test]
fn losses_are_those_of_keras_in_f64() {
    losses_are_those_of_keras::<f64>();
}

fn metric(name: &str) -> Metric {
    match name {
        "mse" => Metric::MeanSquaredError,
        "cosine_similarity" => Metric::CosineSimilarity,
        "pearson" => Metric::PearsonCorrelation,
        "concordance" => Metric::ConcordanceCorrelation,
        "binary_accuracy" => Metric::BinaryAccuracy { threshold: 0.5 },
        "categorical_accuracy" => Metric::CategoricalAccuracy,
        "sparse_categorical_accuracy" => Metric::SparseCategoricalAccuracy,
        "top_2" => Metric::TopKCategoricalAccuracy { k: 2 },
        "sparse_top_2" => Metric::SparseTopKCategoricalAccuracy { k: 2 },
        "binary_crossentropy" => Metric::BinaryCrossentropy { from_logits: false, label_smoothing: 0.0 },
        "sparse_categorical_crossentropy" => Metric::SparseCategoricalCrossentropy { from_logits: false },
        "hinge" => Metric::Hinge,
        "rmse" => Metric::RootMeanSquaredError,
        "precision" => Metric::Precision { threshold: 0.5, top_k: None, class_id: None },
        "recall" => Metric::Recall { threshold: 0.5, top_k: None, class_id: None },
        "auc" => crate::metrics::auc(200, Curve::Roc, false),
        "false_positives" => Metric::Count { outcome: Outcome::FalsePositive, threshold: 0.5 },
        name => panic!("{name}"),
    }
}

#[test]
fn metrics_are_those_of_keras() {
    let file = file();
    let [rows, steps, classes] = SHAPE;
    let cases = file["metrics"].as_array().unwrap();
    assert_eq!(cases.len(), 17);
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let metric = metric(name);
        let mut state = vec![0.0; state_len(metric, classes)];
        let mut mask = numbers(&file["mask"]);
        for batch in case["batches"].as_array().unwrap() {
            let [x, target] = ["y_pred", "y_true"].map(|key| numbers(&batch[key]));
            let loss = match target.len() == x.len() {
                true => Loss::MeanSquaredError,
                false => Loss::SparseCategoricalCrossentropy { from_logits: false, ignore_class: None },
            };
            let mut batch = Batch::new(loss, Head::Predictions, steps, classes, x, target);
            batch.mask = Some(mask.clone());
            batch.weights = Some(vec![0.5; rows]);
            batch.metrics = vec![(1, metric)];
            let statistics = batch.run::<f64>(&[3, 2]).statistics;
            state.iter_mut().zip(&statistics[1..]).for_each(|(sum, value)| *sum += value);
            mask.chunks_mut(steps).for_each(<[f64]>::reverse);
        }
        assert_close(name, result(metric, classes, &state), case["value"].as_f64().unwrap(), 1e-5, 1e-6);
    }
}

/// A batch of valid values for a loss.
pub(crate) fn batch(loss: Loss, [rows, positions, classes]: [usize; 3], noise: &mut Noise) -> Batch {
    let x = noise.many(rows * positions * classes, 0.05, 0.95);
    let targets = if loss.sparse() { 1 } else { classes };
    // A percentage of 0 is too large for differences.
    let least = f64::from(u8::from(loss == Loss::MeanAbsolutePercentageError));
    let target = (0..rows * positions * targets).map(|_| least + noise.below(2) as f64).collect();
    Batch::new(loss, Head::Predictions, positions, classes, x, target)
}

/// All losses with their defaults, and those of all regions.
pub(crate) fn all() -> Vec<Loss> {
    let mut losses = Loss::EXAMPLES.to_vec();
    losses.retain(|loss| !matches!(loss, Loss::Custom { .. }));
    losses.push(Loss::SparseCategoricalCrossentropy { from_logits: false, ignore_class: Some(1) });
    for region in [Region::BatchClass, Region::Sample, Region::SampleClass, Region::Position] {
        losses.extend([Loss::Dice { region }, Loss::Tversky { alpha: 0.3, beta: 0.8, region }]);
    }
    losses
}

#[test]
fn gradients_are_those_of_the_masked_loss() {
    let mut noise = Noise(5);
    for loss in all() {
        // Steps of one position and of two.
        for (positions, steps) in [(4, 4), (6, 3)] {
            let mut batch = batch(loss, [3, positions, 2], &mut noise);
            let mut mask: Vec<f64> = (0..2 * steps).map(|_| noise.below(2) as f64).collect();
            mask[0] = 1.0;
            mask.extend(vec![0.0; steps]);
            batch.mask = Some(mask);
            batch.weights = Some(noise.many(3, 0.5, 2.0));
            batch.loss_weight = 0.7;
            gradients::check(batch);
        }
    }
}

#[test]
fn padding_changes_nothing() {
    let mut noise = Noise(6);
    let (rows, classes, lengths) = (3, 2, [4, 1, 3]);
    for loss in all() {
        let padded = |steps: usize, noise: &mut Noise| {
            let mut batch = batch(loss, [rows, steps, classes], noise);
            batch.metrics = vec![(1, Metric::MeanSquaredError)];
            let mask =
                lengths.iter().flat_map(|&len| (0..steps).map(move |step| f64::from(u8::from(step < len))));
            batch.mask = Some(mask.collect());
            batch
        };
        let (mut short, mut long) = (padded(4, &mut noise), padded(9, &mut noise));
        let targets = short.target.len() / (rows * 4);
        for row in 0..rows {
            for (from, to, len) in
                [(&short.x, &mut long.x, classes), (&short.target, &mut long.target, targets)]
            {
                to[row * 9 * len..][..4 * len].copy_from_slice(&from[row * 4 * len..][..4 * len]);
            }
        }
        short.weights = Some(noise.many(rows, 0.5, 2.0));
        long.weights.clone_from(&short.weights);
        let (short, long) = (short.run::<f64>(&[2, 1]), long.run::<f64>(&[2, 1]));
        // The sums are of the same numbers in the same order.
        assert_eq!(short.statistics, long.statistics, "{loss:?}");
        for row in 0..rows {
            let of = |outcome: &[f64], steps| outcome[row * steps * classes..][..4 * classes].to_vec();
            assert_eq!(of(&short.gradient, 4), of(&long.gradient, 9), "{loss:?}");
            assert!(
                long.gradient[(row * 9 + 4) * classes..(row + 1) * 9 * classes].iter().all(|&g| g == 0.0)
            );
        }
    }
}

#[test]
fn a_mask_of_ones_changes_only_rounding() {
    let mut noise = Noise(7);
    for loss in all() {
        let mut batch = batch(loss, [4, 6, 3], &mut noise);
        batch.weights = Some(vec![1.5, 0.0, 2.0, 0.25]);
        let plain = batch.run::<f64>(&[4]);
        for steps in [6, 2] {
            batch.mask = Some(vec![1.0; 4 * steps]);
            let masked = batch.run::<f64>(&[4]);
            let what = format!("{loss:?}");
            // Without a mask `ignore_class` divides by the number of counted positions and ε.
            assert_close(&what, masked.statistics[0], plain.statistics[0], 1e-7, 1e-12);
            for (got, wanted) in masked.gradient.iter().zip(&plain.gradient) {
                assert_close(&what, *got, *wanted, 1e-6, 1e-12);
            }
        }
    }
}

#[test]
fn the_steps_of_a_mask_over_all_axes_are_values() {
    let x = vec![1.0, 5.0, 2.0, 7.0, 3.0, 9.0];
    let mut batch = Batch::new(Loss::MeanSquaredError, Head::Predictions, 1, 3, x, vec![0.0; 6]);
    batch.mask = Some(vec![1.0, 0.0, 1.0, 0.0, 1.0, 0.0]);
    batch.metrics = vec![(1, Metric::MeanSquaredError), (3, Metric::CosineSimilarity)];
    let outcome = batch.run::<f64>(&[1, 1]);
    // A metric that compares the values of a position reads all of them.
    assert_eq!(outcome.statistics[4], 2.0);
    let mean = (1.0 + 4.0 + 9.0) / 3.0;
    assert_close("loss", outcome.statistics[0] / 2.0, mean, 1e-12, 0.0);
    assert_close("metric", outcome.statistics[1] / outcome.statistics[2], mean, 1e-12, 0.0);
    gradients::check(batch);
}
