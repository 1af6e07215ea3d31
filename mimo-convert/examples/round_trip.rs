//! Exports the models of `tests/onnx/descriptions.json`, converts the files and exports them again: `tests/parity/round_trip.py` runs both.
//! `NAME.error` has the reason where a model is not converted.
//!
//!     cargo run -p mimo-convert --example round_trip -- FOLDER

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::PathBuf;

use mimo_convert::keras::Options;
use mimo_convert::onnx::{encode, export, import, to_model};
use mimo_convert::{Array, Description, Values, Weights};
use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("which folder?")?);
    fs::create_dir_all(&folder)?;
    let all: BTreeMap<String, Value> = serde_json::from_str(include_str!("../tests/onnx/descriptions.json"))?;
    let mut state = 1_u64;
    for (name, it) in all {
        let graph = it["graph"].as_str().unwrap_or_default().to_owned();
        let metadata = BTreeMap::from([("graph".to_owned(), graph), ("model".to_owned(), "Net".to_owned())]);
        let description = Description::of_metadata(&metadata)?;
        let mut weights = Weights::new();
        for (path, shape) in it["weights"].as_object().into_iter().flatten() {
            let shape: Vec<usize> = serde_json::from_value(shape.clone())?;
            let mut random = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 40) as f32 / (1 << 24) as f32
            };
            let values = (0..shape.iter().product()).map(|_| match path.contains("variance") {
                true => 0.5 + random(),
                false => random() - 0.5,
            });
            let values = Values::F32(values.collect());
            weights.insert(path.clone(), Array { shape, values });
        }
        let Ok(model) = to_model(&description, &weights) else { continue };
        fs::write(folder.join(format!("{name}.onnx")), encode(&model))?;
        match import::convert(&model, &Options::default()) {
            Ok(found) => {
                fs::write(
                    folder.join(format!("{name}.again.onnx")),
                    export(&found.description, &found.weights)?,
                )?;
                let text = mimo_convert::source::print::model(&found.block);
                fs::write(folder.join(format!("{name}.rs")), text)?;
            }
            Err(error) => fs::write(folder.join(format!("{name}.error")), error.to_string())?,
        }
    }
    Ok(())
}
