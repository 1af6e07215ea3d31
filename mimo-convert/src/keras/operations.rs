//! Operations of `keras.ops` in functional models: expressions of operators and functions.

use mimo_graph::item::{Item, Kind, Module};
use mimo_graph::language::find;
use mimo_graph::layers::get_item::Entry;
use mimo_graph::names::snake_case;
use mimo_graph::value::{Arg, Value, ValueKind};
use serde_json::{Map, Value as Json};

use crate::keras::calls::Made;
use crate::keras::config::{self, Layer, Operand};
use crate::keras::settings::{shown, value_of};
use crate::keras::state::State;
use crate::source::evaluate::OPERATORS;
use crate::source::{self, Callee, Expr, keyword, simplify, value};

/// Classes of operations whose functions are called otherwise in the language.
const SPELLINGS: &[(&str, &str)] = &[
    ("absolute", "abs"),
    ("true_divide", "divide"),
    ("amax", "max"),
    ("amin", "min"),
    ("remainder", "mod"),
    ("logsumexp", "logsumexp"),
    ("re_lu", "relu"),
    ("relu6", "relu6"),
];

/// An operation on tensors.
pub fn call(layer: &Layer, call: &config::Call, state: &mut State) -> Made {
    let word = word_of(&layer.class);
    match word.as_str() {
        "get_item" => return index(call, state),
        "negative" => return Ok((Expr::Negative(Box::new(first(call, state)?)), vec![])),
        "concatenate" => return concatenate(layer, call, state),
        "identity" | "copy" => return Ok((first(call, state)?, vec![])),
        _ => {}
    }
    let Some(item) = find(Module::Operations, &word) else { return activation(layer, &word, call, state) };
    if let (Some((symbol, _)), [left, right]) = (operator(&word), &call.args[..]) {
        let (left, right) = (operand(left, state)?, operand(right, state)?);
        if [&left, &right].iter().any(|side| matches!(side, source::Operand::Tensor(_))) {
            return Ok((Expr::Binary(symbol, Box::new(left), Box::new(right)), vec![]));
        }
    }
    made(item, &word, call, &layer.config, state)
}

pub(super) fn word_of(class: &str) -> String {
    let word = snake_case(class);
    let spelled = SPELLINGS.iter().find(|(keras, _)| *keras == word);
    let digits = || word.chars().filter(|&c| c != '_').collect::<String>();
    match spelled {
        Some((_, spelled)) => (*spelled).into(),
        None if find(Module::Operations, &word).is_none()
            && find(Module::Operations, &digits()).is_some() =>
        {
            digits()
        }
        None => word,
    }
}

fn operator(word: &str) -> Option<(&'static str, &'static str)> {
    OPERATORS.iter().find(|(_, name)| *name == word).copied()
}

fn first(call: &config::Call, state: &State) -> Result<Expr, String> {
    match call.tensors().first() {
        Some(tensor) => state.name(tensor),
        None => Err("it reads no tensor".into()),
    }
}

fn operand(operand: &Operand, state: &State) -> Result<source::Operand, String> {
    Ok(match operand {
        Operand::Tensor(tensor) => source::Operand::Tensor(state.name(tensor)?),
        Operand::Value(json) => source::Operand::Value(value_of(Kind::Float, json)?),
        Operand::List(items) => {
            let tensors: Option<Vec<_>> = items
                .iter()
                .map(|item| match item {
                    Operand::Tensor(tensor) => Some(state.name(tensor)),
                    _ => None,
                })
                .collect();
            match tensors {
                Some(tensors) => source::Operand::Tensors(tensors.into_iter().collect::<Result<_, _>>()?),
                None => {
                    let items = items.iter().map(|item| self::operand(item, state));
                    let values = items.map(|item| match item? {
                        source::Operand::Value(value) => Ok(value),
                        _ => Err("a list of tensors and numbers has no counterpart in mimo".to_owned()),
                    });
                    source::Operand::Value(value(ValueKind::List(values.collect::<Result<_, _>>()?)))
                }
            }
        }
        Operand::Slice(_) => return Err("a slice is not an argument of this operation in mimo".into()),
        Operand::Other(text) => return Err(format!("`{text}` is not an argument of this operation in mimo")),
    })
}

/// An operation with its tensors by position, and its settings as the item wants them.
fn made(
    item: &'static Item,
    word: &str,
    call: &config::Call,
    config: &Map<String, Json>,
    state: &State,
) -> Made {
    let is_tensor = |kind| matches!(kind, Kind::Tensors | Kind::TensorList);
    let mut by_position = call.args.iter();
    let (mut tensors, mut settings, mut problems) = (vec![], vec![], vec![]);
    for argument in item.all() {
        let named = call.keywords.iter().find(|(key, _)| key == argument.name).map(|(_, operand)| operand);
        if is_tensor(argument.kind) {
            let configured = config.get(argument.name).cloned().map(Operand::Value);
            let Some(given) = named.or_else(|| by_position.next()).or(configured.as_ref()) else { continue };
            let given = match (argument.kind, operand(given, state)?) {
                // `einsum(subscripts, x1, x2)` takes its tensors one by one.
                (Kind::Tensors, source::Operand::Tensors(list)) if list.len() == 1 => {
                    list.into_iter().next().map_or(source::Operand::Tensors(vec![]), source::Operand::Tensor)
                }
                (_, given) => given,
            };
            if matches!(&given, source::Operand::Value(Value { kind: ValueKind::None, .. })) {
                continue;
            }
            tensors.push((argument.name, given));
            continue;
        }
        let configured = config.get(argument.name).or_else(|| config.get(spelled(argument.name)));
        let json = match (named, configured) {
            (Some(Operand::Value(json)), _) | (_, Some(json)) => json.clone(),
            (Some(Operand::List(items)), _) => {
                let numbers = items.iter().map(|item| match item {
                    Operand::Value(json) => Some(json.clone()),
                    _ => None,
                });
                match numbers.collect::<Option<Vec<_>>>() {
                    Some(numbers) => Json::Array(numbers),
                    None => return Err(format!("`{}` of `{word}` is not a list of numbers", argument.name)),
                }
            }
            _ => match argument.is_required().then(|| by_position.next()).flatten() {
                Some(Operand::Value(json)) => json.clone(),
                Some(Operand::List(items)) => {
                    let numbers = items.iter().filter_map(|item| match item {
                        Operand::Value(json) => Some(json.clone()),
                        _ => None,
                    });
                    Json::Array(numbers.collect())
                }
                _ => continue,
            },
        };
        match (value_of(argument.kind, &json), argument.instead) {
            (Ok(given), None) => settings.push(keyword(argument.name, given)),
            (Ok(given), Some(instead)) => {
                if !mimo_graph::args::is_keras_s_default(argument.name, &given) {
                    problems.push(format!(
                        "mimo has no `{}` for `{word}`, which is {}; {instead}",
                        argument.name,
                        shown(&json)
                    ));
                }
            }
            (Err(problem), _) => problems.push(format!("`{}` of `{word}`: {problem}", argument.name)),
        }
    }
    for (key, json) in config {
        let is_known = item.all().any(|it| it.name == key || spelled(it.name) == key);
        if !is_known
            && !["name", "dtype"].contains(&key.as_str())
            && !json.is_null()
            && json != &Json::Bool(false)
        {
            problems.push(format!("mimo has no `{key}` for `{word}`, which is {}", shown(json)));
        }
    }
    // Whether a setting says something is seen by what it makes.
    let with_tensors = |settings: &[Arg]| -> Vec<Arg> {
        let given = tensors.iter().map(|(name, given)| {
            let given = match given {
                source::Operand::Value(given) => given.clone(),
                _ => value(ValueKind::Tensor),
            };
            keyword(name, given)
        });
        given.chain(settings.iter().cloned()).collect()
    };
    if !mimo_graph::layers::split::is_list(word)
        && let Ok(wanted) = simplify::made(word, &with_tensors(&settings))
    {
        settings = simplify::shortest(settings, &|settings| {
            simplify::made(word, &with_tensors(settings)).is_ok_and(|made| made == wanted)
        });
    }
    // In the item's order: by position until one is left out, or an optional one is reached.
    let mut by_position = true;
    let mut arguments = vec![];
    for argument in item.all() {
        let tensor = tensors.iter().find(|(name, _)| *name == argument.name).map(|(_, given)| given.clone());
        let setting =
            settings.iter().find(|arg| arg.name.as_ref().is_some_and(|(name, _)| name == argument.name));
        let is_setting = setting.is_some();
        let Some(given) = tensor.or_else(|| setting.map(|arg| source::Operand::Value(arg.value.clone())))
        else {
            by_position = false;
            continue;
        };
        // `axis = -1` reads better than a number alone.
        by_position &= !is_setting || argument.is_required() && !argument.name.starts_with("axis");
        arguments.push(((!by_position).then(|| argument.name.to_owned()), given));
    }
    Ok((Expr::Operation { word: word.into(), arguments }, problems))
}

/// Keras's name of a setting in configurations.
fn spelled(name: &str) -> &str {
    match name {
        "shape" => "newshape",
        "newshape" => "shape",
        "dtype" => "dtype",
        other => other,
    }
}

/// `gelu(x)`: an activation as a function of a tensor.
fn activation(layer: &Layer, word: &str, call: &config::Call, state: &State) -> Made {
    let Some(item) = find(Module::Activations, word).filter(|_| word.starts_with(char::is_lowercase)) else {
        let reason = match mimo_graph::layers::unavailable(word, mimo_graph::diag::Loc(0)) {
            Some(diag) => crate::keras::layers::said_of(&diag),
            None => format!("mimo has no operation `{word}`"),
        };
        return Err(reason);
    };
    let mut config = layer.config.clone();
    config.remove("name");
    let (args, problems) = crate::keras::settings::all_arguments(item, &config);
    let function = |args: &[Arg]| {
        let name_loc = mimo_graph::diag::Loc(0);
        let call = ValueKind::Call { name: word.into(), name_loc, args: args.to_vec() };
        simplify::made("Activation", &[Arg { name: None, value: value(call) }])
    };
    let args = match function(&args) {
        Ok(wanted) => simplify::shortest(args, &|args| function(args).is_ok_and(|made| made == wanted)),
        Err(_) => args,
    };
    let settings =
        args.into_iter().filter_map(|arg| Some((Some(arg.name?.0), source::Operand::Value(arg.value))));
    let x = (None, source::Operand::Tensor(first(call, state)?));
    Ok((
        Expr::Operation { word: word.into(), arguments: std::iter::once(x).chain(settings).collect() },
        problems,
    ))
}

/// `concatenate([a, b], axis = 1)` is Keras's layer of that name.
fn concatenate(layer: &Layer, call: &config::Call, state: &State) -> Made {
    let tensors =
        call.tensors().into_iter().map(|tensor| state.name(tensor)).collect::<Result<Vec<_>, _>>()?;
    let config =
        layer.config.iter().filter(|(key, _)| *key == "axis").map(|(key, json)| (key.clone(), json.clone()));
    let made = crate::keras::layers::layer("Concatenate", &config.collect())?;
    let word = source::Layer {
        class: made.item.class.into(),
        args: made.args,
        // Operations have no names of their own in Keras's weights.
        name: mimo_graph::names::field_like(&layer.name),
        named: false,
    };
    let call = source::Call { callee: Callee::Class(word), tensors, list: true, keywords: vec![] };
    Ok((Expr::Call(Box::new(call)), made.problems))
}

/// `x[:, 0:3]`
fn index(call: &config::Call, state: &State) -> Made {
    let x = first(call, state)?;
    let key =
        call.args.get(1).or_else(|| call.keywords.iter().find(|(key, _)| key == "key").map(|(_, it)| it));
    let entries: Vec<&Operand> = match key {
        Some(Operand::List(items)) => items.iter().collect(),
        Some(other) => vec![other],
        None => return Err("the index is missing".into()),
    };
    let shape = match &x {
        Expr::Name(name) => state.evaluator.shape(name),
        _ => None,
    };
    let mut key = entries_of(&entries, shape.as_deref())?;
    // Axes after the last entry stay whole.
    while key.last() == Some(&Entry::Range(None, None)) {
        key.pop();
    }
    match key.is_empty() {
        true => Ok((x, vec![])),
        false => Ok((Expr::Index(Box::new(x), key), vec![])),
    }
}

fn entries_of(entries: &[&Operand], shape: Option<&[usize]>) -> Result<Vec<Entry>, String> {
    let rank = shape.map_or(entries.len(), |shape| shape.len() + 1);
    let mut all = Vec::new();
    for entry in entries {
        match entry {
            Operand::Other(text) if text == "..." => {
                let left = rank.saturating_sub(entries.len() - 1);
                all.extend(std::iter::repeat_n(Entry::Range(None, None), left));
            }
            Operand::Slice([start, stop, None | Some(1)]) => {
                // Python cuts what is too long.
                let length = all.len().checked_sub(1).and_then(|at| shape?.get(at).copied());
                let length = length.and_then(|n| i64::try_from(n).ok());
                let stop = stop.filter(|&stop| length.is_none_or(|length| stop < length));
                all.push(Entry::Range(start.filter(|&start| start != 0), stop));
            }
            Operand::Slice(_) => return Err("an index with a step has no counterpart in mimo".into()),
            Operand::Value(Json::Number(n)) if n.as_i64().is_some() => {
                all.push(Entry::At(n.as_i64().unwrap_or_default()));
            }
            Operand::Value(Json::Null) => {
                return Err("an index with `None` is `expand_dims(x, axis = …)` in mimo".into());
            }
            _ => return Err("an index is made of integers and ranges of them in mimo".into()),
        }
    }
    match all.first() {
        Some(Entry::Range(None, None)) => Ok(all.split_off(1)),
        _ => Err("it takes a part of the batch, and models of mimo see one sample".into()),
    }
}

/// Classes by which Keras 2 stores calls of TensorFlow's functions.
pub fn is_legacy(class: &str) -> bool {
    ["TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer"].contains(&class)
}

/// Functions of TensorFlow and the operations that they are.
const FUNCTIONS: &[(&str, &str)] = &[
    ("__operators__.add", "Add"),
    ("math.add", "Add"),
    ("math.subtract", "Subtract"),
    ("math.multiply", "Multiply"),
    ("math.truediv", "TrueDivide"),
    ("math.divide", "TrueDivide"),
    ("math.pow", "Power"),
    ("math.maximum", "Maximum"),
    ("math.minimum", "Minimum"),
    ("math.negative", "Negative"),
    ("math.abs", "Absolute"),
    ("math.exp", "Exp"),
    ("math.log", "Log"),
    ("math.sqrt", "Sqrt"),
    ("math.square", "Square"),
    ("math.tanh", "Tanh"),
    ("math.sigmoid", "Sigmoid"),
    ("nn.relu", "Relu"),
    ("nn.softmax", "Softmax"),
    ("math.reduce_sum", "Sum"),
    ("math.reduce_mean", "Mean"),
    ("math.reduce_max", "Max"),
    ("math.reduce_min", "Min"),
    ("expand_dims", "ExpandDims"),
    ("reshape", "Reshape"),
    ("transpose", "Transpose"),
    ("concat", "Concatenate"),
    ("linalg.matmul", "Matmul"),
];

/// A call of a function of TensorFlow in a model of Keras 2.
pub fn legacy(layer: &Layer, call: &config::Call, state: &mut State) -> Made {
    let function = layer.config.get("function").and_then(Json::as_str).unwrap_or_default();
    let missing = || {
        Err(format!(
            "mimo does not read TensorFlow's `{}`; write it as an expression of tensors",
            shown(&function.into())
        ))
    };
    if function == "__operators__.getitem" {
        return missing();
    }
    let Some((_, class)) = FUNCTIONS.iter().find(|(name, _)| *name == function) else { return missing() };
    let mut args = call.args.clone();
    let mut config = Map::new();
    for (key, operand) in &call.keywords {
        match (key.as_str(), operand) {
            ("name", _) | (_, Operand::Value(Json::Null)) => {}
            ("y" | "b" | "x2", operand) => args.push(operand.clone()),
            (key, Operand::Value(json)) => {
                config.insert(key.into(), json.clone());
            }
            (key, Operand::List(items)) => {
                let items = items.iter().filter_map(|item| match item {
                    Operand::Value(json) => Some(json.clone()),
                    _ => None,
                });
                config.insert(key.into(), Json::Array(items.collect()));
            }
            (_, other) => args.push(other.clone()),
        }
    }
    let known = Layer { class: (*class).into(), config, is_operation: true, ..layer.clone() };
    self::call(&known, &config::Call { args, ..config::Call::default() }, state)
}
