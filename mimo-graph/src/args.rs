//! Binding of arguments to parameters: positional in Keras's order, or `keyword = value`.
//!
//! [`bind`] assigns arguments to parameters and reports those that cannot be bound. The getters of [`Bound`] then
//! read the value of each parameter, and report a value of the wrong form at its own tokens. After an error a getter
//! returns the default: [`Bound::sound`] tells whether a parameter is valid.

use std::borrow::Cow;
use std::cell::Cell;

use crate::activation::Activation;
use crate::code::Code;
use crate::context::Cx;
use crate::diag::{Diag, Loc, did_you_mean};
use crate::dim::Dim;
use crate::initializer::{Constraint, Initializer, Regularizer};
use crate::item::{Argument, Item, Kind, Range};
use crate::language::values::WORDS;
use crate::value::{Arg, Value, ValueKind};

pub(crate) mod idle;
mod missing;
mod of_others;
pub mod read;
#[cfg(test)]
mod tests;

pub use idle::is_keras_s_default;

/// Formats names in backticks, separated by commas.
pub fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Arguments bound to parameters.
#[derive(Clone, Debug)]
pub struct Bound<'a> {
    item: &'static Item,
    call: Loc,
    /// One per argument of the item.
    slots: Vec<Slot<'a>>,
    /// Whether an argument could not be bound, so that its meaning is unknown.
    broken: bool,
    /// Whether there is an argument that cannot even be guessed.
    stray: bool,
}

/// Argument of one parameter.
#[derive(Clone, Debug)]
struct Slot<'a> {
    argument: &'static Argument,
    /// Owned if it replaces a Python word that was reported, such as `True`.
    value: Option<Cow<'a, Value>>,
    /// Whether an error about this parameter was reported.
    failed: Cell<bool>,
}

/// Binds `args` to the arguments of `item` and reports, all at once, arguments that are unknown, given twice, too
/// many or missing. `call` is the location of the whole call.
pub fn bind<'a>(item: &'static Item, args: &'a [Arg], call: Loc, cx: &mut Cx<'_>) -> Bound<'a> {
    let bound = bind_given(item, args, call, cx);
    bound.report_missing(cx);
    bound
}

/// Same as [`bind`], for a caller that reports missing arguments itself.
pub(crate) fn bind_given<'a>(item: &'static Item, args: &'a [Arg], call: Loc, cx: &mut Cx<'_>) -> Bound<'a> {
    let slots = item.all().map(|argument| Slot { argument, value: None, failed: Cell::new(false) }).collect();
    let mut bound = Bound { item, call, slots, broken: false, stray: false };
    let mut position = 0;
    let mut keyword_seen = false;
    let mut misplaced = false;
    let mut too_many = None;
    for (place, arg) in args.iter().enumerate() {
        match &arg.name {
            Some((name, loc)) => {
                keyword_seen = true;
                match bound.slots.iter().position(|slot| slot.argument.name == name) {
                    Some(slot) => bound.fill(slot, &arg.value, *loc, cx),
                    None => bound.unknown(name, *loc, cx),
                }
            }
            // It is unknown which parameter it was meant for.
            None if keyword_seen => {
                let reported =
                    std::mem::replace(&mut misplaced, true) || arg.value.kind == ValueKind::Invalid;
                if !reported {
                    let name = item.positional.get(position).map_or("name", |argument| argument.name);
                    let diag = Diag::error(
                        Code::PositionalAfterKeyword,
                        arg.value.loc,
                        "positional argument after a keyword argument",
                    )
                    .help(format!("write `{name} = …`, or move it to the front"));
                    // It may be the second entry of a list without its brackets.
                    let before = place.checked_sub(1).and_then(|before| args.get(before)?.name.as_ref());
                    cx.error(match before {
                        Some((before, _)) => {
                            if let Some(slot) =
                                bound.slots.iter_mut().find(|slot| slot.argument.name == before)
                            {
                                slot.value = None;
                                slot.failed.set(true);
                            }
                            diag.help(format!("a list stands in brackets: `{before} = [a, b]`"))
                        }
                        None => diag,
                    });
                }
                bound.broken = true;
            }
            None if position < item.positional.len() => {
                // Invalid tokens may be any number of arguments.
                bound.broken |= arg.value.kind == ValueKind::Invalid;
                bound.fill(position, &arg.value, arg.value.loc, cx);
                position += 1;
            }
            None => {
                too_many.get_or_insert(arg.value.loc);
                position += 1;
            }
        }
    }
    if let Some(loc) = too_many {
        bound.too_many(position, loc, cx);
    }
    bound.stray |= misplaced;
    bound
}

impl<'a> Bound<'a> {
    fn fill(&mut self, index: usize, value: &'a Value, loc: Loc, cx: &mut Cx<'_>) {
        let callee = self.item.class;
        let slot = &mut self.slots[index];
        if value.kind == ValueKind::Invalid {
            // It was reported: it is neither missing nor does it block another argument.
            slot.failed.set(true);
            return;
        }
        if slot.value.is_some() {
            cx.error(
                Diag::error(
                    Code::ArgumentGivenTwice,
                    loc,
                    format!("`{}` of `{callee}` is given twice", slot.argument.name),
                )
                .help("remove one of the two"),
            );
            self.broken = true;
            return;
        }
        let value = read::without_python(value, cx);
        if let (Some(instead), false) =
            (slot.argument.instead, is_keras_s_default(slot.argument.name, &value))
        {
            cx.error(
                Diag::error(
                    Code::UnavailableSetting,
                    loc,
                    format!("mimo has no `{}` for `{callee}`", slot.argument.name),
                )
                .help(instead),
            );
            slot.failed.set(true);
        }
        slot.value = Some(value);
    }

    fn unknown(&mut self, name: &str, loc: Loc, cx: &mut Cx<'_>) {
        self.broken = true;
        let callee = self.item.class;
        let mut diag =
            Diag::error(Code::UnknownArgument, loc, format!("`{callee}` has no argument `{name}`"));
        let near = did_you_mean(name, self.item.all().map(|argument| argument.name)).or_else(|| {
            of_others::names(name).find(|other| self.item.all().any(|argument| argument.name == *other))
        });
        if let Some(near) = near {
            diag = diag.help(format!("did you mean `{near}`?"));
            // A misspelt argument is one mistake: it is not reported as missing as well.
            if let Some(slot) = self.slots.iter().find(|slot| slot.argument.name == near) {
                slot.failed.set(true);
            }
        } else {
            self.stray = true;
        }
        cx.error(match self.slots.is_empty() {
            true => diag.help(format!("write `{callee}()`: it takes no arguments")),
            false => diag.help(format!("its arguments are {}", listed(self.item))),
        });
    }

    fn too_many(&mut self, given: usize, loc: Loc, cx: &mut Cx<'_>) {
        self.broken = true;
        let Item { class: callee, positional: params, .. } = self.item;
        let message = match params.len() {
            0 => format!("`{callee}` takes no positional argument, but {given} {} given", is_are(given)),
            1 => format!("`{callee}` takes 1 positional argument, but {given} are given"),
            n => format!("`{callee}` takes at most {n} positional arguments, but {given} are given"),
        };
        let diag = Diag::error(Code::TooManyArguments, loc, message).help(match self.slots.is_empty() {
            true => format!("write `{callee}()`: it takes no arguments"),
            false => format!("its arguments are {}", listed(self.item)),
        });
        // The argument may be a list without its brackets.
        cx.error(match (params, self.slots.first_mut()) {
            ([Argument { name, .. }], Some(slot)) => {
                slot.value = None;
                slot.failed.set(true);
                diag.help(format!("a list stands in brackets: `{name} = [a, b]`"))
            }
            _ => diag,
        });
    }

    /// Whether all arguments could be bound and no error was reported for these parameters, so that values that
    /// depend on them can be computed.
    pub fn sound(&self, params: &[&str]) -> bool {
        !self.broken
            && self.slots.iter().all(|slot| !slot.failed.get() || !params.contains(&slot.argument.name))
    }

    /// Whether no error was reported.
    pub fn all_sound(&self) -> bool {
        !self.broken && self.slots.iter().all(|slot| !slot.failed.get())
    }

    /// The item that is called.
    pub fn item(&self) -> &'static Item {
        self.item
    }

    /// Name of the called item, such as `Dense`.
    pub fn callee(&self) -> &'static str {
        self.item.class
    }

    /// Location of the call.
    pub fn call(&self) -> Loc {
        self.call
    }

    /// Location of a parameter's value, or of the whole call if it is missing.
    pub fn loc(&self, name: &str) -> Loc {
        self.slot(name).and_then(|slot| slot.value.as_ref()).map_or(self.call, |value| value.loc)
    }

    /// The value as written; `None` if it is missing or was reported.
    pub fn take(&self, name: &str) -> Option<&Value> {
        let slot = self.slot(name)?;
        let value = slot.value.as_deref()?;
        if value.kind == ValueKind::Invalid {
            slot.failed.set(true);
            return None;
        }
        Some(value)
    }

    /// Marks a parameter as reported, for values that are not read by the getters.
    pub fn fail(&self, name: &str) {
        if let Some(slot) = self.slot(name) {
            slot.failed.set(true);
        }
    }

    fn slot(&self, name: &str) -> Option<&Slot<'a>> {
        let slot = self.slots.iter().find(|slot| slot.argument.name == name);
        debug_assert!(slot.is_some(), "`{}` declares no `{name}`", self.item.class);
        slot
    }

    /// Reads a value if there is one, and records whether that failed.
    pub fn read<T>(
        &self,
        name: &str,
        cx: &mut Cx<'_>,
        reader: impl FnOnce(&Value, &str, &mut Cx<'_>) -> Option<T>,
    ) -> Option<T> {
        let value = self.take(name)?;
        let result = reader(value, &format!("`{name}` of `{}`", self.item.class), cx);
        if result.is_none() {
            self.fail(name);
        }
        result
    }

    /// Reads a value that may be `none`, which means the same as a missing one.
    pub fn read_optional<T>(
        &self,
        name: &str,
        cx: &mut Cx<'_>,
        reader: impl FnOnce(&Value, &str, &mut Cx<'_>) -> Option<T>,
    ) -> Option<T> {
        match self.take(name)?.kind {
            ValueKind::None => None,
            _ => self.read(name, cx, reader),
        }
    }

    /// Reads the default of an argument. `None` if it has none, or if it is `none`.
    pub fn default<T>(
        &self,
        name: &str,
        cx: &mut Cx<'_>,
        reader: impl FnOnce(&Value, &str, &mut Cx<'_>) -> Option<T>,
    ) -> Option<T> {
        let text = self.slot(name)?.argument.default.filter(|text| *text != "none")?;
        let result = reader(&Value::of_default(text, self.call), name, cx);
        debug_assert!(result.is_some(), "the default of `{name}` of `{}` cannot be read", self.item.class);
        result
    }

    /// Reads a value, or the default if it is missing or wrong.
    pub fn read_or_default<T>(
        &self,
        name: &str,
        cx: &mut Cx<'_>,
        reader: impl Fn(&Value, &str, &mut Cx<'_>) -> Option<T>,
    ) -> Option<T> {
        self.read(name, cx, &reader).or_else(|| self.default(name, cx, reader))
    }

    /// Reads a value that may be `none`: `None` for that and after an error, the default if it is missing.
    fn read_given<T>(
        &self,
        name: &str,
        cx: &mut Cx<'_>,
        reader: impl Fn(&Value, &str, &mut Cx<'_>) -> Option<T>,
    ) -> Option<T> {
        match self.take(name) {
            Some(_) => self.read_optional(name, cx, reader),
            None => self.default(name, cx, reader),
        }
    }

    /// Entries of a list or tuple. `None` if missing or wrong.
    pub fn items(&self, name: &str, cx: &mut Cx<'_>) -> Option<&[Value]> {
        let value = self.take(name)?;
        if let ValueKind::List(items) = &value.kind {
            return Some(items);
        }
        let entry = match &value.kind {
            ValueKind::Int(n) => Some(n.to_string()),
            ValueKind::Ident { text, .. } => Some(text.clone()),
            _ => None,
        };
        let help = entry.map(|entry| format!("write `{name} = [{entry}]`"));
        read::wrong(value, &format!("`{name}` of `{}`", self.item.class), "a list", help, cx);
        self.fail(name);
        None
    }

    /// Length of at least 1: a number or any constant expression. `None` if wrong, or if missing and without a
    /// default.
    pub fn dim(&self, name: &str, cx: &mut Cx<'_>) -> Option<Dim> {
        self.read_or_default(name, cx, read::dim)
    }

    /// Integer of at least 0 and in the range of its argument.
    pub fn unsigned(&self, name: &str, cx: &mut Cx<'_>) -> usize {
        let range = self.range(name);
        self.read_or_default(name, cx, |value, what, cx| read::unsigned_in(value, what, &range, cx))
            .unwrap_or_default()
    }

    /// Integer of at least 0 and in the range of its argument, or `none`.
    pub fn optional_unsigned(&self, name: &str, cx: &mut Cx<'_>) -> Option<usize> {
        let range = self.range(name);
        self.read_given(name, cx, |value, what, cx| read::unsigned_in(value, what, &range, cx))
    }

    /// The seed of a random stream, or `none`.
    pub fn optional_seed(&self, name: &str, cx: &mut Cx<'_>) -> Option<u64> {
        // `usize` fits into `u64` on all supported targets.
        self.optional_unsigned(name, cx).map(|seed| seed as u64)
    }

    /// An integer.
    pub fn integer(&self, name: &str, cx: &mut Cx<'_>) -> i64 {
        self.read_or_default(name, cx, read::integer).unwrap_or_default()
    }

    /// Number in the range of its argument.
    pub fn float(&self, name: &str, cx: &mut Cx<'_>) -> f64 {
        let range = self.range(name);
        self.read_or_default(name, cx, |value, what, cx| read::float_in(value, what, &range, cx))
            .unwrap_or_default()
    }

    /// Number in the range of its argument, or `none`.
    pub fn optional_float(&self, name: &str, cx: &mut Cx<'_>) -> Option<f64> {
        let range = self.range(name);
        self.read_given(name, cx, |value, what, cx| read::float_in(value, what, &range, cx))
    }

    /// Numbers in the range of their argument: one number, or a list of them. Empty for `none` and after an error.
    pub fn factors(&self, name: &str, cx: &mut Cx<'_>) -> Vec<f64> {
        let range = self.range(name);
        let numbers = self.read_given(name, cx, |value, what, cx| match &value.kind {
            ValueKind::List(items) if items.is_empty() => {
                read::empty(value, what, cx);
                None
            }
            ValueKind::List(items) => {
                items.iter().map(|item| read::float_in(item, what, &range, cx)).collect::<Option<Vec<_>>>()
            }
            _ => read::float_in(value, what, &range, cx).map(|factor| vec![factor]),
        });
        numbers.unwrap_or_default()
    }

    /// Weights of labels or classes: same as [`factors`](Bound::factors), with at least one above 0.
    pub fn weights(&self, name: &str, cx: &mut Cx<'_>) -> Vec<f64> {
        let weights = self.factors(name, cx);
        if !weights.is_empty() && weights.iter().all(|&weight| weight == 0.0) {
            let message =
                format!("all numbers of `{name}` of `{}` are 0, so that nothing counts", self.callee());
            cx.error(
                Diag::error(Code::ValueOutOfRange, self.loc(name), message)
                    .help("write at least one number above 0, or leave it out"),
            );
            self.fail(name);
        }
        weights
    }

    /// `true` or `false`.
    pub fn boolean(&self, name: &str, cx: &mut Cx<'_>) -> bool {
        self.read_or_default(name, cx, read::boolean).unwrap_or_default()
    }

    /// A string, or `none`.
    pub fn optional_string(&self, name: &str, cx: &mut Cx<'_>) -> Option<String> {
        self.read_given(name, cx, read::string)
    }

    /// One of the words of its argument's type, as an identifier or a string.
    pub fn word(&self, name: &str, cx: &mut Cx<'_>) -> &'static str {
        let kind = self.slot(name).map(|slot| slot.argument.kind);
        let words =
            WORDS.iter().find(|(ty, _)| kind == Some(Kind::Word(ty))).map_or(&[][..], |(_, words)| words);
        let words: Vec<&str> = words.iter().map(|word| word.trim_start_matches("r#")).collect();
        self.word_of(name, &words, cx)
    }

    /// One of the words in `allowed`, for an argument that accepts more words than its documentation lists.
    pub fn word_of(&self, name: &str, allowed: &[&'static str], cx: &mut Cx<'_>) -> &'static str {
        let word = self.read_or_default(name, cx, |value, what, cx| read::word(value, what, allowed, cx));
        word.unwrap_or_default()
    }

    /// An activation; `none` is `linear`.
    pub fn activation(&self, name: &str, cx: &mut Cx<'_>) -> Activation {
        let activation = self.read_given(name, cx, Activation::read).unwrap_or(Activation::Linear);
        if activation != Activation::Glu || self.callee() == "Activation" {
            return activation;
        }
        let message =
            format!("`glu` halves the last axis, so it cannot be the `{name}` of a `{}`", self.callee());
        let diag = Diag::error(Code::UnavailableSetting, self.loc(name), message);
        cx.error(diag.help("write it as a layer after this one: `Activation(glu)(x)`"));
        self.fail(name);
        Activation::Linear
    }

    /// An initializer; `none` is the default.
    pub fn initializer(&self, name: &str, cx: &mut Cx<'_>) -> Initializer {
        let given = self.read_optional(name, cx, Initializer::read);
        given.or_else(|| self.default(name, cx, Initializer::read)).unwrap_or(Initializer::ZEROS)
    }

    /// A regularizer, or `none`.
    pub fn regularizer(&self, name: &str, cx: &mut Cx<'_>) -> Option<Regularizer> {
        self.read_given(name, cx, Regularizer::read)
    }

    /// A constraint, or `none`.
    pub fn constraint(&self, name: &str, cx: &mut Cx<'_>) -> Option<Constraint> {
        self.read_given(name, cx, Constraint::read)
    }

    fn range(&self, name: &str) -> Range {
        self.slot(name).map_or(range!(), |slot| slot.argument.range)
    }
}

/// The argument names of an item, for a message.
fn listed(item: &Item) -> String {
    list(item.arguments().map(|argument| argument.name))
}

fn is_are(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}
