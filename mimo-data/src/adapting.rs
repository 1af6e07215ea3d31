//! State of an input or target that is learned from its training table: vocabularies, classes, means and deviations.

use std::collections::BTreeSet;

use mimo_runtime::data::TableFault;
use mimo_runtime::error::Error;

use crate::cells::{NumberCells, whole, word};
use crate::encoder::{ClassForm, Encoder, NumberColumn};
use crate::feature::{Feature, Fill, Kind, Names, Numbers, fits};
use crate::lookup::{IntegerLookupSettings, StringLookup, StringLookupSettings};
use crate::table::Table;
use crate::text_vectorization::TextVectorizationSettings;

/// Keras's `epsilon`: a smaller deviation is taken as this.
const EPSILON: f64 = 1e-7;

/// A field that sees its training table, in one part or several.
pub(crate) enum Adapting {
    Numbers { numbers: Numbers, columns: Option<Vec<(String, Vec<Moments>)>> },
    Strings { column: String, settings: StringLookupSettings, one_hot: bool },
    Integers { column: String, settings: IntegerLookupSettings, one_hot: bool },
    Classes { column: String, order: Option<Vec<String>>, found: BTreeSet<String> },
    Text { column: String, settings: TextVectorizationSettings },
}

/// Mean and variance of values that come one after another (Welford, 1962).
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

    /// Sees a part of the training table.
    pub(crate) fn update(&mut self, table: &Table) -> Result<(), Error> {
        match self {
            Adapting::Numbers { numbers, columns } => {
                if columns.is_none() {
                    if numbers.dates.as_ref().is_some_and(Vec::is_empty) {
                        let what = "`dates` takes at least one part, such as `DatePart::Days`";
                        return Err(table.error(None, None, TableFault::Setting { what }));
                    }
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
                        let width = NumberCells::new(table, &name, numbers.date_parts())?.width();
                        Ok((name, vec![Moments::default(); width]))
                    };
                    *columns = Some(names.into_iter().map(of).collect::<Result<_, Error>>()?);
                }
                for (name, moments) in columns.iter_mut().flatten() {
                    let cells = NumberCells::new(table, name, numbers.date_parts())?;
                    cells.check_width(moments.len())?;
                    for row in 0..table.rows() {
                        for (place, moments) in moments.iter_mut().enumerate() {
                            let value = cells.number(row, place)?;
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

    /// Returns the learned state. `form` is that of a target's classes.
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
                    let dates = numbers.date_parts().to_vec();
                    Ok(NumberColumn { name, normalization, fill, width: moments.len(), dates })
                };
                Encoder::Numbers(columns.unwrap_or_default().into_iter().map(of).collect::<Result<_, _>>()?)
            }
            Adapting::Strings { column, settings, one_hot } => {
                let lookup = settings.adapted().map_err(|error| at_column(&column, error))?;
                Encoder::Strings { column, lookup, one_hot }
            }
            Adapting::Integers { column, settings, one_hot } => {
                let lookup = settings.adapted().map_err(|error| at_column(&column, error))?;
                Encoder::Integers { column, lookup, one_hot }
            }
            Adapting::Classes { column, order, found } => {
                let classes = match order {
                    Some(order) => {
                        // A class twice is an error; unknown classes are found when they are encoded.
                        StringLookup::new()
                            .num_oov_indices(0)
                            .vocabulary(order.iter().map(String::as_str))
                            .map_err(|error| at_column(&column, error))?;
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
            Adapting::Text { column, settings } => {
                let layer = settings.adapted().map_err(|error| at_column(&column, error))?;
                Encoder::Text { column, layer }
            }
        })
    }
}

/// An error of the settings of a column, with its name.
fn at_column(column: &str, error: Error) -> Error {
    match error {
        Error::Table { mut place, fault } => {
            place.column.get_or_insert_with(|| column.to_owned());
            Error::Table { place, fault }
        }
        error => error,
    }
}
