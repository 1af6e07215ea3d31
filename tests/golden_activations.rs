//! Every activation compared with Keras's numbers, as a separate layer and at the end of a `Dense`: values, and the
//! gradients of `Σ i · yᵢ`.

mod support;

use mimo::dfdx::prelude::*;
use mimo::prelude::{Trainer, model, tensor};
use support::{F32, F64, Real, Tolerance, assert_close, entry, golden, narrow, numbers, set_weights, wide};

macro_rules! activations {
    ($($test:ident: $model:ident, $inputs:ident, $targets:ident;)+) => {$(
        mod $test {
            use super::*;

            // The inputs differ, so that nothing is merged: `y` is an operation, `fused` the end of a product.
            model! {
                $model {
                    let a = Input(shape = [10]);
                    let b = Input(shape = [10]);
                    let x = Dense(10, name = "probe")(a);
                    let y = Activation($test)(x);
                    let fused = Dense(10, activation = $test)(b);
                    Model(inputs = [a, b], outputs = [y, fused])
                        .compile(optimizer = SGD(learning_rate = 0.0), loss = custom)
                }
            }

            fn check<E: Real>(tolerance: Tolerance)
            where
                Cpu: Device<E>,
            {
                let cases = golden("activations.json");
                let case = entry(&cases, "name", stringify!($test));
                let mut model = $model::<E>::build(1);
                set_weights(&mut model, |name, _| match name.ends_with("/kernel") {
                    true => (0..100).map(|place| f64::from(u8::from(place % 11 == 0))).collect(),
                    false => vec![0.0; 10],
                });
                let x = narrow::<E>(&numbers(&case["x"]));
                let inputs = $inputs { a: tensor(x.clone()).expect("a sample"), b: tensor(x).expect("a sample") };
                let outputs = model.forward(&inputs).expect("outputs");
                let wanted = numbers(&case["y"]);
                assert_close("y", &wide(&outputs.y.as_vec()), &wanted, tolerance);
                assert_close("fused y", &wide(&outputs.fused.as_vec()), &wanted, tolerance);

                let mut trainer = Trainer::new(&mut model).expect("a trainer");
                trainer.set_loss(|outputs, _| {
                    let factors: Vec<E> = (1..=10).map(|i| E::from_wide(f64::from(i))).collect();
                    let factors = Cpu::default().tensor_from_vec(factors, *outputs.y.shape());
                    Ok((outputs.y * factors.clone()).sum() + (outputs.fused * factors).sum())
                });
                let targets = $targets { y: outputs.y, fused: outputs.fused };
                trainer.train_on_batch(&inputs, &targets).expect("a step");
                // Divided by `i`, so that it does not scale Keras's rounding.
                let slopes = |gradient: Vec<f64>| -> Vec<f64> {
                    gradient.iter().zip(1..).map(|(gradient, i)| gradient / f64::from(i)).collect()
                };
                let mut wanted = slopes(numbers(&case["grad_of_sum(i*y_i)"]));
                if stringify!($test) == "celu" {
                    // At 0 TensorFlow adds the slopes of both branches; the derivative is 1.
                    assert_eq!((numbers(&case["x"])[4], wanted[4]), (0.0, 2.0));
                    wanted[4] = 1.0;
                }
                let gradient = |name: &str| slopes(wide(&trainer.gradient(name).expect("a gradient")));
                assert_close("gradient", &gradient("probe/bias"), &wanted, tolerance);
                assert_close("fused gradient", &gradient("fused/bias"), &wanted, tolerance);
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

activations! {
    celu: Celu, CeluInputs, CeluTargets;
    elu: Elu, EluInputs, EluTargets;
    exponential: Exponential, ExponentialInputs, ExponentialTargets;
    gelu: Gelu, GeluInputs, GeluTargets;
    hard_shrink: HardShrink, HardShrinkInputs, HardShrinkTargets;
    hard_sigmoid: HardSigmoid, HardSigmoidInputs, HardSigmoidTargets;
    hard_silu: HardSilu, HardSiluInputs, HardSiluTargets;
    hard_swish: HardSwish, HardSwishInputs, HardSwishTargets;
    hard_tanh: HardTanh, HardTanhInputs, HardTanhTargets;
    leaky_relu: LeakyRelu, LeakyReluInputs, LeakyReluTargets;
    linear: Linear, LinearInputs, LinearTargets;
    log_sigmoid: LogSigmoid, LogSigmoidInputs, LogSigmoidTargets;
    log_softmax: LogSoftmax, LogSoftmaxInputs, LogSoftmaxTargets;
    mish: Mish, MishInputs, MishTargets;
    relu: Relu, ReluInputs, ReluTargets;
    relu6: Relu6, Relu6Inputs, Relu6Targets;
    selu: Selu, SeluInputs, SeluTargets;
    sigmoid: Sigmoid, SigmoidInputs, SigmoidTargets;
    silu: Silu, SiluInputs, SiluTargets;
    soft_shrink: SoftShrink, SoftShrinkInputs, SoftShrinkTargets;
    softmax: Softmax, SoftmaxInputs, SoftmaxTargets;
    softplus: Softplus, SoftplusInputs, SoftplusTargets;
    softsign: Softsign, SoftsignInputs, SoftsignTargets;
    sparse_plus: SparsePlus, SparsePlusInputs, SparsePlusTargets;
    sparse_sigmoid: SparseSigmoid, SparseSigmoidInputs, SparseSigmoidTargets;
    squareplus: Squareplus, SquareplusInputs, SquareplusTargets;
    swish: Swish, SwishInputs, SwishTargets;
    tanh: Tanh, TanhInputs, TanhTargets;
    tanh_shrink: TanhShrink, TanhShrinkInputs, TanhShrinkTargets;
}

/// A new activation in the file must be tested: those that mimo does not have are listed here.
#[test]
fn every_case_is_tested_or_absent() {
    let source = include_str!("golden_activations.rs");
    for case in golden("activations.json").as_array().expect("cases") {
        let name = case["name"].as_str().expect("a name");
        // The shape of `glu` differs: it is in `golden_more_activations.rs`. Keras 3.15.1 adds up too much for the threshold of
        // `sparsemax`, so that its values do not sum to 1; kernels are tested against the definition instead.
        assert!(source.contains(&format!("    {name}: ")) || ["glu", "sparsemax"].contains(&name), "{name}");
    }
}
