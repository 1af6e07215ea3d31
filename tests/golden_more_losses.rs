//! Focal losses, losses of regions, quantiles and weighted labels, through generated models: compared with Keras's
//! numbers, and with their definitions if Keras does not have them.
//!
//! The predictions are the kernel of a `Dense` without bias, as in `golden_losses.rs`.

mod support;

use mimo::Trainable;
use mimo::prelude::{Trainer, model};
use support::{
    Data, F32, F64, Real, Tolerance, assert_close, assert_near, entry, golden, numbers, rows, set_weights,
    step, total,
};

fn check<M: Trainable<Float: Real>>(mut model: M, tag: &str, tolerance: Tolerance) {
    let file = golden("more_losses.json");
    let case = entry(&file, "name", tag);
    let rows = rows(&case["y_true"]);
    let weights = &case["sample_weight"];
    let data = Data {
        rows,
        inputs: vec![(0..rows * rows).map(|place| f64::from(u8::from(place % (rows + 1) == 0))).collect()],
        targets: vec![numbers(&case["y_true"])],
        weights: if weights.is_null() { vec![] } else { vec![numbers(weights)] },
    };
    set_weights(&mut model, |_, _| numbers(&case["y_pred"]));
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let wanted = case["value"].as_f64().expect("a value");
    assert_near(&format!("{tag}: value"), total(&mut trainer, &data), wanted, tolerance);
    let logs = step(&mut trainer, &data).expect("a step");
    assert_near(&format!("{tag}: value of a step"), logs[0].1, wanted, tolerance);
    let gradient = trainer.gradient(M::SPEC.weights[0].name).expect("a gradient");
    let wanted = numbers(&case["grad_pred"]);
    assert_close(&format!("{tag}: gradient"), &support::wide(&gradient), &wanted, tolerance);
}

macro_rules! losses {
    ($($model:ident, $loss:ident $arguments:tt { $($head:tt)* } { $($test:ident: $tag:literal;)+ })+) => {$(
        model! {
            $model {
                let x = Input(shape = [3]);
                $($head)*
                Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = $loss $arguments)
            }
        }

        $(
            #[test]
            fn $test() {
                check($model::<f32>::build(1), $tag, F32);
                check($model::<f64>::build(1), $tag, F64);
            }
        )+
    )+};
}

losses! {
    BinaryFocal, BinaryFocalCrossentropy() { let p = Dense(4, use_bias = false)(x); let y = Reshape([4])(p); } {
        binary_focal: "binary focal";
        binary_focal_weighted: "binary focal sw";
    }
    BinaryFocalBalanced, binary_focal_crossentropy(apply_class_balancing = true, alpha = 0.3, gamma = 1.5, label_smoothing = 0.1) {
        let p = Dense(4, use_bias = false)(x);
        let y = Reshape([4])(p);
    } {
        binary_focal_balanced: "binary focal balanced";
    }
    BinaryFocalLogits, BinaryFocalCrossentropy(from_logits = true) { let y = Dense(4, use_bias = false)(x); } {
        binary_focal_from_logits: "binary focal logits";
    }
    BinaryFocalHead, BinaryFocalCrossentropy() { let y = Dense(4, use_bias = false, activation = sigmoid)(x); } {
        binary_focal_of_a_sigmoid_head: "binary focal logits";
    }
    BinaryFocalLogitsBalanced, BinaryFocalCrossentropy(true, 0.3, 0.5, true, 0.2) { let y = Dense(4, use_bias = false)(x); } {
        binary_focal_from_logits_balanced: "binary focal logits balanced";
    }
    BinaryFocalFlat, BinaryFocalCrossentropy(gamma = 0.0) {
        let p = Dense(4, use_bias = false)(x);
        let y = Reshape([4])(p);
    } {
        binary_focal_without_focus: "binary focal gamma 0";
    }
    CategoricalFocal, CategoricalFocalCrossentropy() {
        let p = Dense(4, use_bias = false)(x);
        let y = Reshape([4])(p);
    } {
        categorical_focal: "categorical focal";
        categorical_focal_weighted: "categorical focal sw";
    }
    CategoricalFocalAlphas, categorical_focal_crossentropy(alpha = [0.1, 0.4, 0.2, 1], gamma = 1.5, label_smoothing = 0.1) {
        let p = Dense(4, use_bias = false)(x);
        let y = Reshape([4])(p);
    } {
        categorical_focal_with_alphas: "categorical focal alphas";
    }
    CategoricalFocalLogits, CategoricalFocalCrossentropy(from_logits = true) { let y = Dense(4, use_bias = false)(x); } {
        categorical_focal_from_logits: "categorical focal logits";
    }
    CategoricalFocalHead, CategoricalFocalCrossentropy() {
        let y = Dense(4, use_bias = false, activation = softmax)(x);
    } {
        categorical_focal_of_a_softmax_head: "categorical focal logits";
    }
    CategoricalFocalLogitsAlphas, CategoricalFocalCrossentropy([0.1, 0.4, 0.2, 1.0], 0.5, true, 0.2) {
        let y = Dense(4, use_bias = false)(x);
    } {
        categorical_focal_from_logits_with_alphas: "categorical focal logits alphas";
    }
    Generalized, CategoricalGeneralizedCrossEntropy() {
        let p = Dense(4, use_bias = false)(x);
        let y = Reshape([4])(p);
    } {
        generalized: "generalized";
        generalized_weighted: "generalized sw";
    }
    GeneralizedRobust, categorical_generalized_cross_entropy(q = 0.8) {
        let p = Dense(4, use_bias = false)(x);
        let y = Reshape([4])(p);
    } {
        generalized_of_another_q: "generalized q.8";
    }
    DiceOfBatch, Dice() { let p = Dense(12, use_bias = false)(x); let y = Reshape([2, 3, 2])(p); } {
        dice: "dice";
        dice_weighted: "dice sw";
    }
    DiceOfSample, Dice(axis = [1, 2, 3]) { let p = Dense(12, use_bias = false)(x); let y = Reshape([2, 3, 2])(p); } {
        dice_per_sample: "dice per sample";
        dice_per_sample_weighted: "dice per sample sw";
    }
    DiceOfClass, Dice(axis = (0, 1, 2)) { let p = Dense(12, use_bias = false)(x); let y = Reshape([2, 3, 2])(p); } {
        dice_per_class: "dice per class";
    }
    DiceOfSampleClass, dice(axis = [1, 2]) { let p = Dense(12, use_bias = false)(x); let y = Reshape([2, 3, 2])(p); } {
        dice_per_sample_and_class: "dice per sample and class";
    }
    DiceOfPosition, dice(axis = -1) { let p = Dense(12, use_bias = false)(x); let y = Reshape([2, 3, 2])(p); } {
        dice_per_position: "dice per position";
    }
    DiceOfRows, dice(axis = 0) { let p = Dense(4, use_bias = false)(x); let y = Reshape([4])(p); } {
        dice_of_rows: "dice of rows";
    }
    TverskyOfBatch, Tversky(0.3, 0.8) { let p = Dense(12, use_bias = false)(x); let y = Reshape([2, 3, 2])(p); } {
        tversky: "tversky";
        tversky_weighted: "tversky sw";
    }
    TverskyOfSample, Tversky(alpha = 0.3, beta = 0.8, axis = [-1, -2, -3]) {
        let p = Dense(12, use_bias = false)(x);
        let y = Reshape([2, 3, 2])(p);
    } {
        tversky_per_sample: "tversky per sample";
        tversky_per_sample_weighted: "tversky per sample sw";
    }
    TverskyOfClass, tversky(alpha = 0.9, beta = 0.2, axis = [0, 1, 2]) {
        let p = Dense(12, use_bias = false)(x);
        let y = Reshape([2, 3, 2])(p);
    } {
        tversky_per_class: "tversky per class";
    }
    TverskyOfRows, tversky(axis = -1) { let p = Dense(4, use_bias = false)(x); let y = Reshape([4])(p); } {
        tversky_of_rows: "tversky of rows";
    }
}

#[test]
fn every_loss_is_tested() {
    let source = include_str!("golden_more_losses.rs");
    for case in golden("more_losses.json").as_array().expect("cases") {
        let name = case["name"].as_str().expect("a name");
        assert!(source.contains(&format!(": \"{name}\";")), "{name}");
    }
}

/// The value of a loss on these predictions, and its gradient.
fn on<M: Trainable<Float: Real>>(mut model: M, y: &[f64], targets: &[f64]) -> (f64, Vec<f64>) {
    let rows = 3;
    let data = Data {
        rows,
        inputs: vec![(0..rows * rows).map(|place| f64::from(u8::from(place % (rows + 1) == 0))).collect()],
        targets: vec![targets.to_vec()],
        weights: vec![],
    };
    set_weights(&mut model, |_, _| y.to_vec());
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let value = step(&mut trainer, &data).expect("a step")[0].1;
    (value, support::wide(&trainer.gradient(M::SPEC.weights[0].name).expect("a gradient")))
}

model! {
    Quantiles {
        let x = Input(shape = [3]);
        let y = Dense(2, use_bias = false)(x);
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = Quantile(0.9))
    }
}

#[test]
fn quantiles_weigh_errors_by_their_sign() {
    let y: [f64; 6] = [1.0, 2.0, -1.0, 0.5, 3.0, 0.0];
    let t: [f64; 6] = [2.0, 1.0, -1.0, 1.5, 0.0, 0.0];
    let wanted: f64 =
        y.iter().zip(t).map(|(p, t): (&f64, f64)| (0.9 * (t - p)).max(-0.1 * (t - p))).sum::<f64>() / 6.0;
    let (value, gradient) = on(Quantiles::<f64>::build(1), &y, &t);
    assert!((value - wanted).abs() < 1e-12);
    let slopes = [-0.9, 0.1, 0.0, -0.9, 0.1, 0.0];
    assert!(
        gradient.iter().zip(slopes).all(|(found, wanted)| (found - wanted / 6.0).abs() < 1e-12),
        "{gradient:?}"
    );
}

model! {
    Weighted {
        let x = Input(shape = [3]);
        let y = Dense(2, use_bias = false, activation = sigmoid)(x);
        Model(inputs = [x], outputs = [y]).compile(
            optimizer = SGD(0.0),
            loss = binary_crossentropy(pos_weight = [3.0, 0.5], label_weights = [2, 0.25]),
        )
    }
}

model! {
    WeightedLogits {
        let x = Input(shape = [3]);
        let y = Dense(2, use_bias = false)(x);
        Model(inputs = [x], outputs = [y]).compile(
            optimizer = SGD(0.0),
            loss = binary_crossentropy(from_logits = true, pos_weight = [3.0, 0.5], label_weights = [2, 0.25]),
        )
    }
}

model! {
    WeightedProbabilities {
        let x = Input(shape = [3]);
        let p = Dense(2, use_bias = false)(x);
        let y = Reshape([2])(p);
        Model(inputs = [x], outputs = [y]).compile(
            optimizer = SGD(0.0),
            loss = binary_crossentropy(pos_weight = 3.0),
        )
    }
}

#[test]
fn labels_are_weighted() {
    let z: [f64; 6] = [1.0, -2.0, 0.5, 30.0, -0.3, 0.1];
    let t = [1.0, 0.0, 0.0, 1.0, 0.25, 1.0];
    let sigmoid = |z: f64| 1.0 / (1.0 + (-z).exp());
    let parts = |place: usize, [positive, weight]: [f64; 2]| {
        let (p, t) = (sigmoid(z[place]), t[place]);
        let value = -(positive * t * p.ln() + (1.0 - t) * (1.0 - p).ln());
        (weight * value / 6.0, weight * ((1.0 - t) * p - positive * t * (1.0 - p)) / 6.0)
    };
    let each: Vec<_> = (0..6).map(|place| parts(place, [[3.0, 2.0], [0.5, 0.25]][place % 2])).collect();
    let wanted: f64 = each.iter().map(|(value, _)| value).sum();
    for (value, gradient) in
        [on(Weighted::<f64>::build(1), &z, &t), on(WeightedLogits::<f64>::build(1), &z, &t)]
    {
        assert!((value - wanted).abs() < 1e-12, "{value} {wanted}");
        assert!(gradient.iter().zip(&each).all(|(found, (_, wanted))| (found - wanted).abs() < 1e-12));
    }
    let p: Vec<f64> = [1.0, -2.0, 0.5, 2.0, -0.3, 0.1].map(sigmoid).to_vec();
    let wanted: f64 =
        p.iter().zip(t).map(|(p, t)| -(3.0 * t * p.ln() + (1.0 - t) * (1.0 - p).ln()) / 6.0).sum();
    let (value, gradient) = on(WeightedProbabilities::<f64>::build(1), &p, &t);
    assert!((value - wanted).abs() < 1e-12, "{value} {wanted}");
    assert!((gradient[0] + 3.0 / p[0] / 6.0).abs() < 1e-12);
}
