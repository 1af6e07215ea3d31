//! All metrics except means of losses: their names, their parameters in Keras's order, and their constructors.

use super::make::{at, auc, beta, count, f1_score, fbeta, iou_of, named, one_hot_iou, positives, r2_score};
use super::of_losses::OF_LOSSES;
use crate::metric::{ClassesOf, Metric, Outcome, Rate};
use crate::named::Named;

/// Meaning of a word or call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(super) choice: Choice,
    /// Name from the call.
    pub(super) name: Option<String>,
}

/// One or several metrics.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Choice {
    /// A metric.
    Metric(Metric),
    /// Metrics with numbered names.
    Several(Vec<Metric>),
    /// One metric for each class of the output, with numbered names.
    EachClass(Metric),
    /// Keras's `accuracy`: the head and the loss decide.
    Accuracy,
    /// Keras's `crossentropy`: the head and the loss decide.
    Crossentropy,
}

/// Every metric.
pub(crate) fn table() -> Vec<Named<Entry>> {
    [METRICS, OF_LOSSES].concat()
}

vocabulary! {
    mod words;
    const METRICS: Entry;

    /// Accuracy: the fraction of correct predictions. The head and its loss decide which accuracy.
    ///
    /// Keras: [`accuracy`](https://keras.io/api/metrics/accuracy_metrics/)
    "`accuracy()`"
    accuracy | acc => |_, _| Entry { choice: Choice::Accuracy, name: None };
    takes {}

    /// Fraction of values on the correct side of `threshold`.
    ///
    /// Keras: [`binary_accuracy`](https://keras.io/api/metrics/accuracy_metrics/)
    "`binary_accuracy(name = none, threshold = 0.5)`"
    binary_accuracy | BinaryAccuracy as BinaryAccuracy => |args, cx| named(args, Metric::BinaryAccuracy { threshold: args.float("threshold", cx) }, cx);
    takes {
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
        /// Predictions above it count as positive.
        threshold: f64 = "0.5",
    }

    /// Fraction of rows whose largest prediction is at the largest target.
    ///
    /// Keras: [`categorical_accuracy`](https://keras.io/api/metrics/accuracy_metrics/)
    "`categorical_accuracy(name = none)`"
    categorical_accuracy | CategoricalAccuracy as CategoricalAccuracy => |args, cx| named(args, Metric::CategoricalAccuracy, cx);

    /// Fraction of rows whose largest prediction is at the class index.
    ///
    /// Keras: [`sparse_categorical_accuracy`](https://keras.io/api/metrics/accuracy_metrics/)
    "`sparse_categorical_accuracy(name = none)`"
    sparse_categorical_accuracy | SparseCategoricalAccuracy as SparseCategoricalAccuracy => |args, cx| named(args, Metric::SparseCategoricalAccuracy, cx);
    takes {
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
    }

    /// Fraction of rows whose largest target is among the `k` largest predictions.
    ///
    /// Keras: [`top_k_categorical_accuracy`](https://keras.io/api/metrics/accuracy_metrics/)
    "`top_k_categorical_accuracy(k = 5, name = none)`"
    top_k_categorical_accuracy | TopKCategoricalAccuracy as TopKCategoricalAccuracy => |args, cx| named(args, Metric::TopKCategoricalAccuracy { k: args.unsigned("k", cx) }, cx);

    /// Fraction of rows whose class index is among the `k` largest predictions.
    ///
    /// Keras: [`sparse_top_k_categorical_accuracy`](https://keras.io/api/metrics/accuracy_metrics/)
    "`sparse_top_k_categorical_accuracy(k = 5, name = none)`"
    sparse_top_k_categorical_accuracy | SparseTopKCategoricalAccuracy as SparseTopKCategoricalAccuracy => |args, cx| named(args, Metric::SparseTopKCategoricalAccuracy { k: args.unsigned("k", cx) }, cx);
    takes {
        /// Number of the largest predictions that count.
        k: usize = "5" in [1..],
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
    }

    /// The area under a curve over thresholds: 1 is best, and 0.5 is chance for `ROC`.
    ///
    /// Keras: [`auc`](https://keras.io/api/metrics/classification_metrics/)
    "`auc(num_thresholds = 200, curve = ROC, summation_method = interpolation, name = none, thresholds = none, multi_label = false, num_labels = none, label_weights = none, from_logits = false)`"
    auc | AUC as AUC => auc;
    takes {
        /// Number of thresholds of the curve.
        num_thresholds: usize = "200" in [2..],
        /// Kind of curve.
        curve: Curve = "ROC",
        /// Height of the area between two thresholds.
        summation_method: Summation = "interpolation",
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
        /// Thresholds of the curve, instead of `num_thresholds`: `[0.1, 0.5, 0.9]`.
        thresholds: Factors = "none" in [0.0..=1.0],
        /// Whether each value of the last axis has its own curve; the metric is the mean of their areas.
        multi_label: bool = "false",
        /// Length of the last axis; known without it.
        num_labels: usize = "none",
        /// Weight of each value of the last axis, in the mean of the areas or of a curve over all values.
        label_weights: Factors = "none" in [0.0..],
        /// Whether predictions are logits, that is, no activation was applied.
        from_logits: bool = "false",
    }

    /// `TP / (TP + FP)`: the fraction of positive predictions that are correct.
    ///
    /// Keras: [`precision`](https://keras.io/api/metrics/classification_metrics/)
    "`precision(thresholds = none, top_k = none, class_id = none, name = none)`"
    precision | Precision as Precision => |args, cx| {
        positives(args, |threshold, top_k, class_id| Metric::Precision { threshold, top_k, class_id }, cx)
    };

    /// `TP / (TP + FN)`: the fraction of positive labels that are predicted as positive.
    ///
    /// Keras: [`recall`](https://keras.io/api/metrics/classification_metrics/)
    "`recall(thresholds = none, top_k = none, class_id = none, name = none)`"
    recall | Recall as Recall => |args, cx| {
        positives(args, |threshold, top_k, class_id| Metric::Recall { threshold, top_k, class_id }, cx)
    };
    takes {
        /// Predictions above it count as positive; `none` is 0.5. A list gives a metric for each, `precision_0`, `precision_1`.
        thresholds: Factors = "none" in [0.0..=1.0],
        /// Only this number of the largest predictions of a row may be positive; without `thresholds`, they all are.
        top_k: usize = "none" in [1..],
        /// The only class that counts; `none` counts all.
        class_id: usize = "none",
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
    }

    /// The number of positive labels that are predicted as positive.
    ///
    /// Keras: [`true_positives`](https://keras.io/api/metrics/classification_metrics/)
    "`true_positives(thresholds = none, name = none)`"
    true_positives | TruePositives as TruePositives => |args, cx| count(args, Outcome::TruePositive, cx);

    /// The number of negative labels that are predicted as negative.
    ///
    /// Keras: [`true_negatives`](https://keras.io/api/metrics/classification_metrics/)
    "`true_negatives(thresholds = none, name = none)`"
    true_negatives | TrueNegatives as TrueNegatives => |args, cx| count(args, Outcome::TrueNegative, cx);

    /// The number of negative labels that are predicted as positive.
    ///
    /// Keras: [`false_positives`](https://keras.io/api/metrics/classification_metrics/)
    "`false_positives(thresholds = none, name = none)`"
    false_positives | FalsePositives as FalsePositives => |args, cx| count(args, Outcome::FalsePositive, cx);

    /// The number of positive labels that are predicted as negative.
    ///
    /// Keras: [`false_negatives`](https://keras.io/api/metrics/classification_metrics/)
    "`false_negatives(thresholds = none, name = none)`"
    false_negatives | FalseNegatives as FalseNegatives => |args, cx| count(args, Outcome::FalseNegative, cx);
    takes {
        /// Predictions above it count as positive; `none` is 0.5. A list gives a metric for each, with its index after the name.
        thresholds: Factors = "none" in [0.0..=1.0],
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
    }

    /// The largest precision at the thresholds at which recall is at least this.
    ///
    /// Keras: [`precision_at_recall`](https://keras.io/api/metrics/classification_metrics/)
    "`precision_at_recall(recall, num_thresholds = 200, class_id = none, name = none)`"
    precision_at_recall | PrecisionAtRecall as PrecisionAtRecall => |args, cx| at(args, [Rate::Precision, Rate::Recall], "recall", cx);
    takes {
        /// Lower bound on recall.
        recall: f64 in [0.0..=1.0],
        /// Number of thresholds between 0 and 1.
        num_thresholds: usize = "200" in [2..],
        /// The only class that counts; `none` counts all.
        class_id: usize = "none",
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
    }

    /// The largest recall at the thresholds at which precision is at least this.
    ///
    /// Keras: [`recall_at_precision`](https://keras.io/api/metrics/classification_metrics/)
    "`recall_at_precision(precision, num_thresholds = 200, class_id = none, name = none)`"
    recall_at_precision | RecallAtPrecision as RecallAtPrecision => |args, cx| at(args, [Rate::Recall, Rate::Precision], "precision", cx);
    takes {
        /// Lower bound on precision.
        precision: f64 in [0.0..=1.0],
        /// Number of thresholds between 0 and 1.
        num_thresholds: usize = "200" in [2..],
        /// The only class that counts; `none` counts all.
        class_id: usize = "none",
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
    }

    /// The largest sensitivity (recall) at the thresholds at which specificity is at least this.
    ///
    /// Keras: [`sensitivity_at_specificity`](https://keras.io/api/metrics/classification_metrics/)
    "`sensitivity_at_specificity(specificity, num_thresholds = 200, class_id = none, name = none)`"
    sensitivity_at_specificity | SensitivityAtSpecificity as SensitivityAtSpecificity => |args, cx| at(args, [Rate::Recall, Rate::Specificity], "specificity", cx);
    takes {
        /// Lower bound on specificity.
        specificity: f64 in [0.0..=1.0],
        /// Number of thresholds between 0 and 1.
        num_thresholds: usize = "200" in [2..],
        /// The only class that counts; `none` counts all.
        class_id: usize = "none",
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
    }

    /// The largest specificity at the thresholds at which sensitivity (recall) is at least this.
    ///
    /// Keras: [`specificity_at_sensitivity`](https://keras.io/api/metrics/classification_metrics/)
    "`specificity_at_sensitivity(sensitivity, num_thresholds = 200, class_id = none, name = none)`"
    specificity_at_sensitivity | SpecificityAtSensitivity as SpecificityAtSensitivity => |args, cx| at(args, [Rate::Specificity, Rate::Recall], "sensitivity", cx);
    takes {
        /// Lower bound on sensitivity (recall).
        sensitivity: f64 in [0.0..=1.0],
        /// Number of thresholds between 0 and 1.
        num_thresholds: usize = "200" in [2..],
        /// The only class that counts; `none` counts all.
        class_id: usize = "none",
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
    }

    /// The harmonic mean of precision and recall.
    ///
    /// Keras: [`f1_score`](https://keras.io/api/metrics/classification_metrics/)
    "`f1_score(average = none, threshold = none, name = none)`"
    f1_score | f1 | F1Score as F1Score => f1_score;
    takes {
        /// Average over the classes; `none` gives a metric for each, `f1_score_0`, `f1_score_1`.
        average: Average = "none",
        /// Predictions above it count as positive; with `none`, the largest of each row does.
        threshold: f64 = "none" in [0.0..=1.0],
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
    }

    /// The mean of precision and recall in which recall counts `beta²` times as much.
    ///
    /// Keras: [`f_beta_score`](https://keras.io/api/metrics/classification_metrics/)
    "`fbeta_score(average = none, beta = 1, threshold = none, name = none)`"
    fbeta_score | FBetaScore as FBetaScore => |args, cx| {
        let beta = beta(args, cx);
        fbeta(args, beta, cx)
    };
    takes {
        /// Average over the classes; `none` gives a metric for each, `fbeta_score_0`, `fbeta_score_1`.
        average: Average = "none",
        /// How much more recall counts than precision.
        beta: f64 = "1" in [> 0.0],
        /// Predictions above it count as positive; with `none`, the largest of each row does.
        threshold: f64 = "none" in [0.0..=1.0],
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
    }

    /// Fraction of rows whose values are all on the correct side of the threshold, also called subset accuracy. Not
    /// in Keras.
    "`exact_match(threshold = 0.5, name = none)`"
    exact_match | ExactMatch as ExactMatch => |args, cx| {
        named(args, Metric::ExactMatch { threshold: args.float("threshold", cx) }, cx)
    };
    takes {
        /// Predictions above it count as positive.
        threshold: f64 = "0.5",
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
    }

    /// Intersection over union of the regions of some classes. Targets are class indices, and the largest prediction of a
    /// position is its class.
    ///
    /// Keras: [`io_u`](https://keras.io/api/metrics/segmentation_metrics/)
    "`iou(num_classes, target_class_ids, name = none, ignore_class = none, sparse_y_true = true, sparse_y_pred = false)`"
    iou | io_u | IoU as IoU => |args, cx| iou_of(args, None, cx);
    takes {
        /// Number of classes.
        num_classes: usize in [1..],
        /// Classes in the mean: `[0, 2]`.
        target_class_ids: Axes,
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
        /// Class index whose positions are ignored.
        ignore_class: usize = "none",
        /// Whether targets are class indices; else they are one-hot.
        sparse_y_true: bool = "true",
        /// Whether each prediction is a class index itself, and so is each target. Keras's default is `true`.
        sparse_y_pred: bool = "false",
        axis => "leave it out: the last axis is taken",
    }

    /// Intersection over union of the regions of all classes. Targets are class indices, and the largest prediction of a
    /// position is its class.
    ///
    /// Keras: [`mean_io_u`](https://keras.io/api/metrics/segmentation_metrics/)
    "`mean_iou(num_classes, name = none, ignore_class = none, sparse_y_true = true, sparse_y_pred = false)`"
    mean_iou | mean_io_u | MeanIoU as MeanIoU => |args, cx| iou_of(args, Some(&[]), cx);
    takes {
        /// Number of classes.
        num_classes: usize in [1..],
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
        /// Class index whose positions are ignored.
        ignore_class: usize = "none",
        /// Whether targets are class indices; else they are one-hot.
        sparse_y_true: bool = "true",
        /// Whether each prediction is a class index itself, and so is each target. Keras's default is `true`.
        sparse_y_pred: bool = "false",
        axis => "leave it out: the last axis is taken",
    }

    /// Intersection over union of the regions of some classes, for one-hot targets.
    ///
    /// Keras: [`one_hot_io_u`](https://keras.io/api/metrics/segmentation_metrics/)
    "`one_hot_iou(num_classes, target_class_ids, name = none, ignore_class = none)`"
    one_hot_iou | one_hot_io_u | OneHotIoU as OneHotIoU => |args, cx| one_hot_iou(args, None, cx);
    takes {
        /// Number of classes.
        num_classes: usize in [1..],
        /// Classes in the mean: `[0, 2]`.
        target_class_ids: Axes,
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
        /// Class index whose positions are ignored.
        ignore_class: usize = "none",
        sparse_y_pred => "leave it out: predictions are scores of classes, as one-hot targets are",
        axis => "leave it out: the last axis is taken",
    }

    /// Intersection over union of the regions of all classes, for one-hot targets.
    ///
    /// Keras: [`one_hot_mean_io_u`](https://keras.io/api/metrics/segmentation_metrics/)
    "`one_hot_mean_iou(num_classes, name = none, ignore_class = none)`"
    one_hot_mean_iou | one_hot_mean_io_u | OneHotMeanIoU as OneHotMeanIoU => |args, cx| one_hot_iou(args, Some(&[]), cx);
    takes {
        /// Number of classes.
        num_classes: usize in [1..],
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
        /// Class index whose positions are ignored.
        ignore_class: usize = "none",
        sparse_y_pred => "leave it out: predictions are scores of classes, as one-hot targets are",
        axis => "leave it out: the last axis is taken",
    }

    /// Intersection over union of the predictions of at least `threshold` and of the others, for targets 0 and 1.
    ///
    /// Keras: [`binary_io_u`](https://keras.io/api/metrics/segmentation_metrics/)
    "`binary_iou(target_class_ids = none, threshold = 0.5, name = none)`"
    binary_iou | binary_io_u | BinaryIoU as BinaryIoU => |args, cx| {
        let classes = ClassesOf::Threshold(args.float("threshold", cx));
        super::make::iou(args, classes, 2, &[], None, cx)
    };
    takes {
        /// Classes in the mean: `[1]`, or `[0, 1]`, which is `none`.
        target_class_ids: Axes = "none",
        /// Predictions of at least this are of class 1.
        threshold: f64 = "0.5",
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
    }

    /// Pearson's correlation of targets and predictions over the last axis: 1 is best.
    ///
    /// Keras: [`pearson_correlation`](https://keras.io/api/metrics/correlation_metrics/)
    "`pearson_correlation(name = none)`"
    pearson_correlation | PearsonCorrelation as PearsonCorrelation => |args, cx| named(args, Metric::PearsonCorrelation, cx);

    /// Lin's concordance correlation of targets and predictions over the last axis: 1 is best.
    ///
    /// Keras: [`concordance_correlation`](https://keras.io/api/metrics/correlation_metrics/)
    "`concordance_correlation(name = none)`"
    concordance_correlation | ConcordanceCorrelation as ConcordanceCorrelation => |args, cx| named(args, Metric::ConcordanceCorrelation, cx);
    takes {
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
        axis => "leave it out: the last axis is taken",
    }

    /// The root of the mean of `(t − p)²`.
    ///
    /// Keras: [`root_mean_squared_error`](https://keras.io/api/metrics/regression_metrics/)
    "`root_mean_squared_error(name = none)`"
    root_mean_squared_error | rmse | RootMeanSquaredError as RootMeanSquaredError => |args, cx| named(args, Metric::RootMeanSquaredError, cx);

    takes {
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
    }

    /// The coefficient of determination: 1 is best, and 0 is as good as the mean.
    ///
    /// Keras: [`r2_score`](https://keras.io/api/metrics/regression_metrics/)
    "`r2_score(class_aggregation = uniform_average, num_regressors = 0, name = none)`"
    r2_score | r2 | R2Score as R2Score => r2_score;
    takes {
        /// Aggregation of the scores of columns; `none` gives a metric for each, `r2_score_0`, `r2_score_1`.
        class_aggregation: Aggregation = "uniform_average",
        /// Number of independent variables of the adjusted score; 0 is the plain one.
        num_regressors: usize = "0",
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
    }

    /// The cosine of the angle between target and prediction: 1 is best.
    ///
    /// Keras: [`cosine_similarity`](https://keras.io/api/metrics/regression_metrics/)
    "`cosine_similarity(name = none)`"
    cosine_similarity | CosineSimilarity as CosineSimilarity => |args, cx| named(args, Metric::CosineSimilarity, cx);
    takes {
        /// Name of the metric in logs; the word that is written here without it.
        name: Name = "none",
        dtype => "leave it out",
        axis => "leave it out: the last axis is taken",
    }

    /// The cross-entropy that fits the head and its loss.
    "`crossentropy()`"
    crossentropy | ce => |_, _| Entry { choice: Choice::Crossentropy, name: None };
    takes {}
}
