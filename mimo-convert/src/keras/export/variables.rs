//! Variables of layers as Keras stores them: by the objects inside of a layer that hold them.

use std::collections::{BTreeMap, BTreeSet};

use mimo_graph::names::snake_case;
use mimo_graph::spec::graph::built::{GraphLayer, ItemSpec};

use super::network::{Content, Network};
use crate::error::Error;
use crate::hdf5::{Attribute, Data, Dataset, Group};
use crate::keras::weights::own_class;
use crate::weights::{Array, Values, Weights};

/// An object inside of a layer.
#[derive(Clone, Debug)]
pub(super) struct Object {
    /// The attributes that lead to it: `cell`, `layer/query_dense`; empty for the layer itself.
    pub(super) path: String,
    /// Its variables, in the order in which Keras makes them.
    pub(super) variables: Vec<Variable>,
}

/// A variable of an object.
#[derive(Clone, Debug)]
pub(super) enum Variable {
    /// A weight by its name in mimo.
    Weight { name: String, trainable: bool },
    /// The same once more: the kernel that a `SpectralNormalization` holds beside the layer inside.
    Again(String),
    /// The number of samples that `Normalization` has seen: mimo does not count them.
    Count,
}

/// Weights that training does not change.
const STATISTICS: &[&str] = &["moving_mean", "moving_variance", "vector_u", "mean", "variance"];

/// The objects of a layer, whose weights are in mimo's order.
pub(super) fn objects(layer: &GraphLayer) -> Result<Vec<Object>, Error> {
    let mut objects: Vec<Object> = vec![];
    of_item(&layer.item, &layer.weights, layer.trainable, "", &mut objects)?;
    Ok(objects)
}

/// The attributes of a layer of cells that hold its weights.
pub(super) fn of_item(
    item: &ItemSpec,
    weights: &[String],
    trainable: bool,
    path: &str,
    objects: &mut Vec<Object>,
) -> Result<(), Error> {
    let at = |attribute: &str| match (path, attribute) {
        ("", attribute) => attribute.to_owned(),
        (path, "") => path.to_owned(),
        (path, attribute) => format!("{path}/{attribute}"),
    };
    let inner = |key: &str| item.argument(key).and_then(|setting| setting.item());
    let variable = |name: &String| {
        let last = name.rsplit('/').next().unwrap_or_default();
        Variable::Weight { name: name.clone(), trainable: trainable && !STATISTICS.contains(&last) }
    };
    let all = |names: &[String]| names.iter().map(variable).collect::<Vec<_>>();
    match item.class {
        "LSTM" | "GRU" | "SimpleRNN" => objects.push(Object { path: at("cell"), variables: all(weights) }),
        "TimeDistributed" => match inner("layer") {
            Some(layer) => of_item(layer, weights, trainable, &at("layer"), objects)?,
            None => return Err(Error::new("`TimeDistributed` has no layer")),
        },
        "SpectralNormalization" => {
            let (Some(layer), Some((vector, others))) = (inner("layer"), weights.split_last()) else {
                return Err(Error::new("`SpectralNormalization` has no layer, or no weights"));
            };
            of_item(layer, others, trainable, &at("layer"), objects)?;
            let kernel = others.first().map(|name| Variable::Again(name.clone()));
            objects.push(Object {
                path: at(""),
                variables: kernel.into_iter().chain([variable(vector)]).collect(),
            });
        }
        "MultiHeadAttention" | "GroupQueryAttention" => {
            let grouped = item.class == "GroupQueryAttention";
            for weight in weights {
                let projection = weight.rsplit('/').nth(1).unwrap_or_default();
                let projection = if projection == "attention_output" { "output" } else { projection };
                let attribute = match grouped {
                    true => format!("_{projection}_dense"),
                    // Its gate is private.
                    false if projection == "gate" => "_gate_dense".to_owned(),
                    false => format!("{projection}_dense"),
                };
                let path = at(&attribute);
                match objects.iter_mut().find(|object| object.path == path) {
                    Some(object) => object.variables.push(variable(weight)),
                    None => objects.push(Object { path, variables: vec![variable(weight)] }),
                }
            }
        }
        "Normalization" if !weights.is_empty() => {
            let mut variables = all(weights);
            variables.push(Variable::Count);
            objects.push(Object { path: at(""), variables });
        }
        _ => objects.push(Object { path: at(""), variables: all(weights) }),
    }
    Ok(())
}

/// The names of the weights that an optimizer trains, in the order of `Model.trainable_variables`.
pub(super) fn trained(network: &Network) -> Vec<String> {
    let (mut names, mut seen) = (vec![], BTreeSet::new());
    collect(network, &mut seen, &mut names);
    names
}

fn collect(network: &Network, seen: &mut BTreeSet<usize>, names: &mut Vec<String>) {
    for layer in network.layers() {
        match &layer.content {
            Content::Operation => {}
            Content::Variables(objects) => {
                for variable in objects.iter().flat_map(|object| &object.variables) {
                    if let Variable::Weight { name, trainable: true } = variable {
                        names.push(name.clone());
                    }
                }
            }
            Content::Model(id, model) | Content::Steps(id, _, model) => {
                if seen.insert(*id) {
                    collect(model, seen, names);
                }
            }
        }
    }
}

/// Writes the variables of a model's layers.
pub(super) fn write(network: &Network, weights: &Weights, root: &mut Group) -> Result<(), Error> {
    let vars = root.make_group("vars")?;
    vars.attributes.insert("name".into(), Attribute::text(&network.name));
    write_layers(network, weights, "", &mut BTreeSet::new(), root)
}

fn write_layers(
    network: &Network,
    weights: &Weights,
    before: &str,
    seen: &mut BTreeSet<usize>,
    root: &mut Group,
) -> Result<(), Error> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for layer in network.layers() {
        let class = snake_case(own_class(&layer.class));
        let count = counts.entry(class.clone()).or_default();
        let place = match *count {
            0 => format!("{before}layers/{class}"),
            n => format!("{before}layers/{class}_{n}"),
        };
        *count += 1;
        let own = root.make_group(&format!("{place}/vars"))?;
        own.attributes.insert("name".into(), Attribute::text(&layer.name));
        match &layer.content {
            Content::Operation => {}
            Content::Variables(objects) => {
                let within = |error: Error| error.within(format!("layer `{}`", layer.name));
                objects.iter().try_for_each(|it| write_object(it, weights, &place, root)).map_err(within)?;
            }
            // Keras stores an object once, where it meets it first.
            Content::Model(id, model) if seen.insert(*id) => {
                write_layers(model, weights, &format!("{place}/"), seen, root)?;
            }
            Content::Steps(id, count, model) if seen.insert(*id) => {
                let inner = "/layer".repeat(*count);
                write_layers(model, weights, &format!("{place}{inner}/"), seen, root)?;
            }
            Content::Model(..) | Content::Steps(..) => {}
        }
    }
    Ok(())
}

fn write_object(object: &Object, weights: &Weights, place: &str, root: &mut Group) -> Result<(), Error> {
    let path = match object.path.as_str() {
        "" => format!("{place}/vars"),
        path => format!("{place}/{path}/vars"),
    };
    root.make_group(&path)?;
    for (variable, at) in object.variables.iter().zip(0..) {
        let dataset = match variable {
            Variable::Weight { name, .. } | Variable::Again(name) => dataset(weight(weights, name)?),
            Variable::Count => Dataset::new([], Data::I64(vec![0])),
        };
        root.insert(&format!("{path}/{at}"), dataset)?;
    }
    Ok(())
}

/// A weight of the file.
pub(super) fn weight<'a>(weights: &'a Weights, name: &str) -> Result<&'a Array, Error> {
    let array = weights.get(name).ok_or_else(|| Error::new(format!("the file has no weight `{name}`")))?;
    let count = array.shape.iter().try_fold(1_usize, |product, &len| product.checked_mul(len));
    match count == Some(array.values.len()) {
        true => Ok(array),
        false => Err(Error::new(format!("the weight `{name}` has fewer or more values than its shape says"))),
    }
}

/// An array as a dataset.
pub(super) fn dataset(array: &Array) -> Dataset {
    let data = match &array.values {
        Values::F32(values) => Data::F32(values.clone()),
        Values::F64(values) => Data::F64(values.clone()),
    };
    Dataset::new(array.shape.clone(), data)
}
