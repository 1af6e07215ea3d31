//! Random numbers, which predictions draw too.

use mimo_graph::layers::random_draw::RandomDraw;
use mimo_graph::operation::{Drawn, Number};

use crate::error::Error;
use crate::onnx::context::{Call, Context, Id};
use crate::onnx::model::Attribute;

pub(super) fn draw(cx: &mut Context<'_>, layer: &RandomDraw, call: &Call<'_>) -> Result<Vec<Id>, Error> {
    let [Number::Known(a), Number::Known(b)] = layer.numbers else {
        return Err(Error::new("a number of the layer is not known"));
    };
    let (op, names) = match layer.drawn {
        Drawn::Normal => ("RandomNormalLike", ["mean", "scale"]),
        Drawn::Uniform => ("RandomUniformLike", ["low", "high"]),
        Drawn::TruncatedNormal => {
            let reason = "ONNX has no operator for a normal distribution that is cut off; use `random_normal`, or draw outside of the model";
            return Err(Error::new(reason));
        }
    };
    let like = cx.each(call.x()?)?;
    let float = Attribute::Int(crate::onnx::model::Element::F32.number());
    let numbers = names.into_iter().zip([a, b]).map(|(name, number)| (name, Attribute::Float(number as f32)));
    let mut settings: Vec<_> = numbers.chain([("dtype", float)]).collect();
    if let Some(seed) = layer.seed {
        settings.push(("seed", Attribute::Float(seed as f32)));
    }
    let value = cx.out.node_with(op, &[&like], settings);
    cx.result(call, value)
}
