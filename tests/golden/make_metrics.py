"""Metrics by Keras itself, for `tests/golden_more_metrics.rs`.

`KERAS_BACKEND=jax python make_metrics.py` writes more_metrics.json beside this script, in the form of metrics.json. The results of
metrics that give several numbers are lists.
"""

import json
import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import numpy as np
from keras import metrics

HERE = os.path.dirname(os.path.abspath(__file__))
RNG = np.random.default_rng(12)


def labels(rows):
    target = RNG.integers(0, 2, size=(rows, 3)).astype("float32")
    return target, np.round(np.clip(target * 0.3 + RNG.uniform(0, 0.7, size=(rows, 3)), 0, 1), 3).astype("float32")


def one_hot(rows):
    classes = RNG.integers(0, 3, size=rows)
    scores = np.round(RNG.uniform(0.05, 1, size=(rows, 3)), 3).astype("float32")
    scores[np.arange(rows), classes] += 0.2
    return np.eye(3, dtype="float32")[classes], np.round(scores / scores.sum(-1, keepdims=True), 3)


def indices(rows):
    target, scores = one_hot(rows)
    return target.argmax(-1).astype("float32"), scores


def numbers(rows):
    target = np.round(RNG.normal(size=(rows, 3)), 3).astype("float32")
    return target, np.round(target + RNG.normal(size=(rows, 3)) * 0.4, 3).astype("float32")


def updates(draw):
    return [draw(6), draw(6)]


def function(name):
    """The metric that `metrics = [name]` of `compile` makes of a function."""
    return metrics.MeanMetricWrapper(getattr(metrics, name), name=name)


LABELS, ONE_HOT, INDICES, NUMBERS = (updates(draw) for draw in (labels, one_hot, indices, numbers))

CASES = {
    "true_positives": (metrics.TruePositives(), LABELS),
    "true_negatives": (metrics.TrueNegatives(), LABELS),
    "false_positives": (metrics.FalsePositives(), LABELS),
    "false_negatives": (metrics.FalseNegatives(), LABELS),
    "counts": (metrics.TruePositives(thresholds=[0.25, 0.75]), LABELS),
    "precision_of_one": (metrics.Precision(class_id=1), LABELS),
    "recall_of_one": (metrics.Recall(class_id=2, thresholds=0.4), LABELS),
    "precision_of_two": (metrics.Precision(top_k=2), LABELS),
    "recall_of_two": (metrics.Recall(top_k=2, class_id=0, thresholds=0.3), LABELS),
    "precisions": (metrics.Precision(thresholds=[0.25, 0.75]), LABELS),
    "precision_at_recall": (metrics.PrecisionAtRecall(0.7), LABELS),
    "recall_at_precision": (metrics.RecallAtPrecision(0.8, num_thresholds=50), LABELS),
    "sensitivity_at_specificity": (metrics.SensitivityAtSpecificity(0.8), LABELS),
    "specificity_at_sensitivity": (metrics.SpecificityAtSensitivity(0.6, class_id=1), LABELS),
    "auc_labels": (metrics.AUC(multi_label=True, num_labels=3), LABELS),
    "auc_weights": (metrics.AUC(multi_label=True, label_weights=[1.0, 0.5, 2.0], curve="PR"), LABELS),
    "auc_one": (metrics.AUC(label_weights=[1.0, 0.5, 2.0]), LABELS),
    "auc_minoring": (metrics.AUC(summation_method="minoring", curve="PR", num_thresholds=20), LABELS),
    "auc_majoring": (metrics.AUC(summation_method="majoring"), LABELS),
    "auc_gain": (metrics.AUC(curve="PRGAIN", num_thresholds=50), LABELS),
    "auc_thresholds": (metrics.AUC(thresholds=[0.7, 0.2, 0.33]), LABELS),
    "binary_io_u": (metrics.BinaryIoU(), LABELS),
    "binary_iou_of_one": (metrics.BinaryIoU(target_class_ids=[1], threshold=0.35), LABELS),
    "f2": (metrics.FBetaScore(average="weighted", beta=2.0, threshold=0.5), LABELS),
    "f1_each": (metrics.F1Score(threshold=0.5), LABELS),
    "fbeta_score": (metrics.FBetaScore(average="micro", beta=0.5), ONE_HOT),
    "one_hot_io_u": (metrics.OneHotIoU(3, [0, 2]), ONE_HOT),
    "one_hot_mean_io_u": (metrics.OneHotMeanIoU(3, ignore_class=1), ONE_HOT),
    "io_u": (metrics.IoU(3, [1], sparse_y_pred=False), INDICES),
    "mean_io_u": (metrics.MeanIoU(3, sparse_y_pred=False, ignore_class=0), INDICES),
    "pearson_correlation": (metrics.PearsonCorrelation(), NUMBERS),
    "concordance_correlation": (metrics.ConcordanceCorrelation(), NUMBERS),
    "r2_weighted": (metrics.R2Score(class_aggregation="variance_weighted_average"), NUMBERS),
    "r2_each": (metrics.R2Score(class_aggregation=None), NUMBERS),
    "r2_adjusted": (metrics.R2Score(num_regressors=2), NUMBERS),
    "huber": (function("huber"), NUMBERS),
    "log_cosh": (function("log_cosh"), NUMBERS),
    "binary_focal_crossentropy": (function("binary_focal_crossentropy"), LABELS),
    "categorical_focal_crossentropy": (function("categorical_focal_crossentropy"), ONE_HOT),
}


def tensor(values):
    values = np.asarray(values, dtype="float32")
    return {"shape": list(values.shape), "data": [float(f"{value:.8g}") for value in values.ravel()]}


def case(name, metric, batches):
    results = []
    for target, prediction in batches:
        metric.update_state(target, prediction)
        result = np.asarray(metric.result(), dtype="float64")
        results.append([float(f"{value:.8g}") for value in result.ravel()])
    return {
        "name": name,
        "updates": [{"y_true": tensor(target), "y_pred": tensor(prediction)} for target, prediction in batches],
        "result_after_each": results,
    }


def main():
    lines = ",\n".join(json.dumps(case(name, *described)) for name, described in CASES.items())
    with open(os.path.join(HERE, "more_metrics.json"), "w") as file:
        file.write(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
