//! Convolutions fused with max pooling: the image between the two is never written.
//!
//! A window of the pooling is one or two lines high and two positions wide, and windows do not overlap. The forward
//! stores the largest result of every window and its argmax index (line · 2 + position, a byte). The gradient of a
//! window goes to that position only, so the backward does a fourth of the work of a convolution's.

use super::dispatch::Kernels;
use core::ptr;

use super::conv::Geometry;
use super::element::Element;
use super::matrix::Mat;
use super::product::{load, store};
use super::simd::Simd;

mod gradients;
#[cfg(target_arch = "x86_64")]
mod lookup;

pub(crate) use gradients::{correlate, spread};
#[cfg(target_arch = "x86_64")]
pub(crate) use lookup::correlate_by_lookup;

/// A convolution of one image with stride 1, and its pooling.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pooled<E> {
    /// Number of windows of the pooling, vertically and horizontally.
    pub(crate) count: [usize; 2],
    /// Lines of a window: 1 or 2.
    pub(crate) height: usize,
    /// The image, padded, or its gradient.
    pub(crate) image: *mut E,
    /// Values of a line of the image.
    pub(crate) line: usize,
    pub(crate) channels: usize,
    /// Lines of the kernel.
    pub(crate) taps: usize,
    /// Values of a line of the kernel for one filter.
    pub(crate) depth: usize,
    pub(crate) filters: usize,
    /// The kernel `[taps · depth, filters]`, or its gradient.
    pub(crate) kernel: *mut E,
    /// The same transposed, `[filters, taps · depth]`.
    pub(crate) transposed: *mut E,
    /// Initial value of every result, or null.
    pub(crate) bias: *const E,
    /// Replace negative results by zero.
    pub(crate) relu: bool,
    /// Largest result of each window, `[windows, filters]`, or its gradient.
    pub(crate) pooled: *mut E,
    /// Argmax indices, `[windows, filters]`; null if they are not needed.
    pub(crate) argmax: *mut u8,
}

impl<E> Pooled<E> {
    /// Offset of the position of an argmax index in the window's part of the image.
    #[inline(always)]
    fn positions(&self) -> [usize; 4] {
        [0, self.channels, self.line, self.line + self.channels]
    }

    /// An argmax index read from memory, limited so that it is safe to index with.
    #[inline(always)]
    fn valid(&self, argmax: u8) -> usize {
        usize::from(argmax) & (2 * self.height - 1)
    }
}

/// `P` windows side by side times `NV` vectors of filters, from column `col` on. `Q` is `2 P`, positions of a line.
///
/// # Safety
///
/// The processor must have the instruction set, `H` be the height of a window, the pointers valid for the windows from
/// `image` on and for these filters, the last vector being `tail` long if `TAIL`.
#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "constant indices keep the accumulators in registers")]
unsafe fn tile<S: Simd, const H: usize, const Q: usize, const NV: usize, const TAIL: bool>(
    p: &Pooled<S::Elem>,
    image: *const S::Elem,
    window: usize,
    col: usize,
    tail: usize,
) {
    // SAFETY: the caller vouches for the windows and filters; taps and depth are those of the image.
    unsafe {
        let zero = S::splat(S::Elem::default());
        let mut sum = [[[zero; NV]; Q]; H];
        if !p.bias.is_null() {
            for v in 0..NV {
                let bias = load::<S, NV, TAIL>(p.bias.add(col), v, tail);
                for sum in &mut sum {
                    for sum in sum {
                        sum[v] = bias;
                    }
                }
            }
        }
        let mut weights = p.kernel.cast_const().wrapping_add(col);
        for tap in 0..p.taps {
            let left = image.wrapping_add(tap * p.line);
            for k in 0..p.depth {
                let mut w = [zero; NV];
                for (v, w) in w.iter_mut().enumerate() {
                    *w = load::<S, NV, TAIL>(weights, v, tail);
                }
                for r in 0..H {
                    for q in 0..Q {
                        let x = S::splat(*left.add(r * p.line + q * p.channels + k));
                        for v in 0..NV {
                            sum[r][q][v] = S::fma(x, w[v], sum[r][q][v]);
                        }
                    }
                }
                weights = weights.wrapping_add(p.filters);
            }
        }
        let [one, two, three] = [1.0, 2.0, 3.0].map(|argmax| S::splat(S::Elem::of(argmax)));
        for at in 0..Q / 2 {
            let place = (window + at) * p.filters + col;
            for v in 0..NV {
                // The first of several equal results counts, as in TensorFlow.
                let pair = |r: usize, low, high| {
                    let [a, b] = [sum[r][2 * at][v], sum[r][2 * at + 1][v]];
                    (S::max(b, a), S::select_gt(b, a, high, low))
                };
                let (mut largest, mut argmax) = pair(0, zero, one);
                if H == 2 {
                    let (below, its) = pair(1, two, three);
                    argmax = S::select_gt(below, largest, its, argmax);
                    largest = S::max(below, largest);
                }
                if p.relu {
                    largest = S::max(zero, largest);
                }
                store::<S, NV, TAIL>(p.pooled.add(place), v, tail, largest);
                if !p.argmax.is_null() {
                    let lanes = if TAIL && v == NV - 1 { tail } else { S::LANES };
                    S::store_bytes(p.argmax.add(place + v * S::LANES), lanes, argmax);
                }
            }
        }
    }
}

/// Computes all windows of one strip of `NV` vectors of filters.
///
/// # Safety
///
/// As for [`tile`].
#[inline(always)]
unsafe fn strip<S: Simd, const H: usize, const Q: usize, const NV: usize, const TAIL: bool>(
    p: &Pooled<S::Elem>,
    col: usize,
    tail: usize,
) {
    for down in 0..p.count[0] {
        let line = p.image.cast_const().wrapping_add(down * H * p.line);
        let mut right = 0;
        // SAFETY: each tile is started only where its windows are left.
        unsafe {
            while right + Q / 2 <= p.count[1] {
                let image = line.wrapping_add(2 * right * p.channels);
                tile::<S, H, Q, NV, TAIL>(p, image, down * p.count[1] + right, col, tail);
                right += Q / 2;
            }
            while right < p.count[1] {
                let image = line.wrapping_add(2 * right * p.channels);
                tile::<S, H, 2, NV, TAIL>(p, image, down * p.count[1] + right, col, tail);
                right += 1;
            }
        }
    }
}

/// Computes all filters, in tiles of `Q / 2` windows.
///
/// # Safety
///
/// As for [`tile`].
#[inline(always)]
unsafe fn strips<S: Simd, const H: usize, const Q: usize>(p: &Pooled<S::Elem>) {
    let mut col = 0;
    // SAFETY: every strip starts inside the filters, and its tail is the length of its last vector.
    unsafe {
        while col + 2 * S::LANES <= p.filters {
            strip::<S, H, Q, 2, false>(p, col, 0);
            col += 2 * S::LANES;
        }
        let rest = p.filters - col;
        if rest > S::LANES {
            strip::<S, H, Q, 2, true>(p, col, rest - S::LANES);
        } else if rest == S::LANES {
            strip::<S, H, Q, 1, false>(p, col, 0);
        } else if rest > 0 {
            strip::<S, H, Q, 1, true>(p, col, rest);
        }
    }
}

/// Computes the largest result of every window and its argmax index.
///
/// # Safety
///
/// The processor must have the instruction set; the pointers must be valid for their shapes.
#[inline(always)]
pub(crate) unsafe fn pool_products<S: Simd>(p: &Pooled<S::Elem>) {
    // SAFETY: passed on to the caller. Accumulators, weights and one position fit the registers: 24 + 3 or 8 + 3.
    unsafe {
        match (p.height, S::REGISTERS >= 32) {
            (2, true) => strips::<S, 2, 6>(p),
            (2, false) => strips::<S, 2, 2>(p),
            (_, true) => strips::<S, 1, 12>(p),
            (_, false) => strips::<S, 1, 4>(p),
        }
    }
}

/// A convolution and the height of the pooling windows of its results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pooling {
    /// The convolution: one group, strides and dilation 1.
    pub geometry: Geometry,
    /// Lines of a window, 1 or 2; it is two positions wide. Incomplete windows are not computed.
    pub height: usize,
}

impl Pooling {
    /// Number of windows, vertically and horizontally.
    pub const fn windows(&self) -> [usize; 2] {
        [self.geometry.output[0] / self.height, self.geometry.output[1] / 2]
    }

    /// Number of output values.
    pub const fn len(&self) -> usize {
        let [down, right] = self.windows();
        down * right * self.geometry.filters
    }

    /// Whether there are no output values.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of values of the arena that hold the argmax indices.
    pub const fn argmax_len(&self) -> usize {
        argmax_len(self.len())
    }

    /// Arguments of the kernels for these offsets in an arena of `len` values at `base`, bounds-checked.
    ///
    /// All pointers of a kernel must come from one borrow of the arena: a second `as_mut_ptr` would invalidate the
    /// first.
    #[track_caller]
    fn work<E: Element>(
        &self,
        (base, len): (*mut E, usize),
        image: usize,
        pooled: usize,
        argmax: Option<usize>,
    ) -> Pooled<E> {
        let geometry = &self.geometry;
        let plain = geometry.groups == 1 && geometry.strides == [1, 1] && geometry.dilation == [1, 1];
        assert!(plain && (1..=2).contains(&self.height), "{self:?} cannot be pooled on the way");
        // Windows of the pooling lie inside the windows of the convolution.
        Mat::contiguous(image, 1, geometry.padded_len()).check(len);
        Mat::contiguous(pooled, 1, self.len()).check(len);
        if let Some(argmax) = argmax {
            Mat::contiguous(argmax, 1, self.argmax_len()).check(len);
        }
        let line = geometry.padded_line();
        Pooled {
            count: self.windows(),
            height: self.height,
            image: base.wrapping_add(image),
            line,
            channels: geometry.channels,
            taps: geometry.kernel[0],
            depth: geometry.kernel[1] * geometry.channels,
            filters: geometry.filters,
            kernel: ptr::null_mut(),
            transposed: ptr::null_mut(),
            bias: ptr::null(),
            relu: false,
            pooled: base.wrapping_add(pooled),
            argmax: argmax.map_or(ptr::null_mut(), |argmax| base.wrapping_add(argmax).cast()),
        }
    }
}

/// Number of values of the arena that hold `bytes` bytes.
pub const fn argmax_len(bytes: usize) -> usize {
    bytes.div_ceil(4)
}

/// Writes the largest result of every window of the padded image at `image` to `pooled`, and their argmax indices to
/// `argmax`.
///
/// `kernel` is `[height, width, channels, filters]`. The regions must not overlap.
pub fn convolve_pooled<E: Element>(
    arena: &mut [E],
    pooling: &Pooling,
    [image, pooled]: [usize; 2],
    argmax: Option<usize>,
    kernel: &[E],
    bias: Option<&[E]>,
    relu: bool,
) {
    let geometry = &pooling.geometry;
    assert!(kernel.len() >= geometry.kernel_len(), "convolution kernel is too short");
    let bias = bias.map_or(ptr::null(), |bias| bias[..geometry.filters].as_ptr());
    let len = arena.len();
    let work = pooling.work((arena.as_mut_ptr(), len), image, pooled, argmax);
    // The kernel is only read.
    let work = Pooled { kernel: kernel.as_ptr().cast_mut(), bias, relu, ..work };
    // SAFETY: the places, kernel and bias were checked for their lengths; the table is for this processor.
    unsafe { E::kernels().pool_products(&work) }
}

/// Computes `gradient += inputᵀ · dy`, the gradient of the kernel for one sample: `dy` counts at the positions in
/// `argmax`.
///
/// Depending on the processor and the geometry, but not on the sample, the gradient is added to `gradient`, in the
/// layout of the kernel, or to `transposed`, its transpose. Returns whether it was `transposed`.
pub fn pooled_kernel_gradient<E: Element>(
    arena: &mut [E],
    pooling: &Pooling,
    [image, dy, argmax]: [usize; 3],
    [gradient, transposed]: [usize; 2],
) -> bool {
    let len = pooling.geometry.kernel_len();
    Mat::contiguous(gradient, 1, len).check(arena.len());
    Mat::contiguous(transposed, 1, len).check(arena.len());
    let arena_len = arena.len();
    let base = arena.as_mut_ptr();
    let work = pooling.work((base, arena_len), image, dy, Some(argmax));
    let work =
        Pooled { kernel: base.wrapping_add(gradient), transposed: base.wrapping_add(transposed), ..work };
    let mut was_transposed = false;
    // SAFETY: the places were checked for their lengths; the table is for this processor.
    unsafe { E::kernels().correlate(&work, &mut was_transposed) }
    was_transposed
}

/// Computes `image += dy · kernelᵀ`: the gradient of each window is added to the inputs of its argmax position.
/// `transposed` is the kernel transposed by [`transpose`](super::conv::transpose).
pub fn pooled_input_gradient<E: Element>(
    arena: &mut [E],
    pooling: &Pooling,
    [image, dy, argmax]: [usize; 3],
    transposed: usize,
) {
    Mat::contiguous(transposed, 1, pooling.geometry.kernel_len()).check(arena.len());
    let len = arena.len();
    let base = arena.as_mut_ptr();
    let work = pooling.work((base, len), image, dy, Some(argmax));
    let work = Pooled { transposed: base.wrapping_add(transposed), ..work };
    // SAFETY: the places were checked for their lengths; the table is for this processor.
    unsafe { E::kernels().spread(&work) }
}
