//! Metrics and losses that users write in Rust and name by path in `.compile(…)`.

mod candidate;
mod tensors;

use mimo_graph::metric;
use mimo_graph::spec::ModelSpec;

use crate::float::Float;
use crate::loss::LossFault;
use crate::metric::state_len;

pub use candidate::{
    Candidate, ClassIndices, Indices, Losses, OneFits, Predictions, Targets, Values, Verdict, WhenMisfit,
    WhenSlices, WhenTensors, loss,
};
pub use tensors::Batched;

/// A custom metric, named by its path: `metrics = { risk: [crate::Lift] }`.
///
/// Its state is `N` numbers, to which every position of the data is added in turn. Each chunk of a batch has its own
/// state; states are merged in the order of the samples, so that the result is bit-identical for any number of
/// threads, and exact if the last batch is smaller. Nothing is allocated in training, and a checkpoint in the middle
/// of an epoch contains the state.
///
/// ```ignore
/// use mimo::Float;
///
/// /// Fraction of positive samples above 0.9, divided by that of all samples.
/// pub struct Lift;
///
/// impl mimo::Metric<4> for Lift {
///     const HIGHER_IS_BETTER: Option<bool> = Some(true);
///
///     fn update<E: Float>(
///         state: &mut [f64; 4],
///         prediction: &[E],
///         target: &[E],
///         weight: f64,
///     ) {
///         let [found, positive, above, all] = state;
///         for (prediction, target) in prediction.iter().zip(target) {
///             let is_above = f64::from(prediction.f64() > 0.9);
///             *found += weight * is_above * target.f64();
///             *positive += weight * target.f64();
///             *above += weight * is_above;
///             *all += weight;
///         }
///     }
///
///     fn result(&[found, positive, above, all]: &[f64; 4]) -> f64 {
///         (found / positive) / (above / all)
///     }
/// }
///
/// mimo::model! {
///     pub Churn {
///         let usage = Input(shape = [3]);
///         let risk = Dense(1, activation = sigmoid)(usage);
///         Model(inputs = [usage], outputs = [risk])
///             .compile(
///                 optimizer = Adam(),
///                 loss = binary_crossentropy,
///                 metrics = [auc, crate::Lift],
///             )
///     }
/// }
/// ```
///
/// Its name in the logs is the last segment of the path in snake case, or a given one: `crate::Lift(name =
/// "lift_at_9")`. Like Keras's metrics it may be in `metrics` and in `weighted_metrics`. A setting of a metric is a
/// part of its type, as in `type LiftAt9 = Lift<9>;`.
///
/// A panic in its functions propagates to the caller of the trainer. A result that is not finite is shown unchanged.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a metric",
    label = "`mimo::Metric` is not implemented for this type",
    note = "write `impl mimo::Metric<2> for {Self} {{ … }}`, where 2 is the number of values in its state"
)]
pub trait Metric<const N: usize> {
    /// Whether a larger result is better. Callbacks that monitor the metric need it, unless their `mode` is given.
    const HIGHER_IS_BETTER: Option<bool> = None;

    /// Adds a position with its weight to the state, which is all zeros before the first one.
    ///
    /// `prediction` is the last axis of the output: all values of a sample if it has one axis. `target` has as many
    /// values, or one class index if the targets of the output are indices. Positions that are masked, have no target
    /// or have weight 0 are not added. The weight is 1 in `metrics`, and that of the sample and position in
    /// `weighted_metrics`.
    fn update<E: Float>(state: &mut [f64; N], prediction: &[E], target: &[E], weight: f64);

    /// Adds the state of later positions to that of earlier ones, by default number by number. Both may be all zeros.
    fn merge(state: &mut [f64; N], later: &[f64; N]) {
        state.iter_mut().zip(later).for_each(|(sum, value)| *sum += value);
    }

    /// Returns the value of the metric from the state.
    fn result(state: &[f64; N]) -> f64;
}

/// Functions of a [`Metric`].
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct OwnMetric {
    /// [`Metric::update`] for `f32`.
    pub update_f32: Update<f32>,
    /// [`Metric::update`] for `f64`.
    pub update_f64: Update<f64>,
    /// [`Metric::merge`].
    pub merge: fn(&mut [f64], &[f64]),
    /// [`Metric::result`].
    pub result: fn(&[f64]) -> f64,
    /// Number of values in the state.
    pub state: usize,
    /// [`Metric::HIGHER_IS_BETTER`].
    pub higher_is_better: Option<bool>,
}

/// Adds a position to a state.
pub type Update<E> = fn(&mut [f64], &[E], &[E], f64);

impl OwnMetric {
    /// Returns the functions of `M`.
    pub const fn of<M: Metric<N>, const N: usize>() -> Self {
        OwnMetric {
            update_f32: update::<M, N, f32>,
            update_f64: update::<M, N, f64>,
            merge: merge::<M, N>,
            result: result::<M, N>,
            state: N,
            higher_is_better: M::HIGHER_IS_BETTER,
        }
    }
}

// Slices of another length than `N` are never passed: the layout of the statistics is computed from `state`.

fn update<M: Metric<N>, const N: usize, E: Float>(to: &mut [f64], y: &[E], target: &[E], weight: f64) {
    if let Ok(state) = to.try_into() {
        M::update(state, y, target, weight);
    }
}

fn merge<M: Metric<N>, const N: usize>(to: &mut [f64], later: &[f64]) {
    if let (Ok(state), Ok(later)) = (to.try_into(), later.try_into()) {
        M::merge(state, later);
    }
}

fn result<M: Metric<N>, const N: usize>(state: &[f64]) -> f64 {
    state.try_into().map_or(f64::NAN, M::result)
}

/// The custom losses and metrics of a chunk.
#[derive(Clone, Copy, Debug, Default)]
pub struct OwnParts<'a> {
    /// The metrics, by their indices.
    pub metrics: &'a [OwnMetric],
    /// Whether the gradients of losses are compared with differences of their values.
    pub check_gradients: bool,
    /// An error in a loss.
    pub fault: Option<LossFault>,
}

/// Location of the state of a custom metric in the statistics.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) start: usize,
    pub(crate) len: usize,
    pub(crate) metric: OwnMetric,
}

/// Returns the locations of the states of a model's custom metrics, in the order of the statistics, of which the
/// first `before` are losses.
pub(crate) fn places(spec: &ModelSpec, before: usize, metrics: &[OwnMetric]) -> Vec<Place> {
    let mut start = before;
    let mut places = vec![];
    for output in spec.outputs {
        let classes = output.shape.last().copied().unwrap_or(1);
        for &(_, metric) in output.metrics {
            let len = state_len(metric, classes);
            if let metric::Metric::Own { place, .. } = metric
                && let Some(&metric) = metrics.get(place)
            {
                places.push(Place { start, len, metric });
            }
            start += len;
        }
    }
    places
}

/// Adds statistics to others, starting at `from`. The states of custom metrics are merged by their own functions.
pub(crate) fn add(to: &mut [f64], statistics: &[f64], mut from: usize, places: &[Place]) {
    let plain = |to: &mut [f64], from: &[f64]| to.iter_mut().zip(from).for_each(|(sum, value)| *sum += value);
    for &Place { start, len, metric } in places {
        if let (Some(to), Some(statistics)) = (to.get_mut(from..start), statistics.get(from..start)) {
            plain(to, statistics);
        }
        from = start + len;
        if let (Some(to), Some(later)) = (to.get_mut(start..from), statistics.get(start..from)) {
            (metric.merge)(to, later);
        }
    }
    if let (Some(to), Some(statistics)) = (to.get_mut(from..), statistics.get(from..)) {
        plain(to, statistics);
    }
}
