//! Weights by name, and the files that hold them.

use std::collections::BTreeMap;

use safetensors::{Dtype, SafeTensors};

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

/// A file of weights that `load_weights` of a model with weights of these names and shapes reads.
pub fn write(weights: &Weights) -> Result<Vec<u8>, Error> {
    use safetensors::tensor::{TensorView, serialize};
    let bytes = |values: &Values| -> (Dtype, Vec<u8>) {
        match values {
            Values::F32(values) => (Dtype::F32, values.iter().flat_map(|it| it.to_le_bytes()).collect()),
            Values::F64(values) => (Dtype::F64, values.iter().flat_map(|it| it.to_le_bytes()).collect()),
        }
    };
    let held: Vec<_> = weights.iter().map(|(name, it)| (name, &it.shape, bytes(&it.values))).collect();
    let views = held.iter().map(|(name, shape, (dtype, data))| {
        let view = TensorView::new(*dtype, (*shape).clone(), data);
        view.map(|view| (name.as_str(), view)).map_err(|error| Error::new(format!("`{name}`: {error}")))
    });
    let views = views.collect::<Result<Vec<_>, _>>()?;
    serialize(views, None).map_err(|error| Error::new(error.to_string()))
}
