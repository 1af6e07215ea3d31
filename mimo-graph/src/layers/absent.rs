//! The layers of Keras that mimo does not have: they deserve a plain answer instead of "unknown".

/// What to write instead of a layer that Keras has and mimo has not: `Some(None)` if nothing comes near,
/// `None` if Keras has no such layer either.
pub(super) fn instead_of(class: &str) -> Option<Option<&'static str>> {
    if let Some((_, instead)) = INSTEAD.iter().find(|(name, _)| *name == class) {
        return Some(Some(instead));
    }
    ABSENT.contains(&class).then_some(None)
}

const INSTEAD: &[(&str, &str)] = &[
    ("AlphaDropout", "use `Dropout`"),
    ("GaussianDropout", "use `Dropout` or `GaussianNoise`"),
    ("AvgPool1D", "write `AveragePooling1D`, Keras's other name for it"),
    ("AvgPool2D", "write `AveragePooling2D`, Keras's other name for it"),
    ("GlobalAvgPool1D", "write `GlobalAveragePooling1D`, Keras's other name for it"),
    ("GlobalAvgPool2D", "write `GlobalAveragePooling2D`, Keras's other name for it"),
    ("GlobalMaxPool1D", "write `GlobalMaxPooling1D`, Keras's other name for it"),
    ("GlobalMaxPool2D", "write `GlobalMaxPooling2D`, Keras's other name for it"),
    ("Identity", "leave it out: use the tensor itself"),
    ("InputLayer", "write `let x = Input(shape = …);`"),
    ("MaxPool1D", "write `MaxPooling1D`, Keras's other name for it"),
    ("MaxPool2D", "write `MaxPooling2D`, Keras's other name for it"),
    ("PReLU", "use `LeakyReLU`"),
];

const ABSENT: &[&str] = &[
    "ActivityRegularization",
    "AdditiveAttention",
    "Attention",
    "AveragePooling3D",
    "BatchNormalization",
    "CategoryEncoding",
    "Conv3D",
    "Conv3DTranspose",
    "ConvLSTM1D",
    "ConvLSTM2D",
    "ConvLSTM3D",
    "Cropping3D",
    "Discretization",
    "EinsumDense",
    "GRUCell",
    "GlobalAveragePooling3D",
    "GlobalMaxPooling3D",
    "GroupNormalization",
    "GroupQueryAttention",
    "Hashing",
    "LSTMCell",
    "Lambda",
    "LayerNormalization",
    "Masking",
    "MaxPooling3D",
    "MultiHeadAttention",
    "Normalization",
    "RMSNormalization",
    "RNN",
    "Rescaling",
    "SimpleRNNCell",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "SpectralNormalization",
    "StackedRNNCells",
    "StringLookup",
    "TextVectorization",
    "UnitNormalization",
    "UpSampling3D",
    "ZeroPadding3D",
];
