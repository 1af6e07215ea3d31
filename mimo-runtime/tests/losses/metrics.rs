//! Metrics compared with Keras 3.15.1, and with their definitions.

use mimo_graph::metric::{Aggregation, Average, Curve, Metric, Summation};
use mimo_runtime::float::Float;
use mimo_runtime::metric::{higher_is_better, result, state_len, update};

use crate::batch::{Noise, assert_close};
use crate::golden::{cases, numbers, shape};

const R2_SCORE: Metric = Metric::R2Score { aggregation: Aggregation::Uniform, num_regressors: 0 };

pub(crate) const fn auc(num_thresholds: usize, curve: Curve, from_logits: bool) -> Metric {
    Metric::Auc {
        num_thresholds,
        curve,
        summation_method: Summation::Interpolation,
        thresholds: &[],
        multi_label: false,
        label_weights: &[],
        from_logits,
    }
}

fn metric(name: &str) -> Metric {
    let auc = |curve| auc(200, curve, false);
    match name.trim_end_matches(" sw") {
        "BinaryAccuracy" => Metric::BinaryAccuracy { threshold: 0.5 },
        "AUC" => auc(Curve::Roc),
        "AUC PR" => auc(Curve::Pr),
        "Precision" => Metric::Precision { threshold: 0.5, top_k: None, class_id: None },
        "Precision thr.6" => Metric::Precision { threshold: 0.6, top_k: None, class_id: None },
        "Recall" => Metric::Recall { threshold: 0.5, top_k: None, class_id: None },
        "BinaryCrossentropy" => Metric::BinaryCrossentropy { from_logits: false, label_smoothing: 0.0 },
        "CategoricalAccuracy" => Metric::CategoricalAccuracy,
        "TopKCategoricalAccuracy" => Metric::TopKCategoricalAccuracy { k: 2 },
        "CategoricalCrossentropy" => {
            Metric::CategoricalCrossentropy { from_logits: false, label_smoothing: 0.0 }
        }
        "KLDivergence" => Metric::KlDivergence,
        "MeanSquaredError" | "MSE 3d" => Metric::MeanSquaredError,
        "MeanAbsoluteError" | "MAE" => Metric::MeanAbsoluteError,
        "RootMeanSquaredError" => Metric::RootMeanSquaredError,
        "CosineSimilarity" => Metric::CosineSimilarity,
        "R2Score" => R2_SCORE,
        "CategoricalHinge" => Metric::CategoricalHinge,
        "F1 macro" => Metric::FBetaScore { beta: 1.0, average: Average::Macro, threshold: None },
        "SparseCategoricalAccuracy" => Metric::SparseCategoricalAccuracy,
        "SparseTopK k2" => Metric::SparseTopKCategoricalAccuracy { k: 2 },
        name => panic!("{name}"),
    }
}

/// Adds rows with these positions and classes.
fn add<E: Float>(
    metric: Metric,
    (positions, classes): (usize, usize),
    y: &[f64],
    target: &[f64],
    weights: &[f64],
    state: &mut [f64],
) {
    let rows = y.len() / (positions * classes);
    let convert = |values: &[f64]| values.iter().map(|&value| E::of(value)).collect::<Vec<_>>();
    let (y, target) = (convert(y), convert(target));
    let targets = target.len() / rows;
    for (row, (y, target)) in y.chunks(positions * classes).zip(target.chunks(targets)).enumerate() {
        update(metric, classes, y, target, weights.get(row).copied().unwrap_or(1.0), state);
    }
}

fn value(metric: Metric, shape: (usize, usize), y: &[f64], target: &[f64]) -> f64 {
    let mut state = vec![0.0; state_len(metric, shape.1)];
    add::<f64>(metric, shape, y, target, &[], &mut state);
    result(metric, shape.1, &state)
}

#[test]
fn metrics_are_those_of_keras() {
    let cases = cases("metrics.json", "metrics");
    assert_eq!(cases.len(), 27);
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let metric = metric(name);
        let updates = case["updates"].as_array().unwrap();
        let classes = shape(&updates[0]["shape"]).1;
        let mut state = vec![0.0; state_len(metric, classes)];
        // The same metric from a state per update, summed.
        let mut sum = state.clone();
        for (batch, wanted) in updates.iter().zip(numbers(&case["result_after_each"])) {
            let shape = shape(&batch["shape"]);
            let (y, target) = (numbers(&batch["y_pred"]), numbers(&batch["y_true"]));
            let weights = numbers(&batch["sample_weight"]);
            add::<f32>(metric, shape, &y, &target, &weights, &mut state);
            assert_close(name, result(metric, classes, &state), wanted, 1e-5, 1e-6);
            let mut own = vec![0.0; state.len()];
            add::<f32>(metric, shape, &y, &target, &weights, &mut own);
            sum.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
            assert_close(name, result(metric, classes, &sum), wanted, 1e-5, 1e-6);
        }
    }
}

#[test]
fn metrics_that_are_losses() {
    let (y, target) = (vec![0.2, 0.7, 0.1, 0.3, 0.3, 0.4], vec![0.0, 1.0, 0.0, 1.0, 0.0, 0.0]);
    let of = |metric| value(metric, (1, 3), &y, &target);
    let mean = |f: fn(f64, f64) -> f64| y.iter().zip(&target).map(|(&p, &t)| f(p, t)).sum::<f64>() / 6.0;
    assert_close("log cosh", of(Metric::LogCoshError), mean(|p, t| (p - t).cosh().ln()), 1e-12, 0.0);
    assert_close("poisson", of(Metric::Poisson), mean(|p, t| p - t * (p + 1e-7).ln()), 1e-12, 0.0);
    assert_close("hinge", of(Metric::Hinge), mean(|p, t| (1.0 - (2.0 * t - 1.0) * p).max(0.0)), 1e-12, 0.0);
    let squared = mean(|p, t| (1.0 - (2.0 * t - 1.0) * p).max(0.0).powi(2));
    assert_close("squared hinge", of(Metric::SquaredHinge), squared, 1e-12, 0.0);
    let logarithmic = mean(|p, t| ((p + 1.0).ln() - (t.max(1e-7) + 1.0).ln()).powi(2));
    assert_close("msle", of(Metric::MeanSquaredLogarithmicError), logarithmic, 1e-12, 0.0);
    let percentage = mean(|p, t| 100.0 * (p - t).abs() / t.max(1e-7));
    assert_close("mape", of(Metric::MeanAbsolutePercentageError), percentage, 1e-12, 0.0);
    let sparse = Metric::SparseCategoricalCrossentropy { from_logits: false };
    let wanted = -(0.7_f64.ln() + 0.3_f64.ln()) / 2.0;
    assert_close("sparse", value(sparse, (1, 3), &y, &[1.0, 0.0]), wanted, 1e-12, 0.0);
}

/// Counts above every threshold, by the definition.
fn area(y: &[f64], target: &[f64], thresholds: usize, curve: Curve) -> f64 {
    let last = (thresholds - 1) as f64;
    let threshold = |i: usize| match i {
        0 => -1e-7,
        i if i == thresholds - 1 => 1.0 + 1e-7,
        i => i as f64 / last,
    };
    let counts: Vec<(f64, f64)> = (0..thresholds)
        .map(|i| {
            let above = y.iter().zip(target).filter(|&(&p, _)| p > threshold(i));
            above.fold((0.0, 0.0), |(right, wrong), (_, t)| (right + t, wrong + 1.0 - t))
        })
        .collect();
    let positives: f64 = target.iter().sum();
    let negatives = target.len() as f64 - positives;
    let parts = counts.windows(2).map(|pair| {
        let [(tp0, fp0), (tp1, fp1)] = *pair else { unreachable!() };
        match curve {
            Curve::Roc => (fp0 - fp1) / negatives * (tp0 + tp1) / positives / 2.0,
            Curve::Pr | Curve::PrGain => {
                let (p0, p1) = (tp0 + fp0, tp1 + fp1);
                let slope = if p0 > p1 { (tp0 - tp1) / (p0 - p1) } else { 0.0 };
                let ratio = if p0 > 0.0 && p1 > 0.0 { p0 / p1 } else { 1.0 };
                slope * (tp0 - tp1 + (tp1 - slope * p1) * ratio.ln()) / positives
            }
        }
    });
    parts.sum()
}

#[test]
fn buckets_give_the_area_of_the_definition() {
    let mut noise = Noise(3);
    let target: Vec<f64> = (0..200).map(|_| noise.below(2) as f64).collect();
    let logits: Vec<f64> = target.iter().map(|t| t + noise.between(-2.0, 2.0)).collect();
    let mut y: Vec<f64> = logits.iter().map(|z| 1.0 / (1.0 + (-z).exp())).collect();
    for curve in [Curve::Roc, Curve::Pr] {
        for num_thresholds in [2, 3, 50, 200] {
            let of =
                |y: &[f64], from_logits| value(auc(num_thresholds, curve, from_logits), (1, 1), y, &target);
            assert_close("auc", of(&y, false), area(&y, &target, num_thresholds, curve), 1e-12, 0.0);
            assert_close("auc of logits", of(&logits, true), of(&y, false), 1e-12, 0.0);
        }
    }
    // Values at the ends, and a class per column.
    y[..4].copy_from_slice(&[0.0, 1.0, 0.5, 0.25]);
    let metric = auc(5, Curve::Roc, false);
    let wanted = area(&y, &target, 5, Curve::Roc);
    assert_close("ends", value(metric, (1, 1), &y, &target), wanted, 1e-12, 0.0);
    assert_close("columns", value(metric, (2, 4), &y, &target), wanted, 1e-12, 0.0);
    // With one kind only there is no curve; values that are not probabilities are counted at the ends.
    assert_eq!(value(metric, (1, 1), &[0.3, 0.9], &[1.0, 1.0]), 0.0);
    assert_eq!(value(metric, (1, 1), &[-7.0, 1e30, f64::NAN], &[0.0, 1.0, 0.0]), 1.0);
}

#[test]
fn f1_averages() {
    // Predicted and true: 0-0, 0-1, 1-1, 2-1, 2-2, 0-0.
    let found = [0, 0, 1, 2, 2, 0];
    let classes = [0.0, 1.0, 1.0, 1.0, 2.0, 0.0];
    let one_hot = |class: usize| (0..3).map(move |i| f64::from(u8::from(i == class)));
    let y: Vec<f64> = found.iter().flat_map(|&class| one_hot(class)).collect();
    let target: Vec<f64> = classes.iter().flat_map(|&class| one_hot(class as usize)).collect();
    // Per class, 2 TP / (2 TP + FP + FN).
    let scores = [4.0 / 5.0, 2.0 / 4.0, 2.0 / 3.0];
    let macro_average = scores.iter().sum::<f64>() / 3.0;
    let weighted = (scores[0] * 2.0 + scores[1] * 3.0 + scores[2]) / 6.0;
    for (average, wanted) in
        [(Average::Macro, macro_average), (Average::Weighted, weighted), (Average::Micro, 4.0 / 6.0)]
    {
        for threshold in [None, Some(0.5)] {
            let metric = Metric::FBetaScore { beta: 1.0, average, threshold };
            assert_close("one-hot", value(metric, (1, 3), &y, &target), wanted, 1e-6, 0.0);
            assert_close("indices", value(metric, (2, 3), &y, &classes), wanted, 1e-6, 0.0);
        }
    }
    // Nothing is predicted if nothing is above 0.
    let metric = Metric::FBetaScore { beta: 1.0, average: Average::Macro, threshold: None };
    assert_eq!(value(metric, (1, 3), &[0.0; 3], &[1.0, 0.0, 0.0]), 0.0);
}

#[test]
fn ties_go_to_the_first_of_the_largest_and_into_the_top() {
    let y = [0.4, 0.4, 0.2];
    assert_eq!(value(Metric::SparseCategoricalAccuracy, (1, 3), &y, &[0.0]), 1.0);
    assert_eq!(value(Metric::SparseCategoricalAccuracy, (1, 3), &y, &[1.0]), 0.0);
    assert_eq!(value(Metric::CategoricalAccuracy, (1, 3), &y, &[0.0, 1.0, 0.0]), 0.0);
    assert_eq!(value(Metric::SparseTopKCategoricalAccuracy { k: 1 }, (1, 3), &y, &[1.0]), 1.0);
    assert_eq!(value(Metric::TopKCategoricalAccuracy { k: 2 }, (1, 3), &y, &[0.0, 0.0, 1.0]), 0.0);
    assert_eq!(value(Metric::TopKCategoricalAccuracy { k: 9 }, (1, 3), &y, &[0.0, 0.0, 1.0]), 1.0);
    assert_eq!(value(Metric::SparseTopKCategoricalAccuracy { k: 5 }, (1, 3), &[f64::NAN; 3], &[1.0]), 0.0);
}

#[test]
fn r2_of_equal_targets_is_a_number() {
    let of = |y: &[f64], target: &[f64]| value(R2_SCORE, (1, 1), y, target);
    assert_eq!(of(&[0.1, 0.2, 0.3], &[0.1; 3]), 0.0);
    assert_eq!(of(&[0.1; 3], &[0.1; 3]), 1.0);
    assert_close(
        "far from 0",
        of(&[1e4, 1e4 + 1.0, 1e4 + 2.0], &[1e4, 1e4 + 1.0, 1e4 + 3.0]),
        11.0 / 14.0,
        1e-6,
        0.0,
    );
}

#[test]
fn a_state_that_does_not_fit_is_left_alone() {
    let metric = R2_SCORE;
    let mut state = [5.0; 3];
    update(metric, 3, &[1.0_f32; 3], &[1.0; 3], 1.0, &mut state);
    assert_eq!(state, [5.0; 3]);
    assert_eq!(result(metric, 3, &state), 0.0);
    // A target of another kind does no harm.
    let mut state = [0.0; 2];
    update(Metric::KlDivergence, 3, &[0.2_f32, 0.3, 0.5], &[1.0], 1.0, &mut state);
    update(Metric::CosineSimilarity, 3, &[0.2_f32, 0.3, 0.5], &[1.0], 1.0, &mut state);
    assert_eq!(state, [0.0; 2]);
}

#[test]
fn directions() {
    const LENGTH: usize = state_len(auc(200, Curve::Roc, false), 1);
    assert_eq!(LENGTH, 398);
    assert_eq!(higher_is_better(Metric::CosineSimilarity), Some(true));
    assert_eq!(higher_is_better(Metric::RootMeanSquaredError), Some(false));
}
