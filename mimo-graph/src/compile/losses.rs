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
