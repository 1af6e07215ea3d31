//! Layers and functions of Keras that mimo does not have, each with what to write instead.

/// Replacement for a layer or a function that Keras has and mimo does not; `None` if Keras has none of this
/// name either.
pub(super) fn instead_of(name: &str) -> Option<&'static str> {
    let listed = LAYERS.iter().chain(FUNCTIONS).find(|(names, _)| names.contains(&name));
    listed.map(|&(_, instead)| instead)
}

/// Keras's layers that mimo does not have, each group with what to write instead.
#[cfg(test)]
pub(crate) fn absent_layers() -> impl Iterator<Item = (&'static [&'static str], &'static str)> {
    LAYERS.iter().copied()
}

const PREPARE: &str = "prepare the values before they are given to the model";
const POOL: &str = "write `AveragePooling1D(2)` or `AveragePooling2D(2)`, Keras's other name for it";
const CELL: &str = "write `LSTM(32)`, `GRU(32)` or `SimpleRNN(32)`, which run over all steps";
const VOLUME: &str =
    "layers over volumes are not available: use those over images, with one axis as channels";
const ATTENTION: &str = "write it from products: `let scores = Softmax()(dot([query, key], axes = (2, 2)));` and \
    `let read = dot([scores, value], axes = (2, 1));`";

/// Layers by what stands in for them.
const LAYERS: &[(&[&str], &str)] = &[
    (&["Lambda"], "write a function of the block: `fn scale(x, gate) { exp(0.5 * x) * gate }`"),
    (&["Discretization", "Hashing"], PREPARE),
    (&["StringLookup", "IntegerLookup", "TextVectorization"], PREPARE),
    (&["Masking"], "leave it out, and pad sequences at their start, where a recurrent layer forgets most"),
    (
        &["SpatialDropout3D"],
        "write `Dropout(0.5, noise_shape = [1, 1, 1, none])`, which drops whole channels",
    ),
    (&["Attention", "AdditiveAttention", "MultiHeadAttention", "GroupQueryAttention"], ATTENTION),
    (&["RNN", "LSTMCell", "GRUCell", "SimpleRNNCell", "StackedRNNCells"], CELL),
    (
        &["ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"],
        "write `TimeDistributed(Conv2D(8, 3))`, and an `LSTM(32)` after it",
    ),
    (&["AdaptiveAveragePooling3D", "AdaptiveMaxPooling3D"], VOLUME),
    (&["AveragePooling3D", "Conv3D", "Conv3DTranspose", "Cropping3D", "GlobalAveragePooling3D"], VOLUME),
    (&["GlobalMaxPooling3D", "MaxPooling3D", "UpSampling3D", "ZeroPadding3D"], VOLUME),
    (&["InputLayer"], "write `let x = Input(shape = [8]);`"),
    (&["AvgPool1D", "AvgPool2D"], POOL),
    (&["GlobalAvgPool1D"], "write `GlobalAveragePooling1D()`, Keras's other name for it"),
    (&["GlobalAvgPool2D"], "write `GlobalAveragePooling2D()`, Keras's other name for it"),
    (&["GlobalMaxPool1D"], "write `GlobalMaxPooling1D()`, Keras's other name for it"),
    (&["GlobalMaxPool2D"], "write `GlobalMaxPooling2D()`, Keras's other name for it"),
    (&["MaxPool1D"], "write `MaxPooling1D(2)`, Keras's other name for it"),
    (&["MaxPool2D"], "write `MaxPooling2D(2)`, Keras's other name for it"),
];

/// Functions of `keras.ops`, `tf` and numpy.
const FUNCTIONS: &[(&[&str], &str)] = &[
    (&["pow"], "write `power(x, 2.0)`"),
    (&["true_divide", "truediv"], "write `a / b`"),
    (&["absolute"], "write `abs(x)`"),
    (&["clip_by_value"], "write `clip(x, 0.0, 1.0)`"),
    (&["matmul", "tensordot", "batch_dot", "einsum"], "write `dot([a, b], axes = (2, 1))`"),
    (&["concat", "stack", "hstack", "vstack"], "write `concatenate([a, b])`"),
    (&["expand_dims", "squeeze"], "write `Reshape([8, 1])(x)` with all lengths of one sample"),
    (
        &["transpose", "swapaxes", "moveaxis"],
        "write `Permute((2, 1))(x)`, which counts the axes of one sample from 1",
    ),
    (&["mean", "reduce_mean"], "write `GlobalAveragePooling1D()(x)` or `GlobalAveragePooling2D()(x)`"),
    (
        &["max", "reduce_max", "amax"],
        "write `GlobalMaxPooling1D()(x)`, or `maximum([a, b])` for the larger of two tensors",
    ),
    (&["min", "reduce_min", "amin"], "write `minimum([a, b])` for the smaller of two tensors"),
    (
        &["sum", "reduce_sum", "add_n"],
        "write `add([a, b])` for the sum of tensors, or `GlobalAveragePooling1D()(x)` for the mean over steps",
    ),
    (&["pad"], "write `ZeroPadding1D(1)(x)` or `ZeroPadding2D(1)(x)`"),
    (
        &["split", "slice", "gather", "take"],
        "write `Cropping1D((0, 4))(x)` for a part of a sequence, or a `Dense(4)(x)` for each part",
    ),
    (&["repeat", "tile"], "write `RepeatVector(4)(x)`, or `UpSampling1D(2)(x)` for a sequence"),
    (&["one_hot"], "write `Embedding(10, 8)(x)`, or prepare the values before they are given to the model"),
    (
        &["cast", "convert_to_tensor", "constant"],
        "leave it out: a tensor of a model holds what its `Input` or its layer says",
    ),
    (
        &["norm", "normalize", "l2_normalize"],
        "write `dot([a, b], axes = 1, normalize = true)` for the cosine of two vectors",
    ),
    (&["cond", "switch"], "write `where(condition, a, b)`"),
    (&["argmax", "argmin", "top_k", "topk"], "compute it from predictions, in Rust"),
    (&["dense"], "write `Dense(32)(x)`"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::{classes, functions};

    #[test]
    fn every_name_is_listed_once_and_is_not_one_of_mimo() {
        let names: Vec<&str> =
            LAYERS.iter().chain(FUNCTIONS).flat_map(|(names, _)| *names).copied().collect();
        for (i, name) in names.iter().enumerate() {
            assert!(!names[..i].contains(name), "{name}");
            assert!(classes().chain(functions()).all(|known| known != *name), "{name}");
            assert!(instead_of(name).is_some());
        }
    }
}
