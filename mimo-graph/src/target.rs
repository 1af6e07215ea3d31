//! The targets of an output, decided by its loss and, for an output without a loss, by its metrics.

use crate::loss::Loss;
use crate::metric::{ClassesOf, Metric};

crate::describe! {
    /// The form of an output's targets.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Target {
        /// Values in the shape of the output.
        Values,
        /// Class indices, one per position.
        Classes,
    }
}

impl Target {
    /// The targets of an output with this loss and these metrics; `None` for an output without targets.
    pub fn of(loss: Option<Loss>, metrics: impl IntoIterator<Item = Metric>) -> Option<Target> {
        match loss {
            Some(Loss::Custom { targets: false }) => None,
            Some(loss) if loss.sparse() => Some(Target::Classes),
            Some(_) => Some(Target::Values),
            // All metrics of an output read the same targets, which `compile` checks.
            None => metrics.into_iter().next().map(Target::of_metric),
        }
    }

    /// The targets that a metric reads.
    pub fn of_metric(metric: Metric) -> Target {
        match metric {
            Metric::SparseCategoricalAccuracy
            | Metric::SparseTopKCategoricalAccuracy { .. }
            | Metric::SparseCategoricalCrossentropy { .. }
            | Metric::IoU { classes: ClassesOf::Scores, .. } => Target::Classes,
            _ => Target::Values,
        }
    }
}
