//! Creates layers from their arguments as data, the reverse of `settings`: for tools that read the graph of a model
//! from a file.

use crate::context::Cx;
use crate::diag::{Diags, Loc, Severity};
use crate::dim::Dim;
use crate::item::{Item, Kind, Module};
use crate::language::items;
use crate::layers::{LayerKind, construct};
use crate::operation::Number;
use crate::spec::graph::built::{GraphLayer, ItemSpec, Setting};
use crate::value::{Arg, Value, ValueKind};

/// Creates the layer at an index of a graph. The settings of a part, such as a direction of a `Bidirectional`, are
/// those of the whole.
///
/// # Errors
/// If an argument is not valid: its name and the reason.
pub fn layer(layers: &[GraphLayer], at: usize) -> Result<LayerKind, String> {
    let layer = layers.get(at).ok_or_else(|| format!("there is no layer {at}"))?;
    let Some(whole) = layer.whole else { return layer_of(&layer.item) };
    let whole = layers.get(whole).ok_or_else(|| format!("there is no layer {whole}"))?;
    let place = whole.parts.iter().position(|&part| part == at);
    let parts = layer_of(&whole.item)?.parts();
    let part = place.and_then(|place| parts.into_iter().nth(place));
    part.map(|part| part.kind).ok_or_else(|| format!("`{}` is not a part of `{}`", layer.name, whole.name))
}

/// Creates the layer that an item describes. All of its lengths and numbers are known.
///
/// # Errors
/// If an argument is not valid: its name and the reason.
pub fn layer_of(spec: &ItemSpec) -> Result<LayerKind, String> {
    let item = item_of([Module::Layers, Module::Operations], spec)?;
    let made = construct_of(item, &args(item, spec, false)?);
    let has_optional = item.arguments().any(|it| it.kind == Kind::Tensors && !it.is_required());
    match made {
        // Tensors are not stored, and an optional tensor may have been passed.
        Err(_) if has_optional => construct_of(item, &args(item, spec, true)?),
        made => made,
    }
}

fn construct_of(item: &'static Item, args: &[Arg]) -> Result<LayerKind, String> {
    let (mut diags, mut checks) = (Diags::new(), Vec::new());
    let mut cx = Cx { consts: &[], diags: &mut diags, checks: &mut checks };
    let made = construct(item.class, Loc(0), args, Loc(0), &mut cx);
    let error = diags.into_sorted().into_iter().find(|diag| diag.severity == Severity::Error);
    match (made, error) {
        (Some(made), None) => Ok(made.kind),
        (_, Some(diag)) => Err(diag.message),
        (None, None) => Err(format!("`{}` cannot be made of its arguments", item.class)),
    }
}

fn item_of(modules: impl IntoIterator<Item = Module>, spec: &ItemSpec) -> Result<&'static Item, String> {
    let mut all = modules.into_iter().flat_map(items);
    let found = all.find(|item| item.class == spec.class);
    found.ok_or_else(|| format!("`{}` is not in the language", spec.class))
}

/// The arguments as a call would pass them, with or without `optional` tensors.
fn args(item: &'static Item, spec: &ItemSpec, optional: bool) -> Result<Vec<Arg>, String> {
    let mut args = vec![];
    for argument in item.arguments() {
        // Arguments that every layer has are not stored with the item.
        let Some(given) = spec.argument(argument.name) else { continue };
        let kind = match (given, argument.kind) {
            // The tensors of an operation are not stored with it.
            (Setting::None, Kind::Tensors) if optional || argument.is_required() => ValueKind::Tensor,
            (Setting::None, Kind::TensorList) => ValueKind::Tensor,
            (given, kind) => value(kind, given)?,
        };
        let value = Value { kind, loc: Loc(0) };
        args.push(Arg { name: Some((argument.name.to_owned(), Loc(0))), value });
    }
    Ok(args)
}

fn value(kind: Kind, setting: &Setting) -> Result<ValueKind, String> {
    let unknown = || Err("a length or a number is not known".to_owned());
    Ok(match setting {
        Setting::None => ValueKind::None,
        Setting::Bool(value) => ValueKind::Bool(*value),
        Setting::Whole(Dim::Known(value)) => match i64::try_from(*value) {
            Ok(value) => ValueKind::Int(value),
            Err(_) => return Err(format!("{value} is too large")),
        },
        Setting::Negative(value) => ValueKind::Int(*value),
        Setting::Float(Number::Known(value)) => ValueKind::Float(*value),
        Setting::Whole(_) | Setting::Float(_) => return unknown(),
        Setting::Text(text) => ValueKind::Str(text.clone()),
        Setting::List(all) => {
            let all = all.iter().map(|it| Ok(Value { kind: value(kind, it)?, loc: Loc(0) }));
            ValueKind::List(all.collect::<Result<_, String>>()?)
        }
        Setting::Item(spec) => {
            let module = match kind {
                Kind::Item(module) => module,
                _ => Module::Layers,
            };
            let item = item_of([module], spec)?;
            let name = match module {
                Module::Layers => item.class,
                _ => item.names.first().copied().unwrap_or(item.class),
            };
            ValueKind::Call { name: name.to_owned(), name_loc: Loc(0), args: args(item, spec, false)? }
        }
    })
}
