//! NumPy's `.npz` files: zip archives of `.npy` files, stored by `np.savez` or compressed by `np.savez_compressed`.
//!
//! The records of archives are read by `rawzip`, as in `mimo-convert`. Only the directory at the end of an archive is
//! trusted, and each member is checked by its length and CRC-32. The memory for a compressed member is limited by the
//! largest possible ratio of DEFLATE.

use std::path::{Path, PathBuf};

use mimo_graph::diag::nearest;
use mimo_runtime::data::{TableFault, TablePlace};
use mimo_runtime::error::Error;
use miniz_oxide::inflate::decompress_to_vec_with_limit;
use rawzip::{CompressionMethod, ZipArchive, ZipArchiveEntryWayfinder, crc32};

use crate::npy::NpyArray;
use crate::table::Table;

/// The arrays of a `.npz` file, read one by one.
#[derive(Clone)]
pub struct Npz {
    path: Option<PathBuf>,
    bytes: Vec<u8>,
    members: Vec<Member>,
}

#[derive(Clone, Debug)]
struct Member {
    /// Name without `.npy`.
    name: String,
    method: CompressionMethod,
    crc: u32,
    len: usize,
    /// Location in the archive.
    entry: ZipArchiveEntryWayfinder,
}

/// Largest ratio of decompressed to compressed bytes of DEFLATE.
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

    /// Returns the names of the arrays, in the order of the file.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.members.iter().map(|member| member.name.as_str())
    }

    /// Reads an array by its name.
    ///
    /// # Errors
    /// [`NoSuchColumn`](TableFault::NoSuchColumn) with similar names, [`Format`](TableFault::Format) if the array is damaged.
    pub fn array(&self, name: &str) -> Result<NpyArray, Error> {
        let Some(member) = self.members.iter().find(|member| member.name == name) else {
            let near = nearest(name, self.names());
            return Err(self.error(None, TableFault::NoSuchColumn { name: name.to_owned(), near }));
        };
        let read = |member: &Member| NpyArray::parse(&contents(&self.bytes, member)?);
        read(member).map_err(|fault| self.error(Some(name), fault))
    }

    /// Converts the arrays to columns of a table; the first axis of each is that of the rows. Arrays of elements that
    /// are neither numbers nor text, such as dates, are [`Unread`](crate::Column::Unread): an input or target that
    /// reads one is an error.
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

/// Returns the members of an archive.
fn directory(bytes: &[u8]) -> Result<Vec<Member>, TableFault> {
    let damaged = |error: rawzip::Error| format(&format!("it is not an archive, or a damaged one: {error}"));
    let archive = ZipArchive::from_slice(bytes).map_err(damaged)?;
    let mut members: Vec<Member> = vec![];
    let mut names = std::collections::HashSet::new();
    let (mut entries, mut count) = (archive.entries(), 0);
    while let Some(entry) = entries.next_entry().map_err(damaged)? {
        count += 1;
        let name = entry.file_path();
        let name =
            std::str::from_utf8(name.as_bytes()).map_err(|_| format("the name of an array is not text"))?;
        if entry.flags().is_encrypted() {
            return Err(format("the archive is encrypted"));
        }
        let Some(name) = name.strip_suffix(".npy") else { continue };
        if !names.insert(name.to_owned()) {
            return Err(format(&format!("two arrays are called `{}`", name.escape_debug())));
        }
        let len = usize::try_from(entry.uncompressed_size_hint()).unwrap_or(usize::MAX);
        let (method, crc) = (entry.compression_method(), entry.crc32());
        members.push(Member { name: name.to_owned(), method, crc, len, entry: entry.wayfinder() });
    }
    match count == archive.entries_hint() {
        true => Ok(members),
        false => Err(format("the directory of the archive is damaged")),
    }
}

/// Returns the decompressed bytes of a member.
fn contents(bytes: &[u8], member: &Member) -> Result<Vec<u8>, TableFault> {
    let damaged = || format("the array is damaged");
    let archive = ZipArchive::from_slice(bytes).map_err(|_| damaged())?;
    let entry = archive.get_entry(member.entry).map_err(|_| damaged())?;
    let data = entry.data();
    let contents = match member.method {
        CompressionMethod::STORE => data.to_vec(),
        CompressionMethod::DEFLATE if member.len > data.len().saturating_mul(RATIO) => return Err(damaged()),
        CompressionMethod::DEFLATE => {
            decompress_to_vec_with_limit(data, member.len).map_err(|_| damaged())?
        }
        method => return Err(format(&format!("the compression method {} is not known", method.as_u16()))),
    };
    if contents.len() != member.len || crc32(&contents) != member.crc {
        return Err(damaged());
    }
    Ok(contents)
}
