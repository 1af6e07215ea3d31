//! The program `mimo`: Keras in, Keras and ONNX out.

use std::process::ExitCode;

use mimo_convert::cli::{self, exit};

const USAGE: &str = "usage: mimo convert | export | show; `mimo COMMAND --help` says more";

fn main() -> ExitCode {
    let mut parser = lexopt::Parser::from_env();
    let command = match parser.next() {
        Ok(Some(lexopt::Arg::Value(command))) => command,
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(exit::ERROR);
        }
    };
    let done = match command.to_str() {
        Some("export") => cli::export::run(&mut parser),
        Some("show") => cli::show::run(&mut parser),
        Some("convert") => cli::convert::run(&mut parser),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(exit::ERROR);
        }
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("mimo: {error}");
            ExitCode::from(exit::ERROR)
        }
    }
}
