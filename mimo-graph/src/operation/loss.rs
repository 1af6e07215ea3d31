//! Losses: the value, the gradient and the metrics of one output.

use super::{View, operation};
use crate::describe::List;
use crate::loss::Loss;
use crate::metric::Metric;
use crate::target::Target;

operation! {
    /// The loss and the metrics of an output with targets.
    #[derive(Clone, Debug, PartialEq)]
    pub struct LossOp<L> {
        /// The output.
        pub output: usize,
        /// The loss; `None` for an output that has metrics only.
        pub loss: Option<Loss>,
        /// The form of the targets; `None` for a custom loss without targets, whose view of them is empty.
        pub kind: Option<Target>,
        /// Positions per sample: all axes of the output but the last.
        pub positions: L,
        /// Values per position: the last axis.
        pub classes: L,
        /// The predictions.
        pub y: View<L>,
        /// The input of the head's sigmoid or softmax, if the loss is computed from there: stable, with `p − t` as its
        /// gradient.
        pub logits: Option<View<L>>,
        /// The targets: as many values as predictions, or one class index per position for a sparse loss. An index that
        /// is out of range counts nothing; data sets refuse it.
        pub target: View<L>,
        /// The weight of each sample, one value. A sample of weight 0 may have any target, even NaN. Weights of positions are no part of
        /// the plan.
        pub sample_weight: View<L>,
        /// Where the gradient is written: of the logits if there are, else of the predictions. No two losses have the same
        /// place, and it shares its buffer with nothing that the loss reads.
        pub gradient: Option<View<L>>,
        /// The metrics: those of `metrics`, then those of `weighted_metrics`.
        pub metrics: List<Metric>,
        /// The number of metrics that do not see the weights of samples and positions; they come first.
        pub unweighted: usize,
        /// The place of the first metric's state among the states of all metrics.
        pub first_state: usize,
    }
}

/// Number of sums over the batch that the loss of an output with a mask depends on: steps that count, what the loss has to
/// know of their targets, and targets that are not valid.
pub const MASK_SUMS: usize = 3;
