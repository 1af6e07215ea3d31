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
        /// Index of the output.
        pub output: usize,
        /// The loss; `None` for an output with metrics only.
        pub loss: Option<Loss>,
        /// The form of the targets; `None` for a custom loss without targets, whose view of them is empty.
        pub kind: Option<Target>,
        /// Positions per sample: all axes of the output but the last.
        pub positions: L,
        /// Values per position: the last axis.
        pub classes: L,
        /// The predictions.
        pub y: View<L>,
        /// The input of the head's sigmoid or softmax, if the loss is computed from it: this is stable, and `p − t`
        /// is its gradient.
        pub logits: Option<View<L>>,
        /// The targets: as many values as predictions, or one class index per position for a sparse loss. An index
        /// out of range is ignored; data sets refuse it.
        pub target: View<L>,
        /// The weight of each sample, one value. A sample of weight 0 may have any target, even NaN. Weights of
        /// positions are not part of the plan.
        pub sample_weight: View<L>,
        /// Destination of the gradient: of the logits if they are set, else of the predictions. No two losses have
        /// the same destination, and its buffer is not shared with anything that the loss reads.
        pub gradient: Option<View<L>>,
        /// The metrics: those of `metrics`, then those of `weighted_metrics`.
        pub metrics: List<Metric>,
        /// Number of metrics that ignore the weights of samples and positions; they come first.
        pub unweighted: usize,
        /// Offset of the first metric's state among the states of all metrics.
        pub first_state: usize,
    }
}

/// Number of sums over the batch that the loss of an output with a mask depends on: steps that count, the statistic
/// of their targets that the loss needs, and invalid targets.
pub const MASK_SUMS: usize = 3;
