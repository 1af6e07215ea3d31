//! Statistics of weights and gradients over time.

use std::fmt::Write;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use crate::callback::{BatchLogs, Callback, FitPlan};
use crate::data::spec;
use crate::error::Error;
use crate::history::{EpochLogs, csv};
use crate::kernels::Element;
use crate::model::Trainable;
use crate::trainer::Trainer;

/// Records statistics of every weight and of its gradient while the training runs: to see whether gradients vanish or explode, and which layers
/// learn.
///
/// ```ignore
/// let mut weights = WeightHistory::new();
/// trainer.fit_with((&inputs, &targets), |options| {
///     options.epochs(20).callback(&mut weights)
/// })?;
/// println!("{}", weights.to_csv());
/// // Feature `plot`.
/// weights.picture(plot::Of::Gradients, plot::Statistic::Norm)?.save("gradients.svg")?;
/// ```
///
/// A record reads all weights and gradients once, about as long as copying them takes: [`seconds`](Self::seconds) is the time of all
/// records together. It keeps 104 bytes per weight.
///
/// Keras has histograms of weights for TensorBoard only, as [`TensorBoard`](https://keras.io/api/callbacks/tensorboard/) with `histogram_freq`; those of gradients were
/// dropped. Here both are numbers of the program.
#[derive(Clone, Debug, Default)]
pub struct WeightHistory {
    update_freq: usize,
    names: Vec<&'static str>,
    records: Vec<WeightRecord>,
    time: Duration,
}

/// The statistics of all weights at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightRecord {
    /// The epoch that runs or has just ended, from 0.
    pub epoch: usize,
    /// Steps so far, over all calls of `fit`.
    pub step: u64,
    /// Statistics of each weight, in the order of [`WeightHistory::names`].
    pub weights: Vec<TensorStatistics>,
    /// Statistics of the gradient that the last step's optimizer used, of each weight; `None` before the first step and for weights that are not trained.
    pub gradients: Vec<Option<TensorStatistics>>,
}

/// Statistics of the values of a tensor. A value that is NaN makes all of them NaN, but for the share of zeros.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TensorStatistics {
    /// Euclidean norm: the root of the sum of squares.
    pub norm: f64,
    /// Mean.
    pub mean: f64,
    /// Standard deviation, of the values as a whole population.
    pub standard_deviation: f64,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Share of the values that are zero, from 0 to 1.
    pub zeros: f64,
}

impl TensorStatistics {
    /// The statistics of some values; those of none are zeros.
    pub fn of(values: impl ExactSizeIterator<Item = f64> + Clone) -> Self {
        let count = values.len();
        if count == 0 {
            let zero = 0.0;
            return TensorStatistics {
                norm: zero,
                mean: zero,
                standard_deviation: zero,
                min: zero,
                max: zero,
                zeros: zero,
            };
        }
        let least = |least: f64, value: f64| if value.is_nan() || value < least { value } else { least };
        let greatest =
            |greatest: f64, value: f64| if value.is_nan() || value > greatest { value } else { greatest };
        let [mut sum, mut squares, mut zeros] = [0.0, 0.0, 0.0];
        let (mut min, mut max) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.clone() {
            sum += value;
            squares += value * value;
            (min, max) = (least(min, value), greatest(max, value));
            zeros += f64::from(u8::from(value == 0.0));
        }
        let mean = sum / count as f64;
        // In a second pass: the difference of mean squares would be rounded away where the mean is large.
        let spread = values.map(|value| (value - mean) * (value - mean)).sum::<f64>();
        let standard_deviation = (spread / count as f64).sqrt();
        TensorStatistics {
            norm: squares.sqrt(),
            mean,
            standard_deviation,
            min,
            max,
            zeros: zeros / count as f64,
        }
    }

    fn values(&self) -> [f64; 6] {
        let TensorStatistics { norm, mean, standard_deviation, min, max, zeros } = *self;
        [norm, mean, standard_deviation, min, max, zeros]
    }
}

impl WeightHistory {
    /// Records at the beginning of the training and after every epoch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Records after every so many steps instead of every epoch; 0, the default, means every epoch.
    #[must_use]
    pub fn update_freq(mut self, steps: usize) -> Self {
        self.update_freq = steps;
        self
    }

    /// The names of the weights, `dense/kernel`, in the order of the model's fields; empty before the first `fit`.
    pub fn names(&self) -> &[&'static str] {
        &self.names
    }

    /// The records of the last `fit`, in order.
    pub fn records(&self) -> &[WeightRecord] {
        &self.records
    }

    /// The time that all records together took.
    pub fn seconds(&self) -> f64 {
        self.time.as_secs_f64()
    }

    /// CSV text with a line for each weight of each record: `epoch,step,weight,norm,…,gradient_norm,…`. `NA` stands for the gradient of a
    /// weight that has none; numbers read back to the same `f64`.
    pub fn to_csv(&self) -> String {
        const STATISTICS: [&str; 6] = ["norm", "mean", "standard_deviation", "min", "max", "zeros"];
        let mut text = String::from("epoch,step,weight");
        for prefix in ["", "gradient_"] {
            STATISTICS.iter().for_each(|name| text.extend([",", prefix, name]));
        }
        text.push('\n');
        for record in &self.records {
            for ((name, weights), gradients) in self.names.iter().zip(&record.weights).zip(&record.gradients)
            {
                let _ = write!(text, "{},{},{}", record.epoch, record.step, csv::quoted(name, ','));
                for statistics in [Some(weights), gradients.as_ref()] {
                    match statistics {
                        Some(statistics) => statistics.values().iter().for_each(|value| {
                            let _ = write!(text, ",{value}");
                        }),
                        None => text.push_str(&",NA".repeat(STATISTICS.len())),
                    }
                }
                text.push('\n');
            }
        }
        text
    }

    fn record<M: Trainable>(&mut self, trainer: &Trainer<'_, M>, epoch: usize, trained: bool) {
        let begin = Instant::now();
        let mut values: Vec<M::Float> = Vec::new();
        let (mut weights, mut gradients) = (Vec::new(), Vec::new());
        for (index, weight) in spec::<M>().weights.iter().enumerate() {
            trainer.copy_weight(index, &mut values);
            weights.push(TensorStatistics::of(values.iter().map(|value| value.f64())));
            gradients.push((trained && weight.trainable).then(|| {
                trainer.copy_gradient(index, &mut values);
                TensorStatistics::of(values.iter().map(|value| value.f64()))
            }));
        }
        self.records.push(WeightRecord { epoch, step: trainer.steps(), weights, gradients });
        self.time += begin.elapsed();
    }
}

impl<M: Trainable> Callback<M> for WeightHistory {
    fn prepare(&mut self, _: &mut FitPlan<'_>) -> Result<(), Error> {
        self.names = spec::<M>().weights.iter().map(|weight| weight.name).collect();
        self.records.clear();
        self.time = Duration::ZERO;
        Ok(())
    }

    fn on_epoch_begin(&mut self, trainer: &mut Trainer<'_, M>, epoch: usize) -> Result<(), Error> {
        if self.records.is_empty() {
            self.record(trainer, epoch, false);
        }
        Ok(())
    }

    fn on_train_batch_end(
        &mut self,
        trainer: &mut Trainer<'_, M>,
        logs: &BatchLogs<'_, M>,
    ) -> Result<ControlFlow<()>, Error> {
        if self.update_freq > 0 && trainer.steps().is_multiple_of(self.update_freq as u64) {
            self.record(trainer, logs.epoch, true);
        }
        Ok(ControlFlow::Continue(()))
    }

    fn on_epoch_end(
        &mut self,
        trainer: &mut Trainer<'_, M>,
        logs: &EpochLogs<M>,
    ) -> Result<ControlFlow<()>, Error> {
        if self.update_freq == 0 {
            self.record(trainer, logs.epoch, true);
        }
        Ok(ControlFlow::Continue(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Lines, data};
    use crate::trainer::FitOptions;

    #[test]
    fn records_are_those_of_the_trainers_weights_and_gradients() {
        let mut history = WeightHistory::new();
        let mut model = Lines::default();
        let mut trainer = Trainer::new(&mut model).expect("a trainer");
        let (inputs, targets) = data(14);
        let options = || FitOptions::new().epochs(3).batch_size(5);
        trainer.fit((&inputs, &targets), options().callback(&mut history)).expect("a training");
        let at =
            |record: &WeightRecord| (record.epoch, record.step, record.gradients.iter().flatten().count());
        let found: Vec<_> = history.records().iter().map(at).collect();
        let weights = history.names().len();
        assert_eq!(found, [(0, 0, 0), (0, 3, weights), (1, 6, weights), (2, 9, weights)]);
        let last = history.records().last().expect("a record");
        for (index, name) in history.names().iter().enumerate() {
            let of = |values: &[f32]| TensorStatistics::of(values.iter().map(|value| f64::from(*value)));
            assert_eq!(last.weights[index], of(&trainer.weights()[index]), "{name}");
            assert_eq!(last.gradients[index], trainer.gradient(name).map(|values| of(&values)), "{name}");
        }
        // A second `fit` begins anew, here with every second of nine steps.
        let mut history = history.update_freq(2);
        trainer.fit((&inputs, &targets), options().callback(&mut history)).expect("a training");
        let steps: Vec<u64> = history.records().iter().map(|record| record.step).collect();
        assert_eq!(steps, [9, 10, 12, 14, 16, 18]);
    }

    #[test]
    fn csv_has_a_line_for_each_weight_of_each_record() {
        let statistics = TensorStatistics {
            norm: 0.1,
            mean: -2.0,
            standard_deviation: 1e-9,
            min: -3.0,
            max: 4.5,
            zeros: 0.25,
        };
        let record = |step, gradient| WeightRecord {
            epoch: 1,
            step,
            weights: vec![statistics],
            gradients: vec![gradient],
        };
        let records = vec![record(7, None), record(8, Some(statistics))];
        let history = WeightHistory { names: vec!["a,b/kernel"], records, ..WeightHistory::new() };
        let values = "0.1,-2,0.000000001,-3,4.5,0.25";
        assert_eq!(
            history.to_csv(),
            format!(
                "epoch,step,weight,norm,mean,standard_deviation,min,max,zeros,gradient_norm,gradient_mean,\
                 gradient_standard_deviation,gradient_min,gradient_max,gradient_zeros\n\
                 1,7,\"a,b/kernel\",{values},NA,NA,NA,NA,NA,NA\n1,8,\"a,b/kernel\",{values},{values}\n"
            )
        );
    }
}
