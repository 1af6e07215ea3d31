//! Layers against Keras's numbers; those of one family are in a file of their own.

mod support;
#[macro_use]
#[path = "support/layers.rs"]
mod harness;

use harness::{part, weight};
use mimo::dfdx::prelude::*;
use mimo::prelude::{Trainer, model, tensor};
use serde_json::Value;
use support::{
    F32, F64, Real, Tolerance, assert_close, entry, golden, narrow, numbers, rows, set_weights, wide,
};

layers! {
    dense_with_relu: "dense relu", DenseRelu, DenseReluInputs, DenseReluTargets, [a => x: 4] {
        let y = Dense(3, activation = relu, name = "layer")(x);
    }
    dense_over_a_sequence: "dense 3d", Dense3d, Dense3dInputs, Dense3dTargets, [a => x: 12] {
        let x = Reshape([3, 4])(x);
        let y = Dense(3, name = "layer")(x);
    }
    dense_without_bias_with_gelu: "dense nobias gelu", DenseGelu, DenseGeluInputs, DenseGeluTargets, [a => x: 4] {
        let y = Dense(3, activation = gelu, use_bias = false, name = "layer")(x);
    }
    flatten: "flatten", FlattenCase, FlattenCaseInputs, FlattenCaseTargets, [a => x: 6] {
        let x = Reshape((2, 3))(x);
        let y = Flatten(name = "layer")(x);
    }
    reshape_with_an_open_axis: "reshape", ReshapeCase, ReshapeCaseInputs, ReshapeCaseTargets, [a => x: 6] {
        let y = Reshape([3, -1], name = "layer")(x);
    }
    permute: "permute", PermuteCase, PermuteCaseInputs, PermuteCaseTargets, [a => x: 6] {
        let x = Reshape([2, 3])(x);
        let y = Permute([2, 1], name = "layer")(x);
    }
    repeat_vector: "repeatvector", RepeatCase, RepeatCaseInputs, RepeatCaseTargets, [a => x: 2] {
        let y = RepeatVector(3, name = "layer")(x);
    }
    leaky_relu_of_the_layer_s_default_slope: "leaky", Leaky, LeakyInputs, LeakyTargets, [a => x: 4] {
        let y = LeakyReLU(name = "layer")(x);
    }
    elu_with_alpha: "elu", EluCase, EluCaseInputs, EluCaseTargets, [a => x: 4] {
        let y = ELU(0.5, name = "layer")(x);
    }
    add: "Add", AddCase, AddCaseInputs, AddCaseTargets, [a => x: 3, b => z: 3] {
        let y = Add(name = "layer")([x, z]);
    }
    add_by_operator: "Add", Plus, PlusInputs, PlusTargets, [a => x: 3, b => z: 3] {
        let y = x + z;
    }
    subtract: "Subtract", SubtractCase, SubtractCaseInputs, SubtractCaseTargets, [a => x: 3, b => z: 3] {
        let y = Subtract(name = "layer")([x, z]);
    }
    subtract_by_operator: "Subtract", Minus, MinusInputs, MinusTargets, [a => x: 3, b => z: 3] {
        let y = x - z;
    }
    multiply: "Multiply", MultiplyCase, MultiplyCaseInputs, MultiplyCaseTargets, [a => x: 3, b => z: 3] {
        let y = Multiply(name = "layer")([x, z]);
    }
    multiply_by_operator: "Multiply", Times, TimesInputs, TimesTargets, [a => x: 3, b => z: 3] {
        let y = x * z;
    }
    average: "Average", AverageCase, AverageCaseInputs, AverageCaseTargets, [a => x: 3, b => z: 3] {
        let y = Average(name = "layer")([x, z]);
    }
    maximum: "Maximum", MaximumCase, MaximumCaseInputs, MaximumCaseTargets, [a => x: 3, b => z: 3] {
        let y = Maximum(name = "layer")([x, z]);
    }
    minimum: "Minimum", MinimumCase, MinimumCaseInputs, MinimumCaseTargets, [a => x: 3, b => z: 3] {
        let y = minimum([x, z], name = "layer");
    }
    add_repeats_an_axis_of_one: "add bcast", Broadcast, BroadcastInputs, BroadcastTargets, [a => x: 6, b => z: 2] {
        let x = Reshape([3, 2])(x);
        let z = Reshape([1, 2])(z);
        let y = Add(name = "layer")([x, z]);
    }
    add_inserts_axes_after_the_batch: "add rank", Rank, RankInputs, RankTargets, [a => x: 6, b => z: 2] {
        let x = Reshape([3, 2])(x);
        let y = Add(name = "layer")([x, z]);
    }
    concatenate_of_the_last_axis: "concat", Concat, ConcatInputs, ConcatTargets, [a => x: 3, b => z: 2] {
        let y = Concatenate(name = "layer")([x, z]);
    }
    concatenate_of_the_first_axis: "concat axis1", Concat1, Concat1Inputs, Concat1Targets, [a => x: 4, b => z: 2] {
        let x = Reshape([2, 2])(x);
        let z = Reshape([1, 2])(z);
        let y = Concatenate(axis = 1, name = "layer")([x, z]);
    }
}
