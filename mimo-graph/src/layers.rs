//! The layers: one file each, and the one list that names them.
//!
//! A layer here is its arguments, its shape rule and its weights. What it computes is in the file of the
//! same name in `mimo-runtime/src/layers`.

use crate::activation::Activation;
use crate::context::Cx;
use crate::diag::Loc;
use crate::graph::Dtype;
use crate::initializer::{Constraint, Initializer, Regularizer};
use crate::shape::Shape;

pub mod activation;
pub mod concatenate;
pub mod dense;
pub mod dropout;
pub mod flatten;
pub mod gaussian_noise;
pub mod merge;
pub mod permute;
pub mod repeat_vector;
pub mod reshape;

/// What a layer is called with.
#[derive(Clone, Debug)]
pub struct Operand<'a> {
    /// What messages call it: the user's binding.
    pub name: &'a str,
    /// The shape of one sample.
    pub shape: &'a Shape,
    /// What it holds.
    pub dtype: Dtype,
    /// The tokens that name it in the call.
    pub loc: Loc,
}

/// A weight of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Weight {
    /// Keras's name: `kernel`, `bias`.
    pub name: &'static str,
    /// Its shape, in Keras's layout.
    pub shape: Shape,
    /// How it starts and is held.
    pub options: WeightOptions,
}

/// How a weight starts and is held.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WeightOptions {
    /// What it starts as.
    pub initializer: Initializer,
    /// What it costs to be large.
    pub regularizer: Option<Regularizer>,
    /// What it is brought back to.
    pub constraint: Option<Constraint>,
}

/// What every layer says about itself.
pub trait Layer: Sized {
    /// The shapes and element types of what the layer gives, or `None` after an error was reported.
    /// `call` are the tokens of the call.
    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>>;

    /// The weights that the layer holds for inputs of these shapes, in Keras's order. Called after `infer`
    /// found nothing wrong.
    fn weights(&self, inputs: &[&Shape]) -> Vec<Weight> {
        let _ = inputs;
        Vec::new()
    }

    /// How many tensors the layer reads: at least, and at most.
    fn arity(&self) -> (usize, usize) {
        (1, 1)
    }

    /// The activation that ends the layer, `Linear` if there is none.
    fn activation(&self) -> Activation {
        Activation::Linear
    }
}

/// A layer with its arguments.
// A model has tens of layers, not millions: a box per layer would buy nothing.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Debug, PartialEq)]
pub enum LayerKind {
    /// Keras's `Dense`.
    Dense(dense::Dense),
    /// Keras's `Activation` and its like.
    Activation(activation::Activation),
    /// Keras's `Flatten`.
    Flatten(flatten::Flatten),
    /// Keras's `Reshape`.
    Reshape(reshape::Reshape),
    /// Keras's `Permute`.
    Permute(permute::Permute),
    /// Keras's `RepeatVector`.
    RepeatVector(repeat_vector::RepeatVector),
    /// Keras's `Dropout`.
    Dropout(dropout::Dropout),
    /// Keras's `GaussianNoise`.
    GaussianNoise(gaussian_noise::GaussianNoise),
    /// Keras's `Concatenate`.
    Concatenate(concatenate::Concatenate),
    /// Keras's `Add`, `Subtract`, `Multiply`, `Average`, `Maximum`, `Minimum`.
    Merge(merge::Merge),
}
// Stand-ins until branch `layers` brings the real ones: drop this block when merging.
#[allow(missing_docs)]
impl LayerKind {
    pub fn class_name(&self) -> &'static str {
        match self {
            LayerKind::Dense(_) => "Dense",
            _ => "Flatten",
        }
    }
    pub fn auto_name(&self) -> &'static str {
        match self {
            LayerKind::Dense(_) => "dense",
            _ => "flatten",
        }
    }
    pub fn activation(&self) -> Activation {
        match self {
            LayerKind::Dense(d) => d.activation,
            LayerKind::Activation(a) => a.activation,
            _ => Activation::Linear,
        }
    }
}
