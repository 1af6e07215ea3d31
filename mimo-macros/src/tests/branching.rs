//! `if` on values that are known while the macro runs.

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
    // The other side would not fit.
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
        ("if s == 2 { x } else { }", "gives nothing"),
        ("if s == 2 { let y = x; } else { x }", "gives nothing"),
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
