//! Hooks: their order, what stops and what fails.

use super::*;

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
    fn on_predict_begin(&mut self, _: &mut Trainer<'_, Lines>) -> Result<(), Error> {
        self.note("predict".into()).map(drop)
    }
    fn on_predict_batch_begin(&mut self, _: &mut Trainer<'_, Lines>, step: usize) -> Result<(), Error> {
        self.note(format!("batch {step}")).map(drop)
    }
    fn on_predict_batch_end(&mut self, trainer: &mut Trainer<'_, Lines>, step: usize) -> Result<(), Error> {
        // A prediction in a hook of another changes nothing.
        trainer.predict(&data(3).0)?;
        self.note(format!("batch end {step}")).map(drop)
    }
    fn on_predict_end(&mut self, _: &mut Trainer<'_, Lines>) -> Result<(), Error> {
        self.note("predict end".into()).map(drop)
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
fn a_prediction_has_hooks() {
    let (inputs, targets) = data(8);
    let mut model = Lines::default();
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    trainer.train_on_batch(&inputs, &targets).expect("a step");
    let plain = trainer.predict(&inputs).expect("outputs");
    for (size, batches) in [(3, 3), (4, 2), (8, 1), (100, 1)] {
        let mut recorder = Recorder::default();
        let found = trainer.predict_with_callback(&inputs, size, &mut recorder).expect("outputs");
        let batches = (0..batches).flat_map(|step| [format!("batch {step}"), format!("batch end {step}")]);
        let calls: Vec<String> =
            ["predict".to_owned()].into_iter().chain(batches).chain(["predict end".to_owned()]).collect();
        assert_eq!(recorder.calls, calls);
        assert_eq!(found.slope.as_vec(), plain.slope.as_vec());
        assert_eq!(found.pair.as_vec(), plain.pair.as_vec());
        for (fails_at, call) in calls.iter().enumerate() {
            let mut recorder = Recorder { fails_at: Some(fails_at), ..Recorder::default() };
            let error = trainer.predict_with_callback(&inputs, size, &mut recorder).expect_err("a failure");
            assert_eq!(error.to_string(), *call);
        }
    }
    let error = trainer.predict_with_callback(&inputs, 0, &mut Recorder::default());
    assert!(matches!(error, Err(Error::BatchSize)));
}

#[test]
fn an_evaluation_has_hooks() {
    let mut recorder = Recorder::default();
    let (inputs, targets) = data(6);
    let mut model = Lines::default();
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let found = trainer.evaluate_with_callback((&inputs, &targets), 2, &mut recorder).expect("losses");
    assert_eq!(recorder.calls, TEST.map(|call| call.replace('E', "0")));
    let plain = trainer.evaluate((&inputs, &targets), 2).expect("losses");
    assert_eq!(found.pairs(), plain.pairs());
}
