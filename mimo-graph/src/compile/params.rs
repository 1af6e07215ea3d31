//! The parameters of a loss, a metric or an optimizer, read from a call.

use crate::compile::forms::list_of;
use crate::context::Cx;
use crate::diag::{Diag, did_you_mean};
use crate::value::{Arg, Value, ValueKind};

/// What a number has to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Range {
    /// Any finite number.
    Any,
    /// Above 0.
    Positive,
    /// 0 or above.
    NotNegative,
    /// From 0 to 1.
    Unit,
    /// From 0 up to, but not including, 1.
    Share,
}

impl Range {
    fn holds(self, x: f64) -> bool {
        x.is_finite()
            && match self {
                Range::Any => true,
                Range::Positive => x > 0.0,
                Range::NotNegative => x >= 0.0,
                Range::Unit => (0.0..=1.0).contains(&x),
                Range::Share => (0.0..1.0).contains(&x),
            }
    }

    fn text(self) -> &'static str {
        match self {
            Range::Any => "a number",
            Range::Positive => "a number above 0",
            Range::NotNegative => "0 or a number above",
            Range::Unit => "a number from 0 to 1",
            Range::Share => "a number from 0 to below 1",
        }
    }
}

/// The arguments of one call, by parameter.
#[derive(Debug)]
pub(super) struct Params<'a> {
    callee: &'a str,
    given: Vec<(&'static str, &'a Value)>,
    sound: bool,
}

impl<'a> Params<'a> {
    /// Binds arguments to parameters, which stand in Keras's order; `!name` is one that mimo does not support,
    /// so that it has to be left out. What is wrong is reported here and makes [`finish`](Self::finish) fail.
    pub(super) fn read(
        callee: &'a str,
        parameters: &[&'static str],
        args: &'a [Arg],
        cx: &mut Cx<'_>,
    ) -> Self {
        let mut params = Params { callee, given: vec![], sound: true };
        let plain = |parameter: &&'static str| parameter.strip_prefix('!').unwrap_or(parameter);
        let names = || parameters.iter().map(plain);
        let supported: Vec<_> = parameters.iter().copied().filter(|name| !name.starts_with('!')).collect();
        let takes = match supported[..] {
            [] => format!("`{callee}` takes no arguments"),
            _ => format!("`{callee}` takes {}", list_of(&supported)),
        };
        for (place, arg) in args.iter().enumerate() {
            let (word, word_loc) = match &arg.name {
                Some((name, loc)) => (Some(name.as_str()), *loc),
                None => (None, arg.value.loc),
            };
            let parameter = match word {
                Some(word) => parameters.iter().find(|parameter| plain(parameter) == word),
                None => parameters.get(place),
            };
            let Some(parameter) = parameter else {
                params.sound = false;
                let near = word.and_then(|word| did_you_mean(word, names()));
                let diag = match word {
                    Some(word) => Diag::error(word_loc, format!("`{callee}` has no argument `{word}`")),
                    None => {
                        let message =
                            format!("`{callee}` takes at most {} positional arguments", parameters.len());
                        Diag::error(word_loc, message)
                    }
                };
                cx.error(match near {
                    Some(near) => diag.help(format!("an argument with a similar name is `{near}`")),
                    None => diag.help(takes.clone()),
                });
                continue;
            };
            let name = plain(parameter);
            if *parameter != name {
                // Leaving it out by saying so is fine.
                if !matches!(arg.value.kind, ValueKind::None | ValueKind::Bool(false)) {
                    params.sound = false;
                    let message = format!("the argument `{name}` of `{callee}` is not supported");
                    cx.error(Diag::error(word_loc, message).help(format!("leave `{name}` out")));
                }
                continue;
            }
            if params.given.iter().any(|(given, _)| *given == name) {
                params.sound = false;
                let message = format!("the argument `{name}` of `{callee}` is given twice");
                cx.error(Diag::error(word_loc, message).help("remove one"));
                continue;
            }
            params.given.push((name, &arg.value));
        }
        params
    }

    /// Nothing if some argument was wrong.
    pub(super) fn finish(self) -> Option<()> {
        self.sound.then_some(())
    }

    /// Remembers an error that the caller reported.
    pub(super) fn fail(&mut self) {
        self.sound = false;
    }

    /// The value of a parameter as it was written.
    pub(super) fn value(&self, name: &str) -> Option<&'a Value> {
        self.given.iter().find(|(given, _)| *given == name).map(|(_, value)| *value)
    }

    /// Reports a value that is not what the parameter takes.
    fn wrong(&mut self, name: &str, value: &Value, wanted: &str, cx: &mut Cx<'_>) {
        self.sound = false;
        if value.kind != ValueKind::Invalid {
            let message =
                format!("the argument `{name}` of `{}` is {wanted}, not {}", self.callee, value.describe());
            cx.error(Diag::error(value.loc, message));
        }
    }

    /// A number, or `None` if it is left out or `none`.
    pub(super) fn optional_number(
        &mut self,
        name: &'static str,
        range: Range,
        cx: &mut Cx<'_>,
    ) -> Option<f64> {
        let value = self.value(name).filter(|value| value.kind != ValueKind::None)?;
        let number = number(value).filter(|x| range.holds(*x));
        if number.is_none() {
            self.wrong(name, value, range.text(), cx);
        }
        number
    }

    /// A number with a default.
    pub(super) fn number(&mut self, name: &'static str, default: f64, range: Range, cx: &mut Cx<'_>) -> f64 {
        self.optional_number(name, range, cx).unwrap_or(default)
    }

    /// A whole number of at least `least`, or `None` if it is left out or `none`.
    pub(super) fn optional_count(
        &mut self,
        name: &'static str,
        least: usize,
        cx: &mut Cx<'_>,
    ) -> Option<usize> {
        let value = self.value(name).filter(|value| value.kind != ValueKind::None)?;
        let count = match value.kind {
            ValueKind::Int(n) => usize::try_from(n).ok().filter(|n| *n >= least),
            _ => None,
        };
        if count.is_none() {
            self.wrong(name, value, &format!("a whole number of at least {least}"), cx);
        }
        count
    }

    /// A whole number with a default.
    pub(super) fn count(
        &mut self,
        name: &'static str,
        default: usize,
        least: usize,
        cx: &mut Cx<'_>,
    ) -> usize {
        self.optional_count(name, least, cx).unwrap_or(default)
    }

    /// `true` or `false`, with a default.
    pub(super) fn flag(&mut self, name: &'static str, default: bool, cx: &mut Cx<'_>) -> bool {
        match self.value(name) {
            None => default,
            Some(Value { kind: ValueKind::Bool(flag), .. }) => *flag,
            Some(value) => {
                self.wrong(name, value, "`true` or `false`", cx);
                default
            }
        }
    }

    /// One of some words, in any case.
    pub(super) fn choice<T: Copy>(
        &mut self,
        name: &'static str,
        default: T,
        choices: &[(&str, T)],
        cx: &mut Cx<'_>,
    ) -> T {
        let Some(value) = self.value(name) else { return default };
        let word = value.word().unwrap_or("");
        let choice = choices.iter().find(|(choice, _)| choice.eq_ignore_ascii_case(word));
        if choice.is_none() {
            let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
            self.wrong(name, value, &format!("one of {}", list_of(&words)), cx);
        }
        choice.map_or(default, |(_, choice)| *choice)
    }

    /// The name that a call gives itself, usable as a field.
    pub(super) fn name(&mut self, cx: &mut Cx<'_>) -> Option<String> {
        let value = self.value("name").filter(|value| value.kind != ValueKind::None)?;
        let Some(word) = value.word() else {
            self.wrong("name", value, "a string", cx);
            return None;
        };
        if let Some(reason) = crate::names::unusable(word) {
            self.sound = false;
            let usable = crate::names::field_like(word);
            cx.error(
                Diag::error(value.loc, format!("the name {word:?} {reason}"))
                    .help(format!("write `name = \"{usable}\"`"))
                    .note("logs have a field of this name"),
            );
        }
        Some(word.to_owned())
    }
}

/// The number that a value is, if the macro knows it.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value.kind {
        ValueKind::Int(n) => Some(n as f64),
        ValueKind::Float(x) => Some(x).filter(|x| x.is_finite()),
        _ => None,
    }
}
