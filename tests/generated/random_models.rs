//! Random models: `MIMO_UPDATE=1 cargo test --test random_graphs` writes them anew, by
//! `tests/support/random_models.rs`.

use mimo::dfdx::prelude::*;
use mimo::prelude::{Trainable, model, tensor};

use super::support::{Real, narrow};

/// A model whose inputs can be made from columns.
pub(super) trait RandomModel: Trainable<Float: Real> {
    fn build_random(seed: u64) -> Self;
    fn inputs(columns: &[Vec<f64>]) -> Self::Inputs;
}

model! {
    #[allow(mimo::normalization_of_one_value)]
    pub(super) Random00 {
        let x0 = Input(shape = [2]);
        let t1 = Dense(1, activation = sigmoid, use_bias = false)(x0);
        let t2 = LayerNormalization(axis = 1, epsilon = 0.1)(t1);
        let t3 = BatchNormalization(axis = 1, epsilon = 0.1)(t2);
        let t4 = Dense(6, activation = silu, bias_regularizer = L2(0.02), kernel_regularizer = L2(0.01))(t1);
        let l0 = Dense(2)(t4);
        let y0 = Activation(softplus)(l0);
        let y1 = Dense(4, activation = linear)(t1);
        let y2 = Dense(3, activation = softplus)(t3);
        Model(inputs = [x0], outputs = [t4, y0, y1, t2, t1, y2]).compile(
            optimizer = Adam(1e-2),
            loss = { t4: huber(delta = 0.8), y0: msle, y1: huber(delta = 0.8), t2: huber(delta = 0.8), t1: hinge, y2: poisson },
            loss_weights = { t4: 0.5, y1: 2.0, t2: 0.5, y2: 0.5 },
        )
    }
}

impl<E: Real> RandomModel for Random00<E, Cpu>
where
    Cpu: Device<E>,
{
    fn build_random(seed: u64) -> Self {
        Random00::build(seed)
    }

    fn inputs(columns: &[Vec<f64>]) -> Self::Inputs {
        Random00Inputs { x0: tensor(narrow::<E>(&columns[0])).expect("samples") }
    }
}

model! {
    #[allow(mimo::normalization_of_one_value)]
    pub(super) Random01 {
        let x0 = Input(shape = [2, 3, 4]);
        let x1 = Input(shape = [5]);
        let x2 = Input(shape = [1, 5]);
        let s0 = Dense(1, activation = linear);
        let t3 = s0(x2);
        let t4 = Dense(5, activation = relu, use_bias = false)(x1);
        let t5 = Dense(3, activation = elu)(x2);
        let t6 = Dense(2, activation = squareplus, use_bias = false, kernel_regularizer = L1(0.003))(x1);
        let t7 = s0(x2);
        let s1 = Dense(3, activation = elu);
        let t8 = s1(t7);
        let t9 = add([x2, x1, x1]);
        let t10 = LayerNormalization(epsilon = 0.1, center = false, gamma_regularizer = L2(0.02))(t7);
        let t11 = LayerNormalization(epsilon = 0.1, center = false, gamma_regularizer = L2(0.02))(t7);
        let t12 = Reshape([5, 1])(x2);
        let t13 = concatenate([t11, t9, t5]);
        let t14 = concatenate([Flatten()(x0), Flatten()(t3), t4, t6, Flatten()(t8), Flatten()(t10), Flatten()(t12), Flatten()(t13)]);
        let y0 = Dense(5, activation = softmax)(t14);
        Model(inputs = [x0, x1, x2], outputs = [y0]).compile(
            optimizer = SGD(0.05),
            loss = { y0: sparse_categorical_crossentropy },
            loss_weights = { y0: 0.25 },
        )
    }
}

impl<E: Real> RandomModel for Random01<E, Cpu>
where
    Cpu: Device<E>,
{
    fn build_random(seed: u64) -> Self {
        Random01::build(seed)
    }

    fn inputs(columns: &[Vec<f64>]) -> Self::Inputs {
        Random01Inputs {
            x0: tensor(narrow::<E>(&columns[0])).expect("samples"),
            x1: tensor(narrow::<E>(&columns[1])).expect("samples"),
            x2: tensor(narrow::<E>(&columns[2])).expect("samples"),
        }
    }
}

model! {
    #[allow(mimo::normalization_of_one_value)]
    pub(super) Random02 {
        let x0 = Input(shape = [5]);
        let x1 = Input(shape = [1, 4]);
        let x2 = Input(shape = [2, 1, 2]);
        let t3 = Dense(6, activation = relu, kernel_regularizer = L1(0.003))(x2);
        let t4 = Dense(4, activation = elu, use_bias = false)(t3);
        let s0 = Dense(5, activation = relu, use_bias = false);
        let t5 = s0(x2);
        let t6 = concatenate([x0, x0]);
        let t7 = concatenate([t5, t3]);
        let t8 = s0(x2);
        let s1 = Dense(3, activation = linear);
        let t9 = s1(t8);
        let t10 = Flatten()(x1);
        let t11 = BatchNormalization(epsilon = 0.1)(t7);
        let t12 = Dense(1, activation = linear, kernel_regularizer = L1L2(0.002, 0.01))(t11);
        let t13 = Dense(6, activation = tanh, kernel_regularizer = L1(0.003))(t10);
        let y0 = Dense(2, activation = linear)(t4);
        let t14 = concatenate([t6, Flatten()(t9), Flatten()(t12), t13]);
        let y1 = Dense(3, activation = linear)(t14);
        Model(inputs = [x0, x1, x2], outputs = [x2, y0, y1]).compile(
            optimizer = SGD(0.05, momentum = 0.9, nesterov = true),
            loss = { x2: none, y0: mse, y1: huber(delta = 0.8) },
        )
    }
}

impl<E: Real> RandomModel for Random02<E, Cpu>
where
    Cpu: Device<E>,
{
    fn build_random(seed: u64) -> Self {
        Random02::build(seed)
    }

    fn inputs(columns: &[Vec<f64>]) -> Self::Inputs {
        Random02Inputs {
            x0: tensor(narrow::<E>(&columns[0])).expect("samples"),
            x1: tensor(narrow::<E>(&columns[1])).expect("samples"),
            x2: tensor(narrow::<E>(&columns[2])).expect("samples"),
        }
    }
}

model! {
    #[allow(mimo::normalization_of_one_value)]
    pub(super) Random03 {
        let x0 = Input(shape = [4]);
        let x1 = Input(shape = [4, 3]);
        let x2 = Input(shape = [2]);
        let t3 = Dense(193, activation = relu)(x0);
        let t4 = Dense(161, activation = gelu)(t3);
        let t5 = concatenate([t4, t3, t4]);
        let t6 = Dense(96, activation = softplus, kernel_regularizer = L2(0.01))(t3);
        let t7 = Dense(2, activation = linear, bias_regularizer = L2(0.02))(t3);
        let s0 = Dense(8, activation = selu);
        let t8 = s0(t4);
        let t9 = Dense(5, activation = mish)(t6);
        let t10 = Dense(161, activation = linear)(t8);
        let t11 = Dense(161, activation = mish)(t10);
        let t12 = LayerNormalization(epsilon = 0.1)(t7);
        let t13 = add([t8, t8, t8]);
        let t14 = s0(t10);
        let t15 = Dense(161, activation = relu, kernel_regularizer = L1L2(0.002, 0.01))(t5);
        let y0 = Dense(3, activation = sigmoid)(t12);
        let t16 = concatenate([Flatten()(x1), x2, t9, t11, t13, t14, t15]);
        let l1 = Dense(2)(t16);
        let y1 = Activation(linear)(l1);
        Model(inputs = [x0, x1, x2], outputs = [y0, y1]).compile(
            optimizer = RMSprop(1e-2),
            loss = { y0: BinaryCrossentropy(label_smoothing = 0.2), y1: categorical_hinge },
            loss_weights = { y1: 0.5 },
        )
    }
}

impl<E: Real> RandomModel for Random03<E, Cpu>
where
    Cpu: Device<E>,
{
    fn build_random(seed: u64) -> Self {
        Random03::build(seed)
    }

    fn inputs(columns: &[Vec<f64>]) -> Self::Inputs {
        Random03Inputs {
            x0: tensor(narrow::<E>(&columns[0])).expect("samples"),
            x1: tensor(narrow::<E>(&columns[1])).expect("samples"),
            x2: tensor(narrow::<E>(&columns[2])).expect("samples"),
        }
    }
}

model! {
    #[allow(mimo::normalization_of_one_value)]
    pub(super) Random04 {
        let x0 = Input(shape = [1, 5]);
        let t1 = Dense(2, activation = soft_shrink)(x0);
        let s0 = Dense(6, activation = soft_shrink, use_bias = false);
        let t2 = s0(t1);
        let t3 = s0(t1);
        let t4 = add([t2, t2, t3]);
        let t5 = s0(t1);
        let t6 = Dense(5, activation = softplus)(t2);
        let t7 = concatenate([Flatten()(t4), Flatten()(t5), Flatten()(t6)]);
        let y0 = Dense(1, activation = linear)(t7);
        Model(inputs = [x0], outputs = [t1, y0]).compile(
            optimizer = AdamW(1e-2),
            loss = { t1: hinge, y0: mae },
            loss_weights = { t1: 0.25 },
        )
    }
}

impl<E: Real> RandomModel for Random04<E, Cpu>
where
    Cpu: Device<E>,
{
    fn build_random(seed: u64) -> Self {
        Random04::build(seed)
    }

    fn inputs(columns: &[Vec<f64>]) -> Self::Inputs {
        Random04Inputs { x0: tensor(narrow::<E>(&columns[0])).expect("samples") }
    }
}

model! {
    #[allow(mimo::normalization_of_one_value)]
    pub(super) Random05 {
        let x0 = Input(shape = [2, 2, 4]);
        let x1 = Input(shape = [2]);
        let x2 = Input(shape = [3]);
        let t3 = Dense(6, activation = soft_shrink, kernel_regularizer = L2(0.01))(x0);
        let t4 = Dense(2, activation = squareplus)(x2);
        let y0 = Dense(3, activation = softmax)(x2);
        let t5 = concatenate([x1, Flatten()(t3), t4]);
        let y1 = Dense(3, activation = softmax)(t5);
        Model(inputs = [x0, x1, x2], outputs = [y0, y1, t5]).compile(
            optimizer = Nadam(1e-2),
            loss = { y0: SparseCategoricalCrossentropy(ignore_class = 0), y1: SparseCategoricalCrossentropy(ignore_class = 0), t5: categorical_hinge },
            loss_weights = { y0: 0.5, t5: 0.5 },
        )
    }
}

impl<E: Real> RandomModel for Random05<E, Cpu>
where
    Cpu: Device<E>,
{
    fn build_random(seed: u64) -> Self {
        Random05::build(seed)
    }

    fn inputs(columns: &[Vec<f64>]) -> Self::Inputs {
        Random05Inputs {
            x0: tensor(narrow::<E>(&columns[0])).expect("samples"),
            x1: tensor(narrow::<E>(&columns[1])).expect("samples"),
            x2: tensor(narrow::<E>(&columns[2])).expect("samples"),
        }
    }
}

model! {
    #[allow(mimo::normalization_of_one_value)]
    pub(super) Random06 {
        let x0 = Input(shape = [7]);
        let x1 = Input(shape = [5]);
        let t2 = Dense(8, activation = elu, kernel_regularizer = L2(0.01))(x1);
        let t3 = Reshape([4, 2])(t2);
        let t4 = add([t3, t3]);
        let t5 = Concatenate(axis = 1)([t4, t4]);
        let t6 = concatenate([t4, t4, t3]);
        let t7 = Dense(3, activation = relu)(t5);
        let t8 = Dropout(0.2)(t7);
        let l0 = Dense(2)(t5);
        let y0 = Activation(linear)(l0);
        let l1 = Dense(2)(x1);
        let y1 = Activation(softplus)(l1);
        let l2 = Dense(2)(l1);
        let y2 = Activation(softmax)(l2);
        let t12 = concatenate([x0, Flatten()(t6), Flatten()(t8)]);
        let l3 = Dense(2)(t12);
        let y3 = Activation(sigmoid)(l3);
        Model(inputs = [x0, x1], outputs = [t12, y0, y1, l0, y2, y3]).compile(
            optimizer = Adagrad(0.05),
            loss = { t12: huber(delta = 0.8), y0: SparseCategoricalCrossentropy(from_logits = true), y1: none, l0: SparseCategoricalCrossentropy(from_logits = true), y2: none, y3: BinaryCrossentropy(label_smoothing = 0.2) },
        )
    }
}

impl<E: Real> RandomModel for Random06<E, Cpu>
where
    Cpu: Device<E>,
{
    fn build_random(seed: u64) -> Self {
        Random06::build(seed)
    }

    fn inputs(columns: &[Vec<f64>]) -> Self::Inputs {
        Random06Inputs {
            x0: tensor(narrow::<E>(&columns[0])).expect("samples"),
            x1: tensor(narrow::<E>(&columns[1])).expect("samples"),
        }
    }
}

model! {
    #[allow(mimo::normalization_of_one_value)]
    pub(super) Random07 {
        let x0 = Input(shape = [2, 3, 2]);
        let x1 = Input(shape = [7]);
        let x2 = Input(shape = [2]);
        let t3 = Flatten()(x0);
        let t4 = Dense(193, activation = relu)(t3);
        let t5 = Dense(161, activation = tanh)(t4);
        let t6 = Dense(2, activation = tanh, use_bias = false)(t5);
        let t7 = concatenate([t6, x2]);
        let t8 = Dense(161, activation = softmax, use_bias = false)(t6);
        let y0 = Dense(1, activation = softplus)(t4);
        let t9 = concatenate([x1, t7, t8]);
        let l1 = Dense(2)(t9);
        let y1 = Activation(linear)(l1);
        Model(inputs = [x0, x1, x2], outputs = [t7, y0, t6, t4, y1]).compile(
            optimizer = Lion(1e-3),
            loss = { t7: CategoricalCrossentropy(from_logits = true), y0: poisson, t6: squared_hinge, t4: mse, y1: huber(delta = 0.8) },
            loss_weights = { t7: 0.5, y0: 0.25, t4: 2.0, y1: 2.0 },
        )
    }
}

impl<E: Real> RandomModel for Random07<E, Cpu>
where
    Cpu: Device<E>,
{
    fn build_random(seed: u64) -> Self {
        Random07::build(seed)
    }

    fn inputs(columns: &[Vec<f64>]) -> Self::Inputs {
        Random07Inputs {
            x0: tensor(narrow::<E>(&columns[0])).expect("samples"),
            x1: tensor(narrow::<E>(&columns[1])).expect("samples"),
            x2: tensor(narrow::<E>(&columns[2])).expect("samples"),
        }
    }
}

model! {
    #[allow(mimo::normalization_of_one_value)]
    pub(super) Random08 {
        let x0 = Input(shape = [4]);
        let x1 = Input(shape = [2, 2, 2]);
        let x2 = Input(shape = [3]);
        let s0 = Dense(6, activation = sigmoid);
        let t3 = s0(x2);
        let t4 = s0(x2);
        let t5 = GaussianNoise(0.2)(t4);
        let t6 = concatenate([t3, t4, x2]);
        let t7 = Dense(6, activation = elu, use_bias = false, trainable = false)(x2);
        let t8 = Dense(3, activation = tanh)(x2);
        let t9 = Dense(8, activation = hard_silu)(t7);
        let t10 = s0(t8);
        let s1 = Dense(6, activation = linear);
        let t11 = s1(t9);
        let t12 = Dense(6, activation = celu, use_bias = false, kernel_regularizer = L1L2(0.002, 0.01))(t8);
        let t13 = Dense(1, activation = hard_silu, kernel_regularizer = L2(0.01))(t9);
        let y0 = Dense(4, activation = linear)(t5);
        let t14 = concatenate([x0, Flatten()(x1), t6, t10, t11, t12, t13]);
        let l1 = Dense(4)(t14);
        let y1 = Activation(tanh)(l1);
        Model(inputs = [x0, x1, x2], outputs = [t9, y0, y1, x1]).compile(
            optimizer = Adam(1e-2),
            loss = { t9: categorical_hinge, y0: huber(delta = 0.8), y1: log_cosh, x1: none },
            loss_weights = { y0: 0.5, y1: 2.0 },
        )
    }
}

impl<E: Real> RandomModel for Random08<E, Cpu>
where
    Cpu: Device<E>,
{
    fn build_random(seed: u64) -> Self {
        Random08::build(seed)
    }

    fn inputs(columns: &[Vec<f64>]) -> Self::Inputs {
        Random08Inputs {
            x0: tensor(narrow::<E>(&columns[0])).expect("samples"),
            x1: tensor(narrow::<E>(&columns[1])).expect("samples"),
            x2: tensor(narrow::<E>(&columns[2])).expect("samples"),
        }
    }
}

model! {
    #[allow(mimo::normalization_of_one_value)]
    pub(super) Random09 {
        let x0 = Input(shape = [6]);
        let x1 = Input(shape = [5]);
        let x2 = Input(shape = [4, 2]);
        let t3 = LayerNormalization(epsilon = 0.1, scale = false)(x0);
        let t4 = concatenate([x1, x1]);
        let s0 = Dense(3, activation = mish);
        let t5 = s0(x1);
        let t6 = BatchNormalization(epsilon = 0.1)(t5);
        let t7 = average([x1, x1, x1]);
        let s1 = Dense(2, activation = linear, bias_regularizer = L2(0.02));
        let t8 = s1(x2);
        let t9 = Dense(4, activation = celu, kernel_regularizer = L1L2(0.002, 0.01))(t7);
        let s2 = Dense(7, activation = relu);
        let t10 = s2(t7);
        let s3 = Dense(1, activation = leaky_relu);
        let t11 = s3(t7);
        let t12 = Activation(tanh)(t8);
        let t13 = concatenate([t3, t4, t6, t9, t10, t11, Flatten()(t12)]);
        let l0 = Dense(3)(t13);
        let y0 = Activation(softmax)(l0);
        Model(inputs = [x0, x1, x2], outputs = [t13, y0, t7]).compile(
            optimizer = SGD(0.05),
            loss = { t13: quantile(q = 0.3), y0: CategoricalCrossentropy(label_smoothing = 0.1), t7: BinaryCrossentropy(from_logits = true) },
            loss_weights = { t13: 2.0 },
        )
    }
}

impl<E: Real> RandomModel for Random09<E, Cpu>
where
    Cpu: Device<E>,
{
    fn build_random(seed: u64) -> Self {
        Random09::build(seed)
    }

    fn inputs(columns: &[Vec<f64>]) -> Self::Inputs {
        Random09Inputs {
            x0: tensor(narrow::<E>(&columns[0])).expect("samples"),
            x1: tensor(narrow::<E>(&columns[1])).expect("samples"),
            x2: tensor(narrow::<E>(&columns[2])).expect("samples"),
        }
    }
}

model! {
    #[allow(mimo::normalization_of_one_value)]
    pub(super) Random10 {
        let x0 = Input(shape = [2, 1, 3]);
        let x1 = Input(shape = [1, 3]);
        let t2 = Dense(1, activation = gelu, kernel_regularizer = L1L2(0.002, 0.01))(x1);
        let t3 = Dense(2, activation = sigmoid)(x1);
        let l0 = Dense(1)(t2);
        let y0 = Activation(tanh)(l0);
        let y1 = Dense(3, activation = linear)(t2);
        let y2 = Dense(4, activation = sigmoid)(l0);
        let t5 = concatenate([Flatten()(x0), Flatten()(t3)]);
        let l3 = Dense(4)(t5);
        let y3 = Activation(linear)(l3);
        Model(inputs = [x0, x1], outputs = [y0, x1, y1, t5, y2, y3]).compile(
            optimizer = SGD(0.05, momentum = 0.9, nesterov = true),
            loss = { y0: log_cosh, x1: none, y1: huber(delta = 0.8), t5: mae, y2: binary_crossentropy, y3: mae },
            loss_weights = { t5: 0.25 },
        )
    }
}

impl<E: Real> RandomModel for Random10<E, Cpu>
where
    Cpu: Device<E>,
{
    fn build_random(seed: u64) -> Self {
        Random10::build(seed)
    }

    fn inputs(columns: &[Vec<f64>]) -> Self::Inputs {
        Random10Inputs {
            x0: tensor(narrow::<E>(&columns[0])).expect("samples"),
            x1: tensor(narrow::<E>(&columns[1])).expect("samples"),
        }
    }
}

model! {
    #[allow(mimo::normalization_of_one_value)]
    pub(super) Random11 {
        let x0 = Input(shape = [1]);
        let x1 = Input(shape = [4]);
        let t2 = Dense(193, activation = relu)(x0);
        let t3 = Dense(161, activation = tanh)(t2);
        let t4 = concatenate([t2, t3]);
        let t5 = Dense(96, activation = softplus)(t4);
        let s0 = Dense(96, activation = gelu);
        let t6 = s0(t3);
        let t7 = Dense(7, activation = hard_silu)(t5);
        let y0 = Dense(3, activation = linear)(t2);
        let l1 = Dense(2)(t4);
        let y1 = Activation(linear)(l1);
        let y2 = Dense(3, activation = tanh)(t5);
        let t9 = concatenate([x1, t6, t7]);
        let l3 = Dense(2)(t9);
        let y3 = Activation(softmax)(l3);
        Model(inputs = [x0, x1], outputs = [y0, y1, x0, y2, y3]).compile(
            optimizer = RMSprop(1e-2),
            loss = { y0: none, y1: BinaryCrossentropy(from_logits = true), x0: none, y2: log_cosh, y3: sparse_categorical_crossentropy },
            loss_weights = { y1: 2.0, y2: 0.5, y3: 0.5 },
        )
    }
}

impl<E: Real> RandomModel for Random11<E, Cpu>
where
    Cpu: Device<E>,
{
    fn build_random(seed: u64) -> Self {
        Random11::build(seed)
    }

    fn inputs(columns: &[Vec<f64>]) -> Self::Inputs {
        Random11Inputs {
            x0: tensor(narrow::<E>(&columns[0])).expect("samples"),
            x1: tensor(narrow::<E>(&columns[1])).expect("samples"),
        }
    }
}

model! {
    #[allow(mimo::normalization_of_one_value)]
    pub(super) Random12 {
        let x0 = Input(shape = [5]);
        let x1 = Input(shape = [2]);
        let t2 = Dense(5, activation = mish, use_bias = false)(x1);
        let t3 = LayerNormalization(axis = 1, epsilon = 0.1)(x1);
        let t4 = Dense(5, activation = sigmoid)(t3);
        let t5 = Dense(1, activation = tanh)(t2);
        let t6 = concatenate([t2, x1]);
        let t7 = maximum([t5, t5, t5]);
        let t8 = Dense(6, activation = relu)(t3);
        let t9 = Dense(5, activation = soft_shrink)(t7);
        let t10 = concatenate([t4, t2]);
        let t11 = multiply([t4, x0, t4]);
        let t12 = Reshape([1, 1])(t5);
        let y0 = Dense(1, activation = linear)(t12);
        let y1 = Dense(3, activation = linear)(t12);
        let t13 = concatenate([t6, t8, t9, t10, t11]);
        let l2 = Dense(1)(t13);
        let y2 = Activation(sigmoid)(l2);
        Model(inputs = [x0, x1], outputs = [y0, y1, y2, t7]).compile(
            optimizer = AdamW(1e-2),
            loss = { y0: mae, y1: mse, y2: BinaryCrossentropy(label_smoothing = 0.2), t7: huber(delta = 0.8) },
            loss_weights = { t7: 2.0 },
        )
    }
}

impl<E: Real> RandomModel for Random12<E, Cpu>
where
    Cpu: Device<E>,
{
    fn build_random(seed: u64) -> Self {
        Random12::build(seed)
    }

    fn inputs(columns: &[Vec<f64>]) -> Self::Inputs {
        Random12Inputs {
            x0: tensor(narrow::<E>(&columns[0])).expect("samples"),
            x1: tensor(narrow::<E>(&columns[1])).expect("samples"),
        }
    }
}

model! {
    #[allow(mimo::normalization_of_one_value)]
    pub(super) Random13 {
        let x0 = Input(shape = [2, 2, 3]);
        let t1 = Dense(6, activation = selu, kernel_regularizer = L1L2(0.002, 0.01))(x0);
        let t2 = Dense(6, activation = softsign)(t1);
        let t3 = BatchNormalization(epsilon = 0.1)(t2);
        let t4 = Dense(5, activation = hard_silu)(t2);
        let s0 = Dense(4, activation = linear);
        let t5 = s0(t3);
        let t6 = Dense(4, activation = tanh)(t4);
        let y0 = Dense(2, activation = softmax)(t4);
        let y1 = Dense(4, activation = linear)(t5);
        let l2 = Dense(3)(t2);
        let y2 = Activation(softmax)(l2);
        let t8 = Flatten()(t6);
        let l3 = Dense(2)(t8);
        let y3 = Activation(softmax)(l3);
        Model(inputs = [x0], outputs = [y0, y1, y2, y3]).compile(
            optimizer = Nadam(1e-2),
            loss = { y0: sparse_categorical_crossentropy, y1: BinaryCrossentropy(from_logits = true), y2: CategoricalCrossentropy(label_smoothing = 0.1), y3: categorical_crossentropy },
            loss_weights = { y0: 0.5, y3: 0.5 },
        )
    }
}

impl<E: Real> RandomModel for Random13<E, Cpu>
where
    Cpu: Device<E>,
{
    fn build_random(seed: u64) -> Self {
        Random13::build(seed)
    }

    fn inputs(columns: &[Vec<f64>]) -> Self::Inputs {
        Random13Inputs { x0: tensor(narrow::<E>(&columns[0])).expect("samples") }
    }
}

model! {
    #[allow(mimo::normalization_of_one_value)]
    pub(super) Random14 {
        let x0 = Input(shape = [6]);
        let x1 = Input(shape = [2, 5]);
        let x2 = Input(shape = [2, 3, 3]);
        let s0 = Dense(3, activation = relu, bias_regularizer = L2(0.02), trainable = false);
        let t3 = s0(x2);
        let t4 = Dense(2, activation = selu)(x2);
        let s1 = Dense(2, activation = sigmoid);
        let t5 = s1(x1);
        let t6 = s0(t3);
        let l0 = Dense(2)(t4);
        let y0 = Activation(linear)(l0);
        let l1 = Dense(1)(t5);
        let y1 = Activation(softplus)(l1);
        let l2 = Dense(5)(t5);
        let y2 = Activation(linear)(l2);
        let t10 = concatenate([x0, Flatten()(t6)]);
        let y3 = Dense(3, activation = sigmoid)(t10);
        Model(inputs = [x0, x1, x2], outputs = [t5, y0, y1, y2, l2, y3, t3]).compile(
            optimizer = Adagrad(0.05),
            loss = { t5: mse, y0: mae, y1: poisson, y2: SparseCategoricalCrossentropy(from_logits = true), l2: hinge, y3: binary_crossentropy, t3: quantile(q = 0.3) },
            loss_weights = { t5: 0.5, y1: 0.25, l2: 2.0 },
        )
    }
}

impl<E: Real> RandomModel for Random14<E, Cpu>
where
    Cpu: Device<E>,
{
    fn build_random(seed: u64) -> Self {
        Random14::build(seed)
    }

    fn inputs(columns: &[Vec<f64>]) -> Self::Inputs {
        Random14Inputs {
            x0: tensor(narrow::<E>(&columns[0])).expect("samples"),
            x1: tensor(narrow::<E>(&columns[1])).expect("samples"),
            x2: tensor(narrow::<E>(&columns[2])).expect("samples"),
        }
    }
}

model! {
    #[allow(mimo::normalization_of_one_value)]
    pub(super) Random15 {
        let x0 = Input(shape = [4]);
        let t1 = Dense(193, activation = relu)(x0);
        let t2 = Dense(161, activation = relu)(t1);
        let t3 = Dense(130, activation = softplus, use_bias = false)(t2);
        let t4 = RepeatVector(2)(x0);
        let t5 = Activation(gelu)(t4);
        let t6 = concatenate([t3, t2]);
        let s0 = Dense(2, activation = relu, use_bias = false);
        let t7 = s0(t4);
        let t8 = Activation(relu)(t4);
        let t9 = Dense(5, activation = log_softmax)(t8);
        let t10 = multiply([t2, t2, t2]);
        let t11 = s0(t4);
        let s1 = Dense(96, activation = relu, kernel_regularizer = L2(0.01));
        let t12 = s1(t10);
        let s2 = Dense(5, activation = relu, kernel_regularizer = L2(0.01));
        let t13 = s2(t10);
        let l0 = Dense(3)(t11);
        let y0 = Activation(softmax)(l0);
        let l1 = Dense(5)(t2);
        let y1 = Activation(softmax)(l1);
        let t16 = concatenate([Flatten()(t5), t6, Flatten()(t7), Flatten()(t9), t12, t13]);
        let l2 = Dense(5)(t16);
        let y2 = Activation(linear)(l2);
        Model(inputs = [x0], outputs = [y0, y1, y2]).compile(
            optimizer = Lion(1e-3),
            loss = { y0: kl_divergence, y1: SparseCategoricalCrossentropy(ignore_class = 0), y2: SparseCategoricalCrossentropy(from_logits = true) },
            loss_weights = { y0: 0.25, y2: 0.5 },
        )
    }
}

impl<E: Real> RandomModel for Random15<E, Cpu>
where
    Cpu: Device<E>,
{
    fn build_random(seed: u64) -> Self {
        Random15::build(seed)
    }

    fn inputs(columns: &[Vec<f64>]) -> Self::Inputs {
        Random15Inputs { x0: tensor(narrow::<E>(&columns[0])).expect("samples") }
    }
}

model! {
    #[allow(mimo::normalization_of_one_value)]
    pub(super) Random16 {
        let x0 = Input(shape = [3]);
        let t1 = Dense(6, activation = leaky_relu)(x0);
        let t2 = Reshape([1, 6])(t1);
        let t3 = Permute([1, 2])(t2);
        let t4 = Permute([1, 2])(t2);
        let t5 = Dense(6, activation = linear, kernel_regularizer = L1L2(0.002, 0.01))(t3);
        let t6 = Dense(4, activation = log_softmax, use_bias = false)(t3);
        let t7 = Dense(4, activation = squareplus, trainable = false)(t3);
        let t8 = Concatenate(axis = 1)([t4, t5, t3]);
        let t9 = Activation(linear)(t5);
        let y0 = Dense(1, activation = linear)(t9);
        let t10 = concatenate([Flatten()(t6), Flatten()(t7), Flatten()(t8)]);
        let y1 = Dense(2, activation = linear)(t10);
        Model(inputs = [x0], outputs = [t4, y0, y1, t2]).compile(
            optimizer = Adam(1e-2),
            loss = { t4: SparseCategoricalCrossentropy(from_logits = true), y0: huber(delta = 0.8), y1: SparseCategoricalCrossentropy(from_logits = true), t2: hinge },
            loss_weights = { t2: 0.5 },
        )
    }
}

impl<E: Real> RandomModel for Random16<E, Cpu>
where
    Cpu: Device<E>,
{
    fn build_random(seed: u64) -> Self {
        Random16::build(seed)
    }

    fn inputs(columns: &[Vec<f64>]) -> Self::Inputs {
        Random16Inputs { x0: tensor(narrow::<E>(&columns[0])).expect("samples") }
    }
}

model! {
    #[allow(mimo::normalization_of_one_value)]
    pub(super) Random17 {
        let x0 = Input(shape = [6]);
        let x1 = Input(shape = [3, 2]);
        let x2 = Input(shape = [2, 3, 3]);
        let t3 = x2 - x2;
        let t4 = Dense(5, activation = mish, kernel_regularizer = L1L2(0.002, 0.01))(x1);
        let t5 = Concatenate(axis = 1)([t4, t4, t4]);
        let t6 = Dense(4, activation = hard_silu)(t4);
        let s0 = Dense(1, activation = celu);
        let t7 = s0(t4);
        let l0 = Dense(2)(t5);
        let y0 = Activation(linear)(l0);
        let t9 = concatenate([x0, Flatten()(t3), Flatten()(t6), Flatten()(t7)]);
        let l1 = Dense(2)(t9);
        let y1 = Activation(sigmoid)(l1);
        Model(inputs = [x0, x1, x2], outputs = [y0, y1]).compile(
            optimizer = SGD(0.05),
            loss = { y0: huber(delta = 0.8), y1: BinaryCrossentropy(label_smoothing = 0.2) },
        )
    }
}

impl<E: Real> RandomModel for Random17<E, Cpu>
where
    Cpu: Device<E>,
{
    fn build_random(seed: u64) -> Self {
        Random17::build(seed)
    }

    fn inputs(columns: &[Vec<f64>]) -> Self::Inputs {
        Random17Inputs {
            x0: tensor(narrow::<E>(&columns[0])).expect("samples"),
            x1: tensor(narrow::<E>(&columns[1])).expect("samples"),
            x2: tensor(narrow::<E>(&columns[2])).expect("samples"),
        }
    }
}

model! {
    #[allow(mimo::normalization_of_one_value)]
    pub(super) Random18 {
        let x0 = Input(shape = [2, 1, 4]);
        let t1 = Reshape([8, 1])(x0);
        let t2 = Dense(1, activation = linear)(t1);
        let t3 = Dense(2, activation = gelu)(t1);
        let t4 = add([t2, t1, t2]);
        let t5 = Dense(2, activation = softsign)(t3);
        let t6 = Dense(1, activation = linear, kernel_regularizer = L2(0.01))(t3);
        let t7 = maximum([t6, t4]);
        let t8 = Reshape([2, 4])(t2);
        let t9 = Activation(sigmoid)(t4);
        let t10 = concatenate([t8, t8]);
        let s0 = Dense(1, activation = tanh);
        let t11 = s0(t9);
        let t12 = Dense(2, activation = tanh, kernel_regularizer = L1(0.003))(t11);
        let l0 = Dense(3)(t12);
        let y0 = Activation(sigmoid)(l0);
        let t14 = concatenate([Flatten()(t5), Flatten()(t7), Flatten()(t10)]);
        let l1 = Dense(1)(t14);
        let y1 = Activation(sigmoid)(l1);
        Model(inputs = [x0], outputs = [t4, y0, t11, y1]).compile(
            optimizer = SGD(0.05, momentum = 0.9, nesterov = true),
            loss = { t4: quantile(q = 0.3), y0: binary_crossentropy, t11: hinge, y1: binary_crossentropy },
            loss_weights = { y0: 2.0, t11: 0.25 },
        )
    }
}

impl<E: Real> RandomModel for Random18<E, Cpu>
where
    Cpu: Device<E>,
{
    fn build_random(seed: u64) -> Self {
        Random18::build(seed)
    }

    fn inputs(columns: &[Vec<f64>]) -> Self::Inputs {
        Random18Inputs { x0: tensor(narrow::<E>(&columns[0])).expect("samples") }
    }
}

model! {
    #[allow(mimo::normalization_of_one_value)]
    pub(super) Random19 {
        let x0 = Input(shape = [2, 2, 2]);
        let t1 = Flatten()(x0);
        let t2 = Dense(193, activation = relu)(t1);
        let t3 = Dense(161, activation = relu)(t2);
        let t4 = Dense(161, activation = celu)(t1);
        let t5 = Dense(161, activation = silu)(t2);
        let t6 = Dense(1, activation = mish)(t5);
        let t7 = Dense(130, activation = tanh, use_bias = false)(t5);
        let t8 = Dense(130, activation = soft_shrink)(t7);
        let t9 = concatenate([t5, t3, t3]);
        let t10 = Dense(130, activation = relu)(t9);
        let t11 = Activation(soft_shrink)(t7);
        let t12 = concatenate([t11, t6]);
        let t13 = concatenate([t3, t8, t1]);
        let t14 = concatenate([t4, t10, t12, t13]);
        let l0 = Dense(4)(t14);
        let y0 = Activation(linear)(l0);
        Model(inputs = [x0], outputs = [t11, t1, y0, l0]).compile(
            optimizer = RMSprop(1e-2),
            loss = { t11: quantile(q = 0.3), t1: CategoricalCrossentropy(from_logits = true), y0: mse, l0: mse },
        )
    }
}

impl<E: Real> RandomModel for Random19<E, Cpu>
where
    Cpu: Device<E>,
{
    fn build_random(seed: u64) -> Self {
        Random19::build(seed)
    }

    fn inputs(columns: &[Vec<f64>]) -> Self::Inputs {
        Random19Inputs { x0: tensor(narrow::<E>(&columns[0])).expect("samples") }
    }
}

model! {
    #[allow(mimo::normalization_of_one_value)]
    pub(super) Random20 {
        let x0 = Input(shape = [2, 4]);
        let x1 = Input(shape = [1, 5]);
        let t2 = Dense(6, activation = celu)(x1);
        let t3 = Concatenate(axis = 1)([x1, x1]);
        let s0 = Dense(4, activation = mish);
        let t4 = s0(t3);
        let t5 = Dense(6, activation = log_softmax)(t4);
        let t6 = Dense(6, activation = gelu, kernel_regularizer = L1(0.003))(t3);
        let t7 = Dense(6, activation = tanh_shrink, bias_regularizer = L2(0.02))(t2);
        let s1 = Dense(5, activation = relu, use_bias = false);
        let t8 = s1(t2);
        let t9 = Dense(4, activation = hard_silu)(t2);
        let t10 = Dense(1, activation = elu)(t7);
        let t11 = Dense(3, activation = hard_silu, bias_regularizer = L2(0.02))(t10);
        let t12 = concatenate([t11, t9, t7]);
        let t13 = Reshape([1, 1])(t10);
        let t14 = Dense(1, activation = silu, use_bias = false)(t8);
        let l0 = Dense(5)(t5);
        let y0 = Activation(softmax)(l0);
        let t16 = concatenate([Flatten()(x0), Flatten()(t6), Flatten()(t12), Flatten()(t13), Flatten()(t14)]);
        let y1 = Dense(1, activation = tanh)(t16);
        Model(inputs = [x0, x1], outputs = [y0, y1, t7]).compile(
            optimizer = AdamW(1e-2),
            loss = { y0: kl_divergence, y1: log_cosh, t7: mse },
            loss_weights = { y0: 2.0, t7: 2.0 },
        )
    }
}

impl<E: Real> RandomModel for Random20<E, Cpu>
where
    Cpu: Device<E>,
{
    fn build_random(seed: u64) -> Self {
        Random20::build(seed)
    }

    fn inputs(columns: &[Vec<f64>]) -> Self::Inputs {
        Random20Inputs {
            x0: tensor(narrow::<E>(&columns[0])).expect("samples"),
            x1: tensor(narrow::<E>(&columns[1])).expect("samples"),
        }
    }
}

model! {
    #[allow(mimo::normalization_of_one_value)]
    pub(super) Random21 {
        let x0 = Input(shape = [3, 3]);
        let x1 = Input(shape = [5]);
        let t2 = Flatten()(x0);
        let t3 = Dense(5, activation = softmax)(x0);
        let t4 = concatenate([x0, x0, t3]);
        let t5 = add([t3, t3, t3]);
        let t6 = Dense(1, activation = linear)(t5);
        let t7 = Dense(2, activation = soft_shrink, bias_regularizer = L2(0.02))(t5);
        let t8 = Dense(2, activation = silu)(t5);
        let s0 = Dense(1, activation = silu);
        let t9 = s0(t3);
        let t10 = Dense(4, activation = elu, use_bias = false)(t3);
        let y0 = Dense(2, activation = softplus)(t8);
        let y1 = Dense(2, activation = softmax)(t3);
        let y2 = Dense(2, activation = softmax)(t10);
        let t11 = concatenate([x1, t2, Flatten()(t4), Flatten()(t6), Flatten()(t7), Flatten()(t9)]);
        let y3 = Dense(3, activation = linear)(t11);
        Model(inputs = [x0, x1], outputs = [y0, y1, y2, t4, y3]).compile(
            optimizer = Nadam(1e-2),
            loss = { y0: none, y1: none, y2: none, t4: mae, y3: hinge },
            loss_weights = { y3: 0.25 },
        )
    }
}

impl<E: Real> RandomModel for Random21<E, Cpu>
where
    Cpu: Device<E>,
{
    fn build_random(seed: u64) -> Self {
        Random21::build(seed)
    }

    fn inputs(columns: &[Vec<f64>]) -> Self::Inputs {
        Random21Inputs {
            x0: tensor(narrow::<E>(&columns[0])).expect("samples"),
            x1: tensor(narrow::<E>(&columns[1])).expect("samples"),
        }
    }
}

model! {
    #[allow(mimo::normalization_of_one_value)]
    pub(super) Random22 {
        let x0 = Input(shape = [2, 2, 3]);
        let x1 = Input(shape = [7]);
        let s0 = Dense(1, activation = tanh);
        let t2 = s0(x1);
        let t3 = concatenate([t2, x1, x1]);
        let s1 = Dense(7, activation = log_softmax);
        let t4 = s1(t3);
        let t5 = s1(t3);
        let t6 = Dense(2, activation = linear, bias_regularizer = L2(0.02))(t3);
        let t7 = Dense(7, activation = squareplus)(t4);
        let t8 = LayerNormalization(epsilon = 0.1, center = false, gamma_regularizer = L2(0.02))(x1);
        let t9 = Dense(3, activation = squareplus, bias_regularizer = L2(0.02))(t8);
        let t10 = Dense(8, activation = celu)(t8);
        let s2 = Dense(1, activation = relu);
        let t11 = s2(t3);
        let t12 = concatenate([Flatten()(x0), t5, t6, t7, t9, t10, t11]);
        let l0 = Dense(2)(t12);
        let y0 = Activation(softmax)(l0);
        Model(inputs = [x0, x1], outputs = [y0]).compile(
            optimizer = Adagrad(0.05),
            loss = { y0: categorical_crossentropy },
            loss_weights = { y0: 0.5 },
        )
    }
}

impl<E: Real> RandomModel for Random22<E, Cpu>
where
    Cpu: Device<E>,
{
    fn build_random(seed: u64) -> Self {
        Random22::build(seed)
    }

    fn inputs(columns: &[Vec<f64>]) -> Self::Inputs {
        Random22Inputs {
            x0: tensor(narrow::<E>(&columns[0])).expect("samples"),
            x1: tensor(narrow::<E>(&columns[1])).expect("samples"),
        }
    }
}

model! {
    #[allow(mimo::normalization_of_one_value)]
    pub(super) Random23 {
        let x0 = Input(shape = [2, 5]);
        let x1 = Input(shape = [1]);
        let t2 = Flatten()(x0);
        let t3 = Dense(193, activation = relu)(t2);
        let t4 = Dense(161, activation = tanh)(t3);
        let t5 = concatenate([t3, t4, t2]);
        let t6 = BatchNormalization(axis = 1, epsilon = 0.1)(t4);
        let t7 = Dense(130, activation = relu)(t6);
        let t8 = concatenate([t6, t4]);
        let t9 = average([t8, x1]);
        let t10 = Reshape([23, 7])(t6);
        let t11 = Activation(tanh_shrink)(t4);
        let t12 = concatenate([x1, t2, t3]);
        let s0 = Dense(161, activation = relu);
        let t13 = s0(t11);
        let t14 = s0(t4);
        let t15 = concatenate([t5, t7, t9, Flatten()(t10), t12, t13, t14]);
        let y0 = Dense(2, activation = linear)(t15);
        Model(inputs = [x0, x1], outputs = [t3, y0]).compile(
            optimizer = Lion(1e-3),
            loss = { t3: categorical_hinge, y0: SparseCategoricalCrossentropy(from_logits = true) },
            loss_weights = { y0: 2.0 },
        )
    }
}

impl<E: Real> RandomModel for Random23<E, Cpu>
where
    Cpu: Device<E>,
{
    fn build_random(seed: u64) -> Self {
        Random23::build(seed)
    }

    fn inputs(columns: &[Vec<f64>]) -> Self::Inputs {
        Random23Inputs {
            x0: tensor(narrow::<E>(&columns[0])).expect("samples"),
            x1: tensor(narrow::<E>(&columns[1])).expect("samples"),
        }
    }
}

model! {
    #[allow(mimo::normalization_of_one_value)]
    pub(super) Random24 {
        let x0 = Input(shape = [2, 1, 2]);
        let x1 = Input(shape = [2, 4]);
        let t2 = BatchNormalization(epsilon = 0.1)(Conv1DTranspose(2, 3, padding = same)(x1));
        let t3 = Activation(mish)(t2);
        let t4 = LayerNormalization(epsilon = 0.1, scale = false)(x1);
        let t5 = BatchNormalization(epsilon = 0.1, scale = false)(Conv1D(3, 2, padding = same, use_bias = false)(x1));
        let t6 = Activation(elu)(t5);
        let t7 = Dense(6, activation = squareplus, use_bias = false)(t5);
        let t8 = Permute([1, 2])(t7);
        let t9 = Dense(3, activation = softsign)(t6);
        let l0 = Dense(2)(t2);
        let y0 = Activation(linear)(l0);
        let l1 = Dense(4)(l0);
        let y1 = Activation(linear)(l1);
        let y2 = Dense(2, activation = linear)(t6);
        let t12 = concatenate([Flatten()(x0), Flatten()(t3), Flatten()(t4), Flatten()(t8), Flatten()(t9)]);
        let y3 = Dense(3, activation = softmax)(t12);
        Model(inputs = [x0, x1], outputs = [y0, y1, y2, y3, x0]).compile(
            optimizer = Adam(1e-2),
            loss = { y0: huber(delta = 0.8), y1: cosine_similarity, y2: categorical_hinge, y3: kl_divergence, x0: none },
            loss_weights = { y1: 2.0 },
        )
    }
}

impl<E: Real> RandomModel for Random24<E, Cpu>
where
    Cpu: Device<E>,
{
    fn build_random(seed: u64) -> Self {
        Random24::build(seed)
    }

    fn inputs(columns: &[Vec<f64>]) -> Self::Inputs {
        Random24Inputs {
            x0: tensor(narrow::<E>(&columns[0])).expect("samples"),
            x1: tensor(narrow::<E>(&columns[1])).expect("samples"),
        }
    }
}

model! {
    #[allow(mimo::normalization_of_one_value)]
    pub(super) Random25 {
        let x0 = Input(shape = [2, 1, 2]);
        let t1 = Flatten()(x0);
        let t2 = BatchNormalization(trainable = false)(Dense(2, use_bias = false)(t1));
        let t3 = Activation(celu)(BatchNormalization(epsilon = 0.1, scale = false)(Dense(4)(t1)));
        let t4 = Dense(2)(t3);
        let t5 = BatchNormalization(epsilon = 0.1, scale = false)(t4);
        let t6 = Activation(mish)(BatchNormalization(axis = 1, epsilon = 0.1)(Dense(1)(t4)));
        let t7 = Dense(4, use_bias = false)(t6);
        let t8 = BatchNormalization(trainable = false)(t7);
        let t9 = Activation(celu)(t8);
        let y0 = Dense(4, activation = softplus)(t5);
        let y1 = Dense(2, activation = softmax)(t9);
        let l2 = Dense(4)(t1);
        let y2 = Activation(linear)(l2);
        let y3 = Dense(2, activation = softmax)(t2);
        Model(inputs = [x0], outputs = [y0, t4, y1, y2, y3]).compile(
            optimizer = SGD(0.05),
            loss = { y0: msle, t4: hinge, y1: SparseCategoricalCrossentropy(ignore_class = 0), y2: mae, y3: kl_divergence },
            loss_weights = { t4: 2.0 },
        )
    }
}

impl<E: Real> RandomModel for Random25<E, Cpu>
where
    Cpu: Device<E>,
{
    fn build_random(seed: u64) -> Self {
        Random25::build(seed)
    }

    fn inputs(columns: &[Vec<f64>]) -> Self::Inputs {
        Random25Inputs { x0: tensor(narrow::<E>(&columns[0])).expect("samples") }
    }
}

model! {
    #[allow(mimo::normalization_of_one_value)]
    pub(super) Random26 {
        let x0 = Input(shape = [5]);
        let t1 = x0 - x0 + x0;
        let l2 = Dense(2, use_bias = false);
        let n2 = BatchNormalization(epsilon = 0.1, momentum = 0.5, center = false);
        let t2 = l2(t1);
        let t3 = n2(t2);
        let t4 = l2(t1);
        let t5 = n2(t4);
        let t6 = BatchNormalization(trainable = false)(Dense(2)(t5));
        let t7 = RepeatVector(2)(t4);
        let t8 = BatchNormalization(epsilon = 0.1, scale = false)(Dense(2)(t5));
        let t9 = concatenate([t5, t6]);
        let t10 = Dense(5, use_bias = false)(t1);
        let t11 = Activation(soft_shrink)(BatchNormalization(epsilon = 0.1)(t10));
        let t12 = BatchNormalization(axis = 1, epsilon = 0.1)(Dense(3, use_bias = false)(t9));
        let t13 = Activation(log_softmax)(t12);
        let l16 = Dense(4, activation = relu);
        let n16 = BatchNormalization(epsilon = 0.1);
        let t14 = Activation(relu)(n16(l16(t13)));
        let t15 = n16(l16(t13));
        let y0 = Dense(5, activation = linear)(t11);
        let y1 = Dense(4, activation = softmax)(t15);
        let l2 = Dense(2)(t12);
        let y2 = Activation(softmax)(l2);
        let t17 = concatenate([t3, Flatten()(t7), t8, t14]);
        let y3 = Dense(5, activation = softmax)(t17);
        Model(inputs = [x0], outputs = [y0, y1, y2, y3]).compile(
            optimizer = SGD(0.05, momentum = 0.9, nesterov = true),
            loss = { y0: cosine_similarity, y1: none, y2: categorical_crossentropy, y3: CategoricalCrossentropy(label_smoothing = 0.1) },
            loss_weights = { y0: 0.5, y2: 0.25, y3: 2.0 },
        )
    }
}

impl<E: Real> RandomModel for Random26<E, Cpu>
where
    Cpu: Device<E>,
{
    fn build_random(seed: u64) -> Self {
        Random26::build(seed)
    }

    fn inputs(columns: &[Vec<f64>]) -> Self::Inputs {
        Random26Inputs { x0: tensor(narrow::<E>(&columns[0])).expect("samples") }
    }
}

model! {
    #[allow(mimo::normalization_of_one_value)]
    pub(super) Random27 {
        let x0 = Input(shape = [1]);
        let x1 = Input(shape = [6]);
        let x2 = Input(shape = [6]);
        let t3 = Dense(193, activation = relu)(x0);
        let t4 = Dense(161, activation = relu)(t3);
        let l5 = Dense(1, activation = relu);
        let n5 = BatchNormalization(axis = 1, epsilon = 0.1);
        let t5 = n5(l5(x1));
        let t6 = n5(l5(x1));
        let l9 = Dense(5);
        let n9 = BatchNormalization(axis = 1, epsilon = 0.1);
        let t7 = Activation(relu)(n9(l9(t5)));
        let t8 = n9(l9(t5));
        let t9 = Activation(relu)(t8);
        let t10 = Activation(softplus)(BatchNormalization(epsilon = 0.1)(Dense(3, use_bias = false)(t6)));
        let t11 = Activation(linear)(BatchNormalization(trainable = false)(Dense(5)(t3)));
        let t12 = Dense(1, use_bias = false)(t9);
        let t13 = BatchNormalization(epsilon = 0.1, momentum = 0.5, center = false)(t12);
        let t14 = Activation(soft_shrink)(t13);
        let t15 = BatchNormalization(trainable = false)(Dense(3, use_bias = false)(x2));
        let t16 = Activation(celu)(t15);
        let t17 = Dense(2, use_bias = false)(t13);
        let t18 = BatchNormalization(trainable = false)(t17);
        let t19 = BatchNormalization(epsilon = 0.1)(Dense(4, activation = relu)(t18));
        let t20 = BatchNormalization(epsilon = 0.1, momentum = 0.5, center = false)(Dense(1)(t8));
        let t21 = Activation(silu)(t20);
        let t22 = Dense(5)(t21);
        let t23 = Activation(gelu)(BatchNormalization(epsilon = 0.1, momentum = 0.5, center = false)(t22));
        let t24 = BatchNormalization(trainable = false)(Dense(1, use_bias = false)(t20));
        let y0 = Dense(4, activation = softmax)(t14);
        let l1 = Dense(2)(t21);
        let y1 = Activation(sigmoid)(l1);
        let t26 = concatenate([t4, t7, t10, t11, t16, t19, t23, t24]);
        let y2 = Dense(4, activation = softmax)(t26);
        Model(inputs = [x0, x1, x2], outputs = [y0, y1, y2]).compile(
            optimizer = RMSprop(1e-2),
            loss = { y0: sparse_categorical_crossentropy, y1: BinaryCrossentropy(label_smoothing = 0.2), y2: categorical_crossentropy },
            loss_weights = { y0: 0.25, y1: 2.0 },
        )
    }
}

impl<E: Real> RandomModel for Random27<E, Cpu>
where
    Cpu: Device<E>,
{
    fn build_random(seed: u64) -> Self {
        Random27::build(seed)
    }

    fn inputs(columns: &[Vec<f64>]) -> Self::Inputs {
        Random27Inputs {
            x0: tensor(narrow::<E>(&columns[0])).expect("samples"),
            x1: tensor(narrow::<E>(&columns[1])).expect("samples"),
            x2: tensor(narrow::<E>(&columns[2])).expect("samples"),
        }
    }
}

model! {
    #[allow(mimo::normalization_of_one_value)]
    pub(super) Random28 {
        let x0 = Input(shape = [2, 2, 2]);
        let x1 = Input(shape = [2, 1, 2]);
        let t2 = concatenate([x1, x1]);
        let l3 = Dense(2, use_bias = false);
        let n3 = BatchNormalization(trainable = false);
        let t3 = n3(l3(x0));
        let t4 = Activation(elu)(n3(l3(x0)));
        let t5 = BatchNormalization(axis = 1, epsilon = 0.1)(SeparableConv2D(2, [1, 2], padding = same, use_bias = false)(t4));
        let t6 = SeparableConv2D(2, [1, 2], padding = same, use_bias = false)(t4);
        let t7 = Activation(softplus)(BatchNormalization(epsilon = 0.1, momentum = 0.5, center = false)(t6));
        let t8 = BatchNormalization(trainable = false)(Dense(3)(t4));
        let l11 = DepthwiseConv2D(2, padding = same);
        let n11 = BatchNormalization(epsilon = 0.1);
        let t9 = n11(l11(t8));
        let t10 = l11(t8);
        let t11 = n11(t10);
        let t12 = Activation(gelu)(t11);
        let t13 = Dense(5, activation = selu, bias_regularizer = L2(0.02), trainable = false)(t11);
        let l18 = Dense(1);
        let n18 = BatchNormalization(epsilon = 0.1, momentum = 0.5, center = false);
        let t14 = Activation(softsign)(n18(l18(t11)));
        let t15 = l18(t11);
        let t16 = n18(t15);
        let t17 = Activation(relu)(t16);
        let y0 = Dense(1, activation = sigmoid)(t8);
        let y1 = Dense(1, activation = linear)(t14);
        let t18 = concatenate([Flatten()(t2), Flatten()(t3), Flatten()(t5), Flatten()(t7), Flatten()(t9), Flatten()(t12), Flatten()(t13), Flatten()(t17)]);
        let l2 = Dense(1)(t18);
        let y2 = Activation(sigmoid)(l2);
        Model(inputs = [x0, x1], outputs = [y0, y1, y2, t12]).compile(
            optimizer = AdamW(1e-2),
            loss = { y0: binary_crossentropy, y1: hinge, y2: binary_crossentropy, t12: huber(delta = 0.8) },
            loss_weights = { y0: 0.5 },
        )
    }
}

impl<E: Real> RandomModel for Random28<E, Cpu>
where
    Cpu: Device<E>,
{
    fn build_random(seed: u64) -> Self {
        Random28::build(seed)
    }

    fn inputs(columns: &[Vec<f64>]) -> Self::Inputs {
        Random28Inputs {
            x0: tensor(narrow::<E>(&columns[0])).expect("samples"),
            x1: tensor(narrow::<E>(&columns[1])).expect("samples"),
        }
    }
}

model! {
    #[allow(mimo::normalization_of_one_value)]
    pub(super) Random29 {
        let x0 = Input(shape = [3]);
        let x1 = Input(shape = [2, 2]);
        let x2 = Input(shape = [7]);
        let t3 = LayerNormalization(epsilon = 0.1, center = false, gamma_regularizer = L2(0.02))(x1);
        let t4 = maximum([t3, x1]);
        let t5 = Dense(5, activation = elu)(x2);
        let l0 = Dense(4)(t5);
        let y0 = Activation(softmax)(l0);
        let y1 = Dense(3, activation = softplus)(l0);
        let y2 = Dense(3, activation = linear)(t3);
        let t7 = concatenate([x0, Flatten()(t4)]);
        let l3 = Dense(2)(t7);
        let y3 = Activation(softmax)(l3);
        Model(inputs = [x0, x1, x2], outputs = [y0, y1, y2, y3]).compile(
            optimizer = Nadam(1e-2),
            loss = { y0: CategoricalCrossentropy(label_smoothing = 0.1), y1: msle, y2: hinge, y3: categorical_crossentropy },
            loss_weights = { y0: 0.5, y2: 0.25, y3: 2.0 },
        )
    }
}

impl<E: Real> RandomModel for Random29<E, Cpu>
where
    Cpu: Device<E>,
{
    fn build_random(seed: u64) -> Self {
        Random29::build(seed)
    }

    fn inputs(columns: &[Vec<f64>]) -> Self::Inputs {
        Random29Inputs {
            x0: tensor(narrow::<E>(&columns[0])).expect("samples"),
            x1: tensor(narrow::<E>(&columns[1])).expect("samples"),
            x2: tensor(narrow::<E>(&columns[2])).expect("samples"),
        }
    }
}

model! {
    #[allow(mimo::normalization_of_one_value)]
    pub(super) Random30 {
        let x0 = Input(shape = [2, 3]);
        let x1 = Input(shape = [4, 5]);
        let t2 = Dense(1, activation = leaky_relu)(x0);
        let t3 = Dense(1, use_bias = false)(x1);
        let t4 = Activation(elu)(BatchNormalization(epsilon = 0.1, momentum = 0.5, center = false)(t3));
        let l0 = Dense(2)(x1);
        let y0 = Activation(softmax)(l0);
        let t6 = concatenate([Flatten()(t2), Flatten()(t4)]);
        let y1 = Dense(4, activation = softmax)(t6);
        Model(inputs = [x0, x1], outputs = [y0, y1]).compile(
            optimizer = Adagrad(0.05),
            loss = { y0: none, y1: categorical_crossentropy },
        )
    }
}

impl<E: Real> RandomModel for Random30<E, Cpu>
where
    Cpu: Device<E>,
{
    fn build_random(seed: u64) -> Self {
        Random30::build(seed)
    }

    fn inputs(columns: &[Vec<f64>]) -> Self::Inputs {
        Random30Inputs {
            x0: tensor(narrow::<E>(&columns[0])).expect("samples"),
            x1: tensor(narrow::<E>(&columns[1])).expect("samples"),
        }
    }
}

model! {
    #[allow(mimo::normalization_of_one_value)]
    pub(super) Random31 {
        let x0 = Input(shape = [4, 2]);
        let x1 = Input(shape = [2, 3]);
        let t2 = Flatten()(x0);
        let t3 = Dense(193, activation = relu)(t2);
        let t4 = Dense(161, activation = relu)(t3);
        let t5 = Activation(silu)(BatchNormalization(trainable = false)(Dense(3)(t3)));
        let l6 = Dense(1, use_bias = false);
        let n6 = BatchNormalization(epsilon = 0.1, scale = false);
        let t6 = l6(t3);
        let t7 = n6(t6);
        let t8 = Activation(elu)(t7);
        let t9 = n6(l6(t3));
        let t10 = Dense(4, use_bias = false)(t6);
        let t11 = Activation(celu)(BatchNormalization(epsilon = 0.1)(t10));
        let l14 = Dense(5);
        let n14 = BatchNormalization(trainable = false);
        let t12 = l14(t11);
        let t13 = n14(t12);
        let t14 = Activation(gelu)(n14(l14(t11)));
        let t15 = Activation(linear)(BatchNormalization(trainable = false)(Dense(1, use_bias = false)(t10)));
        let t16 = concatenate([t8, t5]);
        let l21 = Dense(4, activation = relu);
        let n21 = BatchNormalization(epsilon = 0.1, scale = false);
        let t17 = Activation(hard_silu)(n21(l21(t12)));
        let t18 = l21(t12);
        let t19 = Activation(hard_silu)(t18);
        let t20 = Dense(1)(t17);
        let t21 = Activation(softplus)(BatchNormalization(epsilon = 0.1, scale = false)(t20));
        let t22 = Activation(silu)(BatchNormalization(epsilon = 0.1, momentum = 0.5, center = false)(Dense(3)(t19)));
        let t23 = Dense(1)(t17);
        let t24 = Activation(hard_silu)(BatchNormalization(epsilon = 0.1, momentum = 0.5, center = false)(t23));
        let y0 = Dense(5, activation = softmax)(t18);
        let l1 = Dense(3)(t15);
        let y1 = Activation(softmax)(l1);
        let t26 = concatenate([Flatten()(x1), t4, t9, t13, t14, t16, t21, t22, t24]);
        let y2 = Dense(2, activation = softplus)(t26);
        Model(inputs = [x0, x1], outputs = [y0, y1, y2]).compile(
            optimizer = Lion(1e-3),
            loss = { y0: categorical_crossentropy, y1: kl_divergence, y2: msle },
            loss_weights = { y0: 0.5, y1: 2.0 },
        )
    }
}

impl<E: Real> RandomModel for Random31<E, Cpu>
where
    Cpu: Device<E>,
{
    fn build_random(seed: u64) -> Self {
        Random31::build(seed)
    }

    fn inputs(columns: &[Vec<f64>]) -> Self::Inputs {
        Random31Inputs {
            x0: tensor(narrow::<E>(&columns[0])).expect("samples"),
            x1: tensor(narrow::<E>(&columns[1])).expect("samples"),
        }
    }
}

/// Calls a macro with every model: a name for its tests, its type, and whether it draws while training.
macro_rules! each_random_model {
    ($with:ident) => {
        $with! {
            random_00 Random00 true;
            random_01 Random01 false;
            random_02 Random02 true;
            random_03 Random03 false;
            random_04 Random04 false;
            random_05 Random05 false;
            random_06 Random06 true;
            random_07 Random07 false;
            random_08 Random08 true;
            random_09 Random09 true;
            random_10 Random10 false;
            random_11 Random11 false;
            random_12 Random12 false;
            random_13 Random13 true;
            random_14 Random14 false;
            random_15 Random15 false;
            random_16 Random16 false;
            random_17 Random17 false;
            random_18 Random18 false;
            random_19 Random19 false;
            random_20 Random20 false;
            random_21 Random21 false;
            random_22 Random22 false;
            random_23 Random23 true;
            random_24 Random24 true;
            random_25 Random25 true;
            random_26 Random26 true;
            random_27 Random27 true;
            random_28 Random28 true;
            random_29 Random29 false;
            random_30 Random30 true;
            random_31 Random31 true;
        }
    };
}
pub(super) use each_random_model;
