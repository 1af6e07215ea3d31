//! Complete training runs compared with Keras's: every log, the gradients of the first step, the predictions of the
//! trained model, and its weights. The numbers are from `tests/golden/make_trainings.py`, whose models have the same
//! names.

mod support;

use std::collections::BTreeSet;

use mimo::dfdx::prelude::*;
use mimo::prelude::{FitOptions, Model as _, Trainable, Trainer, Verbose, model};
use serde_json::Value;
use support::{
    Data, Real, TRAINING, Tolerance, assert_close, assert_near, golden, narrow, numbers, set_weights, step,
    wide,
};

model! {
    Hub {
        let u = Input(shape = [4]);
        let v = Input(shape = [4]);
        let shared = Dense(5, activation = tanh, name = "shared");
        let joined = concatenate([shared(u), shared(v), u]);
        let trunk = Dense(6, activation = relu, name = "trunk")(joined);
        let value = Dense(1)(trunk);
        let kind = Dense(3, activation = softmax)(trunk);
        let flag = Dense(1, activation = sigmoid)(trunk);

        Model(inputs = [u, v], outputs = [value, kind, flag]).compile(
            optimizer = Adam(0.02),
            loss = { value: mse, kind: sparse_categorical_crossentropy, flag: binary_crossentropy },
            loss_weights = { value: 1.0, kind: 0.5, flag: 2.0 },
            metrics = { value: [mae], kind: [accuracy], flag: [accuracy, auc] },
        )
    }
}

model! {
    Held {
        let x = Input(shape = [6]);
        let first = Dense(
            5, activation = relu, kernel_regularizer = L2(0.02), bias_regularizer = L1(0.03),
            kernel_constraint = MaxNorm(0.8), name = "first",
        )(x);
        let frozen = Dense(
            5, activation = selu, trainable = false, kernel_regularizer = L2(0.1), name = "frozen",
        )(first);
        let third = Dense(
            4, activation = softsign, kernel_regularizer = L1L2(0.001, 0.01),
            kernel_constraint = MinMaxNorm(0.3, 0.9, rate = 0.5), bias_constraint = UnitNorm(), name = "third",
        )(frozen);
        let narrow = Dense(1, kernel_constraint = MaxNorm(0.5, axis = 1), name = "narrow")(third);
        let wide = Dense(4, activation = tanh, kernel_constraint = MaxNorm(0.4), name = "wide")(narrow);
        let joined = concatenate([third, wide]);
        let kind = Dense(3, activation = softmax, kernel_constraint = UnitNorm())(joined);
        let labels = Dense(
            2, activation = sigmoid, kernel_regularizer = L1(0.01), kernel_constraint = NonNeg(),
        )(joined);

        Model(inputs = [x], outputs = [kind, labels]).compile(
            optimizer = AdamW(0.02, weight_decay = 0.05, global_clipnorm = 0.3),
            loss = {
                kind: CategoricalCrossentropy(label_smoothing = 0.1),
                labels: BinaryCrossentropy(label_smoothing = 0.2),
            },
            loss_weights = { kind: 1.5, labels: 0.7 },
            metrics = { kind: [categorical_accuracy], labels: [binary_accuracy] },
        )
    }
}

model! {
    Woven {
        let p = Input(shape = [3, 4]);
        let q = Input(shape = [4]);
        let along = Dense(4, activation = tanh, name = "along")(p);
        let across = Dense(4, activation = gelu, name = "across")(q);
        let added = add([along, across]);
        let gate = Dense(1, activation = silu, name = "gate")(p);
        let gated = multiply([added, gate]);
        let soft = Dense(4, activation = softplus, name = "soft")(q);
        let row = Reshape([1, 4])(soft);
        let flat = Flatten()(average([gated, row, along]));
        let trunk = Dense(6, activation = softplus, name = "trunk")(flat);
        let branch = Dense(6, activation = gelu, name = "branch")(trunk);
        let residual = trunk + branch;
        let error = Dense(2)(residual);
        let share = Dense(3, activation = softmax)(residual);
        let count = Dense(2, activation = exponential)(residual);
        let angle = Dense(4)(residual);

        Model(inputs = [p, q], outputs = [error, share, count, angle]).compile(
            optimizer = RMSprop(0.01),
            loss = { error: huber(delta = 0.5), share: kl_divergence, count: poisson, angle: cosine_similarity },
            loss_weights = { error: 1.0, share: 2.0, count: 0.25, angle: 0.5 },
            metrics = {
                error: [mae, mse], angle: [cosine_similarity], count: [root_mean_squared_error],
            },
        )
    }
}

/// The samples of a case, by the names of a model's inputs and outputs.
fn data<M: Trainable>(case: &Value) -> Data {
    Data {
        rows: case["rows"].as_u64().expect("a number of rows") as usize,
        inputs: M::SPEC.inputs.iter().map(|input| numbers(&case["x"][input.name])).collect(),
        targets: M::SPEC.outputs.iter().map(|output| numbers(&case["y"][output.name])).collect(),
        weights: vec![],
    }
}

/// Every value that Keras logged, and no other.
fn assert_logs(what: &str, found: &[(String, f64)], wanted: &Value) {
    let wanted = wanted.as_object().expect("logs");
    let keys: BTreeSet<&str> = found.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, wanted.keys().map(String::as_str).collect(), "{what}: keys");
    for (key, value) in found {
        assert_near(&format!("{what}: {key}"), *value, wanted[key].as_f64().expect("a value"), TRAINING);
    }
}

fn assert_weights<M: Trainable<Float: Real>>(trainer: &Trainer<'_, M>, wanted: &Value) {
    for (spec, found) in M::SPEC.weights.iter().zip(trainer.weights()) {
        assert_close(&format!("weight {}", spec.name), &wide(&found), &numbers(&wanted[spec.name]), TRAINING);
    }
}

fn assert_first_gradients<M: Trainable<Float: Real>>(model: &mut M, data: &Data, case: &Value) {
    const TOLERANCE: Tolerance = Tolerance { rel: 1e-4, abs: 2e-6 };
    let mut trainer = Trainer::new(model).expect("a trainer");
    // The weights are restored, so that training begins like Keras's.
    let before = trainer.weights();
    step(&mut trainer, data).expect("a step");
    for (name, wanted) in case["first_gradients"].as_object().expect("gradients") {
        let found = wide(&trainer.gradient(name).expect("a gradient"));
        assert_close(&format!("first gradient of {name}"), &found, &numbers(wanted), TOLERANCE);
    }
    trainer.set_weights(&before).expect("weights");
}

fn initial<M: Trainable<Float: Real>>(model: &mut M, case: &Value) {
    let names: BTreeSet<&str> = M::SPEC.weights.iter().map(|weight| weight.name).collect();
    let wanted = case["initial"].as_object().expect("weights");
    assert_eq!(names, wanted.keys().map(String::as_str).collect(), "names of weights");
    set_weights(model, |name, _| numbers(&wanted[name]));
}

fn assert_end<M: Trainable<Float: Real>>(
    trainer: &mut Trainer<'_, M>,
    data: &Data,
    batch: usize,
    case: &Value,
) {
    let evaluation = trainer.evaluate(&data.dataset::<M>(), batch).expect("an evaluation");
    let pairs: Vec<_> = evaluation.pairs().into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    assert_logs("evaluate", &pairs, &case["evaluate"]);
    assert_weights(trainer, &case["final"]);
}

/// Steps on all samples as one batch.
fn check_steps<M: Trainable<Float: Real>>(mut model: M, case: &Value, clipped: bool) {
    let data = data::<M>(case);
    initial(&mut model, case);
    if !clipped {
        assert_first_gradients(&mut model, &data, case);
    }
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    for (index, wanted) in case["logs"].as_array().expect("logs").iter().enumerate() {
        let logs = step(&mut trainer, &data).expect("a step");
        assert_logs(&format!("step {index}"), &logs, wanted);
    }
    assert_end(&mut trainer, &data, data.rows, case);
}

fn check_hub<E: Real>()
where
    Cpu: Device<E>,
{
    let file = golden("trainings.json");
    let case = &file["hub"];
    let data = data::<Hub<E>>(case);
    let mut model = Hub::<E>::build(1);
    initial(&mut model, case);
    assert_first_gradients(&mut model, &data.take(0..8), case);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let options = FitOptions::new()
        .epochs(3)
        .batch_size(8)
        .shuffle(false)
        .validation_split(0.25)
        .verbose(Verbose::Silent);
    let history = trainer.fit(&data.dataset::<Hub<E>>(), options).expect("a history");
    let wanted = case["history"].as_object().expect("a history");
    let keys = history.keys();
    assert_eq!(
        keys.iter().collect::<BTreeSet<_>>(),
        wanted.keys().collect::<BTreeSet<_>>(),
        "keys of the history"
    );
    for key in keys {
        assert_close(&key, &history.get(&key).expect("values"), &numbers(&wanted[&key]), TRAINING);
    }
    assert_end(&mut trainer, &data, 8, case);
    drop(trainer);

    let samples = |index: usize| {
        mimo::tensor::<(usize, Const<4>), E>(narrow::<E>(&data.inputs[index])).expect("samples")
    };
    let outputs = model.forward(&HubInputs { u: samples(0), v: samples(1) }).expect("outputs");
    let predicted = &case["predict"];
    assert_close("value", &wide(&outputs.value.as_vec()), &numbers(&predicted["value"]), TRAINING);
    assert_close("kind", &wide(&outputs.kind.as_vec()), &numbers(&predicted["kind"]), TRAINING);
    assert_close("flag", &wide(&outputs.flag.as_vec()), &numbers(&predicted["flag"]), TRAINING);
}

#[test]
fn epochs_of_a_shared_layer_and_three_heads() {
    check_hub::<f32>();
    check_hub::<f64>();
}

#[test]
fn steps_with_penalties_constraints_clipping_and_decay() {
    let file = golden("trainings.json");
    check_steps(Held::<f32>::build(1), &file["held"], true);
    check_steps(Held::<f64>::build(1), &file["held"], true);
}

#[test]
fn steps_through_merges_and_smooth_activations() {
    let file = golden("trainings.json");
    check_steps(Woven::<f32>::build(1), &file["woven"], false);
    check_steps(Woven::<f64>::build(1), &file["woven"], false);
}

// Keras's `Dot(normalize=True)` of two calls of a shared layer, with the second loss written in tensor operations on
// the two embeddings; `golden_tutorials.rs` has it as a layer.
model! {
    Siamese {
        let p = Input(shape = [4]);
        let q = Input(shape = [4]);
        let shared = Dense(3, activation = tanh, name = "shared");
        let left = shared(p);
        let right = shared(q);
        let o1 = Dense(1)(left - right);
        Model(inputs = [p, q], outputs = { o1: o1, left: left, right: right })
            .compile(optimizer = RMSprop(), loss = custom)
    }
}

fn check_siamese<E: Real>()
where
    Cpu: Device<E>,
{
    let case = golden("siamese.json");
    let (x, y) = (&case["x"], &case["y"]);
    let rows = support::rows(&x[0]);
    let mut model = Siamese::<E>::build(1);
    set_weights(&mut model, |name, _| numbers(support::entry(&case["initial_weights"], "path", name)));
    let data = Data {
        rows,
        inputs: vec![numbers(&x[0]), numbers(&x[1])],
        targets: vec![numbers(&y[0]), vec![0.0; 3 * rows], vec![0.0; 3 * rows]],
        weights: vec![],
    };
    let similar = narrow::<E>(&numbers(&y[1]));
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    trainer.set_loss(move |outputs, targets| {
        let device = Cpu::default();
        let first = (outputs.o1 - targets.o1.clone()).square().mean();
        let (left, right) = (outputs.left, outputs.right);
        let rows = (left.shape().0,);
        let norm = |side: Tensor<(usize, Const<3>), E, Cpu, OwnedTape<E, Cpu>>| {
            side.square().sum::<(usize,), Axis<1>>().sqrt()
        };
        let norms = norm(left.with_empty_tape()) * norm(right.with_empty_tape());
        let product = (left * right).sum::<(usize,), Axis<1>>();
        let cosine = product / norms;
        let wanted = device.tensor_from_vec(similar.clone(), rows);
        let second = (cosine - wanted).square().mean();
        Ok(first + second * E::from_wide(2.0))
    });
    for (index, wanted) in case["train_on_batch_logs"].as_array().expect("logs").iter().enumerate() {
        let logs = step(&mut trainer, &data).expect("a step");
        assert_near(
            &format!("loss of step {index}"),
            logs[0].1,
            wanted["loss"].as_f64().expect("a loss"),
            TRAINING,
        );
    }
    for (spec, found) in Siamese::<E>::SPEC.weights.iter().zip(trainer.weights()) {
        let place =
            case["initial_weights"].as_array().expect("weights").iter().position(|w| w["path"] == spec.name);
        let wanted = &case["final_weights"][place.expect("a weight")];
        assert_close(spec.name, &wide(&found), &numbers(wanted), TRAINING);
    }
    let total = support::total(&mut trainer, &data);
    assert_near("evaluate", total, case["evaluate_after"]["loss"].as_f64().expect("a loss"), TRAINING);
}

#[test]
fn steps_of_a_siamese_model_with_a_loss_of_one_s_own() {
    check_siamese::<f32>();
    check_siamese::<f64>();
}
