//! Batch normalizations that are folded into the layers before them, for predictions with fixed weights.
//!
//! With moving statistics a batch normalization is a scale and a shift of each channel, which can be merged into the
//! weights of a convolution or a dense layer before it. The ones to fold are known at compile time
//! (`mimo-graph/src/plan/fold.rs`); the weights are changed once, in the copy that a
//! [`Predictor`](crate::predictor::Predictor) has of them.

use mimo_graph::operation::BatchNormalization;

use crate::float::Float;
use crate::program::{Memory, PlacedBlock};
use crate::stage::Pass;

/// The forward pass of a model without the folded batch normalizations.
#[derive(Clone, Copy, Debug)]
pub struct Folded<E: 'static> {
    /// The forward pass.
    pub pass: Pass<E>,
    /// The memory of a chunk.
    pub memory: Memory,
    /// Batch normalizations to fold before the first pass.
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
    /// The batch normalization. In the folded pass, its moving means are the layer's bias.
    pub norm: &'static BatchNormalization,
}

/// A batch normalization as a scale and a shift of each channel.
struct Affine<E> {
    scales: Vec<f64>,
    shifts: Vec<E>,
}

impl Fold {
    /// Computes the scale of each channel, and the shift after the layer's own bias.
    fn affine<E: Float>(&self, values: &[E], blocks: &[PlacedBlock]) -> Affine<E> {
        let &Fold { bias, norm, .. } = self;
        let channels = (0..norm.channels).map(|channel| {
            let value = |block: Option<usize>, without| {
                block.map_or(without, |block| values[blocks[block].offset + channel].f64())
            };
            let variance = value(Some(norm.moving_variance), 1.0);
            let scale = value(norm.gamma, 1.0) / (variance + norm.epsilon).sqrt();
            let centered = value(bias, 0.0) - value(Some(norm.moving_mean), 0.0);
            (scale, E::of(centered * scale + value(norm.beta, 0.0)))
        });
        let (scales, shifts) = channels.unzip();
        Affine { scales, shifts }
    }

    /// Indices of the kernel's values in a parameter buffer, each with the scale of its channel.
    fn kernel<'a>(
        &self,
        blocks: &[PlacedBlock],
        scales: &'a [f64],
    ) -> impl Iterator<Item = (usize, f64)> + use<'a> {
        let kernel = &blocks[self.kernel];
        let (start, inner) = (kernel.offset, self.inner.max(1));
        let channels = scales.len().max(1);
        (0..kernel.rows * kernel.cols)
            .filter_map(move |i| Some((start + i, *scales.get(i / inner % channels)?)))
    }
}

/// Folds batch normalizations into the weights in a parameter buffer with these blocks. Returns whether that
/// succeeded: weights that would not be finite are not changed, since the pass without folding may have finite
/// results with them.
pub(crate) fn fold<E: Float>(values: &mut [E], blocks: &[PlacedBlock], folds: &[Fold]) -> bool {
    let affine: Vec<Affine<E>> = folds.iter().map(|fold| fold.affine(values, blocks)).collect();
    let scaled = |value: E, scale: f64| E::of(value.f64() * scale);
    let fits = folds.iter().zip(&affine).all(|(fold, Affine { scales, shifts })| {
        let mut kernel = fold.kernel(blocks, scales);
        shifts.iter().all(|shift| shift.is_finite())
            && kernel.all(|(at, scale)| scaled(values[at], scale).is_finite())
    });
    if !fits {
        return false;
    }
    for (fold, Affine { scales, shifts }) in folds.iter().zip(&affine) {
        for (at, scale) in fold.kernel(blocks, scales) {
            values[at] = scaled(values[at], scale);
        }
        let bias = blocks[fold.norm.moving_mean].offset;
        values[bias..bias + shifts.len()].copy_from_slice(shifts);
    }
    true
}
