//! Missing required arguments.

use super::{Bound, Slot, list};
use crate::code::Code;
use crate::context::Cx;
use crate::diag::Diag;
use crate::item::{Argument, Item, Kind};

impl Bound<'_> {
    /// Reports all missing arguments as one error.
    pub(super) fn report_missing(&self, cx: &mut Cx<'_>) {
        // An argument that could not be bound may be the missing one.
        if self.stray {
            return;
        }
        let is_missing =
            |slot: &&Slot<'_>| slot.argument.is_required() && slot.value.is_none() && !slot.failed.get();
        let missing: Vec<&'static str> =
            self.slots.iter().filter(is_missing).map(|slot| slot.argument.name).collect();
        if let [others @ .., last] = &missing[..] {
            let class = self.item.class;
            let names = match others {
                [] => format!("`{last}`"),
                _ => format!("{} and `{last}`", list(others.iter().copied())),
            };
            let form = form(self.item, &missing).join(", ");
            cx.error(
                Diag::error(Code::MissingArgument, self.call, format!("`{class}` needs {names}"))
                    .help(format!("write `{class}({form})`")),
            );
            self.slots
                .iter()
                .filter(|slot| missing.contains(&slot.argument.name))
                .for_each(|slot| slot.failed.set(true));
        }
    }
}

/// The arguments of a call including the missing ones. The tensors of an operation come first, after arguments that
/// precede them.
fn form(item: &Item, missing: &[&str]) -> Vec<String> {
    let is_tensor = |argument: &&Argument| argument.kind == Kind::Tensors && argument.is_required();
    let last_tensor = item.positional.iter().rposition(|argument| is_tensor(&argument));
    let shown = item.all().enumerate().filter_map(|(at, argument)| {
        let before = last_tensor.is_some_and(|last| at < last) && argument.is_required();
        match (is_tensor(&argument), missing.contains(&argument.name)) {
            (true, _) => Some(argument.name.to_owned()),
            (false, true) if !before => Some(format!("{} = …", argument.name)),
            (false, _) if before => Some("…".into()),
            (false, _) => None,
        }
    });
    shown.collect()
}
