//! Names that nothing is bound to: which of them are mistakes, and which follow from statements that could not be read.

use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Loc, did_you_mean};
use mimo_graph::layers;

use super::Lower;

impl Lower<'_> {
    /// Whether a name that nothing is bound to was told before, or follows from what was told: it may be a name of a
    /// statement that was not read, or the one that is missing in a pattern.
    pub(super) fn is_told(&mut self, name: &str) -> bool {
        if self.lost.contains(name) || self.unknown.iter().any(|other| other == name) {
            return true;
        }
        self.unknown.push(name.to_owned());
        false
    }

    /// Reports a name that nothing is bound to. While a pattern lacks a name, this may be that one: which of the names
    /// it is shows at the end.
    pub(super) fn unbound(&mut self, name: &str, diag: Diag) {
        match self.nameless > 0 && !self.bound.iter().any(|other| other == name) {
            true => self.pending.push((name.to_owned(), diag)),
            false => self.error(diag),
        }
    }

    /// Whether a name is nearly one that is bound.
    fn is_slip(&self, name: &str) -> bool {
        did_you_mean(name, self.scope.keys().map(String::as_str)).is_some()
    }

    /// Reports those unknown names that are not the ones which patterns lack. A slip of the hand is the last to be
    /// taken for one of them.
    pub(super) fn tell_pending(&mut self) {
        let mut pending = std::mem::take(&mut self.pending);
        pending.sort_by_key(|(name, _)| self.is_slip(name));
        for (_, diag) in pending.into_iter().skip(self.nameless) {
            self.error(diag);
        }
    }

    /// Whether a name is lost with the statement that binds it, as far as can be told.
    pub(super) fn is_lost(&self, name: &str) -> bool {
        self.lost.contains(name) || !self.is_slip(name) && self.pending.iter().any(|(other, _)| other == name)
    }

    /// A layer that was never bound: `encoder(x)`. It is told once, like a tensor. What begins with a capital letter,
    /// or nearly is a layer of mimo, is for the builder to tell.
    pub(super) fn is_unbound(&mut self, name: &str, loc: Loc) -> bool {
        let near = layers::classes().chain(layers::functions());
        if !name.starts_with(|c: char| c.is_lowercase() || c == '_') || did_you_mean(name, near).is_some() {
            return false;
        }
        if self.is_told(name) {
            return true;
        }
        let diag = Diag::error(Code::UnknownName, loc, format!("cannot find a layer `{name}`"));
        let diag = match self.bound.iter().any(|other| other == name) {
            true => diag.help(format!("move `let {name} = …;` before this")),
            false => diag.help(format!("bind it first: `let {name} = Dense(…);`")),
        };
        self.unbound(name, diag);
        true
    }
}
