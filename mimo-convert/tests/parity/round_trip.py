"""Runs the files of the example `round_trip` in onnxruntime: those that mimo exported, and those that it exported again after converting them.

    cargo run -p mimo-convert --example round_trip -- FOLDER
    python round_trip.py FOLDER
"""
import sys
from pathlib import Path

import numpy as np
import onnxruntime

RANDOM = ("random", "dropout", "Dropout", "noise", "Noise")


def main():
    folder = Path(sys.argv[1])
    good, failed, missing = 0, [], []
    for path in sorted(folder.glob("*.onnx")):
        if path.name.endswith(".again.onnx"):
            continue
        name = path.stem
        error = folder / f"{name}.error"
        if error.exists():
            missing.append((name, error.read_text()))
            continue
        generator = np.random.default_rng(3)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        try:
            one, other = (
                onnxruntime.InferenceSession(str(it), options, providers=["CPUExecutionProvider"])
                for it in (path, folder / f"{name}.again.onnx")
            )
            given = {}
            for port in one.get_inputs():
                shape = [3, *port.shape[1:]]
                if "int" in port.type:
                    given[port.name] = generator.integers(0, 2, shape)
                else:
                    given[port.name] = generator.normal(size=shape).astype(np.float32)
            known = {port.name for port in other.get_inputs()}
            pairs = list(zip(one.run(None, given), other.run(None, {key: it for key, it in given.items() if key in known})))
        except Exception as error:
            failed.append((name, str(error)[:300]))
            continue
        worst = 0.0
        for a, b in pairs:
            if a.shape != b.shape:
                failed.append((name, f"{b.shape}, and not {a.shape}"))
                break
            a, b = a.astype(np.float64), b.astype(np.float64)
            finite = np.isfinite(a)
            largest = np.abs(a[finite]).max(initial=1e-6)
            worst = max(worst, np.abs(a[finite] - b[finite]).max(initial=0) / largest)
        else:
            if worst <= 1e-5 or any(word in name for word in RANDOM):
                good += 1
            else:
                failed.append((name, f"off by {worst:.1e}"))
    for name, reason in missing:
        print(f"{name} is not converted: {reason}")
    for name, reason in failed:
        print(f"{name}: {reason}")
    print(f"{good} agree, {len(failed)} do not, {len(missing)} are not converted")


main()
