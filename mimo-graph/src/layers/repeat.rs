//! `repeat`, `tile`: repeat values of a sample.

use crate::args::{Bound, read};
use crate::code::Code;
use crate::context::Cx;
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::layer::{
    Effect, Layer, Masks, Operand, Reads, axis_out_of_range, has_axes, operation_facts, sample_axis,
};
use crate::operation::{self, Call, OpKind};
use crate::shape::{Dtype, Shape};
use crate::value::ValueKind;

/// `keras.ops.repeat` and `keras.ops.tile`.
#[derive(Clone, Debug, PartialEq)]
pub struct Repeat {
    /// Kind of repetition.
    pub what: Repeated,
}

/// Kind of repetition, and the counts.
#[derive(Clone, Debug, PartialEq)]
pub enum Repeated {
    /// Each position of an axis (Keras's numbering): `[a, b] → [a, a, b, b]`.
    Positions(i64, Dim),
    /// Whole axes, the last ones first: `[a, b] → [a, b, a, b]`.
    Axes(Vec<Dim>),
}

tensor_operations! {
    /// Repeats every position of an axis.
    ///
    /// `[a, b] → [a · repeats, b]` for axis 1. Without `axis` Keras flattens the tensor including the batch: `axis`
    /// is required.
    ///
    /// Keras: `keras.ops.repeat`
    "`repeat(x, repeats, axis)`"
    repeat, "let x = Input(shape = [20, 8]);\nlet y: [40, 8] = repeat(x, 2, axis = 1);" => Repeat::read_repeat;
    takes {
        /// A tensor.
        x: Tensors,
        /// Number of repetitions, the same for all positions.
        repeats: usize,
        /// The axis: 0 is the batch, 1 the first axis of a sample, -1 the last.
        axis: Axis,
    }

    /// Repeats a whole tensor along its axes.
    ///
    /// `[a, b] → [a · 2, b · 3]` for `[2, 3]`. Fewer numbers than axes apply to the last axes; the number for the
    /// batch, if present, must be 1.
    ///
    /// Keras: `keras.ops.tile`
    "`tile(x, repeats)`"
    tile, "let x = Input(shape = [20, 8]);\nlet y: [20, 24] = tile(x, 3);" => Repeat::read_tile;
    takes {
        /// A tensor.
        x: Tensors,
        /// Number of repetitions along its last axis, or along each of its last axes.
        repeats: Lengths,
    }
}

impl Repeat {
    fn read_repeat(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let repeats = args.read("repeats", cx, |value, what, cx| match &value.kind {
            ValueKind::List(_) => {
                let help = "write one number for all positions, or join parts: `concatenate([x[..2], x[2..]], axis = 1)`";
                read::wrong(value, what, "one number", Some(help.into()), cx);
                None
            }
            _ => read::dim_at_least(value, what, 1, cx),
        });
        let axis = args.integer("axis", cx);
        if !args.sound(&["axis", "repeats"]) {
            return None;
        }
        if axis == 0 {
            let message = "axis 0 is the batch, and samples are not repeated";
            let help = "write `axis = 1` for the first axis of each sample, `axis = -1` for the last";
            cx.error(Diag::error(Code::BatchAxis, args.loc("axis"), message).help(help));
            return None;
        }
        repeats.map(|n| Repeat { what: Repeated::Positions(axis, n) })
    }

    fn read_tile(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let repeats = args.read("repeats", cx, |value, what, cx| match &value.kind {
            ValueKind::List(items) => {
                let each = format!("each number in {what}");
                items.iter().map(|item| read::dim_at_least(item, &each, 1, cx)).collect()
            }
            _ => read::dim_at_least(value, what, 1, cx).map(|n| vec![n]),
        });
        repeats.filter(|_| args.sound(&["repeats"])).map(|repeats| Repeat { what: Repeated::Axes(repeats) })
    }

    /// By axis of a sample: the number of repetitions of each position, and of the whole axis; `None` for an axis out
    /// of range.
    fn counts(&self, rank: usize) -> Option<Vec<[Dim; 2]>> {
        let once = || [Dim::Known(1), Dim::Known(1)];
        let mut counts = vec![once(); rank];
        match &self.what {
            Repeated::Positions(axis, n) => counts.get_mut(sample_axis(*axis, rank)?)?[0] = n.clone(),
            Repeated::Axes(repeats) => {
                let of_sample = match repeats.split_first() {
                    Some((Dim::Known(1), rest)) if rest.len() == rank => rest,
                    _ => repeats,
                };
                let first = rank.checked_sub(of_sample.len())?;
                for (count, n) in counts.iter_mut().skip(first).zip(of_sample) {
                    count[1] = n.clone();
                }
            }
        }
        Some(counts)
    }
}

impl Layer for Repeat {
    fn class_name(&self) -> &'static str {
        match self.what {
            Repeated::Positions(..) => "repeat",
            Repeated::Axes(_) => "tile",
        }
    }

    fn reads(&self) -> Reads {
        Reads::NamedAxes
    }

    fn masks(&self) -> Masks {
        Masks::Lose
    }

    fn kept_axes(&self, inputs: &[&Shape], _: &Shape) -> Vec<usize> {
        let once = |[each, all]: &[Dim; 2]| *each == Dim::Known(1) && *all == Dim::Known(1);
        let counts = inputs.first().and_then(|x| self.counts(x.rank())).unwrap_or_default();
        vec![counts.iter().take_while(|counts| once(counts)).count()]
    }

    fn effect(&self) -> Effect {
        Effect::Resampled
    }

    operation_facts!(aliases = false);

    fn operation(&self, call: &mut dyn Call) -> Option<OpKind<Dim>> {
        let input = call.shape(0);
        let mut axes = Vec::new();
        for (axis, [each, all]) in self.counts(input.rank())?.into_iter().enumerate() {
            let len = input.0.get(axis)?.clone();
            let stride = Shape(input.0.iter().skip(axis + 1).cloned().collect()).elements();
            axes.extend([(all, Dim::Known(0)), (len, stride), (each, Dim::Known(0))]);
        }
        let (shape, strides) = operation::joined_axes(axes);
        let start = Dim::Known(0);
        Some(operation::StridedCopy { shape, strides, start, x: call.x(0), y: call.y() }.into())
    }

    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        if !has_axes(self.class_name(), x, cx) {
            return None;
        }
        let rank = x.shape.rank();
        let Some(counts) = self.counts(rank) else {
            match &self.what {
                Repeated::Positions(axis, _) => axis_out_of_range(*axis, x, call, cx),
                Repeated::Axes(repeats) => {
                    let (found, shown) = (repeats.len(), x.shape.display(cx.consts));
                    let of_batch = found == rank + 1;
                    let message = match of_batch {
                        true => {
                            "the first of the numbers of `tile` is that of the batch, which is not repeated"
                                .into()
                        }
                        false => format!("`tile` repeats {found} axes, but `{}` has {rank}: {shown}", x.name),
                    };
                    let code = if of_batch { Code::BatchAxis } else { Code::WrongRank };
                    cx.error(Diag::error(code, call, message).about(x.shown()).help(match of_batch {
                        true => "write 1 for it, or leave it out".into(),
                        false => format!("write at most {rank} numbers, one for each of the last axes"),
                    }));
                }
            }
            return None;
        };
        let axes = x.shape.0.iter().zip(counts).map(|(len, [each, all])| len.clone() * each * all);
        Some(vec![(Shape(axes.collect()), x.dtype)])
    }
}
