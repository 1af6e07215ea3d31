//! Schedules of learning rates: `CosineDecay(1e-3, decay_steps = 1000)`.

use crate::args::{self, Bound};
use crate::code::Code;
use crate::context::Cx;
use crate::diag::Diag;
use crate::intern::interned;
use crate::named::read_named;
use crate::schedule::Schedule;
use crate::value::{Value, ValueKind};

vocabulary! {
    mod words;
    const SCHEDULES: Schedule;

    /// Exponential decay: `initial · decay_rate^(step / decay_steps)`.
    ///
    /// Keras: [`ExponentialDecay`](https://keras.io/api/optimizers/learning_rate_schedules/exponential_decay/)
    "`ExponentialDecay(initial_learning_rate, decay_steps, decay_rate, staircase = false)`"
    ExponentialDecay => |args, cx| Schedule::ExponentialDecay {
        initial_learning_rate: args.float("initial_learning_rate", cx),
        decay_steps: args.unsigned("decay_steps", cx),
        decay_rate: args.float("decay_rate", cx),
        staircase: args.boolean("staircase", cx),
    };

    /// Decay by the inverse of the time: `initial / (1 + decay_rate · step / decay_steps)`.
    ///
    /// Keras: [`InverseTimeDecay`](https://keras.io/api/optimizers/learning_rate_schedules/inverse_time_decay/)
    "`InverseTimeDecay(initial_learning_rate, decay_steps, decay_rate, staircase = false)`"
    InverseTimeDecay => |args, cx| Schedule::InverseTimeDecay {
        initial_learning_rate: args.float("initial_learning_rate", cx),
        decay_steps: args.unsigned("decay_steps", cx),
        decay_rate: args.float("decay_rate", cx),
        staircase: args.boolean("staircase", cx),
    };
    takes {
        /// Learning rate of the first step.
        initial_learning_rate: f64 in [0.0..],
        /// Number of steps after which the decay rate has been applied once.
        decay_steps: usize in [1..],
        /// Decay rate.
        decay_rate: f64 in [0.0..],
        /// Whether the rate changes only after every `decay_steps` steps.
        staircase: bool = "false",
        name => "leave it out",
    }

    /// Learning rates that change at given steps: `values[0]` up to and including step `boundaries[0]`, counted from 0, then
    /// `values[1]`, …
    ///
    /// Keras: [`PiecewiseConstantDecay`](https://keras.io/api/optimizers/learning_rate_schedules/piecewise_constant_decay/)
    "`PiecewiseConstantDecay(boundaries, values)`"
    PiecewiseConstantDecay => piecewise;
    takes {
        /// Last steps of all values but the last, ascending: `[1000, 2000]`.
        boundaries: Steps,
        /// Learning rates, one more than there are boundaries: `[1e-2, 1e-3, 1e-4]`.
        values: Rates,
        name => "leave it out",
    }

    /// Polynomial decay: `(initial − end) · (1 − step / decay_steps)^power + end`.
    ///
    /// Keras: [`PolynomialDecay`](https://keras.io/api/optimizers/learning_rate_schedules/polynomial_decay/)
    "`PolynomialDecay(initial_learning_rate, decay_steps, end_learning_rate = 0.0001, power = 1, cycle = false)`"
    PolynomialDecay => |args, cx| Schedule::PolynomialDecay {
        initial_learning_rate: args.float("initial_learning_rate", cx),
        decay_steps: args.unsigned("decay_steps", cx),
        end_learning_rate: args.float("end_learning_rate", cx),
        power: args.float("power", cx),
        cycle: args.boolean("cycle", cx),
    };
    takes {
        /// Learning rate of the first step.
        initial_learning_rate: f64 in [0.0..],
        /// Number of steps until the end.
        decay_steps: usize in [1..],
        /// Learning rate at the end, and after it.
        end_learning_rate: f64 = "0.0001" in [0.0..],
        /// Exponent; 1 is a straight line.
        power: f64 = "1" in [0.0..],
        /// Whether the decay starts again after the end, each time over one more `decay_steps` than before.
        cycle: bool = "false",
        name => "leave it out",
    }

    /// Half a cosine wave from the initial learning rate down to `alpha` of it; with a `warmup_target`, after a linear warmup from the
    /// initial learning rate to the target.
    ///
    /// Keras: [`CosineDecay`](https://keras.io/api/optimizers/learning_rate_schedules/cosine_decay/)
    "`CosineDecay(initial_learning_rate, decay_steps, alpha = 0, warmup_target = none, warmup_steps = 0)`"
    CosineDecay => cosine;
    takes {
        /// Learning rate of the first step.
        initial_learning_rate: f64 in [0.0..],
        /// Number of steps of the decay, without those of the warmup.
        decay_steps: usize in [1..],
        /// Learning rate at the end as a fraction of that at the beginning of the decay.
        alpha: f64 = "0" in [0.0..],
        name => "leave it out",
        /// Learning rate after the warmup; without it there is no warmup.
        warmup_target: f64 = "none" in [0.0..],
        /// Number of steps of the warmup.
        warmup_steps: usize = "0",
    }

    /// Half cosine waves, one after another, each longer than the one before it.
    ///
    /// Keras: [`CosineDecayRestarts`](https://keras.io/api/optimizers/learning_rate_schedules/cosine_decay_restarts/)
    "`CosineDecayRestarts(initial_learning_rate, first_decay_steps, t_mul = 2, m_mul = 1, alpha = 0)`"
    CosineDecayRestarts => |args, cx| Schedule::CosineDecayRestarts {
        initial_learning_rate: args.float("initial_learning_rate", cx),
        first_decay_steps: args.unsigned("first_decay_steps", cx),
        t_mul: args.float("t_mul", cx),
        m_mul: args.float("m_mul", cx),
        alpha: args.float("alpha", cx),
    };
    takes {
        /// Learning rate of the first step.
        initial_learning_rate: f64 in [0.0..],
        /// Number of steps of the first wave.
        first_decay_steps: usize in [1..],
        /// Length of each wave over that of the one before it.
        t_mul: f64 = "2" in [1.0..],
        /// Learning rate at the beginning of each wave over that of the one before it.
        m_mul: f64 = "1" in [0.0..],
        /// Learning rate at the end of a wave as a fraction of the initial one.
        alpha: f64 = "0" in [0.0..],
        name => "leave it out",
    }
}

/// Schedules that mimo does not have.
const ABSENT: &[(&str, &str)] = &[(
    "LearningRateSchedule",
    "a schedule of your own is a callback: `LearningRateScheduler::new(|epoch, rate| rate * 0.9)`",
)];

/// Whether a value is a schedule instead of a number.
pub(super) fn is_schedule(value: &Value) -> bool {
    matches!(value.kind, ValueKind::Call { .. })
        || value.word().is_some_and(|word| SCHEDULES.iter().any(|entry| entry.item.names.contains(&word)))
}

/// The schedule that a value stands for; `None` after an error.
pub(crate) fn read(value: &Value, what: &str, cx: &mut Cx<'_>) -> Option<Schedule> {
    read_named(value, what, "a schedule", Code::UnknownSchedule, SCHEDULES, ABSENT, cx)
}

fn piecewise(args: &Bound<'_>, cx: &mut Cx<'_>) -> Schedule {
    let boundaries = list("boundaries", args, cx, args::read::unsigned);
    let values = list("values", args, cx, |value, what, cx| args::read::float_in(value, what, &(0.0..), cx));
    if args.all_sound() {
        if let Some(pair) = boundaries.windows(2).find(|pair| pair[0] >= pair[1]) {
            let message = format!(
                "`boundaries` of `{}` must ascend, found {} after {}",
                args.callee(),
                pair[1],
                pair[0]
            );
            cx.error(
                Diag::error(Code::WrongValue, args.loc("boundaries"), message)
                    .help("write the boundaries in ascending order"),
            );
            args.fail("boundaries");
        }
        if let (Some(value), true) = (args.take("values"), values.len() != boundaries.len() + 1) {
            let wanted =
                format!("a list of {} learning rates, one more than `boundaries`", boundaries.len() + 1);
            let what = format!("`values` of `{}`", args.callee());
            let help = Some("add or remove learning rates, or boundaries".into());
            args::read::wrong(value, &what, &wanted, help, cx);
            args.fail("values");
        }
    }
    Schedule::PiecewiseConstantDecay { boundaries: interned(&boundaries), values: interned(&values) }
}

/// Reads the numbers of a list with at least one entry; empty after an error.
fn list<T>(
    name: &str,
    args: &Bound<'_>,
    cx: &mut Cx<'_>,
    read: impl Fn(&Value, &str, &mut Cx<'_>) -> Option<T>,
) -> Vec<T> {
    let what = format!("`{name}` of `{}`", args.callee());
    let Some(items) = args.items(name, cx) else { return vec![] };
    if let (Some(value), true) = (args.take(name), items.is_empty()) {
        args::read::empty(value, &what, cx);
        args.fail(name);
        return vec![];
    }
    let numbers: Option<Vec<T>> = items.iter().map(|item| read(item, &what, cx)).collect();
    if numbers.is_none() {
        args.fail(name);
    }
    numbers.unwrap_or_default()
}

fn cosine(args: &Bound<'_>, cx: &mut Cx<'_>) -> Schedule {
    let initial_learning_rate = args.float("initial_learning_rate", cx);
    let warmup_target = args.optional_float("warmup_target", cx);
    let warmup_steps = args.unsigned("warmup_steps", cx);
    if warmup_target.is_none() && warmup_steps > 0 && args.sound(&["warmup_target", "warmup_steps"]) {
        let message = "`warmup_steps` has no effect without `warmup_target`";
        cx.error(
            Diag::error(Code::WrongValue, args.loc("warmup_steps"), message).help(
                "add `warmup_target = 0.1`, the learning rate after the warmup, or remove `warmup_steps`",
            ),
        );
        args.fail("warmup_steps");
    }
    Schedule::CosineDecay {
        initial_learning_rate,
        decay_steps: args.unsigned("decay_steps", cx),
        alpha: args.float("alpha", cx),
        warmup_target,
        warmup_steps,
    }
}
