//! Equation of an `EinsumDense`: names of the axes of input, kernel and output.

/// An equation such as `abc,cd->abd`: a letter for each axis, and optionally an ellipsis for common axes of input and
/// output.
#[derive(Clone, Debug, PartialEq)]
pub struct Equation {
    /// Letters of the input, including that of the batch unless a leading ellipsis contains it.
    pub input: Vec<char>,
    /// Letters of the kernel.
    pub kernel: Vec<char>,
    /// Letters of the output, including that of the batch unless a leading ellipsis contains it.
    pub output: Vec<char>,
    /// Position of the ellipsis, in input and output.
    pub ellipsis: Option<Side>,
}

/// Position before or after the letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Before the letters.
    Left,
    /// After the letters.
    Right,
}

/// An axis of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// A named axis.
    Letter(char),
    /// An axis of an ellipsis: its position in the input, without the batch.
    Elided(usize),
}

/// The axes of a call, without the batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Axes {
    /// Axes of the input, in order.
    pub input: Vec<Axis>,
    /// Axes of the kernel, in order.
    pub kernel: Vec<Axis>,
    /// Axes of the output, in order.
    pub output: Vec<Axis>,
}

/// Help for an invalid equation.
const FORM: &str = "write the axes of the input, of the kernel and of the output, as in `ab,bc->ac`";

/// Message and help of an error.
type Mistake = (String, String);

impl Equation {
    /// Parses an equation.
    pub(super) fn parse(text: &str) -> Result<Self, Mistake> {
        let form = |message: String| Err((message, FORM.to_owned()));
        let Some((operands, output)) = text.split_once("->") else {
            return form(format!("the equation `{text}` has no `->` before the axes of the output"));
        };
        let Some((input, kernel)) = operands.split_once(',') else {
            return form(format!(
                "the equation `{text}` has no `,` between the axes of the input and of the kernel"
            ));
        };
        let (input, before) = letters(text, input, "input")?;
        let (kernel, of_kernel) = letters(text, kernel, "kernel")?;
        let (output, after) = letters(text, output, "output")?;
        if of_kernel.is_some() {
            let message =
                format!("the kernel of the equation `{text}` has `...`, and its axes have to be known");
            return Err((
                message,
                "write `...` at the input and at the output only, as in `...a,ab->...b`".into(),
            ));
        }
        if before != after {
            let message = format!(
                "`...` of the equation `{text}` is not at the same place of the input and of the output"
            );
            return Err((
                message,
                "write it before or after the letters of both, as in `...a,ab->...b`".into(),
            ));
        }
        let equation = Equation { input, kernel, output, ellipsis: before };
        match equation.mistake(text) {
            Some(mistake) => Err(mistake),
            None => Ok(equation),
        }
    }

    /// Error in an equation of valid form, if there is one.
    fn mistake(&self, text: &str) -> Option<Mistake> {
        let Equation { input, kernel, output, ellipsis } = self;
        if *ellipsis != Some(Side::Left) {
            let (first, batch) = (output.first(), input.first()?);
            if kernel.contains(batch) {
                let message = format!(
                    "the first axis of the input of `{text}` is the batch, and the kernel cannot have its axis `{batch}`"
                );
                return Some((
                    message,
                    "name the batch before the axes of a sample, as in `ab,bc->ac`".into(),
                ));
            }
            if first != Some(batch) {
                let message = format!(
                    "the first axis of the input of `{text}` is the batch `{batch}`, which has to be the first of the output too"
                );
                return Some((message, format!("begin the output with `{batch}`")));
            }
        }
        for axis in kernel {
            if !input.contains(axis) && !output.contains(axis) {
                let message = format!(
                    "the axis `{axis}` of the kernel of `{text}` is neither in the input nor in the output"
                );
                return Some((
                    message,
                    format!("leave `{axis}` out, or write it at the input or the output too"),
                ));
            }
        }
        for axis in output {
            if !input.contains(axis) && !kernel.contains(axis) {
                let message = format!(
                    "the axis `{axis}` of the output of `{text}` is neither in the input nor in the kernel"
                );
                return Some((message, format!("leave `{axis}` out, or write it at the kernel too")));
            }
        }
        let lost = input.iter().find(|axis| !kernel.contains(axis) && !output.contains(axis))?;
        let message =
            format!("the axis `{lost}` of the input of `{text}` is neither in the kernel nor in the output");
        Some((
            message,
            format!("write `{lost}` at the kernel, to sum over it with weights, or at the output"),
        ))
    }

    /// Number of named axes of the output, without the batch.
    pub(super) fn named_outputs(&self) -> usize {
        self.output.len() - usize::from(self.ellipsis != Some(Side::Left))
    }

    /// The axes of a call on samples of this many axes; `None` if the equation does not fit them.
    pub(crate) fn axes(&self, rank: usize) -> Option<Axes> {
        let elided = (rank + 1).checked_sub(self.input.len())?;
        let named = |letters: &[char]| letters.iter().copied().map(Axis::Letter).collect::<Vec<_>>();
        let (input, kernel, output) = (named(&self.input), named(&self.kernel), named(&self.output));
        match self.ellipsis {
            None if elided == 0 => {
                Some(Axes { input: input[1..].to_vec(), kernel, output: output[1..].to_vec() })
            }
            None => None,
            Some(Side::Left) => {
                // The ellipsis includes the batch.
                let others: Vec<Axis> = (0..elided.checked_sub(1)?).map(Axis::Elided).collect();
                let (input, output) = ([&others[..], &input].concat(), [&others[..], &output].concat());
                Some(Axes { input, kernel, output })
            }
            Some(Side::Right) => {
                let others: Vec<Axis> = (rank - elided..rank).map(Axis::Elided).collect();
                let (input, output) = ([&input[1..], &others].concat(), [&output[1..], &others].concat());
                Some(Axes { input, kernel, output })
            }
        }
    }
}

/// The letters of a part of an equation, and the position of its ellipsis.
fn letters(text: &str, part: &str, what: &str) -> Result<(Vec<char>, Option<Side>), Mistake> {
    let (rest, side) = match (part.strip_prefix("..."), part.strip_suffix("...")) {
        (Some(rest), _) => (rest, Some(Side::Left)),
        (None, Some(rest)) => (rest, Some(Side::Right)),
        (None, None) => (part, None),
    };
    if let Some(other) = rest.chars().find(|letter| !letter.is_ascii_alphabetic()) {
        let message = format!("`{other}` in the equation `{text}` is not a letter, at the {what} `{part}`");
        return Err((message, FORM.into()));
    }
    if rest.is_empty() {
        return Err((format!("the {what} of the equation `{text}` has no axes"), FORM.into()));
    }
    let letters: Vec<char> = rest.chars().collect();
    match letters.iter().enumerate().find(|(at, letter)| letters[..*at].contains(letter)) {
        Some((_, twice)) => {
            let message = format!("the axis `{twice}` is twice in the {what} of the equation `{text}`");
            Err((message, "write another letter for each axis".into()))
        }
        None => Ok((letters, side)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        Equation::parse(text).expect_err(text).0
    }

    #[test]
    fn mistakes_are_named() {
        for (text, message) in [
            ("ab,bc", "has no `->`"),
            ("ab->ac", "has no `,`"),
            ("ab,bc,cd->ad", "`,` in the equation"),
            ("a b,bc->ac", "` ` in the equation `a b,bc->ac` is not a letter, at the input `a b`"),
            ("ab,->a", "the kernel of the equation `ab,->a` has no axes"),
            ("ab,bc->", "the output of the equation"),
            ("aab,bc->ac", "the axis `a` is twice in the input"),
            ("ab,bc->acc", "the axis `c` is twice in the output"),
            ("ab,...bc->ac", "the kernel of the equation"),
            ("...ab,bc->ac...", "is not at the same place"),
            ("...ab,bc->ac", "is not at the same place"),
            ("ab,bc->cb", "has to be the first of the output too"),
            ("ab,ac->ac", "the kernel cannot have its axis `a`"),
            ("ab,bcd->ac", "the axis `d` of the kernel"),
            ("ab,bc->acd", "the axis `d` of the output"),
            ("abc,cd->ad", "the axis `b` of the input"),
        ] {
            assert!(wrong(text).contains(message), "{text}: {}", wrong(text));
        }
    }

    #[test]
    fn an_ellipsis_stands_for_the_axes_that_are_left() {
        use Axis::{Elided, Letter};
        let left = Equation::parse("...x,xy->...y").expect("an equation");
        assert_eq!(left.axes(0), None);
        let axes = left.axes(1).expect("axes");
        assert_eq!((axes.input, axes.output), (vec![Letter('x')], vec![Letter('y')]));
        let axes = left.axes(3).expect("axes");
        assert_eq!(axes.input, [Elided(0), Elided(1), Letter('x')]);
        assert_eq!(axes.output, [Elided(0), Elided(1), Letter('y')]);
        let right = Equation::parse("ab...,bc->ac...").expect("an equation");
        let axes = right.axes(3).expect("axes");
        assert_eq!(axes.input, [Letter('b'), Elided(1), Elided(2)]);
        assert_eq!(axes.output, [Letter('c'), Elided(1), Elided(2)]);
        let plain = Equation::parse("abc,cd->abd").expect("an equation");
        assert_eq!((plain.axes(1), plain.axes(3), plain.named_outputs()), (None, None, 2));
    }
}
