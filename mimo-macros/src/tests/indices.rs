//! Tests of indices of tensors.

use super::*;

/// Diagnostics of a line before the outputs `y`, in a model with the input `x`, `[4, 6]`, and the constant `N`.
fn said(line: &str) -> Vec<String> {
    told(&format!(
        "pub Net {{ const N: usize = 3; const M: usize = crate::M; let x = Input(shape = [4, 6]);\n{line}\n\
         Model(inputs = [x], outputs = [y]) }}"
    ))
}

#[test]
fn parts_of_samples_have_their_shapes() {
    for line in [
        "let y: [6] = x[3];",
        "let y: [6] = x[-4];",
        "let y: [4] = x[.., 0];",
        "let y: [4, 3] = x[.., 0..3];",
        "let y: [3, 6] = x[1..];",
        "let y: [3, 6] = x[..-1];",
        "let y: [3, 6] = x[1..=-1];",
        "let y: [2, 6] = x[..=-3];",
        "let y: [1, 6] = x[2..=2];",
        "let y: [3, 6] = x[-3..];",
        "let y: [2, 6] = x[-3..-1];",
        "let y: [1, 6] = x[-2..3];",
        "let y: [4, 6] = x[0..4];",
        "let y: [4, 6] = x[..];",
        "let y: [4, 6] = x[.., ..];",
        "let y: [4, 6] = x[..,];",
        "let y: [3] = x[-1, 1..N + 1];",
        "let y: [] = x[0, 0];",
        "let y: [] = x[0][0];",
        "let y: [3] = x[N][..N];",
        "let y: [4] = (x * 2.0)[.., N - 4];",
        "let y: [6] = exp(x)[0];",
        "let y: [5] = LSTM(5, return_sequences = true)(x)[-1];",
        "let y: [5] = LSTM(5, return_state = true)(x)[2];",
        "let y: [6] = (x[0])[..];",
        "fn at(x, i) { x[.., i] } let y: [4] = at(x, 2) + at(x, -1);",
        "fn at(x, i) { x[.., ..i] } let y: [4, 2] = at(x, i = 2);",
        "let list = for i in 0..4 { x[i] }; let y: [6] = add(list);",
        "let list = for i in 0..3 { x[i..i + 2] }; let y: [6] = list[1][0];",
        "let list = for (i, j) in [(0, 2), (1, 5)] { x[i, ..j] }; let y: [5] = list[1];",
        "let x0 = x[0]; let y: [12] = concatenate([x0, x[1]]);",
        "let y: [4, 2] = get_item(x, [none, [0, 2]]);",
        "let y: [6] = get_item(key = -1, x = x);",
    ] {
        assert_eq!(said(line), [""; 0], "{line}");
    }
}

#[test]
fn indices_are_checked() {
    for (line, wanted) in [
        (
            "let y = x[4];",
            "index 4 is out of range: axis 1 of `x` has length 4\n\n  = help: the last position is 3, or -1",
        ),
        (
            "let y = x[.., -7];",
            "index -7 is out of range: axis 2 of `x` has length 6\n\n  = help: the last position is 5, or -1",
        ),
        (
            "let y = x[1..5];",
            "the range `1..5` is out of range: axis 1 of `x` has length 4\n\n  = help: write a range within `0..4`",
        ),
        (
            "let y = x[-5..];",
            "the range `-5..` is out of range: axis 1 of `x` has length 4\n\n  = help: write a range within `0..4`",
        ),
        ("let y = x[2..2];", "the range `2..2` is empty: nothing is left of axis 1 of `x`"),
        ("let y = x[..0];", "the range `..0` is empty: nothing is left of axis 1 of `x`"),
        ("let y = x[-1..-2];", "the range `-1..-2` is empty: nothing is left of axis 1 of `x`"),
        ("let y = x[3..-1];", "the range `3..-1` leaves nothing of axis 1 of `x`, whose length is 4"),
        ("let y = x[4..];", "the range `4..` leaves nothing of axis 1 of `x`, whose length is 4"),
        ("let y = x[-1..2];", "the range `-1..2` leaves nothing of axis 1 of `x`, whose length is 4"),
        (
            "let y = x[0, 1, 2];",
            "the index has 3 entries, but a sample of `x` has 2 axes: [4, 6]\n\n  = help: the batch is not counted: write `x[1, 2]`",
        ),
        (
            "let y = x[0, 1, 2, 3];",
            "the index has 4 entries, but a sample of `x` has 2 axes: [4, 6]\n\n  = help: write at most 2",
        ),
        ("let y = x[0][1][2];", "the index has 1 entry, but a sample of"),
        ("let y = x[];", "the index is missing\n\n  = help: write `x[0]`, `x[-1]` or `x[0..2]`"),
        ("let y = x[M];", "`M` is not an index that the macro knows"),
        ("let y = x[M..];", "`M` is not an index that the macro knows"),
        ("let y = x[k];", "`k` is not an index that the macro knows"),
        ("let y = x[0..=];", "`0..=` is not an index that the macro knows"),
        ("let y = x[true];", "`true` is a truth value, and an index is an integer"),
        ("let y = x[\"a\"];", "`\"a\"` is a string, and an index is an integer"),
        ("let y = x[1.5..];", "`1.5` is a number with a fraction, and an index is an integer"),
        ("let y = x[x];", "`x` is a tensor, and an index is the same for every sample"),
        ("let y = z[0];", "cannot find a tensor or a layer `z`"),
        ("let y = Dense(2)[0];", "neither a tensor nor a layer"),
        ("let y = get_item(x, 9);", "index 9 is out of range: axis 1 of `x` has length 4"),
        (
            "let y = get_item(x, [none, [0, 1, 2]]);",
            "`key` of `get_item` must be a number, `[start, end]` or `none`",
        ),
        ("let y = get_item(x);", "`get_item` needs `key`"),
        ("let y = LSTM(5, return_state = true)(x)[3];", "is out of range"),
    ] {
        let told = said(line);
        assert!(told.len() == 1 && told[0].contains(wanted), "{line}\n{told:#?}");
    }
}

#[test]
fn forms_of_python_are_one_error_with_the_index_to_write() {
    for (line, helps) in [
        ("let y = x[:, 0:3];", &["write `x[0..3]`", "to stay whole, write `x[.., 0..3]`"][..]),
        ("let y = x[:, :, 0:3];", &["the batch is not counted: write `x[.., 0..3]`"]),
        ("let y = x[:, 1, 2];", &["the batch is not counted: write `x[1, 2]`"]),
        ("let y = x[1:3];", &["write `x[1..3]`"]),
        ("let y = x[:];", &["leave the index out: write `x`"]),
        ("let y = x[1, 2:];", &["write `x[1, 2..]`"]),
        ("let y = x[..., 0];", &["write `x[.., 0]`"]),
        ("let y = x[0, ...];", &["write `x[0]`"]),
        ("let y = x[:, ..., 0];", &["the batch is not counted: write `x[.., 0]`"]),
        ("let y = x[::2];", &["`Reshape([2, 2, 6])(x)[.., 0]`"]),
        ("let y = x[:, 0:4:2];", &["`Reshape([2, 2, 6])(x)[.., 0]`"]),
        ("let y = x[:, None];", &["`expand_dims(x, axis = 1)`"]),
        ("let y = x[:, :, np.newaxis];", &["`expand_dims(x, axis = 2)`"]),
    ] {
        let told = said(line);
        assert!(told.len() == 1 && helps.iter().all(|help| told[0].contains(help)), "{line}\n{told:#?}");
    }
}

#[test]
fn an_index_that_is_being_typed_is_one_error_at_most() {
    for (line, errors) in [
        ("let y = x[];", 1),
        ("let y = x[..];", 0),
        ("let y = x[.., ];", 0),
        ("let y = x[.., -];", 1),
        ("let y = x[.., 0.];", 1),
        ("let y = x[.., 0..];", 0),
        ("let y = x[.., 0..=];", 1),
        ("let y = x[.., 0..N -];", 1),
        ("let y = x[, 0];", 1),
        ("let y = x[..][];", 1),
        ("let y = Dense(2)(x[]);", 1),
    ] {
        let told = said(line);
        assert_eq!(told.len(), errors, "{line}\n{told:#?}");
    }
}

#[test]
fn lengths_of_constants_are_checked_by_const_evaluation() {
    for line in [
        "let h = Dense(M)(x); let y = h[.., 2];",
        "let h = Dense(M)(x); let y = h[.., -2..];",
        "let h = Dense(M)(x); let y = h[.., 1..-1];",
        "let h = Dense(M)(x); let y = h[.., -3..2];",
        "let h = Dense(M)(x); let y: [4, M] = h[..];",
    ] {
        assert_eq!(said(line), [""; 0], "{line}");
    }
}
