//! Properties that hold for any bytes. A target panics otherwise.

use std::time::{Duration, Instant};

use proc_macro2::{TokenStream, TokenTree};

use crate::{models, pieces};

/// Longer than any run of these few thousand tokens takes, also on a busy machine.
const LONG: Duration = Duration::from_secs(5);

/// (a) Any tokens: the result is either a model or at least one error, in short time, with not many more tokens than
/// the input.
pub fn tokens(bytes: &[u8]) {
    let input = pieces::stream(bytes);
    let (before, shown) = (count(input.clone()), input.clone());
    let start = Instant::now();
    let output = crate::expand(input);
    let time = start.elapsed();
    let after = count(output.clone());
    if let Err(error) = syn::parse2::<syn::File>(output.clone()) {
        panic!("no items: {error}\nfrom {shown}\n  to {output}");
    }
    let text = output.to_string();
    // A model that nests another requests its description by a macro.
    let request = text.contains("!");
    assert!(text.contains("impl") || request, "nothing comes of {shown}");
    assert!(time < LONG, "{time:?} for {shown}");
    // A message with its help is a few tokens, a layer about a thousand, and each needs at least one token; a
    // constant may be replaced by up to 4,096 tokens.
    assert!(after < 20_000 + 6_000 * before, "{before} tokens become {after}: {shown}");
}

/// (b) Valid models: no error, and the expansion is valid Rust.
pub fn models(bytes: &[u8]) {
    let source = models::source("Random", bytes);
    let output = crate::expand(source.parse().expect("tokens"));
    let text = output.to_string();
    assert!(!text.contains("compile_error"), "{source}\n{}", errors(&output));
    if let Err(error) = syn::parse2::<syn::File>(output) {
        panic!("no items: {error}\nfrom {source}\n  to {text}");
    }
}

/// The texts of the errors in an expansion.
fn errors(output: &TokenStream) -> String {
    let mut texts = String::new();
    let mut open = vec![output.clone()];
    while let Some(stream) = open.pop() {
        for token in stream {
            match token {
                TokenTree::Group(group) => open.push(group.stream()),
                TokenTree::Literal(literal) => texts += &format!("{literal}\n"),
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }
    texts
}

fn count(stream: TokenStream) -> usize {
    let tokens = stream.into_iter().map(|token| match token {
        TokenTree::Group(group) => 2 + count(group.stream()),
        TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => 1,
    });
    tokens.sum()
}
