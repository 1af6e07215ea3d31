//! Batch normalization for users: state that is saved, restored and summarized, inference mode, nested use, lengths
//! that only const evaluation knows.
#![allow(missing_docs, reason = "models of tests need no documentation")]

mod support;

use mimo::prelude::*;
use mimo::{file, tensor};
use support::{Data, step};

const CHANNELS: usize = 3 + 2;

mod block {
    use mimo::prelude::*;

    model! {
        pub(crate) Block {
            let x = Input(shape = [4]);
            let y = Dense(3)(x);
            let y = BatchNormalization(momentum = 0.5)(y);
            Model(inputs = [x], outputs = [y])
        }
    }
}

model! {
    Net {
        let x = Input(shape = [4]);
        let h = Dense(crate::CHANNELS, activation = relu)(x);
        let h = BatchNormalization(momentum = 0.5)(h);
        let g = BatchNormalization(axis = 1, momentum = 0.5)(Reshape([crate::CHANNELS, 1])(h));
        let y = Dense(2)(Flatten()(g));
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.05), loss = mse)
    }
}

fn data<M: Model>(rows: usize) -> Data {
    Data::random::<M>(rows, 7)
}

fn averages<M: Trainable>(trainer: &Trainer<'_, M>) -> Vec<Vec<M::Float>> {
    let weights = trainer.weights().into_iter().zip(M::SPEC.weights);
    weights.filter(|(_, spec)| spec.name.contains("/moving_")).map(|(values, _)| values).collect()
}

#[test]
fn averages_are_weights_that_are_not_trained() {
    let names: Vec<&str> = Net::<f32>::SPEC.weights.iter().map(|weight| weight.name).collect();
    let of = |layer: &str| {
        ["gamma", "beta", "moving_mean", "moving_variance"].map(|weight| format!("{layer}/{weight}"))
    };
    let (first, second) = (of("batch_normalization"), of("batch_normalization_1"));
    let wanted = ["dense/kernel".into(), "dense/bias".into()].into_iter().chain(first).chain(second);
    assert_eq!(names, wanted.chain(["y/kernel".into(), "y/bias".into()]).collect::<Vec<String>>());
    let summary = Net::summary();
    for line in ["Total params: 77", "Trainable params: 57", "Non-trainable params: 20"] {
        assert!(summary.contains(line), "{line} is not in\n{summary}");
    }
    assert_eq!(Net::PARAMETERS, 77);
}

#[test]
fn training_moves_averages_and_evaluation_does_not() {
    let mut model = Net::new(1);
    let data = data::<Net>(33);
    let mut trainer = Trainer::new(&mut model).unwrap();
    let before = averages(&trainer);
    trainer.evaluate(&data.dataset::<Net>(), 8).unwrap();
    assert_eq!(averages(&trainer), before);
    step(&mut trainer, &data).unwrap();
    assert_ne!(averages(&trainer), before);
    for gradient in ["moving_mean", "moving_variance"] {
        let name = format!("batch_normalization/{gradient}");
        assert!(trainer.gradient(&name).unwrap().iter().all(|value| *value == 0.0));
    }
}

#[test]
fn averages_are_saved_loaded_and_set_with_the_other_weights() {
    let mut model = Net::new(1);
    let data = data::<Net>(33);
    let mut trainer = Trainer::new(&mut model).unwrap();
    step(&mut trainer, &data).unwrap();
    let after_one = trainer.weights();
    step(&mut trainer, &data).unwrap();
    assert_ne!(trainer.weights(), after_one);
    trainer.set_weights(&after_one).unwrap();
    assert_eq!(trainer.weights(), after_one);
    drop(trainer);
    let mut other = Net::new(2);
    file::from_bytes(&mut other, &file::to_bytes(&model).unwrap()).unwrap();
    assert_eq!(Trainer::new(&mut other).unwrap().weights(), after_one);
    let x = NetInputs { x: tensor(vec![0.5_f32; 8]).unwrap() };
    assert_eq!(model.forward(&x).unwrap().y.as_vec(), other.forward(&x).unwrap().y.as_vec());
}

#[test]
fn a_step_that_fails_moves_nothing() {
    let mut model = Net::new(1);
    let mut data = data::<Net>(33);
    let mut trainer = Trainer::new(&mut model).unwrap();
    step(&mut trainer, &data).unwrap();
    let before = trainer.weights();
    data.inputs[0][130] = f64::NAN;
    assert!(step(&mut trainer, &data).is_err());
    assert_eq!(trainer.weights(), before);
}

#[test]
fn many_steps_bring_the_averages_to_the_statistics_of_the_data() {
    let mut model = Net::new(1);
    let data = data::<Net>(64);
    let mut trainer = Trainer::new(&mut model).unwrap();
    trainer.set_learning_rate(0.0).unwrap();
    let mut trained = 0.0;
    for _ in 0..60 {
        trained = step(&mut trainer, &data).unwrap()[0].1;
    }
    let evaluated = trainer.evaluate(&data.dataset::<Net>(), 64).unwrap().get("loss").unwrap();
    assert!((trained - evaluated).abs() < 1e-5, "{trained} {evaluated}");
}

mod nested {
    use mimo::prelude::*;

    model! {
        pub(crate) Outer {
            use super::block::Block;

            let a = Input(shape = [4]);
            let block = Block();
            let y = Dense(1)(block(a) + block(Dense(4)(a)));
            let kept = Block(trainable = false, name = "kept")(a);
            Model(inputs = [a], outputs = [y, kept]).compile(optimizer = SGD(0.1), loss = [mse, none])
        }
    }
}

#[test]
fn nested_models_have_averages_which_stay_if_they_are_not_trained() {
    use nested::Outer;
    let mut model = Outer::new(1);
    let data = data::<Outer>(17);
    let mut trainer = Trainer::new(&mut model).unwrap();
    let before = trainer.weights();
    step(&mut trainer, &data).unwrap();
    for ((before, after), spec) in before.iter().zip(&trainer.weights()).zip(Outer::<f32>::SPEC.weights) {
        // The first dense kernel of the frozen block, its scale and its averages are unchanged.
        assert_eq!(before == after, spec.name.starts_with("kept/"), "{}", spec.name);
    }
}

model! {
    Predicts {
        let x = Input(shape = [2]);
        let y = BatchNormalization(
            epsilon = 0.0, moving_mean_initializer = Constant(3.0), moving_variance_initializer = Constant(4.0),
            gamma_initializer = Constant(10.0), beta_initializer = Constant(1.0),
        )(x);
        Model(inputs = [x], outputs = [y])
    }
}

#[test]
fn a_model_that_only_predicts_uses_the_averages() {
    let x = PredictsInputs { x: tensor(vec![3.0_f32, 5.0, 1.0, 4.0]).unwrap() };
    assert_eq!(Predicts::new(1).forward(&x).unwrap().y.as_vec(), [1.0, 11.0, -9.0, 6.0]);
}
