//! The header of a file: JSON with the names of the tensors and their positions in the data.
//!
//! Headers are read here instead of by the safetensors crate, which accepts duplicate names and allocates about 25
//! bytes per byte of a hostile header. Here the memory is a constant number of bytes per tensor, plus its name.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use safetensors::Dtype;
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::fault::{Fault, cut, cut_shape};

/// Largest number of axes of a tensor in a file. NumPy and PyTorch have no tensors with more.
const AXES: usize = 64;

/// The key of the header that is not a tensor.
pub(super) const METADATA: &str = "__metadata__";

/// The tensors and the metadata of a file.
#[derive(Debug, Default)]
pub(super) struct Header {
    tensors: BTreeMap<String, Tensor>,
    metadata: Metadata,
    data_len: usize,
}

/// One tensor of a file.
#[derive(Debug, Deserialize)]
pub(super) struct Tensor {
    pub(super) dtype: Dtype,
    #[serde(deserialize_with = "shape")]
    pub(super) shape: Box<[usize]>,
    /// Start and end in the data, in bytes.
    #[serde(rename = "data_offsets")]
    pub(super) offsets: (usize, usize),
}

/// The relevant entries of the metadata. Other tools may write more.
#[derive(Debug, Default)]
struct Metadata {
    format: Option<String>,
    version: Option<String>,
    checkpoint: Option<String>,
    preprocessing: Option<String>,
}

impl Header {
    /// Parses a header and checks it by itself: names are unique, and tensors are consecutive without gaps, each with
    /// the length of its shape and element type.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let fault = |error: &dyn fmt::Display| Fault::Header { reason: cut(&error.to_string()).to_string() };
        let text = std::str::from_utf8(bytes).map_err(|error| fault(&error))?;
        let mut header: Header = serde_json::from_str(text).map_err(|error| fault(&error))?;
        header.data_len = header.described().map_err(|reason| Fault::Header { reason })?;
        Ok(header)
    }

    /// The tensor with a name.
    pub(super) fn tensor(&self, name: &str) -> Option<&Tensor> {
        self.tensors.get(name)
    }

    /// All tensors with their names, in the order of the data.
    pub(super) fn in_order(&self) -> Vec<(&str, &Tensor)> {
        let mut tensors: Vec<_> = self.tensors.iter().map(|(name, tensor)| (&**name, tensor)).collect();
        tensors.sort_by_key(|(_, tensor)| tensor.offsets);
        tensors
    }

    /// The version of mimo's rules of the file; `None` if another tool wrote it.
    pub(super) fn version(&self) -> Option<&str> {
        let ours = self.metadata.format.as_deref() == Some("mimo");
        ours.then(|| self.metadata.version.as_deref().unwrap_or_default())
    }

    /// The version of the rules for checkpoints of the file; `None` if it only has weights.
    pub(super) fn checkpoint(&self) -> Option<&str> {
        self.version().and(self.metadata.checkpoint.as_deref())
    }

    /// The text of a data reader that was saved with the weights.
    pub(super) fn into_preprocessing(self) -> Option<String> {
        self.metadata.preprocessing
    }

    /// Number of bytes of data that the tensors describe.
    pub(super) fn data_len(&self) -> usize {
        self.data_len
    }

    /// Computes [`data_len`](Self::data_len), or returns why the tensors cannot be consecutive.
    fn described(&self) -> Result<usize, String> {
        let mut end = 0;
        for (name, tensor) in self.in_order() {
            let (from, to) = tensor.offsets;
            let name = cut(name);
            if from != end {
                return Err(format!("`{name}` begins at byte {from} of the data, but {end} is next"));
            }
            let bits =
                tensor.shape.iter().try_fold(tensor.dtype.bitsize(), |bits, &len| bits.checked_mul(len));
            let wanted = bits.filter(|bits| bits % 8 == 0).map(|bits| bits / 8);
            if wanted.is_none() || to.checked_sub(from) != wanted {
                let (dtype, shape) = (tensor.dtype, cut_shape(&tensor.shape));
                return Err(format!(
                    "bytes {from} to {to} of `{name}` do not hold {dtype} values of shape {shape}"
                ));
            }
            end = to;
        }
        Ok(end)
    }
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HeaderVisitor)
    }
}

struct HeaderVisitor;

impl<'de> Visitor<'de> for HeaderVisitor {
    type Value = Header;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
        let mut header = Header::default();
        let mut metadata = None;
        while let Some(name) = map.next_key::<String>()? {
            let duplicate = |name: &str| A::Error::custom(format_args!("duplicate name `{}`", cut(name)));
            if name == METADATA {
                let value = map.next_value::<Option<Metadata>>()?;
                if metadata.replace(value).is_some() {
                    return Err(duplicate(METADATA));
                }
                continue;
            }
            match header.tensors.entry(name) {
                Entry::Vacant(entry) => entry.insert(map.next_value()?),
                Entry::Occupied(entry) => return Err(duplicate(entry.key())),
            };
        }
        header.metadata = metadata.flatten().unwrap_or_default();
        Ok(header)
    }
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MetadataVisitor)
    }
}

struct MetadataVisitor;

impl<'de> Visitor<'de> for MetadataVisitor {
    type Value = Metadata;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of strings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Metadata, A::Error> {
        let mut metadata = Metadata::default();
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value::<String>()?;
            let entry = match &*key {
                "format" => &mut metadata.format,
                "version" => &mut metadata.version,
                "checkpoint" => &mut metadata.checkpoint,
                "preprocessing" => &mut metadata.preprocessing,
                _ => continue,
            };
            if entry.replace(value).is_some() {
                return Err(A::Error::custom(format_args!("duplicate entry `{key}` of `{METADATA}`")));
            }
        }
        Ok(metadata)
    }
}

/// Reads a shape of at most [`AXES`] axes.
fn shape<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Box<[usize]>, D::Error> {
    deserializer.deserialize_seq(ShapeVisitor)
}

struct ShapeVisitor;

impl<'de> Visitor<'de> for ShapeVisitor {
    type Value = Box<[usize]>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of lengths")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut shape = Vec::new();
        while shape.len() < AXES {
            match seq.next_element()? {
                Some(len) => shape.push(len),
                None => return Ok(shape.into()),
            }
        }
        match seq.next_element::<IgnoredAny>()? {
            None => Ok(shape.into()),
            Some(_) => Err(A::Error::custom(format_args!("a tensor of more than {AXES} axes"))),
        }
    }
}
