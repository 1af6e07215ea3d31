//! Convolutions whose results are pooled on the way: the image between the two is never written.
//!
//! A window of the pooling is one or two lines high and two positions wide, and windows do not overlap. The forward keeps
//! of every window the largest result and which of its positions gave it (the *code*, line · 2 + position, a byte). The
//! gradient of a window goes to that position alone, so the backward does a fourth of the work of a convolution's.

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

/// A convolution of one image with stride 1, and how it is pooled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pooled<E> {
    /// Windows of the pooling, down and to the right.
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
    pub(crate) turned: *mut E,
    /// What every result starts from, or null.
    pub(crate) bias: *const E,
    /// Replace negative results by zero.
    pub(crate) relu: bool,
    /// The largest results `[windows, filters]`, or their gradient.
    pub(crate) pooled: *mut E,
    /// Where they were found, `[windows, filters]`; null if nobody wants to know.
    pub(crate) codes: *mut u8,
}

impl<E> Pooled<E> {
    /// What the codes stand for: how far into the window's part of the image the position lies.
    #[inline(always)]
    fn positions(&self) -> [usize; 4] {
        [0, self.channels, self.line, self.line + self.channels]
    }

    /// A code that memory holds, made safe to index with.
    #[inline(always)]
    fn valid(&self, code: u8) -> usize {
        usize::from(code) & (2 * self.height - 1)
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
        let [one, two, three] = [1.0, 2.0, 3.0].map(|code| S::splat(S::Elem::of(code)));
        for at in 0..Q / 2 {
            let place = (window + at) * p.filters + col;
            for v in 0..NV {
                // The first of several that are equal counts, as in TensorFlow.
                let pair = |r: usize, low, high| {
                    let [a, b] = [sum[r][2 * at][v], sum[r][2 * at + 1][v]];
                    (S::max(b, a), S::select_gt(b, a, high, low))
                };
                let (mut largest, mut code) = pair(0, zero, one);
                if H == 2 {
                    let (below, its) = pair(1, two, three);
                    code = S::select_gt(below, largest, its, code);
                    largest = S::max(below, largest);
                }
                if p.relu {
                    largest = S::max(zero, largest);
                }
                store::<S, NV, TAIL>(p.pooled.add(place), v, tail, largest);
                if !p.codes.is_null() {
                    let lanes = if TAIL && v == NV - 1 { tail } else { S::LANES };
                    S::store_bytes(p.codes.add(place + v * S::LANES), lanes, code);
                }
            }
        }
    }
}

/// All windows of one strip of `NV` vectors of filters.
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

/// All filters, in tiles of `Q / 2` windows.
///
/// # Safety
///
/// As for [`tile`].
#[inline(always)]
unsafe fn strips<S: Simd, const H: usize, const Q: usize>(p: &Pooled<S::Elem>) {
    let mut col = 0;
    // SAFETY: every strip starts inside the filters, and its tail says how many of its last vector exist.
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

/// The largest result of every window, and where it was found.
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

/// A convolution, and how high the windows are in which its results are pooled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pooling {
    /// The convolution: one group, strides and dilation 1.
    pub geometry: Geometry,
    /// Lines of a window, 1 or 2; it is two positions wide. What does not fill a window is not computed.
    pub height: usize,
}

impl Pooling {
    /// Windows down and to the right.
    pub const fn windows(&self) -> [usize; 2] {
        [self.geometry.output[0] / self.height, self.geometry.output[1] / 2]
    }

    /// Values that are given.
    pub const fn len(&self) -> usize {
        let [down, right] = self.windows();
        down * right * self.geometry.filters
    }

    /// Whether nothing is given.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The arena's values that hold the codes.
    pub const fn codes_len(&self) -> usize {
        codes_len(self.len())
    }

    /// The pieces of work of these places in an arena of `len` values at `base`, checked.
    ///
    /// Every pointer of a piece of work has to come from one borrow of the arena: a second `as_mut_ptr` ends the first.
    #[track_caller]
    fn work<E: Element>(
        &self,
        (base, len): (*mut E, usize),
        image: usize,
        pooled: usize,
        codes: Option<usize>,
    ) -> Pooled<E> {
        let geometry = &self.geometry;
        let plain = geometry.groups == 1 && geometry.strides == [1, 1] && geometry.dilation == [1, 1];
        assert!(plain && (1..=2).contains(&self.height), "{self:?} cannot be pooled on the way");
        // Windows of the pooling lie inside the windows of the convolution.
        Mat::contiguous(image, 1, geometry.padded_len()).check(len);
        Mat::contiguous(pooled, 1, self.len()).check(len);
        if let Some(codes) = codes {
            Mat::contiguous(codes, 1, self.codes_len()).check(len);
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
            turned: ptr::null_mut(),
            bias: ptr::null(),
            relu: false,
            pooled: base.wrapping_add(pooled),
            codes: codes.map_or(ptr::null_mut(), |codes| base.wrapping_add(codes).cast()),
        }
    }
}

/// How many values of the arena hold as many bytes.
pub const fn codes_len(bytes: usize) -> usize {
    bytes.div_ceil(4)
}

/// The largest results of every window of the padded image at `image` go to `pooled`, where they were found to `codes`.
///
/// `kernel` is `[height, width, channels, filters]`. The places must not overlap.
pub fn convolve_pooled<E: Element>(
    arena: &mut [E],
    pooling: &Pooling,
    [image, pooled]: [usize; 2],
    codes: Option<usize>,
    kernel: &[E],
    bias: Option<&[E]>,
    relu: bool,
) {
    let geometry = &pooling.geometry;
    assert!(kernel.len() >= geometry.kernel_len(), "convolution kernel is too short");
    let bias = bias.map_or(ptr::null(), |bias| bias[..geometry.filters].as_ptr());
    let len = arena.len();
    let work = pooling.work((arena.as_mut_ptr(), len), image, pooled, codes);
    // The kernel is only read.
    let work = Pooled { kernel: kernel.as_ptr().cast_mut(), bias, relu, ..work };
    // SAFETY: the places, kernel and bias were checked for their lengths; the table is for this processor.
    unsafe { E::kernels().pool_products(&work) }
}

/// `gradient += inputᵀ · dy`, the gradient of the kernel for one sample: `dy` counts where `codes` says.
///
/// Which of the two layouts is added to depends on the processor and the geometry, not on the sample: `gradient`, that
/// of the kernel, or `turned`, its transpose. Returns whether it was `turned`.
pub fn pooled_kernel_gradient<E: Element>(
    arena: &mut [E],
    pooling: &Pooling,
    [image, dy, codes]: [usize; 3],
    [gradient, turned]: [usize; 2],
) -> bool {
    let len = pooling.geometry.kernel_len();
    Mat::contiguous(gradient, 1, len).check(arena.len());
    Mat::contiguous(turned, 1, len).check(arena.len());
    let arena_len = arena.len();
    let base = arena.as_mut_ptr();
    let work = pooling.work((base, arena_len), image, dy, Some(codes));
    let work = Pooled { kernel: base.wrapping_add(gradient), turned: base.wrapping_add(turned), ..work };
    let mut was_turned = false;
    // SAFETY: the places were checked for their lengths; the table is for this processor.
    unsafe { E::kernels().correlate(&work, &mut was_turned) }
    was_turned
}

/// `image += dy · kernelᵀ`: every gradient of a window is spread over what its position read. `turned` is the kernel,
/// transposed by [`transpose`](super::conv::transpose).
pub fn pooled_input_gradient<E: Element>(
    arena: &mut [E],
    pooling: &Pooling,
    [image, dy, codes]: [usize; 3],
    turned: usize,
) {
    Mat::contiguous(turned, 1, pooling.geometry.kernel_len()).check(arena.len());
    let len = arena.len();
    let base = arena.as_mut_ptr();
    let work = pooling.work((base, len), image, dy, Some(codes));
    let work = Pooled { turned: base.wrapping_add(turned), ..work };
    // SAFETY: the places were checked for their lengths; the table is for this processor.
    unsafe { E::kernels().spread(&work) }
}
