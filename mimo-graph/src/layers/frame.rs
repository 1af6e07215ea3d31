//! `ZeroPadding1D`, `ZeroPadding2D`, `Cropping1D`, `Cropping2D`: add or remove the edges of a sequence or an image.

use crate::activation::Activation;
use crate::args::Bound;
use crate::code::Code;
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::change::{Change, Written};
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, Typed, Weight};
use crate::layers::spatial;
use crate::operation::{self, Call, OpKind};
use crate::shape::{Dtype, Shape};

/// Keras's `ZeroPadding1D`, `ZeroPadding2D`: zeros around `[steps, channels]` or `[height, width, channels]`; and
/// `Cropping1D`, `Cropping2D`: the same without its edges.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// Whether edges are added instead of removed.
    pub pads: bool,
    /// 1 for sequences, 2 for images.
    pub axes: usize,
    /// By axis, height first: the width of the edges before and after. A sequence has none above and below.
    pub edges: [[Dim; 2]; 2],
}

layer! {
    /// Zeros at the edges of `[steps, channels]`.
    ///
    /// Keras: [`ZeroPadding1D`](https://keras.io/api/layers/reshaping_layers/zero_padding1d/)
    "`ZeroPadding1D(padding = 1, name = none, trainable = true)`"
    ZeroPadding1D, "let x = Input(shape = [10, 4]);\nlet y: [12, 4] = ZeroPadding1D(1)(x);" => |args, cx| Frame::from_args(true, 1, args, cx);

    /// Zeros at the edges of `[height, width, channels]`.
    ///
    /// Keras: [`ZeroPadding2D`](https://keras.io/api/layers/reshaping_layers/zero_padding2d/)
    "`ZeroPadding2D(padding = 1, name = none, trainable = true)`"
    ZeroPadding2D, "let x = Input(shape = [10, 10, 4]);\nlet y: [12, 12, 4] = ZeroPadding2D(1)(x);" => |args, cx| Frame::from_args(true, 2, args, cx);
    takes {
        /// Number of zeros added at the edges.
        padding: Frame = "1",
        data_format => "leave it out: channels are the last axis",
    }

    /// `[steps, channels]` without its edges.
    ///
    /// Keras: [`Cropping1D`](https://keras.io/api/layers/reshaping_layers/cropping1d/)
    "`Cropping1D(cropping = 1, name = none, trainable = true)`"
    Cropping1D, "let x = Input(shape = [10, 4]);\nlet y: [8, 4] = Cropping1D(1)(x);" => |args, cx| Frame::from_args(false, 1, args, cx);
    takes {
        /// Number of values removed at the edges.
        cropping: Frame = "1",
    }

    /// `[height, width, channels]` without its edges.
    ///
    /// Keras: [`Cropping2D`](https://keras.io/api/layers/reshaping_layers/cropping2d/)
    "`Cropping2D(cropping = 0, name = none, trainable = true)`"
    Cropping2D, "let x = Input(shape = [10, 10, 4]);\nlet y: [8, 8, 4] = Cropping2D(1)(x);" => |args, cx| Frame::from_args(false, 2, args, cx);
    takes {
        /// Number of values removed at the edges.
        cropping: Frame = "0",
        data_format => "leave it out: channels are the last axis",
    }
}

impl Frame {
    pub(super) fn from_args(pads: bool, axes: usize, args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let name = if pads { "padding" } else { "cropping" };
        let edges =
            args.read_or_default(name, cx, |value, what, cx| spatial::edges(value, what, axes, cx))?;
        args.sound(&[name]).then_some(Frame { pads, axes, edges })
    }

    /// Whether an axis of length `n` that loses `lost` is not empty.
    fn leaves(&self, axis: &str, n: &Dim, lost: &Dim, x: &Operand<'_>, call: Loc, cx: &mut Cx<'_>) -> bool {
        let class = self.class_name();
        match n.known().zip(lost.known()) {
            Some((n, lost)) if n > lost => true,
            Some((n, lost)) => {
                let there = if self.axes == 1 { "of which there are" } else { "which is" };
                let message = format!("`{class}` takes {lost} of the {axis} of `{}`, {there} {n}", x.name);
                let help = match n {
                    0 | 1 => format!("leave the {axis} as it is: write 0"),
                    _ => format!("take {} at most in all, so that something is left", n - 1),
                };
                cx.error(Diag::error(Code::NothingLeft, call, message).about(x.named()).help(help));
                false
            }
            None => {
                cx.checks.push(DimCheck {
                    code: Code::NothingLeft,
                    loc: call,
                    found: n.clone(),
                    relation: Relation::AtLeast,
                    wanted: lost.clone() + Dim::Known(1),
                    what: format!("{axis} of `{}`", x.name),
                    help: Some("crop less, so that something is left".into()),
                    notes: vec![format!("`{class}` takes {} of it", lost.display(cx.consts))],
                    subjects: x.named().into_iter().collect(),
                });
                true
            }
        }
    }
}

impl Layer for Frame {
    fn class_name(&self) -> &'static str {
        match (self.pads, self.axes) {
            (true, 1) => "ZeroPadding1D",
            (true, _) => "ZeroPadding2D",
            (false, 1) => "Cropping1D",
            (false, _) => "Cropping2D",
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
        let [height, width, channels] = spatial::image_of(&call.shape(0));
        let [[above, below], [left, right]] = self.edges.clone();
        // The input is the smaller image if it is padded, and the larger one if it is cropped.
        let (inner, outer) = if self.pads {
            ([height, width.clone(), channels], left.clone() + width + right)
        } else {
            let (lines, pixels) = (above.clone() + below, left.clone() + right);
            ([height - lines, width.clone() - pixels, channels], width)
        };
        let before = [above, left];
        Some(operation::Frame { pads: self.pads, inner, outer, before, x: call.x(0), y: call.y() }.into())
    }

    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        let [height, width, channels] = spatial::image(self.class_name(), self.axes, x, cx)?;
        let frame = self.edges.clone().map(|[before, after]| before + after);
        let mut fine = true;
        let mut lengths = [height, width];
        for (i, (n, edge)) in lengths.iter_mut().zip(frame).enumerate() {
            // A sequence has no axis above its only one.
            let axis = spatial::axis_names(self.axes).get((i + self.axes).wrapping_sub(2));
            *n = match axis {
                None => n.clone(),
                Some(_) if self.pads => n.clone() + edge,
                Some(axis) if edge != Dim::Known(0) => {
                    // One number for both axes is one mistake.
                    fine = fine && self.leaves(axis, n, &edge, x, call, cx);
                    n.clone() - edge
                }
                Some(_) => n.clone(),
            };
        }
        let [height, width] = lengths;
        fine.then(|| vec![(spatial::shape(self.axes, [height, width, channels]), x.dtype)])
    }

    fn changes(&self, inputs: &[&Shape], wanted: Option<&Shape>) -> Vec<(Self, Change)> {
        let (Some(shape), Some(wanted)) = (inputs.first(), wanted) else { return vec![] };
        let edges = shape.0.iter().zip(&wanted.0).take(self.axes).map(|(n, wanted)| {
            let (n, wanted) = (n.known()?, wanted.known()?);
            let edge = if self.pads { wanted.checked_sub(n)? } else { n.checked_sub(wanted)? };
            // If the edges cannot be equal, the second is larger, as in Keras.
            Some([edge / 2, edge - edge / 2])
        });
        let Some(edges) = edges.collect::<Option<Vec<_>>>() else { return vec![] };
        let pair = |edge: &[usize; 2]| Written::Tuple(edge.iter().copied().map(Written::Number).collect());
        let written = match &edges[..] {
            [[edge, others @ ..], rest @ ..]
                if others.contains(edge) && rest.iter().flatten().all(|other| other == edge) =>
            {
                Written::Number(*edge)
            }
            [width] => pair(width),
            edges => Written::Tuple(edges.iter().map(pair).collect()),
        };
        let edges = match edges[..] {
            [width] => [[0, 0], width],
            [height, width] => [height, width],
            _ => return vec![],
        };
        let name = if self.pads { "padding" } else { "cropping" };
        let edges = edges.map(|edges| edges.map(Dim::Known));
        vec![(Frame { edges, ..self.clone() }, Change::Setting(name, written))]
    }
}
