//! Object headers: a group or a dataset is a list of messages, in blocks that refer to each other.

use super::bytes::Cursor;
use super::read::Reader;
use crate::error::Error;

/// A message of an object header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    pub(super) kind: u16,
    pub(super) body: &'a [u8],
}

pub(super) const DATASPACE: u16 = 0x01;
pub(super) const LINK_INFO: u16 = 0x02;
pub(super) const DATATYPE: u16 = 0x03;
pub(super) const FILL_VALUE: u16 = 0x05;
pub(super) const LINK: u16 = 0x06;
pub(super) const EXTERNAL_FILES: u16 = 0x07;
pub(super) const LAYOUT: u16 = 0x08;
pub(super) const FILTERS: u16 = 0x0B;
pub(super) const ATTRIBUTE: u16 = 0x0C;
const CONTINUATION: u16 = 0x10;
pub(super) const SYMBOL_TABLE: u16 = 0x11;
pub(super) const ATTRIBUTE_INFO: u16 = 0x15;

/// Messages that say nothing about the values: NIL, the old fill value, group info, comments, times, tree sizes, reference counts.
pub(super) const IGNORED: [u16; 7] = [0x00, 0x04, 0x0A, 0x0D, 0x0E, 0x12, 0x16];

/// The flag of a message that is stored elsewhere.
const SHARED: u8 = 0x02;

/// The messages of the object at an address, without those that only continue the header.
pub(super) fn messages<'a>(reader: &mut Reader<'a>, address: u64) -> Result<Vec<Message<'a>>, Error> {
    let start = Cursor::at(reader.file, address, "an object header")?;
    if start.clone().take(4)? == b"OHDR" { second(reader, start) } else { first(reader, start) }
}

/// Version 1: the count and the length of the messages, and blocks without a frame.
fn first<'a>(reader: &mut Reader<'a>, mut start: Cursor<'a>) -> Result<Vec<Message<'a>>, Error> {
    const FRAME: usize = 16;
    let version = start.u8()?;
    if version != 1 {
        return Err(Error::new(format!(
            "object headers of version {version} are not read; the file is damaged"
        )));
    }
    start.take(1)?;
    let count = usize::from(start.u16()?);
    start.take(4)?;
    let len = start.u32()?;
    start.take(4)?;
    reader.charge(FRAME)?;
    let mut blocks = vec![start.take_u64(len.into())?];
    let (mut messages, mut seen) = (Vec::new(), 0);
    while let Some(block) = blocks.pop() {
        reader.charge(block.len())?;
        let mut block = Cursor::new(block, "a block of an object header");
        // The count is a limit: a last block may have room behind its messages.
        while block.left() >= 8 && seen < count {
            let (kind, len) = (block.u16()?, block.u16()?);
            let flags = block.u8()?;
            block.take(3)?;
            let body = block.take(len.into())?;
            seen += 1;
            match kind {
                CONTINUATION => blocks.push(continuation(reader, body)?),
                _ => push(&mut messages, kind, flags, body)?,
            }
        }
    }
    Ok(messages)
}

/// Version 2: blocks with a signature and a checksum.
fn second<'a>(reader: &mut Reader<'a>, mut start: Cursor<'a>) -> Result<Vec<Message<'a>>, Error> {
    const TIMES: u8 = 0x20;
    const PHASES: u8 = 0x10;
    const ORDER: u8 = 0x04;
    const CHECKSUM: usize = 4;
    start.signature(b"OHDR")?;
    let (version, flags) = (start.u8()?, start.u8()?);
    if version != 2 {
        return Err(Error::new(format!("object headers of version {version} are not read")));
    }
    start.take(if flags & TIMES == 0 { 0 } else { 16 })?;
    start.take(if flags & PHASES == 0 { 0 } else { 4 })?;
    let len = start.number(1 << (flags & 3))?;
    reader.charge(12)?;
    let mut blocks = vec![start.take_u64(len)?];
    let frame = if flags & ORDER == 0 { 4 } else { 6 };
    let mut messages = Vec::new();
    while let Some(block) = blocks.pop() {
        reader.charge(block.len())?;
        let mut block = Cursor::new(block, "a block of an object header");
        // Fewer bytes are a gap.
        while block.left() >= frame {
            let (kind, len) = (block.u8()?.into(), block.u16()?);
            let flags = block.u8()?;
            block.take(frame - 4)?;
            let body = block.take(len.into())?;
            match kind {
                CONTINUATION => {
                    let mut inner = Cursor::new(continuation(reader, body)?, "a block of an object header");
                    inner.signature(b"OCHK")?;
                    let len = inner.left().checked_sub(CHECKSUM);
                    let len = len.ok_or_else(|| Error::new("a block of an object header has no checksum"))?;
                    blocks.push(inner.take(len)?);
                }
                _ => push(&mut messages, kind, flags, body)?,
            }
        }
    }
    Ok(messages)
}

fn continuation<'a>(reader: &Reader<'a>, body: &'a [u8]) -> Result<&'a [u8], Error> {
    let mut body = Cursor::new(body, "the continuation of an object header");
    let (address, len) = (body.u64()?, body.u64()?);
    Cursor::at(reader.file, address, "a block of an object header")?.take_u64(len)
}

fn push<'a>(messages: &mut Vec<Message<'a>>, kind: u16, flags: u8, body: &'a [u8]) -> Result<(), Error> {
    if IGNORED.contains(&kind) {
        return Ok(());
    }
    if flags & SHARED != 0 {
        return Err(Error::new(
            "types that several objects share (committed datatypes) are not read; copy the values into a new file with h5py",
        ));
    }
    messages.push(Message { kind, body });
    Ok(())
}
