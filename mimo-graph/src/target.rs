//! The targets of an output, decided by its loss and, for an output without a loss, by its metrics.

use crate::activation::Activation;
use crate::loss::{Loss, Predicts, ValidTargets};
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

crate::describe! {
    /// Range of an output's targets, in addition to the domain of its loss.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum TargetRange {
        /// Not checked: `check_targets = false`. Only finite numbers and valid class indices are required.
        Unchecked,
        /// Any numbers for which the loss is defined.
        Any,
        /// The range of the output, ends included.
        Between {
            /// The smallest value.
            least: f64,
            /// The largest value.
            most: f64,
        },
        /// Probabilities whose sum over the last axis is 1.
        Distribution,
    }
}

impl TargetRange {
    /// The range of an output that ends in this activation. Labels of hinge losses, class indices, and vectors of
    /// which only the direction counts are not checked against it.
    pub fn of(loss: Option<Loss>, activation: Option<Activation>) -> TargetRange {
        let Some(facts) = loss.map(Loss::facts) else { return TargetRange::Any };
        if matches!(facts.targets, ValidTargets::Any | ValidTargets::Indices { .. } | ValidTargets::Signs)
            || matches!(facts.predicts, Predicts::Directions | Predicts::Unknown)
        {
            return TargetRange::Any;
        }
        let categorical = facts.predicts == Predicts::Classes && !matches!(loss, Some(Loss::KlDivergence));
        match activation {
            _ if categorical => TargetRange::Distribution,
            // The loss itself checks each value.
            _ if facts.targets == ValidTargets::Probabilities && facts.predicts != Predicts::Classes => {
                TargetRange::Any
            }
            Some(Activation::Softmax | Activation::Sparsemax) => TargetRange::Distribution,
            Some(activation) => match activation.range() {
                (f64::NEG_INFINITY, f64::INFINITY) => TargetRange::Any,
                (least, most) => TargetRange::Between { least, most },
            },
            None => TargetRange::Any,
        }
    }

    /// Whether a target out of range is an error instead of a warning: for a categorical cross-entropy, whose targets
    /// must be probabilities.
    pub const fn is_strict(loss: Option<Loss>) -> bool {
        matches!(loss, Some(Loss::CategoricalCrossentropy { .. } | Loss::CategoricalFocalCrossentropy { .. }))
    }
}

impl Target {
    /// The targets of an output with this loss and these metrics; `None` for an output without targets.
    pub fn of(loss: Option<Loss>, metrics: impl IntoIterator<Item = Metric>) -> Option<Target> {
        match loss {
            Some(Loss::Custom { targets: false }) => None,
            Some(loss) if loss.sparse() => Some(Target::Classes),
            Some(_) => Some(Target::Values),
            // All metrics of an output read the same targets, which `compile` checks; a custom metric reads any.
            None => {
                let mut target = None;
                for metric in metrics {
                    if !metric.is_own() {
                        return Some(Target::of_metric(metric));
                    }
                    target = Some(Target::Values);
                }
                target
            }
        }
    }

    /// The targets of a metric.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_the_loss_and_of_the_end_of_the_output() {
        let of = |loss, activation| TargetRange::of(Some(loss), Some(activation));
        let (from_logits, label_smoothing) = (false, 0.0);
        let between = |least, most| TargetRange::Between { least, most };
        let mse = Loss::MeanSquaredError;
        assert_eq!(of(mse, Activation::Sigmoid), between(0.0, 1.0));
        assert_eq!(of(mse, Activation::Tanh), between(-1.0, 1.0));
        assert_eq!(of(mse, Activation::Relu), between(0.0, f64::INFINITY));
        assert_eq!(of(mse, Activation::Linear), TargetRange::Any);
        assert_eq!(of(mse, Activation::Softmax), TargetRange::Distribution);
        assert_eq!(of(Loss::KlDivergence, Activation::Softmax), TargetRange::Distribution);
        let categorical = Loss::CategoricalCrossentropy { from_logits: true, label_smoothing };
        assert_eq!(of(categorical, Activation::Linear), TargetRange::Distribution);
        for loss in [
            Loss::BinaryCrossentropy { from_logits, label_smoothing },
            Loss::SparseCategoricalCrossentropy { from_logits, ignore_class: None },
            Loss::Hinge,
            Loss::CategoricalHinge,
            Loss::CosineSimilarity,
            Loss::Custom { targets: true },
        ] {
            assert_eq!(of(loss, Activation::Sigmoid), TargetRange::Any, "{loss:?}");
        }
        assert_eq!(TargetRange::of(None, Some(Activation::Sigmoid)), TargetRange::Any);
        assert_eq!(TargetRange::of(Some(mse), None), TargetRange::Any);
    }
}
