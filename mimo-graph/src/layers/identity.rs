//! `Identity`: the tensor itself.

use crate::activation::Activation;
use crate::context::Cx;
use crate::diag::Loc;
use crate::dim::Dim;
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, Typed, Weight};
use crate::operation::{Call, OpKind};
use crate::shape::{Dtype, Shape};

/// Keras's `Identity`: `[…] → […]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity;

layer! {
    /// Outputs its input unchanged: a placeholder for an omitted layer.
    ///
    /// `[…] → […]`, of floats or of integers. The layer computes nothing and has no weights.
    ///
    /// Keras: [`Identity`](https://keras.io/api/layers/core_layers/identity/)
    "`Identity(name = none, trainable = true)`"
    Identity, "let x = Input(shape = [8]);\nlet y: [8] = Identity()(x);" => |_, _| Some(Identity);
    takes {}
}

impl Layer for Identity {
    fn class_name(&self) -> &'static str {
        "Identity"
    }

    fn reads(&self) -> Reads {
        Reads::Any
    }

    fn masks(&self) -> Masks {
        Masks::Keep
    }

    fn effect(&self) -> Effect {
        Effect::Rearranged
    }

    fn head(&self) -> Option<Activation> {
        None
    }

    fn aliases(&self) -> bool {
        true
    }

    fn typed(&self, _: &[Weight]) -> Option<Typed> {
        None
    }

    fn operation(&self, _: &mut dyn Call) -> Option<OpKind<Dim>> {
        None
    }

    fn infer(&self, inputs: &[Operand<'_>], _: Loc, _: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        Some(vec![(x.shape.clone(), x.dtype)])
    }
}
