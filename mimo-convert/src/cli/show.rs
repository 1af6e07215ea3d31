//! `mimo show churn.safetensors`: the model in a file of weights, of Keras, or of ONNX.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use lexopt::{Arg, Parser, ValueExt};
use mimo_graph::dim::Dim;
use mimo_graph::shape::Dtype;
use mimo_graph::spec::graph::built::{GraphPort, GraphTensor, Setting};
use serde_json::Value;

use crate::cli::convert::{is_onnx, length};
use crate::cli::exit;
use crate::cli::files::{read, within};
use crate::description::Description;
use crate::error::Error;
use crate::keras::container::Format;
use crate::keras::{self, KerasFile, Options};
use crate::onnx::model::{Axis, Model, Port};
use crate::{onnx, weights};

/// The text of `mimo show --help`.
pub const HELP: &str = "\
The layers of a model, its graph, its inputs and outputs with their losses.

usage: mimo show FILE [--length INPUT=N[,N]]…

FILE              safetensors of `save_weights` or `mimo convert`, a file of Keras (.keras, .h5, the .json of `to_json()`), or .onnx
--length INPUT=N  length of an axis of an input that a file of Keras leaves open; N,N for several axes

exit code: 0, or 2 after an error
";

/// Runs the command; returns the exit code.
///
/// # Errors
/// Arguments that are not valid, and files that cannot be read.
pub fn run(parser: &mut Parser) -> Result<u8, Error> {
    let wrong = |error: lexopt::Error| Error::new(format!("{error}; `mimo show --help` lists the arguments"));
    let mut file: Option<PathBuf> = None;
    let mut options = Options::default();
    while let Some(arg) = parser.next().map_err(wrong)? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => {
                print!("{HELP}");
                return Ok(exit::COMPLETE);
            }
            Arg::Long("length") => {
                let text = parser.value().and_then(|it| it.string()).map_err(wrong)?;
                let (input, lengths) = length(&text)?;
                options.lengths.insert(input, lengths);
            }
            Arg::Value(path) if file.is_none() => file = Some(path.into()),
            other => return Err(wrong(other.unexpected())),
        }
    }
    let file = file.ok_or_else(|| Error::new("which file? write `mimo show model.safetensors`"))?;
    let shown = match file.is_dir() {
        true => KerasFile::read(&file).and_then(|keras| of_keras(&keras, &options)),
        false => shown(&read(&file)?, &options),
    };
    print!("{}", shown.map_err(|error| within(&file, error))?);
    Ok(exit::COMPLETE)
}

/// The text for a file, whose kind its content tells.
fn shown(bytes: &[u8], options: &Options) -> Result<String, Error> {
    if !is_onnx(bytes) {
        return of_keras(&KerasFile::parse(bytes)?, options);
    }
    // The header of safetensors is JSON, after its length.
    if bytes.get(8) != Some(&b'{') {
        return onnx::decode(bytes).map(|model| graph(&model));
    }
    let (weights, metadata) = weights::read(bytes)?;
    let counts = weights.into_iter().map(|(name, array)| (name, array.values.len())).collect();
    Ok(description_of(&Description::of_metadata(&metadata)?, &counts))
}

/// A model of Keras, with a list of what mimo does not have.
fn of_keras(file: &KerasFile, options: &Options) -> Result<String, Error> {
    let Some(config) = &file.config else {
        return Err(Error::new("the file has weights only, and does not describe their model"));
    };
    let conversion = keras::convert(config, file.compile_config.as_ref(), options)?;
    let Some(graph) = conversion.graph() else {
        let problems = conversion.problems.iter().map(|it| format!("\n{}: {}", it.place, it.reason));
        let problems: String = problems.collect();
        return Err(Error::new(format!("the model has parts that mimo does not have:{problems}")));
    };
    let description = Description::of_graph(graph)?;
    let layers = keras::weights::layers_of(&conversion);
    let counts = keras::weights::counts(&layers);
    if file.format != Format::Config {
        keras::weights::assign(&layers, file)?;
    }
    let mut text = description_of(&description, &counts);
    for problem in &conversion.problems {
        let _ = writeln!(text, "\n{}: {}", problem.place, problem.reason);
    }
    Ok(text)
}

/// A model by its description: a row for each layer, each call, each input and each output. `counts` are the numbers of values of weights.
pub fn description_of(description: &Description, counts: &BTreeMap<String, usize>) -> String {
    let graph = &description.graph;
    let mut text = format!("{}\n\n", description.name);
    let mut rows = vec![["layer", "class", "settings", "parameters"].map(String::from)];
    let mut total = 0;
    for layer in &graph.layers {
        let of = |path: &String| counts.get(path).copied().unwrap_or(0);
        let numbers: usize = layer.weights.iter().map(of).sum();
        total += numbers;
        let settings = layer
            .item
            .arguments()
            .filter_map(|(name, value)| written(value).map(|it| format!("{name} = {it}")));
        let settings: Vec<String> = settings.take(3).collect();
        rows.push([layer.name.clone(), layer.item.class.into(), settings.join(", "), numbers.to_string()]);
    }
    table(&mut text, &rows);
    let _ = writeln!(text, "{total} parameters in {} layers\n", graph.layers.len());

    let names = names(&graph.tensors, &graph.inputs, &graph.outputs);
    let name = |at: &usize| names.get(at).cloned().unwrap_or_else(|| format!("%{at}"));
    let mut rows = vec![["output", "shape", "layer", "inputs"].map(String::from)];
    for call in &graph.calls {
        let layer = graph.layers.get(call.layer).map_or("", |layer| &layer.name);
        let reads: Vec<String> = call.inputs.iter().map(name).collect();
        let outputs: Vec<String> = call.outputs.iter().map(name).collect();
        let shapes: Vec<String> = call.outputs.iter().map(|&at| shape(&graph.tensors, at)).collect();
        rows.push([outputs.join(", "), shapes.join(", "), layer.into(), reads.join(", ")]);
    }
    table(&mut text, &rows);
    text.push('\n');
    let mut rows = vec![["", "name", "shape", "loss", "weight", "metrics"].map(String::from)];
    for port in &graph.inputs {
        rows.push([
            "input".into(),
            port.name.clone(),
            shape(&graph.tensors, port.tensor),
            String::new(),
            String::new(),
            String::new(),
        ]);
    }
    for (port, output) in graph.outputs.iter().zip(&description.outputs) {
        let loss = output.pointer("/loss/class").and_then(Value::as_str).unwrap_or("");
        let weight = output.get("weight").filter(|it| !it.is_null()).map_or(String::new(), Value::to_string);
        let metrics = output.get("metrics").and_then(Value::as_array).into_iter().flatten();
        let metrics = metrics.filter_map(|metric| metric.get("name").and_then(Value::as_str));
        let metrics: Vec<&str> = metrics.collect();
        rows.push([
            "output".into(),
            port.name.clone(),
            shape(&graph.tensors, port.tensor),
            loss.into(),
            if loss.is_empty() { String::new() } else { weight },
            metrics.join(", "),
        ]);
    }
    table(&mut text, &rows);
    for (key, optimizer) in &description.optimizers {
        let rule = optimizer.get("class").and_then(Value::as_str).unwrap_or("");
        let rate = optimizer.pointer("/arguments/learning_rate").map(called).unwrap_or_default();
        let of = if key.is_empty() { String::new() } else { format!(" of {key}") };
        let _ = writeln!(text, "\noptimizer{of} {rule}, learning rate {rate}");
    }
    text
}

/// A number, or a schedule as a call.
fn called(value: &Value) -> String {
    let Some(class) = value.get("class").and_then(Value::as_str) else { return value.to_string() };
    let arguments = value.get("arguments").and_then(Value::as_object).into_iter().flatten();
    let arguments = arguments.filter(|(_, value)| !value.is_null());
    let arguments: Vec<String> = arguments.map(|(name, it)| format!("{name} = {}", called(it))).collect();
    format!("{class}({})", arguments.join(", "))
}

/// An ONNX graph: its operators with their counts, its inputs and outputs, and its metadata.
pub fn graph(model: &Model) -> String {
    let graph = &model.graph;
    let mut text = String::new();
    let versions: Vec<String> = model
        .opsets
        .iter()
        .map(|(domain, version)| match domain.as_str() {
            "" => format!("opset {version}"),
            domain => format!("{domain} {version}"),
        })
        .collect();
    let [producer, version] = &model.producer;
    let _ = writeln!(text, "{}: ONNX, {}, by {producer} {version}\n", graph.name, versions.join(", "));
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    graph.nodes.iter().for_each(|node| *counts.entry(&node.op).or_default() += 1);
    let mut rows = vec![["operator", "nodes"].map(String::from)];
    rows.extend(counts.into_iter().map(|(op, count)| [op.into(), count.to_string()]));
    table(&mut text, &rows);
    let numbers: usize = graph.initializers.iter().map(|it| it.data.len()).sum();
    let _ = writeln!(text, "{numbers} numbers in {} initializers\n", graph.initializers.len());
    let mut rows = vec![["", "name", "shape", "type"].map(String::from)];
    for (what, ports) in [("input", &graph.inputs), ("output", &graph.outputs)] {
        let of = |port: &Port| {
            let axis = |axis: &Axis| match axis {
                Axis::Length(len) => len.to_string(),
                Axis::Free(name) if name.is_empty() => "?".into(),
                Axis::Free(name) => name.clone(),
            };
            let shape: Vec<String> = port.shape.iter().map(axis).collect();
            let element = port.element.map_or("?".into(), |element| format!("{element:?}").to_lowercase());
            [what.into(), port.name.clone(), format!("[{}]", shape.join(", ")), element]
        };
        rows.extend(ports.iter().map(of));
    }
    table(&mut text, &rows);
    for (key, value) in &model.metadata {
        let _ = writeln!(text, "\n{key}\n{value}");
    }
    text
}

/// A setting in one word; `None` for those that say little in a table.
fn written(setting: &Setting) -> Option<String> {
    match setting {
        Setting::Whole(Dim::Known(number)) => Some(number.to_string()),
        Setting::Negative(number) => Some(number.to_string()),
        Setting::Text(text) => Some(text.clone()),
        Setting::List(all) => {
            let all: Option<Vec<String>> = all.iter().map(written).collect();
            Some(format!("[{}]", all?.join(", ")))
        }
        Setting::Item(item) if item.class.starts_with(char::is_lowercase) && item.class != "linear" => {
            Some(item.class.into())
        }
        _ => None,
    }
}

/// Names of tensors: of inputs and outputs, and of bindings. Those of several tensors have their number, too.
fn names(tensors: &[GraphTensor], inputs: &[GraphPort], outputs: &[GraphPort]) -> BTreeMap<usize, String> {
    let bound = tensors.iter().enumerate().filter_map(|(at, it)| Some((at, it.binding.clone()?)));
    let mut names: BTreeMap<usize, String> = bound.collect();
    names.extend(inputs.iter().chain(outputs).map(|port| (port.tensor, port.name.clone())));
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    names.values().for_each(|name| *counts.entry(name.clone()).or_default() += 1);
    for (at, name) in &mut names {
        if counts.get(name).is_some_and(|&count| count > 1) {
            let _ = write!(name, "%{at}");
        }
    }
    names
}

fn shape(tensors: &[GraphTensor], at: usize) -> String {
    let Some(tensor) = tensors.get(at) else { return String::new() };
    let lengths: Vec<String> =
        tensor.shape.iter().map(|len| len.known().map_or("?".into(), |len| len.to_string())).collect();
    let whole = if tensor.dtype == Dtype::Int { " int" } else { "" };
    format!("[{}]{whole}", lengths.join(", "))
}

/// Rows with columns of one width.
fn table<const N: usize>(text: &mut String, rows: &[[String; N]]) {
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|it| it.chars().count()).max();
    let widths: Vec<usize> = (0..N).map(|column| width(column).unwrap_or(0)).collect();
    for row in rows {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        let _ = writeln!(text, "{}", cells.join("  ").trim_end());
    }
}
