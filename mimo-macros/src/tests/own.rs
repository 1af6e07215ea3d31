//! Tests of custom losses and metrics, by path.

use super::*;

const HEAD: &str = "let x = Input(shape = [8]); let y = Dense(2)(x); let z = Dense(2)(x);
    Model(inputs = [x], outputs = [y, z])";

fn compiled(settings: &str) -> String {
    format!("Net {{ {HEAD}.compile({settings}) }}")
}

#[test]
fn paths_are_losses_and_metrics() {
    let source = compiled(
        "loss = { y: crate::a::squared, z: ::other::loss }, metrics = { y: [crate::Lift, mae], z: super::Lift(name = \"l\") },
        weighted_metrics = [[crate::Lift], r#mod::R]",
    );
    assert_eq!(told(&source), Vec::<String>::new());
    let expansion = crate::expand::expand(source.parse().unwrap()).to_string();
    for part in [
        "crate :: a :: squared",
        ":: other :: loss",
        "crate :: Lift",
        "super :: Lift",
        "\"weighted_lift\"",
        "\"l\"",
    ] {
        assert!(expansion.contains(part), "no `{part}` in {expansion}");
    }
    // Each metric once, for any number of outputs.
    assert_eq!(expansion.matches("OwnMetric :: of :: <").count(), 3, "{expansion}");
}

#[test]
fn what_is_no_path_or_fits_no_output_is_an_error() {
    for (settings, wanted) in [
        ("loss = mse, metrics = { y: [crate::Lift()] }", "must be a metric, found `crate::Lift()`"),
        ("loss = crate::f(0.5)", "must be a loss, found `crate::f(0.5)`"),
        ("loss = crate::f(sparse = 1)", "`sparse` must be `true` or `false`, found the number 1"),
        ("loss = crate::f(q = 1)", "`crate::f` has no argument `q`"),
        (
            "loss = mse, metrics = { y: [crate::A(name = \"type\")] }",
            "the metric name \"type\" is a keyword of Rust",
        ),
        (
            "loss = mse, metrics = { y: [crate::Mae(name = \"mae\"), mae] }",
            "two metrics of one output are called `mae`",
        ),
        (
            "loss = mse, metrics = { y: [crate::Lift, super::Lift] }",
            "two metrics of one output are called `lift`",
        ),
        (
            "loss = mse, weighted_metrics = { y: [crate::Lift, super::Lift] }",
            "two metrics of one output are called `lift`",
        ),
        (
            "loss = { y: custom(targets = false), z: mse }, metrics = { y: [crate::Lift] }",
            "`lift` reads targets, but `y` has none",
        ),
    ] {
        let told = told(&compiled(settings));
        assert_eq!(told.len(), 1, "{settings}: {told:#?}");
        assert!(told[0].contains(wanted), "{settings}: {told:#?}");
    }
    // The same name for two outputs is not a duplicate, and a metric in both lists has two names.
    let fine =
        "loss = mse, metrics = [[crate::Lift], [crate::Lift]], weighted_metrics = [[crate::Lift], none]";
    assert_eq!(told(&compiled(fine)), Vec::<String>::new());
}
