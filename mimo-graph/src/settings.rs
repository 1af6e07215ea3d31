//! The arguments of a layer as data: every argument of its item with the written value, or the default.
//!
//! This module does not know any layer. An [`Item`] lists its arguments with defaults, and whether a value is a word
//! of the language with arguments of its own.

#[cfg(test)]
mod tests;

use crate::args::{Bound, bind_given};
use crate::context::Cx;
use crate::diag::{Diags, Loc};
use crate::dim::Dim;
use crate::item::{self, Item, Kind, Module};
use crate::language::{find, items, values::WORDS};
use crate::operation::Number;
use crate::spec::graph::built::{Argument, ItemSpec, Setting};
use crate::value::{Arg, Value, ValueKind};

/// A layer with its arguments, except for `name` and `trainable`, which the graph has for every layer.
///
/// `args` are the arguments of a valid call of the class.
pub(crate) fn of_layer(class: &'static str, args: &[Arg]) -> ItemSpec {
    // `Add` is a layer that `add` calls, and `add` an operation of tensors and numbers.
    let mut items = items(Module::Layers).into_iter().chain(items(Module::Operations));
    let item = items.find(|item| item.class == class);
    let item = item.map(|item| of_item(item, args));
    without_common(item.unwrap_or(ItemSpec { class, defaults: Vec::new(), given: Vec::new() }))
}

/// The layer number `at` that is a part of another: the written one or, if one layer describes both directions, the
/// same in the other direction.
pub(crate) fn of_part(whole: &ItemSpec, at: usize) -> Option<ItemSpec> {
    let layers = whole.arguments().filter_map(|(_, value)| value.item());
    let layers: Vec<_> = layers.filter(|item| find(Module::Layers, item.class).is_some()).collect();
    if let [inner] = layers[..]
        && let Some(part) = of_part(inner, at)
    {
        // A wrapper around a layer of parts wraps each part.
        let mut item = without_common(whole.clone());
        let wrapped = item.given.iter_mut().find(|argument| argument.value.item() == Some(inner))?;
        wrapped.value = Setting::Item(part);
        return Some(item);
    }
    let own = layers.get(at).copied();
    let mut item = without_common(own.or(layers.first().copied())?.clone());
    if own.is_none() {
        const DIRECTION: &str = "go_backwards";
        let backwards = item.argument(DIRECTION) == Some(&Setting::Bool(true));
        item.given.retain(|argument| argument.name != DIRECTION);
        if !backwards {
            item.given.push(Argument { name: DIRECTION, value: Setting::Bool(true) });
        }
    }
    Some(item)
}

/// Removes the arguments that every layer has.
fn without_common(mut item: ItemSpec) -> ItemSpec {
    for arguments in [&mut item.defaults, &mut item.given] {
        arguments.retain(|argument| !["name", "trainable"].contains(&argument.name));
    }
    item
}

/// An item with every argument.
fn of_item(item: &'static Item, args: &[Arg]) -> ItemSpec {
    let (defaults, all) = (all_arguments(item, &[]), all_arguments(item, args));
    let differ = all.into_iter().zip(&defaults).filter(|(given, default)| given != *default);
    let given = differ.map(|(given, _)| given).collect();
    ItemSpec { class: item.class, given, defaults }
}

fn all_arguments(item: &'static Item, args: &[Arg]) -> Vec<Argument> {
    // Errors were reported when the item was created.
    let (mut diags, mut checks) = (Diags::new(), Vec::new());
    let mut cx = Cx { consts: &[], diags: &mut diags, checks: &mut checks };
    let bound = bind_given(item, args, Loc(0), &mut cx);
    let arguments = item.arguments();
    arguments.map(|argument| Argument { name: argument.name, value: of_argument(argument, &bound) }).collect()
}

fn of_argument(argument: &item::Argument, bound: &Bound<'_>) -> Setting {
    let default = || argument.default.map(|text| Value::of_default(text, Loc(0)));
    // The meaning of `none`, if it is not that there is no value.
    let none = |default: Option<Value>| match argument.kind {
        Kind::Item(Module::Activations) => Some(Value::of_default("linear", Loc(0))),
        Kind::Item(Module::Initializers) => default,
        _ => None,
    };
    let given = match bound.take(argument.name) {
        Some(value) if value.kind == ValueKind::None => none(default()),
        Some(value) => Some(value.clone()),
        None => default(),
    };
    given.map_or(Setting::None, |value| setting(argument.kind, &value))
}

/// The value of an argument that accepts values of a kind.
fn setting(kind: Kind, value: &Value) -> Setting {
    match (&value.kind, kind) {
        (ValueKind::Call { name, args, .. }, Kind::Item(module)) => named(module, name, args),
        (ValueKind::Ident { text, .. } | ValueKind::Str(text), Kind::Item(module)) => {
            named(module, text, &[])
        }
        (ValueKind::Ident { text, .. } | ValueKind::Str(text), Kind::Word(ty)) => word(ty, text),
        (
            ValueKind::Ident { constant, .. } | ValueKind::Expr(constant),
            Kind::Tensors | Kind::Float | Kind::Rate,
        ) => Setting::Float(Number::Constant(*constant)),
        (ValueKind::Ident { constant, .. } | ValueKind::Expr(constant), _) => {
            Setting::Whole(Dim::constant(*constant))
        }
        (ValueKind::Str(text), _) => Setting::Text(text.clone()),
        (ValueKind::Int(value), Kind::Float | Kind::Rate | Kind::Tensors) => {
            Setting::Float(Number::Known(*value as f64))
        }
        (ValueKind::Int(value), _) => Setting::of_whole(*value),
        (ValueKind::Float(value), _) => Setting::Float(Number::Known(*value)),
        (ValueKind::Bool(value), _) => Setting::Bool(*value),
        (ValueKind::List(values), _) => {
            Setting::List(values.iter().map(|value| setting(kind, value)).collect())
        }
        (
            ValueKind::None
            | ValueKind::Call { .. }
            | ValueKind::Map(_)
            | ValueKind::Tensor
            | ValueKind::Invalid,
            _,
        ) => Setting::None,
    }
}

/// An item by any of its spellings.
fn named(module: Module, name: &str, args: &[Arg]) -> Setting {
    find(module, name).map_or(Setting::None, |item| Setting::Item(of_item(item, args)))
}

/// A word of a type in the language's spelling. Words that are accepted but not suggested are kept.
fn word(ty: &str, text: &str) -> Setting {
    let words = WORDS.iter().find(|(name, _)| *name == ty).map_or(&[][..], |(_, words)| words);
    let mut words = words.iter().map(|word| word.trim_start_matches("r#"));
    let word = words.find(|word| word.eq_ignore_ascii_case(text));
    Setting::Text(word.unwrap_or(text).to_owned())
}
