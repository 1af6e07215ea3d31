//! Links and attributes outside of their object's header: an index of names, which is a B-tree of version 2, and a fractal heap with the
//! messages. h5py writes them for more than eight links if a name is not ASCII, and with `libver="latest"`.

use super::bytes::{Cursor, UNDEFINED};
use super::read::Reader;
use crate::error::Error;

/// What an index is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Index {
    /// Links of a group.
    Links,
    /// Attributes of an object.
    Attributes,
}

/// Where the messages are, from an info message in an object header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dense {
    index: Index,
    heap: u64,
    tree: u64,
}

impl Dense {
    /// The places in an info message, if messages are outside of the header.
    pub(super) fn parse(index: Index, body: &[u8]) -> Result<Option<Self>, Error> {
        const ORDER: u8 = 0x01;
        let mut body = Cursor::new(body, "the list of links or attributes");
        body.take(1)?;
        let flags = body.u8()?;
        let largest = match index {
            Index::Links => 8,
            Index::Attributes => 2,
        };
        body.take(if flags & ORDER == 0 { 0 } else { largest })?;
        let (heap, tree) = (body.u64()?, body.u64()?);
        Ok((heap != UNDEFINED).then_some(Dense { index, heap, tree }))
    }

    /// The bodies of the messages.
    pub(super) fn messages<'a>(&self, reader: &mut Reader<'a>) -> Result<Vec<&'a [u8]>, Error> {
        let heap = Heap::read(reader, self.heap)?;
        let mut messages = Vec::new();
        for record in records(reader, self.tree, self.index)? {
            let mut record = Cursor::new(record, "a record of an index");
            if self.index == Index::Links {
                // The hash of the name.
                record.take(4)?;
            }
            let message = heap.object(reader.file, record.take(heap.id)?)?;
            if self.index == Index::Attributes && record.u8()? != 0 {
                return Err(Error::new("attributes that several objects share are not read"));
            }
            reader.charge(message.len())?;
            messages.push(message);
        }
        Ok(messages)
    }
}

fn unknown(what: &str, version: u8) -> Error {
    Error::new(format!(
        "{what} of version {version} are not read; load the file with Keras and save it again"
    ))
}

/// The records of a B-tree of version 2, in any order.
fn records<'a>(reader: &mut Reader<'a>, address: u64, index: Index) -> Result<Vec<&'a [u8]>, Error> {
    /// Signature, version, type, checksum.
    const FRAME: u64 = 10;
    let mut head = Cursor::at(reader.file, address, "an index")?;
    head.signature(b"BTHD")?;
    let (version, kind) = (head.u8()?, head.u8()?);
    let expected = match index {
        Index::Links => 5,
        Index::Attributes => 8,
    };
    if version != 0 || kind != expected {
        return Err(unknown("indices of another kind or", version));
    }
    let (node, record, depth) = (u64::from(head.u32()?), u64::from(head.u16()?), head.u16()?);
    head.take(2)?;
    let (root, count) = (head.u64()?, head.u16()?);
    reader.charge(38)?;
    if record == 0 || depth > 8 {
        return Err(Error::new("an index has no records, or more than eight levels; the file is damaged"));
    }
    // Bytes of a child's pointer, by its parent's level: address, number of its records, number of all below it.
    let encoded = |number: u64| u64::from(number.max(1).ilog2() / 8 + 1);
    let most = node.saturating_sub(FRAME) / record;
    let mut pointers = vec![(0, 0)];
    let mut below = most;
    for level in 1..=depth {
        let pointer = (encoded(most), if level > 1 { encoded(below) } else { 0 });
        pointers.push(pointer);
        let len = 8 + pointer.0 + pointer.1;
        let most = node.saturating_sub(FRAME + len) / (record + len);
        below = (most + 1).saturating_mul(below).saturating_add(most);
    }
    let mut records = Vec::new();
    let mut nodes = if root == UNDEFINED { Vec::new() } else { vec![(root, u64::from(count), depth)] };
    while let Some((address, count, level)) = nodes.pop() {
        let mut node = Cursor::at(reader.file, address, "a node of an index")?;
        node.signature(if level == 0 { b"BTLF" } else { b"BTIN" })?;
        node.take(2)?;
        let len = usize::try_from(record).unwrap_or(usize::MAX);
        reader.charge(10)?;
        for _ in 0..count {
            reader.charge(len)?;
            records.push(node.take(len)?);
        }
        let (Some(below), Some(&(number, all))) = (level.checked_sub(1), pointers.get(usize::from(level)))
        else {
            continue;
        };
        for _ in 0..=count {
            reader.charge(8)?;
            let child = (node.u64()?, node.number(number as usize)?, below);
            node.take(all as usize)?;
            nodes.push(child);
        }
    }
    Ok(records)
}

/// A fractal heap: blocks that double in size, in rows of a table.
struct Heap {
    /// Bytes of an object's identifier, of an offset and of a length in it.
    id: usize,
    offset: usize,
    length: usize,
    /// Blocks of a row, and bytes of one in the first row.
    width: u64,
    first: u64,
    /// Rows of blocks with objects. Behind them are blocks of blocks, for more than 512 KiB.
    direct: u32,
    root: u64,
    /// Rows of the table, or 0 if the root is the only block.
    rows: u16,
}

impl Heap {
    fn read(reader: &mut Reader<'_>, address: u64) -> Result<Self, Error> {
        let mut head = Cursor::at(reader.file, address, "a heap of messages")?;
        head.signature(b"FRHP")?;
        let version = head.u8()?;
        if version != 0 {
            return Err(unknown("heaps of messages", version));
        }
        let (id, filters) = (head.u16()?, head.u16()?);
        if filters != 0 {
            return Err(Error::new(
                "compressed heaps of messages are not read; load the file with Keras and save it again",
            ));
        }
        head.take(1)?;
        let largest = u64::from(head.u32()?);
        // Huge and free objects, counts and sizes.
        head.take(96)?;
        let (width, first, most) = (u64::from(head.u16()?), head.u64()?, head.u64()?);
        let bits = head.u16()?;
        head.take(2)?;
        let (root, rows) = (head.u64()?, head.u16()?);
        reader.charge(146)?;
        if width == 0 || !first.is_power_of_two() || !most.is_power_of_two() || most < first || bits > 64 {
            return Err(Error::new("a heap of messages has blocks of no valid size; the file is damaged"));
        }
        let encoded = |number: u64| (number.max(1).ilog2() / 8 + 1) as usize;
        Ok(Heap {
            id: id.into(),
            offset: usize::from(bits).div_ceil(8),
            length: encoded(most).min(encoded(largest)),
            width,
            first,
            direct: most.ilog2() - first.ilog2() + 2,
            root,
            rows,
        })
    }

    /// The bytes of an object.
    fn object<'a>(&self, file: &'a [u8], id: &[u8]) -> Result<&'a [u8], Error> {
        const MANAGED: u8 = 0;
        let mut id = Cursor::new(id, "the identifier of a message");
        if id.u8()? >> 4 != MANAGED {
            return Err(Error::new(
                "messages of more than 64 KiB are not read; load the file with Keras and save it again",
            ));
        }
        let (offset, len) = (id.number(self.offset)?, id.number(self.length)?);
        let (block, start) = self.block(file, offset)?;
        let mut block = Cursor::at(file, block, "a heap of messages")?;
        block.signature(b"FHDB")?;
        let at = offset.saturating_sub(start).checked_sub(4);
        let at =
            at.ok_or_else(|| Error::new("a message is in the head of its block; the file is damaged"))?;
        block.take_u64(at)?;
        block.take_u64(len)
    }

    /// The block of an offset, and the offset of its first byte.
    fn block(&self, file: &[u8], offset: u64) -> Result<(u64, u64), Error> {
        if self.rows == 0 {
            return Ok((self.root, 0));
        }
        let row_of_first = offset / self.width.saturating_mul(self.first);
        // Rows 0 and 1 have blocks of the same size; each further row has blocks of twice the size, so that a row has as many
        // bytes as all before it.
        let row = row_of_first.checked_ilog2().map_or(0, |it| it + 1);
        if row >= self.direct.min(self.rows.into()) {
            return Err(Error::new(
                "heaps of messages of more than 512 KiB are not read; load the file with Keras and save it again",
            ));
        }
        let (size, start) = match row.checked_sub(1) {
            None => (self.first, 0),
            Some(doubled) => {
                let size = self.first.saturating_mul(1 << doubled.min(63));
                (size, size.saturating_mul(self.width))
            }
        };
        let column = offset.saturating_sub(start) / size;
        let mut table = Cursor::at(file, self.root, "a heap of messages")?;
        table.signature(b"FHIB")?;
        // Version, the address of the heap, the offset of the block.
        table.take(9 + self.offset)?;
        table.take_u64((u64::from(row) * self.width + column).saturating_mul(8))?;
        Ok((table.u64()?, start.saturating_add(column * size)))
    }
}
