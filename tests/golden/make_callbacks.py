"""Callbacks and schedules by Keras itself, for `tests/golden_callbacks.rs` and the unit tests of `mimo-runtime`.

`KERAS_BACKEND=tensorflow python make_callbacks.py` writes two files beside this script. callbacks.json has learning rates of schedules by
step, and what `EarlyStopping` and `ReduceLROnPlateau` do with sequences of values. callback_trainings.json has trainings with
callbacks and with schedules.
"""

import json
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import keras
import numpy as np
from keras import Input, Model
from keras.callbacks import EarlyStopping, LearningRateScheduler, ReduceLROnPlateau
from keras.layers import BatchNormalization, Dense
from keras.optimizers import schedules

HERE = os.path.dirname(os.path.abspath(__file__))
RNG = np.random.default_rng(23)

SCHEDULES = [
    ("ExponentialDecay", dict(initial_learning_rate=0.1, decay_steps=10, decay_rate=0.9)),
    ("ExponentialDecay", dict(initial_learning_rate=0.1, decay_steps=10, decay_rate=0.5, staircase=True)),
    ("PiecewiseConstantDecay", dict(boundaries=[10, 25], values=[0.1, 0.05, 0.001])),
    ("PiecewiseConstantDecay", dict(boundaries=[0], values=[1.0, 0.5])),
    ("PolynomialDecay", dict(initial_learning_rate=0.1, decay_steps=20)),
    ("PolynomialDecay", dict(initial_learning_rate=0.1, decay_steps=20, end_learning_rate=0.01, power=2.0)),
    ("PolynomialDecay", dict(initial_learning_rate=0.1, decay_steps=7, end_learning_rate=0.01, power=0.5, cycle=True)),
    ("InverseTimeDecay", dict(initial_learning_rate=0.1, decay_steps=10, decay_rate=0.5)),
    ("InverseTimeDecay", dict(initial_learning_rate=0.1, decay_steps=10, decay_rate=0.5, staircase=True)),
    ("CosineDecay", dict(initial_learning_rate=0.1, decay_steps=30)),
    ("CosineDecay", dict(initial_learning_rate=0.1, decay_steps=30, alpha=0.1)),
    ("CosineDecay", dict(initial_learning_rate=0.01, decay_steps=30, alpha=0.05, warmup_target=0.1, warmup_steps=10)),
    ("CosineDecay", dict(initial_learning_rate=0.01, decay_steps=30, warmup_target=0.1)),
    ("CosineDecayRestarts", dict(initial_learning_rate=0.1, first_decay_steps=8)),
    ("CosineDecayRestarts", dict(initial_learning_rate=0.1, first_decay_steps=8, t_mul=1.0, m_mul=0.5, alpha=0.1)),
    ("CosineDecayRestarts", dict(initial_learning_rate=0.1, first_decay_steps=5, t_mul=1.5, m_mul=0.9, alpha=0.01)),
]
STEPS = 61


class Optimizer:
    """The part of an optimizer that callbacks see."""

    learning_rate = 0.1


class Fake:
    """The part of a model that callbacks see. Its weights are the number of the epoch."""

    metrics = ()

    def __init__(self):
        self.optimizer = Optimizer()
        self.stop_training = False
        self.weights = None

    def get_weights(self):
        return self.epoch

    def set_weights(self, weights):
        self.weights = weights


def sequence():
    """Values that fall, stay and rise, some of them equal."""
    count = int(RNG.integers(1, 25))
    return [float(x) for x in np.round(np.abs(1 - np.cumsum(RNG.normal(0.02, 0.1, count))), 2)]


def choose(*values):
    return values[RNG.integers(len(values))]


def stopping():
    settings = {
        "patience": int(RNG.integers(0, 5)),
        "min_delta": choose(0.0, 0.0, 0.047),
        "mode": choose("min", "min", "max"),
        "baseline": choose(None, None, 0.9),
        "start_from_epoch": int(choose(0, 0, 3)),
        "restore_best_weights": True,
    }
    callback, model, values = EarlyStopping("val_loss", **settings), Fake(), sequence()
    callback.set_model(model)
    callback.on_train_begin()
    epochs = 0
    for epoch, value in enumerate(values):
        model.epoch = epoch
        callback.on_epoch_end(epoch, {"val_loss": value})
        epochs += 1
        if model.stop_training:
            break
    callback.on_train_end()
    return {**settings, "values": values, "epochs": epochs, "stopped": model.stop_training, "restored": model.weights, "best": callback.best}


def plateau():
    settings = {
        "factor": choose(0.1, 0.5),
        "patience": int(RNG.integers(1, 4)),
        "min_delta": choose(0.0, 1e-4, 0.047),
        "mode": choose("min", "max"),
        "cooldown": int(choose(0, 0, 2, 3)),
        "min_lr": choose(0.0, 0.01, 0.03),
    }
    callback, model, values = ReduceLROnPlateau("val_loss", **settings), Fake(), sequence()
    callback.set_model(model)
    callback.on_train_begin()
    rates = []
    for epoch, value in enumerate(values):
        callback.on_epoch_end(epoch, {"val_loss": value})
        rates.append(float(model.optimizer.learning_rate))
    return {**settings, "values": values, "rates": rates}


def normal(*shape):
    return np.round(RNG.normal(size=shape), 3).astype("float32")


def tensor(value):
    value = np.asarray(value, dtype="float32")
    return {"shape": list(value.shape), "data": [float(f"{x:.9g}") for x in value.ravel()]}


ROWS, VALIDATION, BATCH = 48, 16, 8
X, Y = normal(ROWS, 3), normal(ROWS, 1)
VAL_X, VAL_Y = normal(VALIDATION, 3), normal(VALIDATION, 1)
START = [normal(3, 4), np.ones(4), np.zeros(4), np.zeros(4), np.ones(4), normal(4, 1) * 0.5, np.zeros(1)]


def training(learning_rate, callbacks, epochs, **settings):
    x = Input((3,))
    y = Dense(1, name="y")(BatchNormalization(momentum=0.8)(Dense(4, activation="tanh", use_bias=False)(x)))
    model = Model(x, y)
    model.compile(optimizer=keras.optimizers.SGD(learning_rate, momentum=0.5, **settings), loss="mse")
    model.set_weights([START[0], *START[1:]])
    rates = []
    rate = keras.callbacks.LambdaCallback(on_train_batch_begin=lambda batch, logs: rates.append(float(model.optimizer.learning_rate)))
    history = model.fit(
        X, Y, batch_size=BATCH, epochs=epochs, shuffle=False, verbose=0, validation_data=(VAL_X, VAL_Y), callbacks=[rate, *callbacks],
    )
    return {
        "rates": rates,
        "loss": history.history["loss"],
        "val_loss": history.history["val_loss"],
        "weights": [{"path": weight.path, **tensor(weight)} for weight in model.weights],
    }


def write(name, value):
    with open(os.path.join(HERE, name), "w") as file:
        json.dump(value, file)
        file.write("\n")


def main():
    cases = []
    for name, arguments in SCHEDULES:
        schedule = getattr(schedules, name)(**arguments)
        cases.append({"name": name, "arguments": arguments, "rates": [float(schedule(step)) for step in range(STEPS)]})
    write("callbacks.json", {
        "schedules": cases,
        "stopping": [stopping() for _ in range(200)],
        "plateau": [plateau() for _ in range(200)],
    })
    write("callback_trainings.json", {
        "data": {"x": tensor(X), "y": tensor(Y), "val_x": tensor(VAL_X), "val_y": tensor(VAL_Y)},
        "start": [tensor(weight) for weight in START],
        "stopping": training(0.3, [EarlyStopping("val_loss", patience=3, restore_best_weights=True)], 40),
        "plateau": training(0.3, [ReduceLROnPlateau("val_loss", factor=0.5, patience=2, min_delta=0.01, cooldown=1)], 12),
        "scheduler": training(0.3, [LearningRateScheduler(lambda epoch, rate: rate if epoch < 2 else rate * 0.5)], 6),
        "cosine": training(schedules.CosineDecay(0.01, 20, alpha=0.1, warmup_target=0.2, warmup_steps=5), [], 6),
        "accumulated": training(schedules.ExponentialDecay(0.2, 5, 0.5), [], 4, gradient_accumulation_steps=2),
        "piecewise": training(schedules.PiecewiseConstantDecay([7, 20], [0.2, 0.1, 0.02]), [], 6),
    })


main()
