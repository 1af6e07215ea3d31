//! Losses: the value, the gradient and the metrics of one output, in one pass over its rows.

use crate::program::View;

/// The loss of one output, its gradient and its metrics.
#[derive(Clone, Copy, Debug)]
pub struct Loss {
    /// Which output.
    pub output: usize,
    /// The loss.
    pub loss: mimo_graph::loss::Loss,
    /// Positions per sample: all axes of the output but the last.
    pub positions: usize,
    /// Values per position: the last axis.
    pub classes: usize,
    /// The predictions, as users see them.
    pub y: View,
    /// What the head's sigmoid or softmax was given, if the loss is computed from there: stable, with `p − t` as its
    /// gradient.
    pub logits: Option<View>,
    /// The targets: as many values as predictions, or one class index per position for a sparse loss.
    pub target: View,
    /// The weight of each sample, one value.
    pub sample_weight: View,
    /// Where the gradient goes: of the logits if there are, else of the predictions.
    pub gradient: Option<View>,
    /// Where in the statistics the metrics' states begin, and the metrics.
    pub metrics: &'static [(usize, mimo_graph::metric::Metric)],
}
