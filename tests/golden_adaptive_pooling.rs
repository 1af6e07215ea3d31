//! `AdaptiveAveragePooling1D`, `AdaptiveMaxPooling1D` and their 2D forms against Keras's numbers.

#[path = "support/layers.rs"]
mod layers;
mod support;

use layers::layers;

layers! {
    "adaptive_pooling.json":
    average_steps: "average steps", AverageStepsNet, AverageStepsNetInputs, AverageStepsNetTargets, [a => x: 14] {
        let x = Reshape([7, 2])(x);
        let y = AdaptiveAveragePooling1D(3, name = "layer")(x);
    }
    average_more_steps: "average more steps", AverageMoreStepsNet, AverageMoreStepsNetInputs, AverageMoreStepsNetTargets, [a => x: 6] {
        let x = Reshape([3, 2])(x);
        let y = AdaptiveAveragePooling1D(5, name = "layer")(x);
    }
    average_image: "average image", AverageImageNet, AverageImageNetInputs, AverageImageNetTargets, [a => x: 60] {
        let x = Reshape([5, 4, 3])(x);
        let y = AdaptiveAveragePooling2D((2, 4), name = "layer")(x);
    }
    average_image_equal: "average image equal", AverageImageEqualNet, AverageImageEqualNetInputs, AverageImageEqualNetTargets, [a => x: 48] {
        let x = Reshape([6, 4, 2])(x);
        let y = AdaptiveAveragePooling2D(2, name = "layer")(x);
    }
    max_steps: "max steps", MaxStepsNet, MaxStepsNetInputs, MaxStepsNetTargets, [a => x: 14] {
        let x = Reshape([7, 2])(x);
        let y = AdaptiveMaxPooling1D(3, name = "layer")(x);
    }
    max_image: "max image", MaxImageNet, MaxImageNetInputs, MaxImageNetTargets, [a => x: 60] {
        let x = Reshape([5, 4, 3])(x);
        let y = AdaptiveMaxPooling2D((3, 2), name = "layer")(x);
    }
    max_image_all: "max image all", MaxImageAllNet, MaxImageAllNetInputs, MaxImageAllNetTargets, [a => x: 30] {
        let x = Reshape([3, 5, 2])(x);
        let y = AdaptiveMaxPooling2D(1, name = "layer")(x);
    }
}
