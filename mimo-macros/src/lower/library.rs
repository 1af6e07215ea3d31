//! Functions of other blocks: each `functions!` that is used, and the meaning of names in it.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Diags, Loc};
use proc_macro2::{Span, TokenStream};

use super::Lower;
use super::consts::Consts;
use crate::ast::{Function, Model, Use, name_of};
use crate::parse::{Description, function_at, library};

/// The block in which a function was written: 0 is the block that is lowered, `n + 1` the library `n`.
pub(super) type Home = usize;

/// A function with its name in the calling body.
#[derive(Clone, Debug)]
pub(super) struct Callee {
    pub(super) function: Rc<Function>,
    pub(super) home: Home,
    pub(super) name: String,
}

/// The call in the block from which functions of other blocks are expanded: the location of everything that they make
/// and report.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site {
    pub(super) loc: Loc,
    pub(super) span: Span,
}

/// An import that is not a model.
#[derive(Debug)]
enum Import {
    Function(Home, String),
    /// A function of a block with errors, which were reported there.
    Broken,
}

/// A `functions!`.
#[derive(Debug)]
struct Library {
    id: String,
    block: Model,
    functions: BTreeMap<String, Rc<Function>>,
    imports: BTreeMap<String, Import>,
}

/// Every `functions!` that is reached, each once.
#[derive(Debug, Default)]
pub(super) struct Libraries {
    all: Vec<Library>,
    /// Imports of the block itself.
    imports: BTreeMap<String, Import>,
    /// Models that libraries import.
    pub(super) models: Vec<(Home, Use, TokenStream)>,
    /// Path of the first broken function of the block.
    pub(super) broken: Option<TokenStream>,
}

impl Libraries {
    /// Reads the descriptions of a block.
    pub(super) fn of(model: &Model, diags: &mut Diags) -> Self {
        let mut libraries = Libraries::default();
        libraries.imports = libraries.read(&model.uses, &model.described, None, diags);
        libraries
    }

    fn read(
        &mut self,
        uses: &[Use],
        described: &[TokenStream],
        library: Option<Home>,
        diags: &mut Diags,
    ) -> BTreeMap<String, Import> {
        let mut imports = BTreeMap::new();
        for (used, description) in uses.iter().zip(described) {
            let home = match Description::read(description) {
                Description::Model { .. } => {
                    if let Some(home) = library {
                        self.models.push((home, used.clone(), description.clone()));
                    }
                    continue;
                }
                Description::Functions { id, described, block } => self.library(id, &described, block, diags),
                Description::Again(id) => self.find(&id),
                Description::Broken => None,
            };
            let original = used.path.clone().into_iter().last().map(|last| last.to_string());
            let original = original.unwrap_or_default();
            let original = original.strip_prefix("r#").unwrap_or(&original).to_owned();
            let import = match home {
                Some(home) if self.function(home, &original).is_some() => Import::Function(home, original),
                Some(home) if library.is_none() => {
                    diags.push(self.unknown_function(home, &original, used.loc));
                    Import::Broken
                }
                _ => Import::Broken,
            };
            if let (Import::Broken, None) = (&import, library) {
                self.broken.get_or_insert_with(|| used.path.clone());
            }
            imports.insert(name_of(&used.ident), import);
        }
        imports
    }

    /// The library of an identifier, which is parsed at its first use.
    fn library(
        &mut self,
        id: String,
        described: &[TokenStream],
        block: TokenStream,
        diags: &mut Diags,
    ) -> Option<Home> {
        if let Some(home) = self.find(&id) {
            return Some(home);
        }
        let block = library(block);
        let functions =
            block.functions.iter().map(|function| (name_of(&function.ident), function.clone())).collect();
        self.all.push(Library { id, block, functions, imports: BTreeMap::new() });
        let home = self.all.len();
        let uses = self.all.last().map(|library| library.block.uses.clone()).unwrap_or_default();
        let imports = self.read(&uses, described, Some(home), diags);
        if let Some(library) = self.all.get_mut(home - 1) {
            library.imports = imports;
        }
        Some(home)
    }

    fn find(&self, id: &str) -> Option<Home> {
        self.all.iter().position(|library| library.id == id).map(|at| at + 1)
    }

    fn get(&self, home: Home) -> Option<&Library> {
        self.all.get(home.checked_sub(1)?)
    }

    /// A function of a library.
    fn function(&self, home: Home, name: &str) -> Option<&Rc<Function>> {
        self.get(home)?.functions.get(name)
    }

    fn import(&self, home: Home, name: &str) -> Option<&Import> {
        match home {
            0 => self.imports.get(name),
            _ => self.get(home)?.imports.get(name),
        }
    }

    /// Error for a macro that is re-exported under another name, which does not identify the function.
    fn unknown_function(&self, home: Home, name: &str, loc: Loc) -> Diag {
        let functions = self.get(home).into_iter().flat_map(|library| library.functions.values());
        let public = functions.filter(|function| !function.vis.is_empty());
        let public: Vec<String> = public.map(|function| format!("`{}`", name_of(&function.ident))).collect();
        let message = format!("the `functions!` that this path leads to has no function `{name}`");
        let diag = Diag::error(Code::InvalidUse, loc, message);
        match &public[..] {
            [] => diag.help("write `pub` before a function that other blocks use"),
            [one] => diag.help(format!(
                "export {one} by its own name, and rename it here: `use path::{} as {name};`",
                one.trim_matches('`')
            )),
            _ => diag
                .help("export functions by their own names, and rename them here: `use path::name as other;`")
                .note(format!(
                    "its functions are {}",
                    public.iter().take(8).cloned().collect::<Vec<_>>().join(", ")
                )),
        }
    }

    /// Constants of each home; those of the block are taken by [`Lower`].
    pub(super) fn constants(&self) -> Vec<Option<Consts<'_>>> {
        // Their errors were reported at their definition.
        let consts = self.all.iter().map(|library| {
            let functions = library.functions.keys().chain(library.imports.keys()).cloned().collect();
            Some(Consts::new(&library.block.consts, functions, &mut Diags::new()))
        });
        std::iter::once(None).chain(consts).collect()
    }

    /// The imported functions, by their names in the block.
    pub(super) fn imported(&self) -> impl Iterator<Item = (&String, &Rc<Function>)> {
        self.imports.iter().filter_map(|(name, import)| match import {
            Import::Function(home, original) => Some((name, self.function(*home, original)?)),
            Import::Broken => None,
        })
    }

    /// Whether the block imports something of this name that is not a model.
    pub(super) fn imports(&self, name: &str) -> bool {
        self.imports.contains_key(name)
    }
}

impl Lower<'_> {
    /// The function of a name in the body that is lowered.
    pub(super) fn callee(&self, name: &str) -> Option<Callee> {
        self.callee_at(self.frame.home, name)
    }

    /// The function of a name in bodies of a home.
    pub(super) fn callee_at(&self, home: Home, name: &str) -> Option<Callee> {
        let own = match home {
            0 => self.expansions.function(name),
            _ => self.libraries.function(home, name),
        };
        if let Some(function) = own {
            return Some(Callee { function: function.clone(), home, name: name.to_owned() });
        }
        let Import::Function(home, original) = self.libraries.import(home, name)? else { return None };
        let function = self.libraries.function(*home, original)?.clone();
        Some(Callee { function, home: *home, name: name.to_owned() })
    }

    /// Whether a name is a function in the body that is lowered.
    pub(super) fn is_function(&self, name: &str) -> bool {
        self.callee(name).is_some()
    }

    /// Whether a name is a function of a block with errors.
    pub(super) fn is_broken_function(&self, name: &str) -> bool {
        matches!(self.libraries.import(self.frame.home, name), Some(Import::Broken))
    }

    /// Names of the functions of the body that is lowered.
    pub(super) fn function_names(&self) -> BTreeSet<&str> {
        let library = self.libraries.get(self.frame.home);
        let (own, imports): (Vec<&str>, _) = match library {
            Some(library) => (library.functions.keys().map(String::as_str).collect(), &library.imports),
            None => (self.expansions.names().collect(), &self.libraries.imports),
        };
        own.into_iter().chain(imports.keys().map(String::as_str)).collect()
    }

    /// The function relocated for a call: one of another block has the location of the call in the user's block.
    pub(super) fn sited(&mut self, callee: Callee, call: Loc) -> Callee {
        if callee.home == 0 {
            return callee;
        }
        let Site { loc, span } = self.site_of(call);
        let original = name_of(&callee.function.ident);
        let key = (callee.home, original, loc);
        if let Some(function) = self.sites.get(&key) {
            return Callee { function: function.clone(), ..callee };
        }
        let Some(function) = function_at(&callee.function.tokens, loc, span).map(Rc::new) else {
            return callee;
        };
        self.sites.insert(key, function.clone());
        Callee { function, ..callee }
    }

    /// The location of a call, or that of the enclosing call whose body is in another block.
    pub(super) fn site_of(&self, call: Loc) -> Site {
        self.frame.site.unwrap_or_else(|| Site { loc: call, span: self.spans.get(call).start })
    }

    /// Makes names refer to the constants of a home.
    pub(super) fn move_to(&mut self, home: Home) {
        if home == self.at_home {
            return;
        }
        let Some(next) = self.shelf.get_mut(home).and_then(Option::take) else { return };
        let left = std::mem::replace(&mut self.consts, next);
        if let Some(place) = self.shelf.get_mut(self.at_home) {
            *place = Some(left);
        }
        self.at_home = home;
    }
}
