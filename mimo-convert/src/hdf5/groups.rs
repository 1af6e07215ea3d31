//! Members of groups: symbol tables, and links in object headers.

use super::Group;
use super::bytes::Cursor;
use super::read::{Reader, member, refused_link};
use crate::error::Error;

/// The members of a symbol table, which is a tree of names and a heap with them.
pub(super) fn symbol_table<'a>(
    reader: &mut Reader<'a>,
    body: &'a [u8],
    group: &mut Group,
    depth: usize,
) -> Result<(), Error> {
    let mut body = Cursor::new(body, "a symbol table");
    let (tree, heap) = (body.u64()?, body.u64()?);
    let names = local_heap(reader, heap)?;
    let mut nodes = vec![(tree, None)];
    while let Some((address, level)) = nodes.pop() {
        node(reader, address, level, &mut nodes, &mut |reader, address| {
            symbols(reader, address, names, group, depth)
        })?;
    }
    Ok(())
}

/// The bytes of the heap with the names of a group.
fn local_heap<'a>(reader: &mut Reader<'a>, address: u64) -> Result<&'a [u8], Error> {
    let mut heap = Cursor::at(reader.file, address, "a heap of names")?;
    heap.signature(b"HEAP")?;
    let version = heap.u8()?;
    if version != 0 {
        return Err(Error::new(format!("heaps of names of version {version} are not read")));
    }
    heap.take(3)?;
    let (len, _free, address) = (heap.u64()?, heap.u64()?, heap.u64()?);
    Cursor::at(reader.file, address, "a heap of names")?.take_u64(len)
}

/// A node of a tree of names. Its children are nodes of the level below, or at level 0 lists of symbols.
fn node<'a>(
    reader: &mut Reader<'a>,
    address: u64,
    expected: Option<u8>,
    nodes: &mut Vec<(u64, Option<u8>)>,
    symbols: &mut impl FnMut(&mut Reader<'a>, u64) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut node = Cursor::at(reader.file, address, "a tree of names")?;
    node.signature(b"TREE")?;
    let (kind, level) = (node.u8()?, node.u8()?);
    if kind != 0 || expected.is_some_and(|expected| level != expected) {
        return Err(Error::new("a node in a tree of names is not one of names; the file is damaged"));
    }
    let count = usize::from(node.u16()?);
    node.take(16)?;
    reader.charge(24 + 16 * count)?;
    for _ in 0..count {
        // The key repeats a name of the child.
        node.take(8)?;
        let child = node.u64()?;
        match level.checked_sub(1) {
            None => symbols(reader, child)?,
            Some(below) => nodes.push((child, Some(below))),
        }
    }
    Ok(())
}

/// A list of symbols: names with the objects that they stand for.
fn symbols<'a>(
    reader: &mut Reader<'a>,
    address: u64,
    names: &'a [u8],
    group: &mut Group,
    depth: usize,
) -> Result<(), Error> {
    const SYMBOL: usize = 40;
    const SOFT: u32 = 2;
    let mut list = Cursor::at(reader.file, address, "a list of symbols")?;
    list.signature(b"SNOD")?;
    let version = list.u8()?;
    if version != 1 {
        return Err(Error::new(format!("lists of symbols of version {version} are not read")));
    }
    list.take(1)?;
    let count = usize::from(list.u16()?);
    reader.charge(8 + SYMBOL * count)?;
    for _ in 0..count {
        let (name, address, kind) = (list.u64()?, list.u64()?, list.u32()?);
        list.take(20)?;
        let name = usize::try_from(name).ok().and_then(|at| names.get(at..));
        let name = name.and_then(|it| Some(it.split_at(it.iter().position(|&it| it == 0)?).0));
        let name = name.ok_or_else(|| Error::new("a name is not in its heap; the file is damaged"))?;
        if kind == SOFT {
            return Err(refused_link("a soft link", name));
        }
        member(reader, group, name, address, depth)?;
    }
    Ok(())
}

/// A link in an object header, as `libver="latest"` writes them.
pub(super) fn link<'a>(
    reader: &mut Reader<'a>,
    body: &'a [u8],
    group: &mut Group,
    depth: usize,
) -> Result<(), Error> {
    const KIND: u8 = 0x08;
    const ORDER: u8 = 0x04;
    const ENCODING: u8 = 0x10;
    let mut body = Cursor::new(body, "a link");
    let (version, flags) = (body.u8()?, body.u8()?);
    if version != 1 {
        return Err(Error::new(format!("links of version {version} are not read")));
    }
    let kind = if flags & KIND == 0 { 0 } else { body.u8()? };
    body.take(if flags & ORDER == 0 { 0 } else { 8 })?;
    body.take(if flags & ENCODING == 0 { 0 } else { 1 })?;
    let len = body.number(1 << (flags & 3))?;
    let name = body.take_u64(len)?;
    match kind {
        0 => member(reader, group, name, body.u64()?, depth),
        1 => Err(refused_link("a soft link", name)),
        64 => Err(refused_link("an external link", name)),
        _ => Err(refused_link("a link of a kind of its own", name)),
    }
}
