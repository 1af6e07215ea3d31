//! Sources of models of any size, to measure expansion time. `fuzz/` uses this file too.

/// Source of a model with this number of layers.
pub type Source = fn(usize) -> String;

/// Every kind by its name.
pub const KINDS: [(&str, Source); 14] = [
    ("chain", chain),
    ("images", images),
    ("sequences", sequences),
    ("branches", branches),
    ("siblings", siblings),
    ("shared", shared),
    ("outputs", outputs),
    ("inputs", inputs),
    ("nested", nested),
    ("operators", operators),
    ("consts", consts),
    ("consts_backwards", consts_backwards),
    ("deferred", deferred),
    ("same_name", same_name),
];

const COMPILE: &str = ".compile(optimizer = Adam(), loss = mse, metrics = mae)";

/// A block with these statements.
fn model(statements: &str, inputs: &str, outputs: &str) -> String {
    format!("Large {{ {statements} Model(inputs = [{inputs}], outputs = [{outputs}]){COMPILE} }}")
}

/// `each(0) each(1) …`
fn lines(n: usize, each: impl Fn(usize) -> String) -> String {
    (0..n).map(each).collect()
}

/// `a0, a1, …`
fn names(n: usize, prefix: &str) -> String {
    lines(n, |i| format!("{prefix}{i}, "))
}

/// One layer after the other.
pub fn chain(n: usize) -> String {
    let layers = lines(n.saturating_sub(1), |i| {
        format!("let h{} = Dense({}, activation = relu)(h{i});", i + 1, 8 + i % 24)
    });
    let last = n.saturating_sub(1);
    model(&format!("let h0 = Input(shape = [8]); {layers} let y = Dense(1)(h{last});"), "h0", "y")
}

/// Convolutions and poolings.
fn images(n: usize) -> String {
    let layers = lines(n / 2, |i| {
        let filters = 2 + i % 4;
        format!(
            "let h = Conv2D({filters}, 3, padding = same, activation = relu)(h); let h = MaxPooling2D(2, strides = 1, padding = same)(h);"
        )
    });
    model(
        &format!(
            "let x = Input(shape = [6, 6, 1]); let h = Conv2D(2, 1)(x); {layers} let y = Dense(1)(Flatten()(h));"
        ),
        "x",
        "y",
    )
}

/// Recurrent layers.
fn sequences(n: usize) -> String {
    let layers = lines(n / 2, |i| {
        let units = 2 + i % 3;
        format!("let h = GRU({units}, return_sequences = true)(h); let h = TimeDistributed(Dense(3))(h);")
    });
    model(
        &format!("let x = Input(shape = [5, 2]); let h = Dense(3)(x); {layers} let y = LSTM(1)(h);"),
        "x",
        "y",
    )
}

/// Branches of two layers into one tensor.
fn branches(n: usize) -> String {
    let n = n / 2;
    let layers = lines(n, |i| {
        format!("let b{i} = Dense(2, activation = tanh)(Dense({}, activation = relu)(x));", 2 + i % 5)
    });
    model(
        &format!(
            "let x = Input(shape = [4]); {layers} let all = concatenate([{}]); let y = Dense(1)(all);",
            names(n, "b")
        ),
        "x",
        "y",
    )
}

/// Layers on one tensor, each read by its own layer and all added up.
fn siblings(n: usize) -> String {
    let layers = lines(n, |i| format!("let b{i} = Dense(3, name = \"part_{i}\")(x);"));
    model(
        &format!("let x = Input(shape = [4]); {layers} let y = Dense(1)(add([{}]));", names(n, "b")),
        "x",
        "y",
    )
}

/// One layer that is called over and over.
fn shared(n: usize) -> String {
    let calls = lines(n, |i| format!("let h{} = layer(h{i});", i + 1));
    model(
        &format!(
            "let h0 = Input(shape = [4]); let layer = Dense(4, activation = relu); {calls} let y = Dense(1)(h{n});"
        ),
        "h0",
        "y",
    )
}

/// Heads on one tensor.
fn outputs(n: usize) -> String {
    let layers = lines(n, |i| format!("let y{i} = Dense(1)(h);"));
    model(
        &format!("let x = Input(shape = [4]); let h = Dense(8, activation = relu)(x); {layers}"),
        "x",
        &names(n, "y"),
    )
}

/// An input per layer.
fn inputs(n: usize) -> String {
    let layers = lines(n, |i| format!("let x{i} = Input(shape = [4]); let b{i} = Dense(2)(x{i});"));
    model(&format!("{layers} let y = Dense(1)(concatenate([{}]));", names(n, "b")), &names(n, "x"), "y")
}

/// Calls of calls, as deep as the grammar allows.
fn nested(n: usize) -> String {
    const DEPTH: usize = 25;
    let layers =
        lines(n / DEPTH, |_| format!("let h = {}h{};", "Dense(4)(".repeat(DEPTH), ")".repeat(DEPTH)));
    model(
        &format!("let x = Input(shape = [4]); let h = Dense(4)(x); {layers} let y = Dense(1)(h);"),
        "x",
        "y",
    )
}

/// Sums, as long as the grammar allows.
fn operators(n: usize) -> String {
    const LEN: usize = 100;
    let layers = lines(n / LEN, |i| format!("let h = {}h;", ["x + h * ", "h - x + "][i % 2].repeat(LEN / 2)));
    model(
        &format!("let x = Input(shape = [4]); let h = Dense(4)(x); {layers} let y = Dense(1)(h);"),
        "x",
        "y",
    )
}

/// Constants, each of which needs the one before.
fn consts(n: usize) -> String {
    let consts = lines(n, |i| format!("const C{}: usize = C{i} + 1;", i + 1));
    let uses = lines(n, |i| format!("let h = Dense(C{i} % 7 + 1)(h);"));
    model(
        &format!(
            "const C0: usize = 1; {consts} let x = Input(shape = [4]); let h = Dense(2)(x); {uses} let y = Dense(1)(h);"
        ),
        "x",
        "y",
    )
}

/// Constants, each of which needs the next one, and which the macro does not know.
fn consts_backwards(n: usize) -> String {
    // Very long expressions are refused.
    let consts = lines(n, |i| match i % 8 {
        7 => format!("const C{i}: usize = crate::WIDTH + {};", i + 1),
        _ => format!("const C{i}: usize = C{} + 1;", i + 1),
    });
    let uses = lines(n, |i| format!("let h = Dense(C{i})(h);"));
    model(
        &format!("{consts} let x = Input(shape = [4]); let h = Dense(2)(x); {uses} let y = Dense(1)(h);"),
        "x",
        "y",
    )
}

/// Lengths that only const evaluation knows.
fn deferred(n: usize) -> String {
    let layers = lines(n, |i| format!("let h: [crate::WIDTH + {i}] = Dense(crate::WIDTH + {i})(h);"));
    model(
        &format!("let x = Input(shape = [crate::WIDTH]); let h = Dense(2)(x); {layers} let y = Dense(1)(h);"),
        "x",
        "y",
    )
}

/// Names that collide in camel case and in upper case.
fn same_name(n: usize) -> String {
    let name = |i: usize| {
        let mut name = String::from("a");
        for bit in 0..10 {
            name.push(if i >> bit & 1 == 1 { 'X' } else { 'x' });
        }
        name
    };
    let layers = lines(n, |i| format!("let {} = Dense(1)(h);", name(i)));
    let names = lines(n, |i| format!("{}, ", name(i)));
    model(
        &format!("let x = Input(shape = [4]); let h = Dense(8, activation = relu)(x); {layers}"),
        "x",
        &names,
    )
}
