//! Every loss and metric against Keras's numbers, through generated models.
//!
//! The predictions are the kernel of a `Dense` without bias: the samples are unit vectors, so that row `i` of the
//! kernel is the prediction for sample `i`, and the gradient of the kernel is that of the predictions. A `Reshape`
//! after it hides from `model!` that they are not probabilities; Keras's numbers for cross-entropies without logits
//! are also those of clipped probabilities. Heads that end in a sigmoid or softmax are compared with the numbers from
//! logits.

mod support;

use mimo::Trainable;
use mimo::prelude::{Trainer, model};
use serde_json::Value;
use support::{
    Data, F32, F64, Real, Tolerance, assert_close, assert_near, entry, golden, numbers, rows, set_weights,
    step, total,
};

/// Unit vectors as inputs, the given targets, and weights if there are any.
fn data(targets: &Value, weights: &Value) -> Data {
    let rows = rows(targets);
    let inputs = vec![(0..rows * rows).map(|place| f64::from(u8::from(place % (rows + 1) == 0))).collect()];
    let weights = if weights.is_null() { vec![] } else { vec![numbers(weights)] };
    Data { rows, inputs, targets: vec![numbers(targets)], weights }
}

/// Cases that depend on rounding to `f32`: a probability of 1 clipped to the number before 1, and a prediction of 0.6
/// that is not above a threshold of 0.6.
const OF_F32_ONLY: [&str; 2] = ["BCE ls0.1", "Precision thr.6"];

fn decided_by_rounding<E: Real>(tag: &str) -> bool {
    size_of::<E>() != size_of::<f32>() && OF_F32_ONLY.contains(&tag)
}

fn check<M: Trainable<Float: Real>>(mut model: M, tag: &str, tolerance: Tolerance) {
    if decided_by_rounding::<M::Float>(tag) {
        return;
    }
    let file = golden("losses.json");
    let case = entry(&file, "name", tag);
    let data = data(&case["y_true"], &case["sample_weight"]);
    set_weights(&mut model, |_, _| numbers(&case["y_pred"]));
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let wanted = case["value"].as_f64().expect("a value");
    assert_near(&format!("{tag}: value"), total(&mut trainer, &data), wanted, tolerance);
    let logs = step(&mut trainer, &data).expect("a step");
    assert_near(&format!("{tag}: value of a step"), logs[0].1, wanted, tolerance);
    let gradient = trainer.gradient(M::SPEC.weights[0].name).expect("a gradient");
    assert_close(
        &format!("{tag}: gradient"),
        &support::wide(&gradient),
        &numbers(&case["grad_pred"]),
        tolerance,
    );
}

macro_rules! losses {
    ($($model:ident, $rows:tt, $loss:ident $arguments:tt { $($head:tt)* } {
        $($test:ident: $tag:literal;)+
    })+) => {$(
        model! {
            $model {
                let x = Input(shape = [$rows]);
                $($head)*
                Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = $loss $arguments)
            }
        }

        $(
            #[test]
            fn $test() {
                check($model::<f32>::build(1), $tag, F32);
                check($model::<f64>::build(1), $tag, F64);
            }
        )+
    )+};
}

losses! {
    Mse, 3, MeanSquaredError() { let y = Dense(2, use_bias = false)(x); } {
        mean_squared_error: "MeanSquaredError";
        mean_squared_error_weighted: "MeanSquaredError sw";
    }
    Mae, 3, MeanAbsoluteError() { let y = Dense(2, use_bias = false)(x); } {
        mean_absolute_error: "MeanAbsoluteError";
        mean_absolute_error_weighted: "MeanAbsoluteError sw";
    }
    Mape, 3, MeanAbsolutePercentageError() { let y = Dense(2, use_bias = false)(x); } {
        mean_absolute_percentage_error: "MeanAbsolutePercentageError";
        mean_absolute_percentage_error_weighted: "MeanAbsolutePercentageError sw";
    }
    Msle, 3, MeanSquaredLogarithmicError() { let y = Dense(2, use_bias = false)(x); } {
        mean_squared_logarithmic_error: "MeanSquaredLogarithmicError";
        mean_squared_logarithmic_error_weighted: "MeanSquaredLogarithmicError sw";
    }
    HuberLoss, 3, Huber() { let y = Dense(2, use_bias = false)(x); } {
        huber: "Huber";
        huber_weighted: "Huber sw";
    }
    HuberHalf, 3, huber(delta = 0.5) { let y = Dense(2, use_bias = false)(x); } {
        huber_of_another_delta: "Huber d.5";
    }
    LogCoshLoss, 3, LogCosh() { let y = Dense(2, use_bias = false)(x); } {
        log_cosh: "LogCosh";
        log_cosh_weighted: "LogCosh sw";
    }
    Cosine, 3, CosineSimilarity() { let y = Dense(2, use_bias = false)(x); } {
        cosine_similarity: "CosineSimilarity";
        cosine_similarity_weighted: "CosineSimilarity sw";
    }
    Counts, 3, Poisson() { let p = Dense(2, use_bias = false)(x); let y = Reshape([2])(p); } {
        poisson: "Poisson";
        poisson_weighted: "Poisson sw";
    }
    MseOfSequences, 2, MeanSquaredError() {
        let p = Dense(6, use_bias = false)(x);
        let y = Reshape([3, 2])(p);
    } {
        mean_squared_error_of_sequences: "MSE 3d";
    }
    MseOfOne, 3, MeanSquaredError() { let y = Dense(1, use_bias = false)(x); } {
        mean_squared_error_of_one_value: "MSE rank fix";
    }
    Bce, 3, BinaryCrossentropy() { let p = Dense(1, use_bias = false)(x); let y = Reshape([1])(p); } {
        binary_crossentropy_of_probabilities: "BCE ls0.0";
    }
    BceSmooth, 3, BinaryCrossentropy(label_smoothing = 0.1) {
        let p = Dense(1, use_bias = false)(x);
        let y = Reshape([1])(p);
    } {
        binary_crossentropy_of_probabilities_with_label_smoothing: "BCE ls0.1";
    }
    BceLogits, 3, BinaryCrossentropy(from_logits = true) { let y = Dense(1, use_bias = false)(x); } {
        binary_crossentropy_from_logits: "BCE logits ls0.0";
    }
    BceLogitsSmooth, 3, BinaryCrossentropy(from_logits = true, label_smoothing = 0.1) {
        let y = Dense(1, use_bias = false)(x);
    } {
        binary_crossentropy_from_logits_with_label_smoothing: "BCE logits ls0.1";
    }
    BceHead, 3, BinaryCrossentropy() { let y = Dense(1, use_bias = false, activation = sigmoid)(x); } {
        binary_crossentropy_of_a_sigmoid_head: "BCE logits ls0.0";
    }
    BceLayer, 3, BinaryCrossentropy(label_smoothing = 0.1) {
        let p = Dense(1, use_bias = false)(x);
        let y = Activation("sigmoid")(p);
    } {
        binary_crossentropy_of_a_sigmoid_layer_with_label_smoothing: "BCE logits ls0.1";
    }
    Cce, 3, CategoricalCrossentropy() { let p = Dense(3, use_bias = false)(x); let y = Reshape([3])(p); } {
        categorical_crossentropy_of_probabilities_weighted: "CCE ls0.0";
    }
    CceSmooth, 3, CategoricalCrossentropy(label_smoothing = 0.1) {
        let p = Dense(3, use_bias = false)(x);
        let y = Reshape([3])(p);
    } {
        categorical_crossentropy_of_probabilities_weighted_with_label_smoothing: "CCE ls0.1";
    }
    CceLogits, 3, CategoricalCrossentropy(from_logits = true) { let y = Dense(3, use_bias = false)(x); } {
        categorical_crossentropy_from_logits: "CCE logits ls0.0";
    }
    CceLogitsSmooth, 3, CategoricalCrossentropy(from_logits = true, label_smoothing = 0.1) {
        let y = Dense(3, use_bias = false)(x);
    } {
        categorical_crossentropy_from_logits_with_label_smoothing: "CCE logits ls0.1";
    }
    CceHead, 3, CategoricalCrossentropy() { let y = Dense(3, use_bias = false, activation = softmax)(x); } {
        categorical_crossentropy_of_a_softmax_head: "CCE logits ls0.0";
    }
    CceLayer, 3, CategoricalCrossentropy(label_smoothing = 0.1) {
        let p = Dense(3, use_bias = false)(x);
        let y = Softmax()(p);
    } {
        categorical_crossentropy_of_a_softmax_layer_with_label_smoothing: "CCE logits ls0.1";
    }
    Scce, 3, SparseCategoricalCrossentropy() { let p = Dense(3, use_bias = false)(x); let y = Reshape([3])(p); } {
        sparse_categorical_crossentropy_of_probabilities: "SCCE";
    }
    ScceIgnore, 3, SparseCategoricalCrossentropy(ignore_class = 2) {
        let p = Dense(3, use_bias = false)(x);
        let y = Reshape([3])(p);
    } {
        sparse_categorical_crossentropy_ignoring_a_class: "SCCE ignore";
    }
    ScceLogits, 3, SparseCategoricalCrossentropy(from_logits = true) { let y = Dense(3, use_bias = false)(x); } {
        sparse_categorical_crossentropy_from_logits: "SCCE logits";
    }
    ScceHead, 3, SparseCategoricalCrossentropy() { let y = Dense(3, use_bias = false, activation = softmax)(x); } {
        sparse_categorical_crossentropy_of_a_softmax_head: "SCCE logits";
    }
    Kld, 3, KLDivergence() { let p = Dense(3, use_bias = false)(x); let y = Reshape([3])(p); } {
        kl_divergence: "KLD";
    }
    HingeLoss, 3, Hinge() { let y = Dense(1, use_bias = false)(x); } {
        hinge: "Hinge";
    }
    SquaredHingeLoss, 3, SquaredHinge() { let y = Dense(1, use_bias = false)(x); } {
        squared_hinge: "SqHinge";
    }
    CategoricalHingeLoss, 3, CategoricalHinge() { let y = Dense(3, use_bias = false)(x); } {
        categorical_hinge: "CatHinge";
    }
}

#[test]
fn every_loss_is_tested() {
    let source = include_str!("golden_losses.rs");
    for case in golden("losses.json").as_array().expect("cases") {
        let name = case["name"].as_str().expect("a name");
        assert!(source.contains(&format!(": \"{name}\";")), "{name}");
    }
}

/// Evaluates a metric on its updates, the first alone and then all, in Keras's batches.
fn check_metric<M: Trainable<Float: Real>>(mut model: M, tag: &str, key: &str) {
    const TOLERANCE: Tolerance = Tolerance { rel: 1e-5, abs: 1e-6 };
    if decided_by_rounding::<M::Float>(tag) {
        return;
    }
    let file = golden("metrics.json");
    let case = entry(&file, "name", tag);
    let updates = case["updates"].as_array().expect("updates");
    let batch = rows(&updates[0]["y_true"]);
    let all: usize = updates.iter().map(|update| rows(&update["y_true"])).sum();
    let width = M::SPEC.inputs[0].shape[0];
    let joined = |field: &str| updates.iter().flat_map(|update| numbers(&update[field])).collect::<Vec<_>>();
    let mut predictions = joined("y_pred");
    let len = predictions.len() / all;
    // Models are as wide as the longest case.
    predictions.resize(width * len, 0.0);
    set_weights(&mut model, |_, _| predictions.clone());
    let data = Data {
        rows: all,
        inputs: vec![(0..all * width).map(|p| f64::from(u8::from(p % width == p / width))).collect()],
        targets: vec![joined("y_true")],
        weights: vec![],
    };
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let results = case["result_after_each"].as_array().expect("results");
    for (index, result) in results.iter().enumerate() {
        let seen: usize = updates[..=index].iter().map(|update| rows(&update["y_true"])).sum();
        let data = data.take(0..seen);
        let evaluation = trainer.evaluate(&data.dataset::<M>(), batch).expect("an evaluation");
        let found = evaluation.get(key).unwrap_or_else(|| panic!("no `{key}`"));
        assert_near(&format!("{tag} after {seen}"), found, result.as_f64().expect("a number"), TOLERANCE);
    }
}

model! {
    OfBits {
        let x = Input(shape = [5]);
        let p = Dense(1, use_bias = false)(x);
        let y = Reshape([1])(p);
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse, metrics = [
            binary_accuracy, auc, precision, recall, binary_crossentropy, AUC(curve = "PR", name = "pr"),
            Precision(0.6, name = "precise"),
        ])
    }
}

model! {
    OfClasses {
        let x = Input(shape = [5]);
        let p = Dense(3, use_bias = false)(x);
        let y = Reshape([3])(p);
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse, metrics = [
            categorical_accuracy, TopKCategoricalAccuracy(k = 2), categorical_crossentropy, kl_divergence, mse, mae,
            root_mean_squared_error, cosine_similarity, r2_score, categorical_hinge, F1Score(average = "macro"),
        ])
    }
}

model! {
    OfIndices {
        let x = Input(shape = [3]);
        let p = Dense(3, use_bias = false)(x);
        let y = Reshape([3])(p);
        Model(inputs = [x], outputs = [y]).compile(
            optimizer = SGD(0.0),
            loss = sparse_categorical_crossentropy,
            metrics = [accuracy, SparseTopKCategoricalAccuracy(k = 2, name = "top")],
        )
    }
}

model! {
    OfSequences {
        let x = Input(shape = [2]);
        let p = Dense(6, use_bias = false)(x);
        let y = Reshape([3, 2])(p);
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mae, metrics = [mse])
    }
}

/// Keras's `metrics=` do not see sample weights, and neither do mimo's: the weighted cases are left out.
const METRICS_ELSEWHERE: [&str; 1] = ["F1Score"];

#[test]
fn metrics_of_one_probability() {
    for (tag, key) in [
        ("BinaryAccuracy", "binary_accuracy"),
        ("AUC", "auc"),
        ("Precision", "precision"),
        ("Recall", "recall"),
        ("BinaryCrossentropy", "binary_crossentropy"),
        ("AUC PR", "pr"),
        ("Precision thr.6", "precise"),
    ] {
        check_metric(OfBits::<f32>::build(1), tag, key);
        check_metric(OfBits::<f64>::build(1), tag, key);
    }
}

#[test]
fn metrics_of_several_values() {
    for (tag, key) in [
        ("CategoricalAccuracy", "categorical_accuracy"),
        ("TopKCategoricalAccuracy", "top_k_categorical_accuracy"),
        ("CategoricalCrossentropy", "categorical_crossentropy"),
        ("KLDivergence", "kl_divergence"),
        ("MeanSquaredError", "mse"),
        ("MeanAbsoluteError", "mae"),
        ("RootMeanSquaredError", "root_mean_squared_error"),
        ("CosineSimilarity", "cosine_similarity"),
        ("R2Score", "r2_score"),
        ("CategoricalHinge", "categorical_hinge"),
        ("F1 macro", "f1_score"),
    ] {
        check_metric(OfClasses::<f32>::build(1), tag, key);
        check_metric(OfClasses::<f64>::build(1), tag, key);
    }
}

#[test]
fn metrics_of_class_indices() {
    for (tag, key) in [("SparseCategoricalAccuracy", "accuracy"), ("SparseTopK k2", "top")] {
        check_metric(OfIndices::<f32>::build(1), tag, key);
        check_metric(OfIndices::<f64>::build(1), tag, key);
    }
}

#[test]
fn metrics_of_sequences() {
    check_metric(OfSequences::<f32>::build(1), "MSE 3d", "mse");
    check_metric(OfSequences::<f64>::build(1), "MSE 3d", "mse");
}

#[test]
fn every_metric_is_tested() {
    let source = include_str!("golden_losses.rs");
    for case in golden("metrics.json").as_array().expect("cases") {
        let name = case["name"].as_str().expect("a name");
        let elsewhere = name.ends_with(" sw") || METRICS_ELSEWHERE.contains(&name);
        assert!(
            elsewhere
                || source.contains(&format!("(\"{name}\", "))
                || source.contains(&format!(", \"{name}\", ")),
            "{name}"
        );
    }
}
