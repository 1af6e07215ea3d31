"""The nine nets of `benches/nine/models.rs`: their data, their weights, and the nets themselves in Keras.

Layers have the names that mimo gives them, so weights are matched by name (`dense/kernel`), and all layouts are
Keras's. What a program in another framework needs, it makes from these.
"""

import math

import numpy as np

#: Rows of a batch.
BATCH = 32

#: Name and shape of a sample of every input, in order.
INPUTS = {
    1: {"image": (128, 128, 3), "text": (100, 1)},
    2: {"series": (100, 1)},
    3: {"ecg": (256, 1), "pressure": (1,)},
    4: {"features": (100,)},
    5: {"image": (28, 28, 1)},
    6: {"features": (100,)},
    7: {"features": (10,)},
    8: {"image": (32, 32, 3)},
    9: {"series": (100, 50)},
}

#: Name, shape of a sample, kind and loss weight of every output, in order. A `number` is trained with the squared error
#: and measured by the absolute one; a `class` is a softmax with the cross-entropy, `labels` are sigmoids with the
#: binary cross-entropy, and accuracy is measured of both. `pixels` are sigmoids trained and measured as numbers.
OUTPUTS = {
    1: [("sentiment", (1,), "labels", 1.0)],
    2: [("next", (1,), "number", 1.0), ("second", (1,), "number", 0.8), ("third", (1,), "number", 0.5)],
    3: [("diagnosis", (3,), "class", 1.0), ("risk", (1,), "labels", 0.5)],
    4: [("value", (1,), "number", 1.0), ("kind", (3,), "class", 1.0)],
    5: [("label", (10,), "labels", 1.0), ("again", (28, 28, 1), "pixels", 1.0)],
    6: [("value", (1,), "number", 1.0), ("kind", (5,), "class", 1.0)],
    7: [("first", (1,), "number", 1.0), ("second", (1,), "number", 1.0), ("third", (1,), "number", 1.0)],
    8: [("kind", (10,), "class", 1.0), ("value", (1,), "number", 1.0)],
    9: [("values", (50,), "number", 1.0), ("kind", (20,), "class", 1.0)],
}

#: Name and shape of the kernel of every layer that has weights, in the order of mimo's fields.
LAYERS = {
    1: {"conv2d": (3, 3, 3, 32), "lstm": (1, 256), "sentiment": (63 * 63 * 32 + 64, 1)},
    2: {"lstm": (1, 256), "next": (64, 1), "second": (64, 1), "third": (64, 1)},
    3: {"conv1d": (3, 1, 32), "diagnosis": (127 * 32 + 1, 3), "risk": (127 * 32 + 1, 1)},
    4: {"dense": (100, 64), "dense_1": (64, 32), "value": (32, 1), "kind": (32, 3)},
    5: {
        "conv2d": (3, 3, 1, 32),
        "dense": (13 * 13 * 32, 64),
        "label": (64, 10),
        "dense_1": (64, 7 * 7 * 32),
        "conv2d_transpose": (3, 3, 32, 32),
        "again": (3, 3, 1, 32),
    },
    6: {"dense": (100, 64), "dense_1": (64, 32), "dense_2": (64, 32), "value": (32, 1), "kind": (32, 5)},
    7: {"dense": (10, 64), "dense_1": (64, 32), "first": (32, 1), "second": (32, 1), "third": (32, 1)},
    8: {
        "conv2d": (3, 3, 3, 32),
        "conv2d_1": (3, 3, 32, 64),
        "dense": (6 * 6 * 64, 128),
        "dense_1": (6 * 6 * 64, 64),
        "kind": (128, 10),
        "value": (64, 1),
    },
    9: {"lstm": (50, 512), "dense": (128, 64), "dense_1": (128, 64), "values": (64, 50), "kind": (64, 20)},
}

#: Streams of `uniform`: inputs, targets and weights are numbered from these, in order.
INPUT, TARGET, WEIGHT = 1, 101, 201


def uniform(stream, count):
    """`count` reproducible numbers in -1..1: the top 24 bits of SplitMix64, exact in f32."""
    z = (np.arange(1, count + 1, dtype=np.uint64) + np.uint64(stream << 32)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float32) / np.float32(2**23) - np.float32(1)


def inputs(net, rows):
    """The inputs of some rows, in order; those of `benches/nine/measure.rs`."""
    shapes = INPUTS[net].values()
    return [uniform(INPUT + at, rows * math.prod(shape)).reshape(rows, *shape) for at, shape in enumerate(shapes)]


def targets(net, rows):
    """The targets of some rows, in order; those of `benches/nine/measure.rs`. Classes are rows of zeros and a one."""
    columns = []
    for at, (_, shape, kind, _) in enumerate(OUTPUTS[net]):
        column = uniform(TARGET + at, rows * math.prod(shape)).reshape(rows, *shape)
        if kind == "class":
            column = np.eye(shape[0], dtype=np.float32)[np.arange(rows) % shape[0]]
        elif kind == "labels":
            column = (column > 0).astype(np.float32)
        columns.append(column)
    return columns


def weight_shapes(net):
    """Name and shape of every weight, in the order of mimo's fields."""
    shapes = {}
    for layer, kernel in LAYERS[net].items():
        shapes[f"{layer}/kernel"] = kernel
        if layer == "lstm":
            shapes["lstm/recurrent_kernel"] = (kernel[1] // 4, kernel[1])
        # The last axis counts filters, but the last but one in a transposed convolution.
        transposed = net == 5 and layer in ("conv2d_transpose", "again")
        shapes[f"{layer}/bias"] = (kernel[-2 if transposed else -1],)
    return shapes


def limit(shape):
    """The bound of Glorot's uniform initializer."""
    receptive = math.prod(shape[:-2])
    return np.float32(math.sqrt(6 / (receptive * (shape[-2] + shape[-1]))))


def weights(net):
    """First weights by name: Glorot-uniform kernels and no biases; those of `benches/nine/measure.rs`."""
    return {
        name: (uniform(WEIGHT + at, math.prod(shape)) * limit(shape)).reshape(shape)
        if len(shape) > 1
        else np.zeros(shape, dtype=np.float32)
        for at, (name, shape) in enumerate(weight_shapes(net).items())
    }


def keras_net(net, **compile_options):
    """Net `net` in Keras, compiled with Adam, its losses and its metrics."""
    import keras
    from keras import layers as k

    keras.utils.clear_session()
    given = [keras.Input(shape, name=name) for name, shape in INPUTS[net].items()]
    x = given[0]

    def head(name, units, activation=None):
        return k.Dense(units, activation=activation, name=name)

    if net == 1:
        image = k.Flatten()(k.MaxPooling2D(2)(k.Conv2D(32, 3, activation="relu", name="conv2d")(x)))
        text = k.LSTM(64, name="lstm")(given[1])
        made = [head("sentiment", 1, "sigmoid")(k.concatenate([image, text]))]
    elif net == 2:
        x = k.LSTM(64, name="lstm")(x)
        made = [head(name, 1)(x) for name in ("next", "second", "third")]
    elif net == 3:
        x = k.Flatten()(k.MaxPooling1D(2)(k.Conv1D(32, 3, activation="relu", name="conv1d")(x)))
        x = k.concatenate([x, given[1]])
        made = [head("diagnosis", 3, "softmax")(x), head("risk", 1, "sigmoid")(x)]
    elif net in (4, 7):
        x = head("dense", 64, "relu")(x)
        x = head("dense_1", 32, "relu")(x)
        if net == 4:
            made = [head("value", 1)(x), head("kind", 3, "softmax")(x)]
        else:
            made = [head(name, 1)(x) for name in ("first", "second", "third")]
    elif net == 5:
        x = k.Flatten()(k.MaxPooling2D(2)(k.Conv2D(32, 3, activation="relu", name="conv2d")(x)))
        x = head("dense", 64, "relu")(x)
        y = k.Reshape((7, 7, 32))(head("dense_1", 7 * 7 * 32, "relu")(x))
        up = {"strides": 2, "padding": "same"}
        y = k.Conv2DTranspose(32, 3, activation="relu", name="conv2d_transpose", **up)(y)
        again = k.Conv2DTranspose(1, 3, activation="sigmoid", name="again", **up)(y)
        made = [head("label", 10, "sigmoid")(x), again]
    elif net == 6:
        x = head("dense", 64, "relu")(x)
        value = head("value", 1)(head("dense_1", 32, "relu")(x))
        made = [value, head("kind", 5, "softmax")(head("dense_2", 32, "relu")(x))]
    elif net == 8:
        x = k.MaxPooling2D(2)(k.Conv2D(32, 3, activation="relu", name="conv2d")(x))
        x = k.MaxPooling2D(2)(k.Conv2D(64, 3, activation="relu", name="conv2d_1")(x))
        x = k.Flatten()(x)
        kind = head("kind", 10, "softmax")(head("dense", 128, "relu")(x))
        made = [kind, head("value", 1)(head("dense_1", 64, "relu")(x))]
    elif net == 9:
        x = k.LSTM(128, name="lstm")(x)
        values = head("values", 50)(head("dense", 64, "relu")(x))
        made = [values, head("kind", 20, "softmax")(head("dense_1", 64, "relu")(x))]
    else:
        raise ValueError(f"there is no net {net}")

    losses = {"number": "mse", "pixels": "mse", "class": "categorical_crossentropy", "labels": "binary_crossentropy"}
    metrics = {"number": "mae", "pixels": "mae", "class": "accuracy", "labels": "accuracy"}
    if net == 5:  # "accuracy" of ten labels would compare the largest of them.
        metrics["labels"] = "binary_accuracy"
    model = keras.Model(given, made)
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3, epsilon=1e-7),
        loss=[losses[kind] for _, _, kind, _ in OUTPUTS[net]],
        loss_weights=[weight for *_, weight in OUTPUTS[net]],
        metrics=[[metrics[kind]] for _, _, kind, _ in OUTPUTS[net]],
        **compile_options,
    )
    return model


def keras_weights(model):
    """The variables of a model in Keras by mimo's names."""
    return {f"{layer.name}/{variable.name}": variable for layer in model.layers for variable in layer.weights}
