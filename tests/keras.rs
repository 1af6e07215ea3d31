//! `mimo::keras`: what files have of a model and of its training. `mimo-convert/tests/parity/to_keras.py` shows that Keras
//! computes the same numbers.

use mimo::Error;
use mimo::prelude::*;
use mimo_convert::keras::KerasFile;

model! {
    Churn {
        let usage = Input(shape = [4, 3]);
        let age = Input(shape = [2]);
        let x = concatenate([LSTM(3)(usage), age]);
        let leaves = Dense(1, activation = sigmoid)(x);
        let value = Dense(1)(x);
        Model(inputs = [usage, age], outputs = [leaves, value]).compile(
            optimizer = Adam(0.01),
            loss = { leaves: binary_crossentropy, value: mse },
            metrics = { leaves: [auc] },
            weighted_metrics = { value: [mae] },
        )
    }
}

model! {
    Noisy {
        let x = Input(shape = [3]);
        let y = x + random_uniform(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn path(name: &str) -> std::path::PathBuf {
    std::env::temp_dir().join(format!("mimo-{name}-{}.keras", std::process::id()))
}

#[test]
fn a_file_has_the_model_and_the_state_of_its_training() {
    let mut model = Churn::new(3);
    let (fresh, trained) = (path("fresh"), path("trained"));
    assert_eq!(mimo::keras::export(&model, &fresh).expect("a file"), Vec::<String>::new());
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let inputs = ChurnInputs {
        usage: tensor(vec![0.5; 24]).expect("two rows"),
        age: tensor(vec![0.1; 4]).expect("two rows"),
    };
    let targets = ChurnTargets {
        leaves: tensor(vec![1.0, 0.0]).expect("two rows"),
        value: tensor(vec![2.0, 3.0]).expect("two rows"),
    };
    for _ in 0..3 {
        trainer.train_on_batch(&inputs, &targets).expect("a step");
    }
    let missing = mimo::keras::export_training(&mut trainer, &trained).expect("a file");
    assert_eq!(missing, Vec::<String>::new());
    for (path, steps) in [(fresh, 0), (trained, 3)] {
        let file = KerasFile::read(&path).expect("a file of Keras");
        std::fs::remove_file(path).expect("the file");
        let compiled = file.compile_config.expect("compile settings");
        assert_eq!(compiled["metrics"]["leaves"][0]["class_name"], "AUC");
        assert_eq!(compiled["metrics"]["value"], serde_json::json!([]));
        assert_eq!(compiled["weighted_metrics"]["value"][0]["config"]["name"], "mae");
        let variables = &file.optimizer.first().expect("an optimizer").variables;
        // Steps and learning rate, and two slots of each of seven weights.
        assert_eq!(variables.len(), 2 + 2 * 7);
        assert_eq!(variables[0].data, mimo_convert::hdf5::Data::I64(vec![steps]));
    }
}

#[test]
fn a_layer_that_keras_does_not_have_is_named() {
    let path = path("noisy");
    let error = mimo::keras::export(&Noisy::new(1), &path).expect_err("no form in Keras");
    assert!(matches!(&error, Error::Export { model: "Noisy", format: "Keras", .. }), "{error:?}");
    assert!(error.to_string().contains("random_uniform"), "{error}");
    assert!(!path.exists());
}
