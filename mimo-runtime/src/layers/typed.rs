//! The weights of layers, as fields of a model: `model.hidden.kernel`.
//!
//! A layer here holds nothing but its weights, as dfdx tensors whose sizes are part of their types. What the layer
//! computes is in the file that has its name.

use dfdx::shapes::{Dtype, Rank1, Rank2};
use dfdx::tensor::{Storage, Tensor};

/// The weights of `Dense`: `[…, I] → […, O]`, `y = activation(x · kernel + bias)`.
///
/// **Keras equivalent:** `keras.layers.Dense(O)`, with weights of the same names and layout. dfdx's `Linear` and
/// PyTorch's keep the kernel transposed.
#[derive(Clone, Debug)]
pub struct Dense<const I: usize, const O: usize, E: Dtype, D: Storage<E>> {
    /// What each input counts for each output, `[I, O]`.
    pub kernel: Tensor<Rank2<I, O>, E, D>,
    /// What is added to each output, `[O]`.
    pub bias: Tensor<Rank1<O>, E, D>,
}

/// The weights of `Dense` without bias: `[…, I] → […, O]`, `y = activation(x · kernel)`.
///
/// **Keras equivalent:** `keras.layers.Dense(O, use_bias=False)`.
#[derive(Clone, Debug)]
pub struct DenseWithoutBias<const I: usize, const O: usize, E: Dtype, D: Storage<E>> {
    /// What each input counts for each output, `[I, O]`.
    pub kernel: Tensor<Rank2<I, O>, E, D>,
}
