//! What the examples share around a training: their one argument, and the check of what they reach.

// Compiled once into every example that includes it, and no example uses all of it.
#![allow(dead_code, unreachable_pub)]

use std::error::Error;
use std::process::ExitCode;

/// What an example gives, or fails with.
pub type Outcome = Result<ExitCode, Box<dyn Error>>;

/// The end of a program: an error is printed.
pub fn end(outcome: Outcome) -> ExitCode {
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}

/// The epochs of a run: `--epochs N`, or what the example does by default.
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

    /// Says what was reached and whether that is enough; a run with fewer epochs is not judged.
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

/// Something that an example reaches.
#[derive(Debug, Clone, Copy)]
pub struct Figure {
    what: &'static str,
    reached: f64,
    wanted: f64,
    /// Whether more is better.
    more: bool,
}

impl Figure {
    /// What has to be as large as `wanted`.
    pub fn at_least(what: &'static str, reached: f64, wanted: f64) -> Self {
        Self { what, reached, wanted, more: true }
    }

    /// What must not be larger than `wanted`.
    pub fn at_most(what: &'static str, reached: f64, wanted: f64) -> Self {
        Self { what, reached, wanted, more: false }
    }
}
