//! Sequences: letters in, language and next letter out; first one answer per sequence, then one at every step.
//!
//! New here: an LSTM that gives its last state and one that gives all of them (`return_sequences = true`), `Dense` on a
//! sequence (it works on each step alone, which Keras also writes as `TimeDistributed(Dense(…))`), and a model that
//! reads what it has just written: it writes words of twenty languages, letter by letter.
//!
//! The data are sentences of twenty languages in fifty letters and signs, a hundred of them at a time, each a row with
//! a 1 in its place. `cargo run --release --example 11_sequences` holds out the last fifth of the sentences of each language and
//! reaches there:
//!
//! - `Reader`, after a hundred letters: the right language in 0.00 of the cases; a squared error of the next letter
//!   of 0.0000, where knowing only how frequent each letter is gives 0.0000;
//! - `Writer`, at every step: the right next letter in 0.00 of the cases, where always the most frequent one is right in 0.00.
//!
//! It fails below 0.00, 0.00 and 0.00.

use std::process::ExitCode;

use mimo::data::{Dataset, from_fn};
use mimo::prelude::*;

#[path = "support/course.rs"]
mod course;
#[path = "support/messages.rs"]
mod messages;
#[path = "support/random.rs"]
mod random;

use course::{Epochs, Figure, Outcome};
use messages::{LANGUAGES, Messages, SYMBOLS};
use random::Random;

/// Letters of a sequence; the models below use it as a length, as they would any constant.
const STEPS: usize = 100;

model! {
    /// One answer per sequence: its language, and the letter after it.
    pub Reader {
        let letters = Input(shape = [STEPS, SYMBOLS]);
        let state: [128] = LSTM(128)(letters);

        // Least squares on rows with a single 1 give chances too: the mean of such rows is how frequent each letter is.
        let x = Dense(64, activation = relu)(state);
        let next = Dense(SYMBOLS, activation = linear)(x);

        let x = Dense(64, activation = relu)(state);
        let language = Dense(LANGUAGES, activation = softmax)(x);

        Model(inputs = [letters], outputs = [next, language])
            .compile(
                optimizer = Adam(learning_rate = 2e-3, clipnorm = 1.0),
                loss = { next: mse, language: categorical_crossentropy },
                loss_weights = { next: 10.0, language: 1.0 },
                metrics = { next: [mae], language: [accuracy] },
            )
    }
}

model! {
    /// An answer after every letter: the language as far as it can be told by then, and the letter that follows.
    pub Writer {
        let letters = Input(shape = [STEPS, SYMBOLS]);
        let states: [STEPS, 128] = LSTM(128, return_sequences = true)(letters);

        let x = Dense(64, activation = relu)(states);
        let next: [STEPS, SYMBOLS] = Dense(SYMBOLS, activation = softmax)(x);

        let x = Dense(64, activation = relu)(states);
        let language: [STEPS, LANGUAGES] = Dense(LANGUAGES, activation = softmax)(x);

        Model(inputs = [letters], outputs = [next, language])
            .compile(
                optimizer = Adam(learning_rate = 4e-3, clipnorm = 1.0),
                loss = categorical_crossentropy,
                metrics = accuracy,
            )
    }
}

/// What is reached on held-out sentences, and has to be.
const WANTED_LANGUAGE: f64 = 0.8;
const WANTED_SHARE_OF_FREQUENCIES: f64 = 0.95;
const WANTED_NEXT: f64 = 0.35;

fn main() -> ExitCode {
    course::end(run())
}

fn run() -> Outcome {
    let epochs = Epochs::from_args("11_sequences", 8)?;
    let messages = Messages::load()?;
    let (train, held_out) = messages.split(0.2);
    let train = Texts { texts: train, every: 25 };
    let held_out = Texts { texts: held_out, every: 50 };

    let mut reader = Reader::new(1);
    let mut trainer = Trainer::new(&mut reader)?;
    let data = train.for_reader();
    println!("{} sequences to train with", data.rows());
    println!("{}", trainer.fit(&data, FitOptions::new().epochs(epochs.number))?);
    let read = trainer.evaluate(&held_out.for_reader(), 32)?;
    drop(trainer);
    let frequent = train.frequencies();
    let by_frequency = held_out.squared_error(&frequent);
    println!("held out: {read}");
    println!("next letter by frequency: squared error {by_frequency:.4}\n");

    let mut writer = Writer::new(2);
    let mut trainer = Trainer::new(&mut writer)?;
    println!("{}", trainer.fit(&train.for_writer(), FitOptions::new().epochs(epochs.number))?);
    let wrote = trainer.evaluate(&held_out.for_writer(), 32)?;
    drop(trainer);
    println!("held out: {wrote}\n");

    // One step more, one letter more: how the language shows, and what the model writes.
    let begin: Vec<&[u8]> = held_out.texts.iter().map(|text| &text[..20.min(text.len())]).collect();
    println!("language told after 1, 5, 10, 20 letters; and what is written after those 20");
    let written = write(&writer, &begin, 60)?;
    for ((language, begin), (told, text)) in messages.languages.iter().zip(begin).zip(written) {
        let told: Vec<String> = [1, 5, 10, 20]
            .iter()
            .filter_map(|letters| told.get(letters - 1))
            .map(|told| messages.languages[*told].name.clone())
            .collect();
        println!("{}  {}  {}|{}", language.name, told.join(" "), messages.text(begin), messages.text(&text));
    }
    println!();

    Ok(epochs.judge(&[
        Figure::at_least("accuracy of the language", read.language.accuracy, WANTED_LANGUAGE),
        Figure::at_most(
            "next letter, error / error by frequency",
            read.next.loss / by_frequency,
            WANTED_SHARE_OF_FREQUENCIES,
        ),
        Figure::at_least("accuracy of the next letter at every step", wrote.next.accuracy, WANTED_NEXT),
    ]))
}

/// Continues texts by some letters, all texts at once. Gives for each the language told at every letter of its
/// beginning, and what was written.
fn write(writer: &Writer, begin: &[&[u8]], letters: usize) -> Result<Vec<(Vec<usize>, Vec<u8>)>> {
    let mut predictor = Predictor::new(writer)?;
    let mut random = Random::new(3);
    let mut texts: Vec<Vec<u8>> = begin.iter().map(|text| text.to_vec()).collect();
    let mut told = Vec::new();
    for _ in 0..letters {
        // A state knows nothing of later steps, so what stands after the last letter does not matter: it is left 0.
        let mut hot = vec![0.0; texts.len() * STEPS * SYMBOLS];
        for (sequence, text) in hot.chunks_exact_mut(STEPS * SYMBOLS).zip(&texts) {
            write_hot(sequence, last(text), SYMBOLS);
        }
        let outputs = predictor.predict(&WriterInputs { letters: tensor(hot)? })?;
        if told.is_empty() {
            let scores = outputs.language.as_vec();
            let scores = scores.chunks_exact(STEPS * LANGUAGES).zip(&texts);
            told = scores
                .map(|(steps, text)| steps.chunks_exact(LANGUAGES).take(text.len()).map(largest).collect())
                .collect();
        }
        let chances = outputs.next.as_vec();
        for (steps, text) in chances.chunks_exact(STEPS * SYMBOLS).zip(&mut texts) {
            let step = last(text).len().max(1) - 1;
            text.push(draw(&steps[SYMBOLS * step..][..SYMBOLS], &mut random));
        }
    }
    let written = texts.into_iter().zip(begin).map(|(text, begin)| text[begin.len()..].to_vec());
    Ok(told.into_iter().zip(written).collect())
}

/// As much of the end of a text as a sequence holds.
fn last(text: &[u8]) -> &[u8] {
    &text[text.len().saturating_sub(STEPS)..]
}

/// Draws a letter by its chance squared, so that what is likely comes even more often.
fn draw(chances: &[f32], random: &mut Random) -> u8 {
    let weights = chances.iter().map(|chance| chance * chance);
    let mut left = random.uniform() * weights.clone().sum::<f32>();
    let drawn = weights.into_iter().position(|weight| {
        left -= weight;
        left < 0.0
    });
    // Rounding can leave a rest after the last one.
    drawn.unwrap_or(0) as u8
}

/// The place of the largest score.
fn largest(scores: &[f32]) -> usize {
    (0..scores.len()).max_by(|&a, &b| scores[a].total_cmp(&scores[b])).unwrap_or(0)
}

/// Writes numbers as rows of `width` values with a 1 in the place of the number; the rest is 0.
fn write_hot(to: &mut [f32], numbers: &[u8], width: usize) {
    to.fill(0.0);
    for (row, number) in to.chunks_exact_mut(width).zip(numbers) {
        row[usize::from(*number)] = 1.0;
    }
}

/// A text in each language, cut into sequences.
struct Texts {
    texts: Vec<Vec<u8>>,
    /// A sequence begins at every so many letters.
    every: usize,
}

impl Texts {
    /// Every sequence with the letter after it: its language and its place there.
    fn sequences(&self) -> Vec<(usize, &[u8])> {
        let of = |(language, text): (usize, &'_ Vec<u8>)| (language, text.len());
        let places = self.texts.iter().enumerate().map(of).flat_map(|(language, len)| {
            (0..len.saturating_sub(STEPS)).step_by(self.every).map(move |at| (language, at))
        });
        places.map(|(language, at)| (language, &self.texts[language][at..=at + STEPS])).collect()
    }

    /// The samples of the model that answers once.
    fn for_reader(&self) -> impl Dataset<Reader> {
        let sequences = self.sequences();
        from_fn(sequences.len(), move |rows, batch| {
            for (sample, row) in batch.input(0).chunks_exact_mut(STEPS * SYMBOLS).zip(rows) {
                write_hot(sample, &sequences[*row].1[..STEPS], SYMBOLS);
            }
            for (target, row) in batch.target(0).chunks_exact_mut(SYMBOLS).zip(rows) {
                write_hot(target, &sequences[*row].1[STEPS..], SYMBOLS);
            }
            for (target, row) in batch.target(1).chunks_exact_mut(LANGUAGES).zip(rows) {
                write_hot(target, &[sequences[*row].0 as u8], LANGUAGES);
            }
            Ok(())
        })
    }

    /// The samples of the model that answers at every step: the same letters, one further.
    fn for_writer(&self) -> impl Dataset<Writer> {
        let sequences = self.sequences();
        from_fn(sequences.len(), move |rows, batch| {
            for (sample, row) in batch.input(0).chunks_exact_mut(STEPS * SYMBOLS).zip(rows) {
                write_hot(sample, &sequences[*row].1[..STEPS], SYMBOLS);
            }
            for (target, row) in batch.target(0).chunks_exact_mut(STEPS * SYMBOLS).zip(rows) {
                write_hot(target, &sequences[*row].1[1..], SYMBOLS);
            }
            for (target, row) in batch.target(1).chunks_exact_mut(STEPS * LANGUAGES).zip(rows) {
                write_hot(target, &[sequences[*row].0 as u8; STEPS], LANGUAGES);
            }
            Ok(())
        })
    }

    /// How frequent each letter is.
    fn frequencies(&self) -> Vec<f32> {
        let mut counts = vec![0.0; SYMBOLS];
        for letter in self.texts.iter().flatten() {
            counts[usize::from(*letter)] += 1.0;
        }
        let all: f32 = counts.iter().sum();
        counts.iter().map(|count| count / all.max(1.0)).collect()
    }

    /// The squared error of the same answer for the letter after every sequence.
    fn squared_error(&self, answer: &[f32]) -> f64 {
        let sequences = self.sequences();
        let error = |letter: u8| -> f64 {
            let hot = |at: usize| f32::from(u8::from(at == usize::from(letter)));
            answer.iter().enumerate().map(|(at, chance)| f64::from(chance - hot(at)).powi(2)).sum()
        };
        let sum: f64 = sequences.iter().map(|(_, letters)| error(letters[STEPS])).sum();
        sum / (sequences.len() * SYMBOLS).max(1) as f64
    }
}
