//! What fixes are made from: the facts, the call that is wrong, and changes to try.

use std::cell::Cell;

use crate::build::Given;
use crate::context::DimCheck;
use crate::diag::Loc;
use crate::graph::Graph;
use crate::ids::{LayerId, TensorId};
use crate::layers::LayerKind;
use crate::shape::{Dtype, Shape};

/// What is known besides the graph.
#[derive(Clone, Copy)]
pub(in crate::build) struct Known<'a> {
    pub(in crate::build) graph: &'a Graph,
    /// What const evaluation finds out already.
    pub(in crate::build) checks: &'a [DimCheck],
    /// Shapes that the user wrote.
    pub(in crate::build) ascribed: &'a [(TensorId, Shape)],
    /// Remaining calls that are inferred again: a model with many mistakes does not get fixes for all of them.
    pub(in crate::build) tries: &'a Cell<usize>,
}

/// A call that something is wrong with.
#[derive(Clone, Copy)]
pub(in crate::build) struct Call<'a> {
    pub(in crate::build) layer: LayerId,
    /// The layer with the settings of the call, if it has any.
    pub(in crate::build) called: Option<&'a LayerKind>,
    pub(in crate::build) inputs: &'a [Given],
    pub(in crate::build) loc: Loc,
    /// The first call's operand, for a layer whose weights do not fit a later one.
    pub(in crate::build) like: Option<TensorId>,
}

/// A change of the facts.
pub(super) enum Patch {
    /// A layer, made otherwise.
    Layer(LayerId, LayerKind),
    /// An input that holds something else.
    Input(TensorId, Dtype),
    /// A layer between the call and one of its operands.
    Between(usize, LayerKind),
}

/// A fix to try, and the text that offers it if it fits.
pub(super) struct Candidate {
    pub(super) patches: Vec<Patch>,
    /// Whether everything else is offered before it.
    pub(super) unlikely: bool,
    /// The text without the shape that it ends with.
    pub(super) text: String,
    /// The shape that the text ends with.
    pub(super) shows: Shows,
}

/// The shape that a text ends with.
pub(super) enum Shows {
    /// No shape.
    Nothing,
    /// The shape of the first output of the call.
    Given,
    /// The shape of a tensor that is named last.
    Tensor(TensorId),
    /// The shape of an operand.
    Operand(usize),
}
