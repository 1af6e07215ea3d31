//! Cells of columns as numbers, integers and words.

use mimo_runtime::data::TableFault;
use mimo_runtime::error::Error;

use crate::date::{Date, DatePart};
use crate::table::{Column, Table};

/// A column that is read as numbers.
#[derive(Clone, Copy)]
pub(crate) struct NumberCells<'t> {
    table: &'t Table,
    name: &'t str,
    column: &'t Column,
    /// Parts of dates; empty for numbers.
    dates: &'t [DatePart],
}

impl<'t> NumberCells<'t> {
    pub(crate) fn new(table: &'t Table, name: &'t str, dates: &'t [DatePart]) -> Result<Self, Error> {
        let column = table.usable(name)?;
        let found = match column {
            Column::Text(_) | Column::Unread { .. } => None,
            Column::Numbers { .. } => Some("numbers"),
            Column::Integers(_) => Some("integers"),
        };
        match found.filter(|_| !dates.is_empty()) {
            Some(found) => {
                let wanted = "dates as text, such as `2024-05-31`, are";
                Err(table.error(None, Some(name), TableFault::Kind { found, wanted }))
            }
            None => Ok(NumberCells { table, name, column, dates }),
        }
    }

    /// Numbers per row.
    pub(crate) fn width(&self) -> usize {
        if self.dates.is_empty() { self.column.width() } else { self.dates.len() }
    }

    /// Reports a column whose rows have another number of numbers than those of the training table.
    pub(crate) fn check_width(&self, wanted: usize) -> Result<(), Error> {
        let (rows, values) = (self.table.rows(), self.width());
        if values == wanted {
            return Ok(());
        }
        let fault = TableFault::Shape { shape: vec![rows, values], wanted: format!("[{rows}, {wanted}]") };
        Err(self.table.error(None, Some(self.name), fault))
    }

    /// A number of a row; NaN if it is missing.
    pub(crate) fn number(&self, row: usize, place: usize) -> Result<f64, Error> {
        let error = |fault| self.table.error(Some(row), Some(self.name), fault);
        let value = match (self.column, self.dates.get(place)) {
            (Column::Unread { .. }, _) => f64::NAN,
            (Column::Numbers { values, width }, _) => {
                values.get(row * width + place).copied().unwrap_or(f64::NAN)
            }
            (Column::Integers(values), _) => {
                values.get(row).copied().flatten().map_or(f64::NAN, |value| value as f64)
            }
            (Column::Text(cells), part) => match (cells.get(row), part) {
                (None, _) => f64::NAN,
                (Some(text), None) => parse(text, self.table.origin.decimal_comma).ok_or_else(|| {
                    let text = text.to_owned();
                    error(match Date::parse(&text) {
                        Some(_) => TableFault::DateAsNumber { text },
                        None => TableFault::NotANumber { text },
                    })
                })?,
                (Some(text), Some(part)) => Date::parse(text)
                    .ok_or_else(|| error(TableFault::NotADate { text: text.to_owned() }))?
                    .part(*part),
            },
        };
        if value.is_infinite() {
            return Err(error(TableFault::NotFinite { value, float: "f64" }));
        }
        Ok(value)
    }
}

/// A number, or a truth value as pandas writes it. A number that is too large for `f64` is infinite.
fn parse(text: &str, decimal_comma: bool) -> Option<f64> {
    match text.trim() {
        "true" | "True" | "TRUE" => Some(1.0),
        "false" | "False" | "FALSE" => Some(0.0),
        text if decimal_comma && text.contains('.') => None,
        text if decimal_comma => {
            text.replacen(',', ".", 1).parse().ok().filter(|value: &f64| !value.is_nan())
        }
        text => text.parse().ok().filter(|value: &f64| !value.is_nan()),
    }
}

/// An integer of a cell.
pub(crate) fn whole(table: &Table, name: &str, column: &Column, row: usize) -> Result<Option<i64>, Error> {
    let not_whole = |text: String| table.error(Some(row), Some(name), TableFault::NotWhole { text });
    match column {
        Column::Integers(values) => Ok(values.get(row).copied().flatten()),
        Column::Numbers { values, .. } => match values.get(row) {
            Some(value) if !value.is_nan() => {
                // The bounds of `i64` as doubles.
                let whole = value.fract() == 0.0 && (-9.3e18..9.2e18).contains(value);
                if whole { Ok(Some(*value as i64)) } else { Err(not_whole(value.to_string())) }
            }
            _ => Ok(None),
        },
        Column::Text(cells) => match cells.get(row) {
            Some(text) => text.trim().parse().map(Some).map_err(|_| not_whole(text.to_owned())),
            None => Ok(None),
        },
        Column::Unread { .. } => Ok(None),
    }
}

/// A cell as text.
pub(crate) fn word(column: &Column, row: usize) -> Option<std::borrow::Cow<'_, str>> {
    match column {
        Column::Text(cells) => cells.get(row).map(Into::into),
        Column::Integers(values) => values.get(row).copied().flatten().map(|value| value.to_string().into()),
        Column::Numbers { values, width: 1 } => {
            values.get(row).filter(|value| !value.is_nan()).map(|value| value.to_string().into())
        }
        // An array is not a word.
        Column::Numbers { .. } | Column::Unread { .. } => None,
    }
}
