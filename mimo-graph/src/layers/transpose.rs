//! `transpose`: permutes the axes of a sample, counted with the batch.

use crate::args::{Bound, read};
use crate::code::Code;
use crate::context::Cx;
use crate::describe::List;
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, operation_facts};
use crate::layers::permute::unmoved;
use crate::operation::{self, Call, OpKind, permuted_strides};
use crate::shape::{Dtype, Shape};
use crate::value::ValueKind;

/// `keras.ops.transpose`: with `[0, 2, 1]`, `[a, b] → [b, a]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Transpose {
    /// For each new axis, the old one, with the batch as axis 0; negative from the end. `None` reverses all of them.
    pub axes: Option<Vec<i64>>,
}

tensor_operations! {
    /// Permutes the axes.
    ///
    /// With `[0, 2, 1]`, `[a, b] → [b, a]`. The batch is axis 0 and stays first. Without `axes` Keras reverses all of
    /// them, and the batch would be last: `axes` is required.
    ///
    /// Keras: `keras.ops.transpose`
    "`transpose(x, axes = none)`"
    transpose, "let x = Input(shape = [10, 64]);\nlet y: [64, 10] = transpose(x, axes = [0, 2, 1]);" => Transpose::read;
    takes {
        /// A tensor.
        x: Tensors,
        /// The axes in their new order: 0 is the batch, 1 the first axis of a sample, -1 the last.
        axes: Axes = "none",
    }
}

/// Formats axes as written: `[0, 2, 1]`.
fn list(axes: impl IntoIterator<Item = usize>) -> String {
    let axes: Vec<String> = axes.into_iter().map(|axis| axis.to_string()).collect();
    format!("[{}]", axes.join(", "))
}

impl Transpose {
    fn read(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let axes = args.read_optional("axes", cx, |value, what, cx| match &value.kind {
            ValueKind::List(items) => {
                let each = format!("each axis in {what}");
                items.iter().map(|item| read::integer(item, &each, cx)).collect::<Option<Vec<_>>>()
            }
            _ => {
                read::wrong(value, what, "a list of axes", Some("write `axes = [0, 2, 1]`".into()), cx);
                None
            }
        });
        args.sound(&["axes"]).then_some(Transpose { axes })
    }

    /// For each axis of the result, that of the sample, from 1; `None` if the axes are not a permutation.
    fn dims(&self, rank: usize) -> Option<Vec<usize>> {
        // A rank is the length of a list in the source: it fits.
        let count = rank as i64 + 1;
        let axes =
            self.axes.as_ref()?.iter().map(|&axis| if axis < 0 { axis.saturating_add(count) } else { axis });
        let axes: Vec<usize> = axes.map(usize::try_from).collect::<Result<_, _>>().ok()?;
        let mut sorted = axes.clone();
        sorted.sort_unstable();
        let all = sorted.iter().copied().eq(0..=rank);
        (all && axes.first() == Some(&0)).then(|| axes.into_iter().skip(1).collect())
    }
}

impl Layer for Transpose {
    fn class_name(&self) -> &'static str {
        "transpose"
    }

    fn reads(&self) -> Reads {
        Reads::NamedAxes
    }

    fn masks(&self) -> Masks {
        Masks::Lose
    }

    fn kept_axes(&self, inputs: &[&Shape], _: &Shape) -> Vec<usize> {
        let dims = inputs.first().and_then(|x| self.dims(x.rank())).unwrap_or_default();
        vec![unmoved(&dims)]
    }

    fn effect(&self) -> Effect {
        Effect::Rearranged
    }

    operation_facts!(aliases = false);

    fn operation(&self, call: &mut dyn Call) -> Option<OpKind<Dim>> {
        let input = call.shape(0);
        let dims = self.dims(input.rank())?;
        let (shape, strides) = (List::Owned(call.result().0), permuted_strides(&input, &dims));
        Some(operation::Permute { shape, strides, x: call.x(0), y: call.y() }.into())
    }

    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        let rank = x.shape.rank();
        if let Some(dims) = self.dims(rank) {
            let axes = dims.iter().filter_map(|axis| x.shape.0.get(axis - 1)).cloned();
            return Some(vec![(Shape(axes.collect()), x.dtype)]);
        }
        let (name, shown) = (x.name, x.shape.display(cx.consts));
        let example = list(std::iter::once(0).chain((1..=rank).rev()));
        let help = match rank {
            0 | 1 => "leave `transpose` out: the axes of a sample have one order only".into(),
            _ => format!("write `transpose({name}, axes = {example})`, which reverses the axes of a sample"),
        };
        let found = match &self.axes {
            None => {
                let message = "`transpose` without `axes` reverses all axes, and moves the batch to the end";
                cx.error(Diag::error(Code::BatchAxis, call, message).about(x.named()).help(help));
                return None;
            }
            Some(axes) => axes,
        };
        let moves_batch = found.len() == rank + 1 && found.first() != Some(&0);
        // A permutation of a sample's axes, as in `Permute`.
        let of_sample = self.axes.as_ref().filter(|axes| {
            let mut sorted: Vec<i64> = axes.to_vec();
            sorted.sort_unstable();
            sorted.into_iter().eq(1..=rank as i64)
        });
        let diag = if let Some(axes) = of_sample {
            let axes = std::iter::once(0).chain(axes.iter().filter_map(|&axis| usize::try_from(axis).ok()));
            Diag::error(
                Code::PermutedAxes,
                call,
                "`axes` of `transpose` counts the batch as axis 0, and it is not among them",
            )
            .help(format!("write `axes = {}`", list(axes)))
        } else if moves_batch {
            Diag::error(Code::BatchAxis, call, "axis 0 is the batch, which stays the first").help(help)
        } else {
            let axes: Vec<String> = found.iter().map(i64::to_string).collect();
            let message = format!(
                "`axes` of `transpose` must hold each of 0 to {rank} once, as `{name}` is {shown}, found [{}]",
                axes.join(", ")
            );
            Diag::error(Code::PermutedAxes, call, message).help(help)
        };
        cx.error(diag.about(x.shown()));
        None
    }
}
