//! Broadcasting: the common shape of tensors that are combined element by element.

use crate::code::Code;
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::Diag;
use crate::dim::{Dim, Same};
use crate::layers::layer::Operand;
use crate::shape::Shape;

/// Computes the common shape of tensors; `None` after an error. `needs` is the beginning of a message: "`Add` needs".
///
/// Axes are compared from the last one: they are equal, or one of them is 1 and is repeated; missing ones count as 1.
/// A length that only const evaluation knows is never repeated, so that the generated code does not depend on it: it
/// has to be equal.
pub(super) fn broadcast(needs: &str, inputs: &[Operand<'_>], cx: &mut Cx<'_>) -> Option<Shape> {
    let (first, rest) = inputs.split_first()?;
    let (mut shape, mut fine) = (first.shape.clone(), true);
    for (i, x) in rest.iter().enumerate() {
        match with(needs, &shape, &inputs[..=i], x, cx) {
            Some(wider) => shape = wider,
            None => fine = false,
        }
    }
    fine.then_some(shape)
}

/// The common shape of `shape`, that of the tensors `before`, and `x`.
fn with(
    needs: &str,
    shape: &Shape,
    before: &[Operand<'_>],
    x: &Operand<'_>,
    cx: &mut Cx<'_>,
) -> Option<Shape> {
    let rank = shape.rank().max(x.shape.rank());
    let mut dims = Vec::with_capacity(rank);
    for from_end in (1..=rank).rev() {
        let (a, b) = (axis(shape, from_end), axis(x.shape, from_end));
        dims.push(match (&a, &b) {
            (Dim::Known(1), _) => b,
            (_, Dim::Known(1)) => a,
            _ => match a.same(&b) {
                Same::Yes => a,
                Same::No => {
                    different(needs, from_end, &b, before, x, cx);
                    return None;
                }
                Same::Deferred => {
                    let other = other(from_end, &b, before);
                    let sides = sides(other, x, cx);
                    cx.checks.push(DimCheck {
                        code: Code::UnequalShapes,
                        loc: x.loc,
                        found: b,
                        relation: Relation::Equal,
                        wanted: a.clone(),
                        what: match from_end {
                            1 => format!("last axis of `{}`", x.name),
                            _ => format!("axis -{from_end} of `{}`", x.name),
                        },
                        help: Some("an axis of 1 is repeated only if it is written as a number".into()),
                        notes: vec![sides],
                        subjects: other.into_iter().chain([x]).filter_map(Operand::shown).collect(),
                    });
                    a
                }
            },
        });
    }
    Some(Shape(dims))
}

fn different(
    needs: &str,
    from_end: usize,
    dim: &Dim,
    before: &[Operand<'_>],
    x: &Operand<'_>,
    cx: &mut Cx<'_>,
) {
    let other = other(from_end, dim, before);
    let sides = sides(other, x, cx);
    let diag = Diag::error(Code::UnequalShapes, x.loc, format!("{needs} equal shapes, but {sides}"));
    let diag = diag.about(other.and_then(Operand::shown)).about(x.shown());
    cx.error(diag.help("axes have to be equal or 1, compared from the last"));
}

/// The axis counted from the end; a missing one counts as 1, as Keras inserts axes after the batch.
fn axis(shape: &Shape, from_end: usize) -> Dim {
    shape.rank().checked_sub(from_end).and_then(|i| shape.0.get(i)).cloned().unwrap_or(Dim::Known(1))
}

/// The tensor with which an axis length disagrees.
fn other<'a, 'b>(from_end: usize, dim: &Dim, before: &'b [Operand<'a>]) -> Option<&'b Operand<'a>> {
    before.iter().find(|x| {
        let own = axis(x.shape, from_end);
        own != Dim::Known(1) && own != *dim
    })
}

fn sides(other: Option<&Operand<'_>>, x: &Operand<'_>, cx: &Cx<'_>) -> String {
    let shown = x.shape.display(cx.consts);
    match other {
        Some(other) => {
            format!("`{}` is {} and `{}` is {shown}", other.name, other.shape.display(cx.consts), x.name)
        }
        None => format!("`{}` is {shown}", x.name),
    }
}
