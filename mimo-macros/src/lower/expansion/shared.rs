//! Functions as layers: `let scale = layer_scale(dim = 8);`. All calls share the layers that the first one makes.

use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Loc};

use super::arguments::Argument;
use crate::ast::{Arg, Expr, Function, name_of};
use crate::lower::Lower;
use crate::lower::library::Callee;
use crate::lower::nested::Callable;
use crate::lower::tensor::Evaluated;
use crate::parse::text_of;

/// A function with its settings, called as a layer.
#[derive(Debug)]
pub(in crate::lower) struct Shared {
    function: Callee,
    /// By parameter: the argument, or the default. Tensors come with each call.
    settings: Vec<Option<Setting>>,
    /// Its expression as written, and its location.
    shown: String,
    loc: Loc,
    /// Layers of the first call, in order; `None` before it.
    made: Option<Vec<Made>>,
}

impl Shared {
    /// Location of the expression.
    pub(in crate::lower) fn place(&self) -> Loc {
        self.loc
    }
}

/// A layer that a call made, with its class; `None` after an error.
type Made = (String, Option<Callable>);

/// Value of a parameter where the layer is made.
#[derive(Clone, Debug)]
struct Setting {
    argument: Argument,
    /// Whether it was passed explicitly; a call may replace a default.
    given: bool,
}

/// Layers that a call makes, or takes from the first call.
#[derive(Debug, Default)]
pub(in crate::lower) struct Replay {
    /// Remaining layers of the first call, last first; `None` for the first call.
    left: Option<Vec<Made>>,
    made: Vec<Made>,
    /// Whether it needs another layer than the first call made.
    differs: bool,
}

impl Replay {
    /// The next layer of the first call; `None` if it has another class, or if an earlier one had.
    fn take(&mut self, class: &str) -> Option<Made> {
        let taken = self.left.as_mut().and_then(Vec::pop).filter(|(known, _)| known == class);
        self.differs |= taken.is_none();
        taken.filter(|_| !self.differs)
    }
}

impl Lower<'_> {
    /// Whether a call of a function makes a layer: settings by keyword, and missing tensors.
    pub(in crate::lower) fn makes_layer(&self, function: &Function, args: &[Arg]) -> bool {
        let is_setting = |arg: &Arg| arg.keyword.is_some() && !self.is_tensor(&arg.value);
        args.iter().all(is_setting) && super::lacks(function, args)
    }

    /// `layer_scale(dim = 8)`
    pub(super) fn share(&mut self, function: Callee, expr: &Expr, args: &[Arg]) -> Evaluated {
        let (given, sound) = self.by_parameter(&function, args);
        let parameters = function.function.parameters.iter().zip(given);
        let settings = parameters.map(|(parameter, written)| {
            let argument = self.argument_or_default(&function, written, parameter.default.as_ref())?;
            Some(Setting { argument, given: written.is_some() })
        });
        let settings = settings.collect();
        if !sound {
            return Evaluated::Poison;
        }
        let (shown, loc) = (text_of(expr.tokens.clone()), expr.loc);
        self.shared.push(Shared { function, settings, shown, loc, made: None });
        Evaluated::Layer(Callable::Function(self.shared.len() - 1))
    }

    /// Warns about layers of functions that are never called.
    pub(super) fn unused_shared(&mut self) {
        // The call may be in a statement with an error.
        if self.diags.has_errors() {
            return;
        }
        let unused = self.shared.iter().filter(|shared| shared.made.is_none());
        let unused: Vec<(Loc, String)> = unused.map(|shared| (shared.loc, shared.shown.clone())).collect();
        for (loc, shown) in unused {
            self.error(
                Diag::warning(Code::UnusedLayer, loc, format!("the layer `{shown}` is never called"))
                    .help(format!("call it on a tensor, `{shown}(x)`, or remove it")),
            );
        }
    }

    /// `scale(x)`
    pub(in crate::lower) fn call_shared(&mut self, shared: usize, args: &[Arg], call: Loc) -> Evaluated {
        let Some(Shared { function, settings, shown, .. }) = self.shared.get(shared) else {
            return Evaluated::Poison;
        };
        let (function, settings, shown) = (function.clone(), settings.clone(), shown.clone());
        let function = self.sited(function, call);
        let Some(arguments) = self.with_settings(&function, settings, &shown, args, call) else {
            return Evaluated::Poison;
        };
        // An argument may contain a call of the same layer, which was then the first.
        let made = self.shared.get(shared).and_then(|shared| shared.made.clone());
        let left = made.map(|made| made.into_iter().rev().collect());
        self.replays.push(Replay { left, ..Replay::default() });
        let given = self.expand(&function, arguments, &shown, call);
        let Some(Replay { left, made, differs }) = self.replays.pop() else { return given };
        match (left, self.shared.get_mut(shared)) {
            (None, Some(shared)) => shared.made = Some(made),
            (Some(left), _) if differs || !left.is_empty() => return self.other_layers(&shown, call),
            _ => {}
        }
        given
    }

    /// Values of all parameters in one call: the setting, the default, or the tensor that is passed.
    fn with_settings(
        &mut self,
        Callee { function, name: own_name, .. }: &Callee,
        settings: Vec<Option<Setting>>,
        shown: &str,
        args: &[Arg],
        call: Loc,
    ) -> Option<Vec<Argument>> {
        let mut sound = true;
        let written = |setting: &Option<Setting>| setting.clone().filter(|setting| setting.given);
        let mut given: Vec<Option<Argument>> =
            settings.iter().map(|setting| written(setting).map(|setting| setting.argument)).collect();
        // Tensors are assigned to the parameters without a value, in order.
        let open = settings.iter().enumerate().filter(|(_, setting)| setting.is_none());
        let mut open: Vec<usize> = open.map(|(at, _)| at).rev().collect();
        for arg in args {
            let place = match &arg.keyword {
                None => open.pop(),
                Some((keyword, _)) => {
                    let place = function.parameters.iter().position(|own| name_of(&own.ident) == *keyword);
                    open.retain(|&at| Some(at) != place);
                    place
                }
            };
            let argument = self.argument(&arg.value);
            let name = place.and_then(|at| function.parameters.get(at)).map(|own| name_of(&own.ident));
            let diag = match (place.and_then(|at| given.get_mut(at)), &argument, &arg.keyword) {
                (Some(slot @ None), Argument::Tensor(_), _) => {
                    *slot = Some(argument);
                    continue;
                }
                (_, Argument::Value(_), keyword) => {
                    let (what, loc) = match keyword {
                        Some((keyword, loc)) => (format!("`{keyword}`"), *loc),
                        None => (format!("`{}`", text_of(arg.value.tokens.clone())), arg.value.loc),
                    };
                    let unset = || {
                        let open = |setting: &Option<Setting>| setting.as_ref().is_some_and(|it| !it.given);
                        let at = settings.iter().position(open)?;
                        function.parameters.get(at).map(|own| name_of(&own.ident))
                    };
                    let name = name.or_else(unset).unwrap_or_else(|| "setting".into());
                    let value = text_of(arg.value.tokens.clone());
                    Diag::error(
                        Code::SettingInCall,
                        loc,
                        format!("a call takes tensors, and {what} is a setting"),
                    )
                    .help(format!(
                        "give it where the layer is made: `{}`",
                        with_setting(shown, &name, &value)
                    ))
                }
                (Some(Some(_)), _, keyword) => {
                    let loc = keyword.as_ref().map_or(arg.value.loc, |(_, loc)| *loc);
                    let name = name.unwrap_or_default();
                    Diag::error(Code::ArgumentGivenTwice, loc, format!("`{name}` is given twice"))
                        .help("remove one")
                }
                (None, _, Some((keyword, loc))) => Diag::error(
                    Code::UnknownArgument,
                    *loc,
                    format!("`{own_name}` has no parameter `{keyword}`"),
                )
                .help("remove it"),
                (None, _, None) => {
                    let message = format!("`{shown}` is given one tensor too many");
                    Diag::error(Code::TooManyArguments, arg.value.loc, message).help("remove it")
                }
            };
            self.error(diag);
            sound = false;
        }
        let missing: Vec<String> = open
            .iter()
            .rev()
            .filter_map(|&at| function.parameters.get(at))
            .map(|parameter| format!("`{}`", name_of(&parameter.ident)))
            .collect();
        if sound && !missing.is_empty() {
            let list = missing.join(" and ");
            let first = missing.first().map(|name| name.trim_matches('`').to_owned()).unwrap_or_default();
            let diag = Diag::error(Code::MissingArgument, call, format!("`{shown}` is not given {list}"));
            let form = with_setting(shown, &first, "…");
            let diag = diag.help("call it with a tensor for each");
            self.error(match args.is_empty() {
                true => diag,
                false => diag.help(format!("give a setting where the layer is made: `{form}`")),
            });
            sound = false;
        }
        let default = |setting: Option<Setting>| setting.map(|setting| setting.argument);
        let arguments =
            given.into_iter().zip(settings).filter_map(|(given, setting)| given.or(default(setting)));
        sound.then(|| arguments.collect())
    }

    /// Makes a layer, or returns that of the first call if this is a later call of a function as a layer.
    pub(in crate::lower) fn once(
        &mut self,
        class: &str,
        make: impl FnOnce(&mut Self) -> Option<Callable>,
    ) -> Option<Callable> {
        // Calls inside of a later call were also inside of the first: the outermost has all of their layers.
        let mut later = self.replays.iter_mut().filter(|replay| replay.left.is_some());
        let made = match later.next() {
            Some(outermost) => {
                let taken = outermost.take(class);
                later.for_each(|inner| drop(inner.take(class)));
                taken.and_then(|(_, made)| made)
            }
            None => make(self),
        };
        self.replays.iter_mut().for_each(|replay| replay.made.push((class.to_owned(), made)));
        made
    }

    /// Reports a call that makes other layers than the first one.
    fn other_layers(&mut self, shown: &str, call: Loc) -> Evaluated {
        let message = format!(
            "this call of `{shown}` makes other layers than its first call, with which it shares them"
        );
        self.error(
            Diag::error(Code::SharedLayerShape, call, message)
                .help("give all calls lists of the same length, or make a layer of its own for this one"),
        );
        Evaluated::Poison
    }
}

/// Formats a call with one more setting: `scale(dim = 8)`.
fn with_setting(shown: &str, name: &str, value: &str) -> String {
    let inside = shown.strip_suffix(')').unwrap_or(shown);
    let comma = if inside.ends_with('(') { "" } else { ", " };
    format!("{inside}{comma}{name} = {value})")
}
