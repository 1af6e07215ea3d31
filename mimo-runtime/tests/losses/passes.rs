//! Properties of every pass: chunks do not matter, extremes stay finite, only requested values are written.

use mimo_graph::loss::Loss;
use mimo_graph::metric::{Average, Curve, Metric};
use mimo_runtime::chunk::Mode;
use mimo_runtime::float::Float;

use crate::batch::{Batch, Head, Noise, assert_close};

const BINARY: Loss = Loss::BinaryCrossentropy { from_logits: false, label_smoothing: 0.0 };
const BINARY_LOGITS: Loss = Loss::BinaryCrossentropy { from_logits: true, label_smoothing: 0.0 };
const CATEGORICAL: Loss = Loss::CategoricalCrossentropy { from_logits: false, label_smoothing: 0.0 };
const CATEGORICAL_LOGITS: Loss = Loss::CategoricalCrossentropy { from_logits: true, label_smoothing: 0.0 };
const SPARSE: Loss = Loss::SparseCategoricalCrossentropy { from_logits: false, ignore_class: None };
const SPARSE_LOGITS: Loss = Loss::SparseCategoricalCrossentropy { from_logits: true, ignore_class: None };
const IGNORING: Loss = Loss::SparseCategoricalCrossentropy { from_logits: false, ignore_class: Some(0) };

/// Seven samples of two positions and three classes, each a distribution.
fn seven(loss: Loss, head: Head) -> Batch {
    let mut noise = Noise(11);
    let x = noise.many(7 * 2 * 3, 0.05, 0.95);
    let classes: Vec<usize> = (0..7 * 2).map(|_| noise.below(3)).collect();
    let target = if loss.sparse() {
        classes.iter().map(|&class| class as f64).collect()
    } else {
        classes.iter().flat_map(|&class| (0..3).map(move |i| f64::from(u8::from(i == class)))).collect()
    };
    Batch { weights: Some(noise.many(7, 0.0, 2.0)), ..Batch::new(loss, head, 2, 3, x, target) }
}

fn all() -> Vec<Batch> {
    let predictions = [
        Loss::MeanSquaredError,
        Loss::MeanAbsoluteError,
        Loss::MeanAbsolutePercentageError,
        Loss::MeanSquaredLogarithmicError,
        Loss::Huber { delta: 0.5 },
        Loss::LogCosh,
        BINARY,
        BINARY_LOGITS,
        CATEGORICAL,
        CATEGORICAL_LOGITS,
        SPARSE,
        SPARSE_LOGITS,
        IGNORING,
        Loss::KlDivergence,
        Loss::Poisson,
        Loss::CosineSimilarity,
        Loss::Hinge,
        Loss::SquaredHinge,
        Loss::CategoricalHinge,
    ];
    let mut all: Vec<_> = predictions.into_iter().map(|loss| seven(loss, Head::Predictions)).collect();
    all.push(seven(BINARY, Head::Sigmoid));
    all.extend([CATEGORICAL, SPARSE, IGNORING].map(|loss| seven(loss, Head::Softmax)));
    all
}

#[test]
fn chunks_do_not_matter() {
    for mut batch in all() {
        batch.metrics = vec![(1, Metric::Precision { threshold: 0.4, top_k: None, class_id: None })];
        if !batch.loss.sparse() {
            batch.metrics.push((3, Metric::MeanAbsoluteError));
        }
        let whole = batch.run::<f64>(&[7]);
        for chunks in [&[3, 4][..], &[1, 1, 5], &[7, 0]] {
            let parts = batch.run::<f64>(chunks);
            assert_eq!(whole.gradient, parts.gradient, "{:?}", batch.loss);
            for (whole, parts) in whole.statistics.iter().zip(&parts.statistics) {
                assert_close("statistics", *parts, *whole, 1e-14, 0.0);
            }
        }
    }
}

#[test]
fn evaluation_gives_the_same_sums_and_no_gradient() {
    for batch in all() {
        let train = batch.run::<f32>(&[7]);
        let evaluate = Batch { mode: Mode::Evaluate, ..batch }.run::<f32>(&[7]);
        assert_eq!(train.statistics.len(), evaluate.statistics.len());
        assert_close("loss", evaluate.statistics[0], train.statistics[0], 1e-6, 0.0);
        assert!(evaluate.gradient.iter().all(|&g| g == 777.0));
    }
}

#[test]
fn a_fused_head_gives_what_its_logits_give() {
    for (fused, logits, head) in [
        (BINARY, BINARY_LOGITS, Head::Sigmoid),
        (CATEGORICAL, CATEGORICAL_LOGITS, Head::Softmax),
        (SPARSE, SPARSE_LOGITS, Head::Softmax),
    ] {
        let (fused, logits) = (seven(fused, head), seven(logits, Head::Predictions));
        let (fused, logits) = (fused.run::<f64>(&[7]), logits.run::<f64>(&[7]));
        assert_close("loss", fused.statistics[0], logits.statistics[0], 1e-13, 0.0);
        for (fused, logits) in fused.gradient.iter().zip(&logits.gradient) {
            assert_close("gradient", *fused, *logits, 1e-12, 1e-15);
        }
    }
}

fn extremes<E: Float>() {
    for (loss, head) in [
        (BINARY, Head::Predictions),
        (BINARY, Head::Sigmoid),
        (BINARY_LOGITS, Head::Predictions),
        (CATEGORICAL, Head::Softmax),
        (CATEGORICAL_LOGITS, Head::Predictions),
        (Loss::MeanSquaredError, Head::Predictions),
        (Loss::LogCosh, Head::Predictions),
        (Loss::Huber { delta: 1.0 }, Head::Predictions),
        (Loss::KlDivergence, Head::Predictions),
        (Loss::CosineSimilarity, Head::Predictions),
        (Loss::SquaredHinge, Head::Predictions),
        (Loss::CategoricalHinge, Head::Predictions),
    ] {
        let x = vec![1000.0, -1000.0, 0.0, -1000.0, -1000.0, 1000.0, 0.0, 0.0, 0.0];
        let target = vec![1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
        let outcome = Batch::new(loss, head, 1, 3, x, target).run::<E>(&[3]);
        assert!(outcome.statistics[0].is_finite(), "{loss:?} {head:?}");
        assert!(outcome.gradient.iter().all(|g| g.is_finite()), "{loss:?} {head:?}");
    }
    for (loss, head) in [(SPARSE, Head::Softmax), (SPARSE_LOGITS, Head::Predictions)] {
        let x = vec![1000.0, -1000.0, 0.0, -1000.0, -1000.0, 1000.0];
        let batch = Batch::new(loss, head, 1, 3, x, vec![0.0, 1.0]);
        assert_close("loss", batch.total::<E>(), 1000.0, 1e-6, 0.0);
    }
}

#[test]
fn extremes_stay_finite() {
    extremes::<f32>();
    extremes::<f64>();
}

/// A loss smaller than the resolution of `1 − p` in f32 is exact: it is computed from the logits.
#[test]
fn small_losses_are_not_rounded_to_zero() {
    let wanted = (-20.0_f64).exp();
    for n in [1, 20] {
        let binary = Batch::new(BINARY, Head::Sigmoid, 1, n, vec![20.0; n], vec![1.0; n]);
        assert_close("sigmoid", binary.total::<f32>(), wanted, 1e-5, 0.0);
    }
    for (loss, head) in [(SPARSE, Head::Softmax), (SPARSE_LOGITS, Head::Predictions)] {
        let softmax = Batch::new(loss, head, 1, 3, vec![0.0, 20.0, 0.0], vec![1.0]);
        assert_close("softmax", softmax.total::<f32>(), 2.0 * wanted, 1e-5, 0.0);
    }
}

#[test]
fn the_clip_of_a_probability_has_no_gradient() {
    let outcome =
        Batch::new(BINARY, Head::Predictions, 1, 2, vec![0.0, 1.0], vec![1.0, 1.0]).run::<f32>(&[1]);
    assert_eq!(outcome.gradient, [0.0, 0.0]);
    assert_close("loss", outcome.statistics[0], 0.5 * 1e7_f64.ln(), 1e-5, 1e-6);
}

/// A head whose ReLU outputs zeros must not receive a gradient of ten million.
#[test]
fn a_vector_without_direction_has_no_cosine_gradient() {
    let batch = Batch::new(Loss::CosineSimilarity, Head::Predictions, 1, 2, vec![0.0, 0.0], vec![1.0, 1.0]);
    let outcome = batch.run::<f32>(&[1]);
    assert_eq!((outcome.statistics[0], &outcome.gradient[..]), (0.0, &[0.0, 0.0][..]));
}

#[test]
fn labels_of_a_hinge_are_those_of_the_whole_batch() {
    // The first chunk alone looks like labels 0 and 1, the second shows that they are not.
    let batch = Batch::new(Loss::Hinge, Head::Predictions, 1, 1, vec![0.5; 3], vec![0.0, 1.0, -1.0]);
    assert_close("as they are", batch.run::<f64>(&[2, 1]).statistics[0], 1.0 + 0.5 + 1.5, 1e-15, 0.0);
    let batch = Batch::new(Loss::Hinge, Head::Predictions, 1, 1, vec![0.5; 3], vec![0.0, 1.0, 0.0]);
    assert_close("as signs", batch.run::<f64>(&[2, 1]).statistics[0], 1.5 + 0.5 + 1.5, 1e-15, 0.0);
}

#[test]
fn classes_that_do_not_exist_count_nothing() {
    for (loss, head) in
        [(SPARSE, Head::Predictions), (SPARSE, Head::Softmax), (SPARSE_LOGITS, Head::Predictions)]
    {
        for class in [3.0, -1.0, 1e30, f64::NAN, f64::INFINITY] {
            let mut batch = Batch::new(loss, head, 1, 3, vec![0.2, 0.3, 0.5], vec![class]);
            batch.metrics = vec![
                (1, Metric::SparseCategoricalAccuracy),
                (3, Metric::SparseTopKCategoricalAccuracy { k: 2 }),
            ];
            let outcome = batch.run::<f32>(&[1]);
            assert_eq!(outcome.statistics[..5], [0.0, 0.0, 1.0, 0.0, 1.0]);
            assert_eq!(outcome.gradient, [0.0; 3]);
        }
    }
}

#[test]
fn a_batch_of_ignored_classes_costs_nothing() {
    let outcome = Batch::new(IGNORING, Head::Softmax, 2, 3, vec![0.1; 12], vec![0.0; 4]).run::<f32>(&[2]);
    assert_eq!(outcome.statistics[0], 0.0);
    assert_eq!(outcome.gradient, [0.0; 12]);
}

#[test]
fn a_sample_without_weight_may_have_no_target() {
    for batch in all() {
        let mut weights = vec![1.0; 7];
        weights[2] = 0.0;
        let mut missing = Batch { weights: Some(weights), ..batch };
        let wanted = missing.run::<f64>(&[7]);
        let targets = missing.target.len() / 7;
        missing.target[2 * targets..3 * targets].fill(f64::NAN);
        // Keras counts a sample without weight among those whose class is not ignored, and a missing target has no
        // class.
        if missing.loss != IGNORING {
            assert_eq!(missing.run::<f64>(&[7]), wanted);
        }
        let len = missing.positions * missing.classes;
        assert!(wanted.gradient[2 * len..3 * len].iter().all(|&g| g == 0.0));
    }
}

#[test]
fn a_diverged_model_shows_it() {
    for batch in all() {
        let mut diverged = Batch { weights: None, ..batch };
        diverged.x.fill(f64::NAN);
        assert!(diverged.run::<f32>(&[7]).statistics[0].is_nan(), "{:?}", diverged.loss);
    }
}

#[test]
fn a_custom_loss_leaves_the_gradient_and_counts_metrics() {
    let x = vec![0.2, 0.9];
    let mut batch = Batch::new(Loss::Custom { targets: true }, Head::Predictions, 1, 1, x, vec![1.0, 1.0]);
    batch.metrics = vec![(1, Metric::BinaryAccuracy { threshold: 0.5 })];
    let outcome = batch.run::<f32>(&[2]);
    assert_eq!(outcome.statistics[..3], [0.0, 1.0, 2.0]);
    assert!(outcome.gradient.iter().all(|&g| g == 777.0));
}

#[test]
fn metrics_do_not_see_weights_and_take_their_own_places() {
    let mut batch = Batch::new(BINARY, Head::Sigmoid, 1, 1, vec![2.0, -1.0, 3.0], vec![1.0, 1.0, 0.0]);
    batch.weights = Some(vec![0.5, 0.0, 3.0]);
    let auc = crate::metrics::auc(3, Curve::Roc, false);
    let f1 = Metric::FBetaScore { beta: 1.0, average: Average::Macro, threshold: Some(0.5) };
    batch.metrics = vec![(1, Metric::BinaryAccuracy { threshold: 0.5 }), (4, auc), (8, f1)];
    let outcome = batch.run::<f32>(&[1, 2]);
    assert_eq!(outcome.statistics[1..], [1.0, 3.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0]);
}
