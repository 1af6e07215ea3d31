//! The layers: one file each, and the one list that names them.
//!
//! A layer here consists of its arguments, its shape rule and its weights. Its computation is in the file of the same
//! name in `mimo-runtime/src/layers`.
//!
//! Shape rules are total: they compute on [`Dim`], report known errors, and leave checks that only const evaluation
//! can do as [`DimCheck`](crate::context::DimCheck)s.

use crate::activation::Activation;
use crate::args::{Bound, bind, idle};
use crate::code::Code;
use crate::context::Cx;
use crate::diag::{Diag, Loc, nearest};
use crate::dim::Dim;
use crate::item::{Item, Word};
#[cfg(test)]
pub(crate) use crate::layers::absent::absent_layers;
use crate::layers::change::Change;
pub use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, Typed, Weight, WeightOptions};
use crate::names::field::snake_case;
use crate::operation::{Call, OpKind};
use crate::shape::{Dtype, Shape};
use crate::value::Arg;

mod absent;
pub mod activation;
pub mod activity_regularization;
pub mod adaptive_pooling;
pub mod add_loss;
pub mod alpha_dropout;
pub mod attention;
pub mod axes_of_one;
pub mod batch_normalization;
pub mod bidirectional;
mod broadcast;
pub mod cast;
pub mod category_encoding;
pub mod change;
pub mod concatenate;
pub(crate) mod contraction;
pub mod conv;
pub mod cumulative_sum;
pub mod dense;
pub mod depthwise;
pub mod dot;
pub mod dropout;
pub mod einsum;
pub mod einsum_dense;
pub mod elementwise;
pub mod embedding;
pub mod flatten;
pub mod flip;
pub mod frame;
pub mod gaussian_noise;
pub mod get_item;
pub mod global_pooling;
pub mod group_normalization;
pub mod identity;
pub mod input;
pub mod layer;
pub mod layer_normalization;
pub mod masking;
pub mod matmul;
pub mod merge;
pub mod multi_head_attention;
pub mod named_axes;
pub mod noise_shape;
pub mod normalization;
mod options;
pub mod permute;
pub mod pooling;
pub mod prelu;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod properties_of_images;
pub mod random_draw;
pub mod recurrent;
pub mod reduce;
pub mod repeat;
pub mod repeat_vector;
pub mod rescaling;
pub mod reshape;
pub mod reshape_operation;
pub mod rms_normalization;
pub mod separable;
pub mod sliding;
pub mod softmax;
pub mod spatial;
pub mod spectral_normalization;
pub mod split;
pub mod stack;
#[cfg(test)]
mod tests;
pub mod time_distributed;
pub mod transpose;
pub mod unit_normalization;
pub mod up_sampling;
pub mod weight_tensor;
mod wrapped;

/// A class of the language: its item and its constructor. A layer's file declares its classes with `layer!`.
#[derive(Debug)]
struct Class {
    /// Its name and arguments; its second spelling is the function that makes the layer and calls it:
    /// `concatenate([a, b])`.
    item: &'static Item,
    /// Makes the layer, or returns `None` after an error without which its shape rule cannot be applied.
    make: fn(&Bound<'_>, &mut Cx<'_>) -> Option<LayerKind>,
}

impl Class {
    /// The lower-case function, if it has one.
    fn function(&self) -> Option<&'static str> {
        self.item.names.get(1).copied()
    }

    /// Whether it is an operation on tensors, which is called with them directly and has no name of its own.
    fn is_operation(&self) -> bool {
        self.item.class.starts_with(char::is_lowercase)
    }
}

/// Defines [`LayerKind`], its calls of the layers' methods, and the list of all classes.
macro_rules! layers {
    (layers { $($layers:tt)* } operations { $($operations:tt)* }) => {
        layers! { @kinds $($layers)* $($operations)* }

        /// Items of the language.
        #[doc(hidden)]
        pub mod words {
            pub use super::input::words::*;
            layers! { @words $($layers)* }
        }

        /// Items of the language that are operations.
        #[doc(hidden)]
        pub mod operation_words {
            pub use super::split::words::*;
            layers! { @words $($operations)* }
        }
    };
    (@words $($(#[$doc:meta])* $kind:ident($module:ident::$layer:ident);)*) => {
        $(pub use super::$module::words::*;)*
    };
    (@kinds $(
        $(#[$doc:meta])*
        $kind:ident($module:ident::$layer:ident);
    )*) => {
        /// A layer with its arguments.
        // A model has tens of layers, not millions: a box per layer would buy nothing.
        #[allow(clippy::large_enum_variant)]
        #[derive(Clone, Debug, PartialEq)]
        pub enum LayerKind {
            $($(#[$doc])* $kind($module::$layer),)*
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

            /// [`Layer::operation`] of the layer.
            pub fn operation(&self, call: &mut dyn Call) -> Option<OpKind<Dim>> {
                match self { $(LayerKind::$kind(layer) => Layer::operation(layer, call),)* }
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

            /// [`Layer::masks`] of the layer.
            pub fn masks(&self) -> Masks {
                match self { $(LayerKind::$kind(layer) => Layer::masks(layer),)* }
            }

            /// [`Layer::kept_axes`] of the layer.
            pub fn kept_axes(&self, inputs: &[&Shape], output: &Shape) -> Vec<usize> {
                match self { $(LayerKind::$kind(layer) => Layer::kept_axes(layer, inputs, output),)* }
            }

            /// [`Layer::mask_roles`] of the layer.
            pub fn mask_roles(&self) -> &'static [(usize, &'static str)] {
                match self { $(LayerKind::$kind(layer) => Layer::mask_roles(layer),)* }
            }

            /// [`Layer::reads_mask`] of the layer.
            pub fn reads_mask(&self, x: &Shape, mask: &Shape) -> bool {
                match self { $(LayerKind::$kind(layer) => Layer::reads_mask(layer, x, mask),)* }
            }

            /// [`Layer::passed_mask`] of the layer.
            pub fn passed_mask(&self) -> &'static str {
                match self { $(LayerKind::$kind(layer) => Layer::passed_mask(layer),)* }
            }

            /// [`Layer::places`] of the layer.
            pub fn places(&self) -> &'static [&'static str] {
                match self { $(LayerKind::$kind(layer) => Layer::places(layer),)* }
            }

            /// [`Layer::further`] of the layer.
            pub fn further(&self) -> &'static [&'static str] {
                match self { $(LayerKind::$kind(layer) => Layer::further(layer),)* }
            }

            /// [`Layer::called_with`] of the layer.
            pub fn called_with(&self, setting: &str, on: bool) -> Option<Self> {
                match self { $(LayerKind::$kind(layer) => Layer::called_with(layer, setting, on).map(Into::into),)* }
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

            /// [`Layer::head`] of the layer.
            pub fn head(&self) -> Option<Activation> {
                match self { $(LayerKind::$kind(layer) => Layer::head(layer),)* }
            }

            /// [`Layer::activity_regularizer`] of the layer.
            pub fn activity_regularizer(&self) -> Option<activity_regularization::ActivityRegularization> {
                match self { $(LayerKind::$kind(layer) => Layer::activity_regularizer(layer),)* }
            }

            /// [`Layer::aliases`] of the layer.
            pub fn aliases(&self) -> bool {
                match self { $(LayerKind::$kind(layer) => Layer::aliases(layer),)* }
            }

            /// [`Layer::typed`] of the layer.
            pub fn typed(&self, weights: &[Weight]) -> Option<Typed> {
                match self { $(LayerKind::$kind(layer) => Layer::typed(layer, weights),)* }
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

        $(impl From<$module::$layer> for LayerKind {
            fn from(layer: $module::$layer) -> Self {
                LayerKind::$kind(layer)
            }
        })*

        /// The classes of each layer.
        const CLASSES: &[&[Class]] = &[$($module::CLASSES),*];
    };
}

layers! {
    layers {
        /// Keras's `Dense`.
        Dense(dense::Dense);
        /// Keras's `EinsumDense`.
        EinsumDense(einsum_dense::EinsumDense);
        /// Keras's `Conv1D`, `Conv2D` and their transposes.
        Conv(conv::Conv);
        /// Keras's `DepthwiseConv1D` and `DepthwiseConv2D`.
        Depthwise(depthwise::Depthwise);
        /// Keras's `SeparableConv1D` and `SeparableConv2D`.
        Separable(separable::Separable);
        /// Keras's `Activation` and its like.
        Activation(activation::Activation);
        /// Keras's `add_weight`.
        WeightTensor(weight_tensor::WeightTensor);
        /// Keras's `PReLU`.
        PRelu(prelu::PRelu);
        /// Keras's `Flatten`.
        Flatten(flatten::Flatten);
        /// Keras's `Reshape`.
        Reshape(reshape::Reshape);
        /// Keras's `Permute`.
        Permute(permute::Permute);
        /// Keras's `RepeatVector`.
        RepeatVector(repeat_vector::RepeatVector);
        /// Keras's `Identity`.
        Identity(identity::Identity);
        /// Keras's `Dropout`, `SpatialDropout1D`, `SpatialDropout2D`.
        Dropout(dropout::Dropout);
        /// Keras's `AlphaDropout` and `GaussianDropout`.
        AlphaDropout(alpha_dropout::AlphaDropout);
        /// Keras's `ActivityRegularization`.
        ActivityRegularization(activity_regularization::ActivityRegularization);
        /// Keras's `GaussianNoise`.
        GaussianNoise(gaussian_noise::GaussianNoise);
        /// Keras's `BatchNormalization`.
        BatchNormalization(batch_normalization::BatchNormalization);
        /// Keras's `LayerNormalization`.
        LayerNormalization(layer_normalization::LayerNormalization);
        /// Keras's `GroupNormalization`.
        GroupNormalization(group_normalization::GroupNormalization);
        /// Keras's `RMSNormalization`.
        RmsNormalization(rms_normalization::RmsNormalization);
        /// Keras's `UnitNormalization`.
        UnitNormalization(unit_normalization::UnitNormalization);
        /// Keras's `Normalization`.
        Normalization(normalization::Normalization);
        /// Keras's `SpectralNormalization`.
        SpectralNormalization(spectral_normalization::SpectralNormalization);
        /// Keras's `Rescaling`.
        Rescaling(rescaling::Rescaling);
        /// Keras's `Concatenate`.
        Concatenate(concatenate::Concatenate);
        /// Keras's `Add`, `Subtract`, `Multiply`, `Average`, `Maximum`, `Minimum`.
        Merge(merge::Merge);
        /// Keras's `Masking`.
        Masking(masking::Masking);
        /// Keras's `Embedding`.
        Embedding(embedding::Embedding);
        /// Keras's `CategoryEncoding`.
        CategoryEncoding(category_encoding::CategoryEncoding);
        /// Keras's `LSTM`, `GRU` and `SimpleRNN`.
        Recurrent(recurrent::Recurrent);
        /// Keras's `MaxPooling1D`, `MaxPooling2D`, `AveragePooling1D`, `AveragePooling2D`.
        Pooling(pooling::Pooling);
        /// Keras's `GlobalMaxPooling1D`, `GlobalMaxPooling2D`, `GlobalAveragePooling1D`, `GlobalAveragePooling2D`.
        GlobalPooling(global_pooling::GlobalPooling);
        /// Keras's `AdaptiveAveragePooling1D`, `AdaptiveAveragePooling2D`, `AdaptiveMaxPooling1D`, `AdaptiveMaxPooling2D`.
        AdaptivePooling(adaptive_pooling::AdaptivePooling);
        /// Keras's `ZeroPadding1D`, `ZeroPadding2D`, `Cropping1D`, `Cropping2D`.
        Frame(frame::Frame);
        /// Keras's `UpSampling1D`, `UpSampling2D`.
        UpSampling(up_sampling::UpSampling);
        /// Keras's `Bidirectional`.
        Bidirectional(bidirectional::Bidirectional);
        /// Keras's `TimeDistributed`.
        TimeDistributed(time_distributed::TimeDistributed);
        /// Keras's `Dot`.
        Dot(dot::Dot);
        /// Keras's `Attention` and `AdditiveAttention`.
        Attention(attention::Attention);
        /// Keras's `MultiHeadAttention` and `GroupQueryAttention`.
        MultiHeadAttention(multi_head_attention::MultiHeadAttention);
    }
    operations {
        /// A loss that is computed from tensors.
        AddLoss(add_loss::AddLoss);
        /// `cumsum` of `keras.ops`.
        CumulativeSum(cumulative_sum::CumulativeSum);
        /// `einsum` of `keras.ops`.
        Einsum(einsum::Einsum);
        /// Functions of `keras.ops` of single values.
        Elementwise(elementwise::Elementwise);
        /// Parts of every sample: `x[.., 0..3]`.
        GetItem(get_item::GetItem);
        /// Axes of length 1, inserted and removed.
        AxesOfOne(axes_of_one::AxesOfOne);
        /// Integers as floats.
        CastToFloat(cast::CastToFloat);
        /// Axes in the opposite order.
        Flip(flip::Flip);
        /// `matmul` of `keras.ops`.
        Matmul(matmul::Matmul);
        /// Random numbers of `keras.random`.
        RandomDraw(random_draw::RandomDraw);
        /// Reductions of `keras.ops` over axes.
        Reduce(reduce::Reduce);
        /// Values several times.
        Repeat(repeat::Repeat);
        /// The values of a sample under other axes.
        ReshapeOperation(reshape_operation::ReshapeOperation);
        /// `softmax` and its like of `keras.ops`.
        Softmax(softmax::Softmax);
        /// Tensors along an axis of their own.
        Stack(stack::Stack);
        /// The axes of a sample in another order.
        Transpose(transpose::Transpose);
    }
}

impl LayerKind {
    /// The layer inside of wrappers, and the number of `TimeDistributed` around it: each removes a first axis.
    pub fn core(&self) -> (&LayerKind, usize) {
        match self {
            LayerKind::TimeDistributed(wrapper) => {
                let (core, axes) = wrapper.layer.core();
                (core, axes + 1)
            }
            LayerKind::SpectralNormalization(wrapper) => wrapper.layer.core(),
            _ => (self, 0),
        }
    }

    /// Layers of the graph that a call contains, whose outputs it joins; none for most layers.
    pub fn parts(&self) -> Vec<Part> {
        match self {
            LayerKind::Bidirectional(layer) => layer.parts(),
            LayerKind::TimeDistributed(layer) => layer.parts(),
            _ => Vec::new(),
        }
    }

    /// The loss that a call adds to the total, if it is one of `add_loss`.
    pub fn added_loss(&self) -> Option<&add_loss::AddLoss> {
        match self {
            LayerKind::AddLoss(loss) => Some(loss),
            _ => None,
        }
    }

    /// Whether a call adds a loss or a penalty on values to the total loss.
    pub fn penalizes_activities(&self) -> bool {
        match self {
            LayerKind::ActivityRegularization(_) | LayerKind::AddLoss(_) => true,
            LayerKind::Bidirectional(layer) => {
                layer.parts().iter().any(|part| part.kind.penalizes_activities())
            }
            _ => self.activity_regularizer().is_some(),
        }
    }

    /// Whether a call stops all gradients to its inputs.
    pub fn stops_gradients(&self) -> bool {
        match self.core().0 {
            LayerKind::Elementwise(layer) => layer.stops_gradients(),
            LayerKind::Reduce(layer) => layer.stops_gradients(),
            LayerKind::RandomDraw(_) => true,
            _ => false,
        }
    }

    /// Whether a batch begins with the final states of the previous one.
    pub fn is_stateful(&self) -> bool {
        match self.core().0 {
            LayerKind::Recurrent(layer) => layer.stateful,
            LayerKind::Bidirectional(layer) => layer.forward().stateful,
            _ => false,
        }
    }

    /// The activation that ends the layer, `Linear` if there is none.
    pub fn activation(&self) -> Activation {
        self.head().unwrap_or(Activation::Linear)
    }

    /// Keras's automatic name, before numbers are added: `dense`, `leaky_re_lu`.
    pub fn auto_name(&self) -> String {
        match self {
            // Its key in the logs ends in `_loss`.
            LayerKind::AddLoss(_) => "added".into(),
            // Keras's class of that name is `GroupedQueryAttention`.
            LayerKind::MultiHeadAttention(layer)
                if layer.class == multi_head_attention::Class::GroupQuery =>
            {
                "grouped_query_attention".into()
            }
            _ => snake_case(self.class_name()),
        }
    }
}

/// A layer inside of another that is also a layer of the graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its class with the arguments.
    pub kind: LayerKind,
    /// Its name, and whether the user chose it.
    pub name: (String, bool),
    /// Whether training changes its weights.
    pub trainable: bool,
}

/// A layer as the user wrote it.
#[derive(Clone, Debug, PartialEq)]
pub struct Constructed {
    /// The layer with its arguments.
    pub kind: LayerKind,
    /// `name = "…"` and its location.
    pub name: Option<(String, Loc)>,
    /// Whether training changes its weights.
    pub trainable: bool,
}

/// Makes the layer of `class(args…)`. `None` after an error without which the layer's shape rule cannot be applied;
/// after other errors the layer has defaults, so that the following calls are checked too.
pub fn construct(
    class: &str,
    class_loc: Loc,
    args: &[Arg],
    call: Loc,
    cx: &mut Cx<'_>,
) -> Option<Constructed> {
    let Some(entry) = class_of(class) else {
        cx.error(unknown(class, class_loc));
        return None;
    };
    let bound = bind(entry.item, args, call, cx);
    idle::check(&bound, cx);
    // Operations have neither, except for the name of a loss in the logs.
    let is_layer = !entry.is_operation();
    let named = is_layer || entry.item.argument("name").is_some();
    let name = named.then(|| bound.optional_string("name", cx)).flatten();
    let name = name.map(|name| (name, bound.loc("name")));
    let trainable = !is_layer || bound.boolean("trainable", cx);
    let kind = (entry.make)(&bound, cx)?;
    bound.sound(&[]).then_some(Constructed { kind, name, trainable })
}

/// Error for a layer or a function of Keras that mimo does not have, with a replacement; `None` if Keras does not
/// have the name.
pub fn unavailable(name: &str, loc: Loc) -> Option<Diag> {
    let instead = absent::instead_of(name)?;
    let what = if name.starts_with(char::is_uppercase) { "layer" } else { "function" };
    Some(Diag::error(Code::UnavailableLayer, loc, format!("mimo has no {what} `{name}`")).help(instead))
}

/// Error for an unknown class, of Keras or misspelt.
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

/// The class of a lower-case function: `concatenate` makes a `Concatenate` and calls it.
pub fn function(name: &str) -> Option<&'static str> {
    all().find(|entry| entry.function() == Some(name)).map(|entry| entry.item.class)
}

/// The item of an operation on tensors: `exp`.
pub fn operation(name: &str) -> Option<&'static Item> {
    operation_items().find(|item| item.class == name)
}

/// The items of `Input` and every class.
pub(crate) fn items() -> impl Iterator<Item = &'static Item> {
    let classes = all().filter(|class| !class.is_operation());
    std::iter::once(&<input::words::Input as Word>::ITEM).chain(classes.map(|class| class.item))
}

/// The items of operations on tensors.
pub(crate) fn operation_items() -> impl Iterator<Item = &'static Item> {
    let classes = all().filter(|class| class.is_operation()).map(|class| class.item);
    classes.chain(split::ITEMS)
}

fn all() -> impl Iterator<Item = &'static Class> {
    CLASSES.iter().copied().flatten()
}

fn class_of(name: &str) -> Option<&'static Class> {
    all().find(|class| class.item.class == name)
}

/// Every lower-case function: those that make a layer and call it, and operations on tensors.
pub fn functions() -> impl Iterator<Item = &'static str> {
    let made = all().filter_map(|class| class.function());
    made.chain(operation_items().map(|item| item.class))
}

/// The lower-case function of a class.
pub(crate) fn function_of(class: &str) -> Option<&'static str> {
    class_of(class).and_then(|entry| entry.function())
}

/// Every class, by Keras's name.
pub fn classes() -> impl Iterator<Item = &'static str> {
    all().filter(|class| !class.is_operation()).map(|class| class.item.class)
}
