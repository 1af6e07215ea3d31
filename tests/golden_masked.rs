//! Outputs with masks, through generated models: compared with Keras's numbers, with differences, and with another
//! padding.

mod support;

use mimo::Trainable;
use mimo::data::from_fn;
use mimo::prelude::*;
use support::{
    Check, Data, F32, F64, Random, Real, Tolerance, assert_close, assert_near, check_gradients_on, golden,
    numbers, randomize, set_weights, step,
};

model! {
    Tagger {
        let ids = Input(shape = [4], dtype = int32);
        let x = Embedding(8, 4, mask_zero = true, name = "words")(ids);
        let x = Dense(6, activation = tanh, name = "hidden")(x);
        let tag = Dense(3, activation = softmax)(x);
        let score = Dense(2)(x);

        Model(inputs = [ids], outputs = [tag, score]).compile(
            optimizer = SGD(0.5),
            loss = { tag: sparse_categorical_crossentropy, score: mse },
            loss_weights = { score: 0.3 },
            metrics = { tag: [accuracy], score: [mae] },
        )
    }
}

const ROWS: usize = 10;

fn data() -> (serde_json::Value, Data) {
    let file = golden("masked_training.json");
    let targets = vec![numbers(&file["tag"]), numbers(&file["score"])];
    let data = Data { rows: ROWS, inputs: vec![numbers(&file["ids"])], targets, weights: vec![] };
    (file, data)
}

fn compare<M: Trainable<Float: Real>>(mut model: M, tolerance: Tolerance) {
    let (file, mut data) = data();
    set_weights(&mut model, |name, _| numbers(&file["before"][name]));
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let mut evaluation = |what: &str, data: &Data, batch: usize| {
        let result = trainer.evaluate(&data.dataset::<M>(), batch).expect("an evaluation");
        for (key, keras) in [
            ("loss", "loss"),
            ("tag_loss", "tag_loss"),
            ("score_loss", "score_loss"),
            ("tag_accuracy", "tag_sparse_categorical_accuracy"),
            ("score_mae", "score_mae"),
        ] {
            let wanted = file[what][keras].as_f64().expect("a number");
            assert_near(&format!("{what}: {key}"), result.get(key).expect(key), wanted, tolerance);
        }
    };
    evaluation("evaluation", &data.take(0..9), 5);
    let mut padding = data.take(0..3);
    padding.inputs[0].fill(0.0);
    evaluation("padding_only", &padding, 3);
    let weights = numbers(&file["sample_weight"]);
    data.weights = vec![weights.clone(), weights];
    evaluation("weighted", &data, ROWS);
    let logs = step(&mut trainer, &data).expect("a step");
    assert_near("loss of the step", logs[0].1, file["weighted"]["loss"].as_f64().expect("a loss"), tolerance);
    for (spec, values) in M::SPEC.weights.iter().zip(trainer.weights()) {
        assert_close(spec.name, &support::wide(&values), &numbers(&file["after"][spec.name]), tolerance);
    }
}

#[test]
fn evaluations_and_a_step_are_those_of_keras() {
    compare(Tagger::<f32>::build(1), F32);
    compare(Tagger::<f64>::build(1), F64);
}

#[test]
fn gradients_are_those_of_the_total() {
    let (file, mut data) = data();
    let weights = numbers(&file["sample_weight"]);
    for weighted in [false, true] {
        if weighted {
            data.weights = vec![weights.clone(), weights.iter().map(|weight| 2.0 - weight).collect()];
        }
        check_gradients_on(&mut Tagger::<f64>::build(1), &data, Check::default());
    }
}

#[test]
fn a_batch_of_padding_changes_no_weight() {
    let (_, mut data) = data();
    data.inputs[0].fill(0.0);
    let mut model = Tagger::<f32>::build(3);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let before = trainer.weights();
    let logs = step(&mut trainer, &data).expect("a step");
    assert_eq!(logs[0].1, 0.0);
    assert_eq!(trainer.weights(), before);
}

/// Targets with `wrong` in every masked step, and in one unmasked step if a sample is given.
fn wrong_targets(wrong: f64, counting: Option<usize>) -> Data {
    let (_, mut data) = data();
    for (place, _) in data.inputs[0].iter().enumerate().filter(|(_, id)| **id == 0.0) {
        data.targets[0][place] = wrong;
        data.targets[1][2 * place] = f64::NAN;
    }
    if let Some(row) = counting {
        let step = data.inputs[0][4 * row..].iter().position(|&id| id != 0.0).expect("a step that counts");
        data.targets[0][4 * row + step] = wrong;
    }
    data
}

#[test]
fn targets_of_masked_steps_may_be_anything() {
    for wrong in [-1.0, 3.0, 0.5, 1e300, f64::NAN] {
        let mut model = Tagger::<f64>::build(3);
        let mut trainer = Trainer::new(&mut model).expect("a trainer");
        let right = trainer.evaluate(&data().1.dataset::<Tagger<f64>>(), 4).expect("an evaluation");
        let found = trainer.evaluate(&wrong_targets(wrong, None).dataset::<Tagger<f64>>(), 4).expect("valid");
        assert_eq!(right.get("loss"), found.get("loss"));
        assert_eq!(right.get("score_mae"), found.get("score_mae"));
        step(&mut trainer, &wrong_targets(wrong, None)).expect("a step");
        assert!(trainer.weights().iter().flatten().all(|value| value.is_finite()));
        let before = trainer.weights();
        let faulty = wrong_targets(wrong, Some(7));
        let error = step(&mut trainer, &faulty).expect_err("a target of a step that counts");
        let text = error.to_string();
        assert!(text.contains("`tag`") && text.contains("sample 7"), "{text}");
        assert_eq!(trainer.weights(), before);
        let error = trainer.evaluate(&faulty.dataset::<Tagger<f64>>(), 4).expect_err("the same");
        assert_eq!(error.to_string(), text);
        // A sample without weight may have any target.
        let mut weightless = faulty;
        weightless.weights = vec![(0..ROWS).map(|row| f64::from(u8::from(row != 7))).collect(), vec![]];
        step(&mut trainer, &weightless).expect("a step");
    }
}

#[test]
fn targets_that_were_not_written_are_errors() {
    let (_, data) = data();
    let dataset = from_fn::<Tagger<f64>, _>(ROWS, |rows, batch| {
        for (to, &row) in batch.input(0).chunks_mut(4).zip(rows) {
            to.copy_from_slice(&data.inputs[0][4 * row..][..4]);
        }
        batch.target(0).fill(1.0);
        Ok(())
    });
    let mut model = Tagger::<f64>::build(3);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let error = trainer.evaluate(&dataset, 4).expect_err("no target was written").to_string();
    assert!(error.contains("score"), "{error}");
}

// The counts of `precision` read all steps, so that the targets of all steps have to be valid.
model! {
    Counted {
        let ids = Input(shape = [4], dtype = int32);
        let x = Embedding(8, 4, mask_zero = true)(ids);
        let label = Dense(1, activation = sigmoid)(x);

        Model(inputs = [ids], outputs = [label]).compile(
            optimizer = SGD(0.5),
            loss = binary_crossentropy,
            metrics = [precision],
        )
    }
}

#[test]
fn metrics_that_read_no_masks_need_valid_targets() {
    let mut model = Counted::<f32>::build(3);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let mut data = Data { rows: 1, inputs: vec![vec![1.0, 2.0, 0.0, 0.0]], ..Data::default() };
    data.targets = vec![vec![1.0, 0.0, 1.0, 0.0]];
    step(&mut trainer, &data).expect("a step");
    data.targets = vec![vec![1.0, 0.0, -1.0, 0.0]];
    let error = step(&mut trainer, &data).expect_err("not a label").to_string();
    assert!(error.contains("-1"), "{error}");
}

/// The same model on this many steps.
macro_rules! padded {
    ($name:ident, $steps:literal) => {
        model! {
            $name {
                let ids = Input(shape = [$steps], dtype = int32);
                let x = Embedding(20, 64, mask_zero = true)(ids);
                let x = Dense(96, activation = relu, kernel_regularizer = L2(1e-4))(x);
                let tag = Dense(5, activation = softmax)(x);
                let score = Dense(2)(x);
                let share = Dense(3, activation = sigmoid)(x);

                Model(inputs = [ids], outputs = [tag, score, share]).compile(
                    optimizer = SGD(0.1),
                    loss = { tag: sparse_categorical_crossentropy, score: huber, share: dice },
                    metrics = { tag: [accuracy], score: [mae, mse] },
                )
            }
        }
    };
}
padded!(Padded50, 50);
padded!(Padded100, 100);

const LONGEST: usize = 50;

/// Sentences of different lengths, padded after.
fn sentences(rows: usize, steps: usize) -> Data {
    let mut random = Random(9);
    let mut data =
        Data { rows, inputs: vec![vec![]], targets: vec![vec![], vec![], vec![]], weights: vec![] };
    for _ in 0..rows {
        let len = random.below(LONGEST + 1);
        for step in 0..LONGEST.max(steps) {
            // The same numbers are drawn for every padding.
            let drawn =
                if step < LONGEST { [random.below(19), random.below(5), random.below(2)] } else { [0; 3] };
            let counts = step < len;
            data.inputs[0].push(if counts { 1.0 + drawn[0] as f64 } else { 0.0 });
            data.targets[0].push(if counts { drawn[1] as f64 } else { -1.0 });
            data.targets[1].extend([drawn[0] as f64 / 10.0, drawn[1] as f64 / 5.0]);
            data.targets[2].extend([drawn[2] as f64, 0.0, 1.0]);
        }
    }
    data
}

/// Logs of an evaluation and of a step, and the gradients of the step.
fn measure<M: Trainable<Float: Real>>(
    mut model: M,
    data: &Data,
    threads: usize,
) -> (Vec<f64>, Vec<Vec<f64>>) {
    randomize(&mut model, 4);
    let mut trainer =
        Trainer::with_options(&mut model, TrainerOptions::new().threads(threads)).expect("a trainer");
    let evaluation = trainer.evaluate(&data.dataset::<M>(), 7).expect("an evaluation");
    let mut logs: Vec<f64> = evaluation.pairs().into_iter().map(|(_, value)| value).collect();
    logs.extend(step(&mut trainer, data).expect("a step").into_iter().map(|(_, value)| value));
    let gradients = M::SPEC.weights.iter().map(|weight| trainer.gradient(weight.name).expect("a gradient"));
    let gradients = gradients.map(|gradient| support::wide(&gradient)).collect();
    (logs, gradients)
}

fn padding_changes_rounding_only<E: Real>(
    short: impl Trainable<Float = E>,
    long: impl Trainable<Float = E>,
    tolerance: Tolerance,
) {
    let short = measure(short, &sentences(40, 50), 2);
    let long = measure(long, &sentences(40, 100), 2);
    assert_close("logs", &short.0, &long.0, tolerance);
    for (short, long) in short.1.iter().zip(&long.1) {
        assert_close("a gradient", short, long, tolerance);
    }
}

#[test]
fn padding_to_50_and_to_100_is_the_same() {
    padding_changes_rounding_only(Padded50::<f32>::build(1), Padded100::<f32>::build(1), F32);
    let exact = Tolerance { rel: 1e-12, abs: 1e-13 };
    padding_changes_rounding_only(Padded50::<f64>::build(1), Padded100::<f64>::build(1), exact);
}

#[test]
fn results_are_the_same_bits_for_any_number_of_threads() {
    let data = sentences(70, 50);
    let wanted = measure(Padded50::<f32>::build(1), &data, 1);
    for threads in [2, 3, 8] {
        assert_eq!(measure(Padded50::<f32>::build(1), &data, threads), wanted, "{threads} threads");
    }
}
