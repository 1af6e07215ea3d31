"""`activity_regularizer` of layers by Keras itself, for `tests/golden_activity_regularizer.rs`.

`KERAS_BACKEND=jax python make_activity_regularizer.py` writes activity_regularizer.json beside this script: a model with penalties on
the outputs of a shared layer, of siblings, of a convolution, of recurrent layers and of heads, its total loss on a batch, and the
gradients of it.
"""

import json
import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import jax
import keras
import numpy as np
from keras import layers, losses, ops
from keras.regularizers import L1, L1L2, L2

HERE = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(0)


def draw(*shape):
    return np.round(0.7 * rng.normal(size=shape), 3).astype("float32")


def flat(values):
    return [float(f"{value:.9g}") for value in np.asarray(values, dtype="float32").ravel()]


x, z = keras.Input((4,), name="x"), keras.Input((4,), name="z")
image, steps = keras.Input((6, 6, 2), name="image"), keras.Input((5, 3), name="steps")
h = layers.Dense(3, activation="tanh", activity_regularizer=L1L2(0.1, 0.2), name="h")
both = layers.Concatenate()([h(x), h(z)])
p = layers.Dense(2, activation="relu", activity_regularizer=L1(0.3), name="p")(both)
q = layers.Dense(3, activation="softplus", name="q")(both)
c = layers.Conv2D(2, 3, activation="relu", activity_regularizer=L2(0.05), name="c")(image)
c = layers.Flatten()(layers.MaxPooling2D(2)(c))
r, _, _ = layers.LSTM(3, return_state=True, activity_regularizer=L2(0.1), name="r")(steps)
g = layers.GRU(2, return_sequences=True, activity_regularizer=L1(0.1), name="gru")
s = layers.Flatten()(layers.Bidirectional(g, name="s")(steps))
trunk = layers.Concatenate()([p, q, c, r, s])
kind = layers.Dense(3, activation="softmax", activity_regularizer=L2(0.2), name="kind")(trunk)
flags = layers.Dense(2, activation="sigmoid", activity_regularizer=L1L2(0.1, 0.3), name="flags")(trunk)
model = keras.Model([x, z, image, steps], [kind, flags])
for variable in model.weights:
    variable.assign(draw(*variable.shape))
samples = [draw(5, 4), draw(5, 4), draw(5, 6, 6, 2), draw(5, 5, 3)]
kinds = np.eye(3, dtype="float32")[rng.integers(3, size=5)]
labels = rng.integers(2, size=(5, 2)).astype("float32")


def total(weights):
    # Every call of a shared layer counts, as in TensorFlow's training: `stateless_call`, which JAX's training uses, forgets the
    # penalties of all calls but the last.
    with keras.StatelessScope(state_mapping=list(zip(model.trainable_variables, weights)), collect_losses=True):
        kind, flags = model(samples)
        penalties = model.losses
    own = ops.mean(losses.categorical_crossentropy(kinds, kind)) + ops.mean(losses.binary_crossentropy(labels, flags))
    return own + sum(penalties)


def name(variable):
    return "/".join(part for part in variable.path.split("/") if not part.endswith("_cell"))


weights = [variable.value for variable in model.trainable_variables]
loss, gradients = jax.value_and_grad(total)(weights)
names = [name(variable) for variable in model.trainable_variables]
with open(os.path.join(HERE, "activity_regularizer.json"), "w") as file:
    json.dump({
        "inputs": {name: flat(values) for name, values in zip(["x", "z", "image", "steps"], samples)},
        "kind": flat(kinds),
        "flags": flat(labels),
        "weights": {name: flat(values) for name, values in zip(names, weights)},
        "loss": float(loss),
        "gradients": {name: flat(values) for name, values in zip(names, gradients)},
    }, file)
    file.write("\n")
