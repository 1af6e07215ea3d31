//! `GlobalMaxPooling1D`, `GlobalAveragePooling1D` and their 2D forms: one value per channel.

use crate::activation::Activation;
use crate::args::Bound;
use crate::context::Cx;
use crate::diag::Loc;
use crate::dim::Dim;
use crate::layers::change::{Change, Settings};
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, Typed, Weight, floats, mask_fits};
use crate::layers::pooling::{PoolKind, Pooling};
use crate::layers::spatial;
use crate::operation::{Call, MaskedMean, OpKind, Padding};
use crate::shape::{Dtype, Shape};

/// Keras's `GlobalMaxPooling1D`, `GlobalAveragePooling1D`: `[steps, channels] → [channels]`, and
/// `GlobalMaxPooling2D`, `GlobalAveragePooling2D`: `[height, width, channels] → [channels]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GlobalPooling {
    /// The mean, or the largest value with a gradient shared by all of the largest.
    pub kind: PoolKind,
    /// 1 for sequences, 2 for images.
    pub axes: usize,
    /// Whether the pooled axes are kept, with length 1.
    pub keepdims: bool,
}

layer! {
    /// The largest value of each channel over all steps.
    ///
    /// `[steps, channels] → [channels]`
    ///
    /// Keras: [`GlobalMaxPooling1D`](https://keras.io/api/layers/pooling_layers/global_max_pooling1d/)
    "`GlobalMaxPooling1D(keepdims = false, name = none, trainable = true)`"
    GlobalMaxPooling1D, "let x = Input(shape = [254, 32]);\nlet y: [32] = GlobalMaxPooling1D()(x);" => |args, cx| GlobalPooling::from_args(PoolKind::SharedMax, 1, args, cx);

    /// The largest value of each channel over all pixels.
    ///
    /// `[height, width, channels] → [channels]`
    ///
    /// Keras: [`GlobalMaxPooling2D`](https://keras.io/api/layers/pooling_layers/global_max_pooling2d/)
    "`GlobalMaxPooling2D(keepdims = false, name = none, trainable = true)`"
    GlobalMaxPooling2D, "let x = Input(shape = [26, 26, 32]);\nlet y: [32] = GlobalMaxPooling2D()(x);" => |args, cx| GlobalPooling::from_args(PoolKind::SharedMax, 2, args, cx);

    /// The mean of each channel over all steps, or over the unmasked ones.
    ///
    /// `[steps, channels] → [channels]`. A call may pass `mask = …`, `[steps]`. If all steps are masked, the mean is
    /// 0; Keras returns NaN.
    ///
    /// Keras: [`GlobalAveragePooling1D`](https://keras.io/api/layers/pooling_layers/global_average_pooling1d/)
    "`GlobalAveragePooling1D(keepdims = false, name = none, trainable = true)`"
    GlobalAveragePooling1D, "let x = Input(shape = [254, 32]);\nlet y: [32] = GlobalAveragePooling1D()(x);" => |args, cx| GlobalPooling::from_args(PoolKind::Average, 1, args, cx);

    /// The mean of each channel over all pixels.
    ///
    /// `[height, width, channels] → [channels]`
    ///
    /// Keras: [`GlobalAveragePooling2D`](https://keras.io/api/layers/pooling_layers/global_average_pooling2d/)
    "`GlobalAveragePooling2D(keepdims = false, name = none, trainable = true)`"
    GlobalAveragePooling2D, "let x = Input(shape = [26, 26, 32]);\nlet y: [32] = GlobalAveragePooling2D()(x);" => |args, cx| GlobalPooling::from_args(PoolKind::Average, 2, args, cx);
    takes {
        data_format => "leave it out: channels are the last axis",
        /// Whether the pooled axes are kept, with length 1.
        keepdims: bool = "false",
    }
}

impl GlobalPooling {
    pub(super) fn from_args(kind: PoolKind, axes: usize, args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let keepdims = args.boolean("keepdims", cx);
        args.sound(&["keepdims"]).then_some(GlobalPooling { kind, axes, keepdims })
    }
}

impl Layer for GlobalPooling {
    fn class_name(&self) -> &'static str {
        match (self.kind, self.axes) {
            (PoolKind::Max | PoolKind::SharedMax, 1) => "GlobalMaxPooling1D",
            (PoolKind::Max | PoolKind::SharedMax, _) => "GlobalMaxPooling2D",
            (PoolKind::Average, 1) => "GlobalAveragePooling1D",
            (PoolKind::Average, _) => "GlobalAveragePooling2D",
        }
    }

    fn reads(&self) -> Reads {
        Reads::Channels
    }

    fn masks(&self) -> Masks {
        if self.kind == PoolKind::Average && self.axes == 1 { Masks::End } else { Masks::Lose }
    }

    fn mask_roles(&self) -> &'static [(usize, &'static str)] {
        match (self.kind, self.axes) {
            (PoolKind::Average, 1) => &[(0, "mask")],
            _ => &[],
        }
    }

    fn effect(&self) -> Effect {
        Effect::Resampled
    }

    fn head(&self) -> Option<Activation> {
        None
    }

    fn aliases(&self) -> bool {
        false
    }

    fn typed(&self, _: &[Weight]) -> Option<Typed> {
        None
    }

    fn operation(&self, call: &mut dyn Call) -> Option<OpKind<Dim>> {
        if let Some(mask) = call.input_of("mask").filter(|&mask| call.shape(mask).rank() == 1) {
            let channels = call.shape(0).last().cloned()?;
            let operation = MaskedMean { channels, x: call.x(0), mask: call.x(mask), y: call.y() };
            call.count(call.shape(0).elements());
            return Some(operation.into());
        }
        // One window, as large as the image.
        let [height, width, _] = spatial::image_of(&call.shape(0));
        let pooling = Pooling {
            kind: self.kind,
            axes: self.axes,
            pool_size: [height, width],
            strides: [Dim::Known(1), Dim::Known(1)],
            padding: Padding::Valid,
        };
        pooling.operation(call)
    }

    fn infer(&self, inputs: &[Operand<'_>], _: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let (x, masks) = inputs.split_first()?;
        let [.., channels] = spatial::image(self.class_name(), self.axes, x, cx)?;
        if !floats(self.class_name(), x, cx) {
            return None;
        }
        if !masks.iter().all(|mask| mask_fits(self.class_name(), mask, x, 1, cx)) {
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
