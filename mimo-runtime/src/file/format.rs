//! The bytes of a file: the length of the header, the header as JSON, and the weights one after another.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use mimo_graph::description::VERSION;
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
use crate::weights::below;

/// Number of bytes of the header's length, at the beginning of a file.
pub(super) const PREFIX: usize = 8;

/// Versions that are read. Version 1 had no graph.
pub(super) const READ: [&str; 2] = ["1", VERSION];

/// Contents of a file.
#[derive(Clone, Copy, Debug)]
pub(super) enum Content<'a> {
    /// All weights of a model, with the text of its data reader.
    Weights(Option<&'a str>),
    /// Some weights of a model.
    Part,
    /// A training state, by the rules of this version.
    Checkpoint(&'static str),
}

/// The file-relevant part of a model, without its type, so that functions of it are compiled in this crate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject {
    pub(super) spec: &'static ModelSpec,
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
    pub(super) fn size(&self) -> usize {
        if self.dtype.0 == Dtype::F32 { 4 } else { 8 }
    }

    /// The header of the model's files, padded, and the number of bytes of data that it describes; or that of the
    /// weights below a name.
    fn header(&self, part: &str, preprocessing: Option<&str>) -> (String, usize) {
        let tensors = self.spec.weights.iter().filter_map(|weight| {
            let name = match below(weight.name, part)? {
                "" => weight.name,
                name => name,
            };
            Some((name, self.dtype.1, weight.shape, values(weight).saturating_mul(self.size())))
        });
        let content = if part.is_empty() { Content::Weights(preprocessing) } else { Content::Part };
        self.header_of(tensors, content)
    }

    /// The header of a file with these consecutive tensors: names, element types, shapes and lengths in bytes.
    ///
    /// It is written here instead of by the safetensors crate, which writes metadata in a random order.
    pub(super) fn header_of<'a>(
        &self,
        tensors: impl Iterator<Item = (&'a str, &'static str, &'a [usize], usize)>,
        content: Content<'_>,
    ) -> (String, usize) {
        let spec = self.spec;
        let mut header = Map::new();
        // Values of metadata are strings.
        let mut metadata = json!({
            "format": "mimo",
            "version": VERSION,
            "model": spec.name,
            "signature": signature(spec),
        });
        match content {
            // The graph is that of the whole model.
            Content::Part => {}
            Content::Weights(preprocessing) => {
                metadata["graph"] = graph::to_json(self.graph, spec).into();
                if let Some(text) = preprocessing {
                    metadata["preprocessing"] = text.into();
                }
            }
            Content::Checkpoint(version) => {
                metadata["graph"] = graph::to_json(self.graph, spec).into();
                metadata["checkpoint"] = version.into();
            }
        }
        header.insert(METADATA.into(), metadata);
        let mut end = 0_usize;
        for (name, dtype, shape, len) in tensors {
            let start = end;
            end = end.saturating_add(len);
            let tensor = json!({ "dtype": dtype, "shape": shape, "data_offsets": [start, end] });
            header.insert(name.into(), tensor);
        }
        let mut header = Value::Object(header).to_string();
        // Readers map the file into memory and need the data aligned.
        while !header.len().is_multiple_of(PREFIX) {
            header.push(' ');
        }
        (header, end)
    }

    /// Largest length of a header that is read for this model, in bytes.
    ///
    /// Other tools may write the same tensors with more characters: `\u0061` for `a`, or one number per line. They
    /// may also write metadata of their own, whose length does not depend on the model, and files of other models
    /// with the same weights contain other graphs.
    pub(super) fn header_limit(&self) -> u64 {
        const METADATA: u64 = 1 << 24;
        (self.header("", None).0.len() as u64).saturating_mul(8).saturating_add(METADATA)
    }
}

/// Number of values of a weight.
fn values(weight: &WeightSpec) -> usize {
    weight.shape.iter().fold(1, |len, &axis| len.saturating_mul(axis))
}

/// The file of a model, or of the weights below a name, whose names omit it.
///
/// The text of a data reader is only written with all weights.
pub(super) fn encode<M: Model>(model: &M, part: &str, preprocessing: Option<&str>) -> Result<Vec<u8>, Error> {
    let subject = Subject::of::<M>();
    let is_in_part = |weight: &WeightSpec| below(weight.name, part).is_some();
    let (header, data_len) = subject.header(part, preprocessing);
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
        for value in found.into_iter().filter(|_| is_in_part(weight)) {
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

/// Length of the header of a file of `bytes` bytes that begins with `prefix`; at most `limit`.
pub(super) fn header_len(prefix: &[u8], bytes: u64, limit: u64) -> Result<usize, Vec<Fault>> {
    let Some(length) = prefix.first_chunk::<PREFIX>() else {
        return Err(vec![Fault::NoHeader { bytes }]);
    };
    let header = u64::from_le_bytes(*length);
    match usize::try_from(header) {
        // Read as a length, the first bytes of another format are larger than any file.
        _ if header > bytes.saturating_sub(PREFIX as u64) && Fault::other_kind(length).is_some() => {
            Err(Fault::other_kind(length).into_iter().collect())
        }
        _ if header > bytes.saturating_sub(PREFIX as u64) => Err(vec![Fault::HeaderLength { header, bytes }]),
        Ok(len) if header <= limit => Ok(len),
        _ => Err(vec![Fault::HeaderLimit { header, limit }]),
    }
}

/// Ranges of the model's weights in the data, in the model's order.
#[derive(Debug)]
pub(super) struct Layout {
    /// By weight; `None` for one that is not read.
    ranges: Vec<Option<Range<usize>>>,
    data_len: usize,
}

impl Layout {
    /// Checks a header, and `bytes` bytes of data after it, against a model.
    pub(super) fn check(subject: Subject, header: &[u8], bytes: u64) -> Result<Layout, Vec<Fault>> {
        Self::check_part(subject, ["", ""], header, bytes)
    }

    /// Checks a part of a file against a part of a model: the weights below the first name in the model are those
    /// below the second in the file.
    pub(super) fn check_part(
        subject: Subject,
        [in_model, in_file]: [&str; 2],
        header: &[u8],
        bytes: u64,
    ) -> Result<Layout, Vec<Fault>> {
        let header = Header::parse(header).map_err(|fault| vec![fault])?;
        let data_len = header.data_len();
        if data_len as u64 != bytes {
            return Err(vec![Fault::DataLength { bytes, described: data_len as u64 }]);
        }
        if let Some(version) = header.version().filter(|version| !READ.contains(version)) {
            return Err(vec![Fault::Version { found: version.to_owned() }]);
        }

        let (dtype, dtype_name) = subject.dtype;
        let names = subject.spec.weights.iter().map(|weight| name_in_file(weight.name, in_model, in_file));
        let names: Vec<Option<Cow<'_, str>>> = names.collect();
        let weights = subject.spec.weights.iter().zip(&names).filter_map(|(weight, name)| {
            let shape = Some(weight.shape.into());
            Some(Wanted { name: name.clone()?, dtype, dtype_name, shape })
        });
        // A checkpoint has the weights with the same names, and further arrays that are ignored here.
        let ignored = |name: &str| {
            below(name, in_file).is_none() || header.checkpoint().is_some() && name.starts_with(NOT_A_WEIGHT)
        };
        let faults = compare(&weights.collect::<Vec<_>>(), &header, &ignored);
        if !faults.is_empty() {
            return Err(faults);
        }
        let ranges = names.iter().map(|name| {
            let tensor = header.tensor(name.as_ref()?)?;
            Some(tensor.offsets.0..tensor.offsets.1)
        });
        Ok(Layout { ranges: ranges.collect(), data_len })
    }

    /// Bytes of data.
    pub(super) fn data_len(&self) -> usize {
        self.data_len
    }

    /// Copies the weights out of the data.
    pub(super) fn write<M: Model>(&self, model: &mut M, data: &[u8]) {
        model.write_weights(&mut |index, values| {
            // A weight that is not read is unchanged.
            let range = self.ranges.get(index).cloned().flatten();
            let bytes = range.and_then(|range| data.get(range)).unwrap_or_default();
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

/// Name in a file of a weight whose name in the model is below `in_model`: below `in_file`, with the same path.
fn name_in_file<'n>(name: &'n str, in_model: &str, in_file: &str) -> Option<Cow<'n, str>> {
    let path = below(name, in_model)?;
    Some(match (in_file, path) {
        ("", path) => path.into(),
        (part, "") => part.to_owned().into(),
        (part, path) => format!("{part}/{path}").into(),
    })
}

/// First character of the names in a checkpoint that are not weights. No layer has a name with it: layers are fields.
pub(super) const NOT_A_WEIGHT: char = '@';

/// A tensor that a file should have.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) dtype: Dtype,
    pub(super) dtype_name: &'static str,
    /// `None` for a list of any length.
    pub(super) shape: Option<Cow<'a, [usize]>>,
}

/// All differences between the tensors of a file and the wanted ones: the latter in their order, then unknown tensors
/// in the file's order, except for ignored ones.
pub(super) fn compare(wanted: &[Wanted<'_>], header: &Header, ignored: &dyn Fn(&str) -> bool) -> Vec<Fault> {
    let known: HashSet<&str> = wanted.iter().map(|wanted| &*wanted.name).collect();
    let tensors = header.in_order().into_iter().map(|(name, _)| name);
    let unknown: Vec<&str> = tensors.filter(|&name| !known.contains(name) && !ignored(name)).collect();
    let names = wanted.iter().map(|wanted| &*wanted.name);
    let missing: Vec<&str> = names.filter(|name| header.tensor(name).is_none()).collect();
    // Comparing names takes time proportional to the product of their lengths and numbers, which a damaged or hostile
    // file may make large: names that are much longer than any weight's, or many, are not compared.
    const LONG: usize = 200;
    const MANY: usize = 100;
    let few = unknown.len() <= MANY && missing.len() <= MANY;
    let short = |name: &&str| few && name.len() <= LONG;

    let mut faults = Vec::new();
    for Wanted { name, dtype, dtype_name, shape } in wanted {
        let owned = name.to_string();
        let Some(tensor) = header.tensor(name) else {
            let similar = did_you_mean(name, unknown.iter().copied().filter(short)).map(str::to_owned);
            faults.push(Fault::Missing { name: owned, similar });
            continue;
        };
        if tensor.dtype != *dtype {
            let found = format!("{:?}", tensor.dtype);
            faults.push(Fault::Type { name: owned.clone(), found, wanted: dtype_name });
        }
        let fits = match shape {
            Some(shape) => *tensor.shape == **shape,
            None => tensor.shape.len() == 1,
        };
        if !fits {
            let wanted = shape.as_deref().unwrap_or(&[0]).to_vec();
            faults.push(Fault::Shape { name: owned, found: tensor.shape.to_vec(), wanted });
        }
    }
    for name in unknown {
        let similar = Some(name).filter(short).and_then(|name| did_you_mean(name, missing.iter().copied()));
        faults.push(Fault::Unknown { name: name.to_owned(), similar: similar.map(str::to_owned) });
    }
    faults
}
