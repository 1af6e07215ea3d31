"""Takes what the tests need out of keras-golden.json (Keras 3.15.1, TensorFlow, f32).

`python extract.py keras-golden.json` writes layers.json, pooling.json, activations.json, losses.json, metrics.json,
optimizers.json, siamese.json and tutorials.json beside this script.
"""

import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
LAYERS = {
    "Dense", "Flatten", "Reshape", "Permute", "RepeatVector", "LeakyReLU", "ELU", "Add", "Subtract", "Multiply",
    "Average", "Maximum", "Minimum", "Concatenate", "Conv1D", "Conv2D", "Conv1DTranspose", "Conv2DTranspose",
    "DepthwiseConv2D", "SeparableConv2D",
}
IMAGES = {
    "MaxPooling1D", "MaxPooling2D", "AveragePooling1D", "AveragePooling2D", "GlobalMaxPooling1D", "GlobalMaxPooling2D",
    "GlobalAveragePooling1D", "GlobalAveragePooling2D", "ZeroPadding2D", "Cropping2D", "UpSampling1D", "UpSampling2D",
    "Dot",
}
# Dense of a sequence says the same twice; what mimo does not have is left out.
LOSSES_WITHOUT = ("BFocal", "CFocal", "Dice", "Tversky", "GCE", "MSE sum", "MSE mean_with_sample_weight")
METRICS_WITHOUT = ("Positives", "Negatives", "multi thr", "top_k1", "MeanIoU")
OPTIMIZERS_WITHOUT = ("Ftrl", "Lamb", "Adafactor", "accum", "cosine")


def write(name, value):
    with open(os.path.join(HERE, name), "w") as file:
        if isinstance(value, list):
            file.write("[\n" + ",\n".join(json.dumps(item) for item in value) + "\n]\n")
        else:
            file.write("{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in value.items()) + "\n}\n")


def pick(item, *keys):
    return {key: item[key] for key in keys}


def without(items, names):
    return [item for item in items if not any(name in item["name"] for name in names)]


def main():
    golden = json.load(open(sys.argv[1]))
    for file, classes in [("layers.json", LAYERS), ("pooling.json", IMAGES)]:
        write(file, [
            pick(case, "tag", "inputs", "weights", "outputs", "dy", "grad_weights", "grad_inputs")
            for case in golden["layers"] if case["class"] in classes
        ])
    write("activations.json", golden["activations"])
    write("losses.json", without(golden["losses"], LOSSES_WITHOUT))
    write("metrics.json", without(golden["metrics"], METRICS_WITHOUT))
    write("optimizers.json", {
        "common": golden["optimizer_common"],
        "cases": [pick(case, "name", "after_each_step")
                  for case in without(golden["optimizers"], OPTIMIZERS_WITHOUT)],
    })
    training = ("x", "y", "initial_weights", "train_on_batch_logs", "evaluate_after", "predict_after", "final_weights")
    write("siamese.json", pick(golden["training"][5], *training))
    # The one with BatchNormalization is left out.
    names = ["sentiment", "horizons", "diagnosis", "reconstruction", None, "siamese"]
    write("tutorials.json", {
        name: pick(case, *training) for name, case in zip(names, golden["training"]) if name
    })


main()
