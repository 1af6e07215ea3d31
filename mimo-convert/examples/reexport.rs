//! Converts an ONNX file, and exports what was converted again: `tests/parity/from_onnx.py` runs both files.
//!
//!     cargo run -p mimo-convert --example reexport -- model.onnx again.onnx

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use mimo_convert::keras::Options;
use mimo_convert::onnx::{decode, decode_beside, export, import};

fn main() -> Result<(), Box<dyn Error>> {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [from, to] = &paths[..] else { return Err("which files? MODEL AGAIN".into()) };
    let bytes = fs::read(from)?;
    let name = format!("{}.data", from.file_name().unwrap_or_default().to_string_lossy());
    let model = match fs::read(from.with_file_name(&name)) {
        Ok(values) => decode_beside(&bytes, &name, &values)?,
        Err(_) => decode(&bytes)?,
    };
    let found = import::convert(&model, &Options::default())?;
    fs::write(to, export(&found.description, &found.weights)?)?;
    Ok(())
}
