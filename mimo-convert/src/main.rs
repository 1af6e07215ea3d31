//! The program `mimo`: Keras in, Keras and ONNX out.

use std::process::ExitCode;

fn main() -> ExitCode {
    eprintln!("usage: mimo convert | export | show");
    ExitCode::from(2)
}
