"""`add_loss` of a layer by Keras itself, for `tests/golden_added_losses.rs`.

`KERAS_BACKEND=jax python make_added_losses.py` writes added_losses.json beside this script: five steps of a variational autoencoder
whose noise is an input and which has a second head, with the divergence and a second term added by a layer; the total loss of each
step, the added losses before it, the weights after all, the gradients of the first step, and an evaluation in batches of four. One
output has sample weights, which do not change what is added.
"""

import json
import os

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ["JAX_ENABLE_X64"] = "1"

import jax
import keras
import numpy as np
from keras import layers, losses, ops
from keras.src.backend.common import dtypes

keras.config.set_floatx("float64")
keras.config.set_dtype_policy("float64")
# With JAX, Keras computes roots, exponentials and `tanh` in single precision otherwise.
result_type = dtypes.result_type
dtypes.result_type = lambda *types: "float64" if "float64" in map(str, types) else result_type(*types)
HERE = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(3)
ROWS = 10


def draw(*shape):
    return np.round(rng.normal(size=shape), 3)


def flat(values):
    return [float(f"{value:.13g}") for value in np.asarray(values).ravel()]


def divergence(mean, log_variance):
    return -0.5 * ops.sum(1.0 + log_variance - ops.square(mean) - ops.exp(log_variance), axis=-1)


class Terms(layers.Layer):
    def call(self, inputs):
        mean, log_variance, z = inputs
        self.add_loss(0.3 * ops.mean(divergence(mean, log_variance)))
        self.add_loss(0.05 * ops.mean(ops.mean(ops.abs(z), axis=-1)))
        return z


image, noise = keras.Input((6,), name="image"), keras.Input((2,), name="noise")
h = layers.Dense(5, activation="tanh", name="h")(image)
mean = layers.Dense(2, name="mean")(h)
log_variance = layers.Dense(2, name="log_variance")(h)
z = mean + ops.exp(0.5 * log_variance) * noise
z = Terms()([mean, log_variance, z])
d = layers.Dense(4, activation="relu", name="d")(z)
decoded = layers.Dense(6, activation="sigmoid", name="decoded")(d)
kind = layers.Dense(3, activation="softmax", name="kind")(mean)
model = keras.Model([image, noise], [decoded, kind])
inner = keras.Model([image, noise], [mean, log_variance, z])

for variable in model.weights:
    variable.assign(0.7 * draw(*variable.shape))
inputs = [draw(ROWS, 6), draw(ROWS, 2)]
targets = [np.round(rng.uniform(size=(ROWS, 6)), 3), rng.integers(3, size=(ROWS, 1))]
weights = [np.ones(ROWS), np.round(rng.uniform(size=ROWS) + 0.5, 3)]

names = [variable.path for variable in model.trainable_variables]
start = {name: flat(variable.value) for name, variable in zip(names, model.trainable_variables)}


def total(values):
    (decoded, kind), _, added = model.stateless_call(values, [], inputs, return_losses=True)
    own = ops.mean(weights[0] * losses.binary_crossentropy(targets[0], decoded))
    own += 0.5 * ops.mean(weights[1] * losses.sparse_categorical_crossentropy(targets[1], kind))
    return own + sum(added)


_, gradients = jax.value_and_grad(total)([variable.value for variable in model.trainable_variables])
model.compile(
    optimizer=keras.optimizers.Adam(0.01),
    loss=["binary_crossentropy", "sparse_categorical_crossentropy"],
    loss_weights=[1.0, 0.5],
)
steps = []
for _ in range(5):
    mean, log_variance, z = inner(inputs)
    loss = float(total([variable.value for variable in model.trainable_variables]))
    logs = model.train_on_batch(inputs, targets, sample_weight=weights, return_dict=True)
    model.reset_metrics()
    # Keras's own log.
    assert abs(logs["loss"] - loss) < 1e-7 * loss, (logs, loss)
    steps.append({
        "loss": loss,
        "kl": float(ops.mean(divergence(mean, log_variance))),
        "size": float(ops.mean(ops.abs(z))),
    })
evaluated = model.evaluate(inputs, targets, sample_weight=weights, batch_size=4, return_dict=True, verbose=0)
with open(os.path.join(HERE, "added_losses.json"), "w") as file:
    json.dump({
        "image": flat(inputs[0]),
        "noise": flat(inputs[1]),
        "decoded": flat(targets[0]),
        "kind": flat(targets[1]),
        "kind_weights": flat(weights[1]),
        "weights": start,
        "gradients": {name: flat(values) for name, values in zip(names, gradients)},
        "steps": steps,
        "weights_after": {name: flat(variable.value) for name, variable in zip(names, model.trainable_variables)},
        "evaluated": float(evaluated["loss"]),
    }, file)
    file.write("\n")
