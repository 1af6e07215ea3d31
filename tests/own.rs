//! Custom losses and metrics by path, compared with Keras's on the same outputs.
#![allow(
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    reason = "models of tests need no documentation, and paths lead to public items"
)]

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};

use mimo::callback::Callback;
use mimo::callbacks::EarlyStopping;
use mimo::dfdx::tensor_ops::{MeanTo, ReshapeTo, SelectTo};
use mimo::loss::{ClassIndices, Losses, Predictions, Targets};
use mimo::prelude::*;
use mimo::{Float, TrainerOptions};
use support::{Check, Data, Random, check_gradients_on, randomize, set_weights};

/// Metrics of Keras as custom metrics.
pub mod metrics {
    use mimo::{Float, Metric};

    pub struct MeanAbsolute;

    impl Metric<2> for MeanAbsolute {
        const HIGHER_IS_BETTER: Option<bool> = Some(false);

        fn update<E: Float>([sum, all]: &mut [f64; 2], prediction: &[E], target: &[E], weight: f64) {
            let errors = prediction.iter().zip(target).map(|(p, t)| (p.f64() - t.f64()).abs());
            *sum += weight * errors.sum::<f64>() / prediction.len() as f64;
            *all += weight;
        }

        fn result([sum, all]: &[f64; 2]) -> f64 {
            if *all == 0.0 { 0.0 } else { sum / all }
        }
    }

    pub struct RightSide;

    impl Metric<2> for RightSide {
        const HIGHER_IS_BETTER: Option<bool> = Some(true);

        fn update<E: Float>([sum, all]: &mut [f64; 2], prediction: &[E], target: &[E], weight: f64) {
            let right = prediction.iter().zip(target).filter(|(p, t)| (p.f64() > 0.5) == (t.f64() > 0.5));
            *sum += weight * right.count() as f64 / prediction.len() as f64;
            *all += weight;
        }

        fn result([sum, all]: &[f64; 2]) -> f64 {
            if *all == 0.0 { 0.0 } else { sum / all }
        }
    }

    /// Keras's thresholds, 200 of them, each with the weights of the positives and negatives above it.
    pub struct Area;

    fn threshold(at: usize) -> f64 {
        match at {
            0 => -1e-7,
            199 => 1.0 + 1e-7,
            _ => at as f64 / 199.0,
        }
    }

    impl Metric<402> for Area {
        fn update<E: Float>(state: &mut [f64; 402], prediction: &[E], target: &[E], weight: f64) {
            for (p, t) in prediction.iter().zip(target) {
                let positive = usize::from(t.f64() > 0.5);
                state[400 + positive] += weight;
                for at in (0..200).take_while(|at| p.f64() > threshold(*at)) {
                    state[200 * positive + at] += weight;
                }
            }
        }

        fn result(state: &[f64; 402]) -> f64 {
            let share = |part: f64, all: f64| if all == 0.0 { 0.0 } else { part / all };
            let rates: Vec<[f64; 2]> = (0..200)
                .map(|at| [share(state[at], state[400]), share(state[200 + at], state[401])])
                .collect();
            rates.windows(2).map(|pair| (pair[0][0] - pair[1][0]) * (pair[0][1] + pair[1][1]) / 2.0).sum()
        }
    }

    /// The largest error, which is not a sum.
    pub struct Largest;

    impl Metric<1> for Largest {
        fn update<E: Float>([largest]: &mut [f64; 1], prediction: &[E], target: &[E], _: f64) {
            let errors = prediction.iter().zip(target).map(|(p, t)| (p.f64() - t.f64()).abs());
            *largest = errors.fold(*largest, f64::max);
        }

        fn merge([largest]: &mut [f64; 1], [later]: &[f64; 1]) {
            *largest = largest.max(*later);
        }

        fn result([largest]: &[f64; 1]) -> f64 {
            *largest
        }
    }

    /// Fraction of right classes, given as indices.
    pub struct RightClass;

    impl Metric<2> for RightClass {
        fn update<E: Float>([right, all]: &mut [f64; 2], prediction: &[E], target: &[E], weight: f64) {
            assert_eq!((prediction.len(), target.len()), (3, 1));
            let largest =
                (1..3).fold(0, |best, at| if prediction[at] > prediction[best] { at } else { best });
            *right += weight * f64::from(u8::from(largest as f64 == target[0].f64()));
            *all += weight;
        }

        fn result([right, all]: &[f64; 2]) -> f64 {
            right / all
        }
    }

    pub struct Undefined;

    impl Metric<0> for Undefined {
        fn update<E: Float>(_: &mut [f64; 0], _: &[E], _: &[E], _: f64) {}

        fn result(_: &[f64; 0]) -> f64 {
            f64::NAN
        }
    }

    pub struct Panics;

    impl Metric<1> for Panics {
        fn update<E: Float>(_: &mut [f64; 1], _: &[E], target: &[E], _: f64) {
            assert!(target[0].f64() < 100.0, "a target of the user's");
        }

        fn result(_: &[f64; 1]) -> f64 {
            0.0
        }
    }
}

pub fn squared<E: Float>(prediction: &[E], target: &[E], gradient: &mut [E]) -> E {
    let share = E::of(1.0 / prediction.len() as f64);
    let mut sum = E::of(0.0);
    for ((&p, &t), gradient) in prediction.iter().zip(target).zip(gradient) {
        *gradient = E::of(2.0) * (p - t) * share;
        sum += (p - t) * (p - t) * share;
    }
    sum
}

pub fn huber<E: Float>(prediction: &[E], target: &[E], gradient: &mut [E]) -> E {
    let share = E::of(1.0 / prediction.len() as f64);
    let mut sum = E::of(0.0);
    for ((&p, &t), gradient) in prediction.iter().zip(target).zip(gradient) {
        let error = p - t;
        if error.f64().abs() <= 1.0 {
            sum += E::of(0.5) * error * error * share;
            *gradient = error * share;
        } else {
            sum += E::of(error.f64().abs() - 0.5) * share;
            *gradient = E::of(error.f64().signum()) * share;
        }
    }
    sum
}

/// Sparse categorical cross-entropy of logits, of slices.
pub fn of_index<E: Float>(prediction: &[E], target: &[E], gradient: &mut [E]) -> E {
    assert_eq!(target.len(), 1);
    let class = target[0].f64() as usize;
    let sum: f64 = prediction.iter().map(|p| p.f64().exp()).sum();
    for (at, (p, gradient)) in prediction.iter().zip(gradient).enumerate() {
        *gradient = E::of(p.f64().exp() / sum - f64::from(u8::from(at == class)));
    }
    E::of(sum.ln() - prediction[class].f64())
}

pub fn pinball(prediction: &[f32], target: &[f32], gradient: &mut [f32]) -> f32 {
    let error = target[0] - prediction[0];
    gradient[0] = if error > 0.0 { -0.9 } else { 0.1 };
    if error > 0.0 { 0.9 * error } else { -0.1 * error }
}

/// `squared` with the gradient of half of it.
pub fn wrong<E: Float>(prediction: &[E], target: &[E], gradient: &mut [E]) -> E {
    let loss = squared(prediction, target, gradient);
    gradient[prediction.len() - 1] = gradient[prediction.len() - 1] * E::of(0.5);
    loss
}

/// Mean squared error, in dfdx's operations.
pub fn squared_tensors(prediction: Predictions<2>, target: Targets<2>) -> Losses {
    (prediction - target).square().mean::<(usize,), _>()
}

/// Sparse categorical cross-entropy of logits, in dfdx's operations.
pub fn of_index_tensors(prediction: Predictions<3>, target: ClassIndices) -> Losses {
    let rows = target.shape().0;
    prediction.log_softmax::<mimo::dfdx::shapes::Axis<1>>().select(target).negate().reshape_like(&(rows,))
}

use mimo::dfdx::shapes::HasShape;

/// Each position minus the mean of all.
pub fn mixing(prediction: Predictions<2>, target: Targets<2>) -> Losses {
    use mimo::dfdx::tensor::WithEmptyTape;
    use mimo::dfdx::tensor_ops::BroadcastTo;
    let shape = *prediction.shape();
    let mean = prediction.with_empty_tape().mean::<(), _>();
    (prediction - target - mean.broadcast_like(&shape)).square().mean::<(usize,), _>()
}

/// The loss of a copy of the prediction: the tape back to the prediction is lost.
pub fn without_tape(prediction: Predictions<2>, target: Targets<2>) -> Losses {
    use mimo::dfdx::tensor::{NoneTape, PutTape, SplitTape};
    let (prediction, tape) = prediction.split_tape();
    let loss = (prediction.put_tape(NoneTape) - target).square().mean::<(usize,), _>();
    loss.put_tape(tape)
}

fn silent<M: Trainable>(epochs: usize) -> FitOptions<'static, M> {
    FitOptions::new().epochs(epochs).batch_size(13).verbose(Verbose::Silent)
}

// Wide enough that a batch of 64 is split into chunks, which threads share.
macro_rules! measured {
    ($name:ident, $($loss:tt)*) => {
        model! {
            pub $name {
                let x = Input(shape = [128]);
                let h = Dense(192, activation = tanh)(x);
                let a = Dense(2)(h);
                let b = Dense(1, activation = sigmoid)(h);
                let steps = Dense(3)(Masking(9.0)(Reshape([4, 32])(x)));
                Model(inputs = [x], outputs = [a, b, steps]).compile(
                    optimizer = SGD(0.05),
                    $($loss)*
                    metrics = {
                        a: [mae, crate::metrics::MeanAbsolute, crate::metrics::Largest],
                        b: [accuracy, auc, metrics::RightSide, self::metrics::Area],
                        steps: [sparse_categorical_accuracy, crate::metrics::RightClass],
                    },
                    weighted_metrics = {
                        a: [mae, crate::metrics::MeanAbsolute],
                        b: [accuracy, auc, crate::metrics::RightSide, crate::metrics::Area(name = "area_2")],
                        steps: [sparse_categorical_accuracy, crate::metrics::RightClass],
                    },
                )
            }
        }
    };
}
measured!(OfKeras, loss = {
    a: mse, b: huber, steps: SparseCategoricalCrossentropy(from_logits = true)
}, loss_weights = { a: 0.7, b: 2.0 },);
measured!(OfSlices, loss = {
    a: crate::squared, b: crate::huber, steps: crate::of_index(sparse = true)
}, loss_weights = { a: 0.7, b: 2.0 },);
measured!(OfTensors, loss = {
    a: crate::squared_tensors, b: huber, steps: crate::of_index_tensors(sparse = true)
}, loss_weights = { a: 0.7, b: 2.0 },);

/// Contents of a data set besides its targets.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Extra {
    Nothing,
    Weights,
    Missing,
    Positions,
}

const EXTRAS: [Extra; 4] = [Extra::Nothing, Extra::Weights, Extra::Missing, Extra::Positions];

fn data(extra: Extra) -> Data {
    let rows = 150;
    let mut random = Random(7);
    let mut x = random.normals(rows * 128);
    // Some steps are masked.
    for step in x.chunks_exact_mut(32).step_by(5) {
        step.fill(9.0);
    }
    let a = random.normals(rows * 2);
    let b = (0..rows).map(|_| random.below(2) as f64).collect();
    let steps = (0..rows * 4).map(|_| random.below(3) as f64).collect();
    let mut weights = |len: usize| -> Vec<f64> {
        (0..rows * len)
            .map(|_| match extra {
                Extra::Missing if random.chance(0.2) => f64::NAN,
                Extra::Missing => 1.0,
                _ => (random.below(16) + 1) as f64 / 8.0,
            })
            .collect()
    };
    let weights = match extra {
        Extra::Nothing => vec![],
        Extra::Weights | Extra::Missing => vec![weights(1), weights(1), weights(1)],
        Extra::Positions => vec![weights(1), vec![], weights(4)],
    };
    Data { rows, inputs: vec![x], targets: vec![a, b, steps], weights }
}

/// Logs by key, and weights.
type Trained = (Vec<(String, Vec<f64>)>, Vec<Vec<f64>>);

/// Logs of three epochs, and the weights after them.
fn trained<M: Trainable<Float: support::Real>>(mut model: M, data: &Data, threads: usize) -> Trained {
    randomize(&mut model, 3);
    let mut trainer = Trainer::with_options(&mut model, TrainerOptions::new().threads(threads)).unwrap();
    let data = data.dataset::<M>();
    // 150 samples are not a multiple of the batch.
    let options = FitOptions::new().epochs(3).batch_size(64).verbose(Verbose::Silent).validation_data(&data);
    let history = trainer.fit(&data, options).unwrap();
    let keys: Vec<String> = history.keys();
    let logs = keys
        .into_iter()
        .map(|key| {
            let values = history.get(&key).unwrap();
            (key, values)
        })
        .collect();
    let weights = trainer.weights().iter().map(|weight| support::wide(weight)).collect();
    (logs, weights)
}

fn value<'a>(logs: &'a [(String, Vec<f64>)], key: &str) -> &'a [f64] {
    &logs.iter().find(|(known, _)| known == key).unwrap_or_else(|| panic!("no `{key}` in {logs:?}")).1
}

fn near(what: &str, found: &[f64], wanted: &[f64], tolerance: f64) {
    assert_eq!(found.len(), wanted.len(), "{what}");
    let largest = found.iter().zip(wanted).map(|(a, b)| (a - b).abs() / b.abs().max(1.0)).fold(0.0, f64::max);
    assert!(largest <= tolerance, "{what}: {largest:e} apart, {found:?} and {wanted:?}");
}

#[test]
fn metrics_of_one_s_own_are_keras_s_beside_them() {
    for extra in EXTRAS {
        let (logs, _) = trained(OfKeras::<f64>::build(1), &data(extra), 1);
        for prefix in ["", "val_"] {
            for [own, of_keras] in [
                ["a_mean_absolute", "a_mae"],
                ["a_weighted_mean_absolute", "a_weighted_mae"],
                ["b_right_side", "b_accuracy"],
                ["b_weighted_right_side", "b_weighted_accuracy"],
                ["b_area", "b_auc"],
                ["b_area_2", "b_weighted_auc"],
                ["steps_right_class", "steps_sparse_categorical_accuracy"],
                ["steps_weighted_right_class", "steps_weighted_sparse_categorical_accuracy"],
            ] {
                let [own, of_keras] = [own, of_keras].map(|key| format!("{prefix}{key}"));
                near(&format!("{own} {extra:?}"), value(&logs, &own), value(&logs, &of_keras), 1e-9);
                assert!(value(&logs, &own).iter().all(|value| *value > 0.0), "{own} measures something");
            }
        }
        assert!(value(&logs, "a_largest")[0] > value(&logs, "a_mae")[0]);
    }
}

#[test]
fn losses_of_one_s_own_train_as_keras_s() {
    for extra in EXTRAS {
        let data = data(extra);
        let (of_keras, weights) = trained(OfKeras::<f64>::build(1), &data, 1);
        let (own, own_weights) = trained(OfSlices::<f64>::build(1), &data, 1);
        for ((key, wanted), (own_key, found)) in of_keras.iter().zip(&own) {
            assert_eq!(key, own_key);
            near(&format!("{key} {extra:?}"), found, wanted, 1e-9);
        }
        for (found, wanted) in own_weights.iter().zip(&weights) {
            near("weights", found, wanted, 1e-9);
        }
        // Losses of tensors are of `f32` here.
        let (of_keras, weights) = trained(OfKeras::new(1), &data, 1);
        let (own, own_weights) = trained(OfTensors::new(1), &data, 1);
        for ((key, wanted), (own_key, found)) in of_keras.iter().zip(&own) {
            assert_eq!(key, own_key);
            near(&format!("{key} {extra:?}"), found, wanted, 2e-3);
        }
        for (found, wanted) in own_weights.iter().zip(&weights) {
            near("weights", found, wanted, 1e-4);
        }
    }
}

#[test]
fn results_are_the_same_bits_for_any_number_of_threads() {
    for extra in EXTRAS {
        let data = data(extra);
        let bits = |(logs, weights): Trained| -> Vec<u64> {
            let logs = logs.into_iter().flat_map(|(_, values)| values);
            logs.chain(weights.into_iter().flatten()).map(f64::to_bits).collect()
        };
        let one = [bits(trained(OfSlices::new(1), &data, 1)), bits(trained(OfTensors::new(1), &data, 1))];
        for threads in [2, 3] {
            let found = [
                bits(trained(OfSlices::new(1), &data, threads)),
                bits(trained(OfTensors::new(1), &data, threads)),
            ];
            assert!(found == one, "{extra:?}, {threads} threads");
        }
    }
}

#[test]
fn gradients_of_mixed_heads_are_those_of_the_total() {
    for extra in EXTRAS {
        let all = data(extra);
        let data = all.take(0..5);
        let mut model = OfSlices::<f64>::build(1);
        randomize(&mut model, 3);
        check_gradients_on(&mut model, &data, Check { values: 6, ..Check::default() });
    }
}

model! {
    Quantile {
        let x = Input(shape = [1]);
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.05), loss = crate::pinball, metrics = [crate::metrics::MeanAbsolute])
    }
}

#[test]
fn a_quantile_is_learned() {
    let mut model = Quantile::new(1);
    let mut trainer = Trainer::new(&mut model).unwrap();
    // The 0.9 quantile of 0 to 99 is between 89 and 90, in hundredths.
    let rows = 100;
    let inputs = QuantileInputs { x: tensor(vec![0.0_f32; rows]).unwrap() };
    let targets =
        QuantileTargets { y: tensor((0..rows).map(|at| at as f32 / 100.0).collect::<Vec<_>>()).unwrap() };
    trainer
        .fit((&inputs, &targets), FitOptions::new().epochs(400).batch_size(rows).verbose(Verbose::Silent))
        .unwrap();
    let y = trainer.predict(&QuantileInputs { x: tensor(vec![0.0_f32]).unwrap() }).unwrap().y.as_vec()[0];
    assert!((0.87..=0.92).contains(&y), "{y}");
}

macro_rules! one_head {
    ($name:ident, $units:literal, $($settings:tt)*) => {
        model! {
            pub $name {
                let x = Input(shape = [3]);
                let y = Dense($units)(x);
                Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.01), $($settings)*)
            }
        }
    };
}
one_head!(Wrong, 3, loss = crate::wrong);
one_head!(OnlyF32, 1, loss = crate::pinball);
one_head!(Nothing, 1, loss = mse, metrics = [crate::metrics::Undefined]);
one_head!(Panicking, 1, loss = mse, metrics = [crate::metrics::Panics]);

fn fit<M: Trainable<Float: support::Real>>(
    mut model: M,
    data: &Data,
    options: TrainerOptions,
) -> Result<f64> {
    let mut trainer = Trainer::with_options(&mut model, options)?;
    Ok(trainer.fit(&data.dataset::<M>(), silent(1))?.get("loss").unwrap()[0])
}

one_head!(Mixing, 2, loss = crate::mixing, metrics = []);
one_head!(WithoutTape, 2, loss = crate::without_tape, metrics = []);
one_head!(Sound, 2, loss = crate::squared_tensors, metrics = []);

#[test]
fn losses_of_tensors_that_mix_positions_or_lose_their_gradient_are_found() {
    let check = TrainerOptions::new().check_gradients(true);
    let error = fit(Mixing::new(1), &Data::random::<Mixing>(20, 4), check).unwrap_err().to_string();
    assert!(error.contains("for the same position alone"), "{error}");
    let error = fit(WithoutTape::new(1), &Data::random::<WithoutTape>(20, 4), check).unwrap_err().to_string();
    assert!(error.contains("wrote the gradient 0 for value"), "{error}");
    assert!(fit(Sound::new(1), &Data::random::<Sound>(20, 4), check).unwrap().is_finite());
    // A single position cannot be mixed with others.
    assert!(fit(Mixing::new(1), &Data::random::<Mixing>(1, 4), check).is_ok());
}

#[test]
fn wrong_gradients_are_found() {
    let data = Data::random::<Wrong>(20, 4);
    let check = TrainerOptions::new().check_gradients(true);
    for error in [
        fit(Wrong::new(1), &data, check).unwrap_err(),
        fit(Wrong::<f64>::build(1), &data, check).unwrap_err(),
    ] {
        let text = error.to_string();
        assert!(text.starts_with("the loss `crate::wrong` of `y` wrote the gradient "), "{text}");
        assert!(text.contains("for value 2 of a position"), "{text}");
        assert!(text.contains("TrainerOptions::check_gradients(false)"), "{text}");
    }
    if cfg!(debug_assertions) {
        assert!(fit(Wrong::new(1), &data, TrainerOptions::new()).is_err());
    }
    assert!(fit(Wrong::new(1), &data, TrainerOptions::new().check_gradients(false)).unwrap().is_finite());
    // The trainer continues as if the step had not been made, and reports it again.
    let mut model = Wrong::new(1);
    let mut trainer = Trainer::with_options(&mut model, check).unwrap();
    let before = trainer.weights();
    let samples = data.dataset::<Wrong>();
    for _ in 0..2 {
        assert!(matches!(trainer.train_on_rows(&samples, &[0, 1]), Err(Error::OwnLoss { output: "y", .. })));
        assert_eq!((trainer.steps(), trainer.weights()), (0, before.clone()));
    }
}

#[test]
fn a_loss_of_one_float_type_is_an_error_in_models_of_the_other() {
    let data = Data::random::<OnlyF32>(4, 4);
    assert!(fit(OnlyF32::new(1), &data, TrainerOptions::new()).unwrap().is_finite());
    let error = fit(OnlyF32::<f64>::build(1), &data, TrainerOptions::new()).unwrap_err().to_string();
    assert!(
        error.starts_with("the loss `crate::pinball` of `y` is a function of another float type"),
        "{error}"
    );
}

#[test]
fn what_the_user_s_metric_says_is_shown_and_its_panic_is_the_user_s() {
    let data = Data::random::<Nothing>(20, 4);
    let mut model = Nothing::new(1);
    let history = Trainer::new(&mut model).unwrap().fit(&data.dataset::<Nothing>(), silent(1)).unwrap();
    assert!(history.epochs()[0].train.y.undefined.is_nan() && history.get("undefined").unwrap()[0].is_nan());
    let mut model = Panicking::new(1);
    let mut trainer = Trainer::new(&mut model).unwrap();
    let (before, mut high) = (trainer.weights(), data.clone());
    high.targets[0][7] = 1000.0;
    let panic = catch_unwind(AssertUnwindSafe(|| {
        let _ = trainer.train_on_rows(&high.dataset::<Panicking>(), &[6, 7, 8]);
    }));
    let panic = *panic.unwrap_err().downcast::<&str>().unwrap();
    assert_eq!((panic, trainer.weights()), ("a target of the user's", before));
    trainer.fit(&data.dataset::<Panicking>(), silent(1)).unwrap();
}

#[test]
fn callbacks_know_metrics_of_one_s_own() {
    let samples = data(Extra::Nothing);
    let samples = samples.dataset::<OfKeras>();
    let mut model = OfKeras::new(1);
    let mut trainer = Trainer::new(&mut model).unwrap();
    // The direction is that of the type: training stops after the first epoch without improvement.
    for (key, higher) in [("val_a_mean_absolute", false), ("val_b_right_side", true)] {
        let mut stopping = EarlyStopping::new(key);
        let history = trainer
            .fit_with(&samples, |options| {
                options
                    .epochs(40)
                    .batch_size(64)
                    .verbose(Verbose::Silent)
                    .validation_data(&samples)
                    .callback(&mut stopping)
            })
            .unwrap();
        let values = history.get(key).unwrap();
        if values.len() < 40 {
            let worse = values
                .windows(2)
                .rposition(|pair| if higher { pair[1] <= pair[0] } else { pair[1] >= pair[0] });
            assert_eq!(worse, Some(values.len() - 2), "{key}: {values:?}");
        }
    }
    let fit = |trainer: &mut Trainer<'_, OfKeras>, key: &str| {
        let mut stopping = EarlyStopping::new(key);
        trainer
            .fit_with(&samples, |options| {
                options
                    .epochs(1)
                    .verbose(Verbose::Silent)
                    .validation_data(&samples)
                    .callback(&mut stopping as &mut dyn Callback<OfKeras>)
            })
            .map(|_| ())
    };
    // `Area` does not define which direction is better, and no option does.
    let error = fit(&mut trainer, "val_b_area").unwrap_err().to_string();
    assert!(error.contains("val_b_area"), "{error}");
    let error = fit(&mut trainer, "val_b_are").unwrap_err().to_string();
    assert!(error.contains("val_b_area"), "{error}");
}

#[test]
fn descriptions_have_the_paths() {
    let output = <OfSlices as Model>::SPEC.outputs[0];
    assert_eq!(output.loss.unwrap().to_string(), "crate::squared");
    assert_eq!(
        <OfSlices as Model>::SPEC.outputs[2].loss.unwrap().to_string(),
        "crate::of_index(sparse = true)"
    );
    let names: Vec<&str> = output.metrics.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["mae", "mean_absolute", "largest", "weighted_mae", "weighted_mean_absolute"]);
    // A file of weights contains them too, and is read by a model with the same weights.
    let path = std::env::temp_dir().join(format!("mimo-own-{}.safetensors", std::process::id()));
    OfSlices::new(4).save(&path).unwrap();
    let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
    assert!(text.contains("crate::squared") && text.contains("crate::metrics::Largest"), "{}", &text[..4000]);
    assert!(OfSlices::load(&path).is_ok());
    std::fs::remove_file(&path).unwrap();
    let mut model = OfSlices::new(1);
    set_weights(&mut model, |_, shape| vec![0.5; shape.iter().product()]);
}
