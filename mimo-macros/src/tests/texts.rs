//! The cases of `tests/texts`: sources that do not compile, and the messages of the macro about each.
//!
//! They are expanded in this process. A case of `tests/ui` takes half a second of rustc; one here takes milliseconds and has the
//! same messages at the same places.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use mimo_graph::code::Code;
use proc_macro2::{LineColumn, TokenStream, TokenTree};

use super::slice;
use crate::expand;

/// A message of the macro and the tokens that rustc would underline.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Text {
    start: LineColumn,
    end: LineColumn,
    kind: &'static str,
    message: String,
}

/// The messages in what the macro writes: `compile_error! { "…" }`, and constants that are deprecated with a note.
fn collect(tokens: TokenStream, texts: &mut Vec<Text>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        match (token, &tokens[at + 1..]) {
            (TokenTree::Ident(name), [TokenTree::Punct(_), TokenTree::Group(group), ..])
                if name == "compile_error" =>
            {
                let message: syn::LitStr = syn::parse2(group.stream()).unwrap();
                // The path begins before its last segment, `::core::`; all of it has one span.
                texts.push(Text {
                    start: name.span().start(),
                    end: group.span().end(),
                    kind: "error",
                    message: message.value(),
                });
            }
            (TokenTree::Ident(name), [TokenTree::Ident(constant), ..])
                if name == "const" && constant == "mimo_warning_not_a_deprecation" =>
            {
                let TokenTree::Group(attribute) = &tokens[at - 1] else {
                    panic!("an attribute stands before it")
                };
                let attribute: syn::Meta = syn::parse2(attribute.stream()).unwrap();
                let note =
                    attribute.require_list().unwrap().parse_args::<syn::MetaNameValue>().unwrap().value;
                let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(note), .. }) = note else {
                    panic!("a note is text")
                };
                texts.push(Text {
                    start: constant.span().start(),
                    end: constant.span().end(),
                    kind: "warning",
                    message: note.value(),
                });
            }
            _ => {}
        }
        if let TokenTree::Group(group) = token {
            collect(group.stream(), texts);
        }
    }
}

/// Expands each `model!` and `functions!` of a file.
fn expanded(tokens: TokenStream, texts: &mut Vec<Text>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        match (token, &tokens[at + 1..]) {
            (TokenTree::Ident(name), [TokenTree::Punct(mark), TokenTree::Group(group), ..])
                if mark.as_char() == '!' && (name == "model" || name == "functions") =>
            {
                let written = match name == "model" {
                    true => expand::expand(group.stream()),
                    false => expand::expand_functions(group.stream()),
                };
                collect(written, texts);
            }
            _ => {}
        }
        if let TokenTree::Group(group) = token {
            expanded(group.stream(), texts);
        }
    }
}

/// Messages about a file, in source order, in the layout of the `.txt` files.
fn said(source: &str) -> String {
    let mut texts = Vec::new();
    expanded(source.parse().unwrap(), &mut texts);
    texts.sort();
    let mut said = String::new();
    for Text { start, end, kind, message } in texts {
        let tokens = slice(source, start, end);
        let tokens = tokens.lines().next().unwrap_or_default();
        writeln!(said, "{}:{}: {tokens}\n{kind}: {message}\n", start.line, start.column + 1).unwrap();
    }
    said
}

/// The files below a folder whose names have an ending.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path, ending)),
            false if path.extension().is_some_and(|extension| extension == ending) => found.push(path),
            false => {}
        }
    }
    found.sort();
    found
}

/// A folder of the project's `tests`.
fn below(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests").join(folder)
}

#[test]
fn each_source_is_told_what_stands_beside_it() {
    let mut wrong = String::new();
    let sources = files(&below("texts"), "rs");
    for path in &sources {
        let said = said(&std::fs::read_to_string(path).unwrap());
        let beside = path.with_extension("txt");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&beside, &said).unwrap();
        }
        let wanted = std::fs::read_to_string(&beside).unwrap_or_default();
        if said.is_empty() || said != wanted {
            writeln!(wrong, "{}\n--- written\n{wanted}\n--- said\n{said}", path.display()).unwrap();
        }
    }
    assert!(!sources.is_empty());
    assert!(wrong.is_empty(), "UPDATE=1 writes what is said:\n{wrong}");
    let left: Vec<PathBuf> = files(&below("texts"), "txt")
        .into_iter()
        .filter(|path| !path.with_extension("rs").exists())
        .collect();
    assert!(left.is_empty(), "texts without a source: {left:?}");
}

/// rustc shows each code at least once: the place, the layout and the level are then its own.
#[test]
fn rustc_shows_every_code() {
    let shown: String =
        files(&below("ui"), "stderr").iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let missing: Vec<String> =
        Code::ALL.iter().map(Code::to_string).filter(|code| !shown.contains(&format!("[{code}]"))).collect();
    assert!(missing.is_empty(), "no case of tests/ui shows {missing:?}");
}
