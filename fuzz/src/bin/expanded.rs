//! The expansion of a model as text: `cargo run --bin expanded FILE`, where the file has the content of `model! { …
//! }`.

fn main() {
    let file = std::env::args().nth(1).expect("a file");
    let source = std::fs::read_to_string(&file).expect("a readable file");
    let output = mimo_fuzz::expand(source.parse().expect("tokens"));
    let items = syn::parse2(output).expect("items");
    print!("{}", prettyplease::unparse(&items));
}
