//! Tests of operations that move values: `transpose`, `reshape`, `stack`, `split` and similar.

use super::*;

/// Diagnostics of a line before the outputs `y`, in a model with the inputs `x`, `[4, 6]`, and `words`, whole
/// numbers.
fn said(line: &str) -> Vec<String> {
    told(&format!(
        "pub Net {{ const N: usize = 3; const M: usize = crate::M; let x = Input(shape = [4, 6]);\n{line}\n\
         Model(inputs = [x], outputs = [y]) }}"
    ))
}

#[test]
fn operations_have_their_shapes() {
    for line in [
        "let y: [6, 4] = transpose(x, axes = [0, 2, 1]);",
        "let y: [6, 4] = transpose(x, (0, -1, 1));",
        "let y: [2, 4, 3] = transpose(reshape(x, [-1, 4, 2, N]), [0, 2, 1, 3]);",
        "let y: [24] = reshape(x, [-1, 24]);",
        "let y: [12, 2] = reshape(x, (-1, 12, -1));",
        "let y: [1, 4, 6] = expand_dims(x, axis = 1);",
        "let y: [4, 6, 1] = expand_dims(x, -1);",
        "let y: [1, 4, 1, 6] = expand_dims(x, axis = [1, 3]);",
        "let y: [1] = expand_dims(x[0, 0], axis = 1);",
        "let y: [6] = squeeze(x[..1]);",
        "let y: [] = squeeze(x[..1, ..1]);",
        "let y: [1, 6] = squeeze(expand_dims(x[..1], 1), axis = 2);",
        "let y: [4, 6] = squeeze(expand_dims(x, [1, 4]), axis = (1, -1));",
        "let y: [4, 6] = flip(x, axis = (1, -1));",
        "let y: [12, 6] = repeat(x, N, axis = 1);",
        "let y: [4, 12] = repeat(x, 2, -1);",
        "let y: [4, 18] = tile(x, 3);",
        "let y: [8, 18] = tile(x, [2, N]);",
        "let y: [8, 18] = tile(x, [1, 2, 3]);",
        "let y: [2, 4, 6] = stack([x, x * 2.0], axis = 1);",
        "let y: [4, 6, 1] = stack([x], -1);",
        "let y: [4, 2, 6] = stack(x = [x, x], axis = 2);",
        "let list = for i in 0..4 { x[i] }; let y: [6, 4] = stack(list, axis = 2);",
        "let list = for i in 0..4 { x[i] }; let y: [5, 6] = stack([list, x[0]], axis = 1);",
        "let y: [4, 6] = stack(unstack(x, axis = 1), axis = 1);",
        "let (a, b, c) = split(x, 3, axis = -1); let y: [4, 2] = a * b + c;",
        "let (a, b) = split(x, [N], axis = 2); let y: [4, 3] = a + b;",
        "let parts = split(x, [1, -2], axis = 2); let y: [4, 3] = parts[1];",
        "let parts = split(x, 2, axis = 1); let y: [4, 6] = concatenate(parts, axis = 1);",
        "let y: [4, 6] = concatenate(split(x, 2, axis = 1), axis = 1);",
        "let y: [4, 3] = split(x, 2, -1)[0];",
        "let parts = split(x, N, axis = -1); let more = for p in parts { Dense(1)(p) }; let y: [4, 1] = add(more);",
        "let (a, b, c, d) = unstack(x, axis = 1); let y: [6] = add([a, b, c, d]);",
        "let steps = unstack(x, num = 4, axis = 1); let y: [6] = steps[-1];",
        "fn half(x) { let (a, b) = split(x, 2, axis = -1); a * sigmoid(b) } let y: [4, 3] = half(x);",
        "let y: [4, 6] = cast(x > 0.5, float32);",
        "let y: [4, 6] = cast(cast(x, \"int32\"), \"float\");",
        "let y: [4, 6, 2] = Embedding(9, 2)(cast(x * 8.0, int));",
        "let y: [4, 6] = trunc(x);",
        "let h = Dense(M)(x); let y: [M, 4] = transpose(h, [0, 2, 1]);",
        "let h = Dense(M)(x); let y: [2, 4, M] = stack([h, h], axis = 1);",
        "let h = Dense(M)(x); let y: [4, 1, M] = repeat(expand_dims(flip(h, -1), 2), 1, axis = 2);",
        "let h = Dense(M)(x); let y: [M] = squeeze(h[..1], axis = 1);",
        "let h = Dense(M)(x); let (a, _, _, _) = unstack(h, axis = 1); let y: [M] = a;",
    ] {
        assert_eq!(said(line), [""; 0], "{line}");
    }
}

#[test]
fn what_they_cannot_do_is_one_error() {
    for (line, wanted) in [
        (
            "let y = transpose(x);",
            "`transpose` without `axes` reverses all axes, and moves the batch to the end\n\n  = help: write `transpose(x, axes = [0, 2, 1])`",
        ),
        (
            "let y = transpose(x, axes = [2, 1, 0]);",
            "axis 0 is the batch, which stays the first\n\n  = help: write `transpose(x, axes = [0, 2, 1])`",
        ),
        (
            "let y = transpose(x, axes = [2, 1]);",
            "`axes` of `transpose` counts the batch as axis 0, and it is not among them\n\n  = help: write `axes = [0, 2, 1]`",
        ),
        (
            "let y = transpose(x, axes = [0, 1, 1]);",
            "must hold each of 0 to 2 once, as `x` is [4, 6], found [0, 1, 1]",
        ),
        ("let y = transpose(x, axes = [0, 1, 2, 3]);", "must hold each of 0 to 2 once"),
        ("let y = transpose(x, 1);", "must be a list of axes"),
        ("let y = transpose(x[0]);", "leave `transpose` out"),
        (
            "let y = reshape(x, [24]);",
            "the first axis of `newshape` is the batch, which is written as -1\n\n  = help: write `[-1, 24]`",
        ),
        ("let y = reshape(x, [-1, 25]);", "`x` has 24 values, but [25] holds 25"),
        ("let y = reshape(x, [-1, -1, -1]);", "only one axis of `reshape` can be -1"),
        ("let y = reshape(x, []);", "`newshape`"),
        ("let y = expand_dims(x);", "`expand_dims` needs `axis`"),
        ("let y = expand_dims(x, axis = 0);", "axis 0 is the batch, and no axis comes before it"),
        ("let y = expand_dims(x, axis = 4);", "no axis can be inserted at 4: the result has axes 1 to 3"),
        (
            "let y = squeeze(x, axis = 1);",
            "`squeeze` removes axes of length 1, but axis 1 of `x` has length 4: [4, 6]",
        ),
        ("let y = squeeze(x, axis = 0);", "axis 0 is the batch, which is not squeezed"),
        ("let y = squeeze(x, axis = 3);", "axis 3 does not exist"),
        ("let h = Dense(M)(x); let y = squeeze(h);", "`M` of `h` may be 1: `squeeze` has to know its axis"),
        ("let y = flip(x);", "`flip` needs `axis`"),
        ("let y = flip(x, axis = 0);", "axis 0 is the batch, whose order says nothing"),
        ("let y = flip(x, axis = 3);", "axis 3 does not exist"),
        ("let y = repeat(x, 2);", "`repeat` needs `axis`"),
        ("let y = repeat(x, 2, axis = 0);", "axis 0 is the batch, and samples are not repeated"),
        ("let y = repeat(x, [1, 2], axis = 1);", "must be one number"),
        ("let y = repeat(x, 0, axis = 1);", "must be an integer of at least 1"),
        ("let y = repeat(x, 2, axis = 5);", "axis 5 does not exist"),
        ("let y = tile(x, [2, 1, 1]);", "the first of the numbers of `tile` is that of the batch"),
        ("let y = tile(x, [1, 1, 1, 1]);", "`tile` repeats 4 axes, but `x` has 2: [4, 6]"),
        ("let y = tile(x, 0);", "must be an integer of at least 1"),
        ("let y = stack([x, x]);", "`stack` needs `axis`"),
        ("let y = stack([x, x], axis = 0);", "axis 0 is the batch, and no axis comes before it"),
        ("let y = stack([x, x], axis = 4);", "axis 4 does not exist: the result of `stack` has axes 1 to 3"),
        ("let y = stack([x, x[1..]], axis = 1);", "`stack` needs tensors of one shape, but `x` is [4, 6]"),
        ("let y = stack([x, x[0]], axis = 1);", "`stack` needs tensors of one shape"),
        (
            "let y = stack(x, x);",
            "`stack` takes its tensors as one list\n\n  = help: write `stack([a, b], axis = 1)`",
        ),
        ("let y = stack([x, x[9]], axis = 1);", "index 9 is out of range"),
        (
            "let y = split(x, 4, axis = -1)[0];",
            "axis 2 of `x` has length 6, which cannot be split into 4 parts of equal length\n\n  = help: write a number that divides 6, such as 2, 3, 6",
        ),
        ("let parts = split(x, 3); let y = parts[0];", "`split` needs `axis`"),
        ("let parts = split(x, 3, axis = 0); let y = parts[0];", "axis 0 is the batch, which is not split"),
        ("let parts = split(x, 3, axis = 3); let y = parts[0];", "axis 3 does not exist"),
        (
            "let parts = split(x, [2, 2], axis = 2); let y = parts[0];",
            "a part of `x` is empty: [2, 2] are not ascending positions between 0 and 6",
        ),
        ("let parts = split(x, [2, 6], axis = 2); let y = parts[0];", "a part of `x` is empty"),
        ("let parts = split(x, 0, axis = 2); let y = parts[0];", "must be"),
        (
            "let h = Dense(M)(x); let parts = split(h, 2, axis = 2); let y = parts[0];",
            "axis 2 of `h` is `M`, and `split` has to know how long its parts are",
        ),
        ("let (a, b) = split(x, 3, axis = -1); let y = a + b;", "3 tensors"),
        ("let y = split(x, 3, axis = -1);", "3"),
        ("let y = Dense(1)(split(x, 3, axis = -1));", "`Dense` takes 1 tensor, but 3 are given"),
        ("let y = split(x, 3, axis = -1)[3];", "is out of range"),
        ("let y = unstack(x)[0];", "`unstack` needs `axis`"),
        ("let y = unstack(x, axis = 0)[0];", "axis 0 is the batch, which is not unstacked"),
        (
            "let y = unstack(x, num = 3, axis = 1)[0];",
            "`num` of `unstack` is 3, but axis 1 of `x` has length 4",
        ),
        ("let y = cast(x, float16);", "`dtype` of `cast`"),
        ("let y = cast(x);", "`cast` needs `dtype`"),
        ("let y = Dense(2)(cast(x, int32));", "computes with floats, but"),
        ("let y = moveaxis(x, 1, 2);", "write `transpose(x, axes = [0, 2, 1])`"),
        ("let y = take(x, 1);", "write `x[..4]`"),
    ] {
        let told = said(line);
        assert!(told.len() == 1 && told[0].contains(wanted), "{line}\n{told:#?}");
    }
}
