//! One trunk, a number and a class: a custom training loop.
//!
//! Teaches how to train without `fit`: `train_on_rows` takes one step and returns losses and metrics by name, the
//! gradient of any weight can be read, and the learning rate and the loss weights can be set between steps. Here they
//! are set so that the initial gradients of both losses in the trunk have equal length: the number is in the
//! hundreds, so its squared error is tens of thousands, and the cross-entropy 1.6. The example trains with and
//! without these weights. Adam divides every gradient by its own magnitude, so they make little difference; with SGD,
//! the unweighted losses would diverge.
//!
//! The data is generated: the number is a known function of the inputs plus normal noise, and the class is drawn from
//! known probabilities, so the best mean squared error and the best accuracy are known.
//! `cargo run --release --example 08_shared_trunk` takes seconds; `-- --epochs 3` makes it shorter.

use std::process::ExitCode;

use mimo::data::{ArrayDataset, Dataset};
use mimo::prelude::*;

#[path = "support/goals.rs"]
mod goals;
#[path = "support/random.rs"]
mod random;

use goals::Goals;
use random::{Random, dot, largest, one_hot, softmax};

model! {
    /// A number and one of five classes, from features that both share.
    pub SharedTrunk {
        const FEATURES: usize = 100;
        const CLASSES: usize = 5;

        let input_tensor = Input(shape = [FEATURES]);
        let shared_layer = Dense(64, activation = relu)(input_tensor);
        // The name of a layer is the prefix of its weights. Losses use the names of outputs, below.
        let output1 = Dense(32, activation = relu, name = "hidden_1")(shared_layer);
        let output1 = Dense(1, activation = linear)(output1);
        let output2 = Dense(32, activation = relu, name = "hidden_2")(shared_layer);
        let output2 = Dense(CLASSES, activation = softmax)(output2);

        Model(inputs = [input_tensor], outputs = [output1, output2])
            .compile(
                optimizer = Adam(learning_rate = 2e-3, weight_decay = 0.03),
                loss = { output1: mse, output2: categorical_crossentropy },
                metrics = { output1: [mae, r2], output2: [accuracy] },
            )
    }
}

/// Scale of the number, and standard deviation of its noise.
const SCALE: f32 = 200.0;
const NOISE: f32 = 40.0;
/// Allowed ratio to the best mean squared error, and distance to the best accuracy.
const WITHIN: f64 = 1.15;
const BELOW: f64 = 0.015;
const EPOCHS: usize = 10;
const ROWS: usize = 60_000;
const BATCH: usize = 32;

fn main() -> ExitCode {
    goals::main(EPOCHS, run)
}

fn run(epochs: usize, goals: &mut Goals) -> Result<(), Box<dyn std::error::Error>> {
    let world = World::new(1);
    let train = world.rows(ROWS, 2)?;
    let held_out = world.rows(5000, 3)?;
    let best_mse = f64::from(NOISE * NOISE);
    let best_accuracy = held_out.best_accuracy;
    let train = ArrayDataset::<SharedTrunk>::new(&train.inputs, &train.targets)?;
    let held_out = ArrayDataset::<SharedTrunk>::new(&held_out.inputs, &held_out.targets)?;

    let as_they_are = SharedTrunkPerOutput { output1: 1.0, output2: 1.0 };
    let balanced = SharedTrunkPerOutput {
        output1: 1.0 / pull(&train, SharedTrunkPerOutput { output1: 1.0, output2: 0.0 })?,
        output2: 1.0 / pull(&train, SharedTrunkPerOutput { output1: 0.0, output2: 1.0 })?,
    };
    println!("losses that pull equally weigh {:.5} and {:.5}", balanced.output1, balanced.output2);

    let mut reached = Vec::new();
    for (what, weights) in [("as they are", as_they_are), ("balanced", balanced)] {
        println!("\nlosses {what}");
        let mut model = SharedTrunk::new(42);
        train_by_hand(&mut model, &weights, &train, &held_out, epochs)?;
        reached.push(Trainer::new(&mut model)?.evaluate(&held_out, 256)?);
    }

    println!("\non held-out rows       as they are   balanced    at best");
    if let [plain, balanced] = &reached[..] {
        println!(
            "  output1  mse         {:>10.1} {:>10.1} {best_mse:>10.1}",
            plain.output1.loss, balanced.output1.loss
        );
        println!(
            "  output2  accuracy    {:>10.4} {:>10.4} {best_accuracy:>10.4}",
            plain.output2.accuracy, balanced.output2.accuracy
        );
        goals.at_most("output1: mse", balanced.output1.loss, WITHIN * best_mse);
        goals.at_least("output2: accuracy", balanced.output2.accuracy, best_accuracy - BELOW);
    }
    Ok(())
}

/// Gradient of a loss in the trunk of a new model: the length of the gradient of its kernel, after one step with
/// these loss weights.
fn pull(data: &ArrayDataset<SharedTrunk>, weights: SharedTrunkPerOutput<f64>) -> Result<f64> {
    let mut model = SharedTrunk::new(42);
    let mut trainer = Trainer::new(&mut model)?;
    trainer.set_loss_weights(&weights)?;
    trainer.train_on_rows(data, &(0..BATCH).collect::<Vec<_>>())?;
    let gradient = trainer.gradient("dense/kernel").ok_or_else(|| Error::other("no such weight"))?;
    Ok(f64::from(dot(&gradient, &gradient).sqrt()))
}

/// The equivalent of `fit`: epochs of shuffled batches, here with a learning rate that decays to zero.
fn train_by_hand(
    model: &mut SharedTrunk,
    weights: &SharedTrunkPerOutput<f64>,
    train: &ArrayDataset<SharedTrunk>,
    held_out: &ArrayDataset<SharedTrunk>,
    epochs: usize,
) -> Result<()> {
    let mut trainer = Trainer::new(model)?;
    trainer.set_loss_weights(weights)?;
    let rate = trainer.learning_rate();
    let mut random = Random::new(4);
    let mut order: Vec<usize> = (0..train.rows()).collect();
    let steps = (epochs * order.len().div_ceil(BATCH)) as f64;
    for epoch in 0..epochs {
        random.shuffle(&mut order);
        for rows in order.chunks(BATCH) {
            // Half a cosine.
            let done = trainer.steps() as f64 / steps;
            trainer.set_learning_rate(0.5 * rate * (1.0 + (std::f64::consts::PI * done).cos()))?;
            trainer.train_on_rows(train, rows)?;
        }
        if epoch % 2 == 1 {
            let reached = trainer.evaluate(held_out, 256)?;
            let (number, class) = (&reached.output1, &reached.output2);
            println!("epoch {:>2}: held out r2 {:.4}, accuracy {:.4}", epoch + 1, number.r2, class.accuracy);
        }
    }
    Ok(())
}

/// The true functions: both targets depend on the same two directions among a hundred.
struct World {
    directions: [Vec<f32>; 2],
}

struct Rows {
    inputs: SharedTrunkInputs,
    targets: SharedTrunkTargets,
    /// Accuracy of a model that knows the probabilities.
    best_accuracy: f64,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        World { directions: [(); 2].map(|()| random.direction(SharedTrunk::FEATURES)) }
    }

    fn rows(&self, count: usize, seed: u64) -> Result<Rows> {
        let mut random = Random::new(seed);
        let (mut inputs, mut numbers, mut classes, mut right) = (Vec::new(), Vec::new(), Vec::new(), 0);
        for _ in 0..count {
            let x = random.normals(SharedTrunk::FEATURES);
            let [u, v] = [0, 1].map(|i| dot(&self.directions[i], &x));
            numbers.push(SCALE * (u.abs() - v) + NOISE * random.normal());
            // The classes are sectors around the origin.
            let scores: Vec<f32> = (0..SharedTrunk::CLASSES)
                .map(|class| {
                    let (sin, cos) =
                        (std::f32::consts::TAU * class as f32 / SharedTrunk::CLASSES as f32).sin_cos();
                    6.0 * (u * cos + v * sin)
                })
                .collect();
            let probabilities = softmax(&scores);
            let class = random.class(&probabilities);
            right += usize::from(class == largest(&probabilities));
            classes.extend(one_hot(class, SharedTrunk::CLASSES));
            inputs.extend(x);
        }
        Ok(Rows {
            inputs: SharedTrunkInputs { input_tensor: tensor(inputs)? },
            targets: SharedTrunkTargets { output1: tensor(numbers)?, output2: tensor(classes)? },
            best_accuracy: right as f64 / count as f64,
        })
    }
}
