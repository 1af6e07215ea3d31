//! Expansion of functions and loops: bodies are lowered at each call, and once for each value.

mod arguments;
mod loops;
mod shared;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Loc};
use mimo_graph::language::{self, Module};
use mimo_graph::layers;
use mimo_graph::value::ValueKind;

use self::arguments::Argument;
pub(super) use self::shared::{Replay, Shared};
use super::consts::Parameter;
use super::library::Callee;
use super::nested::Callable;
use super::tensor::Evaluated;
use super::{Binding, Lower};
use crate::ast::{Arg, Expr, ExprKind, Function, Model, Statement, name_of};
use crate::parse::text_of;

/// More statements than a hand-written model has; nested loops would grow without end.
const LIMIT: usize = 10_000;

/// Limit on the nesting of functions; the following code is recursive.
const DEPTH: usize = 32;

/// The functions of a block, and the state of their expansion.
#[derive(Debug, Default)]
pub(super) struct Expansions {
    functions: BTreeMap<String, Rc<Function>>,
    /// Names of the functions that the block calls, including imported ones.
    pub(super) called: BTreeSet<String>,
    /// Functions mentioned in branches that are not expanded.
    unchosen: Vec<String>,
    /// Number of statements that were expanded from calls and loops.
    statements: usize,
}

impl Expansions {
    /// Collects the functions of a block.
    pub(super) fn new(model: &Model, diags: &mut mimo_graph::diag::Diags) -> Self {
        let mut expansions = Expansions::default();
        let is_word = |name: &str| {
            let class = layers::classes().any(|class| class == name) || layers::function(name).is_some();
            class || ["Input", "Model", "Sequential"].contains(&name)
        };
        let reserved = |name: &str, loc: Loc| {
            let message = format!("`{name}` is a word of the language, and no name for a function");
            Diag::error(Code::ReservedFunctionName, loc, message).help("give the function another name")
        };
        for function in &model.functions {
            let name = name_of(&function.ident);
            if is_word(&name) {
                diags.push(reserved(&name, function.loc));
            } else if let Some(used) = model.uses.iter().find(|used| name_of(&used.ident) == name) {
                let message = format!("`{name}` is brought in by a `use`, and is defined here once more");
                let path = text_of(used.path.clone());
                diags.push(
                    Diag::error(Code::FunctionTwice, function.loc, message)
                        .help(format!("give one of them another name: `use {path} as other;`")),
                );
            } else if expansions.functions.insert(name.clone(), function.clone()).is_some() {
                let message = format!("the function `{name}` is defined twice");
                diags.push(
                    Diag::error(Code::FunctionTwice, function.loc, message)
                        .help("give one of them another name"),
                );
            }
        }
        for used in model.uses.iter().filter(|used| is_word(&name_of(&used.ident))) {
            let name = name_of(&used.ident);
            let path = text_of(used.path.clone());
            let message = format!("`{name}` is a word of the language, and cannot be brought in");
            diags.push(
                Diag::error(Code::ReservedFunctionName, used.loc, message)
                    .help(format!("give it another name here: `use {path} as other;`")),
            );
        }
        expansions
    }

    /// The function of a name.
    pub(super) fn function(&self, name: &str) -> Option<&Rc<Function>> {
        self.functions.get(name)
    }

    /// All functions.
    pub(super) fn functions(&self) -> impl Iterator<Item = (&String, &Rc<Function>)> {
        self.functions.iter()
    }

    /// Counts functions as called that are mentioned in skipped branches, and those that they mention.
    fn mentioned(&mut self) {
        let mut open = std::mem::take(&mut self.unchosen);
        while let Some(name) = open.pop() {
            let new = !self.called.contains(&name);
            if let (true, Some(function)) = (new, self.functions.get(&name)) {
                open.extend(function.mentions.iter().cloned());
                self.called.insert(name);
            }
        }
    }

    /// Records the names that a skipped branch mentions.
    pub(super) fn pass_over<'n>(&mut self, names: impl IntoIterator<Item = &'n String>) {
        let functions = &self.functions;
        self.unchosen.extend(names.into_iter().filter(|name| functions.contains_key(*name)).cloned());
    }

    /// The names of all functions.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().map(String::as_str)
    }
}

impl Lower<'_> {
    /// The statements of a block, a function or a loop.
    pub(super) fn statements(&mut self, statements: &[Statement]) {
        for statement in statements {
            let told = self.diags.count();
            match statement {
                Statement::Let(binding) => {
                    self.binding(binding);
                    for name in &binding.names {
                        if let Some(bound) = self.frame.scope.get(&name_of(&name.ident)) {
                            self.types.entry(name.loc).or_insert_with(|| bound.clone());
                        }
                    }
                }
                Statement::For(looped) => self.for_loop(looped),
                Statement::If(branching) => self.if_statement(branching),
                Statement::AddLoss(loss) => self.add_loss(loss),
            }
            self.note_statement(told, || shown_statement(statement));
        }
    }

    /// Adds a note to errors in a body of another block: the statement that they are about, since all of them are at
    /// the call.
    fn note_statement(&mut self, told: usize, shown: impl FnOnce() -> Option<String>) {
        let (Some(_), Some(function)) = (self.frame.site, self.frame.function()) else { return };
        if told >= self.diags.count() {
            return;
        }
        let (new, function) = (told.max(self.placed), function.to_owned());
        self.placed = self.diags.count();
        if new < self.placed
            && let Some(shown) = shown()
        {
            self.diags.note_after(new, &format!("at `{shown}` in the function `{function}`"));
        }
    }

    /// Warns about functions that are never called.
    pub(super) fn unused_functions(&mut self) {
        if self.broken {
            return;
        }
        self.unused_shared();
        self.expansions.mentioned();
        let unused =
            self.expansions.functions.iter().filter(|(name, _)| !self.expansions.called.contains(*name));
        let unused: Vec<(String, Loc)> =
            unused.map(|(name, function)| (name.clone(), function.loc)).collect();
        for (name, loc) in unused {
            self.error(
                Diag::warning(Code::UnusedFunction, loc, format!("the function `{name}` is never called"))
                    .help(format!("call it, `let y = {name}(…);`, or remove it")),
            );
        }
    }

    /// `name(x, filters = 32)`
    pub(super) fn call_function(
        &mut self,
        function: Callee,
        expr: &Expr,
        callee: &Expr,
        args: &[Arg],
    ) -> Evaluated {
        if self.frame.home == 0 {
            self.expansions.called.insert(function.name.clone());
        }
        let function = self.sited(function, expr.loc);
        self.note_call(&function, expr.loc);
        if self.makes_layer(&function.function, args) {
            return self.share(function, expr, args);
        }
        let Some(arguments) = self.arguments(&function, callee, args) else { return Evaluated::Poison };
        self.expand(&function, arguments, &text_of(expr.tokens.clone()), expr.loc)
    }

    /// Expands the body of a function, for the call that is written as `shown`.
    fn expand(&mut self, callee: &Callee, arguments: Vec<Argument>, shown: &str, call: Loc) -> Evaluated {
        // Each function of a `functions!` is checked separately.
        if self.calls.is_some() {
            return Evaluated::Poison;
        }
        let (function, name) = (&*callee.function, &callee.name);
        if self.is_open(callee) {
            self.error(
                Diag::error(
                    Code::RecursiveFunction,
                    call,
                    format!("`{name}` calls itself, and its expansion would never end"),
                )
                .help("write a loop: `for i in 0..4 { … }`"),
            );
            return Evaluated::Poison;
        }
        if self.callers.len() >= DEPTH {
            self.error(
                Diag::error(
                    Code::ExpansionTooLarge,
                    call,
                    format!("functions call functions more than {DEPTH} deep"),
                )
                .help("write a loop: `for i in 0..4 { … }`"),
            );
            self.broken = true;
            return Evaluated::Poison;
        }
        if !self.affords(function.body.len() + 1, call) {
            return Evaluated::Poison;
        }
        // A body of another block has no lines here.
        let line = self.frame.site.is_none().then(|| self.spans.get(call).line()).flatten();
        let line = line.map(|line| format!(", which line {line} calls")).unwrap_or_default();
        let note = format!("in `{shown}`{line}");

        self.push_frame(callee, call);
        for (parameter, argument) in function.parameters.iter().zip(arguments) {
            if let Argument::Tensor(Binding::Tensor(tensor)) = argument {
                self.bind_passed(tensor, name_of(&parameter.ident));
            }
            self.define(&parameter.ident, argument);
        }
        let given = self.expanded(note, |lower| {
            lower.statements(&function.body);
            let told = lower.diags.count();
            let given = match &function.result {
                Some(result) => lower.result(result, false),
                None => Evaluated::Poison,
            };
            let shown = || function.result.as_ref().map(|result| shortened(&text_of(result.tokens.clone())));
            lower.note_statement(told, shown);
            lower.tell_pending();
            given
        });
        self.pop_frame();
        given
    }

    /// Reports `block(16)(x)`, for a function that takes its tensor and its settings in one call, and reads it as one
    /// call. `None` if it is a call of something else, or of a layer that the function returns.
    pub(super) fn called_in_two_steps(
        &mut self,
        expr: &Expr,
        callee: &Expr,
        args: &[Arg],
    ) -> Option<Evaluated> {
        let ExprKind::Call(inner, settings) = &callee.kind else { return None };
        let ExprKind::Name(ident) = &inner.kind else { return None };
        let name = name_of(ident);
        let callee_function = self.callee(&name).filter(|_| !self.frame.scope.contains_key(&name))?;
        let function = &*callee_function.function;
        // Settings by keyword make a layer; with all arguments, the result may be a layer, which is called next.
        if self.makes_layer(function, settings) || !lacks(function, settings) {
            return None;
        }
        let joined: Vec<String> = args
            .iter()
            .chain(settings)
            .map(|arg| {
                let value = text_of(arg.value.tokens.clone());
                match &arg.keyword {
                    Some((keyword, _)) => format!("{keyword} = {value}"),
                    None => value,
                }
            })
            .collect();
        let message =
            format!("`{name}` is a function, which is given its tensors and its settings in one call");
        self.error(
            Diag::error(Code::MissingArgument, expr.loc, message)
                .help(format!("write `{name}({})`", joined.join(", "))),
        );
        self.expansions.called.insert(name);
        self.broken = true;
        Some(Evaluated::Poison)
    }

    /// A function among the settings of a layer: `TimeDistributed(block(units = 3))`. Returns whether that was
    /// reported.
    pub(super) fn wraps_a_function(&mut self, class: &str, args: &[Arg]) -> bool {
        let is_function = |value: &&Expr| match &value.kind {
            ExprKind::Call(callee, args) if let ExprKind::Name(ident) = &callee.kind => {
                let name = name_of(ident);
                self.is_function(&name) && !self.function_of_values(&name, args)
            }
            ExprKind::Name(ident) => {
                let bound = self.frame.scope.get(&name_of(ident));
                matches!(bound, Some(Binding::Layer(Callable::Function(_))))
            }
            _ => false,
        };
        let Some(wrapped) = args.iter().map(|arg| &arg.value).find(is_function) else { return false };
        let shown = text_of(wrapped.tokens.clone());
        let message = format!("`{class}` takes a layer, and `{shown}` is a function of the block");
        self.error(
            Diag::error(Code::ModelInSettings, wrapped.loc, message)
                .help("call the function on tensors itself")
                .help("write a model of what it does: `TimeDistributed(Block())` calls that on every step"),
        );
        true
    }

    /// The result of a function or of a branch of an `if`: a tensor, several, a layer, or a value. `word` decides
    /// whether an unbound name is a word of the language.
    pub(super) fn result(&mut self, result: &Expr, word: bool) -> Evaluated {
        if self.is_of_call(result) {
            self.check_names(result);
            return Evaluated::Poison;
        }
        if self.is_value(result, word) || self.is_number_of_rust(result) {
            return self.setting_of(result).map_or(Evaluated::Poison, Evaluated::Value);
        }
        match &result.kind {
            ExprKind::List(items) => {
                let mut tensors = Vec::new();
                for item in items {
                    self.collect(item, &mut tensors);
                }
                Evaluated::Tensors(tensors.into_iter().map(|(tensor, _)| tensor).collect())
            }
            ExprKind::Paren(inner) => self.result(inner, word),
            _ => self.eval(result),
        }
    }

    /// Whether a call of a function of the block can only return a setting: it has no tensors as arguments, and makes
    /// none.
    pub(super) fn function_of_values(&self, name: &str, args: &[Arg]) -> bool {
        let tensor = |arg: &Arg| self.is_operand(&arg.value) && !self.is_of_call(&arg.value);
        !self.frame.scope.contains_key(name)
            && self.callee(name).is_some_and(|callee| !self.makes_tensors(callee))
            && !args.iter().any(tensor)
    }

    /// Whether a function makes layers or inputs, or calls one that does.
    fn makes_tensors(&self, callee: Callee) -> bool {
        let mut seen = BTreeSet::new();
        let mut open = vec![callee];
        while let Some(Callee { function, home, .. }) = open.pop() {
            for name in &function.mentions {
                let class = layers::classes().any(|class| class == name);
                if class || name == "Input" || self.nested_model(name).is_some() {
                    return true;
                }
                if let Some(called) = self.callee_at(home, name)
                    && seen.insert((called.home, name_of(&called.function.ident)))
                {
                    open.push(called);
                }
            }
        }
        false
    }

    /// Whether a result is computed from a constant of Rust: `2 * n` where `n` is `crate::UNITS`.
    fn is_number_of_rust(&self, result: &Expr) -> bool {
        let is_word = |part: &Expr| match &part.kind {
            ExprKind::Name(ident) => match self.consts.parameter(&name_of(ident)).map(|given| &given.kind) {
                Some(ValueKind::Ident { text, .. }) => !super::operations::is_constant(text),
                _ => false,
            },
            _ => false,
        };
        !matches!(result.kind, ExprKind::Call(..))
            && self.is_number(result)
            && result.part(&is_word).is_none()
    }

    /// An expression of values as a parameter.
    pub(super) fn setting_of(&mut self, expr: &Expr) -> Option<Parameter> {
        match self.argument(expr) {
            Argument::Value(value) => Some(value),
            Argument::Tensor(_) => None,
        }
    }

    /// Whether a result is a setting.
    pub(super) fn is_value(&self, result: &Expr, word: bool) -> bool {
        match &result.kind {
            _ if self.fold(result).is_some() => true,
            ExprKind::Paren(inner) => self.is_value(inner, word),
            ExprKind::None => true,
            ExprKind::Name(ident) => {
                let name = name_of(ident);
                !self.frame.scope.contains_key(&name)
                    && (self.consts.parameter(&name).is_some()
                        || self.consts.contains(&name)
                        || !self.frame.bound.contains(&name) && is_word(&name)
                        || word && !self.frame.bound.contains(&name) && self.outside(&name).is_none())
            }
            ExprKind::List(items) => !items.is_empty() && items.iter().all(|item| self.is_value(item, word)),
            ExprKind::Call(..) => word && !self.is_operand(result),
            _ => false,
        }
    }

    /// Lowers a part of a body, and adds a note about the expansion to each of its errors: once per location, since
    /// the next call would repeat them.
    fn expanded<T>(&mut self, note: String, lower: impl FnOnce(&mut Self) -> T) -> T {
        let (told, checks) = (self.diags.count(), self.builder.checks());
        let given = lower(self);
        self.diags.expanded(told, &note);
        self.builder.note_checks(checks, &note);
        given
    }

    /// Whether the limit allows this many more statements.
    fn affords(&mut self, statements: usize, loc: Loc) -> bool {
        let before = self.expansions.statements;
        self.expansions.statements = before.saturating_add(statements);
        if self.expansions.statements <= LIMIT {
            return true;
        }
        if before <= LIMIT {
            self.too_many(loc);
        }
        self.broken = true;
        false
    }

    fn too_many(&mut self, loc: Loc) {
        self.error(
            Diag::error(
                Code::ExpansionTooLarge,
                loc,
                format!("this expands to more than {LIMIT} statements"),
            )
            .help("make fewer layers"),
        );
    }

    /// Binds the names of a body as poisoned, so that their uses cause no errors.
    pub(super) fn poison_all(&mut self, statements: &[Statement]) {
        for statement in statements {
            match statement {
                Statement::Let(binding) => {
                    if let ExprKind::Loop(looped) = &binding.value.kind {
                        self.poison_all(&looped.body);
                    }
                    self.poison(&binding.names);
                }
                Statement::For(looped) => self.poison_all(&looped.body),
                Statement::If(branching) => {
                    branching.branches().for_each(|branch| self.poison_all(&branch.body));
                }
                Statement::AddLoss(_) => {}
            }
        }
    }
}

/// A statement as shown in a note.
fn shown_statement(statement: &Statement) -> Option<String> {
    Some(match statement {
        Statement::Let(binding) => {
            let names: Vec<String> = binding.names.iter().map(|name| name_of(&name.ident)).collect();
            let names = if binding.tuple { format!("({})", names.join(", ")) } else { names.join(", ") };
            shortened(&format!("let {names} = {}", text_of(binding.value.tokens.clone())))
        }
        Statement::AddLoss(loss) => shortened(&text_of(loss.tokens.clone())),
        // The statement of the body was shown.
        Statement::For(_) | Statement::If(_) => return None,
    })
}

/// Longest statement that a note repeats.
const SHOWN: usize = 100;

fn shortened(shown: &str) -> String {
    match shown.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", shown.get(..end).unwrap_or_default()),
        None => shown.to_owned(),
    }
}

/// Whether a name is a word of settings: `relu`, `same`.
fn is_word(name: &str) -> bool {
    let items = Module::ALL.iter().filter(|module| !matches!(module, Module::Layers | Module::Operations));
    ["same", "valid", "causal"].contains(&name)
        || name.starts_with(char::is_lowercase)
            && items.into_iter().any(|&module| language::find(module, name).is_some())
}

/// Whether some parameter has neither an argument nor a default.
fn lacks(function: &Function, args: &[Arg]) -> bool {
    function.parameters.iter().enumerate().any(|(i, parameter)| {
        let named =
            |arg: &Arg| matches!(&arg.keyword, Some((keyword, _)) if *keyword == name_of(&parameter.ident));
        let placed = args.get(i).is_some_and(|arg| arg.keyword.is_none());
        parameter.default.is_none() && !placed && !args.iter().any(named)
    })
}

/// Every name that the statements of a body bind.
pub(super) fn names_bound(statements: &[Statement]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for statement in statements {
        match statement {
            Statement::Let(binding) => {
                names.extend(binding.names.iter().map(|name| name_of(&name.ident)));
                if let ExprKind::Loop(looped) = &binding.value.kind {
                    names.extend(names_bound(&looped.body));
                }
            }
            Statement::For(looped) => names.extend(names_bound(&looped.body)),
            Statement::If(branching) => {
                names.extend(branching.branches().flat_map(|branch| names_bound(&branch.body)));
            }
            Statement::AddLoss(_) => {}
        }
    }
    names
}
