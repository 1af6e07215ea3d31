//! What can go wrong at run time, as values.

use std::path::PathBuf;
use std::{fmt, io};

use crate::file::Fault;

/// What went wrong.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// Two tensors of one batch hold different numbers of samples.
    RowsDiffer {
        /// The field that differs.
        name: &'static str,
        /// Its samples.
        rows: usize,
        /// The field that came first.
        first: &'static str,
        /// Its samples.
        wanted: usize,
    },
    /// A tensor that is to be filled has another length.
    OutputLength {
        /// The field.
        name: &'static str,
        /// Its values.
        len: usize,
        /// The values that there are.
        wanted: usize,
    },
    /// A column of samples has another length.
    ColumnLength {
        /// Its place among the inputs or outputs.
        index: usize,
        /// Its values.
        len: usize,
        /// The values that are wanted.
        wanted: usize,
    },
    /// Memory for `values` values could not be had.
    Memory {
        /// How many.
        values: usize,
    },
    /// A file could not be read.
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file could not be written. If there was one, it is still there as a whole.
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file does not hold a model's weights. The model is as it was.
    Weights {
        /// The file, if it is not in memory.
        path: Option<PathBuf>,
        /// The model.
        model: &'static str,
        /// All that is wrong; at least one thing.
        faults: Vec<Fault>,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::RowsDiffer { name, rows, first, wanted } => {
                write!(f, "`{name}` has {rows} samples, but `{first}` has {wanted}")
            }
            Error::OutputLength { name, len, wanted } => {
                write!(f, "`{name}` holds {len} values, but there are {wanted} to write")
            }
            Error::ColumnLength { index, len, wanted } => {
                write!(f, "column {index} holds {len} values, but {wanted} are wanted")
            }
            Error::Memory { values } => write!(f, "no memory for {values} values"),
            Error::Read { path, source } => write!(f, "cannot read `{}`: {source}", path.display()),
            Error::Write { path, source } => write!(f, "cannot write `{}`: {source}", path.display()),
            Error::Weights { path, model, faults } => {
                match path {
                    Some(path) => write!(f, "`{}` does not hold the weights of `{model}`", path.display())?,
                    None => write!(f, "these bytes do not hold the weights of `{model}`")?,
                }
                // Files of another model differ in every weight.
                const SHOWN: usize = 8;
                for fault in faults.iter().take(SHOWN) {
                    write!(f, "\n- {fault}")?;
                }
                match faults.len().saturating_sub(SHOWN) {
                    0 => Ok(()),
                    more => write!(f, "\n- and {more} more"),
                }
            }
        }
    }
}

impl std::error::Error for Error {}
