//! Convolutions and their transposes against Keras's numbers.

#[path = "support/layers.rs"]
mod layers;
mod support;

use layers::layers;

layers! {
    "layers.json":
    conv1d: "conv1d valid", Conv1Valid, Conv1ValidInputs, Conv1ValidTargets, [a => x: 12] {
        let x = Reshape([6, 2])(x);
        let y = Conv1D(3, 3, name = "layer")(x);
    }
    conv1d_with_stride: "conv1d same s2", Conv1Same, Conv1SameInputs, Conv1SameTargets, [a => x: 12] {
        let x = Reshape([6, 2])(x);
        let y = Conv1D(3, 3, strides = 2, padding = same, name = "layer")(x);
    }
    conv1d_causal_dilated: "conv1d causal d2", Conv1Causal, Conv1CausalInputs, Conv1CausalTargets, [a => x: 12] {
        let x = Reshape([6, 2])(x);
        let y = Conv1D(3, 2, padding = causal, dilation_rate = 2, name = "layer")(x);
    }
    conv1d_with_an_even_kernel: "conv1d same k4", Conv1Even, Conv1EvenInputs, Conv1EvenTargets, [a => x: 10] {
        let x = Reshape([5, 2])(x);
        let y = Conv1D(2, 4, padding = same, name = "layer")(x);
    }
    conv2d: "conv2d valid", Conv2Valid, Conv2ValidInputs, Conv2ValidTargets, [a => x: 40] {
        let x = Reshape([5, 4, 2])(x);
        let y = Conv2D(2, [3, 3], name = "layer")(x);
    }
    conv2d_with_stride: "conv2d same s2", Conv2Same, Conv2SameInputs, Conv2SameTargets, [a => x: 40] {
        let x = Reshape([5, 4, 2])(x);
        let y = Conv2D(2, 3, strides = [2, 2], padding = same, name = "layer")(x);
    }
    conv2d_of_even_lengths: "conv2d same s2 even", Conv2Even, Conv2EvenInputs, Conv2EvenTargets, [a => x: 16] {
        let x = Reshape([4, 4, 1])(x);
        let y = Conv2D(2, 3, strides = 2, padding = "same", name = "layer")(x);
    }
    conv2d_dilated: "conv2d dil2", Conv2Dilated, Conv2DilatedInputs, Conv2DilatedTargets, [a => x: 25] {
        let x = Reshape([5, 5, 1])(x);
        let y = Conv2D(2, 2, dilation_rate = 2, name = "layer")(x);
    }
    conv2d_in_groups: "conv2d groups2", Conv2Groups, Conv2GroupsInputs, Conv2GroupsTargets, [a => x: 36] {
        let x = Reshape([3, 3, 4])(x);
        let y = Conv2D(4, 2, groups = 2, name = "layer")(x);
    }
    conv2d_transpose_k3_s1_same: "convT2d k3 s1 same opNone", TransposeK3S1Same, TransposeK3S1SameInputs, TransposeK3S1SameTargets, [a => x: 12] {
        let x = Reshape([3, 2, 2])(x);
        let y = Conv2DTranspose(2, 3, padding = same, name = "layer")(x);
    }
    conv2d_transpose_k3_s2_same: "convT2d k3 s2 same opNone", TransposeK3S2Same, TransposeK3S2SameInputs, TransposeK3S2SameTargets, [a => x: 12] {
        let x = Reshape([3, 2, 2])(x);
        let y = Conv2DTranspose(2, 3, strides = 2, padding = same, name = "layer")(x);
    }
    conv2d_transpose_k2_s2_same: "convT2d k2 s2 same opNone", TransposeK2S2Same, TransposeK2S2SameInputs, TransposeK2S2SameTargets, [a => x: 12] {
        let x = Reshape([3, 2, 2])(x);
        let y = Conv2DTranspose(2, 2, strides = 2, padding = same, name = "layer")(x);
    }
    conv2d_transpose_k4_s2_same: "convT2d k4 s2 same opNone", TransposeK4S2Same, TransposeK4S2SameInputs, TransposeK4S2SameTargets, [a => x: 12] {
        let x = Reshape([3, 2, 2])(x);
        let y = Conv2DTranspose(2, 4, strides = 2, padding = same, name = "layer")(x);
    }
    conv2d_transpose_k3_s2_valid: "convT2d k3 s2 valid opNone", TransposeK3S2Valid, TransposeK3S2ValidInputs, TransposeK3S2ValidTargets, [a => x: 12] {
        let x = Reshape([3, 2, 2])(x);
        let y = Conv2DTranspose(2, 3, strides = 2, name = "layer")(x);
    }
    conv2d_transpose_k2_s3_valid: "convT2d k2 s3 valid opNone", TransposeK2S3Valid, TransposeK2S3ValidInputs, TransposeK2S3ValidTargets, [a => x: 12] {
        let x = Reshape([3, 2, 2])(x);
        let y = Conv2DTranspose(2, 2, strides = 3, name = "layer")(x);
    }
    conv2d_transpose_k3_s2_same_op1: "convT2d k3 s2 same op1", TransposeK3S2SameOp1, TransposeK3S2SameOp1Inputs, TransposeK3S2SameOp1Targets, [a => x: 12] {
        let x = Reshape([3, 2, 2])(x);
        let y = Conv2DTranspose(2, 3, strides = 2, padding = same, output_padding = 1, name = "layer")(x);
    }
    conv2d_transpose_k3_s2_valid_op1: "convT2d k3 s2 valid op1", TransposeK3S2ValidOp1, TransposeK3S2ValidOp1Inputs, TransposeK3S2ValidOp1Targets, [a => x: 12] {
        let x = Reshape([3, 2, 2])(x);
        let y = Conv2DTranspose(2, 3, strides = 2, output_padding = [1, 1], name = "layer")(x);
    }
    conv2d_transpose_k3_s3_same: "convT2d k3 s3 same opNone", TransposeK3S3Same, TransposeK3S3SameInputs, TransposeK3S3SameTargets, [a => x: 12] {
        let x = Reshape([3, 2, 2])(x);
        let y = Conv2DTranspose(2, 3, strides = 3, padding = same, name = "layer")(x);
    }
    conv2d_transpose_k5_s2_same: "convT2d k5 s2 same opNone", TransposeK5S2Same, TransposeK5S2SameInputs, TransposeK5S2SameTargets, [a => x: 12] {
        let x = Reshape([3, 2, 2])(x);
        let y = Conv2DTranspose(2, 5, strides = 2, padding = same, name = "layer")(x);
    }
    conv1d_transpose: "convT1d k3 s2 same", Transpose1, Transpose1Inputs, Transpose1Targets, [a => x: 8] {
        let x = Reshape([4, 2])(x);
        let y = Conv1DTranspose(2, 3, strides = 2, padding = same, name = "layer")(x);
    }
}
