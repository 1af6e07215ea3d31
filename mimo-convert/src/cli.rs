//! The subcommands of the program `mimo`.

pub mod convert;
pub mod export;
mod files;
pub mod show;

/// The program's exit codes.
pub mod exit {
    /// Everything is converted.
    pub const COMPLETE: u8 = 0;
    /// The result lacks something, which its end lists.
    pub const INCOMPLETE: u8 = 1;
    /// There is no result.
    pub const ERROR: u8 = 2;
}
