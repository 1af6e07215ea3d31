//! Sentiment of a picture and a text: are they positive?
//!
//! Teaches models with several inputs, and data generated on demand: a picture of 128 by 128 by 3 is 192 KiB, so a
//! data set from a function (`from_fn`) draws the pictures of a batch when the batch is filled, on several threads.
//! The text has two forms, each with its own model: one number per step, read by an LSTM directly; and word ids,
//! which an `Embedding` first maps to vectors. At the end a `Predictor` classifies one sample at a time.
//!
//! The data is generated. A picture has a mood from −1 to 1, a text one of −½ or ½, and together they are labelled
//! positive with the probability sigmoid(8 · (mood of the picture + mood of the text)). So the best possible accuracy
//! is known, from both moods and from one. `cargo run --release --example 03_sentiment`; `-- --epochs 1` makes it
//! shorter.

use std::ops::ControlFlow;
use std::process::ExitCode;
use std::time::Instant;

use mimo::data::from_fn;
use mimo::prelude::*;

#[path = "support/goals.rs"]
mod goals;
#[path = "support/random.rs"]
mod random;

use goals::Goals;
use random::Random;

model! {
    /// Whether a picture and a text, one number per step, are positive.
    pub Sentiment {
        let image_input = Input(shape = [128, 128, 3]);
        let x = Conv2D(32, (3, 3), activation = relu)(image_input);
        let x = MaxPooling2D((2, 2))(x);
        let x = Flatten()(x);

        // An LSTM reads [steps, features]: 100 steps of one number.
        let text_input = Input(shape = [100, 1]);
        let y = LSTM(64)(text_input);

        let merged = concatenate([x, y]);
        let output = Dense(1, activation = sigmoid)(merged);

        Model(inputs = [image_input, text_input], outputs = [output])
            .compile(optimizer = Adam(learning_rate = 2e-3), loss = binary_crossentropy, metrics = [accuracy])
    }
}

model! {
    /// Whether a picture and a text of word ids are positive.
    pub SentimentOfWords {
        const VOCABULARY: usize = 200;

        let image_input = Input(shape = [128, 128, 3]);
        let x = Conv2D(32, (3, 3), activation = relu)(image_input);
        let x = MaxPooling2D((2, 2))(x);
        let x = Flatten()(x);

        let text_input = Input(shape = [100], dtype = "int32");
        let y = Embedding(VOCABULARY, 32)(text_input);
        let y = LSTM(64)(y);

        let merged = concatenate([x, y]);
        let output = Dense(1, activation = sigmoid)(merged);

        Model(inputs = [image_input, text_input], outputs = [output])
            .compile(optimizer = Adam(learning_rate = 2e-3), loss = binary_crossentropy, metrics = [accuracy])
    }
}

const SIDE: usize = 128;
const STEPS: usize = 100;
const ROWS: usize = 1024;
const HELD_OUT: usize = 512;
/// Required distance to the best accuracy.
const BELOW: f64 = 0.06;
const EPOCHS: usize = 3;

fn main() -> ExitCode {
    goals::main(EPOCHS, run)
}

fn run(epochs: usize, goals: &mut Goals) -> Result<(), Box<dyn std::error::Error>> {
    // Best possible accuracies on the held-out samples.
    let best = accuracy_of(|sample| sample.picture + sample.text > 0.0);
    let one_sided = accuracy_of(|sample| sample.picture > 0.0).max(accuracy_of(|sample| sample.text > 0.0));
    println!("who knows both moods is right in {best:.3}, who knows one in {one_sided:.3}\n");

    println!("a number per step");
    let mut model = Sentiment::new(42);
    let reached = train(&mut model, draw_numbers, epochs)?;
    goals.at_least("accuracy", reached, best - BELOW);

    println!("\nword ids");
    let mut words = SentimentOfWords::new(42);
    let reached_of_words = train(&mut words, draw_words, epochs)?;
    goals.at_least("accuracy", reached_of_words, best - BELOW);
    goals.at_least("accuracy, more than one input gives", reached.min(reached_of_words), one_sided + 0.02);

    // One sample at a time; the tensors are typed, and a text of floats would not be accepted here.
    println!("\nwith picture and text of a known mood");
    let mut predictor = Predictor::new(&words)?;
    for (picture, text) in [(-0.4, -0.5), (-0.4, 0.5), (0.4, -0.5), (0.4, 0.5)] {
        let (mut pixels, mut ids) = (vec![0.0; SIDE * SIDE * 3], vec![0.0; STEPS]);
        let mut random = Random::new(5);
        draw_picture(picture, &mut random, &mut pixels);
        draw_words(text, &mut random, &mut ids);
        let outputs = predictor.predict(&SentimentOfWordsInputs {
            image_input: tensor(pixels)?,
            text_input: tensor(ids.into_iter().map(|id| id as usize).collect::<Vec<_>>())?,
        })?;
        let chance = outputs.output.as_vec()[0];
        println!(
            "  picture {picture:+.1}, text {text:+.1}: positive by {:>3.0} %, really {:>3.0} %",
            100.0 * chance,
            100.0 * probability(picture, text)
        );
    }
    Ok(())
}

/// Trains a model on pictures and on texts drawn by `draw_text`; returns its accuracy on held-out samples.
fn train<M: Trainable<Float = f32>>(
    model: &mut M,
    draw_text: fn(f32, &mut Random, &mut [f32]),
    epochs: usize,
) -> Result<f64> {
    // Sample `row` is always the same, because its random numbers depend on nothing else.
    let samples = |first: usize, rows: usize| {
        from_fn::<M, _>(rows, move |rows, batch| {
            for (place, row) in rows.iter().enumerate() {
                let mut sample = Sample::new(first + row);
                let pixels = SIDE * SIDE * 3;
                draw_picture(
                    sample.picture,
                    &mut sample.random,
                    &mut batch.input(0)[place * pixels..][..pixels],
                );
                draw_text(sample.text, &mut sample.random, &mut batch.input(1)[place * STEPS..][..STEPS]);
                batch.target(0)[place] = f32::from(u8::from(sample.positive));
            }
            Ok(())
        })
    };
    let (train, held_out) = (samples(HELD_OUT, ROWS), samples(0, HELD_OUT));
    let begin = Instant::now();
    let mut trainer = Trainer::new(model)?;
    // Each of the picture's 127,008 features has its own weight, and Adam changes all of them in every step: the
    // learning rate has to become small for the predictions to converge.
    let options = FitOptions::new().epochs(epochs).batch_size(32).on_epoch_end(|trainer, _| {
        trainer.set_learning_rate(0.5 * trainer.learning_rate())?;
        Ok(ControlFlow::Continue(()))
    });
    let history = trainer.fit(&train, options)?;
    let losses = history.get("loss").unwrap_or_default();
    let seconds = begin.elapsed().as_secs_f64();
    println!("  {} steps in {seconds:.1} s; loss by epoch {losses:.3?}", trainer.steps());
    let reached = trainer.evaluate(&held_out, 32)?;
    reached.get("accuracy").ok_or_else(|| Error::other("the model has no accuracy"))
}

/// A sample: its moods, its label, and the random numbers of picture and text.
struct Sample {
    picture: f32,
    text: f32,
    positive: bool,
    random: Random,
}

impl Sample {
    fn new(number: usize) -> Self {
        let mut random = Random::of(1, number);
        let picture = 2.0 * random.uniform() - 1.0;
        let text = if random.chance(0.5) { 0.5 } else { -0.5 };
        let positive = random.chance(probability(picture, text));
        Sample { picture, text, positive, random }
    }
}

/// Probability that picture and text of these moods are labelled positive.
fn probability(picture: f32, text: f32) -> f32 {
    1.0 / (1.0 + (-8.0 * (picture + text)).exp())
}

/// Accuracy on the held-out samples of a rule that knows the moods.
fn accuracy_of(rule: impl Fn(&Sample) -> bool) -> f64 {
    let right = (0..HELD_OUT).map(Sample::new).filter(|sample| rule(sample) == sample.positive).count();
    right as f64 / HELD_OUT as f64
}

/// Draws tiles of 32 by 32 pixels: the better the mood, the warmer their colours. Values are around 0.
fn draw_picture(mood: f32, random: &mut Random, pixels: &mut [f32]) {
    const TILE: usize = 32;
    for y in (0..SIDE).step_by(TILE) {
        for x in (0..SIDE).step_by(TILE) {
            let warm = 0.02 * (mood + 0.3 * random.normal());
            let bright = 0.02 * random.normal();
            let colour = [bright + warm, bright, bright - warm];
            for row in y..y + TILE {
                let start = (row * SIDE + x) * 3;
                for pixel in pixels[start..start + 3 * TILE].chunks_exact_mut(3) {
                    pixel.copy_from_slice(&colour);
                }
            }
        }
    }
}

/// Draws numbers around the mood.
fn draw_numbers(mood: f32, random: &mut Random, numbers: &mut [f32]) {
    numbers.fill_with(|| mood + 0.5 * random.normal());
}

/// Draws words, of which one in five is neutral; the better the mood, the more of the others are good.
fn draw_words(mood: f32, random: &mut Random, ids: &mut [f32]) {
    const GOOD: usize = 80;
    const BAD: usize = 80;
    ids.fill_with(|| {
        let id = if random.chance(0.2) {
            GOOD + BAD + random.below(SentimentOfWords::VOCABULARY - GOOD - BAD)
        } else if random.chance(0.5 + 0.8 * mood) {
            random.below(GOOD)
        } else {
            GOOD + random.below(BAD)
        };
        id as f32
    });
}
