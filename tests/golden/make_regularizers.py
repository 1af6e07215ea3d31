"""Penalties by Keras itself, for `tests/golden_regularizers.rs`.

`KERAS_BACKEND=jax python make_regularizers.py` writes regularizers.json beside this script: a model with penalties on weights and
on activities, its total loss on a batch, and the gradients of it.
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


inputs = keras.Input((4,))
x = layers.Dense(3, activation="tanh", name="h", kernel_regularizer=OrthogonalRegularizer(0.25, mode="columns"))(inputs)
x = layers.ActivityRegularization(0.3, 0.2)(x)
y = layers.Dense(2, name="y", kernel_regularizer=OrthogonalRegularizer(0.5))(x)
model = keras.Model(inputs, y)
for variable in model.weights:
    variable.assign(draw(*variable.shape))
samples, targets = draw(5, 4), draw(5, 2)


def total(weights, samples, targets):
    outputs, _, losses = model.stateless_call(weights, [], samples, return_losses=True)
    return ops.mean((outputs - targets) ** 2) + sum(losses)


weights = [variable.value for variable in model.trainable_variables]
loss, gradients = jax.value_and_grad(total)(weights, samples, targets)
names = ["/".join(variable.path.split("/")[-2:]) for variable in model.trainable_variables]
# A batch of two: the penalty on activities is divided by the number of samples.
few = total(weights, samples[:2], targets[:2])
with open(os.path.join(HERE, "regularizers.json"), "w") as file:
    json.dump({
        "x": flat(samples),
        "y": flat(targets),
        "weights": {name: flat(values) for name, values in zip(names, weights)},
        "loss": float(loss),
        "loss_of_two": float(few),
        "gradients": {name: flat(values) for name, values in zip(names, gradients)},
    }, file)
    file.write("\n")
