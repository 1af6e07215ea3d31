//! Tests of the function for editors: every word at its span, for valid models and for models that are being typed.

use std::collections::BTreeMap;

use proc_macro2::{Delimiter, Ident, Spacing, TokenStream, TokenTree};

use super::slice;
use crate::expand::expand;
use crate::{editor, lower, parse};

/// The function for editors in the expansion of a model.
fn written(source: &str) -> TokenStream {
    let mut parser = parse::Parser::default();
    let ast = parser.model(source.parse().unwrap());
    let lower::Outcome { lowered, .. } = lower::model(&ast, parser.spans, parser.diags);
    editor::items(&ast, &lowered.unwrap())
}

/// Its body without the imports.
fn body(source: &str) -> TokenStream {
    let mut tokens: Vec<TokenTree> = written(source).into_iter().collect();
    // `const _: () = { … fn model() { … } };`
    for _ in 0..2 {
        let block = |token: &TokenTree| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
        let Some(TokenTree::Group(group)) = tokens.into_iter().rev().find(block) else { panic!("{source}") };
        tokens = group.stream().into_iter().collect();
    }
    let semicolons = tokens.iter().enumerate().filter(|(_, token)| is_punct(token, ';'));
    let (last_import, _) = semicolons.take(2).last().unwrap();
    tokens.into_iter().skip(last_import + 1).collect()
}

fn is_punct(token: &TokenTree, symbol: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == symbol)
}

/// Every identifier of the user, with the number of its occurrences in a stream at its own span.
fn placed(stream: TokenStream, source: &str, found: &mut BTreeMap<(usize, usize), usize>) {
    for token in stream {
        match token {
            TokenTree::Group(group) => placed(group.stream(), source, found),
            TokenTree::Ident(ident) => {
                let (start, end) = (ident.span().start(), ident.span().end());
                // Tokens of the macro itself have no location in the source.
                if ident == slice(source, start, end).as_str() {
                    *found.entry((start.line, start.column)).or_default() += 1;
                }
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// The identifiers of a source, in order.
fn idents(stream: TokenStream, found: &mut Vec<Ident>) {
    for token in stream {
        match token {
            TokenTree::Group(group) => idents(group.stream(), found),
            TokenTree::Ident(ident) => found.push(ident),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// Checks that every word of the block is in the function at its own span, except for these.
#[track_caller]
fn assert_placed(source: &str, but: &[&str]) {
    let mut found = BTreeMap::new();
    placed(body(source), source, &mut found);
    let mut words = Vec::new();
    let input: TokenStream = source.parse().unwrap();
    let Some(TokenTree::Group(block)) = input.into_iter().last() else { panic!("{source}") };
    idents(block.stream(), &mut words);
    let mut missing: Vec<String> = Vec::new();
    for word in &words {
        let start = word.span().start();
        if !found.contains_key(&(start.line, start.column)) {
            missing.push(word.to_string());
        }
    }
    missing.retain(|word| !["let", "const", "fn", "for", "in", "if", "else"].contains(&word.as_str()));
    assert_eq!(missing, but, "{}", body(source));
}

/// Formats the statements.
fn shown(source: &str) -> String {
    let (name, body) = (quote::format_ident!("model"), body(source));
    let file: syn::File = syn::parse2(quote::quote!(fn #name() { #body })).unwrap();
    prettyplease::unparse(&file)
}

macro_rules! assert_written {
    ($name:literal, $source:expr) => {
        insta::with_settings!({ prepend_module_to_snapshot => false, description => $source, omit_expression => true }, {
            insta::assert_snapshot!(concat!("editor_", $name), shown($source));
        });
    };
}

const DIAGNOSIS: &str = "pub Diagnosis {
    const FILTERS: usize = 32;
    let ecg = Input(shape = [256, 1]);
    let pressure = Input(shape = [1], name = \"blood_pressure\");
    let x = Conv1D(FILTERS, 3, activation = relu, kernel_initializer = HeNormal(seed = 1))(ecg);
    let x: [127, FILTERS] = MaxPooling1D(2, padding = same)(x);
    let features = concatenate([Flatten()(x), pressure], axis = -1);
    let shared = Dense(crate::config::UNITS, kernel_regularizer = L2(1e-4));
    let sum = shared(features) + shared(features);
    let (read, h, c) = LSTM(4, return_state = true)(x);
    let again = Bidirectional(LSTM(4), merge_mode = sum)(x, initial_state = [h, c, h, c]);
    let diagnosis = Dense(3, activation = softmax)(sum);
    let risk = Dense(1, activation = sigmoid)(concatenate([read, again]));
    Model(inputs = [ecg, pressure], outputs = { diagnosis: diagnosis, risk: risk }).compile(
        optimizer = Adam(learning_rate = 1e-3),
        loss = { diagnosis: categorical_crossentropy, risk: bce(label_smoothing = 0.1) },
        loss_weights = { diagnosis: 1.0, risk: 0.5 },
        metrics = { diagnosis: [accuracy, AUC(curve = PR)], risk: auc },
    )
}";

#[test]
fn every_word_is_at_its_place() {
    assert_placed(DIAGNOSIS, &["true"]);
}

/// Functions and loops are expanded by the macro, but occur once in the function.
const RESIDUAL: &str = "Residual {
    const UNITS: usize = 16;
    fn block(x, units = UNITS, activation = relu) {
        let h = Dense(units, activation = activation)(x);
        let h = Dense(UNITS)(h);
        h + x
    }
    let x = Input(shape = [16]);
    let h = block(x);
    for (units, rate) in [(16, 0.1), (16, 0.2)] {
        let h = block(h, units, activation = tanh);
        let h = Dropout(rate)(h);
    }
    let y = Dense(1)(h);
    Model(inputs = [x], outputs = [y])
}";

#[test]
fn every_word_of_functions_and_loops_is_at_its_place() {
    assert_placed(RESIDUAL, &[]);
}

#[test]
fn functions_and_loops() {
    assert_written!("functions_and_loops", RESIDUAL);
}

/// Branches of an `if`, and values.
const BRANCHES: &str = "Branches {
    const DEPTHS: [usize; 2] = [1, 2];
    fn twice(n, least = 4) { max(least, int(2.0 * n)) }
    fn block(x, units, activation = relu, pooling = none, skip = none) {
        let project = x.shape[-1] != units || units > 8;
        let act = if activation == gelu && !project { none } else if units == DEPTHS[0] { tanh } else { activation };
        let h = if skip != none { Dense(units)(skip) } else { let g = Dense(units, activation = act)(x); g };
        if pooling == none {
            let h = Dense(twice(units) + 2 * twice(n = units), activation = if project { act } else { tanh })(h);
        } else {
            let h = h + h;
        }
        h
    }
    let x = Input(shape = [16]);
    let width = 8;
    for (i, depth) in DEPTHS.iter().enumerate() {
        if i == DEPTHS.len() - 1 { let x = block(x, depth + i + width); }
    }
    let y = Dense(1)(x);
    Model(inputs = [x], outputs = [y])
}";

#[test]
fn every_word_of_branches_is_at_its_place() {
    assert_placed(
        BRANCHES,
        &["int", "none", "none", "shape", "none", "none", "none", "iter", "enumerate", "len"],
    );
}

#[test]
fn branches() {
    assert_written!("branches", BRANCHES);
}

/// A condition that is being typed offers bound names.
#[test]
fn half_a_condition() {
    for (source, wanted) in [
        ("Net { fn f(x, stride) { if stri } }", "stri"),
        ("Net { fn f(x, stride) { if stri { x } else { x } } }", "stri"),
        ("Net { fn f(x, stride) { let y = if stri { x } else { x }; y } }", "stri"),
        ("Net { fn f(x, activation) { if activation == rel { x } else { x } } }", "activations :: rel"),
    ] {
        let text = body(source).to_string();
        assert!(text.contains(wanted), "{source}: {text}");
    }
}

/// A list of a loop, its parts, and a pattern of outputs.
const CAPTCHA: &str = "Captcha {
    const DIGITS: usize = 4;
    let x = Input(shape = [16]);
    let heads = for i in 0..DIGITS {
        let h = Dense(8, activation = tanh)(x);
        Dense(10, activation = softmax, name = \"digit_{i}\")(h)
    };
    for head in heads[1..] {
        let y = Dense(1)(concatenate([head, heads[0], h]));
    }
    Model(inputs = [x], outputs = [heads, y])
        .compile(loss = { digit_*: sparse_categorical_crossentropy, y: mse }, metrics = { \"digit_*\": [accuracy] })
}";

#[test]
fn every_word_of_lists_is_at_its_place() {
    assert_placed(CAPTCHA, &["digit_"]);
}

#[test]
fn lists() {
    assert_written!("lists", CAPTCHA);
}

#[test]
fn half_a_list() {
    assert_written!(
        "half_a_list",
        "Net { let x = Input(shape = [4]); let heads = for i in 0..3 { let h = Dense(2)(x); Den } }"
    );
}

#[test]
fn words_that_are_strings_are_at_the_strings() {
    let source = "Net { let x = Input(shape = [4]); let y = Dense(1, activation = \"relu\")(x);
        Model([x], [y]).compile(optimizer = \"adam\", loss = { \"y\": \"mse\" }) }";
    let text = body(source).to_string();
    for word in ["activations :: relu", "optimizers :: adam", "losses :: mse", "{ y : { "] {
        assert!(text.contains(word), "{word} in {text}");
    }
}

/// A learning rate is a number, a constant or a schedule.
#[test]
fn schedules_are_items_and_rates_are_not() {
    let model = |rate: &str| {
        format!(
            "Net {{ const RATE: f32 = 0.1; let x = Input(shape = [4]); let y = Dense(1)(x);
            Model([x], [y]).compile(optimizer = Adam({rate}), loss = mse) }}"
        )
    };
    for rate in ["learning_rate = CosineDecay(RATE, decay_steps = 100)", "PolynomialDecay(0.1, 100)"] {
        let source = model(rate);
        assert_placed(&source, &[]);
        let name = rate.trim_start_matches("learning_rate = ").split('(').next().unwrap();
        assert!(body(&source).to_string().contains(&format!("schedules :: {name} {{")), "{}", body(&source));
    }
    for rate in ["RATE", "learning_rate = RATE"] {
        let source = model(rate);
        assert_placed(&source, &[]);
        assert!(!body(&source).to_string().contains("schedules"), "{}", body(&source));
    }
}

#[test]
fn a_model() {
    assert_written!("model", DIAGNOSIS);
}

#[test]
fn half_a_class() {
    assert_written!("half_a_class", "Net { let x = Input(shape = [4]); let y = Con }");
}

#[test]
fn half_a_statement_among_others() {
    assert_written!(
        "half_a_statement",
        "Net {
            let x = Input(shape = [4]);
            let y = conc
            let z = Dense(1)(x);
            Model(inputs = [x], outputs = [z]).compile(loss = { z: m
        }) }"
    );
}

#[test]
fn half_an_argument() {
    assert_written!("half_an_argument", "Net { let x = Input(shape = [4]); let y = Conv1D(32, 3, acti) }");
}

#[test]
fn no_word_yet() {
    assert_written!(
        "no_word_yet",
        "Net {
            let x = Input(shape = [4]);
            let y = Dense(3, activation = , )(x);
            let z = Activation()(y);
            let
            let w =
            Mod
        }"
    );
}

/// While a parenthesis is open, all following tokens are inside of it.
#[test]
fn an_open_parenthesis() {
    assert_written!(
        "an_open_parenthesis",
        "Net {
            let x = Input(shape = [4]);
            let y = Dense(3, use let z = Dense(1)(x); Model(inputs = [x], outputs = [z]))
        }"
    );
}

#[test]
fn half_an_output() {
    assert_written!(
        "half_an_output",
        "Net {
            let x = Input(shape = [4]);
            let risk = Dense(1)(x);
            Model(inputs = [x], outputs = [ri]).compile(loss = { ri }, met)
        }"
    );
}

/// rust-analyzer completes a word in the expansion of the text with a marker after the word, and finds its position
/// in the expansion without the marker by counting characters: the tokens before the word must not depend on it.
#[test]
fn nothing_before_a_word_depends_on_its_end() {
    let mut words = Vec::new();
    let input: TokenStream = DIAGNOSIS.parse().unwrap();
    let Some(TokenTree::Group(block)) = input.into_iter().last() else { panic!() };
    idents(block.stream(), &mut words);
    words.retain(|word| !["let", "const", "true"].iter().any(|keyword| word == keyword));
    let lines: Vec<&str> = DIAGNOSIS.split_inclusive('\n').collect();
    for word in &words {
        let at = word.span().start();
        let start = lines[..at.line - 1].iter().map(|line| line.len()).sum::<usize>() + at.column;
        let text = word.to_string();
        let half = &text[..text.len().div_ceil(2)];
        // With all of the following tokens, and with only the closing delimiters.
        let rest = &DIAGNOSIS[start + text.len()..];
        for rest in [rest, &closing(&DIAGNOSIS[..start])] {
            // No completions for a new name.
            let statement = DIAGNOSIS[..start].rsplit([';', '\n']).next().unwrap_or_default().trim_start();
            if statement.starts_with("let") && !statement.contains('=') && rest.starts_with(['}', ')']) {
                continue;
            }
            let typed = |word: &str| body(&format!("{}{word}{rest}", &DIAGNOSIS[..start])).to_string();
            let (without, with) = (typed(half), typed(&format!("{half}Marker")));
            let before = with.split(&format!("{half}Marker")).next().unwrap_or_default();
            if !with.contains("Marker") {
                // A keyword with a value that does not exist: the macro reports it, and it is not a field.
                assert!(rest.trim_start().starts_with(['=', ':']), "{text} at {at:?}: {with}");
                continue;
            }
            assert!(without.starts_with(before), "{text} at {at:?}\n{before}\n{without}");
        }
    }
}

/// Closing delimiters for everything that is open at the end of a text.
fn closing(text: &str) -> String {
    let mut open = Vec::new();
    for symbol in text.chars() {
        match symbol {
            '(' => open.push(')'),
            '[' => open.push(']'),
            '{' => open.push('}'),
            ')' | ']' | '}' => {
                open.pop();
            }
            _ => {}
        }
    }
    open.into_iter().rev().collect()
}

fn count(stream: TokenStream) -> usize {
    let tokens = stream.into_iter().map(|token| match token {
        TokenTree::Group(group) => 2 + count(group.stream()),
        // `::` and `..` are one token for readers.
        TokenTree::Punct(punct) => usize::from(punct.spacing() == Spacing::Alone),
        TokenTree::Ident(_) | TokenTree::Literal(_) => 1,
    });
    tokens.sum()
}

fn layers(n: usize) -> String {
    let layers: String = (0..n).map(|_| "let h = Dense(64, activation = relu)(h);\n").collect();
    format!(
        "Deep {{ let x = Input(shape = [64]); let h = Dense(64)(x);\n{layers}\nlet y = Dense(1)(h);\nModel([x], [y]).compile(loss = mse) }}"
    )
}

/// rustc removes the function before name resolution, but parses it, so it must be small.
#[test]
fn it_is_a_small_part_of_the_expansion() {
    let share = |n| {
        let source = layers(n);
        let (editor, all) = (count(written(&source)), count(expand(source.parse().unwrap())));
        println!("{n} layers: {editor} of {all} tokens");
        (editor, all)
    };
    let ((small, _), (large, all)) = (share(100), share(200));
    assert!(large < 2 * small, "{small} {large}");
    assert!(10 * large < 3 * (all - large), "{large} of {all}");
}

/// The examples of the language are valid, and their shapes are the annotated ones.
#[test]
fn examples_of_the_language_are_models() {
    let mut checked = 0;
    for item in mimo_graph::language::items(mimo_graph::language::Module::Layers) {
        let Some(example) = item.example else { panic!("{} has no example", item.names[0]) };
        let names: Vec<&str> = example
            .lines()
            .filter_map(|line| line.strip_prefix("let ")?.split([' ', ':', '=']).next())
            .collect();
        let inputs: Vec<&str> = example
            .lines()
            .filter(|line| line.contains(" = Input("))
            .filter_map(|line| line.strip_prefix("let ")?.split(' ').next())
            .collect();
        // `Input` alone is not a model.
        let (more, output) = match names.last() {
            Some(last) if inputs.contains(last) => ("let y = Flatten()(ecg);", "y"),
            last => ("", *last.unwrap_or(&"")),
        };
        let inputs = inputs.join(", ");
        let source = format!("Net {{ {example} {more} Model(inputs = [{inputs}], outputs = [{output}]) }}");
        assert_eq!(super::told(&source), [""; 0], "{source}");
        assert!(example.contains(": [") || item.names[0] == "Input", "{source}");
        checked += 1;
    }
    assert!(checked > 40, "{checked}");
}

/// Operations that are keywords of Rust are raw items, at the spans of the keywords.
#[test]
fn operations_that_are_keywords_have_their_items() {
    let source = "Net { let x = Input(shape = [4]); let y = where(x > 0.0, mod(x, 2.0), x); \
                  Model(inputs = [x], outputs = [y]) }";
    let mut found = Vec::new();
    idents(body(source), &mut found);
    for word in ["where", "mod"] {
        let raw = found.iter().find(|ident| ident.to_string() == format!("r#{word}"));
        let span = raw.expect(word).span();
        assert_eq!(slice(source, span.start(), span.end()), word);
    }
}
