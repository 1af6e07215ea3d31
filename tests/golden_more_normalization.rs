//! `RMSNormalization`, `UnitNormalization`, `GroupNormalization`, `Rescaling` and `Normalization` against Keras's numbers.

#[path = "support/layers.rs"]
mod layers;
mod support;

use layers::layers;

layers! {
    "more_normalization.json":
    rms: "rms", Rms, RmsInputs, RmsTargets, [a => x: 5] {
        let y = RMSNormalization(name = "layer")(x);
    }
    rms_sequence: "rms sequence", RmsSequence, RmsSequenceInputs, RmsSequenceTargets, [a => x: 15] {
        let x = Reshape([3, 5])(x);
        let y = RMSNormalization(epsilon = 0.01, name = "layer")(x);
    }
    rms_image: "rms image", RmsImage, RmsImageInputs, RmsImageTargets, [a => x: 24] {
        let x = Reshape([3, 2, 4])(x);
        let y = RMSNormalization(axis = [-1, -2], name = "layer")(x);
    }
    unit: "unit", Unit, UnitInputs, UnitTargets, [a => x: 5] {
        let y = UnitNormalization(name = "layer")(x);
    }
    unit_first_axis: "unit first axis", UnitFirst, UnitFirstInputs, UnitFirstTargets, [a => x: 12] {
        let x = Reshape([3, 4])(x);
        let y = UnitNormalization(axis = 1, name = "layer")(x);
    }
    unit_axes: "unit axes", UnitAxes, UnitAxesInputs, UnitAxesTargets, [a => x: 24] {
        let x = Reshape([3, 2, 4])(x);
        let y = UnitNormalization(axis = [1, -1], name = "layer")(x);
    }
    group: "group", Group, GroupInputs, GroupTargets, [a => x: 36] {
        let x = Reshape([3, 2, 6])(x);
        let y = GroupNormalization(3, name = "layer")(x);
    }
    group_instance: "group instance", Instance, InstanceInputs, InstanceTargets, [a => x: 12] {
        let x = Reshape([4, 3])(x);
        let y = GroupNormalization(-1, epsilon = 0.01, name = "layer")(x);
    }
    group_all: "group all", GroupAll, GroupAllInputs, GroupAllTargets, [a => x: 12] {
        let x = Reshape([4, 3])(x);
        let y = GroupNormalization(1, name = "layer")(x);
    }
    group_first_axis: "group first axis", GroupFirst, GroupFirstInputs, GroupFirstTargets, [a => x: 20] {
        let x = Reshape([4, 5])(x);
        let y = GroupNormalization(2, axis = 1, name = "layer")(x);
    }
    group_middle_axis: "group middle axis", Middle, MiddleInputs, MiddleTargets, [a => x: 24] {
        let x = Reshape([3, 4, 2])(x);
        let y = GroupNormalization(2, axis = -2, name = "layer")(x);
    }
    group_without_beta: "group without beta", Factors, FactorsInputs, FactorsTargets, [a => x: 12] {
        let x = Reshape([2, 6])(x);
        let y = GroupNormalization(2, center = false, name = "layer")(x);
    }
    group_without_gamma: "group without gamma", Offsets, OffsetsInputs, OffsetsTargets, [a => x: 12] {
        let x = Reshape([2, 6])(x);
        let y = GroupNormalization(groups = 2, scale = false, name = "layer")(x);
    }
    group_without_weights: "group without weights", Plain, PlainInputs, PlainTargets, [a => x: 12] {
        let x = Reshape([2, 6])(x);
        let y = GroupNormalization(3, center = false, scale = false, name = "layer")(x);
    }
    rescaling: "rescaling", Rescaled, RescaledInputs, RescaledTargets, [a => x: 12] {
        let x = Reshape([3, 4])(x);
        let y = Rescaling(0.25, name = "layer")(x);
    }
    rescaling_offset: "rescaling offset", Moved, MovedInputs, MovedTargets, [a => x: 12] {
        let x = Reshape([3, 4])(x);
        let y = Rescaling(-1.5, offset = 2, name = "layer")(x);
    }
    rescaling_channels: "rescaling channels", Channels, ChannelsInputs, ChannelsTargets, [a => x: 6] {
        let x = Reshape([2, 3])(x);
        let y = Rescaling([0.5, 2.0, -1.0], offset = [1.0, 0.0, -0.5], name = "layer")(x);
    }
    rescaling_mixed: "rescaling mixed", Mixed, MixedInputs, MixedTargets, [a => x: 6] {
        let x = Reshape([2, 3])(x);
        let y = Rescaling(0.5, offset = [1.0, 0.0, -0.5], name = "layer")(x);
    }
    norm_number: "norm number", Number, NumberInputs, NumberTargets, [a => x: 12] {
        let x = Reshape([3, 4])(x);
        let y = Normalization(mean = 0.5, variance = 4.0, name = "layer")(x);
    }
    norm_constants: "norm constants", Constants, ConstantsInputs, ConstantsTargets, [a => x: 6] {
        let x = Reshape([2, 3])(x);
        let y = Normalization(mean = [0.5, 2.0, -1.0], variance = [0.25, 4.0, 0.0], name = "layer")(x);
    }
    norm_inverted: "norm inverted", Inverted, InvertedInputs, InvertedTargets, [a => x: 6] {
        let x = Reshape([2, 3])(x);
        let y = Normalization(
            mean = [0.5, 2.0, -1.0], variance = [0.25, 4.0, 1.0], invert = true, name = "layer"
        )(x);
    }
    norm_first_axis: "norm first axis", NormFirst, NormFirstInputs, NormFirstTargets, [a => x: 6] {
        let x = Reshape([2, 3])(x);
        let y = Normalization(axis = 1, mean = [0.5, 2.0], variance = [0.25, 4.0], name = "layer")(x);
    }
    norm_of_all: "norm of all", NormAll, NormAllInputs, NormAllTargets, [a => x: 6] {
        let x = Reshape([2, 3])(x);
        let y = Normalization(axis = none, mean = 0.5, variance = 4.0, name = "layer")(x);
    }
}
