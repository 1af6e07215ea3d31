//! Small versions of the tutorials' models, trained step by step and compared with Keras: convolutions, pooling,
//! recurrent layers, transposed convolutions, a shared layer, in `f32` and `f64`.
#![allow(missing_docs, reason = "models of tests need none")]

mod support;

use mimo::Trainable;
use mimo::prelude::*;
use serde_json::Value;
use support::{
    Data, Real, TRAINING, assert_close, assert_near, entry, golden, numbers, set_weights, step, wide,
};

model! {
    Sentiment {
        let img = Input(shape = [6, 6, 2]);
        let x = Flatten()(MaxPooling2D(2)(Conv2D(3, 3, activation = relu, name = "c")(img)));
        let txt = Input(shape = [5, 1]);
        let y = LSTM(4, name = "l")(txt);
        let out = Dense(1, activation = sigmoid)(concatenate([x, y]));
        Model(inputs = [img, txt], outputs = [out])
            .compile(optimizer = Adam(), loss = binary_crossentropy, metrics = [accuracy])
    }
}

model! {
    Horizons {
        let x = Input(shape = [6, 1]);
        let last = LSTM(4, name = "l")(x);
        let output_1 = Dense(1)(last);
        let output_2 = Dense(1)(last);
        let output_3 = Dense(1)(last);
        Model(inputs = [x], outputs = [output_1, output_2, output_3])
            .compile(optimizer = Adam(), loss = [mse, mse, mse], loss_weights = [1.0, 0.8, 0.5], metrics = mae)
    }
}

model! {
    Diagnosis {
        let ecg_input = Input(shape = [8, 1]);
        let bp_input = Input(shape = [1]);
        let x = Flatten()(MaxPooling1D(2)(Conv1D(3, 3, activation = relu, name = "c")(ecg_input)));
        let x = concatenate([x, bp_input]);
        let diagnosis_output = Dense(3, activation = softmax)(x);
        let risk_output = Dense(1, activation = sigmoid)(x);
        Model(inputs = [ecg_input, bp_input], outputs = [diagnosis_output, risk_output]).compile(
            optimizer = Adam(),
            loss = { diagnosis_output: categorical_crossentropy, risk_output: binary_crossentropy },
            loss_weights = [1.0, 0.5],
            metrics = accuracy,
        )
    }
}

model! {
    Reconstruction {
        let x = Input(shape = [4, 4, 1]);
        let h = Conv2D(2, 3, padding = same, activation = relu, name = "c")(x);
        let h = Dense(5, activation = relu, name = "d")(Flatten()(MaxPooling2D(2)(h)));
        let vector_output = Dense(3, activation = sigmoid)(h);
        let y = Reshape([2, 2, 2])(Dense(8, activation = relu, name = "e")(h));
        let y = Conv2DTranspose(2, 3, strides = 2, padding = same, activation = relu, name = "t1")(y);
        let image_output: [4, 4, 1] = Conv2DTranspose(1, 3, padding = same, activation = sigmoid)(y);
        Model(inputs = [x], outputs = [vector_output, image_output]).compile(
            optimizer = Adam(),
            loss = { vector_output: binary_crossentropy, image_output: mse },
            // Keras's meaning of `accuracy` for several sigmoid units.
            metrics = { vector_output: [categorical_accuracy], image_output: [mae] },
        )
    }
}

model! {
    Siamese {
        let p = Input(shape = [4]);
        let q = Input(shape = [4]);
        let shared = Dense(3, activation = tanh, name = "shared");
        let left = shared(p);
        let right = shared(q);
        let o1 = Dense(1)(left - right);
        let sim = Dot(axes = 1, normalize = true)([left, right]);
        Model(inputs = [p, q], outputs = [o1, sim])
            .compile(optimizer = RMSprop(), loss = [mse, mse], loss_weights = [1.0, 2.0])
    }
}

/// The name of a weight from Keras's path, which also names the cell of a recurrent layer.
fn name(path: &str) -> String {
    path.replace("lstm_cell/", "")
}

/// Compares values by Keras's keys; additional values of mimo are not compared.
fn assert_logs(what: &str, found: &[(String, f64)], wanted: &Value) {
    for (key, wanted) in wanted.as_object().expect("logs") {
        // The reconstruction has the full name of the accuracy.
        let other = key.replace("_accuracy", "_categorical_accuracy");
        let found = found.iter().find(|(name, _)| name == key || *name == other);
        let (_, found) = found.unwrap_or_else(|| panic!("{what}: nothing was logged for `{key}`"));
        assert_near(&format!("{what}: {key}"), *found, wanted.as_f64().expect("a value"), TRAINING);
    }
}

fn check<M: Trainable<Float: Real>>(mut model: M, case: &str) {
    let case = &golden("tutorials.json")[case];
    let columns = |key: &str| case[key].as_array().expect("tensors").iter().map(numbers).collect::<Vec<_>>();
    let data = Data {
        rows: support::rows(&case["x"][0]),
        inputs: columns("x"),
        targets: columns("y"),
        ..Data::default()
    };
    let initial = case["initial_weights"].as_array().expect("weights");
    assert_eq!(initial.len(), M::SPEC.weights.len(), "weights");
    let paths: Vec<String> =
        initial.iter().map(|it| it["path"].as_str().expect("a path").to_owned()).collect();
    let path = |wanted: &str| paths.iter().find(|path| name(path) == wanted).expect("a weight of this name");
    set_weights(&mut model, |name, _| numbers(entry(&case["initial_weights"], "path", path(name))));

    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    for (index, wanted) in case["train_on_batch_logs"].as_array().expect("logs").iter().enumerate() {
        let logs = step(&mut trainer, &data).expect("a step");
        assert_logs(&format!("step {index}"), &logs, wanted);
    }
    let evaluation = trainer.evaluate(&data.dataset::<M>(), data.rows).expect("an evaluation");
    let pairs: Vec<_> = evaluation.pairs().into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    assert_logs("evaluate", &pairs, &case["evaluate_after"]);
    for (spec, found) in M::SPEC.weights.iter().zip(trainer.weights()) {
        let place = paths.iter().position(|path| name(path) == spec.name).expect("a weight of this name");
        let wanted = numbers(&case["final_weights"][place]);
        assert_close(spec.name, &wide(&found), &wanted, TRAINING);
    }
}

macro_rules! trainings {
    ($($test:ident $model:ident $case:literal)*) => {$(
        #[test]
        fn $test() {
            check($model::<f32>::build(1), $case);
            check($model::<f64>::build(1), $case);
        }
    )*};
}

trainings! {
    an_image_and_a_series Sentiment "sentiment"
    three_horizons Horizons "horizons"
    an_ecg_and_a_number Diagnosis "diagnosis"
    a_label_vector_and_the_image_again Reconstruction "reconstruction"
    a_shared_layer_and_a_cosine Siamese "siamese"
}
