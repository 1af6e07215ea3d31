//! Models come in and go out: a Keras file becomes readable source for `model!` and a file of weights, and a file of weights, which
//! carries its model's graph, becomes a Keras or an ONNX file.
//!
//! The program `mimo` is this library with arguments. Files are not trusted: nothing of them is executed, extracted or followed,
//! classes are those of a closed list, and what a file declares is compared with what it holds before memory is allocated.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

pub mod cli;
pub mod description;
pub mod error;
pub mod hdf5;
pub mod keras;
pub mod onnx;
pub mod source;
pub mod weights;
pub mod zip;

pub use description::Description;
pub use error::Error;
pub use weights::{Array, Values, Weights};
