//! Names of layers, inputs and outputs: unique, stable between runs, and valid as Rust fields.

use std::collections::{BTreeMap, BTreeSet};

use self::field::{unusable_binding, wrong_layer_name, wrong_loss_name};
use crate::code::Code;
use crate::diag::{Diag, Diags, Loc};
use crate::graph::{Graph, GroupId, Layer, LayerId, Node, Port, TensorId};

pub(crate) mod field;

pub use field::{field_like, loss_field, snake_case};

/// Names every layer, and reports names that cannot be used.
///
/// The name of a layer is the one given by the user (`name = "…"`); else that of the output of its first call, if it
/// is the layer's only output; else Keras's automatic name (`dense`, `dense_1`, …), counted within the model in
/// source order. After an error the layer still gets a unique name, so that later stages need no special case.
///
/// A nested model has a name like a layer: given, or derived from its class. The names of its layers follow its own:
/// `encoder/dense`.
pub fn assign(graph: &mut Graph, diags: &mut Diags) {
    check_ports(&graph.inputs, "input", "inputs", diags);
    check_ports(&graph.outputs, "output", "outputs", diags);

    // An input is a layer of the summary, so that no other layer can have its name.
    let mut taken: BTreeSet<String> = graph.inputs.iter().map(|input| input.name.clone()).collect();
    let sole_outputs = sole_outputs(graph);
    let mut unnamed = Vec::new();
    for i in 0..graph.layers.len() {
        if graph.layers[i].group.is_some() || graph.layers[i].whole.is_some() {
            continue;
        }
        if graph.layers[i].named {
            let name = given_name(graph, Named::Layer(layer_id(i)), &taken, diags);
            graph.layers[i].name.clone_from(&name);
            taken.insert(name);
        } else {
            unnamed.push(i);
        }
    }
    for i in 0..graph.groups.len() {
        if graph.groups[i].named {
            let name = given_name(graph, Named::Group(GroupId(i as u32)), &taken, diags);
            graph.groups[i].name.clone_from(&name);
            taken.insert(name);
        }
    }
    unnamed.retain(|&i| match sole_outputs[i].clone() {
        Some(name) if !taken.contains(&name) => {
            graph.layers[i].name.clone_from(&name);
            taken.insert(name);
            false
        }
        _ => true,
    });
    // Where the count of each automatic name starts: taken names stay taken.
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for i in unnamed {
        let layer = &graph.layers[i];
        let base = layer.kind.auto_name();
        let count = counts.entry(base.clone()).or_default();
        let name = next_name(&base, count, &taken);
        graph.layers[i].name.clone_from(&name);
        taken.insert(name);
    }
    nested(graph, &mut taken);
    parts(graph);
}

/// Prepends the names of layers to those of their parts: `bidirectional/forward_lstm`. Parts of nested models are
/// complete already.
fn parts(graph: &mut Graph) {
    for i in 0..graph.layers.len() {
        let layer = &graph.layers[i];
        if let (Some(whole), None) = (layer.whole, layer.group) {
            graph.layers[i].name = format!("{}/{}", graph.layer(whole).path(), layer.name);
        }
    }
}

/// Names the nested models without a given name, and prepends their names to those of their layers.
fn nested(graph: &mut Graph, taken: &mut BTreeSet<String>) {
    for group in graph.groups.iter_mut().filter(|group| !group.named) {
        group.name = free_name(&field_like(&snake_case(&group.class)), taken);
        taken.insert(group.name.clone());
    }
    let groups = &graph.groups;
    for layer in &mut graph.layers {
        if let Some(group) = layer.group.and_then(|group| groups.get(group.index())) {
            layer.name = format!("{}/{}", group.name, layer.name);
        }
    }
}

/// Items that the user can name.
#[derive(Clone, Copy, PartialEq)]
enum Named {
    Layer(LayerId),
    Group(GroupId),
}

impl Named {
    /// Its name, the location of its tokens, and its description in messages.
    fn of(self, graph: &Graph) -> (&str, Loc, &str) {
        match self {
            Named::Layer(id) => {
                (&graph.layer(id).name, graph.layer(id).loc, graph.layer(id).kind.class_name())
            }
            Named::Group(id) => {
                let group = &graph.groups[id.index()];
                (&group.name, group.loc, &group.class)
            }
        }
    }

    /// The maker of a tensor: the nested model, if it is computed by a layer of one.
    fn maker(graph: &Graph, tensor: TensorId) -> Option<Named> {
        let layer = maker(graph, tensor)?;
        Some(graph.layer(layer).group.map_or(Named::Layer(layer), Named::Group))
    }
}

fn layer_id(index: usize) -> LayerId {
    LayerId(index as u32)
}

/// Checks that inputs and outputs have unique names that are valid as fields. (The same tensor twice is another
/// mistake, reported by `check`.)
fn check_ports(ports: &[Port], what: &str, keyword: &str, diags: &mut Diags) {
    let mut first: BTreeMap<&str, TensorId> = BTreeMap::new();
    // Ports without a name were reported.
    for port in ports.iter().filter(|port| !port.name.is_empty()) {
        if let Some(reason) = unusable_binding(&port.name) {
            let diag =
                Diag::error(Code::UnusablePortName, port.loc, format!("the {what} `{}` {reason}", port.name));
            diags.push(diag.help(format!("call it `{}`", field_like(&port.name))));
        }
        if *first.entry(&port.name).or_insert(port.tensor) != port.tensor {
            let diag = Diag::error(
                Code::PortNameTaken,
                port.loc,
                format!("two {what}s have the name `{}`", port.name),
            );
            diags.push(diag.help(format!(
                "bind the tensors to different names, or name them in a map: `{keyword} = {{ {}: …, {}_2: … }}`",
                port.name, port.name
            )));
        }
    }
}

/// The name given to a layer by the user, or a similar one after an error: it must be valid as a field, and not be
/// that of an input, of another layer or of the output of another layer.
fn given_name(graph: &Graph, named: Named, taken: &BTreeSet<String>, diags: &mut Diags) -> String {
    let (name, loc, _) = named.of(graph);
    let is_loss = matches!(named, Named::Layer(layer) if graph.layer(layer).kind.added_loss().is_some());
    let (what, wrong) = match is_loss {
        true => ("loss", wrong_loss_name(name, loc)),
        false => ("layer", wrong_layer_name(name, loc)),
    };
    if let Some(diag) = wrong {
        diags.push(diag);
        return free_name(&field_like(name), taken);
    }
    if taken.contains(name) {
        let fresh = free_name(name, taken);
        if earlier(graph, named).any(|other| other == (name, loc)) {
            let message =
                format!("the {what} name `{name}` is given to more than one {what} by a loop or a function");
            let diag = Diag::error(Code::LayerNameTaken, loc, message).help(format!(
                "put what differs into it: `name = \"{name}_{{i}}\"`, with `i` of a `for`, or a parameter"
            ));
            diags.push(diag);
            return fresh;
        }
        let diag = Diag::error(
            Code::LayerNameTaken,
            loc,
            format!("the {what} name `{name}` is taken by {}", owner(graph, name)),
        );
        diags.push(diag.help(format!("give this {what} another name, such as `name = \"{fresh}\"`")));
        return fresh;
    }
    let gives = |output: &&Port| Named::maker(graph, output.tensor) == Some(named);
    let namesake = graph.outputs.iter().find(|output| output.name == name);
    if let Some(output) = namesake.filter(|output| !gives(output)) {
        let message =
            format!("the {what} name `{name}` is also the name of an output that another layer outputs");
        let mut diag = Diag::error(Code::LayerNameTaken, loc, message);
        diag = match graph.outputs.iter().find(gives) {
            Some(own) => diag.help(format!("this layer makes the output `{}`: leave `name` out", own.name)),
            None => diag.help(format!("give this {what} another name, such as `name = \"hidden_{name}\"`")),
        };
        if let Some(maker) = Named::maker(graph, output.tensor) {
            let (_, _, class) = maker.of(graph);
            diag = diag.note(format!("the output `{name}` is given by a `{class}`"));
        }
        diags.push(diag);
        return free_name(name, &taken.iter().cloned().chain([name.to_owned()]).collect());
    }
    name.to_owned()
}

/// Names given earlier, each with the location of its layer.
fn earlier(graph: &Graph, named: Named) -> impl Iterator<Item = (&str, Loc)> {
    let own = |layer: &&Layer| layer.named && layer.group.is_none() && layer.whole.is_none();
    let (layers, groups) = match named {
        Named::Layer(id) => (id.index(), 0),
        Named::Group(id) => (graph.layers.len(), id.index()),
    };
    let layers = graph.layers.iter().take(layers).filter(own).map(|layer| (layer.name.as_str(), layer.loc));
    let groups = graph.groups.iter().take(groups).filter(|group| group.named);
    layers.chain(groups.map(|group| (group.name.as_str(), group.loc)))
}

/// Description of the owner of a name: an input, or a layer that was named before.
fn owner(graph: &Graph, name: &str) -> String {
    if graph.inputs.iter().any(|input| input.name == name) {
        return "an input".into();
    }
    let own =
        |layer: &&Layer| layer.named && layer.group.is_none() && layer.whole.is_none() && layer.name == name;
    let layer = graph.layers.iter().find(own);
    if layer.is_some_and(|layer| layer.kind.added_loss().is_some()) {
        return "an added loss".into();
    }
    let layer = layer.map(|layer| layer.kind.class_name());
    let group = graph.groups.iter().find(|group| group.named && group.name == name);
    match layer.or(group.map(|group| group.class.as_str())) {
        Some(class) => format!("another layer, a `{class}`"),
        None => "another layer".into(),
    }
}

/// By layer: the name of its only output, if its first call computes it. A part is named after its whole.
fn sole_outputs(graph: &Graph) -> Vec<Option<String>> {
    let mut given: Vec<Vec<&Port>> = vec![Vec::new(); graph.layers.len()];
    for port in &graph.outputs {
        if let Some(maker) = maker(graph, port.tensor) {
            given[maker.index()].push(port);
        }
    }
    let mut first: Vec<Option<&Node>> = vec![None; graph.layers.len()];
    for node in &graph.nodes {
        first[node.layer.index()].get_or_insert(node);
    }
    let sole = given.into_iter().zip(first).zip(&graph.layers).map(|((given, first), layer)| {
        let ([output], Some(first), None) = (&given[..], first, layer.whole) else { return None };
        let usable = unusable_binding(&output.name).is_none();
        (usable && first.outputs.contains(&graph.written(output.tensor))).then(|| output.name.clone())
    });
    sole.collect()
}

/// The layer that computes a tensor; `None` for an input.
pub(crate) fn maker(graph: &Graph, tensor: TensorId) -> Option<LayerId> {
    graph.tensor(graph.written(tensor)).producer.map(|node| graph.node(node).layer)
}

/// `base`, or `base_1`, `base_2`, … if it is taken.
fn free_name(base: &str, taken: &BTreeSet<String>) -> String {
    next_name(base, &mut 0, taken)
}

/// Same as [`free_name`], counting from `count` on.
fn next_name(base: &str, count: &mut usize, taken: &BTreeSet<String>) -> String {
    loop {
        let name = if *count == 0 { base.to_owned() } else { format!("{base}_{count}") };
        *count += 1;
        if !taken.contains(&name) {
            return name;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::Activation::{Linear, Relu};
    use crate::dim::Dim;
    use crate::graph::Graph;
    use crate::sketch::{Model, shown};

    fn assigned(mut graph: Graph) -> (Vec<String>, Vec<String>) {
        let mut diags = Diags::new();
        assign(&mut graph, &mut diags);
        let names = graph.layers.into_iter().map(|layer| layer.name).collect();
        (names, shown(&diags.into_sorted()))
    }

    #[test]
    fn layers_are_named_by_the_user_the_output_or_keras() {
        let mut model = Model::new();
        let x = model.input("x", &[4]);
        let h = model.dense("h", x, 8, Relu);
        let h = model.dense("h", h, 8, Relu);
        model.named("dense_1");
        let h = model.dense("h", h, 8, Relu);
        let h = model.flatten("h", h, 8);
        let y = model.dense("y", h, 1, Linear);
        model.output("risk", y);
        let (names, errors) = assigned(model.graph);
        assert_eq!(names, ["dense", "dense_1", "dense_2", "flatten", "risk"]);
        assert_eq!(errors, [""; 0]);
    }

    #[test]
    fn a_layer_that_gives_two_outputs_keeps_keras_s_name() {
        let mut model = Model::new();
        let (a, b) = (model.input("a", &[4]), model.input("b", &[4]));
        let shared = model.dense_layer(Dim::Known(2), Linear);
        let shape = crate::shape::Shape::known(&[2]);
        let left = model.call("left", shared, &[a], Some(shape.clone()));
        let right = model.call("right", shared, &[b], Some(shape));
        model.output("left", left);
        model.output("right", right);
        assert_eq!(assigned(model.graph), (vec!["dense".into()], vec![]));
    }

    #[test]
    fn an_output_may_be_called_as_an_input_and_then_its_layer_is_not() {
        let mut model = Model::new();
        let x = model.input("x", &[4]);
        let y = model.dense("y", x, 4, Linear);
        model.output("x", y);
        assert_eq!(assigned(model.graph), (vec!["dense".into()], vec![]));
    }

    #[test]
    fn a_name_that_is_no_field_is_refused_with_one_that_is() {
        let mut model = Model::new();
        let x = model.input("x", &[4]);
        for name in ["my layer", "type", "1a", "", "größe"] {
            let y = model.dense("y", x, 1, Linear);
            model.named(name);
            let _ = y;
        }
        let (names, errors) = assigned(model.graph);
        assert_eq!(names, ["my_layer", "type_", "_1a", "layer", "gr__e"]);
        let note = "  = note: layers are fields of the model's struct";
        assert_eq!(
            errors,
            [
                format!(
                    "102: error: the layer name \"my layer\" is not an identifier\n  = help: write `name = \"my_layer\"`\n{note}"
                ),
                format!(
                    "105: error: the layer name \"type\" is a keyword of Rust\n  = help: write `name = \"type_\"`\n{note}"
                ),
                format!(
                    "108: error: the layer name \"1a\" starts with a digit\n  = help: write `name = \"_1a\"`\n{note}"
                ),
                format!(
                    "111: error: the layer name \"\" has no letter\n  = help: write `name = \"layer\"`\n{note}"
                ),
                format!(
                    "114: error: the layer name \"größe\" has letters that are not ASCII\n  = help: write `name = \"gr__e\"`\n{note}"
                ),
            ]
        );
    }

    #[test]
    fn a_name_is_given_once() {
        let mut model = Model::new();
        let x = model.input("x", &[4]);
        let y = model.dense("y", x, 1, Linear);
        model.named("a");
        let z = model.dense("z", y, 1, Linear);
        model.named("a");
        model.dense("z", z, 1, Linear);
        model.named("x");
        let (names, errors) = assigned(model.graph);
        assert_eq!(names, ["a", "a_1", "x_1"]);
        assert_eq!(
            errors,
            [
                "105: error: the layer name `a` is taken by another layer, a `Dense`\n  \
                 = help: give this layer another name, such as `name = \"a_1\"`",
                "108: error: the layer name `x` is taken by an input\n  \
                 = help: give this layer another name, such as `name = \"x_1\"`",
            ]
        );
    }

    #[test]
    fn a_layer_is_not_called_as_the_output_of_another() {
        let mut model = Model::new();
        let x = model.input("x", &[4]);
        let h = model.dense("h", x, 1, Linear);
        model.named("risk");
        let out = model.dense("out", h, 1, Linear);
        model.named("score");
        let risk = model.dense("risk", h, 1, Linear);
        model.output("score", risk);
        model.output("risk", out);
        let (names, errors) = assigned(model.graph);
        assert_eq!(names, ["risk_1", "score_1", "score"]);
        assert_eq!(
            errors,
            [
                "102: error: the layer name `risk` is also the name of an output that another layer outputs\n  \
                 = help: give this layer another name, such as `name = \"hidden_risk\"`\n  \
                 = note: the output `risk` is given by a `Dense`",
                "105: error: the layer name `score` is also the name of an output that another layer outputs\n  \
                 = help: this layer makes the output `risk`: leave `name` out\n  \
                 = note: the output `score` is given by a `Dense`",
            ]
        );
    }

    #[test]
    fn outputs_have_different_names() {
        let mut model = Model::heads(&[("a", 1, Linear), ("a", 2, Linear)]);
        model.name_input("self", TensorId(0));
        let (names, errors) = assigned(model.graph);
        assert_eq!(names, ["a", "dense"]);
        assert_eq!(
            errors,
            [
                "109: error: two outputs have the name `a`\n  = help: bind the tensors to different names, \
                 or name them in a map: `outputs = { a: …, a_2: … }`",
                "110: error: the input `self` is a keyword of Rust\n  = help: call it `self_`",
            ]
        );
    }

    #[test]
    fn classes_are_named_as_keras_does() {
        for (class, name) in [
            ("Encoder", "encoder"),
            ("ResNetBlock", "res_net_block"),
            ("GRUEncoder", "gru_encoder"),
            ("Conv2DBlock", "conv2d_block"),
            ("my_model", "my_model"),
            ("VGG16", "vgg16"),
            ("Übung", "übung"),
        ] {
            assert_eq!(snake_case(class), name);
        }
    }

    #[test]
    fn nested_models_are_named_as_layers_and_their_layers_behind_them() {
        let mut model = Model::new();
        let x = model.input("x", &[4]);
        let group = |class: &str, name: &str| crate::graph::Group {
            class: class.into(),
            name: name.into(),
            named: !name.is_empty(),
            called: true,
            outputs: vec![],
            loc: Loc(7),
        };
        model.graph.groups = vec![
            group("Dense", ""),
            group("Encoder", ""),
            group("Encoder", "dense_1"),
            group("Encoder", "x"),
        ];
        let mut y = x;
        for place in 0..5 {
            y = model.dense("y", y, 4, Linear);
            model.named("inner");
            model.graph.layers.last_mut().unwrap().group = (place < 4).then_some(GroupId(place));
        }
        model.graph.layers.last_mut().unwrap().named = false;
        model.output("encoder", y);
        let (names, errors) = assigned(model.graph);
        // The output's name is that of its layer, and a given name is unique.
        assert_eq!(names, ["dense/inner", "encoder_1/inner", "dense_1/inner", "x_1/inner", "encoder"]);
        assert_eq!(
            errors,
            ["7: error: the layer name `x` is taken by an input\n  \
              = help: give this layer another name, such as `name = \"x_1\"`"]
        );
    }
}
