//! Data sets that are read ahead, in order, or differ from epoch to epoch: the same bits for any number of threads and workers, and
//! errors in the middle.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use mimo::data::{self, BatchRows, Dataset};
use mimo::prelude::*;

model! {
    /// Two outputs, one with positions, and dropout.
    pub Net {
        let x = Input(shape = [4]);
        let h = Dropout(0.2)(Dense(8, activation = tanh)(x));
        let number = Dense(1)(h);
        let steps = Reshape([3, 2])(Dense(6)(h));
        Model(inputs = [x], outputs = [number, steps]).compile(optimizer = Adam(0.01), loss = mse)
    }
}

const ROWS: usize = 103;

/// The value at a place of a sample: any numbers that differ.
fn value(row: usize, place: usize) -> f32 {
    ((row * 31 + place * 17) % 97) as f32 / 97.0 - 0.5
}

fn fill(rows: &[usize], batch: &mut BatchRows<'_, '_, f32>) -> Result<()> {
    for (place, &row) in rows.iter().enumerate() {
        (0..4).for_each(|at| batch.input(0)[place * 4 + at] = value(row, at));
        batch.target(0)[place] = value(row, 5);
        (0..6).for_each(|at| batch.target(1)[place * 6 + at] = value(row, 6 + at));
        for output in 0..2 {
            batch.sample_weight(output)[place] = 1.0 + value(row, 20 + output);
        }
        for step in 0..3 {
            batch.position_weight(1)[place * 3 + step] = 1.0 + value(row, 30 + step);
        }
        if row % 7 == 0 {
            batch.mark_missing(0, place);
        }
        if row % 5 == 0 {
            batch.mark_position_missing(1, place, 2);
        }
    }
    Ok(())
}

fn whole() -> impl Dataset<Net> + Send + 'static {
    data::from_fn::<Net, _>(ROWS, fill).weighted(true).position_weighted(true).missing_targets(true)
}

/// The same samples in memory.
fn array(rows: std::ops::Range<usize>) -> Result<ArrayDataset<Net>> {
    let all = |len: usize, from: usize| -> Vec<f32> {
        rows.clone().flat_map(|row| (0..len).map(move |at| value(row, from + at))).collect()
    };
    let inputs = NetInputs { x: tensor(all(4, 0))? };
    let targets = NetTargets { number: tensor(all(1, 5))?, steps: tensor(all(6, 6))? };
    let weight = |from: usize| rows.clone().map(|row| 1.0 + value(row, from)).collect::<Vec<f32>>();
    let positions: Vec<f32> =
        rows.clone().flat_map(|row| (0..3).map(move |step| 1.0 + value(row, 30 + step))).collect();
    let per_position = data::PerPosition::new(positions, [rows.len(), 3]);
    let there = rows.clone().map(|row| row % 7 != 0).collect::<Vec<bool>>();
    let steps: Vec<bool> =
        rows.clone().flat_map(|row| (0..3).map(move |step| row % 5 != 0 || step != 2)).collect();
    let steps = data::PerPosition::new(steps, [rows.len(), 3]);
    let data = ArrayDataset::new(&inputs, &targets)?;
    let data = data.sample_weights(&NetPerOutput { number: Some(weight(20)), steps: Some(weight(21)) })?;
    let data = data.sample_weights(&NetPerOutput { number: None, steps: Some(per_position) })?;
    let data = data.target_mask(&NetPerOutput { number: Some(there), steps: None })?;
    data.target_mask(&NetPerOutput { number: None, steps: Some(steps) })
}

/// The weights, and the loss, after some epochs.
fn train(data: &dyn Dataset<Net>, threads: usize, epochs: &[usize]) -> (Vec<Vec<f32>>, Vec<u64>) {
    let mut model = Net::new(3);
    let mut trainer =
        Trainer::with_options(&mut model, TrainerOptions::new().threads(threads).seed(5)).expect("a trainer");
    let mut losses = vec![];
    for epochs in epochs {
        let options =
            FitOptions::new().epochs(*epochs).batch_size(16).verbose(Verbose::Silent).validation_data(data);
        let history = trainer.fit(data, options).expect("trained");
        losses.extend(history.get("loss").expect("losses").into_iter().map(f64::to_bits));
        losses.extend(history.get("val_loss").expect("losses").into_iter().map(f64::to_bits));
    }
    (trainer.weights(), losses)
}

#[test]
fn reading_ahead_changes_no_bit() {
    let expected = train(&whole(), 1, &[3]);
    assert_eq!(train(&array(0..ROWS).expect("data"), 2, &[3]), expected, "in memory");
    for (workers, ahead, threads) in [(1, 1, 1), (1, 2, 2), (3, 2, 2), (4, 20, 1)] {
        let data = data::prefetch(whole()).workers(workers).ahead(ahead);
        assert_eq!(
            train(&data, threads, &[3]),
            expected,
            "{workers} workers, {ahead} ahead, {threads} threads"
        );
    }
}

#[test]
fn one_seed_gives_the_same_bits_and_a_second_fit_goes_on() {
    let data = array(0..ROWS).expect("data");
    let (weights, _) = train(&data, 1, &[4]);
    for threads in [1, 2, 3] {
        assert_eq!(train(&data, threads, &[1, 3]).0, weights, "{threads} threads, 1 + 3 epochs");
    }
    // The split, the weights, shuffling and dropout depend on the seed alone.
    let job = |threads| {
        let (train, test) = data.shuffled_split(0.25, 9).expect("a split");
        assert_eq!((Dataset::<Net>::rows(&train), Dataset::<Net>::rows(&test)), (77, 26));
        self::train(&train, threads, &[2])
    };
    assert_eq!(job(1), job(2));
}

type Blocks = std::vec::IntoIter<Result<ArrayDataset<Net>>>;

fn blocks(rows: usize, size: usize) -> Blocks {
    let starts = (0..rows).step_by(size);
    starts.map(|start| array(start..rows.min(start + size))).collect::<Vec<_>>().into_iter()
}

fn stream(size: usize) -> data::Stream<Net, impl Fn() -> Result<Blocks> + Sync> {
    data::stream::<Net, _, _>(ROWS, move || Ok(blocks(ROWS, size)))
        .weighted(true)
        .position_weighted(true)
        .missing_targets(true)
}

#[test]
fn a_stream_is_the_data_in_order_whatever_its_blocks() {
    let in_order = |data: &dyn Dataset<Net>| {
        let mut model = Net::new(3);
        let mut trainer = Trainer::new(&mut model).expect("a trainer");
        let options = FitOptions::new().epochs(2).batch_size(16).shuffle(false).validation_split(0.2);
        trainer.fit(data, options.verbose(Verbose::Silent)).expect("trained");
        (trainer.weights(), trainer.evaluate(data, 10).expect("evaluated").loss.to_bits())
    };
    let expected = in_order(&whole());
    for size in [1, 7, 16, 200] {
        assert_eq!(in_order(&stream(size)), expected, "blocks of {size}");
        assert_eq!(
            in_order(&data::prefetch(stream(size)).workers(3)),
            expected,
            "blocks of {size}, read ahead"
        );
    }
}

#[test]
fn a_buffer_shuffles_all_samples_and_depends_on_seed_and_epoch() {
    // The order in which an epoch sees the samples: what they hold is their number.
    model! {
        Order {
            let x = Input(shape = [1]);
            let y = Dense(1)(x);
            Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = mse)
        }
    }
    let order = |buffer: usize, seed: u64, epochs: usize| {
        let numbers = |rows: std::ops::Range<usize>| {
            let values: Vec<f32> = rows.map(|row| row as f32).collect();
            let (inputs, targets) =
                (OrderInputs { x: tensor(values.clone())? }, OrderTargets { y: tensor(values)? });
            ArrayDataset::<Order>::new(&inputs, &targets)
        };
        let seen = std::sync::Mutex::new(vec![]);
        let stream = data::stream::<Order, _, _>(50, move || {
            Ok((0..10).map(move |block| numbers(block * 5..block * 5 + 5)))
        });
        let data = data::augment::<Order, _, _>(stream.shuffle(buffer, seed), 0, |batch, _| {
            let rows = batch.rows();
            seen.lock().expect("no panic").extend(batch.input(0)[..rows].iter().map(|value| *value as usize));
            Ok(())
        });
        let mut model = Order::new(1);
        let mut trainer =
            Trainer::with_options(&mut model, TrainerOptions::new().threads(1)).expect("a trainer");
        let options = FitOptions::new().epochs(epochs).batch_size(8).verbose(Verbose::Silent);
        trainer.fit(&data, options).expect("trained");
        seen.into_inner().expect("no panic")
    };
    assert_eq!(order(1, 1, 1), (0..50).collect::<Vec<_>>());
    let two = order(20, 1, 2);
    let (first, second) = two.split_at(50);
    assert_ne!(first, second, "epochs have other orders");
    assert_eq!(order(20, 1, 1), first);
    assert_ne!(order(20, 2, 1), first);
    for epoch in [first, second] {
        let mut sorted = epoch.to_vec();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..50).collect::<Vec<_>>());
        // A sample comes at most as much too early as the buffer is large.
        assert!(epoch.iter().enumerate().all(|(place, row)| *row < place + 20), "{epoch:?}");
    }
}

#[test]
fn augmentation_depends_on_seed_epoch_and_sample_only() {
    let noisy = |seed: u64| {
        data::augment::<Net, _, _>(whole(), seed, |batch, random| {
            for place in 0..batch.rows() {
                let mut random = random.of(place);
                batch.input(0)[place * 4..][..4]
                    .iter_mut()
                    .for_each(|it| *it += 0.1 * random.normal() as f32);
            }
            Ok(())
        })
    };
    let expected = train(&noisy(1), 1, &[3]);
    assert_eq!(train(&noisy(1), 2, &[3]), expected, "two threads");
    assert_eq!(train(&noisy(1), 2, &[1, 2]).0, expected.0, "two calls of `fit`");
    assert_eq!(train(&data::prefetch(noisy(1)).workers(3), 2, &[3]), expected, "read ahead");
    assert_ne!(train(&noisy(2), 1, &[3]), expected, "another seed");
    assert_ne!(train(&whole(), 1, &[3]), expected, "without");
    // Evaluations see the samples as they are.
    let mut model = Net::new(3);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let [with, without] = [trainer.evaluate(&noisy(1), 16), trainer.evaluate(&whole(), 16)]
        .map(|it| it.expect("evaluated").loss.to_bits());
    assert_eq!(with, without);
}

#[test]
fn a_training_with_streams_is_resumed_in_the_middle_of_an_epoch() {
    let data = data::prefetch(data::augment::<Net, _, _>(stream(10).shuffle(30, 4), 8, |batch, random| {
        for place in 0..batch.rows() {
            batch.input(0)[place * 4] += random.of(place).uniform(-0.1..0.1) as f32;
        }
        Ok(())
    }));
    let options = || FitOptions::new().epochs(3).batch_size(16).verbose(Verbose::Silent);
    let mut calm = Net::new(3);
    let mut trainer = Trainer::new(&mut calm).expect("a trainer");
    trainer.fit(&data, options()).expect("trained");
    let expected = trainer.weights();
    drop(trainer);

    struct Stop(Arc<std::sync::Mutex<Vec<u8>>>);
    impl Callback<Net> for Stop {
        fn on_train_batch_end(
            &mut self,
            trainer: &mut Trainer<'_, Net>,
            logs: &mimo::callback::BatchLogs<'_, Net>,
        ) -> Result<std::ops::ControlFlow<()>> {
            if (logs.epoch, logs.step) == (1, 3) {
                *self.0.lock().expect("no panic") = trainer.checkpoint()?;
            }
            Ok(std::ops::ControlFlow::Continue(()))
        }
    }
    let bytes = Arc::default();
    let mut restless = Net::new(3);
    let mut trainer = Trainer::new(&mut restless).expect("a trainer");
    trainer.fit(&data, options().callback(Stop(Arc::clone(&bytes)))).expect("trained");
    drop(trainer);
    let mut resumed = Net::new(0);
    let mut trainer = Trainer::new(&mut resumed).expect("a trainer");
    trainer.restore(&bytes.lock().expect("no panic")).expect("loaded");
    trainer.fit(&data, options()).expect("trained");
    assert_eq!(trainer.weights(), expected);
}

/// Weights after the steps before the error, and the error.
fn fails(data: &dyn Dataset<Net>) -> (u64, Vec<Vec<f32>>, String) {
    let mut model = Net::new(3);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let options = FitOptions::new().epochs(2).batch_size(16).shuffle(false).verbose(Verbose::Silent);
    let error = trainer.fit(data, options).expect_err("the source fails").to_string();
    (trainer.steps(), trainer.weights(), error)
}

#[test]
fn a_source_that_fails_ends_fit_with_the_state_before_the_step() {
    let failing = |row: usize| {
        let gather = move |rows: &[usize], batch: &mut BatchRows<'_, '_, f32>| match rows.contains(&row) {
            true => Err(Error::other(format!("sample {row} cannot be read"))),
            false => fill(rows, batch),
        };
        data::from_fn::<Net, _>(ROWS, gather).weighted(true).position_weighted(true).missing_targets(true)
    };
    let broken_stream = || {
        data::stream::<Net, _, _>(ROWS, || {
            let good: Vec<_> = blocks(48, 16).collect();
            Ok(good.into_iter().chain([Err(Error::other("sample 50 cannot be read"))]))
        })
        .weighted(true)
        .position_weighted(true)
        .missing_targets(true)
    };
    let expected = fails(&failing(50));
    assert_eq!((expected.0, expected.2.as_str()), (3, "sample 50 cannot be read"));
    assert_eq!(fails(&data::prefetch(failing(50)).workers(3).ahead(5)), expected);
    assert_eq!(fails(&broken_stream()), expected);
    assert_eq!(fails(&data::prefetch(broken_stream())), expected);
    // The weights are those of three steps.
    let mut model = Net::new(3);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    for first in [0, 16, 32] {
        trainer.train_on_rows(&whole(), &(first..first + 16).collect::<Vec<_>>()).expect("a step");
    }
    assert_eq!(trainer.weights(), expected.1);
}

#[test]
fn epochs_before_the_error_are_recorded() {
    let reads = AtomicUsize::new(0);
    let data = data::from_fn::<Net, _>(ROWS, |rows, batch| {
        // The second epoch begins after as many samples as the first has.
        if reads.fetch_add(rows.len(), Ordering::SeqCst) >= ROWS + 40 {
            return Err(Error::other("the disk is gone"));
        }
        fill(rows, batch)
    });
    let data = data.weighted(true).position_weighted(true).missing_targets(true);
    let mut model = Net::new(3);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let mut epochs = vec![];
    let options = FitOptions::new().epochs(3).batch_size(16).verbose(Verbose::Silent).record(&mut epochs);
    assert_eq!(
        trainer.fit(&data, options).expect_err("the second epoch fails").to_string(),
        "the disk is gone"
    );
    assert_eq!((epochs.len(), epochs[0].epoch), (1, 0));
    assert!(epochs[0].train.loss.is_finite() && trainer.steps() > 7);
}

#[test]
fn streams_that_do_not_fit_are_errors() {
    let short = data::stream::<Net, _, _>(ROWS + 1, || Ok(blocks(ROWS, 20)));
    let short = short.weighted(true).position_weighted(true).missing_targets(true);
    assert_eq!(fails(&short).2, "the stream ended after 103 samples; an epoch has 104");
    let error = fails(&stream(20).missing_targets(false)).2;
    assert!(error.contains("call `.missing_targets(true)` on the stream"), "{error}");
    let error =
        fails(&data::stream::<Net, _, _>(ROWS, || -> Result<Blocks> { Err(Error::other("no file")) })).2;
    assert_eq!(error, "no file");
    let error = fails(&stream(20).shuffle(0, 7)).2;
    assert!(error.contains("a buffer of 0 samples") && error.contains("`.shuffle(10_000, SEED)`"), "{error}");
    assert_eq!(fails(&data::prefetch(stream(20).shuffle(0, 7))).2, error);
    let mut model = Net::new(3);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    assert!(matches!(trainer.train_on_rows(&stream(20), &[5, 3]), Err(Error::StreamOrder)));
    assert!(trainer.train_on_rows(&stream(20), &[5, 6, 7]).is_ok());
}

#[test]
fn a_panic_of_a_source_reaches_the_caller_and_the_trainer_goes_on() {
    let panics = Arc::new(AtomicBool::new(true));
    let state = Arc::clone(&panics);
    let data = data::prefetch(
        data::from_fn::<Net, _>(ROWS, move |rows, batch| {
            assert!(!(state.load(Ordering::Relaxed) && rows.contains(&60)), "sample 60 panics");
            fill(rows, batch)
        })
        .weighted(true)
        .position_weighted(true)
        .missing_targets(true),
    )
    .workers(2);
    let mut model = Net::new(3);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let options = || FitOptions::new().batch_size(16).shuffle(false).verbose(Verbose::Silent);
    let caught =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| trainer.fit(&data, options()).is_ok()));
    let message = caught.expect_err("a panic");
    assert_eq!(message.downcast_ref::<&str>().copied(), Some("sample 60 panics"));
    assert_eq!(trainer.steps(), 3);
    panics.store(false, Ordering::Relaxed);
    trainer.fit(&data, options()).expect("trained");
}

#[test]
fn workers_wait_when_enough_is_read() {
    let read = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&read);
    let source = data::from_fn::<Net, _>(ROWS, move |rows, batch| {
        counter.fetch_add(1, Ordering::SeqCst);
        fill(rows, batch)
    });
    let source = source.weighted(true).position_weighted(true).missing_targets(true);
    let data = data::prefetch(source).workers(3).ahead(2);
    let (mut most, mut trained) = (0, 0);
    let mut model = Net::new(3);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    struct Slow<'a>(&'a AtomicUsize, &'a mut usize, &'a mut usize);
    impl Callback<Net> for Slow<'_> {
        fn on_train_batch_end(
            &mut self,
            _: &mut Trainer<'_, Net>,
            _: &mimo::callback::BatchLogs<'_, Net>,
        ) -> Result<std::ops::ControlFlow<()>> {
            // Time to read more than is allowed.
            std::thread::sleep(Duration::from_millis(5));
            *self.2 += 1;
            *self.1 = (*self.1).max(self.0.load(Ordering::SeqCst) - *self.2);
            Ok(std::ops::ControlFlow::Continue(()))
        }
    }
    let options = FitOptions::new().batch_size(4).verbose(Verbose::Silent);
    trainer.fit(&data, options.callback(Slow(&read, &mut most, &mut trained))).expect("trained");
    assert_eq!((trained, read.load(Ordering::SeqCst)), (26, 26), "every batch is read once");
    assert!((1..=2).contains(&most), "{most} batches were read ahead");
}
