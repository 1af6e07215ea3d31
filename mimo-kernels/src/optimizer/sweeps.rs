//! Loops over gradients and parameters around an update.

use crate::element::Element;

/// Decoupled weight decay: `p -= p * factor`, where `factor` is the decay times the learning rate.
pub fn decay<E: Element>(p: &mut [E], factor: E) {
    for p in p {
        *p -= *p * factor;
    }
}

/// `sum += g`.
pub fn accumulate<E: Element>(sum: &mut [E], g: &[E]) {
    for (sum, g) in sum.iter_mut().zip(g) {
        *sum += *g;
    }
}

/// Computes the mean gradient of `steps` steps, `g = (g + sum) / steps`, and sets `sum` to 0.
pub fn accumulated<E: Element>(sum: &mut [E], g: &mut [E], steps: E) {
    for (sum, g) in sum.iter_mut().zip(g) {
        *g = (*g + *sum) / steps;
        *sum = E::zero();
    }
}

/// An exponential moving average, `average = momentum average + (1 - momentum) p`.
pub fn average<E: Element>(average: &mut [E], p: &[E], momentum: E) {
    for (average, p) in average.iter_mut().zip(p) {
        *average = momentum * *average + (E::one() - momentum) * *p;
    }
}

/// `g *= factor`.
pub fn scale<E: Element>(g: &mut [E], factor: E) {
    for g in g {
        *g *= factor;
    }
}

/// Limits every value to `-bound..=bound`; NaN propagates.
pub fn clip_value<E: Element>(g: &mut [E], bound: E) {
    for g in g {
        *g = if *g > bound {
            bound
        } else if *g < -bound {
            -bound
        } else {
            *g
        };
    }
}

/// Sum of squares, in double precision and in an order that depends only on the length.
pub fn sum_of_squares<E: Element>(values: &[E]) -> f64 {
    const LANES: usize = 8;
    let mut sums = [0.0; LANES];
    let (whole, rest) = values.as_chunks::<LANES>();
    for chunk in whole {
        for (sum, x) in sums.iter_mut().zip(chunk) {
            *sum += x.f64() * x.f64();
        }
    }
    for (sum, x) in sums.iter_mut().zip(rest) {
        *sum += x.f64() * x.f64();
    }
    sums.iter().sum()
}
