//! The view of a call from which a layer creates its operation.

use super::{Read, Weight, Written};
use crate::dim::Dim;
use crate::shape::Shape;

/// A call of a layer in a plan under construction. Inside of `TimeDistributed` every shape is that of one step.
pub trait Call {
    /// Number of input tensors.
    fn inputs(&self) -> usize;

    /// Index of the input that the call passes by this keyword, such as `mask`.
    fn input_of(&self, role: &str) -> Option<usize>;

    /// The shape of an input.
    fn shape(&self, input: usize) -> Shape;

    /// An input as a read.
    fn x(&self, input: usize) -> Read<Dim>;

    /// The shape of the result.
    fn result(&self) -> Shape;

    /// Allocates memory for the result and its gradient.
    fn y(&mut self) -> Written<Dim>;

    /// The weight of this name; `None` if the layer has none.
    fn weight(&mut self, name: &str) -> Option<Weight<Dim>>;

    /// Distinguishes the random numbers of the call from those of others. Calls with the same seed share it.
    fn key(&self, seed: Option<u64>) -> u64;

    /// Whether a training step updates the layer, including its moving averages.
    fn updates(&self) -> bool;

    /// Adds floating-point operations to those of a sample's forward pass.
    fn count(&mut self, flops: Dim);
}
