//! Habits of Python in the block: each is recognized by its tokens, and the error says what to write here.

use mimo_graph::code::Code;
use mimo_graph::diag::Diag;
use mimo_graph::language::{self, Module};
use mimo_graph::layers;
use proc_macro2::{Delimiter, TokenTree};

use super::cursor::{Cursor, contents, cut_list, text_of};
use super::expr::Stop;
use super::foreign::{Unscoped, foreign};
use super::parser::Parser;
use super::state::State;
use crate::ast::{Expr, ExprKind, Model, Values, name_of};
use crate::losses;

/// First words of dotted paths of Python imports. The following words are modules too.
const MODULES: &[&str] = &[
    "activations",
    "applications",
    "backend",
    "callbacks",
    "constraints",
    "initializers",
    "keras",
    "layers",
    "losses",
    "math",
    "metrics",
    "nn",
    "np",
    "numpy",
    "ops",
    "optimizers",
    "regularizers",
    "schedules",
    "tensorflow",
    "tf",
    "tfa",
    "torch",
    "utils",
];

const LOOP: &str = "write a loop: `for i in 0..4 { let x = Dense(32)(x); }`";

/// Number of tokens of a dotted path before its last name, if its first word is a Python module. A path with `::` is
/// Rust, unless it ends in a word of the language.
fn prefix(cursor: &Cursor<'_>) -> usize {
    let mut n = 0;
    if !cursor.ident_at(0).is_some_and(|ident| MODULES.contains(&name_of(ident).as_str())) {
        return n;
    }
    while cursor.ident_at(n).is_some() && cursor.punct_at(n + 1, '.') && cursor.ident_at(n + 2).is_some() {
        n += 2;
    }
    if n > 0 {
        return n;
    }
    let colon = |n| matches!(cursor.peek_nth(n), Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
    while colon(n + 1) && colon(n + 2) && cursor.ident_at(n + 3).is_some() {
        n += 3;
    }
    let is_word = |name: &str| Module::ALL.iter().any(|&module| language::find(module, name).is_some());
    if cursor.ident_at(n).is_some_and(|ident| is_word(&name_of(ident))) { n } else { 0 }
}

/// The cursor after the modules before a name: `Sequential` of `keras.Sequential(…)`.
pub(super) fn without_prefix<'a>(cursor: &Cursor<'a>) -> Cursor<'a> {
    let mut cursor = *cursor;
    cursor.skip(prefix(&cursor));
    cursor
}

/// The name, the arguments and the length of `name(…)`, if the run starts with it.
fn call<'a>(cursor: &Cursor<'a>) -> Option<(String, Vec<TokenTree>, &'a [TokenTree])> {
    let (name, group) = (cursor.ident_at(0)?, cursor.group_at(1, Delimiter::Parenthesis)?);
    Some((name_of(name), contents(group.stream()), cursor.rest().get(..2)?))
}

fn shown(tokens: &[TokenTree]) -> String {
    text_of(tokens.iter().cloned().collect())
}

/// `range(3)` in Rust's form, `0..3`; other tokens unchanged.
fn range_of(tokens: &[TokenTree]) -> String {
    let Some((_, args, _)) =
        call(&Cursor::new(tokens)).filter(|(name, _, run)| name == "range" && run.len() == tokens.len())
    else {
        return shown(tokens);
    };
    let parts: Vec<String> = cut_list(&args).into_iter().map(shown).collect();
    let number = |text: &String| text.parse::<i64>().ok();
    match &parts[..] {
        [end] => format!("0..{end}"),
        [start, end] => format!("{start}..{end}"),
        [start, end, step] if number(step) == Some(1) => format!("{start}..{end}"),
        // `range(4, -1, -1)` counts from 4 to 0.
        [start, end, step] if number(step) == Some(-1) => match number(end) {
            Some(-1) => format!("(0..={start}).rev()"),
            Some(end) => format!("({}..={start}).rev()", end + 1),
            None => format!("({end} + 1..={start}).rev()"),
        },
        _ => "0..4".into(),
    }
}

impl Parser {
    /// Skips the Python modules before a name, `keras.layers.` of `keras.layers.Dense`, and reports them. An
    /// unavailable name is reported instead of its modules: without them it would still be an error.
    pub(super) fn python_prefix(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Stop> {
        let len = prefix(cursor);
        let Some(name) = cursor.ident_at(len).filter(|_| len > 0) else { return Ok(()) };
        let path = cursor.rest().get(..len).unwrap_or_default();
        let (loc, prefix) = (self.spans.of(path), shown(path));
        let (text, at) = (name_of(name), self.spans.of(cursor.rest().get(len..len + 1).unwrap_or_default()));
        let called = cursor.group_at(len + 1, Delimiter::Parenthesis).is_some();
        cursor.skip(len);
        let known =
            text == "Input" || Module::ALL.iter().any(|&module| language::find(module, &text).is_some());
        if let (false, Some(diag)) = (known, layers::unavailable(&text, at)) {
            self.error(diag);
            return Err(Stop::Reported);
        }
        let is_class = text.starts_with(char::is_uppercase);
        // On tensors: `keras.losses.mse(a, b)`, `keras.losses.Huber()(a, b)`. A setting is a name, or has settings of
        // its own.
        let args = cursor.group_at(1 + usize::from(is_class), Delimiter::Parenthesis);
        let args = args.map(|group| contents(group.stream())).unwrap_or_default();
        if let [a, b] = cut_list(&args)[..]
            && !args.iter().any(|token| matches!(token, TokenTree::Punct(p) if p.as_char() == '='))
            && let Some(diag) = losses::of_tensors(&text, Some([shown(a), shown(b)]), at)
        {
            self.error(diag);
            return Err(Stop::Reported);
        }
        let message = format!("`{prefix}` is a Python module, and names have no prefix here");
        if known || called && is_class {
            self.error(Diag::error(Code::PythonModule, loc, message).help(format!("write `{text}`")));
            return Ok(());
        }
        let whole = self.spans.of(&[path, cursor.rest().get(..1).unwrap_or_default()].concat());
        let message = format!("`{prefix}{text}` is Python, and mimo has no `{text}`");
        let help = match called {
            true => format!("write a function of the block from layers: `fn {text}(x) {{ Dense(32)(x) }}`"),
            false => "write the value itself, or the path of a Rust constant: `crate::UNITS`".into(),
        };
        self.error(Diag::error(Code::PythonModule, whole, message).help(help));
        Err(Stop::Reported)
    }

    /// Reports `… for x in values`, the end of a comprehension, if the tokens between two delimiters are one.
    pub(super) fn comprehension(&mut self, tokens: &[TokenTree]) -> bool {
        let word = |token: &TokenTree, text: &str| matches!(token, TokenTree::Ident(ident) if ident == text);
        let Some(at) = tokens.iter().position(|token| word(token, "for")).filter(|&at| at > 0) else {
            return false;
        };
        let Some(within) = tokens.iter().skip(at).position(|token| word(token, "in")) else { return false };
        let (names, values) = (&tokens[at + 1..at + within], &tokens[at + within + 1..]);
        let end = values.iter().position(|token| word(token, "if")).unwrap_or(values.len());
        let loc = self.spans.of(&tokens[at..]);
        let (names, values) = (loop_names(names), range_of(&values[..end]));
        // In `{ key: value for … }` the value is the element.
        let colon =
            tokens[..at].iter().position(|token| matches!(token, TokenTree::Punct(p) if p.as_char() == ':'));
        let element = shown(&tokens[colon.map_or(0, |colon| colon + 1)..at]);
        let diag = Diag::error(
            Code::PythonExpression,
            loc,
            "`… for … in …` is a comprehension of Python, and a list is written element by element",
        );
        let form = match colon {
            None => format!("`let list = for {names} in {values} {{ {element} }};`"),
            Some(_) => format!("`for {names} in {values} {{ let y = {element}; }}`"),
        };
        self.error(diag.help(format!("write a loop: {form}")));
        true
    }

    /// Reports an operator of Python or another language after a complete expression. Returns whether there is one.
    /// `whole` is the expression including what follows it.
    pub(super) fn python_operator(&mut self, cursor: &Cursor<'_>, whole: &[TokenTree]) -> bool {
        let Some(next) = cursor.peek() else { return false };
        let loc = self.spans.of(std::slice::from_ref(next));
        let python = |what: &str, help: &str| {
            Diag::error(Code::PythonExpression, loc, format!("`{what}` is Python")).help(help)
        };
        let previous = match cursor.previous() {
            [TokenTree::Ident(ident)] => name_of(ident),
            _ => String::new(),
        };
        let diag = match next {
            TokenTree::Ident(ident) => match ident.to_string().as_str() {
                "if" => Diag::error(Code::PythonExpression, loc, "`… if … else …` is Python")
                    .help(format!(
                        "write `{}` for a condition that is known while the macro runs",
                        chosen(whole)
                    ))
                    .help("choose value by value: `where(x > 0.0, a, b)`"),
                "and" | "or" if let Some(diag) = foreign(whole, &Unscoped, loc) => diag,
                _ if previous == "not"
                    && let Some(diag) = foreign(whole, &Unscoped, loc) =>
                {
                    diag
                }
                "is" | "not" => python(&ident.to_string(), "write `equal(a, b)` or `not_equal(a, b)`"),
                "for" => python("for", LOOP),
                _ => return false,
            },
            TokenTree::Punct(punct) if punct.as_char() == '@' => {
                Diag::error(Code::PythonExpression, loc, "`@` is Python's matrix product")
                    .help("write `matmul(a, b)`")
            }
            // Rust's grammar would have accepted them, except for a part that is Python's: `x[:, 0] & mask`, `x[:,
            // 0].sum()`.
            TokenTree::Punct(punct)
                if matches!(punct.as_char(), '&' | '|' | '^' | '.')
                    && let Some(diag) = foreign(whole, &Unscoped, loc) =>
            {
                diag
            }
            TokenTree::Punct(punct) if punct.as_char() == '?' && cursor.peek_nth(1).is_some() => {
                Diag::error(Code::UnexpectedToken, loc, "expressions have no `?`")
                    .help("write `where(condition, a, b)`, which chooses value by value")
            }
            TokenTree::Punct(punct) if punct.as_char() == '#' => {
                Diag::error(Code::UnexpectedToken, loc, "a comment does not start with `#`")
                    .help("write `//`")
            }
            TokenTree::Literal(literal)
                if ["f", "r", "b", "u"].contains(&previous.as_str())
                    && literal.to_string().starts_with('"') =>
            {
                python(
                    &format!("{previous}\"…\""),
                    &format!("write `{literal}`: the names of loops and parameters stand in braces"),
                )
            }
            _ => return false,
        };
        self.error(diag);
        true
    }

    /// `range(3)`, `enumerate(list)` and similar after `in`: reported, and parsed as their meaning if it is clear.
    pub(super) fn python_values(&mut self, run: &[TokenTree], names: &[TokenTree]) -> Option<Values> {
        let (name, args, whole) = call(&Cursor::new(run)).filter(|(_, _, whole)| whole.len() == run.len())?;
        let loc = self.spans.of(whole);
        let names = if names.is_empty() { "i".into() } else { loop_names(names) };
        let (help, meant) = match name.as_str() {
            "range" => {
                let range = range_of(run);
                let tokens: Vec<TokenTree> =
                    range.parse::<proc_macro2::TokenStream>().ok()?.into_iter().collect();
                let meant =
                    if cut_list(&args).len() <= 2 { self.values(&tokens, &[]) } else { Values::Invalid };
                (format!("write `for {names} in {range} {{ … }}`"), meant)
            }
            "enumerate" => {
                let items = match &args[..] {
                    [TokenTree::Group(list)] => contents(list.stream()),
                    _ => Vec::new(),
                };
                let pairs = cut_list(&items).into_iter().enumerate();
                let pairs: Vec<String> = pairs.map(|(i, item)| format!("({i}, {})", shown(item))).collect();
                let help = match (&args[..], pairs.is_empty()) {
                    ([TokenTree::Ident(list)], _) => {
                        format!("go over the numbers: `for i in 0..4 {{ … }}`, with `{list}[i]` in the body")
                    }
                    (_, true) => {
                        format!(
                            "write the numbers beside the values: `for {names} in [(0, 64), (1, 32)] {{ … }}`"
                        )
                    }
                    (_, false) => {
                        let pairs = pairs.join(", ");
                        format!("write the numbers beside the values: `for {names} in [{pairs}] {{ … }}`")
                    }
                };
                (help, Values::Invalid)
            }
            "zip" => (
                format!("write the pairs as one list: `for {names} in [(64, 0.3), (32, 0.1)] {{ … }}`"),
                Values::Invalid,
            ),
            "reversed" => {
                let inner = range_of(&args);
                (format!("write `for {names} in ({inner}).rev() {{ … }}`"), Values::Invalid)
            }
            _ => return None,
        };
        let message = format!("`{name}(…)` is Python, and a loop goes over a range or a list");
        self.error(Diag::error(Code::LoopValues, loc, message).help(help));
        Some(meant)
    }

    /// `Sequential([…])` instead of `Model(…)`: a model is written as layers called on tensors.
    pub(super) fn sequential(&mut self, cursor: &Cursor<'_>, state: &mut State, model: &mut Model) {
        self.lose(cursor.rest(), model);
        let cursor = without_prefix(cursor);
        let loc = self.spans.of(cursor.rest().get(..1).unwrap_or_default());
        let args = cursor.group_at(1, Delimiter::Parenthesis).map(|group| contents(group.stream()));
        let items = match args.as_deref() {
            Some([TokenTree::Group(list), ..]) => contents(list.stream()),
            _ => Vec::new(),
        };
        let mut layers: Vec<String> = cut_list(&items).into_iter().map(shown).collect();
        let input = match layers.first() {
            Some(first) if first.starts_with("Input") => layers.remove(0),
            _ => "Input(shape = [8])".into(),
        };
        if layers.is_empty() {
            layers = vec!["Dense(32, activation = relu)".into(), "Dense(1)".into()];
        }
        let last = layers.len() - 1;
        let mut before = "x";
        let mut lines = vec![format!("let x = {input};")];
        for (i, layer) in layers.iter().enumerate() {
            let name = if i == last { "y" } else { "h" };
            lines.push(format!("let {name} = {layer}({before});"));
            before = name;
        }
        let message = "a model is not written with `Sequential`, but as tensors that layers are called on";
        self.error(
            Diag::error(Code::ModelAsLayer, loc, message)
                .help(format!("write `{}`", lines.join(" ")))
                .help("end the block with `Model(inputs = [x], outputs = [y])` and the same `.compile(…)`"),
        );
        state.sequential = true;
    }

    /// The error for a statement of Python or Rust that blocks do not have, by its first word.
    pub(super) fn other_statement(&mut self, cursor: &Cursor<'_>) -> Option<Diag> {
        let word = cursor.ident_at(0)?.to_string();
        let loc = self.spans.of(cursor.rest());
        let (message, help) = match word.as_str() {
            "def" => {
                let name = cursor.ident_at(1).map_or("name".into(), name_of);
                let args = match cursor.group_at(2, Delimiter::Parenthesis) {
                    Some(group) => text_of(group.stream()),
                    None => "x".into(),
                };
                ("`def` is Python", format!("write `fn {name}({args}) {{ …; result }}`"))
            }
            "class" => ("`class` is Python", "write a layer of your own as a function: `fn block(x) { …; result }`".into()),
            "import" | "from" => ("a block imports nothing", "remove this: every layer is known in the block; another model is brought in with `use path::Name;`".into()),
            "while" | "loop" => ("a block has no loop of unknown length", LOOP.into()),
            "match" => (
                "a block has no `match`",
                "compare with each value: `if stride == 1 { … } else if stride == 2 { … }`".into(),
            ),
            "print" | "println" => ("a block only describes the model", "print it in Rust: `println!(\"{}\", Net::summary());` for a model `Net`".into()),
            _ => return None,
        };
        Some(Diag::error(Code::NotAStatement, loc, message).help(help))
    }
}

/// `if deep { a } else { b }` for `a if deep else b`.
fn chosen(whole: &[TokenTree]) -> String {
    let place =
        |text: &str| whole.iter().position(|token| matches!(token, TokenTree::Ident(ident) if ident == text));
    let (Some(condition), Some(other)) = (place("if"), place("else")) else {
        return "if deep { a } else { b }".into();
    };
    let part = |range: std::ops::Range<usize>| shown(whole.get(range).unwrap_or_default());
    let (a, condition, b) = (part(0..condition), part(condition + 1..other), part(other + 1..whole.len()));
    format!("if {condition} {{ {a} }} else {{ {b} }}")
}

/// The names of a loop in Rust's form: two of them are in parentheses.
fn loop_names(names: &[TokenTree]) -> String {
    let text = shown(names);
    let several =
        names.iter().any(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ','));
    if several { format!("({text})") } else { text }
}

/// The part of an expression that is Python's power, if any.
pub(crate) fn power(expr: &Expr) -> Option<&Expr> {
    expr.find(&|part| matches!(part, ExprKind::Power(..)))
}
