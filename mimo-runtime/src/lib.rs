//! What a model of mimo needs to run: kernels, layers, losses, metrics, optimizers, training and files.
//! Usable and testable without the macro; the macro writes only descriptions of what is here.

pub mod batch;
pub mod callback;
pub mod chunk;
mod columns;
pub mod data;
pub mod engine;
pub mod error;
pub mod float;
pub mod history;
#[doc(hidden)]
pub mod kernels;
pub mod init;
pub mod layers;
mod logs;
pub mod loss;
pub mod metric;
pub mod model;
#[cfg(feature = "plot")]
mod plot;
pub mod predictor;
pub mod program;
pub mod progress;
mod random;
pub mod run;
#[cfg(test)]
mod testing;
pub mod trainer;
pub mod weights;
