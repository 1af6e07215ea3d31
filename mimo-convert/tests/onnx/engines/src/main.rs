//! ONNX files of models in tract and rten, against what mimo predicts; with the feature `burn`, burn-onnx reads them as well.
//!
//! ```text
//! cargo run --release --manifest-path fuzz/Cargo.toml --bin onnx -- FOLDER [examples|models|random [MODELS [SEED]]]
//! cargo run --release --manifest-path mimo-convert/tests/onnx/engines/Cargo.toml -- tract|rten|burn FOLDER
//! ```
//!
//! Runs every `NAME.onnx` of the folder with the inputs of `NAME.json`, and compares with its outputs: the largest difference is at most
//! 1e-5 times the largest number of an output. Prints the models that an engine does not run, and how many agree.

use std::error::Error;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use serde_json::Value;

type Outputs = Result<Vec<Vec<f32>>, Box<dyn Error>>;

/// An input of a model.
struct Input {
    name: String,
    shape: Vec<usize>,
    is_whole: bool,
    values: Vec<f64>,
}

/// What draws random numbers has other ones each time.
const RANDOM: [&str; 2] = ["random_normal", "random_uniform"];

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [engine, folder] = &args[..] else { return Err("arguments: tract|rten|burn FOLDER".into()) };
    let run: fn(&Path, &Value) -> Result<f64, Box<dyn Error>> = match &**engine {
        "tract" => |path, about| compared(path, about, tract),
        "rten" => |path, about| compared(path, about, rten),
        #[cfg(feature = "burn")]
        "burn" => |path, _| burn(path),
        other => return Err(format!("no engine `{other}`; `burn` needs the feature of that name").into()),
    };
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    files.retain(|path| path.extension().is_some_and(|it| it == "onnx"));
    files.sort();
    let (mut good, mut worst) = (0, 0.0_f64);
    std::panic::set_hook(Box::new(|_| {}));
    for path in &files {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let about: Value = serde_json::from_slice(&std::fs::read(path.with_extension("json"))?)?;
        match catch_unwind(|| run(path, &about).map_err(|error| error.to_string())) {
            Ok(Ok(off)) if off <= 1e-5 || RANDOM.iter().any(|it| name.contains(it)) => {
                good += 1;
                worst = worst.max(if off <= 1e-5 { off } else { 0.0 });
            }
            Ok(Ok(off)) => println!("{name}: off by {off:.1e}"),
            Ok(Err(error)) => println!("{name}: {}", error.replace('\n', " ").chars().take(300).collect::<String>()),
            Err(_) => println!("{name}: panics"),
        }
    }
    println!("{engine}: {good} of {} models, off by at most {worst:.1e}", files.len());
    Ok(())
}

fn numbers(json: &Value) -> Vec<f64> {
    json.as_array().into_iter().flatten().map(|it| it.as_f64().unwrap_or(f64::NAN)).collect()
}

fn compared(path: &Path, about: &Value, run: fn(&Path, Vec<Input>) -> Outputs) -> Result<f64, Box<dyn Error>> {
    let rows = about["rows"].as_u64().ok_or("no rows")? as usize;
    let ports = |key: &str| about[key].as_array().into_iter().flatten();
    let inputs = ports("inputs").map(|port| {
        let shape = numbers(&port["shape"]).into_iter().map(|it| it as usize);
        Input {
            name: port["name"].as_str().unwrap_or_default().to_owned(),
            shape: std::iter::once(rows).chain(shape).collect(),
            is_whole: port["whole"].as_bool().unwrap_or_default(),
            values: numbers(&port["values"]),
        }
    });
    let found = run(path, inputs.collect())?;
    let mut worst = 0.0_f64;
    for (port, found) in ports("outputs").zip(&found) {
        let wanted = numbers(&port["values"]);
        if wanted.len() != found.len() {
            return Err(format!("{} values, and not {}", found.len(), wanted.len()).into());
        }
        // JSON has no infinities and no NaN.
        let finite = || wanted.iter().zip(found).filter(|(wanted, _)| wanted.is_finite());
        let largest = finite().map(|(wanted, _)| wanted.abs()).fold(0.0, f64::max);
        let off = finite().map(|(wanted, &found)| (wanted - f64::from(found)).abs()).fold(0.0, f64::max);
        worst = worst.max(if largest > 0.0 { off / largest } else { off });
    }
    Ok(worst)
}

fn tract(path: &Path, inputs: Vec<Input>) -> Outputs {
    use tract_onnx::prelude::*;
    let mut model = tract_onnx::onnx().model_for_path(path)?;
    let names: Vec<String> = model
        .input_outlets()?
        .iter()
        .map(|outlet| model.node(outlet.node).name.clone())
        .collect();
    let mut given = tvec![];
    for (at, name) in names.iter().enumerate() {
        let input = inputs.iter().find(|it| it.name == *name).ok_or("an input without values")?;
        let kind = if input.is_whole { i64::datum_type() } else { f32::datum_type() };
        model.set_input_fact(at, InferenceFact::dt_shape(kind, &input.shape))?;
        let tensor: Tensor = match input.is_whole {
            true => tract_ndarray::ArrayD::from_shape_vec(
                &input.shape[..],
                input.values.iter().map(|&it| it as i64).collect(),
            )?
            .into(),
            false => tract_ndarray::ArrayD::from_shape_vec(
                &input.shape[..],
                input.values.iter().map(|&it| it as f32).collect(),
            )?
            .into(),
        };
        given.push(tensor.into());
    }
    let outputs = model.into_optimized()?.into_runnable()?.run(given)?;
    let values = outputs.iter().map(|it| {
        let floats = it.cast_to::<f32>()?.into_owned();
        Ok(floats.to_plain_array_view::<f32>()?.iter().copied().collect())
    });
    values.collect()
}

fn rten(path: &Path, inputs: Vec<Input>) -> Outputs {
    use rten::{Model, NodeId, Value, ValueOrView};
    use rten_tensor::{AsView, Layout, Tensor};
    let model = Model::load_file(path)?;
    let mut given: Vec<(NodeId, ValueOrView<'_>)> = vec![];
    for input in inputs {
        // Inputs that nothing reads are not in the file.
        let Some(id) = model.find_node(&input.name) else { continue };
        let value: Value = match input.is_whole {
            true => Tensor::from_data(&input.shape, input.values.iter().map(|&it| it as i32).collect::<Vec<_>>()).into(),
            false => Tensor::from_data(&input.shape, input.values.iter().map(|&it| it as f32).collect::<Vec<_>>()).into(),
        };
        given.push((id, value.into()));
    }
    let outputs = model.run(given, model.output_ids(), None)?;
    let values = outputs.into_iter().map(|it| match it {
        Value::FloatTensor(it) => Ok(it.to_vec()),
        Value::Int32Tensor(it) => Ok(it.to_vec().into_iter().map(|it| it as f32).collect()),
        other => Err(format!("an output of {:?}", other.shape()).into()),
    });
    values.collect()
}

#[cfg(feature = "burn")]
fn burn(path: &Path) -> Result<f64, Box<dyn Error>> {
    let out = std::env::temp_dir().join("mimo-burn");
    burn_onnx::ModelGen::new().input(path.to_str().ok_or("a path")?).out_dir(out.to_str().ok_or("a path")?).run_from_cli();
    Ok(0.0)
}
