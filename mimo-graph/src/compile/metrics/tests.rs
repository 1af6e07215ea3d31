//! Tests of metrics by name, of their names in the logs, and of the errors for metrics that do not fit.

use super::*;
use crate::activation::Activation::{Linear, Sigmoid, Softmax};
use crate::metric::{Average, Curve, Summation};
use crate::sketch::{Model, resolved};

/// The metrics of a softmax over three classes.
fn of(loss: &str, metrics: &str) -> (Vec<(String, Metric)>, Vec<String>) {
    let model = Model::heads(&[("y", 3, Softmax)]);
    let (compile, errors) = resolved(&model, &format!("adam, {loss}, metrics = {metrics}"));
    (compile.map(|mut compile| compile.outputs.remove(0).metrics).unwrap_or_default(), errors)
}

#[test]
fn logs_use_the_word_as_typed_and_count_what_is_repeated() {
    let (metrics, errors) =
        of("mse", "[acc, \"mae\", MAE, MeanAbsoluteError, AUC, LogCoshError(), mae, mae]");
    assert_eq!(errors, [""; 0]);
    let names: Vec<_> = metrics.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["acc", "mae", "MAE", "mean_absolute_error", "auc", "logcosh", "mae_1", "mae_2"]);
}

#[test]
fn metrics_of_several_numbers_have_a_name_for_each() {
    let (metrics, errors) = of(
        "mse",
        "[F1Score(), precision(thresholds = [0.2, 0.8]), r2(class_aggregation = none, name = \"fit\")]",
    );
    assert_eq!(errors, [""; 0]);
    let names: Vec<_> = metrics.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["f1_score_0", "f1_score_1", "f1_score_2", "precision_0", "precision_1", "fit_0", "fit_1", "fit_2"]
    );
    let last = Metric::FBetaScore { beta: 1.0, average: Average::Class(2), threshold: None };
    assert_eq!(metrics[2].1, last);
    assert_eq!(metrics[4].1, Metric::Precision { threshold: 0.8, top_k: None, class_id: None });
}

#[test]
fn classes_and_lists_are_those_of_the_output() {
    for (metrics, error) in [
        ("precision(class_id = 3)", "class index 3 is out of range: `y` has 3 classes"),
        (
            "auc(multi_label = true, num_labels = 2)",
            "`num_labels` is 2, but the last axis of the output `y` is 3",
        ),
        (
            "auc(label_weights = [1, 2, 3, 4])",
            "`label_weights` has 4 numbers, but the last axis of the output `y` is 3",
        ),
        ("auc(num_labels = 3)", "`num_labels` of `AUC` is given without `multi_label = true`"),
        ("IoU(2, [2], sparse_y_true = false)", "class index 2 is out of range: there are 2 classes"),
        ("mean_iou(3)", "`mean_iou` reads class indices, but the targets of `y` are values"),
    ] {
        let (_, errors) = of("mse", metrics);
        assert!(errors.len() == 1 && errors[0].contains(error), "{metrics}: {errors:?}");
    }
}

#[test]
fn names_that_logs_cannot_have_are_refused_with_one_that_they_can() {
    for (metrics, reason) in [
        ("MeanAbsoluteError(name = \"\")", "the metric name \"\" is empty"),
        ("MeanAbsoluteError(name = \"loss\")", "is that of the output's loss"),
        ("MeanAbsoluteError(name = \"epoch\")", "is that of the number of the epoch"),
        ("MeanAbsoluteError(name = \"a b\")", "is not an identifier"),
    ] {
        let (_, errors) = of("mse", metrics);
        assert!(errors.len() == 1 && errors[0].contains(reason), "{metrics}: {errors:?}");
    }
}

#[test]
fn metrics_have_keras_s_parameters() {
    let (metrics, warnings) = of(
        "mse",
        "[AUC(num_thresholds = 50, curve = \"PR\", name = \"area\"), Precision(0.7), F1Score(weighted, 0.5), \
         TopKCategoricalAccuracy(k = 2), binary_accuracy(threshold = 0.0), \
         BinaryCrossentropy(from_logits = true, label_smoothing = 0.1), none]",
    );
    assert!(warnings.len() == 1 && warnings[0].contains("reads logits"), "{warnings:?}");
    assert_eq!(
        metrics,
        [
            (
                "area".into(),
                Metric::Auc {
                    num_thresholds: 50,
                    curve: Curve::Pr,
                    summation_method: Summation::Interpolation,
                    thresholds: &[],
                    multi_label: false,
                    label_weights: &[],
                    from_logits: false,
                }
            ),
            ("precision".into(), Metric::Precision { threshold: 0.7, top_k: None, class_id: None }),
            (
                "f1_score".into(),
                Metric::FBetaScore { beta: 1.0, average: Average::Weighted, threshold: Some(0.5) }
            ),
            ("top_k_categorical_accuracy".into(), Metric::TopKCategoricalAccuracy { k: 2 }),
            ("binary_accuracy".into(), Metric::BinaryAccuracy { threshold: 0.0 }),
            (
                "binary_crossentropy".into(),
                Metric::BinaryCrossentropy { from_logits: true, label_smoothing: 0.1 }
            ),
        ]
    );
}

#[test]
fn wrong_metrics_get_help() {
    for (text, error) in [
        (
            "Mean",
            "mimo has no metric `Mean`\n  = help: it reduces values that are passed to it: leave it out, and \
             compute it from predictions",
        ),
        ("mean_io_u", "`MeanIoU` needs `num_classes`\n  = help: write `MeanIoU(num_classes = …)`"),
        (
            "F1Score(average = up)",
            "`average` of `F1Score` must be one of `micro`, `macro`, `weighted`, `none`, found `up`\n  \
             = help: write `micro`, or leave it out",
        ),
        (
            "AUC(num_thresholds = 1)",
            "`num_thresholds` of `AUC` must be an integer of at least 2, found the number 1\n  \
             = help: write an integer of at least 2",
        ),
        (
            "AUC(curve = up)",
            "`curve` of `AUC` must be one of `ROC`, `PR`, `PRGAIN`, found `up`\n  = help: write `ROC`, or leave it out",
        ),
        (
            "AUC(name = \"1a\")",
            "the metric name \"1a\" starts with a digit\n  = help: write `name = \"_1a\"`\n  \
             = note: logs have a field of this name",
        ),
        (
            "accuracy(name = \"a\")",
            "`accuracy` has no argument `name`\n  = help: write `accuracy()`: it takes no arguments",
        ),
        (
            "[[mae]]",
            "an entry of `metrics` must be a metric, found a list of 1\n  \
             = help: write a name, as in `accuracy`",
        ),
    ] {
        let (_, errors) = of("mse", &format!("{{ y: [{text}] }}"));
        let [found] = &errors[..] else { panic!("{text}: {errors:?}") };
        assert_eq!(found.split_once(": error: ").map(|(_, error)| error), Some(error));
    }
    let (_, errors) = of("mse", "accuracyy");
    assert!(
        errors[0].starts_with(
            "at accuracyy: error: unknown metric `accuracyy`\n  = help: did you mean `accuracy`?"
        )
    );
}

#[test]
fn a_metric_reads_the_targets_of_the_loss() {
    let (_, errors) = of("sparse_categorical_crossentropy", "[accuracy, categorical_accuracy, mae]");
    let note = "  = note: its loss is `sparse_categorical_crossentropy`, which decides the targets of `y`";
    assert_eq!(
        errors,
        [
            format!(
                "at categorical_accuracy: error: `categorical_accuracy` reads values, \
                 but the targets of `y` are class indices\n  = help: write `sparse_categorical_accuracy`\n{note}"
            ),
            format!(
                "at mae: error: `mae` reads values, but the targets of `y` are class indices\n  \
                 = help: leave it out, or write `accuracy`\n{note}"
            ),
        ]
    );
    let (_, errors) = of("categorical_crossentropy", "sparse_categorical_accuracy");
    assert_eq!(
        errors,
        ["at sparse_categorical_accuracy: error: `sparse_categorical_accuracy` reads class indices, \
          but the targets of `y` are values\n  = help: write `categorical_accuracy`\n  \
          = note: its loss is `categorical_crossentropy`, which decides the targets of `y`"]
    );
}

#[test]
fn a_wrong_loss_says_nothing_about_the_metrics() {
    let model = Model::heads(&[("a", 1, Sigmoid), ("b", 2, Linear)]);
    let (_, errors) = resolved(&model, "adam, msee, metrics = [accuracy, sparse_categorical_accuracy]");
    assert_eq!(errors.len(), 1, "{errors:?}");
}

/// The messages about metrics of a head.
fn on(units: usize, activation: crate::activation::Activation, loss: &str, metrics: &str) -> Vec<String> {
    let model = Model::heads(&[("y", units, activation)]);
    let (_, told) = resolved(&model, &format!("adam, {loss}, metrics = {metrics}"));
    told.into_iter().map(|text| text.split_once(": ").map_or(text.clone(), |(_, text)| text.into())).collect()
}

#[test]
fn metrics_that_do_not_depend_on_predictions_warn() {
    for (metric, why, help) in [
        ("F1Score(macro)", "the largest of the values of `y` is positive", "`threshold = 0.5`"),
        ("FBetaScore", "the largest of the values of `y` is positive", "`threshold = 0.5`"),
        ("categorical_accuracy", "is the predicted class, and there is 1 value", "`binary_accuracy`"),
        ("top_k_categorical_accuracy(k = 1)", "is the predicted class", "`binary_accuracy`"),
        ("OneHotMeanIoU(1)", "is the predicted class", "`binary_iou`"),
        ("OneHotIoU(1, [0])", "is the predicted class", "`binary_iou`"),
        ("CategoricalCrossentropy", "the only class is 1", "`binary_crossentropy`"),
        ("PearsonCorrelation", "it correlates the values of each sample", "`r2`"),
        ("ConcordanceCorrelation()", "it correlates the values of each sample", "`r2`"),
    ] {
        let told = on(1, Sigmoid, "bce", metric);
        let [warning] = &told[..] else { panic!("{metric}: {told:?}") };
        assert!(
            warning.contains("does not depend on what is predicted") && warning.contains(why),
            "{warning}"
        );
        assert!(warning.starts_with("warning") && warning.contains(help), "{warning}");
        assert_eq!(on(3, Softmax, "categorical_crossentropy", &metric.replace("(1", "(3")), [""; 0]);
    }
    let told = on(3, Softmax, "categorical_crossentropy", "top_k_categorical_accuracy(k = 3)");
    assert!(told.len() == 1 && told[0].contains("among the 3 largest"), "{told:?}");
    for metric in ["F1Score(threshold = 0.5)", "auc", "precision", "binary_iou", "r2", "accuracy"] {
        assert_eq!(on(1, Sigmoid, "bce", metric), [""; 0], "{metric}");
    }
}

#[test]
fn scores_of_labels_want_a_threshold() {
    let told = on(3, Sigmoid, "bce", "F1Score(macro)");
    assert_eq!(
        told,
        [
            "warning: `f1_score` takes the largest of the 3 values of `y` for the only positive one, not each above a \
          threshold\n  = help: write `threshold = 0.5`"
        ]
    );
    assert_eq!(on(3, Linear, "bce(from_logits = true)", "FBetaScore").len(), 1);
    assert_eq!(on(3, Linear, "mse", "FBetaScore"), [""; 0]);
}

#[test]
fn metrics_of_logits_are_told_so() {
    let logits = "bce(from_logits = true)";
    for (metric, help) in [
        ("AUC", "`AUC(from_logits = true)`"),
        ("binary_crossentropy", "`binary_crossentropy(from_logits = true)`"),
        ("Precision()", "`thresholds = 0.0`"),
        ("recall(0.7)", "`thresholds = 0.0`"),
        ("TruePositives", "`thresholds = 0.0`"),
        ("F1Score(threshold = 0.5)", "`threshold = 0.0`"),
        ("binary_accuracy", "`threshold = 0.0`"),
        ("exact_match", "`threshold = 0.0`"),
        ("BinaryIoU", "`threshold = 0.0`"),
        ("PrecisionAtRecall(0.5)", "`activation = sigmoid`"),
    ] {
        let told = on(1, Linear, logits, metric);
        let [warning] = &told[..] else { panic!("{metric}: {told:?}") };
        assert!(warning.contains("reads probabilities, but the output `y` outputs logits"), "{warning}");
        assert!(warning.contains(help), "{warning}");
        assert_eq!(on(1, Sigmoid, "bce", metric), [""; 0], "{metric}");
    }
    for metric in [
        "AUC(from_logits = true)",
        "Precision(thresholds = 0.0)",
        "binary_accuracy(threshold = 0.0)",
        "mae",
        "recall(top_k = 1)",
        "binary_focal_crossentropy(from_logits = true)",
    ] {
        assert_eq!(on(1, Linear, logits, metric), [""; 0], "{metric}");
    }
    // `accuracy` has its own warning.
    assert_eq!(on(1, Linear, logits, "accuracy").len(), 1);
    let told = on(1, Sigmoid, "bce", "AUC(from_logits = true)");
    assert_eq!(
        told,
        [
            "warning: `AUC` reads logits, but the output `y` ends in `sigmoid`\n  = help: leave `from_logits = true` out"
        ]
    );
}

#[test]
fn classes_of_regions_are_those_of_the_output() {
    let told = on(3, Softmax, "sparse_categorical_crossentropy", "[mean_iou(2), IoU(3, [0])]");
    assert_eq!(
        told,
        [
            "error: `num_classes` of `mean_iou` is 2, but the last axis of `y` is 3\n  = help: write `num_classes = 3`"
        ]
    );
    let told = on(
        3,
        Softmax,
        "categorical_crossentropy",
        "[MeanIoU(3), IoU(3, [0, 2]), top_k_categorical_accuracy(k = 2)]",
    );
    let helps: Vec<_> = told.iter().filter_map(|text| text.lines().nth(1)).collect();
    assert_eq!(
        helps,
        [
            "  = help: write `one_hot_mean_iou(num_classes = 3)`",
            "  = help: write `one_hot_iou(num_classes = 3, target_class_ids = [0, 2])`"
        ]
    );
    // What is offered fits.
    for offered in helps.iter().filter_map(|help| help.split('`').nth(1)) {
        assert_eq!(on(3, Softmax, "categorical_crossentropy", offered), [""; 0], "{offered}");
    }
}
