//! Losses and metrics of Keras and other libraries that mimo does not have under these names, each with a
//! replacement. `language::tests::names` lists the names of Keras that are missing here.

/// Losses by their names.
pub(super) const LOSSES: &[(&str, &str)] = &[
    ("BCELoss", "write `binary_crossentropy`"),
    ("BCEWithLogitsLoss", "write `binary_crossentropy(from_logits = true)`"),
    ("CTC", SEQUENCES),
    ("CTCLoss", SEQUENCES),
    ("Circle", PAIRS),
    ("ContrastiveLoss", PAIRS),
    ("CrossEntropyLoss", "write `sparse_categorical_crossentropy(from_logits = true)`, for class indices"),
    ("FocalLoss", FOCAL),
    ("GaussianNLLLoss", OWN),
    ("IoULoss", OVERLAP),
    ("JaccardLoss", OVERLAP),
    ("L1Loss", "write `mae`"),
    ("Loss", OWN),
    ("MSELoss", "write `mse`"),
    ("NLLLoss", "write `sparse_categorical_crossentropy`, for a head of `activation = softmax`"),
    ("NPairsLoss", PAIRS),
    ("SigmoidFocalCrossEntropy", FOCAL),
    ("SmoothL1Loss", "write `huber`"),
    ("TripletHardLoss", PAIRS),
    ("TripletSemiHardLoss", PAIRS),
    ("circle", PAIRS),
    ("contrastive", PAIRS),
    ("contrastive_loss", PAIRS),
    ("ctc", SEQUENCES),
    ("ctc_loss", SEQUENCES),
    ("focal", FOCAL),
    ("focal_loss", FOCAL),
    ("iou_loss", OVERLAP),
    ("jaccard", OVERLAP),
    ("jaccard_loss", OVERLAP),
    ("log_loss", "write `binary_crossentropy`, which is another name for it"),
    ("logloss", "write `binary_crossentropy`, which is another name for it"),
    ("rmse", "write `mse`, which has the same minimum, and `metrics = rmse`"),
    ("root_mean_squared_error", "write `mse`, which has the same minimum, and `metrics = rmse`"),
    ("sigmoid_focal_crossentropy", FOCAL),
    ("smooth_l1", "write `huber`"),
    ("triplet", PAIRS),
    ("triplet_loss", PAIRS),
];

const PAIRS: &str = "it compares samples of a batch with each other: write `custom`, and pass your own function to the trainer";
const SEQUENCES: &str =
    "its targets are sequences of any length: write `custom`, and pass your own function to the trainer";
const FOCAL: &str = "write `binary_focal_crossentropy`, or `categorical_focal_crossentropy` for classes that exclude each other";
const OVERLAP: &str = "write `tversky(alpha = 1, beta = 1)`, which is 1 minus the intersection over union";
const OWN: &str =
    "write `custom`, and pass your own function to the trainer: `trainer.set_loss(|outputs, targets| …)`";

/// Metrics by their names.
pub(super) const METRICS: &[(&str, &str)] = &[
    (
        "Accuracy",
        "write `accuracy`, which compares classes. Keras's `Accuracy` counts predictions that are equal to their targets",
    ),
    ("CohenKappa", FROM_PREDICTIONS),
    ("GeometricMean", FROM_PREDICTIONS),
    ("HammingLoss", HAMMING),
    ("Jaccard", "write `binary_iou`, or `one_hot_mean_iou(num_classes = 3)` for classes"),
    ("MatthewsCorrelationCoefficient", FROM_PREDICTIONS),
    ("Mean", VALUES),
    ("MeanMetricWrapper", FROM_PREDICTIONS),
    ("MeanRelativeError", "write `mape`"),
    ("MeanTensor", VALUES),
    ("Metric", FROM_PREDICTIONS),
    ("RSquare", "write `r2`"),
    ("Specificity", SPECIFICITY),
    ("Sum", VALUES),
    ("balanced_accuracy", FROM_PREDICTIONS),
    ("cohen_kappa", FROM_PREDICTIONS),
    (
        "dice",
        "write `f1_score(average = micro, threshold = 0.5)`, which is the Dice coefficient of all values",
    ),
    ("f_beta_score", "write `fbeta_score`"),
    ("hamming_loss", HAMMING),
    ("jaccard", "write `binary_iou`, or `one_hot_mean_iou(num_classes = 3)` for classes"),
    ("log_loss", "write `binary_crossentropy` or `categorical_crossentropy`"),
    ("matthews_corrcoef", FROM_PREDICTIONS),
    ("mean", VALUES),
    ("mcc", FROM_PREDICTIONS),
    ("roc_auc", "write `auc`"),
    ("sensitivity", "write `recall`, which is another name for it"),
    ("specificity", SPECIFICITY),
    ("subset_accuracy", "write `exact_match`"),
    ("sum", VALUES),
];

const VALUES: &str = "it reduces values that are passed to it: leave it out, and compute it from predictions";
const FROM_PREDICTIONS: &str = "compute it from `trainer.predict(…)`, in Rust";
const HAMMING: &str = "write `binary_accuracy`, which is 1 minus the Hamming loss";
const SPECIFICITY: &str =
    "compute it from `true_negatives` and `false_positives`: it is the first, divided by the sum of both";
