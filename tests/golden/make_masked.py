"""Losses and metrics of outputs with masks by Keras itself.

`KERAS_BACKEND=jax python make_masked.py` writes `mimo-runtime/tests/golden/masked.json`, losses and metrics by themselves, for
`mimo-runtime/tests/losses/masked.rs`, and masked_training.json beside this script, evaluations and a step of whole models, for
`tests/golden_masked.rs`.

Keras cannot multiply a mask `(batch, steps)` with weights `(batch,)`, so the weights of samples have the shape `(batch, 1)`. In `fit` on
JAX the metrics lose the mask, because the predictions leave a traced function; so they are those of `evaluate`, which are
the same on TensorFlow.
"""

import json
import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import jax
import keras
import numpy as np
from keras import layers, losses, metrics
from keras.src.backend import set_keras_mask

HERE = os.path.dirname(os.path.abspath(__file__))
RNG = np.random.default_rng(13)
ROWS, STEPS, CLASSES = 5, 4, 3
# Padded after, padded before, with a hole, padded whole, not padded.
MASK = np.array([[1, 1, 0, 0], [0, 1, 1, 1], [1, 0, 1, 0], [0, 0, 0, 0], [1, 1, 1, 1]], dtype="float32")
WEIGHTS = np.array([[0.5], [2.0], [0.0], [3.0], [1.5]], dtype="float32")


def draw(low, high, *shape):
    return np.round(RNG.uniform(low, high, size=shape), 3).astype("float32")


def numbers(rows=ROWS):
    return draw(-2, 2, rows, STEPS, CLASSES), draw(-2, 2, rows, STEPS, CLASSES)


def positive(rows=ROWS):
    return draw(0.1, 3, rows, STEPS, CLASSES), draw(0.1, 3, rows, STEPS, CLASSES)


def labels(rows=ROWS, signs=False):
    target = RNG.integers(0, 2, size=(rows, STEPS, CLASSES)).astype("float32")
    return 2 * target - 1 if signs else target


def binary(rows=ROWS):
    return labels(rows), draw(0.05, 0.95, rows, STEPS, CLASSES)


def distributions(rows=ROWS):
    values = draw(0.05, 1, rows, STEPS, CLASSES)
    return np.round(values / values.sum(-1, keepdims=True), 3).astype("float32")


def indices(rows=ROWS):
    return RNG.integers(0, CLASSES, size=(rows, STEPS)).astype("float32")


def one_hot(rows=ROWS):
    return np.eye(CLASSES, dtype="float32")[indices(rows).astype(int)]


def logits(rows=ROWS):
    return draw(-3, 3, rows, STEPS, CLASSES)


LOSSES = {
    "mse": (losses.MeanSquaredError(), numbers()),
    "mae": (losses.MeanAbsoluteError(), numbers()),
    "mape": (losses.MeanAbsolutePercentageError(), positive()),
    "msle": (losses.MeanSquaredLogarithmicError(), positive()),
    "huber": (losses.Huber(0.5), numbers()),
    "log_cosh": (losses.LogCosh(), numbers()),
    "poisson": (losses.Poisson(), positive()),
    "cosine_similarity": (losses.CosineSimilarity(), numbers()),
    "kl_divergence": (losses.KLDivergence(), (distributions(), distributions())),
    "hinge": (losses.Hinge(), (labels(signs=True), draw(-2, 2, ROWS, STEPS, CLASSES))),
    "hinge of labels": (losses.Hinge(), (labels(), draw(-2, 2, ROWS, STEPS, CLASSES))),
    "squared_hinge": (losses.SquaredHinge(), (labels(signs=True), draw(-2, 2, ROWS, STEPS, CLASSES))),
    "categorical_hinge": (losses.CategoricalHinge(), (one_hot(), draw(-2, 2, ROWS, STEPS, CLASSES))),
    "binary": (losses.BinaryCrossentropy(label_smoothing=0.1), binary()),
    "binary logits": (losses.BinaryCrossentropy(from_logits=True), (labels(), logits())),
    "binary focal": (losses.BinaryFocalCrossentropy(), binary()),
    "binary focal logits": (losses.BinaryFocalCrossentropy(from_logits=True), (labels(), logits())),
    "categorical": (losses.CategoricalCrossentropy(), (one_hot(), distributions())),
    "categorical logits": (losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1), (one_hot(), logits())),
    "categorical focal": (losses.CategoricalFocalCrossentropy(), (one_hot(), distributions())),
    "categorical focal logits": (losses.CategoricalFocalCrossentropy(from_logits=True), (one_hot(), logits())),
    "sparse": (losses.SparseCategoricalCrossentropy(), (indices(), distributions())),
    "sparse logits": (losses.SparseCategoricalCrossentropy(from_logits=True), (indices(), logits())),
    "sparse logits ignore 1": (
        losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=1), (indices(), logits())),
    "generalized": (losses.CategoricalGeneralizedCrossEntropy(), (indices(), distributions())),
    "dice of positions": (losses.Dice(axis=-1), binary()),
    "tversky of positions": (losses.Tversky(alpha=0.3, beta=0.8, axis=-1), binary()),
}

METRICS = {
    "mse": (metrics.MeanSquaredError(), numbers),
    "cosine_similarity": (metrics.CosineSimilarity(), numbers),
    "pearson": (metrics.PearsonCorrelation(axis=-1), numbers),
    "concordance": (metrics.ConcordanceCorrelation(axis=-1), numbers),
    "binary_accuracy": (metrics.BinaryAccuracy(), binary),
    "categorical_accuracy": (metrics.CategoricalAccuracy(), lambda: (one_hot(), distributions())),
    "sparse_categorical_accuracy": (metrics.SparseCategoricalAccuracy(), lambda: (indices(), distributions())),
    "top_2": (metrics.TopKCategoricalAccuracy(2), lambda: (one_hot(), distributions())),
    "sparse_top_2": (metrics.SparseTopKCategoricalAccuracy(2), lambda: (indices(), distributions())),
    "binary_crossentropy": (metrics.BinaryCrossentropy(), binary),
    "sparse_categorical_crossentropy": (metrics.SparseCategoricalCrossentropy(), lambda: (indices(), distributions())),
    "hinge": (metrics.Hinge(), lambda: (labels(), draw(-2, 2, ROWS, STEPS, CLASSES))),
    # These do not read the mask.
    "rmse": (metrics.RootMeanSquaredError(), numbers),
    "precision": (metrics.Precision(), binary),
    "recall": (metrics.Recall(), binary),
    "auc": (metrics.AUC(), binary),
    "false_positives": (metrics.FalsePositives(), binary),
}


def flat(values):
    return [float(f"{value:.9g}") for value in np.asarray(values, dtype="float64").ravel()]


def masked(values, mask):
    values = jax.numpy.asarray(values)
    set_keras_mask(values, jax.numpy.asarray(mask, dtype="bool"))
    return values


def loss_and_gradient(loss, target, predictions, mask, weights):
    def value(predictions):
        # An operation of its own, so that the mask is the tensor's.
        predictions = predictions + 0
        set_keras_mask(predictions, jax.numpy.asarray(mask, dtype="bool"))
        return loss(target, predictions, sample_weight=weights)

    result, gradient = jax.value_and_grad(value)(jax.numpy.asarray(predictions))
    return float(result), flat(gradient)


def loss_cases():
    cases = []
    for name, (loss, (target, predictions)) in LOSSES.items():
        value, gradient = loss_and_gradient(loss, target, predictions, MASK, None)
        weighted, of_weighted = loss_and_gradient(loss, target, predictions, MASK, WEIGHTS)
        nothing, of_nothing = loss_and_gradient(loss, target, predictions, 0 * MASK, WEIGHTS)
        assert nothing == 0 and not any(of_nothing)
        cases.append({
            "name": name, "y_true": flat(target), "y_pred": flat(predictions), "value": value, "grad_pred": gradient,
            "weighted_value": weighted, "weighted_grad_pred": of_weighted,
        })
    return cases


def metric_cases():
    cases = []
    for name, (metric, data) in METRICS.items():
        batches = []
        # The mask of the second batch is that of the first, from the last step to the first.
        for mask in (MASK, MASK[:, ::-1]):
            target, predictions = data()
            metric.update_state(target, masked(predictions, mask))
            batches.append({"y_true": flat(target), "y_pred": flat(predictions)})
        cases.append({"name": name, "batches": batches, "value": float(metric.result())})
    return cases


IDS = np.array([[1, 2, 0, 0], [0, 3, 4, 5], [6, 0, 7, 0], [0, 0, 0, 0], [1, 3, 5, 7]], dtype="int32")


def training():
    """Two outputs of steps, of which one has logits, and metrics; two batches of an evaluation, then a step."""
    keras.utils.set_random_seed(3)
    ids = layers.Input((STEPS,), dtype="int32", name="ids")
    x = layers.Embedding(8, 4, mask_zero=True, name="words")(ids)
    x = layers.Dense(6, activation="tanh", name="hidden")(x)
    tag = layers.Dense(CLASSES, activation="softmax", name="tag")(x)
    score = layers.Dense(2, name="score")(x)
    model = keras.Model(ids, [tag, score])
    for weight in model.weights:
        weight.assign(np.round(RNG.normal(size=weight.shape) * 0.5, 3))
    before = {weight.path: flat(weight) for weight in model.weights}
    model.compile(
        optimizer=keras.optimizers.SGD(0.5),
        loss=["sparse_categorical_crossentropy", "mse"], loss_weights=[1.0, 0.3],
        metrics=[["sparse_categorical_accuracy"], ["mae"]],
    )
    rows = 2 * ROWS
    data = np.concatenate([IDS, np.roll(IDS[::-1], 1, axis=1)])
    tags, scores = indices(rows), draw(-2, 2, rows, STEPS, 2)
    weights = draw(0.1, 2, rows, 1)
    cases = {"before": before, "ids": flat(data), "tag": flat(tags), "score": flat(scores), "sample_weight": flat(weights)}
    # A batch of an epoch has five samples, the second has four.
    shorter = 2 * ROWS - 1
    cases["evaluation"] = model.evaluate(
        data[:shorter], [tags[:shorter], scores[:shorter]], batch_size=ROWS, verbose=0, return_dict=True)
    cases["padding_only"] = model.evaluate(
        0 * data[:3], [tags[:3], scores[:3]], batch_size=3, verbose=0, return_dict=True)
    # Weights of an evaluation are those of the loss only.
    cases["weighted"] = model.evaluate(
        data, [tags, scores], sample_weight=[weights, weights], batch_size=rows, verbose=0, return_dict=True)
    model.train_on_batch(data, [tags, scores], sample_weight=[weights, weights])
    cases["after"] = {weight.path: flat(weight) for weight in model.weights}
    return cases


def write(path, value):
    with open(path, "w") as file:
        file.write(json.dumps(value, indent=None, separators=(", ", ": ")).replace('{"name"', '\n  {"name"') + "\n")


write(os.path.join(HERE, "../../mimo-runtime/tests/golden/masked.json"), {"shape": list(MASK.shape) + [CLASSES], "mask": flat(MASK), "sample_weight": flat(WEIGHTS), "losses": loss_cases(), "metrics": metric_cases()})
write(os.path.join(HERE, "masked_training.json"), training())
