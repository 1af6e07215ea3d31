//! Models from bytes, which are not trusted.
//!
//! Every length is compared with the bytes that are left before anything is stored, so that no more is allocated than a small
//! multiple of the file. Graphs within graphs are read to a limited depth. Values in another file are read if the caller has that file:
//! its name is compared, and never used as a path.

use std::cell::Cell;

use super::model::{Attribute, Axis, Data, Element, Graph, Model, Node, Port, Tensor};
use crate::error::Error;

/// Graphs within graphs that are read.
const DEEPEST: usize = 8;

/// A model from the bytes of a file.
///
/// # Errors
/// What is wrong with the bytes, or which of their parts mimo does not read: values in other files, types of values that it does not have.
pub fn decode(bytes: &[u8]) -> Result<Model, Error> {
    model(bytes, None).map_err(|error| error.within("ONNX"))
}

/// A model whose values may be in another file, as PyTorch writes them: `name` is that file's name as the model has it, and `values` its
/// bytes.
///
/// # Errors
/// Those of [`decode`]; values that lie outside of the other file, and values that are read more than twice.
pub fn decode_beside(bytes: &[u8], name: &str, values: &[u8]) -> Result<Model, Error> {
    let beside = Beside { name, values, left: Cell::new(values.len().saturating_mul(2)) };
    model(bytes, Some(&beside)).map_err(|error| error.within("ONNX"))
}

/// Another file with values.
struct Beside<'a> {
    name: &'a str,
    values: &'a [u8],
    /// Number of bytes that may still be read: a small file must not become a large model by reading the same bytes again and again.
    left: Cell<usize>,
}

impl<'a> Beside<'a> {
    /// The bytes that the entries of `external_data` name.
    fn read(&self, entries: &[(String, String)]) -> Result<&'a [u8], Error> {
        let entry = |key: &str| entries.iter().find(|(it, _)| it == key).map(|(_, value)| value.as_str());
        let number = |key: &str| match entry(key) {
            Some(text) => {
                text.parse::<usize>().map(Some).map_err(|_| Error::new(format!("`{key}` is not a number")))
            }
            None => Ok(None),
        };
        if entry("location").is_none_or(|location| location != self.name) {
            return Err(elsewhere(entries));
        }
        let start = number("offset")?.unwrap_or(0);
        let length = number("length")?.unwrap_or(self.values.len().saturating_sub(start));
        let end = start.checked_add(length).filter(|_| length <= self.left.get());
        let found = end.and_then(|end| self.values.get(start..end));
        let found = found.ok_or_else(|| Error::new(format!("its values are not in `{}`", self.name)))?;
        self.left.set(self.left.get() - length);
        Ok(found)
    }
}

/// Values in a file that is not at hand.
fn elsewhere(entries: &[(String, String)]) -> Error {
    let location = entries.iter().find(|(key, _)| key == "location").map_or("", |(_, value)| value.as_str());
    Error::new(format!(
        "mimo reads values in another file (`external_data`, `data_location`) only if it lies beside the model under the model's name with `.data`, and these are in `{location}`; export the model with `external_data=False`"
    ))
}

fn model(bytes: &[u8], beside: Option<&Beside<'_>>) -> Result<Model, Error> {
    let mut it = Model::default();
    for field in Fields(bytes) {
        match field? {
            (1, Field::Int(value)) => it.ir_version = value as i64,
            (2, Field::Bytes(value)) => it.producer[0] = text(value)?,
            (3, Field::Bytes(value)) => it.producer[1] = text(value)?,
            (6, Field::Bytes(value)) => it.doc = text(value)?,
            (7, Field::Bytes(value)) => it.graph = graph(value, 0, beside)?,
            (8, Field::Bytes(value)) => {
                let (mut domain, mut version) = (String::new(), 0);
                for field in Fields(value) {
                    match field? {
                        (1, Field::Bytes(value)) => domain = text(value)?,
                        (2, Field::Int(value)) => version = value as i64,
                        _ => {}
                    }
                }
                it.opsets.insert(domain, version);
            }
            (14, Field::Bytes(value)) => {
                let (key, value) = entry(value)?;
                it.metadata.insert(key, value);
            }
            _ => {}
        }
    }
    Ok(it)
}

fn entry(bytes: &[u8]) -> Result<(String, String), Error> {
    let (mut key, mut content) = (String::new(), String::new());
    for field in Fields(bytes) {
        match field? {
            (1, Field::Bytes(value)) => key = text(value)?,
            (2, Field::Bytes(value)) => content = text(value)?,
            _ => {}
        }
    }
    Ok((key, content))
}

fn graph(bytes: &[u8], depth: usize, beside: Option<&Beside<'_>>) -> Result<Graph, Error> {
    if depth > DEEPEST {
        return Err(Error::new(format!("there are more than {DEEPEST} graphs within graphs")));
    }
    let mut it = Graph::default();
    for field in Fields(bytes) {
        match field? {
            (1, Field::Bytes(value)) => {
                let at = it.nodes.len();
                it.nodes
                    .push(node(value, depth, beside).map_err(|error| error.within(format!("node {at}")))?);
            }
            (2, Field::Bytes(value)) => it.name = text(value)?,
            (5, Field::Bytes(value)) => {
                let at = it.initializers.len();
                it.initializers
                    .push(tensor(value, beside).map_err(|error| error.within(format!("initializer {at}")))?);
            }
            (11, Field::Bytes(value)) => it.inputs.push(port(value)?),
            (12, Field::Bytes(value)) => it.outputs.push(port(value)?),
            (15, Field::Bytes(_)) => return Err(Error::new("mimo does not read sparse initializers")),
            _ => {}
        }
    }
    Ok(it)
}

fn node(bytes: &[u8], depth: usize, beside: Option<&Beside<'_>>) -> Result<Node, Error> {
    let mut it = Node::default();
    for field in Fields(bytes) {
        match field? {
            (1, Field::Bytes(value)) => it.inputs.push(text(value)?),
            (2, Field::Bytes(value)) => it.outputs.push(text(value)?),
            (3, Field::Bytes(value)) => it.name = text(value)?,
            (4, Field::Bytes(value)) => it.op = text(value)?,
            (5, Field::Bytes(value)) => {
                let (name, value) = attribute(value, depth, beside)?;
                it.attributes.insert(name, value);
            }
            (7, Field::Bytes(value)) => it.domain = text(value)?,
            _ => {}
        }
    }
    Ok(it)
}

fn attribute(bytes: &[u8], depth: usize, beside: Option<&Beside<'_>>) -> Result<(String, Attribute), Error> {
    let (mut name, mut kind, mut single) = (String::new(), 0, None);
    let (mut floats, mut ints, mut texts) = (vec![], vec![], vec![]);
    for field in Fields(bytes) {
        match field? {
            (1, Field::Bytes(value)) => name = text(value)?,
            (2, Field::Fixed32(value)) => single = Some(Attribute::Float(f32::from_bits(value))),
            (3, Field::Int(value)) => single = Some(Attribute::Int(value as i64)),
            (4, Field::Bytes(value)) => single = Some(Attribute::Text(text(value)?)),
            (5, Field::Bytes(value)) => single = Some(Attribute::Tensor(tensor(value, beside)?)),
            (6, Field::Bytes(value)) => single = Some(Attribute::Graph(graph(value, depth + 1, beside)?)),
            (7, field) => floats.extend(field.floats()?),
            (8, field) => ints.extend(field.ints()?.into_iter().map(|it| it as i64)),
            (9, Field::Bytes(value)) => texts.push(text(value)?),
            (20, Field::Int(value)) => kind = value,
            _ => {}
        }
    }
    let value = match (kind, single) {
        (6, _) => Attribute::Floats(floats),
        (7, _) => Attribute::Ints(ints),
        (8, _) => Attribute::Texts(texts),
        (_, Some(value)) => value,
        // A number of 0 may be left out.
        (1, None) => Attribute::Float(0.0),
        (2, None) => Attribute::Int(0),
        (3, None) => Attribute::Text(String::new()),
        _ => return Err(Error::new(format!("mimo does not read attributes such as `{name}`"))),
    };
    Ok((name, value))
}

fn tensor(bytes: &[u8], beside: Option<&Beside<'_>>) -> Result<Tensor, Error> {
    let (mut name, mut element, mut raw) = (String::new(), 0, None);
    let (mut elsewhere_at, mut is_elsewhere) = (vec![], false);
    let (mut shape, mut floats, mut ints, mut doubles) = (vec![], vec![], vec![], vec![]);
    for field in Fields(bytes) {
        match field? {
            (1, field) => shape.extend(field.ints()?),
            (2, Field::Int(value)) => element = value as i64,
            (4, field) => floats.extend(field.floats()?),
            // int32_data and int64_data.
            (5 | 7, field) => ints.extend(field.ints()?),
            (8, Field::Bytes(value)) => name = text(value)?,
            (9, Field::Bytes(value)) => raw = Some(value),
            (10, field) => doubles.extend(field.doubles()?),
            (13, Field::Bytes(value)) => elsewhere_at.push(entry(value)?),
            (14, Field::Int(1)) => is_elsewhere = true,
            _ => {}
        }
    }
    if is_elsewhere || !elsewhere_at.is_empty() {
        let found = match beside {
            Some(beside) => beside.read(&elsewhere_at),
            None => Err(elsewhere(&elsewhere_at)),
        };
        raw = Some(found.map_err(|error| error.within(name.clone()))?);
    }
    let fail = |reason: String| Err(Error::new(reason).within(name.clone()));
    let Some(element) = Element::ALL.into_iter().find(|it| it.number() == element) else {
        return fail(format!("mimo does not read values of the type {element} of `TensorProto.DataType`"));
    };
    let lengths: Option<Vec<usize>> = shape.iter().map(|&len| usize::try_from(len as i64).ok()).collect();
    let count = lengths.iter().flatten().try_fold(1_usize, |product, &len| product.checked_mul(len));
    let (Some(shape), Some(count)) = (lengths, count) else {
        return fail("the shape is not valid".to_owned());
    };
    let data = match (raw, element) {
        (Some(raw), _) if Some(raw.len()) != count.checked_mul(element.size()) => {
            return fail(format!("{count} values are declared, and there are {} bytes", raw.len()));
        }
        (Some(raw), Element::F32) => {
            Data::F32(raw.as_chunks().0.iter().map(|it| f32::from_le_bytes(*it)).collect())
        }
        (Some(raw), Element::F64) => {
            Data::F64(raw.as_chunks().0.iter().map(|it| f64::from_le_bytes(*it)).collect())
        }
        (Some(raw), Element::I32) => {
            Data::I32(raw.as_chunks().0.iter().map(|it| i32::from_le_bytes(*it)).collect())
        }
        (Some(raw), Element::I64) => {
            Data::I64(raw.as_chunks().0.iter().map(|it| i64::from_le_bytes(*it)).collect())
        }
        (Some(raw), Element::Bool) => Data::Bool(raw.iter().map(|it| *it != 0).collect()),
        (None, Element::F32) => Data::F32(floats),
        (None, Element::F64) => Data::F64(doubles),
        (None, Element::I32) => Data::I32(ints.iter().map(|it| *it as i32).collect()),
        (None, Element::I64) => Data::I64(ints.iter().map(|it| *it as i64).collect()),
        (None, Element::Bool) => Data::Bool(ints.iter().map(|it| *it != 0).collect()),
    };
    if data.len() != count {
        return fail(format!("{count} values are declared, and there are {}", data.len()));
    }
    Ok(Tensor { name, shape, data })
}

fn port(bytes: &[u8]) -> Result<Port, Error> {
    let mut it = Port { name: String::new(), element: None, shape: vec![] };
    for field in Fields(bytes) {
        match field? {
            (1, Field::Bytes(value)) => it.name = text(value)?,
            // TypeProto, and its tensor type.
            (2, Field::Bytes(value)) => {
                for field in Fields(value) {
                    if let (1, Field::Bytes(value)) = field? {
                        tensor_type(value, &mut it)?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(it)
}

fn tensor_type(bytes: &[u8], it: &mut Port) -> Result<(), Error> {
    for field in Fields(bytes) {
        match field? {
            (1, Field::Int(value)) => {
                it.element = Element::ALL.into_iter().find(|it| it.number() == value as i64);
            }
            (2, Field::Bytes(value)) => {
                for field in Fields(value) {
                    if let (1, Field::Bytes(value)) = field? {
                        it.shape.push(axis(value)?);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn axis(bytes: &[u8]) -> Result<Axis, Error> {
    let mut it = Axis::Free(String::new());
    for field in Fields(bytes) {
        match field? {
            // A length of 0 or below stands for one that is not known in files of some programs.
            (1, Field::Int(value)) => match usize::try_from(value as i64) {
                Ok(len @ 1..) => it = Axis::Length(len),
                _ => it = Axis::Free(String::new()),
            },
            (2, Field::Bytes(value)) => it = Axis::Free(text(value)?),
            _ => {}
        }
    }
    Ok(it)
}

fn text(bytes: &[u8]) -> Result<String, Error> {
    std::str::from_utf8(bytes).map(Into::into).map_err(|_| Error::new("a text is not UTF-8"))
}

/// The value of a field.
#[derive(Clone, Copy, Debug)]
enum Field<'a> {
    /// A number of variable length.
    Int(u64),
    /// Four bytes.
    Fixed32(u32),
    /// Eight bytes.
    Fixed64(u64),
    /// A text, a message, or packed numbers.
    Bytes(&'a [u8]),
}

impl Field<'_> {
    /// An integer, or a list of them that is packed.
    fn ints(self) -> Result<Vec<u64>, Error> {
        match self {
            Field::Int(value) => Ok(vec![value]),
            Field::Bytes(mut bytes) => {
                let mut all = vec![];
                while !bytes.is_empty() {
                    all.push(varint(&mut bytes)?);
                }
                Ok(all)
            }
            _ => Err(Error::new("a list of integers has other values")),
        }
    }

    fn floats(self) -> Result<Vec<f32>, Error> {
        match self {
            Field::Fixed32(value) => Ok(vec![f32::from_bits(value)]),
            Field::Bytes(bytes) if bytes.len().is_multiple_of(4) => {
                Ok(bytes.as_chunks().0.iter().map(|it| f32::from_le_bytes(*it)).collect())
            }
            _ => Err(Error::new("a list of numbers has other values")),
        }
    }

    fn doubles(self) -> Result<Vec<f64>, Error> {
        match self {
            Field::Fixed64(value) => Ok(vec![f64::from_bits(value)]),
            Field::Bytes(bytes) if bytes.len().is_multiple_of(8) => {
                Ok(bytes.as_chunks().0.iter().map(|it| f64::from_le_bytes(*it)).collect())
            }
            _ => Err(Error::new("a list of numbers has other values")),
        }
    }
}

/// The fields of a message, with their numbers.
struct Fields<'a>(&'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Field<'a>), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = field(&mut self.0);
        if field.is_err() {
            self.0 = &[];
        }
        Some(field)
    }
}

fn field<'a>(bytes: &mut &'a [u8]) -> Result<(u64, Field<'a>), Error> {
    let key = varint(bytes)?;
    let value = match key & 7 {
        0 => Field::Int(varint(bytes)?),
        1 => Field::Fixed64(u64::from_le_bytes(array(bytes)?)),
        2 => {
            let len = varint(bytes)?;
            Field::Bytes(take(bytes, len)?)
        }
        5 => Field::Fixed32(u32::from_le_bytes(array(bytes)?)),
        other => return Err(Error::new(format!("{other} is not a type of a field"))),
    };
    Ok((key >> 3, value))
}

fn varint(bytes: &mut &[u8]) -> Result<u64, Error> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let [byte] = array(bytes)?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(Error::new("a number has more than ten bytes"))
}

fn array<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], Error> {
    let (first, rest) = bytes.split_first_chunk().ok_or_else(ends)?;
    *bytes = rest;
    Ok(*first)
}

fn take<'a>(bytes: &mut &'a [u8], len: u64) -> Result<&'a [u8], Error> {
    let len = usize::try_from(len).map_err(|_| ends())?;
    let (first, rest) = bytes.split_at_checked(len).ok_or_else(ends)?;
    *bytes = rest;
    Ok(first)
}

fn ends() -> Error {
    Error::new("the file ends in the middle of a value")
}
