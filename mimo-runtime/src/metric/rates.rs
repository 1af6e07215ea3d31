//! The largest rate under a constraint on another: `PrecisionAtRecall` and its relatives.
//!
//! The state is that of [`auc`](super::auc): two histograms, whose cumulative sums are the counts above each
//! threshold.

use mimo_graph::metric::Rate;

use super::divide;

/// Largest first rate at the thresholds at which the second is at least `least`; 0 if there is none.
pub(super) fn best(state: &[f64], [best, constrained]: [Rate; 2], least: f64) -> f64 {
    let (positives, negatives) = state.split_at(state.len() / 2);
    let (all_positives, all_negatives): (f64, f64) = (positives.iter().sum(), negatives.iter().sum());
    let (mut right, mut wrong, mut largest) = (0.0, 0.0, 0.0_f64);
    let mut measure = |right: f64, wrong: f64| {
        let rate = |rate| match rate {
            Rate::Precision => divide(right, right + wrong),
            Rate::Recall => divide(right, all_positives),
            Rate::Specificity => divide(all_negatives - wrong, all_negatives),
        };
        if rate(constrained) >= least {
            largest = largest.max(rate(best));
        }
    };
    // Nothing is above the highest threshold.
    measure(right, wrong);
    for (p, n) in positives.iter().zip(negatives).rev() {
        right += p;
        wrong += n;
        measure(right, wrong);
    }
    largest
}
