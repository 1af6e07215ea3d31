//! Reductions along some axes: sums, means, maxima, indices of maxima.

mod statistics;

pub use mimo_graph::operation::Reduce;

use mimo_graph::operation::Reduction;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::layers::strided::each_run;
use crate::layers::{apply_mask, clear};
use crate::run::run;

/// Visits every value of the result: its index, and the offset of the first value that it reduces.
fn each_result(op: &Reduce, mut visit: impl FnMut(usize, usize)) {
    each_run(&op.shape[..op.kept], &op.strides[..op.kept], |at, from, len, step| {
        (0..len).for_each(|i| visit(at + i, from + i * step));
    });
}

/// Visits the values that a result reduces, in runs: the offset of each run, its length, and the stride of its
/// values.
fn each_part(op: &Reduce, first: usize, mut visit: impl FnMut(usize, usize, usize)) {
    each_run(&op.shape[op.kept..], &op.strides[op.kept..], |_, from, len, step| {
        visit(first + from, len, step);
    });
}

/// Visits the offsets of these values one by one, in order.
fn each_value(op: &Reduce, first: usize, visit: &mut dyn FnMut(usize)) {
    each_part(op, first, |from, len, step| (0..len).for_each(|i| visit(from + i * step)));
}

/// Factor of a sum in the result.
fn scale<E: Float>(op: &Reduce) -> E {
    match op.reduction {
        Reduction::Mean => E::one() / E::of(op.shape[op.kept..].iter().product::<usize>() as f64),
        _ => E::one(),
    }
}

/// Lanes of a vectorized sum.
const LANES: usize = 8;

/// Sums the values of a run.
fn sum<E: Float>(x: &[E], step: usize) -> E {
    if step != 1 {
        return x.iter().step_by(step.max(1)).copied().sum();
    }
    let mut sums = [E::zero(); LANES];
    let (groups, rest) = x.as_chunks::<LANES>();
    for group in groups {
        sums.iter_mut().zip(group).for_each(|(sum, x)| *sum += *x);
    }
    let rest: E = rest.iter().copied().sum();
    sums.into_iter().sum::<E>() + rest
}

fn forward<E: Float>(op: &Reduce, chunk: &mut Chunk<'_, E>) {
    let scale = scale::<E>(op);
    for row in 0..chunk.rows {
        let [x, y] = chunk.rows_mut([op.x.view, op.y.view], row);
        each_result(op, |to, first| {
            let mut result = match op.reduction {
                Reduction::Sum | Reduction::Mean => E::zero(),
                Reduction::Max | Reduction::Min => x[first],
                reduction => {
                    y[to] = statistics::value(reduction, x, |visit| each_value(op, first, visit));
                    return;
                }
            };
            each_part(op, first, |from, len, step| {
                let run = &x[from..(from + len * step).min(x.len())];
                match op.reduction {
                    Reduction::Sum | Reduction::Mean => result += sum(run, step),
                    // NaN propagates.
                    Reduction::Max => run.iter().step_by(step).for_each(|&x| {
                        result = if x > result || x.is_nan() { x } else { result };
                    }),
                    Reduction::Min => run.iter().step_by(step).for_each(|&x| {
                        result = if x < result || x.is_nan() { x } else { result };
                    }),
                    _ => {}
                }
            });
            y[to] = result * scale;
        });
    }
}

fn backward<E: Float>(op: &Reduce, chunk: &mut Chunk<'_, E>) {
    let Some(dy) = op.y.gradient else { return };
    let Some(target) = op.x.gradient else { return };
    let write = |dx: &mut E, gradient: E| *dx = if target.accumulate { *dx + gradient } else { gradient };
    // A diagonal leaves values out.
    let leaves_out = op.shape.iter().product::<usize>() < target.view.len;
    for row in 0..chunk.rows {
        if leaves_out {
            clear(chunk, target, row);
        }
        match op.reduction {
            Reduction::Sum | Reduction::Mean => {
                let scale = scale::<E>(op);
                let [dy, dx] = chunk.rows_mut([dy, target.view], row);
                each_result(op, |from, first| {
                    each_part(op, first, |to, len, step| {
                        (0..len).for_each(|i| write(&mut dx[to + i * step], dy[from] * scale));
                    });
                });
            }
            Reduction::Max | Reduction::Min => {
                let [x, y, dy, dx] = chunk.rows_mut([op.x.view, op.y.view, dy, target.view], row);
                each_result(op, |from, first| {
                    let mut equal = 0;
                    each_part(op, first, |to, len, step| {
                        equal += (0..len).filter(|i| x[to + i * step] == y[from]).count();
                    });
                    let share = dy[from] / E::of(equal.max(1) as f64);
                    each_part(op, first, |to, len, step| {
                        for at in (0..len).map(|i| to + i * step) {
                            write(&mut dx[at], if x[at] == y[from] { share } else { E::zero() });
                        }
                    });
                });
            }
            reduction => {
                let [x, y, dy, dx] = chunk.rows_mut([op.x.view, op.y.view, dy, target.view], row);
                each_result(op, |from, first| {
                    let each = |visit: &mut dyn FnMut(usize)| each_value(op, first, visit);
                    statistics::gradient(reduction, [x, y], from, dy[from], each, |at, gradient| {
                        write(&mut dx[at], gradient);
                    });
                });
            }
        }
    }
    apply_mask(chunk, target);
}

run!(Reduce, forward, backward);

#[cfg(test)]
mod tests {
    use mimo_graph::describe::List;

    use super::*;
    use crate::layers::check::{Bench, check};
    use crate::program::{GradientTarget, Read, Written};

    #[test]
    fn gradients() {
        // All axes, the last, the first, and two that are not adjacent; longer than the lanes.
        let layouts: [(&[usize], &[usize], usize); 5] = [
            (&[7], &[1], 0),
            (&[3, 11], &[11, 1], 1),
            (&[5, 3], &[1, 5], 1),
            (&[3, 2, 4], &[4, 12, 1], 1),
            (&[2, 3, 4], &[12, 4, 1], 0),
        ];
        use Reduction::{LogSumExp, Max, Mean, Min, Norm, Prod, Std, Sum, Var};
        for reduction in [Sum, Mean, Max, Min, Prod, Var, Std, Norm, LogSumExp] {
            for (shape, strides, kept) in layouts {
                for (gap, accumulate) in [(0, false), (3, false), (2, true)] {
                    let mut bench = Bench::new(3);
                    let len: usize = shape.iter().product();
                    let results: usize = shape[..kept].iter().product();
                    let [x, dx] = std::array::from_fn(|_| bench.value(len, gap));
                    let [y, dy] = std::array::from_fn(|_| bench.value(results, gap));
                    let target = GradientTarget { view: dx, accumulate, mask: accumulate.then_some(x) };
                    let op = Reduce {
                        reduction,
                        shape: List::Owned(shape.to_vec()),
                        strides: List::Owned(strides.to_vec()),
                        kept,
                        x: Read::new(x, Some(target)),
                        y: Written::new(y, Some(dy)),
                    };
                    check(&bench, &op, &[(x, Some(target))], y, dy);
                }
            }
        }
    }

    /// Result for four values, and their gradients if that of the result is 3.
    fn reduced(reduction: Reduction, values: [f64; 4]) -> (f64, Vec<f64>) {
        let mut bench = Bench::new(1);
        let [x, y, dy, dx] = [4, 1, 1, 4].map(|len| bench.value(len, 0));
        let target = GradientTarget { view: dx, accumulate: false, mask: None };
        let op = Reduce {
            reduction,
            shape: List::Owned(vec![4]),
            strides: List::Owned(vec![1]),
            kept: 0,
            x: Read::new(x, Some(target)),
            y: Written::new(y, Some(dy)),
        };
        let mut arena = bench.arena::<f64>();
        bench.write(&mut arena, x, &values);
        bench.write(&mut arena, dy, &[3.0]);
        bench.forward(&op, &mut arena);
        bench.backward(&op, &mut arena);
        (bench.read(&arena, y)[0], bench.read(&arena, dx))
    }

    #[test]
    fn equal_values_share_the_gradient() {
        assert_eq!(reduced(Reduction::Max, [2.0, -1.0, 2.0, 0.0]), (2.0, vec![1.5, 0.0, 1.5, 0.0]));
    }

    #[test]
    fn a_product_has_a_gradient_at_zero() {
        assert_eq!(reduced(Reduction::Prod, [2.0, 0.0, 5.0, 1.0]), (0.0, vec![0.0, 30.0, 0.0, 0.0]));
        assert_eq!(reduced(Reduction::Prod, [2.0, 0.0, 0.0, 1.0]), (0.0, vec![0.0; 4]));
    }

    #[test]
    fn roots_have_no_gradient_at_zero() {
        assert_eq!(reduced(Reduction::Norm, [0.0; 4]), (0.0, vec![0.0; 4]));
        assert_eq!(reduced(Reduction::Std, [1.5; 4]), (0.0, vec![0.0; 4]));
    }

    #[test]
    fn places_are_those_of_the_first() {
        let result = |reduction, values| reduced(reduction, values).0;
        assert_eq!(result(Reduction::ArgMax, [1.0, 3.0, 3.0, 2.0]), 1.0);
        assert_eq!(result(Reduction::ArgMin, [1.0, 0.0, 3.0, 0.0]), 1.0);
        // As in numpy, a NaN is found.
        assert_eq!(result(Reduction::ArgMax, [1.0, 3.0, f64::NAN, 5.0]), 2.0);
        assert_eq!(result(Reduction::Any, [0.0, 0.0, -2.0, 0.0]), 1.0);
        assert_eq!(result(Reduction::All, [1.0, 1.0, -2.0, 0.0]), 0.0);
    }

    #[test]
    fn large_exponentials_do_not_overflow() {
        assert_eq!(
            reduced(Reduction::LogSumExp, [1000.0, 0.0, 0.0, 0.0]),
            (1000.0, vec![3.0, 0.0, 0.0, 0.0])
        );
        let none = f64::NEG_INFINITY;
        assert_eq!(reduced(Reduction::LogSumExp, [none; 4]).0, none);
    }
}
