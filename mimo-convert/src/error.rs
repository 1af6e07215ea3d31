//! Errors of conversions.

use std::fmt;

/// An error of reading, converting or writing a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Place in the file: a member, a layer, a key; outermost first. May be empty.
    pub place: Vec<String>,
    /// The fault, and what to do about it.
    pub reason: String,
}

impl Error {
    /// An error about a whole file.
    pub fn new(reason: impl Into<String>) -> Self {
        Error { place: Vec::new(), reason: reason.into() }
    }

    /// The same error within a place.
    pub fn within(mut self, place: impl Into<String>) -> Self {
        self.place.insert(0, place.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for place in &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Error {}
