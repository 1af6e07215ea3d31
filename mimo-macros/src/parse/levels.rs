//! Attributes that set levels of mimo's warnings: `#[allow(mimo::unused_tensor)]`.

use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Loc, did_you_mean};
use proc_macro2::{Delimiter, Group, Punct, Spacing, TokenStream, TokenTree};

use super::cursor::{Cursor, cut_list, text_of};
use super::parser::Parser;
use crate::lints::{Action, Level};

impl Parser {
    /// Reads mimo's lints in attributes. Returns the attributes without them, and without empty ones. The levels
    /// apply from here to the end of the model; [`close`](crate::lints::close) ends them earlier.
    pub(crate) fn lint_levels(&mut self, attrs: &[TokenTree], levels: &mut Vec<Level>) -> Vec<TokenTree> {
        let from = self.spans.next();
        // `#` and `[…]`
        let kept = attrs.chunks(2).flat_map(|pair| match self.lint_attribute(pair, from, levels) {
            Some(kept) => kept,
            None => pair.to_vec(),
        });
        kept.collect()
    }

    /// The rest of an attribute that names lints of mimo; `None` if it names none.
    fn lint_attribute(
        &mut self,
        pair: &[TokenTree],
        from: Loc,
        levels: &mut Vec<Level>,
    ) -> Option<Vec<TokenTree>> {
        let [hash, TokenTree::Group(attribute)] = pair else { return None };
        let inner = opened(attribute.stream());
        let [TokenTree::Ident(level), TokenTree::Group(group)] = &inner[..] else { return None };
        let action = match level.to_string().as_str() {
            "allow" => Some(Action::Allow),
            "warn" => Some(Action::Warn),
            "deny" => Some(Action::Deny),
            "expect" | "forbid" => None,
            _ => return None,
        };
        if group.delimiter() != Delimiter::Parenthesis {
            return None;
        }
        let tokens = opened(group.stream());
        let (ours, others): (Vec<_>, Vec<_>) =
            cut_list(&tokens).into_iter().partition(|piece| is_ours(piece));
        if ours.is_empty() {
            return None;
        }
        match action {
            Some(action) => {
                for lint in ours.into_iter().filter_map(|piece| self.lint(piece)) {
                    levels.push(Level::open(lint, action, from));
                }
            }
            None => {
                let loc = self.spans.of(pair);
                let message = format!("lints of mimo have no level `{level}`");
                let help = "write `allow`, `warn` or `deny`";
                self.error(Diag::error(Code::UnsupportedLintLevel, loc, message).help(help));
            }
        }
        let is_reason = |piece: &&[TokenTree]| Cursor::new(piece).at_keyword("reason");
        if others.iter().all(is_reason) {
            return Some(Vec::new());
        }
        let comma = TokenTree::Punct(Punct::new(',', Spacing::Alone));
        let rest: TokenStream =
            others.iter().flat_map(|piece| piece.iter().cloned().chain([comma.clone()])).collect();
        let lints = regroup(group, rest);
        let kept = regroup(attribute, [TokenTree::Ident(level.clone()), lints].into_iter().collect());
        Some(vec![hash.clone(), kept])
    }

    /// The lint of `mimo::name`; warns about any other name.
    fn lint(&mut self, piece: &[TokenTree]) -> Option<Code> {
        let path = text_of(piece.iter().cloned().collect()).replace(' ', "");
        let name = path.strip_prefix("mimo::").unwrap_or(&path);
        let code = Code::named(name);
        if code.is_some_and(Code::is_lint) {
            return code;
        }
        let loc = self.spans.of(piece);
        let all = "`mimo::errors` lists every lint, such as `mimo::unused_tensor`";
        let warning = |message: String| Diag::warning(Code::UnknownLint, loc, message);
        self.error(match (code, did_you_mean(name, Code::lints())) {
            (Some(code), _) => {
                warning(format!("`{code}` is an error, and only warnings have levels")).help(all)
            }
            (None, Some(near)) => {
                warning(format!("unknown lint `{path}`")).help(format!("did you mean `mimo::{near}`?"))
            }
            (None, None) => warning(format!("unknown lint `{path}`")).help(all),
        });
        None
    }
}

/// Whether a piece of a list of lints is a path into mimo.
fn is_ours(piece: &[TokenTree]) -> bool {
    let is_colon =
        |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(p)) if p.as_char() == ':');
    Cursor::new(piece).at_keyword("mimo") && is_colon(piece.get(1)) && is_colon(piece.get(2))
}

/// Tokens without the invisible groups in which `macro_rules!` wraps `$meta:meta` and `$path:path`.
fn opened(stream: TokenStream) -> Vec<TokenTree> {
    let open = |token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => opened(group.stream()),
        token => vec![token],
    };
    stream.into_iter().flat_map(open).collect()
}

/// The same group with other contents.
fn regroup(group: &Group, stream: TokenStream) -> TokenTree {
    let mut new = Group::new(group.delimiter(), stream);
    new.set_span(group.span());
    TokenTree::Group(new)
}
