//! The electrocardiogram in `examples/data/ecg.txt` and the heartbeats in it, `beats.txt`.
//!
//! The format of the files is described beside them, in `examples/data/README.md`.

// Compiled once into every example that includes it, and no example uses all of it.
#![allow(dead_code, unreachable_pub)]

use std::path::Path;

#[path = "reading.rs"]
pub mod reading;

use reading::{FOLDER, ReadError, content, lines};

/// Samples per second.
pub const RATE: usize = 360;

/// Recorded value for 0 mV, and increment per millivolt.
const ZERO: f32 = 1024.0;
const PER_MILLIVOLT: f32 = 200.0;

/// A recording and its heartbeats.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// The signal in millivolts, [`RATE`] samples per second.
    pub millivolts: Vec<f32>,
    /// The heartbeats, in order.
    pub beats: Vec<Beat>,
}

/// A heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beat {
    /// The sample of its peak.
    pub at: usize,
    /// Milliseconds for which it stays above a quarter of its height.
    pub width: usize,
}

impl Recording {
    /// Reads the files that come with the examples.
    pub fn load() -> Result<Self, ReadError> {
        let folder = Path::new(FOLDER);
        Self::read(folder.join("ecg.txt"), folder.join("beats.txt"))
    }

    /// Reads other files of the same format.
    pub fn read(signal: impl AsRef<Path>, beats: impl AsRef<Path>) -> Result<Self, ReadError> {
        Self::parse(content(signal)?, content(beats)?)
    }

    /// Reads the content of such files.
    pub fn parse(signal: impl AsRef<[u8]>, beats: impl AsRef<[u8]>) -> Result<Self, ReadError> {
        let mut millivolts = Vec::new();
        for line in lines("the signal", signal.as_ref())? {
            let (pairs, rest) = line.bytes.as_chunks::<2>();
            if pairs.len() != RATE || !rest.is_empty() {
                return Err(line.refuse("720 characters (a second of 360 samples)"));
            }
            for pair in pairs {
                let [Some(high), Some(low)] = pair.map(digit) else {
                    return Err(line.refuse("characters from `0` to `o` only"));
                };
                millivolts.push((f32::from(high) * 64.0 + f32::from(low) - ZERO) / PER_MILLIVOLT);
            }
        }
        let mut read = Vec::<Beat>::new();
        for line in lines("the heartbeats", beats.as_ref())? {
            let expected = "a sample and a width in milliseconds, `343 28`";
            let (at, width) = line.pair(expected)?;
            let (Ok(at), Ok(width)) = (at.parse(), width.parse()) else { return Err(line.refuse(expected)) };
            if at >= millivolts.len() {
                return Err(line.refuse("a sample within the signal"));
            }
            if read.last().is_some_and(|last| last.at >= at) {
                return Err(line.refuse("a heartbeat after the one before"));
            }
            read.push(Beat { at, width });
        }
        Ok(Self { millivolts, beats: read })
    }
}

/// Decodes a base 64 digit.
fn digit(byte: u8) -> Option<u8> {
    byte.checked_sub(b'0').filter(|digit| *digit < 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A second of 0 mV: 1024 is `@0` in base 64.
    fn second() -> String {
        "@0".repeat(RATE)
    }

    /// Returns the error of invalid contents.
    fn refusal(signal: impl AsRef<[u8]>, beats: impl AsRef<[u8]>) -> String {
        Recording::parse(signal, beats).expect_err("must be refused").to_string()
    }

    #[test]
    fn reads_samples_and_heartbeats() {
        let signal = format!("{}\n{}C8\n", second(), &second()[2..]);
        let recording = Recording::parse(signal, "5 28\n719 100\n").expect("good files");
        assert_eq!(recording.millivolts[..719], [0.0; 719]);
        assert_eq!(recording.millivolts[719], 1.0);
        assert_eq!(recording.beats, [Beat { at: 5, width: 28 }, Beat { at: 719, width: 100 }]);
    }

    #[test]
    fn wrong_lines_are_named() {
        let (signal, beats) = (second(), "5 28");
        assert_eq!(refusal("", beats), "the file of the signal is empty");
        assert_eq!(refusal(&signal, "\n"), "the file of the heartbeats is empty");
        let seconds = "expected 720 characters (a second of 360 samples)";
        assert_eq!(refusal("@0@", beats), format!("line 1 of the signal: {seconds}, found `@0@`"));
        let long = format!("{signal}\n{signal}0");
        assert!(refusal(long, beats).starts_with(&format!("line 2 of the signal: {seconds}, found `@0@0")));
        for wrong in ["p", "/", "\t"] {
            let content = signal.replacen('@', wrong, 1);
            let found = refusal(content, beats);
            assert!(
                found.starts_with("line 1 of the signal: expected characters from `0` to `o` only"),
                "{found}"
            );
        }
        assert!(refusal([0xff; 720], beats).starts_with("line 1 of the signal: expected characters from"));
        for wrong in ["5", "5 28 1", "-5 28", "x 28", "5 2.5", "99999999999999999999 1"] {
            assert_eq!(
                refusal(&signal, format!("{beats}\n{wrong}")),
                format!(
                    "line 2 of the heartbeats: expected a sample and a width in milliseconds, `343 28`, \
                     found `{wrong}`"
                )
            );
        }
        assert_eq!(
            refusal(&signal, "360 28"),
            "line 1 of the heartbeats: expected a sample within the signal, found `360 28`"
        );
        assert_eq!(
            refusal(&signal, "5 28\n5 30"),
            "line 2 of the heartbeats: expected a heartbeat after the one before, found `5 30`"
        );
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Recording::read("no/such/file.txt", "nor/this").expect_err("there is none");
        assert!(error.to_string().starts_with("cannot read no/such/file.txt: "), "{error}");
    }
}
