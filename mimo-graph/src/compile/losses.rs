//! Losses as they are written: by name, or as a call with parameters.

use std::ops::Bound::{Excluded, Unbounded};

use crate::args::{Bound, Signature, read};
use crate::code::Code;
use crate::compile::heads::{self, Head};
use crate::context::Cx;
use crate::loss::Loss;
use crate::named::{Named, read_named};
use crate::value::{Value, ValueKind};

/// What a word stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Choice {
    /// This loss.
    Loss(Loss),
    /// Keras's `crossentropy`: the head decides.
    Crossentropy,
}

/// Parameters of Keras that mimo does not have.
const UNSUPPORTED: &[(&str, &str)] = &[
    ("reduction", "leave it out: a loss is the mean over the batch"),
    ("axis", "leave it out: the last axis is taken"),
    ("name", "leave it out: logs name a loss by its output"),
    ("dtype", "leave it out"),
];

/// Parameters in Keras's order.
const fn signature(callee: &'static str, params: &'static [&'static str]) -> Signature {
    Signature { unsupported: UNSUPPORTED, ..Signature::new(callee, params) }
}

/// A loss without parameters of its own.
macro_rules! plain {
    ([$class:literal, $($name:literal),*], $loss:ident) => {
        Named::new(
            &[$($name,)* $class],
            signature($class, &["reduction", "name", "dtype"]),
            |_, _| Choice::Loss(Loss::$loss),
        )
    };
}

const LOSSES: &[Named<Choice>] = &[
    plain!(["MeanSquaredError", "mse", "mean_squared_error", "MSE"], MeanSquaredError),
    plain!(["MeanAbsoluteError", "mae", "mean_absolute_error", "MAE"], MeanAbsoluteError),
    plain!(
        ["MeanAbsolutePercentageError", "mape", "mean_absolute_percentage_error", "MAPE"],
        MeanAbsolutePercentageError
    ),
    plain!(
        ["MeanSquaredLogarithmicError", "msle", "mean_squared_logarithmic_error", "MSLE"],
        MeanSquaredLogarithmicError
    ),
    Named::new(
        &["huber", "Huber"],
        signature("Huber", &["delta", "reduction", "name", "dtype"]),
        |bound, cx| {
            Choice::Loss(Loss::Huber { delta: bound.float_in("delta", 1.0, (Excluded(0.0), Unbounded), cx) })
        },
    ),
    plain!(["LogCosh", "log_cosh", "logcosh"], LogCosh),
    Named::new(
        &["binary_crossentropy", "BinaryCrossentropy", "bce", "BCE"],
        signature(
            "BinaryCrossentropy",
            &["from_logits", "label_smoothing", "axis", "reduction", "name", "dtype"],
        ),
        |bound, cx| {
            let (from_logits, label_smoothing) = crossentropy_parameters(bound, cx);
            Choice::Loss(Loss::BinaryCrossentropy { from_logits, label_smoothing })
        },
    ),
    Named::new(
        &["categorical_crossentropy", "CategoricalCrossentropy"],
        signature(
            "CategoricalCrossentropy",
            &["from_logits", "label_smoothing", "axis", "reduction", "name", "dtype"],
        ),
        |bound, cx| {
            let (from_logits, label_smoothing) = crossentropy_parameters(bound, cx);
            Choice::Loss(Loss::CategoricalCrossentropy { from_logits, label_smoothing })
        },
    ),
    Named::new(
        &["sparse_categorical_crossentropy", "SparseCategoricalCrossentropy"],
        signature(
            "SparseCategoricalCrossentropy",
            &["from_logits", "ignore_class", "reduction", "axis", "name", "dtype"],
        ),
        |bound, cx| {
            let from_logits = bound.boolean("from_logits", false, cx);
            let ignore_class = bound.read_optional("ignore_class", cx, ignored_class);
            Choice::Loss(Loss::SparseCategoricalCrossentropy { from_logits, ignore_class })
        },
    ),
    Named::new(&["crossentropy", "ce"], Signature::new("crossentropy", &[]), |_, _| Choice::Crossentropy),
    plain!(["KLDivergence", "kl_divergence", "kld", "KLD"], KlDivergence),
    plain!(["Poisson", "poisson"], Poisson),
    Named::new(
        &["cosine_similarity", "CosineSimilarity"],
        signature("CosineSimilarity", &["axis", "reduction", "name", "dtype"]),
        |_, _| Choice::Loss(Loss::CosineSimilarity),
    ),
    plain!(["Hinge", "hinge"], Hinge),
    plain!(["SquaredHinge", "squared_hinge"], SquaredHinge),
    plain!(["CategoricalHinge", "categorical_hinge"], CategoricalHinge),
    Named::new(&["custom"], Signature::new("custom", &["targets"]), |bound, cx| {
        Choice::Loss(Loss::Custom { targets: bound.boolean("targets", true, cx) })
    }),
];

/// Losses of Keras that mimo does not have.
const MISSING: &[(&str, &str)] = &[
    ("binary_focal_crossentropy", WRITE_IT),
    ("BinaryFocalCrossentropy", WRITE_IT),
    ("categorical_focal_crossentropy", WRITE_IT),
    ("CategoricalFocalCrossentropy", WRITE_IT),
    ("categorical_generalized_cross_entropy", WRITE_IT),
    ("CategoricalGeneralizedCrossEntropy", WRITE_IT),
    ("circle", WRITE_IT),
    ("Circle", WRITE_IT),
    ("ctc", WRITE_IT),
    ("CTC", WRITE_IT),
    ("dice", WRITE_IT),
    ("Dice", WRITE_IT),
    ("tversky", WRITE_IT),
    ("Tversky", WRITE_IT),
];

const WRITE_IT: &str = "write `custom`, and give the trainer your own function";

/// A class index. Keras's tutorials write −1, which no target can be here.
fn ignored_class(value: &Value, what: &str, cx: &mut Cx<'_>) -> Option<usize> {
    if !matches!(value.kind, ValueKind::Int(..0)) {
        return read::unsigned(value, what, cx);
    }
    let help = "targets are indices of at least 0: mark what does not count with an index that no class has, such as \
                `ignore_class = 255`";
    read::out_of_range(value, what, "a whole number of at least 0", Some(help.into()), cx);
    None
}

fn crossentropy_parameters(bound: &Bound<'_>, cx: &mut Cx<'_>) -> (bool, f64) {
    let from_logits = bound.boolean("from_logits", false, cx);
    (from_logits, bound.float_in("label_smoothing", 0.0, 0.0..1.0, cx))
}

/// The spellings and the parameters of each.
pub(crate) fn signatures() -> Vec<(Vec<&'static str>, Signature)> {
    crate::named::signatures(LOSSES)
}

/// The loss that a value stands for: `Some(None)` for `none`, `None` after an error. Without a head, as for an
/// entry whose key is wrong, the value is only read.
pub(crate) fn read(value: &Value, head: Option<&Head<'_>>, cx: &mut Cx<'_>) -> Option<Option<Loss>> {
    let value = &*read::without_python(value, cx);
    if value.kind == ValueKind::None {
        return Some(None);
    }
    let choice = read_named(value, "`loss`", "a loss", Code::UnknownLoss, LOSSES, MISSING, cx)?;
    let loss = match choice {
        Choice::Loss(loss) => loss,
        Choice::Crossentropy => heads::crossentropy(head?),
    };
    if let Some(head) = head {
        heads::check(head, loss, value.loc, cx);
    }
    Some(Some(loss))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sketch::{Model, args, reported, shown};

    /// A loss without a head.
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
            ("CosineSimilarity(reduction = none)", Loss::CosineSimilarity),
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
                "unknown loss `wasserstein`\n  = help: a loss of your own is `custom` here, `loss = { y: custom }` for the \
                 output `y`, and a function of the outputs in Rust: `trainer.set_loss(|outputs, targets| …)`\n  \
                 = note: every loss is listed in `mimo::language::losses`"
                    .into(),
            ),
            (
                "CategoricalFocalCrossentropy()",
                "mimo has no loss `CategoricalFocalCrossentropy` yet\n  \
                 = help: write `custom`, and give the trainer your own function"
                    .into(),
            ),
            ("3", "`loss` must be a loss, found the number 3\n  = help: write a name, as in `mse`".into()),
            ("None", "`None` is Python\n  = help: write `none`".into()),
            (
                "SparseCategoricalCrossentropy(ignore_class = -1)",
                "`ignore_class` of `SparseCategoricalCrossentropy` must be a whole number of at least 0, found the \
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
                "mimo has no `reduction` for `MeanSquaredError` yet\n  \
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
}
