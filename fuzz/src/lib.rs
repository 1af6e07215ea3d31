//! Tests of `model!`, run outside of the compiler.
#![forbid(unsafe_code)]

mod choices;
#[path = "../../mimo-macros/src/tests/large/sources.rs"]
pub mod large;
pub mod losses;
pub mod models;
mod moves;
pub mod pieces;
pub mod targets;
pub mod terms;

pub use mimo_macros_in_process::model as expand;
