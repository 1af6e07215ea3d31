//! The global heap: strings of variable length, in collections that elements refer to.

use std::collections::BTreeMap;

use super::bytes::Cursor;
use super::read::Reader;
use crate::error::Error;

/// Bytes of an element that refers to the heap: a length, the address of a collection, an index in it.
pub(super) const REFERENCE: usize = 16;

/// Objects of a collection by their indices.
pub(super) type Collection<'a> = BTreeMap<u16, &'a [u8]>;

/// The bytes that an element refers to.
pub(super) fn object<'a>(reader: &mut Reader<'a>, reference: &[u8]) -> Result<&'a [u8], Error> {
    let mut reference = Cursor::new(reference, "a reference to a string");
    let (len, address, index) = (reference.u32()?, reference.u64()?, reference.u32()?);
    // An element that was never written.
    if len == 0 {
        return Ok(&[]);
    }
    if !reader.collections.contains_key(&address) {
        let read = collection(reader, address)?;
        reader.collections.insert(address, read);
    }
    let held = reader.collections.get(&address);
    let held = held.zip(u16::try_from(index).ok()).and_then(|(held, index)| held.get(&index));
    let bytes = held.and_then(|it| it.get(..usize::try_from(len).unwrap_or(usize::MAX)));
    let bytes = bytes.ok_or_else(|| {
        Error::new(format!(
            "there are no {len} bytes of object {index} in a heap of strings; the file is damaged"
        ))
    })?;
    reader.charge(bytes.len())?;
    Ok(bytes)
}

fn collection<'a>(reader: &mut Reader<'a>, address: u64) -> Result<Collection<'a>, Error> {
    const FRAME: u64 = 16;
    let mut start = Cursor::at(reader.file, address, "a heap of strings")?;
    start.signature(b"GCOL")?;
    let version = start.u8()?;
    if version != 1 {
        return Err(Error::new(format!("heaps of strings of version {version} are not read")));
    }
    start.take(3)?;
    let len = start.u64()?.saturating_sub(FRAME);
    let mut objects = Cursor::new(start.take_u64(len)?, "a heap of strings");
    let mut collection = Collection::new();
    while objects.left() >= 16 {
        let index = objects.u16()?;
        objects.take(6)?;
        let len = objects.u64()?;
        // Free space, to the end.
        if index == 0 {
            break;
        }
        reader.charge(16)?;
        let bytes = objects.take_u64(len)?;
        // The last object may end without its padding.
        objects.take(padding(bytes.len()).min(objects.left()))?;
        collection.insert(index, bytes);
    }
    Ok(collection)
}

/// Bytes from a length to the next multiple of eight.
pub(super) fn padding(len: usize) -> usize {
    len.wrapping_neg() % 8
}
