//! Context of shape rules and checks: they report diagnostics now, and leave checks to const evaluation.

use crate::code::Code;
use crate::diag::{Diag, Diags, Loc, Subject};
use crate::dim::{ConstEntry, Dim, Same};

/// Destination of diagnostics and checks.
#[derive(Debug)]
pub struct Cx<'a> {
    /// The user's constants, to show their names in messages.
    pub consts: &'a [ConstEntry],
    /// Diagnostics so far.
    pub diags: &'a mut Diags,
    /// Checks for const evaluation.
    pub checks: &'a mut Vec<DimCheck>,
}

/// A relation between two lengths, at least one of which only const evaluation knows. The macro emits each check as a
/// const-evaluated call at the user's tokens; if it fails, its message has the numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct DimCheck {
    /// The rule that is broken if the relation is false.
    pub code: Code,
    /// Location of the tokens that are wrong if the relation is false.
    pub loc: Loc,
    /// Length that was found.
    pub found: Dim,
    /// Required relation to `wanted`.
    pub relation: Relation,
    /// Length that it is compared with.
    pub wanted: Dim,
    /// Description of `found`: ``last axis of `x` ``. The message reads `{what} is {found}, but {wanted} is
    /// required`.
    pub what: String,
    /// Replacement to write, if there is one.
    pub help: Option<String>,
    /// Origin of the lengths.
    pub notes: Vec<String>,
    /// Tensors that `what` and the notes mention, in the order of the call.
    pub subjects: Vec<Subject>,
}

/// A relation between two lengths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `found == wanted`
    Equal,
    /// `found >= wanted`
    AtLeast,
    /// `found <= wanted`
    AtMost,
    /// `found % wanted == 0`
    MultipleOf,
}

impl Cx<'_> {
    /// Reports an error.
    pub fn error(&mut self, diag: Diag) {
        self.diags.push(diag);
    }

    /// Compares two lengths: equal ones pass, different ones are reported with `report`, and a check is left to const
    /// evaluation if the macro does not know. Returns false only after an error.
    pub fn require_equal(&mut self, check: DimCheck, report: impl FnOnce(&DimCheck) -> Diag) -> bool {
        match check.found.same(&check.wanted) {
            Same::Yes => true,
            Same::No => {
                let diag = report(&check);
                self.diags.push(diag);
                false
            }
            Same::Deferred => {
                self.checks.push(check);
                true
            }
        }
    }
}
