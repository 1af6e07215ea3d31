//! Visitor over the parts of an operation: the fields with a role.

use super::{
    BatchWeight, Cell, Drawn, ElementwiseStep, Encoding, FullyMasked, Interpolation, Length, MergeOp, Number,
    Padding, PoolKind, Randomness, Read, Reduction, Score, Scratch, Statistic, View, Weight, Written,
};
use crate::activation::Activation;
use crate::describe::List;
use crate::dim::Dim;
use crate::initializer::{Constraint, Regularizer};
use crate::loss::Loss;
use crate::metric::Metric;
use crate::target::Target;

/// A part of an operation that a plan connects with others.
#[derive(Clone, Copy, Debug)]
pub enum Part<'a, L> {
    /// A value that is read.
    Read(&'a Read<L>),
    /// A value that is written.
    Written(&'a Written<L>),
    /// A weight whose gradient the backward of a chunk sums up.
    Weight(&'a Weight<L>),
    /// A weight whose gradient is computed over the whole batch.
    BatchWeight(&'a BatchWeight),
    /// Scratch memory.
    Scratch(&'a Scratch<L>),
    /// A value without another role.
    View(&'a View<L>),
}

/// Same as [`Part`], mutable.
#[derive(Debug)]
pub enum PartMut<'a, L> {
    /// A value that is read.
    Read(&'a mut Read<L>),
    /// A value that is written.
    Written(&'a mut Written<L>),
    /// A weight whose gradient the backward of a chunk sums up.
    Weight(&'a mut Weight<L>),
    /// A weight whose gradient is computed over the whole batch.
    BatchWeight(&'a mut BatchWeight),
    /// Scratch memory.
    Scratch(&'a mut Scratch<L>),
    /// A value without another role.
    View(&'a mut View<L>),
}

/// A field of an operation, or an operation: visits its parts in order of declaration. A setting has none.
pub trait Field<L> {
    /// Visits the parts.
    fn parts<'a>(&'a self, visit: &mut dyn FnMut(Part<'a, L>)) {
        let _ = visit;
    }

    /// Visits the parts, mutably.
    fn parts_mut<'a>(&'a mut self, visit: &mut dyn FnMut(PartMut<'a, L>)) {
        let _ = visit;
    }
}

macro_rules! settings {
    ($($ty:ty),* $(,)?) => {
        $(impl<L> Field<L> for $ty {})*
    };
}
settings!(
    bool,
    u64,
    usize,
    f64,
    Activation,
    MergeOp,
    ElementwiseStep,
    Number,
    Encoding,
    Randomness,
    Drawn,
    Statistic,
    Score,
    FullyMasked,
    PoolKind,
    Reduction,
    Cell,
    Padding,
    Interpolation,
    Target,
    Metric,
    Regularizer,
    Constraint,
    Loss,
);

// An impl for every `Length` would overlap with the one of `usize`.
impl Field<Dim> for Dim {}

impl<L: Length, T: Field<L>> Field<L> for Option<T> {
    fn parts<'a>(&'a self, visit: &mut dyn FnMut(Part<'a, L>)) {
        self.iter().for_each(|value| value.parts(visit));
    }

    fn parts_mut<'a>(&'a mut self, visit: &mut dyn FnMut(PartMut<'a, L>)) {
        self.iter_mut().for_each(|value| value.parts_mut(visit));
    }
}

impl<L: Length, T: Field<L>, const N: usize> Field<L> for [T; N] {
    fn parts<'a>(&'a self, visit: &mut dyn FnMut(Part<'a, L>)) {
        self.iter().for_each(|value| value.parts(visit));
    }

    fn parts_mut<'a>(&'a mut self, visit: &mut dyn FnMut(PartMut<'a, L>)) {
        self.iter_mut().for_each(|value| value.parts_mut(visit));
    }
}

impl<L: Length, T: Field<L> + Clone> Field<L> for List<T> {
    fn parts<'a>(&'a self, visit: &mut dyn FnMut(Part<'a, L>)) {
        self.iter().for_each(|value| value.parts(visit));
    }

    fn parts_mut<'a>(&'a mut self, visit: &mut dyn FnMut(PartMut<'a, L>)) {
        self.to_mut().iter_mut().for_each(|value| value.parts_mut(visit));
    }
}

/// Visits every view of an item with parts. `rows` tells whether a view's memory grows with the rows of a chunk.
pub fn each_view<L>(of: &mut impl Field<L>, mut visit: impl FnMut(&mut View<L>, bool)) {
    of.parts_mut(&mut |part| match part {
        PartMut::Read(read) => {
            visit(&mut read.view, true);
            if let Some(target) = &mut read.gradient {
                visit(&mut target.view, true);
                target.mask.iter_mut().for_each(|view| visit(view, true));
            }
        }
        PartMut::Written(written) => {
            visit(&mut written.view, true);
            written.gradient.iter_mut().for_each(|view| visit(view, true));
        }
        PartMut::Weight(weight) => {
            weight.gradient.iter_mut().for_each(|gradient| visit(&mut gradient.view, false));
        }
        PartMut::Scratch(scratch) => visit(&mut scratch.view, !scratch.fixed),
        PartMut::View(view) => visit(view, true),
        PartMut::BatchWeight(_) => {}
    });
}
