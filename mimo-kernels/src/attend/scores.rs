//! Loops over rows of scores, and the kernels of [`Score::Tangent`](super::Score::Tangent).

use crate::element::Element;
use crate::simd::Simd;
use crate::softmax::{load, store};

/// Scores of consecutive queries for consecutive keys.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scores<E> {
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    pub(crate) scores: *mut E,
    /// Distance between two rows.
    pub(crate) stride: usize,
    /// The query of the first row.
    pub(crate) query: usize,
    /// The key of the first column.
    pub(crate) key: usize,
    /// Whether queries see no key after their own position.
    pub(crate) causal: bool,
    /// A query sees keys less than this far away.
    pub(crate) window: usize,
    /// Factor of the scores.
    pub(crate) scale: E,
    /// Subtracted from the scaled scores.
    pub(crate) shift: E,
    /// `cols` values that are 0 for keys that no query sees, or null.
    pub(crate) key_mask: *const E,
    /// Rows of `cols` values that are 0 where the query does not see the key, or null.
    pub(crate) mask: *const E,
    pub(crate) mask_stride: usize,
    /// The largest score of each row.
    pub(crate) maxima: *mut E,
    /// The sum of the exponentials of each row; as an input, its logarithm.
    pub(crate) sums: *mut E,
}

impl<E> Scores<E> {
    /// Columns of the keys that a row sees by their positions.
    #[inline(always)]
    fn visible(&self, row: usize) -> (usize, usize) {
        let query = self.query + row;
        let end = if self.causal { query + 1 } else { query.saturating_add(self.window) };
        let column = |key: usize| key.saturating_sub(self.key).min(self.cols);
        let (start, end) = (column((query + 1).saturating_sub(self.window)), column(end));
        (start.min(end), end)
    }
}

/// Largest number of lanes of a vector.
const MOST_LANES: usize = 16;

/// The numbers of the lanes of a vector.
#[inline(always)]
fn lanes<E: Element>() -> [E; MOST_LANES] {
    core::array::from_fn(|lane| E::of(lane as f64))
}

/// A row of scores.
struct Row<S: Simd> {
    scores: *mut S::Elem,
    masks: [*const S::Elem; 2],
    cols: usize,
    /// Whether some vectors contain lanes that the row does not see.
    partial: bool,
    /// The first visible column minus one, and the end of the visible columns.
    bounds: [S::V; 2],
    lanes: S::V,
    scale: S::V,
    shift: S::V,
}

impl<S: Simd> Row<S> {
    /// # Safety
    ///
    /// As for [`exponentials`], and `row` is one of the rows.
    #[inline(always)]
    unsafe fn new(of: &Scores<S::Elem>, row: usize, lanes: &[S::Elem; MOST_LANES]) -> Self {
        let (start, end) = of.visible(row);
        let mask = |mask: *const S::Elem, start: usize| {
            if mask.is_null() { mask } else { mask.wrapping_add(start) }
        };
        // SAFETY: the caller vouches for the instruction set; a vector has at most `MOST_LANES` lanes.
        unsafe {
            Row {
                scores: of.scores.add(row * of.stride),
                masks: [mask(of.key_mask, 0), mask(of.mask, row * of.mask_stride)],
                cols: of.cols,
                partial: (start, end) != (0, of.cols.next_multiple_of(S::LANES)),
                bounds: [S::splat(S::Elem::of(start as f64 - 1.0)), S::splat(S::Elem::of(end as f64))],
                lanes: S::load(lanes.as_ptr()),
                scale: S::splat(of.scale),
                shift: S::splat(of.shift),
            }
        }
    }

    /// Columns at which vectors begin.
    #[inline(always)]
    fn columns(&self) -> core::iter::StepBy<core::ops::Range<usize>> {
        (0..self.cols).step_by(S::LANES)
    }

    /// The scaled scores of a vector, with `masked` where the row does not see the key.
    ///
    /// Columns are compared as numbers: a branch on the position of the last one is mispredicted in nearly every row
    /// of a causal mask.
    ///
    /// # Safety
    ///
    /// As for [`Row::new`], and `col` is one of the columns.
    #[inline(always)]
    unsafe fn scaled(&self, col: usize, masked: S::V) -> S::V {
        // SAFETY: whole vectors of scores and parts of masks are valid, as the caller vouches for.
        unsafe {
            let zero = S::splat(S::Elem::default());
            let mut x = S::sub(S::mul(S::load(self.scores.add(col)), self.scale), self.shift);
            for mask in self.masks {
                if !mask.is_null() {
                    let mask = load::<S>(mask.add(col), self.cols - col, zero);
                    x = S::select_gt(S::abs(mask), zero, x, masked);
                }
            }
            if self.partial {
                let place = S::add(self.lanes, S::splat(S::Elem::of(col as f64)));
                x = S::select_gt(place, self.bounds[0], x, masked);
                x = S::select_gt(self.bounds[1], place, x, masked);
            }
            x
        }
    }
}

/// `e^x` for `x` down to `floor`, and 0 below: a subnormal result takes a hundred cycles, and every masked score
/// would have one.
///
/// # Safety
///
/// The instruction set.
#[inline(always)]
unsafe fn exp_above<S: Simd>(x: S::V, floor: S::V) -> S::V {
    // SAFETY: the caller vouches for the instruction set; no memory is touched.
    unsafe {
        let e = S::exp(S::max(floor, x));
        // Lets NaN pass: it does not compare as below.
        S::select_gt(floor, x, S::splat(S::Elem::default()), e)
    }
}

/// The logarithm of the smallest normal number, rounded up.
#[inline(always)]
fn floor<E: Element>() -> E {
    E::min_positive_value().ln().ceil()
}

/// Replaces each score by `e^(scale · score − shift − max)`, or by 0 where the query does not see the key. A row that
/// sees no key has the sum 0.
///
/// Reads and writes whole vectors, beyond the last column: with partial vectors, the second loop would wait until the
/// stores of the first reach the cache.
///
/// # Safety
///
/// The processor must have the instruction set, `scores` be valid for `rows` rows of `cols` values, rounded up to whole vectors, masks
/// that are not null for `rows x cols` values, and `maxima` and `sums` for `rows` values.
#[inline(always)]
pub(crate) unsafe fn exponentials<S: Simd>(of: &Scores<S::Elem>) {
    let lowest_score: S::Elem = num_traits::Float::neg_infinity();
    let (lanes, floor) = (lanes(), floor::<S::Elem>());
    for index in 0..of.rows {
        // SAFETY: every access is to whole vectors of a row below `rows`, or to masks of its columns.
        unsafe {
            let row = Row::<S>::new(of, index, &lanes);
            let (lowest, floor) = (S::splat(lowest_score), S::splat(floor));
            let mut max = lowest;
            for col in row.columns() {
                let x = row.scaled(col, lowest);
                max = S::max(x, max);
                S::store(row.scores.add(col), x);
            }
            let max = S::maximum(max);
            of.maxima.add(index).write(max);
            // Without a score, e^(−∞ − 0) is 0.
            let max = S::splat(if max == lowest_score { S::Elem::default() } else { max });
            let mut sum = S::splat(S::Elem::default());
            for col in row.columns() {
                let e = exp_above::<S>(S::sub(S::load(row.scores.add(col)), max), floor);
                sum = S::add(sum, e);
                S::store(row.scores.add(col), e);
            }
            of.sums.add(index).write(S::sum(sum));
        }
    }
}

/// Replaces each score by its probability, `e^(scale · score − shift − log)`, with the row's `log` from `sums`.
///
/// # Safety
///
/// As for [`exponentials`], without `maxima`.
#[inline(always)]
pub(crate) unsafe fn probabilities<S: Simd>(of: &Scores<S::Elem>) {
    let (lanes, floor) = (lanes(), floor::<S::Elem>());
    for index in 0..of.rows {
        // SAFETY: as in `exponentials`.
        unsafe {
            let row = Row::<S>::new(of, index, &lanes);
            let (lowest, floor) = (S::splat(num_traits::Float::neg_infinity()), S::splat(floor));
            let log = S::splat(of.sums.add(index).read());
            for col in row.columns() {
                let x = row.scaled(col, lowest);
                S::store(row.scores.add(col), exp_above::<S>(S::sub(x, log), floor));
            }
        }
    }
}

/// Probabilities with their gradients.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScoreGradient<E> {
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    pub(crate) stride: usize,
    pub(crate) probabilities: *const E,
    /// Gradients of the probabilities, which become those of the scores.
    pub(crate) gradients: *mut E,
    /// More gradients of the probabilities, or null.
    pub(crate) more: *const E,
    pub(crate) more_stride: usize,
    /// Factor of the scores.
    pub(crate) scale: E,
}

/// Computes `ds = scale · p (dp − Σ p dp)`.
///
/// # Safety
///
/// The processor must have the instruction set, and the pointers be valid for `rows x cols` values.
#[inline(always)]
pub(crate) unsafe fn score_gradient<S: Simd>(of: &ScoreGradient<S::Elem>) {
    for row in 0..of.rows {
        // SAFETY: every access is to min(LANES, cols - col) values from column col of a row below `rows`.
        unsafe {
            let p = of.probabilities.add(row * of.stride);
            let d = of.gradients.add(row * of.stride);
            let zero = S::splat(S::Elem::default());
            let mut sum = zero;
            for col in (0..of.cols).step_by(S::LANES) {
                let n = of.cols - col;
                let mut gradient = load::<S>(d.add(col), n, zero);
                if !of.more.is_null() {
                    gradient = S::add(gradient, load::<S>(of.more.add(row * of.more_stride + col), n, zero));
                    store::<S>(d.add(col), n, gradient);
                }
                sum = S::fma(load::<S>(p.add(col), n, zero), gradient, sum);
            }
            let (sum, scale) = (S::splat(S::sum(sum)), S::splat(of.scale));
            for col in (0..of.cols).step_by(S::LANES) {
                let n = of.cols - col;
                let p = S::mul(load::<S>(p.add(col), n, zero), scale);
                let gradient = S::mul(p, S::sub(load::<S>(d.add(col), n, zero), sum));
                store::<S>(d.add(col), n, gradient);
            }
        }
    }
}

/// Rows with a factor each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowFactors<E> {
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    pub(crate) values: *mut E,
    pub(crate) stride: usize,
    pub(crate) factors: *const E,
}

/// Multiplies each row by its factor.
///
/// # Safety
///
/// The processor must have the instruction set, and the pointers be valid for the rows.
#[inline(always)]
pub(crate) unsafe fn scale_rows<S: Simd>(of: &RowFactors<S::Elem>) {
    for row in 0..of.rows {
        // SAFETY: every access is to min(LANES, cols - col) values from column col of a row below `rows`.
        unsafe {
            let values = of.values.add(row * of.stride);
            let factor = S::splat(of.factors.add(row).read());
            for col in (0..of.cols).step_by(S::LANES) {
                let n = of.cols - col;
                let x = load::<S>(values.add(col), n, factor);
                store::<S>(values.add(col), n, S::mul(x, factor));
            }
        }
    }
}

/// Queries and keys whose scores are `Σ outer · tanh(inner · (query + key))`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tangents<E> {
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    pub(crate) dim: usize,
    pub(crate) queries: *const E,
    pub(crate) query_stride: usize,
    pub(crate) keys: *const E,
    pub(crate) key_stride: usize,
    pub(crate) inner: E,
    /// One value, or `dim`.
    pub(crate) outer: *const E,
    pub(crate) outer_is_one: bool,
    pub(crate) scores: *mut E,
    pub(crate) stride: usize,
    /// Outputs: gradients of queries, keys, `inner` and `outer` are added here; each may be null.
    pub(crate) query_gradients: *mut E,
    pub(crate) key_gradients: *mut E,
    pub(crate) inner_gradient: *mut E,
    pub(crate) outer_gradient: *mut E,
}

/// Loads up to one vector of `outer`.
///
/// # Safety
///
/// As for [`tangents`].
#[inline(always)]
unsafe fn outer_at<S: Simd>(of: &Tangents<S::Elem>, i: usize) -> S::V {
    // SAFETY: passed on to the caller.
    unsafe {
        match of.outer_is_one {
            true => S::splat(of.outer.read()),
            false => load::<S>(of.outer.add(i), of.dim - i, S::splat(S::Elem::default())),
        }
    }
}

/// Computes the scores.
///
/// # Safety
///
/// The processor must have the instruction set, and the pointers be valid: `queries` for `rows x dim` values, `keys` for `cols x dim`,
/// `scores` for `rows x cols`, `outer` for 1 or `dim`.
#[inline(always)]
pub(crate) unsafe fn tangents<S: Simd>(of: &Tangents<S::Elem>) {
    for row in 0..of.rows {
        for col in 0..of.cols {
            // SAFETY: every access is to min(LANES, dim - i) values from i of a query or a key.
            unsafe {
                let query = of.queries.add(row * of.query_stride);
                let key = of.keys.add(col * of.key_stride);
                let (zero, inner) = (S::splat(S::Elem::default()), S::splat(of.inner));
                let mut sum = zero;
                for i in (0..of.dim).step_by(S::LANES) {
                    let n = of.dim - i;
                    // Lanes beyond the row hold tanh(0) = 0.
                    let x = S::add(load::<S>(query.add(i), n, zero), load::<S>(key.add(i), n, zero));
                    sum = S::fma(outer_at::<S>(of, i), S::tanh(S::mul(inner, x)), sum);
                }
                of.scores.add(row * of.stride + col).write(S::sum(sum));
            }
        }
    }
}

/// Adds the gradients of the operands, computed from those of the scores.
///
/// # Safety
///
/// As for [`tangents`]; gradients that are not null must be valid as the values are.
#[inline(always)]
pub(crate) unsafe fn tangents_gradient<S: Simd>(of: &Tangents<S::Elem>) {
    for row in 0..of.rows {
        for col in 0..of.cols {
            // SAFETY: as in `tangents`.
            unsafe {
                let score = of.scores.add(row * of.stride + col).read();
                let (at_query, at_key) = (row * of.query_stride, col * of.key_stride);
                let (query, key) = (of.queries.add(at_query), of.keys.add(at_key));
                let (zero, one) = (S::splat(S::Elem::default()), S::splat(S::Elem::of(1.0)));
                let (inner, gradient) = (S::splat(of.inner), S::splat(score));
                let (mut inner_sum, mut outer_sum) = (zero, zero);
                for i in (0..of.dim).step_by(S::LANES) {
                    let n = of.dim - i;
                    let x = S::add(load::<S>(query.add(i), n, zero), load::<S>(key.add(i), n, zero));
                    let tangent = S::tanh(S::mul(inner, x));
                    let of_outer = S::mul(gradient, tangent);
                    if of.outer_is_one {
                        outer_sum = S::add(outer_sum, of_outer);
                    } else if !of.outer_gradient.is_null() {
                        let to = of.outer_gradient.add(i);
                        store::<S>(to, n, S::add(load::<S>(to, n, zero), of_outer));
                    }
                    let slope = S::mul(outer_at::<S>(of, i), S::fnma(tangent, tangent, one));
                    let of_sum = S::mul(gradient, slope);
                    inner_sum = S::fma(of_sum, x, inner_sum);
                    let own = S::mul(of_sum, inner);
                    for (to, at) in [(of.query_gradients, at_query), (of.key_gradients, at_key)] {
                        if !to.is_null() {
                            let to = to.add(at + i);
                            store::<S>(to, n, S::add(load::<S>(to, n, zero), own));
                        }
                    }
                }
                if !of.inner_gradient.is_null() {
                    *of.inner_gradient += S::sum(inner_sum);
                }
                if of.outer_is_one && !of.outer_gradient.is_null() {
                    *of.outer_gradient += S::sum(outer_sum);
                }
            }
        }
    }
}
