//! `OrthogonalRegularizer` and `ActivityRegularization` against Keras's numbers: the total loss and its gradients.

mod support;

use mimo::Model;
use mimo::dfdx::prelude::*;
use mimo::prelude::{Trainer, model, tensor};
use support::{
    Data, F32, F64, Real, Tolerance, assert_close, golden, narrow, numbers, set_weights, step, wide,
};

model! {
    Penalized {
        let x = Input(shape = [4]);
        let h = Dense(
            3, activation = tanh, kernel_regularizer = OrthogonalRegularizer(0.25, mode = columns), name = "h"
        )(x);
        let h = ActivityRegularization(0.3, 0.2)(h);
        let y = Dense(2, kernel_regularizer = OrthogonalRegularizer(0.5))(h);
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(learning_rate = 0.0), loss = mse)
    }
}

fn check<E: Real>(tolerance: Tolerance)
where
    Cpu: Device<E>,
{
    let case = golden("regularizers.json");
    let mut model = Penalized::<E>::build(1);
    set_weights(&mut model, |name, _| numbers(&case["weights"][name]));
    let (x, y) = (narrow::<E>(&numbers(&case["x"])), narrow::<E>(&numbers(&case["y"])));
    let batch = |rows: usize| {
        let inputs = PenalizedInputs { x: tensor(x[..4 * rows].to_vec()).expect("samples") };
        (inputs, PenalizedTargets { y: tensor(y[..2 * rows].to_vec()).expect("targets") })
    };
    let wanted = |name: &str| vec![case[name].as_f64().expect("a loss")];
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let (inputs, targets) = batch(2);
    let logs = trainer.train_on_batch(&inputs, &targets).expect("a step");
    assert_close("loss of two samples", &[logs.loss], &wanted("loss_of_two"), tolerance);
    let (inputs, targets) = batch(5);
    let logs = trainer.train_on_batch(&inputs, &targets).expect("a step");
    assert_close("loss", &[logs.loss], &wanted("loss"), tolerance);
    for (name, wanted) in case["gradients"].as_object().expect("gradients") {
        assert_close(name, &wide(&trainer.gradient(name).expect("a gradient")), &numbers(wanted), tolerance);
    }
    // Evaluation has the same penalties.
    let evaluation = trainer.evaluate((&inputs, &targets), 5).expect("an evaluation");
    assert_close(
        "loss of an evaluation",
        &[evaluation.get("loss").expect("a loss")],
        &wanted("loss"),
        tolerance,
    );
}

#[test]
fn in_f32() {
    check::<f32>(F32);
}

#[test]
fn in_f64() {
    check::<f64>(F64);
}

model! {
    Apart {
        let x = Input(shape = [4]);
        let h = Dense(3, activation = relu, name = "h")(x);
        let seen_too = ActivityRegularization(0.1, 0.2)(Dense(2, activation = tanh, name = "code")(h));
        let seen = Dense(2)(ActivityRegularization(0.2)(Dense(3, name = "between")(h)));
        let h = ActivityRegularization(0.05)(ActivityRegularization(0.0, 0.1)(h));
        let y = Dense(2)(concatenate([h, ActivityRegularization(0.3)(x)]));
        Model(inputs = [x], outputs = [y, seen_too, seen])
            .compile(optimizer = SGD(learning_rate = 0.0), loss = { y: mse, seen_too: none, seen: none })
    }
}

fn check_apart<E: Real>(tolerance: Tolerance)
where
    Cpu: Device<E>,
{
    let case = &golden("regularizers.json")["apart"];
    let mut model = Apart::<E>::build(1);
    set_weights(&mut model, |name, _| numbers(&case["weights"][name]));
    let inputs = ApartInputs { x: tensor(narrow::<E>(&numbers(&case["x"]))).expect("samples") };
    let targets = ApartTargets { y: tensor(narrow::<E>(&numbers(&case["y"]))).expect("targets") };
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let logs = trainer.train_on_batch(&inputs, &targets).expect("a step");
    let loss = [case["loss"].as_f64().expect("a loss")];
    assert_close("loss", &[logs.loss], &loss, tolerance);
    for (name, wanted) in case["gradients"].as_object().expect("gradients") {
        assert_close(name, &wide(&trainer.gradient(name).expect("a gradient")), &numbers(wanted), tolerance);
    }
}

/// A penalty without a dependent loss is trained, like any part of the total loss.
#[test]
fn penalties_without_a_loss_behind_them_in_f32() {
    check_apart::<f32>(F32);
}

#[test]
fn penalties_without_a_loss_behind_them_in_f64() {
    check_apart::<f64>(F64);
}

macro_rules! steps {
    ($($name:ident $optimizer:ident $arguments:tt)+) => {$(
        model! {
            $name {
                let x = Input(shape = [4]);
                let h = Dense(3, activation = tanh, kernel_regularizer = OrthogonalRegularizer(0.25))(x);
                let y = Dense(2, kernel_regularizer = L2(0.1))(h);
                Model(inputs = [x], outputs = [y]).compile(optimizer = $optimizer $arguments, loss = mse)
            }
        }
    )+};
}

steps! {
    Once SGD(learning_rate = 0.1, global_clipnorm = 0.5)
    Twice SGD(learning_rate = 0.1, global_clipnorm = 0.5, gradient_accumulation_steps = 2)
}

/// Gradients of penalties are also accumulated over the steps of one update: two equal steps are one.
#[test]
fn penalties_are_accumulated_with_the_gradients() {
    let samples = Data::random::<Once<f64>>(6, 3);
    let (mut once, mut twice) = (Once::<f64>::build(1), Twice::<f64>::build(1));
    let before = weights(&once);
    assert_eq!(before, weights(&twice));
    let mut trainer = Trainer::new(&mut once).expect("a trainer");
    step(&mut trainer, &samples).expect("a step");
    drop(trainer);
    let mut trainer = Trainer::new(&mut twice).expect("a trainer");
    step(&mut trainer, &samples).expect("half of a step");
    step(&mut trainer, &samples).expect("a step");
    drop(trainer);
    assert_ne!(weights(&once), before);
    assert_close("weights", &weights(&twice), &weights(&once), F64);
}

fn weights<M: Model<Float = f64>>(model: &M) -> Vec<f64> {
    let mut all = vec![];
    model.read_weights(&mut |_, values| all.extend(values));
    all
}
