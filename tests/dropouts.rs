//! Dropouts, `Identity` and `CategoryEncoding` in generated models.

use mimo::prelude::{Trainer, model, tensor};

model! {
    Dropped {
        let x = Input(shape = [4, 3]);
        let same = Identity()(x);
        let h = SpatialDropout1D(0.5)(same);
        let h = Dropout(0.5, noise_shape = [none, 1])(h);
        let h = AlphaDropout(0.2, noise_shape = [1, 3])(h);
        let h = TimeDistributed(GaussianDropout(0.3))(h);
        let y = Identity()(Dense(2, use_bias = false)(h));
        Model(inputs = [x], outputs = [y, same])
            .compile(optimizer = SGD(0.1), loss = { y: mse, same: none })
    }
}

model! {
    Encoded {
        let kinds = Input(shape = [3], dtype = "int32");
        let kind = Input(shape = [1], dtype = "int32");
        let all = CategoryEncoding(4)(kinds);
        let counts = CategoryEncoding(4, output_mode = count)(kinds);
        let each = CategoryEncoding(4, "one_hot")(kinds);
        let one = CategoryEncoding(5, output_mode = one_hot)(kind);
        Model(inputs = [kinds, kind], outputs = [all, counts, each, one])
    }
}

#[test]
fn predictions_are_those_without_dropouts() {
    let model = Dropped::new(1);
    let x: Vec<f32> = (0..24).map(|i| i as f32 / 8.0 - 1.0).collect();
    let outputs = model.forward(&DroppedInputs { x: tensor(x.clone()).expect("samples") }).expect("outputs");
    assert_eq!(outputs.same.as_vec(), x);
    let kernel = model.dense.kernel.as_vec();
    let product = |row: &[f32], unit: usize| (0..3).map(|i| row[i] * kernel[2 * i + unit]).sum::<f32>();
    let wanted = x.chunks(3).flat_map(|row| [product(row, 0), product(row, 1)]);
    for (found, wanted) in outputs.y.as_vec().into_iter().zip(wanted) {
        assert!((found - wanted).abs() < 1e-5, "{found} {wanted}");
    }
}

#[test]
fn training_draws_other_numbers_at_each_step_and_the_same_for_a_seed() {
    let x: Vec<f32> = (0..24).map(|i| i as f32 / 8.0 - 1.0).collect();
    let losses = |seed: u64| -> Vec<f64> {
        let mut model = Dropped::new(1);
        let inputs = DroppedInputs { x: tensor(x.clone()).expect("samples") };
        let outputs = model.forward(&inputs).expect("outputs");
        let targets = DroppedTargets { y: outputs.y };
        let mut trainer = Trainer::new(&mut model).expect("a trainer");
        trainer.set_seed(seed);
        trainer.set_learning_rate(0.0).expect("a rate");
        (0..4).map(|_| trainer.train_on_batch(&inputs, &targets).expect("a step").loss).collect()
    };
    let first = losses(1);
    assert_eq!(first, losses(1));
    assert_ne!(first, losses(2));
    assert!(first.windows(2).all(|pair| pair[0] != pair[1] && pair[0] > 0.0), "{first:?}");
}

/// Keras 3.15.1: `CategoryEncoding(4)([[1, 3, 1], [0, 2, 2]])`, and with the other modes.
#[test]
fn categories_are_encoded_as_in_keras() {
    let model = Encoded::new(1);
    let inputs = EncodedInputs {
        kinds: tensor(vec![1, 3, 1, 0, 2, 2]).expect("samples"),
        kind: tensor(vec![4, 0]).expect("samples"),
    };
    let outputs = model.forward(&inputs).expect("outputs");
    assert_eq!(outputs.all.as_vec(), [0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0]);
    assert_eq!(outputs.counts.as_vec(), [0.0, 2.0, 0.0, 1.0, 1.0, 0.0, 2.0, 0.0]);
    let each = outputs.each.as_vec();
    let places: Vec<usize> = each.chunks(4).filter_map(|one| one.iter().position(|x| *x == 1.0)).collect();
    assert_eq!((places, each.iter().sum::<f32>()), (vec![1, 3, 1, 0, 2, 2], 6.0));
    assert_eq!(outputs.one.as_vec(), [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    let beyond = EncodedInputs { kind: tensor(vec![5, 0]).expect("samples"), ..inputs };
    assert!(model.forward(&beyond).is_err());
}
