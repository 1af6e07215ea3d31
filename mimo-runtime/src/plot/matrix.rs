//! Confusion matrices.

use super::Picture;
use super::scale::{blues, hex, short, text_on};
use super::svg::{Anchor, Canvas, fitted, fitted_middle, width};
use crate::error::Error;

/// Space beside the text of a cell.
const SIDE: f64 = 12.0;

/// Draws a confusion matrix: `counts[row][column]` samples of class `row` were predicted as class `column`. A cell is the darker the larger
/// its share of its row is, so that rare classes are seen, too.
///
/// Classes without a name in `names` have their index. Counts may be weighted; those that are missing, negative or not finite are drawn as 0.
/// From 25 classes on the cells are too small for numbers, which a browser then shows under the mouse.
///
/// # Errors
/// [`NoData`](Error::NoData) if there is no class.
pub(crate) fn confusion_matrix(title: &str, counts: &[Vec<f64>], names: &[&str]) -> Result<Picture, Error> {
    let classes = counts.len();
    if classes == 0 {
        return Err(Error::NoData);
    }
    let count = |row: usize, column: usize| {
        let count = counts.get(row).and_then(|row| row.get(column)).copied().unwrap_or(0.0);
        if count.is_finite() && count > 0.0 { count } else { 0.0 }
    };
    let name = |class: usize| names.get(class).map_or_else(|| class.to_string(), |name| (*name).to_owned());
    let names: Vec<String> = (0..classes).map(name).collect();
    let cells = (0..classes).flat_map(|row| (0..classes).map(move |column| (row, column)));
    let numbers = classes < 25;
    let longest =
        cells.clone().map(|(row, column)| width(&short(count(row, column)), 11.0)).fold(0.0, f64::max);
    // Of few classes the cells are as wide as the names above them, if those are not long.
    let (least, most) = match classes {
        ..=4 => (64.0, 120.0),
        5..=12 => (40.0, 76.0),
        _ => (26.0, 76.0),
    };
    let longest_name = names.iter().map(|name| width(name, 11.0)).fold(0.0, f64::max);
    let fitting = if classes <= 12 && longest_name + SIDE <= most { longest_name } else { 0.0 };
    let cell = match numbers {
        true => (longest.max(fitting) + SIDE).clamp(least, most),
        false => (600.0 / classes as f64).clamp(1.0, 20.0),
    };
    let font = if numbers { 11.0 } else { (cell * 0.8).clamp(7.0, 9.0) };
    // Names of cells that are smaller than letters are left out, so that those beside them do not overlap.
    let every = (font * 1.3 / cell).ceil().max(1.0) as usize;
    // Lines at 45 degrees are nearer to each other.
    let slanted = font.min(cell * every as f64 * 0.64);
    let named = names.iter().map(|name| width(name, font)).fold(0.0, f64::max).min(130.0);
    // Names that are wider than the cells are slanted; those of the last columns go beyond the matrix.
    let is_slanted = named + 4.0 > cell * every as f64;
    let above = if is_slanted { named * 0.72 } else { 0.0 };

    let mut canvas = Canvas::default();
    let (left, top) = (named + 40.0, above + 66.0);
    let size = cell * classes as f64;
    let right = above + 16.0;
    let whole = (left + size + right).max(200.0);
    canvas.text((12.0, 20.0), Anchor::Start, 13.0, "ink strong", &fitted(title, 13.0, whole - 24.0));
    canvas.text((left, 40.0), Anchor::Start, 11.0, "dim", "predicted →");
    let middle = top + size / 2.0;
    canvas.push(format_args!(
        "<text x=\"16\" y=\"{middle}\" font-size=\"11\" class=\"dim\" text-anchor=\"middle\" transform=\"rotate(-90 16 {middle})\">true class</text>\n"
    ));
    for (class, name) in names.iter().enumerate().step_by(every) {
        let at = (class as f64 + 0.5) * cell;
        let name = fitted_middle(name, font, 130.0);
        canvas.text((left - 6.0, top + at + font * 0.36), Anchor::End, font, "ink", &name);
        match is_slanted {
            true => canvas.slanted((left + at + slanted * 0.36, top - 6.0), slanted, "ink", &name),
            false => canvas.text((left + at, top - 6.0), Anchor::Middle, font, "ink", &name),
        }
    }
    let totals: Vec<f64> =
        (0..classes).map(|row| (0..classes).map(|column| count(row, column)).sum()).collect();
    canvas.rect([left, top, size, size], &format!("fill=\"{}\"", hex(blues(0.0))), None);
    // Most cells of a large matrix are empty.
    for (row, column) in cells.filter(|&(row, column)| numbers || count(row, column) > 0.0) {
        let value = count(row, column);
        let total = totals.get(row).copied().unwrap_or(0.0);
        let share = if total > 0.0 { value / total } else { 0.0 };
        let color = blues(share);
        let (x, y) = (left + cell * column as f64, top + cell * row as f64);
        let unknown = String::new();
        let [truth, predicted] = [row, column].map(|class| names.get(class).unwrap_or(&unknown));
        let hint = format!("true {truth}, predicted {predicted}: {} ({:.1} %)", short(value), 100.0 * share);
        let border = if numbers { " class=\"cell\"" } else { "" };
        canvas.rect([x, y, cell, cell], &format!("fill=\"{}\"{border}", hex(color)), Some(&hint));
        if numbers && value != 0.0 {
            let (x, y) = (x + cell / 2.0, y + cell / 2.0 + 4.0);
            let size = 11.0_f64.min((cell - 4.0) * 11.0 / width(&short(value), 11.0));
            canvas.push(format_args!(
                "<text x=\"{x:.2}\" y=\"{y:.2}\" font-size=\"{size:.1}\" text-anchor=\"middle\" fill=\"{}\" pointer-events=\"none\">{}</text>\n",
                text_on(color),
                short(value),
            ));
        }
    }
    canvas.rect([left, top, size, size], "fill=\"none\" class=\"axis\"", None);
    Ok(Picture::new((whole, top + size + 16.0), format!("Confusion matrix: {title}"), canvas))
}
