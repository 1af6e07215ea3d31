//! Parts of a model that are frozen, unfrozen, or have their own learning rate; compared with Keras's numbers where
//! Keras supports it.
#![allow(missing_docs, unreachable_pub, reason = "models of tests need no documentation")]

mod support;

use mimo::data::ArrayDataset;
use mimo::prelude::*;
use serde_json::Value;
use support::{assert_close, golden, narrow, numbers};

model! {
    Encoder {
        let image = Input(shape = [5]);
        let h = Dense(6, activation = relu, kernel_regularizer = L2(0.01), name = "features")(image);
        let code = BatchNormalization(momentum = 0.8, name = "norm")(h);
        Model(inputs = [image], outputs = [code])
    }
}

/// The heads are siblings on one tensor, merged into one product.
macro_rules! net {
    ($name:ident, $($optimizer:tt)+) => {
        model! {
            $name {
                use Encoder;

                let x = Input(shape = [5]);
                let h = Encoder()(x);
                let left = Dense(2, kernel_regularizer = L1(0.01))(h);
                let right = Dense(1)(h);
                Model(inputs = [x], outputs = [left, right]).compile(optimizer = $($optimizer)+, loss = mse)
            }
        }
    };
}

net!(WithAdam, Adam(0.05, weight_decay = 0.1, global_clipnorm = 0.8));
net!(WithSgd, SGD(0.1, momentum = 0.9));
net!(WithLamb, Lamb(0.05));
net!(WithAverages, Adam(0.05, use_ema = true, ema_momentum = 0.5, ema_overwrite_frequency = 2));

/// A weight by its name in mimo.
fn named<'a>(weights: &'a Value, name: &str) -> &'a Value {
    &weights[name.strip_prefix("encoder/").unwrap_or(name)]
}

fn set<M: Trainable<Float = f32>>(trainer: &mut Trainer<'_, M>, weights: &Value) {
    let values = M::SPEC.weights.iter().map(|weight| narrow(&numbers(named(weights, weight.name))));
    trainer.set_weights(&values.collect::<Vec<_>>()).expect("weights");
}

/// One step of the training.
macro_rules! step {
    ($case:expr, $model:ident, $inputs:ident, $targets:ident) => {{
        let column = |name: &str| narrow::<f32>(&numbers(&$case[name]));
        let inputs = $inputs { x: tensor(column("x")).expect("samples") };
        let targets = $targets {
            left: tensor(column("left")).expect("samples"),
            right: tensor(column("right")).expect("samples"),
        };
        move |trainer: &mut Trainer<'_, $model>| {
            trainer.train_on_batch(&inputs, &targets).expect("a step").loss
        }
    }};
}

use support::TRAINING as CLOSE;

macro_rules! keras {
    ($($test:ident: $rule:literal, $model:ident, $inputs:ident, $targets:ident;)*) => {$(
        #[test]
        fn $test() {
            let golden = golden("freezing.json");
            let case = support::entry(&golden["cases"], "rule", $rule);
            let step = step!(case, $model, $inputs, $targets);
            // By closures and by names.
            for by_name in [false, true] {
                let mut model = $model::new(1);
                let mut trainer = Trainer::new(&mut model).expect("a trainer");
                set(&mut trainer, &case["begin"]);
                for phase in case["phases"].as_array().expect("phases") {
                    let frozen: Vec<&str> =
                        phase["frozen"].as_array().expect("names").iter().filter_map(Value::as_str).collect();
                    // Everything is unfrozen before a part is frozen.
                    for part in ["encoder", "left", "right"] {
                        trainer.thaw_by_name(part).expect("trained");
                    }
                    for part in frozen {
                        match (by_name, part) {
                            (true, "features" | "norm") => trainer.freeze_by_name(&format!("encoder/{part}")),
                            (true, part) => trainer.freeze_by_name(part),
                            (false, "encoder") => trainer.freeze(|model| &model.encoder),
                            (false, "features") => trainer.freeze(|model| &model.encoder.features),
                            (false, "norm") => trainer.freeze(|model| &model.encoder.norm),
                            (false, "left") => trainer.freeze(|model| &model.left),
                            (false, _) => trainer.freeze(|model| &model.right),
                        }
                        .expect("a part");
                    }
                    for wanted in numbers(&phase["losses"]) {
                        let loss = step(&mut trainer);
                        assert!((loss - wanted).abs() < 2e-4 * wanted, "{} {loss} {wanted}", phase["frozen"]);
                    }
                    for (spec, found) in <$model as Model>::SPEC.weights.iter().zip(trainer.weights()) {
                        let wanted = numbers(named(&phase["weights"], spec.name));
                        assert_close(spec.name, &support::wide(&found), &wanted, CLOSE);
                    }
                }
            }
        }
    )*};
}

keras! {
    adam_freezes_as_keras_does: "Adam", WithAdam, WithAdamInputs, WithAdamTargets;
    momentum_freezes_as_keras_does: "SGD", WithSgd, WithSgdInputs, WithSgdTargets;
    lamb_freezes_as_keras_does: "Lamb", WithLamb, WithLambInputs, WithLambTargets;
}

/// A trainer of one of the models after some steps, each with an action before it.
macro_rules! weights_after {
    ($model:ident, $inputs:ident, $targets:ident, $begin:expr, $steps:expr) => {{
        let golden = golden("freezing.json");
        let case = &golden["cases"][0];
        let step = step!(case, $model, $inputs, $targets);
        let mut model = $model::new(1);
        let mut trainer = Trainer::new(&mut model).expect("a trainer");
        set(&mut trainer, &case["begin"]);
        let begin: fn(&mut Trainer<'_, $model>) = $begin;
        begin(&mut trainer);
        std::iter::repeat_with(|| step(&mut trainer)).take($steps).for_each(drop);
        trainer.weights()
    }};
}

const LEFT: std::ops::Range<usize> = 6..8;
const RIGHT: std::ops::Range<usize> = 8..10;

/// The heads share a block, half of which has another learning rate; gradients of the first step do not depend on it.
macro_rules! rates {
    ($($test:ident: $model:ident, $inputs:ident, $targets:ident;)*) => {$(
        #[test]
        fn $test() {
            let with = |begin| weights_after!($model, $inputs, $targets, begin, 1);
            let slow = with(|trainer| trainer.set_learning_rate(0.25 * trainer.learning_rate()).expect("a rate"));
            let fast = with(|_| {});
            let both = with(|trainer| {
                trainer.set_learning_rate_factor(|model| &model.left, 0.25).expect("a part");
            });
            assert_ne!(slow[LEFT], fast[LEFT]);
            assert_eq!(both[LEFT], slow[LEFT]);
            assert_eq!(both[RIGHT], fast[RIGHT]);
            assert_eq!(both[..6], fast[..6]);
            // A factor replaces an earlier one, and 1 restores the default.
            let back = with(|trainer| {
                trainer.set_learning_rate_factor_by_name("left", 0.25).expect("a part");
                trainer.set_learning_rate_factor_by_name("left", 1.0).expect("a part");
            });
            assert_eq!(back, fast);
            // With 0 a part does not change.
            let still = with(|trainer| trainer.set_learning_rate_factor(|model| &model.left, 0.0).expect("a part"));
            let begin = weights_after!($model, $inputs, $targets, |_| {}, 0);
            assert_eq!(still[LEFT], begin[LEFT]);
        }
    )*};
}

rates! {
    adam_has_rates_of_parts: WithAdam, WithAdamInputs, WithAdamTargets;
    momentum_has_rates_of_parts: WithSgd, WithSgdInputs, WithSgdTargets;
    lamb_has_rates_of_parts: WithLamb, WithLambInputs, WithLambTargets;
}

#[test]
fn weight_decay_of_a_part_replaces_the_optimizer_s() {
    let with = |begin| weights_after!(WithAdam, WithAdamInputs, WithAdamTargets, begin, 1);
    let plain = with(|_| {});
    let none = with(|trainer| trainer.set_weight_decay(|model| &model.left.kernel, 0.0).expect("a part"));
    let twice = with(|trainer| trainer.set_weight_decay_by_name("left/kernel", 0.2).expect("a part"));
    let before = weights_after!(WithAdam, WithAdamInputs, WithAdamTargets, |_| {}, 0);
    // `w −= w · decay · rate` comes before the update.
    for (at, before) in before[6].iter().enumerate() {
        let step = before * 0.1 * 0.05;
        assert!((none[6][at] - step - plain[6][at]).abs() < 1e-6);
        assert!((none[6][at] - 2.0 * step - twice[6][at]).abs() < 1e-6);
    }
    for index in (0..10).filter(|index| *index != 6) {
        assert_eq!(none[index], plain[index]);
        assert_eq!(twice[index], plain[index]);
    }
}

#[test]
fn frozen_weights_keep_their_values_where_others_become_their_averages() {
    let with = |begin| weights_after!(WithAverages, WithAveragesInputs, WithAveragesTargets, begin, 5);
    let before = weights_after!(WithAverages, WithAveragesInputs, WithAveragesTargets, |_| {}, 0);
    let after = with(|trainer| trainer.freeze(|model| &model.left).expect("a part"));
    assert_eq!(after[LEFT], before[LEFT]);
    assert_ne!(after[RIGHT], before[RIGHT]);

    let golden = golden("freezing.json");
    let step = step!(&golden["cases"][0], WithAverages, WithAveragesInputs, WithAveragesTargets);
    let mut model = WithAverages::new(1);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    trainer.freeze(|model| &model.left.kernel).expect("a part");
    let before = trainer.weights();
    step(&mut trainer);
    trainer.use_averages();
    assert_eq!(trainer.weights()[6], before[6]);
    // The average of a weight that was frozen from the first step on is the weight, and not zero.
    trainer.thaw(|model| &model.left.kernel).expect("trained");
    trainer.use_averages();
    assert_eq!(trainer.weights()[6], before[6]);
}

#[test]
fn frozen_weights_have_no_penalty_and_no_gradient() {
    let mut model = WithSgd::new(1);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let golden = golden("freezing.json");
    let case = &golden["cases"][0];
    let column = |name: &str| narrow::<f32>(&numbers(&case[name]));
    let inputs = WithSgdInputs { x: tensor(column("x")).expect("samples") };
    let targets = WithSgdTargets {
        left: tensor(column("left")).expect("samples"),
        right: tensor(column("right")).expect("samples"),
    };
    let data = ArrayDataset::<WithSgd>::new(&inputs, &targets).expect("sound samples");
    let l1: f32 = trainer.weights()[6].iter().map(|w| 0.01 * w.abs()).sum();
    let loss = |trainer: &mut Trainer<'_, WithSgd>| trainer.evaluate(&data, 12).expect("losses").loss;
    let all = loss(&mut trainer);
    trainer.freeze(|model| &model.left).expect("a part");
    let without = loss(&mut trainer);
    assert!((all - without - f64::from(l1)).abs() < 1e-6, "{all} {without} {l1}");
    assert_eq!(trainer.frozen(), ["left/kernel", "left/bias"]);
    trainer.train_on_batch(&inputs, &targets).expect("a step");
    assert!(trainer.gradient("left/kernel").expect("a weight").iter().all(|g| *g == 0.0));
    assert!(trainer.gradient("right/kernel").expect("a weight").iter().any(|g| *g != 0.0));
}

/// A weight is not updated for two reasons, freezing and a missing target, in the same block.
macro_rules! steered_and_unlabelled {
    ($($test:ident: $model:ident, $inputs:ident, $targets:ident, $of_outputs:ident;)*) => {$(
        #[test]
        fn $test() {
            let golden = golden("freezing.json");
            let case = &golden["cases"][0];
            let column = |name: &str| narrow::<f32>(&numbers(&case[name]));
            let inputs = $inputs { x: tensor(column("x")).expect("samples") };
            let right = vec![f32::NAN; column("right").len()];
            let targets = $targets {
                left: tensor(column("left")).expect("samples"),
                right: tensor(right).expect("samples"),
            };
            let missing = $of_outputs { left: false, right: true };
            let data = ArrayDataset::<$model>::new(&inputs, &targets)
                .and_then(|data| data.nan_is_missing(&missing))
                .expect("samples");
            let after = |begin: &dyn Fn(&mut Trainer<'_, $model>)| {
                let mut model = $model::new(1);
                let mut trainer = Trainer::new(&mut model).expect("a trainer");
                let before = trainer.weights();
                begin(&mut trainer);
                for _ in 0..3 {
                    trainer.fit(&data, FitOptions::new().verbose(Verbose::Silent)).expect("a step");
                }
                (before, trainer.weights())
            };
            let (before, plain) = after(&|_| {});
            assert_eq!(plain[RIGHT], before[RIGHT]);
            assert_ne!(plain[LEFT], before[LEFT]);
            let (_, slower) = after(&|it| it.set_learning_rate_factor(|model| &model.left, 0.25).expect("a part"));
            assert_eq!(slower[RIGHT], before[RIGHT]);
            assert_ne!(slower[LEFT], plain[LEFT]);
            assert_ne!(slower[LEFT], before[LEFT]);
            // The other's learning rate has no effect while it waits.
            let (_, other) = after(&|it| it.set_learning_rate_factor(|model| &model.right, 0.25).expect("a part"));
            assert_eq!(other, plain);
            let (_, frozen) = after(&|it| it.freeze(|model| &model.left).expect("a part"));
            assert_eq!((&frozen[LEFT], &frozen[RIGHT]), (&before[LEFT], &before[RIGHT]));
            assert_ne!(frozen[0], before[0]);
        }
    )*};
}

steered_and_unlabelled! {
    a_frozen_head_beside_one_without_targets_with_adam: WithAdam, WithAdamInputs, WithAdamTargets, WithAdamPerOutput;
    a_frozen_head_beside_one_without_targets_with_momentum: WithSgd, WithSgdInputs, WithSgdTargets, WithSgdPerOutput;
    a_frozen_head_beside_one_without_targets_with_lamb: WithLamb, WithLambInputs, WithLambTargets, WithLambPerOutput;
    a_frozen_head_beside_one_without_targets_with_averages: WithAverages, WithAveragesInputs, WithAveragesTargets, WithAveragesPerOutput;
}

#[test]
fn checkpoints_hold_what_is_frozen() {
    let golden = golden("freezing.json");
    let step = step!(&golden["cases"][0], WithAdam, WithAdamInputs, WithAdamTargets);
    let mut model = WithAdam::new(1);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    trainer.freeze(|model| &model.encoder).expect("a part");
    trainer.set_learning_rate_factor(|model| &model.left, 0.5).expect("a part");
    trainer.set_weight_decay(|model| &model.right.bias, 0.0).expect("a part");
    step(&mut trainer);
    let checkpoint = trainer.checkpoint().expect("saved");
    step(&mut trainer);
    let mut other = WithAdam::new(2);
    let mut resumed = Trainer::new(&mut other).expect("a trainer");
    resumed.restore(&checkpoint).expect("loaded");
    assert_eq!(resumed.frozen(), trainer.frozen());
    assert_eq!(resumed.frozen().len(), 6);
    step(&mut resumed);
    assert_eq!(resumed.weights(), trainer.weights());
    // A checkpoint of a trainer without such settings resets all of them.
    let mut fresh = WithAdam::new(3);
    let plain = Trainer::new(&mut fresh).expect("a trainer").checkpoint().expect("saved");
    resumed.restore(&plain).expect("loaded");
    assert_eq!(resumed.frozen(), [""; 0]);
    assert_eq!(resumed.checkpoint().expect("saved"), plain);
}

model! {
    Fixed {
        let x = Input(shape = [3]);
        let h = Dense(4, name = "fixed", trainable = false)(x);
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.1), loss = mse)
    }
}

#[test]
fn what_is_no_part_or_cannot_be_trained_is_an_error() {
    let mut model = Fixed::new(1);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let error = trainer.freeze_by_name("fixd").expect_err("no part");
    assert_eq!(
        error.to_string(),
        "no weight of the model is named `fixd` or begins with `fixd/`; did you mean `fixed`?"
    );
    for name in ["", "/", "fix", "fixed/", "y/kernel/0"] {
        assert!(matches!(trainer.freeze_by_name(name), Err(Error::NoSuchPart { .. })), "{name:?}");
    }
    let error = trainer.freeze(|_| &7).expect_err("no part");
    assert!(matches!(error, Error::NoSuchPart { name: None, .. }), "{error}");
    for error in [trainer.thaw(|model| &model.fixed), trainer.thaw_by_name("fixed/bias")] {
        let error = error.expect_err("not trained");
        assert!(matches!(error, Error::NotTrained { weight: "fixed/kernel" | "fixed/bias" }), "{error}");
    }
    for value in [-1.0, f64::NAN, f64::INFINITY] {
        let error = trainer.set_learning_rate_factor(|model| &model.y, value).expect_err("no factor");
        assert!(matches!(error, Error::Steering { .. }), "{error}");
        assert!(trainer.set_weight_decay_by_name("y", value).is_err());
    }
    // The whole model is a part, and unfreezing it trains all trainable weights.
    trainer.freeze(|model| model).expect("all");
    trainer.thaw(|model| model).expect("some of it");
    assert_eq!(trainer.frozen(), [""; 0]);
}
