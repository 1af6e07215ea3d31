//! `BatchNormalization`: normalizes every channel to mean 0 and variance 1, then scales and shifts it.

use super::{BatchSums, MovingAverage, Planned, Read, Sum, View, Written, operation};
use crate::dim::Dim;

operation! {
    /// Normalizes each channel of samples `[outer, channels, inner]`, with the mean and variance of the batch while
    /// training, otherwise with their moving averages.
    ///
    /// **Keras equivalent:** `keras.layers.BatchNormalization()`.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct BatchNormalization<L> {
        /// Number of channels.
        pub channels: L,
        /// Product of the lengths of the axes after the channels.
        pub inner: L,
        /// Added to the variance.
        pub epsilon: f64,
        /// Decay rate of the moving averages.
        pub momentum: f64,
        /// The block of the scale.
        pub gamma: Option<usize>,
        /// The block of the offset.
        pub beta: Option<usize>,
        /// The block of the moving averages of the means.
        pub moving_mean: usize,
        /// The block of the moving averages of the variances.
        pub moving_variance: usize,
        /// Offset of its sums over the batch: mean, variance, `Σ dy`, `Σ dy·x̂`, one value per channel each. `None`
        /// if the averages are used in training too.
        pub sums: Option<L>,
        /// The input.
        pub x: Read<L>,
        /// The mask, of all axes but the last: positions whose value is not 0 count. The other sums are then followed
        /// by the number of values that count, one per channel.
        pub mask: Option<Read<L>>,
        /// The result.
        pub y: Written<L>,
    }
}

impl Planned for BatchNormalization<Dim> {
    fn batch_sums(&self) -> Option<BatchSums> {
        let (start, channels) = (self.sums.clone()?, self.channels.clone());
        let twice = Dim::Known(2) * channels.clone();
        let positions = self.x.view.len.clone() / channels.clone();
        let average =
            |block, sums| MovingAverage { block, len: channels.clone(), sums, momentum: self.momentum };
        Some(BatchSums {
            moving: vec![
                average(self.moving_mean, start.clone()),
                average(self.moving_variance, start.clone() + channels.clone()),
            ],
            backward: Sum::Add { start: start.clone() + twice.clone(), len: twice },
            forward: match self.mask {
                Some(_) => Sum::MaskedMoments {
                    counts: start.clone() + Dim::Known(4) * channels.clone(),
                    start,
                    channels: channels.clone(),
                },
                None => Sum::Moments { start, channels: channels.clone(), positions },
            },
        })
    }

    fn place_batch_sums(&mut self, start: Dim) -> Dim {
        let Some(sums) = &mut self.sums else { return Dim::Known(0) };
        *sums = start;
        Dim::Known(if self.mask.is_some() { 5 } else { 4 }) * self.channels.clone()
    }

    fn reads_mask(&self, place: usize) -> bool {
        place == 1
    }

    fn summed_gradients(&self) -> Vec<(usize, Dim)> {
        let Some(sums) = &self.sums else { return vec![] };
        let start = |part| sums.clone() + Dim::Known(part) * self.channels.clone();
        let weights = [(self.beta, 2), (self.gamma, 3)];
        weights.into_iter().filter_map(|(block, part)| Some((block?, start(part)))).collect()
    }

    fn prepare_backward(&mut self, _: &mut dyn FnMut(Dim) -> View<Dim>) {
        // The sums over the batch read input and gradient at the end of the previous stage, when both are already
        // alive.
        self.x.kept = self.sums.is_some();
        self.mask.iter_mut().for_each(|mask| mask.kept = true);
    }
}
