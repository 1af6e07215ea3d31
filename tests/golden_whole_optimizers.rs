//! Steps of the optimizers that update whole weights, of moving averages and of accumulated gradients, compared with
//! Keras's numbers, on weights of one to four axes.

mod support;

use mimo::prelude::{Trainable, Trainer, model};
use serde_json::Value;
use support::{Data, Real, Tolerance, assert_close, entry, golden, numbers, set_weights, wide};

/// For most optimizers.
const SINGLE: Tolerance = Tolerance { rel: 2e-5, abs: 1e-5 };
/// For large steps of a few samples, which amplify the rounding of single precision from step to step.
const LARGE_STEPS: Tolerance = Tolerance { rel: 1e-4, abs: 4e-5 };
/// Both compute everything in double precision; Keras's numbers have fifteen digits.
const DOUBLE: Tolerance = Tolerance { rel: 3e-13, abs: 3e-13 };

fn data(case: &Value) -> Data {
    Data {
        rows: 6,
        inputs: vec![numbers(&case["inputs"])],
        targets: vec![numbers(&case["targets"])],
        weights: vec![],
    }
}

/// The samples of a step; each step has others.
fn rows(step: usize) -> [usize; 4] {
    [0, 1, 2, 3].map(|row| (step + row) % 6)
}

/// Trains a model from the weights `file["start"]`, and compares all weights after each step of the case `name`, and after the
/// end of `fit`.
fn check<M: Trainable<Float: Real>>(mut model: M, file: &Value, name: &str, tolerance: Tolerance) {
    let case = entry(&file["cases"], "name", name);
    let data = data(file);
    set_weights(&mut model, |name, _| numbers(&file["start"][name]));
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let compare = |trainer: &Trainer<'_, M>, wanted: &Value, when: &str| {
        for (index, weight) in trainer.weights().iter().enumerate() {
            let what = format!("{name}: `{}` {when}", M::SPEC.weights[index].name);
            assert_close(&what, &wide(weight), &numbers(&wanted[index]), tolerance);
        }
    };
    for (step, wanted) in case["after_each_step"].as_array().expect("steps").iter().enumerate() {
        trainer.train_on_rows(&data.dataset::<M>(), &rows(step)).expect("a step");
        compare(&trainer, wanted, &format!("after step {step}"));
    }
    trainer.use_averages();
    compare(&trainer, &case["averaged"], "averaged");
}

/// Tests of a model in both precisions: the name of its case, the part of the file, and the tolerance in single precision.
macro_rules! tests {
    ($test:ident, $name:literal, $model:ident, [$($part:literal)?], $single:expr) => {
        mod $test {
            use super::*;

            #[test]
            fn in_f32() {
                check($model::<f32>::build(1), &golden("whole_optimizers.json")$([$part])?, $name, $single);
            }

            #[test]
            fn in_f64() {
                check($model::<f64>::build(1), &golden("whole_optimizers.json")$([$part])?, $name, DOUBLE);
            }
        }
    };
}

macro_rules! optimizers {
    ($($test:ident: $name:literal within $single:ident, $model:ident, ($($optimizer:tt)+);)+) => {$(
        model! {
            $model {
                let ids = Input(shape = [4], dtype = int32);
                let x = Embedding(5, 3, name = "embedding")(ids);
                let x = Conv1D(4, 2, activation = tanh, name = "conv")(x);
                let x = Flatten()(x);
                let x = Dense(3, activation = tanh, name = "wide")(x);
                let x = Dense(6, activation = tanh, name = "tall")(x);
                let y = Dense(2, name = "head")(x);
                Model(inputs = [ids], outputs = [y]).compile(optimizer = $($optimizer)+, loss = mse)
            }
        }
        tests!($test, $name, $model, [], $single);
    )+};
}

optimizers! {
    adafactor: "Adafactor" within SINGLE, Factored, (Adafactor(0.1));
    adafactor_with_a_fixed_rate: "Adafactor fixed" within SINGLE, Fixed, (Adafactor(
        0.05, -0.6, 1e-12, 0.01, 0.5, false, 0.01
    ));
    adafactor_with_a_large_rate: "Adafactor large" within LARGE_STEPS, Large, (Adafactor(0.5, clipvalue = 0.05));
    lamb: "Lamb" within SINGLE, Lambs, (Lamb(0.1));
    lamb_clipped_and_decayed: "Lamb clipped" within SINGLE, Clipped, (Lamb(
        0.05, beta_1 = 0.8, beta_2 = 0.95, epsilon = 1e-5, weight_decay = 0.1, global_clipnorm = 0.3
    ));
    muon: "Muon" within LARGE_STEPS, Orthogonal, (Muon(0.1));
    muon_with_every_argument: "Muon plain" within SINGLE, Plain, (Muon(
        0.02, 0.8, 0.95, none, 1e-5, none, exclude_layers = ["head"], exclude_embeddings = false, muon_a = 2.0,
        muon_b = -1.5, muon_c = 0.5, adam_lr_ratio = 2.0, momentum = 0.8, ns_steps = 3, nesterov = false,
        rms_rate = none
    ));
    muon_clipped: "Muon clipped" within SINGLE, ClippedMuon, (Muon(
        0.1, clipnorm = 0.1, exclude_embeddings = false, weight_decay = 0.1
    ));
    averages: "averages" within SINGLE, Averages, (SGD(0.2, momentum = 0.9, use_ema = true, ema_momentum = 0.7));
    averages_that_weights_become: "averages overwrite" within SINGLE, Overwritten, (Adam(
        0.1, use_ema = true, ema_momentum = 0.6, ema_overwrite_frequency = 2
    ));
    averages_of_whole_weights: "averages of whole weights" within SINGLE, WholeAverages, (Lamb(
        0.1, use_ema = true, ema_momentum = 0.5, clipvalue = 0.1
    ));
    accumulated: "accumulated" within SINGLE, Accumulated, (Nadam(0.1, gradient_accumulation_steps = 2, weight_decay = 0.1));
    accumulated_and_clipped: "accumulated and clipped" within SINGLE, AccumulatedClipped, (Adafactor(
        0.1, gradient_accumulation_steps = 3, global_clipnorm = 0.2, use_ema = true, ema_momentum = 0.9,
        ema_overwrite_frequency = 2
    ));
    several: "several" within SINGLE, Several, ({
        embedding: SGD(0.2, momentum = 0.9, global_clipnorm = 0.05),
        conv: Adam(0.1, global_clipnorm = 0.05),
        wide: Muon(0.05),
        head: Adafactor(0.1),
        rest: Lamb(0.1, clipnorm = 0.1),
    });
}

macro_rules! einsum_optimizers {
    ($($test:ident: $name:literal within $single:ident, $model:ident, ($($optimizer:tt)+);)+) => {$(
        model! {
            $model {
                let x = Input(shape = [4, 3]);
                let h = EinsumDense(
                    "abc,cde->abde", [4, 2, 3], bias_axes = "de", activation = tanh, name = "split"
                )(x);
                let h = EinsumDense("abde,fde->abf", [4, 3], bias_axes = "f", activation = tanh, name = "joined")(h);
                let h = EinsumDense("abc,bcef->aef", [2, 3], activation = tanh, name = "mixed")(h);
                let h = EinsumDense("aef,gf->aeg", [2, 4], bias_axes = "eg", activation = tanh, name = "turned")(h);
                let h = EinsumDense("aeg,gh->aeh", [2, 5], activation = tanh, name = "plain")(h);
                let y = EinsumDense("aeh,h->ae", [2], name = "head")(h);
                Model(inputs = [x], outputs = [y]).compile(optimizer = $($optimizer)+, loss = mse)
            }
        }
        tests!($test, $name, $model, ["einsum"], $single);
    )+};
}

// Blocks of these kernels may be other matrices than those of their last axes.
einsum_optimizers! {
    adafactor_of_kernels: "Adafactor of kernels" within SINGLE, FactoredKernels, (Adafactor(0.1));
    adafactor_of_kernels_clipped: "Adafactor of kernels, clipped" within SINGLE, ClippedKernels, (Adafactor(
        0.2, clip_threshold = 0.5, weight_decay = 0.1, clipnorm = 0.1
    ));
    muon_of_kernels: "Muon of kernels" within LARGE_STEPS, OrthogonalKernels, (Muon(0.1));
    muon_of_kernels_accumulated: "Muon of kernels, accumulated" within SINGLE, AccumulatedKernels, (Muon(
        0.1, exclude_layers = ["turned"], global_clipnorm = 0.2, gradient_accumulation_steps = 2
    ));
    lamb_of_kernels: "Lamb of kernels" within SINGLE, LambKernels, (Lamb(0.1));
}

macro_rules! penalized_optimizers {
    ($($test:ident: $name:literal within $single:ident, $model:ident, ($($optimizer:tt)+);)+) => {$(
        model! {
            $model {
                let x = Input(shape = [4]);
                let h = Dense(
                    3, activation = tanh, kernel_regularizer = OrthogonalRegularizer(0.25), name = "first"
                )(x);
                let h = Dense(
                    4,
                    activation = tanh,
                    kernel_regularizer = OrthogonalRegularizer(0.5, mode = columns),
                    name = "second",
                )(h);
                let h = Dense(
                    3, activation = tanh, kernel_regularizer = OrthogonalRegularizer(0.1), name = "third"
                )(h);
                let y = Dense(2, kernel_regularizer = L2(0.1), name = "head")(h);
                Model(inputs = [x], outputs = [y]).compile(optimizer = $($optimizer)+, loss = mse)
            }
        }
        tests!($test, $name, $model, ["penalized"], $single);
    )+};
}

// Gradients are accumulated with all penalties, and then clipped, by each optimizer separately.
penalized_optimizers! {
    one_with_penalties: "one with penalties" within LARGE_STEPS, OnePenalized, (Adam(
        0.1, gradient_accumulation_steps = 2, global_clipnorm = 0.2
    ));
    several_with_penalties: "several with penalties" within SINGLE, SeveralPenalized, ({
        first: SGD(0.2, momentum = 0.9, clipnorm = 0.3, gradient_accumulation_steps = 2),
        second: Adafactor(0.1, gradient_accumulation_steps = 3),
        third: Muon(0.05),
        head: Nadam(0.05, gradient_accumulation_steps = 4, clipvalue = 0.1),
    });
}

#[test]
fn each_optimizer_has_a_learning_rate() {
    model! {
        Rates {
            let x = Input(shape = [1]);
            let h = Dense(1, use_bias = false, name = "trunk")(x);
            let y = Dense(1, use_bias = false)(h);
            Model(inputs = [x], outputs = [y]).compile(optimizer = { trunk: SGD(0.5), rest: Adam(0.25) }, loss = mse)
        }
    }
    let data = Data { rows: 1, inputs: vec![vec![1.0]], targets: vec![vec![0.0]], weights: vec![] };
    let mut model = Rates::new(1);
    set_weights(&mut model, |_, _| vec![1.0]);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    assert_eq!(trainer.learning_rate(), 0.5);
    assert_eq!(trainer.learning_rate_of("rest").expect("a key"), 0.25);
    let error = trainer.set_learning_rate(0.1).expect_err("two optimizers");
    assert_eq!(
        error.to_string(),
        "the model has an optimizer for each of `trunk`, `rest`: name one of them, as in \
         `set_learning_rate_of(\"trunk\", …)`"
    );
    let error = trainer.set_learning_rate_of("head", 0.1).expect_err("no such key");
    assert_eq!(error.to_string(), "the model has no optimizer `head`: its optimizers are `trunk`, `rest`");
    trainer.set_learning_rate_of("rest", f64::NAN).expect_err("no rate");
    trainer.set_learning_rate_of("rest", 0.0).expect("a rate");
    trainer.train_on_rows(&data.dataset::<Rates>(), &[0]).expect("a step");
    // The gradient of both is 2.
    assert_eq!(trainer.weights(), [vec![0.0], vec![1.0]]);
    drop(trainer);
    let summary = Rates::summary();
    assert!(
        summary.contains(" Optimizers:\n   trunk: SGD(learning_rate = 0.5)\n   rest: Adam("),
        "{summary}"
    );
}

#[test]
fn fit_ends_with_the_averages() {
    model! {
        Averaged {
            let x = Input(shape = [1]);
            let y = Dense(1, use_bias = false)(x);
            Model(inputs = [x], outputs = [y])
                .compile(optimizer = SGD(0.1, use_ema = true, ema_momentum = 0.5), loss = mse)
        }
    }
    let data = Data { rows: 2, inputs: vec![vec![1.0, 1.0]], targets: vec![vec![1.0, 1.0]], weights: vec![] };
    let mut model = Averaged::new(1);
    set_weights(&mut model, |_, _| vec![0.0]);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let options = mimo::FitOptions::new().epochs(1).batch_size(1).verbose(mimo::Verbose::Silent);
    trainer.fit(&data.dataset::<Averaged>(), options).expect("an epoch");
    // The weight is 0.2 after the first step and 0.36 after the second, and is moved half of the way.
    assert_close("the mean", &wide(&trainer.weights()[0]), &[0.28], SINGLE);
}

#[test]
fn every_case_is_tested() {
    let source = include_str!("golden_whole_optimizers.rs");
    let file = golden("whole_optimizers.json");
    for part in [&file, &file["einsum"], &file["penalized"]] {
        for case in part["cases"].as_array().expect("cases") {
            let name = case["name"].as_str().expect("a name");
            assert!(source.contains(&format!(": \"{name}\" within ")), "{name}");
        }
    }
}
