//! `mimo export churn.safetensors --onnx churn.onnx`

use std::path::PathBuf;

use lexopt::{Arg, Parser};

use crate::cli::exit;
use crate::cli::files::{read, within, write};
use crate::description::Description;
use crate::error::Error;
use crate::{onnx, weights};

/// The text of `mimo export --help`.
pub const HELP: &str = "\
A file of weights, which describes its model, becomes a file for other engines.

usage: mimo export FILE --onnx PATH

FILE         safetensors that `save_weights` of a whole model has written, or a checkpoint
--onnx PATH  where the ONNX file is written: the inference graph with its weights

exit code: 0, or 2 after an error
";

/// Runs the command; returns the exit code.
///
/// # Errors
/// Arguments that are not valid, files that cannot be read or written, and those of [`onnx::export`].
pub fn run(parser: &mut Parser) -> Result<u8, Error> {
    let wrong =
        |error: lexopt::Error| Error::new(format!("{error}; `mimo export --help` lists the arguments"));
    let (mut file, mut to): (Option<PathBuf>, Option<PathBuf>) = (None, None);
    while let Some(arg) = parser.next().map_err(wrong)? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => {
                print!("{HELP}");
                return Ok(exit::COMPLETE);
            }
            Arg::Long("onnx") => to = Some(parser.value().map_err(wrong)?.into()),
            Arg::Value(path) if file.is_none() => file = Some(path.into()),
            other => return Err(wrong(other.unexpected())),
        }
    }
    let (Some(file), Some(to)) = (file, to) else {
        return Err(Error::new(
            "which file, and where to? write `mimo export model.safetensors --onnx model.onnx`",
        ));
    };
    let bytes = read(&file)?;
    let (weights, metadata) = weights::read(&bytes).map_err(|error| within(&file, error))?;
    let description = Description::of_metadata(&metadata).map_err(|error| within(&file, error))?;
    let bytes = onnx::export(&description, &weights).map_err(|error| within(&file, error))?;
    write(&to, &bytes)?;
    Ok(exit::COMPLETE)
}
