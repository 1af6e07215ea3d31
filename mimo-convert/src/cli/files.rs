//! Files that the program reads and writes, with their paths in errors.

use std::fs;
use std::path::Path;

use crate::error::Error;

/// The bytes of a file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|error| within(path, Error::new(error.to_string())))
}

/// Writes a file as a whole: after an error the path has what it had.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let written = fs::write(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    written.map_err(|error| {
        let _ = fs::remove_file(&temporary);
        within(path, Error::new(error.to_string()))
    })
}

/// The same error with the path of the file.
pub(super) fn within(path: &Path, error: Error) -> Error {
    error.within(path.display().to_string())
}
