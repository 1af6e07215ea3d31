//! Operations on tensors: `exp(x)`, `where(x > 0.0, x, y)`, `a * b + 0.5`, `-x`.

use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Loc};
use mimo_graph::graph::TensorId;
use mimo_graph::item::{Item, Kind};
use mimo_graph::layers::{self, Effect};
use mimo_graph::value::{self, Value, ValueKind};
use proc_macro2::{Punct, Spacing, Span, TokenStream, TokenTree};
use quote::quote;

use super::Lower;
use super::consts::{Known, of_numbers};
use super::tensor::Evaluated;
use crate::ast::{Arg, Expr, ExprKind, Op, name_of};
use crate::parse::text_of;

/// An operand of an operator, evaluated.
pub(super) enum Side<'e> {
    /// A number.
    Number(&'e Expr),
    /// A tensor, possibly poisoned.
    Tensor(TensorId, Loc),
}

impl Lower<'_> {
    /// The operation of a call: `exp(x)`, and `maximum(a, b)` with its two operands, while `maximum([a, b])` is a
    /// layer.
    pub(super) fn operation_of(&self, name: &str, args: &[Arg]) -> Option<&'static Item> {
        let is_list = |arg: &Arg| matches!(arg.value.kind, ExprKind::List(_)) || self.is_list(&arg.value);
        let item = layers::operation(name)?;
        let operands = args.iter().filter(|arg| match &arg.keyword {
            Some((keyword, _)) => item.positional.iter().any(|argument| argument.name == keyword),
            None => true,
        });
        let of_layer = operands.count() < 2 || args.iter().any(is_list);
        (layers::function(name).is_none() || !of_layer).then_some(item)
    }

    /// `clip(x, 0.0, x_max = 1.0)`
    pub(super) fn operation(
        &mut self,
        expr: &Expr,
        callee: &Expr,
        item: &'static Item,
        args: &[Arg],
    ) -> Evaluated {
        if let Some(diag) = self.misused(item, args) {
            self.error(diag);
            self.tensors_of_lost(args);
            self.broken = true;
            return Evaluated::Poison;
        }
        let mut settings = Vec::new();
        let mut tensors = Vec::new();
        for (place, arg) in args.iter().enumerate() {
            let parameter = match &arg.keyword {
                Some((keyword, _)) => item.positional.iter().position(|argument| argument.name == keyword),
                None => Some(place),
            };
            let kind = parameter.and_then(|at| item.positional.get(at)).map(|argument| argument.kind);
            let value = if kind == Some(Kind::TensorList) {
                let before = tensors.len();
                let mut operands = Vec::new();
                self.collect(&arg.value, &mut operands);
                tensors.extend(operands.into_iter().map(|tensor| (parameter, tensor)));
                let is_list = matches!(arg.value.kind, ExprKind::List(_)) || tensors.len() != before + 1;
                let next = args.get(place + 1).filter(|next| next.keyword.is_none());
                if let Some(next) = next.filter(|next| !is_list && self.is_tensor(&next.value)) {
                    let message = format!("`{}` takes its tensors as one list", item.class);
                    let diag = Diag::error(Code::TensorsNotInAList, next.value.loc, message);
                    self.error(diag.help(format!("write `{}([a, b], axis = 1)`", item.class)));
                    return Evaluated::Poison;
                }
                Value { kind: ValueKind::Tensor, loc: arg.value.loc }
            } else if kind == Some(Kind::Tensors) && !self.is_number(&arg.value) {
                let operand = self.operand(&arg.value);
                tensors.extend(operand.into_iter().map(|tensor| (parameter, tensor)));
                Value { kind: ValueKind::Tensor, loc: arg.value.loc }
            } else if self.is_tensor(&arg.value) {
                Value { kind: ValueKind::Tensor, loc: arg.value.loc }
            } else if matches!(kind, Some(Kind::Tensors | Kind::Float))
                && (self.is_number(&arg.value) || matches!(arg.value.kind, ExprKind::Rust))
            {
                self.number(&arg.value)
            } else {
                self.value(&arg.value)
            };
            settings.push(value::Arg { name: arg.keyword.clone(), value });
        }
        // If an argument was reported, others may be at wrong positions.
        if args.iter().any(|arg| matches!(arg.value.kind, ExprKind::Invalid)) {
            self.broken = true;
            self.builder.poison(expr.loc);
            return Evaluated::Poison;
        }
        // Keywords may be in any order.
        tensors.sort_by_key(|(parameter, _)| *parameter);
        let tensors: Vec<_> = tensors.into_iter().map(|(_, tensor)| tensor).collect();
        let span = match &callee.kind {
            ExprKind::Name(ident) => ident.span(),
            _ => Span::call_site(),
        };
        let places = (callee.loc, expr.loc);
        if layers::split::is_list(item.class) && !tensors.is_empty() {
            return self.parts(item.class, &settings, &tensors, places, span);
        }
        self.operate(item.class, &settings, &tensors, places, span)
    }

    /// `add_loss(expression, name = "kl");`
    pub(super) fn add_loss(&mut self, expr: &Expr) {
        let given = match (&expr.kind, layers::operation("add_loss")) {
            (ExprKind::Call(callee, args), Some(item)) => self.operation(expr, callee, item, args),
            _ => Evaluated::Poison,
        };
        self.broken |= matches!(given, Evaluated::Poison);
    }

    /// Reports `add_loss(…)` used as a tensor.
    pub(super) fn loss_as_tensor(&mut self, expr: &Expr) -> Evaluated {
        self.error(
            Diag::error(
                Code::StatementAsTensor,
                expr.loc,
                "`add_loss(…)` is a statement, which returns no tensor",
            )
            .help("bind the loss first: `let loss = …; add_loss(loss, name = \"loss\");`"),
        );
        Evaluated::Poison
    }

    /// `split(x, 3, axis = -1)`: each part is an index of the tensor.
    fn parts(
        &mut self,
        name: &str,
        settings: &[value::Arg],
        tensors: &[(TensorId, Loc)],
        (name_loc, call): (Loc, Loc),
        span: Span,
    ) -> Evaluated {
        let &[x] = tensors else { return Evaluated::Poison };
        let Some(parts) = self.builder.parts(name, settings, x, call, &mut self.diags) else {
            // Tensors that are therefore unread are not a second mistake.
            self.broken = true;
            self.builder.poison(call);
            return Evaluated::Poison;
        };
        let mut given = Vec::new();
        for key in parts {
            let loc = key.loc;
            let settings = [Value { kind: ValueKind::Tensor, loc: x.1 }, key];
            let settings = settings.map(|value| value::Arg { name: None, value });
            match self.operate("get_item", &settings, tensors, (name_loc, loc), span) {
                Evaluated::Tensors(part) => given.extend(part),
                _ => return Evaluated::Poison,
            }
        }
        Evaluated::List(given)
    }

    /// Makes an operation and calls it.
    pub(super) fn operate(
        &mut self,
        name: &str,
        settings: &[value::Arg],
        tensors: &[(TensorId, Loc)],
        places: (Loc, Loc),
        span: Span,
    ) -> Evaluated {
        let told = self.diags.count();
        let given = self.made(name, settings, tensors, places, span);
        if self.diags.count() > told {
            let tensors: Vec<TensorId> = tensors.iter().map(|(tensor, _)| *tensor).collect();
            self.note_axes_of_weights(told, &tensors);
        }
        given
    }

    fn made(
        &mut self,
        name: &str,
        settings: &[value::Arg],
        tensors: &[(TensorId, Loc)],
        (name_loc, call): (Loc, Loc),
        span: Span,
    ) -> Evaluated {
        let told = self.diags.count();
        let Some(layer) = self.layer_of(name, name_loc, settings, call, span) else {
            return Evaluated::Poison;
        };
        self.builder.as_operator(layer);
        if tensors.is_empty() {
            // The tensor may be a missing setting.
            if self.diags.count() > told {
                return Evaluated::Poison;
            }
            let diag = match self.builder.graph().layer(layer).kind.effect() {
                Effect::Drawn => Diag::error(
                    Code::NotATensor,
                    call,
                    format!("`{name}` needs a tensor, whose shape the random numbers have"),
                )
                .help(format!("write `{name}(x)`, with any tensor of the model that has the shape")),
                _ if name == "add_loss" => {
                    Diag::error(Code::NotATensor, call, "a loss that is a number trains nothing")
                        .help("write an expression of tensors: `add_loss(sum(square(x), axis = -1))`")
                }
                _ => Diag::error(
                    Code::NotATensor,
                    call,
                    format!("`{name}` of numbers is a number, and a tensor is needed here"),
                )
                .help("write the number itself where it is used"),
            };
            self.error(diag);
            return Evaluated::Poison;
        }
        self.call(layer, tensors, call)
    }

    /// Whether an operand is a number: a literal, a constant of the block or of Rust, or computed from these.
    pub(super) fn is_number(&self, expr: &Expr) -> bool {
        match &expr.kind {
            _ if matches!(self.fold(expr), Some(Known::Int(_) | Known::Float(_))) => true,
            ExprKind::Paren(inner) | ExprKind::Neg(inner) => self.is_number(inner),
            ExprKind::Binary(op, left, right) => {
                op.computes() && self.is_number(left) && self.is_number(right)
            }
            ExprKind::Name(ident) => {
                let name = name_of(ident);
                let is_setting =
                    |kind: &ValueKind| matches!(kind, ValueKind::Ident { .. } | ValueKind::Expr(_));
                !self.frame.scope.contains_key(&name)
                    && !matches!(self.fold(expr), Some(Known::Bool(_) | Known::Str(_)))
                    && match self.consts.parameter(&name) {
                        Some(given) => is_setting(&given.kind),
                        None => self.consts.contains(&name) || is_constant(&name),
                    }
            }
            ExprKind::Call(..) => self.known_number(expr).is_some(),
            // A path, or a call of a constant function. Tensors have no paths.
            ExprKind::Rust if !self.mentions_tensor(&expr.tokens) => {
                let tokens: Vec<_> = expr.tokens.clone().into_iter().collect();
                // The functions of Rust's floats are not const.
                matches!(&tokens[..], [TokenTree::Ident(word), TokenTree::Punct(a), TokenTree::Punct(b), ..]
                    if a.as_char() == ':' && b.as_char() == ':' && !is_call_of_float(word, &tokens))
            }
            _ => false,
        }
    }

    /// A number as a setting. With tensors all numbers are floats: `1 / 2` is 0.5, as in Keras.
    pub(super) fn number(&mut self, expr: &Expr) -> Value {
        let kind = match self.known_number(expr) {
            // With whole tensors, an integer keeps the result whole.
            Some(_) if let Some(whole) = self.whole_number(expr) => ValueKind::Int(whole),
            Some(number) => ValueKind::Float(number),
            None if self.has_outsiders(&expr.tokens, expr.loc) => ValueKind::Invalid,
            None => ValueKind::Expr(self.constant_of(&number_tokens(expr), expr.loc, true)),
        };
        Value { kind, loc: expr.loc }
    }

    /// The value of an integer that is not computed.
    fn whole_number(&self, expr: &Expr) -> Option<i64> {
        match &expr.kind {
            ExprKind::Paren(inner) => self.whole_number(inner),
            ExprKind::Neg(inner) => self.whole_number(inner)?.checked_neg(),
            ExprKind::Int(_) | ExprKind::Name(_) => match self.fold(expr)? {
                Known::Int(n) => Some(n),
                _ => None,
            },
            _ => None,
        }
    }

    /// The value of a number known to the macro.
    pub(super) fn known_number(&self, expr: &Expr) -> Option<f64> {
        match &expr.kind {
            ExprKind::Paren(inner) => self.known_number(inner),
            ExprKind::Neg(inner) => Some(-self.known_number(inner)?),
            ExprKind::Binary(op, left, right) => {
                let (a, b) = (self.known_number(left)?, self.known_number(right)?);
                Some(match op {
                    Op::Add => a + b,
                    Op::Sub => a - b,
                    Op::Mul => a * b,
                    Op::Div => a / b,
                    Op::Rem => a % b,
                    _ => return None,
                })
            }
            // `sqrt(dim)`
            ExprKind::Call(callee, args) => {
                let ExprKind::Name(ident) = &callee.kind else { return None };
                let number = |arg: &Arg| self.known_number(&arg.value).filter(|_| arg.keyword.is_none());
                let numbers: Vec<f64> = args.iter().map(number).collect::<Option<_>>()?;
                let name = name_of(ident);
                if self.frame.scope.contains_key(&name) || self.expansions.function(&name).is_some() {
                    return None;
                }
                let number = of_numbers(&name, &numbers).filter(|number| number.is_finite());
                number.or_else(|| self.fold(expr)?.number())
            }
            _ => self.fold(expr)?.number(),
        }
    }

    /// Reports a number where a tensor is needed; `name` is the binding of a `let`.
    pub(super) fn number_as_tensor(&mut self, expr: &Expr, name: Option<&str>) {
        let is_call = expr.find(&|part| matches!(part, ExprKind::Call(..))).is_some();
        let text = match self.known_number(expr).filter(|_| is_call) {
            Some(number) => format!("{number:?}"),
            None => text_of(expr.tokens.clone()),
        };
        let ty = match self.fold(expr) {
            Some(Known::Int(n)) if n < 0 => "i64",
            Some(Known::Float(_)) => "f64",
            _ if text.contains('.') => "f64",
            _ => "usize",
        };
        let constant = name.map(|name| name.trim_matches('_').to_uppercase()).filter(|name| !name.is_empty());
        let constant = constant.unwrap_or_else(|| "NAME".into());
        let diag = Diag::error(Code::NotATensor, expr.loc, "a number is not a tensor");
        let factor =
            if matches!(expr.kind, ExprKind::Binary(..)) { format!("({text})") } else { text.clone() };
        self.error(diag.help(format!(
            "write it where it is used, as in `{factor} * x`, or as a constant: `const {constant}: {ty} = {text};`"
        )));
    }

    /// `-x`
    pub(super) fn negative(&mut self, expr: &Expr, inner: &Expr) -> Evaluated {
        let operand = self.operand(inner);
        let settings = [value::Arg { name: None, value: Value { kind: ValueKind::Tensor, loc: inner.loc } }];
        self.operate("negative", &settings, &operand, (expr.loc, expr.loc), self.spans.get(expr.loc).start)
    }

    /// `a + b - c`: a chain is evaluated from its left end, one operator at a time.
    pub(super) fn operator(&mut self, expr: &Expr) -> Evaluated {
        let mut links = Vec::new();
        let mut first = expr;
        while let ExprKind::Binary(op, left, right) = &first.kind {
            if let (false, ExprKind::Binary(other, a, b)) = (op.computes(), &left.kind)
                && !other.computes()
            {
                let [a, b, c] = [a, b, right].map(|side| text_of(side.tokens.clone()));
                let (other, op) = (other.symbol(), op.symbol());
                let message = "comparisons do not follow each other: the first returns 0 or 1";
                self.error(
                    Diag::error(Code::PythonExpression, expr.loc, message)
                        .help(format!("write `logical_and({a} {other} {b}, {b} {op} {c})`")),
                );
                self.broken = true;
                return Evaluated::Poison;
            }
            links.push((first, *op, &**right));
            first = left;
        }
        let mut left = self.side_of(first);
        for (link, op, right) in links.into_iter().rev() {
            let right = self.side_of(right);
            if let (Side::Number(_), Side::Number(_)) = (&left, &right) {
                left = Side::Number(link);
                continue;
            }
            left = match self.combined(link, op, [left, right]) {
                Evaluated::Tensors(given) if let [tensor] = given[..] => Side::Tensor(tensor, link.loc),
                _ => Side::Tensor(self.builder.poison(link.loc), link.loc),
            };
        }
        match left {
            Side::Number(_) => {
                self.number_as_tensor(expr, None);
                Evaluated::Poison
            }
            Side::Tensor(tensor, _) => Evaluated::Tensors(vec![tensor]),
        }
    }

    pub(super) fn side_of<'e>(&mut self, expr: &'e Expr) -> Side<'e> {
        if self.is_number(expr) {
            return Side::Number(expr);
        }
        match self.operand(expr)[..] {
            [(tensor, loc)] => Side::Tensor(tensor, loc),
            _ => Side::Tensor(self.builder.poison(expr.loc), expr.loc),
        }
    }

    /// `a + b`; sums, differences and products of tensors are Keras's merge layers.
    fn combined(&mut self, link: &Expr, op: Op, sides: [Side<'_>; 2]) -> Evaluated {
        let tensors: Vec<_> = sides
            .iter()
            .filter_map(|side| match side {
                Side::Tensor(tensor, loc) => Some((*tensor, *loc)),
                Side::Number(_) => None,
            })
            .collect();
        let class = match op {
            Op::Add => Some("Add"),
            Op::Sub => Some("Subtract"),
            Op::Mul => Some("Multiply"),
            _ => None,
        };
        let span = self.spans.get(link.loc).start;
        if let (Some(class), [_, _]) = (class, &tensors[..]) {
            return self.operate(class, &[], &tensors, (link.loc, link.loc), span);
        }
        let mut settings = Vec::new();
        for side in &sides {
            let value = match side {
                Side::Number(expr) => self.number(expr),
                Side::Tensor(_, loc) => Value { kind: ValueKind::Tensor, loc: *loc },
            };
            settings.push(value::Arg { name: None, value });
        }
        self.operate(op.operation(), &settings, &tensors, (link.loc, link.loc), span)
    }
}

/// A number of constants as a Rust expression of type `f64`.
fn number_tokens(expr: &Expr) -> TokenStream {
    match &expr.kind {
        ExprKind::Paren(inner) => {
            let inner = number_tokens(inner);
            quote!((#inner))
        }
        ExprKind::Neg(inner) => {
            let inner = number_tokens(inner);
            quote!(-#inner)
        }
        ExprKind::Binary(op, left, right) => {
            let (left, right) = (number_tokens(left), number_tokens(right));
            let op = Punct::new(op.symbol().chars().next().unwrap_or('+'), Spacing::Alone);
            quote!(#left #op #right)
        }
        _ => {
            let tokens = &expr.tokens;
            quote!(((#tokens) as f64))
        }
    }
}

/// `f32::sqrt(3.0)`
pub(super) fn is_call_of_float(word: &proc_macro2::Ident, tokens: &[TokenTree]) -> bool {
    (word == "f32" || word == "f64") && matches!(tokens.last(), Some(TokenTree::Group(_)))
}

/// Whether a name is written like a constant.
pub(super) fn is_constant(name: &str) -> bool {
    let is_class = layers::classes().any(|class| class == name);
    name.starts_with(char::is_uppercase) && !name.contains(char::is_lowercase) && !is_class
}
