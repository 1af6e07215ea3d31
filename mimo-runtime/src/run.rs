//! Execution of layers, losses and other operations of a compiled model on a chunk.

use crate::chunk::Chunk;

/// An element type that can execute operation `Op`.
///
/// Operations are plain data that the macro writes as constants. This trait is implemented for `f32` and `f64`
/// concretely, so that its code is compiled once, in this crate and with its optimisation level, and not in the
/// user's.
pub trait Run<Op>: Sized {
    /// Computes the outputs of the operation from its inputs.
    fn forward(op: &Op, chunk: &mut Chunk<'_, Self>);

    /// Computes the gradients of the inputs from the gradients of the outputs.
    fn backward(op: &Op, chunk: &mut Chunk<'_, Self>);
}

/// The same as methods of the operation: `DENSE.forward(chunk)`.
pub trait Operation: Sized {
    /// Computes the outputs of the operation from its inputs.
    #[inline]
    fn forward<E: Run<Self>>(&self, chunk: &mut Chunk<'_, E>) {
        E::forward(self, chunk);
    }

    /// Computes the gradients of the inputs.
    #[inline]
    fn backward<E: Run<Self>>(&self, chunk: &mut Chunk<'_, E>) {
        E::backward(self, chunk);
    }
}

/// Implements [`Run`] for `f32` and `f64` from two generic functions, and [`Operation`]. What follows `sums` runs
/// beside the operations of the forward pass without being one, so that the [watch](crate::watch) does not count it.
macro_rules! run {
    (sums $op:ty, $forward:path, $backward:path) => {
        impl crate::run::Operation for $op {}
        crate::run::run!(@ $op, $forward, $backward, f32, |_| {});
        crate::run::run!(@ $op, $forward, $backward, f64, |_| {});
    };
    ($op:ty, $forward:path, $backward:path) => {
        impl crate::run::Operation for $op {}
        crate::run::run!(@ $op, $forward, $backward, f32, crate::watch::after);
        crate::run::run!(@ $op, $forward, $backward, f64, crate::watch::after);
    };
    (@ $op:ty, $forward:path, $backward:path, $float:ty, $after:expr) => {
        impl crate::run::Run<$op> for $float {
            fn forward(op: &$op, chunk: &mut crate::chunk::Chunk<'_, $float>) {
                $forward(op, chunk);
                let after: fn(&crate::chunk::Chunk<'_, $float>) = $after;
                after(chunk);
            }
            fn backward(op: &$op, chunk: &mut crate::chunk::Chunk<'_, $float>) {
                $backward(op, chunk);
            }
        }
    };
}
pub(crate) use run;
