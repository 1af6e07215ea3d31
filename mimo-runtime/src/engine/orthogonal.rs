//! The penalty of `OrthogonalRegularizer`: on vectors of a matrix that are not orthogonal.
//!
//! It depends on all values of a weight, so it is not part of a task of some rows: it is added between two passes over the
//! tasks, one pair of vectors after another, without memory of its own.

use mimo_graph::initializer::Regularizer;

use crate::float::Float;
use crate::program::{Param, Program};

/// Upper bound on the factor that normalizes a vector, as in Keras.
const MOST: f64 = 1e7;

/// Vectors of a matrix in the parameter buffer.
#[derive(Clone, Copy, Debug)]
struct Vectors {
    count: usize,
    len: usize,
    first: usize,
    /// Distance between consecutive vectors.
    apart: usize,
    /// Distance between consecutive values of a vector.
    step: usize,
}

impl Vectors {
    fn new(program: &Program, param: &Param, columns: bool) -> Self {
        let block = &program.blocks[param.block];
        let first = block.offset + param.column;
        match columns {
            true => Vectors { count: param.cols, len: block.rows, first, apart: 1, step: block.cols },
            false => Vectors { count: block.rows, len: param.cols, first, apart: block.cols, step: 1 },
        }
    }

    fn places(&self, vector: usize) -> impl Iterator<Item = usize> + use<> {
        let (first, step) = (self.first + vector * self.apart, self.step);
        (0..self.len).map(move |i| first + i * step)
    }

    /// The factor that normalizes a vector to length 1.
    fn inverse<E: Float>(&self, vector: usize, values: &[E]) -> f64 {
        let squares: f64 = self.places(vector).map(|at| values[at].f64() * values[at].f64()).sum();
        (1.0 / squares.sqrt()).min(MOST)
    }
}

/// Whether a trained weight of the program has such a penalty.
pub(super) fn is_needed(program: &Program) -> bool {
    weights(program, &|_| false).next().is_some()
}

/// The trained weights with such a penalty: their vectors, with the factor of the mean over pairs.
fn weights(program: &Program, is_frozen: &dyn Fn(usize) -> bool) -> impl Iterator<Item = (Vectors, f64)> {
    program.params.iter().enumerate().filter_map(|(index, param)| match param.regularizer {
        Some(Regularizer::Orthogonal { factor, columns })
            if program.blocks[param.block].gradient.is_some() && !is_frozen(index) =>
        {
            Some((Vectors::new(program, param, columns), factor))
        }
        _ => None,
    })
}

/// Computes the penalties of all weights that are not frozen, and adds their gradients to `gradients`, which has the
/// layout of `values`.
pub(super) fn penalty<E: Float>(
    program: &Program,
    values: &[E],
    mut gradients: Option<&mut [E]>,
    is_frozen: &dyn Fn(usize) -> bool,
) -> f64 {
    weights(program, is_frozen)
        .map(|(vectors, factor)| of_pairs(vectors, factor, values, gradients.as_deref_mut()))
        .sum()
}

/// `factor` times the mean of `|cos(a, b)|`. The gradient of `cos(a, b)` for `a` is `(b/|b| − cos(a, b) · a/|a|) / |a|`.
fn of_pairs<E: Float>(vectors: Vectors, factor: f64, values: &[E], mut gradients: Option<&mut [E]>) -> f64 {
    let pairs = vectors.count * vectors.count.saturating_sub(1) / 2;
    let share = factor / pairs.max(1) as f64;
    let mut penalty = 0.0;
    for a in 1..vectors.count {
        let inverse_a = vectors.inverse(a, values);
        for b in 0..a {
            let inverse_b = vectors.inverse(b, values);
            let places = || vectors.places(a).zip(vectors.places(b));
            let dot: f64 = places().map(|(a, b)| values[a].f64() * values[b].f64()).sum();
            let cosine = dot * inverse_a * inverse_b;
            penalty += share * cosine.abs();
            // The gradient of |c| at 0 is 0, as in TensorFlow.
            let (Some(gradients), true) = (gradients.as_deref_mut(), cosine != 0.0) else { continue };
            let share = share * cosine.signum();
            for (at_a, at_b) in places() {
                let (unit_a, unit_b) = (values[at_a].f64() * inverse_a, values[at_b].f64() * inverse_b);
                gradients[at_a] += E::of(share * (unit_b - cosine * unit_a) * inverse_a);
                gradients[at_b] += E::of(share * (unit_a - cosine * unit_b) * inverse_b);
            }
        }
    }
    penalty
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A 4 × 3 matrix in a block of 5 columns.
    const ROWS: Vectors = Vectors { count: 4, len: 3, first: 2, apart: 5, step: 1 };
    const COLUMNS: Vectors = Vectors { count: 3, len: 4, first: 2, apart: 1, step: 5 };

    #[test]
    fn gradients_are_those_of_the_penalty() {
        let values: Vec<f64> = (0..22).map(|i| crate::kernels::normal(3, i)).collect();
        for vectors in [ROWS, COLUMNS] {
            let mut gradients = vec![0.0; 22];
            of_pairs(vectors, 0.7, &values, Some(&mut gradients));
            for at in 0..22 {
                let moved = |by: f64| {
                    let mut values = values.clone();
                    values[at] += by;
                    of_pairs(vectors, 0.7, &values, None)
                };
                let wanted = (moved(1e-6) - moved(-1e-6)) / 2e-6;
                assert!((gradients[at] - wanted).abs() < 1e-8, "{at}: {} {wanted}", gradients[at]);
            }
        }
    }

    #[test]
    fn right_angles_cost_nothing_and_one_vector_has_no_pair() {
        let mut gradients = [0.0_f32; 4];
        let rows = Vectors { count: 2, len: 2, first: 0, apart: 2, step: 1 };
        assert_eq!(of_pairs(rows, 1.0, &[1.0, 2.0, -2.0, 1.0], Some(&mut gradients)), 0.0);
        assert_eq!(of_pairs(rows, 1.0, &[0.0, 0.0, -2.0, 1.0], Some(&mut gradients)), 0.0);
        assert_eq!(gradients, [0.0; 4]);
        assert!((of_pairs(rows, 1.0, &[1.0, 2.0, 2.0, 4.0], None) - 1.0).abs() < 1e-6);
        assert_eq!(of_pairs(Vectors { count: 1, ..rows }, 1.0, &[1.0_f32, 2.0], None), 0.0);
    }
}
