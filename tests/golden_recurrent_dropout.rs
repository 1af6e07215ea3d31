//! Dropout in recurrent layers compared with Keras's numbers: which gates have their own masks, and their effect.
//!
//! Keras computes with the masks that mimo draws, which `make_recurrent_dropout.py` has as lists. Here they are
//! derived from the layer's outputs: if the kernels are zeros except for one value, an output changes where that
//! value is kept.

mod support;

use serde_json::Value;
use support::{entry, numbers};

/// The masks of a case: by gate, sample and value, 1 for kept values.
fn kept(case: &Value, what: &str) -> Vec<f64> {
    case[what].as_array().expect("values").iter().map(|kept| kept.as_f64().expect("0 or 1")).collect()
}

/// A weight of the case; the identity for the layer before the input.
fn weight(case: &Value, name: &str, shape: &[usize]) -> Vec<f64> {
    if let Some(path) = name.strip_prefix("layer/") {
        return numbers(entry(&case["weights"], "path", path));
    }
    let mut values = vec![0.0; shape.iter().product()];
    if let &[rows, _] = shape {
        values.iter_mut().step_by(rows + 1).for_each(|value| *value = 1.0);
    }
    values
}

/// A weight of zeros, or 0.5 for biases and for the last gate of the recurrent kernel, without which the reset gate
/// of a GRU would have no effect. One row of a kernel is 1 in the columns of a gate.
fn probe(name: &str, shape: &[usize], gates: usize, one: Option<(&str, [usize; 2])>) -> Vec<f64> {
    let (layer, weight) = name.split_once('/').expect("a layer and its weight");
    if layer != "layer" {
        return self::weight(&Value::Null, name, shape);
    }
    let units = shape[shape.len() - 1] / gates;
    let value = |at: usize| {
        let place = [at / (gates * units), at / units % gates];
        match one {
            Some((kernel, one)) if kernel == weight && one == place => 1.0,
            _ if weight == "bias" || weight == "recurrent_kernel" && place[1] == gates - 1 => 0.5,
            _ => 0.0,
        }
    };
    (0..shape.iter().product()).map(value).collect()
}

macro_rules! layers {
    ($($test:ident: $tag:literal, $gates:literal, $model:ident, $inputs:ident, $targets:ident, { $($layer:tt)+ };)+) => {$(
        mod $test {
            use std::sync::{Arc, Mutex};

            use mimo::dfdx::prelude::*;
            use mimo::TrainerOptions;
            use mimo::prelude::{Model, Trainer, model, tensor};
            use serde_json::Value;

            use crate::support::{F32, F64, Real, Tolerance, assert_close, entry, golden, narrow, numbers, set_weights, wide};
            use crate::{kept, probe, weight};

            /// Features, units and samples.
            const SIZES: [usize; 3] = [2, 3, 2];

            model! {
                $model {
                    let a = Input(shape = [6]);
                    let x = Dense(6)(a);
                    let y = $($layer)+(Reshape([3, 2])(x));
                    Model(inputs = [a], outputs = [y]).compile(optimizer = SGD(learning_rate = 0.0), loss = custom)
                }
            }

            /// The outputs of a training step, and the gradients of all weights for `dy`.
            fn trained<E: Real>(model: &mut $model<E>, x: &[f64], dy: &[f64]) -> (Vec<f64>, Vec<(&'static str, Vec<f64>)>)
            where
                Cpu: Device<E>,
            {
                let inputs = $inputs { a: tensor(narrow::<E>(x)).expect("samples") };
                let targets = $targets { y: model.forward(&inputs).expect("outputs").y };
                let mut trainer = Trainer::with_options(model, TrainerOptions::new().seed(3)).expect("a trainer");
                let seen = Arc::new(Mutex::new(vec![]));
                let (watched, dy) = (Arc::clone(&seen), narrow::<E>(dy));
                trainer.set_loss(move |outputs, _| {
                    *watched.lock().expect("one thread") = wide(&outputs.y.as_vec());
                    let dy = Cpu::default().tensor_from_vec(dy.clone(), *outputs.y.shape());
                    Ok((outputs.y * dy).sum())
                });
                trainer.train_on_batch(&inputs, &targets).expect("a step");
                let names = $model::<E>::SPEC.weights.iter().map(|weight| weight.name);
                let gradients = names.map(|name| (name, wide(&trainer.gradient(name).expect("a gradient"))));
                let gradients = gradients.collect();
                let seen = seen.lock().expect("one thread").clone();
                (seen, gradients)
            }

            /// The factors of the inputs or of the states: by gate, sample and value.
            fn found(kernel: &'static str) -> Vec<f64> {
                let [features, units, rows] = SIZES;
                let output = |one: Option<(&str, [usize; 2])>| {
                    let mut model = $model::<f64>::build(1);
                    set_weights(&mut model, |name, shape| probe(name, shape, $gates, one));
                    trained(&mut model, &vec![1.0; rows * 6], &vec![1.0; rows * units]).0
                };
                let plain = output(None);
                let values = if kernel == "kernel" { features } else { units };
                let mut all = vec![0.0; $gates * rows * values];
                for (gate, value) in (0..$gates).flat_map(|gate| (0..values).map(move |value| (gate, value))) {
                    let output = output(Some((kernel, [value, gate])));
                    for row in 0..rows {
                        let mut units = row * units..(row + 1) * units;
                        let kept = units.any(|at| (output[at] - plain[at]).abs() > 1e-9);
                        all[(gate * rows + row) * values + value] = f64::from(u8::from(kept));
                    }
                }
                all
            }

            fn case(cases: &Value) -> &Value {
                entry(cases, "tag", $tag)
            }

            #[test]
            fn each_gate_has_its_zeros() {
                let cases = golden("recurrent_dropout.json");
                let all = [found("kernel"), found("recurrent_kernel")];
                assert_eq!(all, [kept(case(&cases), "inputs_kept"), kept(case(&cases), "states_kept")]);
            }

            fn check<E: Real>(tolerance: Tolerance)
            where
                Cpu: Device<E>,
            {
                let cases = golden("recurrent_dropout.json");
                let case = case(&cases);
                let mut model = $model::<E>::build(1);
                set_weights(&mut model, |name, shape| weight(case, name, shape));
                let (y, gradients) = trained(&mut model, &numbers(&case["input"]), &numbers(&case["dy"]));
                assert_close("output", &y, &numbers(&case["output"]), tolerance);
                for (name, found) in gradients {
                    let wanted = match name.strip_prefix("layer/") {
                        Some(path) => numbers(entry(&case["grad_weights"], "path", path)),
                        // The sum over the samples.
                        None if name == "dense/bias" => {
                            let all = numbers(&case["grad_input"]);
                            (0..6).map(|at| all.iter().skip(at).step_by(6).sum()).collect()
                        }
                        None => continue,
                    };
                    assert_close(name, &found, &wanted, tolerance);
                }
            }

            #[test]
            fn in_f32() {
                check::<f32>(F32);
            }

            #[test]
            fn in_f64() {
                check::<f64>(F64);
            }
        }
    )+};
}

layers! {
    lstm: "lstm", 4, Lstm, LstmInputs, LstmTargets,
        { LSTM(3, dropout = 0.4, recurrent_dropout = 0.4, seed = 9, name = "layer") };
    lstm_without_input_dropout: "lstm states", 4, States, StatesInputs, StatesTargets,
        { LSTM(3, recurrent_dropout = 0.5, activation = linear, seed = 8, name = "layer") };
    lstm_without_recurrent_dropout: "lstm inputs", 4, Inputs, InputsInputs, InputsTargets,
        { LSTM(3, dropout = 0.4, seed = 7, name = "layer") };
    gru: "gru", 3, Gru, GruInputs, GruTargets,
        { GRU(3, dropout = 0.4, recurrent_dropout = 0.4, seed = 6, name = "layer") };
    gru_that_resets_before: "gru reset_after=False", 3, Before, BeforeInputs, BeforeTargets,
        { GRU(3, dropout = 0.4, recurrent_dropout = 0.4, reset_after = false, seed = 5, name = "layer") };
    simple_rnn: "simplernn", 1, Simple, SimpleInputs, SimpleTargets,
        { SimpleRNN(3, dropout = 0.4, recurrent_dropout = 0.4, seed = 4, name = "layer") };
}
