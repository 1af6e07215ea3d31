//! The page is read by an XML parser, because it is written as one: every element is closed and every text escaped.

use super::*;
use crate::callbacks::EarlyStopping;
use crate::testing::{Lines, data, history};
use crate::trainer::{FitOptions, TrainerOptions};

/// The page as a tree, after a check that it refers to nothing and runs nothing.
fn parsed(html: &str) -> roxmltree::Document<'_> {
    let text = html.strip_prefix("<!DOCTYPE html>\n").expect("a doctype");
    let document = roxmltree::Document::parse(text).unwrap_or_else(|error| panic!("{error}\n{html}"));
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        assert!(!matches!(node.tag_name().name(), "script" | "link" | "iframe" | "img" | "object" | "embed"));
        for attribute in node.attributes() {
            let (name, value) = (attribute.name(), attribute.value());
            assert!(!name.starts_with("on") && name != "src", "{name}=\"{value}\"");
            assert!(name != "href" || value.starts_with('#'), "{name}=\"{value}\"");
        }
    }
    // The name of the language of SVG is an address that nobody opens; styles load nothing.
    assert!(!html.replace("http://www.w3.org/2000/svg", "").contains("://"));
    assert!(!html.contains("url(") && !html.contains("@import"));
    document
}

fn text(html: &str) -> String {
    let document = parsed(html);
    let texts = document
        .descendants()
        .filter(|node| node.is_text() && !node.parent().is_some_and(|it| it.has_tag_name("style")));
    texts
        .map(|node| node.text().unwrap_or("").trim())
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}

fn matrix(output: &'static str, names: [&str; 2]) -> ConfusionMatrix {
    let mut matrix = ConfusionMatrix::new(output, 2);
    for (truth, predicted, count) in [(0, 0, 3.0), (0, 1, 1.0), (1, 1, 4.0)] {
        matrix.add(truth, predicted, count);
    }
    matrix.with_names(names).unwrap()
}

#[test]
fn a_training_is_reported() {
    let mut weights = WeightHistory::new();
    let mut model = Lines::default();
    let mut trainer = Trainer::with_options(&mut model, TrainerOptions::new().threads(1).seed(77)).unwrap();
    let (inputs, targets) = data(14);
    let options = FitOptions::new().epochs(4).batch_size(5).validation_split(0.3).callback(&mut weights);
    let options = options
        .callback(EarlyStopping::new("val_loss").patience(9))
        .on_epoch_end(|_, _| std::ops::ControlFlow::Continue(()));
    let history = trainer.fit((&inputs, &targets), options).unwrap();
    let evaluation = trainer.evaluate((&inputs, &targets), 5).unwrap();
    let report = trainer.report(&history).text("why it was made").evaluation("test data", &evaluation);
    let report = report.confusion_matrix(&matrix("kind", ["cat", "dog"])).unwrap();
    let html = report.table("by class", "cat  0.75\ndog  1.00").weights(&weights).unwrap().to_html();
    let text = text(&html);
    for wanted in [
        "Lines",
        "why it was made",
        "4 of 4, in ",
        "5, 2 steps per epoch",
        "WeightHistory, EarlyStopping, on_epoch_end",
        "77",
        "9 samples",
        "5 samples, in batches of 5",
        "pair\nloss",
        "slope\nloss",
        "Output\nValue\nTraining: best",
        "Validation: best",
        "test data",
        "dog",
        "cat  0.75",
        "Gradients: norm",
        "Weights: norm",
        "5 records took",
        "rustc 1.",
        "1 of ",
    ] {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
    // Outputs have a column of their own.
    assert!(!text.contains("slope_"), "{text}");
    // Every part of the page can be reached.
    let document = parsed(&html);
    for link in document.descendants().filter_map(|node| node.attribute("href")) {
        assert!(document.descendants().any(|node| node.attribute("id") == link.strip_prefix('#')), "{link}");
    }
}

#[test]
fn what_users_write_is_no_markup() {
    const EVIL: &str =
        "</pre></style><script>alert(1)</script><img src=x onerror=alert(1)>&amp;\" onload='x'\u{0}";
    let mut model = Lines::default();
    let mut trainer = Trainer::new(&mut model).unwrap();
    let (inputs, targets) = data(4);
    let evaluation = trainer.evaluate((&inputs, &targets), 4).unwrap();
    let report = trainer
        .report(&history([1.0]))
        .title(EVIL)
        .text(EVIL)
        .table(EVIL, EVIL)
        .evaluation(EVIL, &evaluation);
    let matrix = matrix(EVIL, [EVIL, "b"]);
    let html = report.picture(EVIL, &matrix.picture().unwrap()).confusion_matrix(&matrix).unwrap().to_html();
    assert!(!html.contains("<script") && !html.contains("<img"));
    // As often as it was written: the title twice, the paragraph, the heading and text of the table, the evaluation, the heading of the picture.
    // In pictures it may be cut.
    let shown = EVIL.replace('\u{0}', "\u{fffd}");
    assert_eq!(
        parsed(&html).descendants().filter(|node| node.is_text() && node.text() == Some(&shown)).count(),
        7
    );
}

#[test]
fn a_training_of_any_length_is_reported() {
    let mut model = Lines::default();
    let trainer = Trainer::new(&mut model).unwrap();
    assert!(text(&trainer.report(&history([])).to_html()).contains("There was no epoch."));
    for values in [&[1.0][..], &[f64::NAN; 3], &[f64::INFINITY, 1.0, -1e300]] {
        let html = trainer.report(&history(values.iter().copied())).to_html();
        assert!(text(&html).contains("Best epochs"));
    }
    assert!(matches!(trainer.report(&history([])).weights(&WeightHistory::new()), Err(Error::NoData)));
}

#[test]
fn callbacks_have_their_names() {
    assert_eq!(callback("mimo_runtime::callbacks::timer::Timer"), "Timer");
    assert_eq!(callback("&mut mimo_runtime::callbacks::timer::Timer"), "Timer");
    assert_eq!(callback("my::Logger<alloc::vec::Vec<f32>>"), "Logger");
    assert_eq!(callback("alloc::boxed::Box<dyn x::Callback<y::M>>"), "Box");
    assert_eq!(callback(std::any::type_name::<crate::callback::OnEpochEnd<fn()>>()), "on_epoch_end");
}

#[test]
fn the_page_is_written_as_a_whole() {
    let mut model = Lines::default();
    let report = Trainer::new(&mut model).unwrap().report(&history([1.0, 0.5]));
    let path = std::env::temp_dir().join(format!("mimo-report-{}.html", std::process::id()));
    report.save(&path).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), report.to_html());
    std::fs::remove_file(&path).unwrap();
    for other in ["report.pdf", "report"] {
        let error = report.save(std::env::temp_dir().join(other)).unwrap_err().to_string();
        assert!(error.ends_with("ends in `.html`"), "{error}");
    }
    let missing = std::env::temp_dir().join("mimo-no-such-folder/report.html");
    assert!(matches!(report.save(missing), Err(Error::File { .. })));
}
