//! Features: the columns of an input or a target, and their encoding.

use crate::date::DatePart;
use crate::lookup::{IntegerLookup, IntegerLookupSettings, StringLookupSettings};
use crate::text_vectorization::TextVectorizationSettings;

/// The columns of one input or target, and their encoding. Names of columns can be used directly: `"area"`, `["area",
/// "rooms"]`.
#[derive(Clone, Debug)]
pub struct Feature(pub(crate) Kind);

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Numbers(Numbers),
    Strings { column: String, settings: StringLookupSettings, one_hot: bool },
    Integers { column: String, settings: IntegerLookupSettings, one_hot: bool },
    Classes { column: String, order: Option<Vec<String>> },
    Text { column: String, settings: TextVectorizationSettings },
}

/// Columns of numbers. See [`columns`].
#[derive(Clone, Debug)]
pub struct Numbers {
    pub(crate) columns: Names,
    pub(crate) normalize: bool,
    pub(crate) fill: Fill,
    /// Parts of dates.
    pub(crate) dates: Option<Vec<DatePart>>,
}

#[derive(Clone, Debug)]
pub(crate) enum Names {
    List(Vec<String>),
    Pattern(String),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fill {
    /// A missing cell is an error in an input, and a missing target in a target.
    Never,
    With(f64),
    WithMean,
}

/// Selects columns of numbers, one value of a sample each.
///
/// Cells of text are numbers as Rust reads them, `true` or `false`; [`dates`](Numbers::dates) reads dates.
///
/// A missing cell is an error of an input unless [`fill`](Numbers::fill) or [`fill_mean`](Numbers::fill_mean) says what to take. The
/// target of a sample is missing if all of its cells are.
pub fn columns<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Numbers {
    numbers(Names::List(names.into_iter().map(Into::into).collect()))
}

/// Selects a column of numbers. See [`columns`].
pub fn column(name: impl Into<String>) -> Numbers {
    columns([name])
}

/// Selects all columns of numbers whose names match a pattern, in the order of the table; `*` stands for any
/// characters: `"pixel_*"`. `adapt` resolves the names, which are then read from every later table.
pub fn columns_like(pattern: impl Into<String>) -> Numbers {
    numbers(Names::Pattern(pattern.into()))
}

fn numbers(columns: Names) -> Numbers {
    Numbers { columns, normalize: false, fill: Fill::Never, dates: None }
}

impl Numbers {
    /// Subtracts the mean of each column and divides by its standard deviation, like Keras's `Normalization`; `adapt`
    /// computes both. Targets may be normalized too: [`TableReader::restore`](crate::TableReader::restore) converts
    /// predictions back to the original units.
    #[must_use]
    pub fn normalize(mut self) -> Self {
        self.normalize = true;
        self
    }

    /// Replaces missing cells by this number. `adapt` reports a number that is not finite.
    #[must_use]
    pub fn fill(mut self, value: f64) -> Self {
        self.fill = Fill::With(value);
        self
    }

    /// Reads cells of text as dates, each as these numbers, one after another. Cells are dates of ISO 8601: `2024-05-31`, or with a time
    /// `2024-05-31T12:00:00`, `2024-05-31 12:00`, `2024-05-31T12:00:00+02:00`.
    ///
    /// ```
    /// use mimo_data::{DatePart, column};
    ///
    /// // Three values of a sample: `let sold_on = Input(shape = [3]);`
    /// let parts = [DatePart::Days, DatePart::Month, DatePart::Weekday];
    /// let sold_on = column("sold_on").dates(parts).normalize();
    /// ```
    ///
    /// Other forms of dates are written as one of these before the table is read, or are split into columns of numbers.
    #[must_use]
    pub fn dates(mut self, parts: impl IntoIterator<Item = DatePart>) -> Self {
        self.dates = Some(parts.into_iter().collect());
        self
    }

    /// Parts of dates; empty for numbers.
    pub(crate) fn date_parts(&self) -> &[DatePart] {
        self.dates.as_deref().unwrap_or_default()
    }

    /// Takes the mean of the column, in the table that `adapt` sees, where a cell is missing.
    #[must_use]
    pub fn fill_mean(mut self) -> Self {
        self.fill = Fill::WithMean;
        self
    }
}

/// Selects a column of categories as indices, numbered as by Keras's `StringLookup`: 0 for categories unknown to
/// `adapt` and for missing cells, then the most frequent first.
pub fn category(column: impl Into<String>) -> Category {
    Category { column: column.into(), settings: StringLookupSettings::default(), one_hot: false }
}

/// A column of categories. See [`category`].
#[derive(Clone, Debug)]
pub struct Category {
    column: String,
    settings: StringLookupSettings,
    one_hot: bool,
}

impl Category {
    /// Sets the lookup: `.lookup(StringLookup::new().max_tokens(50))`.
    #[must_use]
    pub fn lookup(mut self, settings: StringLookupSettings) -> Self {
        self.settings = settings;
        self
    }

    /// Encodes categories one-hot, with as many values as the vocabulary has indices.
    #[must_use]
    pub fn one_hot(mut self) -> Self {
        self.one_hot = true;
        self
    }
}

/// Selects a column of integers that are categories, such as postal codes, numbered as by Keras's `IntegerLookup`.
pub fn integer_category(column: impl Into<String>) -> IntegerCategory {
    IntegerCategory { column: column.into(), settings: IntegerLookup::new(), one_hot: false }
}

/// A column of integers that are categories. See [`integer_category`].
#[derive(Clone, Debug)]
pub struct IntegerCategory {
    column: String,
    settings: IntegerLookupSettings,
    one_hot: bool,
}

impl IntegerCategory {
    /// Sets the lookup.
    #[must_use]
    pub fn lookup(mut self, settings: IntegerLookupSettings) -> Self {
        self.settings = settings;
        self
    }

    /// Encodes categories one-hot, with as many values as the vocabulary has indices.
    #[must_use]
    pub fn one_hot(mut self) -> Self {
        self.one_hot = true;
        self
    }
}

/// Selects a column of class names as a target: a class index for a sparse loss, one-hot for other losses of several
/// classes, and 0 or 1 for an output of one value.
///
/// Classes are in alphabetical order, or in numerical order if all are integers. A class unknown to `adapt` is an
/// error, and so is a training table with fewer than two classes.
pub fn classes(column: impl Into<String>) -> Classes {
    Classes { column: column.into(), order: None }
}

/// A column of class names. See [`classes`].
#[derive(Clone, Debug)]
pub struct Classes {
    column: String,
    order: Option<Vec<String>>,
}

impl Classes {
    /// Sets the order of the classes: `classes("risk").in_order(["low", "medium", "high"])`.
    #[must_use]
    pub fn in_order<S: Into<String>>(mut self, classes: impl IntoIterator<Item = S>) -> Self {
        self.order = Some(classes.into_iter().map(Into::into).collect());
        self
    }
}

/// Selects a column of texts, encoded by a [`TextVectorization`](crate::TextVectorization). A missing cell is an
/// empty text.
pub fn text(column: impl Into<String>, settings: TextVectorizationSettings) -> Feature {
    Feature(Kind::Text { column: column.into(), settings })
}

impl From<Numbers> for Feature {
    fn from(numbers: Numbers) -> Self {
        Feature(Kind::Numbers(numbers))
    }
}

impl From<Category> for Feature {
    fn from(Category { column, settings, one_hot }: Category) -> Self {
        Feature(Kind::Strings { column, settings, one_hot })
    }
}

impl From<IntegerCategory> for Feature {
    fn from(IntegerCategory { column, settings, one_hot }: IntegerCategory) -> Self {
        Feature(Kind::Integers { column, settings, one_hot })
    }
}

impl From<Classes> for Feature {
    fn from(Classes { column, order }: Classes) -> Self {
        Feature(Kind::Classes { column, order })
    }
}

impl From<&str> for Feature {
    fn from(name: &str) -> Self {
        column(name).into()
    }
}

impl<S: Into<String>, const N: usize> From<[S; N]> for Feature {
    fn from(names: [S; N]) -> Self {
        columns(names).into()
    }
}

/// Whether a name matches a pattern in which `*` stands for any characters.
pub(crate) fn fits(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut name) = name.strip_prefix(head) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let tail = parts.pop().unwrap_or_default();
    for part in parts {
        // The first match is the best: it leaves the most for the other parts.
        let Some(place) = name.find(part) else { return false };
        name = &name[place + part.len()..];
    }
    name.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn patterns_stand_for_any_characters() {
        for (pattern, name, expected) in [
            ("pixel_*", "pixel_12", true),
            ("pixel_*", "pixel", false),
            ("*", "", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "acb", false),
            ("ab*ba", "aba", false),
            ("*é*", "café!", true),
            ("area", "area", true),
            ("area", "areas", false),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }
}
