//! Expressions as tensors and layers: `Dense(64)(x)`, `concatenate([a, b])`, `a + b`.

use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Loc, did_you_mean};
use mimo_graph::graph::{LayerId, TensorId};
use mimo_graph::language::call_argument;
use mimo_graph::layers;
use mimo_graph::value::{Value, ValueKind};
use proc_macro2::{Ident, Span};

use super::activations::is_activation;
use super::consts::Parameter;
use super::nested::Callable;
use super::{Binding, Lower};
use crate::ast::{Arg, Expr, ExprKind, name_of};
use crate::losses;
use crate::parse::text_of;

/// Result of an expression.
pub(super) enum Evaluated {
    /// Outputs of a call.
    Tensors(Vec<TensorId>),
    /// A list of tensors.
    List(Vec<TensorId>),
    /// A layer that was not called.
    Layer(Callable),
    /// A number, a word, or another setting.
    Value(Parameter),
    /// An error was reported.
    Poison,
}

impl Lower<'_> {
    /// An expression on the right of a `let`.
    pub(super) fn eval(&mut self, expr: &Expr) -> Evaluated {
        match &expr.kind {
            ExprKind::Name(ident) => match self.lookup(ident, expr.loc) {
                Some(Binding::Tensor(tensor)) => Evaluated::Tensors(vec![tensor]),
                Some(Binding::Tensors(tensors)) => Evaluated::List(tensors),
                Some(Binding::Layer(layer)) => Evaluated::Layer(layer),
                Some(Binding::Poison) | None => Evaluated::Poison,
            },
            ExprKind::Paren(inner) => self.eval(inner),
            ExprKind::Call(callee, args) => self.eval_call(expr, callee, args),
            ExprKind::Binary(..) => {
                self.prepare(expr);
                self.operator(expr)
            }
            ExprKind::Loop(looped) => self.list_of_rounds(looped),
            ExprKind::Switch(switch) => self.switch(expr, switch),
            ExprKind::If(branching) => self.chosen(branching),
            ExprKind::Invalid => Evaluated::Poison,
            ExprKind::List(items) => {
                let diag = Diag::error(Code::NotATensor, expr.loc, "a list is not a tensor");
                self.error(match items.iter().any(|item| self.is_tensor(item)) || items.is_empty() {
                    true => diag.help("join tensors with `concatenate([a, b])`, or bind each with its own `let`"),
                    false => diag.help("write the values where a layer or an operation takes a list: `reshape(x, [-1, 4, 8])`"),
                });
                Evaluated::Poison
            }
            ExprKind::Int(_) | ExprKind::Float(_) => {
                self.number_as_tensor(expr, None);
                Evaluated::Poison
            }
            ExprKind::Neg(inner) => self.negative(expr, inner),
            ExprKind::Power(base, exponent) => self.power_of_tensor(expr, base, exponent),
            ExprKind::Index(_) | ExprKind::Shape(_) | ExprKind::Len(_) if self.is_lost_value(expr) => {
                self.broken = true;
                Evaluated::Poison
            }
            ExprKind::Index(_) | ExprKind::Shape(_) | ExprKind::Len(_)
                if let Some(diag) = self.unknown_part(expr) =>
            {
                self.broken = true;
                self.error(diag);
                Evaluated::Poison
            }
            ExprKind::Index(_) if self.is_number(expr) => {
                self.number_as_tensor(expr, None);
                Evaluated::Poison
            }
            ExprKind::Index(indexed) => self.index(expr, indexed),
            ExprKind::Shape(_) | ExprKind::Len(_) => {
                self.number_as_tensor(expr, None);
                Evaluated::Poison
            }
            ExprKind::Rust => self.no_tensor_of_rust(expr),
            ExprKind::Bool(_) | ExprKind::Str(_) | ExprKind::None | ExprKind::Map(_) => {
                let shown = text_of(expr.tokens.clone());
                self.error(
                    Diag::error(
                        Code::NotATensor,
                        expr.loc,
                        format!("`{shown}` is neither a tensor nor a layer"),
                    )
                    .help("write `Layer(settings)(tensor)`"),
                );
                Evaluated::Poison
            }
        }
    }

    /// The binding of a name; `None` after reporting an error.
    fn lookup(&mut self, ident: &Ident, loc: Loc) -> Option<Binding> {
        let name = name_of(ident);
        if let Some(binding) = self.frame.scope.get(&name) {
            return Some(binding.clone());
        }
        if self.is_told(&name) {
            return None;
        }
        let given = self.consts.parameter(&name).map(|given| given.value(loc));
        if given.as_ref().is_some_and(|given| given.kind == ValueKind::Invalid) {
            return None;
        }
        let by_let = self.consts.parameter(&name).is_some_and(|given| given.by_let);
        let diag = if let Some(given) = given.as_ref().filter(|given| by_let && given.word().is_none()) {
            let message = format!("`{name}` is {}, and it is used as a tensor", given.describe());
            Diag::error(Code::NotATensor, given.loc, message)
                .help(format!("bind a tensor to it: `let {name} = Layer(settings)(tensor);`"))
        } else if let Some(given) = given {
            self.no_tensor(&name, given, loc)
        } else if let Some(never) = self.frame.never.get(&name) {
            never.diag(&name, loc)
        } else if self.frame.bound.contains(&name) {
            Diag::error(Code::UsedBeforeBound, loc, format!("`{name}` is used before it is bound"))
                .help(format!("move `let {name} = …;` before this"))
        } else if let Some(function) = self.outside(&name) {
            Diag::error(
                Code::BoundOutside,
                loc,
                format!("`{name}` is bound outside of the function `{function}`"),
            )
            .help(format!("give it to the function: `fn {function}({name}, …)`"))
        } else if self.is_function(&name) {
            Diag::error(
                Code::FunctionAsTensor,
                loc,
                format!("`{name}` is a function, and a tensor is needed here"),
            )
            .help(format!("call it: `{name}(…)`"))
        } else if self.consts.contains(&name) {
            Diag::error(
                Code::ConstantAsTensor,
                loc,
                format!("`{name}` is a constant, and a tensor is needed here"),
            )
            .help("write `Layer(settings)(tensor)`")
        } else if self.nested_model(&name).is_some() {
            Diag::error(
                Code::ModelNotMade,
                loc,
                format!("`{name}` is a model, and has to be made before it is called"),
            )
            .help(format!("write `{name}()`"))
        } else if let Some(class) = known(&name) {
            Diag::error(Code::LayerWithoutSettings, loc, format!("`{name}` is a layer without its settings"))
                .help(format!("write `{class}(…)`"))
        } else if name == "training" {
            let message = "`training` is not a tensor: it is the condition of a switch";
            Diag::error(Code::UnknownName, loc, message).help("write `let y = if training { a } else { b };`")
        } else {
            let diag =
                Diag::error(Code::UnknownName, loc, format!("cannot find a tensor or a layer `{name}`"));
            match self.near_in_scope(&name) {
                Some(near) => diag.help(format!("did you mean `{near}`?")),
                None => diag.help(format!("bind it first: `let {name} = …;`")),
            }
        };
        self.unbound(&name, diag);
        None
    }

    /// Error for a parameter with a value where a tensor is needed: the argument may have been meant as a tensor.
    pub(super) fn no_tensor(&self, name: &str, given: Value, loc: Loc) -> Diag {
        let ValueKind::Ident { text, .. } = &given.kind else {
            let name = if name == "this" { name.to_owned() } else { format!("`{name}`") };
            let message = format!("{name} is {} here, and a tensor is needed", given.describe());
            return Diag::error(Code::FunctionAsTensor, loc, message).help("a layer is called on a tensor");
        };
        let diag =
            Diag::error(Code::UnknownName, given.loc, format!("cannot find a tensor or a layer `{text}`"));
        let callers = self.bound_by_callers();
        match did_you_mean(text, callers) {
            Some(near) => diag.help(format!("did you mean `{near}`?")),
            None => diag.help(format!("bind it first: `let {text} = …;`")),
        }
    }

    /// `callee(args)`
    fn eval_call(&mut self, expr: &Expr, callee: &Expr, args: &[Arg]) -> Evaluated {
        // Arguments are calls themselves. Rare cases are separate functions, so that each level uses little stack.
        match &callee.kind {
            ExprKind::Name(ident) => self.call_of_name(expr, callee, ident, args),
            _ => self.call_of_result(expr, callee, args),
        }
    }

    /// `Dense(64)(x)`, `(enc)(x)`
    fn call_of_result(&mut self, expr: &Expr, callee: &Expr, args: &[Arg]) -> Evaluated {
        // `crate::Layer(name = "mine")`
        if let ExprKind::Rust = callee.kind {
            return self.no_tensor_of_rust(expr);
        }
        if let Some(given) = self.called_in_two_steps(expr, callee, args) {
            return given;
        }
        if self.loss_in_two_steps(callee, args) {
            return Evaluated::Poison;
        }
        match self.eval(callee) {
            Evaluated::Layer(layer) => return self.apply(layer, args, expr.loc),
            Evaluated::Tensors(_) | Evaluated::List(_) => {
                let shown = text_of(callee.tokens.clone());
                let help = "bind it with `let`, and call a layer on it".into();
                self.tensor_called(expr.loc, &format!("`{shown}` is a tensor"), help);
            }
            Evaluated::Value(value) => self.value_as_tensor(&value, callee.loc),
            Evaluated::Poison => {
                self.operands(args, expr.loc);
            }
        }
        Evaluated::Poison
    }

    /// `MeanSquaredError()(a, b)`: reports it, and returns whether it was one.
    fn loss_in_two_steps(&mut self, callee: &Expr, args: &[Arg]) -> bool {
        if let ExprKind::Call(inner, _) = &callee.kind
            && let ExprKind::Name(ident) = &inner.kind
            && !self.frame.scope.contains_key(&name_of(ident))
            && let Some(diag) = losses::of_tensors(&name_of(ident), operands_of_loss(args), inner.loc)
        {
            self.error(diag);
            self.tensors_of_lost(args);
            return true;
        }
        false
    }

    fn tensor_called(&mut self, loc: Loc, what: &str, help: String) {
        let message = format!("{what}, and only layers are called");
        self.error(Diag::error(Code::TensorCalled, loc, message).help(help));
    }

    /// `Weight([8])`
    fn weight(&mut self, expr: &Expr, callee: &Expr, ident: &Ident, args: &[Arg]) -> Evaluated {
        if let Some(arg) =
            args.iter().find(|arg| !matches!(arg.value.kind, ExprKind::List(_)) && self.is_tensor(&arg.value))
        {
            let shown = text_of(arg.value.tokens.clone());
            let message = format!("`{shown}` is a tensor, and a `Weight` is the same for every sample");
            let diag = Diag::error(Code::WrongValue, arg.value.loc, message);
            self.error(diag.help("write the lengths of its axes: `Weight([8])`"));
            return Evaluated::Poison;
        }
        let settings = self.args(args);
        match self.layer("Weight", callee.loc, &settings, expr.loc, ident) {
            Some(layer) => self.call(layer, &[], expr.loc),
            None => Evaluated::Poison,
        }
    }

    fn model_as_layer(&mut self, name: &str, loc: Loc) {
        let help = match name {
            "Model" => "end the block with `Model(inputs = […], outputs = […])`",
            _ => {
                "call its layers one after the other, or write a function of the block: \
                 `fn block(x) { let h = Dense(32)(x); Dense(8)(h) }`"
            }
        };
        let message = format!("`{name}(…)` is not a layer of a model");
        self.error(Diag::error(Code::ModelAsLayer, loc, message).help(help));
    }

    fn value_called(&mut self, name: &str, value: &Value, loc: Loc) {
        let message = format!("`{name}` is {} here, and only layers are called", value.describe());
        self.error(Diag::error(Code::FunctionAsTensor, loc, message).help("give the function a layer"));
    }

    fn call_of_name(&mut self, expr: &Expr, callee: &Expr, ident: &Ident, args: &[Arg]) -> Evaluated {
        let name = name_of(ident);
        // The recursion is deep: large cases are separate functions.
        match self.frame.scope.get(&name).cloned() {
            Some(Binding::Layer(layer)) => return self.apply(layer, args, expr.loc),
            Some(other) => return self.no_layer_called(&name, &other, callee, expr, args),
            None => {}
        }
        if let Some(function) = self.callee(&name) {
            return self.call_function(function, expr, callee, args);
        }
        self.call_of_item(expr, callee, (&name, ident), args)
    }

    /// A call of a binding that is not a layer.
    fn no_layer_called(
        &mut self,
        name: &str,
        binding: &Binding,
        callee: &Expr,
        expr: &Expr,
        args: &[Arg],
    ) -> Evaluated {
        match binding {
            Binding::Tensors(_) => {
                let help = format!("take one of its tensors: `{name}[0]`");
                self.tensor_called(callee.loc, &format!("`{name}` is a list of tensors"), help);
            }
            Binding::Tensor(_) => {
                let help = format!("call a layer on it: `Layer(settings)({name})`");
                self.tensor_called(callee.loc, &format!("`{name}` is a tensor"), help);
            }
            Binding::Poison | Binding::Layer(_) => {
                self.operands(args, expr.loc);
            }
        }
        Evaluated::Poison
    }

    /// A call of an item of the language, or of an unknown name.
    fn call_of_item(
        &mut self,
        expr: &Expr,
        callee: &Expr,
        (name, ident): (&str, &Ident),
        args: &[Arg],
    ) -> Evaluated {
        if self.is_broken_function(name) {
            self.broken = true;
            self.tensors_of_lost(args);
            return Evaluated::Poison;
        }
        if let Some(given) = self.consts.parameter(name).map(|given| given.value(callee.loc)) {
            self.value_called(name, &given, callee.loc);
            return Evaluated::Poison;
        }
        match name {
            "Input" => {
                let args = self.args(args);
                return Evaluated::Tensors(vec![self.builder.input(&args, expr.loc, &mut self.diags)]);
            }
            "Weight" => return self.weight(expr, callee, ident, args),
            "Model" | "Sequential" => {
                self.model_as_layer(name, expr.loc);
                return Evaluated::Poison;
            }
            _ => {}
        }
        if let Some(nested) = self.nested_model(name) {
            return self.instantiate(nested, ident, args, (callee.loc, expr.loc));
        }
        if name == "add_loss" {
            return self.loss_as_tensor(expr);
        }
        if let Some(given) = self.activation(expr, callee, (name, ident), args) {
            return given;
        }
        if let Some(item) = self.operation_of(name, args) {
            return self.operation(expr, callee, item, args);
        }
        if let Some(diag) = self.merge_of_one(expr, name, args) {
            self.error(diag);
            self.tensors_of_lost(args);
            return Evaluated::Poison;
        }
        if let Some(class) = layers::function(name) {
            return self.function(expr, callee, name, class, args);
        }
        if let Some(diag) = losses::of_tensors(name, operands_of_loss(args), callee.loc) {
            self.error(diag);
            self.tensors_of_lost(args);
            return Evaluated::Poison;
        }
        if self.is_misplaced(name, callee, args) {
            return Evaluated::Poison;
        }
        if self.is_unbound(name, callee.loc) {
            self.tensors_of_lost(args);
            return Evaluated::Poison;
        }
        if let Some(steps) = self.steps_of_a_model(name, args) {
            return steps;
        }
        if self.wraps_a_model(name, args) || self.wraps_a_function(name, args) {
            return Evaluated::Poison;
        }
        self.layer_made(expr, callee, (name, ident), args)
    }

    /// `Dense(64, activation = relu)`
    fn layer_made(
        &mut self,
        expr: &Expr,
        callee: &Expr,
        (name, ident): (&str, &Ident),
        args: &[Arg],
    ) -> Evaluated {
        let of_calls = |arg: &&Arg| match &arg.keyword {
            Some((keyword, _)) => call_argument(keyword).is_some(),
            None => false,
        };
        let (of_calls, args): (Vec<_>, Vec<_>) = args.iter().partition(of_calls);
        let settings = self.args(args);
        let made = self.layer(name, callee.loc, &settings, expr.loc, ident);
        let mut lacks_tensors = false;
        for (keyword, loc) in of_calls.into_iter().filter_map(|arg| arg.keyword.as_ref()) {
            // The tensor is then unused, which is not a second mistake.
            self.broken = true;
            let places = made.map(|layer| self.builder.graph().layer(layer).kind.places());
            lacks_tensors |= places.is_some_and(|places| places.contains(&keyword.as_str()));
            let takes = made.is_none_or(|layer| self.builder.takes_at_calls(layer, keyword));
            self.error(if takes {
                let message = format!("`{keyword}` is not a setting: each call has its own");
                Diag::error(Code::InitialStateInSettings, *loc, message)
                    .help(format!("give it at the call: `{name}(…)(x, {keyword} = …)`"))
            } else {
                Diag::error(Code::UnknownArgument, *loc, format!("`{name}` has no argument `{keyword}`"))
                    .help(format!("remove it: calls of `{name}` have no `{keyword}` either"))
            });
        }
        match made.filter(|_| !lacks_tensors) {
            Some(layer) => Evaluated::Layer(Callable::Layer(layer)),
            None => Evaluated::Poison,
        }
    }

    /// Reads the tensors of a call whose callee was reported, so that errors in them are found. Its other arguments
    /// are unknown.
    pub(super) fn tensors_of_lost(&mut self, args: &[Arg]) {
        for arg in
            args.iter().filter(|arg| arg.keyword.is_none() || self.is_tensor(&arg.value)).collect::<Vec<_>>()
        {
            self.tensor_of_lost(&arg.value);
        }
    }

    fn tensor_of_lost(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::List(items) => items.iter().for_each(|item| self.tensor_of_lost(item)),
            ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Bool(_)
            | ExprKind::Str(_)
            | ExprKind::None
            | ExprKind::Map(_)
            | ExprKind::Rust => {}
            _ if self.is_number(expr) => {}
            _ => {
                let mut tensors = Vec::new();
                self.collect(expr, &mut tensors);
            }
        }
    }

    pub(super) fn layer(
        &mut self,
        class: &str,
        class_loc: Loc,
        args: &[mimo_graph::value::Arg],
        call: Loc,
        ident: &Ident,
    ) -> Option<LayerId> {
        self.layer_of(class, class_loc, args, call, ident.span())
    }

    /// The layer of a call of a class or of an operation.
    pub(super) fn layer_of(
        &mut self,
        class: &str,
        class_loc: Loc,
        args: &[mimo_graph::value::Arg],
        call: Loc,
        span: Span,
    ) -> Option<LayerId> {
        let made = self.once(class, |lower| {
            let layer = lower.builder.layer(class, class_loc, args, call, &mut lower.diags)?;
            // A layer may have made others.
            lower.layer_spans.resize(lower.builder.graph().layers.len(), span);
            Some(Callable::Layer(layer))
        });
        match made? {
            Callable::Layer(layer) => Some(layer),
            Callable::Instance(..) | Callable::Function(_) => None,
        }
    }

    /// Tensors among the settings: `Flatten(x)`, `encodr(x)`. Returns whether that was reported.
    fn is_misplaced(&mut self, name: &str, callee: &Expr, args: &[Arg]) -> bool {
        let Some(tensor) = args.iter().find(|arg| arg.keyword.is_none() && self.is_tensor(&arg.value)) else {
            return false;
        };
        let shown = text_of(tensor.value.tokens.clone());
        let bound = self.frame.scope.iter().filter(|(_, binding)| matches!(binding, Binding::Layer(_)));
        let callable = bound.map(|(name, _)| name.as_str()).chain(self.function_names());
        let near = did_you_mean(name, callable).map(str::to_owned);
        // A lower-case name was meant to be bound, and is reported once.
        let meant = near.is_some() || known(name).is_some();
        if meant && name.starts_with(char::is_lowercase) && self.is_told(name) {
            return true;
        }
        let diag = match (known(name), near) {
            (Some(class), _) => {
                let settings = if args.len() == 1 && takes_nothing(class) { "" } else { "…" };
                Diag::error(
                    Code::TensorInSettings,
                    tensor.value.loc,
                    format!("`{shown}` is a tensor, and `{class}` takes its settings first"),
                )
                .help(format!("write `{class}({settings})({shown})`"))
            }
            (None, Some(near)) => {
                let what = if self.is_function(&near) { "function" } else { "layer" };
                Diag::error(Code::UnknownLayer, callee.loc, format!("cannot find a {what} `{name}`"))
                    .help(format!("did you mean `{near}`?"))
            }
            // The builder suggests similar names of classes.
            (None, None) => return false,
        };
        match meant {
            true => self.unbound(name, diag),
            false => self.error(diag),
        }
        true
    }

    /// Whether an expression can only be a tensor, or a list of them.
    pub(super) fn is_tensor(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Name(ident) => {
                matches!(
                    self.frame.scope.get(&name_of(ident)),
                    Some(Binding::Tensor(_) | Binding::Tensors(_))
                )
            }
            ExprKind::List(items) => !items.is_empty() && items.iter().all(|item| self.is_tensor(item)),
            ExprKind::Paren(inner) | ExprKind::Neg(inner) => self.is_tensor(inner),
            ExprKind::Binary(_, left, right) => self.is_tensor(left) || self.is_tensor(right),
            ExprKind::Index(inner) | ExprKind::Power(inner, _) => self.is_tensor(inner),
            // `Dropout(0.5)(x)`
            ExprKind::Call(callee, args) => match &callee.kind {
                ExprKind::Call(..) => true,
                ExprKind::Name(ident) => {
                    let name = name_of(ident);
                    name == "Weight"
                        || matches!(self.frame.scope.get(&name), Some(Binding::Layer(_)))
                        || self.callee(&name).is_some_and(|own| !self.makes_layer(&own.function, args))
                            && !self.function_of_values(&name, args)
                        // An activation may have the same name: `relu(max_value = 6)`.
                        || (layers::operation(&name).is_some() || is_activation(&name))
                            && args.iter().any(|arg| self.is_tensor(&arg.value))
                }
                _ => false,
            },
            _ => false,
        }
    }
}

/// The two tensors of a loss.
fn operands_of_loss(args: &[Arg]) -> Option<[String; 2]> {
    match args {
        [t, p] if t.keyword.is_none() && p.keyword.is_none() => {
            Some([t, p].map(|arg| text_of(arg.value.tokens.clone())))
        }
        _ => None,
    }
}

/// The class of this name, ignoring case: `flatten`.
fn known(name: &str) -> Option<&'static str> {
    let fold = |text: &str| text.to_lowercase().replace('_', "");
    layers::classes().find(|class| fold(class) == fold(name))
}

/// Whether a class has no required settings.
fn takes_nothing(class: &str) -> bool {
    matches!(
        class,
        "Flatten" | "Concatenate" | "Add" | "Subtract" | "Multiply" | "Average" | "Maximum" | "Minimum"
    )
}
