//! Values of Keras's configurations as values of the language, by the kinds of the arguments that they are for.

use mimo_graph::args::is_keras_s_default;
use mimo_graph::diag::Loc;
use mimo_graph::item::{Item, Kind, Module};
use mimo_graph::language::{find, items};
use mimo_graph::value::{Arg, Value, ValueKind};
use serde_json::{Map, Value as Json};

use crate::keras::layers;
use crate::source::{keyword, simplify, value, word};

/// Keys of configurations that say nothing about what is computed.
const SAYS_NOTHING: &[&str] = &[
    "autocast",
    "batch_input_shape",
    "batch_shape",
    "build_config",
    "cardinality",
    "dtype",
    "from_serialized",
    "fused",
    "implementation",
    "input_axes",
    "input_length",
    "is_legacy_optimizer",
    "jit_compile",
    "key_shape",
    "loss_scale_factor",
    "name",
    "output_axes",
    "quantization_config",
    "query_shape",
    "ragged",
    "reduce_retracing",
    "registered_name",
    "shared_object_id",
    "sparse",
    "synchronized",
    "value_shape",
];

/// Names of keys that Keras 2 spelled otherwise.
const SPELLINGS: &[(&str, &str)] = &[("alpha", "negative_slope"), ("lr", "learning_rate")];

/// A number as it is written: Keras stores many numbers as 32-bit floats, which as 64-bit ones have digits that nobody wrote.
pub fn number(x: f64) -> f64 {
    let short = x as f32;
    match f64::from(short) == x && x.is_finite() {
        true => short.to_string().parse().unwrap_or(x),
        false => x,
    }
}

/// A value of an argument of some kind; an error says what cannot be written.
pub fn value_of(kind: Kind, json: &Json) -> Result<Value, String> {
    Ok(match json {
        Json::Null => value(ValueKind::None),
        Json::Bool(on) => value(ValueKind::Bool(*on)),
        Json::Number(it) => match (it.as_i64(), it.as_f64()) {
            (Some(n), _) => value(ValueKind::Int(n)),
            (None, Some(x)) if x.is_finite() => value(ValueKind::Float(number(x))),
            _ => return Err(format!("the number {it} is too large")),
        },
        Json::String(text) => match kind {
            Kind::Item(module) => named(module, text, &Map::new())?,
            Kind::Word(_) if is_word(text) => word(text),
            _ => value(ValueKind::Str(text.clone())),
        },
        Json::Array(items) => {
            let items = items.iter().map(|item| value_of(kind, item)).collect::<Result<_, _>>()?;
            value(ValueKind::List(items))
        }
        Json::Object(object) => of_object(kind, object)?,
    })
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn of_object(kind: Kind, object: &Map<String, Json>) -> Result<Value, String> {
    let class = object.get("class_name").and_then(Json::as_str).unwrap_or_default();
    let empty = Map::new();
    match (class, object.get("config")) {
        ("function", Some(Json::String(name))) => value_of(kind, &Json::String(name.clone())),
        ("__tuple__", _) => match object.get("items") {
            Some(items) => value_of(kind, items),
            None => Err("a tuple without items".into()),
        },
        ("__numpy__" | "__tensor__", Some(Json::Object(config))) => match config.get("value") {
            Some(held) => value_of(kind, held),
            None => Err("an array without a value".into()),
        },
        ("DTypePolicy" | "Policy", Some(Json::Object(config))) => {
            value_of(kind, config.get("name").unwrap_or(&Json::Null))
        }
        (_, config) => {
            let config = config.and_then(Json::as_object).unwrap_or(&empty);
            match kind {
                Kind::Item(Module::Layers) => layers::as_setting(class, config),
                Kind::Item(module) => named(module, class, config),
                Kind::Rate => named(Module::Schedules, class, config),
                _ => Err(format!("`{class}` is not a value that mimo has here")),
            }
        }
    }
}

/// An item of a module by any of its names, or by its class.
pub fn item_of(module: Module, name: &str) -> Option<&'static Item> {
    let by_class = || items(module).into_iter().find(|item| item.class == name);
    let snake = || find(module, &mimo_graph::names::snake_case(name));
    find(module, name).or_else(by_class).or_else(snake)
}

/// An item with what its configuration says: `HeNormal(seed = 1)`.
pub fn named(module: Module, name: &str, config: &Map<String, Json>) -> Result<Value, String> {
    // Functions are stored with their path by some versions.
    let name = name.rsplit(['.', '>']).next().unwrap_or(name);
    let Some(item) = item_of(module, name) else {
        return Err(format!("mimo has no `{name}` among its {module}"));
    };
    let args = simplify::placed(item, arguments(item, config)?);
    Ok(match args.is_empty() && !is_class(module) {
        true => word(item.word()),
        false => value(ValueKind::Call { name: written(item, name), name_loc: Loc(0), args }),
    })
}

/// Whether items of a module are written as classes even without arguments: `Adam()`.
pub fn is_class(module: Module) -> bool {
    matches!(module, Module::Optimizers | Module::Schedules)
}

/// The spelling of an item that is nearest to Keras's.
fn written(item: &Item, name: &str) -> String {
    let exact = item.names.iter().find(|known| **known == name);
    exact.or(item.names.first()).map_or(name, |found| found).to_owned()
}

/// What a configuration says about the arguments of an item, as keywords in the item's order. What is Keras's default for an
/// argument that mimo does not have is left out.
pub fn arguments(item: &'static Item, config: &Map<String, Json>) -> Result<Vec<Arg>, String> {
    let (args, problems) = all_arguments(item, config);
    match problems.into_iter().next() {
        Some(problem) => Err(problem),
        None => Ok(args),
    }
}

/// The same with all that cannot be written; the other arguments are there.
pub fn all_arguments(item: &'static Item, config: &Map<String, Json>) -> (Vec<Arg>, Vec<String>) {
    let (mut args, mut problems) = (Vec::new(), Vec::new());
    let class = item.class;
    for (key, json) in config {
        let spelled = SPELLINGS
            .iter()
            .find(|(old, new)| old == key && item.argument(old).is_none() && item.argument(new).is_some());
        let name = spelled.map_or(key.as_str(), |(_, new)| new);
        let Some(argument) = item.argument(name) else {
            let given = value_of(Kind::Plain, json);
            let idle = given
                .as_ref()
                .is_ok_and(|given| is_keras_s_default(name, given) || is_old_default(name, given));
            if !idle && !SAYS_NOTHING.contains(&name) && !is_of_base_class(class, name) {
                let help = item.all().find(|argument| argument.name == name).and_then(|it| it.instead);
                let help = help.map(|help| format!("; {help}")).unwrap_or_default();
                problems.push(format!("mimo has no `{name}` for `{class}`, which is {}{help}", shown(json)));
            }
            continue;
        };
        // The names of layers are chosen with those of the others.
        if name == "name" && item.argument("trainable").is_some() {
            continue;
        }
        match value_of(argument.kind, json) {
            Ok(value) => args.push(keyword(argument.name, value)),
            Err(problem) => problems.push(format!("`{name}` of `{class}`: {problem}")),
        }
    }
    let place =
        |arg: &Arg| item.all().position(|it| arg.name.as_ref().is_some_and(|(name, _)| name == it.name));
    args.sort_by_key(place);
    (args, problems)
}

/// Whether a value is what Keras 2 had without the argument.
fn is_old_default(name: &str, value: &Value) -> bool {
    match (name, &value.kind) {
        ("reduction", _) => value.word() == Some("auto"),
        ("decay", ValueKind::Float(x)) => *x == 0.0,
        ("decay", ValueKind::Int(0)) | ("groups", ValueKind::Int(1)) => true,
        _ => false,
    }
}

/// Whether Keras 2 writes an argument of a layer's base class that the layer itself does not read. Its separable convolutions are
/// convolutions, whose kernel they do not have.
fn is_of_base_class(class: &str, name: &str) -> bool {
    class.starts_with("SeparableConv") && name.starts_with("kernel_")
}

/// A value of a file in a message, cut short.
pub fn shown(json: &Json) -> String {
    let mut text: String = json.to_string().chars().take(61).collect();
    if text.chars().count() > 60 {
        text.pop();
        text.push('…');
    }
    text
}
