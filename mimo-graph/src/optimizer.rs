//! Optimizers, by Keras's names and with Keras's defaults.

use std::fmt;

crate::describe! {
    /// An optimizer: a rule and what all rules have in common.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Optimizer {
        /// The update rule.
        pub rule: Rule,
        /// The step size.
        pub learning_rate: f64,
        /// Decoupled weight decay: `w −= w · decay · learning_rate` before the update.
        pub weight_decay: Option<f64>,
        /// Clipping of gradients.
        pub clip: Clip,
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
            /// Look-ahead momentum.
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
            /// Keeps the largest second moment.
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
            /// Subtracts the running mean of gradients.
            centered: bool,
        },
        /// Gradients divided by the root of the sum of their squares.
        Adagrad {
            /// 0.1 by default.
            initial_accumulator_value: f64,
            /// 1e-7 by default, inside the root.
            epsilon: f64,
        },
        /// Updates in the size of earlier updates: their root mean square over that of the gradients.
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
    /// How gradients are clipped before the update; Keras allows one of them.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum Clip {
        /// Not at all.
        None,
        /// Each value to `±limit`.
        Value(value: f64),
        /// Each weight's gradient to a norm of at most `limit`.
        Norm(value: f64),
        /// All gradients together to a norm of at most `limit`.
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
            Rule::Nadam { .. } => "Nadam",
            Rule::Lion { .. } => "Lion",
        }
    }
}

/// The rule, the step size and what is switched on: `Adam(learning_rate = 0.001, clipnorm = 1)`.
impl fmt::Display for Optimizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(learning_rate = {}", self.rule.name(), self.learning_rate)?;
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
        f.write_str(")")
    }
}
