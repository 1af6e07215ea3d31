//! Layers and functions of Keras that mimo does not have, each with a replacement.

mod operations;

/// Replacement for a layer or function of Keras that mimo does not have; `None` if Keras does not have the name.
pub(super) fn instead_of(name: &str) -> Option<&'static str> {
    let listed = all().find(|(names, _)| names.contains(&name));
    listed.map(|&(_, instead)| instead)
}

/// Every group of names.
fn all() -> impl Iterator<Item = &'static (&'static [&'static str], &'static str)> {
    LAYERS.iter().chain(OF_OTHERS).chain(FUNCTIONS).chain(operations::OPERATIONS)
}

/// Keras's layers that mimo does not have, each group with a replacement.
#[cfg(test)]
pub(crate) fn absent_layers() -> impl Iterator<Item = (&'static [&'static str], &'static str)> {
    LAYERS.iter().copied()
}

const NORMALIZE: &str = "write `SpectralNormalization(Dense(32))`, or `kernel_constraint = UnitNorm()` at the layer, which holds every column of its kernel at length 1";
const PREPARE: &str = "prepare the values before they are given to the model";
const LOOK_UP: &str = "look the values up before they are given to the model: `mimo::table` has `StringLookup`, `IntegerLookup` and `TextVectorization`, with the feature `tables`";
const AUGMENT: &str = "change the images as batches are filled, in a data set of your own: see `examples/10_image_class_and_value.rs`";
const FOREIGN: &str = "write the model in mimo's layers, and read its weights from a safetensors file: `model.load_weights(path)`";
const CELL: &str = "write `LSTM(32)`, `GRU(32)` or `SimpleRNN(32)`, which run over all steps";
const VOLUME: &str =
    "layers over volumes are not available: use those over images, with one axis as channels";

/// Layers by their replacement.
const LAYERS: &[(&[&str], &str)] = &[
    (&["Lambda"], "write a function of the block: `fn scale(x, gate) { exp(0.5 * x) * gate }`"),
    (&["Discretization", "HashedCrossing", "Hashing", "MaxNumBoundingBoxes"], PREPARE),
    (&["StringLookup", "IntegerLookup", "TextVectorization"], LOOK_UP),
    (
        &["SpatialDropout3D"],
        "write `Dropout(0.5, noise_shape = [1, 1, 1, none])`, which drops whole channels",
    ),
    (&["RNN", "LSTMCell", "GRUCell", "SimpleRNNCell", "StackedRNNCells"], CELL),
    (
        &["ConvLSTM1D"],
        "write `TimeDistributed(Conv1D(8, 3))`, a `TimeDistributed(Flatten())` and an `LSTM(32)` after it",
    ),
    (
        &["ConvLSTM2D"],
        "write `TimeDistributed(Conv2D(8, 3))`, a `TimeDistributed(Flatten())` and an `LSTM(32)` after it",
    ),
    (&["ConvLSTM3D"], VOLUME),
    (&["AdaptiveAveragePooling3D", "AdaptiveMaxPooling3D"], VOLUME),
    (&["AveragePooling3D", "Conv3D", "Conv3DTranspose", "Cropping3D", "GlobalAveragePooling3D"], VOLUME),
    (&["GlobalMaxPooling3D", "MaxPooling3D", "UpSampling3D", "ZeroPadding3D"], VOLUME),
    (&["AvgPool3D", "Convolution3D", "Convolution3DTranspose", "GlobalAvgPool3D"], VOLUME),
    (&["GlobalMaxPool3D", "MaxPool3D"], VOLUME),
    (&["InputLayer"], "write `let x = Input(shape = [8]);`"),
    (&["AvgPool1D"], "write `AveragePooling1D(2)`, Keras's other name for it"),
    (&["AvgPool2D"], "write `AveragePooling2D(2)`, Keras's other name for it"),
    (&["Convolution1D"], "write `Conv1D(8, 3)`, Keras's other name for it"),
    (&["Convolution1DTranspose"], "write `Conv1DTranspose(8, 3)`, Keras's other name for it"),
    (&["Convolution2D"], "write `Conv2D(8, 3)`, Keras's other name for it"),
    (&["Convolution2DTranspose"], "write `Conv2DTranspose(8, 3)`, Keras's other name for it"),
    (&["GlobalAvgPool1D"], "write `GlobalAveragePooling1D()`, Keras's other name for it"),
    (&["GlobalAvgPool2D"], "write `GlobalAveragePooling2D()`, Keras's other name for it"),
    (&["GlobalMaxPool1D"], "write `GlobalMaxPooling1D()`, Keras's other name for it"),
    (&["GlobalMaxPool2D"], "write `GlobalMaxPooling2D()`, Keras's other name for it"),
    (&["MaxPool1D"], "write `MaxPooling1D(2)`, Keras's other name for it"),
    (&["MaxPool2D"], "write `MaxPooling2D(2)`, Keras's other name for it"),
    (&["SeparableConvolution1D"], "write `SeparableConv1D(8, 3)`, Keras's other name for it"),
    (&["SeparableConvolution2D"], "write `SeparableConv2D(8, 3)`, Keras's other name for it"),
    (&["CenterCrop"], "write `Cropping2D(2)`, which takes 2 rows and columns from each edge"),
    (
        &["Resizing"],
        "write `AdaptiveAveragePooling2D((32, 32))` for a smaller image, or `UpSampling2D(2, interpolation = bilinear)` for a larger one",
    ),
    (&["AugMix", "CutMix", "MixUp", "RandAugment"], AUGMENT),
    (
        &["AutoContrast", "ContrastLimitedAdaptiveHistogramEqualization", "Equalization", "Solarization"],
        AUGMENT,
    ),
    (&["RandomBrightness", "RandomColorDegeneration", "RandomColorJitter", "RandomContrast"], AUGMENT),
    (&["RandomCrop", "RandomElasticTransform", "RandomErasing", "RandomFlip", "RandomGaussianBlur"], AUGMENT),
    (&["RandomGrayscale", "RandomHue", "RandomInvert", "RandomPerspective", "RandomPosterization"], AUGMENT),
    (&["RandomRotation", "RandomSaturation", "RandomSharpness", "RandomShear"], AUGMENT),
    (&["RandomTranslation", "RandomZoom"], AUGMENT),
    (&["MelSpectrogram", "STFTSpectrogram"], "compute the spectrum before it is given to the model"),
    (
        &["ReversibleEmbedding"],
        "write `Embedding(1000, 64)` at the start and `Dense(1000)` at the end: each has weights of its own",
    ),
    (&["FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper"], FOREIGN),
    (&["Pipeline"], "write the layers one after the other: `let x = Dense(32)(x);`"),
    (&["Layer", "Wrapper"], "write a function of the block: `fn layer_scale(x, dim) { x * Weight([dim]) }`"),
    (&["InputSpec"], "write the shape at the name: `let x: [32] = Dense(32)(x);`"),
];

/// Layers of Keras 2, TensorFlow Addons and PyTorch whose names are near to others of mimo, or to none.
const OF_OTHERS: &[(&[&str], &str)] = &[
    (&["CuDNNGRU"], "write `GRU(32)`: there is one implementation"),
    (&["CuDNNLSTM"], "write `LSTM(32)`: there is one implementation"),
    (&["InstanceNorm", "InstanceNorm1d", "InstanceNorm2d", "InstanceNormalization"], INSTANCES),
    (&["Linear"], "write `Dense(32)`"),
    (&["LocallyConnected1D"], "write `Conv1D(8, 3)`, whose windows share their weights"),
    (&["LocallyConnected2D"], "write `Conv2D(8, 3)`, whose windows share their weights"),
    (&["Maxout"], "write `maximum([Dense(8)(x), Dense(8)(x)])`"),
    (&["Rescale"], "write `Rescaling(0.5)`"),
    (&["ThresholdedReLU"], "write `ReLU(threshold = 1.0)`"),
    (&["Upsample"], "write `UpSampling2D(2)`"),
    (&["WeightNorm", "WeightNormalization"], NORMALIZE),
];

const INSTANCES: &str = "write `GroupNormalization(groups = -1)`, which has one group per channel";

/// Functions of `keras.ops`, `tf` and numpy whose names are near to others of mimo; see [`operations`] for the rest of `keras.ops`.
const FUNCTIONS: &[(&[&str], &str)] = &[
    (&["pow"], "write `power(x, 2.0)`"),
    (&["true_divide", "truediv"], "write `a / b`"),
    (&["absolute"], "write `abs(x)`"),
    (&["clip_by_value"], "write `clip(x, 0.0, 1.0)`"),
    (&["tensordot", "batch_dot"], "write `einsum(\"bij,bjk->bik\", a, b)`"),
    (&["concat", "hstack", "vstack"], "write `concatenate([a, b])`, or `stack([a, b], axis = 1)`"),
    (&["swapaxes", "moveaxis"], "write `transpose(x, axes = [0, 2, 1])`, where axis 0 is the batch"),
    (&["reduce_mean"], "write `mean(x, axis = 1)`"),
    (&["reduce_max", "amax"], "write `max(x, axis = 1)`, or `maximum(a, b)` for the larger of two tensors"),
    (&["reduce_min", "amin"], "write `min(x, axis = 1)`, or `minimum(a, b)` for the smaller of two tensors"),
    (&["reduce_sum"], "write `sum(x, axis = 1)`"),
    (&["add_n"], "write `add([a, b])`"),
    (&["pad"], "write `ZeroPadding1D(1)(x)` or `ZeroPadding2D(1)(x)`"),
    (&["slice", "gather", "take"], "write `x[..4]` for the first 4 positions, `x[3]` for one"),
    (&["unbind"], "write `unstack(x, axis = 1)`"),
    (&["permute"], "write `transpose(x, axes = [0, 2, 1])`, where axis 0 is the batch"),
    (&["unsqueeze"], "write `expand_dims(x, axis = 1)`"),
    (&["view"], "write `reshape(x, [-1, 3, 4])`, where -1 is the batch"),
    (&["one_hot"], "write `CategoryEncoding(10, output_mode = one_hot)(x)`"),
    (
        &["convert_to_tensor", "constant"],
        "leave it out: a tensor of a model holds what its `Input` or its layer says",
    ),
    (
        &["normalize", "l2_normalize"],
        "write `UnitNormalization()(x)`, or `x / norm(x, axis = -1, keepdims = true)`",
    ),
    (
        &["add_weight", "Variable", "Parameter", "get_variable"],
        "write `Weight([8], initializer = zeros)`, with the axes of a sample: every sample has the same values",
    ),
    (&["float", "to_float", "cast_to_float"], "write `cast(x, float32)`"),
    (&["int"], "write `cast(x, int32)`"),
    (&["len"], "write the length itself: shapes are known where the model is written"),
    (&["print"], "print in Rust: `println!(\"{}\", Net::summary());` for a model `Net`, or a prediction"),
    (&["cond", "switch"], "write `where(condition, a, b)`"),
    (&["top_k", "topk"], "compute it from predictions, in Rust; `argmax(x)` is the place of the largest"),
    (&["dense"], "write `Dense(32)(x)`"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::{classes, functions};

    #[test]
    fn every_name_is_listed_once_and_is_not_one_of_mimo() {
        let names: Vec<&str> = all().flat_map(|(names, _)| *names).copied().collect();
        for (i, name) in names.iter().enumerate() {
            assert!(!names[..i].contains(name), "{name}");
            assert!(classes().chain(functions()).all(|known| known != *name), "{name}");
            assert!(instead_of(name).is_some());
        }
    }
}
