//! Tests of losses by name, and of the errors for unknown names.

use super::*;
use crate::sketch::{Model, args, reported, shown};

/// Reads a loss without a head.
fn alone(text: &str) -> (Option<Option<Loss>>, Vec<String>) {
    let args = args(text);
    let graph = Model::new().graph;
    let (loss, diags, _) = reported(&graph, |cx| read(&args[0].value, None, cx));
    (loss, shown(&diags))
}

#[test]
fn every_name_of_keras_is_read() {
    for (text, loss) in [
        ("mse", Loss::MeanSquaredError),
        ("\"MSE\"", Loss::MeanSquaredError),
        ("MeanSquaredError()", Loss::MeanSquaredError),
        ("mean_absolute_error", Loss::MeanAbsoluteError),
        ("MAPE", Loss::MeanAbsolutePercentageError),
        ("msle", Loss::MeanSquaredLogarithmicError),
        ("huber", Loss::Huber { delta: 1.0 }),
        ("Huber(0.5)", Loss::Huber { delta: 0.5 }),
        ("Huber(delta = 2)", Loss::Huber { delta: 2.0 }),
        ("LogCosh", Loss::LogCosh),
        ("BCE", Loss::BinaryCrossentropy { from_logits: false, label_smoothing: 0.0 }),
        (
            "categorical_crossentropy(label_smoothing = 0.1)",
            Loss::CategoricalCrossentropy { from_logits: false, label_smoothing: 0.1 },
        ),
        (
            "SparseCategoricalCrossentropy(true, 255)",
            Loss::SparseCategoricalCrossentropy { from_logits: true, ignore_class: Some(255) },
        ),
        ("kld", Loss::KlDivergence),
        ("CosineSimilarity(reduction = \"sum_over_batch_size\")", Loss::CosineSimilarity),
        ("custom", Loss::Custom { targets: true }),
        ("custom(targets = false)", Loss::Custom { targets: false }),
    ] {
        assert_eq!(alone(text), (Some(Some(loss)), vec![]), "{text}");
    }
    assert_eq!(alone("none"), (Some(None), vec![]));
}

#[test]
fn unknown_losses_get_help() {
    for (text, error) in [
        (
            "binary_crossentorpy",
            String::from(
                "unknown loss `binary_crossentorpy`\n  = help: did you mean `binary_crossentropy`?",
            ),
        ),
        (
            "wasserstein",
            "unknown loss `wasserstein`\n  = help: a function of your own is written with its path: `loss = crate::my_loss`; a \
             loss of several outputs is `custom` here, and `trainer.set_loss(|outputs, targets| …)` in Rust\n  \
             = note: every loss is listed in `mimo::language::losses`"
                .into(),
        ),
        (
            "Circle()",
            "mimo has no loss `Circle`\n  = help: it compares samples of a batch with each other: write `custom`, and \
             pass your own function to the trainer"
                .into(),
        ),
        ("3", "`loss` must be a loss, found the number 3\n  = help: write a name, as in `mse`".into()),
        ("None", "`None` is Python\n  = help: write `none`".into()),
        (
            "SparseCategoricalCrossentropy(ignore_class = -1)",
            "`ignore_class` of `SparseCategoricalCrossentropy` must be an integer of at least 0, found the \
             number -1\n  = help: targets are indices of at least 0: mark what does not count with an index that \
             no class has, such as `ignore_class = 255`"
                .into(),
        ),
        (
            "bce(label_smoothing = 1.0)",
            "`label_smoothing` of `BinaryCrossentropy` must be at least 0 and below 1, found 1\n  \
             = help: write a share of 1: `0.5` is a half"
                .into(),
        ),
        (
            "mse(reduction = sum)",
            "mimo has no `reduction` for `MeanSquaredError`\n  \
             = help: leave it out: a loss is the mean over the batch"
                .into(),
        ),
        (
            "ce(from_logits = true)",
            "`crossentropy` has no argument `from_logits`\n  \
             = help: write `crossentropy()`: it takes no arguments"
                .into(),
        ),
    ] {
        let (_, errors) = alone(text);
        let [found] = &errors[..] else { panic!("{text}: {errors:?}") };
        assert_eq!(found.split_once(": error: ").map(|(_, error)| error), Some(&error[..]));
    }
}
