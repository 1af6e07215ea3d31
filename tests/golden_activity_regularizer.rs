//! `activity_regularizer` of layers against Keras's numbers: the total loss and its gradients.

mod support;

use mimo::dfdx::prelude::*;
use mimo::prelude::{Trainer, model, tensor};
use support::{F32, F64, Real, Tolerance, assert_close, golden, narrow, numbers, set_weights, wide};

model! {
    Active {
        let x = Input(shape = [4]);
        let z = Input(shape = [4]);
        let image = Input(shape = [6, 6, 2]);
        let steps = Input(shape = [5, 3]);

        // A shared layer: each call counts.
        let h = Dense(3, activation = tanh, activity_regularizer = L1L2(0.1, 0.2), name = "h");
        let both = concatenate([h(x), h(z)]);
        // Siblings, one of which has a penalty.
        let p = Dense(2, activation = relu, activity_regularizer = L1(0.3), name = "p")(both);
        let q = Dense(3, activation = softplus, name = "q")(both);
        let c = Conv2D(2, 3, activation = relu, activity_regularizer = L2(0.05), name = "c")(image);
        let c = Flatten()(MaxPooling2D(2)(c));
        // The states have the penalty too, although nothing reads them.
        let (r, _, _) = LSTM(3, return_state = true, activity_regularizer = L2(0.1), name = "r")(steps);
        let s = Bidirectional(
            GRU(2, return_sequences = true, activity_regularizer = L1(0.1), name = "gru"), name = "s"
        )(steps);
        let s = Flatten()(s);
        let trunk = concatenate([p, q, c, r, s]);
        let kind = Dense(3, activation = softmax, activity_regularizer = L2(0.2))(trunk);
        let flags = Dense(2, activation = sigmoid, activity_regularizer = L1L2(0.1, 0.3))(trunk);

        Model(inputs = [x, z, image, steps], outputs = [kind, flags]).compile(
            optimizer = SGD(learning_rate = 0.0),
            loss = { kind: categorical_crossentropy, flags: binary_crossentropy },
        )
    }
}

model! {
    Simple {
        let steps = Input(shape = [5, 3]);
        let (all, last) = SimpleRNN(
            2, return_sequences = true, return_state = true, activity_regularizer = L1L2(0.1, 0.2), name = "rnn"
        )(steps);
        let y = Dense(1, name = "head")(last);
        Model(inputs = [steps], outputs = [y, all, last])
            .compile(optimizer = SGD(learning_rate = 0.0), loss = { y: mse, all: none, last: none })
    }
}

/// Keras 3.15 adds no penalty for a `SimpleRNN`; here it is like that of an `LSTM`, of its outputs and of its state.
#[test]
fn a_simple_recurrent_layer_has_its_penalty() {
    let mut model = Simple::<f64>::build(3);
    let values: Vec<f64> = (0..30).map(|i| (f64::from(i) * 0.7).sin()).collect();
    let inputs = SimpleInputs { steps: tensor(values).expect("samples") };
    let wanted = [0.5, -1.0];
    let targets = SimpleTargets { y: tensor(wanted.to_vec()).expect("targets") };
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let total = |trainer: &mut Trainer<'_, Simple<f64>>| {
        let found = trainer.predict(&inputs).expect("outputs");
        let squares = found.y.as_vec().iter().zip(wanted).map(|(y, t)| (y - t).powi(2)).sum::<f64>();
        let values = [found.all.as_vec(), found.last.as_vec()].concat();
        let penalty = values.iter().map(|value| 0.1 * value.abs() + 0.2 * value * value).sum::<f64>();
        (squares + penalty) / 2.0
    };
    let loss = trainer.train_on_batch(&inputs, &targets).expect("a step").loss;
    assert_close("loss", &[loss], &[total(&mut trainer)], F64);
    let names = ["rnn/kernel", "rnn/recurrent_kernel", "rnn/bias", "head/kernel", "head/bias"];
    let gradients: Vec<Vec<f64>> =
        names.iter().map(|name| trainer.gradient(name).expect("a gradient")).collect();
    let weights = trainer.weights();
    assert_eq!(weights.len(), names.len());
    for (place, gradient) in gradients.iter().enumerate() {
        for (at, &found) in gradient.iter().enumerate() {
            let mut at_distance = |distance: f64| {
                let mut moved = weights.clone();
                moved[place][at] += distance;
                trainer.set_weights(&moved).expect("weights");
                total(&mut trainer)
            };
            let slope = (at_distance(1e-5) - at_distance(-1e-5)) / 2e-5;
            assert!((slope - found).abs() < 1e-7, "{}: {found} and {slope}", names[place]);
        }
    }
}

fn check<E: Real>(tolerance: Tolerance)
where
    Cpu: Device<E>,
{
    let case = golden("activity_regularizer.json");
    let mut model = Active::<E>::build(1);
    set_weights(&mut model, |name, _| numbers(&case["weights"][name]));
    let input = |name: &str| narrow::<E>(&numbers(&case["inputs"][name]));
    let target = |name: &str| narrow::<E>(&numbers(&case[name]));
    let inputs = ActiveInputs {
        x: tensor(input("x")).expect("samples"),
        z: tensor(input("z")).expect("samples"),
        image: tensor(input("image")).expect("samples"),
        steps: tensor(input("steps")).expect("samples"),
    };
    let targets = ActiveTargets {
        kind: tensor(target("kind")).expect("targets"),
        flags: tensor(target("flags")).expect("targets"),
    };
    let loss = [case["loss"].as_f64().expect("a loss")];
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let logs = trainer.train_on_batch(&inputs, &targets).expect("a step");
    assert_close("loss", &[logs.loss], &loss, tolerance);
    for (name, wanted) in case["gradients"].as_object().expect("gradients") {
        assert_close(name, &wide(&trainer.gradient(name).expect("a gradient")), &numbers(wanted), tolerance);
    }
    let evaluation = trainer.evaluate((&inputs, &targets), 5).expect("an evaluation");
    assert_close("evaluation", &[evaluation.get("loss").expect("a loss")], &loss, tolerance);
}

#[test]
fn in_f32() {
    check::<f32>(F32);
}

#[test]
fn in_f64() {
    check::<f64>(F64);
}
