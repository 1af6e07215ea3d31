//! Weights in files and in memory, in the safetensors format.
//!
//! A file holds one tensor per weight, named as in the summary (`dense/kernel`), in Keras's layout and the model's
//! element type, so that it can be read and written elsewhere: `safetensors.numpy.load_file("model.safetensors")`.
//! Its metadata says `format: mimo`, the version of these rules, the model's name, and its signature in one line. Files
//! without metadata are welcome; only tensors decide whether a file fits. The same weights always give the same bytes.
//!
//! Reading trusts nothing: a file is checked as a whole before anything is written to the model, and no length in it
//! is believed before it was compared with the length of the file.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::error::Error;
use crate::model::Model;
use format::Subject;

mod fault;
mod format;
pub(crate) mod replace;
#[cfg(test)]
mod tests;

pub use fault::Fault;

/// Writes a model's weights to a file.
///
/// The file appears, or replaces the one that was there, as a whole and only once it is on the disk: it is written
/// under another name in the same folder, synced, and renamed. A symbolic link is followed, and a replaced file's
/// permissions are kept.
pub fn save<M: Model>(model: &M, path: impl AsRef<Path>) -> Result<(), Error> {
    let path = path.as_ref();
    let bytes = to_bytes(model)?;
    replace::replace(path, &bytes).map_err(|source| Error::File { path: path.into(), source })
}

/// Reads a model's weights from a file. If anything is wrong with it, the model stays as it was.
pub fn load<M: Model>(model: &mut M, path: impl AsRef<Path>) -> Result<(), Error> {
    let (layout, data) = read(Subject::of::<M>(), path.as_ref())?;
    layout.write(model, &data);
    Ok(())
}

/// Reads a file that fits a model.
fn read(subject: Subject, path: &Path) -> Result<(format::Layout, Vec<u8>), Error> {
    let file_error = |source| Error::File { path: path.into(), source };
    let unfit = |faults| unfit(subject, Some(path), faults);

    let mut file = File::open(path).map_err(file_error)?;
    let len = regular_len(&file).map_err(file_error)?;
    let prefix = read_up_to(&mut file, format::PREFIX).map_err(file_error)?;
    let header_len = format::header_len(&prefix, len).map_err(unfit)?;
    let header = read_up_to(&mut file, header_len).map_err(file_error)?;
    let data_len = len - (format::PREFIX + header_len) as u64;
    let layout = format::Layout::check(subject, &header, data_len).map_err(unfit)?;
    let data = read_up_to(&mut file, layout.data_len()).map_err(file_error)?;
    if data.len() < layout.data_len() {
        // Somebody else has just cut it.
        return Err(file_error(io::ErrorKind::UnexpectedEof.into()));
    }
    Ok((layout, data))
}

/// A model's weights as the bytes of a file.
pub fn to_bytes<M: Model>(model: &M) -> Result<Vec<u8>, Error> {
    format::encode(model)
}

/// Takes a model's weights from the bytes of a file. If anything is wrong with them, the model stays as it was.
pub fn from_bytes<M: Model>(model: &mut M, bytes: &[u8]) -> Result<(), Error> {
    let subject = Subject::of::<M>();
    let unfit = |faults| unfit(subject, None, faults);
    let header_len = format::header_len(bytes, bytes.len() as u64).map_err(unfit)?;
    let (header, data) = bytes[format::PREFIX..].split_at(header_len);
    let layout = format::Layout::check(subject, header, data.len() as u64).map_err(unfit)?;
    layout.write(model, data);
    Ok(())
}

fn unfit(subject: Subject, path: Option<&Path>, faults: Vec<Fault>) -> Error {
    Error::WeightsFile { path: path.map(Into::into), model: subject.name(), faults }
}

/// The length of a file, which only regular files have.
fn regular_len(file: &File) -> io::Result<u64> {
    let meta = file.metadata()?;
    if meta.is_file() {
        Ok(meta.len())
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"))
    }
}

/// Reads `len` bytes, or what is left of the file.
fn read_up_to(file: &mut File, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
    file.take(len as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}
