//! Trees as files, as the C library writes them by default: superblock 0, symbol tables, contiguous elements.
//!
//! Everything is appended with its parts before it, so each address is known when it is written; the superblock comes last,
//! into the room left for it.

use super::bytes::UNDEFINED;
use super::data::Data;
use super::heap::padding;
use super::{Attribute, Attributes, Dataset, Group, Member, check_depth, check_name, count, datatype, header};
use crate::error::Error;

/// Symbols in a list, and children of a tree node: twice the sizes of the superblock, which are the C library's.
const LEAF: u16 = 4;
const INTERNAL: u16 = 16;
const SYMBOLS: usize = 2 * LEAF as usize;
const CHILDREN: usize = 2 * INTERNAL as usize;

const SUPERBLOCK: usize = 96;

/// Messages have 16 bits for their lengths, which are multiples of eight.
const MESSAGE: usize = 0xFFF8;

/// The bytes of a file.
pub(super) fn file(root: &Group) -> Result<Vec<u8>, Error> {
    let mut file = Writer { bytes: vec![0; SUPERBLOCK] };
    let root = file.group(root, 0)?;
    let mut block = Vec::with_capacity(SUPERBLOCK);
    block.extend(super::SIGNATURE);
    block.extend([0, 0, 0, 0, 0, 8, 8, 0]);
    block.extend(LEAF.to_le_bytes());
    block.extend(INTERNAL.to_le_bytes());
    block.extend([0; 4]);
    for number in [0, UNDEFINED, file.bytes.len() as u64, UNDEFINED] {
        block.extend(number.to_le_bytes());
    }
    block.extend(symbol(0, &root));
    file.bytes.splice(..SUPERBLOCK, block);
    Ok(file.bytes)
}

struct Writer {
    bytes: Vec<u8>,
}

/// A written object.
struct Object {
    address: u64,
    /// The tree and the heap of a group.
    table: Option<[u64; 2]>,
}

/// A symbol: a name in a heap, and the object that it stands for. Of groups it repeats the table.
fn symbol(name: u64, object: &Object) -> Vec<u8> {
    let kind = u64::from(object.table.is_some());
    let [tree, heap] = object.table.unwrap_or_default();
    [name, object.address, kind, tree, heap].into_iter().flat_map(u64::to_le_bytes).collect()
}

impl Writer {
    /// Appends a part at a multiple of eight, and returns its address.
    fn append(&mut self, part: &[u8]) -> u64 {
        let gap = padding(self.bytes.len());
        self.bytes.resize(self.bytes.len() + gap, 0);
        let address = self.bytes.len() as u64;
        self.bytes.extend(part);
        address
    }

    fn group(&mut self, group: &Group, depth: usize) -> Result<Object, Error> {
        check_depth(depth)?;
        let mut members = Vec::with_capacity(group.members.len());
        // Names in the order of their bytes, which is that of the tree. The first is that of no member.
        let mut names = vec![0; 8];
        for (name, member) in &group.members {
            check_name(name)?;
            let object = match member {
                Member::Group(group) => self.group(group, depth + 1),
                Member::Dataset(dataset) => self.dataset(dataset),
            };
            members.push((names.len() as u64, object.map_err(|error| error.within(name))?));
            names.extend(name.as_bytes());
            names.push(0);
            names.resize(names.len() + padding(names.len()), 0);
        }
        let tree = self.tree(&members);
        let names_at = self.append(&names);
        // A heap without free space.
        let mut heap = b"HEAP\0\0\0\0".to_vec();
        for number in [names.len() as u64, 1, names_at] {
            heap.extend(number.to_le_bytes());
        }
        let table = [tree, self.append(&heap)];
        let mut messages = Vec::new();
        message(&mut messages, header::SYMBOL_TABLE, 0, &table.map(u64::to_le_bytes).concat());
        let address = self.header(messages, 1, &group.attributes)?;
        Ok(Object { address, table: Some(table) })
    }

    /// The tree of a group's names: lists of symbols, then levels of nodes up to a single one.
    fn tree(&mut self, members: &[(u64, Object)]) -> u64 {
        // Each child with the last name in it.
        let mut children: Vec<(u64, u64)> = Vec::new();
        for part in members.chunks(SYMBOLS) {
            let mut list = b"SNOD\x01\0".to_vec();
            list.extend((part.len() as u16).to_le_bytes());
            list.extend(part.iter().flat_map(|(name, object)| symbol(*name, object)));
            list.resize(8 + 40 * SYMBOLS, 0);
            children.push((self.append(&list), part.last().map_or(0, |(name, _)| *name)));
        }
        for level in 0.. {
            let count = children.len().div_ceil(CHILDREN).max(1);
            const NODE: usize = 24 + 8 + 16 * CHILDREN;
            // Nodes of a level know those beside them; each has the same length, so their addresses are known.
            let first = (self.bytes.len() + padding(self.bytes.len())) as u64;
            let address = |at: usize| first + (at * NODE) as u64;
            let mut parents = Vec::with_capacity(count);
            let mut before = 0;
            for at in 0..count {
                let part: &[_] = children.chunks(CHILDREN).nth(at).unwrap_or_default();
                let mut node = b"TREE\0".to_vec();
                node.push(level);
                node.extend((part.len() as u16).to_le_bytes());
                let left = if at == 0 { UNDEFINED } else { address(at - 1) };
                let right = if at + 1 == count { UNDEFINED } else { address(at + 1) };
                for number in [left, right, before] {
                    node.extend(number.to_le_bytes());
                }
                for (child, last) in part {
                    node.extend(child.to_le_bytes());
                    node.extend(last.to_le_bytes());
                    before = *last;
                }
                node.resize(NODE, 0);
                parents.push((self.append(&node), before));
            }
            if let [(root, _)] = parents[..] {
                return root;
            }
            children = parents;
        }
        UNDEFINED
    }

    fn dataset(&mut self, dataset: &Dataset) -> Result<Object, Error> {
        let (elements, space, stored) = self.array(&dataset.shape, &dataset.data)?;
        let mut messages = Vec::new();
        message(&mut messages, header::DATASPACE, 0, &space);
        // A constant message.
        message(&mut messages, header::DATATYPE, 1, &elements);
        // Version 2: written if set, allocated late, the default value.
        message(&mut messages, header::FILL_VALUE, 1, &[2, 2, 2, 1, 0, 0, 0, 0]);
        let address = if stored.is_empty() { UNDEFINED } else { self.append(&stored) };
        let layout = [&[3, 1][..], &address.to_le_bytes(), &(stored.len() as u64).to_le_bytes()].concat();
        message(&mut messages, header::LAYOUT, 0, &layout);
        let address = self.header(messages, 4, &dataset.attributes)?;
        Ok(Object { address, table: None })
    }

    /// Appends an object header of messages, to which those of attributes are added.
    fn header(&mut self, mut messages: Vec<u8>, count: u16, attributes: &Attributes) -> Result<u64, Error> {
        for (name, attribute) in attributes {
            let body =
                self.attribute(name, attribute).map_err(|error| error.within(format!("attribute `{name}`")))?;
            message(&mut messages, header::ATTRIBUTE, 0, &body);
        }
        let all = u16::try_from(attributes.len()).ok().and_then(|it| it.checked_add(count));
        let all = all.ok_or_else(|| Error::new(format!("{} attributes are too many", attributes.len())))?;
        let len = u32::try_from(messages.len()).map_err(|_| Error::new("the attributes have more than 4 GiB"))?;
        let mut start = vec![1, 0];
        start.extend(all.to_le_bytes());
        start.extend(1_u32.to_le_bytes());
        start.extend(len.to_le_bytes());
        start.extend([0; 4]);
        let address = self.append(&start);
        self.bytes.extend(messages);
        Ok(address)
    }

    fn attribute(&mut self, name: &str, attribute: &Attribute) -> Result<Vec<u8>, Error> {
        if name.is_empty() || name.contains('\0') {
            return Err(Error::new("an attribute needs a name without zeros"));
        }
        let (elements, space, stored) = self.array(&attribute.shape, &attribute.data)?;
        let mut body = vec![1, 0];
        for len in [name.len() + 1, elements.len(), space.len()] {
            body.extend(u16::try_from(len).unwrap_or(u16::MAX).to_le_bytes());
        }
        let name = [name.as_bytes(), &[0]].concat();
        for part in [&name, &elements, &space] {
            body.extend(part);
            body.resize(body.len() + padding(part.len()), 0);
        }
        body.extend(stored);
        if body.len() > MESSAGE {
            return Err(Error::new(format!(
                "the attribute has {} bytes, but an object header has room for {MESSAGE}",
                body.len()
            )));
        }
        Ok(body)
    }

    /// The type, the shape and the bytes of an array. Its strings are appended.
    fn array(&mut self, shape: &[usize], data: &Data) -> Result<(Vec<u8>, Vec<u8>, Vec<u8>), Error> {
        if count(shape) != Some(data.len()) {
            let held = data.len();
            return Err(Error::new(format!("an array of shape {shape:?} cannot have {held} elements")));
        }
        let rank = u8::try_from(shape.len()).ok().filter(|&rank| rank <= 32);
        let rank = rank.ok_or_else(|| Error::new("HDF5 has arrays of up to 32 axes"))?;
        let mut space = vec![1, rank, 0, 0, 0, 0, 0, 0];
        space.extend(shape.iter().flat_map(|&axis| (axis as u64).to_le_bytes()));
        /// Numbers of `N` bytes.
        fn each<const N: usize, T: Copy>(values: &[T], of: impl Fn(T) -> [u8; N]) -> Vec<u8> {
            values.iter().flat_map(|&it| of(it)).collect()
        }
        let stored = match data {
            Data::F16(values) | Data::U16(values) => each(values, u16::to_le_bytes),
            Data::F32(values) => each(values, f32::to_le_bytes),
            Data::F64(values) => each(values, f64::to_le_bytes),
            Data::I8(values) => each(values, i8::to_le_bytes),
            Data::I16(values) => each(values, i16::to_le_bytes),
            Data::I32(values) => each(values, i32::to_le_bytes),
            Data::I64(values) => each(values, i64::to_le_bytes),
            Data::U8(values) => values.clone(),
            Data::U32(values) => each(values, u32::to_le_bytes),
            Data::U64(values) => each(values, u64::to_le_bytes),
            Data::Bool(values) => each(values, |it| [u8::from(it)]),
            Data::FixedText { bytes, .. } | Data::Opaque { bytes, .. } => bytes.clone(),
            Data::Text(values) => self.strings(values)?,
        };
        Ok((datatype::encode(data)?, space, stored))
    }

    /// Appends heaps of strings, and returns the elements that refer to them.
    fn strings(&mut self, values: &[String]) -> Result<Vec<u8>, Error> {
        const FRAME: usize = 16;
        // The C library reads no collection that is smaller.
        const COLLECTION: usize = 4096;
        let mut elements = Vec::with_capacity(16 * values.len());
        let mut rest = values;
        while !rest.is_empty() {
            let address = (self.bytes.len() + padding(self.bytes.len())) as u64;
            let mut heap = vec![0; FRAME];
            let mut index = 0_u16;
            while let Some((value, after)) = rest.split_first() {
                let len = u32::try_from(value.len()).map_err(|_| Error::new("a string has more than 4 GiB"))?;
                if value.contains('\0') {
                    return Err(Error::new("a string has a zero, where it would end when it is read"));
                }
                let needed = FRAME + value.len() + padding(value.len());
                let full = heap.len() + needed > COLLECTION && index > 0;
                if full {
                    break;
                }
                rest = after;
                if value.is_empty() {
                    elements.extend([0; 16]);
                    continue;
                }
                index += 1;
                heap.extend(index.to_le_bytes());
                heap.extend([0; 6]);
                heap.extend(u64::from(len).to_le_bytes());
                heap.extend(value.as_bytes());
                heap.resize(heap.len() + padding(heap.len()), 0);
                elements.extend(len.to_le_bytes());
                elements.extend(address.to_le_bytes());
                elements.extend(u32::from(index).to_le_bytes());
            }
            if index == 0 {
                continue;
            }
            // What is left is object 0: its length counts its frame.
            let free = COLLECTION.saturating_sub(heap.len());
            if free >= FRAME {
                heap.extend([0; 8]);
                heap.extend((free as u64).to_le_bytes());
            }
            heap.resize(heap.len().max(COLLECTION), 0);
            let mut start = b"GCOL\x01\0\0\0".to_vec();
            start.extend((heap.len() as u64).to_le_bytes());
            heap.splice(..FRAME, start);
            self.append(&heap);
        }
        Ok(elements)
    }
}

/// Appends a message, whose length is a multiple of eight, to an object header.
fn message(messages: &mut Vec<u8>, kind: u16, flags: u8, body: &[u8]) {
    let len = body.len() + padding(body.len());
    messages.extend(kind.to_le_bytes());
    messages.extend((len as u16).to_le_bytes());
    messages.extend([flags, 0, 0, 0]);
    messages.extend(body);
    messages.resize(messages.len() + padding(body.len()), 0);
}
