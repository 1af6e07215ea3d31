//! Words and what they stand for, with a helpful answer to a word that is none of them.

use crate::context::Cx;
use crate::diag::{Diag, Loc, did_you_mean};

/// Words for one thing, and the thing. The first word is the one that lists show.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listed<T: 'static> {
    pub(super) words: &'static [&'static str],
    pub(super) value: T,
}

/// All losses, all metrics, or all optimizers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vocabulary<T: 'static> {
    /// `loss`
    pub(super) what: &'static str,
    pub(super) listed: &'static [Listed<T>],
    /// What Keras has besides, in snake case.
    pub(super) missing: &'static [&'static str],
}

impl<T: Copy> Vocabulary<T> {
    /// What a word stands for; an unknown one is reported.
    pub(super) fn find(&self, word: &str, loc: Loc, cx: &mut Cx<'_>) -> Option<T> {
        let found = self.listed.iter().find(|listed| listed.words.contains(&word));
        if found.is_none() {
            let what = self.what;
            let keras = self.missing.iter().any(|missing| folded(missing) == folded(word));
            let near = did_you_mean(word, self.listed.iter().flat_map(|listed| listed.words.iter().copied()));
            let diag = match (keras, near) {
                (true, _) => Diag::error(loc, format!("the {what} `{word}` of Keras is not supported")),
                (false, Some(near)) => Diag::error(loc, format!("unknown {what} `{word}`"))
                    .help(format!("a {what} with a similar name is `{near}`")),
                (false, None) => Diag::error(loc, format!("unknown {what} `{word}`")),
            };
            cx.error(if near.is_some() && !keras { diag } else { diag.help(self.list()) });
        }
        found.map(|listed| listed.value)
    }

    /// What there is.
    pub(super) fn list(&self) -> String {
        let words: Vec<_> = self.listed.iter().filter_map(|listed| listed.words.first().copied()).collect();
        let plural = if self.what == "loss" { "losses".into() } else { format!("{}s", self.what) };
        format!("the {plural} are {}", super::forms::list_of(&words))
    }
}

fn folded(word: &str) -> String {
    word.to_lowercase().replace('_', "")
}
