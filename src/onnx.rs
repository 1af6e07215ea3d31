//! ONNX files of models, for ONNX Runtime, tract, rten and others.
//!
//! A file has the inference graph and the weights. Inputs and outputs have the names that the model gives them, and a free first axis `batch`;
//! floats are of 32 bits, integers of 64. It computes what [`Predictor::predict`](crate::Predictor::predict) does. The program `mimo` of the
//! crate `mimo-convert` makes the same file of a file of weights: `mimo export churn.safetensors --onnx churn.onnx`.
//!
//! ```
//! use mimo::prelude::*;
//!
//! model! {
//!     /// Whether a customer leaves.
//!     pub Churn {
//!         let usage = Input(shape = [12, 3]);
//!         let age = Input(shape = [1]);
//!         let features = concatenate([LSTM(8)(usage), age]);
//!         let leaves = Dense(1, activation = sigmoid)(features);
//!         Model(inputs = [usage, age], outputs = [leaves])
//!     }
//! }
//!
//! # fn main() -> mimo::Result<()> {
//! let path = std::env::temp_dir().join(format!("churn-{}.onnx", std::process::id()));
//! mimo::onnx::export(&Churn::new(1), &path)?;
//! # std::fs::remove_file(path).expect("a file");
//! # Ok(())
//! # }
//! ```
//!
//! A layer with [`stateful = true`](crate::language::layers::LSTM) has an input and an output for each of its states, `lstm/h` and `lstm/next_h`: zeros
//! for a new sequence, and then what the run before has output. Random numbers of the graph, as those of `random_normal`, are drawn by the
//! engine. `random_truncated_normal` has no form in ONNX.

use std::path::Path;

use crate::{Error, Model, file};
use mimo_convert::Description;

/// Writes a model as an ONNX file, which is created or replaced as by [`file::save`].
///
/// # Errors
/// [`Export`](Error::Export) names the layer that has no form in ONNX, [`File`](Error::File) if the file cannot be written; the path is then as it was.
pub fn export<M: Model>(model: &M, path: impl AsRef<Path>) -> Result<(), Error> {
    file::write(path, &to_bytes(model)?)
}

/// Returns a model as the bytes of an ONNX file.
///
/// # Errors
/// [`Export`](Error::Export) names the layer that has no form in ONNX.
pub fn to_bytes<M: Model>(model: &M) -> Result<Vec<u8>, Error> {
    let bytes = file::to_bytes(model)?;
    let exported = mimo_convert::weights::read(&bytes).and_then(|(weights, metadata)| {
        drop(bytes);
        let description = Description::of_metadata(&metadata)?;
        mimo_convert::onnx::export(&description, &weights)
    });
    exported.map_err(|error| Error::Export { model: M::SPEC.name, format: "ONNX", reason: error.to_string() })
}
