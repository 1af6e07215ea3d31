//! Models of Keras.

pub mod container;

pub use container::KerasFile;
