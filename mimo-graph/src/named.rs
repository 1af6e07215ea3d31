//! Items written as a word (`relu`), a string (`"relu"`) or a call (`LeakyReLU(0.1)`).

use crate::args::{Bound, bind, idle, list, read};
use crate::code::Code;
use crate::context::Cx;
use crate::diag::{Diag, Loc, nearest};
use crate::item::{Item, Module};
use crate::value::{Arg, Value, ValueKind};

/// An item of a vocabulary and its constructor.
#[derive(Clone, Copy, Debug)]
pub struct Named<T: 'static> {
    /// Its spellings and arguments; a bare word is a call without arguments.
    pub item: &'static Item,
    /// Makes the value from its arguments. After errors of the getters, the result is dropped.
    pub build: fn(&Bound<'_>, &mut Cx<'_>) -> T,
}

/// Finds and builds the item that `value` names. `kind` is the kind's word in messages, with its article: `an
/// activation`. `unknown` is the code for an unknown name. `unsupported` are names of Keras that mimo does not have,
/// each with a replacement.
pub fn read_named<T>(
    value: &Value,
    what: &str,
    kind: &str,
    unknown: Code,
    table: &[Named<T>],
    unsupported: &[(&str, &str)],
    cx: &mut Cx<'_>,
) -> Option<T> {
    let (name, loc, args): (&str, Loc, &[Arg]) = match &value.kind {
        ValueKind::Call { name, name_loc, args } => (name, *name_loc, args),
        _ => match value.word() {
            Some(word) => (word, value.loc, &[]),
            None => {
                read::wrong(value, what, kind, Some(meant(value, unknown, table, cx)), cx);
                return None;
            }
        },
    };
    let Some(entry) = table.iter().find(|entry| entry.item.names.contains(&name)) else {
        let noun = kind.split_once(' ').map_or(kind, |(_, noun)| noun);
        if let Some((_, instead)) = unsupported.iter().find(|(unsupported, _)| *unsupported == name) {
            cx.error(
                Diag::error(Code::UnavailableSetting, loc, format!("mimo has no {noun} `{name}`"))
                    .help(*instead),
            );
            return None;
        }
        let diag = Diag::error(unknown, loc, format!("unknown {noun} `{name}`"));
        let names = table.iter().map(|entry| entry.item.word());
        let spellings = table.iter().flat_map(|entry| entry.item.names.iter().copied());
        let diag = match nearest(name, spellings) {
            Some(near) => diag.help(near),
            None if table.len() <= FEW => diag.help(format!("write one of {}", list(names))),
            None => {
                let diag = match of_ones_own(unknown) {
                    Some(own) => diag.help(own),
                    None => diag.help(format!("write one of mimo's, as in {}", list(names.take(3)))),
                };
                match module(unknown) {
                    Some(module) => {
                        diag.note(format!("every {noun} is listed in `mimo::language::{module}`"))
                    }
                    None => diag,
                }
            }
        };
        cx.error(diag);
        return None;
    };
    let bound = bind(entry.item, args, value.loc, cx);
    idle::check(&bound, cx);
    let thing = (entry.build)(&bound, cx);
    bound.all_sound().then_some(thing)
}

/// Longest list of alternatives that a message shows completely.
const FEW: usize = 5;

/// Help for custom items that the user has written in Rust.
fn of_ones_own(unknown: Code) -> Option<&'static str> {
    match unknown {
        Code::UnknownLoss => Some(
            "a function of your own is written with its path: `loss = crate::my_loss`; a loss of several outputs is `custom` \
             here, and `trainer.set_loss(|outputs, targets| …)` in Rust",
        ),
        Code::UnknownSchedule => Some(
            "a schedule of your own is a callback: `LearningRateScheduler::new(|epoch, rate| if epoch < 10 { rate } else { rate * 0.9 })`",
        ),
        Code::UnknownMetric => Some(
            "a type of your own that implements `mimo::Metric` is written with its path: `metrics = [crate::MyMetric]`",
        ),
        _ => None,
    }
}

/// The module of the language that lists items of this kind.
fn module(unknown: Code) -> Option<Module> {
    match unknown {
        Code::UnknownActivation => Some(Module::Activations),
        Code::UnknownInitializer => Some(Module::Initializers),
        Code::UnknownRegularizer => Some(Module::Regularizers),
        Code::UnknownConstraint => Some(Module::Constraints),
        Code::UnknownLoss => Some(Module::Losses),
        Code::UnknownMetric => Some(Module::Metrics),
        Code::UnknownOptimizer => Some(Module::Optimizers),
        Code::UnknownSchedule => Some(Module::Schedules),
        _ => None,
    }
}

/// Help for a value that is not a word: a path may end in one, such as `nn.relu`.
fn meant<T>(value: &Value, unknown: Code, table: &[Named<T>], cx: &Cx<'_>) -> String {
    let mut names = table.iter().flat_map(|entry| entry.item.names.iter().copied());
    let text = match &value.kind {
        ValueKind::Expr(id) => cx.consts.get(id.0 as usize).map_or("", |entry| &entry.text),
        _ => "",
    };
    let path = text.split('(').next().unwrap_or_default();
    let last = path.rsplit(['.', ':']).next().unwrap_or_default();
    if let Some(name) = names.find(|name| *name == last) {
        return format!("write `{name}`");
    }
    if text.contains("::") && text.contains('<') {
        let path = text.split('<').next().unwrap_or_default().trim_end_matches(':');
        let help = match unknown {
            Code::UnknownLoss => Some(format!("leave the parameters out: `{path}`")),
            Code::UnknownMetric => Some(format!(
                "give the type a name without parameters: `pub type MyMetric = {text};`, and write `self::MyMetric`"
            )),
            _ => None,
        };
        if let Some(help) = help {
            return help;
        }
    }
    if let Some(path) = text.strip_suffix("()").filter(|path| path.contains("::"))
        && of_ones_own(unknown).is_some()
    {
        return format!("leave the parentheses out: `{}`", path.trim_end());
    }
    match (of_ones_own(unknown), table.first().map(|entry| entry.item.word())) {
        (Some(own), _) if !text.is_empty() => own.into(),
        (_, Some(name)) => format!("write a name, as in `{name}`"),
        (_, None) => "write a name".into(),
    }
}
