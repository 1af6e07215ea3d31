//! Metrics that are means of losses: with the same names and parameters, and `name`.

use super::make::{
    binary_crossentropy, binary_focal_crossentropy, categorical_crossentropy, categorical_focal_crossentropy,
    named, sparse_categorical_crossentropy,
};
use super::table::Entry;
use crate::metric::Metric;

vocabulary! {
    mod words;
    const OF_LOSSES: Entry;

    /// Mean of `|t − p|`.
    ///
    /// Keras: [`mae`](https://keras.io/api/metrics/regression_metrics/)
    "`mae(name = none)`"
    mae | mean_absolute_error | MAE | MeanAbsoluteError as MeanAbsoluteError => |args, cx| named(args, Metric::MeanAbsoluteError, cx);

    /// Mean of `(t − p)²`.
    ///
    /// Keras: [`mse`](https://keras.io/api/metrics/regression_metrics/)
    "`mse(name = none)`"
    mse | mean_squared_error | MSE | MeanSquaredError as MeanSquaredError => |args, cx| named(args, Metric::MeanSquaredError, cx);

    /// Mean of `100 · |t − p| / |t|`.
    ///
    /// Keras: [`mape`](https://keras.io/api/metrics/regression_metrics/)
    "`mape(name = none)`"
    mape | mean_absolute_percentage_error | MAPE | MeanAbsolutePercentageError as MeanAbsolutePercentageError => |args, cx| named(args, Metric::MeanAbsolutePercentageError, cx);

    /// Mean of `(ln(p + 1) − ln(t + 1))²`.
    ///
    /// Keras: [`msle`](https://keras.io/api/metrics/regression_metrics/)
    "`msle(name = none)`"
    msle | mean_squared_logarithmic_error | MSLE | MeanSquaredLogarithmicError as MeanSquaredLogarithmicError => |args, cx| named(args, Metric::MeanSquaredLogarithmicError, cx);

    /// Mean of `ln cosh(p − t)`.
    ///
    /// Keras: [`log_cosh_error`](https://keras.io/api/metrics/regression_metrics/)
    "`log_cosh_error(name = none)`"
    log_cosh_error | log_cosh | LogCoshError as LogCoshError => |args, cx| named(args, Metric::LogCoshError, cx);
    takes {
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
    }

    /// Quadratic for errors up to `delta`, linear beyond.
    ///
    /// Keras: [`huber`](https://keras.io/api/losses/regression_losses/)
    "`huber(delta = 1, name = none)`"
    huber => |args, cx| named(args, Metric::Huber { delta: args.float("delta", cx) }, cx);
    takes {
        /// The size of an error beyond which it counts linearly.
        delta: f64 = "1" in [> 0.0],
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
    }

    /// The loss of the same name, as a metric.
    ///
    /// Keras: [`binary_crossentropy`](https://keras.io/api/metrics/probabilistic_metrics/)
    "`binary_crossentropy(name = none, from_logits = false, label_smoothing = 0)`"
    binary_crossentropy | bce | BCE | BinaryCrossentropy as BinaryCrossentropy => binary_crossentropy;

    /// The loss of the same name, as a metric.
    ///
    /// Keras: [`categorical_crossentropy`](https://keras.io/api/metrics/probabilistic_metrics/)
    "`categorical_crossentropy(name = none, from_logits = false, label_smoothing = 0)`"
    categorical_crossentropy | CategoricalCrossentropy as CategoricalCrossentropy => categorical_crossentropy;
    takes {
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
        /// Whether predictions are logits, that is, no activation was applied.
        from_logits: bool = "false",
        /// Label smoothing: fraction by which labels are moved towards the uniform distribution, at least 0 and below
        /// 1.
        label_smoothing: f64 = "0" in [0.0..1.0],
        axis => "leave it out: the last axis is taken",
    }

    /// The loss of the same name, as a metric.
    ///
    /// Keras: [`sparse_categorical_crossentropy`](https://keras.io/api/metrics/probabilistic_metrics/)
    "`sparse_categorical_crossentropy(name = none, from_logits = false)`"
    sparse_categorical_crossentropy | SparseCategoricalCrossentropy as SparseCategoricalCrossentropy => sparse_categorical_crossentropy;
    takes {
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
        /// Whether predictions are logits, that is, no activation was applied.
        from_logits: bool = "false",
        axis => "leave it out: the last axis is taken",
    }

    /// The loss of the same name, as a metric.
    ///
    /// Keras: [`binary_focal_crossentropy`](https://keras.io/api/losses/probabilistic_losses/)
    "`binary_focal_crossentropy(apply_class_balancing = false, alpha = 0.25, gamma = 2, from_logits = false, label_smoothing = 0, name = none)`"
    binary_focal_crossentropy => binary_focal_crossentropy;
    takes {
        /// Whether positive labels are multiplied by `alpha` and negative ones by `1 − alpha`.
        apply_class_balancing: bool = "false",
        /// Weight of positive labels, if classes are balanced.
        alpha: f64 = "0.25" in [0.0..=1.0],
        /// Focusing exponent: how strongly well predicted labels are down-weighted; 0 is binary cross-entropy.
        gamma: f64 = "2" in [0.0..],
        /// Whether predictions are logits, that is, no activation was applied.
        from_logits: bool = "false",
        /// Label smoothing: fraction by which labels are moved towards 1/2, at least 0 and below 1.
        label_smoothing: f64 = "0" in [0.0..1.0],
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        axis => "leave it out: the last axis is taken",
    }

    /// The loss of the same name, as a metric.
    ///
    /// Keras: [`categorical_focal_crossentropy`](https://keras.io/api/losses/probabilistic_losses/)
    "`categorical_focal_crossentropy(alpha = 0.25, gamma = 2, from_logits = false, label_smoothing = 0, name = none)`"
    categorical_focal_crossentropy => categorical_focal_crossentropy;
    takes {
        /// Weight of the classes: a number for all of them, or a list with one for each.
        alpha: Factors = "0.25" in [0.0..],
        /// Focusing exponent: how strongly well predicted samples are down-weighted; 0 is categorical cross-entropy.
        gamma: f64 = "2" in [0.0..],
        /// Whether predictions are logits, that is, no activation was applied.
        from_logits: bool = "false",
        /// Label smoothing: fraction by which labels are moved towards the uniform distribution, at least 0 and below
        /// 1.
        label_smoothing: f64 = "0" in [0.0..1.0],
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        axis => "leave it out: the last axis is taken",
    }

    /// The loss of the same name, as a metric.
    ///
    /// Keras: [`kl_divergence`](https://keras.io/api/metrics/probabilistic_metrics/)
    "`kl_divergence(name = none)`"
    kl_divergence | kld | KLD | KLDivergence as KLDivergence => |args, cx| named(args, Metric::KlDivergence, cx);

    /// The loss of the same name, as a metric.
    ///
    /// Keras: [`poisson`](https://keras.io/api/metrics/probabilistic_metrics/)
    "`poisson(name = none)`"
    poisson | Poisson as Poisson => |args, cx| named(args, Metric::Poisson, cx);

    /// The loss of the same name, as a metric.
    ///
    /// Keras: [`hinge`](https://keras.io/api/metrics/hinge_metrics/)
    "`hinge(name = none)`"
    hinge | Hinge as Hinge => |args, cx| named(args, Metric::Hinge, cx);

    /// The loss of the same name, as a metric.
    ///
    /// Keras: [`squared_hinge`](https://keras.io/api/metrics/hinge_metrics/)
    "`squared_hinge(name = none)`"
    squared_hinge | SquaredHinge as SquaredHinge => |args, cx| named(args, Metric::SquaredHinge, cx);

    /// The loss of the same name, as a metric.
    ///
    /// Keras: [`categorical_hinge`](https://keras.io/api/metrics/hinge_metrics/)
    "`categorical_hinge(name = none)`"
    categorical_hinge | CategoricalHinge as CategoricalHinge => |args, cx| named(args, Metric::CategoricalHinge, cx);
    takes {
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
    }
}
