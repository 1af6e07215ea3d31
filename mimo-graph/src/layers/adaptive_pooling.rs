//! `AdaptiveAveragePooling1D`, `AdaptiveMaxPooling1D` and their 2D forms: a fixed number of windows for any image.

use crate::activation::Activation;
use crate::args::Bound;
use crate::context::Cx;
use crate::diag::Loc;
use crate::dim::Dim;
use crate::layers::change::{Change, Settings, Written};
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, Typed, Weight, floats};
use crate::layers::pooling::PoolKind;
use crate::layers::spatial;
use crate::operation::{self, Call, OpKind};
use crate::shape::{Dtype, Shape};

/// Keras's `AdaptiveAveragePooling1D`, `AdaptiveMaxPooling1D`: `[steps, channels] → [size, channels]`, and their 2D forms:
/// `[height, width, channels] → [size, size, channels]`.
#[derive(Clone, Debug, PartialEq)]
pub struct AdaptivePooling {
    /// The mean or the largest value.
    pub kind: PoolKind,
    /// 1 for sequences, 2 for images.
    pub axes: usize,
    /// Height and width of the result; a sequence has a height of 1.
    pub output_size: [Dim; 2],
}

layer! {
    /// The mean of each channel in a fixed number of windows, however long the sequence is.
    ///
    /// `[steps, channels] → [output_size, channels]`. Windows are as equal as they can be; neighbours may share a step.
    ///
    /// Keras: [`AdaptiveAveragePooling1D`](https://keras.io/api/layers/pooling_layers/adaptive_average_pooling1d/)
    "`AdaptiveAveragePooling1D(output_size, name = none, trainable = true)`"
    AdaptiveAveragePooling1D, "let x = Input(shape = [50, 8]);\nlet y: [4, 8] = AdaptiveAveragePooling1D(4)(x);" => |args, cx| AdaptivePooling::from_args(PoolKind::Average, 1, args, cx);

    /// The mean of each channel in a fixed number of windows, however large the image is.
    ///
    /// `[height, width, channels] → [rows, columns, channels]`. Windows are as equal as they can be; neighbours may share pixels.
    ///
    /// Keras: [`AdaptiveAveragePooling2D`](https://keras.io/api/layers/pooling_layers/adaptive_average_pooling2d/)
    "`AdaptiveAveragePooling2D(output_size, name = none, trainable = true)`"
    AdaptiveAveragePooling2D, "let x = Input(shape = [30, 20, 8]);\nlet y: [4, 4, 8] = AdaptiveAveragePooling2D(4)(x);" => |args, cx| AdaptivePooling::from_args(PoolKind::Average, 2, args, cx);

    /// The largest value of each channel in a fixed number of windows, however long the sequence is.
    ///
    /// `[steps, channels] → [output_size, channels]`. Windows are as equal as they can be; neighbours may share a step.
    ///
    /// Keras: [`AdaptiveMaxPooling1D`](https://keras.io/api/layers/pooling_layers/adaptive_max_pooling1d/)
    "`AdaptiveMaxPooling1D(output_size, name = none, trainable = true)`"
    AdaptiveMaxPooling1D, "let x = Input(shape = [50, 8]);\nlet y: [4, 8] = AdaptiveMaxPooling1D(4)(x);" => |args, cx| AdaptivePooling::from_args(PoolKind::Max, 1, args, cx);

    /// The largest value of each channel in a fixed number of windows, however large the image is.
    ///
    /// `[height, width, channels] → [rows, columns, channels]`. Windows are as equal as they can be; neighbours may share pixels.
    ///
    /// Keras: [`AdaptiveMaxPooling2D`](https://keras.io/api/layers/pooling_layers/adaptive_max_pooling2d/)
    "`AdaptiveMaxPooling2D(output_size, name = none, trainable = true)`"
    AdaptiveMaxPooling2D, "let x = Input(shape = [30, 20, 8]);\nlet y: [4, 2, 8] = AdaptiveMaxPooling2D((4, 2))(x);" => |args, cx| AdaptivePooling::from_args(PoolKind::Max, 2, args, cx);
    takes {
        /// Number of windows along each axis.
        output_size: Lengths,
        data_format => "leave it out: channels are the last axis",
    }
}

impl AdaptivePooling {
    fn from_args(kind: PoolKind, axes: usize, args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let size = args.read("output_size", cx, |value, what, cx| spatial::lengths(value, what, axes, cx));
        Some(AdaptivePooling { kind, axes, output_size: size? })
    }
}

impl Layer for AdaptivePooling {
    fn class_name(&self) -> &'static str {
        match (self.kind, self.axes) {
            (PoolKind::Average, 1) => "AdaptiveAveragePooling1D",
            (PoolKind::Average, _) => "AdaptiveAveragePooling2D",
            (PoolKind::Max | PoolKind::SharedMax, 1) => "AdaptiveMaxPooling1D",
            (PoolKind::Max | PoolKind::SharedMax, _) => "AdaptiveMaxPooling2D",
        }
    }

    fn reads(&self) -> Reads {
        Reads::Channels
    }

    fn masks(&self) -> Masks {
        Masks::Lose
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
        let operation = operation::AdaptivePooling {
            kind: self.kind,
            image: spatial::image_of(&call.shape(0)),
            size: self.output_size.clone(),
            x: call.x(0),
            y: call.y(),
        };
        Some(operation.into())
    }

    fn infer(&self, inputs: &[Operand<'_>], _: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        let [.., channels] = spatial::image(self.class_name(), self.axes, x, cx)?;
        if !floats(self.class_name(), x, cx) {
            return None;
        }
        let [rows, columns] = self.output_size.clone();
        Some(vec![(spatial::shape(self.axes, [rows, columns, channels]), Dtype::Float)])
    }

    fn changes(&self, inputs: &[&Shape], wanted: Option<&Shape>) -> Vec<(Self, Change)> {
        let Some(wanted) = wanted else {
            let changed = AdaptivePooling { axes: 3 - self.axes, ..self.clone() };
            // One length is used for both axes.
            let same = self.axes == 2 && self.output_size[0] != self.output_size[1];
            let fits = inputs.first().is_some_and(|shape| shape.rank() == self.axes + 1);
            let changed = match changed.axes {
                1 => AdaptivePooling { output_size: [Dim::Known(1), self.output_size[1].clone()], ..changed },
                _ => AdaptivePooling {
                    output_size: [self.output_size[1].clone(), self.output_size[1].clone()],
                    ..changed
                },
            };
            let change = Change::Layer(changed.class_name(), Settings::Same);
            return if fits || same { vec![] } else { vec![(changed, change)] };
        };
        let size: Option<Vec<usize>> = wanted.0.iter().take(self.axes).map(Dim::known).collect();
        let Some(size) = size.filter(|size| size.len() == self.axes) else { return vec![] };
        let output_size = match size[..] {
            [width] => [1, width],
            [height, width] => [height, width],
            _ => return vec![],
        };
        let change = Change::Setting("output_size", Written::numbers(&size));
        vec![(AdaptivePooling { output_size: output_size.map(Dim::Known), ..self.clone() }, change)]
    }
}
