//! Values of epochs as lines of a CSV file.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
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
/// A training that goes on from a checkpoint goes on with the file: lines of epochs after the checkpoint, which are trained again, are
/// dropped.
///
/// Keras: [`CSVLogger`](https://keras.io/api/callbacks/csv_logger/), which sorts the columns by name, and in a training that was
/// restored replaces the file unless it appends.
#[derive(Debug)]
pub struct CSVLogger {
    path: PathBuf,
    separator: char,
    append: bool,
    keys: Vec<String>,
    file: Option<File>,
    /// Bytes of the file that stay when the first line is written. `None` once they are alone, and the file has its first line.
    keeps: Option<u64>,
    /// Bytes of the file.
    len: u64,
}

const NAME: &str = "CSVLogger";

impl CSVLogger {
    /// Writes to a file, which is created when the training starts, or replaced when its first step does; folders are created.
    pub fn new(path: impl AsRef<Path>) -> Self {
        CSVLogger {
            path: path.as_ref().into(),
            separator: ',',
            append: false,
            keys: vec![],
            file: None,
            keeps: None,
            len: 0,
        }
    }

    /// The character between values; a comma by default.
    #[must_use]
    pub fn separator(mut self, separator: char) -> Self {
        self.separator = separator;
        self
    }

    /// Whether lines are added to a file that exists, which has to have the same columns. A training that goes on from a checkpoint needs
    /// no `append`.
    #[must_use]
    pub fn append(mut self, append: bool) -> Self {
        self.append = append;
        self
    }

    fn error(&self, source: io::Error) -> Error {
        Error::File { path: self.path.clone(), source }
    }

    /// The first line of the file, if it has one.
    fn first_line(file: &mut File) -> io::Result<Option<String>> {
        file.rewind()?;
        let mut line = String::new();
        BufReader::new(file).read_line(&mut line)?;
        Ok(if line.is_empty() { None } else { Some(line.trim_end_matches(['\n', '\r']).into()) })
    }

    /// Opens the file; what it has stays.
    fn open(&mut self) -> Result<(), Error> {
        create_folder_of(&self.path)?;
        let mut options = OpenOptions::new();
        let opened = options.create(true).truncate(false).read(true).write(true).open(&self.path);
        let mut file = opened.map_err(|error| self.error(error))?;
        self.keeps = Some(0);
        if self.append {
            self.check_columns(&mut file)?;
            let len = file.metadata().map_err(|error| self.error(error))?.len();
            self.keeps = Some(len);
        }
        self.file = Some(file);
        Ok(())
    }

    fn check_columns(&self, file: &mut File) -> Result<(), Error> {
        let wanted = csv::header(&self.keys, self.separator);
        match Self::first_line(file).map_err(|error| self.error(error))? {
            Some(found) if found != wanted => {
                Err(CallbackFault::Columns { path: self.path.clone(), found, wanted }.of(NAME))
            }
            _ => Ok(()),
        }
    }

    /// Drops what does not stay of the file, and writes the first line, unless it is there.
    fn begin(&mut self) -> Result<(), Error> {
        let Some(keeps) = self.keeps.take() else { return Ok(()) };
        let Some(mut file) = self.file.take() else { return Ok(()) };
        if keeps > 0 {
            self.check_columns(&mut file)?;
        }
        let begun = file.metadata().and_then(|found| {
            // A pipe or a terminal has nothing to drop.
            if !found.is_file() {
                return Ok(());
            }
            // Something else that was put there meanwhile is not cut.
            let is_whole = keeps == 0 || keeps >= found.len() || ends_line(&mut file, keeps)?;
            self.len = if is_whole { keeps.min(found.len()) } else { found.len() };
            file.set_len(self.len)?;
            file.seek(SeekFrom::End(0)).map(|_| ())
        });
        begun.map_err(|error| self.error(error))?;
        self.file = Some(file);
        if self.len == 0 { self.write(csv::header(&self.keys, self.separator)) } else { Ok(()) }
    }

    /// Writes a line, in one piece and without a buffer, so that the file has whole lines at any time.
    fn write(&mut self, mut line: String) -> Result<(), Error> {
        line.push('\n');
        let written = self.file.as_mut().map_or(Ok(()), |file| file.write_all(line.as_bytes()));
        written.map_err(|error| self.error(error))?;
        self.len += line.len() as u64;
        Ok(())
    }
}

/// Whether a line of the file ends after so many bytes, at least one.
fn ends_line(file: &mut File, bytes: u64) -> io::Result<bool> {
    let mut last = [0];
    file.seek(SeekFrom::Start(bytes - 1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
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

    fn on_train_batch_begin(&mut self, _: &mut Trainer<'_, M>, _: usize) -> Result<(), Error> {
        self.begin()
    }

    fn on_epoch_end(
        &mut self,
        _: &mut Trainer<'_, M>,
        logs: &EpochLogs<M>,
    ) -> Result<ControlFlow<()>, Error> {
        self.begin()?;
        self.write(csv::line(logs, &self.keys, self.separator))?;
        Ok(ControlFlow::Continue(()))
    }

    fn state(&self) -> Option<CallbackState> {
        Some(CallbackState::new(NAME).with_number("len", self.len as f64))
    }

    fn restore_state(&mut self, state: &CallbackState) -> Result<(), Error> {
        // With `append`, too: what was added after the checkpoint is added again.
        self.keeps = Some(state.count("len") as u64);
        Ok(())
    }

    fn on_train_end(&mut self, _: &mut Trainer<'_, M>) -> Result<(), Error> {
        self.file = None;
        Ok(())
    }
}
