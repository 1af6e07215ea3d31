//! Gradients compared with finite differences, in f64.

use mimo_graph::loss::{Loss, Region};

use crate::batch::{Batch, Head, Noise, assert_close};

/// Compares the gradient with differences of the loss, for each prediction or logit.
pub(crate) fn check(mut batch: Batch) {
    let h = 1e-5;
    let gradient = batch.run::<f64>(&[batch.rows()]).gradient;
    for (i, derivative) in gradient.into_iter().enumerate() {
        let x = batch.x[i];
        batch.x[i] = x + h;
        let above = batch.total::<f64>();
        batch.x[i] = x - h;
        let below = batch.total::<f64>();
        batch.x[i] = x;
        let what = format!("{:?} with {:?} at {i}", batch.loss, batch.head);
        assert_close(&what, derivative, (above - below) / (2.0 * h), 1e-6, 2e-8);
    }
}

/// Allowed values of a loss.
struct Domain {
    x: (f64, f64),
    target: fn(&mut Noise, usize) -> Vec<f64>,
}

fn anything(noise: &mut Noise, classes: usize) -> Vec<f64> {
    noise.many(classes, -2.0, 2.0)
}

fn positive(noise: &mut Noise, classes: usize) -> Vec<f64> {
    noise.many(classes, 0.1, 3.0)
}

fn share(noise: &mut Noise, classes: usize) -> Vec<f64> {
    noise.many(classes, 0.0, 1.0)
}

fn distribution(noise: &mut Noise, classes: usize) -> Vec<f64> {
    let shares = noise.many(classes, 0.01, 1.0);
    let sum: f64 = shares.iter().sum();
    shares.iter().map(|share| share / sum).collect()
}

fn one_hot(noise: &mut Noise, classes: usize) -> Vec<f64> {
    let class = noise.below(classes);
    (0..classes).map(|i| f64::from(u8::from(i == class))).collect()
}

fn class(noise: &mut Noise, classes: usize) -> Vec<f64> {
    vec![noise.below(classes) as f64]
}

fn labels(noise: &mut Noise, classes: usize) -> Vec<f64> {
    (0..classes).map(|_| noise.below(2) as f64).collect()
}

fn signs(noise: &mut Noise, classes: usize) -> Vec<f64> {
    (0..classes).map(|_| 2.0 * noise.below(2) as f64 - 1.0).collect()
}

/// Rows, positions and classes; some have enough values for blocks, lanes and a remainder.
const SHAPES: [[usize; 3]; 6] = [[5, 1, 1], [4, 1, 3], [3, 4, 3], [2, 1, 19], [2, 3, 9], [1, 1, 75]];

/// In several shapes, with and without weights.
fn check_all(loss: Loss, head: Head, domain: Domain) {
    check_shapes(loss, head, domain, &SHAPES);
}

/// In shapes of several classes.
fn check_several(loss: Loss, head: Head, domain: Domain) {
    check_shapes(loss, head, domain, &SHAPES[1..]);
}

fn check_shapes(loss: Loss, head: Head, domain: Domain, shapes: &[[usize; 3]]) {
    let mut noise = Noise(7);
    for &[rows, positions, classes] in shapes {
        for weighted in [false, true] {
            let x = noise.many(rows * positions * classes, domain.x.0, domain.x.1);
            let target = (0..rows * positions).flat_map(|_| (domain.target)(&mut noise, classes)).collect();
            let mut batch = Batch::new(loss, head, positions, classes, x, target);
            if weighted {
                batch.weights = Some(noise.many(rows, 0.0, 2.0));
                batch.loss_weight = 0.3;
            }
            check(batch);
        }
    }
}

#[test]
fn of_regression() {
    let real = || Domain { x: (-3.0, 3.0), target: anything };
    check_all(Loss::MeanSquaredError, Head::Predictions, real());
    check_all(Loss::MeanAbsoluteError, Head::Predictions, real());
    check_all(
        Loss::MeanAbsolutePercentageError,
        Head::Predictions,
        Domain { x: (-3.0, 3.0), target: positive },
    );
    check_all(
        Loss::MeanSquaredLogarithmicError,
        Head::Predictions,
        Domain { x: (-0.5, 3.0), target: positive },
    );
    check_all(Loss::Huber { delta: 1.0 }, Head::Predictions, real());
    check_all(Loss::Huber { delta: 0.4 }, Head::Predictions, real());
    check_all(Loss::LogCosh, Head::Predictions, real());
    check_all(Loss::Poisson, Head::Predictions, Domain { x: (0.2, 3.0), target: positive });
    check_all(Loss::CosineSimilarity, Head::Predictions, real());
}

#[test]
fn of_quantiles() {
    let real = Domain { x: (-3.0, 3.0), target: anything };
    check_all(Loss::Quantile { q: 0.2 }, Head::Predictions, real);
}

#[test]
fn of_regions() {
    for region in [Region::Batch, Region::BatchClass, Region::Sample, Region::SampleClass, Region::Position] {
        for target in [labels, share] {
            check_all(Loss::Dice { region }, Head::Predictions, Domain { x: (0.05, 0.95), target });
            let tversky = Loss::Tversky { alpha: 0.2, beta: 0.9, region };
            check_all(tversky, Head::Predictions, Domain { x: (0.05, 0.95), target });
        }
    }
}

#[test]
fn of_weighted_labels() {
    for (pos_weight, label_weights) in [(&[3.0][..], &[][..]), (&[0.5, 4.0, 1.5], &[2.0, 0.0, 0.7])] {
        for label_smoothing in [0.0, 0.1] {
            let weighted = |from_logits| Loss::WeightedBinaryCrossentropy {
                from_logits,
                label_smoothing,
                pos_weight,
                label_weights,
            };
            check_all(weighted(false), Head::Predictions, Domain { x: (0.05, 0.95), target: share });
            check_all(weighted(true), Head::Predictions, Domain { x: (-4.0, 4.0), target: share });
            check_all(weighted(false), Head::Sigmoid, Domain { x: (-4.0, 4.0), target: share });
        }
    }
}

#[test]
fn of_focal_losses() {
    for (gamma, label_smoothing) in [(2.0, 0.0), (0.5, 0.1), (0.0, 0.2), (1.0, 0.0)] {
        for apply_class_balancing in [false, true] {
            let alpha = 0.3;
            let binary = |from_logits| Loss::BinaryFocalCrossentropy {
                apply_class_balancing,
                alpha,
                gamma,
                from_logits,
                label_smoothing,
            };
            check_all(binary(false), Head::Predictions, Domain { x: (0.05, 0.95), target: share });
            check_all(binary(true), Head::Predictions, Domain { x: (-4.0, 4.0), target: share });
            check_all(binary(false), Head::Sigmoid, Domain { x: (-4.0, 4.0), target: share });
        }
        for alpha in [&[0.25][..], &[0.1, 0.8, 0.5]] {
            let categorical = |from_logits| Loss::CategoricalFocalCrossentropy {
                alpha,
                gamma,
                from_logits,
                label_smoothing,
            };
            // One class has probability 1, where the loss has a corner.
            let target = distribution;
            check_several(categorical(false), Head::Predictions, Domain { x: (0.05, 2.0), target });
            check_several(categorical(true), Head::Predictions, Domain { x: (-4.0, 4.0), target });
            check_several(categorical(false), Head::Softmax, Domain { x: (-4.0, 4.0), target });
        }
    }
    for q in [0.1, 0.8] {
        let generalized = Loss::CategoricalGeneralizedCrossEntropy { q };
        check_all(generalized, Head::Predictions, Domain { x: (0.05, 0.95), target: class });
    }
}

#[test]
fn of_hinges() {
    for loss in [Loss::Hinge, Loss::SquaredHinge] {
        check_all(loss, Head::Predictions, Domain { x: (-3.0, 3.0), target: labels });
        check_all(loss, Head::Predictions, Domain { x: (-3.0, 3.0), target: signs });
    }
    check_all(Loss::CategoricalHinge, Head::Predictions, Domain { x: (-3.0, 3.0), target: one_hot });
    check_all(Loss::CategoricalHinge, Head::Predictions, Domain { x: (-3.0, 3.0), target: share });
}

#[test]
fn of_cross_entropies_of_probabilities() {
    for label_smoothing in [0.0, 0.1] {
        let binary = Loss::BinaryCrossentropy { from_logits: false, label_smoothing };
        check_all(binary, Head::Predictions, Domain { x: (0.05, 0.95), target: share });
        let categorical = Loss::CategoricalCrossentropy { from_logits: false, label_smoothing };
        // Not normalised, so that the division by the sum has an effect.
        check_all(categorical, Head::Predictions, Domain { x: (0.05, 2.0), target: distribution });
    }
    for ignore_class in [None, Some(1)] {
        let sparse = Loss::SparseCategoricalCrossentropy { from_logits: false, ignore_class };
        check_all(sparse, Head::Predictions, Domain { x: (0.05, 2.0), target: class });
    }
    check_all(Loss::KlDivergence, Head::Predictions, Domain { x: (0.05, 0.95), target: share });
}

#[test]
fn of_cross_entropies_of_logits() {
    for (from_logits, sigmoid, softmax) in
        [(true, Head::Predictions, Head::Predictions), (false, Head::Sigmoid, Head::Softmax)]
    {
        for label_smoothing in [0.0, 0.1] {
            let binary = Loss::BinaryCrossentropy { from_logits, label_smoothing };
            check_all(binary, sigmoid, Domain { x: (-4.0, 4.0), target: share });
            let categorical = Loss::CategoricalCrossentropy { from_logits, label_smoothing };
            check_all(categorical, softmax, Domain { x: (-4.0, 4.0), target: distribution });
            check_all(categorical, softmax, Domain { x: (-4.0, 4.0), target: share });
        }
        for ignore_class in [None, Some(2)] {
            let sparse = Loss::SparseCategoricalCrossentropy { from_logits, ignore_class };
            check_all(sparse, softmax, Domain { x: (-4.0, 4.0), target: class });
        }
    }
}
