//! `UpSampling1D`, `UpSampling2D`: upsample sequences and images.

use crate::activation::Activation;
use crate::args::Bound;
use crate::code::Code;
use crate::context::Cx;
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::change::{Change, Written};
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, Typed, Weight, floats};
use crate::layers::spatial;
pub use crate::operation::Interpolation;
use crate::operation::{self, Call, OpKind};
use crate::shape::{Dtype, Shape};

/// Keras's `UpSampling1D`: `[steps, channels] → [steps · size, channels]`, and `UpSampling2D`:
/// `[height, width, channels] → [height · size, width · size, channels]`.
#[derive(Clone, Debug, PartialEq)]
pub struct UpSampling {
    /// 1 for sequences, 2 for images.
    pub axes: usize,
    /// Factors of height and width; a sequence keeps its height of 1.
    pub size: [Dim; 2],
    /// Interpolation of the new pixels.
    pub interpolation: Interpolation,
}

layer! {
    /// Repeats each step of `[steps, channels]`.
    ///
    /// Keras: [`UpSampling1D`](https://keras.io/api/layers/reshaping_layers/up_sampling1d/)
    "`UpSampling1D(size = 2, name = none, trainable = true)`"
    UpSampling1D, "let x = Input(shape = [10, 4]);\nlet y: [20, 4] = UpSampling1D(2)(x);" => UpSampling::sequence;
    takes {
        /// Number of repetitions of each value along an axis.
        size: Lengths = "2",
    }

    /// Enlarges `[height, width, channels]` by integer factors.
    ///
    /// Keras: [`UpSampling2D`](https://keras.io/api/layers/reshaping_layers/up_sampling2d/)
    "`UpSampling2D(size = 2, interpolation = nearest, name = none, trainable = true)`"
    UpSampling2D, "let x = Input(shape = [10, 10, 4]);\nlet y: [20, 20, 4] = UpSampling2D(2)(x);" => UpSampling::image;
    takes {
        /// Factors of height and width: one for both, or two.
        size: Lengths = "2",
        data_format => "leave it out: channels are the last axis",
        /// Interpolation of the new pixels.
        interpolation: Interpolation = "nearest",
    }
}

const INTERPOLATIONS: &[&str] = &["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "area"];

impl UpSampling {
    pub(super) fn sequence(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let size = Self::size(1, args, cx);
        let interpolation = Interpolation::Nearest;
        args.sound(&["size"]).then_some(UpSampling { axes: 1, size: size?, interpolation })
    }

    pub(super) fn image(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let size = Self::size(2, args, cx);
        let interpolation = match args.word_of("interpolation", INTERPOLATIONS, cx) {
            "nearest" => Interpolation::Nearest,
            "bilinear" => Interpolation::Bilinear,
            other => {
                let message = format!("mimo has no interpolation `{other}`");
                let diag = Diag::error(Code::UnavailableSetting, args.loc("interpolation"), message);
                cx.error(diag.help("write `interpolation = \"bilinear\"` or `\"nearest\"`"));
                args.fail("interpolation");
                Interpolation::Bilinear
            }
        };
        args.sound(&["size"]).then_some(UpSampling { axes: 2, size: size?, interpolation })
    }

    fn size(axes: usize, args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<[Dim; 2]> {
        args.read_or_default("size", cx, |value, what, cx| spatial::lengths(value, what, axes, cx))
    }
}

impl Layer for UpSampling {
    fn class_name(&self) -> &'static str {
        if self.axes == 1 { "UpSampling1D" } else { "UpSampling2D" }
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
        let operation = operation::UpSampling {
            image: spatial::image_of(&call.shape(0)),
            size: self.size.clone(),
            interpolation: self.interpolation,
            x: call.x(0),
            y: call.y(),
        };
        Some(operation.into())
    }

    fn infer(&self, inputs: &[Operand<'_>], _: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        let [height, width, channels] = spatial::image(self.class_name(), self.axes, x, cx)?;
        if self.interpolation == Interpolation::Bilinear && !floats(self.class_name(), x, cx) {
            return None;
        }
        let [rows, columns] = self.size.clone();
        Some(vec![(spatial::shape(self.axes, [height * rows, width * columns, channels]), x.dtype)])
    }

    fn changes(&self, inputs: &[&Shape], wanted: Option<&Shape>) -> Vec<(Self, Change)> {
        let Some(wanted) = wanted else { return vec![] };
        let Some(shape) = inputs.first() else { return vec![] };
        let pairs = shape.0.iter().zip(&wanted.0).take(self.axes);
        let times =
            pairs.map(|(n, wanted)| wanted.known()?.checked_div(n.known()?).filter(|&times| times > 0));
        let Some(times) = times.collect::<Option<Vec<usize>>>() else { return vec![] };
        let size = match times[..] {
            [width] => [1, width],
            [height, width] => [height, width],
            _ => return vec![],
        };
        let change = Change::Setting("size", Written::numbers(&times));
        vec![(UpSampling { size: size.map(Dim::Known), ..self.clone() }, change)]
    }
}
