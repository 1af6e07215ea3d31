//! Diagnostics as data: the error, its location, and what to write instead.

use std::collections::HashMap;

use crate::code::Code;
pub use crate::ids::Loc;
use crate::ids::TensorId;
use crate::shape::Shape;

/// Severity of a diagnostic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The model is not generated.
    Error,
    /// A compiler warning at the token; the model is generated.
    Warning,
}

/// A tensor that a diagnostic mentions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The tensor.
    pub tensor: TensorId,
    /// Its shape, if the text shows it.
    pub shown: Option<Shape>,
}

/// A diagnostic.
///
/// Messages start in lower case, end without a period, have names in backticks and contain numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diag {
    /// The broken rule.
    pub code: Code,
    /// Location in the user's source.
    pub loc: Loc,
    /// Error or warning.
    pub severity: Severity,
    /// Message: what is wrong.
    pub message: String,
    /// What to write instead (`= help:` lines).
    pub helps: Vec<String>,
    /// Further information (`= note:` lines).
    pub notes: Vec<String>,
    /// Tensors that the message and its notes mention, in the order of the call.
    pub subjects: Vec<Subject>,
}

impl Diag {
    /// Creates an error at `loc`.
    pub fn error(code: Code, loc: Loc, message: impl Into<String>) -> Self {
        let message = message.into();
        let (helps, notes, subjects) = (vec![], vec![], vec![]);
        Diag { code, loc, severity: Severity::Error, message, helps, notes, subjects }
    }

    /// Creates a warning at `loc`; `lint` is the code of a lint.
    pub fn warning(lint: Code, loc: Loc, message: impl Into<String>) -> Self {
        Diag { severity: Severity::Warning, ..Diag::error(lint, loc, message) }
    }

    /// Adds a help: what to write instead.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.helps.push(text.into());
        self
    }

    /// Adds a note.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Adds tensors that the diagnostic mentions.
    #[must_use]
    pub fn about(mut self, subjects: impl IntoIterator<Item = Subject>) -> Self {
        self.subjects.extend(subjects);
        self
    }

    /// Whether both have the same text for the user.
    fn reads_like(&self, other: &Diag) -> bool {
        let Diag { code, loc, severity, message, helps, notes, subjects: _ } = self;
        (code, loc, severity) == (&other.code, &other.loc, &other.severity)
            && (message, helps, notes) == (&other.message, &other.helps, &other.notes)
    }
}

/// Limit on the number of notes about expansions; readers skip more.
const EXPANSIONS: usize = 6;

/// A collection of diagnostics, so that one compilation shows all of them.
#[derive(Debug, Default)]
pub struct Diags {
    all: Vec<Diag>,
    /// Indices of the diagnostics at each location, so that adding one takes constant time.
    places: HashMap<Loc, Vec<usize>>,
}

impl Diags {
    /// Creates an empty collection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a diagnostic, unless it is a duplicate.
    pub fn push(&mut self, diag: Diag) {
        let places = self.places.entry(diag.loc).or_default();
        if !places.iter().any(|&at| self.all.get(at).is_some_and(|other| other.reads_like(&diag))) {
            places.push(self.all.len());
            self.all.push(diag);
        }
    }

    /// Number of diagnostics.
    pub fn count(&self) -> usize {
        self.all.len()
    }

    /// Adds a note to the diagnostics after the first `told`: the expansion of a body in which they were found. Drops
    /// those at a location that an earlier expansion reported: they are the same mistake.
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
                // The innermost notes are enough.
                let noted = diag.notes.len() >= EXPANSIONS;
                places.push(self.all.len());
                self.all.push(if noted { diag } else { diag.note(note) });
            }
        }
    }

    /// Adds a note to the diagnostics after the first `told`.
    pub fn note_after(&mut self, told: usize, note: &str) {
        self.all.iter_mut().skip(told).for_each(|diag| diag.notes.push(note.to_owned()));
    }

    /// Keeps the diagnostics for which `keep` returns true; it may change them.
    pub fn retain_mut(&mut self, keep: impl FnMut(&mut Diag) -> bool) {
        self.all.retain_mut(keep);
        self.places.clear();
        for (at, diag) in self.all.iter().enumerate() {
            self.places.entry(diag.loc).or_default().push(at);
        }
    }

    /// Drops an error about a Python word if the replacement is wrong too: the other error says what to write.
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

    /// Returns all diagnostics in source order.
    pub fn into_sorted(mut self) -> Vec<Diag> {
        self.all.sort_by_key(|diag| diag.loc);
        self.all
    }
}

/// Longer words are not typos of a name; the time of a comparison grows with the square of their length.
const LONGEST: usize = 100;

/// The candidate nearest to `word`, if it is near enough to be a typo.
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
        // Of two spellings of one name, `Adam` and `adam`, the one in the same case.
        .min_by_key(|&(folded, candidate)| (folded, distance(&letters(word), &letters(candidate))))
        .map(|(_, candidate)| candidate)
}

/// Limit on the number of names in a help; nobody reads longer lists.
const NEAREST: usize = 3;

/// Help for an unknown name: the nearest candidate if it is a typo, else up to three that contain `word` or are part
/// of it.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    if let Some(near) = did_you_mean(word, candidates.iter().copied()) {
        return Some(format!("did you mean `{near}`?"));
    }
    let fold = |word: &str| word.to_lowercase().replace('_', "");
    let folded = fold(word);
    // Short words are part of too many names.
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

/// Number of edits (insert, remove, replace, swap of neighbours) between two words.
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
