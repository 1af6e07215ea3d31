"""Operations of `keras.ops`, for `tests/golden_operations.rs`.

`KERAS_BACKEND=jax python make_operations.py` writes `operations.json` beside this script, in the form of layers.json but in float64.
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


def join(*values):
    return ops.concatenate([ops.cast(value, "float64") for value in values], axis=-1)


def functions(names, x):
    return join(*(getattr(ops, name)(x) for name in names))


def scale_gradient(x, factor):
    return factor * x + ops.stop_gradient((1 - factor) * x)


ANY = ("negative abs sign square exp expm1 sin cos arctan sinh cosh tanh arcsinh erf sigmoid relu floor ceil round "
       "logical_not").split()
POSITIVE = "sqrt rsqrt reciprocal log log1p log2 log10".split()
BINARY = ("add subtract multiply divide maximum minimum mod floor_divide arctan2 greater greater_equal less less_equal "
          "equal not_equal logical_and logical_or").split()


def numbers(x):
    p = ops.square(x) + 0.5
    return join(
        2.0 - x, x / 3.0, 1.0 / p, ops.power(p, 1.5), ops.power(2.0, x), ops.power(x, 2), ops.power(x, 3.0), ops.maximum(x, 0.25),
        ops.minimum(-0.5, x), ops.mod(x, 0.7), x % -0.7, ops.arctan2(x, 0.5), x > 0.1, 0.1 >= x, x != 0.25, -x * 3)


def chain(x):
    y = x
    for i in range(12):
        y = ops.tanh(y * 1.1 + 0.1 * i) - 0.05 * ops.square(y)
    return y


def broadcast(a, b, c):
    a, c = ops.reshape(a, (-1, 3, 4)), ops.reshape(c, (-1, 3, 1))
    return ops.reshape((a * ops.expand_dims(b, 1) + ops.exp(c)) / (1.0 + ops.square(ops.expand_dims(b, 1))), (-1, 12))


def reductions(x):
    flat = lambda y: ops.reshape(y, (y.shape[0], -1))
    return join(*map(flat, [
        ops.sum(x, axis=-1), ops.mean(x, axis=(1, 3)), ops.max(x, axis=1), ops.min(x, axis=[2, 3], keepdims=True),
        ops.sum(x, axis=(1, 2, 3)), ops.mean(x, axis=-2, keepdims=True), ops.max(x, axis=(-1, 1)), ops.min(x, axis=2)]))


CASES = {
    "any": ([6], lambda x: functions(ANY, x)),
    "positive": ([6], lambda x: join(functions(POSITIVE, ops.square(x) + 0.5), ops.arccosh(ops.square(x) + 1.5))),
    "bounded": ([6], lambda x: functions(["arcsin", "arccos", "arctanh", "tan"], 0.9 * ops.tanh(x))),
    "binary": ([6, 6], lambda a, b: join(*(getattr(ops, name)(a, b) for name in BINARY))),
    "numbers": ([6], numbers),
    "choices": ([6, 6], lambda a, b: join(
        ops.where(a > b, 2.0 * a, ops.exp(b)), ops.where(a > 0.0, 1.0, a), ops.clip(a, -0.5, 0.5),
        ops.where(ops.logical_and(a > -0.5, a < 0.5), b, 0.0))),
    "gradients": ([6, 6], lambda a, b: join(
        ops.stop_gradient(a) * a, ops.stop_gradient(ops.exp(a)) * b, scale_gradient(a, -0.5), 2.0 * scale_gradient(a * b, -1.0))),
    "chain": ([6], chain),
    "broadcast": ([12, 4, 3], broadcast),
    "reduced": ([24], lambda x: reductions(ops.reshape(x, (-1, 2, 3, 4)))),
    "normalized": ([6], lambda x: (x - ops.mean(x, axis=-1, keepdims=True))
                   / ops.sqrt(ops.mean(ops.square(x - ops.mean(x, axis=-1, keepdims=True)), axis=-1, keepdims=True) + 0.01)),
    "merged": ([6, 6], lambda a, b: join(
        (ops.exp(a) + b + a * b) / 3, ops.maximum(ops.tanh(a), b) * 0.5, (ops.sin(a) - b) * ops.cos(b))),
}


def tensor(values):
    values = np.asarray(values)
    return {"shape": list(values.shape), "data": [float(f"{value:.12g}") for value in values.ravel()]}


def main():
    rng = np.random.default_rng(7)

    def draw(shape):
        # Away from 0 and from whole quotients, where rounding decides.
        x = np.round(rng.normal(size=shape), 3) + 0.00037
        return np.where(abs(x) < 0.15, x + 0.3, x)

    cases = []
    for tag, (lengths, function) in CASES.items():
        x = [draw((2, length)) for length in lengths]
        outputs, back = jax.vjp(function, *x)
        dy = draw(outputs.shape)
        cases.append({
            "tag": tag,
            "inputs": [tensor(values) for values in x],
            "weights": [],
            "outputs": [tensor(outputs)],
            "dy": [tensor(dy)],
            "grad_weights": [],
            "grad_inputs": [tensor(values) for values in back(dy)],
        })
    with open(os.path.join(HERE, "operations.json"), "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


main()
