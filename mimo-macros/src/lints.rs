//! Levels of mimo's own warnings: `#[allow(mimo::unused_tensor)]` on the model or on a statement.
//!
//! rustc does not know lints of `mimo::`, so the macro removes them from its output and applies them itself; other
//! lints in the same attribute are kept. The innermost attribute decides, and the last of several.

use mimo_graph::code::Code;
use mimo_graph::diag::{Diags, Loc, Severity};

/// Action for a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Hidden.
    Allow,
    /// Shown.
    Warn,
    /// Reported as an error.
    Deny,
}

/// A lint of an attribute, and the locations to which it applies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Level {
    lint: Code,
    action: Action,
    from: Loc,
    to: Loc,
}

impl Level {
    /// The level of a lint from `from` until [`close`] ends it.
    pub(crate) fn open(lint: Code, action: Action, from: Loc) -> Self {
        Level { lint, action, from, to: OPEN }
    }
}

/// End of a level whose statement has not ended.
const OPEN: Loc = Loc(u32::MAX);

/// Ends the open levels before the location `next`. Levels of statements inside of the ended one are closed already.
pub(crate) fn close(levels: &mut [Level], next: Loc) {
    levels.iter_mut().filter(|level| level.to == OPEN).for_each(|level| level.to = next);
}

/// Removes allowed warnings, and turns denied ones into errors.
pub(crate) fn apply(diags: &mut Diags, levels: &[Level]) {
    diags.retain_mut(|diag| {
        let holds = |level: &&Level| level.lint == diag.code && (level.from..level.to).contains(&diag.loc);
        match levels.iter().rev().find(holds).map(|level| level.action) {
            Some(Action::Allow) => false,
            Some(Action::Deny) => {
                diag.severity = Severity::Error;
                diag.notes.push(format!("`#[deny({})]` makes it an error", diag.code));
                true
            }
            Some(Action::Warn) | None => true,
        }
    });
}
