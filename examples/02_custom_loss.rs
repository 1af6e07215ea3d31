//! A custom loss in tensor operations, differentiated by dfdx and trained by the same trainer.
//!
//! The model predicts the ink of a digit with its uncertainty: a mean and the logarithm of a variance. No loss of
//! Keras reads two outputs together; the Gaussian log-likelihood does, in four lines of dfdx. `cargo run --release
//! --example 02_custom_loss`

use std::process::ExitCode;

use mimo::dfdx::prelude::*;
use mimo::prelude::{FitOptions, Trainer, model, tensor};

#[path = "support/digits.rs"]
mod digits;

use digits::Digits;

model! {
    /// The ink of the lower half of a digit, predicted from its upper half, with an uncertainty.
    pub InkGuess {
        let upper_half = Input(shape = [32]);
        let x = Dense(32, activation = tanh)(upper_half);
        let mean = Dense(1)(x);
        let log_variance = Dense(1)(x);

        Model(inputs = [upper_half], outputs = [mean, log_variance])
            .compile(
                optimizer = Adam(learning_rate = 3e-3),
                // The loss of `mean` reads `log_variance` too, which has no target.
                loss = { mean: custom, log_variance: none },
                metrics = { mean: [mae] },
            )
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<bool, Box<dyn std::error::Error>> {
    let (train, held_out) = Digits::load()?.split(0.2, 7)?;
    let (inputs, targets) = tensors(&train)?;
    let (held_out_inputs, held_out_targets) = tensors(&held_out)?;

    let mut model = InkGuess::new(1);
    let mut trainer = Trainer::new(&mut model)?;
    // −2·ln N(t | mean, e^s) = s + (t − mean)²·e^−s, up to a constant, averaged over the batch.
    trainer.set_loss(|outputs, targets| {
        let error = (outputs.mean - targets.mean.clone()).square();
        let (precision, log_variance) =
            ((-outputs.log_variance.with_empty_tape()).exp(), outputs.log_variance);
        Ok((error * precision + log_variance).mean())
    });
    let options = FitOptions::new().epochs(40).validation_data((&held_out_inputs, &held_out_targets));
    let history = trainer.fit((&inputs, &targets), options)?;
    drop(trainer);
    println!("{history}");

    // If the predicted uncertainty is right, two thirds of the held-out values lie within one standard deviation.
    let outputs = model.forward(&held_out_inputs)?;
    let (means, log_variances) = (outputs.mean.as_vec(), outputs.log_variance.as_vec());
    let inks = held_out_targets.mean.as_vec();
    let inside = means
        .iter()
        .zip(&log_variances)
        .zip(&inks)
        .filter(|((mean, log_variance), ink)| (*mean - *ink).abs() <= (0.5 * *log_variance).exp())
        .count();
    let share = inside as f64 / inks.len() as f64;
    let losses = history.get("val_loss").unwrap_or_default();
    let (first, last) = (losses.first().copied().unwrap_or(0.0), losses.last().copied().unwrap_or(0.0));
    println!("validation loss {first:.3} -> {last:.3}");
    println!(
        "{:.0} % of the held-out values lie within one standard deviation (68 % would be perfect)",
        100.0 * share
    );
    let as_wanted = last < first - 0.3 && (0.55..0.8).contains(&share);
    println!("{}", if as_wanted { "as wanted" } else { "NOT as wanted" });
    Ok(as_wanted)
}

/// Creates tensors of the upper halves, and of the mean grey value of the lower halves.
fn tensors(digits: &Digits) -> mimo::Result<(InkGuessInputs, InkGuessTargets)> {
    let upper: Vec<f32> = digits.images().flat_map(|image| image[..32].to_vec()).collect();
    let lower: Vec<f32> = digits.images().map(|image| image[32..].iter().sum::<f32>() / 32.0).collect();
    Ok((InkGuessInputs { upper_half: tensor(upper)? }, InkGuessTargets { mean: tensor(lower)? }))
}
