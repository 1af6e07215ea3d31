//! Depthwise and separable convolutions against Keras's numbers.

#[path = "support/layers.rs"]
mod layers;
mod support;

use layers::layers;

layers! {
    "layers.json":
    depthwise_m2: "dw2d m2", Multiplied, MultipliedInputs, MultipliedTargets, [a => x: 18] {
        let x = Reshape([3, 3, 2])(x);
        let y = DepthwiseConv2D(2, depth_multiplier = 2, name = "layer")(x);
    }
    depthwise_same: "dw2d same s2", Same, SameInputs, SameTargets, [a => x: 32] {
        let x = Reshape([4, 4, 2])(x);
        let y = DepthwiseConv2D([3, 3], 2, same, name = "layer")(x);
    }
    separable: "sep2d", Separable, SeparableInputs, SeparableTargets, [a => x: 18] {
        let x = Reshape([3, 3, 2])(x);
        let y = SeparableConv2D(3, 2, padding = same, depth_multiplier = 2, name = "layer")(x);
    }
}

layers! {
    "depthwise.json":
    strides_that_differ: "dw2d strides differ", Strides, StridesInputs, StridesTargets, [a => x: 70] {
        let x = Reshape([5, 7, 2])(x);
        let y = DepthwiseConv2D([3, 2], strides = [2, 3], padding = same, name = "layer")(x);
    }
    dilated: "dw2d dilated m2", Dilated, DilatedInputs, DilatedTargets, [a => x: 40] {
        let x = Reshape([5, 4, 2])(x);
        let y = DepthwiseConv2D(2, depth_multiplier = 2, dilation_rate = [3, 2], activation = tanh, name = "layer")(x);
    }
    without_bias: "dw2d strides and zeros m3", Unbiased, UnbiasedInputs, UnbiasedTargets, [a => x: 40] {
        let x = Reshape([4, 5, 2])(x);
        let y = DepthwiseConv2D(
            [2, 3], strides = 2, padding = same, depth_multiplier = 3, use_bias = false, name = "layer",
        )(x);
    }
    many_channels: "dw2d many channels", Many, ManyInputs, ManyTargets, [a => x: 120] {
        let x = Reshape([2, 3, 20])(x);
        let y = DepthwiseConv2D(3, padding = same, activation = relu, name = "layer")(x);
    }
    one_channel: "dw2d one channel", One, OneInputs, OneTargets, [a => x: 16] {
        let x = Reshape([4, 4, 1])(x);
        let y = DepthwiseConv2D(3, depth_multiplier = 4, activation = softmax, name = "layer")(x);
    }
    sequence: "dw1d strides", Sequence, SequenceInputs, SequenceTargets, [a => x: 18] {
        let x = Reshape([9, 2])(x);
        let y = DepthwiseConv1D(4, strides = 3, padding = same, depth_multiplier = 2, name = "layer")(x);
    }
    sequence_dilated: "dw1d dilated", Apart, ApartInputs, ApartTargets, [a => x: 27] {
        let x = Reshape([9, 3])(x);
        let y = DepthwiseConv1D(3, dilation_rate = 2, activation = gelu, name = "layer")(x);
    }
    separable_with_strides: "sep2d strides", Parts, PartsInputs, PartsTargets, [a => x: 50] {
        let x = Reshape([5, 5, 2])(x);
        let y = SeparableConv2D(3, [3, 2], strides = [2, 2], activation = relu, name = "layer")(x);
    }
    separable_dilated: "sep2d dilated", PartsApart, PartsApartInputs, PartsApartTargets, [a => x: 50] {
        let x = Reshape([5, 5, 2])(x);
        let y = SeparableConv2D(
            2, 2, dilation_rate = 2, padding = same, depth_multiplier = 3, use_bias = false, name = "layer",
        )(x);
    }
    separable_sequence: "sep1d", PartsOfSequence, PartsOfSequenceInputs, PartsOfSequenceTargets, [a => x: 21] {
        let x = Reshape([7, 3])(x);
        let y = SeparableConv1D(
            2, 3, strides = 2, padding = same, depth_multiplier = 2, activation = tanh, name = "layer",
        )(x);
    }
}
