//! Common code of layers over sequences, `[steps, channels]`, and images, `[height, width, channels]`: arguments,
//! axes, and the number of windows. A sequence is an image of height 1.

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

    /// Number of windows of `size` along `n` steps.
    pub(super) fn windows(self, n: &Dim, size: &Dim, stride: &Dim) -> Dim {
        let (n, size, stride) = (n.clone(), size.clone(), stride.clone());
        match (self, size.known().zip(stride.known())) {
            (Padding::Same, _) => (n + (stride.clone() - Dim::Known(1))) / stride,
            (Padding::Valid, _) if size.same(&stride) == Same::Yes => n / stride,
            // Written without a difference of lengths, so that an axis that is too short is not also reported as an
            // overflow.
            (Padding::Valid, Some((known, step))) if known < step => {
                (n + Dim::Known(step - known)) / Dim::Known(step)
            }
            (Padding::Valid, _) => (n - size) / stride + Dim::Known(1),
        }
    }
}

/// Names of the axes in messages.
pub(super) fn axis_names(axes: usize) -> &'static [&'static str] {
    if axes == 1 { &["steps"] } else { &["height", "width"] }
}

/// Height, width and channels of a tensor. `None` after reporting that it has other axes.
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

/// Height, width and channels of a sequence or an image. Other tensors, which no layer over images accepts, count as
/// one pixel.
pub fn image_of(shape: &Shape) -> [Dim; 3] {
    match &shape.0[..] {
        [height, width, channels] => [height.clone(), width.clone(), channels.clone()],
        [steps, channels] => [Dim::Known(1), steps.clone(), channels.clone()],
        _ => [Dim::Known(1), Dim::Known(1), shape.elements()],
    }
}

/// Shape of an image with `axes` spatial axes.
pub(super) fn shape(axes: usize, [height, width, channels]: [Dim; 3]) -> Shape {
    Shape(if axes == 1 { vec![width, channels] } else { vec![height, width, channels] })
}

/// Formats lengths as written: `(3, 2)`, or a single one for equal lengths.
pub(super) fn display(axes: usize, [height, width]: &[Dim; 2], cx: &Cx<'_>) -> String {
    let shown = width.display(cx.consts);
    if axes == 1 || height == width {
        return shown.to_string();
    }
    format!("({}, {shown})", height.display(cx.consts))
}

/// Reads one length of at least 1 for all axes, or a list with one for each.
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

/// Reads the edges before and after each axis: one length for all, or one length or a pair for each axis. For a
/// sequence, the pair itself.
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

/// Reads one length for both sides, or a list of two; lengths may be 0.
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
