//! Cells of columns as numbers, whole numbers and words.

use mimo_runtime::data::TableFault;
use mimo_runtime::error::Error;

use crate::table::{Column, Table};

/// Reports a column whose rows have another number of values than those of the training table.
pub(crate) fn check_width(table: &Table, name: &str, column: &Column, wanted: usize) -> Result<(), Error> {
    let values = column.width();
    if values == wanted {
        return Ok(());
    }
    let fault = TableFault::Shape {
        shape: vec![table.rows(), values],
        wanted: format!("[{}, {wanted}]", table.rows()),
    };
    Err(table.error(None, Some(name), fault))
}

/// A number of a cell; NaN if it is missing.
pub(crate) fn number(
    table: &Table,
    name: &str,
    column: &Column,
    row: usize,
    place: usize,
    width: usize,
) -> Result<f64, Error> {
    let value = match column {
        Column::Unread { .. } => f64::NAN,
        Column::Numbers { values, .. } => values.get(row * width + place).copied().unwrap_or(f64::NAN),
        Column::Integers(values) => values.get(row).copied().flatten().map_or(f64::NAN, |value| value as f64),
        Column::Text(cells) => match cells.get(row) {
            None => f64::NAN,
            Some(text) => parse(text, table.origin.decimal_comma).ok_or_else(|| {
                table.error(Some(row), Some(name), TableFault::NotANumber { text: text.to_owned() })
            })?,
        },
    };
    if value.is_infinite() {
        return Err(table.error(Some(row), Some(name), TableFault::NotFinite { value, float: "f64" }));
    }
    Ok(value)
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

/// A whole number of a cell.
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
