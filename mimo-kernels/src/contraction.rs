//! Products of two tensors, summed over one axis of each.

use super::dispatch::Kernels;
use super::element::Element;
use super::simd::Simd;

/// `y[a, b, c, d] = Σₖ p[a, k, b] · q[c, k, d]`. The axes before the summed one count as one axis, and so do those
/// after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contraction {
    /// Sizes of the axes of `p` before and after the summed one.
    pub p: [usize; 2],
    /// Sizes of the axes of `q` before and after the summed one.
    pub q: [usize; 2],
    /// The length of the summed axis.
    pub summed: usize,
}

/// Selects the tensor that is computed from the other two. Their order is `y`, `p`, `q`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// `y`, from `p` and `q`.
    Result = 0,
    /// The gradient of `p`, from that of `y` and `q`.
    Left = 1,
    /// The gradient of `q`, from that of `y` and `p`.
    Right = 2,
}

/// Number of partial sums: the lanes of a wide vector.
const LANES: usize = 16;

#[inline(always)]
fn dot<E: Element>(a: &[E], b: &[E]) -> E {
    let mut sums = [E::zero(); LANES];
    let (whole_a, whole_b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let (rest_a, rest_b) = (whole_a.remainder(), whole_b.remainder());
    for (a, b) in whole_a.zip(whole_b) {
        for i in 0..LANES {
            sums[i] += a[i] * b[i];
        }
    }
    let mut sum = E::zero();
    for (a, b) in rest_a.iter().zip(rest_b) {
        sum += *a * *b;
    }
    for partial in sums {
        sum += partial;
    }
    sum
}

/// Implements [`contract`].
///
/// In the innermost loop one tensor stays at one value while the other two move along a run. Which tensor that is
/// depends on the sizes, so that runs are long.
///
/// # Safety
///
/// The processor must have the instruction set `S`.
#[inline(always)]
pub(crate) unsafe fn contraction<S: Simd>(
    contraction: &Contraction,
    part: Part,
    first: &[S::Elem],
    second: &[S::Elem],
    to: &mut [S::Elem],
) {
    let Contraction { p: [a, b], q: [c, d], summed } = *contraction;
    // The tensor that stays, and the length of a run along b, c, the summed axis and d.
    let (stays, [b_run, k_run, d_run]) = match (b, c, d) {
        (_, _, 2..) => (1, [1, 1, d]),
        (1, ..) => (0, [1, summed, 1]),
        (_, 1, _) => (2, [b, 1, 1]),
        _ => (1, [1, 1, 1]),
    };
    let len = b_run * k_run * d_run;
    if len == 0 {
        return;
    }
    let target = part as usize;
    let sources = [[1, 2], [0, 2], [0, 1]][target];
    for i in 0..a {
        for j in (0..b).step_by(b_run) {
            for k in (0..summed).step_by(k_run) {
                for m in 0..c {
                    for n in (0..d).step_by(d_run) {
                        let at = [
                            ((i * b + j) * c + m) * d + n,
                            (i * summed + k) * b + j,
                            (m * summed + k) * d + n,
                        ];
                        let [from, other] = [at[sources[0]], at[sources[1]]];
                        if target == stays {
                            to[at[target]] += dot(&first[from..from + len], &second[other..other + len]);
                            continue;
                        }
                        let (factor, run) = match sources[0] == stays {
                            true => (first[from], &second[other..other + len]),
                            false => (second[other], &first[from..from + len]),
                        };
                        for (to, x) in to[at[target]..][..len].iter_mut().zip(run) {
                            *to += factor * *x;
                        }
                    }
                }
            }
        }
    }
}

/// Computes one of the three tensors of one sample from the other two, given in their order, and adds it to `to`.
pub fn contract<E: Element>(contraction: &Contraction, part: Part, [first, second]: [&[E]; 2], to: &mut [E]) {
    // SAFETY: the table is for this processor; the kernel works on slices.
    unsafe { E::kernels().contraction(contraction, part, first, second, to) }
}
