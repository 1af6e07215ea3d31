//! Levels of mimo's own warnings: `#[allow(mimo::unused_tensor)]` on the model or on a statement.
//!
//! rustc knows no lints of `mimo::`, so the macro takes them out of what it emits and applies them itself; other
//! lints in the same attribute stay. The innermost attribute decides, and of several the last.

use mimo_graph::code::Code;
use mimo_graph::diag::{Diags, Loc, Severity};

/// What becomes of a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// It is not shown.
    Allow,
    /// It is shown.
    Warn,
    /// It becomes an error.
    Deny,
}

/// One lint of one attribute, and the places that it is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Level {
    lint: Code,
    action: Action,
    from: Loc,
    to: Loc,
}

impl Level {
    /// The level of a lint from `from` on, until [`close`] ends it.
    pub(crate) fn open(lint: Code, action: Action, from: Loc) -> Self {
        Level { lint, action, from, to: OPEN }
    }
}

/// The end of a level whose statement has not ended.
const OPEN: Loc = Loc(u32::MAX);

/// Ends the levels that are still open, before the place that comes next. Those of statements inside the one that ends
/// have ended with theirs.
pub(crate) fn close(levels: &mut [Level], next: Loc) {
    levels.iter_mut().filter(|level| level.to == OPEN).for_each(|level| level.to = next);
}

/// Removes the warnings that are allowed, and makes errors of those that are denied.
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
