//! The bytes of a file: the length of the header, the header as JSON, and the weights one after another.

use std::ops::Range;

use mimo_graph::diag::did_you_mean;
use mimo_graph::spec::{ModelSpec, WeightSpec};
use mimo_graph::summary::signature;
use safetensors::Dtype;
use safetensors::tensor::Metadata;
use serde_json::{Map, Value, json};

use super::Fault;
use crate::data::spec;
use crate::error::Error;
use crate::kernels::Element;
use crate::model::Model;

/// Bytes of the length with which a file begins.
pub(super) const PREFIX: usize = 8;

/// No header is longer; the safetensors crate draws the same line.
const LONGEST_HEADER: u64 = 100_000_000;

/// The version of these rules.
const VERSION: &str = "1";

/// What a file says of a model: all that does not depend on the model's type, so that it is compiled here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject {
    spec: &'static ModelSpec,
    dtype: (Dtype, &'static str),
}

impl Subject {
    /// The subject of a model.
    pub(super) fn of<M: Model>() -> Self {
        let dtype = match size_of::<M::Float>() {
            4 => (Dtype::F32, "F32"),
            _ => (Dtype::F64, "F64"),
        };
        Subject { spec: spec::<M>(), dtype }
    }

    /// The model's name.
    pub(super) fn name(&self) -> &'static str {
        self.spec.name
    }

    /// Bytes per value.
    fn size(&self) -> usize {
        if self.dtype.0 == Dtype::F32 { 4 } else { 8 }
    }
}

/// The file of a model.
pub(super) fn encode<M: Model>(model: &M) -> Result<Vec<u8>, Error> {
    let subject = Subject::of::<M>();
    let mut weights = Vec::with_capacity(subject.spec.weights.len());
    model.read_weights(&mut |_, values| {
        let mut bytes = Vec::with_capacity(values.len() * subject.size());
        for value in values {
            match subject.dtype.0 {
                #[expect(clippy::cast_possible_truncation, reason = "the value was an f32 before")]
                Dtype::F32 => bytes.extend((value.f64() as f32).to_le_bytes()),
                _ => bytes.extend(value.f64().to_le_bytes()),
            }
        }
        weights.push(bytes);
    });
    assemble(subject, &weights)
}

/// The file of weights that are bytes already.
///
/// The header is written here and not by the safetensors crate, which gives metadata in a random order.
fn assemble(subject: Subject, weights: &[Vec<u8>]) -> Result<Vec<u8>, Error> {
    let spec = subject.spec;
    let mut header = Map::new();
    let metadata =
        json!({ "format": "mimo", "version": VERSION, "model": spec.name, "signature": signature(spec) });
    header.insert("__metadata__".into(), metadata);
    let mut end = 0;
    for (weight, bytes) in spec.weights.iter().zip(weights) {
        let (len, wanted) = (bytes.len() / subject.size(), weight.shape.iter().product());
        if len != wanted {
            return Err(Error::OutputLength { name: weight.name, len, wanted });
        }
        let start = end;
        end += bytes.len();
        let tensor = json!({ "dtype": subject.dtype.1, "shape": weight.shape, "data_offsets": [start, end] });
        header.insert(weight.name.into(), tensor);
    }
    let mut header = Value::Object(header).to_string();
    // Readers map the file into memory and want the data aligned.
    while !header.len().is_multiple_of(PREFIX) {
        header.push(' ');
    }

    let len = PREFIX + header.len() + end;
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len).map_err(|_| Error::Memory { values: len / subject.size() })?;
    bytes.extend((header.len() as u64).to_le_bytes());
    bytes.extend(header.into_bytes());
    weights.iter().for_each(|weight| bytes.extend(weight));
    Ok(bytes)
}

/// The length of the header of a file of `bytes` bytes that begins with `prefix`.
pub(super) fn header_len(prefix: &[u8], bytes: u64) -> Result<usize, Vec<Fault>> {
    let Some(length) = prefix.first_chunk::<PREFIX>() else {
        return Err(vec![Fault::NoHeader { bytes }]);
    };
    let header = u64::from_le_bytes(*length);
    match usize::try_from(header) {
        Ok(len) if header <= LONGEST_HEADER && header <= bytes.saturating_sub(PREFIX as u64) => Ok(len),
        _ => Err(vec![Fault::HeaderLength { header, bytes }]),
    }
}

/// Where the model's weights lie in the data, in the model's order.
#[derive(Debug)]
pub(super) struct Layout {
    ranges: Vec<Range<usize>>,
    data_len: usize,
}

impl Layout {
    /// Compares a header, and `bytes` bytes of data after it, with a model.
    pub(super) fn check(subject: Subject, header: &[u8], bytes: u64) -> Result<Layout, Vec<Fault>> {
        let unreadable = |reason: String| vec![Fault::Header { reason }];
        let text = std::str::from_utf8(header).map_err(|error| unreadable(error.to_string()))?;
        // This also checks that the tensors lie one after another without gaps, each as long as its shape says.
        let metadata: Metadata = serde_json::from_str(text).map_err(|error| unreadable(error.to_string()))?;
        let data_len = metadata.data_len();
        if data_len as u64 != bytes {
            return Err(vec![Fault::DataLength { bytes, described: data_len as u64 }]);
        }
        if let Some(notes) = metadata.metadata()
            && notes.get("format").is_some_and(|format| format == "mimo")
            && notes.get("version").is_none_or(|version| version != VERSION)
        {
            let found = notes.get("version").cloned().unwrap_or_default();
            return Err(vec![Fault::Version { found }]);
        }

        let faults = compare(subject.spec.weights, subject.dtype, &metadata);
        if !faults.is_empty() {
            return Err(faults);
        }
        let infos = subject.spec.weights.iter().filter_map(|weight| metadata.info(weight.name));
        let ranges = infos.map(|info| info.data_offsets.0..info.data_offsets.1).collect();
        Ok(Layout { ranges, data_len })
    }

    /// Bytes of data.
    pub(super) fn data_len(&self) -> usize {
        self.data_len
    }

    /// Copies the weights out of the data.
    pub(super) fn write<M: Model>(&self, model: &mut M, data: &[u8]) {
        model.write_weights(&mut |index, values| {
            let bytes = self.ranges.get(index).and_then(|range| data.get(range.clone())).unwrap_or_default();
            match Subject::of::<M>().dtype.0 {
                Dtype::F32 => {
                    for (value, bytes) in values.iter_mut().zip(bytes.as_chunks().0) {
                        *value = M::Float::of(f64::from(f32::from_le_bytes(*bytes)));
                    }
                }
                _ => {
                    for (value, bytes) in values.iter_mut().zip(bytes.as_chunks().0) {
                        *value = M::Float::of(f64::from_le_bytes(*bytes));
                    }
                }
            }
        });
    }
}

/// Everything in which the tensors of a file differ from a model's weights: weights in the model's order, then
/// tensors in the file's.
fn compare(
    weights: &'static [WeightSpec],
    (dtype, dtype_name): (Dtype, &'static str),
    metadata: &Metadata,
) -> Vec<Fault> {
    let mut unknown = metadata.offset_keys();
    unknown.retain(|name| weights.iter().all(|weight| weight.name != name));
    let missing: Vec<&'static str> =
        weights.iter().map(|weight| weight.name).filter(|name| metadata.info(name).is_none()).collect();

    let mut faults = Vec::new();
    for weight in weights {
        let name = weight.name;
        let Some(info) = metadata.info(name) else {
            let similar = similar(name, unknown.iter().map(String::as_str)).map(str::to_owned);
            faults.push(Fault::Missing { name, similar });
            continue;
        };
        if info.dtype != dtype {
            faults.push(Fault::Type { name, found: format!("{:?}", info.dtype), wanted: dtype_name });
        }
        if info.shape != weight.shape {
            faults.push(Fault::Shape { name, found: info.shape.clone(), wanted: weight.shape });
        }
    }
    for name in unknown {
        let similar = similar(&name, missing.iter().copied());
        faults.push(Fault::Unknown { name, similar });
    }
    faults
}

/// The candidate that may be meant by `name`. Comparing takes time by the product of lengths and numbers, which a
/// damaged or hostile file may make large: names that are much longer than any weight's, or many, are not compared.
fn similar<'a>(name: &str, candidates: impl Iterator<Item = &'a str> + Clone) -> Option<&'a str> {
    const LONG: usize = 200;
    const MANY: usize = 100;
    let few = candidates.clone().nth(MANY).is_none();
    if few && name.len() <= LONG {
        did_you_mean(name, candidates.filter(|name| name.len() <= LONG))
    } else {
        None
    }
}
