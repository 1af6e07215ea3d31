//! Learning curves: panels for each output.

use mimo_graph::spec::OutputSpec;

use super::scale::{Scale, decades, label, limits, short, ticks};
use super::svg::{Anchor, Canvas, fitted_middle};
use super::{Picture, svg};
use crate::data::spec;
use crate::history::History;
use crate::model::Trainable;

/// Width and height of the panel of one value.
const PANEL: (f64, f64) = (360.0, 236.0);
/// Height of the name of an output above its panels.
const NAME: f64 = 24.0;
/// Most panels side by side in a picture.
const ACROSS: usize = 6;
/// Points of a line; of more, the least and the greatest of each stretch are drawn.
const POINTS: usize = 1500;

/// The values of one output, or the total loss.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    pub(crate) name: String,
    pub(crate) curves: Vec<Curve>,
}

/// A value over the epochs, which are counted from 1 as the progress does.
#[derive(Clone, Debug)]
pub(crate) struct Curve {
    pub(crate) key: String,
    /// Offset of the name of the value in the key, after the output.
    pub(crate) value_at: usize,
    pub(crate) train: Vec<(f64, f64)>,
    pub(crate) validation: Vec<(f64, f64)>,
    /// The best epoch and its value.
    pub(crate) best: Option<(f64, f64)>,
}

/// The output and the value that the key of a training value names: `slope` and `mae` of `slope_mae`. Keys of no single output belong to `total`, and
/// those of a model with one output to this.
pub(crate) fn parts<M: Trainable>(key: &str) -> (&'static str, &str) {
    let outputs = spec::<M>().outputs;
    if let [only] = outputs {
        return (only.name, key);
    }
    let value_of = |output: &OutputSpec| {
        let value = key.strip_prefix(output.name)?.strip_prefix('_')?;
        (value == "loss" || output.metrics.iter().any(|(metric, _)| *metric == value)).then_some(value)
    };
    let found = outputs.iter().find_map(|output| Some((output.name, value_of(output)?)));
    found.unwrap_or(("total", key))
}

/// The curves of a training, by output.
pub(crate) fn of<M: Trainable>(history: &History<M>) -> Vec<Head> {
    let mut heads: Vec<Head> = Vec::new();
    for key in history.keys().into_iter().filter(|key| !history.is_validation(key)) {
        let points = |key: &str| -> Vec<(f64, f64)> {
            let epochs = history.epochs().iter();
            epochs.filter_map(|epoch| Some((epoch.epoch as f64 + 1.0, epoch.get(key)?))).collect()
        };
        let val_key = format!("val_{key}");
        let (train, validation) = (points(&key), points(&val_key));
        let measured = if validation.is_empty() { &key } else { &val_key };
        let best =
            history.best(measured).and_then(|epoch| Some((epoch.epoch as f64 + 1.0, epoch.get(measured)?)));
        let (name, value) = parts::<M>(&key);
        let value_at = key.len() - value.len();
        let curve = Curve { value_at, train, validation, best, key };
        match heads.iter_mut().find(|head| head.name == name) {
            Some(head) => head.curves.push(curve),
            None => heads.push(Head { name: name.into(), curves: vec![curve] }),
        }
    }
    heads
}

/// All panels in one picture. Outputs with few values share a row.
pub(crate) fn draw(heads: &[Head]) -> Picture {
    const MARGIN: f64 = 12.0;
    let across = across(heads);
    let size = PANEL.0 * across as f64 + 2.0 * MARGIN;
    let mut canvas = Canvas::default();
    legend(&mut canvas, (MARGIN + 52.0, 24.0), heads.iter().any(Head::is_validated));
    let named = if heads.len() > 1 { NAME } else { 0.0 };
    let (mut y, mut column) = (40.0, 0);
    let next_row = |y: &mut f64, column: &mut usize| {
        *y += named + PANEL.1 + 8.0;
        *column = 0;
    };
    for head in heads {
        let panels = head.curves.len();
        // An output is not broken between two rows, unless it needs several.
        if column > 0 && column + panels > across {
            next_row(&mut y, &mut column);
        }
        if named > 0.0 {
            let room = PANEL.0 * panels.min(across) as f64 - MARGIN;
            let name = fitted_middle(&head.name, 14.0, room);
            let x = MARGIN + PANEL.0 * column as f64;
            canvas.text((x, y + 16.0), Anchor::Start, 14.0, "ink strong", &name);
        }
        for (place, curve) in head.curves.iter().enumerate() {
            if place > 0 && column == across {
                next_row(&mut y, &mut column);
            }
            panel(&mut canvas, (MARGIN + PANEL.0 * column as f64, y + named), curve.value(), curve);
            column += 1;
        }
    }
    Picture::new((size, y + named + PANEL.1 + 12.0), "Learning curves", canvas)
}

/// The number of panels side by side with which a picture is about as high as wide: three, and more for many panels.
fn across(heads: &[Head]) -> usize {
    let panels: usize = heads.iter().map(|head| head.curves.len()).sum();
    let square = (panels as f64 * (PANEL.1 + NAME) / PANEL.0).sqrt().ceil() as usize;
    square.clamp(3.min(panels.max(1)), ACROSS)
}

/// Each panel as a picture of its own, for a page that sets them side by side as they fit.
#[cfg(feature = "report")]
pub(crate) fn draw_each(head: &Head) -> Vec<Picture> {
    let draw = |curve: &Curve| {
        let mut canvas = Canvas::default();
        panel(&mut canvas, (0.0, 0.0), curve.value(), curve);
        Picture::new(PANEL, format!("Learning curve of {}", curve.key), canvas)
    };
    head.curves.iter().map(draw).collect()
}

/// The legend of all panels.
#[cfg(feature = "report")]
pub(crate) fn draw_legend(heads: &[Head]) -> Picture {
    let mut canvas = Canvas::default();
    legend(&mut canvas, (4.0, 15.0), heads.iter().any(Head::is_validated));
    Picture::new((380.0, 22.0), "Legend", canvas)
}

impl Head {
    fn is_validated(&self) -> bool {
        self.curves.iter().any(|curve| !curve.validation.is_empty())
    }
}

impl Curve {
    /// The key without the output: `loss`, `mae`.
    fn value(&self) -> &str {
        self.key.get(self.value_at..).unwrap_or(&self.key)
    }
}

const TRAIN: &str = "class=\"train\" stroke-width=\"2\" stroke-linejoin=\"round\"";
const VALIDATION: &str =
    "class=\"val\" stroke-width=\"2\" stroke-linejoin=\"round\" stroke-dasharray=\"6 3\"";
const BEST: &str = "fill=\"none\" stroke-width=\"2\"";

/// Above the panels, so that it covers no line.
fn legend(canvas: &mut Canvas, (x, y): (f64, f64), validated: bool) {
    let mut entry = |x: f64, attributes: &str, name: &str| {
        canvas.polyline(&[(x, y - 4.0), (x + 28.0, y - 4.0)], attributes);
        canvas.text((x + 34.0, y), Anchor::Start, 12.0, "ink", name);
        x + 34.0 + svg::width(name, 12.0) + 20.0
    };
    let mut next = entry(x, TRAIN, "training");
    if validated {
        next = entry(next, VALIDATION, "validation");
    }
    let class = if validated { "val" } else { "train" };
    canvas.circle((next + 6.0, y - 4.0), 5.0, &format!("class=\"{class}\" {BEST}"), None);
    canvas.text((next + 18.0, y), Anchor::Start, 12.0, "ink", "best epoch");
}

/// Draws one panel with its top left corner at a point.
fn panel(canvas: &mut Canvas, (left, top): (f64, f64), title: &str, curve: &Curve) {
    let all = || curve.train.iter().chain(&curve.validation);
    // A first epoch that is far from all others would hide these.
    let finite = || all().map(|(_, value)| *value).filter(|value| value.is_finite());
    let (least, greatest) = (finite().fold(f64::INFINITY, f64::min), finite().fold(0.0, f64::max));
    let logarithmic = least > 0.0 && least < f64::INFINITY && greatest / least > 30.0;
    let of = |value: f64| if logarithmic { value.log10() } else { value };
    let (low, high) = limits(all().map(|(_, value)| of(*value)));
    let (first, last) = all().fold((f64::INFINITY, f64::NEG_INFINITY), |(first, last), (epoch, _)| {
        (first.min(*epoch), last.max(*epoch))
    });
    // A single epoch still needs a width.
    let (first, last) =
        if last > first { (first, last) } else { (first.min(1e18) - 0.5, first.min(1e18) + 0.5) };
    let x = Scale { low: first, high: last, from: left + 60.0, to: left + PANEL.0 - 14.0 };
    let y = Scale { low, high, from: top + PANEL.1 - 42.0, to: top + 28.0 };
    let room = x.to - x.from - if logarithmic { 70.0 } else { 0.0 };
    let title = fitted_middle(title, 13.0, room);
    canvas.text((x.from, top + 18.0), Anchor::Start, 13.0, "ink", &title);
    let values = if logarithmic {
        canvas.text((x.to, top + 18.0), Anchor::End, 10.0, "dim", "logarithmic");
        decades(low, high)
    } else {
        let (values, step) = ticks(low, high, 6, false);
        values.into_iter().map(|value| (value, label(value, step))).collect()
    };
    for (value, text) in values {
        let at = y.at(value);
        canvas.line((x.from, at), (x.to, at), "grid");
        canvas.text((x.from - 6.0, at + 3.5), Anchor::End, 10.0, "dim", &text);
    }
    let (epochs, _) = ticks(first, last, 6, true);
    for epoch in epochs {
        let at = x.at(epoch);
        canvas.line((at, y.from), (at, y.from + 4.0), "axis");
        canvas.text((at, y.from + 16.0), Anchor::Middle, 10.0, "dim", &format!("{epoch}"));
    }
    canvas.line((x.from, y.from), (x.to, y.from), "axis");
    canvas.text(((x.from + x.to) / 2.0, y.from + 31.0), Anchor::Middle, 10.0, "dim", "epoch");
    let validated = !curve.validation.is_empty();
    for (points, attributes, dot) in
        [(&curve.train, TRAIN, "class=\"dot-train\""), (&curve.validation, VALIDATION, "class=\"dot-val\"")]
    {
        for run in points.split(|(_, value)| !value.is_finite()).filter(|run| !run.is_empty()) {
            let pixels: Vec<_> =
                thinned(run).iter().map(|(epoch, value)| (x.at(*epoch), y.at(of(*value)))).collect();
            match pixels[..] {
                // One epoch is no line.
                [point] => canvas.circle(point, 2.5, dot, None),
                _ => canvas.polyline(&pixels, attributes),
            }
        }
    }
    if let Some((epoch, value)) = curve.best.filter(|(_, value)| value.is_finite()) {
        let class = if validated { "val" } else { "train" };
        let hint = format!("best: {} in epoch {epoch}", short(value));
        canvas.circle((x.at(epoch), y.at(of(value))), 5.0, &format!("class=\"{class}\" {BEST}"), Some(&hint));
    }
}

/// The points of a line, or of a long one the least and the greatest of each stretch.
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    if points.len() <= POINTS {
        return points.to_vec();
    }
    let ends = |stretch: &[(f64, f64)]| {
        let by_value = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
        let mut ends: Vec<_> = stretch
            .iter()
            .min_by(by_value)
            .into_iter()
            .chain(stretch.iter().max_by(by_value))
            .copied()
            .collect();
        ends.sort_by(|a, b| a.0.total_cmp(&b.0));
        ends
    };
    points.chunks(points.len().div_ceil(POINTS / 2)).flat_map(ends).collect()
}
