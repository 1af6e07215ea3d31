//! `Identity`, `ReLU` with all its arguments, `PReLU`, and activations with arguments against Keras's numbers.

#[path = "support/layers.rs"]
mod layers;
mod support;

use layers::layers;

layers! {
    "more_activations.json":
    identity: "identity", IdentityNet, IdentityNetInputs, IdentityNetTargets, [a => x: 6] {
        let x = Reshape([3, 2])(x);
        let y = Identity(name = "layer")(x);
    }
    relu_bounded: "relu bounded", ReluBoundedNet, ReluBoundedNetInputs, ReluBoundedNetTargets, [a => x: 7] {
        let y = ReLU(0.8, name = "layer")(x);
    }
    relu_6_leaky: "relu 6 leaky", Relu6LeakyNet, Relu6LeakyNetInputs, Relu6LeakyNetTargets, [a => x: 7] {
        let y = ReLU(6, 0.25, name = "layer")(x);
    }
    relu_threshold: "relu threshold", ReluThresholdNet, ReluThresholdNetInputs, ReluThresholdNetTargets, [a => x: 7] {
        let y = ReLU(threshold = 0.3, name = "layer")(x);
    }
    relu_leaky_threshold: "relu leaky threshold", ReluLeakyThresholdNet, ReluLeakyThresholdNetInputs, ReluLeakyThresholdNetTargets, [a => x: 7] {
        let y = ReLU(negative_slope = 0.25, threshold = 0.3, name = "layer")(x);
    }
    relu_all: "relu all", ReluAllNet, ReluAllNetInputs, ReluAllNetTargets, [a => x: 7] {
        let y = ReLU(0.8, 0.25, 0.3, name = "layer")(x);
    }
    relu_bound_below_threshold: "relu bound below threshold", ReluBoundBelowThresholdNet, ReluBoundBelowThresholdNetInputs, ReluBoundBelowThresholdNetTargets, [a => x: 7] {
        let y = ReLU(0.2, 0.25, 0.3, name = "layer")(x);
    }
    relu_bound_0: "relu bound 0", ReluBound0Net, ReluBound0NetInputs, ReluBound0NetTargets, [a => x: 7] {
        let y = ReLU(max_value = 0, negative_slope = 0.25, name = "layer")(x);
    }
    relu_function: "relu function", ReluFunctionNet, ReluFunctionNetInputs, ReluFunctionNetTargets, [a => x: 7] {
        let y = Activation(relu(0.5, 1.0, 0.25), name = "layer")(x);
    }
    threshold: "threshold", ThresholdNet, ThresholdNetInputs, ThresholdNetTargets, [a => x: 7] {
        let y = Activation(threshold(0.25, -2.0), name = "layer")(x);
    }
    hard_shrink: "hard_shrink", HardShrinkNet, HardShrinkNetInputs, HardShrinkNetTargets, [a => x: 7] {
        let y = Activation(hard_shrink(0.9), name = "layer")(x);
    }
    soft_shrink: "soft_shrink", SoftShrinkNet, SoftShrinkNetInputs, SoftShrinkNetTargets, [a => x: 7] {
        let y = Activation(soft_shrink(threshold = 0.2), name = "layer")(x);
    }
    squareplus: "squareplus", SquareplusNet, SquareplusNetInputs, SquareplusNetTargets, [a => x: 7] {
        let y = Activation(squareplus(b = 0.5), name = "layer")(x);
    }
    glu: "glu", GluNet, GluNetInputs, GluNetTargets, [a => x: 18] {
        let x = Reshape([3, 6])(x);
        let y = Activation(glu, name = "layer")(x);
    }
    prelu: "prelu", PreluNet, PreluNetInputs, PreluNetTargets, [a => x: 5] {
        let y = PReLU(name = "layer")(x);
    }
    prelu_sequence: "prelu sequence", PreluSequenceNet, PreluSequenceNetInputs, PreluSequenceNetTargets, [a => x: 12] {
        let x = Reshape([3, 4])(x);
        let y = PReLU(shared_axes = [1], name = "layer")(x);
    }
    prelu_one_axis: "prelu one axis", PreluOneAxisNet, PreluOneAxisNetInputs, PreluOneAxisNetTargets, [a => x: 12] {
        let x = Reshape([3, 4])(x);
        let y = PReLU(shared_axes = 2, name = "layer")(x);
    }
    prelu_image: "prelu image", PreluImageNet, PreluImageNetInputs, PreluImageNetTargets, [a => x: 24] {
        let x = Reshape([3, 2, 4])(x);
        let y = PReLU(shared_axes = [1, 2], name = "layer")(x);
    }
    prelu_image_alone: "prelu image alone", PreluImageAloneNet, PreluImageAloneNetInputs, PreluImageAloneNetTargets, [a => x: 12] {
        let x = Reshape([3, 2, 2])(x);
        let y = PReLU(alpha_initializer = ones, name = "layer")(x);
    }
}
