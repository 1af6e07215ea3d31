"""Attention layers by Keras itself, for `tests/golden_attention.rs`.

`python make_attention.py` writes attention.json beside this script, in the form of layers.json: the inputs are the tensors of a call,
and after them its masks as floats. Outputs are those of the layer; if it gives scores too, they stand behind them. Computed in double
precision by TensorFlow (JAX computes no `value_dim` other than `key_dim`), but for the cases in whose names `single` stands: what is left of a score after Keras subtracted 1e9 depends on it.
"""

import json
import os

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf
from keras import layers

HERE = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(11)


def draw(*shape):
    return np.round(rng.normal(size=shape), 3)


# Two samples each: padded at the right, at the left, whole, and with no step at all.
RIGHT = np.array([[1, 1, 1, 0, 0], [1, 1, 1, 1, 0]], bool)
LEFT = np.array([[0, 0, 1, 1, 1], [0, 1, 1, 1, 1]], bool)
NONE = np.array([[0, 0, 0, 0, 0], [1, 1, 1, 1, 0]], bool)
QUERIES = np.array([[1, 1, 0, 0], [0, 1, 1, 1]], bool)
NO_QUERY = np.array([[0, 0, 0, 0], [1, 1, 1, 0]], bool)
PAIRS = rng.random((2, 4, 5)) > 0.4
BY_HEAD = rng.random((2, 2, 4, 5)) > 0.4
SQUARE = rng.random((2, 6, 6)) > 0.3
OF_KEYS = rng.random((2, 1, 5)) > 0.3
OF_QUERIES = rng.random((2, 4, 1)) > 0.3
Q, V, K = (4, 3), (5, 6), (5, 3)

CASES = {}


def mha(tag, shapes, masks=None, query_mask=None, gives=False, layer=None, **call):
    """`masks` by keyword, in the order of mimo's inputs. Keras reads the mask of the query from the tensor only: here it is a part of
    the attention mask, as `_compute_attention_mask` makes it one."""
    masks = dict(masks or {})
    CASES[tag] = (layer, shapes, masks, query_mask, gives, call, "call")


def attention(tag, shapes, masks=(), gives=False, layer=None, **call):
    CASES[tag] = (layer, shapes, list(masks), None, gives, call, "list")


M, G = layers.MultiHeadAttention, layers.GroupQueryAttention
mha("mha", [Q, V], layer=M(2, 3))
mha("mha key", [Q, V, K], layer=M(2, 3, value_dim=4, output_shape=5))
mha("mha no bias", [Q, V], layer=M(3, 2, use_bias=False, output_shape=(2, 3)))
mha("mha causal", [Q, V], layer=M(2, 3), use_causal_mask=True)
mha("mha causal long", [(37, 2), (37, 2)], layer=M(2, 2), use_causal_mask=True)
mha("mha window", [(40, 2), (70, 2)], layer=M(1, 2, sliding_window=3), use_causal_mask=False)
mha("mha causal window", [(6, 2), (6, 2)], layer=M(2, 2, sliding_window=2), use_causal_mask=True)
mha("mha right", [Q, V], {"value_mask": RIGHT}, layer=M(2, 3))
mha("mha left", [Q, V], {"value_mask": LEFT}, layer=M(2, 3))
mha("mha left causal", [Q, V], {"value_mask": LEFT}, layer=M(2, 3), use_causal_mask=True)
mha("mha no key", [Q, V], {"value_mask": NONE}, layer=M(2, 3))
mha("mha both", [Q, V, K], {"value_mask": RIGHT, "key_mask": LEFT}, query_mask=QUERIES, layer=M(2, 3))
mha("mha no query", [Q, V], query_mask=NO_QUERY, layer=M(2, 3))
mha("mha pairs", [Q, V], {"attention_mask": PAIRS}, layer=M(2, 3))
mha("mha by head", [Q, V], {"attention_mask": BY_HEAD}, layer=M(2, 3))
mha("mha of keys", [Q, V], {"attention_mask": OF_KEYS}, layer=M(2, 3))
mha("mha of queries", [Q, V], {"attention_mask": OF_QUERIES}, layer=M(2, 3))
mha("mha all masks", [Q, V], {"value_mask": RIGHT, "attention_mask": PAIRS}, query_mask=QUERIES, layer=M(2, 3),
    use_causal_mask=True)
mha("mha scores", [Q, V], {"value_mask": NONE}, query_mask=QUERIES, gives=True, layer=M(2, 3))
mha("mha gate", [Q, V], layer=M(2, 3, use_gate=True))
mha("mha gate no bias", [Q, V], layer=M(2, 3, use_gate=True, use_bias=False))
mha("mha image", [(2, 3, 4), (2, 2, 4)], layer=M(2, 3))
mha("mha first axis", [(3, 2, 4), (4, 2, 4)], layer=M(2, 3, attention_axes=1))
mha("mha middle axis", [(2, 3, 4), (2, 5, 4)], layer=M(2, 3, attention_axes=(-2,)), gives=True)
mha("gqa", [(4, 3), (5, 3)], layer=G(2, 4, 2))
mha("gqa one", [(4, 3), (5, 3), (5, 2)], layer=G(3, 3, 1, use_bias=False))
mha("gqa masks", [(6, 3), (6, 3)], {"attention_mask": SQUARE}, layer=G(2, 4, 2, sliding_window=3),
    use_causal_mask=True)
mha("gqa scores", [(4, 3), (5, 3)], {"value_mask": NONE}, gives=True, layer=G(2, 4, 2, use_gate=True))

A, B = layers.Attention, layers.AdditiveAttention
attention("dot", [(4, 3), (5, 3)], layer=A())
attention("dot key", [(4, 3), (5, 6), (5, 3)], [QUERIES, RIGHT], layer=A(use_scale=True))
attention("dot left", [(4, 3), (5, 3)], [None, LEFT], layer=A())
attention("dot causal", [(4, 3), (5, 3)], [QUERIES, RIGHT], layer=A(), use_causal_mask=True)
attention("dot scores", [(4, 3), (5, 3)], [NO_QUERY, RIGHT], gives=True, layer=A(use_scale=True))
attention("dot no key single", [(4, 3), (5, 3)], [QUERIES, NONE], gives=True, layer=A())
attention("dot no key", [(4, 3), (5, 3)], [QUERIES, NONE], gives=True, layer=A())
attention("dot left causal single", [(4, 3), (5, 3)], [None, LEFT], layer=A(), use_causal_mask=True)
attention("concat", [(4, 3), (5, 6), (5, 3)], [QUERIES, RIGHT], layer=A(score_mode="concat"))
attention("concat scale", [(4, 3), (5, 3)], layer=A(use_scale=True, score_mode="concat"), use_causal_mask=True)
attention("additive", [(4, 3), (5, 6), (5, 3)], [QUERIES, LEFT], layer=B())
attention("additive scores", [(4, 19), (5, 19)], [None, RIGHT], gives=True, layer=B())
attention("additive no scale", [(4, 3), (5, 3)], layer=B(use_scale=False), use_causal_mask=True)


def tensor(values):
    values = np.asarray(values, dtype="float64")
    return {"shape": list(values.shape), "data": [float(f"{value:.12g}") for value in values.ravel()]}


def run(layer, xs, masks, query_mask, gives, call, how):
    dtype = xs[0].dtype
    arguments = dict(call, return_attention_scores=True) if gives else dict(call)
    if how == "list":
        if masks:
            arguments["mask"] = [None if mask is None else tf.constant(mask) for mask in masks]
        places = (list(xs),)
    else:
        places, given = tuple(xs), dict(masks)
        if query_mask is not None:
            pairs = query_mask[:, :, None] & np.ones((1, 1, xs[1].shape[1]), bool)
            given["attention_mask"] = pairs & given.get("attention_mask", pairs)
        arguments.update({name: tf.constant(mask) for name, mask in given.items()})
    shapes = [x.shape for x in xs]
    layer.build(shapes) if how == "list" else layer.build(*shapes)
    weights = [(draw(*variable.shape) * 0.5).astype(dtype) for variable in layer.weights]
    names = [variable.path.split("/", 1)[1] for variable in layer.weights]

    def function(weights, xs):
        places = (list(xs),) if how == "list" else tuple(xs)
        outputs = layer.stateless_call(weights, [], *places, **arguments)[0]
        rows = len(xs[0])
        if gives:
            outputs = tf.concat([tf.reshape(output, (rows, -1)) for output in outputs], axis=1)
        return outputs

    weights, inputs = [tf.constant(values) for values in weights], [tf.constant(x) for x in xs]
    with tf.GradientTape() as tape:
        for values in [*weights, *inputs]:
            tape.watch(values)
        outputs = function(weights, inputs)
        dy = draw(*outputs.shape).astype(dtype)
        loss = tf.reduce_sum(outputs * dy)
    gradients = tape.gradient(loss, [*weights, *inputs], unconnected_gradients="zero")
    of_weights, of_inputs = gradients[:len(weights)], gradients[len(weights):]
    all_masks = masks if how == "list" else [query_mask, *masks.values()]
    all_masks = [mask.astype(dtype) for mask in all_masks if mask is not None]
    return {
        "inputs": [tensor(x) for x in [*xs, *all_masks]],
        "weights": [{"path": name, **tensor(values)} for name, values in zip(names, weights)],
        "outputs": [tensor(outputs)],
        "dy": [tensor(dy)],
        "grad_weights": [tensor(values) for values in of_weights],
        "grad_inputs": [tensor(values) for values in [*of_inputs, *[0 * mask for mask in all_masks]]],
    }


cases = []
for tag, (layer, shapes, masks, query_mask, gives, call, how) in CASES.items():
    dtype = "float32" if "single" in tag else "float64"
    config = {**layer.get_config(), "dtype": dtype}
    layer = type(layer).from_config(config)
    xs = [draw(2, *shape).astype(dtype) for shape in shapes]
    cases.append({"tag": tag, **run(layer, xs, masks, query_mask, gives, call, how)})
with open(os.path.join(HERE, "attention.json"), "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
print(len(cases), keras.__version__)
