"""Batch normalization by Keras itself, for `tests/golden_batch_normalization.rs`.

`python make_batch_normalization.py keras-golden.json` writes batch_normalization.json beside this script: the layers of
keras-golden.json (Keras 3.15.1, TensorFlow, f32) and the training of it that has one, one more layer, and a training over
epochs with several, one of them shared and one frozen.
"""

import json
import os
import sys

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import keras
import numpy as np
import tensorflow as tf
from keras import Input, Model, constraints, layers, optimizers, regularizers

tf.config.experimental.enable_op_determinism()
keras.utils.set_random_seed(0)
HERE = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(4)


def normal(*shape, scale=1.0):
    return np.round(rng.normal(size=shape) * scale, 3).astype("float32")


def flat(values):
    return [float(f"{value:.9g}") for value in np.asarray(values, dtype="float32").ravel()]


def name(variable):
    return "/".join(variable.path.split("/")[-2:])


def tensor(values):
    return {"shape": list(np.shape(values)), "data": flat(values)}


def draw(model):
    for variable in model.weights:
        values = normal(*variable.shape, scale=0.5)
        # A variance is not negative.
        variable.assign(np.abs(values) + 0.5 if "variance" in variable.path else values)


def weights(model):
    return {name(variable): flat(variable.numpy()) for variable in model.weights}


def first_axis():
    """Channels that are not the last axis, without an offset."""
    layer = layers.BatchNormalization(axis=1, momentum=0.8, epsilon=0.01, center=False)
    x, dy = normal(3, 2, 4), normal(3, 2, 4)
    layer.build(x.shape)
    draw(layer)
    given = [dict(path=variable.name, **tensor(variable.numpy())) for variable in layer.weights]
    source = tf.Variable(x)
    with tf.GradientTape() as tape:
        y = layer(source, training=True)
        total = tf.reduce_sum(y * dy)
    gradients = tape.gradient(total, [source] + [variable.value for variable in layer.trainable_variables])
    return {
        "tag": "bn axis 1", "inputs": [tensor(x)], "weights": given, "outputs": [tensor(y)], "dy": [tensor(dy)],
        "grad_weights": [tensor(gradient) for gradient in gradients[1:]], "grad_inputs": [tensor(gradients[0])],
        "weights_after": [tensor(variable.numpy()) for variable in layer.weights],
    }


def epochs():
    x = Input([6, 5], name="x")
    h = layers.Conv1D(4, 3, name="first")(x)
    h = layers.BatchNormalization(
        axis=1, momentum=0.7, epsilon=0.01, gamma_regularizer=regularizers.L2(0.05),
        beta_constraint=constraints.NonNeg(), name="steps")(h)
    h = layers.Activation("relu", name="relu")(h)
    shared = layers.BatchNormalization(scale=False, momentum=0.8, name="shared")
    a = shared(h)
    b = shared(layers.Dense(4, name="mid")(a))
    frozen = layers.BatchNormalization(trainable=False, name="frozen")(b)
    flat_ = layers.Flatten(name="flat")(layers.Add(name="sum")([a, frozen]))
    kind = layers.Dense(3, activation="softmax", name="kind")(flat_)
    value = layers.BatchNormalization(center=False, name="value")(layers.Dense(2, name="pre")(flat_))
    model = Model({"x": x}, [kind, value])
    draw(model)
    model.compile(
        # Not Adam: a bias before a batch normalization has a gradient of rounding errors, which it would scale up.
        optimizer=optimizers.SGD(0.05, momentum=0.9),
        loss={"kind": "sparse_categorical_crossentropy", "value": "mse"},
        loss_weights={"kind": 1.0, "value": 0.5}, metrics={"kind": ["accuracy"], "value": ["mae"]},
        # See make_trainings.py.
        run_eagerly=True,
    )
    x = normal(20, 6, 5)
    y = [rng.integers(0, 3, size=20).astype("int32"), normal(20, 2)]
    result = {"rows": 20, "x": {"x": flat(x)}, "y": {"kind": flat(y[0]), "value": flat(y[1])}}
    result["initial"] = weights(model)
    kept = model.get_weights()
    part = [values[:8] for values in y]
    with tf.GradientTape() as tape:
        total = model.compute_loss(x=x[:8], y=part, y_pred=model({"x": x[:8]}, training=True), training=True)
    gradients = tape.gradient(total, [variable.value for variable in model.trainable_variables])
    result["first_gradients"] = {
        name(variable): flat(gradient) for variable, gradient in zip(model.trainable_variables, gradients)}
    model.reset_metrics()
    # The forward of the gradients has moved the averages.
    model.set_weights(kept)
    history = model.fit({"x": x}, y, batch_size=8, epochs=3, shuffle=False, verbose=0)
    result["history"] = {key: [float(v) for v in values] for key, values in history.history.items()}
    found = model.evaluate({"x": x}, y, batch_size=8, verbose=0, return_dict=True)
    result["evaluate"] = {key: float(value) for key, value in found.items()}
    predicted = model.predict({"x": x}, verbose=0)
    result["predict"] = {key: flat(value) for key, value in zip(model.output_names, predicted)}
    result["final"] = weights(model)
    return result


def pick(item, *keys):
    return {key: item[key] for key in keys}


golden = json.load(open(sys.argv[1]))
cases = [
    pick(case, "tag", "inputs", "weights", "outputs", "dy", "grad_weights", "grad_inputs", "weights_after")
    for case in golden["layers"] if case["class"] == "BatchNormalization"
]
weighted = pick(golden["training"][4], "x", "y", "sample_weight", "initial_weights", "train_on_batch_logs",
                "evaluate_after", "predict_after", "final_weights")
with open(os.path.join(HERE, "batch_normalization.json"), "w") as file:
    parts = {"layers": cases + [first_axis()], "weighted": weighted, "epochs": epochs()}
    file.write("{\n" + ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in parts.items()) + "\n}\n")
