//! Losses as they are written: by name, or as a call with parameters.

use crate::args::{Bound, read};
use crate::code::Code;
use crate::compile::heads::{self, Head};
use crate::context::Cx;
use crate::loss::Loss;
use crate::named::read_named;
use crate::value::{Value, ValueKind};

/// What a word stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Choice {
    /// This loss.
    Loss(Loss),
    /// Keras's `crossentropy`: the head decides.
    Crossentropy,
}

vocabulary! {
    mod words;
    const LOSSES: Choice;

    /// Mean of `(t − p)²`.
    ///
    /// Keras: [`mse`](https://keras.io/api/losses/regression_losses/)
    "`mse()`"
    mse | mean_squared_error | MSE | MeanSquaredError as MeanSquaredError => |_, _| Choice::Loss(Loss::MeanSquaredError);

    /// Mean of `|t − p|`.
    ///
    /// Keras: [`mae`](https://keras.io/api/losses/regression_losses/)
    "`mae()`"
    mae | mean_absolute_error | MAE | MeanAbsoluteError as MeanAbsoluteError => |_, _| Choice::Loss(Loss::MeanAbsoluteError);

    /// Mean of `100 · |t − p| / |t|`, with `|t|` at least a small number.
    ///
    /// Keras: [`mape`](https://keras.io/api/losses/regression_losses/)
    "`mape()`"
    mape | mean_absolute_percentage_error | MAPE | MeanAbsolutePercentageError as MeanAbsolutePercentageError => |_, _| Choice::Loss(Loss::MeanAbsolutePercentageError);

    /// Mean of `(ln(p + 1) − ln(t + 1))²`.
    ///
    /// Keras: [`msle`](https://keras.io/api/losses/regression_losses/)
    "`msle()`"
    msle | mean_squared_logarithmic_error | MSLE | MeanSquaredLogarithmicError as MeanSquaredLogarithmicError => |_, _| Choice::Loss(Loss::MeanSquaredLogarithmicError);
    takes {
        reduction => "leave it out: a loss is the mean over the batch",
        name => "leave it out: logs name a loss by its output",
        dtype => "leave it out",
    }

    /// Quadratic for errors up to `delta`, linear beyond.
    ///
    /// Keras: [`huber`](https://keras.io/api/losses/regression_losses/)
    "`huber(delta = 1)`"
    huber | Huber as Huber => |args, cx| Choice::Loss(Loss::Huber { delta: args.float("delta", cx) });
    takes {
        /// The error up to which the loss is quadratic.
        delta: f64 = "1" in [> 0.0],
        reduction => "leave it out: a loss is the mean over the batch",
        name => "leave it out: logs name a loss by its output",
        dtype => "leave it out",
    }

    /// Mean of `ln cosh(p − t)`.
    ///
    /// Keras: [`log_cosh`](https://keras.io/api/losses/regression_losses/)
    "`log_cosh()`"
    log_cosh | logcosh | LogCosh as LogCosh => |_, _| Choice::Loss(Loss::LogCosh);
    takes {
        reduction => "leave it out: a loss is the mean over the batch",
        name => "leave it out: logs name a loss by its output",
        dtype => "leave it out",
    }

    /// For `sigmoid` heads: minus the logarithm of the probability that is given to the truth, for each value by
    /// itself.
    ///
    /// Keras: [`binary_crossentropy`](https://keras.io/api/losses/probabilistic_losses/)
    "`binary_crossentropy(from_logits = false, label_smoothing = 0)`"
    binary_crossentropy | BinaryCrossentropy | bce | BCE as BinaryCrossentropy => binary_crossentropy;

    /// For `softmax` heads: minus the logarithm of the probability that is given to the true class. Targets are
    /// one-hot, or probabilities.
    ///
    /// Keras: [`categorical_crossentropy`](https://keras.io/api/losses/probabilistic_losses/)
    "`categorical_crossentropy(from_logits = false, label_smoothing = 0)`"
    categorical_crossentropy | CategoricalCrossentropy as CategoricalCrossentropy => categorical_crossentropy;
    takes {
        /// Whether predictions are logits, that is, no activation was applied.
        from_logits: bool = "false",
        /// Share by which labels are moved towards the uniform distribution, at least 0 and below 1.
        label_smoothing: f64 = "0" in [0.0..1.0],
        axis => "leave it out: the last axis is taken",
        reduction => "leave it out: a loss is the mean over the batch",
        name => "leave it out: logs name a loss by its output",
        dtype => "leave it out",
    }

    /// For `softmax` heads: minus the logarithm of the probability that is given to the true class. Targets are class
    /// indices.
    ///
    /// Keras: [`sparse_categorical_crossentropy`](https://keras.io/api/losses/probabilistic_losses/)
    "`sparse_categorical_crossentropy(from_logits = false, ignore_class = none)`"
    sparse_categorical_crossentropy | SparseCategoricalCrossentropy as SparseCategoricalCrossentropy => sparse_categorical_crossentropy;
    takes {
        /// Whether predictions are logits, that is, no activation was applied.
        from_logits: bool = "false",
        /// A class index whose rows, or positions, count nothing.
        ignore_class: usize = "none",
        reduction => "leave it out: a loss is the mean over the batch",
        axis => "leave it out: the last axis is taken",
        name => "leave it out: logs name a loss by its output",
        dtype => "leave it out",
    }

    /// The cross-entropy that fits the head.
    "`crossentropy()`"
    crossentropy | ce => |_, _| Choice::Crossentropy;
    takes {}

    /// Sum of `t · ln(t / p)` over the last axis.
    ///
    /// Keras: [`kl_divergence`](https://keras.io/api/losses/probabilistic_losses/)
    "`kl_divergence()`"
    kl_divergence | kld | KLD | KLDivergence as KLDivergence => |_, _| Choice::Loss(Loss::KlDivergence);

    /// Mean of `p − t · ln p`.
    ///
    /// Keras: [`poisson`](https://keras.io/api/losses/probabilistic_losses/)
    "`poisson()`"
    poisson | Poisson as Poisson => |_, _| Choice::Loss(Loss::Poisson);
    takes {
        reduction => "leave it out: a loss is the mean over the batch",
        name => "leave it out: logs name a loss by its output",
        dtype => "leave it out",
    }

    /// Minus the cosine of the angle between target and prediction: −1 is best.
    ///
    /// Keras: [`cosine_similarity`](https://keras.io/api/losses/regression_losses/)
    "`cosine_similarity()`"
    cosine_similarity | CosineSimilarity as CosineSimilarity => |_, _| Choice::Loss(Loss::CosineSimilarity);
    takes {
        axis => "leave it out: the last axis is taken",
        reduction => "leave it out: a loss is the mean over the batch",
        name => "leave it out: logs name a loss by its output",
        dtype => "leave it out",
    }

    /// Mean of `max(1 − t · p, 0)`, for labels −1 and 1.
    ///
    /// Keras: [`hinge`](https://keras.io/api/losses/hinge_losses/)
    "`hinge()`"
    hinge | Hinge as Hinge => |_, _| Choice::Loss(Loss::Hinge);

    /// Mean of `max(1 − t · p, 0)²`, for labels −1 and 1.
    ///
    /// Keras: [`squared_hinge`](https://keras.io/api/losses/hinge_losses/)
    "`squared_hinge()`"
    squared_hinge | SquaredHinge as SquaredHinge => |_, _| Choice::Loss(Loss::SquaredHinge);

    /// `max(largest wrong − right + 1, 0)`, for one-hot targets.
    ///
    /// Keras: [`categorical_hinge`](https://keras.io/api/losses/hinge_losses/)
    "`categorical_hinge()`"
    categorical_hinge | CategoricalHinge as CategoricalHinge => |_, _| Choice::Loss(Loss::CategoricalHinge);
    takes {
        reduction => "leave it out: a loss is the mean over the batch",
        name => "leave it out: logs name a loss by its output",
        dtype => "leave it out",
    }

    /// A loss that you write in tensor operations and pass to the trainer: `Trainer::set_loss`, `Trainer::add_loss`.
    "`custom(targets = true)`"
    custom => |args, cx| Choice::Loss(Loss::Custom { targets: args.boolean("targets", cx) });
    takes {
        /// Whether the output has targets, in its shape.
        targets: bool = "true",
    }
}

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

fn binary_crossentropy(args: &Bound<'_>, cx: &mut Cx<'_>) -> Choice {
    let from_logits = args.boolean("from_logits", cx);
    Choice::Loss(Loss::BinaryCrossentropy { from_logits, label_smoothing: args.float("label_smoothing", cx) })
}

fn categorical_crossentropy(args: &Bound<'_>, cx: &mut Cx<'_>) -> Choice {
    let from_logits = args.boolean("from_logits", cx);
    Choice::Loss(Loss::CategoricalCrossentropy {
        from_logits,
        label_smoothing: args.float("label_smoothing", cx),
    })
}

fn sparse_categorical_crossentropy(args: &Bound<'_>, cx: &mut Cx<'_>) -> Choice {
    let from_logits = args.boolean("from_logits", cx);
    let ignore_class = args.read_optional("ignore_class", cx, ignored_class);
    Choice::Loss(Loss::SparseCategoricalCrossentropy { from_logits, ignore_class })
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
