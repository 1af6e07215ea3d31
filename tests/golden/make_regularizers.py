"""Penalties by Keras itself, for `tests/golden_regularizers.rs`.

`KERAS_BACKEND=jax python make_regularizers.py` writes regularizers.json beside this script: models with penalties on weights and
on activities, their total losses on a batch, and the gradients. In the second one, two penalties have no loss behind them.
"""

import json
import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import jax
import keras
import numpy as np
from keras import layers, ops
from keras.regularizers import OrthogonalRegularizer

HERE = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(0)


def draw(*shape):
    return np.round(rng.normal(size=shape), 3).astype("float32")


def flat(values):
    return [float(f"{value:.9g}") for value in np.asarray(values, dtype="float32").ravel()]


def total_of(model, outputs_with_loss):
    def total(weights, samples, targets):
        outputs, _, losses = model.stateless_call(weights, [], samples, return_losses=True)
        outputs = outputs if isinstance(outputs, list) else [outputs]
        return sum(ops.mean((outputs[at] - targets) ** 2) for at in outputs_with_loss) + sum(losses)

    return total


def case(model, samples, targets, outputs_with_loss=(0,)):
    total = total_of(model, outputs_with_loss)
    weights = [variable.value for variable in model.trainable_variables]
    loss, gradients = jax.value_and_grad(total)(weights, samples, targets)
    names = ["/".join(variable.path.split("/")[-2:]) for variable in model.trainable_variables]
    # A batch of two: the penalty on activities is divided by the number of samples.
    few = total(weights, samples[:2], targets[:2])
    return {
        "x": flat(samples),
        "y": flat(targets),
        "weights": {name: flat(values) for name, values in zip(names, weights)},
        "loss": float(loss),
        "loss_of_two": float(few),
        "gradients": {name: flat(values) for name, values in zip(names, gradients)},
    }


inputs = keras.Input((4,))
x = layers.Dense(3, activation="tanh", name="h", kernel_regularizer=OrthogonalRegularizer(0.25, mode="columns"))(inputs)
x = layers.ActivityRegularization(0.3, 0.2)(x)
y = layers.Dense(2, name="y", kernel_regularizer=OrthogonalRegularizer(0.5))(x)
model = keras.Model(inputs, y)
for variable in model.weights:
    variable.assign(draw(*variable.shape))
samples, targets = draw(5, 4), draw(5, 2)

inputs = keras.Input((4,))
x = layers.Dense(3, activation="relu", name="h")(inputs)
# An output by itself, and one of a layer that no loss trains.
code = layers.ActivityRegularization(0.1, 0.2)(layers.Dense(2, activation="tanh", name="code")(x))
seen = layers.Dense(2, name="seen")(layers.ActivityRegularization(0.2)(layers.Dense(3, name="between")(x)))
# Twice, and one of the input, which nothing learns from.
x = layers.ActivityRegularization(0.05)(layers.ActivityRegularization(0.0, 0.1)(x))
x = layers.concatenate([x, layers.ActivityRegularization(0.3)(inputs)])
y = layers.Dense(2, name="y")(x)
apart = keras.Model(inputs, [y, code, seen])
for variable in apart.weights:
    variable.assign(draw(*variable.shape))

with open(os.path.join(HERE, "regularizers.json"), "w") as file:
    json.dump({**case(model, samples, targets), "apart": case(apart, samples, targets)}, file)
    file.write("\n")
