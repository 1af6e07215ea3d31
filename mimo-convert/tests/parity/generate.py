"""Random functional models of Keras 3, with inputs, outputs, and outputs after five steps of Adam.

    KERAS_BACKEND=tensorflow python generate.py DIRECTORY COUNT [SEED]

For each model: mN.keras (or mN.h5), and mN.json with inputs, outputs and targets as flat lists. Optimizers other than Adam and other losses
than the mean squared error take turns. The steps are done in float64, too: `rounding` is the difference of the outputs, which is what
float32 leaves open. A bias before a BatchNormalization has the gradient 0, of which rounding makes a number, and Adam divides each
gradient by its own size: such outputs are known to a few digits only, in Keras and in mimo.
"""
import json
import os
import random
import sys

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from keras import layers as L
from keras import ops

BATCH = 3


class Maker:
    """Tensors by rank, and layers that are put on them."""

    def __init__(self, rng):
        self.rng = rng
        self.inputs, self.data = [], []
        self.flat, self.steps, self.images = [], [], []
        self.losses = []
        # Layers whose training is the same in both: no random numbers.
        self.count = rng.randint(3, 9)

    def add(self, tensor):
        rank = len(tensor.shape)
        pool = {2: self.flat, 3: self.steps, 4: self.images}.get(rank)
        if pool is not None and all(d is None or d <= 40 for d in tensor.shape[1:]):
            pool.append(tensor)
        return tensor

    def pick(self, pool):
        # Later tensors more often, so that models are deep.
        return pool[min(len(pool) - 1, int(len(pool) * self.rng.random() ** 0.5))]

    def input(self):
        kind = self.rng.choice(["flat", "steps", "image", "words", "masked"])
        n = self.rng.randint(2, 6)
        if kind == "flat":
            shape = (n,)
        elif kind in ("steps", "masked"):
            shape = (self.rng.randint(4, 9), n)
        elif kind == "image":
            shape = (self.rng.randint(6, 10), self.rng.randint(6, 10), self.rng.randint(1, 4))
        else:
            shape = (self.rng.randint(4, 9),)
        x = keras.Input(shape, dtype="int32" if kind == "words" else keras.config.floatx())
        self.inputs.append(x)
        values = np.random.RandomState(self.rng.randrange(2**31)).normal(size=(BATCH, *shape))
        if kind == "words":
            # Each word once: Keras on TensorFlow adds up the squares of gradients of a word that is there twice (see the README).
            values = 1 + np.random.RandomState(self.rng.randrange(2**31)).permutation(39)[: values.size].reshape(values.shape)
            values = values.astype("int32")
            # Keras warns of sequences without any step.
            values[1:, -2:] = 0
            self.data.append(values)
            mask = self.rng.random() < 0.5
            y = L.Embedding(40, self.rng.randint(2, 5), mask_zero=mask)(x)
            self.steps.append(y)
            if mask:
                self.flat.append(self.recurrent(seq=False)(y))
                self.flat.append(L.GlobalAveragePooling1D()(y))
                self.steps.remove(y)
        elif kind == "masked":
            values = values.astype("float32")
            values[1:, -2:] = 0.0
            self.data.append(values)
            y = L.Masking()(x)
            self.flat.append(self.recurrent(seq=False)(y))
            self.steps.append(x)
        else:
            self.data.append(values.astype("float32"))
            self.add(x)

    def activation(self):
        return self.rng.choice(
            [None, "relu", "tanh", "sigmoid", "elu", "selu", "gelu", "silu", "softplus", "softsign", "mish", "softmax", "hard_sigmoid", "leaky_relu"]
        )

    def initializers(self):
        return self.rng.choice(
            [{}, {}, {"kernel_initializer": "he_normal"}, {"bias_initializer": keras.initializers.RandomNormal(stddev=0.2)}, {"kernel_regularizer": keras.regularizers.L2(0.01)}, {"use_bias": False}]
        )

    def recurrent(self, seq=None):
        r = self.rng
        seq = r.random() < 0.5 if seq is None else seq
        cell = r.choice([L.LSTM, L.GRU, L.SimpleRNN])
        kind = {}
        if cell is L.GRU and r.random() < 0.3:
            kind["reset_after"] = False
        if r.random() < 0.2:
            kind["go_backwards"] = True
        layer = cell(r.randint(2, 5), return_sequences=seq, **kind)
        if r.random() < 0.3:
            layer = L.Bidirectional(layer, merge_mode=r.choice(["concat", "sum", "mul", "ave"]))
        return layer

    def on_flat(self):
        r, x = self.rng, self.pick(self.flat)
        n = x.shape[-1]
        same = [t for t in self.flat if t.shape == x.shape]
        choice = r.randrange(14)
        if choice < 3:
            return L.Dense(r.randint(2, 8), activation=self.activation(), **self.initializers())(x)
        if choice == 3:
            return L.BatchNormalization(momentum=r.choice([0.99, 0.9]))(x)
        if choice == 4:
            return L.LayerNormalization()(x)
        if choice == 5:
            return L.Concatenate()([self.pick(self.flat), self.pick(self.flat), x])
        if choice == 6 and len(same) > 1:
            return r.choice([L.Add, L.Subtract, L.Multiply, L.Average, L.Maximum, L.Minimum])()([x, same[0]])
        if choice == 7:
            return r.choice([L.ReLU(), L.LeakyReLU(negative_slope=0.2), L.ELU(), L.PReLU(alpha_initializer="ones"), L.Softmax(), L.Activation("tanh"), L.Dropout(0.0), L.GaussianNoise(0.0), L.UnitNormalization(), L.RMSNormalization(), L.Rescaling(0.5, 0.1), L.Identity(), L.ActivityRegularization(l2=0.01), L.AlphaDropout(0.0), L.GaussianDropout(0.0), L.Normalization(mean=0.3, variance=1.7)])(x)
        if choice == 8:
            return L.RepeatVector(r.randint(2, 5))(x)
        if choice == 9:
            return L.Dot(axes=1, normalize=r.random() < 0.5)([x, x])
        if choice == 10:
            return self.expression(x, same)
        if choice == 11 and n % 2 == 0:
            return L.Reshape((2, n // 2))(x)
        if choice == 12:
            shared = L.Dense(n, activation=self.activation())
            return shared(shared(x))
        if choice == 13:
            return self.nested(x, same)
        return L.Dense(r.randint(2, 8))(x)

    def expression(self, x, same):
        r = self.rng
        y = r.choice(same)
        return r.choice(
            [
                lambda: x + y * 0.5,
                lambda: 1.0 - ops.abs(x),
                lambda: ops.exp(-ops.square(x)) / 2,
                lambda: x / (1.0 + ops.square(y)),
                lambda: ops.tanh(x) * ops.sigmoid(y),
                lambda: ops.clip(x, -0.5, 0.5),
                lambda: ops.maximum(x, y) - ops.minimum(x, 0.25),
                lambda: ops.where(x > 0.0, x, y * 0.1),
                lambda: ops.softmax(x),
                lambda: ops.gelu(x),
                lambda: ops.leaky_relu(x, 0.1),
                lambda: ops.concatenate([x, y], axis=-1),
                lambda: ops.stack([x, y], axis=1),
                lambda: x[:, 0:1],
                lambda: ops.sum(x, axis=-1, keepdims=True),
                lambda: ops.log1p(ops.square(x)),
                lambda: ops.sqrt(ops.square(x) + 0.1),
                lambda: ops.power(x, 2.0),
                lambda: ops.expand_dims(x, -1),
                lambda: ops.einsum("bi,bj->bij", x, y),
                lambda: self.unary(x),
                lambda: self.unary(x),
                lambda: self.unary(x),
                lambda: self.binary(x, y),
                lambda: self.binary(x, y),
            ]
        )()

    def unary(self, x):
        small = ops.clip(x, -0.6, 0.6)
        positive = ops.square(x) + 1.1
        return self.rng.choice(
            [
                lambda: ops.arccos(small),
                lambda: ops.arccosh(positive),
                lambda: ops.arcsin(small),
                lambda: ops.arcsinh(x),
                lambda: ops.arctan(x),
                lambda: ops.arctanh(small),
                lambda: ops.cos(x),
                lambda: ops.cosh(small),
                lambda: ops.erf(x),
                lambda: ops.expm1(small),
                lambda: ops.log(positive),
                lambda: ops.log10(positive),
                lambda: ops.log2(positive),
                lambda: ops.log_softmax(x),
                lambda: ops.negative(x),
                lambda: ops.norm(x, axis=-1, keepdims=True),
                lambda: ops.prod(x, axis=-1, keepdims=True),
                lambda: ops.min(x, axis=-1, keepdims=True),
                lambda: ops.reciprocal(positive),
                lambda: ops.rsqrt(positive),
                lambda: ops.relu(x),
                lambda: ops.sin(x),
                lambda: ops.sinh(small),
                lambda: ops.sparsemax(x),
                lambda: ops.tan(small),
                lambda: x + ops.stop_gradient(x),
                lambda: x * ops.sign(x),
                lambda: x - ops.round(x),
                lambda: x + ops.floor(x),
                lambda: x * ops.ceil(x),
                lambda: x - ops.trunc(x),
                lambda: ops.squeeze(ops.expand_dims(x, 1), axis=1),
                lambda: ops.unstack(ops.stack([x, x * 2.0], axis=1), axis=1)[1],
                lambda: ops.split(ops.concatenate([x, x * 0.5], axis=-1), 2, axis=-1)[1],
                lambda: ops.cast(ops.expand_dims(ops.argmax(x, axis=-1), -1), x.dtype),
                lambda: ops.cast(ops.expand_dims(ops.argmin(x, axis=-1), -1), x.dtype),
                lambda: x * ops.cast(ops.any(x > 0.0, axis=-1, keepdims=True), x.dtype),
                lambda: x + ops.cast(ops.all(x < 0.5, axis=-1, keepdims=True), x.dtype),
            ]
        )()

    def binary(self, x, y):
        number = lambda flag: ops.cast(flag, x.dtype)
        return self.rng.choice(
            [
                lambda: ops.arctan2(x, ops.square(y) + 1.0),
                lambda: ops.add(x, y) * ops.subtract(x, 0.5),
                lambda: ops.divide(x, ops.square(y) + 1.0),
                lambda: ops.multiply(x, number(ops.greater_equal(x, y))),
                lambda: x * number(ops.less(x, y)) + number(ops.less_equal(y, 0.1)),
                lambda: x + number(ops.not_equal(x, 0.25)) - number(ops.equal(y, 0.25)),
                lambda: x * number(ops.logical_and(x > 0.0, y > 0.0)),
                lambda: x * number(ops.logical_or(ops.logical_not(x > 0.0), y > 0.0)),
                lambda: ops.floor_divide(x, 0.7) * 0.1 + y,
                lambda: ops.mod(x, 0.9) + y,
            ]
        )()

    def nested(self, x, same):
        a = keras.Input(x.shape[1:])
        h = L.Dense(4, activation="relu")(a)
        if self.rng.random() < 0.5:
            h = L.BatchNormalization()(h)
        if self.rng.random() < 0.3:
            inner = keras.Sequential([L.Input((4,)), L.Dense(3, activation="tanh"), L.Dense(4)])
            h = h + inner(h)
        model = keras.Model(a, L.Dense(3)(h))
        if len(same) > 1:
            return model(x) - model(same[0])
        return model(x)

    def on_steps(self):
        r, x = self.rng, self.pick(self.steps)
        steps, n = x.shape[1:]
        choice = r.randrange(20)
        if choice < 3:
            return self.recurrent()(x)
        if choice == 3:
            return L.Conv1D(r.randint(2, 5), r.randint(1, 3), padding=r.choice(["valid", "same", "causal"]), activation=self.activation(), dilation_rate=r.choice([1, 1, 2]) if steps > 4 else 1)(x) if steps > 4 else L.Flatten()(x)
        if choice == 4 and steps >= 3:
            return r.choice([L.MaxPooling1D(2), L.AveragePooling1D(2, strides=1), L.MaxPooling1D(3, padding="same"), L.UpSampling1D(2), L.ZeroPadding1D((1, 2)), L.Cropping1D((1, 0)), L.AdaptiveAveragePooling1D(2), L.AdaptiveMaxPooling1D(3), L.SpatialDropout1D(0.0)])(x)
        if choice == 5:
            return r.choice([L.GlobalMaxPooling1D(), L.GlobalAveragePooling1D(), L.Flatten()])(x)
        if choice == 6:
            layer = r.choice([L.MultiHeadAttention(2, 3), L.MultiHeadAttention(1, 2, value_dim=4, use_bias=False), L.GroupQueryAttention(3, 2, 1)])
            return layer(x, x, use_causal_mask=r.random() < 0.3)
        if choice == 7:
            return r.choice([L.Attention(use_scale=True), L.AdditiveAttention(), L.Attention(score_mode="concat")])([x, x])
        if choice == 8:
            return L.TimeDistributed(L.Dense(r.randint(2, 4), activation=self.activation()))(x)
        if choice == 9:
            return L.Permute((2, 1))(x)
        if choice == 10:
            return L.Dense(r.randint(2, 5), activation=self.activation())(x)
        if choice == 11:
            y, h, *_ = L.LSTM(3, return_state=True, return_sequences=True)(x)
            self.add(h)
            return y
        if choice == 12:
            return L.Reshape((n, steps))(x)
        if choice == 13 and steps > 4:
            return r.choice([L.SeparableConv1D(3, 2), L.DepthwiseConv1D(2, depth_multiplier=2), L.Conv1DTranspose(3, 2, strides=2)])(x)
        if choice == 14:
            return L.EinsumDense("abc,cd->abd", output_shape=(None, 4), bias_axes="d")(x)
        if choice == 15:
            return r.choice([L.LayerNormalization(), L.BatchNormalization(), L.GroupNormalization(1), L.UnitNormalization(axis=1), L.LayerNormalization(axis=[1, 2])])(x)
        if choice == 16:
            return r.choice([lambda: ops.mean(x, axis=1), lambda: ops.max(x, axis=-1), lambda: ops.transpose(x, (0, 2, 1)), lambda: x[:, -1], lambda: x[:, 1:3], lambda: x[..., 0], lambda: ops.reshape(x, (-1, steps * n)), lambda: ops.matmul(x, ops.transpose(x, (0, 2, 1))), lambda: ops.cumsum(x, axis=1), lambda: ops.flip(x, axis=1), lambda: ops.repeat(x, 2, axis=1), lambda: ops.logsumexp(x, axis=1), lambda: ops.tile(x, (1, 1, 2)), lambda: ops.std(x, axis=1), lambda: ops.var(x, axis=-1)])()
        if choice == 17:
            state = L.Dense(3)(self.pick(self.flat)) if self.flat else None
            return L.GRU(3, return_sequences=True)(x, initial_state=state)
        if choice == 18:
            return L.SpectralNormalization(L.Dense(3))(x)
        if choice == 19:
            return L.Bidirectional(L.GRU(2, return_sequences=True), backward_layer=L.GRU(2, return_sequences=True, go_backwards=True, reset_after=False))(x)
        return L.Flatten()(x)

    def on_images(self):
        r, x = self.rng, self.pick(self.images)
        h, w, c = x.shape[1:]
        choice = r.randrange(12)
        if min(h, w) < 4:
            return r.choice([L.Flatten(), L.GlobalAveragePooling2D(), L.GlobalMaxPooling2D(), L.UpSampling2D(2), L.ZeroPadding2D(1)])(x)
        if choice < 3:
            return L.Conv2D(r.randint(2, 4), r.choice([1, 2, 3, (2, 3)]), strides=r.choice([1, 1, 2]), padding=r.choice(["valid", "same"]), activation=self.activation(), **self.initializers())(x)
        if choice == 3:
            return r.choice([L.MaxPooling2D(2), L.AveragePooling2D((2, 1)), L.MaxPooling2D(3, strides=2, padding="same")])(x)
        if choice == 4:
            return r.choice([L.GlobalAveragePooling2D(), L.GlobalMaxPooling2D(keepdims=True), L.Flatten()])(x)
        if choice == 5:
            return r.choice([L.DepthwiseConv2D(3), L.SeparableConv2D(3, 2), L.Conv2DTranspose(2, 3, strides=2, padding="same")])(x)
        if choice == 6:
            return r.choice([L.UpSampling2D((2, 1)), L.UpSampling2D(2, interpolation="bilinear"), L.ZeroPadding2D(((1, 0), (0, 2))), L.Cropping2D(1)])(x)
        if choice == 7:
            return r.choice([L.BatchNormalization(), L.LayerNormalization(), L.PReLU(shared_axes=[1, 2]), L.GroupNormalization(c), L.SpatialDropout2D(0.0)])(x)
        if choice == 8:
            return L.Reshape((h * w, c))(x)
        if choice == 9:
            return L.TimeDistributed(L.GRU(3))(x)
        if choice == 10:
            y = L.Conv2D(c, 3, padding="same", activation="relu")(x)
            return L.Add()([x, y])
        return r.choice([L.AdaptiveAveragePooling2D(2), L.AdaptiveMaxPooling2D((2, 3)), L.Permute((3, 1, 2))])(x)

    def model(self):
        for _ in range(self.rng.randint(1, 3)):
            self.input()
        for _ in range(self.count):
            pools = [(self.flat, self.on_flat), (self.steps, self.on_steps), (self.images, self.on_images)]
            pool, step = self.rng.choice([it for it in pools if it[0]])
            self.add(step())
        heads = []
        for at in range(self.rng.randint(1, 3)):
            pool = self.rng.choice([p for p in (self.flat, self.steps, self.images) if p])
            x = pool[-1 - min(at, len(pool) - 1)]
            if len(x.shape) == 4:
                x = L.Flatten()(x)
            if len(x.shape) == 3 and self.rng.random() < 0.5:
                x = L.GlobalMaxPooling1D()(x)
            kind = self.rng.choice(["mse", "mse", "mae", "huber", "log_cosh", "binary", "categorical"])
            units = 3 if kind == "categorical" else self.rng.randint(1, 3)
            activation = {"binary": "sigmoid", "categorical": "softmax"}.get(kind)
            self.losses.append(kind + "_crossentropy" if activation else kind)
            heads.append(L.Dense(units, activation=activation, name=f"head_{at}")(x))
        used = keras.Model(self.inputs, heads)
        # Inputs that nothing reads are no inputs.
        return used


def optimizer(seed):
    O = keras.optimizers
    others = [O.SGD(0.05, momentum=0.9), O.SGD(0.05), O.RMSprop(0.01), O.Adagrad(0.05), O.AdamW(0.01), O.Nadam(0.01), O.Adamax(0.01), O.Adadelta(0.5), O.Lion(0.002), O.Adam(0.01, amsgrad=True), O.Adam(0.01, clipnorm=0.5)]
    return others[seed // 3 % len(others)] if seed % 3 == 2 else O.Adam(0.01)


def compiled(seed, maker, model):
    losses = maker.losses
    model.compile(optimizer=optimizer(seed), loss=losses if len(losses) > 1 else losses[0])


def steps(model, data, targets):
    for _ in range(5):
        model.train_on_batch(data, targets)
    return listed(model.predict_on_batch(data))


def rounding(seed, weights, targets, trained):
    """The difference of the same steps in float64, relative to the largest output."""
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    try:
        maker = Maker(random.Random(seed))
        model = maker.model()
        model.set_weights([w.astype("float64") for w in weights])
        compiled(seed, maker, model)
        data = [x.astype("float64") if x.dtype == "float32" else x for x in maker.data]
        exact = steps(model, data, [t.astype("float64") for t in targets])
        pairs = zip(exact, trained)
        return [float(np.abs(a - b).max() / max(1.0, np.abs(a).max())) for a, b in pairs]
    finally:
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")


def flat(arrays):
    return [np.asarray(a).astype("float64").ravel().tolist() for a in arrays]


def listed(outputs):
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


def main():
    directory, count = sys.argv[1], int(sys.argv[2])
    first = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    os.makedirs(directory, exist_ok=True)
    for seed in range(first, first + count):
        rng = random.Random(seed)
        keras.utils.set_random_seed(seed)
        keras.backend.clear_session()
        maker = Maker(rng)
        try:
            model = maker.model()
        except Exception as error:  # A layer that does not fit: another model.
            print(f"m{seed}: not made: {type(error).__name__}: {str(error)[:90]}")
            continue
        compiled(seed, maker, model)
        # Moving statistics that are not those of a new model.
        for w in model.weights:
            if "moving" in w.path:
                value = np.random.RandomState(seed).uniform(0.5, 1.5, size=w.shape)
                w.assign(value)
        outputs = listed(model.predict_on_batch(maker.data))
        name = f"{directory}/m{seed}"
        legacy = seed % 5 == 4
        try:
            model.save(name + (".h5" if legacy else ".keras"))
        except Exception as error:
            print(f"m{seed}: not saved: {str(error)[:90]}")
            continue
        state = np.random.RandomState(seed + 1)
        targets = []
        for loss, o in zip(maker.losses, outputs):
            values = state.normal(size=o.shape)
            if loss == "binary_crossentropy":
                values = values > 0
            if loss == "categorical_crossentropy":
                values = np.eye(3)[state.randint(0, 3, size=o.shape[:-1])]
            targets.append(values.astype("float32"))
        weights = model.get_weights()
        trained = steps(model, maker.data, targets)
        with open(name + ".json", "w") as f:
            json.dump(
                {
                    "file": os.path.basename(name) + (".h5" if legacy else ".keras"),
                    "input_names": [x._keras_history.operation.name for x in maker.inputs],
                    "inputs": flat(maker.data),
                    "outputs": flat(outputs),
                    "targets": flat(targets),
                    "trained": flat(trained),
                    "rounding": rounding(seed, weights, targets, trained),
                },
                f,
            )


main()
