//! CSV files as tables.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use ::csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder, Trim};
use mimo_runtime::data::{TableFault, TablePlace};
use mimo_runtime::error::Error;

use crate::table::{Column, Origin, Table, TextColumn};

/// Cells that are missing by default, as in pandas.
const MISSING: [&str; 18] = [
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A",
    "NA", "NULL", "NaN", "None", "n/a", "nan",
];

/// How CSV files are read. The first line has the names of the columns, cells are separated by commas, and quoted cells may hold
/// commas, quotes and line breaks (RFC 4180). Cells are text; what they should hold is checked where they are used.
#[derive(Clone, Debug)]
pub struct CsvOptions {
    delimiter: u8,
    headers: bool,
    trim: bool,
    missing: Vec<String>,
}

impl Default for CsvOptions {
    fn default() -> Self {
        let missing = MISSING.iter().chain(&["null"]).map(|text| (*text).to_owned()).collect();
        CsvOptions { delimiter: b',', headers: true, trim: false, missing }
    }
}

impl Table {
    /// Reads a CSV file with the default [`CsvOptions`].
    ///
    /// # Errors
    /// Those of [`CsvOptions::read`].
    pub fn read_csv(path: impl AsRef<Path>) -> Result<Table, Error> {
        CsvOptions::new().read(path)
    }
}

impl CsvOptions {
    /// Commas, names in the first line, and the cells that pandas takes for missing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The character between cells: `b';'`, `b'\t'`.
    #[must_use]
    pub fn delimiter(mut self, delimiter: u8) -> Self {
        self.delimiter = delimiter;
        self
    }

    /// Whether the first line has the names of the columns; without, they are `0`, `1`, ….
    #[must_use]
    pub fn headers(mut self, headers: bool) -> Self {
        self.headers = headers;
        self
    }

    /// Whether white space around cells and names is removed.
    #[must_use]
    pub fn trim(mut self, trim: bool) -> Self {
        self.trim = trim;
        self
    }

    /// Further cells that are missing: `["?", "-"]`.
    #[must_use]
    pub fn missing<S: Into<String>>(mut self, cells: impl IntoIterator<Item = S>) -> Self {
        self.missing.extend(cells.into_iter().map(Into::into));
        self
    }

    /// Takes only an empty cell, and what [`missing`](Self::missing) adds, as missing.
    #[must_use]
    pub fn only_empty_is_missing(mut self) -> Self {
        self.missing = vec![String::new()];
        self
    }

    /// Reads a file into memory.
    ///
    /// # Errors
    /// [`File`](Error::File) if it cannot be opened or read; [`Error::Table`] with file, line and column for a row with too many or too few
    /// cells, text that is not UTF-8, two columns of one name; [`NoData`](Error::NoData) for a file without rows.
    pub fn read(&self, path: impl AsRef<Path>) -> Result<Table, Error> {
        self.blocks(path, usize::MAX)?.next().unwrap_or(Err(Error::NoData))
    }

    /// Reads a table from bytes, or from any reader.
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    pub fn read_from(&self, reader: impl Read + Send + 'static) -> Result<Table, Error> {
        self.blocks_of(None, Box::new(reader), usize::MAX)?.next().unwrap_or(Err(Error::NoData))
    }

    /// Reads a file as tables of at most `rows` rows each, one after another: for files that do not fit into memory. See
    /// [`mimo_runtime::data::stream()`].
    ///
    /// ```ignore
    /// let options = CsvOptions::new();
    /// let reader = TableColumns::<Net>::new().adapt_parts(options.blocks("train.csv", 4096)?)?;
    /// let rows = options.count_rows("train.csv")?;
    /// let data = data::stream::<Net, _, _>(rows, move || {
    ///     let reader = reader.clone();
    ///     Ok(options.blocks("train.csv", 4096)?.map(move |block| reader.dataset(&block?)))
    /// });
    /// ```
    ///
    /// # Errors
    /// [`File`](Error::File) if it cannot be opened, and those of a line with names. The tables have the errors of [`read`](Self::read).
    pub fn blocks(&self, path: impl AsRef<Path>, rows: usize) -> Result<CsvBlocks, Error> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|source| Error::File { path: path.into(), source })?;
        self.blocks_of(Some(path.into()), Box::new(file), rows)
    }

    /// Counts the rows of a file, which it reads once.
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    pub fn count_rows(&self, path: impl AsRef<Path>) -> Result<usize, Error> {
        let mut blocks = self.blocks(path, 1)?;
        let mut rows = 0;
        let mut record = ByteRecord::new();
        while blocks.reader.read_byte_record(&mut record).map_err(|error| blocks.error(error))? {
            rows += 1;
        }
        Ok(rows)
    }

    fn blocks_of(
        &self,
        file: Option<Arc<Path>>,
        reader: Box<dyn Read + Send>,
        rows: usize,
    ) -> Result<CsvBlocks, Error> {
        let reader = ReaderBuilder::new()
            .delimiter(self.delimiter)
            .has_headers(self.headers)
            // Lengths are compared here, because the reader's line numbers are one too small after `\r\n` and blank lines.
            .flexible(true)
            .trim(if self.trim { Trim::All } else { Trim::None })
            .from_reader(LineEnds { reader, offset: 0, ends: VecDeque::new() });
        let mut blocks = CsvBlocks {
            reader,
            file,
            names: vec![],
            missing: self.missing.clone(),
            rows,
            lines: 0,
            ended: false,
        };
        if self.headers {
            let headers = match blocks.reader.byte_headers() {
                Ok(headers) => headers.clone(),
                Err(error) => return Err(blocks.error(error)),
            };
            for (place, name) in headers.iter().enumerate() {
                match std::str::from_utf8(name) {
                    Ok(name) => blocks.names.push(name.to_owned()),
                    Err(_) => {
                        return Err(blocks.fault(
                            Some(1),
                            None,
                            not_utf8(&format!("the name of column {place} (from 0)")),
                        ));
                    }
                }
            }
            if blocks.names.is_empty() {
                return Err(Error::NoData);
            }
        }
        Ok(blocks)
    }
}

/// The tables of [`CsvOptions::blocks`].
pub struct CsvBlocks {
    reader: Reader<LineEnds>,
    file: Option<Arc<Path>>,
    /// Empty before the first row of a file without names.
    names: Vec<String>,
    missing: Vec<String>,
    rows: usize,
    /// Lines that were read.
    lines: u64,
    ended: bool,
}

impl std::fmt::Debug for CsvBlocks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CsvBlocks")
            .field("file", &self.file)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

impl CsvBlocks {
    /// The next rows; `None` if there are no more.
    fn read(&mut self) -> Result<Option<Table>, Error> {
        let mut columns = vec![TextColumn::default(); self.names.len()];
        let mut lines = vec![];
        let mut record = ByteRecord::new();
        while lines.len() < self.rows.max(1)
            && self.reader.read_byte_record(&mut record).map_err(|error| self.error(error))?
        {
            let line = self.line(&record);
            if self.names.is_empty() {
                self.names = (0..record.len()).map(|place| place.to_string()).collect();
                columns.resize_with(record.len(), TextColumn::default);
            }
            let [cells, wanted] = [record.len(), self.names.len()].map(|len| len as u64);
            if cells != wanted {
                return Err(self.fault(Some(line), None, TableFault::Cells { cells, wanted }));
            }
            for ((cell, column), name) in record.iter().zip(&mut columns).zip(&self.names) {
                let Ok(text) = std::str::from_utf8(cell) else {
                    return Err(self.fault(Some(line), Some(name), not_utf8("the cell")));
                };
                let is_missing = self.missing.iter().any(|missing| missing == text);
                column.push((!is_missing).then_some(text));
            }
            lines.push(line);
        }
        if lines.is_empty() {
            return Ok(None);
        }
        let origin = Origin { file: self.file.clone(), lines: Some(lines) };
        let mut table = Table::new();
        table.origin = origin;
        for (name, column) in self.names.iter().zip(columns) {
            table.push(name.clone(), Column::Text(column))?;
        }
        Ok(Some(table))
    }

    /// The line in which a record begins, which has just been read.
    fn line(&mut self, record: &ByteRecord) -> u64 {
        let mut at = record.position().map_or(0, ::csv::Position::byte);
        let end = self.reader.position().byte();
        let ends = &mut self.reader.get_mut().ends;
        let lines = &mut self.lines;
        let mut pass = |is_passed: &mut dyn FnMut(u64) -> bool| {
            while let Some((_, is_line)) = ends.pop_front_if(|(offset, _)| is_passed(*offset)) {
                *lines += u64::from(is_line);
            }
            *lines
        };
        pass(&mut |offset| offset < at);
        // Blank lines before the record, and the second half of `\r\n`.
        let line = 1 + pass(&mut |offset| {
            let is_blank = offset == at;
            at += u64::from(is_blank);
            is_blank
        });
        pass(&mut |offset| offset < end);
        line
    }

    fn fault(&self, line: Option<u64>, column: Option<&str>, fault: TableFault) -> Error {
        let mut place = TablePlace::default();
        place.file = self.file.as_deref().map(Path::to_path_buf);
        place.line = line;
        place.column = column.map(str::to_owned);
        Error::Table { place: Box::new(place), fault: Box::new(fault) }
    }

    fn error(&self, error: ::csv::Error) -> Error {
        let line = error.position().map(::csv::Position::line);
        match error.into_kind() {
            ErrorKind::Io(source) => match &self.file {
                Some(path) => Error::File { path: path.to_path_buf(), source },
                None => Error::other(source),
            },
            kind => {
                let reason = format!("{kind:?}");
                self.fault(line, None, TableFault::Format { format: "CSV", reason })
            }
        }
    }
}

fn not_utf8(what: &str) -> TableFault {
    TableFault::Format {
        format: "CSV",
        reason: format!("{what} is not UTF-8 text; convert the file to UTF-8"),
    }
}

impl Iterator for CsvBlocks {
    type Item = Result<Table, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let block = self.read().transpose();
        // Nothing is read after an error.
        self.ended = !matches!(block, Some(Ok(_)));
        block
    }
}

/// A reader that remembers where lines end, for the numbers of lines in errors.
struct LineEnds {
    reader: Box<dyn Read + Send>,
    /// Bytes that were read.
    offset: u64,
    /// Offsets of `\r` and `\n` that no record has passed, and whether it is `\n`.
    ends: VecDeque<(u64, bool)>,
}

impl Read for LineEnds {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let len = self.reader.read(buffer)?;
        for (place, byte) in buffer.iter().take(len).enumerate() {
            if matches!(byte, b'\r' | b'\n') {
                self.ends.push_back((self.offset + place as u64, *byte == b'\n'));
            }
        }
        self.offset += len as u64;
        Ok(len)
    }
}
