//! Tests of values and constants: what the macro computes, and what is left to const evaluation.

use super::*;
use crate::parse::text_of;

/// The shape `[dims]` as messages show it, and its deferred lengths as they are emitted.
#[track_caller]
fn assert_dims(consts: &str, dims: &str, shown: &str, tokens: &[&str]) {
    let source = format!(
        "Net {{ {consts} let x = Input(shape = [{dims}]); let y = Dense(1)(x); Model(inputs = [x], outputs = [y]) }}"
    );
    let mut parser = parse::Parser::default();
    let ast = parser.model(source.parse().unwrap());
    assert_eq!(parser.diags, [], "{source}");
    let lowered = lower::model(&ast, parser.spans, parser.diags).lowered.unwrap();
    let shape = lowered.graph.tensors[0].shape.as_ref().unwrap();
    assert_eq!(shape.display(&lowered.graph.consts).to_string(), shown);
    let deferred = shape.0.iter().filter(|dim| dim.known().is_none());
    let constant = |id: mimo_graph::dim::ConstId| lowered.const_exprs[id.0 as usize].clone();
    let emitted: Vec<String> =
        deferred.map(|dim| text_of(crate::tokens::dim_tokens(dim, &constant))).collect();
    assert_eq!(emitted, tokens);
}

#[test]
fn what_is_known_is_computed() {
    assert_dims("", "7 * 7 * 32", "[1568]", &[]);
    assert_dims("", "(2 + 3) * 4 - 10 / 3 % 2", "[19]", &[]);
    assert_dims("const N: usize = 32;", "N, N * 2, (N)", "[32, 64, 32]", &[]);
    // Order does not matter, as in Rust.
    assert_dims("const A: usize = B * 2; const B: usize = 1 + C; const C: usize = 3;", "A, B", "[8, 4]", &[]);
    assert_dims("", "3usize, 0x10, 1_000", "[3, 16, 1000]", &[]);
}

#[test]
fn the_rest_is_left_to_const_evaluation() {
    assert_dims("", "WIDTH", "[WIDTH]", &["WIDTH"]);
    assert_dims("", "crate::config::VOCAB * 2", "[crate::config::VOCAB * 2]", &["crate::config::VOCAB * 2"]);
    assert_dims("", "usize::pow(2, 3)", "[usize::pow(2, 3)]", &["usize::pow(2, 3)"]);
    assert_dims(
        "",
        "f::<2, 3>(), S[0], N as usize",
        "[f::<2, 3>(), S[0], N as usize]",
        &["f::<2, 3>()", "S[0]", "N as usize"],
    );
    assert_dims("", "{ N }, (A - B) / 2", "[{ N }, (A - B) / 2]", &["{ N }", "(A - B) / 2"]);
    assert_dims("", "size_of::<u8>()", "[size_of::<u8>()]", &["size_of::<u8>()"]);
    // rustc reports these, at the user's tokens.
    assert_dims(
        "",
        "1 / 0, 9223372036854775807 + 1",
        "[1 / 0, 9223372036854775807 + 1]",
        &["1 / 0", "9223372036854775807 + 1"],
    );
}

#[test]
fn constants_of_the_block_are_replaced() {
    assert_dims(
        "const V: usize = crate::VOCAB * 2;",
        "V, V + 1",
        "[V, V + 1]",
        &["(crate::VOCAB * 2)", "(crate::VOCAB * 2) + 1"],
    );
    // A known one keeps its type; a path, a field or a method is not a constant.
    assert_dims(
        "const N: usize = 3;",
        "N.pow(2), a::N, N as usize",
        "[N.pow(2), a::N, N as usize]",
        &["3usize.pow(2)", "a::N", "3usize as usize"],
    );
    assert_dims(
        "const A: usize = w(B); const B: usize = C + 1;",
        "m::f(A)",
        "[m::f(A)]",
        &["m::f((w((C + 1))))"],
    );
}

#[test]
fn raw_and_foreign_names_work() {
    assert_told(
        "Net { let x = Input(shape = [2]); let r#type = Dense(1)(x); let größe = Dense(1)(r#type); Model(inputs = [x], outputs = [größe]) }",
        &[],
    );
}

#[test]
fn fragments_of_macro_rules_are_seen_through() {
    use proc_macro2::{Delimiter, Group, TokenTree};
    // `$n` with `$n:expr` arrives in an invisible group; one around `2 + 1` keeps its value together.
    fn wrap(stream: TokenStream) -> TokenStream {
        let mut out = Vec::new();
        for token in stream {
            out.push(match token {
                TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
                    let inner = Group::new(Delimiter::None, wrap(group.stream()));
                    let inner = TokenStream::from(TokenTree::Group(inner));
                    TokenTree::Group(Group::new(Delimiter::Bracket, inner))
                }
                TokenTree::Group(group) => {
                    TokenTree::Group(Group::new(group.delimiter(), wrap(group.stream())))
                }
                TokenTree::Literal(literal) => {
                    let inner = TokenStream::from(TokenTree::Literal(literal));
                    TokenTree::Group(Group::new(Delimiter::None, inner))
                }
                other => other,
            });
        }
        out.into_iter().collect()
    }
    let source =
        "Net { let x = Input(shape = [2 + 1]); let y = Dense(3)(x); Model(inputs = [x], outputs = [y]) }";
    let mut parser = parse::Parser::default();
    let ast = parser.model(wrap(source.parse().unwrap()));
    let lower::Outcome { lowered, diags, .. } = lower::model(&ast, parser.spans, parser.diags);
    assert_eq!(diags.into_sorted(), []);
    let lowered = lowered.unwrap();
    assert_eq!(lowered.graph.tensors[0].shape.as_ref().unwrap().display(&[]).to_string(), "[3]");
}
