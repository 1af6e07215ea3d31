//! Tensors from plain vectors.

use dfdx::shapes::{ConstDim, Dim, Shape, Unit};
use dfdx::tensor::{Cpu, Tensor, TensorFromVec};

use crate::error::Error;

/// A shape whose first axis is the batch and whose other axes are constants: `(usize, Const<8>, Const<8>)`.
pub trait BatchShape: Shape {
    /// Values per sample.
    const SAMPLE: usize;

    /// Returns the shape for a number of samples; `None` if the batch axis is a constant that differs.
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

/// Creates a tensor of samples from their values, one sample after another, each row-major with channels last. The
/// shape follows from the type:
///
/// ```
/// # use mimo_runtime::tensor::tensor;
/// # use dfdx::{shapes::Const, tensor::{Cpu, Tensor}};
/// let images: Tensor<(usize, Const<2>, Const<2>), f32, Cpu> = tensor(vec![0.0; 12])?;
/// assert!(tensor::<(usize, Const<5>), f32>(vec![0.0; 12]).is_err());
/// // A slice, and samples as arrays.
/// let numbers: Tensor<(usize, Const<3>), f32, Cpu> = tensor(&[1.0, 2.0, 3.0][..])?;
/// let rows = vec![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
/// let numbers: Tensor<(usize, Const<3>), f32, Cpu> = tensor(rows.into_flattened())?;
/// # Ok::<(), mimo_runtime::error::Error>(())
/// ```
///
/// # Errors
/// [`Error::TensorLength`] if the values are not whole samples, of another number than a fixed batch axis, or none:
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

#[cfg(test)]
mod tests {
    use super::*;
    use dfdx::shapes::Const;

    /// dfdx panics when it reads an empty tensor, so `tensor` must not create one.
    #[test]
    fn no_tensor_is_empty() {
        let none = tensor::<(usize, Const<2>), f32>(vec![]);
        let text = none.err().map(|error| error.to_string());
        assert_eq!(
            text.as_deref(),
            Some("no values for a tensor: it holds at least one sample, of 2 values each")
        );
        assert!(tensor::<(Const<0>, Const<2>), f32>(vec![]).is_err());
        assert!(tensor::<(usize, Const<0>), usize>(vec![]).is_err());
        assert!(tensor::<(usize, Const<0>), f32>(vec![1.0]).is_err());
        assert!(crate::generated::zeros::<(usize, Const<2>), f32>((0, Const)).is_err());
        assert!(crate::generated::zero_indices::<(usize, Const<0>)>((2, Const)).is_err());
        assert!(crate::generated::zeros::<(usize, Const<2>), f32>((1 << 60, Const)).is_err());
        assert_eq!(
            crate::generated::zeros::<(usize, Const<2>), f32>((1, Const)).expect("two zeros").as_vec(),
            [0.0; 2]
        );
    }
}
