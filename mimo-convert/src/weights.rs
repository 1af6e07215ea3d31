//! Weights by name, and the files that hold them.

use std::collections::BTreeMap;

use safetensors::{Dtype, SafeTensors};
use serde_json::{Map, Value, json};

use crate::error::Error;

/// Weights by the names that mimo gives them: `encoder/dense/kernel`.
pub type Weights = BTreeMap<String, Array>;

/// Numbers with a shape, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Lengths of the axes; none for a single number.
    pub shape: Vec<usize>,
    /// As many values as the shape says.
    pub values: Values,
}

/// The numbers of an array.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Numbers of 32 bits.
    F32(Vec<f32>),
    /// Numbers of 64 bits.
    F64(Vec<f64>),
}

impl Values {
    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            Values::F32(values) => values.len(),
            Values::F64(values) => values.len(),
        }
    }

    /// Element type in safetensors.
    fn dtype(&self) -> &'static str {
        match self {
            Values::F32(_) => "F32",
            Values::F64(_) => "F64",
        }
    }

    fn bytes(&self) -> Vec<u8> {
        match self {
            Values::F32(values) => values.iter().flat_map(|it| it.to_le_bytes()).collect(),
            Values::F64(values) => values.iter().flat_map(|it| it.to_le_bytes()).collect(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Arrays of a checkpoint besides the weights, by names that begin with `@`: `@optimizer/slot0/dense/kernel`.
pub type State = BTreeMap<String, Stored>;

/// An array of a checkpoint.
#[derive(Clone, Debug, PartialEq)]
pub enum Stored {
    /// Numbers with a fraction.
    Numbers(Array),
    /// Counts, seeds and bits.
    Whole(Vec<u64>),
    /// Flags and text.
    Bytes(Vec<u8>),
}

/// A file of weights, or a checkpoint.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct File {
    /// The weights of the model.
    pub weights: Weights,
    /// Training state of a checkpoint; empty in a file of weights.
    pub state: State,
    /// The description of the model among other things.
    pub metadata: BTreeMap<String, String>,
}

/// The weights and the metadata of a file of weights, or of a checkpoint, whose other arrays are left out.
///
/// # Errors
/// Those of [`read_file`].
pub fn read(bytes: &[u8]) -> Result<(Weights, BTreeMap<String, String>), Error> {
    let File { weights, metadata, .. } = read_file(bytes)?;
    Ok((weights, metadata))
}

/// All of a file of weights or of a checkpoint.
///
/// # Errors
/// Bytes that are not a safetensors file, or an array whose elements are of another type than mimo writes.
pub fn read_file(bytes: &[u8]) -> Result<File, Error> {
    let damaged = |error: &dyn std::fmt::Display| Error::new(format!("not a safetensors file: {error}"));
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| damaged(&error))?;
    let metadata = header.metadata().clone().unwrap_or_default().into_iter().collect();
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| damaged(&error))?;
    let mut file = File { metadata, ..File::default() };
    for (name, tensor) in tensors.tensors() {
        let data = tensor.data();
        let numbers = |values| Array { shape: tensor.shape().to_vec(), values };
        let stored = match tensor.dtype() {
            Dtype::F32 => Stored::Numbers(numbers(Values::F32(
                data.as_chunks().0.iter().map(|&it| f32::from_le_bytes(it)).collect(),
            ))),
            Dtype::F64 => Stored::Numbers(numbers(Values::F64(
                data.as_chunks().0.iter().map(|&it| f64::from_le_bytes(it)).collect(),
            ))),
            Dtype::U64 => {
                Stored::Whole(data.as_chunks().0.iter().map(|&it| u64::from_le_bytes(it)).collect())
            }
            Dtype::U8 => Stored::Bytes(data.to_vec()),
            other => {
                let reason = format!("`{name}` has elements of {other:?}: mimo reads weights of f32 and f64");
                return Err(Error::new(reason));
            }
        };
        match (name.starts_with('@'), stored) {
            (true, stored) => {
                file.state.insert(name, stored);
            }
            (false, Stored::Numbers(array)) => {
                file.weights.insert(name, array);
            }
            (false, _) => {
                return Err(Error::new(format!("the weight `{name}` has no numbers with a fraction")));
            }
        }
    }
    Ok(file)
}

/// A file of weights that `load_weights` of a model with weights of these names and shapes reads, with training state
/// and metadata. Equal files have equal bytes.
pub fn write(file: &File) -> Vec<u8> {
    let mut header = Map::new();
    if !file.metadata.is_empty() {
        let metadata: Map<_, _> =
            file.metadata.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect();
        header.insert("__metadata__".into(), metadata.into());
    }
    let of_array = |it: &Array| (it.values.dtype(), it.shape.clone(), it.values.bytes());
    let weights = file.weights.iter().map(|(name, it)| (name, of_array(it)));
    let state = file.state.iter().map(|(name, stored)| {
        let array = match stored {
            Stored::Numbers(array) => of_array(array),
            Stored::Whole(values) => {
                ("U64", vec![values.len()], values.iter().flat_map(|it| it.to_le_bytes()).collect())
            }
            Stored::Bytes(bytes) => ("U8", vec![bytes.len()], bytes.clone()),
        };
        (name, array)
    });
    let mut entries: Vec<_> = weights.chain(state).collect();
    // Readers need the elements aligned: the largest first.
    entries.sort_by_key(|(_, (dtype, ..))| match *dtype {
        "F64" | "U64" => 0,
        "F32" => 1,
        _ => 2,
    });
    let mut data = Vec::new();
    for (name, (dtype, shape, bytes)) in entries {
        let start = data.len();
        data.extend(bytes);
        let tensor = json!({ "dtype": dtype, "shape": shape, "data_offsets": [start, data.len()] });
        header.insert(name.clone(), tensor);
    }
    let mut header = Value::Object(header).to_string();
    while !header.len().is_multiple_of(8) {
        header.push(' ');
    }
    let mut all = (header.len() as u64).to_le_bytes().to_vec();
    all.extend(header.into_bytes());
    all.extend(data);
    all
}
