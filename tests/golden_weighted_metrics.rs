//! Losses, `metrics` and `weighted_metrics` with weights of samples, weights of steps and masks, against Keras 3.15.1: keys and values.
#![allow(missing_docs, reason = "models of tests need no documentation")]

mod support;

use mimo::prelude::*;
use support::{Data, Real, Tolerance, assert_near, golden, numbers, set_weights};

/// The metrics of an output, in `metrics` and in `weighted_metrics`.
macro_rules! weighted {
    ([$($flat:tt)*] [$($steps:tt)*] [$($masked:tt)*]) => {
        model! {
            #[allow(mimo::accuracy_of_numbers)]
            Weighted {
                let flat_in = Input(shape = [3]);
                let steps_in = Input(shape = [4, 3]);
                let masked_in = Input(shape = [4, 3]);
                let flat = Dense(3, use_bias = false)(flat_in);
                let steps = Dense(3, use_bias = false)(steps_in);
                let masked = Dense(3, use_bias = false)(Masking(-1.0)(masked_in));
                Model(inputs = [flat_in, steps_in, masked_in], outputs = [flat, steps, masked]).compile(
                    optimizer = SGD(0.0),
                    loss = mse,
                    metrics = { flat: [$($flat)*], steps: [$($steps)*], masked: [$($masked)*] },
                    weighted_metrics = { flat: [$($flat)*], steps: [$($steps)*], masked: [$($masked)*] },
                )
            }
        }
    };
}

weighted! {
    [
        binary_accuracy, categorical_accuracy, TopKCategoricalAccuracy(k = 2, name = "top_k_categorical_accuracy"),
        mean_absolute_error, mean_squared_error, mean_absolute_percentage_error, mean_squared_logarithmic_error,
        root_mean_squared_error, LogCoshError(), cosine_similarity, binary_crossentropy, categorical_crossentropy,
        kl_divergence, poisson, hinge, squared_hinge, categorical_hinge, precision, recall, auc,
        AUC(curve = "PR", name = "auc_pr"), true_positives, true_negatives, false_positives, false_negatives,
        PrecisionAtRecall(0.5), pearson_correlation, concordance_correlation, F1Score(average = "macro"),
        FBetaScore(average = "micro", beta = 2.0, name = "fbeta_score"), r2_score,
    ]
    [
        binary_accuracy, categorical_accuracy, TopKCategoricalAccuracy(k = 2, name = "top_k_categorical_accuracy"),
        mean_absolute_error, mean_squared_error, mean_absolute_percentage_error, mean_squared_logarithmic_error,
        root_mean_squared_error, LogCoshError(), cosine_similarity, binary_crossentropy, categorical_crossentropy,
        kl_divergence, poisson, hinge, squared_hinge, categorical_hinge, precision, recall, auc,
        AUC(curve = "PR", name = "auc_pr"), true_positives, true_negatives, false_positives, false_negatives,
        PrecisionAtRecall(0.5), pearson_correlation, concordance_correlation,
    ]
    [
        binary_accuracy, categorical_accuracy, TopKCategoricalAccuracy(k = 2, name = "top_k_categorical_accuracy"),
        mean_absolute_error, mean_squared_error, mean_absolute_percentage_error, mean_squared_logarithmic_error,
        root_mean_squared_error, LogCoshError(), cosine_similarity, binary_crossentropy,
        kl_divergence, poisson, hinge, squared_hinge, categorical_hinge, precision, recall, auc,
        AUC(curve = "PR", name = "auc_pr"), true_positives, true_negatives, false_positives, false_negatives,
        PrecisionAtRecall(0.5), concordance_correlation,
    ]
}

const OUTPUTS: [&str; 3] = ["flat", "steps", "masked"];

fn check<E: Real>(case: &str, batch_size: usize)
where
    Weighted<E>: Trainable<Float = E>,
{
    let file = golden("weighted_metrics.json");
    let columns = |field: &str| OUTPUTS.map(|output| numbers(&file[field][output])).to_vec();
    let by_rows = numbers(&file["by_rows"]);
    let by_steps = numbers(&file["by_steps"]);
    let weights = match case {
        "none" => vec![],
        "rows" => vec![by_rows.clone(), by_rows.clone(), by_rows],
        _ => vec![by_rows, by_steps.clone(), by_steps],
    };
    let data = Data { rows: 7, inputs: columns("inputs"), targets: columns("targets"), weights };
    let mut model = Weighted::<E>::build(1);
    set_weights(&mut model, |_, _| (0..9).map(|at| f64::from(u8::from(at % 4 == 0))).collect());
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let evaluation = trainer.evaluate(&data.dataset::<Weighted<E>>(), batch_size).expect("an evaluation");
    let wanted = file["cases"][case].as_object().expect("a case");
    let mut found: Vec<_> = evaluation.pairs().iter().map(|(key, _)| key.to_string()).collect();
    found.sort();
    let mut keys: Vec<_> = wanted.keys().cloned().collect();
    keys.sort();
    assert_eq!(found, keys, "{case}");
    for (key, value) in wanted {
        // Keras computes means of batches for losses, and this is one batch.
        if batch_size < 7 && key.ends_with("loss") {
            continue;
        }
        let what = format!("{case}: {key} in batches of {batch_size}");
        let tolerance = Tolerance { rel: 2e-5, abs: 2e-6 };
        assert_near(
            &what,
            evaluation.get(key).expect("a value"),
            value.as_f64().expect("a number"),
            tolerance,
        );
    }
}

#[test]
fn values_and_keys_are_keras_s() {
    for case in ["none", "rows", "steps"] {
        for batch_size in [7, 3] {
            check::<f32>(case, batch_size);
            check::<f64>(case, batch_size);
        }
    }
}
