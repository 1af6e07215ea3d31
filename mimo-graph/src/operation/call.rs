//! The view of a call from which a layer makes its operation.

use super::{Read, Weight, Written};
use crate::dim::Dim;
use crate::shape::Shape;

/// A call of a layer in a plan under construction. Inside of `TimeDistributed` every shape is that of one step.
pub trait Call {
    /// Number of tensors that are read.
    fn inputs(&self) -> usize;

    /// The place of the input that the call names by this keyword: `mask`.
    fn input_of(&self, role: &str) -> Option<usize>;

    /// The shape of an input.
    fn shape(&self, input: usize) -> Shape;

    /// An input, to be read.
    fn x(&self, input: usize) -> Read<Dim>;

    /// The shape of the result.
    fn result(&self) -> Shape;

    /// Memory for the result and for its gradient.
    fn y(&mut self) -> Written<Dim>;

    /// The weight of this name; `None` if the layer has none.
    fn weight(&mut self, name: &str) -> Option<Weight<Dim>>;

    /// Tells the random numbers of the call from those of others. Calls with the same seed share it.
    fn key(&self, seed: Option<u64>) -> u64;

    /// Whether a training step updates the layer: its moving averages too.
    fn updates(&self) -> bool;

    /// Adds floating-point operations to those of a sample's forward pass.
    fn count(&mut self, flops: Dim);
}
