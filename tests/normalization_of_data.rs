//! `Normalization` with the mean and variance of data: Keras's numbers, and training that does not change them.

mod support;

use mimo::dfdx::prelude::*;
use mimo::prelude::{Trainer, model, tensor};
use support::{F32, assert_close, entry, golden, narrow, numbers, wide};

model! {
    LastAxis {
        let x = Input(shape = [3]);
        let y = Normalization(name = "layer")(x);
        Model(inputs = [x], outputs = [y])
    }
}

model! {
    FirstAxis {
        let x = Input(shape = [2, 3]);
        let y = Normalization(axis = 1, name = "layer")(x);
        Model(inputs = [x], outputs = [y])
    }
}

model! {
    BothAxes {
        let x = Input(shape = [2, 3]);
        let y = Normalization(axis = (-2, -1), name = "layer")(x);
        Model(inputs = [x], outputs = [y])
    }
}

model! {
    NoAxis {
        let x = Input(shape = [2, 3]);
        let y = Normalization(axis = none, name = "layer")(x);
        Model(inputs = [x], outputs = [y])
    }
}

model! {
    Inverted {
        let x = Input(shape = [2, 3]);
        let y = Normalization(invert = true, name = "layer")(x);
        Model(inputs = [x], outputs = [y])
    }
}

macro_rules! adapted {
    ($($test:ident: $tag:literal, $model:ident, $inputs:ident;)+) => {$(
        #[test]
        fn $test() {
            let cases = golden("adapted.json");
            let case = entry(&cases, "tag", $tag);
            let values = |name: &str| narrow::<f32>(&numbers(&case[name]));
            let mut model = $model::new(1);
            let data: $inputs = $inputs { x: tensor(values("data")).expect("data") };
            model.layer.adapt(&data.x).expect("finite values");
            for (name, found) in [("mean", model.layer.mean.as_vec()), ("variance", model.layer.variance.as_vec())] {
                assert_close(name, &wide(&found), &numbers(&case[name]), F32);
            }
            let inputs: $inputs = $inputs { x: tensor(values("inputs")).expect("samples") };
            let found = model.forward(&inputs).expect("outputs").y.as_vec();
            assert_close("outputs", &wide(&found), &numbers(&case["outputs"]), F32);
        }
    )+};
}

adapted! {
    last_axis: "last axis", LastAxis, LastAxisInputs;
    first_axis: "first axis", FirstAxis, FirstAxisInputs;
    both_axes: "both axes", BothAxes, BothAxesInputs;
    no_axis: "no axis", NoAxis, NoAxisInputs;
    inverted: "inverted", Inverted, InvertedInputs;
}

model! {
    Trained {
        let bytes = Input(shape = [2], dtype = "int32");
        let x = Input(shape = [2]);
        let scaled = Rescaling(1.0 / 255.0, offset = [0.0, -1.0])(bytes);
        let normal = Normalization()(x);
        let y = Dense(1)(concatenate([scaled, normal]));
        Model(inputs = [bytes, x], outputs = [y, scaled]).compile(optimizer = SGD(0.1), loss = { y: mse, scaled: none })
    }
}

/// Integers are rescaled to floats, and mean and variance are not trained.
#[test]
fn training_keeps_mean_and_variance() {
    let mut model = Trained::new(1);
    assert_eq!(Trained::PARAMETERS, 5 + 4);
    let inputs: TrainedInputs = TrainedInputs {
        bytes: tensor(vec![0_usize, 255, 51, 0]).expect("bytes"),
        x: tensor(vec![1.0, 5.0, 3.0, 5.0]).expect("numbers"),
    };
    model.normalization.adapt(&inputs.x).expect("finite values");
    let scaled = model.forward(&inputs).expect("outputs").scaled.as_vec();
    assert_close("rescaled", &wide(&scaled), &[0.0, 0.0, 0.2, -1.0], F32);
    let before = model.y.kernel.as_vec();
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let targets = TrainedTargets { y: tensor(vec![1.0, -1.0]).expect("targets") };
    trainer.train_on_batch(&inputs, &targets).expect("a step");
    drop(trainer);
    assert_ne!(model.y.kernel.as_vec(), before);
    assert_eq!(model.normalization.mean.as_vec(), [2.0, 5.0]);
    assert_eq!(model.normalization.variance.as_vec(), [1.0, 0.0]);
}

/// Data of another shape, or with NaN, do not change the weights.
#[test]
fn data_that_do_not_fit_are_errors() {
    let mut model = LastAxis::new(1);
    let other: Tensor<(usize, Const<2>), f32, Cpu> = tensor(vec![1.0; 4]).expect("data");
    let nan: Tensor<(usize, Const<3>), f32, Cpu> = tensor(vec![1.0, f32::NAN, 1.0]).expect("data");
    assert!(model.layer.adapt(&other).is_err() && model.layer.adapt(&nan).is_err());
    assert_eq!(model.layer.mean.as_vec(), [0.0; 3]);
    assert_eq!(model.layer.variance.as_vec(), [1.0; 3]);
}
