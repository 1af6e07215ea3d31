//! What the layers compute, one file each, named as in `mimo-graph`.
//!
//! `Flatten` and `Reshape` compute nothing: their output is their input's memory.

pub mod activation;
pub mod concatenate;
pub mod dense;
pub mod dropout;
pub mod gaussian_noise;
pub mod merge;
pub mod permute;
pub mod repeat_vector;
