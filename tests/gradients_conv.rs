//! Gradients of convolutions in generated models compared with differences of their losses, in `f64`: every layout
//! and fusion by the planner.

mod support;

use mimo::prelude::*;
use support::{Check, check_gradients};

/// Known only to const evaluation.
const CHANNELS: usize = 3;
const TIMES: usize = 2;
const ONCE: usize = 1;

/// One test per model.
macro_rules! gradients {
    ($($test:ident $model:ident { $($body:tt)* })+) => {$(
        model! { $model { $($body)* } }

        #[test]
        fn $test() {
            check_gradients(&mut $model::<f64>::build(1), Check::default());
        }
    )+};
}

gradients! {
    convolutions_mask_each_other Masked {
        let image = Input(shape = [5, 5, 2]);
        let x = Conv2D(3, 2, activation = relu)(image);
        let x = DepthwiseConv2D(3, padding = same, activation = relu)(x);
        let x = SeparableConv2D(4, 2, activation = relu)(x);
        let x = DepthwiseConv2D(2, depth_multiplier = 2, activation = relu)(x);
        let x = Conv2DTranspose(2, 2, strides = 2, activation = relu)(x);
        let y = Dense(2)(Flatten()(x));
        Model(inputs = [image], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    depthwise_layers_are_shared_and_read_twice Shared {
        let x = Input(shape = [4, 5, 3]);
        let h = DepthwiseConv2D(2, padding = same, activation = tanh)(x);
        let shared = DepthwiseConv2D([3, 2], padding = same, depthwise_regularizer = L2(0.01));
        let a = shared(h);
        let b = shared(a);
        let parts = SeparableConv2D(3, 2, padding = same, depth_multiplier = 2, activation = tanh, pointwise_regularizer = L2(0.02));
        let c = parts(parts(b));
        let y = Conv2D(2, [4, 5])(a + b * c + h);
        let z = SeparableConv2D(2, 2, strides = 3, activation = softmax)(h);
        Model(inputs = [x], outputs = [y, z])
            .compile(optimizer = SGD(0.0), loss = [mse, categorical_crossentropy])
    }
    as_many_groups_as_channels Groups {
        let x = Input(shape = [5, 4, 3]);
        let h = Dense(3, activation = relu)(x);
        let h = Conv2D(6, 3, groups = 3, padding = same, strides = 2, activation = relu)(h);
        let y = Conv2D(6, 2, groups = 6, activation = gelu)(h);
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    sequences Sequences {
        let x = Input(shape = [9, 2]);
        let h = DepthwiseConv1D(3, strides = 2, padding = same, depth_multiplier = 3, activation = elu)(x);
        let h = SeparableConv1D(2, 2, dilation_rate = 2, activation = silu)(h);
        let y = DepthwiseConv1D(3, use_bias = false)(h);
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    layers_that_are_not_trained Frozen {
        let x = Input(shape = [4, 4, 2]);
        let h = Conv2D(2, 2, activation = relu)(x);
        let h = DepthwiseConv2D(2, depth_multiplier = 2, trainable = false)(h);
        let h = SeparableConv2D(2, 2, depth_multiplier = 2, activation = relu, trainable = false)(h);
        let y = Dense(2)(h);
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
    lengths_that_const_evaluation_knows Deferred {
        let x = Input(shape = [CHANNELS + 2, 4, CHANNELS]);
        let h = DepthwiseConv2D(CHANNELS, padding = same, depth_multiplier = TIMES, activation = relu)(x);
        let h = DepthwiseConv2D(2, depth_multiplier = ONCE)(h);
        let h = SeparableConv2D(CHANNELS, TIMES, depth_multiplier = TIMES, use_bias = false, activation = tanh)(h);
        let y = DepthwiseConv2D(1, depth_multiplier = TIMES, use_bias = false)(h);
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
    }
}

model! {
    Summed {
        let image = Input(shape = [28, 28, 4]);
        let x = DepthwiseConv2D(3, strides = 2, padding = same, depth_multiplier = 2)(image);
        let x = SeparableConv2D(16, 3, activation = relu)(x);
        let y = SeparableConv2D(3, [2, 1], depth_multiplier = 3, use_bias = false)(x);
        Model(inputs = [image], outputs = [y])
    }
}

/// As in Keras's `summary()`.
#[test]
fn the_summary_counts_their_weights() {
    let summary = Summed::summary();
    for wanted in [
        ["depthwise_conv2d", "DepthwiseConv2D", "14, 14, 8", "80"],
        ["separable_conv2d", "SeparableConv2D", "12, 12, 16", "216"],
        ["y", "SeparableConv2D", "11, 12, 3", "240"],
    ] {
        let found = summary.lines().any(|line| wanted.iter().all(|part| line.contains(part)));
        assert!(found, "{wanted:?} in\n{summary}");
    }
    assert_eq!(Summed::PARAMETERS, 80 + 216 + 240);
}
