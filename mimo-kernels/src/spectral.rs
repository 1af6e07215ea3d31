//! Spectral normalization: a matrix divided by its largest singular value.
//!
//! One power iteration with a row vector `u` is `v = u Wᵀ / |u Wᵀ|`, `u = v W / |v W|`; then `σ = v W uᵀ`. An
//! iteration reads `W` twice, row by row; the division by `σ` reads it a third time. Sums are in double precision and
//! in one fixed order.

use super::element::Element;
use num_traits::Float;

/// Upper bound on the factor that normalizes a vector, as in Keras.
const MOST: f64 = 1e7;
/// Number of partial sums of a product of rows.
const LANES: usize = 8;

/// Number of values of memory that [`divide_by_spectral_norm`] needs for a matrix of `len` values and `cols` columns.
pub const fn spectral_memory(len: usize, cols: usize) -> usize {
    match len.checked_div(cols) {
        Some(rows) => rows + cols,
        None => 0,
    }
}

/// Runs power iterations on `u`, a row vector with a value per column of `matrix`, and divides the matrix by the
/// singular value that they find. A matrix of zeros and its `u` are unchanged. `memory` has at least
/// [`spectral_memory`] values.
pub fn divide_by_spectral_norm<E: Element>(
    matrix: &mut [E],
    u: &mut [E],
    iterations: usize,
    memory: &mut [f64],
) {
    let cols = u.len();
    if cols == 0 || matrix.iter().all(|w| *w == E::zero()) {
        return;
    }
    let (left, rest) = memory.split_at_mut(matrix.len() / cols);
    let right = &mut rest[..cols];
    right.iter_mut().zip(&*u).for_each(|(to, u)| *to = u.f64());
    let mut sigma = 1.0;
    for _ in 0..iterations {
        for (v, row) in left.iter_mut().zip(matrix.chunks_exact(cols)) {
            *v = dot(row, right);
        }
        normalize(left);
        right.fill(0.0);
        for (v, row) in left.iter().zip(matrix.chunks_exact(cols)) {
            right.iter_mut().zip(row).for_each(|(sum, w)| *sum += v * w.f64());
        }
        // With `p = v W` and `u = p / |p|`, `σ = p uᵀ` is `|p|`.
        sigma = normalize(right);
    }
    u.iter_mut().zip(&*right).for_each(|(to, u)| *to = E::of(*u));
    let sigma = E::of(sigma);
    matrix.iter_mut().for_each(|w| *w /= sigma);
}

fn dot<E: Element>(row: &[E], u: &[f64]) -> f64 {
    let mut sums = [0.0; LANES];
    let (rows, us) = (row.chunks_exact(LANES), u.chunks_exact(LANES));
    let rest = rows.remainder().iter().zip(us.remainder());
    let rest: f64 = rest.map(|(w, u)| w.f64() * u).sum();
    for (row, u) in rows.zip(us) {
        for ((sum, w), u) in sums.iter_mut().zip(row).zip(u) {
            *sum += w.f64() * u;
        }
    }
    sums.iter().sum::<f64>() + rest
}

/// Normalizes a vector to length 1, and returns its product with the original one: the original length, unless the
/// factor was limited.
fn normalize(vector: &mut [f64]) -> f64 {
    let squares: f64 = vector.iter().map(|value| value * value).sum();
    let inverse = 1.0 / Float::sqrt(squares);
    // `min` would drop a NaN, which must propagate.
    let inverse = if inverse > MOST { MOST } else { inverse };
    vector.iter_mut().for_each(|value| *value *= inverse);
    squares * inverse
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matrix_of_known_singular_values_is_divided_by_the_largest() {
        // Rotations around a diagonal of 3, 2.
        let (a, b) = (0.6, 0.8);
        let matrix =
            [3.0 * a * a + 2.0 * b * b, (3.0 - 2.0) * a * b, (3.0 - 2.0) * a * b, 3.0 * b * b + 2.0 * a * a];
        let (mut found, mut u) = (matrix, [1.0, 0.0]);
        divide_by_spectral_norm(&mut found, &mut u, 60, &mut [0.0; 4]);
        for (found, value) in found.iter().zip(matrix) {
            assert!((found - value / 3.0).abs() < 1e-12, "{found} {value}");
        }
        assert!((u[0].abs() - a).abs() < 1e-9 && (u[1].abs() - b).abs() < 1e-9, "{u:?}");
    }

    #[test]
    fn rows_longer_than_the_lanes_and_single_precision() {
        let wide: Vec<f64> = (0..57).map(|i| f64::from(i * 7 % 11) - 4.5).collect();
        let narrow: Vec<f32> = wide.iter().map(|value| *value as f32).collect();
        let (mut double, mut single) = (wide.clone(), narrow);
        let (mut u, mut v) = ([0.1_f64; 19], [0.1_f32; 19]);
        divide_by_spectral_norm(&mut double, &mut u, 40, &mut [0.0; 22]);
        divide_by_spectral_norm(&mut single, &mut v, 40, &mut [0.0; 22]);
        for (a, b) in double.iter().zip(&single) {
            assert!((a - f64::from(*b)).abs() < 1e-6);
        }
        // Now the largest singular value is 1.
        let (before, mut again) = (double.clone(), double);
        divide_by_spectral_norm(&mut again, &mut u, 1, &mut [0.0; 22]);
        again.iter().zip(before).for_each(|(a, b)| assert!((a - b).abs() < 1e-9));
    }

    #[test]
    fn zeros_and_nothing_stay() {
        let (mut zeros, mut u) = ([0.0_f32; 4], [0.3_f32, 0.1]);
        divide_by_spectral_norm(&mut zeros, &mut u, 1, &mut [0.0; 4]);
        assert_eq!((zeros, u), ([0.0; 4], [0.3, 0.1]));
        divide_by_spectral_norm::<f64>(&mut [], &mut [], 1, &mut []);
        assert_eq!(spectral_memory(12, 3), 7);
        assert_eq!(spectral_memory(0, 0), 0);
    }

    #[test]
    fn nan_is_seen() {
        let (mut matrix, mut u) = ([1.0_f64, f64::NAN, 1.0, 1.0], [0.3, 0.1]);
        divide_by_spectral_norm(&mut matrix, &mut u, 1, &mut [0.0; 4]);
        assert!(matrix.iter().all(|w| w.is_nan()));
    }
}
