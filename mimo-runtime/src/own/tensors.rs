//! Losses of tensors, differentiated by dfdx.

use dfdx::shapes::Const;
use dfdx::tensor::{Cpu, PutTape, SplitTape, Tape, TensorFromVec, Trace};
use dfdx::tensor_ops::Backward;

use super::candidate::{ClassIndices, Indices, Losses, Predictions, Targets, Tensors, Values};
use crate::float::Float;

/// A loss of several positions at once.
pub trait Batched<E> {
    /// Returns the losses of positions, and with `backward` their derivatives with respect to the predictions. `None`
    /// if the number of losses is not the number of positions, or predictions have another length than the function
    /// takes.
    fn run(&self, rows: usize, y: Vec<E>, target: Vec<E>, backward: bool) -> Option<(Vec<E>, Vec<E>)>;
}

impl<E: Float, const C: usize, F> Batched<E> for Tensors<Const<C>, Values, F>
where
    F: Fn(Predictions<C, E>, Targets<C, E>) -> Losses<E>,
{
    fn run(&self, rows: usize, y: Vec<E>, target: Vec<E>, backward: bool) -> Option<(Vec<E>, Vec<E>)> {
        let target = (target.len() == rows * C)
            .then(|| Cpu::default().try_tensor_from_vec(target, (rows, Const::<C>)).ok())??;
        run(rows, y, backward, |prediction| (self.0)(prediction, target))
    }
}

impl<E: Float, const C: usize, F> Batched<E> for Tensors<Const<C>, Indices, F>
where
    F: Fn(Predictions<C, E>, ClassIndices) -> Losses<E>,
{
    fn run(&self, rows: usize, y: Vec<E>, target: Vec<E>, backward: bool) -> Option<(Vec<E>, Vec<E>)> {
        // Class indices were checked when the data were read.
        let indices = target.iter().map(|index| index.f64() as usize).collect();
        let target =
            (target.len() == rows).then(|| Cpu::default().try_tensor_from_vec(indices, (rows,)).ok())??;
        run(rows, y, backward, |prediction| (self.0)(prediction, target))
    }
}

fn run<E: Float, const C: usize>(
    rows: usize,
    y: Vec<E>,
    backward: bool,
    loss: impl FnOnce(Predictions<C, E>) -> Losses<E>,
) -> Option<(Vec<E>, Vec<E>)> {
    if y.len() != rows * C {
        return None;
    }
    let y = Cpu::default().try_tensor_from_vec(y, (rows, Const::<C>)).ok()?;
    let losses = loss(y.leaky_trace());
    let (values, mut tape) = losses.split_tape();
    let found = values.as_vec();
    if found.len() != rows {
        return None;
    }
    if !backward {
        return Some((found, vec![]));
    }
    // The derivative of the sum of all losses. dfdx has no sum of a generic type.
    tape.add_backward_op(move |gradients| {
        gradients.get_or_alloc_mut(&values)?.fill(E::one());
        Ok(())
    });
    let total = Cpu::default().try_tensor_from_vec(vec![E::zero()], ()).ok()?.put_tape(tape);
    let mut gradients = total.try_backward().ok()?;
    let gradient = gradients.get_or_alloc_mut(&y).ok()?;
    Some((found, gradient.to_vec()))
}
