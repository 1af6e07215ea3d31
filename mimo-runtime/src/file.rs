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

mod fault;
mod format;
mod replace;
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
    replace::replace(path, &bytes).map_err(|source| Error::Write { path: path.into(), source })
}

/// Reads a model's weights from a file. If anything is wrong with it, the model stays as it was.
pub fn load<M: Model>(model: &mut M, path: impl AsRef<Path>) -> Result<(), Error> {
    let path = path.as_ref();
    match read::<M>(path) {
        Ok(Ok((layout, data))) => {
            layout.write(model, &data);
            Ok(())
        }
        Ok(Err(faults)) => Err(unfit::<M>(Some(path), faults)),
        Err(source) => Err(Error::Read { path: path.into(), source }),
    }
}

/// A model's weights as the bytes of a file.
pub fn to_bytes<M: Model>(model: &M) -> Result<Vec<u8>, Error> {
    format::encode(model)
}

/// Takes a model's weights from the bytes of a file. If anything is wrong with them, the model stays as it was.
pub fn from_bytes<M: Model>(model: &mut M, bytes: &[u8]) -> Result<(), Error> {
    let checked = format::header_len(bytes, bytes.len() as u64).and_then(|len| {
        let (header, data) = bytes[format::PREFIX..].split_at(len);
        let layout = format::Layout::check::<M>(header, data.len() as u64)?;
        Ok((layout, data))
    });
    match checked {
        Ok((layout, data)) => {
            layout.write(model, data);
            Ok(())
        }
        Err(faults) => Err(unfit::<M>(None, faults)),
    }
}

fn unfit<M: Model>(path: Option<&Path>, faults: Vec<Fault>) -> Error {
    Error::Weights { path: path.map(Into::into), model: M::SPEC.name, faults }
}

/// Reads and checks the header, and the data only if it fits.
fn read<M: Model>(path: &Path) -> io::Result<Result<(format::Layout, Vec<u8>), Vec<Fault>>> {
    let mut file = File::open(path)?;
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    let mut prefix = Vec::new();
    (&mut file).take(format::PREFIX as u64).read_to_end(&mut prefix)?;
    let len = match format::header_len(&prefix, meta.len()) {
        Ok(len) => len,
        Err(faults) => return Ok(Err(faults)),
    };
    let header = read_exactly(&mut file, len)?;
    match format::Layout::check::<M>(&header, meta.len() - (format::PREFIX + len) as u64) {
        Ok(layout) => {
            let data = read_exactly(&mut file, layout.data_len())?;
            Ok(Ok((layout, data)))
        }
        Err(faults) => Ok(Err(faults)),
    }
}

/// Reads `len` bytes, which the file had when it was opened.
fn read_exactly(file: &mut File, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
    file.take(len as u64).read_to_end(&mut bytes)?;
    if bytes.len() == len { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}
