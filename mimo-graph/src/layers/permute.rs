//! `Permute`: permutes the axes of a sample.

use crate::activation::Activation;
use crate::args::{Bound, read};
use crate::code::Code;
use crate::context::Cx;
use crate::describe::List;
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::change::{Change, Written};
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, Typed, Weight};
use crate::operation::{self, Call, OpKind, permuted_strides};
use crate::shape::{Dtype, Shape};

/// Keras's `Permute`: with `(2, 1)`, `[a, b] → [b, a]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Permute {
    /// For each new axis, the old one, counted from 1 as in Keras.
    pub dims: Vec<usize>,
}

layer! {
    /// Permutes the axes of a sample.
    ///
    /// With `(2, 1)`, `[a, b] → [b, a]`.
    ///
    /// Keras: [`Permute`](https://keras.io/api/layers/reshaping_layers/permute/)
    "`Permute(dims, name = none, trainable = true)`"
    Permute, "let x = Input(shape = [10, 64]);\nlet y: [64, 10] = Permute((2, 1))(x);" => Permute::from_args;
    takes {
        /// The axes of a sample in their new order; the first is 1.
        dims: Axes,
    }
}

impl Permute {
    pub(super) fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let items = args.items("dims", cx)?;
        let dims: Vec<Option<i64>> =
            items.iter().map(|item| read::integer(item, "each axis in `dims` of `Permute`", cx)).collect();
        let dims = dims.into_iter().collect::<Option<Vec<_>>>()?;
        let mut sorted = dims.clone();
        sorted.sort_unstable();
        if sorted.iter().zip(1..).any(|(&axis, place)| axis != place) {
            let shown = dims.iter().map(|axis| axis.to_string()).collect::<Vec<_>>().join(", ");
            let n = dims.len();
            let wanted = if n == 1 { "hold 1 only".into() } else { format!("hold each of 1 to {n} once") };
            let message = format!("`dims` of `Permute` must {wanted}, found [{shown}]");
            let help = "axis 1 is the first axis of a sample: the batch is not counted";
            cx.error(Diag::error(Code::PermutedAxes, args.loc("dims"), message).help(help));
            return None;
        }
        let dims = dims.into_iter().filter_map(|axis| usize::try_from(axis).ok()).collect();
        Some(Permute { dims })
    }
}

/// Number of first axes that are not moved; `dims` are the axes in their new order, the first is 1.
pub(super) fn unmoved(dims: &[usize]) -> usize {
    dims.iter().zip(1..).take_while(|(axis, place)| *axis == place).count()
}

impl Layer for Permute {
    fn class_name(&self) -> &'static str {
        "Permute"
    }

    fn reads(&self) -> Reads {
        Reads::NamedAxes
    }

    fn masks(&self) -> Masks {
        Masks::Lose
    }

    fn kept_axes(&self, _: &[&Shape], _: &Shape) -> Vec<usize> {
        vec![unmoved(&self.dims)]
    }

    fn effect(&self) -> Effect {
        Effect::Rearranged
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
        let operation = operation::Permute {
            shape: List::Owned(call.result().0),
            strides: permuted_strides(&call.shape(0), &self.dims),
            x: call.x(0),
            y: call.y(),
        };
        Some(operation.into())
    }

    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        let (wanted, found) = (self.dims.len(), x.shape.rank());
        if wanted != found {
            let shown = x.shape.display(cx.consts);
            let named = if wanted == 1 { "1 axis".into() } else { format!("{wanted} axes") };
            let message = format!("`Permute` orders {named}, but `{}` has {found}: {shown}", x.name);
            let diag = Diag::error(Code::PermutedAxes, call, message).about(x.shown());
            let reversed = (1..=found).rev().map(|axis| axis.to_string()).collect::<Vec<_>>().join(", ");
            cx.error(match found {
                0 | 1 => diag.help("leave `Permute` out: there is one order only"),
                _ => diag.help(format!("name each of 1 to {found} once, as in `dims = [{reversed}]`")),
            });
            return None;
        }
        let dims = self.dims.iter().map(|&axis| x.shape.0.get(axis.wrapping_sub(1)).cloned());
        Some(vec![(Shape(dims.collect::<Option<Vec<_>>>()?), x.dtype)])
    }

    fn changes(&self, inputs: &[&Shape], _: Option<&Shape>) -> Vec<(Self, Change)> {
        let rank = inputs.first().map_or(0, |shape| shape.rank());
        let dims: Vec<usize> = (1..=rank).rev().collect();
        let written = Written::Tuple(dims.iter().copied().map(Written::Number).collect());
        // One axis cannot be permuted.
        if rank < 2 { vec![] } else { vec![(Permute { dims }, Change::Setting("dims", written))] }
    }
}
