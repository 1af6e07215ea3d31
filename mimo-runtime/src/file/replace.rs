//! Files that appear as a whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Puts a file with these bytes in the place of `path`.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Not the link is replaced, but what it leads to.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.into());
    if path.file_name().is_none() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path does not end in a name"));
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let (mut file, temporary) = create(folder)?;
    if let Ok(replaced) = fs::metadata(&path) {
        file.set_permissions(replaced.permissions())?;
    }
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&temporary.0, &path)?;
    sync(folder)
}

/// The number in the next temporary file's name.
static NEXT: AtomicU64 = AtomicU64::new(0);

fn temporary(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!(".mimo-{}-{number}.tmp", std::process::id()))
}

/// A file under a name that nobody else uses.
fn create(folder: &Path) -> io::Result<(File, Temporary)> {
    // A name is in use only if an earlier process with our number was killed while it was writing.
    for _ in 0..1000 {
        let path = temporary(folder, NEXT.fetch_add(1, Ordering::Relaxed));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((file, Temporary(path))),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// A file that is not left behind. After it was renamed there is nothing to remove.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // What is to be reported is why the file was not written.
        let _ = fs::remove_file(&self.0);
    }
}

/// Makes sure that a folder's entries are on the disk.
#[cfg(unix)]
fn sync(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Some file systems have no such thing; the renaming is done all the same.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Ok(())
        }
        done => done,
    }
}

/// Other systems do not open folders.
#[cfg(not(unix))]
fn sync(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_temporary_name_that_is_taken_is_left_alone() {
        let folder = std::env::temp_dir().join(format!("mimo-{}-taken", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder for the test");
        // Other tests take numbers too, but not that many.
        let next = NEXT.load(Ordering::Relaxed);
        let taken: Vec<_> = (next..next + 500).map(|number| temporary(&folder, number)).collect();
        taken.iter().for_each(|path| fs::write(path, "another's").expect("written"));

        replace(&folder.join("file"), b"ours").expect("replaced");

        assert_eq!(fs::read(folder.join("file")).expect("the file"), b"ours");
        assert!(taken.iter().all(|path| fs::read(path).is_ok_and(|bytes| bytes == b"another's")));
        assert_eq!(fs::read_dir(&folder).expect("the folder").count(), 501);
        fs::remove_dir_all(&folder).expect("removed");
    }
}
