//! Weights that an optimizer updates as a whole, because it needs a norm of them or products of matrices.
//!
//! Each has a block to itself and is one task of the update, whoever runs it, so results are the same bits for any number of
//! threads. The memory that an update works in is allocated once.

use mimo_graph::optimizer::Rule;
use mimo_graph::spec::ModelSpec;

use crate::engine::buffer;
use crate::error::Error;
use crate::float::Float;
use crate::kernels::optimizer::{AdafactorStep, LambStep, MuonStep, adafactor_len, decay, muon_len};
use crate::kernels::{AlignedVec, Claims};
use crate::program::Program;

/// An update of a weight as a whole, with the numbers of one step.
#[derive(Clone, Copy, Debug)]
pub(super) enum WholeStep<E> {
    Adafactor(AdafactorStep<E>),
    Lamb(LambStep<E>),
    Muon(MuonStep<E>),
}

/// A weight that is updated as a whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whole {
    pub block: usize,
    /// Its rows as a matrix whose columns are the last axis.
    rows: usize,
    /// Number of matrices, their rows and their columns; `None` for less than two axes.
    shape: Option<[usize; 3]>,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Wholes<E: Float> {
    pub all: Vec<Whole>,
    /// Boundaries in the parameter buffer: gap, weight, gap, weight, … so that weight `i` is piece `2i + 1`.
    pub bounds: Vec<usize>,
    /// The memory of the updates, weight after weight.
    pub memory: AlignedVec<E>,
    /// Boundaries in it: weight `i` is piece `i`.
    pub memory_bounds: Vec<usize>,
    /// One per buffer that is cut: parameters, gradients, memory and slots.
    pub claims: [Claims; 6],
    /// By block: whether it is one of these weights.
    pub blocks: Vec<bool>,
}

impl<E: Float> Wholes<E> {
    /// Finds the weights of a model, whose blocks have these rules.
    pub(super) fn new(
        spec: &ModelSpec,
        program: &Program,
        rule: &dyn Fn(usize) -> Rule,
    ) -> Result<Self, Error> {
        let (mut all, mut bounds, mut memory_bounds) = (vec![], vec![0], vec![0]);
        let mut blocks = vec![false; program.blocks.len()];
        let mut len = 0;
        // Blocks in their order, as pieces of a buffer ascend.
        for (index, block) in program.blocks.iter().enumerate().filter(|(_, block)| block.gradient.is_some())
        {
            let mut params =
                program.params.iter().zip(spec.weights).filter(|(param, _)| param.block == index);
            let (rule, Some((param, weight))) = (rule(index), params.next()) else { continue };
            if !rule.updates_whole(param.shape.len(), weight.name) || block.rows * block.cols == 0 {
                continue;
            }
            if params.next().is_some() {
                return Err(Error::Inconsistent { what: "a weight that is updated as a whole" });
            }
            // The block of an `EinsumDense` may be another matrix than the last axis makes.
            let values = block.rows * block.cols;
            let cols = param.shape.last().copied().unwrap_or(1);
            let rows = values / cols;
            let shape = match *param.shape {
                [.., rows, cols] => Some([values / (rows * cols), rows, cols]),
                _ => None,
            };
            len += match rule {
                Rule::Adafactor { .. } => adafactor_len(values, shape),
                Rule::Muon { .. } => muon_len(rows, cols),
                _ => 0,
            };
            blocks[index] = true;
            all.push(Whole { block: index, rows, shape });
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

impl Whole {
    /// Updates the weight by its gradient, which is clipped.
    pub(super) fn update<E: Float>(
        &self,
        step: &WholeStep<E>,
        decayed: Option<E>,
        [values, gradients, memory]: [&mut [E]; 3],
        slots: &mut [&mut [E]],
    ) {
        if let Some(factor) = decayed {
            decay(values, factor);
        }
        match (step, slots) {
            (WholeStep::Lamb(step), [m, v, ..]) => step.apply(values, gradients, m, v),
            (WholeStep::Adafactor(step), _) => step.apply(values, gradients, memory, self.shape),
            (WholeStep::Muon(step), [m, ..]) => step.apply(values, gradients, m, self.rows, memory),
            // Those two have slots.
            (WholeStep::Lamb(_) | WholeStep::Muon(_), _) => {}
        }
    }
}
