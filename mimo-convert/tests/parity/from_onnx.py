"""Exports models of PyTorch to ONNX by both exporters, converts them, compiles them with mimo, and compares with onnxruntime.

    python from_onnx.py DIRECTORY PROGRAM CRATE [--only NAME,NAME] [--batch 30] [--again REEXPORT] [--shown] [--convert]

PROGRAM is the built `mimo`, CRATE a directory for the generated crate. Outputs are compared to 1e-5 of the largest output. Needs the packages
torch, onnx, onnxscript and onnxruntime. `--shown` prints the sources. `--convert --again target/debug/examples/reexport`
compiles nothing: the converted models are exported again by mimo, and onnxruntime runs both files.
"""
import argparse
import os
import re
import struct
import subprocess
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from from_onnx_models import CASES, Function
from run import MAIN, block_of

SAMPLES = 3


def export(module, inputs, names, outputs, path, dynamo, batch_axis, fixed):
    path.unlink(missing_ok=True)
    given = tuple(inputs)
    settings = dict(input_names=names, output_names=outputs)
    if dynamo:
        batch = torch.export.Dim("batch")
        shapes = tuple({batch_axis: batch} for _ in given)
        # A function of any number of inputs has one argument, which is a tuple.
        shapes = None if fixed else ((shapes,) if isinstance(module, Function) else shapes)
        torch.onnx.export(module, given, path, dynamo=True, dynamic_shapes=shapes, verbose=False, **settings)
    else:
        axes = None if fixed else {name: {batch_axis: "batch"} for name in [*names, *outputs]}
        torch.onnx.export(module, given, path, dynamo=False, dynamic_axes=axes, **settings)


def order_of(source, name):
    """The axes of ONNX in the order in which mimo has them; none if it is the same."""
    found = re.findall(rf"`{name}` has .*transpose it by \(([\d, ]+)\)", source)
    return [int(axis) for axis in found[0].split(",")] if found else None


def moved(array, order):
    if order is None:
        return array
    rest = [axis for axis in range(array.ndim) if axis not in order]
    return array.transpose([*order, *rest])


def compare(names, source, found, wanted):
    """What is wrong with outputs; empty if they are near."""
    wrong = []
    for port, got, values in zip(names, found, wanted, strict=True):
        values, got = moved(values, order_of(source, port)).ravel(), np.asarray(got).ravel()
        if got.shape != values.shape:
            wrong.append(f"{port}: {got.size} of {values.size} values")
            continue
        worst = np.abs(got - values).max(initial=0) / max(np.abs(values).max(initial=0), 1e-6)
        if not worst <= 1e-5:
            wrong.append(f"{port}: off by {worst:.1e}")
    return "; ".join(wrong)


def write(path, values):
    Path(path).write_bytes(struct.pack(f"<{len(values)}f", *values))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=Path)
    parser.add_argument("program")
    parser.add_argument("crate", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--batch", type=int, default=30)
    parser.add_argument("--again", help="the built example `reexport`: its files are compared as well")
    parser.add_argument("--shown", action="store_true")
    parser.add_argument("--convert", action="store_true", help="convert only, and compile nothing")
    options = parser.parse_args()
    directory, crate = options.directory.resolve(), options.crate.resolve()
    os.makedirs(directory, exist_ok=True)
    os.makedirs(crate / "src", exist_ok=True)
    only = set(filter(None, options.only.split(",")))
    ready, failed = [], []
    for case in CASES:
        if only and case.name not in only:
            continue
        for exporter in case.exporters:
            name = f"{case.name}_{exporter}"
            torch.manual_seed(7)
            try:
                module = case.make().eval()
                for buffer, value in module.named_buffers():
                    if buffer.endswith("running_mean"):
                        value.copy_(torch.randn_like(value) * 0.3)
                    if buffer.endswith("running_var"):
                        value.copy_(torch.rand_like(value) + 0.5)
                fixed = case.fixed or exporter == "fixed"
                count = 1 if fixed else SAMPLES
                inputs = case.inputs(count)
                names = case.input_names or [f"x{at}" if at else "x" for at in range(len(inputs))]
                with torch.no_grad():
                    made = module(*inputs)
                outputs = [f"y{at}" if at else "y" for at in range(len(made) if isinstance(made, (tuple, list)) else 1)]
                path = directory / f"{name}.onnx"
                export(module, inputs, names, outputs, path, exporter != "old", case.batch_axis, fixed)
                session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
                inputs = [it.numpy() for it in case.inputs(count)]
                wanted = session.run(None, dict(zip([it.name for it in session.get_inputs()], inputs)))
            except Exception as error:
                failed.append((name, f"not exported: {str(error).strip().splitlines()[-1][:200] if str(error) else error!r}"))
                continue
            source, weights = directory / f"{name}.rs", directory / f"{name}.safetensors"
            done = subprocess.run(
                [options.program, "convert", path, "--name", "Net", "--model", source, "--weights", weights],
                capture_output=True, text=True,
            )
            if done.returncode != 0:
                failed.append((name, f"exit code {done.returncode}: {done.stderr.strip()[:400]}"))
                continue
            text = source.read_text()
            if options.again:
                again = directory / f"{name}.again.onnx"
                done = subprocess.run([options.again, path, again], capture_output=True, text=True)
                if done.returncode != 0:
                    failed.append((name, f"not exported again: {done.stderr.strip()[:400]}"))
                    continue
                session = onnxruntime.InferenceSession(str(again), providers=["CPUExecutionProvider"])
                ports = [it.name for it in session.get_inputs()]
                given = {port: moved(values, order_of(text, port)) for port, values in zip(ports, inputs)}
                names = [it.name for it in session.get_outputs()]
                wrong = compare(names, text, session.run(None, given), wanted)
                if wrong:
                    failed.append((name, wrong))
                    continue
            if options.shown:
                print(f"// {name}\n{text[text.index('model!'):]}")
            ready.append((name, text, inputs, wanted))
    if options.convert:
        for name, reason in failed:
            print(f"{name}: {reason}")
        print(f"{len(ready)} of {len(ready) + len(failed)} models are converted")
        return
    root = Path(__file__).resolve().parents[3]
    (crate / "Cargo.toml").write_text(
        f'[workspace]\n[package]\nname = "parity"\nversion = "0.0.0"\nedition = "2024"\n'
        f'[dependencies]\nmimo = {{ package = "mimo-nn", path = "{root}", default-features = false }}\n'
        f'[profile.dev]\ndebug = 0\n[profile.dev.package."*"]\nopt-level = 2\n'
    )
    good = 0
    for start in range(0, len(ready), options.batch):
        some = ready[start:start + options.batch]
        text, calls = MAIN, []
        for name, source, inputs, _ in some:
            struct_name, ports, whole, outputs = block_of(source)
            fields = []
            for port, values in zip(ports, inputs):
                values = moved(values, order_of(source, port))
                path = f"{directory}/{name}.{port}.f32"
                write(path, values.astype(np.float32).ravel().tolist())
                tensor = f'read("{path}")'
                if whole[port]:
                    tensor += ".into_iter().map(|it| it as usize).collect::<Vec<_>>()"
                fields.append(f"{port}: tensor({tensor})?")
            shown = "".join(f'show("{name}.{port}", outputs.{port}.as_vec());' for port in outputs)
            text += f"""
mod {name} {{
    include!("{directory}/{name}.rs");
    use super::{{read, show}};
    pub fn run() -> mimo::Result<()> {{
        let inputs = {struct_name}Inputs {{ {", ".join(fields)} }};
        let mut model = {struct_name}::new(1);
        model.load_weights("{directory}/{name}.safetensors")?;
        let outputs = model.forward(&inputs)?;
        {shown}
        Ok(())
    }}
}}
"""
            calls.append(f'if let Err(error) = {name}::run() {{ println!("{name}.error {{error}}"); }}')
        text += "fn main() { " + " ".join(calls) + " }\n"
        (crate / "src/main.rs").write_text(text)
        done = subprocess.run(["cargo", "run", "-q", "--offline"], cwd=crate, capture_output=True, text=True)
        if done.returncode != 0:
            print(done.stderr[-8000:])
        found = {}
        for line in done.stdout.splitlines():
            key, *values = line.split(" ")
            found[key] = values
        for name, source, _, wanted in some:
            if f"{name}.error" in found:
                failed.append((name, " ".join(found[f"{name}.error"])))
                continue
            _, _, _, outputs = block_of(source)
            got = [[float(it) for it in found.get(f"{name}.{port}", [])] for port in outputs]
            wrong = compare(outputs, source, got, wanted)
            if wrong:
                failed.append((name, wrong))
            else:
                good += 1
    for name, reason in failed:
        print(f"{name}: {reason}")
    print(f"{good} of {good + len(failed)} models agree")


if __name__ == "__main__":
    main()
