//! Names of losses, as words and as calls.

use crate::args::{Bound, read};
use crate::code::Code;
use crate::compile::absent;
use crate::compile::heads::{self, Head};
use crate::compile::own::Own;
use crate::context::Cx;
use crate::diag::Loc;
use crate::intern::interned;
use crate::loss::{Loss, Region};
use crate::named::read_named;
use crate::value::{Value, ValueKind};

mod regions;
pub(in crate::compile) mod weights;

/// Meaning of a word.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Choice {
    /// A loss.
    Loss(Loss),
    /// A loss of regions, over axes whose meaning depends on the output's rank.
    Regions {
        /// The loss, over the whole batch.
        loss: Loss,
        /// The axes; `None` for the whole batch.
        axes: Option<Vec<i64>>,
        /// Their location.
        loc: Loc,
    },
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

    /// For `sigmoid` heads: minus the logarithm of the predicted probability of the true label, for each value
    /// separately.
    ///
    /// With weights it is the mean of `−w · (q · t · ln p + (1 − t) · ln(1 − p))`, where `q` is the label's `pos_weight` and
    /// `w` its entry of `label_weights`; PyTorch's `BCEWithLogitsLoss` has both, Keras has neither.
    ///
    /// Keras: [`binary_crossentropy`](https://keras.io/api/losses/probabilistic_losses/)
    "`binary_crossentropy(from_logits = false, label_smoothing = 0, pos_weight = none, label_weights = none)`"
    binary_crossentropy | BinaryCrossentropy | bce | BCE as BinaryCrossentropy => binary_crossentropy;
    takes {
        /// Whether predictions are logits, that is, no activation was applied.
        from_logits: bool = "false",
        /// Label smoothing: fraction by which labels are moved towards 1/2, at least 0 and below 1.
        label_smoothing: f64 = "0" in [0.0..1.0],
        axis => "leave it out: the last axis is taken",
        reduction => "leave it out: a loss is the mean over the batch",
        name => "leave it out: logs name a loss by its output",
        dtype => "leave it out",
        /// Factor of the part of positive labels: a number for all labels, or a list with one for each. A label that is
        /// positive in a tenth of the samples is balanced by 9.
        pos_weight: Factors = "none" in [0.0..],
        /// Weight of each label, one for each unit. The mean is still divided by the number of labels.
        label_weights: Factors = "none" in [0.0..],
    }

    /// For `softmax` heads: minus the logarithm of the predicted probability of the true class. Targets are one-hot,
    /// or probabilities.
    ///
    /// Keras: [`categorical_crossentropy`](https://keras.io/api/losses/probabilistic_losses/)
    "`categorical_crossentropy(from_logits = false, label_smoothing = 0)`"
    categorical_crossentropy | CategoricalCrossentropy as CategoricalCrossentropy => categorical_crossentropy;
    takes {
        /// Whether predictions are logits, that is, no activation was applied.
        from_logits: bool = "false",
        /// Label smoothing: fraction by which labels are moved towards the uniform distribution, at least 0 and below
        /// 1.
        label_smoothing: f64 = "0" in [0.0..1.0],
        axis => "leave it out: the last axis is taken",
        reduction => "leave it out: a loss is the mean over the batch",
        name => "leave it out: logs name a loss by its output",
        dtype => "leave it out",
    }

    /// For `softmax` heads: minus the logarithm of the predicted probability of the true class. Targets are class
    /// indices.
    ///
    /// Keras: [`sparse_categorical_crossentropy`](https://keras.io/api/losses/probabilistic_losses/)
    "`sparse_categorical_crossentropy(from_logits = false, ignore_class = none)`"
    sparse_categorical_crossentropy | SparseCategoricalCrossentropy as SparseCategoricalCrossentropy => sparse_categorical_crossentropy;
    takes {
        /// Whether predictions are logits, that is, no activation was applied.
        from_logits: bool = "false",
        /// Class index whose rows or positions are ignored.
        ignore_class: usize = "none",
        reduction => "leave it out: a loss is the mean over the batch",
        axis => "leave it out: the last axis is taken",
        name => "leave it out: logs name a loss by its output",
        dtype => "leave it out",
    }

    /// For `sigmoid` heads with few positive labels: binary cross-entropy times `(1 − p)^gamma`, where `p` is the
    /// predicted probability of the true label, so that well predicted labels count little.
    ///
    /// Keras: [`binary_focal_crossentropy`](https://keras.io/api/losses/probabilistic_losses/)
    "`binary_focal_crossentropy(apply_class_balancing = false, alpha = 0.25, gamma = 2, from_logits = false, label_smoothing = 0)`"
    binary_focal_crossentropy | BinaryFocalCrossentropy as BinaryFocalCrossentropy => binary_focal_crossentropy;
    takes {
        /// Whether positive labels are multiplied by `alpha` and negative ones by `1 − alpha`.
        apply_class_balancing: bool = "false",
        /// Weight of positive labels, if classes are balanced.
        alpha: f64 = "0.25" in [0.0..=1.0],
        /// Focusing exponent: how strongly well predicted labels are down-weighted; 0 is binary cross-entropy.
        gamma: f64 = "2" in [0.0..],
        /// Whether predictions are logits, that is, no activation was applied.
        from_logits: bool = "false",
        /// Label smoothing: fraction by which labels are moved towards 1/2, at least 0 and below 1.
        label_smoothing: f64 = "0" in [0.0..1.0],
        axis => "leave it out: the last axis is taken",
        reduction => "leave it out: a loss is the mean over the batch",
        name => "leave it out: logs name a loss by its output",
        dtype => "leave it out",
    }

    /// For `softmax` heads with rare classes: categorical cross-entropy times `alpha · (1 − p)^gamma`, so that well
    /// predicted samples count little. Targets are one-hot, or probabilities.
    ///
    /// For a `softmax` it is computed exactly, from the logits; Keras clips probabilities at `1e-7`.
    ///
    /// Keras: [`categorical_focal_crossentropy`](https://keras.io/api/losses/probabilistic_losses/)
    "`categorical_focal_crossentropy(alpha = 0.25, gamma = 2, from_logits = false, label_smoothing = 0)`"
    categorical_focal_crossentropy | CategoricalFocalCrossentropy as CategoricalFocalCrossentropy => categorical_focal_crossentropy;
    takes {
        /// Weight of the classes: a number for all of them, or a list with one for each.
        alpha: Factors = "0.25" in [0.0..],
        /// Focusing exponent: how strongly well predicted samples are down-weighted; 0 is categorical cross-entropy.
        gamma: f64 = "2" in [0.0..],
        /// Whether predictions are logits, that is, no activation was applied.
        from_logits: bool = "false",
        /// Label smoothing: fraction by which labels are moved towards the uniform distribution, at least 0 and below
        /// 1.
        label_smoothing: f64 = "0" in [0.0..1.0],
        axis => "leave it out: the last axis is taken",
        reduction => "leave it out: a loss is the mean over the batch",
        name => "leave it out: logs name a loss by its output",
        dtype => "leave it out",
    }

    /// For `softmax` heads with noisy labels: `(1 − p^q) / q` of the predicted probability `p` of the true class.
    /// Targets are class indices.
    ///
    /// Keras: [`categorical_generalized_cross_entropy`](https://keras.io/api/losses/probabilistic_losses/)
    "`categorical_generalized_cross_entropy(q = 0.5)`"
    categorical_generalized_cross_entropy | CategoricalGeneralizedCrossEntropy as CategoricalGeneralizedCrossEntropy => |args, cx| {
        Choice::Loss(Loss::CategoricalGeneralizedCrossEntropy { q: args.float("q", cx) })
    };
    takes {
        /// Robustness: near 0 it is the cross-entropy, at 1 the absolute error.
        q: f64 = "0.5" in [> 0.0, < 1.0],
        reduction => "leave it out: a loss is the mean over the batch",
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

    /// For masks of images: `1 − 2 · Σ(t · p) / (Σt + Σp)`, which is 0 if the predicted and the true region are
    /// equal.
    ///
    /// By default sums run over the whole batch, so that the loss of a sample depends on the others of its batch. A sample
    /// with weight 0 is left out of the sums; other sample weights multiply the loss of the batch, as in Keras.
    ///
    /// Keras: [`dice`](https://keras.io/api/losses/regression_losses/)
    "`dice(axis = none)`"
    dice | Dice as Dice => |args, cx| regions(args, |_, _, region| Loss::Dice { region }, cx);
    takes {
        reduction => "leave it out: a loss is the mean over the batch",
        name => "leave it out: logs name a loss by its output",
        /// Axes of the sums: `none` for all; 0 is the batch. For an image `[height, width, channels]`, `[1, 2, 3]`
        /// gives one value per sample and `[0, 1, 2]` one per channel.
        axis: Axes = "none",
        dtype => "leave it out",
    }

    /// For masks of images: `1 − I / (I + alpha · Σt·(1 − p) + beta · Σ(1 − t)·p)` with `I = Σ(t · p)`. With 0.5 and 0.5 it is
    /// [`dice`]; a larger `alpha` punishes missed pixels, a larger `beta` false alarms.
    ///
    /// By default sums run over the whole batch, as in [`dice`].
    ///
    /// Keras: [`tversky`](https://keras.io/api/losses/regression_losses/)
    "`tversky(alpha = 0.5, beta = 0.5, axis = none)`"
    tversky | Tversky as Tversky => |args, cx| {
        regions(args, |args, cx, region| Loss::Tversky { alpha: args.float("alpha", cx), beta: args.float("beta", cx), region }, cx)
    };
    takes {
        /// Weight of missed pixels.
        alpha: f64 = "0.5" in [0.0..],
        /// Weight of false alarms.
        beta: f64 = "0.5" in [0.0..],
        reduction => "leave it out: a loss is the mean over the batch",
        name => "leave it out: logs name a loss by its output",
        /// Axes of the sums: `none` for all; 0 is the batch. For an image `[height, width, channels]`, `[1, 2, 3]`
        /// gives one value per sample and `[0, 1, 2]` one per channel.
        axis: Axes = "none",
        dtype => "leave it out",
    }

    /// The pinball loss, mean of `max(q · (t − p), (q − 1) · (t − p))`: predictions become the `q`-th quantile of the
    /// targets. Keras does not have it.
    "`quantile(q = 0.5)`"
    quantile | pinball | Quantile as Quantile => |args, cx| Choice::Loss(Loss::Quantile { q: args.float("q", cx) });
    takes {
        /// The quantile: 0.5 is the median.
        q: f64 = "0.5" in [> 0.0, < 1.0],
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
    /// It sees all steps of an output, including masked ones.
    "`custom(targets = true)`"
    custom => |args, cx| Choice::Loss(Loss::Custom { targets: args.boolean("targets", cx) });
    takes {
        /// Whether the output has targets, in its own shape.
        targets: bool = "true",
    }
}

/// Reads a class index. Keras's tutorials write −1, which is not a valid target here.
pub(in crate::compile) fn ignored_class(value: &Value, what: &str, cx: &mut Cx<'_>) -> Option<usize> {
    if !matches!(value.kind, ValueKind::Int(..0)) {
        return read::unsigned(value, what, cx);
    }
    let help = "targets are indices of at least 0: mark what does not count with an index that no class has, such as \
                `ignore_class = 255`";
    read::out_of_range(value, what, "an integer of at least 0", Some(help.into()), cx);
    None
}

fn binary_crossentropy(args: &Bound<'_>, cx: &mut Cx<'_>) -> Choice {
    let from_logits = args.boolean("from_logits", cx);
    let label_smoothing = args.float("label_smoothing", cx);
    let pos_weight = interned(&args.factors("pos_weight", cx));
    let label_weights = interned(&args.weights("label_weights", cx));
    Choice::Loss(if pos_weight.is_empty() && label_weights.is_empty() {
        Loss::BinaryCrossentropy { from_logits, label_smoothing }
    } else {
        Loss::WeightedBinaryCrossentropy { from_logits, label_smoothing, pos_weight, label_weights }
    })
}

fn binary_focal_crossentropy(args: &Bound<'_>, cx: &mut Cx<'_>) -> Choice {
    Choice::Loss(Loss::BinaryFocalCrossentropy {
        apply_class_balancing: args.boolean("apply_class_balancing", cx),
        alpha: args.float("alpha", cx),
        gamma: args.float("gamma", cx),
        from_logits: args.boolean("from_logits", cx),
        label_smoothing: args.float("label_smoothing", cx),
    })
}

fn categorical_focal_crossentropy(args: &Bound<'_>, cx: &mut Cx<'_>) -> Choice {
    Choice::Loss(Loss::CategoricalFocalCrossentropy {
        alpha: interned(&args.weights("alpha", cx)),
        gamma: args.float("gamma", cx),
        from_logits: args.boolean("from_logits", cx),
        label_smoothing: args.float("label_smoothing", cx),
    })
}

fn regions(args: &Bound<'_>, loss: fn(&Bound<'_>, &mut Cx<'_>, Region) -> Loss, cx: &mut Cx<'_>) -> Choice {
    let axes = args.read_optional("axis", cx, regions::axes);
    Choice::Regions { loss: loss(args, cx, Region::Batch), axes, loc: args.loc("axis") }
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

/// The loss that a value stands for: `Some(None)` for `none`, `None` after an error. Without a head, as for an entry
/// with a wrong key, the value is only checked.
pub(crate) fn read(value: &Value, head: Option<&Head<'_>>, cx: &mut Cx<'_>) -> Option<Option<Loss>> {
    let value = &*read::without_python(value, cx);
    if value.kind == ValueKind::None {
        return Some(None);
    }
    if let Some(own) = Own::read(value, LOSSES, cx) {
        let loss = own.loss(cx)?;
        if let Some(head) = head {
            heads::check(head, loss, value.loc, cx);
        }
        return Some(Some(loss));
    }
    let choice = read_named(value, "`loss`", "a loss", Code::UnknownLoss, LOSSES, absent::LOSSES, cx)?;
    let loss = match choice {
        Choice::Loss(loss) => loss,
        Choice::Regions { loss, axes: None, .. } => loss,
        Choice::Regions { loss, axes: Some(axes), loc } => regions::over(loss, &axes, loc, head?, cx)?,
        Choice::Crossentropy => heads::crossentropy(head?),
    };
    if let Some(head) = head {
        heads::check(head, loss, value.loc, cx);
        weights::check(head, loss, value.loc, cx);
    }
    Some(Some(loss))
}

#[cfg(test)]
mod tests;
