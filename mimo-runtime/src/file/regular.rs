//! Regular files at the paths that users pass.
//!
//! The metadata is read before a file is opened: opening a named pipe blocks, opening a device may activate it, and
//! renaming a file over either would replace it.

use std::fs::{self, File, FileType, Metadata};
use std::io;
use std::path::Path;

/// Opens a regular file for reading, and returns its length in bytes.
pub(super) fn open(path: &Path) -> io::Result<(File, u64)> {
    check(&fs::metadata(path)?)?;
    let file = File::open(path)?;
    // The path may refer to another file by now.
    let metadata = file.metadata()?;
    check(&metadata)?;
    Ok((file, metadata.len()))
}

/// Reports a file that is not regular: its length is meaningless, and it cannot be replaced atomically.
pub(super) fn check(metadata: &Metadata) -> io::Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    let kind = if metadata.is_dir() { io::ErrorKind::IsADirectory } else { io::ErrorKind::InvalidInput };
    Err(io::Error::new(kind, format!("this is {}, not a regular file", name(metadata.file_type()))))
}

#[cfg(unix)]
fn name(file_type: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    match file_type {
        t if t.is_dir() => "a directory",
        t if t.is_symlink() => "a symbolic link",
        t if t.is_fifo() => "a named pipe",
        t if t.is_socket() => "a socket",
        t if t.is_char_device() || t.is_block_device() => "a device",
        _ => "a special file",
    }
}

#[cfg(not(unix))]
fn name(file_type: FileType) -> &'static str {
    if file_type.is_dir() { "a directory" } else { "a special file" }
}
