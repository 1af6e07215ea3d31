//! `LayerNormalization` against Keras's numbers.

#[path = "support/layers.rs"]
mod layers;
mod support;

use layers::layers;

layers! {
    "normalization.json":
    last_axis: "ln", Last, LastInputs, LastTargets, [a => x: 4] {
        let y = LayerNormalization(name = "layer")(x);
    }
    sequence: "ln sequence", Sequence, SequenceInputs, SequenceTargets, [a => x: 15] {
        let x = Reshape([3, 5])(x);
        let y = LayerNormalization(epsilon = 0.01, name = "layer")(x);
    }
    first_axis: "ln first axis", First, FirstInputs, FirstTargets, [a => x: 12] {
        let x = Reshape([3, 4])(x);
        let y = LayerNormalization(axis = 1, name = "layer")(x);
    }
    image: "ln image", Image, ImageInputs, ImageTargets, [a => x: 24] {
        let x = Reshape([3, 2, 4])(x);
        let y = LayerNormalization(axis = [1, 2, 3], name = "layer")(x);
    }
    axes_apart: "ln axes apart", Apart, ApartInputs, ApartTargets, [a => x: 24] {
        let x = Reshape([3, 2, 4])(x);
        let y = LayerNormalization(axis = [-1, 1], name = "layer")(x);
    }
    without_beta: "ln without beta", Factors, FactorsInputs, FactorsTargets, [a => x: 12] {
        let x = Reshape([2, 6])(x);
        let y = LayerNormalization(center = false, name = "layer")(x);
    }
    without_gamma: "ln without gamma", Offsets, OffsetsInputs, OffsetsTargets, [a => x: 12] {
        let x = Reshape([2, 6])(x);
        let y = LayerNormalization(axis = [1, 2], scale = false, name = "layer")(x);
    }
    without_weights: "ln without weights", Plain, PlainInputs, PlainTargets, [a => x: 22] {
        let x = Reshape([2, 11])(x);
        let y = LayerNormalization(center = false, scale = false, name = "layer")(x);
    }
}
