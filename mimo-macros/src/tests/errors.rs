//! `docs/errors.md` against the list of codes: each code has its section, whose first example breaks only that rule,
//! and whose last is valid. `cargo test --doc` compiles the same examples.

use std::collections::{BTreeMap, BTreeSet};

use mimo_graph::code::Code;
use proc_macro2::{Delimiter, TokenTree};
use quote::quote;

use super::*;

/// The page, with its sections by heading.
struct Section {
    heading: String,
    prose: String,
    /// The attributes of each block, `rust,compile_fail`, and its code, hidden lines included.
    blocks: Vec<(String, String)>,
}

fn sections() -> Vec<Section> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/errors.md");
    let page = std::fs::read_to_string(path).unwrap();
    let mut sections: Vec<Section> = Vec::new();
    let mut block: Option<(String, String)> = None;
    // Lines before the first section are skipped.
    for line in page.lines() {
        match (&mut block, line.strip_prefix("```"), line.strip_prefix("## ")) {
            (Some(_), Some(_), _) => {
                let done = block.take().unwrap();
                sections.last_mut().into_iter().for_each(|section| section.blocks.push(done.clone()));
            }
            (None, Some(attributes), _) => block = Some((attributes.into(), String::new())),
            (Some((_, code)), None, _) => {
                // `# ` hides a line from readers; `#[…]` does not.
                code.push_str(line.strip_prefix("# ").unwrap_or(line));
                code.push('\n');
            }
            (None, None, Some(heading)) => {
                sections.push(Section { heading: heading.into(), prose: String::new(), blocks: Vec::new() })
            }
            (None, None, None) => {
                sections.last_mut().into_iter().for_each(|section| section.prose.push_str(line));
            }
        }
    }
    assert!(block.is_none(), "the last block is not closed");
    sections
}

/// Contents of a `model! { … }` or a `functions! { … }`.
#[derive(Clone)]
struct Block {
    functions: bool,
    tokens: TokenStream,
}

impl Block {
    fn ast(&self) -> (crate::ast::Model, parse::Parser) {
        let mut parser = parse::Parser::default();
        let ast = match self.functions {
            true => parser.functions(self.tokens.clone()),
            false => parser.model(self.tokens.clone()),
        };
        (ast, parser)
    }

    fn outcome(&self) -> lower::Outcome {
        let (ast, parser) = self.ast();
        let lower = if self.functions { lower::functions } else { lower::model };
        lower(&ast, parser.spans, parser.diags)
    }
}

/// The `model! { … }` and `functions! { … }` blocks in Rust code.
fn models(source: &str) -> Vec<Block> {
    let tokens: Vec<TokenTree> = source.parse::<TokenStream>().unwrap().into_iter().collect();
    let call = |run: &[TokenTree]| match run {
        [TokenTree::Ident(name), TokenTree::Punct(bang), TokenTree::Group(group)]
            if (name == "model" || name == "functions")
                && bang.as_char() == '!'
                && group.delimiter() == Delimiter::Brace =>
        {
            Some(Block { functions: name == "functions", tokens: group.stream() })
        }
        _ => None,
    };
    tokens.windows(3).filter_map(call).collect()
}

/// Same, each with the descriptions of the earlier blocks that it imports, as their macros would pass them.
fn nested_models(source: &str) -> Vec<Block> {
    let mut described: BTreeMap<String, TokenStream> = BTreeMap::new();
    let complete = |block: Block| {
        let (ast, _) = block.ast();
        let names =
            ast.uses.iter().map(|used| used.path.clone().into_iter().last().map(|name| name.to_string()));
        let descriptions: Option<Vec<TokenStream>> =
            names.map(|name| described.get(&name?).map(|description| quote!(@ { #description }))).collect();
        let tokens = descriptions.into_iter().flatten().chain([block.tokens]).collect();
        let block = Block { tokens, ..block };
        let lower::Outcome { lowered, diags, .. } = block.outcome();
        if let Some(lowered) = lowered.filter(|_| !diags.has_errors()) {
            let (ast, _) = block.ast();
            let (before, written) = (&ast.described, &ast.written);
            let id = quote::format_ident!("block_{}", described.len());
            for function in ast.functions.iter().filter(|_| block.functions) {
                let description = quote!(#(@ { #before })* fn #id { #written });
                described.insert(function.ident.to_string(), description);
            }
            if !block.functions {
                described.insert(lowered.header.ident.to_string(), lowered.description);
            }
        }
        block
    };
    models(source).into_iter().map(complete).collect()
}

/// The codes of all diagnostics of an example: those of the macro, or, if there are none, of the checks for const
/// evaluation.
fn codes(source: &str) -> BTreeSet<Code> {
    let mut told = BTreeSet::new();
    let mut left = BTreeSet::new();
    for model in nested_models(source) {
        let lower::Outcome { lowered, diags, .. } = model.outcome();
        let expand = if model.functions { crate::expand::expand_functions } else { crate::expand::expand };
        let emitted = expand(model.tokens).to_string();
        let failed = diags.has_errors();
        for diag in diags.into_sorted() {
            assert_eq!(diag.severity == Severity::Warning, diag.code.is_lint(), "{diag:?}");
            // Warnings are only emitted without errors.
            let emits = emitted.contains(&format!("[{}]", diag.code));
            assert!(emits || failed && diag.code.is_lint(), "{} is not emitted", diag.code);
            told.insert(diag.code);
        }
        for check in lowered.into_iter().flat_map(|lowered| lowered.checks) {
            assert!(
                emitted.contains(&format!("{:?}", check.code.to_string())),
                "{} is not emitted",
                check.code
            );
            left.insert(check.code);
        }
    }
    if told.is_empty() { left } else { told }
}

/// Warnings and errors of the macro, without checks for const evaluation.
fn told_codes(source: &str) -> Vec<Code> {
    let told = |model: Block| model.outcome().diags.into_sorted();
    nested_models(source).into_iter().flat_map(told).map(|diag| diag.code).collect()
}

#[test]
fn every_code_has_its_section_and_every_section_its_code() {
    let found: Vec<String> = sections().into_iter().map(|section| section.heading).collect();
    let heading = |code: &Code| match code.is_lint() {
        true => code.to_string(),
        false => format!("{code}: {}", code.title()),
    };
    let wanted: Vec<String> = Code::ALL.iter().map(heading).collect();
    for wanted in &wanted {
        assert!(found.contains(wanted), "docs/errors.md has no section `## {wanted}`");
    }
    for found in &found {
        assert!(wanted.contains(found), "docs/errors.md has a section `{found}`, which is not a code");
    }
    assert_eq!(found, wanted, "the sections are in another order than the codes");
}

#[test]
fn every_example_shows_its_own_rule_and_every_mended_one_none() {
    let mut wrong = Vec::new();
    for section in sections() {
        let name = section.heading.split(": ").next().unwrap_or_default().trim_start_matches("mimo::");
        let Some(code) = Code::named(name) else { continue };
        let [(attributes, failing), mended @ ..] = &section.blocks[..] else {
            wrong.push(format!("{code} has no examples"));
            continue;
        };
        if section.prose.len() < 40 || mended.is_empty() {
            wrong.push(format!("{code} says too little, or has no mended example"));
        }
        let wanted = if code.is_lint() { "rust" } else { "rust,compile_fail" };
        if attributes != wanted || mended.iter().any(|(attributes, _)| attributes != "rust") {
            wrong.push(format!("{code}: the first block is `{wanted}`, the others are `rust`"));
        }
        let found = codes(failing);
        if found != BTreeSet::from([code]) {
            wrong.push(format!("{code}: its example gives {}", shown(&found)));
        }
        for (_, mended) in mended {
            let found = told_codes(mended);
            if !found.is_empty() {
                wrong.push(format!("{code}: its mended example gives {}", shown(&found)));
            }
            if models(mended).is_empty() {
                wrong.push(format!("{code}: its mended example has no model"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn shown<'a>(codes: impl IntoIterator<Item = &'a Code>) -> String {
    let codes: Vec<String> = codes.into_iter().map(Code::to_string).collect();
    if codes.is_empty() { "nothing".into() } else { codes.join(", ") }
}

/// What people who come from Keras write: how Keras has it, the same in a description, and what to write. A description
/// without an input reads `x`, eight numbers, and one without `Model(…)` outputs `y`.
const HABITS: &[(&str, &str, &str)] = &[
    ("`x = layers.Dense(8)(x)`", "y = Dense(8)(x);", "`let x = Dense(8)(x);`"),
    ("a line without `;`", "let h = Dense(8)(x) let y = Dense(1)(h);", "`;` after each statement"),
    ("`keras.layers.Dense(8)(x)`", "let y = keras.layers.Dense(8)(x);", "`Dense(8)(x)`"),
    ("`True`, `False`, `None`", "let y = Dense(8, use_bias = True)(x);", "`true`, `false`, `none`"),
    (
        "`activation=\"relu\"` as `activation: relu`",
        "let y = Dense(8, activation: relu)(x);",
        "`activation = relu`",
    ),
    ("`activation=lambda x: …`", "let y = Dense(8, activation = lambda x: x)(x);", "a function of the block"),
    ("`x ** 2`", "let y = x ** 2;", "`square(x)`, `power(x, 2)`"),
    ("`return x`", "let y = Dense(8)(x); return y;", "`Model(inputs = …, outputs = …)` at the end"),
    (
        "`model = keras.Model(…)`",
        "let y = Dense(8)(x); let model = Model(inputs = [x], outputs = [y]);",
        "`Model(…)` as the last statement",
    ),
    (
        "`model.fit(…)` below the model",
        "let y = Dense(8)(x); Model(inputs = [x], outputs = [y]).fit(x, y)",
        "`Trainer::new(&mut model)?.fit(…)` in Rust",
    ),
    ("`keras.Sequential([…])`", "let y = Sequential([Dense(8)])(x);", "one statement per layer"),
    ("`layers.Lambda(…)`", "let y = Lambda(2)(x);", "an expression or a function"),
    ("`layers.Conv3D(…)`, `layers.RNN(…)`", "let y = RNN(8)(x);", "see the message"),
    ("`tf.layers.dense(x, 8)`", "let y = Dense(x, 8);", "`Dense(8)(x)`: settings, then tensors"),
    (
        "`layers.Dense(8)(x, training=True)`",
        "let y = Dropout(0.5)(x, training = true);",
        "`if training { … } else { … }`",
    ),
    ("`concatenate(a, b)`", "let y = concatenate(x, x);", "`concatenate([a, b])`"),
    ("a layer used as a tensor", "let h = Dense(8); let y = Dense(1)(h);", "`h(x)`"),
    (
        "`Dense(8, activaton=\"relu\")`",
        "let y = Dense(8, activaton = relu)(x);",
        "the message has the nearest name",
    ),
    (
        "`kernel_initializer=\"he\"`",
        "let y = Dense(8, kernel_initializer = he)(x);",
        "`he_normal`, `he_uniform`",
    ),
    (
        "`keras.Input((None, 8))`",
        "let x = Input(shape = [none, 8]); let y = LSTM(8)(x);",
        "a length; pad shorter sequences, `mask_zero = true`",
    ),
    (
        "`Conv2D` on images without channels",
        "let x = Input(shape = [28, 28]); let y = Conv2D(8, 3)(x);",
        "`[28, 28, 1]`, or `Reshape([28, 28, 1])`",
    ),
    (
        "`LSTM` on an `LSTM`",
        "let x = Input(shape = [20, 3]); let y = LSTM(8)(LSTM(8)(x));",
        "`return_sequences = true`",
    ),
    (
        "`LSTM` on word ids",
        "let x = Input(shape = [20], dtype = \"int32\"); let y = LSTM(8)(x);",
        "`Embedding` first",
    ),
    (
        "`Dense` on word ids",
        "let x = Input(shape = [20], dtype = \"int32\"); let y = Dense(8)(x);",
        "`Embedding`, or `cast(x, float32)`",
    ),
    ("`Embedding` on floats", "let y = Embedding(100, 8)(x);", "`Input(shape = [n], dtype = \"int32\")`"),
    (
        "`add([a, b])` of different widths",
        "let y = add([x, Dense(4)(x)]);",
        "equal widths; the message has the change",
    ),
    ("`Reshape` to another product", "let y = Reshape([3, 3])(x);", "an equal product, or `-1`"),
    (
        "`axis=0` of a reduction",
        "let y = mean(x, axis = 0);",
        "axis 0 is the batch; samples begin with axis 1",
    ),
    (
        "`loss={\"hidden\": …}`",
        "let h = Dense(8)(x); let y = Dense(1)(h);
         Model(inputs = [x], outputs = [y]).compile(optimizer = Adam(), loss = { h: mse })",
        "names of outputs",
    ),
    (
        "`loss=[\"mse\"]` of two outputs",
        "let y = Dense(1)(x); let z = Dense(1)(x);
         Model(inputs = [x], outputs = [y, z]).compile(optimizer = Adam(), loss = [mse])",
        "one entry per output, or a map",
    ),
    (
        "`Dense(1, activation=\"softmax\")`",
        "let y = Dense(1, activation = softmax)(x);
         Model(inputs = [x], outputs = [y]).compile(optimizer = Adam(), loss = binary_crossentropy)",
        "`sigmoid`, or one unit per class",
    ),
    (
        "`categorical_crossentropy` without an activation",
        "let y = Dense(3)(x);
         Model(inputs = [x], outputs = [y]).compile(optimizer = Adam(), loss = categorical_crossentropy)",
        "`softmax`, or `from_logits = true`",
    ),
    (
        "`from_logits=True` after a `softmax`",
        "let y = Dense(3, activation = softmax)(x);
         Model(inputs = [x], outputs = [y])
            .compile(optimizer = Adam(), loss = CategoricalCrossentropy(from_logits = true))",
        "one of the two",
    ),
    (
        "`optimizer=\"adam\"` without a loss",
        "let y = Dense(3)(x); Model(inputs = [x], outputs = [y]).compile(optimizer = adam)",
        "`loss = …`; `loss = none` for an output that is not trained",
    ),
    (
        "`\"accuracy\"` of several labels",
        "let y = Dense(5, activation = sigmoid)(x);
         Model(inputs = [x], outputs = [y])
            .compile(optimizer = Adam(), loss = binary_crossentropy, metrics = [accuracy])",
        "`binary_accuracy`, or `exact_match`",
    ),
];

/// A link to the section of a code: `[E0101](#mimoe0101-invalid-visibility)`.
fn link(code: &Code) -> String {
    let (heading, shown) = match code.is_lint() {
        true => (code.to_string(), code.to_string().replace("mimo::", "")),
        false => (format!("{code}: {}", code.title()), code.to_string().replace("mimo::", "")),
    };
    let anchor = heading.chars().filter_map(|c| match c {
        ' ' => Some('-'),
        c => (c.is_alphanumeric() || c == '-' || c == '_').then(|| c.to_ascii_lowercase()),
    });
    format!("[{shown}](#{})", anchor.collect::<String>())
}

/// The page has `table` after the line `begin`, up to the next empty line. `UPDATE=1` writes it.
fn assert_on_page(begin: &str, table: &str) {
    // Two tests write two parts of one file.
    static FILE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _lock = FILE.lock();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/errors.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (before, rest) = page.split_once(begin).unwrap();
    let after = rest.find("\n\n").unwrap() + 1;
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, format!("{before}{begin}{table}{}", &rest[after..])).unwrap();
        return;
    }
    assert_eq!(&rest[..after], table, "`UPDATE=1 cargo test -p mimo-macros --lib the_index` writes it");
}

#[test]
fn the_index_lists_the_codes_by_family() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/errors.md")).unwrap();
    let mut families: Vec<(&str, Vec<String>)> = Vec::new();
    let mut code_block = false;
    let mut listed = 0;
    for line in page.lines() {
        code_block ^= line.starts_with("```");
        if let Some(family) = line.strip_prefix("# ").filter(|_| !code_block) {
            families.push((family, Vec::new()));
        }
        let code = line.strip_prefix("## ").filter(|_| !code_block).and_then(|heading| {
            Code::named(heading.split(": ").next().unwrap_or_default().trim_start_matches("mimo::"))
        });
        if let (Some(code), Some((_, codes))) = (code, families.last_mut()) {
            listed += 1;
            codes.push(match code.is_lint() {
                true => link(&code),
                false => format!("{} {}", link(&code), code.title()),
            });
        }
    }
    assert_eq!(listed, Code::ALL.len());
    families.retain(|(_, codes)| !codes.is_empty());
    let table: String =
        families.iter().map(|(family, codes)| format!("| {family} | {} |\n", codes.join(", "))).collect();
    assert_on_page("| family | codes |\n|---|---|\n", &table);
}

#[test]
fn the_index_lists_habits_of_keras() {
    let row = |&(keras, description, instead): &(&str, &str, &str)| {
        let input = if description.contains("Input(") { "" } else { "let x = Input(shape = [8]);" };
        let model = if description.contains("Model(") { "" } else { "Model(inputs = [x], outputs = [y])" };
        let found = codes(&format!("model! {{ Net {{ {input} {description} {model} }} }}"));
        let found: Vec<String> = found.iter().map(link).collect();
        assert_eq!(found.len(), 1, "{keras}: {found:?}");
        format!("| {keras} | {} | {instead} |\n", found[0])
    };
    let table: String = HABITS.iter().map(row).collect();
    assert_on_page("| in Keras | message | in mimo |\n|---|---|---|\n", &table);
}
