//! What is tried on `model!`, run in a process of its own.
#![forbid(unsafe_code)]

#[path = "../../mimo-macros/src/tests/large/sources.rs"]
pub mod large;

pub use mimo_macros_in_process::model as expand;
