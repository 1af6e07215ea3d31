//! One fused step of an LSTM with Keras's default activations: products and gates.
//!
//! The four gates of a tile of rows and units stay in registers from the bias to the activations. Kernels are read
//! interleaved (see `interleave`). Gates are written in the order of Keras's columns, so that the gradients of the
//! weights need no reordering.

use core::mem::MaybeUninit;
use core::ptr;

use super::dispatch::Kernels;
use super::element::Element;
use super::interleave::{PAIR, interleaved_len};
use super::matrix::Mat;
use super::simd::Simd;

/// Gates, in Keras's order i, f, c, o.
const GATES: usize = 4;
/// Pairs of gates.
const PAIRS: usize = GATES / PAIR;

/// The weights of an LSTM.
#[derive(Clone, Copy, Debug)]
pub struct LstmWeights<'a, E> {
    /// The interleaved kernel.
    pub kernel: &'a [E],
    /// The interleaved recurrent kernel.
    pub recurrent_kernel: &'a [E],
    /// The bias, gate by gate.
    pub bias: Option<&'a [E]>,
}

/// Matrices of a step. All have the same rows; all but `x` and `gates` have `units` columns.
#[derive(Clone, Copy, Debug)]
pub struct LstmPlaces {
    /// Input.
    pub x: Mat,
    /// State and cell state before the step; `None` if they are zeros.
    pub before: Option<[Mat; 2]>,
    /// Output: the gates for the backward, `[rows, 4 · units]`.
    pub gates: Option<Mat>,
    /// Output: the state; must not be the state before the step.
    pub state: Mat,
    /// Output: the cell state; may be the cell state before the step.
    pub cell: Mat,
}

/// Arguments of the kernel of a step. A pointer comes with the distance between its rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LstmStep<E> {
    rows: usize,
    units: usize,
    features: usize,
    kernel: *const E,
    recurrent_kernel: *const E,
    /// `4 · units` values, or null.
    bias: *const E,
    x: (*const E, usize),
    /// State and cell state before the step, or null.
    before: [(*const E, usize); 2],
    /// Null if the gates are not stored.
    gates: (*mut E, usize),
    state: (*mut E, usize),
    cell: (*mut E, usize),
}

/// Adds the products of `depth` values of `R` rows with an interleaved kernel to `G` pairs of gates.
///
/// # Safety
///
/// The processor must have the instruction set; `depth` values must be valid at each row of `left`, and as many pairs
/// of vectors for each of the `G` pairs of gates, one after another, at `kernel`.
#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "constant indices keep the sums in registers")]
unsafe fn multiply<S: Simd, const R: usize, const G: usize>(
    sums: &mut [[[S::V; PAIR]; G]; R],
    left: (*const S::Elem, usize),
    depth: usize,
    mut kernel: *const S::Elem,
) {
    let apart = depth * PAIR * S::LANES;
    // SAFETY: `k` stays below the depth that the caller vouches for.
    unsafe {
        for k in 0..depth {
            let mut weights = [[S::splat(S::Elem::default()); PAIR]; G];
            for g in 0..G {
                for i in 0..PAIR {
                    weights[g][i] = S::load(kernel.add(g * apart + i * S::LANES));
                }
            }
            for r in 0..R {
                let x = S::splat(*left.0.add(r * left.1 + k));
                for g in 0..G {
                    for i in 0..PAIR {
                        sums[r][g][i] = S::fma(x, weights[g][i], sums[r][g][i]);
                    }
                }
            }
            kernel = kernel.add(PAIR * S::LANES);
        }
    }
}

/// A vector of units: all lanes, or the first `n` if `TAIL`.
///
/// # Safety
///
/// As for [`Simd::load`] and [`Simd::load_first`].
#[inline(always)]
unsafe fn load<S: Simd, const TAIL: bool>(p: *const S::Elem, n: usize) -> S::V {
    // SAFETY: passed on to the caller.
    unsafe { if TAIL { S::load_first(p, n) } else { S::load(p) } }
}

/// The counterpart of [`load`].
///
/// # Safety
///
/// As for [`load`].
#[inline(always)]
unsafe fn store<S: Simd, const TAIL: bool>(p: *mut S::Elem, n: usize, v: S::V) {
    // SAFETY: passed on to the caller.
    unsafe { if TAIL { S::store_first(p, n, v) } else { S::store(p, v) } }
}

/// Computes the gate sums of `R` rows from `row` on, for `G` pairs of gates: from pair `pair` on of the vectors of
/// units from `unit` on. They are written to `gate_sums`, row by row, with room for `B` vectors of units.
///
/// # Safety
///
/// The processor must have the instruction set, and the pointers of the step be valid for these rows and units.
#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "constant indices keep the sums in registers")]
unsafe fn sums<S: Simd, const R: usize, const G: usize, const B: usize, const TAIL: bool>(
    step: &LstmStep<S::Elem>,
    row: usize,
    [unit, n]: [usize; 2],
    pair: usize,
    gate_sums: *mut S::V,
) {
    let LstmStep { units, features, kernel, recurrent_kernel, bias, x, before, .. } = *step;
    // SAFETY: the pairs belong to units of the step. In an interleaved kernel they follow the first `unit` units,
    // with all rows and gates, and `pair` pairs of vectors in all rows.
    unsafe {
        let mut sums = [[[S::splat(S::Elem::default()); PAIR]; G]; R];
        if !bias.is_null() {
            for g in 0..G {
                for i in 0..PAIR {
                    let gate = (pair + g) % PAIRS * PAIR + i;
                    let unit = unit + (pair + g) / PAIRS * S::LANES;
                    let bias = load::<S, TAIL>(bias.add(gate * units + unit), n);
                    for r in 0..R {
                        sums[r][g][i] = bias;
                    }
                }
            }
        }
        let of_pair = |kernel: *const S::Elem, depth: usize| {
            kernel.add((unit * GATES + pair * PAIR * S::LANES) * depth)
        };
        let at = |(p, stride): (*const S::Elem, usize)| (p.wrapping_add(row * stride), stride);
        multiply::<S, R, G>(&mut sums, at(x), features, of_pair(kernel, features));
        let [h, _] = before;
        if !h.0.is_null() {
            multiply::<S, R, G>(&mut sums, at(h), units, of_pair(recurrent_kernel, units));
        }
        for r in 0..R {
            for g in 0..G {
                for i in 0..PAIR {
                    gate_sums.add((r * B * PAIRS + pair + g) * PAIR + i).write(sums[r][g][i]);
                }
            }
        }
    }
}

/// Computes `R` rows from `row` on of `B` vectors of units from `unit` on, of which the last has `n` lanes if `TAIL`.
///
/// # Safety
///
/// As for [`sums`].
#[inline(always)]
unsafe fn tile<S: Simd, const R: usize, const B: usize, const TAIL: bool>(
    step: &LstmStep<S::Elem>,
    row: usize,
    unit: usize,
    n: usize,
) {
    let LstmStep { units, before: [_, before], gates, state, cell, .. } = *step;
    // The sums are passed through memory, by constant indices: if the loop below indexed them, the loops of the
    // products would keep them in memory too.
    let mut gate_sums = MaybeUninit::<[[[S::V; GATES]; B]; R]>::uninit();
    let gate_sums = gate_sums.as_mut_ptr().cast::<S::V>();
    // SAFETY: rows row..row + R and the units of B vectors from `unit` on are inside the step. All gates of all rows
    // are written before they are read.
    unsafe {
        match (R, B) {
            // Both pairs at once, so that there are enough sums to hide the latency of adding.
            (1, 2) => sums::<S, R, 4, B, TAIL>(step, row, [unit, n], 0, gate_sums),
            (1 | 2, _) => sums::<S, R, 2, B, TAIL>(step, row, [unit, n], 0, gate_sums),
            _ => {
                sums::<S, R, 1, B, TAIL>(step, row, [unit, n], 0, gate_sums);
                sums::<S, R, 1, B, TAIL>(step, row, [unit, n], 1, gate_sums);
            }
        }
        for r in 0..R {
            for b in 0..B {
                let (row, unit) = (row + r, unit + b * S::LANES);
                let sums = gate_sums.add((r * B + b) * GATES);
                let i = S::gate_sigmoid(sums.read());
                let f = S::gate_sigmoid(sums.add(1).read());
                let g = S::gate_tanh(sums.add(2).read());
                let o = S::gate_sigmoid(sums.add(3).read());
                let mut sum = S::mul(i, g);
                if !before.0.is_null() {
                    sum = S::fma(f, load::<S, TAIL>(before.0.add(row * before.1 + unit), n), sum);
                }
                store::<S, TAIL>(cell.0.add(row * cell.1 + unit), n, sum);
                if !gates.0.is_null() {
                    let gates = gates.0.add(row * gates.1 + unit);
                    store::<S, TAIL>(gates, n, i);
                    store::<S, TAIL>(gates.add(units), n, f);
                    store::<S, TAIL>(gates.add(2 * units), n, g);
                    store::<S, TAIL>(gates.add(3 * units), n, o);
                }
                store::<S, TAIL>(state.0.add(row * state.1 + unit), n, S::mul(o, S::gate_tanh(sum)));
            }
        }
    }
}

/// Computes all rows of one vector of units.
///
/// # Safety
///
/// As for [`sums`].
#[inline(always)]
unsafe fn strip<S: Simd, const TAIL: bool>(step: &LstmStep<S::Elem>, unit: usize, n: usize) {
    let mut row = 0;
    // SAFETY: tiles are started only where their rows are left.
    unsafe {
        // Sixteen sums of thirty-two registers, or eight of sixteen.
        while S::REGISTERS >= 32 && row + 8 <= step.rows {
            tile::<S, 8, 1, TAIL>(step, row, unit, n);
            row += 8;
        }
        while row + 4 <= step.rows {
            tile::<S, 4, 1, TAIL>(step, row, unit, n);
            row += 4;
        }
        while row < step.rows {
            tile::<S, 1, 1, TAIL>(step, row, unit, n);
            row += 1;
        }
    }
}

/// Computes an [`LstmStep`].
///
/// # Safety
///
/// The processor must have the instruction set; the pointers must be valid for the rows, units and features.
#[inline(always)]
pub(crate) unsafe fn step<S: Simd>(step: &LstmStep<S::Elem>) {
    let units = step.units;
    let mut unit = 0;
    // SAFETY: tiles are started only where their units are left; `n` is what is left of the last vector.
    unsafe {
        // A single row uses two vectors of units, so that there are enough sums to hide the latency of adding.
        while step.rows == 1 && unit + 2 * S::LANES <= units {
            tile::<S, 1, 2, false>(step, 0, unit, 0);
            unit += 2 * S::LANES;
        }
        while unit + S::LANES <= units {
            strip::<S, false>(step, unit, 0);
            unit += S::LANES;
        }
        if unit < units {
            strip::<S, true>(step, unit, units - unit);
        }
    }
}

/// One step of an LSTM.
pub fn lstm_step<E: Element>(arena: &mut [E], weights: LstmWeights<'_, E>, places: LstmPlaces) {
    let LstmPlaces { x, before, gates, state, cell } = places;
    let (rows, units, len) = (state.rows, state.cols, arena.len());
    assert_eq!(x.rows, rows, "input and state of an LSTM differ in rows");
    x.check(len);
    state.check(len);
    [cell].into_iter().chain(before.into_iter().flatten()).for_each(|mat| mat.check_like(state, len));
    if let Some(gates) = gates {
        gates.check(len);
        assert!(gates.rows == rows && gates.cols / GATES == units, "the gates of an LSTM have another shape");
    }
    let LstmWeights { kernel, recurrent_kernel, bias } = weights;
    let fits = |kernel: &[E], rows: usize| kernel.len() >= interleaved_len(rows, GATES, units);
    assert!(fits(kernel, x.cols) && fits(recurrent_kernel, units), "a kernel of an LSTM is too short");
    assert!(bias.is_none_or(|bias| bias.len() / GATES >= units), "the bias of an LSTM is too short");
    let base = arena.as_mut_ptr();
    let read = |mat: Mat| (mat.within(base), mat.stride);
    let write = |mat: Mat| (mat.within_mut(base), mat.stride);
    let step = LstmStep {
        rows,
        units,
        features: x.cols,
        kernel: kernel.as_ptr(),
        recurrent_kernel: recurrent_kernel.as_ptr(),
        bias: bias.map_or(ptr::null(), <[E]>::as_ptr),
        x: read(x),
        before: before.map_or([(ptr::null(), 0); 2], |before| before.map(read)),
        gates: gates.map_or((ptr::null_mut(), 0), write),
        state: write(state),
        cell: write(cell),
    };
    // SAFETY: the shapes were checked above, and the table is for this processor.
    unsafe { E::kernels().step(&step) }
}
