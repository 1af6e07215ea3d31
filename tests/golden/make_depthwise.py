"""Depthwise and separable convolutions by Keras itself, for `tests/golden_depthwise.rs`.

`KERAS_BACKEND=jax python make_depthwise.py` writes depthwise.json beside this script, in the form of layers.json. JAX,
because TensorFlow refuses strides that differ. Weights and data are drawn here, with a fixed seed.
"""

import json
import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import jax
import numpy as np
from keras import layers

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = {
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


def tensor(values):
    values = np.asarray(values, dtype="float32")
    return {"shape": list(values.shape), "data": [float(f"{value:.8g}") for value in values.ravel()]}


def main():
    rng = np.random.default_rng(0)

    def draw(shape):
        return np.round(rng.normal(size=shape), 3).astype("float32")

    cases = []
    for tag, (shape, layer) in CASES.items():
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
    with open(os.path.join(HERE, "depthwise.json"), "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


main()
