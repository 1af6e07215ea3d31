//! Custom losses together with declared ones: per output and joint, their weights, sample weights, logs and
//! gradients.

use mimo::data::ArrayDataset;
use mimo::dfdx::prelude::*;
use mimo::prelude::{Error, FitOptions, Model, Trainable, Trainer, Verbose, model, tensor};

/// Two linear heads of one input without biases, so that gradients are easy to compute.
macro_rules! heads {
    ($name:ident, $($compile:tt)*) => {
        model! {
            $name {
                let x = Input(shape = [1]);
                let a = Dense(1, use_bias = false, kernel_initializer = ones)(x);
                let b = Dense(1, use_bias = false, kernel_initializer = ones)(x);
                Model(inputs = [x], outputs = [a, b]).compile(optimizer = SGD(0.0), $($compile)*)
            }
        }
    };
}
heads!(CustomAndNone, loss = { a: custom, b: none });
heads!(CustomAndMse, loss = { a: custom, b: mse }, loss_weights = { a: 2.0, b: 3.0 });
heads!(TwoCustom, loss = custom, loss_weights = { a: 2.0, b: 2.0 });
heads!(TwoWeights, loss = custom, loss_weights = { a: 2.0, b: 3.0 });

fn gradient<M: Trainable<Float = f32>>(trainer: &Trainer<'_, M>, weight: &str) -> f32 {
    trainer.gradient(weight).expect("a weight of this name")[0]
}

fn close(found: f64, wanted: f64) -> bool {
    (found - wanted).abs() < 1e-6
}

#[test]
fn a_loss_may_read_an_output_without_a_loss() {
    let mut model = CustomAndNone::new(1);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    trainer.set_loss(|outputs, _| Ok((outputs.a + outputs.b).mean()));
    let inputs = CustomAndNoneInputs { x: tensor(vec![1.0, 3.0]).expect("samples") };
    let targets = CustomAndNoneTargets { a: tensor(vec![0.0, 0.0]).expect("samples") };
    let logs = trainer.train_on_batch(&inputs, &targets).expect("a step");
    // The mean of 2x is 4, its derivative with respect to each weight the mean of x.
    assert!(close(logs.a.loss, 4.0), "{logs:?}");
    assert_eq!((gradient(&trainer, "a/kernel"), gradient(&trainer, "b/kernel")), (2.0, 2.0));
}

/// `x = 1, 3`, the targets of `a` are 0, those of `b` are 5.
fn mixed() -> (CustomAndMseInputs, CustomAndMseTargets) {
    let inputs = CustomAndMseInputs { x: tensor(vec![1.0, 3.0]).expect("samples") };
    let zeros = tensor(vec![0.0, 0.0]).expect("samples");
    (inputs, CustomAndMseTargets { a: zeros, b: tensor(vec![5.0, 5.0]).expect("samples") })
}

#[test]
fn a_custom_loss_is_added_to_declared_ones() {
    let (inputs, targets) = mixed();
    let mut model = CustomAndMse::new(1);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    trainer.set_loss(|outputs, targets| Ok((outputs.a - targets.a.clone()).square().mean()));
    let history = trainer
        .fit(
            (&inputs, &targets),
            FitOptions::<CustomAndMse>::new().verbose(Verbose::Silent).validation_data((&inputs, &targets)),
        )
        .expect("a training");
    // a: (1 + 9) / 2, gradient 2·(1 + 9)/2; b: (16 + 4) / 2, gradient 2·(-4·1 - 2·3)/2.
    assert_eq!((gradient(&trainer, "a/kernel"), gradient(&trainer, "b/kernel")), (20.0, -30.0));
    for prefix in ["", "val_"] {
        let value = |key: &str| history.get(&format!("{prefix}{key}")).expect("a key")[0];
        assert!(close(value("a_loss"), 5.0) && close(value("b_loss"), 10.0), "{}", history.to_csv());
        assert!(close(value("loss"), 2.0 * 5.0 + 3.0 * 10.0), "{}", history.to_csv());
    }
    assert_eq!(history.keys(), ["loss", "a_loss", "b_loss", "val_loss", "val_a_loss", "val_b_loss"]);
}

#[test]
fn declared_outputs_get_gradients_of_custom_losses_too() {
    let (inputs, targets) = mixed();
    let mut model = CustomAndMse::new(1);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    trainer.set_loss(|outputs, _| Ok((outputs.a + outputs.b).mean()));
    trainer.train_on_batch(&inputs, &targets).expect("a step");
    assert_eq!((gradient(&trainer, "a/kernel"), gradient(&trainer, "b/kernel")), (4.0, -30.0 + 4.0));
}

#[test]
fn sample_weights_reach_a_custom_loss() {
    let (inputs, targets) = mixed();
    let weights = CustomAndMsePerOutput { a: Some(vec![0.5, 0.0]), b: Some(vec![0.0, 1.0]) };
    let data =
        ArrayDataset::<CustomAndMse>::new(&inputs, &targets).and_then(|data| data.sample_weights(&weights));
    let data = data.expect("a data set");
    let mut model = CustomAndMse::new(1);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    trainer.set_loss(|outputs, targets| {
        let squares = (outputs.a - targets.a.clone()).square().sum::<(usize,), _>();
        Ok((squares * targets.sample_weights().a.tensor()).mean())
    });
    let logs = trainer.train_on_rows(&data, &[0, 1]).expect("a step");
    assert!(close(logs.a.loss, 0.25) && close(logs.b.loss, 2.0), "{logs:?}");
    assert_eq!((gradient(&trainer, "a/kernel"), gradient(&trainer, "b/kernel")), (1.0, -18.0));

    let before = trainer.weights();
    trainer.set_loss(|outputs, targets| Ok((outputs.a - targets.a.clone()).square().mean()));
    let error = trainer.train_on_rows(&data, &[0, 1]).expect_err("ignored weights");
    assert!(matches!(error, Error::SampleWeightsIgnored { output: "a" }), "{error}");
    assert!(trainer.evaluate(&data, 2).is_err());
    assert_eq!(trainer.weights(), before);
    // The closure need not read weights of outputs that only have declared losses.
    let weights = CustomAndMsePerOutput { a: None, b: Some(vec![0.0, 1.0]) };
    trainer
        .train_on_rows(
            &ArrayDataset::new(&inputs, &targets)
                .and_then(|data| data.sample_weights(&weights))
                .expect("a data set"),
            &[0, 1],
        )
        .expect("a step");
}

#[test]
fn losses_by_name() {
    let inputs = TwoCustomInputs { x: tensor(vec![1.0, 3.0]).expect("samples") };
    let zeros = || tensor(vec![0.0, 0.0]).expect("samples");
    let targets = TwoCustomTargets { a: zeros(), b: zeros() };
    let mut model = TwoCustom::new(1);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");

    // One joint loss of both outputs, with their common loss weight.
    trainer.set_loss(|outputs, _| Ok((outputs.a * outputs.b).mean()));
    let logs = trainer.train_on_batch(&inputs, &targets).expect("a step");
    assert!(close(logs.loss, 2.0 * 5.0) && logs.a.loss.is_nan(), "{logs:?}");
    assert!(close(trainer.joint_loss("custom_loss").expect("a joint loss"), 5.0));
    assert_eq!(gradient(&trainer, "a/kernel"), 10.0);
    let history = trainer.fit((&inputs, &targets), FitOptions::<TwoCustom>::new().verbose(Verbose::Silent));
    assert_eq!(history.expect("a training").keys(), ["loss", "custom_loss"]);

    // One of them has its own loss, so only the other is left.
    assert!(trainer.joint_loss("custom_loss").is_some());
    trainer.add_loss("a", |outputs, _| Ok(outputs.a.mean())).expect("an output");
    trainer.add_loss("size", |outputs, _| Ok(outputs.b.square().mean() * 0.1)).expect("a free name");
    // Nothing was measured since, and the loss of `set_loss` is now that of `b`.
    assert_eq!((trainer.joint_loss("size"), trainer.joint_loss("custom_loss")), (None, None));
    let evaluation = trainer.evaluate((&inputs, &targets), 1).expect("losses");
    let pairs: Vec<(&str, f64)> = evaluation.pairs();
    assert_eq!(pairs.iter().map(|(key, _)| *key).collect::<Vec<_>>(), ["loss", "a_loss", "b_loss", "size"]);
    // The loss without a name is `b`'s: (1 + 9) / 2 again.
    for ((key, value), wanted) in pairs.iter().zip([2.0 * (2.0 + 5.0) + 0.5, 2.0, 5.0, 0.5]) {
        assert!(close(*value, wanted), "{key} {value} {wanted}");
    }

    let unusable =
        ["loss", "b_loss", "val_a_loss", "", "epoch", "a\nb", "val_size", "custom_loss", "val_custom_loss"];
    for name in unusable.into_iter().chain(["size"]) {
        let added = trainer.add_loss(name, |outputs, _| Ok(outputs.a.mean()));
        // A custom name may be reused: it replaces the loss.
        assert_eq!(added.is_ok(), name == "size", "{name}");
    }
    // In any order, and whether or not an output already has its loss.
    trainer.clear_loss();
    trainer.add_loss("val_size", |outputs, _| Ok(outputs.a.mean())).expect("a free name");
    for name in ["size", "a_loss", "val_loss", "val_b_loss"] {
        assert!(trainer.add_loss(name, |outputs, _| Ok(outputs.a.mean())).is_err(), "{name}");
    }
    trainer.clear_loss();
    let missing = trainer.train_on_batch(&inputs, &targets).expect_err("no loss");
    assert!(matches!(missing, Error::NoCustomLoss { output: "a" }));
    trainer.add_loss("a", |outputs, _| Ok(outputs.a.mean())).expect("an output");
    let missing = trainer.train_on_batch(&inputs, &targets).expect_err("no loss");
    assert!(matches!(missing, Error::NoCustomLoss { output: "b" }));

    let mut model = TwoWeights::new(1);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    trainer.set_loss(|outputs, _| Ok((outputs.a * outputs.b).mean()));
    let inputs = TwoWeightsInputs { x: inputs.x };
    let targets = TwoWeightsTargets { a: targets.a, b: targets.b };
    let error = trainer.train_on_batch(&inputs, &targets).expect_err("two weights");
    assert!(matches!(error, Error::JointLossWeights { weights: [2.0, 3.0], .. }));
    trainer.add_loss("b", |outputs, _| Ok(outputs.b.mean())).expect("an output");
    let logs = trainer.train_on_batch(&inputs, &targets).expect("a step");
    assert!(close(logs.loss, 2.0 * 5.0 + 3.0 * 2.0));
}

model! {
    /// One encoder, called on three inputs; it has no targets.
    Triplet {
        let anchor_image = Input(shape = [2]);
        let positive_image = Input(shape = [2]);
        let negative_image = Input(shape = [2]);
        let encode = Dense(2, activation = tanh);
        let anchor = encode(anchor_image);
        let positive = encode(positive_image);
        let negative = encode(negative_image);
        Model(inputs = [anchor_image, positive_image, negative_image], outputs = [anchor, positive, negative])
            .compile(optimizer = Adam(0.05), loss = custom(targets = false))
    }
}

/// Points around two centres: anchors and positives around one, negatives around the other.
#[test]
fn a_triplet_net_trains_without_targets() {
    let rows = 40;
    let around = |x: f32, y: f32, seed: usize| {
        let at = |i: usize| ((i * 7919 + seed * 104_729) % 997) as f32 / 997.0 - 0.5;
        tensor((0..2 * rows).map(|i| if i % 2 == 0 { x } else { y } + 0.3 * at(i)).collect::<Vec<_>>())
            .expect("samples")
    };
    let inputs = TripletInputs {
        anchor_image: around(1.0, 0.2, 1),
        positive_image: around(1.0, 0.2, 2),
        negative_image: around(0.2, 1.0, 3),
    };
    let mut model = Triplet::new(7);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    trainer.set_loss(|outputs, _| {
        let near = (outputs.anchor.with_empty_tape() - outputs.positive).square().sum::<(usize,), _>();
        let far = (outputs.anchor - outputs.negative).square().sum::<(usize,), _>();
        Ok((near - far + 1.0).relu().mean())
    });
    let options = FitOptions::<Triplet>::new().epochs(60).batch_size(10).verbose(Verbose::Silent);
    let history = trainer.fit((&inputs, &TripletTargets {}), options).expect("a training");
    let losses = history.get("loss").expect("losses");
    assert!(losses[0] > 0.5 && losses[59] < 0.05, "{losses:?}");
    assert!(<Triplet as Model>::SPEC.outputs.iter().all(|output| output.target().is_none()));
}
