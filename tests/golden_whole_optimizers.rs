//! Five steps of the optimizers that update whole weights against Keras's numbers, on weights of one, two and three axes.

mod support;

use mimo::dfdx::prelude::*;
use mimo::prelude::{Trainer, model};
use serde_json::Value;
use support::{Data, Real, Tolerance, assert_close, entry, golden, numbers, set_weights, wide};

/// Steps of `Muon` magnify differences of small singular values, and those of `Adafactor` divide by means of them. Keras rounds betas
/// to single precision in `float64` too, of which 1e-5 is left.
const SINGLE: Tolerance = Tolerance { rel: 2e-4, abs: 2e-5 };
const DOUBLE: Tolerance = Tolerance { rel: 1e-5, abs: 1e-5 };

fn data(file: &Value) -> Data {
    Data {
        rows: 6,
        inputs: vec![numbers(&file["ids"])],
        targets: vec![numbers(&file["targets"])],
        weights: vec![],
    }
}

macro_rules! optimizers {
    ($($test:ident: $name:literal, $model:ident, $optimizer:ident $arguments:tt;)+) => {$(
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
                    Model(inputs = [ids], outputs = [y]).compile(optimizer = $optimizer $arguments, loss = mse)
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
                    trainer.train_on_rows(&data.dataset::<$model<E>>(), &[0, 1, 2, 3, 4, 5]).expect("a step");
                    for (index, weight) in trainer.weights().iter().enumerate() {
                        let what = format!("weight {index} after step {step}");
                        assert_close(&what, &wide(weight), &numbers(&wanted[index]), tolerance);
                    }
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
    adafactor: "Adafactor", Factored, Adafactor(0.1);
    adafactor_with_a_fixed_rate: "Adafactor fixed", Fixed, Adafactor(
        0.05, -0.6, 1e-12, 0.01, 0.5, false, 0.01
    );
    adafactor_with_a_large_rate: "Adafactor large", Large, Adafactor(1.0, clipvalue = 0.05);
    lamb: "Lamb", Lambs, Lamb(0.1);
    lamb_clipped_and_decayed: "Lamb clipped", Clipped, Lamb(
        0.05, beta_1 = 0.8, beta_2 = 0.95, epsilon = 1e-5, weight_decay = 0.1, global_clipnorm = 0.3
    );
    muon: "Muon", Orthogonal, Muon(0.1);
    muon_with_every_argument: "Muon plain", Plain, Muon(
        0.02, 0.8, 0.95, none, 1e-5, none, exclude_layers = ["head"], exclude_embeddings = false, muon_a = 2.0,
        muon_b = -1.5, muon_c = 0.5, adam_lr_ratio = 2.0, momentum = 0.8, ns_steps = 3, nesterov = false,
        rms_rate = none
    );
    muon_clipped: "Muon clipped", ClippedMuon, Muon(
        0.1, clipnorm = 0.1, exclude_embeddings = false, weight_decay = 0.1
    );
}

#[test]
fn every_case_is_tested() {
    let source = include_str!("golden_whole_optimizers.rs");
    for case in golden("whole_optimizers.json")["cases"].as_array().expect("cases") {
        let name = case["name"].as_str().expect("a name");
        assert!(source.contains(&format!(": \"{name}\",")), "{name}");
    }
}
