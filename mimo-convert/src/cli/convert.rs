//! `mimo convert model.keras --model src/churn.rs --weights churn.safetensors`, and the same for ONNX files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lexopt::{Arg, Parser, ValueExt};
use mimo_graph::description::CHECKPOINT_VERSION;

use crate::cli::exit;
use crate::cli::files::{read, within, write};
use crate::error::Error;
use crate::keras::{self, Conversion, KerasFile, Options, checkpoint, for_description, weights};
use crate::weights::{File, Weights};
use crate::zip::Archive;
use crate::{hdf5, onnx, source};

/// The text of `mimo convert --help`.
pub const HELP: &str = "\
A model of Keras, or an ONNX file of another program, becomes source for `model!`, and its weights a file that `load_weights` reads.

usage: mimo convert FILE [--model PATH] [--weights PATH] [--name NAME] [--length INPUT=N[,N]]…

FILE               .keras, .h5 of Keras 2 and 3, .weights.h5, the .json of `to_json()`, or .onnx with its weights in it or in FILE.data
--model PATH       where the source is written; without it, and without --weights, it is printed
--weights PATH     where the weights are written, as safetensors
--weights-for PATH weights for a model that exists: a file of its weights, which describes it; FILE may lack a configuration
--name NAME        name of the struct; Keras's name of the model without it
--length INPUT=N   length of an axis of an input that the file leaves open; N,N for several axes

exit code: 0 if everything is converted, 1 if the source lists what is missing, 2 after an error

ONNX: the batch axis of inputs is free or 1, and the operators are those of inference:
";

/// The text of `mimo convert --help`, with the operators of ONNX.
pub fn help() -> String {
    let mut text = HELP.to_owned();
    let mut line = String::new();
    for op in onnx::import::OPERATORS {
        if line.len() + op.len() > 100 {
            text.push_str(&format!("  {}\n", line.trim_end()));
            line.clear();
        }
        line.push_str(op);
        line.push(' ');
    }
    text.push_str(&format!("  {}\n", line.trim_end()));
    text
}

/// The arguments of the command.
#[derive(Clone, Debug, Default)]
pub struct Command {
    file: PathBuf,
    model: Option<PathBuf>,
    weights: Option<PathBuf>,
    weights_for: Option<PathBuf>,
    options: Options,
}

/// Runs the command; returns the exit code, and what is printed.
pub fn run(parser: &mut Parser) -> Result<u8, Error> {
    let Some(command) = parse(parser)? else {
        print!("{}", help());
        return Ok(exit::COMPLETE);
    };
    command.run()
}

fn parse(parser: &mut Parser) -> Result<Option<Command>, Error> {
    let wrong =
        |error: lexopt::Error| Error::new(format!("{error}; `mimo convert --help` lists the arguments"));
    let mut command = Command::default();
    let mut file = None;
    while let Some(arg) = parser.next().map_err(wrong)? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => return Ok(None),
            Arg::Long("model") => command.model = Some(parser.value().map_err(wrong)?.into()),
            Arg::Long("weights") => command.weights = Some(parser.value().map_err(wrong)?.into()),
            Arg::Long("weights-for") => command.weights_for = Some(parser.value().map_err(wrong)?.into()),
            Arg::Long("name") => {
                command.options.name = Some(name(parser.value().and_then(|it| it.string()).map_err(wrong)?)?)
            }
            Arg::Long("length") => {
                let text = parser.value().and_then(|it| it.string()).map_err(wrong)?;
                let (input, lengths) = length(&text)?;
                command.options.lengths.insert(input, lengths);
            }
            Arg::Value(path) if file.is_none() => file = Some(PathBuf::from(path)),
            other => return Err(wrong(other.unexpected())),
        }
    }
    match file {
        Some(file) => Ok(Some(Command { file, ..command })),
        None => Err(Error::new("which file? write `mimo convert model.keras`")),
    }
}

fn name(text: String) -> Result<String, Error> {
    let plain =
        text.starts_with(|c: char| c.is_ascii_uppercase()) && text.chars().all(|c| c.is_ascii_alphanumeric());
    match plain {
        true => Ok(text),
        false => Err(Error::new(format!("`{text}` is not a name for a struct; write one such as `Churn`"))
            .within("--name")),
    }
}

pub(super) fn length(text: &str) -> Result<(String, Vec<usize>), Error> {
    let wrong =
        || Error::new(format!("`{text}` is not a length; write `--length INPUT=100`")).within("--length");
    let (input, numbers) = text.rsplit_once('=').ok_or_else(wrong)?;
    let one = |number: &str| number.trim().parse().ok().filter(|&n| n > 0).ok_or_else(wrong);
    Ok((input.into(), numbers.split(',').map(one).collect::<Result<_, _>>()?))
}

impl Command {
    fn run(&self) -> Result<u8, Error> {
        if !self.file.is_dir() {
            let bytes = read(&self.file)?;
            if is_onnx(&bytes) {
                return self.of_onnx(&bytes).map_err(|error| within(&self.file, error));
            }
        }
        let file = KerasFile::read(&self.file)?;
        if let Some(path) = &self.weights_for {
            return self.for_model(&file, path);
        }
        let Some(config) = &file.config else {
            return Err(Error::new(
                "the file has weights only: convert the whole model, or name a file of weights of the model that they are for with `--weights-for`",
            ));
        };
        let conversion = keras::convert(config, file.compile_config.as_ref(), &self.options)?;
        report(&conversion);
        if let Some(path) = &self.weights {
            if !conversion.is_complete() {
                eprintln!("layers that are missing have no weights in {}", path.display());
            }
            let found = weights::assign(&weights::layers_of(&conversion), &file)?;
            let metadata = conversion.metadata();
            if metadata.is_empty() {
                eprintln!(
                    "{} does not describe the model, since parts of it are missing: `mimo export` needs the file that the program saves",
                    path.display()
                );
            }
            write(path, &checkpoint_of(&file, &conversion, found, metadata))?;
        }
        let text = source_of(&conversion, &self.file);
        match &self.model {
            Some(path) => write(path, text.as_bytes())?,
            None if self.weights.is_none() => print!("{text}"),
            None => {}
        }
        Ok(if conversion.is_complete() { exit::COMPLETE } else { exit::INCOMPLETE })
    }

    /// An ONNX file, whose values may be in a file beside it.
    fn of_onnx(&self, bytes: &[u8]) -> Result<u8, Error> {
        if self.weights_for.is_some() {
            return Err(Error::new(
                "`--weights-for` reads files of Keras: names of weights in ONNX files are those of other programs",
            ));
        }
        let name = format!("{}.data", self.file.file_name().unwrap_or_default().to_string_lossy());
        let beside = self.file.with_file_name(&name);
        let model = match beside.is_file() {
            true => onnx::decode_beside(bytes, &name, &read(&beside)?)?,
            false => onnx::decode(bytes)?,
        };
        let found = onnx::import::convert(&model, &self.options)?;
        for note in &found.notes {
            eprintln!("{note}");
        }
        if let Some(path) = &self.weights {
            write(path, &file_of(found.weights.clone(), found.metadata.clone()))?;
        }
        let text = source_of_onnx(&found, &self.file);
        match &self.model {
            Some(path) => write(path, text.as_bytes())?,
            None if self.weights.is_none() => print!("{text}"),
            None => {}
        }
        Ok(exit::COMPLETE)
    }

    /// Weights for a model that exists.
    fn for_model(&self, file: &KerasFile, described: &Path) -> Result<u8, Error> {
        let Some(path) = &self.weights else {
            return Err(Error::new("`--weights-for` needs `--weights PATH`, where the weights are written"));
        };
        let of_file = |error: Error| within(described, error);
        let (known, mut metadata) = crate::weights::read(&read(described)?).map_err(of_file)?;
        let description = crate::Description::of_metadata(&metadata).map_err(of_file)?;
        metadata.remove("checkpoint");
        let (found, missing) = for_description::assign(&description, &known, file)?;
        for name in &missing {
            eprintln!("{name}: the file has no such weights, so that they stay as they are");
        }
        write(path, &file_of(found, metadata))?;
        Ok(if missing.is_empty() { exit::COMPLETE } else { exit::INCOMPLETE })
    }
}

/// The bytes of a file of weights: of a checkpoint, if the file has the state of an optimizer.
fn checkpoint_of(
    file: &KerasFile,
    conversion: &Conversion,
    weights: Weights,
    mut metadata: BTreeMap<String, String>,
) -> Vec<u8> {
    let state = match metadata.is_empty() {
        // The model has parts that are missing.
        true => None,
        false => checkpoint::state(file, conversion, &weights).unwrap_or_else(|error| {
            eprintln!("{error}: a training begins with a new optimizer");
            None
        }),
    };
    if state.is_some() {
        metadata.insert("checkpoint".into(), CHECKPOINT_VERSION.into());
        eprintln!(
            "the file is a checkpoint, since it has the state of the optimizer: `Trainer::resume` continues the training, and `load_weights` reads the weights"
        );
    }
    crate::weights::write(&File { weights, state: state.unwrap_or_default(), metadata })
}

/// The bytes of a file of weights.
fn file_of(weights: Weights, metadata: BTreeMap<String, String>) -> Vec<u8> {
    crate::weights::write(&File { weights, metadata, ..File::default() })
}

/// Whether bytes are none of Keras's files. ONNX files have no mark of their own.
pub(super) fn is_onnx(bytes: &[u8]) -> bool {
    let is_keras =
        Archive::is_zip(bytes) || hdf5::File::is_hdf5(bytes) || bytes.trim_ascii_start().starts_with(b"{");
    !is_keras
}

/// The source of an ONNX file.
pub fn source_of_onnx(found: &onnx::import::Imported, file: &Path) -> String {
    source::print::file(std::slice::from_ref(&found.block), &[header(file)])
}

fn header(file: &Path) -> String {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    format!("Converted from {name} by `mimo convert`.")
}

/// The text of a conversion, with a list of what is missing at its end.
pub fn source_of(conversion: &Conversion, file: &Path) -> String {
    let blocks: Vec<_> = conversion.parts.iter().map(|part| part.block.clone()).collect();
    let mut text = source::print::file(&blocks, &[header(file)]);
    if !conversion.problems.is_empty() {
        text.push_str("\n// What is missing or computed otherwise than in Keras:\n");
        for problem in &conversion.problems {
            let line = format!("{}: {}", problem.place, problem.reason);
            text.push_str(&format!("// - {}\n", source::print::one_line(&line)));
        }
    }
    text
}

fn report(conversion: &Conversion) {
    for problem in &conversion.problems {
        eprintln!("{}: {}", problem.place, problem.reason);
    }
}
