//! Large models: what is written for a layer does not grow with the number of the others.

pub(crate) mod sources;

use crate::expand::expand;
use proc_macro2::{TokenStream, TokenTree};

#[test]
fn times() {
    for (name, source) in sources::KINDS {
        for n in [250, 500, 1000] {
            let tokens: TokenStream = source(n).parse().unwrap();
            let start = std::time::Instant::now();
            let output = expand(tokens);
            let time = start.elapsed();
            println!("{name:20} {n:5} {time:?} {}", count(output));
        }
    }
}

fn count(stream: TokenStream) -> usize {
    stream
        .into_iter()
        .map(|token| match token {
            TokenTree::Group(group) => 1 + count(group.stream()),
            _ => 1,
        })
        .sum()
}

#[test]
fn dump() {
    let out = std::env::var("DUMP").unwrap();
    for (name, source) in sources::KINDS {
        for n in [10, 100, 1000] {
            std::fs::write(format!("{out}/{name}_{n}.rs"), source(n)).unwrap();
            if n < 1000 {
                std::fs::write(
                    format!("{out}/{name}_{n}.exp"),
                    expand(source(n).parse().unwrap()).to_string(),
                )
                .unwrap();
            }
            if name == "chain" {
                std::fs::write(
                    format!("{out}/{name}_400.exp"),
                    expand(source(400).parse().unwrap()).to_string(),
                )
                .unwrap();
            }
        }
    }
}
