//! Metrics, by Keras's names. `accuracy` is resolved to one of these by the head, while the macro runs.

crate::describe! {
    /// A metric of one output and its parameters.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum Metric {
        /// Share of values on the right side of `threshold`.
        BinaryAccuracy {
            /// 0.5 by default.
            threshold: f64,
        },
        /// Share of rows whose largest prediction is the largest target.
        CategoricalAccuracy,
        /// Share of rows whose largest prediction is the class index.
        SparseCategoricalAccuracy,
        /// Share of rows whose largest target is among the `k` largest predictions.
        TopKCategoricalAccuracy {
            /// 5 by default.
            k: usize,
        },
        /// Share of rows whose class index is among the `k` largest predictions.
        SparseTopKCategoricalAccuracy {
            /// 5 by default.
            k: usize,
        },
        /// Mean absolute error.
        MeanAbsoluteError,
        /// Mean squared error.
        MeanSquaredError,
        /// Mean absolute percentage error.
        MeanAbsolutePercentageError,
        /// Mean squared logarithmic error.
        MeanSquaredLogarithmicError,
        /// Square root of the mean squared error over the epoch.
        RootMeanSquaredError,
        /// Mean of `ln cosh(p − t)`.
        LogCoshError,
        /// Coefficient of determination, averaged over the columns.
        R2Score,
        /// `TP / (TP + FP)`
        Precision {
            /// Predictions above count as positive; 0.5 by default.
            threshold: f64,
        },
        /// `TP / (TP + FN)`
        Recall {
            /// Predictions above count as positive; 0.5 by default.
            threshold: f64,
        },
        /// Harmonic mean of precision and recall.
        F1Score {
            /// How classes are averaged; a vector of scores is no single number, so `macro` by default.
            average: Average,
            /// Predictions above count as positive; without one, the largest of the row does.
            threshold: Option<f64>,
        },
        /// Area under a curve over thresholds.
        Auc {
            /// 200 by default.
            num_thresholds: usize,
            /// Which curve.
            curve: Curve,
            /// Whether predictions are logits.
            from_logits: bool,
        },
        /// Mean cosine similarity (1 is best, the loss's sign turned).
        CosineSimilarity,
        /// The loss of the same name, as a metric.
        BinaryCrossentropy {
            /// Whether predictions are logits.
            from_logits: bool,
            /// Share by which labels are moved towards 1/2.
            label_smoothing: f64,
        },
        /// The loss of the same name, as a metric.
        CategoricalCrossentropy {
            /// Whether predictions are logits.
            from_logits: bool,
            /// Share by which labels are moved towards the uniform distribution.
            label_smoothing: f64,
        },
        /// The loss of the same name, as a metric.
        SparseCategoricalCrossentropy {
            /// Whether predictions are logits.
            from_logits: bool,
        },
        /// The loss of the same name, as a metric.
        KlDivergence,
        /// The loss of the same name, as a metric.
        Poisson,
        /// The loss of the same name, as a metric.
        Hinge,
        /// The loss of the same name, as a metric.
        SquaredHinge,
        /// The loss of the same name, as a metric.
        CategoricalHinge,
    }
}

crate::describe! {
    /// How per-class scores become one number.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Average {
        /// Counts of all classes together.
        Micro,
        /// Mean over the classes.
        Macro,
        /// Mean over the classes, weighted by how often each occurs.
        Weighted,
    }
}

crate::describe! {
    /// The curve under which an area is taken.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Curve {
        /// True-positive rate over false-positive rate.
        Roc,
        /// Precision over recall.
        Pr,
    }
}
