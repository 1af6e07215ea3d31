//! The parser's state.

use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Loc, Severity};
use proc_macro2::{TokenStream, TokenTree};

use super::rust;
use crate::ast::{Expr, ExprKind};
use crate::span::Spans;

/// State of the parser: spans and diagnostics.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    /// Spans of all locations.
    pub(crate) spans: Spans,
    /// Diagnostics so far.
    pub(crate) diags: Vec<Diag>,
    /// Number of operators and calls of the current expression.
    pub(super) operators: usize,
    /// Depth of the current expression.
    pub(super) depth: usize,
}

impl Parser {
    /// Reports a diagnostic.
    pub(crate) fn error(&mut self, diag: Diag) {
        self.diags.push(diag);
    }

    /// Number of errors; tokens with a warning are still parsed.
    pub(super) fn errors(&self) -> usize {
        self.diags.iter().filter(|diag| diag.severity == Severity::Error).count()
    }

    /// Whether the last error is about tokens that are not a statement.
    pub(super) fn is_foreign(&self) -> bool {
        self.diags.last().is_some_and(|diag| diag.code == Code::NotAStatement)
    }

    /// Attributes as they will be emitted: broken ones are reported here, and dropped.
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

/// A placeholder for an expression that was reported.
pub(super) fn invalid(loc: Loc) -> Expr {
    Expr::new(ExprKind::Invalid, loc, TokenStream::new())
}
