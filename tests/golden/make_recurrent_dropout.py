"""Dropout in recurrent layers by Keras itself, for `tests/golden_recurrent_dropout.rs`.

`KERAS_BACKEND=tensorflow python make_recurrent_dropout.py` writes recurrent_dropout.json beside this script. Keras draws other
numbers than mimo, so it is given those that mimo draws: KEPT says by gate, sample and value what is kept. (The test finds them
out, and shows them if they are others.) How many masks there are, and what they are multiplied with, Keras decides.
"""

import json
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import numpy as np
import tensorflow as tf
from keras.layers import GRU, LSTM, SimpleRNN

HERE = os.path.dirname(os.path.abspath(__file__))
RNG = np.random.default_rng(13)
ROWS, STEPS, FEATURES, UNITS = 2, 3, 2, 3

# The inputs and the states of each case.
KEPT = {
    "lstm": ("1101110111110100", "100011111111011010111001"),
    "lstm states": ("1111111111111111", "111011011001111100110111"),
    "lstm inputs": ("1101110111011101", "111111111111111111111111"),
    "gru": ("011111001111", "011110100101101010"),
    "gru reset_after=False": ("101111101110", "111111110000110111"),
    "simplernn": ("1110", "110101"),
}


def normal(*shape):
    return np.round(RNG.normal(size=shape), 3).astype("float32")


def tensor(value):
    value = np.asarray(value, dtype="float32")
    return {"shape": list(value.shape), "data": [float(f"{x:.9g}") for x in value.ravel()]}


def case(tag, layer):
    gates = {"LSTM": 4, "GRU": 3, "SimpleRNN": 1}[type(layer).__name__]
    cell = layer.cell
    kept = [[int(digit) for digit in digits] for digits in KEPT[tag]]
    drawn = []

    def mask(step_input, rate):
        """What `DropoutRNNCell` calls to draw: as many masks as it asks for."""
        of_states = step_input.shape[1] == UNITS
        count = getattr(cell, "dropout_mask_count", None)
        values = np.reshape(kept[of_states], (gates, ROWS, step_input.shape[1])).astype("float32") / (1 - rate)
        drawn.append((of_states, count))
        if count is None:
            assert all((value == values[0]).all() for value in values), "one mask is drawn"
            return tf.constant(values[0])
        assert count == gates
        return [tf.constant(value) for value in values]

    cell._create_dropout_mask = mask
    x = tf.Variable(normal(ROWS, STEPS, FEATURES))
    layer(x)
    for weight in layer.weights:
        weight.assign(normal(*weight.shape) * 0.7)
    drawn.clear()
    with tf.GradientTape() as tape:
        y = layer(x, training=True)
        dy = normal(*y.shape)
        total = tf.reduce_sum(y * dy)
    assert len(drawn) == sum(rate > 0 for rate in (layer.dropout, layer.recurrent_dropout)), drawn
    variables = [weight.value for weight in layer.trainable_variables]
    *weights, into = tape.gradient(total, variables + [x])
    names = [weight.path.split("/")[-1] for weight in layer.weights]
    return {
        "tag": tag,
        "inputs_kept": kept[0],
        "states_kept": kept[1],
        "input": tensor(x),
        "weights": [{"path": name, **tensor(weight)} for name, weight in zip(names, layer.weights)],
        "output": tensor(y),
        "dy": tensor(dy),
        "grad_weights": [{"path": name, **tensor(gradient)} for name, gradient in zip(names, weights)],
        "grad_input": tensor(into),
    }


def main():
    both = {"dropout": 0.4, "recurrent_dropout": 0.4}
    cases = [
        case("lstm", LSTM(3, **both)),
        case("lstm states", LSTM(3, recurrent_dropout=0.5, activation="linear")),
        case("lstm inputs", LSTM(3, dropout=0.4)),
        case("gru", GRU(3, **both)),
        case("gru reset_after=False", GRU(3, reset_after=False, **both)),
        case("simplernn", SimpleRNN(3, **both)),
    ]
    with open(os.path.join(HERE, "recurrent_dropout.json"), "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


main()
