//! `mimo export churn.safetensors --onnx churn.onnx --keras churn.keras`

use std::path::PathBuf;

use lexopt::{Arg, Parser, ValueExt};

use crate::cli::exit;
use crate::cli::files::{read, within, write};
use crate::description::Description;
use crate::error::Error;
use crate::{keras, onnx, weights};

/// The text of `mimo export --help`.
pub const HELP: &str = "\
A file of weights, which describes its model, becomes a file for other engines.

usage: mimo export FILE [--onnx PATH] [--keras PATH [--batch-size N]]

FILE            safetensors that `save_weights` of a whole model has written, or a checkpoint
--onnx PATH     where the ONNX file is written: the inference graph with its weights
--keras PATH    where the .keras file is written, which Keras loads, predicts with and goes on training
--batch-size N  number of samples of each batch in Keras, which `stateful` layers need

exit code: 0 if everything is exported, 1 if Keras has no form for a part of the training, 2 after an error
";

/// Runs the command; returns the exit code.
///
/// # Errors
/// Arguments that are not valid, files that cannot be read or written, and those of [`onnx::export`] and
/// [`keras::export::export`].
pub fn run(parser: &mut Parser) -> Result<u8, Error> {
    let wrong =
        |error: lexopt::Error| Error::new(format!("{error}; `mimo export --help` lists the arguments"));
    let (mut file, mut onnx_to, mut keras_to) = (None::<PathBuf>, None::<PathBuf>, None::<PathBuf>);
    let mut options = keras::export::Options::default();
    while let Some(arg) = parser.next().map_err(wrong)? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => {
                print!("{HELP}");
                return Ok(exit::COMPLETE);
            }
            Arg::Long("onnx") => onnx_to = Some(parser.value().map_err(wrong)?.into()),
            Arg::Long("keras") => keras_to = Some(parser.value().map_err(wrong)?.into()),
            Arg::Long("batch-size") => {
                let size = parser.value().and_then(|it| it.parse()).map_err(wrong)?;
                options.batch_size = Some(size);
            }
            Arg::Value(path) if file.is_none() => file = Some(path.into()),
            other => return Err(wrong(other.unexpected())),
        }
    }
    let Some(file) = file.filter(|_| onnx_to.is_some() || keras_to.is_some()) else {
        return Err(Error::new(
            "which file, and where to? write `mimo export model.safetensors --keras model.keras --onnx model.onnx`, or one of both",
        ));
    };
    let of_file = |error: Error| within(&file, error);
    let bytes = read(&file)?;
    let weights::File { weights, state, metadata } = weights::read_file(&bytes).map_err(of_file)?;
    let description = Description::of_metadata(&metadata).map_err(of_file)?;
    let mut code = exit::COMPLETE;
    if let Some(to) = keras_to {
        let exported = keras::export::export(&description, &weights, &state, &options).map_err(of_file)?;
        for missing in &exported.missing {
            eprintln!("{missing}");
            code = exit::INCOMPLETE;
        }
        write(&to, &exported.bytes)?;
    }
    if let Some(to) = onnx_to {
        let bytes = onnx::export(&description, &weights).map_err(of_file)?;
        write(&to, &bytes)?;
    }
    Ok(code)
}
