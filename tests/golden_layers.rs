//! Every layer and activation against Keras's numbers: outputs, and the gradients of `Σ output · dy` with respect to
//! the weights and the inputs.
//!
//! Trainers give gradients of weights only. Each input goes through a `Dense` with the identity as its kernel and no
//! bias to speak of; in a batch of one sample the gradient of that bias is the gradient of the input.

mod support;

use mimo::dfdx::prelude::*;
use mimo::prelude::{Trainer, model, tensor};
use serde_json::Value;
use support::{
    F32, F64, Real, Tolerance, assert_close, entry, golden, narrow, numbers, rows, set_weights, wide,
};

/// The identity of the layer before each input, or the weight of the layer under test.
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

/// Some samples of a column.
fn part(column: &[f64], all: usize, from: usize, count: usize) -> Vec<f64> {
    let len = column.len() / all;
    column[from * len..(from + count) * len].to_vec()
}

macro_rules! layers {
    ($(
        $test:ident: $tag:literal, $model:ident, $inputs:ident, $targets:ident,
        [$($input:ident => $x:ident: $len:tt),+] { $($body:tt)* }
    )+) => {$(
        mod $test {
            use super::*;

            model! {
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
                let cases = golden("layers.json");
                let case = entry(&cases, "tag", $tag);
                let (all, y, dy) = (rows(&case["inputs"][0]), numbers(&case["outputs"][0]), numbers(&case["dy"][0]));
                let mut model = $model::<E>::build(1);
                set_weights(&mut model, |name, shape| weight(case, name, shape));

                // A batch of all samples gives the gradients of weights, each sample alone those of inputs.
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
    dense_with_relu: "dense relu", DenseRelu, DenseReluInputs, DenseReluTargets, [a => x: 4] {
        let y = Dense(3, activation = relu, name = "layer")(x);
    }
    dense_over_a_sequence: "dense 3d", Dense3d, Dense3dInputs, Dense3dTargets, [a => x: 12] {
        let x = Reshape([3, 4])(x);
        let y = Dense(3, name = "layer")(x);
    }
    dense_without_bias_with_gelu: "dense nobias gelu", DenseGelu, DenseGeluInputs, DenseGeluTargets, [a => x: 4] {
        let y = Dense(3, activation = gelu, use_bias = false, name = "layer")(x);
    }
    flatten: "flatten", FlattenCase, FlattenCaseInputs, FlattenCaseTargets, [a => x: 6] {
        let x = Reshape((2, 3))(x);
        let y = Flatten(name = "layer")(x);
    }
    reshape_with_an_open_axis: "reshape", ReshapeCase, ReshapeCaseInputs, ReshapeCaseTargets, [a => x: 6] {
        let y = Reshape([3, -1], name = "layer")(x);
    }
    permute: "permute", PermuteCase, PermuteCaseInputs, PermuteCaseTargets, [a => x: 6] {
        let x = Reshape([2, 3])(x);
        let y = Permute([2, 1], name = "layer")(x);
    }
    repeat_vector: "repeatvector", RepeatCase, RepeatCaseInputs, RepeatCaseTargets, [a => x: 2] {
        let y = RepeatVector(3, name = "layer")(x);
    }
    leaky_relu_of_the_layer_s_default_slope: "leaky", Leaky, LeakyInputs, LeakyTargets, [a => x: 4] {
        let y = LeakyReLU(name = "layer")(x);
    }
    elu_with_alpha: "elu", EluCase, EluCaseInputs, EluCaseTargets, [a => x: 4] {
        let y = ELU(0.5, name = "layer")(x);
    }
    add: "Add", AddCase, AddCaseInputs, AddCaseTargets, [a => x: 3, b => z: 3] {
        let y = Add(name = "layer")([x, z]);
    }
    add_by_operator: "Add", Plus, PlusInputs, PlusTargets, [a => x: 3, b => z: 3] {
        let y = x + z;
    }
    subtract: "Subtract", SubtractCase, SubtractCaseInputs, SubtractCaseTargets, [a => x: 3, b => z: 3] {
        let y = Subtract(name = "layer")([x, z]);
    }
    subtract_by_operator: "Subtract", Minus, MinusInputs, MinusTargets, [a => x: 3, b => z: 3] {
        let y = x - z;
    }
    multiply: "Multiply", MultiplyCase, MultiplyCaseInputs, MultiplyCaseTargets, [a => x: 3, b => z: 3] {
        let y = Multiply(name = "layer")([x, z]);
    }
    multiply_by_operator: "Multiply", Times, TimesInputs, TimesTargets, [a => x: 3, b => z: 3] {
        let y = x * z;
    }
    average: "Average", AverageCase, AverageCaseInputs, AverageCaseTargets, [a => x: 3, b => z: 3] {
        let y = Average(name = "layer")([x, z]);
    }
    maximum: "Maximum", MaximumCase, MaximumCaseInputs, MaximumCaseTargets, [a => x: 3, b => z: 3] {
        let y = Maximum(name = "layer")([x, z]);
    }
    minimum: "Minimum", MinimumCase, MinimumCaseInputs, MinimumCaseTargets, [a => x: 3, b => z: 3] {
        let y = minimum([x, z], name = "layer");
    }
    add_repeats_an_axis_of_one: "add bcast", Broadcast, BroadcastInputs, BroadcastTargets, [a => x: 6, b => z: 2] {
        let x = Reshape([3, 2])(x);
        let z = Reshape([1, 2])(z);
        let y = Add(name = "layer")([x, z]);
    }
    add_inserts_axes_after_the_batch: "add rank", Rank, RankInputs, RankTargets, [a => x: 6, b => z: 2] {
        let x = Reshape([3, 2])(x);
        let y = Add(name = "layer")([x, z]);
    }
    concatenate_of_the_last_axis: "concat", Concat, ConcatInputs, ConcatTargets, [a => x: 3, b => z: 2] {
        let y = Concatenate(name = "layer")([x, z]);
    }
    concatenate_of_the_first_axis: "concat axis1", Concat1, Concat1Inputs, Concat1Targets, [a => x: 4, b => z: 2] {
        let x = Reshape([2, 2])(x);
        let z = Reshape([1, 2])(z);
        let y = Concatenate(axis = 1, name = "layer")([x, z]);
    }
}
