//! Checks that axes, keys and masks fit each other.

use super::{AttentionAxes, Class, MultiHeadAttention};
use crate::code::Code;
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::contraction::have_one_length;
use crate::layers::layer::{Layer, Operand, sample_axis};
use crate::shape::Shape;

impl MultiHeadAttention {
    /// Axes of the queries in a sample of this shape; `None` if they do not exist or are not adjacent.
    pub(crate) fn axes(&self, query: &Shape) -> Option<AttentionAxes> {
        let positions = query.rank().checked_sub(1)?;
        let axes: Option<Vec<usize>> =
            self.attention_axes.iter().map(|&axis| sample_axis(axis, query.rank())).collect();
        let mut axes = axes?;
        if self.attention_axes.is_empty() {
            axes = (0..positions).collect();
        }
        let (&first, &last) = (axes.first()?, axes.last()?);
        let fits = last < positions && axes.iter().copied().eq(first..=last);
        let product = |dims: &[Dim]| Shape(dims.to_vec()).elements();
        fits.then(|| AttentionAxes {
            axes: first..last + 1,
            outer: product(&query.0[..first]),
            inner: product(&query.0[last + 1..positions]),
        })
    }

    /// Checks the attention mask; reports an error if it does not fit.
    pub(super) fn attention_mask_fits(
        &self,
        mask: &Operand<'_>,
        [query, key]: [&Operand<'_>; 2],
        axes: &AttentionAxes,
        call: Loc,
        cx: &mut Cx<'_>,
    ) -> bool {
        let positions = 2 * axes.axes.len();
        let around = query.shape.rank() - 1 > axes.axes.len();
        let rank = mask.shape.rank();
        if rank != positions && (rank != positions + 1 || around) {
            let of = |x: &Operand<'_>| x.shape.0.get(axes.axes.clone()).unwrap_or_default().to_vec();
            let wanted = Shape([of(query), of(key)].concat());
            let message = format!(
                "`attention_mask` is {}, and queries and keys are {}",
                mask.shape.display(cx.consts),
                wanted.display(cx.consts)
            );
            let heads = if around { "" } else { ", or the heads before them" };
            let help =
                format!("a mask holds 1 or 0 for each query and key: {}{heads}", wanted.display(cx.consts));
            let diag = Diag::error(Code::WrongRank, mask.loc, message).about(mask.shown());
            // A mask with one value per key is another argument.
            let of_keys = mask.shape.0 == of(key);
            let diag = if of_keys { diag.help(format!("write `value_mask = {}`", mask.name)) } else { diag };
            cx.error(diag.help(help));
            return false;
        }
        let heads = rank - positions;
        if let Some(diag) = self.transposed_mask(mask, [query, key], axes, heads, cx) {
            cx.error(diag);
            return false;
        }
        let is_one = |at: usize| mask.shape.0.get(at) == Some(&Dim::Known(1));
        let mut fine = true;
        for at in 0..positions {
            let (of, axis) = match at < axes.axes.len() {
                true => (query, axes.axes.start + at),
                false => (key, axes.axes.start + at - axes.axes.len()),
            };
            // A single axis of queries or of keys may have one value for all.
            if positions == 2 && is_one(heads + at) {
                continue;
            }
            let help = "a mask holds 1 or 0 for each query and key";
            fine &= have_one_length("`attention_mask` has", [(mask, heads + at), (of, axis)], help, call, cx);
        }
        if heads == 1 && !is_one(0) {
            let found = mask.shape.0.first().cloned().unwrap_or_default();
            let help = format!("it has {} heads, or 1 for all", self.heads.display(cx.consts));
            let check = DimCheck {
                code: Code::DotLengths,
                loc: call,
                found: found.clone(),
                relation: Relation::Equal,
                wanted: self.heads.clone(),
                what: format!("the heads of `{}`", mask.name),
                help: Some(help.clone()),
                notes: vec![],
                subjects: mask.named().into_iter().collect(),
            };
            let message = format!(
                "`attention_mask` is for {} heads, and there are {}",
                found.display(cx.consts),
                self.heads.display(cx.consts)
            );
            fine &= cx.require_equal(check, |_| {
                Diag::error(Code::DotLengths, mask.loc, message).about(mask.shown()).help(help)
            });
        }
        fine
    }

    /// Error for a mask of keys and queries, in this order. It is one mistake, although neither axis fits.
    fn transposed_mask(
        &self,
        mask: &Operand<'_>,
        [query, key]: [&Operand<'_>; 2],
        axes: &AttentionAxes,
        heads: usize,
        cx: &Cx<'_>,
    ) -> Option<Diag> {
        let known = |x: &Operand<'_>, axis: usize| x.shape.0.get(axis).and_then(Dim::known);
        if axes.axes.len() != 1 {
            return None;
        }
        let (queries, keys) = (known(query, axes.axes.start)?, known(key, axes.axes.start)?);
        let found = (known(mask, heads)?, known(mask, heads + 1)?);
        if queries == keys || found != (keys, queries) {
            return None;
        }
        let wanted = Shape([&mask.shape.0[..heads], &[Dim::Known(queries), Dim::Known(keys)]].concat());
        let message = format!(
            "`attention_mask` is {}, and queries and keys are {}",
            mask.shape.display(cx.consts),
            wanted.display(cx.consts)
        );
        let axes = if heads == 1 { "[0, 1, 3, 2]" } else { "[0, 2, 1]" };
        let help = format!("write `attention_mask = transpose({}, axes = {axes})`", mask.name);
        Some(Diag::error(Code::DotLengths, mask.loc, message).about(mask.shown()).help(help))
    }

    /// Checks the axes of queries, keys and values; reports an error if they do not fit.
    pub(super) fn axes_fit(
        &self,
        [query, value, key]: [&Operand<'_>; 3],
        call: Loc,
        cx: &mut Cx<'_>,
    ) -> Option<AttentionAxes> {
        let class = self.class_name();
        for x in [query, value, key] {
            let most = if self.class == Class::GroupQuery { 2 } else { usize::MAX };
            let rank = x.shape.rank();
            if rank < 2 || rank > most || rank != query.shape.rank() {
                let reads = match (rank < 2, most) {
                    (false, usize::MAX) => format!("{} axes, as `{}` has", query.shape.rank(), query.name),
                    _ => "sequences, [steps, features]".to_owned(),
                };
                let message =
                    format!("`{class}` reads {reads}, but `{}` is {}", x.name, x.shape.display(cx.consts));
                let help = match rank {
                    0 | 1 => "write `Reshape([1, …])` before it for a sequence of one step",
                    _ => "write `Reshape([…])` before it",
                };
                cx.error(Diag::error(Code::WrongRank, x.loc, message).about(x.shown()).help(help));
                return None;
            }
        }
        let rank = query.shape.rank();
        for &axis in &self.attention_axes {
            if sample_axis(axis, rank).is_none_or(|axis| axis + 1 >= rank) {
                let shown = query.shape.display(cx.consts);
                let message = format!(
                    "`attention_axes` names axis {axis}, but `{}` is {shown}: queries are along its axes 1 to {}",
                    query.name,
                    rank - 1
                );
                let help = "axis 1 is the first axis of a sample; the last holds the features";
                cx.error(Diag::error(Code::AxisOutOfRange, call, message).about(query.shown()).help(help));
                return None;
            }
        }
        let axes = self.axes(query.shape);
        if axes.is_none() {
            let message = format!("mimo has no `{class}` over axes that do not follow each other");
            let help = "write `Permute(…)` before it, and name the axes in their order";
            cx.error(Diag::error(Code::UnavailableSetting, call, message).about(query.shown()).help(help));
        }
        let axes = axes?;
        if axes.axes.len() > 1 && (self.causal || self.sliding_window.is_some()) {
            let what = if self.causal { "`use_causal_mask`" } else { "`sliding_window`" };
            let message = format!("{what} is about one axis, and queries are along {}", axes.axes.len());
            let help = "write `attention_axes = 1`, or `Reshape([steps, features])` before it";
            cx.error(Diag::error(Code::UnavailableSetting, call, message).about(query.shown()).help(help));
            return None;
        }
        let mut fine = true;
        for axis in 0..rank - 1 {
            let help = "there is a value for each key";
            fine &= have_one_length("values have the keys of", [(value, axis), (key, axis)], help, call, cx);
            if !axes.axes.contains(&axis) {
                let help = "queries attend to keys of the same position of the other axes";
                fine &= have_one_length(
                    "queries and values share",
                    [(query, axis), (value, axis)],
                    help,
                    call,
                    cx,
                );
            }
        }
        fine.then_some(axes)
    }
}
