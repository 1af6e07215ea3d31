//! A number and a class, where most numbers are missing and one class is rare.
//!
//! Teaches missing targets and weights of classes, by output. With `nan_is_missing` a target that is NaN is left out
//! of the loss and the metrics of its output: the model is trained with rows that have only one of the two targets.
//! Class weights compensate for a rare class. An `ArrayDataset` holds data and weights, and is split without a copy.
//!
//! The data is generated: the number is a known function of the inputs plus normal noise, and the class is drawn from
//! known probabilities, so the best mean squared error and the best recall are known.
//! `cargo run --release --example 06_regression_and_class` takes seconds; `-- --epochs 2` makes it shorter.

use std::process::ExitCode;

use mimo::data::ArrayDataset;
use mimo::prelude::*;

#[path = "support/goals.rs"]
mod goals;
#[path = "support/random.rs"]
mod random;

use goals::Goals;
use random::{Random, dot, largest, one_hot, softmax};

model! {
    /// A number and one of three classes.
    pub RegressionAndClass {
        const FEATURES: usize = 100;
        const CLASSES: usize = 3;

        let input_tensor = Input(shape = [FEATURES]);
        let x = Dense(64, activation = relu)(input_tensor);
        let x = Dense(32, activation = relu)(x);
        let regression_output = Dense(1, activation = linear)(x);
        let classification_output = Dense(CLASSES, activation = softmax)(x);

        Model(inputs = [input_tensor], outputs = [regression_output, classification_output])
            .compile(
                optimizer = Adam(),
                loss = { regression_output: mse, classification_output: categorical_crossentropy },
                metrics = { regression_output: [mae], classification_output: [accuracy] },
            )
    }
}

const ROWS: usize = 60_000;
/// One row in this many has a number.
const MEASURED: usize = 4;
/// The standard deviation of the noise in the number.
const NOISE: f32 = 0.5;
/// Allowed ratio to the best mean squared error, and distance to the best mean recall.
const WITHIN: f64 = 1.3;
const BELOW: f64 = 0.02;
const EPOCHS: usize = 12;

fn main() -> ExitCode {
    goals::main(EPOCHS, run)
}

fn run(epochs: usize, goals: &mut Goals) -> Result<(), Box<dyn std::error::Error>> {
    let world = World::new(1);
    let known = world.rows(ROWS, 2, MEASURED)?;
    let held_out = world.rows(10_000, 3, 1)?;
    let shares: Vec<f64> = known.counts.iter().map(|&count| count as f64 / ROWS as f64).collect();
    println!("of {ROWS} rows, one in {MEASURED} has a number; shares of the classes {shares:.3?}\n");

    // The loss and the metrics of the number are means over the rows that have one.
    let nan_is_missing =
        RegressionAndClassPerOutput { regression_output: true, classification_output: false };
    // Every class has the same total weight.
    let of_classes = RegressionAndClassPerOutput {
        regression_output: None,
        classification_output: Some(shares.iter().map(|share| 1.0 / (3.0 * share)).collect()),
    };
    let data = ArrayDataset::<RegressionAndClass>::new(&known.inputs, &known.targets)?;
    if let Err(error) = data.clone().check_finite() {
        println!("NaN by itself is an error: {error}");
    }
    let data = data.nan_is_missing(&nan_is_missing)?.class_weights(&of_classes)?.check_finite()?;
    let (train, validation) = (data.slice(0..ROWS - 5000)?, data.slice(ROWS - 5000..ROWS)?);

    let mut model = RegressionAndClass::new(42);
    let mut trainer = Trainer::new(&mut model)?;
    let options = FitOptions::new().epochs(epochs).batch_size(32).validation_data(&validation).on_epoch_end(
        |trainer, _| {
            trainer.set_learning_rate(0.75 * trainer.learning_rate())?;
            Ok(std::ops::ControlFlow::Continue(()))
        },
    );
    let history = trainer.fit(&train, options)?;
    // Neither counts the missing numbers.
    if let Some(last) = history.last() {
        let number = &last.train.regression_output;
        println!("last epoch: loss of the number {:.4}, its mae {}", number.loss, number.mae);
    }
    let reached = trainer.evaluate((&held_out.inputs, &held_out.targets), 256)?;
    drop(trainer);

    let outputs = Predictor::new(&model)?.predict(&held_out.inputs)?;
    let scores = outputs.classification_output.as_vec();
    let found: Vec<usize> = scores.chunks(RegressionAndClass::CLASSES).map(largest).collect();
    let recalls = recalls(&found, &held_out.classes);
    // For the mean recall, the best prediction is the class with the largest ratio of probability to frequency.
    let best: Vec<usize> = held_out
        .probabilities
        .iter()
        .map(|row| largest(&row.iter().zip(&shares).map(|(p, share)| p / *share as f32).collect::<Vec<_>>()))
        .collect();
    let best_recalls = self::recalls(&best, &held_out.classes);
    let best_mse = f64::from(NOISE * NOISE);

    let number = &reached.regression_output;
    println!("\non held-out rows");
    println!("  number  mse {:.4} (at best {best_mse:.4}), mae {:.4}", number.loss, number.mae);
    println!("  class   recalls {recalls:.3?} (at best {best_recalls:.3?})");
    goals.at_most("number: mse", number.loss, WITHIN * best_mse);
    goals.at_least("class: mean recall", mean(&recalls), mean(&best_recalls) - BELOW);
    Ok(())
}

/// Recall of each class.
fn recalls(found: &[usize], classes: &[usize]) -> Vec<f64> {
    let recall = |class| {
        let rows = || found.iter().zip(classes).filter(move |row| *row.1 == class);
        rows().filter(|row| *row.0 == class).count() as f64 / rows().count() as f64
    };
    (0..RegressionAndClass::CLASSES).map(recall).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The true functions: both targets depend on the same two directions among a hundred.
struct World {
    directions: [Vec<f32>; 2],
}

struct Rows {
    inputs: RegressionAndClassInputs,
    targets: RegressionAndClassTargets,
    classes: Vec<usize>,
    counts: [usize; RegressionAndClass::CLASSES],
    /// Probabilities of the drawn classes.
    probabilities: Vec<Vec<f32>>,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        World { directions: [(); 2].map(|()| random.direction(RegressionAndClass::FEATURES)) }
    }

    /// Generates rows of which one in `measured` has a number; it is NaN in the others.
    fn rows(&self, count: usize, seed: u64, measured: usize) -> Result<Rows> {
        let mut random = Random::new(seed);
        let mut inputs = Vec::with_capacity(count * RegressionAndClass::FEATURES);
        let (mut numbers, mut one_hots) = (Vec::new(), Vec::new());
        let (mut classes, mut probabilities) = (Vec::new(), Vec::new());
        let mut counts = [0; RegressionAndClass::CLASSES];
        for _ in 0..count {
            let x = random.normals(RegressionAndClass::FEATURES);
            let [u, v] = [0, 1].map(|i| dot(&self.directions[i], &x));
            let number = u.abs() + v + NOISE * random.normal();
            // The last class is rare.
            let chances = softmax(&[3.0 * u, 3.0 * v, -3.0 * (u + v) - 8.0]);
            let class = random.class(&chances);
            let known = random.below(measured) == 0;
            numbers.push(if known { number } else { f32::NAN });
            one_hots.extend(one_hot(class, RegressionAndClass::CLASSES));
            counts[class] += 1;
            classes.push(class);
            probabilities.push(chances);
            inputs.extend(x);
        }
        Ok(Rows {
            inputs: RegressionAndClassInputs { input_tensor: tensor(inputs)? },
            targets: RegressionAndClassTargets {
                regression_output: tensor(numbers)?,
                classification_output: tensor(one_hots)?,
            },
            classes,
            counts,
            probabilities,
        })
    }
}
