//! Layers compared with Keras's numbers: outputs, and the gradients of `Σ output · dy` with respect to the weights
//! and the inputs.
//!
//! Trainers return only gradients of weights. So each input goes through a `Dense` with the identity as its kernel
//! and a bias of 0; in a batch of one sample the gradient of that bias is the gradient of the input.

use serde_json::Value;

use crate::support::{entry, numbers};

/// The identity for the layer before each input, or the weight of the tested layer.
pub(crate) fn weight(case: &Value, name: &str, shape: &[usize]) -> Vec<f64> {
    if let Some(path) = name.strip_prefix("layer/") {
        return numbers(entry(&case["weights"], "path", path));
    }
    let mut values = vec![0.0; shape.iter().product()];
    if let &[rows, _] = shape {
        values.iter_mut().step_by(rows + 1).for_each(|value| *value = 1.0);
    }
    values
}

/// `count` samples of a column, starting at `from`.
pub(crate) fn part(column: &[f64], all: usize, from: usize, count: usize) -> Vec<f64> {
    let len = column.len() / all;
    column[from * len..(from + count) * len].to_vec()
}

/// A module per case of a file of `tests/golden`, with a test in `f32` and one in `f64`.
macro_rules! layers {
    ($file:literal: $(
        $test:ident: $tag:literal, $model:ident, $inputs:ident, $targets:ident,
        [$($input:ident => $x:ident: $len:tt),+] { $($body:tt)* }
    )+) => {$(
        mod $test {
            use mimo::dfdx::prelude::*;
            use mimo::prelude::{Trainer, model, tensor};
            use serde_json::Value;

            use crate::layers::{part, weight};
            use crate::support::{
                F32, F64, Real, Tolerance, assert_close, assert_reset, entry, golden, narrow, numbers, rows, set_weights, wide,
            };

            model! {
                #[allow(mimo::lost_mask)]
                $model {
                    $(
                        let $input = Input(shape = [$len]);
                        let $x = Dense($len)($input);
                    )+
                    $($body)*
                    Model(inputs = [$($input),+], outputs = [y])
                        .compile(optimizer = SGD(learning_rate = 0.0), loss = custom)
                }
            }

            fn check<E: Real>(tolerance: Tolerance)
            where
                Cpu: Device<E>,
            {
                let cases = golden($file);
                let case = entry(&cases, "tag", $tag);
                let (all, y, dy) = (rows(&case["inputs"][0]), numbers(&case["outputs"][0]), numbers(&case["dy"][0]));
                let mut model = $model::<E>::build(1);
                set_weights(&mut model, |name, shape| weight(case, name, shape));

                // One batch of all samples for the gradients of weights, and each single sample for those of inputs.
                let batches = [(0, all)].into_iter().chain((0..all).map(|row| (row, 1)));
                for (from, count) in batches {
                    let part = |column: &Value| part(&numbers(column), all, from, count);
                    let mut columns = case["inputs"].as_array().expect("inputs").iter().map(part);
                    let inputs = $inputs {
                        $($input: tensor(narrow::<E>(&columns.next().expect("an input"))).expect("samples"),)+
                    };
                    let len = dy.len() / all;
                    let found = model.forward(&inputs).expect("outputs").y;
                    let wanted = &y[from * len..(from + count) * len];
                    assert_close(concat!($tag, ": output"), &wide(&found.as_vec()), wanted, tolerance);

                    let dy = narrow::<E>(&dy[from * len..(from + count) * len]);
                    let mut trainer = Trainer::new(&mut model).expect("a trainer");
                    trainer.set_loss(move |outputs, _| {
                        let dy = Cpu::default().tensor_from_vec(dy.clone(), *outputs.y.shape());
                        Ok((outputs.y * dy).sum())
                    });
                    trainer.train_on_batch(&inputs, &$targets { y: found }).expect("a step");
                    let gradient = |name: &str| wide(&trainer.gradient(name).expect("a gradient"));
                    if count == all {
                        let weights = case["weights"].as_array().expect("weights").iter();
                        for (weight, wanted) in weights.zip(case["grad_weights"].as_array().expect("gradients")) {
                            let path = weight["path"].as_str().expect("a path");
                            let found = gradient(&format!("layer/{path}"));
                            assert_close(&format!("{}: gradient of {path}", $tag), &found, &numbers(wanted), tolerance);
                        }
                    }
                    if count == 1 {
                        for (index, wanted) in case["grad_inputs"].as_array().expect("gradients").iter().enumerate() {
                            let probe = if index == 0 { "dense/bias".into() } else { format!("dense_{index}/bias") };
                            let what = format!("{}: gradient of input {index}, sample {from}", $tag);
                            assert_close(&what, &gradient(&probe), &part(wanted), tolerance);
                        }
                    }
                }
            }

            #[test]
            fn is_reset_as_it_starts() {
                assert_reset(&$model::<f32>::build(0), $model::build(1));
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
pub(crate) use layers;
