//! What can go wrong at run time, as values.

use std::fmt;

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
        }
    }
}

impl std::error::Error for Error {}
