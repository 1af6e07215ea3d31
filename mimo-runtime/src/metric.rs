//! Metrics: values reported for an output besides its loss.
//!
//! The state of a metric is a fixed number of sums over samples, so that states of chunks, batches and epochs are
//! added up; [`result`] computes one number from them. Counts are those of Keras.

mod accuracy;
mod auc;
mod confusion;
mod correlation;
mod iou;
mod r2;
mod rates;

use mimo_graph::loss::Loss;
use mimo_graph::metric::{Metric, Outcome};

use crate::float::Float;
use crate::loss::{Criterion, Form, Rows, Sample, Visit, visit};
use confusion::Positives;

/// Offsets of the states of metrics in the statistics, from `start` on, and the end of the last. Each metric is given
/// with the last axis of its output.
pub const fn state_offsets<const N: usize>(
    start: usize,
    metrics: &[(Metric, usize); N],
) -> ([usize; N], usize) {
    let mut offsets = [0; N];
    let mut len = start;
    let mut i = 0;
    while i < N {
        let (metric, classes) = metrics[i];
        offsets[i] = len;
        len += state_len(metric, classes);
        i += 1;
    }
    (offsets, len)
}

/// Number of sums in the state of a metric.
///
/// `classes` is the last axis of the output.
pub const fn state_len(metric: Metric, classes: usize) -> usize {
    match metric {
        Metric::FBetaScore { .. } => confusion::F1_SUMS * classes,
        Metric::Auc { num_thresholds, thresholds, multi_label, .. } => {
            let curves = if multi_label { classes } else { 1 };
            2 * auc::buckets(num_thresholds, thresholds) * curves
        }
        Metric::RateAtRate { num_thresholds, .. } => 2 * auc::buckets(num_thresholds, &[]),
        Metric::R2Score { .. } => r2::SUMS * classes + 1,
        Metric::Count { .. } => 1,
        Metric::IoU { num_classes, .. } => iou::SUMS * num_classes,
        Metric::Own { state, .. } => state,
        // A sum and the sum of the weights, or two counts.
        _ => 2,
    }
}

/// Whether larger values are better; read by callbacks that monitor the metric.
pub const fn higher_is_better(metric: Metric) -> Option<bool> {
    Some(match metric {
        Metric::RootMeanSquaredError => false,
        Metric::Own { higher_is_better, .. } => return higher_is_better,
        Metric::Count { outcome, .. } => matches!(outcome, Outcome::TruePositive | Outcome::TrueNegative),
        _ => metric.as_loss().is_none(),
    })
}

/// Adds one sample of weight `weight` to a state: its predictions, `classes` for each position, and its targets, as
/// many or one class index for each position.
///
/// A state of another length than [`state_len`] is unchanged.
pub fn update<E: Float>(
    metric: Metric,
    classes: usize,
    y: &[E],
    target: &[E],
    weight: f64,
    state: &mut [f64],
) {
    let samples = Samples { y: Rows::one(y), target: Rows::one(target), rows: 1, weight };
    accumulate(metric, classes, samples, state);
}

/// Returns the metric's value for these sums; 0 if nothing has been counted. NaN for a custom metric, which only its
/// type can compute.
pub fn result(metric: Metric, classes: usize, state: &[f64]) -> f64 {
    if state.len() != state_len(metric, classes) {
        return 0.0;
    }
    match metric {
        Metric::RootMeanSquaredError => mean(state).sqrt(),
        Metric::Precision { .. } | Metric::Recall { .. } => confusion::share(state),
        Metric::FBetaScore { beta, average, .. } => confusion::fbeta(state, beta, average),
        Metric::Auc { num_thresholds, curve, summation_method, thresholds, label_weights, .. } => {
            let buckets = auc::buckets(num_thresholds, thresholds);
            auc::area(state, buckets, curve, summation_method, label_weights)
        }
        Metric::RateAtRate { best, constrained, least, .. } => rates::best(state, [best, constrained], least),
        Metric::R2Score { aggregation, num_regressors } => r2::score(state, aggregation, num_regressors),
        Metric::Count { .. } => state.iter().sum(),
        Metric::IoU { target_class_ids, .. } => iou::mean(state, target_class_ids),
        Metric::Own { .. } => f64::NAN,
        _ => mean(state),
    }
}

/// Mean from a weighted sum and the sum of the weights.
fn mean(state: &[f64]) -> f64 {
    match *state {
        [sum, weights] => divide(sum, weights),
        _ => 0.0,
    }
}

/// Quotient, 0 if the divisor is 0.
fn divide(a: f64, b: f64) -> f64 {
    if b == 0.0 { 0.0 } else { a / b }
}

/// Predictions and targets of some samples of the same weight.
pub(crate) struct Samples<'a, E> {
    pub(crate) y: Rows<'a, E>,
    pub(crate) target: Rows<'a, E>,
    pub(crate) rows: usize,
    pub(crate) weight: f64,
}

impl<'a, E: Float> Samples<'a, E> {
    fn iter(&self) -> impl Iterator<Item = (&'a [E], &'a [E])> {
        (0..self.rows).map(|row| (self.y.row(row), self.target.row(row)))
    }

    fn count_positions(&self, classes: usize) -> usize {
        self.y.cols().checked_div(classes).unwrap_or(0)
    }

    /// Calls `each` with every position of all samples and its target: as many values, or a class index.
    pub(crate) fn for_each(&self, classes: usize, mut each: impl FnMut(&'a [E], &'a [E])) {
        let positions = self.count_positions(classes);
        let of_target = self.target.cols().checked_div(positions).unwrap_or(0);
        for (y, target) in self.iter() {
            for position in 0..positions {
                let [y, target] = [(y, classes), (target, of_target)]
                    .map(|(values, len)| values.get(position * len..(position + 1) * len).unwrap_or(&[]));
                each(y, target);
            }
        }
    }

    /// Calls `each` with every position of all samples and its labels.
    fn for_each_position(&self, classes: usize, mut each: impl FnMut(&'a [E], Labels<'a, E>)) {
        let positions = self.count_positions(classes);
        let sparse = self.target.cols() < self.y.cols();
        for (y, target) in self.iter() {
            for position in 0..positions {
                let values = position * classes..(position + 1) * classes;
                let labels = if sparse {
                    Labels::Class(target.get(position).and_then(|class| class.to_usize()))
                } else {
                    Labels::Values(target.get(values.clone()).unwrap_or(&[]))
                };
                each(&y[values], labels);
            }
        }
    }
}

/// The target of one position.
enum Labels<'a, E> {
    /// One value per class.
    Values(&'a [E]),
    /// The only class that applies; `None` if it does not exist.
    Class(Option<usize>),
}

impl<E: Float> Labels<'_, E> {
    /// Label of a class, 0 to 1 for metrics that count classes.
    fn of(&self, class: usize) -> f64 {
        match *self {
            Labels::Values(values) => values.get(class).map_or(0.0, |value| value.f64()),
            Labels::Class(the) => f64::from(u8::from(the == Some(class))),
        }
    }
}

/// Adds samples to a state.
pub(crate) fn accumulate<E: Float>(
    metric: Metric,
    classes: usize,
    samples: Samples<'_, E>,
    state: &mut [f64],
) {
    if state.len() != state_len(metric, classes) {
        return;
    }
    if let Some(loss) = metric.as_loss() {
        return add_loss(loss, classes, &samples, 1.0, state);
    }
    match metric {
        Metric::RootMeanSquaredError => add_loss(Loss::MeanSquaredError, classes, &samples, 1.0, state),
        // The loss is −1 where the metric is 1.
        Metric::CosineSimilarity => add_loss(Loss::CosineSimilarity, classes, &samples, -1.0, state),
        Metric::BinaryAccuracy { threshold } => accuracy::binary(threshold, &samples, state),
        Metric::CategoricalAccuracy => accuracy::categorical(classes, &samples, state),
        Metric::SparseCategoricalAccuracy => accuracy::sparse_categorical(classes, &samples, state),
        Metric::TopKCategoricalAccuracy { k } => accuracy::top_k(k, classes, &samples, state),
        Metric::SparseTopKCategoricalAccuracy { k } => accuracy::sparse_top_k(k, classes, &samples, state),
        Metric::ExactMatch { threshold } => accuracy::exact(threshold, classes, &samples, state),
        Metric::Precision { threshold, top_k, class_id } => {
            confusion::add_precision(Positives { threshold, top_k, class_id }, classes, &samples, state);
        }
        Metric::Recall { threshold, top_k, class_id } => {
            confusion::add_recall(Positives { threshold, top_k, class_id }, classes, &samples, state);
        }
        Metric::Count { outcome, threshold } => {
            confusion::add_count(outcome, Positives::above(threshold), classes, &samples, state);
        }
        Metric::FBetaScore { threshold, .. } => confusion::add_f1(threshold, classes, &samples, state),
        Metric::Auc { from_logits, thresholds, multi_label, label_weights, .. } => {
            let curve = auc::Values { from_logits, thresholds, multi_label, label_weights, class_id: None };
            auc::add(curve, classes, &samples, state);
        }
        Metric::RateAtRate { class_id, .. } => {
            auc::add(auc::Values { class_id, ..auc::Values::ALL }, classes, &samples, state);
        }
        Metric::R2Score { .. } => r2::add(classes, &samples, state),
        Metric::IoU { classes: of, num_classes: _, ignore_class, .. } => {
            iou::add(of, ignore_class, classes, &samples, state);
        }
        Metric::PearsonCorrelation => correlation::pearson(classes, &samples, state),
        Metric::ConcordanceCorrelation => correlation::concordance(classes, &samples, state),
        // Means of losses are added above; `loss/measured.rs` calls custom metrics.
        _ => {}
    }
}

/// Adds the mean over each sample of `value`, a function of its predictions and targets.
fn add_mean<'a, E: Float>(
    samples: &Samples<'a, E>,
    state: &mut [f64],
    value: impl Fn(&'a [E], &'a [E]) -> f64,
) {
    let total: f64 = samples.iter().map(|(y, target)| value(y, target)).sum();
    if let [sum, weights] = state {
        *sum += samples.weight * total;
        *weights += samples.weight * samples.rows as f64;
    }
}

/// Adds a loss of the samples, times `sign`.
fn add_loss<E: Float>(loss: Loss, classes: usize, samples: &Samples<'_, E>, sign: f64, state: &mut [f64]) {
    let positions = samples.count_positions(classes);
    let wanted = if loss.sparse() { positions } else { samples.y.cols() };
    // The macro rejects a metric on targets of another kind; here it must only do no harm.
    if samples.target.cols() != wanted {
        return;
    }
    // Labels 0 and 1 of a hinge become −1 and 1 value by value, because a metric does not see the whole batch first.
    let form = Form { positions, classes, fused: false, binary_labels: true };
    visit(loss, form, Mean { samples, sign, state });
}

/// Adds a loss, compiled for each loss.
struct Mean<'s, 'a, E> {
    samples: &'s Samples<'a, E>,
    sign: f64,
    state: &'s mut [f64],
}

impl<E: Float> Visit<E> for Mean<'_, '_, E> {
    fn visit(self, criterion: impl Criterion<E>) {
        let Mean { samples, sign, state } = self;
        add_mean(samples, state, |y, target| sign * criterion.sample(Sample { x: y, y, target }, None).f64());
    }
}
