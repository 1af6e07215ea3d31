//! Copies of weights between the tensors of a model and slices.
//!
//! A generated model implements [`OnCpu`], by which these functions read, write and create its weights, and dfdx's
//! `TensorCollection`, for dfdx's visitors, optimizers and counters, which is compiled only where it is used. This
//! module's tests show how a model implements the traits.

use dfdx::shapes::Dtype;
use mimo_graph::diag::did_you_mean;
use mimo_graph::spec::ModelSpec;

use crate::error::Error;
use crate::float::Float;

mod tensor;
#[cfg(test)]
pub(crate) mod tests;
mod visit;

pub use tensor::{AnyWeight, Fixed, Made, Maker};
pub(crate) use visit::visit;
pub use visit::{After, Is, LayerWeights, Number, Weights, assert_name, visit_layer};

/// The weights of a model on the processor, each by its index in the model's description.
pub trait OnCpu<E: Dtype>: Sized {
    /// Number of weights.
    const COUNT: usize;

    /// Returns the weight of an index.
    fn weight(&self, index: usize) -> Option<&dyn AnyWeight<E>>;

    /// Returns the weight of an index, mutable.
    fn weight_mut(&mut self, index: usize) -> Option<&mut dyn AnyWeight<E>>;

    /// Creates a model weight by weight.
    ///
    /// # Errors
    /// Those of [`Maker::layer`].
    fn make(maker: &mut Maker<'_, E>) -> Result<Self, Error>;
}

/// Calls `read` with the index and a copy of every weight.
pub fn read<M, E>(model: &M, read: &mut dyn FnMut(usize, Vec<E>))
where
    M: OnCpu<E>,
    E: Dtype,
{
    for index in 0..M::COUNT {
        if let Some(weight) = model.weight(index) {
            read(index, weight.read());
        }
    }
}

/// Calls `write` with the index and the values of every weight, to be changed.
///
/// Tensors keep their identity, by which dfdx's gradients and optimizers recognize them.
pub fn write<M, E>(model: &mut M, write: &mut dyn FnMut(usize, &mut [E]))
where
    M: OnCpu<E>,
    E: Dtype,
{
    for index in 0..M::COUNT {
        if let Some(weight) = model.weight_mut(index) {
            weight.write(&mut |values| write(index, values));
        }
    }
}

/// Creates a model with initialized weights.
pub fn initial<M, E>(spec: &ModelSpec, seed: u64) -> Result<M, Error>
where
    M: OnCpu<E>,
    E: Float,
{
    M::make(&mut Maker::new(&mut |index, out| {
        if let Some(weight) = spec.weights.get(index) {
            E::initialize(&weight.initializer, weight.shape, seed, index, out);
        }
    }))
}

/// Returns the weights of a part of a model: those of this name, or whose names begin with it and a slash.
///
/// # Errors
/// [`Error::NoSuchPart`], with a similar name.
pub(crate) fn named(spec: &ModelSpec, part: &str) -> Result<Vec<usize>, Error> {
    let weights = spec.weights.iter().map(|weight| weight.name);
    let own = weights.clone().enumerate().filter(|(_, name)| !part.is_empty() && below(name, part).is_some());
    let found: Vec<usize> = own.map(|(index, _)| index).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let parts = weights.flat_map(|name| name.match_indices('/').map(|(at, _)| &name[..at]).chain([name]));
    // A layer of a nested model without the name of that model, otherwise a misspelling.
    let nested = parts.clone().find(|name| !part.is_empty() && name.ends_with(&format!("/{part}")));
    // The same weight or layer under another prefix: `enc/dense/kernel` for `encoder/dense/kernel`.
    let below = part.match_indices('/').map(|(at, _)| &part[at..]);
    let elsewhere = || below.into_iter().find_map(|rest| parts.clone().find(|name| name.ends_with(rest)));
    let similar = nested.or_else(|| did_you_mean(part, parts.clone())).or_else(elsewhere).map(str::to_owned);
    Err(Error::NoSuchPart { name: Some(part.into()), similar })
}

/// Returns the rest of a name after that of a part: nothing for the part itself, `kernel` for `dense/kernel` in
/// `dense`. The empty part contains all names.
pub(crate) fn below<'n>(name: &'n str, part: &str) -> Option<&'n str> {
    match name.strip_prefix(part)? {
        rest if part.is_empty() || rest.is_empty() => Some(rest),
        rest => rest.strip_prefix('/'),
    }
}
