//! Checkpoints of trainings become files with which Keras goes on: weights, the state of the optimizer, and the compile
//! settings. From such a file mimo goes on as from its own checkpoint, bit for bit.
//!
//! With `MIMO_TRAINED=FOLDER` the files are written there, with the data and what mimo makes of it in five more steps.
//! `tests/parity/to_keras.py FOLDER` lets Keras do the same steps and compares the weights.

use std::path::PathBuf;

use mimo_convert::keras::checkpoint::state as state_of;
use mimo_convert::keras::export::{Export, Options, export};
use mimo_convert::keras::weights::{assign, layers_of};
use mimo_convert::keras::{KerasFile, convert};
use mimo_convert::{Description, hdf5, weights};
use serde_json::{Value, json};

/// The steps before the checkpoint, and those after it.
const STEPS: (usize, usize) = (3, 5);
const ROWS: usize = 6;

fn exported(bytes: &[u8]) -> Export {
    let file = weights::read_file(bytes).expect("a file of weights");
    let description = Description::of_metadata(&file.metadata).expect("a description");
    export(&description, &file.weights, &file.state, &Options::default()).expect("a file for Keras")
}

/// Numbers between −1 and 1.
fn numbers(count: usize, seed: usize) -> Vec<f32> {
    (0..count).map(|at| (((at * 37 + seed * 11) % 41) as f32 - 20.0) / 20.0).collect()
}

/// What is compared with Keras, if a folder is given.
fn hand_out(name: &str, checkpoint: &[u8], after: &[u8], inputs: &Value, targets: &Value) {
    let Some(folder) = std::env::var_os("MIMO_TRAINED").map(PathBuf::from) else { return };
    std::fs::create_dir_all(&folder).expect("a folder");
    let write =
        |end: &str, bytes: &[u8]| std::fs::write(folder.join(format!("{name}{end}")), bytes).expect("a file");
    write(".trained.keras", &exported(checkpoint).bytes);
    write(".after.keras", &exported(after).bytes);
    let about = json!({ "rows": ROWS, "steps": STEPS.1, "inputs": inputs, "targets": targets });
    write(".trained.json", about.to_string().as_bytes());
}

/// The checkpoint that `mimo convert` makes of a file of Keras.
fn checkpoint_of(bytes: &[u8]) -> Vec<u8> {
    let file = KerasFile::parse(bytes).expect("a file of Keras");
    let config = file.config.as_ref().expect("a model");
    let conversion =
        convert(config, file.compile_config.as_ref(), &Default::default()).expect("a conversion");
    assert!(conversion.is_complete(), "{:?}", conversion.problems);
    let found = assign(&layers_of(&conversion), &file).expect("weights");
    let state = state_of(&file, &conversion, &found).expect("a state").expect("a file of a training");
    let mut metadata = conversion.metadata();
    metadata.insert("checkpoint".into(), "1".into());
    weights::write(&weights::File { weights: found, state, metadata })
}

/// The state of the optimizer in a file, as numbers, and its compile settings.
fn state(bytes: &[u8]) -> (Vec<Vec<f32>>, Value) {
    let file = KerasFile::parse(bytes).expect("a file of Keras");
    let variables = file.optimizer.first().map(|it| it.variables.clone()).unwrap_or_default();
    let numbers = variables.iter().map(|it| match &it.data {
        hdf5::Data::I64(values) => values.iter().map(|&value| value as f32).collect(),
        data => data.to_f32().expect("numbers"),
    });
    (numbers.collect(), file.compile_config.expect("a model that is compiled"))
}

macro_rules! trained {
    ($($test:ident: $optimizer:expr_2021 => $variables:literal, $class:literal;)+) => {$(
        mod $test {
            use super::*;
            use mimo::prelude::*;

            mimo::model! {
                Net {
                    let x = Input(shape = [4]);
                    let h = Dense(5, activation = tanh)(x);
                    let y = Dense(2)(h);
                    Model(inputs = [x], outputs = [y]).compile(optimizer = $optimizer, loss = mse, metrics = [mae])
                }
            }

            #[test]
            fn goes_on() -> mimo::Result<()> {
                let (x, y) = (numbers(ROWS * 4, 1), numbers(ROWS * 2, 5));
                let inputs = NetInputs { x: tensor(x.clone())? };
                let targets = NetTargets { y: tensor(y.clone())? };
                let mut model = Net::new(3);
                let path = std::env::temp_dir().join(format!("mimo-{}-{}", std::process::id(), stringify!($test)));
                let mut trainer = Trainer::new(&mut model)?;
                for _ in 0..STEPS.0 {
                    trainer.train_on_batch(&inputs, &targets)?;
                }
                trainer.save_checkpoint(&path)?;
                let checkpoint = std::fs::read(&path).expect("a checkpoint");
                std::fs::remove_file(&path).expect("a checkpoint");
                for _ in 0..STEPS.1 {
                    trainer.train_on_batch(&inputs, &targets)?;
                }
                drop(trainer);
                let after = mimo::file::to_bytes(&model)?;

                let export = exported(&checkpoint);
                // Back from Keras, and on.
                let mut again = Net::new(8);
                let mut trainer = Trainer::new(&mut again)?;
                trainer.restore(&checkpoint_of(&export.bytes))?;
                for _ in 0..STEPS.1 {
                    trainer.train_on_batch(&inputs, &targets)?;
                }
                drop(trainer);
                assert_eq!(mimo::file::to_bytes(&again)?, after);
                assert_eq!(export.missing, Vec::<String>::new());
                let (variables, compiled) = state(&export.bytes);
                assert_eq!(variables.len(), $variables);
                assert_eq!(variables[0], [STEPS.0 as f32], "steps");
                assert_eq!(compiled["optimizer"]["class_name"], $class);
                assert_eq!(compiled["loss"]["class_name"], "MeanSquaredError");
                assert_eq!(compiled["metrics"][0]["config"]["name"], "mae");
                // A file of weights begins anew.
                let (variables, _) = state(&exported(&after).bytes);
                assert_eq!((variables.len(), &variables[0][..]), ($variables, &[0.0][..]));
                let port = |name: &str, width: usize, values: &[f32]| json!([{ "name": name, "shape": [width], "whole": false, "values": values }]);
                hand_out(stringify!($test), &checkpoint, &after, &port("x", 4, &x), &port("y", 2, &y));
                Ok(())
            }
        }
    )+};
}

// Two kernels and two biases: steps and learning rate, then the slots.
trained! {
    sgd: SGD(0.05) => 2, "SGD";
    momentum: SGD(0.05, momentum = 0.9, nesterov = true, clipvalue = 0.5) => 6, "SGD";
    adam: Adam(0.02) => 10, "Adam";
    amsgrad: Adam(0.02, amsgrad = true, clipnorm = 0.5) => 14, "Adam";
    adam_w: AdamW(0.02, weight_decay = 0.05, global_clipnorm = 0.3) => 10, "Adam";
    scheduled: Adam(CosineDecay(0.02, 20, warmup_target = 0.05, warmup_steps = 4)) => 9, "Adam";
    rms_prop: RMSprop(0.01, momentum = 0.5, centered = true) => 14, "RMSprop";
    adagrad: Adagrad(0.05) => 6, "Adagrad";
    adadelta: Adadelta(0.5) => 10, "Adadelta";
    adamax: Adamax(0.02) => 10, "Adamax";
    lamb: Lamb(0.02) => 10, "Lamb";
    nadam: Nadam(0.02) => 11, "Nadam";
    lion: Lion(0.01) => 6, "Lion";
    averaged: Adam(0.02, use_ema = true, ema_momentum = 0.9) => 14, "Adam";
}

mod text_and_table {
    use super::*;
    use mimo::prelude::*;

    mimo::model! {
        Review {
            let words = Input(shape = [5], dtype = "int32");
            let age = Input(shape = [3]);
            let text = LSTM(4)(Embedding(31, 3, mask_zero = true)(words));
            let table = BatchNormalization()(Dense(4, use_bias = false)(age));
            let both = concatenate([text, table]);
            let mood = Dense(1, activation = sigmoid)(both);
            let kind = Dense(3, activation = softmax)(both);
            Model(inputs = [words, age], outputs = [mood, kind]).compile(
                optimizer = Adam(0.02),
                loss = { mood: binary_crossentropy, kind: sparse_categorical_crossentropy },
                loss_weights = { mood: 0.5, kind: 2.0 },
                metrics = { mood: [auc], kind: [accuracy] },
            )
        }
    }

    #[test]
    fn goes_on() -> Result<()> {
        // Each word once: with TensorFlow, Keras adds up the squares of the gradients of each look-up, and not the square of their sum.
        let words: Vec<usize> =
            (0..ROWS * 5).map(|at| if at % 5 > 2 + at / 5 % 3 { 0 } else { 1 + at }).collect();
        let age = numbers(ROWS * 3, 2);
        let mood: Vec<f32> = (0..ROWS).map(|at| (at % 2) as f32).collect();
        let kind: Vec<usize> = (0..ROWS).map(|at| at % 3).collect();
        let inputs = ReviewInputs { words: tensor(words.clone())?, age: tensor(age.clone())? };
        let targets = ReviewTargets { mood: tensor(mood.clone())?, kind: tensor(kind.clone())? };
        let mut model = Review::new(4);
        let path = std::env::temp_dir().join(format!("mimo-{}-review", std::process::id()));
        let mut trainer = Trainer::new(&mut model)?;
        for _ in 0..STEPS.0 {
            trainer.train_on_batch(&inputs, &targets)?;
        }
        trainer.save_checkpoint(&path)?;
        let checkpoint = std::fs::read(&path).expect("a checkpoint");
        std::fs::remove_file(&path).expect("a checkpoint");
        for _ in 0..STEPS.1 {
            trainer.train_on_batch(&inputs, &targets)?;
        }
        drop(trainer);
        let after = mimo::file::to_bytes(&model)?;

        let bytes = exported(&checkpoint).bytes;
        let mut again = Review::new(9);
        let mut trainer = Trainer::new(&mut again)?;
        trainer.restore(&checkpoint_of(&bytes))?;
        for _ in 0..STEPS.1 {
            trainer.train_on_batch(&inputs, &targets)?;
        }
        drop(trainer);
        assert_eq!(mimo::file::to_bytes(&again)?, after);
        let (variables, compiled) = state(&bytes);
        // Eleven weights are trained, each with two slots; the statistics of the batch normalization are not.
        assert_eq!(variables.len(), 2 + 2 * 11);
        assert_eq!(compiled["loss"]["kind"]["class_name"], "SparseCategoricalCrossentropy");
        assert_eq!(compiled["loss_weights"], json!({ "mood": 0.5, "kind": 2.0 }));
        assert_eq!(compiled["metrics"]["kind"][0]["class_name"], "SparseCategoricalAccuracy");
        let inputs = json!([
            { "name": "words", "shape": [5], "whole": true, "values": words },
            { "name": "age", "shape": [3], "whole": false, "values": age },
        ]);
        let targets = json!([
            { "name": "mood", "shape": [1], "whole": false, "values": mood },
            { "name": "kind", "shape": [1], "whole": true, "values": kind },
        ]);
        hand_out("text_and_table", &checkpoint, &after, &inputs, &targets);
        Ok(())
    }
}
