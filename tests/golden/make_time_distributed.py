"""`TimeDistributed` of layers with parts and of models by Keras itself, for `tests/golden_time_distributed.rs`.

`KERAS_BACKEND=tensorflow python make_time_distributed.py` writes time_distributed.json beside this script. A case is a layer
that is called on its input, what it gives, a gradient of that, and the gradients of weights and input. Weights have the names
that mimo gives them inside of the layer.
"""

import json
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import keras
import numpy as np
import tensorflow as tf
from keras import Input, Model
from keras.layers import (
    GRU,
    LSTM,
    BatchNormalization,
    Bidirectional,
    Conv1D,
    Dense,
    Flatten,
    GlobalAveragePooling1D,
    MaxPooling1D,
    Reshape,
    SimpleRNN,
    TimeDistributed,
    concatenate,
)

HERE = os.path.dirname(os.path.abspath(__file__))
RNG = np.random.default_rng(11)


def normal(*shape):
    return np.round(RNG.normal(size=shape), 3).astype("float32")


def tensor(value):
    value = np.asarray(value, dtype="float32")
    return {"shape": list(value.shape), "data": [float(f"{x:.9g}") for x in value.ravel()]}


def case(tag, layer, x, names, training=None):
    inputs = tf.Variable(normal(*x))
    call = lambda: layer(inputs, training=training)
    call()
    assert len(names) == len(layer.weights), [weight.path for weight in layer.weights]
    for name, weight in zip(names, layer.weights):
        assert name.split("/")[-1] == weight.path.split("/")[-1], (name, weight.path)
        value = normal(*weight.shape) * 0.5
        weight.assign(np.abs(value) + 0.5 if name.endswith("variance") else value)
    with tf.GradientTape() as tape:
        output = call()
        dy = normal(*output.shape)
        total = tf.reduce_sum(output * dy)
    trained = [weight.value for weight in layer.trainable_variables]
    gradients = tape.gradient(total, trained + [inputs])
    trained_names = {id(weight) for weight in layer.trainable_variables}
    kept = [(name, weight) for name, weight in zip(names, layer.weights)]
    kept.sort(key=lambda entry: id(entry[1]) not in trained_names)
    return {
        "tag": tag,
        "inputs": [tensor(inputs)],
        "weights": [{"path": name, **tensor(weight)} for name, weight in kept],
        "outputs": [tensor(output)],
        "dy": [tensor(dy)],
        "grad_weights": [tensor(gradient) for gradient in gradients[:-1]],
        "grad_inputs": [tensor(gradients[-1])],
    }


def recurrent(path):
    return [f"{path}/{name}" for name in ("kernel", "recurrent_kernel", "bias")]


def both(path, name):
    return [it for side in ("forward", "backward") for it in recurrent(f"{path}/{side}_{name}")]


def dense(path):
    return [f"{path}/kernel", f"{path}/bias"]


def sentence():
    words = Input((4, 2))
    near = Conv1D(3, 2, padding="same", activation="relu")(words)
    read = Bidirectional(GRU(2, return_sequences=True))(near)
    all = concatenate([near, read, words])
    a = Dense(2, activation="tanh")(Flatten()(MaxPooling1D(2)(all)))
    b = Dense(3, activation="sigmoid")(GlobalAveragePooling1D()(all))
    return Model(words, concatenate([a, b]))


SENTENCE = dense("conv1d") + both("bidirectional", "gru") + dense("dense") + dense("dense_1")


def document():
    sentences = Input((3, 4, 2))
    vectors = TimeDistributed(sentence())(sentences)
    state = LSTM(3)(vectors)
    return Model(sentences, Dense(2, activation="tanh")(state))


DOCUMENT = [f"sentence/{name}" for name in SENTENCE] + recurrent("lstm") + dense("y")


def shared():
    """A model that is called on every sentence, and on the first one again."""
    sentences = Input((3, 4, 2))
    model = sentence()
    vectors = TimeDistributed(model)(sentences)
    title = model(Reshape((4, 2))(sentences[:, :1]))
    return Model(sentences, concatenate([Flatten()(vectors), title]))


def frozen():
    x = Input((4,))
    normal = BatchNormalization(scale=False)
    normal.trainable = False
    return Model(x, Dense(2)(normal(Dense(3, activation="relu")(x))))


def main():
    cases = [
        case("bi-lstm", TimeDistributed(Bidirectional(LSTM(3))), (2, 2, 3, 2), both("bidirectional", "lstm")),
        case(
            "bi-gru sum sequences",
            TimeDistributed(Bidirectional(GRU(2, return_sequences=True, name="own"), merge_mode="sum", name="ends")),
            (2, 2, 3, 2),
            both("ends", "own"),
        ),
        case(
            "bi-rnn twice",
            TimeDistributed(TimeDistributed(Bidirectional(SimpleRNN(2), merge_mode="mul"))),
            (2, 2, 3, 2, 2),
            both("time_distributed/bidirectional", "simple_rnn"),
        ),
        case("sentences", TimeDistributed(sentence()), (2, 3, 4, 2), SENTENCE),
        case("documents", TimeDistributed(document()), (2, 2, 3, 4, 2), DOCUMENT),
        case("sentences twice", TimeDistributed(TimeDistributed(sentence())), (2, 2, 3, 4, 2), SENTENCE),
        case("shared", shared(), (2, 3, 4, 2), SENTENCE),
        case(
            "frozen normalization",
            TimeDistributed(frozen()),
            (2, 3, 4),
            dense("dense") + [f"batch_normalization/{name}" for name in ("beta", "moving_mean", "moving_variance")] + dense("y"),
            training=True,
        ),
    ]
    with open(os.path.join(HERE, "time_distributed.json"), "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


main()
