//! Bindings in a branch of an `if` with a known condition. The other branch has no meaning at all.

use crate::choices::Choices;

/// Conditions, and whether they hold. Every model has the input `x0`.
const CONDITIONS: [(&str, bool); 10] = [
    ("2 > 1", true),
    ("1 == 2", false),
    ("!(3 <= 2) && 1.5 != 2", true),
    ("\"same\" == \"valid\"", false),
    ("(2 + 1) * 2 == 6", true),
    ("min(3, 4) == 4 || false", false),
    ("none == none && true", true),
    ("x0 == none", false),
    ("x0.shape[-1] > 0", true),
    ("int(0.75 * 8) % 4 == 3 || (1, none) != (1, none)", false),
];

/// `let name = expression;`, sometimes in a branch of an `if`.
pub(super) fn bound(choices: &mut Choices<'_>, name: &str, expression: &str) -> String {
    let plain = format!("let {name} = {expression};");
    if !choices.one_in(8) {
        return plain;
    }
    let (condition, holds) = choices.pick(&CONDITIONS);
    let other = choices.pick(&[
        "Conv2D(9, 99)(x0)",
        "nothing(7, x0)",
        "Dense(-3)(Dense(2))",
        "add([x0, missing]) + 1",
    ]);
    match choices.below(4) {
        0 if holds => format!("if {condition} {{ {plain} }}"),
        0 => format!("if {condition} {{ let {name} = {other}; }} else {{ {plain} }}"),
        1 if holds => format!("if {condition} {{ {plain} }} else {{ let {name} = {other}; }}"),
        1 => format!(
            "if {condition} {{ let {name} = {other}; }} else if {condition} {{ let {name} = {other}; }} else {{ {plain} }}"
        ),
        2 => {
            let negated = if holds { "!" } else { "" };
            format!(
                "let {name} = if {negated}({condition}) {{ {other} }} else {{ let inner = {expression}; inner }};"
            )
        }
        _ if holds => format!("let {name} = if {condition} {{ {expression} }} else {{ {other} }};"),
        _ => format!(
            "let {name} = if {condition} {{ {other} }} else if true {{ {expression} }} else {{ {other} }};"
        ),
    }
}
