//! Optimizers while they train: what they remember, and the numbers that their update rules need at each step.

use mimo_graph::optimizer::{Clip, Optimizer, Rule};
use mimo_graph::spec::ModelSpec;

use crate::engine::whole::{WholeStep, Wholes};
use crate::engine::{buffer, check_rate};
use crate::error::Error;
use crate::float::Float;
use crate::kernels::AlignedVec;
use crate::kernels::optimizer::{
    AdadeltaStep, AdafactorStep, AdagradStep, AdamStep, AdamaxStep, LambStep, LionStep, MomentumStep,
    MuonStep, NadamStep, RmspropStep, Update,
};
use crate::program::Program;

/// The optimizers of a model.
#[derive(Debug)]
pub(super) struct Rules<E: Float> {
    /// One, or one per key of a map.
    pub rules: Vec<RuleState<E>>,
    /// By block: the place of its optimizer.
    pub owners: Vec<usize>,
    /// Steps so far.
    pub iterations: u64,
    /// Buffers like the parameters', which all optimizers share: each block has one optimizer.
    pub slots: Vec<AlignedVec<E>>,
    /// Weights that are updated as a whole.
    pub wholes: Wholes<E>,
    /// Sums of gradients, like the parameters; empty if no optimizer accumulates any.
    pub accumulated: AlignedVec<E>,
    /// Moving averages of the parameters; empty if no optimizer has any.
    pub averages: AlignedVec<E>,
}

/// One optimizer.
#[derive(Debug)]
pub(super) struct RuleState<E> {
    pub key: Option<&'static str>,
    pub optimizer: Optimizer,
    /// The numbers of the step that is being made.
    pub step: StepOf<E>,
    /// Nadam's product of momentum coefficients.
    product: E,
}

/// The numbers of one step. Optimizers that update weights as a whole have `whole`, the others `update`, and `Muon` has both.
#[derive(Clone, Copy, Debug)]
pub(super) struct StepOf<E> {
    /// The update of each value by itself.
    pub update: Option<Update<E>>,
    /// The share of each value that is taken away before.
    pub decay: Option<E>,
    /// The update of weights as a whole.
    pub whole: Option<WholeStep<E>>,
    /// The share of their values that is taken away before.
    pub whole_decay: Option<E>,
    /// The use of the step's gradients.
    pub gradients: Gradients<E>,
    /// The momentum of the moving averages.
    pub average: Option<E>,
    /// Whether the weights become their averages.
    pub overwrite: bool,
}

/// The use of a step's gradients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Gradients<E> {
    /// They make an update.
    Used,
    /// They are added up. There is no update.
    Collected,
    /// They make an update together with those that were added up; so many steps in all.
    Averaged(E),
}

impl<E: Float> Rules<E> {
    /// The optimizers of a model; `None` if it is not trained.
    pub(super) fn new(spec: &ModelSpec, program: &Program) -> Result<Option<Self>, Error> {
        if spec.optimizers.is_empty() {
            return Ok(None);
        }
        let mut rules = vec![];
        for spec in spec.optimizers {
            check_rate::<E>(spec.optimizer.learning_rate)?;
            rules.push(RuleState::new(spec.key, spec.optimizer));
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
        let slots = rules.iter().map(RuleState::slots).max().unwrap_or(0);
        let slots = (0..slots).map(|_| buffer(program.parameters)).collect::<Result<_, _>>()?;
        let wholes = Wholes::new(spec, program, &|block| rules[owners[block]].optimizer.rule)?;
        let needed = |needs: &dyn Fn(&Optimizer) -> bool| {
            let any = rules.iter().any(|rule| needs(&rule.optimizer));
            buffer(if any { program.parameters } else { 0 })
        };
        let accumulated = needed(&|optimizer| optimizer.accumulation.is_some())?;
        let averages = needed(&|optimizer| optimizer.average.is_some())?;
        let mut rules = Rules { rules, owners, iterations: 0, slots, wholes, accumulated, averages };
        rules.fill_slots(program);
        Ok(Some(rules))
    }

    /// Sets the slots to what they begin with.
    fn fill_slots(&mut self, program: &Program) {
        for (block, owner) in program.blocks.iter().zip(&self.owners) {
            let Rule::Adagrad { initial_accumulator_value, .. } = self.rules[*owner].optimizer.rule else {
                continue;
            };
            for slot in &mut self.slots {
                let values = &mut slot[block.offset..block.offset + block.rows * block.cols];
                values.fill(E::of(initial_accumulator_value));
            }
        }
    }

    /// The optimizer of a key.
    pub(super) fn of_key(&mut self, key: &str) -> Option<&mut RuleState<E>> {
        self.rules.iter_mut().find(|rule| rule.key == Some(key))
    }

    /// Whether some update needs to know all gradients of a weight, or of all weights, before it begins, or weights are changed after it.
    pub(super) fn waits_for_gradients(&self) -> bool {
        let clips = |rule: &RuleState<E>| matches!(rule.optimizer.clip, Clip::Norm(_) | Clip::GlobalNorm(_));
        let overwrites = |rule: &RuleState<E>| rule.step.overwrite;
        !self.wholes.is_empty() || self.rules.iter().any(|rule| clips(rule) || overwrites(rule))
    }

    /// Finds the numbers of the next step.
    pub(super) fn prepare(&mut self) {
        for rule in &mut self.rules {
            rule.step = rule.next(self.iterations);
        }
    }

    /// Notes that a step has been made.
    pub(super) fn advance(&mut self) {
        for rule in &mut self.rules {
            let Rule::Nadam { beta_1, .. } = rule.optimizer.rule else { continue };
            if rule.step.update.is_some() {
                rule.product *= coefficient(beta_1, E::of((rule.updates(self.iterations) + 1) as f64));
            }
        }
        self.iterations += 1;
    }
}

impl<E: Float> RuleState<E> {
    fn new(key: Option<&'static str>, optimizer: Optimizer) -> Self {
        let step = StepOf {
            update: None,
            decay: None,
            whole: None,
            whole_decay: None,
            gradients: Gradients::Used,
            average: None,
            overwrite: false,
        };
        RuleState { key, optimizer, step, product: E::of(1.0) }
    }

    /// Updates in the first `steps` steps.
    fn updates(&self, steps: u64) -> u64 {
        steps / u64::from(self.optimizer.accumulation.unwrap_or(1).max(1))
    }

    /// Slots that the rule has for each value.
    fn slots(&self) -> usize {
        match self.updates_of(E::of(1.0)) {
            (Some(update), _) => update.slots(),
            (None, Some(WholeStep::Lamb(_))) => 2,
            (None, _) => 0,
        }
    }

    /// The numbers of the step after the first `steps` steps.
    fn next(&self, steps: u64) -> StepOf<E> {
        let before = self.updates(steps);
        let gradients = match self.optimizer.accumulation {
            None => Gradients::Used,
            Some(_) if self.updates(steps + 1) == before => Gradients::Collected,
            Some(steps) => Gradients::Averaged(E::of(f64::from(steps))),
        };
        let average = self.optimizer.average;
        let frequency = average.and_then(|average| average.overwrite_frequency);
        let step = StepOf {
            gradients,
            // The first average is the weight itself.
            average: average.map(|it| E::of(if before == 0 { 0.0 } else { it.momentum })),
            overwrite: frequency.is_some_and(|frequency| (before + 1).is_multiple_of(u64::from(frequency))),
            ..self.step
        };
        match gradients {
            Gradients::Collected => StepOf { update: None, whole: None, ..step },
            _ => self.numbers(before + 1, step),
        }
    }

    /// The same with the numbers of update `t`.
    fn numbers(&self, t: u64, step: StepOf<E>) -> StepOf<E> {
        let decayed = |decay: Option<f64>| decay.map(|decay| E::of(decay * self.optimizer.learning_rate));
        let decay = decayed(self.optimizer.weight_decay);
        let (update, whole) = self.updates_of(E::of(t as f64));
        let own = match self.optimizer.rule {
            Rule::Muon { adam_weight_decay, .. } => decayed(adam_weight_decay),
            _ => decay,
        };
        StepOf { update, decay: own, whole, whole_decay: decay, ..step }
    }

    /// Update `t`. Powers of the betas are taken in the model's precision, as Keras takes them.
    fn updates_of(&self, t: E) -> (Option<Update<E>>, Option<WholeStep<E>>) {
        let one = E::of(1.0);
        let rate = E::of(self.optimizer.learning_rate);
        let left = |beta: f64| one - E::of(beta).powf(t);
        let adam = |rate: E, beta_1: f64, beta_2: f64, epsilon: f64| AdamStep {
            alpha: rate * left(beta_2).sqrt() / left(beta_1),
            one_minus_beta_1: E::of(1.0 - beta_1),
            one_minus_beta_2: E::of(1.0 - beta_2),
            epsilon: E::of(epsilon),
        };
        let update = match self.optimizer.rule {
            Rule::Sgd { momentum: 0.0, .. } => Update::Sgd { rate },
            Rule::Sgd { momentum, nesterov } => {
                Update::Momentum(MomentumStep { rate, momentum: E::of(momentum), nesterov })
            }
            Rule::Adam { beta_1, beta_2, epsilon, amsgrad } => {
                let step = adam(rate, beta_1, beta_2, epsilon);
                if amsgrad { Update::AmsGrad(step) } else { Update::Adam(step) }
            }
            Rule::RmsProp { rho, momentum, epsilon, centered } => Update::Rmsprop(RmspropStep {
                rate,
                rho: E::of(rho),
                momentum: E::of(momentum),
                epsilon: E::of(epsilon),
                centered,
            }),
            Rule::Adagrad { epsilon, .. } => Update::Adagrad(AdagradStep { rate, epsilon: E::of(epsilon) }),
            Rule::Adadelta { rho, epsilon } => {
                Update::Adadelta(AdadeltaStep { rate, rho: E::of(rho), epsilon: E::of(epsilon) })
            }
            Rule::Adafactor { beta_2_decay, epsilon_1, epsilon_2, clip_threshold, .. } => {
                // `relative_step` bounds the rate by the same number once more.
                let step = AdafactorStep {
                    rho: rate.min(one / t.sqrt()),
                    beta_2: one - t.powf(E::of(beta_2_decay)),
                    epsilon_1: E::of(epsilon_1),
                    epsilon_2: E::of(epsilon_2),
                    clip_threshold: E::of(clip_threshold),
                };
                return (None, Some(WholeStep::Adafactor(step)));
            }
            Rule::Adamax { beta_1, beta_2, epsilon } => Update::Adamax(AdamaxStep {
                alpha: rate / left(beta_1),
                one_minus_beta_1: E::of(1.0 - beta_1),
                beta_2: E::of(beta_2),
                epsilon: E::of(epsilon),
            }),
            Rule::Lamb { beta_1, beta_2, epsilon } => {
                let step = LambStep {
                    rate,
                    one_minus_beta_1: E::of(1.0 - beta_1),
                    one_minus_beta_2: E::of(1.0 - beta_2),
                    bias_1: left(beta_1),
                    bias_2: left(beta_2),
                    epsilon: E::of(epsilon),
                };
                return (None, Some(WholeStep::Lamb(step)));
            }
            Rule::Muon {
                adam_beta_1,
                adam_beta_2,
                epsilon,
                muon_a,
                muon_b,
                muon_c,
                adam_lr_ratio,
                momentum,
                ns_steps,
                nesterov,
                rms_rate,
                ..
            } => {
                let step = MuonStep {
                    rate,
                    momentum: E::of(momentum),
                    nesterov,
                    coefficients: [muon_a, muon_b, muon_c].map(E::of),
                    iterations: ns_steps as usize,
                    rms_rate: rms_rate.map(E::of),
                };
                let adam = adam(rate * E::of(adam_lr_ratio), adam_beta_1, adam_beta_2, epsilon);
                return (Some(Update::Adam(adam)), Some(WholeStep::Muon(step)));
            }
            Rule::Nadam { beta_1, beta_2, epsilon } => {
                let (u, next) = (coefficient(beta_1, t), coefficient(beta_1, t + one));
                let product = self.product * u;
                Update::Nadam(NadamStep {
                    one_minus_beta_1: E::of(1.0 - beta_1),
                    one_minus_beta_2: E::of(1.0 - beta_2),
                    momentum: rate * next / (one - product * next),
                    gradient: rate * (one - u) / (one - product),
                    correction: one / left(beta_2),
                    epsilon: E::of(epsilon),
                })
            }
            Rule::Lion { beta_1, beta_2 } => Update::Lion(LionStep {
                rate,
                one_minus_beta_1: E::of(1.0 - beta_1),
                one_minus_beta_2: E::of(1.0 - beta_2),
            }),
        };
        (Some(update), None)
    }
}

/// Nadam's momentum coefficient of step `t`.
fn coefficient<E: Float>(beta_1: f64, t: E) -> E {
    E::of(beta_1) * (E::of(1.0) - E::of(0.5) * E::of(0.96).powf(t))
}
