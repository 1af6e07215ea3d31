use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::*;
use crate::callback::{BatchLogs, Callback, FitPlan};
use crate::history::{EpochLogs, Evaluation, History};
use crate::progress::Verbose;
use crate::testing::{
    LEARNING_RATE, Lines, LinesInputs, LinesOutputs, LinesPerOutput, epoch_logs, golden, rows,
};
use crate::trainer::{FitOptions, Trainer};

type Flow = Result<ControlFlow<()>, Error>;

/// Samples of `slope = 2a − b + 0.5` and `pair = (a, b + 1)`.
fn data(n: usize) -> (LinesInputs, LinesOutputs) {
    let x: Vec<[f32; 2]> = (0..n).map(|i| [(i as f32 * 0.7).sin(), (i as f32 * 1.3).cos()]).collect();
    let slope: Vec<[f32; 1]> = x.iter().map(|[a, b]| [2.0 * a - b + 0.5]).collect();
    let pair: Vec<[f32; 2]> = x.iter().map(|[a, b]| [*a, b + 1.0]).collect();
    (LinesInputs { x: rows(&x) }, LinesOutputs { slope: rows(&slope), pair: rows(&pair) })
}

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
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a folder");
        Folder(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("a path").into()
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).expect("a folder");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"))
            .collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Notes every hook, and fails or stops at one of them.
#[derive(Default)]
struct Recorder {
    calls: Vec<String>,
    fails_at: Option<usize>,
    stops_at: Option<&'static str>,
    /// After the last step that went well.
    weights: Arc<Mutex<Vec<Vec<f32>>>>,
}

impl Recorder {
    fn note(&mut self, call: String) -> Flow {
        if self.fails_at == Some(self.calls.len()) {
            return Err(Error::other(call));
        }
        let stops = self.stops_at == Some(call.as_str());
        self.calls.push(call);
        Ok(if stops { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }
}

impl Callback<Lines> for Recorder {
    fn prepare(&mut self, plan: &mut FitPlan<'_>) -> Result<(), Error> {
        self.note(format!("prepare {} {}", plan.steps, plan.validation_samples)).map(drop)
    }
    fn on_train_begin(&mut self, trainer: &mut Trainer<'_, Lines>) -> Result<(), Error> {
        *self.weights.lock().expect("weights") = trainer.weights();
        self.note("train begin".into()).map(drop)
    }
    fn on_epoch_begin(&mut self, _: &mut Trainer<'_, Lines>, epoch: usize) -> Result<(), Error> {
        self.note(format!("epoch {epoch}")).map(drop)
    }
    fn on_train_batch_begin(&mut self, _: &mut Trainer<'_, Lines>, step: usize) -> Result<(), Error> {
        self.note(format!("step {step}")).map(drop)
    }
    fn on_train_batch_end(&mut self, trainer: &mut Trainer<'_, Lines>, logs: &BatchLogs<'_, Lines>) -> Flow {
        *self.weights.lock().expect("weights") = trainer.weights();
        self.note(format!("step end {}/{}", logs.epoch, logs.step))
    }
    fn on_test_begin(&mut self, _: &mut Trainer<'_, Lines>) -> Result<(), Error> {
        self.note("test".into()).map(drop)
    }
    fn on_test_batch_begin(&mut self, _: &mut Trainer<'_, Lines>, step: usize) -> Result<(), Error> {
        self.note(format!("batch {step}")).map(drop)
    }
    fn on_test_batch_end(
        &mut self,
        _: &mut Trainer<'_, Lines>,
        logs: &BatchLogs<'_, Lines>,
    ) -> Result<(), Error> {
        self.note(format!("batch end {}/{}", logs.epoch, logs.step)).map(drop)
    }
    fn on_test_end(&mut self, _: &mut Trainer<'_, Lines>, _: &Evaluation<Lines>) -> Result<(), Error> {
        self.note("test end".into()).map(drop)
    }
    fn on_epoch_end(&mut self, _: &mut Trainer<'_, Lines>, logs: &EpochLogs<Lines>) -> Flow {
        self.note(format!("epoch end {}", logs.epoch))
    }
    fn on_train_end(&mut self, _: &mut Trainer<'_, Lines>) -> Result<(), Error> {
        self.note("train end".into()).map(drop)
    }
}

const TEST: [&str; 8] =
    ["test", "batch 0", "batch end E/0", "batch 1", "batch end E/1", "batch 2", "batch end E/2", "test end"];

/// Every hook of an epoch of so many steps.
fn epoch(epoch: usize, steps: usize) -> Vec<String> {
    let mut calls = vec![format!("epoch {epoch}")];
    for step in 0..steps {
        calls.push(format!("step {step}"));
        calls.push(format!("step end {epoch}/{step}"));
    }
    calls.extend(TEST.map(|call| call.replace('E', &epoch.to_string())));
    calls.push(format!("epoch end {epoch}"));
    calls
}

/// Every hook of a training.
fn training(epochs: impl IntoIterator<Item = Vec<String>>) -> Vec<String> {
    let mut calls = vec!["prepare 2 6".to_owned(), "train begin".to_owned()];
    calls.extend(epochs.into_iter().flatten());
    calls.push("train end".into());
    calls
}

#[test]
fn hooks_are_called_in_keras_s_order() {
    let mut recorder = Recorder::default();
    fit(options().callback(&mut recorder)).expect("a training");
    assert_eq!(recorder.calls, training([epoch(0, 2), epoch(1, 2)]));
}

#[test]
fn a_boxed_callback_and_a_reference_pass_every_hook_on() {
    let mut recorder = Recorder::default();
    {
        let boxed: Box<dyn Callback<Lines>> = Box::new(&mut recorder);
        fit(options().callback(boxed)).expect("a training");
    }
    assert_eq!(recorder.calls, training([epoch(0, 2), epoch(1, 2)]));
}

#[test]
fn a_break_after_a_step_ends_the_epoch_and_one_after_an_epoch_the_training() {
    for (stops_at, steps) in [("step end 0/0", 1), ("step end 0/1", 2), ("epoch end 0", 2)] {
        let mut recorder = Recorder { stops_at: Some(stops_at), ..Recorder::default() };
        let history = fit(options().callback(&mut recorder)).expect("a training");
        assert_eq!(recorder.calls, training([epoch(0, steps)]), "{stops_at}");
        assert_eq!(history.epochs().len(), 1);
        assert!(history.epochs()[0].validation.is_some());
    }
}

/// Whichever call of a hook fails: its error is that of `fit`, the weights are those after the last step, and the trainer trains on as
/// one that was not interrupted.
#[test]
fn a_callback_that_fails_ends_the_fit_and_leaves_the_trainer_sound() {
    let all = training([epoch(0, 2), epoch(1, 2)]);
    let (inputs, targets) = data(14);
    for (place, call) in all.iter().enumerate() {
        let mut recorder = Recorder { fails_at: Some(place), ..Recorder::default() };
        let weights = Arc::clone(&recorder.weights);
        let mut model = Lines::default();
        let mut trainer = Trainer::new(&mut model).expect("a trainer");
        let error = trainer.fit((&inputs, &targets), options().callback(&mut recorder)).expect_err(call);
        assert_eq!(error.to_string(), *call);
        assert_eq!(recorder.calls, all[..place]);
        let wanted = if place == 0 { trainer.weights() } else { weights.lock().expect("weights").clone() };
        assert_eq!(trainer.weights(), wanted, "{call}");
        let steps = all[..=place].iter().filter(|call| call.starts_with("step end")).count() as u64;
        assert_eq!(trainer.steps(), steps, "{call}");
        let mut others = Lines::default();
        let mut other = Trainer::new(&mut others).expect("a trainer");
        other.set_weights(&wanted).expect("weights");
        let options = || options().shuffle(false);
        let found = trainer.fit((&inputs, &targets), options()).expect("a training");
        let wanted = other.fit((&inputs, &targets), options()).expect("a training");
        assert_eq!(found.to_csv(), wanted.to_csv(), "{call}");
    }
}

/// Evaluates in every hook.
struct Evaluates;

impl Callback<Lines> for Evaluates {
    fn on_train_batch_begin(&mut self, trainer: &mut Trainer<'_, Lines>, _: usize) -> Result<(), Error> {
        let (inputs, targets) = data(5);
        trainer.evaluate((&inputs, &targets), 2).map(drop)
    }
    fn on_train_batch_end(&mut self, trainer: &mut Trainer<'_, Lines>, _: &BatchLogs<'_, Lines>) -> Flow {
        Callback::on_train_batch_begin(self, trainer, 0)?;
        Ok(ControlFlow::Continue(()))
    }
    fn on_test_batch_end(
        &mut self,
        trainer: &mut Trainer<'_, Lines>,
        _: &BatchLogs<'_, Lines>,
    ) -> Result<(), Error> {
        Callback::on_train_batch_begin(self, trainer, 0)
    }
}

#[test]
fn a_callback_that_evaluates_changes_nothing() {
    let plain = fit(options()).expect("a training");
    let evaluated = fit(options().callback(Evaluates)).expect("a training");
    assert_eq!(evaluated.to_csv(), plain.to_csv());
}

/// The loss of each step, and the means so far.
#[derive(Default)]
struct Losses(Vec<[f64; 3]>);

impl Callback<Lines> for Losses {
    fn on_train_batch_end(&mut self, _: &mut Trainer<'_, Lines>, logs: &BatchLogs<'_, Lines>) -> Flow {
        assert_eq!(logs.get("slope_mae"), Some(logs.logs().slope.mae));
        assert_eq!(logs.pairs()[0], ("loss", logs.logs().loss));
        assert_eq!((logs.get("val_loss"), logs.get("nonsense")), (None, None));
        self.0.push([logs.loss, logs.logs().loss, logs.learning_rate]);
        Ok(ControlFlow::Continue(()))
    }
}

#[test]
fn the_logs_of_steps_are_those_of_the_epoch_so_far() {
    let mut losses = Losses::default();
    let history = fit(options().callback(&mut losses)).expect("a training");
    let [first, second, third, fourth] = losses.0[..] else { panic!("{:?}", losses.0) };
    // Steps of 4 samples each.
    for (pair, epoch) in [([first, second], 0), ([third, fourth], 1)] {
        assert_eq!(pair[0][0], pair[0][1]);
        assert!((0.5 * (pair[0][0] + pair[1][0]) - pair[1][1]).abs() < 1e-6);
        assert_eq!(pair[1][1], history.epochs()[epoch].train.loss);
        assert_eq!(pair[1][2], LEARNING_RATE);
    }
}

#[test]
fn an_evaluation_has_hooks() {
    let mut recorder = Recorder::default();
    let (inputs, targets) = data(6);
    let mut model = Lines::default();
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let found = trainer.evaluate_with((&inputs, &targets), 2, &mut recorder).expect("losses");
    assert_eq!(recorder.calls, TEST.map(|call| call.replace('E', "0")));
    let plain = trainer.evaluate((&inputs, &targets), 2).expect("losses");
    assert_eq!(found.pairs(), plain.pairs());
}

/// What is wrong with a callback is found before anything happens.
fn fault(options: FitOptions<'_, Lines>) -> String {
    let mut model = Lines::default();
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let (inputs, targets) = data(14);
    let error = trainer.fit((&inputs, &targets), options).expect_err("a fault");
    assert_eq!(trainer.steps(), 0);
    assert!(matches!(error, Error::Callback { .. }), "{error:?}");
    error.to_string()
}

#[test]
fn monitors_are_checked_before_training_starts() {
    let unvalidated = || FitOptions::new().verbose(Verbose::Silent);
    let monitoring = |key: &'static str, options: &dyn Fn() -> FitOptions<'static, Lines>| {
        let folder = Folder::new("checked");
        let path = folder.path("file");
        let pattern = format!("{path}-{{{key}}}");
        let errors = [
            fault(options().callback(EarlyStopping::new(key))),
            fault(options().callback(EarlyStopping::new(["loss", key]))),
            fault(options().callback(ReduceLROnPlateau::new(key))),
            fault(options().callback(ModelCheckpoint::new(path.clone()).best(key))),
            fault(options().callback(ModelCheckpoint::new(pattern.clone()))),
            // A callback before it has written nothing yet.
            fault(options().callback(CSVLogger::new(&path)).callback(EarlyStopping::new(key))),
        ];
        assert_eq!(folder.names(), [""; 0]);
        errors
    };
    for error in monitoring("val_lsos", &options) {
        assert!(
            error.ends_with(": the training logs no value `val_lsos`: did you mean `val_loss`?"),
            "{error}"
        );
    }
    for error in monitoring("slop_loss", &unvalidated) {
        assert!(error.ends_with("did you mean `slope_loss`?"), "{error}");
    }
    for error in monitoring("unrelated", &unvalidated) {
        assert!(error.ends_with("it logs `loss`, `slope_loss`, `slope_mae`, `pair_loss`"), "{error}");
    }
    for error in monitoring("val_slope_mae", &unvalidated) {
        assert!(
            error.contains("`val_slope_mae` is a value of the validation, and this training has none"),
            "{error}"
        );
    }
    fit(unvalidated().callback(EarlyStopping::new(["loss", "slope_mae"]))).expect("a training");
}

#[test]
fn settings_are_checked_before_training_starts() {
    for (options, part) in [
        (options().callback(ReduceLROnPlateau::new("loss").factor(1.0)), "`factor` is 1,"),
        (options().callback(ReduceLROnPlateau::new("loss").factor(f64::NAN)), "`factor` is NaN"),
        (options().callback(ReduceLROnPlateau::new("loss").min_lr(-1.0)), "`min_lr` is -1"),
        (options().callback(EarlyStopping::new("loss").min_delta(f64::INFINITY)), "`min_delta` is inf"),
        (options().callback(EarlyStopping::new([])), "`monitors` is empty"),
        (options().callback(ModelCheckpoint::new("x").every_epochs(0)), "`every_epochs` is 0"),
        (options().callback(ModelCheckpoint::new("x").every_batches(0)), "`every_batches` is 0"),
        (options().callback(ModelCheckpoint::new("x").keep_last(0)), "`keep_last` is 0"),
        (options().callback(ModelCheckpoint::new("{epoch:02d}")), "write `{epoch:02}`"),
        (options().callback(ModelCheckpoint::new("{batch}")), "no value `batch`"),
        (options().callback(ModelCheckpoint::new("{val_loss}").every_batches(1)), "a value of the training"),
        (options().callback(CSVLogger::new("x").separator('"')), "`separator` is"),
        (options().callback(LossWeightScheduler::<LinesPerOutput<f64>>::by_epoch([])), "`weights` is"),
    ] {
        let error = fault(options);
        assert!(error.contains(part), "{error}");
    }
}

/// Feeds a callback with epochs whose validation gave these values, until it stops; the weights of epoch `n` are `n`.
fn feed(
    callback: &mut impl Callback<Lines>,
    values: &[f64],
    mut after: impl FnMut(&Trainer<'_, Lines>),
) -> usize {
    let table = crate::logs::LogTable::new(spec::<Lines>(), &[]);
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
    let read = || std::fs::read_to_string(&path).expect("a file");
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
        self.1.push(std::fs::read_to_string(&self.0).expect("a file").lines().count());
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
    // A weight that is infinite makes the loss of its head NaN, and the gradients of its layer.
    let spoiled = found(&|_, trainer| {
        let mut weights = trainer.weights();
        weights[2][0] = f32::INFINITY;
        trainer.set_weights(&weights).expect("weights");
    });
    assert_eq!((spoiled.step, &spoiled.outputs[..]), (0, &["pair"][..]));
    assert_eq!((spoiled.weight, spoiled.in_gradient), (Some("pair/bias"), true));
    // A step so large that the update overflows although loss and gradient are finite.
    let update = found(&|_, trainer| trainer.set_learning_rate(3e38).expect("a rate"));
    assert_eq!((update.step, update.outputs.is_empty()), (0, true));
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
