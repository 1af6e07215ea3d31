//! Dates of text as numbers.
//!
//! Read here and not by a crate: the format is one, the parts are a few divisions, and time zones are not needed.

use serde::{Deserialize, Serialize};

/// A number that is read from a date. See [`Numbers::dates`](crate::Numbers::dates).
///
/// Year to minute are those of the text; days and seconds since 1970 take an offset such as `+02:00` into account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum DatePart {
    /// Days since 1970-01-01; the time of the day is the fraction.
    Days,
    /// Seconds since 1970-01-01.
    Seconds,
    /// Year.
    Year,
    /// Month, from 1 to 12.
    Month,
    /// Day of the month, from 1 to 31.
    Day,
    /// Day of the year, from 1 to 366.
    DayOfYear,
    /// Day of the week, from 0 for Monday to 6 for Sunday, as in pandas.
    Weekday,
    /// Hour, from 0 to 23; 0 for a date without a time.
    Hour,
    /// Minute, from 0 to 59; 0 for a date without a time.
    Minute,
}

/// A date of the proleptic Gregorian calendar, with a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Date {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: f64,
    /// Minutes by which the clock is ahead of UTC.
    offset: i64,
}

impl Date {
    /// Reads a date as ISO 8601 writes it: `2024-05-31`, `2024-05-31T12:00`, `2024-05-31 12:00:00.25`, and a time with `Z`, `+02:00` or `+0200`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (date, time) = match text.split_once(['T', 't', ' ']) {
            Some((date, time)) => (date, Some(time)),
            None => (text, None),
        };
        let mut parts = date.split('-');
        let mut part = |digits| number(parts.next()?, digits);
        let (year, month, day) = (part(4)?, part(2)?, part(2)?);
        if parts.next().is_some()
            || !(1..=12).contains(&month)
            || !(1..=month_length(year, month)).contains(&day)
        {
            return None;
        }
        let mut read = Date { year, month, day, hour: 0, minute: 0, second: 0.0, offset: 0 };
        let Some(time) = time else { return Some(read) };
        let (time, offset) = match time.find(['Z', 'z', '+', '-']) {
            Some(place) => time.split_at_checked(place)?,
            None => (time, ""),
        };
        read.offset = parse_offset(offset)?;
        let mut parts = time.split(':');
        read.hour = number(parts.next()?, 2)?;
        read.minute = number(parts.next()?, 2)?;
        if let Some(second) = parts.next() {
            let (whole, fraction) = second.split_once('.').unwrap_or((second, "0"));
            let is_fraction = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
            number(whole, 2).filter(|_| is_fraction)?;
            read.second = second.parse().ok()?;
        }
        let is_time = parts.next().is_none() && read.hour < 24 && read.minute < 60 && read.second < 60.0;
        is_time.then_some(read)
    }

    pub(crate) fn part(&self, part: DatePart) -> f64 {
        let seconds = || (self.hour * 3600 + (self.minute - self.offset) * 60) as f64 + self.second;
        let first = Date { month: 1, day: 1, ..*self };
        match part {
            DatePart::Days => self.days() as f64 + seconds() / 86_400.0,
            DatePart::Seconds => self.days() as f64 * 86_400.0 + seconds(),
            DatePart::Year => self.year as f64,
            DatePart::Month => self.month as f64,
            DatePart::Day => self.day as f64,
            DatePart::DayOfYear => (self.days() - first.days() + 1) as f64,
            // 1970-01-01 was a Thursday.
            DatePart::Weekday => (self.days() + 3).rem_euclid(7) as f64,
            DatePart::Hour => self.hour as f64,
            DatePart::Minute => self.minute as f64,
        }
    }

    /// Days from 1970-01-01 to the date (Howard Hinnant's `days_from_civil`).
    fn days(&self) -> i64 {
        // Years that begin in March, so that the leap day is the last one.
        let year = if self.month <= 2 { self.year - 1 } else { self.year };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let day_of_year = (153 * ((self.month + 9) % 12) + 2) / 5 + self.day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }
}

fn month_length(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// A number of exactly so many digits.
fn number(text: &str, digits: usize) -> Option<i64> {
    let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

/// The minutes of nothing, `Z`, `+02`, `+02:00` or `+0200`.
fn parse_offset(text: &str) -> Option<i64> {
    if matches!(text, "" | "Z" | "z") {
        return Some(0);
    }
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+')?),
    };
    let (hours, minutes) = match (digits.split_once(':'), digits.len()) {
        (Some((hours, minutes)), _) => (hours, minutes),
        (None, 2) => (digits, "00"),
        (None, _) => digits.split_at_checked(2)?,
    };
    let (hours, minutes) = (number(hours, 2)?, number(minutes, 2)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parts_are_those_of_python() {
        // datetime.fromisoformat(…): timestamp(), timetuple().tm_yday, weekday()
        for (text, seconds, day_of_year, weekday) in [
            ("1970-01-01", 0.0, 1.0, 3.0),
            ("1969-12-31T23:59:59", -1.0, 365.0, 2.0),
            ("2000-02-29", 951_782_400.0, 60.0, 1.0),
            ("2024-05-31T12:00:00", 1_717_156_800.0, 152.0, 4.0),
            ("2024-12-31 23:30:15.5", 1_735_687_815.5, 366.0, 1.0),
            ("0001-01-01", -62_135_596_800.0, 1.0, 0.0),
            ("9999-12-31", 253_402_214_400.0, 365.0, 4.0),
            ("2024-05-31T12:00Z", 1_717_156_800.0, 152.0, 4.0),
            ("2024-06-01T00:30:00+02:00", 1_717_194_600.0, 153.0, 5.0),
            ("2024-05-31T20:30-0330", 1_717_200_000.0, 152.0, 4.0),
        ] {
            let date = Date::parse(text).expect("a date");
            let parts =
                [DatePart::Seconds, DatePart::DayOfYear, DatePart::Weekday].map(|part| date.part(part));
            assert_eq!(parts, [seconds, day_of_year, weekday], "{text}");
            assert!((date.part(DatePart::Days) * 86_400.0 - seconds).abs() < 1e-3, "{text}");
        }
        let date = Date::parse(" 2024-05-31 07:08 ").expect("a date");
        let parts = [DatePart::Year, DatePart::Month, DatePart::Day, DatePart::Hour, DatePart::Minute];
        assert_eq!(parts.map(|part| date.part(part)), [2024.0, 5.0, 31.0, 7.0, 8.0]);
    }

    #[test]
    fn each_day_is_one_more() {
        let mut expected = Date::parse("1599-12-31").expect("a date").part(DatePart::Days);
        for year in 1600..2401 {
            for month in 1..=12 {
                for day in 1..=31 {
                    if let Some(date) = Date::parse(&format!("{year}-{month:02}-{day:02}")) {
                        expected += 1.0;
                        assert_eq!(date.part(DatePart::Days), expected, "{year}-{month}-{day}");
                    }
                }
            }
        }
    }

    #[test]
    fn other_texts_are_no_dates() {
        for text in [
            "",
            "2024",
            "2024-05",
            "2024-5-31",
            "2024-05-32",
            "2023-02-29",
            "1900-02-29",
            "2024-13-01",
            "2024-00-01",
            "24-05-31",
            "31.05.2024",
            "05/31/2024",
            "20240531",
            "2024-05-31T",
            "2024-05-31T24:00",
            "2024-05-31T12:60",
            "2024-05-31T12:00:60",
            "2024-05-31T12:00:00.",
            "2024-05-31T12:00:1e1",
            "2024-05-31T12",
            "2024-05-31T12:00+2",
            "2024-05-31T12:00+02:00:00",
            "2024-05-31T12:00+25",
            "2024-05-31x",
            "+024-05-31",
            "2024-05-31T+1:00",
            "２０２４-05-31",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_not(text in "[-0-9TZ:+. é]{0,30}|[0-9]{4}-[0-9]{2}-[0-9]{2}[T ].{0,16}") {
            if let Some(date) = Date::parse(&text) {
                prop_assert!(date.part(DatePart::Seconds).is_finite());
            }
        }
    }
}
