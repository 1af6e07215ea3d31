//! Steered weights: frozen, or with their own learning rate or weight decay.
//!
//! Nothing of this is allocated until a weight is steered.

use mimo_graph::optimizer::{Optimizer, Rule};

use crate::engine::Engine;
use crate::engine::rule::{RuleState, Rules};
use crate::error::Error;
use crate::float::Float;
use crate::program::{MovingAverage, Program};

/// Steering of a weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Steer {
    /// Whether training does not change it.
    pub frozen: bool,
    /// Factor of the learning rate.
    pub rate: f64,
    /// Weight decay that replaces the optimizer's.
    pub decay: Option<f64>,
}

impl Steer {
    /// The default: as the optimizer specifies.
    pub(super) const DEFAULT: Steer = Steer { frozen: false, rate: 1.0, decay: None };
}

/// Steering of all weights.
#[derive(Debug)]
pub(super) struct Steering<E: Float> {
    /// By weight.
    pub weights: Vec<Steer>,
    /// By weight: its update.
    updates: Vec<Update>,
    /// By block: the update of all of its weights; `None` if they differ.
    blocks: Vec<Option<Update>>,
    /// By block: whether it holds moving averages of a layer with all weights frozen.
    inference: Vec<bool>,
    /// Optimizers with other numbers, one for each combination that some weight needs.
    variants: Vec<Variant<E>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Update {
    Optimizer,
    Variant(usize),
    None,
}

/// An optimizer with another learning rate or weight decay.
#[derive(Debug)]
struct Variant<E: Float> {
    /// Index of the optimizer.
    owner: usize,
    rate: f64,
    decay: Option<f64>,
    state: RuleState<E>,
}

impl<E: Float> Variant<E> {
    /// The optimizer at the step after the first `steps` steps, with the numbers of the variant.
    fn optimizer(&self, owner: &RuleState<E>, steps: u64) -> Optimizer {
        let mut optimizer = owner.optimizer;
        (optimizer.learning_rate, optimizer.schedule) = (owner.learning_rate(steps) * self.rate, None);
        if let Some(decay) = self.decay {
            optimizer.weight_decay = Some(decay);
            // Muon has another weight decay for the weights that its Adam trains.
            if let Rule::Muon { adam_weight_decay, .. } = &mut optimizer.rule {
                *adam_weight_decay = Some(decay);
            }
        }
        optimizer
    }
}

impl<E: Float> Steering<E> {
    /// The steering of these weights; `None` if all have the default.
    pub(super) fn new(
        program: &Program,
        weights: Vec<Steer>,
        rules: &mut [RuleState<E>],
        owners: &[usize],
    ) -> Result<Option<Self>, Error> {
        if weights.iter().all(|steer| *steer == Steer::DEFAULT) {
            return Ok(None);
        }
        let mut variants: Vec<Variant<E>> = vec![];
        let mut updates = vec![];
        let mut blocks: Vec<Option<Option<Update>>> = vec![None; program.blocks.len()];
        for (param, steer) in program.params.iter().zip(&weights) {
            let Steer { frozen, rate, decay } = *steer;
            let owner = owners[param.block];
            let found = variants.iter().position(|it| (it.owner, it.rate, it.decay) == (owner, rate, decay));
            let update = match found {
                _ if frozen => Update::None,
                _ if *steer == Steer::DEFAULT => Update::Optimizer,
                Some(found) => Update::Variant(found),
                None => {
                    let state = rules[owner].again()?;
                    variants.push(Variant { owner, rate, decay, state });
                    Update::Variant(variants.len() - 1)
                }
            };
            updates.push(update);
            let block = &mut blocks[param.block];
            *block = match block {
                None => Some(Some(update)),
                Some(Some(all)) if *all == update => Some(Some(update)),
                Some(_) => Some(None),
            };
        }
        let blocks = blocks.into_iter().map(|block| block.unwrap_or(Some(Update::Optimizer))).collect();
        let inference = inference(program, &weights);
        Ok(Some(Steering { weights, updates, blocks, inference, variants }))
    }

    /// Computes the numbers of the step after the first `steps` steps; those of the optimizers are computed before.
    pub(super) fn prepare(&mut self, rules: &[RuleState<E>], steps: u64) {
        for variant in &mut self.variants {
            variant.state.optimizer = variant.optimizer(&rules[variant.owner], steps);
            variant.state.prepare(steps);
        }
    }

    /// Whether a weight is frozen.
    pub(super) fn is_frozen(&self, weight: usize) -> bool {
        self.weights.get(weight).is_some_and(|steer| steer.frozen)
    }

    /// Whether all weights of a block are frozen.
    pub(super) fn is_block_frozen(&self, block: usize) -> bool {
        self.blocks[block] == Some(Update::None)
    }

    /// Whether some weight of a block is frozen.
    pub(super) fn freezes_in(&self, block: usize) -> bool {
        self.blocks[block].is_none_or(|update| update == Update::None)
    }

    /// The optimizer that updates a block, `Some(None)` for no update; `None` if its weights differ.
    pub(super) fn of_block<'a>(
        &'a self,
        block: usize,
        owner: &'a RuleState<E>,
    ) -> Option<Option<&'a RuleState<E>>> {
        self.blocks[block].map(|update| self.state(update, owner))
    }

    /// The optimizer that updates a weight; `None` if it is frozen.
    pub(super) fn of_weight<'a>(
        &'a self,
        weight: usize,
        owner: &'a RuleState<E>,
    ) -> Option<&'a RuleState<E>> {
        self.state(self.updates.get(weight).copied().unwrap_or(Update::Optimizer), owner)
    }

    fn state<'a>(&'a self, update: Update, owner: &'a RuleState<E>) -> Option<&'a RuleState<E>> {
        match update {
            Update::Optimizer => Some(owner),
            Update::Variant(variant) => Some(&self.variants[variant].state),
            Update::None => None,
        }
    }
}

impl<E: Float> Engine<E> {
    /// Whether a weight is frozen.
    pub fn is_frozen(&self, weight: usize) -> bool {
        self.rules.as_ref().is_some_and(|rules| rules.is_frozen(weight))
    }

    /// Whether training steps change a weight: a loss depends on it and the description does not fix it, or it is a
    /// moving average or the vector of a normalized kernel.
    pub fn is_trained(&self, weight: usize) -> bool {
        let Some(param) = self.program.params.get(weight) else { return false };
        let blocks = self.program.blocks;
        blocks.get(param.block).is_some_and(|block| block.gradient.is_some())
            || self.program.moving.iter().any(|average| average.block == param.block)
            || self.spectral.kernels.iter().any(|kernel| kernel.vector == param.block)
    }

    /// Changes the steering of some weights.
    ///
    /// # Errors
    /// [`Error::Inconsistent`] for rules that are not those of the optimizers.
    pub fn steer(&mut self, weights: &[usize], change: &dyn Fn(&mut Steer)) -> Result<(), Error> {
        let program = self.program;
        let Some(rules) = &mut self.rules else { return Ok(()) };
        let mut steers = rules.steers(program);
        for weight in weights {
            if let Some(steer) = steers.get_mut(*weight) {
                change(steer);
            }
        }
        E::steer(self, steers)
    }
}

impl<E: Float> Rules<E> {
    /// Whether a weight is frozen.
    pub(super) fn is_frozen(&self, weight: usize) -> bool {
        self.steering.as_ref().is_some_and(|steering| steering.is_frozen(weight))
    }

    /// Whether all weights of a block are frozen.
    pub(super) fn is_block_frozen(&self, block: usize) -> bool {
        self.steering.as_ref().is_some_and(|steering| steering.is_block_frozen(block))
    }

    /// Steering of the weights.
    pub(super) fn steers(&self, program: &Program) -> Vec<Steer> {
        match &self.steering {
            Some(steering) => steering.weights.clone(),
            None => vec![Steer::DEFAULT; program.params.len()],
        }
    }

    /// Sets the steering of the weights.
    pub(super) fn steer(&mut self, program: &Program, weights: Vec<Steer>) -> Result<(), Error> {
        self.steering = Steering::new(program, weights, &mut self.rules, &self.owners)?;
        Ok(())
    }
}

/// By block: whether it holds moving averages of a layer with all weights frozen. (If only the averages are, the
/// layer computes with the statistics of the batch, on which the gradients of its other weights depend.)
fn inference(program: &Program, weights: &[Steer]) -> Vec<bool> {
    let mut inference = vec![false; program.blocks.len()];
    for average in program.moving {
        let layer = program.params.iter().find(|param| param.block == average.block).map(|param| param.layer);
        let mut own = program.params.iter().zip(weights).filter(|(param, _)| Some(param.layer) == layer);
        inference[average.block] = layer.is_some() && own.all(|(_, steer)| steer.frozen);
    }
    inference
}

/// Makes frozen batch normalizations use their moving averages, as in inference: replaces the statistics of the batch
/// by these, and the sums for the gradient of the statistics by zeros.
pub(super) fn use_frozen_statistics<E: Float>(
    program: &Program,
    rules: Option<&Rules<E>>,
    values: &[E],
    merged: &mut [f64],
) {
    let Some(steering) = rules.and_then(|rules| rules.steering.as_ref()) else { return };
    for average in program.moving.iter().filter(|average| steering.inference[average.block]) {
        let start = program.blocks[average.block].offset;
        let MovingAverage { sums, len, .. } = *average;
        let values = &values[start..start + len];
        merged[sums..sums + len].iter_mut().zip(values).for_each(|(to, value)| *to = value.f64());
        // The sums of a call are mean, variance, `Σ dy` and `Σ dy·x̂`, each by channel.
        merged[sums + 2 * len..sums + 3 * len].fill(0.0);
    }
}
