//! Models as an editor sees them.

pub mod diagnosis;
mod typing;
