"""Layers by Keras itself, for `tests/golden_depthwise.rs`, `tests/golden_normalization.rs`, `tests/golden_more_normalization.rs`,
`tests/golden_more_activations.rs`, `tests/golden_adaptive_pooling.rs`, `tests/golden_einsum_dense.rs` and `tests/normalization_of_data.rs`.

`KERAS_BACKEND=jax python make_layers.py` writes the files of FILES beside this script, in the form of layers.json. JAX,
because TensorFlow refuses strides that differ. Weights and data are drawn here, with a fixed seed for each file.
"""

import json
import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import jax
import numpy as np
from keras import activations, layers

HERE = os.path.dirname(os.path.abspath(__file__))
DEPTHWISE = {
    "dw2d strides differ": ((5, 7, 2), layers.DepthwiseConv2D((3, 2), strides=(2, 3), padding="same")),
    "dw2d dilated m2": ((5, 4, 2), layers.DepthwiseConv2D(
        2, depth_multiplier=2, dilation_rate=(3, 2), activation="tanh")),
    "dw2d strides and zeros m3": ((4, 5, 2), layers.DepthwiseConv2D(
        (2, 3), strides=2, padding="same", depth_multiplier=3, use_bias=False)),
    "dw2d many channels": ((2, 3, 20), layers.DepthwiseConv2D(3, padding="same", activation="relu")),
    "dw2d one channel": ((4, 4, 1), layers.DepthwiseConv2D(3, depth_multiplier=4, activation="softmax")),
    "dw1d strides": ((9, 2), layers.DepthwiseConv1D(4, strides=3, padding="same", depth_multiplier=2)),
    "dw1d dilated": ((9, 3), layers.DepthwiseConv1D(3, dilation_rate=2, activation="gelu")),
    "sep2d strides": ((5, 5, 2), layers.SeparableConv2D(3, (3, 2), strides=(2, 2), activation="relu")),
    "sep2d dilated": ((5, 5, 2), layers.SeparableConv2D(
        2, 2, dilation_rate=2, padding="same", depth_multiplier=3, use_bias=False)),
    "sep1d": ((7, 3), layers.SeparableConv1D(2, 3, strides=2, padding="same", depth_multiplier=2, activation="tanh")),
}
NORMALIZATION = {
    "ln": ((4,), layers.LayerNormalization()),
    "ln sequence": ((3, 5), layers.LayerNormalization(epsilon=0.01)),
    "ln first axis": ((3, 4), layers.LayerNormalization(axis=1)),
    "ln image": ((3, 2, 4), layers.LayerNormalization(axis=[1, 2, 3])),
    "ln axes apart": ((3, 2, 4), layers.LayerNormalization(axis=[-1, 1])),
    "ln without beta": ((2, 6), layers.LayerNormalization(center=False)),
    "ln without gamma": ((2, 6), layers.LayerNormalization(axis=[1, 2], scale=False)),
    "ln without weights": ((2, 11), layers.LayerNormalization(center=False, scale=False)),
}
MORE_NORMALIZATION = {
    "rms": ((5,), layers.RMSNormalization()),
    "rms sequence": ((3, 5), layers.RMSNormalization(epsilon=0.01)),
    "rms image": ((3, 2, 4), layers.RMSNormalization(axis=[-1, -2])),
    "unit": ((5,), layers.UnitNormalization()),
    "unit first axis": ((3, 4), layers.UnitNormalization(axis=1)),
    "unit axes": ((3, 2, 4), layers.UnitNormalization(axis=[1, -1])),
    "group": ((3, 2, 6), layers.GroupNormalization(3)),
    "group instance": ((4, 3), layers.GroupNormalization(-1, epsilon=0.01)),
    "group all": ((4, 3), layers.GroupNormalization(1)),
    "group first axis": ((4, 5), layers.GroupNormalization(2, axis=1)),
    "group middle axis": ((3, 4, 2), layers.GroupNormalization(2, axis=-2)),
    "group without beta": ((2, 6), layers.GroupNormalization(2, center=False)),
    "group without gamma": ((2, 6), layers.GroupNormalization(2, scale=False)),
    "group without weights": ((2, 6), layers.GroupNormalization(3, center=False, scale=False)),
    "rescaling": ((3, 4), layers.Rescaling(0.25)),
    "rescaling offset": ((3, 4), layers.Rescaling(-1.5, offset=2)),
    "rescaling channels": ((2, 3), layers.Rescaling([0.5, 2.0, -1.0], offset=[1.0, 0.0, -0.5])),
    "rescaling mixed": ((2, 3), layers.Rescaling(0.5, offset=[1.0, 0.0, -0.5])),
    "norm number": ((3, 4), layers.Normalization(mean=0.5, variance=4.0)),
    "norm constants": ((2, 3), layers.Normalization(mean=[0.5, 2.0, -1.0], variance=[0.25, 4.0, 0.0])),
    "norm inverted": ((2, 3), layers.Normalization(mean=[0.5, 2.0, -1.0], variance=[0.25, 4.0, 1.0], invert=True)),
    "norm first axis": ((2, 3), layers.Normalization(axis=1, mean=[0.5, 2.0], variance=[0.25, 4.0])),
    "norm of all": ((2, 3), layers.Normalization(axis=None, mean=0.5, variance=4.0)),
}


def activation(function, **arguments):
    return layers.Activation(lambda x: function(x, **arguments))


MORE_ACTIVATIONS = {
    "identity": ((3, 2), layers.Identity()),
    "relu bounded": ((7,), layers.ReLU(max_value=0.8)),
    "relu 6 leaky": ((7,), layers.ReLU(max_value=6, negative_slope=0.25)),
    "relu threshold": ((7,), layers.ReLU(threshold=0.3)),
    "relu leaky threshold": ((7,), layers.ReLU(negative_slope=0.25, threshold=0.3)),
    "relu all": ((7,), layers.ReLU(max_value=0.8, negative_slope=0.25, threshold=0.3)),
    "relu bound below threshold": ((7,), layers.ReLU(max_value=0.2, negative_slope=0.25, threshold=0.3)),
    "relu bound 0": ((7,), layers.ReLU(max_value=0, negative_slope=0.25)),
    "relu function": ((7,), activation(activations.relu, negative_slope=0.5, max_value=1.0, threshold=0.25)),
    "threshold": ((7,), activation(activations.threshold, threshold=0.25, default_value=-2.0)),
    "hard_shrink": ((7,), activation(activations.hard_shrink, threshold=0.9)),
    "soft_shrink": ((7,), activation(activations.soft_shrink, threshold=0.2)),
    "squareplus": ((7,), activation(activations.squareplus, b=0.5)),
    "glu": ((3, 6), activation(activations.glu)),
    "prelu": ((5,), layers.PReLU()),
    "prelu sequence": ((3, 4), layers.PReLU(shared_axes=[1])),
    "prelu one axis": ((3, 4), layers.PReLU(shared_axes=2)),
    "prelu image": ((3, 2, 4), layers.PReLU(shared_axes=[1, 2])),
    "prelu image alone": ((3, 2, 2), layers.PReLU(alpha_initializer="ones")),
}
ADAPTIVE_POOLING = {
    "average steps": ((7, 2), layers.AdaptiveAveragePooling1D(3)),
    "average more steps": ((3, 2), layers.AdaptiveAveragePooling1D(5)),
    "average image": ((5, 4, 3), layers.AdaptiveAveragePooling2D((2, 4))),
    "average image equal": ((6, 4, 2), layers.AdaptiveAveragePooling2D(2)),
    "max steps": ((7, 2), layers.AdaptiveMaxPooling1D(3)),
    "max image": ((5, 4, 3), layers.AdaptiveMaxPooling2D((3, 2))),
    "max image all": ((3, 5, 2), layers.AdaptiveMaxPooling2D(1)),
}
# Keras needs the lengths of axes of the kernel and of the bias; mimo finds those of the input.
EINSUM_DENSE = {
    "vectors": ((5,), layers.EinsumDense("ab,bc->ac", 3, bias_axes="c", activation="tanh")),
    "no bias": ((4, 3), layers.EinsumDense("abc,cd->abd", (None, 2), activation="softmax")),
    "two units": ((4, 3), layers.EinsumDense("abc,cde->abde", (4, 2, 3), bias_axes="de", activation="gelu")),
    "two inputs": ((2, 3, 4), layers.EinsumDense("abcd,cde->abe", (None, 5), bias_axes="e", activation="relu")),
    "matrices": ((4,), layers.EinsumDense("ab,bcd->acd", (2, 3), bias_axes="cd")),
    "transposed kernel": ((4, 3), layers.EinsumDense("abc,dc->abd", (None, 2), bias_axes="d", activation="tanh")),
    "first axis": ((4, 3), layers.EinsumDense("abc,bd->adc", (5, None), bias_axes="d", activation="sigmoid")),
    "bias of one": ((4, 3), layers.EinsumDense("abc,cde->abde", (None, 2, 3), bias_axes="d")),
    "bias of others": ((4, 3), layers.EinsumDense("abc,cd->abd", (4, 2), bias_axes="bd", activation="softplus")),
    "axes apart": ((3, 4), layers.EinsumDense("abc,cde->adbe", (2, None, 3), bias_axes="de", activation="tanh")),
    "per position": ((4, 3), layers.EinsumDense("abc,bcd->abd", (4, 2), bias_axes="d", activation="tanh")),
    "per channel": ((4, 3), layers.EinsumDense("abc,cd->abcd", (None, 3, 2))),
    "outer": ((3,), layers.EinsumDense("ab,c->abc", (3, 2), bias_axes="b")),
    "inner": ((2, 3), layers.EinsumDense("abc,c->ab", (2,), bias_axes="b")),
    "left": ((2, 3, 4), layers.EinsumDense("...x,xy->...y", 2, bias_axes="y", activation="relu")),
    "right": ((4, 2, 3), layers.EinsumDense("ab...,bc->ac...", 2, bias_axes="c", activation="tanh")),
}
FILES = {"einsum_dense.json": EINSUM_DENSE, "depthwise.json": DEPTHWISE, "normalization.json": NORMALIZATION,
         "more_normalization.json": MORE_NORMALIZATION, "more_activations.json": MORE_ACTIVATIONS,
         "adaptive_pooling.json": ADAPTIVE_POOLING}
# Layers that data sets the weights of.
ADAPTED = {
    "last axis": ((3,), layers.Normalization()),
    "first axis": ((2, 3), layers.Normalization(axis=1)),
    "both axes": ((2, 3), layers.Normalization(axis=(-2, -1))),
    "no axis": ((2, 3), layers.Normalization(axis=None)),
    "inverted": ((2, 3), layers.Normalization(invert=True)),
}


def tensor(values):
    values = np.asarray(values, dtype="float32")
    return {"shape": list(values.shape), "data": [float(f"{value:.8g}") for value in values.ravel()]}


def write(name, described):
    rng = np.random.default_rng(0)

    def draw(shape):
        return np.round(rng.normal(size=shape), 3).astype("float32")

    cases = []
    for tag, (shape, layer) in described.items():
        x = draw((2, *shape))
        layer.build(x.shape)
        weights = [draw(variable.shape) * np.float32(0.5) for variable in layer.weights]
        names = [variable.name for variable in layer.weights]
        outputs, back = jax.vjp(lambda w, x: layer.stateless_call(w, [], x)[0], weights, x)
        dy = draw(outputs.shape)
        grad_weights, grad_inputs = back(dy)
        cases.append({
            "tag": tag,
            "inputs": [tensor(x)],
            "weights": [{"path": name, **tensor(values)} for name, values in zip(names, weights)],
            "outputs": [tensor(outputs)],
            "dy": [tensor(dy)],
            "grad_weights": [tensor(values) for values in grad_weights],
            "grad_inputs": [tensor(grad_inputs)],
        })
    with open(os.path.join(HERE, name), "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


def write_adapted():
    rng = np.random.default_rng(1)
    cases = []
    for tag, (shape, layer) in ADAPTED.items():
        data, x = [np.round(rng.normal(2, 3, (rows, *shape)), 3).astype("float32") for rows in (7, 2)]
        layer.adapt(data)
        mean, variance = layer.weights[:2]
        described = {"data": data, "inputs": x, "mean": mean, "variance": variance, "outputs": layer(x)}
        cases.append({"tag": tag, **{name: tensor(values) for name, values in described.items()}})
    with open(os.path.join(HERE, "adapted.json"), "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


for name, described in FILES.items():
    write(name, described)
write_adapted()
