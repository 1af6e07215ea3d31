//! What a mimo model *is*: shapes, layers, losses, the graph that connects them, the checks that it has to
//! pass, and the plan by which it is executed. No tokens, no tensors, no dependencies: the macro, the runtime
//! and tools share it.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

#[macro_use]
mod declare;
pub mod item;

pub mod activation;
pub mod args;
pub mod build;
pub mod check;
pub mod code;
pub mod compile;
pub mod context;
pub mod describe;
pub mod description;
pub mod diag;
pub mod dim;
pub mod dot;
pub mod graph;
pub mod graph_spec;
pub mod ids;
pub mod initializer;
mod intern;
pub mod lanes;
pub mod language;
pub mod layers;
mod lints;
pub mod loss;
pub mod mermaid;
pub mod metric;
pub mod named;
pub mod names;
pub mod operation;
pub mod optimizer;
pub mod order;
pub mod picture;
pub mod place;
pub mod plan;
pub mod remake;
pub mod schedule;
mod settings;
pub mod shape;
pub mod spec;
pub mod summary;
pub mod target;
mod trail;
pub mod value;

#[cfg(test)]
mod sketch;
#[cfg(test)]
mod testing;
