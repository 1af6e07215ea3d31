//! Large models: what is written for a layer does not grow with the number of the others. How long that takes is
//! measured by `fuzz/src/bin/expansion.rs` and `benches/compile_time`.

#[allow(unreachable_pub, reason = "`fuzz` exports the same file")]
mod sources;

use proc_macro2::{TokenStream, TokenTree};

use self::sources::{KINDS, chain};
use crate::expand::expand;

/// How many tokens a model becomes.
fn tokens_of(source: &str) -> usize {
    let output = expand(source.parse().unwrap());
    assert!(!output.to_string().contains("compile_error"), "{source}");
    count(output)
}

fn count(stream: TokenStream) -> usize {
    let tokens = stream.into_iter().map(|token| match token {
        TokenTree::Group(group) => 2 + count(group.stream()),
        TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => 1,
    });
    tokens.sum()
}

#[test]
fn every_layer_costs_the_same() {
    for (kind, source) in KINDS {
        // Fewer are no model of `operators`, whose statements are 200 layers each.
        let step = if kind == "operators" { 200 } else { 50 };
        let [few, some, many] = [1, 2, 4].map(|n| tokens_of(&source(n * step)));
        let (first, second) = (some - few, many - some);
        assert!(second * 20 <= first * 2 * 21, "{kind}: {step} more are {first} tokens, then {second}");
    }
}

#[test]
fn a_thousand_layers_are_a_model() {
    assert!(tokens_of(&chain(1000)) > 100_000);
}
