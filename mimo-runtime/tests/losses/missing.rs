//! Missing targets, weights of positions and weighted metrics: compared with differences, and with the present
//! samples alone.

use mimo_graph::loss::{Loss, Region};
use mimo_graph::metric::{Aggregation, Average, ClassesOf, Curve, Metric, Outcome, Rate, Summation};
use mimo_runtime::metric::{result, state_len};

use crate::batch::{Batch, Head, Noise, assert_close};
use crate::gradients;
use crate::masked::{all, batch};

const MISSING: f64 = f64::NAN;

/// Whether a loss has one value for all positions of a sample, which then have no weights.
fn has_no_positions(loss: Loss) -> bool {
    loss.region().is_some_and(|region| region != Region::Position)
}

/// Weights of positions, some of which are missing and some 0.
fn weights_of(loss: Loss, count: usize, noise: &mut Noise) -> Vec<f64> {
    let weight = |noise: &mut Noise| match noise.below(4) {
        0 => MISSING,
        _ if has_no_positions(loss) => 1.0,
        1 => 0.0,
        _ => 0.5 + noise.below(3) as f64,
    };
    (0..count).map(|_| weight(noise)).collect()
}

#[test]
fn gradients_are_those_of_the_loss_of_what_is_there() {
    let mut noise = Noise(11);
    for loss in all() {
        for (positions, steps) in [(1, None), (4, None), (4, Some(4)), (6, Some(3)), (3, Some(6))] {
            let mut batch = batch(loss, [4, positions, 2], &mut noise);
            batch.weights = Some(vec![0.5, MISSING, 2.0, 1.5]);
            batch.loss_weight = 0.7;
            if positions > 1 {
                let mut weights = weights_of(loss, 4 * positions, &mut noise);
                // A sample without any of its positions.
                weights[2 * positions..3 * positions].fill(MISSING);
                weights[0] = 1.0;
                batch.position_weights = Some(weights);
            }
            // A mask finer than positions leaves out single values.
            if steps.is_some_and(|steps| steps > positions) && !loss.of_values() {
                continue;
            }
            batch.mask = steps.map(|steps| {
                let mut mask: Vec<f64> = (0..4 * steps).map(|_| noise.below(2) as f64).collect();
                mask[..steps].fill(1.0);
                mask
            });
            // The placeholder of a missing target is not read.
            let per_position = batch.target.len() / (4 * positions);
            batch.target[positions * per_position..2 * positions * per_position].fill(f64::NAN);
            if let Some(weights) = &batch.position_weights {
                for (place, _) in weights.iter().enumerate().filter(|(_, weight)| weight.is_nan()) {
                    batch.target[place * per_position..(place + 1) * per_position].fill(f64::NAN);
                }
            }
            gradients::check(batch.clone());
            let outcome = batch.run::<f64>(&[4]);
            assert!(outcome.statistics[0].is_finite() && outcome.statistics[0] != 0.0, "{loss:?}");
            assert!(outcome.gradient.iter().all(|value| value.is_finite()), "{loss:?}");
            let of_missing = &outcome.gradient[positions * 2..positions * 4];
            assert!(of_missing.iter().all(|value| *value == 0.0), "{loss:?}");
        }
    }
}

/// The samples of a batch with a target.
fn present(batch: &Batch) -> Batch {
    let weights = batch.weights.clone().unwrap();
    let there: Vec<usize> = (0..weights.len()).filter(|&row| !weights[row].is_nan()).collect();
    let pick = |values: &[f64]| {
        let len = values.len() / weights.len();
        there.iter().flat_map(|&row| values[row * len..(row + 1) * len].to_vec()).collect::<Vec<_>>()
    };
    Batch {
        x: pick(&batch.x),
        target: pick(&batch.target),
        weights: Some(pick(&weights)),
        position_weights: batch.position_weights.as_ref().map(|weights| pick(weights)),
        mask: batch.mask.as_ref().map(|mask| pick(mask)),
        ..batch.clone()
    }
}

#[test]
fn a_loss_is_the_mean_over_the_samples_that_have_a_target() {
    let mut noise = Noise(12);
    for loss in all() {
        for steps in [None, Some(2)] {
            let mut batch = batch(loss, [6, 4, 2], &mut noise);
            batch.weights = Some(vec![MISSING, 0.5, 0.0, MISSING, 2.0, 1.0]);
            batch.mask = steps.map(|steps| {
                let mut mask: Vec<f64> = (0..6 * steps).map(|_| noise.below(2) as f64).collect();
                mask[steps..2 * steps].fill(1.0);
                mask
            });
            let rest = present(&batch);
            let (all, only) = (batch.run::<f64>(&[2, 3, 1]), rest.run::<f64>(&[4]));
            assert_close("loss", batch.total::<f64>(), rest.total::<f64>(), 1e-12, 1e-12);
            let mut gradient = all.gradient.chunks(8).enumerate();
            let mut rows = only.gradient.chunks(8);
            for (row, of_row) in &mut gradient {
                let wanted = match row {
                    0 | 3 => &[0.0; 8][..],
                    _ => rows.next().unwrap(),
                };
                for (a, b) in of_row.iter().zip(wanted) {
                    assert_close(&format!("{loss:?}"), *a, *b, 1e-12, 1e-14);
                }
            }
        }
    }
}

#[test]
fn missing_positions_are_left_out_as_a_mask_leaves_them_out() {
    let mut noise = Noise(13);
    for loss in all() {
        let mut marked = batch(loss, [3, 4, 2], &mut noise);
        let mut masked = marked.clone();
        let mut mask: Vec<f64> = (0..12).map(|_| noise.below(2) as f64).collect();
        mask[..2].copy_from_slice(&[1.0, 0.0]);
        let weights = mask.iter().map(|&counts| if counts == 0.0 { MISSING } else { 1.0 });
        marked.position_weights = Some(weights.collect());
        masked.mask = Some(mask);
        let (marked, masked) = (marked.run::<f64>(&[3]), masked.run::<f64>(&[3]));
        // `ignore_class` divides by slightly more than the number of positions.
        assert_close(&format!("{loss:?}"), marked.statistics[0], masked.statistics[0], 1e-7, 1e-12);
        for (a, b) in marked.gradient.iter().zip(&masked.gradient) {
            assert_close(&format!("{loss:?}"), *a, *b, 1e-7, 1e-14);
        }
    }
}

#[test]
fn without_any_target_there_is_no_loss_and_no_gradient() {
    let mut noise = Noise(14);
    for loss in all() {
        for of_positions in [false, true] {
            let mut batch = batch(loss, [2, 3, 2], &mut noise);
            match of_positions {
                false => batch.weights = Some(vec![MISSING; 2]),
                true => batch.position_weights = Some(vec![MISSING; 6]),
            }
            batch.target.fill(f64::NAN);
            let outcome = batch.run::<f64>(&[2]);
            assert_eq!(outcome.statistics[0], 0.0, "{loss:?}");
            assert!(outcome.gradient.iter().all(|value| *value == 0.0), "{loss:?}");
        }
    }
}

#[test]
fn a_position_of_weight_0_divides_and_a_missing_one_does_not() {
    let x = vec![1.0, 2.0, 3.0, 4.0];
    let mut batch = Batch::new(Loss::MeanSquaredError, Head::Predictions, 2, 1, x, vec![0.0; 4]);
    batch.position_weights = Some(vec![1.0, 0.0, 2.0, 1.0]);
    // Keras: (1·1 + 0 + 2·9 + 16) / 4.
    assert_close("weights", batch.total::<f64>(), 35.0 / 4.0, 1e-12, 0.0);
    batch.position_weights = Some(vec![1.0, MISSING, 2.0, 1.0]);
    assert_close("missing", batch.total::<f64>(), 35.0 / 3.0, 1e-12, 0.0);
}

/// Every metric, with the form of its targets.
fn metrics() -> Vec<(Metric, bool)> {
    let auc = |curve, multi_label| Metric::Auc {
        num_thresholds: 7,
        curve,
        summation_method: Summation::Interpolation,
        thresholds: &[],
        multi_label,
        label_weights: &[],
        from_logits: false,
    };
    let iou = |classes| Metric::IoU { classes, num_classes: 3, target_class_ids: &[], ignore_class: None };
    let (threshold, top_k, class_id) = (0.5, None, None);
    let (from_logits, label_smoothing, gamma) = (false, 0.0, 2.0);
    let mut values = vec![
        Metric::BinaryAccuracy { threshold },
        Metric::CategoricalAccuracy,
        Metric::TopKCategoricalAccuracy { k: 2 },
        Metric::MeanAbsoluteError,
        Metric::MeanSquaredError,
        Metric::MeanAbsolutePercentageError,
        Metric::MeanSquaredLogarithmicError,
        Metric::RootMeanSquaredError,
        Metric::LogCoshError,
        Metric::PearsonCorrelation,
        Metric::ConcordanceCorrelation,
        Metric::ExactMatch { threshold },
        Metric::Precision { threshold, top_k, class_id },
        Metric::Recall { threshold, top_k, class_id },
        auc(Curve::Roc, false),
        auc(Curve::Pr, true),
        Metric::CosineSimilarity,
        Metric::BinaryCrossentropy { from_logits, label_smoothing },
        Metric::CategoricalCrossentropy { from_logits, label_smoothing },
        Metric::BinaryFocalCrossentropy {
            apply_class_balancing: false,
            alpha: 0.25,
            gamma,
            from_logits,
            label_smoothing,
        },
        Metric::CategoricalFocalCrossentropy { alpha: &[0.25], gamma, from_logits, label_smoothing },
        Metric::Huber { delta: 0.3 },
        Metric::KlDivergence,
        Metric::Poisson,
        Metric::Hinge,
        Metric::SquaredHinge,
        Metric::CategoricalHinge,
        iou(ClassesOf::OneHot),
        iou(ClassesOf::Threshold(0.5)),
        Metric::RateAtRate {
            best: Rate::Precision,
            constrained: Rate::Recall,
            least: 0.4,
            num_thresholds: 7,
            class_id: None,
        },
    ];
    values.extend(
        [Outcome::TruePositive, Outcome::TrueNegative].map(|outcome| Metric::Count { outcome, threshold }),
    );
    values.extend(
        [Outcome::FalsePositive, Outcome::FalseNegative].map(|outcome| Metric::Count { outcome, threshold }),
    );
    values.extend([Average::Macro, Average::Micro, Average::Weighted].map(|average| Metric::FBetaScore {
        beta: 2.0,
        average,
        threshold: None,
    }));
    values.extend(
        [Aggregation::Uniform, Aggregation::VarianceWeighted]
            .map(|aggregation| Metric::R2Score { aggregation, num_regressors: 0 }),
    );
    let classes = [
        Metric::SparseCategoricalAccuracy,
        Metric::SparseTopKCategoricalAccuracy { k: 2 },
        Metric::SparseCategoricalCrossentropy { from_logits },
        iou(ClassesOf::Scores),
    ];
    values.into_iter().map(|metric| (metric, false)).chain(classes.map(|metric| (metric, true))).collect()
}

/// A batch with one metric, weighted or not, and the metric's value.
fn value(batch: &Batch, metric: Metric, weighted: bool) -> f64 {
    let mut batch = batch.clone();
    batch.metrics = vec![(1, metric)];
    batch.unweighted = Some(usize::from(!weighted));
    let statistics = batch.run::<f64>(&[batch.rows() / 2, batch.rows().div_ceil(2)]).statistics;
    result(metric, batch.classes, &statistics[1..1 + state_len(metric, batch.classes)])
}

/// Samples with one-hot targets or class indices.
fn labelled(sparse: bool, rows: usize, positions: usize, noise: &mut Noise) -> Batch {
    let x = noise.many(rows * positions * 3, 0.05, 0.95);
    let classes: Vec<usize> = (0..rows * positions).map(|_| noise.below(3)).collect();
    let (loss, target) = match sparse {
        true => (
            Loss::SparseCategoricalCrossentropy { from_logits: false, ignore_class: None },
            classes.iter().map(|class| *class as f64).collect(),
        ),
        false => (
            Loss::MeanSquaredError,
            classes
                .iter()
                .flat_map(|class| (0..3).map(move |it| f64::from(u8::from(it == *class))))
                .collect(),
        ),
    };
    Batch::new(loss, Head::Predictions, positions, 3, x, target)
}

#[test]
fn no_metric_sees_a_missing_target() {
    let mut noise = Noise(15);
    for (metric, sparse) in metrics() {
        for positions in [1, 4] {
            let mut all = labelled(sparse, 9, positions, &mut noise);
            let mut weights = vec![1.0; 9];
            [1, 4, 8].into_iter().for_each(|row| weights[row] = MISSING);
            all.weights = Some(weights);
            let rest = present(&all);
            // Targets that must not be counted.
            let len = all.target.len() / 9;
            [1, 4, 8].into_iter().for_each(|row| all.target[row * len..(row + 1) * len].fill(f64::NAN));
            for weighted in [false, true] {
                let what = format!("{metric:?} weighted {weighted}");
                assert_close(
                    &what,
                    value(&all, metric, weighted),
                    value(&rest, metric, weighted),
                    1e-12,
                    0.0,
                );
            }
        }
        // Positions some of which are missing equal the present ones as samples of one position.
        let mut all = labelled(sparse, 6, 4, &mut noise);
        let weights: Vec<f64> = (0..24).map(|at| if at % 3 == 1 { MISSING } else { 1.0 }).collect();
        let single = Batch { positions: 1, weights: Some(weights.clone()), ..all.clone() };
        all.position_weights = Some(weights);
        let wanted = value(&present(&single), metric, false);
        for (place, target) in all.target.chunks_mut(if sparse { 1 } else { 3 }).enumerate() {
            if place % 3 == 1 {
                target.fill(f64::NAN);
            }
        }
        assert_close(&format!("{metric:?}"), value(&all, metric, false), wanted, 1e-12, 0.0);
        assert_close(&format!("{metric:?}"), value(&all, metric, true), wanted, 1e-12, 0.0);
    }
}

/// Samples with one position, repeated by their weights.
fn repeated(batch: &Batch, weights: &[f64]) -> Batch {
    let pick = |values: &[f64]| {
        let len = values.len() / weights.len();
        let rows = weights.iter().enumerate().flat_map(|(row, weight)| vec![row; *weight as usize]);
        rows.flat_map(|row| values[row * len..(row + 1) * len].to_vec()).collect::<Vec<_>>()
    };
    Batch {
        x: pick(&batch.x),
        target: pick(&batch.target),
        weights: None,
        position_weights: None,
        ..batch.clone()
    }
}

#[test]
fn a_weighted_metric_counts_a_sample_as_often_as_it_weighs() {
    let mut noise = Noise(16);
    for (metric, sparse) in metrics() {
        let weights: Vec<f64> = [2.0, 0.0, 1.0, 3.0, 1.0, 2.0].repeat(2);
        let mut batch = labelled(sparse, 12, 1, &mut noise);
        let wanted = value(&repeated(&batch, &weights), metric, false);
        let plain = value(&batch, metric, false);
        batch.weights = Some(weights.clone());
        assert_close(&format!("{metric:?}"), value(&batch, metric, true), wanted, 1e-12, 1e-14);
        assert_close(&format!("{metric:?}"), value(&batch, metric, false), plain, 1e-12, 0.0);
        // The same for positions.
        let mut steps = Batch { positions: 4, weights: None, ..batch.clone() };
        steps.position_weights = Some(weights);
        assert_close(&format!("{metric:?}"), value(&steps, metric, true), wanted, 1e-12, 1e-14);
        assert_close(&format!("{metric:?}"), value(&steps, metric, false), plain, 1e-12, 1e-14);
    }
}
