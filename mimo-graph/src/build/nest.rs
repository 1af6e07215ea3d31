//! Nested models: the calls and layers of a model are copied into the graph of the model that uses it as a layer, so
//! that everything afterwards sees one graph.

use std::collections::BTreeMap;

use super::{Builder, Given, id, shown_name};
use crate::args::read;
use crate::code::Code;
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::{Diag, Diags, Loc, did_you_mean};
use crate::dim::{ConstEntry, Dim};
use crate::graph::{Graph, Group, GroupId, Layer, LayerId, Node, NodeId, Port, TensorId};
use crate::order::live_nodes;
use crate::shape::{Dtype, Shape};
use crate::value::Arg;

mod steps;

/// A nested model that can be called.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Its index in [`Graph::groups`].
    pub group: GroupId,
    /// By layer of the model: its copy here. Layers that no output needs are not copied.
    layers: BTreeMap<usize, LayerId>,
}

impl Builder {
    /// Creates the layers of `Class(args…)`, where `Class` is a model. `model` is complete and free of errors, its
    /// layers have names, and its constants are numbered as here (see [`Builder::among`]).
    ///
    /// `None` after an error.
    pub fn instance(
        &mut self,
        class: &str,
        model: &Graph,
        args: &[Arg],
        call: Loc,
        diags: &mut Diags,
    ) -> Option<Instance> {
        let mut cx = Cx { consts: &self.graph.consts, diags, checks: &mut self.checks };
        let Settings { name, trainable } = Settings::read(class, args, &mut cx)?;
        let group = GroupId(id(self.graph.groups.len()));
        let named = name.is_some();
        let outputs = model.outputs.iter().map(|port| port.name.clone()).collect();
        let (class, name) = (class.to_owned(), name.unwrap_or_default());
        self.graph.groups.push(Group { class, name, named, called: false, outputs, loc: call });

        let members = members(model);
        let first = self.graph.layers.len();
        let layers: BTreeMap<usize, LayerId> =
            members.iter().enumerate().map(|(place, &layer)| (layer, LayerId(id(first + place)))).collect();
        for layer in members.iter().filter_map(|&layer| model.layers.get(layer)) {
            let parts = layer.parts.iter().filter_map(|part| layers.get(&part.index()).copied());
            self.graph.layers.push(Layer {
                // It has one.
                named: true,
                trainable: layer.trainable && trainable,
                parts: parts.collect(),
                whole: layer.whole.and_then(|whole| layers.get(&whole.index()).copied()),
                group: Some(group),
                loc: call,
                ..layer.clone()
            });
            self.built.push(None);
        }
        Some(Instance { group, layers })
    }

    /// Calls a nested model on tensors, each with the location of its name, in the order of its inputs. Returns its
    /// outputs: poisoned tensors after an error.
    ///
    /// `steps` is the number of `TimeDistributed` around the model: it is called on every step of as many first axes.
    pub fn call_instance(
        &mut self,
        instance: &Instance,
        (model, steps): (&Graph, usize),
        inputs: &[(TensorId, Loc)],
        call: Loc,
        diags: &mut Diags,
    ) -> Vec<TensorId> {
        self.graph.groups[instance.group.index()].called = true;
        if !self.fits(instance, (model, steps), inputs, call, diags) {
            return model.outputs.iter().map(|_| self.poison(call)).collect();
        }
        let first = inputs.first().and_then(|&(tensor, _)| self.graph.tensor(tensor).shape.clone());
        let axes: Vec<Dim> = first.into_iter().flat_map(|shape| shape.0).take(steps).collect();
        if !axes.is_empty() && !self.holds(instance, model, &axes, call, diags) {
            return model.outputs.iter().map(|_| self.poison(call)).collect();
        }
        let all_steps = |step: &Shape| Shape(axes.iter().chain(&step.0).cloned().collect());
        // The model's tensors by their copies here.
        let given = model.inputs.iter().zip(inputs).map(|(port, &(tensor, _))| (port.tensor, tensor));
        let mut tensors: BTreeMap<TensorId, TensorId> = given.collect();
        for node in live_nodes(model).into_iter().map(|node| model.node(node)) {
            if let (Some(value), Some(&output)) = (model.left_out_of(node), node.outputs.first())
                && let Some(&value) = tensors.get(&value)
            {
                tensors.insert(output, value);
            }
            let Some(&layer) = instance.layers.get(&node.layer.index()) else { continue };
            let read = self.read_here((model, node), &tensors, steps, call);
            let (kind, steps_of_layer) = (model.kind(node), steps + node.steps + model.kind(node).core().1);
            let read = self.left_out(kind, read, steps_of_layer, call);
            let (inputs, roles) = read.into_iter().map(|given| (given.tensor, given.role)).unzip();
            let place = NodeId(id(self.graph.nodes.len()));
            let outputs: Vec<TensorId> = node
                .outputs
                .iter()
                .map(|&output| {
                    let tensor = model.tensor(output);
                    let shape = tensor.shape.as_ref().map(all_steps);
                    self.tensor(shape, tensor.dtype, Some(place), call)
                })
                .collect();
            let (steps, called) = (node.steps + steps, node.called.clone());
            self.graph.nodes.push(Node {
                layer,
                inputs,
                roles,
                called,
                outputs: outputs.clone(),
                steps,
                loc: call,
            });
            self.mask_outputs(place);
            let given = self.without_left_out(kind, outputs, steps_of_layer, call);
            tensors.extend(node.outputs.iter().copied().zip(given));
        }
        let outputs = model.outputs.iter().map(|port| tensors.get(&port.tensor).copied());
        outputs.map(|output| output.unwrap_or_else(|| self.poison(call))).collect()
    }

    /// The tensor that a call of a nested model reads here. Masks that the user did not write are replaced by those
    /// of the tensors here.
    fn read_here(
        &mut self,
        (model, node): (&Graph, &Node),
        tensors: &BTreeMap<TensorId, TensorId>,
        steps: usize,
        call: Loc,
    ) -> Vec<Given> {
        let read = node.inputs.iter().zip(&node.roles);
        let here = |(input, &role): (&TensorId, &&'static str)| {
            tensors.get(input).map(|&tensor| Given { tensor, role, loc: call })
        };
        let given: Vec<Given> = read.filter_map(here).collect();
        let kind = model.kind(node);
        let steps = steps + node.steps + kind.core().1;
        let is_mask = |given: &Given| kind.mask_roles().iter().any(|&(_, role)| role == given.role);
        let further = kind.further();
        let masks = self.masks_read(kind, &given, &given, steps, call);
        let (after, before): (Vec<Given>, Vec<Given>) = given
            .into_iter()
            .filter(|given| !is_mask(given))
            .partition(|given| further.contains(&given.role));
        [before, masks, after].concat()
    }

    /// Whether a nested model can be called on these tensors; reports errors.
    fn fits(
        &mut self,
        instance: &Instance,
        (model, steps): (&Graph, usize),
        inputs: &[(TensorId, Loc)],
        call: Loc,
        diags: &mut Diags,
    ) -> bool {
        let class = self.graph.groups[instance.group.index()].class.clone();
        if model.inputs.len() != inputs.len() {
            diags.push(wrong_count(&class, model, (inputs.len(), call), &self.graph.consts));
            return false;
        }
        let mut fits = true;
        for (port, &(tensor, loc)) in model.inputs.iter().zip(inputs) {
            let name = shown_name(&self.graph, tensor).into_owned();
            let is_source = self.graph.sources.contains(&tensor);
            let given = self.graph.tensor(tensor);
            let wanted = model.tensor(port.tensor);
            let (Some(found), Some(shape)) = (&given.shape, &wanted.shape) else {
                fits = false;
                continue;
            };
            if given.dtype != wanted.dtype {
                diags.push(wrong_dtype(&class, port, wanted.dtype, (&name, is_source), loc));
                fits = false;
                continue;
            }
            let mut cx = Cx { consts: &self.graph.consts, diags, checks: &mut self.checks };
            // As many steps as the tensor has axes; too many are reported with the ranks.
            let (step, name) = match steps {
                0 => (found.clone(), name),
                _ => (found.without_first(steps), format!("a step of {name}")),
            };
            if found.rank() < steps {
                let message = format!("`TimeDistributed` reads [steps, …], but `{name}` has no steps");
                let shown = found.display(cx.consts).to_string();
                let help = format!("call the model itself: `{class}()(…)`");
                let diag = Diag::error(Code::WrongRank, loc, message).help(help);
                cx.error(diag.note(format!("the tensor is {shown}")));
                fits = false;
                continue;
            }
            fits &= same_shape((&class, port), (&name, loc), (&step, shape), &mut cx);
        }
        fits
    }
}

/// The settings of a nested model.
struct Settings {
    name: Option<String>,
    trainable: bool,
}

impl Settings {
    fn read(class: &str, args: &[Arg], cx: &mut Cx<'_>) -> Option<Self> {
        const HELP: &str = "a model that is used as a layer is given `name` and `trainable`, if anything";
        let mut settings = Settings { name: None, trainable: true };
        let mut sound = true;
        let mut seen: Vec<&str> = Vec::new();
        for arg in args {
            let Some((keyword, loc)) = &arg.name else {
                let message = format!("the model `{class}` takes no positional argument");
                cx.error(Diag::error(Code::TooManyArguments, arg.value.loc, message).help(HELP));
                sound = false;
                continue;
            };
            let what = format!("`{keyword}` of `{class}`");
            if seen.contains(&keyword.as_str()) {
                cx.error(
                    Diag::error(Code::ArgumentGivenTwice, *loc, format!("{what} is given twice"))
                        .help("remove one of the two"),
                );
                sound = false;
                continue;
            }
            seen.push(keyword);
            let value = read::without_python(&arg.value, cx);
            match keyword.as_str() {
                "name" => settings.name = read::string(&value, &what, cx),
                "trainable" => settings.trainable = read::boolean(&value, &what, cx).unwrap_or(true),
                _ => {
                    let message = format!("the model `{class}` has no argument `{keyword}`");
                    let diag = Diag::error(Code::UnknownArgument, *loc, message);
                    let diag = match did_you_mean(keyword, ["name", "trainable"]) {
                        Some(near) => diag.help(format!("did you mean `{near}`?")),
                        None => diag,
                    };
                    cx.error(diag.help(HELP));
                    sound = false;
                }
            }
        }
        sound.then_some(settings)
    }
}

/// The layers that a copy of the model contains, ascending: those that an output needs, and all layers of a nested
/// model if an output needs one of them.
pub(crate) fn members(model: &Graph) -> Vec<usize> {
    let mut needed = vec![false; model.layers.len()];
    for node in live_nodes(model) {
        let layer = model.node(node).layer;
        for layer in model.layer(layer).whole.into_iter().chain([layer]) {
            if let Some(needed) = needed.get_mut(layer.index()) {
                *needed = true;
            }
        }
    }
    let groups: Vec<GroupId> = model
        .layers
        .iter()
        .zip(&needed)
        .filter_map(|(layer, needed)| layer.group.filter(|_| *needed))
        .collect();
    let member = |(layer, needed): (&Layer, bool)| {
        // Masks are computed again where the model is called.
        !layer.of_mask && (needed || layer.group.is_some_and(|g| groups.contains(&g)))
    };
    let layers = model.layers.iter().zip(needed).map(member);
    layers.enumerate().filter(|&(_, member)| member).map(|(place, _)| place).collect()
}

/// Error for a call on too few or too many tensors.
fn wrong_count(class: &str, model: &Graph, (given, call): (usize, Loc), consts: &[ConstEntry]) -> Diag {
    let count = model.inputs.len();
    let s = if count == 1 { "" } else { "s" };
    let (is, given) =
        (if given == 1 { "is" } else { "are" }, if given == 0 { "none".into() } else { given.to_string() });
    let names: Vec<&str> = model.inputs.iter().map(|port| port.name.as_str()).collect();
    let form = match &names[..] {
        [one] => one.to_string(),
        several => format!("[{}]", several.join(", ")),
    };
    let diag = Diag::error(
        Code::WrongNumberOfTensors,
        call,
        format!("`{class}` takes {count} tensor{s}, but {given} {is} given"),
    );
    let diag = diag.help(format!("call it as `{class}()({form})`"));
    model.inputs.iter().fold(diag, |diag, port| {
        let shape = model.tensor(port.tensor).shape.as_ref();
        let shape = shape.map(|shape| shape.display(consts).to_string()).unwrap_or_default();
        diag.note(format!("the input `{}` of `{class}` is {shape}", port.name))
    })
}

/// Error for floats where integers are read, or the reverse.
fn wrong_dtype(class: &str, port: &Port, wanted: Dtype, (name, is_source): (&str, bool), loc: Loc) -> Diag {
    let input = &port.name;
    match wanted {
        Dtype::Int => {
            let message =
                format!("the input `{input}` of `{class}` holds integers, but `{name}` holds floats");
            Diag::error(Code::WholeNumbersNeeded, loc, message).help(match is_source {
                true => format!("write `dtype = \"int32\"` at the `Input` of `{name}`"),
                false => "call it on an `Input(…, dtype = \"int32\")`".into(),
            })
        }
        Dtype::Float => {
            let message =
                format!("the input `{input}` of `{class}` holds floats, but `{name}` holds integers");
            Diag::error(Code::FloatsNeeded, loc, message).help("leave `dtype = \"int32\"` out at its `Input`")
        }
    }
}

/// Whether a tensor has the shape of a model's input.
fn same_shape(
    (class, port): (&str, &Port),
    (name, loc): (&str, Loc),
    (found, wanted): (&Shape, &Shape),
    cx: &mut Cx<'_>,
) -> bool {
    let input = &port.name;
    let (shown, asked) = (found.display(cx.consts).to_string(), wanted.display(cx.consts).to_string());
    let note = format!("the input `{input}` of `{class}` is {asked}");
    let report = || {
        let diag = Diag::error(
            Code::NestedInputShape,
            loc,
            format!("`{class}` takes {asked}, but `{name}` is {shown}"),
        );
        let elements = (found.elements().known(), wanted.elements().known());
        let diag = match elements {
            // A step of a tensor has no name in the source.
            (Some(have), Some(need)) if have == need && !name.contains(' ') => {
                let lengths: Vec<String> =
                    wanted.0.iter().filter_map(|dim| dim.known()).map(|n| n.to_string()).collect();
                let comma = if lengths.len() == 1 { "," } else { "" };
                diag.help(format!("`Reshape(({}{comma}))({name})` has that shape", lengths.join(", ")))
            }
            _ => diag.help(format!("bring `{name}` to {asked} first, or change the `Input` of `{class}`")),
        };
        diag.note(note.clone())
    };
    if found.rank() != wanted.rank() {
        cx.error(report());
        return false;
    }
    // A shape that is known to be wrong is one error, without checks of its other axes.
    let mut checks = Vec::new();
    let mut one = Cx { consts: cx.consts, diags: cx.diags, checks: &mut checks };
    let fine = found.0.iter().zip(&wanted.0).enumerate().all(|(axis, (found, wanted))| {
        let check = DimCheck {
            code: Code::NestedInputShape,
            loc,
            found: found.clone(),
            relation: Relation::Equal,
            wanted: wanted.clone(),
            what: format!("axis {} of `{name}`", axis + 1),
            help: None,
            notes: vec![note.clone()],
            subjects: vec![],
        };
        one.require_equal(check, |_| report())
    });
    if fine {
        cx.checks.append(&mut checks);
    }
    fine
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dim::ConstId;
    use crate::sketch::shown;
    use crate::testing::{args, int, items, named, string, value, word};

    /// A model of an input of `[4]` and one of `[UNITS]`, with a layer that is needed and one that is not.
    fn inner(consts: Vec<ConstEntry>) -> Graph {
        let mut diags = Diags::new();
        let mut builder = Builder::among("Inner", consts);
        let units = builder.constant("UNITS", Loc(9), false);
        let mut input = |shape| builder.input(&args([named("shape", items([shape]))]), Loc(9), &mut diags);
        let (x, z) = (input(int(4)), input(value(crate::value::ValueKind::Expr(units))));
        let mut dense = |units: i64, x| {
            let layer = builder.layer("Dense", Loc(9), &args([(None, int(units))]), Loc(9), &mut diags);
            builder.call(layer.unwrap(), &[(x, Loc(9))], Loc(9), &mut diags)[0]
        };
        let (y, _) = (dense(3, x), dense(2, x));
        let end = dense(5, z);
        let (mut graph, _) = builder.finish();
        let port = |name: &str, tensor| Port { name: name.into(), tensor, mask: None, loc: Loc(9) };
        graph.inputs = vec![port("z", z), port("x", x)];
        graph.outputs = vec![port("y", y), port("end", end), port("same", x)];
        crate::names::assign(&mut graph, &mut diags);
        assert_eq!(shown(&diags.into_sorted()), [""; 0]);
        graph
    }

    fn outer() -> (Builder, Graph, TensorId, TensorId) {
        let consts = vec![ConstEntry { text: "UNITS".into(), loc: Loc(0), number: false }];
        let model = inner(consts);
        let mut diags = Diags::new();
        let mut builder = Builder::among("Outer", model.consts.clone());
        let units = builder.constant("UNITS", Loc(1), false);
        assert_eq!((units, model.consts.len()), (ConstId(2), 2), "the same text is another constant");
        let mut input = |shape| builder.input(&args([named("shape", items([shape]))]), Loc(1), &mut diags);
        let (a, b) = (input(int(4)), input(value(crate::value::ValueKind::Expr(units))));
        builder.bind(a, "a");
        builder.bind(b, "b");
        (builder, model, a, b)
    }

    #[test]
    fn calls_are_copied_and_layers_are_shared() {
        let (mut builder, model, a, b) = outer();
        let mut diags = Diags::new();
        let settings = args([named("trainable", value(crate::value::ValueKind::Bool(false)))]);
        let instance = builder.instance("Inner", &model, &settings, Loc(2), &mut diags).unwrap();
        // No output needs the second `Dense`.
        assert_eq!(builder.graph().layers.len(), 2);
        let mut call = || {
            let inputs = [(b, Loc(3)), (a, Loc(4))];
            builder.call_instance(&instance, (&model, 0), &inputs, Loc(5), &mut diags)
        };
        let (first, second) = (call(), call());
        let graph = builder.graph();
        assert_eq!((graph.layers.len(), graph.nodes.len()), (2, 4));
        assert_eq!((first.len(), first[2], second[2]), (3, a, a));
        assert_eq!(graph.tensor(second[0]).shape, Some(Shape::known(&[3])));
        assert!(graph.layers.iter().all(|layer| !layer.trainable && !layer.weights.is_empty()));
        assert!(graph.nodes.iter().all(|node| node.loc == Loc(5)));
        // Const evaluation compares the two constants, once a call.
        let check = &builder.checks[builder.checks.len() - 1];
        assert_eq!((&check.found, &check.wanted), (&Dim::constant(ConstId(2)), &Dim::constant(ConstId(1))));
        assert_eq!(shown(&diags.into_sorted()), [""; 0]);
    }

    #[test]
    fn what_does_not_fit_gives_poisoned_tensors() {
        let (mut builder, model, a, b) = outer();
        let mut diags = Diags::new();
        let instance = builder.instance("Inner", &model, &[], Loc(2), &mut diags).unwrap();
        let unknown = builder.poison(Loc(5));
        for inputs in [&[(a, Loc(3))][..], &[(b, Loc(4)), (unknown, Loc(5))]] {
            let given = builder.call_instance(&instance, (&model, 0), inputs, Loc(6), &mut diags);
            assert!(given.iter().all(|&tensor| builder.graph().tensor(tensor).shape.is_none()));
            assert_eq!(given.len(), 3);
        }
        // Unknown tensors were reported before.
        assert_eq!(
            shown(&diags.into_sorted()),
            ["6: error: `Inner` takes 2 tensors, but 1 is given\n  \
              = help: call it as `Inner()([z, x])`\n  \
              = note: the input `z` of `Inner` is [UNITS]\n  \
              = note: the input `x` of `Inner` is [4]"]
        );
    }

    #[test]
    fn settings_are_a_name_and_whether_it_is_trained() {
        let (mut builder, model, ..) = outer();
        let mut diags = Diags::new();
        let mut made = |given: Vec<crate::testing::Given>| {
            builder.instance("Inner", &model, &args(given), Loc(2), &mut diags).is_some()
        };
        assert!(made(vec![named("name", string("own"))]));
        assert!(!made(vec![(None, int(3)), named("nam", string("own"))]));
        assert!(!made(vec![named("name", string("a")), named("name", string("b"))]));
        assert!(made(vec![named("trainable", word("True"))]), "what is meant is known");
        let told = shown(&diags.into_sorted());
        let firsts: Vec<&str> = told.iter().filter_map(|told| told.lines().next()).collect();
        assert_eq!(
            firsts,
            [
                "1: error: the model `Inner` takes no positional argument",
                "1: error: the model `Inner` has no argument `nam`",
                "1: error: `name` of `Inner` is given twice",
                "1: error: `True` is Python",
            ]
        );
    }
}
