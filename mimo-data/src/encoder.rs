//! From the cells of columns to the values of one input or target, with what it has learned of the training table.

use mimo_graph::diag::nearest;
use mimo_runtime::data::TableFault;
use mimo_runtime::error::Error;
use serde::{Deserialize, Serialize};

use crate::cells::{NumberCells, whole, word};
use crate::date::DatePart;
use crate::lookup::{IntegerLookup, StringLookup};
use crate::table::{Table, fault};
use crate::text_vectorization::TextVectorization;

/// A field that has learned from its training table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Encoder {
    Numbers(Vec<NumberColumn>),
    Strings { column: String, lookup: StringLookup, one_hot: bool },
    Integers { column: String, lookup: IntegerLookup, one_hot: bool },
    Classes { column: String, classes: Vec<String>, width: usize },
    Text { column: String, layer: TextVectorization },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct NumberColumn {
    pub(crate) name: String,
    /// By value of a row: what is subtracted, and the divisor. Empty without normalization.
    pub(crate) normalization: Vec<(f64, f64)>,
    /// By value of a row: what a missing one becomes. Empty if it stays missing.
    pub(crate) fill: Vec<f64>,
    pub(crate) width: usize,
    /// Parts of dates, which are the values of a row; empty for numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) dates: Vec<DatePart>,
}

/// Form of a target's classes: indices, one-hot, or a single value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClassForm {
    Index { classes: usize },
    OneHot { classes: usize },
    Value,
}

impl Encoder {
    /// Values per sample.
    pub(crate) fn width(&self) -> usize {
        match self {
            Encoder::Numbers(columns) => {
                columns.iter().map(|column| column.width).fold(0, usize::saturating_add)
            }
            Encoder::Strings { lookup, one_hot: true, .. } => lookup.vocabulary_size(),
            Encoder::Integers { lookup, one_hot: true, .. } => lookup.vocabulary_size(),
            Encoder::Strings { .. } | Encoder::Integers { .. } => 1,
            Encoder::Classes { width, .. } => *width,
            Encoder::Text { layer, .. } => layer.width(),
        }
    }

    /// Number of indices, if the values are indices.
    pub(crate) fn indices(&self) -> Option<usize> {
        match self {
            Encoder::Strings { lookup, one_hot: false, .. } => Some(lookup.vocabulary_size()),
            Encoder::Integers { lookup, one_hot: false, .. } => Some(lookup.vocabulary_size()),
            Encoder::Classes { classes, .. } => Some(classes.len()),
            Encoder::Text { layer, .. } => layer.indices(),
            _ => None,
        }
    }

    /// Names of the classes, by index.
    pub(crate) fn classes(&self) -> Option<Vec<String>> {
        match self {
            Encoder::Classes { classes, .. } => Some(classes.clone()),
            Encoder::Strings { lookup, .. } => Some(lookup.get_vocabulary()),
            Encoder::Integers { lookup, .. } => {
                Some(lookup.get_vocabulary().iter().map(i64::to_string).collect())
            }
            Encoder::Text { layer, .. } => Some(layer.get_vocabulary()),
            Encoder::Numbers { .. } => None,
        }
    }

    /// Whether the lists of a saved encoder have consistent lengths.
    pub(crate) fn is_consistent(&self) -> bool {
        match self {
            Encoder::Numbers(columns) => columns.iter().all(|column| {
                let NumberColumn { normalization, fill, width, dates, .. } = column;
                let valid = |len: usize| len == 0 || len == *width;
                *width > 0 && valid(normalization.len()) && valid(fill.len()) && valid(dates.len())
            }),
            Encoder::Classes { classes, width, .. } => *width == 1 || classes.len() <= *width,
            Encoder::Text { .. } | Encoder::Strings { .. } | Encoder::Integers { .. } => true,
        }
    }

    /// Encodes all rows of a table: [`width`](Self::width) values each. Writes to `missing` for each row whether its
    /// target is missing; if it is `None`, a missing cell is an error.
    pub(crate) fn encode(
        &self,
        table: &Table,
        mut missing: Option<&mut Vec<bool>>,
    ) -> Result<Vec<f64>, Error> {
        let len = self.width().saturating_mul(table.rows());
        let mut values = Vec::new();
        values.try_reserve_exact(len).map_err(|_| Error::Memory { values: len })?;
        for row in 0..table.rows() {
            let start = values.len();
            let found = self.encode_row(table, row, &mut values)?;
            match &mut missing {
                Some(missing) => missing.push(!found),
                None if found => {}
                None => return Err(table.error(Some(row), Some(self.first_column()), TableFault::Missing)),
            }
            if !found {
                values.truncate(start);
                values.resize(start + self.width(), 0.0);
            }
        }
        Ok(values)
    }

    pub(crate) fn first_column(&self) -> &str {
        self.column_of(0).0
    }

    /// The column of one of the values of a row, what is read of its dates, and the place of the value among those of the column.
    fn column_of(&self, mut place: usize) -> (&str, &[DatePart], usize) {
        match self {
            Encoder::Numbers(columns) => {
                for column in columns {
                    if place < column.width {
                        return (&column.name, &column.dates, place);
                    }
                    place -= column.width;
                }
                ("", &[], 0)
            }
            Encoder::Strings { column, .. }
            | Encoder::Integers { column, .. }
            | Encoder::Classes { column, .. }
            | Encoder::Text { column, .. } => (column, &[], 0),
        }
    }

    /// Returns the error of a number that is not finite in the model's float type; `place` is its index among the
    /// encoded values of all rows.
    pub(crate) fn not_finite(&self, table: &Table, place: usize, float: &'static str) -> Error {
        let width = self.width().max(1);
        let (row, (name, dates, place)) = (place / width, self.column_of(place % width));
        // The number as the table has it, before it was normalized.
        let cell = NumberCells::new(table, name, dates).and_then(|cells| cells.number(row, place));
        let value = match cell {
            Ok(value) => value,
            Err(error) => return error,
        };
        table.error(Some(row), Some(name), TableFault::NotFinite { value, float })
    }

    /// Encodes a row; returns whether it has values.
    fn encode_row(&self, table: &Table, row: usize, values: &mut Vec<f64>) -> Result<bool, Error> {
        let at = |column: &str, error: Error| match error {
            Error::Table { fault, .. } => table.error(Some(row), Some(column), *fault),
            error => error,
        };
        match self {
            Encoder::Numbers(columns) => {
                let (mut there, mut first_missing) = (false, None);
                for NumberColumn { name, normalization, fill, width, dates } in columns {
                    let cells = NumberCells::new(table, name, dates)?;
                    cells.check_width(*width)?;
                    for place in 0..*width {
                        let mut value = cells.number(row, place)?;
                        if let (true, Some(fill)) = (value.is_nan(), fill.get(place)) {
                            value = *fill;
                        }
                        if value.is_nan() {
                            first_missing = first_missing.or(Some(name));
                        } else {
                            there = true;
                        }
                        if let Some((mean, deviation)) = normalization.get(place) {
                            value = (value - mean) / deviation;
                        }
                        values.push(value);
                    }
                }
                match first_missing {
                    // Some values are present and others are missing.
                    Some(name) if there => Err(table.error(Some(row), Some(name), TableFault::Missing)),
                    Some(_) => Ok(false),
                    None => Ok(true),
                }
            }
            Encoder::Strings { column, lookup, one_hot } => {
                let index = match word(table.usable(column)?, row) {
                    Some(word) => lookup.index(&word),
                    None => lookup.missing(),
                };
                let index = index.map_err(|error| at(column, error))?;
                push_index(values, index, one_hot.then(|| lookup.vocabulary_size()));
                Ok(true)
            }
            Encoder::Integers { column, lookup, one_hot } => {
                let index = match whole(table, column, table.usable(column)?, row)? {
                    Some(number) => lookup.index(&number),
                    None => lookup.missing(),
                };
                let index = index.map_err(|error| at(column, error))?;
                push_index(values, index, one_hot.then(|| lookup.vocabulary_size()));
                Ok(true)
            }
            Encoder::Classes { column, classes, width } => {
                let Some(word) = word(table.usable(column)?, row) else { return Ok(false) };
                let Some(index) = classes.iter().position(|class| *class == *word) else {
                    let near = nearest(&word, classes.iter().map(String::as_str));
                    return Err(at(
                        column,
                        fault(TableFault::UnknownCategory { text: word.into_owned(), near }),
                    ));
                };
                push_index(values, index, (*width > 1).then_some(*width));
                Ok(true)
            }
            Encoder::Text { column, layer } => {
                let text = word(table.usable(column)?, row).unwrap_or_default();
                values.extend(layer.encode(&text).map_err(|error| at(column, error))?);
                Ok(true)
            }
        }
    }

    /// Converts values of the field back to the units of its columns.
    pub(crate) fn restore(&self, values: &mut [f64]) {
        let Encoder::Numbers(columns) = self else { return };
        let scales: Vec<(f64, f64)> = columns
            .iter()
            .flat_map(|column| {
                (0..column.width).map(|place| column.normalization.get(place).copied().unwrap_or((0.0, 1.0)))
            })
            .collect();
        for (value, (mean, deviation)) in values.iter_mut().zip(scales.iter().cycle()) {
            *value = *value * deviation + mean;
        }
    }
}

fn push_index(values: &mut Vec<f64>, index: usize, one_hot: Option<usize>) {
    match one_hot {
        Some(width) => values.extend((0..width).map(|place| if place == index { 1.0 } else { 0.0 })),
        None => values.push(index as f64),
    }
}
