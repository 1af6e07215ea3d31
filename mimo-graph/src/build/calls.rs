//! Errors of a call that its shape rule does not check.

use super::{Further, Given, Named};
use crate::code::Code;
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::{Diag, Diags, Loc, Subject, nearest};
use crate::ids::TensorId;
use crate::layers::layer::{Operand, Weight};
use crate::layers::{LayerKind, Masks};

/// Error for a call on too few or too many tensors.
pub(super) fn arity(kind: &LayerKind, given: usize, call: Loc) -> Option<Diag> {
    let (class, (least, most)) = (kind.class_name(), kind.arity());
    if (least..=most).contains(&given) {
        return None;
    }
    let tensors = |n: usize| if n == 1 { "1 tensor".into() } else { format!("{n} tensors") };
    let wanted = match (least, most) {
        _ if least == most => tensors(least),
        (least, usize::MAX) => format!("at least {}", tensors(least)),
        _ => format!("{least} to {}", tensors(most)),
    };
    let is = if given == 1 { "is" } else { "are" };
    let given_text = if given == 0 { "none".into() } else { given.to_string() };
    let diag = Diag::error(
        Code::WrongNumberOfTensors,
        call,
        format!("`{class}` takes {wanted}, but {given_text} {is} given"),
    );
    let diag = match state_list(kind) {
        Some(list) if given > 1 => {
            diag.help(format!("a state to begin with is named: `initial_state = {list}`"))
        }
        _ => diag,
    };
    Some(match (least, most) {
        (1, 1) if given > 1 => diag.help("bring them together first: `concatenate([a, b])`"),
        (1, 1) => diag.help(format!("write `{class}(…)(x)`")),
        // One of the tensors of an operation is a number.
        _ if class.starts_with(char::is_lowercase) => diag.help("a tensor times a number is `2.0 * x`"),
        // The named tensors of a call are passed one by one.
        _ => match kind.places().get(..least).filter(|names| !names.is_empty()) {
            Some(names) => diag.help(format!("write `{class}(…)({})`", names.join(", "))),
            None => diag.help(format!("write `{class}(…)([a, b])`")),
        },
    })
}

/// The positional tensors of a call, including those passed by keyword, and the tensors of other keywords.
pub(super) fn placed(
    kind: &LayerKind,
    inputs: &[(TensorId, Loc)],
    named: &[Named],
    diags: &mut Diags,
) -> (Vec<(TensorId, Loc)>, Vec<Named>) {
    let mut places: Vec<Option<(TensorId, Loc)>> = inputs.iter().copied().map(Some).collect();
    let mut rest = vec![];
    for given in named {
        let Some(place) = kind.places().iter().position(|place| *place == given.keyword) else {
            rest.push(given.clone());
            continue;
        };
        places.resize(places.len().max(place + 1), None);
        if places[place].replace((given.tensor, given.loc)).is_some() {
            let message = format!("`{}` is given twice", given.keyword);
            diags.push(
                Diag::error(Code::ArgumentGivenTwice, given.keyword_loc, message)
                    .help(format!("tensors without a keyword are {}, in this order", list(kind.places()))),
            );
        }
    }
    for (place, given) in places.iter().enumerate() {
        if let (None, Some(name)) = (given, kind.places().get(place)) {
            let loc = named.first().map_or(Loc(0), |given| given.keyword_loc);
            let message = format!("a call of `{}` needs its `{name}`", kind.class_name());
            diags.push(
                Diag::error(Code::WrongNumberOfTensors, loc, message).help(format!("write `{name} = …`")),
            );
        }
    }
    (places.into_iter().flatten().collect(), rest)
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The tensors that a call passes by keyword, and the layer with the settings of the call, if there are any. Reports
/// and drops keywords that the layer does not accept.
pub(super) fn settings(
    kind: &LayerKind,
    further: &Further<'_>,
    diags: &mut Diags,
) -> (Vec<Given>, Option<LayerKind>) {
    let class = kind.class_name();
    let roles = keywords(kind);
    let mut named: Vec<Given> = vec![];
    for Named { keyword, keyword_loc, tensor, loc } in further.named {
        let Some(&role) = roles.iter().find(|role| *role == keyword) else {
            diags.push(no_keyword(kind, keyword, *keyword_loc));
            continue;
        };
        if named.iter().any(|given| given.role == role) {
            let message = format!("`{role}` is given twice");
            diags.push(Diag::error(Code::ArgumentGivenTwice, *keyword_loc, message).help("remove one"));
            continue;
        }
        named.push(Given { tensor: *tensor, role, loc: *loc });
    }
    let mut called = None;
    let mut seen: Vec<&str> = vec![];
    for (setting, loc, on) in further.settings {
        let before = called.as_ref().unwrap_or(kind);
        match before.called_with(setting, *on) {
            Some(_) if seen.contains(&&setting[..]) => {
                let message = format!("`{setting}` is given twice");
                diags.push(Diag::error(Code::ArgumentGivenTwice, *loc, message).help("remove one"));
            }
            Some(layer) => called = Some(layer),
            None => {
                let message = format!("a call of `{class}` has no setting `{setting}`");
                let diag = Diag::error(Code::SettingInCall, *loc, message);
                diags.push(diag.help(format!("remove `{setting}`")));
            }
        }
        seen.push(setting);
    }
    (named, called)
}

/// Keywords by which a call may pass tensors.
pub(super) fn keywords(kind: &LayerKind) -> Vec<&'static str> {
    let own = kind.mask_roles().iter().map(|&(_, role)| role).chain(kind.further().iter().copied());
    let parts = kind.parts();
    let of_parts = parts.iter().take(1).flat_map(|part| keywords(&part.kind));
    own.chain(of_parts).collect()
}

/// Error for a keyword that calls of this layer do not have.
fn no_keyword(kind: &LayerKind, keyword: &str, loc: Loc) -> Diag {
    let class = kind.class_name();
    let keywords = keywords(kind);
    let diag = Diag::error(Code::SettingInCall, loc, format!("a call of `{class}` takes no `{keyword}`"));
    match (nearest(keyword, keywords.iter().copied()), keyword) {
        (Some(near), _) => diag.help(near),
        (None, "mask") => diag.help(match kind.masks() {
            Masks::Lose => format!("leave it out: `{class}` reads all steps, those that do not count too"),
            _ => format!("leave it out: `{class}` computes the same whether a step counts or not"),
        }),
        (None, _) if keywords.is_empty() => diag.help(format!("remove `{keyword}`")),
        (None, _) => diag.help(format!("it takes {}", list(&keywords))),
    }
}

/// Error for an `initial_state` of too few or too many tensors.
pub(super) fn wrong_states(kind: &LayerKind, given: usize, loc: Loc) -> Option<Diag> {
    let (class, states) = (kind.class_name(), kind.states());
    if states.len() == given {
        return None;
    }
    if states.is_empty() {
        let diag = Diag::error(
            Code::NoState,
            loc,
            format!("`{class}` carries no state, so it takes no `initial_state`"),
        );
        return Some(diag.help("remove `initial_state = …`"));
    }
    let s = if states.len() == 1 { "" } else { "s" };
    let is = if given == 1 { "is" } else { "are" };
    let message = format!("`{class}` has {} state{s}, but {given} {is} given", states.len());
    let list = state_list(kind).unwrap_or_default();
    Some(Diag::error(Code::WrongNumberOfStates, loc, message).help(format!("write `initial_state = {list}`")))
}

/// The states of a layer as they are written, if it has any.
fn state_list(kind: &LayerKind) -> Option<String> {
    match kind.states() {
        [] => None,
        [state] => Some((*state).into()),
        states => Some(format!("[{}]", states.join(", "))),
    }
}

/// Checks that a later call needs the weights that the first call created. `first` is the tensor of the first call,
/// with its name.
pub(super) fn same_weights(
    made: &[Weight],
    needed: &[Weight],
    class: &str,
    inputs: &[Operand<'_>],
    (first, first_name): (TensorId, &str),
    cx: &mut Cx<'_>,
) -> bool {
    let Some(x) = inputs.first() else { return true };
    let help = format!("give `{}` a layer of its own, or bring it to the same shape", x.name);
    for (made, needed) in made.iter().zip(needed) {
        let weight = made.name;
        let message = format!(
            "the `{weight}` of this `{class}` is {}, but `{}`, which is {}, needs {}",
            made.shape.display(cx.consts),
            x.name,
            x.shape.display(cx.consts),
            needed.shape.display(cx.consts)
        );
        let origin = format!("its first call, on `{first_name}`, made them");
        let made_on = Subject { tensor: first, shown: None };
        let report = || {
            Diag::error(Code::SharedLayerShape, x.loc, message.clone())
                .about(x.shown())
                .about([made_on.clone()])
                .help(help.clone())
                .note(origin.clone())
        };
        if made.shape.rank() != needed.shape.rank() {
            cx.error(report());
            return false;
        }
        for (i, (wanted, found)) in made.shape.0.iter().zip(&needed.shape.0).enumerate() {
            let check = DimCheck {
                code: Code::SharedLayerShape,
                loc: x.loc,
                found: found.clone(),
                relation: Relation::Equal,
                wanted: wanted.clone(),
                what: format!("axis {i} of the `{weight}` that `{}` needs", x.name),
                help: Some(help.clone()),
                notes: vec![origin.clone()],
                subjects: x.named().into_iter().chain([made_on.clone()]).collect(),
            };
            if !cx.require_equal(check, |_| report()) {
                return false;
            }
        }
    }
    true
}
