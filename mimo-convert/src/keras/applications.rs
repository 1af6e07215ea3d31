//! Layers that models of keras.applications have of their own.

use mimo_graph::diag::Loc;
use mimo_graph::names::field_like;
use mimo_graph::value::{Arg, ValueKind};
use serde_json::Value as Json;

use crate::keras::config::{self, Layer};
use crate::keras::settings::number;
use crate::keras::state::State;
use crate::source::{self, Callee, Expr, Let, Operand, keyword, value, whole};

/// Whether a layer is a `LayerScale` of ConvNeXt.
pub fn is_scale(layer: &Layer) -> bool {
    class(layer) == "LayerScale" && layer.calls.len() == 1
}

fn class(layer: &Layer) -> &str {
    layer.class.rsplit('>').next().unwrap_or_default()
}

/// `let gamma = Weight([dim], initializer = Constant(1e-6)); let y = x * gamma;`
pub fn scale(layer: &Layer, call: &config::Call, state: &mut State) -> Option<(Let, Let)> {
    let dim = layer.config.get("projection_dim")?.as_i64()?;
    let start = layer.config.get("init_values")?.as_f64()?;
    let x = state.name(call.tensors().first()?).ok()?;
    let start = Arg { name: None, value: value(ValueKind::Float(number(start))) };
    let constant = ValueKind::Call { name: "Constant".into(), name_loc: Loc(0), args: vec![start] };
    let shape = Arg { name: None, value: value(ValueKind::List(vec![whole(dim)])) };
    let weight = source::Layer {
        class: "Weight".into(),
        args: vec![shape, keyword("initializer", value(constant))],
        name: field_like(&layer.name),
        named: false,
    };
    let gamma = state.taken.binding(&format!("{}_gamma", layer.name));
    let made = source::Call { callee: Callee::Class(weight), tensors: vec![], list: false, keywords: vec![] };
    let factor = Operand::Tensor(Expr::Name(gamma.clone()));
    let product = Expr::Binary("*", Box::new(Operand::Tensor(x)), Box::new(factor));
    let bound = |binding: String, value| Let {
        bindings: vec![binding],
        shape: None,
        value,
        origin: layer.name.clone(),
    };
    let scaled = state.taken.binding(&layer.name);
    Some((bound(gamma, Expr::Call(Box::new(made))), bound(scaled, product)))
}

/// A `StochasticDepth` of ConvNeXt as the `Dropout` that it is: it drops whole samples.
pub fn as_dropout(layer: &Layer, call: &config::Call, state: &State) -> Option<Layer> {
    if class(layer) != "StochasticDepth" {
        return None;
    }
    let name = state.bindings.get(*call.tensors().first()?)?;
    let rank = state.evaluator.shape(name)?.len();
    let mut config = layer.config.clone();
    let rate = config.remove("drop_path_rate")?;
    config.insert("rate".into(), rate);
    config.insert("noise_shape".into(), Json::Array(vec![1.into(); rank]));
    Some(Layer { class: "Dropout".into(), config, ..layer.clone() })
}

/// `x + 0.17 * y`: the `CustomScaleLayer` of InceptionResNetV2.
pub fn scaled_sum(layer: &Layer, call: &config::Call, state: &State) -> Option<Expr> {
    let [x, y] = call.tensors()[..] else { return None };
    if class(layer) != "CustomScaleLayer" {
        return None;
    }
    let scale = layer.config.get("scale")?.as_f64()?;
    let (x, y) = (state.name(x).ok()?, state.name(y).ok()?);
    let scale = Operand::Value(value(ValueKind::Float(number(scale))));
    let scaled = Expr::Binary("*", Box::new(scale), Box::new(Operand::Tensor(y)));
    Some(Expr::Binary("+", Box::new(Operand::Tensor(x)), Box::new(Operand::Tensor(scaled))))
}
