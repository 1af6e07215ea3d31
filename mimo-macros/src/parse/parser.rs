//! The parser: what all of the grammar reports to.

use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Loc, Severity};
use proc_macro2::{TokenStream, TokenTree};

use super::rust;
use crate::ast::{Expr, ExprKind};
use crate::span::Spans;

/// What all of the grammar reports to.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    /// Every place that was named.
    pub(crate) spans: Spans,
    /// Every mistake that was found.
    pub(crate) diags: Vec<Diag>,
    /// Operators and calls of the expression that is being read.
    pub(super) operators: usize,
    /// Depth of the expression that is being read.
    pub(super) depth: usize,
}

impl Parser {
    /// Reports a mistake.
    pub(crate) fn error(&mut self, diag: Diag) {
        self.diags.push(diag);
    }

    /// How many errors there are: what a warning is about has been read all the same.
    pub(super) fn errors(&self) -> usize {
        self.diags.iter().filter(|diag| diag.severity == Severity::Error).count()
    }

    /// Whether the last error is about tokens that are no statement.
    pub(super) fn is_foreign(&self) -> bool {
        self.diags.last().is_some_and(|diag| diag.code == Code::NotAStatement)
    }

    /// Attributes as they will be written again: broken ones are reported here, and left out.
    pub(super) fn attributes(&mut self, tokens: &[TokenTree]) -> TokenStream {
        let stream: TokenStream = tokens.iter().cloned().collect();
        match rust::is_attributes(&stream) {
            true => stream,
            false => {
                let loc = self.spans.of(tokens);
                self.error(
                    Diag::error(Code::InvalidAttribute, loc, "this is not an attribute")
                        .help("write `#[name]` or `#[name(…)]`"),
                );
                TokenStream::new()
            }
        }
    }
}

/// An expression in the place of one that was reported.
pub(super) fn invalid(loc: Loc) -> Expr {
    Expr::new(ExprKind::Invalid, loc, TokenStream::new())
}
