//! Three forecasts at once, one, two and three weeks ahead, by one LSTM on 44 years of carbon dioxide in the air.
//!
//! New here: training data generated on demand (a window is cut out of the series, not stored), a split by time and
//! not at random, loss weights in output order, and stopping at the best epoch.
//!
//! `cargo run --release --example 04_forecast_horizons` holds out the last nine years and reaches a mean error of
//! 0.29, 0.34 and 0.35 ppm there. It fails unless each is clearly smaller than those of two trivial forecasts: "as
//! today", and "as today, plus what changed in the same weeks of last year".

use std::ops::Range;
use std::process::ExitCode;

use mimo::data::{Dataset, from_fn};
use mimo::prelude::*;

#[path = "support/co2.rs"]
mod co2;
#[path = "support/course.rs"]
mod course;

use co2::Series;
use course::{Epochs, Figure, Outcome};

model! {
    /// The change of the concentration one, two and three weeks after the last of a hundred.
    pub Forecast {
        const WEEKS: usize = 100;

        let past = Input(shape = [WEEKS, 1]);
        let state = LSTM(64)(past);

        let next_week = Dense(1)(state);
        let in_two_weeks = Dense(1)(state);
        let in_three_weeks = Dense(1)(state);

        Model(inputs = [past], outputs = [next_week, in_two_weeks, in_three_weeks])
            .compile(
                optimizer = Adam(learning_rate = 2e-3, clipnorm = 1.0),
                loss = mse,                                 // one for all outputs
                loss_weights = [1.0, 0.8, 0.5],             // one each, in the order of the outputs
                metrics = mae,
            )
    }
}

/// Weeks from the window to the furthest forecast, and weeks that the trivial one looks back.
const HORIZONS: usize = 3;
const YEAR: usize = 52;

/// First years of the validation part and of the held-out part.
const VALIDATION: u32 = 1986;
const HELD_OUT: u32 = 1993;

/// Required errors relative to the better trivial forecast; they are about 0.71, 0.58 and 0.63.
const WANTED: [f64; HORIZONS] = [0.8, 0.7, 0.72];

fn main() -> ExitCode {
    course::end(run())
}

fn run() -> Outcome {
    let epochs = Epochs::from_args("04_forecast_horizons", 30)?;
    let series = Series::load()?;
    let (validation, held_out) = (series.year(VALIDATION), series.year(HELD_OUT));
    println!("{} weeks, {} to {}", series.len(), series.weeks[0], series.weeks[series.len() - 1]);

    // A sample is identified by the last week of its window. Training samples contain no later years.
    let train = windows(&series.ppm, Forecast::WEEKS..validation - HORIZONS);
    let validate = windows(&series.ppm, validation..held_out - HORIZONS);
    let test = windows(&series.ppm, held_out..series.len() - HORIZONS);
    println!(
        "{} windows to train with, {} to stop by, {} held out\n",
        train.rows(),
        validate.rows(),
        test.rows()
    );

    let mut model = Forecast::new(1);
    let mut trainer = Trainer::new(&mut model)?;
    // Stops after ten epochs without improvement.
    let mut stopping = EarlyStopping::new("val_loss").patience(10).restore_best_weights(true);
    let options = FitOptions::new().epochs(epochs.number).validation_data(&validate).callback(&mut stopping);
    let history = trainer.fit(&train, options)?;
    let best = stopping.best_epoch().map_or(0, |epoch| epoch + 1);
    println!("{} epochs; the weights of epoch {best} are kept", history.epochs().len());

    let reached = trainer.evaluate(&test, 32)?;
    let reached = [reached.next_week.mae, reached.in_two_weeks.mae, reached.in_three_weeks.mae];
    let weeks = held_out..series.len() - HORIZONS;
    let mut figures = Vec::new();
    println!("\nmean error in ppm, {HELD_OUT} to 2001");
    println!("weeks ahead   as today   as last year   LSTM");
    for (horizon, (mae, wanted)) in (1..).zip(reached.into_iter().zip(WANTED)) {
        let today = mean_error(weeks.clone(), |week| change(&series.ppm, week, horizon));
        let last_year = mean_error(weeks.clone(), |week| {
            change(&series.ppm, week, horizon) - change(&series.ppm, week - YEAR, horizon)
        });
        println!("{horizon:>11}   {today:>8.3}   {last_year:>12.3}   {mae:.3}");
        let what = ["LSTM / free, 1 week", "LSTM / free, 2 weeks", "LSTM / free, 3 weeks"][horizon - 1];
        figures.push(Figure::at_most(what, mae / today.min(last_year), wanted));
    }

    // A forecast beyond the end of the file: the first weeks of 2002.
    drop(trainer);
    let last = series.len() - 1;
    let past = window(&series.ppm, last).collect::<Vec<_>>();
    let inputs: ForecastInputs = ForecastInputs { past: tensor(past)? };
    let forecast = model.forward(&inputs)?;
    let now = series.ppm[last];
    let changes = [forecast.next_week, forecast.in_two_weeks, forecast.in_three_weeks];
    let weeks = changes.map(|change| format!("{:.1}", now + change.as_vec()[0]));
    println!("\nafter {now:.1} ppm on {}: {} ppm\n", series.weeks[last], weeks.join(", "));

    Ok(epochs.judge(&figures))
}

/// Creates the samples whose windows end in these weeks.
fn windows(ppm: &[f32], weeks: Range<usize>) -> impl Dataset<Forecast> {
    from_fn(weeks.len(), move |rows, batch| {
        // One input of WEEKS values a sample, and three outputs of one.
        for (sample, &row) in batch.input(0).chunks_exact_mut(Forecast::WEEKS).zip(rows) {
            for (to, value) in sample.iter_mut().zip(window(ppm, weeks.start + row)) {
                *to = value;
            }
        }
        for horizon in 1..=HORIZONS {
            for (to, &row) in batch.target(horizon - 1).iter_mut().zip(rows) {
                *to = change(ppm, weeks.start + row, horizon);
            }
        }
        Ok(())
    })
}

/// The hundred weeks up to `last`, as differences to it: the concentration itself grows beyond all training values,
/// but its changes do not. A quarter scales the differences to the order of 1.
fn window(ppm: &[f32], last: usize) -> impl Iterator<Item = f32> {
    ppm[last + 1 - Forecast::WEEKS..=last].iter().map(move |value| (value - ppm[last]) / 4.0)
}

/// Change within `weeks` weeks after `week`, in ppm.
fn change(ppm: &[f32], week: usize, weeks: usize) -> f32 {
    ppm[week + weeks] - ppm[week]
}

/// Mean absolute error over some weeks.
fn mean_error(weeks: Range<usize>, missed: impl Fn(usize) -> f32) -> f64 {
    let count = weeks.len() as f64;
    weeks.map(|week| f64::from(missed(week).abs())).sum::<f64>() / count
}
