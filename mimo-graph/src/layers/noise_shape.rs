//! `noise_shape` of the dropouts: axes along which values share a random number.

use crate::args::{Bound, read};
use crate::code::Code;
use crate::context::{Cx, DimCheck, Relation};
use crate::describe::List;
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::layer::Operand;
use crate::operation::{self, Call, OpKind, Randomness};
use crate::shape::Shape;
use crate::value::ValueKind;

/// Shape of the random numbers of one sample, by axis: `None` for the axis's own length, or 1 where all positions of
/// the axis share a number.
#[derive(Clone, Debug, PartialEq)]
pub struct NoiseShape(pub Vec<Option<Dim>>);

impl NoiseShape {
    /// Reads `noise_shape`; `None` if every value has its own number, and after an error.
    pub(super) fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let items = args.take("noise_shape").filter(|value| value.kind != ValueKind::None);
        items.and_then(|_| args.items("noise_shape", cx))?;
        let what = format!("each length in `noise_shape` of `{}`", args.callee());
        let lengths = args.read("noise_shape", cx, |value, _, cx| {
            let ValueKind::List(items) = &value.kind else { return None };
            let length = |item: &_, cx: &mut Cx<'_>| {
                let item = read::without_python(item, cx);
                match item.kind {
                    ValueKind::None => Some(None),
                    _ => read::dim(&item, &what, cx).map(Some),
                }
            };
            let read: Vec<_> = items.iter().map(|item| length(item, cx)).collect();
            read.into_iter().collect::<Option<Vec<Option<Dim>>>>()
        });
        lengths.map(NoiseShape)
    }

    /// Reports a shape that does not fit a sample of `x`. Returns false only after an error.
    pub(super) fn fits(&self, class: &str, x: &Operand<'_>, call: Loc, cx: &mut Cx<'_>) -> bool {
        let rank = x.shape.rank();
        if self.0.len() != rank {
            let (found, shown) = (counted(self.0.len(), "length"), x.shape.display(cx.consts));
            let axes = counted(rank, "axis");
            let message =
                format!("`noise_shape` of `{class}` has {found}, but `{}` has {axes}: {shown}", x.name);
            let example: Vec<&str> = (0..rank).map(|axis| if axis == 0 { "1" } else { "none" }).collect();
            let written = |length: &Option<Dim>| match length {
                Some(length) => length.display(cx.consts).to_string(),
                None => "none".into(),
            };
            let sample: Vec<String> = self.0.iter().skip(1).map(written).collect();
            let help = match sample.len() == rank {
                true => format!("leave out the batch: `noise_shape = [{}]`", sample.join(", ")),
                false => format!(
                    "write a length for each axis of a sample: `noise_shape = [{}]`",
                    example.join(", ")
                ),
            };
            cx.error(Diag::error(Code::WrongRank, call, message).about(x.shown()).help(help));
            return false;
        }
        let lengths = self.0.iter().zip(&x.shape.0).enumerate();
        let each = lengths.map(|(axis, (length, wanted))| {
            let Some(found) = length.as_ref().filter(|length| **length != Dim::Known(1)) else { return true };
            let check = DimCheck {
                code: Code::UnequalShapes,
                loc: call,
                found: found.clone(),
                relation: Relation::Equal,
                wanted: wanted.clone(),
                what: format!("axis {} of `noise_shape` of `{class}`", axis + 1),
                help: Some("write 1 to share numbers along the axis, or `none` for its own length".into()),
                notes: vec![],
                subjects: x.shown().into_iter().collect(),
            };
            let shown = [found, wanted].map(|length| length.display(cx.consts).to_string());
            cx.require_equal(check, |check| {
                let [found, wanted] = shown;
                let message =
                    format!("{} is {found}, but axis {} of `{}` is {wanted}", check.what, axis + 1, x.name);
                let diag = Diag::error(check.code, call, message).about(x.shown());
                diag.help("write 1 to share numbers along the axis, or `none` for its own length")
            })
        });
        each.fold(true, |fits, fit| fits & fit)
    }

    /// The operation of a layer for this call. Without a shape, every value has its own number.
    pub(super) fn operation(
        shape: Option<&Self>,
        randomness: Randomness,
        key: u64,
        call: &mut dyn Call,
    ) -> OpKind<Dim> {
        let input = call.shape(0);
        let shared = |axis: usize| {
            let length = shape.and_then(|shape| shape.0.get(axis)?.as_ref());
            length == Some(&Dim::Known(1))
        };
        let own = |axes: std::ops::Range<usize>| {
            Shape(axes.filter(|&axis| !shared(axis)).filter_map(|axis| input.0.get(axis)).cloned().collect())
                .elements()
        };
        let rank = input.rank();
        let strides = (0..rank).map(|axis| if shared(axis) { Dim::Known(0) } else { own(axis + 1..rank) });
        let operation = operation::Noise {
            randomness,
            strides: List::Owned(strides.collect()),
            numbers: own(0..rank),
            shape: List::Owned(input.0.clone()),
            key,
            x: call.x(0),
            y: call.y(),
        };
        operation.into()
    }
}

/// Formats a number of items: `1 axis`, `3 axes`.
fn counted(count: usize, what: &str) -> String {
    let plural = if what == "axis" { "axes".to_owned() } else { format!("{what}s") };
    format!("{count} {}", if count == 1 { what } else { &plural })
}
