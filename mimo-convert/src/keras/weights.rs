//! Weights of Keras's files under mimo's names.
//!
//! A file by path names an object by its class and by its place among the layers of that class, `layers/dense_1`; objects inside of a
//! layer are attributes, `cell`, `query_dense`. A file by name has one list for each layer of the model, in the order of
//! `Layer.weights`, and for a nested model first the weights that are trained. Weights of a layer are in the order in which Keras
//! makes them, which is mimo's order too.

use std::collections::BTreeMap;

use mimo_graph::graph::{Graph, LayerId};
use mimo_graph::names::{field_like, snake_case};

use crate::error::Error;
use crate::hdf5::Data;
use crate::keras::config;
use crate::keras::container::{Format, KerasFile, Variable, Variables};
use crate::keras::convert::{Conversion, Part};
use crate::source::evaluate::MadeId;
use crate::weights::Weights;

/// A weight that a model has.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Its name in mimo: `encoder/dense/kernel`.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Whether training changes it.
    pub trainable: bool,
}

/// A layer of Keras with its weights.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Keras's class.
    pub class: String,
    /// Keras's name.
    pub name: String,
    /// Its weights; none for a model. A layer that the source does not have has `None`: its weights are passed over.
    pub weights: Option<Vec<Wanted>>,
    /// The layers of a nested model.
    pub layers: Option<Vec<Layer>>,
    /// Whether the nested model is inside of a `TimeDistributed`.
    pub is_wrapped: bool,
}

/// The layers of a converted model. Layers that are not there have no weights, but count.
pub fn layers_of(conversion: &Conversion) -> Vec<Layer> {
    let parts: BTreeMap<&str, &Part> =
        conversion.parts.iter().map(|part| (part.block.name.as_str(), part)).collect();
    match conversion.whole() {
        Some(whole) => layers(whole, &parts, "", conversion.is_complete()),
        None => vec![],
    }
}

fn layers(part: &Part, parts: &BTreeMap<&str, &Part>, before: &str, is_complete: bool) -> Vec<Layer> {
    let graph = &part.evaluated.graph;
    let made: BTreeMap<&str, MadeId> =
        part.evaluated.made.iter().map(|(name, made)| (name.as_str(), *made)).collect();
    let layers = part.model.layers.iter().filter(|layer| !layer.is_operation);
    let layers = layers.map(|layer| {
        let name = field_like(&layer.name);
        let found = made.get(name.as_str()).copied();
        let mut kept = Layer {
            class: class_of(layer),
            name: layer.name.clone(),
            weights: None,
            layers: None,
            is_wrapped: layer.model.is_none(),
        };
        match found {
            // What could not be made because of a layer before it has none, and that was reported.
            Some(MadeId::Layer(id)) => {
                let weights = of_layer(graph, id, before);
                kept.weights = Some(weights).filter(|weights| is_complete || !weights.is_empty());
            }
            Some(MadeId::Group(id)) => {
                let group = graph.groups.get(id.index()).map_or("", |group| group.name.as_str());
                let nested = part.nested.get(&layer.name).and_then(|class| parts.get(class.as_str()));
                kept.layers = nested
                    .map(|nested| self::layers(nested, parts, &format!("{before}{group}/"), is_complete));
            }
            None => {}
        }
        kept
    });
    layers.collect()
}

/// The class by which files name a layer.
fn class_of(layer: &config::Layer) -> String {
    match &layer.model {
        Some(_) if layer.class == "Model" => "Functional".into(),
        None => own_class(&layer.class).into(),
        _ => layer.class.rsplit('>').next().unwrap_or_default().into(),
    }
}

/// The name of a class within Keras, by which files have it: one is exported by another name.
pub(super) fn own_class(class: &str) -> &str {
    match class.rsplit('>').next().unwrap_or_default() {
        "GroupQueryAttention" => "GroupedQueryAttention",
        class => class,
    }
}

/// The weights of a layer, in the order in which Keras makes them.
pub(crate) fn of_layer(graph: &Graph, id: LayerId, before: &str) -> Vec<Wanted> {
    let layer = graph.layer(id);
    let whole = std::iter::once(layer).chain(layer.parts.iter().map(|&part| graph.layer(part)));
    let weights = whole.flat_map(|layer| layer.weights.iter().map(move |weight| (layer, weight)));
    let weights = weights.map(|(layer, weight)| Wanted {
        name: format!("{before}{}", layer.weight_path(weight)),
        shape: weight.shape.0.iter().map(|dim| dim.known().unwrap_or(0)).collect(),
        trainable: weight.options.trainable && layer.trainable,
    });
    weights.collect()
}

/// The weights of a file by mimo's names; every weight of the layers is there, with its shape.
pub fn assign(layers: &[Layer], file: &KerasFile) -> Result<Weights, Error> {
    let mut pairs = Vec::new();
    match file.format {
        Format::Archive | Format::Weights => by_path(layers, &file.weights, "", &mut pairs)?,
        Format::LegacyModel | Format::LegacyWeights => by_name(layers, &file.weights, &mut pairs)?,
        Format::Config => return Err(Error::new("the file has a configuration only, and no weights")),
    }
    let mut weights = Weights::new();
    for (wanted, variable) in pairs {
        let array = variable.clone().into_array()?;
        weights.insert(wanted.name.clone(), array);
    }
    Ok(weights)
}

/// A weight of mimo, and the variable that it is.
type Pair<'a> = (&'a Wanted, &'a Variable);

fn by_path<'a>(
    layers: &'a [Layer],
    all: &'a [Variables],
    path: &str,
    pairs: &mut Vec<Pair<'a>>,
) -> Result<(), Error> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for layer in layers {
        let class = snake_case(&layer.class);
        let count = counts.entry(class.clone()).or_default();
        let place = match *count {
            0 => format!("{path}layers/{class}"),
            n => format!("{path}layers/{class}_{n}"),
        };
        *count += 1;
        match (&layer.layers, layer.is_wrapped) {
            (Some(inner), true) => by_path(inner, all, &format!("{place}/layer/"), pairs)?,
            (Some(inner), false) => by_path(inner, all, &format!("{place}/"), pairs)?,
            (None, _) => of_object(layer, all, &place, pairs)?,
        }
    }
    Ok(())
}

/// Attributes of layers that have variables, in the order in which Keras makes them; the layer's own variables stand before
/// `backward_layer`, and those of the layer inside of a `SpectralNormalization` before its own.
const ATTRIBUTES: &[&str] = &[
    "layer",
    "cell",
    "forward_layer",
    "query_dense",
    "key_dense",
    "gate_dense",
    "value_dense",
    "output_dense",
    "",
    "backward_layer",
];

fn of_object<'a>(
    layer: &'a Layer,
    all: &'a [Variables],
    place: &str,
    pairs: &mut Vec<Pair<'a>>,
) -> Result<(), Error> {
    let Some(wanted) = &layer.weights else { return Ok(()) };
    let mut found: Vec<(Vec<usize>, &Variables)> = Vec::new();
    for variables in all {
        let Some(rest) = variables.path.strip_prefix(place) else { continue };
        if !rest.is_empty() && !rest.starts_with('/') {
            continue;
        }
        let attributes: Vec<&str> = rest.split('/').skip(1).collect();
        if attributes
            .iter()
            .any(|attribute| attribute.contains("seed_generator") || attribute.contains("random_generator"))
        {
            continue;
        }
        let rank = |attribute: &str| {
            let known = ATTRIBUTES.iter().position(|known| *known == attribute.trim_start_matches('_'));
            known.unwrap_or(ATTRIBUTES.len())
        };
        let mut place: Vec<usize> = attributes.into_iter().map(rank).collect();
        place.push(rank(""));
        found.push((place, variables));
    }
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    let named = found.iter().find(|(place, _)| place.len() == 1).and_then(|(_, it)| it.name.as_deref());
    if let Some(name) = named.filter(|name| *name != layer.name && !layer.name.is_empty()) {
        return Err(Error::new(format!(
            "the variables at `{place}` are those of the layer `{name}`, and the configuration has `{}` there: the weights are of another model",
            layer.name
        )));
    }
    let mut variables: Vec<&Variable> = found.iter().flat_map(|(_, it)| numbers(it)).collect();
    if layer.class == "SpectralNormalization" {
        // Before its vector it has the kernel of the layer inside once more.
        let again = wanted.len().saturating_sub(1)..variables.len().saturating_sub(1);
        variables.drain(again.start.min(again.end)..again.end);
    }
    pair(&wanted.iter().collect::<Vec<_>>(), &variables, pairs)
        .map_err(|error| error.within(place.to_owned()).within(format!("layer `{}`", layer.name)))
}

/// The variables that are numbers to compute with: states of random generators and counts are not.
fn numbers(variables: &Variables) -> impl Iterator<Item = &Variable> {
    variables.variables.iter().filter(|variable| {
        let name = variable.name.rsplit('/').next().unwrap_or_default();
        let is_float = matches!(variable.data, Data::F16(_) | Data::F32(_) | Data::F64(_));
        is_float && !name.starts_with("seed_generator") && !name.starts_with("count")
    })
}

fn by_name<'a>(layers: &'a [Layer], all: &'a [Variables], pairs: &mut Vec<Pair<'a>>) -> Result<(), Error> {
    for layer in layers.iter().filter(|layer| layer.weights.is_some() || layer.layers.is_some()) {
        let (mut trained, mut others) = (Vec::new(), Vec::new());
        flat(layer, &mut trained, &mut others);
        let wanted: Vec<&Wanted> = trained.into_iter().chain(others).collect();
        let found = all.iter().find(|variables| variables.path == layer.name);
        let Some(found) = found else {
            if wanted.is_empty() {
                continue;
            }
            let near = mimo_graph::diag::did_you_mean(&layer.name, all.iter().map(|it| it.path.as_str()));
            let near = near.map(|near| format!("; it has `{near}`")).unwrap_or_default();
            return Err(Error::new(format!("the file has no layer `{}`{near}", layer.name)));
        };
        let variables: Vec<&Variable> = numbers(found).collect();
        pair(&wanted, &variables, pairs).map_err(|error| error.within(format!("layer `{}`", layer.name)))?;
    }
    Ok(())
}

/// The numbers of values of weights, by mimo's names.
pub fn counts(layers: &[Layer]) -> BTreeMap<String, usize> {
    let (mut trained, mut others) = (Vec::new(), Vec::new());
    layers.iter().for_each(|layer| flat(layer, &mut trained, &mut others));
    let all = trained.into_iter().chain(others);
    all.map(|weight| (weight.name.clone(), weight.shape.iter().product())).collect()
}

/// The weights that an optimizer trains, in the order of Keras's `Model.trainable_variables`.
pub(super) fn trained(layers: &[Layer]) -> Vec<&Wanted> {
    let (mut trained, mut others) = (Vec::new(), Vec::new());
    layers.iter().for_each(|layer| flat(layer, &mut trained, &mut others));
    trained
}

/// The weights of a layer; those of a nested model as Keras lists them, first those that are trained.
fn flat<'a>(layer: &'a Layer, trained: &mut Vec<&'a Wanted>, others: &mut Vec<&'a Wanted>) {
    match &layer.layers {
        Some(inner) => inner.iter().for_each(|layer| flat(layer, trained, others)),
        None => {
            for weight in layer.weights.iter().flatten() {
                match weight.trainable {
                    true => trained.push(weight),
                    false => others.push(weight),
                }
            }
        }
    }
}

/// Pairs weights with variables, in order; shapes and numbers of values are compared.
fn pair<'a>(wanted: &[&'a Wanted], found: &[&'a Variable], pairs: &mut Vec<Pair<'a>>) -> Result<(), Error> {
    if wanted.len() != found.len() {
        let names: Vec<&str> = found.iter().map(|variable| variable.name.as_str()).collect();
        return Err(Error::new(format!(
            "the layer has {} weights, and the file has {}: {}",
            wanted.len(),
            found.len(),
            names.join(", ")
        )));
    }
    for (wanted, found) in wanted.iter().zip(found) {
        if wanted.shape != found.shape {
            return Err(Error::new(format!(
                "`{}` has the shape {:?}, and `{}` in the file has {:?}",
                wanted.name, wanted.shape, found.name, found.shape
            )));
        }
        pairs.push((wanted, found));
    }
    Ok(())
}
