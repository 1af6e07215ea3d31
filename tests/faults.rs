//! A panic or an error in the user's code leaves the trainer as if the call had not been made: the next calls are
//! bit-identical to those of a trainer with the same weights that never saw the fault.
#![allow(missing_docs, reason = "models of tests need no documentation")]

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use mimo::TrainerOptions;
use mimo::callback::Callback;
use mimo::data::{ArrayDataset, BatchRows, Dataset, IntoDataset};
use mimo::dfdx::tensor_ops::MeanTo;
use mimo::history::EpochLogs;
use mimo::prelude::*;

model! {
    /// Wide enough that a batch is split into four chunks, which threads share; the hinge scans the targets of the
    /// whole batch first.
    pub Wide {
        let x = Input(shape = [128]);
        let h = Dense(256, activation = relu)(x);
        let kind = Dense(4, activation = softmax)(h);
        let side = Dense(1, activation = tanh)(h);
        let value = Dense(2)(h);
        Model(inputs = [x], outputs = [kind, side, value]).compile(
            optimizer = SGD(0.05),
            loss = { kind: sparse_categorical_crossentropy, side: hinge, value: custom },
            metrics = { kind: [accuracy], value: [mae] },
        )
    }
}

const ROWS: usize = 64;

fn numbers(count: usize, seed: usize) -> Vec<f32> {
    (0..count).map(|at| ((at + 1) * (7919 + 2 * seed) % 1009) as f32 / 1009.0 - 0.5).collect()
}

fn samples(seed: usize) -> (WideInputs, WideTargets) {
    let inputs = WideInputs { x: tensor(numbers(ROWS * 128, seed)).expect("samples") };
    let targets = WideTargets {
        kind: tensor((0..ROWS).map(|row| (row * 7 + seed) % 4).collect::<Vec<usize>>()).expect("samples"),
        side: tensor((0..ROWS).map(|row| ((row + seed) % 2) as f32).collect::<Vec<f32>>()).expect("samples"),
        value: tensor(numbers(ROWS * 2, seed + 1)).expect("samples"),
    };
    (inputs, targets)
}

fn dataset(seed: usize) -> ArrayDataset<Wide> {
    let (inputs, targets) = samples(seed);
    ArrayDataset::new(&inputs, &targets).expect("sound samples")
}

/// Kind of fault in the user's code.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Panic,
    Error,
}

impl Fault {
    fn happen(self) -> Result<()> {
        match self {
            Fault::Panic => panic!("a mistake of the user"),
            Fault::Error => Err(Error::other("a failure of the user")),
        }
    }
}

/// A data set that fails on one sample, before it fills its rows or after it filled some fields.
struct Faulty {
    data: ArrayDataset<Wide>,
    fault: Fault,
    row: usize,
    half: bool,
}

impl Dataset<Wide> for Faulty {
    fn rows(&self) -> usize {
        ROWS
    }

    fn gather(&self, rows: &[usize], batch: &mut BatchRows<'_, '_, f32>) -> Result<()> {
        if !rows.contains(&self.row) {
            return self.data.gather(rows, batch);
        }
        if self.half {
            batch.input(0).fill(7.0);
            batch.target(1).fill(1.0);
        }
        self.fault.happen()
    }
}

/// Event at which a callback fails.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Event {
    TrainBegin,
    EpochBegin,
    EpochEnd,
    TrainEnd,
}

struct FaultyCallback {
    fault: Fault,
    event: Event,
    epoch: usize,
}

impl FaultyCallback {
    fn at(&self, event: Event) -> Result<()> {
        if event == self.event { self.fault.happen() } else { Ok(()) }
    }
}

impl Callback<Wide> for FaultyCallback {
    fn on_train_begin(&mut self, _: &mut Trainer<'_, Wide>) -> Result<()> {
        self.at(Event::TrainBegin)
    }

    fn on_epoch_begin(&mut self, _: &mut Trainer<'_, Wide>, epoch: usize) -> Result<()> {
        if epoch == self.epoch { self.at(Event::EpochBegin) } else { Ok(()) }
    }

    fn on_epoch_end(
        &mut self,
        trainer: &mut Trainer<'_, Wide>,
        logs: &EpochLogs<Wide>,
    ) -> Result<ControlFlow<()>> {
        // A callback may use the trainer before it fails.
        trainer.evaluate(&dataset(5), 16)?;
        if logs.epoch == self.epoch {
            self.at(Event::EpochEnd)?;
        }
        Ok(ControlFlow::Continue(()))
    }

    fn on_train_end(&mut self, _: &mut Trainer<'_, Wide>) -> Result<()> {
        self.at(Event::TrainEnd)
    }
}

/// Data that cannot be converted to a data set.
struct NoDataset(Fault);

impl<'a> IntoDataset<'a, Wide> for NoDataset {
    fn into_dataset(self) -> Result<Box<dyn Dataset<Wide> + 'a>> {
        self.0.happen()?;
        Ok(Box::new(dataset(1)))
    }
}

fn options<'a>() -> FitOptions<'a, Wide> {
    FitOptions::new().verbose(Verbose::Silent)
}

/// The results of all kinds of calls, as bits.
fn calls(trainer: &mut Trainer<'_, Wide>) -> Vec<u64> {
    let mut bits = Vec::new();
    let (inputs, targets) = samples(11);
    let data = dataset(12);
    let logs = trainer.train_on_batch(&inputs, &targets).expect("a step");
    bits.extend([logs.loss, logs.kind.accuracy, logs.side.loss, logs.value.mae].map(f64::to_bits));
    // Fewer samples than before, in another order.
    let logs = trainer.train_on_rows(&data, &[40, 3, 17]).expect("a step");
    bits.extend([logs.loss, logs.kind.loss, logs.side.loss, logs.value.loss].map(f64::to_bits));
    let evaluation = trainer.evaluate((&inputs, &targets), 48).expect("an evaluation");
    bits.extend(evaluation.pairs().iter().map(|(_, value)| value.to_bits()));
    let history = trainer
        .fit(&data, options().epochs(2).batch_size(48).validation_split(0.25).shuffle(false))
        .expect("a training");
    bits.extend(history.epochs().iter().flat_map(EpochLogs::pairs).map(|(_, value)| value.to_bits()));
    let outputs = trainer.predict(&inputs).expect("outputs");
    bits.extend(
        outputs.kind.as_vec().iter().chain(&outputs.value.as_vec()).map(|it| u64::from(it.to_bits())),
    );
    bits.extend(trainer.weights().concat().iter().map(|weight| u64::from(weight.to_bits())));
    bits
}

fn quiet() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let text = info.payload_as_str().unwrap_or_default();
            if text != "a mistake of the user" {
                hook(info);
            }
        }));
    });
}

/// The custom loss of `value`, without a fault.
fn set_sound_loss(trainer: &mut Trainer<'_, Wide>) {
    trainer.set_loss(|outputs, targets| Ok((outputs.value - targets.value.clone()).square().mean()));
}

/// Lets a call fail, and compares the next calls with a trainer that never saw it.
fn inject(name: &str, fault: Fault, call: impl Fn(&mut Trainer<'_, Wide>) -> Result<()>, may_train: bool) {
    quiet();
    for threads in [1, 2, 3] {
        let options = TrainerOptions::new().threads(threads);
        let mut model = Wide::new(4);
        let mut trainer = Trainer::with_options(&mut model, options).expect("a trainer");
        set_sound_loss(&mut trainer);
        let before = trainer.weights();
        let result = catch_unwind(AssertUnwindSafe(|| call(&mut trainer)));
        match fault {
            Fault::Panic => assert!(result.is_err(), "{name}: the panic was swallowed: {result:?}"),
            Fault::Error => {
                let error = result.expect("no panic").expect_err("an error");
                assert_eq!(error.to_string(), "a failure of the user", "{name}");
            }
        }
        if !may_train {
            assert!(trainer.weights() == before && trainer.steps() == 0, "{name}: the weights changed");
        }
        set_sound_loss(&mut trainer);
        let weights = trainer.weights();
        let found = calls(&mut trainer);
        let mut model = Wide::new(9);
        let mut sound = Trainer::with_options(&mut model, options).expect("a trainer");
        set_sound_loss(&mut sound);
        sound.set_weights(&weights).expect("weights of this model");
        assert!(found == calls(&mut sound), "{name}, {fault:?}, {threads} threads: the next calls differ");
    }
}

#[test]
fn in_a_data_set_on_any_thread() {
    for fault in [Fault::Panic, Fault::Error] {
        for (row, half) in [(0, false), (20, true), (63, false)] {
            let faulty = Faulty { data: dataset(1), fault, row, half };
            let name = format!("gather of sample {row}");
            inject(&name, fault, |trainer| trainer.fit(&faulty, options().batch_size(ROWS)).map(drop), false);
            inject(&name, fault, |trainer| trainer.evaluate(&faulty, ROWS).map(drop), false);
            let rows: Vec<usize> = (0..ROWS).collect();
            inject(&name, fault, |trainer| trainer.train_on_rows(&faulty, &rows).map(drop), false);
            // After some steps, and after an epoch.
            inject(&name, fault, |trainer| trainer.fit(&faulty, options().batch_size(16)).map(drop), true);
            inject(
                &name,
                fault,
                |trainer| trainer.fit(&dataset(2), options().validation_data(&faulty)).map(drop),
                true,
            );
        }
        inject("into_dataset", fault, |trainer| trainer.fit(NoDataset(fault), options()).map(drop), false);
        inject("into_dataset", fault, |trainer| trainer.evaluate(NoDataset(fault), 8).map(drop), false);
    }
}

#[test]
fn of_several_errors_the_first_is_returned() {
    let data =
        mimo::data::from_fn::<Wide, _>(ROWS, |rows, _| Err(Error::other(format!("sample {}", rows[0]))));
    for threads in [1, 2, 3] {
        let mut model = Wide::new(4);
        let mut trainer =
            Trainer::with_options(&mut model, TrainerOptions::new().threads(threads)).expect("a trainer");
        set_sound_loss(&mut trainer);
        for _ in 0..20 {
            let error = trainer.evaluate(&data, ROWS).expect_err("no samples");
            assert_eq!(error.to_string(), "sample 0", "{threads} threads");
        }
    }
}

#[test]
fn in_a_custom_loss() {
    for fault in [Fault::Panic, Fault::Error] {
        let set = |trainer: &mut Trainer<'_, Wide>, good: usize| {
            let mut calls = 0;
            trainer.set_loss(move |outputs, targets| {
                calls += 1;
                if calls > good {
                    fault.happen()?;
                }
                Ok((outputs.value - targets.value.clone()).square().mean())
            });
        };
        let (inputs, targets) = samples(3);
        inject(
            "custom loss of train_on_batch",
            fault,
            |trainer| {
                set(trainer, 0);
                trainer.train_on_batch(&inputs, &targets).map(drop)
            },
            false,
        );
        inject(
            "custom loss of evaluate",
            fault,
            |trainer| {
                set(trainer, 1);
                trainer.evaluate((&inputs, &targets), 32).map(drop)
            },
            false,
        );
        inject(
            "custom loss of fit",
            fault,
            |trainer| {
                set(trainer, 2);
                trainer.fit((&inputs, &targets), options().batch_size(24)).map(drop)
            },
            true,
        );
    }
}

#[test]
fn in_a_custom_loss_that_goes_on() {
    quiet();
    // The loss is kept, and gets the targets of each call, not those of the call in which it panicked.
    let seen = std::cell::RefCell::new(Vec::new());
    let mut model = Wide::new(4);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    trainer.set_loss(|outputs, targets| {
        seen.borrow_mut().push(targets.value.as_vec());
        assert!(seen.borrow().len() > 1, "a mistake of the user");
        Ok((outputs.value - targets.value.clone()).square().mean())
    });
    for seed in [21, 22, 23] {
        let (inputs, targets) = samples(seed);
        let result = catch_unwind(AssertUnwindSafe(|| trainer.train_on_batch(&inputs, &targets).map(drop)));
        assert_eq!(result.is_err(), seed == 21);
        assert_eq!(seen.borrow().last(), Some(&targets.value.as_vec()), "the targets of call {seed}");
    }
}

#[test]
fn in_a_callback_at_every_event() {
    for fault in [Fault::Panic, Fault::Error] {
        for event in [Event::TrainBegin, Event::EpochBegin, Event::EpochEnd, Event::TrainEnd] {
            for epoch in [0, 1] {
                let data = dataset(6);
                let fit = |trainer: &mut Trainer<'_, Wide>| {
                    let callback = FaultyCallback { fault, event, epoch };
                    let options = options().epochs(2).batch_size(40).validation_split(0.5).shuffle(false);
                    trainer.fit(&data, options.callback(callback)).map(drop)
                };
                let trained = event != Event::TrainBegin && (event, epoch) != (Event::EpochBegin, 0);
                inject(&format!("{event:?} {epoch}"), fault, fit, trained);
            }
        }
        let data = dataset(6);
        let closure = |trainer: &mut Trainer<'_, Wide>| {
            let options = options().on_epoch_end(move |_, _| {
                fault.happen()?;
                Ok(ControlFlow::Continue(()))
            });
            trainer.fit(&data, options).map(drop)
        };
        inject("on_epoch_end", fault, closure, true);
    }
}
