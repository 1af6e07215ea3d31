//! `Concatenate`: tensors one after another along an axis.

use crate::activation::Activation;
use crate::args::Bound;
use crate::code::Code;
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::change::Change;
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, Typed, Weight};
use crate::operation::{Call, OpKind, join};
use crate::shape::{Dtype, Shape};

/// Keras's `Concatenate`: `[a, rest], [b, rest] → [a + b, rest]` along the first axis of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Concatenate {
    /// Axis in Keras's numbering, with the batch as axis 0; negative from the end.
    pub axis: i64,
}

layer! {
    /// Concatenates tensors along an axis; the other axes are equal.
    ///
    /// `[a], [b] → [a + b]`. As a function: `concatenate([a, b])`.
    ///
    /// Keras: [`Concatenate`](https://keras.io/api/layers/merging_layers/concatenate/)
    "`Concatenate(axis = -1, name = none, trainable = true)`"
    Concatenate | concatenate, "let a = Input(shape = [10]);\nlet b = Input(shape = [2]);\nlet y: [12] = concatenate([a, b]);" => Concatenate::from_args;
    takes {
        /// Axis of the concatenation: 1 is the first of a sample, -1 the last.
        axis: Axis = "-1",
    }
}

/// Error for the batch axis.
fn batch_axis(loc: Loc) -> Diag {
    Diag::error(Code::BatchAxis, loc, "axis 0 is the batch, which cannot be concatenated")
        .help("write `axis = 1` for the first axis of a sample, `axis = -1` for the last")
}

impl Concatenate {
    pub(super) fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let axis = args.integer("axis", cx);
        if axis == 0 {
            cx.error(batch_axis(args.loc("axis")));
            return None;
        }
        args.sound(&["axis"]).then_some(Concatenate { axis })
    }

    /// The axis within a sample of `rank` axes.
    fn sample_axis(&self, rank: usize, call: Loc, cx: &mut Cx<'_>) -> Option<usize> {
        // A rank is the length of a list in the source: it fits.
        let with_batch = rank as i64 + 1;
        let axis = if self.axis < 0 { with_batch.saturating_add(self.axis) } else { self.axis };
        if axis == 0 {
            cx.error(batch_axis(call));
            return None;
        }
        let valid = (1..with_batch).contains(&axis);
        if !valid {
            let message = format!("axis {} does not exist: {}", self.axis, axes(rank));
            let help = "axis 1 is the first axis of a sample, axis -1 the last";
            cx.error(Diag::error(Code::AxisOutOfRange, call, message).help(help));
        }
        usize::try_from(axis - 1).ok().filter(|_| valid)
    }
}

/// Formats the axes of the tensors, in Keras's numbering.
fn axes(rank: usize) -> String {
    match rank {
        1 => "the tensors have axis 1 only".into(),
        _ => format!("the tensors have axes 1 to {rank}"),
    }
}

impl Layer for Concatenate {
    fn class_name(&self) -> &'static str {
        "Concatenate"
    }

    fn reads(&self) -> Reads {
        Reads::Any
    }

    fn masks(&self) -> Masks {
        Masks::Concatenate(self.axis)
    }

    fn effect(&self) -> Effect {
        Effect::Joined
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
        let result = call.result();
        // Keras counts the batch as axis 0; a sample's first axis is 1.
        let rank = result.rank() as i64 + 1;
        let axis = if self.axis < 0 { self.axis + rank } else { self.axis };
        let before = usize::try_from(axis - 1).unwrap_or(0).min(result.rank());
        Some(join(Shape(result.0[..before].to_vec()).elements(), call).into())
    }

    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let (first, rest) = inputs.split_first()?;
        let mut fine = true;
        for x in rest {
            let (a, b) = (first.shape.display(cx.consts), x.shape.display(cx.consts));
            let sides = format!("`{}` is {a} and `{}` is {b}", first.name, x.name);
            if x.shape.rank() != first.shape.rank() {
                cx.error(
                    Diag::error(
                        Code::ConcatenatedShapes,
                        x.loc,
                        format!("`Concatenate` needs tensors with equally many axes, but {sides}"),
                    )
                    .about(first.shown())
                    .about(x.shown())
                    .help("bring them to the same axes with `Flatten()` or `Reshape(…)`"),
                );
                fine = false;
            } else if x.dtype != first.dtype {
                let (float, int) = if x.dtype == Dtype::Int { (first, x) } else { (x, first) };
                cx.error(
                    Diag::error(
                        Code::MixedDtypes,
                        x.loc,
                        format!("`{}` holds integers and `{}` holds floats", int.name, float.name),
                    )
                    .about(first.named())
                    .about(x.named())
                    .help("leave `dtype = \"int32\"` out at the `Input` to concatenate floats"),
                );
                fine = false;
            }
        }
        if !fine {
            return None;
        }
        if first.shape.rank() == 0 {
            let message = format!("`Concatenate` needs an axis, but `{}` is [], one number", first.name);
            cx.error(
                Diag::error(Code::WrongRank, first.loc, message)
                    .about(first.shown())
                    .help("write `Reshape([1])` before it"),
            );
            return None;
        }
        let axis = self.sample_axis(first.shape.rank(), call, cx)?;
        let mut shape = first.shape.clone();
        for x in rest {
            fine &= same_elsewhere(axis, first, x, cx);
            if let (Some(sum), Some(dim)) = (shape.0.get_mut(axis), x.shape.0.get(axis)) {
                *sum = sum.clone() + dim.clone();
            }
        }
        fine.then(|| vec![(shape, first.dtype)])
    }

    fn arity(&self) -> (usize, usize) {
        (1, usize::MAX)
    }

    fn changes(&self, inputs: &[&Shape], _: Option<&Shape>) -> Vec<(Self, Change)> {
        let rank = inputs.first().map_or(0, |shape| shape.rank());
        // A rank is the length of a list in the source: it fits.
        let along = |axis: usize| (Concatenate { axis: axis as i64 }, Change::Setting("axis", axis.into()));
        (1..=rank).map(along).collect()
    }
}

/// Whether two tensors agree on all axes but `axis`. Only the first difference is reported: it is one mistake.
fn same_elsewhere(axis: usize, first: &Operand<'_>, x: &Operand<'_>, cx: &mut Cx<'_>) -> bool {
    let sides = {
        let (a, b) = (first.shape.display(cx.consts), x.shape.display(cx.consts));
        format!("`{}` is {a} and `{}` is {b}", first.name, x.name)
    };
    let pairs: Vec<(usize, &Dim, &Dim)> = first
        .shape
        .0
        .iter()
        .zip(&x.shape.0)
        .enumerate()
        .filter(|&(i, _)| i != axis)
        .map(|(i, (wanted, found))| (i, wanted, found))
        .collect();
    pairs.into_iter().all(|(i, wanted, found)| {
        let check = DimCheck {
            code: Code::ConcatenatedShapes,
            loc: x.loc,
            found: found.clone(),
            relation: Relation::Equal,
            wanted: wanted.clone(),
            what: format!("axis {} of `{}`", i + 1, x.name),
            help: Some(format!("along axis {}, tensors may differ in that axis only", axis + 1)),
            notes: vec![sides.clone()],
            subjects: [first, x].into_iter().filter_map(Operand::shown).collect(),
        };
        cx.require_equal(check, |_| {
            let message =
                format!("`Concatenate` along axis {}: {sides}, which differ in axis {}", axis + 1, i + 1);
            let diag = Diag::error(Code::ConcatenatedShapes, x.loc, message);
            diag.about(first.shown()).about(x.shown()).help("make the other axes equal")
        })
    })
}
