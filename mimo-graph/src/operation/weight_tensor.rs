//! `Weight`: a weight as a tensor.

use super::{Planned, Weight, Written, operation};
use crate::dim::Dim;

operation! {
    /// Copies the values of a weight to every sample.
    #[derive(Clone, Debug, PartialEq)]
    pub struct WeightTensor<L> {
        /// The values.
        pub weight: Weight<L>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for WeightTensor<Dim> {}
