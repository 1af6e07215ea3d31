"""Recurrent layers and wrappers by Keras itself, for `tests/golden_recurrent.rs`: what keras-golden.json does not hold.

`KERAS_BACKEND=tensorflow python make_recurrent.py` writes recurrent_more.json beside this script. A case is a layer that is
called on its inputs (behind the sequence stand the initial states), what it gives, a gradient of that, and the gradients of
weights and inputs.
"""

import json
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import keras
import numpy as np
import tensorflow as tf
from keras.layers import GRU, LSTM, Bidirectional, Conv1D, Conv2D, Dense, SimpleRNN, TimeDistributed

HERE = os.path.dirname(os.path.abspath(__file__))
RNG = np.random.default_rng(7)


def normal(*shape):
    return np.round(RNG.normal(size=shape), 3).astype("float32")


def tensor(value):
    value = np.asarray(value, dtype="float32")
    return {"shape": list(value.shape), "data": [float(f"{x:.9g}") for x in value.ravel()]}


def case(tag, layer, x, states=()):
    inputs = [tf.Variable(normal(*shape)) for shape in (x, *states)]

    def call():
        state = {"initial_state": inputs[1:]} if states else {}
        given = layer(inputs[0], **state)
        return list(given) if isinstance(given, (list, tuple)) else [given]

    call()
    for weight in layer.weights:
        weight.assign(normal(*weight.shape) * 0.5)
    with tf.GradientTape() as tape:
        outputs = call()
        dy = [normal(*output.shape) for output in outputs]
        total = sum(tf.reduce_sum(output * d) for output, d in zip(outputs, dy))
    variables = [weight.value for weight in layer.trainable_variables]
    gradients = tape.gradient(total, variables + inputs)
    weights, into = gradients[: len(variables)], gradients[len(variables) :]
    paths = ["/".join(weight.path.split("/")[1:]) for weight in layer.weights]
    return {
        "tag": tag,
        "inputs": [tensor(x) for x in inputs],
        "weights": [{"path": path, **tensor(weight)} for path, weight in zip(paths, layer.weights)],
        "outputs": [tensor(output) for output in outputs],
        "dy": [tensor(d) for d in dy],
        "grad_weights": [tensor(gradient) for gradient in weights],
        "grad_inputs": [tensor(gradient) for gradient in into],
    }


def main():
    x, h = (2, 3, 2), (2, 3)
    both = {"return_sequences": True, "return_state": True}
    cases = [
        case("lstm sequences and states", LSTM(3, **both), x),
        case("lstm backwards with states", LSTM(3, go_backwards=True, **both), x),
        case("gru sequences and state", GRU(3, **both), x),
        case("gru reset_after=False state", GRU(3, reset_after=False, return_state=True), x),
        case("simplernn sequences and state", SimpleRNN(3, **both), x),
        case("lstm initial_state", LSTM(3, **both), x, [h, h]),
        case("gru initial_state", GRU(3, **both), x, [h]),
        case("gru reset_after=False initial_state", GRU(3, reset_after=False, **both), x, [h]),
        case("simplernn initial_state", SimpleRNN(3, **both), x, [h]),
        case("bi-lstm mul", Bidirectional(LSTM(3, return_sequences=True), merge_mode="mul"), x),
        case("bi-lstm ave", Bidirectional(LSTM(3), merge_mode="ave"), x),
        case("bi-gru none", Bidirectional(GRU(3, return_sequences=True), merge_mode=None), x),
        case("bi-lstm states", Bidirectional(LSTM(3, **both)), x),
        case("bi-rnn none states", Bidirectional(SimpleRNN(3, **both), merge_mode=None), x),
        case("bi-lstm initial_state", Bidirectional(LSTM(3, return_sequences=True)), x, [h, h, h, h]),
        case("bi-lstm go_backwards", Bidirectional(
            LSTM(3, return_sequences=True, go_backwards=True),
            backward_layer=LSTM(3, return_sequences=True)), x),
        case("bi-lstm backward_layer", Bidirectional(
            LSTM(3, return_sequences=True),
            backward_layer=GRU(2, return_sequences=True, go_backwards=True)), x),
        case("td conv1d", TimeDistributed(Conv1D(3, 2, activation="tanh")), (2, 3, 4, 2)),
        case("td conv2d", TimeDistributed(Conv2D(2, 2, padding="same")), (2, 2, 3, 3, 2)),
        case("td lstm", TimeDistributed(LSTM(3)), (2, 2, 3, 2)),
        case("td softmax", TimeDistributed(Dense(3, activation="softmax")), x),
    ]
    with open(os.path.join(HERE, "recurrent_more.json"), "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


main()
