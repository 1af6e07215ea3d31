"""Models of Keras 2 (tf_keras) as generate.py writes those of Keras 3: files, inputs, outputs, and outputs after five steps.

    TF_USE_LEGACY_KERAS=1 python keras2.py DIRECTORY
    TF_USE_LEGACY_KERAS=1 python keras2.py --fixture

Then run.py converts and compares. Each model is saved as `.h5` and as `.keras`. With `--fixture`, the model of `tests/keras/keras2.*` is
written again.
"""
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import numpy as np
import tf_keras as keras
from tf_keras import layers as L

HERE = Path(__file__).resolve().parent.parent / "keras"


def fixture():
    """A nested model that is called twice, a shared layer, a mask, an attention, and two heads."""
    left, right = keras.Input((3,), name="left"), keras.Input((3,), name="right")
    words = keras.Input((5,), dtype="int32", name="words")
    inner = keras.Input((3,), name="inner")
    h = L.Dense(4, activation="tanh", name="hidden")(inner)
    tower = keras.Model(inner, L.BatchNormalization(name="normal")(h), name="tower")
    both = L.Concatenate(name="both")([tower(left), tower(right)])
    shared = L.Dense(8, activation="relu", name="shared")
    both = shared(shared(both))
    x = L.Embedding(31, 4, mask_zero=True, name="embedding")(words)
    x = L.Bidirectional(L.LSTM(3, return_sequences=True), name="both_ways")(x)
    x = L.MultiHeadAttention(2, 3, name="attention")(x, x)
    x = L.GRU(3, name="last")(x)
    top = keras.Sequential([L.Dense(4, input_shape=(11,)), L.LeakyReLU(alpha=0.1), L.Dense(3)], name="top")
    x = top(L.concatenate([both, x], name="all"))
    kind = L.Dense(3, activation="softmax", name="kind")(x)
    score = L.Dense(1, name="score")(x)
    return keras.Model([left, right, words], [kind, score], name="keras2")


def sequential():
    return keras.Sequential([L.Conv2D(3, 3, activation="relu", input_shape=(8, 8, 2)), L.MaxPooling2D(), L.Flatten(), L.Dropout(0.0), L.Dense(2)])


def names_without_input():
    model = keras.Sequential([L.Dense(3, activation="tanh"), L.Dense(2)])
    model.build((None, 4))
    return model


def operators():
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    x = L.Add()([a, b]) * 0.5 + 1.0
    x = L.Subtract()([x, b])
    x = L.Dot(axes=1, normalize=True)([x, b])
    return keras.Model([a, b], L.Dense(2)(x))


def attention():
    a = keras.Input((5, 4))
    x = L.Attention(use_scale=True)([a, a])
    x = L.AdditiveAttention()([x, a])
    x = L.MultiHeadAttention(2, 3, value_dim=2)(x, a)
    x = L.LayerNormalization()(x)
    return keras.Model(a, L.Dense(1)(L.GlobalAveragePooling1D()(x)))


def states():
    a, b = keras.Input((5, 3)), keras.Input((6, 2))
    _, h, c = L.LSTM(4, return_state=True)(a)
    x = L.LSTM(4, return_sequences=True)(b, initial_state=[h, c])
    x = L.TimeDistributed(L.Dense(3, activation="relu"))(x)
    x = L.Bidirectional(L.SimpleRNN(2), merge_mode="sum")(x)
    return keras.Model([a, b], L.Dense(2)(x))


def images():
    a = keras.Input((9, 9, 3))
    x = L.SeparableConv2D(4, 3, padding="same", depth_multiplier=2)(a)
    x = L.DepthwiseConv2D(3, strides=2, use_bias=False)(x)
    x = L.BatchNormalization(momentum=0.9)(x)
    x = L.ReLU(max_value=6.0)(x)
    x = L.Conv2DTranspose(2, 3, strides=2)(x)
    x = L.PReLU(shared_axes=[1, 2])(x)
    x = L.UpSampling2D()(x)
    x = L.ZeroPadding2D((1, 2))(x)
    x = L.Cropping2D(1)(x)
    return keras.Model(a, [L.Dense(2, name="p")(L.GlobalMaxPooling2D()(x)), L.Dense(1, name="q")(L.Flatten()(x))])


def deep():
    """A model in a model in a model."""
    a = keras.Input((4,))
    one = keras.Sequential([L.Dense(4, activation="relu", input_shape=(4,))])
    b = keras.Input((4,))
    two = keras.Model(b, one(b) + b)
    c = keras.Input((4,))
    three = keras.Model(c, [two(two(c)), two(c)])
    x, y = three(a)
    return keras.Model(a, L.Dense(2)(L.Concatenate()([x, y])))


MODELS = [fixture, sequential, names_without_input, operators, attention, states, images, deep]


def data(model, seed):
    state = np.random.RandomState(seed)
    arrays = []
    for x in model.inputs:
        shape = [3, *x.shape[1:]]
        if x.dtype == "int32":
            # Each word once, as generate.py says.
            values = 1 + state.permutation(30)[: np.prod(shape)].reshape(shape)
            values[1:, -2:] = 0
            arrays.append(values.astype("int32"))
        else:
            arrays.append(state.normal(size=shape).astype("float32"))
    return arrays


def listed(outputs):
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


def flat(arrays):
    return [np.asarray(a).astype("float64").ravel().tolist() for a in arrays]


def make(build, seed):
    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    model = build()
    losses = "mse" if len(model.outputs) == 1 else {name: "mse" for name in model.output_names}
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss=losses)
    for w in model.weights:
        if "moving" in w.name:
            w.assign(np.random.RandomState(seed).uniform(0.5, 1.5, size=w.shape))
    arrays = data(model, seed)
    return model, arrays, listed(model.predict_on_batch(arrays))


def write_fixture():
    model, arrays, outputs = make(fixture, 5)
    for end in ("h5", "keras"):
        model.save(HERE / f"keras2.{end}")
    rounded = lambda arrays: [[round(v, 7) for v in values] for values in flat(arrays)]
    (HERE / "keras2.json").write_text(json.dumps({"inputs": rounded(arrays), "outputs": rounded(outputs)}))


def main():
    if sys.argv[1] == "--fixture":
        return write_fixture()
    directory = Path(sys.argv[1])
    directory.mkdir(exist_ok=True, parents=True)
    for at, (build, end) in enumerate((build, end) for build in MODELS for end in ("h5", "keras")):
        model, arrays, outputs = make(build, at)
        model.save(directory / f"m{at}.{end}")
        state = np.random.RandomState(at + 1)
        targets = [state.normal(size=o.shape).astype("float32") for o in outputs]
        for _ in range(5):
            model.train_on_batch(arrays, targets)
        trained = listed(model.predict_on_batch(arrays))
        case = {
            "file": f"m{at}.{end}",
            "input_names": list(model.input_names),
            "inputs": flat(arrays), "outputs": flat(outputs), "targets": flat(targets), "trained": flat(trained),
        }
        (directory / f"m{at}.json").write_text(json.dumps(case))
        print(at, build.__name__, end, model.count_params())


main()
