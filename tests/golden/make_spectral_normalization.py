"""SpectralNormalization by Keras itself, for `tests/golden_spectral_normalization.rs`.

`KERAS_BACKEND=tensorflow python make_spectral_normalization.py` writes spectral_normalization.json beside this script: weights and
data, and what a model does with them one step after another, with two optimizers, in double precision.
"""

import json
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import keras
import numpy as np
from keras import Input, Model
from keras.layers import (
    Conv2D,
    Conv2DTranspose,
    Dense,
    DepthwiseConv1D,
    EinsumDense,
    Embedding,
    Flatten,
    SpectralNormalization,
    concatenate,
)

HERE = os.path.dirname(os.path.abspath(__file__))
ROWS = 5

keras.config.set_floatx("float64")


def tensor(value):
    value = np.asarray(value, dtype="float64")
    return {"shape": list(value.shape), "data": [float(f"{x:.16g}") for x in value.ravel()]}


def spectral(layer, name, **settings):
    return SpectralNormalization(layer, name=name, **settings)


def inner():
    x = Input((5,))
    y = spectral(Dense(4, activation="sigmoid", name="inside"), "deep", power_iterations=2)(x)
    return Model(x, y)


def build():
    image = Input((4, 4, 2))
    # As floats, because Keras casts what the wrapper outputs to the type of its input.
    words = Input((3,))
    a = spectral(Conv2D(3, 2, activation="relu", name="inside"), "conv", power_iterations=2)(image)
    a = spectral(Conv2DTranspose(2, 2, name="inside"), "transpose")(a)
    b = spectral(Embedding(16, 4, name="inside"), "lookup")(words)
    b = spectral(DepthwiseConv1D(2, depth_multiplier=2, use_bias=False, name="inside"), "depthwise")(b)
    b = spectral(EinsumDense("abc,cde->abde", (2, 2, 3), bias_axes="e", name="inside"), "einsum", power_iterations=3)(b)
    c = Dense(5, name="join")(concatenate([Flatten()(a), Flatten()(b)]))
    shared = spectral(Dense(5, activation="tanh", kernel_regularizer=keras.regularizers.L2(0.0078125), name="inside"), "shared")
    c = shared(shared(shared(c)))
    nested = inner()
    d = nested(c)
    e = nested(Dense(5, name="between")(d))
    frozen = spectral(Dense(3, activation="relu", name="inside"), "frozen")
    f = frozen(e)
    y = Dense(2, name="y")(concatenate([c, d, f]))
    frozen.trainable = False
    return Model([image, words], y)


def case(optimizer, words):
    rng = np.random.default_rng(23)
    normal = lambda *shape: np.round(rng.normal(size=shape), 3)
    keras.utils.clear_session()
    model = build()
    model.compile(optimizer=optimizer, loss="mse")
    for weight in model.weights:
        weight.assign(normal(*weight.shape) * 0.5)
    named = lambda: [{"path": weight.path, **tensor(weight)} for weight in model.weights]
    start = named()
    x = [normal(ROWS, 4, 4, 2), words(rng).reshape(ROWS, 3).astype("float64")]
    y = normal(ROWS, 2)
    done = []

    def loss(step):
        model.reset_metrics()
        return {"shape": [1], "data": [float(step(x, y))]}

    for does in ["predict", "test", "train", "predict", "train", "test", "train", "train", "predict", "test"]:
        gives = {
            "predict": lambda: tensor(model.predict_on_batch(x)),
            "test": lambda: loss(model.test_on_batch),
            "train": lambda: loss(model.train_on_batch),
        }[does]()
        done.append({"does": does, "gives": gives, "weights": named() if does == "train" else []})
    return {"inputs": [tensor(it) for it in x], "targets": [tensor(y)], "weights": start, "done": done}


# Settings are numbers that single precision holds, since Keras rounds them to it.
def main():
    cases = {
        "sgd": case(keras.optimizers.SGD(0.125, momentum=0.875), lambda rng: rng.integers(0, 7, size=ROWS * 3)),
        # Every word once: on TensorFlow, Adam's steps for words that occur twice are not those of the sum of their gradients.
        "adam": case(keras.optimizers.Adam(0.0078125, beta_1=0.875, beta_2=0.9375, epsilon=0.0009765625), lambda rng: rng.permutation(16)[: ROWS * 3]),
    }
    with open(os.path.join(HERE, "spectral_normalization.json"), "w") as file:
        json.dump(cases, file)
        file.write("\n")


main()
