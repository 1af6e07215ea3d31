"""Names of Keras's words, for `mimo-graph/src/language/tests/names.rs`.

`KERAS_BACKEND=jax python make_names.py` writes names.json beside this script: what each module exports, and the key that logs
have for each class of metrics, which is the name of the metric, and the defaults of arguments: word, argument, value.
"""

import inspect
import json
import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras

HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = (
    "layers", "losses", "metrics", "optimizers", "activations", "initializers", "regularizers", "constraints", "ops",
    "schedules",
)
# Functions of every module that read and write configurations.
OF_CONFIGURATIONS = ("deserialize", "get", "serialize")
# Arguments that have to be given.
NEEDED = {"num_classes": 2, "target_class_ids": [0], "recall": 0.5, "precision": 0.5, "specificity": 0.5, "sensitivity": 0.5}
# Classes that others are made of.
BASES = ("Metric", "MeanMetricWrapper")


def namespace(module):
    return keras.optimizers.schedules if module == "schedules" else getattr(keras, module)


def exported(module):
    module = namespace(module)
    names = (name for name in dir(module) if not name.startswith("_") and callable(getattr(module, name)))
    return sorted(name for name in names if name not in OF_CONFIGURATIONS)


def key(metric):
    parameters = inspect.signature(metric).parameters
    return metric(**{name: value for name, value in NEEDED.items() if name in parameters}).name


def written(value):
    """A default as it is written in a model; nothing for one that is no value there."""
    if value is None or isinstance(value, bool):
        return {None: "none", True: "true", False: "false"}[value]
    return value if isinstance(value, str) else str(value) if isinstance(value, (int, float)) else ""


def defaults(owner, name):
    for parameter in inspect.signature(owner).parameters.values():
        if parameter.default is not inspect.Parameter.empty and written(parameter.default):
            yield from (name, parameter.name, written(parameter.default))


def main():
    names = {module: exported(module) for module in MODULES}
    classes = [getattr(keras.metrics, name) for name in names["metrics"]]
    classes = [metric for metric in classes if inspect.isclass(metric) and metric.__name__ not in BASES]
    names["metric_keys"] = [part for metric in classes for part in (metric.__name__, key(metric))]
    words = [(getattr(namespace(module), name), name) for module in MODULES for name in names[module]]
    words = [word for word in words if not word[1].startswith("Torch")] + [(keras.Model.compile, "compile")]
    names["defaults"] = [part for owner, name in words for part in defaults(owner, name)]
    lines = ",\n".join(f" {json.dumps(module)}: {json.dumps(listed)}" for module, listed in names.items())
    with open(os.path.join(HERE, "names.json"), "w") as file:
        file.write(f"{{\n{lines}\n}}\n")


if __name__ == "__main__":
    main()
