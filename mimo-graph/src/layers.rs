//! The layers: one file each, and the one list that names them.
//!
//! A layer here is its arguments, its shape rule and its weights. What it computes is in the file of the
//! same name in `mimo-runtime/src/layers`.
//!
//! Shape rules are total: they compute on [`Dim`](crate::dim::Dim), report what is known to be wrong, and
//! leave as [`DimCheck`](crate::context::DimCheck)s what only const evaluation can know.

use crate::activation::Activation;
use crate::args::{Bound, Signature, bind};
use crate::code::Code;
use crate::context::Cx;
use crate::diag::{Diag, Loc, nearest};
use crate::layers::change::Change;
use crate::layers::global_pooling::GlobalPooling;
pub use crate::layers::layer::{Effect, Layer, Operand, Reads, Weight, WeightOptions};
use crate::layers::pooling::PoolKind;
use crate::shape::{Dtype, Shape};
use crate::value::Arg;

mod absent;
pub mod activation;
pub mod batch_normalization;
pub mod bidirectional;
pub mod change;
pub mod concatenate;
pub mod conv;
pub mod dense;
pub mod depthwise;
pub mod dot;
pub mod dropout;
pub mod embedding;
pub mod flatten;
pub mod frame;
pub mod gaussian_noise;
pub mod global_pooling;
pub mod input;
pub mod layer;
pub mod merge;
mod options;
pub mod permute;
pub mod pooling;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod properties_of_images;
pub mod recurrent;
pub mod repeat_vector;
pub mod reshape;
pub mod separable;
pub mod sliding;
pub mod spatial;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_images;
#[cfg(test)]
mod tests_of_sequences;
pub mod time_distributed;
pub mod up_sampling;
mod wrapped;

/// A class of the language: how it is written and what it makes.
#[derive(Debug)]
struct Class {
    /// Keras's automatic name for its layers, before numbers are added.
    auto_name: &'static str,
    /// The lower-case function that makes the layer and calls it at once: `concatenate([a, b])`.
    function: Option<&'static str>,
    /// Its name and parameters.
    signature: Signature,
    /// Makes the layer, or gives `None` after an error without which its shape rule cannot be applied.
    make: fn(&Bound<'_>, &mut Cx<'_>) -> Option<LayerKind>,
}

/// Defines [`LayerKind`], what it hands on to its layers, and the table of classes. A class reads
/// `"automatic_name", function? => SIGNATURE, from_args`.
macro_rules! layers {
    ($(
        $(#[$doc:meta])*
        $kind:ident($layer:ty) {
            $($auto:literal $(, $function:literal)? => $signature:expr, $from_args:expr;)+
        }
    )*) => {
        /// A layer with its arguments.
        // A model has tens of layers, not millions: a box per layer would buy nothing.
        #[allow(clippy::large_enum_variant)]
        #[derive(Clone, Debug, PartialEq)]
        pub enum LayerKind {
            $($(#[$doc])* $kind($layer),)*
        }

        impl LayerKind {
            /// Keras's name of the class: `Dense`, `Add`.
            pub fn class_name(&self) -> &'static str {
                match self { $(LayerKind::$kind(layer) => Layer::class_name(layer),)* }
            }

            /// [`Layer::reads`] of the layer.
            pub fn reads(&self) -> Reads {
                match self { $(LayerKind::$kind(layer) => Layer::reads(layer),)* }
            }

            /// [`Layer::effect`] of the layer.
            pub fn effect(&self) -> Effect {
                match self { $(LayerKind::$kind(layer) => Layer::effect(layer),)* }
            }

            /// [`Layer::infer`] of the layer.
            pub fn infer(
                &self,
                inputs: &[Operand<'_>],
                call: Loc,
                cx: &mut Cx<'_>,
            ) -> Option<Vec<(Shape, Dtype)>> {
                match self { $(LayerKind::$kind(layer) => Layer::infer(layer, inputs, call, cx),)* }
            }

            /// [`Layer::weights`] of the layer.
            pub fn weights(&self, inputs: &[&Shape]) -> Vec<Weight> {
                match self { $(LayerKind::$kind(layer) => Layer::weights(layer, inputs),)* }
            }

            /// [`Layer::arity`] of the layer.
            pub fn arity(&self) -> (usize, usize) {
                match self { $(LayerKind::$kind(layer) => Layer::arity(layer),)* }
            }

            /// [`Layer::outputs`] of the layer.
            pub fn outputs(&self) -> &'static [&'static str] {
                match self { $(LayerKind::$kind(layer) => Layer::outputs(layer),)* }
            }

            /// [`Layer::states`] of the layer.
            pub fn states(&self) -> &'static [&'static str] {
                match self { $(LayerKind::$kind(layer) => Layer::states(layer),)* }
            }

            /// [`Layer::state_shape`] of the layer.
            pub fn state_shape(&self) -> Option<Shape> {
                match self { $(LayerKind::$kind(layer) => Layer::state_shape(layer),)* }
            }

            /// [`Layer::scratch`] of the layer.
            pub fn scratch(&self, inputs: &[&Shape], given: &[&Shape]) -> Vec<Shape> {
                match self { $(LayerKind::$kind(layer) => Layer::scratch(layer, inputs, given),)* }
            }

            /// [`Layer::setting_class`] of the layer.
            pub fn setting_class(&self) -> &'static str {
                match self { $(LayerKind::$kind(layer) => Layer::setting_class(layer),)* }
            }

            /// [`Layer::activation`] of the layer.
            pub fn activation(&self) -> Activation {
                match self { $(LayerKind::$kind(layer) => Layer::activation(layer),)* }
            }

            /// [`Layer::changes`] of the layer.
            pub fn changes(&self, inputs: &[&Shape], wanted: Option<&Shape>) -> Vec<(Self, Change)> {
                match self {
                    $(LayerKind::$kind(layer) => Layer::changes(layer, inputs, wanted)
                        .into_iter()
                        .map(|(layer, change)| (LayerKind::$kind(layer), change))
                        .collect(),)*
                }
            }
        }

        /// Every class of the language.
        const CLASSES: &[Class] = &[$($(Class {
            auto_name: $auto,
            function: [$(Some($function),)? None][0],
            signature: $signature,
            make: |args, cx| {
                let from_args: fn(&Bound<'_>, &mut Cx<'_>) -> Option<$layer> = $from_args;
                from_args(args, cx).map(LayerKind::$kind)
            },
        },)+)*];
    };
}

layers! {
    /// Keras's `Dense`.
    Dense(dense::Dense) {
        "dense" => dense::SIGNATURE, dense::Dense::from_args;
    }
    /// Keras's `Conv1D`, `Conv2D` and their transposes.
    Conv(conv::Conv) {
        "conv1d" => conv::CONV1D, conv::Conv::conv1d;
        "conv2d" => conv::CONV2D, conv::Conv::conv2d;
        "conv1d_transpose" => conv::CONV1D_TRANSPOSE, conv::Conv::conv1d_transpose;
        "conv2d_transpose" => conv::CONV2D_TRANSPOSE, conv::Conv::conv2d_transpose;
    }
    /// Keras's `DepthwiseConv1D` and `DepthwiseConv2D`.
    Depthwise(depthwise::Depthwise) {
        "depthwise_conv1d" => depthwise::SEQUENCE, depthwise::Depthwise::sequence;
        "depthwise_conv2d" => depthwise::IMAGE, depthwise::Depthwise::image;
    }
    /// Keras's `SeparableConv1D` and `SeparableConv2D`.
    Separable(separable::Separable) {
        "separable_conv1d" => separable::SEQUENCE, separable::Separable::sequence;
        "separable_conv2d" => separable::IMAGE, separable::Separable::image;
    }
    /// Keras's `Activation` and its like.
    Activation(activation::Activation) {
        "activation" => activation::SIGNATURE, activation::Activation::from_args;
        "re_lu" => activation::RELU, activation::Activation::relu;
        "leaky_re_lu" => activation::LEAKY_RELU, activation::Activation::leaky_relu;
        "elu" => activation::ELU, activation::Activation::elu;
        "softmax" => activation::SOFTMAX, activation::Activation::softmax;
    }
    /// Keras's `Flatten`.
    Flatten(flatten::Flatten) {
        "flatten" => flatten::SIGNATURE, |_, _| Some(flatten::Flatten);
    }
    /// Keras's `Reshape`.
    Reshape(reshape::Reshape) {
        "reshape" => reshape::SIGNATURE, reshape::Reshape::from_args;
    }
    /// Keras's `Permute`.
    Permute(permute::Permute) {
        "permute" => permute::SIGNATURE, permute::Permute::from_args;
    }
    /// Keras's `RepeatVector`.
    RepeatVector(repeat_vector::RepeatVector) {
        "repeat_vector" => repeat_vector::SIGNATURE, repeat_vector::RepeatVector::from_args;
    }
    /// Keras's `Dropout`.
    Dropout(dropout::Dropout) {
        "dropout" => dropout::SIGNATURE, dropout::Dropout::from_args;
    }
    /// Keras's `GaussianNoise`.
    GaussianNoise(gaussian_noise::GaussianNoise) {
        "gaussian_noise" => gaussian_noise::SIGNATURE, gaussian_noise::GaussianNoise::from_args;
    }
    /// Keras's `BatchNormalization`.
    BatchNormalization(batch_normalization::BatchNormalization) {
        "batch_normalization" =>
            batch_normalization::SIGNATURE, batch_normalization::BatchNormalization::from_args;
    }
    /// Keras's `Concatenate`.
    Concatenate(concatenate::Concatenate) {
        "concatenate", "concatenate" => concatenate::SIGNATURE, concatenate::Concatenate::from_args;
    }
    /// Keras's `Add`, `Subtract`, `Multiply`, `Average`, `Maximum`, `Minimum`.
    Merge(merge::Merge) {
        "add", "add" => options::layer("Add", &[]), |_, _| Some(merge::MergeOp::Add.into());
        "subtract", "subtract" =>
            options::layer("Subtract", &[]), |_, _| Some(merge::MergeOp::Subtract.into());
        "multiply", "multiply" =>
            options::layer("Multiply", &[]), |_, _| Some(merge::MergeOp::Multiply.into());
        "average", "average" =>
            options::layer("Average", &[]), |_, _| Some(merge::MergeOp::Average.into());
        "maximum", "maximum" =>
            options::layer("Maximum", &[]), |_, _| Some(merge::MergeOp::Maximum.into());
        "minimum", "minimum" =>
            options::layer("Minimum", &[]), |_, _| Some(merge::MergeOp::Minimum.into());
    }
    /// Keras's `Embedding`.
    Embedding(embedding::Embedding) {
        "embedding" => embedding::SIGNATURE, embedding::Embedding::from_args;
    }
    /// Keras's `LSTM`, `GRU` and `SimpleRNN`.
    Recurrent(recurrent::Recurrent) {
        "lstm" => recurrent::LSTM, recurrent::Recurrent::lstm;
        "gru" => recurrent::GRU, recurrent::Recurrent::gru;
        "simple_rnn" => recurrent::SIMPLE_RNN, recurrent::Recurrent::simple;
    }
    /// Keras's `MaxPooling1D`, `MaxPooling2D`, `AveragePooling1D`, `AveragePooling2D`.
    Pooling(pooling::Pooling) {
        "max_pooling1d" => pooling::MAX_1D, |args, cx| pooling::Pooling::from_args(PoolKind::Max, 1, args, cx);
        "max_pooling2d" => pooling::MAX_2D, |args, cx| pooling::Pooling::from_args(PoolKind::Max, 2, args, cx);
        "average_pooling1d" =>
            pooling::AVERAGE_1D, |args, cx| pooling::Pooling::from_args(PoolKind::Average, 1, args, cx);
        "average_pooling2d" =>
            pooling::AVERAGE_2D, |args, cx| pooling::Pooling::from_args(PoolKind::Average, 2, args, cx);
    }
    /// Keras's `GlobalMaxPooling1D`, `GlobalMaxPooling2D`, `GlobalAveragePooling1D`, `GlobalAveragePooling2D`.
    GlobalPooling(GlobalPooling) {
        "global_max_pooling1d" => global_pooling::MAX_1D,
            |args, cx| GlobalPooling::from_args(PoolKind::SharedMax, 1, args, cx);
        "global_max_pooling2d" => global_pooling::MAX_2D,
            |args, cx| GlobalPooling::from_args(PoolKind::SharedMax, 2, args, cx);
        "global_average_pooling1d" => global_pooling::AVERAGE_1D,
            |args, cx| GlobalPooling::from_args(PoolKind::Average, 1, args, cx);
        "global_average_pooling2d" => global_pooling::AVERAGE_2D,
            |args, cx| GlobalPooling::from_args(PoolKind::Average, 2, args, cx);
    }
    /// Keras's `ZeroPadding1D`, `ZeroPadding2D`, `Cropping1D`, `Cropping2D`.
    Frame(frame::Frame) {
        "zero_padding1d" => frame::PADDING_1D, |args, cx| frame::Frame::from_args(true, 1, args, cx);
        "zero_padding2d" => frame::PADDING_2D, |args, cx| frame::Frame::from_args(true, 2, args, cx);
        "cropping1d" => frame::CROPPING_1D, |args, cx| frame::Frame::from_args(false, 1, args, cx);
        "cropping2d" => frame::CROPPING_2D, |args, cx| frame::Frame::from_args(false, 2, args, cx);
    }
    /// Keras's `UpSampling1D`, `UpSampling2D`.
    UpSampling(up_sampling::UpSampling) {
        "up_sampling1d" => up_sampling::SEQUENCE, up_sampling::UpSampling::sequence;
        "up_sampling2d" => up_sampling::IMAGE, up_sampling::UpSampling::image;
    }
    /// Keras's `Bidirectional`.
    Bidirectional(bidirectional::Bidirectional) {
        "bidirectional" => bidirectional::SIGNATURE, bidirectional::Bidirectional::from_args;
    }
    /// Keras's `TimeDistributed`.
    TimeDistributed(time_distributed::TimeDistributed) {
        "time_distributed" => time_distributed::SIGNATURE, time_distributed::TimeDistributed::from_args;
    }
    /// Keras's `Dot`.
    Dot(dot::Dot) {
        "dot", "dot" => dot::SIGNATURE, dot::Dot::from_args;
    }
}

impl LayerKind {
    /// The layer inside `TimeDistributed`s, and how many of them are around it: each takes a first axis away.
    pub fn core(&self) -> (&LayerKind, usize) {
        match self {
            LayerKind::TimeDistributed(wrapper) => {
                let (core, axes) = wrapper.layer.core();
                (core, axes + 1)
            }
            _ => (self, 0),
        }
    }

    /// Layers of the graph that a call calls before it joins what they give; none for most layers.
    pub fn parts(&self) -> Vec<Part> {
        match self {
            LayerKind::Bidirectional(layer) => layer.parts(),
            _ => Vec::new(),
        }
    }

    /// Keras's automatic name, before numbers are added: `dense`, `leaky_re_lu`.
    pub fn auto_name(&self) -> &'static str {
        let class = self.class_name();
        // Every class name is in the table, which a test holds.
        CLASSES.iter().find(|entry| entry.signature.callee == class).map_or(class, |entry| entry.auto_name)
    }
}

/// A layer inside of another that is a layer of the graph too.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// What it is.
    pub kind: LayerKind,
    /// What it is called, and whether the user said so.
    pub name: (String, bool),
    /// Whether training changes its weights.
    pub trainable: bool,
}

/// A layer as the user wrote it.
#[derive(Clone, Debug, PartialEq)]
pub struct Constructed {
    /// The layer with its arguments.
    pub kind: LayerKind,
    /// `name = "…"` and where it stands.
    pub name: Option<(String, Loc)>,
    /// Whether training changes its weights.
    pub trainable: bool,
}

/// Makes the layer that `class(args…)` writes. `None` after an error without which the layer's shape rule
/// cannot be applied; other errors leave the layer with defaults, so that what follows is checked too.
pub fn construct(
    class: &str,
    class_loc: Loc,
    args: &[Arg],
    call: Loc,
    cx: &mut Cx<'_>,
) -> Option<Constructed> {
    let Some(entry) = CLASSES.iter().find(|entry| entry.signature.callee == class) else {
        cx.error(unknown(class, class_loc));
        return None;
    };
    let bound = bind(&entry.signature, args, call, cx);
    let name = bound.optional_string("name", cx).map(|name| (name, bound.loc("name")));
    let trainable = bound.boolean("trainable", true, cx);
    let kind = (entry.make)(&bound, cx)?;
    bound.sound(&[]).then_some(Constructed { kind, name, trainable })
}

/// The error for a layer or a function of Keras that mimo does not have, with what to write instead; `None` if Keras
/// has none of this name.
pub fn unavailable(name: &str, loc: Loc) -> Option<Diag> {
    let instead = absent::instead_of(name)?;
    let what = if name.starts_with(char::is_uppercase) { "layer" } else { "function" };
    Some(Diag::error(Code::UnavailableLayer, loc, format!("mimo has no {what} `{name}` yet")).help(instead))
}

/// The error for a class that mimo does not have: Keras has it, or nobody does.
fn unknown(class: &str, loc: Loc) -> Diag {
    if let Some(diag) = unavailable(class, loc) {
        return diag;
    }
    let diag = Diag::error(Code::UnknownLayer, loc, format!("unknown layer `{class}`"));
    if let Some(near) = nearest(class, classes().chain(functions())) {
        return diag.help(near);
    }
    // Classes of Keras are written like types, and so are models.
    let diag = match class.starts_with(char::is_uppercase) {
        true => diag.help(format!("a model of your own is brought in with `use {class};`")),
        false => diag,
    };
    diag.help("a layer of your own is a function of the block: `fn block(x) { Dense(32)(x) }`")
        .note("every layer is listed in `mimo::language::layers`")
}

/// The class behind a lower-case function: `concatenate` makes a `Concatenate` and calls it.
pub fn function(name: &str) -> Option<&'static str> {
    CLASSES.iter().find(|entry| entry.function == Some(name)).map(|entry| entry.signature.callee)
}

/// The spellings and the parameters of `Input` and every class.
pub(crate) fn signatures() -> Vec<(Vec<&'static str>, Signature)> {
    let classes = CLASSES.iter().map(|entry| {
        let names = [entry.signature.callee].into_iter().chain(entry.function).collect();
        (names, entry.signature)
    });
    std::iter::once((vec!["Input"], input::SIGNATURE)).chain(classes).collect()
}

/// Every lower-case function.
pub fn functions() -> impl Iterator<Item = &'static str> {
    CLASSES.iter().filter_map(|entry| entry.function)
}

/// The lower-case function of a class.
pub(crate) fn function_of(class: &str) -> Option<&'static str> {
    CLASSES.iter().find(|entry| entry.signature.callee == class).and_then(|entry| entry.function)
}

/// Every class, by Keras's name.
pub fn classes() -> impl Iterator<Item = &'static str> {
    CLASSES.iter().map(|entry| entry.signature.callee)
}
