//! The bytes of a file: the length of the header, the header as JSON, and the weights one after another.

use std::collections::HashSet;
use std::ops::Range;

use mimo_graph::diag::did_you_mean;
use mimo_graph::spec::{GraphSpec, ModelSpec, WeightSpec};
use mimo_graph::summary::signature;
use safetensors::Dtype;
use serde_json::{Map, Value, json};

use super::header::{Header, METADATA};
use super::{Fault, graph};
use crate::data::spec;
use crate::error::Error;
use crate::kernels::Element;
use crate::model::Model;

/// Bytes of the length with which a file begins.
pub(super) const PREFIX: usize = 8;

/// The version of these rules.
const VERSION: &str = "2";

/// Versions that are read. Version 1 had no graph.
const READ: [&str; 2] = ["1", VERSION];

/// A model as far as its files depend on it, and not on its type: what is computed from it is compiled here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject {
    spec: &'static ModelSpec,
    graph: &'static GraphSpec,
    dtype: (Dtype, &'static str),
}

impl Subject {
    /// The subject of a model.
    pub(super) fn of<M: Model>() -> Self {
        let dtype = match size_of::<M::Float>() {
            4 => (Dtype::F32, "F32"),
            _ => (Dtype::F64, "F64"),
        };
        Subject { spec: spec::<M>(), graph: M::GRAPH, dtype }
    }

    /// The model's name.
    pub(super) fn name(&self) -> &'static str {
        self.spec.name
    }

    /// Bytes per value.
    fn size(&self) -> usize {
        if self.dtype.0 == Dtype::F32 { 4 } else { 8 }
    }

    /// The header of the model's files, padded, and the bytes of data that it describes.
    ///
    /// It is written here and not by the safetensors crate, which writes metadata in a random order.
    fn header(&self) -> (String, usize) {
        let spec = self.spec;
        let mut header = Map::new();
        // Values of metadata are strings.
        let metadata = json!({
            "format": "mimo",
            "version": VERSION,
            "model": spec.name,
            "signature": signature(spec),
            "graph": graph::to_json(self.graph, spec),
        });
        header.insert(METADATA.into(), metadata);
        let mut end = 0_usize;
        for weight in spec.weights {
            let start = end;
            end = end.saturating_add(values(weight).saturating_mul(self.size()));
            let tensor =
                json!({ "dtype": self.dtype.1, "shape": weight.shape, "data_offsets": [start, end] });
            header.insert(weight.name.into(), tensor);
        }
        let mut header = Value::Object(header).to_string();
        // Readers map the file into memory and want the data aligned.
        while !header.len().is_multiple_of(PREFIX) {
            header.push(' ');
        }
        (header, end)
    }

    /// Largest length of a header that is read for this model, in bytes.
    ///
    /// Other tools may write the same tensors with more characters: `\u0061` for `a`, or one number per line. They
    /// may also write metadata of their own, whose length does not depend on the model, and files of other models with the same
    /// weights carry other graphs.
    pub(super) fn header_limit(&self) -> u64 {
        const METADATA: u64 = 1 << 24;
        (self.header().0.len() as u64).saturating_mul(8).saturating_add(METADATA)
    }
}

/// Values of a weight.
fn values(weight: &WeightSpec) -> usize {
    weight.shape.iter().fold(1, |len, &axis| len.saturating_mul(axis))
}

/// The file of a model.
pub(super) fn encode<M: Model>(model: &M) -> Result<Vec<u8>, Error> {
    let subject = Subject::of::<M>();
    let (header, data_len) = subject.header();
    let len = data_len.saturating_add(PREFIX + header.len());
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len).map_err(|_| Error::Memory { values: len / subject.size() })?;
    bytes.extend((header.len() as u64).to_le_bytes());
    bytes.extend(header.into_bytes());

    let (mut weights, mut error) = (subject.spec.weights.iter(), None);
    let mut write = |found: Vec<M::Float>| {
        let weight =
            weights.next().ok_or(Error::Inconsistent { what: "there are more weights than names" })?;
        let (len, wanted) = (found.len(), values(weight));
        if len != wanted {
            return Err(Error::OutputLength { name: weight.name, len, wanted });
        }
        for value in found {
            match subject.dtype.0 {
                #[expect(clippy::cast_possible_truncation, reason = "the value was an f32 before")]
                Dtype::F32 => bytes.extend((value.f64() as f32).to_le_bytes()),
                _ => bytes.extend(value.f64().to_le_bytes()),
            }
        }
        Ok(())
    };
    model.read_weights(&mut |_, found| {
        if error.is_none() {
            error = write(found).err();
        }
    });
    match error {
        Some(error) => Err(error),
        None if weights.next().is_some() => {
            Err(Error::Inconsistent { what: "there are fewer weights than names" })
        }
        None => Ok(bytes),
    }
}

/// The length of the header of a file of `bytes` bytes that begins with `prefix`.
pub(super) fn header_len(subject: Subject, prefix: &[u8], bytes: u64) -> Result<usize, Vec<Fault>> {
    let Some(length) = prefix.first_chunk::<PREFIX>() else {
        return Err(vec![Fault::NoHeader { bytes }]);
    };
    let header = u64::from_le_bytes(*length);
    let limit = subject.header_limit();
    match usize::try_from(header) {
        _ if header > bytes.saturating_sub(PREFIX as u64) => Err(vec![Fault::HeaderLength { header, bytes }]),
        Ok(len) if header <= limit => Ok(len),
        _ => Err(vec![Fault::HeaderLimit { header, limit }]),
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
        let header = Header::parse(header).map_err(|fault| vec![fault])?;
        let data_len = header.data_len();
        if data_len as u64 != bytes {
            return Err(vec![Fault::DataLength { bytes, described: data_len as u64 }]);
        }
        if let Some(version) = header.version().filter(|version| !READ.contains(version)) {
            return Err(vec![Fault::Version { found: version.to_owned() }]);
        }

        let faults = compare(subject.spec.weights, subject.dtype, &header);
        if !faults.is_empty() {
            return Err(faults);
        }
        let tensors = subject.spec.weights.iter().filter_map(|weight| header.tensor(weight.name));
        let ranges = tensors.map(|tensor| tensor.offsets.0..tensor.offsets.1).collect();
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
    header: &Header,
) -> Vec<Fault> {
    let known: HashSet<&str> = weights.iter().map(|weight| weight.name).collect();
    let tensors = header.in_order().into_iter();
    let unknown: Vec<&str> = tensors.map(|(name, _)| name).filter(|&name| !known.contains(name)).collect();
    let missing: Vec<&'static str> =
        weights.iter().map(|weight| weight.name).filter(|name| header.tensor(name).is_none()).collect();
    // Comparing names takes time by the product of their lengths and numbers, which a damaged or hostile file may
    // make large: names that are much longer than any weight's, or many, are not compared.
    const LONG: usize = 200;
    const MANY: usize = 100;
    let few = unknown.len() <= MANY && missing.len() <= MANY;
    let short = |name: &&str| few && name.len() <= LONG;

    let mut faults = Vec::new();
    for weight in weights {
        let name = weight.name;
        let Some(tensor) = header.tensor(name) else {
            let similar = did_you_mean(name, unknown.iter().copied().filter(short)).map(str::to_owned);
            faults.push(Fault::Missing { name, similar });
            continue;
        };
        if tensor.dtype != dtype {
            faults.push(Fault::Type { name, found: format!("{:?}", tensor.dtype), wanted: dtype_name });
        }
        if *tensor.shape != *weight.shape {
            faults.push(Fault::Shape { name, found: tensor.shape.to_vec(), wanted: weight.shape });
        }
    }
    for name in unknown {
        let similar = Some(name).filter(short).and_then(|name| did_you_mean(name, missing.iter().copied()));
        faults.push(Fault::Unknown { name: name.to_owned(), similar });
    }
    faults
}
