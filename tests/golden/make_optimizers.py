"""Optimizers of whole weights by Keras itself, for `tests/golden_whole_optimizers.rs`.

`KERAS_BACKEND=tensorflow python make_optimizers.py` writes whole_optimizers.json beside this script: a small model with weights of
one, two and three axes, and all of its weights after each of seven steps, in `float64`. The gradients of the embedding have rows of
zeros. Each step is on another batch of four samples. `averaged` are the weights after what Keras does at the end of `fit`.
"""

import json
import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

import keras
import numpy as np
import tensorflow as tf
from keras import Input, Model, layers, optimizers

keras.config.set_floatx("float64")
keras.config.disable_traceback_filtering()
HERE = os.path.dirname(os.path.abspath(__file__))
STEPS = 7

CASES = {
    "Adafactor": lambda: optimizers.Adafactor(0.1),
    "Adafactor fixed": lambda: optimizers.Adafactor(
        0.05, beta_2_decay=-0.6, epsilon_1=1e-12, epsilon_2=0.01, clip_threshold=0.5, relative_step=False,
        weight_decay=0.01),
    "Adafactor large": lambda: optimizers.Adafactor(0.5, clipvalue=0.05),
    "Lamb": lambda: optimizers.Lamb(0.1),
    "Lamb clipped": lambda: optimizers.Lamb(
        0.05, beta_1=0.8, beta_2=0.95, epsilon=1e-5, weight_decay=0.1, global_clipnorm=0.3),
    "Muon": lambda: optimizers.Muon(0.1),
    "Muon plain": lambda: optimizers.Muon(
        0.02, adam_beta_1=0.8, adam_beta_2=0.95, adam_weight_decay=None, epsilon=1e-5, weight_decay=None,
        exclude_layers=["head"], exclude_embeddings=False, muon_a=2.0, muon_b=-1.5, muon_c=0.5, adam_lr_ratio=2.0,
        momentum=0.8, ns_steps=3, nesterov=False, rms_rate=None),
    "Muon clipped": lambda: optimizers.Muon(0.1, clipnorm=0.1, exclude_embeddings=False, weight_decay=0.1),
    "averages": lambda: optimizers.SGD(0.2, momentum=0.9, use_ema=True, ema_momentum=0.7),
    "averages overwrite": lambda: optimizers.Adam(
        0.1, use_ema=True, ema_momentum=0.6, ema_overwrite_frequency=2),
    "averages of whole weights": lambda: optimizers.Lamb(0.1, use_ema=True, ema_momentum=0.5, clipvalue=0.1),
    "accumulated": lambda: optimizers.Nadam(0.1, gradient_accumulation_steps=2, weight_decay=0.1),
    "accumulated and clipped": lambda: optimizers.Adafactor(
        0.1, gradient_accumulation_steps=3, global_clipnorm=0.2, use_ema=True, ema_momentum=0.9,
        ema_overwrite_frequency=2),
    # Each clips the gradients of its own weights.
    "several": lambda: optimizers.MultiOptimizer(optimizers.OptimizerMap(optimizers.Lamb(0.1, clipnorm=0.1), {
        "embedding/.*": optimizers.SGD(0.2, momentum=0.9, global_clipnorm=0.05),
        "conv/.*": optimizers.Adam(0.1, global_clipnorm=0.05),
        "wide/.*": optimizers.Muon(0.05),
        "head/.*": optimizers.Adafactor(0.1),
    })),
}


def build():
    ids = Input((4,), name="ids", dtype="int32")
    x = layers.Embedding(5, 3, name="embedding")(ids)
    x = layers.Conv1D(4, 2, activation="tanh", name="conv")(x)
    x = layers.Flatten()(x)
    x = layers.Dense(3, activation="tanh", name="wide")(x)
    x = layers.Dense(6, activation="tanh", name="tall")(x)
    y = layers.Dense(2, name="head")(x)
    return Model(ids, y)


def flat(values):
    return [float(f"{value:.12g}") for value in np.asarray(values).ravel()]


def main():
    rng = np.random.default_rng(11)
    ids = rng.integers(0, 4, size=(6, 4)).astype("int32")
    targets = np.round(rng.normal(size=(6, 2)), 3)
    model = build()
    start = [np.round(rng.normal(size=weight.shape) * 0.5, 3) for weight in model.trainable_variables]
    # A weight of zeros: its norm is 0.
    start[-1] = np.zeros_like(start[-1])
    cases = []
    for name, make in CASES.items():
        optimizer = make()
        for weight, values in zip(model.trainable_variables, start):
            weight.assign(values)
        after = []
        for step in range(STEPS):
            rows = [(step + row) % 6 for row in range(4)]
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((model(ids[rows], training=True) - targets[rows]) ** 2)
            gradients = tape.gradient(loss, [weight.value for weight in model.trainable_variables])
            gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]
            optimizer.apply(gradients, model.trainable_variables)
            after.append([flat(weight.numpy()) for weight in model.trainable_variables])
        optimizer.finalize_variable_values(model.trainable_variables)
        averaged = [flat(weight.numpy()) for weight in model.trainable_variables]
        cases.append({"name": name, "after_each_step": after, "averaged": averaged})
    with open(os.path.join(HERE, "whole_optimizers.json"), "w") as file:
        file.write("{\n")
        file.write(f'"ids": {json.dumps(ids.ravel().tolist())},\n')
        file.write(f'"targets": {json.dumps(flat(targets))},\n')
        names = ["/".join(weight.path.split("/")[-2:]) for weight in model.trainable_variables]
        start = {name: flat(values) for name, values in zip(names, start)}
        file.write(f'"start": {json.dumps(start)},\n"cases": [\n')
        file.write(",\n".join(json.dumps(case) for case in cases))
        file.write("\n]\n}\n")


main()
