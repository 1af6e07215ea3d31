//! Compares every kernel with a plain double-precision reference, on every instruction set of this processor.

mod activation;
mod attend;
mod batch_norm;
mod dense;
mod elementary;
mod elementwise;
mod expression;
mod images;
mod layer_norm;
mod lstm;
mod matmul;
mod memory;
mod optimizer;
mod pool;
mod recurrent;
mod whole;

use super::dispatch::forced;
use super::element::Element;
use super::matrix::Mat;
use super::random::uniform;

/// Runs `single` with each `f32` table of this processor, then `double`.
fn every_table(mut single: impl FnMut(&str), double: impl FnOnce()) {
    forced::each(&mut single);
    // Miri runs the portable table, which is the same code for both types.
    if !cfg!(miri) {
        double();
    }
}

/// A number of rounds, reduced under Miri, which is some hundred times slower.
const fn rounds(n: usize) -> usize {
    if cfg!(miri) { n.div_ceil(100) } else { n }
}

/// Cases of a test, or a few of them under Miri, where each multiplication takes microseconds. The few have each kind of tail.
fn cases<'a, T>(all: &'a [T], under_miri: &'a [T]) -> &'a [T] {
    if cfg!(miri) { under_miri } else { all }
}

/// Tolerance of a result in `E`, relative to the size of its terms.
fn tolerance<E: Element>() -> f64 {
    // Sums of some hundred terms, each rounded.
    E::epsilon().f64() * 40.0
}

/// Test data: reproducible numbers in -1..1.
struct Source {
    key: u64,
    next: u64,
}

impl Source {
    fn new(key: u64) -> Self {
        Self { key, next: 0 }
    }

    fn next<E: Element>(&mut self) -> E {
        self.next += 1;
        E::of(2.0 * uniform(self.key, self.next) - 1.0)
    }

    fn values<E: Element>(&mut self, len: usize) -> Vec<E> {
        (0..len).map(|_| self.next()).collect()
    }

    /// A number in `0..end`.
    fn below(&mut self, end: usize) -> usize {
        self.next += 1;
        (uniform(self.key, self.next) * end as f64) as usize
    }
}

/// The value of a matrix at a position.
fn at<E: Element>(arena: &[E], mat: Mat, row: usize, col: usize) -> f64 {
    assert!(row < mat.rows && col < mat.cols);
    arena[mat.offset + row * mat.stride + col].f64()
}

/// The values of a matrix, row by row.
fn values<E: Element>(arena: &[E], mat: Mat) -> Vec<f64> {
    let positions = (0..mat.rows).flat_map(|row| (0..mat.cols).map(move |col| (row, col)));
    positions.map(|(row, col)| at(arena, mat, row, col)).collect()
}

/// Asserts that nothing outside `mat` changed.
fn assert_only_changed<E: Element>(before: &[E], after: &[E], mat: Mat, what: &str) {
    for (i, (before, after)) in before.iter().zip(after).enumerate() {
        let inside = i >= mat.offset
            && (i - mat.offset) / mat.stride.max(1) < mat.rows
            && (i - mat.offset) % mat.stride.max(1) < mat.cols;
        assert!(inside || before == after, "{what}: wrote at {i}, outside {mat:?}");
    }
}

#[track_caller]
fn assert_near(got: f64, want: f64, scale: f64, tolerance: f64, what: &str) {
    let error = (got - want).abs();
    assert!(error <= tolerance * scale, "{what}: got {got}, want {want} (error {error:e}, scale {scale})");
}
