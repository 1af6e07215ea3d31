"""One of the nine nets in PyTorch or Keras: a training step, predictions, and memory.

    python nine.py --framework eager --net 8 --threads 2 --seconds 1

A step is what `benches/nine.rs` times in mimo: the batch is gathered from a data set in memory by the numbers of its
rows, goes forward through losses and metrics, and backward; Adam; and every loss and metric is read as a number. A prediction
is from inputs that are there to outputs that are there, of 1 and of 32 samples. One line of JSON goes to standard
output: median times in microseconds, the peak of the process's memory in MB of a million bytes, the parameters, and the total
loss of the first and the tenth step, by which the programs are held to do the same work. README.md tells how to set up.
"""

import argparse
import contextlib
import json
import math
import os
import sys
import tempfile
import time

import numpy as np

import nets
from nets import BATCH

#: Steps and predictions that are run first and not timed.
WARM_UP = 10
#: Steps after which the training starts over, so that no gradient or moment becomes denormal.
RESTART = 500
#: The rows of a batch: all of the data set, in an order that is not the one in memory.
ROWS = np.arange(BATCH) * 13 % BATCH


class Training:
    """A net in a framework: functions that do one step and start over, and one that makes a prediction."""

    def __init__(self, step, restart, predictor, parameters, version):
        #: Does a step and gives its total loss.
        self.step = step
        #: Back to the first weights, and to an optimizer that has done nothing.
        self.restart = restart
        #: A function that predicts so many rows.
        self.predictor = predictor
        self.parameters = parameters
        self.version = version


def torch_training(net, framework, threads):
    """PyTorch, as its documentation offers it to a user: eager, compiled, or with images as channels last."""
    # Compiled kernels have the number of threads built in: one cache per number.
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", f"{tempfile.gettempdir()}/nine_inductor_{threads}")
    import torch
    from torch import nn
    from torch.nn import functional as F

    torch.set_num_threads(threads)
    channels_last = framework.endswith("channels_last")

    class Net(nn.Module):
        """Gives what the sigmoid or softmax of a head is made from, as PyTorch's losses want it."""

        def __init__(self):
            super().__init__()
            for name, shape in nets.LAYERS[net].items():
                setattr(self, name, module(name, shape))

        def forward(self, x, other=None):
            if net == 1:
                image = F.max_pool2d(F.relu(self.conv2d(x)), 2).flatten(1)
                text = self.lstm(other)[0][:, -1]
                return [self.sentiment(torch.cat([image, text], 1))]
            if net == 2:
                x = self.lstm(x)[0][:, -1]
                return [self.next(x), self.second(x), self.third(x)]
            if net == 3:
                x = F.max_pool1d(F.relu(self.conv1d(x)), 2).flatten(1)
                x = torch.cat([x, other], 1)
                return [self.diagnosis(x), self.risk(x)]
            if net in (4, 7):
                x = F.relu(self.dense_1(F.relu(self.dense(x))))
                heads = (self.value, self.kind) if net == 4 else (self.first, self.second, self.third)
                return [head(x) for head in heads]
            if net == 5:
                x = F.max_pool2d(F.relu(self.conv2d(x)), 2).flatten(1)
                x = F.relu(self.dense(x))
                y = F.relu(self.dense_1(x)).unflatten(1, (32, 7, 7))
                y = F.relu(self.conv2d_transpose(y))
                return [self.label(x), self.again(y)]
            if net == 6:
                x = F.relu(self.dense(x))
                return [self.value(F.relu(self.dense_1(x))), self.kind(F.relu(self.dense_2(x)))]
            if net == 8:
                x = F.max_pool2d(F.relu(self.conv2d(x)), 2)
                x = F.max_pool2d(F.relu(self.conv2d_1(x)), 2).flatten(1)
                return [self.kind(F.relu(self.dense(x))), self.value(F.relu(self.dense_1(x)))]
            x = self.lstm(x)[0][:, -1]
            return [self.values(F.relu(self.dense(x))), self.kind(F.relu(self.dense_1(x)))]

    def module(name, shape):
        if name == "lstm":
            return nn.LSTM(shape[0], shape[1] // 4, batch_first=True)
        if name == "conv1d":
            return nn.Conv1d(shape[1], shape[2], shape[0])
        if len(shape) == 2:
            return nn.Linear(*shape)
        if net == 5 and name != "conv2d":
            return nn.ConvTranspose2d(shape[3], shape[2], 3, stride=2, padding=1, output_padding=1)
        return nn.Conv2d(shape[2], shape[3], shape[0])

    def from_keras():
        """The first weights, in PyTorch's layouts.

        PyTorch flattens images by channels first, so rows of the kernel after that are in another order. Its transposed
        convolution with `padding=1, output_padding=1` is the mirror image of Keras's, so net 5 sees and makes mirror
        images, with mirrored kernels.
        """
        given, state = nets.weights(net), {}
        for name, shape in nets.LAYERS[net].items():
            kernel, bias = given[f"{name}/kernel"], given[f"{name}/bias"]
            if name == "lstm":
                state["lstm.weight_ih_l0"] = kernel.T
                state["lstm.weight_hh_l0"] = given["lstm/recurrent_kernel"].T
                state["lstm.bias_ih_l0"], state["lstm.bias_hh_l0"] = bias, np.zeros_like(bias)
                continue
            if len(shape) == 4:
                kernel = (kernel[::-1, ::-1] if net == 5 else kernel).transpose(3, 2, 0, 1)
            elif len(shape) == 3:
                kernel = kernel.transpose(2, 1, 0)
            else:
                kernel = kernel.T
                if shape[0] in (63 * 63 * 32 + 64, 127 * 32 + 1, 13 * 13 * 32, 6 * 6 * 64):
                    places = {1: (63, 63, 32), 3: (127, 32), 5: (13, 13, 32), 8: (6, 6, 64)}[net]
                    image, rest = np.split(kernel, [math.prod(places)], axis=1)
                    image = image.reshape(-1, *places)
                    if net == 5:
                        image = image[:, ::-1, ::-1]
                    image = np.moveaxis(image, -1, 1).reshape(len(kernel), -1)
                    kernel = np.concatenate([image, rest], axis=1)
                elif shape == (64, 7 * 7 * 32):
                    image = kernel.reshape(7, 7, 32, 64)[::-1, ::-1]
                    kernel = np.moveaxis(image, 2, 0).reshape(-1, 64)
            state[f"{name}.weight"], state[f"{name}.bias"] = kernel, bias
        return {name: torch.from_numpy(np.array(values)) for name, values in state.items()}

    def image(values):
        """Images as PyTorch has them. Channels last is a matter of how they lie in memory, not of the shape."""
        if values.ndim < 3 or values.shape[1:] in ((100, 1), (100, 50)):
            return torch.from_numpy(values)
        if net == 5:
            values = values[:, ::-1, ::-1]
        moved = torch.from_numpy(np.ascontiguousarray(np.moveaxis(values, -1, 1)))
        return moved.to(memory_format=torch.channels_last) if channels_last and moved.ndim == 4 else moved

    def gather(column, rows):
        # Gathered in the order of memory, which indexing would otherwise not keep.
        if channels_last and column.ndim == 4:
            return column.permute(0, 2, 3, 1)[rows].permute(0, 3, 1, 2)
        return column[rows]

    model, first = Net(), from_keras()
    if channels_last:
        model = model.to(memory_format=torch.channels_last)
    inputs = [image(column) for column in nets.inputs(net, BATCH)]
    kinds = [kind for _, _, kind, _ in nets.OUTPUTS[net]]
    targets = [
        torch.from_numpy(column).argmax(1) if kind == "class" else image(column)
        for kind, column in zip(kinds, nets.targets(net, BATCH))
    ]

    def losses_and_metrics(x, y):
        losses, metrics = [], []
        for (_, _, kind, _), found, wanted in zip(nets.OUTPUTS[net], model(*x), y):
            if kind == "pixels":
                found = found.sigmoid()
            if kind in ("number", "pixels"):
                losses.append(F.mse_loss(found, wanted))
                metrics.append((found.detach() - wanted).abs().mean())
            elif kind == "class":
                losses.append(F.cross_entropy(found, wanted))
                metrics.append((found.detach().argmax(1) == wanted).float().mean())
            else:
                losses.append(F.binary_cross_entropy_with_logits(found, wanted))
                metrics.append(((found.detach() > 0).float() == wanted).float().mean())
        total = sum(weight * loss for (*_, weight), loss in zip(nets.OUTPUTS[net], losses))
        return total, torch.stack([total.detach(), *(loss.detach() for loss in losses), *metrics])

    def predict(*x):
        found = model(*x)
        activations = {"number": lambda x: x, "class": lambda x: x.softmax(1)}
        return [activations.get(kind, torch.sigmoid)(values) for kind, values in zip(kinds, found)]

    if framework.startswith("compile"):
        losses_and_metrics, predict = torch.compile(losses_and_metrics), torch.compile(predict)
    adam = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7, fused=True)
    rows = torch.from_numpy(ROWS)

    def step():
        x = [gather(column, rows) for column in inputs]
        y = [gather(column, rows) for column in targets]
        adam.zero_grad()
        total, measured = losses_and_metrics(x, y)
        total.backward()
        adam.step()
        return measured.tolist()[0]

    @torch.no_grad()
    def restart():
        model.load_state_dict(first)
        for state in adam.state.values():
            for tensor in state.values():
                tensor.zero_()

    def predictor(count):
        x = [column[:count] for column in inputs]

        def run():
            with torch.inference_mode():
                return predict(*x)

        return run

    parameters = sum(values.numel() for values in model.parameters())
    if any(name == "lstm" for name in nets.LAYERS[net]):
        parameters -= model.lstm.bias_hh_l0.numel()  # PyTorch has two biases, of which one does nothing.
    return Training(step, restart, predictor, parameters, torch.__version__)


def keras_training(net, framework, threads):
    """Keras: its own `train_step`, compiled together with the gathering, as its guides show for loops of one's own."""
    backend = framework.split("_")[1]
    os.environ["KERAS_BACKEND"] = backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if backend == "tensorflow":
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    else:
        if threads == 1:
            # XLA sizes its pool by the cores that the process may use.
            os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
            os.sched_setaffinity(0, list(os.sched_getaffinity(0))[-1:])
        import jax
    import keras

    xla = backend == "jax" or framework.endswith("_xla")
    model = nets.keras_net(net, jit_compile=xla)
    first = nets.weights(net)
    variables = nets.keras_weights(model)
    inputs, targets = nets.inputs(net, BATCH), nets.targets(net, BATCH)
    version = f"{keras.__version__} on {backend}"

    def restart():
        for name, variable in variables.items():
            variable.assign(first[name])
        for variable in model.optimizer.variables:
            if variable is not model.optimizer._learning_rate:
                variable.assign(np.zeros(variable.shape, variable.dtype))
        model.reset_metrics()

    def one(columns):
        return columns if len(columns) > 1 else columns[0]

    # What a first step would make: the optimizer's state, and that of losses and metrics, on one sample.
    model.optimizer.build(model.trainable_variables)
    sample = [one([keras.ops.convert_to_tensor(column[:1]) for column in columns]) for columns in (inputs, targets)]
    found = model(sample[0])
    model.compute_loss(*sample, found)
    model.compute_metrics(*sample, found)

    if framework.endswith("_batch"):

        def step():
            x, y = [column[ROWS] for column in inputs], [column[ROWS] for column in targets]
            logs = model.train_on_batch(x, y if len(y) > 1 else y[0], return_dict=True)
            return float(logs["loss"])

        def predictor(count):
            x = [column[:count] for column in inputs]
            return lambda: model.predict_on_batch(x)

        return Training(step, restart, predictor, model.count_params(), version)

    if backend == "tensorflow":
        x, y = ([tf.constant(column) for column in columns] for columns in (inputs, targets))
        rows = tf.constant(ROWS)

        @tf.function(jit_compile=xla)
        def train(rows):
            given, wanted = ([tf.gather(column, rows) for column in columns] for columns in (x, y))
            return model.train_step((one(given), one(wanted)))

        def step():
            return {name: float(value) for name, value in train(rows).items()}["loss"]

        forward = tf.function(lambda given: model(given, training=False), jit_compile=xla)

        def predictor(count):
            given = one([column[:count] for column in x])
            return lambda: [np.asarray(values) for values in tf.nest.flatten(forward(given))]

        return Training(step, restart, predictor, model.count_params(), version)

    x, y = ([jax.numpy.asarray(column) for column in columns] for columns in (inputs, targets))
    rows = jax.numpy.asarray(ROWS)

    def values(variables):
        # Copies, because a step gives its state's memory to the next.
        return [jax.numpy.array(variable.value) for variable in variables]

    def state_of_model():
        return (
            values(model.trainable_variables),
            values(model.non_trainable_variables),
            values(model.optimizer.variables),
            values(model.metrics_variables),
        )

    def train(state, rows):
        given, wanted = ([column[rows] for column in columns] for columns in (x, y))
        logs, state = model.train_step(state, (one(given), one(wanted)))
        return logs, state

    train = jax.jit(train, donate_argnums=0)
    state = None

    def step():
        nonlocal state
        logs, state = train(state, rows)
        return {name: float(value) for name, value in logs.items()}["loss"]

    def restart_state():
        nonlocal state
        restart()
        state = state_of_model()

    weights = values(model.trainable_variables), values(model.non_trainable_variables)
    forward = jax.jit(lambda weights, given: model.stateless_call(*weights, given, training=False)[0])

    def predictor(count):
        given = one([column[:count] for column in x])
        return lambda: [np.asarray(values) for values in jax.tree.leaves(forward(weights, given))]

    return Training(step, restart_state, predictor, model.count_params(), version)


#: All but the last two take part in the table; README.md tells about those.
FRAMEWORKS = {
    "eager": torch_training,
    "compile": torch_training,
    "channels_last": torch_training,
    "compile_channels_last": torch_training,
    "keras_tensorflow": keras_training,
    "keras_tensorflow_xla": keras_training,
    "keras_jax": keras_training,
    "keras_tensorflow_batch": keras_training,
    "keras_jax_batch": keras_training,
}


def median(times):
    return round(float(np.median(times)) / 1e3, 2)


def timed(function, seconds, restart=None):
    """The times of calls until the seconds are over, in nanoseconds; the first calls do not count."""
    times, end = [], None
    while end is None or time.perf_counter_ns() < end:
        if restart:
            restart()
        for _ in range(WARM_UP):
            function()
        end = end or time.perf_counter_ns() + int(seconds * 1e9)
        for _ in range(RESTART - WARM_UP):
            start = time.perf_counter_ns()
            function()
            now = time.perf_counter_ns()
            times.append(now - start)
            if now > end:
                break
    return times


def measure(net, framework, threads, seconds):
    """Everything that goes on the JSON line."""
    # Whatever a framework prints goes to standard error.
    with contextlib.redirect_stdout(sys.stderr):
        training = FRAMEWORKS[framework](net, framework, threads)
        training.restart()
        losses = [training.step() for _ in range(WARM_UP)]
        times = timed(training.step, seconds, training.restart)
        predictions = {count: median(timed(training.predictor(count), seconds / 2)) for count in (1, BATCH)}
    if framework in ("keras_tensorflow", "keras_tensorflow_xla", "keras_jax"):
        # The total of `train_step` is the mean since the last reset.
        losses[-1] = len(losses) * losses[-1] - (len(losses) - 1) * losses[-2]
    return {
        "net": net,
        "framework": framework,
        "version": training.version,
        "threads": threads,
        "step": median(times),
        "step_low": round(float(np.percentile(times, 10)) / 1e3, 2),
        "predict_1": predictions[1],
        "predict_32": predictions[BATCH],
        "memory": round(peak_memory(), 1),
        "parameters": int(training.parameters),
        "loss_1": round(losses[0], 6),
        "loss_10": round(losses[-1], 6),
    }


def peak_memory():
    """The most memory that the process has had at once, in MB of a million bytes; where Linux says so."""
    with contextlib.suppress(OSError), open("/proc/self/status") as file:
        for line in file:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    return math.nan


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--framework", choices=FRAMEWORKS, required=True)
    parser.add_argument("--net", type=int, choices=nets.INPUTS, required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=1.0, help="how long the step is timed; predictions half of it")
    args = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(args.threads)
    print(json.dumps(measure(args.net, args.framework, args.threads, args.seconds)), flush=True)


if __name__ == "__main__":
    main()
