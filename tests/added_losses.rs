//! `add_loss` in generated models: names in the logs, functions and loops, nested models, gradients, and prediction.
#![allow(missing_docs, reason = "models of tests need no documentation")]

mod support;

use mimo::TrainerOptions;
use mimo::dfdx::tensor_ops::MeanTo as _;
use mimo::prelude::*;
use support::{Check, Data, Tolerance, assert_near, check_gradients};

model! {
    /// Several losses: one without an output that depends on its tensor, one of an output, and some from a loop.
    #[allow(mimo::negative_loss_weight)]
    Several {
        fn size(x, name, weight = 0.1) {
            let squares = mean(square(x), axis = -1);
            add_loss(squares, weight = weight, name = name);
            squares * squares
        }

        let x = Input(shape = [4]);
        let h = Dense(5, activation = tanh)(x);
        for i in 0..2 {
            let h = Dense(5, activation = softplus, activity_regularizer = L2(0.01))(h);
            add_loss(Dense(1)(h), weight = 0.5, name = "score_{i}");
            let _size = size(h, "size_{i}", weight = 0.2);
        }
        let image = Reshape([1, 5, 1])(h);
        add_loss(mean(abs(image), axis = (1, 2, 3)), name = "Size");
        let y = Dense(1)(h);
        add_loss(exp(y), -0.05);
        let z = Dense(3, activation = softmax)(h);
        add_loss(sum(z * log(z), axis = -1));
        Model(inputs = [x], outputs = [y, z]).compile(
            optimizer = SGD(0.05),
            loss = { y: mse, z: categorical_crossentropy },
            loss_weights = { z: 0.7 },
            metrics = { y: [mae] },
        )
    }
}

model! {
    /// Only added losses, one of which reads an input that no output needs.
    Alone {
        let x = Input(shape = [4]);
        let wanted = Input(shape = [2]);
        let y = Dense(2)(Dense(3, activation = tanh)(x));
        add_loss(mean(square(y - wanted), axis = -1), name = "distance");
        Model(inputs = [x, wanted], outputs = [y]).compile(optimizer = SGD(0.05), loss = none)
    }
}

model! {
    /// Only predicts, except in models that use it as a layer.
    Encoder {
        let x = Input(shape = [4]);
        let h = Dense(5, activation = tanh)(x);
        let mean = Dense(2)(h);
        let log_variance = Dense(2)(h);
        add_loss(-0.5 * sum(1.0 + log_variance - square(mean) - exp(log_variance), axis = -1), weight = 0.2, name = "kl");
        // Weights that only the loss needs.
        add_loss(Dense(1, name = "critic")(h), 0.1, name = "critic_score");
        Model(inputs = [x], outputs = [mean])
    }
}

model! {
    Outer {
        use Encoder;
        let a = Input(shape = [4]);
        let b = Input(shape = [4]);
        let encoder = Encoder();
        let y = Dense(1)(concatenate([encoder(a), encoder(b)]));
        add_loss(square(y), name = "own");
        Model(inputs = [a, b], outputs = [y]).compile(optimizer = SGD(0.05), loss = mse)
    }
}

model! {
    /// The same terms as in `Normalized`, without a batch normalization to fold.
    Custom {
        let x = Input(shape = [4]);
        let h = Dense(5, activation = tanh)(x);
        let y = Dense(1)(h);
        let z = Dense(2)(h);
        add_loss(sum(square(z), axis = -1), weight = 0.5, name = "z");
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.05), loss = custom)
    }
}

model! {
    /// Stages, and a separate pass for prediction.
    Normalized {
        let x = Input(shape = [6, 2]);
        let h = BatchNormalization()(Conv1D(3, 3, use_bias = false)(x));
        let h = relu(h);
        add_loss(mean(BatchNormalization()(Dense(3)(h)), axis = (1, 2)), name = "inner");
        let y = Dense(2)(Flatten()(h));
        add_loss(mean(square(y), axis = -1), name = "outer", weight = 0.5);
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.05), loss = mse)
    }
}

#[test]
fn gradients_are_those_of_the_total() {
    let check = Check::default();
    check_gradients(&mut Several::<f64>::build(1), check);
    check_gradients(&mut Alone::<f64>::build(1), check);
    check_gradients(&mut Outer::<f64>::build(1), check);
    check_gradients(&mut Normalized::<f64>::build(1), Check { training: true, ..check });
}

/// Losses of a data set by their keys, and the total computed from them.
fn keys<M: Trainable<Float = f64>>(model: &mut M) -> Vec<(String, f64)> {
    let data = Data::random::<M>(7, 3);
    let mut trainer = Trainer::new(model).expect("a trainer");
    let logs = trainer.evaluate(&data.dataset::<M>(), 3).expect("an evaluation");
    logs.pairs().into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

#[test]
fn logs_have_every_added_loss_without_its_weight() {
    let tolerance = Tolerance { rel: 1e-12, abs: 1e-12 };
    let logs = keys(&mut Several::<f64>::build(1));
    let names: Vec<&str> = logs.iter().map(|(key, _)| key.as_str()).collect();
    let wanted = [
        "loss",
        "y_loss",
        "y_mae",
        "z_loss",
        "score_0_loss",
        "size_0_loss",
        "score_1_loss",
        "size_1_loss",
        "Size_loss",
        "added_loss",
        "added_1_loss",
    ];
    assert_eq!(names, wanted);
    let value = |key: &str| logs.iter().find(|(name, _)| name == key).expect(key).1;
    let losses = value("y_loss") + 0.7 * value("z_loss");
    let added = 0.5 * (value("score_0_loss") + value("score_1_loss"))
        + 0.2 * (value("size_0_loss") + value("size_1_loss"))
        + value("Size_loss")
        - 0.05 * value("added_loss")
        + value("added_1_loss");
    // The penalties of the two dense layers are the rest.
    assert!(value("loss") > losses + added && value("loss") < losses + added + 1.0, "{logs:?}");

    let logs = keys(&mut Alone::<f64>::build(1));
    assert_eq!(logs.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["loss", "distance_loss"]);
    assert_near("a loss alone", logs[0].1, logs[1].1, tolerance);

    let logs = keys(&mut Outer::<f64>::build(1));
    let names: Vec<&str> = logs.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(names, ["loss", "y_loss", "encoder/kl_loss", "encoder/critic_score_loss", "own_loss"]);
    let total = logs[1].1 + 0.2 * logs[2].1 + 0.1 * logs[3].1 + logs[4].1;
    assert_near("a nested model, called twice", logs[0].1, total, tolerance);
}

#[test]
fn typed_logs_have_fields_for_added_losses() {
    let mut model = Outer::new(1);
    let column = |from: usize| (from..from + 12).map(|i| (i as f32).sin()).collect::<Vec<f32>>();
    let inputs =
        OuterInputs { a: tensor(column(0)).expect("samples"), b: tensor(column(5)).expect("samples") };
    let targets = OuterTargets { y: tensor(vec![0.5, -1.0, 2.0]).expect("samples") };
    let outputs = model.forward(&inputs).expect("outputs");
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let logs = trainer.train_on_batch(&inputs, &targets).expect("a step");
    let own = outputs.y.as_vec().iter().map(|y| f64::from(y * y)).sum::<f64>() / 3.0;
    assert!((logs.own_loss - own).abs() < 1e-6, "{logs:?}");
    let total =
        logs.y.loss + 0.2 * logs.encoder_kl_loss + 0.1 * logs.encoder_critic_score_loss + logs.own_loss;
    assert!((logs.loss - total).abs() < 1e-6, "{logs:?}");
    let history = trainer
        .fit_with((&inputs, &targets), |options| options.epochs(30).validation_data((&inputs, &targets)))
        .expect("a history");
    let first = history.epochs().first().expect("an epoch");
    let last = history.epochs().last().expect("an epoch");
    assert!(last.train.loss < first.train.loss);
    assert_eq!(last.get("val_own_loss"), last.validation.as_ref().map(|logs| logs.own_loss));
}

#[test]
fn a_nested_model_predicts_as_without_the_losses() {
    let model = Encoder::new(4);
    let x: Vec<f32> = (0..8).map(|i| (i as f32).cos()).collect();
    let outputs = model.forward(&EncoderInputs { x: tensor(x).expect("samples") }).expect("outputs");
    assert!(outputs.mean.as_vec().iter().all(|value| value.is_finite()));
    assert_eq!(model.critic.kernel.as_vec().len(), 5);
}

#[test]
fn predictions_do_not_compute_what_only_losses_need() {
    // The buffers of a prediction are those that the output needs.
    let with = const { &<Alone as Model>::PROGRAM }.predict.len;
    let training = const { &<Alone as Model>::PROGRAM }.train.len;
    assert!(with < training, "{with} {training}");
    let mut model = Normalized::new(2);
    let x: Vec<f32> = (0..60).map(|i| (i as f32 * 0.3).sin()).collect();
    let inputs = NormalizedInputs { x: tensor(x).expect("samples") };
    let targets = NormalizedTargets { y: tensor(vec![0.25; 10]).expect("samples") };
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    for _ in 0..3 {
        trainer.train_on_batch(&inputs, &targets).expect("a step");
    }
    drop(trainer);
    // Folded and unfolded.
    let plain = model.forward(&inputs).expect("outputs").y.as_vec();
    let folded = Predictor::new(&model).expect("a predictor").predict(&inputs).expect("outputs").y.as_vec();
    for (a, b) in plain.iter().zip(&folded) {
        assert!((a - b).abs() < 1e-5, "{a} {b}");
    }
}

#[test]
fn custom_losses_and_added_ones_add_up() {
    let mut model = Custom::new(1);
    let x: Vec<f32> = (0..12).map(|i| (i as f32).sin()).collect();
    let inputs = CustomInputs { x: tensor(x).expect("samples") };
    let targets = CustomTargets { y: tensor(vec![1.0, 0.0, -1.0]).expect("samples") };
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    trainer.set_loss(|outputs, targets| Ok((outputs.y - targets.y.clone()).square().mean()));
    let logs = trainer.train_on_batch(&inputs, &targets).expect("a step");
    assert!((logs.loss - (logs.y.loss + 0.5 * logs.z_loss)).abs() < 1e-6 && logs.z_loss > 0.0, "{logs:?}");
    assert!(trainer.gradient("dense_1/kernel").expect("a gradient").iter().all(|gradient| *gradient != 0.0));
}

#[test]
fn the_number_of_threads_does_not_matter() {
    let data = Data::random::<Several<f64>>(300, 5);
    let run = |threads: usize| {
        let mut model = Several::<f64>::build(1);
        let options = TrainerOptions::new().threads(threads);
        let mut trainer = Trainer::with_options(&mut model, options).expect("a trainer");
        let logs = support::step(&mut trainer, &data).expect("a step");
        (logs, trainer.weights())
    };
    assert_eq!(run(1), run(3));
}
