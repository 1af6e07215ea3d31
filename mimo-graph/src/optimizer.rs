//! Optimizers, by Keras's names and with Keras's defaults.

use std::fmt;

use crate::schedule::Schedule;

crate::describe! {
    /// An optimizer: a rule, and the settings that all rules have in common.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Optimizer {
        /// The update rule.
        pub rule: Rule,
        /// The learning rate; with a schedule, that of the first step.
        pub learning_rate: f64,
        /// The learning rate as a function of the step; `None` if it is constant.
        pub schedule: Option<Schedule>,
        /// Decoupled weight decay: `w −= w · decay · learning_rate` before the update.
        pub weight_decay: Option<f64>,
        /// Clipping of gradients.
        pub clip: Clip,
        /// Moving averages of the weights.
        pub average: Option<WeightAverage>,
        /// Number of steps whose mean gradient is used for one update, at least 2; `None` for one step.
        pub accumulation: Option<u32>,
    }
}

crate::describe! {
    /// Exponential moving averages of weights: `average = momentum · average + (1 − momentum) · weight`.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct WeightAverage {
        /// 0.99 by default.
        pub momentum: f64,
        /// Number of updates after which the averages replace the weights, repeatedly; `None` for only at the end of
        /// `fit`.
        pub overwrite_frequency: Option<u32>,
    }
}

crate::describe! {
    /// An update rule with its own parameters.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum Rule {
        /// Gradient descent, with momentum if it is not 0.
        Sgd {
            /// 0 by default.
            momentum: f64,
            /// Nesterov momentum.
            nesterov: bool,
        },
        /// Adam, and AdamW when `weight_decay` is given.
        Adam {
            /// 0.9 by default.
            beta_1: f64,
            /// 0.999 by default.
            beta_2: f64,
            /// 1e-7 by default, added outside the bias correction.
            epsilon: f64,
            /// Whether the largest second moment is used.
            amsgrad: bool,
        },
        /// Gradients divided by their running root mean square.
        RmsProp {
            /// 0.9 by default.
            rho: f64,
            /// 0 by default.
            momentum: f64,
            /// 1e-7 by default, inside the root.
            epsilon: f64,
            /// Whether the running mean of the gradients is subtracted.
            centered: bool,
        },
        /// Gradients divided by the root of the sum of their squares.
        Adagrad {
            /// 0.1 by default.
            initial_accumulator_value: f64,
            /// 1e-7 by default, inside the root.
            epsilon: f64,
        },
        /// Gradients scaled by the root mean square of earlier updates over that of the gradients.
        Adadelta {
            /// 0.95 by default.
            rho: f64,
            /// 1e-7 by default, inside both roots.
            epsilon: f64,
        },
        /// Adam with the largest gradient, decayed, instead of the second moment.
        Adamax {
            /// 0.9 by default.
            beta_1: f64,
            /// 0.999 by default.
            beta_2: f64,
            /// 1e-7 by default.
            epsilon: f64,
        },
        /// Gradients over the root of a second moment that is stored as its row and column means.
        Adafactor {
            /// -0.8 by default: the exponent of the step's number in the decay of the means.
            beta_2_decay: f64,
            /// 1e-30 by default, added to squares of gradients.
            epsilon_1: f64,
            /// 1e-3 by default: lower bound on the root mean square of a weight that its steps are scaled by.
            epsilon_2: f64,
            /// 1 by default: updates with a larger root mean square are scaled down to it.
            clip_threshold: f64,
            /// Whether the learning rate is limited to one over the root of the step's number.
            relative_step: bool,
        },
        /// Adam with steps in proportion to the norm of each weight.
        Lamb {
            /// 0.9 by default.
            beta_1: f64,
            /// 0.999 by default.
            beta_2: f64,
            /// 1e-7 by default.
            epsilon: f64,
        },
        /// Orthogonalized momentum for matrices, AdamW for other weights.
        Muon {
            /// 0.9 by default.
            adam_beta_1: f64,
            /// 0.999 by default.
            adam_beta_2: f64,
            /// Weight decay of the weights that AdamW trains.
            adam_weight_decay: Option<f64>,
            /// 1e-7 by default, of AdamW.
            epsilon: f64,
            /// Parts of paths of weights, such as `head/kernel`, that AdamW trains.
            exclude_layers: &'static [&'static str],
            /// Whether AdamW trains embeddings.
            exclude_embeddings: bool,
            /// First coefficient of the iteration, 3.4445 by default.
            muon_a: f64,
            /// Second coefficient, -4.775 by default.
            muon_b: f64,
            /// Third coefficient, 2.0315 by default.
            muon_c: f64,
            /// Learning rate of AdamW, as a multiple of that of matrices.
            adam_lr_ratio: f64,
            /// 0.95 by default.
            momentum: f64,
            /// Iterations, 5 by default.
            ns_steps: u32,
            /// Nesterov momentum.
            nesterov: bool,
            /// Scale of steps, in addition to the root of the longer side of a matrix; `None` for no scaling.
            rms_rate: Option<f64>,
        },
        /// Adam with Nesterov momentum.
        Nadam {
            /// 0.9 by default.
            beta_1: f64,
            /// 0.999 by default.
            beta_2: f64,
            /// 1e-7 by default.
            epsilon: f64,
        },
        /// The sign of an interpolated momentum.
        Lion {
            /// 0.9 by default.
            beta_1: f64,
            /// 0.99 by default.
            beta_2: f64,
        },
    }
}

crate::describe! {
    /// Clipping of gradients before the update; at most one kind, as in Keras.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum Clip {
        /// No clipping.
        None,
        /// Clips each value to `±limit`.
        Value(value: f64),
        /// Scales each weight's gradient to a norm of at most `limit`.
        Norm(value: f64),
        /// Scales all gradients together to a norm of at most `limit`.
        GlobalNorm(value: f64),
    }
}

impl Rule {
    /// Keras's class name. `AdamW` is `Adam` with a weight decay.
    pub const fn name(self) -> &'static str {
        match self {
            Rule::Sgd { .. } => "SGD",
            Rule::Adam { .. } => "Adam",
            Rule::RmsProp { .. } => "RMSprop",
            Rule::Adagrad { .. } => "Adagrad",
            Rule::Adadelta { .. } => "Adadelta",
            Rule::Adamax { .. } => "Adamax",
            Rule::Adafactor { .. } => "Adafactor",
            Rule::Lamb { .. } => "Lamb",
            Rule::Muon { .. } => "Muon",
            Rule::Nadam { .. } => "Nadam",
            Rule::Lion { .. } => "Lion",
        }
    }

    /// The type in `mimo_runtime::rules` that computes its updates. Generated code names those of its models.
    pub const fn kind(self) -> &'static str {
        match self {
            Rule::Sgd { momentum: 0.0, .. } => "Sgd",
            Rule::Sgd { .. } => "Momentum",
            Rule::Adam { amsgrad: false, .. } => "Adam",
            Rule::Adam { amsgrad: true, .. } => "AmsGrad",
            Rule::RmsProp { .. } => "RmsProp",
            Rule::Adagrad { .. } => "Adagrad",
            Rule::Adadelta { .. } => "Adadelta",
            Rule::Adamax { .. } => "Adamax",
            Rule::Adafactor { .. } => "Adafactor",
            Rule::Lamb { .. } => "Lamb",
            Rule::Muon { .. } => "Muon",
            Rule::Nadam { .. } => "Nadam",
            Rule::Lion { .. } => "Lion",
        }
    }

    /// Initial value of the rule's slots.
    pub const fn initial_memory(self) -> f64 {
        match self {
            Rule::Adagrad { initial_accumulator_value, .. } => initial_accumulator_value,
            _ => 0.0,
        }
    }

    /// Whether an update needs a whole weight: its norm, or products of matrices. Such weights have a block each.
    pub const fn needs_whole_weights(self) -> bool {
        matches!(self, Rule::Adafactor { .. } | Rule::Lamb { .. } | Rule::Muon { .. })
    }

    /// Whether this weight is updated as a whole: for `Muon`, whether it is a matrix that is not excluded. `path` is
    /// the weight's path including its layer, such as `head/kernel`.
    pub fn updates_whole(self, rank: usize, path: &str) -> bool {
        match self {
            Rule::Muon { exclude_layers, exclude_embeddings, .. } => {
                rank == 2
                    && !(exclude_embeddings && path.to_lowercase().contains("embedding"))
                    && !exclude_layers.iter().any(|part| path.contains(part))
            }
            rule => rule.needs_whole_weights(),
        }
    }
}

impl Optimizer {
    /// Weight decay of weights that are not [updated as a whole](Rule::updates_whole): for `Muon`, the one of its
    /// `AdamW`.
    pub const fn weight_decay_of_values(&self) -> Option<f64> {
        match self.rule {
            Rule::Muon { adam_weight_decay, .. } => adam_weight_decay,
            _ => self.weight_decay,
        }
    }
}

/// An optimizer and the weights that it trains.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OptimizerSpec {
    /// Its key in `.compile(optimizer = { encoder: …, rest: … })`; `None` for the only optimizer of a model.
    pub key: Option<&'static str>,
    /// The optimizer.
    pub optimizer: Optimizer,
    /// Indices of the layers whose weights it trains; empty for all layers that no other optimizer trains.
    pub layers: &'static [usize],
}

/// Formats the rule, the learning rate and the enabled settings: `Adam(learning_rate = 0.001, clipnorm = 1)`.
impl fmt::Display for Optimizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.schedule {
            Some(schedule) => write!(f, "{}(learning_rate = {schedule}", self.rule.name())?,
            None => write!(f, "{}(learning_rate = {}", self.rule.name(), self.learning_rate)?,
        }
        match self.rule {
            Rule::Sgd { momentum, .. } | Rule::RmsProp { momentum, .. } if momentum != 0.0 => {
                write!(f, ", momentum = {momentum}")?;
            }
            _ => {}
        }
        if let Some(decay) = self.weight_decay {
            write!(f, ", weight_decay = {decay}")?;
        }
        match self.clip {
            Clip::None => {}
            Clip::Value(limit) => write!(f, ", clipvalue = {limit}")?,
            Clip::Norm(limit) => write!(f, ", clipnorm = {limit}")?,
            Clip::GlobalNorm(limit) => write!(f, ", global_clipnorm = {limit}")?,
        }
        if let Some(average) = self.average {
            write!(f, ", use_ema = true, ema_momentum = {}", average.momentum)?;
        }
        if let Some(steps) = self.accumulation {
            write!(f, ", gradient_accumulation_steps = {steps}")?;
        }
        f.write_str(")")
    }
}
