//! One value for all outputs, a list in output order, or a map by output name: what each output is given.

use crate::context::Cx;
use crate::diag::{Diag, Loc, did_you_mean};
use crate::graph::{Graph, TensorId};
use crate::order::{downstream, marked};
use crate::value::{Arg, Value, ValueKind};

/// Which argument of `.compile(…)` is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    Loss,
    Weights,
    Metrics,
}

impl Setting {
    /// The argument's name.
    pub(super) fn keyword(self) -> &'static str {
        match self {
            Setting::Loss => "loss",
            Setting::Weights => "loss_weights",
            Setting::Metrics => "metrics",
        }
    }

    /// How an entry of a map is written, for one that the user wrote as `text`.
    fn entry(self, output: &str, text: &str) -> String {
        match self {
            Setting::Metrics if !text.starts_with('[') => format!("{output}: [{text}]"),
            Setting::Metrics | Setting::Loss | Setting::Weights => format!("{output}: {text}"),
        }
    }
}

/// What one output is given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Given<'v> {
    /// The setting does not mention it.
    Nothing,
    /// What was written is wrong, and reported.
    Broken,
    /// This.
    Value(&'v Value),
}

/// What every output is given, in output order; and values whose keys are wrong, which can still be read.
pub(super) struct Spread<'v> {
    pub(super) outputs: Vec<Given<'v>>,
    pub(super) stray: Vec<&'v Value>,
}

/// Deals a setting to the outputs.
pub(super) fn spread<'v>(setting: Setting, value: &'v Value, graph: &Graph, cx: &mut Cx<'_>) -> Spread<'v> {
    let count = graph.outputs.len();
    let all = |given| Spread { outputs: vec![given; count], stray: vec![] };
    match &value.kind {
        ValueKind::Invalid => all(Given::Broken),
        ValueKind::Map(entries) => by_name(setting, entries, value.loc, graph, cx),
        ValueKind::List(items) => match (setting, &items[..]) {
            (Setting::Metrics, []) => all(Given::Nothing),
            // The list of a single output is its own, unless it holds that list already.
            (Setting::Metrics, [only]) if count == 1 && matches!(only.kind, ValueKind::List(_)) => {
                all(Given::Value(only))
            }
            (Setting::Metrics, _) if count == 1 => all(Given::Value(value)),
            _ if items.len() == count => {
                Spread { outputs: items.iter().map(Given::Value).collect(), stray: vec![] }
            }
            _ => {
                cx.error(wrong_length(setting, items, value.loc, graph));
                Spread { outputs: vec![Given::Broken; count], stray: items.iter().collect() }
            }
        },
        _ => all(Given::Value(value)),
    }
}

/// A list of another length than there are outputs. Keras reports it at the first batch, or trains the first
/// outputs only.
fn wrong_length(setting: Setting, items: &[Value], loc: Loc, graph: &Graph) -> Diag {
    let keyword = setting.keyword();
    let outputs: Vec<_> = graph.outputs.iter().map(|output| output.name.as_str()).collect();
    let message = format!(
        "`{keyword}` has {}, but the model has {}",
        counted(items.len(), "entry", "entries"),
        counted(outputs.len(), "output", "outputs")
    );
    let texts: Vec<_> = items.iter().map(written).collect();
    let diag = Diag::error(loc, message);
    let diag = match &texts[..] {
        [text] if !text.starts_with('[') && !outputs.is_empty() => {
            diag.help(format!("write `{keyword} = {text}` for all of them"))
        }
        _ => diag,
    };
    let shared = match (&texts[..], setting) {
        ([text], _) => text.clone(),
        (_, Setting::Metrics) if !texts.iter().any(|text| text.starts_with('[')) => {
            format!("[{}]", texts.join(", "))
        }
        _ => "…".into(),
    };
    let mut entries: Vec<_> = outputs.iter().take(4).map(|output| setting.entry(output, &shared)).collect();
    if outputs.len() > entries.len() {
        entries.push("…".into());
    }
    diag.help(format!("name the outputs: `{keyword} = {{ {} }}`", entries.join(", ")))
        .note("a list has exactly one entry per output, in output order")
}

/// A map by output names. Losses name every output.
fn by_name<'v>(
    setting: Setting,
    entries: &'v [(String, Loc, Value)],
    loc: Loc,
    graph: &Graph,
    cx: &mut Cx<'_>,
) -> Spread<'v> {
    let mut spread = Spread { outputs: vec![Given::Nothing; graph.outputs.len()], stray: vec![] };
    // Outputs that a wrong key was meant for, as far as can be told: they are not reported as missing too.
    let mut meant = vec![false; graph.outputs.len()];
    let mut guessed_all = true;
    for (key, key_loc, value) in entries {
        let Some(place) = graph.outputs.iter().position(|output| output.name == *key) else {
            let wrong = wrong_key(key, *key_loc, graph);
            cx.error(wrong.diag);
            guessed_all &= !wrong.meant.is_empty();
            wrong.meant.into_iter().for_each(|place| meant[place] = true);
            spread.stray.push(value);
            continue;
        };
        if spread.outputs[place] != Given::Nothing {
            let message = format!("the output `{key}` stands twice in `{}`", setting.keyword());
            cx.error(Diag::error(*key_loc, message).help("remove one"));
            spread.stray.push(value);
            continue;
        }
        spread.outputs[place] = match value.kind {
            ValueKind::Invalid => Given::Broken,
            _ => Given::Value(value),
        };
    }
    if setting == Setting::Loss {
        let is_missing = |place: &usize| spread.outputs[*place] == Given::Nothing && !meant[*place];
        let missing: Vec<_> = (0..graph.outputs.len()).filter(is_missing).collect();
        let names: Vec<_> = missing.iter().map(|&place| graph.outputs[place].name.as_str()).collect();
        if let ([first, ..], true) = (&names[..], guessed_all) {
            let s = if names.len() == 1 { "" } else { "s" };
            cx.error(Diag::error(loc, format!("`loss` leaves out the output{s} {}", list_of(&names))).help(
                format!("add `{first}: mse` or another loss, or `{first}: none` to leave it untrained"),
            ));
        }
        // Every output has a value now, or an error that says why not.
        for given in &mut spread.outputs {
            if *given == Given::Nothing {
                *given = Given::Broken;
            }
        }
    }
    spread
}

struct WrongKey {
    diag: Diag,
    /// Outputs that the key may have been meant for.
    meant: Vec<usize>,
}

/// A key that is no output: a hidden layer or tensor, and then the outputs below it are named; or a slip.
fn wrong_key(key: &str, loc: Loc, graph: &Graph) -> WrongKey {
    let outputs: Vec<_> = graph.outputs.iter().map(|output| output.name.as_str()).collect();
    let place_of = |name: &str| outputs.iter().position(|output| *output == name);
    let what = what_is(key, graph);
    let reached = downstream(graph, &what.tensors);
    let below: Vec<_> = graph.outputs.iter().filter(|output| marked(&reached, output.tensor)).collect();
    let names: Vec<_> = below.iter().map(|output| output.name.as_str()).collect();

    if let Some(role) = what.role {
        // The tensor is an output, under another name.
        if let Some(output) = below.iter().find(|output| what.tensors.contains(&output.tensor)) {
            let name = &output.name;
            let message = match role {
                Role::Layer => format!("`{key}` is the layer that gives the output `{name}`, not its name"),
                Role::Binding | Role::Input => {
                    format!("`{key}` is bound to the output `{name}`, but not its name")
                }
            };
            let diag = Diag::error(loc, message)
                .help(format!("write `{name}`"))
                .note("an output has the name of its binding, or of its key in `outputs = { … }`");
            return WrongKey { diag, meant: place_of(name).into_iter().collect() };
        }
        let what = match role {
            Role::Layer => "a hidden layer",
            Role::Binding => "a hidden tensor",
            Role::Input => "an input",
        };
        let diag = Diag::error(loc, format!("`{key}` is {what}, not an output"));
        if role == Role::Input || names.is_empty() {
            let s = if outputs.len() == 1 { " is" } else { "s are" };
            return WrongKey {
                diag: diag.help(format!("the output{s} {}", list_of(&outputs))),
                meant: vec![],
            };
        }
        let diag = match &names[..] {
            [name] => diag.help(format!("the output that it leads to is `{name}`")),
            _ => diag.help(format!("the outputs that it leads to are {}", list_of(&names))),
        };
        return WrongKey { diag, meant: names.into_iter().filter_map(place_of).collect() };
    }
    let diag = Diag::error(loc, format!("the model has no output `{key}`"));
    match did_you_mean(key, outputs.iter().copied()) {
        Some(name) => {
            let diag = diag.help(format!("an output with a similar name is `{name}`"));
            WrongKey { diag, meant: place_of(name).into_iter().collect() }
        }
        None => {
            let s = if outputs.len() == 1 { " is" } else { "s are" };
            let diag = diag.help(format!("the output{s} {}", list_of(&outputs)));
            WrongKey { diag, meant: vec![] }
        }
    }
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Layer,
    Binding,
    Input,
}

struct Named {
    /// `None` if nothing has the name.
    role: Option<Role>,
    tensors: Vec<TensorId>,
}

/// What the graph knows by a name: a layer, an input, a binding.
fn what_is(name: &str, graph: &Graph) -> Named {
    let tensors = |keep: &dyn Fn(TensorId) -> bool| -> Vec<TensorId> {
        (0..graph.tensors.len() as u32).map(TensorId).filter(|tensor| keep(*tensor)).collect()
    };
    let bound = tensors(&|tensor| graph.tensor(tensor).bindings.iter().any(|binding| binding == name));
    let made = tensors(&|tensor| {
        let maker = crate::names::maker(graph, tensor);
        maker.is_some_and(|layer| graph.layer(layer).name == name)
    });
    let is_input = graph.inputs.iter().any(|input| input.name == name)
        || (!bound.is_empty() && bound.iter().all(|tensor| graph.sources.contains(tensor)));
    match (made.is_empty(), bound.is_empty()) {
        (false, _) => Named { role: Some(Role::Layer), tensors: made },
        _ if is_input => Named { role: Some(Role::Input), tensors: bound },
        (true, false) => Named { role: Some(Role::Binding), tensors: bound },
        (true, true) => Named { role: None, tensors: vec![] },
    }
}

/// `1 entry`, `3 entries`.
pub(super) fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// Names as a list in a sentence.
pub(super) fn list_of(names: &[&str]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// A value as the user wrote it, near enough to be copied from a message.
pub(super) fn written(value: &Value) -> String {
    let list = |items: Vec<String>| items.join(", ");
    match &value.kind {
        ValueKind::Int(n) => n.to_string(),
        ValueKind::Float(x) => format!("{x:?}"),
        ValueKind::Bool(b) => b.to_string(),
        ValueKind::Str(text) => format!("{text:?}"),
        ValueKind::Ident { text, .. } => text.clone(),
        ValueKind::None => "none".into(),
        ValueKind::List(items) => format!("[{}]", list(items.iter().map(written).collect())),
        ValueKind::Call { name, args, .. } => {
            format!("{name}({})", list(args.iter().map(written_arg).collect()))
        }
        ValueKind::Expr(_) | ValueKind::Map(_) | ValueKind::Invalid => "…".into(),
    }
}

fn written_arg(arg: &Arg) -> String {
    match &arg.name {
        Some((name, _)) => format!("{name} = {}", written(&arg.value)),
        None => written(&arg.value),
    }
}
