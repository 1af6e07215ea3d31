//! Values that callbacks watch.

use crate::callback::FitPlan;
use crate::callbacks::CallbackFault;

/// Whether more or less of a monitored value is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// As is known from the metric: less of a loss or an error, more of an accuracy or an area.
    #[default]
    Auto,
    /// Less is better.
    Min,
    /// More is better.
    Max,
}

/// Keras's keys of values to monitor: one, `"val_loss"`, or several, `["val_loss", "val_risk_auc"]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Monitors(pub(super) Vec<String>);

impl From<&str> for Monitors {
    fn from(key: &str) -> Self {
        Monitors(vec![key.into()])
    }
}

impl From<String> for Monitors {
    fn from(key: String) -> Self {
        Monitors(vec![key])
    }
}

impl<const N: usize> From<[&str; N]> for Monitors {
    fn from(keys: [&str; N]) -> Self {
        Monitors(keys.map(String::from).into())
    }
}

impl From<&[&str]> for Monitors {
    fn from(keys: &[&str]) -> Self {
        Monitors(keys.iter().copied().map(String::from).collect())
    }
}

impl From<Vec<String>> for Monitors {
    fn from(keys: Vec<String>) -> Self {
        Monitors(keys)
    }
}

/// A value, and the best that it was.
#[derive(Clone, Debug)]
pub(super) struct Monitor {
    pub key: String,
    pub best: Option<f64>,
    higher_is_better: bool,
}

impl Monitor {
    pub(super) fn new(key: impl Into<String>) -> Self {
        Monitor { key: key.into(), best: None, higher_is_better: false }
    }

    /// Checks the key and learns its direction.
    pub(super) fn prepare(&mut self, plan: &FitPlan<'_>, mode: Mode) -> Result<(), CallbackFault> {
        self.higher_is_better = plan.higher_is_better(&self.key, mode)?;
        Ok(())
    }

    /// Whether a value is better than another by more than `min_delta`. NaN is never better.
    pub(super) fn is_better(&self, value: f64, than: f64, min_delta: f64) -> bool {
        if self.higher_is_better { value - min_delta > than } else { value + min_delta < than }
    }

    /// Whether a value is better than the best one by more than `min_delta`, which it then becomes.
    pub(super) fn improve(&mut self, value: f64, min_delta: f64) -> bool {
        let better = match self.best {
            None => !value.is_nan(),
            Some(best) => self.is_better(value, best, min_delta),
        };
        if better {
            self.best = Some(value);
        }
        better
    }
}

/// Checks that a number that has to be at least 0 is.
pub(super) fn not_negative(name: &'static str, value: f64) -> Result<(), CallbackFault> {
    if value >= 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(CallbackFault::Setting { name, value: value.to_string(), valid: "a finite number of at least 0" })
}

/// Checks that a value to beat is a number: nothing is better than NaN.
pub(super) fn not_nan(name: &'static str, value: Option<f64>) -> Result<(), CallbackFault> {
    match value {
        Some(value) if value.is_nan() => {
            Err(CallbackFault::Setting { name, value: value.to_string(), valid: "a number" })
        }
        _ => Ok(()),
    }
}
