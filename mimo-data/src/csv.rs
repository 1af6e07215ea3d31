//! CSV files as tables.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use ::csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder, Trim};
use mimo_runtime::data::{TableFault, TablePlace};
use mimo_runtime::error::Error;

use crate::table::{Column, Origin, Table, TextColumn, fault};

/// Cells that are missing values by default, as in pandas.
const MISSING: [&str; 18] = [
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A",
    "NA", "NULL", "NaN", "None", "n/a", "nan",
];

/// How CSV files are read. The first line has the names of the columns, cells are separated by commas, and quoted cells may hold
/// commas, quotes and line breaks (RFC 4180). Cells are text, also numbers and [dates](crate::Numbers::dates); what they should hold is checked
/// where they are used.
#[derive(Clone, Debug)]
pub struct CsvOptions {
    delimiter: u8,
    decimal: u8,
    headers: bool,
    trim: bool,
    missing: Vec<String>,
}

impl Default for CsvOptions {
    fn default() -> Self {
        let missing = MISSING.iter().chain(&["null"]).map(|text| (*text).to_owned()).collect();
        CsvOptions { delimiter: b',', decimal: b'.', headers: true, trim: false, missing }
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
    /// Creates the default options: commas, names in the first line, and pandas's missing values.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the ASCII character between cells: `b';'`, `b'\t'`. It cannot be a quote or a line break.
    #[must_use]
    pub fn delimiter(mut self, delimiter: u8) -> Self {
        self.delimiter = delimiter;
        self
    }

    /// Sets the decimal separator of numbers: `b'.'`, the default, or `b','`. Thousands separators are not supported.
    #[must_use]
    pub fn decimal(mut self, decimal: u8) -> Self {
        self.decimal = decimal;
        self
    }

    /// Sets whether the first line has the names of the columns; otherwise they are `0`, `1`, ….
    #[must_use]
    pub fn headers(mut self, headers: bool) -> Self {
        self.headers = headers;
        self
    }

    /// Sets whether white space around cells and names is removed.
    #[must_use]
    pub fn trim(mut self, trim: bool) -> Self {
        self.trim = trim;
        self
    }

    /// Adds texts of missing values: `["?", "-"]`.
    #[must_use]
    pub fn missing<S: Into<String>>(mut self, cells: impl IntoIterator<Item = S>) -> Self {
        self.missing.extend(cells.into_iter().map(Into::into));
        self
    }

    /// Treats only empty cells, and the texts added by [`missing`](Self::missing), as missing.
    #[must_use]
    pub fn only_empty_is_missing(mut self) -> Self {
        self.missing = vec![String::new()];
        self
    }

    /// Reads a file into memory.
    ///
    /// # Errors
    /// [`File`](Error::File) if it cannot be opened or read; [`Error::Table`] with file, line and column for a row with too many or too few cells, text that is not UTF-8, an unclosed quoted cell, two columns of the same name, a file without rows, and an invalid setting.
    pub fn read(&self, path: impl AsRef<Path>) -> Result<Table, Error> {
        self.blocks(path, usize::MAX)?.whole()
    }

    /// Reads a table from bytes, or from any reader.
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    pub fn read_from(&self, reader: impl Read + Send + 'static) -> Result<Table, Error> {
        self.blocks_of(None, Box::new(reader), usize::MAX)?.whole()
    }

    /// Reads a file as consecutive tables of at most `rows` rows each, for files that do not fit into memory. See
    /// [`mimo_runtime::data::stream()`].
    ///
    /// ```ignore
    /// let options = CsvOptions::new();
    /// let blocks = options.blocks("train.csv", 4096)?;
    /// let reader = TableColumns::<Net>::new().adapt_parts(blocks)?;
    /// let rows = options.count_rows("train.csv")?;
    /// let data = data::stream::<Net, _, _>(rows, move || {
    ///     let reader = reader.clone();
    ///     Ok(options.blocks("train.csv", 4096)?.map(move |block| reader.dataset(&block?)))
    /// });
    /// ```
    ///
    /// # Errors
    /// [`File`](Error::File) if it cannot be opened, [`Setting`](TableFault::Setting) for blocks of 0 rows, and those of a line with names. The tables have the errors of [`read`](Self::read).
    pub fn blocks(&self, path: impl AsRef<Path>, rows: usize) -> Result<CsvBlocks, Error> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|source| Error::File { path: path.into(), source })?;
        self.blocks_of(Some(path.into()), Box::new(file), rows)
    }

    /// Counts the rows of a file, by reading it once.
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    pub fn count_rows(&self, path: impl AsRef<Path>) -> Result<usize, Error> {
        let mut blocks = self.blocks(path, 1)?;
        let mut rows = 0;
        let mut record = ByteRecord::new();
        while blocks.next_record(&mut record)? {
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
        let setting = |what| Err(fault(TableFault::Setting { what }));
        if !self.delimiter.is_ascii() || matches!(self.delimiter, b'"' | b'\r' | b'\n') {
            return setting(
                "`delimiter` is an ASCII character that is neither a quote nor a line break, such as `b';'`",
            );
        }
        if !matches!(self.decimal, b'.' | b',') {
            return setting("`decimal` is `b'.'` or `b','`");
        }
        if rows == 0 {
            return setting("blocks have at least 1 row");
        }
        let reader = ReaderBuilder::new()
            .delimiter(self.delimiter)
            .has_headers(self.headers)
            // Lengths are compared here, because the reader's line numbers are one too small after `\r\n` and blank lines.
            .flexible(true)
            .trim(if self.trim { Trim::All } else { Trim::None })
            .from_reader(LineEnds {
                reader,
                offset: 0,
                ends: VecDeque::new(),
                quotes: Quotes::new(self.delimiter),
            });
        let mut blocks = CsvBlocks {
            reader,
            file,
            names: vec![],
            missing: self.missing.clone(),
            decimal_comma: self.decimal == b',',
            rows,
            lines: 0,
            ended: false,
        };
        if self.headers {
            let headers = match blocks.reader.byte_headers() {
                Ok(headers) => headers.clone(),
                Err(error) => return Err(blocks.error(error)),
            };
            blocks.check_quotes()?;
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
                return Err(blocks.fault(None, None, TableFault::NoRows));
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
    decimal_comma: bool,
    rows: usize,
    /// Number of lines read.
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
    /// Returns all rows as one table.
    fn whole(mut self) -> Result<Table, Error> {
        self.read()?.ok_or_else(|| self.fault(None, None, TableFault::NoRows))
    }

    /// Reads the next row. Returns whether there was one.
    fn next_record(&mut self, record: &mut ByteRecord) -> Result<bool, Error> {
        let found = self.reader.read_byte_record(record).map_err(|error| self.error(error))?;
        // The reader treats the end of the file as the end of a quoted cell.
        self.check_quotes()?;
        Ok(found)
    }

    fn check_quotes(&self) -> Result<(), Error> {
        match self.reader.get_ref().quotes.not_closed {
            Some((line, cell)) => {
                let column = self.names.get(cell).map(String::as_str);
                Err(self.fault(Some(line), column, TableFault::OpenQuote))
            }
            None => Ok(()),
        }
    }

    /// Returns the next rows; `None` if there are no more.
    fn read(&mut self) -> Result<Option<Table>, Error> {
        let mut columns = vec![TextColumn::default(); self.names.len()];
        let mut lines = vec![];
        let mut record = ByteRecord::new();
        while lines.len() < self.rows && self.next_record(&mut record)? {
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
        let origin =
            Origin { file: self.file.clone(), lines: Some(lines), decimal_comma: self.decimal_comma };
        let mut table = Table::new();
        table.origin = origin;
        for (name, column) in self.names.iter().zip(columns) {
            table.push(name.clone(), Column::Text(column))?;
        }
        Ok(Some(table))
    }

    /// Returns the first line of the record that has just been read.
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

const BYTE_ORDER_MARK: [u8; 3] = *b"\xef\xbb\xbf";

/// A reader that records line ends, for the line numbers in errors.
struct LineEnds {
    reader: Box<dyn Read + Send>,
    /// Number of bytes read.
    offset: u64,
    /// Offset of each `\r` and `\n` after the last record, and whether it is `\n`.
    ends: VecDeque<(u64, bool)>,
    quotes: Quotes,
}

/// Follows the quotes of a file, to find an unclosed cell at its end. The states are those of the reader of the `csv`
/// crate.
struct Quotes {
    delimiter: u8,
    state: State,
    /// Line of the next byte, from 1, and cells before it in its row.
    line: u64,
    cell: usize,
    /// Line and column of the last quoted cell.
    opened: (u64, usize),
    /// At the end of the file: line and column of the unclosed cell.
    not_closed: Option<(u64, usize)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    CellStart,
    Plain,
    Quoted,
    /// After a quote in a quoted cell: it ends the cell, or is a quote of the text if another one follows.
    Closing,
}

impl Quotes {
    fn new(delimiter: u8) -> Self {
        Quotes { delimiter, state: State::CellStart, line: 1, cell: 0, opened: (1, 0), not_closed: None }
    }

    fn pass(&mut self, byte: u8) {
        self.state = match (self.state, byte) {
            (State::CellStart, b'"') => {
                self.opened = (self.line, self.cell);
                State::Quoted
            }
            (State::Closing, b'"') => State::Quoted,
            (State::Quoted, b'"') => State::Closing,
            (State::Quoted, _) => State::Quoted,
            (_, b'\r' | b'\n') => {
                self.cell = 0;
                State::CellStart
            }
            (_, byte) if byte == self.delimiter => {
                self.cell += 1;
                State::CellStart
            }
            _ => State::Plain,
        };
        self.line += u64::from(byte == b'\n');
    }

    fn end(&mut self) {
        self.not_closed = (self.state == State::Quoted).then_some(self.opened);
    }
}

impl Read for LineEnds {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let len = self.reader.read(buffer)?;
        if len == 0 && !buffer.is_empty() {
            self.quotes.end();
        }
        for (place, byte) in buffer.iter().take(len).enumerate() {
            // The reader skips a byte order mark.
            if usize::try_from(self.offset)
                .ok()
                .and_then(|offset| BYTE_ORDER_MARK.get(offset.checked_add(place)?))
                != Some(byte)
            {
                self.quotes.pass(*byte);
            }
            if matches!(byte, b'\r' | b'\n') {
                self.ends.push_back((self.offset + place as u64, *byte == b'\n'));
            }
        }
        self.offset += len as u64;
        Ok(len)
    }
}
