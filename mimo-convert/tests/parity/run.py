"""Converts the models of generate.py, compiles them with mimo, and compares outputs, also after five steps of Adam.

    python run.py DIRECTORY PROGRAM CRATE [--batch 24]

PROGRAM is the built `mimo`, CRATE a directory for the generated crate. Outputs are compared to 1e-5 of the largest output, those after
training to 1e-4, or to twice the difference between Keras in float32 and in float64 where that is larger; such models are listed.
"""
import json
import os
import re
import struct
import subprocess
import sys
from pathlib import Path

MAIN = """
use std::io::Read as _;

fn read(path: &str) -> Vec<f32> {
    let mut bytes = Vec::new();
    std::fs::File::open(path).expect(path).read_to_end(&mut bytes).expect("bytes");
    bytes.chunks_exact(4).map(|it| f32::from_le_bytes([it[0], it[1], it[2], it[3]])).collect()
}

fn show(name: &str, values: Vec<f32>) {
    let values: Vec<String> = values.iter().map(|it| format!("{it:e}")).collect();
    println!("{name} {}", values.join(" "));
}
"""


def block_of(source):
    """Struct, inputs and outputs of the last model: names, and whether an input holds integers."""
    name = re.findall(r"pub (\w+) \{", source)[-1]
    last = source[source.rindex(f"pub {name} {{"):]
    tail = last[last.rindex("Model("):]
    ports = lambda key: re.search(key + r" = (\[.*?\]|\{.*?\})", tail, re.S).group(1)
    names = lambda text: re.findall(r"(\w+)(?=:|,|\]| \})", re.sub(r": \w+", ":", text))
    inputs = names(ports("inputs"))
    whole = {n: bool(re.search(rf'let {n} = Input\(.*int32', last)) for n in inputs}
    return name, inputs, whole, names(ports("outputs"))


def write(path, values):
    Path(path).write_bytes(struct.pack(f"<{len(values)}f", *values))


def main():
    directory, program, crate = map(os.path.abspath, sys.argv[1:4])
    batch = int(sys.argv[5]) if len(sys.argv) > 5 else 24
    names = sorted((p.stem for p in Path(directory).glob("m*.json")), key=lambda n: int(n[1:]))
    converted, failed = [], []
    for name in names:
        case = json.loads(Path(directory, name + ".json").read_text())
        source, weights = f"{directory}/{name}.rs", f"{directory}/{name}.safetensors"
        done = subprocess.run(
            [program, "convert", f"{directory}/{case['file']}", "--name", name.capitalize(), "--model", source, "--weights", weights],
            capture_output=True, text=True,
        )
        if done.returncode != 0:
            failed.append((name, f"exit code {done.returncode}: {done.stderr.strip()[:300]}"))
            continue
        converted.append((name, case))
    os.makedirs(f"{crate}/src", exist_ok=True)
    root = Path(__file__).resolve().parents[3]
    Path(crate, "Cargo.toml").write_text(
        f'[workspace]\n[package]\nname = "parity"\nversion = "0.0.0"\nedition = "2024"\n'
        f'[dependencies]\nmimo = {{ package = "mimo-nn", path = "{root}", default-features = false }}\n'
        f'[profile.dev]\ndebug = 0\n[profile.dev.package."*"]\nopt-level = 2\n'
    )
    good, rounded = 0, []
    for start in range(0, len(converted), batch):
        some = converted[start:start + batch]
        text, calls = MAIN, []
        for name, case in some:
            source = Path(directory, name + ".rs").read_text()
            struct_name, inputs, whole, outputs = block_of(source)
            keras = case["input_names"]
            for port in inputs:
                write(f"{directory}/{name}.{port}.f32", case["inputs"][keras.index(port)])
            trains = "targets" in case
            for port, values in zip(outputs, case.get("targets", [])):
                write(f"{directory}/{name}.{port}.target.f32", values)
            tensor = lambda port: (
                f'tensor(read("{directory}/{name}.{port}.f32").into_iter().map(|it| it as usize).collect::<Vec<_>>())?'
                if whole[port] else f'tensor(read("{directory}/{name}.{port}.f32"))?'
            )
            fields = ", ".join(f"{port}: {tensor(port)}" for port in inputs)
            targets = ", ".join(f'{port}: tensor(read("{directory}/{name}.{port}.target.f32"))?' for port in outputs)
            show = lambda when: "".join(f'show("{name}.{when}.{port}", outputs.{port}.as_vec());' for port in outputs)
            training = f"""
        let targets = {struct_name}Targets {{ {targets} }};
        let mut trainer = Trainer::new(&mut model)?;
        for _ in 0..5 {{ trainer.train_on_batch(&inputs, &targets)?; }}
        drop(trainer);
        let outputs = model.forward(&inputs)?;
        {show("trained")}""" if trains else f"""
        show("{name}.parameters", vec![{struct_name}::PARAMETERS as f32]);"""
            text += f"""
mod {name} {{
    include!("{directory}/{name}.rs");
    use super::{{read, show}};
    pub fn run() -> mimo::Result<()> {{
        let inputs = {struct_name}Inputs {{ {fields} }};
        let mut model = {struct_name}::new(1);
        model.load_weights("{directory}/{name}.safetensors")?;
        let outputs = model.forward(&inputs)?;
        {show("first")}
        {training}
        Ok(())
    }}
}}
"""
            calls.append(f'if let Err(error) = {name}::run() {{ println!("{name}.error {{error}}"); }}')
        text += "fn main() { " + " ".join(calls) + " }\n"
        Path(crate, "src/main.rs").write_text(text)
        done = subprocess.run(["cargo", "run", "-q", "--offline"], cwd=crate, capture_output=True, text=True)
        if done.returncode != 0:
            print(done.stderr[-6000:])
            bad = set(re.findall(rf"{re.escape(directory)}/(m\d+)\.rs", done.stderr))
            failed += [(name, "does not compile") for name, _ in some if name in bad or not bad]
        found = {}
        for line in done.stdout.splitlines():
            key, *values = line.split(" ")
            found[key] = values
        for name, case in some:
            if f"{name}.error" in found:
                failed.append((name, " ".join(found[f"{name}.error"])))
                continue
            _, _, _, outputs = block_of(Path(directory, name + ".rs").read_text())
            wrong = []
            if "parameters" in case and float(found.get(f"{name}.parameters", [0])[0]) != case["parameters"]:
                wrong.append(f"{found.get(f'{name}.parameters')} parameters instead of {case['parameters']}")
            for when, wanted, tolerance in [("first", case["outputs"], 1e-5), ("trained", case.get("trained", []), 1e-4)]:
                for at, (port, wanted) in enumerate(zip(outputs, wanted)):
                    values = [float(v) for v in found.get(f"{name}.{when}.{port}", [])]
                    size = max([1.0] + [abs(v) for v in wanted])
                    worst = max([abs(a - b) for a, b in zip(values, wanted)], default=0.0) / size
                    of_keras = case.get("rounding", [0.0] * len(outputs))[at] if when == "trained" else 0.0
                    if tolerance < worst <= 2 * of_keras:
                        rounded.append(f"{name} {port}: off by {worst:.1e}; Keras from its float64 by {of_keras:.1e}")
                    if len(values) != len(wanted) or not worst <= max(tolerance, 2 * of_keras):
                        wrong.append(f"{when} {port}: {len(values)}/{len(wanted)} values, off by {worst:.2e}")
            if wrong:
                failed.append((name, "; ".join(wrong)))
            else:
                good += 1
    for line in rounded:
        print(f"rounding: {line}")
    for name, reason in failed:
        print(f"{name}: {reason}")
    print(f"{good} of {len(names)} models agree")


if __name__ == "__main__":
    main()
