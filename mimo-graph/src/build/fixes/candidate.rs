//! Inputs of the search for fixes: the facts, the invalid call, and the changes to try.

use std::cell::Cell;

use crate::build::Given;
use crate::context::DimCheck;
use crate::diag::Loc;
use crate::graph::Graph;
use crate::ids::{LayerId, TensorId};
use crate::layers::LayerKind;
use crate::shape::{Dtype, Shape};

/// Facts besides the graph.
#[derive(Clone, Copy)]
pub(in crate::build) struct Known<'a> {
    pub(in crate::build) graph: &'a Graph,
    /// Checks that are left to const evaluation already.
    pub(in crate::build) checks: &'a [DimCheck],
    /// Shapes that the user wrote.
    pub(in crate::build) ascribed: &'a [(TensorId, Shape)],
    /// Remaining calls that are inferred again: a model with many errors does not get fixes for all of them.
    pub(in crate::build) tries: &'a Cell<usize>,
}

/// An invalid call.
#[derive(Clone, Copy)]
pub(in crate::build) struct Call<'a> {
    pub(in crate::build) layer: LayerId,
    /// The layer with the settings of the call, if it has any.
    pub(in crate::build) called: Option<&'a LayerKind>,
    pub(in crate::build) inputs: &'a [Given],
    pub(in crate::build) loc: Loc,
    /// Operand of the first call, for a layer whose weights do not fit a later one.
    pub(in crate::build) like: Option<TensorId>,
}

/// A change of the facts.
pub(super) enum Patch {
    /// Replaces a layer.
    Layer(LayerId, LayerKind),
    /// Changes the element type of an input.
    Input(TensorId, Dtype),
    /// Inserts a layer between an operand and the call.
    Between(usize, LayerKind),
}

/// A fix to try, and its text.
pub(super) struct Candidate {
    pub(super) patches: Vec<Patch>,
    /// Whether it is only shown after all others.
    pub(super) unlikely: bool,
    /// The text without the final shape.
    pub(super) text: String,
    /// The shape at the end of the text.
    pub(super) shows: Shows,
}

/// Shape at the end of a text.
pub(super) enum Shows {
    /// No shape.
    Nothing,
    /// The shape of the first output of the call.
    Given,
    /// The shape of a tensor that the text names last.
    Tensor(TensorId),
    /// The shape of an operand.
    Operand(usize),
}
