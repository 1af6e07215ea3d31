//! SpectralNormalization compared with Keras's numbers: steps of two optimizers, evaluations in between, and steps
//! that fail.

// Exported models of a crate are exported here too.
#![allow(unreachable_pub)]

mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};

use mimo::TrainerOptions;
use mimo::data::from_fn;
use mimo::dfdx::prelude::*;
use mimo::prelude::{Error, FitOptions, Model as _, Predictor, Trainer, Verbose, model, tensor};
use serde_json::Value;
use support::{
    Check, Data, Tolerance, assert_close, check_gradients, golden, narrow, numbers, set_weights, step, wide,
};

model! {
    Inner {
        let x = Input(shape = [5]);
        let y = SpectralNormalization(Dense(4, activation = sigmoid, name = "inside"), power_iterations = 2, name = "deep")(x);
        Model(inputs = [x], outputs = [y])
    }
}

/// The model of `tests/golden/make_spectral_normalization.py`, with an optimizer.
macro_rules! trained {
    ($model:ident, $($optimizer:tt)+) => {
        model! {
            $model {
                use Inner;

                let image = Input(shape = [4, 4, 2]);
                let words = Input(shape = [3], dtype = "int32");
                let a = SpectralNormalization(Conv2D(3, 2, activation = relu, name = "inside"), power_iterations = 2, name = "conv")(image);
                let a = SpectralNormalization(Conv2DTranspose(2, 2, name = "inside"), name = "transpose")(a);
                let b = SpectralNormalization(Embedding(16, 4, name = "inside"), name = "lookup")(words);
                let b = SpectralNormalization(
                    DepthwiseConv1D(2, depth_multiplier = 2, use_bias = false, name = "inside"),
                    name = "depthwise"
                )(b);
                let b = SpectralNormalization(
                    EinsumDense("abc,cde->abde", [2, 2, 3], bias_axes = "e", name = "inside"),
                    power_iterations = 3,
                    name = "einsum"
                )(b);
                let c = Dense(5, name = "join")(concatenate([Flatten()(a), Flatten()(b)]));
                let shared = SpectralNormalization(
                    Dense(5, activation = tanh, kernel_regularizer = L2(0.0078125), name = "inside"),
                    name = "shared"
                );
                let c = shared(shared(shared(c)));
                let nested = Inner();
                let d = nested(c);
                let e = nested(Dense(5, name = "between")(d));
                let f = SpectralNormalization(Dense(3, activation = relu, name = "inside"), name = "frozen", trainable = false)(e);
                let y = Dense(2)(concatenate([c, d, f]));
                Model(inputs = [image, words], outputs = [y]).compile(optimizer = $($optimizer)+, loss = mse)
            }
        }
    };
}

// Numbers exact in single precision: Keras rounds settings to it in double precision too.
trained!(BySgd, SGD(0.125, momentum = 0.875));
trained!(ByAdam, Adam(0.0078125, beta_1 = 0.875, beta_2 = 0.9375, epsilon = 0.0009765625));

/// A weight by its name in mimo: Keras does not prefix the names of a nested model's layers with that of the model.
fn weight(list: &Value, name: &str) -> Vec<f64> {
    numbers(support::entry(list, "path", name.strip_prefix("inner/").unwrap_or(name)))
}

macro_rules! check {
    ($float:ty, $model:ident, $inputs:ident, $targets:ident, $case:literal, $threads:literal, $tolerance:expr) => {{
        let case = &golden("spectral_normalization.json")[$case];
        let mut model = $model::<$float>::build(1);
        set_weights(&mut model, |name, _| weight(&case["weights"], name));
        let input = |at: usize| narrow::<$float>(&numbers(&case["inputs"][at]));
        let words = numbers(&case["inputs"][1]).iter().map(|&word| word as usize).collect::<Vec<_>>();
        let inputs = $inputs { image: tensor(input(0)).expect("images"), words: tensor(words).expect("words") };
        let targets = $targets { y: tensor(narrow::<$float>(&numbers(&case["targets"][0]))).expect("targets") };
        let options = TrainerOptions::new().threads($threads);
        let mut trainer = Trainer::with_options(&mut model, options).expect("a trainer");
        for (at, done) in case["done"].as_array().expect("calls").iter().enumerate() {
            let does = done["does"].as_str().expect("a call");
            let found = match does {
                "predict" => wide(&trainer.predict(&inputs).expect("outputs").y.as_vec()),
                "test" => vec![trainer.evaluate((&inputs, &targets), 5).expect("losses").logs.loss],
                _ => vec![trainer.train_on_batch(&inputs, &targets).expect("a step").loss],
            };
            assert_close(&format!("call {at}, {does}"), &found, &numbers(&done["gives"]), $tolerance);
            if does != "train" {
                continue;
            }
            for (found, spec) in trainer.weights().iter().zip($model::<$float>::SPEC.weights) {
                let wanted = weight(&done["weights"], spec.name);
                assert_close(&format!("call {at}, {}", spec.name), &wide(found), &wanted, $tolerance);
            }
        }
        let last = wide(&trainer.predict(&inputs).expect("outputs").y.as_vec());
        drop(trainer);
        // A predictor and a model's own `predict` use the kernels after the last step, as does a copy from a file.
        let again = |model: &$model<$float>| wide(&model.predict(&inputs).expect("outputs").y.as_vec());
        assert_eq!(again(&model), last);
        let predicted = Predictor::new(&model).expect("a predictor").predict(&inputs).expect("outputs");
        assert_eq!(wide(&predicted.y.as_vec()), last);
        let path = std::env::temp_dir().join(format!("mimo_spectral_{}_{}_{}", std::process::id(), $case, stringify!($float)));
        model.save(&path).expect("a file");
        let mut loaded = $model::<$float>::build(2);
        loaded.load_weights(&path).expect("weights");
        std::fs::remove_file(&path).expect("the file");
        assert_eq!(again(&loaded), last);
    }};
}

/// Four steps in single precision.
const SINGLE: Tolerance = Tolerance { rel: 1e-5, abs: 5e-6 };
/// In double precision, like Keras.
const F64: Tolerance = Tolerance { rel: 1e-11, abs: 1e-12 };

#[test]
fn sgd_in_f32() {
    check!(f32, BySgd, BySgdInputs, BySgdTargets, "sgd", 1, SINGLE);
}

#[test]
fn sgd_in_f64() {
    check!(f64, BySgd, BySgdInputs, BySgdTargets, "sgd", 2, F64);
}

#[test]
fn adam_in_f32() {
    check!(f32, ByAdam, ByAdamInputs, ByAdamTargets, "adam", 2, SINGLE);
}

#[test]
fn adam_in_f64() {
    check!(f64, ByAdam, ByAdamInputs, ByAdamTargets, "adam", 1, F64);
}

model! {
    Once {
        let x = Input(shape = [6, 6, 2]);
        let a = SpectralNormalization(Conv2D(4, 3, activation = relu))(x);
        let a = SpectralNormalization(Dense(5, activation = tanh, activity_regularizer = L2(0.1)), name = "steps")(a);
        let y = SpectralNormalization(Dense(3, use_bias = false), power_iterations = 2)(Flatten()(a));
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.1), loss = mse)
    }
}

/// A step that does not change the weights leaves the kernels that it has used, so that differences of the loss at
/// these are its gradient. With several calls they are not: all but the last have used another kernel.
#[test]
fn gradients_are_those_of_the_divided_kernels() {
    check_gradients(&mut Once::<f64>::build(3), Check::default());
}

#[test]
fn weights_have_the_names_of_keras() {
    let names: Vec<&str> = Once::<f32>::SPEC.weights.iter().map(|weight| weight.name).collect();
    let wanted = [
        "spectral_normalization/conv2d/kernel",
        "spectral_normalization/conv2d/bias",
        "spectral_normalization/vector_u",
        "steps/dense/kernel",
        "steps/dense/bias",
        "steps/vector_u",
        "y/dense/kernel",
        "y/vector_u",
    ];
    assert_eq!(names, wanted);
    let model = Once::<f32>::build(1);
    assert_eq!(model.steps.layer.kernel.array()[0].len(), 5);
    let [u] = model.steps.vector_u.array();
    // A truncated normal distribution with this standard deviation.
    assert!(u.iter().all(|value| value.abs() <= 0.04 && *value != 0.0), "{u:?}");
    let summary = model.summary();
    let vectors = 4 + 5 + 3;
    assert!(summary.contains(&format!("Non-trainable params: {vectors} ")), "{summary}");
}

model! {
    Twice {
        let x = Input(shape = [4]);
        let layer = SpectralNormalization(Dense(4, activation = tanh));
        let y = Dense(2)(layer(layer(x)));
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.1), loss = mse)
    }
}

/// A step that fails, or in which the user's code panics, changes nothing.
#[test]
fn a_failed_step_puts_the_kernels_back() {
    let sound = Data::random::<Twice<f32>>(6, 1);
    let mut broken = sound.clone();
    broken.targets[0][7] = f64::NAN;
    let panics = from_fn::<Twice<f32>, _>(6, |_, _| panic!("a mistake of the user"));
    let options = || FitOptions::new().batch_size(6).shuffle(false).verbose(Verbose::Silent);
    let mut model = Twice::<f32>::build(5);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    step(&mut trainer, &sound).expect("a step");
    let (before, total) = (trainer.weights(), support::total(&mut trainer, &sound));
    let error = step(&mut trainer, &broken);
    assert!(matches!(error, Err(Error::NotFinite { .. })), "{error:?}");
    assert_eq!(trainer.weights(), before);
    assert_eq!(support::total(&mut trainer, &sound), total);
    let caught = catch_unwind(AssertUnwindSafe(|| trainer.fit(&panics, options()).map(|_| ())));
    assert!(caught.is_err());
    assert_eq!(trainer.weights(), before);
    assert_eq!(support::total(&mut trainer, &sound), total);
    // Nor does it affect the next step.
    let logs = step(&mut trainer, &sound).expect("a step");
    let after = trainer.weights();
    drop(trainer);
    model.write_weights(&mut |index, to| to.copy_from_slice(&before[index]));
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    assert_eq!(step(&mut trainer, &sound).expect("a step"), logs);
    assert_eq!(trainer.weights(), after);
}

/// A custom loss that fails comes after the division, too.
#[test]
fn a_failed_custom_loss_puts_the_kernels_back() {
    let mut model = Custom::<f64>::build(2);
    let inputs = CustomInputs { x: tensor(vec![0.5; 8]).expect("samples") };
    let targets = CustomTargets { y: tensor(vec![0.25; 4]).expect("targets") };
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let before = trainer.weights();
    let mut failures = 1;
    trainer.set_loss(move |outputs, targets| {
        if failures > 0 {
            failures -= 1;
            return Err(Error::other("a failure of the user"));
        }
        Ok((outputs.y - targets.y.clone()).square().mean())
    });
    assert!(trainer.train_on_batch(&inputs, &targets).is_err());
    assert_eq!(trainer.weights(), before);
    trainer.train_on_batch(&inputs, &targets).expect("a step");
    assert_ne!(trainer.weights(), before);
}

model! {
    Custom {
        let x = Input(shape = [4]);
        let y = SpectralNormalization(Dense(2))(x);
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.1), loss = custom)
    }
}

model! {
    Predicts {
        let x = Input(shape = [4]);
        let layer = SpectralNormalization(Dense(4));
        let y = layer(layer(x));
        Model(inputs = [x], outputs = [y])
    }
}

/// A model that is not trained has one kernel for all calls, and its outputs are those of the wrapped layer.
#[test]
fn a_model_that_only_predicts() {
    let mut model = Predicts::<f64>::build(1);
    set_weights(&mut model, |name, shape| match name.ends_with("/kernel") {
        true => (0..16).map(|at| if at % 5 == 0 { 3.0 } else { 0.0 }).collect(),
        false => vec![1.0; shape.iter().product()],
    });
    let outputs = model.predict(&PredictsInputs { x: tensor(vec![1.0, 2.0, 3.0, 4.0]).expect("a sample") });
    assert_eq!(outputs.expect("outputs").y.as_vec(), [13.0, 22.0, 31.0, 40.0]);
}

model! {
    Folds {
        let x = Input(shape = [4]);
        let layer = SpectralNormalization(Dense(4));
        let a = BatchNormalization()(layer(x));
        let b = BatchNormalization()(layer(a));
        let y = BatchNormalization()(SpectralNormalization(Dense(3))(b));
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.1), loss = mse)
    }
}

/// Batch normalizations are folded into a kernel of one call, and not into one of several.
#[test]
fn predictors_fold_into_kernels_of_one_call() {
    assert_eq!(Folds::<f64>::FOLDED.map(|folded| folded.folds.len()), Some(1));
    let mut model = Folds::<f64>::build(1);
    support::randomize(&mut model, 4);
    let data = Data::random::<Folds<f64>>(5, 2);
    step(&mut Trainer::new(&mut model).expect("a trainer"), &data).expect("a step");
    let inputs = FoldsInputs { x: tensor(data.inputs[0].clone()).expect("samples") };
    let wanted = model.predict(&inputs).expect("outputs").y.as_vec();
    let found = Predictor::new(&model).expect("a predictor").predict(&inputs).expect("outputs").y.as_vec();
    assert_close("folded", &found, &wanted, F64);
}

mod config {
    pub const UNITS: usize = 3;
}

model! {
    Deferred {
        let x = Input(shape = [config::UNITS + 1]);
        let layer = SpectralNormalization(Dense(config::UNITS + 1, name = "inside"));
        let y = Dense(1)(layer(layer(x)));
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.1), loss = mse)
    }
}

/// A matrix of equal values has a single nonzero singular value, so that each division by it has the same result, and
/// lengths that only const evaluation knows are as good as others.
#[test]
fn lengths_from_constants() {
    let mut model = Deferred::<f64>::build(1);
    set_weights(&mut model, |name, shape| {
        vec![if name.ends_with("bias") { 0.0 } else { 2.0 }; shape.iter().product()]
    });
    let data = Data::random::<Deferred<f64>>(3, 2);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    trainer.set_learning_rate(0.0).expect("a rate");
    step(&mut trainer, &data).expect("a step");
    drop(trainer);
    let [kernel, vector] = [
        wide(&model.spectral_normalization.layer.kernel.as_vec()),
        wide(&model.spectral_normalization.vector_u.as_vec()),
    ];
    assert_close("kernel", &kernel, &[0.25; 16], F64);
    assert_close("vector", &vector, &[0.5; 4], F64);
}
