//! Confusion counts, rates, curves, intersections over union and correlations against Keras's numbers, through generated models.
//!
//! The predictions are the kernel of a `Dense` without bias, as in `golden_losses.rs`.

mod support;

use mimo::Trainable;
use mimo::prelude::{Trainer, model};
use support::{Data, Real, Tolerance, assert_near, entry, golden, numbers, rows, set_weights};

/// Evaluates a metric on its updates, the first alone and then both. Metrics of several numbers are logged as `name_0`, ….
fn check<M: Trainable<Float: Real>>(mut model: M, tag: &str, tolerance: Tolerance) {
    let file = golden("more_metrics.json");
    let case = entry(&file, "name", tag);
    let updates = case["updates"].as_array().expect("updates");
    let batch = rows(&updates[0]["y_true"]);
    let all = batch * updates.len();
    let joined = |field: &str| updates.iter().flat_map(|update| numbers(&update[field])).collect::<Vec<_>>();
    let predictions = joined("y_pred");
    set_weights(&mut model, |_, _| predictions.clone());
    let data = Data {
        rows: all,
        inputs: vec![(0..all * all).map(|p| f64::from(u8::from(p % all == p / all))).collect()],
        targets: vec![joined("y_true")],
        weights: vec![],
    };
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let results = case["result_after_each"].as_array().expect("results");
    for (index, result) in results.iter().enumerate() {
        let seen = batch * (index + 1);
        let evaluation = trainer.evaluate(&data.take(0..seen).dataset::<M>(), batch).expect("an evaluation");
        let wanted = result.as_array().expect("a list");
        for (place, wanted) in wanted.iter().enumerate() {
            let several = results[0].as_array().is_some_and(|first| first.len() > 1);
            let key = if several { format!("{tag}_{place}") } else { tag.to_owned() };
            let found = evaluation.get(&key).unwrap_or_else(|| panic!("no `{key}`"));
            assert_near(&format!("{key} after {seen}"), found, wanted.as_f64().expect("a number"), tolerance);
        }
    }
}

macro_rules! metrics {
    ($($model:ident, $loss:ident, $test:ident: [$($tag:literal),+] = [$($metrics:tt)*];)+) => {$(
        model! {
            $model {
                let x = Input(shape = [12]);
                let p = Dense(3, use_bias = false)(x);
                let y = Reshape([3])(p);
                Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = $loss, metrics = [$($metrics)*])
            }
        }

        #[test]
        fn $test() {
            const TOLERANCE: Tolerance = Tolerance { rel: 1e-5, abs: 1e-6 };
            for tag in [$($tag),+] {
                check($model::<f32>::build(1), tag, TOLERANCE);
                check($model::<f64>::build(1), tag, TOLERANCE);
            }
        }
    )+};
}

metrics! {
    Counts, mse, counts: ["true_positives", "true_negatives", "false_positives", "false_negatives", "counts"] = [
        true_positives, TrueNegatives, FalsePositives(), false_negatives,
        TruePositives(thresholds = [0.25, 0.75], name = "counts"),
    ];
    Rates, mse, rates: [
        "precision_of_one", "recall_of_one", "precision_of_two", "recall_of_two", "precisions", "precision_at_recall",
        "recall_at_precision", "sensitivity_at_specificity", "specificity_at_sensitivity"
    ] = [
        Precision(class_id = 1, name = "precision_of_one"), Recall(0.4, none, 2, name = "recall_of_one"),
        Precision(top_k = 2, name = "precision_of_two"),
        Recall(top_k = 2, class_id = 0, thresholds = 0.3, name = "recall_of_two"),
        Precision(thresholds = [0.25, 0.75], name = "precisions"), PrecisionAtRecall(0.7),
        RecallAtPrecision(0.8, num_thresholds = 50), sensitivity_at_specificity(0.8),
        SpecificityAtSensitivity(0.6, class_id = 1),
    ];
    Curves, mse, curves: [
        "auc_labels", "auc_weights", "auc_one", "auc_minoring", "auc_majoring", "auc_gain", "auc_thresholds"
    ] = [
        AUC(multi_label = true, num_labels = 3, name = "auc_labels"),
        AUC(multi_label = true, label_weights = [1, 0.5, 2], curve = "PR", name = "auc_weights"),
        AUC(label_weights = [1, 0.5, 2], name = "auc_one"),
        AUC(summation_method = "minoring", curve = "PR", num_thresholds = 20, name = "auc_minoring"),
        AUC(summation_method = majoring, name = "auc_majoring"),
        AUC(curve = PRGAIN, num_thresholds = 50, name = "auc_gain"),
        AUC(thresholds = [0.7, 0.2, 0.33], name = "auc_thresholds"),
    ];
    Regions, mse, regions: ["binary_io_u", "binary_iou_of_one", "one_hot_io_u", "one_hot_mean_io_u"] = [
        BinaryIoU, BinaryIoU([1], 0.35, name = "binary_iou_of_one"), OneHotIoU(3, [0, 2]),
        OneHotMeanIoU(3, ignore_class = 1),
    ];
    RegionsOfIndices, sparse_categorical_crossentropy, regions_of_indices: ["io_u", "mean_io_u"] = [
        IoU(3, [1]), MeanIoU(3, ignore_class = 0),
    ];
    Scores, mse, scores: ["f2", "f1_each", "fbeta_score"] = [
        FBetaScore(average = "weighted", beta = 2.0, threshold = 0.5, name = "f2"),
        F1Score(threshold = 0.5, name = "f1_each"), FBetaScore(micro, 0.5),
    ];
    Numbers, mse, numbers_of_columns: [
        "pearson_correlation", "concordance_correlation", "r2_weighted", "r2_each", "r2_adjusted"
    ] = [
        PearsonCorrelation, ConcordanceCorrelation,
        R2Score(class_aggregation = variance_weighted_average, name = "r2_weighted"),
        R2Score(class_aggregation = none, name = "r2_each"), R2Score(num_regressors = 2, name = "r2_adjusted"),
    ];
    Losses, mse, losses_of_numbers: ["huber", "log_cosh"] = [huber, log_cosh];
    Focal, mse, focal_losses: ["binary_focal_crossentropy", "categorical_focal_crossentropy"] = [
        binary_focal_crossentropy, categorical_focal_crossentropy,
    ];
    Exact, mse, exact_matches: ["true_positives"] = [true_positives, exact_match, mean_iou(2, sparse_y_pred = true)];
}

/// Not in Keras: the fraction of rows whose labels are all right.
#[test]
fn every_label_of_a_row_is_right() {
    let file = golden("more_metrics.json");
    let case = &entry(&file, "name", "true_positives")["updates"][0];
    let (y, t) = (numbers(&case["y_pred"]), numbers(&case["y_true"]));
    let right = y
        .chunks(3)
        .zip(t.chunks(3))
        .filter(|(y, t)| y.iter().zip(*t).all(|(&y, &t)| t == f64::from(u8::from(y > 0.5))));
    let wanted = right.count() as f64 / 6.0;
    let mut model = Exact::<f64>::build(1);
    let mut kernel = y.clone();
    kernel.resize(36, 0.0);
    set_weights(&mut model, |_, _| kernel.clone());
    let data = Data {
        rows: 6,
        inputs: vec![(0..72).map(|p| f64::from(u8::from(p % 12 == p / 12))).collect()],
        targets: vec![t],
        weights: vec![],
    };
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let evaluation = trainer.evaluate(&data.dataset::<Exact<f64>>(), 4).expect("an evaluation");
    assert_eq!(evaluation.get("exact_match"), Some(wanted));
}

#[test]
fn every_metric_is_tested() {
    let source = include_str!("golden_more_metrics.rs");
    for case in golden("more_metrics.json").as_array().expect("cases") {
        let name = case["name"].as_str().expect("a name");
        assert!(source.contains(&format!("\"{name}\"")), "{name}");
    }
}
