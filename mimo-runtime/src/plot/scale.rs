//! Axes: the range of values, and the numbers beside it.

/// A range of values on a range of pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) from: f64,
    pub(super) to: f64,
}

impl Scale {
    /// The pixel of a value.
    pub(super) fn at(&self, value: f64) -> f64 {
        // Halves, because the difference of large limits may be infinite.
        let share = (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0);
        self.from + share.clamp(0.0, 1.0) * (self.to - self.from)
    }
}

/// The range of an axis: that of the finite values and a little more.
pub(super) fn limits(values: impl Iterator<Item = f64>) -> (f64, f64) {
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
    let (low, high) = ((low - margin).clamp(-limit, limit), (high + margin).clamp(-limit, limit));
    // Beside a large number a small margin is rounded away.
    if high > low { (low, high) } else { (low - limit * 1e-3, high + limit * 1e-3) }
}

/// Round numbers of a range, about `count` of them, with the distance between two; `whole` for integers only.
pub(super) fn ticks(low: f64, high: f64, count: usize, whole: bool) -> (Vec<f64>, f64) {
    let wanted = (high / 2.0 - low / 2.0) / count.max(1) as f64 * 2.0;
    let power = 10f64.powf(wanted.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|digit| digit * power).find(|step| *step >= wanted);
    let step = step.unwrap_or(wanted).max(if whole { 1.0 } else { f64::MIN_POSITIVE });
    let first = (low / step).ceil();
    // Rounding can neither add ticks without end nor move one out of the range.
    let all = (0..2 * count + 4).map(|i| (first + i as f64) * step);
    (all.take_while(|tick| *tick <= high).filter(|tick| tick.is_finite()).collect(), step)
}

/// Round numbers of a logarithmic axis between two powers of ten: the powers as places on the axis, and what stands beside them.
pub(super) fn decades(low: f64, high: f64) -> Vec<(f64, String)> {
    let text = |value: f64| {
        let size = value.log10().floor();
        match size {
            -4.0..=-1.0 => format!("{value:.*}", -size as usize),
            0.0..5.0 => format!("{value:.0}"),
            _ => format!("{value:.0e}"),
        }
    };
    if high - low > 3.0 {
        let powers = ticks(low, high, 8, true).0.into_iter();
        return powers.map(|power| (power, text(10f64.powf(power)))).collect();
    }
    let digits: &[f64] = if high - low > 1.6 { &[1.0, 3.0] } else { &[1.0, 2.0, 5.0] };
    let powers = (low.floor().max(-400.0) as i32..=high.ceil().min(400.0) as i32)
        .flat_map(|power| digits.iter().map(move |digit| digit * 10f64.powi(power)));
    powers
        .filter(|value| (low..=high).contains(&value.log10()))
        .map(|value| (value.log10(), text(value)))
        .collect()
}

/// A number beside an axis, with as many decimals as tell it from one that is `step` away.
pub(super) fn label(value: f64, step: f64) -> String {
    let largest = value.abs();
    if largest != 0.0 && (largest >= 1e5 || step < 1e-4) {
        let digits = (largest.log10().floor() - step.log10().floor()).clamp(0.0, 6.0) as usize;
        return format!("{value:.digits$e}");
    }
    let decimals = (-step.log10().floor()).clamp(0.0, 6.0) as usize;
    format!("{:.decimals$}", value + 0.0)
}

/// A value in a table or a hint.
pub(crate) fn short(value: f64) -> String {
    let size = value.abs();
    match () {
        () if !value.is_finite() => value.to_string(),
        () if size == 0.0 => "0".into(),
        () if value.fract() == 0.0 && size < 1e6 => format!("{value}"),
        () if !(1e-3..1e5).contains(&size) => format!("{value:.3e}"),
        () => format!("{value:.4}"),
    }
}

/// Viridis, from dark blue over green to yellow: its brightness grows evenly, so that it reads in grey and with any colour vision.
pub(super) fn viridis(share: f64) -> [u8; 3] {
    const STOPS: [[u8; 3]; 9] = [
        [68, 1, 84],
        [71, 44, 122],
        [59, 81, 139],
        [44, 113, 142],
        [33, 144, 141],
        [39, 173, 129],
        [92, 200, 99],
        [170, 220, 50],
        [253, 231, 37],
    ];
    blend(&STOPS, share)
}

/// From white to a dark blue.
pub(super) fn blues(share: f64) -> [u8; 3] {
    blend(&[[247, 251, 255], [198, 219, 239], [107, 174, 214], [33, 113, 181], [8, 48, 107]], share)
}

/// From blue over white to red, for numbers on both sides of 0.
pub(super) fn diverging(share: f64) -> [u8; 3] {
    blend(&[[5, 72, 131], [92, 163, 203], [247, 247, 247], [239, 138, 98], [140, 20, 30]], share)
}

fn blend(stops: &[[u8; 3]], share: f64) -> [u8; 3] {
    let last = stops.len().saturating_sub(1);
    let place = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) * last as f64 };
    let low = (place as usize).min(last);
    let (Some(a), Some(b)) = (stops.get(low), stops.get((low + 1).min(last))) else { return [128; 3] };
    let part = place - low as f64;
    std::array::from_fn(|i| (f64::from(a[i]) * (1.0 - part) + f64::from(b[i]) * part).round() as u8)
}

/// A colour as CSS writes it.
pub(super) fn hex([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Black or white, whichever is read better on a colour (relative luminance of WCAG).
pub(super) fn text_on(color: [u8; 3]) -> &'static str {
    let linear = |part: u8| (f64::from(part) / 255.0).powf(2.2);
    let luminance = 0.2126 * linear(color[0]) + 0.7152 * linear(color[1]) + 0.0722 * linear(color[2]);
    if luminance > 0.18 { "#1a1c1f" } else { "#ffffff" }
}
