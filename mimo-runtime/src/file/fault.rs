//! What can be wrong with a file of weights.

use std::fmt;

/// One thing that is wrong with a file of weights.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The file ends before its header.
    NoHeader {
        /// Bytes of the file.
        bytes: u64,
    },
    /// The header's length, with which a file begins, is more than there is.
    HeaderLength {
        /// The header's length in bytes.
        header: u64,
        /// Bytes of the file.
        bytes: u64,
    },
    /// The header is no description of tensors that lie one after another.
    Header {
        /// Why not.
        reason: String,
    },
    /// The header describes more data than there is, or less.
    DataLength {
        /// Bytes of data.
        bytes: u64,
        /// Bytes that the header describes.
        described: u64,
    },
    /// The file was written by a version of mimo with other rules.
    Version {
        /// The version of the rules.
        found: String,
    },
    /// A weight of the model is not in the file.
    Missing {
        /// The weight.
        name: &'static str,
        /// A tensor of the file that may be meant.
        similar: Option<String>,
    },
    /// A tensor of the file is not in the model.
    Unknown {
        /// The tensor.
        name: String,
        /// A missing weight of the model that may be meant.
        similar: Option<&'static str>,
    },
    /// A weight has another shape.
    Shape {
        /// The weight.
        name: &'static str,
        /// Its shape in the file.
        found: Vec<usize>,
        /// Its shape in the model.
        wanted: &'static [usize],
    },
    /// A weight is of another type.
    Type {
        /// The weight.
        name: &'static str,
        /// Its type in the file.
        found: String,
        /// The model's.
        wanted: &'static str,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::NoHeader { bytes } => write!(f, "it is no safetensors file: it has only {bytes} bytes"),
            Fault::HeaderLength { header, bytes } => {
                write!(
                    f,
                    "it is no safetensors file, or damaged: a header of {header} bytes in {bytes} bytes"
                )
            }
            Fault::Header { reason } => write!(f, "it is no safetensors file, or damaged: {reason}"),
            Fault::DataLength { bytes, described } => {
                let how = if bytes < described { "cut short" } else { "damaged" };
                write!(f, "it is {how}: it has {bytes} bytes of data, its header describes {described}")
            }
            Fault::Version { found } => {
                write!(f, "it follows version {found:?} of mimo's rules, and only version 1 is known here")
            }
            Fault::Missing { name, similar: None } => write!(f, "`{name}` is missing"),
            Fault::Missing { name, similar: Some(similar) } => {
                write!(f, "`{name}` is missing; the file has `{similar}`")
            }
            Fault::Unknown { name, similar: None } => write!(f, "`{name}` is no weight of the model"),
            Fault::Unknown { name, similar: Some(similar) } => {
                write!(f, "`{name}` is no weight of the model; did you mean `{similar}`?")
            }
            Fault::Shape { name, found, wanted } => {
                write!(f, "`{name}` is {found:?}, but {wanted:?} in the model")
            }
            Fault::Type { name, found, wanted } => {
                write!(f, "`{name}` holds {found} values, but {wanted} in the model")
            }
        }
    }
}
