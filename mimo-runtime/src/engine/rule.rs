//! An optimizer's state, and the numbers that its update rule needs at each step.

use mimo_graph::optimizer::{Optimizer, Rule};

use crate::engine::buffer;
use crate::error::Error;
use crate::float::Float;
use crate::kernels::AlignedVec;
use crate::kernels::optimizer::{
    AdadeltaStep, AdagradStep, AdamStep, AdamaxStep, LionStep, MomentumStep, NadamStep, RmspropStep, Update,
};

/// An optimizer and what it remembers.
#[derive(Debug)]
pub(super) struct RuleState<E: Float> {
    pub optimizer: Optimizer,
    /// Updates so far.
    pub iterations: u64,
    /// Buffers like the parameters'.
    pub slots: Vec<AlignedVec<E>>,
    /// Nadam's product of momentum coefficients.
    product: E,
}

impl<E: Float> RuleState<E> {
    pub(super) fn new(optimizer: Optimizer, parameters: usize) -> Result<Self, Error> {
        let mut state = RuleState { optimizer, iterations: 0, slots: vec![], product: E::of(1.0) };
        for _ in 0..state.step().slots() {
            state.slots.push(buffer(parameters)?);
        }
        if let Rule::Adagrad { initial_accumulator_value, .. } = optimizer.rule {
            state.slots.iter_mut().for_each(|slot| slot.fill(E::of(initial_accumulator_value)));
        }
        Ok(state)
    }

    /// The next update. Powers of the betas are taken in the model's precision, as Keras takes them.
    pub(super) fn step(&self) -> Update<E> {
        let one = E::of(1.0);
        let rate = E::of(self.optimizer.learning_rate);
        let t = E::of((self.iterations + 1) as f64);
        let left = |beta: f64| one - E::of(beta).powf(t);
        match self.optimizer.rule {
            Rule::Sgd { momentum: 0.0, .. } => Update::Sgd { rate },
            Rule::Sgd { momentum, nesterov } => {
                Update::Momentum(MomentumStep { rate, momentum: E::of(momentum), nesterov })
            }
            Rule::Adam { beta_1, beta_2, epsilon, amsgrad } => {
                let step = AdamStep {
                    alpha: rate * left(beta_2).sqrt() / left(beta_1),
                    one_minus_beta_1: E::of(1.0 - beta_1),
                    one_minus_beta_2: E::of(1.0 - beta_2),
                    epsilon: E::of(epsilon),
                };
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
            Rule::Adamax { beta_1, beta_2, epsilon } => Update::Adamax(AdamaxStep {
                alpha: rate / left(beta_1),
                one_minus_beta_1: E::of(1.0 - beta_1),
                beta_2: E::of(beta_2),
                epsilon: E::of(epsilon),
            }),
            Rule::Nadam { beta_1, beta_2, epsilon } => {
                let (u, next) = (self.coefficient(beta_1, t), self.coefficient(beta_1, t + one));
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
        }
    }

    /// Notes that an update has been made.
    pub(super) fn advance(&mut self) {
        if let Rule::Nadam { beta_1, .. } = self.optimizer.rule {
            let t = E::of((self.iterations + 1) as f64);
            self.product *= self.coefficient(beta_1, t);
        }
        self.iterations += 1;
    }

    /// Nadam's momentum coefficient of step `t`.
    fn coefficient(&self, beta_1: f64, t: E) -> E {
        E::of(beta_1) * (E::of(1.0) - E::of(0.5) * E::of(0.96).powf(t))
    }
}
