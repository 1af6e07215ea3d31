//! ONNX files of models: an inference graph that ONNX Runtime, tract, rten and others run. Of the operators that are written, tract 0.23
//! refuses some forms of `Einsum` and sequences that are read backward.
//!
//! Inputs and outputs have the names that the model gives them, and a free first axis `batch`. Floats are of 32 bits, integers of
//! 64. The graph computes what a `Predictor` does: dropout and noise are left out, batch normalization uses its moving statistics, masks
//! are tensors of the graph. A `stateful` layer has an input and an output for each of its states, `lstm/h` and `lstm/next_h`: zeros
//! for a new sequence, and then what the run before has output.
//!
//! Metadata: `mimo.model` has the name of the model, `mimo.inputs` and `mimo.outputs` shapes and types, one per line.

pub mod decode;
pub mod encode;
pub mod import;
pub mod model;

mod builder;
mod context;
mod export;
mod layers;
#[cfg(test)]
mod tests;

pub use decode::{decode, decode_beside};
pub use encode::encode;
pub use export::{export, to_model};
