//! Functions that may be losses: the form of a function and its element types follow from its type when rustc
//! compiles the model.
//!
//! `(&&&candidate).verdict()` selects the method of [`WhenSlices`] if the function is a loss of slices, else that of
//! [`WhenTensors`] if it is one of tensors, else that of [`WhenMisfit`]: each is implemented for one reference less.
//! So a function of `f32` alone and one of any float type are used in the same way.

use std::marker::PhantomData;

use dfdx::shapes::{Const, Dim};
use dfdx::tensor::{Cpu, OwnedTape, Tensor};

use super::tensors::Batched;
use crate::chunk::Chunk;
use crate::float::Float;
use crate::loss::{LossOp, Masked, OwnLoss, OwnLossFn};

/// A function that may be a loss of `E` on an output with last axis `C`; `K` is the kind of its targets.
#[derive(Debug)]
pub struct Candidate<E, C, K, F>(F, PhantomData<(E, C, K)>);

impl<E, C, K, F> Candidate<E, C, K, F> {
    /// Creates a candidate.
    pub const fn new(function: F) -> Self {
        Candidate(function, PhantomData)
    }
}

/// Marks targets with as many values as predictions.
#[derive(Clone, Copy, Debug)]
pub struct Values;

/// Marks targets that are class indices.
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

/// Method of candidates that are losses of slices.
pub trait WhenSlices<F> {
    /// Returns the function as a loss of slices.
    fn verdict(&self) -> Slices<F>;
}

impl<E, C, K, F: Fn(&[E], &[E], &mut [E]) -> E + Copy> WhenSlices<F> for &&Candidate<E, C, K, F> {
    fn verdict(&self) -> Slices<F> {
        Slices(self.0)
    }
}

/// Method of candidates that are losses of tensors.
pub trait WhenTensors<C, K, F> {
    /// Returns the function as a loss of tensors.
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

/// Method of all other candidates.
pub trait WhenMisfit {
    /// Returns the mark of a function that is not a loss.
    fn verdict(&self) -> Misfit;
}

impl<E, C, K, F> WhenMisfit for Candidate<E, C, K, F> {
    fn verdict(&self) -> Misfit {
        Misfit
    }
}

/// Predictions passed to a loss of tensors, recorded by dfdx: positions, and the last axis of the output.
pub type Predictions<const C: usize, E = f32> = Tensor<(usize, Const<C>), E, Cpu, OwnedTape<E, Cpu>>;

/// Targets passed to a loss of tensors, in the shape of the predictions.
pub type Targets<const C: usize, E = f32> = Tensor<(usize, Const<C>), E, Cpu>;

/// Targets passed to a loss of tensors with `sparse = true`: the class index of each position.
pub type ClassIndices = Tensor<(usize,), usize, Cpu>;

/// Result of a loss of tensors: the loss of each position, which depends only on the prediction and the target of
/// that position.
pub type Losses<E = f32> = Tensor<(usize,), E, Cpu, OwnedTape<E, Cpu>>;

/// The loss of a candidate for an element type.
pub trait Verdict<E> {
    /// Returns the loss, if the candidate is one for this element type.
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

/// The verdicts on a function for `f32` and `f64`, at least one of which is a loss.
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

// One by one, so that rustc reports the message above and not which of the two does not fit.
impl<F, G> OneFits for (Slices<F>, Slices<G>) {}
impl<F> OneFits for (Slices<F>, Misfit) {}
impl<F> OneFits for (Misfit, Slices<F>) {}
impl<C, K, F, G> OneFits for (Tensors<C, K, F>, Tensors<C, K, G>) {}
impl<C, K, F> OneFits for (Tensors<C, K, F>, Misfit) {}
impl<C, K, F> OneFits for (Misfit, Tensors<C, K, F>) {}

/// Runs the pass of a custom loss.
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
