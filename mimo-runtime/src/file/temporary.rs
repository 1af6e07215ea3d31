//! Temporary files that are removed after their process has died.
//!
//! A file is locked for as long as it is temporary, and the system unlocks the files of a process that dies. So a
//! temporary file whose lock can be taken has no owner, and [`remove_abandoned`] removes it:
//!
//! ```text
//! owner:    create P    try to lock P    does P exist?    write, sync    rename P   unlock
//! remover:  open P      try to lock P    remove P             unlock
//! ```
//!
//! - If a remover takes the lock first, the owner fails to lock P, or locks it and finds it missing; the owner then chooses another name. A later remover fails to lock until P has another name, and then has nothing to remove.
//! - No name is used twice, so a remover only removes the file that it locked.
//! - On a file system without locks, nothing is removed. With locks that other machines do not see, a file may be removed while its owner uses it; renaming it fails then, and [`replace`](super::replace::replace) starts over.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};

/// Hexadecimal digits in the name of a temporary file.
const DIGITS: usize = 16;

/// A file that is removed when it is dropped, unless it was renamed.
#[derive(Debug)]
pub(super) struct Temporary {
    pub(super) path: PathBuf,
    /// Locked, if the file system has locks.
    pub(super) file: File,
}

impl Temporary {
    /// Creates a temporary file in a folder. Its name is short, so that it can be created wherever a file can.
    pub(super) fn create(folder: &Path) -> io::Result<Self> {
        // Further attempts are only needed if another process has just removed the file.
        for _ in 0..100 {
            let path = folder.join(name());
            let file = match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            };
            let temporary = Temporary { path, file };
            match temporary.file.try_lock() {
                Err(TryLockError::WouldBlock) => {}
                Ok(()) | Err(TryLockError::Error(_)) if fs::symlink_metadata(&temporary.path).is_ok() => {
                    return Ok(temporary);
                }
                Ok(()) | Err(TryLockError::Error(_)) => {}
            }
        }
        Err(io::Error::other("the temporary files are removed by another process"))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // The error to report is the one that prevented the renaming.
        let _ = fs::remove_file(&self.path);
    }
}

/// A name that was never used before.
fn name() -> String {
    // A `RandomState` differs from all others of the process, and is seeded by the system.
    let number = RandomState::new().hash_one(std::process::id());
    format!(".mimo-{number:0DIGITS$x}.tmp")
}

/// Whether a file name may be one of [`name`].
fn is_name(name: &str) -> bool {
    let number = name.strip_prefix(".mimo-").and_then(|name| name.strip_suffix(".tmp"));
    number
        .is_some_and(|number| number.len() == DIGITS && number.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

/// Removes the temporary files of killed processes in a folder. Errors are ignored: the user requested something
/// else.
pub(super) fn remove_abandoned(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let ours = entry.file_name().to_str().is_some_and(is_name);
        // Opening anything else may block.
        if ours && entry.file_type().is_ok_and(|file_type| file_type.is_file()) {
            let path = entry.path();
            // Network file systems only lock files that are open for writing.
            let Ok(file) = OpenOptions::new().write(true).open(&path) else { continue };
            if file.try_lock().is_ok() {
                let _ = fs::remove_file(&path);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_differ_and_are_recognised() {
        let names: std::collections::BTreeSet<String> = (0..1000).map(|_| name()).collect();
        assert_eq!(names.len(), 1000);
        assert!(names.iter().all(|name| is_name(name)));
        for other in ["", ".mimo-.tmp", ".mimo-0123456789abcdef.tmp2", ".mimo-0123456789abcdeg.tmp", "a.tmp"]
        {
            assert!(!is_name(other), "{other}");
        }
    }
}
