//! The equation of an `einsum`: letters for the axes of one tensor or two, and of the result.

use crate::layers::contraction::Axes;

/// An equation such as `bij,bjk->bik`.
#[derive(Clone, Debug, PartialEq)]
pub struct Subscripts {
    /// The axes of each tensor.
    pub operands: Vec<Term>,
    /// The axes of the result.
    pub output: Term,
}

/// The axes of a tensor: letters, and perhaps an ellipsis between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// Letters before the ellipsis; all of them without one.
    pub before: Vec<char>,
    /// Whether there is an ellipsis.
    pub ellipsis: bool,
    /// Letters after the ellipsis.
    pub after: Vec<char>,
}

/// Message and help of an error.
pub(super) type Mistake = (String, String);

/// Help for an invalid equation.
const FORM: &str = "write a letter for each axis, the batch first, as in `bij,bjk->bik`";

/// Axes of an ellipsis have numbers from here on, counted from the last; letters are smaller numbers.
const ELIDED: usize = 1 << 16;

impl Term {
    fn parse(text: &str, part: &str) -> Result<Self, Mistake> {
        let (before, rest) =
            part.split_once("...").map_or((part, None), |(before, rest)| (before, Some(rest)));
        let after = rest.unwrap_or_default();
        if after.contains("...") {
            return Err((format!("`{part}` of the equation `{text}` has `...` twice"), FORM.into()));
        }
        if let Some(other) = before.chars().chain(after.chars()).find(|letter| !letter.is_ascii_alphabetic())
        {
            let message = format!("`{other}` in `{part}` of the equation `{text}` is not a letter");
            return Err((message, FORM.into()));
        }
        let letters = |part: &str| part.chars().collect();
        Ok(Term { before: letters(before), ellipsis: rest.is_some(), after: letters(after) })
    }

    /// Every letter.
    pub(super) fn letters(&self) -> impl Iterator<Item = char> + '_ {
        self.before.iter().chain(&self.after).copied()
    }

    /// The letter of the batch; `None` if it is one of the axes of the ellipsis.
    fn batch(&self) -> Option<char> {
        self.before.first().copied()
    }

    /// Whether there is a batch.
    fn has_batch(&self) -> bool {
        self.ellipsis || !self.before.is_empty()
    }

    /// The axes of samples of this many axes; `None` if there are not as many.
    fn axes(&self, rank: usize) -> Option<Vec<usize>> {
        let elided = (rank + 1).checked_sub(self.letters().count())?;
        let fits = match (self.ellipsis, self.batch()) {
            (true, None) => elided > 0,
            (true, Some(_)) => true,
            (false, _) => elided == 0,
        };
        let of = |letters: &[char]| letters.iter().map(|letter| *letter as usize).collect::<Vec<_>>();
        let others: Vec<usize> = (0..elided).rev().map(|from_end| ELIDED + from_end).collect();
        // The first is the batch, whichever it is.
        fits.then(|| [of(&self.before), others, of(&self.after)].concat().split_off(1))
    }
}

/// A term as it is written.
impl std::fmt::Display for Term {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [before, after] = [&self.before, &self.after].map(|letters| letters.iter().collect::<String>());
        write!(f, "{before}{}{after}", if self.ellipsis { "..." } else { "" })
    }
}

/// The letter of an axis; `None` for one of an ellipsis.
pub(super) fn letter(axis: usize) -> Option<char> {
    u32::try_from(axis).ok().filter(|_| axis < ELIDED).and_then(char::from_u32)
}

impl Subscripts {
    /// Parses the equation of an `einsum` of `tensors` tensors.
    pub(super) fn parse(text: &str, tensors: usize) -> Result<Self, Mistake> {
        // As in numpy, spaces mean nothing.
        let dense: String = text.chars().filter(|letter| *letter != ' ').collect();
        let Some((operands, output)) = dense.split_once("->") else {
            let message = format!("the equation `{text}` has no `->` before the axes of the result");
            return Err((message, FORM.into()));
        };
        let operands: Result<Vec<Term>, Mistake> =
            operands.split(',').map(|part| Term::parse(text, part)).collect();
        let equation = Subscripts { operands: operands?, output: Term::parse(text, output)? };
        let found = equation.operands.len();
        if found != tensors {
            let count = |n: usize| if n == 1 { "1 tensor".to_owned() } else { format!("{n} tensors") };
            let are = if tensors == 1 { "is" } else { "are" };
            let message = format!(
                "the equation `{text}` names the axes of {}, but {tensors} {are} given",
                count(found)
            );
            let help = match (found, tensors) {
                (3.., _) => "write an `einsum` of two tensors, and another one of its result and the third",
                _ => "write the axes of each tensor, with a `,` between two",
            };
            return Err((message, help.into()));
        }
        match equation.mistake_of_batch(text).or_else(|| equation.mistake(text)) {
            Some(mistake) => Err(mistake),
            None => Ok(equation),
        }
    }

    /// Error in the use of the batch, if there is one.
    fn mistake_of_batch(&self, text: &str) -> Option<Mistake> {
        let Subscripts { operands, output } = self;
        if let Some(term) = operands.iter().find(|term| !term.has_batch()) {
            let message = format!(
                "the tensor `{term}` of the equation `{text}` has no axis, and its first is the batch"
            );
            return Some((message, FORM.into()));
        }
        let first = operands.first()?;
        let batch = first.batch();
        if let Some(other) = operands.iter().find(|term| term.batch() != batch) {
            let shown = |term: &Term| match term.batch() {
                Some(letter) => format!("`{letter}` of `{term}`"),
                None => format!("in `...` of `{term}`"),
            };
            let message = format!(
                "the first axis of every tensor is the batch, but in `{text}` it is {} and {}",
                shown(first),
                shown(other)
            );
            let help = match batch {
                Some(letter) => format!("begin every tensor and the result with `{letter}`"),
                None => "begin every tensor and the result with `...`".into(),
            };
            return Some((message, help));
        }
        if let Some(letter) = batch
            && let Some(term) =
                operands.iter().find(|term| term.letters().filter(|l| *l == letter).count() > 1)
        {
            let message = format!("`{letter}` of the equation `{text}` is the batch, and twice in `{term}`");
            return Some((message, "write another letter for each axis of a sample".into()));
        }
        if output.has_batch() && output.batch() == batch {
            return None;
        }
        let (shown, moved) = match batch {
            Some(letter) => (letter.to_string(), output.letters().any(|other| other == letter)),
            None => ("...".to_owned(), output.ellipsis),
        };
        let message = match moved {
            true => format!("the equation `{text}` moves the batch, `{shown}`, which stays the first axis"),
            false => {
                format!("the equation `{text}` sums over the batch, `{shown}`, and samples are not summed")
            }
        };
        Some((message, format!("begin the result with `{shown}`")))
    }

    /// Error in other axes, if there is one.
    fn mistake(&self, text: &str) -> Option<Mistake> {
        let Subscripts { operands, output } = self;
        let of_operands =
            |letter: char| operands.iter().any(|term| term.letters().any(|other| other == letter));
        if let Some(letter) = output.letters().find(|letter| !of_operands(*letter)) {
            let message = format!("the axis `{letter}` of the result of `{text}` is in no tensor");
            return Some((message, format!("leave `{letter}` out, or write it at a tensor too")));
        }
        let letters: Vec<char> = output.letters().collect();
        let twice = letters.iter().enumerate().find(|(at, letter)| letters[..*at].contains(letter));
        if let Some((_, letter)) = twice {
            let message = format!("the axis `{letter}` is twice in the result of the equation `{text}`");
            return Some((message, "write each axis of the result once".into()));
        }
        let elided = operands.iter().any(|term| term.ellipsis);
        match (elided, output.ellipsis) {
            (true, false) => Some((
                format!("the equation `{text}` has `...` at a tensor and not at the result"),
                "write `...` at the result too, or a letter for each axis".into(),
            )),
            (false, true) => Some((
                format!("the equation `{text}` has `...` at the result and at no tensor"),
                "write `...` at the tensor that has these axes too".into(),
            )),
            _ => None,
        }
    }

    /// The axes of each tensor, for samples with these numbers of axes; else the first tensor that the equation does
    /// not fit.
    pub(super) fn operands(&self, ranks: &[usize]) -> Result<Vec<Vec<usize>>, usize> {
        let terms = self.operands.iter().zip(ranks).enumerate();
        terms.map(|(at, (term, &rank))| term.axes(rank).ok_or(at)).collect()
    }

    /// The axes of a call, from those of its tensors. `is_repeated` returns whether an axis of a tensor has length 1
    /// and is repeated.
    pub(super) fn axes(&self, operands: &[Vec<usize>], is_repeated: &dyn Fn(usize, usize) -> bool) -> Axes {
        let most =
            operands.iter().flatten().filter(|axis| **axis >= ELIDED).map(|axis| axis - ELIDED + 1).max();
        // The batch precedes them if it is the first axis of an ellipsis.
        let elided = most.unwrap_or(0) + usize::from(self.output.ellipsis && self.output.batch().is_none());
        let rank = self.output.letters().count() + elided;
        let output = self.output.axes(rank.saturating_sub(1)).unwrap_or_default();
        let operands = operands.iter().enumerate().map(|(tensor, axes)| {
            let axes = axes.iter().enumerate();
            axes.map(|(at, axis)| (!is_repeated(tensor, at)).then_some(*axis)).collect()
        });
        Axes { operands: operands.collect(), output }
    }
}

/// Whether an axis belongs to an ellipsis: those of length 1 are repeated.
pub(super) const fn is_elided(axis: usize) -> bool {
    axis >= ELIDED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_named() {
        for (text, message) in [
            ("bij,bjk", "has no `->`"),
            ("bij->bi", "names the axes of 1 tensor, but 2 are given"),
            ("bi,bj,bk->bijk", "names the axes of 3 tensors, but 2 are given"),
            ("b1,bj->bj", "`1` in `b1` of the equation"),
            ("b.i,bj->bj", "`.` in `b.i` of the equation"),
            ("b...i...,bj->bj", "has `...` twice"),
            ("bi,->bi", "has no axis, and its first is the batch"),
            ("bij,ijk->bk", "it is `b` of `bij` and `i` of `ijk`"),
            ("...ij,bjk->...ik", "it is in `...` of `...ij` and `b` of `bjk`"),
            ("bib,bi->bi", "is the batch, and twice in `bib`"),
            ("bij,bjk->ik", "sums over the batch, `b`"),
            ("bij,bjk->ikb", "moves the batch, `b`"),
            ("...ij,...jk->ik", "sums over the batch, `...`"),
            ("...ij,...jk->i...k", "moves the batch, `...`"),
            ("bij,bjk->bil", "the axis `l` of the result"),
            ("bij,bjk->bii", "`i` is twice in the result"),
            ("b...j,bjk->bk", "at a tensor and not at the result"),
            ("bij,bjk->bik...", "at the result and at no tensor"),
        ] {
            let found = Subscripts::parse(text, 2).expect_err(text).0;
            assert!(found.contains(message), "{text}: {found}");
        }
    }

    #[test]
    fn an_ellipsis_stands_for_the_axes_that_are_left() {
        let equation = Subscripts::parse("...ij, ...jk -> ...ik", 2).expect("an equation");
        let operands = equation.operands(&[3, 2]).expect("axes");
        let [b, i, j, k] = ['b', 'i', 'j', 'k'].map(|letter| letter as usize);
        assert_eq!(operands, [vec![ELIDED, i, j], vec![j, k]]);
        assert_eq!(equation.axes(&operands, &|_, _| false).output, [ELIDED, i, k]);
        assert_eq!(equation.operands(&[1, 2]), Err(0));
        let equation = Subscripts::parse("bi...,bj->b...ji", 2).expect("an equation");
        let operands = equation.operands(&[3, 1]).expect("axes");
        assert_eq!(operands, [vec![i, ELIDED + 1, ELIDED], vec![j]]);
        assert_eq!(equation.axes(&operands, &|_, _| false).output, [ELIDED + 1, ELIDED, j, i]);
        assert_eq!((letter(b), letter(ELIDED)), (Some('b'), None));
    }
}
