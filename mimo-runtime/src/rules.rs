//! Update rules of optimizers. Each is a separate type, so that a program links only the rules of its models.
//!
//! [`Trainable::RULES`](crate::model::Trainable::RULES) names the rules of a model. Nothing else in this crate does,
//! except for [`Any`]: the engine calls them through [`UpdateRule`], once for some rows of a weight.

mod kinds;
mod steps;

use std::fmt;

use mimo_graph::optimizer::Rule;

use crate::float::Float;
pub use kinds::{
    Adadelta, Adafactor, Adagrad, Adam, Adamax, AmsGrad, Any, Lamb, Lion, Momentum, Muon, Nadam, RmsProp, Sgd,
};

/// The rule of an optimizer in training: its settings, and the numbers of the current update.
pub trait UpdateRule<E>: fmt::Debug + Send + Sync {
    /// Number of the rule's buffers of the parameters' size; at most 3.
    fn slots(&self) -> usize;

    /// Computes the numbers of update `t`, from 1, with this learning rate. Called once for each update.
    fn prepare(&mut self, rate: E, t: E);

    /// Updates values one by one. All slices have one length, and there are at least [`slots`](Self::slots) slots.
    fn update(&self, values: &mut [E], gradients: &[E], slots: &mut [&mut [E]]);

    /// Number of values of scratch memory for the update of a whole weight, besides its slots.
    fn memory(&self, weight: WholeWeight) -> usize;

    /// Whether an update reads values that the previous one wrote to its [`memory`](Self::memory).
    fn remembers(&self) -> bool;

    /// Number that the rule keeps from update to update, besides slots and memory; 1 before the first.
    fn carried(&mut self) -> &mut E;

    /// Updates a whole weight with its gradients and its [`memory`](Self::memory).
    fn update_whole(
        &self,
        weight: WholeWeight,
        values: &mut [E],
        gradients: &[E],
        memory: &mut [E],
        slots: &mut [&mut [E]],
    );
}

/// Shape of a weight that is updated as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WholeWeight {
    /// Number of values.
    pub len: usize,
    /// Number of rows as a matrix whose columns are the last axis.
    pub rows: usize,
    /// Number of matrices, of their rows and of their columns; `None` if there are fewer than two axes.
    pub matrices: Option<[usize; 3]>,
}

/// Creates the rule of an optimizer; `None` if it has another rule.
pub type MakeRule<E> = fn(Rule) -> Option<Box<dyn UpdateRule<E>>>;

/// A kind of rules.
///
/// It has a function for each element type, so that it is compiled in this crate and with its optimisation level.
pub trait Kind {
    /// Creates the rule if it is of this kind.
    fn f32(rule: Rule) -> Option<Box<dyn UpdateRule<f32>>>;

    /// The same for `f64`.
    fn f64(rule: Rule) -> Option<Box<dyn UpdateRule<f64>>>;
}

/// The computation of one update.
trait Step<E>: Copy + fmt::Debug + Send + Sync + 'static {
    fn slots(&self) -> usize;

    /// See [`UpdateRule::update`]. Does nothing for a rule that updates whole weights only.
    fn update(&self, _values: &mut [E], _gradients: &[E], _slots: &mut [&mut [E]]) {}

    /// See [`UpdateRule::memory`].
    fn memory(&self, _weight: WholeWeight) -> usize {
        0
    }

    /// See [`UpdateRule::remembers`].
    fn remembers(&self) -> bool {
        false
    }

    /// See [`UpdateRule::update_whole`]. Does nothing for a rule that updates single values only.
    fn update_whole(
        &self,
        _weight: WholeWeight,
        _values: &mut [E],
        _gradients: &[E],
        _memory: &mut [E],
        _slots: &mut [&mut [E]],
    ) {
    }
}

/// A rule with the numbers of the current update.
struct Running<F, S, E> {
    /// Computes the numbers of an update from the learning rate, the number of the update and the number kept between
    /// updates.
    numbers: F,
    step: S,
    carried: E,
}

/// Creates a rule.
fn running<E: Float, S: Step<E>>(
    numbers: impl Fn(E, E, &mut E) -> S + Send + Sync + 'static,
) -> Box<dyn UpdateRule<E>> {
    let one = E::of(1.0);
    // All updates of a rule have the same number of slots. The numbers are recomputed before each update.
    let step = numbers(E::of(0.0), one, &mut one.clone());
    Box::new(Running { numbers, step, carried: one })
}

impl<F, S: fmt::Debug, E> fmt::Debug for Running<F, S, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.step.fmt(f)
    }
}

impl<E: Float, S: Step<E>, F: Fn(E, E, &mut E) -> S + Send + Sync> UpdateRule<E> for Running<F, S, E> {
    fn slots(&self) -> usize {
        self.step.slots()
    }

    fn prepare(&mut self, rate: E, t: E) {
        self.step = (self.numbers)(rate, t, &mut self.carried);
    }

    fn update(&self, values: &mut [E], gradients: &[E], slots: &mut [&mut [E]]) {
        self.step.update(values, gradients, slots);
    }

    fn memory(&self, weight: WholeWeight) -> usize {
        self.step.memory(weight)
    }

    fn remembers(&self) -> bool {
        self.step.remembers()
    }

    fn carried(&mut self) -> &mut E {
        &mut self.carried
    }

    fn update_whole(
        &self,
        weight: WholeWeight,
        values: &mut [E],
        gradients: &[E],
        memory: &mut [E],
        slots: &mut [&mut [E]],
    ) {
        self.step.update_whole(weight, values, gradients, memory, slots);
    }
}

#[cfg(test)]
mod tests;
