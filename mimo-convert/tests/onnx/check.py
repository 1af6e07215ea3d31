"""ONNX files of models against what mimo predicts.

    cargo run --release --manifest-path fuzz/Cargo.toml --bin onnx -- FOLDER [examples|models|random [MODELS [SEED]]]
    python mimo-convert/tests/onnx/check.py FOLDER [--limit 1e-5] [--descriptions]

Runs every `NAME.onnx` of the folder in ONNX Runtime with the inputs of `NAME.json`, and compares with its outputs: the largest difference
is at most the limit times the largest number of an output. Files are checked by `onnx.checker` with shapes inferred, too. Models
without a form in ONNX (`NAME.error`) are listed. With `--descriptions` the descriptions of models that are not random are written
beside this script, for `mimo-convert/tests/exported.rs`. Needs the packages onnx and onnxruntime.
"""

import argparse
import json
import pathlib
import sys

import numpy as np
import onnx
import onnxruntime

# What draws random numbers has other ones each time.
RANDOM = ("random_normal", "random_uniform")


def feed(port):
    kind = np.int64 if port["whole"] else np.float32
    values = np.asarray(port["values"], kind)
    return values


def check(path, limit):
    about = json.loads(path.with_suffix(".json").read_text())
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    rows = about["rows"]
    inputs = {port["name"]: feed(port).reshape([rows, *port["shape"]]) for port in about["inputs"]}
    states = [port for port in session.get_inputs() if port.name not in inputs]
    for port in states:
        inputs[port.name] = np.zeros([rows, *port.shape[1:]], np.float32)
    wanted = {port["name"]: port for port in about["outputs"]}
    names = [port.name for port in session.get_outputs()][: len(wanted)]
    worst, where = 0.0, ""
    for (name, port), found in zip(wanted.items(), session.run(names, inputs)):
        numbers = np.asarray([np.nan if it is None else it for it in port["values"]], np.float64)
        numbers = numbers.reshape([rows, *port["shape"]])
        if found.shape != numbers.shape:
            return np.inf, f"{name}: {found.shape}, and not {numbers.shape}"
        # JSON has no infinities and no NaN.
        numbers = np.where(np.isnan(numbers) & ~np.isfinite(found), found, numbers)
        finite = np.isfinite(numbers)
        largest = np.abs(numbers[finite]).max(initial=0.0)
        difference = np.abs(found[finite] - numbers[finite]).max(initial=0.0)
        difference = difference / largest if largest > 0 else difference
        if not difference <= worst:
            worst, where = difference, name
    return worst, where


def describe(folder):
    """The graphs of models and the shapes of their weights."""
    models = {}
    for path in sorted(folder.glob("*.safetensors")):
        if path.stem.startswith("random_"):
            continue
        data = path.read_bytes()
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        graph = header.pop("__metadata__")["graph"]
        models[path.stem] = {"graph": graph, "weights": {name: about["shape"] for name, about in header.items()}}
    path = pathlib.Path(__file__).with_name("descriptions.json")
    lines = (f"{json.dumps(name)}: {json.dumps(model)}" for name, model in models.items())
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--limit", type=float, default=1e-5)
    parser.add_argument("--descriptions", action="store_true")
    arguments = parser.parse_args()
    if arguments.descriptions:
        describe(arguments.folder)
    failed = count = 0
    for path in sorted(arguments.folder.glob("*.onnx")):
        if any(word in path.stem for word in RANDOM):
            onnx.checker.check_model(onnx.load(path), full_check=True)
            continue
        count += 1
        try:
            worst, where = check(path, arguments.limit)
        except Exception as error:
            failed += 1
            print(f"{path.stem}: {str(error).splitlines()[0] if str(error) else error!r}"[:300])
            continue
        if not worst <= arguments.limit:
            failed += 1
            print(f"{path.stem}: {worst:.1e} {where}")
    for path in sorted(arguments.folder.glob("*.error")):
        print(f"{path.stem}: not exported: {path.read_text()}")
    print(f"{count - failed} of {count} are near")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
