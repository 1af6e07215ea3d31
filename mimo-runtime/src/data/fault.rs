//! Faults of tables and of arrays in files.

use std::fmt;
use std::path::PathBuf;

use crate::error::Number;

/// Location of a fault in a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TablePlace {
    /// The file; `None` for a table in memory.
    pub file: Option<PathBuf>,
    /// The line of a text file, from 1.
    pub line: Option<u64>,
    /// The row, from 0, without the header.
    pub row: Option<usize>,
    /// The name of the column.
    pub column: Option<String>,
}

impl fmt::Display for TablePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        let mut part = |f: &mut fmt::Formatter<'_>, text: fmt::Arguments<'_>| {
            write!(f, "{separator}{text}")?;
            separator = ", ";
            Ok(())
        };
        if let Some(file) = &self.file {
            part(f, format_args!("`{}`", file.display()))?;
        }
        match (self.line, self.row) {
            (Some(line), _) => part(f, format_args!("line {line}"))?,
            (None, Some(row)) => part(f, format_args!("row {row} (from 0)"))?,
            (None, None) => {}
        }
        match &self.column {
            Some(column) => part(f, format_args!("column `{}`", column.escape_debug())),
            None => Ok(()),
        }
    }
}

/// A fault of a table, or of an array in a file.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TableFault {
    /// There is no column of this name.
    NoSuchColumn {
        /// The name.
        name: String,
        /// Help: similar names of columns.
        near: Option<String>,
    },
    /// No column fits a pattern.
    NoColumns {
        /// The pattern.
        pattern: String,
    },
    /// Two columns have the same name.
    DuplicateColumn,
    /// A column has another number of rows.
    Rows {
        /// Number of its rows.
        rows: usize,
        /// Number of the table's rows.
        wanted: usize,
    },
    /// A row has more or fewer cells than the header.
    Cells {
        /// Number of its cells.
        cells: u64,
        /// Number of the header's cells.
        wanted: u64,
    },
    /// A cell is not a number.
    NotANumber {
        /// The cell.
        text: String,
    },
    /// A cell of a column of numbers is a date.
    DateAsNumber {
        /// The cell.
        text: String,
    },
    /// A cell is not a date of ISO 8601.
    NotADate {
        /// The cell.
        text: String,
    },
    /// A cell is not an integer.
    NotWhole {
        /// The cell.
        text: String,
    },
    /// A column holds numbers where text is needed, or the reverse.
    Kind {
        /// Its kind.
        found: &'static str,
        /// The required kind.
        wanted: &'static str,
    },
    /// A number is not finite in the float type of the model.
    NotFinite {
        /// The number of the cell.
        value: f64,
        /// The float type.
        float: &'static str,
    },
    /// A column cannot be used, such as one of durations; the other columns of the table can.
    Unread {
        /// Reason.
        reason: String,
    },
    /// A cell of an input is missing.
    Missing,
    /// All cells of a column are missing.
    AllMissing,
    /// The mean or the standard deviation of a column overflows.
    Moments,
    /// There are no rows.
    NoRows,
    /// A quoted cell is not closed before the end of the file.
    OpenQuote,
    /// A column is used twice in one input or target.
    ColumnTwice,
    /// Rows are to be split by the values of a column, but each row has another value.
    NoTwoRowsAlike,
    /// The training table has less than two classes.
    FewClasses {
        /// The only class, if there is one.
        class: Option<String>,
    },
    /// A column has more classes than an output distinguishes.
    ClassCount {
        /// The output.
        output: &'static str,
        /// Number of classes of the column.
        classes: usize,
        /// Values per sample of the output; one value distinguishes two classes.
        values: usize,
    },
    /// A row has a value that the model does not accept.
    Sample {
        /// Reason.
        reason: String,
    },
    /// A prediction has no class, or is not a number of any unit.
    Prediction {
        /// The output.
        output: String,
        /// The prediction.
        value: f64,
    },
    /// A category is not in the vocabulary, which has no index for unknown ones.
    UnknownCategory {
        /// The category.
        text: String,
        /// Help: similar categories.
        near: Option<String>,
    },
    /// The model has no input of this name, or no output with targets.
    NoSuchField {
        /// The kind of field: `input`, `target`.
        kind: &'static str,
        /// The name.
        name: String,
        /// Help: similar names.
        near: Option<String>,
    },
    /// An input or target of the model has another number of values per sample.
    Values {
        /// The kind of field.
        kind: &'static str,
        /// The name.
        name: &'static str,
        /// Number of values of the columns.
        values: usize,
        /// Number of values of the model.
        wanted: usize,
    },
    /// A vocabulary has more entries than the model has indices for.
    VocabularySize {
        /// The kind of field.
        kind: &'static str,
        /// The name.
        name: &'static str,
        /// Number of entries, including special ones.
        entries: usize,
        /// Number of indices of the model.
        wanted: usize,
    },
    /// A vocabulary has an entry twice, or a special token.
    Vocabulary {
        /// The entry.
        token: String,
    },
    /// The columns of an input or a target are set twice.
    SetTwice {
        /// The kind of field: `input`, `target`.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// An invalid setting.
    Setting {
        /// Reason.
        what: &'static str,
    },
    /// A request to an output that its column does not support, such as class names.
    NotOfOutput {
        /// The output.
        output: String,
        /// What its column does not have.
        what: &'static str,
    },
    /// The file does not have the expected format.
    Format {
        /// The format: `CSV`, `npy`.
        format: &'static str,
        /// The reason.
        reason: String,
    },
    /// An array has a shape that its use does not allow.
    Shape {
        /// Its shape.
        shape: Vec<usize>,
        /// The required shape.
        wanted: String,
    },
}

impl fmt::Display for TableFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let help = |f: &mut fmt::Formatter<'_>, near: &Option<String>| match near {
            Some(near) => write!(f, "; {near}"),
            None => Ok(()),
        };
        match self {
            TableFault::NoSuchColumn { name, near } => {
                write!(f, "there is no column `{}`", name.escape_debug())?;
                help(f, near)
            }
            TableFault::NoColumns { pattern } => {
                write!(f, "no column fits the pattern `{}`", pattern.escape_debug())
            }
            TableFault::DuplicateColumn => write!(f, "two columns have this name"),
            TableFault::Rows { rows, wanted } => {
                write!(f, "the column has {rows} rows, but the table has {wanted}")
            }
            TableFault::Cells { cells, wanted } => {
                let count =
                    |number: u64, of: &str| format!("{number} {of}{}", if number == 1 { "" } else { "s" });
                let (cells, columns) = (count(*cells, "cell"), count(*wanted, "column"));
                write!(f, "the row has {cells}, but the table has {columns}")?;
                match wanted {
                    1 => write!(f, "; if they are not separated by commas, set `CsvOptions::delimiter`"),
                    _ => Ok(()),
                }
            }
            TableFault::NotANumber { text } if is_finite(&text.replacen(',', ".", 1)) => {
                match text.contains(',') {
                    true => write!(
                        f,
                        "`{}` is not a number: write `.` before the decimals, or read a file of such numbers with \
                     `CsvOptions::new().decimal(b',')`",
                        cut(text)
                    ),
                    false => write!(
                        f,
                        "`{}` is not a number with decimals after `,`, which `CsvOptions::decimal` sets",
                        cut(text)
                    ),
                }
            }
            TableFault::NotANumber { text } => write!(
                f,
                "`{}` is not a number; if it means that the value is missing, add it to `missing`",
                cut(text)
            ),
            TableFault::DateAsNumber { text } => write!(
                f,
                "`{}` is a date, not a number: read the column with `.dates([DatePart::Days])`, or with `Month`, `Weekday`, … for its parts",
                cut(text)
            ),
            TableFault::NotADate { text } => write!(
                f,
                "`{}` is not a date as ISO 8601 writes it, such as `2024-05-31` or `2024-05-31T12:00:00`; if it means that the value is missing, \
                 add it to `missing`",
                cut(text)
            ),
            TableFault::NotWhole { text } => write!(f, "`{}` is not an integer", cut(text)),
            TableFault::Kind { found, wanted } => write!(f, "the column holds {found}, but {wanted} needed"),
            TableFault::Missing => write!(
                f,
                "the value is missing; of columns of numbers, `.fill_mean()` or `.fill(0.0)` says what an input takes in its place"
            ),
            TableFault::NotFinite { value, float } => {
                write!(f, "{} is not finite as `{float}`, the model's float type", Number(*value))
            }
            TableFault::Unread { reason } => write!(f, "the column cannot be used: {reason}"),
            TableFault::AllMissing => write!(f, "all values are missing, so there is no mean"),
            TableFault::Moments => {
                write!(f, "the mean or the standard deviation is larger than any number: scale the values")
            }
            TableFault::NoRows => write!(f, "there are no rows, or the names of the columns only"),
            TableFault::OpenQuote => write!(
                f,
                "the cell begins with `\"` and is not closed before the end of the file; if the quote is a part of the text, \
                 quote the cell and write `\"\"` in it"
            ),
            TableFault::ColumnTwice => write!(f, "the column is there twice in one input or target"),
            TableFault::NoTwoRowsAlike => write!(
                f,
                "each row has a value of its own, so that no part can have the same share of each: use a column of classes, or \
                 `shuffled_split` or `k_fold`"
            ),
            TableFault::FewClasses { class: None } => {
                write!(f, "all values are missing, so there are no classes")
            }
            TableFault::FewClasses { class: Some(class) } => write!(
                f,
                "the only class is `{}`, so there is nothing to learn; if other tables have more, name all with \
                 `classes(…).in_order([…])`",
                cut(class)
            ),
            TableFault::ClassCount { output, classes, values: 1 } => write!(
                f,
                "the column has {classes} classes, but the output `{output}` has one value, which tells two classes apart: \
                 {classes} classes need `Dense({classes}, activation = softmax)` and `sparse_categorical_crossentropy`"
            ),
            TableFault::ClassCount { output, classes, values } => write!(
                f,
                "the column has {classes} classes, but the output `{output}` has {values}: {classes} classes need \
                 `Dense({classes}, activation = softmax)`"
            ),
            TableFault::Sample { reason } => write!(f, "{reason}"),
            TableFault::Prediction { output, value } => {
                write!(f, "a prediction of `{}` is {}", output.escape_debug(), Number(*value))
            }
            TableFault::UnknownCategory { text, near } => {
                write!(f, "`{}` is not in the vocabulary, which has no index for other values", cut(text))?;
                help(f, near)
            }
            TableFault::NoSuchField { kind, name, near } => {
                write!(f, "the model has no {kind} `{}`", name.escape_debug())?;
                help(f, near)
            }
            TableFault::Values { kind, name, values, wanted } => write!(
                f,
                "the {kind} `{name}` takes {wanted} values per sample, but its columns have {values}"
            ),
            TableFault::VocabularySize { kind, name, entries, wanted } => write!(
                f,
                "the vocabulary of the {kind} `{name}` has {entries} entries, but the model has indices for {wanted}: \
                 make the layer larger, or limit the vocabulary with `max_tokens({wanted})`"
            ),
            TableFault::Vocabulary { token } => {
                write!(f, "the vocabulary has `{}` twice, or it is a special token", cut(token))
            }
            TableFault::SetTwice { kind, name } => {
                write!(f, "the columns of the {kind} `{}` are set twice", name.escape_debug())
            }
            TableFault::Setting { what } => write!(f, "{what}"),
            TableFault::NotOfOutput { output, what } => {
                write!(f, "the output `{}` has no {what}", output.escape_debug())
            }
            TableFault::Format { format, reason } => write!(f, "not a valid {format} file: {reason}"),
            TableFault::Shape { shape, wanted } => {
                write!(f, "the array has the shape {shape:?}, but {wanted} is needed")
            }
        }
    }
}

/// Whether a text is a finite number.
fn is_finite(text: &str) -> bool {
    text.trim().parse::<f64>().is_ok_and(f64::is_finite)
}

/// Text of a file as part of a message: control characters escaped, long text truncated.
fn cut(text: &str) -> String {
    const SHOWN: usize = 60;
    let mut shown: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}
