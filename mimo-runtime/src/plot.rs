//! Learning curves as SVG.

use std::path::Path;

use plotters::prelude::*;

use crate::error::Error;
use crate::file::replace::replace;
use crate::history::History;
use crate::model::Trainable;

/// Width and height of the panel of one value.
const PANEL: (u32, u32) = (420, 300);
/// Panels side by side.
const ACROSS: usize = 3;
/// The colours of training and validation, which differ in brightness too.
const TRAIN: RGBColor = RGBColor(31, 119, 180);
const VALIDATION: RGBColor = RGBColor(230, 120, 20);

impl<M: Trainable> History<M> {
    /// Draws the learning curves as an SVG file: a panel for the total loss and for every output's loss and metrics, each
    /// with a line for training and one for validation. Values that are NaN or infinite leave a gap. Feature `plot`.
    ///
    /// The file is created or replaced in the way of [`save`](crate::file::save).
    ///
    /// # Errors
    /// [`File`](Error::File) if the file cannot be written or is not a regular file; [`NoData`](Error::NoData) if there was no epoch.
    pub fn plot(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        replace(path, self.to_svg()?.as_bytes()).map_err(|source| Error::File { path: path.into(), source })
    }

    /// The text of the file that [`plot`](Self::plot) writes.
    ///
    /// # Errors
    /// [`NoData`](Error::NoData) if there was no epoch.
    pub fn to_svg(&self) -> Result<String, Error> {
        let epochs = self.epochs();
        let (Some(first), Some(last)) = (epochs.first(), epochs.last()) else { return Err(Error::NoData) };
        let keys: Vec<String> = self.keys().into_iter().filter(|key| !self.is_validation(key)).collect();
        let across = keys.len().clamp(1, ACROSS);
        let down = keys.len().div_ceil(across);
        let size = (PANEL.0 * across as u32, PANEL.1 * down as u32);
        let mut svg = String::new();
        {
            let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
            area.fill(&WHITE).map_err(Error::drawing)?;
            for (panel, key) in area.split_evenly((down, across)).iter().zip(&keys) {
                let points = |key: &str| -> Vec<(f64, f64)> {
                    let value = |epoch: &crate::history::EpochLogs<M>| {
                        Some((epoch.epoch as f64 + 1.0, epoch.get(key)?))
                    };
                    epochs.iter().filter_map(value).collect()
                };
                // Epochs are counted from 1, as the progress does.
                let range = (first.epoch as f64 + 1.0, last.epoch as f64 + 1.0);
                draw(panel, key, range, &points(key), &points(&format!("val_{key}")))
                    .map_err(Error::drawing)?;
            }
            area.present().map_err(Error::drawing)?;
        }
        Ok(svg)
    }
}

impl Error {
    /// Drawing into a string does not fail, but plotters says it could.
    fn drawing(error: impl std::fmt::Display) -> Self {
        Error::other(error.to_string())
    }
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type DrawingError = DrawingAreaErrorKind<std::io::Error>;

/// Draws one panel.
fn draw(
    area: &Area<'_>,
    key: &str,
    (first, last): (f64, f64),
    train: &[(f64, f64)],
    validation: &[(f64, f64)],
) -> Result<(), DrawingError> {
    let (low, high) = limits(train.iter().chain(validation).map(|(_, value)| *value));
    let mut chart = ChartBuilder::on(area)
        .caption(key, ("sans-serif", 16))
        .margin(10)
        .x_label_area_size(24)
        .y_label_area_size(56)
        // A single epoch still needs a width.
        .build_cartesian_2d(first..last.max(first + 1.0), low..high)?;
    chart
        .configure_mesh()
        .x_labels(6)
        .y_labels(6)
        .x_label_formatter(&|epoch| format!("{epoch:.0}"))
        .y_label_formatter(&|value| label(*value, high - low))
        .max_light_lines(0)
        .bold_line_style(RGBColor(225, 225, 225))
        .label_style(("sans-serif", 11))
        .draw()?;
    for (points, color) in [(train, TRAIN), (validation, VALIDATION)] {
        for run in points.split(|(_, value)| !value.is_finite()).filter(|run| !run.is_empty()) {
            chart.draw_series(LineSeries::new(run.iter().copied(), color.stroke_width(2)))?;
            // One epoch is no line.
            if let [point] = run {
                chart.draw_series([Circle::new(*point, 2, color.filled())])?;
            }
        }
    }
    if !validation.is_empty() {
        for (line, (name, color)) in [("train", TRAIN), ("validation", VALIDATION)].iter().enumerate() {
            let y = 40 + 14 * line as i32;
            let x = PANEL.0 as i32 - 90;
            area.draw(&PathElement::new([(x - 18, y + 5), (x - 4, y + 5)], color.stroke_width(2)))?;
            area.draw(&Text::new(*name, (x, y), ("sans-serif", 11)))?;
        }
    }
    Ok(())
}

/// The range of an axis: that of the values and a little more.
fn limits(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values
        .filter(|value| value.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    if low > high {
        return (0.0, 1.0);
    }
    // Equal values, however large, need a height that a float can show.
    let margin = if high > low { 0.05 * (high - low) } else { 0.5 * high.abs().max(1e-6) };
    // Beyond half of the largest float the difference of the limits would be infinite.
    let limit = f64::MAX / 4.0;
    ((low - margin).clamp(-limit, limit), (high + margin).clamp(-limit, limit))
}

/// A number beside the axis, with as many decimals as tell its neighbours apart.
fn label(value: f64, range: f64) -> String {
    if !(1e-4..1e5).contains(&range) {
        format!("{value:.1e}")
    } else {
        let decimals = (2.0 - range.log10().floor()).clamp(0.0, 6.0) as usize;
        format!("{value:.decimals$}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Lines, history};

    #[test]
    fn every_value_has_a_panel() {
        let svg = history([1.0, 0.5, f64::NAN, 0.25]).to_svg().expect("a drawing");
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
        for key in ["loss", "slope_loss", "slope_mae", "pair_loss", "validation"] {
            assert!(svg.contains(&format!("\n{key}\n")), "{key}");
        }
        assert!(!svg.contains("NaN"));
    }

    #[test]
    fn odd_values_are_drawn() {
        for value in [0.0, 5.0, f64::MAX, -f64::MAX, f64::NAN, f64::INFINITY, 1e-300] {
            history([value; 1]).to_svg().expect("a drawing");
            history([value, 1.0, -value]).to_svg().expect("a drawing");
        }
    }

    #[test]
    fn no_epoch_is_no_drawing() {
        let history: History<Lines> = history([]);
        assert!(matches!(history.to_svg(), Err(Error::NoData)));
    }

    #[test]
    fn labels_tell_neighbours_apart() {
        assert_eq!(label(0.25, 1.2), "0.25");
        assert_eq!(label(0.00125, 0.01), "0.0013");
        assert_eq!(label(1500.0, 3000.0), "1500");
        assert_eq!(label(3e7, 1e8), "3.0e7");
    }
}
