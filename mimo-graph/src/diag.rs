//! Diagnostics as data: what is wrong, where, and what to write instead.

use std::collections::HashMap;

use crate::code::Code;
pub use crate::ids::Loc;
use crate::ids::TensorId;
use crate::shape::Shape;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The model is not generated.
    Error,
    /// A compiler warning at the token; the model is generated.
    Warning,
}

/// A tensor that a diagnostic speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The tensor.
    pub tensor: TensorId,
    /// The shape that the text shows for it, if it shows one.
    pub shown: Option<Shape>,
}

/// One thing to tell the user.
///
/// Messages start in lower case, end without a period, put names in backticks and carry numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diag {
    /// Which rule is broken.
    pub code: Code,
    /// Where the user wrote it.
    pub loc: Loc,
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What to write (`= help:` lines).
    pub helps: Vec<String>,
    /// The other side (`= note:` lines).
    pub notes: Vec<String>,
    /// The tensors that the message and its notes speak of, in the order of the call.
    pub subjects: Vec<Subject>,
}

impl Diag {
    /// An error at `loc`.
    pub fn error(code: Code, loc: Loc, message: impl Into<String>) -> Self {
        let message = message.into();
        let (helps, notes, subjects) = (vec![], vec![], vec![]);
        Diag { code, loc, severity: Severity::Error, message, helps, notes, subjects }
    }

    /// A warning at `loc`; `lint` is the code of a lint.
    pub fn warning(lint: Code, loc: Loc, message: impl Into<String>) -> Self {
        Diag { severity: Severity::Warning, ..Diag::error(lint, loc, message) }
    }

    /// Adds what to write instead.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.helps.push(text.into());
        self
    }

    /// Adds the other side of the mistake.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Adds tensors that the diagnostic speaks of.
    #[must_use]
    pub fn about(mut self, subjects: impl IntoIterator<Item = Subject>) -> Self {
        self.subjects.extend(subjects);
        self
    }

    /// Whether the user would read the same twice.
    fn reads_like(&self, other: &Diag) -> bool {
        let Diag { code, loc, severity, message, helps, notes, subjects: _ } = self;
        (code, loc, severity) == (&other.code, &other.loc, &other.severity)
            && (message, helps, notes) == (&other.message, &other.helps, &other.notes)
    }
}

/// More notes than are read.
const EXPANSIONS: usize = 6;

/// Collects diagnostics, so that one compilation shows all of them.
#[derive(Debug, Default)]
pub struct Diags {
    all: Vec<Diag>,
    /// The first diagnostic of each place, so that models with many mistakes take no longer for each.
    places: HashMap<Loc, Vec<usize>>,
}

impl Diags {
    /// An empty collection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one, unless it is there already.
    pub fn push(&mut self, diag: Diag) {
        let places = self.places.entry(diag.loc).or_default();
        if !places.iter().any(|&at| self.all.get(at).is_some_and(|other| other.reads_like(&diag))) {
            places.push(self.all.len());
            self.all.push(diag);
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// Adds to those after the first `told` in which expansion of a body they were found. A place that an earlier
    /// expansion reported is not reported again: it is the same mistake.
    pub fn expanded(&mut self, told: usize, note: &str) {
        let new = self.all.split_off(told.min(self.all.len()));
        for diag in &new {
            if let Some(places) = self.places.get_mut(&diag.loc) {
                places.retain(|&at| at < told);
            }
        }
        for diag in new {
            let places = self.places.entry(diag.loc).or_default();
            if !places.iter().any(|&at| at < told) {
                // The innermost say enough.
                let noted = diag.notes.len() >= EXPANSIONS;
                places.push(self.all.len());
                self.all.push(if noted { diag } else { diag.note(note) });
            }
        }
    }

    /// Adds a note to those after the first `told`.
    pub fn note_after(&mut self, told: usize, note: &str) {
        self.all.iter_mut().skip(told).for_each(|diag| diag.notes.push(note.to_owned()));
    }

    /// Keeps those for which `keep` gives true; it may change them.
    pub fn retain_mut(&mut self, keep: impl FnMut(&mut Diag) -> bool) {
        self.all.retain_mut(keep);
        self.places.clear();
        for (at, diag) in self.all.iter().enumerate() {
            self.places.entry(diag.loc).or_default().push(at);
        }
    }

    /// Drops what is said about a word of Python where the word it stands for is wrong too: the other error says what to
    /// write.
    pub fn drop_translations(&mut self) {
        let places = std::mem::take(&mut self.places);
        let wrong: Vec<bool> = self
            .all
            .iter()
            .map(|diag| diag.code != Code::PythonConstant && diag.severity == Severity::Error)
            .collect();
        self.retain_mut(|diag| {
            let others = places.get(&diag.loc).map(Vec::as_slice).unwrap_or_default();
            diag.code != Code::PythonConstant || !others.iter().any(|&other| wrong[other])
        });
    }

    /// Whether any of them is an error.
    pub fn has_errors(&self) -> bool {
        self.all.iter().any(|diag| diag.severity == Severity::Error)
    }

    /// All of them, in source order.
    pub fn into_sorted(mut self) -> Vec<Diag> {
        self.all.sort_by_key(|diag| diag.loc);
        self.all
    }
}

/// Longer words are no slips of a name; comparing them would take the square of their length.
const LONGEST: usize = 100;

/// The candidate nearest to `word`, if it is near enough to be a slip of the hand.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let fold = |word: &str| -> Vec<char> { word.to_lowercase().chars().filter(|&c| c != '_').collect() };
    let folded = fold(word);
    let limit = match folded.len() {
        0..=2 => 0,
        3..=5 => 1,
        6..=LONGEST => 2,
        _ => return None,
    };
    candidates
        .into_iter()
        .map(|candidate| (fold(candidate), candidate))
        .filter(|(other, _)| other.len().abs_diff(folded.len()) <= limit)
        .map(|(other, candidate)| (distance(&folded, &other), candidate))
        .filter(|&(distance, _)| distance <= limit)
        // Of two spellings of one name, `Adam` and `adam`, the one that is written alike.
        .min_by_key(|&(folded, candidate)| (folded, distance(&letters(word), &letters(candidate))))
        .map(|(_, candidate)| candidate)
}

/// More names than these are a list that nobody reads.
const NEAREST: usize = 3;

/// The help for a name that is none of the candidates: the one that was meant, if it is a slip of the hand, else up to
/// three that have `word` in them or are a part of it.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    if let Some(near) = did_you_mean(word, candidates.iter().copied()) {
        return Some(format!("did you mean `{near}`?"));
    }
    let fold = |word: &str| word.to_lowercase().replace('_', "");
    let folded = fold(word);
    // Short words are a part of too much.
    let related = |candidate: &&str| {
        let other = fold(candidate);
        folded.len() <= LONGEST
            && folded.len().min(other.len()) > 2
            && (other.contains(&folded) || folded.contains(&other))
    };
    let mut found: Vec<&str> = candidates.into_iter().filter(related).collect();
    found.sort_by_key(|candidate| candidate.len().abs_diff(word.len()));
    found.dedup();
    found.truncate(NEAREST);
    let (last, others) = found.split_last()?;
    let others: Vec<String> = others.iter().map(|name| format!("`{name}`")).collect();
    let or = if others.is_empty() { "" } else { " or " };
    Some(format!("did you mean {}{or}`{last}`?", others.join(", ")))
}

fn letters(word: &str) -> Vec<char> {
    word.chars().collect()
}

/// Edits (insert, remove, replace, swap of neighbours) that turn one word into the other.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_offered_and_far_ones_are_not() {
        let layers = ["Dense", "Dropout", "Conv2D", "concatenate"];
        assert_eq!(did_you_mean("Dens", layers), Some("Dense"));
        assert_eq!(did_you_mean("dense", layers), Some("Dense"));
        assert_eq!(did_you_mean("conv_2d", layers), Some("Conv2D"));
        assert_eq!(did_you_mean("concatnate", layers), Some("concatenate"));
        assert_eq!(did_you_mean("Flatten", layers), None);
        assert_eq!(did_you_mean("Adm", ["adam", "Adam"]), Some("Adam"));
        assert_eq!(did_you_mean("adm", ["adam", "Adam"]), Some("adam"));
    }

    #[test]
    fn words_of_any_length_are_compared_at_once() {
        let long = "n".repeat(10_000_000);
        assert_eq!(did_you_mean(&long, [long.as_str(), "Dense"]), None);
        assert_eq!(did_you_mean("Dens", [long.as_str(), "Dense"]), Some("Dense"));
    }

    #[test]
    fn the_same_mistake_is_told_once_and_in_source_order() {
        let mut diags = Diags::new();
        diags.push(Diag::error(Code::UnknownLayer, Loc(4), "second"));
        diags.push(Diag::warning(Code::UnusedTensor, Loc(1), "first"));
        diags.push(Diag::error(Code::UnknownLayer, Loc(4), "second"));
        assert!(diags.has_errors());
        let messages: Vec<_> = diags.into_sorted().into_iter().map(|diag| diag.message).collect();
        assert_eq!(messages, ["first", "second"]);
    }
}
