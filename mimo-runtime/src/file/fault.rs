//! Reasons why a file does not hold a model's weights.

use std::fmt::{self, Write};

/// One reason why a file does not hold a model's weights.
///
/// Names and shapes of the file are shortened in messages, and control characters are escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The file is shorter than the length with which it should begin.
    NoHeader {
        /// Length of the file in bytes.
        bytes: u64,
    },
    /// The file begins like one of another kind.
    OtherKind {
        /// Kind of the file, and the program that reads it.
        kind: &'static str,
    },
    /// The header's length, with which the file begins, is larger than the file.
    HeaderLength {
        /// Length of the header in bytes.
        header: u64,
        /// Length of the file in bytes.
        bytes: u64,
    },
    /// The header is longer than one that describes the model's weights can be.
    HeaderLimit {
        /// Length of the header in bytes.
        header: u64,
        /// Largest length that is read for this model, in bytes.
        limit: u64,
    },
    /// The header does not describe consecutive tensors.
    Header {
        /// The reason.
        reason: String,
    },
    /// The header describes more or less data than the file has.
    DataLength {
        /// Bytes of data in the file.
        bytes: u64,
        /// Bytes of data that the header describes.
        described: u64,
    },
    /// The file was written by a version of mimo with other rules.
    Version {
        /// The version of the rules.
        found: String,
    },
    /// A weight of the model is not in the file.
    Missing {
        /// Name of the weight.
        name: String,
        /// A tensor of the file with a similar name.
        similar: Option<String>,
    },
    /// A tensor of the file is not a weight of the model.
    Unknown {
        /// Name of the tensor.
        name: String,
        /// A missing weight of the model with a similar name.
        similar: Option<String>,
    },
    /// A weight has another shape in the file.
    Shape {
        /// Name of the weight.
        name: String,
        /// Its shape in the file.
        found: Vec<usize>,
        /// Its shape in the model.
        wanted: Vec<usize>,
    },
    /// A weight has another element type in the file.
    Type {
        /// Name of the weight.
        name: String,
        /// Its element type in the file.
        found: String,
        /// The model's element type.
        wanted: &'static str,
    },
    /// The file only has weights, where a training checkpoint is needed.
    NoCheckpoint,
    /// A checkpoint was written by a version of mimo with other rules for checkpoints.
    CheckpointVersion {
        /// The version of the rules.
        found: String,
    },
    /// A checkpoint belongs to a training run with another setting, such as the update rule of an optimizer.
    Setting {
        /// Name of the setting.
        name: String,
        /// Its value in the file.
        found: String,
        /// Its value in the model.
        wanted: String,
    },
    /// Numbers of a checkpoint that no training can have.
    Numbers {
        /// Name of the array in the file.
        name: String,
        /// Description of valid numbers.
        valid: &'static str,
    },
}

/// Kinds of files that users may confuse with files of weights, by their first bytes.
const OTHER_KINDS: [(&[u8], &str); 3] = [
    (
        b"\x89HDF\r\n\x1a\n",
        "an HDF5 file, as Keras's `.h5`; `mimo convert`, of the crate mimo-convert, writes its weights as safetensors",
    ),
    (
        b"PK\x03\x04",
        "a zip archive, as Keras's `.keras`, PyTorch's `.pt` and NumPy's `.npz`; `mimo convert`, of the crate mimo-convert, writes the \
         weights of a `.keras` file as safetensors",
    ),
    (b"\x93NUMPY", "a NumPy array, which `mimo::table::NpyArray` reads"),
];

impl Fault {
    /// The fault of a file that begins like one of another kind.
    pub(super) fn other_kind(prefix: &[u8]) -> Option<Self> {
        let (_, kind) = OTHER_KINDS.iter().find(|(magic, _)| prefix.starts_with(magic))?;
        Some(Fault::OtherKind { kind })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::NoHeader { bytes } => {
                write!(f, "not a safetensors file: it has only {bytes} bytes")
            }
            Fault::OtherKind { kind } => write!(f, "not a safetensors file: it is {kind}"),
            Fault::HeaderLength { header, bytes } => write!(
                f,
                "not a safetensors file, or damaged: a header of {header} bytes in a file of {bytes} bytes"
            ),
            Fault::HeaderLimit { header, limit } => write!(
                f,
                "the header has {header} bytes, but one for this model has at most {limit}: the file is damaged or \
                 holds another model"
            ),
            Fault::Header { reason } => write!(f, "not a safetensors file, or damaged: {reason}"),
            Fault::DataLength { bytes, described } => {
                let how = if bytes < described { "cut short" } else { "damaged" };
                write!(
                    f,
                    "the file is {how}: it has {bytes} bytes of data, but its header describes {described}"
                )
            }
            Fault::Version { found } => {
                write!(
                    f,
                    "the file has version \"{}\" of mimo's format, but this mimo reads versions 1 and 2",
                    cut(found)
                )
            }
            Fault::Missing { name, similar: None } => write!(f, "`{name}` is missing"),
            Fault::Missing { name, similar: Some(similar) } => {
                write!(f, "`{name}` is missing; the file has `{}`", cut(similar))
            }
            Fault::Unknown { name, similar: None } => {
                write!(f, "`{}` is not a weight of the model", cut(name))
            }
            Fault::Unknown { name, similar: Some(similar) } => {
                write!(f, "`{}` is not a weight of the model; did you mean `{similar}`?", cut(name))
            }
            Fault::Shape { name, found, wanted } => {
                write!(f, "`{name}` has shape {}, but {wanted:?} in the model", cut_shape(found))
            }
            Fault::Type { name, found, wanted } => {
                write!(f, "`{name}` holds {found} values, but {wanted} in the model")
            }
            Fault::NoCheckpoint => write!(
                f,
                "the file has weights and not the state of a training: read it with `load_weights`, or save one with \
                 `save_checkpoint`"
            ),
            Fault::CheckpointVersion { found } => {
                write!(f, "the checkpoint has version \"{}\", but this mimo reads version 1", cut(found))
            }
            Fault::Setting { name, found, wanted } => {
                write!(f, "{name} is {}, but {wanted} in the model", cut(found))
            }
            Fault::Numbers { name, valid } => write!(f, "`{}` does not hold {valid}", cut(name)),
        }
    }
}

/// Text from a file for a message: truncated if it is long, with unprintable characters escaped.
pub(super) fn cut(text: &str) -> impl fmt::Display {
    /// Number of characters shown at both ends. The names of real weights are shorter.
    const SHOWN: usize = 70;
    let end = |index: Option<(usize, char)>| index.map_or(0, |(index, _)| index);
    let (head, tail) = match text.char_indices().nth(2 * SHOWN) {
        Some(_) => {
            let (head, tail) = (text.char_indices().nth(SHOWN), text.char_indices().nth_back(SHOWN - 1));
            (&text[..end(head)], &text[end(tail)..])
        }
        None => (text, ""),
    };
    fmt::from_fn(move |f| {
        escape(head, f)?;
        if !tail.is_empty() {
            f.write_char('…')?;
        }
        escape(tail, f)
    })
}

fn escape(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    text.chars().try_for_each(|c| match c {
        '"' | '\'' | '\\' => f.write_char(c),
        c => write!(f, "{}", c.escape_debug()),
    })
}

/// A shape from a file for a message: truncated if it is long.
pub(super) fn cut_shape(shape: &[usize]) -> impl fmt::Display {
    /// Number of axes shown. The shapes of real weights have fewer.
    const SHOWN: usize = 8;
    fmt::from_fn(move |f| {
        f.write_char('[')?;
        for (axis, len) in shape.iter().take(SHOWN).enumerate() {
            write!(f, "{}{len}", if axis == 0 { "" } else { ", " })?;
        }
        match shape.len().saturating_sub(SHOWN) {
            0 => f.write_char(']'),
            more => write!(f, ", … and {more} more]"),
        }
    })
}
