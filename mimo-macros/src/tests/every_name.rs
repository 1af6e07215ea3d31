//! Uses every identifier of generated code, every keyword and every name of Rust's prelude as a name of everything
//! that a user can name. Each is either valid or one error at the name. `tests/hygiene/every_name.rs` compiles the
//! valid ones: `UPDATE=1 cargo test -p mimo-macros every_name` writes its list.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;

const LIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/generated/names.rs");

/// Models that together have all kinds of items, passes and operations.
const MODELS: [&str; 7] = [
    "Net { let x = Input(shape = [4]); let y = Dense(2)(x); Model(inputs = [x], outputs = [y]) }",
    "Net { let x = Input(shape = [4]); let y = Flatten()(x); Model(inputs = [x], outputs = [y]) }",
    "Net { let x = Input(shape = [crate::N, 4]); let (a, h, _, _, _) = Bidirectional(LSTM(3, return_state = true))(x);
        let b = TimeDistributed(Dense(2, activation = relu))(x); let c = GRU(3)(b);
        Model(inputs = [x], outputs = [a, h, c])
            .compile(optimizer = Adam(clipvalue = 1.0), loss = { a: mse, h: custom, c: none }, metrics = { a: [mae, auc] }) }",
    "Net { let x = Input(shape = [8, 8, 3]); let h = SeparableConv2D(4, 3, activation = relu)(x); let h = MaxPooling2D(2)(h);
        let h = UpSampling2D(2)(ZeroPadding2D(1)(h)); let h = Dropout(0.5)(Flatten()(h)); let i = Input(shape = [1], dtype = \"int32\");
        let e = Flatten()(Embedding(10, 3, embeddings_constraint = UnitNorm())(i)); let h = concatenate([h, e]);
        let k = Dense(3, activation = softmax, kernel_regularizer = L2(0.1), kernel_initializer = HeNormal(seed = 1))(h);
        let d = Dense(1)(dot([k, k], axes = 1));
        Model(inputs = [x, i], outputs = [k, d]).compile(optimizer = SGD(0.1), loss = { k: sparse_categorical_crossentropy, d: huber }) }",
    "@ { Inner { const UNITS: usize = crate::N; let x = Input(shape = [4]); let y = Dense(UNITS)(x); Model(inputs = [x], outputs = [y]) } }
     @ { @ { Inner { const UNITS: usize = crate::N; let x = Input(shape = [4]); let y = Dense(UNITS)(x); Model(inputs = [x], outputs = [y]) } }
         Middle { use Inner; let x = Input(shape = [4]); let y = Dense(2)(Inner()(x)); Model(inputs = [x], outputs = [y]) } }
     Net { use Inner; use Middle; let x = Input(shape = [4]); let y = concatenate([Inner()(x), Middle()(x)]);
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.1), loss = mse) }",
    "Net { let x = Input(shape = [4]); let y = Activation(relu)(BatchNormalization()(Dense(2)(x)));
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.1), loss = mse) }",
    "Net { let x = Input(shape = [4]); let y = Dens(2)(x); Model(inputs = [x], outputs = [y]) }",
];

/// Words that are not valid names.
const KEYWORDS: [&str; 53] = [
    "self", "Self", "super", "crate", "_", "abstract", "as", "async", "await", "become", "box", "break",
    "const", "continue", "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if",
    "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

/// Names in every module, and words that are keywords in some positions only.
const PRELUDE: [&str; 25] = [
    "union",
    "auto",
    "default",
    "macro_rules",
    "Option",
    "Some",
    "None",
    "Result",
    "Ok",
    "Err",
    "Vec",
    "String",
    "Box",
    "Default",
    "Clone",
    "Copy",
    "Send",
    "Sized",
    "Drop",
    "Fn",
    "Iterator",
    "Into",
    "std",
    "alloc",
    "main",
];

/// Parameters of public methods, which documentation shows, so that they have no `__` prefix. rustc interprets a
/// parameter as a constant of the same name, if a module has a lower-case one.
const PARAMETERS: [&str; 3] = ["inputs", "path", "seed"];

/// Roles of names in a model.
const ROLES: [&str; 8] = ["model", "constant", "input", "output", "layer", "tensor", "function", "outside"];

/// A model in which each of these names has its role. Same as in `tests/hygiene/every_name.rs`.
fn source(names: &[&str; 8]) -> String {
    let [model, constant, input, output, layer, tensor, function, outside] = names;
    format!(
        "pub(super) {model} {{
            const {constant}: usize = 2;
            fn {function}(argument) {{ Dense({constant})(argument) }}
            let first = Input(shape = [{outside}]);
            let {tensor} = {function}(first);
            let last = Dense(1, name = \"{layer}\")({tensor});
            Model(inputs = {{ {input}: first }}, outputs = {{ {output}: last }}).compile(optimizer = SGD(0.1), loss = mse)
        }}"
    )
}

/// The model with one name in one role, and valid names in the others.
fn with(role: usize, name: &str) -> String {
    let mut names = ["Net", "UNITS", "data", "target", "head", "hidden", "block", "WIDTH"];
    names[role] = name;
    source(&names)
}

/// Every name to try, raw if necessary.
fn names() -> Vec<String> {
    let mut found: BTreeSet<String> = KEYWORDS.iter().chain(&PRELUDE).map(ToString::to_string).collect();
    // rustc treats all raw names alike.
    found.extend(
        ["type", "match", "fn", "gen", "async", "try", "where"].map(|keyword| format!("r#{keyword}")),
    );
    for source in MODELS {
        let tokens: TokenStream = source.parse().unwrap();
        let file: syn::File = syn::parse2(crate::expand::expand(tokens)).unwrap();
        assert!(
            source.contains("Dens(2)") || !quote::quote!(#file).to_string().contains("compile_error"),
            "{source}"
        );
        // rustc removes the first item, which is for editors, before name resolution.
        file.items.iter().skip(1).for_each(|item| unqualified(item.to_token_stream(), &mut found));
    }
    // Names that contain the description of a model differ from run to run.
    found.retain(|name| !name.starts_with("__mimo_model"));
    found.into_iter().collect()
}

/// The identifiers of a stream that are resolved in scope somewhere. Those that always follow a `::` or a `.`, or are
/// fields of a literal, cannot collide with names of the user.
fn unqualified(stream: TokenStream, found: &mut BTreeSet<String>) {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    let is = |place: Option<usize>, symbols: &[char]| matches!(place.and_then(|place| tokens.get(place)), Some(TokenTree::Punct(punct)) if symbols.contains(&punct.as_char()));
    for (place, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => unqualified(group.stream(), found),
            TokenTree::Ident(ident) => {
                let before = place.checked_sub(1);
                let in_path = is(before, &[':']) && is(place.checked_sub(2), &[':']);
                let field = is(Some(place + 1), &[':']) && !is(Some(place + 2), &[':']);
                // A lifetime is one token in Rust.
                if !in_path && !field && !is(before, &['.', '\'']) {
                    found.insert(ident.to_string());
                }
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// Errors of the model: the tokens of each, and its complete text.
fn mistakes(source: &str) -> Vec<String> {
    super::told(source).into_iter().filter(|told| !told.contains("] warning: ")).collect()
}

/// Whether a name is valid in a role. If it is not, that is one error, at the name; a keyword may be one at each of
/// its uses.
fn is_fine(role: usize, name: &str) -> bool {
    let told = mistakes(&with(role, name));
    let [first, rest @ ..] = &told[..] else { return true };
    // A word of the language has that meaning where it is used; `None` is Python's `none`.
    let word = KEYWORDS.contains(&name) || name == "None" || ROLES[role] == "function";
    if !word {
        assert!(rest.is_empty(), "`{name}` as {}: {told:#?}", ROLES[role]);
        let at = first.split_once('[').and_then(|(_, at)| at.split_once(']')).map_or("", |(at, _)| at);
        assert!(at.contains(name), "`{name}` as {}: {first}", ROLES[role]);
    }
    false
}

#[test]
fn every_name_is_fine_or_one_error() {
    let names = names();
    assert!(names.len() > 150, "{names:?}");
    let fine: Vec<Vec<&str>> = (0..ROLES.len())
        .map(|role| {
            let raw = |name: &&String| ROLES[role] != "layer" || !name.starts_with("r#");
            // Names that the macro need not refuse. Keywords occur with `r#`.
            let wrong = |name: &str| {
                let outside = PARAMETERS.contains(&name) || name.starts_with("__");
                KEYWORDS.contains(&name) || ROLES[role] == "outside" && outside
            };
            let fine = names.iter().filter(raw).filter(|name| is_fine(role, name));
            fine.map(String::as_str).filter(|name| !wrong(name)).collect()
        })
        .collect();
    let mut lines = String::new();
    for place in 0..fine.iter().map(Vec::len).max().unwrap_or(0) {
        // Each role starts at another offset, so that the names of a model differ; on a collision, one of them
        // advances.
        let mut shift = [0; 8];
        let (chosen, _) = (0..64)
            .find_map(|_| {
                let chosen: [&str; 8] = std::array::from_fn(|role| {
                    fine[role][(place + 7 * role + shift[role]) % fine[role].len()]
                });
                let told = mistakes(&source(&chosen));
                if told.is_empty() {
                    return Some((chosen, ()));
                }
                let clash = (1..8).rev().find(|&role| chosen[..role].contains(&chosen[role])).unwrap_or(5);
                shift[clash] += 1;
                None
            })
            .unwrap_or_else(|| panic!("no names fit at {place}"));
        let [model, constant, input, output, layer, tensor, function, outside] = chosen;
        lines.push_str(&format!(
            "    n{place}: {model} {constant} {input} {output} {layer:?} {tensor} {function} {outside};\n"
        ));
    }
    let list = format!("// Written by `mimo-macros/src/tests/every_name.rs`.\nmodels! {{\n{lines}}}\n");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(LIST, &list).expect("a writable repository");
    }
    let written = std::fs::read_to_string(LIST).unwrap_or_default();
    assert!(
        written == list,
        "run `UPDATE=1 cargo test -p mimo-macros every_name`, and then the test `hygiene`"
    );
}
