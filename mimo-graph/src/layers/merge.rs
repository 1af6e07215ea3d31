//! `Add`, `Subtract`, `Multiply`, `Average`, `Maximum`, `Minimum`: element by element, with Keras's broadcasting.

use crate::activation::Activation;
use crate::code::Code;
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::{Diag, Loc};
use crate::dim::{Dim, Same};
use crate::layers::layer::{Effect, Layer, Operand, Reads, Typed, Weight, floats};
pub use crate::operation::MergeOp;
use crate::operation::{Call, OpKind, merge};
use crate::shape::{Dtype, Shape};

/// A merge layer of Keras.
///
/// Axes are compared from the last one: they are equal, or one of them is 1 and is repeated; missing ones
/// count as 1. A length that only const evaluation knows is repeated never, so that what is computed does not
/// depend on it: it has to be equal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Merge {
    /// How elements are combined.
    pub op: MergeOp,
}

layer! {
    /// The sum of tensors, value by value.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. As a function: `add([a, b])` or `a + b`.
    ///
    /// Keras: [`Add`](https://keras.io/api/layers/merging_layers/add/)
    "`Add(name = none, trainable = true)`"
    Add | add, "let a = Input(shape = [10]);\nlet b = Input(shape = [10]);\nlet y: [10] = add([a, b]);" => |_, _| Some(Merge { op: MergeOp::Add });

    /// The difference of two tensors, value by value.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. As a function: `subtract([a, b])` or `a - b`.
    ///
    /// Keras: [`Subtract`](https://keras.io/api/layers/merging_layers/subtract/)
    "`Subtract(name = none, trainable = true)`"
    Subtract | subtract, "let a = Input(shape = [10]);\nlet b = Input(shape = [10]);\nlet y: [10] = subtract([a, b]);" => |_, _| Some(Merge { op: MergeOp::Subtract });

    /// The product of tensors, value by value.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. As a function: `multiply([a, b])` or `a * b`.
    ///
    /// Keras: [`Multiply`](https://keras.io/api/layers/merging_layers/multiply/)
    "`Multiply(name = none, trainable = true)`"
    Multiply | multiply, "let a = Input(shape = [10]);\nlet b = Input(shape = [10]);\nlet y: [10] = multiply([a, b]);" => |_, _| Some(Merge { op: MergeOp::Multiply });

    /// The mean of tensors, value by value.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. As a function: `average([a, b])`.
    ///
    /// Keras: [`Average`](https://keras.io/api/layers/merging_layers/average/)
    "`Average(name = none, trainable = true)`"
    Average | average, "let a = Input(shape = [10]);\nlet b = Input(shape = [10]);\nlet y: [10] = average([a, b]);" => |_, _| Some(Merge { op: MergeOp::Average });

    /// The larger of the values of tensors.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. As a function: `maximum([a, b])`.
    ///
    /// Keras: [`Maximum`](https://keras.io/api/layers/merging_layers/maximum/)
    "`Maximum(name = none, trainable = true)`"
    Maximum | maximum, "let a = Input(shape = [10]);\nlet b = Input(shape = [10]);\nlet y: [10] = maximum([a, b]);" => |_, _| Some(Merge { op: MergeOp::Maximum });

    /// The smaller of the values of tensors.
    ///
    /// Shapes are equal, or axes of length 1 are repeated. As a function: `minimum([a, b])`.
    ///
    /// Keras: [`Minimum`](https://keras.io/api/layers/merging_layers/minimum/)
    "`Minimum(name = none, trainable = true)`"
    Minimum | minimum, "let a = Input(shape = [10]);\nlet b = Input(shape = [10]);\nlet y: [10] = minimum([a, b]);" => |_, _| Some(Merge { op: MergeOp::Minimum });
    takes {}
}

impl From<MergeOp> for Merge {
    fn from(op: MergeOp) -> Self {
        Merge { op }
    }
}

impl Layer for Merge {
    fn class_name(&self) -> &'static str {
        match self.op {
            MergeOp::Add => "Add",
            MergeOp::Subtract => "Subtract",
            MergeOp::Multiply => "Multiply",
            MergeOp::Average => "Average",
            MergeOp::Maximum => "Maximum",
            MergeOp::Minimum => "Minimum",
        }
    }

    fn reads(&self) -> Reads {
        Reads::Broadcast
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
        Some(merge(self.op, call).into())
    }

    fn infer(&self, inputs: &[Operand<'_>], _: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let mut fine = true;
        for x in inputs {
            fine &= floats(self.class_name(), x, cx);
        }
        let (first, rest) = inputs.split_first()?;
        let mut shape = first.shape.clone();
        for (i, x) in rest.iter().enumerate() {
            match self.broadcast(&shape, &inputs[..=i], x, cx) {
                Some(wider) => shape = wider,
                None => fine = false,
            }
        }
        fine.then(|| vec![(shape, Dtype::Float)])
    }

    fn arity(&self) -> (usize, usize) {
        match self.op {
            MergeOp::Subtract => (2, 2),
            MergeOp::Add | MergeOp::Multiply | MergeOp::Average | MergeOp::Maximum | MergeOp::Minimum => {
                (1, usize::MAX)
            }
        }
    }
}

impl Merge {
    /// The shape that `shape`, which the tensors `before` have together, and `x` broadcast to.
    fn broadcast(
        &self,
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
                        self.different(from_end, &b, before, x, cx);
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
        &self,
        from_end: usize,
        dim: &Dim,
        before: &[Operand<'_>],
        x: &Operand<'_>,
        cx: &mut Cx<'_>,
    ) {
        let other = other(from_end, dim, before);
        let sides = sides(other, x, cx);
        let diag = Diag::error(
            Code::UnequalShapes,
            x.loc,
            format!("`{}` needs equal shapes, but {sides}", self.class_name()),
        );
        let diag = diag.about(other.and_then(Operand::shown)).about(x.shown());
        cx.error(diag.help("axes have to be equal or 1, compared from the last"));
    }
}

/// The axis counted from the end; a missing one counts as 1, as Keras inserts axes after the batch.
fn axis(shape: &Shape, from_end: usize) -> Dim {
    shape.rank().checked_sub(from_end).and_then(|i| shape.0.get(i)).cloned().unwrap_or(Dim::Known(1))
}

/// The tensor that an axis length disagrees with.
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
