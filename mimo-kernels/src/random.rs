//! Stateless random numbers: functions of a key and an index.
//!
//! Number `i` under a key is output `i` of SplitMix64 (Steele, Lea, Flood: *Fast Splittable Pseudorandom Number
//! Generators*, 2014) started from the key. Its state advances by a constant, so output `i` can be computed directly.
//! The key is mixed first, so that consecutive keys have unrelated sequences. Results do not depend on thread, chunk
//! or instruction set.

use super::dispatch::Kernels;
use super::element::Element;
use super::lanewise::Operands;
use super::matrix::Mat;
use super::simd::Simd;

/// The constant by which the state of SplitMix64 advances: 2^64 divided by the golden ratio, odd.
const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

/// The finaliser of SplitMix64.
#[inline(always)]
pub(super) const fn mix(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Random bits number `index` under the already mixed key.
#[inline(always)]
pub(super) const fn bits(mixed_key: u64, index: u64) -> u64 {
    mix(mixed_key.wrapping_add(index.wrapping_add(1).wrapping_mul(GAMMA)))
}

/// Number `index` under `key`, uniform in `[0, 1)`.
pub fn uniform(key: u64, index: u64) -> f64 {
    // The upper 53 bits, as many as a double holds.
    (bits(mix(key), index) >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// Number `index` under `key`, from the normal distribution with mean 0 and standard deviation 1.
///
/// By Box and Muller's transform, from two halves of the same bits: its tails end at 6.6 standard deviations.
pub fn normal(key: u64, index: u64) -> f64 {
    let bits = bits(mix(key), index);
    let unit = 1.0 / (1u64 << 32) as f64;
    // In (0, 1], because of the logarithm.
    let radius = ((bits >> 32) + 1) as f64 * unit;
    let angle = (bits & 0xFFFF_FFFF) as f64 * unit;
    // libm and not std, whose functions differ between systems.
    libm::sqrt(-2.0 * libm::log(radius)) * libm::cos(core::f64::consts::TAU * angle)
}

/// Number `index` under `key`, from the normal distribution with mean 0 and standard deviation 1, truncated at two
/// standard deviations.
pub fn truncated_normal(key: u64, index: u64) -> f64 {
    let mut key = key;
    // A number is drawn again with probability 0.046, from a stream of this attempt only. The bound of 64 is never
    // reached in practice.
    for _ in 0..64 {
        let x = normal(key, index);
        if x.abs() < 2.0 {
            return x;
        }
        key = mix(key.wrapping_add(GAMMA));
    }
    0.0
}

/// The arguments of the dropout kernel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dropout<E> {
    operands: Operands<E, 1, 1>,
    /// Columns of the matrix before its rows were joined.
    cols: usize,
    mixed_key: u64,
    first: u64,
    /// A value is kept if its upper 32 random bits are at least this.
    threshold: u64,
    scale: E,
}

/// Implements [`dropout`].
///
/// The compiler vectorizes the loop, with 64-bit multiplications where the processor has them.
///
/// # Safety
///
/// The processor must have the instruction set, and the operands be valid.
#[inline(always)]
pub(crate) unsafe fn drop_out<S: Simd>(dropout: &Dropout<S::Elem>) {
    let Dropout { operands, cols, mixed_key, first, threshold, scale } = *dropout;
    let Operands { inputs: [(from, from_stride)], outputs: [(to, to_stride)], accumulate, .. } = operands;
    // A buffer on the stack, because input and output may be the same matrix, which the compiler cannot know.
    const BLOCK: usize = 64;
    let mut factors = [S::Elem::default(); BLOCK];
    for row in 0..operands.rows {
        let mut col = 0;
        while col < operands.cols {
            let n = (operands.cols - col).min(BLOCK);
            let index = first.wrapping_add((row * cols + col) as u64);
            for (i, factor) in factors.iter_mut().enumerate() {
                let kept = bits(mixed_key, index.wrapping_add(i as u64)) >> 32 >= threshold;
                *factor = if kept { scale } else { S::Elem::default() };
            }
            for (i, factor) in factors.iter().enumerate().take(n) {
                // SAFETY: col + i < cols of a row below `rows`, which the caller vouches for.
                unsafe {
                    let x = from.add(row * from_stride + col + i).read();
                    // Not a product: infinity or NaN must become zero too.
                    let y = if *factor == S::Elem::default() { *factor } else { x * *factor };
                    let to = to.add(row * to_stride + col + i);
                    to.write(if accumulate { to.read() + y } else { y });
                }
            }
            col += n;
        }
    }
}

/// Drops each value with probability `rate` and multiplies the others by `1 / (1 - rate)`.
///
/// Value `(r, c)` has the index `first + r * x.cols + c` under `key`, so the same call on gradients is the
/// backward pass. Adds to `y` if `accumulate`. `y` may be `x`. A rate of one or more drops everything.
pub fn dropout<E: Element>(
    arena: &mut [E],
    key: u64,
    first: u64,
    rate: f64,
    x: Mat,
    y: Mat,
    accumulate: bool,
) {
    y.check(arena.len());
    x.check_like(y, arena.len());
    let rate = rate.clamp(0.0, 1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in 0..=2^32")]
    let threshold = num_traits::Float::round(rate * (1u64 << 32) as f64) as u64;
    let dropout = Dropout {
        operands: Operands::new(arena.as_mut_ptr(), [x], [y], accumulate),
        cols: x.cols,
        mixed_key: mix(key),
        first,
        threshold,
        scale: E::of(if rate < 1.0 { 1.0 / (1.0 - rate) } else { 0.0 }),
    };
    // SAFETY: the matrices were checked above, and the table is for this processor.
    unsafe { E::kernels().drop_out(&dropout) }
}

/// `y = x + stddev * n` with `n` from the standard normal distribution, indexed as in [`dropout`]. `y` may
/// be `x`.
pub fn gaussian_noise<E: Element>(arena: &mut [E], key: u64, first: u64, stddev: f64, x: Mat, y: Mat) {
    y.check(arena.len());
    x.check_like(y, arena.len());
    for row in 0..x.rows {
        for col in 0..x.cols {
            let noise = stddev * normal(key, first.wrapping_add((row * x.cols + col) as u64));
            arena[y.offset + row * y.stride + col] = arena[x.offset + row * x.stride + col] + E::of(noise);
        }
    }
}

/// Limit of `selu` for very negative values.
const SELU_LIMIT: f64 = -1.673_263_242_354_377_2 * 1.050_700_987_355_480_5;

/// A random function `scale * x + offset` of each value, which also replaces some values by a constant.
#[derive(Clone, Copy, Debug)]
pub struct RandomScale {
    mixed_key: u64,
    /// A value is kept if its upper 32 random bits are at least this.
    threshold: u64,
    /// The standard deviation of a factor with mean 1.
    stddev: f64,
    scale: f64,
    offset: f64,
    /// Replacement of the values that are not kept.
    dropped: f64,
}

impl RandomScale {
    /// Keeps values with probability `1 - rate`, in 0..=1.
    fn kept(key: u64, rate: f64) -> Self {
        let rate = rate.clamp(0.0, 1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in 0..=2^32")]
        let threshold = num_traits::Float::round(rate * (1u64 << 32) as f64) as u64;
        Self { mixed_key: mix(key), threshold, stddev: 0.0, scale: 1.0, offset: 0.0, dropped: 0.0 }
    }

    /// The function of [`dropout`], which draws the same numbers under the same key.
    pub fn dropout(key: u64, rate: f64) -> Self {
        let scale = if rate < 1.0 { 1.0 / (1.0 - rate) } else { 0.0 };
        Self { scale, ..Self::kept(key, rate) }
    }

    /// Factors from the normal distribution with mean 1 and variance `rate / (1 - rate)`.
    pub fn gaussian_dropout(key: u64, rate: f64) -> Self {
        let stddev = libm::sqrt(if rate < 1.0 { rate / (1.0 - rate) } else { 0.0 });
        // `normal` mixes the key itself.
        Self { mixed_key: key, stddev, ..Self::kept(key, 0.0) }
    }

    /// Replaces a fraction `rate` of the values by the limit of `selu`, then scales and shifts so that mean 0 and
    /// variance 1 are preserved.
    pub fn alpha_dropout(key: u64, rate: f64) -> Self {
        let kept = 1.0 - rate;
        let scale =
            if rate < 1.0 { 1.0 / libm::sqrt(kept * (1.0 + rate * SELU_LIMIT * SELU_LIMIT)) } else { 0.0 };
        let offset = -scale * SELU_LIMIT * rate;
        Self { scale, offset, dropped: scale * SELU_LIMIT + offset, ..Self::kept(key, rate) }
    }

    /// Factor of the value with this index; `None` if it is not kept.
    #[inline]
    fn factor(&self, index: u64) -> Option<f64> {
        if self.stddev > 0.0 {
            return Some(1.0 + self.stddev * normal(self.mixed_key, index));
        }
        (self.threshold == 0 || bits(self.mixed_key, index) >> 32 >= self.threshold).then_some(self.scale)
    }

    /// Computes `y = scale * x + offset`, or the constant. Value `i` has the index `first + i * step`: with a step of
    /// 0 all have the same number. Computes as many values as both slices have.
    pub fn apply<E: Element>(&self, first: u64, step: usize, x: &[E], y: &mut [E]) {
        let (offset, dropped) = (E::of(self.offset), E::of(self.dropped));
        self.each(first, step, x, y, |factor, x, y| {
            *y = factor.map_or(dropped, |factor| factor * x + offset);
        });
    }

    /// Computes the gradient of [`apply`](Self::apply) from that of its result, and adds it to `dx` if `accumulate`.
    pub fn gradient<E: Element>(&self, first: u64, step: usize, dy: &[E], dx: &mut [E], accumulate: bool) {
        self.each(first, step, dy, dx, |factor, dy, dx| {
            let own = factor.map_or(E::zero(), |factor| factor * dy);
            *dx = if accumulate { *dx + own } else { own };
        });
    }

    #[inline]
    fn each<E: Element>(
        &self,
        first: u64,
        step: usize,
        from: &[E],
        to: &mut [E],
        mut write: impl FnMut(Option<E>, E, &mut E),
    ) {
        let of = |index: u64| self.factor(index).map(E::of);
        let shared = of(first);
        for (i, (from, to)) in from.iter().zip(to).enumerate() {
            let factor = if step == 0 { shared } else { of(first.wrapping_add((i * step) as u64)) };
            write(factor, *from, to);
        }
    }
}
