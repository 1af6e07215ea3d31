"""The families of keras.applications, with small inputs and random weights: files, inputs and outputs as generate.py writes them.

    KERAS_BACKEND=tensorflow python applications.py DIRECTORY [NAME…]
"""
import json
import os
import sys

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from keras import applications as A

FAMILIES = [
    (A.VGG16, 32), (A.ResNet50, 32), (A.ResNet50V2, 32), (A.InceptionV3, 75), (A.InceptionResNetV2, 75), (A.Xception, 71),
    (A.MobileNet, 32), (A.MobileNetV2, 32), (A.MobileNetV3Small, 32), (A.MobileNetV3Large, 32), (A.DenseNet121, 32),
    (A.NASNetMobile, 32), (A.EfficientNetB0, 32), (A.EfficientNetV2B0, 32), (A.ConvNeXtTiny, 32), (A.VGG19, 32),
]


def main():
    directory, names = sys.argv[1], sys.argv[2:]
    os.makedirs(directory, exist_ok=True)
    for at, (family, size) in enumerate(FAMILIES):
        if names and family.__name__ not in names:
            continue
        keras.backend.clear_session()
        keras.utils.set_random_seed(at)
        try:
            model = family(weights=None, include_top=True, input_shape=(size, size, 3), classes=4)
        except Exception as error:
            print(family.__name__, str(error)[:150])
            continue
        state = np.random.RandomState(at)
        for w in model.weights:
            if "moving" in w.path:
                w.assign(state.uniform(0.5, 1.5, size=w.shape))
        x = state.uniform(0, 1, size=(2, size, size, 3)).astype("float32")
        y = np.asarray(model.predict_on_batch(x))
        model.save(f"{directory}/m{at}.keras")
        case = {"file": f"m{at}.keras", "family": family.__name__, "parameters": model.count_params(), "input_names": [i._keras_history.operation.name for i in model.inputs],
                "inputs": [x.astype("float64").ravel().tolist()], "outputs": [y.astype("float64").ravel().tolist()]}
        with open(f"{directory}/m{at}.json", "w") as f:
            json.dump(case, f)
        print(at, family.__name__, model.count_params())


main()
