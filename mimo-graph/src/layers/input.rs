//! `Input`: declares an input of the model. It is not a layer of the graph: it reads nothing and has no weights.

use crate::args::{bind_given, read};
use crate::code::Code;
use crate::context::Cx;
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::item::Word;
use crate::shape::{Dtype, Shape};
use crate::value::{Arg, Value, ValueKind};

/// Keras's `Input`.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// The shape of one sample; `()` is one number.
    pub shape: Shape,
    /// Element type: floats by default.
    pub dtype: Dtype,
    /// `name = "…"`.
    pub name: Option<String>,
}

/// Items of the language.
#[doc(hidden)]
pub mod words {
    items! {
        /// Declares an input: the shape of one sample, without the batch axis. Any batch size works.
        ///
        /// → `shape`
        ///
        /// Keras: [`Input`](https://keras.io/api/layers/core_layers/input/)
        "`Input(shape, dtype = float32, name = none)`"
        Input, "let ecg = Input(shape = [256, 1]);";
        takes {
            /// The shape of one sample, as in `[256, 1]`; `[]` is one number.
            shape: Lengths,
            batch_size => "leave it out: the batch axis is never written, and any batch size works",
            /// Element type: floats, or integers for an `Embedding`.
            dtype: ElementType = "float32",
            sparse => "leave it out: every input is a dense tensor",
            ragged => "leave it out: every input is a dense tensor",
            batch_shape => "write `shape = …` without the batch axis",
            /// Name of the input; by default that of its binding.
            name: Name = "none",
            tensor => "leave it out: every input is a dense tensor",
            optional => "leave it out: every input is given",
        }
    }
}

impl Input {
    /// Reads `Input(args…)`; `None` after an error without which the shape is not known.
    pub(crate) fn from_args(args: &[Arg], call: Loc, cx: &mut Cx<'_>) -> Option<Self> {
        let bound = bind_given(&words::Input::ITEM, args, call, cx);
        let dtype = match bound.word("dtype", cx) {
            "int32" => Dtype::Int,
            _ => Dtype::Float,
        };
        let name = bound.optional_string("name", cx);
        let shape = match bound.take("shape") {
            Some(_) => dims(bound.items("shape", cx)?, "Input", cx)?,
            None => {
                // An unbound argument, or a value written as another parameter, is the same mistake.
                let told = !bound.sound(&["shape", "batch_shape"]);
                if !told {
                    let diag = Diag::error(
                        Code::MissingArgument,
                        call,
                        "`Input` needs `shape`, the shape of one sample",
                    );
                    cx.error(diag.help("write `Input(shape = [4])`, without the batch axis"));
                }
                return None;
            }
        };
        bound.sound(&["dtype"]).then_some(Input { shape, dtype, name })
    }
}

/// Reads the lengths in the `shape` of a class.
pub(super) fn dims(items: &[Value], class: &str, cx: &mut Cx<'_>) -> Option<Shape> {
    let dims: Vec<Option<Dim>> = items.iter().map(|item| length(item, class, cx)).collect();
    Some(Shape(dims.into_iter().collect::<Option<_>>()?))
}

fn length(item: &Value, class: &str, cx: &mut Cx<'_>) -> Option<Dim> {
    let item = read::without_python(item, cx);
    if item.kind == ValueKind::None {
        let diag = Diag::error(
            Code::UnknownLength,
            item.loc,
            format!("an axis of `{class}` cannot be of unknown length"),
        );
        cx.error(diag.help("write its length: every shape is known while compiling"));
        return None;
    }
    read::dim(&item, &format!("each axis in `shape` of `{class}`"), cx)
}
