//! Callbacks and schedules compared with training in Keras, from `tests/golden/make_callbacks.py`.

// Exported models of a crate are exported here too.
#![allow(unreachable_pub)]

mod support;

use std::ops::ControlFlow;

use mimo::callback::{BatchLogs, Callback};
use mimo::callbacks::{CallbackFault, Monitors};
use mimo::data::Dataset;
use mimo::history::History;
use mimo::prelude::*;
use serde_json::Value;
use support::{Data, TRAINING, assert_close, golden, numbers, rows, set_weights};

model! {
    Steady {
        let x = Input(shape = [3]);
        let h = Dense(4, activation = tanh, use_bias = false)(x);
        let y = Dense(1)(BatchNormalization(momentum = 0.8)(h));
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.3, momentum = 0.5), loss = mse)
    }
}

model! {
    Cosine {
        const WARMUP: usize = 5;

        let x = Input(shape = [3]);
        let h = Dense(4, activation = tanh, use_bias = false)(x);
        let y = Dense(1)(BatchNormalization(momentum = 0.8)(h));
        Model(inputs = [x], outputs = [y]).compile(
            optimizer = SGD(
                learning_rate = CosineDecay(0.01, decay_steps = 20, alpha = 0.1, warmup_target = 0.2, warmup_steps = WARMUP),
                momentum = 0.5,
            ),
            loss = mse,
        )
    }
}

model! {
    Piecewise {
        let x = Input(shape = [3]);
        let h = Dense(4, activation = tanh, use_bias = false)(x);
        let y = Dense(1)(BatchNormalization(momentum = 0.8)(h));
        Model(inputs = [x], outputs = [y])
            .compile(optimizer = SGD(PiecewiseConstantDecay([7, 20], [0.2, 0.1, 0.02]), momentum = 0.5), loss = mse)
    }
}

model! {
    Accumulated {
        let x = Input(shape = [3]);
        let h = Dense(4, activation = tanh, use_bias = false)(x);
        let y = Dense(1)(BatchNormalization(momentum = 0.8)(h));
        Model(inputs = [x], outputs = [y]).compile(
            optimizer = SGD(ExponentialDecay(0.2, 5, 0.5), momentum = 0.5, gradient_accumulation_steps = 2),
            loss = mse,
        )
    }
}

model! {
    TwoOptimizers {
        let x = Input(shape = [3]);
        let h = Dense(4, activation = tanh)(x);
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y])
            .compile(optimizer = { dense: SGD(ExponentialDecay(0.1, 10, 0.5)), rest: SGD(0.1) }, loss = mse)
    }
}

fn data(case: &Value, x: &str, y: &str) -> Data {
    let data = &case["data"];
    Data {
        rows: rows(&data[x]),
        inputs: vec![numbers(&data[x])],
        targets: vec![numbers(&data[y])],
        weights: vec![],
    }
}

/// The learning rate of each step.
#[derive(Default)]
struct Rates(Vec<f64>);

impl<M: Trainable> Callback<M> for Rates {
    fn on_train_batch_end(
        &mut self,
        _: &mut Trainer<'_, M>,
        logs: &BatchLogs<'_, M>,
    ) -> Result<ControlFlow<()>> {
        self.0.push(logs.learning_rate);
        Ok(ControlFlow::Continue(()))
    }
}

/// Trains a model like Keras, and compares the measured values and the final weights.
fn check<M: Trainable<Float = f32>>(
    name: &str,
    mut model: M,
    epochs: usize,
    callback: Option<&mut dyn Callback<M>>,
) -> History<M> {
    let golden = golden("callback_trainings.json");
    let case = &golden[name];
    let mut start = golden["start"].as_array().expect("weights").iter().map(numbers);
    set_weights(&mut model, |_, _| start.next().expect("a weight"));
    let (train, validation) = (data(&golden, "x", "y"), data(&golden, "val_x", "val_y"));
    let mut rates = Rates::default();
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let validation = validation.dataset::<M>();
    let mut options = FitOptions::new()
        .verbose(Verbose::Silent)
        .epochs(epochs)
        .batch_size(8)
        .shuffle(false)
        .validation_data(&validation as &dyn Dataset<M>)
        .callback(&mut rates);
    if let Some(callback) = callback {
        options = options.callback(callback);
    }
    let history = trainer.fit(&train.dataset::<M>() as &dyn Dataset<M>, options).expect("a training");
    for key in ["loss", "val_loss"] {
        let found = history.get(key).expect("a history");
        assert_close(&format!("{name}, {key}"), &found, &numbers(&case[key]), TRAINING);
    }
    assert_close(&format!("{name}, rates"), &rates.0, &numbers(&case["rates"]), TRAINING);
    let weights = case["weights"].as_array().expect("weights");
    for ((found, spec), wanted) in trainer.weights().iter().zip(M::SPEC.weights).zip(weights) {
        let found: Vec<f64> = found.iter().map(|value| f64::from(*value)).collect();
        assert_close(&format!("{name}, {}", spec.name), &found, &numbers(wanted), TRAINING);
    }
    history
}

#[test]
fn early_stopping_restores_all_weights_of_the_best_epoch() {
    let mut stopping = EarlyStopping::new("val_loss").patience(3).restore_best_weights(true);
    check("stopping", Steady::new(0), 40, Some(&mut stopping));
    assert_eq!((stopping.stopped_epoch(), stopping.best_epoch()), (Some(4), Some(1)));
}

#[test]
fn a_plateau_lowers_the_learning_rate() {
    let mut plateau = ReduceLROnPlateau::new("val_loss").factor(0.5).patience(2).min_delta(0.01).cooldown(1);
    check("plateau", Steady::new(0), 12, Some(&mut plateau));
}

#[test]
fn a_function_sets_the_learning_rate() {
    let mut scheduler = LearningRateScheduler::new(|epoch, rate| if epoch < 2 { rate } else { rate * 0.5 });
    check("scheduler", Steady::new(0), 6, Some(&mut scheduler));
}

#[test]
fn schedules_of_a_model_follow_its_steps() {
    let history = check("cosine", Cosine::new(0), 6, None);
    let last = history.last().expect("an epoch").learning_rate;
    assert!((last - 0.02).abs() < 1e-9, "{last}");
    check("piecewise", Piecewise::new(0), 6, None);
    // Steps whose gradients are accumulated count, too.
    check("accumulated", Accumulated::new(0), 4, None);
}

#[test]
fn a_scheduled_learning_rate_cannot_be_set() {
    let mut model = Cosine::new(0);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    assert!((trainer.learning_rate() - 0.01).abs() < 1e-12);
    let error = trainer.set_learning_rate(0.1).expect_err("a schedule");
    assert_eq!(
        error.to_string(),
        "the learning rate follows the schedule `CosineDecay` of the model, so it cannot be set: write a number in \
         `.compile(…)`, or leave the learning rate to the schedule"
    );
    let mut model = TwoOptimizers::new(0);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let error = trainer.set_learning_rate_of("dense", 0.1).expect_err("a schedule");
    assert!(
        error.to_string().starts_with("the learning rate of `dense` follows the schedule `ExponentialDecay`")
    );
    trainer.set_learning_rate_of("rest", 0.2).expect("a rate");
    // Callbacks that set learning rates are checked before training starts.
    let golden = golden("callback_trainings.json");
    let train = data(&golden, "x", "y");
    let dataset = train.dataset::<TwoOptimizers>();
    let mut scheduler = LearningRateScheduler::new(|_, rate| rate);
    let mut plateau = ReduceLROnPlateau::new("loss");
    let callbacks: [&mut dyn Callback<TwoOptimizers>; 2] = [&mut scheduler, &mut plateau];
    for callback in callbacks {
        let options = FitOptions::new().verbose(Verbose::Silent).callback(callback);
        let error = trainer.fit(&dataset as &dyn Dataset<TwoOptimizers>, options).expect_err("a schedule");
        assert!(matches!(error, Error::ScheduledLearningRate { optimizer: Some("dense"), .. }), "{error}");
        assert_eq!(trainer.steps(), 0);
    }
}

#[test]
fn a_schedule_is_part_of_the_summary_and_of_files() {
    assert!(
        Piecewise::summary()
            .contains("SGD(learning_rate = PiecewiseConstantDecay([7, 20], [0.2, 0.1, 0.02])")
    );
    let bytes = mimo::file::to_bytes(&Piecewise::new(0)).expect("bytes");
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains("PiecewiseConstantDecay") && text.contains("boundaries"), "{text}");
}

#[test]
fn a_key_that_nothing_logs_is_an_error_with_similar_keys() {
    let golden = golden("callback_trainings.json");
    let train = data(&golden, "x", "y");
    let mut model = Steady::new(0);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    for keys in [Monitors::from("val_los"), Monitors::from(["loss", "val_los"])] {
        let options = FitOptions::new()
            .verbose(Verbose::Silent)
            .validation_split(0.25)
            .callback(EarlyStopping::new(keys));
        let dataset = train.dataset::<Steady>();
        let error = trainer.fit(&dataset as &dyn Dataset<Steady>, options).expect_err("an unknown key");
        assert!(
            matches!(
                &error,
                Error::Callback { callback: "EarlyStopping", fault: CallbackFault::UnknownKey { .. } }
            ),
            "{error:?}"
        );
        assert_eq!(
            error.to_string(),
            "EarlyStopping: the training logs no value `val_los`: did you mean `val_loss`?"
        );
    }
}
