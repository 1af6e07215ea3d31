//! Functions that may be losses: of which form one is, and for which element types, follows from its type while rustc compiles the model.
//!
//! `(&&&candidate).verdict()` finds the method of [`WhenSlices`] if the function is a loss of slices, else that of [`WhenTensors`] if it is
//! one of tensors, else that of [`WhenMisfit`]: each is implemented for one reference less. So a function of `f32` alone and one of
//! any float type are written in the same way.

use std::marker::PhantomData;

use dfdx::shapes::{Const, Dim};
use dfdx::tensor::{Cpu, OwnedTape, Tensor};

use super::tensors::Batched;
use crate::chunk::Chunk;
use crate::float::Float;
use crate::loss::{LossOp, Masked, OwnLoss, OwnLossFn};

/// A function, to be compared with losses of `E` on an output whose last axis is `C`; `K` is the kind of its targets.
#[derive(Debug)]
pub struct Candidate<E, C, K, F>(F, PhantomData<(E, C, K)>);

impl<E, C, K, F> Candidate<E, C, K, F> {
    /// The function as a candidate.
    pub const fn new(function: F) -> Self {
        Candidate(function, PhantomData)
    }
}

/// Targets are as many values as predictions.
#[derive(Clone, Copy, Debug)]
pub struct Values;

/// Targets are class indices.
#[derive(Clone, Copy, Debug)]
pub struct Indices;

/// A loss of slices.
#[derive(Clone, Copy, Debug)]
pub struct Slices<F>(F);

/// A loss of tensors.
#[derive(Clone, Copy, Debug)]
pub struct Tensors<C, K, F>(pub(super) F, PhantomData<(C, K)>);

/// A function that is not a loss of the element type.
#[derive(Clone, Copy, Debug)]
pub struct Misfit;

/// The method of candidates that are losses of slices.
pub trait WhenSlices<F> {
    /// The function.
    fn verdict(&self) -> Slices<F>;
}

impl<E, C, K, F: Fn(&[E], &[E], &mut [E]) -> E + Copy> WhenSlices<F> for &&Candidate<E, C, K, F> {
    fn verdict(&self) -> Slices<F> {
        Slices(self.0)
    }
}

/// The method of candidates that are losses of tensors.
pub trait WhenTensors<C, K, F> {
    /// The function.
    fn verdict(&self) -> Tensors<C, K, F>;
}

impl<E: Float, const C: usize, F> WhenTensors<Const<C>, Values, F> for &Candidate<E, Const<C>, Values, F>
where
    F: Fn(Predictions<C, E>, Targets<C, E>) -> Losses<E> + Copy,
{
    fn verdict(&self) -> Tensors<Const<C>, Values, F> {
        Tensors(self.0, PhantomData)
    }
}

impl<E: Float, const C: usize, F> WhenTensors<Const<C>, Indices, F> for &Candidate<E, Const<C>, Indices, F>
where
    F: Fn(Predictions<C, E>, ClassIndices) -> Losses<E> + Copy,
{
    fn verdict(&self) -> Tensors<Const<C>, Indices, F> {
        Tensors(self.0, PhantomData)
    }
}

/// The method of all other candidates.
pub trait WhenMisfit {
    /// Nothing.
    fn verdict(&self) -> Misfit;
}

impl<E, C, K, F> WhenMisfit for Candidate<E, C, K, F> {
    fn verdict(&self) -> Misfit {
        Misfit
    }
}

/// Predictions of a loss of tensors, recorded by dfdx: positions, and the last axis of the output.
pub type Predictions<const C: usize, E = f32> = Tensor<(usize, Const<C>), E, Cpu, OwnedTape<E, Cpu>>;

/// Targets of a loss of tensors, in the shape of the predictions.
pub type Targets<const C: usize, E = f32> = Tensor<(usize, Const<C>), E, Cpu>;

/// Targets of a loss of tensors with `sparse = true`: the class index of each position.
pub type ClassIndices = Tensor<(usize,), usize, Cpu>;

/// What a loss of tensors returns: the loss of each position, which depends on the prediction and the target of that position only.
pub type Losses<E = f32> = Tensor<(usize,), E, Cpu, OwnedTape<E, Cpu>>;

/// The loss of an element type, if there is one.
pub trait Verdict<E> {
    /// The loss.
    fn loss(&self) -> Option<OwnLoss<'_, E>>;
}

impl<E, F: Fn(&[E], &[E], &mut [E]) -> E + 'static> Verdict<E> for Slices<F> {
    fn loss(&self) -> Option<OwnLoss<'_, E>> {
        let function: &OwnLossFn<'_, E> = &self.0;
        Some(OwnLoss::Position(function))
    }
}

impl<E, C: Dim, K, F> Verdict<E> for Tensors<C, K, F>
where
    Self: Batched<E>,
{
    fn loss(&self) -> Option<OwnLoss<'_, E>> {
        Some(OwnLoss::Positions(self))
    }
}

impl<E> Verdict<E> for Misfit {
    fn loss(&self) -> Option<OwnLoss<'_, E>> {
        None
    }
}

/// The verdicts on a function for `f32` and `f64`, of which at least one is that it is a loss.
#[diagnostic::on_unimplemented(
    message = "this function is not a loss of the output",
    label = "expected a function of slices or of tensors",
    note = "of slices: `fn my_loss(prediction: &[f32], target: &[f32], gradient: &mut [f32]) -> f32` returns the loss of one \
            position and writes its derivative by each value of the prediction",
    note = "of tensors: `fn my_loss(prediction: Predictions<N>, target: Targets<N>) -> Losses`, with the types of `mimo::loss`, where \
            `N` is the last axis of the output",
    note = "with `sparse = true` targets are class indices, one per position: `target` is `ClassIndices` for a loss of tensors"
)]
pub trait OneFits {}

// One by one, so that rustc says what is written above and not which of the two does not fit.
impl<F, G> OneFits for (Slices<F>, Slices<G>) {}
impl<F> OneFits for (Slices<F>, Misfit) {}
impl<F> OneFits for (Misfit, Slices<F>) {}
impl<C, K, F, G> OneFits for (Tensors<C, K, F>, Tensors<C, K, G>) {}
impl<C, K, F> OneFits for (Tensors<C, K, F>, Misfit) {}
impl<C, K, F> OneFits for (Misfit, Tensors<C, K, F>) {}

/// The pass of a loss of one's own.
pub fn loss<E: Float, A: Verdict<f32>, B: Verdict<f64>>(
    op: &LossOp,
    mask: Option<&Masked>,
    of_f32: A,
    of_f64: B,
    chunk: &mut Chunk<'_, E>,
) where
    (A, B): OneFits,
{
    E::own_loss(op, mask, of_f32.loss(), of_f64.loss(), chunk);
}
