//! Search for a learning rate by a short trial.

use std::ops::RangeInclusive;

use super::{Trainer, check_batches, engine, numbers, step};
use crate::batch::BatchRows;
use crate::callbacks::CallbackFault;
use crate::data::{Dataset, Feed, IntoDataset, PassPlan, trust, weighting};
use crate::engine::{Source, Totals};
use crate::error::Error;
use crate::model::Trainable;

/// Settings of [`Trainer::find_learning_rate`].
#[derive(Clone, Debug)]
pub struct FindOptions {
    rates: RangeInclusive<f64>,
    steps: usize,
    batch_size: usize,
    smoothing: f64,
    diverged: f64,
}

impl FindOptions {
    /// Creates the default options: 100 steps of 32 samples, from a learning rate of 1e-7 to 10.
    pub fn new() -> Self {
        FindOptions { rates: 1e-7..=10.0, steps: 100, batch_size: 32, smoothing: 0.95, diverged: 4.0 }
    }

    /// Sets the first and the last learning rate.
    #[must_use]
    pub fn rates(mut self, rates: RangeInclusive<f64>) -> Self {
        self.rates = rates;
        self
    }

    /// Sets the number of steps, at least 2. If the data has fewer batches they are repeated.
    #[must_use]
    pub fn steps(mut self, steps: usize) -> Self {
        self.steps = steps;
        self
    }

    /// Sets the number of samples per step.
    #[must_use]
    pub fn batch_size(mut self, samples: usize) -> Self {
        self.batch_size = samples;
        self
    }

    /// Sets the decay of the moving mean of the losses, at least 0 and below 1; 0.95 by default.
    #[must_use]
    pub fn smoothing(mut self, smoothing: f64) -> Self {
        self.smoothing = smoothing;
        self
    }

    fn check<E: crate::float::Float>(&self) -> Result<(), Error> {
        let fault = |name, value: String, valid| {
            Err(CallbackFault::Setting { name, value, valid }.of("find_learning_rate"))
        };
        let (first, last) = (*self.rates.start(), *self.rates.end());
        if !(first > 0.0 && first < last && E::of(last).is_finite()) {
            return fault(
                "rates",
                format!("{first:e}..={last:e}"),
                "an ascending range of rates above 0, which are finite in the model's float type",
            );
        }
        if self.steps < 2 {
            return fault("steps", self.steps.to_string(), "at least 2");
        }
        if !(0.0..1.0).contains(&self.smoothing) {
            return fault("smoothing", self.smoothing.to_string(), "a number of at least 0 and below 1");
        }
        if self.batch_size == 0 {
            return Err(Error::BatchSize);
        }
        Ok(())
    }
}

impl Default for FindOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// Losses by learning rate.
#[derive(Clone, Debug, PartialEq)]
pub struct LearningRateCurve {
    /// Learning rates of the steps, which grow by a constant factor.
    pub rates: Vec<f64>,
    /// Total loss of each step, before its update.
    pub losses: Vec<f64>,
    /// Moving mean of the losses, with bias correction.
    pub smoothed: Vec<f64>,
    /// Number of losses in one entry of the moving mean.
    window: usize,
}

impl LearningRateCurve {
    /// Returns the learning rate at which the smoothed loss falls fastest per factor of the rate; `None` if it never
    /// falls. The first steps, with means of few losses, are left out.
    pub fn suggestion(&self) -> Option<f64> {
        let falls = self.smoothed.windows(2).zip(&self.rates).skip(self.window.min(self.rates.len() / 4));
        let falls = falls.map(|(pair, rate)| (pair[0] - pair[1], *rate)).filter(|(fall, _)| *fall > 0.0);
        falls.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, rate)| rate)
    }
}

impl<M: Trainable> Trainer<'_, M> {
    /// Trains a copy of the model for some steps while the learning rate grows exponentially, and returns the losses.
    /// The steps end early when the smoothed loss is four times its minimum, or NaN. (Smith: *Cyclical Learning Rates
    /// for Training Neural Networks*, 2017.)
    ///
    /// The trainer keeps its weights, the optimizer's state, its learning rate and the order of its next epoch: the
    /// copy has a new optimizer. Schedules of the model are replaced in the copy, and several optimizers have the
    /// same learning rate in it. Custom losses are those of the trainer.
    ///
    /// ```ignore
    /// let curve = trainer.find_learning_rate((&inputs, &targets), FindOptions::new())?;
    /// if let Some(rate) = curve.suggestion() {
    ///     trainer.set_learning_rate(rate)?;
    /// }
    /// ```
    ///
    /// # Errors
    /// Those of [`train_on_rows`](Self::train_on_rows), [`BatchSize`](Error::BatchSize), [`StatefulRows`](Error::StatefulRows), and
    /// [`Callback`](Error::Callback) for settings that are out of range.
    pub fn find_learning_rate<'d>(
        &mut self,
        data: impl IntoDataset<'d, M>,
        options: FindOptions,
    ) -> Result<LearningRateCurve, Error> {
        let data = data.into_dataset()?;
        self.find(&*data, &options)
    }

    fn find(&mut self, data: &dyn Dataset<M>, options: &FindOptions) -> Result<LearningRateCurve, Error> {
        self.check_losses()?;
        options.check::<M::Float>()?;
        let mut order = numbers(0..data.rows())?;
        if order.is_empty() {
            return Err(Error::NoData);
        }
        check_batches(&self.engine, order.len(), options.batch_size)?;
        let trust = trust(data, &self.engine.warnings)?;
        if !self.engine.is_stateful() && !data.sequential() {
            // A shuffle of a copy, so that the trainer's next epoch is the same as without this.
            self.shuffle.clone().shuffle(&mut order);
        }
        let mut engine = engine::<M>(self.engine.threads())?;
        for (index, values) in self.weights().iter().enumerate() {
            engine.load_weight(index, values);
        }
        engine.weights_loaded();

        let weighting = weighting(data);
        let plan = PassPlan {
            rows: &order,
            batch_size: options.batch_size,
            first_batch: 0,
            training: true,
            number: self.engine.steps(),
        };
        let steps_of_epoch = order.len().div_ceil(options.batch_size);
        let mut feed = Feed::new(data, &plan)?;
        let mut totals = Totals::default();
        let (first, last) = (*options.rates.start(), *options.rates.end());
        let factor = (last / first).powf(1.0 / (options.steps - 1) as f64);
        let window = (1.0 / (1.0 - options.smoothing)) as usize;
        let mut curve = LearningRateCurve { rates: vec![], losses: vec![], smoothed: vec![], window };
        let (mut mean, mut least) = (0.0, f64::INFINITY);
        for (place, rows) in (1..=options.steps).zip(order.chunks(options.batch_size).cycle()) {
            let rate = (first * factor.powf((place - 1) as f64)).min(last);
            engine.replace_learning_rates(rate);
            totals.resize(&self.totals);
            if place > 1 && (place - 1).is_multiple_of(steps_of_epoch) {
                feed = Feed::new(data, &plan)?;
            }
            feed.begin_batch(rows)?;
            let gather = |rows: &[usize], into: &mut BatchRows<'_, '_, M::Float>| feed.gather(rows, into);
            let source = Source { gather: &gather, weighting, trust };
            step(&mut engine, &mut self.custom, &self.loss_weights, &mut totals, rows, source)?;
            let loss = totals.total / rows.len() as f64;
            mean = options.smoothing * mean + (1.0 - options.smoothing) * loss;
            let smoothed = mean / (1.0 - options.smoothing.powf(place as f64));
            // NaN is not below either.
            if !smoothed.is_finite() || (place > 1 && least > 0.0 && smoothed > options.diverged * least) {
                break;
            }
            least = least.min(smoothed);
            curve.rates.push(rate);
            curve.losses.push(loss);
            curve.smoothed.push(smoothed);
        }
        Ok(curve)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Verbose;
    use crate::testing::{Lines, LinesInputs, LinesOutputs, rows};
    use crate::trainer::FitOptions;

    fn data() -> (LinesInputs, LinesOutputs) {
        let x: Vec<[f32; 2]> = (0..64).map(|i| [(i as f32 * 0.7).sin(), (i as f32 * 1.3).cos()]).collect();
        let slope: Vec<[f32; 1]> = x.iter().map(|[a, b]| [2.0 * a - b + 0.5]).collect();
        (LinesInputs { x: rows(&x) }, LinesOutputs { slope: rows(&slope), pair: rows(&x) })
    }

    #[test]
    fn the_rate_that_is_found_trains_and_nothing_else_changes() {
        let (inputs, targets) = data();
        let options = || FitOptions::new().verbose(Verbose::Silent).epochs(3).batch_size(8);
        let mut model = Lines::default();
        let mut trainer = Trainer::new(&mut model).expect("a trainer");
        trainer.fit((&inputs, &targets), options()).expect("a training");
        let plain = trainer.fit((&inputs, &targets), options()).expect("a training").to_csv();

        let mut model = Lines::default();
        let mut trainer = Trainer::new(&mut model).expect("a trainer");
        let find = || FindOptions::new().batch_size(8).rates(1e-4..=10.0);
        let curve = trainer.find_learning_rate((&inputs, &targets), find()).expect("a curve");
        assert_eq!((trainer.steps(), trainer.learning_rate()), (0, crate::testing::LEARNING_RATE));
        let rate = curve.suggestion().expect("a suggestion");
        assert!((1e-2..1.0).contains(&rate), "{rate}: {curve:?}");
        // Learning rates that are too large diverge, and end the steps.
        assert!(curve.rates.len() < 100 && curve.rates.last().expect("a rate") > &rate, "{curve:?}");
        assert!(curve.rates.windows(2).all(|pair| pair[0] < pair[1]));
        assert!((curve.losses[0] - curve.smoothed[0]).abs() < 1e-9);
        trainer.fit((&inputs, &targets), options()).expect("a training");
        trainer.find_learning_rate((&inputs, &targets), find()).expect("a curve");
        assert_eq!(trainer.fit((&inputs, &targets), options()).expect("a training").to_csv(), plain);
    }

    #[test]
    fn wrong_settings_are_errors() {
        let (inputs, targets) = data();
        let mut model = Lines::default();
        let mut trainer = Trainer::new(&mut model).expect("a trainer");
        for options in [
            FindOptions::new().rates(0.0..=1.0),
            FindOptions::new().rates(1.0..=0.1),
            FindOptions::new().rates(0.1..=f64::INFINITY),
            FindOptions::new().rates(0.1..=1e39),
            FindOptions::new().rates(f64::NAN..=1.0),
            FindOptions::new().steps(1),
            FindOptions::new().smoothing(1.0),
            FindOptions::new().smoothing(f64::NAN),
        ] {
            let error = trainer.find_learning_rate((&inputs, &targets), options.clone());
            assert!(matches!(error, Err(Error::Callback { .. })), "{options:?}: {error:?}");
        }
        let error = trainer.find_learning_rate((&inputs, &targets), FindOptions::new().batch_size(0));
        assert!(matches!(error, Err(Error::BatchSize)));
    }
}
