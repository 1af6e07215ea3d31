//! Lists of tensors: `heads` of `let heads = for …`, `heads[0]`, `heads[1..3]`, and the names of their outputs.

use std::collections::BTreeSet;

use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Diags, Loc};
use mimo_graph::graph::{Graph, TensorId};
use mimo_graph::layers::get_item::Entry;
use proc_macro2::{TokenStream, TokenTree};

use super::python_index::python_slice;
use super::tensor::Evaluated;
use super::{Binding, Lower, Reported};
use crate::ast::{Expr, ExprKind, For, Let, name_of};
use crate::parse::{dots, index_tokens, text_of};

/// A list bound to a name, for the warning about unused ones.
#[derive(Debug)]
pub(super) struct BoundList {
    pub(super) name: String,
    pub(super) loc: Loc,
    pub(super) tensors: Vec<TensorId>,
}

impl Lower<'_> {
    /// Whether an expression is a list of tensors bound to a name, or a part of one: `heads`, `heads[1..3]`.
    pub(super) fn is_list(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Name(ident) => {
                matches!(self.frame.scope.get(&name_of(ident)), Some(Binding::Tensors(_)))
            }
            ExprKind::Paren(inner) => self.is_list(inner),
            ExprKind::Index(inner) => dots(&index_tokens(expr)).is_some() && self.is_list(inner),
            _ => false,
        }
    }

    /// Whether a name is unknown, or that of a list whose loop had an error: an index of it is not a further mistake.
    pub(super) fn may_be_list(&self, name: &str) -> bool {
        match self.frame.scope.get(name) {
            Some(Binding::Poison) => self.broken_lists.contains(name),
            Some(_) => false,
            None => name.starts_with(char::is_lowercase) && self.consts.parameter(name).is_none(),
        }
    }

    /// `for i in 0..4 { …; tensor }` after `let heads =`
    pub(super) fn list_of_rounds(&mut self, looped: &For) -> Evaluated {
        let mut tensors = Vec::new();
        let whole = self.rounds_of(looped, &mut |lower| {
            if let Some(result) = &looped.result {
                tensors.push(lower.tensor_of_round(result));
            }
        });
        match whole && looped.result.is_some() {
            true => Evaluated::List(tensors),
            false => Evaluated::Poison,
        }
    }

    /// The tensor of one round; a poisoned one after an error, so that the list has its length.
    fn tensor_of_round(&mut self, result: &Expr) -> TensorId {
        let several = |count: usize| {
            let message = format!(
                "an iteration adds one tensor to the list, and this is {count}",
                count = count.max(2)
            );
            Diag::error(Code::SeveralTensors, result.loc, message)
        };
        let diag = match &result.kind {
            ExprKind::List(items) => several(items.len())
                .help("bind the others in the body with `let`, and end it with one")
                .help("join them: `concatenate([a, b])`"),
            _ => match self.eval(result) {
                Evaluated::Tensors(tensors) => match tensors.as_slice() {
                    [tensor] => return *tensor,
                    given => {
                        let pattern = self.pattern(&[], given);
                        let first = pattern.trim_start_matches('(').split([',', ')']).next().unwrap_or("y");
                        let first = if first == "_" { "y" } else { first };
                        several(given.len()).help(format!("write `let {pattern} = …; {first}`"))
                    }
                },
                Evaluated::List(_) => Diag::error(
                    Code::ListOfLists,
                    result.loc,
                    "an iteration produces a list, and a list holds tensors",
                )
                .help("join its tensors: `concatenate(parts)`")
                .help("write one loop over the pairs: `for (i, j) in [(0, 0), (0, 1)] { … }`"),
                Evaluated::Layer(_) => {
                    let shown = text_of(result.tokens.clone());
                    Diag::error(
                        Code::LayerAsTensor,
                        result.loc,
                        format!("`{shown}` is a layer, and a list holds tensors"),
                    )
                    .help(format!("call it: `{shown}(x)`"))
                }
                Evaluated::Value(value) => {
                    self.value_as_tensor(&value, result.loc);
                    return self.builder.poison(result.loc);
                }
                Evaluated::Poison => {
                    self.broken = true;
                    return self.builder.poison(result.loc);
                }
            },
        };
        self.broken = true;
        self.error(diag);
        self.builder.poison(result.loc)
    }

    /// `let heads = list`, or `let (a, b) = list`
    pub(super) fn bind_list(&mut self, statement: &Let, tensors: Vec<TensorId>) {
        let names = &statement.names;
        let [name] = names.as_slice() else { return self.bind_tensors(statement, &tensors) };
        if statement.tuple {
            return self.bind_tensors(statement, &tensors);
        }
        if let Some(shape) = &statement.ascription {
            self.error(
                Diag::error(Code::ShapeOfNoTensor, shape.loc, "a list of tensors has no shape of its own")
                    .help("leave the shape out, or write it where each tensor is bound"),
            );
        }
        if name.ident != "_" {
            let bound = BoundList { name: name_of(&name.ident), loc: name.loc, tensors: tensors.clone() };
            self.lists.push(bound);
        }
        self.bind(&name.ident, Binding::Tensors(tensors));
    }

    /// The values of `let (q, k) = (f(x), g(x))`, one for each name.
    pub(super) fn parts_of_tuple<'e>(&self, statement: &'e Let) -> Option<&'e [Expr]> {
        match &statement.value.kind {
            ExprKind::List(items) if statement.tuple && items.len() > 1 => Some(items),
            _ => None,
        }
    }

    /// Binds each name of a tuple to its value. All values are computed before any name is bound.
    pub(super) fn bind_parts(&mut self, statement: &Let, parts: &[Expr]) {
        let names = &statement.names;
        if names.len() != parts.len() {
            let (wanted, found) = (names.len(), parts.len());
            let are = if wanted == 1 { "name is" } else { "names are" };
            let message = format!("these are {found} values, but {wanted} {are} bound");
            let diag = Diag::error(Code::WrongNumberOfNames, statement.value.loc, message);
            self.error(diag.help("write one name for each value; `_` stands for one that is not needed"));
            self.broken = true;
            self.frame.nameless += found.saturating_sub(wanted);
            return self.poison(names);
        }
        let mut bindings = Vec::new();
        for part in parts {
            match self.value_of_let(part) {
                Ok(None) => {}
                Ok(Some(value)) => {
                    bindings.push(Err(value));
                    continue;
                }
                Err(Reported) => {
                    self.broken = true;
                    bindings.push(Ok(Binding::Poison));
                    continue;
                }
            }
            bindings.push(Ok(match self.eval(part) {
                Evaluated::Value(value) => {
                    bindings.push(Err(value));
                    continue;
                }
                Evaluated::Layer(layer) => Binding::Layer(layer),
                Evaluated::List(tensors) => Binding::Tensors(tensors),
                Evaluated::Poison => {
                    self.broken = true;
                    Binding::Poison
                }
                given => match self.one_of(part, given)[..] {
                    [(tensor, _)] => Binding::Tensor(tensor),
                    _ => Binding::Poison,
                },
            }));
        }
        if let Some(shape) = &statement.ascription {
            let diag = Diag::error(Code::ShapeOfNoTensor, shape.loc, "several tensors have no common shape");
            self.error(diag.help("leave the shape out"));
        }
        for (name, binding) in names.iter().zip(bindings) {
            match binding {
                Ok(binding) => self.bind(&name.ident, binding),
                Err(value) => self.define_value(&name.ident, value),
            }
        }
    }

    /// Error for a list where one tensor is needed.
    pub(super) fn list_as_tensor(&mut self, expr: &Expr, count: usize) {
        let shown = text_of(expr.tokens.clone());
        let s = if count == 1 { "" } else { "s" };
        let diag = Diag::error(
            Code::SeveralTensors,
            expr.loc,
            format!("`{shown}` is a list of {count} tensor{s}, and one tensor is needed here"),
        );
        self.error(match &expr.kind {
            ExprKind::Name(_) => {
                diag.help(format!("take one of them, `{shown}[0]`, or join them: `concatenate({shown})`"))
            }
            _ => diag.help("bind the list with `let`, and take one of its tensors: `list[0]`"),
        });
    }

    /// `heads[0]`, `heads[-1]`, `heads[1..3]`
    pub(super) fn list_index(&mut self, expr: &Expr, indexed: &Expr, list: &[TensorId]) -> Evaluated {
        let tokens = index_tokens(expr);
        let shown = text_of(indexed.tokens.clone());
        if tokens.is_empty() {
            self.empty_index(expr, &shown);
            return Evaluated::Poison;
        }
        let diag = match self.places(&tokens, list.len()) {
            Ok(Places::One(at)) if let Some(&tensor) = list.get(at) => {
                return Evaluated::Tensors(vec![tensor]);
            }
            Ok(Places::Several(start, end)) if let Some(part) = list.get(start..end) => {
                return Evaluated::List(part.to_vec());
            }
            Ok(Places::One(_)) | Ok(Places::Several(..)) => self.no_such_place(expr, &shown, list.len()),
            Err(wrong) => {
                let diag = Diag::error(
                    Code::ListIndex,
                    expr.loc,
                    format!("`{}` is not an index that the macro knows", text_of(wrong.clone())),
                );
                match python_slice(&wrong) {
                    Some(range) => diag.help(format!("write `{shown}[{range}]`")),
                    None => diag.help(format!("write `{shown}[0]`, `{shown}[-1]` or `{shown}[0..2]`")).note(
                        "an index is made of numbers, of constants of the block, and of the numbers of loops",
                    ),
                }
            }
        };
        self.broken = true;
        self.error(diag);
        Evaluated::Poison
    }

    fn no_such_place(&self, expr: &Expr, list: &str, len: usize) -> Diag {
        let whole = text_of(expr.tokens.clone());
        let s = if len == 1 { "" } else { "s" };
        let message = format!("`{whole}` is out of range: `{list}` has {len} tensor{s}");
        let diag = Diag::error(Code::ListIndex, expr.loc, message);
        match (len, dots(&index_tokens(expr)).is_some()) {
            (0, _) => diag.help("let its loop go over at least one value"),
            (_, true) => diag.help(format!("write a range within `{list}[0..{len}]`")),
            (_, false) => diag.help(format!("the last one is `{list}[{}]`", len - 1)),
        }
    }

    /// The positions of an index in a list of `len` tensors, which may be out of range. Returns the tokens of an
    /// unknown index.
    fn places(&self, tokens: &[TokenTree], len: usize) -> Result<Places, TokenStream> {
        // As in Python, negative indices count from the end.
        let place = |at: i64| {
            let n = usize::try_from(at.unsigned_abs()).unwrap_or(usize::MAX);
            if at < 0 { len.checked_sub(n).unwrap_or(usize::MAX) } else { n }
        };
        Ok(match self.entry(tokens)? {
            Entry::At(at) => Places::One(place(at)),
            Entry::Range(start, end) => Places::Several(start.map_or(0, place), end.map_or(len, place)),
        })
    }

    /// Name of an output or input that is an entry of a list: the given name of its last layer, if there is one.
    pub(super) fn given_name(&self, tensor: TensorId) -> Option<String> {
        if let Some(name) = self.builder.input_name(tensor) {
            return Some(name.to_owned());
        }
        let graph = self.builder.graph();
        let node = graph.node(graph.tensor(graph.written(tensor)).producer?);
        let layer = graph.layer(node.layer);
        match layer.group {
            // A single name for several outputs of a nested model would be ambiguous.
            Some(group) => {
                let group = graph.groups.get(group.index())?;
                (group.named && group.outputs.len() == 1).then(|| group.name.clone())
            }
            None => {
                let layer = layer.whole.map_or(layer, |whole| graph.layer(whole));
                (layer.named && node.outputs.len() == 1).then(|| layer.name.clone())
            }
        }
    }
}

/// Warns about lists of which nothing is read, neither by a layer nor as an output.
pub(super) fn warn_unused(lists: &[BoundList], graph: &Graph, diags: &mut Diags) {
    let reads = graph.nodes.iter().flat_map(|node| &node.inputs);
    let read: BTreeSet<TensorId> =
        reads.chain(graph.outputs.iter().map(|port| &port.tensor)).copied().collect();
    // Unread inputs are errors.
    let unread = |tensor: &TensorId| !read.contains(tensor) && !graph.sources.contains(tensor);
    for BoundList { name, loc, tensors } in lists {
        if !name.starts_with('_') && !tensors.is_empty() && tensors.iter().all(unread) {
            diags.push(
                Diag::warning(Code::UnusedTensor, *loc, format!("the list `{name}` is never used"))
                    .help(format!("use it, remove it, or call it `_{name}`")),
            );
        }
    }
}

/// Meaning of an index into a list.
enum Places {
    One(usize),
    /// From the first to the one before the second.
    Several(usize, usize),
}

/// Whether an expression is a loop, valid or not.
pub(super) fn is_loop(expr: &Expr) -> bool {
    matches!(expr.tokens.clone().into_iter().next(), Some(TokenTree::Ident(ident)) if ident == "for")
}
