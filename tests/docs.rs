//! The pages of the project: links lead somewhere, code is narrow enough for a page, and copies of files equal them.
//! `UPDATE=1 cargo test --test docs` writes the copies anew.
//!
//! A comment before a block says what the block is a copy of:
//! - `<!-- program: NAME -->`: the program `docs/guide/programs/NAME.rs`, which `tests/guide.rs` compiles and runs,
//! - `<!-- output: NAME -->`: what that program prints, compared by `tests/guide.rs`,
//! - `<!-- mistake: FAMILY/NAME -->`: the case `tests/ui/FAMILY/NAME.rs` of `tests/ui.rs`,
//! - `<!-- errors: FAMILY/NAME -->`: what the compiler says about it.

#[path = "support/pages.rs"]
mod pages;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use pages::{Block, blocks, pages, root};

/// The widest line of code that a page of docs.rs shows without scrolling.
const COLUMNS: usize = 88;

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

#[test]
fn code_is_narrow() {
    let mut wide = Vec::new();
    let user = |path: &PathBuf| path.ends_with("README.md") || path.starts_with(root().join("docs"));
    for path in pages().into_iter().filter(user) {
        let page = read(&path);
        for Block { language, place, .. } in blocks(&page) {
            // Messages of the compiler and outputs are as wide as they are, and so is what `mimo convert` prints.
            let printed = language == "text" || path.ends_with("keras_model.md") && language == "rust";
            if !printed {
                let lines = page[place].lines().filter(|line| line.chars().count() > COLUMNS);
                wide.extend(lines.map(|line| format!("{}: {line}", shown(&path))));
            }
        }
    }
    assert!(wide.is_empty(), "more than {COLUMNS} columns:\n{}", wide.join("\n"));
}

/// The source files of the crates and the examples.
fn sources() -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(root()).expect("a folder") {
        let crates = entry.expect("an entry").path().join("src");
        if crates.is_dir() {
            walk(&crates, &mut found);
        }
    }
    walk(&root().join("src"), &mut found);
    walk(&root().join("examples"), &mut found);
    found
}

/// The doc comments of a source file, each as a page of Markdown.
fn doc_comments(source: &str) -> Vec<String> {
    let mut pages = vec![String::new()];
    for line in source.lines().map(str::trim_start) {
        match line.strip_prefix("///").or_else(|| line.strip_prefix("//!")) {
            Some(text) => {
                let page = pages.last_mut().expect("one at least");
                page.push_str(text.strip_prefix(' ').unwrap_or(text));
                page.push('\n');
            }
            None => pages.push(String::new()),
        }
    }
    pages.retain(|page| !page.is_empty());
    pages
}

#[test]
fn code_in_doc_comments_is_narrow() {
    let mut wide = Vec::new();
    let (mut files, mut lines_of_code) = (0, 0);
    for path in sources() {
        files += 1;
        for page in doc_comments(&read(&path)) {
            for Block { language, place, .. } in blocks(&page) {
                // rustdoc hides lines that begin with `# `.
                let rust = language != "text" && !language.starts_with("json") && !language.starts_with("sh");
                let lines = page[place].lines().filter(|line| !(rust && line.trim_start().starts_with("# ")));
                for line in lines {
                    lines_of_code += 1;
                    if line.chars().count() > COLUMNS {
                        wide.push(format!("{}: {line}", shown(&path)));
                    }
                }
            }
        }
    }
    assert!(
        files > 300 && lines_of_code > 300,
        "{files} files with {lines_of_code} lines of code were found"
    );
    assert!(wide.is_empty(), "more than {COLUMNS} columns:\n{}", wide.join("\n"));
}

/// What a block with this mark is a copy of; `None` if another test compares it.
fn original(kind: &str, name: &str) -> Option<String> {
    let case = |ending| root().join(format!("tests/ui/{name}.{ending}"));
    match kind {
        "program" => Some(read(&root().join(format!("docs/guide/programs/{name}.rs")))),
        // Every program has this function; a page does not need it.
        "mistake" => Some(read(&case("rs")).replace("\nfn main() {}\n", "")),
        "errors" => {
            let text = read(&case("stderr")).replace(&format!("tests/ui/{name}.rs"), "src/main.rs");
            Some(text)
        }
        "output" => None,
        _ => panic!("`<!-- {kind}: {name} -->` is not a copy of anything"),
    }
}

#[test]
fn copies_are_what_they_are_copies_of() {
    for path in pages() {
        let page = read(&path);
        for Block { mark, place, .. } in blocks(&page) {
            let Some((kind, name)) = mark else { continue };
            let Some(original) = original(&kind, &name) else { continue };
            if pages::update() {
                assert!(pages::write(&kind, &name, &original) > 0);
            } else {
                let page = shown(&path);
                assert_eq!(
                    &read(&path)[place],
                    original,
                    "{page}: `UPDATE=1 cargo test --test docs` writes {name}"
                );
            }
        }
    }
}

/// Rust in chapters is a program, a part of a program of the same chapter, or a mistake.
#[test]
fn code_of_the_guide_is_of_its_programs() {
    let flat = |text: &str| text.lines().map(|line| format!("{}\n", line.trim())).collect::<String>();
    let mut unknown = Vec::new();
    for path in pages().into_iter().filter(|path| path.starts_with(root().join("docs/guide/src"))) {
        let page = read(&path);
        // Its code is compiled by the doc tests of the crate.
        if path.ends_with("keras_model.md") {
            continue;
        }
        let all = blocks(&page);
        let marks = all.iter().filter_map(|block| block.mark.as_ref().filter(|mark| mark.0 == "program"));
        let programs: Vec<String> = marks.filter_map(|(kind, name)| original(kind, name)).collect();
        let programs: Vec<String> = programs.iter().map(|program| flat(program)).collect();
        for block in all.iter().filter(|block| block.language.starts_with("rust") && block.mark.is_none()) {
            let text = &page[block.place.clone()];
            if !programs.iter().any(|program| program.contains(&flat(text))) {
                unknown.push(format!("{}:\n{text}", shown(&path)));
            }
        }
    }
    assert!(unknown.is_empty(), "not a part of a program of the chapter\n{}", unknown.join("\n"));
}

/// The anchors of a page, as GitHub and rustdoc make them of its headings.
fn anchors(page: &str) -> BTreeSet<String> {
    let mut code = false;
    let mut anchors = BTreeSet::new();
    for line in page.lines() {
        code ^= line.starts_with("```");
        let heading = line.trim_start_matches('#');
        if !code && heading.len() < line.len() && heading.starts_with(' ') {
            let kept = heading.trim().chars().filter_map(|c| match c {
                ' ' => Some('-'),
                c => (c.is_alphanumeric() || c == '-' || c == '_').then(|| c.to_ascii_lowercase()),
            });
            anchors.insert(kept.collect());
        }
    }
    anchors
}

/// The targets of the links of a page: what stands between `](` and `)` outside of blocks.
fn links(page: &str) -> Vec<String> {
    let mut prose = page.to_owned();
    for block in blocks(page).iter().rev() {
        prose.replace_range(block.place.clone(), "");
    }
    prose.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())).collect()
}

#[test]
fn links_lead_somewhere() {
    let mut broken = Vec::new();
    let mut tried = 0;
    for path in pages() {
        for link in links(&read(&path)) {
            if link.contains("://") {
                continue;
            }
            tried += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let to = if file.is_empty() { path.clone() } else { path.with_file_name("").join(file) };
            // The book has nothing but `docs`.
            let docs = |path: &Path| path.starts_with(root().join("docs"));
            let outside = docs(&path) && !fs::canonicalize(&to).is_ok_and(|to| docs(&to));
            if outside || !to.exists() || !anchor.is_empty() && !anchors(&read(&to)).contains(anchor) {
                broken.push(format!("{}: {link}", shown(&path)));
            }
        }
    }
    assert!(broken.is_empty(), "links that lead nowhere:\n{}", broken.join("\n"));
    assert!(tried > 20, "only {tried} links were found");
}

/// `docs/SUMMARY.md` is the table of contents of the book that mdBook makes of `docs`.
#[test]
fn the_summary_lists_every_page() {
    let docs = root().join("docs");
    let listed: BTreeSet<String> = links(&read(&docs.join("SUMMARY.md"))).into_iter().collect();
    let files =
        pages().into_iter().filter_map(|path| Some(path.strip_prefix(&docs).ok()?.display().to_string()));
    assert_eq!(listed, files.filter(|file| file != "SUMMARY.md").collect());
}
