//! Tests of shape errors: trails and fixes.

use super::*;

/// Statements of a model whose last `h` has a wrong shape.
const WRONG: &[&str] = &[
    "let x = Input(shape = [100]); let h = LSTM(64)(x);",
    "let x = Input(shape = [100], dtype = \"int32\"); let h = LSTM(64)(x);",
    "let x = Input(shape = [100]); let y = Dense(50)(x); let h = GRU(64)(y);",
    "let x = Input(shape = [10, 3]); let a = LSTM(64)(x); let h = LSTM(32)(a);",
    "let x = Input(shape = [10, 3]); let a = LSTM(64)(x); let a = Dropout(0.5)(a); let h = LSTM(32)(a);",
    "let x = Input(shape = [10, 3]); let a = Bidirectional(LSTM(64))(x); let h = LSTM(32)(a);",
    "let x = Input(shape = [28, 28, 1]); let a = Conv2D(32, 3)(x); let b = Conv2D(32, 3, padding = same)(x); let h = add([a, b]);",
    "let x = Input(shape = [28, 28, 32]); let a = Conv2D(32, 3)(x); let h = add([x, a]);",
    "let x = Input(shape = [28, 28, 1]); let a = Conv2D(32, 3, strides = 2, padding = same)(x); let b = Conv2D(32, 3, padding = same)(x); let h = a + b;",
    "let x = Input(shape = [28, 28, 32]); let a = Conv2D(32, 3, strides = 2, padding = same)(x); let a = ReLU()(a); let h = a + x;",
    "let x = Input(shape = [1568]); let h = Reshape([7, 7, 31])(x);",
    "let x = Input(shape = [8]); let h = Reshape([3, 3])(x);",
    "let x = Input(shape = [8]); let a = Dense(32)(x); let b = Dense(64)(x); let h = multiply([a, b]);",
    "let x = Input(shape = [28, 28]); let h = Conv2D(8, 3)(x);",
    "let x = Input(shape = [784]); let h = Conv2D(8, 3)(x);",
    "let x = Input(shape = [784]); let h = Conv1D(8, 3)(x);",
    "let x = Input(shape = [4, 6, 3]); let h = MaxPooling2D(5)(x);",
    "let x = Input(shape = [4, 4, 1]); let h = Conv2D(8, 5)(x);",
    "let x = Input(shape = [6, 2]); let h = Conv1D(8, 4, dilation_rate = 2)(x);",
    "let x = Input(shape = [8, 8, 6]); let h = Conv2D(8, 3, groups = 4)(x);",
    "let x = Input(shape = [8, 8, 4]); let h = DepthwiseConv1D(3)(x);",
    "let x = Input(shape = [8, 8, 4]); let h = GlobalMaxPooling1D()(x);",
    "let x = Input(shape = [28, 28, 3]); let h = GRU(64)(x);",
    "let x = Input(shape = [28]); let h = TimeDistributed(Dense(4))(x);",
    "let x = Input(shape = [10, 28, 28, 3]); let h = Conv2D(4, 3)(x);",
    "let s = Input(shape = [10, 8]); let v = Input(shape = [4]); let h = concatenate([s, v]);",
    "let i = Input(shape = [7, 7, 32]); let v = Input(shape = [4]); let h = concatenate([i, v]);",
    "let a = Input(shape = [4, 6]); let b = Input(shape = [5, 6]); let h = concatenate([a, b]);",
    "let a = Input(shape = [4, 6]); let b = Input(shape = [6, 4]); let h = dot([a, b], axes = 2);",
    "let x = Input(shape = [100]); let h = Embedding(1000, 64)(x);",
    "let x = Input(shape = [100], dtype = \"int32\"); let h = Dense(64)(x);",
    "let x = Input(shape = [4, 6]); let h = RepeatVector(3)(x);",
    "let x = Input(shape = [10, 3]); let g = GRU(8); let a = g(x); let h = g(Dense(4)(x));",
    "let x = Input(shape = [10, 3]); let (_y, s) = GRU(32, return_state = true)(x); let h = GRU(64)(x, initial_state = s);",
    "let x = Input(shape = [28, 28, 1]); let a = Conv2D(32, 3)(x); let a = MaxPooling2D(2)(a); let h: [14, 14, 32] = a;",
    "let x = Input(shape = [28, 28, 1]); let x = Conv2D(8, 3)(x); let x = Conv2D(8, 3)(x); let x = Conv2D(8, 3)(x); let x = Conv2D(8, 3)(x); let x = MaxPooling2D(2)(x); let x = Conv2D(8, 3)(x); let x = Dropout(0.5)(x); let h = LSTM(3)(x);",
    "let x = Input(shape = [8]); let y = Input(shape = [4]); let m = concatenate([x, y]); let n = Dense(3)(m); let h = add([m, n]);",
    "let a = Input(shape = [8, 8, 4]); let b = Input(shape = [2]); let h = Permute((2, 1))(b); let g = Permute((2, 1))(a);",
    "let a = Input(shape = [4, 4, 4]); let b = Cropping2D(2)(a);",
    "let a = Input(shape = [4, 3]); let e = Dense(3); let b = e(a); let c = e(b); let d = e(Flatten()(a));",
];

/// All diagnostics of each, as a snapshot.
#[test]
fn what_is_said_about_shapes() {
    let mut said = String::new();
    for lines in WRONG {
        said.push_str(&format!("{}\n", lines.replace("; ", ";\n")));
        let source = format!("pub Net {{\n{lines}\nModel(inputs = [x], outputs = [h]) }}");
        for told in told(&source).iter().filter(|told| !told.contains("cannot find")) {
            said.push_str(&format!("    {}\n", told.replace("\n\n", "\n").replace('\n', "\n    ")));
        }
        said.push('\n');
    }
    insta::assert_snapshot!(said);
}

/// A suggested fix is valid: with it, there are no errors.
#[test]
fn what_is_offered_fits() {
    for (wrong, offered, mended) in [
        (
            "let h = LSTM(64)(v);",
            "call `Reshape([100, 1])` on `v` first",
            "let h = LSTM(64)(Reshape([100, 1])(v));",
        ),
        (
            "let h = LSTM(64)(w);",
            "call `Embedding(vocabulary, 64)` on `w` first",
            "let h = LSTM(64)(Embedding(500, 64)(w));",
        ),
        (
            "let a = LSTM(64)(s); let h = LSTM(8)(a);",
            "`return_sequences = true` in the `LSTM` that outputs `a`",
            "let a = LSTM(64, return_sequences = true)(s); let h = LSTM(8)(a);",
        ),
        (
            "let a = Conv2D(32, 3)(i); let b = Conv2D(32, 1)(i); let h = a + b;",
            "`padding = same` in the `Conv2D` that outputs `a`",
            "let a = Conv2D(32, 3, padding = same)(i); let b = Conv2D(32, 1)(i); let h = a + b;",
        ),
        (
            "let a = MaxPooling2D(2)(i); let b = Conv2D(1, 3, padding = same)(i); let h = a + b;",
            "`strides = (2, 2)` in the `Conv2D` that outputs `b`",
            "let a = MaxPooling2D(2)(i); let b = Conv2D(1, 3, padding = same, strides = (2, 2))(i); let h = a + b;",
        ),
        ("let h = Reshape([7, 7, 15])(i);", "write `Reshape([7, 7, 16])`", "let h = Reshape([7, 7, 16])(i);"),
        (
            "let a = Dense(32)(v); let b = Dense(64)(v); let h = a * b;",
            "`units = 32` in the `Dense` that outputs `b`",
            "let a = Dense(32)(v); let b = Dense(units = 32)(v); let h = a * b;",
        ),
        (
            "let h = Conv2D(3, 3)(s);",
            "call `Reshape([10, 6, 1])` on `s` first",
            "let h = Conv2D(3, 3)(Reshape([10, 6, 1])(s));",
        ),
        (
            "let h = MaxPooling1D(12)(s);",
            "write `pool_size = 10`",
            "let h = MaxPooling1D(pool_size = 10)(s);",
        ),
        ("let h = Conv1D(2, 12)(s);", "write `padding = same`", "let h = Conv1D(2, 12, padding = same)(s);"),
        ("let h = Conv1D(2, 12)(s);", "write `kernel_size = 10`", "let h = Conv1D(2, kernel_size = 10)(s);"),
        (
            "let h = Conv1D(8, 3, groups = 4)(s);",
            "write `groups = 2`",
            "let h = Conv1D(8, 3, groups = 2)(s);",
        ),
        (
            "let h = concatenate([s, v]);",
            "call `RepeatVector(10)` on `v`",
            "let h = concatenate([s, RepeatVector(10)(v)]);",
        ),
        (
            "let h = concatenate([i, v]);",
            "call `Flatten()` on `i`",
            "let h = concatenate([Flatten()(i), v]);",
        ),
        (
            "let h = concatenate([i, v]);",
            "call `GlobalAveragePooling2D()` on `i`",
            "let h = concatenate([GlobalAveragePooling2D()(i), v]);",
        ),
        ("let h = LSTM(4)(i);", "write `TimeDistributed(LSTM(…))`", "let h = TimeDistributed(LSTM(4))(i);"),
    ] {
        let source = |lines: &str| {
            format!(
                "pub Net {{ let v = Input(shape = [100]); let w = Input(shape = [100], dtype = \"int32\"); \
                 let s = Input(shape = [10, 6]); let i = Input(shape = [28, 28, 1]); {lines} \
                 let y = Dense(1)(h); let _words = Embedding(9, 2)(w); let _all = concatenate([v, Flatten()(s), Flatten()(i), \
                 Flatten()(Embedding(9, 2)(w))]); let z = Dense(1)(_all); Model(inputs = [v, w, s, i], outputs = [y, z]) }}"
            )
        };
        let told = |lines| told(&source(lines));
        let wrong = told(wrong);
        assert!(matches!(&wrong[..], [one] if one.contains(offered)), "{offered}: {wrong:#?}");
        assert_eq!(told(mended), [""; 0], "{offered}");
    }
}
