//! `x[.., 0..3]`: a part of every sample.

use std::fmt;

use crate::activation::Activation;
use crate::args::{Bound, read};
use crate::code::Code;
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, Typed, Weight};
use crate::operation::{self, Call, OpKind};
use crate::shape::{Dtype, Shape};
use crate::value::{Value, ValueKind};

/// An index into a tensor, with an entry for each of the first axes of a sample. The other axes are kept.
#[derive(Clone, Debug, PartialEq)]
pub struct GetItem {
    /// The entries, by axis.
    pub key: Vec<Entry>,
}

/// Part of one axis. Negative numbers count from its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// One position; the axis is removed.
    At(i64),
    /// The positions from the first (default: the start) up to, but not including, the second (default: the end).
    Range(Option<i64>, Option<i64>),
}

tensor_operations! {
    /// A part of every sample, written in brackets: `x[.., 0..3]`, `x[-1]`.
    ///
    /// There is an entry for each axis of a sample; the batch is not counted, and axes without an entry are kept. In
    /// brackets an entry is a position, which removes the axis, a range as in Rust (`1..4`, `2..=4`, `1..`, `..-1`),
    /// or `..` for all of the axis. Negative numbers count from the end. As an argument, a range is a list of two
    /// numbers, and `none` is all of the axis.
    ///
    /// `[a, b] → [a, 3]` for `x[.., 0..3]`, `[b]` for `x[-1]`
    ///
    /// Keras: `keras.ops.get_item`
    "`get_item(x, key)`"
    get_item, "let x = Input(shape = [20, 8]);\nlet y: [20, 3] = x[.., 0..3];\nlet last: [8] = x[-1];" => GetItem::read;
    takes {
        /// A tensor.
        x: Tensors,
        /// Part of each axis: a position, `[start, end]`, or `none` for all of it.
        key: Key,
    }
}

/// A number without its sign, as a length.
fn length(n: i64) -> usize {
    usize::try_from(n.unsigned_abs()).unwrap_or(usize::MAX)
}

/// The position that a number means on an axis of length `n`.
fn position(n: &Dim, at: i64) -> Dim {
    if at < 0 { n.clone() - Dim::Known(length(at)) } else { Dim::Known(length(at)) }
}

impl Entry {
    /// All of an axis.
    pub const WHOLE: Entry = Entry::Range(None, None);

    /// The entry as an argument of `get_item`.
    pub fn value(self, loc: Loc) -> Value {
        let number = |n: Option<i64>| Value { kind: n.map_or(ValueKind::None, ValueKind::Int), loc };
        match self {
            Entry::At(at) => number(Some(at)),
            Entry::WHOLE => number(None),
            Entry::Range(start, end) => {
                Value { kind: ValueKind::List(vec![number(start), number(end)]), loc }
            }
        }
    }

    fn read(value: &Value, what: &str, cx: &mut Cx<'_>) -> Option<Self> {
        let mut bound = |value: &Value| match value.kind {
            ValueKind::None => Some(None),
            _ => read::integer(value, what, cx).map(Some),
        };
        match &value.kind {
            ValueKind::List(items) => match &items[..] {
                [start, end] => Some(Entry::Range(bound(start)?, bound(end)?)),
                _ => {
                    read::wrong(value, what, "a number, `[start, end]` or `none`", None, cx);
                    None
                }
            },
            _ => bound(value).map(|at| at.map_or(Entry::WHOLE, Entry::At)),
        }
    }

    /// Shortest and longest axis of which the part is not empty; `None` if there is no such axis.
    fn fits(self) -> Option<(usize, usize)> {
        const ANY: usize = usize::MAX;
        Some(match self {
            Entry::At(at) if at < 0 => (length(at), ANY),
            Entry::At(at) => (length(at).saturating_add(1), ANY),
            Entry::Range(start, end) => match (start.unwrap_or(0), end) {
                (start, None) if start < 0 => (length(start), ANY),
                (start, None) => (length(start).saturating_add(1), ANY),
                (start, Some(end)) if (start < 0) == (end < 0) => {
                    if start >= end {
                        return None;
                    }
                    (length(if start < 0 { start } else { end }), ANY)
                }
                (start, Some(end)) if end < 0 => {
                    (length(start).saturating_add(length(end)).saturating_add(1), ANY)
                }
                // From the last few to one of the first few positions.
                (_, Some(0)) => return None,
                (start, Some(end)) => {
                    let (start, end) = (length(start), length(end));
                    (start.max(end), start.saturating_add(end) - 1)
                }
            },
        })
    }

    /// Start of the part of an axis of length `n`.
    fn start(self, n: &Dim) -> Dim {
        match self {
            Entry::At(at) => position(n, at),
            Entry::Range(start, _) => position(n, start.unwrap_or(0)),
        }
    }

    /// Length of the part of an axis of length `n`; `None` if the axis is removed.
    fn len(self, n: &Dim) -> Option<Dim> {
        let Entry::Range(start, end) = self else { return None };
        let start = start.unwrap_or(0);
        Some(match end {
            // The difference of numbers that count from the same end does not depend on the length.
            None if start < 0 => Dim::Known(length(start)),
            None => n.clone() - Dim::Known(length(start)),
            Some(end) if (start < 0) == (end < 0) => Dim::Known(length(end.saturating_sub(start))),
            Some(end) if end < 0 => n.clone() - Dim::Known(length(start).saturating_add(length(end))),
            Some(end) => Dim::Known(length(start).saturating_add(length(end))) - n.clone(),
        })
    }

    /// Whether every bound is a position of an axis of length `n`, or its end.
    fn is_within(self, n: usize) -> bool {
        let within = |bound: Option<i64>| bound.is_none_or(|at| length(at) <= n);
        match self {
            Entry::At(at) => {
                if at < 0 {
                    length(at) <= n
                } else {
                    length(at) < n
                }
            }
            Entry::Range(start, end) => within(start) && within(end),
        }
    }
}

/// Formats the entry as in brackets.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Entry::At(at) => write!(f, "{at}"),
            Entry::Range(start, end) => {
                start.map_or(Ok(()), |start| write!(f, "{start}"))?;
                f.write_str("..")?;
                end.map_or(Ok(()), |end| write!(f, "{end}"))
            }
        }
    }
}

/// Formats entries as an index: `[.., 0..3]`.
fn written(key: &[Entry]) -> String {
    let entries: Vec<String> = key.iter().map(Entry::to_string).collect();
    format!("[{}]", entries.join(", "))
}

impl GetItem {
    fn read(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Self> {
        let key = args.read("key", cx, |value, what, cx| match &value.kind {
            ValueKind::List(items) => items.iter().map(|item| Entry::read(item, what, cx)).collect(),
            _ => Entry::read(value, what, cx).map(|entry| vec![entry]),
        });
        key.filter(|_| args.sound(&["key"])).map(|key| GetItem { key })
    }

    /// Formats the index: `[.., 0..3]`.
    pub(crate) fn written(&self) -> String {
        written(&self.key)
    }

    /// The entries of all axes of a sample.
    fn entries(&self) -> impl Iterator<Item = Entry> + Clone {
        self.key.iter().copied().chain(std::iter::repeat(Entry::WHOLE))
    }

    /// Indices of the selected values in a sample with axes of these lengths, in order.
    pub fn places(&self, lengths: &[usize]) -> Vec<usize> {
        let mut places = vec![0];
        for (&n, entry) in lengths.iter().zip(self.entries()) {
            let known = Dim::Known(n);
            let start = entry.start(&known).known().unwrap_or(0);
            let len = entry.len(&known).map_or(1, |len| len.known().unwrap_or(0));
            places =
                places.iter().flat_map(|place| (start..start + len).map(move |at| place * n + at)).collect();
        }
        places
    }

    /// Whether axis number `axis`, of length `n`, is not empty.
    fn leaves(
        &self,
        (axis, entry): (usize, Entry),
        n: &Dim,
        x: &Operand<'_>,
        call: Loc,
        cx: &mut Cx<'_>,
    ) -> bool {
        let axis = axis + 1;
        let what = match entry {
            Entry::At(at) => format!("index {at}"),
            Entry::Range(..) => format!("the range `{entry}`"),
        };
        let Some((least, most)) = entry.fits() else {
            let message = format!("{what} is empty: nothing is left of axis {axis} of `{}`", x.name);
            let help = "write a range whose end is after its start, such as `0..1`";
            cx.error(Diag::error(Code::NothingLeft, call, message).about(x.named()).help(help));
            return false;
        };
        let Some(n) = n.known() else {
            let check = |relation, wanted| DimCheck {
                code: Code::IndexOutOfRange,
                loc: call,
                found: n.clone(),
                relation,
                wanted: Dim::Known(wanted),
                what: format!("axis {axis} of `{}`", x.name),
                help: None,
                notes: vec![format!("{what} is taken of it")],
                subjects: x.named().into_iter().collect(),
            };
            // Every axis has one position.
            if least > 1 {
                cx.checks.push(check(Relation::AtLeast, least));
            }
            if most < usize::MAX {
                cx.checks.push(check(Relation::AtMost, most));
            }
            return true;
        };
        if (least..=most).contains(&n) {
            return true;
        }
        let diag = match entry.is_within(n) {
            true => {
                let message =
                    format!("{what} leaves nothing of axis {axis} of `{}`, whose length is {n}", x.name);
                Diag::error(Code::NothingLeft, call, message)
                    .help(format!("write a range within `0..{n}` whose end is after its start"))
            }
            false => {
                let message = format!("{what} is out of range: axis {axis} of `{}` has length {n}", x.name);
                Diag::error(Code::IndexOutOfRange, call, message).help(match entry {
                    Entry::At(_) => format!("the last position is {}, or -1", n.saturating_sub(1)),
                    Entry::Range(..) => format!("write a range within `0..{n}`"),
                })
            }
        };
        cx.error(diag.about(x.named()));
        false
    }
}

impl Layer for GetItem {
    fn class_name(&self) -> &'static str {
        "get_item"
    }

    fn reads(&self) -> Reads {
        Reads::NamedAxes
    }

    fn masks(&self) -> Masks {
        Masks::Lose
    }

    fn kept_axes(&self, inputs: &[&Shape], _: &Shape) -> Vec<usize> {
        let whole = self.entries().take_while(|entry| *entry == Entry::WHOLE);
        inputs.iter().map(|x| whole.clone().take(x.rank()).count()).collect()
    }

    fn effect(&self) -> Effect {
        Effect::Resampled
    }

    fn head(&self) -> Option<Activation> {
        None
    }

    fn aliases(&self) -> bool {
        self.key.iter().all(|entry| *entry == Entry::WHOLE)
    }

    fn typed(&self, _: &[Weight]) -> Option<Typed> {
        None
    }

    fn operation(&self, call: &mut dyn Call) -> Option<OpKind<Dim>> {
        if self.aliases() {
            return None;
        }
        let input = call.shape(0);
        let mut start = Dim::Known(0);
        let mut axes: Vec<(Dim, Dim)> = Vec::new();
        for (axis, (n, entry)) in input.0.iter().zip(self.entries()).enumerate() {
            let stride = Shape(input.0.iter().skip(axis + 1).cloned().collect()).elements();
            start = start + entry.start(n) * stride.clone();
            axes.extend(entry.len(n).map(|len| (len, stride)));
        }
        let (shape, strides) = operation::joined_axes(axes);
        Some(operation::StridedCopy { shape, strides, start, x: call.x(0), y: call.y() }.into())
    }

    fn infer(&self, inputs: &[Operand<'_>], call: Loc, cx: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        let (entries, rank) = (self.key.len(), x.shape.rank());
        if entries > rank {
            let shown = x.shape.display(cx.consts);
            let (indices, axes) =
                (if entries == 1 { "entry" } else { "entries" }, if rank == 1 { "axis" } else { "axes" });
            let message = format!(
                "the index has {entries} {indices}, but a sample of `{}` has {rank} {axes}: {shown}",
                x.name
            );
            let diag = Diag::error(Code::WrongRank, call, message).about(x.shown());
            cx.error(match (rank, self.key.get(1..)) {
                (0, _) => diag.help("use it as it is: it is one number"),
                (_, Some(rest)) if rest.len() == rank => {
                    diag.help(format!("the batch is not counted: write `{}{}`", x.name, written(rest)))
                }
                _ => diag.help(format!("write at most {rank}")),
            });
            return None;
        }
        let mut fine = true;
        for (axis, (n, entry)) in x.shape.0.iter().zip(self.entries()).enumerate() {
            // A miscounted index is wrong at each axis: one error is enough.
            fine = fine && self.leaves((axis, entry), n, x, call, cx);
        }
        let axes = x.shape.0.iter().zip(self.entries()).filter_map(|(n, entry)| entry.len(n));
        fine.then(|| vec![(Shape(axes.collect()), x.dtype)])
    }
}
