"""What Keras's layers do with masks, for `mimo-graph/src/layers/tests/masks.rs`.

`KERAS_BACKEND=jax python make_masks.py` writes masks.json beside this script: by class, whether it supports masking (else a mask
is lost, with a warning), whether it has a `compute_mask` of its own (else it keeps the mask), and the masks that a call takes.
"""

import inspect
import json
import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
from keras import layers

HERE = os.path.dirname(os.path.abspath(__file__))
# Arguments of classes that cannot be made without.
ARGUMENTS = {
    "Activation": ["relu"],
    "AveragePooling1D": [2],
    "AveragePooling2D": [2],
    "Bidirectional": [layers.LSTM(1)],
    "CategoryEncoding": [2],
    "Dot": [1],
    "EinsumDense": ["abc,cd->abd", 2],
    "Embedding": [3, 2],
    "GroupQueryAttention": [2, 2, 1],
    "MultiHeadAttention": [2, 2],
    "Permute": [[1]],
    "RepeatVector": [2],
    "Rescaling": [2.0],
    "Reshape": [[1]],
    "SpectralNormalization": [layers.Dense(1)],
    "TimeDistributed": [layers.Dense(1)],
}
STARTS = {
    "Adaptive": [2],
    "Conv": [1, 1],
    "Separable": [1, 1],
    "Depthwise": [1],
    "AlphaDropout": [0.5],
    "Dropout": [0.5],
    "Gaussian": [0.5],
    "SpatialDropout": [0.5],
    "Dense": [1],
    "GRU": [1],
    "LSTM": [1],
    "SimpleRNN": [1],
}


def made(name, layer):
    if name in ARGUMENTS:
        return layer(*ARGUMENTS[name])
    return layer(*next((given for start, given in STARTS.items() if name.startswith(start)), []))


def main():
    found = {}
    for name in sorted(dir(layers)):
        layer = getattr(layers, name)
        if not inspect.isclass(layer) or not issubclass(layer, layers.Layer):
            continue
        try:
            instance = made(name, layer)
        except Exception:
            # Layers of other kinds: cells, wrappers of functions, preprocessing.
            continue
        taken = [word for word in inspect.signature(layer.call).parameters if word.endswith("mask")]
        found[name] = {
            "supports": bool(instance.supports_masking),
            "own": layer.compute_mask is not layers.Layer.compute_mask,
            "takes": [word for word in taken if "causal" not in word],
        }
    with open(os.path.join(HERE, "masks.json"), "w") as file:
        lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(masks)}" for name, masks in found.items())
        file.write(f"{{\n{lines}\n}}\n")


main()
