"""Models of mimo as Keras files against what mimo predicts.

    cargo run --release --manifest-path fuzz/Cargo.toml --bin onnx -- FOLDER [examples|models|random [MODELS [SEED]]]
    cargo build --release -p mimo-convert
    KERAS_BACKEND=tensorflow TF_ENABLE_ONEDNN_OPTS=0 python mimo-convert/tests/parity/to_keras.py FOLDER [--mimo target/release/mimo]

Exports every `NAME.safetensors` of the folder, loads the file with Keras, predicts for the inputs of `NAME.json`, and compares with its
outputs: the largest difference is at most the limit times the largest number of an output. What Keras loads is saved by Keras again, and
that file has the same paths of weights. Models without a form in Keras are listed with the error.

    MIMO_TRAINED=FOLDER cargo test -p mimo-convert --test trained_for_keras

writes checkpoints, with which Keras trains for five more steps: its weights are those of mimo's five steps to 1e-4. With `--objects`, Keras makes the losses, metrics and optimizers of `tests/keras/objects.json`.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import warnings
import zipfile

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import h5py
import keras
import numpy as np


# What Keras does not compute, or otherwise where it does not matter.
KNOWN = {
    "model_convolutions": "TensorFlow has no dilated Conv2DTranspose for CPUs",
    "model_masked_attention": "without dropout, TensorFlow gives queries that are masked other numbers than with it; mimo has those",
}


def paths(file):
    """The paths of variables in a `.keras` file with their shapes."""
    found = {}
    with zipfile.ZipFile(file) as archive, archive.open("model.weights.h5") as member, h5py.File(member) as weights:

        def visit(name, item):
            if isinstance(item, h5py.Dataset):
                found[name] = (item.shape, str(item.dtype))

        weights.visititems(visit)
    return found


def numbers(port, rows):
    values = np.asarray([np.nan if it is None else it for it in port["values"]], np.float64)
    return values.reshape([rows, *port["shape"]])


def difference(found, wanted):
    # JSON has no infinities and no NaN.
    wanted = np.where(np.isnan(wanted) & ~np.isfinite(found), found, wanted)
    finite = np.isfinite(wanted)
    largest = np.abs(wanted[finite]).max(initial=0.0)
    worst = np.abs(found[finite] - wanted[finite]).max(initial=0.0)
    return worst / largest if largest > 0 else worst


def check(path, file):
    about = json.loads(path.with_suffix(".json").read_text())
    with warnings.catch_warnings():
        # Weights or a state of the optimizer that do not fit are warnings.
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", message="Skipping")
        model = keras.models.load_model(file)
    rows = about["rows"]
    inputs = {}
    for port in about["inputs"]:
        kind = np.int32 if port["whole"] else np.float32
        inputs[port["name"]] = np.asarray(port["values"], np.float64).astype(kind).reshape([rows, *port["shape"]])
    found = model(inputs if len(inputs) > 1 else next(iter(inputs.values())), training=False)
    if not isinstance(found, dict):
        found = found if isinstance(found, (list, tuple)) else [found]
        found = dict(zip(model.output_names, found))
    if sorted(found) != sorted(port["name"] for port in about["outputs"]):
        return np.inf, f"outputs are {sorted(found)}"
    worst, where = 0.0, ""
    for port in about["outputs"]:
        output = np.asarray(found[port["name"]], np.float64)
        wanted = numbers(port, rows)
        if output.shape != wanted.shape:
            return np.inf, f"{port['name']}: {output.shape}, and not {wanted.shape}"
        distance = difference(output, wanted)
        if not distance <= worst:
            worst, where = distance, port["name"]
    again = file.with_suffix(".again.keras")
    model.save(again)
    ours, theirs = paths(file), paths(again)
    again.unlink()
    if ours != theirs:
        changed = {key: (ours.get(key), theirs.get(key)) for key in {*ours, *theirs} if ours.get(key) != theirs.get(key)}
        return np.inf, f"paths of weights differ: {dict(sorted(changed.items()))}"
    return worst, where


def trained(path):
    """The largest difference of a weight after the steps that Keras makes, over the largest value of the weight, and which one."""
    about = json.loads(path.read_text())
    stem = path.name.removesuffix(".trained.json")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", message="Skipping")
        model = keras.models.load_model(path.with_name(f"{stem}.trained.keras"))
        after = keras.models.load_model(path.with_name(f"{stem}.after.keras"))

    def ports(ports):
        kinds = {port["name"]: np.int32 if port["whole"] else np.float32 for port in ports}
        found = {
            port["name"]: np.asarray(port["values"], kinds[port["name"]]).reshape([about["rows"], *port["shape"]])
            for port in ports
        }
        return found if len(found) > 1 else next(iter(found.values()))

    inputs, targets = ports(about["inputs"]), ports(about["targets"])
    for _ in range(about["steps"]):
        model.train_on_batch(inputs, targets)
    worst, where = 0.0, ""
    for found, wanted in zip(model.weights, after.weights, strict=True):
        distance = difference(np.asarray(found), np.asarray(wanted))
        if not distance <= worst:
            worst, where = distance, found.path
    return worst, where


def objects():
    """Losses, metrics, optimizers and what initializes, each made by Keras."""
    path = pathlib.Path(__file__).parents[1] / "keras" / "objects.json"
    failed = 0
    for name, config in json.loads(path.read_text()).items():
        try:
            made = keras.saving.deserialize_keras_object(config)
            given = {key: value for key, value in config["config"].items() if not isinstance(value, (dict, list))}
            kept = made.get_config()
            given = {key: value for key, value in given.items() if value is not None and kept.get(key) is not None}
            lost = [key for key, value in given.items() if kept[key] != value and not np.isclose(kept[key], value)]
            assert not lost, f"other values of {lost}"
        except Exception as error:
            failed += 1
            print(f"{name}: {' '.join(str(error).split())}"[:400])
    print(f"{failed} objects are not those of Keras")
    sys.exit(failed > 0)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path, nargs="?")
    parser.add_argument("--mimo", default="target/release/mimo")
    parser.add_argument("--limit", type=float, default=1e-5)
    parser.add_argument("--only", default="")
    parser.add_argument("--objects", action="store_true")
    arguments = parser.parse_args()
    if arguments.objects:
        objects()
    count = failed = 0
    refused = []
    for path in sorted(arguments.folder.glob("*.safetensors")):
        if arguments.only not in path.stem:
            continue
        file = path.with_suffix(".keras")
        rows = json.loads(path.with_suffix(".json").read_text())["rows"]
        command = [arguments.mimo, "export", path, "--keras", file]
        if "stateful" in path.stem:
            command += ["--batch-size", str(rows)]
        made = subprocess.run(command, capture_output=True, text=True)
        if made.returncode == 2:
            refused.append(f"{path.stem}: not exported: {made.stderr.strip()}")
            continue
        count += 1
        keras.backend.clear_session()
        try:
            worst, where = check(path, file)
        except Exception as error:
            if path.stem in KNOWN:
                print(f"{path.stem}: {KNOWN[path.stem]}")
                continue
            failed += 1
            lines = [line for line in str(error).splitlines() if line.strip()]
            print(f"{path.stem}: {type(error).__name__} {' | '.join(lines)}"[:600])
            continue
        if path.stem in KNOWN:
            print(f"{path.stem}: {worst:.1e} {where}; {KNOWN[path.stem]}")
        elif not worst <= arguments.limit:
            failed += 1
            print(f"{path.stem}: {worst:.1e} {where}"[:600])
    for path in sorted(arguments.folder.glob("*.trained.json")):
        count += 1
        keras.backend.clear_session()
        worst, where = trained(path)
        if not worst <= 1e-4:
            failed += 1
            print(f"{path.name}: {worst:.1e} {where}")
    for text in refused:
        print(text)
    print(f"{count - failed} of {count} are near, {len(refused)} are not exported")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
