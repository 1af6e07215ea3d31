//! Weights between the tensors of a model and slices.
//!
//! A generated model implements [`OnCpu`], by which these functions read, write and make its weights, and dfdx's
//! `TensorCollection`, so that dfdx's visitors, optimizers and counters work on it: the latter is compiled where it is used only. How a
//! model implements the traits is shown in this module's tests.

use dfdx::nn::tensor_collection::{ModuleVisitor, TensorCollection, TensorOptions};
use dfdx::shapes::{ConstShape, Dtype, HasShape, Shape};
use dfdx::tensor::{Cpu, Tensor};
use dfdx::tensor_ops::{Device, ReshapeTo};
use mimo_graph::initializer::Initializer;
use mimo_graph::spec::{ModelSpec, WeightSpec};

use crate::error::Error;
use crate::float::Float;

mod tensor;
#[cfg(test)]
pub(crate) mod tests;

pub use tensor::{AnyWeight, Fixed, Maker};

/// The weights of a model on the processor: each by its number, as the model's description counts them.
pub trait OnCpu<E: Dtype>: Sized
where
    Cpu: Device<E>,
{
    /// How many there are.
    const COUNT: usize;

    /// The weight of a number.
    fn weight(&self, index: usize) -> Option<&dyn AnyWeight<E>>;

    /// The same, to be changed.
    fn weight_mut(&mut self, index: usize) -> Option<&mut dyn AnyWeight<E>>;

    /// A model whose weights are made one by one.
    ///
    /// # Errors
    /// Those of [`Maker::tensor`].
    fn make(maker: &mut Maker<'_, E>) -> Result<Self, Error>;
}

/// Hands a copy of every weight to `read`, with its number.
pub fn read<M, E>(model: &M, read: &mut dyn FnMut(usize, Vec<E>))
where
    M: OnCpu<E>,
    E: Dtype,
    Cpu: Device<E>,
{
    for index in 0..M::COUNT {
        if let Some(weight) = model.weight(index) {
            read(index, weight.read());
        }
    }
}

/// Lets `write` change the values of every weight, given with its number.
///
/// Tensors keep their identity, by which dfdx's gradients and optimizers know them.
pub fn write<M, E>(model: &mut M, write: &mut dyn FnMut(usize, &mut [E]))
where
    M: OnCpu<E>,
    E: Dtype,
    Cpu: Device<E>,
{
    for index in 0..M::COUNT {
        if let Some(weight) = model.weight_mut(index) {
            weight.write(&mut |values| write(index, values));
        }
    }
}

/// Makes a model whose weights start as its description says.
pub fn initial<M, E>(spec: &ModelSpec, seed: u64) -> Result<M, Error>
where
    M: OnCpu<E>,
    E: Float,
    Cpu: Device<E>,
{
    M::make(&mut Maker::new(&mut |index, out| {
        if let Some(weight) = spec.weights.get(index) {
            E::initialize(&weight.initializer, weight.shape, seed, index, out);
        }
    }))
}

/// Shows a visitor one weight of a model: where it is, whether dfdx's optimizers may change it, and how its
/// `reset_params` fills it. Gives the weight that the visitor makes of it, if it makes any.
///
/// dfdx would have all of a model's weights in one tuple, and tuples nested where there are more than six; the time that
/// rustc takes for those doubles and doubles with their depth. What such a tuple does is this, for each of its fields in
/// turn. The functions are pointers so that there is one instance for all weights of a shape.
// A model's weights are visited in one function, which grows too large to be optimised in a time that is linear in their
// number if each visit is inlined into it.
#[inline(never)]
#[expect(clippy::type_complexity, reason = "the types of dfdx's visitors")]
pub fn visit<M, V, S, E, D>(
    visitor: &mut V,
    spec: &WeightSpec,
    get: fn(&M) -> &Tensor<S, E, D>,
    get_mut: fn(&mut M) -> &mut Tensor<S, E, D>,
    reset: fn(&mut Tensor<S, E, D>) -> Result<(), D::Err>,
) -> Result<Option<Tensor<S, V::E2, V::D2>>, V::Err>
where
    M: TensorCollection<E, D>,
    V: ModuleVisitor<M, E, D>,
    S: ConstShape,
    E: Dtype,
    D: Device<E>,
{
    let options =
        if spec.trainable { TensorOptions::reset_with(reset) } else { TensorOptions::detached(reset) };
    visitor.visit_tensor(spec.name, get, get_mut, options)
}

/// The weights of a model on any device.
pub trait Weights {
    /// Their descriptions, in order.
    const WEIGHTS: &'static [WeightSpec];
}

/// Fills the weight number `INDEX` of a model as its initializer says; what a weight is [visited](visit) with. A function with a
/// number and not a closure: rustc checks each closure by itself, and there is one for each weight.
pub fn reset<M, const INDEX: usize, S, E, D>(tensor: &mut Tensor<S, E, D>) -> Result<(), D::Err>
where
    M: Weights,
    S: Shape,
    E: Float,
    D: Device<E>,
{
    let Some(spec) = M::WEIGHTS.get(INDEX) else { return Ok(()) };
    fill(tensor, &spec.initializer, INDEX)
}

#[inline(never)]
fn fill<S, E, D>(tensor: &mut Tensor<S, E, D>, initializer: &Initializer, index: usize) -> Result<(), D::Err>
where
    S: Shape,
    E: Float,
    D: Device<E>,
{
    let mut values = vec![E::default(); tensor.shape().num_elements()];
    E::initialize(initializer, tensor.shape().concrete().as_ref(), 0, index, &mut values);
    // Slices are copied to where a tensor's memory begins, which means its first value only if no axis is permuted
    // or broadcast; users can put such a tensor into a field.
    *tensor = tensor.clone().try_contiguous()?;
    tensor.copy_from(&values);
    Ok(())
}
