//! The handwritten digits of `examples/data/digits.txt`: reading, splitting, targets.
//!
//! Examples include this file as a module:
//!
//! ```ignore
//! #[path = "support/digits.rs"]
//! mod digits;
//!
//! let digits = digits::Digits::load()?;
//! let (train, held_out) = digits.split(0.2, 42)?;
//! let (label, even, ink) = (&train.labels, train.even(), train.ink());
//! ```
//!
//! The format of the file is described beside it, in `examples/data/README.md`.

// Compiled once into every example that includes it, and no example uses all of it.
#![allow(dead_code, unreachable_pub)]

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

#[path = "random.rs"]
pub mod random;

use random::Random;

/// Path of the file inside the crate, independent of the current directory.
pub const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/digits.txt");
/// Rows and columns of an image.
pub const SIDE: usize = 8;
/// Pixels of an image.
pub const PIXELS: usize = SIDE * SIDE;
/// The digits 0 to 9.
pub const CLASSES: usize = 10;

/// The darkest grey level; 0 is paper.
const DARKEST: u8 = 16;

/// Images of handwritten digits, and the digit that each one shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Digits {
    /// Grey levels from 0 (paper) to 1 (ink): [`PIXELS`] per image, row by row, image after image.
    pub pixels: Vec<f32>,
    /// The digit that each image shows, 0 to 9.
    pub labels: Vec<usize>,
}

impl Digits {
    /// Reads the file that comes with the examples.
    pub fn load() -> Result<Self, DigitsError> {
        Self::read(FILE)
    }

    /// Reads another file of the same format.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, DigitsError> {
        let path = path.as_ref();
        let content = fs::read(path).map_err(|source| DigitsError::Read { path: path.to_owned(), source })?;
        Self::parse(&content)
    }

    /// Reads the content of such a file. Lines may end in `\n` or `\r\n`, and the last one in nothing.
    ///
    /// Bytes rather than a `str`: in a file that is not even text, the error still names the line.
    pub fn parse(content: impl AsRef<[u8]>) -> Result<Self, DigitsError> {
        let content = content.as_ref();
        let content = content.strip_suffix(b"\n").unwrap_or(content);
        if content.is_empty() {
            return Err(DigitsError::Empty);
        }
        let mut digits = Self { pixels: Vec::new(), labels: Vec::new() };
        for (index, line) in content.split(|&byte| byte == b'\n').enumerate() {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            digits.push_line(line).map_err(|(expected, found)| DigitsError::Line {
                number: index + 1,
                expected,
                found,
            })?;
        }
        Ok(digits)
    }

    /// Appends the image of one line, or returns the expected and the found text.
    fn push_line(&mut self, line: &[u8]) -> Result<(), (&'static str, String)> {
        let Some((label, levels)) = line.split_last().filter(|(_, levels)| levels.len() == PIXELS) else {
            return Err((
                "65 characters (64 grey levels and the label)",
                format!("{} characters", String::from_utf8_lossy(line).chars().count()),
            ));
        };
        let found =
            |byte: u8, at: usize| format!("`{}` as character {}", char::from(byte).escape_default(), at + 1);
        for (at, &byte) in levels.iter().enumerate() {
            let level = match byte {
                b'0'..=b'9' => byte - b'0',
                b'a'..=b'g' => byte - b'a' + 10,
                _ => return Err(("a grey level, 0-9 or a-g", found(byte, at))),
            };
            self.pixels.push(f32::from(level) / f32::from(DARKEST));
        }
        if !label.is_ascii_digit() {
            return Err(("a label, 0-9", found(*label, PIXELS)));
        }
        self.labels.push(usize::from(label - b'0'));
        Ok(())
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are no images.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The pixels of each image, in order.
    pub fn images(&self) -> impl Iterator<Item = &[f32]> {
        self.pixels.chunks_exact(PIXELS)
    }

    /// The labels as one-hot rows of [`CLASSES`] numbers.
    pub fn one_hot(&self) -> Vec<f32> {
        let row = |&label: &usize| (0..CLASSES).map(move |class| f32::from(u8::from(class == label)));
        self.labels.iter().flat_map(row).collect()
    }

    /// 1 for an even digit, 0 for an odd one.
    pub fn even(&self) -> Vec<f32> {
        self.labels.iter().map(|label| f32::from(u8::from(label % 2 == 0))).collect()
    }

    /// Ink of each image: the mean of its pixels, 0 to 1.
    pub fn ink(&self) -> Vec<f32> {
        self.images().map(|image| image.iter().sum::<f32>() / PIXELS as f32).collect()
    }

    /// Splits the images into a training part and a held-out part.
    ///
    /// Of every digit the same fraction (0 to 1, rounded to whole images) is held out, drawn by `seed`; both parts
    /// are shuffled. The same seed always returns the same parts, on every machine.
    pub fn split(&self, share: f64, seed: u64) -> Result<(Self, Self), DigitsError> {
        if !(0.0..=1.0).contains(&share) {
            return Err(DigitsError::Share(share));
        }
        let mut random = Random::new(seed);
        let mut classes = BTreeMap::<usize, Vec<usize>>::new();
        for (row, (_, &label)) in self.images().zip(&self.labels).enumerate() {
            classes.entry(label).or_default().push(row);
        }
        let (mut train, mut held_out) = (Vec::new(), Vec::new());
        for mut rows in classes.into_values() {
            random.shuffle(&mut rows);
            // `share` is at most 1, so this is at most `rows.len()`.
            let cut = (rows.len() as f64 * share).round() as usize;
            held_out.extend_from_slice(&rows[..cut]);
            train.extend_from_slice(&rows[cut..]);
        }
        random.shuffle(&mut train);
        random.shuffle(&mut held_out);
        Ok((self.select(&train), self.select(&held_out)))
    }

    /// The selected images, in the given order; the rows must exist.
    fn select(&self, rows: &[usize]) -> Self {
        Self {
            pixels: rows.iter().flat_map(|row| &self.pixels[row * PIXELS..][..PIXELS]).copied().collect(),
            labels: rows.iter().map(|&row| self.labels[row]).collect(),
        }
    }
}

/// Why the digits could not be read or split.
#[derive(Debug)]
pub enum DigitsError {
    /// The file could not be read at all.
    Read {
        /// The file.
        path: PathBuf,
        /// Error of the system.
        source: io::Error,
    },
    /// The file has no line.
    Empty,
    /// A line is not an image.
    Line {
        /// The line, counted from 1.
        number: usize,
        /// Expected text.
        expected: &'static str,
        /// Found text.
        found: String,
    },
    /// The fraction to hold out is not within 0 and 1.
    Share(f64),
}

impl fmt::Display for DigitsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { path, source } => write!(f, "cannot read {}: {source}", path.display()),
            Self::Empty => f.write_str("the file of digits is empty"),
            Self::Line { number, expected, found } => {
                write!(f, "line {number} of the digits: expected {expected}, found {found}")
            }
            Self::Share(share) => write!(f, "the share to hold out must be within 0 and 1, not {share}"),
        }
    }
}

impl Error for DigitsError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// A valid line: every level in turn, then paper, and the label.
    fn line(label: char) -> String {
        format!("{:0<64}{label}", "0123456789abcdefg")
    }

    /// Returns the error of invalid content.
    fn refusal(content: impl AsRef<[u8]>) -> String {
        Digits::parse(content).expect_err("must be refused").to_string()
    }

    #[test]
    fn reads_levels_and_labels() {
        let digits = Digits::parse(format!("{}\n{}\n", line('7'), line('0'))).expect("two good lines");
        assert_eq!(digits.labels, [7, 0]);
        assert_eq!(digits.len(), 2);
        assert_eq!(digits.pixels.len(), 2 * PIXELS);
        assert_eq!(digits.pixels[..3], [0.0, 1.0 / 16.0, 2.0 / 16.0]);
        assert_eq!(digits.pixels[16], 1.0);
        assert_eq!(digits.pixels[17..PIXELS], [0.0; PIXELS - 17]);
        assert_eq!(digits.pixels[..PIXELS], digits.pixels[PIXELS..]);
    }

    #[test]
    fn any_line_ending_will_do() {
        let good = Digits::parse(format!("{}\n{}\n", line('7'), line('0'))).expect("two good lines");
        for content in
            [format!("{}\r\n{}\r\n", line('7'), line('0')), format!("{}\n{}", line('7'), line('0'))]
        {
            assert_eq!(Digits::parse(content).expect("two good lines"), good);
        }
    }

    #[test]
    fn wrong_lines_are_named() {
        let good = line('3');
        assert_eq!(
            refusal(format!("{good}\n{}\n", &good[1..])),
            "line 2 of the digits: expected 65 characters (64 grey levels and the label), found 64 characters"
        );
        assert_eq!(
            refusal(format!("{good}\n\n{good}\n")),
            "line 2 of the digits: expected 65 characters (64 grey levels and the label), found 0 characters"
        );
        assert_eq!(
            refusal(format!("{good}\n{good}\n{}", good.replace('g', "h"))),
            "line 3 of the digits: expected a grey level, 0-9 or a-g, found `h` as character 17"
        );
        assert_eq!(
            refusal(line('x')),
            "line 1 of the digits: expected a label, 0-9, found `x` as character 65"
        );
    }

    #[test]
    fn what_is_not_text_is_refused_in_words() {
        assert_eq!(refusal(""), "the file of digits is empty");
        assert_eq!(refusal("\n"), "the file of digits is empty");
        assert!(refusal([0xff; 65]).ends_with("found `\\u{ff}` as character 1"));
        // 65 bytes, but not 65 characters of the format.
        assert!(refusal(format!("é{}", &line('1')[2..])).ends_with("found `\\u{c3}` as character 1"));
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Digits::read("no/such/file.txt").expect_err("there is none");
        assert!(error.to_string().starts_with("cannot read no/such/file.txt: "), "{error}");
    }

    #[test]
    fn targets_follow_the_labels() {
        let digits = Digits::parse(format!("{}\n{}\n", line('7'), line('0'))).expect("two good lines");
        assert_eq!(digits.even(), [0.0, 1.0]);
        // 0 + 1 + … + 16 sixteenths over 64 pixels.
        assert_eq!(digits.ink(), [136.0 / 16.0 / 64.0; 2]);
        let hot = digits.one_hot();
        assert_eq!(hot.iter().sum::<f32>(), 2.0);
        assert_eq!((hot[7], hot[CLASSES]), (1.0, 1.0));
    }

    #[test]
    fn split_keeps_every_image_once_and_the_classes_even() {
        let digits = Digits::load().expect("the file of the examples");
        let (train, held_out) = digits.split(0.2, 1).expect("a share within 0 and 1");
        assert_eq!(train.len() + held_out.len(), digits.len());
        for class in 0..CLASSES {
            let count = |part: &Digits| part.labels.iter().filter(|&&label| label == class).count();
            assert_eq!(count(&held_out), (count(&digits) as f64 * 0.2).round() as usize);
        }
        let sorted = |parts: &[&Digits]| {
            let mut rows: Vec<_> = parts
                .iter()
                .flat_map(|part| part.images().zip(&part.labels))
                .map(|(image, label)| (image.iter().map(|p| p.to_bits()).collect::<Vec<_>>(), *label))
                .collect();
            rows.sort();
            rows
        };
        assert_eq!(sorted(&[&train, &held_out]), sorted(&[&digits]));
    }

    #[test]
    fn split_depends_on_the_seed_alone() {
        let digits = Digits::load().expect("the file of the examples");
        let split = |seed| digits.split(0.25, seed).expect("a share within 0 and 1");
        assert_eq!(split(7), split(7));
        assert_ne!(split(7), split(8));
        // Shuffled, not class after class.
        assert!(!split(7).0.labels.is_sorted());
    }

    #[test]
    fn split_takes_all_or_nothing_and_refuses_the_rest() {
        let digits = Digits::parse(line('4')).expect("one good line");
        let (train, held_out) = digits.split(0.0, 0).expect("nothing");
        assert_eq!((train.len(), held_out.is_empty()), (1, true));
        let (train, held_out) = digits.split(1.0, 0).expect("all");
        assert_eq!((train.is_empty(), held_out.len()), (true, 1));
        for share in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert!(digits.split(share, 0).is_err(), "{share}");
        }
    }
}
