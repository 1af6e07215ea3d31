//! Functions for generated code.

use std::path::Path;

use dfdx::shapes::{Dim, Shape, Unit};
use dfdx::tensor::{Cpu, Tensor, TensorFromVec};
use mimo_graph::spec::WeightSpec;

use crate::data::spec;
use crate::error::Error;
use crate::float::Float;
use crate::model::Model;

pub use crate::file::{load as load_weights, save};
pub use crate::predictor::{forward, predict};

/// Creates a tensor of zeros.
///
/// # Errors
/// [`NoData`](Error::NoData) for an empty tensor, which dfdx 0.13 cannot read without a panic; [`Memory`](Error::Memory).
pub fn zeros<S: Shape, E: Float>(shape: S) -> Result<Tensor<S, E, Cpu>, Error> {
    defaults(shape)
}

/// Creates a tensor of zero indices.
///
/// # Errors
/// Those of [`zeros`].
pub fn zero_indices<S: Shape>(shape: S) -> Result<Tensor<S, usize, Cpu>, Error> {
    defaults(shape)
}

fn defaults<S: Shape, E: Unit>(shape: S) -> Result<Tensor<S, E, Cpu>, Error> {
    let len = shape.concrete().into_iter().try_fold(1, usize::checked_mul).unwrap_or(usize::MAX);
    if len == 0 {
        return Err(Error::NoData);
    }
    // dfdx's own allocation aborts the program when memory is exhausted.
    let mut values = Vec::new();
    values.try_reserve_exact(len).map_err(|_| Error::Memory { values: len })?;
    values.resize(len, E::default());
    Ok(Cpu::default().try_tensor_from_vec(values, shape)?)
}

/// The batch axis for a number of samples.
pub fn batch_axis<B: Dim>(rows: usize) -> Result<B, Error> {
    B::from_size(rows).ok_or(Error::BatchAxis { rows })
}

/// Creates a model with initialized weights.
pub fn build<M, E>(seed: u64) -> M
where
    E: Float,
    M: Model<Float = E> + crate::weights::OnCpu<E>,
{
    match crate::weights::initial(spec::<M>(), seed) {
        Ok(model) => model,
        // Creating a tensor fails only where the allocator would abort anyway.
        Err(error) => panic!("{error}"),
    }
}

/// Creates a model with the weights of a file.
///
/// # Errors
/// Those of [`file::load`](crate::file::load).
pub fn load<M, E>(path: impl AsRef<Path>) -> Result<M, Error>
where
    E: Float,
    M: Model<Float = E> + crate::weights::OnCpu<E>,
{
    // Every weight is replaced, so the seed does not matter.
    let mut model = build(0);
    load_weights(&mut model, path)?;
    Ok(model)
}

/// Number of values of some weights.
pub const fn parameter_count(weights: &[WeightSpec]) -> usize {
    let mut count = 0;
    let mut i = 0;
    while i < weights.len() {
        let mut elements = 1;
        let mut axis = 0;
        while axis < weights[i].shape.len() {
            elements *= weights[i].shape[axis];
            axis += 1;
        }
        count += elements;
        i += 1;
    }
    count
}
