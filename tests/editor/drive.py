#!/usr/bin/env python3
"""Asks rust-analyzer about models, and compares what it says with what it should say.

    cargo install ra_ap_rust-analyzer --version 0.0.325     # or: rustup component add rust-analyzer
    RUST_ANALYZER=path/to/rust-analyzer tests/editor/drive.py [-v] [WORD ...]

Without RUST_ANALYZER the `rust-analyzer` of PATH is taken. It has to be no older than the toolchain, whose macro server it
talks to; 0.0.325 fits Rust 1.95. The first run builds the crate in this directory; CARGO_TARGET_DIR says where, as always.
Nothing but Python's standard library is needed. With words, only questions that hold one of them are asked; -v shows the
whole answers. The exit code is 1 if an answer is missing.

A question is a place in one of the sources, marked by `‸`, after an edit if there is one: `old => new` where the new text
holds the mark. What is typed there is never saved.
"""

import json
import os
import pathlib
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
MARK = "‸"

# (kind, source, place or edit, what the answer has to hold). A `!` before a word: the answer must not hold it.
QUESTIONS = [
    # Words of the language.
    ("hover", "diagnosis", "let x = Con‸v1D", ["[steps, channels] → [windows, filters]", "strides = 1", "keras.io"]),
    ("hover", "diagnosis", "= Max‸Pooling1D", ["pool_size = 2", "The largest value of each window"]),
    ("hover", "diagnosis", "features = conc‸atenate", ["Concatenates tensors", "axis = -1"]),
    ("hover", "diagnosis", "let ecg = In‸put", ["the shape of one sample"]),
    ("hover", "diagnosis", "activation = re‸lu", ["max(x, 0)"]),
    ("hover", "diagnosis", '(1, "sig‸moid")', ["1 / (1 + e⁻ˣ)", "Activation applied to the result"]),
    ("hover", "diagnosis", "padding = va‸lid", ["Windows lie inside"]),
    ("hover", "diagnosis", "= HeNor‸mal(", ["2 / inputs", "seed = none"]),
    ("hover", "diagnosis", "= L‸2(", ["Σ w²", "l2 = 0.01"]),
    ("hover", "diagnosis", "diagnosis: categorical_cross‸entropy", ["softmax", "Targets are one-hot"]),
    ("hover", "diagnosis", "[acc‸uracy]", ["fraction of correct predictions"]),
    ("hover", "diagnosis", "AU‸C(curve", ["area under a curve"]),
    ("hover", "diagnosis", "curve = P‸R", ["Precision over recall"]),
    ("hover", "diagnosis", "optimizer = Ad‸am", ["learning_rate = 0.001"]),
    ("hover", "diagnosis", "Mod‸el(inputs", ["Model(inputs, outputs)"]),
    ("hover", "diagnosis", ".comp‸ile(", ["loss_weights = none"]),
    ("hover", "translate", "Bidirec‸tional(GRU", ["from both ends"]),
    ("hover", "translate", "G‸RU(8", ["return_sequences = false"]),
    ("hover", "translate", 'optimizer = "ad‸am"', ["learning_rate = 0.001"]),
    # Arguments.
    ("hover", "diagnosis", "3, activ‸ation = relu", ["pub activation: Activation", "Activation applied", "linear"]),
    ("hover", "diagnosis", "kernel_init‸ializer =", ["Initializer of the kernel", "glorot_uniform"]),
    ("hover", "diagnosis", "(FILTERS, ‸3,", ["pub kernel_size", "window"]),
    ("hover", "diagnosis", "learning_r‸ate", ["pub learning_rate: f64", "0.001"]),
    ("hover", "diagnosis", "loss_w‸eights", ["Weight of each output"]),
    ("hover", "translate", "initial_st‸ate = [h", ["Initial state of a recurrent layer"]),
    ("hover", "translate", "merge_m‸ode", ["become one"]),
    # Tensors, layers and constants.
    ("hover", "diagnosis", "let ‸x: [127", ["let x: Tensor<127, 32>"]),
    ("hover", "diagnosis", "Flatten()(‸x)", ["let x: Tensor<127, 32>"]),
    ("hover", "diagnosis", "concatenate([x, press‸ure", ["let pressure: Tensor<1>"]),
    ("hover", "diagnosis", "outputs = [diag‸nosis", ["let diagnosis: Tensor<3>"]),
    ("hover", "diagnosis", "Conv1D(FIL‸TERS", ["const FILTERS: usize = 32", "Channels"]),
    ("hover", "translate", "let writ‸ten", ["let written: Tensor<7, 24>"]),
    ("hover", "translate", "(read, h, c‸) = encoder", ["let c: Tensor<24>"]),
    ("hover", "translate", "= enco‸der(source)", ["let encoder: LSTM"]),
    ("hover", "translate", "config::WO‸RDS * 2", ["const WORDS: usize = 12"]),
    # From names to where they are bound, and from fields of the program to the model.
    ("definition", "diagnosis", "Flatten()(‸x)", ["let ‸x: [127"]),
    ("definition", "diagnosis", "concatenate([x, press‸ure", ["let ‸pressure = Input"]),
    ("definition", "diagnosis", "outputs = [diag‸nosis", ["let ‸diagnosis ="]),
    ("definition", "diagnosis", "inputs = [e‸cg", ["let ‸ecg ="]),
    ("definition", "diagnosis", "loss = { diag‸nosis", ["let ‸diagnosis ="]),
    ("definition", "diagnosis", "diagnosis: 1.0, ri‸sk: 0.5 },\n", ["let ‸risk ="]),
    ("definition", "diagnosis", "metrics = { diag‸nosis", ["let ‸diagnosis ="]),
    ("definition", "diagnosis", "Conv1D(FIL‸TERS", ["const ‸FILTERS"]),
    ("definition", "diagnosis", "Diagnosis::FIL‸TERS", ["const ‸FILTERS"]),
    ("definition", "diagnosis", "outputs.diag‸nosis,", ["let ‸diagnosis ="]),
    ("definition", "diagnosis", "inputs.press‸ure", ["let ‸pressure ="]),
    ("definition", "diagnosis", "let DiagnosisTargets { diag‸nosis", ["let ‸diagnosis ="]),
    ("definition", "diagnosis", "let weights = DiagnosisPerOutput { diag‸nosis", ["let ‸diagnosis ="]),
    ("definition", "diagnosis", "logs.diag‸nosis.acc", ["let ‸diagnosis ="]),
    ("definition", "diagnosis", "model.con‸v1d", ["= ‸Conv1D(FILTERS"]),
    ("definition", "diagnosis", "inputs: &Diagnosis‸Inputs", ["pub ‸Diagnosis {"]),
    ("definition", "translate", "= enco‸der(source)", ["let ‸encoder"]),
    ("definition", "translate", "[‸h, c]", ["let (read, ‸h, c)"]),
    ("definition", "translate", "outputs = { wo‸rd: word", ["outputs = { ‸word: word"]),
    ("definition", "translate", "{ word: wo‸rd", ["let ‸word ="]),
    ("definition", "translate", "inputs = { source: sou‸rce", ["let ‸source ="]),
    ("definition", "translate", "config::WO‸RDS, activation", ["pub const ‸WORDS"]),
    # Functions and loops.
    # A model in a model.
    ("hover", "siamese", "let encode = Enc‸oder", ["Four numbers of an image"]),
    ("hover", "siamese", "let fir‸st", ["let first: Tensor<4>"]),
    ("hover", "siamese", "let apart = sub‸tract", ["subtract"]),
    ("definition", "siamese", "let encode = Enc‸oder", ["pub ‸Encoder"]),
    ("definition", "siamese", "encode(le‸ft)", ["let ‸left ="]),
    ("definition", "siamese", "let second = enc‸ode(right)", ["let ‸encode ="]),
    ("completion", "siamese", "subtract([first, second]) => subtract([first, sec‸])", ["second"]),
    ("hover", "residual", "let in‸ner", ["let inner: Tensor<16>"]),
    ("hover", "residual", "let w‸ide", ["let wide: Tensor<32>"]),
    ("hover", "residual", "= act‸ivation)(x)", ["activation: Setting"]),
    ("definition", "residual", "let h = blo‸ck(x)", ["fn ‸block(x"]),
    ("definition", "residual", "block(h, 8, activ‸ation = tanh", ["UNITS, ‸activation = relu)"]),
    ("definition", "residual", "Dense(un‸its, activation = activation)", ["fn block(x, ‸units ="]),
    ("definition", "residual", "Dense(UNITS)(in‸ner)", ["let ‸inner ="]),
    ("definition", "residual", "Dropout(ra‸te)", ["for (units, ‸rate)"]),
    ("definition", "residual", "Dropout(rate)(wi‸de)", ["let ‸wide ="]),
    ("completion", "residual", "Dense(UNITS)(inner) => Dense(UNITS)(inn‸)", ["inner", "x", "units"]),
    ("completion", "residual", "block(h, 8, activation = tanh) => block(h, act‸)", ["activation", "units", "!x"]),
    ("completion", "residual", "Dropout(rate)(wide) => Dropout(rate)(wi‸)", ["wide", "h"]),
    # Layers, while they are typed.
    ("completion", "diagnosis", "let risk = Dense(1, \"sigmoid\")(features); => let risk = Con‸", ["Conv1D", "Conv2DTranspose", "!relu"]),
    ("completion", "diagnosis", "let risk = Dense(1, \"sigmoid\")(features); => let risk = Con‸;", ["Conv1D", "Conv2DTranspose"]),
    ("completion", "diagnosis", "let x = Conv1D => let x = Con‸", ["Conv1D", "Conv2DTranspose"]),
    ("completion", "diagnosis", "let risk = Dense(1, \"sigmoid\")(features); => let risk = conc‸;", ["concatenate", "features"]),
    ("completion", "diagnosis", "let risk = Dense(1, \"sigmoid\")(features); => let risk = ‸;", ["Dense", "features"]),
    ("completion", "translate", "= Bidirectional(GRU => = Bidirectional(G‸", ["GRU", "LSTM"]),
    # Arguments.
    ("completion", "diagnosis", "FILTERS, 3, activation = relu, kernel_initializer = HeNormal(seed = 1) => FILTERS, 3, acti‸", ["activation", "strides", "!filters"]),
    ("completion", "diagnosis", "FILTERS, 3, activation = relu, kernel_initializer = HeNormal(seed = 1))(ecg) => FILTERS, 3, acti‸)", ["activation"]),
    ("completion", "diagnosis", "FILTERS, 3, activation = relu, kernel_initializer = HeNormal(seed = 1))(ecg); => FILTERS, 3, acti‸", ["activation"]),
    ("completion", "diagnosis", "FILTERS, 3, activation = relu, kernel => FILTERS, 3, ‸, kernel", ["activation", "strides"]),
    ("completion", "diagnosis", "FILTERS, 3, activation = relu, kernel_initializer = HeNormal(seed = 1))(ecg); => FILTERS, 3, ‸)", ["activation"]),
    ("completion", "diagnosis", "FILTERS, 3, activation = relu, kernel_initializer = HeNormal(seed = 1))(ecg); => ‸)(ecg);", ["filters"]),
    ("completion", "diagnosis", "(FILTERS, 3, => (FIL‸, 3,", ["FILTERS"]),
    ("completion", "diagnosis", "optimizer = Adam(learning_rate = 1e-3) => optimizer = Adam(lear‸)", ["learning_rate", "clipnorm"]),
    ("completion", "diagnosis", "metrics = { diagnosis: [accuracy], risk: [auc, AUC(curve = PR, name = \"auc_pr\")] }, => met‸", ["metrics", "!loss"]),
    ("completion", "diagnosis", "Model(inputs = [ecg, pressure], out => Model(inputs = [ecg, pressure], ou‸, out", ["!inputs"]),
    ("completion", "diagnosis", "[diagnosis, risk]).compile( => [diagnosis, risk]).comp‸(", ["compile"]),
    # Words.
    ("completion", "diagnosis", "activation = relu, => activation = ‸,", ["relu", "softmax", "!Dense"]),
    ("completion", "diagnosis", "activation = relu, => activation = re‸,", ["relu", "relu6", "!Dense"]),
    ("completion", "diagnosis", "activation = relu, kernel_initializer = HeNormal(seed = 1))(ecg); => activation = ‸", ["relu", "softmax"]),
    ("completion", "diagnosis", "padding = valid => padding = ‸", ["valid", "same"]),
    ("completion", "diagnosis", "kernel_initializer = HeNormal( => kernel_initializer = He‸(", ["HeNormal", "HeUniform"]),
    ("completion", "diagnosis", "optimizer = Adam( => optimizer = A‸(", ["Adam", "SGD"]),
    ("completion", "diagnosis", "risk: binary_crossentropy => risk: bin‸", ["binary_crossentropy", "mse"]),
    ("completion", "diagnosis", "metrics = { diagnosis: [accuracy] => metrics = { diagnosis: [acc‸]", ["accuracy", "auc"]),
    # Tensors.
    ("completion", "diagnosis", "Dense(1, \"sigmoid\")(features) => Dense(1, \"sigmoid\")(fea‸)", ["features", "diagnosis", "pressure"]),
    ("completion", "diagnosis", "Dense(1, \"sigmoid\")(features); => Dense(1, \"sigmoid\")(fea‸)", ["features"]),
    ("completion", "diagnosis", "Dense(1, \"sigmoid\")(features); => Dense(1, \"sigmoid\")(fea‸", ["features"]),
    ("completion", "diagnosis", "concatenate([x, pressure]) => concatenate([x, pre‸])", ["pressure", "ecg"]),
    ("completion", "diagnosis", "outputs = [diagnosis, risk] => outputs = [diagnosis, ri‸]", ["risk", "features"]),
    ("completion", "translate", "read + h * c => read + ‸", ["written", "encoder"]),
    ("completion", "translate", "initial_state = [h, c] => initial_state = [h, ‸]", ["c", "read"]),
    # Outputs.
    ("completion", "diagnosis", "loss = { diagnosis: categorical_crossentropy, risk: binary_crossentropy } => loss = { dia‸ }", ["diagnosis", "risk", "!features"]),
    ("completion", "diagnosis", "loss = { diagnosis: categorical_crossentropy, risk: binary_crossentropy } => loss = { diagnosis: mse, ‸ }", ["risk", "!diagnosis"]),
    # The program, while the model is wrong.
    ("completion", "diagnosis", "let x = Conv1D => let x = Conv1 ... let weights = DiagnosisPerOutput { diagnosis: 1.0, risk: 0.5 } => let weights = DiagnosisPerOutput { dia‸ }", ["diagnosis", "risk"]),
    ("completion", "diagnosis", "let x = Conv1D => let x = Conv1 ... inputs.pressure => inputs.‸", ["pressure", "ecg"]),
    ("definition", "diagnosis", "let x = Conv1D => let x = Conv1 ... outputs.diagnosis => outputs.diag‸nosis", ["let ‸diagnosis ="]),
    ("hover", "diagnosis", "let x = Conv1D => let x = Conv1 ... let x = Flatten => let x = Flat‸ten", ["Flattens a sample"]),
    ("hover", "diagnosis", "Dense(1, \"sigmoid\") => Dense(1, \"sigm\") ... outputs = [diagnosis => outputs = [diag‸nosis", ["let diagnosis: Tensor<3>"]),
]


class Server:
    """rust-analyzer and the messages to and from it."""

    def __init__(self, binary, log):
        self.process = subprocess.Popen(
            [binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, cwd=HERE
        )
        self.changed = threading.Condition()
        self.answers, self.diagnostics, self.status = {}, {}, {}
        self.number = 0
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while True:
            length = 0
            while line := self.process.stdout.readline().strip():
                name, value = line.split(b":", 1)
                if name.lower() == b"content-length":
                    length = int(value)
            if not length:
                break
            with self.changed:
                self.take(json.loads(self.process.stdout.read(length)))
                self.changed.notify_all()
        with self.changed:
            self.answers = None
            self.changed.notify_all()

    def take(self, message):
        method, params = message.get("method"), message.get("params")
        if method is None:
            self.answers[message["id"]] = message
        elif "id" in message:
            # What the server asks of the editor: nothing needs more than a nod.
            self.write({"id": message["id"], "result": None})
        elif method == "textDocument/publishDiagnostics":
            self.diagnostics[params["uri"]] = params["diagnostics"]
        elif method == "experimental/serverStatus":
            self.status = params

    def write(self, message):
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        self.process.stdin.flush()

    def notify(self, method, params):
        with self.changed:
            self.write({"method": method, "params": params})

    def request(self, method, params):
        with self.changed:
            self.number += 1
            number = self.number
            self.write({"id": number, "method": method, "params": params})
            self.wait(lambda: self.answers is None or number in self.answers, method)
            if self.answers is None:
                sys.exit(f"rust-analyzer ended during {method}")
            answer = self.answers.pop(number)
        # The server asks to try again when the text changed meanwhile.
        if answer.get("error", {}).get("code") == -32801:
            return self.request(method, params)
        if "error" in answer:
            sys.exit(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def wait(self, done, what, seconds=600):
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end:
                sys.exit(f"rust-analyzer does not answer: {what}")
            self.changed.wait(1)


def start(binary, log):
    server = Server(binary, log)
    build = ["cargo", "check", "--quiet", "--message-format=json", "--package=mimo-editor-test"]
    options = {
        # Of the workspace, only this crate and what it needs is built.
        "cargo": {"allTargets": False, "buildScripts": {"enable": True, "overrideCommand": build}},
        "procMacro": {"enable": True},
        "checkOnSave": False,
        "cachePriming": {"enable": False},
    }
    capabilities = {
        "experimental": {"serverStatusNotification": True},
        "textDocument": {
            "hover": {"contentFormat": ["markdown"]},
            "definition": {"linkSupport": False},
            "publishDiagnostics": {},
        },
    }
    server.request(
        "initialize",
        {
            "processId": os.getpid(),
            "rootUri": HERE.as_uri(),
            "workspaceFolders": [{"uri": HERE.as_uri(), "name": "editor"}],
            "initializationOptions": options,
            "capabilities": capabilities,
        },
    )
    server.notify("initialized", {})
    with server.changed:
        server.wait(lambda: server.status.get("quiescent"), "indexing")
        if server.status.get("health") != "ok":
            sys.exit(f"rust-analyzer: {server.status.get('message')}")
    return server


class Document:
    """A source, as it is or with an edit that is never saved."""

    def __init__(self, server, name):
        self.server, self.path = server, HERE / "src" / f"{name}.rs"
        self.saved = self.text = self.path.read_text()
        self.version = 1
        opened = {"uri": self.path.as_uri(), "languageId": "rust", "version": 1, "text": self.text}
        server.notify("textDocument/didOpen", {"textDocument": opened})

    def change(self, text):
        if text != self.text:
            self.text = text
            self.version += 1
            document = {"uri": self.path.as_uri(), "version": self.version}
            changes = {"textDocument": document, "contentChanges": [{"text": text}]}
            self.server.notify("textDocument/didChange", changes)

    def at(self, place):
        """Makes the edits of a place, and gives the position of its mark."""
        text = self.saved
        for edit in place.split(" ... "):
            old, _, new = edit.partition(" => ")
            found = text.count(old if new else old.replace(MARK, ""))
            if found != 1:
                sys.exit(f"{self.path.name} holds {old!r} {found} times")
            text = text.replace(old, new) if new else text.replace(old.replace(MARK, ""), old)
        offset = text.index(MARK)
        self.change(text.replace(MARK, ""))
        return position(text, offset)


def position(text, offset):
    start = text.rfind("\n", 0, offset) + 1
    # Positions count UTF-16 units.
    return {"line": text.count("\n", 0, offset), "character": len(text[start:offset].encode("utf-16-le")) // 2}


def answer(document, kind, place):
    """What the server says, as a list of lines."""
    at = {"textDocument": {"uri": document.path.as_uri()}, "position": document.at(place)}
    found = document.server.request(f"textDocument/{kind}", at)
    if kind == "hover":
        return [found["contents"]["value"]] if found else []
    if kind == "completion":
        items = found["items"] if isinstance(found, dict) else found or []
        return [item["label"] for item in items]
    lines = document.text.splitlines()
    places = []
    for target in found or []:
        start = target["range"]["start"]
        if target["uri"] == document.path.as_uri():
            line = lines[start["line"]]
            places.append(line[: start["character"]] + MARK + line[start["character"] :])
        else:
            places.append(target["uri"].rsplit("/", 1)[-1])
    return places


def holds(kind, answers, word):
    wanted = word.lstrip("!")
    if kind == "completion":
        # `Conv1D(…)`, `loss: Loss`, `MSE (alias mse)`
        found = any(label.split("(")[0].split("{")[0].split(" ")[0].rstrip("…: ") == wanted for label in answers)
    else:
        found = any(wanted in " ".join(line.split()) for line in answers)
    return found != word.startswith("!")


def main():
    arguments = sys.argv[1:]
    verbose = "-v" in arguments
    words = [word for word in arguments if word != "-v"]
    binary = os.environ.get("RUST_ANALYZER", "rust-analyzer")
    log = open(os.environ.get("RUST_ANALYZER_LOG", os.devnull), "w")
    server = start(binary, log)
    documents = {name: Document(server, name) for name in ["diagnosis", "residual", "siamese", "translate"]}
    failed = asked = 0
    # A sound model is sound for rust-analyzer too: what is written for it has no errors of its own.
    for name, document in documents.items():
        uri = document.path.as_uri()
        report = server.request("textDocument/diagnostic", {"textDocument": {"uri": uri}})
        told = [f"{item.get('code')}: {item['message']}" for item in report["items"]]
        print(f"{'ok  ' if not told else 'FAIL'} diagnostics {name}: {told or 'none'}")
        failed += bool(told)
    for kind, name, place, wanted in QUESTIONS:
        if words and not any(word in f"{kind} {name} {place}" for word in words):
            continue
        asked += 1
        answers = answer(documents[name], kind, place)
        missing = [word for word in wanted if not holds(kind, answers, word)]
        failed += bool(missing)
        shown = place.replace("\n", "⏎")
        print(f"{'FAIL' if missing else 'ok  '} {kind:10} {name}: {shown}")
        if verbose or missing:
            first = [" ".join(line.split())[: 4000 if verbose else 200] for line in answers]
            print("       " + (", ".join(first)[:4000] if kind == "completion" else "\n       ".join(first) or "(nothing)"))
        if missing:
            print(f"       missing: {missing}")
    server.request("shutdown", None)
    server.notify("exit", None)
    server.process.wait(30)
    print(f"{asked} questions, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
