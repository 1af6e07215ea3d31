//! Weights that an optimizer updates as a whole, because it needs a norm of them or products of matrices.
//!
//! Each has its own block and is one task of the update, so results are bit-identical for any number of threads. The
//! scratch memory of updates is allocated once.

use mimo_graph::spec::ModelSpec;

use crate::engine::buffer;
use crate::engine::rule::RuleState;
use crate::error::Error;
use crate::float::Float;
use crate::kernels::{AlignedVec, Claims};
use crate::program::Program;
use crate::rules::WholeWeight;

/// A weight that is updated as a whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whole {
    pub block: usize,
    pub weight: WholeWeight,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Wholes<E: Float> {
    pub all: Vec<Whole>,
    /// Boundaries in the parameter buffer: gap, weight, gap, weight, … so that weight `i` is piece `2i + 1`.
    pub bounds: Vec<usize>,
    /// The scratch memory of the updates, weight after weight.
    pub memory: AlignedVec<E>,
    /// Boundaries in it: weight `i` is piece `i`.
    pub memory_bounds: Vec<usize>,
    /// One per divided buffer: parameters, gradients, memory and slots.
    pub claims: [Claims; 6],
    /// By block: whether it is one of these weights.
    pub blocks: Vec<bool>,
}

impl<E: Float> Wholes<E> {
    /// Finds the weights of a model whose blocks have these optimizers.
    pub(super) fn new<'a>(
        spec: &ModelSpec,
        program: &Program,
        owner: &dyn Fn(usize) -> &'a RuleState<E>,
    ) -> Result<Self, Error> {
        let (mut all, mut bounds, mut memory_bounds) = (vec![], vec![0], vec![0]);
        let mut blocks = vec![false; program.blocks.len()];
        let mut len = 0;
        // Blocks in their order, as pieces of a buffer ascend.
        for (index, block) in program.blocks.iter().enumerate().filter(|(_, block)| block.gradient.is_some())
        {
            let mut params =
                program.params.iter().zip(spec.weights).filter(|(param, _)| param.block == index);
            let (owner, Some((param, weight))) = (owner(index), params.next()) else { continue };
            if !owner.optimizer.rule.updates_whole(param.shape.len(), weight.name)
                || block.rows * block.cols == 0
            {
                continue;
            }
            if params.next().is_some() {
                return Err(Error::Inconsistent { what: "a weight that is updated as a whole" });
            }
            // The block of an `EinsumDense` may be another matrix than that of the last axis.
            let values = block.rows * block.cols;
            let cols = param.shape.last().copied().unwrap_or(1);
            let matrices = match *param.shape {
                [.., rows, cols] => Some([values / (rows * cols), rows, cols]),
                _ => None,
            };
            let weight = WholeWeight { len: values, rows: values / cols, matrices };
            len += owner.rule.memory(weight);
            blocks[index] = true;
            all.push(Whole { block: index, weight });
            bounds.extend([block.offset, block.offset + block.rows * block.cols]);
            memory_bounds.push(len);
        }
        let claims = std::array::from_fn(|_| Claims::new(bounds.len()));
        Ok(Wholes { all, bounds, memory: buffer(len)?, memory_bounds, claims, blocks })
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}
