"""Operations of `keras.ops` that move values, for `tests/golden_shapes.rs`.

`KERAS_BACKEND=jax python make_shapes.py` writes `shapes.json` beside this script, in the form of operations.json.
"""

import json
import os

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_ENABLE_X64"] = "1"

import jax
import numpy as np
from keras import config, ops

config.set_floatx("float64")
HERE = os.path.dirname(os.path.abspath(__file__))


def flat(*values):
    return ops.concatenate([ops.reshape(value, (value.shape[0], -1)) for value in values], axis=-1)


def cube(x):
    return ops.reshape(x, (-1, 2, 3, 4))


def slices(x):
    x = cube(x)
    return flat(
        x[:, 0], x[:, -1], x[:, :, 1], x[:, :, :, 0:3], x[:, 1:], x[:, :-1], x[:, :, 0:2], x[:, :, :, -3:], x[:, 0, 1:3, -1],
        x[:], x[:, :, -3:2], (x * 2.0)[:, 1, :, 2:], ops.exp(x)[:, 0], x[:, 0][:, 1][:, 2], ops.get_item(x, np.s_[:, :, 0:2, 3]))


def indices(x):
    x = cube(x)
    total = 0.0
    for i in range(2):
        total = total + x[:, i, 1] * x[:, 1 - i, :2][:, 1]
    return flat(total, x[:, 1, 0:3], x[:, :, 2])


def orders(x):
    x = cube(x)
    return flat(
        ops.transpose(x, (0, 2, 1, 3)), ops.transpose(x, (0, 3, 1, 2)), ops.transpose(ops.exp(x), (0, 3, 2, 1)),
        ops.reshape(x, (-1, 4, 6)), ops.reshape(x, (-1, 2, 12)), ops.expand_dims(x, 1) * 2.0, ops.expand_dims(x, -1),
        ops.squeeze(ops.expand_dims(x[:, :1], (1, 4)) * 3.0, (1, 2)), ops.squeeze(x[:, 0:1, :, 1:2], 1),
        x * ops.expand_dims(x[:, :, 0], 2), ops.squeeze(x[:, 1:, 2:]))


def copies(x):
    x = cube(x)
    return flat(
        ops.flip(x, 1), ops.flip(x, -1), ops.flip(x, (2, 3)), ops.flip(x, (1, 3)) * x,
        ops.repeat(x, 2, axis=1), ops.repeat(x, 3, axis=-1), ops.repeat(x[:, 0], 2, axis=1) * x[:, 0, :1],
        ops.tile(x, 2), ops.tile(x, (1, 2, 1, 3)), ops.tile(x[:, 0], (2, 2)))


def lists(a, b):
    a, b = ops.reshape(a, (-1, 3, 4)), ops.reshape(b, (-1, 3, 4))
    first, second, third = ops.split(a * b, 3, axis=1)
    left, middle, right = ops.split(b, [1, 3], axis=-1)
    columns = ops.unstack(a, axis=2)
    stacked = ops.stack([a, b, a * b], axis=1)
    return flat(
        stacked, ops.stack([a, b], axis=2), ops.stack([b, a], axis=-1), ops.stack([a, b], axis=3) * 2.0, first + third, second,
        left * right, middle, columns[3] - columns[0], ops.stack(columns, axis=1), ops.exp(stacked)[:, 2, 0])


def casts(x):
    halves = ops.cast(x * 4.0, "int32")
    return flat(ops.cast(halves, "float64") * x, ops.trunc(x * 3.0) + x, ops.cast(halves > 0, "float64"))


CASES = {
    "slices": ([24], slices),
    "indices": ([24], indices),
    "orders": ([24], orders),
    "copies": ([24], copies),
    "lists": ([12, 12], lists),
    "casts": ([6], casts),
}


def tensor(values):
    values = np.asarray(values)
    return {"shape": list(values.shape), "data": [float(f"{value:.12g}") for value in values.ravel()]}


def main():
    cases = []
    for tag, (lengths, function) in CASES.items():
        # Of each case by itself, so that another case changes no numbers.
        rng = np.random.default_rng(list(tag.encode()))
        x = [np.round(rng.normal(size=(2, length)), 3) for length in lengths]
        outputs, back = jax.vjp(function, *x)
        dy = np.round(rng.normal(size=outputs.shape), 3)
        cases.append({
            "tag": tag,
            "inputs": [tensor(values) for values in x],
            "weights": [],
            "outputs": [tensor(outputs)],
            "dy": [tensor(dy)],
            "grad_weights": [],
            "grad_inputs": [tensor(values) for values in back(dy)],
        })
    with open(os.path.join(HERE, "shapes.json"), "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


main()
