"""Parts of a model frozen and thawed between steps by Keras itself, for `tests/freezing.rs`.

`python make_freezing.py` writes freezing.json beside this script (Keras 3.15.1, TensorFlow, f32): a training of one model of which the parts
named in each phase are not trainable. Between phases the model is compiled again with the same optimizer, which keeps its slots.
"""

import json
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import keras
import numpy as np
import tensorflow as tf
from keras import Input, Model, layers, optimizers, regularizers

tf.config.experimental.enable_op_determinism()
HERE = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(7)

# Steps of each phase, and what is frozen in it.
PHASES = [
    (3, []),
    (3, ["encoder"]),
    (3, ["norm", "left"]),
    (2, ["left", "right", "features"]),
    (3, []),
]
ROWS = 12


def normal(*shape, scale=1.0):
    return np.round(rng.normal(size=shape) * scale, 3).astype("float32")


def flat(values):
    return [float(f"{value:.9g}") for value in np.asarray(values, dtype="float32").ravel()]


def name(variable):
    return variable.path


def build():
    inner = Input((5,), name="image")
    h = layers.Dense(6, activation="relu", kernel_regularizer=regularizers.L2(0.01), name="features")(inner)
    encoder = Model(inner, layers.BatchNormalization(momentum=0.8, name="norm")(h), name="encoder")
    x = Input((5,), name="x")
    h = encoder(x)
    # Siblings: one product in mimo, of whose columns some are frozen.
    left = layers.Dense(2, kernel_regularizer=regularizers.L1(0.01), name="left")(h)
    right = layers.Dense(1, name="right")(h)
    return Model(x, [left, right]), encoder


def training(rule, optimizer):
    model, encoder = build()
    parts = {layer.name: layer for layer in [*model.layers, *encoder.layers]}
    for variable in model.weights:
        values = normal(*variable.shape, scale=0.5)
        variable.assign(np.abs(values) + 0.5 if "variance" in variable.path else values)
    case = {"rule": rule, "begin": {name(v): flat(v.numpy()) for v in model.weights}, "phases": []}
    x, left, right = normal(ROWS, 5), normal(ROWS, 2), normal(ROWS, 1)
    case |= {"x": flat(x), "left": flat(left), "right": flat(right)}
    for steps, frozen in PHASES:
        model.trainable = True
        for layer in parts.values():
            layer.trainable = True
        for part in frozen:
            parts[part].trainable = False
        model.compile(optimizer=optimizer, loss=["mse", "mse"])
        losses = [float(model.train_on_batch(x, [left, right], return_dict=True)["loss"]) for _ in range(steps)]
        after = {name(v): flat(v.numpy()) for v in model.weights}
        case["phases"].append({"steps": steps, "frozen": frozen, "losses": losses, "weights": after})
    return case


cases = [
    training("Adam", optimizers.Adam(0.05, weight_decay=0.1, global_clipnorm=0.8)),
    training("SGD", optimizers.SGD(0.1, momentum=0.9)),
    training("Lamb", optimizers.Lamb(0.05)),
]
with open(os.path.join(HERE, "freezing.json"), "w") as file:
    json.dump({"keras": keras.__version__, "cases": cases}, file, separators=(",", ":"))
    file.write("\n")
