"""The files of this directory, made by Keras 3.15: models, and what they compute.

    KERAS_BACKEND=tensorflow python make.py
"""
import json
import os
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from keras import layers as L
from keras import ops

HERE = Path(__file__).parent


def churn():
    """A picture and a table, two heads, compiled."""
    photo = keras.Input((12, 12, 1), name="photo")
    age = keras.Input((3,), name="age")
    x = L.Conv2D(4, 3, activation="relu", kernel_initializer="he_normal", name="conv")(photo)
    x = L.MaxPooling2D(2)(x)
    x = L.BatchNormalization()(x)
    x = L.Flatten()(x)
    x = L.Concatenate()([x, age / 100.0 - 0.5])
    x = L.Dense(8, activation="relu", kernel_regularizer=keras.regularizers.L2(1e-3))(x)
    x = L.Dropout(0.25)(x)
    kind = L.Dense(3, activation="softmax", name="kind")(x)
    churn = L.Dense(1, activation="sigmoid", name="churn")(x)
    model = keras.Model([photo, age], [kind, churn], name="churn_model")
    model.compile(
        optimizer=keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(2e-3, 1000)),
        loss={"kind": "sparse_categorical_crossentropy", "churn": keras.losses.BinaryCrossentropy(label_smoothing=0.1)},
        loss_weights={"kind": 1.0, "churn": 0.5},
        metrics={"kind": ["accuracy"], "churn": ["accuracy", keras.metrics.AUC(name="auc")]},
    )
    return model


def siamese():
    """A nested model that is called twice, and a `Sequential` in it."""
    photo = keras.Input((8, 6), name="steps")
    x = L.Bidirectional(L.LSTM(3, return_sequences=True))(photo)
    x = L.MultiHeadAttention(2, 4, name="attention")(x, x)
    x = L.GlobalAveragePooling1D()(x)
    top = keras.Sequential([L.Input((6,)), L.Dense(4, activation="tanh"), L.Dense(3)], name="top")
    encoder = keras.Model(photo, top(x), name="encoder")
    left, right = keras.Input((8, 6), name="left"), keras.Input((8, 6), name="right")
    distance = ops.abs(encoder(left) - encoder(right))
    same = L.Dense(1, activation="sigmoid", name="same")(distance)
    return keras.Model([left, right], same, name="siamese")


def mood():
    """Words of any number, masked, with a state that is passed on."""
    words = keras.Input((None,), dtype="int32", name="words")
    x = L.Embedding(20, 4, mask_zero=True, name="embedding")(words)
    y, state = L.GRU(5, return_state=True, name="reader")(x)
    z = L.GRU(5, name="again")(L.Embedding(20, 4, name="plain")(words), initial_state=state)
    mood = L.Dense(2, name="mood")(y * z)
    return keras.Model(words, mood, name="mood_of_words")


def residual():
    """Blocks that are repeated."""
    image = keras.Input((8, 8, 3), name="image")
    x = L.Conv2D(4, 3, padding="same", name="stem")(image)
    for stage, filters in [(1, 4), (2, 4), (3, 6)]:
        if filters != x.shape[-1]:
            x = L.Conv2D(filters, 1, name=f"widen{stage}")(x)
        for block in range(2):
            name = f"stage{stage}_block{block}"
            y = L.Conv2D(filters, 3, padding="same", use_bias=False, name=f"{name}_conv1")(x)
            y = L.BatchNormalization(name=f"{name}_bn1")(y)
            y = L.Activation("relu", name=f"{name}_relu")(y)
            y = L.Conv2D(filters, 3, padding="same", use_bias=False, name=f"{name}_conv2")(y)
            x = L.Add(name=f"{name}_add")([x, y])
    x = L.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(image, L.Dense(2, name="kind")(x), name="residual")


def missing():
    """What mimo does not have: augmentation, a `Lambda`, a resized image."""
    image = keras.Input((8, 8, 3), name="image")
    x = L.RandomFlip("horizontal", name="flip")(image)
    x = L.Conv2D(2, 3, name="conv")(x)
    x = L.Resizing(4, 4, name="resize")(x)
    x = L.Lambda(lambda x: x * 2, name="twice", output_shape=(4, 4, 2))(x)
    x = L.Flatten(name="flatten")(x)
    return keras.Model(image, L.Dense(1, name="score")(x), name="unusual")


def review():
    """Text and table with nested and frozen layers: the order of the weights that an optimizer trains."""
    words = keras.Input((5,), dtype="int32", name="words")
    age = keras.Input((3,), name="age")
    x = L.Embedding(31, 4, mask_zero=True, name="embedding")(words)
    x = L.Bidirectional(L.GRU(3), name="both_ways")(x)
    frozen = L.Dense(4, activation="tanh", name="frozen")
    frozen.trainable = False
    table = keras.Sequential([L.Input((3,)), L.Dense(4, use_bias=False), L.BatchNormalization()], name="table")
    x = L.Concatenate()([x, table(age), frozen(age)])
    mood = L.Dense(1, activation="sigmoid", name="mood")(x)
    kind = L.Dense(3, activation="softmax", name="kind")(x)
    model = keras.Model([words, age], [mood, kind], name="review")
    model.compile(
        optimizer=keras.optimizers.Nadam(0.02, clipnorm=1.0),
        loss={"mood": "binary_crossentropy", "kind": "sparse_categorical_crossentropy"},
        loss_weights={"mood": 0.5, "kind": 2.0},
        metrics={"mood": ["mae"]},
        weighted_metrics={"kind": ["accuracy"]},
    )
    return model


def trained():
    """A training that is saved after three steps: its data, and what the model computes after five more."""
    model = review()
    state = np.random.RandomState(3)
    rows = 6
    # Each word once: with TensorFlow, Keras adds up the squares of the gradients of each look-up.
    words = 1 + state.permutation(30).reshape(rows, 5).astype("int32")
    words[::2, 3:] = 0
    age = state.normal(size=(rows, 3)).astype("float32")
    mood = state.randint(0, 2, size=(rows, 1)).astype("float32")
    kind = state.randint(0, 3, size=(rows, 1)).astype("int32")
    step = lambda: model.train_on_batch({"words": words, "age": age}, {"mood": mood, "kind": kind})
    for _ in range(3):
        step()
    model.save(HERE / "review.keras")
    model.save(HERE / "review.h5")
    for _ in range(5):
        step()
    outputs = model.predict_on_batch({"words": words, "age": age})
    about = {"inputs": numbers([words, age]), "targets": numbers([mood, kind]), "outputs": numbers(outputs)}
    (HERE / "review.json").write_text(json.dumps(about))


def numbers(arrays):
    return [[round(float(v), 7) for v in np.asarray(a).ravel()] for a in arrays]


def data(model, seed):
    state = np.random.RandomState(seed)
    arrays = []
    for x in model.inputs:
        shape = [4] + [d or 6 for d in x.shape[1:]]
        if x.dtype == "int32":
            values = state.randint(1, 20, size=shape)
            values[1:, -2:] = 0
            arrays.append(values.astype("int32"))
        else:
            arrays.append(state.normal(size=shape).astype("float32"))
    return arrays


def main():
    keras.utils.set_random_seed(7)
    for at, make in enumerate([churn, siamese, mood]):
        model = make()
        for w in model.weights:
            if "moving" in w.path:
                w.assign(np.random.RandomState(at).uniform(0.5, 1.5, size=w.shape))
        inputs = data(model, at)
        outputs = model.predict_on_batch(inputs if len(inputs) > 1 else inputs[0])
        outputs = outputs if isinstance(outputs, list) else [outputs]
        model.save(HERE / f"{make.__name__}.keras")
        (HERE / f"{make.__name__}.json").write_text(json.dumps({"inputs": numbers(inputs), "outputs": numbers(outputs)}))
        if make is churn:
            model.save(HERE / f"{make.__name__}.h5")
    (HERE / "residual.config.json").write_text(residual().to_json())
    model = missing()
    (HERE / "unusual.config.json").write_text(model.to_json())
    trained()


main()
