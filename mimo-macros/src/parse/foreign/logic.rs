//! Logical operators of Rust and Python: `a && b`, `a | b`, `!a`, `a and not b`.

use proc_macro2::{Delimiter, Spacing, TokenTree};

use super::super::cursor::contents;
use super::inner_text;

/// Binary operators by increasing precedence. Comparisons bind more tightly than each of them: a user who writes `a >
/// 0 & b > 0` means two of them.
const LEVELS: [&[&str]; 3] = [&["||", "|", "or"], &["^"], &["&&", "&", "and"]];

/// The first logical operator in an expression, and the expression with functions instead.
pub(super) fn rewritten(tokens: &[TokenTree]) -> Option<(String, String)> {
    for level in LEVELS {
        // Chains are left-associative.
        let last = (1..tokens.len()).rev().find_map(|at| {
            let operator = level.iter().find(|operator| is_operator(tokens, at, operator))?;
            Some((at, *operator))
        });
        let Some((at, operator)) = last else { continue };
        let width = if operator.starts_with(char::is_alphabetic) { 1 } else { operator.len() };
        let (left, right) = (tokens.get(..at)?, tokens.get(at + width..)?);
        if right.is_empty() {
            return None;
        }
        let text = match operator {
            // A power in some languages, but not in Rust and Python.
            "^" if let [TokenTree::Literal(exponent)] = right => {
                let (before, base) = left.split_at(start_of_operand(left));
                let power = match exponent.to_string().as_str() {
                    "2" | "2.0" => format!("square({})", inner_text(base)),
                    exponent => format!("power({}, {exponent})", inner_text(base)),
                };
                match before {
                    [] => power,
                    _ => format!("{} {power}", inner_text(before)),
                }
            }
            "^" => format!("{} != {}", truth(left), truth(right)),
            _ => {
                let name = if level[0] == "||" { "logical_or" } else { "logical_and" };
                format!("{name}({}, {})", side(left), side(right))
            }
        };
        return Some((operator.to_owned(), text));
    }
    let operator = match tokens.first()? {
        TokenTree::Punct(punct) if matches!(punct.as_char(), '!' | '~') => punct.as_char().to_string(),
        TokenTree::Ident(ident) if ident == "not" => "not".to_owned(),
        _ => return None,
    };
    let inner = tokens.get(1..).filter(|inner| !inner.is_empty())?;
    Some((operator, format!("logical_not({})", side(inner))))
}

/// Start of the last operand of a sum or a product.
fn start_of_operand(tokens: &[TokenTree]) -> usize {
    let operator = |token: &TokenTree| matches!(token, TokenTree::Punct(p) if matches!(p.as_char(), '+' | '-' | '*' | '/' | '%'));
    tokens.iter().rposition(operator).map_or(0, |at| at + 1)
}

/// One operand of an operator, with its own operators rewritten.
fn side(tokens: &[TokenTree]) -> String {
    if let Some((_, text)) = rewritten(tokens) {
        return text;
    }
    match tokens {
        [TokenTree::Group(group)] if group.delimiter() == Delimiter::Parenthesis => {
            side(&contents(group.stream()))
        }
        _ => inner_text(tokens),
    }
}

/// An operand as 0 or 1, for a comparison.
fn truth(tokens: &[TokenTree]) -> String {
    let text = side(tokens);
    let compares = tokens.iter().any(|token| match token {
        TokenTree::Group(group) => contents(group.stream()).iter().any(
            |inner| matches!(inner, TokenTree::Punct(p) if matches!(p.as_char(), '<' | '>' | '=' | '!')),
        ),
        TokenTree::Punct(punct) => matches!(punct.as_char(), '<' | '>' | '=' | '!'),
        _ => false,
    });
    match (compares, text.starts_with("logical_")) {
        (_, true) => text,
        (true, _) => format!("({text})"),
        (false, _) => format!("({text} != 0.0)"),
    }
}

/// Whether a binary operator is at an index.
fn is_operator(tokens: &[TokenTree], at: usize, operator: &str) -> bool {
    let operand = matches!(
        at.checked_sub(1).and_then(|before| tokens.get(before)),
        Some(TokenTree::Ident(_) | TokenTree::Group(_) | TokenTree::Literal(_))
    );
    let stands = match operator.starts_with(char::is_alphabetic) {
        true => matches!(tokens.get(at), Some(TokenTree::Ident(ident)) if ident == operator),
        false => {
            let punct = |at: usize| match tokens.get(at) {
                Some(TokenTree::Punct(punct)) => Some((punct.as_char(), punct.spacing() == Spacing::Joint)),
                _ => None,
            };
            let symbol = operator.chars().next();
            let same = |at: usize| punct(at).is_some_and(|(found, _)| Some(found) == symbol);
            let joined = punct(at).is_some_and(|(_, joined)| joined);
            // `&` is neither half of `&&` nor the start of `&=`.
            match operator.len() {
                1 => same(at) && !(joined && (same(at + 1) || matches!(punct(at + 1), Some(('=', _))))),
                _ => same(at) && joined && same(at + 1),
            }
        }
    };
    operand && stands
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_become_functions() {
        let cases = [
            ("a && b", "logical_and(a, b)"),
            ("(a > 0.0) & (b > 0.0)", "logical_and(a > 0.0, b > 0.0)"),
            ("a > 0.0 && b > 0.0 || c", "logical_or(logical_and(a > 0.0, b > 0.0), c)"),
            ("a | b | c", "logical_or(logical_or(a, b), c)"),
            ("!a", "logical_not(a)"),
            ("~(a > 0.5)", "logical_not(a > 0.5)"),
            ("!a && !b", "logical_and(logical_not(a), logical_not(b))"),
            ("a ^ b", "(a != 0.0) != (b != 0.0)"),
            ("(a > 0.0) ^ (b > 0.0)", "(a > 0.0) != (b > 0.0)"),
            ("a ^ 2", "square(a)"),
            ("(a + b) ^ 2", "square(a + b)"),
            ("1.0 + 2.0 * a ^ 0.5", "1.0 + 2.0 * power(a, 0.5)"),
            ("a and not b", "logical_and(a, logical_not(b))"),
            ("not a or b", "logical_or(logical_not(a), b)"),
        ];
        for (source, wanted) in cases {
            let tokens = contents(source.parse().unwrap());
            assert_eq!(rewritten(&tokens).map(|(_, text)| text).as_deref(), Some(wanted), "{source}");
        }
        for source in ["a + b", "a != b", "f(a && b)", "a", "-a"] {
            let tokens = contents(source.parse().unwrap());
            assert_eq!(rewritten(&tokens), None, "{source}");
        }
    }
}
