//! Tables: named columns of numbers, integers or text, in which cells may be missing.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use mimo_graph::diag::nearest;
use mimo_runtime::data::split::{self, Parts};
use mimo_runtime::data::{TableFault, TablePlace};
use mimo_runtime::error::Error;

/// A table in memory: named columns with one cell per row, read from a file or created from vectors.
///
/// ```
/// use mimo_data::Table;
///
/// let table = Table::new()
///     .with("area", [54.0, 120.5])?
///     .with("rooms", [Some(2), None])?
///     .with("kind", ["flat", "house"])?;
/// assert_eq!((table.rows(), table.names().count()), (2, 3));
/// # Ok::<(), mimo_runtime::error::Error>(())
/// ```
///
/// [`Display`](fmt::Display) shows the columns, their types, and the number of missing cells.
#[derive(Clone, Default)]
pub struct Table {
    pub(crate) rows: usize,
    pub(crate) names: Vec<String>,
    /// Index of each column, by name.
    places: HashMap<String, usize>,
    pub(crate) columns: Vec<Column>,
    pub(crate) origin: Origin,
}

/// Origin of a table, for errors.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    pub(crate) file: Option<Arc<Path>>,
    /// Line of the file of each row.
    pub(crate) lines: Option<Vec<u64>>,
    /// Whether text cells have a decimal comma.
    pub(crate) decimal_comma: bool,
}

/// The cells of a column. Missing cells are NaN, `None` or marked.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Column {
    /// Numbers, `width` per row. A row is missing if all of its numbers are NaN.
    Numbers {
        /// The numbers of all rows.
        values: Vec<f64>,
        /// Numbers per row: 1, or the values of an array such as an image.
        width: usize,
    },
    /// Integers.
    Integers(Vec<Option<i64>>),
    /// Text; numbers and dates of text files are text until they are used.
    Text(TextColumn),
    /// Cells that cannot be used, such as durations of a Parquet file. An input or target that reads the column is an error.
    Unread {
        /// Number of rows.
        rows: usize,
        /// Why they are not supported.
        reason: String,
    },
}

/// Text cells in contiguous memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextColumn {
    text: String,
    /// End of each cell in `text`, and whether the cell is missing.
    cells: Vec<(usize, bool)>,
}

impl TextColumn {
    /// Adds a cell; `None` means missing.
    pub fn push(&mut self, cell: Option<&str>) {
        self.text.push_str(cell.unwrap_or_default());
        self.cells.push((self.text.len(), cell.is_none()));
    }

    /// Returns the cell of a row; `None` if it is missing or the row does not exist.
    pub fn get(&self, row: usize) -> Option<&str> {
        let (end, missing) = *self.cells.get(row)?;
        let start = row.checked_sub(1).map_or(0, |before| self.cells[before].0);
        if missing { None } else { self.text.get(start..end) }
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there are no cells.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }
}

impl<T: AsRef<str>> FromIterator<Option<T>> for TextColumn {
    fn from_iter<I: IntoIterator<Item = Option<T>>>(cells: I) -> Self {
        let mut column = TextColumn::default();
        cells.into_iter().for_each(|cell| column.push(cell.as_ref().map(AsRef::as_ref)));
        column
    }
}

impl Column {
    /// Creates a column of numbers, one per row; NaN means missing.
    pub fn numbers(values: Vec<f64>) -> Self {
        Column::Numbers { values, width: 1 }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        match self {
            Column::Numbers { values, width } => values.len() / (*width).max(1),
            Column::Integers(values) => values.len(),
            Column::Text(cells) => cells.len(),
            Column::Unread { rows, .. } => *rows,
        }
    }

    /// Number of rows whose cells are missing; 0 for an unsupported column.
    fn missing(&self) -> usize {
        match self {
            Column::Numbers { values, width } => {
                values.chunks((*width).max(1)).filter(|row| row.iter().all(|value| value.is_nan())).count()
            }
            Column::Integers(values) => values.iter().filter(|value| value.is_none()).count(),
            Column::Text(cells) => cells.cells.iter().filter(|(_, missing)| *missing).count(),
            Column::Unread { .. } => 0,
        }
    }

    /// Values per row.
    pub fn width(&self) -> usize {
        if let Column::Numbers { width, .. } = self { *width } else { 1 }
    }

    fn select(&self, rows: &[usize]) -> Column {
        match self {
            Column::Numbers { values, width } => {
                let row = |row: &usize| values.get(row * width..(row + 1) * width).unwrap_or_default();
                Column::Numbers { values: rows.iter().flat_map(row).copied().collect(), width: *width }
            }
            Column::Integers(values) => {
                Column::Integers(rows.iter().map(|row| values.get(*row).copied().flatten()).collect())
            }
            Column::Text(cells) => Column::Text(rows.iter().map(|row| cells.get(*row)).collect()),
            Column::Unread { reason, .. } => Column::Unread { rows: rows.len(), reason: reason.clone() },
        }
    }
}

macro_rules! columns_of_numbers {
    ($($number:ty),*) => {$(
        impl From<Vec<$number>> for Column {
            fn from(values: Vec<$number>) -> Self {
                Column::numbers(values.into_iter().map(f64::from).collect())
            }
        }
        impl From<Vec<Option<$number>>> for Column {
            fn from(values: Vec<Option<$number>>) -> Self {
                Column::numbers(values.into_iter().map(|value| value.map_or(f64::NAN, f64::from)).collect())
            }
        }
        columns_of!($number);
    )*};
}

macro_rules! columns_of_integers {
    ($($number:ty),*) => {$(
        impl From<Vec<$number>> for Column {
            fn from(values: Vec<$number>) -> Self {
                Column::Integers(values.into_iter().map(|value| Some(value.into())).collect())
            }
        }
        impl From<Vec<Option<$number>>> for Column {
            fn from(values: Vec<Option<$number>>) -> Self {
                Column::Integers(values.into_iter().map(|value| value.map(i64::from)).collect())
            }
        }
        columns_of!($number);
    )*};
}

macro_rules! columns_of {
    ($value:ty) => {
        impl From<&[$value]> for Column {
            fn from(values: &[$value]) -> Self {
                values.to_vec().into()
            }
        }
        impl<const N: usize> From<[$value; N]> for Column {
            fn from(values: [$value; N]) -> Self {
                values.to_vec().into()
            }
        }
        impl<const N: usize> From<[Option<$value>; N]> for Column {
            fn from(values: [Option<$value>; N]) -> Self {
                values.to_vec().into()
            }
        }
    };
}

columns_of_numbers!(f32, f64);
columns_of_integers!(bool, i8, i16, i32, i64, u8, u16, u32);

macro_rules! columns_of_text {
    ($($text:ty),*) => {$(
        impl From<Vec<$text>> for Column {
            fn from(values: Vec<$text>) -> Self {
                Column::Text(values.into_iter().map(Some).collect())
            }
        }
        impl From<Vec<Option<$text>>> for Column {
            fn from(values: Vec<Option<$text>>) -> Self {
                Column::Text(values.into_iter().collect())
            }
        }
        columns_of!($text);
    )*};
}

columns_of_text!(&str, String);

impl Table {
    /// Creates a table without columns.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a column: a vector, a slice or an array of numbers, integers or text, or of `Option`s of these, where
    /// `None` is a missing cell.
    ///
    /// # Errors
    /// [`Rows`](TableFault::Rows) if it has another number of rows than the other columns,
    /// [`DuplicateColumn`](TableFault::DuplicateColumn).
    pub fn with(mut self, name: impl Into<String>, column: impl Into<Column>) -> Result<Self, Error> {
        self.push(name.into(), column.into())?;
        Ok(self)
    }

    pub(crate) fn push(&mut self, name: String, column: Column) -> Result<(), Error> {
        if self.columns.is_empty() {
            self.rows = column.rows();
        }
        let (rows, wanted) = (column.rows(), self.rows);
        if rows != wanted {
            return Err(self.error(None, Some(&name), TableFault::Rows { rows, wanted }));
        }
        let ragged = matches!(&column, Column::Numbers { values, width } if values.len() != rows * width);
        if ragged {
            let what = "the values of a column are not whole rows";
            return Err(self.error(None, Some(&name), TableFault::Setting { what }));
        }
        if self.places.insert(name.clone(), self.names.len()).is_some() {
            return Err(self.error(None, Some(&name), TableFault::DuplicateColumn));
        }
        self.names.push(name);
        self.columns.push(column);
        Ok(())
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Returns the names of the columns, in order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Returns a column by its name.
    ///
    /// # Errors
    /// [`NoSuchColumn`](TableFault::NoSuchColumn), with similar names.
    pub fn column(&self, name: &str) -> Result<&Column, Error> {
        match self.places.get(name) {
            Some(place) => Ok(&self.columns[*place]),
            None => {
                let near = self.other_delimiter().or_else(|| nearest(name, self.names()));
                Err(self.error(None, None, TableFault::NoSuchColumn { name: name.to_owned(), near }))
            }
        }
    }

    /// Creates a table of some of the rows, in this order. Rows may be repeated.
    ///
    /// # Errors
    /// [`NoSuchRow`](Error::NoSuchRow).
    pub fn select(&self, rows: &[usize]) -> Result<Table, Error> {
        if let Some(&row) = rows.iter().find(|row| **row >= self.rows) {
            return Err(Error::NoSuchRow { row, rows: self.rows });
        }
        let lines = self.origin.lines.as_ref().map(|lines| rows.iter().map(|row| lines[*row]).collect());
        Ok(Table {
            rows: rows.len(),
            names: self.names.clone(),
            places: self.places.clone(),
            columns: self.columns.iter().map(|column| column.select(rows)).collect(),
            origin: Origin { lines, file: self.origin.file.clone(), ..self.origin },
        })
    }

    /// Splits at random into a training part and a held-out part with the fraction `fraction` of the rows.
    ///
    /// # Errors
    /// [`ValidationSplit`](Error::ValidationSplit) if the fraction is not between 0 and 1, or one part would be empty.
    #[doc(alias = "train_test_split")]
    pub fn shuffled_split(&self, fraction: f64, seed: u64) -> Result<(Table, Table), Error> {
        self.parts(split::shuffled(self.rows, fraction, seed)?)
    }

    /// Splits like [`shuffled_split`](Self::shuffled_split), stratified: with the same fraction of every value of a column. Rows where
    /// it is missing form their own class.
    ///
    /// # Errors
    /// [`ValidationSplit`](Error::ValidationSplit), [`NoSuchColumn`](TableFault::NoSuchColumn), and
    /// [`NoTwoRowsAlike`](TableFault::NoTwoRowsAlike) for a column with another value in each row.
    pub fn stratified_split(&self, column: &str, fraction: f64, seed: u64) -> Result<(Table, Table), Error> {
        self.parts(split::stratified(&self.strata(column)?, fraction, seed)?)
    }

    /// Splits like [`shuffled_split`](Self::shuffled_split), by groups: all rows with the same value of a column are in one part. Rows
    /// where it is missing are one group.
    ///
    /// # Errors
    /// [`ValidationSplit`](Error::ValidationSplit), [`NoSuchColumn`](TableFault::NoSuchColumn).
    pub fn group_split(&self, column: &str, fraction: f64, seed: u64) -> Result<(Table, Table), Error> {
        self.parts(split::grouped(&self.keys(column)?, fraction, seed)?)
    }

    /// Returns the training part and the held-out part of each random fold. Every row is held out once.
    ///
    /// # Errors
    /// [`Folds`](Error::Folds) if there are fewer than two folds, or fewer rows than folds.
    #[doc(alias = "KFold")]
    pub fn k_fold(&self, folds: usize, seed: u64) -> Result<Vec<(Table, Table)>, Error> {
        self.all_parts(split::k_fold(self.rows, folds, seed)?)
    }

    /// Same as [`k_fold`](Self::k_fold), stratified: with the same fraction of every value of a column in each fold.
    ///
    /// # Errors
    /// [`Folds`](Error::Folds), and those of [`stratified_split`](Self::stratified_split) for the column.
    pub fn stratified_k_fold(
        &self,
        column: &str,
        folds: usize,
        seed: u64,
    ) -> Result<Vec<(Table, Table)>, Error> {
        self.all_parts(split::stratified_k_fold(&self.strata(column)?, folds, seed)?)
    }

    /// Same as [`k_fold`](Self::k_fold), by groups: all rows with the same value of a column are in one fold.
    ///
    /// # Errors
    /// [`Folds`](Error::Folds) if there are fewer groups than folds, [`NoSuchColumn`](TableFault::NoSuchColumn).
    pub fn group_k_fold(&self, column: &str, folds: usize, seed: u64) -> Result<Vec<(Table, Table)>, Error> {
        self.all_parts(split::group_k_fold(&self.keys(column)?, folds, seed)?)
    }

    fn parts(&self, (train, held_out): Parts) -> Result<(Table, Table), Error> {
        Ok((self.select(&train)?, self.select(&held_out)?))
    }

    fn all_parts(&self, folds: Vec<Parts>) -> Result<Vec<(Table, Table)>, Error> {
        folds.into_iter().map(|fold| self.parts(fold)).collect()
    }

    /// Returns a column by its name, if it is supported.
    pub(crate) fn usable(&self, name: &str) -> Result<&Column, Error> {
        match self.column(name)? {
            Column::Unread { reason, .. } => {
                Err(self.error(None, Some(name), TableFault::Unread { reason: reason.clone() }))
            }
            column => Ok(column),
        }
    }

    /// Returns the values of a column as classes, at least one of which has two rows.
    fn strata(&self, name: &str) -> Result<Vec<Key<'_>>, Error> {
        let keys = self.keys(name)?;
        let different: BTreeSet<&Key<'_>> = keys.iter().collect();
        if keys.len() > 1 && different.len() == keys.len() {
            return Err(self.error(None, Some(name), TableFault::NoTwoRowsAlike));
        }
        Ok(keys)
    }

    /// Returns the values of a column as comparable keys.
    fn keys(&self, name: &str) -> Result<Vec<Key<'_>>, Error> {
        Ok(match self.usable(name)? {
            Column::Numbers { values, width } => values
                .chunks((*width).max(1))
                .map(|row| Key::Numbers(row.iter().map(|it| it.to_bits()).collect()))
                .collect(),
            Column::Integers(values) => values.iter().map(|value| Key::Integer(*value)).collect(),
            Column::Text(cells) => (0..cells.len()).map(|row| Key::Text(cells.get(row))).collect(),
            Column::Unread { .. } => vec![],
        })
    }

    /// Help for a file that was read as one column whose name contains another separator.
    fn other_delimiter(&self) -> Option<String> {
        let [name] = &*self.names else { return None };
        let delimiter = [';', '\t', '|'].into_iter().find(|&delimiter| name.contains(delimiter))?;
        let name: String = name.chars().take(60).collect();
        Some(format!(
            "the only column is `{}`: if {delimiter:?} separates cells, read the file with `CsvOptions::new().delimiter(b{delimiter:?})`",
            name.escape_debug()
        ))
    }

    /// Creates an error with its location in this table.
    pub(crate) fn error(&self, row: Option<usize>, column: Option<&str>, fault: TableFault) -> Error {
        let mut place = TablePlace::default();
        place.file = self.origin.file.as_deref().map(Path::to_path_buf);
        place.line = row.and_then(|row| self.origin.lines.as_ref()?.get(row).copied());
        place.row = row;
        place.column = column.map(str::to_owned);
        Error::Table { place: Box::new(place), fault: Box::new(fault) }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.origin.file {
            write!(f, "`{}`: ", file.display())?;
        }
        write!(f, "{} rows, {} columns", self.rows, self.names.len())?;
        for (name, column) in self.names.iter().zip(&self.columns) {
            write!(f, "\n{}: ", name.escape_debug())?;
            match column {
                Column::Numbers { width: 1, .. } => write!(f, "numbers")?,
                Column::Numbers { width, .. } => write!(f, "{width} numbers per row")?,
                Column::Integers(_) => write!(f, "integers")?,
                Column::Text(_) => write!(f, "text")?,
                Column::Unread { reason, .. } => write!(f, "cannot be used: {reason}")?,
            }
            match column.missing() {
                0 => {}
                missing => write!(f, ", {missing} missing")?,
            }
        }
        Ok(())
    }
}

/// Same as [`Display`](fmt::Display), because the cells would be as long as the file.
impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key<'t> {
    Numbers(Vec<u64>),
    Integer(Option<i64>),
    Text(Option<&'t str>),
}

/// Creates an error of a file or a setting, not of a table.
pub(crate) fn fault(fault: TableFault) -> Error {
    Error::Table { place: Box::default(), fault: Box::new(fault) }
}

/// Creates an error with its file.
#[cfg(any(feature = "npy", feature = "parquet"))]
pub(crate) fn file_fault(path: &Path, fault: TableFault) -> Error {
    let mut place = TablePlace::default();
    place.file = Some(path.to_path_buf());
    Error::Table { place: Box::new(place), fault: Box::new(fault) }
}
