"""The models against Keras, with the same weights on small images, in float64: logits, gradients of one step of SGD
without dropout, and the moving statistics after it.

    KERAS_BACKEND=tensorflow python mimo-models/tests/parity.py [--out FOLDER] [--release] [--names] [MODEL …]

For each model a program is generated that brings its function in, because those of the crate read large images. It writes its weights by `save`; statistics of normalizations, scales and biases are then made random, both sides
read the same numbers, and both compute. A deviation is the largest difference in a tensor, relative to Keras's largest
number in it. Gradients that are 0 in exact arithmetic, as those of a bias before a normalization, are relative to a
billionth of the largest gradient of the model. Fails if a deviation is above its limit. Keras's backend must compute in
float64: on torch, its `Dense` does not. Constants of preprocessing are set again, since Keras rounds them to float32.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import time

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("JAX_ENABLE_X64", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
BATCH = 4
CLASSES = 10
LIMITS = {"logits": 1e-5, "gradients": 1e-4, "moving": 1e-5}

NO_DROPOUT = {"dropout_rate": 0.0, "drop_connect_rate": 0.0}

# Name: Keras's model, file, function, settings by Keras's names, size of the images.
MODELS = {
    "VGG16": ("VGG16", "vgg", "vgg16", {}, 32),
    "ResNet50": ("ResNet50", "resnet", "resnet50", {}, 32),
    "MobileNetV2": ("MobileNetV2", "mobilenet_v2", "mobilenet_v2", {}, 33),
    "EfficientNetB0": ("EfficientNetB0", "efficientnet", "efficientnet_b0", NO_DROPOUT, 33),
    "DenseNet121": ("DenseNet121", "densenet", "densenet121", {}, 32),
    "ConvNeXtTiny": ("ConvNeXtTiny", "convnext", "convnext_tiny", {}, 32),
    "MobileNet": ("MobileNet", "mobilenet", "mobilenet", {"dropout": 0.0}, 32),
    "Xception": ("Xception", "xception", "xception", {}, 71),
    "ResNet50V2": ("ResNet50V2", "resnet_v2", "resnet50_v2", {}, 32),
    "InceptionV3": ("InceptionV3", "inception_v3", "inception_v3", {}, 75),
    "MobileNetV3Small": ("MobileNetV3Small", "mobilenet_v3", "mobilenet_v3_small", {"dropout_rate": 0.0}, 32),
    "EfficientNetV2B0": ("EfficientNetV2B0", "efficientnet_v2", "efficientnet_v2_b0", NO_DROPOUT, 32),
    "InceptionResNetV2": ("InceptionResNetV2", "inception_resnet_v2", "inception_resnet_v2", {}, 75),
    "VGG19": ("VGG19", "vgg", "vgg19", {}, 32),
    "NASNetMobile": ("NASNetMobile", "nasnet", "nasnet_mobile", {}, 32),
}

# The same for other members of the families and for options.
VARIANTS = {
    "VGG16_features": ("VGG16", "vgg", "vgg16", {"include_top": False, "pooling": "max"}, 32),
    "ResNet101": ("ResNet101", "resnet", "resnet101", {}, 32),
    "ResNet152V2": ("ResNet152V2", "resnet_v2", "resnet152_v2", {}, 32),
    "DenseNet169": ("DenseNet169", "densenet", "densenet169", {"include_top": False}, 32),
    "MobileNet_narrow": (
        "MobileNet",
        "mobilenet",
        "mobilenet",
        {"alpha": 0.5, "depth_multiplier": 2, "include_top": False, "pooling": "avg"},
        33,
    ),
    "MobileNetV2_narrow": ("MobileNetV2", "mobilenet_v2", "mobilenet_v2", {"alpha": 0.35}, 32),
    "MobileNetV2_wide": ("MobileNetV2", "mobilenet_v2", "mobilenet_v2", {"alpha": 1.4}, 32),
    "MobileNetV3Small_minimalistic": (
        "MobileNetV3Small",
        "mobilenet_v3",
        "mobilenet_v3_small",
        {"minimalistic": True, "alpha": 0.75, "include_preprocessing": False, "dropout_rate": 0.0},
        32,
    ),
    "MobileNetV3Large": ("MobileNetV3Large", "mobilenet_v3", "mobilenet_v3_large", {"dropout_rate": 0.0}, 33),
    "EfficientNetB3": ("EfficientNetB3", "efficientnet", "efficientnet_b3", {}, 32),
    "EfficientNetB7": ("EfficientNetB7", "efficientnet", "efficientnet_b7", {}, 32),
    "EfficientNetV2B2": ("EfficientNetV2B2", "efficientnet_v2", "efficientnet_v2_b2", {}, 32),
    "EfficientNetV2B3": ("EfficientNetV2B3", "efficientnet_v2", "efficientnet_v2_b3", {}, 32),
    "EfficientNetV2S": ("EfficientNetV2S", "efficientnet_v2", "efficientnet_v2_s", {}, 32),
    "EfficientNetV2M": ("EfficientNetV2M", "efficientnet_v2", "efficientnet_v2_m", {}, 32),
    "EfficientNetV2L": ("EfficientNetV2L", "efficientnet_v2", "efficientnet_v2_l", {}, 32),
    "ConvNeXtBase": (
        "ConvNeXtBase",
        "convnext",
        "convnext_base",
        {"include_preprocessing": False, "include_top": False, "pooling": "avg"},
        32,
    ),
    "NASNetLarge": ("NASNetLarge", "nasnet", "nasnet_large", {}, 32),
}

MANIFEST = """[package]
name = "parity"
version = "0.0.0"
edition = "2024"

[workspace]

[dependencies]
mimo = {{ package = "mimo-nn", path = "{root}" }}
mimo-models = {{ path = "{root}/mimo-models", default-features = false }}

[profile.dev]
debug = 0
incremental = false

[profile.dev.package."*"]
opt-level = 3

[profile.release]
opt-level = 0

[profile.release.package."*"]
opt-level = 3
"""

PROGRAM = """// Generated by mimo-models/tests/parity.py.
#![allow(non_snake_case)]
use mimo::prelude::*;

model! {{
    pub Net {{
        use mimo_models::{file}::{function};

        let image = Input(shape = [{size}, {size}, 3]);
        let answer = {function}(image, classes = {classes}, classifier_activation = none, {settings});
        Model(inputs = [image], outputs = [answer]).compile(optimizer = SGD(1.0), loss = mse)
    }}
}}

fn numbers(folder: &str, name: &str) -> Vec<f64> {{
    let bytes = std::fs::read(format!("{{folder}}/{{name}}")).expect("a file of numbers");
    bytes.chunks_exact(8).map(|bytes| f64::from_le_bytes(bytes.try_into().expect("eight bytes"))).collect()
}}

fn main() -> mimo::Result<()> {{
    let mut arguments = std::env::args().skip(1);
    let (folder, what) = (arguments.next().expect("a folder"), arguments.next().expect("save or step"));
    let mut model = Net::<f64>::build(1);
    if what == "save" {{
        return model.save(format!("{{folder}}/weights.safetensors"));
    }}
    model.load_weights(format!("{{folder}}/weights.safetensors"))?;
    let inputs = NetInputs {{ image: tensor(numbers(&folder, "image.f64"))? }};
    let targets = NetTargets {{ answer: tensor(numbers(&folder, "targets.f64"))? }};
    let logits = model.predict(&inputs)?.answer.as_vec();
    let bytes: Vec<u8> = logits.iter().flat_map(|number| number.to_le_bytes()).collect();
    std::fs::write(format!("{{folder}}/logits.f64"), bytes).expect("a file");
    let mut trainer = Trainer::new(&mut model)?;
    let loss = trainer.train_on_batch(&inputs, &targets)?.loss;
    drop(trainer);
    println!("{{loss:?}}");
    model.save(format!("{{folder}}/after.safetensors"))
}}
"""


class File:
    """A safetensors file of float64."""

    def __init__(self, path):
        data = bytearray(path.read_bytes())
        length = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + length])
        header.pop("__metadata__", None)
        self.data = data
        self.tensors = {}
        for name, about in header.items():
            assert about["dtype"] == "F64", about
            start, end = about["data_offsets"]
            part = np.frombuffer(data, "<f8", (end - start) // 8, 8 + length + start)
            self.tensors[name] = part.reshape(about["shape"])


def randomize(tensors):
    """Other values than initializers', where they are all the same."""
    rng = np.random.default_rng(7)
    for name, values in tensors.items():
        end = name.rsplit("/", 1)[1]
        if end in ("gamma", "moving_variance", "variance") or name.endswith("layer_scale/weight"):
            values[...] = rng.uniform(0.5, 1.5, values.shape)
        elif end in ("beta", "bias", "moving_mean", "mean"):
            values[...] = rng.normal(0.0, 0.1, values.shape)


def keras_model(name, settings, size):
    import keras

    keras.utils.set_random_seed(1)
    keras.backend.clear_session()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    common = {
        "weights": None,
        "input_shape": (size, size, 3),
        "classes": CLASSES,
        "classifier_activation": None,
    }
    # Dropout rates are settings of the functions below the public ones.
    if name == "EfficientNetB0" and settings:
        from keras.src.applications.efficientnet import EfficientNet

        return EfficientNet(1.0, 1.0, 224, **settings, **common)
    if name == "EfficientNetV2B0" and settings:
        from keras.src.applications.efficientnet_v2 import EfficientNetV2

        return EfficientNetV2(1.0, 1.0, 224, name="efficientnetv2-b0", **settings, **common)
    return getattr(keras.applications, name)(**settings, **common)


def keras_weights(model):
    """Keras's weights by mimo's names."""
    found = {}
    for layer in model._flatten_layers(include_self=False, recursive=True):
        for weight in layer._trainable_variables + layer._non_trainable_variables:
            if type(layer).__name__ == "LayerScale":
                found[f"{layer.name}/weight"] = weight
            elif weight.name != "count" and "seed" not in weight.name:
                found[f"{layer.name}/{weight.name}"] = weight
    return found


def normalize(layer):
    """Lets a `Normalization` compute with the numbers of its mean and variance."""
    if layer.input_mean is None:
        layer.finalize_state()
        return
    shape = layer.mean.shape
    layer.mean = np.reshape(np.asarray(layer.input_mean, "f8"), shape)
    layer.variance = np.reshape(np.asarray(layer.input_variance, "f8"), shape)


def deviation(found, wanted, least=0.0):
    largest = max(np.abs(wanted).max(), least)
    difference = np.abs(found - wanted).max()
    return difference / largest if largest > 0 else difference


def worst(pairs):
    pairs = list(pairs)
    least = 1e-9 * max((np.abs(wanted).max() for _, (_, wanted) in pairs), default=0.0)
    return max(((deviation(*pair, least), name) for name, pair in pairs), default=(0.0, ""))


def written(value):
    """A value of Python in the language."""
    return str(value).lower()


def run(name, out, release, names_only):
    keras_name, file, function, settings, size = (MODELS | VARIANTS)[name]
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    program = PROGRAM.format(
        file=file,
        size=size,
        function=function,
        classes=CLASSES,
        settings=", ".join(f"{key} = {written(value)}" for key, value in settings.items()),
    )
    path = out / "src/bin" / f"{name}.rs"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != program:
        path.write_text(program)
    (out / "Cargo.toml").write_text(MANIFEST.format(root=ROOT))
    (out / "Cargo.lock").write_bytes((ROOT / "Cargo.lock").read_bytes())
    profile = ["--release"] if release else []
    environment = dict(os.environ, CARGO_TARGET_DIR=str(ROOT / "target"))
    started = time.time()
    build = ["cargo", "build", "--quiet", "--bin", name, *profile]
    subprocess.run(build, cwd=out, env=environment, check=True)
    built = time.time() - started
    program = ROOT / "target" / ("release" if release else "debug") / name

    subprocess.run([program, folder, "save"], check=True)
    weights = File(folder / "weights.safetensors")
    model = keras_model(keras_name, settings, size)
    variables = keras_weights(model)
    shapes = {path: tuple(values.shape) for path, values in weights.tensors.items()}
    keras_shapes = {path: tuple(variable.shape) for path, variable in variables.items()}
    different = sorted(set(shapes.items()) ^ set(keras_shapes.items()))
    assert not different, f"other weights: {different[:20]}"
    if names_only:
        count = sum(values.size for values in weights.tensors.values())
        print(f"{name}: {len(shapes)} weights of equal names and shapes, {count} numbers", flush=True)
        return True

    randomize(weights.tensors)
    (folder / "weights.safetensors").write_bytes(weights.data)
    before = {path: values.copy() for path, values in weights.tensors.items()}
    for path, variable in variables.items():
        variable.assign(before[path])
    for layer in model.layers:
        if type(layer).__name__ == "Normalization":
            normalize(layer)
        if type(layer).__name__ == "Rescaling":
            layer.scale, layer.offset = np.asarray(layer.scale, "f8"), np.asarray(layer.offset, "f8")
    rng = np.random.default_rng(3)
    # Models that begin with their preprocessing read bytes.
    low, high = (0.0, 255.0) if re.match("Eff|ConvNeXt|MobileNetV3", name) else (-1.0, 1.0)
    image = rng.uniform(low, high, (BATCH, size, size, 3))
    targets = rng.normal(0.0, 1.0, (BATCH, *model.output_shape[1:]))
    image.astype("<f8").tofile(folder / "image.f64")
    targets.astype("<f8").tofile(folder / "targets.f64")
    started = time.time()
    loss = float(subprocess.run([program, folder, "step"], check=True, stdout=subprocess.PIPE).stdout)
    stepped = time.time() - started
    logits = np.fromfile(folder / "logits.f64", "<f8").reshape(targets.shape)
    after = File(folder / "after.safetensors").tensors
    import keras

    numbers = lambda tensor: keras.ops.convert_to_numpy(tensor)
    results = {"logits": deviation(logits, numbers(model(image, training=False)))}
    model.compile(
        optimizer=keras.optimizers.SGD(1.0), loss="mse", run_eagerly=keras.backend.backend() == "tensorflow"
    )
    keras_loss = float(model.train_on_batch(image, targets))
    keras_after = {path: numbers(variable) for path, variable in variables.items()}
    trained = {path for path, variable in variables.items() if variable.trainable}
    gradient = lambda values, path: before[path] - values
    results["gradients"], where = worst(
        (path, (gradient(after[path], path), gradient(keras_after[path], path))) for path in trained
    )
    results["moving"], _ = worst(
        (path, (after[path], keras_after[path])) for path in before if path not in trained
    )
    results["loss"] = abs(loss - keras_loss) / abs(keras_loss)
    line = ", ".join(f"{what} {value:.1e}" for what, value in results.items())
    print(f"{name} {size}×{size}: {line} (least exact gradient: {where}); built {built:.0f} s, step {stepped:.1f} s", flush=True)
    return all(results[what] <= limit for what, limit in LIMITS.items())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("models", nargs="*", metavar="MODEL")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "target/parity")
    parser.add_argument("--release", action="store_true")
    parser.add_argument("--names", action="store_true", help="compare names and shapes of weights only, of all variants")
    arguments = parser.parse_args()
    failed = []
    for name in arguments.models or (MODELS | VARIANTS if arguments.names else MODELS):
        try:
            sound = run(name, arguments.out, arguments.release, arguments.names)
        except Exception as error:
            print(f"{name}: {error}", flush=True)
            sound = False
        if not sound:
            failed.append(name)
    if failed:
        sys.exit(f"not equal: {', '.join(failed)}")


if __name__ == "__main__":
    main()
