//! Conversion of arrays whose shape is known only at run time to tensors and columns.

use mimo_runtime::data::TableFault;
use mimo_runtime::dfdx::shapes::Unit;
use mimo_runtime::dfdx::tensor::{Cpu, Tensor};
use mimo_runtime::error::Error;
use mimo_runtime::tensor::{BatchShape, tensor};

use crate::table::fault;

/// Creates a tensor from values and their shape, which has to be that of the tensor: the batch and the axes of a
/// sample.
pub(crate) fn tensor_of<S: BatchShape, E: Unit>(
    values: Vec<E>,
    shape: &[usize],
) -> Result<Tensor<S, E, Cpu>, Error> {
    let wrong = || {
        let mut wanted = String::from("[samples");
        if let Some(sample) = S::of_rows(shape.first().copied().unwrap_or(0)) {
            for axis in sample.concrete().as_ref().iter().skip(1) {
                wanted += &format!(", {axis}");
            }
        }
        fault(TableFault::Shape { shape: shape.to_vec(), wanted: wanted + "]" })
    };
    let rows = shape.first().copied().ok_or_else(wrong)?;
    let sample = S::of_rows(rows).ok_or_else(wrong)?;
    // `[samples]` is one value per sample.
    let wanted = sample.concrete();
    let wanted = wanted.as_ref();
    if shape != wanted && !(shape.len() == 1 && wanted[1..].iter().all(|axis| *axis == 1)) {
        return Err(wrong());
    }
    tensor(values)
}

/// Creates a tensor with the values of an array, whose shape has to be `[samples, …]` with the axes of the input or
/// target. A broadcast or transposed view is copied in its own order of axes.
///
/// ```
/// use mimo_data::from_ndarray;
/// use mimo_runtime::dfdx::{shapes::Const, tensor::{Cpu, Tensor}};
///
/// let array = ndarray::Array2::<f32>::zeros((10, 3));
/// let inputs: Tensor<(usize, Const<3>), f32, Cpu> = from_ndarray(&array)?;
/// # Ok::<(), mimo_runtime::error::Error>(())
/// ```
///
/// # Errors
/// [`Shape`](TableFault::Shape), and [`TensorLength`](Error::TensorLength) for no samples.
#[cfg(feature = "ndarray")]
pub fn from_ndarray<S, E, A, D>(array: &ndarray::ArrayBase<A, D>) -> Result<Tensor<S, E, Cpu>, Error>
where
    S: BatchShape,
    E: Unit,
    A: ndarray::Data<Elem = E>,
    D: ndarray::Dimension,
{
    tensor_of(array.iter().copied().collect(), array.shape())
}

/// Creates an array with the values of a tensor, for example to use predictions with `ndarray`.
///
/// # Errors
/// None for tensors of mimo.
#[cfg(feature = "ndarray")]
pub fn to_ndarray<S, E>(tensor: &Tensor<S, E, Cpu>) -> Result<ndarray::ArrayD<E>, Error>
where
    S: mimo_runtime::dfdx::shapes::Shape,
    E: Unit,
{
    use mimo_runtime::dfdx::shapes::HasShape;
    let shape = tensor.shape().concrete().as_ref().to_vec();
    ndarray::ArrayD::from_shape_vec(shape, tensor.as_vec()).map_err(Error::other)
}

#[cfg(feature = "ndarray")]
impl<A: ndarray::Data<Elem = f64>> From<&ndarray::ArrayBase<A, ndarray::Ix1>> for crate::Column {
    fn from(array: &ndarray::ArrayBase<A, ndarray::Ix1>) -> Self {
        crate::Column::numbers(array.to_vec())
    }
}
