//! Values of epochs as lines of a CSV file.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::callback::{Callback, CallbackState, FitPlan};
use crate::callbacks::{CallbackFault, create_folder_of};
use crate::error::Error;
use crate::history::{EpochLogs, csv};
use crate::model::Trainable;
use crate::trainer::Trainer;

/// Writes one line per epoch to a CSV file, at the end of each epoch: the epoch, from 0, and all values by Keras's keys in declared
/// order, those of the validation last. The text is that of [`History::to_csv`](crate::history::History::to_csv).
///
/// The columns are known before the first epoch. `NA` stands for the values of the validation in epochs without one.
///
/// Keras: [`CSVLogger`](https://keras.io/api/callbacks/csv_logger/), which sorts the columns by name.
#[derive(Debug)]
pub struct CSVLogger {
    path: PathBuf,
    separator: char,
    append: bool,
    keys: Vec<String>,
    file: Option<File>,
    /// Bytes of the file after the last line of this training.
    len: u64,
}

const NAME: &str = "CSVLogger";

impl CSVLogger {
    /// Writes to a file, which is created or replaced when the training starts; folders are created.
    pub fn new(path: impl AsRef<Path>) -> Self {
        CSVLogger {
            path: path.as_ref().into(),
            separator: ',',
            append: false,
            keys: vec![],
            file: None,
            len: 0,
        }
    }

    /// The character between values; a comma by default.
    #[must_use]
    pub fn separator(mut self, separator: char) -> Self {
        self.separator = separator;
        self
    }

    /// Whether lines are added to a file that exists, which has to have the same columns, as for a training that goes on from a checkpoint.
    /// There the lines of epochs after the checkpoint, which are trained again, are removed, so that each epoch has one line.
    #[must_use]
    pub fn append(mut self, append: bool) -> Self {
        self.append = append;
        self
    }

    fn error(&self, source: std::io::Error) -> Error {
        Error::File { path: self.path.clone(), source }
    }

    /// The first line of the file, if it exists and is not empty.
    fn first_line(&self) -> std::io::Result<Option<String>> {
        let file = match File::open(&self.path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let mut line = String::new();
        BufReader::new(file).read_line(&mut line)?;
        Ok(if line.is_empty() { None } else { Some(line.trim_end_matches(['\n', '\r']).into()) })
    }

    /// Opens the file and writes the first line, unless it is there.
    fn open(&mut self) -> Result<(), Error> {
        let header = csv::header(&self.keys, self.separator);
        let found = if self.append { self.first_line().map_err(|error| self.error(error))? } else { None };
        if let Some(found) = found.as_ref().filter(|found| **found != header) {
            let (path, found) = (self.path.clone(), found.clone());
            return Err(CallbackFault::Columns { path, found, wanted: header }.of(NAME));
        }
        create_folder_of(&self.path)?;
        let mut options = OpenOptions::new();
        options.create(true);
        if self.append {
            options.append(true)
        } else {
            options.write(true).truncate(true)
        };
        let opened = options.open(&self.path).and_then(|mut file| {
            if found.is_none() {
                file.write_all(format!("{header}\n").as_bytes())?;
            }
            Ok((file.metadata()?.len(), file))
        });
        let (len, file) = opened.map_err(|error| self.error(error))?;
        (self.len, self.file) = (len, Some(file));
        Ok(())
    }

    /// Removes what was written after the first `len` bytes, if these end with a whole line.
    fn cut(&self, len: u64) -> std::io::Result<()> {
        let mut file = OpenOptions::new().read(true).write(true).open(&self.path)?;
        let mut last = [0];
        file.seek(SeekFrom::Start(len.saturating_sub(1)))?;
        file.read_exact(&mut last)?;
        if last == *b"\n" { file.set_len(len) } else { Ok(()) }
    }
}

impl<M: Trainable> Callback<M> for CSVLogger {
    fn prepare(&mut self, plan: &mut FitPlan<'_>) -> Result<(), Error> {
        if ['"', '\n', '\r'].contains(&self.separator) {
            let value = format!("{:?}", self.separator);
            let valid = "neither a quote nor the end of a line";
            return Err(CallbackFault::Setting { name: "separator", value, valid }.of(NAME));
        }
        self.keys = plan.keys();
        Ok(())
    }

    fn on_train_begin(&mut self, _: &mut Trainer<'_, M>) -> Result<(), Error> {
        self.open()
    }

    fn on_epoch_end(
        &mut self,
        _: &mut Trainer<'_, M>,
        logs: &EpochLogs<M>,
    ) -> Result<ControlFlow<()>, Error> {
        let mut line = csv::line(logs, &self.keys, self.separator);
        line.push('\n');
        // In one piece and without a buffer, so that the file has whole lines at any time.
        let written = self.file.as_mut().map_or(Ok(()), |file| file.write_all(line.as_bytes()));
        written.map_err(|error| self.error(error))?;
        self.len += line.len() as u64;
        Ok(ControlFlow::Continue(()))
    }

    fn state(&self) -> Option<CallbackState> {
        Some(CallbackState::new(NAME).with_number("len", self.len as f64))
    }

    fn restore_state(&mut self, state: &CallbackState) -> Result<(), Error> {
        let len = state.count("len") as u64;
        // A shorter file is another one.
        if self.append && (1..self.len).contains(&len) {
            self.cut(len).map_err(|error| self.error(error))?;
            self.len = len;
        }
        Ok(())
    }

    fn on_train_end(&mut self, _: &mut Trainer<'_, M>) -> Result<(), Error> {
        self.file = None;
        Ok(())
    }
}
