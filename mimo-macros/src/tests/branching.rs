//! `if` on values known to the macro.

use super::{assert_told, told};

fn block(body: &str) -> String {
    format!("pub Net {{ {body} }}")
}

/// A model of one function that is called with `settings`.
fn function(parameters: &str, body: &str, settings: &str) -> String {
    block(&format!(
        "fn f(x{parameters}) {{ {body} }} let x = Input(shape = [4]); let y = f(x{settings}); \
         let y = Dense(1)(y); Model(inputs = [x], outputs = [y])"
    ))
}

#[test]
fn one_side_is_expanded() {
    // The other branch would not fit.
    let bad = "Conv2D(3, 3)(x)";
    for (condition, settings) in [
        ("s == 2", ", s = 2"),
        ("s != 2", ", s = 3"),
        ("s > 1 && s < 3", ", s = 2"),
        ("s >= 1 && !(s <= 0)", ", s = 1"),
        ("s == 1 || s == 2", ", s = 2"),
        ("(s + 1) * 2 == 6", ", s = 2"),
        ("s == relu", ", s = relu"),
        ("s == \"relu\"", ", s = relu"),
        ("s == relu", ", s = \"relu\""),
        ("s != gelu", ", s = relu"),
        ("s == none", ", s = none"),
        ("s != none", ", s = 1"),
        ("s != none", ", s = x"),
        ("s", ", s = true"),
        ("!s", ", s = false"),
        ("s == (3, 3)", ", s = (3, 3)"),
        ("s != [3, 1]", ", s = [3, 3]"),
        ("s == 1", ", s = 1.0"),
        ("s != none && s > 0", ", s = 1"),
        ("s == none || s > 0", ", s = none"),
    ] {
        let value = format!("if {condition} {{ Dense(2)(x) }} else {{ {bad} }}");
        assert_told(&function(", s", &value, settings), &[]);
        let value = format!("let h = if !({condition}) {{ {bad} }} else {{ Dense(2)(x) }}; h");
        assert_told(&function(", s", &value, settings), &[]);
        let statement = format!("if {condition} {{ let x = Dense(2)(x); }} x");
        assert_told(&function(", s", &statement, settings), &[]);
        let chain = format!("if 1 > 2 {{ {bad} }} else if {condition} {{ Dense(2)(x) }} else {{ {bad} }}");
        assert_told(&function(", s", &chain, settings), &[]);
    }
}

#[test]
fn constants_and_names_of_loops_decide() {
    assert_told(
        &block(
            "const DEEP: bool = true; const N: usize = 2; let x = Input(shape = [4]); let y = Dense(2)(x); \
             if DEEP && N > 1 { let y = Dense(3)(y); } else { let y = Conv2D(3, 3)(y); } \
             for (i, last) in [(0, false), (1, true)] { if i > 0 { let y = Dense(3)(y); } if last { let y: [1] = Dense(1)(y); } } \
             Model(inputs = [x], outputs = [y])",
        ),
        &[],
    );
}

#[test]
fn a_side_gives_settings() {
    for body in [
        "let n = if s == 2 { 8 } else { 4 }; let y: [8] = Dense(n)(x); y",
        "let y: [8] = Dense(if s == 2 { 8 } else { 4 })(x); y",
        "let y: [8] = Dense(units = if s > 2 { 4 } else if s == 2 { 8 } else { 2 })(x); y",
        "let act = if s == 2 { relu } else { none }; Dense(8, activation = act)(x)",
        "let (n, act) = if s == 2 { (8, relu) } else { (4, gelu) }; let y: [8] = Dense(n, activation = act)(x); y",
        "let n = if s == 2 { if s > 1 { 8 } else { 3 } } else { 4 }; let y: [8] = Dense(n)(x); y",
        "let heads = for i in 0..2 { if i == 0 { x } else { Dense(4)(x) } }; add(heads)",
        "let (a, b) = if s == 2 { (x, Dense(4)(x)) } else { (x, x) }; a + b",
        "let layer = if s == 2 { Dense(8) } else { Dense(4) }; layer(x)",
    ] {
        assert_told(&function(", s", body, ", s = 2"), &[]);
    }
}

#[test]
fn what_stands_on_the_other_side_is_no_mistake() {
    assert_told(
        &block(
            "fn inner(x) { Dense(2)(x) } fn used(x) { inner(x) } fn f(x, deep = false) { if deep { used(x) } else { x } } \
             let x = Input(shape = [4]); let skip = Dense(4)(x); let layer = Dense(4); let y = f(x); \
             if 1 > 2 { let y = y + skip; let y = layer(y); } Model(inputs = [x], outputs = [y])",
        ),
        &[],
    );
}

#[test]
fn mistakes_in_a_condition() {
    let cases = [
        ("if crate::DEEP { x } else { x }", "`crate::DEEP` is not known"),
        ("if DEEP { x } else { x }", "`DEEP` is not known"),
        ("if x > 0 { x } else { x }", "`where(x > 0, a, b)`"),
        ("if x { x } else { x }", "`where(x > 0.0, a, b)`"),
        ("if x != none && x > 0 { x } else { x }", "`where(x > 0, a, b)`"),
        ("if s { x } else { x }", "`if s > 0 { … }`"),
        ("if striide { x } else { x }", "cannot find"),
        ("if ss == 2 { x } else { x }", "cannot find"),
        ("if s == ss { x } else { x }", "cannot find"),
        ("if aa == bb { x } else { x }", "cannot find"),
        ("if s > relu { x } else { x }", "cannot find"),
        ("if s > none { x } else { x }", "compares numbers"),
        ("if s == 2 and not s == 3 { x } else { x }", "`if s == 2 && !s == 3 { … }`"),
        ("if s is not None { x } else { x }", "`if s != none { … }`"),
        ("if let Some(y) = s { x } else { x }", "a pattern of Rust"),
        ("if s == 2 && { x } else { x }", "missing after `&&`"),
        ("if { x } else { x }", "no condition"),
        ("if s == 2 { x } else", "the other side in braces"),
        ("if s == 2 { x }", "`else { … }`"),
        ("if s == 2 { x } else { }", "returns nothing"),
        ("if s == 2 { let y = x; } else { x }", "returns nothing"),
        ("if s == 2 { x } elif s == 3 { x } else { x }", "`else if`"),
    ];
    let mut wrong = Vec::new();
    for (body, text) in cases {
        for form in [body.to_owned(), format!("let y = {body}; y")] {
            let told = told(&function(", s", &form, ", s = 2"));
            match &told[..] {
                [one] if one.contains(text) => {}
                _ => wrong.push(format!("{form}: {told:#?}")),
            }
        }
    }
    for (statement, text) in [
        ("if s == 2", "no body"),
        ("if s ==", "no body"),
        ("if", "this `if` has no "),
        ("if s == 2 { let y = x; } else", "the other side in braces"),
        ("if s == 2 { let y = x; } else if", "this `if` has no "),
        ("if s == 2 { let y = x; } else if s", "no body"),
        ("if s == 2 { let y = }", "expected a tensor"),
        ("if s == 2 { Dense(3)(x) }", "is not bound"),
        ("if s == 3 { fn g(x) { x } }", "does not belong inside a branch"),
    ] {
        for end in ["let y = x; y", "; let y = x; y"] {
            let told = told(&function(", s", &format!("{statement} {end}"), ", s = 2"));
            let told: Vec<&String> = told.iter().filter(|told| !told.contains("never called")).collect();
            match &told[..] {
                [one] if one.contains(text) => {}
                _ => wrong.push(format!("{statement} {end}: {told:#?}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n---\n"));
}

#[test]
fn a_name_of_the_other_side_is_explained() {
    let told = told(&function(", s", "if s == 2 { let h = Dense(4)(x); } h", ", s = 1"));
    assert!(
        matches!(&told[..], [one] if one.contains("`h` is bound only on a side") && one.contains("`s == 2` does not hold here")),
        "{told:#?}"
    );
}

#[test]
fn values_are_computed_bound_and_given() {
    for body in [
        // Lists of the block, of parameters and of the shape.
        "let y: [9] = Dense(DEPTHS[2])(x); y",
        "let y: [3] = Dense(DEPTHS[-1])(x); y",
        "let y: [12] = Dense(DEPTHS[s] + DEPTHS[0])(x); y",
        "let d = DEPTHS[1..3]; let y: [9] = Dense(d[1])(x); y",
        "let y: [4] = Dense(DEPTHS.len())(x); y",
        "for depth in DEPTHS { let x = Dense(depth)(x); } let y: [3] = x; y",
        "for (i, depth) in DEPTHS.iter().enumerate() { let x = Dense(depth + i)(x); } let y: [6] = x; y",
        "for (i, (a, b)) in [(1, relu), (2, none)].iter().enumerate() { let x = Dense(a + i, activation = b)(x); } let y: [3] = x; y",
        "for i in 0..DEPTHS.len() { if i == DEPTHS.len() - 1 { let x = Dense(DEPTHS[i] + 4)(x); } } let y: [7] = x; y",
        "let y: [4] = Dense(x.shape[-1])(x); y",
        "let n = x.shape[1]; let y: [8] = Dense(n * 2)(x); y",
        "let y: [4] = if x.shape[-1] == 4 { x } else { Conv2D(3, 3)(x) }; y",
        "let h = Dense(4)(x); if x.shape == h.shape { h + x } else { Conv2D(3, 3)(x) }",
        "x / x.shape[-1]",
        // Numbers.
        "let n = s * 4; let y: [8] = Dense(n)(x); y",
        "let (n, act) = (8, \"relu\"); let y: [8] = Dense(n, activation = act)(x); y",
        "let y: [24] = Dense(int(0.75 * 32))(x); y",
        "let y: [25] = Dense(ceil(0.76 * 32))(x); y",
        "let y: [8] = Dense(max(s, 8))(x); y",
        "let y: [2] = Dense(min(s, 8))(x); y",
        "let y: [19] = Dense(sum(DEPTHS))(x); y",
        "let y: [9] = Dense(max(DEPTHS))(x); y",
        "let b = 0; for depth in DEPTHS { for i in 0..depth { let b = b + 1; } } let y: [19] = Dense(b)(x); y",
        "let act = relu; Dense(3, activation = act)(x)",
        "let blocks = [(3, relu, same), (4, none, valid)]; for (n, act, pad) in blocks { let x = Dense(n, activation = act)(x); if pad == valid { let x = Dense(7)(x); } } let y: [7] = x; y",
        "let name = none; Dense(3, name = if name != none { \"{name}_out\" } else { none })(x)",
        "let last = s == 2 && i > 3; if last { x } else { Conv2D(3, 3)(x) }",
        "let last = !(s != 2 || i == 3); let y: [8] = Dense(if last { 8 } else { 4 })(x); y",
        "let known = i == none; Dense(3, use_bias = known)(x)",
        "Dense(3, use_bias = s == 2)(x)",
        "if BOTH { x } else { Conv2D(3, 3)(x) }",
        "let y: [3] = Dense(7 / s)(x); y",
        "let y: [1] = Dense(7 % s)(x); y",
        "let y: [24] = Dense(divisible(0.75 * 30, 8))(x); y",
        "let n = divisible(0.75 * 30); let y: [26] = Dense(n + s)(x); y",
        "let y: [48] = Dense(2 * divisible(0.75 * 30))(x); y",
        "for i in 0..repeats(3, 1.4) { let x = Dense(i + 1)(x); } let y: [5] = x; y",
        "if divisible(0.75 * 30) == 24 { x } else { Conv2D(3, 3)(x) }",
        "let y: [24] = Dense(WIDTH)(x); y",
        // Names.
        "Dense(3, name = \"block{s}_{i}\")(x)",
        "Dense(3, name = \"block{s + 1}_{DEPTHS[s]}\")(x)",
    ] {
        let source = block(&format!(
            "const DEPTHS: [usize; 4] = [3, 4, 9, 3]; const WIDTH: usize = max(8, 3 * 8); const BOTH: bool = WIDTH > 8 && !(WIDTH == 9); \
             fn divisible(v, divisor = 8) {{ let new = max(divisor, int(v + divisor / 2) / divisor * divisor); \
                if new < 0.9 * v {{ new + divisor }} else {{ new }} }} \
             fn repeats(n, depth) {{ ceil(n * depth) }} \
             fn f(x, s, i = 7) {{ {body} }} let x = Input(shape = [4]); let y = f(x, s = 2); \
             let y = Dense(1)(y); Model(inputs = [x], outputs = [y])"
        ));
        let told = told(&source);
        let told: Vec<&String> = told.iter().filter(|told| !told.contains("is never called")).collect();
        assert!(told.is_empty(), "{body}: {told:#?}");
    }
}

#[test]
fn lists_and_words_are_passed() {
    assert_told(
        &block(
            "const WIDTHS: [usize; 2] = [8, 16]; \
             fn stack(x, widths, kernel = 3, padding = same, activation = relu6, pooling = none, use_bias = true) { \
                for width in widths { let x = Conv2D(width, kernel, padding = padding, use_bias = use_bias)(x); \
                    if activation != none { let x = Activation(activation)(x); } } \
                if pooling == avg { GlobalAveragePooling2D()(x) } else if pooling == max { GlobalMaxPooling2D()(x) } else { x } } \
             let x = Input(shape = [16, 16, 3]); let a: [24] = stack(x, [8, 24], kernel = (3, 3), pooling = avg); \
             let b: [16] = stack(x, WIDTHS, activation = none, padding = valid, pooling = max, use_bias = false); \
             let c: [16, 16, 16] = stack(x, WIDTHS[..], kernel = [1, 3]); \
             for (n, act, se, layers) in [(4, relu, none, [1, 2]), (8, hard_swish, 0.25, [3, 4])] { \
                 let c = Conv2D(n, 1, activation = act)(c); if se != none { let c = Conv2D(int(se * n), 1)(c); } \
                 for layer in layers { let c = Conv2D(layer, 1, name = \"conv{n}_{layer}\")(c); } } \
             let y = Dense(1)(concatenate([a, b, Flatten()(c)])); Model(inputs = [x], outputs = [y])",
        ),
        &[],
    );
}

#[test]
fn mistakes_in_values() {
    let mut wrong = Vec::new();
    for (body, text) in [
        ("Dense(DEPTHS[4])(x)", "`DEPTHS[4]` is out of range: `DEPTHS` has 4 values"),
        ("Dense(2 * DEPTHS[s + 2])(x)", "out of range"),
        ("let n = DEPTHS[4]; Dense(n)(x)", "out of range"),
        ("for i in 0..DEPTHS[9] { let x = Dense(i + 1)(x); } x", "out of range"),
        ("if DEPTHS[4] == 2 { x } else { x }", "out of range"),
        ("Dense(DEPTHS[x])(x)", "is not an index"),
        ("Dense(x.shape[0])(x)", "is the batch"),
        ("Dense(x.shape[2])(x)", "has 2 axes, with the batch"),
        ("Dense(s.shape[1])(x)", "not the name of a tensor"),
        ("x * x.shape[0]", "is the batch"),
        ("let k = 3; inner(x)", "`k` is bound outside of the function `inner`"),
        ("let n = 3; n(x)", "only layers are called"),
        ("let n = 3; Dense(3)(n)", "it is used as a tensor"),
        ("let n: [3] = 4; Dense(n)(x)", "only tensors have a shape"),
        ("let (a, b) = DEPTHS; Dense(a)(x)", "2 names are bound"),
        ("for (i, a, b) in DEPTHS.iter().enumerate() { let x = Dense(a)(x); } x", "is not a tuple"),
        ("for i in DEPTHS.iter().enumerate() { let x = Dense(3)(x); } x", "a number and a value"),
        ("Dense(twice(relu))(x)", "is not a tensor"),
        ("let n = 2 * twice(DEPTHS[7]); Dense(n)(x)", "out of range"),
    ] {
        let source = block(&format!(
            "const DEPTHS: [usize; 4] = [3, 4, 9, 3]; fn twice(n) {{ 2 * n }} fn inner(x) {{ Dense(k)(x) }} \
             fn f(x, s) {{ {body} }} let x = Input(shape = [4]); let y = f(x, s = 2); \
             let y = Dense(1)(y); Model(inputs = [x], outputs = [y])"
        ));
        let told = told(&source);
        let told: Vec<&String> = told.iter().filter(|told| !told.contains("is never called")).collect();
        match &told[..] {
            [one] if one.contains(text) => {}
            _ => wrong.push(format!("{body}: {told:#?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n---\n"));
}
