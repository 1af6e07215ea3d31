//! Two inputs of different kinds, a stretch of signal and a single number, and two answers of different kinds.
//!
//! New here: a convolution over time, `concatenate`, rare classes with larger weights, and evaluation class by class
//! with a `Predictor`.
//!
//! The signal is five minutes of a real electrocardiogram, cut into 0.7 seconds around each heartbeat. The second
//! input is how early the beat came, which those 0.7 seconds do not show: the time since the previous beat, compared
//! with the median of the eight intervals before. The outputs are the kind of the beat, and whether a pause follows
//! it, which neither input contains.
//!
//! **The kinds are not a doctor's.** They are derived from one measured width (see `kind`), because the recording has
//! no annotations, and there is only one patient. This shows how such a model is built, and nothing about hearts.
//!
//! `cargo run --release --example 05_diagnosis` holds out the last quarter of the recording. There it reaches an accuracy
//! of 0.97 for the kind and an AUC of 0.96 for the pause, and fails below 0.93 and 0.88.

use std::process::ExitCode;

use mimo::data::ArrayDataset;
use mimo::prelude::*;

#[path = "support/course.rs"]
mod course;
#[path = "support/ecg.rs"]
mod ecg;

use course::{Epochs, Figure, Outcome};
use ecg::Recording;

model! {
    /// The kind of a heartbeat, and whether a pause follows it.
    pub Heartbeat {
        const SAMPLES: usize = 256;
        const KINDS: usize = 3;

        let ecg = Input(shape = [SAMPLES, 1]);
        let x = Conv1D(32, 3, activation = relu)(ecg);
        let x: [127, 32] = MaxPooling1D(2)(x);
        let x = Flatten()(x);

        let earliness = Input(shape = [1]);
        let features = concatenate([x, earliness]);

        let kind = Dense(KINDS, activation = softmax)(features);
        let pause = Dense(1, activation = sigmoid)(features);

        Model(inputs = [ecg, earliness], outputs = [kind, pause])
            .compile(
                optimizer = Adam(learning_rate = 5e-4),
                loss = { kind: categorical_crossentropy, pause: binary_crossentropy },
                loss_weights = { kind: 1.0, pause: 0.5 },
                metrics = { kind: [accuracy], pause: [accuracy, auc] },
            )
    }
}

const KINDS: [&str; Heartbeat::KINDS] = ["narrow", "between", "broad"];

/// Fraction held out at the end of the recording, and the required results on it.
const HELD_OUT: f64 = 0.25;
const WANTED_KIND_ACCURACY: f64 = 0.93;
const WANTED_PAUSE_AUC: f64 = 0.88;

/// A heartbeat with the inputs and targets of the model.
struct Sample {
    ecg: Vec<f32>,
    earliness: f32,
    kind: usize,
    pause: bool,
}

fn main() -> ExitCode {
    course::end(run())
}

fn run() -> Outcome {
    let epochs = Epochs::from_args("05_diagnosis", 30)?;
    let samples = samples(&Recording::load()?);
    // A split by time: neighbours resemble each other, and a random split would put one of two into each part.
    let (train, held_out) = samples.split_at((samples.len() as f64 * (1.0 - HELD_OUT)) as usize);
    println!("{} heartbeats to train with, {} held out", train.len(), held_out.len());
    let counts = counts(train);
    for (name, count) in KINDS.iter().zip(counts) {
        println!("{count:>5} {name}");
    }
    println!("\n{}", Heartbeat::summary());

    let (inputs, targets) = tensors(train)?;
    let (held_out_inputs, held_out_targets) = tensors(held_out)?;
    // Each kind has the same total weight, as with Keras's `class_weight`, which supports only one output.
    let weigh = |count: usize| train.len() as f64 / (Heartbeat::KINDS * count.max(1)) as f64;
    let weights = HeartbeatPerOutput { kind: Some(counts.map(weigh).to_vec()), pause: None };
    let data = ArrayDataset::<Heartbeat>::new(&inputs, &targets)?.class_weights(&weights)?;

    let mut model = Heartbeat::new(3);
    let mut trainer = Trainer::new(&mut model)?;
    trainer.fit(&data, FitOptions::new().epochs(epochs.number))?;
    let held_out_data = (&held_out_inputs, &held_out_targets);
    let reached = trainer.evaluate(held_out_data, 32)?;
    println!("held out: {reached}\n");
    // Which kind is predicted as which.
    let matrix = trainer.confusion_matrix(held_out_data, 32, |outputs| &outputs.kind)?.with_names(KINDS)?;
    println!("{matrix}\n\n{}", matrix.report());
    drop(trainer);

    // Number of predicted pauses. The predictor copies the weights once.
    let mut predictor = Predictor::new(&model)?;
    let pauses = predictor.predict(&held_out_inputs)?.pause.as_vec();
    let paused = |pause: bool| {
        let of: Vec<f32> =
            held_out.iter().zip(&pauses).filter(|(s, _)| s.pause == pause).map(|(_, p)| *p).collect();
        (of.len(), 100.0 * of.iter().sum::<f32>() / of.len().max(1) as f32)
    };
    let ((with, chance_with), (without, chance_without)) = (paused(true), paused(false));
    println!("\nchance given to a pause before the {with} that came: {chance_with:.0} % on average");
    println!("                   before the {without} that did not come: {chance_without:.0} %\n");

    Ok(epochs.judge(&[
        Figure::at_least("accuracy of the kind", reached.kind.accuracy, WANTED_KIND_ACCURACY),
        Figure::at_least("auc of the pause", reached.pause.auc, WANTED_PAUSE_AUC),
    ]))
}

/// Kind of a heartbeat, from the milliseconds for which it stays above a quarter of its height. A beat that spreads
/// through the heart's conduction system is narrow; one that begins in the muscle of a chamber is broad; some begin
/// in both places.
fn kind(width: usize) -> usize {
    match width {
        0..50 => 0,
        50..90 => 1,
        _ => 2,
    }
}

/// Returns every heartbeat with eight intervals before it and one after it.
fn samples(recording: &Recording) -> Vec<Sample> {
    /// A longer interval is a disturbance of the recording.
    const LONGEST: f32 = 1.2;
    const BEFORE: usize = 8;
    const HALF: usize = Heartbeat::SAMPLES / 2;

    let beats = &recording.beats;
    let intervals: Vec<f32> =
        beats.windows(2).map(|pair| (pair[1].at - pair[0].at) as f32 / ecg::RATE as f32).collect();
    let mut samples = Vec::new();
    // Interval `i` lies between the beats `i` and `i + 1`.
    for (index, around) in intervals.windows(BEFORE + 2).enumerate() {
        let beat = beats[index + BEFORE + 1];
        let whole = beat.at >= HALF && beat.at + HALF <= recording.millivolts.len();
        if !whole || around.iter().any(|interval| *interval > LONGEST) {
            continue;
        }
        let usual = median(&around[..BEFORE]);
        let signal = &recording.millivolts[beat.at - HALF..beat.at + HALF];
        let baseline = median(signal);
        samples.push(Sample {
            ecg: signal.iter().map(|millivolts| millivolts - baseline).collect(),
            // 1 for 10 % earlier than usual.
            earliness: (1.0 - around[BEFORE] / usual) * 10.0,
            kind: kind(beat.width),
            pause: around[BEFORE + 1] > 1.1 * usual,
        });
    }
    samples
}

/// Median of the values.
fn median(values: &[f32]) -> f32 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

/// Number of samples of each kind.
fn counts(samples: &[Sample]) -> [usize; Heartbeat::KINDS] {
    std::array::from_fn(|kind| samples.iter().filter(|sample| sample.kind == kind).count())
}

/// Creates the model's typed tensors; a kind is one-hot.
fn tensors(samples: &[Sample]) -> Result<(HeartbeatInputs, HeartbeatTargets)> {
    let inputs = HeartbeatInputs {
        ecg: tensor(samples.iter().flat_map(|sample| sample.ecg.iter().copied()).collect::<Vec<_>>())?,
        earliness: tensor(samples.iter().map(|sample| sample.earliness).collect::<Vec<_>>())?,
    };
    let hot = |sample: &Sample| {
        std::array::from_fn::<f32, { Heartbeat::KINDS }, _>(|kind| f32::from(u8::from(kind == sample.kind)))
    };
    let targets = HeartbeatTargets {
        kind: tensor(samples.iter().flat_map(hot).collect::<Vec<_>>())?,
        pause: tensor(samples.iter().map(|sample| f32::from(u8::from(sample.pause))).collect::<Vec<_>>())?,
    };
    Ok((inputs, targets))
}
