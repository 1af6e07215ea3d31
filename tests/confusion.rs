//! Confusion matrices and reports per class, compared with scikit-learn and with handwritten values.
#![allow(missing_docs, reason = "models of tests need no documentation")]

mod support;

use mimo::ConfusionOptions;
use mimo::confusion::{ClassScores, ConfusionFault, ConfusionMatrix};
use mimo::prelude::*;
use support::{Data, golden, set_weights};

// Kernels are identities, so that predictions are a function of the inputs.
model! {
    #[allow(mimo::accuracy_of_numbers)]
    Heads {
        let values = Input(shape = [4]);
        let one = Input(shape = [1]);
        let digit = Dense(4, activation = softmax, use_bias = false)(values);
        let one_hot = Dense(4, activation = softmax, use_bias = false)(values);
        let logits = Dense(4, use_bias = false)(values);
        let yes = Dense(1, use_bias = false)(one);
        let yes_logit = Dense(1, use_bias = false)(one);
        let tags = Dense(4, activation = sigmoid, use_bias = false)(values);
        let number = Dense(4, use_bias = false)(values);
        let unread = Dense(4, use_bias = false)(values);
        Model(inputs = [values, one], outputs = [digit, one_hot, logits, yes, yes_logit, tags, number, unread]).compile(
            optimizer = SGD(0.1),
            loss = {
                digit: sparse_categorical_crossentropy, one_hot: categorical_crossentropy,
                logits: SparseCategoricalCrossentropy(from_logits = true, ignore_class = 9), yes: mse,
                yes_logit: BinaryCrossentropy(from_logits = true), tags: binary_crossentropy, number: mse, unread: none,
            },
            metrics = { yes: [accuracy] },
        )
    }
}

fn heads() -> Heads {
    let mut model = Heads::new(1);
    set_weights(&mut model, |_, shape| {
        (0..shape[0])
            .flat_map(|row| (0..shape[1]).map(move |column| f64::from(u8::from(row == column))))
            .collect()
    });
    model
}

/// Samples with these values, class indices and weights for all outputs.
fn data(values: &[Vec<f64>], one: &[f64], truth: &[f64], weights: &[f64]) -> Data {
    let rows = truth.len();
    let one_hot: Vec<f64> = truth
        .iter()
        .flat_map(|class| (0..4).map(move |at| f64::from(u8::from(at as f64 == *class))))
        .collect();
    let binary: Vec<f64> = truth.iter().map(|class| class.min(1.0)).collect();
    Data {
        rows,
        inputs: vec![values.concat(), one.to_vec()],
        targets: vec![
            truth.to_vec(),
            one_hot.clone(),
            truth.to_vec(),
            binary.clone(),
            binary,
            one_hot,
            vec![0.0; 4 * rows],
            vec![],
        ],
        weights: vec![weights.to_vec(); 7],
    }
}

fn assert_scores(what: &str, found: ClassScores, wanted: &serde_json::Value) {
    let ClassScores { precision, recall, f1, support } = found;
    let wanted = ["precision", "recall", "f1", "support"].map(|key| wanted[key].as_f64().unwrap());
    for (found, wanted) in [precision, recall, f1, support].into_iter().zip(wanted) {
        assert!((found - wanted).abs() < 1e-12, "{what}: {found} and {wanted}");
    }
}

fn assert_is(what: &str, matrix: &ConfusionMatrix, wanted: &serde_json::Value) {
    let rows: Vec<Vec<f64>> = wanted["matrix"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row.as_array().unwrap().iter().map(|count| count.as_f64().unwrap()).collect())
        .collect();
    assert_eq!(matrix.classes(), rows.len(), "{what}");
    for (found, wanted) in matrix.counts().zip(&rows) {
        assert!(found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-12), "{what}: {found:?} {wanted:?}");
    }
    let report = matrix.report();
    assert!((report.accuracy - wanted["accuracy"].as_f64().unwrap()).abs() < 1e-12, "{what}");
    for (scores, wanted) in report.classes.iter().zip(wanted["classes"].as_array().unwrap()) {
        assert_scores(what, *scores, wanted);
    }
    assert_scores(what, report.macro_average, &wanted["macro"]);
    assert_scores(what, report.weighted_average, &wanted["average"]);
}

#[test]
fn counts_and_scores_are_scikit_learns() {
    let golden = golden("confusion.json");
    for case in golden["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let [truth, weights] = ["truth", "weights"].map(|key| numbers_of(&case[key]));
        let values: Vec<Vec<f64>> = case["values"].as_array().unwrap().iter().map(numbers_of).collect();
        let threshold = case["threshold"].as_f64();
        let (values, one) = match threshold {
            None => (values, vec![0.0; truth.len()]),
            Some(_) => (vec![vec![0.0; 4]; truth.len()], values.concat()),
        };
        let data = data(&values, &one, &truth, &weights);
        let data = data.dataset::<Heads>();
        let mut model = heads();
        let mut trainer = Trainer::new(&mut model).unwrap();
        for weighted in [false, true] {
            let wanted = &case[if weighted { "weighted" } else { "plain" }];
            let options = ConfusionOptions::new().weighted(weighted);
            for batch in [7, 64] {
                if let Some(threshold) = threshold {
                    let options = options.threshold(threshold);
                    let found =
                        trainer.confusion_matrix_with(&data, batch, |outputs| &outputs.yes, options).unwrap();
                    assert_is(name, &found, wanted);
                    let found =
                        trainer.confusion_matrix_with(&data, batch, |it| &it.yes_logit, options).unwrap();
                    assert_is(name, &found, wanted);
                } else {
                    let found = trainer.confusion_matrix_with(&data, batch, |it| &it.digit, options).unwrap();
                    assert_is(name, &found, wanted);
                    let found =
                        trainer.confusion_matrix_with(&data, batch, |it| &it.one_hot, options).unwrap();
                    assert_is(name, &found, wanted);
                    let found =
                        trainer.confusion_matrix_with(&data, batch, |it| &it.logits, options).unwrap();
                    assert_is(name, &found, wanted);
                }
            }
        }
    }
}

fn numbers_of(list: &serde_json::Value) -> Vec<f64> {
    list.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
}

#[test]
fn heads_without_classes_are_errors() {
    let values = vec![vec![0.0, 1.0, 0.5, -1.0]; 3];
    let data = data(&values, &[0.2, 0.6, -0.3], &[1.0, 0.0, 1.0], &[1.0; 3]);
    let data = data.dataset::<Heads>();
    let mut model = heads();
    let mut trainer = Trainer::new(&mut model).unwrap();
    let fault = |error: Error| match error {
        Error::Confusion { fault, .. } => fault,
        other => panic!("{other}"),
    };
    let error = trainer.confusion_matrix(&data, 2, |outputs| &outputs.number).unwrap_err();
    assert!(
        error.to_string().starts_with("there is no confusion matrix of the output `number`: neither its"),
        "{error}"
    );
    assert_eq!(fault(error), ConfusionFault::NoClasses);
    let error = trainer.confusion_matrix(&data, 2, |outputs| &outputs.unread).unwrap_err();
    assert_eq!(fault(error), ConfusionFault::NoTargets);
    let error = trainer.confusion_matrix(&data, 2, |outputs| &outputs.tags).unwrap_err();
    assert_eq!(fault(error), ConfusionFault::Labels { labels: 4 });
    // Options that would have no effect are errors.
    let refused = |trainer: &mut Trainer<'_, Heads>, options| {
        fault(trainer.confusion_matrix_with(&data, 2, |outputs| &outputs.digit, options).unwrap_err())
    };
    let new = ConfusionOptions::new;
    assert_eq!(refused(&mut trainer, new().label(0)), ConfusionFault::LabelOfClasses);
    assert_eq!(refused(&mut trainer, new().threshold(0.3)), ConfusionFault::ThresholdOfClasses);
    assert_eq!(refused(&mut trainer, new().threshold(f64::NAN)), ConfusionFault::Threshold);
    let options = ConfusionOptions::new().label(4);
    let error = trainer.confusion_matrix_with(&data, 2, |outputs| &outputs.tags, options).unwrap_err();
    assert_eq!(fault(error), ConfusionFault::NoSuchLabel { label: 4, labels: 4 });
    assert!(matches!(trainer.confusion_matrix(&data, 0, |outputs| &outputs.digit), Err(Error::BatchSize)));
    // One of several labels: its sigmoid is above 0.5 where the value is above 0.
    let of = |trainer: &mut Trainer<'_, Heads>, label| {
        let options = ConfusionOptions::new().label(label);
        trainer.confusion_matrix_with(&data, 2, |outputs| &outputs.tags, options).unwrap()
    };
    let counts = |matrix: ConfusionMatrix| matrix.counts().map(<[f64]>::to_vec).collect::<Vec<_>>();
    assert_eq!(counts(of(&mut trainer, 1)), [[0.0, 1.0], [0.0, 2.0]]);
    assert_eq!(counts(of(&mut trainer, 3)), [[3.0, 0.0], [0.0, 0.0]]);
    // Logits are compared with 0, and metrics of classes make a head of numbers a classifier.
    let found = trainer.confusion_matrix(&data, 2, |outputs| &outputs.yes_logit).unwrap();
    assert_eq!(counts(found), [[0.0, 1.0], [1.0, 1.0]]);
    let found = trainer.confusion_matrix(&data, 2, |outputs| &outputs.yes).unwrap();
    assert_eq!(counts(found), [[0.0, 1.0], [2.0, 0.0]]);
}

#[test]
fn missing_targets_and_ignored_classes_do_not_count() {
    let values: Vec<Vec<f64>> =
        (0..4).map(|class| (0..4).map(|at| f64::from(u8::from(at == class))).collect()).collect();
    let mut data = data(&values, &[0.0; 4], &[0.0, 1.0, 2.0, 2.0], &[1.0, f64::NAN, 1.0, 0.0]);
    data.targets[2] = vec![9.0, 1.0, 2.0, 2.0];
    let data = data.dataset::<Heads>();
    let mut model = heads();
    let mut trainer = Trainer::new(&mut model).unwrap();
    let total = |matrix: ConfusionMatrix| matrix.counts().flatten().sum::<f64>();
    assert_eq!(total(trainer.confusion_matrix(&data, 3, |outputs| &outputs.digit).unwrap()), 3.0);
    assert_eq!(total(trainer.confusion_matrix(&data, 3, |outputs| &outputs.logits).unwrap()), 2.0);
    let weighted = ConfusionOptions::new().weighted(true);
    let found = trainer.confusion_matrix_with(&data, 3, |outputs| &outputs.digit, weighted).unwrap();
    assert_eq!([found.count(0, 0), found.count(2, 2), found.count(2, 3), total(found)], [1.0, 1.0, 0.0, 2.0]);
}

model! {
    Steps {
        let words = Input(shape = [3, 4]);
        let x = Masking(-1.0)(words);
        let tag = Dense(4, activation = softmax, use_bias = false)(x);
        let yes = Dense(1, activation = sigmoid, use_bias = false)(x);
        Model(inputs = [words], outputs = [tag, yes]).compile(
            optimizer = SGD(0.1),
            loss = { tag: sparse_categorical_crossentropy, yes: binary_crossentropy },
            metrics = { tag: [accuracy], yes: [accuracy] },
        )
    }
}

#[test]
fn positions_count_but_for_masked_ones() {
    let mut model = Steps::new(1);
    set_weights(&mut model, |_, shape| {
        (0..shape[0])
            .flat_map(|row| (0..shape[1]).map(move |column| f64::from(u8::from(row == column))))
            .collect()
    });
    let step = |class: usize| (0..4).map(move |at| if at == class { 1.0 } else { 0.0 });
    let masked = [-1.0; 4];
    let words: Vec<f64> =
        step(0).chain(step(1)).chain(masked).chain(step(2)).chain(step(3)).chain(step(3)).collect();
    let missing = f64::NAN;
    let data = Data {
        rows: 2,
        inputs: vec![words],
        targets: vec![vec![0.0, 2.0, 0.0, 2.0, 3.0, 1.0], vec![1.0, 0.0, 1.0, 0.0, 1.0, 0.0]],
        weights: vec![vec![1.0, 0.5, 3.0, 2.0, missing, 1.0], vec![]],
    };
    let data = data.dataset::<Steps>();
    let mut trainer = Trainer::new(&mut model).unwrap();
    let found = trainer.confusion_matrix(&data, 1, |outputs| &outputs.tag).unwrap();
    let wanted = [[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0], [0.0, 1.0, 1.0, 0.0], [0.0; 4]];
    assert_eq!(found.counts().map(<[f64]>::to_vec).collect::<Vec<_>>(), wanted);
    assert_eq!(found.report().accuracy, trainer.evaluate(&data, 1).unwrap().logs.tag.accuracy);
    let weighted = ConfusionOptions::new().weighted(true);
    let found = trainer.confusion_matrix_with(&data, 1, |outputs| &outputs.tag, weighted).unwrap();
    assert_eq!(
        [found.count(0, 0), found.count(2, 1), found.count(2, 2), found.count(1, 3)],
        [1.0, 0.5, 2.0, 1.0]
    );
    let found = trainer.confusion_matrix(&data, 2, |outputs| &outputs.yes).unwrap();
    assert_eq!(found.counts().flatten().sum::<f64>(), 5.0);
    assert_eq!(found.report().accuracy, trainer.evaluate(&data, 2).unwrap().logs.yes.accuracy);
}
