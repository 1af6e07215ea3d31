//! Times the expansion of large models: `cargo run --release --bin expansion [kind [layers]]`.

use std::time::Instant;

use proc_macro2::{TokenStream, TokenTree};

fn count(stream: TokenStream) -> usize {
    let tokens = stream.into_iter().map(|token| match token {
        TokenTree::Group(group) => 2 + count(group.stream()),
        _ => 1,
    });
    tokens.sum()
}

fn main() {
    let mut args = std::env::args().skip(1);
    let wanted = args.next().unwrap_or_default();
    let sizes = args.next().map_or(vec![10, 100, 1000], |n| vec![n.parse().expect("a number of layers")]);
    println!("{:<20}{:>8}{:>12}{:>16}{:>16}", "", "layers", "ms", "µs per layer", "tokens per layer");
    for (kind, source) in mimo_fuzz::large::KINDS {
        if !kind.contains(&wanted) {
            continue;
        }
        for &n in &sizes {
            let tokens: TokenStream = source(n).parse().expect("tokens");
            let start = Instant::now();
            let output = mimo_fuzz::expand(tokens);
            let time = start.elapsed().as_secs_f64();
            let (per_layer, tokens) = (1e6 * time / n as f64, count(output) / n);
            println!("{kind:<20}{n:>8}{:>12.1}{per_layer:>16.1}{tokens:>16}", 1e3 * time);
        }
    }
}
