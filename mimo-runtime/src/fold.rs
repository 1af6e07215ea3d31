//! Batch normalizations that are folded into the layers before them, for predictions with fixed weights.
//!
//! With moving statistics a batch normalization is a scale and a shift of each channel, which a convolution or a dense layer
//! before it has already if its weights are changed. Which ones can be folded is known at compile time
//! (`mimo-graph/src/plan/fold.rs`); the weights are changed once, in the copy that a [`Predictor`](crate::predictor::Predictor)
//! has of them.

use mimo_graph::operation::BatchNormalization;

use crate::float::Float;
use crate::program::{Memory, PlacedBlock};
use crate::stage::Pass;

/// The forward pass of a model without the batch normalizations that are folded.
#[derive(Clone, Copy, Debug)]
pub struct Folded<E: 'static> {
    /// From the inputs to the outputs.
    pub pass: Pass<E>,
    /// The memory of a chunk.
    pub memory: Memory,
    /// What is folded before the first pass.
    pub folds: &'static [Fold],
}

/// A batch normalization that is folded into the weights of a layer.
#[derive(Clone, Copy, Debug)]
pub struct Fold {
    /// The block of the layer's kernel.
    pub kernel: usize,
    /// The block of the layer's bias.
    pub bias: Option<usize>,
    /// Value `i` of the kernel belongs to channel `i / inner % channels` of the result.
    pub inner: usize,
    /// The batch normalization. The folded pass reads its moving means as the layer's bias.
    pub norm: &'static BatchNormalization,
}

/// Changes the weights in a parameter buffer, of which these are the blocks.
pub(crate) fn fold<E: Float>(values: &mut [E], blocks: &[PlacedBlock], folds: &[Fold]) {
    for &Fold { kernel, bias, inner, norm } in folds {
        let mut scales = Vec::with_capacity(norm.channels);
        for channel in 0..norm.channels {
            let place = |block: usize| blocks[block].offset + channel;
            let value = |block: Option<usize>, without| block.map_or(without, |it| values[place(it)].f64());
            let variance = value(Some(norm.moving_variance), 1.0);
            let scale = value(norm.gamma, 1.0) / (variance + norm.epsilon).sqrt();
            let centered = value(bias, 0.0) - value(Some(norm.moving_mean), 0.0);
            let shift = centered * scale + value(norm.beta, 0.0);
            values[place(norm.moving_mean)] = E::of(shift);
            scales.push(scale);
        }
        let kernel = &blocks[kernel];
        let kernel = &mut values[kernel.offset..kernel.offset + kernel.rows * kernel.cols];
        for (values, scale) in kernel.chunks_mut(inner.max(1)).zip(scales.iter().cycle()) {
            values.iter_mut().for_each(|value| *value = E::of(value.f64() * scale));
        }
    }
}
