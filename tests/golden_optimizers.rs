//! Six steps of every optimizer against Keras's numbers.
//!
//! Keras's optimizers were called with the gradients `G` of a kernel and `g` of a bias. Here they come from a loss
//! that is linear in the outputs of a `Dense`: its batch is the three unit vectors and the zero vector, so the
//! gradient of the kernel is the first three rows of the loss's factors, and that of the bias is the sum of all four.

mod support;

use mimo::dfdx::prelude::*;
use mimo::prelude::{Trainer, model, tensor};
use serde_json::Value;
use support::{Real, Tolerance, assert_close, entry, golden, narrow, numbers, set_weights, weight, wide};

const TOLERANCE: Tolerance = Tolerance { rel: 1e-5, abs: 1e-6 };
const UNITS: [f64; 12] = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0];

/// The factors of the loss for one step, row by row.
fn factors(common: &Value, step: usize) -> Vec<f64> {
    let (kernel, bias) = (numbers(&common["grads_w"][step]), numbers(&common["grads_b"][step]));
    let rest = |unit: usize| bias[unit] - (0..3).map(|row| kernel[2 * row + unit]).sum::<f64>();
    let last = [rest(0), rest(1)];
    [kernel, last.to_vec()].concat()
}

macro_rules! optimizers {
    ($($test:ident: $name:literal, $model:ident, $inputs:ident, $targets:ident, $optimizer:ident $arguments:tt;)+) => {$(
        mod $test {
            use super::*;

            model! {
                $model {
                    let x = Input(shape = [3]);
                    let y = Dense(2)(x);
                    Model(inputs = [x], outputs = [y]).compile(optimizer = $optimizer $arguments, loss = custom)
                }
            }

            fn check<E: Real>()
            where
                Cpu: Device<E>,
            {
                let file = golden("optimizers.json");
                let (common, case) = (&file["common"], entry(&file["cases"], "name", $name));
                let mut model = $model::<E>::build(1);
                set_weights(&mut model, |name, _| numbers(&common[if name == "y/kernel" { "w0" } else { "b0" }]));
                let inputs = $inputs { x: tensor(narrow::<E>(&UNITS)).expect("samples") };
                let targets = $targets { y: tensor(vec![E::default(); 8]).expect("samples") };
                let mut trainer = Trainer::new(&mut model).expect("a trainer");
                for (step, wanted) in case["after_each_step"].as_array().expect("steps").iter().enumerate() {
                    let factors = narrow::<E>(&factors(common, step));
                    trainer.set_loss(move |outputs, _| {
                        let factors = Cpu::default().tensor_from_vec(factors.clone(), *outputs.y.shape());
                        Ok((outputs.y * factors).sum())
                    });
                    trainer.train_on_batch(&inputs, &targets).expect("a step");
                    let weights = trainer.weights();
                    for (index, name) in ["kernel", "bias"].into_iter().enumerate() {
                        let found = wide(&weights[weight::<$model<E>>(&format!("y/{name}"))]);
                        assert_close(&format!("{name} after step {step}"), &found, &numbers(&wanted[index]), TOLERANCE);
                    }
                }
            }

            #[test]
            fn in_f32() {
                check::<f32>();
            }

            #[test]
            fn in_f64() {
                check::<f64>();
            }
        }
    )+};
}

optimizers! {
    sgd: "SGD", Sgd, SgdInputs, SgdTargets, SGD(0.1);
    sgd_with_momentum: "SGD mom", Momentum, MomentumInputs, MomentumTargets, SGD(0.1, momentum = 0.9);
    sgd_with_nesterov_momentum: "SGD nesterov", Nesterov, NesterovInputs, NesterovTargets,
        SGD(0.1, momentum = 0.9, nesterov = true);
    adam: "Adam", PlainAdam, PlainAdamInputs, PlainAdamTargets, Adam(0.1);
    adam_with_amsgrad: "Adam amsgrad", Amsgrad, AmsgradInputs, AmsgradTargets, Adam(0.1, amsgrad = true);
    adamw: "AdamW", Decayed, DecayedInputs, DecayedTargets, AdamW(0.1);
    rmsprop: "RMSprop", Rms, RmsInputs, RmsTargets, RMSprop(0.1);
    rmsprop_centered_with_momentum: "RMSprop mom centered", Centered, CenteredInputs, CenteredTargets,
        RMSprop(0.1, momentum = 0.9, centered = true);
    adagrad: "Adagrad", Ada, AdaInputs, AdaTargets, Adagrad(0.1);
    adadelta: "Adadelta", Delta, DeltaInputs, DeltaTargets, Adadelta(1.0);
    adamax: "Adamax", Max, MaxInputs, MaxTargets, Adamax(0.1);
    nadam: "Nadam", NesterovAdam, NesterovAdamInputs, NesterovAdamTargets, Nadam(0.1);
    lion: "Lion", Sign, SignInputs, SignTargets, Lion(0.1);
    clip_by_norm: "SGD clipnorm", Clipnorm, ClipnormInputs, ClipnormTargets, SGD(0.1, clipnorm = 0.5);
    clip_by_value: "SGD clipvalue", Clipvalue, ClipvalueInputs, ClipvalueTargets, SGD(0.1, clipvalue = 0.5);
    clip_by_global_norm: "SGD global_clipnorm", Global, GlobalInputs, GlobalTargets, SGD(0.1, global_clipnorm = 0.5);
    weight_decay: "SGD wd", Decay, DecayInputs, DecayTargets, SGD(0.1, weight_decay = 0.1);
}

// Two layers on one input are one product over one block of parameters; norms are still per weight.
model! {
    Twins {
        let x = Input(shape = [3]);
        let y = Dense(2)(x);
        let twin = Dense(2)(x);
        Model(inputs = [x], outputs = [y, twin]).compile(optimizer = SGD(0.1, clipnorm = 0.5), loss = custom)
    }
}

#[test]
fn weights_of_siblings_are_clipped_one_by_one() {
    let file = golden("optimizers.json");
    let (common, case) = (&file["common"], entry(&file["cases"], "name", "SGD clipnorm"));
    let mut model = Twins::new(1);
    set_weights(&mut model, |name, _| numbers(&common[if name.ends_with("kernel") { "w0" } else { "b0" }]));
    let inputs = TwinsInputs { x: tensor(narrow(&UNITS)).expect("samples") };
    let zeros = || tensor(vec![0.0; 8]).expect("samples");
    let targets = TwinsTargets { y: zeros(), twin: zeros() };
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    for (step, wanted) in case["after_each_step"].as_array().expect("steps").iter().enumerate() {
        let factors = narrow::<f32>(&factors(common, step));
        trainer.set_loss(move |outputs, _| {
            let factors = Cpu::default().tensor_from_vec(factors.clone(), *outputs.y.shape());
            Ok((outputs.y * factors.clone()).sum() + (outputs.twin * factors).sum())
        });
        trainer.train_on_batch(&inputs, &targets).expect("a step");
        let weights = trainer.weights();
        for layer in ["y", "twin"] {
            for (index, name) in ["kernel", "bias"].into_iter().enumerate() {
                let name = format!("{layer}/{name}");
                let found = wide(&weights[weight::<Twins>(&name)]);
                assert_close(
                    &format!("{name} after step {step}"),
                    &found,
                    &numbers(&wanted[index]),
                    TOLERANCE,
                );
            }
        }
    }
}

#[test]
fn every_case_is_tested() {
    let source = include_str!("golden_optimizers.rs");
    for case in golden("optimizers.json")["cases"].as_array().expect("cases") {
        let name = case["name"].as_str().expect("a name");
        assert!(source.contains(&format!(": \"{name}\",")), "{name}");
    }
}
