//! Tests of habits of Python: each is reported with help, and parsed as its meaning if it is clear.

use super::*;

#[test]
fn python_is_understood_and_corrected() {
    assert_line(
        "let _a = Dense(3, activation: relu)(x);",
        &[
            "2:29 [:] `activation` is followed by `:`, and an argument takes `=`\n\n  = help: write `activation = …`",
        ],
    );
    assert_line(
        "let mut _a = Dense(3)(x);",
        &[
            "2:5 [mut] a tensor is never changed\n\n  = help: remove `mut`; a later `let` may use the same name",
        ],
    );
    assert_line(
        "_a = Dense(3)(x);",
        &["2:1 [_a] a binding starts with `let`\n\n  = help: write `let _a = …;`"],
    );
    assert_line(
        "_a: [3] = Dense(3)(x);",
        &["2:1 [_a] a binding starts with `let`\n\n  = help: write `let _a = …;`"],
    );
    assert_line(
        "_a, _b = Dense(3)(x);",
        &[
            "2:1 [_a, _b] a binding starts with `let`\n\n  = help: write `let (_a, _b) = …;`",
            "2:10 [Dense(3)(x)] this returns 1 tensor, but 2 names are bound\n\n  = help: write `let _a = …;`",
        ],
    );
    assert_line(
        "(_a, _b) = Dense(3)(x);",
        &[
            "2:1 [(_a, _b)] a binding starts with `let`\n\n  = help: write `let (_a, _b) = …;`",
            "2:12 [Dense(3)(x)] this returns 1 tensor, but 2 names are bound\n\n  = help: write `let _a = …;`",
        ],
    );
    assert_line(
        "let _a = Dense(3, use_bias = True)(x);",
        &["2:30 [True] `True` is Python\n\n  = help: write `true`"],
    );
    assert_line(
        "let _a = Dense(3, use_bias = False, name = None)(x);",
        &[
            "2:30 [False] `False` is Python\n\n  = help: write `false`",
            "2:44 [None] `None` is Python\n\n  = help: write `none`",
        ],
    );
    assert_line(
        "let _a = keras.layers.Dense(3)(x);",
        &[
            "2:10 [keras.layers.] `keras.layers.` is a Python module, and names have no prefix here\n\n  = help: write `Dense`",
        ],
    );
    assert_line(
        "let _a = layers.Dense(3)(layers.Dropout(0.5)(x));",
        &[
            "2:10 [layers.] `layers.` is a Python module, and names have no prefix here\n\n  = help: write `Dense`",
            "2:26 [layers.] `layers.` is a Python module, and names have no prefix here\n\n  = help: write `Dropout`",
        ],
    );
    assert_line(
        "let _a = lambda x: x;",
        &[
            "2:10 [lambda] `lambda` is Python, and a model holds no functions\n\n  = help: build it from layers, or write it in Rust on the model's outputs",
        ],
    );
    assert_line("let _a = x ** 2;", &["2:10 [x ** 2] `**` is Python's power\n\n  = help: write `square(x)`"]);
    assert_line(
        "let _a = Dense(2 ** 3)(x);",
        &["2:16 [2 ** 3] `**` is Python's power\n\n  = help: write `8`"],
    );
    assert_line(
        "let _a = Dense(crate::N ** 3)(x);",
        &["2:16 [crate::N ** 3] `**` is Python's power\n\n  = help: write `usize::pow(crate::N, 3)`"],
    );
    assert_line(
        "let _a = Model(inputs = [x], outputs = [y0]);",
        &[
            "2:5 [_a] the model is not bound to `_a`\n\n  = help: end the block with `Model(…)` itself, without a name and without `;`",
            "3:1 [let y = Dense(1)(y0)] this stands after `Model(…)`, which ends the block\n\n  = help: move it before `Model(…)`",
        ],
    );
    assert_line(
        "x.fit(3);",
        &[
            "2:1 [x.fit(3)] `fit` is not called on a name in the block\n\n  = help: call it in Rust, on the generated type",
        ],
    );
    assert_line(
        "x += y0;",
        &[
            "2:1 [x += y0] a tensor is never changed\n\n  = help: bind the result to the same name: `let x = x + y0;`",
        ],
    );
    assert_line(
        "for i in 3;",
        &["2:1 [for i in 3] this loop has no body\n\n  = help: write `for i in 0..4 { … }`"],
    );
    assert_line(
        "import keras;",
        &[
            "2:1 [import keras] a block imports nothing\n\n  = help: remove this: every layer is known in the block; another model is brought in with `use path::Name;`",
        ],
    );
    assert_line(
        "pub let _a = Dense(3)(x);",
        &["2:1 [pub] `pub` does not belong here\n\n  = help: only the model itself has a visibility"],
    );
    assert_line(
        "#[cfg(test)] let _a = Dense(3)(x);",
        &[
            "2:1 [#[cfg(test)]] a statement of a model cannot be compiled conditionally\n\n  = help: put `#[cfg(…)]` before the model's name",
        ],
    );
    assert_line(
        "return y0;",
        &["2:1 [return] `return` does not belong here\n\n  = help: end the block with `Model(…)` itself"],
    );
    assert_line(
        "let let _a = Dense(3)(x);",
        &["2:5 [let] `let` is a keyword of Rust\n\n  = help: use another name, or write `r#let`"],
    );
    assert_line(
        "Model(inputs = [x], outputs = [y0]); Model(inputs = [x], outputs = [y0]);",
        &[
            "2:38 [Model(inputs = [x], outputs = [y0])] a block has one `Model(…)`, and this is a second one\n\n  = help: write a `model!` for each model",
        ],
    );
    assert_line(
        "let _a = tf.keras.layers.Dense(3, activation: relu)(x) let _b = Dense(3, use_bias = True)(_a);",
        &[
            "2:10 [tf.keras.layers.] `tf.keras.layers.` is a Python module, and names have no prefix here\n\n  = help: write `Dense`",
            "2:45 [:] `activation` is followed by `:`, and an argument takes `=`\n\n  = help: write `activation = …`",
            "2:52 [(x)] missing `;` after this statement\n\n  = help: write a `;` here",
            "2:85 [True] `True` is Python\n\n  = help: write `true`",
        ],
    );
}
