//! What the layers over sequences, `[steps, channels]`, and images, `[height, width, channels]`, have in common:
//! their arguments, their axes and how many windows fit. A sequence is an image of height 1.

use crate::args::{Bound, read};
use crate::code::Code;
use crate::context::Cx;
use crate::diag::Diag;
use crate::dim::{Dim, Same};
use crate::layers::layer::Operand;
pub use crate::operation::Padding;
use crate::shape::Shape;
use crate::value::{Value, ValueKind};

impl Padding {
    /// Reads `padding = "valid"` or `"same"`.
    pub(super) fn from_args(args: &Bound<'_>, cx: &mut Cx<'_>) -> Self {
        match args.word("padding", cx) {
            "same" => Padding::Same,
            _ => Padding::Valid,
        }
    }

    /// How many windows of `size` there are along `n` steps.
    pub(super) fn windows(self, n: &Dim, size: &Dim, stride: &Dim) -> Dim {
        let (n, size, stride) = (n.clone(), size.clone(), stride.clone());
        match (self, size.known().zip(stride.known())) {
            (Padding::Same, _) => (n + (stride.clone() - Dim::Known(1))) / stride,
            (Padding::Valid, _) if size.same(&stride) == Same::Yes => n / stride,
            // The same written without a difference of lengths, so that one that is too small is reported once, and
            // not a second time as an overflow.
            (Padding::Valid, Some((known, step))) if known < step => {
                (n + Dim::Known(step - known)) / Dim::Known(step)
            }
            (Padding::Valid, _) => (n - size) / stride + Dim::Known(1),
        }
    }
}

/// What messages call the axes.
pub(super) fn axis_names(axes: usize) -> &'static [&'static str] {
    if axes == 1 { &["steps"] } else { &["height", "width"] }
}

/// A tensor as an image: height, width, channels. `None` after reporting that it has other axes.
pub(super) fn image(class: &str, axes: usize, x: &Operand<'_>, cx: &mut Cx<'_>) -> Option<[Dim; 3]> {
    match (axes, &x.shape.0[..]) {
        (1, [steps, channels]) => return Some([Dim::Known(1), steps.clone(), channels.clone()]),
        (2, [height, width, channels]) => return Some([height.clone(), width.clone(), channels.clone()]),
        _ => {}
    }
    let wanted = if axes == 1 { "[steps, channels]" } else { "[height, width, channels]" };
    let shown = x.shape.display(cx.consts);
    let message = format!("`{class}` needs {wanted}, but `{}` is {shown}", x.name);
    let help = format!("bring it to {wanted} with `Reshape(…)`");
    cx.error(Diag::error(Code::WrongRank, x.loc, message).about(x.shown()).help(help));
    None
}

/// A sequence or an image as an image: height, width, channels. Other tensors, which no layer over images takes, count
/// as one pixel.
pub fn image_of(shape: &Shape) -> [Dim; 3] {
    match &shape.0[..] {
        [height, width, channels] => [height.clone(), width.clone(), channels.clone()],
        [steps, channels] => [Dim::Known(1), steps.clone(), channels.clone()],
        _ => [Dim::Known(1), Dim::Known(1), shape.elements()],
    }
}

/// The shape of an image of so many axes.
pub(super) fn shape(axes: usize, [height, width, channels]: [Dim; 3]) -> Shape {
    Shape(if axes == 1 { vec![width, channels] } else { vec![height, width, channels] })
}

/// Lengths as they are written: `(3, 2)`, or one that all axes have.
pub(super) fn display(axes: usize, [height, width]: &[Dim; 2], cx: &Cx<'_>) -> String {
    let shown = width.display(cx.consts);
    if axes == 1 || height == width {
        return shown.to_string();
    }
    format!("({}, {shown})", height.display(cx.consts))
}

/// One length of at least 1 for all axes, or a list with one for each.
pub(super) fn lengths(value: &Value, what: &str, axes: usize, cx: &mut Cx<'_>) -> Option<[Dim; 2]> {
    let value = read::without_python(value, cx);
    let ValueKind::List(items) = &value.kind else {
        let length = read::dim(&value, what, cx)?;
        let height = if axes == 1 { Dim::Known(1) } else { length.clone() };
        return Some([height, length]);
    };
    if items.len() != axes {
        let wanted = if axes == 1 { "one length" } else { "one length or two" };
        let example = if axes == 1 {
            "write one: `2`"
        } else {
            "write one for height and width, `2`, or one for each, `(2, 3)`"
        };
        read::wrong(&value, what, wanted, Some(example.into()), cx);
        return None;
    }
    let each = format!("each length in {what}");
    let read: Vec<Option<Dim>> = items.iter().map(|item| read::dim(item, &each, cx)).collect();
    match &read.into_iter().collect::<Option<Vec<_>>>()?[..] {
        [height, width] => Some([height.clone(), width.clone()]),
        [width] => Some([Dim::Known(1), width.clone()]),
        _ => None,
    }
}

/// What lies before and behind each axis: one length for all, for each axis one or a pair. A sequence takes the pair
/// itself.
pub(super) fn edges(value: &Value, what: &str, axes: usize, cx: &mut Cx<'_>) -> Option<[[Dim; 2]; 2]> {
    let value = read::without_python(value, cx);
    let none = || [Dim::Known(0), Dim::Known(0)];
    if axes == 1 {
        return Some([none(), pair(&value, what, "one length or two", cx)?]);
    }
    let ValueKind::List(items) = &value.kind else {
        let both = pair(&value, what, "one length or two", cx)?;
        return Some([both.clone(), both]);
    };
    let [height, width] = &items[..] else {
        let help = "write `((top, bottom), (left, right))`".to_string();
        read::wrong(&value, what, "one length or two", Some(help), cx);
        return None;
    };
    let each = format!("each axis in {what}");
    let [height, width] = [height, width].map(|item| pair(item, &each, "one length or two", cx));
    Some([height?, width?])
}

/// One length for both sides, or a list of two; lengths may be 0.
fn pair(value: &Value, what: &str, wanted: &str, cx: &mut Cx<'_>) -> Option<[Dim; 2]> {
    let value = read::without_python(value, cx);
    let ValueKind::List(items) = &value.kind else {
        let length = read::dim_at_least(&value, what, 0, cx)?;
        return Some([length.clone(), length]);
    };
    let [before, after] = &items[..] else {
        let example = "write one for both sides, `1`, or one for each, `(1, 2)`";
        read::wrong(&value, what, wanted, Some(example.into()), cx);
        return None;
    };
    let each = format!("each length in {what}");
    let [before, after] = [before, after].map(|item| read::dim_at_least(item, &each, 0, cx));
    Some([before?, after?])
}
