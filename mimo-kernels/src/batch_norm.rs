//! Loops of batch normalization: statistics per channel, and the values computed from them.
//!
//! A sample is `[outer, channels, inner]`. Work is divided in blocks of channels: the values per channel fit on the
//! stack, and a block's values at one position are contiguous if the channels are the last axis. Sums are computed in
//! `f64`, since a batch of images has millions of values per channel.

use super::dispatch::Kernels;
use super::element::Element;
use super::simd::Simd;

/// Channels per block.
pub const BLOCK: usize = 64;

/// A block of channels of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelBlock {
    /// All channels of a sample.
    pub channels: usize,
    /// Consecutive values of one channel.
    pub inner: usize,
    /// The first channel of the block.
    pub first: usize,
    /// Channels of the block, at most [`BLOCK`].
    pub len: usize,
}

impl ChannelBlock {
    /// The blocks of all channels.
    pub fn all(channels: usize, inner: usize) -> impl Iterator<Item = Self> {
        (0..channels).step_by(BLOCK).map(move |first| {
            let len = BLOCK.min(channels - first);
            ChannelBlock { channels, inner, first, len }
        })
    }

    /// Length of one outer position; at least 1, so that slices can be divided by it.
    #[inline(always)]
    fn step(&self) -> usize {
        (self.channels * self.inner).max(1)
    }

    /// Range of the block's values in one outer position.
    #[inline(always)]
    fn range(&self) -> core::ops::Range<usize> {
        self.first * self.inner..(self.first + self.len) * self.inner
    }
}

/// `sums += Σ x`, by channel.
///
/// # Safety
///
/// The processor must have the instruction set `S`.
#[inline(always)]
pub(crate) unsafe fn sums<S: Simd>(block: ChannelBlock, x: &[S::Elem], sums: &mut [f64]) {
    for x in x.chunks_exact(block.step()) {
        let x = &x[block.range()];
        if block.inner == 1 {
            for (sum, x) in sums.iter_mut().zip(x) {
                *sum += x.f64();
            }
        } else {
            for (sum, x) in sums.iter_mut().zip(x.chunks_exact(block.inner)) {
                for x in x {
                    *sum += x.f64();
                }
            }
        }
    }
}

/// `sums += Σ (x − mean)²`, by channel.
///
/// # Safety
///
/// As for [`sums`].
#[inline(always)]
pub(crate) unsafe fn squares<S: Simd>(block: ChannelBlock, x: &[S::Elem], mean: &[f64], sums: &mut [f64]) {
    for x in x.chunks_exact(block.step()) {
        let x = &x[block.range()];
        if block.inner == 1 {
            for ((sum, mean), x) in sums.iter_mut().zip(mean).zip(x) {
                let centred = x.f64() - mean;
                *sum += centred * centred;
            }
        } else {
            for ((sum, mean), x) in sums.iter_mut().zip(mean).zip(x.chunks_exact(block.inner)) {
                for x in x {
                    let centred = x.f64() - mean;
                    *sum += centred * centred;
                }
            }
        }
    }
}

/// `y = (x − mean) · scale + shift`, where `by_channel` holds mean, scale and shift.
///
/// # Safety
///
/// As for [`sums`].
#[inline(always)]
pub(crate) unsafe fn affine<S: Simd>(
    block: ChannelBlock,
    by_channel: &[[S::Elem; BLOCK]; 3],
    x: &[S::Elem],
    y: &mut [S::Elem],
) {
    let [mean, scale, shift] = by_channel;
    for (x, y) in x.chunks_exact(block.step()).zip(y.chunks_exact_mut(block.step())) {
        let (x, y) = (&x[block.range()], &mut y[block.range()]);
        if block.inner == 1 {
            let channels = mean.iter().zip(scale).zip(shift);
            for ((x, y), ((mean, scale), shift)) in x.iter().zip(y).zip(channels) {
                *y = (*x - *mean) * *scale + *shift;
            }
        } else {
            let channels = x.chunks_exact(block.inner).zip(y.chunks_exact_mut(block.inner)).enumerate();
            for (c, (x, y)) in channels {
                let (mean, scale, shift) = (mean[c], scale[c], shift[c]);
                for (x, y) in x.iter().zip(y) {
                    *y = (*x - mean) * scale + shift;
                }
            }
        }
    }
}

/// `sums[0] += Σ dy`, `sums[1] += Σ dy · (x − mean) · inverse`, by channel.
///
/// # Safety
///
/// As for [`sums`].
#[inline(always)]
pub(crate) unsafe fn gradient_sums<S: Simd>(
    block: ChannelBlock,
    by_channel: &[[S::Elem; BLOCK]; 2],
    x: &[S::Elem],
    dy: &[S::Elem],
    sums: &mut [[f64; BLOCK]; 2],
) {
    let [mean, inverse] = by_channel;
    let [plain, weighted] = sums;
    for (x, dy) in x.chunks_exact(block.step()).zip(dy.chunks_exact(block.step())) {
        let (x, dy) = (&x[block.range()], &dy[block.range()]);
        if block.inner == 1 {
            let channels = mean.iter().zip(inverse).zip(plain.iter_mut().zip(weighted.iter_mut()));
            for ((x, dy), ((mean, inverse), (plain, weighted))) in x.iter().zip(dy).zip(channels) {
                *plain += dy.f64();
                *weighted += (*dy * ((*x - *mean) * *inverse)).f64();
            }
        } else {
            let channels = x.chunks_exact(block.inner).zip(dy.chunks_exact(block.inner)).enumerate();
            for (c, (x, dy)) in channels {
                for (x, dy) in x.iter().zip(dy) {
                    plain[c] += dy.f64();
                    weighted[c] += (*dy * ((*x - mean[c]) * inverse[c])).f64();
                }
            }
        }
    }
}

/// `dx = dy · scale + (x − mean) · slope + shift`, or adds that, where `by_channel` holds mean, scale, slope and shift.
///
/// # Safety
///
/// As for [`sums`].
#[inline(always)]
pub(crate) unsafe fn gradient<S: Simd>(
    block: ChannelBlock,
    by_channel: &[[S::Elem; BLOCK]; 4],
    x: &[S::Elem],
    dy: &[S::Elem],
    dx: &mut [S::Elem],
    accumulate: bool,
) {
    let [mean, scale, slope, shift] = by_channel;
    let zero = S::Elem::of(0.0);
    let kept = |dx: S::Elem| if accumulate { dx } else { zero };
    let rows = x.chunks_exact(block.step()).zip(dy.chunks_exact(block.step()));
    for ((x, dy), dx) in rows.zip(dx.chunks_exact_mut(block.step())) {
        let (x, dy, dx) = (&x[block.range()], &dy[block.range()], &mut dx[block.range()]);
        if block.inner == 1 {
            let channels = mean.iter().zip(scale).zip(slope.iter().zip(shift));
            for (((x, dy), dx), ((mean, scale), (slope, shift))) in x.iter().zip(dy).zip(dx).zip(channels) {
                *dx = kept(*dx) + (*dy * *scale + ((*x - *mean) * *slope + *shift));
            }
        } else {
            let channels = x.chunks_exact(block.inner).zip(dy.chunks_exact(block.inner));
            for (c, ((x, dy), dx)) in channels.zip(dx.chunks_exact_mut(block.inner)).enumerate() {
                let (mean, scale, slope, shift) = (mean[c], scale[c], slope[c], shift[c]);
                for ((x, dy), dx) in x.iter().zip(dy).zip(dx) {
                    *dx = kept(*dx) + (*dy * scale + ((*x - mean) * slope + shift));
                }
            }
        }
    }
}

/// Adds the sums of one sample to those of the block's channels.
pub fn channel_sums<E: Element>(block: ChannelBlock, x: &[E], sums: &mut [f64]) {
    // SAFETY: the table holds kernels that this processor runs.
    unsafe { E::kernels().sums(block, x, sums) }
}

/// Adds the squared distances of one sample's values from `mean` to those of the block's channels.
pub fn channel_squares<E: Element>(block: ChannelBlock, x: &[E], mean: &[f64], sums: &mut [f64]) {
    // SAFETY: as above.
    unsafe { E::kernels().squares(block, x, mean, sums) }
}

/// `y = (x − mean) · scale + shift` of one sample, for the block's channels.
pub fn channel_affine<E: Element>(block: ChannelBlock, by_channel: &[[E; BLOCK]; 3], x: &[E], y: &mut [E]) {
    // SAFETY: as above.
    unsafe { E::kernels().affine(block, by_channel, x, y) }
}

/// Adds `Σ dy` and `Σ dy · (x − mean) · inverse` of one sample to the sums of the block's channels.
pub fn channel_gradient_sums<E: Element>(
    block: ChannelBlock,
    by_channel: &[[E; BLOCK]; 2],
    x: &[E],
    dy: &[E],
    sums: &mut [[f64; BLOCK]; 2],
) {
    // SAFETY: as above.
    unsafe { E::kernels().gradient_sums(block, by_channel, x, dy, sums) }
}

/// `dx = dy · scale + (x − mean) · slope + shift` of one sample, for the block's channels.
pub fn channel_gradient<E: Element>(
    block: ChannelBlock,
    by_channel: &[[E; BLOCK]; 4],
    x: &[E],
    dy: &[E],
    dx: &mut [E],
    accumulate: bool,
) {
    // SAFETY: as above.
    unsafe { E::kernels().gradient(block, by_channel, x, dy, dx, accumulate) }
}
