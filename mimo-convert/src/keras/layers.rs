//! Keras's layers as classes of the language with their arguments. Signatures, defaults and what is missing come from the
//! language; what stands here are the few classes whose configurations have another form than their calls.

use mimo_graph::item::{Item, Kind, Module};
use mimo_graph::value::{Arg, Value, ValueKind};
use serde_json::{Map, Value as Json};

use crate::keras::settings::{all_arguments, item_of, shown};
use crate::source::{keyword, simplify, text, value};

/// A layer of the language.
#[derive(Clone, Debug)]
pub struct Made {
    /// Its item.
    pub item: &'static Item,
    /// Its arguments, without those that say nothing and without a name.
    pub args: Vec<Arg>,
    /// Parts that are left out, each with its reason.
    pub problems: Vec<String>,
    /// The arguments of an `ActivityRegularization` after the layer.
    pub penalty: Option<Vec<Arg>>,
}

/// The layer of a class and a configuration; an error says why there is none.
pub fn layer(class: &str, config: &Map<String, Json>) -> Result<Made, String> {
    let (class, config) = plain(class, config)?;
    let Some(item) = class_of(&class) else { return Err(no_class(&class)) };
    let (mut config, penalty) = without_penalty(item, config);
    let mut further = Vec::new();
    for (key, json) in &config {
        // A layer inside of a wrapper may be one that there is not.
        let is_layer = item.argument(key).is_some_and(|it| it.kind == Kind::Item(Module::Layers));
        if let (true, Some((class, config))) = (is_layer, class_and_config(json)) {
            further.extend(layer(class, config)?.problems);
        }
    }
    if item.argument("backward_layer").is_some() && is_mirrored(&config) {
        config.remove("backward_layer");
    }
    let (args, mut problems) = all_arguments(item, &config);
    problems.extend(further);
    let (args, wrong) = sound(item, args);
    problems.extend(wrong);
    let args = simplify::layer(item, args);
    Ok(Made { item, args: simplify::placed(item, args), problems, penalty })
}

/// A layer as a setting of another: `LSTM(32)` in a wrapper.
pub fn as_setting(class: &str, config: &Map<String, Json>) -> Result<Value, String> {
    let made = layer(class, config)?;
    if let (Some(_), []) = (&made.penalty, &made.problems[..]) {
        return Err(format!("`{class}` has an `activity_regularizer` inside of another layer"));
    }
    let mut args = made.args;
    if let Some(name) =
        config.get("name").and_then(Json::as_str).and_then(|name| chosen_name(made.item, name))
    {
        args.push(keyword("name", text(&name)));
    }
    let name_loc = mimo_graph::diag::Loc(0);
    Ok(value(ValueKind::Call { name: made.item.class.into(), name_loc, args }))
}

/// The name of an inner layer, if it is not one that Keras gave by itself.
fn chosen_name(item: &Item, name: &str) -> Option<String> {
    let name = name.strip_prefix("forward_").unwrap_or(name);
    let automatic = mimo_graph::names::snake_case(item.class);
    let rest = name.strip_prefix(&automatic);
    let is_automatic = rest.is_some_and(|rest| rest.chars().all(|c| c == '_' || c.is_ascii_digit()));
    (!is_automatic).then(|| mimo_graph::names::field_like(name))
}

fn class_of(class: &str) -> Option<&'static Item> {
    let item = item_of(Module::Layers, class)?;
    (item.class != "Input" && item.class != "Weight" && item.class.starts_with(char::is_uppercase))
        .then_some(item)
}

/// Why there is no layer of a class, and what is written instead.
pub fn no_class(class: &str) -> String {
    let name: String = class.chars().take(60).collect();
    match mimo_graph::layers::unavailable(&name, mimo_graph::diag::Loc(0)) {
        Some(diag) => match diag.helps.first() {
            Some(help) => format!("{}; {help}", diag.message),
            None => diag.message,
        },
        None => format!(
            "`{name}` is not a class of Keras: write it as a function of the block, `fn layer(x) {{ … }}`"
        ),
    }
}

/// The class name and the configuration of a serialized object.
pub fn class_and_config(json: &Json) -> Option<(&str, &Map<String, Json>)> {
    let class = json.get("class_name")?.as_str()?;
    Some((class, json.get("config")?.as_object()?))
}

/// A layer of cells as the layer that runs over all steps; every other class stays as it is.
fn plain(class: &str, config: &Map<String, Json>) -> Result<(String, Map<String, Json>), String> {
    let class = class.rsplit('>').next().unwrap_or(class);
    let class = match class {
        "GroupedQueryAttention" => "GroupQueryAttention",
        "CuDNNLSTM" => "LSTM",
        "CuDNNGRU" => "GRU",
        other => other,
    };
    if class != "RNN" {
        return Ok((class.into(), config.clone()));
    }
    let Some((cell, of_cell)) = config.get("cell").and_then(class_and_config) else {
        return Err("`RNN` has no `cell`".into());
    };
    let Some(whole) = cell.strip_suffix("Cell").filter(|name| ["LSTM", "GRU", "SimpleRNN"].contains(name))
    else {
        return Err(format!(
            "mimo has no `RNN` of `{cell}`; write one layer for each cell, such as `LSTM(32, return_sequences = true)`"
        ));
    };
    let mut joined = of_cell.clone();
    joined.extend(config.iter().filter(|(key, _)| *key != "cell").map(|(key, it)| (key.clone(), it.clone())));
    Ok((whole.into(), joined))
}

/// A configuration without an `activity_regularizer` that mimo has as a layer of its own.
fn without_penalty(item: &Item, mut config: Map<String, Json>) -> (Map<String, Json>, Option<Vec<Arg>>) {
    const KEY: &str = "activity_regularizer";
    if item.argument(KEY).is_some() {
        return (config, None);
    }
    let Some(item) = item_of(Module::Layers, "ActivityRegularization") else { return (config, None) };
    let penalty = match config.get(KEY).and_then(class_and_config) {
        Some(("L1" | "L2" | "L1L2", of_penalty)) => {
            let (args, problems) = all_arguments(item, of_penalty);
            problems.is_empty().then_some(args)
        }
        _ => None,
    };
    if penalty.is_some() {
        config.remove(KEY);
    }
    (config, penalty.map(|args| simplify::layer(item, args)))
}

/// Whether both directions of a `Bidirectional` are the same layer.
fn is_mirrored(config: &Map<String, Json>) -> bool {
    fn sides(json: Option<&Json>) -> Option<(&str, Map<String, Json>, bool)> {
        let (class, config) = class_and_config(json?)?;
        let mut config = config.clone();
        let backwards = config.remove("go_backwards").and_then(|it| it.as_bool()).unwrap_or(false);
        strip(&mut config);
        Some((class, config, backwards))
    }
    fn strip(config: &mut Map<String, Json>) {
        config.retain(|key, _| {
            !["name", "dtype", "shared_object_id", "build_config", "seed"].contains(&key.as_str())
        });
        for json in config.values_mut() {
            if let Json::Object(object) = json {
                strip(object);
            }
        }
    }
    let (forward, backward) = (sides(config.get("layer")), sides(config.get("backward_layer")));
    match (forward, backward) {
        (Some((class, forward, a)), Some((other, backward, b))) => {
            class == other && forward == backward && a != b
        }
        (_, None) => true,
        (None, Some(_)) => false,
    }
}

/// Arguments of which the layer can be made, and what is wrong with the others.
fn sound(item: &'static Item, mut args: Vec<Arg>) -> (Vec<Arg>, Vec<String>) {
    let mut problems = Vec::new();
    for _ in 0..=args.len() {
        let Err(diags) = simplify::made(item.class, &args) else { break };
        // Keras 2 writes some numbers as lists of one.
        let single = args.iter().position(|arg| {
            let mut changed = args.clone();
            let one = single_of(&arg.value);
            match (changed.iter_mut().find(|it| it.name == arg.name), one) {
                (Some(place), Some(one)) => {
                    place.value = one;
                    simplify::made(item.class, &changed).err().is_none_or(|left| left.len() < diags.len())
                }
                _ => false,
            }
        });
        if let Some(arg) = single.and_then(|at| args.get_mut(at))
            && let Some(one) = single_of(&arg.value)
        {
            arg.value = one;
            continue;
        }
        let guilty = (0..args.len()).find(|&at| {
            let mut without = args.clone();
            without.remove(at);
            simplify::made(item.class, &without).err().is_none_or(|left| left.len() < diags.len())
        });
        let said = diags.iter().find(|diag| diag.severity == mimo_graph::diag::Severity::Error);
        let reason = said.map_or_else(|| "it cannot be made".into(), said_of);
        problems.push(reason);
        match guilty {
            Some(at) => {
                args.remove(at);
            }
            None => break,
        }
    }
    (args, problems)
}

fn single_of(value: &Value) -> Option<Value> {
    match &value.kind {
        ValueKind::List(items) => match &items[..] {
            [one] => Some(one.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// Text of a diagnostic in one line.
pub fn said_of(diag: &mimo_graph::diag::Diag) -> String {
    match diag.helps.first() {
        Some(help) => format!("{}; {help}", diag.message),
        None => diag.message.clone(),
    }
}

/// The value of a configuration's key in a message.
pub fn key_shown(config: &Map<String, Json>, key: &str) -> String {
    config.get(key).map_or_else(|| "missing".into(), shown)
}
