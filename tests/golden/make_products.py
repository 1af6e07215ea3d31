"""Products of tensors, and functions over axes, of `keras.ops`, for `tests/golden_products.rs`.

`KERAS_BACKEND=jax python make_products.py` writes `products.json` beside this script, in the form of layers.json but in float64.
"""

import json
import os

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_ENABLE_X64"] = "1"

import jax
import numpy as np
from keras import activations as activate
from keras import config, ops

config.set_floatx("float64")
HERE = os.path.dirname(os.path.abspath(__file__))


def flat(*values):
    return ops.concatenate([ops.reshape(ops.cast(value, "float64"), (value.shape[0], -1)) for value in values], axis=-1)


def shaped(x, *shape):
    return ops.reshape(x, (-1, *shape))


def each(function, *tensors):
    """By sample, where Keras would take the batch for an axis of a matrix."""
    return ops.stack([function(*sample) for sample in zip(*tensors)])


def matmul(a, b):
    return flat(
        ops.matmul(shaped(a, 4, 6), shaped(b, 6, 4)),
        ops.matmul(shaped(a, 2, 3, 4), shaped(b, 2, 4, 3)),
        ops.matmul(shaped(a, 2, 3, 4), shaped(b, 1, 4, 6)),
        ops.matmul(shaped(a, 1, 6, 4), shaped(b, 3, 4, 2)),
        each(ops.matmul, shaped(a, 2, 3, 4), shaped(b, 4, 6)),
        each(ops.matmul, shaped(a, 3, 8), shaped(b, 3, 8, 1)),
        each(ops.matmul, a, b), each(ops.matmul, shaped(a, 4, 6), shaped(b, 4, 6)[:, 0]),
        each(ops.matmul, shaped(a, 4, 6)[:, 0], shaped(b, 6, 4)))


PAIRS = (
    ("bij,bjk->bik", (4, 6), (6, 4)), ("bqhd,bkhd->bhqk", (3, 2, 4), (3, 2, 4)), ("bhqk,bkhd->bqhd", (2, 3, 4), (4, 2, 3)),
    ("bij,bkj->bki", (4, 6), (4, 6)), ("bi,bi->bi", (24,), (24,)), ("bi,bi->b", (24,), (24,)), ("bij,bj->bi", (4, 6), (6,)),
    ("bij,bik->bkj", (4, 6), (4, 6)), ("bijk,bk->bij", (2, 3, 4), (4,)), ("bij,bjk->bk", (4, 6), (6, 4)),
    ("bhij,bhjk->bikh", (2, 3, 4), (2, 4, 3)), ("bii,bij->bj", (4, 4), (4, 6)), ("bxyc,bxyd->bcd", (2, 3, 4), (2, 3, 4)),
    ("bih,bjh->bijh", (3, 8), (3, 8)), ("b...ij,b...jk->b...ik", (2, 3, 4), (2, 4, 3)), ("...ij,...jk->...ik", (2, 3, 4), (1, 4, 6)),
)


def einsum(a, b):
    cut = lambda x, shape: shaped(x[:, :int(np.prod(shape))], *shape)
    return flat(*(ops.einsum(equation, cut(a, left), cut(b, right)) for equation, left, right in PAIRS))


def rearranged(x):
    y, z, d = shaped(x, 4, 6), shaped(x, 2, 3, 4), shaped(x[:, :16], 4, 4)
    return flat(
        ops.einsum("bij->bji", y), ops.einsum("bij->bi", y), ops.einsum("bij->bj", y), ops.einsum("bijk->bkj", z),
        ops.einsum("bii->bi", d), ops.einsum("bii->b", d), ops.einsum("b...k->bk...", z), ops.einsum("...ij->...ji", z))


def attention(q, k, v):
    q, k, v = (shaped(x, 3, 2, 4) for x in (q, k, v))
    p = ops.softmax(ops.einsum("bqhd,bkhd->bhqk", q, k) / 2.0)
    return flat(ops.einsum("bhqk,bkhd->bqhd", p, v))


def reduced(x):
    x = shaped(x, 2, 3, 4)
    return flat(
        ops.prod(x, axis=-1), ops.var(x, axis=(1, 3)), ops.std(x, axis=1), ops.norm(x, axis=-1), ops.norm(x, axis=(2, 3)),
        ops.logsumexp(x, axis=2, keepdims=True), ops.any(x > 0.5, axis=-1), ops.all(x > -1.0, axis=1), ops.cumsum(x, axis=1),
        ops.cumsum(x, axis=-1), ops.var(x, axis=-2, keepdims=True))


def softmaxes(x):
    x = shaped(x, 2, 3, 4)
    return flat(
        ops.softmax(x), ops.softmax(x, axis=1), ops.softmax(x, axis=(1, 3)), ops.log_softmax(x, axis=2), ops.softmax(x, axis=(2, 3)),
        ops.log_softmax(x))


def places(x):
    y = shaped(x, 4, 6)
    return flat(
        ops.argmax(y, axis=-1), ops.argmin(y, axis=1), ops.argmax(y, axis=2, keepdims=True), ops.one_hot(ops.argmax(y, axis=-1), 6) * y)


PLAIN = ("relu6 selu log_sigmoid softplus softsign tanh_shrink hard_sigmoid hard_silu hard_swish hard_tanh silu swish mish "
         "sparse_plus sparse_sigmoid celu elu leaky_relu squareplus hard_shrink soft_shrink").split()


def activations(x):
    return flat(
        *(getattr(ops if hasattr(ops, name) else activate, name)(x) for name in PLAIN), ops.gelu(x, approximate=False), ops.gelu(x, approximate=True), ops.elu(x, alpha=0.5),
        ops.leaky_relu(x, negative_slope=0.1), ops.threshold(x, 0.4, -0.5), ops.glu(x), activate.relu(x, max_value=1.0),
        activate.exponential(x))


CASES = {
    "matmul": ([24, 24], matmul),
    "einsum": ([24, 24], einsum),
    "rearranged": ([24], rearranged),
    "attention": ([24, 24, 24], attention),
    "reduced": ([24], reduced),
    "softmaxes": ([24], softmaxes),
    "places": ([24], places),
    "activations": ([6], activations),
}


def tensor(values):
    values = np.asarray(values)
    return {"shape": list(values.shape), "data": [float(f"{value:.12g}") for value in values.ravel()]}


def main():
    rng = np.random.default_rng(12)

    def draw(shape):
        # Away from 0, where activations have kinks.
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
    with open(os.path.join(HERE, "products.json"), "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


if __name__ == "__main__":
    main()
