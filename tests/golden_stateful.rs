//! Stateful recurrent layers compared with Keras's numbers, and their errors.

// Exported models of a crate are exported here too.
#![allow(unreachable_pub)]

mod support;

use mimo::TrainerOptions;
use mimo::callback::Callback;
use mimo::dfdx::prelude::*;
use mimo::prelude::{Error, FitOptions, Model, Predictor, Trainer, Verbose, model, tensor};
use serde_json::Value;
use support::{F32, F64, Real, Tolerance, assert_close, golden, narrow, numbers, set_weights, wide};

model! {
    Inner {
        let x = Input(shape = [3, 3]);
        let (y, h) = GRU(2, stateful = true, return_state = true, reset_after = false)(x);
        let end = concatenate([y, h]);
        Model(inputs = [x], outputs = [end])
    }
}

model! {
    Stream {
        use Inner;

        let x = Input(shape = [3, 2]);
        let (a, h, c) = LSTM(3, stateful = true, return_sequences = true, return_state = true)(x);
        let both = Bidirectional(GRU(2, stateful = true))(a);
        let twice = SimpleRNN(3, stateful = true, return_sequences = true);
        let b = twice(twice(a));
        let begun = LSTM(3, stateful = true)(b, initial_state = [h, c]);
        let y = Dense(2)(concatenate([both, Inner()(b), begun]));
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(learning_rate = 0.1), loss = mse)
    }
}

/// A weight by its name in mimo; Keras creates the layers in another order.
fn weight(case: &Value, name: &str) -> Vec<f64> {
    let (layer, weight) = name.rsplit_once('/').expect("a layer and its weight");
    let layer = match layer {
        "lstm" => "lstm/lstm_cell",
        "simple_rnn" => "simple_rnn/simple_rnn_cell",
        "bidirectional/forward_gru" => "bidirectional/forward_gru/gru_cell",
        "bidirectional/backward_gru" => "bidirectional/backward_gru/gru_cell",
        "inner/gru" => "gru_1/gru_cell",
        "lstm_1" => "lstm_1/lstm_cell",
        "y" => "dense",
        other => panic!("no layer `{other}`"),
    };
    numbers(support::entry(&case["weights"], "path", &format!("{layer}/{weight}")))
}

fn inputs<E: Real>(case: &Value, batch: usize) -> StreamInputs<usize, E>
where
    Cpu: Device<E>,
{
    StreamInputs { x: tensor(narrow::<E>(&numbers(&case["batches"][batch]))).expect("a batch") }
}

fn model<E: Real>(case: &Value) -> Stream<E>
where
    Cpu: Device<E>,
{
    let mut model = Stream::<E>::build(1);
    set_weights(&mut model, |name, _| weight(case, name));
    model
}

/// Repeats all of Keras's calls, in order.
fn check<E: Real>(tolerance: Tolerance, threads: usize)
where
    Cpu: Device<E>,
{
    let case = &golden("stateful.json");
    let mut model = model::<E>(case);
    let options = TrainerOptions::new().threads(threads);
    let mut trainer = Trainer::with_options(&mut model, options).expect("a trainer");
    for (at, done) in case["done"].as_array().expect("calls").iter().enumerate() {
        let batch = done["batch"].as_u64().expect("a batch") as usize;
        let (inputs, does) = (inputs::<E>(case, batch), done["does"].as_str().expect("a call"));
        let targets =
            || StreamTargets { y: tensor(narrow::<E>(&numbers(&case["targets"][batch]))).expect("targets") };
        let found = match does {
            "predict" => wide(&trainer.predict(&inputs).expect("outputs").y.as_vec()),
            "train" => vec![trainer.train_on_batch(&inputs, &targets()).expect("a step").loss],
            "test" => vec![trainer.evaluate((&inputs, &targets()), 2).expect("losses").logs.loss],
            _ => {
                trainer.reset_state();
                continue;
            }
        };
        assert_close(&format!("call {at}, {does}"), &found, &numbers(&done["gives"]), tolerance);
    }
}

#[test]
fn in_f32() {
    check::<f32>(F32, 1);
}

#[test]
fn in_f64() {
    check::<f64>(F64, 2);
}

/// A predictor has its own states, and a model's own `forward` has none.
#[test]
fn a_stream_goes_on_until_it_is_reset() {
    let case = &golden("stateful.json");
    let model = model::<f64>(case);
    let wanted = |call: usize| numbers(&case["done"][call]["gives"]);
    let mut predictor = Predictor::new(&model).expect("a predictor");
    let mut others = Predictor::new(&model).expect("a predictor");
    for round in 0..2 {
        for batch in 0..3 {
            let found = predictor.predict(&inputs(case, batch)).expect("outputs").y;
            assert_close(
                &format!("round {round}, batch {batch}"),
                &wide(&found.as_vec()),
                &wanted(batch),
                F64,
            );
        }
        let alone = model.forward(&inputs(case, 0)).expect("outputs").y;
        assert_close("alone", &wide(&alone.as_vec()), &wanted(0), F64);
        predictor.reset_state();
    }
    let found = others.predict(&inputs(case, 0)).expect("outputs").y;
    assert_close("another predictor", &wide(&found.as_vec()), &wanted(0), F64);
}

/// So many samples that they take several rounds, each as if it were alone.
#[test]
fn samples_do_not_meet() {
    const ROWS: usize = 600;
    let model = Stream::<f64>::build(3);
    let value = |at: usize| ((at * 7919) % 997) as f64 / 500.0 - 1.0;
    let batch = |step: usize, rows: std::ops::Range<usize>| {
        let values: Vec<f64> = (rows.start * 6..rows.end * 6).map(|at| value(at + step * 4111)).collect();
        StreamInputs { x: tensor(values).expect("a batch") }
    };
    let mut all = Predictor::with_threads(&model, 3).expect("a predictor");
    let mut one = Predictor::new(&model).expect("a predictor");
    let found: Vec<Vec<f64>> =
        (0..3).map(|step| all.predict(&batch(step, 0..ROWS)).expect("outputs").y.as_vec()).collect();
    for row in [0, 255, 256, 511, ROWS - 1] {
        one.reset_state();
        for (step, found) in found.iter().enumerate() {
            let alone = one.predict(&batch(step, row..row + 1)).expect("outputs").y.as_vec();
            assert_close(&format!("row {row}, step {step}"), &found[row * 2..row * 2 + 2], &alone, F64);
        }
    }
}

#[test]
fn batches_are_of_one_size() {
    let case = &golden("stateful.json");
    let mut model = model::<f32>(case);
    let rows = |rows: usize| StreamInputs { x: tensor(vec![0.5; rows * 6]).expect("samples") };
    let targets = |rows: usize| StreamTargets { y: tensor(vec![0.5; rows * 2]).expect("targets") };
    let mut predictor = Predictor::new(&model).expect("a predictor");
    predictor.predict(&rows(2)).expect("outputs");
    let error = predictor.predict(&rows(3)).expect_err("another size");
    assert_eq!(
        error.to_string(),
        "a batch of 3 samples cannot continue the states of 2 samples: use batches of one size that divides the number of \
         samples, or call `reset_state()` before the one of another size"
    );
    predictor.reset_state();
    predictor.predict(&rows(3)).expect("outputs");
    drop(predictor);

    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let options = || FitOptions::new().epochs(2).batch_size(2).verbose(Verbose::Silent);
    let fitted = trainer.fit((&rows(4), &targets(4)), options());
    assert!(matches!(fitted, Err(Error::StatefulShuffle)), "{fitted:?}");
    let fitted = trainer.fit((&rows(5), &targets(5)), options().shuffle(false));
    assert!(matches!(fitted, Err(Error::StatefulRows { rows: 1, wanted: 2 })), "{fitted:?}");
    // Validation continues from the states of the epoch: before the first step it is known that it cannot.
    let steps = trainer.steps();
    let fitted = trainer.fit(
        (&rows(4), &targets(4)),
        options().shuffle(false).validation_data((&rows(4), &targets(4))).validation_batch_size(4),
    );
    assert!(matches!(fitted, Err(Error::StatefulRows { rows: 4, wanted: 2 })), "{fitted:?}");
    let fitted = trainer
        .fit((&rows(4), &targets(4)), options().shuffle(false).validation_data((&rows(3), &targets(3))));
    assert!(matches!(fitted, Err(Error::StatefulRows { rows: 1, wanted: 2 })), "{fitted:?}");
    assert_eq!(trainer.steps(), steps);
    trainer.fit((&rows(4), &targets(4)), options().shuffle(false)).expect("a history");
    let step = trainer.train_on_batch(&rows(3), &targets(3));
    assert!(matches!(step, Err(Error::StatefulRows { rows: 3, wanted: 2 })), "{step:?}");
    assert!(trainer.evaluate((&rows(4), &targets(4)), 4).is_err());
}

/// Begins every epoch with zeros.
struct Fresh;

impl Callback<Stream<f32>> for Fresh {
    fn on_epoch_begin(&mut self, trainer: &mut Trainer<'_, Stream<f32>>, _: usize) -> Result<(), Error> {
        trainer.reset_state();
        Ok(())
    }
}

#[test]
fn epochs_go_on_unless_they_are_reset() {
    let inputs =
        StreamInputs { x: tensor((0..24).map(|at| at as f32 / 24.0).collect::<Vec<_>>()).expect("samples") };
    let targets = StreamTargets { y: tensor(vec![0.5; 8]).expect("targets") };
    let fit = |fresh: bool| {
        let mut model = Stream::<f32>::build(4);
        let mut trainer = Trainer::new(&mut model).expect("a trainer");
        trainer.set_learning_rate(0.0).expect("a rate");
        let options = FitOptions::new().epochs(2).batch_size(2).shuffle(false).verbose(Verbose::Silent);
        let options = if fresh { options.callback(Fresh) } else { options };
        let history = trainer.fit((&inputs, &targets), options).expect("a history");
        [0, 1].map(|epoch| history.epochs()[epoch].train.loss)
    };
    let [first, second] = fit(true);
    assert_eq!(first, second);
    let [first, second] = fit(false);
    assert_ne!(first, second);
}

#[test]
fn states_are_no_weights() {
    assert!(<Stream>::SPEC.weights.iter().all(|weight| !weight.name.contains("state")));
    // Of four layers and a pair: one state each, and a cell state for LSTMs.
    assert_eq!(<Stream as Model>::STATES.len(), 2 + 2 + 1 + 1 + 2);
}
