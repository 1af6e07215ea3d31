//! `Rescaling`: multiplies values by a constant and adds another.

use crate::activation::Activation;
use crate::args::{Bound, read};
use crate::code::Code;
use crate::context::{Cx, DimCheck, Relation};
use crate::describe::List;
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, Typed, Weight};
use crate::operation::{self, Call, OpKind};
use crate::shape::{Dtype, Shape};
use crate::value::{Value, ValueKind};

/// Keras's `Rescaling`: the input's shape, of floats.
#[derive(Clone, Debug, PartialEq)]
pub struct Rescaling {
    /// Factors: one, or one for each position of the last axis.
    pub scale: Vec<f64>,
    /// Offsets: one, or one for each position of the last axis.
    pub offset: Vec<f64>,
}

layer! {
    /// Multiplies all values by a constant and adds another: `x · scale + offset`.
    ///
    /// The shape is unchanged. Integers become floats. Both constants may be lists with one number for each
    /// channel, the positions of the last axis. `Rescaling(1.0 / 255.0)` scales bytes to the range 0 to 1.
    ///
    /// Keras: [`Rescaling`](https://keras.io/api/layers/preprocessing_layers/image_preprocessing/rescaling/)
    "`Rescaling(scale, offset = 0, name = none, trainable = true)`"
    Rescaling, "let x = Input(shape = [28, 28, 1]);\nlet y: [28, 28, 1] = Rescaling(1.0 / 255.0)(x);" => Rescaling::from_args;
    takes {
        /// Factor, or a list with one for each channel.
        scale: Numbers,
        /// Offset, or a list with one for each channel.
        offset: Numbers = "0",
    }
}

/// Reads a number, or a list of numbers.
pub(super) fn numbers(value: &Value, what: &str, cx: &mut Cx<'_>) -> Option<Vec<f64>> {
    let ValueKind::List(items) = &value.kind else { return read::float(value, what, cx).map(|x| vec![x]) };
    if items.is_empty() {
        let help = "write a number, or a list with one for each channel: `[0.5, 0.25]`";
        read::wrong(value, what, "a number or a list of numbers", Some(help.into()), cx);
        return None;
    }
    let each = format!("each number in {what}");
    // All wrong entries are reported.
    let read: Vec<Option<f64>> = items.iter().map(|item| read::float(item, &each, cx)).collect();
    read.into_iter().collect()
}

/// Whether `count` numbers are one for all positions of `axis` or one for each; reports an error if not. `what` is
/// the argument, `which` the axis.
pub(super) fn one_for_each(
    count: usize,
    what: &str,
    (axis, which): (&Dim, &str),
    x: &Operand<'_>,
    call: Loc,
    cx: &mut Cx<'_>,
) -> bool {
    if count == 1 {
        return true;
    }
    let check = DimCheck {
        code: Code::UnequalShapes,
        loc: call,
        found: axis.clone(),
        relation: Relation::Equal,
        wanted: Dim::Known(count),
        what: format!("{which} axis of `{}`", x.name),
        help: Some("write one number for all positions of the axis, or one for each".into()),
        notes: vec![format!("{what} has {count} numbers")],
        subjects: x.shown().into_iter().collect(),
    };
    cx.require_equal(check, |check| {
        let long = check.found.known().unwrap_or_default();
        let message =
            format!("{what} has {count} numbers, but the {which} axis of `{}` has length {long}", x.name);
        let help = "write one number for all positions of the axis, or a list with one for each";
        Diag::error(Code::UnequalShapes, call, message).about(x.shown()).help(help)
    })
}

/// Extends a list to `count` numbers: a single number is repeated.
pub(super) fn repeated(numbers: &[f64], count: usize) -> List<f64> {
    let number = |at| numbers.get(at).or(numbers.first()).copied().unwrap_or_default();
    List::Owned((0..count).map(number).collect())
}

impl Rescaling {
    fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let scale = args.read("scale", cx, numbers);
        let offset = args.read_or_default("offset", cx, numbers);
        let scale = scale.filter(|_| args.sound(&["scale", "offset"]))?;
        if scale.iter().all(|&x| x == 0.0) {
            let message = "`scale` of `Rescaling` is 0, which makes all values equal";
            let help = "write a fraction with a decimal point: `1 / 255` is 0, `1.0 / 255.0` is not";
            cx.error(Diag::error(Code::ValueOutOfRange, args.loc("scale"), message).help(help));
            return None;
        }
        Some(Rescaling { scale, offset: offset? })
    }
}

impl Layer for Rescaling {
    fn class_name(&self) -> &'static str {
        "Rescaling"
    }

    fn reads(&self) -> Reads {
        Reads::Any
    }

    fn masks(&self) -> Masks {
        Masks::Keep
    }

    fn effect(&self) -> Effect {
        Effect::Mapped
    }

    fn head(&self) -> Option<Activation> {
        Some(Activation::Linear)
    }

    fn aliases(&self) -> bool {
        false
    }

    fn typed(&self, _: &[Weight]) -> Option<Typed> {
        None
    }

    fn operation(&self, call: &mut dyn Call) -> Option<OpKind<Dim>> {
        let count = self.scale.len().max(self.offset.len());
        let operation = operation::Rescaling {
            shift: repeated(&[0.0], count),
            scale: repeated(&self.scale, count),
            offset: repeated(&self.offset, count),
            inner: Dim::Known(1),
            x: call.x(0),
            y: call.y(),
        };
        Some(operation.into())
    }

    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        // A single number is one position.
        let last = x.shape.last().cloned().unwrap_or(Dim::Known(1));
        let mut fits = |numbers: &[f64], name| {
            let what = format!("`{name}` of `Rescaling`");
            one_for_each(numbers.len(), &what, (&last, "last"), x, call, cx)
        };
        let fits = [fits(&self.scale, "scale"), fits(&self.offset, "offset")];
        fits.iter().all(|fits| *fits).then(|| vec![(x.shape.clone(), Dtype::Float)])
    }
}
