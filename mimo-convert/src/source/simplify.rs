//! Arguments without those that say nothing: an argument is left out if what it makes stays the same without it, and a list is one
//! number if that means the same. Nothing here knows a layer, its defaults or the forms of its arguments.

use mimo_graph::context::Cx;
use mimo_graph::diag::{Diag, Diags, Loc};
use mimo_graph::item::{Argument, Item, Kind, Module};
use mimo_graph::language::find;
use mimo_graph::layers::{Constructed, construct};
use mimo_graph::value::{Arg, Value, ValueKind};

use super::word;

/// The layer that a class makes of arguments, or what is wrong with them.
pub fn made(class: &str, args: &[Arg]) -> Result<Constructed, Vec<Diag>> {
    let (mut diags, mut checks) = (Diags::new(), Vec::new());
    let mut cx = Cx { consts: &[], diags: &mut diags, checks: &mut checks };
    let made = construct(class, Loc(0), args, Loc(0), &mut cx);
    match made {
        Some(made) if !diags.has_errors() => Ok(made),
        _ => Err(diags.into_sorted()),
    }
}

/// The arguments of a layer without those that say nothing. They make the same layer.
pub fn layer(item: &Item, args: Vec<Arg>) -> Vec<Arg> {
    let Ok(wanted) = made(item.class, &args) else { return args };
    shortest(args, &|args| made(item.class, args).is_ok_and(|made| made == wanted))
}

/// The shortest arguments for which `same` holds, as it does for `args`.
pub fn shortest(mut args: Vec<Arg>, same: &dyn Fn(&[Arg]) -> bool) -> Vec<Arg> {
    let mut at = args.len();
    while let Some(next) = at.checked_sub(1) {
        at = next;
        let mut without = args.clone();
        without.remove(at);
        if same(&without) {
            args = without;
            continue;
        }
        let Some(Arg { value, .. }) = args.get(at).cloned() else { break };
        let in_place = |value: &Value| {
            let mut changed = args.clone();
            if let Some(arg) = changed.get_mut(at) {
                arg.value = value.clone();
            }
            changed
        };
        let shorter = shortest_value(value, &|value| same(&in_place(value)));
        args = in_place(&shorter);
    }
    args
}

fn shortest_value(mut value: Value, same: &dyn Fn(&Value) -> bool) -> Value {
    match value.kind.clone() {
        ValueKind::List(items) => {
            let mut items = items;
            for at in 0..items.len() {
                let Some(item) = items.get(at).cloned() else { break };
                let in_place = |item: &Value| {
                    let mut changed = items.clone();
                    if let Some(place) = changed.get_mut(at) {
                        *place = item.clone();
                    }
                    Value { kind: ValueKind::List(changed), loc: value.loc }
                };
                let shorter = shortest_value(item, &|item| same(&in_place(item)));
                if let Some(place) = items.get_mut(at) {
                    *place = shorter;
                }
            }
            value.kind = ValueKind::List(items.clone());
            if let Some(first) = items.first()
                && items.iter().all(|item| item == first)
                && same(first)
            {
                return first.clone();
            }
            value
        }
        ValueKind::Call { name, name_loc, args } => {
            let with = |args: &[Arg]| Value {
                kind: ValueKind::Call { name: name.clone(), name_loc, args: args.to_vec() },
                loc: value.loc,
            };
            let args = shortest(args, &|args| same(&with(args)));
            let plain = args.is_empty().then(|| plain(&name)).flatten();
            plain.filter(|plain| same(plain)).unwrap_or_else(|| with(&args))
        }
        ValueKind::Map(mut entries) => {
            for at in 0..entries.len() {
                let Some((_, _, entry)) = entries.get(at).cloned() else { break };
                let in_place = |entry: &Value| {
                    let mut changed = entries.clone();
                    if let Some((_, _, place)) = changed.get_mut(at) {
                        *place = entry.clone();
                    }
                    Value { kind: ValueKind::Map(changed), loc: value.loc }
                };
                let shorter = shortest_value(entry, &|entry| same(&in_place(entry)));
                if let Some((_, _, place)) = entries.get_mut(at) {
                    *place = shorter;
                }
            }
            value.kind = ValueKind::Map(entries);
            value
        }
        _ => value,
    }
}

/// The word of a call without arguments, `he_normal` for `HeNormal()`. Optimizers and layers are written as classes.
pub fn plain(name: &str) -> Option<Value> {
    let modules = [
        Module::Activations,
        Module::Constraints,
        Module::Initializers,
        Module::Losses,
        Module::Metrics,
        Module::Regularizers,
    ];
    let item = modules.into_iter().find_map(|module| find(module, name))?;
    Some(word(item.word()))
}

/// Arguments in the order of their item, the first ones by position as one writes them: those that have to be given, and
/// the size that comes first.
pub fn placed(item: &Item, args: Vec<Arg>) -> Vec<Arg> {
    let mut left = args;
    let mut placed = Vec::new();
    let mut by_position = true;
    for (at, argument) in item.all().enumerate() {
        let found =
            left.iter().position(|arg| arg.name.as_ref().is_some_and(|(name, _)| name == argument.name));
        let Some(found) = found else {
            by_position = false;
            continue;
        };
        let mut arg = left.remove(found);
        by_position &= stands_first(item, at, argument);
        if by_position {
            arg.name = None;
        }
        placed.push(arg);
    }
    placed.extend(left);
    placed
}

fn stands_first(item: &Item, at: usize, argument: &Argument) -> bool {
    let is_only = item.arguments().count() == 1;
    let is_size = argument.kind == Kind::Plain && argument.name != "axis";
    argument.is_required() || at == 0 && (is_only || is_size)
}
