//! Shared by the examples: their argument, and the check of their results.

// Compiled once into every example that includes it, and no example uses all of it.
#![allow(dead_code, unreachable_pub)]

use std::error::Error;
use std::process::ExitCode;

/// Result of an example.
pub type Outcome = Result<ExitCode, Box<dyn Error>>;

/// Ends the program; an error is printed.
pub fn end(outcome: Outcome) -> ExitCode {
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}

/// The epochs of a run: `--epochs N`, or the example's default.
#[derive(Debug, Clone, Copy)]
pub struct Epochs {
    /// How many to train.
    pub number: usize,
    default: usize,
}

impl Epochs {
    /// Reads the arguments of the program.
    pub fn from_args(example: &str, default: usize) -> Result<Self, String> {
        let mut args = std::env::args().skip(1);
        let Some(arg) = args.next() else { return Ok(Self { number: default, default }) };
        let number = args.next();
        match (arg.as_str(), number.as_deref().map(str::parse), args.next()) {
            ("--epochs", Some(Ok(number)), None) => Ok(Self { number, default }),
            _ => Err(format!("usage: {example} [--epochs N]")),
        }
    }

    /// Prints the results and whether they suffice; a run with fewer epochs is not judged.
    pub fn judge(self, reached: &[Figure]) -> ExitCode {
        if self.number < self.default {
            println!("short run: what is reached is not checked");
            return ExitCode::SUCCESS;
        }
        let mut code = ExitCode::SUCCESS;
        for figure in reached {
            let Figure { what, reached, wanted, more } = *figure;
            let (word, good) =
                if more { ("at least", reached >= wanted) } else { ("at most", reached <= wanted) };
            let verdict = if good { "as wanted" } else { "NOT as wanted" };
            println!("{what} {reached:.4}, {word} {wanted:.4} wanted: {verdict}");
            if !good {
                code = ExitCode::FAILURE;
            }
        }
        code
    }
}

/// A result of an example.
#[derive(Debug, Clone, Copy)]
pub struct Figure {
    what: &'static str,
    reached: f64,
    wanted: f64,
    /// Whether larger values are better.
    more: bool,
}

impl Figure {
    /// A result that has to be at least `wanted`.
    pub fn at_least(what: &'static str, reached: f64, wanted: f64) -> Self {
        Self { what, reached, wanted, more: true }
    }

    /// A result that must not exceed `wanted`.
    pub fn at_most(what: &'static str, reached: f64, wanted: f64) -> Self {
        Self { what, reached, wanted, more: false }
    }
}
