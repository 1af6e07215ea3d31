//! Atomic replacement of files.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::regular;
use super::temporary::{Temporary, remove_abandoned};

/// Replaces the file at `path`, which is missing, a regular file, or a link to one, by a file with these bytes.
///
/// The bytes are written to a temporary file in the same folder, which is synced and renamed: whenever the process
/// dies, the path has the old file or the new one. Temporary files of killed processes are removed from the folder.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let destination = Destination::of(path)?;
    // First, because they use space that is needed now.
    remove_abandoned(&destination.folder);
    // Further attempts are only needed where other machines do not see our locks.
    for _ in 0..3 {
        let mut temporary = Temporary::create(&destination.folder)?;
        // Before anything is written, because not everybody may be allowed to read the replaced file.
        if let Some(permissions) = &destination.permissions {
            temporary.file.set_permissions(permissions.clone())?;
        }
        temporary.file.write_all(bytes)?;
        temporary.file.sync_all()?;
        if cfg!(windows) {
            // On this system a lock prevents others from reading, under the new name too.
            let _ = temporary.file.unlock();
        }
        match fs::rename(&temporary.path, &destination.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            renamed => return renamed.and_then(|()| sync(&destination.folder)),
        }
    }
    Err(io::Error::new(io::ErrorKind::NotFound, "the temporary file was removed by another process"))
}

/// Reports why [`replace`] cannot write to `path`, as far as that is known in advance: a missing folder, or one
/// without write permission.
pub(crate) fn check(path: &Path) -> io::Result<()> {
    let destination = Destination::of(path)?;
    Temporary::create(&destination.folder).map(drop)
}

/// The file to replace or create.
struct Destination {
    /// Path at the end of the links.
    path: PathBuf,
    folder: PathBuf,
    /// Permissions of the replaced file.
    permissions: Option<Permissions>,
}

impl Destination {
    fn of(path: &Path) -> io::Result<Self> {
        let permissions = match fs::metadata(path) {
            Ok(metadata) => {
                regular::check(&metadata)?;
                // The folder's permissions decide about renaming, but a user who may not write to a file may not
                // replace it either.
                Some(OpenOptions::new().write(true).open(path)?.metadata()?.permissions())
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let path = end_of_links(path)?;
        if permissions.is_some() {
            // Some links of `/proc` refer to files that their text does not name.
            regular::check(&fs::symlink_metadata(&path)?)?;
        }
        // `new/` and `new/.` are directories, but have a file name for `Path`.
        let bytes = path.as_os_str().as_encoded_bytes();
        match (path.parent(), path.file_name()) {
            (Some(folder), Some(name)) if bytes.ends_with(name.as_encoded_bytes()) => {
                let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
                Ok(Destination { folder: folder.into(), path, permissions })
            }
            _ => Err(no_file_name()),
        }
    }
}

/// The error for a path such as `""`, `/` or `folder/..`.
pub(crate) fn no_file_name() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "the path does not end in a file name")
}

/// The path at the end of symbolic links, whether there is a file or not. (`canonicalize` requires one.)
fn end_of_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_path_buf();
    // Linux follows up to 40 links.
    for _ in 0..40 {
        let Ok(target) = fs::read_link(&path) else { return Ok(path) };
        path.pop();
        path.push(target);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "there are too many symbolic links"))
}

/// Syncs a folder's entries to the disk.
#[cfg(unix)]
fn sync(folder: &Path) -> io::Result<()> {
    use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    match fs::File::open(folder).and_then(|folder| folder.sync_all()) {
        // Some file systems do not sync folders, and some folders may be written but not read: the file is in place
        // anyway.
        Err(error) if matches!(error.kind(), InvalidInput | Unsupported | PermissionDenied) => Ok(()),
        done => done,
    }
}

/// Other systems do not open folders.
#[cfg(not(unix))]
fn sync(_: &Path) -> io::Result<()> {
    Ok(())
}
