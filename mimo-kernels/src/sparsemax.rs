//! Sparsemax (Martins and Astudillo: *From Softmax to Sparsemax*, 2016): the point of the probability simplex that is nearest
//! to a row.
//!
//! `y = max(x - t, 0)` with the threshold `t` for which `y` sums to 1. Sorting would need memory, so `t` is found by
//! Michelot's iteration: start with all values, compute their `t`, remove the values at or below it, and repeat.
//! Removed values never return, so there are at most as many rounds as values, and only a few in practice.

use super::element::Element;
use super::matrix::Mat;

/// Sparsemax over the columns of each row. `y` may be `x`.
pub fn sparsemax_forward<E: Element>(arena: &mut [E], x: Mat, y: Mat) {
    y.check(arena.len());
    x.check_like(y, arena.len());
    for row in 0..y.rows {
        let (from, to) = (x.offset + row * x.stride, y.offset + row * y.stride);
        arena.copy_within(from..from + x.cols, to);
        project(&mut arena[to..to + y.cols]);
    }
}

/// The gradient of [`sparsemax_forward`] from its output `y`, added to `dx` if `accumulate`: with `S` the positive values of a
/// row, `dx = dy - mean(dy over S)` in `S`, and 0 elsewhere. `dx` may be `dy`.
pub fn sparsemax_backward<E: Element>(arena: &mut [E], y: Mat, dy: Mat, dx: Mat, accumulate: bool) {
    dx.check(arena.len());
    y.check_like(dx, arena.len());
    dy.check_like(dx, arena.len());
    for row in 0..dx.rows {
        let [y, dy, to] = [y, dy, dx].map(|mat| mat.offset + row * mat.stride);
        let in_support = |arena: &[E], col: usize| arena[y + col] > E::zero();
        let (sum, count) = (0..dx.cols)
            .filter(|&col| in_support(arena, col))
            .fold((E::zero(), 0), |(sum, count), col| (sum + arena[dy + col], count + 1));
        let mean = sum / E::of(f64::from(count.max(1)));
        for col in 0..dx.cols {
            let own = if in_support(arena, col) { arena[dy + col] - mean } else { E::zero() };
            let to = &mut arena[to + col];
            *to = if accumulate { *to + own } else { own };
        }
    }
}

/// Replaces a row by its projection.
fn project<E: Element>(row: &mut [E]) {
    // Shifted so that the largest value is 0, for precision.
    let max = row.iter().fold(E::neg_infinity(), |max, x| if *x > max { *x } else { max });
    row.iter_mut().for_each(|x| *x -= max);
    let mut threshold = E::neg_infinity();
    let mut kept = usize::MAX;
    loop {
        let above = row.iter().filter(|x| kept == usize::MAX || **x > threshold);
        let (sum, count) = above.fold((E::zero(), 0), |(sum, count), x| (sum + *x, count + 1));
        // No value is above a threshold that is NaN.
        if count == kept || count == 0 {
            break;
        }
        kept = count;
        threshold = (sum - E::one()) / E::of(count as f64);
    }
    for x in row {
        *x = if *x > threshold {
            *x - threshold
        } else if threshold.is_nan() {
            threshold
        } else {
            E::zero()
        };
    }
}
