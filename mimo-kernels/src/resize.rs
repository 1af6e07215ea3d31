//! Upsampling of images `[height, width, channels]` by integer factors.

use super::dispatch::Kernels;
use super::element::Element;
use super::simd::Simd;

/// Interpolation of the new pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolation {
    /// The nearest pixel.
    Nearest,
    /// The mean of the four nearest pixels, weighted by the distance of their centres.
    Bilinear,
}

/// An upsampling. A sequence is an image of height 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resize {
    /// Height and width of the image.
    pub image: [usize; 2],
    /// Values per pixel.
    pub channels: usize,
    /// Factors of height and width.
    pub size: [usize; 2],
    /// Interpolation.
    pub interpolation: Interpolation,
}

/// The two pixels along one axis that a pixel of the result lies between, and its distance from the first.
#[derive(Clone, Copy)]
struct Between<E> {
    pixels: [usize; 2],
    way: E,
}

impl Resize {
    /// Pixel `at` of the result is at `(at + ½) / size − ½` of the image, so that centres are preserved; edge pixels
    /// are repeated.
    #[inline(always)]
    fn between<E: Element>(&self, axis: usize, at: usize) -> Between<E> {
        let place = (at as f64 + 0.5) / self.size[axis] as f64 - 0.5;
        let last = self.image[axis].saturating_sub(1);
        let first = num_traits::Float::floor(place);
        // Saturating: −1 becomes 0.
        let pixels = [(first as usize).min(last), ((first + 1.0) as usize).min(last)];
        Between { pixels, way: E::of(place - first) }
    }
}

/// The kernel behind [`resize`].
///
/// # Safety
///
/// The processor must have the instruction set `S`.
#[inline(always)]
pub(crate) unsafe fn enlarge<S: Simd>(resize: &Resize, x: &[S::Elem], y: &mut [S::Elem]) {
    let ([height, width], channels, [down, right]) = (resize.image, resize.channels, resize.size);
    let (from, to) = (width * channels, width * right * channels);
    if from == 0 {
        return;
    }
    match resize.interpolation {
        Interpolation::Nearest => {
            for (x, y) in x.chunks_exact(from).zip(y.chunks_exact_mut(to * down)) {
                let (first, rest) = y.split_at_mut(to);
                for (x, y) in x.chunks_exact(channels).zip(first.chunks_exact_mut(right * channels)) {
                    for y in y.chunks_exact_mut(channels) {
                        y.copy_from_slice(x);
                    }
                }
                for y in rest.chunks_exact_mut(to) {
                    y.copy_from_slice(first);
                }
            }
        }
        Interpolation::Bilinear => {
            let one = S::Elem::of(1.0);
            for (row, y) in y.chunks_exact_mut(to).enumerate().take(height * down) {
                let vertical = resize.between::<S::Elem>(0, row);
                let [top, bottom] = vertical.pixels.map(|row| &x[row * from..][..from]);
                for (column, y) in y.chunks_exact_mut(channels).enumerate() {
                    let horizontal = resize.between::<S::Elem>(1, column);
                    let [left, right] = horizontal.pixels.map(|column| column * channels);
                    let (a, b) = (&top[left..][..channels], &top[right..][..channels]);
                    let (c, d) = (&bottom[left..][..channels], &bottom[right..][..channels]);
                    let (u, v) = (horizontal.way, vertical.way);
                    for i in 0..channels {
                        let (top, bottom) = (a[i] * (one - u) + b[i] * u, c[i] * (one - u) + d[i] * u);
                        y[i] = top * (one - v) + bottom * v;
                    }
                }
            }
        }
    }
}

/// The kernel behind [`resize_gradient`].
///
/// # Safety
///
/// As for [`enlarge`].
#[inline(always)]
pub(crate) unsafe fn enlarge_gradient<S: Simd>(resize: &Resize, dy: &[S::Elem], dx: &mut [S::Elem]) {
    let ([height, width], channels, [down, right]) = (resize.image, resize.channels, resize.size);
    let (from, to) = (width * channels, width * right * channels);
    if from == 0 {
        return;
    }
    match resize.interpolation {
        Interpolation::Nearest => {
            for (dx, dy) in dx.chunks_exact_mut(from).zip(dy.chunks_exact(to * down)) {
                for dy in dy.chunks_exact(to) {
                    for (dx, dy) in dx.chunks_exact_mut(channels).zip(dy.chunks_exact(right * channels)) {
                        for dy in dy.chunks_exact(channels) {
                            for (dx, dy) in dx.iter_mut().zip(dy) {
                                *dx += *dy;
                            }
                        }
                    }
                }
            }
        }
        Interpolation::Bilinear => {
            let one = S::Elem::of(1.0);
            for (row, dy) in dy.chunks_exact(to).enumerate().take(height * down) {
                let vertical = resize.between::<S::Elem>(0, row);
                for (column, dy) in dy.chunks_exact(channels).enumerate() {
                    let horizontal = resize.between::<S::Elem>(1, column);
                    // At the edges both pixels are the same: each gets its part separately.
                    for (row, v) in vertical.pixels.into_iter().zip([one - vertical.way, vertical.way]) {
                        for (column, u) in
                            horizontal.pixels.into_iter().zip([one - horizontal.way, horizontal.way])
                        {
                            let share = u * v;
                            let dx = &mut dx[row * from + column * channels..][..channels];
                            for (dx, dy) in dx.iter_mut().zip(dy) {
                                *dx += share * *dy;
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Upsamples one sample: `y[height · down, width · right, channels]` from `x[height, width, channels]`.
pub fn resize<E: Element>(resize: &Resize, x: &[E], y: &mut [E]) {
    // SAFETY: the table is for this processor; the kernel works on slices.
    unsafe { E::kernels().enlarge(resize, x, y) }
}

/// Adds the gradient of one sample's image to `dx`.
pub fn resize_gradient<E: Element>(resize: &Resize, dy: &[E], dx: &mut [E]) {
    // SAFETY: the table is for this processor; the kernel works on slices.
    unsafe { E::kernels().enlarge_gradient(resize, dy, dx) }
}
