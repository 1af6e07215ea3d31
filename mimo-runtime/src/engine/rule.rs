//! Optimizers during training: their state, and the numbers of their update rules at each step.

use mimo_graph::optimizer::{Clip, Optimizer};
use mimo_graph::spec::ModelSpec;

use crate::engine::steering::Steering;
use crate::engine::whole::Wholes;
use crate::engine::{buffer, check_rate};
use crate::error::Error;
use crate::float::Float;
use crate::kernels::AlignedVec;
use crate::program::Program;
use crate::rules::{MakeRule, UpdateRule};
use crate::schedule::learning_rate;

const RULES: Error = Error::Inconsistent { what: "the update rules of the optimizers" };

/// The optimizers of a model.
#[derive(Debug)]
pub(super) struct Rules<E: Float> {
    /// One, or one per key of a map.
    pub rules: Vec<RuleState<E>>,
    /// By block: the index of its optimizer.
    pub owners: Vec<usize>,
    /// Number of steps.
    pub iterations: u64,
    /// Buffers with the layout of the parameters, shared by all optimizers: each block has one optimizer.
    pub slots: Vec<AlignedVec<E>>,
    /// Weights that are updated as a whole.
    pub wholes: Wholes<E>,
    /// Sums of gradients, with the layout of the parameters; empty if no optimizer accumulates gradients.
    pub accumulated: AlignedVec<E>,
    /// Moving averages of the parameters; empty if no optimizer has any.
    pub averages: AlignedVec<E>,
    /// Steered weights; `None` if there are none.
    pub steering: Option<Steering<E>>,
}

/// One optimizer.
#[derive(Debug)]
pub(super) struct RuleState<E: Float> {
    pub key: Option<&'static str>,
    pub optimizer: Optimizer,
    pub rule: Box<dyn UpdateRule<E>>,
    pub make: MakeRule<E>,
    /// The numbers of the current step, except for those of the rule.
    pub step: StepOf<E>,
}

/// The numbers of one step.
#[derive(Clone, Copy, Debug)]
pub(super) struct StepOf<E> {
    /// Use of the step's gradients.
    pub gradients: Gradients<E>,
    /// Weight decay of values that are updated individually.
    pub decay: Option<E>,
    /// Weight decay of weights that are updated as a whole.
    pub whole_decay: Option<E>,
    /// Momentum of the moving averages.
    pub average: Option<E>,
    /// Whether the averages replace the weights.
    pub overwrite: bool,
}

/// Use of a step's gradients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Gradients<E> {
    /// Used for an update.
    Used,
    /// Accumulated, without an update.
    Collected,
    /// Used for an update together with the accumulated ones; the number of steps in total.
    Averaged(E),
}

impl<E: Float> Rules<E> {
    /// Creates the optimizers of a model; `None` if it is not trained.
    pub(super) fn new(
        spec: &ModelSpec,
        makers: &[MakeRule<E>],
        program: &Program,
    ) -> Result<Option<Self>, Error> {
        if makers.len() != spec.optimizers.len() {
            return Err(RULES);
        }
        if spec.optimizers.is_empty() {
            return Ok(None);
        }
        let mut rules = vec![];
        for (spec, make) in spec.optimizers.iter().zip(makers) {
            check_rate::<E>(spec.optimizer.learning_rate)?;
            let rule = make(spec.optimizer.rule).ok_or(RULES)?;
            rules.push(RuleState::new(spec.key, spec.optimizer, rule, *make));
        }
        let place = |layer: usize| {
            let own = |layers: &[usize]| layers.contains(&layer);
            let found = spec.optimizers.iter().position(|it| own(it.layers));
            found.or_else(|| spec.optimizers.iter().position(|it| it.layers.is_empty())).unwrap_or(0)
        };
        // Weights of several optimizers never share a block.
        let mut owners = vec![0; program.blocks.len()];
        for param in program.params {
            if let Some(owner) = owners.get_mut(param.block) {
                *owner = place(param.layer);
            }
        }
        let slots = rules.iter().map(|rule| rule.rule.slots()).max().unwrap_or(0);
        let slots = (0..slots).map(|_| buffer(program.parameters)).collect::<Result<_, _>>()?;
        let wholes = Wholes::new(spec, program, &|block| &rules[owners[block]])?;
        let needed = |needs: &dyn Fn(&Optimizer) -> bool| {
            let any = rules.iter().any(|rule| needs(&rule.optimizer));
            buffer(if any { program.parameters } else { 0 })
        };
        let accumulated = needed(&|optimizer| optimizer.accumulation.is_some())?;
        let averages = needed(&|optimizer| optimizer.average.is_some())?;
        let mut rules =
            Rules { rules, owners, iterations: 0, slots, wholes, accumulated, averages, steering: None };
        rules.fill_slots(program);
        Ok(Some(rules))
    }

    /// Sets the initial values of the slots.
    fn fill_slots(&mut self, program: &Program) {
        for (block, owner) in program.blocks.iter().zip(&self.owners) {
            let initial = self.rules[*owner].optimizer.rule.initial_memory();
            // Buffers are zeroed already.
            if initial != 0.0 {
                for slot in &mut self.slots {
                    slot[block.offset..block.offset + block.rows * block.cols].fill(E::of(initial));
                }
            }
        }
    }

    /// The optimizer with a key.
    pub(super) fn of_key(&mut self, key: &str) -> Option<&mut RuleState<E>> {
        self.rules.iter_mut().find(|rule| rule.key == Some(key))
    }

    /// Whether some update needs all gradients of a weight, or of all weights, before it begins, or weights are
    /// changed after it.
    pub(super) fn waits_for_gradients(&self) -> bool {
        let clips = |rule: &RuleState<E>| matches!(rule.optimizer.clip, Clip::Norm(_) | Clip::GlobalNorm(_));
        let overwrites = |rule: &RuleState<E>| rule.step.overwrite;
        !self.wholes.is_empty() || self.rules.iter().any(|rule| clips(rule) || overwrites(rule))
    }

    /// Computes the numbers of the next step, and counts it.
    pub(super) fn prepare(&mut self) {
        for rule in &mut self.rules {
            rule.prepare(self.iterations);
        }
        if let Some(steering) = &mut self.steering {
            steering.prepare(&self.rules, self.iterations);
        }
        self.iterations += 1;
    }
}

impl<E: Float> RuleState<E> {
    fn new(
        key: Option<&'static str>,
        optimizer: Optimizer,
        rule: Box<dyn UpdateRule<E>>,
        make: MakeRule<E>,
    ) -> Self {
        let step = StepOf {
            gradients: Gradients::Used,
            decay: None,
            whole_decay: None,
            average: None,
            overwrite: false,
        };
        RuleState { key, optimizer, rule, make, step }
    }

    /// A copy of the optimizer with its state.
    pub(super) fn again(&mut self) -> Result<Self, Error> {
        let mut rule = (self.make)(self.optimizer.rule).ok_or(RULES)?;
        *rule.carried() = *self.rule.carried();
        Ok(Self::new(self.key, self.optimizer, rule, self.make))
    }

    /// The learning rate of the step after the first `steps` steps. Steps whose gradients are only accumulated count
    /// too, as in Keras.
    pub(super) fn learning_rate(&self, steps: u64) -> f64 {
        match &self.optimizer.schedule {
            Some(schedule) => learning_rate(schedule, steps),
            None => self.optimizer.learning_rate,
        }
    }

    /// Sets the learning rate, unless it has a schedule.
    pub(super) fn set_learning_rate(&mut self, rate: f64) -> Result<(), Error> {
        if let Some(schedule) = &self.optimizer.schedule {
            return Err(Error::ScheduledLearningRate { schedule: schedule.name(), optimizer: self.key });
        }
        self.optimizer.learning_rate = rate;
        Ok(())
    }

    /// Whether the step updates weights.
    pub(super) fn updates(&self) -> bool {
        self.step.gradients != Gradients::Collected
    }

    /// Computes the numbers of the step after the first `steps` steps.
    pub(super) fn prepare(&mut self, steps: u64) {
        let learning_rate = self.learning_rate(steps);
        let Optimizer { weight_decay, average, accumulation, .. } = self.optimizer;
        let updates = |steps: u64| steps / u64::from(accumulation.unwrap_or(1).max(1));
        let before = updates(steps);
        let gradients = match accumulation {
            None => Gradients::Used,
            Some(_) if updates(steps + 1) == before => Gradients::Collected,
            Some(steps) => Gradients::Averaged(E::of(f64::from(steps))),
        };
        let decayed = |decay: Option<f64>| decay.map(|decay| E::of(decay * learning_rate));
        let frequency = average.and_then(|average| average.overwrite_frequency);
        self.step = StepOf {
            gradients,
            decay: decayed(self.optimizer.weight_decay_of_values()),
            whole_decay: decayed(weight_decay),
            // The first average is the weight itself.
            average: average.map(|it| E::of(if before == 0 { 0.0 } else { it.momentum })),
            overwrite: frequency.is_some_and(|frequency| (before + 1).is_multiple_of(u64::from(frequency))),
        };
        if self.updates() {
            self.rule.prepare(E::of(learning_rate), E::of((before + 1) as f64));
        }
    }
}
