//! `.compile(…)` from what the model was compiled with: optimizer, losses, weights and metrics.

use std::collections::BTreeMap;

use mimo_graph::context::Cx;
use mimo_graph::diag::{Diags, Loc};
use mimo_graph::graph::{Compile, Graph};
use mimo_graph::item::{Kind, Module};
use mimo_graph::language::find;
use mimo_graph::names::field_like;
use mimo_graph::value::{Arg, Value, ValueKind};
use serde_json::{Map, Value as Json};

use crate::keras::convert::{Part, Problem};
use crate::keras::layers::{class_and_config, said_of};
use crate::keras::settings::{named, shown, value_of};
use crate::source::evaluate::{self, Models};
use crate::source::{keyword, simplify, value, word};

/// Adds the compile settings to a model. Returns what they have and mimo has not.
pub fn add(part: &mut Part, json: &Json, models: &Models) -> Vec<Problem> {
    let mut reader = Reader { part, problems: vec![], names: BTreeMap::new() };
    let Some(config) = json.as_object().filter(|config| !config.is_empty()) else { return vec![] };
    let args = reader.read(config);
    let (problems, Some(args)) = (reader.problems, args) else { return vec![] };
    let mut problems: Vec<Problem> = problems
        .into_iter()
        .map(|reason| Problem { place: "compile".into(), reason, is_missing: true })
        .collect();
    part.block.compile = Some(args.clone());
    let evaluated = evaluate::block(&part.block, models);
    match resolved(&evaluated.graph, &args) {
        Ok(wanted) => {
            let same = |args: &[Arg]| resolved(&evaluated.graph, args).is_ok_and(|found| found == wanted);
            // Lists of metrics stay lists: one of them is not the form that one goes on with.
            let (lists, others): (Vec<Arg>, Vec<Arg>) = args.iter().cloned().partition(is_list);
            let shorter = simplify::shortest(others, &|others| same(&[others, &lists[..]].concat()));
            let lists: Vec<Arg> = lists.into_iter().map(|arg| inner(arg, &shorter, &args, &same)).collect();
            part.block.compile = Some([shorter, lists].concat());
        }
        Err(reasons) => problems.extend(reasons.into_iter().map(|reason| Problem {
            place: "compile".into(),
            reason,
            is_missing: true,
        })),
    }
    part.block.compile_comments = problems.iter().map(|problem| problem.reason.clone()).collect();
    part.evaluated = evaluate::block(&part.block, models);
    problems
}

fn is_list(arg: &Arg) -> bool {
    arg.name.as_ref().is_some_and(|(name, _)| name.contains("metrics"))
}

/// Metrics without settings that say nothing.
fn inner(arg: Arg, others: &[Arg], all: &[Arg], same: &dyn Fn(&[Arg]) -> bool) -> Arg {
    let rest: Vec<Arg> = all.iter().filter(|it| is_list(it) && it.name != arg.name).cloned().collect();
    let with = |value: Value| {
        let arg = Arg { name: arg.name.clone(), value };
        [others, &rest[..], &[arg]].concat()
    };
    fn entries(value: &Value, same: &dyn Fn(Value) -> bool) -> Value {
        let mut value = value.clone();
        let count = match &value.kind {
            ValueKind::List(items) => items.len(),
            ValueKind::Map(items) => items.len(),
            _ => return value,
        };
        for at in 0..count {
            let of = |value: &Value| match &value.kind {
                ValueKind::List(items) => items.get(at).cloned(),
                ValueKind::Map(items) => items.get(at).map(|(_, _, it)| it.clone()),
                _ => None,
            };
            let Some(item) = of(&value) else { break };
            let in_place = |item: Value| {
                let mut changed = value.clone();
                match &mut changed.kind {
                    ValueKind::List(items) => items.get_mut(at).map(|place| *place = item),
                    ValueKind::Map(items) => items.get_mut(at).map(|(_, _, place)| *place = item),
                    _ => None,
                };
                changed
            };
            let shorter = match &item.kind {
                ValueKind::List(_) => entries(&item, &|item| same(in_place(item))),
                ValueKind::Call { name, name_loc, args } => {
                    // The first two mean the metric of the output's loss.
                    let spellings = find(Module::Metrics, name).map_or(&[][..], |item| item.names);
                    let words = spellings.iter().filter(|name| name.starts_with(char::is_lowercase));
                    let mut words = ["accuracy", "crossentropy"].iter().chain(words).map(|name| word(name));
                    if let Some(word) = words.find(|word| same(in_place(word.clone()))) {
                        value = in_place(word);
                        continue;
                    }
                    let call = |args: &[Arg]| Value {
                        kind: ValueKind::Call {
                            name: name.clone(),
                            name_loc: *name_loc,
                            args: args.to_vec(),
                        },
                        loc: item.loc,
                    };
                    let args = simplify::shortest(args.clone(), &|args| same(in_place(call(args))));
                    let plain = args.is_empty().then(|| simplify::plain(name)).flatten();
                    plain.filter(|plain| same(in_place(plain.clone()))).unwrap_or_else(|| call(&args))
                }
                _ => item,
            };
            value = in_place(shorter);
        }
        value
    }
    let value = entries(&arg.value, &|value| same(&with(value)));
    Arg { value, ..arg }
}

fn resolved(graph: &Graph, args: &[Arg]) -> Result<Compile, Vec<String>> {
    let (mut diags, mut checks) = (Diags::new(), Vec::new());
    let mut cx = Cx { consts: &[], diags: &mut diags, checks: &mut checks };
    let compile = mimo_graph::compile::resolve(graph, args, Loc(0), &mut cx);
    compile.ok_or_else(|| {
        let all = diags.into_sorted();
        all.iter().filter(|diag| diag.severity == mimo_graph::diag::Severity::Error).map(said_of).collect()
    })
}

/// Reads the value of one output; what is missing of it goes into the list.
type ReadOne<'a> = dyn FnMut(&mut Vec<String>, &Json) -> Result<Option<Value>, String> + 'a;

struct Reader<'a> {
    part: &'a Part,
    problems: Vec<String>,
    /// Keras's names of outputs, and those of the source.
    names: BTreeMap<String, String>,
}

impl Reader<'_> {
    fn read(&mut self, config: &Map<String, Json>) -> Option<Vec<Arg>> {
        for (keras, port) in self.part.model.outputs.iter().zip(&self.part.block.outputs) {
            self.names.insert(keras.key.clone().unwrap_or(keras.tensor.layer.clone()), port.name.clone());
        }
        let mut args = vec![];
        let optimizer = config.get("optimizer").or(config.get("optimizer_config"));
        if let Some(optimizer) =
            optimizer.filter(|json| !json.is_null()).and_then(|json| self.optimizer(json))
        {
            args.push(keyword("optimizer", optimizer));
        }
        let loss = config.get("loss").filter(|json| !json.is_null())?;
        let losses = self.losses(loss);
        args.push(keyword("loss", losses));
        if let Some(weights) = config.get("loss_weights").filter(|json| !json.is_null()) {
            let weights = self.per_output(weights, &mut |_, json| value_of(Kind::Float, json).map(Some));
            args.extend(weights.map(|weights| keyword("loss_weights", weights)));
        }
        for key in ["metrics", "weighted_metrics"] {
            if let Some(metrics) = config.get(key).filter(|json| !json.is_null()) {
                let metrics = self.metrics(metrics);
                args.extend(metrics.map(|metrics| keyword(key, metrics)));
            }
        }
        Some(args)
    }

    fn optimizer(&mut self, json: &Json) -> Option<Value> {
        let made = match (json, class_and_config(json)) {
            (Json::String(name), _) => named(Module::Optimizers, name, &Map::new()),
            (_, Some(("LossScaleOptimizer", config))) => {
                return self.optimizer(config.get("inner_optimizer")?);
            }
            (_, Some((class, config))) => named(Module::Optimizers, class, config),
            _ => Err(format!("the optimizer is {}", shown(json))),
        };
        match made {
            Ok(made) => Some(made),
            Err(reason) => {
                self.problems.push(reason);
                None
            }
        }
    }

    fn losses(&mut self, json: &Json) -> Value {
        let mut problems = vec![];
        let mut one = |json: &Json| -> Value {
            match of_function(Module::Losses, json) {
                Ok(loss) => loss,
                // A loss of one's own, which the trainer gets.
                Err(reason) => {
                    problems.push(format!("{reason}; `custom` stands for it, and `trainer.set_loss` passes one in tensor operations"));
                    word("custom")
                }
            }
        };
        let given = match json {
            Json::Array(items) => value(ValueKind::List(items.iter().map(&mut one).collect())),
            Json::Object(object)
                if class_and_config(json).is_none() && !object.contains_key("class_name") =>
            {
                let entries = self.part.block.outputs.iter().map(|port| {
                    let keras =
                        self.names.iter().find(|(_, name)| **name == port.name).map(|(keras, _)| keras);
                    let given = keras.and_then(|keras| object.get(keras));
                    let loss = given.map_or_else(|| value(ValueKind::None), &mut one);
                    (port.name.clone(), Loc(0), loss)
                });
                value(ValueKind::Map(entries.collect()))
            }
            other => one(other),
        };
        self.problems.append(&mut problems);
        given
    }

    /// A value for each output: one for all, a list, or a map.
    fn per_output(&mut self, json: &Json, one: &mut ReadOne<'_>) -> Option<Value> {
        let mut problems = vec![];
        let mut read = |json: &Json| match one(&mut problems, json) {
            Ok(value) => value,
            Err(reason) => {
                problems.push(reason);
                None
            }
        };
        let given = match json {
            Json::Array(items) => {
                let items: Vec<Value> =
                    items.iter().map(|it| read(it).unwrap_or(value(ValueKind::None))).collect();
                Some(value(ValueKind::List(items)))
            }
            Json::Object(object) if !object.contains_key("class_name") => {
                let mut entries = vec![];
                for (key, json) in object {
                    let name = self.names.get(key).cloned().unwrap_or_else(|| field_like(key));
                    entries.extend(read(json).map(|value| (name, Loc(0), value)));
                }
                let place = |name: &str| self.part.block.outputs.iter().position(|port| port.name == name);
                entries.sort_by_key(|(name, ..)| place(name));
                (!entries.is_empty()).then(|| value(ValueKind::Map(entries)))
            }
            other => read(other),
        };
        self.problems.append(&mut problems);
        given
    }

    fn metrics(&mut self, json: &Json) -> Option<Value> {
        let list = |problems: &mut Vec<String>, json: &Json| -> Result<Option<Value>, String> {
            let items = match json {
                Json::Array(items) => items.as_slice(),
                Json::Null => &[],
                one => std::slice::from_ref(one),
            };
            let mut metrics = vec![];
            for item in items.iter().filter(|item| !item.is_null()) {
                match of_function(Module::Metrics, item) {
                    Ok(metric) => metrics.push(metric),
                    Err(reason) => problems.push(reason),
                }
            }
            Ok((!metrics.is_empty()).then(|| value(ValueKind::List(metrics))))
        };
        let outputs = self.part.block.outputs.len();
        match json {
            // Of one output, or the same for all.
            Json::Array(items) if items.len() != outputs || !items.iter().any(Json::is_array) => {
                // Keras reads a list of several metrics as one for each output if there are several outputs.
                if outputs > 1 && items.len() == outputs {
                    return self.per_output(json, &mut { list });
                }
                let mut problems = vec![];
                let metrics = list(&mut problems, json).ok().flatten();
                self.problems.append(&mut problems);
                metrics
            }
            Json::Array(items) if outputs == 1 => self.metrics(items.first()?),
            other => self.per_output(other, &mut { list }),
        }
    }
}

/// A loss or a metric: a name, a function by its name, or a class with its configuration.
fn of_function(module: Module, json: &Json) -> Result<Value, String> {
    match (json, class_and_config(json)) {
        (Json::Null, _) => Ok(value(ValueKind::None)),
        (Json::String(name), _) => named(module, name, &Map::new()),
        // Keras 2 and 3 wrap functions.
        (
            _,
            Some(("MeanMetricWrapper" | "LossFunctionWrapper" | "SumOverBatchSizeMetricWrapper", config)),
        ) => {
            let function = config.get("fn").unwrap_or(&Json::Null);
            let mut config = config.clone();
            config.remove("fn");
            match (function, function.get("config").and_then(Json::as_str)) {
                (Json::String(name), _) => named(module, name, &without_name(&config, name)),
                (_, Some(name)) => named(module, name, &without_name(&config, name)),
                _ => Err(format!("the function {} is not known", shown(function))),
            }
        }
        (_, Some((class, config))) => named(module, class, config),
        (Json::Object(object), None) => match object.get("config").and_then(Json::as_str) {
            Some(name) => named(module, name, &Map::new()),
            None => Err(format!("{} is not known", shown(json))),
        },
        _ => Err(format!("{} is not known", shown(json))),
    }
}

/// Without a name that is the one of the function.
fn without_name(config: &Map<String, Json>, function: &str) -> Map<String, Json> {
    let mut config = config.clone();
    let automatic = ["accuracy", "acc", function];
    if config.get("name").and_then(Json::as_str).is_some_and(|name| automatic.contains(&name)) {
        config.remove("name");
    }
    config
}
