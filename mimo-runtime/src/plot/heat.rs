//! Statistics of weights and gradients over time, as a heat map: a row per weight, a column per record.

use super::Picture;
use super::scale::{diverging, hex, label, short, ticks, viridis};
use super::svg::{Anchor, Canvas, fitted, fitted_middle, width};
use crate::callbacks::{TensorStatistics, WeightHistory};
use crate::error::Error;

/// The numbers that a statistic is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Weights.
    Weights,
    /// Gradients of the last step before a record.
    Gradients,
}

/// A statistic of a [`TensorStatistics`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// Euclidean norm, on a logarithmic scale.
    Norm,
    /// Mean.
    Mean,
    /// Standard deviation, on a logarithmic scale.
    StandardDeviation,
    /// Smallest value.
    Min,
    /// Largest value.
    Max,
    /// Share of zeros, from 0 to 1.
    Zeros,
}

impl Statistic {
    fn of(self, statistics: &TensorStatistics) -> f64 {
        let TensorStatistics { norm, mean, standard_deviation, min, max, zeros } = *statistics;
        match self {
            Statistic::Norm => norm,
            Statistic::Mean => mean,
            Statistic::StandardDeviation => standard_deviation,
            Statistic::Min => min,
            Statistic::Max => max,
            Statistic::Zeros => zeros,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Statistic::Norm => "norm",
            Statistic::Mean => "mean",
            Statistic::StandardDeviation => "standard deviation",
            Statistic::Min => "smallest value",
            Statistic::Max => "largest value",
            Statistic::Zeros => "share of zeros",
        }
    }
}

impl WeightHistory {
    /// Draws one statistic of all weights or gradients over time, as a heat map. Numbers that are NaN or infinite, and gradients of weights that are
    /// not trained, are grey. Feature `plot`.
    ///
    /// # Errors
    /// [`NoData`](Error::NoData) if nothing was recorded.
    pub fn picture(&self, of: Of, statistic: Statistic) -> Result<Picture, Error> {
        // The first record is that before the first step, which has no gradients.
        let records: Vec<_> = self
            .records()
            .iter()
            .filter(|record| of == Of::Weights || record.gradients.iter().any(Option::is_some))
            .collect();
        if records.is_empty() || self.names().is_empty() {
            return Err(Error::NoData);
        }
        let value = |record: usize, weight: usize| {
            let record = records.get(record)?;
            let statistics = match of {
                Of::Weights => record.weights.get(weight),
                Of::Gradients => record.gradients.get(weight)?.as_ref(),
            };
            Some(statistic.of(statistics?)).filter(|value| value.is_finite())
        };
        let steps: Vec<u64> = records.iter().map(|record| record.step).collect();
        let subject = match of {
            Of::Weights => "Weights",
            Of::Gradients => "Gradients",
        };
        Ok(draw(&format!("{subject}: {}", statistic.name()), statistic, self.names(), &steps, &value))
    }
}

/// The colours of the values.
enum Colors {
    /// By the logarithm, of positive values.
    Logarithm(f64, f64),
    /// From a least to a greatest value.
    Range(f64, f64),
    /// Values up to this size on both sides of 0.
    Signed(f64),
}

impl Colors {
    fn of(statistic: Statistic, values: impl Iterator<Item = f64>) -> Self {
        let logarithmic = matches!(statistic, Statistic::Norm | Statistic::StandardDeviation);
        let values = values.map(|value| if logarithmic { value.log10() } else { value });
        let (low, high) = values
            .filter(|value| value.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        match statistic {
            Statistic::Zeros => Colors::Range(0.0, 1.0),
            Statistic::Norm | Statistic::StandardDeviation if low > high => Colors::Logarithm(-1.0, 0.0),
            Statistic::Norm | Statistic::StandardDeviation if high - low < 0.1 => {
                Colors::Logarithm(low - 0.5, high + 0.5)
            }
            Statistic::Norm | Statistic::StandardDeviation => Colors::Logarithm(low, high),
            Statistic::Mean | Statistic::Min | Statistic::Max => {
                let size = low.abs().max(high.abs());
                Colors::Signed(if size.is_finite() && size > 0.0 { size } else { 1.0 })
            }
        }
    }

    /// The place of a value on the scale, from 0 to 1.
    fn share(&self, value: f64) -> f64 {
        match *self {
            Colors::Logarithm(low, high) => (value.log10() - low) / (high - low),
            Colors::Range(low, high) => (value - low) / (high - low),
            Colors::Signed(size) => 0.5 + 0.5 * (value / size),
        }
    }

    fn at(&self, share: f64) -> [u8; 3] {
        match self {
            Colors::Signed(_) => diverging(share),
            _ => viridis(share),
        }
    }

    /// Numbers beside the scale, with their places on it.
    fn labels(&self) -> Vec<(f64, String)> {
        match *self {
            Colors::Logarithm(low, high) => {
                let (powers, step) = ticks(low, high, 5, high - low >= 2.0);
                let text = |power: f64| {
                    if step >= 1.0 { format!("1e{power:.0}") } else { format!("{:.1e}", 10f64.powf(power)) }
                };
                powers.into_iter().map(|power| ((power - low) / (high - low), text(power))).collect()
            }
            Colors::Range(low, high) => {
                let (values, step) = ticks(low, high, 5, false);
                values.into_iter().map(|value| (self.share(value), label(value, step))).collect()
            }
            Colors::Signed(size) => {
                let (values, step) = ticks(-size, size, 5, false);
                values.into_iter().map(|value| (self.share(value), label(value, step))).collect()
            }
        }
    }
}

const GREY: &str = "#9a9a9a";

fn draw(
    title: &str,
    statistic: Statistic,
    names: &[&str],
    steps: &[u64],
    value: &dyn Fn(usize, usize) -> Option<f64>,
) -> Picture {
    const ROW: f64 = 15.0;
    const WIDEST: f64 = 640.0;
    // Of more records than pixels, some are drawn.
    let every = (steps.len() as f64 / WIDEST).ceil().max(1.0) as usize;
    let columns: Vec<usize> = (0..steps.len()).step_by(every).collect();
    let column = (WIDEST / columns.len() as f64).clamp(1.0, 40.0);
    let named = names.iter().map(|name| width(name, 10.0)).fold(0.0, f64::max).min(280.0);
    let (left, top) = (named + 20.0, 34.0);
    let (wide, high) = (column * columns.len() as f64, ROW * names.len() as f64);
    let all =
        columns.iter().flat_map(|&record| (0..names.len()).filter_map(move |weight| value(record, weight)));
    let colors = Colors::of(statistic, all);

    let mut canvas = Canvas::default();
    let whole = (left + wide + 90.0).max(left + 200.0);
    canvas.text((12.0, 20.0), Anchor::Start, 13.0, "ink strong", &fitted(title, 13.0, whole - 24.0));
    for (weight, name) in names.iter().enumerate() {
        let y = top + ROW * weight as f64;
        canvas.text((left - 6.0, y + 11.0), Anchor::End, 10.0, "ink", &fitted_middle(name, 10.0, 280.0));
        for (place, &record) in columns.iter().enumerate() {
            let found = value(record, weight);
            let color = match found.map(|value| colors.share(value)) {
                // The logarithm of 0 is below all others.
                Some(share) => hex(colors.at(share)),
                None => GREY.into(),
            };
            let step = steps.get(record).copied().unwrap_or(0);
            let text = found.map_or_else(|| "none".into(), short);
            let hint = (columns.len() * names.len() <= 5000).then(|| format!("{name}, step {step}: {text}"));
            let x = left + column * place as f64;
            // A little wider, so that no lines are seen between cells.
            canvas.rect([x, y, column + 0.3, ROW - 1.0], &format!("fill=\"{color}\""), hint.as_deref());
        }
    }
    let room = steps.iter().map(|step| width(&step.to_string(), 10.0)).fold(0.0, f64::max) + 14.0;
    let between = (room / column).ceil().max(1.0) as usize;
    for (place, &record) in columns.iter().enumerate().step_by(between) {
        let x = left + column * (place as f64 + 0.5);
        let step = steps.get(record).copied().unwrap_or(0);
        canvas.line((x, top + high), (x, top + high + 3.0), "axis");
        canvas.text((x, top + high + 14.0), Anchor::Middle, 10.0, "dim", &step.to_string());
    }
    canvas.text((left - 6.0, top + high + 14.0), Anchor::End, 10.0, "dim", "step");

    // The scale is at least as high as its numbers.
    let (x, length) = (left + wide + 20.0, high.clamp(100.0, 240.0));
    for part in 0..50 {
        let share = (f64::from(part) + 0.5) / 50.0;
        let y = top + length * (1.0 - share) - length / 100.0;
        canvas.rect([x, y, 12.0, length / 50.0 + 0.3], &format!("fill=\"{}\"", hex(colors.at(share))), None);
    }
    for (share, text) in colors.labels() {
        canvas.text((x + 17.0, top + length * (1.0 - share) + 3.5), Anchor::Start, 10.0, "dim", &text);
    }
    Picture::new((whole, top + high.max(length) + 26.0), title, canvas)
}
