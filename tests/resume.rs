//! Training resumed from a checkpoint, in another process or in this one, is bit-identical to uninterrupted training.
#![allow(missing_docs, reason = "models of tests need no documentation")]

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use mimo::callback::{BatchLogs, Callback, CallbackState, CallbackStates, Moment};
use mimo::data::{ArrayDataset, Dataset};
use mimo::history::{EpochLogs, History};
use mimo::prelude::*;
use mimo::{PerOutput, TrainerOptions};

/// Everything that is kept from step to step, except the states of `stateful` layers: random numbers of several
/// kinds, moving statistics, a normalized kernel, metrics with states, several losses.
macro_rules! net {
    ($name:ident, $($optimizer:tt)+) => {
        model! {
            $name {
                let x = Input(shape = [6]);
                let steps = Input(shape = [4, 3]);
                let h = Dense(8, activation = relu, kernel_regularizer = L2(1e-3))(GaussianNoise(0.1)(x));
                let h = Dropout(0.3)(BatchNormalization(momentum = 0.9)(h));
                let read = GRU(4, dropout = 0.1, recurrent_dropout = 0.1)(steps);
                let normal = SpectralNormalization(Dense(4, activation = tanh));
                let read = normal(normal(read));
                let h = concatenate([h, read, 0.1 * random_normal(read)]);
                let kind = Dense(3, activation = softmax, kernel_constraint = MaxNorm(2.0))(h);
                let value = Dense(1)(h);
                Model(inputs = [x, steps], outputs = [kind, value]).compile(
                    optimizer = $($optimizer)+,
                    loss = { kind: sparse_categorical_crossentropy, value: mse },
                    loss_weights = { value: 0.5 },
                    metrics = { kind: [accuracy], value: [mae, RootMeanSquaredError()] },
                )
            }
        }
    };
}

net!(WithSgd, SGD(0.05));
net!(WithMomentum, SGD(0.05, momentum = 0.9, nesterov = true));
net!(
    WithAdam,
    Adam(
        0.01,
        use_ema = true,
        ema_momentum = 0.9,
        ema_overwrite_frequency = 7,
        gradient_accumulation_steps = 2
    )
);
net!(WithAmsGrad, Adam(0.01, amsgrad = true, weight_decay = 0.01, clipnorm = 0.5));
net!(WithRmsProp, RMSprop(0.005, momentum = 0.5, centered = true));
net!(WithAdagrad, Adagrad(0.05));
net!(WithAdadelta, Adadelta(0.5));
net!(WithAdamax, Adamax(0.01));
net!(WithAdafactor, Adafactor(0.05));
net!(WithLamb, Lamb(0.01));
net!(WithMuon, Muon(0.01));
net!(WithNadam, Nadam(0.01));
net!(WithLion, Lion(0.002, global_clipnorm = 1.0));
net!(WithSeveral, { kind: Nadam(0.01), value: Adafactor(0.05), rest: Adam(0.005, use_ema = true) });

const ROWS: usize = 50;

fn numbers(count: usize, seed: usize) -> Vec<f32> {
    (0..count).map(|at| ((at + 1) * (7919 + 2 * seed) % 1009) as f32 / 1009.0 - 0.5).collect()
}

/// Data of one of the models.
macro_rules! data {
    ($inputs:ident, $targets:ident) => {{
        let inputs = $inputs {
            x: tensor(numbers(ROWS * 6, 1)).expect("samples"),
            steps: tensor(numbers(ROWS * 12, 2)).expect("samples"),
        };
        let kind: Vec<usize> = (0..ROWS).map(|row| row * 7 % 3).collect();
        let targets = $targets {
            kind: tensor(kind).expect("samples"),
            value: tensor(numbers(ROWS, 3)).expect("samples"),
        };
        ArrayDataset::new(&inputs, &targets).expect("sound samples")
    }};
}

fn options<'a, M: Trainable>() -> FitOptions<'a, M> {
    FitOptions::new().epochs(4).batch_size(8).validation_split(0.2).verbose(Verbose::Silent)
}

/// A callback that keeps the checkpoint of a moment.
struct Keep(Moment, Option<Vec<u8>>);

impl<M: Trainable> Callback<M> for Keep {
    fn on_checkpoint(
        &mut self,
        trainer: &mut Trainer<'_, M>,
        moment: Moment,
        _: &CallbackStates<'_, '_, M>,
    ) -> Result<()> {
        if moment == self.0 {
            self.1 = Some(trainer.checkpoint()?);
        }
        Ok(())
    }
}

fn bits<M: Model<Float = f32>>(model: &M) -> Vec<Vec<u32>> {
    let mut all = vec![];
    model.read_weights(&mut |_, values| all.push(values.into_iter().map(f32::to_bits).collect()));
    all
}

fn pairs<M: Trainable>(logs: &EpochLogs<M>) -> Vec<(String, u64)> {
    let rate = [("rate".to_owned(), logs.learning_rate.to_bits())];
    logs.pairs().into_iter().map(|(key, value)| (key, value.to_bits())).chain(rate).collect()
}

/// Trains without interruption, and then from checkpoints of several moments, each with a trainer of a new model with
/// another seed.
fn check<M>(data: &ArrayDataset<M>, new: fn(u64) -> M)
where
    M: Trainable<Float = f32>,
    ArrayDataset<M>: Dataset<M>,
{
    let options = || {
        options::<M>().on_epoch_end(|trainer, logs| {
            // A learning rate and loss weights that the program changes.
            trainer
                .set_learning_rate(0.9 * trainer.learning_rate())
                .or(trainer.set_learning_rate_of("kind", 1e-3))?;
            let weights = M::PerOutput::from_fn(|output| 1.0 / (2 + output + logs.epoch) as f64);
            trainer.set_loss_weights(&weights)?;
            Ok::<_, Error>(ControlFlow::Continue(()))
        })
    };
    let mut whole = new(1);
    let mut trainer = Trainer::with_options(&mut whole, TrainerOptions::new().seed(3)).expect("a trainer");
    let history = trainer.fit(data, options()).expect("a training");
    let steps = trainer.steps();
    drop(trainer);
    let moments = [
        Moment::Step { epoch: 0, step: 0 },
        Moment::Step { epoch: 1, step: 2 },
        Moment::Step { epoch: 2, step: 4 },
        Moment::Epoch { epoch: 0 },
        Moment::Epoch { epoch: 2 },
        Moment::Epoch { epoch: 3 },
    ];
    for moment in moments {
        let mut first = new(1);
        let mut trainer =
            Trainer::with_options(&mut first, TrainerOptions::new().seed(3)).expect("a trainer");
        let mut keep = Keep(moment, None);
        trainer.fit(data, options().callback(&mut keep)).expect("a training");
        let checkpoint = keep.1.expect("the moment comes");
        drop(trainer);
        assert_eq!(bits(&first), bits(&whole), "saving changes nothing");

        let mut second = new(2);
        let mut trainer = Trainer::new(&mut second).expect("a trainer");
        trainer.restore(&checkpoint).expect("loaded");
        // A loaded checkpoint is saved unchanged.
        let again = trainer.checkpoint().expect("saved");
        assert!(again == checkpoint, "{moment:?}: a checkpoint of a checkpoint differs");
        let resumed = trainer.fit(data, options()).expect("a training");
        assert_eq!(trainer.steps(), steps);
        drop(trainer);
        assert_eq!(bits(&second), bits(&whole), "{moment:?} {}", M::SPEC.name);
        // With the epochs before the checkpoint.
        let all = |history: &History<M>| {
            let epochs = history.epochs().iter();
            epochs.map(|logs| (logs.epoch, logs.not_finite, pairs(logs))).collect::<Vec<_>>()
        };
        assert_eq!(all(&resumed), all(&history), "{moment:?} {}", M::SPEC.name);
    }
}

/// A frozen weight does not change at all, whatever trains it, and it is trained again after unfreezing.
fn frozen<M>(data: &ArrayDataset<M>, new: fn(u64) -> M)
where
    M: Trainable<Float = f32>,
    ArrayDataset<M>: Dataset<M>,
{
    let mut model = new(1);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let is_head = |name: &str| name.starts_with("value/");
    trainer.fit(data, options().epochs(1)).expect("a training");
    for weight in M::SPEC.weights.iter().filter(|weight| !is_head(weight.name)) {
        trainer.freeze_by_name(weight.name).expect("a weight");
    }
    let before = trainer.weights();
    trainer.fit(data, options()).expect("a training");
    let after = trainer.weights();
    for (weight, (before, after)) in M::SPEC.weights.iter().zip(before.iter().zip(&after)) {
        assert_eq!(before == after, !is_head(weight.name), "{} {}", M::SPEC.name, weight.name);
    }
    assert_eq!(trainer.frozen().len(), M::SPEC.weights.len() - 2);
    for name in trainer.frozen() {
        trainer.thaw_by_name(name).expect("trained before");
    }
    assert_eq!(trainer.frozen(), [""; 0]);
    trainer.fit(data, options()).expect("a training");
    for (weight, (before, after)) in M::SPEC.weights.iter().zip(after.iter().zip(trainer.weights())) {
        assert_ne!(*before, after, "{} {}", M::SPEC.name, weight.name);
    }
}

macro_rules! checks {
    ($($test:ident: $model:ident, $inputs:ident, $targets:ident;)*) => {$(
        #[test]
        fn $test() {
            let data = data!($inputs, $targets);
            check::<$model>(&data, $model::new);
            frozen::<$model>(&data, $model::new);
        }
    )*};
}

checks! {
    sgd_goes_on: WithSgd, WithSgdInputs, WithSgdTargets;
    momentum_goes_on: WithMomentum, WithMomentumInputs, WithMomentumTargets;
    adam_with_averages_and_accumulation_goes_on: WithAdam, WithAdamInputs, WithAdamTargets;
    amsgrad_goes_on: WithAmsGrad, WithAmsGradInputs, WithAmsGradTargets;
    rmsprop_goes_on: WithRmsProp, WithRmsPropInputs, WithRmsPropTargets;
    adagrad_goes_on: WithAdagrad, WithAdagradInputs, WithAdagradTargets;
    adadelta_goes_on: WithAdadelta, WithAdadeltaInputs, WithAdadeltaTargets;
    adamax_goes_on: WithAdamax, WithAdamaxInputs, WithAdamaxTargets;
    adafactor_goes_on: WithAdafactor, WithAdafactorInputs, WithAdafactorTargets;
    lamb_goes_on: WithLamb, WithLambInputs, WithLambTargets;
    muon_goes_on: WithMuon, WithMuonInputs, WithMuonTargets;
    nadam_goes_on: WithNadam, WithNadamInputs, WithNadamTargets;
    lion_goes_on: WithLion, WithLionInputs, WithLionTargets;
    several_optimizers_go_on: WithSeveral, WithSeveralInputs, WithSeveralTargets;
}

model! {
    /// The states of the LSTM are kept from batch to batch; the joint loss is custom.
    pub Stateful {
        let x = Input(shape = [3, 2]);
        let (h, _, _) = LSTM(4, stateful = true, return_state = true)(x);
        let a = Dense(1)(h);
        let b = Dense(1)(h);
        Model(inputs = [x], outputs = [a, b]).compile(optimizer = Adam(0.01), loss = { a: custom, b: mse })
    }
}

#[test]
fn states_and_custom_losses_go_on() {
    let inputs = StatefulInputs { x: tensor(numbers(48 * 6, 1)).expect("samples") };
    let targets = StatefulTargets {
        a: tensor(numbers(48, 2)).expect("samples"),
        b: tensor(numbers(48, 3)).expect("samples"),
    };
    let data = ArrayDataset::<Stateful>::new(&inputs, &targets).expect("sound samples");
    let options = || FitOptions::new().epochs(3).batch_size(8).shuffle(false).verbose(Verbose::Silent);
    fn set_losses(trainer: &mut Trainer<'_, Stateful>) {
        use mimo::dfdx::tensor_ops::MeanTo;
        trainer
            .add_loss("a", |outputs, targets| Ok((outputs.a - targets.a.clone()).square().mean()))
            .expect("a loss");
        trainer.add_loss("small", |outputs, _| Ok(outputs.b.square().mean() * 0.1)).expect("a loss");
    }
    let mut whole = Stateful::new(1);
    let mut trainer = Trainer::new(&mut whole).expect("a trainer");
    set_losses(&mut trainer);
    let mut keep = Keep(Moment::Step { epoch: 1, step: 3 }, None);
    let history = trainer.fit(&data, options().callback(&mut keep)).expect("a training");
    drop(trainer);
    let checkpoint = keep.1.expect("the moment comes");

    let mut second = Stateful::new(2);
    let mut trainer = Trainer::new(&mut second).expect("a trainer");
    trainer.restore(&checkpoint).expect("loaded");
    // The losses of the program may be set after the checkpoint was loaded.
    set_losses(&mut trainer);
    let resumed = trainer.fit(&data, options()).expect("a training");
    drop(trainer);
    assert_eq!(bits(&second), bits(&whole));
    let all = |history: &History<Stateful>| history.epochs().iter().map(pairs).collect::<Vec<_>>();
    assert_eq!(all(&resumed), all(&history));

    // Without them the epoch cannot be finished.
    let mut trainer = Trainer::new(&mut second).expect("a trainer");
    trainer.restore(&checkpoint).expect("loaded");
    trainer.set_loss(|outputs, _| {
        use mimo::dfdx::tensor_ops::MeanTo;
        Ok(outputs.a.square().mean())
    });
    let error = trainer.fit(&data, options()).expect_err("another loss");
    assert!(matches!(error, Error::ResumedLosses { losses: 0, wanted: 1 }), "{error}");
}

/// A callback that stops after a number of epochs, which it has to remember.
#[derive(Default)]
struct Patience {
    epochs: f64,
}

impl<M: Trainable> Callback<M> for Patience {
    fn on_train_begin(&mut self, _: &mut Trainer<'_, M>) -> Result<()> {
        self.epochs = 0.0;
        Ok(())
    }

    fn on_epoch_end(&mut self, _: &mut Trainer<'_, M>, _: &EpochLogs<M>) -> Result<ControlFlow<()>> {
        self.epochs += 1.0;
        Ok(if self.epochs >= 3.0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    fn state(&self) -> Option<CallbackState> {
        Some(CallbackState::new("Patience").with("epochs", [self.epochs]))
    }

    fn restore_state(&mut self, state: &CallbackState) -> Result<()> {
        self.epochs = state.number("epochs").unwrap_or_default();
        Ok(())
    }
}

/// A callback that ends the process at a moment, like a kill.
struct Die(Moment);

impl<M: Trainable> Callback<M> for Die {
    fn on_checkpoint(
        &mut self,
        _: &mut Trainer<'_, M>,
        moment: Moment,
        _: &CallbackStates<'_, '_, M>,
    ) -> Result<()> {
        if moment == self.0 { Err(Error::other("killed")) } else { Ok(()) }
    }
}

/// A folder that is removed at the end of a test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("mimo-resume-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder for the test");
        Folder(path)
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).expect("the folder");
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn callbacks_go_on_and_a_stopped_training_stays_stopped() {
    let data = data!(WithSgdInputs, WithSgdTargets);
    let folder = Folder::new("callbacks");
    let path = folder.0.join("training.checkpoint");
    let run = |die: Option<Moment>| {
        let mut model = WithSgd::new(1);
        let mut trainer = Trainer::new(&mut model)?;
        let mut options =
            options().epochs(9).callback(BackupAndRestore::new(&path)).callback(Patience::default());
        if let Some(moment) = die {
            options = options.callback(Die(moment));
        }
        let history = trainer.fit(&data, options)?;
        drop(trainer);
        Ok::<_, Error>((bits(&model), history.epochs().len()))
    };
    let (whole, epochs) = run(None).expect("a training");
    assert_eq!(epochs, 3);
    assert_eq!(folder.names(), [""; 0], "deleted at the end");
    // In the middle of the second epoch, at its end, and when the training has stopped but not ended.
    for moment in [Moment::Step { epoch: 1, step: 3 }, Moment::Epoch { epoch: 1 }, Moment::Epoch { epoch: 2 }]
    {
        run(Some(moment)).expect_err("killed");
        assert_eq!(folder.names(), ["training.checkpoint"]);
        let (bits, epochs) = run(None).expect("a training");
        assert_eq!((&bits, epochs), (&whole, 3), "{moment:?}");
        assert_eq!(folder.names(), [""; 0], "deleted at the end");
    }

    // Other callbacks are errors, whatever their position.
    run(Some(Moment::Epoch { epoch: 0 })).expect_err("killed");
    let mut model = WithSgd::new(1);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let error =
        trainer.fit(&data, options().callback(BackupAndRestore::new(&path))).expect_err("no `Patience`");
    assert!(
        matches!(&error, Error::ResumedCallback { index: 1, wanted, found: None } if wanted == "Patience"),
        "{error}"
    );
}

/// A callback that stops training after a step or an epoch, to be resumed or for good.
struct Stop(Moment, bool);

impl<M: Trainable> Callback<M> for Stop {
    fn on_train_batch_end(
        &mut self,
        trainer: &mut Trainer<'_, M>,
        logs: &BatchLogs<'_, M>,
    ) -> Result<ControlFlow<()>> {
        self.at(trainer, Moment::Step { epoch: logs.epoch, step: logs.step })
    }

    fn on_epoch_end(&mut self, trainer: &mut Trainer<'_, M>, logs: &EpochLogs<M>) -> Result<ControlFlow<()>> {
        self.at(trainer, Moment::Epoch { epoch: logs.epoch })
    }
}

impl Stop {
    fn at<M: Trainable>(&self, trainer: &mut Trainer<'_, M>, moment: Moment) -> Result<ControlFlow<()>> {
        if moment != self.0 {
            return Ok(ControlFlow::Continue(()));
        }
        if self.1 {
            trainer.interrupt();
        }
        Ok(ControlFlow::Break(()))
    }
}

/// Ctrl-C stops training to be resumed; a callback that stops it for good does so also in the middle of an epoch.
#[test]
fn an_interrupted_training_goes_on_and_a_stopped_one_does_not() {
    let data = data!(WithAdamInputs, WithAdamTargets);
    let folder = Folder::new("interrupt");
    let path = folder.0.join("checkpoint");
    let run = |stop: Option<Stop>, die: Option<Moment>| {
        let mut model = WithAdam::new(1);
        let mut trainer = Trainer::new(&mut model)?;
        let mut options = options().callback(BackupAndRestore::new(&path).save_freq(SaveFrequency::Steps(3)));
        if let Some(stop) = stop {
            options = options.callback(stop);
        }
        if let Some(moment) = die {
            options = options.callback(Die(moment));
        }
        let history = trainer.fit(&data, options)?;
        let steps = trainer.steps();
        drop(trainer);
        Ok::<_, Error>((bits(&model), history.epochs().len(), steps))
    };
    let whole = run(None, None).expect("a training");
    for moment in
        [Moment::Step { epoch: 1, step: 2 }, Moment::Step { epoch: 2, step: 4 }, Moment::Epoch { epoch: 1 }]
    {
        run(Some(Stop(moment, true)), None).expect("a training");
        assert!(path.exists(), "it goes on later");
        let resumed = run(None, None).expect("a training");
        assert_eq!((&resumed.0, resumed.2), (&whole.0, whole.2), "{moment:?}");
        assert!(!path.exists());
    }
    // Stopped for good after a step: killed before the epoch has ended, it ends the epoch when it is resumed.
    let moment = Moment::Step { epoch: 1, step: 3 };
    let stopped = run(Some(Stop(moment, false)), None).expect("a training");
    assert_eq!((stopped.1, stopped.2), (2, 9));
    run(Some(Stop(moment, false)), Some(moment)).expect_err("killed");
    let resumed = run(None, None).expect("a training");
    assert_eq!((resumed.0, resumed.1, resumed.2), (stopped.0, 2, 9));
}

/// The ready-made callbacks resume, also in the middle of an epoch.
#[test]
fn ready_made_callbacks_go_on() {
    use mimo::callbacks::{EarlyStopping, LossWeightScheduler, ModelCheckpoint, ReduceLROnPlateau};

    let data = data!(WithAdamInputs, WithAdamTargets);
    let run = |name: &str, die: Option<Moment>| {
        let folder = Folder::new(name);
        let path = folder.0.join("checkpoint");
        let mut logs = vec![];
        let mut files = vec![];
        for die in [die, None] {
            let mut model = WithAdam::new(1);
            let mut trainer = Trainer::new(&mut model).expect("a trainer");
            let weights =
                |epoch, step| WithAdamPerOutput { kind: 1.0, value: 0.1 * (epoch * 5 + step) as f64 };
            let mut options = options()
                .epochs(12)
                .callback(BackupAndRestore::new(&path).save_freq(SaveFrequency::Steps(1)))
                .callback(
                    EarlyStopping::new("val_kind_loss").min_delta(0.2).patience(4).restore_best_weights(true),
                )
                .callback(ReduceLROnPlateau::new("val_value_mae").patience(1).min_delta(0.05).cooldown(1))
                .callback(LossWeightScheduler::new(weights))
                .callback(
                    ModelCheckpoint::new(folder.0.join("w{epoch}-{batch}")).every_batches(7).keep_last(2),
                )
                .on_epoch_end(|_, epoch| {
                    logs.push((epoch.epoch, pairs(epoch)));
                    ControlFlow::Continue(())
                });
            let dies = die.is_some();
            if let Some(moment) = die {
                options = options.callback(Die(moment));
            }
            let history = trainer.fit(&data, options);
            assert_eq!(history.is_err(), dies);
            if dies {
                continue;
            }
            drop(trainer);
            files = folder.names();
            files.sort();
            return (bits(&model), logs, files);
        }
        unreachable!("the second training ends: {files:?}")
    };
    let whole = run("whole", None);
    assert!(whole.1.len() < 12, "it is stopped early");
    assert_eq!(whole.2.len(), 2, "{:?}", whole.2);
    for (at, moment) in [
        Moment::Step { epoch: 1, step: 3 },
        Moment::Step { epoch: 3, step: 0 },
        Moment::Epoch { epoch: 2 },
        Moment::Epoch { epoch: whole.1.len() - 1 },
    ]
    .into_iter()
    .enumerate()
    {
        let resumed = run(&format!("resumed-{at}"), Some(moment));
        assert!(resumed == whole, "{moment:?}");
    }
}

/// Training is killed after the log has a line of an epoch, and before its checkpoint exists.
#[test]
fn a_log_has_one_line_for_each_epoch_of_a_training_that_was_killed() {
    let data = data!(WithAdamInputs, WithAdamTargets);
    let folder = Folder::new("log");
    let log = folder.0.join("log.csv");
    let path = folder.0.join("checkpoint");
    let run = |die: Moment| {
        let mut model = WithAdam::new(1);
        let mut trainer = Trainer::new(&mut model).expect("a trainer");
        let options = options()
            .callback(Die(die))
            .callback(BackupAndRestore::new(&path))
            .callback(CSVLogger::new(&log).append(true));
        trainer.fit(&data, options).map(drop)
    };
    let never = Moment::Epoch { epoch: usize::MAX };
    run(never).expect("a training");
    let whole = std::fs::read_to_string(&log).expect("a log");
    let (header, lines) = whole.split_once('\n').expect("a header");
    assert_eq!(lines.lines().count(), 4);
    // Its lines are appended to those of the earlier run.
    for (place, moment) in
        [Moment::Epoch { epoch: 2 }, Moment::Step { epoch: 2, step: 1 }, Moment::Epoch { epoch: 1 }]
            .into_iter()
            .enumerate()
    {
        run(moment).expect_err("killed");
        run(never).expect("a training");
        let wanted = format!("{header}\n{}", lines.repeat(place + 2));
        assert_eq!(std::fs::read_to_string(&log).expect("a log"), wanted, "{moment:?}");
    }
    // A log of another run, put there meanwhile, is not cut.
    run(Moment::Epoch { epoch: 2 }).expect_err("killed");
    let other = format!("{header}\n{}", "x".repeat(10_000));
    std::fs::write(&log, &other).expect("a log");
    run(never).expect("a training");
    assert!(std::fs::read_to_string(&log).expect("a log").starts_with(&other));
}

#[test]
fn a_checkpoint_of_an_epoch_is_not_resumed_with_other_data_or_batches() {
    let data = data!(WithSgdInputs, WithSgdTargets);
    let mut model = WithSgd::new(1);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let mut keep = Keep(Moment::Step { epoch: 0, step: 1 }, None);
    trainer.fit(&data, options().callback(&mut keep)).expect("a training");
    let checkpoint = keep.1.expect("the moment comes");
    trainer.restore(&checkpoint).expect("loaded");
    let error = trainer.fit(&data, options().batch_size(4)).expect_err("other batches");
    assert!(matches!(error, Error::ResumedBatchSize { batch_size: 4, wanted: 8 }), "{error}");
    trainer.restore(&checkpoint).expect("loaded");
    let error = trainer.fit(&data, options().validation_split(0.5)).expect_err("other data");
    assert!(matches!(error, Error::ResumedSamples { rows: 25, wanted: 40 }), "{error}");
    // The next `fit` begins as if there had been no checkpoint.
    assert_eq!(trainer.fit(&data, options()).expect("a training").epochs().len(), 4);
}

#[test]
fn a_checkpoint_is_a_file_of_weights_and_not_the_other_way_round() {
    let folder = Folder::new("weights");
    let (checkpoint, weights) = (folder.0.join("checkpoint"), folder.0.join("weights"));
    let mut model = WithSeveral::new(1);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    trainer.fit(&data!(WithSeveralInputs, WithSeveralTargets), options().epochs(1)).expect("a training");
    trainer.save_checkpoint(&checkpoint).expect("saved");
    drop(trainer);
    model.save(&weights).expect("saved");
    let loaded = WithSeveral::load(&checkpoint).expect("loaded");
    assert_eq!(bits(&loaded), bits(&model));

    let mut other = WithSeveral::new(2);
    let error = Trainer::resume(&mut other, &weights).expect_err("no checkpoint").to_string();
    assert!(error.contains("weights and not the state of a training"), "{error}");
    let mut trainer = Trainer::resume(&mut other, &checkpoint).expect("resumed");
    assert_eq!(trainer.steps(), 5);
    assert_eq!(bits(trainer.model()), bits(&model));
}

#[test]
fn a_checkpoint_of_another_training_is_refused_as_a_whole() {
    let checkpoint = {
        let mut model = WithMomentum::new(1);
        Trainer::new(&mut model).expect("a trainer").checkpoint().expect("saved")
    };
    // The same weights with another optimizer.
    let mut model = WithNadam::new(2);
    let before = bits(&model);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let error = trainer.restore(&checkpoint).expect_err("another optimizer");
    let Error::CheckpointFile { faults, model: "WithNadam", .. } = &error else { panic!("{error}") };
    // The second slot of each weight, and the rule.
    assert!(faults.len() > 8);
    let (cut, all) = (error.to_string(), format!("{error:#}"));
    assert!(cut.contains("and ") && cut.ends_with("more"), "{cut}");
    assert!(all.contains("the optimizer is Momentum, but Nadam in the model"), "{all}");
    assert_eq!(all.lines().count(), faults.len() + 1);
    drop(trainer);
    assert_eq!(bits(&model), before);
}

/// Changed checkpoints: errors, or training with other numbers, but no panic.
#[test]
fn damaged_checkpoints_are_errors() {
    let inputs = StatefulInputs { x: tensor(numbers(48 * 6, 1)).expect("samples") };
    let targets = StatefulTargets {
        a: tensor(numbers(48, 2)).expect("samples"),
        b: tensor(numbers(48, 3)).expect("samples"),
    };
    let data = ArrayDataset::<Stateful>::new(&inputs, &targets).expect("sound samples");
    let options = || FitOptions::new().epochs(2).batch_size(8).shuffle(false).verbose(Verbose::Silent);
    let set_loss = |trainer: &mut Trainer<'_, Stateful>| {
        use mimo::dfdx::tensor_ops::MeanTo;
        trainer.set_loss(|outputs, targets| Ok((outputs.a - targets.a.clone()).square().mean()));
    };
    let mut model = Stateful::new(1);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    set_loss(&mut trainer);
    let mut keep = Keep(Moment::Step { epoch: 1, step: 3 }, None);
    trainer.fit(&data, options().callback(&mut keep)).expect("a training");
    let whole = keep.1.expect("the moment comes");
    let header = 8 + u64::from_le_bytes(*whole.first_chunk().expect("a length")) as usize;
    let text = std::str::from_utf8(&whole[8..header]).expect("JSON").to_owned();
    let (mut loaded, mut refused) = (0, 0);
    let mut try_it = |bytes: &[u8]| match trainer.restore(bytes) {
        Ok(()) => {
            loaded += 1;
            set_loss(&mut trainer);
            // Whatever the result, the trainer reports it.
            let _ = trainer.fit(&data, options());
        }
        Err(error) => {
            refused += 1;
            assert!(matches!(&error, Error::CheckpointFile { .. }), "{error}");
        }
    };
    // Every number that sizes depend on, at its maximum; the offsets of arrays are in the header.
    let header_json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    for (name, tensor) in header_json.as_object().expect("an object") {
        let Some([from, to]) = tensor["data_offsets"].as_array().map(Vec::as_slice) else { continue };
        let [from, to] = [from, to].map(|offset| header + offset.as_u64().expect("an offset") as usize);
        for fill in [0xFF, 0x00, 0x7F, 0x80] {
            let mut bytes = whole.clone();
            bytes[from..to].fill(fill);
            try_it(&bytes);
            let mut bytes = whole.clone();
            if let Some(last) = bytes[from..to].last_mut() {
                *last ^= fill;
            }
            try_it(&bytes);
        }
        // Without the entry, and with another name.
        if let Some(rest) = name.strip_prefix('@') {
            try_it(
                &[
                    &whole[..8],
                    text.replace(&format!("\"{name}\""), &format!("\"?{rest}\"")).as_bytes(),
                    &whole[header..],
                ]
                .concat(),
            );
        }
    }
    for at in (0..whole.len()).step_by(61) {
        try_it(&whole[..at]);
        let mut bytes = whole.clone();
        bytes[at] ^= 0x11;
        try_it(&bytes);
    }
    assert!(loaded > 50 && refused > 50, "{loaded} {refused}");
}

/// Path of the checkpoint of a child process.
const PATH: &str = "MIMO_TEST_CHECKPOINT";
/// File for the weights at the end of the training.
const RESULT: &str = "MIMO_TEST_RESULT";

/// Not a test: training that other tests kill.
#[test]
#[ignore = "the child process of other tests"]
fn child() {
    let (Some(path), Some(result)) = (std::env::var_os(PATH), std::env::var_os(RESULT)) else { return };
    let data = data!(WithSeveralInputs, WithSeveralTargets);
    let mut model = WithSeveral::new(1);
    let mut trainer = Trainer::with_options(&mut model, TrainerOptions::new().seed(3)).expect("a trainer");
    // Deleted when the weights are saved: a kill between the end of `fit` and that would lose both.
    let backup = BackupAndRestore::new(&path).save_freq(SaveFrequency::Steps(3)).delete_checkpoint(false);
    let log = CSVLogger::new(Path::new(&path).with_extension("csv"));
    let options = options().epochs(40).callback(backup).callback(log).callback(Slow);
    trainer.fit(&data, options).expect("a training");
    drop(trainer);
    model.save(result).expect("saved");
    std::fs::remove_file(path).expect("removed");
}

/// Leaves the parent time to kill.
struct Slow;

impl<M: Trainable> Callback<M> for Slow {
    fn on_checkpoint(
        &mut self,
        _: &mut Trainer<'_, M>,
        _: Moment,
        _: &CallbackStates<'_, '_, M>,
    ) -> Result<()> {
        std::thread::sleep(Duration::from_micros(500));
        Ok(())
    }
}

fn start(path: &Path, result: &Path) -> Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["child", "--exact", "--ignored"])
        .env(PATH, path)
        .env(RESULT, result)
        .stdout(Stdio::null())
        .spawn()
        .expect("a child process")
}

/// Kills training repeatedly, at any moment, and compares the result with that of uninterrupted training.
fn kill(name: &str, kills: usize) {
    let folder = Folder::new(name);
    let [path, result, whole] = ["checkpoint", "result", "whole"].map(|name| folder.0.join(name));
    let status = start(&folder.0.join("another"), &whole).wait().expect("a status");
    assert!(status.success());
    let wanted = bits(&WithSeveral::load(&whole).expect("weights"));
    let log = |name: &str| std::fs::read_to_string(folder.0.join(name)).expect("a log");
    assert_eq!(log("another.csv").lines().count(), 41);
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let (mut killed, mut ended, mut last) = (0, 0, 0);
    while killed < kills || ended == 0 {
        let mut child = start(&path, &result);
        let undisturbed = killed == kills;
        if !undisturbed {
            // xorshift64
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            std::thread::sleep(Duration::from_micros(2_000 + state % 100_000));
            child.kill().expect("killed");
            killed += 1;
        }
        let status = child.wait().expect("a status");
        assert!(status.success() || !undisturbed, "the training failed by itself");
        // Also if it was killed at the very end.
        if status.success() || (result.exists() && !path.exists()) {
            ended += 1;
            assert!(!path.exists());
            last = 0;
            assert_eq!(bits(&WithSeveral::load(&result).expect("weights")), wanted);
            assert_eq!(log("checkpoint.csv"), log("another.csv"));
            std::fs::remove_file(&result).expect("removed");
        } else if path.exists() || last > 0 {
            // Whatever was being written, the last checkpoint is complete, and not older than the previous one.
            let mut model = WithSeveral::new(9);
            let trainer = Trainer::resume(&mut model, &path).expect("a whole checkpoint");
            assert!(trainer.steps() >= last, "{} after {last}", trainer.steps());
            last = trainer.steps();
        }
    }
    println!("{killed} kills, {ended} ends");
}

#[test]
fn killed_trainings_give_the_same_bits() {
    kill("some-kills", 12);
}

/// `cargo test --test resume -- --ignored a_hundred`
#[test]
#[ignore = "takes half a minute"]
fn a_hundred_kills_give_the_same_bits() {
    kill("many-kills", 100);
}

/// A checksum of weights (FNV-1a).
fn checksum<M: Model<Float = f32>>(model: &M) -> u64 {
    let all = bits(model).concat();
    all.iter()
        .fold(0xCBF2_9CE4_8422_2325, |hash, bits| (hash ^ u64::from(*bits)).wrapping_mul(0x100_0000_01B3))
}

/// Not a test: training whose checkpoints cannot be written, started by the test below.
#[test]
#[ignore = "the child process of other tests"]
fn child_on_a_full_disk() {
    let Some(path) = std::env::var_os(PATH) else { return };
    let data = data!(WithSeveralInputs, WithSeveralTargets);
    let mut model = WithSeveral::new(1);
    let mut errors = vec![];
    let backup = BackupAndRestore::new(path).delete_checkpoint(false).on_error(|error| {
        errors.push(error.to_string());
        ControlFlow::Continue(())
    });
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    trainer.fit(&data, options().callback(backup)).expect("the training goes on");
    drop(trainer);
    println!("checksum {} errors {} {}", checksum(&model), errors.len(), errors.concat());
}

/// The file system accepts only a few bytes of a file, as if the disk were full.
#[test]
#[cfg(unix)]
fn a_full_disk_loses_neither_the_training_nor_the_last_checkpoint() {
    let folder = Folder::new("full");
    let path = folder.0.join("checkpoint");
    let data = data!(WithSeveralInputs, WithSeveralTargets);
    let train = |die: Option<Moment>| {
        let mut model = WithSeveral::new(1);
        let mut trainer = Trainer::new(&mut model)?;
        let backup = BackupAndRestore::new(&path).delete_checkpoint(die.is_some());
        let options = options().callback(backup);
        trainer.fit(
            &data,
            match die {
                Some(moment) => options.callback(Die(moment)),
                None => options,
            },
        )?;
        drop(trainer);
        Ok::<_, Error>(checksum(&model))
    };
    let wanted = train(None).expect("a training");
    std::fs::remove_file(&path).expect("removed");
    train(Some(Moment::Epoch { epoch: 0 })).expect_err("killed");
    let last = std::fs::read(&path).expect("a checkpoint");
    assert!(last.len() > 10_240, "{} bytes are not more than the limit", last.len());

    let program = std::env::current_exe().expect("this program");
    // Without the trap a signal kills the process, unlike with a full disk.
    let output = Command::new("sh")
        .args([
            "-c",
            "trap '' XFSZ; ulimit -f 10; exec \"$0\" child_on_a_full_disk --exact --ignored --nocapture",
        ])
        .arg(program)
        .env(PATH, &path)
        .output()
        .expect("a child process");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    let said =
        said.split_once("checksum ").map(|(_, rest)| rest).unwrap_or_else(|| panic!("no result: {said}"));
    // Three more epochs, none of which could be saved.
    assert!(said.starts_with(&format!("{wanted} errors 3 ")), "{wanted} {said}");
    assert!(said.contains("File too large"), "{said}");
    assert_eq!(std::fs::read(&path).expect("the checkpoint"), last);
    assert_eq!(folder.names(), ["checkpoint"]);
}

#[test]
fn a_folder_that_cannot_be_written_to_is_reported_before_the_first_step() {
    let data = data!(WithSgdInputs, WithSgdTargets);
    let folder = Folder::new("missing");
    let file = folder.0.join("file");
    std::fs::write(&file, "").expect("written");
    let mut paths = vec![folder.0.join("no/such/folder"), file.join("below-a-file"), folder.0.clone()];
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let closed = folder.0.join("closed");
        std::fs::create_dir(&closed).expect("created");
        std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o555)).expect("set");
        // A privileged user can write there, too.
        if std::fs::write(closed.join("probe"), "").is_err() {
            paths.push(closed.join("checkpoint"));
        }
    }
    for path in paths {
        let mut model = WithSgd::new(1);
        let mut trainer = Trainer::new(&mut model).expect("a trainer");
        let error =
            trainer.fit(&data, options().callback(BackupAndRestore::new(&path))).expect_err("no file");
        assert!(matches!(&error, Error::File { path: named, .. } if *named == path), "{error}");
        assert_eq!(trainer.steps(), 0, "{error}");
        assert!(trainer.save_checkpoint(&path).is_err());
        // The trainer works as before.
        assert_eq!(trainer.fit(&data, options()).expect("a training").epochs().len(), 4);
    }
}
