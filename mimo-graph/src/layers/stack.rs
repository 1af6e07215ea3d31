//! `stack`: joins tensors along a new axis.

use crate::args::Bound;
use crate::code::Code;
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, operation_facts, sample_axis};
use crate::operation::{Call, OpKind, join};
use crate::shape::{Dtype, Shape};

/// `keras.ops.stack`: `[a], [a] → [2, a]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stack {
    /// Position of the axis in the result, with the batch as axis 0; negative from the end.
    pub axis: i64,
}

tensor_operations! {
    /// Joins tensors of equal shape along a new axis.
    ///
    /// `[a], [a] → [2, a]` for axis 1, `[a, 2]` for the last axis. Keras's default is the first axis, which is the
    /// batch: `axis` is required.
    ///
    /// Keras: `keras.ops.stack`
    "`stack(x, axis)`"
    stack, "let a = Input(shape = [8]);\nlet b = Input(shape = [8]);\nlet y: [2, 8] = stack([a, b], axis = 1);" => Stack::read;
    takes {
        /// A list of tensors: `[a, b]`, or the list of a loop.
        x: TensorList,
        /// Position of the axis in the result: 0 is the batch, 1 the first axis of a sample, -1 the last.
        axis: Axis,
    }
}

impl Stack {
    fn read(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let axis = args.integer("axis", cx);
        if !args.sound(&["axis"]) {
            return None;
        }
        if axis == 0 {
            let message = "axis 0 is the batch, and no axis comes before it";
            let help = "write `axis = 1` for the first axis of a sample, `axis = -1` for the last";
            cx.error(Diag::error(Code::BatchAxis, args.loc("axis"), message).help(help));
            return None;
        }
        Some(Stack { axis })
    }
}

impl Layer for Stack {
    fn class_name(&self) -> &'static str {
        "stack"
    }

    fn reads(&self) -> Reads {
        Reads::Any
    }

    fn masks(&self) -> Masks {
        Masks::Lose
    }

    fn kept_axes(&self, inputs: &[&Shape], output: &Shape) -> Vec<usize> {
        vec![sample_axis(self.axis, output.rank()).unwrap_or(0); inputs.len()]
    }

    fn effect(&self) -> Effect {
        Effect::Joined
    }

    operation_facts!(aliases = false);

    fn operation(&self, call: &mut dyn Call) -> Option<OpKind<Dim>> {
        let result = call.result();
        let axis = sample_axis(self.axis, result.rank())?;
        let before = Shape(result.0.into_iter().take(axis).collect()).elements();
        Some(join(before, call).into())
    }

    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let (first, rest) = inputs.split_first()?;
        let mut fine = true;
        for x in rest {
            fine &= same(first, x, cx);
        }
        if !fine {
            return None;
        }
        let rank = first.shape.rank() + 1;
        let Some(axis) = sample_axis(self.axis, rank) else {
            let axes = if rank == 1 { "axis 1 only".to_owned() } else { format!("axes 1 to {rank}") };
            let message = format!("axis {} does not exist: the result of `stack` has {axes}", self.axis);
            let help = "axis 1 is the first axis of a sample, axis -1 the last";
            cx.error(Diag::error(Code::AxisOutOfRange, call, message).about(first.shown()).help(help));
            return None;
        };
        let mut shape = first.shape.0.clone();
        shape.insert(axis, Dim::Known(inputs.len()));
        Some(vec![(Shape(shape), first.dtype)])
    }

    fn arity(&self) -> (usize, usize) {
        (1, usize::MAX)
    }
}

/// Whether two tensors have equal shapes and dtypes.
fn same(first: &Operand<'_>, x: &Operand<'_>, cx: &mut Cx<'_>) -> bool {
    if x.dtype != first.dtype {
        let (float, int) = if x.dtype == Dtype::Int { (first, x) } else { (x, first) };
        let message = format!("`{}` holds integers and `{}` holds floats", int.name, float.name);
        cx.error(
            Diag::error(Code::MixedDtypes, x.loc, message)
                .about(first.named())
                .about(x.named())
                .help(format!("write `cast({}, float32)` to stack floats", int.name)),
        );
        return false;
    }
    let (a, b) = (first.shape.display(cx.consts).to_string(), x.shape.display(cx.consts).to_string());
    let sides = format!("`{}` is {a} and `{}` is {b}", first.name, x.name);
    let report = || {
        Diag::error(Code::UnequalShapes, x.loc, format!("`stack` needs tensors of one shape, but {sides}"))
            .about(first.shown())
            .about(x.shown())
            .help("tensors that differ in one axis are joined along it: `concatenate([a, b], axis = 1)`")
    };
    if x.shape.rank() != first.shape.rank() {
        cx.error(report());
        return false;
    }
    first.shape.0.iter().zip(&x.shape.0).enumerate().all(|(axis, (wanted, found))| {
        let check = DimCheck {
            code: Code::UnequalShapes,
            loc: x.loc,
            found: found.clone(),
            relation: Relation::Equal,
            wanted: wanted.clone(),
            what: format!("axis {} of `{}`", axis + 1, x.name),
            help: None,
            notes: vec![format!("`stack` needs tensors of one shape, but {sides}")],
            subjects: [first, x].into_iter().filter_map(Operand::shown).collect(),
        };
        cx.require_equal(check, |_| report())
    })
}
