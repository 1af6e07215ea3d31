//! Losses as they are written: by name, or as a call with parameters.

use crate::compile::heads::{self, Head};
use crate::compile::names::{Listed, Vocabulary};
use crate::compile::params::{Params, Range};
use crate::context::Cx;
use crate::diag::Diag;
use crate::loss::Loss;
use crate::value::{Arg, Value, ValueKind};

/// What a word stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Named {
    /// A loss with its defaults.
    Loss(Loss),
    /// Keras's `crossentropy`: the head decides.
    Crossentropy,
}

const VOCABULARY: Vocabulary<Named> = Vocabulary {
    what: "loss",
    listed: &[
        loss(&["mse", "mean_squared_error", "MeanSquaredError", "MSE"], Loss::MeanSquaredError),
        loss(&["mae", "mean_absolute_error", "MeanAbsoluteError", "MAE"], Loss::MeanAbsoluteError),
        loss(
            &["mape", "mean_absolute_percentage_error", "MeanAbsolutePercentageError", "MAPE"],
            Loss::MeanAbsolutePercentageError,
        ),
        loss(
            &["msle", "mean_squared_logarithmic_error", "MeanSquaredLogarithmicError", "MSLE"],
            Loss::MeanSquaredLogarithmicError,
        ),
        loss(&["huber", "Huber"], Loss::Huber { delta: 1.0 }),
        loss(&["log_cosh", "LogCosh", "logcosh"], Loss::LogCosh),
        loss(
            &["binary_crossentropy", "BinaryCrossentropy", "bce", "BCE"],
            Loss::BinaryCrossentropy { from_logits: false, label_smoothing: 0.0 },
        ),
        loss(
            &["categorical_crossentropy", "CategoricalCrossentropy"],
            Loss::CategoricalCrossentropy { from_logits: false, label_smoothing: 0.0 },
        ),
        loss(
            &["sparse_categorical_crossentropy", "SparseCategoricalCrossentropy"],
            Loss::SparseCategoricalCrossentropy { from_logits: false, ignore_class: None },
        ),
        Listed { words: &["crossentropy", "ce"], value: Named::Crossentropy },
        loss(&["kl_divergence", "KLDivergence", "kld", "KLD"], Loss::KlDivergence),
        loss(&["poisson", "Poisson"], Loss::Poisson),
        loss(&["cosine_similarity", "CosineSimilarity"], Loss::CosineSimilarity),
        loss(&["hinge", "Hinge"], Loss::Hinge),
        loss(&["squared_hinge", "SquaredHinge"], Loss::SquaredHinge),
        loss(&["categorical_hinge", "CategoricalHinge"], Loss::CategoricalHinge),
        loss(&["custom"], Loss::Custom),
    ],
    missing: &[
        "binary_focal_crossentropy",
        "categorical_focal_crossentropy",
        "categorical_generalized_cross_entropy",
        "circle",
        "ctc",
        "dice",
        "tversky",
    ],
};

const fn loss(words: &'static [&'static str], loss: Loss) -> Listed<Named> {
    Listed { words, value: Named::Loss(loss) }
}

/// The loss that a value stands for: `Some(None)` for `none`, `None` after an error. Without a head, as for an
/// entry whose key is wrong, the value is only read.
pub(super) fn read(value: &Value, head: Option<&Head<'_>>, cx: &mut Cx<'_>) -> Option<Option<Loss>> {
    let loss = match &value.kind {
        ValueKind::Invalid => return None,
        ValueKind::None => return Some(None),
        ValueKind::Call { name, name_loc, args } => match VOCABULARY.find(name, *name_loc, cx)? {
            Named::Loss(loss) => with_parameters(loss, name, args, cx)?,
            Named::Crossentropy => {
                let message =
                    format!("`{name}` takes no arguments, because the head decides which loss it is");
                cx.error(
                    Diag::error(value.loc, message).help("write `binary_crossentropy(…)` or another by name"),
                );
                return None;
            }
        },
        _ => {
            let Some(word) = value.word() else {
                let message = format!("{} is not a loss", value.describe());
                cx.error(Diag::error(value.loc, message).help(VOCABULARY.list()));
                return None;
            };
            if matches!(word, "none" | "None") {
                return Some(None);
            }
            match (VOCABULARY.find(word, value.loc, cx)?, head) {
                (Named::Loss(loss), _) => loss,
                (Named::Crossentropy, Some(head)) => heads::crossentropy(head),
                (Named::Crossentropy, None) => return None,
            }
        }
    };
    if let Some(head) = head {
        heads::check(head, loss, value.loc, cx);
    }
    Some(Some(loss))
}

/// A loss with the parameters of a call.
fn with_parameters(loss: Loss, name: &str, args: &[Arg], cx: &mut Cx<'_>) -> Option<Loss> {
    let read = |parameters: &[&'static str], cx: &mut Cx<'_>| Params::read(name, parameters, args, cx);
    Some(match loss {
        Loss::Huber { delta } => {
            let mut params = read(&["delta", "!reduction", "!name", "!dtype"], cx);
            let delta = params.number("delta", delta, Range::Positive, cx);
            params.finish()?;
            Loss::Huber { delta }
        }
        Loss::BinaryCrossentropy { .. } | Loss::CategoricalCrossentropy { .. } => {
            let mut params =
                read(&["from_logits", "label_smoothing", "!axis", "!reduction", "!name", "!dtype"], cx);
            let from_logits = params.flag("from_logits", false, cx);
            let label_smoothing = params.number("label_smoothing", 0.0, Range::Share, cx);
            params.finish()?;
            match loss {
                Loss::BinaryCrossentropy { .. } => Loss::BinaryCrossentropy { from_logits, label_smoothing },
                _ => Loss::CategoricalCrossentropy { from_logits, label_smoothing },
            }
        }
        Loss::SparseCategoricalCrossentropy { .. } => {
            let mut params =
                read(&["from_logits", "ignore_class", "!reduction", "!axis", "!name", "!dtype"], cx);
            let from_logits = params.flag("from_logits", false, cx);
            let ignore_class = params.optional_count("ignore_class", 0, cx);
            params.finish()?;
            Loss::SparseCategoricalCrossentropy { from_logits, ignore_class }
        }
        Loss::MeanSquaredError
        | Loss::MeanAbsoluteError
        | Loss::MeanAbsolutePercentageError
        | Loss::MeanSquaredLogarithmicError
        | Loss::LogCosh
        | Loss::KlDivergence
        | Loss::Poisson
        | Loss::Hinge
        | Loss::SquaredHinge
        | Loss::CategoricalHinge
        | Loss::Custom => {
            read(&["!reduction", "!name", "!dtype"], cx).finish()?;
            loss
        }
        Loss::CosineSimilarity => {
            read(&["!axis", "!reduction", "!name", "!dtype"], cx).finish()?;
            loss
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::Activation::Softmax;
    use crate::sketch::{Model, args, reported, resolved, shown};

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
            ("custom", Loss::Custom),
        ] {
            assert_eq!(alone(text), (Some(Some(loss)), vec![]), "{text}");
        }
        assert_eq!(alone("none"), (Some(None), vec![]));
        assert_eq!(alone("\"none\""), (Some(None), vec![]));
    }

    #[test]
    fn unknown_losses_get_help() {
        assert_eq!(
            alone("binary_crossentorpy").1,
            ["0: error: unknown loss `binary_crossentorpy`\n  \
              = help: a similar name is `binary_crossentropy`"]
        );
        let list = "  = help: the losses are `mse`, `mae`, `mape`, `msle`, `huber`, `log_cosh`, \
                    `binary_crossentropy`, `categorical_crossentropy`, `sparse_categorical_crossentropy`, \
                    `crossentropy`, `kl_divergence`, `poisson`, `cosine_similarity`, `hinge`, `squared_hinge`, \
                    `categorical_hinge`, `custom`";
        assert_eq!(alone("wasserstein").1, [format!("0: error: unknown loss `wasserstein`\n{list}")]);
        assert_eq!(
            alone("CategoricalFocalCrossentropy()").1,
            [format!("0: error: the loss `CategoricalFocalCrossentropy` of Keras is not supported\n{list}")]
        );
        assert_eq!(alone("3").1, [format!("0: error: the number 3 is not a loss\n{list}")]);
    }

    #[test]
    fn wrong_parameters_get_help() {
        assert_eq!(
            alone("Huber(detla = 1, reduction = sum, delta = 0)").1,
            [
                "6: error: `Huber` has no argument `detla`\n  \
                 = help: an argument with a similar name is `delta`",
                "17: error: the argument `reduction` of `Huber` is not supported\n  \
                 = help: leave `reduction` out",
                "42: error: the argument `delta` of `Huber` is a number above 0, not the number 0",
            ]
        );
        assert_eq!(
            alone("mse(2, from_logits = true, 1, 1, 1)").1,
            [
                "4: error: the argument `reduction` of `mse` is not supported\n  = help: leave `reduction` out",
                "7: error: `mse` has no argument `from_logits`\n  = help: `mse` takes no arguments",
                "27: error: the argument `dtype` of `mse` is not supported\n  = help: leave `dtype` out",
                "30: error: `mse` takes at most 3 positional arguments\n  = help: `mse` takes no arguments",
                "33: error: `mse` takes at most 3 positional arguments\n  = help: `mse` takes no arguments",
            ]
        );
        assert_eq!(
            alone("bce(from_logits = 1, label_smoothing = 1.0, from_logits = true)").1,
            [
                "18: error: the argument `from_logits` of `bce` is `true` or `false`, not the number 1",
                "39: error: the argument `label_smoothing` of `bce` is a number from 0 to below 1, not the number 1",
                "44: error: the argument `from_logits` of `bce` is given twice\n  = help: remove one",
            ]
        );
    }

    #[test]
    fn crossentropy_is_a_word() {
        let model = Model::heads(&[("y", 3, Softmax)]);
        assert_eq!(
            resolved(&model, "adam, ce(from_logits = true)").1,
            [
                "at ce(from_logits: error: `ce` takes no arguments, because the head decides which loss it is\n  \
              = help: write `binary_crossentropy(…)` or another by name"
            ]
        );
    }
}
