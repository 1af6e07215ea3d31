//! Lists of weights in losses: one entry per unit of the output.

use crate::code::Code;
use crate::compile::heads::Head;
use crate::context::{Cx, DimCheck, Relation};
use crate::diag::{Diag, Loc};
use crate::dim::Dim;
use crate::loss::Loss;

/// Reports a list that does not have one entry per unit. One number applies to all units, except for `label_weights`,
/// where it would only scale the loss.
pub(super) fn check(head: &Head<'_>, loss: Loss, loc: Loc, cx: &mut Cx<'_>) {
    let lists = match loss {
        Loss::WeightedBinaryCrossentropy { pos_weight, label_weights, .. } => {
            vec![("pos_weight", pos_weight.len(), 1), ("label_weights", label_weights.len(), 0)]
        }
        Loss::CategoricalFocalCrossentropy { alpha, .. } => vec![("alpha", alpha.len(), 1)],
        _ => vec![],
    };
    for (name, len, _) in lists.into_iter().filter(|(_, len, free)| len > free) {
        one_per_unit(head, name, len, loc, cx);
    }
}

/// Reports a list whose length is not that of the output's last axis.
pub(in crate::compile) fn one_per_unit(
    head: &Head<'_>,
    argument: &str,
    len: usize,
    loc: Loc,
    cx: &mut Cx<'_>,
) {
    let Some(units) = head.units.clone() else { return };
    let name = head.name;
    match units.known() {
        Some(units) if units == len => {}
        Some(units) => {
            let entries = if len == 1 { "1 number".into() } else { format!("{len} numbers") };
            let (found, help) = match argument {
                "num_labels" => (format!("`{argument}` is {len}"), "leave it out".into()),
                _ => (
                    format!("`{argument}` has {entries}"),
                    format!("write one number for each of the {units}: `{argument} = [1.0, …]`"),
                ),
            };
            let message = format!("{found}, but the last axis of the output `{name}` is {units}");
            cx.error(Diag::error(Code::NumbersPerUnit, loc, message).help(help));
        }
        None => cx.checks.push(DimCheck {
            code: Code::NumbersPerUnit,
            loc,
            found: units,
            relation: Relation::Equal,
            wanted: Dim::Known(len),
            what: format!("the last axis of the output `{name}`"),
            help: Some(format!("write one number in `{argument}` for each of its values")),
            notes: vec![format!("`{argument}` has one number for each value of the last axis")],
            subjects: vec![],
        }),
    }
}
