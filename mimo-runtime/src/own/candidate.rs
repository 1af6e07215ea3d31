//! Functions that may be losses: for which element types one is a loss follows from its type, while rustc compiles the model.
//!
//! A method call on a [`Candidate`] finds [`WhenFits::verdict`] if the function has the form of a loss, and [`WhenMisfit::verdict`], which needs one
//! more reference, if not. So a function of `f32` alone, one of `f64` alone and one of any `Float` can be written in the same way.

use std::marker::PhantomData;

use crate::chunk::Chunk;
use crate::float::Float;
use crate::loss::{LossOp, Masked, OwnLossFn};

/// A function, to be compared with losses of `E`.
#[derive(Debug)]
pub struct Candidate<E, F>(F, PhantomData<E>);

impl<E, F> Candidate<E, F> {
    /// The function as a candidate.
    pub const fn new(function: F) -> Self {
        Candidate(function, PhantomData)
    }
}

/// A function that is a loss.
#[derive(Clone, Copy, Debug)]
pub struct Fits<F>(F);

/// A function that is not a loss of the element type.
#[derive(Clone, Copy, Debug)]
pub struct Misfit;

/// The method of candidates that are losses.
pub trait WhenFits {
    /// See [`Fits`].
    type Verdict;

    /// The function.
    fn verdict(&self) -> Self::Verdict;
}

impl<E, F: Fn(&[E], &[E], &mut [E]) -> E + Copy> WhenFits for Candidate<E, F> {
    type Verdict = Fits<F>;

    fn verdict(&self) -> Fits<F> {
        Fits(self.0)
    }
}

/// The method of all other candidates.
pub trait WhenMisfit {
    /// Nothing.
    fn verdict(&self) -> Misfit;
}

impl<E, F> WhenMisfit for &Candidate<E, F> {
    fn verdict(&self) -> Misfit {
        Misfit
    }
}

/// The loss of an element type, if there is one.
pub trait Verdict<E> {
    /// The loss.
    fn function(&self) -> Option<&OwnLossFn<E>>;
}

impl<E, F: Fn(&[E], &[E], &mut [E]) -> E + 'static> Verdict<E> for Fits<F> {
    fn function(&self) -> Option<&OwnLossFn<E>> {
        Some(&self.0)
    }
}

impl<E> Verdict<E> for Misfit {
    fn function(&self) -> Option<&OwnLossFn<E>> {
        None
    }
}

/// The verdicts on a function for `f32` and `f64`, of which one at least is that it is a loss.
#[diagnostic::on_unimplemented(
    message = "this is not a loss function",
    label = "expected `fn(&[f32], &[f32], &mut [f32]) -> f32`",
    note = "write `fn my_loss(prediction: &[f32], target: &[f32], gradient: &mut [f32]) -> f32`, which returns the loss of one \
            position and writes its derivative by each value of the prediction",
    note = "for models of `f64` as well, write `fn my_loss<E: mimo::Float>(prediction: &[E], target: &[E], gradient: &mut [E]) -> E`"
)]
pub trait OneFits {}

impl<F, G> OneFits for (Fits<F>, Fits<G>) {}
impl<F> OneFits for (Fits<F>, Misfit) {}
impl<F> OneFits for (Misfit, Fits<F>) {}

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
    E::own_loss(op, mask, of_f32.function(), of_f64.function(), chunk);
}
