//! Batch normalization compared with Keras: outputs and gradients in training and inference mode, moving averages,
//! and complete training runs. The numbers are from `tests/golden/make_batch_normalization.py`, whose models have the
//! same names.

mod support;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use mimo::dfdx::prelude::*;
use mimo::prelude::{FitOptions, Model as _, Trainer, Verbose, model};
use serde_json::Value;
use support::{
    Data, F32, Real, TRAINING, Tolerance, assert_close, assert_near, entry, golden, narrow, numbers,
    set_weights, step, wide,
};

/// A test of one layer. Samples are one-hot rows, so that the kernel of the first layer holds the batch, and its gradient
/// that of the layer's input.
macro_rules! layers {
    ($(
        $test:ident: $tag:literal, $model:ident, $inputs:ident, $targets:ident, $rows:literal,
        { $($setting:tt)* }, [$($len:tt),+], $trained:literal
    )+) => {$(
        mod $test {
            use super::*;

            model! {
                $model {
                    let row = Input(shape = [$rows]);
                    let x = Dense($($len *)+ 1, use_bias = false, name = "batch")(row);
                    let x = Reshape([$($len),+])(x);
                    let y = BatchNormalization($($setting)* name = "layer")(x);
                    Model(inputs = [row], outputs = [y])
                        .compile(optimizer = SGD(learning_rate = 0.0), loss = custom)
                }
            }

            fn check<E: Real>(tolerance: Tolerance)
            where
                Cpu: Device<E>,
            {
                let file = golden("batch_normalization.json");
                let case = entry(&file["layers"], "tag", $tag);
                let (x, y, dy) = (numbers(&case["inputs"][0]), &case["outputs"][0], numbers(&case["dy"][0]));
                let mut model = $model::<E>::build(1);
                set_weights(&mut model, |name, _| match name.strip_prefix("layer/") {
                    Some(path) => numbers(entry(&case["weights"], "path", path)),
                    None => x.clone(),
                });
                let mut identity = vec![0.0; $rows * $rows];
                identity.iter_mut().step_by($rows + 1).for_each(|value| *value = 1.0);
                let row = mimo::tensor(narrow::<E>(&identity)).expect("samples");
                let inputs = $inputs { row };
                let targets = $targets { y: model.forward(&inputs).expect("outputs").y };
                if !$trained {
                    assert_close("inference", &wide(&targets.y.as_vec()), &numbers(y), tolerance);
                }
                let seen = Arc::new(Mutex::new(vec![]));
                let outputs = seen.clone();
                let mut trainer = Trainer::new(&mut model).expect("a trainer");
                trainer.set_loss(move |found, _| {
                    *outputs.lock().expect("no panic") = found.y.as_vec();
                    let dy = Cpu::default().tensor_from_vec(narrow::<E>(&dy), *found.y.shape());
                    Ok((found.y * dy).sum())
                });
                trainer.train_on_batch(&inputs, &targets).expect("a step");
                assert_close("training", &wide(&seen.lock().expect("no panic")), &numbers(y), tolerance);
                let gradient = |name: &str| wide(&trainer.gradient(name).expect("a gradient"));
                let wanted = numbers(&case["grad_inputs"][0]);
                assert_close("gradient of x", &gradient("batch/kernel"), &wanted, tolerance);
                if $trained {
                    let weights = case["weights"].as_array().expect("weights").iter();
                    for (weight, wanted) in weights.zip(case["grad_weights"].as_array().expect("gradients")) {
                        let path = weight["path"].as_str().expect("a path");
                        assert_close(path, &gradient(&format!("layer/{path}")), &numbers(wanted), tolerance);
                    }
                }
                let after = match case["weights_after"].as_array() {
                    Some(after) => after.clone(),
                    None => case["weights"].as_array().expect("weights").clone(),
                };
                for (found, wanted) in trainer.weights().iter().skip(1).zip(&after) {
                    assert_close("weights after the step", &wide(found), &numbers(wanted), tolerance);
                }
            }

            #[test]
            fn in_f32() {
                check::<f32>(F32);
            }

            #[test]
            fn in_f64() {
                check::<f64>(Tolerance { rel: 3e-6, abs: 1e-6 });
            }
        }
    )+};
}

layers! {
    vectors: "bn train", Vectors, VectorsInputs, VectorsTargets, 4, {}, [3], true
    inference: "bn infer", Inference, InferenceInputs, InferenceTargets, 4, { trainable = false, }, [3], false
    images: "bn2d train m.9", Images, ImagesInputs, ImagesTargets, 2, { momentum = 0.9, }, [2, 2, 3], true
    first_axis: "bn axis 1", FirstAxis, FirstAxisInputs, FirstAxisTargets, 3,
        { axis = 1, momentum = 0.8, epsilon = 0.01, center = false, }, [2, 4], true
}

model! {
    Weighted {
        let x = Input(shape = [4]);
        let s = Dense(5, activation = relu, kernel_regularizer = L2(0.01), name = "s")(x);
        let s = BatchNormalization(name = "bn")(s);
        let a = Dense(1)(s);
        let b = Dense(3, activation = softmax)(s);
        Model(inputs = [x], outputs = [a, b]).compile(
            optimizer = SGD(0.1, momentum = 0.9),
            loss = { a: huber, b: categorical_crossentropy },
            loss_weights = { a: 0.7, b: 1.3 },
            metrics = { a: [mae] },
        )
    }
}

/// Compares the logs of both.
fn assert_logs(what: &str, found: &[(String, f64)], wanted: &Value) {
    for (key, found) in found {
        assert_near(&format!("{what}: {key}"), *found, wanted[key].as_f64().expect("a value"), TRAINING);
    }
}

fn check_weighted<E: Real>()
where
    Cpu: Device<E>,
{
    let case = &golden("batch_normalization.json")["weighted"];
    let columns = |key: &str| case[key].as_array().expect("tensors").iter().map(numbers).collect::<Vec<_>>();
    let data =
        Data { rows: 6, inputs: columns("x"), targets: columns("y"), weights: columns("sample_weight") };
    let mut model = Weighted::<E>::build(1);
    set_weights(&mut model, |name, _| numbers(entry(&case["initial_weights"], "path", name)));
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    for (index, wanted) in case["train_on_batch_logs"].as_array().expect("logs").iter().enumerate() {
        let logs = step(&mut trainer, &data).expect("a step");
        assert_logs(&format!("step {index}"), &logs, wanted);
    }
    // Keras's weights have the order of the layers, like ours.
    let finals = case["final_weights"].as_array().expect("weights");
    for ((found, wanted), spec) in trainer.weights().iter().zip(finals).zip(Weighted::<E>::SPEC.weights) {
        assert_close(spec.name, &wide(found), &numbers(wanted), TRAINING);
    }
}

#[test]
fn steps_with_sample_weights() {
    check_weighted::<f32>();
    check_weighted::<f64>();
}

model! {
    Epochs {
        let x = Input(shape = [6, 5]);
        let h = Conv1D(4, 3, name = "first")(x);
        let h = BatchNormalization(
            axis = 1, momentum = 0.7, epsilon = 0.01, gamma_regularizer = L2(0.05), beta_constraint = NonNeg(),
            name = "steps",
        )(h);
        let h = Activation(relu)(h);
        let shared = BatchNormalization(scale = false, momentum = 0.8, name = "shared");
        let a = shared(h);
        let b = shared(Dense(4, name = "mid")(a));
        let frozen = BatchNormalization(trainable = false, name = "frozen")(b);
        let flat = Flatten()(a + frozen);
        let kind = Dense(3, activation = softmax)(flat);
        let value = BatchNormalization(center = false)(Dense(2, name = "pre")(flat));

        Model(inputs = [x], outputs = [kind, value]).compile(
            optimizer = SGD(0.05, momentum = 0.9),
            loss = { kind: sparse_categorical_crossentropy, value: mse },
            loss_weights = { kind: 1.0, value: 0.5 },
            metrics = { kind: [accuracy], value: [mae] },
        )
    }
}

fn check_epochs<E: Real>()
where
    Cpu: Device<E>,
{
    let file = golden("batch_normalization.json");
    let case = &file["epochs"];
    let data = Data {
        rows: 20,
        inputs: vec![numbers(&case["x"]["x"])],
        targets: vec![numbers(&case["y"]["kind"]), numbers(&case["y"]["value"])],
        weights: vec![],
    };
    let mut model = Epochs::<E>::build(1);
    let names: BTreeSet<&str> = Epochs::<E>::SPEC.weights.iter().map(|weight| weight.name).collect();
    let initial = case["initial"].as_object().expect("weights");
    assert_eq!(names, initial.keys().map(String::as_str).collect(), "names of weights");
    set_weights(&mut model, |name, _| numbers(&initial[name]));

    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let before = trainer.weights();
    step(&mut trainer, &data.take(0..8)).expect("a step");
    for (name, wanted) in case["first_gradients"].as_object().expect("gradients") {
        let found = wide(&trainer.gradient(name).expect("a gradient"));
        let tolerance = Tolerance { rel: 1e-4, abs: 2e-6 };
        assert_close(&format!("first gradient of {name}"), &found, &numbers(wanted), tolerance);
    }
    drop(trainer);
    // A trainer without the state of that step.
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    trainer.set_weights(&before).expect("weights");
    let options = FitOptions::new().epochs(3).batch_size(8).shuffle(false).verbose(Verbose::Silent);
    let history = trainer.fit(&data.dataset::<Epochs<E>>(), options).expect("a history");
    for (key, wanted) in case["history"].as_object().expect("a history") {
        assert_close(key, &history.get(key).expect("values"), &numbers(wanted), TRAINING);
    }
    for (spec, found) in Epochs::<E>::SPEC.weights.iter().zip(trainer.weights()) {
        assert_close(spec.name, &wide(&found), &numbers(&case["final"][spec.name]), TRAINING);
    }
    let evaluation = trainer.evaluate(&data.dataset::<Epochs<E>>(), 8).expect("an evaluation");
    let pairs: Vec<_> = evaluation.pairs().into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    assert_logs("evaluate", &pairs, &case["evaluate"]);
    drop(trainer);
    let x = mimo::tensor(narrow::<E>(&data.inputs[0])).expect("samples");
    let outputs = model.forward(&EpochsInputs { x }).expect("outputs");
    assert_close("kind", &wide(&outputs.kind.as_vec()), &numbers(&case["predict"]["kind"]), TRAINING);
    assert_close("value", &wide(&outputs.value.as_vec()), &numbers(&case["predict"]["value"]), TRAINING);
}

#[test]
fn epochs_of_shared_and_frozen_layers_with_a_smaller_last_batch() {
    check_epochs::<f32>();
    check_epochs::<f64>();
}
