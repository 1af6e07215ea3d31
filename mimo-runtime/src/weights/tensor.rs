//! Weights of any shape as one type. Generated code names every weight once, and code that runs for a weight is
//! compiled once for each number of axes, not for each shape: a model has few of the former and many of the latter.

use dfdx::shapes::{Const, ConstShape, Dtype, HasShape, Shape};
use dfdx::tensor::{Cpu, Tensor, TensorFromVec};
use dfdx::tensor_ops::{RealizeTo, ReshapeTo};

use crate::error::Error;

/// A shape with constant lengths, and the shape of as many axes with lengths at run time.
pub trait Fixed: ConstShape {
    /// Shape of as many axes.
    type Any: Shape<Concrete = Self::Concrete>;
}

impl Fixed for () {
    type Any = ();
}

macro_rules! fixed {
    ($($any:ty: $($length:ident)*;)*) => {$(
        impl<$(const $length: usize),*> Fixed for ($(Const<$length>,)*) {
            type Any = $any;
        }
    )*};
}

fixed! {
    (usize,): A;
    (usize, usize): A B;
    (usize, usize, usize): A B C;
    (usize, usize, usize, usize): A B C D;
    (usize, usize, usize, usize, usize): A B C D E;
    (usize, usize, usize, usize, usize, usize): A B C D E F;
}

/// A weight of a model, whatever its shape.
pub trait AnyWeight<E> {
    /// Returns a copy of its values in row-major order.
    fn read(&self) -> Vec<E>;

    /// Calls `write` with its values in row-major order, to be changed. The tensor keeps its identity, by which
    /// dfdx's gradients and optimizers recognize it.
    fn write(&mut self, write: &mut dyn FnMut(&mut [E]));
}

impl<S: Fixed, E: Dtype> AnyWeight<E> for Tensor<S, E, Cpu> {
    fn read(&self) -> Vec<E> {
        self.clone().try_realize::<S::Any>().map_or_else(|_| Vec::new(), |tensor| values(&tensor))
    }

    fn write(&mut self, write: &mut dyn FnMut(&mut [E])) {
        // The lengths are equal, so that neither fails.
        if let Ok(tensor) = self.clone().try_realize::<S::Any>()
            && let Ok(written) = written(tensor, write).try_realize::<S>()
        {
            *self = written;
        }
    }
}

/// Returns a copy of a tensor's values in row-major order.
#[inline(never)]
pub(super) fn values<S: Shape, E: Dtype>(tensor: &Tensor<S, E, Cpu>) -> Vec<E> {
    // dfdx 0.13 panics when it reads the first value of an empty tensor.
    if tensor.shape().num_elements() == 0 { Vec::new() } else { tensor.as_vec() }
}

#[inline(never)]
fn written<S: Shape, E: Dtype>(
    tensor: Tensor<S, E, Cpu>,
    write: &mut dyn FnMut(&mut [E]),
) -> Tensor<S, E, Cpu> {
    let mut values = values(&tensor);
    write(&mut values);
    // Slices are copied to the start of a tensor's memory, which is its first value only if no axis is permuted or
    // broadcast; users can put such a tensor into a field. If there is no memory for a contiguous copy, the values
    // themselves become a new tensor.
    match tensor.clone().try_contiguous() {
        Ok(mut contiguous) => {
            drop(tensor);
            contiguous.copy_from(&values);
            contiguous
        }
        Err(_) => {
            let replaced = tensor.device().try_tensor_from_vec(values, *tensor.shape());
            replaced.unwrap_or(tensor)
        }
    }
}

/// A layer on the processor that a [`Maker`] creates.
pub trait Made<E: Dtype>: Sized {
    /// Creates its weights in the order of the model's description, starting at index `next`, which is advanced past
    /// them.
    ///
    /// # Errors
    /// If there is no memory for one.
    fn make(maker: &mut Maker<'_, E>, next: &mut usize) -> Result<Self, Error>;
}

/// Creates the weights of a model, which `write` fills by their indices.
#[expect(missing_debug_implementations, reason = "a closure has nothing to show")]
pub struct Maker<'a, E> {
    write: &'a mut dyn FnMut(usize, &mut [E]),
    device: Cpu,
}

impl<'a, E: Dtype> Maker<'a, E> {
    /// Creates a maker; `write` gets zeros, with the index of the weight.
    pub fn new(write: &'a mut dyn FnMut(usize, &mut [E])) -> Self {
        Maker { write, device: Cpu::default() }
    }

    /// Creates a layer whose first weight has the index `first`.
    ///
    /// # Errors
    /// If there is no memory for it.
    // A model's layers are created in few functions, which grow large if each layer is inlined into them.
    #[inline(never)]
    pub fn layer<L: Made<E>>(&mut self, first: usize) -> Result<L, Error> {
        let mut index = first;
        L::make(self, &mut index)
    }

    /// Creates the weight with this index, which is advanced.
    pub(crate) fn next<S: Fixed>(&mut self, index: &mut usize) -> Result<Tensor<S, E, Cpu>, Error> {
        let shape = S::default().concrete();
        let made = self.made::<S::Any>(*index, &shape)?;
        *index += 1;
        made.try_realize().map_err(|_| Error::Memory { values: S::NUMEL })
    }

    #[inline(never)]
    fn made<S: Shape>(&mut self, index: usize, lengths: &S::Concrete) -> Result<Tensor<S, E, Cpu>, Error> {
        let len = lengths.as_ref().iter().product();
        let failed = || Error::Memory { values: len };
        let mut values = Vec::new();
        values.try_reserve_exact(len).map_err(|_| failed())?;
        values.resize(len, E::default());
        (self.write)(index, &mut values);
        let shape = S::from_concrete(lengths).ok_or_else(failed)?;
        self.device.try_tensor_from_vec(values, shape).map_err(|_| failed())
    }
}
