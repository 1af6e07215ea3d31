//! Losses for any tensor, by the activation of its layer. Shared by the generators of random models.

/// The losses that `model!` accepts without a warning for an output with `last` units per position. `ending` is the
/// activation of the layer that outputs it; `None` if that layer only moves values.
///
/// Losses whose gradient is unbounded near values that such a tensor may have are left out, so that differences of the
/// total loss can be compared with gradients.
pub fn fitting(ending: Option<&str>, last: usize) -> Vec<&'static str> {
    let mut losses =
        vec!["mse", "mae", "huber(delta = 0.8)", "log_cosh", "quantile(q = 0.3)", "hinge", "squared_hinge"];
    let several = last > 1;
    if several {
        losses.push("categorical_hinge");
    }
    match ending {
        Some("softmax") => losses.extend([
            "categorical_crossentropy",
            "CategoricalCrossentropy(label_smoothing = 0.1)",
            "CategoricalFocalCrossentropy()",
            "CategoricalFocalCrossentropy(alpha = 0.5, gamma = 1.5, label_smoothing = 0.1)",
            "dice",
            "tversky(alpha = 0.3)",
            "sparse_categorical_crossentropy",
            "SparseCategoricalCrossentropy(ignore_class = 0)",
            "kl_divergence",
            "cosine_similarity",
        ]),
        Some("sigmoid") => losses.extend([
            "binary_crossentropy",
            "binary_crossentropy",
            "BinaryCrossentropy(label_smoothing = 0.2)",
            "BinaryCrossentropy(pos_weight = 3)",
            "BinaryFocalCrossentropy()",
            "BinaryFocalCrossentropy(apply_class_balancing = true, gamma = 1.5, label_smoothing = 0.1)",
            "dice",
            "tversky(alpha = 0.3)",
            "poisson",
        ]),
        Some("softplus") => losses.extend(["poisson", "msle", "BinaryCrossentropy(from_logits = true)"]),
        Some("hard_sigmoid" | "sparse_sigmoid" | "sparsemax") => {}
        _ => losses.push("BinaryCrossentropy(from_logits = true)"),
    }
    if several
        && !matches!(ending, Some("softmax" | "sparsemax" | "sigmoid" | "hard_sigmoid" | "sparse_sigmoid"))
    {
        losses.extend([
            "CategoricalCrossentropy(from_logits = true)",
            "SparseCategoricalCrossentropy(from_logits = true)",
            "SparseCategoricalCrossentropy(from_logits = true, ignore_class = 1)",
        ]);
    }
    losses
}

/// A metric that reads the targets of a loss; of an output without a loss it decides them.
pub fn metrics(loss: &str) -> &'static [&'static str] {
    match (loss.to_lowercase().starts_with("sparse"), loss.contains("from_logits")) {
        (true, true) => {
            &["sparse_categorical_accuracy", "sparse_categorical_crossentropy(from_logits = true)"]
        }
        (true, false) => &["sparse_categorical_accuracy", "sparse_categorical_crossentropy"],
        (false, true) => &["mae", "huber", "r2", "auc(from_logits = true)"],
        (false, false) => &["mae", "huber", "r2", "auc"],
    }
}
