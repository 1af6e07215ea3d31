//! Weights of Keras for a model that exists, such as those of keras.applications: layers are found by their names.

use std::collections::BTreeMap;

use crate::description::Description;
use crate::error::Error;
use crate::keras::KerasFile;
use crate::keras::container::Format;
use crate::keras::weights::{Layer, Wanted, assign as assign_layers};
use crate::weights::Weights;

/// The weights of a described model: those of a file by the names of layers, and the model's own for layers that the file does
/// not have, such as a new top. The names of these layers are returned, too.
///
/// `known` are the model's weights as they are, which say their shapes.
pub fn assign(
    description: &Description,
    known: &Weights,
    file: &KerasFile,
) -> Result<(Weights, Vec<String>), Error> {
    let layers = layers(description, known)?;
    let names: Vec<&str> = match file.format {
        Format::LegacyModel | Format::LegacyWeights => {
            file.weights.iter().map(|it| it.path.as_str()).collect()
        }
        _ => file.weights.iter().filter_map(|it| it.name.as_deref()).collect(),
    };
    let is_there = |layer: &Layer| names.iter().any(|name| *name == layer.name);
    let (there, missing): (Vec<Layer>, Vec<Layer>) = layers.into_iter().partition(is_there);
    if there.is_empty() {
        return Err(Error::new(format!(
            "no layer of the file has the name of a layer of `{}`: the file has {}",
            description.name,
            names.iter().take(3).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        )));
    }
    let mut weights = known.clone();
    weights.extend(assign_layers(&there, &by_name(file))?);
    Ok((weights, missing.into_iter().map(|layer| layer.name).collect()))
}

/// The layers of a description that have weights; those of a nested model or of a wrapper are one layer.
fn layers(description: &Description, known: &Weights) -> Result<Vec<Layer>, Error> {
    let mut layers: Vec<Layer> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for layer in &description.graph.layers {
        for name in &layer.weights {
            let first = name.split('/').next().unwrap_or(name).to_owned();
            let Some(array) = known.get(name) else {
                return Err(Error::new(format!(
                    "the file that describes the model lacks its weight `{name}`"
                )));
            };
            let at = *places.entry(first.clone()).or_insert_with(|| {
                let class = layer.item.class.to_owned();
                layers.push(Layer {
                    class,
                    name: first,
                    weights: Some(vec![]),
                    layers: None,
                    is_wrapped: false,
                });
                layers.len() - 1
            });
            let is_moving =
                ["moving_mean", "moving_variance", "vector_u"].iter().any(|end| name.ends_with(end));
            let wanted = Wanted {
                name: name.clone(),
                shape: array.shape.clone(),
                trainable: layer.trainable && !is_moving,
            };
            if let Some(weights) = layers.get_mut(at).and_then(|layer| layer.weights.as_mut()) {
                weights.push(wanted);
            }
        }
    }
    Ok(layers)
}

/// A file by path as one by name: the objects inside of a layer are those whose paths begin with its own.
fn by_name(file: &KerasFile) -> KerasFile {
    if matches!(file.format, Format::LegacyModel | Format::LegacyWeights) {
        return file.clone();
    }
    let mut file = file.clone();
    for variables in &mut file.weights {
        if let Some(name) = variables.name.take() {
            variables.path = name;
        }
    }
    file.format = Format::LegacyWeights;
    file
}
