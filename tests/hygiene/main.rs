//! Expansions work wherever a user puts them: they need no name in scope, collide with none, and pass every lint.
#![allow(missing_docs, reason = "models of tests need no documentation, except those of `lints.rs`")]

mod collisions;
mod every_name;
mod lints;
mod macros;
mod names;
mod places;
mod shadows;
