//! `cast`: integers as floats, and floats as integers.

use crate::args::{Bound, read};
use crate::context::Cx;
use crate::diag::Loc;
use crate::dim::Dim;
use crate::layers::LayerKind;
use crate::layers::elementwise::Elementwise;
use crate::layers::layer::{Effect, Layer, Masks, Operand, Reads, operation_facts};
use crate::operation::{Call, OpKind};
use crate::shape::{Dtype, Shape};

/// `keras.ops.cast` to floats, which copies nothing: integers are stored as floats. A cast to integers is
/// an [`Elementwise`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CastToFloat;

tensor_operations! {
    /// Integers as floats, or floats as integers.
    ///
    /// The shape is unchanged. A model has one type of floats, `f32` or `f64`, which `float`, `float32` and `float64`
    /// mean, and one of integers, which `int`, `int32` and `int64` mean. A float is rounded towards 0, which has
    /// no gradient; `Embedding` then looks up the nearest number that it has.
    ///
    /// Keras: `keras.ops.cast`
    "`cast(x, dtype)`"
    cast, "let x = Input(shape = [8], dtype = \"int32\");\nlet y: [8] = cast(x, float32);" => read_dtype;
    takes {
        /// A tensor.
        x: Tensors,
        /// Element type of the result.
        dtype: CastType,
    }
}

fn read_dtype(args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<LayerKind> {
    let whole = args.read("dtype", cx, |value, what, cx| match value.word() {
        Some("float32" | "float64" | "float") => Some(false),
        Some("int32" | "int64" | "int") => Some(true),
        word => {
            let help = match word {
                Some("bool") => "write `x != 0.0`, which is 1 where it holds and 0 elsewhere",
                _ => "a model has one type of floats, `float32` here, and one of integers, `int32`",
            };
            read::wrong(value, what, "`float32` or `int32`", Some(help.into()), cx);
            None
        }
    });
    whole.filter(|_| args.sound(&["dtype"])).map(|whole| match whole {
        true => Elementwise::truncation(args.callee()).into(),
        false => CastToFloat.into(),
    })
}

impl Layer for CastToFloat {
    fn class_name(&self) -> &'static str {
        "cast"
    }

    fn reads(&self) -> Reads {
        Reads::Any
    }

    fn masks(&self) -> Masks {
        Masks::Keep
    }

    fn effect(&self) -> Effect {
        Effect::Mapped
    }

    operation_facts!(aliases = true);

    fn operation(&self, _: &mut dyn Call) -> Option<OpKind<Dim>> {
        None
    }

    fn infer(&self, inputs: &[Operand<'_>], _: Loc, _: &mut Cx<'_>) -> Option<Vec<(Shape, Dtype)>> {
        let [x] = inputs else { return None };
        Some(vec![(x.shape.clone(), Dtype::Float)])
    }
}
