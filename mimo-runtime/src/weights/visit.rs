//! Weights for dfdx's visitors: one by one, each with its name and options from the model's description.
#![expect(clippy::type_complexity, reason = "the types of dfdx's visitors")]

use core::marker::PhantomData;

use dfdx::nn::tensor_collection::{ModuleVisitor, TensorCollection, TensorOptions};
use dfdx::shapes::{ConstShape, Dtype, HasShape, Shape};
use dfdx::tensor::Tensor;
use dfdx::tensor_ops::{Device, ReshapeTo};
use mimo_graph::initializer::Initializer;
use mimo_graph::spec::WeightSpec;

use crate::float::Float;

/// The weights of a model on any device.
pub trait Weights {
    /// Descriptions of the weights, in order.
    const WEIGHTS: &'static [WeightSpec];
}

/// The index of a weight as a type: dfdx resets weights by functions that capture nothing.
pub trait Number {
    /// The index.
    const NUMBER: usize;
}

/// The index `N`.
#[derive(Clone, Copy, Debug)]
pub struct Is<const N: usize>;

impl<const N: usize> Number for Is<N> {
    const NUMBER: usize = N;
}

/// The index after `N`.
#[derive(Clone, Copy, Debug)]
pub struct After<N>(PhantomData<N>);

impl<N: Number> Number for After<N> {
    const NUMBER: usize = N::NUMBER + 1;
}

/// The weights of a layer. They have the same order in the model's description and in the layer's struct.
pub trait LayerWeights<E: Float, D: Device<E>>: Sized {
    /// The same layer with elements of another type, or on another device.
    type To<E2: Dtype, D2: Device<E2>>;

    /// The index after those of the weights, of which the first has the index `N`.
    type Next<N: Number>: Number;

    /// Visits the weights of a layer of `M`, of which the first has the index `N`. Returns the layer that the visitor
    /// builds from them, if it builds any.
    ///
    /// # Errors
    /// Those of the visitor.
    fn visit<M, V, N>(
        visitor: &mut V,
        get: impl Fn(&M) -> &Self + Copy,
        get_mut: impl Fn(&mut M) -> &mut Self + Copy,
    ) -> Result<Option<Self::To<V::E2, V::D2>>, V::Err>
    where
        M: TensorCollection<E, D> + Weights,
        V: ModuleVisitor<M, E, D>,
        N: Number;
}

/// Visits the weights of one layer of a model, of which the first has the index `N`. The accessors are function
/// pointers: rustc defers its obligations for closures to the end of the enclosing function, which would have two for
/// each layer.
///
/// # Errors
/// Those of the visitor.
pub fn visit_layer<M, L, V, N, E, D>(
    visitor: &mut V,
    get: fn(&M) -> &L,
    get_mut: fn(&mut M) -> &mut L,
) -> Result<Option<L::To<V::E2, V::D2>>, V::Err>
where
    M: TensorCollection<E, D> + Weights,
    L: LayerWeights<E, D>,
    V: ModuleVisitor<M, E, D>,
    N: Number,
    E: Float,
    D: Device<E>,
{
    L::visit::<M, V, N>(visitor, get, get_mut)
}

/// Fails to compile unless the weight with index `N` of a model is named like the field of its layer: `query/kernel`
/// or `query_kernel`.
pub const fn assert_name<M: Weights, N: Number>(field: &str) {
    let (name, field) = (M::WEIGHTS[N::NUMBER].name.as_bytes(), field.as_bytes());
    let mut end = 0;
    while end < field.len() {
        assert!(end < name.len(), "a weight has the name of its field");
        let (a, b) = (name[name.len() - 1 - end], field[field.len() - 1 - end]);
        assert!(a == b || (a == b'/' && b == b'_'), "a weight has the name of its field");
        end += 1;
    }
    assert!(end < name.len() && name[name.len() - 1 - end] == b'/', "a weight has the name of its field");
}

/// Visits the weight with index `N` of a model: its location, whether dfdx's optimizers may change it, and its
/// `reset_params`. Returns the weight that the visitor builds from it, if it builds any.
///
/// dfdx would have all of a model's weights in one tuple, and tuples nested where there are more than six; the time
/// that rustc takes for those is exponential in their depth. This is what such a tuple would do for each of its
/// fields.
// A model's weights are visited in one function, which grows too large to be optimised in a time that is linear in their
// number if each visit is inlined into it.
#[inline(never)]
pub(crate) fn visit<M, V, S, N, E, D>(
    visitor: &mut V,
    get: impl FnMut(&M) -> &Tensor<S, E, D>,
    get_mut: impl FnMut(&mut M) -> &mut Tensor<S, E, D>,
) -> Result<Option<Tensor<S, V::E2, V::D2>>, V::Err>
where
    M: TensorCollection<E, D> + Weights,
    V: ModuleVisitor<M, E, D>,
    S: ConstShape,
    N: Number,
    E: Float,
    D: Device<E>,
{
    let spec = const { &M::WEIGHTS[N::NUMBER] };
    let reset = reset::<M, S, N, E, D>;
    let options =
        if spec.trainable { TensorOptions::reset_with(reset) } else { TensorOptions::detached(reset) };
    visitor.visit_tensor(spec.name, get, get_mut, options)
}

/// Fills a weight by its initializer.
fn reset<M, S, N, E, D>(tensor: &mut Tensor<S, E, D>) -> Result<(), D::Err>
where
    M: Weights,
    S: Shape,
    N: Number,
    E: Float,
    D: Device<E>,
{
    fill(tensor, const { &M::WEIGHTS[N::NUMBER].initializer }, N::NUMBER)
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
    // Slices are copied to the start of a tensor's memory, which is its first value only if no axis is permuted or
    // broadcast; users can put such a tensor into a field.
    *tensor = tensor.clone().try_contiguous()?;
    tensor.copy_from(&values);
    Ok(())
}
