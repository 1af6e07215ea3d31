//! `add_loss`: a loss computed from tensors of the model.

use super::{Planned, Read, operation};
use crate::dim::Dim;

operation! {
    /// Adds one number per sample, averaged over the batch, to the total loss. It only writes a gradient.
    ///
    /// **Keras equivalent:** `layer.add_loss(weight * keras.ops.mean(x))`.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct AddedLoss<L> {
        /// The factor of the loss in the total.
        pub weight: f64,
        /// Index of its sum among the statistics of a chunk.
        pub place: usize,
        /// The losses of the samples.
        pub x: Read<L>,
    }
}

impl Planned for AddedLoss<Dim> {}
