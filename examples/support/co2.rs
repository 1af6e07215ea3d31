//! The weekly concentrations of carbon dioxide in `examples/data/co2.txt`.
//!
//! The format of the file is described beside it, in `examples/data/README.md`.

// Compiled once into every example that includes it, and no example uses all of it.
#![allow(dead_code, unreachable_pub)]

use std::path::Path;

#[path = "reading.rs"]
pub mod reading;

use reading::{FOLDER, ReadError, content, lines};

/// A concentration for every week.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The Saturdays that identify the weeks, `1958-03-29`.
    pub weeks: Vec<String>,
    /// Parts per million; weeks without a measurement are interpolated linearly.
    pub ppm: Vec<f32>,
    /// Whether a week was measured.
    pub measured: Vec<bool>,
}

impl Series {
    /// Reads the file that comes with the examples.
    pub fn load() -> Result<Self, ReadError> {
        Self::read(Path::new(FOLDER).join("co2.txt"))
    }

    /// Reads another file of the same format.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, ReadError> {
        Self::parse(content(path)?)
    }

    /// Reads the content of such a file.
    pub fn parse(content: impl AsRef<[u8]>) -> Result<Self, ReadError> {
        let mut series = Self { weeks: Vec::new(), ppm: Vec::new(), measured: Vec::new() };
        for line in lines("concentrations", content.as_ref())? {
            let expected = "a date and a concentration, `1958-03-29 316.1`";
            let (week, value) = line.pair(expected)?;
            if !is_date(week) {
                return Err(line.refuse(expected));
            }
            let ppm = match value {
                "-" => None,
                // The air has had 280 ppm or more for as long as people have measured it.
                value => match value.parse::<f32>() {
                    Ok(ppm) if (200.0..1000.0).contains(&ppm) => Some(ppm),
                    _ => return Err(line.refuse("a concentration between 200 and 1000 ppm, or `-`")),
                },
            };
            if ppm.is_none() && series.weeks.is_empty() {
                return Err(line.refuse("a concentration in the first week"));
            }
            series.push(week, ppm);
        }
        Ok(series)
    }

    /// Adds a week, and fills the gap before it.
    fn push(&mut self, week: &str, ppm: Option<f32>) {
        // Until the next measurement, a missing value is the last measured one.
        let last = self.ppm.last().copied().unwrap_or_default();
        self.weeks.push(week.to_owned());
        self.measured.push(ppm.is_some());
        self.ppm.push(ppm.unwrap_or(last));
        if let Some(ppm) = ppm {
            let end = self.ppm.len() - 1;
            let gap = self.measured[..end].iter().rev().take_while(|measured| !**measured).count();
            for step in 1..=gap {
                self.ppm[end - step] = ppm + (last - ppm) * step as f32 / (gap + 1) as f32;
            }
        }
    }

    /// Number of weeks.
    pub fn len(&self) -> usize {
        self.ppm.len()
    }

    /// Whether there are no weeks.
    pub fn is_empty(&self) -> bool {
        self.ppm.is_empty()
    }

    /// Index of the first week of a year, or where it would be.
    pub fn year(&self, year: u32) -> usize {
        let year = format!("{year:04}");
        self.weeks.partition_point(|week| *week < year)
    }
}

/// Whether a text has the form of a date.
fn is_date(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the error of invalid content.
    fn refusal(content: impl AsRef<[u8]>) -> String {
        Series::parse(content).expect_err("must be refused").to_string()
    }

    #[test]
    fn gaps_are_filled_on_the_line_between_their_neighbours() {
        let text = "1958-03-29 316.0\n1958-04-05 -\n1958-04-12 -\n1958-04-19 319.0\n1958-04-26 -\n";
        for text in [text.to_owned(), text.replace('\n', "\r\n")] {
            let series = Series::parse(text).expect("five good lines");
            assert_eq!(series.ppm, [316.0, 317.0, 318.0, 319.0, 319.0]);
            assert_eq!(series.measured, [true, false, false, true, false]);
            assert_eq!((series.year(1958), series.year(1959)), (0, 5));
        }
    }

    #[test]
    fn wrong_lines_are_named() {
        let good = "1958-03-29 316.0";
        assert_eq!(refusal(""), "the file of concentrations is empty");
        assert_eq!(
            refusal(format!("{good}\n\n{good}")),
            "line 2 of concentrations: expected a date and a concentration, `1958-03-29 316.1`, found ``"
        );
        assert_eq!(
            refusal("29.3.1958 316.0"),
            "line 1 of concentrations: expected a date and a concentration, `1958-03-29 316.1`, found `29.3.1958 316.0`"
        );
        for value in ["316,0", "nan", "inf", "31.6", "-316.0", ""] {
            assert_eq!(
                refusal(format!("{good}\n1958-04-05 {value}")),
                format!(
                    "line 2 of concentrations: expected a concentration between 200 and 1000 ppm, or `-`, \
                     found `1958-04-05 {value}`"
                )
            );
        }
        assert_eq!(
            refusal("1958-03-29 -"),
            "line 1 of concentrations: expected a concentration in the first week, found `1958-03-29 -`"
        );
        assert!(
            refusal([0xff, 0xfe]).starts_with("line 1 of concentrations: expected text in UTF-8, found ")
        );
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Series::read("no/such/file.txt").expect_err("there is none");
        assert!(error.to_string().starts_with("cannot read no/such/file.txt: "), "{error}");
    }
}
