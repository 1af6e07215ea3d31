//! Gradients of generated models compared with differences of their losses, in `f64`: every layer, every loss, and
//! every fusion of operations by the planner.

mod support;

use mimo::dfdx::prelude::*;
use mimo::prelude::{Model as _, Trainer, model};
use support::{
    Check, Data, Tolerance, assert_near, check_gradients, check_gradients_on, randomize, step, total,
};

/// One test per model; fields of [`Check`] may be given.
macro_rules! gradients {
    ($($test:ident $model:ident $(, $field:ident = $value:expr)*; { $($body:tt)* })+) => {$(
        model! { $model { $($body)* } }

        #[test]
        fn $test() {
            check_gradients(&mut $model::<f64>::build(1), Check { $($field: $value,)* ..Check::default() });
        }
    )+};
}

gradients! {
    siblings_with_different_activations_are_one_product Siblings; {
        let x = Input(shape = [4]);
        let h = Dense(5, activation = tanh)(x);
        let a = Dense(3, activation = relu)(h);
        let b = Dense(2, activation = tanh)(h);
        let c = Dense(3, activation = gelu)(h);
        let d = Dense(2, activation = softmax)(h);
        let e = Dense(2)(h);
        let y = Dense(2)(concatenate([a, b, c, d, e, a]));
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    siblings_of_the_input BesidesInput; {
        let x = Input(shape = [4]);
        let a = Dense(3, activation = relu)(x);
        let b = Dense(3, activation = silu)(x);
        let c = Dense(3, use_bias = false, activation = sigmoid)(x);
        let y = Dense(2)(a + b * c);
        let z = Dense(1)(a);
        Model(inputs = [x], outputs = [y, z]).compile(optimizer = SGD(0.0), loss = mse)
    }
    siblings_of_which_one_leads_nowhere_trained Untrained; {
        let x = Input(shape = [4]);
        let h = Dense(5, activation = relu)(x);
        let y = Dense(2)(h);
        let z = Dense(3, activation = softmax)(h);
        let hidden = Dense(3, activation = relu)(h);
        let w = Dense(1)(hidden);
        Model(inputs = [x], outputs = [y, z, w])
            .compile(optimizer = SGD(0.0), loss = { y: mse, z: none, w: none })
    }
    a_relu_is_masked_by_the_last_product_that_reads_it Masked; {
        let x = Input(shape = [4]);
        let a = Dense(6, activation = relu)(x);
        let b = Dense(6, activation = relu)(a);
        let c = Dense(6, activation = relu)(a + b);
        let d = Dense(6, activation = relu)(c);
        let y = Dense(2)(d);
        let z = Dense(3, activation = softmax)(c);
        let w = Dense(1, activation = sigmoid)(multiply([a, d]));
        Model(inputs = [x], outputs = [y, z, w]).compile(
            optimizer = SGD(0.0),
            loss = { y: mse, z: categorical_crossentropy, w: binary_crossentropy },
            loss_weights = { y: 0.7, z: 1.3 },
        )
    }
    a_relu_that_is_an_output_and_read_twice Read; {
        let x = Input(shape = [4]);
        let a = Dense(6, activation = relu, name = "a")(x);
        let b = Dense(6, activation = relu)(a);
        let c = Dense(3)(a);
        let y = Dense(2)(b);
        Model(inputs = [x], outputs = { y: y, a: a, c: c }).compile(optimizer = SGD(0.0), loss = mse)
    }
    one_tensor_as_two_outputs TwoNames; {
        let x = Input(shape = [4]);
        let h = Dense(5, activation = tanh)(x);
        let y = Dense(3, activation = relu)(h);
        let z = Dense(2)(y);
        Model(inputs = [x], outputs = { price: y, z: z, log_price: y, hidden: h }).compile(
            optimizer = SGD(0.0),
            loss = { price: mse, z: mse, log_price: log_cosh, hidden: none },
            loss_weights = { price: 0.7, log_price: 1.3 },
        )
    }
    one_softmax_as_three_outputs ThreeNames; {
        let x = Input(shape = [4]);
        let p = Dense(3, activation = softmax)(Dense(5, activation = tanh)(x));
        Model(inputs = [x], outputs = { a: p, b: p, c: p }).compile(
            optimizer = SGD(0.0),
            loss = { a: mse, b: categorical_crossentropy, c: categorical_crossentropy(label_smoothing = 0.2) },
            loss_weights = { b: 0.6 },
        )
    }
    one_sigmoid_as_outputs_without_a_loss_first NoneFirst; {
        let x = Input(shape = [4]);
        let p = Dense(2, activation = sigmoid)(Dense(5, activation = tanh)(x));
        let q = Dense(2)(p);
        Model(inputs = [x], outputs = { a: p, b: p, c: p, q: q }).compile(
            optimizer = SGD(0.0),
            loss = { a: none, b: binary_crossentropy, c: mae, q: mse },
        )
    }
    heads_of_a_loop Heads; {
        let x = Input(shape = [4]);
        let trunk = Dense(5, activation = tanh)(x);
        let heads = for i in 0..4 { Dense(i % 2 + 2, activation = softplus, name = "head_{i}")(trunk) };
        let same = for i in 0..2 { multiply([heads[i], heads[i - 2]]) };
        let y = Dense(2)(concatenate([trunk, same, heads[1..3]]));
        Model(inputs = [x], outputs = [heads[..3], y]).compile(
            optimizer = SGD(0.0),
            loss = { head_*: mse, y: mae },
        )
    }
    a_relu_behind_a_flatten Alias; {
        let x = Input(shape = [3, 4]);
        let a = Dense(5, activation = relu)(x);
        let b = Dense(4, activation = relu)(Flatten()(a));
        let c = Dense(2)(a);
        let y = Dense(2)(b);
        let z = Reshape([6])(c);
        let w = Dense(2, activation = tanh)(Reshape([5, 3])(a));
        Model(inputs = [x], outputs = [y, z, w]).compile(optimizer = SGD(0.0), loss = [mse, mae, log_cosh])
    }
    a_shared_layer_on_two_inputs Twice; {
        let p = Input(shape = [4]);
        let q = Input(shape = [4]);
        let shared = Dense(5, activation = relu);
        let a = shared(p);
        let b = shared(q);
        let y = Dense(2)(concatenate([a, b, a - b]));
        Model(inputs = [p, q], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    a_shared_layer_on_hidden_tensors SharedHidden; {
        let x = Input(shape = [4]);
        let a = Dense(5, activation = relu)(x);
        let b = Dense(5, activation = elu)(x);
        let shared = Dense(3, activation = gelu);
        let c = shared(a);
        let d = shared(b);
        let y = Dense(2)(c * d);
        let z = Dense(2)(c);
        Model(inputs = [x], outputs = [y, z]).compile(optimizer = SGD(0.0), loss = mse)
    }
    a_layer_on_its_own_output Recurrent; {
        let x = Input(shape = [4]);
        let d = Dense(4, activation = relu);
        let h = d(d(d(x)));
        let s = Dense(4, activation = silu);
        let y = s(s(h));
        Model(inputs = [x], outputs = { y: y }).compile(optimizer = SGD(0.0), loss = mse)
    }
    a_shared_head TwoFromOne; {
        let p = Input(shape = [4]);
        let q = Input(shape = [4]);
        let h = Dense(5, activation = softsign);
        let head = Dense(3, activation = softmax);
        let a = head(h(p));
        let b = head(h(q));
        Model(inputs = [p, q], outputs = [a, b])
            .compile(optimizer = SGD(0.0), loss = { a: categorical_crossentropy, b: mse })
    }
    one_tensor_read_twice_by_a_layer Doubled; {
        let x = Input(shape = [4]);
        let h = Dense(5, activation = relu)(x);
        let g = Dense(5, activation = tanh)(x);
        let a = add([h, h]);
        let b = multiply([g, g]);
        let c = average([g, g, h]);
        let d = maximum([g, g]);
        let e = minimum([h, g, h]);
        let f = subtract([g, g]);
        let y = Dense(2)(concatenate([a, b, c, d, e, f, h, h]));
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    outputs_that_are_read_and_hidden Inner; {
        let x = Input(shape = [4]);
        let a = Dense(5, activation = tanh)(x);
        let b = Dense(3, activation = softmax)(a);
        let c = Dense(2, activation = sigmoid)(concatenate([a, b]));
        let d = Dense(2)(b * Dense(3)(c));
        let again = Reshape([5])(a);
        Model(inputs = [x], outputs = { a: a, b: b, c: c, d: d, again: again }).compile(
            optimizer = SGD(0.0),
            loss = {
                a: mse, b: categorical_crossentropy, c: BinaryCrossentropy(label_smoothing = 0.1), d: huber, again: mae,
            },
            loss_weights = { a: 0.5, b: 2.0, again: 0.3 },
        )
    }
    frozen_layers Frozen; {
        let x = Input(shape = [4]);
        let a = Dense(5, activation = relu, trainable = false)(x);
        let b = Dense(5, activation = relu)(a);
        let c = Dense(5, activation = relu, trainable = false, kernel_regularizer = L2(0.1))(b);
        let d = Dense(5, activation = tanh)(b);
        let e = Dense(5, activation = tanh, trainable = false)(b);
        let y = Dense(2, trainable = false)(c + d + e);
        let z = Dense(2)(a);
        Model(inputs = [x], outputs = [y, z]).compile(optimizer = SGD(0.0), loss = mse)
    }
    penalties_of_siblings Penalized; {
        let x = Input(shape = [4]);
        let a = Dense(3, activation = relu, kernel_regularizer = L2(0.1), bias_regularizer = L1(0.2))(x);
        let b = Dense(2, activation = relu, kernel_regularizer = L1L2(0.3, 0.05))(x);
        let c = Dense(2, activation = relu)(x);
        let y = Dense(2, bias_regularizer = "l2")(concatenate([a, b, c]));
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse, loss_weights = [0.5])
    }
    dense_over_positions Positions; {
        let x = Input(shape = [3, 4]);
        let a = Dense(5, activation = relu)(x);
        let b = Dense(5, activation = gelu)(a);
        let c = Dense(3, activation = softmax)(b);
        let t = Permute([2, 1])(a);
        let d = Dense(2, activation = tanh)(t);
        let e = Dense(3)(b);
        let f = Dense(3, activation = sigmoid)(b);
        let g = Dense(1)(Flatten()(d));
        Model(inputs = [x], outputs = [c, e, f, g]).compile(
            optimizer = SGD(0.0),
            loss = {
                c: sparse_categorical_crossentropy, e: CategoricalCrossentropy(from_logits = true, label_smoothing = 0.1),
                f: binary_crossentropy, g: mse,
            },
        )
    }
    axes_are_moved_and_repeated Axes; {
        let x = Input(shape = [2, 3, 4]);
        let a = Dense(3, activation = tanh)(x);
        let b = Permute([3, 1, 2])(a);
        let c = Permute([2, 3, 1])(b);
        let v = Dense(4, activation = relu)(Flatten()(b));
        let r = RepeatVector(3)(v);
        let s = concatenate([r, Reshape([3, 6])(c)]);
        let t = Concatenate(axis = 1)([s, Dense(10)(r)]);
        let y = Dense(2)(t);
        let z = RepeatVector(2)(v);
        Model(inputs = [x], outputs = [y, z]).compile(optimizer = SGD(0.0), loss = mse)
    }
    merges_repeat_axes Repeated; {
        let x = Input(shape = [3, 4]);
        let v = Input(shape = [4]);
        let a = Dense(4, activation = tanh)(x);
        let b = Dense(4)(v);
        let c = Dense(1)(x);
        let d = Reshape([1, 4])(Dense(4, activation = relu)(v));
        let y = add([a, b, c, d]);
        let z = multiply([a, b, c, d]);
        let w = average([b, c]);
        let m = maximum([a, c]);
        let n = minimum([d, c, b]);
        let s = subtract([b, a]);
        Model(inputs = [x, v], outputs = { y: y, z: z, w: w, m: m, n: n, s: s })
            .compile(optimizer = SGD(0.0), loss = mse)
    }
    dropout_and_noise_with_a_fixed_seed Noisy, training = true; {
        let x = Input(shape = [6]);
        let a = Dense(8, activation = relu)(Dropout(0.2)(x));
        let b = Dropout(0.4)(a);
        let c = GaussianNoise(0.3)(Dense(8, activation = tanh)(b));
        let d = Dropout(0.3, seed = 5)(a);
        let y = Dense(2)(c + d);
        let z = Dense(2)(Dropout(0.5)(b));
        Model(inputs = [x], outputs = [y, z]).compile(optimizer = SGD(0.0), loss = mse)
    }
    normalized_over_the_batch Normalized, training = true; {
        let x = Input(shape = [3, 4]);
        let first = BatchNormalization(axis = 1, center = false)(x);
        let a = Dense(5, activation = tanh)(first);
        let shared = BatchNormalization(gamma_regularizer = L2(0.1));
        let b = shared(a);
        let c = shared(Dense(5)(b));
        let d = BatchNormalization(trainable = false)(Dense(4)(c));
        let left = BatchNormalization()(Dense(4)(Flatten()(b)));
        let right = BatchNormalization(scale = false)(Dense(4, activation = relu)(Flatten()(d)));
        let y = BatchNormalization(center = false, scale = false)(left + right);
        let z = Dense(2)(concatenate([left, y]));
        Model(inputs = [x], outputs = [y, z, c])
            .compile(optimizer = SGD(0.0), loss = { y: mae, z: mse, c: mse }, loss_weights = { z: 0.5 })
    }
    normalized_by_averages Averages; {
        let x = Input(shape = [6]);
        let a = BatchNormalization(trainable = false)(Dense(5)(x));
        let b = BatchNormalization(axis = 1, trainable = false, scale = false)(Reshape([5, 1])(a));
        let y = Dense(2)(Flatten()(b) + a);
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    all_activations_as_siblings Zoo, values = 12; {
        let x = Input(shape = [4]);
        let h = Dense(5, activation = tanh)(x);
        let a0 = Dense(2, activation = relu)(h);
        let a1 = Dense(2, activation = relu6)(h);
        let a2 = Dense(2, activation = leaky_relu)(h);
        let a3 = Dense(2, activation = elu)(h);
        let a4 = Dense(2, activation = selu)(h);
        let a5 = Dense(2, activation = celu)(h);
        let a6 = Dense(2, activation = sigmoid)(h);
        let a7 = Dense(2, activation = log_sigmoid)(h);
        let a8 = Dense(2, activation = softplus)(h);
        let a9 = Dense(2, activation = softsign)(h);
        let a10 = Dense(2, activation = softmax)(h);
        let a11 = Dense(2, activation = log_softmax)(h);
        let a12 = Dense(2, activation = tanh)(h);
        let a13 = Dense(2, activation = tanh_shrink)(h);
        let a14 = Dense(2, activation = exponential)(h);
        let a15 = Dense(2, activation = hard_sigmoid)(h);
        let a16 = Dense(2, activation = hard_silu)(h);
        let a17 = Dense(2, activation = hard_tanh)(h);
        let a18 = Dense(2, activation = silu)(h);
        let a19 = Dense(2, activation = gelu)(h);
        let a20 = Dense(2, activation = mish)(h);
        let a21 = Dense(2, activation = hard_shrink)(h);
        let a22 = Dense(2, activation = soft_shrink)(h);
        let a23 = Dense(2, activation = squareplus)(h);
        let a24 = Dense(2, activation = sparse_plus)(h);
        let a25 = Dense(2, activation = sparse_sigmoid)(h);
        let all = concatenate([
            a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16,
            a17, a18, a19, a20, a21, a22, a23, a24, a25,
        ]);
        let y = Dense(2)(all);
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    several_chunks_of_a_batch Chunks, rows = 300, values = 5; {
        let x = Input(shape = [3, 7]);
        let v = Input(shape = [5]);
        let a = Dense(9, activation = relu)(x);
        let b = Dense(17, activation = relu)(Flatten()(a));
        let c = Dense(18, activation = gelu)(b);
        let d = Dense(9)(v);
        let s = Dense(4, activation = softmax)(a + d);
        let y = Dense(33, activation = sigmoid)(c);
        let z = Dense(1)(b);
        let h = Dense(2)(concatenate([c, v]));
        Model(inputs = [x, v], outputs = [s, y, z, h]).compile(
            optimizer = SGD(0.0),
            loss = {
                s: SparseCategoricalCrossentropy(ignore_class = 1), y: binary_crossentropy, z: mse, h: hinge,
            },
        )
    }
    wide_layers Wide, rows = 37, values = 5; {
        let x = Input(shape = [130]);
        let a = Dense(193, activation = relu)(x);
        let b = Dense(65, activation = relu)(a);
        let c = Dense(66, activation = silu)(a);
        let k = Dense(70, activation = softmax)(b);
        let y = Dense(3)(concatenate([b, c]));
        let z = Dense(48, activation = sigmoid)(c);
        Model(inputs = [x], outputs = [k, y, z]).compile(
            optimizer = SGD(0.0),
            loss = { k: categorical_crossentropy, y: mse, z: binary_crossentropy },
        )
    }
}

/// One loss on one head, together with another, so that losses do not depend on each other.
macro_rules! losses {
    ($($test:ident $model:ident, $units:tt, $activation:ident, $loss:ident $arguments:tt;)+) => {$(
        model! {
            $model {
                let x = Input(shape = [4]);
                let h = Dense(5, activation = tanh)(x);
                let beside = Dense(2)(h);
                let y = Dense($units, activation = $activation)(h);
                Model(inputs = [x], outputs = [beside, y]).compile(
                    optimizer = SGD(0.0), loss = [mse, $loss $arguments], loss_weights = [0.5, 1.5],
                )
            }
        }

        #[test]
        fn $test() {
            let mut model = $model::<f64>::build(1);
            check_gradients(&mut model, Check::default());
            // The same with weighted samples, one of them without weight.
            let mut data = Data::random::<$model<f64>>(6, 3);
            data.weights = vec![vec![], vec![0.5, 2.0, 0.0, 1.0, 0.25, 1.5]];
            check_gradients_on(&mut model, &data, Check::default());
        }
    )+};
}

losses! {
    mean_squared_error MseLoss, 3, linear, MeanSquaredError();
    mean_absolute_error MaeLoss, 3, linear, MeanAbsoluteError();
    mean_absolute_percentage_error MapeLoss, 3, linear, MeanAbsolutePercentageError();
    mean_squared_logarithmic_error MsleLoss, 3, exponential, MeanSquaredLogarithmicError();
    huber HuberLoss, 3, linear, Huber(delta = 0.7);
    log_cosh LogCoshLoss, 3, linear, LogCosh();
    binary_crossentropy_of_sigmoids BceLoss, 3, sigmoid, BinaryCrossentropy(label_smoothing = 0.1);
    binary_crossentropy_of_one_sigmoid BceOneLoss, 1, sigmoid, BinaryCrossentropy();
    binary_crossentropy_of_probabilities BceHardLoss, 3, hard_sigmoid, BinaryCrossentropy();
    binary_crossentropy_of_logits BceLogitsLoss, 3, linear, BinaryCrossentropy(from_logits = true);
    categorical_crossentropy_of_a_softmax CceLoss, 4, softmax, CategoricalCrossentropy(label_smoothing = 0.1);
    categorical_crossentropy_of_logits CceLogitsLoss, 4, linear, CategoricalCrossentropy(from_logits = true);
    categorical_crossentropy_of_log_softmax CceLogLoss, 4, log_softmax, CategoricalCrossentropy(from_logits = true);
    sparse_categorical_crossentropy_of_a_softmax ScceLoss, 4, softmax, SparseCategoricalCrossentropy();
    sparse_categorical_crossentropy_ignoring_a_class ScceIgnoreLoss, 4, softmax,
        SparseCategoricalCrossentropy(ignore_class = 0);
    sparse_categorical_crossentropy_of_logits ScceLogitsLoss, 4, linear,
        SparseCategoricalCrossentropy(from_logits = true);
    weighted_labels WeightedLoss, 3, sigmoid, BinaryCrossentropy(pos_weight = [3, 1, 0.5], label_weights = [1, 2, 0.5]);
    binary_focal_of_sigmoids BinaryFocalLoss, 3, sigmoid, BinaryFocalCrossentropy(apply_class_balancing = true);
    binary_focal_of_logits BinaryFocalLogitsLoss, 3, linear, BinaryFocalCrossentropy(gamma = 1.5, from_logits = true);
    categorical_focal_of_a_softmax CategoricalFocalLoss, 4, softmax, CategoricalFocalCrossentropy([0.1, 0.5, 1, 2]);
    categorical_focal_of_logits CategoricalFocalLogitsLoss, 4, linear,
        CategoricalFocalCrossentropy(gamma = 0.5, from_logits = true);
    generalized_cross_entropy GeneralizedLoss, 4, softmax, CategoricalGeneralizedCrossEntropy(q = 0.7);
    dice_of_a_batch DiceLoss, 3, sigmoid, Dice();
    dice_of_classes DiceClassLoss, 3, sigmoid, Dice(axis = 0);
    tversky_of_samples TverskyLoss, 3, softmax, Tversky(alpha = 0.3, beta = 0.9, axis = 1);
    quantile QuantileLoss, 3, linear, Quantile(q = 0.8);
    kl_divergence KldLoss, 4, softmax, KLDivergence();
    poisson PoissonLoss, 3, softplus, Poisson();
    cosine_similarity CosineLoss, 3, linear, CosineSimilarity();
    hinge HingeLoss, 3, tanh, Hinge();
    squared_hinge SquaredHingeLoss, 3, linear, SquaredHinge();
    categorical_hinge CategoricalHingeLoss, 3, linear, CategoricalHinge();
}

// A custom loss returns the gradients of the outputs themselves, which then have to pass activations that the model's
// own losses would have been fused with.
model! {
    Custom {
        let x = Input(shape = [4]);
        let h = Dense(5, activation = relu)(x);
        let kind = Dense(3, activation = softmax)(h);
        let flag = Dense(2, activation = sigmoid)(h);
        let gate = Dense(2, activation = gelu)(h);
        let value = Dense(2)(concatenate([h, kind]));
        Model(inputs = [x], outputs = [kind, flag, gate, value]).compile(
            optimizer = SGD(0.0),
            loss = { kind: categorical_crossentropy, flag: binary_crossentropy, gate: custom, value: none },
        )
    }
}

#[test]
fn a_custom_loss_goes_through_fused_heads_and_adds_to_their_own() {
    let mut model = Custom::<f64>::build(1);
    randomize(&mut model, 7);
    let data = Data::random::<Custom<f64>>(5, 8);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    trainer.set_loss(|outputs, targets| {
        let kind = (outputs.kind.square() * targets.kind.clone()).sum::<Rank0, _>();
        let both = (outputs.flag - targets.flag.clone()).square() * outputs.gate * outputs.value.sin();
        Ok(kind + both.sum::<Rank0, _>())
    });
    step(&mut trainer, &data).expect("a step");
    let weights = trainer.weights();
    let names: Vec<&str> = Custom::<f64>::SPEC.weights.iter().map(|weight| weight.name).collect();
    let gradients: Vec<_> = names.iter().map(|name| trainer.gradient(name).expect("a gradient")).collect();
    for (index, name) in names.iter().enumerate() {
        for place in 0..weights[index].len() {
            let mut loss = |by: f64| {
                let mut moved = weights.clone();
                moved[index][place] += by;
                trainer.set_weights(&moved).expect("weights");
                total(&mut trainer, &data)
            };
            let h = 1e-4;
            let slope = (8.0 * (loss(h) - loss(-h)) - (loss(2.0 * h) - loss(-2.0 * h))) / (12.0 * h);
            let what = format!("{name}[{place}]");
            assert_near(&what, gradients[index][place], slope, Tolerance { rel: 1e-6, abs: 1e-8 });
        }
    }
}
