//! `GlobalMaxPooling1D`, `GlobalAveragePooling1D` and their 2D forms: one value per channel.

use crate::args::{Bound, Signature};
use crate::context::Cx;
use crate::diag::Loc;
use crate::dim::Dim;
use crate::layers::change::{Change, Settings};
use crate::layers::layer::{Effect, Layer, Operand, Reads, floats};
use crate::layers::pooling::PoolKind;
use crate::layers::{options, spatial};
use crate::shape::{Dtype, Shape};

/// Keras's `GlobalMaxPooling1D`, `GlobalAveragePooling1D`: `[steps, channels] → [channels]`, and
/// `GlobalMaxPooling2D`, `GlobalAveragePooling2D`: `[height, width, channels] → [channels]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GlobalPooling {
    /// The mean, or the largest with a gradient that all of the largest share.
    pub kind: PoolKind,
    /// 1 for sequences, 2 for images.
    pub axes: usize,
    /// Whether the pooled axes stay, with length 1.
    pub keepdims: bool,
}

const fn signature(callee: &'static str) -> Signature {
    options::image_layer(callee, &["data_format", "keepdims"])
}

pub(super) const MAX_1D: Signature = signature("GlobalMaxPooling1D");
pub(super) const MAX_2D: Signature = signature("GlobalMaxPooling2D");
pub(super) const AVERAGE_1D: Signature = signature("GlobalAveragePooling1D");
pub(super) const AVERAGE_2D: Signature = signature("GlobalAveragePooling2D");

impl GlobalPooling {
    pub(super) fn from_args(kind: PoolKind, axes: usize, args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let keepdims = args.boolean("keepdims", false, cx);
        args.sound(&["keepdims"]).then_some(GlobalPooling { kind, axes, keepdims })
    }
}

impl Layer for GlobalPooling {
    fn class_name(&self) -> &'static str {
        match (self.kind, self.axes) {
            (PoolKind::Max | PoolKind::SharedMax, 1) => MAX_1D.callee,
            (PoolKind::Max | PoolKind::SharedMax, _) => MAX_2D.callee,
            (PoolKind::Average, 1) => AVERAGE_1D.callee,
            (PoolKind::Average, _) => AVERAGE_2D.callee,
        }
    }

    fn reads(&self) -> Reads {
        Reads::Channels
    }

    fn effect(&self) -> Effect {
        Effect::Resampled
    }

    fn infer(&self, inputs: &[Operand<'_>], _: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        let [.., channels] = spatial::image(self.class_name(), self.axes, x, cx)?;
        if !floats(self.class_name(), x, cx) {
            return None;
        }
        let shape = match self.keepdims {
            true => spatial::shape(self.axes, [Dim::Known(1), Dim::Known(1), channels]),
            false => Shape(vec![channels]),
        };
        Some(vec![(shape, Dtype::Float)])
    }

    fn changes(&self, inputs: &[&Shape], _: Option<&Shape>) -> Vec<(Self, Change)> {
        if inputs.first().is_some_and(|shape| shape.rank() != self.axes + 1) {
            let changed = GlobalPooling { axes: 3 - self.axes, ..*self };
            return vec![(changed, Change::Layer(changed.class_name(), Settings::None))];
        }
        let keepdims = !self.keepdims;
        vec![(GlobalPooling { keepdims, ..*self }, Change::Setting("keepdims", keepdims.into()))]
    }
}
