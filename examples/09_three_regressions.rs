//! Three values from ten: training controlled by callbacks.
//!
//! Teaches callbacks: `ReduceLROnPlateau` halves the learning rate when the validation loss stops improving,
//! `EarlyStopping` then stops and restores the best weights; a closure that prints; and `History`, by name and as
//! CSV.
//!
//! The data is generated: each target is a known function of the inputs plus normal noise of a known variance. No
//! model can have a smaller mean squared error than that variance. `cargo run --release --example
//! 09_three_regressions` takes seconds; `-- --epochs 3` makes it shorter.

use std::ops::ControlFlow;
use std::process::ExitCode;

use mimo::prelude::*;

#[path = "support/goals.rs"]
mod goals;
#[path = "support/random.rs"]
mod random;

use goals::Goals;
use random::{Random, dot};

model! {
    /// Three numbers that depend on the same ten.
    pub ThreeRegressions {
        const FEATURES: usize = 10;

        let input_layer = Input(shape = [FEATURES]);
        let dense1 = Dense(64, activation = relu)(input_layer);
        let dense2 = Dense(32, activation = relu)(dense1);
        let output1 = Dense(1)(dense2);
        let output2 = Dense(1)(dense2);
        let output3 = Dense(1)(dense2);

        // One metric for all outputs: `metrics = mae`. A list, `[mae]`, would have to have three entries.
        Model(inputs = [input_layer], outputs = [output1, output2, output3])
            .compile(optimizer = Adam(learning_rate = 3e-3), loss = [mse, mse, mse], metrics = mae)
    }
}

/// Standard deviations of the noise in the three targets; their squares are the best mean squared errors.
const NOISE: [f32; 3] = [0.1, 0.2, 0.3];
/// Allowed ratio to the best mean squared error.
const WITHIN: f64 = 1.15;
const EPOCHS: usize = 80;
/// Initial learning rate, that of the model.
const RATE: f64 = 3e-3;

fn main() -> ExitCode {
    goals::main(EPOCHS, run)
}

fn run(epochs: usize, goals: &mut Goals) -> Result<(), Box<dyn std::error::Error>> {
    let world = World::new(1);
    let (inputs, targets) = world.rows(20_000, 2)?;
    let validation = world.rows(4000, 3)?;
    let held_out = world.rows(4000, 4)?;

    let mut model = ThreeRegressions::new(42);
    let mut trainer = Trainer::new(&mut model)?;
    // Three halvings, each after four epochs without improvement, and then as many epochs before the end.
    let halving =
        ReduceLROnPlateau::new("val_loss").factor(0.5).patience(4).min_delta(0.0).min_lr(RATE / 8.0);
    let mut stopping = EarlyStopping::new("val_loss").patience(16).restore_best_weights(true);
    let history = trainer.fit_with((&inputs, &targets), |options| {
        options
            .epochs(epochs)
            .batch_size(32)
            .validation_data((&validation.0, &validation.1))
            .callback(halving)
            .callback(&mut stopping)
            .on_epoch_end(|trainer, logs| {
                // Typed: `logs.validation` has a field per output, with a field per metric.
                if let Some(validation) = logs.validation.as_ref().filter(|_| logs.epoch % 10 == 0) {
                    println!(
                        "epoch {:>2}: learning rate {:.1e}, mae {:.3} {:.3} {:.3}",
                        logs.epoch + 1,
                        trainer.learning_rate(),
                        validation.output1.mae,
                        validation.output2.mae,
                        validation.output3.mae,
                    );
                }
                ControlFlow::Continue(())
            })
    })?;
    if let (Some(epoch), Some(loss)) = (stopping.best_epoch(), stopping.best()) {
        println!(
            "{} of {epochs} epochs, val_loss was best in epoch {}: {loss:.4}",
            history.epochs().len(),
            epoch + 1
        );
    }
    let csv = history.to_csv();
    println!("{}\n", csv.lines().next().unwrap_or_default());

    let reached = trainer.evaluate((&held_out.0, &held_out.1), 32)?;
    let reached = [
        ("output1", reached.output1.loss, reached.output1.mae),
        ("output2", reached.output2.loss, reached.output2.mae),
        ("output3", reached.output3.loss, reached.output3.mae),
    ];
    for ((name, mse, mae), noise) in reached.into_iter().zip(NOISE) {
        let best = f64::from(noise * noise);
        // The mean absolute value of normal noise is √(2/π) of its standard deviation.
        let best_mae = f64::from(noise) * (2.0 / std::f64::consts::PI).sqrt();
        println!("{name}: mse {mse:.4}, at best {best:.4}; mae {mae:.4}, at best {best_mae:.4}");
        goals.at_most(&format!("{name}: mse"), mse, WITHIN * best);
    }
    Ok(())
}

/// The true functions: a plane, a fold and a step, each along its own direction.
struct World {
    directions: [Vec<f32>; 3],
}

impl World {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        World { directions: [(); 3].map(|()| random.direction(ThreeRegressions::FEATURES)) }
    }

    fn rows(&self, count: usize, seed: u64) -> Result<(ThreeRegressionsInputs, ThreeRegressionsTargets)> {
        let mut random = Random::new(seed);
        let mut inputs = Vec::with_capacity(count * ThreeRegressions::FEATURES);
        let mut targets = [(); 3].map(|()| Vec::with_capacity(count));
        for _ in 0..count {
            let x = random.normals(ThreeRegressions::FEATURES);
            let [plane, fold, step] = [0, 1, 2].map(|i| dot(&self.directions[i], &x));
            let values = [plane, fold.abs(), (2.0 * step).tanh()];
            for ((targets, value), noise) in targets.iter_mut().zip(values).zip(NOISE) {
                targets.push(value + noise * random.normal());
            }
            inputs.extend(x);
        }
        let [output1, output2, output3] = targets;
        Ok((
            ThreeRegressionsInputs { input_layer: tensor(inputs)? },
            ThreeRegressionsTargets {
                output1: tensor(output1)?,
                output2: tensor(output2)?,
                output3: tensor(output3)?,
            },
        ))
    }
}
