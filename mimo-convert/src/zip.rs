//! Zip archives in memory, the containers of `.keras` files. Nothing is extracted: names are keys, and members are bytes.
//!
//! The records are read and written by the crate `rawzip` (no `unsafe`, no dependencies, 2 s to compile). What it leaves to its users
//! is decided here, before a member is read: names that occur twice, members that overlap, headers that contradict the
//! directory, encryption, and members that declare far more than they store are errors.

use std::borrow::Cow;
use std::collections::BTreeMap;

use miniz_oxide::inflate::decompress_to_vec_with_limit;
use rawzip::{CompressionMethod, ZipArchive, ZipFileHeaderRecord, ZipSliceArchive, crc32};

use crate::error::Error;

/// Keras refuses members of more than 4 GiB that are this many times as large as what is stored; here all are refused that are
/// larger than [`FLOOR`], whose memory is no danger.
const RATIO: u64 = 100;
const FLOOR: u64 = 1 << 20;

/// An archive: members by name.
#[derive(Clone, Debug)]
pub struct Archive<'a> {
    members: BTreeMap<String, Member<'a>>,
}

#[derive(Clone, Debug)]
struct Member<'a> {
    stored: &'a [u8],
    method: CompressionMethod,
    len: usize,
    crc: u32,
}

impl<'a> Archive<'a> {
    /// Whether bytes begin as an archive with a member does.
    pub fn is_zip(bytes: &[u8]) -> bool {
        bytes.starts_with(b"PK\x03\x04")
    }

    /// Reads the directory of an archive.
    ///
    /// # Errors
    /// If the bytes are not an archive, or if it is damaged or made to harm.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let damaged = |error: rawzip::Error| Error::new(format!("not a zip archive, or a damaged one: {error}"));
        let archive = ZipArchive::from_slice(bytes).map_err(damaged)?;
        let mut members = BTreeMap::new();
        let mut ranges = Vec::new();
        let mut entries = archive.entries();
        let mut count = 0;
        while let Some(entry) = entries.next_entry().map_err(damaged)? {
            count += 1;
            let path = entry.file_path();
            let name = std::str::from_utf8(path.as_bytes());
            let name = name.map_err(|_| Error::new("the name of a member is not valid UTF-8"))?;
            let within = |reason: String| Error::new(reason).within(name);
            if entry.flags().is_encrypted() {
                return Err(within("the member is encrypted; write the archive without a password".into()));
            }
            let (range, stored) = locate(&archive, bytes, &entry).map_err(|error| error.within(name))?;
            if !entry.is_dir() {
                let len = entry.uncompressed_size_hint();
                let len = bounded(len, stored.len()).map_err(|error| error.within(name))?;
                let member = Member { stored, method: entry.compression_method(), len, crc: entry.crc32() };
                if members.insert(name.to_owned(), member).is_some() {
                    return Err(within("there are two members of this name".into()));
                }
            }
            ranges.push((range, name));
        }
        if count != archive.entries_hint() {
            let declared = archive.entries_hint();
            return Err(Error::new(format!("the archive declares {declared} members, but its directory has {count}")));
        }
        ranges.sort_unstable();
        let next = ranges.iter().skip(1).map(|((start, _), name)| (*start, *name));
        let next = next.chain([(archive.directory_offset(), "the directory")]);
        match ranges.iter().zip(next).find(|(((_, end), _), (start, _))| end > start) {
            Some(((_, name), (_, next))) => {
                Err(Error::new(format!("the member overlaps `{next}`")).within(*name))
            }
            None => Ok(Archive { members }),
        }
    }

    /// Names in the order of their bytes.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.members.keys().map(String::as_str)
    }

    /// The bytes of a member, if there is one of this name.
    ///
    /// # Errors
    /// If the member is compressed by another method than DEFLATE, or its bytes are not those that the directory declares.
    pub fn read(&self, name: &str) -> Result<Option<Cow<'a, [u8]>>, Error> {
        let read = |member: &Member<'a>| member.read().map_err(|error| error.within(name));
        self.members.get(name).map(read).transpose()
    }
}

/// The range of a member with its header, and its stored bytes. The header must say what the directory says.
fn locate<'a>(
    archive: &ZipSliceArchive<&'a [u8]>, bytes: &'a [u8], entry: &ZipFileHeaderRecord<'_>,
) -> Result<((u64, u64), &'a [u8]), Error> {
    let damaged = |error: rawzip::Error| Error::new(format!("the member is damaged: {error}"));
    let found = archive.get_entry(entry.wayfinder()).map_err(damaged)?;
    let header = found.local_header();
    let sizes = (header.compressed_size_hint(), header.uncompressed_size_hint());
    let declared = (entry.compressed_size_hint(), entry.uncompressed_size_hint());
    // With a descriptor behind the member, its header may not know the sizes yet.
    let unknown = header.flags().has_data_descriptor() && sizes == (0, 0);
    let same_name = header.file_path().as_bytes() == entry.file_path().as_bytes();
    if !same_name || header.compression_method() != entry.compression_method() || !unknown && sizes != declared {
        return Err(Error::new("the header of the member and the directory of the archive contradict each other"));
    }
    let (start, end) = found.compressed_data_range();
    let place = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    let stored = place.and_then(|(start, end)| bytes.get(start..end));
    let stored = stored.ok_or_else(|| Error::new("the member is not in the file"))?;
    Ok(((entry.local_header_offset(), end), stored))
}

/// A declared length that is allocated for stored bytes.
fn bounded(declared: u64, stored: usize) -> Result<usize, Error> {
    let limit = (stored as u64).saturating_mul(RATIO).max(FLOOR);
    match usize::try_from(declared) {
        Ok(len) if declared <= limit => Ok(len),
        _ => Err(Error::new(format!(
            "the member declares {declared} bytes, more than {RATIO} times the {stored} that are stored; \
             if the file is what you expect, write it again without compression"
        ))),
    }
}

impl<'a> Member<'a> {
    fn read(&self) -> Result<Cow<'a, [u8]>, Error> {
        let bytes = match self.method {
            CompressionMethod::STORE => Cow::Borrowed(self.stored),
            CompressionMethod::DEFLATE => Cow::Owned(
                decompress_to_vec_with_limit(self.stored, self.len)
                    .map_err(|error| Error::new(format!("the member is damaged: {:?}", error.status)))?,
            ),
            method => {
                let id = method.as_u16();
                return Err(Error::new(format!(
                    "the member is compressed by method {id}, which is not read; write it without compression"
                )));
            }
        };
        if bytes.len() != self.len {
            let (held, len) = (bytes.len(), self.len);
            return Err(Error::new(format!("the member has {held} bytes, but {len} are declared")));
        }
        match crc32(&bytes) == self.crc {
            true => Ok(bytes),
            false => Err(Error::new("the member is damaged: its checksum is another")),
        }
    }
}

/// An archive of members that are stored as they are, as Keras writes them, in this order.
///
/// # Errors
/// If a name occurs twice or is longer than 65,535 bytes.
pub fn write(members: &[(&str, &[u8])]) -> Result<Vec<u8>, Error> {
    use std::io::Write;

    use rawzip::path::EntryPath;
    let mut names = std::collections::BTreeSet::new();
    let mut archive = rawzip::ZipArchiveWriter::new(Vec::new());
    for (name, bytes) in members {
        let failed = |error: &dyn std::fmt::Display| Error::new(error.to_string()).within(*name);
        if !names.insert(name) {
            return Err(failed(&"there are two members of this name"));
        }
        let file = archive.new_file(EntryPath::verbatim(name.as_bytes()));
        let file = file.compression_method(CompressionMethod::STORE);
        let (mut entry, config) = file.start().map_err(|error| failed(&error))?;
        let mut writer = config.wrap(&mut entry);
        writer.write_all(bytes).map_err(|error| failed(&error))?;
        let (_, descriptor) = writer.finish().map_err(|error| failed(&error))?;
        entry.finish(descriptor).map_err(|error| failed(&error))?;
    }
    archive.finish().map_err(|error| Error::new(error.to_string()))
}
