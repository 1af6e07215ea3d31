//! A forecast with its range: carbon dioxide in the air three weeks ahead, with its 10 % and 90 % quantiles.
//!
//! New here: custom losses and metrics by path. The losses of the quantiles are functions of slices, that of the
//! forecast is a function of tensors that dfdx differentiates, and a metric counts how often the target is below the
//! prediction.
//!
//! `cargo run --release --example 18_quantiles` holds out the last nine years, in which about 10 % of the weeks are below the lower end
//! and 90 % below the upper one.

use std::ops::Range;
use std::process::ExitCode;

use mimo::data::{Dataset, from_fn};
use mimo::dfdx::tensor_ops::MeanTo;
use mimo::loss::{Losses, Predictions, Targets};
use mimo::prelude::*;
use mimo::{Float, Metric};

#[path = "support/co2.rs"]
mod co2;
#[path = "support/course.rs"]
mod course;

use co2::Series;
use course::{Epochs, Figure, Outcome};

/// Losses and metrics of forecasts.
pub mod forecasts {
    use super::*;

    /// The loss whose best prediction is the `q` quantile of the targets, and its derivative.
    fn pinball<E: Float>(q: f64, prediction: &[E], target: &[E], gradient: &mut [E]) -> E {
        let error = target[0].f64() - prediction[0].f64();
        let slope = if error > 0.0 { -q } else { 1.0 - q };
        gradient[0] = E::of(slope);
        E::of(-slope * error)
    }

    /// The loss of the lower quantile.
    pub fn low<E: Float>(prediction: &[E], target: &[E], gradient: &mut [E]) -> E {
        pinball(0.1, prediction, target, gradient)
    }

    /// The loss of the upper quantile.
    pub fn high<E: Float>(prediction: &[E], target: &[E], gradient: &mut [E]) -> E {
        pinball(0.9, prediction, target, gradient)
    }

    /// `√(1 + error²) − 1`, smooth near 0 and as robust to outliers as the absolute error. dfdx differentiates it.
    pub fn pseudo_huber(prediction: Predictions<1>, target: Targets<1>) -> Losses {
        (((prediction - target).square() + 1.0).sqrt() - 1.0).mean::<(usize,), _>()
    }

    /// Fraction of the targets below the predictions.
    #[derive(Debug)]
    pub struct Below;

    impl Metric<2> for Below {
        fn update<E: Float>([below, all]: &mut [f64; 2], prediction: &[E], target: &[E], weight: f64) {
            *below += weight * f64::from(u8::from(target[0] < prediction[0]));
            *all += weight;
        }

        fn result([below, all]: &[f64; 2]) -> f64 {
            below / all
        }
    }
}

model! {
    /// The change of the concentration in the next three weeks, and its range.
    pub Forecast {
        const WEEKS: usize = 60;

        let past = Input(shape = [WEEKS, 1]);
        let state = GRU(32)(past);

        let low = Dense(1)(state);
        let middle = Dense(1)(state);
        let high = Dense(1)(state);

        Model(inputs = [past], outputs = [low, middle, high])
            .compile(
                optimizer = Adam(learning_rate = 3e-3, clipnorm = 1.0),
                loss = { low: crate::forecasts::low, middle: crate::forecasts::pseudo_huber, high: crate::forecasts::high },
                metrics = {
                    low: [crate::forecasts::Below],
                    middle: [mae, crate::forecasts::Below(name = "half")],
                    high: [crate::forecasts::Below],
                },
            )
    }
}

/// Number of weeks ahead.
const AHEAD: usize = 3;
/// First year of the held-out part.
const HELD_OUT: u32 = 1993;

fn main() -> ExitCode {
    course::end(run())
}

fn run() -> Outcome {
    let epochs = Epochs::from_args("18_quantiles", 20)?;
    let series = Series::load()?;
    let held_out = series.year(HELD_OUT);
    let train = windows(&series.ppm, Forecast::WEEKS..held_out - AHEAD);
    let test = windows(&series.ppm, held_out..series.len() - AHEAD);
    println!("{} windows to train with, {} held out\n", train.rows(), test.rows());

    let mut model = Forecast::new(1);
    let mut trainer = Trainer::new(&mut model)?;
    trainer.fit(&train, FitOptions::new().epochs(epochs.number))?;
    let reached = trainer.evaluate(&test, 32)?;
    println!("\nheld out: {reached}\n");
    let [low, high] = [reached.low.below, reached.high.below];
    println!(
        "{:.0} % of the weeks are below the lower end, {:.0} % below the upper one\n",
        100.0 * low,
        100.0 * high
    );
    Ok(epochs.judge(&[
        Figure::at_most("distance of the lower share from 0.1", (low - 0.1).abs(), 0.06),
        Figure::at_most("distance of the upper share from 0.9", (high - 0.9).abs(), 0.06),
        Figure::at_most("mean error in ppm", reached.middle.mae, 0.5),
    ]))
}

/// Creates the samples whose windows end in these weeks.
fn windows(ppm: &[f32], weeks: Range<usize>) -> impl Dataset<Forecast> {
    from_fn(weeks.len(), move |rows, batch| {
        for (sample, &row) in batch.input(0).chunks_exact_mut(Forecast::WEEKS).zip(rows) {
            let last = weeks.start + row;
            for (to, value) in sample.iter_mut().zip(&ppm[last + 1 - Forecast::WEEKS..=last]) {
                // As differences to the last week, a quarter of which are of the order of 1.
                *to = (value - ppm[last]) / 4.0;
            }
        }
        for output in 0..3 {
            for (to, &row) in batch.target(output).iter_mut().zip(rows) {
                *to = ppm[weeks.start + row + AHEAD] - ppm[weeks.start + row];
            }
        }
        Ok(())
    })
}
