//! Layers as arguments of other layers: `TimeDistributed(Dense(32))`.

use crate::args::Bound;
use crate::args::read;
use crate::context::Cx;
use crate::layers::{Constructed, construct};
use crate::names::field;
use crate::value::ValueKind;

/// Makes the layer that is an argument of a wrapper. `example` is such a layer, for messages.
pub(super) fn layer(name: &str, example: &str, args: &Bound<'_>, cx: &mut Cx<'_>) -> Option<Constructed> {
    let value = args.take(name)?;
    let mut made = match &value.kind {
        ValueKind::Call { name, name_loc, args } => construct(name, *name_loc, args, value.loc, cx),
        _ => {
            let class = args.callee();
            let what = format!("`{name}` of `{class}`");
            let help = format!("write `{class}({example})`");
            read::wrong(value, &what, "a layer, written with its settings", Some(help), cx);
            None
        }
    };
    match &mut made {
        None => args.fail(name),
        // A part of the weights' names, and of the path of their fields.
        Some(Constructed { name: Some((name, loc)), .. }) => {
            if let Some(diag) = field::wrong_layer_name(name, *loc) {
                cx.error(diag);
                *name = field::field_like(name);
            }
        }
        Some(_) => {}
    }
    made
}
