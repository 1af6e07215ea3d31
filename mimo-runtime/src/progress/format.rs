//! Numbers and lines in the format of Keras's progress bar.

use std::fmt::Write;
use std::time::Duration;

/// Values from here on are written with an exponent. Keras writes all digits, 36 of them after a divergence, which
/// the columns of a table do not hold.
const LARGE: f64 = 1e6;

/// Formats a measured value: four decimals, or an exponent if those would show nothing or too much.
pub(crate) fn value(value: f64) -> String {
    if value == 0.0 || (value.abs() > 1e-3 && value.abs() < LARGE) || !value.is_finite() {
        format!("{value:.4}")
    } else {
        // Rust writes 1.2340e-4 and 1.2340e7, C writes 1.2340e-04 and 1.2340e+07.
        let text = format!("{value:.4e}");
        match (text.split_once("e-"), text.split_once('e')) {
            (Some((mantissa, exponent)), _) => format!("{mantissa}e-{exponent:0>2}"),
            (None, Some((mantissa, exponent))) => format!("{mantissa}e+{exponent:0>2}"),
            (None, None) => text,
        }
    }
}

/// Formats ` - loss: 0.1234 - risk_auc: 0.9876`, in the given order.
pub(crate) fn values<K: AsRef<str>>(pairs: impl IntoIterator<Item = (K, f64)>) -> String {
    let mut line = String::new();
    for (key, number) in pairs {
        // Writing to a string cannot fail.
        let _ = write!(line, " - {}: {}", key.as_ref(), value(number));
    }
    line
}

/// Formats the time per step: `2s/step`, `35ms/step`, `120us/step`.
pub(crate) fn per_step(elapsed: Duration, steps: usize) -> String {
    let seconds = elapsed.as_secs_f64() / steps.max(1) as f64;
    if seconds >= 1.0 || seconds == 0.0 {
        format!("{seconds:.0}s/step")
    } else if seconds >= 1e-3 {
        format!("{:.0}ms/step", seconds * 1e3)
    } else {
        format!("{:.0}us/step", seconds * 1e6)
    }
}

/// Formats the remaining time: `7s`, `1:07`, `2:01:07`.
#[cfg(any(feature = "progress", test))]
pub(crate) fn eta(elapsed: Duration, done: usize, steps: usize) -> String {
    let left = elapsed.as_secs_f64() / done.max(1) as f64 * steps.saturating_sub(done) as f64;
    let left = left.round() as u64;
    let (hours, minutes, seconds) = (left / 3600, left / 60 % 60, left % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else if minutes > 0 {
        format!("{minutes}:{seconds:02}")
    } else {
        format!("{seconds}s")
    }
}

/// Formats the line of an epoch that has ended, with a full bar.
#[cfg(any(feature = "progress", test))]
pub(crate) fn full_bar(steps: usize, elapsed: Duration, time: &str, measured: &str, colored: bool) -> String {
    let [bold, green, plain] = if colored { ["\x1b[1m", "\x1b[32m", "\x1b[0m"] } else { [""; 3] };
    let (bar, seconds) = ("━".repeat(20), elapsed.as_secs_f64());
    format!("{bold}{steps}/{steps}{plain} {green}{bar}{plain} {bold}{seconds:.0}s{plain} {time}{measured}")
}

/// Formats the note on a total loss or weights that are NaN or infinite. Keras continues silently, and the cause is
/// lost.
pub(crate) fn not_finite(step: Option<usize>) -> String {
    step.map_or_else(String::new, |step| format!(" - loss or weights are not finite since step {}", step + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_keras_does() {
        assert_eq!(value(0.98765), "0.9877");
        assert_eq!(value(12.5), "12.5000");
        assert_eq!(value(-2.0), "-2.0000");
        assert_eq!(value(0.00012344), "1.2344e-04");
        assert_eq!(value(1e-3), "1.0000e-03");
        assert_eq!(value(1.5e-12), "1.5000e-12");
        assert_eq!(value(999_999.5), "999999.5000");
        assert_eq!(value(1e6), "1.0000e+06");
        assert_eq!(value(-2.5e36), "-2.5000e+36");
        assert_eq!(value(1.25e100), "1.2500e+100");
        assert_eq!(value(0.0), "0.0000");
        assert_eq!(value(f64::NAN), "NaN");
        assert_eq!(value(f64::INFINITY), "inf");
        assert_eq!(values([("a_loss", 0.5), ("loss", 2.0)]), " - a_loss: 0.5000 - loss: 2.0000");
    }

    #[test]
    fn a_full_bar_has_colors_only_where_they_are_wanted() {
        let line = |colored| full_bar(57, Duration::from_secs(2), "35ms/step", " - loss: 0.5000", colored);
        assert_eq!(line(false), "57/57 ━━━━━━━━━━━━━━━━━━━━ 2s 35ms/step - loss: 0.5000");
        let codes = ["\x1b[1m", "\x1b[32m", "\x1b[0m"];
        assert_eq!(codes.iter().fold(line(true), |line, code| line.replace(code, "")), line(false));
        assert!(codes.iter().all(|code| line(true).contains(code)));
    }

    #[test]
    fn durations_are_written_as_keras_does() {
        assert_eq!(per_step(Duration::from_secs(3), 2), "2s/step");
        assert_eq!(per_step(Duration::from_millis(70), 2), "35ms/step");
        assert_eq!(per_step(Duration::from_micros(240), 2), "120us/step");
        assert_eq!(eta(Duration::from_secs(2), 2, 9), "7s");
        assert_eq!(eta(Duration::from_secs(1), 1, 68), "1:07");
        assert_eq!(eta(Duration::from_secs(1), 1, 1 + 7267), "2:01:07");
        assert_eq!(eta(Duration::from_secs(1), 5, 5), "0s");
    }
}
