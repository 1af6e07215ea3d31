//! Modules of the compiler's crates depend on each other in one direction: import cycles do not cross top-level
//! modules. Inside a folder there are cycles where a grammar or a layer is recursive.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The path of a module: `["layers", "dense"]`.
type Module = Vec<String>;

/// Every module file of a folder with its source, without comments, tests and items used only by tests. Paths of a
/// macro, `$crate::…`, are attributed to the files that call it.
fn sources(folder: &Path, at: &[String], found: &mut BTreeMap<Module, String>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let module = [at, std::slice::from_ref(&name)].concat();
        if ["test", "propert", "sketch", "lib", "in_process"].iter().any(|start| name.starts_with(start)) {
            continue;
        }
        if path.is_dir() {
            sources(&path, &module, found);
        } else {
            let source = fs::read_to_string(&path).expect("a source file");
            let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            let code = source.lines().map(|line| line.split("//").next().unwrap_or_default());
            found.insert(
                module,
                code.collect::<Vec<_>>().join("\n").replace("pub(in crate", "").replace("$crate", ""),
            );
        }
    }
}

/// The paths of a `use` tree: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn expanded(tree: &str) -> Vec<String> {
    let Some((prefix, rest)) = tree.split_once('{') else { return vec![tree.trim().into()] };
    let (mut paths, mut part, mut depth) = (Vec::new(), String::new(), 0);
    for letter in rest.chars() {
        match letter {
            ',' | '}' if depth == 0 => paths.extend(expanded(&std::mem::take(&mut part))),
            _ => {
                depth += i32::from(letter == '{') - i32::from(letter == '}');
                part.push(letter);
            }
        }
    }
    paths.into_iter().map(|path| format!("{}{path}", prefix.trim())).collect()
}

/// The module files that a file refers to.
fn named(module: &Module, source: &str, all: &BTreeMap<Module, String>) -> BTreeSet<Module> {
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let mut paths: Vec<String> = source.split(|c: char| !is_path(c)).map(str::to_owned).collect();
    let uses = source.split(';').filter_map(|item| item.rsplit_once("use "));
    paths.extend(uses.flat_map(|(_, tree)| expanded(tree)));
    let mut files = BTreeSet::new();
    for path in paths.iter().filter(|path| path.contains("::")) {
        let mut names = path.split("::").map(str::trim).peekable();
        let mut at = module.clone();
        match names.peek() {
            Some(&"crate") => at.clear(),
            Some(&"self" | &"super") => {}
            // A child of this module, or no module at all.
            Some(child) if all.contains_key(&[&module[..], &[(*child).into()]].concat()) => {}
            _ => continue,
        }
        for name in names {
            match name {
                "crate" | "self" => continue,
                "super" => at.truncate(at.len().saturating_sub(1)),
                _ => at.push(name.into()),
            }
            if name != "super" && !all.contains_key(&at) {
                at.pop();
                break;
            }
        }
        files.extend(Some(at).filter(|at| at != module && all.contains_key(at)));
    }
    files
}

fn circles(krate: &str) -> Vec<String> {
    let mut all = BTreeMap::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(krate).join("src"), &[], &mut all);
    let edges: BTreeMap<&Module, BTreeSet<Module>> =
        all.iter().map(|(module, source)| (module, named(module, source, &all))).collect();
    let reached = |from: &Module| {
        let (mut open, mut reached) = (vec![from], BTreeSet::new());
        while let Some(module) = open.pop() {
            open.extend(edges[module].iter().filter(|next| reached.insert((*next).clone())));
        }
        reached
    };
    let reached: BTreeMap<&Module, BTreeSet<Module>> = all.keys().map(|from| (from, reached(from))).collect();
    let pairs = reached.iter().flat_map(|(&a, below)| below.iter().map(move |b| (a, b)));
    pairs
        .filter(|(a, b)| a[0] < b[0] && reached[b].contains(*a))
        .map(|(a, b)| format!("{} and {}", a.join("/"), b.join("/")))
        .collect()
}

#[test]
fn no_circle_of_files_leaves_its_folder() {
    for krate in ["mimo-graph", "mimo-macros"] {
        assert_eq!(circles(krate), [""; 0], "files of {krate} that need each other");
    }
}
