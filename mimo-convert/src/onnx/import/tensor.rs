//! Tensors of the model while its source is made. ONNX's axes are written as products of mimo's axes and of the batch, so that
//! transpositions, reshapes that merge axes, and axes of length 1 need no statement.

use std::rc::Rc;

use super::array::{Array, Size};

/// A factor of one of ONNX's axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Atom {
    /// The samples.
    Batch,
    /// An axis of the tensor in mimo, which has no axis for the batch.
    Of(usize),
}

/// One of ONNX's axes: its factors, the slowest first; none for an axis of length 1 that mimo's tensor does not have.
pub(super) type Axis = Vec<Atom>;

/// A tensor that a name is bound to. Each of its axes in mimo is a factor of one of ONNX's axes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Placed {
    /// The binding.
    pub(super) name: String,
    /// ONNX's axes.
    pub(super) axes: Vec<Axis>,
    /// Whether no value is below zero.
    pub(super) nonnegative: bool,
}

impl Placed {
    /// A tensor with mimo's axes after the batch, as Keras has it.
    pub(super) fn plain(name: String, rank: usize) -> Placed {
        let axes = std::iter::once(vec![Atom::Batch]).chain((0..rank).map(|axis| vec![Atom::Of(axis)]));
        Placed { name, axes: axes.collect(), nonnegative: false }
    }

    /// The axis of mimo's tensor that one of ONNX's axes is, if it is one.
    pub(super) fn own(&self, axis: usize) -> Option<usize> {
        match self.axes.get(axis)?[..] {
            [Atom::Of(own)] => Some(own),
            _ => None,
        }
    }

    /// The number of axes in mimo.
    pub(super) fn rank(&self) -> usize {
        self.axes.iter().flatten().filter(|atom| matches!(atom, Atom::Of(_))).count()
    }

    /// The same axes of another tensor.
    pub(super) fn renamed(&self, name: String) -> Placed {
        Placed { name, axes: self.axes.clone(), nonnegative: false }
    }
}

/// The axes of mimo that are factors of an axis.
pub(super) fn owned(axis: &Axis) -> Vec<usize> {
    axis.iter()
        .filter_map(|atom| match atom {
            Atom::Of(own) => Some(*own),
            Atom::Batch => None,
        })
        .collect()
}

/// A value of the graph.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Numbers that are known.
    Known(Rc<Array>),
    /// One number at all places of a shape, which may be lost.
    Filled(f32, Option<Vec<Size>>),
    /// A tensor.
    Tensor(Placed),
    /// Tensors of equal axes, stacked along a new first axis: states of recurrent layers.
    Stacked(Vec<Placed>),
}
