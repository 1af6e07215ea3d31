//! Interface of a loss to the pass over the rows.

use std::ops::Range;

use crate::float::Float;

/// One sample, or one position of it, as the input of a loss.
#[derive(Clone, Copy)]
pub(crate) struct Sample<'a, E> {
    /// Input of the loss: the logits, or else the predictions.
    pub(crate) x: &'a [E],
    /// The predictions.
    pub(crate) y: &'a [E],
    /// The targets.
    pub(crate) target: &'a [E],
}

/// The values of one of `steps` equal, contiguous parts.
#[inline]
pub(super) fn range(len: usize, step: usize, steps: usize) -> Range<usize> {
    let per_step = len / steps;
    step * per_step..(step + 1) * per_step
}

impl<E> Sample<'_, E> {
    /// One of `steps` equal parts of the sample.
    #[inline]
    pub(super) fn step(self, step: usize, steps: usize) -> Self {
        let Sample { x, y, target } = self;
        Sample {
            x: &x[range(x.len(), step, steps)],
            y: &y[range(y.len(), step, steps)],
            target: &target[range(target.len(), step, steps)],
        }
    }
}

/// Destination of the gradient with respect to `x`, and its factor.
pub(crate) struct Slope<'a, E> {
    pub(crate) to: &'a mut [E],
    pub(crate) scale: E,
}

/// A loss of one sample.
pub(crate) trait Criterion<E> {
    /// Whether targets are class indices.
    const SPARSE: bool = false;

    /// Returns the loss, and writes the gradient if `slope` is given.
    fn sample(&self, sample: Sample<'_, E>, slope: Option<Slope<'_, E>>) -> E;
}

/// Form of a loss, determined by the output's head and the batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    /// Positions per sample.
    pub(crate) positions: usize,
    /// Values per position.
    pub(crate) classes: usize,
    /// Whether `x` is the input of the head's sigmoid or softmax.
    pub(crate) fused: bool,
    /// Whether the labels of a hinge loss are 0 and 1.
    pub(crate) binary_labels: bool,
}

/// An action on a loss, compiled for each loss, so that the loop over the rows is specialized.
pub(crate) trait Visit<E> {
    fn visit(self, criterion: impl Criterion<E>);
}

impl Form {
    /// A mean over all values.
    pub(crate) fn mean<E: Float, F: Fn(E, E) -> (E, E)>(self, value: F) -> Elementwise<E, F> {
        Elementwise { share: share(self.positions * self.classes), value }
    }

    /// A sum over the last axis and a mean over the positions.
    pub(crate) fn sum<E: Float, F: Fn(E, E) -> (E, E)>(self, value: F) -> Elementwise<E, F> {
        Elementwise { share: share(self.positions), value }
    }

    /// A mean over the positions.
    pub(crate) fn each<E: Float, C: Criterion<E>>(self, position: C) -> Positions<E, C> {
        Positions { positions: self.positions, classes: self.classes, share: share(self.positions), position }
    }
}

/// Weight of each of `of` values in their mean.
pub(super) fn share<E: Float>(of: usize) -> E {
    E::of((of as f64).recip())
}

/// A loss whose values do not depend on each other: a function from prediction and target to value and derivative.
pub(crate) struct Elementwise<E, F> {
    /// Weight of each value.
    share: E,
    value: F,
}

/// Number of values summed in parallel: a single sum would wait for each addition.
const LANES: usize = 8;

/// Sum of the values.
pub(super) fn add_up<E: Float>(values: &[E]) -> E {
    let (lanes, rest) = values.as_chunks::<LANES>();
    let mut sums = [E::zero(); LANES];
    for values in lanes {
        sums.iter_mut().zip(values).for_each(|(sum, &value)| *sum += value);
    }
    sums.into_iter().sum::<E>() + rest.iter().copied().sum()
}

impl<E: Float, F: Fn(E, E) -> (E, E)> Criterion<E> for Elementwise<E, F> {
    #[inline]
    fn sample(&self, sample: Sample<'_, E>, slope: Option<Slope<'_, E>>) -> E {
        // The head of a small model: a single value, no loops.
        if let ([x], [t]) = (sample.x, sample.target) {
            let (value, derivative) = (self.value)(*x, *t);
            if let Some(Slope { to: [to], scale }) = slope {
                *to = derivative * scale * self.share;
            }
            return value * self.share;
        }
        let (x, x_rest) = sample.x.as_chunks::<LANES>();
        let (t, t_rest) = sample.target.as_chunks::<LANES>();
        let mut rest = E::zero();
        let mut sums = [E::zero(); LANES];
        match slope {
            Some(Slope { to, scale }) => {
                let scale = scale * self.share;
                let (to, to_rest) = to.as_chunks_mut::<LANES>();
                for ((x, t), to) in x.iter().zip(t).zip(to) {
                    for lane in 0..LANES {
                        let (value, derivative) = (self.value)(x[lane], t[lane]);
                        sums[lane] += value;
                        to[lane] = derivative * scale;
                    }
                }
                for ((&x, &t), to) in x_rest.iter().zip(t_rest).zip(to_rest) {
                    let (value, derivative) = (self.value)(x, t);
                    rest += value;
                    *to = derivative * scale;
                }
            }
            None => {
                for (x, t) in x.iter().zip(t) {
                    for lane in 0..LANES {
                        sums[lane] += (self.value)(x[lane], t[lane]).0;
                    }
                }
                for (&x, &t) in x_rest.iter().zip(t_rest) {
                    rest += (self.value)(x, t).0;
                }
            }
        }
        (sums.into_iter().sum::<E>() + rest) * self.share
    }
}

/// A loss of one position, and its mean over the positions of a sample.
pub(crate) struct Positions<E, C> {
    positions: usize,
    classes: usize,
    share: E,
    position: C,
}

impl<E: Float, C: Criterion<E>> Criterion<E> for Positions<E, C> {
    const SPARSE: bool = C::SPARSE;

    #[inline]
    fn sample(&self, sample: Sample<'_, E>, slope: Option<Slope<'_, E>>) -> E {
        let Sample { x, y, target } = sample;
        let targets = if C::SPARSE { 1 } else { self.classes };
        let mut slope = slope.map(|Slope { to, scale }| Slope { to, scale: scale * self.share });
        let mut sum = E::zero();
        for position in 0..self.positions {
            let values = position * self.classes..(position + 1) * self.classes;
            let target = &target[position * targets..(position + 1) * targets];
            let sample = Sample { x: &x[values.clone()], y: &y[values.clone()], target };
            let slope =
                slope.as_mut().map(|Slope { to, scale }| Slope { to: &mut to[values], scale: *scale });
            sum += self.position.sample(sample, slope);
        }
        sum * self.share
    }
}
