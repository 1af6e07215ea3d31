//! What can be wrong with tables and arrays in files.

use std::fmt;
use std::path::PathBuf;

/// Where in a table something is wrong.
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

/// What is wrong with a table, or with an array in a file.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TableFault {
    /// There is no column of this name.
    NoSuchColumn {
        /// The name.
        name: String,
        /// Help: names of columns that are near.
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
        /// Its rows.
        rows: usize,
        /// Those of the table.
        wanted: usize,
    },
    /// A row has more or fewer cells than the header.
    Cells {
        /// Its cells.
        cells: u64,
        /// Those of the header.
        wanted: u64,
    },
    /// A cell is not a number.
    NotANumber {
        /// The cell.
        text: String,
    },
    /// A cell is not a whole number.
    NotWhole {
        /// The cell.
        text: String,
    },
    /// A column holds numbers where text is needed, or the other way around.
    Kind {
        /// What it holds.
        found: &'static str,
        /// What is needed.
        wanted: &'static str,
    },
    /// A cell of an input is missing.
    Missing,
    /// All cells of a column are missing.
    AllMissing,
    /// A category that is not in the vocabulary, which has no index for others.
    UnknownCategory {
        /// The category.
        text: String,
        /// Help: categories that are near.
        near: Option<String>,
    },
    /// The model has no input of this name, or no output with targets.
    NoSuchField {
        /// The kind of field: `input`, `target`.
        kind: &'static str,
        /// The name.
        name: String,
        /// Help: names that are near.
        near: Option<String>,
    },
    /// An input or target of the model takes another number of values per sample.
    Values {
        /// The kind of field.
        kind: &'static str,
        /// The name.
        name: &'static str,
        /// The values that the columns have.
        values: usize,
        /// The values that the model takes.
        wanted: usize,
    },
    /// A vocabulary has more entries than the model has indices for.
    VocabularySize {
        /// The kind of field.
        kind: &'static str,
        /// The name.
        name: &'static str,
        /// The entries, special ones included.
        entries: usize,
        /// The indices of the model.
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
    /// A setting is not valid.
    Setting {
        /// What is wrong with it.
        what: &'static str,
    },
    /// An output was asked for something that its column does not have, such as class names.
    NotOfOutput {
        /// The output.
        output: String,
        /// What its column does not have.
        what: &'static str,
    },
    /// The file cannot be read as what it should be.
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
        /// What is needed.
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
            TableFault::NotANumber { text } if text.replacen(',', ".", 1).trim().parse::<f64>().is_ok() => {
                write!(f, "`{}` is not a number: write `.` before the decimals", cut(text))
            }
            TableFault::NotANumber { text } => write!(
                f,
                "`{}` is not a number; if it means that the value is missing, add it to `missing`",
                cut(text)
            ),
            TableFault::NotWhole { text } => write!(f, "`{}` is not a whole number", cut(text)),
            TableFault::Kind { found, wanted } => write!(f, "the column holds {found}, but {wanted} needed"),
            TableFault::Missing => write!(
                f,
                "the value is missing; of columns of numbers, `.fill_mean()` or `.fill(0.0)` says what an input takes in its place"
            ),
            TableFault::AllMissing => write!(f, "all values are missing, so there is no mean"),
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

/// Text of a file as a part of a message: control characters escaped, long text cut.
fn cut(text: &str) -> String {
    const SHOWN: usize = 60;
    let mut shown: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}
