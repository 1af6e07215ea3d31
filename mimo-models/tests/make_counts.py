"""Numbers of weights of Keras's models, for `counts.rs`.

    KERAS_BACKEND=jax python mimo-models/tests/make_counts.py

Writes `counts.txt`: model, trained weights, other weights. `Normalization` counts the batches that it has seen in a weight
that nothing computes with; it is left out.
"""

import os
import pathlib

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras

MODELS = [
    "VGG16",
    "VGG19",
    "ResNet50",
    "ResNet50V2",
    "MobileNet",
    "MobileNetV2",
    "MobileNetV3Small",
    "DenseNet121",
    "InceptionV3",
    "InceptionResNetV2",
    "Xception",
    "NASNetMobile",
    "EfficientNetB0",
    "EfficientNetV2B0",
    "ConvNeXtTiny",
]


def size(weights):
    return sum(int(weight.value.size) for weight in weights if weight.name != "count")


def main():
    lines = []
    for name in MODELS:
        shape = {"input_shape": (224, 224, 3)} if name.startswith("MobileNet") else {}
        model = getattr(keras.applications, name)(weights=None, **shape)
        lines.append(f"{name} {size(model.trainable_weights)} {size(model.non_trainable_weights)}")
        print(lines[-1], flush=True)
    pathlib.Path(__file__).with_name("counts.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
