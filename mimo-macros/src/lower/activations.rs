//! Activations as functions of a tensor: `gelu(x)` is `Activation(gelu)(x)`.

use mimo_graph::code::Code;
use mimo_graph::diag::Diag;
use mimo_graph::item::Module;
use mimo_graph::language;
use mimo_graph::layers;
use mimo_graph::value::{self, Value, ValueKind};
use proc_macro2::Ident;

use super::Lower;
use super::tensor::Evaluated;
use crate::ast::{Arg, Expr, ExprKind};

/// Whether a name is that of an activation function: classes such as `ReLU` are layers.
pub(super) fn is_activation(name: &str) -> bool {
    name.starts_with(char::is_lowercase) && language::find(Module::Activations, name).is_some()
}

impl Lower<'_> {
    /// Index of the tensor among the arguments, if this is a call of an activation on a tensor. An operation of the
    /// same name takes only the tensor, and the activation takes the settings: `relu(x, max_value = 6.0)`.
    fn activated(&self, name: &str, args: &[Arg]) -> Option<usize> {
        let keyword = |arg: &Arg| arg.keyword.as_ref().map(|(keyword, _)| keyword.clone());
        let named = args.iter().position(|arg| keyword(arg).as_deref() == Some("x"));
        let place = named.or_else(|| args.iter().position(|arg| keyword(arg).is_none()))?;
        let value = &args[place].value;
        let is_setting = self.is_number(value)
            || matches!(
                value.kind,
                ExprKind::Bool(_) | ExprKind::Str(_) | ExprKind::None | ExprKind::List(_)
            );
        let alone = layers::operation(name).is_none_or(|item| item.positional.len() == 1 && args.len() > 1);
        (is_activation(name) && alone && !is_setting).then_some(place)
    }

    /// `leaky_relu(x, negative_slope = 0.1)`; `None` if it is another call.
    pub(super) fn activation(
        &mut self,
        expr: &Expr,
        callee: &Expr,
        (name, ident): (&str, &Ident),
        args: &[Arg],
    ) -> Option<Evaluated> {
        let place = match self.activated(name, args) {
            Some(place) => place,
            None if is_activation(name) && layers::operation(name).is_none() => {
                let message = format!("`{name}` needs a tensor");
                let help = format!("write `{name}(x)`, or `Activation({name})` for a layer");
                self.error(Diag::error(Code::MissingArgument, expr.loc, message).help(help));
                return Some(Evaluated::Poison);
            }
            None => return None,
        };
        let (mut tensors, mut settings) = (Vec::new(), Vec::new());
        for (at, arg) in args.iter().enumerate() {
            if at == place {
                tensors = self.operand(&arg.value);
                continue;
            }
            let value = match self.is_tensor(&arg.value) {
                true => Value { kind: ValueKind::Tensor, loc: arg.value.loc },
                false => self.value(&arg.value),
            };
            settings.push(value::Arg { name: arg.keyword.clone(), value });
        }
        let function = ValueKind::Call { name: name.to_owned(), name_loc: callee.loc, args: settings };
        let function = value::Arg { name: None, value: Value { kind: function, loc: expr.loc } };
        Some(self.operate("Activation", &[function], &tensors, (callee.loc, expr.loc), ident.span()))
    }
}
