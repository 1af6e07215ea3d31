//! `EinsumDense` against Keras's numbers.

#[path = "support/layers.rs"]
mod layers;
mod support;

use layers::layers;

layers! {
    "einsum_dense.json":
    vectors: "vectors", Vectors, VectorsInputs, VectorsTargets, [a => x: 5] {
        let y = EinsumDense("ab,bc->ac", 3, bias_axes = "c", activation = tanh, name = "layer")(x);
    }
    no_bias: "no bias", NoBias, NoBiasInputs, NoBiasTargets, [a => x: 12] {
        let x = Reshape([4, 3])(x);
        let y = EinsumDense("abc,cd->abd", [none, 2], activation = softmax, name = "layer")(x);
    }
    two_units: "two units", TwoUnits, TwoUnitsInputs, TwoUnitsTargets, [a => x: 12] {
        let x = Reshape([4, 3])(x);
        let y = EinsumDense("abc,cde->abde", (4, 2, 3), bias_axes = "de", activation = gelu, name = "layer")(x);
    }
    two_inputs: "two inputs", TwoInputs, TwoInputsInputs, TwoInputsTargets, [a => x: 24] {
        let x = Reshape([2, 3, 4])(x);
        let y = EinsumDense("abcd,cde->abe", (none, 5), bias_axes = "e", activation = relu, name = "layer")(x);
    }
    matrices: "matrices", Matrices, MatricesInputs, MatricesTargets, [a => x: 4] {
        let y = EinsumDense("ab,bcd->acd", (2, 3), bias_axes = "cd", name = "layer")(x);
    }
    transposed_kernel: "transposed kernel", Transposed, TransposedInputs, TransposedTargets, [a => x: 12] {
        let x = Reshape([4, 3])(x);
        let y = EinsumDense("abc,dc->abd", [none, 2], bias_axes = "d", activation = tanh, name = "layer")(x);
    }
    first_axis: "first axis", FirstAxis, FirstAxisInputs, FirstAxisTargets, [a => x: 12] {
        let x = Reshape([4, 3])(x);
        let y = EinsumDense("abc,bd->adc", [5, none], bias_axes = "d", activation = sigmoid, name = "layer")(x);
    }
    bias_of_one: "bias of one", BiasOfOne, BiasOfOneInputs, BiasOfOneTargets, [a => x: 12] {
        let x = Reshape([4, 3])(x);
        let y = EinsumDense("abc,cde->abde", [none, 2, 3], bias_axes = "d", name = "layer")(x);
    }
    bias_of_others: "bias of others", BiasOfOthers, BiasOfOthersInputs, BiasOfOthersTargets, [a => x: 12] {
        let x = Reshape([4, 3])(x);
        let y = EinsumDense("abc,cd->abd", [none, 2], bias_axes = "bd", activation = softplus, name = "layer")(x);
    }
    axes_apart: "axes apart", AxesApart, AxesApartInputs, AxesApartTargets, [a => x: 12] {
        let x = Reshape([3, 4])(x);
        let y = EinsumDense("abc,cde->adbe", [2, none, 3], bias_axes = "de", activation = tanh, name = "layer")(x);
    }
    per_position: "per position", PerPosition, PerPositionInputs, PerPositionTargets, [a => x: 12] {
        let x = Reshape([4, 3])(x);
        let y = EinsumDense("abc,bcd->abd", [none, 2], bias_axes = "d", activation = tanh, name = "layer")(x);
    }
    per_channel: "per channel", PerChannel, PerChannelInputs, PerChannelTargets, [a => x: 12] {
        let x = Reshape([4, 3])(x);
        let y = EinsumDense("abc,cd->abcd", [none, none, 2], name = "layer")(x);
    }
    outer: "outer", Outer, OuterInputs, OuterTargets, [a => x: 3] {
        let y = EinsumDense("ab,c->abc", [none, 2], bias_axes = "b", name = "layer")(x);
    }
    inner: "inner", Inner, InnerInputs, InnerTargets, [a => x: 6] {
        let x = Reshape([2, 3])(x);
        let y = EinsumDense("abc,c->ab", [none], bias_axes = "b", name = "layer")(x);
    }
    left: "left", Left, LeftInputs, LeftTargets, [a => x: 24] {
        let x = Reshape([2, 3, 4])(x);
        let y = EinsumDense("...x,xy->...y", 2, bias_axes = "y", activation = relu, name = "layer")(x);
    }
    right: "right", Right, RightInputs, RightTargets, [a => x: 24] {
        let x = Reshape([4, 2, 3])(x);
        let y = EinsumDense("ab...,bc->ac...", 2, bias_axes = "c", activation = tanh, name = "layer")(x);
    }
}
