//! Loops of layer normalization: statistics of consecutive values, and the values computed from them.
//!
//! A group is one slice. Sums are computed in eight parts, which the processor adds in parallel; the order depends
//! only on the length, so that results are the same on every instruction set. For the same reason nothing here may be
//! fused to a multiply-add.

use super::dispatch::Kernels;
use super::element::Element;
use super::simd::Simd;

/// Number of parts of a sum.
const PARTS: usize = 8;

/// Sums a term over the positions of some slices. In the term, a name stands for the value of its slice.
macro_rules! sum_of {
    ($first:ident $(, $other:ident)* => $term:expr) => {{
        let mut parts = [S::Elem::of(0.0); PARTS];
        let len = $first.len();
        let whole = len - len % PARTS;
        let mut at = 0;
        while at < whole {
            let $first: &[S::Elem] = &$first[at..at + PARTS];
            $(let $other: &[S::Elem] = &$other[at..at + PARTS];)*
            for (i, part) in parts.iter_mut().enumerate() {
                let $first = $first[i];
                $(let $other = $other[i];)*
                *part += $term;
            }
            at += PARTS;
        }
        for (i, part) in parts.iter_mut().enumerate().take(len - whole) {
            let $first = $first[whole + i];
            $(let $other = $other[whole + i];)*
            *part += $term;
        }
        parts.into_iter().sum::<S::Elem>()
    }};
}

/// Sets `found` to the mean and the sum of squared distances from it; without `centred`, to 0 and the sum of squares.
///
/// # Safety
///
/// The processor must have the instruction set `S`.
#[inline(always)]
pub(crate) unsafe fn moments<S: Simd>(x: &[S::Elem], centred: bool, found: &mut [S::Elem; 2]) {
    let mean = match centred {
        true => sum_of!(x => x) / S::Elem::of(x.len() as f64),
        false => S::Elem::of(0.0),
    };
    let squares = sum_of!(x => (x - mean) * (x - mean));
    *found = [mean, squares];
}

/// Computes `y = (x − mean) · scale · gamma + beta`. A missing `gamma` is 1, a missing `beta` is 0.
///
/// # Safety
///
/// As for [`moments`].
#[inline(always)]
pub(crate) unsafe fn normalize<S: Simd>(
    [mean, scale]: [S::Elem; 2],
    weights: [Option<&[S::Elem]>; 2],
    x: &[S::Elem],
    y: &mut [S::Elem],
) {
    let zero = S::Elem::of(0.0);
    match weights {
        [Some(gamma), Some(beta)] => {
            for ((x, y), (gamma, beta)) in x.iter().zip(y).zip(gamma.iter().zip(beta)) {
                *y = (*x - mean) * (scale * *gamma) + *beta;
            }
        }
        [Some(gamma), None] => {
            for ((x, y), gamma) in x.iter().zip(y).zip(gamma) {
                *y = (*x - mean) * (scale * *gamma) + zero;
            }
        }
        [None, Some(beta)] => {
            for ((x, y), beta) in x.iter().zip(y).zip(beta) {
                *y = (*x - mean) * scale + *beta;
            }
        }
        [None, None] => {
            for (x, y) in x.iter().zip(y) {
                *y = (*x - mean) * scale + zero;
            }
        }
    }
}

/// `sums += dy · (x − mean) · scale`, position by position: the gradient of `gamma`.
///
/// # Safety
///
/// As for [`moments`].
#[inline(always)]
pub(crate) unsafe fn scale_gradient<S: Simd>(
    [mean, scale]: [S::Elem; 2],
    x: &[S::Elem],
    dy: &[S::Elem],
    sums: &mut [S::Elem],
) {
    for ((x, dy), sum) in x.iter().zip(dy).zip(sums) {
        *sum += *dy * ((*x - mean) * scale);
    }
}

/// `sums += dy`, position by position: the gradient of `beta`.
///
/// # Safety
///
/// As for [`moments`].
#[inline(always)]
pub(crate) unsafe fn offset_gradient<S: Simd>(dy: &[S::Elem], sums: &mut [S::Elem]) {
    for (dy, sum) in dy.iter().zip(sums) {
        *sum += *dy;
    }
}

/// With `g = gamma · dy` and `n = (x − mean) · scale`, sets `found` to `Σ g` and `Σ g · n`.
///
/// # Safety
///
/// As for [`moments`].
#[inline(always)]
pub(crate) unsafe fn group_sums<S: Simd>(
    [mean, scale]: [S::Elem; 2],
    gamma: Option<&[S::Elem]>,
    x: &[S::Elem],
    dy: &[S::Elem],
    found: &mut [S::Elem; 2],
) {
    *found = match gamma {
        Some(gamma) => {
            [sum_of!(dy, gamma => gamma * dy), sum_of!(dy, gamma, x => (gamma * dy) * ((x - mean) * scale))]
        }
        None => [sum_of!(dy => dy), sum_of!(dy, x => dy * ((x - mean) * scale))],
    };
}

/// With `g` and `n` as in [`group_sums`]: `dx = (g − shift − n · along) · scale`, or adds that.
///
/// # Safety
///
/// As for [`moments`].
#[inline(always)]
pub(crate) unsafe fn group_gradient<S: Simd>(
    [mean, scale, shift, along]: [S::Elem; 4],
    gamma: Option<&[S::Elem]>,
    x: &[S::Elem],
    dy: &[S::Elem],
    dx: &mut [S::Elem],
    accumulate: bool,
) {
    match (gamma, accumulate) {
        (Some(gamma), true) => {
            for ((x, dy), (dx, gamma)) in x.iter().zip(dy).zip(dx.iter_mut().zip(gamma)) {
                *dx += (*gamma * *dy - shift - (*x - mean) * scale * along) * scale;
            }
        }
        (Some(gamma), false) => {
            for ((x, dy), (dx, gamma)) in x.iter().zip(dy).zip(dx.iter_mut().zip(gamma)) {
                *dx = (*gamma * *dy - shift - (*x - mean) * scale * along) * scale;
            }
        }
        (None, true) => {
            for ((x, dy), dx) in x.iter().zip(dy).zip(dx) {
                *dx += (*dy - shift - (*x - mean) * scale * along) * scale;
            }
        }
        (None, false) => {
            for ((x, dy), dx) in x.iter().zip(dy).zip(dx) {
                *dx = (*dy - shift - (*x - mean) * scale * along) * scale;
            }
        }
    }
}

/// The mean of a group and the sum of squared distances from it; without `centred`, 0 and the sum of squares.
pub fn group_moments<E: Element>(x: &[E], centred: bool) -> [E; 2] {
    let mut found = [E::zero(); 2];
    // SAFETY: the table holds kernels that this processor runs.
    unsafe { E::kernels().moments(x, centred, &mut found) };
    found
}

/// Computes `y = (x − mean) · scale · gamma + beta` of one group. A missing `gamma` is 1, a missing `beta` is 0.
pub fn group_normalize<E: Element>(
    mean_and_scale: [E; 2],
    gamma_and_beta: [Option<&[E]>; 2],
    x: &[E],
    y: &mut [E],
) {
    // SAFETY: as above.
    unsafe { E::kernels().normalize(mean_and_scale, gamma_and_beta, x, y) }
}

/// Adds `dy · (x − mean) · scale` of one group to the gradient of `gamma`.
pub fn group_scale_gradient<E: Element>(mean_and_scale: [E; 2], x: &[E], dy: &[E], sums: &mut [E]) {
    // SAFETY: as above.
    unsafe { E::kernels().scale_gradient(mean_and_scale, x, dy, sums) }
}

/// Adds `dy` of one group to the gradient of `beta`.
pub fn group_offset_gradient<E: Element>(dy: &[E], sums: &mut [E]) {
    // SAFETY: as above.
    unsafe { E::kernels().offset_gradient(dy, sums) }
}

/// `Σ gamma · dy` and `Σ gamma · dy · (x − mean) · scale` over one group. All slices must be equally long.
///
/// # Panics
///
/// If `gamma` or `x` is shorter than `dy`.
pub fn group_gradient_sums<E: Element>(
    mean_and_scale: [E; 2],
    gamma: Option<&[E]>,
    x: &[E],
    dy: &[E],
) -> [E; 2] {
    assert!(x.len() >= dy.len() && gamma.is_none_or(|gamma| gamma.len() >= dy.len()), "slices of a group");
    let mut found = [E::zero(); 2];
    // SAFETY: as above.
    unsafe { E::kernels().group_sums(mean_and_scale, gamma, x, dy, &mut found) };
    found
}

/// Computes, or adds if `accumulate`, `dx = (gamma · dy − shift − (x − mean) · scale · along) · scale` of one group,
/// where `numbers` are mean, scale, shift and along.
pub fn group_input_gradient<E: Element>(
    numbers: [E; 4],
    gamma: Option<&[E]>,
    x: &[E],
    dy: &[E],
    dx: &mut [E],
    accumulate: bool,
) {
    // SAFETY: as above.
    unsafe { E::kernels().group_gradient(numbers, gamma, x, dy, dx, accumulate) }
}
