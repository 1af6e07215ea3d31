//! Weights in files and in memory, in the safetensors format.
//!
//! A file holds one tensor per weight, named as in the summary (`dense/kernel`), in Keras's layout and the model's
//! element type, so that it can be read and written elsewhere: `safetensors.numpy.load_file("model.safetensors")`.
//! Its metadata has `format: mimo`, the version of these rules (2), the model's name, its signature in one line, and
//! its graph. Files without metadata are accepted, and so are those of version 1, which have no graph; only tensors
//! decide whether a file fits. Equal weights are always saved as equal bytes.
//!
//! A file may also have `preprocessing`: the state of a table reader that reads data for the model, as JSON
//! ([`save_with_preprocessing`]).
//!
//! `graph` is [`Model::GRAPH`] with the compile settings as JSON, for tools that do not know the program. Reading
//! weights ignores it. Layers, tensors and nested models are named by their indices:
//!
//! ```json
//! {
//!   "layers": [{
//!     "name": "risk", "class": "Dense", "trainable": true, "model": null, "whole": null,
//!     "parts": [],
//!     "arguments": {
//!       "units": 1, "use_bias": true,
//!       "activation": { "class": "sigmoid", "arguments": {} }
//!     },
//!     "weights": ["risk/kernel", "risk/bias"]
//!   }],
//!   "calls": [{ "layer": 0, "inputs": [0], "outputs": [1], "steps": 0 }],
//!   "tensors": [
//!     { "binding": "x", "shape": [8], "dtype": "float" },
//!     { "binding": "risk", "shape": [1], "dtype": "float" }
//!   ],
//!   "models": [{ "class": "Encoder", "name": "encoder" }],
//!   "inputs": [{ "name": "x", "tensor": 0 }],
//!   "outputs": [{
//!     "name": "risk", "tensor": 1, "weight": 1.0,
//!     "loss": { "class": "MeanSquaredError", "arguments": {} },
//!     "metrics": [{
//!       "name": "mae", "metric": { "class": "MeanAbsoluteError", "arguments": {} }
//!     }]
//!   }],
//!   "optimizer": {
//!     "class": "SGD",
//!     "arguments": { "learning_rate": 0.01, "momentum": 0.0, "nesterov": false }
//!   }
//! }
//! ```
//!
//! The example omits some arguments; a file has all of them, with defaults. An argument is `null` for `none`, a
//! boolean, a number, a string, a list of these, or an item with arguments of its own. Numbers with a fraction or an
//! exponent are floats, others are whole. Losses, metrics and the optimizer have the names of Keras's classes and
//! arguments, as in the description of a model; custom ones, written in Rust, have their path. A model with several
//! optimizers has `"optimizers": { "encoder": { "optimizer": {…}, "layers": [0, 1] }, "rest": {…} }` instead; an empty
//! list of layers means all others.
//!
//! # Checkpoints
//!
//! [`Trainer::save_checkpoint`](crate::trainer::Trainer::save_checkpoint) writes the same file with more arrays, whose names begin with `@`, and
//! `checkpoint: 1` in the metadata, the version of the following rules. Numbers are in the model's element type unless it is given.
//!
//! | name | |
//! |---|---|
//! | `@optimizer/iterations` | Steps so far, `u64`. |
//! | `@optimizer/rule`, `@optimizer/learning_rate`, `@optimizer/carried` | Kind of the update rule as text, learning rate as `f64`, and a number of the rule; `@optimizer/encoder/rule`, … for one of several optimizers. |
//! | `@optimizer/slot0/dense/kernel`, … | What the optimizer remembers of a weight. |
//! | `@optimizer/memory/…`, `@optimizer/gradients/…`, `@optimizer/average/…` | The same for updates of whole weights, sums of accumulated gradients, and moving averages of weights. |
//! | `@steering/frozen`, `@steering/learning_rate`, `@steering/weight_decay` | By weight: whether it is frozen, `u8`; factor of its learning rate; its own weight decay or NaN, `f64`. |
//! | `@random/seed`, `@random/passes`, `@random/shuffle` | State of the random numbers, `u64`. |
//! | `@states` | States of `stateful` layers, one after another. |
//! | `@loss_weights` | By output, `f64`. |
//! | `@fit/place` | In a `fit`: epoch, steps of it, batch size, first step that was not finite plus 1, whether a callback has stopped, samples measured, and the bits of the sum of the total loss, `u64`. |
//! | `@fit/order`, `@fit/statistics`, `@fit/joint` | The order of the samples, `u64`; sums of losses and metrics over the epoch so far, `f64`. |
//! | `@callback/0/EarlyStopping/wait`, … | The state of the first callback, `f64`. |
//!
//! Reading weights ignores all of these.
//!
//! # Safety from damaged files
//!
//! A file is checked completely before anything is written to the model, and every length in it is compared with the
//! length of the file before it is used. The length of the header is limited to what the model's weights need, plus 1
//! MiB for the metadata of other tools, and reading it allocates at most 8 times its length.
//!
//! Paths lead to regular files, directly or by symbolic links. Directories, named pipes, sockets and devices are
//! refused before they are opened.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::error::Error;
use crate::model::Model;
use checkpoint::{Stored, Transfer};
use format::{Layout, Subject};

pub(crate) mod checkpoint;
mod fault;
mod format;
mod graph;
mod header;
mod parts;
mod regular;
pub(crate) mod replace;
mod temporary;
#[cfg(test)]
mod tests;

pub use fault::Fault;
pub use parts::{load_part, save_part};

/// Saves a model's weights to a file, which is created or replaced.
///
/// The weights are written to a temporary file in the same folder, `.mimo-….tmp`, which is synced and then renamed.
/// So the path has the complete old file or the complete new one at any time, also if the process is killed or
/// several processes save to it at once; the last one that renames wins. Temporary files of a killed process are
/// removed by the next save to that folder, if the file system has locks. A replaced file's permissions are kept, but
/// not its owner and its other hard links.
///
/// Symbolic links are followed, also to a file that does not exist yet: `save(&model, "latest")` writes the file that
/// `latest` leads to.
///
/// # Errors
/// [`File`](Error::File) if the file cannot be written, or if the path is not a regular file: a directory, a named pipe, a socket or a device. The path is then unchanged.
pub fn save<M: Model>(model: &M, path: impl AsRef<Path>) -> Result<(), Error> {
    write(path, &to_bytes(model)?)
}

/// Replaces the file at `path` as [`save`] does, for files of other formats.
///
/// # Errors
/// [`File`](Error::File), as [`save`].
#[doc(hidden)]
pub fn write(path: impl AsRef<Path>, bytes: &[u8]) -> Result<(), Error> {
    let path = path.as_ref();
    replace::replace(path, bytes).map_err(|source| Error::File { path: path.into(), source })
}

/// Loads a model's weights from a file.
///
/// # Errors
/// The model is unchanged after an error: [`File`](Error::File) if the file cannot be read or is not a regular file,
/// [`WeightsFile`](Error::WeightsFile) with all differences if it does not hold the model's weights.
pub fn load<M: Model>(model: &mut M, path: impl AsRef<Path>) -> Result<(), Error> {
    let subject = Subject::of::<M>();
    let check = |header: &[u8], bytes| Layout::check(subject, header, bytes);
    let (layout, data) = read(subject, path.as_ref(), subject.header_limit(), &check)?;
    layout.write(model, &data);
    Ok(())
}

/// Checks a header, and the length of the data after it, against the wanted tensors.
type Check<'a> = dyn Fn(&[u8], u64) -> Result<Layout, Vec<Fault>> + 'a;

/// Reads a file with the weights of a model.
fn read(subject: Subject, path: &Path, limit: u64, check: &Check<'_>) -> Result<(Layout, Vec<u8>), Error> {
    let file_error = |source| Error::File { path: path.into(), source };
    let unfit = |faults| unfit(subject, Some(path), faults);

    let (mut file, len) = regular::open(path).map_err(file_error)?;
    let prefix = read_up_to(&mut file, format::PREFIX).map_err(file_error)?;
    let header_len = format::header_len(&prefix, len, limit).map_err(unfit)?;
    let header = read_up_to(&mut file, header_len).map_err(file_error)?;
    let data_len = len - (format::PREFIX + header_len) as u64;
    let layout = check(&header, data_len).map_err(unfit)?;
    let data = read_up_to(&mut file, layout.data_len()).map_err(file_error)?;
    if data.len() < layout.data_len() {
        // Another process has just truncated it.
        return Err(file_error(io::ErrorKind::UnexpectedEof.into()));
    }
    Ok((layout, data))
}

/// Returns a model's weights as the bytes of a file.
///
/// # Errors
/// [`Memory`](Error::Memory) if they do not fit into memory.
pub fn to_bytes<M: Model>(model: &M) -> Result<Vec<u8>, Error> {
    format::encode(model, "", None)
}

/// Loads a model's weights from the bytes of a file.
///
/// # Errors
/// [`WeightsFile`](Error::WeightsFile) with all differences if they are not the model's weights; the model is then
/// unchanged.
pub fn from_bytes<M: Model>(model: &mut M, bytes: &[u8]) -> Result<(), Error> {
    let subject = Subject::of::<M>();
    let unfit = |faults| unfit(subject, None, faults);
    let limit = subject.header_limit();
    let header_len = format::header_len(bytes, bytes.len() as u64, limit).map_err(unfit)?;
    let (header, data) = bytes[format::PREFIX..].split_at(header_len);
    let layout = Layout::check(subject, header, data.len() as u64).map_err(unfit)?;
    layout.write(model, data);
    Ok(())
}

/// Saves a model's weights together with the state of its data reader as text: vocabularies, means and deviations.
/// [`preprocessing`] returns it; other functions ignore it. `TableReader::save` writes such files.
///
/// # Errors
/// Those of [`save`], and [`PreprocessingLength`](Error::PreprocessingLength) for a text of more than 8 MiB, since the header of a file is limited.
pub fn save_with_preprocessing<M: Model>(model: &M, text: &str, path: impl AsRef<Path>) -> Result<(), Error> {
    // JSON escapes at most one character as six, but the text is itself JSON, of which few are escaped.
    const LONGEST: usize = 1 << 23;
    let (len, escaped) =
        (text.len(), text.len() + text.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count());
    if escaped > LONGEST {
        return Err(Error::PreprocessingLength { len, limit: LONGEST });
    }
    write(path, &format::encode(model, "", Some(text))?)
}

/// Returns the text that [`save_with_preprocessing`] saved with the weights of a model; `None` if the file has none.
///
/// # Errors
/// Those of [`load`].
pub fn preprocessing<M: Model>(path: impl AsRef<Path>) -> Result<Option<String>, Error> {
    let subject = Subject::of::<M>();
    let found = std::cell::Cell::new(None);
    let check = |header: &[u8], bytes| {
        let layout = Layout::check(subject, header, bytes)?;
        found.set(header::Header::parse(header).map_err(|fault| vec![fault])?.into_preprocessing());
        Ok(layout)
    };
    read(subject, path.as_ref(), subject.header_limit(), &check)?;
    Ok(found.take())
}

/// Visits a state and returns it as the bytes of a checkpoint.
pub(crate) fn to_checkpoint<M: Model>(
    walk: impl FnOnce(&mut Transfer<'_>) -> Result<(), Error>,
) -> Result<Vec<u8>, Error> {
    let mut transfer = Transfer::save();
    walk(&mut transfer)?;
    transfer.into_bytes(Subject::of::<M>())
}

/// Reads a checkpoint of a model from a file, or from bytes.
pub(crate) fn read_checkpoint<M: Model>(from: Result<&Path, &[u8]>) -> Result<Stored, Error> {
    let subject = Subject::of::<M>();
    match from {
        Ok(path) => Stored::read(subject, path),
        Err(bytes) => Stored::of_bytes(subject, bytes),
    }
}

/// Reports every difference between a checkpoint and a state; `walk` visits the state. Names with one of the prefixes
/// `others` are not part of it.
pub(crate) fn compare_checkpoint<M: Model>(
    stored: &Stored,
    path: Option<&Path>,
    others: &[&str],
    walk: impl FnOnce(&mut Transfer<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut transfer = Transfer::compare(stored);
    walk(&mut transfer)?;
    let faults = transfer.faults(others);
    if faults.is_empty() { Ok(()) } else { Err(checkpoint::unfit(Subject::of::<M>(), path, faults)) }
}

fn unfit(subject: Subject, path: Option<&Path>, faults: Vec<Fault>) -> Error {
    Error::WeightsFile { path: path.map(Into::into), model: subject.name(), faults }
}

/// Reads `len` bytes, or the rest of the file.
fn read_up_to(file: &mut File, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
    file.take(len as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}
