"""Reads event files that mimo has written with TensorBoard's own code, and compares them with the history.

`python tests/tensorboard/read.py` in the root of the project; needs `pip install tensorboard`. It runs the test that writes the files.
"""

import csv
import math
import os
import subprocess
import tempfile

from tensorboard.backend.event_processing.event_accumulator import GRAPH, HISTOGRAMS, SCALARS, TENSORS, EventAccumulator


def accumulated(folder):
    accumulator = EventAccumulator(folder, size_guidance={SCALARS: 0, HISTOGRAMS: 0, TENSORS: 0})
    accumulator.Reload()
    return accumulator


def main():
    with tempfile.TemporaryDirectory() as folder:
        command = ["cargo", "test", "--features", "tensorboard", "--test", "tensorboard"]
        subprocess.run(command, env={**os.environ, "MIMO_EVENTS": folder}, check=True)
        train, validation = (accumulated(os.path.join(folder, part)) for part in ("train", "validation"))
        with open(os.path.join(folder, "history.csv")) as file:
            epochs = list(csv.DictReader(file))
    compared = 0
    for key in epochs[0]:
        if key == "epoch":
            continue
        events = validation if key.startswith("val_") else train
        found = events.Scalars("epoch_" + key.removeprefix("val_"))
        assert [event.step for event in found] == [int(epoch["epoch"]) for epoch in epochs]
        for event, epoch in zip(found, epochs):
            assert math.isclose(event.value, float(epoch[key]), rel_tol=1e-6), (key, event, epoch[key])
            compared += 1
    rates = [event.value for event in train.Scalars("epoch_learning_rate")]
    assert rates == sorted(rates, reverse=True) and len(rates) == 5, rates
    assert len(train.Scalars("batch_loss")) == 20
    histograms = train.Tags()["histograms"]
    assert set(histograms) == {f"{layer}/{weight}" for layer in ("dense", "kind", "risk") for weight in ("kernel", "bias")}, histograms
    assert train.Histograms("dense/kernel")[0].histogram_value.num == 32
    assert train.Tags()["graph"], GRAPH
    nodes = {node.name: (node.op, list(node.input)) for node in train.Graph().node}
    assert nodes == {
        "x": ("InputLayer", []), "dense": ("Dense", ["x"]), "kind": ("Dense", ["dense"]), "risk": ("Dense", ["dense"]),
    }, nodes
    shape = train.Graph().node[1].attr["_output_shapes"].list.shape[0]
    assert [dim.size for dim in shape.dim] == [-1, 8], shape
    print(f"TensorBoard reads {compared} values of epochs, {len(histograms)} distributions and {len(nodes)} layers")


main()
