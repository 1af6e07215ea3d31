//! Learning rates of schedules.

use std::f64::consts::PI;

use libm::{cos, floor, log, pow};
use mimo_graph::schedule::Schedule;

/// Returns the learning rate of a step, from 0. Computed in `f64`, where Keras computes in `f32`.
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
            // A value includes the step of its boundary.
            let passed = boundaries.iter().filter(|boundary| step > **boundary as u64).count();
            values.get(passed).copied().unwrap_or_default()
        }
        Schedule::PolynomialDecay { initial_learning_rate, decay_steps, end_learning_rate, power, cycle } => {
            // The smallest multiple of the length that is not before the step.
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

/// Half a cosine wave, from 1 at 0 to 0 at 1.
fn half_wave(fraction: f64) -> f64 {
    0.5 * (1.0 + cos(PI * fraction))
}

/// Number of restarts and position in the current period. Periods grow by the factor `growth`; `time` is in units of
/// the first one.
fn restarts(time: f64, growth: f64) -> (f64, f64) {
    if growth == 1.0 {
        return (floor(time), time - floor(time));
    }
    // Start of a period: 1 + growth + growth² + …
    let begin = |period: f64| (1.0 - pow(growth, period)) / (1.0 - growth);
    let mut period = floor(log(1.0 - time * (1.0 - growth)) / log(growth)).max(0.0);
    // The logarithm may be rounded to the other side of a restart.
    if begin(period + 1.0) <= time {
        period += 1.0;
    }
    (period, ((time - begin(period)) / pow(growth, period)).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// A schedule of `tests/golden/callbacks.json`, which has Keras's names.
    fn schedule(case: &Value) -> Schedule {
        let arguments = &case["arguments"];
        let number = |name: &str, default: f64| arguments[name].as_f64().unwrap_or(default);
        let whole = |name: &str| arguments[name].as_u64().unwrap_or(0) as usize;
        let flag = |name: &str| arguments[name].as_bool().unwrap_or(false);
        let initial_learning_rate = number("initial_learning_rate", 0.0);
        let (decay_steps, decay_rate) = (whole("decay_steps"), number("decay_rate", 0.0));
        match case["name"].as_str().expect("a name") {
            "ExponentialDecay" => Schedule::ExponentialDecay {
                initial_learning_rate,
                decay_steps,
                decay_rate,
                staircase: flag("staircase"),
            },
            "InverseTimeDecay" => Schedule::InverseTimeDecay {
                initial_learning_rate,
                decay_steps,
                decay_rate,
                staircase: flag("staircase"),
            },
            "PiecewiseConstantDecay" => {
                let list = |name: &str| arguments[name].as_array().expect("a list").iter();
                let boundaries: Vec<usize> =
                    list("boundaries").map(|it| it.as_u64().expect("a step") as usize).collect();
                let values: Vec<f64> = list("values").map(|it| it.as_f64().expect("a rate")).collect();
                Schedule::PiecewiseConstantDecay { boundaries: boundaries.leak(), values: values.leak() }
            }
            "PolynomialDecay" => Schedule::PolynomialDecay {
                initial_learning_rate,
                decay_steps,
                end_learning_rate: number("end_learning_rate", 1e-4),
                power: number("power", 1.0),
                cycle: flag("cycle"),
            },
            "CosineDecay" => Schedule::CosineDecay {
                initial_learning_rate,
                decay_steps,
                alpha: number("alpha", 0.0),
                warmup_target: arguments["warmup_target"].as_f64(),
                warmup_steps: whole("warmup_steps"),
            },
            "CosineDecayRestarts" => Schedule::CosineDecayRestarts {
                initial_learning_rate,
                first_decay_steps: whole("first_decay_steps"),
                t_mul: number("t_mul", 2.0),
                m_mul: number("m_mul", 1.0),
                alpha: number("alpha", 0.0),
            },
            name => panic!("no schedule `{name}`"),
        }
    }

    #[test]
    fn schedules_are_those_of_keras() {
        let golden: Value = crate::testing::golden("callbacks.json");
        let cases = golden["schedules"].as_array().expect("cases");
        assert_eq!(cases.len(), 16);
        for case in cases {
            let schedule = schedule(case);
            assert_eq!(schedule.name(), case["name"]);
            for (step, wanted) in case["rates"].as_array().expect("rates").iter().enumerate() {
                let (found, wanted) =
                    (learning_rate(&schedule, step as u64), wanted.as_f64().expect("a rate"));
                // Keras computes in `f32`.
                assert!(
                    (found - wanted).abs() <= 2e-6 * wanted.abs() + 2e-8,
                    "{schedule:?}, step {step}: {found} and not {wanted}"
                );
            }
            assert!(
                (learning_rate(&schedule, 0) - schedule.initial()).abs() < 1e-12
                    || case["arguments"]["warmup_steps"].is_null()
            );
        }
    }

    #[test]
    fn restarts_are_found_however_late() {
        for growth in [1.0, 1.1, 1.5, 2.0, 3.0] {
            let schedule = Schedule::CosineDecayRestarts {
                initial_learning_rate: 1.0,
                first_decay_steps: 10,
                t_mul: growth,
                m_mul: 1.0,
                alpha: 0.0,
            };
            // The rate falls from step to step, except at restarts, where it is near its maximum.
            let mut last = f64::INFINITY;
            for step in 0..20_000 {
                let rate = learning_rate(&schedule, step);
                assert!((0.0..=1.0).contains(&rate), "{growth}, {step}: {rate}");
                assert!(rate <= last + 1e-12 || rate > 0.97, "{growth}, {step}: {last}, then {rate}");
                last = rate;
            }
        }
    }

    #[test]
    fn no_step_is_too_late() {
        let golden: Value = crate::testing::golden("callbacks.json");
        for case in golden["schedules"].as_array().expect("cases") {
            for step in [1_000_000, u64::from(u32::MAX), u64::MAX] {
                let rate = learning_rate(&schedule(case), step);
                assert!(rate >= 0.0 && rate.is_finite(), "{case}, {step}: {rate}");
            }
        }
    }
}
