//! Tensors from plain vectors.

use dfdx::shapes::{ConstDim, Dim, Shape, Unit};
use dfdx::tensor::{Cpu, Tensor, TensorFromVec};

use crate::error::Error;

/// A shape whose first axis is the batch and whose other axes are constants: `(usize, Const<8>, Const<8>)`.
pub trait BatchShape: Shape {
    /// Values per sample.
    const SAMPLE: usize;

    /// The shape for a number of samples; `None` if the batch axis is a constant that differs.
    fn of_rows(rows: usize) -> Option<Self>;
}

macro_rules! batch_shape {
    ($(($($dim:ident),*)),* $(,)?) => {$(
        impl<B: Dim, $($dim: ConstDim),*> BatchShape for (B, $($dim,)*) {
            const SAMPLE: usize = 1 $(* $dim::SIZE)*;

            fn of_rows(rows: usize) -> Option<Self> {
                Some((B::from_size(rows)?, $($dim::default(),)*))
            }
        }
    )*};
}

batch_shape!((), (C), (C, D), (C, D, E), (C, D, E, F), (C, D, E, F, G));

/// A tensor of samples from their values, one sample after another, each row-major with channels last. The shape
/// comes from where the tensor goes:
///
/// ```
/// # use mimo_runtime::tensor::tensor;
/// # use dfdx::{shapes::Const, tensor::{Cpu, Tensor}};
/// let images: Tensor<(usize, Const<2>, Const<2>), f32, Cpu> = tensor(vec![0.0; 12])?;
/// assert!(tensor::<(usize, Const<5>), f32>(vec![0.0; 12]).is_err());
/// # Ok::<(), mimo_runtime::error::Error>(())
/// ```
///
/// # Errors
/// [`Error::TensorLength`] if the values are not whole samples, not as many as a fixed batch axis says, or none:
/// dfdx 0.13 panics when it reads a tensor without values.
pub fn tensor<S: BatchShape, E: Unit>(values: impl Into<Vec<E>>) -> Result<Tensor<S, E, Cpu>, Error> {
    let values = values.into();
    let len = values.len();
    let wrong = || Error::TensorLength { len, sample: S::SAMPLE };
    if len == 0 || !len.is_multiple_of(S::SAMPLE.max(1)) {
        return Err(wrong());
    }
    let shape = S::of_rows(len / S::SAMPLE.max(1)).ok_or_else(wrong)?;
    Ok(Cpu::default().try_tensor_from_vec(values, shape)?)
}
