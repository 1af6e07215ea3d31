//! Files as trees: the superblock, groups and datasets.

use std::collections::{BTreeMap, BTreeSet};

use super::bytes::{Cursor, UNDEFINED};
use super::datatype::{Datatype, dataspace, datatype};
use super::dense::{Dense, Index};
use super::header::{self, Message, messages};
use super::heap::{Collection, padding};
use super::{Attribute, Attributes, Dataset, File, Group, Member};
use crate::error::Error;

/// A file on its way to a tree.
pub(super) struct Reader<'a> {
    pub(super) file: &'a [u8],
    /// Bytes that may still be read. Each byte of a file has one use, so a file that needs more than it has is refused.
    left: usize,
    /// Objects that were read.
    objects: BTreeSet<u64>,
    /// Heaps of strings that were read.
    pub(super) collections: BTreeMap<u64, Collection<'a>>,
}

impl Reader<'_> {
    /// Accounts for bytes that are read.
    pub(super) fn charge(&mut self, bytes: usize) -> Result<(), Error> {
        self.left = self.left.checked_sub(bytes).ok_or_else(|| {
            Error::new(format!(
                "structures of the file overlap: they need more than its {} bytes; the file is damaged or made to harm",
                self.file.len()
            ))
        })?;
        Ok(())
    }
}

/// The root of a file.
pub(super) fn file(bytes: &[u8]) -> Result<Group, Error> {
    if !File::is_hdf5(bytes) {
        return Err(Error::new(
            "not an HDF5 file: it does not begin with `\\x89HDF`; if it has a user block, remove it with `h5unjam`",
        ));
    }
    let address = superblock(Cursor::new(bytes, "the superblock"), bytes.len())?;
    let mut reader =
        Reader { file: bytes, left: bytes.len(), objects: BTreeSet::new(), collections: BTreeMap::new() };
    match object(&mut reader, address, 0)? {
        Member::Group(group) => Ok(group),
        Member::Dataset(_) => Err(Error::new("the root of the file is not a group; the file is damaged")),
    }
}

/// The address of the root's header.
fn superblock(mut block: Cursor<'_>, file: usize) -> Result<u64, Error> {
    let addresses = |offsets: u8, lengths: u8| match (offsets, lengths) {
        (8, 8) => Ok(()),
        _ => Err(Error::new(format!(
            "addresses of {offsets} and lengths of {lengths} bytes are not read; write the file with h5py, which uses 8"
        ))),
    };
    block.signature(super::SIGNATURE)?;
    let version = block.u8()?;
    let (base, end, root) = match version {
        0 | 1 => {
            // Versions of parts.
            block.take(4)?;
            addresses(block.u8()?, block.u8()?)?;
            // Sizes of tree nodes, and flags.
            block.take(if version == 0 { 9 } else { 13 })?;
            let (base, _free, end, driver) = (block.u64()?, block.u64()?, block.u64()?, block.u64()?);
            if driver != UNDEFINED {
                return Err(Error::new(
                    "files that are split by a driver of HDF5 are not read; use `h5repack`",
                ));
            }
            let (_name, root) = (block.u64()?, block.u64()?);
            (base, end, root)
        }
        2 | 3 => {
            addresses(block.u8()?, block.u8()?)?;
            block.take(1)?;
            let (base, extension, end, root) = (block.u64()?, block.u64()?, block.u64()?, block.u64()?);
            if extension != UNDEFINED {
                return Err(Error::new(
                    "extensions of the superblock (file drivers, file spaces) are not read; use `h5repack`",
                ));
            }
            (base, end, root)
        }
        _ => {
            return Err(Error::new(format!("superblocks of version {version} are not read; use `h5repack`")));
        }
    };
    if base != 0 {
        return Err(Error::new("files with a user block are not read; remove it with `h5unjam`"));
    }
    if usize::try_from(end).unwrap_or(usize::MAX) > file {
        return Err(Error::new(format!("the file has {file} of {end} bytes; it was cut")));
    }
    Ok(root)
}

/// The group or dataset at an address.
fn object(reader: &mut Reader<'_>, address: u64, depth: usize) -> Result<Member, Error> {
    super::check_depth(depth)?;
    if !reader.objects.insert(address) {
        return Err(Error::new(
            "the object has a second name (a hard link), or contains itself; copy it into a new file with h5py",
        ));
    }
    let messages = messages(reader, address)?;
    let attributes = attributes(reader, &messages)?;
    let has = |kind: u16| messages.iter().any(|it| it.kind == kind);
    if has(header::LAYOUT) {
        return dataset(reader, &messages, attributes).map(Member::Dataset);
    }
    if !has(header::SYMBOL_TABLE) && !has(header::LINK_INFO) && !has(header::LINK) {
        return Err(Error::new(match has(header::DATATYPE) {
            true => {
                "a type with a name (committed datatype) is neither a group nor a dataset; remove it from the file"
            }
            false => "an object is neither a group nor a dataset; the file is damaged",
        }));
    }
    let mut group = Group { members: BTreeMap::new(), attributes };
    for message in &messages {
        match message.kind {
            header::SYMBOL_TABLE => super::groups::symbol_table(reader, message.body, &mut group, depth)?,
            header::LINK => super::groups::link(reader, message.body, &mut group, depth)?,
            header::LINK_INFO => {
                let dense = Dense::parse(Index::Links, message.body)?;
                for body in dense.map(|it| it.messages(reader)).transpose()?.unwrap_or_default() {
                    super::groups::link(reader, body, &mut group, depth)?;
                }
            }
            header::ATTRIBUTE | header::ATTRIBUTE_INFO => {}
            kind => return Err(unknown(kind)),
        }
    }
    Ok(Member::Group(group))
}

fn unknown(kind: u16) -> Error {
    Error::new(format!("messages of type {kind:#04x} in an object header are not read; use `h5repack`"))
}

/// Reads the object that a name stands for.
pub(super) fn member(
    reader: &mut Reader<'_>,
    group: &mut Group,
    name: &[u8],
    address: u64,
    depth: usize,
) -> Result<(), Error> {
    reader.charge(name.len())?;
    let name = std::str::from_utf8(name).map_err(|_| Error::new("a name is not valid UTF-8"))?;
    super::check_name(name)?;
    let member = object(reader, address, depth + 1).map_err(|error| error.within(name))?;
    match group.members.insert(name.to_owned(), member) {
        None => Ok(()),
        Some(_) => Err(Error::new("there are two members of this name; the file is damaged").within(name)),
    }
}

/// The error for what a link leads to outside of the tree.
pub(super) fn refused_link(kind: &str, name: &[u8]) -> Error {
    let help = "links are not followed; copy what it leads to into a new file with h5py";
    Error::new(format!("the member is {kind}, and {help}")).within(String::from_utf8_lossy(name))
}

fn only<'a>(messages: &[Message<'a>], kind: u16, what: &str) -> Result<&'a [u8], Error> {
    let mut all = messages.iter().filter(|it| it.kind == kind);
    match (all.next(), all.next()) {
        (Some(message), None) => Ok(message.body),
        (None, _) => Err(Error::new(format!("the dataset has no {what}; the file is damaged"))),
        (Some(_), Some(_)) => {
            Err(Error::new(format!("the dataset has two of its {what}; the file is damaged")))
        }
    }
}

fn dataset<'a>(
    reader: &mut Reader<'a>,
    messages: &[Message<'a>],
    attributes: Attributes,
) -> Result<Dataset, Error> {
    const KNOWN: [u16; 8] = [
        header::DATASPACE,
        header::DATATYPE,
        header::FILL_VALUE,
        header::LAYOUT,
        header::ATTRIBUTE,
        header::ATTRIBUTE_INFO,
        header::FILTERS,
        header::EXTERNAL_FILES,
    ];
    let has = |kind: u16| messages.iter().any(|it| it.kind == kind);
    if has(header::EXTERNAL_FILES) {
        return Err(Error::new("the values are in another file (external storage), which is not opened"));
    }
    if let Some(message) = messages.iter().find(|it| !KNOWN.contains(&it.kind)) {
        return Err(unknown(message.kind));
    }
    let shape = dataspace(only(messages, header::DATASPACE, "shape")?)?;
    let elements = datatype(only(messages, header::DATATYPE, "type")?)?;
    let len = elements.bytes(&shape)?;
    let stored = stored(reader.file, only(messages, header::LAYOUT, "layout")?, has(header::FILTERS))?;
    if stored.len() != len {
        return Err(Error::new(format!(
            "a dataset of shape {shape:?} has {len} bytes, but {} are stored; values that were never written are not filled in",
            stored.len()
        )));
    }
    reader.charge(len)?;
    Ok(Dataset { data: elements.decode(reader, stored)?, shape, attributes })
}

/// The stored bytes of a dataset.
fn stored<'a>(file: &'a [u8], layout: &'a [u8], filtered: bool) -> Result<&'a [u8], Error> {
    let mut layout = Cursor::new(layout, "the layout of a dataset");
    let version = layout.u8()?;
    if !(3..=5).contains(&version) {
        return Err(Error::new(format!("layouts of version {version} are not read; use `h5repack`")));
    }
    match layout.u8()? {
        0 => {
            let len = layout.u16()?;
            layout.take(len.into())
        }
        1 => match (layout.u64()?, layout.u64()?) {
            (UNDEFINED, _) => Ok(&[]),
            (address, len) => Cursor::at(file, address, "the values of a dataset")?.take_u64(len),
        },
        2 => {
            let filters = if filtered { ", compressed or filtered" } else { "" };
            Err(Error::new(format!(
                "the values are stored in chunks{filters}, which are not read; load the file with Keras and save it again, or use `h5repack -f NONE -l CONTI in.h5 out.h5`"
            )))
        }
        3 => Err(Error::new(
            "the values are those of other datasets (virtual dataset), which are not opened; copy them into a new file with h5py",
        )),
        class => Err(Error::new(format!("layouts of class {class} are not read; the file is damaged"))),
    }
}

fn attributes<'a>(reader: &mut Reader<'a>, messages: &[Message<'a>]) -> Result<Attributes, Error> {
    let mut attributes = Attributes::new();
    let mut bodies = Vec::new();
    for message in messages {
        match message.kind {
            header::ATTRIBUTE => bodies.push(message.body),
            header::ATTRIBUTE_INFO => {
                let dense = Dense::parse(Index::Attributes, message.body)?;
                bodies.extend(dense.map(|it| it.messages(reader)).transpose()?.unwrap_or_default());
            }
            _ => {}
        }
    }
    for body in bodies {
        let (name, attribute) = attribute(reader, body)?;
        if attributes.insert(name.clone(), attribute).is_some() {
            return Err(Error::new(format!("there are two attributes `{name}`; the file is damaged")));
        }
    }
    Ok(attributes)
}

fn attribute<'a>(reader: &mut Reader<'a>, body: &'a [u8]) -> Result<(String, Attribute), Error> {
    let mut body = Cursor::new(body, "an attribute");
    let version = body.u8()?;
    if !(1..=3).contains(&version) {
        return Err(Error::new(format!("attributes of version {version} are not read")));
    }
    let flags = body.u8()?;
    if version > 1 && flags != 0 {
        return Err(Error::new("attributes of a shared type (committed datatype) are not read"));
    }
    let lens = [body.u16()?, body.u16()?, body.u16()?].map(usize::from);
    if version == 3 {
        // The encoding of the name: ASCII is UTF-8.
        body.take(1)?;
    }
    let mut part = |len: usize| {
        let part = body.take(len)?;
        body.take(if version == 1 { padding(len) } else { 0 })?;
        Ok::<_, Error>(part)
    };
    let [name, elements, space] = [part(lens[0])?, part(lens[1])?, part(lens[2])?];
    let name = super::data::text(name)?.to_owned();
    let mut read = |elements: Datatype, shape: Vec<usize>| {
        let bytes = body.take(elements.bytes(&shape)?)?;
        Ok(Attribute { data: elements.decode(reader, bytes)?, shape })
    };
    let attribute = datatype(elements).and_then(|elements| read(elements, dataspace(space)?));
    let attribute = attribute.map_err(|error: Error| error.within(format!("attribute `{name}`")))?;
    Ok((name, attribute))
}
