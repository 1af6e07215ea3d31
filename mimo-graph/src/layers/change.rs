//! Suggested changes of a layer, as data. Only this file has their texts.

use std::fmt;

use crate::shape::Shape;

/// A change of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// `padding = same`
    PaddingSame,
    /// `padding = valid`
    PaddingValid,
    /// Another value of a setting: `units = 32`.
    Setting(&'static str, Written),
    /// Another layer: a class with its settings.
    Layer(&'static str, Settings),
    /// Another layer inside `TimeDistributed(…)`.
    InTimeDistributed(Box<Change>),
}

/// The settings of a proposed layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settings {
    /// No settings: `Flatten()`.
    None,
    /// The user's settings: `Conv1D(…)`.
    Same,
    /// One shape of known lengths: `Reshape([7, 28])`.
    Shape(Shape),
}

/// The value of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written {
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(usize),
    /// An axis, negative from the end.
    Axis(i64),
    /// One value per axis: `(3, 2)`.
    Tuple(Vec<Written>),
}

impl Change {
    /// Whether the class is kept and only a setting changes.
    pub fn is_setting(&self) -> bool {
        match self {
            Change::PaddingSame | Change::PaddingValid | Change::Setting(..) => true,
            Change::Layer(..) | Change::InTimeDistributed(_) => false,
        }
    }

    /// The same change for the layer inside of a `TimeDistributed`: settings are written in place.
    pub(super) fn in_time_distributed(self) -> Self {
        if self.is_setting() { self } else { Change::InTimeDistributed(Box::new(self)) }
    }
}

impl Written {
    /// A value per axis. Equal values are written as one if possible.
    pub(super) fn per_axis(values: Vec<Written>) -> Self {
        match &values[..] {
            [first, rest @ ..] if rest.iter().all(|other| other == first) => first.clone(),
            _ => Written::Tuple(values),
        }
    }

    /// A number per axis. Equal numbers are written as one.
    pub(super) fn numbers(numbers: &[usize]) -> Self {
        Self::per_axis(numbers.iter().copied().map(Written::Number).collect())
    }
}

impl From<usize> for Written {
    fn from(number: usize) -> Self {
        Written::Number(number)
    }
}

impl From<bool> for Written {
    fn from(flag: bool) -> Self {
        Written::Bool(flag)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::PaddingSame => f.write_str("padding = same"),
            Change::PaddingValid => f.write_str("padding = valid"),
            Change::Setting(name, value) => write!(f, "{name} = {value}"),
            Change::Layer(class, Settings::None) => write!(f, "{class}()"),
            Change::Layer(class, Settings::Same) => write!(f, "{class}(…)"),
            Change::Layer(class, Settings::Shape(shape)) => write!(f, "{class}({})", shape.display(&[])),
            Change::InTimeDistributed(change) => write!(f, "TimeDistributed({change})"),
        }
    }
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Written::Bool(flag) => write!(f, "{flag}"),
            Written::Number(n) => write!(f, "{n}"),
            Written::Axis(axis) => write!(f, "{axis}"),
            Written::Tuple(values) => {
                f.write_str("(")?;
                for (i, value) in values.iter().enumerate() {
                    let comma = if i == 0 { "" } else { ", " };
                    write!(f, "{comma}{value}")?;
                }
                f.write_str(")")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_written_as_in_the_language() {
        let conv = Change::Layer("Conv1D", Settings::Same);
        let pair = |a: usize, b: usize| Written::Tuple(vec![a.into(), b.into()]);
        let written = [
            (Change::PaddingValid, "padding = valid"),
            (Change::Setting("return_sequences", true.into()), "return_sequences = true"),
            (Change::Setting("strides", Written::numbers(&[2, 3])), "strides = (2, 3)"),
            (Change::Setting("strides", Written::numbers(&[2, 2])), "strides = 2"),
            (
                Change::Setting("padding", Written::per_axis(vec![pair(1, 2), pair(0, 1)])),
                "padding = ((1, 2), (0, 1))",
            ),
            (Change::Layer("Reshape", Settings::Shape(Shape::known(&[7, 28]))), "Reshape([7, 28])"),
            (conv.clone().in_time_distributed(), "TimeDistributed(Conv1D(…))"),
            (Change::PaddingSame.in_time_distributed(), "padding = same"),
        ];
        for (change, text) in written {
            assert_eq!(change.to_string(), text);
        }
        assert!(!conv.is_setting() && Change::PaddingSame.is_setting());
    }
}
