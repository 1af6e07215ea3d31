//! Metrics: what `.compile(metrics = …)` takes. `t` are targets, `p` predictions.

items! {
    /// The share of right answers: which of the accuracies follows from the head and its loss.
    ///
    /// Keras: [`accuracy`](https://keras.io/api/metrics/accuracy_metrics/)
    "`accuracy()`"
    accuracy | acc {}

    /// The share of values on the right side of `threshold`.
    ///
    /// Keras: [`binary_accuracy`](https://keras.io/api/metrics/accuracy_metrics/)
    "`binary_accuracy(name = none, threshold = 0.5)`"
    binary_accuracy | BinaryAccuracy {
        /// What the metric is called in logs, instead of the word that is written here.
        name: Name = "none",
        /// Predictions above it count as positive.
        threshold: f64 = "0.5",
    }

    /// The share of rows whose largest prediction is the largest target.
    ///
    /// Keras: [`categorical_accuracy`](https://keras.io/api/metrics/accuracy_metrics/)
    "`categorical_accuracy(name = none)`"
    categorical_accuracy | CategoricalAccuracy {
        /// What the metric is called in logs, instead of the word that is written here.
        name: Name = "none",
    }

    /// The share of rows whose largest prediction is at the class index.
    ///
    /// Keras: [`sparse_categorical_accuracy`](https://keras.io/api/metrics/accuracy_metrics/)
    "`sparse_categorical_accuracy(name = none)`"
    sparse_categorical_accuracy | SparseCategoricalAccuracy {
        /// What the metric is called in logs, instead of the word that is written here.
        name: Name = "none",
    }

    /// The share of rows whose largest target is among the `k` largest predictions.
    ///
    /// Keras: [`top_k_categorical_accuracy`](https://keras.io/api/metrics/accuracy_metrics/)
    "`top_k_categorical_accuracy(k = 5, name = none)`"
    top_k_categorical_accuracy | TopKCategoricalAccuracy {
        /// How many of the largest predictions are looked at.
        k: usize = "5",
        /// What the metric is called in logs, instead of the word that is written here.
        name: Name = "none",
    }

    /// The share of rows whose class index is among the `k` largest predictions.
    ///
    /// Keras: [`sparse_top_k_categorical_accuracy`](https://keras.io/api/metrics/accuracy_metrics/)
    "`sparse_top_k_categorical_accuracy(k = 5, name = none)`"
    sparse_top_k_categorical_accuracy | SparseTopKCategoricalAccuracy {
        /// How many of the largest predictions are looked at.
        k: usize = "5",
        /// What the metric is called in logs, instead of the word that is written here.
        name: Name = "none",
    }

    /// The area under a curve over thresholds: 1 is best, and 0.5 is chance for `ROC`.
    ///
    /// Keras: [`auc`](https://keras.io/api/metrics/classification_metrics/)
    "`auc(num_thresholds = 200, curve = ROC, name = none, from_logits = false)`"
    auc | AUC {
        /// At how many thresholds the curve is measured.
        num_thresholds: usize = "200",
        /// Which curve.
        curve: Curve = "ROC",
        /// What the metric is called in logs, instead of the word that is written here.
        name: Name = "none",
        /// Whether predictions are logits, that is, no activation was applied.
        from_logits: bool = "false",
    }

    /// `TP / (TP + FP)`: the share of right ones among those that are found.
    ///
    /// Keras: [`precision`](https://keras.io/api/metrics/classification_metrics/)
    "`precision(thresholds = none, name = none)`"
    precision | Precision {
        /// Predictions above it count as positive; `none` is 0.5.
        thresholds: f64 = "none",
        /// What the metric is called in logs, instead of the word that is written here.
        name: Name = "none",
    }

    /// `TP / (TP + FN)`: the share of those that are found.
    ///
    /// Keras: [`recall`](https://keras.io/api/metrics/classification_metrics/)
    "`recall(thresholds = none, name = none)`"
    recall | Recall {
        /// Predictions above it count as positive; `none` is 0.5.
        thresholds: f64 = "none",
        /// What the metric is called in logs, instead of the word that is written here.
        name: Name = "none",
    }

    /// The harmonic mean of precision and recall.
    ///
    /// Keras: [`f1_score`](https://keras.io/api/metrics/classification_metrics/)
    "`f1_score(average = macro, threshold = none, name = none)`"
    f1_score | f1 | F1Score {
        /// How the classes become one number.
        average: Average = "macro",
        /// Predictions above it count as positive; `none` takes the largest of each row.
        threshold: f64 = "none",
        /// What the metric is called in logs, instead of the word that is written here.
        name: Name = "none",
    }

    /// Mean of `|t − p|`.
    ///
    /// Keras: [`mae`](https://keras.io/api/metrics/regression_metrics/)
    "`mae(name = none)`"
    mae | mean_absolute_error | MAE | MeanAbsoluteError {
        /// What the metric is called in logs, instead of the word that is written here.
        name: Name = "none",
    }

    /// Mean of `(t − p)²`.
    ///
    /// Keras: [`mse`](https://keras.io/api/metrics/regression_metrics/)
    "`mse(name = none)`"
    mse | mean_squared_error | MSE | MeanSquaredError {
        /// What the metric is called in logs, instead of the word that is written here.
        name: Name = "none",
    }

    /// Mean of `100 · |t − p| / |t|`.
    ///
    /// Keras: [`mape`](https://keras.io/api/metrics/regression_metrics/)
    "`mape(name = none)`"
    mape | mean_absolute_percentage_error | MAPE | MeanAbsolutePercentageError {
        /// What the metric is called in logs, instead of the word that is written here.
        name: Name = "none",
    }

    /// Mean of `(ln(p + 1) − ln(t + 1))²`.
    ///
    /// Keras: [`msle`](https://keras.io/api/metrics/regression_metrics/)
    "`msle(name = none)`"
    msle | mean_squared_logarithmic_error | MSLE | MeanSquaredLogarithmicError {
        /// What the metric is called in logs, instead of the word that is written here.
        name: Name = "none",
    }

    /// The root of the mean of `(t − p)²`.
    ///
    /// Keras: [`root_mean_squared_error`](https://keras.io/api/metrics/regression_metrics/)
    "`root_mean_squared_error(name = none)`"
    root_mean_squared_error | rmse | RootMeanSquaredError {
        /// What the metric is called in logs, instead of the word that is written here.
        name: Name = "none",
    }

    /// Mean of `ln cosh(p − t)`.
    ///
    /// Keras: [`log_cosh_error`](https://keras.io/api/metrics/regression_metrics/)
    "`log_cosh_error(name = none)`"
    log_cosh_error | LogCoshError {
        /// What the metric is called in logs, instead of the word that is written here.
        name: Name = "none",
    }

    /// The coefficient of determination: 1 is best, and 0 is as good as the mean.
    ///
    /// Keras: [`r2_score`](https://keras.io/api/metrics/regression_metrics/)
    "`r2_score(name = none)`"
    r2_score | r2 | R2Score {
        /// What the metric is called in logs, instead of the word that is written here.
        name: Name = "none",
    }

    /// The cosine of the angle between target and prediction: 1 is best.
    ///
    /// Keras: [`cosine_similarity`](https://keras.io/api/metrics/regression_metrics/)
    "`cosine_similarity(name = none)`"
    cosine_similarity | CosineSimilarity {
        /// What the metric is called in logs, instead of the word that is written here.
        name: Name = "none",
    }

    /// The cross-entropy that fits the head and its loss.
    "`crossentropy()`"
    crossentropy | ce {}

    /// The loss of the same name, as a metric.
    ///
    /// Keras: [`binary_crossentropy`](https://keras.io/api/metrics/probabilistic_metrics/)
    "`binary_crossentropy(name = none, from_logits = false, label_smoothing = 0)`"
    binary_crossentropy | bce | BCE | BinaryCrossentropy {
        /// What the metric is called in logs, instead of the word that is written here.
        name: Name = "none",
        /// Whether predictions are logits, that is, no activation was applied.
        from_logits: bool = "false",
        /// How far labels are moved towards the uniform distribution, at least 0 and below 1.
        label_smoothing: f64 = "0",
    }

    /// The loss of the same name, as a metric.
    ///
    /// Keras: [`categorical_crossentropy`](https://keras.io/api/metrics/probabilistic_metrics/)
    "`categorical_crossentropy(name = none, from_logits = false, label_smoothing = 0)`"
    categorical_crossentropy | CategoricalCrossentropy {
        /// What the metric is called in logs, instead of the word that is written here.
        name: Name = "none",
        /// Whether predictions are logits, that is, no activation was applied.
        from_logits: bool = "false",
        /// How far labels are moved towards the uniform distribution, at least 0 and below 1.
        label_smoothing: f64 = "0",
    }

    /// The loss of the same name, as a metric.
    ///
    /// Keras: [`sparse_categorical_crossentropy`](https://keras.io/api/metrics/probabilistic_metrics/)
    "`sparse_categorical_crossentropy(name = none, from_logits = false)`"
    sparse_categorical_crossentropy | SparseCategoricalCrossentropy {
        /// What the metric is called in logs, instead of the word that is written here.
        name: Name = "none",
        /// Whether predictions are logits, that is, no activation was applied.
        from_logits: bool = "false",
    }

    /// The loss of the same name, as a metric.
    ///
    /// Keras: [`kl_divergence`](https://keras.io/api/metrics/probabilistic_metrics/)
    "`kl_divergence(name = none)`"
    kl_divergence | kld | KLD | KLDivergence {
        /// What the metric is called in logs, instead of the word that is written here.
        name: Name = "none",
    }

    /// The loss of the same name, as a metric.
    ///
    /// Keras: [`poisson`](https://keras.io/api/metrics/probabilistic_metrics/)
    "`poisson(name = none)`"
    poisson | Poisson {
        /// What the metric is called in logs, instead of the word that is written here.
        name: Name = "none",
    }

    /// The loss of the same name, as a metric.
    ///
    /// Keras: [`hinge`](https://keras.io/api/metrics/hinge_metrics/)
    "`hinge(name = none)`"
    hinge | Hinge {
        /// What the metric is called in logs, instead of the word that is written here.
        name: Name = "none",
    }

    /// The loss of the same name, as a metric.
    ///
    /// Keras: [`squared_hinge`](https://keras.io/api/metrics/hinge_metrics/)
    "`squared_hinge(name = none)`"
    squared_hinge | SquaredHinge {
        /// What the metric is called in logs, instead of the word that is written here.
        name: Name = "none",
    }

    /// The loss of the same name, as a metric.
    ///
    /// Keras: [`categorical_hinge`](https://keras.io/api/metrics/hinge_metrics/)
    "`categorical_hinge(name = none)`"
    categorical_hinge | CategoricalHinge {
        /// What the metric is called in logs, instead of the word that is written here.
        name: Name = "none",
    }
}
