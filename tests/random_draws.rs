//! Random operations in generated models: dependencies of their numbers, and gradients through expressions that
//! contain them.
#![allow(missing_docs, reason = "models of tests need no documentation")]

mod support;

use mimo::prelude::*;
use mimo::{Predictor, TrainerOptions};
use support::{Check, check_gradients};

model! {
    Draws {
        let x = Input(shape = [3]);
        let h = Dense(4)(x);
        let normal = random_normal(h);
        let again = random_normal(h, mean = 2.0, stddev = 0.5);
        let uniform = random_uniform(x, -1, 1);
        let cut = random_truncated_normal(x);
        let own = random_normal(x, seed = 5);
        let twin = random_normal(x, seed = 5);
        let y = Dense(2)(h);
        Model(inputs = [x], outputs = [y, normal, again, uniform, cut, own, twin]).compile(
            optimizer = SGD(0.1),
            loss = { y: mse, normal: mse, again: none, uniform: none, cut: none, own: mse, twin: none },
        )
    }
}

const ROWS: usize = 700;

fn inputs(rows: usize) -> DrawsInputs {
    DrawsInputs { x: tensor((0..rows * 3).map(|i| (i % 7) as f32).collect::<Vec<f32>>()).expect("samples") }
}

fn targets(rows: usize) -> DrawsTargets {
    let zeros = |len: usize| vec![0.0_f32; rows * len];
    DrawsTargets {
        y: tensor(zeros(2)).expect("samples"),
        normal: tensor(zeros(4)).expect("samples"),
        own: tensor(zeros(3)).expect("samples"),
    }
}

type Columns = [Vec<f32>; 6];

fn columns(outputs: &DrawsOutputs) -> Columns {
    let DrawsOutputs { normal, again, uniform, cut, own, twin, .. } = outputs;
    [normal.as_vec(), again.as_vec(), uniform.as_vec(), cut.as_vec(), own.as_vec(), twin.as_vec()]
}

#[test]
fn numbers_have_their_distributions_in_predictions() {
    let model = Draws::new(1);
    let [normal, again, uniform, cut, own, twin] = columns(&model.forward(&inputs(ROWS)).expect("outputs"));
    let moments = |values: &[f32]| {
        let n = values.len() as f32;
        let mean = values.iter().sum::<f32>() / n;
        (mean, values.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / n)
    };
    for (values, mean, variance) in [(&normal, 0.0, 1.0), (&again, 2.0, 0.25), (&own, 0.0, 1.0)] {
        let found = moments(values);
        assert!((found.0 - mean).abs() < 0.15 && (found.1 / variance - 1.0).abs() < 0.2, "{found:?}");
    }
    assert!(uniform.iter().all(|x| (-1.0..1.0).contains(x)) && cut.iter().all(|x| x.abs() < 2.0));
    assert_eq!(own, twin);
    // Two calls are independent.
    let product =
        normal.iter().zip(&again).map(|(a, b)| a * (b - 2.0) / 0.5).sum::<f32>() / normal.len() as f32;
    assert!(product.abs() < 0.12, "{product}");
}

#[test]
fn predictions_draw_other_numbers_each_time_and_the_same_for_a_seed() {
    let model = Draws::new(1);
    let run = |threads: usize, seed: u64| -> [Columns; 2] {
        let mut predictor = Predictor::with_threads(&model, threads).expect("a predictor");
        predictor.set_seed(seed);
        [(); 2].map(|()| columns(&predictor.predict(&inputs(ROWS)).expect("outputs")))
    };
    let [first, second] = run(1, 3);
    assert!(first.iter().zip(&second).all(|(a, b)| a != b));
    // Samples of one prediction have different numbers, over more than a round and a chunk.
    assert!(first.iter().all(|column| {
        let len = column.len() / ROWS;
        let mut samples: Vec<&[f32]> = column.chunks(len).collect();
        samples.sort_by(|a, b| a.partial_cmp(b).expect("numbers"));
        samples.windows(2).all(|pair| pair[0] != pair[1])
    }));
    for threads in [1, 2, 5] {
        assert_eq!(run(threads, 3), [first.clone(), second.clone()], "{threads} threads");
    }
    let [other, _] = run(1, 4);
    for (at, (column, wanted)) in other.iter().zip(&first).enumerate() {
        // Streams with their own seed do not depend on the model's seed.
        assert_eq!(column == wanted, at >= 4, "{at}");
    }
    // `forward` is a function of the model and the inputs.
    let forward = |_| columns(&model.forward(&inputs(3)).expect("outputs"));
    assert_eq!(forward(0), forward(1));
}

#[test]
fn steps_draw_other_numbers_and_the_same_for_a_seed() {
    let losses = |threads: usize, seed: u64, evaluate: bool| -> Vec<[f64; 3]> {
        let mut model = Draws::new(1);
        let options = TrainerOptions::new().threads(threads).seed(seed);
        let mut trainer = Trainer::with_options(&mut model, options).expect("a trainer");
        (0..3)
            .flat_map(|_| {
                let logs = trainer.train_on_batch(&inputs(65), &targets(65)).expect("a step");
                let step = [logs.loss, logs.normal.loss, logs.own.loss];
                let evaluated = evaluate.then(|| {
                    let logs = trainer.evaluate((&inputs(65), &targets(65)), 20).expect("an evaluation");
                    [logs.loss, logs.normal.loss, logs.own.loss]
                });
                [Some(step), evaluated]
            })
            .flatten()
            .collect()
    };
    let first = losses(1, 7, false);
    assert!(first.windows(2).all(|pair| (0..3).all(|i| pair[0][i] != pair[1][i])), "{first:?}");
    assert_eq!(losses(3, 7, false), first);
    let other = losses(1, 8, false);
    assert!(first.iter().zip(&other).all(|(a, b)| a[1] != b[1] && a[2] == b[2]), "{other:?}");
    // Evaluations draw too, new numbers each time, and do not affect training.
    let evaluated = losses(2, 7, true);
    assert_eq!(evaluated.iter().copied().step_by(2).collect::<Vec<_>>(), first);
    let evaluations: Vec<_> = evaluated.iter().skip(1).step_by(2).collect();
    assert!(evaluations.windows(2).all(|pair| pair[0][1] != pair[1][1] && pair[0][2] != pair[1][2]));
    assert_eq!(losses(1, 7, true), evaluated);
}

#[test]
fn nothing_is_trained_through_random_numbers() {
    let mut model = Draws::new(1);
    let before = model.dense.kernel.as_vec();
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    // Of the losses only that of `y` has a gradient.
    trainer
        .set_loss_weights(&DrawsPerOutput {
            y: 0.0,
            normal: 1.0,
            again: 1.0,
            uniform: 1.0,
            cut: 1.0,
            own: 1.0,
            twin: 1.0,
        })
        .expect("weights");
    trainer.train_on_batch(&inputs(5), &targets(5)).expect("a step");
    drop(trainer);
    assert_eq!(model.dense.kernel.as_vec(), before);
}

#[test]
fn files_are_saved_and_loaded() {
    let model = Draws::new(1);
    let path = std::env::temp_dir().join(format!("mimo_random_draws_{}.safetensors", std::process::id()));
    model.save(&path).expect("a file");
    let mut other = Draws::new(2);
    other.load_weights(&path).expect("the file");
    std::fs::remove_file(&path).expect("the file");
    let outputs = |model: &Draws| columns(&model.forward(&inputs(4)).expect("outputs"));
    assert_eq!(outputs(&model), outputs(&other));
}

const SPREAD: f64 = 0.8;

model! {
    Reparameterized {
        let x = Input(shape = [3]);
        let h = Dense(5, activation = tanh)(x);
        let mean = Dense(2)(h);
        let log_variance = Dense(2)(h);
        let z = mean + exp(0.5 * log_variance) * random_normal(mean, stddev = crate::SPREAD);
        let y = Dense(3)(z * random_uniform(z, 0.5, 1.5, seed = 11));
        Model(inputs = [x], outputs = [y, z]).compile(optimizer = SGD(0.1), loss = mse)
    }
}

#[test]
fn gradients_through_what_is_drawn_are_right() {
    let check = Check { training: true, ..Check::default() };
    check_gradients(&mut Reparameterized::<f64>::build(1), check);
}
