//! What shape rules and checks report to: diagnostics now, and checks that const evaluation will do.

use crate::code::Code;
use crate::diag::{Diag, Diags, Loc, Subject};
use crate::dim::{ConstEntry, Dim, Same};

/// Where rules report.
#[derive(Debug)]
pub struct Cx<'a> {
    /// The user's constants, to show their names in messages.
    pub consts: &'a [ConstEntry],
    /// What is wrong already.
    pub diags: &'a mut Diags,
    /// What const evaluation has to find out.
    pub checks: &'a mut Vec<DimCheck>,
}

/// A relation between two lengths, one of which at least is deferred. The macro emits each as a
/// const evaluated call at the user's tokens; it fails with the numbers in its message.
#[derive(Clone, Debug, PartialEq)]
pub struct DimCheck {
    /// Which rule is broken if the relation does not hold.
    pub code: Code,
    /// The tokens that are wrong if the relation does not hold.
    pub loc: Loc,
    /// The length that was found.
    pub found: Dim,
    /// How it has to relate to `wanted`.
    pub relation: Relation,
    /// The length that it is compared with.
    pub wanted: Dim,
    /// What `found` is: ``last axis of `x` ``. The message reads `{what} is {found}, but {wanted} is required`.
    pub what: String,
    /// What to write instead, if it can be said.
    pub help: Option<String>,
    /// Where the lengths come from.
    pub notes: Vec<String>,
    /// The tensors that `what` and the notes speak of, in the order of the call.
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
    /// Reports an error at `loc`.
    pub fn error(&mut self, diag: Diag) {
        self.diags.push(diag);
    }

    /// Compares two lengths: equal ones pass, different ones are reported by `report`, and the rest is left to
    /// const evaluation. Returns whether nothing is known to be wrong.
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
