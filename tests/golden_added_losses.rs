//! `add_loss` against Keras's numbers: five steps of a variational autoencoder with a second head. The noise is an input.

mod support;

use mimo::data::ArrayDataset;
use mimo::dfdx::prelude::{Cpu, Device};
use mimo::prelude::{Model, Trainer, model, tensor};
use serde_json::Value;
use support::{Real, TRAINING, Tolerance, assert_close, golden, narrow, numbers, set_weights, wide};

model! {
    Autoencoder {
        fn divergence(mean, log_variance) {
            -0.5 * sum(1.0 + log_variance - square(mean) - exp(log_variance), axis = -1)
        }

        fn size(z) { mean(abs(z), axis = -1) }

        let image = Input(shape = [6]);
        let noise = Input(shape = [2]);
        let h = Dense(5, activation = tanh)(image);
        let mean = Dense(2, name = "mean")(h);
        let log_variance = Dense(2, name = "log_variance")(h);
        let z = mean + exp(0.5 * log_variance) * noise;
        add_loss(divergence(mean, log_variance), weight = 0.3, name = "kl");
        add_loss(size(z), name = "size", weight = 0.05);
        let d = Dense(4, activation = relu, name = "d")(z);
        let decoded = Dense(6, activation = sigmoid)(d);
        let kind = Dense(3, activation = softmax)(mean);

        Model(inputs = [image, noise], outputs = [decoded, kind]).compile(
            optimizer = Adam(0.01),
            loss = { decoded: binary_crossentropy, kind: sparse_categorical_crossentropy },
            loss_weights = { kind: 0.5 },
        )
    }
}

fn check<E: Real>(tolerance: Tolerance)
where
    Cpu: Device<E>,
{
    let case = golden("added_losses.json");
    let column = |name: &str| narrow::<E>(&numbers(&case[name]));
    let mut model = Autoencoder::<E>::build(1);
    // The first layer is called after its only binding in Keras.
    let of = |weights: &Value, name: &str| numbers(&weights[name.replacen("dense/", "h/", 1)]);
    set_weights(&mut model, |name, _| of(&case["weights"], name));
    let inputs = AutoencoderInputs {
        image: tensor(column("image")).expect("samples"),
        noise: tensor(column("noise")).expect("samples"),
    };
    let kinds: Vec<usize> = numbers(&case["kind"]).into_iter().map(|kind| kind as usize).collect();
    let targets = AutoencoderTargets {
        decoded: tensor(column("decoded")).expect("targets"),
        kind: tensor(kinds).expect("targets"),
    };
    let weights: Vec<E> = column("kind_weights");
    let sample_weights = AutoencoderPerOutput { decoded: None, kind: Some(weights) };
    let data =
        ArrayDataset::new(&inputs, &targets).expect("data").sample_weights(&sample_weights).expect("weights");
    let rows: Vec<usize> = (0..10).collect();
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    for (at, step) in case["steps"].as_array().expect("steps").iter().enumerate() {
        let logs = trainer.train_on_rows(&data, &rows).expect("a step");
        let wanted = ["loss", "kl", "size"].map(|key| step[key].as_f64().expect(key));
        assert_close(&format!("step {at}"), &[logs.loss, logs.kl_loss, logs.size_loss], &wanted, tolerance);
        if at == 0 {
            for (name, wanted) in case["gradients"].as_object().expect("gradients") {
                let name = name.replacen("h/", "dense/", 1);
                let found = trainer.gradient(&name).expect("a gradient");
                assert_close(&name, &wide(&found), &numbers(wanted), tolerance);
            }
        }
    }
    let evaluation = trainer.evaluate(&data, 4).expect("an evaluation");
    let wanted = case["evaluated"].as_f64().expect("a loss");
    let loss = evaluation.get("loss").expect("a loss");
    assert_close("evaluation", &[loss], &[wanted], Tolerance { rel: tolerance.rel.max(1e-7), ..tolerance });
    assert!(evaluation.get("kl_loss").is_some() && evaluation.get("size_loss").is_some());
    let found = trainer.weights();
    for (name, wanted) in case["weights_after"].as_object().expect("weights") {
        let name = name.replacen("h/", "dense/", 1);
        let place = <Autoencoder<E> as Model>::SPEC.weights.iter().position(|weight| weight.name == name);
        assert_close(&name, &wide(&found[place.expect("a weight")]), &numbers(wanted), tolerance);
    }
}

#[test]
fn in_f32() {
    check::<f32>(TRAINING);
}

#[test]
fn in_f64() {
    check::<f64>(Tolerance { rel: 1e-9, abs: 1e-10 });
}
