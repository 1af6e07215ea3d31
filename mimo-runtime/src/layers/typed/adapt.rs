//! Mean and variance of data, for `Normalization`.

use crate::Result;
use crate::error::Error;
use crate::float::Float;

/// Computes mean and variance of values of a shape, for each position of the axes that end before axis `end` and have
/// these lengths. The variance is divided by the number of values, as in Keras.
pub(super) fn moments<E: Float>(
    values: &[E],
    shape: &[usize],
    end: usize,
    lengths: &[usize],
) -> Result<[Vec<E>; 2]> {
    let positions: usize = lengths.iter().product();
    let (before, after) = shape.split_at(end.min(shape.len()));
    let inner: usize = after.iter().product();
    let samples = shape.first().copied().unwrap_or(1).max(1);
    // The batch axis is not one of the axes, and without axes all values share one mean.
    let fits = lengths.is_empty() || (before.len() > lengths.len() && before.ends_with(lengths));
    if shape.contains(&0) && fits {
        return Err(Error::NoData);
    }
    if values.is_empty() || !fits {
        return Err(Error::AdaptedShape { shape: shape.to_vec(), lengths: lengths.to_vec() });
    }
    let inner = if lengths.is_empty() { values.len() } else { inner };
    if let Some(at) = values.iter().position(|value| !value.is_finite()) {
        let sample = values.len() / samples;
        return Err(Error::NotFinite { name: "values", row: at / sample.max(1) });
    }
    let count = (values.len() / positions.max(1)) as f64;
    let by_position = |term: &dyn Fn(usize, f64) -> f64| {
        let mut sums = vec![0.0; positions];
        for (at, value) in values.iter().enumerate() {
            let position = at / inner.max(1) % positions.max(1);
            sums[position] += term(position, value.f64());
        }
        sums.into_iter().map(|sum| sum / count).collect::<Vec<f64>>()
    };
    let mean = by_position(&|_, value| value);
    let variance = by_position(&|position, value| (value - mean[position]).powi(2));
    if let Some(position) = variance.iter().position(|&variance| !E::of(variance).is_finite()) {
        return Err(Error::AdaptedVariance { position });
    }
    Ok([mean, variance].map(|numbers| numbers.into_iter().map(E::of).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A shape, the end of the axes in it, their lengths, and their means and variances.
    type Case<'a> = (&'a [usize], usize, &'a [usize], &'a [f64], &'a [f64]);

    #[test]
    fn mean_and_variance_of_axes() {
        let values: Vec<f64> = (0..12).map(f64::from).collect();
        // The last axis, the first of a sample, both, and none.
        let cases: [Case<'_>; 4] = [
            (&[4, 3], 2, &[3], &[4.5, 5.5, 6.5], &[11.25; 3]),
            (&[2, 3, 2], 2, &[3], &[3.5, 5.5, 7.5], &[9.25; 3]),
            (&[2, 3, 2], 3, &[3, 2], &[3.0, 4.0, 5.0, 6.0, 7.0, 8.0], &[9.0; 6]),
            (&[4, 3], 2, &[], &[5.5], &[143.0 / 12.0]),
        ];
        for (shape, end, lengths, mean, variance) in cases {
            let found = moments(&values, shape, end, lengths).expect("moments");
            assert_eq!(found[0], mean, "{shape:?}");
            let near = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-12;
            assert!(found[1].iter().zip(variance).all(near), "{shape:?}: {:?}", found[1]);
        }
    }

    #[test]
    fn other_shapes_and_numbers_are_errors() {
        let text = |values: &[f32], shape: &[usize], end| {
            moments(values, shape, end, &[3]).map_err(|error| error.to_string())
        };
        let shape = "values of shape [2, 2] do not have axes of lengths [3], of which `adapt` takes mean and variance";
        assert_eq!(text(&[0.0; 4], &[2, 2], 2), Err(shape.into()));
        for (shape, end) in [(&[3][..], 1), (&[2, 3], 1), (&[2, 3], 9), (&[], 0), (&[0, 3], 2)] {
            let len = shape.iter().product();
            assert_eq!(text(&vec![0.0; len], shape, end).is_err(), end != 9, "{shape:?}");
        }
        let none = "the data have no samples; at least one is needed";
        assert_eq!(text(&[], &[0, 3], 2), Err(none.into()));
        let large = text(&[0.0, 3e38, 0.0, 0.0, -3e38, 0.0], &[2, 3], 2);
        let wanted =
            "the variance at position 1 is larger than any number of the float type: scale the values";
        assert_eq!(large, Err(wanted.into()));
        let infinite = text(&[0.0, 1.0, 2.0, 3.0, f32::NAN, 5.0], &[2, 3], 2);
        assert_eq!(infinite, Err("`values` is NaN or infinite in sample 1".into()));
    }
}
