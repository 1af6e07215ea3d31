//! Initial values of weights: Keras's initializers.
//!
//! Distributions and fans are Keras's; the numbers are not, as they differ between Keras's own backends too. A
//! weight's numbers only depend on the model's seed and on its index among the weights: not on the platform, and not
//! on other weights.

use mimo_graph::initializer::{Distribution, Fan, Initializer, InitializerKind};

use crate::float::Float;
use crate::{kernels, random};

/// Standard deviation of a normal distribution with deviation 1 that is truncated at ±2.
const CUT_STDDEV: f64 = 0.879_625_661_034_239_8;

/// Fills `out` with the initial values of a weight of this shape.
///
/// `seed` is the model's and `index` that of the weight. An initializer with its own seed depends on neither: as in
/// Keras, two weights of one shape with the same initializer and seed have equal initial values.
pub fn initialize<E: Float>(
    initializer: &Initializer,
    shape: &[usize],
    seed: u64,
    index: usize,
    out: &mut [E],
) {
    /// Streams of a seed: seeds of models are used for other purposes as well.
    const BY_PLACE: u64 = 1;
    const BY_ITSELF: u64 = 2;
    let key = match initializer.seed {
        Some(own) => random::key(own, BY_ITSELF),
        None => random::key(random::key(seed, BY_PLACE), index as u64),
    };
    let mut draws = Draws { key, next: 0 };
    match initializer.kind {
        InitializerKind::Constant(value) => out.fill(E::of(value)),
        InitializerKind::UnitForget { rest } => {
            let quarter = out.len() / 4;
            out.fill(E::of(rest));
            out.iter_mut().skip(quarter).take(quarter).for_each(|forget| *forget = E::of(1.0));
        }
        InitializerKind::Identity { gain } => {
            let (_, cols) = as_matrix(shape);
            out.fill(E::of(0.0));
            out.iter_mut().step_by(cols + 1).take(cols).for_each(|diagonal| *diagonal = E::of(gain));
        }
        InitializerKind::RandomNormal { mean, stddev } => fill(out, || mean + stddev * draws.normal()),
        InitializerKind::TruncatedNormal { mean, stddev } => fill(out, || mean + stddev * draws.cut_normal()),
        InitializerKind::RandomUniform { minval, maxval } => {
            fill(out, || minval + (maxval - minval) * draws.uniform());
        }
        InitializerKind::VarianceScaling { scale, mode, distribution } => {
            scaled(scale, mode, distribution, fans(shape), &mut draws, out);
        }
        InitializerKind::AxesScaling { scale, mode, distribution, outputs } => {
            let product = |is_output: bool| {
                let axes =
                    shape.iter().enumerate().filter(|(axis, _)| (outputs >> axis & 1 == 1) == is_output);
                axes.map(|(_, len)| *len as f64).product()
            };
            scaled(scale, mode, distribution, (product(false), product(true)), &mut draws, out);
        }
        InitializerKind::Orthogonal { gain } => {
            let (rows, cols) = as_matrix(shape);
            orthogonal(rows, cols, gain, &mut draws, out);
        }
    }
}

/// Draws values with the variance `scale / fan`.
fn scaled<E: Float>(
    scale: f64,
    mode: Fan,
    distribution: Distribution,
    (fan_in, fan_out): (f64, f64),
    draws: &mut Draws,
    out: &mut [E],
) {
    let fan = match mode {
        Fan::In => fan_in,
        Fan::Out => fan_out,
        Fan::Average => (fan_in + fan_out) / 2.0,
    };
    let variance = scale / fan.max(1.0);
    let stddev = libm::sqrt(variance);
    let limit = libm::sqrt(3.0 * variance);
    match distribution {
        Distribution::TruncatedNormal => fill(out, || stddev / CUT_STDDEV * draws.cut_normal()),
        Distribution::UntruncatedNormal => fill(out, || stddev * draws.normal()),
        Distribution::Uniform => fill(out, || limit * (2.0 * draws.uniform() - 1.0)),
    }
}

fn fill<E: Float>(out: &mut [E], mut draw: impl FnMut() -> f64) {
    out.iter_mut().for_each(|value| *value = E::of(draw()));
}

/// Inputs and outputs of a unit. For the kernels of convolutions every tap of the receptive field counts; the last
/// two axes are inputs and outputs.
fn fans(shape: &[usize]) -> (f64, f64) {
    match shape {
        [] => (1.0, 1.0),
        [n] => (*n as f64, *n as f64),
        [field @ .., inputs, outputs] => {
            let field: f64 = field.iter().map(|n| *n as f64).product();
            (field * *inputs as f64, field * *outputs as f64)
        }
    }
}

/// A weight as a matrix: all axes but the last, and the last.
fn as_matrix(shape: &[usize]) -> (usize, usize) {
    match shape {
        [] => (1, 1),
        [rows @ .., cols] => (rows.iter().product(), *cols),
    }
}

/// A sequence of random numbers.
struct Draws {
    key: u64,
    next: u64,
}

impl Draws {
    fn index(&mut self) -> u64 {
        let index = self.next;
        self.next += 1;
        index
    }

    fn uniform(&mut self) -> f64 {
        kernels::uniform(self.key, self.index())
    }

    fn normal(&mut self) -> f64 {
        kernels::normal(self.key, self.index())
    }

    /// Normal, redrawn beyond two standard deviations.
    fn cut_normal(&mut self) -> f64 {
        loop {
            let x = self.normal();
            if x.abs() < 2.0 {
                return x;
            }
        }
    }
}

/// A random matrix with orthonormal rows or columns, whichever are fewer, times `gain`.
///
/// Keras uses the QR decomposition of a normal matrix with positive signs on the diagonal of R, which makes Q
/// uniform. The Gram-Schmidt process computes the same Q. Each vector is processed twice, which keeps Q orthogonal up
/// to rounding.
fn orthogonal<E: Float>(rows: usize, cols: usize, gain: f64, draws: &mut Draws, out: &mut [E]) {
    let (count, len) = (rows.min(cols), rows.max(cols));
    let mut done: Vec<f64> = Vec::with_capacity(count * len);
    let mut vector = vec![0.0; len];
    while done.len() < count * len {
        vector.iter_mut().for_each(|value| *value = draws.normal());
        // A vector in the span of the earlier ones, which never happens in practice, would only leave rounding
        // errors.
        if normalized_against(&done, &mut vector) > 1e-6 {
            normalized_against(&done, &mut vector);
            done.extend_from_slice(&vector);
        }
    }
    for (i, value) in out.iter_mut().enumerate().take(count * len) {
        let (row, col) = (i / cols, i % cols);
        let place = if rows < cols { row * len + col } else { col * len + row };
        *value = E::of(gain * done[place]);
    }
}

/// Subtracts from `vector` its projections on the unit vectors `done`, and normalizes it. Returns the length before
/// normalization.
fn normalized_against(done: &[f64], vector: &mut [f64]) -> f64 {
    for unit in done.chunks_exact(vector.len()) {
        let along = dot(unit, vector);
        vector.iter_mut().zip(unit).for_each(|(value, unit)| *value -= along * unit);
    }
    let length = libm::sqrt(dot(vector, vector));
    vector.iter_mut().for_each(|value| *value /= length);
    length
}

/// Several partial sums, which the compiler can keep in a vector; always in the same order.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (a, b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a.zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(kind: InitializerKind, shape: &[usize], seed: u64, index: usize) -> Vec<f64> {
        let mut out = vec![f64::NAN; shape.iter().product()];
        initialize(&Initializer { kind, seed: None }, shape, seed, index, &mut out);
        out
    }

    /// Mean, standard deviation and largest magnitude.
    fn moments(values: &[f64]) -> (f64, f64, f64) {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
        (mean, variance.sqrt(), values.iter().fold(0.0, |max, x| max.max(x.abs())))
    }

    fn scaling(scale: f64, mode: Fan, distribution: Distribution) -> InitializerKind {
        InitializerKind::VarianceScaling { scale, mode, distribution }
    }

    #[test]
    fn constants() {
        assert_eq!(weight(InitializerKind::Constant(0.5), &[3], 1, 0), [0.5; 3]);
        assert_eq!(
            weight(InitializerKind::Identity { gain: 2.0 }, &[2, 3], 1, 0),
            [2.0, 0.0, 0.0, 0.0, 2.0, 0.0]
        );
        assert_eq!(
            weight(InitializerKind::Identity { gain: 1.0 }, &[3, 2], 1, 0),
            [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]
        );
        let forget = weight(InitializerKind::UnitForget { rest: 0.5 }, &[8], 1, 0);
        assert_eq!(forget, [0.5, 0.5, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5]);
    }

    #[test]
    fn means_and_deviations() {
        let shape = [400, 250];
        // 100 000 values: the bounds are six standard errors.
        let cases = [
            (InitializerKind::RandomNormal { mean: 1.0, stddev: 0.05 }, 1.0, 0.05, 1.4),
            (InitializerKind::TruncatedNormal { mean: -1.0, stddev: 0.05 }, -1.0, 0.05 * CUT_STDDEV, 1.1),
            (InitializerKind::RandomUniform { minval: -0.05, maxval: 0.15 }, 0.05, 0.2 / 12_f64.sqrt(), 0.15),
            (Initializer::GLOROT_UNIFORM.kind, 0.0, (2.0 / 650.0_f64).sqrt(), (6.0 / 650.0_f64).sqrt()),
            (scaling(2.0, Fan::In, Distribution::TruncatedNormal), 0.0, (2.0 / 400.0_f64).sqrt(), 0.1608),
            (
                scaling(2.0, Fan::In, Distribution::Uniform),
                0.0,
                (2.0 / 400.0_f64).sqrt(),
                (6.0 / 400.0_f64).sqrt(),
            ),
            (scaling(1.0, Fan::Out, Distribution::UntruncatedNormal), 0.0, (1.0 / 250.0_f64).sqrt(), 0.5),
        ];
        for (kind, mean, stddev, limit) in cases {
            let found = moments(&weight(kind, &shape, 7, 3));
            assert!((found.0 - mean).abs() < 6.0 * stddev / 1e5_f64.sqrt(), "{kind:?}: mean {}", found.0);
            assert!((found.1 / stddev - 1.0).abs() < 6.0 / 2e5_f64.sqrt(), "{kind:?}: deviation {}", found.1);
            assert!(found.2 <= limit, "{kind:?}: largest {}", found.2);
        }
    }

    #[test]
    fn fans_are_kerass() {
        assert_eq!(fans(&[]), (1.0, 1.0));
        assert_eq!(fans(&[7]), (7.0, 7.0));
        assert_eq!(fans(&[3, 5]), (3.0, 5.0));
        assert_eq!(fans(&[3, 3, 8, 16]), (72.0, 144.0));
        // Keras counts 5 inputs and 3 · 4 outputs for an `EinsumDense` of `abc,dce->abde`.
        let (scale, mode, distribution) = (1.0, Fan::Average, Distribution::Uniform);
        let of_axes = InitializerKind::AxesScaling { scale, mode, distribution, outputs: 0b101 };
        let wanted = weight(Initializer::GLOROT_UNIFORM.kind, &[5, 12], 1, 0);
        assert_eq!(weight(of_axes, &[3, 5, 4], 1, 0), wanted);
    }

    #[test]
    fn orthogonal_rows_or_columns() {
        let gain = 1.5;
        for shape in [&[1, 1][..], &[5, 5], &[3, 40], &[40, 3], &[3, 3, 4, 20], &[64, 64], &[6]] {
            let q = weight(InitializerKind::Orthogonal { gain }, shape, 3, 1);
            let (rows, cols) = as_matrix(shape);
            let at = |vector: usize, i: usize| {
                if rows < cols { q[vector * cols + i] } else { q[i * cols + vector] }
            };
            for a in 0..rows.min(cols) {
                for b in 0..=a {
                    let product: f64 = (0..rows.max(cols)).map(|i| at(a, i) * at(b, i)).sum();
                    let wanted = if a == b { gain * gain } else { 0.0 };
                    assert!((product - wanted).abs() < 1e-13, "{shape:?}, {a}, {b}: {product}");
                }
            }
        }
    }

    #[test]
    fn orthogonal_matrices_have_no_preferred_direction() {
        // Without the correction of signs, the diagonal of small matrices would mostly have one sign.
        let positive = (0..1000)
            .filter(|seed| weight(InitializerKind::Orthogonal { gain: 1.0 }, &[3, 3], *seed, 0)[0] > 0.0);
        let positive = positive.count();
        assert!((405..595).contains(&positive), "{positive}");
    }

    #[test]
    fn seeds_and_places_decide() {
        let kind = Initializer::GLOROT_UNIFORM.kind;
        let first = weight(kind, &[8, 8], 1, 0);
        assert_eq!(first, weight(kind, &[8, 8], 1, 0));
        assert_ne!(first, weight(kind, &[8, 8], 1, 1));
        assert_ne!(first, weight(kind, &[8, 8], 2, 0));

        let own = Initializer { kind, seed: Some(1) };
        let mut a = [0.0_f32; 64];
        let mut b = [0.0_f32; 64];
        initialize(&own, &[8, 8], 1, 0, &mut a);
        initialize(&own, &[8, 8], 2, 5, &mut b);
        assert_eq!(a, b);
        assert_ne!(f64::from(a[0]), f64::from(first[0] as f32));
    }

    #[test]
    fn numbers_are_the_same_everywhere() {
        // Results are published with their seeds: these numbers, which a few lines of Python reproduce, must not
        // change between platforms or versions.
        let found = weight(Initializer::GLOROT_UNIFORM.kind, &[2, 2], 42, 0);
        assert_eq!(
            found,
            [-0.3355133059167833, 0.18756938849180244, -0.14385844201913092, 1.0231505852215037]
        );
        let found = weight(InitializerKind::RandomNormal { mean: 0.0, stddev: 1.0 }, &[2], 42, 1);
        assert_eq!(found, [1.358826340653622, 1.5352096551527146]);
    }
}
