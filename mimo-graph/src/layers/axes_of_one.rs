//! `expand_dims`, `squeeze`: axes of length 1, inserted and removed.

use crate::args::Bound;
use crate::code::Code;
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::change::{Change, Written};
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, operation_facts};
use crate::layers::named_axes::NamedAxes;
use crate::operation::{Call, OpKind};
use crate::shape::{Dtype, Shape};

/// `keras.ops.expand_dims` and `keras.ops.squeeze`.
#[derive(Clone, Debug, PartialEq)]
pub struct AxesOfOne {
    /// Whether the axes are inserted instead of removed.
    pub inserts: bool,
    /// The axes: of the result if they are inserted, else of the input. `None` means every axis of length 1.
    pub axis: Option<NamedAxes>,
}

tensor_operations! {
    /// Inserts axes of length 1.
    ///
    /// `[a] → [1, a]` for axis 1, `[a, 1]` for the last axis.
    ///
    /// Keras: `keras.ops.expand_dims`
    "`expand_dims(x, axis)`"
    expand_dims, "let x = Input(shape = [8]);\nlet y: [8, 1] = expand_dims(x, axis = -1);" => |args, cx| {
        let axis = NamedAxes::read(args, "and no axis comes before it", cx)?;
        Some(AxesOfOne { inserts: true, axis: Some(axis) })
    };
    takes {
        /// A tensor.
        x: Tensors,
        /// Position of the axis in the result, or a list of positions: 0 is the batch, 1 the first axis of a sample,
        /// -1 the last.
        axis: Axes,
    }

    /// Removes axes of length 1.
    ///
    /// `[1, a, 1] → [a]`, or `[1, a]` for `axis = -1`. By default every axis of length 1 of a sample.
    ///
    /// Keras: `keras.ops.squeeze`
    "`squeeze(x, axis = none)`"
    squeeze, "let x = Input(shape = [8, 1]);\nlet y: [8] = squeeze(x, axis = -1);" => AxesOfOne::read_squeeze;
    takes {
        /// A tensor.
        x: Tensors,
        /// The axis, or a list of axes: 0 is the batch, 1 the first axis of a sample, -1 the last.
        axis: Axes = "none",
    }
}

impl AxesOfOne {
    fn read_squeeze(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let given = args.take("axis").is_some_and(|value| value.kind != crate::value::ValueKind::None);
        let axis = match given {
            true => Some(NamedAxes::read(args, "which is not squeezed", cx)?),
            false => None,
        };
        args.sound(&["axis"]).then_some(AxesOfOne { inserts: false, axis })
    }

    fn inserted(axis: &NamedAxes, x: &Operand<'_>, call: Loc, cx: &mut Cx<'_>) -> Option<Shape> {
        let rank = x.shape.rank() + axis.0.len();
        let Some(mut places) = axis.of_sample(rank) else {
            let axes = if rank == 1 { "axis 1 only".to_owned() } else { format!("axes 1 to {rank}") };
            let given: Vec<String> = axis.0.iter().map(i64::to_string).collect();
            let message = format!("no axis can be inserted at {}: the result has {axes}", given.join(", "));
            let help = "axis 1 is the first axis of a sample, axis -1 the last; each is named once";
            cx.error(Diag::error(Code::AxisOutOfRange, call, message).about(x.shown()).help(help));
            return None;
        };
        places.sort_unstable();
        let mut shape = x.shape.0.clone();
        places.into_iter().for_each(|place| shape.insert(place, Dim::Known(1)));
        Some(Shape(shape))
    }

    fn removed(axis: &NamedAxes, x: &Operand<'_>, call: Loc, cx: &mut Cx<'_>) -> Option<Shape> {
        if !axis.exist("squeeze", x, call, cx) {
            return None;
        }
        let places = axis.of_sample(x.shape.rank())?;
        let mut fine = true;
        for (place, dim) in places.iter().filter_map(|&place| x.shape.0.get(place).map(|dim| (place, dim))) {
            let check = DimCheck {
                code: Code::ReshapedSize,
                loc: call,
                found: dim.clone(),
                relation: Relation::Equal,
                wanted: Dim::Known(1),
                what: format!("axis {} of `{}`", place + 1, x.name),
                help: Some("squeeze axes of length 1".into()),
                notes: vec![format!("`squeeze` removes axis {}", place + 1)],
                subjects: x.shown().into_iter().collect(),
            };
            let shown = x.shape.display(cx.consts).to_string();
            fine &= cx.require_equal(check, |check| {
                let n = check.found.known().unwrap_or(0);
                let message = format!(
                    "`squeeze` removes axes of length 1, but axis {} of `{}` has length {n}: {shown}",
                    place + 1,
                    x.name
                );
                Diag::error(Code::ReshapedSize, call, message)
                    .about(x.shown())
                    .help("take one position of it with an index, as in `x[0]`, or reduce it, as in `mean(x, axis = 1)`")
            });
        }
        let kept = x.shape.0.iter().enumerate().filter(|(place, _)| !places.contains(place));
        fine.then(|| Shape(kept.map(|(_, dim)| dim.clone()).collect()))
    }
}

impl Layer for AxesOfOne {
    fn class_name(&self) -> &'static str {
        if self.inserts { "expand_dims" } else { "squeeze" }
    }

    fn reads(&self) -> Reads {
        Reads::NamedAxes
    }

    fn masks(&self) -> Masks {
        Masks::Lose
    }

    fn kept_axes(&self, inputs: &[&Shape], output: &Shape) -> Vec<usize> {
        let Some(x) = inputs.first() else { return vec![] };
        let whole = if self.inserts { output } else { x };
        let first = match &self.axis {
            Some(axis) => axis.of_sample(whole.rank()).and_then(|axes| axes.into_iter().min()),
            None => x.0.iter().position(|len| *len == Dim::Known(1)),
        };
        vec![first.unwrap_or(0)]
    }

    fn effect(&self) -> Effect {
        Effect::Rearranged
    }

    operation_facts!(aliases = true);

    fn operation(&self, _: &mut dyn Call) -> Option<OpKind<Dim>> {
        None
    }

    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        let shape = match &self.axis {
            Some(axis) if self.inserts => Self::inserted(axis, x, call, cx)?,
            Some(axis) => Self::removed(axis, x, call, cx)?,
            None => {
                if let Some(unknown) = x.shape.0.iter().find(|dim| dim.known().is_none()) {
                    let shown = unknown.display(cx.consts).to_string();
                    let message =
                        format!("`{shown}` of `{}` may be 1: `squeeze` has to know its axis", x.name);
                    let help = "name the axis, as in `squeeze(x, axis = -1)`";
                    cx.error(Diag::error(Code::UnknownLength, call, message).about(x.shown()).help(help));
                    return None;
                }
                Shape(x.shape.0.iter().filter(|dim| **dim != Dim::Known(1)).cloned().collect())
            }
        };
        Some(vec![(shape, x.dtype)])
    }

    fn changes(&self, _: &[&Shape], _: Option<&Shape>) -> Vec<(Self, Change)> {
        let last = |_: &NamedAxes| {
            let axis = Some(NamedAxes(vec![-1]));
            (AxesOfOne { axis, ..self.clone() }, Change::Setting("axis", Written::Axis(-1)))
        };
        self.axis.iter().filter(|axis| self.inserts && axis.0.len() == 1).map(last).collect()
    }
}
