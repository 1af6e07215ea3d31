//! Unbound names: decides which of them are errors, and which follow from statements that could not be parsed.

use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Loc, did_you_mean};
use mimo_graph::layers;

use super::Lower;

/// Limit on the pairs of names that are compared in one expansion.
pub(super) const COMPARISONS: usize = 1 << 18;

impl Lower<'_> {
    /// Whether an unbound name was reported before, or follows from an error: it may be bound by a statement that was
    /// not parsed, or be the missing one of a pattern.
    pub(super) fn is_told(&mut self, name: &str) -> bool {
        self.frame.lost.contains(name) || !self.frame.unknown.insert(name.to_owned())
    }

    /// Reports an unbound name. While a pattern lacks a name, it may be that one, which is decided at the end.
    pub(super) fn unbound(&mut self, name: &str, diag: Diag) {
        match self.frame.nameless > 0 && !self.frame.bound.contains(name) {
            true => self.frame.pending.push((name.to_owned(), diag)),
            false => self.error(diag),
        }
    }

    /// The candidate that a name probably means, while few names are unknown: a person does not mistype more, and
    /// comparing all pairs would be quadratic.
    pub(super) fn near<'n>(
        &mut self,
        name: &str,
        candidates: impl Iterator<Item = &'n str>,
    ) -> Option<&'n str> {
        let mut comparisons = self.comparisons;
        let counted = candidates.take_while(|_| {
            let left = comparisons.checked_sub(1);
            comparisons = left.unwrap_or(0);
            left.is_some()
        });
        let near = did_you_mean(name, counted);
        self.comparisons = comparisons;
        near
    }

    /// Same as [`near`](Self::near), among the names of the scope.
    pub(super) fn near_in_scope(&mut self, name: &str) -> Option<String> {
        let scope = std::mem::take(&mut self.frame.scope);
        let near = self.near(name, scope.keys().map(String::as_str)).map(str::to_owned);
        self.frame.scope = scope;
        near
    }

    /// Whether a name is nearly one that is bound.
    fn is_slip(&mut self, name: &str) -> bool {
        self.near_in_scope(name).is_some()
    }

    /// Reports the unknown names that are not the missing ones of patterns. Typos are the last candidates for missing
    /// names.
    pub(super) fn tell_pending(&mut self) {
        let mut pending = std::mem::take(&mut self.frame.pending);
        pending.sort_by_cached_key(|(name, _)| self.is_slip(name));
        for (_, diag) in pending.into_iter().skip(self.frame.nameless) {
            self.error(diag);
        }
    }

    /// Whether a name is probably bound by a statement with an error.
    pub(super) fn is_lost(&mut self, name: &str) -> bool {
        self.frame.lost.contains(name)
            || self.frame.pending.iter().any(|(other, _)| other == name) && !self.is_slip(name)
    }

    /// A layer or a function that was never bound: `encoder(x)`. It is reported once, like a tensor. The builder
    /// reports names that begin with a capital letter or are similar to a layer of mimo.
    pub(super) fn is_unbound(&mut self, name: &str, loc: Loc) -> bool {
        let lower = name.starts_with(|c: char| c.is_lowercase() || c == '_');
        let bound = self.frame.bound.contains(name);
        let unavailable = layers::unavailable(name, loc).filter(|_| lower && !bound);
        let near = layers::classes().chain(layers::functions());
        if unavailable.is_none() && (!lower || self.near(name, near).is_some()) {
            return false;
        }
        if self.is_told(name) {
            return true;
        }
        let diag = unavailable.unwrap_or_else(|| {
            let diag = Diag::error(Code::UnknownName, loc, format!("cannot find a layer or a function `{name}`"));
            match bound {
                true => diag.help(format!("move `let {name} = …;` before this")),
                false => diag.help(format!(
                    "write a function of the block, `fn {name}(x) {{ Dense(32)(x) }}`, or bind a layer, `let {name} = Dense(32);`"
                )),
            }
        });
        self.unbound(name, diag);
        true
    }
}
