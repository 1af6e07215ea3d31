//! Contracted axes: common code of `matmul`, `einsum` and `Dot`.

use crate::code::Code;
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::layer::Operand;
use crate::shape::Shape;

/// Numbered axes of samples: axes with the same number are iterated together, and those that the output does not have
/// are summed over.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axes {
    /// The axes of each tensor; `None` for one of length 1 that is repeated.
    pub operands: Vec<Vec<Option<usize>>>,
    /// The axes of the output, each once.
    pub output: Vec<usize>,
}

impl Axes {
    /// Every axis with its length, in the order in which the tensors have them.
    pub(crate) fn lengths(&self, shapes: &[Shape]) -> Vec<(usize, Dim)> {
        let mut found: Vec<(usize, Dim)> = Vec::new();
        for (axes, shape) in self.operands.iter().zip(shapes) {
            for (axis, len) in axes.iter().zip(&shape.0) {
                if let Some(axis) = axis
                    && found.iter().all(|(other, _)| other != axis)
                {
                    found.push((*axis, len.clone()));
                }
            }
        }
        found
    }

    /// The shape of the output.
    pub(crate) fn kept(&self) -> Vec<usize> {
        let first = |axes: &Vec<Option<usize>>| {
            axes.iter().zip(&self.output).take_while(|(axis, output)| **axis == Some(**output)).count()
        };
        self.operands.iter().map(first).collect()
    }

    pub(crate) fn result(&self, shapes: &[Shape]) -> Shape {
        let all = self.lengths(shapes);
        let length = |axis: &usize| Some(all.iter().find(|(other, _)| other == axis)?.1.clone());
        Shape(self.output.iter().filter_map(length).collect())
    }
}

/// An axis of an operand, within a sample.
pub(super) type Place<'a, 'b> = (&'a Operand<'b>, usize);

/// Reports two axes with the same number and different lengths. Returns false only after an error. `what` is the
/// beginning of a message: "`matmul` sums over".
pub(super) fn have_one_length(
    what: &str,
    [(a, i), (b, j)]: [Place<'_, '_>; 2],
    help: &str,
    loc: Loc,
    cx: &mut Cx<'_>,
) -> bool {
    let (Some(m), Some(n)) = (a.shape.0.get(i), b.shape.0.get(j)) else { return true };
    let check = DimCheck {
        code: Code::DotLengths,
        loc,
        found: n.clone(),
        relation: Relation::Equal,
        wanted: m.clone(),
        what: format!("axis {} of `{}`", j + 1, b.name),
        help: None,
        notes: vec![format!("{what} it and axis {} of `{}`", i + 1, a.name)],
        subjects: [a, b].into_iter().filter_map(Operand::named).collect(),
    };
    cx.require_equal(check, |check| {
        let (m, n) = (check.wanted.known().unwrap_or(0), check.found.known().unwrap_or(0));
        let message = format!(
            "{what} axis {} of `{}`, which is {m}, and axis {} of `{}`, which is {n}",
            i + 1,
            a.name,
            j + 1,
            b.name
        );
        Diag::error(Code::DotLengths, loc, message).about(a.named()).about(b.named()).help(help)
    })
}
