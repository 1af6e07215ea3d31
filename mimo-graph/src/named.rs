//! Things that are given by a word (`relu`), a string (`"relu"`) or a call (`LeakyReLU(0.1)`).

use crate::args::{Bound, Signature, bind, list, read};
use crate::code::Code;
use crate::context::Cx;
use crate::diag::{Diag, Loc, did_you_mean};
use crate::value::{Arg, Value, ValueKind};

/// One thing of a kind: its names, its parameters and what they make.
#[derive(Clone, Copy, Debug)]
pub struct Named<T: 'static> {
    /// Every spelling; the first one stands in messages.
    pub names: &'static [&'static str],
    /// What a call takes; a bare word is a call without arguments.
    pub signature: Signature,
    /// Makes the thing of its arguments. What it reports through the getters counts as failed.
    pub build: fn(&Bound<'_>, &mut Cx<'_>) -> T,
}

impl<T> Named<T> {
    /// A thing with its spellings, its parameters and its maker.
    pub const fn new(
        names: &'static [&'static str],
        signature: Signature,
        build: fn(&Bound<'_>, &mut Cx<'_>) -> T,
    ) -> Self {
        Named { names, signature, build }
    }
}

/// The spellings and the parameters of everything in a table.
pub(crate) fn signatures<T>(table: &[Named<T>]) -> Vec<(Vec<&'static str>, Signature)> {
    table.iter().map(|entry| (entry.names.to_vec(), entry.signature)).collect()
}

/// Finds and builds what `value` names. `kind` is the kind's word in messages, with its article: `an activation`.
/// `unknown` is the code for a name that nobody knows.
/// `unsupported` are names of Keras that mimo does not have, each with what to write instead.
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
                let example = table.first().and_then(|entry| entry.names.first());
                let help = example.map(|name| format!("write a name, as in `{name}`"));
                read::wrong(value, what, kind, help, cx);
                return None;
            }
        },
    };
    let Some(entry) = table.iter().find(|entry| entry.names.contains(&name)) else {
        let noun = kind.split_once(' ').map_or(kind, |(_, noun)| noun);
        if let Some((_, instead)) = unsupported.iter().find(|(unsupported, _)| *unsupported == name) {
            cx.error(
                Diag::error(Code::UnavailableSetting, loc, format!("mimo has no {noun} `{name}` yet"))
                    .help(*instead),
            );
            return None;
        }
        let mut diag = Diag::error(unknown, loc, format!("unknown {noun} `{name}`"));
        let spellings = table.iter().flat_map(|entry| entry.names.iter().copied());
        if let Some(near) = did_you_mean(name, spellings) {
            diag = diag.help(format!("did you mean `{near}`?"));
        }
        let names = list(table.iter().filter_map(|entry| entry.names.first().copied()));
        cx.error(diag.help(format!("mimo has {names}")));
        return None;
    };
    let bound = bind(&entry.signature, args, value.loc, cx);
    let thing = (entry.build)(&bound, cx);
    bound.all_sound().then_some(thing)
}
