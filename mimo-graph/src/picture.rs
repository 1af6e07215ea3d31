//! Pictures as SVG: what shapes and texts are written as, and the graph of a model.
//!
//! The runtime draws curves and matrices with it, and the macro the graph in the documentation of a model.

pub mod boxes;
pub mod layered;
pub mod svg;
