//! Pictures are read by an XML parser: what is in them, and that nothing lies outside of them.

mod graphs;

use proptest::prelude::*;

use super::*;
use crate::callbacks::{TensorStatistics, WeightHistory};
use crate::error::Error;
use crate::testing::{Lines, history};
use crate::trainer::{FitOptions, Trainer};
use mimo_graph::picture::layered::layout;

/// The texts of a picture, after a check that it is XML and that everything stands inside of it.
pub(crate) fn texts(picture: &Picture) -> Vec<String> {
    let svg = picture.to_svg();
    let document = roxmltree::Document::parse(&svg).unwrap_or_else(|error| panic!("{error}\n{svg}"));
    assert!(!svg.contains("NaN") && !svg.contains("inf "), "{svg}");
    let (wide, high) = picture.size();
    for node in document.descendants().filter(|node| node.has_tag_name("text") || node.has_tag_name("rect")) {
        let number = |name| node.attribute(name).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
        let (x, y) = (number("x"), number("y"));
        assert!(
            (-0.5..=wide + 0.5).contains(&x) && (-0.5..=high + 0.5).contains(&y),
            "{node:?} of {wide} × {high}"
        );
        if node.has_tag_name("text") && node.attribute("transform").is_none() {
            let text = node.text().unwrap_or("");
            let width = svg::width(text, number("font-size"));
            let (left, right) = match node.attribute("text-anchor") {
                Some("middle") => (x - width / 2.0, x + width / 2.0),
                Some("end") => (x - width, x),
                _ => (x, x + width),
            };
            assert!(left > -2.0 && right < wide + 2.0, "`{text}` is cut: {left} to {right} of {wide}");
        }
    }
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    let texts = texts.map(|node| node.text().unwrap_or("").to_owned()).collect();
    #[cfg(feature = "png")]
    if wide * high < 1e6 {
        let png = picture.to_png(0.5).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(&png[..8], b"\x89PNG\r\n\x1a\n");
    }
    texts
}

fn has(texts: &[String], wanted: &str) -> bool {
    texts.iter().any(|text| text == wanted)
}

#[test]
fn every_value_has_a_panel_in_the_row_of_its_output() {
    let picture = history([1.0, 0.5, f64::NAN, 0.25]).learning_curves().unwrap();
    let texts = texts(&picture);
    for text in ["total", "loss", "slope", "mae", "pair", "training", "validation"] {
        assert!(has(&texts, text), "{text}: {texts:?}");
    }
    // The lines of a legend are above all panels.
    let svg = picture.to_svg();
    let document = roxmltree::Document::parse(&svg).unwrap();
    let lines: Vec<_> = document.descendants().filter(|node| node.has_tag_name("polyline")).collect();
    let y = |node: &roxmltree::Node<'_, '_>| -> f64 {
        let points = node.attribute("points").unwrap();
        points.split([' ', ',']).nth(1).unwrap().parse().unwrap()
    };
    let (legend, curves) = lines.split_at(2);
    let lowest = legend.iter().map(y).fold(0.0, f64::max);
    assert!(curves.iter().all(|curve| y(curve) > lowest + 20.0));
    // A NaN parts a line: two epochs are a line, and one is a point, in each of four panels for training and validation.
    assert_eq!(curves.len(), 8);
    let dots = document
        .descendants()
        .filter(|node| matches!(node.attribute("class"), Some("dot-train" | "dot-val")));
    assert_eq!(dots.count(), 8);
}

/// Heads with so many curves each.
fn heads(counts: &[usize]) -> Vec<curves::Head> {
    let curve = |place: usize| curves::Curve {
        key: format!("value_{place}"),
        value_at: 0,
        train: vec![(1.0, 1.0), (2.0, 0.5)],
        validation: vec![],
        best: None,
    };
    let of = |(head, count): (usize, &usize)| curves::Head {
        name: format!("head_{head}"),
        curves: (0..*count).map(curve).collect(),
    };
    counts.iter().enumerate().map(of).collect()
}

#[test]
fn panels_fill_the_rows_of_a_picture() {
    for (counts, across, down) in [
        (&[1; 14][..], 4.0, 4.0),
        (&[1, 1, 2], 3.0, 2.0),
        (&[1], 1.0, 1.0),
        (&[4], 3.0, 2.0),
        // What an output has goes on in the next row, which the next output shares.
        (&[4, 2], 3.0, 2.0),
        (&[1; 60], 6.0, 10.0),
    ] {
        let picture = curves::draw(&heads(counts));
        let (wide, high) = picture.size();
        let (columns, rows) = ((wide / 360.0).floor(), (high / 268.0).round());
        assert_eq!((columns, rows), (across, down), "{counts:?}: {wide} × {high}");
        let texts = texts(&picture);
        let panels: usize = counts.iter().sum();
        assert_eq!(texts.iter().filter(|text| *text == "epoch").count(), panels);
        assert!(counts.len() == 1 || (0..counts.len()).all(|head| has(&texts, &format!("head_{head}"))));
        // No two names or titles of panels at one place.
        let svg = picture.to_svg();
        let mut places: Vec<&str> = svg
            .lines()
            .filter(|line| line.contains(">head_") || line.contains(">value_"))
            .filter_map(|line| line.split(" font-size").next())
            .collect();
        let count = places.len();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), count, "{svg}");
    }
}

#[test]
fn odd_values_are_drawn() {
    for value in [0.0, 5.0, f64::MAX, -f64::MAX, f64::NAN, f64::INFINITY, 1e-300, 1e308, 123_456_789.0] {
        texts(&history([value; 1]).learning_curves().unwrap());
        texts(&history([value; 3]).learning_curves().unwrap());
        texts(&history([value, 1.0, -value]).learning_curves().unwrap());
    }
    let steep = texts(&history([100.0, 3.0, 0.5]).learning_curves().unwrap());
    assert!(has(&steep, "logarithmic") && has(&steep, "10"), "{steep:?}");
    texts(&history((0..5000).map(|epoch| 1.0 / f64::from(epoch + 1))).learning_curves().unwrap());
}

#[test]
fn nothing_measured_is_no_picture() {
    let history: History<Lines> = history([]);
    assert!(matches!(history.to_svg(), Err(Error::NoData)));
    assert!(matches!(confusion_matrix("none", &[], &[]), Err(Error::NoData)));
    assert!(matches!(WeightHistory::new().picture(Of::Weights, Statistic::Norm), Err(Error::NoData)));
}

#[test]
fn labels_tell_neighbours_apart() {
    assert_eq!(scale::label(0.25, 0.05), "0.25");
    assert_eq!(scale::label(0.00125, 0.000_25), "0.0013");
    assert_eq!(scale::label(1500.0, 500.0), "1500");
    assert_eq!(scale::label(3e7, 1e7), "3e7");
    assert_eq!(scale::label(-0.0, 1.0), "0");
    let texts = |low, high| scale::decades(low, high).into_iter().map(|(_, text)| text).collect::<Vec<_>>();
    assert_eq!(texts(-1.1, 0.5), ["0.1", "0.2", "0.5", "1", "2"]);
    assert_eq!(texts(-2.0, 0.5), ["0.01", "0.03", "0.1", "0.3", "1", "3"]);
    assert_eq!(texts(-9.5, 3.0), ["1e-8", "1e-6", "0.0001", "0.01", "1", "100"]);
    assert_eq!(texts(300.0, 307.0).first().map(String::as_str), Some("1e300"));
}

proptest! {
    #[test]
    fn ticks_lie_in_their_range(low in -1e12f64..1e12, size in 1e-9f64..1e12, count in 1usize..12, whole: bool) {
        let (ticks, step) = scale::ticks(low, low + size, count, whole);
        prop_assert!(step > 0.0 && ticks.len() <= 2 * count + 4);
        let slack = 1e-9 * low.abs().max(size);
        prop_assert!(ticks.iter().all(|tick| (low - slack..=low + size + slack).contains(tick)), "{:?}", ticks);
        prop_assert!(!whole || ticks.iter().all(|tick| tick.fract() == 0.0));
    }

    #[test]
    fn any_numbers_are_limits_of_an_axis(values in prop::collection::vec(any::<f64>(), 0..6)) {
        let (low, high) = scale::limits(values.iter().copied());
        prop_assert!(low < high && low.is_finite() && high.is_finite());
        let (ticks, step) = scale::ticks(low, high, 5, false);
        ticks.iter().for_each(|tick| { scale::label(*tick, step); });
    }

    /// Boxes do not overlap, stand inside of the picture, and below all that lead to them.
    #[test]
    fn layouts_of_random_graphs(
        sizes in prop::collection::vec((10.0f64..300.0, 10.0f64..60.0), 0..40),
        edges in prop::collection::vec((0usize..42, 0usize..42), 0..90),
        widest in prop_oneof![Just(f64::INFINITY), 1.0f64..2000.0],
    ) {
        let placed = layout(&sizes, &edges, 20.0, widest);
        let (wide, high) = placed.size;
        for (i, (&(x, y), &(w, h))) in placed.centers.iter().zip(&sizes).enumerate() {
            prop_assert!(x - w / 2.0 > -0.01 && x + w / 2.0 < wide + 0.01 && y - h / 2.0 > -0.01 && y + h / 2.0 < high + 0.01);
            for (&(x2, y2), &(w2, h2)) in placed.centers.iter().zip(&sizes).take(i) {
                prop_assert!((x - x2).abs() > (w + w2) / 2.0 - 0.01 || (y - y2).abs() > (h + h2) / 2.0 - 0.01);
            }
        }
        for (&(from, to), route) in edges.iter().zip(&placed.routes) {
            prop_assert_eq!(route.is_empty(), !(from < to && to < sizes.len()));
            if let (Some(first), Some(last)) = (route.first(), route.last()) {
                prop_assert!(first.1 < last.1, "{:?}", route);
                prop_assert!((last.0 - placed.centers[to].0).abs() < sizes[to].0 / 2.0);
            }
        }
    }
}

#[test]
fn confusion_matrices_of_any_size() {
    for classes in [1, 2, 24, 25, 50, 1000] {
        let counts: Vec<Vec<f64>> = (0..classes)
            .map(|row| (0..classes.min(60)).map(|column| (row * column % 17) as f64).collect())
            .collect();
        let names: Vec<String> =
            (0..classes).map(|class| format!("the class with number {class} of many")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let texts = texts(&confusion_matrix("digit", &counts, &names).unwrap());
        assert!(has(&texts, "digit"), "{classes}");
    }
    let odd = [vec![f64::NAN, -1.0, 1e300], vec![], vec![1.5, 2.0, 3.0, 4.0]];
    let texts =
        texts(&confusion_matrix("<script>alert(1)</script>", &odd, &["a & b", "\u{0}\u{1b}"]).unwrap());
    for text in ["a & b", "\u{fffd}\u{fffd}", "2", "1.5000"] {
        assert!(has(&texts, text), "{text}: {texts:?}");
    }
}

#[test]
fn names_of_classes_are_level_where_they_fit() {
    let slanted = |names: &[&str]| {
        let counts = vec![vec![1.0; names.len()]; names.len()];
        let picture = confusion_matrix("kind", &counts, names).unwrap();
        texts(&picture);
        picture.to_svg().matches("rotate(-45").count()
    };
    assert_eq!(slanted(&["no", "yes"]), 0);
    assert_eq!(slanted(&["setosa", "versicolor", "virginica"]), 0);
    assert_eq!(slanted(&["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]), 0);
    assert_eq!(slanted(&["no", "a rather long name of a class"]), 2);
    assert_eq!(slanted(&["a name of several words"; 10]), 10);
}

#[test]
fn weights_over_time() {
    let mut weights = WeightHistory::new();
    let mut model = Lines::default();
    let mut trainer = Trainer::new(&mut model).unwrap();
    let (inputs, targets) = crate::testing::data(8);
    trainer
        .fit((&inputs, &targets), FitOptions::new().epochs(3).batch_size(4).callback(&mut weights))
        .unwrap();
    assert_eq!(weights.records().len(), 4);
    for of in [Of::Weights, Of::Gradients] {
        for statistic in [
            Statistic::Norm,
            Statistic::Mean,
            Statistic::StandardDeviation,
            Statistic::Min,
            Statistic::Max,
            Statistic::Zeros,
        ] {
            let texts = texts(&weights.picture(of, statistic).unwrap());
            assert!(weights.names().iter().all(|name| has(&texts, name)), "{texts:?}");
        }
    }
}

#[test]
fn the_end_of_a_file_says_its_kind() {
    let folder = std::env::temp_dir().join(format!("mimo-plot-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let history = history([1.0, 0.5]);
    history.plot(folder.join("curves.svg")).unwrap();
    assert!(std::fs::read(folder.join("curves.svg")).unwrap().starts_with(b"<svg"));
    for other in ["curves.jpg", "curves", "curves.pdf", "svg"] {
        let error = history.plot(folder.join(other)).unwrap_err().to_string();
        assert!(error.ends_with("ends in `.svg` or `.png`"), "{error}");
    }
    let png = history.plot(folder.join("curves.PNG"));
    #[cfg(feature = "png")]
    {
        png.unwrap();
        assert!(std::fs::read(folder.join("curves.PNG")).unwrap().starts_with(b"\x89PNG"));
        let picture = history.learning_curves().unwrap();
        for scale in [0.0, -1.0, f32::NAN, f32::INFINITY, 1e6] {
            assert!(matches!(picture.to_png(scale), Err(Error::Other(_))), "{scale}");
        }
    }
    #[cfg(not(feature = "png"))]
    assert!(matches!(png, Err(Error::File { .. })) && png.unwrap_err().to_string().contains("feature `png`"));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn no_text_is_markup() {
    assert_eq!(svg::escape("<a href=\"x\">'&'</a>"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;");
    assert_eq!(svg::escape("tab\tand \u{0} \u{ffff}"), "tab\tand \u{fffd} \u{fffd}");
    assert_eq!(svg::fitted("a name that is long", 10.0, 50.0).chars().last(), Some('…'));
    assert_eq!(svg::fitted("short", 10.0, 50.0), "short");
    // Names that differ at the end are still told apart.
    let cut = |name: &str| svg::fitted_middle(name, 10.0, 80.0).into_owned();
    assert_ne!(cut("a_long_name_of_a_layer/kernel"), cut("a_long_name_of_a_layer/bias"));
    assert!(svg::width(&cut("a_long_name_of_a_layer/kernel"), 10.0) <= 80.0);
    assert_eq!(cut("short"), "short");
}

#[test]
fn statistics_of_values() {
    let of = |values: &[f64]| TensorStatistics::of(values.iter().copied());
    let wanted = TensorStatistics {
        norm: 25f64.sqrt(),
        mean: -0.25,
        standard_deviation: (25.0_f64 / 4.0 - 0.0625).sqrt(),
        min: -4.0,
        max: 3.0,
        zeros: 0.5,
    };
    assert_eq!(of(&[3.0, 0.0, -4.0, 0.0]), wanted);
    assert_eq!(of(&[]).norm, 0.0);
    let broken = of(&[1.0, f64::NAN, 2.0]);
    assert!(broken.norm.is_nan() && broken.mean.is_nan() && broken.standard_deviation.is_nan());
    assert!(broken.min.is_nan() && broken.max.is_nan() && broken.zeros == 0.0);
}
