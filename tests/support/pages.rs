//! Markdown pages of the project: blocks that are copies of files and of outputs, links, headings.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The folder of the project.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The README, the pages of `docs` and the chapters of the guide, in the order of their paths.
pub(crate) fn pages() -> Vec<PathBuf> {
    let folders = ["", "docs", "docs/guide/src"].map(|folder| root().join(folder));
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).expect("a folder"));
    let mut pages: Vec<PathBuf> = files.map(|entry| entry.expect("an entry").path()).collect();
    pages.retain(|path| path.extension().is_some_and(|ext| ext == "md"));
    pages.sort();
    pages
}

/// `(kind, name)` of the comment before a block, `<!-- program: first_model -->`.
pub(crate) type Mark = (String, String);

/// A fenced block of a page.
pub(crate) struct Block {
    /// The comment before it.
    pub(crate) mark: Option<Mark>,
    /// Text after the opening fence: `rust`, `text`, …
    pub(crate) language: String,
    /// The bytes between the fences in the page.
    pub(crate) place: Range<usize>,
}

/// The fenced blocks of a page.
pub(crate) fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut mark = None;
    let mut open: Option<(Option<Mark>, String, usize)> = None;
    let mut at = 0;
    for line in page.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let fence = line.trim_end().strip_prefix("```");
        match (open.take(), fence) {
            (Some((mark, language, from)), Some("")) => {
                blocks.push(Block { mark, language, place: from..start })
            }
            (Some(block), _) => open = Some(block),
            (None, Some(language)) => open = Some((mark.take(), language.to_owned(), at)),
            (None, None) => {
                let comment = line.trim().strip_prefix("<!-- ").and_then(|it| it.strip_suffix(" -->"));
                if let Some((kind, name)) = comment.and_then(|it| it.split_once(": ")) {
                    mark = Some((kind.to_owned(), name.to_owned()));
                } else if !line.trim().is_empty() {
                    mark = None;
                }
            }
        }
    }
    assert!(open.is_none(), "the last block is not closed");
    blocks
}

/// Whether blocks are written anew instead of being compared: `UPDATE=1`.
pub(crate) fn update() -> bool {
    std::env::var_os("UPDATE").is_some()
}

/// Replaces the block with this mark by `text` on every page that has it. Returns the number of such blocks.
pub(crate) fn write(kind: &str, name: &str, text: &str) -> usize {
    // Tests of one process write different blocks of one page.
    static FILES: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _lock = FILES.lock();
    let mut found = 0;
    for path in pages() {
        let page = fs::read_to_string(&path).expect("a page");
        let marked = |block: &Block| block.mark.as_ref().is_some_and(|(k, n)| k == kind && n == name);
        for place in blocks(&page).into_iter().filter(marked).map(|block| block.place) {
            let new = format!("{}{text}{}", &page[..place.start], &page[place.end..]);
            fs::write(&path, new).expect("written");
            found += 1;
        }
    }
    found
}
