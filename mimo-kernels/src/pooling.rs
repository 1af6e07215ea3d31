//! Windows over images, channel by channel: the largest value and the mean.
//!
//! Every loop runs over the channels of one pixel, which lie side by side, so that it is compiled to vectors.

use super::dispatch::Kernels;
use super::element::Element;
use super::simd::Simd;

/// Result of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolKind {
    /// The largest value; the gradient goes to the first of several that are equal.
    Max,
    /// The largest value; the gradient is shared by all that are equal, as in TensorFlow's `reduce_max`.
    SharedMax,
    /// The mean of the values inside the image.
    Average,
}

/// Where windows lie in an image `[height, width, channels]`. A sequence is an image of height 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// Height and width of the image.
    pub image: [usize; 2],
    /// Values per pixel.
    pub channels: usize,
    /// Height and width of a window.
    pub size: [usize; 2],
    /// From one window to the next, down and to the right.
    pub strides: [usize; 2],
    /// How many windows there are, one below the other and side by side.
    pub count: [usize; 2],
    /// How far the first window begins above and to the left of the image.
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

    /// Windows that begin everywhere inside the image and are moved so that what lies outside is spread over both
    /// edges, as Keras's `padding="same"`.
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

    /// The part of window number `index` along `axis` that lies inside the image: from, to.
    #[inline(always)]
    fn inside(&self, axis: usize, index: usize) -> (usize, usize) {
        let start = index * self.strides[axis];
        let end = (start + self.size[axis]).saturating_sub(self.before[axis]).min(self.image[axis]);
        (start.saturating_sub(self.before[axis]).min(end), end)
    }

    /// Where the channels of a pixel begin.
    #[inline(always)]
    fn pixel(&self, row: usize, column: usize) -> usize {
        (row * self.image[1] + column) * self.channels
    }
}

/// Channels that a backward pass works on at once, with what it remembers of them on the stack.
const BLOCK: usize = 64;

/// Runs `$body` for every window with its part inside the image, and where its channels begin in the result.
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

/// Runs `$body` for every pixel of a window, in row-major order, with where its channels begin.
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
            // What each pixel gets, or what is left for the first that is the largest.
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

/// One sample: adds the gradient of what was pooled to `dx`. Where the largest values are was not kept: the windows
/// are searched again for those that equal `y`, and `x` and `y` are not read for averages.
pub fn pooling_gradient<E: Element>(kind: PoolKind, windows: &Windows, [x, y, dy]: [&[E]; 3], dx: &mut [E]) {
    // SAFETY: the table is for this processor; the kernel works on slices.
    unsafe { E::kernels().pool_gradient(kind, windows, x, y, dy, dx) }
}
