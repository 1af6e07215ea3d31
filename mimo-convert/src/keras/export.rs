//! A model of mimo as a `.keras` file: Keras 3 loads it, predicts with it and goes on training.
//!
//! The description in a file of weights names classes, arguments and weights as Keras does, so that most layers are written as they are.
//! What Keras has otherwise is in the files of this module: models in models are found among the calls of the description, directions are
//! parts of a `Bidirectional`, and operations are nodes of `keras.ops`.
//!
//! | in mimo | in the file |
//! |---|---|
//! | inputs and outputs | inputs by their names; outputs as a list if they have the names of their layers, else as a dictionary |
//! | nested models, also in `TimeDistributed` | `Functional` models; layers of the model around it if its calls are not the same each time |
//! | masks | arguments of calls, as Keras writes them |
//! | an activation with settings, `Dense(3, activation = celu(0.5))` | the layer without it, and an operation |
//! | comparisons | `bool`, cast where numbers are read |
//! | a checkpoint | the variables of the optimizer: steps, learning rate, slots, averages, accumulated gradients |
//! | `stateful` | needs [`Options::batch_size`] |
//! | `Weight(…)`, `in_train_phase`, `scale_gradient`, random operations, `sparsemax` | refused by name |
//! | `add_loss`, losses and metrics of one's own, several optimizers, the state of `Adafactor` and `Muon` | left out, and listed in [`Export::missing`] |
//! | layers that no output needs | left out, as Keras does |

use crate::description::Description;
use crate::error::Error;
use crate::hdf5::Group;
use crate::keras::container::write_archive;
use crate::weights::{State, Values, Weights};

mod bidirectional;
mod build;
mod compile;
mod config;
mod nested;
mod network;
mod operations;
mod optimizer;
mod variables;

/// The version of Keras whose files are written.
pub const VERSION: &str = "3.15.1";

/// The time that files have: equal models are equal files.
const SAVED: &str = "2026-12-01@00:00:00";

/// A file, and what it lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// The bytes of a `.keras` file.
    pub bytes: Vec<u8>,
    /// Parts of a training that Keras has no form for, each with its reason. Predictions are the same.
    pub missing: Vec<String>,
}

/// Settings of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The number of samples of a batch, which Keras needs to know for `stateful` layers. Models without them have batches of any size.
    pub batch_size: Option<usize>,
}

/// Writes a model. With the `state` of a checkpoint, Keras goes on where the training was; else it begins anew.
///
/// # Errors
/// The layer that Keras has no form for, or a weight that is missing or has another shape.
pub fn export(
    description: &Description,
    weights: &Weights,
    state: &State,
    options: &Options,
) -> Result<Export, Error> {
    let is_double = weights.values().any(|array| matches!(array.values, Values::F64(_)));
    let float = if is_double { "float64" } else { "float32" };
    let mut missing = vec![];
    let graph = &description.graph;
    let network = build::network(&description.name, graph, float, options.batch_size)?;
    for layer in graph.layers.iter().filter(|layer| layer.item.class == "add_loss") {
        missing.push(format!(
            "layer `{}`: configurations of Keras have no losses of tensors, so `add_loss` is left out",
            layer.name
        ));
    }
    let mut config = network.to_json(false);
    let mut root = Group::default();
    variables::write(&network, weights, &mut root)?;
    let compiled = compile::config(description, &mut missing);
    if description.optimizers.len() == 1 {
        let trained = variables::trained(&network);
        let with_shape = |name: String| -> Result<_, Error> {
            let shape = variables::weight(weights, &name)?.shape.clone();
            Ok((name, shape))
        };
        let trained = trained.into_iter().map(with_shape).collect::<Result<Vec<_>, _>>()?;
        let optimizer = compiled.get("optimizer").unwrap_or(&serde_json::Value::Null);
        missing.extend(optimizer::write(optimizer, &trained, state, float, &mut root)?);
    }
    config["compile_config"] = compiled;
    let bytes = write_archive(&config, VERSION, SAVED, root)?;
    Ok(Export { bytes, missing })
}

#[cfg(test)]
mod tests;
