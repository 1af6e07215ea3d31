//! Numbers in messages.

use std::fmt;

/// A number as a message shows it: with an exponent instead of a long row of zeros.
#[derive(Clone, Copy)]
pub(crate) struct Number(pub f64);

impl Number {
    /// The number rounded to six digits: a computed 0.00003 is slightly more.
    pub(crate) fn rounded(value: f64) -> Self {
        Number(format!("{value:.5e}").parse().unwrap_or(value))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.abs();
        // The limits of Rust's `Debug` for floats.
        if size == 0.0 || (1e-5..1e16).contains(&size) {
            self.0.fmt(f)
        } else {
            fmt::LowerExp::fmt(&self.0, f)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Number;

    #[test]
    fn numbers_of_any_size_are_short() {
        let cases = [
            (0.0, "0"),
            (-1.5, "-1.5"),
            (3.0, "3"),
            (16_777_216.0, "16777216"),
            (1e300, "1e300"),
            (-1e-300, "-1e-300"),
            (f64::from(f32::MAX), "3.4028234663852886e38"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-inf"),
        ];
        for (value, text) in cases {
            assert_eq!(Number(value).to_string(), text);
        }
        let cases = [
            (0.0, "0"),
            (0.003 * 0.1 * 0.1, "0.00003"),
            (2.0 / 3.0, "0.666667"),
            (-1e-9 / 3.0, "-3.33333e-10"),
            (f64::NAN, "NaN"),
        ];
        for (value, text) in cases {
            assert_eq!(Number::rounded(value).to_string(), text);
        }
    }
}
