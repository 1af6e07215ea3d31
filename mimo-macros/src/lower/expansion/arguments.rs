//! Arguments of calls of functions.

use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Loc, did_you_mean};
use mimo_graph::dim::ConstId;
use mimo_graph::layers;
use mimo_graph::value::ValueKind;

use crate::ast::{Arg, Expr, ExprKind, name_of};
use crate::lower::consts::{Consts, Parameter};
use crate::lower::library::Callee;
use crate::lower::tensor::Evaluated;
use crate::lower::{Binding, Lower};
use crate::parse::text_of;

/// An argument of a function, or a value of a loop.
#[derive(Clone, Debug)]
pub(in crate::lower) enum Argument {
    Tensor(Binding),
    Value(Parameter),
}

impl Lower<'_> {
    /// One argument for each parameter, evaluated at the call; `None` after an error.
    pub(super) fn arguments(
        &mut self,
        called: &Callee,
        callee: &Expr,
        args: &[Arg],
    ) -> Option<Vec<Argument>> {
        let Callee { function, name, .. } = called;
        let (given, mut sound) = self.by_parameter(called, args);
        let missing: Vec<String> = (function.parameters.iter().zip(&given))
            .filter(|(parameter, given)| parameter.default.is_none() && given.is_none())
            .map(|(parameter, _)| format!("`{}`", name_of(&parameter.ident)))
            .collect();
        if sound && !missing.is_empty() {
            let message = format!("`{name}` is not given {}", missing.join(" and "));
            // The present and missing arguments of the call; defaults may be omitted.
            let call = (function.parameters.iter().zip(&given)).filter_map(|(parameter, given)| {
                let parameter_name = name_of(&parameter.ident);
                match (given, &parameter.default) {
                    (Some(value), None) => Some(text_of(value.tokens.clone())),
                    (Some(value), Some(_)) => {
                        Some(format!("{parameter_name} = {}", text_of(value.tokens.clone())))
                    }
                    (None, None) => Some(parameter_name),
                    (None, Some(_)) => None,
                }
            });
            let form = format!("write `{name}({})`", call.collect::<Vec<_>>().join(", "));
            let mut diag = Diag::error(Code::MissingArgument, callee.loc, message).help(form);
            // Only settings, which must be passed by keyword to make a layer.
            let settings = args.iter().all(|arg| arg.keyword.is_none() && !self.is_operand(&arg.value));
            if settings && !args.is_empty() {
                let needed = function.parameters.iter().filter(|parameter| parameter.default.is_none());
                let names: Vec<String> = needed.map(|parameter| name_of(&parameter.ident)).collect();
                let last = names.get(names.len().saturating_sub(args.len())..).unwrap_or_default();
                let pair =
                    |(name, arg): (&String, &Arg)| format!("{name} = {}", text_of(arg.value.tokens.clone()));
                let shown: Vec<String> = last.iter().zip(args).map(pair).collect();
                diag = diag
                    .help(format!("write `{name}({})` for a layer that is called later", shown.join(", ")));
            }
            self.error(diag);
            sound = false;
        }
        // All are evaluated, so that each error is reported.
        let arguments: Vec<Option<Argument>> = (function.parameters.iter().zip(given))
            .map(|(parameter, given)| self.argument_or_default(called, given, parameter.default.as_ref()))
            .collect();
        sound.then(|| arguments.into_iter().flatten().collect())
    }

    /// An argument, or the default of its parameter. The default of a function of another block is resolved there.
    pub(super) fn argument_or_default(
        &mut self,
        called: &Callee,
        given: Option<&Expr>,
        default: Option<&Expr>,
    ) -> Option<Argument> {
        if let Some(given) = given {
            return Some(self.argument(given));
        }
        let default = default?;
        // The defaults of a `functions!` are checked with its functions.
        if self.calls.is_some() {
            return Some(Argument::Tensor(Binding::Poison));
        }
        if called.home == self.frame.home {
            return Some(self.argument(default));
        }
        self.push_frame(called, default.loc);
        let argument = self.argument(default);
        self.pop_frame();
        Some(argument)
    }

    /// By parameter, the argument of a call, and whether there was no error.
    pub(super) fn by_parameter<'e>(
        &mut self,
        Callee { function, name, .. }: &Callee,
        args: &'e [Arg],
    ) -> (Vec<Option<&'e Expr>>, bool) {
        let parameters: Vec<String> =
            function.parameters.iter().map(|parameter| name_of(&parameter.ident)).collect();
        let form = format!("write `{name}({})`", parameters.join(", "));
        let mut given: Vec<Option<&'e Expr>> = vec![None; parameters.len()];
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
        (given, sound)
    }

    /// An expression as an argument: a tensor or a layer if it can be one, else a value.
    pub(in crate::lower) fn argument(&mut self, expr: &Expr) -> Argument {
        let is_call = matches!(&expr.kind, ExprKind::Call(callee, args)
            if matches!(&callee.kind, ExprKind::Name(ident) if self.function_of_values(&name_of(ident), args)));
        if is_call || is_if(expr) {
            return match self.eval(expr) {
                Evaluated::Value(value) => Argument::Value(value),
                given => Argument::Tensor(bound(given)),
            };
        }
        if !self.is_operand(expr) {
            let kind = self.value(expr).kind;
            let known = self.fold(expr);
            return Argument::Value(self.consts.given(expr, kind, known));
        }
        if let ExprKind::List(_) = expr.kind {
            let mut tensors = Vec::new();
            self.collect(expr, &mut tensors);
            return Argument::Tensor(Binding::Tensors(
                tensors.into_iter().map(|(tensor, _)| tensor).collect(),
            ));
        }
        match self.eval(expr) {
            Evaluated::Value(value) => Argument::Value(value),
            given => Argument::Tensor(bound(given)),
        }
    }

    /// Whether an expression is meant as a tensor, a layer, or a list of tensors.
    pub(super) fn is_operand(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Name(ident) => self.frame.scope.contains_key(&name_of(ident)),
            ExprKind::Paren(inner) => self.is_operand(inner),
            ExprKind::List(items) => !items.is_empty() && items.iter().all(|item| self.is_operand(item)),
            ExprKind::Binary(_, left, right) | ExprKind::Power(left, right) => {
                self.is_operand(left) || self.is_operand(right)
            }
            ExprKind::Index(inner) | ExprKind::Neg(inner) => self.is_operand(inner),
            ExprKind::Call(callee, args) => match &callee.kind {
                ExprKind::Name(ident) => {
                    let name = name_of(ident);
                    self.frame.scope.contains_key(&name)
                        || self.is_function(&name) && !self.function_of_values(&name, args)
                        || self.is_broken_function(&name)
                        || name == "Input"
                        || layers::function(&name).is_some()
                        || layers::classes().any(|class| class == name)
                        || self.nested_model(&name).is_some()
                        // An activation may have the same name: `relu(max_value = 6)`.
                        || layers::operation(&name).is_some()
                            && args.iter().any(|arg| self.is_operand(&arg.value))
                }
                _ => matches!(callee.kind, ExprKind::Call(..)),
            },
            _ => false,
        }
    }

    pub(super) fn define(&mut self, name: &proc_macro2::Ident, argument: Argument) {
        let text = name_of(name);
        if name == "_" {
            return;
        }
        match argument {
            Argument::Tensor(Binding::Poison) if self.calls.is_some() => self.define_unknown(&text),
            Argument::Tensor(binding) => {
                self.consts.forget(&text);
                self.frame.scope.insert(text, binding);
            }
            Argument::Value(parameter) => self.define_value(name, parameter),
        }
    }

    /// Binds a name to a setting.
    pub(in crate::lower) fn define_value(&mut self, name: &proc_macro2::Ident, parameter: Parameter) {
        let text = name_of(name);
        if name != "_" {
            self.frame.scope.remove(&text);
            self.consts.define(text, parameter);
        }
    }

    pub(super) fn setting(&self, kind: ValueKind, loc: Option<Loc>) -> Argument {
        Argument::Value(self.parameter_of(kind, loc))
    }

    /// A setting as what a name stands for.
    pub(in crate::lower) fn parameter_of(&self, kind: ValueKind, loc: Option<Loc>) -> Parameter {
        let tokens = |id: ConstId| self.const_exprs.get(id.0 as usize).cloned().unwrap_or_default();
        Consts::setting(kind, loc, tokens)
    }
}

/// Whether an expression is an `if`, whose chosen branch decides.
pub(in crate::lower) fn is_if(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::If(_) => true,
        ExprKind::Paren(inner) => is_if(inner),
        _ => false,
    }
}

/// Binding of a parameter whose argument is not a value.
fn bound(given: Evaluated) -> Binding {
    match given {
        Evaluated::Tensors(tensors) => match tensors.as_slice() {
            [tensor] => Binding::Tensor(*tensor),
            _ => Binding::Tensors(tensors),
        },
        Evaluated::List(tensors) => Binding::Tensors(tensors),
        Evaluated::Layer(layer) => Binding::Layer(layer),
        Evaluated::Value(_) | Evaluated::Poison => Binding::Poison,
    }
}
