//! Update rules that need sums over a whole weight, or products of matrices. One weight is updated at a time.
//!
//! The loops have a fixed order, so results do not depend on how weights are distributed over threads. Sums are in
//! double precision: in single precision the norm of a weight of a million values would lose three digits.

use super::super::contraction::{Contraction, Part, contract};
use super::super::element::Element;
use super::sweeps::sum_of_squares;
use num_traits::Float;

/// Lamb: `m` and `v` as Adam, `u = (m / (1 - beta_1^t)) / (sqrt(v / (1 - beta_2^t)) + epsilon)`, `p -= rate |p| / |u| u`.
/// The quotient of the norms is 1 if one of them is 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LambStep<E> {
    /// Learning rate.
    pub rate: E,
    /// `1 - beta_1`.
    pub one_minus_beta_1: E,
    /// `1 - beta_2`.
    pub one_minus_beta_2: E,
    /// `1 - beta_1^t`.
    pub bias_1: E,
    /// `1 - beta_2^t`.
    pub bias_2: E,
    /// Keeps the denominator from zero.
    pub epsilon: E,
}

impl<E: Element> LambStep<E> {
    /// Updates one weight by its gradient. All slices have one length.
    pub fn apply(&self, p: &mut [E], g: &[E], m: &mut [E], v: &mut [E]) {
        let mut squares = 0.0;
        for ((g, m), v) in g.iter().zip(&mut *m).zip(&mut *v) {
            *m = flushed(*m + (*g - *m) * self.one_minus_beta_1);
            *v = flushed(*v + (*g * *g - *v) * self.one_minus_beta_2);
            let update = self.direction(*m, *v).f64();
            squares += update * update;
        }
        let (weight, update) = (Float::sqrt(sum_of_squares(p)), Float::sqrt(squares));
        let ratio = if weight > 0.0 && update > 0.0 { E::of(weight / update) } else { E::one() };
        for ((p, m), v) in p.iter_mut().zip(m).zip(v) {
            *p -= ratio * self.rate * self.direction(*m, *v);
        }
    }

    #[inline(always)]
    fn direction(&self, m: E, v: E) -> E {
        m / self.bias_1 / ((v / self.bias_2).sqrt() + self.epsilon)
    }
}

/// Adafactor: the second moment of a matrix is the product of a column of row means `r` and a row of column means `c`,
/// `v = r c / mean(r)`; that of a vector is `v` itself. `u = g / sqrt(v)`, `p -= alpha u / max(1, rms(u) / clip_threshold)` with
/// `alpha = max(epsilon_2, rms(p)) rho`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdafactorStep<E> {
    /// `min(rate, 1 / sqrt(t))`.
    pub rho: E,
    /// Decay of the means, `1 - t^beta_2_decay`.
    pub beta_2: E,
    /// Added to the squares of gradients.
    pub epsilon_1: E,
    /// Lower bound on the root mean square of a weight by which steps are scaled.
    pub epsilon_2: E,
    /// Updates with a larger root mean square are scaled down to it.
    pub clip_threshold: E,
}

/// Number of values of state of [`AdafactorStep::apply`] for a weight of `matrices` matrices, or a vector if it has
/// no `shape`.
pub const fn adafactor_len(len: usize, shape: Option<[usize; 3]>) -> usize {
    match shape {
        None => len,
        Some([matrices, rows, cols]) => matrices * (rows + cols),
    }
}

impl<E: Element> AdafactorStep<E> {
    /// Updates one weight by its gradient. `shape` is the number of matrices, their rows and their columns; `None` for a weight
    /// of less than two axes. `state` has [`adafactor_len`] values: `v`, or `r` of all matrices and then `c` of all.
    pub fn apply(&self, p: &mut [E], g: &[E], state: &mut [E], shape: Option<[usize; 3]>) {
        let len = p.len();
        if len == 0 {
            return;
        }
        let alpha = E::of(Float::sqrt(sum_of_squares(p) / len as f64)).max(self.epsilon_2) * self.rho;
        match shape {
            None => {
                for (v, g) in state.iter_mut().zip(g) {
                    *v = self.blend(*v, self.square(*g));
                }
            }
            Some([matrices, rows, cols]) => {
                let (r, c) = state.split_at_mut(matrices * rows);
                for (r, g) in r.iter_mut().zip(g.chunks_exact(cols)) {
                    let sum: f64 = g.iter().map(|g| self.square(*g).f64()).sum();
                    *r = self.blend(*r, E::of(sum / cols as f64));
                }
                for (c, g) in c.chunks_exact_mut(cols).zip(g.chunks_exact(rows * cols)) {
                    self.columns(c, g, rows);
                }
            }
        }
        let mut squares = 0.0;
        for_each_root(state, shape, |at, root| {
            let update = (g[at] / root).f64();
            squares += update * update;
        });
        let size = E::of(Float::sqrt(squares / len as f64)) / self.clip_threshold;
        // `max` would drop a NaN, which must propagate.
        let scale = if size < E::one() { alpha } else { alpha / size };
        for_each_root(state, shape, |at, root| p[at] -= scale * (g[at] / root));
    }

    /// Updates the column means of one matrix.
    fn columns(&self, c: &mut [E], g: &[E], rows: usize) {
        const AT_ONCE: usize = 64;
        let cols = c.len();
        for (block, c) in c.chunks_mut(AT_ONCE).enumerate() {
            let mut sums = [0.0; AT_ONCE];
            for row in g.chunks_exact(cols) {
                for (sum, g) in sums.iter_mut().zip(&row[block * AT_ONCE..][..c.len()]) {
                    *sum += self.square(*g).f64();
                }
            }
            for (c, sum) in c.iter_mut().zip(sums) {
                *c = self.blend(*c, E::of(sum / rows as f64));
            }
        }
    }

    #[inline(always)]
    fn square(&self, g: E) -> E {
        g * g + self.epsilon_1
    }

    #[inline(always)]
    fn blend(&self, mean: E, x: E) -> E {
        self.beta_2 * mean + (E::one() - self.beta_2) * x
    }
}

/// Calls `work` with each index of a weight and the root of its second moment.
#[inline(always)]
fn for_each_root<E: Element>(state: &[E], shape: Option<[usize; 3]>, mut work: impl FnMut(usize, E)) {
    let Some([matrices, rows, cols]) = shape else {
        return state.iter().enumerate().for_each(|(at, v)| work(at, v.sqrt()));
    };
    let (r, c) = state.split_at(matrices * rows);
    for (matrix, (r, c)) in r.chunks_exact(rows).zip(c.chunks_exact(cols)).enumerate() {
        let mean = E::of(r.iter().map(|r| r.f64()).sum::<f64>() / rows as f64);
        for (row, r) in r.iter().enumerate() {
            let share = *r / mean;
            let first = (matrix * rows + row) * cols;
            c.iter().enumerate().for_each(|(column, c)| work(first + column, (share * *c).sqrt()));
        }
    }
}

/// Muon: `m = momentum m + g`, and a step along the nearest semi-orthogonal matrix of `m`, or of `g + momentum m` with
/// Nesterov's look-ahead, found by `x = a x + (b x xᵀ + c (x xᵀ)²) x`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MuonStep<E> {
    /// Learning rate.
    pub rate: E,
    /// Decay of the momentum.
    pub momentum: E,
    /// Look ahead.
    pub nesterov: bool,
    /// `a`, `b` and `c` of the iteration.
    pub coefficients: [E; 3],
    /// Iterations.
    pub iterations: usize,
    /// Steps are scaled by it and by the root of the longer side of the matrix; `None` for no scaling.
    pub rms_rate: Option<E>,
}

/// Number of values of scratch memory of [`MuonStep::apply`] for a matrix of `rows` rows and `cols` columns.
pub const fn muon_len(rows: usize, cols: usize) -> usize {
    let side = if rows < cols { rows } else { cols };
    2 * rows * cols + 2 * side * side
}

impl<E: Element> MuonStep<E> {
    /// Updates one matrix of `rows` rows by its gradient. `scratch` has [`muon_len`] values of any content.
    pub fn apply(&self, p: &mut [E], g: &[E], m: &mut [E], rows: usize, scratch: &mut [E]) {
        if p.is_empty() {
            return;
        }
        let cols = p.len() / rows;
        let (side, length) = (rows.min(cols), rows.max(cols));
        // Index of value `at` of the matrix if its rows are the shorter side.
        let place = |at: usize| if rows > cols { at % cols * rows + at / cols } else { at };
        let (mut x, rest) = scratch.split_at_mut(p.len());
        let (mut next, rest) = rest.split_at_mut(p.len());
        let (products, powers) = rest.split_at_mut(side * side);
        for (at, (g, m)) in g.iter().zip(m).enumerate() {
            *m = flushed(*m + (*g + *m * (self.momentum - E::one())));
            x[place(at)] = if self.nesterov { *g + self.momentum * *m } else { *m };
        }
        let norm = E::of(Float::sqrt(sum_of_squares(x))) + E::of(1e-7);
        x.iter_mut().for_each(|x| *x /= norm);
        let [a, b, c] = self.coefficients;
        for _ in 0..self.iterations {
            square(x, side, length, products);
            // The matrix is symmetric, so its square is its product with its transpose.
            square(products, side, side, powers);
            for (power, product) in powers.iter_mut().zip(&*products) {
                *power = b * *product + c * *power;
            }
            for (next, x) in next.iter_mut().zip(&*x) {
                *next = a * *x;
            }
            let product = Contraction { p: [side, 1], q: [1, length], summed: side };
            contract(&product, Part::Result, [powers, x], next);
            core::mem::swap(&mut x, &mut next);
        }
        let scale = match self.rms_rate {
            Some(rms_rate) => E::of(length as f64).sqrt() * rms_rate,
            None => E::one(),
        };
        for (at, p) in p.iter_mut().enumerate() {
            *p -= self.rate * x[place(at)] * scale;
        }
    }
}

/// `to = x xᵀ`.
fn square<E: Element>(x: &[E], rows: usize, cols: usize, to: &mut [E]) {
    to.fill(E::zero());
    let product = Contraction { p: [rows, 1], q: [rows, 1], summed: cols };
    contract(&product, Part::Result, [x, x], to);
}

/// Zero where `|x|` is below 1e-30. NaN propagates.
#[inline(always)]
fn flushed<E: Element>(x: E) -> E {
    if x.abs() < E::of(1e-30) { E::zero() } else { x }
}
