//! Tests of syntax errors: each is reported at its location, and the rest is parsed.

use super::*;

#[test]
fn broken_statements_are_told_at_their_tokens() {
    assert_line(
        "let a = Dense(3)(x) let _b = Dense(2)(a);",
        &["2:17 [(x)] missing `;` after this statement\n\n  = help: write a `;` here"],
    );
    assert_line(
        "let _a = Dense(3 activation = relu)(x);",
        &["2:16 [3] missing `,` after this argument\n\n  = help: write a `,` here"],
    );
    assert_line(
        "let _a = Dense(3,, activation = relu)(x);",
        &["2:18 [,] nothing stands before this `,`\n\n  = help: remove the `,`"],
    );
    assert_line(
        "let _a = Dense(3, activation = )(x);",
        &["2:19 [activation] `activation` has no value\n\n  = help: write `activation = value`"],
    );
    assert_line(
        "let _a Dense(3)(x);",
        &["2:5 [_a] expected `=` after this\n\n  = help: write `let _a = …;`"],
    );
    assert_line(
        "let = Dense(3)(x);",
        &["2:1 [let] expected a name after `let`\n\n  = help: write `let name = …;`"],
    );
    assert_line(
        "let 3 = Dense(3)(x);",
        &["2:1 [let] expected a name after `let`\n\n  = help: write `let name = …;`"],
    );
    assert_line(
        "let fn = Dense(3)(x);",
        &["2:5 [fn] `fn` is a keyword of Rust\n\n  = help: use another name, or write `r#fn`"],
    );
    assert_line(
        "let _a: = Dense(3)(x);",
        &["2:7 [:] expected a shape\n\n  = help: write `let name: [127, 32] = …;`"],
    );
    assert_line(
        "let _a: Tensor = Dense(3)(x);",
        &[
            "2:9 [Tensor] `Tensor` is not a shape\n\n  = help: write the lengths of one sample's axes: `let name: [127, 32] = …;`",
        ],
    );
    assert_line(
        "let _a = Dense(3)(x, training = true);",
        &[
            "2:22 [training] a call does not say whether it trains\n\n  = help: remove `training`: `fit` trains, and `predict` does not",
        ],
    );
    assert_line(
        "Dense(3)(x);",
        &["2:1 [Dense(3)(x)] the result of this is not bound\n\n  = help: write `let name = …;`"],
    );
    assert_line(
        "let _a = Dense(3 relu true)(x);",
        &["2:16 [3] missing `,` after this argument\n\n  = help: write a `,` here"],
    );
    assert_line(
        "let _a = Dense(3;4)(x);",
        &[
            "2:17 [;] unexpected `;` after an argument\n\n  = help: remove it, or write what is missing before it",
        ],
    );
    assert_line(
        "let _a = Dense(3)(x)let _b = Dense(2)(_a); _c = Dense(2)(_b);",
        &[
            "2:18 [(x)] missing `;` after this statement\n\n  = help: write a `;` here",
            "2:44 [_c] a binding starts with `let`\n\n  = help: write `let _c = …;`",
        ],
    );
    assert_line(
        "let _a = Dense(3)(x) const N: usize = 3;",
        &["2:18 [(x)] missing `;` after this statement\n\n  = help: write a `;` here"],
    );
    assert_line(
        "let _a = Dense(3)(x) _b = Dense(3)(_a);",
        &[
            "2:18 [(x)] missing `;` after this statement\n\n  = help: write a `;` here",
            "2:22 [_b] a binding starts with `let`\n\n  = help: write `let _b = …;`",
        ],
    );
}

#[test]
fn broken_constants_are_told_at_their_tokens() {
    assert_line(
        "const N = 3;",
        &["2:7 [N] the constant `N` has no type\n\n  = help: write `const NAME: usize = 32;`"],
    );
    assert_line(
        "const N: usize;",
        &["2:7 [N] the constant `N` has no value\n\n  = help: write `const NAME: usize = 32;`"],
    );
    assert_line(
        "const N: usize = 3; const N: usize = 4;",
        &["2:27 [N] the constant `N` is defined twice\n\n  = help: give one of them another name"],
    );
    assert_line(
        "const A: usize = B; const B: usize = A;",
        &[
            "2:7 [A] the value of the constant `A` depends on itself\n\n  = help: give it a value that names no constant that needs it",
            "2:27 [B] the value of the constant `B` depends on itself\n\n  = help: give it a value that names no constant that needs it",
        ],
    );
    assert_line(
        "const N: = 3;",
        &["2:7 [N] expected the type of `N`\n\n  = help: write `const NAME: usize = 32;`"],
    );
    assert_line(
        "const : usize = 3;",
        &["2:1 [const] expected a name after `const`\n\n  = help: write `const NAME: usize = 32;`"],
    );
}
