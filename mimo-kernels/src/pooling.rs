//! Max and average pooling of images, channel by channel.
//!
//! Every loop runs over the contiguous channels of one pixel, so that it is vectorized.

use super::dispatch::Kernels;
use super::element::Element;
use super::simd::Simd;

/// Kind of pooling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolKind {
    /// The largest value; the gradient goes to the first of several equal ones.
    Max,
    /// The largest value; all equal ones share the gradient, as in TensorFlow's `reduce_max`.
    SharedMax,
    /// The mean of the values inside the image.
    Average,
}

/// Windows of an image `[height, width, channels]`. A sequence is an image of height 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// Height and width of the image.
    pub image: [usize; 2],
    /// Values per pixel.
    pub channels: usize,
    /// Height and width of a window.
    pub size: [usize; 2],
    /// Distance between consecutive windows, vertically and horizontally.
    pub strides: [usize; 2],
    /// Number of windows, vertically and horizontally.
    pub count: [usize; 2],
    /// Padding above and to the left of the image.
    pub before: [usize; 2],
}

impl Windows {
    /// Windows that lie inside the image, as Keras's `padding="valid"`.
    pub const fn valid(image: [usize; 2], channels: usize, size: [usize; 2], strides: [usize; 2]) -> Self {
        let mut count = [0; 2];
        let mut axis = 0;
        while axis < 2 {
            if image[axis] >= size[axis] {
                count[axis] = (image[axis] - size[axis]) / strides[axis] + 1;
            }
            axis += 1;
        }
        Windows { image, channels, size, strides, count, before: [0; 2] }
    }

    /// Windows for Keras's `padding="same"`: the padding is distributed over both edges.
    pub const fn same(image: [usize; 2], channels: usize, size: [usize; 2], strides: [usize; 2]) -> Self {
        let (mut count, mut before) = ([0; 2], [0; 2]);
        let mut axis = 0;
        while axis < 2 {
            count[axis] = image[axis].div_ceil(strides[axis]);
            if count[axis] > 0 {
                let end = (count[axis] - 1) * strides[axis] + size[axis];
                before[axis] = end.saturating_sub(image[axis]) / 2;
            }
            axis += 1;
        }
        Windows { image, channels, size, strides, count, before }
    }

    /// Range of window number `index` along `axis` that is inside the image.
    #[inline(always)]
    fn inside(&self, axis: usize, index: usize) -> (usize, usize) {
        let start = index * self.strides[axis];
        let end = (start + self.size[axis]).saturating_sub(self.before[axis]).min(self.image[axis]);
        (start.saturating_sub(self.before[axis]).min(end), end)
    }

    /// Offset of a pixel's channels.
    #[inline(always)]
    fn pixel(&self, row: usize, column: usize) -> usize {
        (row * self.image[1] + column) * self.channels
    }
}

/// Number of channels per block of a backward pass; their values are on the stack.
const BLOCK: usize = 64;

/// Runs `$body` for every window with its part inside of the image and the offset of its channels in the result.
macro_rules! each_window {
    ($windows:ident, |$rows:ident, $columns:ident, $at:ident| $body:block) => {
        let mut $at = 0;
        for down in 0..$windows.count[0] {
            let $rows = $windows.inside(0, down);
            for right in 0..$windows.count[1] {
                let $columns = $windows.inside(1, right);
                $body
                $at += $windows.channels;
            }
        }
    };
}

/// Runs `$body` for every pixel of a window, in row-major order, with the offset of its channels.
macro_rules! each_pixel {
    ($windows:ident, $rows:ident, $columns:ident, |$pixel:ident| $body:block) => {
        for row in $rows.0..$rows.1 {
            for column in $columns.0..$columns.1 {
                let $pixel = $windows.pixel(row, column);
                $body
            }
        }
    };
}

/// The kernel behind [`forward`].
///
/// # Safety
///
/// The processor must have the instruction set `S`.
#[inline(always)]
pub(crate) unsafe fn pool<S: Simd>(kind: PoolKind, windows: &Windows, x: &[S::Elem], y: &mut [S::Elem]) {
    let channels = windows.channels;
    each_window!(windows, |rows, columns, at| {
        let y = &mut y[at..at + channels];
        let mut first = true;
        each_pixel!(windows, rows, columns, |pixel| {
            let x = &x[pixel..pixel + channels];
            if first {
                y.copy_from_slice(x);
                first = false;
            } else if kind == PoolKind::Average {
                for (y, x) in y.iter_mut().zip(x) {
                    *y += *x;
                }
            } else {
                for (y, x) in y.iter_mut().zip(x) {
                    *y = if *x > *y { *x } else { *y };
                }
            }
        });
        if kind == PoolKind::Average {
            let count = S::Elem::of(((rows.1 - rows.0) * (columns.1 - columns.0)) as f64);
            for y in y {
                *y /= count;
            }
        }
    });
}

/// The kernel behind [`backward`].
///
/// # Safety
///
/// As for [`pool`].
#[inline(always)]
pub(crate) unsafe fn pool_gradient<S: Simd>(
    kind: PoolKind,
    windows: &Windows,
    x: &[S::Elem],
    y: &[S::Elem],
    dy: &[S::Elem],
    dx: &mut [S::Elem],
) {
    let (channels, zero) = (windows.channels, S::Elem::default());
    each_window!(windows, |rows, columns, at| {
        for first in (0..channels).step_by(BLOCK) {
            let len = BLOCK.min(channels - first);
            // The gradient for each pixel, or the remaining gradient for the first largest value.
            let mut gradient = [zero; BLOCK];
            let gradient = &mut gradient[..len];
            gradient.copy_from_slice(&dy[at + first..][..len]);
            match kind {
                PoolKind::Average => {
                    let count = S::Elem::of(((rows.1 - rows.0) * (columns.1 - columns.0)) as f64);
                    for gradient in &mut *gradient {
                        *gradient /= count;
                    }
                    each_pixel!(windows, rows, columns, |pixel| {
                        for (dx, gradient) in dx[pixel + first..][..len].iter_mut().zip(&*gradient) {
                            *dx += *gradient;
                        }
                    });
                }
                PoolKind::Max => {
                    let y = &y[at + first..][..len];
                    each_pixel!(windows, rows, columns, |pixel| {
                        let x = &x[pixel + first..][..len];
                        let dx = &mut dx[pixel + first..][..len];
                        for i in 0..len {
                            let largest = x[i] == y[i];
                            dx[i] += if largest { gradient[i] } else { zero };
                            gradient[i] = if largest { zero } else { gradient[i] };
                        }
                    });
                }
                PoolKind::SharedMax => {
                    let y = &y[at + first..][..len];
                    let mut largest = [zero; BLOCK];
                    let largest = &mut largest[..len];
                    let one = S::Elem::of(1.0);
                    each_pixel!(windows, rows, columns, |pixel| {
                        let x = &x[pixel + first..][..len];
                        for i in 0..len {
                            largest[i] += if x[i] == y[i] { one } else { zero };
                        }
                    });
                    for (gradient, count) in gradient.iter_mut().zip(&*largest) {
                        *gradient /= *count;
                    }
                    each_pixel!(windows, rows, columns, |pixel| {
                        let x = &x[pixel + first..][..len];
                        let dx = &mut dx[pixel + first..][..len];
                        for i in 0..len {
                            dx[i] += if x[i] == y[i] { gradient[i] } else { zero };
                        }
                    });
                }
            }
        }
    });
}

/// One sample: `y[window, channel]` from `x[height, width, channel]`.
pub fn pooling<E: Element>(kind: PoolKind, windows: &Windows, x: &[E], y: &mut [E]) {
    // SAFETY: the table is for this processor; the kernel works on slices.
    unsafe { E::kernels().pool(kind, windows, x, y) }
}

/// Adds the gradient of one sample's pooling to `dx`. The positions of the largest values are not stored: the windows
/// are searched again for the values equal to `y`. Average pooling does not read `x` and `y`.
pub fn pooling_gradient<E: Element>(kind: PoolKind, windows: &Windows, [x, y, dy]: [&[E]; 3], dx: &mut [E]) {
    // SAFETY: the table is for this processor; the kernel works on slices.
    unsafe { E::kernels().pool_gradient(kind, windows, x, y, dy, dx) }
}
