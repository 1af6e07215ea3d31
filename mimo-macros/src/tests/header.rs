//! Tests of tokens before and after the block.

use super::*;

const BODY: &str = "{ let x = Input(shape = [4]); let y = Dense(1)(x); Model(inputs = [x], outputs = [y]) }";

#[track_caller]
fn assert_header(header: &str, wanted: &[&str]) {
    assert_told(&format!("{header} {BODY}"), wanted);
}

#[test]
fn headers() {
    const FORM: &str = "\n\n  = help: write `pub Name { … }`";
    assert_header("Net", &[]);
    assert_header("/// Docs.\n #[allow(dead_code)] pub(crate) Net", &[]);
    assert_header("crate = ::net; pub Net", &[]);
    assert_header(
        "crate = ::net pub Net",
        &["1:9 [::net] missing `;` after the path\n\n  = help: write `crate = ::path;`"],
    );
    assert_header("struct Net", &[&format!("1:1 [struct] `struct` does not belong here{FORM}")]);
    assert_header("pub", &[&format!("1:5 [{BODY}] expected the model's name{FORM}")]);
    assert_header("Net<T>", &[&format!("1:4 [<T>] a model has no generic parameters{FORM}")]);
    assert_header(
        "Net(T)",
        &[&format!("1:4 [(T)] unexpected tokens between the model's name and its block{FORM}")],
    );
    assert_told("", &[&format!("1:1 [] expected a name and a block{FORM}")]);
    assert_told("pub Net", &[&format!("1:5 [Net] the model `Net` has no block{FORM}")]);
    assert_told(
        &format!("Net {BODY} Other {BODY}"),
        &[&format!(
            "1:{} [Other {BODY}] unexpected tokens after the model\n\n  = help: write one `model!` per model",
            BODY.len() + 6
        )],
    );
}

#[test]
fn blocks() {
    const END: &str = "\n\n  = help: end the block with `Model(inputs = […], outputs = […])`";
    assert_told("Net { }", &[&format!("1:7 [}}] this model is empty{END}")]);
    assert_told(
        "Net { let x = Input(shape = [4]); }",
        &[&format!("1:35 [}}] the block does not say what the model is{END}")],
    );
}

/// The end of a block whose `x` is an input, `h` a tensor and `l` a layer.
#[track_caller]
fn assert_end(end: &str, wanted: &[&str]) {
    assert_told(
        &format!("Net {{ let x = Input(shape = [4]); let l = Dense(2); let h = l(x);\n{end} }}"),
        wanted,
    );
}

#[test]
fn ends() {
    assert_end("Model(inputs = x, outputs = h)", &[]);
    assert_end("Model((x,), [h],);", &[]);
    assert_end("Model(inputs = { given: x }, outputs = { \"risk\": h })", &[]);
    assert_end(
        "Model(input = [x], outputs = [h])",
        &["2:7 [input] `Model` has no argument `input`\n\n  = help: did you mean `inputs`?"],
    );
    assert_end(
        "Model([x])",
        &[
            "2:1 [Model([x])] `Model` is not told its outputs\n\n  = help: write `Model(inputs = […], outputs = […])`",
        ],
    );
    assert_end(
        "Model([x], [h], 3)",
        &[
            "2:17 [3] `Model` takes its inputs and its outputs, and nothing more\n\n  = help: write `Model(inputs = […], outputs = […])`",
        ],
    );
    assert_end(
        "Model(inputs = [x], outputs = [h], name = \"net\")",
        &[
            "2:36 [name] the model has its name already\n\n  = help: the name before the block is the model's name; remove `name`",
        ],
    );
    assert_end(
        "Model(inputs = [x], outputs = [l])",
        &[
            "2:32 [l] `l` is a layer, and a tensor is needed here\n\n  = help: name what a call of it returns: `let y = l(x);`",
        ],
    );
    assert_end(
        "Model(inputs = [h], outputs = [l(h)])",
        &[
            "2:17 [h] `h` is computed by a layer, and an input is given\n\n  = help: list what `Input(…)` makes, or leave `h` out",
            "2:32 [l(h)] this output has no name\n\n  = help: bind it with `let`, or name it in a map: `outputs = { name: … }`",
        ],
    );
    assert_end(
        "Model(inputs = [], outputs = [h])",
        &["2:16 [[]] a model has at least one input\n\n  = help: write `inputs = [name]`"],
    );
    assert_end(
        "Model(inputs = [x], outputs = [hh])",
        &["2:32 [hh] cannot find a tensor or a layer `hh`\n\n  = help: bind it first: `let hh = …;`"],
    );
    assert_end(
        "Model[x, h]",
        &["2:1 [Model] expected `(…)` after `Model`\n\n  = help: write `Model(inputs = […], outputs = […])`"],
    );
    assert_end(
        "Model(inputs = [x], outputs = [h]).compil(loss = mse)",
        &["2:36 [compil] unknown method `compil`\n\n  = help: did you mean `compile`?"],
    );
    assert_end(
        "Model(inputs = [x], outputs = [h]).fit(x)",
        &[
            "2:36 [fit] `fit` is not called on `Model(…)`\n\n  = help: only `.compile(…)` is; everything else is called in Rust, on the generated type",
        ],
    );
    assert_end(
        "Model(inputs = [x], outputs = [h]) + 3",
        &[
            "2:36 [+] unexpected `+` after `Model(…)`\n\n  = help: remove it, or write what is missing before it",
        ],
    );
    assert_end(
        "return Model(inputs = [x], outputs = [h])",
        &["2:1 [return] `return` does not belong here\n\n  = help: end the block with `Model(…)` itself"],
    );
    assert_end(
        "model = Model(inputs = [x], outputs = [h]);\nmodel.compile(loss = mse);",
        &[
            "2:1 [model] the model is not bound to `model`\n\n  = help: end the block with `Model(…)` itself, without a name and without `;`",
            "3:1 [model.compile(loss = mse)] this stands after the model\n\n  = help: write `Model(…).compile(…)`",
        ],
    );
    assert_end(
        "Model(inputs = [x], outputs = [h]);\n.compile(loss = mse)",
        &["3:1 [.compile(loss = mse)] this stands after the model\n\n  = help: write `Model(…).compile(…)`"],
    );
    assert_end(
        "Model(inputs = [x], outputs = { a = h })",
        &["2:35 [=] expected `:` after the key `a`\n\n  = help: write `a: value`"],
    );
    assert_end(
        "Model(inputs = [x], outputs = { a: })",
        &["2:33 [a] the key `a` has no value\n\n  = help: write `a: value`"],
    );
    assert_end(
        "Model(inputs = [x], outputs = { 3: h, a: h })",
        &["2:33 [3] a key is a name or a string\n\n  = help: write `{ name: value, … }`"],
    );
}
