//! What a model of mimo needs to run: layers, losses, metrics, optimizers, training and files.
//! Usable and testable without the macro; the macro writes only descriptions of what is here.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

pub mod batch;
pub mod callback;
pub mod callbacks;
pub mod check;
pub mod chunk;
mod columns;
pub mod confusion;
pub mod data;
pub mod engine;
pub mod error;
pub mod file;
pub mod float;
pub mod fold;
#[doc(hidden)]
pub mod generated;
pub mod history;
pub mod init;
#[doc(hidden)]
pub mod kernels;
pub mod layers;
mod logs;
pub mod loss;
pub mod metric;
pub mod model;
pub mod nested;
pub mod own;
#[cfg(feature = "plot")]
pub mod plot;
pub mod predictor;
pub mod program;
pub mod progress;
mod random;
#[cfg(feature = "report")]
pub mod report;
pub mod rules;
pub mod run;
pub mod sample;
pub mod schedule;
pub mod stage;
pub mod tensor;
#[cfg(test)]
mod testing;
pub mod traced;
pub mod trainer;
pub mod warning;
mod watch;
pub mod weighting;
pub mod weights;

pub use dfdx;
pub use mimo_graph as graph;

/// What can fail at run time.
pub type Result<T, E = error::Error> = std::result::Result<T, E>;
