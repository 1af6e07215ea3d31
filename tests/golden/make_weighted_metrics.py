"""Losses, `metrics` and `weighted_metrics` of Keras, with weights of samples, of steps and with masks.

    KERAS_BACKEND=tensorflow python make_weighted_metrics.py

Writes weighted_metrics.json. Three outputs are their inputs: `flat` of one position, `steps` of four, and `masked` of four of which some
are masked. Every one has all metrics that Keras computes for its rank, in `metrics` and in `weighted_metrics`. Each case is what
`evaluate(..., return_dict=True)` returns. Intersections over union are left out: Keras truncates their weights to whole numbers.
"""

import json
import pathlib

import keras
import numpy as np

ROWS, STEPS, CLASSES = 7, 4, 3
random = np.random.default_rng(5)


def metrics(rank):
    m = keras.metrics
    every = [
        m.BinaryAccuracy(), m.CategoricalAccuracy(), m.TopKCategoricalAccuracy(k=2),
        m.MeanAbsoluteError(), m.MeanSquaredError(), m.MeanAbsolutePercentageError(), m.MeanSquaredLogarithmicError(),
        m.RootMeanSquaredError(), m.LogCoshError(), m.CosineSimilarity(),
        m.BinaryCrossentropy(), m.CategoricalCrossentropy(), m.KLDivergence(), m.Poisson(),
        m.Hinge(), m.SquaredHinge(), m.CategoricalHinge(),
        # Keras numbers these names from the second model on.
        m.Precision(name="precision"), m.Recall(name="recall"), m.AUC(name="auc"), m.AUC(curve="PR", name="auc_pr"),
        m.TruePositives(name="true_positives"), m.TrueNegatives(name="true_negatives"), m.FalsePositives(name="false_positives"), m.FalseNegatives(name="false_negatives"),
        m.PrecisionAtRecall(0.5, name="precision_at_recall"), m.PearsonCorrelation(), m.ConcordanceCorrelation(),
    ]
    if rank == 2:
        every += [m.F1Score(average="macro"), m.FBetaScore(average="micro", beta=2.0), m.R2Score()]
    return every


def works(metric, y_true, y_pred, weights):
    try:
        metric.update_state(y_true, y_pred, sample_weight=weights)
        return bool(np.all(np.isfinite(np.asarray(metric.result()))))
    except Exception:  # Keras raises what NumPy or TensorFlow raises.
        return False


flat = random.uniform(0.05, 0.95, (ROWS, CLASSES)).astype("float32")
steps = random.uniform(0.05, 0.95, (ROWS, STEPS, CLASSES)).astype("float32")
masked = random.uniform(0.05, 0.95, (ROWS, STEPS, CLASSES)).astype("float32")
for row in range(ROWS):
    masked[row, STEPS - row % 3:] = -1.0
one_hot = np.eye(CLASSES, dtype="float32")
targets = {
    "flat": one_hot[random.integers(0, CLASSES, ROWS)],
    "steps": one_hot[random.integers(0, CLASSES, (ROWS, STEPS))],
    "masked": one_hot[random.integers(0, CLASSES, (ROWS, STEPS))],
}
inputs = {"flat": flat, "steps": steps, "masked": masked}
by_rows = random.choice([0.0, 0.5, 1.0, 2.5], ROWS).astype("float32")
by_steps = random.choice([0.0, 0.5, 1.0, 2.5], (ROWS, STEPS)).astype("float32")
CASES = {
    "none": None,
    # Keras cannot multiply losses `(batch, steps)` with weights `(batch,)`.
    "rows": {"flat": by_rows, "steps": by_rows[:, None], "masked": by_rows[:, None]},
    "steps": {"flat": by_rows, "steps": by_steps, "masked": by_steps},
}


def model(chosen):
    given = {
        "flat": keras.Input((CLASSES,), name="flat_in"),
        "steps": keras.Input((STEPS, CLASSES), name="steps_in"),
        "masked": keras.Input((STEPS, CLASSES), name="masked_in"),
    }
    outputs = []
    for name, x in given.items():
        if name == "masked":
            x = keras.layers.Masking(-1.0)(x)
        outputs.append(keras.layers.Dense(CLASSES, use_bias=False, kernel_initializer="identity", name=name)(x))
    net = keras.Model(list(given.values()), outputs)
    by_name = {name: [m for m in metrics(2 if name == "flat" else 3) if m.name in chosen[name]] for name in given}
    weighted = {name: [m for m in metrics(2 if name == "flat" else 3) if m.name in chosen[name]] for name in given}
    net.compile("sgd", loss="mse", metrics=by_name, weighted_metrics=weighted)
    return net


# A metric is taken if Keras computes it with the weights that a case has.
chosen, refused = {}, {}
for name in inputs:
    rank = 2 if name == "flat" else 3
    names = [m.name for m in metrics(rank)]
    good = set(names)
    for case, weights in CASES.items():
        for metric in metrics(rank):
            weight = None if weights is None else weights[name]
            if not works(metric, targets[name], np.clip(inputs[name], 0.0, 1.0), weight):
                good.discard(metric.name)
    chosen[name] = [n for n in names if n in good]
    refused[name] = [n for n in names if n not in good]

file = {
    "inputs": {k: v.ravel().tolist() for k, v in inputs.items()},
    "targets": {k: v.ravel().tolist() for k, v in targets.items()},
    "by_rows": by_rows.tolist(),
    "by_steps": by_steps.ravel().tolist(),
    "metrics": chosen,
    "refused": refused,
    "cases": {},
}
net = model(chosen)
order = ["flat", "steps", "masked"]
for case, weights in CASES.items():
    given = None if weights is None else [weights[name] for name in order]
    found = net.evaluate([inputs[n] for n in order], [targets[n] for n in order], sample_weight=given,
                         batch_size=ROWS, verbose=0, return_dict=True)
    file["cases"][case] = {key: float(np.asarray(value)) for key, value in found.items()}
print({k: len(v) for k, v in chosen.items()}, refused)
pathlib.Path(__file__).with_name("weighted_metrics.json").write_text(json.dumps(file, indent=1) + "\n")
