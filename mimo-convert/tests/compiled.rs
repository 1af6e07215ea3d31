//! Converted sources, compiled: with the weights that Keras saved they compute what Keras computed.

use std::path::{Path, PathBuf};

use mimo_convert::keras::{KerasFile, Options, checkpoint, convert, weights};
use mimo_convert::weights::{File, read};
use serde_json::Value;

mod churn {
    include!("keras/churn.rs");
}
mod siamese {
    include!("keras/siamese.rs");
}
mod mood {
    include!("keras/mood.rs");
}
mod review {
    include!("keras/review.rs");
}
mod keras2 {
    include!("keras/keras2.rs");
}
mod residual {
    include!("keras/residual.rs");
}
mod two {
    include!("fixtures/onnx/two.rs");
}
mod words {
    include!("fixtures/onnx/words.rs");
}
mod attention {
    include!("fixtures/onnx/attention.rs");
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keras")
}

/// A file of weights from a file of Keras.
fn weights_of(file: &str, lengths: &[(&str, usize)]) -> PathBuf {
    let keras = KerasFile::read(&directory().join(file)).unwrap();
    let lengths = lengths.iter().map(|&(input, length)| (input.to_owned(), vec![length])).collect();
    let options = Options { name: None, lengths };
    let compiled = keras.compile_config.as_ref();
    let conversion = convert(keras.config.as_ref().unwrap(), compiled, &options).unwrap();
    let weights = weights::assign(&weights::layers_of(&conversion), &keras).unwrap();
    let written = File { weights, metadata: conversion.metadata(), ..File::default() };
    let path = std::env::temp_dir().join(format!("mimo-convert-{}-{file}.safetensors", std::process::id()));
    std::fs::write(&path, mimo_convert::weights::write(&written)).unwrap();
    path
}

/// Inputs and outputs of Keras.
fn numbers(name: &str) -> (Vec<Vec<f32>>, Vec<Vec<f32>>) {
    let text = std::fs::read_to_string(directory().join(format!("{name}.json"))).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    let list = |key: &str| -> Vec<Vec<f32>> { serde_json::from_value(json[key].clone()).unwrap() };
    (list("inputs"), list("outputs"))
}

fn close(found: &[f32], wanted: &[f32]) {
    assert_eq!(found.len(), wanted.len());
    for (found, wanted) in found.iter().zip(wanted) {
        assert!((found - wanted).abs() < 1e-5, "{found} instead of {wanted}");
    }
}

/// The description in a file, without the names of tensors between layers: functions and loops have names of their own.
fn description(path: &Path) -> Value {
    let (_, metadata) = read(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!((&*metadata["format"], &*metadata["version"]), ("mimo", "2"));
    let mut graph: Value = serde_json::from_str(&metadata["graph"]).unwrap();
    for tensor in graph["tensors"].as_array_mut().unwrap() {
        tensor["binding"] = Value::Null;
    }
    serde_json::json!({ "model": metadata["model"], "graph": graph })
}

/// A converted file of weights describes its model as the program of the source does.
fn describes_as<M: mimo::Model>(model: &M, path: &Path) -> mimo::Result<()> {
    let saved = path.with_extension("saved");
    mimo::file::save(model, &saved)?;
    let (found, wanted) = (description(path), description(&saved));
    std::fs::remove_file(saved).unwrap();
    assert_eq!(found, wanted);
    Ok(())
}

#[test]
fn a_model_with_a_picture_and_a_table() -> mimo::Result<()> {
    use churn::*;
    use mimo::prelude::*;
    for file in ["churn.keras", "churn.h5"] {
        let path = weights_of(file, &[]);
        let mut model = ChurnModel::new(1);
        model.load_weights(&path)?;
        describes_as(&model, &path)?;
        std::fs::remove_file(path).unwrap();
        let (inputs, outputs) = numbers("churn");
        let [photo, age] = <[_; 2]>::try_from(inputs).unwrap();
        let found = model.forward(&ChurnModelInputs { photo: tensor(photo)?, age: tensor(age)? })?;
        close(&found.kind.as_vec(), &outputs[0]);
        close(&found.churn.as_vec(), &outputs[1]);
    }
    // As `count_params` says.
    assert_eq!(ChurnModel::PARAMETERS, 924);
    Ok(())
}

#[test]
fn a_model_that_is_called_twice() -> mimo::Result<()> {
    use mimo::prelude::*;
    use siamese::*;
    let path = weights_of("siamese.keras", &[]);
    let mut model = Siamese::new(1);
    model.load_weights(&path)?;
    describes_as(&model, &path)?;
    std::fs::remove_file(path).unwrap();
    let (inputs, outputs) = numbers("siamese");
    let [left, right] = <[_; 2]>::try_from(inputs).unwrap();
    let found = model.forward(&SiameseInputs { left: tensor(left)?, right: tensor(right)? })?;
    close(&found.same.as_vec(), &outputs[0]);
    Ok(())
}

#[test]
fn words_with_a_mask_and_a_state() -> mimo::Result<()> {
    use mimo::prelude::*;
    use mood::*;
    let path = weights_of("mood.keras", &[("words", 6)]);
    let mut model = MoodOfWords::new(1);
    model.load_weights(&path)?;
    describes_as(&model, &path)?;
    std::fs::remove_file(path).unwrap();
    let (inputs, outputs) = numbers("mood");
    let words: Vec<usize> = inputs[0].iter().map(|&word| word as usize).collect();
    let found = model.forward(&MoodOfWordsInputs { words: tensor(words)? })?;
    close(&found.mood.as_vec(), &outputs[0]);
    Ok(())
}

#[test]
fn a_model_of_keras_2() -> mimo::Result<()> {
    use keras2::*;
    use mimo::prelude::*;
    for file in ["keras2.keras", "keras2.h5"] {
        let path = weights_of(file, &[]);
        let mut model = Keras2::new(1);
        model.load_weights(&path)?;
        describes_as(&model, &path)?;
        std::fs::remove_file(path).unwrap();
        let (inputs, outputs) = numbers("keras2");
        let [left, right, words] = <[_; 3]>::try_from(inputs).unwrap();
        let words: Vec<usize> = words.iter().map(|&word| word as usize).collect();
        let inputs = Keras2Inputs { left: tensor(left)?, right: tensor(right)?, words: tensor(words)? };
        let found = model.forward(&inputs)?;
        close(&found.kind.as_vec(), &outputs[0]);
        close(&found.score.as_vec(), &outputs[1]);
    }
    Ok(())
}

/// A file of weights from an ONNX file, with what onnxruntime has read and computed.
fn of_onnx(name: &str) -> (PathBuf, Vec<Vec<f32>>, Vec<Vec<f32>>) {
    use mimo_convert::onnx::{decode, import};
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/onnx");
    let model = decode(&std::fs::read(folder.join(format!("{name}.onnx"))).unwrap()).unwrap();
    let found = import::convert(&model, &Options::default()).unwrap();
    let path = std::env::temp_dir().join(format!("mimo-convert-{}-{name}.safetensors", std::process::id()));
    let written = File { weights: found.weights, metadata: found.metadata, ..File::default() };
    std::fs::write(&path, mimo_convert::weights::write(&written)).unwrap();
    let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    let list = |key: &str| -> Vec<Vec<f32>> { serde_json::from_value(json[key].clone()).unwrap() };
    (path, list("inputs"), list("outputs"))
}

#[test]
fn onnx_files_compute_what_onnxruntime_computes() -> mimo::Result<()> {
    use mimo::prelude::*;
    let (path, inputs, outputs) = of_onnx("two");
    let mut model = two::Net::new(1);
    model.load_weights(&path)?;
    describes_as(&model, &path)?;
    std::fs::remove_file(path).unwrap();
    let [photo, age] = <[_; 2]>::try_from(inputs).unwrap();
    let found = model.forward(&two::NetInputs { photo: tensor(photo)?, age: tensor(age)? })?;
    close(&found.kind.as_vec(), &outputs[0]);
    close(&found.risk.as_vec(), &outputs[1]);

    let (path, inputs, outputs) = of_onnx("words");
    let mut model = words::Net::new(1);
    model.load_weights(&path)?;
    describes_as(&model, &path)?;
    std::fs::remove_file(path).unwrap();
    let read: Vec<usize> = inputs[0].iter().map(|&word| word as usize).collect();
    let found = model.forward(&words::NetInputs { words: tensor(read)? })?;
    close(&found.mood.as_vec(), &outputs[0]);

    let (path, inputs, outputs) = of_onnx("attention");
    let mut model = attention::Net::new(1);
    model.load_weights(&path)?;
    describes_as(&model, &path)?;
    std::fs::remove_file(path).unwrap();
    let found = model.forward(&attention::NetInputs { steps: tensor(inputs[0].clone())? })?;
    close(&found.mixed.as_vec(), &outputs[0]);
    Ok(())
}

#[test]
fn blocks_that_are_folded_have_keras_s_layers() {
    use mimo::Model;
    let names: Vec<&str> =
        <residual::Residual as Model>::GRAPH.layers.iter().map(|layer| layer.name).collect();
    let text = std::fs::read_to_string(directory().join("residual.config.json")).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    let layers = json["config"]["layers"].as_array().unwrap();
    let wanted: Vec<&str> = layers.iter().skip(1).map(|layer| layer["name"].as_str().unwrap()).collect();
    assert_eq!(names, wanted);
}

/// Keras's training goes on in mimo: five steps from the state of the optimizer in the file compute what five more
/// steps of Keras do.
#[test]
fn a_training_of_keras_goes_on() -> mimo::Result<()> {
    use mimo::prelude::*;
    use review::*;
    for file in ["review.keras", "review.h5"] {
        let keras = KerasFile::read(&directory().join(file)).unwrap();
        let config = keras.config.as_ref().unwrap();
        let conversion = convert(config, keras.compile_config.as_ref(), &Options::default()).unwrap();
        let found = weights::assign(&weights::layers_of(&conversion), &keras).unwrap();
        let state = checkpoint::state(&keras, &conversion, &found).unwrap().unwrap();
        let mut metadata = conversion.metadata();
        metadata.insert("checkpoint".into(), "1".into());
        let bytes = mimo_convert::weights::write(&File { weights: found, state, metadata });

        let text = std::fs::read_to_string(directory().join("review.json")).unwrap();
        let json: Value = serde_json::from_str(&text).unwrap();
        let list = |key: &str| -> Vec<Vec<f32>> { serde_json::from_value(json[key].clone()).unwrap() };
        let ([words, age], [mood, kind]) =
            (<[_; 2]>::try_from(list("inputs")).unwrap(), <[_; 2]>::try_from(list("targets")).unwrap());
        let whole = |values: &[f32]| values.iter().map(|&value| value as usize).collect::<Vec<_>>();
        let inputs = ReviewInputs { words: tensor(whole(&words))?, age: tensor(age)? };
        let targets = ReviewTargets { mood: tensor(mood)?, kind: tensor(whole(&kind))? };
        let mut model = Review::new(1);
        let mut trainer = Trainer::new(&mut model)?;
        trainer.restore(&bytes)?;
        for _ in 0..5 {
            trainer.train_on_batch(&inputs, &targets)?;
        }
        drop(trainer);
        let found = model.forward(&inputs)?;
        let outputs = list("outputs");
        // Eight steps of Nadam: a few times the rounding of the outputs.
        for (found, wanted) in [(found.mood.as_vec(), &outputs[0]), (found.kind.as_vec(), &outputs[1])] {
            for (found, wanted) in found.iter().zip(wanted) {
                assert!((found - wanted).abs() < 1e-5, "{file}: {found} instead of {wanted}");
            }
        }
    }
    Ok(())
}
