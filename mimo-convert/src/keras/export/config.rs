//! Arguments of mimo's items as Keras's configurations. Names of classes and keywords are those of the language, which are Keras's.

use mimo_graph::dim::Dim;
use mimo_graph::item::{Item, Kind, Module};
use mimo_graph::language::items;
use mimo_graph::operation::Number;
use mimo_graph::spec::graph::built::{ItemSpec, Setting};
use serde_json::{Map, Value as Json};

use super::network::object;
use crate::error::Error;

/// The item of a description.
pub(super) fn item(module: Module, class: &str) -> Result<&'static Item, Error> {
    let found = items(module).into_iter().find(|item| item.class == class);
    found.ok_or_else(|| Error::new(format!("`{class}` is not among the {module} of this version of mimo")))
}

/// All arguments of an item as Keras's keywords.
pub(super) fn arguments(module: Module, spec: &ItemSpec) -> Result<Map<String, Json>, Error> {
    let item = item(module, spec.class)?;
    let mut config = Map::new();
    for argument in item.arguments() {
        let Some(value) = spec.argument(argument.name) else { continue };
        let within = |error: Error| error.within(format!("`{}` of `{}`", argument.name, spec.class));
        // A name that was not chosen is Keras's to give.
        if argument.name == "name" && *value == Setting::None {
            continue;
        }
        config.insert(argument.name.into(), setting(argument.kind, value).map_err(within)?);
    }
    Ok(config)
}

/// A value of a configuration.
pub(super) fn setting(kind: Kind, value: &Setting) -> Result<Json, Error> {
    let unknown = || Error::new("a length or a number is not known");
    Ok(match value {
        Setting::None => Json::Null,
        Setting::Bool(value) => (*value).into(),
        Setting::Whole(Dim::Known(value)) => (*value).into(),
        Setting::Negative(value) => (*value).into(),
        Setting::Float(Number::Known(value)) if value.is_finite() => (*value).into(),
        Setting::Whole(_) | Setting::Float(_) => return Err(unknown()),
        Setting::Text(text) => text.as_str().into(),
        Setting::List(values) => values.iter().map(|value| setting(kind, value)).collect::<Result<_, _>>()?,
        Setting::Item(spec) => match kind {
            Kind::Item(Module::Activations) => activation(spec)?,
            Kind::Item(module @ (Module::Initializers | Module::Regularizers | Module::Constraints)) => {
                serialized(module, spec)?
            }
            _ => serialized(Module::Layers, spec)?,
        },
    })
}

/// An item as an object of Keras.
pub(super) fn serialized(module: Module, spec: &ItemSpec) -> Result<Json, Error> {
    let config = arguments(module, spec)?;
    Ok(object(&format!("keras.{module}"), spec.class, config.into(), Json::Null))
}

/// Activations that are layers in Keras if they have settings.
const LAYERS: &[(&str, &str)] =
    &[("relu", "ReLU"), ("leaky_relu", "LeakyReLU"), ("elu", "ELU"), ("softmax", "Softmax")];

/// An activation as a setting of a layer: Keras writes functions by their names, and they have no settings there.
fn activation(spec: &ItemSpec) -> Result<Json, Error> {
    sound(spec.class)?;
    let is_class = spec.class.starts_with(char::is_uppercase);
    if !is_class && is_plain(spec)? {
        return Ok(spec.class.into());
    }
    let class = LAYERS.iter().find(|(word, _)| *word == spec.class).map(|(_, class)| *class);
    match class.or_else(|| is_class.then_some(spec.class)) {
        Some(class) => {
            let config = arguments(Module::Activations, spec)?;
            Ok(object("keras.layers", class, config.into(), Json::Null))
        }
        None => Err(Error::new(format!(
            "Keras's configurations name `{0}` without its settings; write `Activation({0}(…))` as a layer of its own",
            spec.class
        ))),
    }
}

/// An error for a function that Keras computes otherwise.
pub(super) fn sound(class: &str) -> Result<(), Error> {
    match class {
        "sparsemax" => Err(Error::new(
            "Keras 3.15.1 with TensorFlow adds up cumulative sums in `sparsemax` where it means the values, so that it would predict something else",
        )),
        _ => Ok(()),
    }
}

/// Whether an activation is a layer in Keras if it has settings.
pub(super) fn is_layer(class: &str) -> bool {
    class.starts_with(char::is_uppercase) || LAYERS.iter().any(|(word, _)| *word == class)
}

/// Whether all arguments have their defaults.
pub(super) fn is_plain(spec: &ItemSpec) -> Result<bool, Error> {
    let item = item(Module::Activations, spec.class)?;
    for argument in item.arguments() {
        let Some(value) = spec.argument(argument.name) else { continue };
        let value = setting(argument.kind, value)?;
        let default: Option<Json> = match argument.default {
            Some("none") => Some(Json::Null),
            Some(text) => Some(serde_json::from_str(text).unwrap_or_else(|_| text.into())),
            None => None,
        };
        let same = match (&default, value.as_f64()) {
            (Some(default), Some(number)) => default.as_f64() == Some(number),
            (default, _) => default.as_ref() == Some(&value),
        };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Layers that end in their activation, which may be an operation after them.
const END_IN_ACTIVATION: &[&str] = &[
    "Dense",
    "EinsumDense",
    "Conv1D",
    "Conv2D",
    "Conv1DTranspose",
    "Conv2DTranspose",
    "DepthwiseConv1D",
    "DepthwiseConv2D",
    "SeparableConv1D",
    "SeparableConv2D",
];

/// The activation of a layer if it has settings that Keras's configurations do not have.
pub(super) fn apart(item: &ItemSpec) -> Result<Option<&ItemSpec>, Error> {
    let Some(Setting::Item(function)) = item.argument("activation") else { return Ok(None) };
    // A penalty reads what comes after the activation.
    let is_penalized = item.argument("activity_regularizer").is_some_and(|it| *it != Setting::None);
    let ends = END_IN_ACTIVATION.contains(&item.class) && !is_penalized;
    Ok((ends && !is_layer(function.class) && !is_plain(function)?).then_some(function))
}
