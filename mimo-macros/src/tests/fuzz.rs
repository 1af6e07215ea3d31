//! Tests that no tokens make the macro panic, and that its output is always valid Rust.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use crate::expand::expand;

const MODELS: [&str; 22] = [
    "pub Net { let x = Input(shape = [4]); let y = Dense(1)(x); Model(inputs = [x], outputs = [y]) }",
    "/// Docs.\n pub(crate) Two { const N: usize = 2 * 3; let a = Input(shape = (N, 1)); let b = Input(shape = [N, 1]); \
     let z = concatenate([a, b], axis = 1); let (y) = Dense(N, activation = relu)(z); \
     Model(inputs = [a, b], outputs = { y: y }).compile(optimizer = Adam(learning_rate = 1e-3), loss = mse,) }",
    "crate = ::net; Net { let enc = Dense(64); let a = Input(shape = [4]); let b = Input(shape = [4]); \
     let d = enc(a) - enc(b) * enc(a); let y: [64] = (d); Model([a, b], [y]).compile(optimizer = \"sgd\", \
     loss = { y: binary_crossentropy }, metrics = { y: [accuracy, auc] }, loss_weights = [0.5]) }",
    "Net { const V: usize = crate::config::VOCAB * 2; let x = Input(shape = [V as usize, usize::pow(2, 3), { 3 }, S[0]]); \
     let y = Dense(V + 1, name = \"out\", kernel_initializer = HeNormal(seed = 1))(Dropout(0.5)(Flatten()(x))); \
     Model(inputs = x, outputs = y) }",
    "Net { x = Input(shape = [4]) y = Dense(64, use_bias = True)(x) model = Model(inputs=[x], outputs=[y]); model.compile(loss=None) }",
    "Net { let x = keras.layers.Input(shape: [4]); let r#type = x * 2.0; a, b = LSTM(3)(x); return Model(inputs = [x]) }",
    "Net { let y = Dens(3)(x); let z = y(x); Model(inputs = [x], outputs = []) } trailing",
    "Net { }",
    "pub Net",
    "",
    "struct Net<T> { lambda x: x; Model; Model(); }",
    "Net { const A: usize = B; const B: usize = A; const A: f64 = -1.5; let x = Input(shape = [A / 0, 9223372036854775807 + 1]); Model([x], [x]) }",
    "Net { let x = Input([1,,]); let y = Dense(3 activation = relu)(x); Model(inputs = [x], outputs = [y]).fit(3).compile().compile() }",
    "Net { #[cfg(a)] let x = -x + --y ** 2; /// d\n const N = 3; Model(inputs = { \"a b\": x, 3: y }, outputs = (y,)) }",
    "Net { let größe = Input(shape = [2]); let y = add([größe, größe]) + größe; Model([größe], { self: y }) }",
    "Net { fn res(x, units, act = relu) { let h = Dense(units, activation = act)(x); for i in 0..2 { let h = Dense(units + i, \
     name = \"h_{i}\")(h); } (add([x, h]), h) } let x = Input(shape = [4]); let (a, b) = res(x, units = 4); \
     for (n, r) in [(3, 0.5), (2, 0.1)].rev() { let a = Dropout(r)(Dense(n)(a)); } Model(inputs = [x], outputs = [a, b, x]) }",
    "Net { fn f(x) { f(x) } fn g(x: T) -> T { return x; } for in 0.. { const N: usize = 3; } for x in y let z = g(f(1)); \
     fn h { } for i in 0..=N { fn k(x, x) { x } } Model(inputs = [x], outputs = [h]) }",
    "Net { let x = a::<1, 2>::b(3)(x); let f = |x| x; let g = if a { b } else { c }; let m = vec![1]; Model(x, y) }",
    "@ { @ { Stem { const N: usize = crate::N; let x = Input(shape = [4]); let y = Dense(N)(x); Model(x, y) } } Encoder { \
     use Stem; let a = Input(shape = [4]); let b = Input(shape = [N]); let y = Dense(2)(Stem()(a)); Model([b, a], [y, b]) } } \
     pub Net { use crate::vision::Encoder as Vision; let x = Input(shape = [4]); let z = Input(shape = [3]); \
     let see = Vision(name = \"see\", trainable = false); let (a, b) = see([z, x]); let (c, _) = see(z, x); \
     let y = add([a, c]); Model([x, z], [y, b]).compile(optimizer = Adam(), loss = mse) }",
    "@ { } Net { use a::A; use b::{A, B}; use Net; use a::A as; use c::C; let x = Input(shape = [4]); let y = A(x)(x, A); \
     let z = TimeDistributed(A())(C(1, nam = 2)()); Model(x, [y, z]) }",
    "#[allow(dead_code, mimo::unused_tensor, reason = \"a\")] pub Net { #[warn(mimo::unused_functions)] fn f(x) { Dense(1)(x) } \
     let x = Input(shape = [4]); #[deny(mimo::unused_layer)] #[expect(mimo::E0201)] let y = f(x); Model([x], [y]) }",
    "Net { const N: usize = 3; fn last(x, at) { x[.., at] } let x = Input(shape = [4, 8]); let a = x[1..=2, -N..][-1]; \
     let b = last(x * 2.0, -1)[..N][0]; let y = Dense(1)(exp(x)[.., :, ..., None] + a[::2]); Model([x], [y, b]) }",
];

/// A small pseudorandom generator with a fixed seed.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % n.max(1)
    }
}

fn tokens(source: &str) -> Vec<TokenTree> {
    source.parse::<TokenStream>().unwrap().into_iter().collect()
}

/// Changes one thing somewhere in the tree.
fn mutate(tokens: &mut Vec<TokenTree>, pool: &[TokenTree], random: &mut Random) {
    let i = random.below(tokens.len());
    // Half of the time something inside a group changes.
    if let (Some(TokenTree::Group(group)), true) = (tokens.get(i), random.below(8) > 0) {
        let mut inner: Vec<TokenTree> = group.stream().into_iter().collect();
        mutate(&mut inner, pool, random);
        let mut changed = Group::new(group.delimiter(), inner.into_iter().collect());
        changed.set_span(group.span());
        tokens[i] = TokenTree::Group(changed);
        return;
    }
    let random_token = pool[random.below(pool.len())].clone();
    match random.below(7) {
        0 if !tokens.is_empty() => {
            tokens.remove(i);
        }
        1 if !tokens.is_empty() => tokens.insert(i, tokens[i].clone()),
        2 if !tokens.is_empty() => {
            let j = random.below(tokens.len());
            tokens.swap(i, j);
        }
        3 if !tokens.is_empty() => tokens[i] = random_token,
        4 => tokens.truncate(i),
        5 if !tokens.is_empty() => {
            let j = i + random.below(tokens.len() - i) + 1;
            let inner: TokenStream = tokens.drain(i..j).collect();
            let delimiters = [Delimiter::Parenthesis, Delimiter::Bracket, Delimiter::Brace, Delimiter::None];
            tokens.insert(i, TokenTree::Group(Group::new(delimiters[random.below(4)], inner)));
        }
        _ => tokens.insert(i.min(tokens.len()), random_token),
    }
}

fn assert_rust(input: TokenStream) {
    let shown = input.clone();
    let output = expand(input);
    let text: String = output.to_string().chars().take(2000).collect();
    if let Err(error) = syn::parse2::<syn::File>(output) {
        panic!("{error}\nfrom {shown}\n  to {text}");
    }
}

fn fuzz(rounds: usize, mut random: Random) {
    let mut pool: Vec<TokenTree> = tokens(
        "; , . : :: = == + - * / % # ! -> => @ use as let const Model Input pub crate r#type self _ 0 1.5 \"s\" 'c' 1e400 \
         99999999999999999999 () [] {} True lambda compile inputs outputs return mut if",
    );
    for model in MODELS {
        let mut open = tokens(model);
        while let Some(token) = open.pop() {
            if let TokenTree::Group(group) = &token {
                open.extend(group.stream());
            }
            pool.push(token);
        }
    }
    for model in MODELS {
        for _ in 0..rounds {
            let mut input = tokens(model);
            for _ in 0..=random.below(4) {
                mutate(&mut input, &pool, &mut random);
            }
            assert_rust(input.into_iter().collect());
        }
    }
}

#[test]
fn mutated_models_are_models_or_mistakes() {
    fuzz(700, Random(0x9E37_79B9_7F4A_7C15));
}

/// Every prefix of a model, as while it is being typed.
#[test]
fn half_written_models_are_mistakes() {
    for model in MODELS {
        let all = tokens(model);
        for n in 0..=all.len() {
            let mut input: Vec<TokenTree> = all.iter().take(n).cloned().collect();
            if let Some(TokenTree::Group(group)) = input.pop() {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                for m in 0..=inner.len() {
                    let part: TokenStream = inner.iter().take(m).cloned().collect();
                    let mut input = input.clone();
                    input.push(TokenTree::Group(Group::new(group.delimiter(), part)));
                    assert_rust(input.into_iter().collect());
                }
            }
        }
    }
}

#[test]
fn depth_and_length_have_limits() {
    let deep = |open: &str, close: &str, n: usize| {
        format!("Net {{ let x = {}1{}; Model([x], [x]) }}", open.repeat(n), close.repeat(n))
    };
    for source in [
        deep("(", ")", 200),
        deep("[", "]", 60),
        deep("f(", ")", 60),
        deep("-", "", 5000),
        deep("! ", "", 5000),
        deep("1 + ", "", 5000),
        deep("a(b)", "(c)", 5000),
        deep("a::", "", 5000),
        format!(
            "Net {{ {} }}",
            (0..200).map(|i| format!("const A{i}: usize = A{} * A{};", i + 1, i + 1)).collect::<String>()
        ),
    ] {
        println!("{}", source.chars().take(60).collect::<String>());
        assert_rust(source.parse().unwrap());
    }
}

/// Each of these is one message, or a model, in short time: no stack is as deep as the input, and no algorithm is
/// quadratic in its length.
#[test]
fn input_of_any_size_ends() {
    let model =
        |value: &str| format!("Net {{ let x = Input(shape = [4]); let y = {value}; Model([x], [y]) }}");
    let nested =
        |open: &str, close: &str| model(&format!("{}x{}", open.repeat(10_000), close.repeat(10_000)));
    let long = "n".repeat(100_000);
    for (source, told) in [
        (nested("(", ")"), "nested too deeply"),
        (nested("[", "]"), "nested too deeply"),
        (nested("{", "}"), "nested too deeply"),
        (nested("Dense(1)(", ")"), "nested too deeply"),
        (model(&format!("x{}", " + x".repeat(50_000))), "too long"),
        (model(&format!("a{}", "::b".repeat(50_000))), "too long"),
        (model(&format!("{}x", "-".repeat(100_000))), "too long"),
        (model(&format!("Dense(1, activation = \"{long}\")(x)")), "unknown activation"),
        (model(&format!("Dense(1)({long})")), "cannot find a tensor"),
        (model(&format!("Dense(1, {long} = 1)(x)")), "no argument"),
        (model(&format!("{long}(1)(x)")), "cannot find a layer"),
        (model(&format!("Dense(1, name = \"{long}\")(x)")), "impl"),
        (model(&format!("add([x{}])", ", x".repeat(2_000))), "impl"),
    ] {
        let output = expand(source.parse().unwrap()).to_string();
        let start: String = source.chars().take(80).collect();
        assert!(output.contains(told), "{start}: {}", output.chars().take(500).collect::<String>());
    }
}

/// Regressions found by fuzzing (`fuzz/`).
mod found {
    use super::*;

    fn assert_told(statement: &str, told: &str) {
        let source = format!(
            "Net {{ let x = Input(shape = [4]); {statement} let y = Dense(1)(x); Model(inputs = [x], outputs = [y]) }}"
        );
        let tokens: TokenStream = source.parse().unwrap();
        assert_rust(tokens.clone());
        let output = expand(tokens).to_string();
        assert!(output.contains(told), "{output}");
    }

    /// A sign before a call with an error made the call a constant, which was emitted unchanged.
    #[test]
    fn a_mistake_in_a_call_is_no_constant() {
        assert_told("let h = Dense(-x(Dense(; |x| x)))(x);", "compile_error");
        assert_told("let h = Dense(1 + f([a b]))(x);", "compile_error");
    }

    /// Two separate colons were treated as those of a path, which was emitted for editors with its space.
    #[test]
    fn punctuation_apart_is_not_punctuation_together() {
        let symbols = [
            ":", "::", "<", ">", "->", "=>", "..", "..=", "&", "&&", "|", "#", "!", "?", "$", "@", "'a", "~",
            "**",
        ];
        for a in symbols {
            for b in symbols {
                let statements = [
                    format!("let _a = a {a} {b} c;"),
                    format!("let _a = Dense(a {a} {b} c)(x);"),
                    format!("use a {a} {b} c;"),
                    format!("const N: a {a} {b} c = 3;"),
                    format!("for i in a {a} {b} c {{ let _a = Dense(i)(x); }}"),
                ];
                for statement in statements {
                    let source = format!("Net {{ let x = Input(shape = [4]); {statement} Model([x], [x]) }}");
                    if let Ok(tokens) = source.parse() {
                        assert_rust(tokens);
                    }
                }
            }
        }
    }

    /// A map is an expression of models but not of Rust.
    #[test]
    fn what_only_models_have_is_no_constant() {
        assert_told("let h = Dense(-{ a: 1 })(x);", "not an expression of Rust");
        assert_told("let h = Dense(1 + macro)(x);", "not an expression of Rust");
        assert_told("const N: usize = { a: 1 };", "a constant");
        assert_told("const N: usize = macro;", "a constant");
    }
}
