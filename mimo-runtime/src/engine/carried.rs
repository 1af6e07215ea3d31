//! The state that an engine passes from step to step, for checkpoints.
//!
//! Every struct of the engine is destructured without `..`, so that a new field is either saved or explicitly
//! ignored.

use mimo_graph::optimizer::Optimizer;
use mimo_graph::spec::ModelSpec;

use super::labels::Labels;
use super::rule::{RuleState, Rules};
use super::spectral::Spectral;
use super::states::States;
use super::steering::Steer;
use super::tasks::Parameters;
use super::whole::Wholes;
use super::{Engine, copy_in, copy_out};
use crate::error::Error;
use crate::file::checkpoint::{Flow, MOST, Transfer, name};
use crate::float::Float;
use crate::kernels::AlignedVec;
use crate::program::Program;

const LAYOUT: Error = Error::Inconsistent { what: "the weights and the parameter buffer" };

impl<E: Float> Engine<E> {
    /// Visits all state that the next steps depend on.
    ///
    /// # Errors
    /// [`Error::Memory`], [`Error::Inconsistent`].
    pub(crate) fn carry(&mut self, spec: &ModelSpec, transfer: &mut Transfer<'_>) -> Result<(), Error> {
        E::carry(self, spec, transfer)
    }
}

pub(super) fn carry<E: Float>(
    engine: &mut Engine<E>,
    spec: &ModelSpec,
    transfer: &mut Transfer<'_>,
) -> Result<(), Error> {
    let Engine {
        // Given by the model and the machine.
        program,
        forward: _,
        stages: _,
        pool: _,
        masks: _,
        own: _,
        labels,
        // Already reported.
        warnings: _,
        // Requested by a callback when training begins.
        search: _,
        // Written before it is read in each batch or prediction.
        train_chunks: _,
        predict_chunks: _,
        custom: _,
        parameters,
        rules,
        states,
        spectral,
        seed,
        passes,
    } = engine;
    let Parameters {
        values,
        // Of the last step, for inspection.
        gradients: _,
        // Copies of the values.
        packs: _,
        interleaves: _,
        // Layout.
        blocks: _,
        tasks: _,
        bounds: _,
        pack_bounds: _,
        constrained: _,
        orthogonal: _,
        // Of one step.
        claims: _,
        penalties: _,
        scales: _,
    } = parameters;
    // Copies are made from the kernels, and the rest is of one step.
    let Spectral { kernels: _, before: _, memory: _, copied } = spectral;
    *copied = false;

    let walk = Weights { program, spec };
    walk.check()?;
    walk.each(transfer, None, values, |_| true)?;
    transfer.numbers(&name(&["random", "seed"]), std::slice::from_mut(seed))?;
    transfer.numbers(&name(&["random", "passes"]), std::slice::from_mut(passes))?;
    carry_states(states, transfer)?;
    match rules {
        Some(rules) => {
            carry_rules(rules, walk, transfer)?;
            // Otherwise an update only depends on its own batch.
            if rules.accumulated.is_empty() { Ok(()) } else { carry_labels(labels, transfer) }
        }
        None => Ok(()),
    }
}

/// The weights without a target in any of the batches of the next update.
fn carry_labels(labels: &mut Labels, transfer: &mut Transfer<'_>) -> Result<(), Error> {
    let Labels {
        // Given by the model.
        starts: _,
        labelled_by: _,
        // Of one step.
        custom: _,
        unlabelled: _,
        idle: _,
        blocks: _,
        any: _,
        waiting,
    } = labels;
    let mut flags: Vec<u8> = waiting.iter().map(|waits| u8::from(*waits)).collect();
    let valid = ("0 or 1 for each weight", |flag: u8| flag <= 1);
    transfer.valid(&name(&["labels", "waiting"]), &mut flags, valid)?;
    for (waits, flag) in waiting.iter_mut().zip(flags) {
        *waits = flag != 0;
    }
    Ok(())
}

/// The states of all `stateful` layers, one after another.
fn carry_states<E: Float>(states: &mut States<E>, transfer: &mut Transfer<'_>) -> Result<(), Error> {
    // The next ones belong to the current batch.
    let States { places, rows, values, next: _ } = states;
    let width: usize = places.iter().map(|place| place.from.len).sum();
    if width == 0 {
        return Ok(());
    }
    let name = name(&["states"]);
    let mut all = if *rows == 0 { vec![] } else { values.concat() };
    transfer.list(&name, &mut all)?;
    transfer.expect::<E>(&name, "the states of complete samples", |all| all.len().is_multiple_of(width));
    *rows = all.len() / width;
    values.resize(places.len(), vec![]);
    let mut rest = &all[..];
    for (place, values) in places.iter().zip(values) {
        let (own, others) = rest.split_at((*rows * place.from.len).min(rest.len()));
        values.clear();
        values.extend_from_slice(own);
        rest = others;
    }
    Ok(())
}

fn carry_rules<E: Float>(
    rules: &mut Rules<E>,
    walk: Weights<'_>,
    transfer: &mut Transfer<'_>,
) -> Result<(), Error> {
    let steers = rules.steers(walk.program);
    // The blocks of each optimizer are part of the description.
    let Rules { rules: states, owners, iterations, slots, wholes, accumulated, averages, steering: _ } =
        rules;
    let valid = ("a number of steps", |steps: u64| steps < MOST);
    transfer.valid(&name(&["optimizer", "iterations"]), std::slice::from_mut(iterations), valid)?;
    for state in states.iter_mut() {
        carry_rule(state, transfer)?;
    }
    // By block, a property of its optimizer.
    let of = |block: usize| &states[owners[block]];
    for (index, slot) in slots.iter_mut().enumerate() {
        let needed = |block: usize| index < of(block).rule.slots();
        walk.each(transfer, Some(&format!("slot{index}")), slot, needed)?;
    }
    if !accumulated.is_empty() {
        let needed = |block: usize| of(block).optimizer.accumulation.is_some();
        walk.each(transfer, Some("gradients"), accumulated, needed)?;
    }
    if !averages.is_empty() {
        let needed = |block: usize| of(block).optimizer.average.is_some();
        walk.each(transfer, Some("average"), averages, needed)?;
    }
    let Wholes { all, bounds: _, memory, memory_bounds, claims: _, blocks: _ } = wholes;
    for (whole, places) in all.iter().zip(memory_bounds.windows(2)) {
        if of(whole.block).rule.remembers() {
            let weight = walk.of_block(whole.block).ok_or(LAYOUT)?;
            transfer.numbers(&name(&["optimizer", "memory", weight]), &mut memory[places[0]..places[1]])?;
        }
    }
    carry_steering(rules, steers, walk.program, transfer)
}

/// One optimizer.
fn carry_rule<E: Float>(state: &mut RuleState<E>, transfer: &mut Transfer<'_>) -> Result<(), Error> {
    // The step is computed before each update.
    let RuleState { key, optimizer, rule, make: _, step: _ } = state;
    let key = *key;
    // Everything but the learning rate is the description's, which may have changed; the kind of the rule may not.
    let Optimizer {
        rule: kind,
        learning_rate,
        schedule: _,
        weight_decay: _,
        clip: _,
        average: _,
        accumulation: _,
    } = optimizer;
    let named = |part: &str| match key {
        Some(key) => name(&["optimizer", key, part]),
        None => name(&["optimizer", part]),
    };
    let what = match key {
        Some(key) => format!("the optimizer of `{key}`"),
        None => "the optimizer".to_owned(),
    };
    transfer.word(&named("rule"), &what, kind.kind())?;
    let valid = ("a learning rate", |rate: f64| super::check_rate::<E>(rate).is_ok());
    transfer.valid(&named("learning_rate"), std::slice::from_mut(learning_rate), valid)?;
    transfer.numbers(&named("carried"), std::slice::from_mut(rule.carried()))
}

/// The steering of the weights.
fn carry_steering<E: Float>(
    rules: &mut Rules<E>,
    mut steers: Vec<Steer>,
    program: &Program,
    transfer: &mut Transfer<'_>,
) -> Result<(), Error> {
    let mut frozen: Vec<u8> = steers.iter().map(|steer| u8::from(steer.frozen)).collect();
    let mut rates: Vec<f64> = steers.iter().map(|steer| steer.rate).collect();
    // NaN means the optimizer's weight decay.
    let mut decays: Vec<f64> = steers.iter().map(|steer| steer.decay.unwrap_or(f64::NAN)).collect();
    transfer.valid(
        &name(&["steering", "frozen"]),
        &mut frozen,
        ("0 or 1 for each weight", |flag| flag <= 1),
    )?;
    let valid =
        ("a factor of the learning rate for each weight", |rate: f64| rate >= 0.0 && rate.is_finite());
    transfer.valid(&name(&["steering", "learning_rate"]), &mut rates, valid)?;
    let valid = ("a weight decay or NaN for each weight", |decay: f64| {
        decay.is_nan() || (decay >= 0.0 && decay.is_finite())
    });
    transfer.valid(&name(&["steering", "weight_decay"]), &mut decays, valid)?;
    let found = frozen.into_iter().zip(rates).zip(decays);
    for (steer, ((frozen, rate), decay)) in steers.iter_mut().zip(found) {
        *steer = Steer { frozen: frozen != 0, rate, decay: Some(decay).filter(|decay| !decay.is_nan()) };
    }
    // Created again even if nothing has changed: its optimizers begin with the loaded state.
    rules.steer(program, steers)
}

/// The weights of a model, in buffers with the layout of the parameters.
#[derive(Clone, Copy)]
struct Weights<'a> {
    program: &'a Program,
    spec: &'a ModelSpec,
}

impl Weights<'_> {
    /// Visits a buffer: all weights, or under `part` those that are trained and whose block is `needed`.
    fn each<E: Float>(
        self,
        transfer: &mut Transfer<'_>,
        part: Option<&str>,
        buffer: &mut AlignedVec<E>,
        needed: impl Fn(usize) -> bool,
    ) -> Result<(), Error> {
        for (index, (param, weight)) in self.program.params.iter().zip(self.spec.weights).enumerate() {
            let is_trained = self.program.blocks[param.block].gradient.is_some();
            let name = match part {
                None => weight.name.to_owned(),
                Some(part) if is_trained && needed(param.block) => name(&["optimizer", part, weight.name]),
                Some(_) => continue,
            };
            transfer.array(&name, weight.shape, |flow| match flow {
                Flow::Out(to) => copy_out(self.program, buffer, index, to),
                Flow::In(from) => copy_in(self.program, buffer, index, from),
            })?;
        }
        Ok(())
    }

    /// Checks that weights are the only trained values: values without a name would not be saved.
    fn check(self) -> Result<(), Error> {
        let trained = self.program.blocks.iter().enumerate().filter(|(_, block)| block.gradient.is_some());
        for (index, block) in trained {
            let own = self.program.params.iter().filter(|param| param.block == index);
            if own.map(|param| param.cols).sum::<usize>() != block.cols {
                return Err(LAYOUT);
            }
        }
        if self.program.params.len() == self.spec.weights.len() { Ok(()) } else { Err(LAYOUT) }
    }

    /// The name of the first weight of a block.
    fn of_block(self, block: usize) -> Option<&'static str> {
        let index = self.program.params.iter().position(|param| param.block == block)?;
        self.spec.weights.get(index).map(|weight| weight.name)
    }
}
