//! Averages of weights over epochs, and moving statistics that match them.
#![allow(missing_docs, reason = "models of tests need no documentation")]

use std::ops::ControlFlow;

use mimo::callback::{Callback, CallbackStates, Moment};
use mimo::callbacks::StochasticWeightAveraging;
use mimo::data::ArrayDataset;
use mimo::prelude::*;

model! {
    Normalized {
        let x = Input(shape = [3]);
        let h = BatchNormalization(name = "norm")(x);
        let h = Dense(4, activation = relu)(h);
        let y = Dense(1)(BatchNormalization()(h));
        Model(inputs = [x], outputs = [y]).compile(optimizer = Adam(0.02), loss = mse)
    }
}

const ROWS: usize = 26;

fn values() -> Vec<f32> {
    (0..ROWS * 3).map(|at| (at as f32 * 0.37).sin() * 2.0 + 1.0).collect()
}

fn data() -> ArrayDataset<Normalized> {
    let inputs = NormalizedInputs { x: tensor(values()).expect("samples") };
    let targets = (0..ROWS).map(|row| (row as f32 * 0.11).cos()).collect::<Vec<_>>();
    let targets = NormalizedTargets { y: tensor(targets).expect("samples") };
    ArrayDataset::new(&inputs, &targets).expect("sound samples")
}

fn options<'a>() -> FitOptions<'a, Normalized> {
    FitOptions::new().epochs(5).batch_size(8).verbose(Verbose::Silent)
}

/// Mean and variance of a channel in each of the full batches, and their means.
fn statistics(channel: usize) -> [f64; 2] {
    let values = values();
    let batches = values[..24 * 3].chunks(8 * 3).map(|batch| {
        let channel: Vec<f64> = batch.iter().skip(channel).step_by(3).map(|x| f64::from(*x)).collect();
        let mean = channel.iter().sum::<f64>() / 8.0;
        [mean, channel.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 8.0]
    });
    batches.fold([0.0; 2], |[a, b], [mean, variance]| [a + mean / 3.0, b + variance / 3.0])
}

#[test]
fn statistics_are_the_means_of_those_of_the_batches() {
    let mut model = Normalized::new(1);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    // Earlier statistics do not count.
    let mut weights = trainer.weights();
    weights[2] = vec![f32::INFINITY; 3];
    trainer.set_weights(&weights).expect("set");
    trainer.measure_statistics(&data(), 8).expect("measured");
    assert_eq!(trainer.steps(), 0);
    let after = trainer.weights();
    for (channel, (mean, variance)) in after[2].iter().zip(&after[3]).enumerate() {
        for (found, wanted) in [*mean, *variance].into_iter().zip(statistics(channel)) {
            assert!((f64::from(found) - wanted).abs() < 1e-6, "{found} {wanted}");
        }
    }
    let trained = |weights: &[Vec<f32>]| [&weights[..2], &weights[4..6]].concat();
    assert_eq!(trained(&after), trained(&weights));
    // A frozen layer keeps its own.
    trainer.freeze(|model| &model.norm).expect("a part");
    trainer.set_weights(&weights).expect("set");
    trainer.measure_statistics(&data(), 8).expect("measured");
    assert_eq!(trainer.weights()[2], weights[2]);
}

/// Keeps the weights at the ends of epochs, and a checkpoint.
#[derive(Default)]
struct Keep {
    weights: Vec<Vec<Vec<f32>>>,
    checkpoint: Option<std::path::PathBuf>,
}

impl Callback<Normalized> for Keep {
    fn on_epoch_end(
        &mut self,
        trainer: &mut Trainer<'_, Normalized>,
        _: &EpochLogs<Normalized>,
    ) -> Result<ControlFlow<()>> {
        self.weights.push(trainer.weights());
        Ok(ControlFlow::Continue(()))
    }

    fn on_checkpoint(
        &mut self,
        trainer: &mut Trainer<'_, Normalized>,
        moment: Moment,
        others: &CallbackStates<'_, '_, Normalized>,
    ) -> Result<()> {
        match &self.checkpoint {
            Some(path) if moment == (Moment::Epoch { epoch: 3 }) => {
                trainer.save_checkpoint_with(path, others)
            }
            _ => Ok(()),
        }
    }
}

#[test]
fn weights_become_the_means_of_the_last_epochs() {
    let data = data();
    let path = std::env::temp_dir().join(format!("mimo-averaging-{}", std::process::id()));
    let mut keep = Keep { checkpoint: Some(path.clone()), ..Keep::default() };
    let mut model = Normalized::new(1);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    trainer
        .fit(&data, options().callback(StochasticWeightAveraging::new(2)).callback(&mut keep))
        .expect("a training");
    let found = trainer.weights();
    for (index, found) in found.iter().enumerate() {
        for (at, found) in found.iter().enumerate() {
            let mean =
                keep.weights[2..].iter().map(|weights| f64::from(weights[index][at])).sum::<f64>() / 3.0;
            assert!((f64::from(*found) - mean).abs() < 1e-6, "{index} {at}: {found} {mean}");
        }
    }
    drop(trainer);

    // With matching statistics; bit-identical if resumed from a checkpoint.
    let run = |resume: bool| {
        let mut model = Normalized::new(if resume { 7 } else { 1 });
        let mut trainer = Trainer::new(&mut model).expect("a trainer");
        if resume {
            trainer.load_checkpoint(&path).expect("loaded");
        }
        let options = options().callback(StochasticWeightAveraging::new(2).statistics_of(&data, 8));
        trainer.fit(&data, options).expect("a training");
        trainer.weights()
    };
    let whole = run(false);
    assert_eq!(run(true), whole);
    assert_eq!(whole[0], found[0]);
    assert!((f64::from(whole[2][1]) - statistics(1)[0]).abs() < 1e-6);
    assert_ne!(whole[3], found[3]);
    std::fs::remove_file(&path).expect("removed");
}
