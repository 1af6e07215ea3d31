//! Keras's models: what files say of them, and the source for `model!` that means the same.
//!
//! Nothing of a file is executed. Classes are those of the language, found by their names; the modules that a file names are not
//! looked at.

pub mod applications;
pub mod calls;
pub mod checkpoint;
pub mod compile;
pub mod config;
pub mod container;
pub mod convert;
pub mod export;
pub mod for_description;
pub mod layers;
pub mod legacy;
pub mod operations;
mod optimizer;
pub mod order;
pub mod settings;
pub mod state;
pub mod weights;

pub use container::KerasFile;
pub use convert::{Conversion, Lengths, Options, Part, Problem, convert};
