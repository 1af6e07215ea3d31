//! Forms of a setting: one value for all outputs, a list in output order, or a map by output name.

use crate::args::list;
use crate::code::Code;
use crate::compile::patterns;
use crate::context::Cx;
use crate::diag::{Diag, Loc, did_you_mean};
use crate::graph::{Graph, TensorId};
use crate::order::{downstream, marked};
use crate::value::{Arg, Value, ValueKind};

/// An argument of `.compile(…)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    Loss,
    Weights,
    Metrics,
    WeightedMetrics,
    Checks,
}

impl Setting {
    /// The argument's name.
    pub(super) fn keyword(self) -> &'static str {
        match self {
            Setting::Loss => "loss",
            Setting::Weights => "loss_weights",
            Setting::Metrics => "metrics",
            Setting::WeightedMetrics => "weighted_metrics",
            Setting::Checks => "check_targets",
        }
    }

    /// Whether its values are lists of metrics.
    fn of_metrics(self) -> bool {
        matches!(self, Setting::Metrics | Setting::WeightedMetrics)
    }

    /// An entry of a map in a help, for a value that the user wrote as `text`.
    fn entry(self, output: &str, text: &str) -> String {
        match self.of_metrics() {
            true if !text.starts_with('[') => format!("{output}: [{text}]"),
            _ => format!("{output}: {text}"),
        }
    }
}

/// Setting of one output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Given<'v> {
    /// Not mentioned.
    Nothing,
    /// Wrong and reported.
    Broken,
    /// A value.
    Value(&'v Value),
}

/// Setting of every output, in output order; and values with wrong keys, which can still be checked.
pub(super) struct Spread<'v> {
    pub(super) outputs: Vec<Given<'v>>,
    pub(super) stray: Vec<&'v Value>,
}

/// Distributes a setting to the outputs.
pub(super) fn spread<'v>(setting: Setting, value: &'v Value, graph: &Graph, cx: &mut Cx<'_>) -> Spread<'v> {
    let count = graph.outputs.len();
    let all = |given| Spread { outputs: vec![given; count], stray: vec![] };
    match &value.kind {
        ValueKind::Invalid => all(Given::Broken),
        ValueKind::Map(entries) => by_name(setting, entries, value.loc, graph, cx),
        ValueKind::List(items) => match (setting.of_metrics(), &items[..]) {
            (true, []) => all(Given::Nothing),
            // A list for the only output is its value, unless it is a list of lists.
            (true, [only]) if count == 1 && matches!(only.kind, ValueKind::List(_)) => {
                all(Given::Value(only))
            }
            (true, _) if count == 1 => all(Given::Value(value)),
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

/// Error for a list whose length is not the number of outputs. Keras reports it at the first batch, or trains only
/// the first outputs.
fn wrong_length(setting: Setting, items: &[Value], loc: Loc, graph: &Graph) -> Diag {
    let keyword = setting.keyword();
    let outputs: Vec<_> = graph.outputs.iter().map(|output| output.name.as_str()).collect();
    let message = format!(
        "`{keyword}` has {}, but the model has {}",
        counted(items.len(), "entry", "entries"),
        counted(outputs.len(), "output", "outputs")
    );
    let texts: Vec<_> = items.iter().map(written).collect();
    let diag = Diag::error(Code::EntriesPerOutput, loc, message);
    let diag = match &texts[..] {
        [text] if !text.starts_with('[') && !outputs.is_empty() => {
            diag.help(format!("write `{keyword} = {text}` for all of them"))
        }
        _ => diag,
    };
    let shared = match (&texts[..], setting.of_metrics()) {
        ([text], _) => text.clone(),
        (_, true) if !texts.iter().any(|text| text.starts_with('[')) => {
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

/// Reads a map by output names. Losses must name every output.
fn by_name<'v>(
    setting: Setting,
    entries: &'v [(String, Loc, Value)],
    loc: Loc,
    graph: &Graph,
    cx: &mut Cx<'_>,
) -> Spread<'v> {
    let mut spread = Spread { outputs: vec![Given::Nothing; graph.outputs.len()], stray: vec![] };
    // Outputs that a wrong key probably meant: they are not reported as missing too.
    let mut meant = vec![false; graph.outputs.len()];
    let mut guessed_all = true;
    // By output: the entry with the matching pattern.
    let mut by_pattern: Vec<Option<usize>> = vec![None; graph.outputs.len()];
    for (index, (key, key_loc, value)) in entries.iter().enumerate() {
        if key.is_empty() {
            // It was reported, and may stand for any output.
            guessed_all = false;
            spread.stray.push(value);
            continue;
        }
        if let Some(prefix) = patterns::prefix(key) {
            let matched = patterns::matched(prefix, graph);
            let taken = matched.iter().find_map(|&place| Some((place, by_pattern[place]?)));
            if let Some((place, other)) = taken {
                cx.error(patterns::both(&entries[other].0, key, &graph.outputs[place].name, *key_loc));
            } else if matched.is_empty() {
                // An output whose name is unknown may match.
                let nameless = graph.outputs.iter().any(|output| output.name.is_empty());
                let near = patterns::near(key, graph);
                if !nameless {
                    let meant_by = near.as_deref().and_then(patterns::prefix);
                    let places = meant_by.map(|prefix| patterns::matched(prefix, graph)).unwrap_or_default();
                    guessed_all &= !places.is_empty();
                    places.into_iter().for_each(|place| meant[place] = true);
                    cx.error(patterns::unmatched(key, near, *key_loc, graph));
                } else {
                    guessed_all = false;
                }
                spread.stray.push(value);
            }
            for place in matched {
                by_pattern[place].get_or_insert(index);
            }
            continue;
        }
        let named = graph.outputs.iter().position(|output| output.name == *key);
        // An output whose name is unknown may have this one.
        let nameless = || {
            let free = |place: &usize| {
                graph.outputs[*place].name.is_empty() && spread.outputs[*place] == Given::Nothing
            };
            (0..graph.outputs.len()).find(free)
        };
        let Some(place) = named.or_else(nameless) else {
            let wrong = wrong_key(key, *key_loc, graph);
            cx.error(wrong.diag);
            guessed_all &= !wrong.meant.is_empty();
            wrong.meant.into_iter().for_each(|place| meant[place] = true);
            spread.stray.push(value);
            continue;
        };
        if spread.outputs[place] != Given::Nothing {
            let message = format!("the output `{key}` stands twice in `{}`", setting.keyword());
            cx.error(Diag::error(Code::OutputGivenTwice, *key_loc, message).help("remove one"));
            spread.stray.push(value);
            continue;
        }
        spread.outputs[place] = match value.kind {
            ValueKind::Invalid => Given::Broken,
            _ => Given::Value(value),
        };
    }
    patterns::fill(&mut spread, &by_pattern, entries);
    if setting == Setting::Loss {
        let is_missing = |place: &usize| {
            spread.outputs[*place] == Given::Nothing
                && !meant[*place]
                && !graph.outputs[*place].name.is_empty()
        };
        let missing: Vec<_> = (0..graph.outputs.len()).filter(is_missing).collect();
        let names: Vec<_> = missing.iter().map(|&place| graph.outputs[place].name.as_str()).collect();
        if let ([first, ..], true) = (&names[..], guessed_all) {
            let s = if names.len() == 1 { "" } else { "s" };
            cx.error(
                Diag::error(
                    Code::MissingLoss,
                    loc,
                    format!("`loss` leaves out the output{s} {}", list(names.iter().copied())),
                )
                .help(format!(
                    "add `{first}: mse` or another loss, or `{first}: none` to leave it untrained"
                )),
            );
        }
        // Now every output has a value or an error.
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
    /// Outputs that the key may mean.
    meant: Vec<usize>,
}

/// Error for a key that is not an output: either a hidden layer or tensor, for which the outputs below it are named,
/// or a typo.
fn wrong_key(key: &str, loc: Loc, graph: &Graph) -> WrongKey {
    let outputs: Vec<_> =
        graph.outputs.iter().map(|output| output.name.as_str()).filter(|name| !name.is_empty()).collect();
    let place_of = |name: &str| graph.outputs.iter().position(|output| output.name == name);
    let what = what_is(key, graph);
    let reached = downstream(graph, &what.tensors);
    let below: Vec<_> = graph.outputs.iter().filter(|output| marked(&reached, output.tensor)).collect();
    let names: Vec<_> = below.iter().map(|output| output.name.as_str()).collect();

    if let Some(role) = what.role {
        // The tensor is an output, under another name.
        if let Some(output) = below.iter().find(|output| what.tensors.contains(&output.tensor)) {
            let name = &output.name;
            let message = match role {
                Role::Layer => format!("`{key}` is the layer that outputs the output `{name}`, not its name"),
                Role::Binding | Role::Input => {
                    format!("`{key}` is bound to the output `{name}`, but not its name")
                }
            };
            let diag = Diag::error(Code::UnknownOutput, loc, message)
                .help(format!("write `{name}`"))
                .note("an output has the name of its binding, or of its key in `outputs = { … }`");
            return WrongKey { diag, meant: place_of(name).into_iter().collect() };
        }
        let what = match role {
            Role::Layer => "a hidden layer",
            Role::Binding => "a hidden tensor",
            Role::Input => "an input",
        };
        let diag = Diag::error(Code::UnknownOutput, loc, format!("`{key}` is {what}, not an output"));
        if role == Role::Input || names.is_empty() {
            let s = if outputs.len() == 1 { " is" } else { "s are" };
            return WrongKey {
                diag: diag.help(format!("the output{s} {}", list(outputs.iter().copied()))),
                meant: vec![],
            };
        }
        let diag = match &names[..] {
            [name] => diag.help(format!("the output that it leads to is `{name}`")),
            _ => diag.help(format!("the outputs that it leads to are {}", list(names.iter().copied()))),
        };
        return WrongKey { diag, meant: names.into_iter().filter_map(place_of).collect() };
    }
    let diag = Diag::error(Code::UnknownOutput, loc, format!("the model has no output `{key}`"));
    match did_you_mean(key, outputs.iter().copied()) {
        Some(name) => {
            let diag = diag.help(format!("did you mean `{name}`?"));
            WrongKey { diag, meant: place_of(name).into_iter().collect() }
        }
        None => {
            let s = if outputs.len() == 1 { " is" } else { "s are" };
            let diag = diag.help(format!("the output{s} {}", list(outputs.iter().copied())));
            WrongKey { diag, meant: vec![] }
        }
    }
}

/// Role of a name.
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

/// Looks up a name in the graph: a layer, an input, a binding.
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

/// Formats a value as the user wrote it, so that it can be copied from a message.
pub(super) fn written(value: &Value) -> String {
    let joined = |items: Vec<String>| items.join(", ");
    match &value.kind {
        ValueKind::Int(n) => n.to_string(),
        ValueKind::Float(x) => format!("{x:?}"),
        ValueKind::Bool(b) => b.to_string(),
        ValueKind::Str(text) => format!("{text:?}"),
        ValueKind::Ident { text, .. } => text.clone(),
        ValueKind::None => "none".into(),
        ValueKind::List(items) => format!("[{}]", joined(items.iter().map(written).collect())),
        ValueKind::Call { name, args, .. } => {
            format!("{name}({})", joined(args.iter().map(written_arg).collect()))
        }
        ValueKind::Expr(_) | ValueKind::Map(_) | ValueKind::Tensor | ValueKind::Invalid => "…".into(),
    }
}

fn written_arg(arg: &Arg) -> String {
    match &arg.name {
        Some((name, _)) => format!("{name} = {}", written(&arg.value)),
        None => written(&arg.value),
    }
}

#[cfg(test)]
mod tests {
    use crate::activation::Activation::{Linear, Relu, Softmax};
    use crate::dim::Dim;
    use crate::sketch::{Model, resolved};

    const NONE: [&str; 0] = [];

    fn horizons() -> Model {
        Model::heads(&[("output_1", 1, Linear), ("output_2", 1, Linear), ("output_3", 1, Linear)])
    }

    #[test]
    fn a_short_list_of_metrics_is_told_with_both_ways_out() {
        let (_, errors) =
            resolved(&horizons(), "loss = mse, loss_weights = [1.0, 0.8, 0.5], metrics = [mae]");
        assert_eq!(
            errors,
            ["at a list or map: error: `metrics` has 1 entry, but the model has 3 outputs\n  \
              = help: write `metrics = mae` for all of them\n  \
              = help: name the outputs: `metrics = { output_1: [mae], output_2: [mae], output_3: [mae] }`\n  \
              = note: a list has exactly one entry per output, in output order"]
        );
        let (_, errors) = resolved(&horizons(), "loss = mse, metrics = [mae, AUC(name = \"area\")]");
        assert_eq!(
            errors,
            ["at a list or map: error: `metrics` has 2 entries, but the model has 3 outputs\n  \
              = help: name the outputs: `metrics = { output_1: [mae, AUC(name = \"area\")], \
              output_2: [mae, AUC(name = \"area\")], output_3: [mae, AUC(name = \"area\")] }`\n  \
              = note: a list has exactly one entry per output, in output order"]
        );
    }

    #[test]
    fn lists_of_losses_and_weights_have_an_entry_per_output() {
        let (_, errors) = resolved(&horizons(), "loss = [mse], loss_weights = [1.0, 2.0]");
        assert_eq!(
            errors,
            [
                "at a list or map: error: `loss` has 1 entry, but the model has 3 outputs\n  \
                 = help: write `loss = mse` for all of them\n  \
                 = help: name the outputs: `loss = { output_1: mse, output_2: mse, output_3: mse }`\n  \
                 = note: a list has exactly one entry per output, in output order",
                "at a list or map: error: `loss_weights` has 2 entries, but the model has 3 outputs\n  \
                 = help: name the outputs: `loss_weights = { output_1: …, output_2: …, output_3: … }`\n  \
                 = note: a list has exactly one entry per output, in output order",
            ]
        );
    }

    #[test]
    fn one_value_is_for_all_outputs() {
        let (compile, errors) = resolved(&horizons(), "loss = mse, loss_weights = 0.5, metrics = mae");
        assert_eq!(errors, NONE);
        let outputs = compile.unwrap().outputs;
        assert!(outputs.iter().all(|output| output.weight == 0.5 && output.metrics[0].0 == "mae"));
        let (compile, errors) = resolved(&horizons(), "loss = mse, metrics = []");
        assert_eq!(errors, NONE);
        assert!(compile.unwrap().outputs.iter().all(|output| output.metrics.is_empty()));
    }

    #[test]
    fn the_list_of_a_single_output_is_its_own() {
        let model = Model::heads(&[("a", 1, Linear)]);
        for metrics in ["[mae, mse]", "[[mae, mse]]", "{ a: [mae, mse] }"] {
            let text = format!("loss = [mae], loss_weights = [0.5], metrics = {metrics}");
            let (compile, errors) = resolved(&model, &text);
            assert_eq!(errors, NONE);
            let outputs = compile.unwrap().outputs;
            assert_eq!((outputs[0].weight, outputs[0].metrics.len()), (0.5, 2));
        }
    }

    #[test]
    fn a_key_that_is_a_hidden_layer_names_the_output_below() {
        let mut model = Model::new();
        let x = model.input("input_tensor", &[100]);
        let shared = model.dense("shared_layer", x, 64, Relu);
        for (name, binding, units, activation) in
            [("output_1", "output1", 1, Linear), ("output_2", "output2", 5, Softmax)]
        {
            let hidden = model.dense(binding, shared, 32, Relu);
            model.named(name);
            let output = model.dense(binding, hidden, units, activation);
            model.output(binding, output);
        }
        let (_, errors) = resolved(
            &model,
            "adam, loss = { output_1: mse, output_2: categorical_crossentropy }, \
             metrics = { output_1: [mae], output_2: [accuracy] }",
        );
        let error = |n| {
            format!(
                "at output_{n}: error: `output_{n}` is a hidden layer, not an output\n  \
                 = help: the output that it leads to is `output{n}`"
            )
        };
        assert_eq!(errors, [error(1), error(2), error(1), error(2)]);

        let (_, errors) = resolved(&model, "adam, loss = { shared_layer: mse, output2: mse }");
        assert_eq!(
            errors,
            ["at shared_layer: error: `shared_layer` is a hidden tensor, not an output\n  \
              = help: the outputs that it leads to are `output1`, `output2`"]
        );
        let (_, errors) = resolved(&model, "adam, loss = { output1: mse, output2: mse, input_tensor: mse }");
        assert_eq!(
            errors,
            ["at input_tensor: error: `input_tensor` is an input, not an output\n  \
              = help: the outputs are `output1`, `output2`"]
        );
    }

    #[test]
    fn a_key_is_the_name_of_the_output_not_of_its_layer_or_binding() {
        let mut model = Model::new();
        let x = model.input("x", &[4]);
        let head = model.dense("head", x, 1, Linear);
        model.named("score");
        model.output("risk", head);
        let note = "  = help: write `risk`\n  = note: an output has the name of its binding, \
                    or of its key in `outputs = { … }`";
        assert_eq!(
            resolved(&model, "adam, { score: mse }").1,
            [format!(
                "at score: error: `score` is the layer that outputs the output `risk`, not its name\n{note}"
            )]
        );
        assert_eq!(
            resolved(&model, "adam, { head: mse }").1,
            [format!("at head: error: `head` is bound to the output `risk`, but not its name\n{note}")]
        );
    }

    #[test]
    fn slips_of_the_hand_are_recognised() {
        let (_, errors) = resolved(
            &horizons(),
            "adam, { output_1: mse, outptu_2: mse, output_3: mse }, metrics = { horizon: mae }",
        );
        assert_eq!(
            errors,
            [
                "at outptu_2: error: the model has no output `outptu_2`\n  \
                 = help: did you mean `output_2`?",
                "at horizon: error: the model has no output `horizon`\n  \
                 = help: the outputs are `output_1`, `output_2`, `output_3`",
            ]
        );
    }

    #[test]
    fn a_map_of_losses_names_every_output_once() {
        let (_, errors) = resolved(&horizons(), "adam, { output_2: mse, output_2: mae }");
        assert_eq!(
            errors,
            [
                "at a list or map: error: `loss` leaves out the outputs `output_1`, `output_3`\n  \
                 = help: add `output_1: mse` or another loss, or `output_1: none` to leave it untrained",
                "at output_2: error: the output `output_2` stands twice in `loss`\n  = help: remove one",
            ]
        );
    }

    #[test]
    fn outputs_of_a_shared_layer_are_told_apart() {
        let mut model = Model::new();
        let (a, b) = (model.input("a", &[4]), model.input("b", &[4]));
        let shared = model.dense_layer(Dim::Known(1), Linear);
        for (name, x) in [("left", a), ("right", b)] {
            let y = model.call(name, shared, &[x], Some(crate::shape::Shape::known(&[1])));
            model.output(name, y);
        }
        let (compile, errors) = resolved(&model, "adam, { left: mse, right: mae }, { right: 2.0 }");
        assert_eq!(errors, NONE);
        assert_eq!(compile.unwrap().outputs[1].weight, 2.0);
    }
}
