//! Runs of tokens: traversing, splitting and formatting them.

use proc_macro2::{Delimiter, Group, Ident, Spacing, TokenStream, TokenTree};

use crate::ast::name_of;

/// A position in a run of tokens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    tokens: &'a [TokenTree],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// The start of a run.
    pub(crate) fn new(tokens: &'a [TokenTree]) -> Self {
        Cursor { tokens, at: 0 }
    }

    /// Number of consumed tokens.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    /// The tokens consumed since `start`.
    pub(crate) fn since(&self, start: usize) -> &'a [TokenTree] {
        self.tokens.get(start..self.at).unwrap_or(&[])
    }

    /// The token consumed last.
    pub(crate) fn previous(&self) -> &'a [TokenTree] {
        self.since(self.at.saturating_sub(1))
    }

    /// The remaining tokens.
    pub(crate) fn rest(&self) -> &'a [TokenTree] {
        self.tokens.get(self.at..).unwrap_or(&[])
    }

    /// Whether no tokens remain.
    pub(crate) fn is_empty(&self) -> bool {
        self.rest().is_empty()
    }

    /// The next token.
    pub(crate) fn peek(&self) -> Option<&'a TokenTree> {
        self.peek_nth(0)
    }

    /// The token after `n` others.
    pub(crate) fn peek_nth(&self, n: usize) -> Option<&'a TokenTree> {
        self.rest().get(n)
    }

    /// The token after `n` others, if it is an identifier.
    pub(crate) fn ident_at(&self, n: usize) -> Option<&'a Ident> {
        match self.peek_nth(n) {
            Some(TokenTree::Ident(ident)) => Some(ident),
            _ => None,
        }
    }

    /// Whether the next token is this keyword (not as a raw identifier).
    pub(crate) fn at_keyword(&self, keyword: &str) -> bool {
        self.ident_at(0).is_some_and(|ident| ident == keyword)
    }

    /// The token after `n` others, if it is a group with this delimiter.
    pub(crate) fn group_at(&self, n: usize, delimiter: Delimiter) -> Option<&'a Group> {
        match self.peek_nth(n) {
            Some(TokenTree::Group(group)) if group.delimiter() == delimiter => Some(group),
            _ => None,
        }
    }

    /// Whether the token after `n` others is this punctuation by itself: `=` but not the start of `==`.
    pub(crate) fn punct_at(&self, n: usize, symbol: char) -> bool {
        let Some(TokenTree::Punct(punct)) = self.peek_nth(n) else { return false };
        let joined = punct.spacing() == Spacing::Joint
            && matches!(self.peek_nth(n + 1), Some(TokenTree::Punct(next))
                if matches!((symbol, next.as_char()), (':', ':') | ('=', '=' | '>') | ('-', '>') | ('*', '*')));
        punct.as_char() == symbol && !joined
    }

    /// Consumes `n` tokens.
    pub(crate) fn skip(&mut self, n: usize) {
        self.at = self.tokens.len().min(self.at + n);
    }

    /// Consumes attributes and doc comments, and returns them.
    pub(crate) fn attributes(&mut self) -> &'a [TokenTree] {
        let start = self.at;
        while self.punct_at(0, '#') && self.group_at(1, Delimiter::Bracket).is_some() {
            self.skip(2);
        }
        self.since(start)
    }

    /// Consumes `pub` or `pub(crate)`, if present.
    pub(crate) fn visibility(&mut self) -> &'a [TokenTree] {
        let start = self.at;
        if self.at_keyword("pub") {
            self.skip(1);
            if self.group_at(0, Delimiter::Parenthesis).is_some() {
                self.skip(1);
            }
        }
        self.since(start)
    }
}

/// Splits a run at a symbol; pieces may be empty. Commas inside the angle brackets of a path (`f::<A, B>()`) do not
/// count.
pub(crate) fn cut(tokens: &[TokenTree], symbol: char) -> Vec<&[TokenTree]> {
    let mut pieces = Vec::new();
    let (mut start, mut angles) = (0, 0_usize);
    for (i, token) in tokens.iter().enumerate() {
        let TokenTree::Punct(punct) = token else { continue };
        match punct.as_char() {
            '<' if angles > 0 || i == start || is_punct(tokens, i.wrapping_sub(1), ':') => angles += 1,
            '>' if !is_punct(tokens, i.wrapping_sub(1), '-') => angles = angles.saturating_sub(1),
            found if found == symbol && angles == 0 => {
                pieces.extend(tokens.get(start..i));
                start = i + 1;
            }
            _ => {}
        }
    }
    pieces.extend(tokens.get(start..));
    pieces
}

/// [`cut`] at commas, without the empty piece after a trailing comma.
pub(crate) fn cut_list(tokens: &[TokenTree]) -> Vec<&[TokenTree]> {
    let mut pieces = cut(tokens, ',');
    if pieces.last().is_some_and(|last| last.is_empty()) {
        pieces.pop();
    }
    pieces
}

/// Whether a token is this punctuation.
pub(crate) fn is_punct(tokens: &[TokenTree], i: usize, symbol: char) -> bool {
    matches!(tokens.get(i), Some(TokenTree::Punct(punct)) if punct.as_char() == symbol)
}

/// The tokens of a group; invisible groups around single tokens are opened: `macro_rules!` wraps `$n:literal`.
pub(crate) fn contents(stream: TokenStream) -> Vec<TokenTree> {
    stream.into_iter().map(peel).collect()
}

/// A token without the invisible groups around it.
fn peel(token: TokenTree) -> TokenTree {
    let mut token = token;
    loop {
        let TokenTree::Group(group) = &token else { return token };
        if group.delimiter() != Delimiter::None {
            return token;
        }
        let mut inner = group.stream().into_iter();
        match (inner.next(), inner.next()) {
            (Some(only), None) => token = only,
            _ => return token,
        }
    }
}

/// Whether groups are nested deeper than a person would write; the following code is recursive.
pub(crate) fn too_deep(stream: &TokenStream, limit: usize) -> Option<proc_macro2::Span> {
    let mut stack = vec![stream.clone().into_iter()];
    while let Some(tokens) = stack.last_mut() {
        match tokens.next() {
            Some(TokenTree::Group(group)) if stack.len() >= limit => return Some(group.span()),
            Some(TokenTree::Group(group)) => stack.push(group.stream().into_iter()),
            Some(_) => {}
            None => {
                stack.pop();
            }
        }
    }
    None
}

/// Formats tokens as a person writes them: `crate::config::VOCAB * 2`, `usize::pow(2, 3)`.
pub(crate) fn text_of(tokens: TokenStream) -> String {
    let mut text = String::new();
    write_tokens(tokens, &mut text);
    text
}

fn write_tokens(tokens: TokenStream, text: &mut String) {
    // Whether no space follows the last token.
    let mut tight = true;
    // Whether a sign here precedes its operand.
    let mut prefix = true;
    // Open angle brackets of types. Other angle brackets are comparisons.
    let mut angles = 0_usize;
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{ ", " }"),
                    Delimiter::None => ("", ""),
                };
                if prefix && !tight || group.delimiter() == Delimiter::Brace && !text.is_empty() {
                    text.push(' ');
                }
                text.push_str(open);
                write_tokens(group.stream(), text);
                text.push_str(close);
                (tight, prefix) = (false, false);
            }
            TokenTree::Punct(punct) => {
                let symbol = punct.as_char();
                let opens = symbol == '<' && (text.is_empty() || text.ends_with("::") || ends_in_type(text));
                let closes = symbol == '>' && angles > 0 && !text.ends_with(['-', '=']);
                angles = (angles + usize::from(opens)).saturating_sub(usize::from(closes));
                let close = matches!(symbol, '.' | ':' | ',' | ';' | '?') || opens || closes;
                let joined = text.ends_with(|last: char| last.is_ascii_punctuation()) && tight;
                if !tight && !close && !joined {
                    text.push(' ');
                }
                text.push(symbol);
                // The second character of `**` or `&&` is not a prefix.
                let half = joined && text.strip_suffix(symbol).is_some_and(|before| before.ends_with(symbol));
                let sign = prefix && !half && matches!(symbol, '-' | '!' | '&' | '*' | '~');
                tight = punct.spacing() == Spacing::Joint || sign || matches!(symbol, '.' | ':') || opens;
                prefix = !closes && symbol != '?';
            }
            TokenTree::Ident(ident) => {
                if !tight {
                    text.push(' ');
                }
                text.push_str(&ident.to_string());
                (tight, prefix) = (false, matches!(name_of(&ident).as_str(), "as" | "in" | "return"));
            }
            TokenTree::Literal(literal) => {
                if !tight {
                    text.push(' ');
                }
                text.push_str(&literal.to_string());
                (tight, prefix) = (false, false);
            }
        }
    }
}

/// Whether a text ends in the name of a type: `Vec`, but not `UNITS` or `x`.
fn ends_in_type(text: &str) -> bool {
    let word = text.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
    word.starts_with(char::is_uppercase) && word.contains(char::is_lowercase)
}

/// First words of statements.
const STATEMENTS: [&str; 5] = ["let", "const", "for", "fn", "use"];

/// Opens invisible groups that contain statements: a `macro_rules!` fragment `$s:stmt`.
pub(super) fn flatten(tokens: Vec<TokenTree>) -> Vec<TokenTree> {
    let statements = |group: &Group| {
        let inner = contents(group.stream());
        let first = Cursor::new(&inner);
        group.delimiter() == Delimiter::None && STATEMENTS.iter().any(|keyword| first.at_keyword(keyword))
    };
    tokens
        .into_iter()
        .flat_map(|token| match &token {
            TokenTree::Group(group) if statements(group) => contents(group.stream()),
            _ => vec![token],
        })
        .collect()
}
