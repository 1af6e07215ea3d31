//! Weights of Keras for a model that exists, such as those of keras.applications: layers are found by their names.

use std::collections::BTreeMap;

use crate::description::Description;
use crate::error::Error;
use crate::keras::KerasFile;
use crate::keras::container::{Format, Variables};
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
    let file = &apart(file, &layers);
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

/// A legacy file whose nested models are taken apart where the described model has their layers itself: names of their variables are
/// `stem/stem_conv/kernel`.
fn apart(file: &KerasFile, wanted: &[Layer]) -> KerasFile {
    let mut file = file.clone();
    if !matches!(file.format, Format::LegacyModel | Format::LegacyWeights) {
        return file;
    }
    let mut all: Vec<Variables> = vec![];
    for whole in std::mem::take(&mut file.weights) {
        if whole.variables.is_empty() || wanted.iter().any(|layer| layer.name == whole.path) {
            all.push(whole);
            continue;
        }
        let mut parts: Vec<Variables> = vec![];
        for variable in whole.variables {
            let layer = variable.name.rsplit('/').nth(1).unwrap_or(&whole.path).to_owned();
            match parts.iter_mut().find(|part| part.path == layer) {
                Some(part) => part.variables.push(variable),
                None => parts.push(Variables { path: layer, name: None, variables: vec![variable] }),
            }
        }
        all.extend(parts);
    }
    file.weights = all;
    file
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::hdf5::Data;
    use crate::keras::container::Variable;
    use crate::weights::{Array, Values};

    /// A model with the layers `stem_conv`, `stem_norm` and `top`, which have two weights each.
    fn model() -> (Description, Weights) {
        let names = ["stem_conv", "stem_norm", "top"];
        let layers: Vec<_> = names
            .iter()
            .map(|name| {
                let weights = [format!("{name}/kernel"), format!("{name}/bias")];
                json!({ "name": name, "class": "Dense", "arguments": {}, "parts": [], "weights": weights })
            })
            .collect();
        let graph = json!({
            "layers": layers, "calls": [], "models": [], "outputs": [],
            "tensors": [{ "binding": "x", "shape": [2], "dtype": "float" }],
            "inputs": [{ "name": "x", "tensor": 0 }],
        });
        let metadata = BTreeMap::from([("graph".to_owned(), graph.to_string())]);
        let zeros = |shape: &[usize]| Array {
            shape: shape.to_vec(),
            values: Values::F32(vec![0.0; shape.iter().product()]),
        };
        let weights = names.iter().flat_map(|name| {
            [(format!("{name}/kernel"), zeros(&[2, 2])), (format!("{name}/bias"), zeros(&[2]))]
        });
        (Description::of_metadata(&metadata).unwrap(), weights.collect())
    }

    fn variables(path: &str, layers: &[&str]) -> Variables {
        let variables = layers.iter().zip(0_u8..).flat_map(|(layer, at)| {
            let first = f32::from(at);
            [
                Variable {
                    name: format!("{layer}/kernel"),
                    shape: vec![2, 2],
                    data: Data::F32(vec![first + 0.5; 4]),
                },
                Variable {
                    name: format!("{layer}/bias"),
                    shape: vec![2],
                    data: Data::F32(vec![first + 0.25; 2]),
                },
            ]
        });
        Variables { path: path.into(), name: None, variables: variables.collect() }
    }

    fn file(weights: Vec<Variables>) -> KerasFile {
        KerasFile {
            format: Format::LegacyModel,
            keras_version: None,
            config: None,
            compile_config: None,
            weights,
            optimizer: vec![],
            assets: BTreeMap::new(),
        }
    }

    #[test]
    fn nested_models_of_legacy_files_are_layers_of_the_model() {
        let (description, known) = model();
        let nested = variables("stem", &["stem/stem_conv", "stem/stem_norm"]);
        let (found, missing) =
            assign(&description, &known, &file(vec![nested.clone(), variables("top", &["top"])])).unwrap();
        assert_eq!(missing, [""; 0]);
        assert_eq!(found["stem_norm/kernel"].values, Values::F32(vec![1.5; 4]));
        assert_eq!(found["top/bias"].values, Values::F32(vec![0.25; 2]));
        // Without a top, which stays as it is.
        let (found, missing) = assign(&description, &known, &file(vec![nested])).unwrap();
        assert_eq!(missing, ["top"]);
        assert_eq!(found["stem_conv/bias"].values, Values::F32(vec![0.25; 2]));
        assert_eq!(found["top/kernel"], known["top/kernel"]);
        // Files of other models.
        let error = assign(&description, &known, &file(vec![variables("other", &["other"])])).unwrap_err();
        assert!(error.to_string().contains("no layer of the file"), "{error}");
    }
}
