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
        assert!(wanted.contains(found), "docs/errors.md has a section `{found}`, which is no code");
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
