//! Axes named by a layer's settings.

use crate::args::{Bound, read};
use crate::code::Code;
use crate::context::Cx;
use crate::describe::List;
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::change::{Change, Written};
use crate::layers::layer::{Operand, axis_out_of_range, floats, has_axes, sample_axis};
use crate::operation::permuted_strides;
use crate::shape::Shape;
use crate::value::ValueKind;

/// Axes in Keras's numbering, with the batch as axis 0; negative from the end. In the order in which they are
/// written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedAxes(pub Vec<i64>);

impl NamedAxes {
    /// Reads `axis` of a normalization: a number or a list of them.
    pub(super) fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        Self::read(args, "which is not normalized over", cx)
    }

    /// Reads `axis`: a number or a list of them. `batch` explains why the batch is not allowed.
    pub(super) fn read(args: &Bound<'_>, batch: &str, cx: &mut Cx<'_>) -> Option<Self> {
        let axes = args.read_or_default("axis", cx, |value, what, cx| match &value.kind {
            ValueKind::List(items) => {
                let each = format!("each axis in {what}");
                items.iter().map(|item| read::integer(item, &each, cx)).collect()
            }
            _ => read::integer(value, what, cx).map(|axis| vec![axis]),
        });
        let axes: Vec<i64> = axes.filter(|_| args.sound(&["axis"]))?;
        if axes.is_empty() || axes.contains(&0) {
            let message = match axes[..] {
                [] => format!("`axis` of `{}` names no axis", args.callee()),
                _ => format!("axis 0 is the batch, {batch}"),
            };
            let help = "write `axis = 1` for the first axis of each sample, `axis = -1` for the last";
            cx.error(Diag::error(Code::BatchAxis, args.loc("axis"), message).help(help));
            return None;
        }
        Some(NamedAxes(axes))
    }

    /// Reads `axis` where only one axis is allowed.
    pub(super) fn one(args: &Bound<'_>, batch: &str, cx: &mut Cx<'_>) -> Option<Self> {
        let axes = Self::read(args, batch, cx)?;
        if axes.0.len() > 1 {
            let message = format!("`axis` of `{}` is one axis, found {}", args.callee(), axes.0.len());
            let help = "write `axis = -1` for the last axis, or merge axes with `Reshape(…)` before it";
            cx.error(Diag::error(Code::WrongValue, args.loc("axis"), message).help(help));
            return None;
        }
        Some(axes)
    }

    /// The axes within a sample of `rank` axes, in the order in which they were written. `None` if an axis is out of
    /// range or named twice.
    pub fn of_sample(&self, rank: usize) -> Option<Vec<usize>> {
        let axes = self.existing(rank);
        (axes.len() == self.0.len() && repeated(&axes).is_none()).then_some(axes)
    }

    /// The same axes of a sample of `rank` axes, in ascending order.
    pub(super) fn sorted(&self, rank: usize) -> Self {
        let mut axes = self.of_sample(rank).unwrap_or_default();
        axes.sort_unstable();
        // A rank is the length of a list in the source: it fits.
        Self(axes.into_iter().map(|axis| axis as i64 + 1).collect())
    }

    /// Number of axes of the call's only tensor before the first of these.
    pub(super) fn before(&self, inputs: &[&Shape]) -> Vec<usize> {
        let first = |x: &&Shape| self.of_sample(x.rank())?.into_iter().min();
        inputs.iter().take(1).filter_map(first).collect()
    }

    fn existing(&self, rank: usize) -> Vec<usize> {
        self.0.iter().filter_map(|&axis| sample_axis(axis, rank)).collect()
    }

    /// Lengths of the axes; empty if they do not fit the shape.
    pub(crate) fn lengths(&self, shape: &Shape) -> Shape {
        let axes = self.of_sample(shape.rank()).unwrap_or_default();
        Shape(axes.iter().filter_map(|&axis| shape.0.get(axis)).cloned().collect())
    }

    /// Reports axes out of range, tensors without axes, and tensors of integers. Returns whether there was no
    /// error.
    pub(super) fn fit(&self, class: &str, x: &Operand<'_>, call: Loc, cx: &mut Cx<'_>) -> bool {
        floats(class, x, cx) && has_axes(class, x, cx) && self.exist(class, x, call, cx)
    }

    /// Reports axes out of range. Returns whether there are none.
    pub(super) fn exist(&self, class: &str, x: &Operand<'_>, call: Loc, cx: &mut Cx<'_>) -> bool {
        let rank = x.shape.rank();
        if let Some(&axis) = self.0.iter().find(|&&axis| sample_axis(axis, rank).is_none()) {
            axis_out_of_range(axis, x, call, cx);
            return false;
        }
        if let Some(axis) = repeated(&self.existing(rank)) {
            let message = format!("`axis` of `{class}` names axis {} of `{}` twice", axis + 1, x.name);
            let help = "name each axis once; negative numbers count from the end, -1 is the last axis";
            cx.error(Diag::error(Code::AxisOutOfRange, call, message).about(x.shown()).help(help));
            return false;
        }
        true
    }

    /// Reports more axes than a weight can have: at most three. Returns whether there was no error.
    pub(super) fn fit_a_weight(&self, class: &str, call: Loc, cx: &mut Cx<'_>) -> bool {
        if self.0.len() > 3 {
            let message = format!("mimo has no `{class}` over {} axes: 3 are the most", self.0.len());
            let help = "merge some of the axes with `Reshape(…)` before it";
            cx.error(Diag::error(Code::UnavailableSetting, call, message).help(help));
        }
        self.0.len() <= 3
    }

    /// The axes of a sample, the normalized ones last, for [`LayerNormalization`](crate::operation::LayerNormalization): their
    /// lengths, their strides, and how many of them are not normalized.
    pub(super) fn layout(&self, input: &Shape) -> Option<(List<Dim>, List<Dim>, usize)> {
        let mut normalized = self.of_sample(input.rank())?;
        // The order of a weight's values in memory.
        normalized.sort_unstable();
        let kept = (0..input.rank()).filter(|axis| !normalized.contains(axis));
        let axes: Vec<usize> = kept.chain(normalized.iter().copied()).collect();
        let from: Vec<usize> = axes.iter().map(|axis| axis + 1).collect();
        let shape = axes.iter().filter_map(|&axis| input.0.get(axis)).cloned().collect();
        Some((List::Owned(shape), permuted_strides(input, &from), axes.len() - normalized.len()))
    }

    /// Other axes for an input for which these are out of range, with the change of `axis`.
    pub(super) fn changes(&self, inputs: &[&Shape]) -> Vec<(Self, Change)> {
        let rank = inputs.first().map_or(0, |shape| shape.rank());
        if self.of_sample(rank).is_some() {
            return Vec::new();
        }
        // A rank is the length of a list in the source: it fits.
        let last = rank as i64;
        let one = [-1].into_iter().chain(1..last).map(|axis| vec![axis]);
        let mut lists: Vec<Vec<i64>> = vec![];
        if self.0.len() > 1 {
            // The axes that exist, once each, filled up to the same number.
            let mut existing: Vec<i64> = self.existing(rank).iter().map(|&axis| axis as i64 + 1).collect();
            existing.sort_unstable();
            existing.dedup();
            lists = [existing, (1..=last).collect()].into_iter().filter(|axes| axes.len() > 1).collect();
            lists.dedup();
        }
        let change = |axes: Vec<i64>| {
            let written = match axes[..] {
                [axis] => Written::Axis(axis),
                _ => Written::Tuple(axes.iter().copied().map(Written::Axis).collect()),
            };
            (Self(axes), Change::Setting("axis", written))
        };
        lists.into_iter().chain(one).map(change).collect()
    }
}

/// The first axis that occurs twice.
fn repeated(axes: &[usize]) -> Option<usize> {
    axes.iter().enumerate().find(|(i, axis)| axes[..*i].contains(axis)).map(|(_, &axis)| axis)
}
