//! The driver types here; otherwise the file is empty.
