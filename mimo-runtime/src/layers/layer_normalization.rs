//! `LayerNormalization`, `RMSNormalization` and `UnitNormalization`: values divided by a statistic over some axes of
//! a sample, then scaled and shifted.

pub use mimo_graph::operation::{LayerNormalization, Statistic};

use crate::chunk::Chunk;
use crate::float::Float;
use crate::kernels::Mat;
use crate::kernels::layer_norm::{
    group_gradient_sums, group_input_gradient, group_moments, group_normalize, group_offset_gradient,
    group_scale_gradient,
};
use crate::layers::apply_mask;
use crate::run::run;

/// Offsets of the values of a group, relative to the first.
#[derive(Clone, Copy)]
struct Places<'a> {
    shape: &'a [usize],
    strides: &'a [usize],
    len: usize,
    /// Whether the values are contiguous, as for the last axes.
    contiguous: bool,
}

impl<'a> Places<'a> {
    fn new(shape: &'a [usize], strides: &'a [usize]) -> Self {
        let len = shape.iter().product();
        let mut step = 1;
        let contiguous = shape.iter().zip(strides).rev().all(|(&len, &stride)| {
            let follows = len == 1 || stride == step;
            step *= len;
            follows
        });
        Places { shape, strides, len, contiguous }
    }

    /// Offset of the value with this index, in row-major order.
    #[inline]
    fn at(&self, index: usize) -> usize {
        if self.contiguous {
            return index;
        }
        let axes = self.shape.iter().zip(self.strides).rev();
        axes.fold((index, 0), |(rest, at), (&len, &stride)| (rest / len, at + rest % len * stride)).1
    }
}

/// Offsets of the first values of the groups, and of the values in each.
fn groups(op: &LayerNormalization) -> (Places<'_>, Places<'_>) {
    let (kept, normalized) = op.shape.split_at(op.kept);
    let (kept_strides, strides) = op.strides.split_at(op.kept);
    (Places::new(kept, kept_strides), Places::new(normalized, strides))
}

/// Sums in eight lanes, as the kernels do for contiguous groups.
fn sum<E: Float>(len: usize, value: impl Fn(usize) -> E) -> E {
    let mut parts = [E::zero(); 8];
    for start in (0..len).step_by(8) {
        for (i, part) in parts.iter_mut().enumerate().take(len - start) {
            *part += value(start + i);
        }
    }
    parts.into_iter().sum()
}

/// Mean and scale of a group: its values are normalized by `(x − mean) · scale`.
#[derive(Clone, Copy)]
struct Group<E> {
    mean: E,
    scale: E,
    /// Divisor of `Σ g · n` in the gradient; infinite if the scale is constant.
    count: E,
}

/// The statistic of the values at the start of `x`.
fn statistic<E: Float>(op: &LayerNormalization, x: &[E], places: &Places<'_>) -> Group<E> {
    let len = E::of(places.len as f64);
    let centred = op.statistic == Statistic::Moments;
    let [mean, squares] = match places.contiguous {
        true => group_moments(&x[..places.len], centred),
        false => {
            let mean = if centred { sum(places.len, |i| x[places.at(i)]) / len } else { E::zero() };
            let squares = sum(places.len, |i| {
                let distance = x[places.at(i)] - mean;
                distance * distance
            });
            [mean, squares]
        }
    };
    let epsilon = E::of(op.epsilon);
    let (divisor, count) = match op.statistic {
        Statistic::Moments | Statistic::MeanSquare => ((squares / len + epsilon).sqrt(), len),
        Statistic::Length if squares.sqrt() > epsilon => (squares.sqrt(), E::one()),
        // A vector no longer than epsilon is scaled by a constant.
        Statistic::Length => (epsilon, E::infinity()),
    };
    Group { mean, scale: E::one() / divisor, count }
}

fn forward<E: Float>(op: &LayerNormalization, chunk: &mut Chunk<'_, E>) {
    let (groups, places) = groups(op);
    let [gamma, beta] =
        [op.gamma, op.beta].map(|weight| weight.map(|weight| chunk.weight(weight.block, places.len)));
    for row in 0..chunk.rows {
        let [x, y] = chunk.rows_mut([op.x.view, op.y.view], row);
        for group in 0..groups.len {
            let start = groups.at(group);
            let (x, y) = (&x[start..], &mut y[start..]);
            let Group { mean, scale, .. } = statistic(op, x, &places);
            if places.contiguous {
                group_normalize([mean, scale], [gamma, beta], &x[..places.len], &mut y[..places.len]);
                continue;
            }
            for i in 0..places.len {
                let at = places.at(i);
                let scale = gamma.map_or(scale, |gamma| scale * gamma[i]);
                y[at] = (x[at] - mean) * scale + beta.map_or(E::zero(), |beta| beta[i]);
            }
        }
    }
}

/// With `n` the normalized values and `g = gamma · dy`: `dx = (g − mean(g) − n · Σ g · n / count) · scale`,
/// `dgamma = Σ n · dy`, `dbeta = Σ dy`. The mean of `g` is subtracted if that of `x` is.
fn backward<E: Float>(op: &LayerNormalization, chunk: &mut Chunk<'_, E>) {
    let Some(dy) = op.y.gradient else { return };
    let (groups, places) = groups(op);
    let gamma = op.gamma.map(|gamma| chunk.weight(gamma.block, places.len));
    let accumulators = [op.gamma, op.beta].map(|weight| weight.and_then(|weight| chunk.accumulator(&weight)));
    let (x, dy_mat) = (chunk.mat(op.x.view), chunk.mat(dy));
    for row in 0..chunk.rows {
        for group in 0..groups.len {
            let start = groups.at(group);
            let (x_at, dy_at) =
                (x.offset + row * x.stride + start, dy_mat.offset + row * dy_mat.stride + start);
            let numbers = statistic(op, &chunk.arena[x_at..], &places);
            weight_gradients(chunk, &places, numbers, [x_at, dy_at], accumulators);
            let Some(target) = op.x.gradient else { continue };
            let [x, dy, dx] = chunk.rows_mut([op.x.view, dy, target.view], row);
            let (x, dy, dx) = (&x[start..], &dy[start..], &mut dx[start..]);
            let Group { mean, scale, count } = numbers;
            let gradient = |i: usize| gamma.map_or(E::one(), |gamma| gamma[i]) * dy[places.at(i)];
            let normalized = |i: usize| (x[places.at(i)] - mean) * scale;
            let [plain, weighted] = match places.contiguous {
                true => group_gradient_sums([mean, scale], gamma, &x[..places.len], &dy[..places.len]),
                false => [sum(places.len, gradient), sum(places.len, |i| gradient(i) * normalized(i))],
            };
            let shift = match op.statistic {
                Statistic::Moments => plain / E::of(places.len as f64),
                Statistic::MeanSquare | Statistic::Length => E::zero(),
            };
            let along = weighted / count;
            if places.contiguous {
                let numbers = [mean, scale, shift, along];
                let [x, dy] = [x, dy].map(|values| &values[..places.len]);
                group_input_gradient(numbers, gamma, x, dy, &mut dx[..places.len], target.accumulate);
                continue;
            }
            for i in 0..places.len {
                let at = places.at(i);
                let own = (gradient(i) - shift - normalized(i) * along) * scale;
                dx[at] = if target.accumulate { dx[at] + own } else { own };
            }
        }
    }
    if let Some(target) = op.x.gradient {
        apply_mask(chunk, target);
    }
}

/// Adds the part of a group to the gradients of `gamma` and `beta`, if they are trained.
fn weight_gradients<E: Float>(
    chunk: &mut Chunk<'_, E>,
    places: &Places<'_>,
    Group { mean, scale, .. }: Group<E>,
    [x_at, dy_at]: [usize; 2],
    [gamma, beta]: [Option<Mat>; 2],
) {
    let range = |start: usize| start..start + places.len;
    if !places.contiguous {
        for i in 0..places.len {
            let dy = chunk.arena[dy_at + places.at(i)];
            if let Some(sums) = gamma {
                let normalized = (chunk.arena[x_at + places.at(i)] - mean) * scale;
                chunk.arena[sums.offset + i] += dy * normalized;
            }
            if let Some(sums) = beta {
                chunk.arena[sums.offset + i] += dy;
            }
        }
        return;
    }
    if let Some(sums) = gamma
        && let Ok([x, dy, sums]) =
            chunk.arena.get_disjoint_mut([range(x_at), range(dy_at), range(sums.offset)])
    {
        group_scale_gradient([mean, scale], x, dy, sums);
    }
    if let Some(sums) = beta
        && let Ok([dy, sums]) = chunk.arena.get_disjoint_mut([range(dy_at), range(sums.offset)])
    {
        group_offset_gradient(dy, sums);
    }
}

run!(LayerNormalization, forward, backward);

#[cfg(test)]
mod tests {
    use mimo_graph::describe::List;

    use super::*;
    use crate::layers::check::{Bench, check};
    use crate::program::{GradientTarget, Read, Written};

    #[test]
    fn gradients() {
        type Case = (&'static [usize], &'static [usize], usize);
        // The last axis, the first, the two last, the outer two, all of them, one value.
        let cases: [Case; 6] = [
            (&[3, 4], &[4, 1], 1),
            (&[4, 3], &[1, 4], 1),
            (&[2, 3, 4], &[12, 4, 1], 1),
            (&[3, 2, 4], &[4, 12, 1], 1),
            (&[2, 3], &[3, 1], 0),
            (&[5, 1], &[1, 1], 1),
        ];
        for (shape, strides, kept) in cases {
            let statistics = [Statistic::Moments, Statistic::MeanSquare, Statistic::Length];
            let layouts = [(0, false), (3, false), (2, true)];
            for (statistic, (gap, accumulate)) in
                statistics.into_iter().flat_map(|it| layouts.map(|at| (it, at)))
            {
                let mut bench = Bench::new(3);
                let len = shape.iter().product();
                let [x, y, dy, dx] = std::array::from_fn(|_| bench.value(len, gap));
                let target = GradientTarget { view: dx, accumulate, mask: accumulate.then_some(x) };
                let op = LayerNormalization {
                    shape: List::Borrowed(shape),
                    strides: List::Borrowed(strides),
                    kept,
                    statistic,
                    epsilon: 0.1,
                    gamma: None,
                    beta: None,
                    x: Read::new(x, Some(target)),
                    y: Written::new(y, Some(dy)),
                };
                check(&bench, &op, &[(x, Some(target))], y, dy);
            }
        }
    }

    #[test]
    fn places_of_axes_that_are_apart() {
        let places = Places::new(&[2, 3], &[12, 1]);
        assert!(!places.contiguous);
        assert_eq!((0..6).map(|i| places.at(i)).collect::<Vec<_>>(), [0, 1, 2, 12, 13, 14]);
        assert!(Places::new(&[1, 3], &[7, 1]).contiguous);
        assert!(Places::new(&[], &[]).contiguous);
    }

    #[test]
    fn sums_of_any_length() {
        for len in 0..20 {
            assert_eq!(sum(len, |i| i as f64), (0..len).sum::<usize>() as f64);
        }
    }
}
