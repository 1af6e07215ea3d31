mod checks;
mod hooks;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::*;
use crate::callback::{BatchLogs, Callback, FitPlan};
use crate::history::{EpochLogs, Evaluation, History};
use crate::progress::Verbose;
use crate::testing::{LEARNING_RATE, Lines, LinesOutputs, LinesPerOutput, data, epoch_logs, golden, rows};
use crate::trainer::{FitOptions, Trainer};

type Flow = Result<ControlFlow<()>, Error>;

/// Two epochs of two steps of 4 samples, validated by 3 batches.
fn options<'a>() -> FitOptions<'a, Lines> {
    FitOptions::new()
        .verbose(Verbose::Silent)
        .epochs(2)
        .batch_size(4)
        .validation_split(0.4)
        .validation_batch_size(2)
}

fn fit(options: FitOptions<'_, Lines>) -> Result<History<Lines>, Error> {
    let (inputs, targets) = data(14);
    Trainer::new(&mut Lines::default())?.fit((&inputs, &targets), options)
}

/// A folder of its own for a test.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("mimo-callbacks-{}-{test}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("a path").into()
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("a folder");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
            .collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Feeds a callback with epochs whose validation gave these values, until it stops; the weights of epoch `n` are `n`.
fn feed(
    callback: &mut impl Callback<Lines>,
    values: &[f64],
    mut after: impl FnMut(&Trainer<'_, Lines>),
) -> usize {
    let table = crate::logs::LogTable::new(spec::<Lines>(), &[], &[]);
    let mut plan = FitPlan {
        epochs: values.len(),
        initial_epoch: 0,
        batch_size: 1,
        steps: 1,
        samples: 1,
        validation_samples: 1,
        table: &table,
        clock: None,
    };
    let mut model = Lines::default();
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    callback.prepare(&mut plan).expect("a sound callback");
    callback.on_train_begin(&mut trainer).expect("a beginning");
    let mut epochs = 0;
    for (epoch, value) in values.iter().enumerate() {
        let weights: Vec<Vec<f32>> =
            trainer.weights().into_iter().map(|it| vec![epoch as f32; it.len()]).collect();
        trainer.set_weights(&weights).expect("weights");
        epochs += 1;
        let flow = callback.on_epoch_end(&mut trainer, &epoch_logs(epoch, 0.0, *value)).expect("an end");
        after(&trainer);
        if flow.is_break() {
            break;
        }
    }
    callback.on_train_end(&mut trainer).expect("an end");
    after(&trainer);
    epochs
}

fn mode(case: &Value) -> Mode {
    if case["mode"] == "max" { Mode::Max } else { Mode::Min }
}

fn values(case: &Value, key: &str) -> Vec<f64> {
    case[key].as_array().expect(key).iter().map(|value| value.as_f64().expect("a number")).collect()
}

fn count(case: &Value, key: &str) -> usize {
    case[key].as_u64().expect(key) as usize
}

#[test]
fn early_stopping_is_keras_s() {
    let golden = golden("callbacks.json");
    let cases = golden["stopping"].as_array().expect("cases");
    for case in cases {
        let mut callback = EarlyStopping::new("val_loss")
            .patience(count(case, "patience"))
            .min_delta(case["min_delta"].as_f64().expect("a number"))
            .mode(mode(case))
            .start_from_epoch(count(case, "start_from_epoch"))
            .restore_best_weights(true);
        if let Some(baseline) = case["baseline"].as_f64() {
            callback = callback.baseline(baseline);
        }
        let mut last = 0.0;
        let epochs = feed(&mut callback, &values(case, "values"), |trainer| last = trainer.weights()[0][0]);
        assert_eq!(epochs, count(case, "epochs"), "{case}");
        assert_eq!(callback.stopped_epoch().is_some(), case["stopped"].as_bool().expect("a flag"), "{case}");
        match case["restored"].as_u64() {
            Some(epoch) => {
                assert_eq!(last, epoch as f32, "{case}");
                assert_eq!(callback.best_epoch(), Some(epoch as usize), "{case}");
            }
            None => assert_eq!((callback.best_epoch(), last as usize), (None, epochs - 1), "{case}"),
        }
        assert_eq!(callback.best(), case["best"].as_f64(), "{case}");
    }
    assert!(cases.len() >= 200);
}

#[test]
fn plateaus_are_keras_s() {
    let golden = golden("callbacks.json");
    for case in golden["plateau"].as_array().expect("cases") {
        let number = |key: &str| case[key].as_f64().expect(key);
        let mut callback = ReduceLROnPlateau::new("val_loss")
            .factor(number("factor"))
            .patience(count(case, "patience"))
            .min_delta(number("min_delta"))
            .mode(mode(case))
            .cooldown(count(case, "cooldown"))
            .min_lr(number("min_lr"));
        let mut rates = vec![];
        feed(&mut callback, &values(case, "values"), |trainer| rates.push(trainer.learning_rate()));
        rates.pop();
        for (found, wanted) in rates.iter().zip(values(case, "rates")) {
            assert!((found - wanted).abs() < 1e-12, "{case}: {rates:?}");
        }
        assert_eq!(rates.len(), values(case, "rates").len());
    }
}

#[test]
fn one_of_several_monitors_is_enough() {
    // `val_loss` and `val_slope_mae` are equal here, and `loss` is always 0.
    let mut only = EarlyStopping::new("loss").patience(2);
    assert_eq!(feed(&mut only, &[4.0, 3.0, 2.0, 1.0], |_| {}), 3);
    let mut both = EarlyStopping::new(["loss", "val_loss"]).patience(2).restore_best_weights(true);
    assert_eq!(feed(&mut both, &[4.0, 3.0, 2.0, 1.0], |_| {}), 4);
    assert_eq!((both.best_epoch(), both.stopped_epoch()), (Some(0), None));
}

#[test]
fn a_nan_is_never_best() {
    let mut callback = EarlyStopping::new("val_loss").patience(3).restore_best_weights(true);
    let mut last = 0.0;
    feed(&mut callback, &[f64::NAN, 2.0, f64::NAN, 3.0], |trainer| last = trainer.weights()[0][0]);
    assert_eq!((callback.best_epoch(), callback.best(), last), (Some(1), Some(2.0), 1.0));
}

#[test]
fn learning_rates_follow_a_function() {
    let mut seen = vec![];
    let schedule = |epoch: usize, rate: f64| {
        seen.push((epoch, rate));
        rate / 2.0
    };
    let history = fit(options().callback(LearningRateScheduler::new(schedule))).expect("a training");
    let rates: Vec<f64> = history.epochs().iter().map(|epoch| epoch.learning_rate).collect();
    assert_eq!(rates, [LEARNING_RATE / 2.0, LEARNING_RATE / 4.0]);
    assert_eq!(seen, [(0, LEARNING_RATE), (1, LEARNING_RATE / 2.0)]);
    let wrong = fit(options().callback(LearningRateScheduler::new(|_, _| f64::NAN)));
    assert!(matches!(wrong, Err(Error::LearningRate { .. })));
}

#[test]
fn loss_weights_follow_a_function_or_a_list() {
    let weights = Arc::new(Mutex::new(vec![]));
    struct Seen(Arc<Mutex<Vec<f64>>>);
    impl Callback<Lines> for Seen {
        fn on_train_batch_end(&mut self, trainer: &mut Trainer<'_, Lines>, _: &BatchLogs<'_, Lines>) -> Flow {
            self.0.lock().expect("weights").push(trainer.loss_weights().pair);
            Ok(ControlFlow::Continue(()))
        }
    }
    let seen = || std::mem::take(&mut *weights.lock().expect("weights"));
    let function = |epoch, step| LinesPerOutput { slope: 1.0, pair: 10.0 * epoch as f64 + step as f64 };
    fit(options().callback(LossWeightScheduler::new(function)).callback(Seen(weights.clone())))
        .expect("a training");
    assert_eq!(seen(), [0.0, 1.0, 10.0, 11.0]);
    let list = [0.25, 0.75].map(|pair| LinesPerOutput { slope: 1.0, pair });
    fit(options().epochs(3).callback(LossWeightScheduler::by_epoch(list)).callback(Seen(weights.clone())))
        .expect("a training");
    assert_eq!(seen(), [0.25, 0.25, 0.75, 0.75, 0.75, 0.75]);
}

#[test]
fn checkpoints_are_written_and_the_last_are_kept() {
    let folder = Folder::new("checkpoints");
    let mut all = ModelCheckpoint::new(folder.path("sub/{epoch:02}-{val_loss:.3}.safetensors"));
    let history = fit(options().epochs(3).callback(&mut all)).expect("a training");
    let names: Vec<String> = history
        .epochs()
        .iter()
        .map(|epoch| {
            format!("{:02}-{:.3}.safetensors", epoch.epoch + 1, epoch.get("val_loss").expect("a loss"))
        })
        .collect();
    assert_eq!(Folder(folder.0.join("sub")).names(), names);
    // The last file has the weights of the last epoch.
    let folder = Folder::new("checkpoints");
    let mut last = ModelCheckpoint::new(folder.path("{epoch}-{batch}")).every_batches(3).keep_last(2);
    let (inputs, targets) = data(14);
    let mut model = Lines::default();
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    trainer.fit((&inputs, &targets), options().epochs(6).callback(&mut last)).expect("a training");
    // Of two steps an epoch, steps 3, 6, 9 and 12 are the first and the second of an epoch by turns.
    assert_eq!(folder.names(), ["5-1", "6-2"]);
    let mut loaded = Lines::default();
    crate::file::load(&mut loaded, last.last().expect("a file")).expect("a file of weights");
    assert_eq!(loaded.weights.to_vec(), trainer.weights());
    // Every second epoch.
    let folder = Folder::new("checkpoints-2");
    fit(options().epochs(5).callback(ModelCheckpoint::new(folder.path("{epoch}")).every_epochs(2)))
        .expect("a training");
    assert_eq!(folder.names(), ["2", "4"]);
}

#[test]
fn only_the_best_checkpoints_are_written() {
    let folder = Folder::new("best");
    let mut best = ModelCheckpoint::new(folder.path("{epoch}")).best("val_loss").initial_value_threshold(3.5);
    feed(&mut best, &[4.0, 3.0, 3.0, 2.0, 5.0], |_| {});
    // The epochs are those of `on_epoch_begin`, which was not called.
    assert_eq!(folder.names(), ["1"]);
    let folder = Folder::new("best-2");
    let best = ModelCheckpoint::new(folder.path("{epoch}")).best("val_loss");
    let history = fit(options().epochs(6).callback(best)).expect("a training");
    let losses = history.get("val_loss").expect("losses");
    let records = (0..6).filter(|&epoch| losses[..epoch].iter().all(|loss| *loss > losses[epoch]));
    let names: Vec<String> = records.map(|epoch| (epoch + 1).to_string()).collect();
    assert!(!names.is_empty());
    assert_eq!(folder.names(), names);
}

#[test]
fn a_csv_file_has_the_history_and_may_be_continued() {
    let folder = Folder::new("csv");
    let path = folder.path("log.csv");
    let read = || fs::read_to_string(&path).expect("a file");
    // Validated in every second epoch: the columns are known before.
    let options = || options().epochs(3).validation_freq(2);
    let history = fit(options().callback(CSVLogger::new(&path))).expect("a training");
    assert_eq!(read(), history.to_csv());
    assert!(read().contains(",NA"));
    fit(options().callback(CSVLogger::new(&path).append(true))).expect("a training");
    let lines = history.to_csv().split_once('\n').expect("lines").1.to_owned();
    assert_eq!(read(), history.to_csv() + &lines);
    // Other columns.
    let unvalidated = FitOptions::new().verbose(Verbose::Silent);
    let error = fit(unvalidated.callback(CSVLogger::new(&path).append(true))).expect_err("other columns");
    assert!(error.to_string().contains("has other columns than this training"), "{error}");
    fit(options().callback(CSVLogger::new(&path).separator(';'))).expect("a training");
    assert_eq!(read(), history.to_csv().replace(',', ";"));
}

/// Reads the file at the end of each epoch.
struct Reads(String, Vec<usize>);

impl Callback<Lines> for Reads {
    fn on_epoch_end(&mut self, _: &mut Trainer<'_, Lines>, _: &EpochLogs<Lines>) -> Flow {
        self.1.push(fs::read_to_string(&self.0).expect("a file").lines().count());
        Ok(ControlFlow::Continue(()))
    }
}

#[test]
fn a_csv_file_has_a_line_after_each_epoch() {
    let folder = Folder::new("flushed");
    let path = folder.path("log.csv");
    let mut reads = Reads(path.clone(), vec![]);
    fit(options().callback(CSVLogger::new(&path)).callback(&mut reads)).expect("a training");
    assert_eq!(reads.1, [2, 3]);
}

#[test]
fn a_nan_is_traced_to_its_head_and_weight() {
    let found = |spoil: &dyn Fn(&mut LinesOutputs, &mut Trainer<'_, Lines>)| {
        let (inputs, mut targets) = data(8);
        let mut model = Lines::default();
        let mut trainer = Trainer::new(&mut model).expect("a trainer");
        spoil(&mut targets, &mut trainer);
        let options = FitOptions::new().verbose(Verbose::Silent).shuffle(false).batch_size(4);
        match trainer.fit((&inputs, &targets), options.callback(TerminateOnNaN)) {
            Err(Error::Callback { fault: CallbackFault::NotFinite(found), .. }) => found,
            other => panic!("{other:?}"),
        }
    };
    // A loss that is too large for a float, in the second step.
    let overflow = found(&|targets, _| {
        let mut slope = [[0.0]; 8];
        slope[6] = [1e30];
        targets.slope = rows(&slope);
    });
    assert_eq!((overflow.step, &overflow.outputs[..]), (1, &["slope"][..]));
    assert_eq!(overflow.origin, Some(Origin::Loss));
    // A weight that is infinite makes the loss of its head NaN, and the gradients of its layer.
    let spoiled = found(&|_, trainer| {
        let mut weights = trainer.weights();
        weights[2][0] = f32::INFINITY;
        trainer.set_weights(&weights).expect("weights");
    });
    assert_eq!((spoiled.step, &spoiled.outputs[..]), (0, &["pair"][..]));
    assert_eq!((spoiled.weight, spoiled.in_gradient), (Some("pair/bias"), true));
    assert!(matches!(spoiled.origin, Some(Origin::Layer { name: "pair", .. })), "{spoiled:?}");
    // A step so large that the update overflows although loss and gradient are finite.
    let update = found(&|_, trainer| trainer.set_learning_rate(3e38).expect("a rate"));
    assert_eq!((update.step, update.outputs.is_empty(), update.origin), (0, true, None));
    assert!(update.weight.is_some() && !update.in_gradient, "{update:?}");
    assert!(update.to_string().contains("the update made `"), "{update}");
}

#[test]
fn a_timer_has_the_times_of_each_epoch() {
    struct Sleeps;
    impl Callback<Lines> for Sleeps {
        fn on_train_batch_begin(&mut self, _: &mut Trainer<'_, Lines>, _: usize) -> Result<(), Error> {
            std::thread::sleep(std::time::Duration::from_millis(10));
            Ok(())
        }
    }
    let mut timer = Timer::new();
    fit(options().callback(Sleeps).callback(&mut timer)).expect("a training");
    assert_eq!(timer.epochs().iter().map(|it| it.epoch).collect::<Vec<_>>(), [0, 1]);
    for times in timer.epochs() {
        // Two steps with a pause each, which count for callbacks only.
        assert!(times.callbacks.as_millis() >= 20, "{timer}");
        for part in [times.training, times.validation, times.data] {
            assert!(!part.is_zero() && part < times.callbacks, "{timer}");
        }
    }
    assert_eq!(timer.to_string().lines().count(), 3);
}
