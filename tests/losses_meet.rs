//! Several losses of one tensor: each adds its gradient, in any order of the outputs. `random_graphs` tests this in
//! general by finite differences; here are the smallest cases, with exact values.

use mimo::prelude::*;

/// A model with logits `a = x · [1, 1]`, outputs and losses as given, whose kernel gets the gradient `wanted` on one
/// sample `x = 1` with the targets `a = [0, 0]`, `p = [1, 0]`.
macro_rules! meets {
    ($test:ident, [$($layer:tt)*], [$($output:ident),*], { $($losses:tt)* }, { $($targets:tt)* }, $wanted:expr) => {
        mod $test {
            use mimo::prelude::*;

            model! {
                Net {
                    let x = Input(shape = [1]);
                    let a = Dense(2, use_bias = false, kernel_initializer = ones)(x);
                    $($layer)*
                    Model(inputs = [x], outputs = [$($output),*]).compile(optimizer = SGD(1.0), loss = { $($losses)* })
                }
            }

            #[test]
            fn gradients_add_up() -> mimo::Result<()> {
                let mut model = Net::new(1);
                let mut trainer = Trainer::new(&mut model)?;
                let inputs = NetInputs { x: tensor(vec![1.0])? };
                trainer.train_on_batch(&inputs, &NetTargets { $($targets)* })?;
                super::assert_near(&trainer.gradient(<Net as Model>::SPEC.weights[0].name).expect("the kernel"), &$wanted);
                Ok(())
            }
        }
    };
}

fn assert_near(found: &[f32], wanted: &[f64]) {
    let near = found.iter().zip(wanted).all(|(&a, b)| (f64::from(a) - b).abs() < 1e-6);
    assert!(near && found.len() == wanted.len(), "{found:?}, wanted {wanted:?}");
}

/// Two values of a sample.
fn two(a: f32, b: f32) -> Tensor<(usize, Const<2>), f32, Cpu> {
    tensor(vec![a, b]).expect("a sample")
}

// Logits of 1 and 1: the gradient of mse is [1, 1], that of the cross-entropy from softmax p − t = [-0.5, 0.5].
meets!(logits_first, [let p = Softmax()(a);], [a, p], { a: mse, p: categorical_crossentropy },
    { a: super::two(0.0, 0.0), p: super::two(1.0, 0.0) }, [0.5, 1.5]);
meets!(logits_last, [let p = Softmax()(a);], [p, a], { a: mse, p: categorical_crossentropy },
    { a: super::two(0.0, 0.0), p: super::two(1.0, 0.0) }, [0.5, 1.5]);
meets!(class_indices, [let p = Softmax()(a);], [a, p], { a: mse, p: sparse_categorical_crossentropy },
    { a: super::two(0.0, 0.0), p: tensor(vec![0])? }, [0.5, 1.5]);
// A sigmoid of 1 is 0.731058…; its cross-entropy is a mean over two values.
meets!(sigmoid, [let p = Activation(sigmoid)(a);], [p, a], { a: mse, p: binary_crossentropy },
    { a: super::two(0.0, 0.0), p: super::two(1.0, 0.0) }, [1.0 - 0.268_941_421 / 2.0, 1.0 + 0.731_058_579 / 2.0]);
meets!(alias, [let f = Reshape([1, 2])(a); let p = Softmax()(a);], [f, p], { f: mse, p: categorical_crossentropy },
    { f: tensor(vec![0.0, 0.0])?, p: super::two(1.0, 0.0) }, [0.5, 1.5]);
meets!(alias_and_logits, [let f = Reshape([1, 2])(a); let p = Softmax()(a);], [f, p, a],
    { f: mse, p: categorical_crossentropy, a: mse },
    { f: tensor(vec![0.0, 0.0])?, p: super::two(1.0, 0.0), a: super::two(0.0, 0.0) }, [1.5, 2.5]);
meets!(two_fused_heads, [let p = Softmax()(a); let q = Softmax()(a);], [p, q],
    { p: categorical_crossentropy, q: categorical_crossentropy },
    { p: super::two(1.0, 0.0), q: super::two(1.0, 0.0) }, [-1.0, 1.0]);
meets!(fused_heads_of_two_kinds, [let p = Softmax()(a); let q = Activation(sigmoid)(a);], [a, q, p],
    { a: none, p: categorical_crossentropy, q: binary_crossentropy },
    { p: super::two(1.0, 0.0), q: super::two(1.0, 0.0) }, [-0.5 - 0.268_941_421 / 2.0, 0.5 + 0.731_058_579 / 2.0]);
// A fused head with another reader: p − t, and through the softmax the mse of its sum of squares.
meets!(fused_and_read, [let p = Softmax()(a); let s = p + p;], [p, s, a],
    { p: categorical_crossentropy, s: mse, a: mse },
    { p: super::two(1.0, 0.0), s: super::two(0.0, 0.0), a: super::two(0.0, 0.0) }, [0.5, 1.5]);
// An identity is the same tensor under another name.
meets!(identity, [let i = Activation(linear)(a); let p = Softmax()(i);], [i, p, a],
    { i: mse, p: categorical_crossentropy, a: mae },
    { i: super::two(0.0, 0.0), p: super::two(1.0, 0.0), a: super::two(0.0, 0.0) }, [1.0, 2.0]);
