//! Datatype and dataspace messages, and the elements that they describe.

use super::bytes::Cursor;
use super::data::{Data, text};
use super::read::Reader;
use super::{count, heap};
use crate::error::Error;

/// The type of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Datatype {
    kind: Kind,
    big_endian: bool,
    /// Bytes of an element.
    size: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Signed,
    Unsigned,
    Float,
    Bool,
    FixedText,
    Text,
    Opaque,
}

/// Classes of datatypes by their numbers.
const CLASSES: [&str; 12] = [
    "integer",
    "floating-point",
    "time",
    "string",
    "bit field",
    "opaque",
    "compound",
    "reference",
    "enumeration",
    "variable-length",
    "array",
    "complex",
];

/// A floating-point type by its message: precision in bits, places and lengths of exponent and fraction, bias.
type Layout = (u16, [u8; 4], u32);

/// IEEE's formats.
fn ieee(size: usize) -> Option<Layout> {
    match size {
        2 => Some((16, [10, 5, 0, 10], 15)),
        4 => Some((32, [23, 8, 0, 23], 127)),
        8 => Some((64, [52, 11, 0, 52], 1023)),
        _ => None,
    }
}

/// The type in a message.
pub(super) fn datatype(body: &[u8]) -> Result<Datatype, Error> {
    datatype_of(&mut Cursor::new(body, "a datatype"), false)
}

/// Types are made of others at one level only: what a string or an enumeration is made of is a number.
fn datatype_of(body: &mut Cursor<'_>, inner: bool) -> Result<Datatype, Error> {
    let class = body.u8()?;
    let (class, version) = (class & 0x0F, class >> 4);
    let bits = body.number(3)?;
    let size = usize::try_from(body.u32()?).unwrap_or(usize::MAX);
    let refuse = |what: &str| {
        let help = "store the values as numbers or strings in a new file with h5py";
        Err(Error::new(format!("elements of type `{what}` are not read; {help}")))
    };
    if size == 0 {
        return refuse("nothing");
    }
    let of = |kind| Ok(Datatype { kind, big_endian: bits & 1 == 1, size });
    match class {
        0 => {
            let (offset, precision) = (body.u16()?, body.u16()?);
            if !matches!(size, 1 | 2 | 4 | 8) || offset != 0 || usize::from(precision) != 8 * size {
                return refuse(&format!("integer of {precision} bits in {size} bytes"));
            }
            of(if bits & 0x08 == 0 { Kind::Unsigned } else { Kind::Signed })
        }
        1 => {
            let (offset, precision) = (body.u16()?, body.u16()?);
            let parts = [body.u8()?, body.u8()?, body.u8()?, body.u8()?];
            let layout = (precision, parts, body.u32()?);
            // The sign is the last bit, the highest bit of the fraction is implied, and the order is not that of a VAX.
            let ieee_bits = bits >> 8 == u64::from(precision).saturating_sub(1) && bits & 0x70 == 0x20;
            if ieee(size) != Some(layout) || offset != 0 || !ieee_bits {
                return refuse(&format!("floating-point of {precision} bits that is not IEEE's"));
            }
            of(Kind::Float)
        }
        3 => Ok(Datatype { kind: Kind::FixedText, big_endian: false, size }),
        5 => Ok(Datatype { kind: Kind::Opaque, big_endian: false, size }),
        8 if !inner => {
            let base = datatype_of(body, true)?;
            let mut names = Vec::new();
            for _ in 0..bits.min(3) {
                names.push(member_name(body, version)?);
            }
            let values = body.take(names.len())?;
            let bool_of_h5py = names == [b"FALSE".as_slice(), b"TRUE"] && values == [0, 1];
            if base.size != 1
                || !matches!(base.kind, Kind::Signed | Kind::Unsigned)
                || size != 1
                || !bool_of_h5py
            {
                return refuse("enumeration");
            }
            Ok(Datatype { kind: Kind::Bool, big_endian: false, size })
        }
        9 if !inner && bits & 0x0F == 1 && size == heap::REFERENCE => {
            Ok(Datatype { kind: Kind::Text, big_endian: false, size })
        }
        _ => refuse(CLASSES.get(usize::from(class)).unwrap_or(&"unknown")),
    }
}

/// The name of a member of an enumeration. Before version 3 it is padded to a multiple of eight bytes, with its zero.
fn member_name<'a>(body: &mut Cursor<'a>, version: u8) -> Result<&'a [u8], Error> {
    let zero = body.peek().iter().position(|&it| it == 0);
    let end = zero.ok_or_else(|| Error::new("a name in a datatype has no end; the file is damaged"))?;
    let padded = if version < 3 { (end + 1).next_multiple_of(8) } else { end + 1 };
    Ok(body.take(padded)?.get(..end).unwrap_or_default())
}

/// The shape in a message. A space without elements is one axis of length 0.
pub(super) fn dataspace(body: &[u8]) -> Result<Vec<usize>, Error> {
    let mut body = Cursor::new(body, "a dataspace");
    let (version, rank) = (body.u8()?, body.u8()?);
    body.take(1)?;
    let null = match version {
        1 => {
            body.take(5)?;
            false
        }
        2 => body.u8()? == 2,
        _ => return Err(Error::new(format!("dataspaces of version {version} are not read"))),
    };
    if null {
        return Ok(vec![0]);
    }
    let axis = |axis: u64| {
        let axis = usize::try_from(axis).ok();
        axis.ok_or_else(|| Error::new("an axis is longer than this computer can address"))
    };
    (0..rank).map(|_| axis(body.u64()?)).collect()
}

impl Datatype {
    /// Bytes of as many elements as a shape has.
    pub(super) fn bytes(&self, shape: &[usize]) -> Result<usize, Error> {
        let bytes = count(shape).and_then(|count| count.checked_mul(self.size));
        bytes.ok_or_else(|| Error::new(format!("the shape {shape:?} has more elements than any file")))
    }

    /// Elements of stored bytes, whose number the caller has compared with the shape.
    pub(super) fn decode<'a>(&self, reader: &mut Reader<'a>, bytes: &'a [u8]) -> Result<Data, Error> {
        /// Numbers of `N` bytes.
        fn each<const N: usize, T>(bytes: &[u8], big_endian: bool, of: impl Fn([u8; N]) -> T) -> Vec<T> {
            let numbers = bytes.as_chunks::<N>().0.iter();
            match big_endian {
                false => numbers.map(|&it| of(it)).collect(),
                true => numbers
                    .map(|&(mut it)| {
                        it.reverse();
                        of(it)
                    })
                    .collect(),
            }
        }
        let big = self.big_endian;
        Ok(match (self.kind, self.size) {
            (Kind::Float, 2) => Data::F16(each(bytes, big, u16::from_le_bytes)),
            (Kind::Float, 4) => Data::F32(each(bytes, big, f32::from_le_bytes)),
            (Kind::Float, _) => Data::F64(each(bytes, big, f64::from_le_bytes)),
            (Kind::Signed, 1) => Data::I8(each(bytes, big, i8::from_le_bytes)),
            (Kind::Signed, 2) => Data::I16(each(bytes, big, i16::from_le_bytes)),
            (Kind::Signed, 4) => Data::I32(each(bytes, big, i32::from_le_bytes)),
            (Kind::Signed, _) => Data::I64(each(bytes, big, i64::from_le_bytes)),
            (Kind::Unsigned, 1) => Data::U8(bytes.to_vec()),
            (Kind::Unsigned, 2) => Data::U16(each(bytes, big, u16::from_le_bytes)),
            (Kind::Unsigned, 4) => Data::U32(each(bytes, big, u32::from_le_bytes)),
            (Kind::Unsigned, _) => Data::U64(each(bytes, big, u64::from_le_bytes)),
            (Kind::Bool, _) => Data::Bool(bytes.iter().map(|&it| it != 0).collect()),
            (Kind::FixedText, width) => Data::FixedText { width, bytes: bytes.to_vec() },
            (Kind::Opaque, width) => Data::Opaque { width, bytes: bytes.to_vec() },
            (Kind::Text, _) => {
                let references = bytes.as_chunks::<{ heap::REFERENCE }>().0.iter();
                let texts = references.map(|it| Ok(text(heap::object(reader, it)?)?.to_owned()));
                Data::Text(texts.collect::<Result<_, Error>>()?)
            }
        })
    }
}

/// A datatype message for elements.
pub(super) fn encode(data: &Data) -> Result<Vec<u8>, Error> {
    const VERSION_1: u8 = 0x10;
    let message = |class: u8, bits: u32, size: u32, properties: &[u8]| {
        let [low, middle, high, _] = bits.to_le_bytes();
        let mut message = vec![VERSION_1 | class, low, middle, high];
        message.extend(size.to_le_bytes());
        message.extend(properties);
        message
    };
    let integer = |size: u32, signed: bool| {
        let [low, high] = (8 * size as u16).to_le_bytes();
        message(0, u32::from(signed) << 3, size, &[0, 0, low, high])
    };
    let float = |size: u32| {
        let Some((precision, parts, bias)) = ieee(size as usize) else { return Vec::new() };
        let properties = [&[0; 2], &precision.to_le_bytes()[..], &parts, &bias.to_le_bytes()].concat();
        message(1, 0x20 | u32::from(precision - 1) << 8, size, &properties)
    };
    let width = |width: usize| match u32::try_from(width) {
        Ok(width) if width > 0 => Ok(width),
        _ => Err(Error::new(format!("elements of {width} bytes cannot be stored"))),
    };
    Ok(match data {
        Data::F16(_) => float(2),
        Data::F32(_) => float(4),
        Data::F64(_) => float(8),
        Data::I8(_) => integer(1, true),
        Data::I16(_) => integer(2, true),
        Data::I32(_) => integer(4, true),
        Data::I64(_) => integer(8, true),
        Data::U8(_) => integer(1, false),
        Data::U16(_) => integer(2, false),
        Data::U32(_) => integer(4, false),
        Data::U64(_) => integer(8, false),
        Data::Bool(_) => {
            let base = integer(1, true);
            message(8, 2, 1, &[&base, &b"FALSE\0\0\0TRUE\0\0\0\0\0\x01"[..]].concat())
        }
        // Padded with zeros, ASCII, as h5py writes NumPy's bytes.
        Data::FixedText { width: bytes, .. } => message(3, 0x01, width(*bytes)?, &[]),
        Data::Opaque { width: bytes, .. } => message(5, 0, width(*bytes)?, &[]),
        // Strings in UTF-8 that end with a zero, of one-byte elements.
        Data::Text(_) => message(9, 0x0101, heap::REFERENCE as u32, &integer(1, false)),
    })
}
