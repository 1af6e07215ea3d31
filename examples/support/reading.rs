//! Shared by the readers of text files: numbered lines, and an error for an invalid one.

// Compiled once into every example that includes it, and no example uses all of it.
#![allow(dead_code, unreachable_pub)]

use std::error::Error;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Folder of the files inside the crate, independent of the current directory.
pub const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data");

/// The content of a file.
pub fn content(path: impl AsRef<Path>) -> Result<Vec<u8>, ReadError> {
    let path = path.as_ref();
    fs::read(path).map_err(|source| ReadError::File { path: path.to_owned(), source })
}

/// The lines of `what` with their numbers, counted from 1. They may end in `\n` or `\r\n`, and the last one in nothing.
///
/// From bytes rather than a `str`: in a file that is not text, the error still names the line.
pub fn lines<'a>(what: &'static str, content: &'a [u8]) -> Result<impl Iterator<Item = Line<'a>>, ReadError> {
    let content = content.strip_suffix(b"\n").unwrap_or(content);
    if content.is_empty() {
        return Err(ReadError::Empty { what });
    }
    Ok(content.split(|&byte| byte == b'\n').enumerate().map(move |(index, bytes)| Line {
        what,
        number: index + 1,
        bytes: bytes.strip_suffix(b"\r").unwrap_or(bytes),
    }))
}

/// A line of a file.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    what: &'static str,
    number: usize,
    /// Content of the line.
    pub bytes: &'a [u8],
}

impl<'a> Line<'a> {
    /// The line as text.
    pub fn text(&self) -> Result<&'a str, ReadError> {
        std::str::from_utf8(self.bytes).map_err(|_| self.refuse("text in UTF-8"))
    }

    /// The two words of a line.
    pub fn pair(&self, expected: &'static str) -> Result<(&'a str, &'a str), ReadError> {
        self.text()?.split_once(' ').ok_or_else(|| self.refuse(expected))
    }

    /// Returns the error that `expected` was expected in this line.
    pub fn refuse(&self, expected: &'static str) -> ReadError {
        const LONGEST: usize = 40;
        let text = String::from_utf8_lossy(self.bytes);
        let mut found: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
        if text.chars().nth(LONGEST).is_some() {
            found.push('…');
        }
        ReadError::Line { what: self.what, number: self.number, expected, found }
    }
}

/// Why a file could not be read.
#[derive(Debug)]
pub enum ReadError {
    /// The file could not be read at all.
    File {
        /// The file.
        path: PathBuf,
        /// Error of the system.
        source: io::Error,
    },
    /// The file has no line.
    Empty {
        /// Content of the file.
        what: &'static str,
    },
    /// A line is invalid.
    Line {
        /// Content of the file.
        what: &'static str,
        /// The line, counted from 1.
        number: usize,
        /// Expected text.
        expected: &'static str,
        /// Beginning of the line.
        found: String,
    },
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, source } => write!(f, "cannot read {}: {source}", path.display()),
            Self::Empty { what } => write!(f, "the file of {what} is empty"),
            Self::Line { what, number, expected, found } => {
                write!(f, "line {number} of {what}: expected {expected}, found `{found}`")
            }
        }
    }
}

impl Error for ReadError {}
