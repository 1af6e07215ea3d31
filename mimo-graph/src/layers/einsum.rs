//! `einsum`: products of tensors, summed over the axes of an equation.

mod subscripts;

use crate::args::{Bound, read};
use crate::code::Code;
use crate::context::Cx;
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::contraction::{Axes, Place, have_one_length};
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, floats, operation_facts};
use crate::operation::{Call, OpKind};
use crate::shape::{Dtype, Shape};
use crate::value::ValueKind;

use subscripts::{Subscripts, is_elided, letter};

/// `einsum` of `keras.ops`, of one tensor or two.
#[derive(Clone, Debug, PartialEq)]
pub struct Einsum {
    /// The equation as written.
    pub text: String,
    /// Its location.
    pub loc: Loc,
    /// The axes of tensors and result.
    pub equation: Subscripts,
}

tensor_operations! {
    /// The products of two tensors, summed over the axes that the result does not have: `einsum("bij,bjk->bik", a, b)` is `matmul(a, b)`.
    ///
    /// Each axis is a letter; the first letter of each tensor and of the result is the batch. Common axes may be
    /// written `...`, as in `"...ij,...jk->...ik"`. For one tensor it permutes axes, `"bij->bji"`, sums, `"bij->bi"`,
    /// or extracts a diagonal, `"bii->bi"`. For a product with a kernel, write `EinsumDense`.
    ///
    /// Keras: `keras.ops.einsum`
    "`einsum(subscripts, x1, x2 = none)`"
    einsum, "let q = Input(shape = [20, 4, 8]);\nlet k = Input(shape = [30, 4, 8]);\nlet y: [4, 20, 30] = einsum(\"bqhd,bkhd->bhqk\", q, k);" => |args, cx| Einsum::read(args, cx);
    takes {
        /// The axes of the tensors and of the result, a letter each, with the batch first.
        subscripts: Name,
        /// A tensor.
        x1: Tensors,
        /// Another tensor.
        x2: Tensors = "none",
        x3 => "write an `einsum` of two tensors, and another one of its result and the third",
    }
}

impl Einsum {
    fn read(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let text = args.read("subscripts", cx, |value, what, cx| match &value.kind {
            ValueKind::Str(text) => Some(text.clone()),
            _ => {
                let help = "write the axes in quotes, as in `\"bij,bjk->bik\"`";
                read::wrong(value, what, "a string", Some(help.into()), cx);
                None
            }
        })?;
        if !args.sound(&["x1", "x2", "x3"]) {
            return None;
        }
        let has_second = args.take("x2").is_some_and(|value| value.kind != ValueKind::None);
        let loc = args.loc("subscripts");
        match Subscripts::parse(&text, 1 + usize::from(has_second)) {
            Ok(equation) => Some(Einsum { text, loc, equation }),
            Err((message, help)) => {
                cx.error(Diag::error(Code::WrongValue, loc, message).help(help));
                None
            }
        }
    }

    /// The axes of a call on samples of these shapes; `None` if the equation does not fit them.
    pub(crate) fn axes(&self, shapes: &[Shape]) -> Option<Axes> {
        let ranks: Vec<usize> = shapes.iter().map(Shape::rank).collect();
        let operands = self.equation.operands(&ranks).ok()?;
        let length = |tensor: usize, at: usize| shapes.get(tensor)?.0.get(at);
        let longer = |tensor: usize, axis: usize| {
            let others = (0..operands.len()).filter(|other| *other != tensor);
            others.into_iter().any(|other| {
                let at = operands[other].iter().position(|it| *it == axis);
                at.and_then(|at| length(other, at)).is_some_and(|len| *len != Dim::Known(1))
            })
        };
        let is_repeated = |tensor: usize, at: usize| {
            let axis = operands[tensor][at];
            is_elided(axis) && length(tensor, at) == Some(&Dim::Known(1)) && longer(tensor, axis)
        };
        Some(self.equation.axes(&operands, &is_repeated))
    }

    /// Reports a tensor with another number of axes than the equation names.
    fn has_rank(&self, x: &Operand<'_>, at: usize, cx: &mut Cx<'_>) {
        let (text, found) = (&self.text, x.shape.rank());
        let Some(term) = self.equation.operands.get(at) else { return };
        let named = term.letters().count();
        let wanted = match (term.ellipsis, named) {
            (true, _) if term.before.is_empty() => format!("{named} axes after those of `...`"),
            (true, _) => format!("{named} axes and those of `...`"),
            (false, 1) => "1 axis".into(),
            (false, _) => format!("{named} axes"),
        };
        let found = if found == 1 { "1 axis".into() } else { format!("{found} axes") };
        let message = format!(
            "`{term}` of `{text}` names {wanted}, the batch among them, but `{}` has the batch and {found}: {}",
            x.name,
            x.shape.display(cx.consts)
        );
        let help =
            "write a letter for the batch and one for each axis of a sample, or `...` for those that stay";
        cx.error(Diag::error(Code::WrongRank, self.loc, message).about(x.shown()).help(help));
    }
}

impl Layer for Einsum {
    fn class_name(&self) -> &'static str {
        "einsum"
    }

    fn reads(&self) -> Reads {
        Reads::NamedAxes
    }

    fn masks(&self) -> Masks {
        Masks::Lose
    }

    fn kept_axes(&self, inputs: &[&Shape], _: &Shape) -> Vec<usize> {
        let shapes: Vec<Shape> = inputs.iter().map(|&shape| shape.clone()).collect();
        self.axes(&shapes).map(|axes| axes.kept()).unwrap_or_default()
    }

    fn effect(&self) -> Effect {
        match self.equation.operands.len() {
            0 | 1 => Effect::Rearranged,
            _ => Effect::Joined,
        }
    }

    operation_facts!(aliases = false);

    /// Created by the plan.
    fn operation(&self, _: &mut dyn Call) -> Option<OpKind<Dim>> {
        None
    }

    fn infer(&self, inputs: &[Operand<'_>], _: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let fine: Vec<bool> = inputs.iter().map(|x| floats("einsum", x, cx)).collect();
        if fine.contains(&false) {
            return None;
        }
        let ranks: Vec<usize> = inputs.iter().map(|x| x.shape.rank()).collect();
        let operands = match self.equation.operands(&ranks) {
            Ok(operands) => operands,
            Err(at) => {
                self.has_rank(inputs.get(at)?, at, cx);
                return None;
            }
        };
        // The first occurrence of an axis determines its length; for axes of an ellipsis, the first length other than
        // 1.
        let mut firsts: Vec<(usize, Place<'_, '_>)> = Vec::new();
        let mut fine = true;
        for (x, axes) in inputs.iter().zip(&operands) {
            for (at, axis) in axes.iter().enumerate() {
                if is_elided(*axis) && x.shape.0.get(at) == Some(&Dim::Known(1)) {
                    continue;
                }
                let Some((_, first)) = firsts.iter().find(|(other, _)| other == axis) else {
                    firsts.push((*axis, (x, at)));
                    continue;
                };
                let named =
                    letter(*axis).map_or("an axis of `...`".to_owned(), |letter| format!("`{letter}`"));
                let what = format!("{named} of `{}` is", self.text);
                fine &= have_one_length(
                    &what,
                    [*first, (x, at)],
                    "write another letter for one of them, or make their lengths equal",
                    self.loc,
                    cx,
                );
            }
        }
        let shapes: Vec<Shape> = inputs.iter().map(|x| x.shape.clone()).collect();
        let result = self.axes(&shapes)?.result(&shapes);
        fine.then(|| vec![(result, Dtype::Float)])
    }

    fn arity(&self) -> (usize, usize) {
        let tensors = self.equation.operands.len();
        (tensors, tensors)
    }
}
