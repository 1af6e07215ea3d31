"""Recurrent layers that go on from batch to batch by Keras itself, for `tests/golden_stateful.rs`.

`KERAS_BACKEND=tensorflow python make_stateful.py` writes stateful.json beside this script: weights, batches, and what a model
does with them one after another. States go on over predictions and steps until they are reset.
"""

import json
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import keras
import numpy as np
from keras import Input, Model
from keras.layers import GRU, LSTM, Bidirectional, Dense, SimpleRNN, concatenate

HERE = os.path.dirname(os.path.abspath(__file__))
RNG = np.random.default_rng(17)
ROWS = 2


def normal(*shape):
    return np.round(RNG.normal(size=shape), 3).astype("float32")


def tensor(value):
    value = np.asarray(value, dtype="float32")
    return {"shape": list(value.shape), "data": [float(f"{x:.9g}") for x in value.ravel()]}


def inner():
    x = Input(batch_shape=(ROWS, 3, 3))
    y, h = GRU(2, stateful=True, return_state=True, reset_after=False)(x)
    return Model(x, concatenate([y, h]))


def main():
    x = Input(batch_shape=(ROWS, 3, 2))
    a, h, c = LSTM(3, stateful=True, return_sequences=True, return_state=True)(x)
    both = Bidirectional(GRU(2, stateful=True))(a)
    twice = SimpleRNN(3, stateful=True, return_sequences=True)
    b = twice(twice(a))
    # The state is set by the call, and kept all the same.
    begun = LSTM(3, stateful=True)(b, initial_state=[h, c])
    y = Dense(2)(concatenate([both, inner()(b), begun]))
    model = Model(x, y)
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    for weight in model.weights:
        weight.assign(normal(*weight.shape) * 0.5)
    weights = [{"path": weight.path, **tensor(weight)} for weight in model.weights]
    batches = [normal(ROWS, 3, 2) for _ in range(3)]
    targets = [normal(ROWS, 2) for _ in range(3)]

    def reset():
        for layer in model._flatten_layers():
            if getattr(layer, "stateful", False) and hasattr(layer, "reset_state"):
                layer.reset_state()

    predict = lambda at: tensor(model.predict_on_batch(batches[at]))

    def loss(step, at):
        model.reset_metrics()
        return {"shape": [1], "data": [float(step(batches[at], targets[at]))]}

    train = lambda at: loss(model.train_on_batch, at)
    test = lambda at: loss(model.test_on_batch, at)
    reset()
    done = []
    for name, what, at in [
        ("predict", predict, 0), ("predict", predict, 1), ("predict", predict, 2),
        ("reset", None, 0),
        ("predict", predict, 0), ("train", train, 1), ("train", train, 2), ("test", test, 0), ("predict", predict, 1),
        ("reset", None, 0),
        ("train", train, 0), ("predict", predict, 2),
    ]:
        if what is None:
            reset()
        done.append({"does": name, "batch": at, "gives": what(at) if what else tensor([0])})
    with open(os.path.join(HERE, "stateful.json"), "w") as file:
        json.dump({"weights": weights, "batches": [tensor(it) for it in batches], "targets": [tensor(it) for it in targets], "done": done}, file)
        file.write("\n")


main()
