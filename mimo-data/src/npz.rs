//! NumPy's `.npz` files: zip archives of `.npy` files, stored by `np.savez` or compressed by `np.savez_compressed`.
//!
//! Only the directory at the end of an archive is trusted, and each member is checked by its length and CRC-32. The memory for a
//! compressed member is limited by what DEFLATE can make of its bytes.

use std::path::{Path, PathBuf};

use mimo_graph::diag::nearest;
use mimo_runtime::data::{TableFault, TablePlace};
use mimo_runtime::error::Error;
use miniz_oxide::inflate::decompress_to_vec_with_limit;

use crate::npy::NpyArray;
use crate::table::Table;

/// The arrays of a `.npz` file, which are read one by one.
#[derive(Clone)]
pub struct Npz {
    path: Option<PathBuf>,
    bytes: Vec<u8>,
    members: Vec<Member>,
}

#[derive(Clone, Debug)]
struct Member {
    /// Without `.npy`.
    name: String,
    method: u16,
    crc: u32,
    compressed: usize,
    len: usize,
    /// Of its header in the archive.
    offset: usize,
}

/// DEFLATE writes at most this many bytes for each that it reads.
const RATIO: usize = 1032;

impl Npz {
    /// Reads a file.
    ///
    /// # Errors
    /// [`File`](Error::File), and those of [`from_bytes`](Self::from_bytes), with the file.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|source| Error::File { path: path.into(), source })?;
        Self::new(Some(path.to_path_buf()), bytes)
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// [`Format`](TableFault::Format) if they are not a zip archive.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, Error> {
        Self::new(None, bytes)
    }

    fn new(path: Option<PathBuf>, bytes: Vec<u8>) -> Result<Self, Error> {
        let mut archive = Npz { path, bytes, members: vec![] };
        archive.members = directory(&archive.bytes).map_err(|fault| archive.error(None, fault))?;
        Ok(archive)
    }

    /// The names of the arrays, in the order of the file.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.members.iter().map(|member| member.name.as_str())
    }

    /// An array by its name.
    ///
    /// # Errors
    /// [`NoSuchColumn`](TableFault::NoSuchColumn) with near names, [`Format`](TableFault::Format) if the array is damaged.
    pub fn array(&self, name: &str) -> Result<NpyArray, Error> {
        let Some(member) = self.members.iter().find(|member| member.name == name) else {
            let near = nearest(name, self.names());
            return Err(self.error(None, TableFault::NoSuchColumn { name: name.to_owned(), near }));
        };
        let read = |member: &Member| NpyArray::parse(&contents(&self.bytes, member)?);
        read(member).map_err(|fault| self.error(Some(name), fault))
    }

    /// The arrays as columns of a table: the first axis of each is that of the rows. Arrays of elements that are neither numbers nor text, such as
    /// dates, are [`Unread`](crate::Column::Unread): an input or target that reads one is an error.
    ///
    /// # Errors
    /// [`Format`](TableFault::Format) if an array is damaged, [`Rows`](TableFault::Rows) if the arrays have different lengths,
    /// [`NoRows`](TableFault::NoRows).
    pub fn table(&self) -> Result<Table, Error> {
        let mut table = Table::new();
        table.origin.file = self.path.as_deref().map(Into::into);
        for member in &self.members {
            let name = &member.name;
            let column = contents(&self.bytes, member).and_then(|bytes| NpyArray::parse_column(&bytes));
            let column = column.map_err(|fault| self.error(Some(name), fault))?;
            table.push(name.clone(), column)?;
        }
        if table.rows() == 0 { Err(self.error(None, TableFault::NoRows)) } else { Ok(table) }
    }

    fn error(&self, name: Option<&str>, fault: TableFault) -> Error {
        let mut place = TablePlace::default();
        place.file.clone_from(&self.path);
        place.column = name.map(str::to_owned);
        Error::Table { place: Box::new(place), fault: Box::new(fault) }
    }
}

impl std::fmt::Debug for Npz {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Npz")
            .field("path", &self.path)
            .field("members", &self.members)
            .finish_non_exhaustive()
    }
}

fn format(reason: &str) -> TableFault {
    TableFault::Format { format: "npz", reason: reason.to_owned() }
}

/// Whole numbers at places of an archive.
fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn usize_at(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?)).ok()
}

/// The members of an archive.
fn directory(bytes: &[u8]) -> Result<Vec<Member>, TableFault> {
    const END: usize = 22;
    let damaged = || format("the directory of the archive is damaged");
    // The last record may be followed by a comment of up to 65,535 bytes.
    let last = bytes.len().checked_sub(END).ok_or_else(|| format("it is too short for an archive"))?;
    let end = (last.saturating_sub(usize::from(u16::MAX))..=last)
        .rev()
        .find(|at| bytes[*at..].starts_with(b"PK\x05\x06"))
        .ok_or_else(|| format("the end of the archive is missing"))?;
    let mut count = usize::from(u16_at(bytes, end + 10).ok_or_else(damaged)?);
    let mut at = u32_at(bytes, end + 16).ok_or_else(damaged)? as usize;
    if count == 0xFFFF || at == 0xFFFF_FFFF {
        // Archives of more than 4 GiB have a second record, and a locator before this one.
        let locator =
            end.checked_sub(20).filter(|at| bytes[*at..].starts_with(b"PK\x06\x07")).ok_or_else(damaged)?;
        let large = usize_at(bytes, locator + 8).ok_or_else(damaged)?;
        if !bytes.get(large..).is_some_and(|it| it.starts_with(b"PK\x06\x06")) {
            return Err(damaged());
        }
        let place =
            |offset: usize| large.checked_add(offset).and_then(|at| usize_at(bytes, at)).ok_or_else(damaged);
        (count, at) = (place(32)?, place(48)?);
    }
    let mut members: Vec<Member> = vec![];
    let mut names = std::collections::HashSet::new();
    for _ in 0..count {
        let entry = bytes.get(at..).filter(|entry| entry.starts_with(b"PK\x01\x02")).ok_or_else(damaged)?;
        let short = |at: usize| u16_at(entry, at).ok_or_else(damaged);
        let (flags, method) = (short(8)?, short(10)?);
        let crc = u32_at(entry, 16).ok_or_else(damaged)?;
        let [name_len, extra_len, comment_len] = [short(28)?, short(30)?, short(32)?].map(usize::from);
        let name = entry.get(46..46 + name_len).ok_or_else(damaged)?;
        let extra = entry.get(46 + name_len..46 + name_len + extra_len).ok_or_else(damaged)?;
        let mut large = large_fields(extra);
        let mut field = |at: usize| {
            let value = u32_at(entry, at)?;
            if value == u32::MAX { large.next()? } else { Some(value as usize) }
        };
        // The extra field has those that do not fit, in this order.
        let len = field(24).ok_or_else(damaged)?;
        let compressed = field(20).ok_or_else(damaged)?;
        let offset = field(42).ok_or_else(damaged)?;
        let name = std::str::from_utf8(name).map_err(|_| format("the name of an array is not text"))?;
        if flags & 1 != 0 {
            return Err(format("the archive is encrypted"));
        }
        at += 46 + name_len + extra_len + comment_len;
        let Some(name) = name.strip_suffix(".npy") else { continue };
        if !names.insert(name) {
            return Err(format(&format!("two arrays are called `{}`", name.escape_debug())));
        }
        members.push(Member { name: name.to_owned(), method, crc, compressed, len, offset });
    }
    Ok(members)
}

/// The numbers of 64 bits in an extra field.
fn large_fields(mut extra: &[u8]) -> impl Iterator<Item = Option<usize>> {
    let mut numbers: &[u8] = &[];
    while let (Some(id), Some(len)) = (u16_at(extra, 0), u16_at(extra, 2)) {
        let Some((field, rest)) = extra[4..].split_at_checked(usize::from(len)) else { break };
        if id == 1 {
            numbers = field;
            break;
        }
        extra = rest;
    }
    numbers.as_chunks::<8>().0.iter().map(|bytes| usize::try_from(u64::from_le_bytes(*bytes)).ok())
}

/// The bytes of a member.
fn contents(bytes: &[u8], member: &Member) -> Result<Vec<u8>, TableFault> {
    let damaged = || format("the array is damaged");
    let header = bytes.get(member.offset..).filter(|it| it.starts_with(b"PK\x03\x04")).ok_or_else(damaged)?;
    let [name_len, extra_len] = [26, 28].map(|at| u16_at(header, at).map(usize::from));
    let start = 30 + name_len.ok_or_else(damaged)? + extra_len.ok_or_else(damaged)?;
    let end = start.checked_add(member.compressed).ok_or_else(damaged)?;
    let data = header.get(start..end).ok_or_else(damaged)?;
    let contents = match member.method {
        0 => data.to_vec(),
        8 if member.len > data.len().saturating_mul(RATIO) => return Err(damaged()),
        8 => decompress_to_vec_with_limit(data, member.len).map_err(|_| damaged())?,
        method => return Err(format(&format!("the compression method {method} is not known"))),
    };
    if contents.len() != member.len || crc32(&contents) != member.crc {
        return Err(damaged());
    }
    Ok(contents)
}

/// CRC-32 of IEEE 802.3, as zip archives have it.
fn crc32(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = {
        let mut table = [0; 256];
        let mut byte = 0;
        while byte < 256 {
            let (mut crc, mut bit) = (byte as u32, 0);
            while bit < 8 {
                crc = if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
                bit += 1;
            }
            table[byte] = crc;
            byte += 1;
        }
        table
    };
    !bytes.iter().fold(u32::MAX, |crc, byte| crc >> 8 ^ TABLE[((crc ^ u32::from(*byte)) & 0xFF) as usize])
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_sum_is_that_of_the_standard() {
        assert_eq!(super::crc32(b"123456789"), 0xCBF4_3926);
    }
}
