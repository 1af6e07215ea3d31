//! What can be wrong with a callback.

use std::fmt;
use std::path::PathBuf;

use crate::error::Error;

/// The reason of an [`Error::Callback`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum CallbackFault {
    /// The training logs nothing of this key.
    UnknownKey {
        /// The key.
        key: String,
        /// Keys that it may be a misspelling of: ``did you mean `val_loss`?``
        near: Option<String>,
        /// The keys that there are.
        keys: Vec<String>,
    },
    /// A key of validation in a training without validation.
    NoValidation {
        /// The key.
        key: String,
    },
    /// A value of which it is not known whether more is better.
    NoDirection {
        /// The key.
        key: String,
    },
    /// A setting is out of its range.
    Setting {
        /// The setting.
        name: &'static str,
        /// Its value.
        value: String,
        /// The valid values: `at least 0 and below 1`.
        valid: &'static str,
    },
    /// A pattern of file names cannot be read.
    Pattern {
        /// The pattern.
        pattern: String,
        /// The placeholder that is wrong, and what to write.
        what: String,
    },
    /// A file that is to be appended to has other columns.
    Columns {
        /// The file.
        path: PathBuf,
        /// Its first line.
        found: String,
        /// The first line of this training.
        wanted: String,
    },
    /// A training became NaN or infinite.
    NotFinite(NotFinite),
}

/// Where the first number of a training arose that is NaN or infinite.
#[derive(Clone, Debug, PartialEq)]
pub struct NotFinite {
    /// The epoch, from 0.
    pub epoch: usize,
    /// The step of the epoch, from 0.
    pub step: usize,
    /// Total loss of the step.
    pub loss: f64,
    /// Outputs with a loss that is not finite, in declared order. Empty if only a gradient or a weight is not.
    pub outputs: Vec<&'static str>,
    /// Where in the forward pass it arose. `None` if the losses are finite.
    pub origin: Option<Origin>,
    /// The weight (`dense/kernel`) with the first gradient that is not finite, in the order of the backward pass; if the gradients
    /// are finite, the first weight that the update made NaN or infinite.
    pub weight: Option<&'static str>,
    /// Whether it is the gradient of that weight that is not finite.
    pub in_gradient: bool,
}

/// The first value of a forward pass that is NaN, or infinite if none is NaN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A layer computed it.
    Layer {
        /// The layer; of several that are computed together the first.
        name: &'static str,
        /// Whether it is NaN.
        is_nan: bool,
    },
    /// All outputs are finite: the targets, the sample weights or the loss itself made it.
    Loss,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Origin::Layer { name, is_nan } => {
                let number = if is_nan { "NaN" } else { "infinity" };
                write!(f, "the first {number} of the forward pass is in layer `{name}`")
            }
            Origin::Loss => {
                f.write_str("the outputs are finite, so see the targets, sample weights and the loss")
            }
        }
    }
}

impl CallbackFault {
    /// The error of a callback.
    pub fn of(self, callback: &'static str) -> Error {
        Error::Callback { callback, fault: self }
    }
}

impl fmt::Display for CallbackFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallbackFault::UnknownKey { key, near, keys } => {
                write!(f, "the training logs no value `{key}`: ")?;
                match near {
                    Some(near) => f.write_str(near),
                    None => {
                        // More are a list that nobody reads.
                        const SHOWN: usize = 5;
                        let shown: Vec<String> =
                            keys.iter().take(SHOWN).map(|key| format!("`{key}`")).collect();
                        write!(f, "it logs {}", shown.join(", "))?;
                        match keys.len().saturating_sub(SHOWN) {
                            0 => Ok(()),
                            more => write!(f, " and {more} more"),
                        }
                    }
                }
            }
            CallbackFault::NoValidation { key } => write!(
                f,
                "`{key}` is a value of the validation, and this training has none: add `.validation_split(0.2)` or \
                 `.validation_data(…)` to the options of `fit`"
            ),
            CallbackFault::NoDirection { key } => write!(
                f,
                "larger values of `{key}` are neither better nor worse by themselves: add `.mode(Mode::Max)` or `.mode(Mode::Min)`"
            ),
            CallbackFault::Setting { name, value, valid } => {
                write!(f, "`{name}` is {value}, but must be {valid}")
            }
            CallbackFault::Pattern { pattern, what } => write!(f, "the file name `{pattern}`: {what}"),
            CallbackFault::Columns { path, found, wanted } => write!(
                f,
                "`{}` has other columns than this training: it begins with `{found}`, not with `{wanted}`; append to another file",
                path.display()
            ),
            CallbackFault::NotFinite(found) => found.fmt(f),
        }
    }
}

impl fmt::Display for NotFinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Counted from 1, as the progress does.
        write!(f, "step {} of epoch {}: ", self.step + 1, self.epoch + 1)?;
        let names: Vec<String> = self.outputs.iter().map(|name| format!("`{name}`")).collect();
        match (names.is_empty(), self.weight) {
            (false, _) => {
                let [losses, are] = if names.len() == 1 { ["loss", "is"] } else { ["losses", "are"] };
                write!(f, "the {losses} of {} {are} not finite", names.join(", "))?;
            }
            (true, _) if !self.loss.is_finite() => {
                write!(
                    f,
                    "the total loss is {}, but not that of an output: see penalties and joint losses",
                    self.loss
                )?;
            }
            (true, _) => write!(f, "the loss is {}", self.loss)?,
        }
        if let Some(origin) = self.origin {
            write!(f, "; {origin}")?;
        }
        match self.weight {
            Some(weight) if self.in_gradient => {
                write!(f, "; the backward pass first met a gradient that is NaN or infinite at `{weight}`")?
            }
            Some(weight) => write!(f, "; the update made `{weight}` NaN or infinite")?,
            None => {}
        }
        f.write_str(". A lower learning rate or `clipnorm = 1.0` in the optimizer often helps")
    }
}
