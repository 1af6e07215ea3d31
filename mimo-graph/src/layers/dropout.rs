//! `Dropout`, `SpatialDropout1D` and `SpatialDropout2D`: random zeros while training, no effect otherwise.

use crate::activation::Activation;
use crate::args::Bound;
use crate::context::Cx;
use crate::diag::Loc;
use crate::dim::Dim;
use crate::layers::change::{Change, Settings};
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, Typed, Weight, same_shape};
use crate::layers::noise_shape::NoiseShape;
use crate::layers::spatial;
use crate::operation::{self, Call, OpKind, Randomness};
use crate::shape::{Dtype, Shape};

/// Keras's `Dropout`, `SpatialDropout1D` and `SpatialDropout2D`.
#[derive(Clone, Debug, PartialEq)]
pub struct Dropout {
    /// Fraction of values that become 0; the others are scaled by `1 / (1 − rate)`.
    pub rate: f64,
    /// The values that are dropped together.
    pub together: Together,
    /// Its own seed; without one, it is derived from the model's seed and the layer's position.
    pub seed: Option<u64>,
}

/// The values of a sample that are dropped together.
#[derive(Clone, Debug, PartialEq)]
pub enum Together {
    /// Every value is dropped separately.
    Alone,
    /// Those that share a random number.
    Shape(NoiseShape),
    /// All values of a channel of a sequence (1) or an image (2): `SpatialDropout1D`, `SpatialDropout2D`.
    Channels(usize),
}

layer! {
    /// Sets a fraction of the values to zero while training, and scales the others up to preserve the expected sum.
    ///
    /// The shape is unchanged. Predictions are not changed.
    ///
    /// Keras: [`Dropout`](https://keras.io/api/layers/regularization_layers/dropout/)
    "`Dropout(rate, noise_shape = none, seed = none, name = none, trainable = true)`"
    Dropout, "let x = Input(shape = [64]);\nlet y: [64] = Dropout(0.5)(x);" => Dropout::from_args;
    takes {
        /// Fraction of the values that is dropped, from 0 to 1.
        rate: f64 in [0.0..=1.0],
        /// Shape of the random numbers of one sample, without the batch: 1 for an axis whose positions are dropped
        /// together, `none` or the length of the axis for the others.
        noise_shape: Lengths = "none",
        /// Seed of the random numbers; by default it is derived from the seed of the model or trainer.
        seed: usize = "none",
    }

    /// Sets a fraction of the channels of a sequence to zero while training, at all steps, and scales the others up.
    ///
    /// `[steps, channels] → [steps, channels]`. Predictions are not changed.
    ///
    /// Keras: [`SpatialDropout1D`](https://keras.io/api/layers/regularization_layers/spatial_dropout1d/)
    "`SpatialDropout1D(rate, seed = none, name = none, trainable = true)`"
    SpatialDropout1D, "let x = Input(shape = [20, 8]);\nlet y: [20, 8] = SpatialDropout1D(0.5)(x);" => |args, cx| Dropout::spatial(1, args, cx);
    takes {
        /// Fraction of the channels that is dropped, from 0 to 1.
        rate: f64 in [0.0..=1.0],
        /// Seed of the random numbers; by default it is derived from the seed of the model or trainer.
        seed: usize = "none",
    }

    /// Sets a fraction of the channels of an image to zero while training, at all pixels, and scales the others up.
    ///
    /// `[height, width, channels] → [height, width, channels]`. Predictions are not changed.
    ///
    /// Keras: [`SpatialDropout2D`](https://keras.io/api/layers/regularization_layers/spatial_dropout2d/)
    "`SpatialDropout2D(rate, seed = none, name = none, trainable = true)`"
    SpatialDropout2D, "let x = Input(shape = [8, 8, 4]);\nlet y: [8, 8, 4] = SpatialDropout2D(0.5)(x);" => |args, cx| Dropout::spatial(2, args, cx);
    takes {
        /// Fraction of the channels that is dropped, from 0 to 1.
        rate: f64 in [0.0..=1.0],
        data_format => "leave it out: channels are the last axis",
        /// Seed of the random numbers; by default it is derived from the seed of the model or trainer.
        seed: usize = "none",
    }
}

impl Dropout {
    fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let rate = args.float("rate", cx);
        let together = NoiseShape::from_args(args, cx).map_or(Together::Alone, Together::Shape);
        let seed = args.optional_seed("seed", cx);
        Some(Dropout { rate, together, seed })
    }

    fn spatial(axes: usize, args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let rate = args.float("rate", cx);
        let seed = args.optional_seed("seed", cx);
        Some(Dropout { rate, together: Together::Channels(axes), seed })
    }
}

impl Layer for Dropout {
    fn class_name(&self) -> &'static str {
        match self.together {
            Together::Alone | Together::Shape(_) => "Dropout",
            Together::Channels(1) => "SpatialDropout1D",
            Together::Channels(_) => "SpatialDropout2D",
        }
    }

    fn reads(&self) -> Reads {
        match self.together {
            Together::Alone => Reads::Any,
            Together::Shape(_) => Reads::NamedAxes,
            Together::Channels(_) => Reads::Channels,
        }
    }

    fn masks(&self) -> Masks {
        Masks::Keep
    }

    fn effect(&self) -> Effect {
        Effect::Noise
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
        let key = call.key(self.seed);
        let positions = match &self.together {
            Together::Alone => Dim::Known(1),
            Together::Channels(_) => call.shape(0).positions(),
            Together::Shape(shape) => {
                let randomness = Randomness::Dropout { rate: self.rate };
                return Some(NoiseShape::operation(Some(shape), randomness, key, call));
            }
        };
        Some(operation::Dropout { rate: self.rate, positions, key, x: call.x(0), y: call.y() }.into())
    }

    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        let fits = match &self.together {
            Together::Alone => true,
            Together::Shape(shape) => shape.fits(self.class_name(), x, call, cx),
            Together::Channels(axes) => spatial::image(self.class_name(), *axes, x, cx).is_some(),
        };
        if !fits {
            return None;
        }
        same_shape(self.class_name(), inputs, cx)
    }

    fn changes(&self, inputs: &[&Shape], _: Option<&Shape>) -> Vec<(Self, Change)> {
        match self.together {
            Together::Channels(axes) if inputs.first().is_some_and(|shape| shape.rank() != axes + 1) => {
                let changed = Dropout { together: Together::Channels(3 - axes), ..self.clone() };
                let change = Change::Layer(changed.class_name(), Settings::Same);
                vec![(changed, change)]
            }
            _ => vec![],
        }
    }
}
