//! Reductions other than sums and comparisons, over the values that a function visits.

use mimo_graph::operation::Reduction;

use crate::float::Float;

/// Calls a function with the offset of each value, in order.
type Visit<'a> = &'a mut dyn FnMut(usize);

/// Mean and number of the values.
fn mean<E: Float>(x: &[E], each: &impl Fn(Visit<'_>)) -> (E, E) {
    let (mut sum, mut count) = (E::zero(), 0);
    each(&mut |at| {
        sum += x[at];
        count += 1;
    });
    let count = E::of(f64::from(count));
    (sum / count, count)
}

/// Computes `Σ f(x)`.
fn sum_of<E: Float>(x: &[E], each: &impl Fn(Visit<'_>), f: impl Fn(E) -> E) -> E {
    let mut sum = E::zero();
    each(&mut |at| sum += f(x[at]));
    sum
}

/// Index and value of the first best value. As in numpy, NaN is better than any number.
fn best<E: Float>(x: &[E], each: &impl Fn(Visit<'_>), is_better: impl Fn(E, E) -> bool) -> (usize, E) {
    let (mut found, mut count) = (None::<(usize, E)>, 0);
    each(&mut |at| {
        let better =
            found.is_none_or(|(_, best)| !best.is_nan() && (x[at].is_nan() || is_better(x[at], best)));
        if better {
            found = Some((count, x[at]));
        }
        count += 1;
    });
    found.unwrap_or((0, E::zero()))
}

/// Computes the result of a reduction. Sums and comparisons are computed by runs, and not here.
pub(super) fn value<E: Float>(reduction: Reduction, x: &[E], each: impl Fn(Visit<'_>)) -> E {
    let truth = |holds: bool| if holds { E::one() } else { E::zero() };
    let variance = || {
        let (mean, count) = mean(x, &each);
        sum_of(x, &each, |x| (x - mean) * (x - mean)) / count
    };
    match reduction {
        Reduction::Sum | Reduction::Mean | Reduction::Max | Reduction::Min => E::zero(),
        Reduction::Prod => {
            let mut product = E::one();
            each(&mut |at| product *= x[at]);
            product
        }
        Reduction::Var => variance(),
        Reduction::Std => variance().sqrt(),
        Reduction::Norm => sum_of(x, &each, |x| x * x).sqrt(),
        Reduction::LogSumExp => {
            let (_, most) = best(x, &each, |x, best| x > best);
            match most.is_finite() {
                true => most + sum_of(x, &each, |x| (x - most).exp()).ln(),
                // Differences from it are NaN.
                false => most,
            }
        }
        Reduction::Any => truth(sum_of(x, &each, |x| truth(x != E::zero())) > E::zero()),
        Reduction::All => truth(sum_of(x, &each, |x| truth(x == E::zero())) == E::zero()),
        Reduction::ArgMax => E::of(best(x, &each, |x, best| x > best).0 as f64),
        Reduction::ArgMin => E::of(best(x, &each, |x, best| x < best).0 as f64),
    }
}

/// Calls `write` with the gradient of each value, for the gradient `dy` of the result, which is at `from` in `y`.
pub(super) fn gradient<E: Float>(
    reduction: Reduction,
    [x, y]: [&[E]; 2],
    from: usize,
    dy: E,
    each: impl Fn(Visit<'_>),
    mut write: impl FnMut(usize, E),
) {
    let two = E::one() + E::one();
    match reduction {
        Reduction::Prod => {
            let zeros = sum_of(x, &each, |x| if x == E::zero() { E::one() } else { E::zero() });
            let mut others = E::one();
            each(&mut |at| others = if x[at] == E::zero() { others } else { others * x[at] });
            each(&mut |at| {
                let product = match x[at] == E::zero() {
                    true if zeros == E::one() => others,
                    false if zeros == E::zero() => y[from] / x[at],
                    _ => E::zero(),
                };
                write(at, dy * product);
            });
        }
        Reduction::Var => {
            let (mean, count) = mean(x, &each);
            let scale = dy * two / count;
            each(&mut |at| write(at, (x[at] - mean) * scale));
        }
        Reduction::Std => {
            let (mean, count) = mean(x, &each);
            let scale = if y[from] == E::zero() { E::zero() } else { dy / (count * y[from]) };
            each(&mut |at| write(at, (x[at] - mean) * scale));
        }
        Reduction::Norm => {
            let scale = if y[from] == E::zero() { E::zero() } else { dy / y[from] };
            each(&mut |at| write(at, x[at] * scale));
        }
        Reduction::LogSumExp => {
            // Infinities of one sign make up the whole sum.
            each(&mut |at| {
                let share = if x[at] == y[from] { E::one() } else { (x[at] - y[from]).exp() };
                write(at, dy * share);
            });
        }
        // The others are computed elsewhere, or have no gradient.
        _ => each(&mut |at| write(at, E::zero())),
    }
}
