//! What can go wrong with a conversion.

use std::fmt;

/// Why a file cannot be read, converted or written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Where in the file: a member, a layer, a key; outermost first. May be empty.
    pub place: Vec<String>,
    /// What is wrong, and what to do about it.
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
