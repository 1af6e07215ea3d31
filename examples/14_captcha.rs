//! Five digits in one noisy strip, each classified by its own head: outputs from a loop.
//!
//! Teaches lists of tensors: `let digits = for i in 0..DIGITS { … };` creates one head per digit, `outputs = digits`
//! makes them the outputs `digit_0` to `digit_4`, and `loss = { digit_*: … }` names them all at once. Strips are
//! composed of the handwritten digits in `examples/data`, each moved at random and with specks between; held-out
//! strips contain other digits than training strips.
//!
//! `cargo run --release --example 14_captcha` takes half a minute; `-- --epochs 2` makes it shorter.

use std::process::ExitCode;

use mimo::prelude::*;

#[path = "support/digits.rs"]
mod digits;
#[path = "support/goals.rs"]
mod goals;

use digits::random::Random;
use digits::{Digits, PIXELS, SIDE};
use goals::Goals;

model! {
    /// The digits of a strip, from left to right.
    pub Captcha {
        const DIGITS: usize = 5;
        const HEIGHT: usize = 10;
        const WIDTH: usize = 44;

        let strip = Input(shape = [HEIGHT, WIDTH, 1]);
        let x = Conv2D(16, 3, padding = same, activation = relu)(strip);
        let x = MaxPooling2D(2)(x);
        let x = Conv2D(32, 3, padding = same, activation = relu)(x);
        let x = MaxPooling2D((1, 2))(x);
        let features = Dropout(0.3)(Dense(192, activation = relu)(Dropout(0.2)(Flatten()(x))));

        let digits = for i in 0..DIGITS {
            let h = Dense(48, activation = relu)(features);
            Dense(10, activation = softmax, name = "digit_{i}")(h)
        };

        Model(inputs = [strip], outputs = digits).compile(
            optimizer = Adam(2e-3),
            loss = { digit_*: sparse_categorical_crossentropy },
            metrics = { digit_*: [accuracy] },
        )
    }
}

const EPOCHS: usize = 20;
const STRIPS: usize = 8000;
const HELD_OUT: usize = 1000;
/// Required on held-out strips; with these seeds it is 0.98 and 0.91. The settings were not tuned.
const WANTED_DIGIT: f64 = 0.97;
const WANTED_STRIP: f64 = 0.87;

fn main() -> ExitCode {
    goals::main(EPOCHS, run)
}

fn run(epochs: usize, goals: &mut Goals) -> Result<(), Box<dyn std::error::Error>> {
    let (train, held_out) = Digits::load()?.split(0.25, 7)?;
    let train = Strips::draw(&train, STRIPS, 1);
    let held_out = Strips::draw(&held_out, HELD_OUT, 2);
    println!("{STRIPS} strips to train with, {HELD_OUT} held out\n");

    let mut model = Captcha::new(42);
    let mut trainer = Trainer::new(&mut model)?;
    let (inputs, targets) = (train.inputs()?, train.targets()?);
    trainer.fit((&inputs, &targets), FitOptions::new().epochs(epochs).batch_size(32))?;
    drop(trainer);

    let outputs = Predictor::new(&model)?.predict(&held_out.inputs()?)?;
    let scores = [
        outputs.digit_0.as_vec(),
        outputs.digit_1.as_vec(),
        outputs.digit_2.as_vec(),
        outputs.digit_3.as_vec(),
        outputs.digit_4.as_vec(),
    ];
    let read = |strip: usize| -> Vec<usize> {
        let of = |scores: &Vec<f32>| digits::random::largest(&scores[10 * strip..10 * strip + 10]);
        scores.iter().map(of).collect()
    };
    let (mut right, mut whole) = (0, 0);
    for strip in 0..HELD_OUT {
        let hits = read(strip)
            .iter()
            .zip(held_out.labels_of(strip))
            .filter(|(read, label)| **read == *label)
            .count();
        right += hits;
        whole += usize::from(hits == Captcha::DIGITS);
    }
    println!("\ntwo of them");
    for strip in 0..2 {
        held_out.show(strip);
        println!("read as {:?}, really {:?}\n", read(strip), held_out.labels_of(strip).collect::<Vec<_>>());
    }
    goals.at_least("digits read", right as f64 / (HELD_OUT * Captcha::DIGITS) as f64, WANTED_DIGIT);
    goals.at_least("whole strips read", whole as f64 / HELD_OUT as f64, WANTED_STRIP);
    Ok(())
}

/// Strips, and the digits in them.
struct Strips {
    pixels: Vec<f32>,
    /// The digits of all strips, by position in the strip.
    labels: [Vec<usize>; Captcha::DIGITS],
}

impl Strips {
    fn draw(digits: &Digits, count: usize, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut strips = Strips { pixels: Vec::new(), labels: Default::default() };
        for _ in 0..count {
            // Specks everywhere, digits over them.
            let speck =
                |random: &mut Random| if random.chance(0.15) { random.between(0.0, 0.6) } else { 0.0 };
            let mut pixels: Vec<f32> =
                (0..Captcha::HEIGHT * Captcha::WIDTH).map(|_| speck(&mut random)).collect();
            for (place, labels) in strips.labels.iter_mut().enumerate() {
                let chosen = random.below(digits.len());
                let image = &digits.pixels[chosen * PIXELS..][..PIXELS];
                let (top, left) = (random.below(3), 1 + place * SIDE + random.below(4));
                for (at, ink) in image.iter().enumerate() {
                    let pixel = &mut pixels[(top + at / SIDE) * Captcha::WIDTH + left + at % SIDE];
                    *pixel = pixel.max(*ink);
                }
                labels.push(digits.labels[chosen]);
            }
            strips.pixels.extend(pixels);
        }
        strips
    }

    fn inputs(&self) -> Result<CaptchaInputs> {
        Ok(CaptchaInputs { strip: tensor(self.pixels.clone())? })
    }

    fn targets(&self) -> Result<CaptchaTargets> {
        let [a, b, c, d, e] = &self.labels;
        Ok(CaptchaTargets {
            digit_0: tensor(a.clone())?,
            digit_1: tensor(b.clone())?,
            digit_2: tensor(c.clone())?,
            digit_3: tensor(d.clone())?,
            digit_4: tensor(e.clone())?,
        })
    }

    fn labels_of(&self, strip: usize) -> impl Iterator<Item = usize> {
        self.labels.iter().map(move |labels| labels[strip])
    }

    /// Prints a strip in characters.
    fn show(&self, strip: usize) {
        let len = Captcha::HEIGHT * Captcha::WIDTH;
        for row in self.pixels[strip * len..][..len].chunks(Captcha::WIDTH) {
            let shade = |ink: &f32| [' ', '.', ':', 'o', '#'][(ink * 4.99) as usize];
            println!("  {}", row.iter().map(shade).collect::<String>());
        }
    }
}
