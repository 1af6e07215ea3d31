//! Weights between the tensors of a model and slices.
//!
//! A generated model implements dfdx's `TensorCollection`, so that dfdx's visitors, optimizers and counters work on
//! it; these functions are such visitors. Tensors are numbered in the order of the fields. How a model implements
//! the trait is shown in this module's tests.

use std::convert::Infallible;

use dfdx::nn::tensor_collection::{
    ModuleVisitor, RecursiveWalker, TensorCollection, TensorOptions, TensorVisitor, ViewTensorMut,
    ViewTensorRef,
};
use dfdx::shapes::{ConstShape, Dtype, HasShape, Shape};
use dfdx::tensor::{Cpu, Tensor, TensorFromVec};
use dfdx::tensor_ops::{Device, ReshapeTo};
use mimo_graph::initializer::Initializer;
use mimo_graph::spec::{ModelSpec, WeightSpec};

use crate::error::Error;
use crate::float::Float;

#[cfg(test)]
pub(crate) mod tests;

/// Hands a copy of every weight to `read`, with its number.
pub fn read<M, E>(model: &M, read: &mut dyn FnMut(usize, Vec<E>))
where
    M: TensorCollection<E, Cpu>,
    E: Dtype,
    Cpu: Device<E>,
{
    let Ok(_) = M::iter_tensors(&mut RecursiveWalker { m: model, f: &mut Reading { next: 0, read } });
}

/// Lets `write` change the values of every weight, given with its number.
///
/// Tensors keep their identity, by which dfdx's gradients and optimizers know them.
pub fn write<M, E>(model: &mut M, write: &mut dyn FnMut(usize, &mut [E]))
where
    M: TensorCollection<E, Cpu>,
    E: Dtype,
    Cpu: Device<E>,
{
    let Ok(_) = M::iter_tensors(&mut RecursiveWalker { m: model, f: &mut Writing { next: 0, write } });
}

/// Makes a model whose weights `write` fills in, given as zeros and with their numbers.
pub fn build<M, E>(write: &mut dyn FnMut(usize, &mut [E])) -> Result<M, Error>
where
    M: TensorCollection<E, Cpu, To<E, Cpu> = M>,
    E: Dtype,
    Cpu: Device<E>,
{
    let mut building = Building { next: 0, write, device: Cpu::default() };
    match M::iter_tensors(&mut RecursiveWalker { m: (), f: &mut building })? {
        Some(model) => Ok(model),
        None => unreachable!("`iter_tensors` builds a model if all of its tensors were built"),
    }
}

/// Makes a model whose weights start as its description says.
pub fn initial<M, E>(spec: &ModelSpec, seed: u64) -> Result<M, Error>
where
    M: TensorCollection<E, Cpu, To<E, Cpu> = M>,
    E: Float,
    Cpu: Device<E>,
{
    build(&mut |index, out| {
        if let Some(weight) = spec.weights.get(index) {
            E::initialize(&weight.initializer, weight.shape, seed, index, out);
        }
    })
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

/// A copy of a tensor's values in row-major order.
fn values<S: Shape, E: Dtype>(tensor: &Tensor<S, E, Cpu>) -> Vec<E>
where
    Cpu: Device<E>,
{
    // dfdx 0.13 panics when it looks for the first value of an empty tensor.
    if tensor.shape().num_elements() == 0 { Vec::new() } else { tensor.as_vec() }
}

struct Reading<'a, E> {
    next: usize,
    read: &'a mut dyn FnMut(usize, Vec<E>),
}

impl<E: Dtype> TensorVisitor<E, Cpu> for Reading<'_, E>
where
    Cpu: Device<E>,
{
    type Viewer = ViewTensorRef;
    type Err = Infallible;
    type E2 = E;
    type D2 = Cpu;

    fn visit<S: Shape>(
        &mut self,
        _: TensorOptions<S, E, Cpu>,
        tensor: &Tensor<S, E, Cpu>,
    ) -> Result<Option<Tensor<S, E, Cpu>>, Infallible> {
        (self.read)(self.next, values(tensor));
        self.next += 1;
        Ok(None)
    }
}

struct Writing<'a, E> {
    next: usize,
    write: &'a mut dyn FnMut(usize, &mut [E]),
}

impl<E: Dtype> TensorVisitor<E, Cpu> for Writing<'_, E>
where
    Cpu: Device<E>,
{
    type Viewer = ViewTensorMut;
    type Err = Infallible;
    type E2 = E;
    type D2 = Cpu;

    fn visit<S: Shape>(
        &mut self,
        _: TensorOptions<S, E, Cpu>,
        tensor: &mut Tensor<S, E, Cpu>,
    ) -> Result<Option<Tensor<S, E, Cpu>>, Infallible> {
        let mut values = values(tensor);
        (self.write)(self.next, &mut values);
        self.next += 1;
        // See `reset`. Without memory to straighten the tensor, the values themselves become a new one.
        if let Ok(contiguous) = tensor.clone().try_contiguous() {
            *tensor = contiguous;
            tensor.copy_from(&values);
        } else if let Ok(replaced) = tensor.device().try_tensor_from_vec(values, *tensor.shape()) {
            *tensor = replaced;
        }
        Ok(None)
    }
}

struct Building<'a, E> {
    next: usize,
    write: &'a mut dyn FnMut(usize, &mut [E]),
    device: Cpu,
}

impl<E: Dtype> TensorVisitor<E, Cpu> for Building<'_, E>
where
    Cpu: Device<E>,
{
    type Viewer = ();
    type Err = Error;
    type E2 = E;
    type D2 = Cpu;

    fn visit<S: Shape>(
        &mut self,
        options: TensorOptions<S, E, Cpu>,
        (): (),
    ) -> Result<Option<Tensor<S, E, Cpu>>, Error> {
        let len = options.shape.num_elements();
        let mut values = Vec::new();
        values.try_reserve_exact(len).map_err(|_| Error::Memory { values: len })?;
        values.resize(len, E::default());
        (self.write)(self.next, &mut values);
        self.next += 1;
        let tensor = self.device.try_tensor_from_vec(values, options.shape);
        tensor.map(Some).map_err(|_| Error::Memory { values: len })
    }
}
