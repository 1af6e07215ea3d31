//! Goals of an example: printed, and checked by its exit code, so that a script can test it.

// Compiled once into every example that includes it, and no example uses all of it.
#![allow(dead_code, unreachable_pub)]

use std::error::Error;
use std::process::ExitCode;

/// Goals of one run. A run with fewer epochs than the default shows them without failing.
pub struct Goals {
    checked: bool,
    missed: usize,
}

impl Goals {
    /// Requires `reached` to be at least `wanted`.
    pub fn at_least(&mut self, what: &str, reached: f64, wanted: f64) {
        self.goal(what, reached, "at least", wanted, reached >= wanted);
    }

    /// Requires `reached` to be at most `wanted`.
    pub fn at_most(&mut self, what: &str, reached: f64, wanted: f64) {
        self.goal(what, reached, "at most", wanted, reached <= wanted);
    }

    /// Adds a goal. NaN meets none.
    fn goal(&mut self, what: &str, reached: f64, relation: &str, wanted: f64, met: bool) {
        let verdict = match (met, self.checked) {
            (true, _) => "as wanted",
            (false, true) => "MISSED",
            (false, false) => "not yet",
        };
        println!("{what} {reached:.4}, {relation} {wanted:.4} wanted: {verdict}");
        self.missed += usize::from(!met);
    }
}

/// Runs an example with the epochs of `--epochs N`, or with `default` of them.
pub fn main(default: usize, run: impl FnOnce(usize, &mut Goals) -> Result<(), Box<dyn Error>>) -> ExitCode {
    let epochs = match epochs(std::env::args().skip(1), default) {
        Ok(epochs) => epochs,
        Err(usage) => {
            eprintln!("{usage}");
            return ExitCode::FAILURE;
        }
    };
    let mut goals = Goals { checked: epochs >= default, missed: 0 };
    if let Err(error) = run(epochs, &mut goals) {
        eprintln!("error: {error}");
        return ExitCode::FAILURE;
    }
    if !goals.checked {
        println!("short run: what is reached is not checked");
    }
    if goals.checked && goals.missed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn epochs(mut args: impl Iterator<Item = String>, default: usize) -> Result<usize, String> {
    let Some(arg) = args.next() else { return Ok(default) };
    let number = args.next();
    match (arg.as_str(), number.as_deref().map(str::parse), args.next()) {
        ("--epochs", Some(Ok(epochs)), None) if epochs > 0 => Ok(epochs),
        _ => Err(format!("usage: --epochs N, from 1; without it there are {default}")),
    }
}
