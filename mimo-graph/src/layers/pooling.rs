//! `MaxPooling1D`, `MaxPooling2D`, `AveragePooling1D`, `AveragePooling2D`: one value per window and channel.

use crate::activation::Activation;
use crate::args::Bound;
use crate::code::Code;
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::change::{Change, Settings, Written};
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, Typed, Weight, floats};
use crate::layers::spatial::{self, Padding};
pub use crate::operation::PoolKind;
use crate::operation::{self, Call, OpKind};
use crate::shape::{Dtype, Shape};
use crate::value::Value;

/// Keras's `MaxPooling1D`, `AveragePooling1D`: `[steps, channels] → [windows, channels]`, and `MaxPooling2D`,
/// `AveragePooling2D`: `[height, width, channels] → [windows, windows, channels]`.
///
/// Padding with `padding = "same"` is ignored: it is never the largest value and not averaged.
#[derive(Clone, Debug, PartialEq)]
pub struct Pooling {
    /// Kind of pooling.
    pub kind: PoolKind,
    /// 1 for sequences, 2 for images.
    pub axes: usize,
    /// Height and width of a window; a sequence has height 1.
    pub pool_size: [Dim; 2],
    /// Distance between consecutive windows, vertically and horizontally.
    pub strides: [Dim; 2],
    /// Padding.
    pub padding: Padding,
}

layer! {
    /// The largest value of each window of a sequence, channel by channel.
    ///
    /// `[steps, channels] → [windows, channels]`
    ///
    /// Keras: [`MaxPooling1D`](https://keras.io/api/layers/pooling_layers/max_pooling1d/)
    "`MaxPooling1D(pool_size = 2, strides = none, padding = valid, name = none, trainable = true)`"
    MaxPooling1D, "let x = Input(shape = [254, 32]);\nlet y: [127, 32] = MaxPooling1D(2)(x);" => |args, cx| Pooling::from_args(PoolKind::Max, 1, args, cx);

    /// The largest value of each window of an image, channel by channel.
    ///
    /// `[height, width, channels] → [rows, columns, channels]`
    ///
    /// Keras: [`MaxPooling2D`](https://keras.io/api/layers/pooling_layers/max_pooling2d/)
    "`MaxPooling2D(pool_size = 2, strides = none, padding = valid, name = none, trainable = true)`"
    MaxPooling2D, "let x = Input(shape = [26, 26, 32]);\nlet y: [13, 13, 32] = MaxPooling2D(2)(x);" => |args, cx| Pooling::from_args(PoolKind::Max, 2, args, cx);
    takes {
        /// Size of the window.
        pool_size: Lengths = "2",
        /// Distance between consecutive windows; `none` for the size of the window.
        strides: Lengths = "none",
        /// Padding at the edges.
        padding: Padding = "valid",
        data_format => "leave it out: channels are the last axis",
    }

    /// The mean of each window of a sequence, channel by channel.
    ///
    /// `[steps, channels] → [windows, channels]`
    ///
    /// Keras: [`AveragePooling1D`](https://keras.io/api/layers/pooling_layers/average_pooling1d/)
    "`AveragePooling1D(pool_size, strides = none, padding = valid, name = none, trainable = true)`"
    AveragePooling1D, "let x = Input(shape = [254, 32]);\nlet y: [127, 32] = AveragePooling1D(2)(x);" => |args, cx| Pooling::from_args(PoolKind::Average, 1, args, cx);

    /// The mean of each window of an image, channel by channel.
    ///
    /// `[height, width, channels] → [rows, columns, channels]`
    ///
    /// Keras: [`AveragePooling2D`](https://keras.io/api/layers/pooling_layers/average_pooling2d/)
    "`AveragePooling2D(pool_size, strides = none, padding = valid, name = none, trainable = true)`"
    AveragePooling2D, "let x = Input(shape = [26, 26, 32]);\nlet y: [13, 13, 32] = AveragePooling2D(2)(x);" => |args, cx| Pooling::from_args(PoolKind::Average, 2, args, cx);
    takes {
        /// Size of the window.
        pool_size: Lengths,
        /// Distance between consecutive windows; `none` for the size of the window.
        strides: Lengths = "none",
        /// Padding at the edges.
        padding: Padding = "valid",
        data_format => "leave it out: channels are the last axis",
    }
}

impl Pooling {
    pub(super) fn from_args(kind: PoolKind, axes: usize, args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let lengths = |value: &Value, what: &str, cx: &mut Cx<'_>| spatial::lengths(value, what, axes, cx);
        let pool_size = args.read_optional("pool_size", cx, lengths);
        let pool_size = pool_size.or_else(|| args.default("pool_size", cx, lengths));
        let strides = args.read_optional("strides", cx, lengths);
        let padding = Padding::from_args(args, cx);
        let pool_size = pool_size.filter(|_| args.all_sound())?;
        let strides = strides.unwrap_or_else(|| pool_size.clone());
        Some(Pooling { kind, axes, pool_size, strides, padding })
    }

    /// Whether windows fit in `x`, as far as the macro knows.
    fn fits(&self, x: &Operand<'_>, lengths: [&Dim; 2], call: Loc, cx: &mut Cx<'_>) -> bool {
        let class = self.class_name();
        let shown = x.shape.display(cx.consts).to_string();
        let size = spatial::display(self.axes, &self.pool_size, cx);
        let pairs = || lengths.into_iter().zip(&self.pool_size);
        let known = || pairs().map(|(n, size)| n.known().zip(size.known()));
        if known().flatten().any(|(n, size)| n < size) {
            let message =
                format!("no window of `{class}` fits: `pool_size` is {size}, but `{}` is {shown}", x.name);
            let help = "write a smaller `pool_size`, or `padding = \"same\"`";
            cx.error(Diag::error(Code::WindowTooLarge, call, message).about(x.shown()).help(help));
            return false;
        }
        // A sequence has height 1, and so have its windows.
        let names = spatial::axis_names(self.axes);
        for ((n, wanted), axis) in pairs().skip(2 - self.axes).zip(names) {
            if n.known().zip(wanted.known()).is_none() && n != wanted {
                cx.checks.push(DimCheck {
                    code: Code::WindowTooLarge,
                    loc: call,
                    found: n.clone(),
                    relation: Relation::AtLeast,
                    wanted: wanted.clone(),
                    what: format!("{axis} of `{}`", x.name),
                    help: Some("write a smaller `pool_size`, or `padding = \"same\"`".into()),
                    notes: vec![format!("`pool_size` of `{class}` is {size}")],
                    subjects: x.named().into_iter().collect(),
                });
            }
        }
        true
    }
}

impl Layer for Pooling {
    fn class_name(&self) -> &'static str {
        match (self.kind, self.axes) {
            (PoolKind::Max | PoolKind::SharedMax, 1) => "MaxPooling1D",
            (PoolKind::Max | PoolKind::SharedMax, _) => "MaxPooling2D",
            (PoolKind::Average, 1) => "AveragePooling1D",
            (PoolKind::Average, _) => "AveragePooling2D",
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
        let [height, width] = self.pool_size.clone();
        call.count(call.result().elements() * height * width);
        let operation = operation::Pooling {
            kind: self.kind,
            image: spatial::image_of(&call.shape(0)),
            size: self.pool_size.clone(),
            strides: self.strides.clone(),
            padding: self.padding,
            x: call.x(0),
            y: call.y(),
        };
        Some(operation.into())
    }

    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        let [height, width, channels] = spatial::image(self.class_name(), self.axes, x, cx)?;
        if !floats(self.class_name(), x, cx) {
            return None;
        }
        if self.padding == Padding::Valid && !self.fits(x, [&height, &width], call, cx) {
            return None;
        }
        let [rows, columns] = [(&height, 0), (&width, 1)]
            .map(|(n, axis)| self.padding.windows(n, &self.pool_size[axis], &self.strides[axis]));
        Some(vec![(spatial::shape(self.axes, [rows, columns, channels]), Dtype::Float)])
    }

    /// Every value of a window is read for every value of the output.
    fn scratch(&self, _: &[&Shape], given: &[&Shape]) -> Vec<Shape> {
        let read = |shape: &&Shape| Shape(shape.0.iter().chain(&self.pool_size).cloned().collect());
        given.first().map(read).into_iter().collect()
    }

    fn changes(&self, inputs: &[&Shape], wanted: Option<&Shape>) -> Vec<(Self, Change)> {
        let Some(shape) = inputs.first() else { return vec![] };
        if shape.rank() != self.axes + 1 {
            let changed = Pooling { axes: 3 - self.axes, ..self.clone() };
            let [height, width] = self.pool_size.clone();
            let [down, right] = self.strides.clone();
            let one = Dim::Known(1);
            let (pool_size, strides) = match self.axes {
                1 => ([width.clone(), width], [right.clone(), right]),
                // A window that is not square needs both numbers.
                _ if height == width && down == right => ([one.clone(), width], [one, right]),
                _ => return vec![],
            };
            let class = changed.class_name();
            return vec![(Pooling { pool_size, strides, ..changed }, Change::Layer(class, Settings::Same))];
        }
        let (padding, change) = match (self.padding, wanted) {
            (Padding::Valid, _) => (Padding::Same, Change::PaddingSame),
            (Padding::Same, Some(_)) => (Padding::Valid, Change::PaddingValid),
            (Padding::Same, None) => return vec![],
        };
        let padded = (Pooling { padding, ..self.clone() }, change);
        let lengths = shape.0.iter().take(self.axes);
        let sizes = lengths.enumerate().map(|(axis, n)| {
            let n = n.known()?;
            match wanted {
                Some(wanted) => n.checked_div(wanted.0.get(axis)?.known()?),
                None => Some(self.pool_size.get(axis + 2 - self.axes)?.known()?.min(n)),
            }
        });
        let sizes = sizes.collect::<Option<Vec<usize>>>().filter(|sizes| sizes.iter().all(|&size| size > 0));
        let sized = sizes.map(|sizes| {
            let (height, width) = match sizes[..] {
                [height, width] => (height, width),
                _ => (1, sizes.first().copied().unwrap_or(1)),
            };
            let pool_size = [Dim::Known(height), Dim::Known(width)];
            let written = Written::numbers(&sizes);
            // Strides that the user did not set equal the size.
            let strides =
                if self.strides == self.pool_size { pool_size.clone() } else { self.strides.clone() };
            (Pooling { pool_size, strides, ..self.clone() }, Change::Setting("pool_size", written))
        });
        match wanted {
            // If the window fits, its size need not change.
            None => {
                [Some(padded), sized.filter(|(changed, _)| changed != self)].into_iter().flatten().collect()
            }
            Some(_) => [Some(padded), sized].into_iter().flatten().collect(),
        }
    }
}
