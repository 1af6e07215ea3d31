//! Functions and loops: their bodies are lowered wherever they are called, and once for each value.

use std::collections::{BTreeMap, BTreeSet};

use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Loc, did_you_mean};
use mimo_graph::dim::ConstId;
use mimo_graph::layers;
use mimo_graph::value::{Value, ValueKind};

use super::consts::{Consts, Known, Parameter, has_invalid_part};
use super::tensor::Evaluated;
use super::{Binding, Lower};
use crate::ast::{Arg, Expr, ExprKind, For, Function, Statement, Values, name_of};
use crate::parse::text_of;

/// More statements than a model has that a person wrote; loops inside loops would grow without end.
const LIMIT: usize = 10_000;

/// Functions inside functions, deeper than a person writes; what follows recurses.
const DEPTH: usize = 64;

/// The functions of a block, and how far their expansion has come.
#[derive(Debug, Default)]
pub(super) struct Expansions<'a> {
    functions: BTreeMap<String, &'a Function>,
    called: BTreeSet<String>,
    /// The functions whose bodies are being lowered.
    open: Vec<String>,
    /// What the callers of those had bound.
    callers: Vec<BTreeMap<String, Binding>>,
    /// How many statements were written by calls and loops.
    statements: usize,
}

/// What an argument of a function, or a value of a loop, is.
enum Argument {
    Tensor(Binding),
    Value(Parameter),
}

impl<'a> Expansions<'a> {
    /// Takes the functions of a block.
    pub(super) fn new(functions: &'a [Function], diags: &mut mimo_graph::diag::Diags) -> Self {
        let mut expansions = Expansions::default();
        for function in functions {
            let name = name_of(&function.ident);
            let class = layers::classes().any(|class| class == name) || layers::function(&name).is_some();
            if class || ["Input", "Model", "Sequential"].contains(&name.as_str()) {
                let message = format!("`{name}` is a word of the language, and no name for a function");
                diags.push(
                    Diag::error(Code::ReservedFunctionName, function.loc, message)
                        .help("give the function another name"),
                );
            } else if expansions.functions.insert(name.clone(), function).is_some() {
                let message = format!("the function `{name}` is defined twice");
                diags.push(
                    Diag::error(Code::FunctionTwice, function.loc, message)
                        .help("give one of them another name"),
                );
            }
        }
        expansions
    }

    /// The function of a name.
    pub(super) fn function(&self, name: &str) -> Option<&'a Function> {
        self.functions.get(name).copied()
    }

    /// The names of all functions.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.functions.keys().map(String::as_str)
    }

    /// The names that are bound where the open functions are called.
    pub(super) fn bound_by_callers(&self) -> impl Iterator<Item = &str> {
        self.callers.iter().flat_map(|scope| scope.keys().map(String::as_str))
    }

    /// The function that is being expanded, if a name that it does not know is bound where it is called.
    pub(super) fn outside(&self, name: &str) -> Option<&str> {
        let function = self.open.last()?;
        self.callers.iter().any(|scope| scope.contains_key(name)).then_some(function)
    }
}

impl Lower<'_> {
    /// The statements of a block, a function or a loop.
    pub(super) fn statements(&mut self, statements: &[Statement]) {
        for statement in statements {
            match statement {
                Statement::Let(binding) => {
                    self.binding(binding);
                    for name in &binding.names {
                        if let Some(bound) = self.scope.get(&name_of(&name.ident)) {
                            self.types.entry(name.loc).or_insert_with(|| bound.clone());
                        }
                    }
                }
                Statement::For(looped) => self.for_loop(looped),
            }
        }
    }

    /// Warns of what is never called.
    pub(super) fn unused_functions(&mut self) {
        if self.broken {
            return;
        }
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
        function: &Function,
        expr: &Expr,
        callee: &Expr,
        args: &[Arg],
    ) -> Evaluated {
        let call = expr.loc;
        let name = name_of(&function.ident);
        self.expansions.called.insert(name.clone());
        let Some(arguments) = self.arguments(function, callee, args) else { return Evaluated::Poison };
        if self.expansions.open.contains(&name) {
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
        if self.expansions.open.len() >= DEPTH || !self.affords(function.body.len() + 1, call) {
            return Evaluated::Poison;
        }
        let shown = text_of(expr.tokens.clone());
        let line = self.spans.get(call).line();
        let line = line.map(|line| format!(", which line {line} calls")).unwrap_or_default();
        let note = format!("in `{shown}`{line}");

        let scope = std::mem::take(&mut self.scope);
        self.expansions.callers.push(scope);
        self.expansions.open.push(name);
        let bound = std::mem::replace(&mut self.bound, names_bound(&function.body));
        let unknown = std::mem::take(&mut self.unknown);
        let lossy = std::mem::replace(&mut self.lossy, function.lossy);
        let outer = self.consts.enter();
        // In messages about the body, a tensor is called what the body calls it.
        let mut given_names = Vec::new();
        for (parameter, argument) in function.parameters.iter().zip(arguments) {
            if let Argument::Tensor(Binding::Tensor(tensor)) = argument {
                self.builder.bind(tensor, &name_of(&parameter.ident));
                given_names.push((tensor, name_of(&parameter.ident)));
            }
            self.define(&parameter.ident, argument);
        }
        let given = self.expanded(note, |lower| {
            lower.statements(&function.body);
            match &function.result {
                Some(result) => lower.result(result),
                None => Evaluated::Poison,
            }
        });
        for (tensor, name) in given_names {
            self.builder.unbind(tensor, &name);
        }
        self.consts.leave(outer);
        self.lossy = lossy;
        self.unknown = unknown;
        self.bound = bound;
        self.expansions.open.pop();
        self.scope = self.expansions.callers.pop().unwrap_or_default();
        given
    }

    /// What a function gives: a tensor, several, or a layer.
    fn result(&mut self, result: &Expr) -> Evaluated {
        match &result.kind {
            ExprKind::List(items) => {
                let mut tensors = Vec::new();
                for item in items {
                    self.collect(item, &mut tensors);
                }
                Evaluated::Tensors(tensors.into_iter().map(|(tensor, _)| tensor).collect())
            }
            ExprKind::Paren(inner) => self.result(inner),
            _ => self.eval(result),
        }
    }

    /// One argument for each parameter, evaluated where the call stands; `None` after an error.
    fn arguments(&mut self, function: &Function, callee: &Expr, args: &[Arg]) -> Option<Vec<Argument>> {
        let name = name_of(&function.ident);
        let parameters: Vec<String> =
            function.parameters.iter().map(|parameter| name_of(&parameter.ident)).collect();
        let form = format!("write `{name}({})`", parameters.join(", "));
        let mut given: Vec<Option<&Expr>> = vec![None; parameters.len()];
        let mut sound = true;
        let mut error = |lower: &mut Self, diag: Diag| {
            lower.error(diag);
            sound = false;
        };
        let mut keywords = false;
        for (i, arg) in args.iter().enumerate() {
            let (place, loc) = match &arg.keyword {
                None if keywords => {
                    let diag = Diag::error(
                        Code::PositionalAfterKeyword,
                        arg.value.loc,
                        "this argument has no keyword, and stands after one that has",
                    );
                    error(self, diag.help("write arguments without a keyword first"));
                    continue;
                }
                None if i < parameters.len() => (i, arg.value.loc),
                None => {
                    let s = if parameters.len() == 1 { "" } else { "s" };
                    let message = format!(
                        "`{name}` has {} parameter{s}, and this is one argument more",
                        parameters.len()
                    );
                    error(
                        self,
                        Diag::error(Code::TooManyArguments, arg.value.loc, message).help(form.clone()),
                    );
                    break;
                }
                Some((keyword, loc)) => {
                    keywords = true;
                    let Some(place) = parameters.iter().position(|parameter| parameter == keyword) else {
                        let diag = Diag::error(
                            Code::UnknownArgument,
                            *loc,
                            format!("`{name}` has no parameter `{keyword}`"),
                        );
                        let near = did_you_mean(keyword, parameters.iter().map(String::as_str));
                        let near = near.map(|near| format!("did you mean `{near}`?"));
                        error(self, diag.help(near.unwrap_or_else(|| form.clone())));
                        continue;
                    };
                    (place, *loc)
                }
            };
            match given.get_mut(place) {
                Some(slot @ None) => *slot = Some(&arg.value),
                _ => {
                    let diag = Diag::error(
                        Code::ArgumentGivenTwice,
                        loc,
                        format!("`{}` is given twice", parameters.get(place).map_or("", |name| name)),
                    );
                    error(self, diag.help("remove one"));
                }
            }
        }
        let missing: Vec<String> = (function.parameters.iter().zip(&given))
            .filter(|(parameter, given)| parameter.default.is_none() && given.is_none())
            .map(|(parameter, _)| format!("`{}`", name_of(&parameter.ident)))
            .collect();
        if sound && !missing.is_empty() {
            let message = format!("`{name}` is not given {}", missing.join(" and "));
            self.error(Diag::error(Code::MissingArgument, callee.loc, message).help(form));
            sound = false;
        }
        // All are evaluated, so that each tells its own mistakes.
        let arguments: Vec<Option<Argument>> = (function.parameters.iter().zip(given))
            .map(|(parameter, given)| given.or(parameter.default.as_ref()).map(|expr| self.argument(expr)))
            .collect();
        sound.then(|| arguments.into_iter().flatten().collect())
    }

    /// What an expression is to a parameter: a tensor or a layer if it can be one, else a value.
    fn argument(&mut self, expr: &Expr) -> Argument {
        if !self.is_operand(expr) {
            let kind = self.value(expr).kind;
            return Argument::Value(self.consts.given(expr, kind));
        }
        if let ExprKind::List(_) = expr.kind {
            let mut tensors = Vec::new();
            self.collect(expr, &mut tensors);
            return Argument::Tensor(Binding::Tensors(
                tensors.into_iter().map(|(tensor, _)| tensor).collect(),
            ));
        }
        Argument::Tensor(match self.eval(expr) {
            Evaluated::Tensors(tensors) => match tensors.as_slice() {
                [tensor] => Binding::Tensor(*tensor),
                _ => Binding::Tensors(tensors),
            },
            Evaluated::Layer(layer) => Binding::Layer(layer),
            Evaluated::Poison => Binding::Poison,
        })
    }

    /// Whether an expression is meant to be a tensor, a layer, or a list of tensors.
    fn is_operand(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Name(ident) => self.scope.contains_key(&name_of(ident)),
            ExprKind::Paren(inner) => self.is_operand(inner),
            ExprKind::List(items) => !items.is_empty() && items.iter().all(|item| self.is_operand(item)),
            ExprKind::Binary(_, left, right) => self.is_operand(left) || self.is_operand(right),
            ExprKind::Call(callee, _) => match &callee.kind {
                ExprKind::Name(ident) => {
                    let name = name_of(ident);
                    self.scope.contains_key(&name)
                        || self.expansions.function(&name).is_some()
                        || name == "Input"
                        || layers::function(&name).is_some()
                        || layers::classes().any(|class| class == name)
                        || self.nested_model(&name).is_some()
                }
                _ => matches!(callee.kind, ExprKind::Call(..)),
            },
            _ => false,
        }
    }

    fn define(&mut self, name: &proc_macro2::Ident, argument: Argument) {
        let text = name_of(name);
        if name == "_" {
            return;
        }
        match argument {
            Argument::Tensor(binding) => {
                self.consts.forget(&text);
                self.scope.insert(text, binding);
            }
            Argument::Value(parameter) => {
                self.scope.remove(&text);
                self.consts.define(text, parameter);
            }
        }
    }

    /// `for name in values { … }`: what the body binds stays bound, in the next round and after the loop.
    fn for_loop(&mut self, looped: &For) {
        let Some(rounds) = self.rounds(&looped.values, looped.loc) else {
            self.broken = true;
            return self.poison_all(&looped.body);
        };
        let names: Vec<String> = looped.names.iter().map(|name| name_of(&name.ident)).collect();
        let before: Vec<_> = names
            .iter()
            .map(|name| (name.clone(), self.scope.get(name).cloned(), self.consts.parameter(name).cloned()))
            .collect();
        for round in rounds {
            if !self.affords(looped.body.len().max(1), looped.loc) {
                self.poison_all(&looped.body);
                break;
            }
            let shown = match &round {
                Round::Number(n) => n.to_string(),
                Round::Item(item) => text_of(item.tokens.clone()),
                Round::Value(value) => value.describe().replace('`', ""),
            };
            if !self.bind_round(looped, round) {
                self.broken = true;
                self.poison_all(&looped.body);
                break;
            }
            let pattern = if looped.tuple { format!("({})", names.join(", ")) } else { names.join(", ") };
            self.expanded(format!("in the loop, with `{pattern} = {shown}`"), |lower| {
                lower.statements(&looped.body);
            });
        }
        for (name, binding, parameter) in before {
            self.consts.forget(&name);
            if let Some(parameter) = parameter {
                self.consts.define(name.clone(), parameter);
            }
            // What the body bound to the name of the loop is gone with it, as is the name.
            match binding {
                Some(binding) => self.scope.insert(name, binding),
                None => self.scope.remove(&name),
            };
        }
    }

    /// The values of a loop; `None` after an error.
    fn rounds<'e>(&mut self, values: &'e Values, loc: Loc) -> Option<Vec<Round<'e>>> {
        match values {
            Values::Invalid => None,
            Values::Reversed(inner) => {
                let mut rounds = self.rounds(inner, loc)?;
                rounds.reverse();
                Some(rounds)
            }
            Values::Range { start, end, inclusive } => {
                let (start, end) = (self.bound_of_range(start), self.bound_of_range(end));
                let (start, end) = (start?, end?.checked_add(i64::from(*inclusive))?);
                if end.saturating_sub(start) > LIMIT as i64 {
                    self.too_many(loc);
                    return None;
                }
                Some((start..end).map(Round::Number).collect())
            }
            Values::List(expr) => match &expr.kind {
                ExprKind::List(items) => Some(items.iter().map(Round::Item).collect()),
                ExprKind::Invalid => None,
                ExprKind::Name(ident)
                    if let Some(ValueKind::List(items)) =
                        self.consts.parameter(&name_of(ident)).map(|given| &given.kind) =>
                {
                    Some(items.iter().cloned().map(Round::Value).collect())
                }
                ExprKind::Name(_) if self.consts.is_broken(&expr.tokens) => None,
                _ => {
                    let shown = text_of(expr.tokens.clone());
                    self.error(
                        Diag::error(
                            Code::LoopValues,
                            expr.loc,
                            format!("a loop goes over a range or a list, and `{shown}` is neither"),
                        )
                        .help("write `for i in 0..4 { … }` or `for units in [64, 32] { … }`"),
                    );
                    None
                }
            },
        }
    }

    /// A number that is known while the macro runs.
    fn bound_of_range(&mut self, expr: &Expr) -> Option<i64> {
        match self.consts.fold(expr) {
            Some(Known::Int(n)) => Some(n),
            _ if has_invalid_part(expr) || self.consts.is_broken(&expr.tokens) => None,
            _ => {
                let shown = text_of(expr.tokens.clone());
                self.error(
                    Diag::error(Code::LoopLength, expr.loc, format!("how often a loop goes round is not known from `{shown}`"))
                        .help("write a whole number, or a `const` of the block that is one")
                        .note("layers are made while the macro runs, before Rust evaluates constants of other places"),
                );
                None
            }
        }
    }

    /// Binds the names of a loop to one of its values. Gives whether that could be done.
    fn bind_round(&mut self, looped: &For, round: Round<'_>) -> bool {
        let names = &looped.names;
        match round {
            Round::Number(n) => {
                let [name] = names.as_slice() else {
                    // A name that is none was reported.
                    if looped.tuple {
                        let diag =
                            Diag::error(Code::LoopPattern, looped.loc, "a range gives one number at a time");
                        self.error(diag.help("write `for i in 0..4 { … }`"));
                    }
                    return false;
                };
                let argument = self.setting(ValueKind::Int(n), None);
                self.define(&name.ident, argument);
                true
            }
            Round::Item(item) if !looped.tuple => {
                let Some(name) = names.first() else { return false };
                let argument = self.argument(item);
                self.define(&name.ident, argument);
                true
            }
            Round::Value(value) if !looped.tuple => {
                let Some(name) = names.first() else { return false };
                let argument = self.setting(value.kind, Some(value.loc));
                self.define(&name.ident, argument);
                true
            }
            Round::Value(value) => {
                let loc = value.loc;
                let parts = match value.kind {
                    ValueKind::List(parts) if parts.len() == names.len() => parts,
                    _ => return self.not_a_tuple(looped, loc),
                };
                for (name, part) in names.iter().zip(parts) {
                    let argument = self.setting(part.kind, Some(part.loc));
                    self.define(&name.ident, argument);
                }
                true
            }
            Round::Item(item) => {
                let parts = match &item.kind {
                    ExprKind::List(parts) if parts.len() == names.len() => parts,
                    ExprKind::Invalid => return false,
                    _ => return self.not_a_tuple(looped, item.loc),
                };
                let arguments: Vec<Argument> = parts.iter().map(|part| self.argument(part)).collect();
                for (name, argument) in names.iter().zip(arguments) {
                    self.define(&name.ident, argument);
                }
                true
            }
        }
    }

    /// Reports a value of a loop that its names cannot take apart.
    fn not_a_tuple(&mut self, looped: &For, loc: Loc) -> bool {
        let names: Vec<String> = looped.names.iter().map(|name| name_of(&name.ident)).collect();
        let message =
            format!("the loop binds {} names, and this is not a tuple of {}", names.len(), names.len());
        self.error(
            Diag::error(Code::LoopPattern, loc, message).help(format!("write `({})`", names.join(", "))),
        );
        false
    }

    fn setting(&self, kind: ValueKind, loc: Option<Loc>) -> Argument {
        let tokens = |id: ConstId| self.const_exprs.get(id.0 as usize).cloned().unwrap_or_default();
        Argument::Value(Consts::setting(kind, loc, tokens))
    }

    /// Lowers a part of a body, and says of each of its mistakes in which expansion it showed: once for each place, since
    /// the next call would tell the same again.
    fn expanded<T>(&mut self, note: String, lower: impl FnOnce(&mut Self) -> T) -> T {
        let (told, checks) = (self.diags.count(), self.builder.checks());
        let given = lower(self);
        self.diags.expanded(told, &note);
        self.builder.note_checks(checks, &note);
        given
    }

    /// Whether so many more statements are few enough.
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

    /// Binds what a body would have bound, so that its names are no news.
    fn poison_all(&mut self, statements: &[Statement]) {
        for statement in statements {
            match statement {
                Statement::Let(binding) => self.poison(&binding.names),
                Statement::For(looped) => self.poison_all(&looped.body),
            }
        }
    }
}

/// What a loop's names are bound to in one round.
enum Round<'e> {
    Number(i64),
    Item(&'e Expr),
    /// Of a list that a name stands for.
    Value(Value),
}

/// Every name that the statements of a body bind.
pub(super) fn names_bound(statements: &[Statement]) -> Vec<String> {
    let mut names = Vec::new();
    for statement in statements {
        match statement {
            Statement::Let(binding) => names.extend(binding.names.iter().map(|name| name_of(&name.ident))),
            Statement::For(looped) => names.extend(names_bound(&looped.body)),
        }
    }
    names
}
