//! Schedules of learning rates, by Keras's names and with Keras's defaults.

use std::fmt;

crate::describe! {
    /// A learning rate as a function of the optimizer's step, counted from 0.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub enum Schedule {
        /// `initial · decay_rate^(step / decay_steps)`
        ExponentialDecay {
            /// Learning rate of the first step.
            initial_learning_rate: f64,
            /// Number of steps, at least 1, after which the rate has been multiplied by `decay_rate`.
            decay_steps: usize,
            /// Factor.
            decay_rate: f64,
            /// Whether the exponent is an integer.
            staircase: bool,
        },
        /// One of `values`, at the index given by the number of boundaries below the step.
        PiecewiseConstantDecay {
            /// Last steps of the values, ascending.
            boundaries: &'static [usize],
            /// Learning rates, one more than boundaries.
            values: &'static [f64],
        },
        /// `(initial − end) · (1 − step / decay_steps)^power + end`
        PolynomialDecay {
            /// Learning rate of the first step.
            initial_learning_rate: f64,
            /// Number of steps, at least 1, until the end.
            decay_steps: usize,
            /// 1e-4 by default.
            end_learning_rate: f64,
            /// 1 by default.
            power: f64,
            /// Whether it starts again after the end, each time slower.
            cycle: bool,
        },
        /// `initial / (1 + decay_rate · step / decay_steps)`
        InverseTimeDecay {
            /// Learning rate of the first step.
            initial_learning_rate: f64,
            /// Number of steps per unit of time, at least 1.
            decay_steps: usize,
            /// Factor of the time.
            decay_rate: f64,
            /// Whether the time is an integer.
            staircase: bool,
        },
        /// Half a cosine wave, after a linear warmup if there is a target.
        CosineDecay {
            /// Learning rate of the first step.
            initial_learning_rate: f64,
            /// Number of steps, at least 1, of the wave.
            decay_steps: usize,
            /// Learning rate at the end, as a fraction of that at the top.
            alpha: f64,
            /// Learning rate after the warmup; `None` for no warmup.
            warmup_target: Option<f64>,
            /// Number of steps of the warmup.
            warmup_steps: usize,
        },
        /// Half cosine waves, one after another.
        CosineDecayRestarts {
            /// Learning rate of the first step.
            initial_learning_rate: f64,
            /// Number of steps, at least 1, of the first wave.
            first_decay_steps: usize,
            /// Ratio of the lengths of a wave and the previous one, at least 1.
            t_mul: f64,
            /// Height of each wave over that of the one before it.
            m_mul: f64,
            /// Learning rate at the end of a wave, as a fraction of the initial one.
            alpha: f64,
        },
    }
}

impl Schedule {
    /// Keras's class name.
    pub const fn name(&self) -> &'static str {
        match self {
            Schedule::ExponentialDecay { .. } => "ExponentialDecay",
            Schedule::PiecewiseConstantDecay { .. } => "PiecewiseConstantDecay",
            Schedule::PolynomialDecay { .. } => "PolynomialDecay",
            Schedule::InverseTimeDecay { .. } => "InverseTimeDecay",
            Schedule::CosineDecay { .. } => "CosineDecay",
            Schedule::CosineDecayRestarts { .. } => "CosineDecayRestarts",
        }
    }

    /// Learning rate of the first step.
    pub fn initial(&self) -> f64 {
        match *self {
            Schedule::ExponentialDecay { initial_learning_rate, .. }
            | Schedule::PolynomialDecay { initial_learning_rate, .. }
            | Schedule::InverseTimeDecay { initial_learning_rate, .. }
            | Schedule::CosineDecay { initial_learning_rate, .. }
            | Schedule::CosineDecayRestarts { initial_learning_rate, .. } => initial_learning_rate,
            Schedule::PiecewiseConstantDecay { values, .. } => values.first().copied().unwrap_or_default(),
        }
    }

    /// The largest learning rate among the arguments.
    pub fn largest(&self) -> f64 {
        match *self {
            Schedule::PiecewiseConstantDecay { values, .. } => values.iter().copied().fold(0.0, f64::max),
            Schedule::CosineDecay { initial_learning_rate, warmup_target, .. } => {
                warmup_target.unwrap_or_default().max(initial_learning_rate)
            }
            _ => self.initial(),
        }
    }
}

/// Formats the schedule as it is written in a model, with its required arguments: `CosineDecay(0.001, 1000)`.
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.name())?;
        match *self {
            Schedule::ExponentialDecay { initial_learning_rate, decay_steps, decay_rate, .. }
            | Schedule::InverseTimeDecay { initial_learning_rate, decay_steps, decay_rate, .. } => {
                write!(f, "{initial_learning_rate}, {decay_steps}, {decay_rate}")?;
            }
            Schedule::PiecewiseConstantDecay { boundaries, values } => {
                write!(f, "{boundaries:?}, {values:?}")?
            }
            Schedule::PolynomialDecay { initial_learning_rate, decay_steps, .. }
            | Schedule::CosineDecay { initial_learning_rate, decay_steps, .. }
            | Schedule::CosineDecayRestarts {
                initial_learning_rate, first_decay_steps: decay_steps, ..
            } => write!(f, "{initial_learning_rate}, {decay_steps}")?,
        }
        f.write_str(")")
    }
}
