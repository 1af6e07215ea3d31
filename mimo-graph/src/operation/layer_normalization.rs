//! `LayerNormalization`, `RMSNormalization` and `UnitNormalization`: divide some axes of a sample by a statistic of
//! their values, then scale and shift them.

use super::{Planned, Read, View, Weight, Written, operation};
use crate::describe::List;
use crate::dim::Dim;

crate::describe! {
    /// Statistic of a group of values by which they are divided.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Statistic {
        /// `√(variance + epsilon)`, after the mean is subtracted: `LayerNormalization`.
        Moments,
        /// `√(mean(x²) + epsilon)`: `RMSNormalization`.
        MeanSquare,
        /// `√Σ x²`, at least `epsilon`: `UnitNormalization`.
        Length
    }
}

operation! {
    /// `y = gamma · (x − mean) / deviation + beta`, or the same with another [`Statistic`]. It is taken over each *group*: the
    /// values of a sample that differ in the normalized axes only.
    ///
    /// **Keras equivalent:** `keras.layers.LayerNormalization()`, `keras.layers.RMSNormalization()`,
    /// `keras.layers.UnitNormalization()`.
    #[derive(Clone, Debug, PartialEq)]
    pub struct LayerNormalization<L> {
        /// Lengths of the axes, the normalized ones last.
        pub shape: List<L>,
        /// Strides in memory of these axes.
        pub strides: List<L>,
        /// Number of axes that are not normalized.
        pub kept: usize,
        /// The statistic by which values are divided.
        pub statistic: Statistic,
        /// Prevents division by zero; see [`Statistic`].
        pub epsilon: f64,
        /// The scale, one value for each position in a group.
        pub gamma: Option<Weight<L>>,
        /// The offset, one value for each position in a group.
        pub beta: Option<Weight<L>>,
        /// The input.
        pub x: Read<L>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for LayerNormalization<Dim> {
    fn prepare_backward(&mut self, _: &mut dyn FnMut(Dim) -> View<Dim>) {
        self.x.kept = true;
    }
}
