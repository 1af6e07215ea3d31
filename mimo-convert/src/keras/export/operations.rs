//! Operations on tensors as those of `keras.ops`, which are nodes of a functional model.

use mimo_graph::item::{Kind, Module};
use mimo_graph::layers::LayerKind;
use mimo_graph::operation::Number;
use mimo_graph::spec::graph::built::{GraphLayer, ItemSpec, LayerCall, Setting};
use serde_json::{Map, Value as Json, json};

use super::build::{Held, Scope};
use super::config;
use super::network::{Operand, Tensor};
use crate::error::Error;

/// The modules of Keras's operations; all others are in `numpy`.
const MODULES: &[(&str, &[&str])] = &[
    ("keras.src.ops.core", &["Cast", "StopGradient"]),
    ("keras.src.ops.math", &["Erf", "Logsumexp", "Rsqrt"]),
    ("keras.src.ops.linalg", &["Norm"]),
    (
        "keras.src.ops.nn",
        &[
            "Celu",
            "Elu",
            "Gelu",
            "Glu",
            "HardShrink",
            "LeakyRelu",
            "LogSoftmax",
            "Relu",
            "Sigmoid",
            "SoftShrink",
            "Softmax",
            "Sparsemax",
            "Squareplus",
            "Threshold",
        ],
    ),
];

/// Operations whose results are of `bool` in Keras.
const OF_BOOL: &[&str] = &[
    "greater",
    "greater_equal",
    "less",
    "less_equal",
    "equal",
    "not_equal",
    "logical_and",
    "logical_or",
    "logical_not",
    "any",
    "all",
];

/// Operations that read `bool` as it is.
const READ_BOOL: &[&str] = &["logical_and", "logical_or", "logical_not", "any", "all", "expand_dims"];

/// The module of an operation's class.
pub(super) fn module_of(class: &str) -> &'static str {
    let found = MODULES.iter().find(|(_, classes)| classes.contains(&class));
    found.map_or("keras.src.ops.numpy", |(module, _)| module)
}

/// The classes whose modules are listed.
#[cfg(test)]
pub(super) fn classes() -> impl Iterator<Item = &'static str> {
    MODULES.iter().flat_map(|(_, classes)| classes.iter().copied())
}

/// Keras's class of an operation: `expand_dims` is `ExpandDims`.
pub(super) fn class_of(word: &str) -> String {
    let parts = word.split('_').map(|part| {
        let mut letters = part.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        first.chain(letters).collect::<String>()
    });
    parts.collect()
}

/// Why an operation has no form in Keras's configurations.
fn absent(word: &str) -> Option<&'static str> {
    Some(match word {
        "random_normal" | "random_uniform" | "random_truncated_normal" => {
            "`keras.random` has no operations that a configuration can hold; `GaussianNoise` and `Dropout` are layers that draw numbers"
        }
        "in_train_phase" => "no operation of Keras 3 depends on whether a model is trained",
        "scale_gradient" => "no operation of Keras changes gradients by a factor",
        _ => return None,
    })
}

/// Writes a call of an operation.
pub(super) fn call<'a>(
    scope: &mut Scope<'a>,
    layer: &'a GraphLayer,
    kind: &LayerKind,
    call: &LayerCall,
) -> Result<(), Error> {
    let word = layer.item.class;
    if word == "add_loss" {
        // What it outputs is its input. That the loss is missing is told by `Export::missing`.
        if let (Some(&input), Some(&output)) = (call.inputs.first(), call.outputs.first()) {
            let held = scope.held(input)?;
            scope.held.insert(output, held);
        }
        return Ok(());
    }
    if let Some(reason) = absent(word) {
        return Err(Error::new(reason));
    }
    config::sound(word)?;
    let item = config::item(Module::Operations, word)?;
    let (mut args, mut settings) = (vec![], Map::new());
    let mut inputs = call.inputs.iter();
    let compares = is_index_comparison(scope, layer, call);
    let rank =
        call.outputs.first().map(|&output| scope.shape(output)).transpose()?.map_or(0, |shape| shape.len());
    let broadcasts = matches!(kind, LayerKind::Elementwise(_) | LayerKind::Merge(_));
    for argument in item.arguments() {
        let value = layer.item.argument(argument.name).unwrap_or(&Setting::None);
        match (argument.kind, value) {
            (Kind::TensorList, _) => {
                let all = inputs.by_ref().map(|&tensor| scope.operand(tensor)).collect::<Result<_, _>>()?;
                args.push(Operand::List(all));
            }
            (Kind::Tensors, Setting::None) => {
                let Some(&tensor) = inputs.next() else { continue };
                let operand = match compares {
                    Some(whole) => scope.operand(whole)?,
                    None if READ_BOOL.contains(&word) || argument.name == "condition" => {
                        as_it_is(scope, tensor)?
                    }
                    None => scope.operand(tensor)?,
                };
                args.push(if broadcasts { aligned(scope, operand, rank) } else { operand });
            }
            (Kind::Tensors, value) => {
                let json = config::setting(Kind::Float, value)?;
                let whole = json.as_f64().filter(|_| compares.is_some());
                args.push(Operand::Value(whole.map_or(json, |number| json!(number as i64))));
            }
            (kind, value) => {
                settings.insert(argument.name.into(), config::setting(kind, value)?);
            }
        }
    }
    let name = scope.name_of(layer);
    let class = class_of(word);
    let tensor = match word {
        "get_item" => {
            let key = key_of(&settings.remove("key").unwrap_or_default());
            args.push(Operand::Value(key));
            scope.operate(name, &class, settings, args)
        }
        "clip" => clip(scope, name, args)?,
        "softmax" | "log_softmax" if settings.get("axis").is_some_and(Json::is_array) => {
            over_axes(scope, name, word, settings, args)?
        }
        _ => scope.operate(name, &class, settings, args),
    };
    if let Some(&output) = call.outputs.first() {
        scope.held.insert(
            output,
            Held { tensor, is_bool: OF_BOOL.contains(&word) || is_bool_moved(scope, word, call) },
        );
    }
    Ok(())
}

/// Whether an operation moves values that are of `bool`.
fn is_bool_moved(scope: &Scope<'_>, word: &str, call: &LayerCall) -> bool {
    let first = call.inputs.first().and_then(|tensor| scope.held.get(tensor));
    word == "expand_dims" && first.is_some_and(|held| held.is_bool)
}

fn as_it_is(scope: &Scope<'_>, tensor: usize) -> Result<Operand, Error> {
    Ok(Operand::Tensor(scope.held(tensor)?.tensor, scope.shape(tensor)?))
}

/// Masks of class indices compare them as numbers: `cast(words) != 0`. In Keras the indices themselves are compared.
fn is_index_comparison(scope: &Scope<'_>, layer: &GraphLayer, call: &LayerCall) -> Option<usize> {
    let [tensor] = call.inputs[..] else { return None };
    let number = match layer.item.argument("x2")? {
        Setting::Float(Number::Known(number)) => *number,
        _ => return None,
    };
    let made = scope.graph.calls.get(*scope.made.get(&tensor)?)?;
    let cast = scope.graph.layers.get(made.layer).filter(|it| it.item.class == "cast")?;
    let whole = made.inputs.first().copied()?;
    let of = scope.graph.tensors.get(whole)?;
    let is_plain = of.dtype == mimo_graph::shape::Dtype::Int && number.fract() == 0.0 && number.abs() < 1e9;
    (is_plain
        && cast.item.argument("dtype").is_some()
        && layer.item.class == "not_equal"
        && scope.held.contains_key(&whole))
    .then_some(whole)
}

/// An operand of as many axes as the result: Keras counts them from the last one, and mimo leaves the batch out.
fn aligned(scope: &mut Scope<'_>, operand: Operand, rank: usize) -> Operand {
    match operand {
        Operand::Tensor(tensor, shape) if shape.len() < rank => {
            let axes: Vec<usize> = (1..=rank - shape.len()).collect();
            let wide = std::iter::repeat_n(1, axes.len()).chain(shape.iter().copied()).collect();
            let settings = Map::from_iter([("axis".to_owned(), json!(axes))]);
            let tensor =
                scope.operate("expand_dims", "ExpandDims", settings, vec![Operand::Tensor(tensor, shape)]);
            Operand::Tensor(tensor, wide)
        }
        other => other,
    }
}

/// `[:, 1:3, 2]`
fn key_of(key: &Json) -> Json {
    let slice = |start: Json, stop: Json| json!({ "class_name": "__slice__", "config": { "start": start, "stop": stop, "step": null } });
    let entry = |entry: &Json| match entry {
        Json::Null => slice(Json::Null, Json::Null),
        Json::Array(ends) => {
            let end = |at: usize| ends.get(at).cloned().unwrap_or_default();
            slice(end(0), end(1))
        }
        other => other.clone(),
    };
    let entries = match key {
        Json::Array(entries) => entries.as_slice(),
        one => std::slice::from_ref(one),
    };
    std::iter::once(slice(Json::Null, Json::Null)).chain(entries.iter().map(entry)).collect()
}

/// `clip`: Keras's operation has numbers as its bounds, and tensors are those of a `Maximum` and a `Minimum`.
fn clip(scope: &mut Scope<'_>, name: &str, args: Vec<Operand>) -> Result<Tensor, Error> {
    let [x, low, high] =
        <[Operand; 3]>::try_from(args).map_err(|_| Error::new("`clip` has a tensor and two bounds"))?;
    if let (Operand::Value(low), Operand::Value(high)) = (&low, &high) {
        let settings =
            Map::from_iter([("x_min".to_owned(), low.clone()), ("x_max".to_owned(), high.clone())]);
        return Ok(scope.operate(name, "Clip", settings, vec![x]));
    }
    let bounded = scope.operate(&format!("{name}_low"), "Maximum", Map::new(), vec![x, low]);
    Ok(scope.operate(name, "Minimum", Map::new(), vec![Operand::Tensor(bounded, vec![]), high]))
}

/// A softmax over several axes, which Keras's operation does not take: the exponential function over its sum.
fn over_axes(
    scope: &mut Scope<'_>,
    name: &str,
    word: &str,
    settings: Map<String, Json>,
    args: Vec<Operand>,
) -> Result<Tensor, Error> {
    let [x] = <[Operand; 1]>::try_from(args).map_err(|_| Error::new("it reads one tensor"))?;
    let mut keeps = settings;
    keeps.insert("keepdims".into(), true.into());
    let sum = scope.operate(&format!("{name}_logsumexp"), "Logsumexp", keeps, vec![x.clone()]);
    let sum = Operand::Tensor(sum, vec![]);
    Ok(match word {
        "log_softmax" => scope.operate(name, "Subtract", Map::new(), vec![x, sum]),
        _ => {
            let log = scope.operate(&format!("{name}_log"), "Subtract", Map::new(), vec![x, sum]);
            scope.operate(name, "Exp", Map::new(), vec![Operand::Tensor(log, vec![])])
        }
    })
}

/// Writes `Activation(celu(alpha = 0.5))`, whose settings the layer would not have in Keras, as an operation. False if the layer has it.
pub(super) fn activation<'a>(
    scope: &mut Scope<'a>,
    layer: &'a GraphLayer,
    call: &LayerCall,
) -> Result<bool, Error> {
    let Some(Setting::Item(function)) = layer.item.argument("activation") else { return Ok(false) };
    config::sound(function.class)?;
    if config::is_plain(function)? || config::is_layer(function.class) {
        return Ok(false);
    }
    let input = call.inputs.first().ok_or_else(|| Error::new("it reads no tensor"))?;
    let operand = scope.operand(*input)?;
    let tensor = self::function(scope, scope.name_of(layer), function, operand)?;
    if let Some(&output) = call.outputs.first() {
        scope.held.insert(output, Held { tensor, is_bool: false });
    }
    Ok(true)
}

/// An activation with its settings.
pub(super) fn function(
    scope: &mut Scope<'_>,
    name: &str,
    function: &ItemSpec,
    input: Operand,
) -> Result<Tensor, Error> {
    config::sound(function.class)?;
    let settings = config::arguments(Module::Activations, function)?;
    Ok(scope.operate(name, &class_of(function.class), settings, vec![input]))
}
