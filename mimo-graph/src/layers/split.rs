//! `split`, `unstack`: divide a tensor in parts, each a `get_item`.

use crate::args::{bind, read};
use crate::code::Code;
use crate::context::Cx;
use crate::diag::{Diag, Loc};
use crate::item::{Item, Word};
use crate::layers::get_item::Entry;
use crate::layers::layer::{Operand, axis_out_of_range, has_axes, sample_axis};
use crate::value::{Arg, Value, ValueKind};

/// Items of the language.
#[doc(hidden)]
pub mod words {
    items! {
        /// Divides a tensor along an axis, into a list of tensors.
        ///
        /// `[a] → [a / 3], [a / 3], [a / 3]` for 3, `[2], [3], [a - 5]` for the positions `[2, 5]` at which parts
        /// begin. The batch is not split: `axis` is required.
        ///
        /// Keras: `keras.ops.split`
        "`split(x, indices_or_sections, axis)`"
        split, "let x = Input(shape = [20, 6]);\nlet (a, b, c) = split(x, 3, axis = -1);\nlet parts = split(x, [2, 5], axis = -1);\nlet last: [20, 1] = parts[2];";
        takes {
            /// A tensor.
            x: Tensors,
            /// Number of parts of equal length, or a list of the positions at which all parts but the first begin.
            indices_or_sections: Lengths,
            /// The axis: 0 is the batch, 1 the first axis of a sample, -1 the last.
            axis: Axis,
        }

        /// Divides a tensor into its positions along an axis, as a list of tensors without the axis.
        ///
        /// `[2, a] → [a], [a]` for axis 1. The batch is not unstacked: `axis` is required.
        ///
        /// Keras: `keras.ops.unstack`
        "`unstack(x, num = none, axis)`"
        unstack, "let x = Input(shape = [3, 8]);\nlet steps = unstack(x, axis = 1);\nlet first: [8] = steps[0];";
        takes {
            /// A tensor.
            x: Tensors,
            /// Length of the axis; known without it.
            num: usize = "none",
            /// The axis: 0 is the batch, 1 the first axis of a sample, -1 the last.
            axis: Axis,
        }
    }
}

/// The items, whose calls are lists of calls of `get_item`.
pub(super) const ITEMS: [&Item; 2] = [&<words::split as Word>::ITEM, &<words::unstack as Word>::ITEM];

/// More parts than anyone names.
const MOST: usize = 1024;

/// Whether an operation returns a list of parts.
pub fn is_list(name: &str) -> bool {
    ITEMS.iter().any(|item| item.class == name)
}

/// The parts of `x` for a call, each as the `key` of a `get_item`; `None` after an error, and for a tensor of unknown
/// shape.
pub(crate) fn parts(
    name: &str,
    args: &[Arg],
    x: Option<&Operand<'_>>,
    call: Loc,
    cx: &mut Cx<'_>,
) -> Option<Vec<Value>> {
    let item = ITEMS.into_iter().find(|item| item.class == name)?;
    let bound = bind(item, args, call, cx);
    let axis = bound.integer("axis", cx);
    let unstacks = name == "unstack";
    // The start positions of parts, or the number of parts.
    let (mut sections, mut starts) = (None, None);
    if unstacks {
        sections = bound.optional_unsigned("num", cx);
    } else {
        match bound.take("indices_or_sections").map(|value| &value.kind) {
            Some(ValueKind::List(_)) => {
                starts = bound.read("indices_or_sections", cx, |value, what, cx| match &value.kind {
                    ValueKind::List(items) => {
                        let each = format!("each position in {what}");
                        items.iter().map(|item| read::integer(item, &each, cx)).collect::<Option<Vec<_>>>()
                    }
                    _ => None,
                });
            }
            _ => {
                sections = bound.read("indices_or_sections", cx, |value, what, cx| {
                    read::unsigned_in(value, what, &(1.0..=MOST as f64), cx)
                });
            }
        }
    }
    if !bound.all_sound() {
        return None;
    }
    if axis == 0 {
        let what = if unstacks { "unstacked" } else { "split" };
        let message = format!("axis 0 is the batch, which is not {what}");
        let help = "write `axis = 1` for the first axis of each sample, `axis = -1` for the last";
        cx.error(Diag::error(Code::BatchAxis, bound.loc("axis"), message).help(help));
        return None;
    }
    let x = x?;
    if !has_axes(name, x, cx) {
        return None;
    }
    let Some(at) = sample_axis(axis, x.shape.rank()) else {
        axis_out_of_range(axis, x, call, cx);
        return None;
    };
    let place = at + 1;
    let length = x.shape.0.get(at)?;
    let Some(n) = length.known() else {
        let message = format!(
            "axis {place} of `{}` is `{}`, and `{name}` has to know how long its parts are",
            x.name,
            length.display(cx.consts)
        );
        let help =
            format!("write a number, or take each part by an index: `{}[..4]`, `{}[4..]`", x.name, x.name);
        cx.error(Diag::error(Code::UnknownLength, call, message).about(x.named()).help(help));
        return None;
    };
    let wrong =
        |code, message: String, help: String| Diag::error(code, call, message).about(x.named()).help(help);
    let entries: Vec<Entry> = if unstacks {
        if sections.is_some_and(|num| num != n) || n > MOST {
            let message = format!("axis {place} of `{}` has length {n}", x.name);
            cx.error(match sections {
                Some(num) => wrong(
                    Code::ValueOutOfRange,
                    format!("`num` of `unstack` is {num}, but {message}"),
                    "leave `num` out".into(),
                ),
                None => wrong(
                    Code::ValueOutOfRange,
                    format!("{message}, and `unstack` outputs at most {MOST} tensors"),
                    "take those that are read by an index: `x[0]`".into(),
                ),
            });
            return None;
        }
        (0..n).map(|at| Entry::At(at as i64)).collect()
    } else if let Some(sections) = sections {
        if n % sections != 0 || n < sections {
            let parts: Vec<String> = (2..=n.min(MOST))
                .filter(|parts| n.is_multiple_of(*parts))
                .take(3)
                .map(|parts| parts.to_string())
                .collect();
            let message = format!(
                "axis {place} of `{}` has length {n}, which cannot be split into {sections} parts of equal length",
                x.name
            );
            let help = match parts.is_empty() {
                true => "write the positions at which parts begin: `[1, 2]`".to_owned(),
                false => format!(
                    "write a number that divides {n}, such as {}, or the positions at which parts begin: `[1, 2]`",
                    parts.join(", ")
                ),
            };
            cx.error(wrong(Code::UnequalGroups, message, help));
            return None;
        }
        let part = n / sections;
        (0..sections).map(|i| range(i * part, (i + 1) * part)).collect()
    } else {
        // A length is the number of values in memory: it fits.
        let end = n as i64;
        let starts = starts?;
        let bounds: Vec<i64> = std::iter::once(0)
            .chain(starts.iter().map(|&at| if at < 0 { at + end } else { at }))
            .chain([end])
            .collect();
        if bounds.windows(2).any(|pair| pair[0] >= pair[1]) {
            let shown: Vec<String> = starts.iter().map(i64::to_string).collect();
            let message = format!(
                "a part of `{}` is empty: [{}] are not ascending positions between 0 and {n}, the length of axis {place}",
                x.name,
                shown.join(", ")
            );
            let help = "write the positions at which all parts but the first begin, each greater than the one before it";
            cx.error(wrong(Code::NothingLeft, message, help.into()));
            return None;
        }
        bounds.windows(2).map(|pair| Entry::Range(Some(pair[0]), Some(pair[1]))).collect()
    };
    let key = |entry: Entry| {
        let whole = std::iter::repeat_n(Entry::WHOLE, at);
        let entries = whole.chain([entry]).map(|entry| entry.value(call)).collect();
        Value { kind: ValueKind::List(entries), loc: call }
    };
    Some(entries.into_iter().map(key).collect())
}

/// A range of known positions.
fn range(start: usize, end: usize) -> Entry {
    Entry::Range(Some(start as i64), Some(end as i64))
}
