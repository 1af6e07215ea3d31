//! Locations in the user's source.

use mimo_graph::diag::Loc;
use proc_macro2::{Span, TokenTree};

/// The first and the last token of a location. `Span::join` returns nothing inside a macro, so both are stored: a
/// diagnostic whose tokens start at one and end at the other underlines all tokens between them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpanRange {
    /// The first token.
    pub(crate) start: Span,
    /// The last token.
    pub(crate) end: Span,
}

impl SpanRange {
    /// One token.
    pub(crate) fn one(span: Span) -> Self {
        SpanRange { start: span, end: span }
    }

    /// The line of the first token, if the host of the macro provides it.
    pub(crate) fn line(self) -> Option<usize> {
        #[cfg(test)]
        let line = Some(self.start.start().line);
        #[cfg(not(test))]
        let line = proc_macro::is_available().then(|| self.start.unwrap().line());
        line
    }

    /// All of `tokens`, or the whole macro call if there are none.
    pub(crate) fn of(tokens: &[TokenTree]) -> Self {
        match (tokens.first(), tokens.last()) {
            (Some(first), Some(last)) => SpanRange { start: open(first), end: close(last) },
            _ => SpanRange::one(Span::call_site()),
        }
    }
}

/// Start of a token: a group's delimiter, or the first token of an invisible group.
fn open(token: &TokenTree) -> Span {
    match token {
        TokenTree::Group(group) if group.delimiter() == proc_macro2::Delimiter::None => {
            group.stream().into_iter().next().map_or(group.span(), |first| open(&first))
        }
        // The complete group instead of its opening delimiter: rustc extends a range from the start of the first span
        // to the end of the last.
        other => other.span(),
    }
}

/// End of a token.
fn close(token: &TokenTree) -> Span {
    match token {
        TokenTree::Group(group) if group.delimiter() == proc_macro2::Delimiter::None => {
            group.stream().into_iter().last().map_or(group.span(), |last| close(&last))
        }
        other => other.span(),
    }
}

/// The table of [`Loc`]: locations are numbered in source order, which is the order of messages.
#[derive(Debug, Default)]
pub(crate) struct Spans {
    ranges: Vec<SpanRange>,
    /// The number of all locations, if the table maps them to one location of another table.
    site: Option<Loc>,
}

impl Spans {
    /// A table in which every location is `site`, a location of another table.
    pub(crate) fn at(site: Loc) -> Self {
        Spans { ranges: Vec::new(), site: Some(site) }
    }

    /// Adds a location.
    pub(crate) fn add(&mut self, range: SpanRange) -> Loc {
        let loc = self.next();
        if self.site.is_none() {
            self.ranges.push(range);
        }
        loc
    }

    /// The number of the next location.
    pub(crate) fn next(&self) -> Loc {
        self.site.unwrap_or_else(|| Loc(u32::try_from(self.ranges.len()).unwrap_or(u32::MAX)))
    }

    /// Adds the location of `tokens`.
    pub(crate) fn of(&mut self, tokens: &[TokenTree]) -> Loc {
        self.add(SpanRange::of(tokens))
    }

    /// Sets the span of a location whose end was unknown before.
    pub(crate) fn set(&mut self, loc: Loc, range: SpanRange) {
        if let Some(entry) = self.ranges.get_mut(loc.0 as usize) {
            *entry = range;
        }
    }

    /// The span of a location.
    pub(crate) fn get(&self, loc: Loc) -> SpanRange {
        self.ranges.get(loc.0 as usize).copied().unwrap_or_else(|| SpanRange::one(Span::call_site()))
    }
}
