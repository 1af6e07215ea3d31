//! Several optimizers: a map by names of layers, nested models and outputs, `{ encoder: SGD(1e-3), rest: Adam() }`.

use std::collections::BTreeMap;

use crate::args::list;
use crate::code::Code;
use crate::compile::patterns::{self, prefix};
use crate::context::Cx;
use crate::diag::{Diag, Loc, nearest};
use crate::graph::{Graph, KeyedOptimizer, LayerId};
use crate::loss::Loss;
use crate::names::maker;
use crate::value::Value;

/// The key of everything that no other key selects.
const REST: &str = "rest";

/// Longer lists of names are not shown.
const FEW: usize = 5;

/// Reads a map of optimizers and checks that each trained weight has exactly one. `losses` are those of the outputs.
/// `None` after an error.
pub(in crate::compile) fn read(
    entries: &[(String, Loc, Value)],
    map: Loc,
    graph: &Graph,
    losses: &[Option<Option<Loss>>],
    cx: &mut Cx<'_>,
) -> Option<Vec<KeyedOptimizer>> {
    entries.iter().for_each(|(_, _, value)| super::excluded::check(value, graph, cx));
    let optimizers: Vec<_> = entries.iter().map(|(_, _, value)| super::read(value, cx)).collect();
    // With an unknown loss, the trained layers are unknown.
    let losses: Vec<Option<Loss>> = losses.iter().copied().collect::<Option<_>>()?;
    let layers = Layers::new(graph, &losses);
    let mut owners: BTreeMap<LayerId, usize> = BTreeMap::new();
    // An unknown key may select any layer.
    let mut guessing = false;
    let mut rest: Option<usize> = None;
    // A whole name takes precedence over a pattern, in any order.
    let is_pattern = |index: &usize| prefix(&entries[*index].0).is_some();
    let (patterns, names): (Vec<usize>, Vec<usize>) = (0..entries.len()).partition(is_pattern);
    for index in names.into_iter().chain(patterns) {
        let (key, loc, _) = &entries[index];
        if key.is_empty() {
            guessing = true;
        } else if key == REST {
            match rest {
                Some(_) => twice(key, *loc, cx),
                None => rest = Some(index),
            }
        } else if entries[..index].iter().any(|(other, _, _)| other == key) {
            twice(key, *loc, cx);
        } else {
            match layers.meant_by(key) {
                None => {
                    cx.error(unknown(key, *loc, &layers));
                    guessing = true;
                }
                Some(meant) if meant.trained.is_empty() => cx.error(untrained(key, *loc, &meant)),
                Some(meant) => {
                    let mut own = meant.trained;
                    if is_pattern(&index) {
                        own.retain(|layer| owners.get(layer).is_none_or(is_pattern));
                    }
                    match own.is_empty() {
                        true => cx.error(nothing_left(key, *loc)),
                        false => claim(index, entries, &own, &layers, &mut owners, cx),
                    }
                }
            }
        }
    }
    let left: Vec<LayerId> = layers.trained().filter(|layer| !owners.contains_key(layer)).collect();
    match rest {
        _ if guessing => {}
        None if !left.is_empty() => cx.error(
            Diag::error(
                Code::LayerWithoutOptimizer,
                map,
                format!("no optimizer trains {}", layers.list(&left)),
            )
            .help("add `rest: adam`, or another optimizer for everything that no other key means"),
        ),
        Some(index) if left.is_empty() => cx.error(
            Diag::error(
                Code::OptimizerWithoutWeights,
                entries[index].1,
                "nothing is left for `rest`: the other keys mean every layer that is trained",
            )
            .help("remove it"),
        ),
        _ => {}
    }
    let keyed = entries.iter().zip(optimizers).enumerate().map(|(index, ((key, _, _), optimizer))| {
        let own = owners.iter().filter(|(_, owner)| **owner == index);
        let layers = own.map(|(layer, _)| *layer).collect();
        Some(KeyedOptimizer { key: Some(key.clone()), optimizer: optimizer?, layers })
    });
    keyed.collect()
}

/// Assigns layers to a key, and reports those that another key has.
fn claim(
    index: usize,
    entries: &[(String, Loc, Value)],
    meant: &[LayerId],
    layers: &Layers<'_>,
    owners: &mut BTreeMap<LayerId, usize>,
    cx: &mut Cx<'_>,
) {
    let taken: Vec<LayerId> = meant.iter().copied().filter(|layer| owners.contains_key(layer)).collect();
    let (key, loc, _) = &entries[index];
    if let Some(other) = taken.first().and_then(|layer| owners.get(layer)) {
        let other = &entries[*other].0;
        let message = format!("`{key}` and `{other}` both mean {}", layers.list(&taken));
        cx.error(
            Diag::error(Code::TwoOptimizers, *loc, message)
                .help("remove one of the two keys: each weight is trained by one optimizer")
                .note("an output's key means every layer that leads to this output only"),
        );
    }
    for layer in meant {
        owners.entry(*layer).or_insert(index);
    }
}

/// Error for a pattern that only matches layers of other keys.
fn nothing_left(key: &str, loc: Loc) -> Diag {
    let message = format!("nothing is left for `{key}`: the other keys mean every layer that it matches");
    Diag::error(Code::OptimizerWithoutWeights, loc, message).help("remove it")
}

fn twice(key: &str, loc: Loc, cx: &mut Cx<'_>) {
    let message = format!("`{key}` stands twice in `optimizer`");
    cx.error(Diag::error(Code::TwoOptimizers, loc, message).help("remove one"));
}

/// Error for an unknown key.
fn unknown(key: &str, loc: Loc, layers: &Layers<'_>) -> Diag {
    let message = match prefix(key) {
        Some(_) => format!("the model has no layer, nested model or output that `{key}` matches"),
        None => format!("the model has no layer, nested model or output `{key}`"),
    };
    let diag = Diag::error(Code::UnknownOptimizerKey, loc, message);
    let graph = layers.graph;
    let mut bound =
        graph.tensors.iter().zip(0..).filter(|(tensor, _)| tensor.bindings.iter().any(|it| it == key));
    // The first tensor of the name, since it is the layer's output and not that of an activation after it.
    let giver = bound.find_map(|(_, tensor)| maker(graph, crate::graph::TensorId(tensor)));
    if let Some(giver) = giver {
        let name = layers.whole_name(giver);
        return diag.help(format!("`{key}` is bound to a tensor: the layer that outputs it is `{name}`"));
    }
    // The name of a direction of a `Bidirectional`, or of a layer of a nested model, follows that of the whole.
    let part = graph.layers.iter().find(|layer| layer.name.rsplit('/').next() == Some(key));
    if let Some(part) = part {
        return diag.help(format!("write its whole name: `\"{}\"`", part.name));
    }
    let trained: Vec<LayerId> = layers.trained().collect();
    let names = trained.iter().map(|layer| layers.whole_name(*layer));
    let groups = graph.groups.iter().map(|group| group.name.as_str());
    let outputs = graph.outputs.iter().map(|output| output.name.as_str());
    let names: Vec<&str> = names.chain(groups).chain(outputs).chain([REST]).collect();
    if let (Some(_), Some(near)) = (prefix(key), patterns::near(key, graph)) {
        return diag.help(format!("did you mean `{near}`?"));
    }
    match nearest(key, names.iter().copied()) {
        Some(near) => diag.help(near),
        None => diag
            .help(format!("the layers that are trained are {}", layers.listed(&trained)))
            .help("`rest` is everything that no other key means"),
    }
}

/// Error for a key that selects nothing that is trained.
fn untrained(key: &str, loc: Loc, meant: &Meant) -> Diag {
    let message = format!("`{key}` has no weights that are trained");
    let diag = Diag::error(Code::OptimizerWithoutWeights, loc, message);
    match meant.untrained {
        Untrained::Shared => diag
            .help("name a layer instead")
            .note(format!("an output's key means the layers that lead to this output only: those of `{key}` lead to others too")),
        Untrained::Frozen => diag.help("remove `trainable = false` from its layers, or remove the key"),
        Untrained::WithoutLoss => {
            diag.help("remove it").note("a layer is trained if it leads to an output with a loss")
        }
        Untrained::WithoutWeights => diag.help("remove it"),
    }
}

/// The layers that a key selects.
struct Meant {
    trained: Vec<LayerId>,
    /// The reason if none is trained.
    untrained: Untrained,
}

#[derive(Clone, Copy)]
enum Untrained {
    Shared,
    Frozen,
    WithoutLoss,
    WithoutWeights,
}

/// A graph, and the outputs that can be reached from each of its layers.
struct Layers<'g> {
    graph: &'g Graph,
    /// By layer: its reachable outputs, ascending.
    reached: Vec<Vec<usize>>,
    /// By output: whether it is trained.
    trains: Vec<bool>,
}

impl<'g> Layers<'g> {
    fn new(graph: &'g Graph, losses: &[Option<Loss>]) -> Self {
        let custom = losses.iter().any(|loss| matches!(loss, Some(Loss::Custom { .. })));
        // Models have few outputs, so sorted lists are fast enough.
        let mut tensors: Vec<Vec<usize>> = vec![vec![]; graph.tensors.len()];
        let mut reached: Vec<Vec<usize>> = vec![vec![]; graph.layers.len()];
        for (index, output) in graph.outputs.iter().enumerate() {
            tensors[output.tensor.index()].push(index);
        }
        for node in graph.nodes.iter().rev() {
            let outputs: Vec<usize> =
                node.outputs.iter().flat_map(|output| tensors[output.index()].clone()).collect();
            for input in &node.inputs {
                insert_all(&mut tensors[input.index()], &outputs);
            }
            insert_all(&mut reached[node.layer.index()], &outputs);
        }
        let trains = losses.iter().map(|loss| custom || loss.is_some()).collect();
        Layers { graph, reached, trains }
    }

    /// The layers with weights that training changes.
    fn trained(&self) -> impl Iterator<Item = LayerId> {
        (0..self.graph.layers.len() as u32).map(LayerId).filter(|layer| self.is_trained(*layer))
    }

    fn is_trained(&self, layer: LayerId) -> bool {
        self.is_trainable(layer) && self.leads_to_a_loss(layer)
    }

    fn is_trainable(&self, layer: LayerId) -> bool {
        let layer = self.graph.layer(layer);
        layer.trainable && layer.weights.iter().any(|weight| weight.options.trainable)
    }

    fn leads_to_a_loss(&self, layer: LayerId) -> bool {
        self.reached[layer.index()].iter().any(|output| self.trains.get(*output) == Some(&true))
    }

    /// The layers that only lead to an output, or those of a layer or a nested model; `None` for an unknown name.
    fn meant_by(&self, key: &str) -> Option<Meant> {
        let output = self.graph.outputs.iter().position(|output| output.name == key);
        let all = (0..self.graph.layers.len() as u32).map(LayerId);
        let name = |layer: &LayerId| &self.graph.layer(*layer).name;
        let meant: Vec<LayerId> = match (prefix(key), output) {
            // Each matching output separately, and the layers of such names.
            (Some(start), _) => {
                let outputs = patterns::matched(start, self.graph);
                let leads = |layer: &LayerId| matches!(self.reached[layer.index()][..], [only] if outputs.contains(&only));
                all.filter(|layer| leads(layer) || name(layer).starts_with(start)).collect()
            }
            (None, Some(output)) => all.filter(|layer| self.reached[layer.index()] == [output]).collect(),
            (None, None) => all.filter(|layer| is_within(name(layer), key)).collect(),
        };
        if meant.is_empty() && output.is_none() {
            return None;
        }
        let has = |test: &dyn Fn(&LayerId) -> bool| meant.iter().any(test);
        let untrained = if !has(&|layer| !self.graph.layer(*layer).weights.is_empty()) {
            if output.is_some() { Untrained::Shared } else { Untrained::WithoutWeights }
        } else if has(&|layer| self.is_trainable(*layer)) {
            Untrained::WithoutLoss
        } else {
            Untrained::Frozen
        };
        let trained = meant.into_iter().filter(|layer| self.is_trained(*layer)).collect();
        Some(Meant { trained, untrained })
    }

    /// The name of a layer, or of the layer that it is a part of.
    fn whole_name(&self, layer: LayerId) -> &'g str {
        let whole = self.graph.layer(layer).whole.unwrap_or(layer);
        &self.graph.layer(whole).name
    }

    /// ``the layer `a` ``, ``the layers `a`, `b` ``
    fn list(&self, layers: &[LayerId]) -> String {
        let mut names: Vec<&str> = layers.iter().map(|layer| self.whole_name(*layer)).collect();
        names.dedup();
        let s = if names.len() == 1 { "" } else { "s" };
        format!("the layer{s} {}", self.listed(layers))
    }

    /// The names, or the first few of them.
    fn listed(&self, layers: &[LayerId]) -> String {
        let mut names: Vec<&str> = layers.iter().map(|layer| self.whole_name(*layer)).collect();
        names.dedup();
        match names.len() {
            0..=FEW => list(names),
            count => format!("{} and {} more", list(names.into_iter().take(3)), count - 3),
        }
    }
}

/// Whether a layer has this name or is part of it: `encoder/conv2d` of `encoder`.
fn is_within(name: &str, key: &str) -> bool {
    name.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn insert_all(set: &mut Vec<usize>, values: &[usize]) {
    for value in values {
        if let Err(at) = set.binary_search(value) {
            set.insert(at, *value);
        }
    }
}
