//! Token streams that are nearly models: pieces of valid ones, joined and nested as determined by bytes, with noise.

use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};

use crate::choices::Choices;

/// Token sequences that occur in models.
const PIECES: [&str; 91] = [
    "let x =",
    "use Encoder;",
    "fn block(x) { let y = Dense(3)(x); y }",
    "let y =",
    "let h =",
    "let (a, b) =",
    "let (y, h, c) =",
    "let y: [3] =",
    "let z: [N, 4] =",
    "Input(shape = [4])",
    "Input(shape = [8, 8, 3])",
    "Input(shape = [5, 4])",
    "Input(shape = [N], dtype = \"int32\", name = \"words\")",
    "Dense(3)",
    "Dense(1)(x)",
    "Dense(N, activation = softmax)(h)",
    "Dense(3, activation = relu, kernel_regularizer = L2(1e-4), name = \"hidden\")(x)",
    "Conv2D(4, 3, padding = same, activation = relu)(x)",
    "Conv1D(filters = 4, kernel_size = 3, strides = 2)(x)",
    "SeparableConv2D(2, 3)",
    "Conv2DTranspose(2, 3, strides = 2)",
    "MaxPooling2D(2)(h)",
    "GlobalAveragePooling1D()(h)",
    "Flatten()(x)",
    "Reshape([2, -1])(x)",
    "Permute((2, 1))",
    "LSTM(4, return_sequences = true, return_state = true)(x)",
    "GRU(3)(x, initial_state = h)",
    "Bidirectional(LSTM(4), merge_mode = concat)(x)",
    "TimeDistributed(Dense(2))(x)",
    "Embedding(N, 4)(x)",
    "Dropout(0.5)(x)",
    "GaussianNoise(0.1)",
    "BatchNormalization(axis = 1, center = false)(x)",
    "concatenate([x, y], axis = 1)",
    "add([x, h])",
    "Dot(axes = 1, normalize = true)([x, y])",
    "x + y * h - x",
    "-x",
    "enc(x)",
    "let enc = Dense(4);",
    "const N: usize = 4;",
    "const N: usize = M + 1; const M: usize = N;",
    "const V: f64 = -1.5e3;",
    "const W: usize = crate::WIDTH * 2;",
    "Model(inputs = [x], outputs = [y])",
    "Model(inputs = [x, y], outputs = { a: h, b: y })",
    "Model(x, y)",
    ".compile(optimizer = Adam(), loss = mse)",
    ".compile(optimizer = SGD(0.1, momentum = 0.9), loss = { y: categorical_crossentropy }, metrics = { y: [accuracy, auc] })",
    ".compile(loss = [mse, none], loss_weights = [1.0, 0.5], metrics = mae)",
    "loss = { a: binary_crossentropy(from_logits = true), b: huber(delta = 0.5) }",
    "learning_rate = 1e-3",
    "activation = relu",
    "shape = [N, 2]",
    "units = -1",
    "kernel_initializer = HeNormal(seed = 1)",
    "pub Net",
    "pub(crate)",
    "crate = ::net;",
    "/// Documentation.",
    "#[derive(Clone)]",
    "#[cfg(test)]",
    "x = Dense(3)(x)",
    "None True False lambda x: x",
    "keras.layers.Dense",
    "model.compile",
    "return",
    "=> -> :: .. ..= && || <<= ** ",
    "|x| x",
    "if a { b } else { c }",
    "if N == 2 { let x = Dense(3)(x); }",
    "if x != none && !(N > 1) { x } else if true { h } else { y }",
    "let n = if M < 3 || none == relu { 2 } else { (3, same) };",
    "if",
    "else",
    "const S: [usize; 2] = [3, 4]; const T: bool = N > 1;",
    "for (i, n) in S.iter().enumerate() { let x = Dense(n + S[i])(x); }",
    "max(int(0.5 * x.shape[-1]), S[N] / 2)",
    "fn twice(n) { if n > 1 { 2 * n } else { n } }",
    "Dense(2 * twice(N), name = \"h{N + 1}\")(x)",
    "a::<1, 2>::b(3)",
    "usize::pow(2, 3)",
    "vec![1]",
    "S[0].len()",
    "{ 3 }",
    "x as usize",
    "r#type",
    "größe",
    "'a 'b' b\"bytes\" c\"c\" 1_000u64 0xFF 1e400",
    "let",
];
const PUNCTUATION: [char; 24] = [
    ';', ',', '=', '.', ':', '+', '-', '*', '/', '%', '#', '!', '<', '>', '&', '|', '^', '@', '?', '$', '~',
    '\'', ';', ',',
];
const WORDS: [&str; 28] = [
    "x", "y", "h", "N", "Dense", "Input", "Model", "let", "const", "self", "Self", "_", "crate", "pub",
    "compile", "none", "mut", "fn", "inputs", "outputs", "loss", "name", "ref", "async", "if", "else",
    "training", "shape",
];
const DELIMITERS: [Delimiter; 4] =
    [Delimiter::Parenthesis, Delimiter::Bracket, Delimiter::Brace, Delimiter::None];
/// Few enough for a fast run, and enough that any two errors may meet.
const TOKENS: usize = 4000;

/// A token stream.
pub fn stream(bytes: &[u8]) -> TokenStream {
    let mut choices = Choices::new(bytes);
    let mut left = TOKENS;
    let framed = !choices.one_in(4);
    let inner = run(&mut choices, 0, &mut left);
    if !framed {
        return inner;
    }
    let mut model = parsed("pub Net");
    model.extend([TokenTree::Group(Group::new(Delimiter::Brace, inner))]);
    model
}

fn parsed(piece: &str) -> TokenStream {
    piece.parse().unwrap_or_default()
}

fn run(choices: &mut Choices<'_>, depth: usize, left: &mut usize) -> TokenStream {
    let mut tokens = TokenStream::new();
    while !choices.is_empty() && *left > 0 {
        *left -= 1;
        match choices.byte() {
            // Most pieces occur in models.
            0..100 => {
                let piece = choices.pick(&PIECES);
                tokens.extend(parsed(piece));
            }
            100..150 => tokens.extend([TokenTree::Punct(Punct::new(';', Spacing::Alone))]),
            150..175 => {
                let spacing = if choices.one_in(3) { Spacing::Joint } else { Spacing::Alone };
                tokens.extend([TokenTree::Punct(Punct::new(choices.pick(&PUNCTUATION), spacing))]);
            }
            175..195 => {
                tokens.extend([TokenTree::Ident(Ident::new(choices.pick(&WORDS), Span::call_site()))])
            }
            195..205 => tokens.extend([number(choices)]),
            205..240 if depth < 90 => {
                let inner = run(choices, depth + 1, left);
                tokens.extend([TokenTree::Group(Group::new(choices.pick(&DELIMITERS), inner))]);
            }
            205..240 => {}
            240..246 => {
                let word: String = (0..choices.below(4)).map(|_| char::from(choices.byte())).collect();
                tokens.extend([TokenTree::Literal(Literal::string(&word))]);
            }
            // The group ends.
            _ if depth > 0 => break,
            _ => {}
        }
    }
    tokens
}

fn number(choices: &mut Choices<'_>) -> TokenTree {
    TokenTree::Literal(match choices.below(6) {
        0 => Literal::usize_unsuffixed(choices.below(300)),
        1 => Literal::i64_unsuffixed(i64::MAX),
        2 => Literal::u128_suffixed(u128::MAX),
        3 => Literal::f64_unsuffixed(f64::from(choices.byte()) / 16.0),
        4 => Literal::u8_suffixed(choices.byte()),
        _ => Literal::usize_unsuffixed(0),
    })
}
