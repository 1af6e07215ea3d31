//! Checks of the whole graph: everything declared is connected, and everything connected is declared. (Layers check
//! shapes, `compile` checks losses against their heads.)

use crate::code::Code;
use crate::context::Cx;
use crate::diag::{Diag, Loc};
use crate::graph::{Graph, LayerId, Port, TensorId};
use crate::order::{downstream, marked, needed_tensors};
use crate::shape::Dtype;
use std::collections::{BTreeMap, BTreeSet};

/// Reports all errors of the graph's connections.
pub fn all(graph: &Graph, cx: &mut Cx<'_>) {
    check_ports_once(graph, cx);
    // After an invalid call, operands and outputs may be missing from the graph: this is not a second mistake of the
    // user.
    if is_broken(graph) {
        return;
    }
    check_inputs_given(graph, cx);
    check_inputs_used(graph, cx);
    check_tensors_used(graph, cx);
    check_layers_called(graph, cx);
    check_outputs_are_floats(graph, cx);
    if let Some(diag) = crate::build::sizes::total(graph) {
        cx.error(diag);
    }
    crate::lints::all(graph, cx);
}

/// Whether some tensor has no origin, because of an error in its statement.
fn is_broken(graph: &Graph) -> bool {
    let sources: BTreeSet<TensorId> = graph.sources.iter().copied().collect();
    let mut tensors = graph.tensors.iter().zip(0..);
    tensors.any(|(tensor, i)| tensor.producer.is_none() && !sources.contains(&TensorId(i)))
        || graph.outputs.is_empty()
}

/// Checks that outputs of a trained model are floats, and at least one output of every other model: gradients and the
/// model's type need one.
fn check_outputs_are_floats(graph: &Graph, cx: &mut Cx<'_>) {
    let whole: Vec<&Port> =
        graph.outputs.iter().filter(|port| graph.tensor(port.tensor).dtype == Dtype::Int).collect();
    if graph.compile.is_none() && whole.len() < graph.outputs.len() {
        return;
    }
    for port in whole {
        let name = &port.name;
        let message = match graph.compile {
            Some(_) => format!("the output `{name}` of a model that is trained holds integers"),
            None => {
                format!("the output `{name}` holds integers, and a model outputs floats beside them")
            }
        };
        cx.error(
            Diag::error(Code::FloatsNeeded, port.loc, message)
                .help(format!("make floats of it: `let {name} = cast({name}, float32);`")),
        );
    }
}

/// Checks that a tensor is listed as an input once. It may be several outputs, whose names differ.
fn check_ports_once(graph: &Graph, cx: &mut Cx<'_>) {
    for (what, ports) in [("input", &graph.inputs), ("output", &graph.outputs)] {
        let mut first: BTreeMap<TensorId, Vec<&Port>> = BTreeMap::new();
        let mut reported: BTreeSet<Loc> = BTreeSet::new();
        for port in ports {
            let earlier = first.entry(port.tensor).or_default();
            let name = graph.tensor_name(port.tensor);
            if earlier.iter().any(|earlier| earlier.name == port.name) {
                // All tensors of a list have the same location.
                if reported.insert(port.loc) {
                    let message = format!("`{name}` is listed twice as an {what}");
                    let diag = Diag::error(Code::ListedTwice, port.loc, message).help("remove one");
                    let bound = what == "output" && !graph.tensor(port.tensor).bindings.is_empty();
                    cx.error(match bound {
                        true => diag.help(format!(
                            "name it twice for two losses: `outputs = {{ {name}: {name}, {name}_2: {name} }}`"
                        )),
                        false => diag,
                    });
                }
            } else if let (Some(earlier), "input") = (earlier.first(), what) {
                let message = format!(
                    "the inputs `{}` and `{}` are the same tensor, `{name}`",
                    earlier.name, port.name
                );
                cx.error(Diag::error(Code::ListedTwice, port.loc, message).help("remove one"));
            }
            earlier.push(port);
        }
    }
}

/// Checks that `Model(inputs = …)` lists every `Input(…)`.
fn check_inputs_given(graph: &Graph, cx: &mut Cx<'_>) {
    let given: BTreeSet<TensorId> = graph.inputs.iter().map(|input| input.tensor).collect();
    for &tensor in graph.sources.iter().filter(|tensor| !given.contains(tensor)) {
        let name = graph.tensor_name(tensor);
        let reached = downstream(graph, &[tensor]);
        let output = graph.outputs.iter().find(|output| marked(&reached, output.tensor));
        let loc = graph.tensor(tensor).loc;
        let add = format!("add `{name}` to `Model(inputs = […])`");
        cx.error(match output {
            Some(output) => {
                let message = format!(
                    "the output `{}` needs the input `{name}`, which is not given to `Model`",
                    output.name
                );
                Diag::error(Code::InputNotGiven, loc, message).help(add)
            }
            None => Diag::error(
                Code::InputNotGiven,
                loc,
                format!("the input `{name}` is not given to `Model` and no output needs it"),
            )
            .help(format!("{add} and use it, or remove it")),
        });
    }
}

/// Checks that an output needs each of `Model(inputs = …)`.
fn check_inputs_used(graph: &Graph, cx: &mut Cx<'_>) {
    let needed = needed_tensors(graph);
    for input in graph.inputs.iter().filter(|input| !marked(&needed, input.tensor)) {
        let diag = Diag::error(
            Code::InputNotNeeded,
            input.loc,
            format!("no output needs the input `{}`", input.name),
        );
        let below = downstream(graph, &[input.tensor]);
        let last =
            graph.nodes.iter().rev().flat_map(|node| &node.outputs).find(|tensor| marked(&below, **tensor));
        cx.error(match last {
            Some(&last) => {
                let end = graph.tensor_name(last);
                diag.help(format!("make `{end}` an output, or feed it to a layer that leads to one"))
                    .note(format!("what is computed from `{}` ends at `{end}`", input.name))
            }
            None => diag.help(format!("call a layer on `{}`, or remove it", graph.tensor_name(input.tensor))),
        });
    }
}

/// Warns about unused bindings, unless their names start with an underscore.
fn check_tensors_used(graph: &Graph, cx: &mut Cx<'_>) {
    let mut used = vec![false; graph.tensors.len()];
    let reads = graph.nodes.iter().flat_map(|node| &node.inputs);
    for tensor in reads.chain(graph.outputs.iter().map(|output| &output.tensor)) {
        if let Some(used) = used.get_mut(tensor.index()) {
            *used = true;
        }
    }
    let mut bound: BTreeMap<&str, usize> = BTreeMap::new();
    for name in graph.tensors.iter().flat_map(|tensor| &tensor.bindings) {
        *bound.entry(name).or_default() += 1;
    }
    for (tensor, _) in
        graph.tensors.iter().zip(used).filter(|(tensor, used)| !used && tensor.producer.is_some())
    {
        let Some(name) = tensor.bindings.last().filter(|name| !name.starts_with('_')) else { continue };
        let own = tensor.bindings.iter().filter(|other| *other == name).count();
        let rebound = bound.get(name.as_str()).is_some_and(|&count| count > own);
        let alone = tensor.producer.is_none_or(|node| graph.node(node).outputs.len() == 1);
        let remove = if alone { "remove it, " } else { "" };
        let diag = Diag::warning(Code::UnusedTensor, tensor.loc, format!("`{name}` is never used"))
            .help(format!("use it, {remove}or call it `_{name}`"));
        cx.error(if rebound { diag.note(format!("another tensor is bound to `{name}` too")) } else { diag });
    }
}

/// Warns about layers that are never called. Such a layer has no weights and is not part of the model.
fn check_layers_called(graph: &Graph, cx: &mut Cx<'_>) {
    // A part is called, and reported, with the whole.
    let parts: BTreeSet<LayerId> =
        graph.layers.iter().flat_map(|whole| whole.parts.iter().copied()).collect();
    let called: BTreeSet<LayerId> = graph.nodes.iter().map(|node| node.layer).collect();
    for (layer, id) in graph.layers.iter().zip((0..).map(LayerId)) {
        let reached = called.contains(&id) || layer.parts.iter().any(|part| called.contains(part));
        // Layers inside of a nested model were checked with that model.
        if layer.group.is_none() && !parts.contains(&id) && !reached {
            let class = layer.kind.class_name();
            cx.error(
                Diag::warning(Code::UnusedLayer, layer.loc, format!("this `{class}` is never called"))
                    .help(format!("call it on a tensor, `{class}(…)(x)`, or remove it")),
            );
        }
    }
    for group in graph.groups.iter().filter(|group| !group.called) {
        let class = &group.class;
        cx.error(
            Diag::warning(Code::UnusedLayer, group.loc, format!("this `{class}` is never called"))
                .help(format!("call it on a tensor, `{class}()(x)`, or remove it")),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::Activation::{Linear, Relu};
    use crate::dim::Dim;
    use crate::sketch::{Model, reported, shown};

    fn checked(model: &Model) -> Vec<String> {
        shown(&reported(&model.graph, |cx| all(&model.graph, cx)).1)
    }

    #[test]
    fn a_connected_model_passes() {
        assert_eq!(checked(&Model::heads(&[("a", 1, Linear), ("b", 3, Relu)])), [""; 0]);
    }

    #[test]
    fn a_port_is_listed_once() {
        let mut model = Model::heads(&[("a", 1, Linear)]);
        let (x, a) = (TensorId(0), TensorId(1));
        model.name_input("x", x);
        model.output("b", a);
        model.output("a", a);
        assert_eq!(
            checked(&model),
            [
                "106: error: `x` is listed twice as an input\n  = help: remove one",
                "108: error: `a` is listed twice as an output\n  = help: remove one\n  \
                 = help: name it twice for two losses: `outputs = { a: a, a_2: a }`",
            ]
        );
    }

    #[test]
    fn declared_inputs_are_given() {
        let mut model = Model::heads(&[("a", 1, Linear)]);
        let needed = model.source("needed", &[4]);
        model.source("idle", &[4]);
        let b = model.dense("b", needed, 1, Linear);
        model.output("b", b);
        assert_eq!(
            checked(&model),
            [
                "106: error: the output `b` needs the input `needed`, which is not given to `Model`\n  \
                 = help: add `needed` to `Model(inputs = […])`",
                "107: error: the input `idle` is not given to `Model` and no output needs it\n  \
                 = help: add `idle` to `Model(inputs = […])` and use it, or remove it",
            ]
        );
    }

    #[test]
    fn given_inputs_are_needed() {
        let mut model = Model::heads(&[("a", 1, Linear)]);
        model.input("idle", &[4]);
        let y = model.input("y", &[4]);
        let h = model.dense("h", y, 2, Relu);
        model.dense("_end", h, 2, Relu);
        assert_eq!(
            checked(&model),
            [
                "107: error: no output needs the input `idle`\n  = help: call a layer on `idle`, or remove it",
                "109: error: no output needs the input `y`\n  \
                 = help: make `_end` an output, or feed it to a layer that leads to one\n  \
                 = note: what is computed from `y` ends at `_end`",
            ]
        );
    }

    #[test]
    fn bound_tensors_are_used() {
        let mut model = Model::new();
        let x = model.input("x", &[4]);
        model.dense("a", x, 2, Relu);
        let a = model.dense("a", x, 1, Linear);
        model.dense("_b", x, 1, Linear);
        model.dense("", x, 1, Linear);
        model.dense("c", a, 1, Linear);
        model.output("a", a);
        assert_eq!(
            checked(&model),
            [
                "103: warning: `a` is never used\n  = help: use it, remove it, or call it `_a`\n  \
                 = note: another tensor is bound to `a` too",
                "115: warning: `c` is never used\n  = help: use it, remove it, or call it `_c`",
            ]
        );
    }

    #[test]
    fn layers_are_called() {
        let mut model = Model::heads(&[("a", 1, Linear)]);
        model.dense_layer(Dim::Known(1), Linear);
        assert_eq!(
            checked(&model),
            [
                "106: warning: this `Dense` is never called\n  = help: call it on a tensor, `Dense(…)(x)`, or remove it"
            ]
        );
    }

    #[test]
    fn what_an_error_left_behind_is_not_reported_again() {
        let mut model = Model::new();
        model.input("x", &[4]);
        let broken = model.poisoned("h");
        let y = model.dense("y", broken, 1, Linear);
        model.output("y", y);
        assert_eq!(checked(&model), [""; 0]);
    }
}
