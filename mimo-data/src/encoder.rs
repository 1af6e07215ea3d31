//! Conversion of the cells of columns to the values of one input or target, with the state learned from the training
//! table.

use std::collections::BTreeSet;

use mimo_graph::diag::nearest;
use mimo_runtime::data::TableFault;
use mimo_runtime::error::Error;
use serde::{Deserialize, Serialize};

use crate::feature::{Feature, Fill, Kind, Names, Numbers, fits};
use crate::table::{Column, Table, fault};
use crate::vocabulary::{
    IntegerLookup, IntegerLookupSettings, StringLookup, StringLookupSettings, TextVectorization,
    TextVectorizationSettings,
};

/// Keras's `epsilon`, the minimum of a standard deviation.
const EPSILON: f64 = 1e-7;

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
    name: String,
    /// Mean and divisor of each value of a row. Empty without normalization.
    normalization: Vec<(f64, f64)>,
    /// Replacement of missing values, for each value of a row. Empty if they stay missing.
    fill: Vec<f64>,
    width: usize,
}

/// Form of a target's classes: indices, one-hot, or a single value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClassForm {
    Index { classes: usize },
    OneHot { classes: usize },
    Value,
}

/// A field that learns from its training table, in one part or several.
pub(crate) enum Adapting {
    Numbers { numbers: Numbers, columns: Option<Vec<(String, Vec<Moments>)>> },
    Strings { column: String, settings: StringLookupSettings, one_hot: bool },
    Integers { column: String, settings: IntegerLookupSettings, one_hot: bool },
    Classes { column: String, order: Option<Vec<String>>, found: BTreeSet<String> },
    Text { column: String, settings: TextVectorizationSettings },
}

/// Running mean and variance (Welford, 1962).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, value: f64) {
        self.count += 1.0;
        let distance = value - self.mean;
        self.mean += distance / self.count;
        self.squares += distance * (value - self.mean);
    }
}

impl Adapting {
    pub(crate) fn new(feature: &Feature) -> Self {
        match feature.0.clone() {
            Kind::Numbers(numbers) => Adapting::Numbers { numbers, columns: None },
            Kind::Strings { column, settings, one_hot } => Adapting::Strings { column, settings, one_hot },
            Kind::Integers { column, settings, one_hot } => Adapting::Integers { column, settings, one_hot },
            Kind::Classes { column, order } => Adapting::Classes { column, order, found: BTreeSet::new() },
            Kind::Text { column, settings } => Adapting::Text { column, settings },
        }
    }

    /// Learns from a part of the training table.
    pub(crate) fn update(&mut self, table: &Table) -> Result<(), Error> {
        match self {
            Adapting::Numbers { numbers, columns } => {
                if columns.is_none() {
                    let names = match &numbers.columns {
                        Names::List(names) => names.clone(),
                        Names::Pattern(pattern) => {
                            let names: Vec<String> =
                                table.names().filter(|name| fits(pattern, name)).map(str::to_owned).collect();
                            if names.is_empty() {
                                let pattern = pattern.clone();
                                return Err(table.error(None, None, TableFault::NoColumns { pattern }));
                            }
                            names
                        }
                    };
                    for (place, name) in names.iter().enumerate() {
                        if names[..place].contains(name) {
                            return Err(table.error(None, Some(name), TableFault::ColumnTwice));
                        }
                    }
                    let of = |name: String| {
                        let width = table.usable(&name)?.width();
                        Ok((name, vec![Moments::default(); width]))
                    };
                    *columns = Some(names.into_iter().map(of).collect::<Result<_, Error>>()?);
                }
                for (name, moments) in columns.iter_mut().flatten() {
                    let column = table.usable(name)?;
                    check_width(table, name, column, moments.len())?;
                    let width = moments.len();
                    for row in 0..table.rows() {
                        for (place, moments) in moments.iter_mut().enumerate() {
                            let value = number(table, name, column, row, place, width)?;
                            if !value.is_nan() {
                                moments.add(value);
                            }
                        }
                    }
                }
            }
            Adapting::Strings { column, settings, .. } => {
                let cells = table.usable(column)?;
                for row in 0..table.rows() {
                    settings.update(word(cells, row).as_deref());
                }
            }
            Adapting::Integers { column, settings, .. } => {
                let cells = table.usable(column)?;
                for row in 0..table.rows() {
                    settings.update(whole(table, column, cells, row)?.as_ref());
                }
            }
            Adapting::Classes { column, found, .. } => {
                let cells = table.usable(column)?;
                for row in 0..table.rows() {
                    if let Some(word) = word(cells, row)
                        && !found.contains(&*word)
                    {
                        found.insert(word.into_owned());
                    }
                }
            }
            Adapting::Text { column, settings } => {
                let cells = table.usable(column)?;
                for row in 0..table.rows() {
                    settings.update([word(cells, row).as_deref().unwrap_or_default()]);
                }
            }
        }
        Ok(())
    }

    /// Returns the learned encoder. `form` is that of a target's classes.
    pub(crate) fn finish(self, form: Option<ClassForm>) -> Result<Encoder, Error> {
        Ok(match self {
            Adapting::Numbers { numbers, columns } => {
                let of = |(name, moments): (String, Vec<Moments>)| {
                    if matches!(numbers.fill, Fill::With(value) if !value.is_finite()) {
                        let what = "`fill` takes a finite number";
                        return Err(Table::default().error(None, Some(&name), TableFault::Setting { what }));
                    }
                    let needs_mean = numbers.normalize || numbers.fill == Fill::WithMean;
                    if needs_mean && moments.iter().any(|moments| moments.count == 0.0) {
                        return Err(Table::default().error(None, Some(&name), TableFault::AllMissing));
                    }
                    let deviation = |it: &Moments| (it.squares / it.count).sqrt().max(EPSILON);
                    let normalization = match numbers.normalize {
                        true => moments.iter().map(|it| (it.mean, deviation(it))).collect(),
                        false => vec![],
                    };
                    let is_finite =
                        |it: &Moments| it.mean.is_finite() && (!numbers.normalize || it.squares.is_finite());
                    if needs_mean && !moments.iter().all(is_finite) {
                        return Err(Table::default().error(None, Some(&name), TableFault::Moments));
                    }
                    let fill = match numbers.fill {
                        Fill::Never => vec![],
                        Fill::With(value) => vec![value; moments.len()],
                        Fill::WithMean => moments.iter().map(|it| it.mean).collect(),
                    };
                    Ok(NumberColumn { name, normalization, fill, width: moments.len() })
                };
                Encoder::Numbers(columns.unwrap_or_default().into_iter().map(of).collect::<Result<_, _>>()?)
            }
            Adapting::Strings { column, settings, one_hot } => {
                Encoder::Strings { column, lookup: settings.adapted()?, one_hot }
            }
            Adapting::Integers { column, settings, one_hot } => {
                Encoder::Integers { column, lookup: settings.adapted()?, one_hot }
            }
            Adapting::Classes { column, order, found } => {
                let classes = match order {
                    Some(order) => {
                        // A repeated class is an error; unknown classes are found when they are encoded.
                        StringLookup::new()
                            .num_oov_indices(0)
                            .vocabulary(order.iter().map(String::as_str))?;
                        order
                    }
                    None => {
                        let mut classes: Vec<String> = found.into_iter().collect();
                        let numbers: Option<Vec<i64>> = classes.iter().map(|it| it.parse().ok()).collect();
                        if numbers.is_some() {
                            classes.sort_by_key(|class| class.parse::<i64>().unwrap_or_default());
                        }
                        classes
                    }
                };
                if classes.len() < 2 {
                    let class = classes.first().cloned();
                    return Err(Table::default().error(
                        None,
                        Some(&column),
                        TableFault::FewClasses { class },
                    ));
                }
                let width = match form {
                    Some(ClassForm::OneHot { classes }) => classes,
                    _ => 1,
                };
                Encoder::Classes { column, classes, width }
            }
            Adapting::Text { column, settings } => Encoder::Text { column, layer: settings.adapted()? },
        })
    }
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
                let NumberColumn { normalization, fill, width, .. } = column;
                let valid = |len: usize| len == 0 || len == *width;
                *width > 0 && valid(normalization.len()) && valid(fill.len())
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

    /// Returns the column of a value of a row, and the index of the value in the column's values.
    fn column_of(&self, mut place: usize) -> (&str, usize) {
        match self {
            Encoder::Numbers(columns) => {
                for column in columns {
                    if place < column.width {
                        return (&column.name, place);
                    }
                    place -= column.width;
                }
                ("", 0)
            }
            Encoder::Strings { column, .. }
            | Encoder::Integers { column, .. }
            | Encoder::Classes { column, .. }
            | Encoder::Text { column, .. } => (column, 0),
        }
    }

    /// Returns the error of a number that is not finite in the model's float type; `place` is its index among the
    /// encoded values of all rows.
    pub(crate) fn not_finite(&self, table: &Table, place: usize, float: &'static str) -> Error {
        let width = self.width().max(1);
        let (row, (name, place)) = (place / width, self.column_of(place % width));
        // The number in the table, before normalization.
        let cell =
            table.usable(name).and_then(|column| number(table, name, column, row, place, column.width()));
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
                for NumberColumn { name, normalization, fill, width } in columns {
                    let column = table.usable(name)?;
                    check_width(table, name, column, *width)?;
                    for place in 0..*width {
                        let mut value = number(table, name, column, row, place, *width)?;
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

fn check_width(table: &Table, name: &str, column: &Column, wanted: usize) -> Result<(), Error> {
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

/// Returns the number in a cell; NaN if it is missing.
fn number(
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

/// Parses a number, or a boolean as pandas writes it. A number too large for `f64` is infinite.
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

/// Returns the integer in a cell.
fn whole(table: &Table, name: &str, column: &Column, row: usize) -> Result<Option<i64>, Error> {
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

/// Returns a cell as text.
fn word(column: &Column, row: usize) -> Option<std::borrow::Cow<'_, str>> {
    match column {
        Column::Text(cells) => cells.get(row).map(Into::into),
        Column::Integers(values) => values.get(row).copied().flatten().map(|value| value.to_string().into()),
        Column::Numbers { values, width: 1 } => {
            values.get(row).filter(|value| !value.is_nan()).map(|value| value.to_string().into())
        }
        // An array is not text.
        Column::Numbers { .. } | Column::Unread { .. } => None,
    }
}
