//! Tests of large models: the output for a layer does not grow with the number of the others.
//! `fuzz/src/bin/expansion.rs` and `benches/compile_time` measure the time.

#[allow(unreachable_pub, reason = "`fuzz` exports the same file")]
mod sources;

use proc_macro2::{TokenStream, TokenTree};

use self::sources::{KINDS, chain};
use crate::expand::expand;

/// Number of tokens of a model's expansion.
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
        // Fewer are not a model of `operators`, whose statements are 200 layers each.
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

/// Runs on a thread with as little stack as a compiler or an editor may provide, in a debug build.
fn on_a_small_stack(what: &str, run: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().name(what.into()).stack_size(768 << 10).spawn(run);
    thread.unwrap().join().unwrap_or_else(|_| panic!("{what}"));
}

#[test]
fn nothing_recurses_layer_by_layer() {
    for (kind, source) in KINDS {
        on_a_small_stack(kind, move || {
            let n = if kind == "chain" { 1001 } else { 501 };
            assert!(tokens_of(&source(n)) > 1000);
        });
    }
}

/// Statements with nested or repeated tokens: up to the limit, and beyond it.
#[test]
fn nothing_recurses_without_an_end() {
    const MANY: usize = 250;
    // Nesting inside of the groups of the model and of the statement.
    const NESTED: usize = crate::parse::DEPTH - 3;
    let around = |open: &str, n: usize, inner: &str, close: &str| {
        format!("{}{inner}{}", open.repeat(n), close.repeat(n))
    };
    let statements = [
        format!("let h = x{};", " + x".repeat(MANY)),
        format!("let h = x{};", " ** 2".repeat(MANY)),
        format!("let h = Dense(3{})(x);", " ** crate::N".repeat(MANY)),
        format!("let h = Dense(crate::N{})(x);", " ** crate::N".repeat(MANY)),
        format!("let h = {}x;", "-".repeat(MANY)),
        format!("let h = x{};", "[0]".repeat(MANY)),
        format!("let h = x{};", "(x)".repeat(MANY)),
        format!("let h = {};", around("(", NESTED, "x", ")")),
        format!("let h = {};", around("(-", NESTED, "x", ")")),
        format!("let h = {};", around("[", NESTED, "x", "]")),
        format!("let h = {};", around("Dense(4)(", NESTED, "x", ")")),
        format!("let h = {};", around("exp(", NESTED, "x", ")")),
        format!("let h = {};", around("relu(", NESTED, "x", ")")),
        format!("let h = {};", around("add([x, ", NESTED / 2, "x", "])")),
        format!("fn f(x) {{ Dense(4)(x) }} let h = {};", around("f(", NESTED, "x", ")")),
        format!("fn f(n) {{ n + 1 }} let h = Dense({})(x);", around("f(", NESTED, "1", ")")),
        format!("let h = {};", around("if true { x } else { ", NESTED / 2, "x", "}")),
        format!(
            "{} fn f30(x) {{ Dense(4)(x) }} let h = f0(x);",
            (0..30).map(|i| format!("fn f{i}(x) {{ f{}(-x) }}", i + 1)).collect::<String>()
        ),
        format!("let h = Dense({}N)(x);", "!".repeat(MANY)),
        format!("let h = Dense({}N)(x);", "&".repeat(MANY)),
        format!("let h = Dense(N{})(x);", " as usize".repeat(MANY / 2)),
        format!("let h = Dense({})(x);", around("A::<", MANY / 2, "u8", ">")),
        format!("const A: usize = crate::X + {};", around("(1 + ", NESTED, "1", ")")),
        format!("const A: usize = 1{};", " + 1".repeat(MANY)),
        format!("const A: {}u8 = 1;", "&".repeat(2000)),
        format!("const A: {} = 1;", around("A<", 2000, "u8", ">")),
        format!("#[a = {}1] let h = x;", "!".repeat(MANY)),
        around("for i in 0..1 {", NESTED, "let h = Dense(4)(x);", "}"),
        format!("let h = Dense(4)(x); {}", "let h = concatenate([h, x]);".repeat(501)),
        format!("let h = Dense(crate::N)(x); {}", "let h = concatenate([h, x]);".repeat(501)),
        format!("let h = Reshape([4, 1])(x); {}", "let h = Conv1D(2, crate::K)(h);".repeat(501)),
        format!("let h = Reshape([4, 1])(x); {}", "let h = ZeroPadding1D(crate::K)(h);".repeat(501)),
    ];
    for statement in statements {
        let shown: String = statement.chars().take(40).collect();
        on_a_small_stack(&shown, move || {
            let source = format!(
                "Net {{ let x = Input(shape = [4]); {statement} Model(inputs = [x], outputs = [x]) }}"
            );
            let _ = expand(source.parse().unwrap());
        });
    }
}

/// Comparing every unknown name with every known one would be quadratic: there is a limit.
#[test]
fn many_unknown_names_are_not_all_compared() {
    let n = 2000;
    let bound: String = (0..n).map(|i| format!("let tensor{i} = Dense(1)(x);")).collect();
    let used: String = (0..n).map(|i| format!("let _{i} = Dense(1)(tensor{i}x);")).collect();
    let source = format!("Net {{ let x = Input(shape = [4]); {bound} {used} Model([x], [tensor0]) }}");
    let output = expand(source.parse().unwrap()).to_string();
    let errors: Vec<&str> = output.split("cannot find a tensor").skip(1).collect();
    assert_eq!(errors.len(), n);
    assert!(errors[0].contains("did you mean"), "{}", errors[0]);
    assert!(!errors[n - 1].contains("did you mean"), "{}", errors[n - 1]);
}
