//! Axes of region losses.

use crate::args::read;
use crate::code::Code;
use crate::compile::heads::Head;
use crate::context::Cx;
use crate::diag::{Diag, Loc};
use crate::loss::{Loss, Region};
use crate::value::{Value, ValueKind};

/// Reads one axis, or a list of them.
pub(super) fn axes(value: &Value, what: &str, cx: &mut Cx<'_>) -> Option<Vec<i64>> {
    match &value.kind {
        ValueKind::List(items) => items.iter().map(|item| read::integer(item, what, cx)).collect(),
        _ => read::integer(value, what, cx).map(|axis| vec![axis]),
    }
}

/// The loss over these axes of the output.
pub(super) fn over(loss: Loss, axes: &[i64], loc: Loc, head: &Head<'_>, cx: &mut Cx<'_>) -> Option<Loss> {
    let rank = head.rank?;
    let Some(region) = region(axes, rank) else {
        let (name, loss, found) = (head.name, loss.name(), shown(axes));
        let last = rank - 1;
        let message = format!("`{loss}` cannot sum over `axis = {found}` of the output `{name}`");
        let (sample, class) = ((1..rank).collect::<Vec<_>>(), (0..last).collect::<Vec<_>>());
        let diag = Diag::error(Code::ValueOutOfRange, loc, message)
            .help("leave `axis` out for one value per batch")
            .help(format!("write `axis = {}` for one value per sample", shown(&sample)))
            .help(format!("write `axis = {}` for one value per class", shown(&class)))
            .note(format!("`{name}` has axes 0 (the batch) to {last}"));
        cx.error(diag);
        return None;
    };
    Some(match loss {
        Loss::Tversky { alpha, beta, .. } => Loss::Tversky { alpha, beta, region },
        _ => Loss::Dice { region },
    })
}

/// Region of the sums over these axes. An operation knows samples, positions and classes, so that it sums over all
/// positions or over none.
fn region(axes: &[i64], rank: usize) -> Option<Region> {
    let mut summed = vec![false; rank];
    for &axis in axes {
        let axis = if axis < 0 { axis + rank as i64 } else { axis };
        let axis = summed.get_mut(usize::try_from(axis).ok()?)?;
        if std::mem::replace(axis, true) {
            return None;
        }
    }
    let (&batch, rest) = summed.split_first()?;
    let (&classes, positions) = rest.split_last()?;
    let all = positions.iter().all(|&summed| summed);
    let none = positions.iter().all(|&summed| !summed);
    match (batch, classes) {
        (true, true) if all => Some(Region::Batch),
        (true, false) if all => Some(Region::BatchClass),
        (false, true) if all => Some(Region::Sample),
        (false, true) if none => Some(Region::Position),
        (false, false) if all && !none => Some(Region::SampleClass),
        _ => None,
    }
}

fn shown<T: ToString>(axes: &[T]) -> String {
    format!("[{}]", axes.iter().map(T::to_string).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_say_what_there_is_one_value_for() {
        for (axes, rank, wanted) in [
            (&[0, 1, 2, 3][..], 4, Some(Region::Batch)),
            (&[1, 2, 3], 4, Some(Region::Sample)),
            (&[-1, -2, -3], 4, Some(Region::Sample)),
            (&[0, 1, 2], 4, Some(Region::BatchClass)),
            (&[1, 2], 4, Some(Region::SampleClass)),
            (&[-1], 4, Some(Region::Position)),
            (&[1], 2, Some(Region::Sample)),
            (&[0], 2, Some(Region::BatchClass)),
            (&[0, -1], 2, Some(Region::Batch)),
            (&[0], 4, None),
            (&[1], 4, None),
            (&[], 2, None),
            (&[1, 1], 2, None),
            (&[1, -1], 2, None),
            (&[2], 2, None),
            (&[-3], 2, None),
            (&[i64::MIN], 2, None),
        ] {
            assert_eq!(region(axes, rank), wanted, "{axes:?} of rank {rank}");
        }
    }
}
