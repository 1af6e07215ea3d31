//! Seven steps of the optimizers that update whole weights, of moving averages and of gradients that are added up, against
//! Keras's numbers, on weights of one, two and three axes.

mod support;

use mimo::dfdx::prelude::*;
use mimo::prelude::{Trainer, model};
use serde_json::Value;
use support::{Data, Real, Tolerance, assert_close, entry, golden, numbers, set_weights, wide};

/// Large steps of a few samples magnify the rounding of single precision from step to step. Keras rounds betas
/// to single precision in `float64` too, of which 1e-5 is left.
const SINGLE: Tolerance = Tolerance { rel: 1e-3, abs: 3e-4 };
const DOUBLE: Tolerance = Tolerance { rel: 1e-5, abs: 1e-5 };

fn data(file: &Value) -> Data {
    Data {
        rows: 6,
        inputs: vec![numbers(&file["ids"])],
        targets: vec![numbers(&file["targets"])],
        weights: vec![],
    }
}

/// The samples of a step: each step has others.
fn rows(step: usize) -> [usize; 4] {
    [0, 1, 2, 3].map(|row| (step + row) % 6)
}

macro_rules! optimizers {
    ($($test:ident: $name:literal, $model:ident, ($($optimizer:tt)+);)+) => {$(
        mod $test {
            use super::*;

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

            fn check<E: Real>(tolerance: Tolerance)
            where
                Cpu: Device<E>,
            {
                let file = golden("whole_optimizers.json");
                let case = entry(&file["cases"], "name", $name);
                let data = data(&file);
                let mut model = $model::<E>::build(1);
                set_weights(&mut model, |name, _| numbers(&file["start"][name]));
                let mut trainer = Trainer::new(&mut model).expect("a trainer");
                for (step, wanted) in case["after_each_step"].as_array().expect("steps").iter().enumerate() {
                    trainer.train_on_rows(&data.dataset::<$model<E>>(), &rows(step)).expect("a step");
                    for (index, weight) in trainer.weights().iter().enumerate() {
                        let what = format!("weight {index} after step {step}");
                        assert_close(&what, &wide(weight), &numbers(&wanted[index]), tolerance);
                    }
                }
                trainer.use_averages();
                for (index, weight) in trainer.weights().iter().enumerate() {
                    let what = format!("weight {index}, averaged");
                    assert_close(&what, &wide(weight), &numbers(&case["averaged"][index]), tolerance);
                }
            }

            #[test]
            fn in_f32() {
                check::<f32>(SINGLE);
            }

            #[test]
            fn in_f64() {
                check::<f64>(DOUBLE);
            }
        }
    )+};
}

optimizers! {
    adafactor: "Adafactor", Factored, (Adafactor(0.1));
    adafactor_with_a_fixed_rate: "Adafactor fixed", Fixed, (Adafactor(
        0.05, -0.6, 1e-12, 0.01, 0.5, false, 0.01
    ));
    adafactor_with_a_large_rate: "Adafactor large", Large, (Adafactor(0.5, clipvalue = 0.05));
    lamb: "Lamb", Lambs, (Lamb(0.1));
    lamb_clipped_and_decayed: "Lamb clipped", Clipped, (Lamb(
        0.05, beta_1 = 0.8, beta_2 = 0.95, epsilon = 1e-5, weight_decay = 0.1, global_clipnorm = 0.3
    ));
    muon: "Muon", Orthogonal, (Muon(0.1));
    muon_with_every_argument: "Muon plain", Plain, (Muon(
        0.02, 0.8, 0.95, none, 1e-5, none, exclude_layers = ["head"], exclude_embeddings = false, muon_a = 2.0,
        muon_b = -1.5, muon_c = 0.5, adam_lr_ratio = 2.0, momentum = 0.8, ns_steps = 3, nesterov = false,
        rms_rate = none
    ));
    muon_clipped: "Muon clipped", ClippedMuon, (Muon(
        0.1, clipnorm = 0.1, exclude_embeddings = false, weight_decay = 0.1
    ));
    averages: "averages", Averages, (SGD(0.2, momentum = 0.9, use_ema = true, ema_momentum = 0.7));
    averages_that_weights_become: "averages overwrite", Overwritten, (Adam(
        0.1, use_ema = true, ema_momentum = 0.6, ema_overwrite_frequency = 2
    ));
    averages_of_whole_weights: "averages of whole weights", WholeAverages, (Lamb(
        0.1, use_ema = true, ema_momentum = 0.5, clipvalue = 0.1
    ));
    accumulated: "accumulated", Accumulated, (Nadam(0.1, gradient_accumulation_steps = 2, weight_decay = 0.1));
    accumulated_and_clipped: "accumulated and clipped", AccumulatedClipped, (Adafactor(
        0.1, gradient_accumulation_steps = 3, global_clipnorm = 0.2, use_ema = true, ema_momentum = 0.9,
        ema_overwrite_frequency = 2
    ));
    several: "several", Several, ({
        embedding: SGD(0.2, momentum = 0.9, global_clipnorm = 0.05),
        conv: Adam(0.1, global_clipnorm = 0.05),
        wide: Muon(0.05),
        head: Adafactor(0.1),
        rest: Lamb(0.1, clipnorm = 0.1),
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
    // The weight is 0.2 after the first step and 0.36 after the second, which is moved half the way.
    assert_close("the mean", &wide(&trainer.weights()[0]), &[0.28], SINGLE);
}

#[test]
fn every_case_is_tested() {
    let source = include_str!("golden_whole_optimizers.rs");
    for case in golden("whole_optimizers.json")["cases"].as_array().expect("cases") {
        let name = case["name"].as_str().expect("a name");
        assert!(source.contains(&format!(": \"{name}\",")), "{name}");
    }
}
