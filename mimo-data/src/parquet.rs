//! Parquet files and Arrow record batches as tables.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use ::parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use mimo_runtime::data::TableFault;
use mimo_runtime::error::Error;

use crate::table::{Column, Table, file_fault};

impl Table {
    /// Reads a Parquet file: numbers, truth values, text and lists of numbers of one length as columns. Dates and timestamps become text, which
    /// [`dates`](crate::Numbers::dates) reads. Nulls are missing cells. Other columns, such as durations, are [`Unread`](Column::Unread): an input
    /// or target that reads one is an error.
    ///
    /// Pages may be compressed with Snappy, or not at all.
    ///
    /// # Errors
    /// [`File`](Error::File), [`Error::Table`] with the file, also for a file without rows.
    pub fn read_parquet(path: impl AsRef<Path>) -> Result<Table, Error> {
        let path = path.as_ref();
        let batches = parquet_blocks(path, 1 << 16)?.collect::<Result<Vec<_>, _>>()?;
        let mut batches = batches.into_iter();
        let mut table = batches.next().ok_or_else(|| file_fault(path, TableFault::NoRows))?;
        for batch in batches {
            table.append(batch);
        }
        Ok(table)
    }

    /// A record batch of Arrow as a table. See [`read_parquet`](Self::read_parquet).
    ///
    /// # Errors
    /// [`DuplicateColumn`](TableFault::DuplicateColumn).
    pub fn from_record_batch(batch: &RecordBatch) -> Result<Table, Error> {
        Self::of_batch(batch, None)
    }

    fn of_batch(batch: &RecordBatch, file: Option<&Arc<Path>>) -> Result<Table, Error> {
        let mut table = Table::new();
        table.origin.file = file.cloned();
        for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
            let column = column(array).unwrap_or_else(|reason| Column::Unread { rows: array.len(), reason });
            table.push(field.name().clone(), column)?;
        }
        Ok(table)
    }

    /// Adds the rows of a table with the same columns.
    fn append(&mut self, other: Table) {
        for (to, from) in self.columns.iter_mut().zip(other.columns) {
            match (&mut *to, from) {
                (Column::Numbers { values, width }, Column::Numbers { values: more, width: other })
                    if *width == other =>
                {
                    values.extend(more);
                }
                (Column::Integers(values), Column::Integers(more)) => values.extend(more),
                (Column::Text(cells), Column::Text(more)) => {
                    (0..more.len()).for_each(|row| cells.push(more.get(row)));
                }
                // What cannot be used in one part cannot be used at all.
                (Column::Unread { rows, .. }, from) => *rows += from.rows(),
                (to, Column::Unread { rows, reason }) => {
                    *to = Column::Unread { rows: to.rows() + rows, reason };
                }
                (to, from) => {
                    let reason = format!("its lists have {} values, and others {}", to.width(), from.width());
                    *to = Column::Unread { rows: to.rows() + from.rows(), reason };
                }
            }
        }
        self.rows += other.rows;
    }
}

/// Reads a Parquet file as tables of at most `rows` rows each, one after another: for files that do not fit into memory. See
/// [`mimo_runtime::data::stream()`].
///
/// # Errors
/// Those of [`Table::read_parquet`], and [`Setting`](TableFault::Setting) for blocks of 0 rows.
pub fn parquet_blocks(path: impl AsRef<Path>, rows: usize) -> Result<ParquetBlocks, Error> {
    let path: Arc<Path> = path.as_ref().into();
    if rows == 0 {
        return Err(file_fault(&path, TableFault::Setting { what: "blocks have at least 1 row" }));
    }
    let file = File::open(&path).map_err(|source| Error::File { path: path.to_path_buf(), source })?;
    let reader = guarded(&path, || {
        Ok(ParquetRecordBatchReaderBuilder::try_new(file)?.with_batch_size(rows).build()?)
    })?;
    Ok(ParquetBlocks { reader, path, ended: false })
}

/// The tables of [`parquet_blocks`].
pub struct ParquetBlocks {
    reader: ParquetRecordBatchReader,
    path: Arc<Path>,
    ended: bool,
}

impl std::fmt::Debug for ParquetBlocks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetBlocks").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Iterator for ParquetBlocks {
    type Item = Result<Table, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let reader = &mut self.reader;
        let block = match guarded(&self.path, || Ok(reader.next().transpose()?)) {
            Ok(Some(batch)) => Some(Table::of_batch(&batch, Some(&self.path))),
            Ok(None) => None,
            Err(error) => Some(Err(error)),
        };
        // Nothing is read after an error.
        self.ended = !matches!(block, Some(Ok(_)));
        block
    }
}

/// Runs a part of the parquet crate, which panics on some damaged files; a panic is the error of the file.
fn guarded<T>(path: &Path, read: impl FnOnce() -> Result<T, Box<dyn std::error::Error>>) -> Result<T, Error> {
    let fault = |reason: String| file_fault(path, TableFault::Format { format: "Parquet", reason });
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => {
            let reason = error.to_string();
            Err(fault(match reason.rsplit_once("Disabled feature at compile time: ") {
                Some((_, codec)) => {
                    format!("its pages are compressed by {codec}; write it with Snappy, or not compressed")
                }
                None => reason,
            }))
        }
        Err(_) => Err(fault("it is damaged".to_owned())),
    }
}

/// The cells of an array, or why they cannot be used.
fn column(array: &dyn Array) -> Result<Column, String> {
    let cast =
        |array: &dyn Array, to: &DataType| arrow_cast::cast(array, to).map_err(|error| error.to_string());
    Ok(match array.data_type() {
        DataType::Boolean
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32 => {
            let array = cast(array, &DataType::Int64)?;
            Column::Integers(array.as_primitive::<Int64Type>().iter().collect())
        }
        DataType::UInt64
        | DataType::Float16
        | DataType::Float32
        | DataType::Float64
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => Column::numbers(numbers(&*cast(array, &DataType::Float64)?)),
        // Dates and times become the text of ISO 8601.
        DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Dictionary(..)
        | DataType::Date32
        | DataType::Date64
        | DataType::Timestamp(..) => {
            let array = cast(array, &DataType::LargeUtf8)?;
            Column::Text(array.as_string::<i64>().iter().collect())
        }
        DataType::FixedSizeList(..) | DataType::List(_) | DataType::LargeList(_) => lists(array)?,
        // pandas writes a column without values in this way.
        DataType::Null => Column::Text((0..array.len()).map(|_| None::<&str>).collect()),
        other => {
            return Err(format!("cells of the type {other} are not read; write them as numbers or text"));
        }
    })
}

fn numbers(array: &dyn Array) -> Vec<f64> {
    array.as_primitive::<Float64Type>().iter().map(|value| value.unwrap_or(f64::NAN)).collect()
}

/// Lists of one length as rows of several numbers.
fn lists(array: &dyn Array) -> Result<Column, String> {
    let target = DataType::LargeList(Arc::new(arrow_schema::Field::new("item", DataType::Float64, true)));
    let array = arrow_cast::cast(array, &target).map_err(|error| error.to_string())?;
    let array = array.as_list::<i64>();
    let width = array.iter().flatten().map(|row| row.len()).next().unwrap_or(0);
    if width == 0 {
        return Err("there are no lists, or empty ones".to_owned());
    }
    let mut values = Vec::new();
    for row in array.iter() {
        match row {
            None => values.extend(std::iter::repeat_n(f64::NAN, width)),
            Some(row) if row.len() == width => values.extend(numbers(&*row)),
            Some(row) => return Err(format!("its lists have {} values, and others {width}", row.len())),
        }
    }
    Ok(Column::Numbers { values, width })
}
