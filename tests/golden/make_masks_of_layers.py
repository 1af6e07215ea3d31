"""Layers on tensors with masks by Keras itself, for `tests/golden_masks.rs`.

`KERAS_BACKEND=tensorflow python make_masks_of_layers.py` writes masks_of_layers.json beside this script. A case is a model with
the weights that it starts from, its inputs, what it predicts, its targets, and its weights after one step of SGD(0.1) on the mean
squared error. Samples are padded at the end, at the start, between steps, not at all and wholly.
"""

import json
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
import warnings

warnings.filterwarnings("ignore")

import keras
import numpy as np
import tensorflow as tf
from keras import Input, Model
from keras.layers import (
    GRU,
    LSTM,
    Add,
    Average,
    BatchNormalization,
    Bidirectional,
    Concatenate,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GlobalAveragePooling1D,
    LayerNormalization,
    Masking,
    Maximum,
    Minimum,
    Multiply,
    SimpleRNN,
    Softmax,
    SpectralNormalization,
    Subtract,
    TimeDistributed,
)

HERE = os.path.dirname(os.path.abspath(__file__))
RNG = np.random.default_rng(13)
MASK = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0], [0, 0, 1, 1, 1], [1, 0, 1, 1, 0], [0, 0, 0, 0, 0]], "float32")
OTHER = np.array([[1, 1, 0, 0, 0], [1, 1, 1, 1, 1], [0, 1, 1, 1, 0], [0, 1, 0, 0, 0], [0, 0, 0, 0, 0]], "float32")


def normal(*shape):
    return np.round(RNG.normal(size=shape), 3).astype("float32")


def tensor(value):
    value = np.asarray(value, dtype="float32")
    return {"shape": list(value.shape), "data": [float(f"{x:.9g}") for x in value.ravel()]}


def path(weight):
    return "/".join(part for part in weight.path.split("/") if not part.endswith("_cell"))


def words(mask, below=7):
    return (RNG.integers(1, below, size=mask.shape) * mask).astype("int32")


def case(tag, build, columns, rows=5):
    columns = {name: column[:rows] for name, column in columns.items()}
    inputs = {
        name: Input(column.shape[1:], dtype=column.dtype.name, name=name) for name, column in columns.items()
    }
    y = build(**inputs)
    model = Model(list(inputs.values()), y)
    for weight in model.weights:
        value = normal(*weight.shape) * 0.5
        weight.assign(np.abs(value) + 0.5 if weight.path.endswith("variance") else value)
    before = [(path(weight), tensor(weight)) for weight in model.weights]
    data = [tf.constant(column) for column in columns.values()]
    predicted = model(data, training=False)
    target = normal(*predicted.shape)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(model(data, training=True) - target))
    trained = [weight.value for weight in model.trainable_variables]
    for weight, gradient in zip(trained, tape.gradient(loss, trained)):
        weight.assign_sub(0.1 * tf.convert_to_tensor(gradient))
    assert all(np.isfinite(weight).all() for weight in model.get_weights()), tag
    return {
        "tag": tag,
        "inputs": [tensor(column) for column in columns.values()],
        "target": tensor(target),
        "output": tensor(predicted),
        "weights": [{"path": name, **value} for name, value in before],
        "after": [tensor(weight) for weight in model.weights],
    }


def flat(tensors):
    return Concatenate()([Flatten()(tensor) if len(tensor.shape) > 2 else tensor for tensor in tensors])


def masked(layer, *more):
    """A layer that is called on `Dense(3)(x)` with the mask `m`; states are given by `Dense(4)` of `s`."""

    def build(x, m, s=None):
        given = {}
        if more:
            given["initial_state"] = [Dense(4, name=name)(s) for name in more]
        y = layer(Dense(3, name="first")(x), mask=m, **given)
        return flat(y) if isinstance(y, (list, tuple)) else Flatten()(y)

    return build


def main():
    x, m = normal(5, 5, 3), MASK
    given = {"x": x, "m": m}
    states = {**given, "s": normal(5, 2)}
    both = {"return_sequences": True, "return_state": True, "name": "layer"}
    deep = {"x": normal(5, 2, 5, 3), "m": np.stack([MASK, OTHER], axis=1)}
    ids, other = words(MASK), words(OTHER)
    third = np.array([[0, 3, 0, 5, 1], [0, 0, 0, 2, 4], [6, 0, 0, 0, 0], [0, 0, 0, 0, 5], [0, 0, 0, 0, 0]], "int32")
    padded = x * MASK[:, :, None]
    minus = np.where(MASK[:, :, None] == 1, x, -1).astype("float32")
    embed = lambda name="embed": Embedding(7, 3, mask_zero=True, name=name)
    last = lambda: LSTM(4, name="layer")

    def stacked(ids):
        h = LSTM(4, return_sequences=True, name="a")(embed()(ids))
        h = GRU(3, return_sequences=True, name="b")(Dropout(0.0)(h))
        return SimpleRNN(2, name="c")(LayerNormalization(name="norm")(h))

    def translated(ids, other):
        _, h, c = LSTM(4, return_state=True, name="encoder")(embed("from")(ids))
        read = LSTM(4, return_sequences=True, name="decoder")
        # Keras 3.15 leaves out the mask of a tensor that is called together with states, unless it is given.
        mask = keras.ops.not_equal(other, 0)
        y = read(embed("to")(other), initial_state=[h, c], mask=mask)
        return Flatten()(TimeDistributed(Dense(2), name="words")(y))

    def merged(merge):
        return lambda ids, other: last()(merge([embed("p")(ids), embed("q")(other)]))

    def partly(ids, x):
        return last()(Add()([embed()(ids), Dense(3, name="first")(x)]))

    def longer(ids, x):
        return last()(Concatenate(axis=1)([embed()(ids), Dense(3, name="first")(x)]))

    def values(merge):
        return lambda ids, other: Flatten()(merge([embed("p")(ids), embed("q")(other)]))

    def alike(merge):
        def build(ids):
            h = embed()(ids)
            return Flatten()(merge([h, Dense(3, name="first")(h)]))

        return build

    norm = lambda name="layer", **more: BatchNormalization(momentum=0.9, name=name, **more)
    cases = [
        case("lstm", masked(last()), given),
        case("lstm sequences", masked(LSTM(4, return_sequences=True, name="layer")), given),
        case("lstm backwards", masked(LSTM(4, go_backwards=True, **both)), given),
        case("lstm from states", masked(LSTM(4, **both), "h", "c"), states),
        case("lstm last from states", masked(last(), "h", "c"), states),
        case("lstm activations", masked(LSTM(
            4, activation="softsign", recurrent_activation="hard_sigmoid", **both)), given),
        case("gru", masked(GRU(4, name="layer")), given),
        case("gru sequences", masked(GRU(4, **both)), given),
        case("gru backwards from state", masked(GRU(4, go_backwards=True, **both), "h"), states),
        case("gru before", masked(GRU(4, reset_after=False, **both)), given),
        case("gru before from state", masked(GRU(4, reset_after=False, **both), "h"), states),
        case("rnn", masked(SimpleRNN(4, **both)), given),
        case("rnn last from state", masked(SimpleRNN(4, name="layer"), "h"), states),
        case("bi concat", masked(Bidirectional(LSTM(4, return_sequences=True, name="inside"), name="layer")), given),
        case("bi sum", masked(Bidirectional(
            GRU(4, return_sequences=True, name="inside"), merge_mode="sum", name="layer")), given),
        case("bi mul", masked(Bidirectional(
            SimpleRNN(4, return_sequences=True, name="inside"), merge_mode="mul", name="layer")), given),
        case("bi ave", masked(Bidirectional(LSTM(4, name="inside"), merge_mode="ave", name="layer")), given),
        case("bi none", masked(Bidirectional(
            LSTM(4, return_sequences=True, return_state=True, name="inside"), merge_mode=None, name="layer")), given),
        case("bi from states", masked(Bidirectional(
            LSTM(4, return_sequences=True, name="inside"), name="layer"), "h", "c", "p", "q"), states),
        case("td lstm", lambda x, m: Flatten()(TimeDistributed(LSTM(4), name="layer")(
            Dense(3, name="first")(x), mask=m)), deep),
        case("stacked", stacked, {"ids": ids}),
        case("translated", translated, {"ids": ids, "other": other}),
        case("masking", lambda x: last()(Masking()(x)), {"x": padded}),
        case("masking value", lambda x: last()(Dense(3, name="first")(Masking(-1.0)(x))), {"x": minus}),
        case("masking trained", lambda x: Flatten()(LSTM(4, return_sequences=True, name="layer")(
            Masking()(Dense(3, use_bias=False, name="first")(x)))), {"x": padded}),
        case("masking again", lambda ids: last()(Masking()(Dense(3, activation="relu", name="first")(embed()(ids)))),
             {"ids": ids}),
        case("mean", masked(GlobalAveragePooling1D()), given, 4),
        case("mean of words", lambda ids: Dense(2, name="last")(GlobalAveragePooling1D(keepdims=True)(embed()(ids))),
             {"ids": ids}, 4),
        case("norm", masked(norm()), given),
        case("norm first axis", masked(norm(axis=1)), given),
        case("norm of words", lambda ids: last()(norm("norm", scale=False)(embed()(ids))), {"ids": ids}),
        case("norm of grids", lambda x, m: Flatten()(norm()(Dense(3, name="first")(x), mask=m)), deep),
        case("softmax", lambda x, m: Softmax()(Dense(5, name="first")(Flatten()(x)), mask=m), given),
        case("softmax of channels", lambda x, m: Flatten()(Softmax()(Dense(3, name="first")(x), mask=m)),
             {"x": x, "m": np.round(RNG.uniform(size=(5, 1, 3))).astype("float32")}),
        case("softmax of steps", lambda x, m: Flatten()(Softmax()(Dense(3, name="first")(x), mask=m)),
             {"x": x, "m": MASK[:, :, None]}),
        case("add", merged(Add()), {"ids": ids, "other": other}),
        case("subtract", merged(Subtract()), {"ids": ids, "other": other}),
        case("average", merged(Average()), {"ids": ids, "other": other}),
        case("add without", partly, {"ids": ids, "x": x}),
        case("concatenate features", merged(Concatenate()), {"ids": ids, "other": other}),
        case("concatenate steps", merged(Concatenate(axis=1)), {"ids": ids, "other": other}),
        case("concatenate without", longer, {"ids": ids, "x": x}),
        case("multiply", values(Multiply()), {"ids": ids, "other": other}),
        case("multiply read", merged(Multiply()), {"ids": ids, "other": other}),
        case("multiply alike", alike(Multiply()), {"ids": ids}),
        case("multiply without", lambda ids, x: Flatten()(Multiply()([embed()(ids), Dense(3, name="first")(x)])),
             {"ids": ids, "x": x}),
        case("maximum", values(Maximum()), {"ids": ids, "other": other}),
        case("maximum read", merged(Maximum()), {"ids": ids, "other": other}),
        case("maximum alike", alike(Maximum()), {"ids": ids}),
        case("maximum without", lambda ids, x: Flatten()(Maximum()([embed()(ids), Dense(3, name="first")(x)])),
             {"ids": ids, "x": x}),
        case("minimum", values(Minimum()), {"ids": ids, "other": other}),
        case("minimum of three", lambda ids, other, third: Flatten()(Minimum()([
            embed("p")(ids), embed("q")(other), embed("r")(third)])), {"ids": ids, "other": other, "third": third}),
        case("spectral", lambda ids: last()(SpectralNormalization(Dense(3, name="inside"), name="norm")(embed()(ids))),
             {"ids": ids}),
        case("lstm zeros", masked(LSTM(4, zero_output_for_mask=True, **both)), given),
        case("gru zeros last", masked(GRU(4, zero_output_for_mask=True, name="layer")), given),
        case("rnn zeros backwards", masked(SimpleRNN(4, zero_output_for_mask=True, go_backwards=True, **both)), given),
        case("minimum first without", lambda ids, x, other: Flatten()(Minimum()([
            Dense(3, name="first")(x), embed("p")(ids), embed("q")(other)])), {"ids": ids, "x": x, "other": other}),
    ]
    with open(os.path.join(HERE, "masks_of_layers.json"), "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


main()
