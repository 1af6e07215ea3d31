//! The machine and the program that a report was made with.

use std::time::{SystemTime, UNIX_EPOCH};

/// Names and values of what results may depend on.
pub(super) fn environment(threads: usize) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("mimo", env!("CARGO_PKG_VERSION").to_owned()),
        ("Compiler", rustc_version_runtime::version_meta().short_version_string),
        ("System", format!("{} ({})", std::env::consts::OS, std::env::consts::ARCH)),
    ];
    facts.extend(processor().map(|name| ("Processor", name)));
    let machine = std::thread::available_parallelism().map_or(String::new(), |count| format!(" of {count}"));
    facts.push(("Threads", format!("{threads}{machine}; the results are the same for any number")));
    let build = if cfg!(debug_assertions) { "debug" } else { "release" };
    facts.push(("Build", build.into()));
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    facts.push(("Time of this report", utc(seconds)));
    facts
}

/// The name of the processor, where the system has it in a file.
fn processor() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned()).filter(|name| !name.is_empty())
}

/// Seconds since 1970 as `2026-11-30 21:14 UTC` (Howard Hinnant's `civil_from_days`).
fn utc(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Years that begin in March, from the year 0.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02} UTC", rest / 3600, rest / 60 % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        // date -u -d @N '+%F %H:%M UTC'
        assert_eq!(utc(0), "1970-01-01 00:00 UTC");
        assert_eq!(utc(951_782_399), "2000-02-28 23:59 UTC");
        assert_eq!(utc(951_782_400), "2000-02-29 00:00 UTC");
        assert_eq!(utc(1_796_072_400), "2026-11-30 21:00 UTC");
        assert_eq!(utc(4_107_542_400), "2100-03-01 00:00 UTC");
        utc(u64::from(u32::MAX) * 100);
    }

    #[test]
    fn what_results_depend_on_is_named() {
        let facts = environment(3);
        let value = |wanted| facts.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.as_str());
        assert!(value("Compiler").is_some_and(|version| version.starts_with("rustc 1.")), "{facts:?}");
        assert!(value("Threads").is_some_and(|threads| threads.starts_with("3 of ")), "{facts:?}");
    }
}
