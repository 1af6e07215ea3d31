"""Optimizers of whole weights by Keras itself, for `tests/golden_whole_optimizers.rs`.

`KERAS_BACKEND=jax python make_optimizers.py` writes whole_optimizers.json beside this script: a small model with weights of one, two
and three axes, and all of its weights after each of seven steps, in `float64`. The gradients of the embedding have rows of
zeros. Each step is on another batch of four samples. `averaged` are the weights after what Keras does at the end of `fit`.
`einsum` are four steps of a model whose kernels have one to four axes, in orders that are not those of a dense layer, `penalized`
are steps of a model with penalties that depend on whole kernels, by optimizers of which some add gradients up.

The backend is JAX: with TensorFlow, Keras rounds the betas to `float32` in `float64` too. With JAX it computes roots, powers and `tanh` in
`float32`, unless its rule for the type of a result is replaced, as here.
"""

import json
import os

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("JAX_ENABLE_X64", "1")

import jax
import keras
import numpy as np
from keras import Input, Model, layers, ops, optimizers
from keras.regularizers import L2, OrthogonalRegularizer
from keras.src.backend.common import dtypes

keras.config.set_floatx("float64")
keras.config.disable_traceback_filtering()
HERE = os.path.dirname(os.path.abspath(__file__))
STEPS = 7

result_type = dtypes.result_type
dtypes.result_type = lambda *types: "float64" if "float64" in map(str, types) else result_type(*types)

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

EINSUM_CASES = {
    "Adafactor of kernels": lambda: optimizers.Adafactor(0.1),
    "Adafactor of kernels, clipped": lambda: optimizers.Adafactor(
        0.2, clip_threshold=0.5, weight_decay=0.1, clipnorm=0.1),
    "Muon of kernels": lambda: optimizers.Muon(0.1),
    "Muon of kernels, accumulated": lambda: optimizers.Muon(
        0.1, exclude_layers=["turned"], global_clipnorm=0.2, gradient_accumulation_steps=2),
    "Lamb of kernels": lambda: optimizers.Lamb(0.1),
}


class Several:
    """An optimizer for each layer by itself. Keras's `MultiOptimizer` adds gradients up for all of its optimizers or for none."""

    def __init__(self, **by_layer):
        self.by_layer = by_layer

    def apply(self, gradients, variables):
        for layer, optimizer in self.by_layer.items():
            own = [(g, v) for g, v in zip(gradients, variables) if v.path.split("/")[-2] == layer]
            optimizer.apply([g for g, _ in own], [v for _, v in own])

    def finalize_variable_values(self, variables):
        pass


PENALIZED_CASES = {
    "one with penalties": lambda: optimizers.Adam(0.1, gradient_accumulation_steps=2, global_clipnorm=0.2),
    "several with penalties": lambda: Several(
        first=optimizers.SGD(0.2, momentum=0.9, clipnorm=0.3, gradient_accumulation_steps=2),
        second=optimizers.Adafactor(0.1, gradient_accumulation_steps=3),
        third=optimizers.Muon(0.05),
        head=optimizers.Nadam(0.05, gradient_accumulation_steps=4, clipvalue=0.1),
    ),
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


def build_einsum():
    x = Input((4, 3), name="x")
    y = layers.EinsumDense("abc,cde->abde", (4, 2, 3), bias_axes="de", activation="tanh", name="split")(x)
    y = layers.EinsumDense("abde,fde->abf", (4, 3), bias_axes="f", activation="tanh", name="joined")(y)
    y = layers.EinsumDense("abc,bcef->aef", (2, 3), activation="tanh", name="mixed")(y)
    y = layers.EinsumDense("aef,gf->aeg", (2, 4), bias_axes="eg", activation="tanh", name="turned")(y)
    y = layers.EinsumDense("aeg,gh->aeh", (2, 5), activation="tanh", name="plain")(y)
    y = layers.EinsumDense("aeh,h->ae", (2,), name="head")(y)
    return Model(x, y)


def build_penalized():
    x = Input((4,), name="x")
    y = layers.Dense(3, activation="tanh", kernel_regularizer=OrthogonalRegularizer(0.25), name="first")(x)
    y = layers.Dense(
        4, activation="tanh", kernel_regularizer=OrthogonalRegularizer(0.5, mode="columns"), name="second")(y)
    y = layers.Dense(3, activation="tanh", kernel_regularizer=OrthogonalRegularizer(0.1), name="third")(y)
    y = layers.Dense(2, kernel_regularizer=L2(0.1), name="head")(y)
    return Model(x, y)


def flat(values):
    return [float(f"{value:.15g}") for value in np.asarray(values).ravel()]


def trajectories(model, start, samples, targets, cases, steps):
    """All weights of a model after each step, and after the end of `fit`, by each optimizer."""
    variables = model.trainable_variables

    def loss(weights, x, y):
        outputs, _, penalties = model.stateless_call(weights, [], x, return_losses=True)
        return ops.mean((outputs - y) ** 2) + sum(penalties)

    found = []
    for name, make in cases.items():
        optimizer = make()
        for weight, values in zip(variables, start):
            weight.assign(values)
        after = []
        for step in range(steps):
            rows = [(step + row) % 6 for row in range(4)]
            gradients = jax.grad(loss)([weight.value for weight in variables], samples[rows], targets[rows])
            assert all(gradient.dtype == "float64" for gradient in gradients)
            optimizer.apply(gradients, variables)
            after.append([flat(weight.numpy()) for weight in variables])
        optimizer.finalize_variable_values(variables)
        averaged = [flat(weight.numpy()) for weight in variables]
        found.append({"name": name, "after_each_step": after, "averaged": averaged})
    return found


def names(model):
    return ["/".join(weight.path.split("/")[-2:]) for weight in model.trainable_variables]


def written(model, start, inputs, targets, cases):
    start = {name: flat(values) for name, values in zip(names(model), start)}
    lines = ",\n".join(json.dumps(case) for case in cases)
    return (
        f'"inputs": {json.dumps(inputs)},\n"targets": {json.dumps(flat(targets))},\n'
        f'"start": {json.dumps(start)},\n"cases": [\n{lines}\n]'
    )


def main():
    rng = np.random.default_rng(11)
    ids = rng.integers(0, 4, size=(6, 4)).astype("int32")
    targets = np.round(rng.normal(size=(6, 2)), 3)
    model = build()
    start = [np.round(rng.normal(size=weight.shape) * 0.5, 3) for weight in model.trainable_variables]
    # A weight of zeros: its norm is 0.
    start[-1] = np.zeros_like(start[-1])
    whole = written(model, start, ids.ravel().tolist(), targets, trajectories(model, start, ids, targets, CASES, STEPS))

    parts = [whole]
    for name, shape, build_model, cases, steps in [
        ("einsum", (4, 3), build_einsum, EINSUM_CASES, 4),
        ("penalized", (4,), build_penalized, PENALIZED_CASES, 8),
    ]:
        x = np.round(rng.normal(size=(6, *shape)), 3)
        targets = np.round(rng.normal(size=(6, 2)), 3)
        model = build_model()
        start = [np.round(rng.normal(size=weight.shape) * 0.5, 3) for weight in model.trainable_variables]
        found = trajectories(model, start, x, targets, cases, steps)
        parts.append(f'"{name}": {{\n{written(model, start, flat(x), targets, found)}\n}}')
    with open(os.path.join(HERE, "whole_optimizers.json"), "w") as file:
        file.write("{\n" + ",\n".join(parts) + "\n}\n")


main()
