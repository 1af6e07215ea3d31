use std::ops::ControlFlow;

use dfdx::tensor::{Cpu, ZerosTensor};
use dfdx::tensor_ops::MeanTo;

use super::*;
use crate::data::{ArrayDataset, from_fn};
use crate::predictor::Predictor;
use crate::progress::Verbose;
use crate::testing::{Classes, LEARNING_RATE, Lines, LinesInputs, LinesOutputs, LinesPerOutput, rows};

/// Samples of `slope = 2a − b + 0.5` and `pair = (a, b + 1)`.
fn data(n: usize) -> (LinesInputs, LinesOutputs) {
    let x: Vec<[f32; 2]> = (0..n).map(|i| [(i as f32 * 0.7).sin(), (i as f32 * 1.3).cos()]).collect();
    let slope: Vec<[f32; 1]> = x.iter().map(|[a, b]| [2.0 * a - b + 0.5]).collect();
    let pair: Vec<[f32; 2]> = x.iter().map(|[a, b]| [*a, b + 1.0]).collect();
    (LinesInputs { x: rows(&x) }, LinesOutputs { slope: rows(&slope), pair: rows(&pair) })
}

fn silent<'a>() -> FitOptions<'a, Lines> {
    FitOptions::new().verbose(Verbose::Silent)
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-5 * a.abs().max(b.abs()).max(1.0)
}

#[test]
fn a_linear_model_is_found() {
    let (inputs, targets) = data(64);
    let mut model = Lines::default();
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let history = trainer.fit((&inputs, &targets), silent().epochs(200).batch_size(8)).expect("a training");
    assert_eq!(history.epochs().len(), 200);
    assert!(history.last().expect("an epoch").train.loss < 1e-6, "{history}");
    let outputs = trainer.predict(&inputs).expect("outputs");
    assert!(outputs.slope.as_vec().iter().zip(targets.slope.as_vec()).all(|(y, t)| (y - t).abs() < 1e-3));
    drop(trainer);
    let found: Vec<f32> = model.weights.concat();
    for (found, wanted) in found.iter().zip([2.0, -1.0, 0.5, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0]) {
        assert!((found - wanted).abs() < 1e-3, "{found} {wanted}");
    }
    // The model has the weights: a predictor returns the same.
    let mut predictor = Predictor::new(&model).expect("a predictor");
    assert_eq!(predictor.predict(&inputs).expect("outputs").pair.as_vec(), outputs.pair.as_vec());
}

#[test]
fn one_step_is_what_the_formulas_say() {
    let inputs = LinesInputs { x: rows(&[[1.0, 2.0], [3.0, 4.0]]) };
    let targets = LinesOutputs { slope: rows(&[[1.0], [-1.0]]), pair: rows(&[[2.0, 0.0], [0.0, 4.0]]) };
    let mut model = Lines::default();
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let logs = trainer.train_on_batch(&inputs, &targets).expect("a step");
    // With zero weights: (1 + 1) / 2, and (4 + 0 + 0 + 16) / 4 weighted by 0.5.
    assert!(close(logs.slope.loss, 1.0) && close(logs.pair.loss, 5.0) && close(logs.loss, 3.5), "{logs:?}");
    assert!(close(logs.slope.mae, 1.0));
    // d/dk of the mean of (k·x + b − t)² is the mean of 2·(y − t)·x.
    let gradient = trainer.gradient("slope/kernel").expect("a weight");
    assert_eq!(gradient, [2.0, 2.0]);
    assert_eq!(trainer.gradient("pair/bias").expect("a weight"), [-0.5, -1.0]);
    assert_eq!(trainer.gradient("no/weight"), None);
    assert_eq!(trainer.steps(), 1);
    assert_eq!(trainer.model().weights[0], [2.0, 2.0].map(|g: f32| -(LEARNING_RATE as f32) * g));
}

#[test]
fn the_last_batch_counts_by_its_samples() {
    let (inputs, targets) = data(10);
    let mut model = Lines::default();
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let whole = trainer.evaluate((&inputs, &targets), 10).expect("losses");
    let parts = trainer.evaluate((&inputs, &targets), 4).expect("losses");
    assert!(close(whole.loss, parts.loss) && close(whole.slope.mae, parts.slope.mae));
    assert_eq!(whole.get("slope_mae"), Some(whole.slope.mae));
    let keys: Vec<&str> = whole.pairs().into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, ["loss", "slope_loss", "slope_mae", "pair_loss"]);
    // A learning rate of 0 does not change the weights, so an epoch of training measures the same.
    trainer.set_learning_rate(0.0).expect("a rate");
    let history = trainer.fit((&inputs, &targets), silent().batch_size(4)).expect("a training");
    assert_eq!(trainer.steps(), 3);
    assert!(close(history.epochs()[0].train.loss, whole.loss));
}

#[test]
fn a_validation_split_is_the_end_of_the_data_and_is_not_trained() {
    let (inputs, mut targets) = data(10);
    // The last two samples are very different from the others.
    let mut slope = targets.slope.as_vec();
    slope[8..].fill(1000.0);
    targets.slope.copy_from(&slope);
    let all = ArrayDataset::<Lines>::new(&inputs, &targets).expect("a data set");
    let (first, last) = (all.slice(0..8).expect("a part"), all.slice(8..10).expect("a part"));
    let fit = |split: bool| {
        let mut model = Lines::default();
        let mut trainer = Trainer::new(&mut model).expect("a trainer");
        let options = silent().epochs(3).batch_size(3);
        let history = if split {
            trainer.fit(&all, options.validation_split(0.2))
        } else {
            trainer.fit(&first, options.validation_data(&last))
        };
        let history = history.expect("a training");
        let evaluation = trainer.evaluate(&last, 32).expect("losses");
        (history, evaluation, trainer.weights())
    };
    let (split, evaluation, weights) = fit(true);
    let (data, _, same_weights) = fit(false);
    assert_eq!(weights, same_weights);
    assert_eq!(split.get("val_loss"), data.get("val_loss"));
    let validation = split.last().and_then(|epoch| epoch.validation).expect("a validation");
    assert_eq!(validation.loss.to_bits(), evaluation.loss.to_bits());
    assert!(validation.slope.mae > 900.0);
    assert!(split.epochs()[0].train.slope.mae < 10.0);
}

#[test]
fn seeds_and_threads() {
    let (inputs, targets) = data(50);
    let fit = |options: TrainerOptions, shuffle: bool| {
        let mut model = Lines::default();
        let mut trainer = Trainer::with_options(&mut model, options).expect("a trainer");
        trainer
            .fit((&inputs, &targets), silent().epochs(2).batch_size(7).shuffle(shuffle))
            .expect("a training");
        trainer.weights()
    };
    let options = TrainerOptions::new().threads(1);
    assert_eq!(fit(options.seed(1), true), fit(options.seed(1).threads(2), true));
    assert_ne!(fit(options.seed(1), true), fit(options.seed(2), true));
    assert_eq!(fit(options.seed(1), false), fit(options.seed(2), false));
}

#[test]
fn samples_that_weigh_nothing_teach_nothing() {
    let (inputs, mut targets) = data(8);
    let mut slope = targets.slope.as_vec();
    slope[3] = f32::NAN;
    targets.slope.copy_from(&slope);
    let mut weights = vec![1.0; 8];
    weights[3] = 0.0;
    let weights = LinesPerOutput { slope: Some(weights), pair: None };
    let mut model = Lines::default();
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let options = silent().epochs(300).batch_size(4);
    let history = trainer.fit((&inputs, &targets, &weights), options).expect("a training");
    let last = history.last().expect("an epoch");
    assert!(last.train.slope.loss < 1e-4 && last.not_finite.is_none(), "{last:?}");
    let error = trainer.fit((&inputs, &targets), silent().batch_size(8)).expect_err("a target is NaN");
    assert!(matches!(error, Error::NotFinite { name: "slope", row: 3 }), "{error}");
}

#[test]
fn divergence_is_reported_with_its_step() {
    let (inputs, targets) = data(8);
    let fit = |rate: f64, epochs: usize| {
        let mut model = Lines::default();
        let mut trainer = Trainer::new(&mut model).expect("a trainer");
        trainer.set_learning_rate(rate).expect("a finite rate");
        let history =
            trainer.fit((&inputs, &targets), silent().epochs(epochs).batch_size(4)).expect("a training");
        history.epochs().iter().map(|epoch| epoch.not_finite).collect::<Vec<_>>()
    };
    assert_eq!(fit(0.01, 2), [None, None]);
    // The first step takes the weights to 1e38, the second squares that.
    assert_eq!(fit(1e38, 2), [Some(1), Some(0)]);
    // The last step of the epoch: only the weights show it.
    let mut model = Lines::default();
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    trainer.set_learning_rate(3e38).expect("a finite rate");
    let history = trainer.fit((&inputs, &targets), silent().batch_size(8)).expect("a training");
    let epoch = history.last().expect("an epoch");
    assert!(epoch.train.loss.is_finite());
    assert!(!trainer.weights().concat().iter().all(|weight| weight.is_finite()));
    assert_eq!(epoch.not_finite, Some(0));
}

#[test]
fn numbers_that_are_none_are_refused_by_the_setters() {
    let mut model = Lines::default();
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    // 1e39 is infinite in the precision of the model.
    for rate in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1e-3, 1e39] {
        let error = trainer.set_learning_rate(rate).expect_err("no rate");
        assert!(error.to_string().contains("learning rate"), "{error}");
    }
    assert_eq!(trainer.learning_rate(), LEARNING_RATE);
    for weight in [f64::NAN, f64::INFINITY, -1e39] {
        let error = trainer.set_loss_weights(&LinesPerOutput { slope: 2.0, pair: weight });
        let error = error.expect_err("no weight");
        assert!(matches!(error, Error::LossWeight { output: "pair", .. }), "{error}");
    }
    assert_eq!(trainer.loss_weights(), LinesPerOutput { slope: 1.0, pair: 0.5 });
    trainer.set_loss_weights(&LinesPerOutput { slope: -1.0, pair: 0.0 }).expect("a loss to make larger");
    trainer.set_learning_rate(0.0).expect("a step that only measures");
}

#[test]
fn data_sets_that_say_they_are_endless_are_no_memory() {
    let endless = from_fn::<Lines, _>(1 << 60, |_, _| Ok(()));
    let (inputs, targets) = data(4);
    let mut model = Lines::default();
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    assert!(matches!(trainer.fit(&endless, silent()), Err(Error::Memory { .. })));
    assert!(matches!(trainer.fit(&endless, silent().validation_split(0.5)), Err(Error::Memory { .. })));
    let options = silent().validation_data(&endless);
    assert!(matches!(trainer.fit((&inputs, &targets), options), Err(Error::Memory { .. })));
    assert!(matches!(trainer.evaluate(&endless, 32), Err(Error::Memory { .. })));
    assert_eq!(trainer.steps(), 0);
}

#[test]
fn validation_data_without_samples_is_an_error_before_the_first_step() {
    let (inputs, targets) = data(4);
    let (no_inputs, no_targets) = data(0);
    let all = ArrayDataset::<Lines>::new(&inputs, &targets).expect("a data set");
    let none = all.select([]).expect("an empty selection");
    let endless = from_fn::<Lines, _>(0, |_, _| Ok(()));
    let mut model = Lines::default();
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    for options in [
        silent().validation_data(&none),
        silent().validation_data(&endless),
        silent().validation_data((&no_inputs, &no_targets)),
    ] {
        let error = trainer.fit(&all, options).expect_err("nothing to validate with");
        assert_eq!(error.to_string(), "the validation data have no samples; at least one is needed");
    }
    assert!(matches!(trainer.fit(&none, silent()), Err(Error::NoData)));
    assert!(matches!(trainer.evaluate(&none, 4), Err(Error::NoData)));
    // Data in memory, also for validation, is checked completely before the first step.
    let bad = LinesInputs { x: rows(&[[0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, f32::INFINITY]]) };
    let bad = ArrayDataset::<Lines>::new(&bad, &targets).expect("a data set");
    assert!(matches!(
        trainer.fit(&all, silent().validation_data(&bad)),
        Err(Error::NotFinite { row: 3, .. })
    ));
    assert!(matches!(trainer.fit(&bad, silent().batch_size(1)), Err(Error::NotFinite { row: 3, .. })));
    assert_eq!(trainer.steps(), 0);
}

#[test]
fn too_many_threads_are_not_started() {
    let mut model = Lines::default();
    let available = std::thread::available_parallelism().map_or(1, usize::from);
    let options = TrainerOptions::new().threads(100_000);
    let trainer = Trainer::with_options(&mut model, options).expect("a trainer");
    assert!(trainer.engine.threads() <= available.max(crate::engine::MAX_THREADS));
    drop(trainer);
    assert!(Predictor::with_threads(&model, usize::MAX).is_ok());
}

#[test]
fn loss_weights_can_be_set() {
    let (inputs, targets) = data(8);
    let mut model = Lines::default();
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    assert_eq!(trainer.loss_weights(), LinesPerOutput { slope: 1.0, pair: 0.5 });
    trainer.set_loss_weights(&LinesPerOutput { slope: 0.0, pair: 3.0 }).expect("weights");
    let logs = trainer.train_on_batch(&inputs, &targets).expect("a step");
    assert!(close(logs.loss, 3.0 * logs.pair.loss));
    assert_eq!(trainer.gradient("slope/kernel"), Some(vec![0.0; 2]));
}

#[test]
fn only_optimizer_has_no_key() {
    let mut model = Lines::default();
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let error = trainer.set_learning_rate_of("encoder", 0.1).expect_err("no key");
    assert_eq!(
        error.to_string(),
        "the model has no optimizer `encoder`: it has one optimizer, without a key"
    );
    assert!(matches!(trainer.learning_rate_of("encoder"), Err(Error::NoSuchOptimizer { .. })));
}

#[test]
fn closures_watch_and_stop() {
    let (inputs, targets) = data(8);
    let mut model = Lines::default();
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let mut seen = vec![];
    let options = silent().epochs(10).initial_epoch(2).validation_split(0.25).validation_freq(2);
    let options = options.on_epoch_end(|trainer, logs| {
        trainer.set_learning_rate(trainer.learning_rate() / 2.0)?;
        seen.push((logs.epoch, logs.get("val_slope_mae").is_some(), logs.learning_rate));
        Ok(if logs.epoch == 4 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    });
    let history = trainer.fit((&inputs, &targets), options).expect("a training");
    assert_eq!(history.epochs().len(), 3);
    assert_eq!(history.get("loss").map(|values| values.len()), Some(3));
    assert_eq!(history.get("val_loss").map(|values| values.len()), Some(1));
    assert_eq!(seen, [(2, false, 0.1), (3, true, 0.05), (4, false, 0.025)]);
    // An error of a closure ends training; a closure that cannot fail returns no `Result`.
    let options = silent().epochs(3).on_epoch_end(|trainer, _| {
        trainer.set_learning_rate(f64::NAN)?;
        Ok(ControlFlow::Continue(()))
    });
    assert!(matches!(trainer.fit((&inputs, &targets), options), Err(Error::LearningRate { .. })));
    let options = silent().epochs(3).on_epoch_end(|_, _| ControlFlow::Break(()));
    assert_eq!(trainer.fit((&inputs, &targets), options).expect("a training").epochs().len(), 1);
}

#[test]
fn a_model_without_a_custom_output_takes_no_custom_loss() {
    let (inputs, targets) = data(6);
    let mut model = Lines::default();
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let joint = trainer.add_loss("joint", |outputs, _| Ok(outputs.pair.square().mean()));
    assert!(matches!(joint, Err(Error::UnusedCustomLoss { model: "Lines" })));
    trainer.set_loss(|outputs, targets| Ok((outputs.pair - targets.pair.clone()).square().mean()));
    let error = trainer.train_on_batch(&inputs, &targets).expect_err("no output has a custom loss");
    assert!(matches!(error, Error::UnusedCustomLoss { model: "Lines" }));
    trainer.clear_loss();
    trainer.train_on_batch(&inputs, &targets).expect("a step");
}

#[test]
fn weights_are_kept_and_brought_back() {
    let (inputs, targets) = data(6);
    let mut model = Lines::default();
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    trainer.train_on_batch(&inputs, &targets).expect("a step");
    let kept = trainer.weights();
    trainer.train_on_batch(&inputs, &targets).expect("a step");
    assert_ne!(trainer.weights(), kept);
    trainer.set_weights(&kept).expect("the weights fit");
    assert_eq!(trainer.model().weights.to_vec(), kept);
    let error = trainer.set_weights(&kept[1..]).expect_err("one is missing");
    assert_eq!(error.to_string(), "values for 3 weights were given, but the model has 4 weights");
    let longer = [kept.clone(), vec![vec![1.0]]].concat();
    assert!(matches!(trainer.set_weights(&longer), Err(Error::WeightCount { len: 5, wanted: 4 })));
    let mut other = kept.clone();
    other[2].pop();
    let error = trainer.set_weights(&other).expect_err("a value is missing");
    assert_eq!(error.to_string(), "3 values were given for the weight `pair/kernel`, which holds 4");
    assert_eq!(trainer.weights(), kept);
}

#[test]
fn data_can_come_from_a_function() {
    let (inputs, targets) = data(6);
    let arrays = ArrayDataset::<Lines>::new(&inputs, &targets).expect("a data set");
    let x = inputs.x.as_vec();
    let function = from_fn::<Lines, _>(6, |rows, batch| {
        for (to, row) in batch.input(0).chunks_exact_mut(2).zip(rows) {
            to.copy_from_slice(&x[2 * row..2 * row + 2]);
        }
        for (to, row) in batch.target(0).iter_mut().zip(rows) {
            *to = 2.0 * x[2 * row] - x[2 * row + 1] + 0.5;
        }
        for (to, row) in batch.target(1).chunks_exact_mut(2).zip(rows) {
            to.copy_from_slice(&[x[2 * row], x[2 * row + 1] + 1.0]);
        }
        Ok(())
    });
    let mut model = Lines::default();
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let expected = trainer.evaluate(&arrays, 4).expect("losses");
    let found = trainer.evaluate(&function, 4).expect("losses");
    assert_eq!(found.pairs(), expected.pairs());
    let broken = from_fn::<Lines, _>(6, |_, _| Err(Error::other("the disk is gone")));
    let error = trainer.fit(&broken, silent()).expect_err("no data");
    assert_eq!(error.to_string(), "the disk is gone");
}

#[test]
fn steps_on_chosen_rows() {
    let (inputs, targets) = data(6);
    let arrays = ArrayDataset::<Lines>::new(&inputs, &targets).expect("a data set");
    let mut model = Lines::default();
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let logs = trainer.train_on_rows(&arrays, &[5, 0]).expect("a step");
    drop(trainer);
    let mut same = Lines::default();
    let mut trainer = Trainer::new(&mut same).expect("a trainer");
    let part = arrays.select([5, 0]).expect("a part");
    let history = trainer.fit(&part, silent().shuffle(false)).expect("a training");
    assert_eq!(history.epochs()[0].train, logs);
    drop(trainer);
    assert_eq!(model.weights, same.weights);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    assert!(matches!(trainer.train_on_rows(&arrays, &[]), Err(Error::NoData)));
    assert!(matches!(trainer.train_on_rows(&arrays, &[6]), Err(Error::NoSuchRow { row: 6, rows: 6 })));
}

#[test]
fn what_cannot_be_is_an_error() {
    let (inputs, targets) = data(6);
    let mut model = Lines::default();
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let mut fit = |options| trainer.fit((&inputs, &targets), options).map(|_| ());
    assert!(matches!(fit(silent().batch_size(0)), Err(Error::BatchSize)));
    assert!(matches!(fit(silent().validation_batch_size(0)), Err(Error::BatchSize)));
    assert!(matches!(fit(silent().validation_split(1.0)), Err(Error::ValidationSplit { .. })));
    let (_, fewer) = data(5);
    assert!(matches!(fit(silent().validation_data((&inputs, &fewer))), Err(Error::RowsDiffer { .. })));
    assert!(fit(silent().epochs(0)).is_ok());
    assert!(matches!(trainer.evaluate((&inputs, &targets), 0), Err(Error::BatchSize)));
    assert!(matches!(Trainer::new(&mut Classes), Err(Error::NoOptimizer)));
}

#[test]
fn predictions_of_any_number_of_samples() {
    let (inputs, _) = data(300);
    let model = Lines { weights: [vec![2.0, -1.0], vec![0.5], vec![1.0, 0.0, 0.0, 1.0], vec![0.0, 1.0]] };
    let mut predictor = Predictor::with_threads(&model, 1).expect("a predictor");
    let all = predictor.predict(&inputs).expect("outputs");
    assert_eq!(all.pair.as_vec().len(), 600);
    assert!((all.slope.as_vec()[0] - (2.0 * 0.0 - 1.0 + 0.5)).abs() < 1e-6);
    let mut into = all.clone();
    into.slope = Cpu::default().zeros_like(&into.slope);
    predictor.predict_into(&inputs, &mut into).expect("outputs");
    assert_eq!(into.slope.as_vec(), all.slope.as_vec());
    let (few, _) = data(3);
    assert!(matches!(predictor.predict_into(&few, &mut into), Err(Error::OutputLength { .. })));
    let (none, _) = data(0);
    // dfdx cannot read a tensor without values, so there is none to read.
    assert!(matches!(predictor.predict(&none), Err(Error::NoData)));
    assert!(matches!(predictor.predict_into(&none, &mut into), Err(Error::NoData)));
    let mut model = model;
    assert!(matches!(Trainer::new(&mut model).expect("a trainer").predict(&none), Err(Error::NoData)));
    assert!(matches!(crate::predictor::forward::<Lines, LinesOutputs>(&model, &none), Err(Error::NoData)));
    // A NaN affects only the outputs of its own sample.
    let some = LinesInputs { x: rows(&[[f32::NAN, 0.0], [0.0, 1.0]]) };
    let outputs =
        Predictor::new(&model).and_then(|mut it| it.predict(&some)).expect("outputs").slope.as_vec();
    assert!(outputs[0].is_nan() && outputs[1] == -0.5, "{outputs:?}");
}

#[test]
fn steps_do_not_allocate() {
    let (inputs, targets) = data(70);
    let arrays = ArrayDataset::<Lines>::new(&inputs, &targets).expect("a data set");
    let rows: Vec<usize> = (0..70).collect();
    let mut model = Lines::default();
    // One thread, because allocations are counted by thread.
    let mut trainer = Trainer::with_options(&mut model, TrainerOptions::new().threads(1)).expect("a trainer");
    let mut allocations = |work: &mut dyn FnMut(&mut Trainer<'_, Lines>)| {
        work(&mut trainer);
        allocation_counter::measure(|| work(&mut trainer)).count_total
    };
    assert_eq!(allocations(&mut |trainer| drop(trainer.train_on_batch(&inputs, &targets))), 0);
    assert_eq!(allocations(&mut |trainer| drop(trainer.train_on_rows(&arrays, &rows[..32]))), 0);
    // An epoch allocates for its logs, but nothing for its steps.
    let mut epoch =
        |batch_size| allocations(&mut |trainer| drop(trainer.fit(&arrays, silent().batch_size(batch_size))));
    assert_eq!(epoch(70), epoch(1));
    // Neither do steps with weights that are frozen or have their own learning rate.
    trainer.freeze_by_name("slope/kernel").expect("a part");
    trainer.set_learning_rate_factor_by_name("pair", 0.5).expect("a part");
    let mut allocations = |work: &mut dyn FnMut(&mut Trainer<'_, Lines>)| {
        allocation_counter::measure(|| work(&mut trainer)).count_total
    };
    assert_eq!(allocations(&mut |trainer| drop(trainer.train_on_batch(&inputs, &targets))), 0);
    drop(trainer);
    let mut predictor = Predictor::with_threads(&model, 1).expect("a predictor");
    let mut outputs = predictor.predict(&inputs).expect("outputs");
    let counted = allocation_counter::measure(|| drop(predictor.predict_into(&inputs, &mut outputs)));
    assert_eq!(counted.count_total, 0);
}
