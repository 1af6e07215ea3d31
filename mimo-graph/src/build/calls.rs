//! What can be wrong with a call that is not for its shape rule to tell.

use crate::code::Code;
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::{Diag, Loc, Subject};
use crate::ids::TensorId;
use crate::layers::LayerKind;
use crate::layers::layer::{Operand, Weight};

/// The error of a call on too few or too many tensors.
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
        _ => diag.help(format!("write `{class}(…)([a, b])`")),
    })
}

/// The error of an `initial_state` of too few or too many tensors.
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

/// How the states of a layer are written, if it has any.
fn state_list(kind: &LayerKind) -> Option<String> {
    match kind.states() {
        [] => None,
        [state] => Some((*state).into()),
        states => Some(format!("[{}]", states.join(", "))),
    }
}

/// Whether a later call of a layer needs the weights that its first call made. `first` is the tensor that the first
/// call was on, with its name.
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
