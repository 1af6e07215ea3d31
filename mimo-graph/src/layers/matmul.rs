//! `matmul`: products of matrices.

use crate::code::Code;
use crate::context::Cx;
use crate::diag::{Diag, Loc};
use crate::dim::{Dim, Same};
use crate::layers::contraction::{Axes, have_one_length};
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, floats, has_axes, operation_facts};
use crate::operation::{Call, OpKind};
use crate::shape::{Dtype, Shape};

/// `matmul` of `keras.ops`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Matmul;

tensor_operations! {
    /// The product of the matrices of two tensors, sample by sample: their last two axes are rows and columns.
    ///
    /// `[m, k], [k, n] → [m, n]`. Axes before these are equal, or of length 1 and repeated. A vector is a row on the left and a column on
    /// the right: `[k], [k, n] → [n]`, `[m, k], [k] → [m]`. A kernel that all samples share is a `Weight`: `matmul(x, Weight([8, 30]))` is the product of a `Dense`.
    ///
    /// Keras: `keras.ops.matmul`
    "`matmul(x1, x2)`"
    matmul, "let q = Input(shape = [20, 8]);\nlet k = Input(shape = [8, 30]);\nlet y: [20, 30] = matmul(q, k);" => |args, _| args.sound(&["x1", "x2"]).then_some(Matmul);
    takes {
        /// A tensor with the rows.
        x1: Tensors,
        /// A tensor with the columns.
        x2: Tensors,
    }
}

/// Help about the axes before the last two.
const HELP: &str = "axes before the last two have to be equal or 1, compared from the last";

impl Matmul {
    /// The axes of a call. The summed one is axis 0, rows and columns are 1 and 2, and those before them are counted
    /// from the end.
    pub(crate) fn axes(&self, a: &Shape, b: &Shape) -> Axes {
        let axes = |x: &Shape, other: &Shape, [row, column]: [usize; 2], is_vector: &[usize]| {
            let matrix = x.rank().min(2);
            let mut axes: Vec<Option<usize>> = (0..x.rank() - matrix)
                .map(|at| {
                    let from_end = x.rank() - matrix - at;
                    let opposite = other.rank().checked_sub(2 + from_end).and_then(|at| other.0.get(at));
                    let repeated =
                        x.0[at] == Dim::Known(1) && opposite.is_some_and(|len| *len != Dim::Known(1));
                    (!repeated).then_some(2 + from_end)
                })
                .collect();
            match matrix {
                2 => axes.extend([Some(row), Some(column)]),
                _ => axes.extend(is_vector.iter().take(matrix).map(|axis| Some(*axis))),
            }
            axes
        };
        let operands = vec![axes(a, b, [1, 0], &[0]), axes(b, a, [0, 2], &[0])];
        let before = a.rank().max(b.rank()).saturating_sub(2);
        let rows = (a.rank() > 1).then_some(1);
        let columns = (b.rank() > 1).then_some(2);
        let output = (1..=before).rev().map(|from_end| 2 + from_end).chain(rows).chain(columns);
        Axes { operands, output: output.collect() }
    }
}

impl Layer for Matmul {
    fn class_name(&self) -> &'static str {
        "matmul"
    }

    fn reads(&self) -> Reads {
        // An inserted layer would change the meaning of the axes.
        Reads::NamedAxes
    }

    fn masks(&self) -> Masks {
        Masks::Lose
    }

    fn kept_axes(&self, inputs: &[&Shape], _: &Shape) -> Vec<usize> {
        match inputs {
            [a, b] => self.axes(a, b).kept(),
            _ => vec![],
        }
    }

    fn effect(&self) -> Effect {
        Effect::Joined
    }

    operation_facts!(aliases = false);

    /// Created by the plan.
    fn operation(&self, _: &mut dyn Call) -> Option<OpKind<Dim>> {
        None
    }

    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [a, b] = inputs else { return None };
        let fine = [a, b].map(|x| floats("matmul", x, cx) && has_axes("matmul", x, cx));
        if fine != [true; 2] {
            return None;
        }
        let (i, j) = (a.shape.rank() - 1, b.shape.rank().saturating_sub(2));
        let help = format!(
            "write `einsum(\"...ij,...kj->...ik\", {}, {})` to sum over the last axes of both",
            a.name, b.name
        );
        let mut fine = have_one_length("`matmul` sums over", [(a, i), (b, j)], &help, call, cx);
        for from_end in 3..=a.shape.rank().min(b.shape.rank()) {
            let (i, j) = (a.shape.rank() - from_end, b.shape.rank() - from_end);
            let (m, n) = (&a.shape.0[i], &b.shape.0[j]);
            if *m == Dim::Known(1) || *n == Dim::Known(1) {
                continue;
            }
            if m.same(n) == Same::No {
                let message = format!(
                    "`matmul` multiplies the matrices of equal positions, but axis {} of `{}` is {} and axis {} of `{}` is {}",
                    i + 1,
                    a.name,
                    m.display(cx.consts),
                    j + 1,
                    b.name,
                    n.display(cx.consts),
                );
                cx.error(
                    Diag::error(Code::UnequalShapes, call, message)
                        .about(a.shown())
                        .about(b.shown())
                        .help(HELP),
                );
                fine = false;
            } else {
                let what = "`matmul` has a matrix for each position of";
                fine &= have_one_length(what, [(a, i), (b, j)], HELP, call, cx);
            }
        }
        let shape = self.axes(a.shape, b.shape).result(&[a.shape.clone(), b.shape.clone()]);
        fine.then(|| vec![(shape, Dtype::Float)])
    }

    fn arity(&self) -> (usize, usize) {
        (2, 2)
    }
}
