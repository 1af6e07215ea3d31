"""Losses by Keras itself, for `tests/golden_more_losses.rs`.

`KERAS_BACKEND=jax python make_losses.py` writes more_losses.json beside this script, in the form of losses.json. A case named
"… sw" has weights of samples.
"""

import json
import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import jax
import numpy as np
from keras import losses

HERE = os.path.dirname(os.path.abspath(__file__))
RNG = np.random.default_rng(11)


def draw(low, high, *shape):
    return np.round(RNG.uniform(low, high, size=shape), 3).astype("float32")


def labels(*shape):
    return RNG.integers(0, 2, size=shape).astype("float32")


def one_hot(rows, classes):
    return np.eye(classes, dtype="float32")[RNG.integers(0, classes, size=rows)]


def distributions(rows, classes):
    values = draw(0.05, 1, rows, classes)
    return np.round(values / values.sum(-1, keepdims=True), 3).astype("float32")


BINARY = (labels(3, 4), draw(0.05, 0.95, 3, 4))
BINARY_LOGITS = (labels(3, 4), draw(-3, 3, 3, 4))
CLASSES = (one_hot(3, 4), distributions(3, 4))
LOGITS = (one_hot(3, 4), draw(-3, 3, 3, 4))
INDICES = (np.array([2.0, 0.0, 3.0], dtype="float32"), distributions(3, 4))
MASKS = (labels(3, 2, 3, 2), draw(0.05, 0.95, 3, 2, 3, 2))
ROWS = (labels(3, 4), draw(0.05, 0.95, 3, 4))
WEIGHTS = np.array([0.5, 2.0, 1.5], dtype="float32")

CASES = {
    "binary focal": (losses.BinaryFocalCrossentropy(), BINARY),
    "binary focal balanced": (
        losses.BinaryFocalCrossentropy(
            apply_class_balancing=True, alpha=0.3, gamma=1.5, label_smoothing=0.1), BINARY),
    "binary focal logits": (losses.BinaryFocalCrossentropy(from_logits=True), BINARY_LOGITS),
    "binary focal logits balanced": (
        losses.BinaryFocalCrossentropy(
            apply_class_balancing=True, alpha=0.3, gamma=0.5, from_logits=True, label_smoothing=0.2), BINARY_LOGITS),
    "binary focal gamma 0": (losses.BinaryFocalCrossentropy(gamma=0.0), BINARY),
    "categorical focal": (losses.CategoricalFocalCrossentropy(), CLASSES),
    "categorical focal alphas": (
        losses.CategoricalFocalCrossentropy(alpha=[0.1, 0.4, 0.2, 1.0], gamma=1.5, label_smoothing=0.1), CLASSES),
    "categorical focal logits": (losses.CategoricalFocalCrossentropy(from_logits=True), LOGITS),
    "categorical focal logits alphas": (
        losses.CategoricalFocalCrossentropy(
            alpha=[0.1, 0.4, 0.2, 1.0], gamma=0.5, from_logits=True, label_smoothing=0.2), LOGITS),
    "generalized": (losses.CategoricalGeneralizedCrossEntropy(), INDICES),
    "generalized q.8": (losses.CategoricalGeneralizedCrossEntropy(q=0.8), INDICES),
    "dice": (losses.Dice(), MASKS),
    "dice per sample": (losses.Dice(axis=(1, 2, 3)), MASKS),
    "dice per class": (losses.Dice(axis=(0, 1, 2)), MASKS),
    "dice per sample and class": (losses.Dice(axis=(1, 2)), MASKS),
    "dice per position": (losses.Dice(axis=-1), MASKS),
    "dice of rows": (losses.Dice(axis=0), ROWS),
    "tversky": (losses.Tversky(alpha=0.3, beta=0.8), MASKS),
    "tversky per sample": (losses.Tversky(alpha=0.3, beta=0.8, axis=(1, 2, 3)), MASKS),
    "tversky per class": (losses.Tversky(alpha=0.9, beta=0.2, axis=(0, 1, 2)), MASKS),
    "tversky of rows": (losses.Tversky(axis=-1), ROWS),
}
WEIGHTED = [
    "binary focal", "categorical focal", "generalized", "dice", "dice per sample", "tversky", "tversky per sample",
]


def tensor(values):
    values = np.asarray(values, dtype="float32")
    return {"shape": list(values.shape), "data": [float(f"{value:.8g}") for value in values.ravel()]}


def case(name, loss, y_true, y_pred, weights):
    def total(prediction):
        return loss(y_true, prediction, sample_weight=weights)

    value, gradient = jax.value_and_grad(lambda prediction: total(prediction).sum())(y_pred)
    return {
        "name": name,
        "y_true": tensor(y_true),
        "y_pred": tensor(y_pred),
        "sample_weight": None if weights is None else tensor(weights),
        "value": float(f"{float(value):.8g}"),
        "grad_pred": tensor(gradient),
    }


def main():
    cases = [case(name, loss, *data, None) for name, (loss, data) in CASES.items()]
    cases += [case(f"{name} sw", CASES[name][0], *CASES[name][1], WEIGHTS) for name in WEIGHTED]
    with open(os.path.join(HERE, "more_losses.json"), "w") as file:
        lines = ",\n".join(json.dumps(case) for case in cases)
        file.write(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
