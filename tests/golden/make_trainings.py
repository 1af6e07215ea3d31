"""Small trainings by Keras itself, for `tests/golden_training.rs`.

`KERAS_BACKEND=tensorflow python make_trainings.py` writes trainings.json beside this script. The models are those of
the test, layer by layer and name by name; weights and data are drawn here, with a fixed seed, and written too.
"""

import json
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import keras
import numpy as np
import tensorflow as tf
from keras import Input, Model, constraints, layers, losses, optimizers, regularizers

keras.config.disable_traceback_filtering()
tf.config.experimental.enable_op_determinism()
keras.utils.set_random_seed(0)
HERE = os.path.dirname(os.path.abspath(__file__))


class Draw:
    """Numbers with three decimals, so that the file is small and exact."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def normal(self, *shape, scale=1.0):
        return np.round(self.rng.normal(size=shape) * scale, 3).astype("float32")

    def positive(self, *shape):
        return np.round(self.rng.uniform(0.1, 2.0, size=shape), 3).astype("float32")

    def distribution(self, *shape):
        values = self.rng.uniform(0.05, 1.0, size=shape)
        return np.round(values / values.sum(-1, keepdims=True), 3).astype("float32")

    def classes(self, count, classes):
        return self.rng.integers(0, classes, size=count).astype("int32")

    def one_hot(self, count, classes):
        return np.eye(classes, dtype="float32")[self.classes(count, classes)]

    def bits(self, *shape):
        return self.rng.integers(0, 2, size=shape).astype("float32")


def flat(values):
    return [float(f"{value:.9g}") for value in np.asarray(values, dtype="float32").ravel()]


def name(variable):
    return "/".join(variable.path.split("/")[-2:])


def set_weights(model, draw):
    for variable in model.weights:
        variable.assign(draw.normal(*variable.shape, scale=0.5))


def weights(model):
    return {name(variable): flat(variable.numpy()) for variable in model.weights}


def logs(values):
    return {key: float(value) for key, value in values.items()}


def first_gradients(model, x, y):
    """Of the total loss, penalties included, before any clipping."""
    with tf.GradientTape() as tape:
        total = model.compute_loss(x=x, y=y, y_pred=model(x, training=True), training=True)
    gradients = tape.gradient(total, [variable.value for variable in model.trainable_variables])
    model.reset_metrics()
    return {name(variable): flat(gradient) for variable, gradient in zip(model.trainable_variables, gradients)}


def record(model, x, y, steps, batch=None, fit=None):
    result = {"x": {key: flat(value) for key, value in x.items()}, "rows": len(next(iter(x.values())))}
    result["y"] = {key: flat(value) for key, value in zip(model.output_names, y)}
    result["initial"] = weights(model)
    first = slice(0, batch) if batch else slice(None)
    result["first_gradients"] = first_gradients(
        model, {key: value[first] for key, value in x.items()}, [value[first] for value in y])
    if fit:
        history = model.fit(x, y, batch_size=batch, epochs=steps, shuffle=False, verbose=0, validation_split=fit)
        result["history"] = {key: [float(v) for v in values] for key, values in history.history.items()}
    else:
        result["logs"] = [logs(model.train_on_batch(x, y, return_dict=True)) for _ in range(steps)]
    result["evaluate"] = logs(model.evaluate(x, y, batch_size=batch or 32, verbose=0, return_dict=True))
    predicted = model.predict(x, verbose=0)
    result["predict"] = {key: flat(value) for key, value in zip(model.output_names, predicted)}
    result["final"] = weights(model)
    return result


def hub():
    """Two inputs, a shared layer, three heads of three kinds; batches of 8, the last of 6; validated on a part."""
    draw = Draw(1)
    u, v = Input([4], name="u"), Input([4], name="v")
    shared = layers.Dense(5, activation="tanh", name="shared")
    joined = layers.Concatenate(name="joined")([shared(u), shared(v), u])
    trunk = layers.Dense(6, activation="relu", name="trunk")(joined)
    value = layers.Dense(1, name="value")(trunk)
    kind = layers.Dense(3, activation="softmax", name="kind")(trunk)
    flag = layers.Dense(1, activation="sigmoid", name="flag")(trunk)
    model = Model({"u": u, "v": v}, [value, kind, flag])
    set_weights(model, draw)
    model.compile(
        optimizer=optimizers.Adam(0.02),
        loss={"value": "mse", "kind": "sparse_categorical_crossentropy", "flag": "binary_crossentropy"},
        loss_weights={"value": 1.0, "kind": 0.5, "flag": 2.0},
        metrics={"value": ["mae"], "kind": ["accuracy"], "flag": ["accuracy", "auc"]},
        # Compiled, Keras does not know the size of a batch and gives a smaller last one as much weight as the
        # others in the losses of outputs (but not in their total).
        run_eagerly=True,
    )
    x = {"u": draw.normal(30, 4), "v": draw.normal(30, 4)}
    y = [draw.normal(30, 1), draw.classes(30, 3), draw.bits(30, 1)]
    return record(model, x, y, steps=3, batch=8, fit=0.25)


def held():
    """Regularizers, constraints, clipping by the global norm, decay, a frozen layer, smoothed labels."""
    draw = Draw(2)
    x = Input([6], name="x")
    first = layers.Dense(
        5, activation="relu", name="first", kernel_regularizer=regularizers.L2(0.02),
        bias_regularizer=regularizers.L1(0.03), kernel_constraint=constraints.MaxNorm(0.8))(x)
    frozen = layers.Dense(
        5, activation="selu", name="frozen", trainable=False, kernel_regularizer=regularizers.L2(0.1))(first)
    third = layers.Dense(
        4, activation="softsign", name="third", kernel_regularizer=regularizers.L1L2(0.001, 0.01),
        kernel_constraint=constraints.MinMaxNorm(0.3, 0.9, rate=0.5), bias_constraint=constraints.UnitNorm())(frozen)
    narrow = layers.Dense(1, name="narrow", kernel_constraint=constraints.MaxNorm(0.5, axis=1))(third)
    wide = layers.Dense(4, name="wide", activation="tanh", kernel_constraint=constraints.MaxNorm(0.4))(narrow)
    joined = layers.Concatenate(name="joined")([third, wide])
    kind = layers.Dense(3, activation="softmax", name="kind", kernel_constraint=constraints.UnitNorm())(joined)
    labels = layers.Dense(
        2, activation="sigmoid", name="labels", kernel_regularizer=regularizers.L1(0.01),
        kernel_constraint=constraints.NonNeg())(joined)
    model = Model({"x": x}, [kind, labels])
    set_weights(model, draw)
    model.compile(
        optimizer=optimizers.AdamW(0.02, weight_decay=0.05, global_clipnorm=0.3),
        loss={
            "kind": losses.CategoricalCrossentropy(label_smoothing=0.1),
            "labels": losses.BinaryCrossentropy(label_smoothing=0.2),
        },
        loss_weights={"kind": 1.5, "labels": 0.7},
        metrics={"kind": ["categorical_accuracy"], "labels": ["binary_accuracy"]},
    )
    y = [draw.one_hot(9, 3), draw.bits(9, 2)]
    return record(model, {"x": draw.normal(9, 6)}, y, steps=5)


def woven():
    """Merges with every kind of broadcasting, a residual, smooth activations, losses of distributions and counts."""
    draw = Draw(3)
    p, q = Input([3, 4], name="p"), Input([4], name="q")
    along = layers.Dense(4, activation="tanh", name="along")(p)
    across = layers.Dense(4, activation="gelu", name="across")(q)
    added = layers.Add(name="added")([along, across])
    gate = layers.Dense(1, activation="silu", name="gate")(p)
    gated = layers.Multiply(name="gated")([added, gate])
    row = layers.Reshape((1, 4), name="row")(layers.Dense(4, activation="softplus", name="soft")(q))
    mean = layers.Average(name="mean")([gated, row, along])
    flat_ = layers.Flatten(name="flat")(mean)
    trunk = layers.Dense(6, activation="softplus", name="trunk")(flat_)
    residual = layers.Add(name="residual")([trunk, layers.Dense(6, activation="gelu", name="branch")(trunk)])
    error = layers.Dense(2, name="error")(residual)
    share = layers.Dense(3, activation="softmax", name="share")(residual)
    count = layers.Dense(2, activation="exponential", name="count")(residual)
    angle = layers.Dense(4, name="angle")(residual)
    model = Model({"p": p, "q": q}, [error, share, count, angle])
    set_weights(model, draw)
    # Counts must not explode at once.
    model.get_layer("count").kernel.assign(draw.normal(6, 2, scale=0.1))
    model.compile(
        optimizer=optimizers.RMSprop(0.01),
        loss={
            "error": losses.Huber(delta=0.5), "share": "kl_divergence", "count": "poisson",
            "angle": "cosine_similarity",
        },
        loss_weights={"error": 1.0, "share": 2.0, "count": 0.25, "angle": 0.5},
        metrics={"error": ["mae", "mse"], "angle": ["cosine_similarity"], "count": ["root_mean_squared_error"]},
    )
    x = {"p": draw.normal(7, 3, 4), "q": draw.normal(7, 4)}
    y = [draw.normal(7, 2), draw.distribution(7, 3), draw.positive(7, 2), draw.normal(7, 4)]
    return record(model, x, y, steps=5)


with open(os.path.join(HERE, "trainings.json"), "w") as file:
    trainings = {build.__name__: build() for build in (hub, held, woven)}
    file.write("{\n" + ",\n".join(
        f"{json.dumps(key)}: {{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in value.items()) + "\n}"
        for key, value in trainings.items()) + "\n}\n")
