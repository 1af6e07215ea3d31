//! `reshape`: the layer `Reshape` as an operation, whose shape includes the batch.

use crate::args::Bound;
use crate::code::Code;
use crate::context::Cx;
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, operation_facts};
use crate::layers::reshape::Reshape;
use crate::operation::{Call, OpKind};
use crate::shape::{Dtype, Shape};
use crate::value::ValueKind;

/// `keras.ops.reshape`.
#[derive(Clone, Debug, PartialEq)]
pub struct ReshapeOperation(pub Reshape);

tensor_operations! {
    /// Reshapes a sample; the number of values is unchanged.
    ///
    /// `[…] → newshape` without its first axis, the batch, which is written as -1. One axis of a sample may be -1
    /// too: its length follows from the others. The layer `Reshape` has the shape of a sample as its argument.
    ///
    /// Keras: `keras.ops.reshape`
    "`reshape(x, newshape)`"
    reshape, "let x = Input(shape = [12]);\nlet y: [3, 4] = reshape(x, [-1, 3, 4]);" => read_shape;
    takes {
        /// A tensor.
        x: Tensors,
        /// The new shape: -1 for the batch, and the axes of a sample.
        newshape: Lengths,
    }
}

fn read_shape(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<ReshapeOperation> {
    let items = args.items("newshape", cx)?;
    let rest = match items.split_first() {
        Some((first, rest)) if first.kind == ValueKind::Int(-1) => rest,
        Some((first, _)) => {
            let lengths: Vec<String> = items
                .iter()
                .map(|item| match &item.kind {
                    ValueKind::Int(n) => n.to_string(),
                    ValueKind::Ident { text, .. } => text.clone(),
                    _ => "…".into(),
                })
                .collect();
            let message = "the first axis of `newshape` is the batch, which is written as -1";
            let diag = Diag::error(Code::BatchAxis, first.loc, message);
            cx.error(diag.help(format!("write `[-1, {}]`", lengths.join(", "))));
            return None;
        }
        None => {
            let message = "`newshape` of `reshape` begins with the batch, which is written as -1";
            let diag = Diag::error(Code::BatchAxis, args.loc("newshape"), message);
            cx.error(diag.help("write `[-1]` for one number in each sample"));
            return None;
        }
    };
    let target_shape = Reshape::axes(rest, "newshape", args, cx)?;
    Some(ReshapeOperation(Reshape { target_shape }))
}

impl Layer for ReshapeOperation {
    fn class_name(&self) -> &'static str {
        "reshape"
    }

    fn reads(&self) -> Reads {
        self.0.reads()
    }

    fn masks(&self) -> Masks {
        Masks::Lose
    }

    fn kept_axes(&self, inputs: &[&Shape], output: &Shape) -> Vec<usize> {
        self.0.kept_axes(inputs, output)
    }

    fn effect(&self) -> Effect {
        self.0.effect()
    }

    operation_facts!(aliases = true);

    fn operation(&self, _: &mut dyn Call) -> Option<OpKind<Dim>> {
        None
    }

    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        self.0.infer(inputs, call, cx)
    }
}
