//! Learning rates of schedules.

use std::f64::consts::PI;

use libm::{cos, floor, log, pow};
use mimo_graph::schedule::Schedule;

/// The learning rate of a step, from 0. Computed in `f64`, where Keras computes in `f32`.
///
/// Keras: [`LearningRateSchedule`](https://keras.io/api/optimizers/learning_rate_schedules/)
pub fn learning_rate(schedule: &Schedule, step: u64) -> f64 {
    let now = step as f64;
    // Lengths are at least 1.
    let periods = |steps: usize| now / steps.max(1) as f64;
    let whole = |staircase: bool, periods: f64| if staircase { floor(periods) } else { periods };
    match *schedule {
        Schedule::ExponentialDecay { initial_learning_rate, decay_steps, decay_rate, staircase } => {
            initial_learning_rate * pow(decay_rate, whole(staircase, periods(decay_steps)))
        }
        Schedule::PiecewiseConstantDecay { boundaries, values } => {
            // A boundary is the last step of its value.
            let passed = boundaries.iter().filter(|boundary| step > **boundary as u64).count();
            values.get(passed).copied().unwrap_or_default()
        }
        Schedule::PolynomialDecay { initial_learning_rate, decay_steps, end_learning_rate, power, cycle } => {
            // The first multiple of the length that is not before the step.
            let cycles = if cycle { periods(decay_steps).ceil().max(1.0) } else { 1.0 };
            let fraction = (periods(decay_steps) / cycles).min(1.0);
            (initial_learning_rate - end_learning_rate) * pow(1.0 - fraction, power) + end_learning_rate
        }
        Schedule::InverseTimeDecay { initial_learning_rate, decay_steps, decay_rate, staircase } => {
            initial_learning_rate / (1.0 + decay_rate * whole(staircase, periods(decay_steps)))
        }
        Schedule::CosineDecay { initial_learning_rate, decay_steps, alpha, warmup_target, warmup_steps } => {
            let (peak, warmup) = match warmup_target {
                Some(target) => (target, warmup_steps as f64),
                None => (initial_learning_rate, 0.0),
            };
            if now < warmup {
                return initial_learning_rate + (peak - initial_learning_rate) * now / warmup;
            }
            let fraction = ((now - warmup) / decay_steps.max(1) as f64).min(1.0);
            peak * ((1.0 - alpha) * half_wave(fraction) + alpha)
        }
        Schedule::CosineDecayRestarts { initial_learning_rate, first_decay_steps, t_mul, m_mul, alpha } => {
            let (restarts, fraction) = restarts(periods(first_decay_steps), t_mul);
            let height = pow(m_mul, restarts) * half_wave(fraction);
            initial_learning_rate * ((1.0 - alpha) * height + alpha)
        }
    }
}

/// From 1 at 0 down to 0 at 1.
fn half_wave(fraction: f64) -> f64 {
    0.5 * (1.0 + cos(PI * fraction))
}

/// The number of restarts, and the position in the current period: periods get longer by a factor of `growth`, and `time` is in units
/// of the first one.
fn restarts(time: f64, growth: f64) -> (f64, f64) {
    if growth == 1.0 {
        return (floor(time), time - floor(time));
    }
    // The beginning of a period: 1 + growth + growth² + …
    let begin = |period: f64| (1.0 - pow(growth, period)) / (1.0 - growth);
    let mut period = floor(log(1.0 - time * (1.0 - growth)) / log(growth)).max(0.0);
    // The logarithm may be rounded to the other side of a restart.
    if begin(period + 1.0) <= time {
        period += 1.0;
    }
    (period, ((time - begin(period)) / pow(growth, period)).clamp(0.0, 1.0))
}
