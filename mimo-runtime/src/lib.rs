//! What a model of mimo needs to run: kernels, layers, losses, metrics, optimizers, training and files.
//! Usable and testable without the macro; the macro writes only descriptions of what is here.

pub mod batch;
pub mod chunk;
pub mod engine;
pub mod error;
pub mod file;
pub mod float;
#[doc(hidden)]
pub mod kernels;
pub mod init;
pub mod layers;
pub mod loss;
pub mod model;
pub mod program;
mod random;
pub mod run;
pub mod weights;
