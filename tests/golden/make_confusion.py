"""Confusion matrices and reports by scikit-learn itself, for `tests/confusion.rs`.

`python make_confusion.py` writes confusion.json beside this script (scikit-learn 1.9.1).
"""

import json
import os

import numpy as np
from sklearn.metrics import classification_report, confusion_matrix

HERE = os.path.dirname(os.path.abspath(__file__))
RNG = np.random.default_rng(5)


def scores(report):
    keys = {"precision": "precision", "recall": "recall", "f1-score": "f1", "support": "support"}
    return {name: float(report[key]) for key, name in keys.items()}


def case(name, classes, truth, values, threshold=None):
    truth = np.asarray(truth)
    values = np.round(np.asarray(values), 3)
    # Numbers of `f32`.
    weights = np.round(RNG.uniform(0.25, 2.0, size=len(truth)) * 8) / 8
    predicted = values.argmax(-1) if threshold is None else (values[:, 0] > threshold).astype(int)
    result = {
        "name": name,
        "classes": classes,
        "truth": truth.tolist(),
        "values": values.tolist(),
        "weights": weights.tolist(),
        "threshold": threshold,
    }
    for key, weight in [("plain", None), ("weighted", weights)]:
        labels = list(range(classes))
        matrix = confusion_matrix(truth, predicted, labels=labels, sample_weight=weight)
        report = classification_report(
            truth, predicted, labels=labels, sample_weight=weight, output_dict=True, zero_division=0
        )
        result[key] = {
            "matrix": matrix.tolist(),
            "accuracy": float(report["accuracy"]),
            "classes": [scores(report[str(label)]) for label in labels],
            "macro": scores(report["macro avg"]),
            "average": scores(report["weighted avg"]),
        }
    return result


def several(rows, classes, of):
    truth = RNG.choice(of, size=rows)
    values = RNG.normal(size=(rows, classes))
    values[np.arange(rows), truth] += 1.0
    return truth, values


ONE = RNG.integers(0, 2, size=41)
CASES = [
    case("all classes", 4, *several(60, 4, [0, 1, 2, 3])),
    # Never true; and, of few samples, never predicted either.
    case("absent", 4, *several(25, 4, [0, 2, 3])),
    case("one sample", 4, *several(1, 4, [2])),
    case("binary", 2, ONE, np.clip(ONE * 0.3 + RNG.uniform(0, 0.7, size=41), 0, 1)[:, None], 0.5),
    case("threshold", 2, ONE, np.clip(ONE * 0.3 + RNG.uniform(0, 0.7, size=41), 0, 1)[:, None], 0.37),
]

with open(os.path.join(HERE, "confusion.json"), "w") as file:
    json.dump({"cases": CASES}, file, indent=1)
    file.write("\n")
