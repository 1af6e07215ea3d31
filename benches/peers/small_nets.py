"""One training step of two small nets in PyTorch and Keras: the figures that mimo is held against.

    python small_nets.py --net two_heads --framework eager --threads 1 --seconds 5

A step is: forward, the weighted losses, backward, Adam, and the total loss read as a float (which
forces completion). The batch is fixed and already in place; no data loader takes part. 200 steps are
run first and not timed, then every step is timed for the given seconds; every 500 steps the training
starts over, untimed (README.md tells why). One JSON line per combination goes to standard output; leave an argument out and all its values are run, each in a process of its own.

The nets start from the same numbers in every program of this directory (`uniform` below; the dfdx
package has the same function), so `loss_1` and `loss_100`, the total loss at the first and at the
hundredth step, show that the programs do the same work. README.md tells how to set up and how to read.
"""

import argparse
import contextlib
import json
import math
import os
import subprocess
import sys
import tempfile
import time

import numpy as np

BATCH = 32
WARM_UP = 200
#: Steps after which the training starts over, so that no gradient or moment becomes denormal.
RESTART = 500
HIDDEN = (64, 32)
#: Name -> inputs, and the heads as (units, loss, weight).
NETS = {
    "two_heads": (100, [(1, "mse", 1.0), (3, "cross_entropy", 0.5)]),
    "three_heads": (10, [(1, "mse", 1.0), (1, "mse", 0.5), (1, "mse", 0.25)]),
}
#: Streams of `uniform`: weights are numbered from here in the order trunk, then heads.
INPUT, TARGETS, WEIGHTS = 1, 2, 16


def uniform(stream, count):
    """`count` reproducible numbers in -1..1: the top 24 bits of SplitMix64, exact in f32."""
    z = (np.arange(1, count + 1, dtype=np.uint64) + np.uint64(stream << 32)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float32) / np.float32(2**23) - np.float32(1)


def kernel(index, inputs, units):
    """The Glorot-uniform kernel of layer `index`, rows = units (PyTorch's and dfdx's order)."""
    limit = np.float32(math.sqrt(6 / (inputs + units)))
    return (uniform(WEIGHTS + index, inputs * units) * limit).reshape(units, inputs)


def batch(net):
    """The inputs and, per head, the targets: numbers, or the class of each row."""
    inputs, heads = NETS[net]
    x = uniform(INPUT, BATCH * inputs).reshape(BATCH, inputs)
    targets = []
    for index, (units, loss, _) in enumerate(heads):
        if loss == "mse":
            targets.append(uniform(TARGETS + index, BATCH * units).reshape(BATCH, units))
        else:
            targets.append(np.arange(BATCH) % units)
    return x, targets


def torch_step(net, framework, threads):
    """A step in PyTorch; every variant is what its documentation offers to a user."""
    # Compiled kernels have the number of threads built in: one cache per number.
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", f"{tempfile.gettempdir()}/small_nets_inductor_{threads}")
    import torch
    from torch import nn
    from torch.nn import functional as F

    torch.set_num_threads(threads)
    inputs, heads = NETS[net]
    x, targets = batch(net)
    x, targets = torch.from_numpy(x), [torch.from_numpy(target) for target in targets]

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.trunk = nn.Sequential(
                nn.Linear(inputs, HIDDEN[0]), nn.ReLU(), nn.Linear(*HIDDEN), nn.ReLU()
            )
            self.heads = nn.ModuleList(nn.Linear(HIDDEN[1], units) for units, _, _ in heads)

        def forward(self, x):
            x = self.trunk(x)
            return [head(x) for head in self.heads]

    model = Net()
    losses = {"mse": F.mse_loss, "cross_entropy": F.cross_entropy}

    def total_loss():
        outputs = model(x)
        return sum(
            weight * losses[loss](output, target)
            for (_, loss, weight), output, target in zip(heads, outputs, targets)
        )

    fused = framework in ("eager_fused", "compile")
    adam = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7, fused=fused)
    update = adam.step
    if framework.startswith("compile"):
        total_loss = torch.compile(total_loss)
    if framework == "compile_all":
        update = torch.compile(adam.step)

    def step():
        adam.zero_grad()
        loss = total_loss()
        loss.backward()
        update()
        return loss.item()

    @torch.no_grad()
    def restart():
        layers = [layer for layer in model.modules() if isinstance(layer, nn.Linear)]
        for index, layer in enumerate(layers):
            layer.weight.copy_(torch.from_numpy(kernel(index, layer.in_features, layer.out_features)))
            layer.bias.zero_()
        for state in adam.state.values():
            for tensor in state.values():
                tensor.zero_()

    return step, step, restart, sum(p.numel() for p in model.parameters()), torch.__version__


def keras_step(net, framework, threads):
    """A step in Keras: `train_on_batch` of a compiled functional model, on the backend named."""
    backend = framework.removeprefix("keras_")
    os.environ["KERAS_BACKEND"] = backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if backend == "tensorflow":
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    elif threads == 1:
        # XLA sizes its pool by the cores that the process may use.
        os.sched_setaffinity(0, list(os.sched_getaffinity(0))[:1])
    import keras

    inputs, heads = NETS[net]
    x, targets = batch(net)
    one_hot = [
        np.eye(units, dtype=np.float32)[target] if loss == "cross_entropy" else target
        for (units, loss, _), target in zip(heads, targets)
    ]
    x, targets = keras.ops.convert_to_tensor(x), [keras.ops.convert_to_tensor(target) for target in one_hot]

    given = keras.Input((inputs,))
    layers = [keras.layers.Dense(units, activation="relu") for units in HIDDEN]
    for units, loss, _ in heads:
        layers.append(keras.layers.Dense(units, activation="softmax" if loss == "cross_entropy" else None))
    trunk = layers[1](layers[0](given))
    model = keras.Model(given, [head(trunk) for head in layers[2:]])
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3, epsilon=1e-7),
        loss=["categorical_crossentropy" if loss == "cross_entropy" else loss for _, loss, _ in heads],
        loss_weights=[weight for _, _, weight in heads],
    )

    def step():
        return float(model.train_on_batch(x, targets)[0])

    def fresh_step():
        model.reset_metrics()  # Without this Keras gives the mean loss since the last reset.
        return step()

    def restart():
        for index, layer in enumerate(layers):
            inputs, units = layer.kernel.shape
            layer.set_weights([kernel(index, inputs, units).T, np.zeros(units, dtype=np.float32)])
        for variable in model.optimizer.variables:
            if variable is not model.optimizer._learning_rate:
                variable.assign(np.zeros(variable.shape, variable.dtype))

    return step, fresh_step, restart, model.count_params(), keras.__version__


FRAMEWORKS = {
    "eager": torch_step,
    "eager_fused": torch_step,
    "compile": torch_step,
    "compile_all": torch_step,
    "keras_tensorflow": keras_step,
    "keras_jax": keras_step,
}


def measure(net, framework, threads, seconds):
    """Times the step and returns what goes on the JSON line."""
    # Whatever a framework prints goes to standard error.
    with contextlib.redirect_stdout(sys.stderr):
        step, fresh_step, restart, parameters, version = FRAMEWORKS[framework](net, framework, threads)
        restart()
        losses = [fresh_step() for _ in range(100)]
        for _ in range(WARM_UP - len(losses)):
            step()
        restart()
        if not math.isclose(fresh_step(), losses[0], rel_tol=1e-6):
            raise AssertionError("the restart does not start over")
        times = []
        end = time.perf_counter_ns() + int(seconds * 1e9)
        now = 0
        while now < end:
            if len(times) % RESTART == 0:
                restart()
            start = time.perf_counter_ns()
            step()
            now = time.perf_counter_ns()
            times.append(now - start)
    p10, median = np.percentile(times, [10, 50]) / 1e3
    return {
        "net": net,
        "framework": framework,
        "version": version,
        "threads": threads,
        "median_us": round(median, 2),
        "p10_us": round(p10, 2),
        "min_us": round(min(times) / 1e3, 2),
        "steps": len(times),
        "parameters": int(parameters),
        "loss_1": round(losses[0], 6),
        "loss_100": round(losses[99], 6),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each is timed")
    parser.add_argument("--threads", type=int, choices=range(1, 257), metavar="N", help="left out: 1, then 2")
    parser.add_argument("--net", choices=NETS)
    parser.add_argument("--framework", choices=FRAMEWORKS)
    args = parser.parse_args()
    if args.net and args.framework and args.threads:
        print(json.dumps(measure(args.net, args.framework, args.threads, args.seconds)), flush=True)
        return
    failed = 0
    for net in [args.net] if args.net else NETS:
        for framework in [args.framework] if args.framework else FRAMEWORKS:
            for threads in [args.threads] if args.threads else (1, 2):
                command = [sys.executable, __file__, "--seconds", str(args.seconds), "--net", net]
                command += ["--framework", framework, "--threads", str(threads)]
                failed += subprocess.run(command, check=False).returncode != 0
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
