//! A class and a number from one colour image: which digit it is, and by how much it is rotated.
//!
//! New here: a custom data set that generates each image on demand, so that 1,438 digits become as many thousand
//! images and none is stored; and a learning rate that `LearningRateScheduler` lowers from epoch to epoch.
//!
//! Every image shows a handwritten digit rotated by up to 40 degrees, somewhere on 32 × 32 pixels, in a dark colour
//! on a light one. `cargo run --release --example 10_image_class_and_value` reaches on held-out digits an accuracy of
//! 0.94 and a mean error of 4.5 degrees, where "not rotated" would miss by 20; the error includes the slant of the
//! handwriting. It fails below 0.91 and above 6 degrees.

use std::process::ExitCode;

use mimo::data::{BatchRows, Dataset};
use mimo::prelude::*;

#[path = "support/course.rs"]
mod course;
#[path = "support/digits.rs"]
mod digits;
#[path = "support/picture.rs"]
mod picture;

use course::{Epochs, Figure, Outcome};
use digits::Digits;
use digits::random::Random;

model! {
    /// The digit in a colour image, and the angle by which it is rotated.
    pub TurnedDigit {
        const SIDE: usize = 32;

        let image = Input(shape = [SIDE, SIDE, 3]);
        let x = Conv2D(32, (3, 3), activation = relu)(image);
        let x = MaxPooling2D((2, 2))(x);
        let x = Conv2D(64, (3, 3), activation = relu)(x);
        let x = MaxPooling2D((2, 2))(x);
        let features: [2304] = Flatten()(x);

        let x = Dense(128, activation = relu)(features);
        let digit = Dense(10, activation = softmax)(x);

        let x = Dense(64, activation = relu)(features);
        let turn = Dense(1)(x);                             // radians, clockwise

        Model(inputs = [image], outputs = [digit, turn])
            .compile(
                optimizer = Adam(learning_rate = 1e-3),
                loss = { digit: categorical_crossentropy, turn: mse },
                // In radians the squared errors are small; the weight balances both losses.
                loss_weights = { digit: 1.0, turn: 4.0 },
                metrics = { digit: [accuracy], turn: [mae] },
            )
    }
}

/// Largest rotation to either side, in degrees.
const FURTHEST: f32 = 40.0;
/// Number of different images of each digit, for training and for evaluation.
const DRAWINGS: usize = 6;
const HELD_OUT_DRAWINGS: usize = 2;

/// Required on held-out digits.
const WANTED_ACCURACY: f64 = 0.91;
const WANTED_DEGREES: f64 = 6.0;

fn main() -> ExitCode {
    course::end(run())
}

fn run() -> Outcome {
    let epochs = Epochs::from_args("10_image_class_and_value", 5)?;
    let (train, held_out) = Digits::load()?.split(0.2, 7)?;
    let train = Drawings { digits: train, each: DRAWINGS, seed: 1 };
    let held_out = Drawings { digits: held_out, each: HELD_OUT_DRAWINGS, seed: 2 };
    println!("{} images to train with, {} held out\n", train.rows(), held_out.rows());

    let mut model = TurnedDigit::new(11);
    let mut trainer = Trainer::new(&mut model)?;
    // Half a cosine from epoch to epoch. Per step, and with a number of steps known to the model, it would be a
    // schedule of the optimizer: `Adam(CosineDecay(2e-3, 10_000))`.
    let rate = |epoch: usize, _| {
        let done = epoch as f64 / epochs.number as f64;
        2e-3 * 0.5 * (1.0 + (std::f64::consts::PI * done).cos())
    };
    let options = FitOptions::new()
        .epochs(epochs.number)
        .validation_data(&held_out)
        .callback(LearningRateScheduler::new(rate));
    println!("{}", trainer.fit(&train, options)?);
    let reached = trainer.evaluate(&held_out, 32)?;
    let degrees = reached.turn.mae * 180.0 / std::f64::consts::PI;

    let mut images = Vec::new();
    let first = 3.min(held_out.rows());
    let drawn: Vec<Drawing> = (0..first).map(|row| held_out.drawing(row)).collect();
    for drawing in &drawn {
        images.extend(held_out.pixels(drawing));
    }
    let outputs = trainer.predict(&TurnedDigitInputs { image: tensor(images.clone())? })?;
    drop(trainer);
    let (scores, turns) = (outputs.digit.as_vec(), outputs.turn.as_vec());
    println!("three of them, in the colours' contrast");
    let greys: Vec<Vec<f32>> = images.chunks_exact(PIXELS).map(contrast).collect();
    println!("{}", picture::draw(&greys.iter().map(Vec::as_slice).collect::<Vec<_>>(), TurnedDigit::SIDE));
    for ((drawing, scores), turn) in drawn.iter().zip(scores.chunks_exact(10)).zip(turns) {
        let best = (0..10).max_by(|&a, &b| scores[a].total_cmp(&scores[b])).unwrap_or(0);
        println!(
            "read as {best} ({:.0} %) turned by {:.0}°, really {} turned by {:.0}°",
            100.0 * scores[best],
            turn.to_degrees(),
            held_out.digits.labels[drawing.digit],
            drawing.turn.to_degrees(),
        );
    }
    println!();

    Ok(epochs.judge(&[
        Figure::at_least("accuracy of the digit", reached.digit.accuracy, WANTED_ACCURACY),
        Figure::at_most("mean error of the turn in degrees", degrees, WANTED_DEGREES),
    ]))
}

const PIXELS: usize = TurnedDigit::SIDE * TurnedDigit::SIDE * 3;

/// A data set of rotated, shifted and coloured digits.
struct Drawings {
    digits: Digits,
    /// Number of images of each digit.
    each: usize,
    seed: u64,
}

/// Parameters of an image.
struct Drawing {
    digit: usize,
    turn: f32,
    /// Centre of the digit, in pixels.
    row: f32,
    column: f32,
    /// Pixels per pixel of the digit.
    size: f32,
    ink: [f32; 3],
    paper: [f32; 3],
}

impl Drawings {
    /// Parameters of an image, from its index and the seed alone, so that it is always the same.
    fn drawing(&self, row: usize) -> Drawing {
        let mut random = Random::of(self.seed, row);
        let furthest = FURTHEST.to_radians();
        let middle = TurnedDigit::SIDE as f32 / 2.0 - 0.5;
        let mut colour = |low, high| std::array::from_fn(|_| random.between(low, high));
        let (ink, paper) = (colour(0.0, 0.4), colour(0.6, 1.0));
        Drawing {
            digit: row / self.each.max(1),
            turn: random.between(-furthest, furthest),
            row: middle + random.between(-3.0, 3.0),
            column: middle + random.between(-3.0, 3.0),
            size: random.between(2.6, 3.0),
            ink,
            paper,
        }
    }

    /// Computes the image: 32 × 32 pixels of three colours.
    fn pixels(&self, drawing: &Drawing) -> impl Iterator<Item = f32> {
        let image = &self.digits.pixels[digits::PIXELS * drawing.digit..][..digits::PIXELS];
        let (sin, cos) = drawing.turn.sin_cos();
        let middle = digits::SIDE as f32 / 2.0 - 0.5;
        (0..TurnedDigit::SIDE * TurnedDigit::SIDE).flat_map(move |at| {
            // The source position in the digit: rotated back around its centre.
            let down = ((at / TurnedDigit::SIDE) as f32 - drawing.row) / drawing.size;
            let right = ((at % TurnedDigit::SIDE) as f32 - drawing.column) / drawing.size;
            let (row, column) = (cos * down - sin * right, sin * down + cos * right);
            let grey = picture::grey(image, digits::SIDE, middle + row, middle + column);
            let mix = |channel: usize| drawing.paper[channel] * (1.0 - grey) + drawing.ink[channel] * grey;
            [mix(0), mix(1), mix(2)]
        })
    }
}

impl Dataset<TurnedDigit> for Drawings {
    fn rows(&self) -> usize {
        self.digits.len() * self.each
    }

    fn gather(&self, rows: &[usize], batch: &mut BatchRows<'_, '_, f32>) -> Result<()> {
        let drawings: Vec<Drawing> = rows.iter().map(|row| self.drawing(*row)).collect();
        for (image, drawing) in batch.input(0).chunks_exact_mut(PIXELS).zip(&drawings) {
            for (to, pixel) in image.iter_mut().zip(self.pixels(drawing)) {
                *to = pixel;
            }
        }
        for (target, drawing) in batch.target(0).chunks_exact_mut(10).zip(&drawings) {
            target.fill(0.0);
            target[self.digits.labels[drawing.digit]] = 1.0;
        }
        for (to, drawing) in batch.target(1).iter_mut().zip(&drawings) {
            *to = drawing.turn;
        }
        Ok(())
    }
}

/// Converts an image to grey values: the distance of each pixel to the corner's colour.
fn contrast(image: &[f32]) -> Vec<f32> {
    let far = |pixel: &[f32]| pixel.iter().zip(image).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    let far: Vec<f32> = image.chunks_exact(3).map(far).collect();
    let furthest = far.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    far.iter().map(|value| value / furthest).collect()
}
