//! Tests of the meaning of names: tensors, layers and settings are not confused.

use super::*;

#[test]
fn tensors_and_layers_are_told_apart() {
    assert_line(
        "let _a = ;",
        &["2:8 [=] expected a tensor or a layer after `=`\n\n  = help: write `Layer(settings)(tensor)`"],
    );
    assert_line(
        "let (_a, _b) = Dense(3)(x);",
        &["2:16 [Dense(3)(x)] this returns 1 tensor, but 2 names are bound\n\n  = help: write `let _a = …;`"],
    );
    assert_line("let _a = x * 2.0;", &[]);
    assert_line("let _a = 1 - x;", &[]);
    assert_line("let _a = x / x;", &[]);
    assert_line("let _a = -x;", &[]);
    assert_line(
        "let _a = [x, y0];",
        &[
            "2:10 [[x, y0]] a list is not a tensor\n\n  = help: join tensors with `concatenate([a, b])`, or bind each with its own `let`",
        ],
    );
    assert_line("let _a = 3;", &[]);
    assert_line(
        "let a = 3; let _b = Dense(2)(a);",
        &[
            "2:9 [3] `a` is the number 3, and it is used as a tensor\n\n  = help: bind a tensor to it: `let a = Layer(settings)(tensor);`",
        ],
    );
    assert_line(
        "let _a = x(y0);",
        &[
            "2:10 [x] `x` is a tensor, and only layers are called\n\n  = help: call a layer on it: `Layer(settings)(x)`",
        ],
    );
    assert_line(
        "let _a = Dense(3)(x)(x);",
        &[
            "2:10 [Dense(3)(x)(x)] `Dense(3)(x)` is a tensor, and only layers are called\n\n  = help: bind it with `let`, and call a layer on it",
        ],
    );
    assert_line(
        "let _a = Dense(3)();",
        &[
            "2:10 [Dense(3)()] a layer is called on a tensor, and none is given\n\n  = help: write `Layer(settings)(tensor)`",
        ],
    );
    assert_line(
        "let _a = Flatten(x);",
        &[
            "2:18 [x] `x` is a tensor, and `Flatten` takes its settings first\n\n  = help: write `Flatten()(x)`",
        ],
    );
    assert_line(
        "let _a = flatten(x);",
        &[
            "2:18 [x] `x` is a tensor, and `Flatten` takes its settings first\n\n  = help: write `Flatten()(x)`",
        ],
    );
    assert_line(
        "let _a = Dense(x, 3);",
        &["2:16 [x] `x` is a tensor, and `Dense` takes its settings first\n\n  = help: write `Dense(…)(x)`"],
    );
    assert_line(
        "let _a = Concatenate(x, y0);",
        &[
            "2:22 [x] `x` is a tensor, and `Concatenate` takes its settings first\n\n  = help: write `Concatenate(…)(x)`",
        ],
    );
    assert_line(
        "let _a = concatenate(x, y0);",
        &["2:25 [y0] `concatenate` takes its tensors as one list\n\n  = help: write `concatenate([a, b])`"],
    );
    assert_line(
        "let _a = concatenate();",
        &["2:10 [concatenate()] `concatenate` is given no tensors\n\n  = help: write `concatenate([a, b])`"],
    );
    assert_line(
        "let enc = Dense(3); let _a = encc(x);",
        &["2:30 [encc] cannot find a layer `encc`\n\n  = help: did you mean `enc`?"],
    );
    assert_line(
        "let _a = Dense(3)(Dropout(0.5));",
        &[
            "2:19 [Dropout(0.5)] `Dropout(0.5)` is a layer, and a tensor is needed here\n\n  = help: call it: `Dropout(0.5)(x)`",
        ],
    );
    assert_line(
        "let _a = Dense(3)(z);",
        &["2:19 [z] cannot find a tensor or a layer `z`\n\n  = help: bind it first: `let z = …;`"],
    );
    assert_line(
        "let _a = Dense(3)(y);",
        &["2:19 [y] `y` is used before it is bound\n\n  = help: move `let y = …;` before this"],
    );
    assert_line(
        "let _a = Dense(3)(yO);",
        &["2:19 [yO] cannot find a tensor or a layer `yO`\n\n  = help: bind it first: `let yO = …;`"],
    );
    assert_line(
        "let _a = Dense(3)(q); let _b = Dense(3)(q);",
        &["2:19 [q] cannot find a tensor or a layer `q`\n\n  = help: bind it first: `let q = …;`"],
    );
    assert_line(
        "let enc: [3] = Dense(3); let _a = enc(x);",
        &[
            "2:10 [[3]] `enc` is a layer, and only tensors have a shape\n\n  = help: call the layer: `let enc: […] = …(…)(x);`",
        ],
    );
    assert_line(
        "let _a = Dense(3)(x, units = 3);",
        &[
            "2:22 [units] a call takes tensors, and `units` is a setting\n\n  = help: move it to the layer: `Layer(units = …)(x)`",
        ],
    );
    assert_line(
        "let _a = Input(shape = [3])(x);",
        &[
            "2:10 [Input(shape = [3])(x)] `Input(shape = [3])` is a tensor, and only layers are called\n\n  = help: bind it with `let`, and call a layer on it",
        ],
    );
    assert_line(
        "let _a = Dense(99999999999999999999)(x);",
        &[
            "2:16 [99999999999999999999] `99999999999999999999` is too large a number\n\n  = help: write a smaller one",
        ],
    );
    assert_line(
        "let _a = Dense(3) + 3 @ 4;",
        &["2:23 [@] `@` is Python's matrix product\n\n  = help: write `matmul(a, b)`"],
    );
}
