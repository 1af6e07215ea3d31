//! Places in a file that may be damaged: every read is checked.

use crate::error::Error;

/// The address of what is not there.
pub(super) const UNDEFINED: u64 = u64::MAX;

/// The rest of a structure of the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
    /// The structure, for errors.
    what: &'static str,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8], what: &'static str) -> Self {
        Cursor { rest: bytes, what }
    }

    /// From an address to the end of the file.
    pub(super) fn at(file: &'a [u8], address: u64, what: &'static str) -> Result<Self, Error> {
        let rest = usize::try_from(address).ok().and_then(|at| file.get(at..));
        let rest = rest.ok_or_else(|| {
            Error::new(format!("{what} is at byte {address}, but the file has {} bytes", file.len()))
        })?;
        Ok(Cursor { rest, what })
    }

    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or_else(|| {
            let held = self.rest.len();
            Error::new(format!("{} needs {len} bytes where {held} are left; the file is damaged", self.what))
        })?;
        self.rest = rest;
        Ok(taken)
    }

    /// `take` for a length that the file has as 64 bits.
    pub(super) fn take_u64(&mut self, len: u64) -> Result<&'a [u8], Error> {
        self.take(usize::try_from(len).unwrap_or(usize::MAX))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let taken = self.take(N)?;
        taken.first_chunk().copied().ok_or_else(|| Error::new("the file is damaged"))
    }

    pub(super) fn u8(&mut self) -> Result<u8, Error> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    pub(super) fn u16(&mut self) -> Result<u16, Error> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(super) fn u32(&mut self) -> Result<u32, Error> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64, Error> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    /// A little-endian number of `width` bytes, at most eight.
    pub(super) fn number(&mut self, width: usize) -> Result<u64, Error> {
        let bytes = self.take(width)?;
        Ok(bytes.iter().take(8).rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }

    pub(super) fn signature(&mut self, signature: &[u8]) -> Result<(), Error> {
        if self.take(signature.len())? == signature {
            return Ok(());
        }
        let signature = signature.escape_ascii();
        Err(Error::new(format!("{} does not begin with `{signature}`; the file is damaged", self.what)))
    }

    /// All that is left.
    pub(super) fn peek(&self) -> &'a [u8] {
        self.rest
    }

    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }
}
